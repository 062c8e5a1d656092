#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Attacks at a steady rate, each by a rule of its own, so that each is one that somebody has to be told of at once.

  alert_rate.py rules COUNT                    prints COUNT rules of severity critical
  alert_rate.py send TARGET COUNT RATE         COUNT requests over a few connections, RATE a second; prints the rate that it got
  alert_rate.py judge STORE GOT COUNT [TSV]    from the store: packet to delivery, per event; from the receivers: does every number add up?
"""
import json
import pathlib
import socket
import sqlite3
import sys
import time

CONNECTIONS = 8


def rules(count):
    for i in range(count):
        print(f'alert http any any -> any any (msg:"BENCH attack {i}"; flow:established,to_server; http.uri; content:"/bench-{i}."; '
              f"classtype:attempted-admin; metadata:signature_severity Critical; sid:{8000000 + i}; rev:1;)")


def send(target, count, rate):
    connections = [socket.create_connection((target, 80)) for _ in range(CONNECTIONS)]
    for connection in connections:
        connection.setblocking(False)
    begin = time.monotonic()
    for i in range(count):
        late = begin + i / rate - time.monotonic()
        if late > 0:
            time.sleep(late)
        connection = connections[i % CONNECTIONS]
        request = f"GET /bench-{i}. HTTP/1.1\r\nHost: edge\r\n\r\n".encode()
        while request:
            try:
                request = request[connection.send(request):]
            except BlockingIOError:
                time.sleep(0.001)
        try:
            while connection.recv(65536):
                pass
        except BlockingIOError:
            pass
    print(f"{count / (time.monotonic() - begin):.0f}")
    time.sleep(0.5)


def judge(store, got, count, tsv=None):
    lags = []
    told = 0
    for path in sorted(pathlib.Path(store).glob("events-*.db")):
        db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        for t, delivered in db.execute("SELECT t, t_delivered FROM event WHERE kind = 0 AND severity = 3 AND sid >= 8000000"):
            told += delivered is not None
            lags.append((delivered - t) / 1e6 if delivered is not None else float("inf"))
    lags.sort()
    sums = {}
    for row in map(json.loads, open(got)):
        if row["kind"] == "webhook" and row["good"]:
            sums["webhook"] = sums.get("webhook", 0) + row["body"]["events"]
            sums["notices"] = sums.get("notices", 0) + 1
        sums["mail"] = sums.get("mail", 0) + (row["kind"] == "mail")
    at = {q: lags[min(len(lags) - 1, int(len(lags) * q / 1000))] for q in (500, 990)} if lags else {500: -1, 990: -1}
    rows = [("events.alerts", len(lags)), ("events.told", told), ("events.told_by_webhook", sums.get("webhook", 0)),
            ("events.notices", sums.get("notices", 0)), ("events.mails", sums.get("mail", 0)), ("events.packet_to_told_s_p50", at[500]),
            ("events.packet_to_told_s_p99", at[990]), ("events.packet_to_told_s_max", lags[-1] if lags else -1)]
    for metric, value in rows:
        print(f"{metric:44} {value:10.3f}")
        if tsv:
            print(f"{metric}\t{value:.3f}\t\t\t", file=open(tsv, "a"))
    return len(lags) == told == count == sums.get("webhook", 0)


if sys.argv[1] == "rules":
    rules(int(sys.argv[2]))
elif sys.argv[1] == "send":
    send(sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
else:
    sys.exit(not judge(sys.argv[2], sys.argv[3], int(sys.argv[4]), *sys.argv[5:]))
