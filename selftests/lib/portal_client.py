#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The portal from outside: a browser's requests, and what an attacker would send instead.

portal_client.py setup URL CODE USER PASSWORD     makes the first administrator
portal_client.py attack URL STATE                 the attack list; KTAP lines on stdout
STATE is a JSON file: {"admin": [name, password], "alert": id, "foreign": id, ...}
"""
import html.parser
import http.client
import json
import re
import socket
import sys
import time
import urllib.parse

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr", "rect", "path", "circle", "line"}


class Page(html.parser.HTMLParser):
    """Elements, forms, links; and whether what is open is closed in order."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.faults, self.scripts, self.handlers = [], [], [], []
        self.forms, self.links, self.ids, self.labels, self.words = [], [], [], [], []
        self.lang = None
        self.feed(text)
        self.close()
        if self.open:
            self.faults.append("left open: %s" % self.open)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "html":
            self.lang = attrs.get("lang")
        if tag == "script":
            self.scripts.append(attrs.get("src"))
        self.handlers += [name for name in attrs if name.startswith("on")]
        if tag not in VOID:
            self.open.append(tag)
        if "id" in attrs:
            self.ids.append(attrs["id"])
        if tag == "label":
            self.labels.append(attrs.get("for"))
        if tag == "a" and "href" in attrs:
            self.links.append(attrs["href"])
        if tag == "form":
            self.forms.append({"action": attrs.get("action"), "method": attrs.get("method", "get"), "fields": {}, "controls": []})
        if self.forms and tag in ("input", "select", "textarea") and attrs.get("name"):
            self.forms[-1]["fields"].setdefault(attrs["name"], attrs.get("value", ""))
            if attrs.get("type") != "hidden":
                self.forms[-1]["controls"].append(attrs.get("id"))

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if tag in VOID:
            return
        if not self.open or self.open[-1] != tag:
            self.faults.append("</%s> within %s" % (tag, self.open[-3:]))
        while self.open and self.open.pop() != tag:
            pass

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return " ".join("".join(self.words).split())


class Browser:
    def __init__(self, url):
        self.url = urllib.parse.urlsplit(url)
        self.cookies = {}

    def ask(self, method, path, body=None, headers=None, follow=True):
        connection = http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=10)
        sent = {"Host": self.url.netloc}
        if self.cookies:
            sent["Cookie"] = "; ".join("%s=%s" % item for item in self.cookies.items())
        if body is not None:
            sent["Content-Type"] = "application/x-www-form-urlencoded"
            if isinstance(body, dict):
                body = urllib.parse.urlencode(body)
        sent.update(headers or {})
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
        answer.body = answer.read()
        answer.text = answer.body.decode("utf-8", "replace")
        for cookie in answer.headers.get_all("Set-Cookie") or []:
            name, value = cookie.split(";")[0].split("=", 1)
            self.cookies[name] = value
            answer.cookie = cookie
        connection.close()
        if follow and answer.status == 303:
            return self.ask("GET", answer.getheader("Location"))
        return answer

    def page(self, path):
        return Page(self.ask("GET", path).text)

    def token(self, path="/account"):
        found = re.search(r'name="csrf" value="([0-9a-f]{64})"', self.ask("GET", path).text)
        return found.group(1) if found else ""

    def post(self, path, fields, **rest):
        return self.ask("POST", path, dict(fields, csrf=self.token()), **rest)

    def login(self, name, password, tries=5):
        """Tries again when all users together have tried more than four passwords in this second."""
        for _ in range(tries):
            answer = self.ask("POST", "/login", {"name": name, "password": password}, follow=False)
            if answer.status != 429:
                break
            time.sleep(1.1)
        return answer.status == 303


class Ktap:
    def __init__(self):
        self.number = self.failed = 0

    def check(self, good, name, why=""):
        self.number += 1
        print("%s %d %s" % ("ok" if good else "not ok", self.number, name))
        if not good:
            self.failed = 1
            print("# %s" % str(why)[:600].replace("\n", " "))


def setup(url, code, name, password):
    browser = Browser(url)
    answer = browser.ask("POST", "/setup", {"code": code, "name": name, "password": password, "again": password}, follow=False)
    print(answer.status)
    return 0 if answer.status == 303 else 1


def raw(browser, data, wait=5.0):
    """Bytes as they are; everything that comes back."""
    sock = socket.create_connection((browser.url.hostname, browser.url.port), timeout=wait)
    sock.sendall(data)
    got = b""
    try:
        while True:
            part = sock.recv(65536)
            if not part:
                break
            got += part
    except OSError:
        pass
    sock.close()
    return got


PAGES = ["/", "/alerts", "/alerts?period=24h&severity=3&verdict=3", "/alerts?host=198.18.0.77", "/blacklist", "/blacklist/manual",
         "/blacklist/auto", "/why?address=198.18.0.77", "/egress", "/reports", "/reports/top?period=24h", "/reports/security-log?period=24h", "/reports/assess",
         "/assets", "/settings", "/audit", "/audit?kind=change", "/users", "/account"]
EVIL = "<img src=x onerror=alert(1)>"


def pages_hold(t, admin, state):
    faults = []
    for path in PAGES + ["/alerts/%d" % state["alert"]]:
        for lang in ("en", "ja"):
            answer = admin.ask("GET", path + ("&" if "?" in path else "?") + "lang=" + lang)
            page = Page(answer.text)
            if answer.status != 200 or page.faults or page.lang != lang:
                faults.append((path, lang, answer.status, page.faults))
            if page.scripts != ["/portal.js"] or page.handlers:
                faults.append((path, "script", page.scripts, page.handlers))
            if len(set(page.ids)) != len(page.ids):
                faults.append((path, "ids", sorted(i for i in page.ids if page.ids.count(i) > 1)))
            for form in page.forms:
                if [c for c in form["controls"] if c not in page.labels]:
                    faults.append((path, "no label", form["controls"]))
            if lang == "ja" and not re.search("[ぁ-んァ-ン一-龥]", page.text):
                faults.append((path, "no Japanese"))
    t.check(not faults, "every page in both languages: sound HTML, our script only, a label for each field", faults)


def injection(t, admin, state):
    path = "/alerts/%d" % state["evil"]
    listing, page = admin.ask("GET", "/alerts").text, admin.ask("GET", path).text
    t.check("&lt;img src=x onerror=alert(1)&gt;" in listing and EVIL not in listing + page, "markup in a rule's text is shown, not run", listing)
    shown = admin.post(path + "/evidence", {})
    t.check(shown.status == 200 and "&lt;script&gt;" in shown.text and "<script>" not in shown.text.replace('<script src="/portal.js" defer="">', ""),
            "markup in a packet is shown, not run", shown.text)
    t.check("hunter2" not in shown.text and "****" in shown.text, "and its credentials are masked", shown.text)
    for query in ("host", "sid", "period", "severity", "before"):
        got = admin.ask("GET", "/alerts?%s=%s" % (query, urllib.parse.quote('"><script>alert(1)</script>'))).text
        t.check("<script>alert" not in got, "markup in the query %s is text" % query, got)
    got = admin.ask("GET", "/why?address=" + urllib.parse.quote("<svg onload=alert(1)>")).text
    t.check("<svg onload" not in got, "and in an address")
    got = raw(admin, b"GET /alerts?lang=en%0d%0aSet-Cookie:%20x=y HTTP/1.1\r\nHost: " + admin.url.netloc.encode() + b"\r\nConnection: close\r\n\r\n")
    t.check(b"\r\nSet-Cookie: x=y" not in got and got, "line ends in a query make no header", got)
    got = raw(admin, b"GET /%0d%0aX-Evil:%201 HTTP/1.1\r\nHost: " + admin.url.netloc.encode() + b"\r\nConnection: close\r\n\r\n")
    t.check(b"404" in got.split(b"\r\n")[0] and b"\r\nX-Evil" not in got, "nor in a path", got)


def forgery(t, admin, state):
    block = {"address": "203.0.113.66", "reason": "forged", "seconds": "3600"}
    answers = [admin.ask("POST", "/blacklist/block", block, follow=False).status,
               admin.ask("POST", "/blacklist/block", dict(block, csrf="0" * 64), follow=False).status,
               admin.ask("POST", "/blacklist/block", dict(block, csrf=admin.token()), {"Origin": "http://evil.example"}, follow=False).status,
               admin.ask("GET", "/blacklist/block?" + urllib.parse.urlencode(block), follow=False).status]
    t.check(answers == [403, 403, 403, 200] or answers == [403, 403, 403, 405], "a change without the token, with a wrong one, from another origin, or by GET is refused", answers)
    t.check("203.0.113.66" not in admin.ask("GET", "/blacklist/manual").text, "and blocked nothing")
    other = Browser(state["url"])
    other.login(*state["admin"])
    answer = admin.ask("POST", "/blacklist/block", dict(block, csrf=other.token()), follow=False)
    t.check(answer.status == 403, "a token of another session is refused", answer.status)
    for host, status in (("evil.example", 421), ("evil.example:7443", 421), ("localhost:7443", 303), ("127.0.0.1.evil.example", 421)):
        got = Browser(state["url"]).ask("GET", "/", headers={"Host": host}, follow=False).status
        t.check(got == status, "Host %s is answered by %d" % (host, status), got)
    answer = Browser(state["url"]).ask("POST", "/login", {"name": state["admin"][0], "password": state["admin"][1]}, {"Origin": "http://evil.example"}, follow=False)
    t.check(answer.status == 403, "nobody is logged in from another origin", answer.status)


def sessions(t, admin, state):
    fresh = Browser(state["url"])
    answer = fresh.ask("POST", "/login", {"name": state["admin"][0], "password": state["admin"][1]}, follow=False)
    cookie = getattr(answer, "cookie", "")
    t.check("HttpOnly" in cookie and "SameSite=Strict" in cookie and "Path=/" in cookie, "the session's cookie is HttpOnly and SameSite=Strict", cookie)
    fixed = Browser(state["url"])
    fixed.cookies["sekimori"] = "a" * 64
    fixed.login(*state["admin"])
    t.check(fixed.cookies["sekimori"] != "a" * 64, "a session that was given is not taken")
    kept = dict(fresh.cookies)
    fresh.post("/logout", {})
    fresh.cookies = kept
    t.check(fresh.ask("GET", "/alerts", follow=False).status == 303, "after the logout the cookie is worth nothing")
    for path in ("/", "/alerts", "/alerts/%d" % state["alert"], "/live", "/audit", "/users", "/settings", "/reports/top", "/assets"):
        status = Browser(state["url"]).ask("GET", path, follow=False).status
        if status != 303:
            t.check(False, "%s without a session" % path, status)
            break
    else:
        t.check(True, "no page without a session")


def roles(t, admin, state):
    answer = admin.post("/users", {"name": "watcher", "role": "viewer", "tenant": "", "password": "a-viewer-password"})
    viewer = Browser(state["url"])
    t.check(viewer.login("watcher", "a-viewer-password"), "an administrator makes a viewer", answer.text)
    got = {path: viewer.ask("POST", path, dict(fields, csrf=viewer.token()), follow=False).status for path, fields in {
        "/blacklist/block": {"address": "203.0.113.67", "reason": "x", "seconds": "60"},
        "/blacklist/unblock": {"address": "203.0.113.67"},
        "/alerts/%d/ack" % state["alert"]: {},
        "/alerts/%d/block" % state["alert"]: {"reason": "x"},
        "/alerts/%d/evidence" % state["alert"]: {},
        "/assets": {"text": "address,product\n192.0.2.1,x"},
        "/users": {"name": "watcher", "role": "admin", "tenant": ""},
        "/users/remove": {"name": state["admin"][0]}}.items()}
    got.update({path: viewer.ask("GET", path, follow=False).status for path in ("/audit", "/users")})
    t.check(set(got.values()) == {403}, "a viewer changes nothing, reads no evidence, no audit log, no users", got)
    answer = admin.post("/users/remove", {"name": "watcher"})
    t.check(viewer.ask("GET", "/", follow=False).status == 303, "a removed user's session ends at once", answer.text)
    answer = admin.post("/users/remove", {"name": state["admin"][0]})
    t.check(admin.ask("GET", "/users").status == 200, "the last administrator cannot be removed", answer.text)


def tenants(t, admin, state):
    admin.post("/users", {"name": "customer-a", "role": "operator", "tenant": "A", "password": "password-of-tenant-a"})
    a = Browser(state["url"])
    a.login("customer-a", "password-of-tenant-a")
    own, foreign = state["tenant_a"], state["tenant_b"]
    t.check(a.ask("GET", "/alerts/%d" % own).status == 200, "tenant A sees its own alert")
    got = [a.ask("GET", "/alerts/%d" % foreign, follow=False).status] + \
        [a.ask("POST", "/alerts/%d/%s" % (foreign, what), {"csrf": a.token(), "reason": "x"}, follow=False).status for what in ("ack", "evidence")]
    t.check(got == [404, 404, 404], "another tenant's alert is not there: page, acknowledgement, evidence", got)
    missing = a.ask("GET", "/alerts/%d" % (foreign + 100000), follow=False)
    same = a.ask("GET", "/alerts/%d" % foreign, follow=False)
    t.check(re.sub("[0-9]", "", missing.text) == re.sub("[0-9]", "", same.text), "and looks like one that never was")
    everything = "".join(a.ask("GET", p).text for p in ("/", "/alerts", "/alerts?host=203.0.113.200", "/reports/top?period=2026-11", "/reports/security-log?period=2026-11", "/reports/top?period=2026-11&format=csv", "/assets")) + \
        a.ask("GET", "/live", headers={"Last-Event-ID": "0"}).text
    t.check("secret of B" not in everything and "of tenant A" in everything, "tenant B is in no list, report, chart or stream of A", everything[-300:])
    got = {p: a.ask("GET", p, follow=False).status for p in ("/blacklist", "/egress", "/settings", "/audit", "/why?address=203.0.113.200", "/users")}
    t.check(set(got.values()) == {403}, "what belongs to the whole machine is closed to a tenant", got)
    got = a.ask("POST", "/alerts/%d/block" % own, {"csrf": a.token(), "reason": "x"}, follow=False).status
    t.check(got == 403, "a tenant blocks nobody for all", got)


def shapes(t, admin, state):
    host = admin.url.netloc.encode()
    for path in (b"/../../etc/passwd", b"/%2e%2e/%2e%2e/etc/passwd", b"/portal.css/../../users.json", b"/reports/..%2f..%2fusers.json", b"//etc/passwd", b"/alerts/1%00", b"/alerts/-1", b"/alerts/99999999999999999999999"):
        got = raw(admin, b"GET " + path + b" HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n")
        t.check(got.split(b"\r\n")[0].split(b" ")[1:2] in ([b"404"], [b"400"]) and b"root:" not in got, "no way to files by %s" % path.decode(), got[:200])
    got = raw(admin, b"POST /login HTTP/1.1\r\nHost: " + host + b"\r\nContent-Length: 2000000\r\n\r\n")
    t.check(b" 413 " in got.split(b"\r\n")[0] or not got, "a body that says it is too long is refused", got[:100])
    got = raw(admin, b"POST /login HTTP/1.1\r\nHost: " + host + b"\r\nTransfer-Encoding: chunked\r\n\r\n" + (b"10000\r\n" + b"a" * 65536 + b"\r\n") * 40)
    t.check(b" 200 " not in got.split(b"\r\n")[0], "one that grows too long is cut off", got[:100])
    got = raw(admin, b"GET / HTTP/1.1\r\nHost: " + host + b"\r\nX: " + b"a" * 200000 + b"\r\n\r\n")
    t.check(not got or b" 4" in got.split(b"\r\n")[0], "headers without end are refused", got[:100])
    for method in ("PUT", "DELETE", "TRACE", "OPTIONS", "CONNECT"):
        got = raw(admin, method.encode() + b" / HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n")
        if b" 200 " in got.split(b"\r\n")[0]:
            t.check(False, "method %s" % method, got[:100])
            break
    else:
        t.check(True, "other methods are refused")
    got = admin.ask("POST", "/login", "name=%zz", follow=False).status
    t.check(got == 400, "a broken form is refused", got)
    got = admin.ask("POST", "/login", "&".join("a%d=1" % i for i in range(1000)), follow=False).status
    t.check(got == 400, "and one of a thousand fields", got)
    for name, value in (("Content-Security-Policy", "default-src 'none'"), ("X-Content-Type-Options", "nosniff"), ("Cache-Control", "no-store"), ("Referrer-Policy", "same-origin")):
        answer = admin.ask("GET", "/alerts")
        if value not in (answer.getheader(name) or ""):
            t.check(False, "header %s" % name, answer.headers)
            break
    else:
        t.check("unsafe" not in answer.getheader("Content-Security-Policy"), "headers forbid what pages do not need")


def slowness(t, admin, state):
    host = admin.url.netloc.encode()
    slow = []
    for _ in range(60):
        sock = socket.create_connection((admin.url.hostname, admin.url.port), timeout=5)
        sock.sendall(b"POST /login HTTP/1.1\r\nHost: " + host + b"\r\nContent-Length: 1000\r\n\r\nname=")
        slow.append(sock)
    begin = time.time()
    status = admin.ask("GET", "/alerts").status
    took = time.time() - begin
    t.check(status == 200 and took < 2, "60 slow clients do not keep others waiting (%.3f s)" % took, (status, took))
    end, left = time.time() + 25, list(slow)
    while left and time.time() < end:
        time.sleep(0.5)
        for sock in list(left):
            sock.setblocking(False)
            try:
                if not sock.recv(1000):
                    left.remove(sock)
            except BlockingIOError:
                pass
            except OSError:
                left.remove(sock)
    t.check(not left, "and are gone within 25 s", len(left))
    for sock in slow:
        sock.close()


def throttling(t, admin, state):
    begin, answers = time.time(), []
    for i in range(9):
        answers.append(Browser(state["url"]).ask("POST", "/login", {"name": "nobody", "password": "guess %d" % i}, follow=False).status)
    t.check(answers[0] == 403 and answers[-1] == 429, "guessing is slowed down", answers)
    t.check(Browser(state["url"]).login(*state["admin"], tries=2), "and shuts out nobody else")


def attack(url, path):
    with open(path) as file:
        state = json.load(file)
    state["url"] = url
    t = Ktap()
    admin = Browser(url)
    t.check(admin.login(*state["admin"]), "the administrator logs in")
    for part in (pages_hold, injection, forgery, sessions, roles, tenants, shapes, slowness, throttling):
        try:
            part(t, admin, state)
        except Exception as fault:  # a test that dies has failed
            t.check(False, part.__name__, repr(fault))
    print("# %d checks" % t.number)
    return t.failed


if __name__ == "__main__":
    sys.exit({"setup": setup, "attack": attack}[sys.argv[1]](*sys.argv[2:]))
