# SPDX-License-Identifier: GPL-2.0-or-later
"""Conversations written as text, made into captures: what the tests of rule keywords are written in.

One step per line, # begins a comment line:
  tcp [PORT]            a connection from the client to the server's PORT (80), with its handshake
  udp [PORT]            datagrams to the server's PORT (53) from here on
  > BYTES, < BYTES      the client, the server sends; \\r \\n \\t \\\\ \\xNN as in C
  > @NAME [ARGUMENT…]   the same of what a function of MAKERS makes
  end                   the connection is closed
  icmp TYPE CODE BYTES  one message from the client; -icmp: from the server
  ip PROTOCOL BYTES     one packet of another protocol
  segment FLAGS BYTES   one TCP segment of the client outside of any order; FLAGS of FSRPAUEC
  set NAME=VALUE…       of all packets from here on: ttl tos id frag options window seq ack icmp_id icmp_seq client
                        server vlan (ID,…) tcp_options (of segment) checksum_off ip_checksum_off (0: right)
  wait SECONDS          nothing happens for so long
  include FILE          the steps of another file, beside this one
"""
import ipaddress
import os
import struct
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tools"))
from attack import LINKTYPE_ETHERNET, checksum  # noqa: E402

START_US = 1700000000 * 1000000
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
FLAG_LETTERS = "FSRPAUEC"
NUMBERS = ("ttl", "tos", "id", "frag", "window", "seq", "ack", "icmp_id", "icmp_seq", "checksum_off", "ip_checksum_off")


def unescape(text):
    return text.encode("latin-1").decode("unicode_escape").encode("latin-1")


# --- TLS

def vector(size, data):
    return len(data).to_bytes(size, "big") + data


def record(kind, data, version=0x0303):
    return struct.pack("!BH", kind, version) + vector(2, data)


def handshake(kind, body):
    return record(22, bytes([kind]) + vector(3, body))


def options(words):
    return dict(word.split("=", 1) for word in words)


def tls_client_hello(*words):
    """sni=NAME version=HEX (0303) supported=HEX,… alpn=NAME,…"""
    given = options(words)
    extensions = b""
    if "sni" in given:
        name = b"\0" + vector(2, given["sni"].encode("latin-1"))
        extensions += struct.pack("!H", 0) + vector(2, vector(2, name))
    if "supported" in given:
        versions = b"".join(bytes.fromhex(one) for one in given["supported"].split(","))
        extensions += struct.pack("!H", 43) + vector(2, vector(1, versions))
    if "alpn" in given:
        protocols = b"".join(vector(1, one.encode("latin-1")) for one in given["alpn"].split(","))
        extensions += struct.pack("!H", 16) + vector(2, vector(2, protocols))
    body = bytes.fromhex(given.get("version", "0303")) + bytes(range(32)) + b"\0"
    body += vector(2, b"\x13\x01\xc0\x2f") + vector(1, b"\0") + vector(2, extensions)
    return handshake(1, body)


def tls_server_hello(*words):
    """version=HEX"""
    version = bytes.fromhex(options(words).get("version", "0303"))
    return handshake(2, version + bytes(range(32, 64)) + b"\0" + b"\xc0\x2f" + b"\0")


def der(tag, *parts):
    body = b"".join(parts)
    size = bytes([len(body)]) if len(body) < 128 else b"\x82" + struct.pack("!H", len(body))
    return bytes([tag]) + size + body


def distinguished_name(text):
    kinds = {"CN": 3, "C": 6, "O": 10}
    sets = [der(0x31, der(0x30, der(6, bytes([0x55, 4, kinds[one.split("=")[0]]])),
                          der(0x0C, one.split("=")[1].encode()))) for one in text.split("/")]
    return der(0x30, *sets)


def certificate(given):
    algorithm = der(0x30, der(6, bytes.fromhex("2a864886f70d01010b")), der(5))
    names = der(0x30, *[der(0x82, one.encode()) for one in given.get("san", "www.example.com").split(",")])
    extension = der(0x30, der(6, bytes([0x55, 29, 17])), der(4, names))
    dates = given.get("valid", "240101,340101").split(",")
    validity = der(0x30, *[der(0x17, b"%s000000Z" % date.encode()) for date in dates])
    key = der(0x30, algorithm, der(3, b"\0" + bytes(16)))
    body = der(0x30, der(0xA0, der(2, b"\2")), der(2, bytes.fromhex(given.get("serial", "01a2ff"))), algorithm,
               distinguished_name(given.get("issuer", "C=JP/O=Issuer/CN=ca.example")), validity,
               distinguished_name(given.get("subject", "C=JP/O=Owner/CN=www.example.com")), key,
               der(0xA3, der(0x30, extension)))
    return der(0x30, body, algorithm, der(3, b"\0" + bytes(16)))


def tls_certificate(*words):
    """subject=C=…/O=…/CN=… issuer=… serial=HEX san=A,B valid=YYMMDD,YYMMDD"""
    return handshake(11, vector(3, vector(3, certificate(options(words)))))


def tls_server_keys():
    return handshake(12, bytes(40))


def tls_client_keys():
    return handshake(16, bytes(40))


# --- others

def dns_query(name, *words):
    """NAME [id=N] [flags=HEX] [type=N]"""
    given = options(words)
    labels = b"".join(vector(1, label.encode("latin-1")) for label in name.split(".")) + b"\0"
    return struct.pack("!HHHHHH", int(given.get("id", 7)), int(given.get("flags", "0100"), 16), 1, 0, 0, 0) + labels + \
        struct.pack("!HH", int(given.get("type", 1)), 1)


def dns_answer(name, *words):
    """NAME [id=N] [rcode=N] [type=N]: one question and one answer of the same name"""
    given = options(words)
    labels = b"".join(vector(1, label.encode("latin-1")) for label in name.split(".")) + b"\0"
    kind = int(given.get("type", 1))
    head = struct.pack("!HHHHHH", int(given.get("id", 7)), 0x8180 | int(given.get("rcode", 0)), 1, 1, 0, 0)
    return head + labels + struct.pack("!HH", kind, 1) + b"\xc0\x0c" + struct.pack("!HHI", kind, 1, 60) + \
        vector(2, bytes(16 if kind == 28 else 4))


def hexadecimal(*words):
    return bytes.fromhex("".join(words))


def repeat(count, text):
    return unescape(text) * int(count)


def gzipped(text):
    import gzip
    return gzip.compress(unescape(text), mtime=0)


def http_response(*words):
    """TYPE BODY…: an answer with that body."""
    body = unescape(" ".join(words[1:]))
    return b"HTTP/1.1 200 OK\r\nServer: sample\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s" % (
        words[0].encode(), len(body), body)


MAKERS = {
    "tls-client-hello": tls_client_hello, "tls-server-hello": tls_server_hello, "tls-certificate": tls_certificate,
    "tls-server-keys": tls_server_keys, "tls-client-keys": tls_client_keys, "dns-query": dns_query,
    "dns-answer": dns_answer, "hex": hexadecimal,
    "repeat": repeat, "gzip": gzipped, "http-response": http_response,
}


class Session:
    def __init__(self, path, dice=None):
        """dice: a random.Random that cuts what each turn of TCP says and each datagram, and orders and repeats the pieces."""
        self.dice = dice
        self.file = open(path, "wb")
        self.file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, LINKTYPE_ETHERNET))
        self.time_us = START_US
        self.fields = {"ttl": 64, "tos": 0, "id": 1, "frag": 0x4000, "window": 64240, "seq": 1, "ack": 0, "icmp_id": 9,
                       "icmp_seq": 1, "checksum_off": 0, "ip_checksum_off": 0}
        self.fragment_id = 100
        self.options = b""
        self.tcp_options = b""  # of segments outside of any order
        self.vlans = []
        self.addresses = {">": ipaddress.ip_address("10.0.0.1"), "<": ipaddress.ip_address("10.0.0.2")}
        self.ports = {">": 40000, "<": 80}
        self.transport = None
        self.sequence = {}

    def close(self):
        self.file.close()

    def fragments(self, side, segment):
        """A datagram in pieces of any size and order, some of them twice."""
        self.fragment_id += 1
        pieces, at = [], 0
        while at < len(segment):
            size = 8 * self.dice.randint(1, 1 + len(segment) // 16)
            more = at + size < len(segment)
            if self.addresses[side].version == 6:
                head = struct.pack("!BBHI", 17, 0, at | more, self.fragment_id)
                pieces.append((44, 0, head + segment[at:at + size]))
            else:
                pieces.append((17, at // 8 | (0x2000 if more else 0), segment[at:at + size]))
            at += size
        self.dice.shuffle(pieces)
        # Not behind the piece that completes it: another datagram would begin there.
        pieces[:0] = self.dice.choices(pieces[:-1], k=len(pieces) // 4) if len(pieces) > 1 else []
        for protocol, field, piece in pieces:
            self.frame(side, protocol, piece, field, self.fragment_id)

    def packet(self, side, protocol, segment):
        if self.dice and protocol == 17 and len(segment) > 8:
            self.fragments(side, segment)
        else:
            self.frame(side, protocol, segment, self.fields["frag"], self.fields["id"])

    def frame(self, side, protocol, segment, fragment, number):
        source, dest = self.addresses[side], self.addresses["<" if side == ">" else ">"]
        if source.version == 6:
            head = struct.pack("!IHBB", 6 << 28 | self.fields["tos"] << 20, len(segment), protocol, self.fields["ttl"])
            kind, head = 0x86DD, head + source.packed + dest.packed
        else:
            size = 20 + len(self.options)
            head = struct.pack("!BBHHHBBH", 0x40 | size // 4, self.fields["tos"], size + len(segment), number,
                               fragment, self.fields["ttl"], protocol, 0)
            head += source.packed + dest.packed + self.options
            kind, head = 0x0800, head[:10] + struct.pack("!H", checksum(head) ^ self.fields["ip_checksum_off"]) + head[12:]
        tags = b"".join(struct.pack("!HH", 0x8100, vlan) for vlan in self.vlans)
        frame = b"\x02\0\0\0\0\x02\x02\0\0\0\0\x01" + tags + struct.pack("!H", kind) + head + segment
        self.time_us += 1000
        self.file.write(struct.pack("<IIII", self.time_us // 1000000, self.time_us % 1000000, len(frame), len(frame)))
        self.file.write(frame)

    def checked(self, side, protocol, segment, at):
        source, dest = self.addresses[side].packed, self.addresses["<" if side == ">" else ">"].packed
        if len(source) == 16:
            pseudo = source + dest + struct.pack("!II", len(segment), protocol)
        else:
            pseudo = source + dest + struct.pack("!BBH", 0, protocol, len(segment))
        if protocol == 1:
            pseudo = b""
        value = (checksum(pseudo + segment) or 0xFFFF) ^ self.fields["checksum_off"]
        self.packet(side, protocol, segment[:at] + struct.pack("!H", value) + segment[at + 2:])

    def segment(self, side, flags, data=b"", fixed=False):
        other = "<" if side == ">" else ">"
        seq = self.fields["seq"] if fixed else self.sequence[side]
        ack = self.fields["ack"] if fixed else self.sequence[other] if flags & ACK else 0
        extra = self.tcp_options if fixed else b""
        head = struct.pack("!HHIIBBHHH", self.ports[side], self.ports[other], seq, ack, (20 + len(extra)) // 4 << 4, flags,
                           self.fields["window"], 0, 0) + extra
        self.checked(side, 6, head + data, 16)
        if not fixed:
            self.sequence[side] = (seq + len(data) + (1 if flags & (SYN | FIN) else 0)) & 0xFFFFFFFF

    def send(self, side, data):
        if self.transport == "tcp" and self.dice:
            self.scatter(side, data)
        elif self.transport == "tcp":
            for at in range(0, len(data), 1400):
                self.segment(side, ACK | PSH, data[at:at + 1400])
            self.segment("<" if side == ">" else ">", ACK)
        else:
            ports = struct.pack("!HH", self.ports[side], self.ports["<" if side == ">" else ">"])
            self.checked(side, 17, ports + struct.pack("!HH", 8 + len(data), 0) + data, 6)

    def scatter(self, side, data):
        """The same bytes as any network may deliver them."""
        begin, pieces, longest = self.sequence[side], [], self.dice.choice((1, 8, 200, 1400))
        while data:
            size = self.dice.randint(1, longest)
            pieces.append((self.sequence[side], data[:size]))
            self.sequence[side] = (self.sequence[side] + len(data[:size])) & 0xFFFFFFFF
            data = data[size:]
        end = self.sequence[side]
        pieces += self.dice.choices(pieces, k=len(pieces) // 4) if begin != end else []
        if self.dice.random() < 0.8:
            self.dice.shuffle(pieces)
        for sequence, piece in pieces:
            self.sequence[side] = sequence
            self.segment(side, ACK | PSH, piece)
        self.sequence[side] = end
        self.segment("<" if side == ">" else ">", ACK)

    def icmp(self, side, kind, code, data):
        body = struct.pack("!BBHHH", kind, code, 0, self.fields["icmp_id"], self.fields["icmp_seq"]) + data
        self.checked(side, 58 if self.addresses[side].version == 6 else 1, body, 2)

    def set(self, words):
        for name, value in options(words).items():
            if name in NUMBERS:
                self.fields[name] = int(value, 0)
            elif name == "options":
                self.options = bytes.fromhex(value)
            elif name == "tcp_options":
                self.tcp_options = bytes.fromhex(value)
            elif name == "vlan":
                self.vlans = [int(one) for one in value.split(",")]
            elif name in ("client", "server"):
                self.addresses[">" if name == "client" else "<"] = ipaddress.ip_address(value)
            else:
                raise ValueError("set %s" % name)

    def begin(self, transport, port):
        self.transport = transport
        self.ports = {">": self.ports[">"] + 1, "<": port}
        if transport == "tcp":
            self.sequence = {">": 1000, "<": 5000}
            self.segment(">", SYN)
            self.segment("<", SYN | ACK)
            self.segment(">", ACK)

    def step(self, line):
        word, _, rest = line.partition(" ")
        words = rest.split()
        if word in (">", "<"):
            data = MAKERS[words[0][1:]](*words[1:]) if rest.startswith("@") else unescape(rest)
            if self.transport == "tcp" and words and words[0].startswith("@dns-"):
                data = vector(2, data)  # RFC 1035 section 4.2.2
            self.send(word, data)
        elif word in ("tcp", "udp"):
            self.begin(word, int(words[0]) if words else 80 if word == "tcp" else 53)
        elif word == "end":
            for side, flags in ((">", FIN | ACK), ("<", FIN | ACK), (">", ACK)):
                self.segment(side, flags)
        elif word in ("icmp", "-icmp"):
            self.icmp("<" if word[0] == "-" else ">", int(words[0]), int(words[1]), unescape(" ".join(words[2:])))
        elif word == "ip":
            self.packet(">", int(words[0]), unescape(" ".join(words[1:])))
        elif word == "segment":
            flags = sum(1 << FLAG_LETTERS.index(letter) for letter in words[0]) if words[0] != "0" else 0
            self.segment(">", flags, unescape(" ".join(words[1:])), fixed=True)
        elif word == "set":
            self.set(words)
        elif word == "wait":
            self.time_us += int(float(rest) * 1000000)
        else:
            raise ValueError("unknown step %r" % line)

    def play(self, path):
        with open(path, encoding="latin-1") as lines:
            for line in lines:
                line = line.rstrip("\n").lstrip()
                if not line or line.startswith("#"):
                    continue
                if line.startswith("include "):
                    self.play(os.path.join(os.path.dirname(path), line[len("include "):]))
                else:
                    self.step(line)


def write(text_path, pcap_path, dice=None):
    session = Session(pcap_path, dice)
    try:
        session.play(text_path)
    finally:
        session.close()
