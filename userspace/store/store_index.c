// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * store_index.c - what is kept beside the months: how much each held and lost,
 * counters, notices, figures and rules of months whose events went.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/log.h"
#include "store_private.h"

#define INDEX_NAME "index"

/*
 * month: present counts what the file that is there took in, gone what files before it did; removed and
 * removed_gone likewise. kept: the figures of the file that is there are here already, it is about to be
 * removed.
 */
#define NOTICE_V2                                                                                            \
	"CREATE TABLE notice(id INTEGER PRIMARY KEY, n INTEGER NOT NULL, groups INTEGER NOT NULL,"           \
	" t_first INTEGER NOT NULL, t_sent INTEGER NOT NULL, t_delivered INTEGER NOT NULL, t_acked INTEGER " \
	"NOT NULL,"                                                                                          \
	" t_due INTEGER NOT NULL, t_escalated INTEGER NOT NULL, attempts INTEGER NOT NULL, gid INTEGER NOT " \
	"NULL,"                                                                                              \
	" sid INTEGER NOT NULL, source BLOB NOT NULL, target BLOB NOT NULL, channel TEXT NOT NULL, label "   \
	"TEXT NOT NULL,"                                                                                     \
	" acked_by TEXT NOT NULL, comment TEXT NOT NULL);"                                                   \
	"CREATE INDEX notice_t ON notice(t_first); CREATE INDEX notice_open ON notice(id) WHERE t_acked = "  \
	"0;"
static const char index_schema[] =
	"CREATE TABLE month(month INTEGER PRIMARY KEY, present INTEGER NOT NULL DEFAULT 0, gone INTEGER NOT "
	"NULL DEFAULT 0,"
	" removed INTEGER NOT NULL DEFAULT 0, removed_gone INTEGER NOT NULL DEFAULT 0, lost INTEGER NOT NULL "
	"DEFAULT 0,"
	" kept INTEGER NOT NULL DEFAULT 0);"
	"CREATE TABLE counter(slot INTEGER NOT NULL, name TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY "
	"KEY(slot, name))"
	" WITHOUT ROWID;"
	"CREATE TABLE rule(gid INTEGER NOT NULL, sid INTEGER NOT NULL, rev INTEGER NOT NULL, label TEXT NOT "
	"NULL,"
	" json TEXT NOT NULL, PRIMARY KEY(gid, sid)) WITHOUT ROWID;"
	"CREATE TABLE figure(slot INTEGER NOT NULL, kind INTEGER NOT NULL, gid INTEGER NOT NULL, sid INTEGER "
	"NOT NULL,"
	" severity INTEGER NOT NULL, verdict INTEGER NOT NULL, tenant TEXT NOT NULL, label TEXT NOT NULL, n "
	"INTEGER NOT NULL,"
	" first INTEGER NOT NULL, last INTEGER NOT NULL,"
	" PRIMARY KEY(slot, kind, gid, sid, severity, verdict, tenant, label)) WITHOUT ROWID;" NOTICE_V2;
static const char *const index_upgrades[] = {"DROP TABLE notice;" NOTICE_V2, NULL};
static const struct db_schema index_tables = {index_schema, index_upgrades};

int index_open(struct store *store)
{
	int err = db_open(store->place, INDEX_NAME, &index_tables, &store->index);
	char to[DB_PATH_MAX];

	if ((err != -EBADMSG && err != -EPROTO) || store->readonly)
		return err;
	err = db_set_aside(store->place, INDEX_NAME, to);
	if (err)
		return err;
	log_error(INDEX_NAME
		  " is damaged and was renamed to %s: counters, notices and figures of old months are lost",
		  to);
	return db_open(store->place, INDEX_NAME, &index_tables, &store->index);
}

int index_prepare(struct store *store, const char *sql, struct db_statement **out)
{
	int err = store_ready(store);

	return err ? err : db_prepare(store->index, sql, out);
}

int index_month(struct store *store, uint32_t month, const struct index_change *change)
{
	CLEANUP(db_finish) struct db_statement *add = NULL;
	CLEANUP(db_finish) struct db_statement *rest = NULL;
	int err = index_prepare(
		store,
		"INSERT INTO month(month, present, removed) VALUES(?1, ?2, ?3) ON CONFLICT(month) DO"
		" UPDATE SET present = month.present + ?2, removed = month.removed + ?3",
		&add);

	if (err)
		return err;
	db_number(add, 1, month);
	db_number(add, 2, change->inserted);
	db_number(add, 3, change->removed);
	err = db_step(add);
	if (err || !change->lost_rest)
		return err;
	err = index_prepare(
		store,
		"UPDATE month SET lost = lost + max(0, present - (removed - removed_gone)),"
		" gone = gone + present, present = 0, removed_gone = removed, kept = 0 WHERE month = ?1",
		&rest);
	if (err)
		return err;
	db_number(rest, 1, month);
	return db_step(rest);
}

int index_month_set(struct store *store, uint32_t month, uint64_t inserted)
{
	CLEANUP(db_finish) struct db_statement *set = NULL;
	int err = index_prepare(
		store,
		"INSERT INTO month(month, present) VALUES(?1, ?2) ON CONFLICT(month) DO UPDATE SET"
		" present = ?2 WHERE month.present != ?2",
		&set);

	if (err)
		return err;
	db_number(set, 1, month);
	db_number(set, 2, inserted);
	return db_step(set);
}

bool index_kept(struct store *store, uint32_t month)
{
	CLEANUP(db_finish) struct db_statement *s = NULL;
	int err;

	if (index_prepare(store, "SELECT kept FROM month WHERE month = ?1", &s))
		return false;
	db_number(s, 1, month);
	return db_row(s, &err) && db_get(s, 0);
}

int index_months(struct store *store, uint32_t *months, size_t room, size_t *count)
{
	CLEANUP(db_finish) struct db_statement *statement = NULL;
	int err = index_prepare(store, "SELECT month FROM month ORDER BY month", &statement);

	*count = 0;
	if (err)
		return err;
	while (db_row(statement, &err)) {
		if (*count == room)
			return -E2BIG;
		months[(*count)++] = (uint32_t)db_get(statement, 0);
	}
	return err;
}

int store_months(struct store *store, bool (*fn)(const struct store_month *month, void *arg), void *arg)
{
	CLEANUP(db_finish) struct db_statement *statement = NULL;
	int err = index_prepare(
		store, "SELECT month, present + gone, removed, lost FROM month ORDER BY month", &statement);

	if (err)
		return err;
	while (db_row(statement, &err)) {
		uint32_t number = (uint32_t)db_get(statement, 0);
		struct store_month month = {.year = number / 12,
					    .month = number % 12 + 1,
					    .inserted = db_get(statement, 1),
					    .removed = db_get(statement, 2),
					    .lost = db_get(statement, 3)};

		err = store_file_there(store, number, &month.bytes);
		if (err && err != -ENOENT)
			return err;
		if (!fn(&month, arg))
			return 0;
	}
	return err;
}

/* --- counters */

int store_count(struct store *store, uint64_t t, const struct store_delta *deltas, size_t count)
{
	CLEANUP(db_finish) struct db_statement *add = NULL;
	int err = store_ready(store);

	if (!err)
		err = db_begin(store->index);

	if (err)
		return err;
	err = index_prepare(store,
			    "INSERT INTO counter VALUES(?1, ?2, ?3) ON CONFLICT(slot, name) DO UPDATE SET n "
			    "= counter.n + ?3",
			    &add);
	for (size_t i = 0; !err && i < count; i++) {
		if (!deltas[i].value)
			continue;
		db_number(add, 1, t / STORE_SLOT_US);
		db_text(add, 2, deltas[i].name, STORE_TEXT_MAX);
		db_number(add, 3, deltas[i].value);
		err = db_step(add);
	}
	if (!err)
		err = db_commit(store->index);
	if (err)
		db_rollback(store->index);
	return err;
}

int store_counters(struct store *store, uint64_t from, uint64_t to,
		   bool (*fn)(const char *name, uint64_t sum, void *arg), void *arg)
{
	CLEANUP(db_finish) struct db_statement *statement = NULL;
	int err = index_prepare(
		store, "SELECT name, sum(n) FROM counter WHERE slot >= ?1 AND slot < ?2 GROUP BY name",
		&statement);

	if (err)
		return err;
	db_number(statement, 1, from / STORE_SLOT_US);
	db_number(statement, 2, (to + STORE_SLOT_US - 1) / STORE_SLOT_US);
	while (db_row(statement, &err))
		if (!fn(db_get_text(statement, 0), db_get(statement, 1), arg))
			return 0;
	return err;
}
