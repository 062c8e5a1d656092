. /work/main/selftests/lib/world.sh
world_new
world_enforce <<<""
internet $TRAFFIC clients --target 198.51.100.1 --count 20 --seconds 4 --source 198.18.9.1 --rate 20
for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 1;
server bpftool map lookup pinned /sys/fs/bpf/sekimori/default/seki_sources key hex 00 00 00 00 00 00 00 00 00 00 ff ff c6 12 09 01 2>&1 | grep -A12 clean | tr -d '\n '; echo;done
status_of .engine; status_of .proposals_refused
server bpftool map dump pinned /sys/fs/bpf/sekimori/default/seki_flows | head -60
sekimori metrics | grep reason
cat $WORLD/run/default/sekimorid.log
