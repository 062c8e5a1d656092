// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * keeper_status.c - answers to questions. What the kernel holds is read from
 * the kernel, not remembered.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "keeper.h"
#include "keeper_module.h"
#include "lib/log.h"
#include "lib/wall.h"
#include "sandbox.h"

static int status_iface_held(const struct seki_iface_key *key, const struct seki_iface *value, void *arg)
{
	struct message_status *out = arg;

	for (uint32_t i = 0; i < out->iface_count; i++) {
		struct message_status_iface *row = &out->ifaces[i];

		if (row->ifindex != key->ifindex || row->vlan != key->vlan)
			continue;
		row->held = 1;
		row->role_held = value->role;
		row->mode_held = value->enforce_until && value->enforce_until <= keeper_now()
					 ? SEKI_MODE_MONITOR
					 : value->mode;
	}
	return 0;
}

/* What was set, beside what the kernel has now. */
static void status_held(struct keeper *k, const struct policy *base, struct message_status *out)
{
	struct seki_settings held;

	if (base && policy_digest(base, &out->config_digest))
		out->config_digest = 0;
	if (base)
		memcpy(out->config, k->config, sizeof(out->config));
	if (!k->gate)
		return;
	if (gate_iface_each(k->gate, status_iface_held, out) < 0)
		log_warn("the kernel's rows of interfaces cannot be read");
	if (!gate_settings_get(k->gate, &held))
		out->digest_held = held.policy_digest;
}

static void status_ifaces(struct keeper *k, struct message_status *out)
{
	for (uint32_t i = 0; i < k->iface_count; i++) {
		const struct keeper_iface *in = &k->ifaces[i];
		struct message_status_iface *row = &out->ifaces[out->iface_count++];

		memcpy(row->name, in->want.name, sizeof(row->name));
		row->vlan = in->want.vlan;
		row->role = in->want.role;
		row->mode = in->want.mode;
		row->ifindex = in->ifindex;
		row->attached = in->attached;
		row->prog_id = in->hook.prog_id;
		row->kind = in->hook.kind;
		row->generic = in->hook.mode == GATE_GENERIC;
		row->frags = in->hook.frags;
		row->tc_egress = in->hook.tc_egress;
		row->since = in->since;
		if (k->pending_until > keeper_now() && in->want.mode == SEKI_MODE_ENFORCE)
			row->enforce_left = k->pending_until - keeper_now();
	}
}

static void stats_add(struct message_engine_stats *sum, const struct message_engine_stats *one)
{
	uint64_t *to = (uint64_t *)sum;
	const uint64_t *from = (const uint64_t *)one;

	_Static_assert(sizeof(*sum) % sizeof(uint64_t) == 0, "message_engine_stats is not all uint64_t");
	for (size_t i = 0; i < sizeof(*sum) / sizeof(*to); i++)
		to[i] += from[i];
}

static void status_processes(struct keeper *k, struct message_status *out)
{
	struct message_status_process *row = &out->processes[out->process_count++];

	snprintf(row->name, sizeof(row->name), "keeper");
	row->pid = (uint32_t)getpid();
	row->up = 1;
	for (unsigned int i = 0; i < KEEPER_CHILDREN && out->process_count < MESSAGE_PROCESSES_MAX; i++) {
		const struct keeper_child *child = &k->children[i];

		if (child->kind == PROCESS_PARSER ||
		    (child->kind == PROCESS_ENGINE && (!k->gate || child->index >= k->settings.rings)))
			continue;
		row = &out->processes[out->process_count++];
		if (child->kind == PROCESS_ENGINE)
			snprintf(row->name, sizeof(row->name), "engine %u", child->index % SEKI_MAX_RINGS);
		else
			snprintf(row->name, sizeof(row->name), "%s", process_table[child->kind].name);
		row->pid = child->pid > 0 ? (uint32_t)child->pid : 0;
		row->restarts = child->restarts;
		out->messages_dropped += child->meter.dropped;
		row->up = child->pid > 0;
		if (child->kind != PROCESS_ENGINE)
			continue;
		out->engines++;
		out->engines_ready += child->ready;
		if (child->ready && child->rules.loaded > out->rules_loaded) {
			out->rules_loaded = child->rules.loaded;
			out->rules_failed = child->rules.failed;
		}
		stats_add(&out->engine, &child->stats);
	}
}

static void status_counters(struct keeper *k, struct message_status *out)
{
	struct seki_counter counters[SEKI_REASON_MAX];
	static const bool verdict[SEKI_REASON_MAX] = {
#define SEKI_CLASS_X		false
#define SEKI_CLASS_V		true
#define X(id, name, class, ...) [SEKI_R_##id] = SEKI_CLASS_##class,
		SEKI_REASONS(X)
#undef X
	};

	if (gate_losses(k->gate, out->losses) || gate_usage(k->gate, &out->usage) ||
	    gate_counters(k->gate, counters)) {
		log_error("the kernel's counters cannot be read");
		return;
	}
	for (int i = 0; i < SEKI_REASON_MAX; i++) {
		out->would_drop += counters[i].would_pkts;
		if (verdict[i])
			out->dropped += counters[i].pkts;
		else
			out->passed += counters[i].pkts;
	}
}

void keeper_status(struct keeper *k, uint64_t cookie)
{
	static struct message_status out;
	const struct policy *policy = k->now.base ? k->now.base : k->now.runtime;

	memset(&out, 0, sizeof(out));
	out.gate = k->gate != NULL;
	out.adopted = k->adopted;
	out.started = k->started;
	out.since = k->started;
	out.generation = k->settings.generation;
	out.digest = k->settings.policy_digest;
	out.pending_left = k->pending_until > keeper_now() ? k->pending_until - keeper_now() : 0;
	out.alarms = k->alarms;
	out.lab_clock = wall_is_lab();
	memcpy(out.alarm, k->alarm, sizeof(out.alarm));
	memcpy(out.eve, policy->eve_path, sizeof(out.eve));
	out.list_total = list_total(k->lists);
	out.landlock = sandbox_landlock_abi();
	out.reporter = k->reporter;
	out.archive = k->archive;
	out.notifier = k->notifier;
	out.events_lost = k->events_lost;
	out.proposals = k->proposals;
	out.refused_proposals = k->proposals_refused;
	out.protocol_breaks = k->protocol_breaks;
	out.blocks_made = k->blocks_made;
	out.cuts_made = k->cuts_made;
	keeper_hooks_poll(k);
	keeper_module_status(k, &out.module);
	keeper_egress_status(k, &out.egress);
	status_ifaces(k, &out);
	status_held(k, k->now.base, &out);
	status_processes(k, &out);
	if (k->gate)
		status_counters(k, &out);
	keeper_answer(k, cookie, MESSAGE_STATUS, &out, sizeof(out));
}

void keeper_counters(struct keeper *k, uint64_t cookie)
{
	struct message_counters out = {0};
	int err;

	if (!k->gate) {
		keeper_done(k, cookie, -ENODEV, "nothing is up: `sekimori up --iface IF`");
		return;
	}
	err = gate_counters(k->gate, out.reasons);
	if (!err)
		err = gate_losses(k->gate, out.losses);
	if (err)
		keeper_done(k, cookie, err, "the kernel's counters cannot be read: %s", strerror(-err));
	else
		keeper_answer(k, cookie, MESSAGE_COUNTERS, &out, sizeof(out));
}

static void item_put(const struct keeper *k, const struct list_item *in, struct message_item *out)
{
	memset(out, 0, sizeof(*out));
	message_prefix_put(&in->prefix, &out->prefix);
	out->expires = in->expires;
	out->created = in->created;
	out->sid = in->sid;
	out->flags = in->flags;
	out->severity = in->severity;
	snprintf(out->list, sizeof(out->list), "%s", list_name(k->lists, in->list));
	snprintf(out->reason, sizeof(out->reason), "%s", in->reason);
}

struct why_items {
	const struct keeper *k;
	struct message_why *out;
};

static int why_item(const struct list_item *item, void *arg)
{
	struct why_items *w = arg;

	w->out->total++;
	if (w->out->count < MESSAGE_WHY_MAX)
		item_put(w->k, item, &w->out->items[w->out->count++]);
	return 0;
}

static int why_kernel(struct keeper *k, const struct seki_addr *addr, struct message_why *out)
{
	struct seki_hits_key blocked = {.addr = *addr, .prefixlen = 128, .list = SEKI_LIST_AUTO};
	struct gate_list_row row;
	struct prefix prefix;
	int err = gate_list_lookup(k->gate, addr, &row);

	out->listed = !err;
	if (!err) {
		const struct seki_hits_key key = {
			.addr = row.key.addr, .prefixlen = row.key.prefixlen, .list = row.value.list};
		const char *name = list_name(k->lists, row.value.list);

		out->list_entry = row.value;
		memcpy(prefix.addr, row.key.addr.b, sizeof(prefix.addr));
		prefix.len = (uint8_t)row.key.prefixlen;
		message_prefix_put(&prefix, &out->list_prefix);
		snprintf(out->list, sizeof(out->list), "%s", name ? name : "?");
		if (gate_hits_get(k->gate, &key, &out->list_hits))
			memset(&out->list_hits, 0, sizeof(out->list_hits)); /* never hit */
	} else if (err != -ENOENT) {
		return err;
	}
	err = gate_block_get(k->gate, addr, &out->block_entry);
	out->blocked = !err;
	if (!err) {
		if (gate_hits_get(k->gate, &blocked, &out->block_hits))
			memset(&out->block_hits, 0, sizeof(out->block_hits));
	} else if (err != -ENOENT) {
		return err;
	}
	err = gate_net_lookup(k->gate, addr, &out->net_entry);
	out->net = !err;
	return err == -ENOENT ? 0 : err;
}

void keeper_why(struct keeper *k, uint64_t cookie, const struct message_ask *in)
{
	static struct message_why out;
	struct why_items items = {.k = k, .out = &out};
	struct seki_addr addr;
	struct prefix prefix;
	int err = 0;

	memset(&out, 0, sizeof(out));
	if (!message_prefix_get(&in->prefix, &prefix) || prefix.len != 128) {
		keeper_done(k, cookie, -EINVAL, "`why` asks about one address, not about a prefix");
		return;
	}
	out.prefix = in->prefix;
	out.now = keeper_now();
	out.gate = k->gate != NULL;
	for (uint32_t i = 0; i < k->iface_count; i++)
		out.enforcing |= k->ifaces[i].attached && k->ifaces[i].want.mode == SEKI_MODE_ENFORCE;
	list_why(k->lists, &prefix, why_item, &items);
	memcpy(addr.b, prefix.addr, sizeof(addr.b));
	if (k->gate)
		err = why_kernel(k, &addr, &out);
	if (err)
		keeper_done(k, cookie, err, "the kernel could not be asked: %s", strerror(-err));
	else
		keeper_answer(k, cookie, MESSAGE_WHY, &out, sizeof(out));
}

void keeper_list_status(struct keeper *k, uint64_t cookie)
{
	static struct message_lists out;

	memset(&out, 0, sizeof(out));
	out.total = list_total(k->lists);
	out.limit = list_limit_get(k->lists);
	out.bytes = list_bytes(k->lists);
	out.now = keeper_now();
	out.stale = k->lists_stale;
	out.gate = k->gate != NULL;
	if (k->gate) {
		out.previous = gate_list_has_previous(k->gate);
		if (gate_usage(k->gate, &out.usage))
			log_warn("the use of the kernel's tables cannot be read");
	}
	for (uint16_t i = 0; i < SEKI_MAX_LISTS; i++) {
		if (!list_name(k->lists, i))
			continue;
		snprintf(out.rows[out.count].name, sizeof(out.rows[0].name), "%s", list_name(k->lists, i));
		list_about(k->lists, i, &out.rows[out.count].about);
		out.rows[out.count].rollback = out.rows[out.count].about.source == LIST_FROM_FILE &&
					       keeper_list_state_has_previous(k, list_name(k->lists, i));
		if (k->gate && gate_list_hits(k->gate, i, &out.rows[out.count].hits))
			log_warn("hits of list %s cannot be read", out.rows[out.count].name);
		out.count++;
	}
	keeper_answer(k, cookie, MESSAGE_LISTS, &out, sizeof(out));
}

struct page {
	const struct keeper *k;
	struct message_items *out;
};

static int page_item(const struct list_item *item, void *arg)
{
	struct page *p = arg;

	item_put(p->k, item, &p->out->items[p->out->count++]);
	return p->out->count == MESSAGE_ITEMS_MAX;
}

static int page_block(const struct seki_addr *addr, const struct seki_entry *entry, void *arg)
{
	struct page *p = arg;
	struct prefix prefix = {.len = 128};
	struct message_item *row;

	if (p->out->total++ < p->out->first || p->out->count == MESSAGE_ITEMS_MAX)
		return 0;
	row = &p->out->items[p->out->count++];
	memset(row, 0, sizeof(*row));
	memcpy(prefix.addr, addr->b, sizeof(prefix.addr));
	message_prefix_put(&prefix, &row->prefix);
	row->expires = entry->expires ? keeper_epoch() + entry->expires - keeper_now() : 0;
	row->sid = entry->sid;
	row->flags = entry->flags;
	row->severity = entry->severity;
	snprintf(row->list, sizeof(row->list), "auto");
	return 0;
}

/* "auto" is not a list but what the engines had blocked, as the kernel holds it. */
void keeper_list_items(struct keeper *k, uint64_t cookie, const struct message_ask *in)
{
	static struct message_items out;
	struct page page = {.k = k, .out = &out};
	struct prefix after;
	uint16_t index = 0;

	memset(&out, 0, sizeof(out));
	out.first = in->number;
	if (!message_text_valid(in->name, sizeof(in->name))) {
		keeper_done(k, cookie, -EINVAL, "malformed list name");
		return;
	}
	if (!strcmp(in->name, "auto")) {
		if (k->gate && gate_block_each(k->gate, page_block, &page) < 0)
			log_warn("automatic blocks cannot be listed");
	} else if (list_index(k->lists, in->name, false, &index)) {
		keeper_done(k, cookie, -ENOENT, "there is no list \"%s\"; `sekimori list status` names them",
			    in->name);
		return;
	} else {
		out.total = list_count(k->lists, index);
		if (!in->number) /* a page begins behind the last prefix of the one before */
			list_each(k->lists, index, page_item, &page);
		else if (message_prefix_get(&in->prefix, &after))
			list_each_after(k->lists, index, &after, page_item, &page);
	}
	keeper_answer(k, cookie, MESSAGE_ITEMS, &out, sizeof(out));
}
