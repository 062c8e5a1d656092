/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * guard.h - the hook that keeps the last lists when the XDP program is gone from a protected interface.
 *
 * A hook of each protected interface (netfilter's netdev ingress) rather than one in the IP stack: it sees
 * what a bridge forwards and what carries tags, and interfaces that nobody protects pay nothing. All of it
 * changes under RTNL, since that is what XDP attachments change under.
 */
#ifndef KMOD_GUARD_H
#define KMOD_GUARD_H

#include <linux/netfilter.h>
#include <linux/percpu.h>

#include "state.h"

struct seki_guard_counts {
	u64 stat[SEKI_GUARD_STAT_MAX];
};

struct seki_guard_rows {
	struct rcu_head rcu;
	u32 count;
	struct seki_guard_row row[];
};

struct seki_guard {
	struct rcu_head rcu;
	struct list_head node; /* seki_state.guards */
	struct seki_state *state;
	struct net_device *dev;
	netdevice_tracker tracker;
	struct nf_hook_ops ops;
	struct seki_guard_rows __rcu *rows;
	struct seki_guard_counts __percpu *counts;
	u32 prog; /* that has to be there; 0: any */
	u32 found;
	u32 now;   /* enum seki_guard_state; packets read it */
	u8 kicked; /* a packet saw the program gone and asked for a look */
};

void seki_guard_net_init(struct seki_state *state);
/* Context: process, without RTNL. */
void seki_guard_net_exit(struct seki_state *state);

/* Context: process, without RTNL. Each returns 0 or the errno of sekimori/genl.h, with a text in extack. */
int seki_guard_set(struct seki_state *state, u32 ifindex, u32 prog, const struct seki_guard_row *rows,
		   u32 count, struct netlink_ext_ack *extack);
int seki_guard_clear(struct seki_state *state, u32 ifindex, const char *reason,
		     struct netlink_ext_ack *extack);

u64 seki_guard_stat(const struct seki_guard *guard, enum seki_guard_stat stat);

int seki_guard_init(void);
void seki_guard_exit(void);

#endif
