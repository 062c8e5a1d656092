#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
# All measurements in one run; rows go to build/bench/NAME.tsv: metric, ours, peer, peer's name, ratio.
# Peers run in the same rounds; read the ratios, not the absolute times.
set -u
cd "$(dirname "$0")/../.." || exit 1
if [ -z "${BENCH_INSIDE-}" ]; then
	[ "$(id -u)" = 0 ] || { echo "bench: needs root (own network namespace, BPF)" >&2; exit 1; }
	BENCH_INSIDE=1 exec unshare --net --mount --propagation private bash "$0" "$@"
fi
mount -t sysfs sysfs /sys && mount -t bpf bpf /sys/fs/bpf || exit 1
SHARED=${SHARED:-$PWD/../shared}
echo "metric                                             ours   peer                           peer   ratio ours/peer"

export BENCH_TSV=$PWD/build/bench/xdp.tsv
rm -f build/bench/*.tsv
ip link add bench0 type veth peer name bench1
ip link add xf0 type veth peer name xf1
ip link add empty0 type veth peer name empty1
for one in bench0 bench1 xf0 xf1 empty0 empty1; do ip link set $one up; done
# A redirect into a veth needs an XDP program on its peer's hook or GRO there.
for one in bench0 xf0 empty0 empty1; do ethtool -K $one gro on >/dev/null 2>&1; done
if command -v xdp-filter >/dev/null; then
	xdp-filter load xf1 -f ipv4 -p allow >/dev/null 2>&1 && xdp-filter ip -m src 203.0.113.66 >/dev/null ||
		echo "# xdp-filter does not load here: no row for it"
else
	echo "# xdp-filter is not installed (Debian's xdp-tools): no row for it"
fi
build/bench/xdp || exit 1

export BENCH_TSV=$PWD/build/bench/engine.tsv
mix=build/bench/mix.pcap
if [ -e "$SHARED/tools/genmix.py" ]; then
	[ -e $mix ] || python3 "$SHARED/tools/genmix.py" $mix 100 1 >/dev/null
	bits=$(($(stat -c %s $mix) * 8))
	best=
	for _ in 1 2 3 4 5; do
		out=$(mktemp -d)
		TIMEFORMAT='%U %S'
		used=$({ time build/sekimori inspect -S 'rules/*.rules' -k none -l "$out" $mix >/dev/null 2>&1; } 2>&1 | tail -1 | awk '{print $1 + $2}')
		rm -rf "$out"
		best="$best $used"
	done
	echo "$best" | tr ' ' '\n' | grep . | sort -n | awk -v bits="$bits" -v tsv="$BENCH_TSV" '{v[NR] = $1} END {
		m = v[int((NR + 1) / 2)]
		printf "%-44s %10.2f   (median of %d; best %.2f)\n", "engine.gbit_per_cpu_second", bits / m / 1e9, NR, bits / v[1] / 1e9
		printf "engine.gbit_per_cpu_second\t%.3f\t\t\t\n", bits / m / 1e9 >> tsv }'
else
	echo "# no traffic mix generator beside the project: engine not measured"
fi
echo "rows: build/bench/*.tsv"
