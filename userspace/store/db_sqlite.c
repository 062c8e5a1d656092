// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * db_sqlite.c - a folder of SQLite files, a file for each database.
 */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "db_driver.h"
#include "lib/log.h"

#define BUSY_MS 5000

struct sqlite_db {
	struct db base;
	sqlite3 *handle;
};

struct sqlite_statement {
	struct db_statement base;
	sqlite3_stmt *handle;
};

static const char *const suffixes[] = {"-wal", "-shm", ""};

static sqlite3 *file_of(struct db *db)
{
	return ((struct sqlite_db *)db)->handle;
}

static sqlite3_stmt *handle_of(struct db_statement *statement)
{
	return ((struct sqlite_statement *)statement)->handle;
}

static int errno_of(int rc)
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

/* --- the folder */

static int path_of(const struct db_place *place, const char *name, const char *suffix, char path[DB_PATH_MAX])
{
	/* The names as SQLite was given them: without a folder where no path leads to it. */
	bool here = !strcmp(place->dir, ".");

	return snprintf(path, DB_PATH_MAX, "%s%s%s.db%s", here ? "" : place->dir, here ? "" : "/", name,
			suffix) < DB_PATH_MAX
		       ? 0
		       : -ENAMETOOLONG;
}

static int folder_open(const char *server, struct db_place **out, char why[DB_WHY_MAX])
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

static void folder_close(struct db_place *place)
{
	free(place);
}

static int folder_renew(struct db_place *place)
{
	return 0;
}

static int file_there(struct db_place *place, const char *name, uint64_t *bytes)
{
	char path[DB_PATH_MAX];
	struct stat st, log;
	int err = path_of(place, name, "", path);

	if (err)
		return err;
	if (stat(path, &st) < 0)
		return -errno;
	if (!bytes)
		return 0;
	*bytes = (uint64_t)st.st_size;
	if (!path_of(place, name, "-wal", path) && !stat(path, &log))
		*bytes += (uint64_t)log.st_size;
	return 0;
}

static int file_remove(struct db_place *place, const char *name)
{
	char path[DB_PATH_MAX];

	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		int err = path_of(place, name, suffixes[i], path);

		if (err)
			return err;
		if (unlink(path) < 0 && errno != ENOENT)
			return -errno;
	}
	return 0;
}

static int file_rename(struct db_place *place, const char *name, const char *to)
{
	char from[DB_PATH_MAX], path[DB_PATH_MAX];

	for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
		if (path_of(place, name, suffixes[i], from) || path_of(place, to, suffixes[i], path))
			return -ENAMETOOLONG;
		if (rename(from, path) < 0 && errno != ENOENT)
			return -errno;
	}
	return 0;
}

static int file_names(struct db_place *place, const char *begin, int (*fn)(const char *name, void *arg),
		      void *arg)
{
	DIR *dir = opendir(place->dir);
	const struct dirent *entry;
	int err = dir ? 0 : -errno;

	while (!err && (entry = readdir(dir))) {
		char name[DB_NAME_MAX];
		size_t len = strlen(entry->d_name);

		if (len < 4 || len - 3 >= sizeof(name) || strcmp(entry->d_name + len - 3, ".db") != 0 ||
		    strncmp(entry->d_name, begin, strlen(begin)) != 0)
			continue;
		memcpy(name, entry->d_name, len - 3);
		name[len - 3] = '\0';
		err = fn(name, arg);
	}
	if (dir)
		closedir(dir);
	return err;
}

/* --- a file */

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

static int sqlite_run(struct db *db, const char *sql)
{
	return errno_of(sqlite3_exec(file_of(db), sql, NULL, NULL, NULL));
}

static void sqlite_close(struct db *db)
{
	sqlite3_close_v2(file_of(db));
	free(db);
}

static int sqlite_open(struct db_place *place, const char *name, struct db **out)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	CLEANUP(db_close) struct db *db = NULL;
	char path[DB_PATH_MAX];
	int flags = place->readonly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
	int err = path_of(place, name, "", path), persist = !place->readonly;

	if (err)
		return err;
	pthread_once(&once, vfs_make);
	db = calloc(1, sizeof(struct sqlite_db));
	if (!db)
		return -ENOMEM;
	*db = (struct db){&db_sqlite, place};
	err = errno_of(sqlite3_open_v2(path, &((struct sqlite_db *)db)->handle,
				       flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE,
				       strcmp(place->dir, ".") ? NULL : "sekimori"));
	if (err)
		return err;
	sqlite3_busy_timeout(file_of(db), BUSY_MS);
	/* A reader that may not write into the folder (the portal) needs the files of the log to be there. */
	sqlite3_file_control(file_of(db), "main", SQLITE_FCNTL_PERSIST_WAL, &persist);
	sqlite3_db_config(file_of(db), SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	err = sqlite_run(db, "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA temp_store=MEMORY;"
			     "PRAGMA secure_delete=ON; PRAGMA cache_size=-16384; PRAGMA synchronous=NORMAL; "
			     "PRAGMA journal_size_limit=67108864;"
			     "PRAGMA wal_autocheckpoint=16000");
	if (err)
		return err;
	*out = TAKE_PTR(db);
	return 0;
}

static int sqlite_version(struct db *db, int *version)
{
	sqlite3_stmt *statement = NULL;
	int err = errno_of(sqlite3_prepare_v2(file_of(db), "PRAGMA user_version", -1, &statement, NULL));
	int rc = err ? 0 : sqlite3_step(statement);

	if (!err && rc != SQLITE_ROW)
		err = errno_of(rc);
	if (!err)
		*version = sqlite3_column_int(statement, 0);
	sqlite3_finalize(statement);
	/* Room that is freed goes back to the file system in steps: a whole rewrite needs what a full disk
	 * lacks. Both must be said before the first table is there. */
	if (!err && !*version && !db->place->readonly)
		err = sqlite_run(db, "PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL");
	return err;
}

static int sqlite_version_set(struct db *db, int version)
{
	char text[64];

	snprintf(text, sizeof(text), "PRAGMA user_version=%d", version);
	return sqlite_run(db, text);
}

static int sqlite_begin(struct db *db)
{
	return sqlite_run(db, "BEGIN IMMEDIATE");
}

static int sqlite_commit(struct db *db)
{
	return sqlite_run(db, "COMMIT");
}

static void sqlite_rollback(struct db *db)
{
	if (!sqlite3_get_autocommit(file_of(db)) && sqlite_run(db, "ROLLBACK"))
		log_debug("a transaction of the store ended by itself");
}

static int sqlite_beside(struct db *db, const char *name, char prefix[DB_BESIDE_MAX])
{
	char path[DB_PATH_MAX], sql[DB_PATH_MAX + 32];
	int err = path_of(db->place, name, "", path);

	snprintf(sql, sizeof(sql), "ATTACH '%s' AS old", path);
	snprintf(prefix, DB_BESIDE_MAX, "old.");
	return err ? err : sqlite_run(db, sql);
}

static int sqlite_beside_end(struct db *db)
{
	return sqlite_run(db, "DETACH old");
}

static int sqlite_compact(struct db *db)
{
	return sqlite_run(db, "PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE)");
}

/* --- statements */

static int sqlite_prepare(struct db *db, const char *sql, struct db_statement **out)
{
	struct sqlite_statement *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return -ENOMEM;
	err = errno_of(sqlite3_prepare_v3(file_of(db), sql, -1, SQLITE_PREPARE_PERSISTENT, &s->handle, NULL));
	if (err) {
		free(s);
		return err;
	}
	*out = &s->base;
	return 0;
}

static void sqlite_finish(struct db_statement *statement)
{
	sqlite3_finalize(handle_of(statement));
	free(statement);
}

static int sqlite_step(struct db_statement *statement)
{
	int rc = sqlite3_step(handle_of(statement)), again = sqlite3_reset(handle_of(statement));

	return errno_of(rc == SQLITE_DONE || rc == SQLITE_ROW ? again : rc);
}

static uint64_t sqlite_changes(struct db *db)
{
	return (uint64_t)sqlite3_changes(file_of(db));
}

static bool sqlite_row(struct db_statement *statement, int *err)
{
	int rc = sqlite3_step(handle_of(statement));

	*err = errno_of(rc);
	return rc == SQLITE_ROW;
}

static void sqlite_number(struct db_statement *statement, int at, uint64_t value)
{
	sqlite3_bind_int64(handle_of(statement), at, (sqlite3_int64)value);
}

static void sqlite_null(struct db_statement *statement, int at)
{
	sqlite3_bind_null(handle_of(statement), at);
}

static void sqlite_bytes(struct db_statement *statement, int at, const void *bytes, size_t len)
{
	sqlite3_bind_blob64(handle_of(statement), at, bytes, len, SQLITE_STATIC);
}

static void sqlite_text(struct db_statement *statement, int at, const char *text, size_t len)
{
	sqlite3_bind_text(handle_of(statement), at, text, (int)len, SQLITE_STATIC);
}

static uint64_t sqlite_get(struct db_statement *statement, int at)
{
	return (uint64_t)sqlite3_column_int64(handle_of(statement), at);
}

static const char *sqlite_get_text(struct db_statement *statement, int at)
{
	const unsigned char *text = sqlite3_column_text(handle_of(statement), at);

	return text ? (const char *)text : "";
}

static const void *sqlite_get_bytes(struct db_statement *statement, int at, size_t *len)
{
	const void *bytes = sqlite3_column_blob(handle_of(statement), at);

	*len = (size_t)sqlite3_column_bytes(handle_of(statement), at);
	return bytes;
}

const struct db_driver db_sqlite = {
	.place_open = folder_open,
	.place_close = folder_close,
	.place_renew = folder_renew,
	.there = file_there,
	.remove = file_remove,
	.rename = file_rename,
	.names = file_names,
	.open = sqlite_open,
	.close = sqlite_close,
	.version = sqlite_version,
	.version_set = sqlite_version_set,
	.run = sqlite_run,
	.begin = sqlite_begin,
	.commit = sqlite_commit,
	.rollback = sqlite_rollback,
	.beside = sqlite_beside,
	.beside_end = sqlite_beside_end,
	.compact = sqlite_compact,
	.prepare = sqlite_prepare,
	.finish = sqlite_finish,
	.step = sqlite_step,
	.changes = sqlite_changes,
	.row = sqlite_row,
	.number = sqlite_number,
	.null = sqlite_null,
	.bytes = sqlite_bytes,
	.text = sqlite_text,
	.get = sqlite_get,
	.get_text = sqlite_get_text,
	.get_bytes = sqlite_get_bytes,
};
