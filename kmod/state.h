/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * state.h - what the module holds per network namespace: tables in force, the transactions that replace them,
 * counters.
 */
#ifndef KMOD_STATE_H
#define KMOD_STATE_H

#include <linux/mutex.h>
#include <linux/netlink.h>
#include <linux/percpu.h>
#include <linux/rcupdate.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "sekimori/genl.h"

/* Never changed once it can be seen. */
struct seki_table {
	struct rcu_head rcu;
	u64 serial;
	u64 committed; /* ktime_get_boottime_seconds() */
	u32 uid;
	size_t size;
	u8 digest[SEKI_DIGEST_BYTES];
	u8 data[] __aligned(64);
};

struct seki_txn {
	struct seki_table *table; /* owned; NULL: no transaction */
	size_t filled;
	u32 portid;
	unsigned long touched; /* jiffies */
};

struct seki_counts {
	u64 stat[SEKI_STAT_MAX];
};

struct seki_state {
	struct net *net;
	struct mutex lock; /* txn[], serial[] and the order in which table[] changes */
	struct seki_txn txn[SEKI_TABLE_MAX];
	u64 serial[SEKI_TABLE_MAX];
	struct seki_table __rcu *table[SEKI_TABLE_MAX];
	struct seki_counts __percpu *counts;

	struct list_head guards; /* RTNL */
	unsigned int guard_count;
	struct delayed_work guard_watch;
};

extern unsigned int seki_state_id;

static inline struct seki_state *seki_state_of(const struct net *net)
{
	return net_generic(net, seki_state_id);
}

/*
 * The table in force, checked when it was committed, or NULL. Context: rcu_read_lock() (BPF programs and
 * netfilter hooks run under it); valid until it is released.
 */
static inline const struct seki_table *seki_state_table(const struct net *net, enum seki_table_kind kind)
{
	return rcu_dereference(seki_state_of(net)->table[kind]);
}

/* Any context. */
static inline void seki_stat_add(const struct net *net, enum seki_stat stat, u64 n)
{
	this_cpu_add(seki_state_of(net)->counts->stat[stat], n);
}

u64 seki_state_stat(const struct seki_state *state, enum seki_stat stat);

/*
 * The transaction, see sekimori/genl.h. Context: process, may sleep. Each returns 0 or the errno named there,
 * with a text in extack.
 */
int seki_txn_begin(struct seki_state *state, u32 portid, u32 kind, u64 size, const u8 *digest,
		   struct netlink_ext_ack *extack);
int seki_txn_put(struct seki_state *state, u32 portid, u32 kind, u64 offset, const void *chunk, size_t len,
		 struct netlink_ext_ack *extack);
int seki_txn_commit(struct seki_state *state, u32 portid, u32 kind, u64 *serial,
		    struct netlink_ext_ack *extack);
int seki_txn_abort(struct seki_state *state, u32 portid, u32 kind, struct netlink_ext_ack *extack);
/* The socket is gone: so are its transactions. */
void seki_txn_release(struct seki_state *state, u32 portid);
int seki_table_drop(struct seki_state *state, u32 kind, struct netlink_ext_ack *extack);

int seki_state_init(void);
void seki_state_exit(void);

#endif
