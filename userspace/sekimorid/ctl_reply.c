// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ctl_reply.c - answers of the keeper as JSON. Every enum goes out by name.
 */
#include <inttypes.h>
#include <string.h>

#include "core/policy/contract_names.h"
#include "ctl.h"

static const char *const role_names[SEKI_ROLE_MAX] = {
#define X(id, name, ...) [SEKI_ROLE_##id] = name,
	SEKI_ROLES(X)
#undef X
};
static const char *const mode_names[SEKI_MODE_MAX] = {
#define X(id, name) [SEKI_MODE_##id] = name,
	SEKI_MODES(X)
#undef X
};
static const char *const scope_names[] = {
	[SEKI_SCOPE_USER] = "user",	  [SEKI_SCOPE_MANAGEMENT] = "management",
	[SEKI_SCOPE_GATEWAY] = "gateway", [SEKI_SCOPE_RESOLVER] = "resolver",
	[SEKI_SCOPE_SOC] = "soc",	  [SEKI_SCOPE_OWN] = "own",
};
static const char *const hook_names[] = {
	[GATE_LINK_NONE] = "none",
	[GATE_LINK_PINNED] = "pinned link",
	[GATE_LINK_NETLINK] = "removable by ip link",
	[GATE_LINK_FOREIGN] = "foreign",
};
static const char *const source_names[] = {"manual", "configuration", "loaded"};

#define NAME(table, i) ((size_t)(i) < ARRAY_LEN(table) && (table)[i] ? (table)[i] : "unknown")

static void put_number(json_t *object, const char *key, uint64_t value)
{
	json_object_set_new(object, key, json_integer((json_int_t)value));
}

json_t *ctl_text(const char *text)
{
	json_t *out = json_string(text);
	AUTO_FREE char *plain = NULL;

	if (out)
		return out;
	plain = strdup(text);
	for (char *c = plain; c && *c; c++)
		if ((unsigned char)*c > 0x7e)
			*c = '?';
	return json_string(plain ? plain : "");
}

static void put_text(json_t *object, const char *key, const char *text)
{
	json_object_set_new(object, key, ctl_text(text));
}

static void put_flag(json_t *object, const char *key, bool value)
{
	json_object_set_new(object, key, json_boolean(value));
}

static void put_digest(json_t *object, const char *key, uint64_t value)
{
	char digest[20];

	snprintf(digest, sizeof(digest), "%016" PRIx64, value);
	put_text(object, key, digest);
}

static void put_prefix(json_t *object, const char *key, const struct message_prefix *in)
{
	char text[PREFIX_TEXT_MAX];
	struct prefix prefix;

	if (message_prefix_get(in, &prefix))
		put_text(object, key, prefix_format(&prefix, text));
}

static json_t *reply_done(const struct message_done *done)
{
	json_t *out = json_object();

	json_object_set_new(out, "result", json_integer(done->result));
	put_text(out, "text", done->text);
	return out;
}

static json_t *reply_iface(const struct message_status_iface *in)
{
	json_t *out = json_object();

	put_text(out, "name", in->name);
	if (in->vlan)
		put_number(out, "vlan", in->vlan);
	put_text(out, "role", NAME(role_names, in->role));
	put_text(out, "mode", NAME(mode_names, in->mode));
	if (in->held) {
		put_text(out, "kernel_role", NAME(role_names, in->role_held));
		put_text(out, "kernel_mode", NAME(mode_names, in->mode_held));
	}
	put_flag(out, "attached", in->attached);
	put_text(out, "hook", NAME(hook_names, in->kind));
	put_text(out, "xdp", in->generic ? "generic" : "native");
	put_flag(out, "frags", in->frags);
	put_flag(out, "tc_egress", in->tc_egress);
	put_number(out, "ifindex", in->ifindex);
	put_number(out, "program", in->prog_id);
	if (in->since)
		put_number(out, "since", in->since);
	if (in->enforce_left)
		put_number(out, "enforce_left", in->enforce_left);
	return out;
}

static json_t *reply_engine(const struct message_status *s)
{
	const struct message_engine_stats *e = &s->engine;
	json_t *out = json_object();

	put_number(out, "count", s->engines);
	put_number(out, "ready", s->engines_ready);
	put_number(out, "rules_loaded", s->rules_loaded);
	put_number(out, "rules_failed", s->rules_failed);
	put_number(out, "packets", e->packets);
	put_number(out, "bytes", e->bytes);
	put_number(out, "flows", e->flows);
	put_number(out, "alerts", e->alerts);
	put_number(out, "undecoded", e->undecoded);
	put_number(out, "midstream", e->midstream);
	put_number(out, "reassembly_gaps", e->gaps);
	put_number(out, "flows_given_up", e->given_up);
	put_number(out, "inspected_bytes", e->inspected_bytes);
	put_number(out, "ciphertext_bytes", e->ciphertext_bytes);
	put_number(out, "bad_records", e->bad_records);
	put_number(out, "chunks_lost", e->chunks_lost);
	put_number(out, "state_given_up", e->state_given_up);
	put_number(out, "state_locks_taken", e->state_locks_taken);
	put_number(out, "state_alone", e->state_alone);
	put_number(out, "proposals_lost", e->proposals_lost);
	put_number(out, "events_lost", e->events_lost);
	put_number(out, "ring_used", e->ring_used);
	put_number(out, "ring_size", e->ring_size);
	return out;
}

static void put_notices(json_t *events, const struct message_status *s)
{
	const struct message_notifier_stats *n = &s->notifier;
	json_t *out = json_object(), *lags = json_array();

	put_number(out, "channels", n->channels);
	put_number(out, "events", n->events);
	put_number(out, "told", n->told);
	put_number(out, "waiting", n->waiting);
	put_number(out, "messages", n->messages);
	put_number(out, "attempts", n->attempts);
	put_number(out, "failures", n->failures);
	put_number(out, "breaches", n->breaches);
	put_number(out, "lag_max_ms", n->lag_max_us / 1000);
	put_number(out, "lag_sum_ms", n->lag_sum_us / 1000);
	put_number(out, "unacknowledged", n->unacked);
	put_number(out, "escalated", n->escalated);
	for (size_t i = 0; i < NOTICE_LAG_STEPS; i++)
		json_array_append_new(lags, json_integer((json_int_t)n->lags[i]));
	json_object_set_new(out, "lags", lags);
	/* Of no channel nobody knows whether it works. */
	if (n->channels)
		put_flag(out, "failing", *n->failure);
	if (*n->failure)
		put_text(out, "failure", n->failure);
	json_object_set_new(events, "notices", out);
}

/* {"critical": {"blocked": 3, ...}, ...} of this archive process */
static json_t *reply_alerts(const struct message_archive_stats *a)
{
	json_t *out = json_object();

	for (int severity = 0; severity < SEKI_SEVERITY_MAX; severity++) {
		json_t *row = json_object();

		for (int verdict = 0; verdict < SEKI_VERDICT_MAX; verdict++)
			put_number(row, contract_verdicts[verdict], a->alerts[severity][verdict]);
		json_object_set_new(out, contract_severities[severity], row);
	}
	return out;
}

static void put_archive(json_t *events, const struct message_status *s)
{
	json_t *store = json_object();

	put_number(store, "stored", s->archive.stored);
	put_number(store, "refused", s->archive.refused);
	put_number(store, "waiting", s->archive.waiting + s->reporter.spool_records);
	put_number(store, "lost", s->reporter.spool_lost);
	put_number(store, "removed", s->archive.removed);
	put_number(store, "odd_times", s->archive.odd_times);
	if (s->archive.last_errno)
		put_text(store, "error", strerror(s->archive.last_errno));
	put_number(store, "audit_lines", s->archive.audit_lines);
	put_number(store, "audit_fault", s->archive.audit_fault);
	if (s->archive.audit_errno)
		put_text(store, "audit_error", strerror(s->archive.audit_errno));
	put_text(store, "audit_head", s->archive.audit_head);
	json_object_set_new(store, "alerts", reply_alerts(&s->archive));
	json_object_set_new(events, "store", store);
}

static json_t *reply_status_rest(json_t *out, const struct message_status *s)
{
	json_t *losses = json_object(), *usage = json_object(), *events = json_object();

	for (int i = 0; i < SEKI_LOSS_MAX; i++)
		put_number(losses, contract_losses[i], s->losses[i]);
	put_number(usage, "flows", s->usage.flows);
	put_number(usage, "flows_max", s->usage.flows_max);
	put_number(usage, "blocked", s->usage.blocked);
	put_number(usage, "blocked_max", s->usage.blocked_max);
	put_number(usage, "list_rows", s->usage.list_rows);
	put_number(usage, "list_max", s->usage.list_max);
	put_text(events, "file", s->eve);
	put_number(events, "written", s->reporter.lines);
	put_number(events, "refused", s->reporter.refused);
	put_number(events, "lost", s->reporter.lost + s->events_lost);
	put_number(events, "write_errors", s->reporter.write_errors);
	if (s->reporter.last_errno)
		put_text(events, "error", strerror(s->reporter.last_errno));
	json_object_set_new(out, "losses", losses);
	json_object_set_new(out, "usage", usage);
	put_archive(events, s);
	put_notices(events, s);
	json_object_set_new(out, "events", events);
	json_object_set_new(out, "engine", reply_engine(s));
	put_number(out, "dropped", s->dropped);
	put_number(out, "would_drop", s->would_drop);
	put_number(out, "passed", s->passed);
	put_number(out, "proposals", s->proposals);
	put_number(out, "proposals_refused", s->refused_proposals);
	put_number(out, "protocol_breaks", s->protocol_breaks);
	put_number(out, "messages_dropped", s->messages_dropped);
	put_number(out, "blocks_made", s->blocks_made);
	put_number(out, "cuts_made", s->cuts_made);
	return out;
}

static json_t *reply_table(const struct message_status_module *m, enum seki_table_kind kind)
{
	char digest[2 * SEKI_DIGEST_BYTES + 1];
	json_t *out = json_object();

	for (int i = 0; i < SEKI_DIGEST_BYTES; i++)
		snprintf(digest + i * 2, 3, "%02x", m->tables[kind].digest[i]);
	put_number(out, "serial", m->tables[kind].serial);
	put_number(out, "size", m->tables[kind].size);
	put_text(out, "sha256", digest);
	return out;
}

static json_t *reply_module(const struct message_status_module *m)
{
	static const char *const stats[SEKI_STAT_MAX] = {
#define X(id, name, help) [SEKI_STAT_##id] = name,
		SEKI_STATS(X)
#undef X
	};
	static const char *const kinds[SEKI_TABLE_MAX] = {
#define X(id, name, max) [SEKI_TABLE_##id] = name,
		SEKI_TABLE_KINDS(X)
#undef X
	};
	json_t *out = json_object(), *tables = json_object(), *counts = json_object();
	json_t *rules = json_object();

	put_text(out, "presence", kmod_presence_name(m->presence));
	put_text(out, "text", kmod_presence_text(m->presence));
	put_text(out, "version", m->version);
	put_flag(out, "used", m->used);
	put_flag(out, "behind", m->behind);
	put_number(rules, "drop", m->rules_drop);
	put_number(rules, "inspect", m->rules_inspect);
	put_number(rules, "stay", m->rules_stay);
	json_object_set_new(out, "rules", rules);
	put_number(out, "guarded", m->guarded);
	put_number(out, "enforcing", m->enforcing);
	put_number(out, "guard_dropped", m->guard_dropped);
	put_number(out, "guard_would_drop", m->guard_would);
	for (int i = 0; i < SEKI_STAT_MAX; i++)
		put_number(counts, stats[i], m->stats[i]);
	for (int i = 0; i < SEKI_TABLE_MAX; i++)
		if (m->tables[i].serial)
			json_object_set_new(tables, kinds[i], reply_table(m, i));
	json_object_set_new(out, "stats", counts);
	json_object_set_new(out, "tables", tables);
	return out;
}

static json_t *reply_egress(const struct message_status_egress *e)
{
	json_t *out = json_object();

	put_flag(out, "monitor", e->monitor);
	put_flag(out, "early", e->early);
	put_flag(out, "packet_sockets", e->backstop);
	put_flag(out, "xdp_sockets", e->xdp);
	put_text(out, "other_way_out", e->other);
	return out;
}

static json_t *reply_status(const struct message_status *s)
{
	json_t *out = json_object(), *ifaces = json_array(), *processes = json_array();

	put_number(out, "result", 0);
	put_flag(out, "gate", s->gate);
	put_flag(out, "adopted", s->adopted);
	put_number(out, "generation", s->generation);
	put_digest(out, "digest", s->digest);
	if (s->digest_held)
		put_digest(out, "kernel_digest", s->digest_held);
	if (s->config_digest)
		put_digest(out, "config_digest", s->config_digest);
	put_text(out, "config", s->config);
	put_number(out, "started", s->started);
	put_number(out, "since", s->since);
	put_number(out, "confirm_left", s->pending_left);
	put_number(out, "alarms", s->alarms);
	put_flag(out, "lab_clock", s->lab_clock);
	put_text(out, "alarm", s->alarm);
	put_number(out, "list_total", s->list_total);
	put_number(out, "landlock", s->landlock);
	for (uint32_t i = 0; i < s->iface_count && i < MESSAGE_IFACES_MAX; i++)
		json_array_append_new(ifaces, reply_iface(&s->ifaces[i]));
	for (uint32_t i = 0; i < s->process_count && i < MESSAGE_PROCESSES_MAX; i++) {
		json_t *row = json_object();

		put_text(row, "name", s->processes[i].name);
		put_number(row, "pid", s->processes[i].pid);
		put_flag(row, "up", s->processes[i].up);
		put_number(row, "restarts", s->processes[i].restarts);
		json_array_append_new(processes, row);
	}
	json_object_set_new(out, "ifaces", ifaces);
	json_object_set_new(out, "processes", processes);
	json_object_set_new(out, "module", reply_module(&s->module));
	if (s->egress.self)
		json_object_set_new(out, "egress", reply_egress(&s->egress));
	return reply_status_rest(out, s);
}

static json_t *reply_flags(uint8_t flags)
{
	const char *side =
		flags & SEKI_ENTRY_SRC ? flags & SEKI_ENTRY_DST ? "both" : "source" : "destination";

	return json_string(side);
}

static const char *action_name(uint8_t flags)
{
	return flags & SEKI_ENTRY_ALLOW ? "allow" : flags & SEKI_ENTRY_ALERT ? "alert" : "drop";
}

static json_t *reply_item(const struct message_item *in)
{
	json_t *out = json_object();

	put_prefix(out, "prefix", &in->prefix);
	put_text(out, "list", in->list);
	put_text(out, "reason", in->reason);
	put_text(out, "severity", NAME(contract_severities, in->severity));
	json_object_set_new(out, "side", reply_flags(in->flags));
	put_text(out, "action", action_name(in->flags));
	put_number(out, "expires", in->expires);
	put_number(out, "created", in->created);
	if (in->sid)
		put_number(out, "sid", in->sid);
	return out;
}

static json_t *reply_entry(const struct seki_entry *entry, const struct seki_hits *hits, uint32_t now)
{
	json_t *out = json_object();

	put_number(out, "seconds_left", entry->expires > now ? entry->expires - now : 0);
	put_flag(out, "expired", entry->expires && entry->expires <= now);
	put_flag(out, "lasting", !entry->expires);
	put_text(out, "severity", NAME(contract_severities, entry->severity));
	json_object_set_new(out, "side", reply_flags(entry->flags));
	put_text(out, "action", action_name(entry->flags));
	if (entry->sid)
		put_number(out, "sid", entry->sid);
	put_number(out, "packets", hits->pkts);
	put_number(out, "bytes", hits->bytes);
	return out;
}

static json_t *reply_net(const struct seki_net *net)
{
	json_t *out = json_object(), *scopes = json_array();

	put_flag(out, "own", net->flags & SEKI_NET_OWN);
	put_flag(out, "dmz", net->flags & SEKI_NET_DMZ);
	put_flag(out, "shared", net->flags & SEKI_NET_SHARED);
	for (uint32_t i = 0; i < net->scopes && i < SEKI_MAX_SCOPES; i++) {
		json_t *row = json_object();

		put_text(row, "kind", NAME(scope_names, net->scope[i].kind));
		put_number(row, "port", __builtin_bswap16(net->scope[i].port));
		put_number(row, "protocol", net->scope[i].proto);
		put_number(row, "ifindex", net->scope[i].ifindex);
		json_array_append_new(scopes, row);
	}
	json_object_set_new(out, "allow", scopes);
	return out;
}

static json_t *reply_why(const struct message_why *w)
{
	json_t *out = json_object(), *items = json_array();

	put_number(out, "result", 0);
	put_prefix(out, "address", &w->prefix);
	put_flag(out, "gate", w->gate);
	put_flag(out, "enforcing", w->enforcing);
	if (w->net)
		json_object_set_new(out, "net", reply_net(&w->net_entry));
	if (w->blocked)
		json_object_set_new(out, "auto_block", reply_entry(&w->block_entry, &w->block_hits, w->now));
	if (w->listed) {
		json_t *entry = reply_entry(&w->list_entry, &w->list_hits, w->now);

		put_prefix(entry, "prefix", &w->list_prefix);
		put_text(entry, "list", w->list);
		json_object_set_new(out, "kernel", entry);
	}
	for (uint32_t i = 0; i < w->count && i < MESSAGE_WHY_MAX; i++)
		json_array_append_new(items, reply_item(&w->items[i]));
	json_object_set_new(out, "items", items);
	put_number(out, "items_total", w->total);
	return out;
}

static json_t *reply_items(const struct message_items *in)
{
	json_t *out = json_object(), *items = json_array();

	put_number(out, "result", 0);
	put_number(out, "total", in->total);
	put_number(out, "first", in->first);
	for (uint32_t i = 0; i < in->count && i < MESSAGE_ITEMS_MAX; i++)
		json_array_append_new(items, reply_item(&in->items[i]));
	json_object_set_new(out, "items", items);
	return out;
}

static json_t *reply_list(const struct message_lists *in, uint32_t i)
{
	const struct list_about *about = &in->rows[i].about;
	const struct seki_hits *hits = &in->rows[i].hits;
	json_t *row = json_object();

	put_text(row, "name", in->rows[i].name);
	put_text(row, "source", NAME(source_names, about->source));
	put_number(row, "entries", about->count);
	put_number(row, "serial", about->serial);
	put_digest(row, "digest", about->digest);
	put_number(row, "changed", about->changed);
	put_number(row, "taken", about->taken);
	put_number(row, "not_after", about->not_after);
	put_number(row, "priority", about->priority);
	put_flag(row, "rollback", in->rows[i].rollback);
	put_number(row, "packets", hits->pkts);
	put_number(row, "bytes", hits->bytes);
	if (hits->pkts)
		put_number(row, "last_hit_seconds_ago", in->now > hits->last ? in->now - hits->last : 0);
	return row;
}

static json_t *reply_lists(const struct message_lists *in)
{
	json_t *out = json_object(), *lists = json_array(), *kernel = json_object();

	put_number(out, "result", 0);
	put_number(out, "total", in->total);
	put_number(out, "limit", in->limit);
	put_number(out, "memory_bytes", in->bytes);
	for (uint32_t i = 0; i < in->count && i < SEKI_MAX_LISTS; i++)
		json_array_append_new(lists, reply_list(in, i));
	json_object_set_new(out, "lists", lists);
	if (in->gate) {
		put_number(kernel, "rows", in->usage.list_rows);
		put_number(kernel, "rows_max", in->usage.list_max);
		put_number(kernel, "spilled", in->usage.list_spilled);
		put_number(kernel, "spilled_max", GATE_LIST_SPILL_ALARM);
		put_number(kernel, "memory_bytes", in->usage.list_bytes);
		put_flag(kernel, "previous", in->previous);
		put_flag(kernel, "converged", !in->stale);
		json_object_set_new(out, "kernel", kernel);
	} else {
		json_decref(kernel);
	}
	return out;
}

static json_t *reply_difference(const struct message_verified *in, uint32_t i)
{
	static const char *const kinds[] = {
		[GATE_LIST_MISSING] = "missing",
		[GATE_LIST_EXTRA] = "extra",
		[GATE_LIST_OTHER] = "different",
		[GATE_LIST_UNREACHED] = "unreached",
	};
	static const struct seki_hits none;
	const struct gate_list_difference *seen = &in->first[i].seen;
	struct prefix prefix = {.len = (uint8_t)seen->key.prefixlen};
	json_t *row = json_object(), *side;
	struct message_prefix key;

	memcpy(prefix.addr, seen->key.addr.b, sizeof(prefix.addr));
	message_prefix_put(&prefix, &key);
	put_prefix(row, "prefix", &key);
	put_text(row, "kind", NAME(kinds, seen->kind));
	if (seen->want.flags) {
		side = reply_entry(&seen->want, &none, 0);
		put_text(side, "list", in->first[i].want);
		json_object_set_new(row, "meant", side);
	}
	if (seen->held.flags) {
		side = reply_entry(&seen->held, &none, 0);
		put_text(side, "list", in->first[i].held);
		json_object_set_new(row, "kernel", side);
	}
	return row;
}

static json_t *reply_verified(const struct message_verified *in)
{
	json_t *out = json_object(), *rows = json_array();
	char digest[20];

	put_number(out, "result", 0);
	put_flag(out, "equal", !in->differences);
	put_number(out, "rows", in->rows);
	put_number(out, "spilled", in->spilled);
	put_number(out, "differences", in->differences);
	put_flag(out, "mended", in->mended);
	snprintf(digest, sizeof(digest), "%016" PRIx64, in->want);
	put_text(out, "digest_meant", digest);
	snprintf(digest, sizeof(digest), "%016" PRIx64, in->held);
	put_text(out, "digest_kernel", digest);
	for (uint32_t i = 0; i < in->count && i < GATE_LIST_DIFFERENCES; i++)
		json_array_append_new(rows, reply_difference(in, i));
	json_object_set_new(out, "first", rows);
	return out;
}

static json_t *reply_counters(const struct message_counters *in)
{
	json_t *out = json_object(), *reasons = json_object(), *losses = json_object();

	for (int i = 0; i < SEKI_REASON_MAX; i++) {
		json_t *row = json_object();

		put_number(row, "packets", in->reasons[i].pkts);
		put_number(row, "bytes", in->reasons[i].bytes);
		put_number(row, "would_packets", in->reasons[i].would_pkts);
		put_number(row, "would_bytes", in->reasons[i].would_bytes);
		json_object_set_new(reasons, contract_reasons[i], row);
	}
	for (int i = 0; i < SEKI_LOSS_MAX; i++)
		put_number(losses, contract_losses[i], in->losses[i]);
	put_number(out, "result", 0);
	json_object_set_new(out, "reasons", reasons);
	json_object_set_new(out, "losses", losses);
	return out;
}

json_t *ctl_reply_write(uint32_t type, const void *body, size_t len)
{
	switch (type) {
	case MESSAGE_DONE:
		return reply_done(body);
	case MESSAGE_STATUS:
		return reply_status(body);
	case MESSAGE_WHY:
		return reply_why(body);
	case MESSAGE_ITEMS:
		return reply_items(body);
	case MESSAGE_LISTS:
		return reply_lists(body);
	case MESSAGE_VERIFIED:
		return reply_verified(body);
	case MESSAGE_COUNTERS:
		return reply_counters(body);
	default:
		return NULL;
	}
}
