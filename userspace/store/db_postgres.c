// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * db_postgres.c - a schema of a PostgreSQL database, for each database of ours one.
 */
#include "db_postgres.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"

void pg_db_put(struct pg_db *db)
{
	if (!db->closed || db->users)
		return;
	PQfinish(db->conn);
	free(db);
}

static void db_end(struct db *base)
{
	struct pg_db *db = (struct pg_db *)base;

	db->closed = true;
	pg_db_put(db);
}

static int db_connect(struct db_place *base, const char *name, struct db **out)
{
	CLEANUP(db_close) struct db *guard = NULL;
	struct pg_db *db;
	char sql[160];
	int err = base->lost ? -ENOTCONN : 0;

	if (!err && base->readonly)
		err = pg_there(base, name, NULL);
	if (err)
		return err;
	db = calloc(1, sizeof(*db));
	if (!db)
		return -ENOMEM;
	guard = &db->base;
	db->base = (struct db){&db_postgres, base};
	err = pg_schema_name(base, name, db->schema);
	if (!err)
		err = pg_connect((struct pg_place *)base, &db->conn);
	if (err == -ENOTCONN)
		base->lost = true;
	if (!err && !base->readonly) {
		snprintf(sql, sizeof(sql), "CREATE SCHEMA IF NOT EXISTS \"%s\"", db->schema);
		err = pg_run(base, db->conn, sql);
	}
	snprintf(sql, sizeof(sql), "SET search_path = \"%s\"", db->schema);
	if (!err)
		err = pg_run(base, db->conn, sql);
	if (err)
		return err;
	*out = TAKE_PTR(guard);
	return 0;
}

static int version_get(struct db *base, int *version)
{
	struct pg_db *db = (struct pg_db *)base;
	PGresult *result = PQexec(db->conn, "SELECT to_regclass('version')");
	int err = pg_errno(base->place, db->conn, result);
	bool there = !err && PQntuples(result) == 1 && !PQgetisnull(result, 0, 0);

	PQclear(result);
	*version = 0;
	if (err || !there)
		return err;
	result = PQexec(db->conn, "SELECT n FROM version");
	err = pg_errno(base->place, db->conn, result);
	if (!err && PQntuples(result) != 1)
		err = -EBADMSG;
	if (!err)
		*version = atoi(PQgetvalue(result, 0, 0));
	PQclear(result);
	return err;
}

static int version_set(struct db *base, int version)
{
	char sql[128];

	snprintf(sql, sizeof(sql),
		 "CREATE TABLE IF NOT EXISTS version(n BIGINT NOT NULL); DELETE FROM version;"
		 "INSERT INTO version VALUES(%d)",
		 version);
	return db_run(base, sql);
}

static int run(struct db *base, const char *sql)
{
	struct pg_db *db = (struct pg_db *)base;
	AUTO_FREE struct dialect *theirs = malloc(sizeof(*theirs));
	int err = theirs ? dialect_make(sql, theirs) : -ENOMEM;

	if (!err)
		err = pg_flush(db);
	return err ? err : pg_run(base->place, db->conn, theirs->sql);
}

static int begin(struct db *base)
{
	struct pg_db *db = (struct pg_db *)base;
	int err;

	if (base->place->lost)
		return -ENOTCONN;
	if (db->begun || db->cursors)
		return -EBUSY;
	err = pg_run(base->place, db->conn, "BEGIN");
	db->begun = !err;
	db->failed = 0;
	return err;
}

static int commit(struct db *base)
{
	struct pg_db *db = (struct pg_db *)base;
	int err = pg_flush(db);

	if (!err)
		err = pg_run(base->place, db->conn, "COMMIT");
	if (!err)
		db->begun = false;
	return err;
}

static void rollback(struct db *base)
{
	struct pg_db *db = (struct pg_db *)base;

	if (!db->begun)
		return;
	if (pg_flush(db))
		log_debug("what is rolled back had failed");
	db->begun = false;
	db->failed = 0;
	if (pg_run(base->place, db->conn, "ROLLBACK"))
		log_debug("a transaction of the store ended with its connection");
}

static int beside(struct db *base, const char *name, char prefix[DB_BESIDE_MAX])
{
	char schema[PG_NAME_MAX];
	int err = pg_schema_name(base->place, name, schema);

	if (!err)
		snprintf(prefix, DB_BESIDE_MAX, "\"%s\".", schema);
	return err;
}

static int beside_end(struct db *base)
{
	return 0;
}

/* A plain VACUUM keeps the room of what went from the front of a table; the months' limit counts what the
 * disk has. */
static int compact(struct db *base)
{
	static const char *const tables[] = {"event", "line", "pack", "host"};
	struct pg_db *db = (struct pg_db *)base;
	char sql[64];
	int err = 0;

	for (size_t i = 0; !err && i < ARRAY_LEN(tables); i++) {
		snprintf(sql, sizeof(sql), "VACUUM (FULL, ANALYZE) %s", tables[i]);
		err = pg_run(base->place, db->conn, sql);
	}
	return err;
}

static uint64_t changes(struct db *base)
{
	struct pg_db *db = (struct pg_db *)base;

	/* A failure is told at the commit, too. */
	return pg_flush(db) ? 0 : db->changes;
}

const struct db_driver db_postgres = {
	.place_open = pg_place_open,
	.place_close = pg_place_close,
	.place_renew = pg_place_renew,
	.there = pg_there,
	.remove = pg_remove,
	.rename = pg_rename,
	.names = pg_names,
	.open = db_connect,
	.close = db_end,
	.version = version_get,
	.version_set = version_set,
	.run = run,
	.begin = begin,
	.commit = commit,
	.rollback = rollback,
	.beside = beside,
	.beside_end = beside_end,
	.compact = compact,
	.prepare = pg_prepare,
	.finish = pg_finish,
	.step = pg_step,
	.changes = changes,
	.row = pg_row,
	.number = pg_number,
	.null = pg_null,
	.bytes = pg_bytes,
	.text = pg_text,
	.get = pg_get,
	.get_text = pg_get_text,
	.get_bytes = pg_get_bytes,
};
