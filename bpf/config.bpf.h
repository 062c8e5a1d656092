/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * config.bpf.h - switches that a loader may set before load, and the
 * settings that hold while nobody has written the settings map.
 */
#ifndef BPF_CONFIG_H
#define BPF_CONFIG_H

#include "maps.bpf.h"

const volatile __u8 seki_check_spoof = 1;
const volatile __u8 seki_check_lists = 1;
const volatile __u8 seki_check_egress = 1;
const volatile __u8 seki_track_flows = 1;
const volatile __u8 seki_copy_suspects = 1;
const volatile __u8 seki_count_entries = 1; /* per-entry counters: a second cold line per hit */
const volatile __u32 seki_unproven_rate =
	20000; /* records per second and CPU of flows that proved nothing (T18) */

/*
 * After a bare `ip link`: watch, drop nothing by force, copy nothing (no
 * engine is there). Writable only because global functions take it as memory.
 */
struct seki_settings seki_defaults = {
	.rings = 0,
	.depth = {64 << 10, 256 << 10},
	.chunk = SEKI_CHUNK_MAX,
	.rate = 200,
	.burst = 400,
	.decision_rate = 0,
	.quota = 8192,
	.tcp_idle = 600,
	.tcp_closing = 15,
	.udp_idle = 60,
	.other_idle = 30,
};

#define DEFAULT_ROLE SEKI_ROLE_WAN
#define DEFAULT_MODE SEKI_MODE_MONITOR

#endif
