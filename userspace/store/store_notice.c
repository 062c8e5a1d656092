// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * store_notice.c - who was told: times of events, notices, acknowledgements.
 */
#include <errno.h>
#include <string.h>

#include "lib/log.h"
#include "store_private.h"

#define NUMBER_MASK ((1ull << STORE_ID_BITS) - 1)
#define COMMENT_MAX 1024u

/* --- times of events */

static int runs_mark(struct store_file *file, const struct store_marking *marking, uint32_t month,
		     uint64_t *marked)
{
	struct db_statement *s;
	int err = statement_get(file, STATEMENT_MARK_SENT + (int)marking->moment, &s);

	for (size_t i = 0; !err && i < marking->run_count; i++) {
		const struct store_run *run = &marking->runs[i];

		if (run->id >> STORE_ID_BITS != month || !run->count)
			continue;
		db_number(s, 1, run->id & NUMBER_MASK);
		db_number(s, 2, (run->id & NUMBER_MASK) + run->count - 1);
		db_number(s, 3, marking->t);
		if (marking->notice)
			db_number(s, 4, marking->notice);
		else
			db_null(s, 4);
		err = db_step(s);
		*marked += err ? 0 : db_changes(file->db);
	}
	return err;
}

static int month_mark(struct store *store, const struct store_marking *marking, uint32_t month,
		      uint64_t *marked)
{
	struct store_file *file;
	int err = store_file(store, month, false, &file);

	if (!err)
		err = db_begin(file->db);
	if (err)
		return err;
	err = runs_mark(file, marking, month, marked);
	if (!err)
		err = db_commit(file->db);
	if (err)
		db_rollback(file->db);
	return err;
}

int store_mark(struct store *store, const struct store_marking *marking, uint64_t *marked)
{
	int first = 0;

	*marked = 0;
	/* Runs of one marking are of one or two months: each month once, at its first run. */
	for (size_t i = 0; i < marking->run_count; i++) {
		uint32_t month = (uint32_t)(marking->runs[i].id >> STORE_ID_BITS);
		bool seen = false;
		int err;

		for (size_t j = 0; j < i && !seen; j++)
			seen = marking->runs[j].id >> STORE_ID_BITS == month;
		if (seen)
			continue;
		err = month_mark(store, marking, month, marked);
		if (err && err != -ENOENT && !first)
			first = err;
	}
	return first;
}

/* --- notices */

int store_notice_put(struct store *store, const struct store_notice *notice)
{
	CLEANUP(db_finish) struct db_statement *put = NULL;
	/* What a person said stays, whatever the notifier tells later. */
	int err = index_prepare(
		store,
		"INSERT INTO notice VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18) "
		"ON "
		"CONFLICT(id) DO UPDATE SET n = ?2, groups = ?3, t_first = ?4, t_sent = ?5, t_delivered = "
		"?6, "
		"t_acked = CASE WHEN notice.t_acked = 0 THEN ?7 ELSE notice.t_acked END, t_due = ?8, "
		"t_escalated = ?9, "
		"attempts = ?10, channel = ?15, label = ?16, acked_by = CASE WHEN notice.t_acked = 0 THEN "
		"?17 ELSE "
		"notice.acked_by END, comment = CASE WHEN notice.t_acked = 0 THEN ?18 ELSE notice.comment "
		"END",
		&put);
	const uint64_t numbers[] = {notice->id,	      notice->count,  notice->groups,
				    notice->t_first,  notice->t_sent, notice->t_delivered,
				    notice->t_acked,  notice->t_due,  notice->t_escalated,
				    notice->attempts, notice->gid,    notice->sid};

	if (err)
		return err;
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		db_number(put, (int)i + 1, numbers[i]);
	db_bytes(put, 13, &notice->source, sizeof(notice->source));
	db_bytes(put, 14, &notice->target, sizeof(notice->target));
	db_text(put, 15, notice->channel, STORE_TEXT_MAX);
	db_text(put, 16, notice->label, STORE_TEXT_MAX);
	db_text(put, 17, notice->acked_by, STORE_TEXT_MAX);
	db_text(put, 18, notice->comment, COMMENT_MAX);
	return db_step(put);
}

static void notice_address(struct db_statement *row, int at, struct seki_addr *out)
{
	size_t len;
	const void *bytes = db_get_bytes(row, at, &len);

	if (len == sizeof(*out))
		memcpy(out, bytes, sizeof(*out));
}

static void notice_read(struct db_statement *row, struct store_notice *out)
{
	*out = (struct store_notice){
		.id = db_get(row, 0),
		.count = db_get(row, 1),
		.groups = db_get(row, 2),
		.t_first = db_get(row, 3),
		.t_sent = db_get(row, 4),
		.t_delivered = db_get(row, 5),
		.t_acked = db_get(row, 6),
		.t_due = db_get(row, 7),
		.t_escalated = db_get(row, 8),
		.attempts = (uint32_t)db_get(row, 9),
		.gid = (uint32_t)db_get(row, 10),
		.sid = (uint32_t)db_get(row, 11),
		.channel = db_get_text(row, 14),
		.label = db_get_text(row, 15),
		.acked_by = db_get_text(row, 16),
		.comment = db_get_text(row, 17),
	};
	notice_address(row, 12, &out->source);
	notice_address(row, 13, &out->target);
}

int store_notices(struct store *store, uint64_t from, uint64_t to, bool open_only,
		  bool (*fn)(const struct store_notice *notice, void *arg), void *arg)
{
	CLEANUP(db_finish) struct db_statement *statement = NULL;
	int err = index_prepare(
		store,
		open_only ? "SELECT * FROM notice WHERE t_acked = 0 AND t_first >= ?1 AND t_first < "
			    "?2 ORDER BY id DESC"
			  : "SELECT * FROM notice WHERE t_first >= ?1 AND t_first < ?2 ORDER BY id "
			    "DESC",
		&statement);

	if (err)
		return err;
	db_number(statement, 1, from);
	db_number(statement, 2, to ? to : INT64_MAX);
	while (db_row(statement, &err)) {
		struct store_notice notice;

		notice_read(statement, &notice);
		if (!fn(&notice, arg))
			return 0;
	}
	return err;
}

/* --- acknowledgement */

static int events_acked(struct store *store, uint32_t month, uint64_t notice, uint64_t t)
{
	struct store_file *file;
	struct db_statement *s;
	int err = store_file(store, month, false, &file);

	if (!err)
		err = statement_get(file, STATEMENT_NOTICE_ACKED, &s);
	if (err)
		return err;
	db_number(s, 1, notice);
	db_number(s, 2, t);
	return db_step(s);
}

static int notice_first(struct store *store, uint64_t id, uint64_t *first)
{
	CLEANUP(db_finish) struct db_statement *get = NULL;
	int err = index_prepare(store, "SELECT t_first, t_acked FROM notice WHERE id = ?1", &get);

	if (err)
		return err;
	db_number(get, 1, id);
	if (!db_row(get, &err))
		return err ? err : -ENOENT;
	*first = db_get(get, 0);
	return db_get(get, 1) ? -EALREADY : 0;
}

int store_notice_ack(struct store *store, uint64_t id, uint64_t t, const char *by, const char *comment)
{
	CLEANUP(db_finish) struct db_statement *set = NULL;
	uint64_t first = 0;
	int err = notice_first(store, id, &first);

	if (!err)
		err = index_prepare(
			store, "UPDATE notice SET t_acked = ?2, acked_by = ?3, comment = ?4 WHERE id = ?1",
			&set);
	if (err)
		return err;
	/* Events first: a crash in between leaves a notice that can be acknowledged again. A clock that was
	 * wrong put the first event into another month at most. */
	for (uint32_t month = month_of(first) - 1; !err && month <= month_of(t) + 1; month++) {
		err = events_acked(store, month, id, t);
		err = err == -ENOENT ? 0 : err;
	}
	if (err)
		return err;
	db_number(set, 1, id);
	db_number(set, 2, t);
	db_text(set, 3, by, STORE_TEXT_MAX);
	db_text(set, 4, comment, COMMENT_MAX);
	return db_step(set);
}
