// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * db.c - which kind of database a folder has, versions of tables, and the way
 * to the kind's own functions.
 */
#include "db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db_driver.h"
#include "lib/file.h"

#define SERVER_FILE_MAX 4096u

/* --- places */

static int server_read(const char *dir, char **text)
{
	char path[DB_PATH_MAX];
	size_t len;

	if (snprintf(path, sizeof(path), "%s/" DB_SERVER_FILE, dir) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	return file_read(AT_FDCWD, path, SERVER_FILE_MAX, text, &len);
}

int db_place_open(const char *dir, bool readonly, struct db_place **out, char why[DB_WHY_MAX])
{
	AUTO_FREE char *server = NULL;
	struct db_place *place = NULL;
	const struct db_driver *driver;
	int err = server_read(dir, &server);

	if (err && err != -ENOENT && err != -ENOTDIR) {
		snprintf(why, DB_WHY_MAX, "%.150s/" DB_SERVER_FILE ": %s", dir, strerror(-err));
		return err;
	}
	driver = server ? &db_postgres : &db_sqlite;
	err = driver->place_open(server, &place, why);
	if (err)
		return err;
	place->driver = driver;
	place->readonly = readonly;
	if (snprintf(place->dir, sizeof(place->dir), "%s", dir) >= (int)sizeof(place->dir))
		err = -ENAMETOOLONG;
	else
		err = place->driver->place_renew(place);
	if (err)
		snprintf(why, DB_WHY_MAX, "%s", place->why);
	if (err && (err != -ENOTCONN || readonly)) {
		db_place_close(place);
		return err;
	}
	*out = place;
	return err;
}

void db_place_close(struct db_place *place)
{
	if (place)
		place->driver->place_close(place);
}

bool db_place_lost(const struct db_place *place)
{
	return place->lost;
}

bool db_place_busy(const struct db_place *place)
{
	return place->rows;
}

int db_place_renew(struct db_place *place)
{
	return place->driver->place_renew(place);
}

int db_there(struct db_place *place, const char *name, uint64_t *bytes)
{
	return place->driver->there(place, name, bytes);
}

int db_remove(struct db_place *place, const char *name)
{
	return place->driver->remove(place, name);
}

int db_set_aside(struct db_place *place, const char *name, char to[DB_PATH_MAX])
{
	char other[DB_NAME_MAX + 16];
	int err = 0;

	for (unsigned int n = 1; !err && n < 100; n++) {
		snprintf(other, sizeof(other), "%.40s.damaged-%u", name, n);
		err = place->driver->there(place, other, NULL);
	}
	if (err && err != -ENOENT)
		return err;
	err = place->driver->rename(place, name, other);
	if (!err)
		snprintf(to, DB_PATH_MAX, "%s", other);
	return err;
}

int db_names(struct db_place *place, const char *begin, int (*fn)(const char *name, void *arg), void *arg)
{
	return place->driver->names(place, begin, fn, arg);
}

/* --- versions of tables */

static int schema_version(const struct db_schema *schema)
{
	int version = 1;

	while (schema->upgrades[version - 1])
		version++;
	return version;
}

/* All steps or none. */
static int schema_bring(struct db *db, int found, int version, const struct db_schema *schema)
{
	int err = db_begin(db);

	if (err)
		return err;
	if (!found)
		err = db_run(db, schema->create);
	for (; found && !err && found < version; found++)
		err = db_run(db, schema->upgrades[found - 1]);
	if (!err)
		err = db->driver->version_set(db, version);
	if (!err)
		return db_commit(db);
	db_rollback(db);
	return err;
}

int db_open(struct db_place *place, const char *name, const struct db_schema *schema, struct db **out)
{
	CLEANUP(db_close) struct db *db = NULL;
	int version = schema_version(schema), found = 0;
	int err = place->driver->open(place, name, &db);

	if (!err)
		err = place->driver->version(db, &found);
	if (!err && !found && place->readonly)
		err = -ENOENT;
	else if (!err && (found < 0 || found > version || (found < version && place->readonly)))
		err = -EPROTO;
	else if (!err && found < version)
		err = schema_bring(db, found, version, schema);
	if (err)
		return err;
	*out = TAKE_PTR(db);
	return 0;
}

/* --- the way to the kind */

void db_close(struct db *db)
{
	if (db)
		db->driver->close(db);
}

int db_run(struct db *db, const char *sql)
{
	return db->driver->run(db, sql);
}

int db_begin(struct db *db)
{
	return db->driver->begin(db);
}

int db_commit(struct db *db)
{
	int err = db->driver->commit(db);

	if (err)
		db_rollback(db);
	return err;
}

void db_rollback(struct db *db)
{
	db->driver->rollback(db);
}

int db_beside(struct db *db, const char *name, char prefix[DB_BESIDE_MAX])
{
	return db->driver->beside(db, name, prefix);
}

int db_beside_end(struct db *db)
{
	return db->driver->beside_end(db);
}

int db_compact(struct db *db)
{
	return db->driver->compact(db);
}

int db_prepare(struct db *db, const char *sql, struct db_statement **out)
{
	int err = db->driver->prepare(db, sql, out);

	if (err)
		return err;
	(*out)->driver = db->driver;
	(*out)->db = db;
	return 0;
}

void db_finish(struct db_statement *statement)
{
	if (statement)
		statement->driver->finish(statement);
}

int db_step(struct db_statement *statement)
{
	return statement->driver->step(statement);
}

uint64_t db_changes(struct db *db)
{
	return db->driver->changes(db);
}

bool db_row(struct db_statement *statement, int *err)
{
	return statement->driver->row(statement, err);
}

void db_number(struct db_statement *statement, int at, uint64_t value)
{
	statement->driver->number(statement, at, value);
}

void db_null(struct db_statement *statement, int at)
{
	statement->driver->null(statement, at);
}

void db_bytes(struct db_statement *statement, int at, const void *bytes, size_t len)
{
	statement->driver->bytes(statement, at, bytes, len);
}

void db_text(struct db_statement *statement, int at, const char *text, size_t max)
{
	size_t len = text ? strnlen(text, max + 1) : 0;

	if (len > max)
		for (len = max; len && ((unsigned char)text[len] & 0xc0) == 0x80;)
			len--;
	statement->driver->text(statement, at, text ? text : "", len);
}

uint64_t db_get(struct db_statement *statement, int at)
{
	return statement->driver->get(statement, at);
}

const char *db_get_text(struct db_statement *statement, int at)
{
	return statement->driver->get_text(statement, at);
}

const void *db_get_bytes(struct db_statement *statement, int at, size_t *len)
{
	return statement->driver->get_bytes(statement, at, len);
}
