#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""`sekimori inspect` finds the same in every container and link type, twice the same, and writes the records that consumers of
EVE JSON read.

Captures are made here. BIN: folder of the program (default build).
"""
import base64
import json
import os
import struct
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.environ.get("BIN", os.path.join(ROOT, "build"))
sys.path.insert(0, os.path.join(ROOT, "selftests", "lib"))
import forge  # noqa: E402

CLIENT, SERVER = bytes([192, 0, 2, 1]), bytes([198, 51, 100, 2])
SYN, ACK, PSH, FIN = 2, 16, 8, 1
RULES = ('alert http any any -> any any (msg:"evil"; http.uri; content:"/evil"; classtype:trojan-activity; '
         'target:dest_ip; reference:cve,2014-6271; metadata:tag a; sid:1; rev:2;)\n'
         'drop udp any any -> any 53 (msg:"name"; content:"|04|evil"; sid:2;)\n')


def connection(sport, request, response):
    """IP packets of one HTTP exchange."""
    def client(seq, ack, flags, data=b""):
        return forge.tcp(CLIENT, SERVER, sport, 80, seq, ack, flags, data)

    def server(seq, ack, flags, data=b""):
        return forge.tcp(SERVER, CLIENT, 80, sport, seq, ack, flags, data)
    sent, got = 101 + len(request), 501 + len(response)
    return [client(100, 0, SYN), server(500, 101, SYN | ACK), client(101, 501, ACK), client(101, 501, ACK | PSH, request),
            server(501, sent, ACK), server(501, sent, ACK | PSH, response), client(sent, got, ACK | FIN),
            server(got, sent + 1, ACK | FIN), client(sent + 1, got + 1, ACK)]


def dns(name, answer=None):
    wire = b"".join(bytes([len(part)]) + part for part in name.split(b".")) + b"\0" + struct.pack("!HH", 1, 1)
    data = struct.pack("!HHHHHH", 7, 0x8180 if answer else 0x100, 1, bool(answer), 0, 0) + wire
    if answer:
        data += b"\xc0\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + answer
        return forge.udp(SERVER, CLIENT, 53, 1024, data)
    return forge.udp(CLIENT, SERVER, 1024, 53, data)


def packets():
    body = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"
    return (connection(40000, b"GET /evil HTTP/1.1\r\nHost: h.example\r\nUser-Agent: u\r\n\r\n", body) +
            connection(40001, b"GET /good HTTP/1.1\r\nHost: h.example\r\n\r\n", body) +
            [dns(b"www.evil.example"), dns(b"www.evil.example", bytes([203, 0, 113, 9]))])


LINKS = {  # data link: its header in front of an IPv4 packet
    "ethernet": (1, b"\x02" * 12 + b"\x08\x00"),
    "vlan": (1, b"\x02" * 12 + b"\x81\x00\x00\x05\x08\x00"),
    "raw": (101, b""),
    "ipv4": (228, b""),
    "sll": (113, struct.pack("!HHH8sH", 0, 1, 6, b"\x02" * 8, 0x800)),
    "sll2": (276, struct.pack("!HHIHBB8s", 0x800, 0, 1, 1, 0, 6, b"\x02" * 8)),
    "null": (0, struct.pack("=I", 2)),
    "loop": (108, struct.pack("!I", 2)),
    "ppp": (9, b"\xff\x03\x00\x21"),
    "cisco-hdlc": (104, b"\x0f\x00\x08\x00"),
}


def pcap(frames, link=1, order="<", magic=0xA1B2C3D4):
    scale = 1000 if magic == 0xA1B23C4D else 1
    out = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262144, link)
    for number, frame in enumerate(frames):
        out += struct.pack(order + "IIII", 1700000000, number * 1000 * scale, len(frame), len(frame)) + frame
    return out


def block(order, kind, body):
    body += b"\0" * (-len(body) % 4)
    size = struct.pack(order + "I", 12 + len(body))
    return struct.pack(order + "I", kind) + size + body + size


def pcapng(frames, link=1, order="<"):
    out = block(order, 0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1))
    out += block(order, 1, struct.pack(order + "HHI", link, 0, 262144))
    out += block(order, 0x0BAD, b"unknown block")
    out += block(order, 4, struct.pack(order + "HH", 0, 0))  # names
    for number, frame in enumerate(frames):
        when = 1700000000 * 1000000 + number * 1000
        out += block(order, 6, struct.pack(order + "IIIII", 0, when >> 32, when & 0xFFFFFFFF, len(frame), len(frame)) + frame)
    return out + block(order, 5, struct.pack(order + "III", 0, 0, 0))  # statistics


class World:
    def __init__(self, folder):
        self.folder = folder
        self.rules = os.path.join(folder, "test.rules")
        with open(self.rules, "w", encoding="ascii") as text:
            text.write(RULES)

    def write(self, name, data):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as out:
            out.write(data)
        return path

    def run(self, captures, *options, data=None):
        """(exit code, records, bytes of eve.json, what was said)"""
        log = tempfile.mkdtemp(dir=self.folder)
        done = subprocess.run([os.path.join(BIN, "sekimori"), "inspect", "--cache", "none", "-S", self.rules, "-l", log, *options,
                               *captures], input=data, capture_output=True, timeout=120)
        path = os.path.join(log, "eve.json")
        raw = b""
        if os.path.exists(path):
            with open(path, "rb") as text:
                raw = text.read()
        return done.returncode, [json.loads(line) for line in raw.splitlines()], raw, done.stderr.decode(errors="replace")


def sids(records):
    return sorted(record["alert"]["signature_id"] for record in records if record["event_type"] == "alert")


def check_links(world):
    for name, (link, head) in LINKS.items():
        code, records, _, said = world.run([world.write(name, pcap([head + packet for packet in packets()], link))])
        if code != 1 or sids(records) != [1, 2]:
            yield f"{name}: exit {code}, alerts {sids(records)} {said.strip()[-100:]}"
    code, _, _, said = world.run([world.write("wifi", pcap(packets(), 105))])
    if code != 2 or "105" not in said:
        yield f"a link type that is not decoded: exit {code}, {said.strip()[-100:]}"


def check_containers(world):
    link, head = LINKS["ethernet"]
    frames = [head + packet for packet in packets()]
    wanted = None
    for name, data in (("us-le", pcap(frames)), ("us-be", pcap(frames, order=">")),
                       ("ns-le", pcap(frames, magic=0xA1B23C4D)), ("ns-be", pcap(frames, order=">", magic=0xA1B23C4D)),
                       ("ng-le", pcapng(frames)), ("ng-be", pcapng(frames, order=">"))):
        path = world.write("container", data)
        code, records, raw, said = world.run([path], "--eve", "alert,flow,http,dns")
        wanted = wanted or raw
        if code != 1 or sids(records) != [1, 2] or raw != wanted:
            yield f"{name}: exit {code}, alerts {sids(records)}, other records than the first: {raw != wanted} {said[-100:]}"
    code, records, _, _ = world.run(["-"], data=pcap(frames))
    if code != 1 or sids(records) != [1, 2]:
        yield f"standard input: exit {code}, alerts {sids(records)}"
    code, records, _, said = world.run([world.write("cut", pcap(frames)[:-30])])
    if code != 2 or 1 not in sids(records) or "inspected" not in said:
        yield f"a file that ends within a packet: exit {code}, alerts {sids(records)}, {said.strip()[-100:]}"
    code, _, _, _ = world.run([world.write("text", b"not a capture at all, only words and words")])
    if code != 2:
        yield f"no capture: exit {code}"


def check_repeat(world):
    link, head = LINKS["ethernet"]
    paths = [world.write(f"capture{i}", pcap([head + packet for packet in packets()])) for i in range(3)]
    one = world.run(paths, "--eve", "all")
    two = world.run(paths, "--eve", "all")
    if one[2] != two[2] or not one[2]:
        yield "two runs differ"
    shared = world.run(paths, "--eve", "alert,flow,http,dns", "--workers", "2")
    alone = world.run(paths, "--eve", "alert,flow,http,dns")
    if shared[2] != alone[2]:
        yield "two workers write something else than one"
    for path in paths:
        got = sids(record for record in one[1] if record.get("capture_file") == path)
        if got != [1, 2]:
            yield f"{os.path.basename(path)} of three: alerts {got}"


COMMON = "timestamp flow_id event_type src_ip dest_ip proto ip_v pkt_src community_id capture_file"
FIELDS = {  # what each kind of record must have; a dot goes into an object
    "alert": COMMON + " src_port dest_port pcap_cnt alert.action alert.gid alert.signature_id alert.rev alert.signature "
             "alert.category alert.severity flow.pkts_toserver flow.bytes_toclient flow.start flow.src_ip flow.dest_port "
             "sekimori.severity sekimori.verdict",
    "http": COMMON + " app_proto tx_id http.hostname http.url http.http_method http.protocol http.status http.length "
            "http.http_content_type",
    "dns": COMMON + " app_proto tx_id dns.version dns.type dns.id dns.flags dns.opcode dns.queries",
    "fileinfo": COMMON + " http.url fileinfo.filename fileinfo.size fileinfo.state fileinfo.gaps fileinfo.stored fileinfo.tx_id "
                "fileinfo.md5 fileinfo.sha1 fileinfo.sha256",
    "flow": COMMON + " app_proto flow.pkts_toserver flow.pkts_toclient flow.bytes_toserver flow.bytes_toclient flow.start "
            "flow.end flow.age flow.state flow.reason flow.alerted flow.tx_cnt",
    "drop": "timestamp flow_id event_type src_ip dest_ip proto drop.len drop.ttl drop.tos drop.reason drop.udplen "
            "alert.signature_id sekimori.verdict",
    "stats": "timestamp event_type stats.uptime stats.decoder.pkts stats.decoder.bytes stats.flow.total stats.detect.alert "
             "stats.detect.engines",
}


def value_at(record, path):
    for name in path.split("."):
        record = record.get(name) if isinstance(record, dict) else None
    return record


def check_records(world):
    _, head = LINKS["ethernet"]
    path = world.write("records", pcap([head + packet for packet in packets()]))
    _, records, _, _ = world.run([path], "--eve", "all")
    for kind, fields in FIELDS.items():
        of_kind = [record for record in records if record["event_type"] == kind]
        if not of_kind:
            yield f"no {kind}"
        for record in of_kind:
            missing = [name for name in fields.split() if value_at(record, name) is None]
            if missing:
                yield f"{kind} lacks {' '.join(missing)}: {json.dumps(record)}"
    ids = {record["community_id"] for record in records if record.get("src_port") in (40000, 80) and "community_id" in record
           and 40000 in (record["src_port"], record["dest_port"])}
    if len(ids) != 1:
        yield f"one connection, community ids {ids}"
    blocked = [record for record in records if value_at(record, "alert.action") == "blocked"]
    if blocked:
        yield f"nothing was blocked here: {blocked}"


def check_kinds(world):
    _, head = LINKS["ethernet"]
    path = world.write("kinds", pcap([head + packet for packet in packets()]))
    for options, wanted in (((), {"alert", "drop", "stats"}), (("--eve", "alert"), {"alert"}), (("--eve", "flow,dns"), {"flow", "dns"})):
        _, records, _, _ = world.run([path], *options)
        got = {record["event_type"] for record in records}
        if got != wanted:
            yield f"{' '.join(options) or 'standard'}: {sorted(got)}"
    code, _, _, said = world.run([path], "--eve", "alert,flo")
    if code != 2 or "flow" not in said:
        yield f"an unknown kind: exit {code}, {said.strip()}"


def check_packet_of_alert(world):
    """What of its packet an alert carries is there on demand, and holds the very bytes."""
    _, head = LINKS["ethernet"]
    frames = [head + packet for packet in packets()]
    path = world.write("packet", pcap(frames))
    keys = ("payload", "payload_printable", "packet")
    _, plain, _, _ = world.run([path], "--eve", "alert")
    if any(key in record for record in plain for key in keys):
        yield "bytes of packets without being asked for"
    for key in keys:
        _, records, _, said = world.run([path], "--eve", "alert", "--set", f"alert.{key.replace('_', '-')}=yes")
        if not records or any(key not in record or any(other in record for other in keys if other != key) for record in records):
            yield f"{key}: {[sorted(record) for record in records]} {said.strip()}"
    _, records, _, _ = world.run([path], "--eve", "alert", "--set", "alert.packet=yes", "--set", "alert.payload=yes")
    for record in records:
        frame = frames[record["pcap_cnt"] - 1]
        if base64.b64decode(record["packet"]) != frame or record["packet_info"]["linktype"] != 1:
            yield f"not frame {record['pcap_cnt']}: {record['packet']}"
        if not frame.endswith(base64.b64decode(record["payload"])) or record["payload_length"] == 0:
            yield f"not its payload: {record['payload']}"


def check_gaps(world):
    """The flow's record says which side's bytes are missing."""
    _, head = LINKS["ethernet"]
    whole = connection(40000, b"GET /a HTTP/1.1\r\nHost: h\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 50)
    for missing, gaps in ((None, set()), (3, {"ts_gap"}), (5, {"tc_gap"})):
        frames = [head + packet for number, packet in enumerate(whole) if number != missing]
        _, records, _, _ = world.run([world.write("gap", pcap(frames))], "--eve", "flow")
        got = {key for record in records for key in ("ts_gap", "tc_gap") if value_at(record, f"tcp.{key}")}
        if got != gaps:
            yield f"without packet {missing}: {got}"


CHECKS = (check_links, check_containers, check_repeat, check_records, check_kinds, check_packet_of_alert, check_gaps)


def main():
    print(f"KTAP version 1\n1..{len(CHECKS)}")
    failed = False
    for number, check in enumerate(CHECKS, 1):
        with tempfile.TemporaryDirectory() as folder:
            complaints = list(check(World(folder)))
        for complaint in complaints:
            print("# " + complaint)
        print(f"{'not ok' if complaints else 'ok'} {number} {check.__name__[len('check_'):]}")
        failed |= bool(complaints)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
