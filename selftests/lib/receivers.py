#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Receivers of notices for tests: a real SMTP server, a webhook server that checks signatures, a syslog listener.

  receivers.py BIND SECRET OUT [--no-mail]     ports 2525 (SMTP), 8080 (webhook), 5140 (syslog)

Each notice received is one JSON line in OUT: kind, time, and for mail the decoded subject and body as a mail program shows them.
"""
import asyncio
import email
import email.policy
import hashlib
import hmac
import json
import sys
import time


def note(out, **row):
    with open(out, "a") as file:
        file.write(json.dumps(dict(row, time=time.time()), ensure_ascii=False) + "\n")


class Mail:
    def __init__(self, out):
        self.out = out

    async def handle_DATA(self, server, session, envelope):
        raw = envelope.original_content
        message = email.message_from_bytes(raw, policy=email.policy.default)
        longest = max(len(line) for line in raw.split(b"\r\n"))
        note(self.out, kind="mail", subject=str(message["Subject"]), body=message.get_content(), to=envelope.rcpt_tos,
             id=message["Message-ID"], date=str(message["Date"]), charset=message.get_content_charset(), longest=longest,
             defects=[str(defect) for defect in message.defects], ascii=raw.isascii())
        return "250 OK"


async def hook(reader, writer, secret, out):
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    fields = {line.partition(":")[0].lower(): line.partition(":")[2].strip() for line in head.split("\r\n")[1:]}
    body = await reader.readexactly(int(fields["content-length"]))
    want = hmac.new(secret.encode(), fields["x-sekimori-timestamp"].encode() + b"." + body, hashlib.sha256).hexdigest()
    good = fields.get("x-sekimori-signature") == "sha256=" + want
    note(out, kind="webhook", good=good, key=fields.get("idempotency-key"), body=json.loads(body))
    writer.write(b"HTTP/1.1 %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % (b"200 OK" if good else b"403 Forbidden"))
    await writer.drain()
    writer.close()


class Syslog(asyncio.DatagramProtocol):
    def __init__(self, out):
        self.out = out

    def datagram_received(self, data, address):
        note(self.out, kind="syslog", line=data.decode())


async def main():
    bind, secret, out = sys.argv[1:4]
    loop = asyncio.get_running_loop()
    if "--no-mail" not in sys.argv:
        from aiosmtpd.smtp import SMTP
        await loop.create_server(lambda: SMTP(Mail(out), enable_SMTPUTF8=False), bind, 2525)
    await asyncio.start_server(lambda r, w: hook(r, w, secret, out), bind, 8080)
    await loop.create_datagram_endpoint(lambda: Syslog(out), local_addr=(bind, 5140))
    print("ready", flush=True)
    await asyncio.sleep(3600)


asyncio.run(main())
