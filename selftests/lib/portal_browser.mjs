// SPDX-License-Identifier: GPL-2.0-or-later
// Drives the portal in a real Chromium over its debugging pipe: every page, both languages, narrow and wide, light and dark, with and
// without scripts; every button of an alert. Pictures go to DIR. KTAP lines on stdout.
//   node portal_browser.mjs URL STATE DIR
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const [url, statePath, dir] = process.argv.slice(2);
const state = JSON.parse(readFileSync(statePath, "utf8"));
mkdirSync(dir, { recursive: true });
const profile = mkdtempSync(join(tmpdir(), "portal-browser-"));
const chromium = spawn("chromium", ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
	"--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars", `--user-data-dir=${profile}`,
	"--remote-debugging-pipe", "about:blank"], { stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"] });
let failed = 0, number = 0, serial = 0, text = "";
const waiting = new Map(), listeners = [];
chromium.stdio[4].on("data", (part) => {
	text += part.toString("utf8");
	for (let end; (end = text.indexOf("\0")) >= 0; text = text.slice(end + 1)) {
		const message = JSON.parse(text.slice(0, end));
		if (message.id) {
			const [good, bad] = waiting.get(message.id);
			waiting.delete(message.id);
			message.error ? bad(new Error(JSON.stringify(message.error))) : good(message.result);
		} else {
			listeners.forEach((fn) => fn(message));
		}
	}
});
function send(method, params = {}, sessionId) {
	const id = ++serial;
	chromium.stdio[3].write(JSON.stringify({ id, method, params, sessionId }) + "\0");
	return new Promise((good, bad) => waiting.set(id, [good, bad]));
}
function check(good, name, why) {
	console.log(`${good ? "ok" : "not ok"} ${++number} ${name}`);
	if (!good) {
		failed = 1;
		console.log("# " + String(JSON.stringify(why)).slice(0, 900));
	}
}

let session, complaints = [];
listeners.push((message) => {
	if (message.method === "Log.entryAdded" && ["error", "warning"].includes(message.params.entry.level))
		complaints.push(message.params.entry.text + " " + (message.params.entry.url || ""));
	if (message.method === "Runtime.exceptionThrown")
		complaints.push(message.params.exceptionDetails.text);
	if (message.method === "Network.requestWillBeSent" && !message.params.request.url.startsWith(url) && !/^(about|data|chrome)/.test(message.params.request.url))
		complaints.push("asked for " + message.params.request.url);
	if (message.method === "Page.javascriptDialogOpening")
		complaints.push("a dialog: " + message.params.message);
});
const on = (method, params) => send(method, params, session);
async function run(expression) {
	const answer = await on("Runtime.evaluate", { expression, returnByValue: true, awaitPromise: true });
	if (answer.exceptionDetails)
		throw new Error(expression + ": " + JSON.stringify(answer.exceptionDetails));
	return answer.result.value;
}
function loaded() {
	return new Promise((good, bad) => {
		const timer = setTimeout(() => bad(new Error("no page within 20 s")), 20000);
		const fn = (message) => {
			if (message.method !== "Page.loadEventFired")
				return;
			clearTimeout(timer);
			listeners.splice(listeners.indexOf(fn), 1);
			good();
		};
		listeners.push(fn);
	});
}
async function go(path) {
	const done = loaded();
	await on("Page.navigate", { url: url + path });
	await done;
}
async function press(expression) {
	const done = loaded();
	await run(expression);
	await done;
}
async function picture(name) {
	const size = await run("({w: innerWidth, h: Math.min(document.documentElement.scrollHeight, 2600)})");
	const shot = await on("Page.captureScreenshot", { captureBeyondViewport: true, clip: { x: 0, y: 0, width: size.w, height: size.h, scale: 1 } });
	writeFileSync(join(dir, name + ".png"), Buffer.from(shot.data, "base64"));
}
async function shape(width, dark) {
	await on("Emulation.setDeviceMetricsOverride", { width, height: 900, deviceScaleFactor: 1, mobile: width < 600 });
	await on("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: dark ? "dark" : "light" }] });
}

// What a person would stumble over, measured in the page itself.
const STUMBLES = `(() => {
	const faults = [];
	if (document.documentElement.scrollWidth > innerWidth + 1) faults.push("wider than the screen: " + document.documentElement.scrollWidth);
	const light = (c) => { const v = c.map((x) => { x /= 255; return x <= 0.03928 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4; }); return 0.2126 * v[0] + 0.7152 * v[1] + 0.0722 * v[2]; };
	const colour = (s) => (s.match(/[\\d.]+/g) || []).map(Number);
	const behind = (e) => { for (; e; e = e.parentElement) { const c = colour(getComputedStyle(e).backgroundColor); if (c.length === 3 || c[3] > 0) return c.slice(0, 3); } return matchMedia("(prefers-color-scheme: dark)").matches ? [0, 0, 0] : [255, 255, 255]; };
	for (const e of document.querySelectorAll("p, a, td, th, dt, dd, h1, h2, button, label, .badge, time")) {
		if (!e.textContent.trim() || !e.offsetParent || e.closest(".skip")) continue;
		const a = light(colour(getComputedStyle(e).color).slice(0, 3)), b = light(behind(e)), ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		if (ratio < 4.5) faults.push("contrast " + ratio.toFixed(1) + ": " + e.tagName + "." + e.className + " " + e.textContent.trim().slice(0, 30));
	}
	for (const e of document.querySelectorAll("input:not([type=hidden]), select, textarea")) if (!e.labels || !e.labels.length) faults.push("no label: " + e.name);
	for (const e of document.querySelectorAll("button, a")) if (!e.textContent.trim() && !e.getAttribute("aria-label")) faults.push("no name: " + e.outerHTML.slice(0, 60));
	if (innerWidth < 600) for (const e of document.querySelectorAll("button, input:not([type=hidden]), select, nav a")) { const r = e.getBoundingClientRect(); if (r.height && r.height < 32) faults.push("too small to touch: " + e.textContent.slice(0, 20) + " " + r.height); }
	if (document.querySelectorAll("h1").length < 1 || !document.querySelector("main")) faults.push("no heading or main");
	return [...new Set(faults)].slice(0, 12);
})()`;

const pages = { now: "/", alerts: "/alerts", filtered: "/alerts?severity=3&verdict=3&period=24h", alert: `/alerts/${state.alert}`, evil: `/alerts/${state.evil}`,
	blacklist: "/blacklist", manual: "/blacklist/manual", auto: "/blacklist/auto", why: "/why?address=198.18.0.77", egress: "/egress",
	reports: "/reports", top: "/reports/top?period=24h", log: "/reports/security-log?period=24h", notices: "/reports/notices?period=24h",
	assess: "/reports/assess", assets: "/assets",
	settings: "/settings", audit: "/audit", users: "/users", account: "/account", missing: "/nothing-here" };

async function everyPage() {
	for (const lang of ["en", "ja"])
		for (const [width, dark] of [[1280, false], [1280, true], [390, false], [390, true]]) {
			const faults = [];
			await shape(width, dark);
			for (const [name, path] of Object.entries(pages)) {
				await go(path + (path.includes("?") ? "&" : "?") + "lang=" + lang);
				const found = await run(STUMBLES);
				if (found.length)
					faults.push([name, found]);
				await picture(`${name}-${lang}-${width}-${dark ? "dark" : "light"}`);
			}
			check(!faults.length, `every page in ${lang}, ${width} wide, ${dark ? "dark" : "light"}: nothing to stumble over`, faults);
		}
}

async function login() {
	await go("/login");
	await run(`document.getElementById("name").value = ${JSON.stringify(state.admin[0])}; document.getElementById("password").value = ${JSON.stringify(state.admin[1])}`);
	await press(`document.querySelector("main form button").click()`);
}
const form = (what) => `document.querySelector('form[action$="/${what}"]')`;
async function buttons() {
	await shape(1280, false);
	for (const [what, reason] of [["ack", false], ["block", true], ["unblock", false], ["suppress", true], ["tell-again", false], ["evidence", false]]) {
		await go(`/alerts/${state.evil}?lang=en`);
		if (!(await run(`!!${form(what)}`))) {
			check(false, `the button ${what} is there`, "no form");
			continue;
		}
		if (reason)
			await run(`${form(what)}.querySelector("[name=reason]").value = "pressed <b>in</b> the browser"`);
		await press(`${form(what)}.querySelector("button").click()`);
		const said = await run(`(document.querySelector("[role=status].good") || {}).textContent || ""`);
		check(what === "evidence" ? (await run("location.pathname")).endsWith("/evidence") : said, `the button ${what} does it: ${said}`, await run("document.querySelector('main').innerText.slice(0, 300)"));
		await picture(`pressed-${what}`);
	}
	await go("/blacklist?lang=en");
	await run(`document.getElementById("prefix").value = "203.0.113.77"; document.getElementById("reason").value = "by hand"`);
	await press(`${form("blacklist/block")}.querySelector("button").click()`);
	await go("/blacklist/manual");
	check((await run("document.body.innerText")).includes("203.0.113.77"), "an address is blocked by hand");
	await press(`[...document.querySelectorAll('form[action="/blacklist/unblock"]')].find((f) => f.address.value === "203.0.113.77").querySelector("button").click()`);
	await go("/blacklist/manual");
	check(!(await run("document.body.innerText")).includes("203.0.113.77"), "and unblocked");
	await go("/assets?lang=en");
	await run(`document.getElementById("text").value = "address,port,product,version\\n198.51.100.1,80,nginx,1.22\\n"`);
	await press(`${form("assets")}.querySelector("button").click()`);
	check((await run("document.body.innerText")).includes("nginx"), "assets are imported");
	await go("/users?lang=en");
	await run(`document.getElementById("name").value = "visitor"; document.getElementById("password").value = "a-visitors-password"`);
	await press(`${form("users")}.querySelector("button").click()`);
	check((await run("document.body.innerText")).includes("visitor"), "a user is added");
	await press(`[...document.querySelectorAll('form[action="/users/remove"]')].find((f) => f.querySelector("[name=name]").value === "visitor").querySelector("button").click()`);
	check(!(await run("[...document.querySelectorAll('td')].map((e) => e.textContent).join()")).includes("visitor"), "and removed");
	await go("/alerts?lang=en");
	await run(`document.getElementById("severity").value = "3"`);
	await press(`document.querySelector("form.filter button").click()`);
	check((await run("location.search")).includes("severity=3"), "the filter is a form that works by itself");
}
async function live() {
	await go("/?lang=en");
	const before = await run("document.querySelectorAll('#live li').length");
	await run(`new Promise((good) => { const timer = setInterval(() => { if (document.getElementById("live-state").textContent) { clearInterval(timer); good(); } }, 100); setTimeout(good, 8000); })`);
	console.log("# live");
	process.stdout.write("@attack\n");
	const grew = await run(`new Promise((good) => { const end = Date.now() + 15000; const timer = setInterval(() => { const n = document.querySelectorAll('#live li.fresh').length; if (n || Date.now() > end) { clearInterval(timer); good(n); } }, 100); })`);
	check(grew > 0, "a new attack appears in the list by itself", { before, grew });
}
async function keyboard() {
	await go("/?lang=en");
	const seen = [];
	for (let i = 0; i < 6; i++) {
		await on("Input.dispatchKeyEvent", { type: "keyDown", key: "Tab", code: "Tab", windowsVirtualKeyCode: 9 });
		await on("Input.dispatchKeyEvent", { type: "keyUp", key: "Tab", code: "Tab", windowsVirtualKeyCode: 9 });
		seen.push(await run("document.activeElement.getAttribute('href') + ' ' + (getComputedStyle(document.activeElement).outlineStyle !== 'none')"));
	}
	check(seen[0] === "#main true" && new Set(seen).size === 6 && seen.every((s) => s.endsWith("true")), "the keyboard reaches the content first, then page after page, and shows where it is", seen);
}
async function plain() {
	await on("Emulation.setScriptExecutionDisabled", { value: true });
	for (const path of ["/", `/alerts/${state.alert}`])
		await go(path);
	await picture("now-without-scripts");
	await on("Emulation.setScriptExecutionDisabled", { value: false });
	check((await run("document.querySelectorAll('#live li').length")) >= 0 && (await run("document.querySelector('h1').textContent")), "pages show without scripts");
}

try {
	const target = await send("Target.createTarget", { url: "about:blank" });
	session = (await send("Target.attachToTarget", { targetId: target.targetId, flatten: true })).sessionId;
	for (const domain of ["Page", "Runtime", "Log", "Network"])
		await on(domain + ".enable");
	await shape(1280, false);
	await go("/login?lang=en");
	await picture("login-en");
	await go("/setup?lang=ja");
	await picture("setup-ja");
	await login();
	check((await run("location.pathname")) === "/", "a person logs in");
	complaints = [];
	for (const part of [buttons, live, keyboard, plain, everyPage])
		await part();
	const real = complaints.filter((c) => !/404|favicon/.test(c));
	check(!real.length, "the browser complains of nothing, runs no foreign script, asks nobody else", real);
} catch (fault) {
	check(false, "the browser goes on", String(fault.stack || fault));
}
console.log(`1..${number}`);
const gone = new Promise((good) => chromium.on("exit", good));
chromium.kill();
await gone; // its profile lies in the folder of the test, which goes as a whole
process.exit(failed);
