#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Plays the attacks of a month: the TOP 10 of September 2014 with the printed counts, Shellshock from the 29th, harmless traffic.

  newsletter.py plan [--scale N]                               what would be played, one line per threat
  newsletter.py inside  --start US --rate N [--scale N]        in the protected machine: its servers, and its clients of bad servers
  newsletter.py outside --start US --rate N [--scale N]        in the internet: the attackers, and the bad servers

Both sides compute the same schedule. Attack number I comes from (or is served at) the I-th address of 198.18.0.0/15, so that either end
of a connection knows which dialogue it is. The time of day runs from 1 September 2014 (Japan) on, RATE times as fast as the clock,
from the moment START of CLOCK_MONOTONIC in microseconds on: the same as SEKIMORI_LAB_CLOCK of the daemon.
"""
import argparse
import asyncio
import ipaddress
import os
import random
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from attack_cases import CASES, CLIENT, SERVER  # noqa: E402

BASE = 1409497200  # 2014-09-01T00:00:00+09:00
DAY = 86400
FIRST = int(ipaddress.ip_address("198.18.0.0"))
PROTECTED = "198.51.100.1"
TIMEOUT = 20
# family, printed count, first and last day of the month
MONTH = (("exe-in-http", 2600, 1, 30), ("zom-mail", 2513, 1, 30), ("openssl-keyarg", 876, 1, 30), ("dotdot", 860, 1, 30),
         ("mime-overflow", 476, 1, 30), ("sendmail", 453, 1, 30), ("internet-explorer", 339, 1, 30), ("php-bypass", 219, 1, 30),
         ("heartbleed", 214, 1, 30), ("excel", 183, 1, 30), ("shellshock", 74, 29, 30))
HARMLESS = 400


def dialogues():
    """Dialogues of each family that raise exactly one signature, and harmless ones, as the tests of the rules have them."""
    expect = {}
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../rules/tests/expect.tsv")
    for line in open(path):
        if line.strip() and not line.startswith("#"):
            name, variant, sids = line.rstrip("\n").split("\t")[:3]
            expect[name, variant] = [] if sids == "-" else sids.split(",")
    attacks, harmless = {}, []
    for case in CASES.values():
        if case.protocol != "tcp":
            continue
        for variant in range(len(case.variants)):
            sids = expect.get((case.name, str(variant)), expect.get((case.name, "*"), ["?", "?"]))
            if len(sids) == 1:
                attacks.setdefault(case.family, []).append((case, variant))
            elif not sids and case.attacker == CLIENT:
                harmless.append((case, variant))
    return attacks, harmless


def schedule(scale):
    """Rows (second of the month, case, variant), in the order of time; the same on every machine."""
    rng = random.Random(20140901)
    attacks, harmless = dialogues()
    rows = []
    for family, count, first, last in MONTH:
        for number in range(max(1, count // scale)):
            case, variant = attacks[family][number % len(attacks[family])]
            rows.append(((first - 1) * DAY + rng.uniform(7200, (last - first + 1) * DAY - 14400), case, variant))
    for number in range(HARMLESS // scale):
        case, variant = harmless[number % len(harmless)]
        rows.append((rng.uniform(7200, 30 * DAY - 14400), case, variant))
    rows.sort(key=lambda row: (row[0], row[1].name, row[2]))
    return rows


async def dialogue(reader, writer, steps, me):
    try:
        for side, data in steps:
            if side == me:
                writer.write(data)
                await writer.drain()
            else:
                await asyncio.wait_for(reader.readexactly(len(data)), TIMEOUT)
        writer.close()
        await writer.wait_closed()
    except ConnectionError:
        writer.close()  # the other end was faster with its close


async def serve(rows, index_of, ports):
    async def accept(reader, writer):
        row = rows[index_of(writer)]
        try:
            await dialogue(reader, writer, row[1].variants[row[2]], SERVER)
        except (asyncio.IncompleteReadError, asyncio.TimeoutError, OSError) as error:
            print("served %s %d: %r" % (row[1].name, row[2], error), file=sys.stderr)

    return [await asyncio.start_server(accept, "0.0.0.0", port, backlog=1024) for port in ports]


async def connect(row, number, outside, report):
    address = str(ipaddress.ip_address(FIRST + number))
    steps = row[1].variants[row[2]]
    try:
        if outside:
            reader, writer = await asyncio.open_connection(PROTECTED, row[1].port, local_addr=(address, 0))
        else:
            reader, writer = await asyncio.open_connection(address, row[1].port)
        await dialogue(reader, writer, steps, CLIENT)
        report["done"] += 1
    except (asyncio.IncompleteReadError, asyncio.TimeoutError, OSError) as error:
        report["failed"] += 1
        print("%s %d: %r" % (row[1].name, row[2], error), file=sys.stderr)


async def play(options):
    rows = schedule(options.scale)
    outside = options.command == "outside"
    ports = sorted({row[1].port for row in rows if (row[1].attacker == SERVER) == outside})

    def index_of(writer):
        name = "sockname" if outside else "peername"
        return int(ipaddress.ip_address(writer.get_extra_info(name)[0])) - FIRST

    servers = await serve(rows, index_of, ports)
    print("ready", flush=True)
    report, tasks = {"done": 0, "failed": 0}, set()
    for number, row in enumerate(rows):
        if (row[1].attacker == CLIENT) != outside:
            continue
        wait = options.start / 1e6 + row[0] / options.rate - time.monotonic()
        if wait > 0:
            await asyncio.sleep(wait)
        task = asyncio.ensure_future(connect(row, number, outside, report))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    if tasks:
        await asyncio.wait(set(tasks))
    print("played %(done)d, failed %(failed)d" % report, flush=True)
    # the other side may still need our servers
    await asyncio.sleep(max(0, options.start / 1e6 + 30 * DAY / options.rate - time.monotonic()) + 2)
    for server in servers:
        server.close()
    return 1 if report["failed"] else 0


def command_plan(options):
    counts = {}
    for _, case, _ in schedule(options.scale):
        key = "harmless" if case.near_miss else case.family
        counts[key] = counts.get(key, 0) + 1
    for key, count in counts.items():
        print("%s\t%d" % (key, count))
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=("plan", "inside", "outside"))
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--rate", type=int, default=1)
    parser.add_argument("--scale", type=int, default=1, help="a part of the counts, for a short run")
    options = parser.parse_args()
    return command_plan(options) if options.command == "plan" else asyncio.run(play(options))


if __name__ == "__main__":
    sys.exit(main())
