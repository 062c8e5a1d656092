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
	char name[DB_NAME_MAX], old[DB_BESIDE_MAX], sql[1024];
	int err, ended;

	month_name(month, name);
	err = db_beside(store->index, name, old);
	if (err)
		return err;
	err = db_begin(store->index);
	snprintf(sql, sizeof(sql),
		 "INSERT INTO figure SELECT * FROM %sfigure WHERE true ON CONFLICT(" FIGURE_KEY
		 ") DO UPDATE SET n = figure.n + excluded.n, first = min(figure.first, excluded.first),"
		 " last = max(figure.last, excluded.last);"
		 "INSERT INTO rule SELECT * FROM %srule WHERE true ON CONFLICT(gid, sid) DO UPDATE SET rev = "
		 "excluded.rev, label = excluded.label, json = excluded.json WHERE excluded.rev >= rule.rev;"
		 "UPDATE month SET kept = 1 WHERE month = %u",
		 old, old, month);
	if (!err)
		err = db_run(store->index, sql);
	if (!err)
		err = db_commit(store->index);
	else
		db_rollback(store->index);
	ended = db_beside_end(store->index);
	return err ? err : ended;
}

static int month_left(struct store *store, uint32_t month, uint64_t *left)
{
	struct store_file *file;
	CLEANUP(db_finish) struct db_statement *s = NULL;
	int err = store_file(store, month, false, &file);

	if (!err)
		err = db_prepare(file->db, "SELECT inserted - removed FROM total", &s);
	if (err)
		return err;
	if (!db_row(s, &err))
		return err ? err : -EBADMSG;
	*left = db_get(s, 0);
	return 0;
}

int month_retire(struct store *store, uint32_t month, struct store_retained *out)
{
	struct index_change change = {.lost_rest = true};
	uint64_t bytes = 0, left = 0;
	int err = store_file_there(store, month, &bytes);

	if (!err)
		err = month_left(store, month, &left);
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
	char sql[400];
	int err = month_left(store, month, &left);

	if (err)
		return err;
	if (!left)
		return -ENODATA;
	change.removed = left < 10 ? left : left / 10;
	err = store_file(store, month, false, &file);
	if (err)
		return err;
	err = store_file_there(store, month, &before);
	if (!err)
		err = db_begin(file->db);
	if (err)
		return err;
	snprintf(sql, sizeof(sql),
		 "CREATE TEMP TABLE old AS SELECT id FROM event ORDER BY id LIMIT %llu;"
		 "DELETE FROM line WHERE id IN (SELECT id FROM old); DELETE FROM host WHERE id IN (SELECT id "
		 "FROM old);"
		 "DELETE FROM packet WHERE id IN (SELECT id FROM old);"
		 "DELETE FROM pack WHERE id + n - 1 <= (SELECT max(id) FROM old);",
		 (unsigned long long)change.removed);
	err = db_run(file->db, sql);
	snprintf(sql, sizeof(sql),
		 "DELETE FROM event WHERE id IN (SELECT id FROM old); DROP TABLE old;"
		 "UPDATE total SET removed = removed + %llu",
		 (unsigned long long)change.removed);
	if (!err)
		err = db_run(file->db, sql);
	if (!err)
		err = db_commit(file->db);
	if (err) {
		db_rollback(file->db);
		return err;
	}
	err = db_compact(file->db);
	if (!err)
		err = store_file_there(store, month, &after);
	out->removed += change.removed;
	out->bytes += before > after ? before - after : 0;
	return err ? err : index_month(store, month, &change);
}

static int retain_age(struct store *store, const uint32_t *months, size_t count, uint64_t now,
		      struct store_retained *out)
{
	uint64_t limit = store->limits.max_days * DAY_US;
	CLEANUP(db_finish) struct db_statement *notices = NULL;
	int err;

	if (!store->limits.max_days || now < limit)
		return 0;
	err = index_prepare(store, "DELETE FROM notice WHERE t_first < ?1", &notices);
	if (!err) {
		db_number(notices, 1, now - limit);
		err = db_step(notices);
	}
	for (size_t i = 0; !err && i < count; i++) {
		if (month_begin(months[i] + 1) > now - limit)
			continue;
		err = store_file_there(store, months[i], NULL);
		err = err ? err : month_retire(store, months[i], out);
		err = err == -ENOENT ? 0 : err;
	}
	return err;
}

/* Of each month; 0 where there is none. */
static int months_weigh(struct store *store, const uint32_t *months, size_t count, uint64_t *bytes,
			uint64_t *total, size_t *files)
{
	for (size_t i = 0; i < count; i++) {
		int err = store_file_there(store, months[i], &bytes[i]);

		if (err && err != -ENOENT)
			return err;
		if (err)
			bytes[i] = 0;
		*files += !err;
		*total += bytes[i];
	}
	return 0;
}

static int retain_size(struct store *store, const uint32_t *months, size_t count, struct store_retained *out)
{
	AUTO_FREE uint64_t *bytes = calloc(count + 1, sizeof(*bytes));
	uint64_t total = 0;
	size_t files = 0;
	int err = bytes ? months_weigh(store, months, count, bytes, &total, &files) : -ENOMEM;

	for (size_t i = 0; !err && files > 1 && total > store->limits.max_bytes && i < count; i++) {
		if (!bytes[i])
			continue;
		err = month_retire(store, months[i], out);
		files--;
		total -= bytes[i];
	}
	for (int step = 0; !err && count && total > store->limits.max_bytes && step < RETAIN_STEPS; step++) {
		err = month_thin(store, months[count - 1], out);
		if (!err)
			err = store_file_there(store, months[count - 1], &total);
	}
	return err == -ENODATA || err == -ENOENT ? 0 : err;
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
	for (size_t i = 0; !err && i < count; i++)
		err = packets_retain(store, months[i], now, &out->packets);
	if (!err && store->limits.max_bytes)
		err = retain_size(store, months, count, out);
	return err;
}
