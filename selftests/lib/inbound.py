#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Clients of our public services: every answer must come whole. inbound.py COUNT FILE NAME=ADDRESS...

NAME is http (every answer is FILE), echo (a UDP echo on port 7), dns (www.example. is 192.0.2.80) or ftp (FILE is fetched, actively and
passively in turn); each may be given several times. Connections come from many addresses: 198.18.0.0/15 and 2001:db8:198::/64, which must be local.
Prints what was asked and what failed; exits with 1 when anything did.
"""
import ftplib
import io
import os
import random
import socket
import struct
import sys
import time

IPV6_FREEBIND = 78
WEIGHTS = {"http": 70, "echo": 14, "dns": 15, "ftp": 1}


def client(kind, address, number):
    six = ":" in address
    s = socket.socket(socket.AF_INET6 if six else socket.AF_INET, kind)
    s.settimeout(15)
    if six:
        s.setsockopt(socket.IPPROTO_IPV6, IPV6_FREEBIND, 1)
    s.bind(("2001:db8:198::%x" % (number % 60000 + 1) if six else "198.%d.%d.%d" % (18 + (number >> 16 & 1), number >> 8 & 255, number % 254 + 1), 0))
    return s


def http(address, number, want):
    with client(socket.SOCK_STREAM, address, number) as s:
        s.connect((address, 80))
        s.sendall(b"GET /file HTTP/1.0\r\nHost: www.example\r\n\r\n")
        got = b""
        while True:
            more = s.recv(65536)
            if not more:
                return got.partition(b"\r\n\r\n")[2] == want
            got += more


def echo(address, number, want):
    with client(socket.SOCK_DGRAM, address, number) as s:
        data = want[:200 + number % 1000]
        s.connect((address, 7))
        s.send(data)
        return s.recv(4096) == data


def dns(address, number, want):
    with client(socket.SOCK_DGRAM, address, number) as s:
        s.connect((address, 53))
        s.send(struct.pack("!6H", number & 0xFFFF, 0x100, 1, 0, 0, 0) + b"\3www\7example\0\0\1\0\1")
        return s.recv(4096).endswith(bytes([192, 0, 2, 80]))


def ftp(address, number, want):
    got = io.BytesIO()
    with ftplib.FTP(timeout=15) as f:
        f.connect(address, 21)
        f.login()
        f.set_pasv(bool(number & 1))
        f.retrbinary("RETR file", got.write)
    return got.getvalue() == want


def worker(numbers, want, services, out):
    asked, failed = dict.fromkeys(WEIGHTS, 0), []
    random.seed(numbers[0])
    for number in numbers:
        name, addresses = random.choices(services, [WEIGHTS[s[0]] for s in services])[0]
        address = random.choice(addresses)
        asked[name] += 1
        for attempt in (1, 2):  # a datagram may be lost when a busy machine's socket buffer is full; nothing else may
            try:
                good = globals()[name](address, number, want)
                why = "" if good else "other bytes"
            except (OSError, EOFError, ftplib.Error) as e:
                good, why = False, repr(e)
            if good or name not in ("echo", "dns"):
                break
        if not good:
            failed.append(f"{name} {address} {number}: {why}")
    out.write("\n".join([" ".join(f"{k}={v}" for k, v in asked.items())] + failed) + "\n")


def main():
    count, path, services = int(sys.argv[1]), sys.argv[2], {}
    with open(path, "rb") as f:
        want = f.read()
    for word in sys.argv[3:]:
        name, address = word.split("=")
        services.setdefault(name, []).append(address)
    workers, children, begin = 6, [], time.monotonic()
    for i in range(workers):
        r, w = os.pipe()
        if not os.fork():
            with os.fdopen(w, "w") as out:
                worker(range(i, count, workers), want, list(services.items()), out)
            os._exit(0)
        os.close(w)
        children.append(os.fdopen(r))
    asked, failed = dict.fromkeys(WEIGHTS, 0), []
    for child in children:
        lines = child.read().splitlines() or ["died=1"]
        for pair in lines[0].split():
            name, value = pair.split("=")
            asked[name] = asked.get(name, 0) + int(value)
        failed += lines[1:]
    print(" ".join(f"{k}={v}" for k, v in asked.items()), f"failed={len(failed)} seconds={time.monotonic() - begin:.0f}")
    for line in failed[:5]:
        print(line)
    sys.exit(bool(failed) or "died" in asked)


if __name__ == "__main__":
    main()
