/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * db.h - one SQLite file: opened the same way everywhere, results as errno.
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/cleanup.h"

#define DB_NAME_MAX 32
#define DB_PATH_MAX 512

/* -errno of a result code: -EBADMSG the file is damaged, -ENOSPC, -EBUSY, -ENOENT, -EIO, … ; 0 for OK, ROW
 * and DONE. */
int db_errno(int rc);

struct db_schema {
	const char *create; /* run when the file has none */
	const char *const *
		upgrades; /* [i] makes version i + 2 of version i + 1; NULL ends them and gives the version */
};
/*
 * dir/name; a dir of "." works also where no path leads to the folder. A file of an earlier version is
 * upgraded in one transaction; -EPROTO: of a later one, or readonly and of an earlier one. readonly: -ENOENT
 * when it is not there.
 */
__must_check int db_open(const char *dir, const char *name, bool readonly, const struct db_schema *schema,
			 sqlite3 **out);
void db_close(sqlite3 *db); /* NULL is fine */
DEFINE_CLEANUP(db_close, sqlite3)

__must_check int db_run(sqlite3 *db, const char *sql);
__must_check int db_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **out);
void db_finish(sqlite3_stmt *statement); /* NULL is fine */
DEFINE_CLEANUP(db_finish, sqlite3_stmt)
/* Runs a bound statement that gives no rows and resets it. */
__must_check int db_step(sqlite3_stmt *statement);

static inline void db_number(sqlite3_stmt *statement, int at, uint64_t value)
{
	sqlite3_bind_int64(statement, at, (sqlite3_int64)value);
}
static inline uint64_t db_get(sqlite3_stmt *statement, int at)
{
	return (uint64_t)sqlite3_column_int64(statement, at);
}
/* At most max bytes, cut between characters; NULL is "". The text is borrowed until the statement is reset.
 */
void db_text(sqlite3_stmt *statement, int at, const char *text, size_t max);
const char *db_get_text(sqlite3_stmt *statement, int at); /* never NULL */

#endif
