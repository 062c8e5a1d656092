#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""However the bytes of a connection are cut, ordered and repeated, the rules of every keyword's test fire as they did.

The sessions of rules/tests/keyword_* are played once as they stand and then ROUNDS times (environment, 2) with what each
turn of TCP says, and each datagram, in pieces of any size and order, some of them twice. A rule must fire or not as before; one whose contents
lie in a decoder's buffers, as often as before. Rules about packets, which this changes, are left out.
"""
import collections
import json
import os
import random
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.environ.get("BIN", os.path.join(ROOT, "build"))
PROGRAM = os.path.join(BIN, "sekimori")
TESTS = os.path.join(ROOT, "rules", "tests")
ROUNDS = int(os.environ.get("ROUNDS", "2"))
sys.path.insert(0, os.path.join(ROOT, "selftests", "lib"))
import conversation  # noqa: E402

APPS = ("http", "tls", "dns", "smtp", "ftp", "ftp-data", "ssh", "smb", "dcerpc", "dtls")
# Words about single packets, or about how many there were.
ABOUT_PACKETS = re.compile(r"""(?x)[(;]\s*(dsize|flags|tcp\.\w+|seq|ack|window|ttl|tos|id|ipv[46]\.hdr|ipopts|sameip|stream_size
    |flow\.\w+|flow:[^;]*(no_stream|only_stream|not_established)|stream-event|decode-event|tcpv[46]-csum|threshold
    |detection_filter|rawbytes|noalert|tag|fragbits|fragoffset|ip_proto|geoip|urg|frames?)\s*[:;]""")


def protocol_of(rule):
    return rule.split()[1].lower()


def comparable(rule):
    return protocol_of(rule) in APPS + ("tcp", "tcp-stream", "udp", "ip") and not ABOUT_PACKETS.search(rule)


def counts_hold(rule):
    """Are all contents in a decoder's buffer, so that the rule speaks once for each transaction?"""
    return protocol_of(rule) in APPS and re.match(r"[^(]*\(([^;]*msg:[^;]*;)?\s*(\w+:[^;]*;\s*)*?\w+\.\w+;", rule) is not None


def read_rules(path):
    with open(path, encoding="utf-8") as lines:
        return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def alerts(folder, dice, work):
    """Alerts by sid of one playing."""
    pcap = os.path.join(work, "session.pcap")
    conversation.write(os.path.join(folder, "session.txt"), pcap, dice)
    command = [PROGRAM, "inspect", "-S", os.path.join(folder, "test.rules"), "-l", work]
    if os.path.exists(os.path.join(folder, "options")):
        with open(os.path.join(folder, "options"), encoding="utf-8") as text:
            command += text.read().replace("@FOLDER@", folder).split()
    done = subprocess.run(command + [pcap], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
    if done.returncode not in (0, 1):
        raise RuntimeError("exit %d: %s" % (done.returncode, done.stderr.decode(errors="replace").strip()[-300:]))
    found = collections.Counter()
    with open(os.path.join(work, "eve.json"), encoding="utf-8") as lines:
        for line in lines:
            event = json.loads(line)
            if event["event_type"] == "alert":
                found[event["alert"]["signature_id"]] += 1
    return found


def speaks(path):
    with open(path, encoding="latin-1") as lines:
        for line in lines:
            word, _, rest = line.strip().partition(" ")
            if word in ("tcp", "udp") or word == "include" and speaks(os.path.join(os.path.dirname(path), rest)):
                return True
    return False


def check(folder, rules, work):
    whole = alerts(folder, None, work)
    for number in range(ROUNDS):
        found = alerts(folder, random.Random("%s %d" % (os.path.basename(folder), number)), work)
        for sid, rule in rules.items():
            if bool(found[sid]) != bool(whole[sid]) or (counts_hold(rule) and found[sid] != whole[sid]):
                yield "round %d: %d alerts, not %d: %s" % (number, found[sid], whole[sid], rule)


def main():
    if not os.access(PROGRAM, os.X_OK):
        print("KTAP version 1\n1..0 # SKIP %s is not built" % PROGRAM)
        return 0
    chosen, apps = [], set()
    for name in sorted(os.listdir(TESTS)):
        folder = os.path.join(TESTS, name)
        if not name.startswith("keyword_") or os.environ.get("KEYWORDS", "") not in name or not speaks(
                os.path.join(folder, "session.txt")):
            continue
        rules = {int(re.search(r"sid: *(\d+)", rule).group(1)): rule
                 for rule in read_rules(os.path.join(folder, "test.rules")) if comparable(rule)}
        if rules:
            chosen.append((folder, rules))
            apps |= {protocol_of(rule) for rule in rules.values()}
    print("KTAP version 1\n1..%d" % (1 + len(chosen)))
    missing = set(APPS) - apps if "KEYWORDS" not in os.environ else set()
    if missing:
        print("# no rule is of " + ", ".join(sorted(missing)))
    print("%s 1 every protocol is there" % ("not ok" if missing else "ok"))
    failed = bool(missing)
    with tempfile.TemporaryDirectory(prefix="segments-") as work:
        for number, (folder, rules) in enumerate(chosen, 2):
            complaints = list(check(folder, rules, work))
            for complaint in complaints:
                print("# " + complaint)
            name = os.path.basename(folder)[len("keyword_"):]
            print("%s %d %s" % ("not ok" if complaints else "ok", number, name), flush=True)
            failed |= bool(complaints)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
