// SPDX-License-Identifier: GPL-2.0-or-later
// The list of the first page follows what happens. Everything works without it.
"use strict";
(function () {
	const list = document.getElementById("live"), state = document.getElementById("live-state");
	const severities = ["low", "medium", "high", "critical"], verdicts = ["unknown", "blocked", "cut", "would", "passed"];
	if (!list || !window.EventSource)
		return;
	function piece(parent, tag, name, text) {
		const node = document.createElement(tag);
		node.className = name;
		node.textContent = text; // never markup: what is shown was sent by strangers
		parent.append(node, " ");
		return node;
	}
	function row(event) {
		const item = document.createElement("li");
		item.className = "fresh";
		piece(item, "a", "", event.time).href = "/alerts/" + encodeURIComponent(String(event.id));
		piece(item, "span", "badge s-" + (severities[event.severity] || "low"), event.severity_word);
		piece(item, "span", "badge v-" + (verdicts[event.verdict] || "unknown"), event.verdict_word);
		piece(item, "span", "label", event.label);
		piece(item, "span", "ends", event.src + " → " + event.dst);
		list.prepend(item);
		while (list.children.length > 50)
			list.lastElementChild.remove();
	}
	const source = new EventSource("/live");
	let failures = 0;
	source.onmessage = function (message) {
		failures = 0;
		state.textContent = list.dataset.on;
		JSON.parse(message.data).forEach(row);
	};
	source.onerror = function () {
		// Each answer ends after what is new; only several in a row without one are a fault.
		if (++failures > 3)
			state.textContent = list.dataset.off;
	};
})();
