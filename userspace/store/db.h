/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * db.h - databases with one way to ask them, results as errno. Behind it SQLite
 * files of a folder, or schemas of a PostgreSQL server's database when the folder
 * has a file DB_SERVER_FILE. SQL is SQLite's as far as PostgreSQL has the same
 * or db_dialect.c has a row for it.
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/cleanup.h"

#define DB_NAME_MAX 40
#define DB_PATH_MAX 512
#define DB_WHY_MAX  256
/* First line: how to connect, as libpq reads it; second: what names of schemas begin with. */
#define DB_SERVER_FILE "server"

struct db_place;
struct db;
struct db_statement;

/*
 * Opens dir; "." works also where no path leads to the folder. readonly: nothing is made, changed or removed
 * there. A server is connected to: -ENOTCONN, and *out is set all the same unless readonly: db_place_renew()
 * tries again. -EBUSY: another writer has it.
 */
__must_check int db_place_open(const char *dir, bool readonly, struct db_place **out, char why[DB_WHY_MAX]);
void db_place_close(struct db_place *place); /* after its databases; NULL is fine */
DEFINE_CLEANUP(db_place_close, struct db_place)
/* The server went: its databases answer -ENOTCONN, and go on doing so until they are opened anew. */
bool db_place_lost(const struct db_place *place);
/* Somebody is reading rows of one of its databases. */
bool db_place_busy(const struct db_place *place);
/* Connects again, after every database was closed and with nobody reading. -ENOTCONN. */
__must_check int db_place_renew(struct db_place *place);

/* -ENOENT: no such database; bytes may be NULL. */
__must_check int db_there(struct db_place *place, const char *name, uint64_t *bytes);
__must_check int db_remove(struct db_place *place, const char *name);
/* The name it has from now on goes to to. */
__must_check int db_set_aside(struct db_place *place, const char *name, char to[DB_PATH_MAX]);
/* Names of databases that begin so; fn returns 0 or what ends the walk. It may open and remove them. */
__must_check int db_names(struct db_place *place, const char *begin, int (*fn)(const char *name, void *arg),
			  void *arg);

struct db_schema {
	const char *create; /* run when the database has none */
	const char *const *
		upgrades; /* [i] makes version i + 2 of version i + 1; NULL ends them and gives the version */
};
/*
 * A database of an earlier version is upgraded in one transaction; -EPROTO: of a later one, or readonly and
 * of an earlier one; -EBADMSG: damaged; readonly: -ENOENT when it is not there.
 */
__must_check int db_open(struct db_place *place, const char *name, const struct db_schema *schema,
			 struct db **out);
void db_close(struct db *db); /* NULL is fine; what is open on it still ends well */
DEFINE_CLEANUP(db_close, struct db)

/* Statements without parameters or rows, separated by semicolons. */
__must_check int db_run(struct db *db, const char *sql);
/* One transaction of the writer. Steps within may report their failure later, at the latest at the commit. */
__must_check int db_begin(struct db *db);
__must_check int db_commit(struct db *db); /* on failure nothing of it happened and it is over */
void db_rollback(struct db *db);	   /* also when it ended by itself */
/* Another database of the place, for reading beside this one: what its tables' names begin with. */
#define DB_BESIDE_MAX 96
__must_check int db_beside(struct db *db, const char *name, char prefix[DB_BESIDE_MAX]);
__must_check int db_beside_end(struct db *db);
/* Gives room that was freed back to the disk. */
__must_check int db_compact(struct db *db);

/* sql must stay. Parameters are ?1, ?2, …; places without one may be bound all the same. */
__must_check int db_prepare(struct db *db, const char *sql, struct db_statement **out);
void db_finish(struct db_statement *statement); /* NULL is fine */
DEFINE_CLEANUP(db_finish, struct db_statement)
/* Runs a bound statement that gives no rows, and makes it ready for the next time. */
__must_check int db_step(struct db_statement *statement);
/* Rows that the last step changed. */
uint64_t db_changes(struct db *db);
/* Is there a (next) row? When there is none *err is 0, or why not. */
bool db_row(struct db_statement *statement, int *err);

void db_number(struct db_statement *statement, int at, uint64_t value);
void db_null(struct db_statement *statement, int at);
/* Borrowed until the step. */
void db_bytes(struct db_statement *statement, int at, const void *bytes, size_t len);
/* At most max bytes, cut between characters; NULL is "". Borrowed until the step. */
void db_text(struct db_statement *statement, int at, const char *text, size_t max);

/* Of the present row; texts hold until the next one, bytes until others are asked for. */
uint64_t db_get(struct db_statement *statement, int at);
const char *db_get_text(struct db_statement *statement, int at); /* never NULL */
const void *db_get_bytes(struct db_statement *statement, int at, size_t *len);

#endif
