// SPDX-License-Identifier: GPL-2.0-only
/*
 * state.c - tables in force and the transactions that replace them.
 *
 * Who may still hold a table: packet paths and dumps under rcu_read_lock(), which is why a replaced one is
 * freed after a grace period. Transactions are seen under seki_state.lock only.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>
#include <crypto/sha2.h>

#include "genl.h"
#include "guard.h"
#include "guard_table.h"
#include "prefilter.h"
#include "state.h"

#define TXN_SILENCE (30 * HZ) /* a client that says nothing for so long gives way to another */

static const size_t sizes_max[SEKI_TABLE_MAX] = {
#define X(id, name, most) [SEKI_TABLE_##id] = most,
	SEKI_TABLE_KINDS(X)
#undef X
};

/* The check alone makes a table trusted: nothing is looked at twice on the packet path. */
static int (*const checks[SEKI_TABLE_MAX])(const void *table, __u32 len) = {
	[SEKI_TABLE_PREFILTER] = seki_prefilter_check,
	[SEKI_TABLE_GUARD] = seki_guard_check,
	[SEKI_TABLE_BLOCKS] = seki_guard_check,
};

unsigned int seki_state_id;

u64 seki_state_stat(const struct seki_state *state, enum seki_stat stat)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(state->counts, cpu)->stat[stat]);
	return sum;
}

static struct seki_table *table_alloc(u64 size)
{
	return kvzalloc(struct_size((struct seki_table *)NULL, data, size),
			GFP_KERNEL_ACCOUNT | __GFP_NOWARN);
}

static void txn_end(struct seki_txn *txn)
{
	kvfree(txn->table);
	*txn = (struct seki_txn){};
}

/* The transaction of this socket; NULL: there is none. */
static struct seki_txn *txn_of(struct seki_state *state, u32 portid, u32 kind)
{
	struct seki_txn *txn = &state->txn[kind];

	lockdep_assert_held(&state->lock);
	return txn->table && txn->portid == portid ? txn : NULL;
}

static int txn_missing(struct netlink_ext_ack *extack)
{
	NL_SET_ERR_MSG(extack, "this socket has no open transaction of that kind: begin one");
	return -ENOENT;
}

int seki_txn_begin(struct seki_state *state, u32 portid, u32 kind, u64 size, const u8 *digest,
		   struct netlink_ext_ack *extack)
{
	struct seki_txn *txn = &state->txn[kind];
	struct seki_table *table;
	int err = 0;

	if (!size || size > sizes_max[kind]) {
		NL_SET_ERR_MSG(extack, "the table is empty or larger than its kind may be");
		return -EFBIG;
	}
	table = table_alloc(size);
	if (!table) {
		NL_SET_ERR_MSG(extack, "no memory for a table of that size");
		return -ENOMEM;
	}
	table->size = size;
	memcpy(table->digest, digest, sizeof(table->digest));

	mutex_lock(&state->lock);
	if (txn->table && txn->portid != portid && time_before(jiffies, txn->touched + TXN_SILENCE)) {
		NL_SET_ERR_MSG(extack, "another client's transaction of that kind is open");
		err = -EBUSY;
	} else {
		if (txn->table)
			seki_stat_add(state->net, SEKI_STAT_ABORTED, 1);
		txn_end(txn);
		*txn = (struct seki_txn){.table = table, .portid = portid, .touched = jiffies};
	}
	mutex_unlock(&state->lock);
	if (err)
		kvfree(table);
	return err;
}

int seki_txn_put(struct seki_state *state, u32 portid, u32 kind, u64 offset, const void *chunk, size_t len,
		 struct netlink_ext_ack *extack)
{
	struct seki_txn *txn;
	int err = 0;

	mutex_lock(&state->lock);
	txn = txn_of(state, portid, kind);
	if (!txn) {
		err = txn_missing(extack);
	} else if (offset != txn->filled || len > txn->table->size - txn->filled) {
		NL_SET_ERR_MSG(extack, "the chunk leaves a gap, repeats bytes, or ends beyond the table");
		err = -ERANGE;
	} else {
		memcpy(txn->table->data + txn->filled, chunk, len);
		txn->filled += len;
		txn->touched = jiffies;
	}
	mutex_unlock(&state->lock);
	return err;
}

static int txn_check(const struct seki_txn *txn, u32 kind, struct netlink_ext_ack *extack)
{
	const struct seki_table *table = txn->table;
	u8 digest[SHA256_DIGEST_SIZE];
	int err;

	if (txn->filled != table->size) {
		NL_SET_ERR_MSG(extack, "fewer bytes were put than the transaction announced");
		return -ENODATA;
	}
	sha256(table->data, table->size, digest);
	if (memcmp(digest, table->digest, sizeof(digest))) {
		NL_SET_ERR_MSG(extack, "the bytes do not have the digest that the transaction announced");
		return -EBADMSG;
	}
	err = checks[kind](table->data, table->size);
	if (err)
		NL_SET_ERR_MSG(extack, "the table's contents are malformed");
	return err;
}

int seki_txn_commit(struct seki_state *state, u32 portid, u32 kind, u64 *serial,
		    struct netlink_ext_ack *extack)
{
	struct seki_table *old = NULL, *table;
	struct seki_txn *txn;
	int err;

	mutex_lock(&state->lock);
	txn = txn_of(state, portid, kind);
	err = txn ? txn_check(txn, kind, extack) : txn_missing(extack);
	if (!err) {
		table = txn->table;
		txn->table = NULL;
		table->serial = ++state->serial[kind];
		table->committed = ktime_get_boottime_seconds();
		table->uid = from_kuid_munged(&init_user_ns, current_uid());
		*serial = table->serial;
		old = rcu_replace_pointer(state->table[kind], table, lockdep_is_held(&state->lock));
		seki_stat_add(state->net, SEKI_STAT_COMMITS, 1);
	} else if (txn) {
		seki_stat_add(state->net, SEKI_STAT_REFUSED, 1);
	}
	if (txn) /* a refused table is not mended: its client begins anew */
		txn_end(txn);
	mutex_unlock(&state->lock);
	if (old)
		kvfree_rcu(old, rcu);
	return err;
}

int seki_txn_abort(struct seki_state *state, u32 portid, u32 kind, struct netlink_ext_ack *extack)
{
	struct seki_txn *txn;
	int err = 0;

	mutex_lock(&state->lock);
	txn = txn_of(state, portid, kind);
	if (txn) {
		txn_end(txn);
		seki_stat_add(state->net, SEKI_STAT_ABORTED, 1);
	} else {
		err = txn_missing(extack);
	}
	mutex_unlock(&state->lock);
	return err;
}

void seki_txn_release(struct seki_state *state, u32 portid)
{
	u32 kind, ended = 0;

	mutex_lock(&state->lock);
	for (kind = 0; kind < SEKI_TABLE_MAX; kind++) {
		struct seki_txn *txn = txn_of(state, portid, kind);

		if (!txn)
			continue;
		txn_end(txn);
		ended |= BIT(kind);
		seki_stat_add(state->net, SEKI_STAT_ABORTED, 1);
	}
	mutex_unlock(&state->lock);
	for (kind = 0; kind < SEKI_TABLE_MAX; kind++) {
		struct seki_event event = {.event = SEKI_EVENT_TABLE_ABORT, .has_kind = true, .kind = kind};

		if (ended & BIT(kind))
			seki_genl_event(state->net, &event);
	}
}

int seki_table_drop(struct seki_state *state, u32 kind, struct netlink_ext_ack *extack)
{
	struct seki_table *old;

	mutex_lock(&state->lock);
	old = rcu_replace_pointer(state->table[kind], NULL, lockdep_is_held(&state->lock));
	mutex_unlock(&state->lock);
	if (!old) {
		NL_SET_ERR_MSG(extack, "no table of that kind is in force");
		return -ENOENT;
	}
	kvfree_rcu(old, rcu);
	return 0;
}

static int __net_init state_net_init(struct net *net)
{
	struct seki_state *state = seki_state_of(net);

	state->net = net;
	mutex_init(&state->lock);
	state->counts = alloc_percpu(struct seki_counts);
	if (!state->counts)
		return -ENOMEM;
	seki_guard_net_init(state);
	return 0;
}

/*
 * No packet of this namespace is on its way any more and no socket is left in it (or, at unloading, the
 * family is gone): only the guard's hooks and timer have to be ended first.
 */
static void __net_exit state_net_exit(struct net *net)
{
	struct seki_state *state = seki_state_of(net);
	u32 kind;

	seki_guard_net_exit(state);
	synchronize_rcu();
	for (kind = 0; kind < SEKI_TABLE_MAX; kind++) {
		txn_end(&state->txn[kind]);
		kvfree(rcu_dereference_protected(state->table[kind], true));
	}
	free_percpu(state->counts);
	mutex_destroy(&state->lock);
}

static struct pernet_operations state_ops = {
	.init = state_net_init,
	.exit = state_net_exit,
	.id = &seki_state_id,
	.size = sizeof(struct seki_state),
};

int seki_state_init(void)
{
	return register_pernet_subsys(&state_ops);
}

void seki_state_exit(void)
{
	unregister_pernet_subsys(&state_ops);
}
