#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# The whole loop, real nginx and curl in namespaces. First RUNS Shellshock requests, each from a new source: time from the attack's
# packet to the first one of that source that is dropped, and the bytes delivered before the cut. Then CLIENTS normal clients,
# protected, unprotected, and with an XDP program that only passes (what a virtual link pays for any) by turns for ROUNDS rounds:
# lost requests and latency.
. "$(dirname "$0")/../lib/world.sh"
RUNS=${RUNS:-1000} CLIENTS=${CLIENTS:-200} ROUNDS=${ROUNDS:-6} RATE=${RATE:-400} SECONDS_EACH=${SECONDS_EACH:-5}
tsv=${BENCH_TSV:-/dev/null}
export SOURCES=198.18.0.0/20
world_new
failed=0

attack() {
	world_up --enforce --confirm-within 3600 <<<"" && sekimori confirm >/dev/null || return 1
	# shellcheck disable=SC2016 # for the inner shell
	machine_background internet "$WORLD/tcpdump.out" sh -c 'echo $$ >"$1"; shift; exec tcpdump "$@"' - "$WORLD/tcpdump.pid" -i wan -n -p --immediate-mode -s 256 -B 65536 --time-stamp-precision=nano -Z root -w "$WORLD/wire.pcap"
	wait_for 10 grep -q 'listening on' "$WORLD/tcpdump.out" || return 1
	internet python3 "$here/selftests/bench/block_time.py" attack --target 198.51.100.1 --runs "$RUNS" --sources $SOURCES >"$WORLD/attack" || return 1
	internet kill -INT "$(cat "$WORLD/tcpdump.pid")"
	wait_for 10 grep -q 'packets captured' "$WORLD/tcpdump.out" || return 1
	wait_for 20 all_told
	python3 "$here/selftests/bench/block_time.py" read "$WORLD/wire.pcap" >"$WORLD/wire"
	python3 - "$WORLD/wire" "$WORLD/attack" "$EVE" "$tsv" "$(grep -E 'dropped by kernel' "$WORLD/tcpdump.out")" <<-'END'
		import json, sys
		wire, attack = json.load(open(sys.argv[1])), json.load(open(sys.argv[2]))
		alerts = [e for e in map(json.loads, open(sys.argv[3])) if e["event_type"] == "alert" and "hellshock" in e["alert"]["signature"]]
		cut = {e["src_ip"]: e["sekimori"]["delivered"] for e in alerts if e["sekimori"]["verdict"] == "cut" and e["sekimori"]["severity"] == "critical"}
		rows = [("loop.attacks", attack["runs"]), ("loop.attacks_cut_off", wire["blocked"]), ("loop.attacks_alerted_critical_cut", len(cut))]
		rows += [(f"loop.block_ms_{q}", wire["block_ms"].get(q, -1)) for q in ("p50", "p90", "p99", "max")]
		for key in ("bytes", "pkts"):
		    values = sorted(one[key] for one in cut.values())
		    if values:
		        rows += [(f"loop.delivered_{key}_p50", values[len(values) // 2]), (f"loop.delivered_{key}_max", values[-1])]
		print(f"# {sys.argv[5].strip()}; time between two probes: p50 {wire['probe_gap_ms']['p50']:.2f} ms, p99 {wire['probe_gap_ms']['p99']:.2f} ms: the resolution")
		if wire["not_blocked"]:
		    print("# not blocked:", *wire["not_blocked"])
		with open(sys.argv[4], "a") as out:
		    for metric, value in rows:
		        print(f"{metric:44} {value:10.2f}")
		        print(f"{metric}\t{value:.3f}\t\t\t", file=out)
		sys.exit(wire["blocked"] < attack["runs"] or wire["attacks"] < attack["runs"] or len(cut) < attack["runs"])
	END
}
all_told() { [ "$(eve_select 'e["event_type"] == "alert"' | wc -l)" -ge "$RUNS" ]; }

clients() { # name of the side
	internet $TRAFFIC clients --target 198.51.100.1 --count "$CLIENTS" --seconds "$SECONDS_EACH" --source 198.19.0.1 --rate "$RATE" >>"$WORLD/$1"
}
protected() {
	world_up --enforce --confirm-within 3600 <<<"" && sekimori confirm >/dev/null && clients protected || return 1
	sekimori down >/dev/null
}
bare() { clients bare; }
empty() {
	server ip link set dev wan xdp obj "$WORLD/empty.o" sec xdp && clients empty || return 1
	server ip link set dev wan xdp off
}

by_turns() {
	local round side sides=(protected bare empty)
	printf '__attribute__((section("xdp"), used)) int empty(void *ctx)\n{\n\treturn 2;\n}\n' |
		clang -target bpf -O2 -c -x c -o "$WORLD/empty.o" - || return 1
	sekimori down >/dev/null 2>&1
	clients bare # files and caches warm up
	for side in "${sides[@]}"; do : >"$WORLD/$side"; done
	for ((round = 0; round < ROUNDS; round++)); do
		# Another one begins each round: a drift of the machine hits all sides alike.
		for side in 0 1 2; do
			"${sides[(round + side) % 3]}" || return 1
		done
	done
	python3 - "$WORLD" "$tsv" <<-'END'
		import json, sys
		world, tsv = sys.argv[1:]
		sides = {name: [json.loads(line) for line in open(f"{world}/{name}")] for name in ("protected", "bare", "empty")}
		middle = lambda values: sorted(values)[len(values) // 2]
		latency = {name: {q: middle([r["latency_ms"][q] for r in runs]) for q in ("p50", "p90", "p99", "max")} for name, runs in sides.items()}
		total = {name: {key: sum(r[key] for r in runs) for key in ("lost", "answered")} for name, runs in sides.items()}
		rows = [(f"loop.clients_latency_ms_{q}", name, latency, q) for q in ("p50", "p90", "p99", "max") for name in ("bare", "empty")]
		rows += [(f"loop.clients_{key}", "bare", total, key) for key in ("lost", "answered")]
		with open(tsv, "a") as out:
		    for metric, name, table, key in rows:
		        mine, peer = table["protected"][key], table[name][key]
		        ratio = f"{mine / peer:.3f}" if peer else ""
		        title = {"bare": "unprotected", "empty": "empty XDP program"}[name]
		        print(f"{metric:44} {mine:10.2f}   {title:24} {peer:10.2f}   ratio {ratio}")
		        print(f"{metric}\t{mine:.3f}\t{peer:.3f}\t{title}\t{ratio}", file=out)
		for run in sides["protected"]:
		    if run["lost"]:
		        print("# lost:", *run["why_lost"])
		sys.exit(total["protected"]["lost"] > 0)
	END
}

attack || { echo "loop: not every attacker was cut off (above)" >&2; failed=1; }
by_turns || { echo "loop: normal clients lost requests, or a round failed (above)" >&2; failed=1; }
exit $failed
