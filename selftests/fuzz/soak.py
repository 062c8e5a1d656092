#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Mutates captures and lets `sekimori inspect` read them: soak.py SECONDS [SEED].

Each round takes a few captures, multiplies them to many flows by changing addresses, then flips, cuts, repeats, drops and
swaps frames. The program must end well, and its peak memory must stay under what it needs without traffic plus the caps
that it was given. A round that fails is kept as a capture, and the command that repeats it is printed. Captures are those
of $SHARED/pcap-tests (../shared beside the repository by default).
"""
import glob
import os
import random
import struct
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SHARED = os.environ.get("SHARED", os.path.join(os.path.dirname(TOP), "shared"))
PROGRAM = os.environ.get("SEKIMORI", os.path.join(TOP, "build", "sekimori"))
KEPT = os.path.join(TOP, "build", "fuzz", "soak")
FLOW_MEMORY = 8 << 20
# What has its own cap in the engine: unfinished datagrams, announced connections; and the allocator's rounding.
OTHER = (16 << 20) + (1 << 20)
SLACK = (FLOW_MEMORY + OTHER) // 4
FRAMES_MAX = 20000
RULES = b"""
alert http any any -> any any (msg:"a"; http.uri; content:"/"; nocase; sid:1;)
alert http any any -> any any (msg:"b"; http.response_body; content:"never in any body"; sid:2;)
alert tcp any any -> any any (msg:"c"; content:"no such content"; sid:3;)
alert ip any any -> any any (msg:"d"; file.data; content:"MZ"; startswith; sid:4;)
alert tls any any -> any any (msg:"e"; tls.sni; content:"a"; sid:5;)
alert dns any any -> any any (msg:"f"; dns.query; content:"a"; sid:6;)
alert smtp any any -> any any (msg:"g"; smtp.command_line; pcre:"/x{3}/"; sid:7;)
"""


def read_capture(path):
    """Link type and frames of a classic pcap file; other formats give none."""
    with open(path, "rb") as source:
        data = source.read(4 << 20)
    order = {b"\xd4\xc3\xb2\xa1": "<", b"\x4d\x3c\xb2\xa1": "<", b"\xa1\xb2\xc3\xd4": ">", b"\xa1\xb2\x3c\x4d": ">"}.get(data[:4])
    if not order or len(data) < 24:
        return None, []
    link, at, frames = struct.unpack(order + "I", data[20:24])[0], 24, []
    while at + 16 <= len(data) and len(frames) < FRAMES_MAX:
        seconds, fraction, kept, _ = struct.unpack(order + "IIII", data[at:at + 16])
        frames.append((seconds * 1000000 + fraction % 1000000, data[at + 16:at + 16 + kept]))
        at += 16 + kept
    return link, frames


def readdress(frame, link, salt):
    """The same packet between other hosts, so that it is another flow."""
    frame, at = bytearray(frame), 14 if link == 1 else 0
    if at == 14 and frame[12:14] == b"\x81\x00":
        at = 18
    if len(frame) >= at + 20 and frame[at] >> 4 == 4:
        for place in (at + 12, at + 16):
            frame[place + 1] ^= salt & 255
            frame[place + 2] ^= salt >> 8 & 255
    elif len(frame) >= at + 40 and frame[at] >> 4 == 6:
        for place in (at + 8, at + 24):
            frame[place + 4] ^= salt & 255
            frame[place + 5] ^= salt >> 8 & 255
    return bytes(frame)


def mutate(frames, rng):
    """Frames as a hostile or broken network delivers them."""
    out, rate = [], rng.choice((0.0, 0.02, 0.1, 0.3))
    for when, frame in frames:
        if rng.random() >= rate:
            out.append((when, frame))
            continue
        kind, body = rng.randrange(6), bytearray(frame)
        if kind == 0:
            continue
        if kind == 1 and body:
            for _ in range(rng.randrange(1, 8)):
                body[rng.randrange(len(body))] = rng.randrange(256)
        elif kind == 2:
            body = body[:rng.randrange(len(body) + 1)]
        elif kind == 3:
            out.append((when, bytes(body)))
        elif kind == 4 and out:
            out[-1], body = (out[-1][0], bytes(body)), bytearray(out[-1][1])
        elif body:
            at = rng.randrange(len(body))
            body[at:at + 4] = rng.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff", b"\r\n\r\n"))
        out.append((when, bytes(body)))
    return out


def compose(pool, rng):
    """One capture of many flows."""
    link, chosen = rng.choice(sorted(pool)), []
    for frames in rng.choices(pool[link], k=rng.randrange(1, 5)):
        copies = max(1, min(400, FRAMES_MAX // 4 // max(1, len(frames))))
        for copy in range(copies):
            chosen += [(when, readdress(frame, link, copy)) for when, frame in frames]
    if rng.random() < 0.5:  # all flows at once
        chosen.sort(key=lambda item: item[0])
    return link, mutate(chosen[:FRAMES_MAX], rng)


def write_capture(path, link, frames):
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, link))
        for when, frame in frames:
            out.write(struct.pack("<IIII", when // 1000000 & 0xffffffff, when % 1000000, len(frame), len(frame)) + frame)


class Runner:
    """Starts the program from a process that stays small: the kernel counts what a process was before exec as its peak."""

    def __init__(self):
        ask, self.ask = os.pipe()
        self.answer, answer = os.pipe()
        if not os.fork():
            os.close(self.ask)
            self.serve(os.fdopen(ask), answer)
            os._exit(0)
        os.close(ask)
        os.close(answer)
        self.answer = os.fdopen(self.answer)

    @staticmethod
    def serve(ask, answer):
        for line in ask:
            child = os.fork()
            if not child:
                null = os.open(os.devnull, os.O_WRONLY)
                os.dup2(null, 1)
                os.dup2(null, 2)
                os.execv(PROGRAM, line.rstrip("\n").split("\t"))
            _, status, used = os.wait4(child, 0)
            os.write(answer, f"{os.waitstatus_to_exitcode(status)} {used.ru_maxrss * 1024}\n".encode())

    def inspect(self, rules, capture, log):
        """Exit status, peak resident bytes, and the command."""
        command = [PROGRAM, "inspect", "-S", rules, "-k", "none", "--set", f"flow.memory={FLOW_MEMORY}", "-l", log, capture]
        os.write(self.ask, ("\t".join(command) + "\n").encode())
        status, peak = self.answer.readline().split()
        return int(status), int(peak), " ".join(command)


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 20
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    if not os.access(PROGRAM, os.X_OK):
        print(f"soak: skipped, {PROGRAM} is not built")
        return 0
    runner, pool = Runner(), {}
    for path in sorted(glob.glob(os.path.join(SHARED, "pcap-tests", "**", "*.pcap"), recursive=True)):
        link, frames = read_capture(path)
        if frames and link in (1, 12, 101):
            pool.setdefault(link, []).append(frames)
    if not pool:
        print(f"soak: skipped, no captures under {SHARED}")
        return 0
    os.makedirs(KEPT, exist_ok=True)
    rng, rounds, worst, until = random.Random(seed), 0, 0, time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as folder:
        rules, capture = os.path.join(folder, "soak.rules"), os.path.join(folder, "soak.pcap")
        with open(rules, "wb") as out:
            out.write(RULES)
        write_capture(capture, 1, [])
        _, idle, _ = runner.inspect(rules, capture, folder)
        while time.monotonic() < until:
            link, frames = compose(pool, rng)
            write_capture(capture, link, frames)
            status, peak, command = runner.inspect(rules, capture, folder)
            rounds += 1
            worst = max(worst, peak - idle)
            if status in (0, 1) and peak - idle <= FLOW_MEMORY + OTHER + SLACK:
                continue
            kept = os.path.join(KEPT, f"seed{seed}-round{rounds}.pcap")
            os.replace(capture, kept)
            print(f"soak: exit {status}, {peak - idle >> 20} MiB above idle; repeat it: {command.replace(capture, kept)}")
            return 1
    print(f"soak: {rounds} rounds, at most {worst / (1 << 20):.1f} MiB above idle, "
          f"allowed {FLOW_MEMORY + OTHER + SLACK >> 20} MiB, nothing found")
    return 0


if __name__ == "__main__":
    sys.exit(main())
