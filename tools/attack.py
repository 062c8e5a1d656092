#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Attacks and near-misses for testing the shield: as captures, or for real over a socket.

  attack.py list [--tsv]
  attack.py pcap NAME OUT.pcap [--variant N] [--midstream] [--one-sided] [--split N] [--ipv6] [--fast-open]
                           [--keep-alive | --pipelined]
  attack.py send NAME --target HOST [--port P] [--variant N] [--source ADDR] [--split N] [--no-wait] [--timeout S]
  attack.py serve --port P [--bind ADDR] [NAME [--variant N]] [--count N]

The payloads carry the shape that a signature must see and a harmless content: no working exploit is in here.
`send` plays the client of the case and prints one JSON line: what was sent, what came back, and how it ended.
`serve` plays the server: without NAME it is an HTTP server that answers /CASE/VARIANT with that case's response.
Exit status: 0 the dialogue came to its end, 1 it was cut, 2 usage. The cases are in attack_cases.py.
"""
import argparse
import ipaddress
import json
import os
import random
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from attack_cases import CASES, CLIENT, SERVER, keep_alive, pipelined  # noqa: E402

ETHERTYPE = {4: 0x0800, 6: 0x86DD}
LINKTYPE_ETHERNET = 1
SYN, FIN, PSH, ACK = 0x02, 0x01, 0x08, 0x10
MSS = 1448
# The protected host is inside; which role it plays depends on the direction of the attack.
INSIDE = {4: "10.0.0.10", 6: "2001:db8:10::10"}
OUTSIDE = {4: "203.0.113.66", 6: "2001:db8:bad::66"}
START_US = 1412121600 * 1000000  # 2014-10-01: captures are the same on every run


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Capture:
    """A pcap file; every frame is one millisecond after the one before."""

    def __init__(self, path, version):
        self.file = open(path, "wb")
        self.file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, LINKTYPE_ETHERNET))
        self.version = version
        self.time_us = START_US
        self.ident = 0

    def close(self):
        self.file.close()

    def ip(self, source, dest, protocol, segment):
        self.ident = (self.ident + 1) & 0xFFFF
        if self.version == 6:
            return struct.pack("!IHBB", 6 << 28, len(segment), protocol, 64) + source + dest + segment
        head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(segment), self.ident, 0x4000, 64, protocol, 0)
        head += source + dest
        return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + segment

    def frame(self, source, dest, protocol, segment, check_at):
        """segment has a zero checksum at check_at."""
        if self.version == 6:
            pseudo = source + dest + struct.pack("!II", len(segment), protocol)
        else:
            pseudo = source + dest + struct.pack("!BBH", 0, protocol, len(segment))
        check = checksum(pseudo + segment) or 0xFFFF
        segment = segment[:check_at] + struct.pack("!H", check) + segment[check_at + 2:]
        frame = b"\x02\0\0\0\0\x02\x02\0\0\0\0\x01" + struct.pack("!H", ETHERTYPE[self.version])
        frame += self.ip(source, dest, protocol, segment)
        self.time_us += 1000
        self.file.write(struct.pack("<IIII", self.time_us // 1000000, self.time_us % 1000000, len(frame), len(frame)))
        self.file.write(frame)


class TcpSession:
    """One TCP connection written into a capture."""

    def __init__(self, capture, addresses, ports, only, shuffle=None):
        """shuffle: a number; segments of one turn come in an order that it chooses, and some come twice."""
        self.capture, self.addresses, self.ports, self.only = capture, addresses, ports, only
        self.rng = random.Random(shuffle) if shuffle is not None else None
        self.seq = {CLIENT: 0x10203040, SERVER: 0xFFFFF000}  # the server's numbers wrap on purpose

    def put(self, side, flags, data=b""):
        if self.only is None or side == self.only:
            other = CLIENT if side == SERVER else SERVER
            ack = self.seq[other] if flags & ACK else 0
            options = struct.pack("!BBH", 2, 4, MSS) if flags & SYN else b""
            header = struct.pack("!HHIIBBHHH", self.ports[side], self.ports[other], self.seq[side], ack,
                                 (20 + len(options)) // 4 << 4, flags, 64240, 0, 0)
            self.capture.frame(self.addresses[side], self.addresses[other], 6, header + options + data, 16)
        step = len(data) + (1 if flags & (SYN | FIN) else 0)
        self.seq[side] = (self.seq[side] + step) & 0xFFFFFFFF

    def open(self, early=b""):
        """early: data that the client sends within its SYN (TCP Fast Open)."""
        self.put(CLIENT, SYN, early)
        self.put(SERVER, SYN | ACK)
        self.put(CLIENT, ACK)

    def send(self, side, data, size):
        other = CLIENT if side == SERVER else SERVER
        places, first = list(range(0, len(data), size)), self.seq[side]
        if self.rng:
            places += self.rng.sample(places, len(places) // 4)
            self.rng.shuffle(places)
        for at in places:
            last = at + size >= len(data)
            self.seq[side] = (first + at) & 0xFFFFFFFF
            self.put(side, ACK | (PSH if last else 0), data[at:at + size])
        self.seq[side] = (first + len(data)) & 0xFFFFFFFF
        self.put(other, ACK)

    def close(self):
        self.put(CLIENT, FIN | ACK)
        self.put(SERVER, FIN | ACK)
        self.put(CLIENT, ACK)


def write_pcap(case, variant, path, midstream=False, one_sided=False, split=0, ipv6=False, fast_open=False,
               prepare=None, shuffle=None):
    """Writes the case's variant as a capture.

    split is the largest segment in bytes, 0 the usual one; prepare changes the steps of HTTP cases beforehand;
    shuffle: a number that chooses order and repetition of the segments.
    """
    version = 6 if ipv6 else 4
    steps = case.variants[variant]
    if prepare and case.port == 80:
        steps = prepare(steps)
    inside, outside = (ipaddress.ip_address(table[version]).packed for table in (INSIDE, OUTSIDE))
    addresses = {case.attacker: outside, (CLIENT if case.attacker == SERVER else SERVER): inside}
    ports = {CLIENT: 40000 + variant, SERVER: case.port}
    only = case.attacker if one_sided else None
    capture = Capture(path, version)
    if case.protocol == "udp":
        for side, data in steps:
            other = CLIENT if side == SERVER else SERVER
            if only is None or side == only:
                header = struct.pack("!HHHH", ports[side], ports[other], 8 + len(data), 0)
                capture.frame(addresses[side], addresses[other], 17, header + data, 6)
    else:
        session = TcpSession(capture, addresses, ports, only, shuffle)
        early = steps[0][1][:split or MSS - 40] if fast_open and not midstream and steps[0][0] == CLIENT else b""
        if not midstream:
            session.open(early)
        for number, (side, data) in enumerate(steps):
            session.send(side, data[len(early):] if number == 0 else data, split or MSS)
        if not midstream:
            session.close()
    capture.close()


def receive(sock, timeout):
    """One answer: bytes until the line is quiet. Returns (data, end), end one of None, "closed", "reset", "timeout"."""
    data = b""
    sock.settimeout(timeout)
    while True:
        try:
            chunk = sock.recv(65536)
        except socket.timeout:
            return data, None if data else "timeout"
        except OSError:
            return data, "reset"
        if not chunk:
            return data, "closed"
        data += chunk
        sock.settimeout(0.1)  # the answer has begun: what belongs to it follows at once


def play(sock, steps, me, options):
    """Plays one side of the steps on a connected socket; returns the report."""
    report = {"sent": 0, "received": [], "outcome": "complete", "step": len(steps)}
    for number, (side, data) in enumerate(steps):
        try:
            if side == me:
                size = options.split or len(data) or 1
                for at in range(0, len(data), size):
                    sock.sendall(data[at:at + size])
                    report["sent"] += len(data[at:at + size])
                    if options.split:
                        time.sleep(0.001)
                continue
        except OSError as error:
            report.update(outcome="reset", step=number, error=str(error))
            return report
        if options.no_wait:
            continue
        answer, end = receive(sock, options.timeout)
        report["received"].append({"bytes": len(answer), "head": answer[:64].decode("latin-1")})
        # A server that refuses the hello still gets the rest: the shield must see it whatever the server thinks.
        if end and report["outcome"] == "complete":
            report.update(outcome=end if not answer or end == "reset" else "complete", step=number)
    return report


def command_send(options):
    case = CASES[options.name]
    kind = socket.SOCK_DGRAM if case.protocol == "udp" else socket.SOCK_STREAM
    port = options.port or case.port
    report = {"case": case.name, "variant": options.variant, "target": options.target, "port": port}
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(options.target, port, type=kind)[0]
        with socket.socket(family, kind, protocol) as sock:
            if kind == socket.SOCK_STREAM:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if options.source:
                sock.bind((options.source, 0))
            sock.settimeout(options.timeout)
            sock.connect(address)
            report["source"] = sock.getsockname()[0]
            report.update(play(sock, case.variants[options.variant], CLIENT, options))
    except OSError as error:
        report.update(outcome="refused" if isinstance(error, ConnectionRefusedError) else "unreachable", step=0,
                      error=str(error))
    print(json.dumps(report, ensure_ascii=True), flush=True)
    return 0 if report["outcome"] == "complete" else 1


def serve_http(sock, timeout):
    """Answers one request by its path /CASE/VARIANT."""
    request, _ = receive(sock, timeout)
    parts = request.split(b" ", 2)[1].decode("latin-1").strip("/").split("/") if request.count(b" ") > 1 else [""]
    case = CASES.get(parts[0])
    number = int(parts[1]) if len(parts) > 1 and parts[1].isdigit() else 0
    if case is None or case.attacker != SERVER or case.port != 80 or number >= len(case.variants):
        sock.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        return {"path": "/".join(parts), "outcome": "not-found", "sent": 0}
    data = b"".join(data for side, data in case.variants[number] if side == SERVER)
    sock.sendall(data)
    return {"case": case.name, "variant": number, "outcome": "complete", "sent": len(data)}


def command_serve(options):
    family = socket.AF_INET6 if ":" in options.bind else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((options.bind, options.port))
        listener.listen(16)
        print(json.dumps({"listening": listener.getsockname()[1]}), flush=True)
        served = 0
        while options.count == 0 or served < options.count:
            sock, peer = listener.accept()
            with sock:
                try:
                    if options.name:
                        report = play(sock, CASES[options.name].variants[options.variant], SERVER, options)
                    else:
                        report = serve_http(sock, options.timeout)
                except OSError as error:
                    report = {"outcome": "reset", "error": str(error)}
            report["peer"] = peer[0]
            print(json.dumps(report), flush=True)
            served += 1
    return 0


def command_list(options):
    for case in CASES.values():
        kind = "near-miss" if case.near_miss else "attack"
        if options.tsv:
            print("\t".join((case.name, str(len(case.variants)), kind, case.family, case.protocol, str(case.port))))
        else:
            print("%-22s %2d  %-9s %s/%-4d %s" % (case.name, len(case.variants), kind, case.protocol, case.port,
                                                  case.about))
    return 0


def command_pcap(options):
    write_pcap(CASES[options.name], options.variant, options.out, options.midstream, options.one_sided, options.split,
               options.ipv6, options.fast_open,
               keep_alive if options.keep_alive else pipelined if options.pipelined else None)
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    listing = commands.add_parser("list", help="all cases")
    listing.add_argument("--tsv", action="store_true")
    pcap = commands.add_parser("pcap", help="write a capture")
    pcap.add_argument("name")
    pcap.add_argument("out")
    for flag in ("--midstream", "--one-sided", "--ipv6", "--fast-open", "--keep-alive", "--pipelined"):
        pcap.add_argument(flag, action="store_true")
    send = commands.add_parser("send", help="do it, as the client")
    send.add_argument("name")
    send.add_argument("--target", required=True)
    send.add_argument("--port", type=int, default=0)
    send.add_argument("--source")
    serve = commands.add_parser("serve", help="do it, as the server")
    serve.add_argument("name", nargs="?")
    serve.add_argument("--port", type=int, required=True)
    serve.add_argument("--bind", default="0.0.0.0")
    serve.add_argument("--count", type=int, default=0, help="connections to serve, 0 for ever")
    for command in (send, serve):
        command.add_argument("--no-wait", action="store_true", help="do not wait for answers")
        command.add_argument("--timeout", type=float, default=2.0)
    for command in (pcap, send, serve):
        command.add_argument("--variant", type=int, default=0)
        command.add_argument("--split", type=int, default=0, metavar="N", help="segments of at most N bytes")
    options = parser.parse_args()
    name = getattr(options, "name", None)
    if name is not None:
        if name not in CASES:
            parser.error("no case %r, see `attack.py list`" % name)
        if not 0 <= options.variant < len(CASES[name].variants):
            parser.error("%s has variants 0 to %d" % (name, len(CASES[name].variants) - 1))
    if getattr(options, "split", 0) < 0:
        parser.error("--split takes a positive number of bytes")
    run = {"list": command_list, "pcap": command_pcap, "send": command_send, "serve": command_serve}
    return run[options.command](options)


if __name__ == "__main__":
    sys.exit(main())
