#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The matcher beside Suricata: processor seconds for a generated mix without loading, loading, memory, workers, rule counts.

inspect.py MIX RULES [SURICATA...]    MIX a capture, RULES a folder with *.rules, SURICATA the command that runs the peer

Both run in the same rounds, first one then the other; read the ratios, other work on the machine moves both. Processing is the
processor time (user and system) of a run over the capture minus that of a run over its first packet. Rows go to $BENCH_TSV.
"""
import glob
import json
import os
import statistics
import struct
import sys
import tempfile
import time

ROUNDS = int(os.environ.get("ROUNDS", 5))
OURS = "build/sekimori"


def row(metric, ours, peer=None, name="", better="more"):
    """Ratio above 1 always says that ours is better."""
    ratio = None if peer is None else ours / peer if better == "more" else peer / ours
    print(f"{metric:44} {ours:10.3f}" + (f"   {name:24} {peer:10.3f}   ratio {ratio:.2f}" if ratio else ""), flush=True)
    if os.environ.get("BENCH_TSV"):
        with open(os.environ["BENCH_TSV"], "a", encoding="utf-8") as out:
            out.write(f"{metric}\t{ours:.4f}\t" + (f"{peer:.4f}\t{name}\t{ratio:.3f}\n" if ratio else "\t\t\n"))


def run(command):
    """(processor seconds, wall seconds, peak KiB, standard output) of a command that may end with 0 or 1."""
    read, write = os.pipe()
    began = time.monotonic()
    pid = os.fork()
    if pid == 0:
        os.dup2(write, 1)
        os.dup2(os.open("/dev/null", os.O_WRONLY), 2)
        os.execvp(command[0], command)
    os.close(write)
    with os.fdopen(read, "rb") as out:
        text = out.read()
    _, status, used = os.wait4(pid, 0)
    if os.waitstatus_to_exitcode(status) not in (0, 1):
        raise SystemExit(f"inspect: {' '.join(command[:2])} … ended with {os.waitstatus_to_exitcode(status)}")
    return used.ru_utime + used.ru_stime, time.monotonic() - began, used.ru_maxrss, text


class Ours:
    name = "ours"

    def __init__(self, folder):
        self.folder = folder

    def inspect(self, rules, capture, *options):
        return run([OURS, "inspect", "--json", "-k", "none", "--cache", os.path.join(self.folder, "cache"), "-S", rules,
                    "-l", os.path.join(self.folder, "ours"), *options, capture])


class Suricata:
    name = "suricata"

    def __init__(self, folder, command):
        self.folder, self.command = folder, command
        self.root = os.path.join(command[-1].split("/root/")[0], "root") if "/root/" in command[-1] else ""
        os.makedirs(os.path.join(folder, "theirs"), exist_ok=True)

    def inspect(self, rules, capture, *options):
        etc = self.root + "/etc/suricata/"
        return run([*self.command, "-c", etc + "suricata.yaml", "-S", rules, "-k", "none", "-r", capture, "--runmode", "single",
                    "-l", os.path.join(self.folder, "theirs"), *options,
                    "--set", "classification-file=" + etc + "classification.config",
                    "--set", "reference-config-file=" + etc + "reference.config",
                    "--set", "threshold-file=" + etc + "threshold.config",
                    "--set", "detect.sgh-mpm-caching-path=" + os.path.join(self.folder, "sgh"),
                    "--set", "outputs.1.eve-log.enabled=no", "--set", "unix-command.enabled=no"])

    def alerts(self):
        with open(os.path.join(self.folder, "theirs", "fast.log"), encoding="utf-8", errors="replace") as log:
            return sum(1 for _ in log)


def first_packet(capture, out):
    with open(capture, "rb") as mix, open(out, "wb") as one:
        head = mix.read(40)
        one.write(head + mix.read(struct.unpack("<I", head[32:36])[0]))


def processing(engines, rules, mix, one):
    """Median processor seconds per engine, loading taken off round by round."""
    spent = {engine.name: [] for engine in engines}
    for _ in range(ROUNDS):
        for engine in engines:
            spent[engine.name].append(engine.inspect(rules, mix)[0] - engine.inspect(rules, one)[0])
    return {name: statistics.median(values) for name, values in spent.items()}


def choose(lines, count, out):
    """count of the rules, evenly over the whole set."""
    with open(out, "w", encoding="utf-8") as file:
        file.writelines(lines[int(i * len(lines) / count)] for i in range(count))
    return out


def loading(ours, peer, rules, one):
    cold = statistics.median(ours.inspect(rules, one, "--cache", "none")[0] for _ in range(ROUNDS))
    ours.inspect(rules, one)
    warm = [ours.inspect(rules, one) for _ in range(ROUNDS)]
    seconds = statistics.median(w[0] for w in warm)
    memory = statistics.median(w[2] for w in warm) / 1024
    if peer:
        first = peer.inspect(rules, one)[0]
        theirs = peer.inspect(rules, one)
        row("inspect.load_cold_seconds", cold, first, "suricata", "less")
        row("inspect.load_cached_seconds", seconds, theirs[0], "suricata", "less")
        row("inspect.load_rss_mib", memory, theirs[2] / 1024, "suricata", "less")
    else:
        row("inspect.load_cold_seconds", cold)
        row("inspect.load_cached_seconds", seconds)
        row("inspect.load_rss_mib", memory)


def workers(ours, rules, mix, load):
    """Wall time of inspection alone, best of the rounds: on a shared machine the others only add to it."""
    best = {}
    for _ in range(ROUNDS):
        for count in (1, 2):
            figures = json.loads(ours.inspect(rules, mix, "--workers", str(count))[3])
            best[count] = min(best.get(count, 1e9), figures["seconds"])
    print(f"# load average {load}, {os.cpu_count()} processors")
    row("inspect.two_workers_speedup", best[1] / best[2])


def main():
    mix, folder, command = sys.argv[1], sys.argv[2], sys.argv[3:]
    with tempfile.TemporaryDirectory() as work:
        lines = []
        for path in sorted(glob.glob(os.path.join(folder, "*.rules"))):
            with open(path, encoding="utf-8", errors="surrogateescape") as file:
                lines += [line for line in file if line.strip() and not line.startswith("#")]
        rules, one = os.path.join(work, "all.rules"), os.path.join(work, "one.pcap")
        with open(rules, "w", encoding="utf-8", errors="surrogateescape") as file:
            file.writelines(lines)
        first_packet(mix, one)
        ours, peer = Ours(work), Suricata(work, command) if command else None
        engines = [ours] + ([peer] if peer else [])
        figures = json.loads(ours.inspect(rules, mix)[3])
        looked = figures["inspection"]["inspected_bytes"] + figures["inspection"]["ciphertext_bytes"]
        given_up = figures["inspection"]["flows_given_up"]
        if figures["packets"] < 1000 or looked < figures["bytes"] * 0.8 or given_up > figures["flows"] / 20:
            raise SystemExit(f"inspect: only {looked} of {figures['bytes']} bytes were looked into")
        print(f"# {figures['rules']['loaded']} rules, {figures['packets']} packets, {figures['bytes']} bytes,"
              f" {figures['inspection']['alerts']} alerts, {looked / figures['bytes']:.1%} of the bytes looked into, {given_up} of"
              f" {figures['flows']} flows given up")
        gigabits = figures["bytes"] * 8 / 1e9
        loading(ours, peer, rules, one)
        spent = processing(engines, rules, mix, one)
        row("inspect.gbit_per_cpu_second", gigabits / spent["ours"], peer and gigabits / spent["suricata"], "suricata")
        row("inspect.ns_per_packet", spent["ours"] / figures["packets"] * 1e9,
            peer and spent["suricata"] / figures["packets"] * 1e9, "suricata", "less")
        workers(ours, rules, mix, os.getloadavg()[0])
        for count in (1000, 5000, len(lines)):
            few = choose(lines, count, os.path.join(work, f"{count}.rules"))
            if peer:
                peer.inspect(few, one)
            spent = processing(engines, few, mix, one)
            row(f"inspect.rules_{count}.ns_per_packet", spent["ours"] / figures["packets"] * 1e9,
                peer and spent["suricata"] / figures["packets"] * 1e9, "suricata", "less")


if __name__ == "__main__":
    main()
