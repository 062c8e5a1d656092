#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""How long an attacker goes on reaching the server, measured on the attacker's wire.

block_time.py attack --target HOST --runs N --sources PREFIX    curl sends Shellshock, each run from a new source, while a
                                                                stream of datagrams from the same source asks for echoes
block_time.py read CAPTURE                                      the capture of the attacker's interface (tcpdump -w): per
                                                                source the time from the packet that carries the attack to
                                                                the first datagram that got no answer any more; one JSON object
"""
import argparse
import ipaddress
import json
import os
import select
import socket
import struct
import subprocess
import time

ECHO_PORT = 7007
ATTACK = "() { :; }; /bin/bash -c 'echo pwned'"
PERIOD = 0.0003
QUIET = 40  # unanswered datagrams after which the source counts as blocked


def probe(sock, number):
    """Sends a datagram, waits one period; the highest number answered so far that was waiting, or 0."""
    try:
        sock.send(b"%d" % number)
    except OSError:
        pass
    until = time.monotonic() + PERIOD
    best = 0
    while True:
        left = until - time.monotonic()
        ready, _, _ = select.select([sock], [], [], max(0, left))
        if not ready:
            return best
        try:
            best = max(best, int(sock.recv(64)))
        except (OSError, ValueError):
            pass


def attack_from(source, target):
    """True when the source was cut off within two seconds."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((source, 0))
    sock.connect((target, ECHO_PORT))
    sock.setblocking(False)
    number = answered = 0
    curl = None
    until = time.monotonic() + 2
    while time.monotonic() < until:
        number += 1
        answered = max(answered, probe(sock, number))
        if answered and not curl:
            curl = subprocess.Popen(["curl", "-s", "-o", "/dev/null", "--max-time", "2", "--interface", source,
                                     "-A", ATTACK, f"http://{target}/cgi-bin/status"],
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if curl and number - answered >= QUIET:
            break
    sock.close()
    if curl:
        curl.kill()
        curl.wait()
    return bool(curl) and number - answered >= QUIET


def packets(path):
    """(seconds, source, destination, protocol, source port, destination port, payload) of each IPv4 packet of a capture."""
    with open(path, "rb") as file:
        head = file.read(24)
        magic = struct.unpack("<I", head[:4])[0]
        scale = {0xA1B2C3D4: 1e-6, 0xA1B23C4D: 1e-9}[magic]
        while len(record := file.read(16)) == 16:
            seconds, fraction, length, _ = struct.unpack("<IIII", record)
            frame = file.read(length)
            if frame[12:14] != b"\x08\x00" or len(frame) < 42:
                continue
            ip = frame[14:]
            transport = ip[(ip[0] & 15) * 4:]
            header = 8 if ip[9] == 17 else (transport[12] >> 4) * 4 if ip[9] == 6 and len(transport) > 12 else 0
            if header:
                sport, dport = struct.unpack_from("!HH", transport)
                yield seconds + fraction * scale, ip[12:16], ip[16:20], ip[9], sport, dport, transport[header:]


def distribution(values):
    values = sorted(values)
    if not values:
        return {"count": 0}
    at = lambda q: values[min(len(values) - 1, int(len(values) * q))]
    return {"count": len(values), "p50": at(0.5), "p90": at(0.9), "p99": at(0.99), "max": values[-1]}


def read(path):
    sent, last, began = {}, {}, {}
    for when, source, destination, proto, sport, dport, payload in packets(path):
        if proto == 17 and dport == ECHO_PORT and payload.isdigit():
            sent.setdefault(source, {})[int(payload)] = when
        elif proto == 17 and sport == ECHO_PORT and payload.isdigit():
            last[destination] = max(last.get(destination, 0), int(payload))
        elif proto == 6 and dport == 80 and b"() {" in payload:
            began.setdefault(source, when)
    times, open_ended = [], []
    for source, when in began.items():
        stop = sent.get(source, {}).get(last.get(source, 0) + 1)
        if stop is None:
            open_ended.append(str(ipaddress.IPv4Address(source)))
        else:
            times.append((stop - when) * 1000)
    gaps = [b - a for one in sent.values() for a, b in zip(list(one.values()), list(one.values())[1:])]
    return {"attacks": len(began), "blocked": len(times), "not_blocked": open_ended[:10], "block_ms": distribution(times),
            "probe_gap_ms": distribution([gap * 1000 for gap in gaps])}


def main():
    parser = argparse.ArgumentParser()
    sub = parser.add_subparsers(dest="what", required=True)
    one = sub.add_parser("attack")
    one.add_argument("--target", required=True)
    one.add_argument("--runs", type=int, default=1000)
    one.add_argument("--sources", default="198.18.0.0/20")
    one = sub.add_parser("read")
    one.add_argument("capture")
    args = parser.parse_args()
    if args.what == "read":
        print(json.dumps(read(args.capture)))
        return
    hosts = [str(host) for host in list(ipaddress.ip_network(args.sources).hosts())[:args.runs]]
    if len(hosts) < args.runs:
        raise SystemExit(f"{args.sources} has no {args.runs} addresses")
    cut = sum(attack_from(source, args.target) for source in hosts)
    print(json.dumps({"runs": args.runs, "cut_off": cut, "pid": os.getpid()}))


if __name__ == "__main__":
    main()
