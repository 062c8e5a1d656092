#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""T6: with the kernel's prefilter every attack of the shipped rules is told, cut at any place and in any coding.

One capture holds a connection for every place at which a message of an attacker can be cut in two, another one a connection for
each coding that a message may have on its way (percent-encoding, chunks, compression, header names and line ends), whole and byte by
byte. `sekimori inspect` leaves out what the module would not hand over; each connection must raise the signatures that the attack
raises in one piece (with its target encoded, one of the same family), and no packet may be dropped for a rule that does not match.
What one packet holds is dropped when the kernel drops by its signature at all.
CASES: only names with this text.
"""
import collections
import glob
import gzip
import ipaddress
import json
import os
import struct
import subprocess
import sys
import tempfile
import zlib

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.path.join(ROOT, "build", "sekimori")  # about answers: rules_match.py runs the same attacks sanitized
sys.path[:0] = [os.path.join(ROOT, "tools"), os.path.dirname(os.path.abspath(__file__))]
from attack_cases import CASES, CLIENT, SERVER  # noqa: E402
from rules_match import read_expect  # noqa: E402

MSS = 1448
SYN, FIN, PSH, ACK = 0x02, 0x01, 0x08, 0x10
INSIDE = ipaddress.ip_address("10.0.0.10").packed
OUTSIDE = int(ipaddress.ip_address("20.0.0.0"))  # one address a connection
FRAME_HEAD = b"\x02\0\0\0\0\x02\x02\0\0\0\0\x01\x08\0"
ADDRESSES_AT = 16 + len(FRAME_HEAD) + 12  # in a capture's record


class Connection:
    """The records of one connection, with places for the outside address."""

    def __init__(self, case):
        self.records, self.places = bytearray(), []
        self.attacker, self.ports = case.attacker, {CLIENT: 40000, SERVER: case.port}
        self.seq = {CLIENT: 0x10203040, SERVER: 0xFFFFF000}
        self.put(CLIENT, SYN)
        self.put(SERVER, SYN | ACK)
        self.put(CLIENT, ACK)

    def put(self, side, flags, data=b""):
        other = CLIENT if side == SERVER else SERVER
        tcp = struct.pack("!HHIIBBHHH", self.ports[side], self.ports[other], self.seq[side], self.seq[other] if flags & ACK else 0,
                          0x50, flags, 64240, 0, 0)
        length = 40 + len(data)
        addresses = (bytes(4) + INSIDE) if side == self.attacker else (INSIDE + bytes(4))
        self.places.append(len(self.records) + ADDRESSES_AT + (0 if side == self.attacker else 4))
        self.records += struct.pack("<IIII", 1412121600, 0, 14 + length, 14 + length) + FRAME_HEAD
        self.records += struct.pack("!BBHHHBBH", 0x45, 0, length, 0, 0x4000, 64, 6, 0) + addresses + tcp + data
        self.seq[side] = (self.seq[side] + len(data) + (1 if flags & (SYN | FIN) else 0)) & 0xFFFFFFFF

    def say(self, side, data, cut=0, size=MSS):
        for part in (data[:cut], data[cut:]):
            for at in range(0, len(part), size):
                self.put(side, ACK | PSH, part[at:at + size])
        self.put(CLIENT if side == SERVER else SERVER, ACK)

    def close(self):
        self.put(CLIENT, FIN | ACK)
        self.put(SERVER, FIN | ACK)
        self.put(CLIENT, ACK)

    def from_address(self, number):
        address = struct.pack("!I", OUTSIDE + number)
        for place in self.places:
            self.records[place:place + 4] = address
        return self.records


class Capture:
    """Connections, and what each must raise."""

    def __init__(self, path):
        self.path, self.wanted, self.names, self.families = path, [], [], []
        self.file = open(path, "wb")
        self.file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 1))

    def add(self, connection, name, sids, family=False):
        """family: any signatures of the same family will do."""
        connection.close()
        self.file.write(connection.from_address(len(self.wanted)))
        self.wanted.append(sids)
        self.names.append(name)
        self.families.append(family)

    def fits(self, number, found):
        wanted = self.wanted[number]
        if self.families[number] and found:
            return {sid // 100 for sid in found} == {sid // 100 for sid in wanted}
        return found == wanted

    def complaints(self, work, least=None):
        """Connections that did not raise what they should, drops that no alert confirms, fewer drops than least."""
        self.file.close()
        if not self.wanted:
            return []
        command = [PROGRAM, "inspect", "--json", "-k", "none", "-l", work, "--set", "prefilter=yes"]
        done = subprocess.run(command + ["-S", os.path.join(ROOT, "rules", "*.rules"), self.path], capture_output=True, timeout=1000)
        figures = json.loads(done.stdout)["prefilter"]
        found = collections.defaultdict(set)
        with open(os.path.join(work, "eve.json"), encoding="utf-8") as lines:
            for line in lines:
                event = json.loads(line)
                if event["event_type"] != "alert":
                    continue
                outside = event["src_ip"] if event["dest_ip"] == "10.0.0.10" else event["dest_ip"]
                found[int(ipaddress.ip_address(outside)) - OUTSIDE].add(event["alert"]["signature_id"])
        out = ["%s: wants %s, got %s" % (name, sorted(sids), sorted(found[number]) or "none")
               for number, (name, sids) in enumerate(zip(self.names, self.wanted)) if not self.fits(number, found[number])]
        if figures["unconfirmed"]:
            out.append("%d packets would be dropped for a rule that does not match them" % figures["unconfirmed"])
        if least is not None:
            return out + (["%s: %d of %d dropped" % (self.names[0], figures["dropped"], least)] if figures["dropped"] < least else [])
        print("# %d connections, %d bytes of payload, %d packets dropped by one packet's proof" %
              (len(self.wanted), figures["bytes"], figures["dropped"]))
        return out


def attacks():
    """case, variant, its steps, its signatures: of all attacks that have a connection."""
    expect = read_expect(os.path.join(ROOT, "rules", "tests", "expect.tsv"))
    for case in CASES.values():
        if case.near_miss or case.protocol != "tcp" or os.environ.get("CASES", "") not in case.name:
            continue
        for variant, steps in enumerate(case.variants):
            yield case, variant, steps, (expect[case.name].get(variant) or expect[case.name]["*"])[0]


def every_place(capture):
    """Two segments instead of one, cut at every place of every message of the attacker's."""
    for case, variant, steps, sids in attacks():
        for which, (side, data) in enumerate(steps):
            for cut in range(1, len(data) if side == case.attacker else 1):
                connection = Connection(case)
                for number, (speaker, text) in enumerate(steps):
                    connection.say(speaker, text, cut if number == which else 0)
                capture.add(connection, "%s/%d message %d cut at %d" % (case.name, variant, which, cut), sids)


# --- codings of an HTTP message: each gives the message anew, or None where it has no place for it

def parted(data):
    """First line, fields, body; None: this is no message of HTTP whose body is counted."""
    head, blank, body = data.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    names = [line.partition(b":")[0].lower() for line in lines[1:]]
    if not blank or b"HTTP/1." not in lines[0] or b"transfer-encoding" in names or b"content-encoding" in names:
        return None
    return lines[0], lines[1:], body


def joined(line, fields, body):
    return b"\r\n".join([line] + fields) + b"\r\n\r\n" + body


def without_length(fields):
    return [field for field in fields if not field.lower().startswith(b"content-length:")]


def chunked(data, size):
    parts = parted(data)
    if not parts or not parts[2]:
        return None
    line, fields, body = parts
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(body[at:at + size]), body[at:at + size]) for at in range(0, len(body), size))
    return joined(line, without_length(fields) + [b"Transfer-Encoding: chunked"], chunks + b"0\r\n\r\n")


def compressed(data, name, packer):
    parts = parted(data)
    if not parts or not parts[2] or not data.startswith(b"HTTP/"):
        return None
    line, fields, body = parts
    body = packer(body)
    return joined(line, without_length(fields) + [b"Content-Encoding: " + name, b"Content-Length: %d" % len(body)], body)


def percent_encoded(data):
    """Letters and digits of the target's path."""
    parts = parted(data)
    if not parts or data.startswith(b"HTTP/"):
        return None
    method, target, version = (parts[0].split(b" ", 2) + [b"", b""])[:3]
    path, mark, query = target.partition(b"?")
    if not path.startswith(b"/") or not version.startswith(b"HTTP/") or b"%" in path:
        return None
    path = b"".join(b"%%%02x" % byte if chr(byte).isalnum() else bytes([byte]) for byte in path)
    return joined(b" ".join([method, path + mark + query, version]), parts[1], parts[2])


def odd_names(data):
    """Names of fields in letters of other size, blanks around their values."""
    parts = parted(data)
    if not parts:
        return None
    fields = [name.swapcase() + b": \t" + value.strip() + b" " if colon else name
              for name, colon, value in (field.partition(b":") for field in parts[1])]
    return joined(parts[0], fields, parts[2])


def bare_line_feeds(data):
    parts = parted(data)
    return b"\n".join([parts[0]] + parts[1]) + b"\n\n" + parts[2] if parts else None


CODINGS = [
    ("chunks of a byte", lambda data: chunked(data, 1)),
    ("chunks of seven bytes", lambda data: chunked(data, 7)),
    ("gzip", lambda data: compressed(data, b"gzip", lambda body: gzip.compress(body, mtime=0))),
    ("deflate", lambda data: compressed(data, b"deflate", zlib.compress)),
    ("percent-encoding", percent_encoded),
    ("odd names", odd_names),
    ("bare line feeds", bare_line_feeds),
]


def every_coding(capture):
    """Each message of the attacker's that has a place for a coding, in that coding."""
    for case, variant, steps, sids in attacks():
        for name, coding in CODINGS if case.port == 80 else []:
            coded = [(side, coding(data) if side == case.attacker else None) for side, data in steps]
            if not any(data for _, data in coded):
                continue
            for size in (MSS, 1):
                connection = Connection(case)
                for (side, plain), (_, data) in zip(steps, coded):
                    connection.say(side, data or plain, 0, size)
                capture.add(connection, "%s/%d in %s, by %d" % (case.name, variant, name, size), sids, coding is percent_encoded)


def one_packet(case, steps):
    """Does a packet hold each message of the attacker's?"""
    return all(len(data) <= MSS for side, data in steps if side == case.attacker)


def kernel_drops():
    """Signatures that the kernel drops by."""
    done = subprocess.run([PROGRAM, "rules", "check", "--kernel"] + glob.glob(os.path.join(ROOT, "rules", "*.rules")), capture_output=True, timeout=100)
    return {int(line.split(b"sid ")[1].split(b":")[0]) for line in done.stdout.splitlines() if line.endswith(b": drops")}


def dropped_in_one_packet(work):
    """What one packet holds, of a signature that the kernel drops by, is dropped: each family's attacks in a capture of their own."""
    drops, complaints, count = kernel_drops(), [], 0
    for family in sorted({case.family for case, *_ in attacks()}):
        capture = Capture(os.path.join(work, "family.pcap"))
        for case, variant, steps, sids in attacks():
            if case.family == family and sids & drops and one_packet(case, steps):
                connection = Connection(case)
                for side, data in steps:
                    connection.say(side, data)
                capture.add(connection, "%s/%d" % (case.name, variant), sids)
        complaints += capture.complaints(work, len(capture.wanted))
        count += len(capture.wanted)
    print("# %d attacks, by %d signatures" % (count, len(drops)))
    return complaints + ([] if count else ["nothing is dropped"])


TESTS = [every_place, every_coding]


def main():
    if not os.path.exists(PROGRAM):
        print("KTAP version 1\n1..0 # SKIP %s is not built" % PROGRAM)
        return 0
    print("KTAP version 1\n1..%d" % (len(TESTS) + 1), flush=True)
    failed = False
    for number, test in enumerate(TESTS + [dropped_in_one_packet], 1):
        if test.__name__ not in os.environ.get("TESTS", test.__name__):
            continue
        with tempfile.TemporaryDirectory(prefix="t6-") as work:
            if test is dropped_in_one_packet:
                complaints = test(work)
            else:
                capture = Capture(os.path.join(work, "attacks.pcap"))
                test(capture)
                complaints = capture.complaints(work)
        for complaint in complaints[:40]:
            print("#", complaint)
        print("%s %d %s" % ("not ok" if complaints else "ok", number, test.__name__), flush=True)
        failed |= bool(complaints)
    return failed


if __name__ == "__main__":
    sys.exit(main())
