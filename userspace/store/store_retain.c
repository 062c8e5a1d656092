// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * store_retain.c - what is too old or too much goes, oldest first: whole months
 * while there are several, then the oldest tenth of the one that is left. Figures
 * and rules stay, in the index.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "store_private.h"

#define DAY_US	     (86400ull * 1000000)
#define RETAIN_STEPS 16 /* tenths of the last month in one call */

/* In one transaction of the index, which also says that it is done: done twice it would count twice. */
static int figures_keep(struct store *store, uint32_t month)
{
	char name[DB_NAME_MAX], sql[DB_PATH_MAX + 640];
	bool here = !strcmp(store->dir, ".");
	int err, detached;

	month_name(month, name);
	snprintf(sql, sizeof(sql), "ATTACH '%s%s%s' AS old", here ? "" : store->dir, here ? "" : "/", name);
	err = db_run(store->index, sql);
	if (err)
		return err;
	snprintf(
		sql, sizeof(sql),
		"BEGIN IMMEDIATE; INSERT INTO figure SELECT * FROM old.figure WHERE true ON CONFLICT DO "
		"UPDATE SET"
		" n = n + excluded.n, first = min(first, excluded.first), last = max(last, excluded.last);"
		"INSERT INTO rule SELECT * FROM old.rule WHERE true ON CONFLICT(gid, sid) DO UPDATE SET"
		" rev = excluded.rev, label = excluded.label, json = excluded.json WHERE excluded.rev >= rev;"
		"UPDATE month SET kept = 1 WHERE month = %u; COMMIT",
		month);
	err = db_run(store->index, sql);
	if (err && !sqlite3_get_autocommit(store->index))
		detached = db_run(store->index, "ROLLBACK");
	detached = db_run(store->index, "DETACH old");
	return err ? err : detached;
}

static int month_left(struct store *store, uint32_t month, uint64_t *left)
{
	struct store_file *file;
	CLEANUP(db_finish) sqlite3_stmt *s = NULL;
	int err = store_file(store, month, false, &file);

	if (!err)
		err = db_prepare(file->db, "SELECT inserted - removed FROM total", &s);
	if (err)
		return err;
	if (sqlite3_step(s) != SQLITE_ROW)
		return -EBADMSG;
	*left = db_get(s, 0);
	return 0;
}

int month_retire(struct store *store, uint32_t month, struct store_retained *out)
{
	struct index_change change = {.lost_rest = true};
	uint64_t bytes, left = 0;
	int err = month_left(store, month, &left);

	store_file_there(store, month, &bytes);
	if (err == -EBADMSG || err == -EPROTO)
		return store_set_aside(store, month);
	if (!err && !index_kept(store, month))
		err = figures_keep(store, month);
	if (!err)
		err = store_file_remove(store, month);
	if (err)
		return err;
	change.removed = left;
	out->removed += left;
	out->bytes += bytes;
	return index_month(store, month, &change);
}

/* The oldest tenth of a month's events; -ENODATA when there are none left. */
static int month_thin(struct store *store, uint32_t month, struct store_retained *out)
{
	struct index_change change = {0};
	struct store_file *file;
	uint64_t left, before, after;
	char sql[320];
	int err = month_left(store, month, &left);

	if (err)
		return err;
	if (!left)
		return -ENODATA;
	change.removed = left < 10 ? left : left / 10;
	err = store_file(store, month, false, &file);
	if (err)
		return err;
	store_file_there(store, month, &before);
	snprintf(sql, sizeof(sql),
		 "BEGIN IMMEDIATE; CREATE TEMP TABLE old AS SELECT id FROM event ORDER BY id LIMIT %llu;"
		 "DELETE FROM line WHERE id IN (SELECT id FROM old); DELETE FROM host WHERE id IN (SELECT id "
		 "FROM old);"
		 "DELETE FROM pack WHERE id + n - 1 <= (SELECT max(id) FROM old);",
		 (unsigned long long)change.removed);
	err = db_run(file->db, sql);
	snprintf(sql, sizeof(sql),
		 "DELETE FROM event WHERE id IN (SELECT id FROM old); DROP TABLE old;"
		 "UPDATE total SET removed = removed + %llu; COMMIT",
		 (unsigned long long)change.removed);
	if (!err)
		err = db_run(file->db, sql);
	if (err) {
		if (!sqlite3_get_autocommit(file->db) && db_run(file->db, "ROLLBACK"))
			return -EIO;
		return err;
	}
	err = db_run(file->db, "PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE)");
	store_file_there(store, month, &after);
	out->removed += change.removed;
	out->bytes += before > after ? before - after : 0;
	return err ? err : index_month(store, month, &change);
}

static int retain_age(struct store *store, const uint32_t *months, size_t count, uint64_t now,
		      struct store_retained *out)
{
	uint64_t limit = store->max_days * DAY_US;
	CLEANUP(db_finish) sqlite3_stmt *notices = NULL;
	int err;

	if (!store->max_days || now < limit)
		return 0;
	err = db_prepare(store->index, "DELETE FROM notice WHERE t_first < ?1", &notices);
	if (!err) {
		db_number(notices, 1, now - limit);
		err = db_step(notices);
	}
	for (size_t i = 0; !err && i < count; i++)
		if (store_file_there(store, months[i], NULL) && month_begin(months[i] + 1) <= now - limit)
			err = month_retire(store, months[i], out);
	return err;
}

static int retain_size(struct store *store, const uint32_t *months, size_t count, struct store_retained *out)
{
	uint64_t total = 0, bytes;
	size_t files = 0;
	int err = 0;

	for (size_t i = 0; i < count; i++) {
		files += store_file_there(store, months[i], &bytes);
		total += bytes;
	}
	for (size_t i = 0; !err && files > 1 && total > store->max_bytes && i < count; i++) {
		if (!store_file_there(store, months[i], &bytes))
			continue;
		err = month_retire(store, months[i], out);
		files--;
		total -= bytes;
	}
	for (int step = 0; !err && count && total > store->max_bytes && step < RETAIN_STEPS; step++) {
		err = month_thin(store, months[count - 1], out);
		store_file_there(store, months[count - 1], &total);
	}
	return err == -ENODATA ? 0 : err;
}

int store_retain(struct store *store, uint64_t now, struct store_retained *out)
{
	uint32_t months[STORE_MONTHS_MAX];
	size_t count;
	int err;

	*out = (struct store_retained){0};
	if (store->readonly)
		return -EROFS;
	err = index_months(store, months, STORE_MONTHS_MAX, &count);
	if (!err)
		err = retain_age(store, months, count, now, out);
	if (!err && store->max_bytes)
		err = retain_size(store, months, count, out);
	return err;
}
