// SPDX-License-Identifier: GPL-2.0-only
/*
 * kfunc.c - what XDP and tc programs may call: sekimori/kfunc.h.
 *
 * They run in the packet path: softirq or a test run, preemption or at least migration off, under
 * rcu_read_lock(); they never sleep.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/skbuff.h>
#include <net/xdp.h>

#include "compat.h"
#include "kfunc.h"
#include "prefilter_packet.h"
#include "sekimori/kfunc.h"
#include "state.h"

static int scan_count(const struct net *net, const struct seki_pf_query *query, int err)
{
	seki_stat_add(net, err ? SEKI_STAT_SCAN_FAILED : SEKI_STAT_SCANS, 1);
	if (err)
		return err;
	seki_stat_add(net, SEKI_STAT_SCAN_BYTES, query->len);
	if (query->outcome != SEKI_PF_NONE)
		seki_stat_add(net, SEKI_STAT_SCAN_HITS, 1);
	if (query->outcome == SEKI_PF_DROP)
		seki_stat_add(net, SEKI_STAT_SCAN_DROPS, 1);
	return 0;
}

__bpf_kfunc_start_defs();

__bpf_kfunc int bpf_seki_scan_xdp(struct xdp_md *ctx, void *query, u32 query__sz)
{
	const struct xdp_buff *xdp = (const struct xdp_buff *)ctx;
	const struct seki_table *table = seki_state_table(dev_net(xdp->rxq->dev), SEKI_TABLE_PREFILTER);

	if (query__sz != sizeof(struct seki_pf_query))
		return -EINVAL;
	if (!table)
		return -ENOENT;
	return scan_count(dev_net(xdp->rxq->dev), query,
			  seki_prefilter_xdp((const struct seki_pf_table *)table->data, xdp, query));
}

__bpf_kfunc int bpf_seki_scan_tc(struct __sk_buff *ctx, void *query, u32 query__sz)
{
	const struct sk_buff *skb = (const struct sk_buff *)ctx;
	const struct seki_table *table = seki_state_table(dev_net(skb->dev), SEKI_TABLE_PREFILTER);

	if (query__sz != sizeof(struct seki_pf_query))
		return -EINVAL;
	if (!table)
		return -ENOENT;
	return scan_count(dev_net(skb->dev), query,
			  seki_prefilter_skb((const struct seki_pf_table *)table->data, skb, query));
}

__bpf_kfunc_end_defs();

/* One set per hook: a module's second one of the same hook is refused. */
BTF_KFUNCS_START(xdp_ids)
BTF_ID_FLAGS(func, bpf_seki_scan_xdp)
BTF_KFUNCS_END(xdp_ids)

BTF_KFUNCS_START(tc_ids)
BTF_ID_FLAGS(func, bpf_seki_scan_tc)
BTF_KFUNCS_END(tc_ids)

static const struct {
	enum bpf_prog_type type;
	struct btf_kfunc_id_set set;
} sets[] = {
	{BPF_PROG_TYPE_XDP, {.owner = THIS_MODULE, .set = &xdp_ids}},
	{BPF_PROG_TYPE_SCHED_CLS, {.owner = THIS_MODULE, .set = &tc_ids}},
};

static bool ids_resolved(const struct btf_id_set8 *set)
{
	u32 i;

	for (i = 0; i < set->cnt; i++)
		if (!set->pairs[i].id)
			return false;
	return set->cnt;
}

int seki_kfunc_init(void)
{
	int err = 0, i;

	for (i = 0; i < ARRAY_SIZE(sets); i++) {
		if (!THIS_MODULE->btf_data_size || !ids_resolved(sets[i].set.set)) {
			pr_err("built without BTF, no program could call it: see doc/kmod.md\n");
			return -ENOEXEC;
		}
	}
	for (i = 0; !err && i < ARRAY_SIZE(sets); i++)
		err = register_btf_kfunc_id_set(sets[i].type, &sets[i].set);
	return err;
}
