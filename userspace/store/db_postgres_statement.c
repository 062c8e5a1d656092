// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * db_postgres_statement.c - what is asked of a schema. Steps of a transaction are
 * sent without waiting for each answer; rows come through a cursor, so that a
 * million of them are not in memory at once and others may be asked meanwhile.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db_postgres.h"
#include "lib/log.h"

#define QUEUE_MAX                                                                                            \
	512u /* steps on their way: their answers fit the socket's buffer, so that nobody waits for both */
#define FETCH 4096

struct pg_value {
	const char *at; /* NULL: SQL's NULL */
	int len;
	bool binary;
	char number[24];
	char *mended; /* owned: text with what was no UTF-8 replaced */
};

struct pg_statement {
	struct db_statement base;
	char name[16];
	struct dialect theirs;
	struct pg_value values[DB_PLACES];
	bool prepared, cursor, ended;
	PGresult *rows;
	int row, count;
	unsigned char *bytes;
	size_t bytes_room;
};

static struct pg_db *db_of(const struct pg_statement *s)
{
	return (struct pg_db *)s->base.db;
}

static int results_take(struct pg_db *db)
{
	PGresult *result;
	int first = 0;
	bool synced = false;

	while (!synced) {
		int err;

		result = PQgetResult(db->conn);
		if (!result) {
			if (PQstatus(db->conn) != CONNECTION_OK)
				return pg_errno(db->base.place, db->conn, NULL);
			continue; /* between the results of two steps */
		}
		synced = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
		err = pg_errno(db->base.place, db->conn, result);
		if (!first)
			first = err;
		if (!err && !synced)
			db->changes = strtoull(PQcmdTuples(result), NULL, 10);
		PQclear(result);
	}
	return first;
}

int pg_flush(struct pg_db *db)
{
	int err = 0;

	if (db->piped) {
		db->piped = false;
		db->queued = 0;
		err = PQpipelineSync(db->conn) ? results_take(db) : pg_errno(db->base.place, db->conn, NULL);
		if (!PQexitPipelineMode(db->conn) && !err)
			err = -EIO;
		if (!db->failed)
			db->failed = err;
	}
	if (db->base.place->lost)
		return -ENOTCONN;
	return db->begun ? db->failed : err;
}

int pg_prepare(struct db *base, const char *sql, struct db_statement **out)
{
	struct pg_db *db = (struct pg_db *)base;
	AUTO_FREE struct pg_statement *s = calloc(1, sizeof(*s));
	int err = s ? dialect_make(sql, &s->theirs) : -ENOMEM;

	if (!err && base->place->lost)
		err = -ENOTCONN;
	if (err)
		return err;
	snprintf(s->name, sizeof(s->name), "s%u", ++db->serial);
	db->users++;
	*out = &TAKE_PTR(s)->base;
	return 0;
}

static void cursor_close(struct pg_statement *s)
{
	struct pg_db *db = db_of(s);
	char sql[48];

	if (!s->cursor)
		return;
	s->cursor = false;
	db->base.place->rows--;
	snprintf(sql, sizeof(sql), "CLOSE %s", s->name);
	if (db->closed || pg_run(db->base.place, db->conn, sql))
		log_debug("a cursor ended with its transaction");
	if (!--db->cursors && !db->begun && pg_run(db->base.place, db->conn, "COMMIT"))
		log_debug("a reading transaction ended by itself");
}

void pg_finish(struct db_statement *statement)
{
	struct pg_statement *s = (struct pg_statement *)statement;
	struct pg_db *db = db_of(s);
	char sql[48];

	PQclear(s->rows);
	cursor_close(s);
	/* One that is closed takes its statements with its connection. */
	snprintf(sql, sizeof(sql), "DEALLOCATE %s", s->name);
	if (s->prepared && !db->closed && !db->base.place->lost &&
	    (pg_flush(db) || pg_run(db->base.place, db->conn, sql)))
		log_debug("a statement ended by itself");
	for (size_t i = 0; i < DB_PLACES; i++)
		free(s->values[i].mended);
	free(s->bytes);
	free(s);
	db->users--;
	pg_db_put(db);
}

/* --- values */

static struct pg_value *value_at(struct db_statement *statement, int at)
{
	struct pg_statement *s = (struct pg_statement *)statement;
	struct pg_value *value = &s->values[at < DB_PLACES ? s->theirs.number[at] : 0];

	free(value->mended);
	value->mended = NULL;
	return value;
}

void pg_number(struct db_statement *statement, int at, uint64_t number)
{
	struct pg_value *value = value_at(statement, at);

	value->len = snprintf(value->number, sizeof(value->number), "%lld", (long long)number);
	value->at = value->number;
	value->binary = false;
}

void pg_null(struct db_statement *statement, int at)
{
	value_at(statement, at)->at = NULL;
}

void pg_bytes(struct db_statement *statement, int at, const void *bytes, size_t len)
{
	struct pg_value *value = value_at(statement, at);

	value->at = bytes ? bytes : "";
	value->len = (int)len;
	value->binary = true;
}

/* Bytes of the well-formed character at text, 0: none (RFC 3629). */
static size_t character(const unsigned char *text, size_t len)
{
	size_t n = text[0] < 0x80		       ? 1
		   : text[0] >= 0xc2 && text[0] < 0xe0 ? 2
		   : text[0] >= 0xe0 && text[0] < 0xf0 ? 3
		   : text[0] >= 0xf0 && text[0] < 0xf5 ? 4
						       : 0;

	if (!n || n > len || !text[0])
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	if ((text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] > 0x9f) ||
	    (text[0] == 0xf0 && text[1] < 0x90) || (text[0] == 0xf4 && text[1] > 0x8f))
		return 0;
	return n;
}

/* PostgreSQL refuses text that is no UTF-8, and with it the whole batch: a label comes from outside. */
void pg_text(struct db_statement *statement, int at, const char *text, size_t len)
{
	const unsigned char *in = (const unsigned char *)text;
	struct pg_value *value = value_at(statement, at);
	size_t good = 0, out = 0, n;

	while (good < len && (n = character(in + good, len - good)))
		good += n;
	*value = (struct pg_value){.at = text, .len = (int)len, .binary = true};
	if (good == len)
		return;
	value->mended = malloc(len * 3);
	value->at = value->mended ? value->mended : "";
	for (size_t i = 0; value->mended && i < len;) {
		n = character(in + i, len - i);
		memcpy(value->mended + out, n ? text + i : "\xef\xbf\xbd", n ? n : 3);
		out += n ? n : 3;
		i += n ? n : 1;
	}
	value->len = (int)out;
}

struct pg_params {
	const char *values[DB_PLACES];
	int lengths[DB_PLACES], formats[DB_PLACES];
};

static void params_of(const struct pg_statement *s, struct pg_params *out)
{
	for (int i = 0; i < s->theirs.count; i++) {
		out->values[i] = s->values[i + 1].at;
		out->lengths[i] = s->values[i + 1].len;
		out->formats[i] = s->values[i + 1].binary;
	}
}

/* --- without rows */

static int statement_prepare(struct pg_statement *s)
{
	struct pg_db *db = db_of(s);
	PGresult *result;
	int err = pg_flush(db);

	if (err)
		return err;
	result = PQprepare(db->conn, s->name, s->theirs.sql, 0, NULL);
	err = pg_errno(db->base.place, db->conn, result);
	PQclear(result);
	s->prepared = !err;
	return err;
}

int pg_step(struct db_statement *statement)
{
	struct pg_statement *s = (struct pg_statement *)statement;
	struct pg_db *db = db_of(s);
	struct pg_params params;
	PGresult *result;
	int err = db->base.place->lost ? -ENOTCONN : 0;

	if (!err && !s->prepared)
		err = statement_prepare(s);
	if (err)
		return err;
	params_of(s, &params);
	if (db->begun) {
		if (!db->piped && !PQenterPipelineMode(db->conn))
			return -EIO;
		db->piped = true;
		if (!PQsendQueryPrepared(db->conn, s->name, s->theirs.count, params.values, params.lengths,
					 params.formats, 0))
			return pg_errno(db->base.place, db->conn, NULL);
		return ++db->queued < QUEUE_MAX ? 0 : pg_flush(db);
	}
	result = PQexecPrepared(db->conn, s->name, s->theirs.count, params.values, params.lengths,
				params.formats, 0);
	err = pg_errno(db->base.place, db->conn, result);
	if (!err)
		db->changes = strtoull(PQcmdTuples(result), NULL, 10);
	PQclear(result);
	return err;
}

/* --- rows */

static int cursor_open(struct pg_statement *s)
{
	struct pg_db *db = db_of(s);
	AUTO_FREE char *sql = malloc(DB_SQL_MAX + 64);
	struct pg_params params;
	PGresult *result;
	int err = sql ? pg_flush(db) : -ENOMEM;

	if (!err && !db->begun && !db->cursors)
		err = pg_run(db->base.place, db->conn, "BEGIN");
	if (err)
		return err;
	snprintf(sql, DB_SQL_MAX + 64, "DECLARE %s NO SCROLL CURSOR FOR %s", s->name, s->theirs.sql);
	params_of(s, &params);
	result = PQexecParams(db->conn, sql, s->theirs.count, NULL, params.values, params.lengths,
			      params.formats, 0);
	err = pg_errno(db->base.place, db->conn, result);
	PQclear(result);
	if (!err) {
		s->cursor = true;
		db->cursors++;
		db->base.place->rows++;
	} else if (!db->begun && !db->cursors && pg_run(db->base.place, db->conn, "ROLLBACK")) {
		log_debug("a reading transaction ended by itself");
	}
	return err;
}

static int rows_fetch(struct pg_statement *s)
{
	struct pg_db *db = db_of(s);
	char sql[48];
	int err = pg_flush(db);

	PQclear(s->rows);
	s->rows = NULL;
	s->row = s->count = 0;
	if (err)
		return err;
	snprintf(sql, sizeof(sql), "FETCH %d FROM %s", FETCH, s->name);
	s->rows = PQexec(db->conn, sql);
	err = pg_errno(db->base.place, db->conn, s->rows);
	if (err)
		return err;
	s->count = PQntuples(s->rows);
	s->ended = s->count < FETCH;
	return 0;
}

bool pg_row(struct db_statement *statement, int *err)
{
	struct pg_statement *s = (struct pg_statement *)statement;

	*err = s->base.db->place->lost ? -ENOTCONN : 0;
	if (!*err && s->rows && ++s->row < s->count)
		return true;
	if (!*err && s->rows && s->ended) {
		cursor_close(s);
		return false;
	}
	if (!*err && !s->rows)
		*err = cursor_open(s);
	if (!*err)
		*err = rows_fetch(s);
	if (!*err && s->count)
		return true;
	cursor_close(s);
	return false;
}

uint64_t pg_get(struct db_statement *statement, int at)
{
	const struct pg_statement *s = (const struct pg_statement *)statement;
	const char *text = PQgetvalue(s->rows, s->row, at);
	bool minus = *text == '-';
	uint64_t value = 0;

	for (text += minus; *text >= '0' && *text <= '9'; text++)
		value = value * 10 + (uint64_t)(*text - '0');
	return minus ? -value : value;
}

const char *pg_get_text(struct db_statement *statement, int at)
{
	const struct pg_statement *s = (const struct pg_statement *)statement;

	return PQgetvalue(s->rows, s->row, at);
}

static unsigned int digit(char c)
{
	return (unsigned int)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10) & 15;
}

const void *pg_get_bytes(struct db_statement *statement, int at, size_t *len)
{
	struct pg_statement *s = (struct pg_statement *)statement;
	const char *text = PQgetvalue(s->rows, s->row, at);
	size_t n =
		PQgetlength(s->rows, s->row, at) > 2 ? ((size_t)PQgetlength(s->rows, s->row, at) - 2) / 2 : 0;

	*len = 0;
	if (n > s->bytes_room) {
		unsigned char *more = realloc(s->bytes, n);

		if (!more)
			return NULL;
		s->bytes = more;
		s->bytes_room = n;
	}
	for (size_t i = 0; i < n; i++)
		s->bytes[i] = (unsigned char)(digit(text[2 + 2 * i]) << 4 | digit(text[3 + 2 * i]));
	*len = n;
	return s->bytes;
}
