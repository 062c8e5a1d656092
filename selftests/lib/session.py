#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""A person's session with a machine: one TCP connection that goes on over a change of policy.

session.py serve ADDRESS PORT                  answers every line with itself
session.py hold SOURCE ADDRESS PORT GO         connects and says "open"; when the file GO is there, says whether the same
                                               connection still answers ("alive" or "dead") and a second one does ("new" or "refused")
"""
import os
import socket
import sys
import threading
import time


def echo(connection):
    with connection, connection.makefile("rwb", buffering=0) as lines:
        for line in lines:
            lines.write(line)


def serve(address, port):
    with socket.create_server((address, port)) as listener:
        while True:
            threading.Thread(target=echo, args=(listener.accept()[0],), daemon=True).start()


def answers(connection):
    try:
        connection.sendall(b"are you there\n")
        return connection.recv(64).endswith(b"there\n")
    except OSError:
        return False


def connect(source, address, port):
    """The server of a test may just be starting."""
    until = time.monotonic() + 5
    while True:
        try:
            return socket.create_connection((address, port), 5, (source, 0))
        except ConnectionRefusedError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def hold(source, address, port, go):
    first = connect(source, address, port)
    print("open" if answers(first) else "silent", flush=True)
    until = time.monotonic() + 60
    while not os.path.exists(go) and time.monotonic() < until:
        time.sleep(0.05)
    print("alive" if answers(first) else "dead", flush=True)
    try:
        with socket.create_connection((address, port), 5, (source, 0)) as second:
            print("new" if answers(second) else "refused", flush=True)
    except OSError:
        print("refused", flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2], int(sys.argv[3]))
    else:
        hold(sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5])
