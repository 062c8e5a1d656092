// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * db.c - one SQLite file: opened the same way everywhere, results as errno.
 */
#include "db.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define BUSY_MS 5000

/* The unix VFS asks for the way from the root, which a process without paths does not have: names stay as
 * they are. */
static int name_as_is(sqlite3_vfs *vfs, const char *name, int room, char *out)
{
	return snprintf(out, (size_t)room, "%s", name) < room ? SQLITE_OK : SQLITE_CANTOPEN;
}

static void vfs_make(void)
{
	static sqlite3_vfs vfs;
	const sqlite3_vfs *unix_vfs = sqlite3_vfs_find(NULL);

	if (!unix_vfs)
		return;
	vfs = *unix_vfs;
	vfs.pNext = NULL;
	vfs.zName = "sekimori";
	vfs.xFullPathname = name_as_is;
	sqlite3_vfs_register(&vfs, 0);
}

int db_errno(int rc)
{
	static const struct {
		int code, err;
	} table[] = {
		{SQLITE_OK, 0},
		{SQLITE_ROW, 0},
		{SQLITE_DONE, 0},
		{SQLITE_FULL, ENOSPC},
		{SQLITE_CORRUPT, EBADMSG},
		{SQLITE_NOTADB, EBADMSG},
		{SQLITE_BUSY, EBUSY},
		{SQLITE_LOCKED, EBUSY},
		{SQLITE_NOMEM, ENOMEM},
		{SQLITE_READONLY, EROFS},
		{SQLITE_CANTOPEN, ENOENT},
		{SQLITE_PERM, EACCES},
		{SQLITE_AUTH, EACCES},
		{SQLITE_CONSTRAINT, EEXIST},
		{SQLITE_TOOBIG, EMSGSIZE},
		/* A schema that is not ours is damage too: nobody else writes these files. */
		{SQLITE_ERROR, EBADMSG},
		{SQLITE_SCHEMA, EBADMSG},
		{SQLITE_MISMATCH, EBADMSG},
	};

	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (table[i].code == (rc & 0xff))
			return -table[i].err;
	return -EIO;
}

int db_run(sqlite3 *db, const char *sql)
{
	return db_errno(sqlite3_exec(db, sql, NULL, NULL, NULL));
}

int db_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **out)
{
	return db_errno(sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, out, NULL));
}

void db_finish(sqlite3_stmt *statement)
{
	sqlite3_finalize(statement);
}

void db_close(sqlite3 *db)
{
	sqlite3_close_v2(db);
}

int db_step(sqlite3_stmt *statement)
{
	int rc = sqlite3_step(statement), again = sqlite3_reset(statement);

	return db_errno(rc == SQLITE_DONE || rc == SQLITE_ROW ? again : rc);
}

void db_text(sqlite3_stmt *statement, int at, const char *text, size_t max)
{
	size_t len = text ? strnlen(text, max + 1) : 0;

	if (len > max)
		for (len = max; len && ((unsigned char)text[len] & 0xc0) == 0x80;)
			len--;
	sqlite3_bind_text(statement, at, text ? text : "", (int)len, SQLITE_STATIC);
}

const char *db_get_text(sqlite3_stmt *statement, int at)
{
	const unsigned char *text = sqlite3_column_text(statement, at);

	return text ? (const char *)text : "";
}

static int version_get(sqlite3 *db, int *version)
{
	CLEANUP(db_finish) sqlite3_stmt *statement = NULL;
	int err = db_prepare(db, "PRAGMA user_version", &statement), rc;

	if (err)
		return err;
	rc = sqlite3_step(statement);
	if (rc != SQLITE_ROW)
		return db_errno(rc);
	*version = sqlite3_column_int(statement, 0);
	return 0;
}

static int version_commit(sqlite3 *db, int version)
{
	char text[64];

	snprintf(text, sizeof(text), "PRAGMA user_version=%d; COMMIT", version);
	return db_run(db, text);
}

static int schema_make(sqlite3 *db, int version, const char *schema)
{
	int err;

	/* Room that is freed goes back to the file system in steps: a whole rewrite needs what a full disk
	 * lacks. */
	err = db_run(db, "PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL; BEGIN IMMEDIATE");
	if (!err)
		err = db_run(db, schema);
	return err ? err : version_commit(db, version);
}

/* All steps or none: the transaction ends with the connection when one fails. */
static int schema_upgrade(sqlite3 *db, int found, int version, const struct db_schema *schema)
{
	int err = db_run(db, "BEGIN IMMEDIATE");

	for (; !err && found < version; found++)
		err = db_run(db, schema->upgrades[found - 1]);
	return err ? err : version_commit(db, version);
}

static int schema_version(const struct db_schema *schema)
{
	int version = 1;

	while (schema->upgrades[version - 1])
		version++;
	return version;
}

int db_open(const char *dir, const char *name, bool readonly, const struct db_schema *schema, sqlite3 **out)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	CLEANUP(db_close) sqlite3 *db = NULL;
	char path[DB_PATH_MAX];
	int flags = readonly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
	bool here = !strcmp(dir, ".");
	int version = schema_version(schema), err, found = 0, persist = !readonly;

	pthread_once(&once, vfs_make);
	if (snprintf(path, sizeof(path), "%s%s%s", here ? "" : dir, here ? "" : "/", name) >=
	    (int)sizeof(path))
		return -ENAMETOOLONG;
	err = db_errno(sqlite3_open_v2(path, &db, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE,
				       here ? "sekimori" : NULL));
	if (err)
		return err;
	sqlite3_busy_timeout(db, BUSY_MS);
	/* A reader that may not write into the folder (the portal) needs the files of the log to be there. */
	sqlite3_file_control(db, "main", SQLITE_FCNTL_PERSIST_WAL, &persist);
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	err = db_run(
		db, "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY;"
		    "PRAGMA cache_size=-16384; PRAGMA synchronous=NORMAL; PRAGMA journal_size_limit=67108864;"
		    "PRAGMA wal_autocheckpoint=16000");
	if (!err)
		err = version_get(db, &found);
	if (!err && !found)
		err = readonly ? -ENOENT : schema_make(db, version, schema->create);
	else if (!err && found > 0 && found < version && !readonly)
		err = schema_upgrade(db, found, version, schema);
	else if (!err && found != version)
		err = -EPROTO;
	if (err)
		return err;
	*out = TAKE_PTR(db);
	return 0;
}
