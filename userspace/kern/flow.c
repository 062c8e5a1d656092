// SPDX-License-Identifier: GPL-2.0-or-later
/* flow.c - what BPF wrote: flows through their control program, sources, counters, usage. */
#include <errno.h>
#include <string.h>

#include "gate_private.h"

int gate_flow_ctl(struct gate *gate, struct seki_flow_cmd *cmd)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .ctx_in = cmd, .ctx_size_in = sizeof(*cmd));

	return bpf_prog_test_run_opts(gate->prog[GATE_PROG_CTL].fd, &options);
}

struct expiry {
	struct gate *gate;
	uint32_t before, removed; /* what was seen later than `before` cannot be due */
};

static int flow_expire(const void *key, const void *value, void *arg)
{
	struct expiry *expiry = arg;
	const struct seki_flow *flow = value;
	struct seki_flow_cmd cmd = {.op = SEKI_OP_EXPIRE, .id = flow->id};
	int err;

	if (flow->last > expiry->before)
		return 0;
	memcpy(&cmd.key, key, sizeof(cmd.key));
	err = gate_flow_ctl(expiry->gate, &cmd);
	if (!err && !cmd.result)
		expiry->removed++;
	return err;
}

int gate_flow_expire(struct gate *gate, const struct seki_settings *settings, uint32_t now, uint32_t *removed)
{
	const uint32_t idle[] = {settings->tcp_idle, settings->tcp_closing, settings->udp_idle,
				 settings->other_idle};
	struct expiry expiry = {.gate = gate};
	uint32_t shortest = UINT32_MAX;
	struct map_shape shape;
	int err;

	for (size_t i = 0; i < ARRAY_LEN(idle); i++)
		shortest = idle[i] < shortest ? idle[i] : shortest;
	expiry.before = now > shortest ? now - shortest : 0;
	map_shape_get(gate, GATE_MAP_FLOWS, &shape);
	err = map_walk(&shape, flow_expire, &expiry);
	*removed = expiry.removed;
	return err;
}

int gate_source_get(struct gate *gate, const struct seki_addr *addr, struct seki_source *out)
{
	struct seki_source source;
	int err = bpf_map_lookup_elem(map_fd(gate, GATE_MAP_SOURCES), addr, &source);

	if (!err)
		*out = source;
	return err;
}

int gate_hits_get(struct gate *gate, const struct seki_hits_key *key, struct seki_hits *out)
{
	struct seki_hits hits;
	int err = bpf_map_lookup_elem(map_fd(gate, GATE_MAP_HITS), key, &hits);

	if (!err)
		*out = hits;
	return err;
}

/* The kernel copies one value per possible CPU; the types here are multiples of its 8-byte step. */
static int percpu_alloc(size_t value_size, void **values, int *cpus)
{
	int count = libbpf_num_possible_cpus();
	void *all;

	if (count < 0)
		return count;
	all = calloc((size_t)count, value_size);
	if (!all)
		return -ENOMEM;
	*values = all;
	*cpus = count;
	return 0;
}

int gate_list_hits(struct gate *gate, uint32_t list, struct seki_hits *out)
{
	struct seki_hits sum = {0};
	void *values AUTO_FREE = NULL;
	const struct seki_hits *each;
	int cpus, err;

	if (list >= SEKI_MAX_LISTS)
		return -EINVAL;
	err = percpu_alloc(sizeof(*each), &values, &cpus);
	if (!err)
		err = bpf_map_lookup_elem(map_fd(gate, GATE_MAP_LIST_COUNT), &list, values);
	if (err)
		return err;
	each = values;
	for (int i = 0; i < cpus; i++) {
		sum.pkts += each[i].pkts;
		sum.bytes += each[i].bytes;
		if (each[i].last > sum.last)
			sum.last = each[i].last;
	}
	*out = sum;
	return 0;
}

int gate_list_hits_clear(struct gate *gate, uint32_t list)
{
	void *values AUTO_FREE = NULL;
	int cpus, err = percpu_alloc(sizeof(struct seki_hits), &values, &cpus);

	return err ? err : bpf_map_update_elem(map_fd(gate, GATE_MAP_LIST_COUNT), &list, values, BPF_ANY);
}

int gate_counters(struct gate *gate, struct seki_counter out[SEKI_REASON_MAX])
{
	struct seki_counter sums[SEKI_REASON_MAX];
	void *values AUTO_FREE = NULL;
	const struct seki_counter *each;
	int cpus, err = percpu_alloc(sizeof(*each), &values, &cpus);

	if (err)
		return err;
	memset(sums, 0, sizeof(sums));
	each = values;
	for (uint32_t reason = 0; reason < SEKI_REASON_MAX; reason++) {
		err = bpf_map_lookup_elem(map_fd(gate, GATE_MAP_COUNTERS), &reason, values);
		if (err)
			return err;
		for (int i = 0; i < cpus; i++) {
			sums[reason].pkts += each[i].pkts;
			sums[reason].bytes += each[i].bytes;
			sums[reason].would_pkts += each[i].would_pkts;
			sums[reason].would_bytes += each[i].would_bytes;
		}
	}
	memcpy(out, sums, sizeof(sums));
	return 0;
}

int gate_losses(struct gate *gate, uint64_t out[SEKI_LOSS_MAX])
{
	uint64_t sums[SEKI_LOSS_MAX] = {0};
	void *values AUTO_FREE = NULL;
	const uint64_t *each;
	int cpus, err = percpu_alloc(sizeof(*each), &values, &cpus);

	if (err)
		return err;
	each = values;
	for (uint32_t loss = 0; loss < SEKI_LOSS_MAX; loss++) {
		err = bpf_map_lookup_elem(map_fd(gate, GATE_MAP_LOSSES), &loss, values);
		if (err)
			return err;
		for (int i = 0; i < cpus; i++)
			sums[loss] += each[i];
	}
	memcpy(out, sums, sizeof(sums));
	return 0;
}

static int usage_of(const struct gate *gate, enum gate_map_id id, uint32_t *rows, uint32_t *max)
{
	struct map_shape shape;

	map_shape_get(gate, id, &shape);
	*max = shape.entries;
	return map_count(&shape, rows);
}

int gate_usage(struct gate *gate, struct gate_usage *out)
{
	struct gate_usage usage = {.embryos_max = gate->map[GATE_MAP_EMBRYOS].entries};
	int err = usage_of(gate, GATE_MAP_FLOWS, &usage.flows, &usage.flows_max);

	if (!err)
		err = usage_of(gate, GATE_MAP_BLOCKED, &usage.blocked, &usage.blocked_max);
	if (!err)
		err = list_usage(gate, &usage);
	if (!err)
		*out = usage;
	return err;
}

int gate_frame_run(struct gate *gate, uint32_t ifindex, bool egress, const void *frame, uint32_t len,
		   bool *drop)
{
	struct xdp_md in = {.data_end = len, .ingress_ifindex = ifindex};
	struct __sk_buff out = {.ifindex = ifindex};
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .data_size_in = len, .repeat = 1);
	struct gate_hook hook;
	int prog AUTO_FD = -1;
	int err = gate_query(gate, ifindex, &hook);

	if (err)
		return err;
	if (egress ? !hook.tc_egress
		   : !hook.prog_id || hook.kind == GATE_LINK_FOREIGN || hook.kind == GATE_LINK_NONE)
		return -ENOENT;
	prog = egress ? dup(gate->prog[GATE_PROG_TC].fd) : bpf_prog_get_fd_by_id(hook.prog_id);
	if (prog < 0)
		return -errno;
	options.ctx_in = egress ? (void *)&out : (void *)&in;
	options.ctx_size_in = egress ? sizeof(out) : sizeof(in);
	err = bpf_prog_test_run_opts(prog, &options);
	if (!err)
		*drop = options.retval == (egress ? 2u /* TC_ACT_SHOT */ : XDP_DROP);
	return err;
}

struct flow_walk {
	gate_flow_fn fn;
	void *arg;
};

static int flow_row(const void *key, const void *value, void *arg)
{
	const struct flow_walk *walk = arg;

	return walk->fn(key, value, walk->arg);
}

int gate_flow_each(struct gate *gate, gate_flow_fn fn, void *arg)
{
	static const enum gate_map_id tables[] = {GATE_MAP_FLOWS, GATE_MAP_EMBRYOS};
	struct flow_walk walk = {.fn = fn, .arg = arg};
	int err = 0;

	for (size_t i = 0; i < ARRAY_LEN(tables) && !err; i++) {
		struct map_shape shape;

		map_shape_get(gate, tables[i], &shape);
		err = map_walk(&shape, flow_row, &walk);
	}
	return err;
}
