#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""With the kernel module's prefilter no alert is lost, and none that one packet proves is for something else.

`sekimori inspect` runs over every capture that is there, as it is and with `--set prefilter=yes`, which leaves out what the
module would not hand over: the folders of suricata-verify under their own rules, the public captures under ET Open, a
generated mix and the captures of the shipped rules' attacks under the shipped rules. The alerts must be the same, by
capture, signature and number, and whatever packet the module would drop must have raised the rule it was dropped for.
What share of the payload reaches an engine is told for each.
"""
import glob
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib"))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "tools"))
import agreement  # noqa: E402
from attack import write_pcap  # noqa: E402
from attack_cases import CASES, CLIENT, SERVER, Case  # noqa: E402

COLLECTIONS = os.path.join(agreement.SHARED, "pcap-tests")
ET_OPEN = os.path.join(agreement.SHARED, "rulesets", "et-open-2024-04-21", "*.rules")
SHIPPED = os.path.join(agreement.TOP, "rules", "*.rules")
GENMIX = os.path.join(agreement.SHARED, "tools", "genmix.py")
MEBIBYTES = os.environ.get("MEBIBYTES", "16")
WIDE = ["-k", "none", "--set", "HOME_NET=any", "--set", "EXTERNAL_NET=any"]


class Share:
    """What reaches an engine, summed over runs."""

    def __init__(self):
        self.figures = dict.fromkeys(("packets", "bytes", "ring_bytes", "narrow_bytes", "dropped", "unconfirmed"), 0)

    def add(self, figures):
        for name in self.figures:
            self.figures[name] += figures[name]

    def line(self):
        whole = max(self.figures["bytes"], 1)
        return (f"{self.figures['bytes']} bytes of payload in {self.figures['packets']} packets: to the ring "
                f"{self.figures['ring_bytes'] / whole:.1%} without the module, {self.figures['narrow_bytes'] / whole:.1%} with it; "
                f"{self.figures['dropped']} dropped by one packet's proof, {self.figures['unconfirmed']} of them unconfirmed")


def alerts(rules, captures, options, log):
    """Alerts by capture and sid, and the prefilter's figures when it was asked for."""
    run = agreement.inspect(rules, captures, options, log)[0]
    return {capture: counts for capture, counts in run.items() if counts}


def figures(rules, captures, options):
    command = [agreement.PROGRAM, "inspect", "--json"] + options
    for pattern in rules:
        command += ["-S", pattern]
    done = subprocess.run(command + captures, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=agreement.TIMEOUT)
    return json.loads(done.stdout)["prefilter"]


def compare(share, rules, captures, options):
    """The complaints."""
    with tempfile.TemporaryDirectory() as log:
        plain = alerts(rules, captures, options, log)
        sieved = alerts(rules, captures, options + ["--set", "prefilter=yes"], log)
    seen = figures(rules, captures, options + ["--set", "prefilter=yes"])
    share.add(seen)
    complaints = [f"{os.path.relpath(capture, agreement.TOP)}: {dict(plain.get(capture, {}))} without, {dict(sieved.get(capture, {}))} with"
                  for capture in sorted(set(plain) | set(sieved)) if plain.get(capture) != sieved.get(capture)]
    if seen["unconfirmed"]:
        complaints.append(f"{captures[0]}…: {seen['unconfirmed']} packets would be dropped for a rule that does not match them")
    return complaints


def suricata_verify(share, _work):
    complaints = []
    for folder in sorted(glob.glob(os.path.join(COLLECTIONS, "suricata-verify", "*", ""))):
        with open(os.path.join(folder, "expected-alerts.json"), encoding="utf-8") as text:
            options = agreement.settings_of(folder, json.load(text).get("args", []))
        complaints += compare(share, [os.path.join(folder, "test.rules")], [os.path.join(folder, "input.pcap")], options)
    return complaints


def public_captures(share, _work):
    captures = sorted(glob.glob(os.path.join(COLLECTIONS, "public-pcaps", "*.pcap*")))
    return compare(share, [ET_OPEN], captures, WIDE)


def public_captures_shipped(share, _work):
    captures = sorted(glob.glob(os.path.join(COLLECTIONS, "public-pcaps", "*.pcap*")))
    return compare(share, [SHIPPED], captures, WIDE)


def generated_mix(share, work):
    mix = os.path.join(work, "mix.pcap")
    subprocess.run([sys.executable, GENMIX, mix, MEBIBYTES, "5"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return compare(share, [SHIPPED], [mix], WIDE)


def shipped_attacks(share, work):
    captures = []
    for case in CASES.values():
        for variant in range(len(case.variants)):
            captures.append(os.path.join(work, f"{case.name}.{variant}.pcap"))
            write_pcap(case, variant, captures[-1])
    complaints = compare(share, [SHIPPED], captures, WIDE)
    if share.figures["dropped"] < 50:
        complaints.append(f"only {share.figures['dropped']} packets of the shipped attacks would be dropped")
    return complaints


ATTACK = b"GET /../../../../etc/passwd HTTP/1.1\r\nHost: a\r\n\r\n"
UPLOAD = b"POST /f HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n%s\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
GO_ON = b"HTTP/1.1 100 Continue\r\n\r\n"
# name, steps, packets that hold a request with an attack
BODIES = [
    ("a body after 100 Continue", [(CLIENT, UPLOAD % (len(ATTACK), b"Expect: 100-continue\r\n")), (SERVER, GO_ON), (CLIENT, ATTACK), (SERVER, ANSWER)], 0),
    ("a body that the server answers early", [(CLIENT, UPLOAD % (9 + len(ATTACK), b"") + b"beginning"), (SERVER, ANSWER), (CLIENT, ATTACK)], 0),
    ("chunks after an early answer", [(CLIENT, UPLOAD.replace(b"Content-Length: %d", b"Transfer-Encoding: chunked") % b"" + b"5\r\nbegin\r\n"),
                                      (SERVER, ANSWER), (CLIENT, ATTACK)], 0),
    ("another protocol after an upgrade", [(CLIENT, b"GET /chat HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: own\r\n\r\n"),
                                           (SERVER, b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: own\r\n\r\n"), (CLIENT, ATTACK)], 0),
    ("a request behind such a body", [(CLIENT, UPLOAD % (9, b"Expect: 100-continue\r\n")), (SERVER, GO_ON), (CLIENT, b"some data"),
                                      (SERVER, ANSWER), (CLIENT, ATTACK), (SERVER, ANSWER)], 1),
    ("a request in the packet that ends a body", [(CLIENT, UPLOAD % (9, b"") + b"some"), (CLIENT, b" data" + ATTACK), (SERVER, ANSWER)], 1),
    ("the third request", [(CLIENT, ATTACK.replace(b"/../../../../etc/passwd", b"/a"))] * 2 + [(CLIENT, ATTACK)], 1),
]


def bodies_like_requests(_share, work):
    """A packet is dropped for a request only where the connection's bytes say that one begins."""
    complaints = []
    for name, steps, wanted in BODIES:
        capture = os.path.join(work, "body.pcap")
        write_pcap(Case(name, "", "", CLIENT, "tcp", 80, False, [steps]), 0, capture)
        seen = figures([SHIPPED], [capture], WIDE + ["--set", "prefilter=yes"])
        if seen["dropped"] != wanted or seen["unconfirmed"]:
            complaints.append(f"{name}: {seen['dropped']} packets dropped, {wanted} wanted; {seen['unconfirmed']} unconfirmed")
    return complaints


TESTS = [
    (bodies_like_requests, agreement.TOP),
    (suricata_verify, os.path.join(COLLECTIONS, "suricata-verify")),
    (public_captures, os.path.join(COLLECTIONS, "public-pcaps")),
    (public_captures_shipped, os.path.join(COLLECTIONS, "public-pcaps")),
    (generated_mix, GENMIX),
    (shipped_attacks, agreement.TOP),
]


def main():
    print(f"KTAP version 1\n1..{len(TESTS)}", flush=True)
    failed = False
    for number, (test, needs) in enumerate(TESTS, 1):
        if not os.path.exists(needs):
            print(f"ok {number} {test.__name__} # SKIP {needs} is absent (SHARED names its place)")
            continue
        share = Share()
        with tempfile.TemporaryDirectory() as work:
            complaints = test(share, work)
        for complaint in complaints[:20]:
            print("#", complaint)
        print("#", share.line())
        print(f"{'not ok' if complaints else 'ok'} {number} {test.__name__}", flush=True)
        failed |= bool(complaints)
    return failed


if __name__ == "__main__":
    sys.exit(main())
