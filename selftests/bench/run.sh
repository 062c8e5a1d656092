#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# All measurements in one run, or those that are named: run.sh [xdp] [egress] [engine] [loop] [lists] [prefilter] [latency] [inspect] [store] [events]. Rows go to build/bench/NAME.tsv: metric,
# ours, peer, peer's name, ratio. Peers run in the same rounds; read the ratios, not the absolute times.
set -u
cd "$(dirname "$0")/../.." || exit 1
[ "$*" = inspect ] || [ "$*" = store ] || [ "$(id -u)" = 0 ] || { echo "bench: needs root (network namespaces, BPF)" >&2; exit 1; }
[ $# -gt 0 ] || set -- xdp egress engine loop inspect store events
export SHARED=${SHARED:-$PWD/../shared} BIN=$PWD/build
mkdir -p build/bench
failed=0

bench_xdp() {
	mount -t sysfs sysfs /sys && mount -t bpf bpf /sys/fs/bpf || return 1
	local pair end
	for pair in bench xf empty drop; do
		ip link add ${pair}0 type veth peer name ${pair}1 || return 1
		for end in 0 1; do
			# No neighbour discovery between the measured frames: the counters of the far end have to be ours alone.
			sysctl -qw net.ipv6.conf.$pair$end.disable_ipv6=1
			ip link set $pair$end up
		done
		# A redirect into a veth needs NAPI on its peer: an XDP program or GRO.
		ethtool -K ${pair}0 gro on >/dev/null 2>&1
	done
	if ! command -v xdp-filter >/dev/null; then
		echo "# xdp-filter is not installed (Debian's xdp-tools): no row for it"
	elif ! { xdp-filter load xf1 -f ipv4 -p allow && xdp-filter ip -m src 203.0.113.66; } >/dev/null 2>&1; then
		echo "# xdp-filter does not load here: no row for it"
	fi
	build/bench/xdp
}

bench_lists() {
	mount -t sysfs sysfs /sys && mount -t bpf bpf /sys/fs/bpf || return 1
	build/bench/lists_parse "${LARGEST:-1000000}" &&
		build/bench/lists build/bench/lists.bpf.o "${LARGEST:-1000000}" "${LEAST:-0}" &&
		build/bench/lists_live build/bench/lists.bpf.o "${LARGEST:-1000000}" "${LEAST:-0}" &&
		python3 selftests/bench/lists_svg.py "$BENCH_TSV" build/bench/lists.svg && echo "curves: build/bench/lists.svg"
}

# Reports over the month that the store's benchmark made, from the start of the program to its end: the best of three.
bench_reports() {
	local report failed=0
	for report in top security-log notices; do
		python3 - "$1" "$report" "$BENCH_TSV" <<-'END' || failed=1
			import subprocess, sys, time
			def once():
			    began = time.monotonic()
			    subprocess.run(["build/sekimori", "report", sys.argv[2], "--store", sys.argv[1], "--period", "2014-09", "--tz", "UTC"], check=True, stdout=subprocess.DEVNULL)
			    return (time.monotonic() - began) * 1000
			best = min(once() for _ in range(3))
			print(f"{'ms for report ' + sys.argv[2]:44} {best:10.1f}   wanted at most             1000.0")
			print(f"ms for report {sys.argv[2]}\t{best:.1f}\t1000\twanted at most\t{best / 1000:.3f}", file=open(sys.argv[3], "a"))
			sys.exit(best > 1000)
		END
	done
	return $failed
}

bench_prefilter() {
	build/bench/prefilter build/bench/prefilter.bpf.o
}

bench_latency() {
	mount -t sysfs sysfs /sys && mount -t bpf bpf /sys/fs/bpf || return 1
	ip link set lo up && build/bench/latency "${LARGEST:-1000000}"
}

if [ "$1" = --inside ]; then
	"bench_$2"
	exit
fi
printf '%-44s %10s   %-24s %10s   ratio ours/peer\n' metric ours peer peer
for part in "$@"; do
	export BENCH_TSV=$PWD/build/bench/$part.tsv
	rm -f "$BENCH_TSV"
	case $part in
	xdp | lists | prefilter | latency) unshare --net --mount --propagation private bash "$0" --inside "$part" ;;
	egress) build/bench/egress ;;
	engine) selftests/bench/engine.sh ;;
	loop) selftests/bench/loop.sh ;;
	inspect) selftests/bench/inspect.sh ;;
	store)
		folder=$(mktemp -d -p build)
		build/bench/store "$folder" "${EVENTS:-1000000}" && bench_reports "$folder" && build/bench/portal "$folder"
		status=$?
		rm -rf "$folder"
		[ $status = 0 ]
		;;
	events) COUNT=${COUNT:-10000} RATE=${RATE:-1000} P99=1 selftests/netns/notice_rate.sh ;;
	*) echo "bench: there are xdp, egress, engine, loop, lists, prefilter, latency, inspect, store and events" >&2; exit 2 ;;
	esac || { echo "bench: $part failed" >&2; failed=1; }
done
echo "rows: build/bench/*.tsv"
exit $failed
