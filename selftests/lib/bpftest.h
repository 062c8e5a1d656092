/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bpftest.h - the world of one packet test: the BPF object loaded without
 * pins, its maps written as user space would, its programs run on frames.
 *
 * Programs run on interface 1 ("lo"), so that a test gives that interface the
 * role it is about. A failure of the world itself (not of what is tested)
 * ends the program with "Bail out!".
 */
#ifndef SELFTESTS_BPFTEST_H
#define SELFTESTS_BPFTEST_H

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_link.h>
#include <linux/pkt_cls.h>
#include <stddef.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "sekimori/event.h"
#include "sekimori/maps.h"
#include "lib/frame.h"
#include "lib/ktap.h"
#include "lib/list_fill.h"

#define WORLD_IFINDEX	1
#define WORLD_OUT_SPARE 64
#define WORLD_ROWS	1000
#define XDP_FRAME_MAX	3400 /* of a frame without frags in a test run */

struct world {
	struct bpf_object *object;
	int xdp, frags, tc, ctl;
	int settings, ifaces, nets, blocked, egress_host, egress, flows, embryos, quota, sources, counters,
		losses;
	int rings, prio;
	struct gate_list_row rows[2][WORLD_ROWS]; /* of both blacklist generations */
	__u32 row_count[2];
	struct seki_settings policy;
	struct ring_buffer *reader; /* of ring 0 */
	struct ring_buffer *prio_reader;
};

static const char *const reason_name[] = {
#define X(id, name, ...) [SEKI_R_##id] = name,
	SEKI_REASONS(X)
#undef X
};

/* The table's class V, whose action settings and mode may change. */
static const bool reason_is_verdict[] = {
#define REASON_CLASS_V		true
#define REASON_CLASS_X		false
#define X(id, name, class, ...) [SEKI_R_##id] = REASON_CLASS_##class,
	SEKI_REASONS(X)
#undef X
};

static const bool reason_drops[] = {
#define REASON_ACTION_DROP		true
#define REASON_ACTION_PASS		false
#define X(id, name, class, action, ...) [SEKI_R_##id] = REASON_ACTION_##action,
	SEKI_REASONS(X)
#undef X
};

static inline void world_die(const char *what, const char *name, int error)
{
	printf("Bail out! %s %s: %s\n", what, name, strerror(error < 0 ? -error : error));
	fflush(stdout);
	_exit(1);
}

static inline int world_map(struct world *w, const char *name)
{
	int fd = bpf_object__find_map_fd_by_name(w->object, name);

	if (fd < 0)
		world_die("map", name, fd);
	return fd;
}

static inline int world_prog(struct world *w, const char *name)
{
	struct bpf_program *prog = bpf_object__find_program_by_name(w->object, name);

	if (!prog)
		world_die("program", name, ENOENT);
	return bpf_program__fd(prog);
}

/* The reason why packet tests cannot run here, or NULL. */
static inline const char *world_missing(void)
{
	return geteuid() ? "needs root" : NULL;
}

/* The output of a test program that cannot run at all. */
static inline int ktap_skip_all(const char *reason)
{
	printf("KTAP version 1\n1..1\nok 1 packet_tests # SKIP %s\n", reason);
	return 0;
}

struct world_size {
	const char *map;
	unsigned int entries;
};

__attribute__((format(printf, 2, 0))) static inline int world_print(enum libbpf_print_level level,
								    const char *format, va_list arguments)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, format, arguments) : 0;
}

/* Opens build/sekimori.bpf.o ($BUILD names another folder) with small tables unless `sizes` (ended by NULL)
 * says else. */
static inline void world_open(struct world *w, const struct world_size *sizes)
{
	static const struct world_size small[] = {
		{"seki_flows", 8192},	{"seki_embryos", 8192}, {"seki_quota", 4096},
		{"seki_sources", 8192}, {"seki_hits", 4096},	{NULL, 0},
	};
	const char *build = getenv("BUILD");
	char path[4096];
	struct bpf_map *map;
	int error;

	*w = (struct world){.object = NULL};
	libbpf_set_print(world_print);
	snprintf(path, sizeof(path), "%s/" SEKI_OBJECT, build && *build ? build : "build");
	w->object = bpf_object__open_file(path, NULL);
	if (!w->object)
		world_die("open", path, errno);
	bpf_object__for_each_map(map, w->object) bpf_map__set_pin_path(map, NULL);
	for (int pass = 0; pass < 2; pass++) {
		for (const struct world_size *s = pass ? sizes : small; s && s->map; s++) {
			map = bpf_object__find_map_by_name(w->object, s->map);
			error = map ? bpf_map__set_max_entries(map, s->entries) : -ENOENT;
			if (error)
				world_die("resize", s->map, error);
		}
	}
	error = bpf_object__load(w->object);
	if (error)
		world_die("load", path, error);
	w->xdp = world_prog(w, SEKI_PROG_XDP);
	w->frags = world_prog(w, SEKI_PROG_XDP_FRAGS);
	w->tc = world_prog(w, SEKI_PROG_TC);
	w->ctl = world_prog(w, SEKI_PROG_CTL);
	w->settings = world_map(w, "seki_settings");
	w->ifaces = world_map(w, "seki_ifaces");
	w->nets = world_map(w, "seki_nets");
	w->blocked = world_map(w, "seki_blocked");
	w->egress_host = world_map(w, "seki_egress_host");
	w->egress = world_map(w, "seki_egress");
	w->flows = world_map(w, "seki_flows");
	w->embryos = world_map(w, "seki_embryos");
	w->quota = world_map(w, "seki_quota");
	w->sources = world_map(w, "seki_sources");
	w->counters = world_map(w, "seki_counters");
	w->losses = world_map(w, "seki_losses");
	w->rings = world_map(w, "seki_rings");
	w->prio = world_map(w, "seki_prio");
}

static inline void world_close(struct world *w)
{
	ring_buffer__free(w->reader);
	ring_buffer__free(w->prio_reader);
	bpf_object__close(w->object);
	*w = (struct world){.object = NULL};
}

/* The second that the programs read: their clock is the coarse one. */
static inline unsigned int world_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return now.tv_sec;
}

static inline void map_write(int fd, const void *key, const void *value, const char *name)
{
	if (bpf_map_update_elem(fd, key, value, BPF_ANY))
		world_die("update", name, errno);
}

/* Writes w->policy, which a test changes in place. */
static inline void settings_write(struct world *w)
{
	__u32 zero = 0;

	map_write(w->settings, &zero, &w->policy, "seki_settings");
}

/* A policy that inspects, limits nothing that a test would hit by chance, and has default actions. */
static inline void settings_sane(struct world *w)
{
	w->policy = (struct seki_settings){
		.magic = SEKI_MAGIC,
		.schema = SEKI_SCHEMA,
		.generation = 1,
		.rings = 1,
		.depth = {65536, 65536},
		.chunk = 4096,
		.rate = 100000,
		.burst = 100000,
		.decision_rate = 1000,
		.quota = 100000,
		.tcp_idle = 300,
		.tcp_closing = 10,
		.udp_idle = 60,
		.other_idle = 60,
		.grace_limit = 100,
	};
	settings_write(w);
}

static inline void iface_write(struct world *w, int vlan, enum seki_role role, enum seki_mode mode,
			       __u32 until)
{
	struct seki_iface_key key = {.ifindex = WORLD_IFINDEX, .vlan = vlan};
	struct seki_iface value = {.role = role, .mode = mode, .enforce_until = until};

	map_write(w->ifaces, &key, &value, "seki_ifaces");
}

/* Reads "192.0.2.1", "192.0.2.0/24" or "2001:db8::/32"; prefixes of v4 are 96 + len. */
static inline struct seki_lpm lpm_of(const char *text)
{
	struct seki_lpm lpm = {.prefixlen = 128};
	char address[INET6_ADDRSTRLEN + 4];
	const char *slash = strchr(text, '/');
	size_t size = slash ? (size_t)(slash - text) : strlen(text);
	bool v6 = strchr(text, ':');

	if (size >= sizeof(address))
		frame_die("address", text);
	memcpy(address, text, size);
	address[size] = 0;
	if (!v6)
		lpm.addr.b[10] = lpm.addr.b[11] = 0xff;
	if (inet_pton(v6 ? AF_INET6 : AF_INET, address, v6 ? lpm.addr.b : lpm.addr.b + 12) != 1)
		frame_die("address", text);
	if (slash)
		lpm.prefixlen = strtoul(slash + 1, NULL, 10) + (v6 ? 0 : 96);
	return lpm;
}

static inline struct seki_addr addr_of(const char *text)
{
	return lpm_of(text).addr;
}

/* Builds the generation of a slot from w->rows. */
static inline void list_rebuild(struct world *w, __u32 slot)
{
	struct seki_list_head head;
	struct list_table table;

	if (list_fill(w->object, slot, w->rows[slot], w->row_count[slot], &head, &table))
		world_die("build", "the list", errno);
	list_drop(&table);
}

/* Adds a prefix to the blacklist of the active generation. */
static inline void list_add_entry(struct world *w, const char *prefix, struct seki_entry entry)
{
	__u32 slot = w->policy.active;

	if (w->row_count[slot] == WORLD_ROWS)
		world_die("add", prefix, ENOSPC);
	w->rows[slot][w->row_count[slot]++] = (struct gate_list_row){lpm_of(prefix), entry};
	list_rebuild(w, slot);
}

static inline void list_add(struct world *w, const char *prefix, unsigned int flags)
{
	list_add_entry(w, prefix, (struct seki_entry){.list = 3, .flags = flags});
}

static inline void net_add(struct world *w, const char *prefix, __u32 flags, const struct seki_scope *scope)
{
	struct seki_lpm key = lpm_of(prefix);
	struct seki_net net = {.flags = flags, .scopes = scope ? 1 : 0};

	if (scope)
		net.scope[0] = *scope;
	map_write(w->nets, &key, &net, prefix);
}

static inline void block_add(struct world *w, const char *address, __u32 until)
{
	struct seki_addr key = addr_of(address);
	struct seki_entry entry = {.expires = until, .flags = SEKI_ENTRY_SRC, .sid = 77};

	map_write(w->blocked, &key, &entry, address);
}

/* Profile `profile` may open `proto`/`port` towards `prefix`. */
static inline void egress_add(struct world *w, int profile, int proto, int port, const char *prefix)
{
	static struct seki_egress_rule id;
	struct seki_lpm lpm = lpm_of(prefix);
	struct seki_egress_key key = {.prefixlen = SEKI_EGRESS_FIXED_BITS + lpm.prefixlen,
				      .profile = profile,
				      .proto = proto,
				      .port = htons(port),
				      .dst = lpm.addr};

	id.rule++;
	map_write(w->egress, &key, &id, prefix);
}

static inline void host_profile_add(struct world *w, const char *prefix, __u32 profile)
{
	struct seki_lpm key = lpm_of(prefix);

	map_write(w->egress_host, &key, &profile, prefix);
}

struct tally {
	struct seki_counter of[SEKI_REASON_MAX];
};

static inline struct tally counters_read(struct world *w)
{
	int cpus = libbpf_num_possible_cpus();
	struct seki_counter *per_cpu = calloc(cpus, sizeof(*per_cpu));
	struct tally sum = {0};

	for (__u32 reason = 0; reason < SEKI_REASON_MAX; reason++) {
		if (bpf_map_lookup_elem(w->counters, &reason, per_cpu))
			world_die("read", "seki_counters", errno);
		for (int i = 0; i < cpus; i++) {
			sum.of[reason].pkts += per_cpu[i].pkts;
			sum.of[reason].bytes += per_cpu[i].bytes;
			sum.of[reason].would_pkts += per_cpu[i].would_pkts;
			sum.of[reason].would_bytes += per_cpu[i].would_bytes;
		}
	}
	free(per_cpu);
	return sum;
}

static inline __u64 loss_read(struct world *w, enum seki_loss loss)
{
	int cpus = libbpf_num_possible_cpus();
	__u64 *per_cpu = calloc(cpus, sizeof(*per_cpu)), sum = 0;
	__u32 key = loss;

	if (bpf_map_lookup_elem(w->losses, &key, per_cpu))
		world_die("read", "seki_losses", errno);
	for (int i = 0; i < cpus; i++)
		sum += per_cpu[i];
	free(per_cpu);
	return sum;
}

/* Runs a program on the bytes and stores what it returned; 0, or -errno when the kernel refuses the run. */
static inline int run_bytes(int prog, const void *data, size_t len, void *context, size_t context_size,
			    __u32 *returned)
{
	static __u8 out[FRAME_MAX + WORLD_OUT_SPARE];
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = data, .data_size_in = len, .data_out = out,
		    .data_size_out = sizeof(out), .ctx_in = context, .ctx_size_in = context_size);

	if (bpf_prog_test_run_opts(prog, &options))
		return -errno;
	*returned = options.retval;
	return 0;
}

/* XDP_PASS, XDP_DROP or whatever it is, or -errno of the run. */
static inline int run_xdp(struct world *w, const struct frame *f)
{
	struct xdp_md context = {.data_end = f->len, .ingress_ifindex = WORLD_IFINDEX};
	int prog = f->len > XDP_FRAME_MAX ? w->frags : w->xdp;
	__u32 returned = 0;

	return run_bytes(prog, f->data, f->len, &context, sizeof(context), &returned) ?: (int)returned;
}

/* TC_ACT_SHOT, or TC_ACT_OK also for "no opinion", or -errno of the run. */
static inline int run_tc_gso(struct world *w, const struct frame *f, unsigned int gso_size)
{
	struct __sk_buff context = {
		.ifindex = WORLD_IFINDEX, .gso_size = gso_size, .gso_segs = gso_size ? 2 : 0};
	__u32 returned = 0;
	int error = run_bytes(w->tc, f->data, f->len, &context, sizeof(context), &returned);

	if (error)
		return error;
	return returned == (__u32)TC_ACT_UNSPEC ? TC_ACT_OK : (int)returned;
}

static inline int run_tc(struct world *w, const struct frame *f)
{
	return run_tc_gso(w, f, 0);
}

/* What one frame did: the program's verdict and the reasons whose counters moved. */
struct outcome {
	int verdict; /* of the program, or -errno */
	bool dropped;
	__u64 counted, would; /* bit per reason: pkts rose, would_pkts rose */
	bool twice;	      /* some counter rose by more than one */
	int reason;	      /* the one that decided; -1: none or several */
};

static inline struct outcome outcome_of(int verdict, bool dropped, const struct tally *a,
					const struct tally *b)
{
	struct outcome o = {.verdict = verdict, .dropped = dropped, .reason = -1};
	__u64 deciding;

	for (int i = 0; i < SEKI_REASON_MAX; i++) {
		__u64 pkts = b->of[i].pkts - a->of[i].pkts, would = b->of[i].would_pkts - a->of[i].would_pkts;

		o.counted |= (__u64) !!pkts << i;
		o.would |= (__u64) !!would << i;
		o.twice |= pkts > 1 || would > 1;
	}
	deciding = o.would ?: o.counted;
	if (deciding && !(deciding & (deciding - 1)) && !o.twice)
		o.reason = __builtin_ctzll(deciding);
	return o;
}

static inline struct outcome send_xdp(struct world *w, const struct frame *f)
{
	struct tally before = counters_read(w), after;
	int verdict = run_xdp(w, f);

	after = counters_read(w);
	return outcome_of(verdict, verdict == XDP_DROP, &before, &after);
}

static inline struct outcome send_tc_gso(struct world *w, const struct frame *f, unsigned int gso_size)
{
	struct tally before = counters_read(w), after;
	int verdict = run_tc_gso(w, f, gso_size);

	after = counters_read(w);
	return outcome_of(verdict, verdict == TC_ACT_SHOT, &before, &after);
}

static inline struct outcome send_tc(struct world *w, const struct frame *f)
{
	return send_tc_gso(w, f, 0);
}

static inline const char *outcome_reason(struct outcome o)
{
	return o.reason < 0 ? "no single reason" : reason_name[o.reason];
}

/* The frame was dropped for this reason, and only this one counted it. */
static inline bool outcome_is_drop(struct outcome o, int reason)
{
	return o.dropped && !o.would && o.reason == reason;
}

/* The frame passed, and only this reason counted it. */
static inline bool outcome_is_pass(struct outcome o, int reason)
{
	return !o.dropped && !o.would && o.reason == reason && o.verdict >= 0;
}

/* The frame passed although this reason speaks against it. */
static inline bool outcome_is_would(struct outcome o, int reason)
{
	return !o.dropped && o.would == 1ull << reason && o.reason == reason && o.verdict >= 0;
}

/* The frame passed and nothing spoke against it. */
static inline bool outcome_is_free(struct outcome o)
{
	return !o.dropped && !o.would && o.reason >= 0 && !reason_is_verdict[o.reason] && o.verdict >= 0;
}

/* The frame passed and this verdict counted it, whichever of its two columns holds for a default of pass. */
static inline bool outcome_is_noted(struct outcome o, int reason)
{
	return !o.dropped && (o.would | o.counted) >> reason & 1 && o.verdict >= 0;
}

#define CHECK_OUTCOME(o, kind, expected, label)                                                              \
	CHECK(outcome_is_##kind(o, SEKI_R_##expected), "%s: verdict %d%s by %s, expected " #kind " by %s",   \
	      label, (o).verdict, (o).would ? " (would)" : "", outcome_reason(o),                            \
	      reason_name[SEKI_R_##expected])

/* Removes every element of a map with keys of at most 64 bytes. */
static inline void map_clear(int fd)
{
	__u8 key[64];

	while (!bpf_map_get_next_key(fd, NULL, key))
		if (bpf_map_delete_elem(fd, key))
			break;
}

/* Forgets flows, sources and quotas, but not policy and lists. */
static inline void flows_forget(struct world *w)
{
	map_clear(w->flows);
	map_clear(w->embryos);
	map_clear(w->quota);
	map_clear(w->sources);
}

static inline struct seki_flow_key key_of(const char *a, int a_port, const char *b, int b_port, int proto)
{
	struct seki_addr one = addr_of(a), two = addr_of(b);
	struct {
		struct seki_addr addr;
		__be16 port;
	} __attribute__((packed)) x = {one, htons(a_port)}, y = {two, htons(b_port)};
	bool swap = memcmp(&x, &y, sizeof(x)) > 0;

	return (struct seki_flow_key){.lo = swap ? two : one,
				      .hi = swap ? one : two,
				      .lo_port = swap ? y.port : x.port,
				      .hi_port = swap ? x.port : y.port,
				      .proto = proto};
}

enum flow_place { FLOW_NOWHERE, FLOW_EMBRYO, FLOW_TABLE };

static inline enum flow_place flow_find(struct world *w, const struct seki_flow_key *key,
					struct seki_flow *flow)
{
	memset(flow, 0, sizeof(*flow));
	if (!bpf_map_lookup_elem(w->flows, key, flow))
		return FLOW_TABLE;
	return bpf_map_lookup_elem(w->embryos, key, flow) ? FLOW_NOWHERE : FLOW_EMBRYO;
}

/* Runs seki_flow_ctl; the kernel writes the answer into *cmd. The result stays -EIO when the program cannot
 * be run. */
static inline int flow_ctl(struct world *w, struct seki_flow_cmd *cmd)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = cmd, .ctx_size_in = sizeof(*cmd));
	int error;

	cmd->result = -EIO;
	error = bpf_prog_test_run_opts(w->ctl, &options);
	if (error)
		printf("# seki_flow_ctl op %u: %s\n", cmd->op, strerror(errno));
	return cmd->result;
}

static inline int flow_op(struct world *w, enum seki_flow_op op, const struct seki_flow_key *key, __u64 id,
			  __u32 until)
{
	struct seki_flow_cmd cmd = {.op = op, .id = id, .key = *key, .until = until};

	return flow_ctl(w, &cmd);
}

/* Called for each record; the frame bytes follow it. */
typedef int (*record_fn)(void *context, void *record, size_t size);

static inline int ring_inner_open(struct world *w, __u32 slot)
{
	__u32 id;

	if (bpf_map_lookup_elem(w->rings, &slot, &id))
		return -errno;
	return bpf_map_get_fd_by_id(id);
}

/* Starts reading ring 0 and the priority ring with one function. */
static inline void rings_watch(struct world *w, record_fn fn, void *context)
{
	int fd = ring_inner_open(w, 0);

	if (fd < 0)
		world_die("ring", "slot 0", fd);
	w->reader = ring_buffer__new(fd, fn, context, NULL);
	w->prio_reader = ring_buffer__new(w->prio, fn, context, NULL);
	close(fd);
	if (!w->reader || !w->prio_reader)
		world_die("ring", "reader", errno);
}

/* Hands every waiting record to the function; how many there were. */
static inline int ring_drain(struct ring_buffer *reader)
{
	return ring_buffer__consume(reader);
}

#endif
