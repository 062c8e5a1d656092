// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * keeper_module.c - the keeper's dealings with the kernel module.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include "core/policy/guard_image.h"
#include "keeper.h"
#include "keeper_module.h"
#include "lib/log.h"

#define SEARCH_SECONDS 10u /* between looks for a module that is not there */
#define COMMIT_SHARE   20u /* a table is built anew at most for a twentieth of the time */

struct guarded {
	uint32_t ifindex, prog, count;
	struct seki_guard_row rows[SEKI_GUARD_ROWS];
};

struct keeper_module {
	struct kmod *kmod; /* NULL: not to be used */
	struct kmod_watch *watch;
	enum kmod_presence presence;
	struct kmod_info info;
	bool used;   /* the object that was loaded calls it */
	bool behind; /* the prefilter's table is not of the rules that the engines have */
	struct keeper_module_rules rules; /* those that the table was made of */
	uint32_t next_search;

	struct guard_net *nets;
	uint32_t net_count;
	bool nets_changed;
	uint64_t list_changes, block_changes; /* of the keeper, as committed */
	bool committed;			      /* there is a guard table of ours */
	uint64_t not_before_ms;
	bool told; /* the same failure is said once */

	struct guarded guarded[MESSAGE_IFACES_MAX];
	uint32_t guarded_count;
};

static uint64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* --- presence */

static void module_close(struct keeper *k)
{
	struct keeper_module *m = k->module;

	if (m->watch && k->loop)
		loop_remove(k->loop, kmod_watch_fd(m->watch));
	kmod_watch_free(m->watch);
	kmod_free(m->kmod);
	m->watch = NULL;
	m->kmod = NULL;
	m->committed = false;
	m->guarded_count = 0;
}

static struct guarded *guarded_find(struct keeper_module *m, uint32_t ifindex)
{
	for (uint32_t i = 0; i < m->guarded_count; i++)
		if (m->guarded[i].ifindex == ifindex)
			return &m->guarded[i];
	return NULL;
}

static void guarded_forget(struct keeper_module *m, uint32_t ifindex)
{
	struct guarded *row = guarded_find(m, ifindex);

	if (row)
		*row = m->guarded[--m->guarded_count];
}

static void module_event(const struct kmod_event *event, void *arg)
{
	struct keeper *k = arg;

	switch (event->event) {
	case SEKI_EVENT_XDP_MISSING:
		keeper_audit(k, AUDIT_ALARM, 0,
			     "%s: the XDP program is gone; the kernel module's guard enforces the lists",
			     event->name);
		keeper_hooks_poll(k);
		break;
	case SEKI_EVENT_XDP_REPLACED:
		keeper_audit(k, AUDIT_ALARM, 0,
			     "%s: XDP program %u is in the place of ours (%u); the kernel module's guard "
			     "enforces the "
			     "lists",
			     event->name, event->found, event->prog);
		keeper_hooks_poll(k);
		break;
	case SEKI_EVENT_XDP_PRESENT:
		keeper_audit(k, AUDIT_NOTE, 0, "%s: the XDP program is there; the guard only watches",
			     event->name);
		break;
	case SEKI_EVENT_GUARD_CLEAR:
		if (guarded_find(k->module, event->ifindex)) /* ours are forgotten before */
			keeper_audit(k, AUDIT_ALARM, event->uid, "%s: the guard was withdrawn: %s",
				     event->name, event->reason);
		guarded_forget(k->module, event->ifindex);
		break;
	case SEKI_EVENT_DEVICE_GONE:
		keeper_audit(k, AUDIT_NOTE, 0, "%s left; its guard with it", event->name);
		guarded_forget(k->module, event->ifindex);
		break;
	default:
		break;
	}
}

static void module_readable(int fd, uint32_t events, void *arg)
{
	struct keeper *k = arg;
	int err = kmod_watch_read(k->module->watch, module_event, k);

	if (err == -ENOBUFS)
		keeper_hooks_poll(k); /* what was lost is asked for */
	else if (err)
		log_warn("the kernel module's events: %s", strerror(-err));
}

static void module_search(struct keeper *k)
{
	struct keeper_module *m = k->module;
	enum kmod_presence before = m->presence;
	int err = kmod_open(&m->kmod, &m->info, &m->presence);

	m->next_search = keeper_now() + SEARCH_SECONDS;
	if (m->kmod && m->presence != KMOD_LOADED) {
		kmod_free(m->kmod);
		m->kmod = NULL;
	}
	if (!m->kmod) {
		if (m->presence != before && (m->presence == KMOD_OLDER || m->presence == KMOD_NEWER))
			keeper_audit(k, AUDIT_ALARM, 0, "kernel module %s: %s", m->info.version,
				     kmod_presence_text(m->presence));
		else if (m->presence != before)
			log_info("kernel module: %s", kmod_presence_text(m->presence));
		return;
	}
	m->told = false;
	keeper_module_stale(k);
	err = kmod_watch_open(&m->watch);
	if (!err && k->loop)
		err = loop_add(k->loop, kmod_watch_fd(m->watch), EPOLLIN, module_readable, k);
	if (err)
		log_warn("the kernel module's events cannot be heard: %s", strerror(-err));
	log_info("kernel module %s", m->info.version);
}

int keeper_module_new(struct keeper *k)
{
	k->module = calloc(1, sizeof(*k->module));
	if (!k->module)
		return -ENOMEM;
	k->module->presence = KMOD_PRESENCE_MAX;
	module_search(k);
	return 0;
}

void keeper_module_free(struct keeper *k)
{
	if (!k->module)
		return;
	module_close(k);
	free(k->module->nets);
	free(k->module);
	k->module = NULL;
}

/* A call failed: is the module gone, or was the call wrong? */
static void module_failed(struct keeper *k, const char *what, int err, const struct gate_why *why)
{
	struct keeper_module *m = k->module;
	bool gone = access("/sys/module/sekimori", F_OK);

	if (!m->told)
		keeper_audit(k, AUDIT_ALARM, 0, "%s: %s", what,
			     gone	  ? "the kernel module was unloaded"
			     : *why->text ? why->text
					  : strerror(-err));
	m->told = true;
	if (!gone)
		return;
	module_close(k);
	m->presence = KMOD_UNLOADED;
	m->next_search = keeper_now() + SEARCH_SECONDS;
}

/* --- the object */

/* In the folder of the plain one. False: there is none. */
static bool object_beside(const char *plain, char *out, size_t size)
{
	const char *slash = strrchr(plain, '/');
	int len = slash ? (int)(slash - plain) + 1 : 0;

	return snprintf(out, size, "%.*s%s", len, plain, SEKI_OBJECT_KMOD) < (int)size && !access(out, R_OK);
}

int keeper_module_gate(struct keeper *k, const struct gate_options *options, const uint32_t *ifindexes,
		       unsigned int count, struct gate_why *why)
{
	struct gate_options calling = *options;
	char path[INSTANCE_PATH_MAX];
	int err;

	k->module->used = false;
	/* One that was named is the one that is wanted. */
	if (k->module->kmod && !k->options.object && object_beside(options->object, path, sizeof(path))) {
		calling.object = path;
		err = gate_open(&calling, ifindexes, count, &k->gate, why);
		k->module->used = !err;
		if (!err)
			return 0;
		keeper_audit(k, AUDIT_ALARM, 0, "without the kernel module's prefilter: %s", why->text);
	}
	return gate_open(options, ifindexes, count, &k->gate, why);
}

/* --- tables */

void keeper_module_nets(struct keeper *k, const struct gate_net_row *rows, uint32_t count)
{
	struct keeper_module *m = k->module;
	struct guard_net *nets = calloc(count + 1ul, sizeof(*nets));

	if (!nets)
		return; /* the earlier ones stay; what the packet program has is not touched by it */
	for (uint32_t i = 0; i < count; i++) {
		memcpy(nets[i].prefix.addr, rows[i].key.addr.b, sizeof(nets[i].prefix.addr));
		nets[i].prefix.len = (uint8_t)rows[i].key.prefixlen;
		nets[i].net = rows[i].value;
	}
	free(m->nets);
	m->nets = nets;
	m->net_count = count;
	m->nets_changed = true;
}

/* May flows be narrowed? Only while the module looks for what the engines' rules need. */
static void narrow_set(struct keeper *k, bool narrow)
{
	struct seki_settings next = k->settings;

	next.narrow = narrow;
	if (!k->gate || next.narrow == k->settings.narrow)
		return;
	if (gate_settings_set(k->gate, &next))
		log_error("narrowed flows stay %s", narrow ? "copied as a whole" : "narrowed");
	else
		k->settings = next;
}

void keeper_module_stale(struct keeper *k)
{
	k->prefilter_stale = true;
	k->module->behind = true;
	narrow_set(k, false);
}

void keeper_module_fresh(struct keeper *k, const struct keeper_module_rules *rules)
{
	k->module->rules = *rules;
	k->module->behind = k->prefilter_stale;
	narrow_set(k, !k->prefilter_stale);
}

bool keeper_module_behind(const struct keeper *k)
{
	return k->module->kmod && k->module->used && k->module->behind;
}

int keeper_module_commit(struct keeper *k, enum seki_table_kind kind, const void *table, size_t len,
			 struct gate_why *why)
{
	uint64_t serial;

	if (!k->module->kmod)
		return -ENODEV;
	return kmod_table_commit(k->module->kmod, kind, table, len, &serial, why);
}

struct flat {
	struct list_row *rows;
	uint32_t count, size;
};

static void flat_row(const struct list_row *row, void *arg)
{
	struct flat *flat = arg;

	if (flat->count < flat->size)
		flat->rows[flat->count++] = *row;
}

static int flat_block(const struct seki_addr *addr, const struct seki_entry *entry, void *arg)
{
	struct flat *flat = arg;
	struct list_row *grown;

	if (flat->count == flat->size) {
		flat->size = flat->size * 2 + 64;
		grown = reallocarray(flat->rows, flat->size, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		flat->rows = grown;
	}
	flat->rows[flat->count] = (struct list_row){.prefix = {.len = 128}, .entry = *entry};
	memcpy(flat->rows[flat->count++].prefix.addr, addr->b, sizeof(addr->b));
	return 0;
}

static int rows_commit(struct keeper *k, enum seki_table_kind kind, const struct flat *flat,
		       struct gate_why *why)
{
	struct keeper_module *m = k->module;
	AUTO_FREE void *table = NULL;
	size_t len = 0;
	int err = guard_image_build(flat->rows, flat->count, m->nets, m->net_count, &table, &len);

	return err ? err : keeper_module_commit(k, kind, table, len, why);
}

static int lists_commit(struct keeper *k, struct gate_why *why)
{
	struct flat flat = {.size = list_prefixes(k->lists)};
	int64_t clock = (int64_t)keeper_now() - (int64_t)keeper_epoch();
	int err;

	flat.rows = malloc((flat.size + 1ul) * sizeof(*flat.rows));
	if (!flat.rows)
		return -ENOMEM;
	list_flatten(k->lists, keeper_epoch(), clock, flat_row, &flat);
	err = rows_commit(k, SEKI_TABLE_GUARD, &flat, why);
	free(flat.rows);
	return err;
}

static int blocks_commit(struct keeper *k, struct gate_why *why)
{
	struct flat flat = {0};
	int err = gate_block_each(k->gate, flat_block, &flat);

	if (!err)
		err = rows_commit(k, SEKI_TABLE_BLOCKS, &flat, why);
	free(flat.rows);
	return err;
}

/* What the packet program enforces, the guard can: again when it changed, but never so often that it would
 * take the keeper's time. */
static int tables_sync(struct keeper *k, struct gate_why *why)
{
	struct keeper_module *m = k->module;
	bool lists = !m->committed || m->nets_changed || m->list_changes != k->list_changes;
	bool blocks = !m->committed || m->nets_changed || m->block_changes != k->block_changes;
	uint64_t begin = now_ms();
	int err = 0;

	if ((!lists && !blocks) || begin < m->not_before_ms)
		return 0;
	if (lists)
		err = lists_commit(k, why);
	if (!err && blocks)
		err = blocks_commit(k, why);
	m->not_before_ms = now_ms() + (now_ms() - begin) * COMMIT_SHARE;
	if (err)
		return err;
	m->committed = true;
	m->nets_changed = false;
	m->list_changes = k->list_changes;
	m->block_changes = k->block_changes;
	return 0;
}

/* --- interfaces */

/* How all rows of an interface are judged; false: its program is not there, so that there is nothing new to
 * declare. */
static bool guarded_want(const struct keeper *k, uint32_t ifindex, struct guarded *out)
{
	memset(out, 0, sizeof(*out));
	out->ifindex = ifindex;
	for (uint32_t i = 0; i < k->iface_count; i++) {
		const struct keeper_iface *row = &k->ifaces[i];
		struct seki_guard_row *to = &out->rows[out->count];

		if (row->ifindex != ifindex)
			continue;
		if (!row->attached || !row->hook.prog_id)
			return false;
		out->prog = row->hook.prog_id;
		to->vlan = row->want.vlan;
		to->mode = row->want.mode;
		if (k->pending_until && row->want.mode == SEKI_MODE_ENFORCE)
			to->enforce_until = k->pending_until;
		out->count++;
	}
	return out->count;
}

static int guards_sync(struct keeper *k, struct gate_why *why)
{
	struct keeper_module *m = k->module;
	struct guarded want;
	int err = 0;

	for (uint32_t i = 0; !err && i < k->iface_count; i++) {
		struct guarded *have = guarded_find(m, k->ifaces[i].ifindex);

		if (!guarded_want(k, k->ifaces[i].ifindex, &want) ||
		    (have && !memcmp(have, &want, sizeof(want))))
			continue;
		err = kmod_guard_set(m->kmod, want.ifindex, want.prog, want.rows, want.count, why);
		if (err == -ENODEV)
			return 0; /* it is just going; the hooks' poll will say so */
		if (err)
			return err;
		if (have)
			*have = want;
		else if (m->guarded_count < MESSAGE_IFACES_MAX)
			m->guarded[m->guarded_count++] = want;
	}
	return err;
}

void keeper_module_leave(struct keeper *k, uint32_t ifindex, const char *reason)
{
	struct keeper_module *m = k->module;
	struct gate_why why = {""};
	int err;

	if (!m->kmod)
		return;
	guarded_forget(m, ifindex);
	err = kmod_guard_clear(m->kmod, ifindex, reason, &why);
	if (err && err != -ENOENT)
		module_failed(k, "a guard could not be withdrawn", err, &why);
}

void keeper_module_tick(struct keeper *k)
{
	struct keeper_module *m = k->module;
	struct gate_why why = {""};
	int err;

	if (!m->kmod && keeper_now() >= m->next_search)
		module_search(k);
	if (!m->kmod || !k->gate || !k->iface_count)
		return;
	if (access("/sys/module/sekimori", F_OK)) {
		module_failed(k, "guard and prefilter", -ENODEV, &why);
		return;
	}
	if (m->used && k->prefilter_stale) {
		k->prefilter_stale = false;
		if (keeper_job_prefilter(k))
			k->prefilter_stale = true; /* another job runs: in a second again */
	}
	err = tables_sync(k, &why);
	if (!err)
		err = guards_sync(k, &why);
	if (err)
		module_failed(k, "the guard is not up to date", err, &why);
	else
		m->told = false;
}

/* --- status */

static void status_table(const struct kmod_table *table, void *arg)
{
	struct message_status_module *out = arg;

	if (table->kind >= SEKI_TABLE_MAX)
		return;
	out->tables[table->kind].serial = table->serial;
	out->tables[table->kind].size = table->size;
	memcpy(out->tables[table->kind].digest, table->digest, sizeof(table->digest));
}

static void status_guard(const struct kmod_guard *guard, void *arg)
{
	struct message_status_module *out = arg;

	out->guarded++;
	out->enforcing += guard->state != SEKI_GUARD_PRESENT;
	out->guard_dropped += guard->stats[SEKI_GUARD_STAT_DROPPED];
	out->guard_would += guard->stats[SEKI_GUARD_STAT_WOULD_DROP];
}

void keeper_module_status(struct keeper *k, struct message_status_module *out)
{
	struct keeper_module *m = k->module;
	int err;

	if (m->kmod) {
		err = kmod_stats(m->kmod, out->stats);
		if (!err)
			err = kmod_table_each(m->kmod, status_table, out);
		if (!err)
			err = kmod_guard_each(m->kmod, status_guard, out);
		if (err)
			module_failed(k, "the kernel module's state", err, &(struct gate_why){""});
	}
	out->presence = m->presence;
	out->used = m->used;
	out->behind = keeper_module_behind(k);
	out->rules_drop = m->rules.drop;
	out->rules_inspect = m->rules.inspect;
	out->rules_stay = m->rules.stay;
	snprintf(out->version, sizeof(out->version), "%s", m->kmod ? m->info.version : "");
}
