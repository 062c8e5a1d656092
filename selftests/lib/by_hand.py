#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""by_hand.py SOCKET MODEL MANY SECONDS [FILE] - blocks and unblocks by hand, as many as it can, and what the manual list has to hold after each answer.

At least MANY changes, then one a millisecond for SECONDS, until the daemon is gone, or until a second after FILE became another one. MODEL (JSON) is the list before, if the file is there, and after:
"sure" has what was answered; "open" the one address that was asked for and not answered, which may be either way."""
import json
import os
import socket
import sys
import time


def main():
    path, model, many, seconds = sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
    before = json.load(open(model, encoding="utf-8")) if os.path.exists(model) else {"sure": [], "open": None}
    listed, pending = set(before["sure"]), None
    inode = os.stat(sys.argv[5]).st_ino if len(sys.argv) > 5 else None
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    sock.connect(path)
    sock.settimeout(20)
    done, end = 0, None
    try:
        while end is None or time.monotonic() < end:
            # Half of the changes take off what the other half put on; a few stay.
            at, takes = done // 2, done % 2
            address = f"11.{done >> 18 & 255}.{at >> 8 & 255}.{at & 255}"
            command = "unblock" if takes and at % 97 else "block"
            pending = address
            ask = {"command": command, "address": address}
            if command == "block":
                ask.update(seconds=0, reason=f"change {done}")
            sock.send(json.dumps(ask).encode())
            if not (answer := sock.recv(65536)):
                break
            if json.loads(answer).get("result", 0) not in (0, None) and command == "block":
                sys.exit(f"by_hand.py: {ask}: {answer.decode()}")
            (listed.add if command == "block" else listed.discard)(address)
            pending = None
            done += 1
            if done >= many:
                end = end or time.monotonic() + seconds
                if inode is not None and os.stat(sys.argv[5]).st_ino != inode:
                    inode, end = None, time.monotonic() + 1
                time.sleep(0.001)
    except (ConnectionError, socket.timeout, BrokenPipeError):
        pass
    with open(model, "w", encoding="utf-8") as out:
        json.dump({"sure": sorted(listed - {pending}), "open": pending}, out)
    print(f"{done} changes, {len(listed)} listed" + ("" if pending is None else f", died at {pending}"))


main()
