/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * db_driver.h - what db.c asks of a kind of database; one table each in
 * db_sqlite.c and db_postgres.c. Contracts are those of db.h.
 */
#ifndef STORE_DB_DRIVER_H
#define STORE_DB_DRIVER_H

#include "db.h"

#define DB_PLACES 24 /* of parameters */

struct db_place {
	const struct db_driver *driver;
	char dir[DB_PATH_MAX];
	bool readonly;
	bool lost;
	unsigned int rows;    /* statements that somebody is reading rows of */
	char why[DB_WHY_MAX]; /* the server did not take us */
};

struct db {
	const struct db_driver *driver;
	struct db_place *place;
};

struct db_statement {
	const struct db_driver *driver;
	struct db *db;
};

struct db_driver {
	int (*place_open)(const char *server, struct db_place **out, char why[DB_WHY_MAX]);
	void (*place_close)(struct db_place *place);
	int (*place_renew)(struct db_place *place);
	int (*there)(struct db_place *place, const char *name, uint64_t *bytes);
	int (*remove)(struct db_place *place, const char *name);
	int (*rename)(struct db_place *place, const char *name, const char *to);
	int (*names)(struct db_place *place, const char *begin, int (*fn)(const char *name, void *arg),
		     void *arg);

	int (*open)(struct db_place *place, const char *name, struct db **out);
	void (*close)(struct db *db);
	int (*version)(struct db *db, int *version); /* 0: it has no tables yet */
	int (*version_set)(struct db *db, int version);
	int (*run)(struct db *db, const char *sql);
	int (*begin)(struct db *db);
	int (*commit)(struct db *db);
	void (*rollback)(struct db *db);
	int (*beside)(struct db *db, const char *name, char prefix[DB_BESIDE_MAX]);
	int (*beside_end)(struct db *db);
	int (*compact)(struct db *db);

	int (*prepare)(struct db *db, const char *sql, struct db_statement **out);
	void (*finish)(struct db_statement *statement);
	int (*step)(struct db_statement *statement);
	uint64_t (*changes)(struct db *db);
	bool (*row)(struct db_statement *statement, int *err);
	void (*number)(struct db_statement *statement, int at, uint64_t value);
	void (*null)(struct db_statement *statement, int at);
	void (*bytes)(struct db_statement *statement, int at, const void *bytes, size_t len);
	void (*text)(struct db_statement *statement, int at, const char *text, size_t len);
	uint64_t (*get)(struct db_statement *statement, int at);
	const char *(*get_text)(struct db_statement *statement, int at);
	const void *(*get_bytes)(struct db_statement *statement, int at, size_t *len);
};

extern const struct db_driver db_sqlite, db_postgres;

#endif
