// SPDX-License-Identifier: GPL-2.0-only
/*
 * genl.c - the generic netlink family of sekimori/genl.h. Parses and answers; state.c and guard.c decide.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/audit.h>
#include <linux/module.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/timekeeping.h>
#include <linux/uidgid.h>
#include <linux/user_namespace.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include "genl.h"
#include "guard.h"
#include "sekimori/kfunc.h"
#include "state.h"

#define KIND_POLICY NLA_POLICY_MAX(NLA_U32, SEKI_TABLE_MAX - 1)
#define REASON_POLICY                                                                                        \
	{                                                                                                    \
		.type = NLA_NUL_STRING, .len = SEKI_REASON_TEXT                                              \
	}

/* For commands without attributes. One row too many: a maxattr of 0 would mean the family's. */
static const struct nla_policy none_policy[SEKI_A_PAD + 1] = {
	[SEKI_A_PAD] = {.type = NLA_REJECT},
};

static const struct nla_policy begin_policy[SEKI_A_DIGEST + 1] = {
	[SEKI_A_KIND] = KIND_POLICY,
	[SEKI_A_SIZE] = {.type = NLA_U64},
	[SEKI_A_DIGEST] = NLA_POLICY_EXACT_LEN(SEKI_DIGEST_BYTES),
};

static const struct nla_policy put_policy[SEKI_A_CHUNK + 1] = {
	[SEKI_A_KIND] = KIND_POLICY,
	[SEKI_A_OFFSET] = {.type = NLA_U64},
	[SEKI_A_CHUNK] = {.type = NLA_BINARY, .len = SEKI_CHUNK_BYTES},
};

static const struct nla_policy kind_policy[SEKI_A_KIND + 1] = {
	[SEKI_A_KIND] = KIND_POLICY,
};

static const struct nla_policy drop_policy[SEKI_A_REASON + 1] = {
	[SEKI_A_KIND] = KIND_POLICY,
	[SEKI_A_REASON] = REASON_POLICY,
};

static const struct nla_policy set_policy[SEKI_A_ROWS + 1] = {
	[SEKI_A_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
	[SEKI_A_PROG] = {.type = NLA_U32},
	[SEKI_A_ROWS] = {.type = NLA_BINARY, .len = SEKI_GUARD_ROWS * sizeof(struct seki_guard_row)},
};

static const struct nla_policy clear_policy[SEKI_A_IFINDEX + 1] = {
	[SEKI_A_REASON] = REASON_POLICY,
	[SEKI_A_IFINDEX] = NLA_POLICY_MIN(NLA_U32, 1),
};

static struct genl_family family;

/* 0: every attribute of the mask (bit per number) is there. */
static int require(const struct genl_info *info, unsigned long mask)
{
	unsigned int attr;

	for_each_set_bit(attr, &mask, BITS_PER_LONG) {
		if (!info->attrs[attr]) {
			NL_SET_ERR_MSG(info->extack,
				       "an attribute that the command needs is missing, see sekimori/genl.h");
			return -EINVAL;
		}
	}
	return 0;
}

static struct seki_state *info_state(const struct genl_info *info)
{
	return seki_state_of(genl_info_net((struct genl_info *)info));
}

static u32 caller_uid(void)
{
	return from_kuid_munged(&init_user_ns, current_uid());
}

/* --- answers */

/* NULL: no memory. */
static struct sk_buff *reply_begin(struct genl_info *info, u8 cmd, void **head)
{
	struct sk_buff *skb = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);

	if (!skb)
		return NULL;
	*head = genlmsg_put_reply(skb, info, &family, 0, cmd);
	if (*head)
		return skb;
	nlmsg_free(skb);
	return NULL;
}

static int reply_end(struct genl_info *info, struct sk_buff *skb, void *head, bool fits)
{
	if (!fits) {
		nlmsg_free(skb);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, head);
	return genlmsg_reply(skb, info);
}

static int get_info(struct sk_buff *request, struct genl_info *info)
{
	void *head;
	struct sk_buff *skb = reply_begin(info, SEKI_CMD_GET_INFO, &head);
	bool fits;

	if (!skb)
		return -ENOMEM;
	fits = !nla_put_u32(skb, SEKI_A_VERSION, SEKI_GENL_VERSION) &&
	       !nla_put_string(skb, SEKI_A_MODULE, THIS_MODULE->version) &&
	       !nla_put_u32(skb, SEKI_A_KFUNC_ABI, SEKI_KFUNC_ABI);
	return reply_end(info, skb, head, fits);
}

static int get_stats(struct sk_buff *request, struct genl_info *info)
{
	const struct seki_state *state = info_state(info);
	void *head;
	struct sk_buff *skb = reply_begin(info, SEKI_CMD_GET_STATS, &head);
	struct nlattr *nest;
	bool fits;
	u32 i;

	if (!skb)
		return -ENOMEM;
	nest = nla_nest_start(skb, SEKI_A_STATS);
	fits = nest;
	for (i = 0; fits && i < SEKI_STAT_MAX; i++)
		fits = !nla_put_u64_64bit(skb, i + 1, seki_state_stat(state, i), 0);
	if (fits)
		nla_nest_end(skb, nest);
	return reply_end(info, skb, head, fits);
}

static bool table_fill(struct sk_buff *skb, u32 kind, const struct seki_table *table)
{
	return !nla_put_u32(skb, SEKI_A_KIND, kind) &&
	       !nla_put_u64_64bit(skb, SEKI_A_SERIAL, table->serial, SEKI_A_PAD) &&
	       !nla_put_u64_64bit(skb, SEKI_A_SIZE, table->size, SEKI_A_PAD) &&
	       !nla_put(skb, SEKI_A_DIGEST, sizeof(table->digest), table->digest) &&
	       !nla_put_u64_64bit(skb, SEKI_A_AGE, ktime_get_boottime_seconds() - table->committed,
				  SEKI_A_PAD) &&
	       !nla_put_u32(skb, SEKI_A_UID, table->uid);
}

/* cb->args[0]: rows that were given so far. */
static int dump_tables(struct sk_buff *skb, struct netlink_callback *cb)
{
	const struct seki_state *state = seki_state_of(sock_net(skb->sk));
	const struct seki_table *table;
	void *head;

	rcu_read_lock();
	for (; cb->args[0] < SEKI_TABLE_MAX; cb->args[0]++) {
		table = rcu_dereference(state->table[cb->args[0]]);
		if (!table)
			continue;
		head = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq, &family, NLM_F_MULTI,
				   SEKI_CMD_GET_TABLE);
		if (!head)
			break;
		if (!table_fill(skb, cb->args[0], table)) {
			genlmsg_cancel(skb, head);
			break;
		}
		genlmsg_end(skb, head);
	}
	rcu_read_unlock();
	return skb->len;
}

static bool guard_fill(struct sk_buff *skb, const struct seki_guard *guard)
{
	const struct seki_guard_rows *rows = rtnl_dereference(guard->rows);
	struct nlattr *nest;
	u32 i;

	if (nla_put_u32(skb, SEKI_A_IFINDEX, guard->dev->ifindex) ||
	    nla_put_string(skb, SEKI_A_IFNAME, guard->dev->name) ||
	    nla_put_u32(skb, SEKI_A_STATE, guard->now) || nla_put_u32(skb, SEKI_A_PROG, guard->prog) ||
	    nla_put_u32(skb, SEKI_A_FOUND, guard->found) ||
	    nla_put(skb, SEKI_A_ROWS, rows->count * sizeof(rows->row[0]), rows->row))
		return false;
	nest = nla_nest_start(skb, SEKI_A_STATS);
	if (!nest)
		return false;
	for (i = 0; i < SEKI_GUARD_STAT_MAX; i++)
		if (nla_put_u64_64bit(skb, i + 1, seki_guard_stat(guard, i), 0))
			return false;
	nla_nest_end(skb, nest);
	return true;
}

static int dump_guards(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct seki_state *state = seki_state_of(sock_net(skb->sk));
	const struct seki_guard *guard;
	long at = 0;
	void *head;

	rtnl_lock();
	list_for_each_entry(guard, &state->guards, node) {
		if (at++ < cb->args[0])
			continue;
		head = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq, &family, NLM_F_MULTI,
				   SEKI_CMD_GET_GUARD);
		if (!head)
			break;
		if (!guard_fill(skb, guard)) {
			genlmsg_cancel(skb, head);
			break;
		}
		genlmsg_end(skb, head);
		cb->args[0] = at;
	}
	rtnl_unlock();
	return skb->len;
}

/* --- events */

static bool event_fill(struct sk_buff *skb, const struct seki_event *event)
{
	if (nla_put_u32(skb, SEKI_A_EVENT, event->event))
		return false;
	if (event->dev && (nla_put_u32(skb, SEKI_A_IFINDEX, event->dev->ifindex) ||
			   nla_put_string(skb, SEKI_A_IFNAME, event->dev->name)))
		return false;
	if (event->has_state &&
	    (nla_put_u32(skb, SEKI_A_STATE, event->state) || nla_put_u32(skb, SEKI_A_PROG, event->prog) ||
	     nla_put_u32(skb, SEKI_A_FOUND, event->found)))
		return false;
	if (event->has_kind && (nla_put_u32(skb, SEKI_A_KIND, event->kind) ||
				nla_put_u64_64bit(skb, SEKI_A_SERIAL, event->serial, SEKI_A_PAD)))
		return false;
	if (event->by_command && nla_put_u32(skb, SEKI_A_UID, caller_uid()))
		return false;
	return !event->reason || !nla_put_string(skb, SEKI_A_REASON, event->reason);
}

/* What withdraws protection stands in the log and in the audit trail, whoever listens. */
static void event_log(const struct seki_event *event)
{
	static const char *const names[SEKI_EVENT_MAX] = {
#define X(id, name, help) [SEKI_EVENT_##id] = name,
		SEKI_GENL_EVENTS(X)
#undef X
	};
	const char *on = event->dev ? event->dev->name : "-";

	if (event->by_command)
		pr_notice_ratelimited("%s on %s by uid %u, %s[%d]: %s\n", names[event->event], on,
				      caller_uid(), current->comm, task_tgid_nr(current),
				      event->reason ?: "-");
	else if (event->dev)
		pr_notice_ratelimited("%s on %s: program %u expected, %u found\n", names[event->event], on,
				      event->prog, event->found);
	if (event->event == SEKI_EVENT_GUARD_CLEAR || event->event == SEKI_EVENT_TABLE_DROP)
		audit_log(audit_context(), GFP_KERNEL, AUDIT_KERNEL_OTHER,
			  "sekimori op=%s dev=%s uid=%u pid=%d res=1", names[event->event], on, caller_uid(),
			  task_tgid_nr(current));
}

void seki_genl_event(struct net *net, const struct seki_event *event)
{
	struct sk_buff *skb;
	void *head;

	event_log(event);
	if (!genl_has_listeners(&family, net, 0))
		return;
	skb = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	head = skb ? genlmsg_put(skb, 0, 0, &family, 0, SEKI_CMD_EVENT) : NULL;
	if (!head || !event_fill(skb, event)) {
		nlmsg_free(skb);
		seki_stat_add(net, SEKI_STAT_EVENTS_LOST, 1);
		return;
	}
	genlmsg_end(skb, head);
	genlmsg_multicast_netns(&family, net, skb, 0, 0, GFP_KERNEL);
}

/* --- commands that change something */

static int table_begin(struct sk_buff *request, struct genl_info *info)
{
	int err = require(info, BIT(SEKI_A_KIND) | BIT(SEKI_A_SIZE) | BIT(SEKI_A_DIGEST));

	if (err)
		return err;
	return seki_txn_begin(info_state(info), info->snd_portid, nla_get_u32(info->attrs[SEKI_A_KIND]),
			      nla_get_u64(info->attrs[SEKI_A_SIZE]), nla_data(info->attrs[SEKI_A_DIGEST]),
			      info->extack);
}

static int table_put(struct sk_buff *request, struct genl_info *info)
{
	int err = require(info, BIT(SEKI_A_KIND) | BIT(SEKI_A_OFFSET) | BIT(SEKI_A_CHUNK));

	if (err)
		return err;
	return seki_txn_put(info_state(info), info->snd_portid, nla_get_u32(info->attrs[SEKI_A_KIND]),
			    nla_get_u64(info->attrs[SEKI_A_OFFSET]), nla_data(info->attrs[SEKI_A_CHUNK]),
			    nla_len(info->attrs[SEKI_A_CHUNK]), info->extack);
}

static int table_commit(struct sk_buff *request, struct genl_info *info)
{
	struct seki_event event = {.event = SEKI_EVENT_TABLE_COMMIT, .has_kind = true, .by_command = true};
	struct sk_buff *skb;
	void *head;
	int err = require(info, BIT(SEKI_A_KIND));

	if (err)
		return err;
	skb = reply_begin(info, SEKI_CMD_TABLE_COMMIT, &head); /* before it is too late for -ENOMEM */
	if (!skb)
		return -ENOMEM;
	event.kind = nla_get_u32(info->attrs[SEKI_A_KIND]);
	err = seki_txn_commit(info_state(info), info->snd_portid, event.kind, &event.serial, info->extack);
	if (err) {
		nlmsg_free(skb);
		return err;
	}
	seki_genl_event(genl_info_net(info), &event);
	return reply_end(info, skb, head, !nla_put_u64_64bit(skb, SEKI_A_SERIAL, event.serial, SEKI_A_PAD));
}

static int table_abort(struct sk_buff *request, struct genl_info *info)
{
	struct seki_event event = {.event = SEKI_EVENT_TABLE_ABORT, .has_kind = true, .by_command = true};
	int err = require(info, BIT(SEKI_A_KIND));

	if (err)
		return err;
	event.kind = nla_get_u32(info->attrs[SEKI_A_KIND]);
	err = seki_txn_abort(info_state(info), info->snd_portid, event.kind, info->extack);
	if (!err)
		seki_genl_event(genl_info_net(info), &event);
	return err;
}

static int table_drop(struct sk_buff *request, struct genl_info *info)
{
	struct seki_event event = {.event = SEKI_EVENT_TABLE_DROP, .has_kind = true, .by_command = true};
	struct seki_state *state = info_state(info);
	int err = require(info, BIT(SEKI_A_KIND) | BIT(SEKI_A_REASON));

	if (err)
		return err;
	event.kind = nla_get_u32(info->attrs[SEKI_A_KIND]);
	event.reason = nla_data(info->attrs[SEKI_A_REASON]);
	rtnl_lock();
	if (event.kind == SEKI_TABLE_GUARD && !list_empty(&state->guards)) {
		NL_SET_ERR_MSG(info->extack,
			       "interfaces are protected by that table: clear their guards first");
		err = -EBUSY;
	} else {
		err = seki_table_drop(state, event.kind, info->extack);
	}
	rtnl_unlock();
	if (!err)
		seki_genl_event(genl_info_net(info), &event);
	return err;
}

static int guard_set(struct sk_buff *request, struct genl_info *info)
{
	const struct nlattr *rows = info->attrs[SEKI_A_ROWS];
	int err = require(info, BIT(SEKI_A_IFINDEX) | BIT(SEKI_A_PROG) | BIT(SEKI_A_ROWS));

	if (err)
		return err;
	if (nla_len(rows) % sizeof(struct seki_guard_row)) {
		NL_SET_ERR_MSG_ATTR(info->extack, rows, "rows are no multiple of struct seki_guard_row");
		return -EINVAL;
	}
	return seki_guard_set(info_state(info), nla_get_u32(info->attrs[SEKI_A_IFINDEX]),
			      nla_get_u32(info->attrs[SEKI_A_PROG]), nla_data(rows),
			      nla_len(rows) / sizeof(struct seki_guard_row), info->extack);
}

static int guard_clear(struct sk_buff *request, struct genl_info *info)
{
	int err = require(info, BIT(SEKI_A_IFINDEX) | BIT(SEKI_A_REASON));

	if (err)
		return err;
	return seki_guard_clear(info_state(info), nla_get_u32(info->attrs[SEKI_A_IFINDEX]),
				nla_data(info->attrs[SEKI_A_REASON]), info->extack);
}

#define OP_DO(command, handler, rule)                                                                        \
	{                                                                                                    \
		.cmd = SEKI_CMD_##command, .flags = GENL_ADMIN_PERM, .doit = handler, .policy = rule,        \
		.maxattr = ARRAY_SIZE(rule) - 1                                                              \
	}
#define OP_DUMP(command, handler)                                                                            \
	{                                                                                                    \
		.cmd = SEKI_CMD_##command, .flags = GENL_ADMIN_PERM, .dumpit = handler,                      \
		.policy = none_policy, .maxattr = ARRAY_SIZE(none_policy) - 1                                \
	}

static const struct genl_ops ops[] = {
	OP_DO(GET_INFO, get_info, none_policy),
	OP_DO(GET_STATS, get_stats, none_policy),
	OP_DUMP(GET_TABLE, dump_tables),
	OP_DUMP(GET_GUARD, dump_guards),
	OP_DO(TABLE_BEGIN, table_begin, begin_policy),
	OP_DO(TABLE_PUT, table_put, put_policy),
	OP_DO(TABLE_COMMIT, table_commit, kind_policy),
	OP_DO(TABLE_ABORT, table_abort, kind_policy),
	OP_DO(TABLE_DROP, table_drop, drop_policy),
	OP_DO(GUARD_SET, guard_set, set_policy),
	OP_DO(GUARD_CLEAR, guard_clear, clear_policy),
};

static const struct genl_multicast_group groups[] = {
	{.name = SEKI_GENL_GROUP},
};

static struct genl_family family __ro_after_init = {
	.name = SEKI_GENL_NAME,
	.version = SEKI_GENL_VERSION,
	.maxattr = SEKI_A_MAX,
	.netnsok = true,
	.module = THIS_MODULE,
	.ops = ops,
	.n_ops = ARRAY_SIZE(ops),
	.resv_start_op = SEKI_CMD_MAX,
	.mcgrps = groups,
	.n_mcgrps = ARRAY_SIZE(groups),
};

/* A client's socket is closed, be it because the client died. */
static int client_notify(struct notifier_block *self, unsigned long event, void *ptr)
{
	const struct netlink_notify *notify = ptr;

	if (event == NETLINK_URELEASE && notify->protocol == NETLINK_GENERIC)
		seki_txn_release(seki_state_of(notify->net), notify->portid);
	return NOTIFY_DONE;
}

static struct notifier_block client_notifier = {
	.notifier_call = client_notify,
};

int seki_genl_init(void)
{
	int err = netlink_register_notifier(&client_notifier);

	if (err)
		return err;
	err = genl_register_family(&family);
	if (err)
		netlink_unregister_notifier(&client_notifier);
	return err;
}

void seki_genl_exit(void)
{
	genl_unregister_family(&family);
	netlink_unregister_notifier(&client_notifier);
}
