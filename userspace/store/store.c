// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * store.c - the folder: an index and one file a month, opened as needed, set
 * aside when damaged.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/civil.h"
#include "lib/log.h"
#include "store_private.h"

const char *const store_kind_names[STORE_KIND_MAX] = {
#define X(id, name, ...) [STORE_##id] = name,
	STORE_KINDS(X)
#undef X
};

/*
 * Addresses are 4 or 16 bytes; the signature of an alert is in rule, once. Figures: label is "" where sid is
 * not 0. host: which events an address is part of, sorted in large steps (hosts_index()), since an index kept
 * with every event would dirty a page for each. event_urgent: whoever has to be told, by the notice that
 * told; NULL: nobody yet.
 */
#define MONTH_V2                                                                                             \
	"CREATE TABLE pack(id INTEGER PRIMARY KEY, n INTEGER NOT NULL, raw INTEGER NOT NULL, data BLOB NOT " \
	"NULL);"                                                                                             \
	"CREATE TABLE host(addr BLOB NOT NULL, id INTEGER NOT NULL, PRIMARY KEY(addr, id)) WITHOUT ROWID;"   \
	"CREATE INDEX event_urgent ON event(notice) WHERE kind = 0 AND severity = 3 AND verdict != 1;"
/* Packets of alerts: many go long before their event. The index is what retention walks. */
#define MONTH_V3                                                                                             \
	"CREATE TABLE packet(id INTEGER PRIMARY KEY, t INTEGER NOT NULL, severity INTEGER NOT NULL, raw "    \
	"INTEGER NOT NULL, data BLOB NOT NULL);"                                                             \
	"CREATE INDEX packet_t ON packet(severity, t);"
static const char month_schema[] =
	"CREATE TABLE event(id INTEGER PRIMARY KEY, t INTEGER NOT NULL, t_match INTEGER NOT NULL, kind "
	"INTEGER NOT NULL,"
	" severity INTEGER NOT NULL, verdict INTEGER NOT NULL, proto INTEGER NOT NULL, target INTEGER NOT "
	"NULL,"
	" src BLOB, dst BLOB, sport INTEGER NOT NULL, dport INTEGER NOT NULL, gid INTEGER NOT NULL, sid "
	"INTEGER NOT NULL,"
	" rev INTEGER NOT NULL, tenant TEXT NOT NULL, label TEXT NOT NULL, list TEXT NOT NULL, iface TEXT "
	"NOT NULL,"
	" t_sent INTEGER, t_delivered INTEGER, t_acked INTEGER, notice INTEGER);"
	"CREATE TABLE line(id INTEGER PRIMARY KEY, line BLOB NOT NULL);"
	"CREATE TABLE rule(gid INTEGER NOT NULL, sid INTEGER NOT NULL, rev INTEGER NOT NULL, label TEXT NOT "
	"NULL,"
	" json TEXT NOT NULL, PRIMARY KEY(gid, sid)) WITHOUT ROWID;"
	"CREATE TABLE figure(slot INTEGER NOT NULL, kind INTEGER NOT NULL, gid INTEGER NOT NULL, sid INTEGER "
	"NOT NULL,"
	" severity INTEGER NOT NULL, verdict INTEGER NOT NULL, tenant TEXT NOT NULL, label TEXT NOT NULL, n "
	"INTEGER NOT NULL,"
	" first INTEGER NOT NULL, last INTEGER NOT NULL,"
	" PRIMARY KEY(slot, kind, gid, sid, severity, verdict, tenant, label)) WITHOUT ROWID;"
	"CREATE TABLE total(inserted INTEGER NOT NULL, removed INTEGER NOT NULL, hosted INTEGER NOT NULL "
	"DEFAULT 0);"
	"INSERT INTO total VALUES(0, 0, 0);"
	"CREATE INDEX event_t ON event(t);" MONTH_V2 MONTH_V3;
static const char *const month_upgrades[] = {
	"DROP INDEX event_urgent; DROP INDEX event_src; DROP INDEX event_dst;"
	"ALTER TABLE event ADD COLUMN notice INTEGER;"
	"ALTER TABLE total ADD COLUMN hosted INTEGER NOT NULL DEFAULT 0;"
	/* What was sent before notices had numbers is not to be sent again. */
	"UPDATE event SET notice = 0 WHERE t_sent IS NOT NULL;" MONTH_V2,
	MONTH_V3, NULL};
static const struct db_schema month_tables = {month_schema, month_upgrades};
_Static_assert(STORE_ALERT == 0 && SEKI_SEVERITY_CRITICAL == 3 && SEKI_VERDICT_BLOCKED == 1,
	       "the partial index of event_urgent");

uint32_t month_of(uint64_t t)
{
	struct civil date = civil_of((int64_t)(t / 1000000));

	return (uint32_t)date.year * 12 + date.month - 1;
}

uint64_t month_begin(uint32_t month)
{
	return (uint64_t)civil_days((int32_t)(month / 12), month % 12 + 1, 1) * 86400 * 1000000;
}

void month_name(uint32_t month, char name[DB_NAME_MAX])
{
	snprintf(name, DB_NAME_MAX, "events-%04u-%02u", month / 12, month % 12 + 1);
}

int store_file_there(struct store *store, uint32_t month, uint64_t *bytes)
{
	char name[DB_NAME_MAX];

	month_name(month, name);
	return db_there(store->place, name, bytes);
}

void store_file_close(struct store_file *file)
{
	for (size_t i = 0; i < STATEMENT_MAX; i++)
		db_finish(file->statements[i]);
	db_close(file->db);
	memset(file, 0, sizeof(*file));
}

static void month_close(struct store *store, uint32_t month)
{
	for (size_t i = 0; i < STORE_OPEN_MAX; i++)
		if (store->files[i].db && store->files[i].month == month)
			store_file_close(&store->files[i]);
}

int store_file_remove(struct store *store, uint32_t month)
{
	char name[DB_NAME_MAX];

	month_close(store, month);
	month_name(month, name);
	return db_remove(store->place, name);
}

int store_set_aside(struct store *store, uint32_t month)
{
	char name[DB_NAME_MAX], to[DB_PATH_MAX];
	const struct index_change change = {.lost_rest = true};
	int err;

	month_close(store, month);
	month_name(month, name);
	err = db_set_aside(store->place, name, to);
	if (err)
		return err;
	log_error("%s is damaged and was renamed to %s: its events are counted as lost; a new one is begun",
		  name, to);
	return index_month(store, month, &change);
}

static int file_total(struct store_file *file, uint64_t *inserted)
{
	CLEANUP(db_finish) struct db_statement *statement = NULL;
	int err = db_prepare(file->db,
			     "SELECT inserted, (SELECT coalesce(max(id), 0) FROM event), hosted FROM total",
			     &statement);

	if (!err && !db_row(statement, &err) && !err)
		err = -EBADMSG;
	if (err)
		return err;
	*inserted = db_get(statement, 0);
	file->hosted = db_get(statement, 2);
	file->next_id = (*inserted > db_get(statement, 1) ? *inserted : db_get(statement, 1)) + 1;
	return 0;
}

static int file_open(struct store *store, uint32_t month, bool create, struct store_file *file)
{
	char name[DB_NAME_MAX];
	uint64_t inserted = 0;
	int err;

	month_name(month, name);
	if (!create) {
		err = store_file_there(store, month, NULL);
		if (err)
			return err;
	}
	err = db_open(store->place, name, &month_tables, &file->db);
	if (!err)
		err = file_total(file, &inserted);
	if (!err && !store->readonly)
		err = index_month_set(store, month, inserted);
	if (err) {
		store_file_close(file);
		return err;
	}
	file->month = month;
	return 0;
}

int store_file(struct store *store, uint32_t month, bool create, struct store_file **out)
{
	struct store_file *slot = &store->files[0];
	int err = store_ready(store);

	if (err)
		return err;

	for (size_t i = 0; i < STORE_OPEN_MAX; i++) {
		struct store_file *file = &store->files[i];

		if (file->db && file->month == month) {
			/* The writer may have removed it meanwhile. */
			err = store->readonly ? store_file_there(store, month, NULL) : 0;
			if (err)
				return err;
			file->used = ++store->clock;
			*out = file;
			return 0;
		}
		if (!file->db || (slot->db && file->used < slot->used))
			slot = file;
	}
	store_file_close(slot);
	err = file_open(store, month, create, slot);
	if ((err == -EBADMSG || err == -EPROTO) && create && !store->readonly) {
		err = store_set_aside(store, month);
		if (!err)
			err = file_open(store, month, create, slot);
	}
	if (err)
		return err;
	slot->used = ++store->clock;
	*out = slot;
	return 0;
}

void store_limits(struct store *store, const struct store_limits *limits)
{
	store->limits = *limits;
}

/* Months that have a file but no row, because the index was begun anew; and those that were about to go. */
static int month_adopt(const char *found, void *arg)
{
	struct store_retained retained = {0};
	struct store *store = arg;
	struct store_file *file;
	unsigned int year, month;
	char name[DB_NAME_MAX];
	int err;

	if (sscanf(found, "events-%4u-%2u", &year, &month) != 2 || month < 1 || month > 12)
		return 0;
	month_name(year * 12 + month - 1, name);
	if (strcmp(name, found) != 0)
		return 0;
	err = store_file(store, year * 12 + month - 1, true, &file);
	if (!err && index_kept(store, year * 12 + month - 1))
		err = month_retire(store, year * 12 + month - 1, &retained);
	return err;
}

/* The index, and what the writer finds beside it. */
static int store_begin(struct store *store)
{
	int err;

	store->beginning = true;
	err = index_open(store);
	if (!err && !store->readonly)
		err = db_names(store->place, "events-", month_adopt, store);
	store->beginning = false;
	return err;
}

int store_ready(struct store *store)
{
	int err;

	if (store->index && !db_place_lost(store->place))
		return 0;
	if (store->beginning || db_place_busy(store->place))
		return -ENOTCONN;
	for (size_t i = 0; i < STORE_OPEN_MAX; i++)
		store_file_close(&store->files[i]);
	db_close(TAKE_PTR(store->index));
	err = db_place_renew(store->place);
	if (!err)
		err = store_begin(store);
	return err;
}

int store_open(const struct store_options *options, struct store **out, char why[STORE_WHY_MAX])
{
	CLEANUP(store_close) struct store *store = calloc(1, sizeof(*store));
	char cause[DB_WHY_MAX] = "";
	int err;

	if (!store)
		return -ENOMEM;
	store->readonly = options->readonly;
	store->pack = line_pack_new();
	if (!store->pack)
		return -ENOMEM;
	store->limits = options->limits;
	err = db_place_open(options->dir, options->readonly, &store->place, cause);
	if (err == -ENOTCONN && store->place) {
		log_error("event store: %s; events wait until it answers", cause);
		*out = TAKE_PTR(store);
		return 0;
	}
	if (!err)
		err = store_begin(store);
	if (err) {
		snprintf(why, STORE_WHY_MAX, "event store %.60s: %.180s", options->dir,
			 *cause		  ? cause
			 : err == -ENOENT ? "there is none yet"
			 : err == -EPROTO
				 ? "of another version; a daemon of this version upgrades it when it starts"
				 : strerror(-err));
		return err;
	}
	*out = TAKE_PTR(store);
	return 0;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	for (size_t i = 0; i < STORE_OPEN_MAX; i++)
		store_file_close(&store->files[i]);
	db_close(store->index);
	db_place_close(store->place);
	line_pack_free(store->pack);
	free(store);
}
