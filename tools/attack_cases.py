# SPDX-License-Identifier: GPL-2.0-or-later
"""The cases of attack.py: one row per attack or near-miss, each with its variants.

A variant is a list of steps (side, bytes). Which signatures it must raise stands in rules/tests/expect.tsv.
"""
import base64
import gzip
import struct
from collections import namedtuple

CLIENT, SERVER = "client", "server"
Case = namedtuple("Case", "name family about attacker protocol port near_miss variants")
CASES = {}


def add(family, name, about, variants, attacker=CLIENT, protocol="tcp", port=80, near_miss=False):
    CASES[name] = Case(name, family, about, attacker, protocol, port, near_miss, variants)


# --- HTTP

def http_head(*lines):
    return b"".join((line.encode("latin-1") if isinstance(line, str) else line) + b"\r\n" for line in lines) + b"\r\n"


def chunks(body):
    parts = [body[at:at + 7] for at in range(0, len(body), 7)]
    return b"".join(b"%x;note=1\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def response(body=b"ok\n", kind="text/html", encoding="", headers=()):
    if isinstance(body, str):
        body = body.encode("latin-1")
    lines = ["HTTP/1.1 200 OK", "Server: sample", "Content-Type: " + kind, *headers]
    if encoding == "gzip":
        body = gzip.compress(body, mtime=0)
        lines.append("Content-Encoding: gzip")
    if encoding == "chunked":
        body = chunks(body)
        lines.append("Transfer-Encoding: chunked")
    else:
        lines.append("Content-Length: %d" % len(body))
    return http_head(*lines) + body


def bare(steps):
    """The same with bare line feeds and field names in lower case."""
    head, empty, body = steps[0][1].partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    lines = [line.partition(b":")[0].lower() + b":" + line.partition(b":")[2] for line in lines]
    return [(CLIENT, b"\n".join([first, *lines]) + b"\n\n" + body), *steps[1:]]


def request(target, *headers, method="GET", body=b"", answer=None, chunked=False):
    """One request and its answer."""
    if isinstance(body, str):
        body = body.encode("latin-1")
    lines = ["%s %s HTTP/1.1" % (method, target)]
    if not any(str(line).lower().startswith("host:") for line in headers):
        lines.append("Host: www.example.com")
    if not any(str(line).lower().startswith("user-agent:") for line in headers):
        lines.append("User-Agent: Mozilla/5.0 (X11; Linux x86_64)")
    lines += headers
    if body and chunked:
        lines.append("Transfer-Encoding: chunked")
        body = chunks(body)
    elif body:
        lines.append("Content-Length: %d" % len(body))
    return [(CLIENT, http_head(*lines) + body), (SERVER, answer or response())]


def keep_alive(steps):
    """The same after an honest exchange on the connection."""
    return request("/first.html") + steps


def pipelined(steps):
    """The same with an honest request sent in one go before it."""
    first = request("/first.html")
    return [(CLIENT, first[0][1] + steps[0][1]), (SERVER, first[1][1] + steps[1][1])] + steps[2:]


def gets(*targets):
    return [request(target) for target in targets]


def post(body, kind="application/x-www-form-urlencoded", target="/form.php", chunked=False):
    return request(target, "Content-Type: " + kind, method="POST", body=body, chunked=chunked)


def pages(*bodies, kind="text/html", encoding=""):
    return [request("/page.html", answer=response(body, kind, encoding)) for body in bodies]


TALK = """<html><head><title>About an old attack</title><script src="/site.js"></script></head><body>
<p>%s</p><pre>%s</pre></body></html>"""


# --- SMTP and POP3

def smtp(data, helo=b"EHLO mail.example.net", sender=b"MAIL FROM:<a@example.net>", to=b"RCPT TO:<b@example.com>"):
    steps = [(SERVER, b"220 mx.example.com ESMTP\r\n"), (CLIENT, helo + b"\r\n"), (SERVER, b"250 mx.example.com\r\n")]
    for line in (sender, to):
        steps += [(CLIENT, line + b"\r\n"), (SERVER, b"250 2.1.0 Ok\r\n")]
    steps += [(CLIENT, b"DATA\r\n"), (SERVER, b"354 End data with <CR><LF>.<CR><LF>\r\n"),
              (CLIENT, data + b"\r\n.\r\n"), (SERVER, b"250 2.0.0 Ok: queued\r\n"),
              (CLIENT, b"QUIT\r\n"), (SERVER, b"221 2.0.0 Bye\r\n")]
    return steps


def pop3(data):
    return [(SERVER, b"+OK ready\r\n"), (CLIENT, b"USER b\r\n"), (SERVER, b"+OK\r\n"), (CLIENT, b"PASS x\r\n"),
            (SERVER, b"+OK 1 message\r\n"), (CLIENT, b"RETR 1\r\n"),
            (SERVER, b"+OK\r\n" + data + b"\r\n.\r\n"), (CLIENT, b"QUIT\r\n"), (SERVER, b"+OK bye\r\n")]


def mail(*headers, body=b"Good morning.", sender=b"From: A <a@example.net>", to=b"To: b@example.com"):
    lines = [b"Received: from mail.example.net by mx.example.com; Wed, 1 Oct 2014 09:00:00 +0900", sender, to,
             b"Subject: report", b"Date: Wed, 1 Oct 2014 09:00:00 +0900", b"MIME-Version: 1.0", *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def attachment(*part, body=b"AAECAwQ="):
    """A mail with one attachment whose part header is given."""
    return mail(b'Content-Type: multipart/mixed; boundary="frontier"',
                body=b"--frontier\r\nContent-Type: text/plain\r\n\r\nsee attachment\r\n--frontier\r\n"
                + b"\r\n".join(part) + b"\r\n\r\n" + body + b"\r\n--frontier--")


def disposition(name, head=b"Content-Disposition: attachment; filename="):
    return attachment(b"Content-Type: application/octet-stream", b"Content-Transfer-Encoding: base64", head + name)


# --- exe-in-http

def executable():
    """The headers of a Windows program that does nothing: MZ, offset of the PE header, PE."""
    head = b"MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0\xb8" + bytes(43) + struct.pack("<I", 0x80)
    return (head.ljust(0x80, b"\0") + b"PE\0\0\x4c\x01\x01\0" + bytes(240)).ljust(1024, b"\0")


add("exe-in-http", "exe-shell", "cmd.exe or root.exe with a command, in the URI", gets(
    "/scripts/..%c0%af../winnt/system32/cmd.exe?/c+dir", "/scripts/root.exe?/c+dir", "/MSADC/root.exe?/c+dir",
    "/c/winnt/system32/cmd.exe?/c+dir", "/scripts/CMD.EXE?%2Fc%20dir", "/scripts/c%6dd%2eexe?/C+ver",
    "/_vti_bin/..%255c..%255c..%255cwinnt/system32/cmd.exe?/c+dir", "/scripts/cmd.exe?+/k%20set",
    "/scripts/root.exe?/k+set", "/scripts/shell.exe?/c+dir",
    "http://www.example.com/scripts/root.exe?/c+dir"))
add("exe-in-http", "exe-system", "a system program of Windows, in the URI", gets(
    "/d/winnt/system32/ping.exe?127.0.0.1", "/windows%5csystem32%5Ctftp.exe?-i", "/x/WinNT/system32/net.exe",
    "/c/windows/syswow64/WindowsPowerShell/v1.0/powershell.exe"))
add("exe-in-http", "exe-inject", "a Windows shell appended to a form value", [
    post("host=127.0.0.1%26cmd.exe+%2Fc+ver&x=1"), post("host=127.0.0.1|cmd /c ver"),
    post("a=1%3B%20CMD.EXE%20%2fC%20ver"), request("/ping.asp?host=127.0.0.1%7Ccmd.exe+/c+ver"),
    request("/ping.asp?host=1%26%26cmd%20%2fk%20ver")])
add("exe-in-http", "exe-encoded", "an .exe name hidden by double encoding", gets(
    "/scripts/c%256dd%252eexe?/c+ver", "/scripts/%2563%256d%2564.exe?/c+ver", "/scripts/r%256f%256ft.e%2578e"))
add("exe-in-http", "exe-pipe", "a command piped behind a program", gets(
    "/scripts/sample.exe|dir", "/cgi-bin/test-cgi.bat?|echo", "/cgi-bin/a.CMD%20%7Cver"))
add("exe-in-http", "exe-download", "a Windows program is downloaded", [
    request("/get/1", answer=response(executable(), "image/png")),
    request("/setup.exe", answer=response(executable(), "application/octet-stream", "gzip")),
    request("/setup.exe", answer=response(executable(), "application/octet-stream", "chunked"))], attacker=SERVER)
add("exe-in-http", "exe-talk", "pages, searches and file names around .exe", [
    *gets("/wiki/Cmd.exe", "/search?q=what+is+cmd.exe", "/docs/how-cmd.exe-works.html", "/downloads/setup.exe", "/list?q=a.exe|b.exe",
          "/blog/root.exe-and-code-red", "/search?q=cmd.exe+/c+dir", "/go?u=http%253A%252F%252Fexample.com%252Fa.exe"),
    post("text=Open+cmd.exe+and+type+dir%2C+or+run+cmd.exe+%2Fc+dir"),
    *pages(TALK % ("The worm asks for", "GET /scripts/root.exe?/c+dir and /winnt/system32/cmd.exe?/c+dir"),
           "MZ is how a program begins, PE\0\0 is what follows" + " " * 200)], near_miss=True)

# --- dotdot

add("dotdot", "dotdot-file", "traversal to a file of the system", gets(
    "/../../../../etc/passwd", "/page.php?f=../../../etc/passwd", "/..%2f..%2f..%2fetc%2fshadow",
    "/cgi-bin/.%2e/.%2e/etc/passwd", "/static/..\\..\\..\\boot.ini", "/x?f=..%5c..%5cwindows%5cwin.ini",
    "/%2e%2e/%2E%2E/proc/self/environ", "/a/..%2fWEB-INF%2fweb.xml", "http://www.example.com/../../etc/passwd"))
add("dotdot", "dotdot-encoded-name", "a file of the system whose name is encoded", gets(
    "/../../%65tc/passwd", "/page.php?f=../..%2fetc/%70asswd", "/static/..\\..\\%77in%2eini", "/a/../WEB%2DINF/%77eb.xml"))
add("dotdot", "dotdot-climb", "three steps up or more", gets(
    "/images/../../../../home/app/data.db", "/x?tpl=..%2f..%2f..%2f..%2fsecret", "/a\\..\\..\\..\\b",
    "/%2e%2e/%2e%2e/%2e%2e/x"))
add("dotdot", "dotdot-overlong", "slash or dot as an overlong or wide character", gets(
    "/scripts/..%c0%af..%c0%afx", "/scripts/..%c1%9c../x", "/a/..%e0%80%af..%e0%80%afx", "/a/..%u2215..%u2215x",
    "/a/%c0%ae%c0%ae/x", "/a/..%C0%2F../x", "/a/..%uff0f../x"))
add("dotdot", "dotdot-double", "double encoded", gets(
    "/a/..%255c..%255cx", "/a/%252e%252e%252fx", "/a/%252E%252E/x", "/cgi-bin/.%%32%65/.%%32%65/bin/x",
    "/x?f=..%25252f..%25252fy"))
add("dotdot", "dotdot-encoded-dot", "a single step with an encoded dot", gets("/a/.%2e/b", "/a/%2e%2E/b", "/a/%2e./b"))
add("dotdot", "dotdot-path-parameter", "a path parameter hides the step", gets(
    "/app/..;/manager/html", "/app/..;x=1/admin", "/app/%2e%2e;/admin"))
add("dotdot", "dotdot-body", "traversal in a form value or cookie", [
    post("file=..%2F..%2F..%2F..%2Fetc%2Fpasswd"), post("a=1&file=../../../../etc/shadow&b=2"),
    post("--x\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\n../../../../windows/win.ini\r\n--x--\r\n",
         "multipart/form-data; boundary=x"),
    request("/", "Cookie: lang=../../../../../etc/passwd%00"), request("/", "Cookie: a=1; lang=..%2f..%2f..%2fetc%2fpasswd")])
add("dotdot", "dotdot-talk", "dots that are no attack", [
    *gets("/docs/a/../b.html", "/css/../../img/x.png", "/compare/v1.0...v1.1", "/wait.../next", "/a/..hidden/b",
          "/search?q=what+is+../", "/files/report..final.pdf", "/a%20b%2fc.html", "/etc/passwd-howto.html",
          "/go?u=https%253A%252F%252Fexample.com%252Fa..b"),
    request("/", "Referer: http://www.example.com/a/../../../b"),
    post("text=The+attack+asks+for+/../../../../etc/passwd+and+nothing+else"),
    *pages(TALK % ("A request such as", "GET /../../../../etc/passwd HTTP/1.0"))], near_miss=True)

# --- php-bypass

CGI = "allow_url_include%3don+-d+safe_mode%3doff+-d+auto_prepend_file%3dphp://input+-n"
add("php-bypass", "php-cgi", "interpreter options in the query", [
    request("/index.php?-d+" + CGI, method="POST", body="<?php echo 1; ?>"), *gets(
        "/cgi-bin/php5?%2Dd+allow_url_include%3D1+%2Dd+auto_prepend_file%3Dphp%3A%2F%2Finput",
        "/index.php?-n%20-d%20disable_functions%3d", "/?-dauto_prepend_file%3d/etc/hosts",
        "/index.php?+-d+open_basedir%3dnone", "/index.php?-c/tmp+-d%09allow_url_fopen%3don")])
add("php-bypass", "php-cgi-hyphen", "the same with a soft hyphen", [
    request("/php-cgi/php-cgi.exe?%add+allow_url_include%3d1+%add+auto_prepend_file%3dphp://input", method="POST",
            body="<?php echo 1; ?>"), *gets("/index.php?%ADd+auto_prepend_file%3d/x")])
add("php-bypass", "php-source", "source disclosure by -s", gets("/index.php?-s", "/a/index.php?%2ds", "/index.php?%ads"))
add("php-bypass", "php-wrapper", "a stream wrapper as a value", [
    *gets("/index.php?page=php://input", "/index.php?page=PHP%3a%2f%2ffilter/convert.base64-encode/resource=config",
          "/index.php?page=expect://id", "/index.php?a=1&page=data:text/plain;base64,QUFB",
          "/index.php?page=compress.zlib:///etc/hosts", "/index.php?page=phar://x.jpg/a"),
    post("page=php%3A%2F%2Ffilter%2Fread%3Dstring.rot13%2Fresource%3Dconfig.php")])
add("php-bypass", "php-nul", "a NUL byte cuts the file name", gets(
    "/index.php?page=/tmp/x%00", "/index.php?page=x%00.jpg", "/index.php?a=1&page=config%00.html&b=2"))
add("php-bypass", "php-globals", "GLOBALS written from a request", [
    *gets("/index.php?GLOBALS[path]=x", "/index.php?a=1&GLOBALS%5bpath%5d=x"), post("GLOBALS%5Bx%5D=1"),
    post("a=1&GLOBALS[x]=1", chunked=True),
    post("--x\r\nContent-Disposition: form-data; name=\"GLOBALS\"; filename=\"a\"\r\n\r\nx\r\n--x--\r\n",
         "multipart/form-data; boundary=x"), request("/index.php", "Cookie: GLOBALS[x]=1")])
add("php-bypass", "php-talk", "requests that look alike", [
    *gets("/index.php?option=-d", "/search.php?q=allow_url_include", "/search.php?q=what+is+php://input", "/index.php?-download",
          "/index.php?s", "/tool.php?-sort", "/index.php?q=a%00b", "/index.php?name=globals", "/list.php?q=-d+memory_limit",
          "/manual/php://wrappers.html", "/go.php?u=data:image/png;base64,iVBORw0K"),
    post("text=set+auto_prepend_file%3Dphp%3A%2F%2Finput+with+-d"),
    *pages(TALK % ("One would ask for", "POST /index.php?-d+allow_url_include%3don+-d+auto_prepend_file%3dphp://input"))],
    near_miss=True)

# --- shellshock

BASH = "() { :;}; /bin/echo sample"
add("shellshock", "shellshock-header", "a function definition as a header's value", [
    request("/cgi-bin/status", "User-Agent: " + BASH), request("/cgi-bin/status", "Referer: " + BASH),
    request("/cgi-bin/status", "X-Any:" + BASH), request("/cgi-bin/status", "Host: " + BASH),
    request("/cgi-bin/status", "Accept:  \t" + BASH), request("/cgi-bin/status", "X-Fold:\r\n " + BASH),
    request("/cgi-bin/status", "User-Agent: () { (a)=>\\' sh -c echo"),
    request("/cgi-bin/status", "User-Agent: () { _; } >_[$($())] { echo sample; }"),
    bare(request("/cgi-bin/status", "User-Agent: " + BASH))])
add("shellshock", "shellshock-uri", "in the query", gets(
    "/cgi-bin/x?%28%29%20%7b%20:;%7d;%20echo", "/cgi-bin/x?()%20{%20:;};echo", "/cgi-bin/x?a=1&b=%28%29+%7B+%3A%3B%7D%3B",
    "/cgi-bin/x?a=()+{+:;};"))
add("shellshock", "shellshock-cookie", "in a cookie", [
    request("/cgi-bin/x", "Cookie: " + BASH), request("/cgi-bin/x", "Cookie: id=" + BASH),
    request("/cgi-bin/x", "Cookie: a=1; b=" + BASH)])
add("shellshock", "shellshock-body", "in a form value", [
    post("a=%28%29+%7B+%3A%3B%7D%3B+echo"), post("x=1&a=() { :;}; echo"), post(BASH),
    post("x=1&a=() { :;}; echo", chunked=True),
    post("--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n() { :;}; echo\r\n--x--\r\n",
         "multipart/form-data; boundary=x")])
add("shellshock", "shellshock-smtp", "in a mail header or envelope", [
    smtp(mail(b"X-Any: () { :;}; /bin/echo sample")), smtp(mail(sender=b"From: () { :;}; /bin/echo sample")),
    smtp(mail(), sender=b"MAIL FROM:<() { :;}; /bin/echo sample>")], port=25)
DHCP = (b"\x02\x01\x06\0" + b"\x12\x34\x56\x78" + bytes(28) + bytes(200) + b"\x63\x82\x53\x63" + b"\x35\x01\x05"
        + b"\x72\x16() { :;}; echo sample" + b"\xff")
add("shellshock", "shellshock-dhcp", "in an option of a DHCP answer",
    [[(CLIENT, b"\x01\x01\x06\0" + bytes(232) + b"\x63\x82\x53\x63\x35\x01\x03\xff"), (SERVER, DHCP)]],
    attacker=SERVER, protocol="udp", port=67)
add("shellshock", "shellshock-talk", "JavaScript, and people who write about it", [
    post('{"code":"function () { return 1; } class A { get() { return 2; } }"}', "application/json"),
    post("text=The+header+was+%28%29+%7B+%3A%3B%7D%3B+echo"), request("/", "User-Agent: probe of the () { :;}; kind"),
    *gets("/wiki/Shellshock?q=bash+()+bug", "/x?f=a(){}", "/x?code=f()+{+return+}"),
    request("/", "Cookie: f=x() { return }"),
    *pages(TALK % ("The header looks like", "User-Agent: () { :;}; /bin/cat /etc/passwd"))], near_miss=True)
add("shellshock", "shellshock-mail-talk", "a mail that quotes it", [
    smtp(mail(body=b"they sent () { :;}; in User-Agent\r\nlet f = function () { return 1; }"))], port=25, near_miss=True)

# --- zom-mail and mime-overflow

SLED = b"\x90" * 240 + b"\xeb\xfe" * 20
add("zom-mail", "zom-filler", "a file name of filler or no-ops", [
    smtp(disposition(b'"' + b"A" * 300 + b'.txt"')), smtp(disposition(b"A" * 300)), smtp(disposition(b'"' + SLED + b'.exe"')),
    smtp(disposition(b'"' + b"A" * 300 + b'"', b"content-disposition : attachment;\r\n\tFILENAME = "))], port=25)
WORDS = b" ".join(b"word%03d" % number for number in range(200))
add("zom-mail", "zom-long", "a file name longer than any system allows", [
    smtp(disposition(b'"' + WORDS[:900] + b'"')), smtp(disposition(b'"' + b"\r\n ".join([WORDS[:70]] * 16) + b'"'))], port=25)
add("zom-mail", "zom-command", "an over-long SMTP command", [
    smtp(mail(), helo=b"EHLO " + WORDS[:600].replace(b" ", b".")), smtp(mail(), helo=b"helo " + b"A" * 1000),
    smtp(mail(), sender=b"MAIL FROM:<" + b"A" * 1200 + b"@example.net>"),
    smtp(mail(), to=b"rcpt to: <" + b"A" * 1200 + b">")], port=25)
add("mime-overflow", "mime-parameter", "a parameter of Content-Type longer than any reader's buffer", [
    smtp(attachment(b'Content-Type: application/octet-stream; name="' + WORDS[:500] + b'"')),
    smtp(attachment(b"CONTENT-TYPE: text/plain; charset=" + b"A" * 400)),
    smtp(mail(b'Content-Type: multipart/mixed;\r\n boundary="' + b"b" * 400 + b'"'))], port=25)
add("mime-overflow", "mime-fetched", "the same when the mail is fetched", [
    pop3(attachment(b'Content-Type: application/octet-stream; name="' + WORDS[:500] + b'"')),
    pop3(disposition(b'"' + WORDS[:500] + b'"'))], attacker=SERVER, port=110)
add("mime-overflow", "mime-date", "an over-long Date field", [
    smtp(mail(b"Date: Wed, 1 Oct 2014 09:00:00 +0900" + b"A" * 300)),
    smtp(mail(b"date : Wed, 1 Oct 2014 09:00:00 " + b"\x90" * 300))], port=25)
add("mime-overflow", "mime-http", "an over-long Content-Type or Content-Encoding in an HTTP answer", [
    request("/a", answer=response(b"x", "application/" + "A" * 700)),
    request("/a", answer=response(b"x", headers=("Content-Encoding: " + "A" * 700,)))], attacker=SERVER)
KANJI = b"\r\n ".join(b"=?ISO-2022-JP?B?GyRCMlwyXTJeMl8yYDJhMmIyYzJkMmUbKEI=?=" for _ in range(12))
add("zom-mail", "mail-legal", "long but legal headers, and mail about the attack", [
    smtp(disposition(b'"' + (b"a-rather-long-but-legal-file-name-%d-" % 1) * 5 + b'.xlsx"')),
    smtp(disposition(b'"' + KANJI + b'"')),
    smtp(disposition(b"UTF-8''" + b"%E5%A0%B1" * 8 + b";\r\n".join([b""] + [b" filename*%d*=" % n + b"%E5%A0%B1" * 7
                                                                          for n in range(1, 9)]),
                     b"Content-Disposition: attachment; filename*0*=")),
    smtp(attachment(b'Content-Type: application/octet-stream; name="' + KANJI + b'"')),
    smtp(mail(b'Content-Type: multipart/mixed;\r\n boundary="' + b"=_" * 35 + b'"', body=b"--" + b"=_" * 35 + b"--")),
    smtp(mail(b"To: " + b",\r\n ".join(b"user%d@example.com" % n for n in range(80)),
              b"References: " + b"\r\n ".join(b"<%040x@example.net>" % n for n in range(40)))),
    smtp(mail(body=b"The old bug: Content-Disposition: attachment; filename=" + b"A" * 40 + b" and so on.")),
    smtp(mail(), sender=b"MAIL FROM:<bounce+" + b"x" * 200 + b"@example.net> SIZE=1000 BODY=8BITMIME")],
    port=25, near_miss=True)

# --- sendmail

add("sendmail", "sendmail-header", "a run of empty angle brackets in an address field", [
    smtp(mail(sender=b"From: " + b"<>" * 30 + b" (" + b"A" * 64 + b")")),
    smtp(mail(to=b"TO : " + b"<> " * 30 + b"a@example.com")),
    smtp(mail(b"Reply-To:\r\n\t" + b"<>" * 12 + b"\r\n " + b"<>" * 12))], port=25)
add("sendmail", "sendmail-command", "the same in the envelope", [
    smtp(mail(), sender=b"MAIL FROM:" + b"<>" * 30), smtp(mail(), to=b"RCPT TO:<" + b"<>" * 30 + b"x@example.com>")], port=25)
add("sendmail", "sendmail-prescan", "0xff after a backslash in an address", [
    smtp(mail(), sender=b"MAIL FROM:<" + b"\\\xff" * 40 + b"@example.net>"),
    smtp(mail(sender=b"From: " + b"\\\xff" * 40))], port=25)
add("sendmail", "sendmail-segment", "long tokens joined by semicolons in an address", [
    smtp(mail(), to=b"RCPT TO:<" + b";".join([b"a" * 220] * 3) + b">"),
    smtp(mail(to=b"Cc: " + b";".join([b"b" * 220] * 3)))], port=25)
add("sendmail", "sendmail-argument", "an over-long argument of VRFY or EXPN", [
    [(SERVER, b"220 mx.example.com ESMTP\r\n"), (CLIENT, b"HELO x\r\n"), (SERVER, b"250 mx\r\n"),
     (CLIENT, verb + b"A" * 400 + b"\r\n"), (SERVER, b"252 ok\r\n")] for verb in (b"VRFY ", b"expn\t")], port=25)
add("sendmail", "sendmail-talk", "bounces, groups, ornaments", [
    smtp(mail(sender=b"From: <>"), sender=b"MAIL FROM:<>"), smtp(mail(body=b"<>" * 36 + b"\r\n\r\nNews\r\n\r\n" + b"<>" * 36)),
    smtp(mail(b"Cc: friends: " + b", ".join(b"user%d@example.com" % n for n in range(20)) + b"; family: "
              + b", ".join(b"user%d@example.org" % n for n in range(20)) + b";")),
    smtp(mail(body=b"From: " + b"<>" * 3 + b" was in the log")),
    smtp(mail(body=b"\\\xff is how the attack looks")),
    [(SERVER, b"220 mx ESMTP\r\n"), (CLIENT, b"HELO x\r\n"), (SERVER, b"250 mx\r\n"), (CLIENT, b"VRFY postmaster\r\n"),
     (SERVER, b"252 ok\r\n")]], port=25, near_miss=True)

# --- internet-explorer

SCRIPT = '<html><body><script type="text/%s">\n%s\n</script></body></html>'
OLE_ARRAY = """On Error Resume Next
dim aa()
redim  Preserve aa(a2)
ab(0) = 1.123456789012345678901234567890
myarray = chrw(01)&chrw(2176)&chrw(01)&chrw(00)"""
TABULAR = ('<object classid="clsid:333c7bc4-460f-11d0-bc04-0080c7055a83" id="t"><param name="DataURL" value="%s">'
           '</object><p>%s</p>')
CAPTURE = """function f() { var e = document.createElement("div"); e.onlosecapture = function () { document.write(""); };
e.setCapture(); location.href = "ms-help://"; }"""
SPRAY = 'var s = unescape("%u9090%u9090"); while (s.length < 0x40000) s += s; var c = unescape("' + "%u4141" * 64 + '");'
PROBE = """var x = new ActiveXObject("Microsoft.XMLDOM"); x.async = true;
x.loadXML('<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0//EN" "res://c:\\\\windows\\\\x.dll">'); if (x.parseError.errorCode) {}"""
FRAME = "<iframe src=file://%s name=\"%s\"></iframe>"
add("internet-explorer", "ie-ole-array", "VBScript array of the wrong size", [
    *pages(SCRIPT % ("vbscript", OLE_ARRAY)), *pages(SCRIPT % ("VBScript", OLE_ARRAY.upper()), encoding="gzip"),
    *pages(SCRIPT % ("vbscript", OLE_ARRAY.replace("chrw(01)&chrw(2176)", "ChrW( 1 ) & ChrW( 2176 )")), encoding="chunked")],
    attacker=SERVER)
add("internet-explorer", "ie-tabular", "over-long DataURL of the Tabular Data Control", [
    *pages(TABULAR % ("http://" + "A" * 600, "x")), *pages((TABULAR % ("b" * 600, "x")).upper())], attacker=SERVER)
add("internet-explorer", "ie-frame", "over-long src and name of a frame",
    pages(FRAME % ("B" * 600, "C" * 2000), FRAME.replace("iframe", "EMBED") % ("B" * 600, "&#3341;" * 500)),
    attacker=SERVER)
add("internet-explorer", "ie-capture", "mouse capture lost while the page is rewritten",
    pages(SCRIPT % ("javascript", CAPTURE)), attacker=SERVER)
add("internet-explorer", "ie-spray", "memory filled with no-ops by script",
    pages(SCRIPT % ("javascript", SPRAY), SCRIPT % ("javascript", SPRAY.replace("%u9090", "%u0C0C").replace('"', "'"))),
    attacker=SERVER)
add("internet-explorer", "ie-probe", "local files probed through XMLDOM", pages(SCRIPT % ("javascript", PROBE)), attacker=SERVER)


def escaped(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


add("internet-explorer", "ie-talk", "pages about it, and honest scripts", pages(
    TALK % ("The page held", escaped(SCRIPT % ("vbscript", OLE_ARRAY))),
    TALK % ("The page held", escaped(SCRIPT % ("javascript", CAPTURE + SPRAY))),
    TALK % ("The page held", escaped(TABULAR % ("A" * 600, "x") + PROBE + FRAME % ("B" * 600, "C" * 600))),
    SCRIPT % ("vbscript", "dim a()\nredim preserve a(10)\nmsgbox chrw(12354) & chrw(12356)"),
    TABULAR % ("/data/prices.csv", "x" * 600), SCRIPT % ("javascript", 'e.setCapture(); e.onlosecapture = stop;'),
    SCRIPT % ("javascript", 'var t = unescape("%u3042%u3044%u3046");'),
    '<iframe src="https://ads.example.com/x?' + "p=1&amp;" * 400 + '" name="ad"></iframe>',
    SCRIPT % ("javascript", 'var x = new ActiveXObject("Microsoft.XMLDOM"); x.load("a.xml");')), attacker=SERVER, near_miss=True)

# --- excel


def record(opcode, data, length=None):
    return struct.pack("<HH", opcode, len(data) if length is None else length) + data


def workbook(*records):
    """An OLE2 header sector and one sheet with the given records."""
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + b"\x3e\0\x03\0\xfe\xff\x09\0"
    begin = record(0x0809, struct.pack("<HHHHII", 0x0600, 0x0010, 0x0DBB, 0x07CC, 0x41, 6))
    return head.ljust(512, b"\0") + begin + b"".join(records) + record(0x000A, b"") + bytes(600)


def feature(size, kind=2):
    return record(0x0867, struct.pack("<H10xHBI", 0x0867, kind, 1, size) + (b"\0" * 4 if size else b""))


def control(size):
    return b"\x4b\xf0\xd1\xbd\x8b\x85\xd1\x11\xb1\x6a\0\xc0\xf0\x28\x36\x28" + bytes(32) + b"Cobj" + struct.pack(
        "<III", 0x64, size, size) + bytes(64)


RANGES = struct.pack("<HHHH", 0, 1, 0, 1)
MERGED = record(0x00E5, struct.pack("<H", 0x7FFF) + RANGES * 4)
EVIL = (workbook(MERGED), workbook(feature(0x1234)), workbook(control(0x8282)))
SHEETS = ("merge", "feature", "control")
for sheet, data in zip(SHEETS, EVIL):
    coded = b"\r\n".join(base64.b64encode(data)[at:at + 76] for at in range(0, len(base64.b64encode(data)), 76))
    add("excel", "excel-" + sheet, "a damaged workbook by HTTP", [
        *pages(data, kind="application/vnd.ms-excel"), *pages(data, kind="text/plain", encoding="gzip"),
        *pages(data, kind="application/octet-stream", encoding="chunked")], attacker=SERVER)
    add("excel", "excel-%s-mail" % sheet, "a damaged workbook by mail", [smtp(attachment(
        b'Content-Type: application/vnd.ms-excel; name="a.xls"', b"Content-Transfer-Encoding: base64",
        b'Content-Disposition: attachment; filename="a.xls"', body=coded))], port=25)
add("excel", "excel-legal", "sound workbooks", pages(
    workbook(record(0x00E5, struct.pack("<H", 4) + RANGES * 4)), workbook(feature(0xFFFFFFFF), feature(0, 3)),
    workbook(control(8)), workbook(record(0x00E5, struct.pack("<H", 1026) + RANGES * 1026)),
    b"MERGECELLS is record \xe5\0, Cobj is a stream name" + bytes(64), kind="application/vnd.ms-excel"),
    attacker=SERVER, near_miss=True)

# --- TLS: heartbleed and openssl-keyarg


def tls(kind, data, version=0x0302):
    return struct.pack("!BHH", kind, version, len(data)) + data


def client_hello(version=0x0302):
    ciphers = struct.pack("!10H", 0xC014, 0xC013, 0x0039, 0x0033, 0x0035, 0x002F, 0x000A, 0xC02F, 0x009C, 0x00FF)
    extensions = b"\0\x0b\0\x02\x01\0" + b"\0\x0a\0\x06\0\x04\0\x17\0\x18" + b"\0\x0f\0\x01\x01"
    extensions += b"\0\x0d\0\x0a\0\x08\x04\x01\x04\x03\x02\x01\x02\x03"
    body = struct.pack("!H", version) + bytes(range(32)) + b"\0" + struct.pack("!H", len(ciphers)) + ciphers + b"\x01\0"
    body += struct.pack("!H", len(extensions)) + extensions
    return tls(22, b"\x01" + struct.pack("!I", len(body))[1:] + body, 0x0301)


def server_flight(version=0x0302):
    body = struct.pack("!H", version) + bytes(range(32, 64)) + b"\0" + b"\x00\x2f\0" + b"\0\x05\0\x0f\0\x01\x01"
    hello = b"\x02" + struct.pack("!I", len(body))[1:] + body
    certificate = b"\x0b" + b"\0\0\x46" + b"\0\0\x43" + b"\0\0\x40" + bytes(range(64))
    return tls(22, hello, version) + tls(22, certificate, version) + tls(22, b"\x0e\0\0\0", version)


def beat(claimed, data=b"", version=0x0302, kind=1):
    return tls(24, struct.pack("!BH", kind, claimed) + data, version)


LEAK = tls(24, b"\x02\x40\0" + bytes(range(256)) * 16)
ALERT = tls(21, b"\x02\x0a")


def bleed(*records, answer=LEAK, version=0x0302):
    return [(CLIENT, client_hello(version)), (SERVER, server_flight(version))] + [(CLIENT, b"".join(records)), (SERVER, answer)]


def ciphertext(size, seed=7):
    """Bytes that look random and are the same on every run."""
    out = bytearray()
    for _ in range(size):
        seed = (seed * 1103515245 + 12345) & 0x7FFFFFFF
        out.append(seed >> 16 & 0xFF)
    return bytes(out)


def handshake(*after):
    """A whole handshake with made-up keys, then records of the client, each answered."""
    end = tls(20, b"\x01") + tls(22, ciphertext(48))
    steps = [(CLIENT, client_hello()), (SERVER, server_flight()),
             (CLIENT, tls(22, b"\x10\0\0\x82\0\x80" + ciphertext(128)) + end), (SERVER, end)]
    for data in after:
        steps += [(CLIENT, data), (SERVER, tls(23, ciphertext(200, 9)))]
    return steps


add("heartbleed", "heartbleed", "a heartbeat that claims more than it carries; the server leaks", [
    bleed(beat(0x4000)), bleed(beat(0xFFFF, b"sample", 0x0301), version=0x0301), bleed(beat(0x4000, b"a" * 100)),
    bleed(beat(0x4000, b"a" * 300)), bleed(tls(22, b"\x10\0\0\x82\0\x80" + ciphertext(128)), beat(0x4000)),
    bleed(beat(16, bytes(32)), beat(0x4000))], port=443)
add("heartbleed", "heartbleed-refused", "the same, and the server does not leak", [
    bleed(beat(0x4000), answer=ALERT), bleed(beat(0x0040, b"", 0x0303), answer=ALERT, version=0x0303)], port=443)


def dtls(kind, data, number=0, version=0xFEFF, epoch=0):
    return struct.pack("!BHHHIH", kind, version, epoch, 0, number, len(data)) + data


def datagram_beat(claimed, data=b"", kind=1, **more):
    return dtls(24, struct.pack("!BH", kind, claimed) + data, **more)


HELLO = dtls(22, b"\x01\0\0\x2c\0\0\0\0\0\0\0\x2c\xfe\xff" + bytes(range(32)) + b"\0\0\0\x04\0\x2f\0\xff\x01\0")
VERIFY = dtls(22, b"\x03\0\0\x13\0\0\0\0\0\0\0\x13\xfe\xff\x10" + bytes(range(16)))
add("heartbleed", "heartbleed-dtls", "the same over DTLS", [
    [(CLIENT, HELLO), (SERVER, VERIFY), (CLIENT, datagram_beat(0x4000, number=1)),
     (SERVER, datagram_beat(0x4000, bytes(1200), kind=2))],
    [(CLIENT, HELLO + datagram_beat(0x1000, b"ab", number=1, version=0xFEFD)), (SERVER, datagram_beat(0x1000, bytes(1100), kind=2))]],
    protocol="udp", port=4433)
add("heartbleed", "heartbeat-legal", "honest heartbeats, before and after encryption", [
    bleed(beat(16, bytes(32)), answer=beat(16, bytes(32), kind=2)), bleed(beat(1000, bytes(1016)), answer=beat(1000, bytes(1016), kind=2)),
    handshake(tls(24, b"\x01\xee\xee" + ciphertext(61)), tls(23, ciphertext(400))),
    handshake(tls(23, ciphertext(16000)), tls(23, ciphertext(16000, 11)))], port=443, near_miss=True)
add("heartbleed", "heartbeat-legal-dtls", "honest heartbeats over DTLS", [
    [(CLIENT, HELLO), (SERVER, VERIFY), (CLIENT, datagram_beat(16, bytes(32), number=1)),
     (SERVER, datagram_beat(16, bytes(32), kind=2))],
    [(CLIENT, dtls(24, b"\x01\xee\xee" + ciphertext(61), epoch=1)), (SERVER, dtls(24, b"\x02\xee\xee" + ciphertext(61), epoch=1))]],
    protocol="udp", port=4433, near_miss=True)


def ssl2(data):
    return struct.pack("!H", 0x8000 | len(data)) + data


def master_key(cipher, clear, arg, secret=128):
    head = b"\x02" + bytes.fromhex(cipher) + struct.pack("!HHH", clear, secret, arg)
    return ssl2(head + ciphertext(clear) + ciphertext(secret, 3) + b"A" * arg)


SSL2_HELLO = ssl2(b"\x01\0\x02\0\x18\0\0\0\x10" + bytes.fromhex("0100800200800300800400800500800600400700c0080080")
                  + bytes(range(16)))
SSL2_SERVER = ssl2(b"\x04\0\x01\0\x02" + struct.pack("!HHH", 64, 24, 16) + ciphertext(64)
                   + bytes.fromhex("0100800200800300800400800500800600400700c0080080") + ciphertext(16))


def ssl2_session(*key):
    return [(CLIENT, SSL2_HELLO), (SERVER, SSL2_SERVER), (CLIENT, master_key(*key)), (SERVER, ssl2(ciphertext(33)))]


add("openssl-keyarg", "keyarg", "SSLv2 CLIENT-MASTER-KEY with an over-long KEY-ARG", [
    ssl2_session("010080", 0, 256), ssl2_session("030080", 0, 9), ssl2_session("020080", 11, 400),
    ssl2_session("040080", 11, 64), ssl2_session("0700c0", 0, 500), ssl2_session("060040", 0, 100),
    ssl2_session("050080", 0, 300, 256)], port=443)
add("openssl-keyarg", "keyarg-legal", "honest SSLv2 handshakes, and ciphertext", [
    ssl2_session("010080", 0, 0), ssl2_session("030080", 0, 8), ssl2_session("040080", 11, 8), ssl2_session("0700c0", 0, 8),
    handshake(tls(23, ciphertext(16000, 5)))], port=443, near_miss=True)
