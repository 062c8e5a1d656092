#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Every way to send out of a machine, for the egress tests. What happened is printed as an errno's name or "ok".

senders.py tcp|udp|udpconnect HOST PORT      one attempt
senders.py bypass HOST MAC DEVICE PORT       five frames by AF_PACKET with PACKET_QDISC_BYPASS
senders.py matrix HOST4 HOST6 MAC DEVICE PORT     each kind of socket in turn, five frames each
senders.py afxdp                             may such a socket be made?
senders.py listen tcp|udp PORT               takes and drops
senders.py serve PORT                        an unconnected UDP echo
senders.py echo PORT                         the same over IPv4 and IPv6, answering from the address that was asked
senders.py tunnel HOST COUNT                 carries data out in names below t.example, over UDP
senders.py ask HOST PORT COUNT               every datagram must come back
"""
import errno
import socket
import struct
import sys

QDISC_BYPASS = 20


def family(host):
    return socket.AF_INET6 if ":" in host else socket.AF_INET


def attempt(run):
    try:
        run()
        return "ok"
    except OSError as e:
        return errno.errorcode.get(e.errno, str(e))


def tcp(host, port):
    s = socket.socket(family(host), socket.SOCK_STREAM)
    s.settimeout(2)
    s.connect((host, port))


def udp(host, port):
    socket.socket(family(host), socket.SOCK_DGRAM).sendto(b"x", (host, port))


def udpconnect(host, port):
    s = socket.socket(family(host), socket.SOCK_DGRAM)
    s.connect((host, port))
    s.send(b"x")


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def frame(device, host, mac, port):
    with open(f"/sys/class/net/{device}/address", encoding="ascii") as f:
        own = bytes.fromhex(f.read().strip().replace(":", ""))
    ether = bytes.fromhex(mac.replace(":", "")) + own
    body = struct.pack("!HHHH", 5555, port, 9, 0) + b"x"
    if ":" in host:
        return ether + b"\x86\xdd" + struct.pack("!IHBB", 6 << 28, len(body), 17, 64) + socket.inet_pton(socket.AF_INET6, "2001:db8:1::1") + \
            socket.inet_pton(socket.AF_INET6, host) + body
    head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(body), 7, 0, 64, 17, 0, socket.inet_aton("198.51.100.1"), socket.inet_aton(host))
    return ether + b"\x08\x00" + head[:10] + struct.pack("!H", checksum(head)) + head[12:] + body


def packet(device, data, bypass):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    s.bind((device, 0x0800))
    if bypass:
        s.setsockopt(263, QDISC_BYPASS, 1)
    for _ in range(5):
        s.send(data)


def raw(host, proto):
    s = socket.socket(family(host), socket.SOCK_RAW, proto)
    for _ in range(5):
        s.sendto(b"xxxxxxxx", (host, 0))


def matrix(host4, host6, mac, device, port):
    ways = {
        "inet": lambda: udp(host4, port), "inet6": lambda: udp(host6, port),
        "packet": lambda: packet(device, frame(device, host4, mac, port), False),
        "packet6": lambda: packet(device, frame(device, host6, mac, port), False),
        "bypass": lambda: packet(device, frame(device, host4, mac, port), True),
        "bypass6": lambda: packet(device, frame(device, host6, mac, port), True),
        "tagged": lambda: packet(device, frame(device, host4, mac, port)[:12] + b"\x81\x00\x00\x05" + frame(device, host4, mac, port)[12:], True),
        "raw": lambda: raw(host4, 253), "raw6": lambda: raw(host6, 253),
    }
    for name, way in ways.items():
        print(name, attempt(way))


def listen(kind, port):
    for af in (socket.AF_INET6,):
        s = socket.socket(af, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("::", port))
    if kind == "tcp":
        s.listen(64)
        while True:
            s.accept()[0].close()
    while True:
        s.recv(2048)


def serve(port):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.bind(("0.0.0.0", port))
    while True:
        data, peer = s.recvfrom(2048)
        s.sendto(data, peer)


def echo(port):
    s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
    s.bind(("::", port))
    while True:
        data, control, _, peer = s.recvmsg(4096, 256)
        s.sendmsg([data], [row for row in control if row[1] == socket.IPV6_PKTINFO], 0, peer)


def tunnel(host, count):
    s = socket.socket(family(host), socket.SOCK_DGRAM)
    s.settimeout(2)
    for i in range(count):
        labels = [b"%032x" % (0x9E3779B97F4A7C15 ** 2 * (i + 1) % (1 << 128)), b"t", b"example"]
        s.sendto(struct.pack("!6H", i, 0x100, 1, 0, 0, 0) + b"".join(bytes([len(n)]) + n for n in labels) + b"\0\0\x10\0\1", (host, 53))
        s.recv(2048)
    return 0


def ask(host, port, count):
    for i in range(count):
        s = socket.socket(family(host), socket.SOCK_DGRAM)
        s.settimeout(2)
        s.sendto(b"%d" % i, (host, port))
        if s.recv(2048) != b"%d" % i:
            return 1
    return 0


def main():
    name, rest = sys.argv[1], [int(a) if a.isdigit() else a for a in sys.argv[2:]]
    if name in ("tcp", "udp", "udpconnect"):
        print(attempt(lambda: globals()[name](*rest)))
    elif name == "bypass":
        print(attempt(lambda: packet(rest[2], frame(rest[2], rest[0], rest[1], rest[3]), True)))
    elif name == "afxdp":
        print(attempt(lambda: socket.socket(44, socket.SOCK_RAW)))
    else:
        sys.exit(globals()[name](*rest))


if __name__ == "__main__":
    main()
