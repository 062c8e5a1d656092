// SPDX-License-Identifier: GPL-2.0-only
/*
 * guard.c - notices that the XDP program of a protected interface is gone and enforces the last lists in its
 * place.
 *
 * How it is noticed: a change by netlink comes through the netdevice notifier; the end of a bpf_link tells
 * nobody, so the first packet sees that there is no program, and a timer looks after idle links and links
 * whose program was exchanged.
 *
 * Who may still hold a guard: packets in guard_hook(), under rcu_read_lock(). nf_unregister_net_hook() takes
 * the hook out of the path; the guard and its rows are freed after a grace period. The timer walks the list
 * under RTNL, under which a guard is taken off it.
 */
#include <linux/if_vlan.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/netfilter_netdev.h>
#include <linux/rtnetlink.h>
#include <linux/skbuff.h>

#include "compat.h"
#include "genl.h"
#include "guard.h"
#include "guard_table.h"

#define GUARD_PERIOD HZ

u64 seki_guard_stat(const struct seki_guard *guard, enum seki_guard_stat stat)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(guard->counts, cpu)->stat[stat]);
	return sum;
}

static void guard_count(struct seki_guard *guard, enum seki_guard_stat stat)
{
	this_cpu_inc(guard->counts->stat[stat]);
}

/* --- state */

static void guard_event(struct seki_guard *guard, enum seki_genl_event what, const char *reason,
			bool by_command)
{
	struct seki_event event = {
		.event = what,
		.dev = guard->dev,
		.has_state = true,
		.state = guard->now,
		.prog = guard->prog,
		.found = guard->found,
		.reason = reason,
		.by_command = by_command,
	};

	seki_genl_event(guard->state->net, &event);
}

/* What is on the hook now; false: not the program that has to be there. */
static bool guard_look(struct seki_guard *guard)
{
	bool right = false;
	int mode;
	u32 id;

	guard->found = 0;
	for (mode = 0; mode < __MAX_XDP_MODE; mode++) {
		id = compat_xdp_prog_id(guard->dev, mode);
		if (!id)
			continue;
		if (!right)
			guard->found = id;
		right |= !guard->prog || id == guard->prog;
	}
	return right;
}

/* Looks, and tells when something changed. */
static void guard_update(struct seki_guard *guard)
{
	static const enum seki_genl_event events[SEKI_GUARD_STATE_MAX] = {
		[SEKI_GUARD_PRESENT] = SEKI_EVENT_XDP_PRESENT,
		[SEKI_GUARD_MISSING] = SEKI_EVENT_XDP_MISSING,
		[SEKI_GUARD_REPLACED] = SEKI_EVENT_XDP_REPLACED,
	};
	bool right;
	u32 now;

	ASSERT_RTNL();
	WRITE_ONCE(guard->kicked, 0);
	right = guard_look(guard);
	now = right ? SEKI_GUARD_PRESENT : guard->found ? SEKI_GUARD_REPLACED : SEKI_GUARD_MISSING;
	if (now == guard->now)
		return;
	WRITE_ONCE(guard->now, now);
	if (now != SEKI_GUARD_PRESENT)
		guard_count(guard, SEKI_GUARD_STAT_MISSED);
	guard_event(guard, events[now], NULL, false);
}

static void guard_watch(struct work_struct *work)
{
	struct seki_state *state = container_of(to_delayed_work(work), struct seki_state, guard_watch);
	struct seki_guard *guard;

	rtnl_lock();
	list_for_each_entry(guard, &state->guards, node)
		guard_update(guard);
	if (!list_empty(&state->guards))
		queue_delayed_work(system_wq, &state->guard_watch, GUARD_PERIOD);
	rtnl_unlock();
}

/* --- packets */

/* How this packet's VLAN is judged; NULL: nobody said, so it passes. */
static const struct seki_guard_row *row_of(const struct seki_guard_rows *rows, u16 vlan)
{
	const struct seki_guard_row *rest = NULL;
	u32 i;

	for (i = 0; i < rows->count; i++) {
		if (rows->row[i].vlan == vlan)
			return &rows->row[i];
		if (!rows->row[i].vlan)
			rest = &rows->row[i];
	}
	return rest;
}

static bool row_enforces(const struct seki_guard_row *row, u32 now)
{
	return row->mode == SEKI_MODE_ENFORCE && (!row->enforce_until || now < row->enforce_until);
}

/* The lists, then the automatic blocks; each table has the allow set in it. */
static enum seki_guard_answer guard_judge(const struct net *net, const struct seki_guard_packet *packet,
					  u32 now)
{
	static const enum seki_table_kind kinds[] = {SEKI_TABLE_GUARD, SEKI_TABLE_BLOCKS};
	enum seki_guard_answer answer = SEKI_GUARD_PASS, one;
	const struct seki_table *table;
	int i;

	for (i = 0; i < ARRAY_SIZE(kinds) && answer != SEKI_GUARD_DROP; i++) {
		table = seki_state_table(net, kinds[i]);
		one = table ? seki_guard_judge(table->data, packet, now) : SEKI_GUARD_PASS;
		if (one != SEKI_GUARD_PASS)
			answer = one;
	}
	return answer;
}

/* False: it has no addresses, and passes. */
static bool guard_read(const struct sk_buff *skb, struct seki_guard_packet *packet)
{
	u32 len = min_t(u32, skb->len - skb_network_offset(skb), SEKI_GUARD_HEAD_BYTES);
	u8 head[SEKI_GUARD_HEAD_BYTES];
	const u8 *data = skb_header_pointer(skb, skb_network_offset(skb), len, head);

	packet->vlan = skb_vlan_tag_present(skb) ? skb_vlan_tag_get_id(skb) : 0;
	return data && seki_guard_parse(data, len, ntohs(skb->protocol), packet);
}

static unsigned int guard_packet(struct seki_guard *guard, const struct sk_buff *skb)
{
	struct seki_guard_packet packet = {.ifindex = guard->dev->ifindex};
	const struct seki_guard_row *row;
	enum seki_guard_answer answer;
	u32 now = ktime_get_seconds();

	guard_count(guard, SEKI_GUARD_STAT_PACKETS);
	if (!guard_read(skb, &packet)) {
		if (skb->protocol == htons(ETH_P_IP) || skb->protocol == htons(ETH_P_IPV6))
			guard_count(guard, SEKI_GUARD_STAT_MALFORMED);
		return NF_ACCEPT;
	}
	answer = guard_judge(guard->state->net, &packet, now);
	if (answer == SEKI_GUARD_EXEMPT)
		guard_count(guard, SEKI_GUARD_STAT_ALLOWED);
	if (answer != SEKI_GUARD_DROP)
		return NF_ACCEPT;
	row = row_of(rcu_dereference(guard->rows), packet.vlan);
	if (!row)
		return NF_ACCEPT;
	if (!row_enforces(row, now)) {
		guard_count(guard, SEKI_GUARD_STAT_WOULD_DROP);
		return NF_ACCEPT;
	}
	guard_count(guard, SEKI_GUARD_STAT_DROPPED);
	return NF_DROP;
}

static unsigned int guard_hook(void *priv, struct sk_buff *skb, const struct nf_hook_state *nf)
{
	struct seki_guard *guard = priv;
	bool there = dev_xdp_prog_count(guard->dev);
	u32 now = READ_ONCE(guard->now);
	bool known = now == SEKI_GUARD_MISSING ? !there : there;

	if (likely(there && now == SEKI_GUARD_PRESENT))
		return NF_ACCEPT;
	/* The end or beginning of a link told nobody but this packet; the look needs RTNL. */
	if (!known && !READ_ONCE(guard->kicked)) {
		WRITE_ONCE(guard->kicked, 1);
		mod_delayed_work(system_wq, &guard->state->guard_watch, 0);
	}
	return guard_packet(guard, skb);
}

/* --- protected interfaces */

static struct seki_guard *guard_find(struct seki_state *state, const struct net_device *dev)
{
	struct seki_guard *guard;

	ASSERT_RTNL();
	list_for_each_entry(guard, &state->guards, node)
		if (guard->dev == dev)
			return guard;
	return NULL;
}

static void guard_free(struct rcu_head *rcu)
{
	struct seki_guard *guard = container_of(rcu, struct seki_guard, rcu);

	kfree(rcu_dereference_protected(guard->rows, true));
	free_percpu(guard->counts);
	kfree(guard);
}

/* The module cannot be unloaded while an interface is protected; its exit waits for the callbacks that are
 * under way. */
static void guard_remove(struct seki_guard *guard)
{
	ASSERT_RTNL();
	list_del(&guard->node);
	guard->state->guard_count--;
	nf_unregister_net_hook(guard->state->net, &guard->ops);
	netdev_put(guard->dev, &guard->tracker);
	call_rcu(&guard->rcu, guard_free);
	module_put(THIS_MODULE);
}

/* Out: not yet on the list, no hook. */
static struct seki_guard *guard_alloc(struct seki_state *state, struct net_device *dev)
{
	struct seki_guard *guard = kzalloc(sizeof(*guard), GFP_KERNEL_ACCOUNT);

	if (!guard)
		return NULL;
	guard->counts = alloc_percpu_gfp(struct seki_guard_counts, GFP_KERNEL_ACCOUNT);
	if (!guard->counts) {
		kfree(guard);
		return NULL;
	}
	guard->state = state;
	guard->dev = dev;
	guard->now = SEKI_GUARD_PRESENT;
	guard->ops = (struct nf_hook_ops){
		.hook = guard_hook,
		.dev = dev,
		.priv = guard,
		.pf = NFPROTO_NETDEV,
		.hooknum = NF_NETDEV_INGRESS,
		.priority = INT_MIN, /* before every chain of others, as XDP is */
	};
	return guard;
}

static int guard_add(struct seki_state *state, struct net_device *dev, struct seki_guard_rows *rows,
		     struct seki_guard **out, struct netlink_ext_ack *extack)
{
	struct seki_guard *guard;
	int err;

	if (state->guard_count >= SEKI_GUARD_DEVICES) {
		NL_SET_ERR_MSG(extack, "as many interfaces are protected as one namespace may have");
		return -ENOSPC;
	}
	guard = guard_alloc(state, dev);
	if (!guard)
		return -ENOMEM;
	RCU_INIT_POINTER(guard->rows, rows);
	err = nf_register_net_hook(state->net, &guard->ops);
	if (err) {
		NL_SET_ERR_MSG(extack, "the kernel refuses an ingress hook on this interface");
		free_percpu(guard->counts);
		kfree(guard);
		return err;
	}
	__module_get(THIS_MODULE);
	netdev_hold(dev, &guard->tracker, GFP_KERNEL);
	list_add_tail(&guard->node, &state->guards);
	state->guard_count++;
	mod_delayed_work(system_wq, &state->guard_watch, GUARD_PERIOD);
	*out = guard;
	return 0;
}

static struct seki_guard_rows *rows_copy(const struct seki_guard_row *rows, u32 count)
{
	struct seki_guard_rows *out = kzalloc(struct_size(out, row, count), GFP_KERNEL_ACCOUNT);

	if (out) {
		out->count = count;
		memcpy(out->row, rows, array_size(count, sizeof(*rows)));
	}
	return out;
}

static bool rows_sound(const struct seki_guard_row *rows, u32 count)
{
	u32 i, j;

	for (i = 0; i < count; i++) {
		if (rows[i].vlan > 4094 || rows[i].mode >= SEKI_MODE_MAX || rows[i].pad)
			return false;
		for (j = 0; j < i; j++)
			if (rows[j].vlan == rows[i].vlan)
				return false;
	}
	return count >= 1 && count <= SEKI_GUARD_ROWS;
}

/* Takes rows when it succeeds. */
static int guard_put(struct seki_state *state, u32 ifindex, u32 prog, struct seki_guard_rows *rows,
		     struct netlink_ext_ack *extack)
{
	struct net_device *dev = __dev_get_by_index(state->net, ifindex);
	struct seki_guard_rows *old = NULL;
	struct seki_guard *guard;
	int err;

	ASSERT_RTNL();
	if (!dev || dev->reg_state != NETREG_REGISTERED) {
		NL_SET_ERR_MSG(extack, "no such interface in this namespace");
		return -ENODEV;
	}
	if (!rcu_access_pointer(state->table[SEKI_TABLE_GUARD])) {
		NL_SET_ERR_MSG(extack, "no guard table is in force: commit one first");
		return -ENODATA;
	}
	guard = guard_find(state, dev);
	if (guard) {
		old = rtnl_dereference(guard->rows);
		rcu_assign_pointer(guard->rows, rows);
		if (old)
			kfree_rcu(old, rcu);
	} else {
		err = guard_add(state, dev, rows, &guard, extack);
		if (err)
			return err;
	}
	if (!old || guard->prog != prog) {
		guard->prog = prog;
		guard_look(guard);
		guard_event(guard, SEKI_EVENT_GUARD_SET, NULL, true);
	}
	guard_update(guard);
	return 0;
}

int seki_guard_set(struct seki_state *state, u32 ifindex, u32 prog, const struct seki_guard_row *rows,
		   u32 count, struct netlink_ext_ack *extack)
{
	struct seki_guard_rows *copy;
	int err;

	if (!rows_sound(rows, count)) {
		NL_SET_ERR_MSG(extack,
			       "rows: 1 to 64 with different VLANs below 4095, known modes, padding 0");
		return -EINVAL;
	}
	copy = rows_copy(rows, count);
	if (!copy)
		return -ENOMEM;
	rtnl_lock();
	err = guard_put(state, ifindex, prog, copy, extack);
	rtnl_unlock();
	if (err)
		kfree(copy);
	return err;
}

int seki_guard_clear(struct seki_state *state, u32 ifindex, const char *reason,
		     struct netlink_ext_ack *extack)
{
	struct seki_guard *guard;
	int err = -ENOENT;

	rtnl_lock();
	list_for_each_entry(guard, &state->guards, node) {
		if (guard->dev->ifindex != ifindex)
			continue;
		guard_event(guard, SEKI_EVENT_GUARD_CLEAR, reason, true);
		guard_remove(guard);
		err = 0;
		break;
	}
	rtnl_unlock();
	if (err)
		NL_SET_ERR_MSG(extack, "that interface is not protected");
	return err;
}

/* --- devices and namespaces come and go; RTNL is held */

static int guard_notify(struct notifier_block *self, unsigned long event, void *ptr)
{
	struct net_device *dev = netdev_notifier_info_to_dev(ptr);
	struct seki_guard *guard = guard_find(seki_state_of(dev_net(dev)), dev);

	if (!guard)
		return NOTIFY_DONE;
	switch (event) {
	case NETDEV_UNREGISTER: /* also when it moves to another namespace */
		guard_event(guard, SEKI_EVENT_DEVICE_GONE, NULL, false);
		guard_remove(guard);
		break;
	case NETDEV_CHANGENAME:
		guard_event(guard, SEKI_EVENT_DEVICE_RENAMED, NULL, false);
		break;
	default: /* XDP by netlink ends in NETDEV_CHANGE */
		guard_update(guard);
	}
	return NOTIFY_DONE;
}

static struct notifier_block guard_notifier = {
	.notifier_call = guard_notify,
};

void seki_guard_net_init(struct seki_state *state)
{
	INIT_LIST_HEAD(&state->guards);
	INIT_DELAYED_WORK(&state->guard_watch, guard_watch);
}

void seki_guard_net_exit(struct seki_state *state)
{
	struct seki_guard *guard, *next;

	rtnl_lock();
	list_for_each_entry_safe(guard, next, &state->guards, node)
		guard_remove(guard);
	rtnl_unlock();
	synchronize_net(); /* no packet asks for the timer any more */
	cancel_delayed_work_sync(&state->guard_watch);
}

int seki_guard_init(void)
{
	return register_netdevice_notifier(&guard_notifier);
}

void seki_guard_exit(void)
{
	unregister_netdevice_notifier(&guard_notifier);
}
