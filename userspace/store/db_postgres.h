/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * db_postgres.h - what the files on PostgreSQL share: db_postgres_place.c has the
 * server and its schemas, db_postgres.c one of them, db_postgres_statement.c what
 * it is asked.
 */
#ifndef STORE_DB_POSTGRES_H
#define STORE_DB_POSTGRES_H

#include <postgresql/libpq-fe.h>

#include "db_dialect.h"

#define PG_PREFIX_MAX 64
#define PG_NAME_MAX   64 /* NAMEDATALEN: a longer one would be cut */

struct pg_place {
	struct db_place base;
	char conninfo[DB_PATH_MAX * 2];
	char prefix[PG_PREFIX_MAX];
	PGconn *control;
};

/* A schema over a connection of its own, so that each has its own transactions. */
struct pg_db {
	struct db base;
	PGconn *conn;
	char schema[PG_NAME_MAX];
	unsigned int users;   /* statements; the last one frees a closed database */
	unsigned int cursors; /* that are open, in one transaction */
	unsigned int queued;  /* steps whose results nobody has seen yet */
	unsigned int serial;  /* of names */
	bool closed, begun, piped;
	int failed; /* of a queued step */
	uint64_t changes;
};

/* -errno of a result or of the connection; the place is lost when it went. NULL: no answer at all. */
int pg_errno(struct db_place *place, PGconn *conn, const PGresult *result);
/* A statement without parameters or rows. */
__must_check int pg_run(struct db_place *place, PGconn *conn, const char *sql);
/* Waits for the results of what is queued; the first failure of it. */
__must_check int pg_flush(struct pg_db *db);
void pg_db_put(struct pg_db *db);

/* A connection of its own. -ENOTCONN with the place's why. */
__must_check int pg_connect(struct pg_place *place, PGconn **out);
__must_check int pg_schema_name(const struct db_place *place, const char *name, char out[PG_NAME_MAX]);

int pg_place_open(const char *server, struct db_place **out, char why[DB_WHY_MAX]);
void pg_place_close(struct db_place *place);
int pg_place_renew(struct db_place *place);
int pg_there(struct db_place *place, const char *name, uint64_t *bytes);
int pg_remove(struct db_place *place, const char *name);
int pg_rename(struct db_place *place, const char *name, const char *to);
int pg_names(struct db_place *place, const char *begin, int (*fn)(const char *name, void *arg), void *arg);

int pg_prepare(struct db *db, const char *sql, struct db_statement **out);
void pg_finish(struct db_statement *statement);
int pg_step(struct db_statement *statement);
bool pg_row(struct db_statement *statement, int *err);
void pg_number(struct db_statement *statement, int at, uint64_t value);
void pg_null(struct db_statement *statement, int at);
void pg_bytes(struct db_statement *statement, int at, const void *bytes, size_t len);
void pg_text(struct db_statement *statement, int at, const char *text, size_t len);
uint64_t pg_get(struct db_statement *statement, int at);
const char *pg_get_text(struct db_statement *statement, int at);
const void *pg_get_bytes(struct db_statement *statement, int at, size_t *len);

#endif
