// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * keeper_list.c - who is listed: changes by hand and by file, carried into the
 * kernel, read back and kept for the next start.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "keeper.h"
#include "lib/log.h"

static struct gate_list_row list_gate_row(const struct list_row *in)
{
	struct gate_list_row out = {.key = {.prefixlen = in->prefix.len}, .value = in->entry};

	memcpy(out.key.addr.b, in->prefix.addr, sizeof(out.key.addr));
	return out;
}

/* Seconds to add to an epoch time for the packet path's clock. */
static int64_t to_monotonic(void)
{
	return (int64_t)keeper_now() - (int64_t)keeper_epoch();
}

/* The next shorter row at the same level of the kernel's tables: what holds for a prefix when its own row
 * goes. */
static bool list_heir(struct keeper *k, const struct prefix *prefix, const struct seki_lpm *key,
		      struct gate_list_row *out)
{
	uint32_t low = gate_list_heir_low(key);
	struct prefix wider = *prefix;
	struct list_row row;

	while (wider.len > low) {
		wider.len--;
		wider.addr[wider.len / 8] &= (uint8_t) ~(0x80 >> wider.len % 8);
		if (!list_row(k->lists, &wider, keeper_epoch(), to_monotonic(), &row)) {
			*out = list_gate_row(&row);
			return true;
		}
	}
	return false;
}

/* One prefix in which no other one lies: a store or a few in the active tables. -ENOSPC: only a new
 * generation will do. */
static int list_push_one(struct keeper *k, const struct prefix *only)
{
	struct gate_list_row row = {.key = {.prefixlen = only->len}}, heir;
	struct list_row merged;
	int err = list_row(k->lists, only, keeper_epoch(), to_monotonic(), &merged);

	if (!err) {
		row = list_gate_row(&merged);
		return gate_list_put(k->gate, &row);
	}
	memcpy(row.key.addr.b, only->addr, sizeof(row.key.addr));
	err = gate_list_remove(k->gate, &row.key, list_heir(k, only, &row.key, &heir) ? &heir : NULL);
	return err == -ENOENT ? 0 : err;
}

static int list_push_all(struct keeper *k, struct gate_why *why)
{
	AUTO_FREE struct list_row *rows = NULL;
	AUTO_FREE struct gate_list_row *out = NULL;
	struct seki_settings next = k->settings;
	uint32_t count = 0, slot = 0;
	int err = list_flatten(k->lists, keeper_epoch(), to_monotonic(), &rows, &count);

	if (err)
		return err;
	out = calloc(count ? count : 1, sizeof(*out));
	if (!out)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++)
		out[i] = list_gate_row(&rows[i]);
	err = gate_list_build(k->gate, out, count, &slot, why);
	if (err)
		return err;
	next.active = slot;
	err = gate_settings_set(k->gate, &next);
	if (err)
		return err;
	k->settings = next;
	k->lists_stale = false;
	return 0;
}

int keeper_lists_push(struct keeper *k, const struct prefix *only, struct gate_why *why)
{
	int err = -ENOSPC;

	why->text[0] = '\0';
	if (!k->gate)
		return 0;
	if (only && !list_inside(k->lists, only))
		err = list_push_one(k, only);
	return err == -ENOSPC ? list_push_all(k, why) : err;
}

/* An earlier configuration's lists that this one does not name are no longer listed by anybody. */
static void list_forget_config(struct keeper *k)
{
	for (uint16_t i = 1; i < SEKI_MAX_LISTS; i++)
		if (list_name(k->lists, i) && k->list_source[i] == LIST_FROM_CONFIG)
			list_clear(k->lists, i);
}

/* What is not there is not taken off, and that is no error: the other side may have said it before. */
static int list_take_entry(struct keeper *k, const struct policy *policy, const struct policy_entry *entry,
			   uint16_t index)
{
	const struct policy_list *list = &policy->lists[entry->list];
	struct list_item item = {.prefix = entry->prefix,
				 .list = index,
				 .flags = entry->flags ? entry->flags : list->flags,
				 .severity = entry->severity == POLICY_SEVERITY_UNSAID ? list->severity
										       : entry->severity,
				 .expires = entry->expires,
				 .created = entry->created ? entry->created : keeper_epoch()};
	int err;

	if (entry->remove) {
		err = list_remove(k->lists, index, &entry->prefix);
		return err == -ENOENT ? 0 : err;
	}
	if (entry->reason)
		memcpy(item.reason, policy->reasons[entry->reason - 1], sizeof(item.reason));
	return list_add(k->lists, &item);
}
_Static_assert(LIST_REASON_MAX == POLICY_REASON_MAX, "reasons of policies and of lists are as long");

int keeper_lists_take(struct keeper *k, const struct policy *policy, enum keeper_list_source source,
		      bool update, struct gate_why *why)
{
	uint16_t index[SEKI_MAX_LISTS];

	if (policy->list_count > SEKI_MAX_LISTS) {
		snprintf(why->text, sizeof(why->text), "%u lists; at most %u", policy->list_count,
			 SEKI_MAX_LISTS);
		return -E2BIG;
	}
	if (source == LIST_FROM_CONFIG) {
		list_forget_config(k);
		if (list_limit(k->lists, policy->list_entries)) {
			snprintf(why->text, sizeof(why->text),
				 "list-entries is %u, but %u entries are loaded", policy->list_entries,
				 list_total(k->lists));
			return -ENOSPC;
		}
	}
	for (uint32_t i = 0; i < policy->list_count; i++) {
		int err = list_index(k->lists, policy->lists[i].name, true, &index[i]);

		if (!err && index[i] == LIST_MANUAL)
			err = -EINVAL;
		if (err) {
			snprintf(why->text, sizeof(why->text), "list %s: %s", policy->lists[i].name,
				 err == -ENOSPC ? "too many lists" : "this name cannot be used");
			return err;
		}
		if (!update)
			list_clear(k->lists, index[i]);
		k->list_source[index[i]] = (uint8_t)source;
	}
	for (uint32_t i = 0; i < policy->entry_count; i++) {
		const struct policy_entry *entry = &policy->entries[i];
		int err = list_take_entry(k, policy, entry, index[entry->list]);

		if (err) {
			snprintf(why->text, sizeof(why->text),
				 "list %s: entry %u of %u does not fit: at most %u entries in all "
				 "(list-entries)",
				 policy->lists[entry->list].name, i + 1, policy->entry_count,
				 list_limit_get(k->lists));
			return err;
		}
	}
	return 0;
}

static void block_restore(struct keeper *k, const struct list_item *item, const struct list_item *old)
{
	int err = old ? list_add(k->lists, old) : list_remove(k->lists, item->list, &item->prefix);

	if (err)
		log_error("the list cannot be put back: %s", strerror(-err));
}

static int list_copy_item(const struct list_item *item, void *arg)
{
	struct keeper_items *out = arg;

	if (out->count < out->size)
		out->items[out->count++] = *item;
	return 0;
}

int keeper_list_copy(struct keeper *k, const char *name, struct keeper_items *out)
{
	uint16_t index;

	*out = (struct keeper_items){0};
	if (list_index(k->lists, name, false, &index))
		return 0;
	out->known = true;
	out->source = k->list_source[index];
	out->size = list_count(k->lists, index);
	out->items = calloc(out->size + 1, sizeof(*out->items));
	if (!out->items)
		return -ENOMEM;
	list_each(k->lists, index, list_copy_item, out);
	return 0;
}

void keeper_list_restore(struct keeper *k, const char *name, const struct keeper_items *items)
{
	uint16_t index;
	int err = list_index(k->lists, name, false, &index);

	if (err)
		return;
	if (!items->known) {
		list_forget(k->lists, index);
		return;
	}
	list_clear(k->lists, index);
	k->list_source[index] = items->source;
	for (uint32_t i = 0; !err && i < items->count; i++)
		err = list_add(k->lists, &items->items[i]);
	if (err)
		keeper_audit(k, AUDIT_ALARM, 0, "list %s could not be put back whole: %s", name,
			     strerror(-err));
}

struct block_find {
	const struct prefix *prefix;
	struct list_item item;
	bool found;
};

static int block_match(const struct list_item *item, void *arg)
{
	struct block_find *find = arg;

	if (item->list != LIST_MANUAL || prefix_compare(&item->prefix, find->prefix))
		return 0;
	find->item = *item;
	find->found = true;
	return 1;
}

void keeper_block(struct keeper *k, uint64_t cookie, const struct message_block *in)
{
	struct list_item item = {.list = LIST_MANUAL,
				 .flags = SEKI_ENTRY_SRC | SEKI_ENTRY_DST,
				 .severity = SEKI_SEVERITY_HIGH,
				 .created = keeper_epoch()};
	char text[PREFIX_TEXT_MAX], covers[200];
	struct gate_why why = {""};
	struct block_find find = {.prefix = &item.prefix};
	int err;

	if (!message_prefix_get(&in->prefix, &item.prefix) ||
	    !message_text_valid(in->reason, sizeof(in->reason))) {
		keeper_done(k, cookie, -EINVAL, "malformed prefix or reason");
		return;
	}
	if (in->seconds)
		item.expires = keeper_epoch() + in->seconds;
	memcpy(item.reason, in->reason, sizeof(item.reason));
	prefix_format(&item.prefix, text);
	list_why(k->lists, &item.prefix, block_match, &find);
	err = list_add(k->lists, &item);
	if (err) {
		keeper_done(k, cookie, err, "%s: the list has no room for more than %u entries", text,
			    list_limit_get(k->lists));
		return;
	}
	err = keeper_lists_push(k, &item.prefix, &why);
	if (err) {
		block_restore(k, &item, find.found ? &find.item : NULL);
		keeper_done(k, cookie, err, "%s: not blocked: %s %s", text, strerror(-err), why.text);
		return;
	}
	err = keeper_state_save_lists(k, true);
	keeper_covers(k, &item.prefix, covers, sizeof(covers));
	keeper_audit(k, AUDIT_CHANGE, in->peer.uid, "block %s for %" PRIu64 " s: %s", text, in->seconds,
		     in->reason);
	keeper_done(k, cookie, 0, "%s is blocked%s%s%s%s", text,
		    k->gate ? "" : " as soon as an interface is up", *covers ? "; " : "", covers,
		    err ? "; WARNING: it could not be saved and ends with this daemon" : "");
}

struct still_listed {
	struct keeper *k;
	char *text;
	size_t size;
};

static int still_listed(const struct list_item *item, void *arg)
{
	struct still_listed *s = arg;
	char prefix[PREFIX_TEXT_MAX];

	snprintf(s->text, s->size, "; list %s still has %s", list_name(s->k->lists, item->list),
		 prefix_format(&item->prefix, prefix));
	return 1;
}

void keeper_unblock(struct keeper *k, uint64_t cookie, const struct message_ask *in)
{
	struct prefix prefix;
	struct gate_why why = {""};
	char text[PREFIX_TEXT_MAX], still[160] = "";
	struct still_listed rest = {.k = k, .text = still, .size = sizeof(still)};
	bool listed, cut = false;
	struct seki_addr addr;
	int err = 0;

	if (!message_prefix_get(&in->prefix, &prefix)) {
		keeper_done(k, cookie, -EINVAL, "malformed prefix");
		return;
	}
	prefix_format(&prefix, text);
	listed = !list_remove(k->lists, LIST_MANUAL, &prefix);
	if (listed)
		err = keeper_lists_push(k, &prefix, &why);
	if (!err && prefix.len == 128 && k->gate) {
		memcpy(addr.b, prefix.addr, sizeof(addr.b));
		err = gate_block_remove(k->gate, &addr);
		cut = !err;
		if (err == -ENOENT)
			err = 0;
	}
	if (err) {
		keeper_done(k, cookie, err, "%s: the kernel did not let go: %s %s", text, strerror(-err),
			    why.text);
		return;
	}
	list_why(k->lists, &prefix, still_listed, &rest);
	if (!listed && !cut) {
		keeper_done(k, cookie, -ENOENT, "%s is neither blocked by hand nor automatically%s", text,
			    still);
		return;
	}
	if (listed && keeper_state_save_lists(k, true))
		log_error("the manual list could not be saved");
	keeper_audit(k, AUDIT_CHANGE, in->peer.uid, "unblock %s", text);
	keeper_done(k, cookie, 0, "%s is unblocked (%s%s%s)%s", text, listed ? "by hand" : "",
		    listed && cut ? ", " : "", cut ? "automatic block" : "", still);
}

static int allow_row_find(const struct policy *policy, const struct prefix *prefix,
			  const struct seki_scope *scope)
{
	for (uint32_t i = 0; i < policy->net_count; i++)
		if (policy->nets[i].allow && !prefix_compare(&policy->nets[i].prefix, prefix) &&
		    !memcmp(&policy->nets[i].scope, scope, sizeof(*scope)))
			return (int)i;
	return -1;
}

static int allow_row_add(struct policy *policy, const struct prefix *prefix, const struct seki_scope *scope)
{
	struct policy_net *grown = realloc(policy->nets, (policy->net_count + 1) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	policy->nets = grown;
	grown[policy->net_count] = (struct policy_net){.prefix = *prefix, .allow = true};
	grown[policy->net_count++].scope = *scope;
	return 0;
}

static void allow_row_remove(struct policy *policy, int row)
{
	memmove(&policy->nets[row], &policy->nets[row + 1],
		(policy->net_count - (uint32_t)row - 1) * sizeof(policy->nets[0]));
	policy->net_count--;
}

static int allow_push(struct keeper *k, struct gate_why *why)
{
	CLEANUP(policy_free) struct policy *effective = NULL;
	int err;

	why->text[0] = '\0';
	if (!k->gate)
		return 0;
	err = keeper_policy_merge(&k->now, &effective);
	return err ? err : keeper_nets_push(k, effective, why);
}

void keeper_allow(struct keeper *k, uint64_t cookie, const struct message_ask *in)
{
	const struct seki_scope scope = {.kind = SEKI_SCOPE_USER};
	struct gate_why why = {""};
	char text[PREFIX_TEXT_MAX];
	struct prefix prefix;
	int row, err;

	if (!message_prefix_get(&in->prefix, &prefix)) {
		keeper_done(k, cookie, -EINVAL, "malformed prefix");
		return;
	}
	prefix_format(&prefix, text);
	row = allow_row_find(k->now.runtime, &prefix, &scope);
	if (in->remove ? row < 0 : row >= 0) {
		keeper_done(k, cookie, in->remove ? -ENOENT : 0,
			    in->remove ? "%s was not allowed by this command; entries of the configuration "
					 "are changed there"
				       : "%s was in the allow set before",
			    text);
		return;
	}
	if (in->remove)
		allow_row_remove(k->now.runtime, row);
	else if (allow_row_add(k->now.runtime, &prefix, &scope)) {
		keeper_done(k, cookie, -ENOMEM, "%s: out of memory", text);
		return;
	}
	err = allow_push(k, &why);
	if (err) {
		if (!in->remove)
			allow_row_remove(k->now.runtime, (int)k->now.runtime->net_count - 1);
		else if (allow_row_add(k->now.runtime, &prefix, &scope))
			log_error("the allow set cannot be put back");
		keeper_done(k, cookie, err, "%s: not changed: %s %s", text, strerror(-err), why.text);
		return;
	}
	if (keeper_state_save_policy(k))
		log_error("the allow set could not be saved");
	keeper_audit(k, AUDIT_CHANGE, in->peer.uid, "%s %s", in->remove ? "allow --remove" : "allow", text);
	keeper_done(k, cookie, 0,
		    in->remove ? "%s is no longer in the allow set"
			       : "%s is in the allow set: no list and no automatic block holds for it",
		    text);
}

/* Whoever manages this machine right now must not lock himself out by what he is about to do. */
void keeper_peer_allow(struct keeper *k, const struct message_peer *peer)
{
	struct seki_scope scope = {
		.port = htons(peer->port), .proto = peer->port ? 6 : 0, .kind = SEKI_SCOPE_MANAGEMENT};
	struct policy *runtime = k->now.runtime;
	struct prefix prefix = {.len = 128};
	struct gate_why why;
	uint32_t peers = 0;
	int oldest = -1, err;

	if (!peer->known || peer->uid || !runtime)
		return;
	memcpy(prefix.addr, peer->address, sizeof(prefix.addr));
	if (allow_row_find(runtime, &prefix, &scope) >= 0)
		return;
	for (uint32_t i = 0; i < runtime->net_count; i++) {
		if (runtime->nets[i].scope.kind != SEKI_SCOPE_MANAGEMENT)
			continue;
		peers++;
		if (oldest < 0)
			oldest = (int)i;
	}
	if (peers >= KEEPER_PEERS)
		allow_row_remove(runtime, oldest);
	err = allow_row_add(runtime, &prefix, &scope);
	if (!err)
		err = allow_push(k, &why);
	if (!err)
		err = keeper_state_save_policy(k);
	if (err)
		log_error("the management peer could not be put into the allow set: %s", strerror(-err));
}

struct expired {
	struct seki_addr addrs[1024];
	uint32_t count, now;
};

static int expired_block(const struct seki_addr *addr, const struct seki_entry *entry, void *arg)
{
	struct expired *e = arg;

	if (!entry->expires || entry->expires > e->now)
		return 0;
	e->addrs[e->count++] = *addr;
	return e->count == ARRAY_LEN(e->addrs);
}

/* The kernel compares expiry itself; this only takes dead rows out of its tables and ours. */
void keeper_expire(struct keeper *k)
{
	static struct expired expired;
	struct gate_why why;
	uint32_t removed;
	int err;

	if (list_expire(k->lists, keeper_epoch())) {
		k->lists_stale = true;
		if (keeper_state_save_lists(k, true))
			log_error("the manual list could not be saved");
	}
	if (!k->gate)
		return;
	if (k->ticks % 4 == 0) {
		err = gate_flow_expire(k->gate, &k->settings, keeper_now(), &removed);
		if (err)
			log_error("flows cannot be expired: %s", strerror(-err));
	}
	if (k->ticks % 5 == 0) {
		expired.count = 0;
		expired.now = keeper_now();
		err = gate_block_each(k->gate, expired_block, &expired);
		for (uint32_t i = 0; i < expired.count; i++)
			if (gate_block_remove(k->gate, &expired.addrs[i]) == 0)
				k->block_table_full = false;
	}
	if (k->lists_stale && k->ticks % 30 == 0) {
		err = keeper_lists_push(k, NULL, &why);
		if (err)
			log_error("expired list entries stay for now: %s %s", strerror(-err), why.text);
	}
}
