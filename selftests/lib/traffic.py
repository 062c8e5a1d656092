#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Real clients for namespace tests and benchmarks.

traffic.py attack --target HOST --runs N --sources PREFIX   curl sends Shellshock, each run from a new source; probes
                                                            from the same source say when it stopped getting answers
traffic.py clients --target HOST --count N --seconds S [--source ADDR] [--rate R]
                                                            parallel clients, every answer checked; latency distribution
traffic.py echo ADDR PORT                                   UDP echo server for the probes
traffic.py hold --target HOST --source ADDR --go FILE [--attack] [--pad N]
                                                            one connection: a request, then it waits for FILE and sends a
                                                            second one (an attack, behind N bytes of padding); says "open",
                                                            then "served" or "cut"
traffic.py addresses PREFIX COUNT                           the source addresses that `attack` uses, one per line
attack and clients print one JSON object.
"""
import argparse
import asyncio
import ipaddress
import json
import os
import socket
import subprocess
import sys
import threading
import time

ECHO_PORT = 7007
SHELLSHOCK = "() { :; }; /bin/bash -c 'echo pwned'"


def distribution(values):
    """count, p50, p90, p99 and max of a list of numbers."""
    values = sorted(values)
    if not values:
        return {"count": 0}
    at = lambda q: values[min(len(values) - 1, int(len(values) * q))]
    return {"count": len(values), "p50": at(0.5), "p90": at(0.9), "p99": at(0.99), "max": values[-1]}


def addresses(prefix, count):
    hosts = list(ipaddress.ip_network(prefix).hosts())[10:]
    return [str(hosts[i % len(hosts)]) for i in range(count)]


def echo(address, port):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((address, port))
    while True:
        data, peer = sock.recvfrom(64)
        sock.sendto(data, peer)


class Probe:
    """Sends a datagram every 2 ms from a source until `quiet` of them stay unanswered; knows when the last answered one was sent."""

    def __init__(self, source, target, quiet=25):
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((source, 0))
        self.sock.connect((target, ECHO_PORT))
        self.sock.setblocking(False)
        self.quiet = quiet
        self.sent = {}
        self.last_answered = None
        self.blocked = False

    def run(self, deadline):
        number = 0
        while time.monotonic() < deadline:
            number += 1
            self.sent[number] = time.monotonic()
            try:
                self.sock.send(str(number).encode())
            except OSError:
                pass
            time.sleep(0.002)
            try:
                while True:
                    got = int(self.sock.recv(64))
                    self.last_answered = max(self.last_answered or 0, got)
            except OSError:
                pass
            if self.last_answered and number - self.last_answered >= self.quiet:
                self.blocked = True
                break
        self.sock.close()

    def stopped_at(self):
        """When the first probe after the last answered one was sent."""
        return self.sent.get((self.last_answered or 0) + 1)


def attack(target, runs, prefix):
    latency, unblocked = [], []
    for source in addresses(prefix, runs):
        probe = Probe(source, target)
        thread = threading.Thread(target=probe.run, args=(time.monotonic() + 3,))
        thread.start()
        while probe.last_answered is None and thread.is_alive():
            time.sleep(0.001)
        start = time.monotonic()
        curl = subprocess.Popen(["curl", "-s", "-o", "/dev/null", "--max-time", "2", "--interface", source, "-H",
                                 f"User-Agent: {SHELLSHOCK}", f"http://{target}/cgi-bin/status"],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        thread.join()
        curl.kill()
        curl.wait()
        if probe.blocked and probe.stopped_at():
            latency.append(round((probe.stopped_at() - start) * 1000, 2))
        else:
            unblocked.append(source)
    return {"runs": runs, "blocked": len(latency), "unblocked": unblocked[:20], "ms_from_curl_start_to_block": distribution(latency)}


async def client(source, target, until, period, offset, latency, lost):
    await asyncio.sleep(offset)
    local = (source, 0) if source else None
    while time.monotonic() < until:
        start = time.monotonic()
        try:
            reader, writer = await asyncio.wait_for(asyncio.open_connection(target, 80, local_addr=local), 10)
            writer.write(f"GET / HTTP/1.1\r\nHost: {target}\r\nUser-Agent: normal-client/1.0\r\nConnection: close\r\n\r\n".encode())
            answer = await asyncio.wait_for(reader.read(65536), 10)
            writer.close()
            if not answer.startswith(b"HTTP/1.1 200"):
                raise ValueError(answer[:60])
            latency.append((time.monotonic() - start) * 1000)
        except (OSError, ValueError, asyncio.TimeoutError) as error:
            lost.append(repr(error))
        await asyncio.sleep(max(0, period - (time.monotonic() - start)))


async def clients(target, count, seconds, source, rate):
    latency, lost = [], []
    until = time.monotonic() + seconds
    period = count / rate
    await asyncio.gather(*[client(source, target, until, period, period * i / count, latency, lost) for i in range(count)])
    return {"clients": count, "answered": len(latency), "lost": len(lost), "why_lost": lost[:5],
            "latency_ms": {k: round(v, 3) for k, v in distribution(latency).items()}}


def request(target, agent, pad=0):
    padding = f"X-Padding: {'p' * pad}\r\n" if pad else ""
    return f"GET / HTTP/1.1\r\nHost: {target}\r\n{padding}User-Agent: {agent}\r\n\r\n".encode()


def hold(args):
    sock = socket.create_connection((args.target, 80), 10, (args.source, 0))
    sock.settimeout(2)

    def served(data):
        try:
            sock.sendall(data)
            return sock.recv(65536).startswith(b"HTTP/1.1 200")
        except OSError:
            return False

    if not served(request(args.target, "normal-client/1.0")):
        print("refused", flush=True)
        return
    print(f"open {sock.getsockname()[1]}", flush=True)
    until = time.monotonic() + 50
    while not os.path.exists(args.go):
        if time.monotonic() > until:
            print("nobody said go", flush=True)
            return
        if args.beat:
            served(request(args.target, "normal-client/1.0"))
        time.sleep(0.05)
    ok = served(request(args.target, SHELLSHOCK if args.attack else "normal-client/1.0", args.pad))
    # The packet that carried the attack may have been delivered and answered: what comes behind it counts.
    for _ in range(10 if args.attack else 1):
        time.sleep(0.1)
        ok = ok and served(request(args.target, "normal-client/1.0"))
    print("served" if ok else "cut", flush=True)
    # A cut connection goes on sending: whoever counts packets wants some.
    until = time.monotonic() + args.linger
    while time.monotonic() < until:
        try:
            sock.send(b"x")
        except OSError:
            pass
        time.sleep(0.1)


def main():
    parser = argparse.ArgumentParser()
    sub = parser.add_subparsers(dest="what", required=True)
    one = sub.add_parser("attack")
    one.add_argument("--target", required=True)
    one.add_argument("--runs", type=int, default=10)
    one.add_argument("--sources", default="203.0.113.0/24")
    one = sub.add_parser("clients")
    one.add_argument("--target", required=True)
    one.add_argument("--count", type=int, default=200)
    one.add_argument("--seconds", type=float, default=5)
    one.add_argument("--source")
    one.add_argument("--rate", type=float, default=400, help="requests per second, all clients together")
    one = sub.add_parser("echo")
    one.add_argument("address")
    one.add_argument("port", type=int, nargs="?", default=ECHO_PORT)
    one = sub.add_parser("hold")
    one.add_argument("--target", required=True)
    one.add_argument("--source", required=True)
    one.add_argument("--go", required=True)
    one.add_argument("--attack", action="store_true")
    one.add_argument("--beat", action="store_true", help="requests while waiting, too")
    one.add_argument("--pad", type=int, default=0)
    one.add_argument("--linger", type=float, default=0)
    one = sub.add_parser("addresses")
    one.add_argument("prefix")
    one.add_argument("count", type=int)
    args = parser.parse_args()
    if args.what == "echo":
        echo(args.address, args.port)
    elif args.what == "hold":
        hold(args)
    elif args.what == "addresses":
        print("\n".join(dict.fromkeys(addresses(args.prefix, args.count))))
    elif args.what == "attack":
        print(json.dumps(attack(args.target, args.runs, args.sources)))
    else:
        print(json.dumps(asyncio.run(clients(args.target, args.count, args.seconds, args.source, args.rate))))


if __name__ == "__main__":
    sys.exit(main())
