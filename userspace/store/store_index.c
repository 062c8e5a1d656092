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

#define INDEX_FILE "index.db"

/*
 * month: present counts what the file that is there took in, gone what files before it did; removed and
 * removed_gone likewise. kept: the figures of the file that is there are here already, it is about to be
 * removed.
 */
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
	" PRIMARY KEY(slot, kind, gid, sid, severity, verdict, tenant, label)) WITHOUT ROWID;"
	"CREATE TABLE notice(id INTEGER PRIMARY KEY, event INTEGER NOT NULL, n INTEGER NOT NULL, t_first "
	"INTEGER NOT NULL,"
	" t_last INTEGER NOT NULL, t_sent INTEGER NOT NULL, t_delivered INTEGER NOT NULL, t_acked INTEGER "
	"NOT NULL,"
	" t_due INTEGER NOT NULL, state INTEGER NOT NULL, attempts INTEGER NOT NULL, channel INTEGER NOT "
	"NULL,"
	" gid INTEGER NOT NULL, sid INTEGER NOT NULL, source BLOB NOT NULL, target BLOB NOT NULL, acked_by "
	"TEXT NOT NULL,"
	" text TEXT NOT NULL);"
	"CREATE INDEX notice_t ON notice(t_first);";

static int index_set_aside(const struct store *store)
{
	static const char *const suffixes[] = {"-wal", "-shm", ""};
	char from[DB_PATH_MAX], to[DB_PATH_MAX];
	unsigned int n = 1;

	do
		if (snprintf(to, sizeof(to), "%s/" INDEX_FILE ".damaged-%u", store->dir, n) >=
		    (int)sizeof(to))
			return -ENAMETOOLONG;
	while (!access(to, F_OK) && ++n < 100);
	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		snprintf(from, sizeof(from), "%.400s/" INDEX_FILE "%s", store->dir, suffixes[i]);
		snprintf(to, sizeof(to), "%.400s/" INDEX_FILE ".damaged-%u%s", store->dir, n, suffixes[i]);
		if (rename(from, to) < 0 && errno != ENOENT)
			return -errno;
	}
	log_error("%s is damaged and was renamed to %s: counters, notices and figures of old months are lost",
		  from, to);
	return 0;
}

int index_open(struct store *store)
{
	int err =
		db_open(store->dir, INDEX_FILE, store->readonly, STORE_VERSION, index_schema, &store->index);

	if ((err != -EBADMSG && err != -EPROTO) || store->readonly)
		return err;
	err = index_set_aside(store);
	return err ? err : db_open(store->dir, INDEX_FILE, false, STORE_VERSION, index_schema, &store->index);
}

int index_month(struct store *store, uint32_t month, const struct index_change *change)
{
	CLEANUP(db_finish) sqlite3_stmt *add = NULL;
	CLEANUP(db_finish) sqlite3_stmt *rest = NULL;
	int err = db_prepare(
		store->index,
		"INSERT INTO month(month, present, removed) VALUES(?1, ?2, ?3) ON CONFLICT(month) DO"
		" UPDATE SET present = present + ?2, removed = removed + ?3",
		&add);

	if (err)
		return err;
	db_number(add, 1, month);
	db_number(add, 2, change->inserted);
	db_number(add, 3, change->removed);
	err = db_step(add);
	if (err || !change->lost_rest)
		return err;
	err = db_prepare(
		store->index,
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
	CLEANUP(db_finish) sqlite3_stmt *set = NULL;
	int err =
		db_prepare(store->index,
			   "INSERT INTO month(month, present) VALUES(?1, ?2) ON CONFLICT(month) DO UPDATE SET"
			   " present = ?2 WHERE present != ?2",
			   &set);

	if (err)
		return err;
	db_number(set, 1, month);
	db_number(set, 2, inserted);
	return db_step(set);
}

bool index_kept(struct store *store, uint32_t month)
{
	CLEANUP(db_finish) sqlite3_stmt *s = NULL;

	if (db_prepare(store->index, "SELECT kept FROM month WHERE month = ?1", &s))
		return false;
	db_number(s, 1, month);
	return sqlite3_step(s) == SQLITE_ROW && db_get(s, 0);
}

int index_months(struct store *store, uint32_t *months, size_t room, size_t *count)
{
	CLEANUP(db_finish) sqlite3_stmt *statement = NULL;
	int err = db_prepare(store->index, "SELECT month FROM month ORDER BY month", &statement), rc;

	*count = 0;
	if (err)
		return err;
	while ((rc = sqlite3_step(statement)) == SQLITE_ROW && *count < room)
		months[(*count)++] = (uint32_t)db_get(statement, 0);
	return rc == SQLITE_ROW ? -E2BIG : db_errno(rc);
}

int store_months(struct store *store, bool (*fn)(const struct store_month *month, void *arg), void *arg)
{
	CLEANUP(db_finish) sqlite3_stmt *statement = NULL;
	int err = db_prepare(store->index,
			     "SELECT month, present + gone, removed, lost FROM month ORDER BY month",
			     &statement);
	int rc;

	if (err)
		return err;
	while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
		uint32_t number = (uint32_t)db_get(statement, 0);
		struct store_month month = {.year = number / 12,
					    .month = number % 12 + 1,
					    .inserted = db_get(statement, 1),
					    .removed = db_get(statement, 2),
					    .lost = db_get(statement, 3)};

		store_file_there(store, number, &month.bytes);
		if (!fn(&month, arg))
			return 0;
	}
	return db_errno(rc);
}

/* --- counters */

int store_count(struct store *store, uint64_t t, const struct store_delta *deltas, size_t count)
{
	CLEANUP(db_finish) sqlite3_stmt *add = NULL;
	int err = db_run(store->index, "BEGIN IMMEDIATE");

	if (err)
		return err;
	err = db_prepare(
		store->index,
		"INSERT INTO counter VALUES(?1, ?2, ?3) ON CONFLICT(slot, name) DO UPDATE SET n = n + ?3",
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
		err = db_run(store->index, "COMMIT");
	if (err && !sqlite3_get_autocommit(store->index) && db_run(store->index, "ROLLBACK"))
		log_debug("a transaction of the index ended by itself");
	return err;
}

int store_counters(struct store *store, uint64_t from, uint64_t to,
		   bool (*fn)(const char *name, uint64_t sum, void *arg), void *arg)
{
	CLEANUP(db_finish) sqlite3_stmt *statement = NULL;
	int err = db_prepare(store->index,
			     "SELECT name, sum(n) FROM counter WHERE slot >= ?1 AND slot < ?2 GROUP BY name",
			     &statement);
	int rc;

	if (err)
		return err;
	db_number(statement, 1, from / STORE_SLOT_US);
	db_number(statement, 2, (to + STORE_SLOT_US - 1) / STORE_SLOT_US);
	while ((rc = sqlite3_step(statement)) == SQLITE_ROW)
		if (!fn(db_get_text(statement, 0), db_get(statement, 1), arg))
			return 0;
	return db_errno(rc);
}

/* --- notices */

int store_notice_put(struct store *store, struct store_notice *notice)
{
	CLEANUP(db_finish) sqlite3_stmt *put = NULL;
	int err =
		db_prepare(store->index,
			   "INSERT OR REPLACE INTO notice VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,"
			   "?14,?15,?16,?17,?18)",
			   &put);
	const uint64_t numbers[] = {notice->event,  notice->count,	 notice->t_first, notice->t_last,
				    notice->t_sent, notice->t_delivered, notice->t_acked, notice->t_due,
				    notice->state,  notice->attempts,	 notice->channel, notice->gid,
				    notice->sid};

	if (err)
		return err;
	if (notice->id)
		db_number(put, 1, notice->id);
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		db_number(put, (int)i + 2, numbers[i]);
	sqlite3_bind_blob(put, 15, &notice->source, sizeof(notice->source), SQLITE_STATIC);
	sqlite3_bind_blob(put, 16, &notice->target, sizeof(notice->target), SQLITE_STATIC);
	db_text(put, 17, notice->acked_by, STORE_TEXT_MAX);
	db_text(put, 18, notice->text, 1u << 20);
	err = db_step(put);
	if (!err && !notice->id)
		notice->id = (uint64_t)sqlite3_last_insert_rowid(store->index);
	return err;
}

static void notice_read(sqlite3_stmt *row, struct store_notice *out)
{
	*out = (struct store_notice){
		.id = db_get(row, 0),
		.event = db_get(row, 1),
		.count = db_get(row, 2),
		.t_first = db_get(row, 3),
		.t_last = db_get(row, 4),
		.t_sent = db_get(row, 5),
		.t_delivered = db_get(row, 6),
		.t_acked = db_get(row, 7),
		.t_due = db_get(row, 8),
		.state = (uint32_t)db_get(row, 9),
		.attempts = (uint32_t)db_get(row, 10),
		.channel = (uint32_t)db_get(row, 11),
		.gid = (uint32_t)db_get(row, 12),
		.sid = (uint32_t)db_get(row, 13),
		.acked_by = db_get_text(row, 16),
		.text = db_get_text(row, 17),
	};
	if (sqlite3_column_bytes(row, 14) == sizeof(out->source))
		memcpy(&out->source, sqlite3_column_blob(row, 14), sizeof(out->source));
	if (sqlite3_column_bytes(row, 15) == sizeof(out->target))
		memcpy(&out->target, sqlite3_column_blob(row, 15), sizeof(out->target));
}

int store_notices(struct store *store, uint64_t from, uint64_t to, bool open_only,
		  bool (*fn)(const struct store_notice *notice, void *arg), void *arg)
{
	CLEANUP(db_finish) sqlite3_stmt *statement = NULL;
	int err = db_prepare(
		store->index,
		"SELECT * FROM notice WHERE t_first >= ?1 AND t_first < ?2 AND (?3 = 0 OR t_acked = 0)"
		" ORDER BY id DESC",
		&statement);
	int rc;

	if (err)
		return err;
	db_number(statement, 1, from);
	db_number(statement, 2, to ? to : INT64_MAX);
	db_number(statement, 3, open_only);
	while ((rc = sqlite3_step(statement)) == SQLITE_ROW) {
		struct store_notice notice;

		notice_read(statement, &notice);
		if (!fn(&notice, arg))
			return 0;
	}
	return db_errno(rc);
}
