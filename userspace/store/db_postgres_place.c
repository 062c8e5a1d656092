// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * db_postgres_place.c - a database of a PostgreSQL server: the way to it, and its schemas.
 */
#include "db_postgres.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"

/* Whoever waits for the server waits so long, in seconds: the archive's events wait in the reporter
 * meanwhile. */
#define CONNECT_SECONDS "3"
#define SILENT_MS	"10000"

int pg_errno(struct db_place *place, PGconn *conn, const PGresult *result)
{
	/* SQLSTATE classes and codes, PostgreSQL's appendix A. */
	static const struct {
		const char *state;
		int err;
	} table[] = {
		{"53100", ENOSPC},
		{"53200", ENOMEM},
		{"53300", ENOTCONN},
		{"57P", ENOTCONN},
		{"08", ENOTCONN},
		{"57014", ETIME},
		{"40", EBUSY},
		{"55P03", EBUSY},
		{"23", EEXIST},
		{"25006", EROFS},
		{"28", EACCES},
		{"42501", EACCES},
		{"22", EINVAL},
		{"54", EMSGSIZE},
		/* Tables or pages that are not as we left them: nobody else writes these schemas. */
		{"42", EBADMSG},
		{"XX00", EBADMSG},
		{"3F000", EBADMSG},
		{"58", EIO},
	};
	const char *state = result ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
	ExecStatusType status = result ? PQresultStatus(result) : PGRES_FATAL_ERROR;
	int err = -EIO;

	/* What libpq says itself, without a code of the server's, is about the connection. */
	if (PQstatus(conn) != CONNECTION_OK || (status == PGRES_FATAL_ERROR && !state)) {
		if (!place->lost)
			log_error("event store: the server went: %s", PQerrorMessage(conn));
		place->lost = true;
		return -ENOTCONN;
	}
	if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_PIPELINE_SYNC)
		return 0;
	for (size_t i = 0; state && i < ARRAY_LEN(table); i++) {
		if (strncmp(state, table[i].state, strlen(table[i].state)) != 0)
			continue;
		err = -table[i].err;
		break;
	}
	place->lost |= err == -ENOTCONN;
	if (status != PGRES_PIPELINE_ABORTED)
		log_debug("event store: %s", PQerrorMessage(conn));
	return err;
}

int pg_run(struct db_place *place, PGconn *conn, const char *sql)
{
	PGresult *result = PQexec(conn, sql);
	int err = pg_errno(place, conn, result);

	PQclear(result);
	return err;
}

/* --- the server */

static void notice_drop(void *arg, const char *message)
{
	log_debug("event store: %s", message);
}

int pg_connect(struct pg_place *place, PGconn **out)
{
	/* What stands before dbname is a default, what stands behind it holds whatever the line says. */
	static const char *const keys[] = {"connect_timeout", "tcp_user_timeout", "keepalives_idle",
					   "gssencmode",      "dbname",		  "fallback_application_name",
					   "client_encoding", "options",	  NULL};
	const char *const values[] = {
		CONNECT_SECONDS,
		SILENT_MS,
		"10",
		"disable",
		place->conninfo,
		"sekimori",
		"UTF8",
		place->base.readonly ? "-c default_transaction_read_only=on -c cursor_tuple_fraction=1"
				     : "-c cursor_tuple_fraction=1",
		NULL};
	PGconn *conn = PQconnectdbParams(keys, values, 1);

	if (PQstatus(conn) == CONNECTION_OK) {
		PQsetNoticeProcessor(conn, notice_drop, NULL);
		*out = conn;
		return 0;
	}
	snprintf(place->base.why, sizeof(place->base.why), "PostgreSQL: %.200s",
		 conn ? PQerrorMessage(conn) : "no memory");
	place->base.why[strcspn(place->base.why, "\n")] = '\0';
	PQfinish(conn);
	return -ENOTCONN;
}

/* One value, or none; params are texts. */
static int value_get(struct pg_place *place, const char *sql, const char *param, char *out, size_t room)
{
	PGresult *result = PQexecParams(place->control, sql, 1, NULL, &param, NULL, NULL, 0);
	int err = pg_errno(&place->base, place->control, result);

	if (!err && PQntuples(result) != 1)
		err = -ENOENT;
	if (!err)
		snprintf(out, room, "%s", PQgetvalue(result, 0, 0));
	PQclear(result);
	return err;
}

static int server_check(struct pg_place *place)
{
	char text[64] = "";
	int err = value_get(place, "SELECT current_setting($1)", "server_encoding", text, sizeof(text));

	if (!err && strcmp(text, "UTF8") != 0 && strcmp(text, "SQL_ASCII") != 0) {
		snprintf(place->base.why, sizeof(place->base.why),
			 "the database's encoding is %s: make one with ENCODING 'UTF8'", text);
		return -EPROTO;
	}
	if (err || place->base.readonly)
		return err;
	/* Two daemons that write one schema would give the same numbers to different events. */
	err = value_get(place, "SELECT pg_try_advisory_lock(hashtext('sekimori'), hashtext($1))",
			place->prefix, text, sizeof(text));
	if (!err && *text != 't') {
		snprintf(place->base.why, sizeof(place->base.why),
			 "another daemon writes to schemas %s of this database", place->prefix);
		err = -ENOTCONN;
	}
	return err;
}

int pg_place_renew(struct db_place *base)
{
	struct pg_place *place = (struct pg_place *)base;
	int err;

	PQfinish(place->control);
	place->control = NULL;
	base->lost = true;
	err = pg_connect(place, &place->control);
	if (!err) {
		base->lost = false;
		err = server_check(place);
	}
	if (err && !*base->why)
		snprintf(base->why, sizeof(base->why), "PostgreSQL: %s", strerror(-err));
	base->lost |= err != 0;
	return err;
}

int pg_place_open(const char *server, struct db_place **out, char why[DB_WHY_MAX])
{
	struct pg_place *place;
	size_t first = strcspn(server, "\n"), second;
	const char *prefix = server + first + (server[first] == '\n');
	PQconninfoOption *options;
	char *fault = NULL;

	second = strcspn(prefix, "\n");
	place = calloc(1, sizeof(*place));
	if (!place)
		return -ENOMEM;
	*out = &place->base;
	if (first >= sizeof(place->conninfo) || !second || second > PG_PREFIX_MAX - 24) {
		snprintf(why, DB_WHY_MAX,
			 DB_SERVER_FILE ": a line to connect with, and a name of 1 to %d bytes",
			 PG_PREFIX_MAX - 24);
		free(place);
		return -EINVAL;
	}
	memcpy(place->conninfo, server, first);
	memcpy(place->prefix, prefix, second);
	options = PQconninfoParse(place->conninfo, &fault);
	if (!options) {
		snprintf(why, DB_WHY_MAX, DB_SERVER_FILE ": %.180s", fault ? fault : "no memory");
		PQfreemem(fault);
		free(place);
		return -EINVAL;
	}
	PQconninfoFree(options);
	return 0;
}

void pg_place_close(struct db_place *place)
{
	PQfinish(((struct pg_place *)place)->control);
	free(place);
}

/* --- schemas */

int pg_schema_name(const struct db_place *place, const char *name, char out[PG_NAME_MAX])
{
	int len = snprintf(out, PG_NAME_MAX, "%s_%s", ((const struct pg_place *)place)->prefix, name);

	if (len >= PG_NAME_MAX)
		return -ENAMETOOLONG;
	/* So that people need no quotes for them. */
	for (char *at = out; *at; at++)
		if (*at == '-' || *at == '.')
			*at = '_';
	return strchr(out, '"') ? -EINVAL : 0;
}

int pg_there(struct db_place *base, const char *name, uint64_t *bytes)
{
	struct pg_place *place = (struct pg_place *)base;
	char schema[PG_NAME_MAX], text[32];
	int err = pg_schema_name(base, name, schema);

	if (!err && !place->control)
		err = -ENOTCONN;
	if (!err)
		err = value_get(place, "SELECT oid FROM pg_namespace WHERE nspname = $1", schema, text,
				sizeof(text));
	if (err || !bytes)
		return err;
	err = value_get(
		place,
		"SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0) FROM pg_class c JOIN pg_namespace n"
		" ON c.relnamespace = n.oid WHERE n.nspname = $1 AND c.relkind = 'r'",
		schema, text, sizeof(text));
	if (!err)
		*bytes = strtoull(text, NULL, 10);
	return err;
}

int pg_remove(struct db_place *place, const char *name)
{
	char schema[PG_NAME_MAX], sql[160];
	int err = pg_schema_name(place, name, schema);

	snprintf(sql, sizeof(sql), "DROP SCHEMA IF EXISTS \"%s\" CASCADE", schema);
	return err ? err : pg_run(place, ((struct pg_place *)place)->control, sql);
}

int pg_rename(struct db_place *place, const char *name, const char *to)
{
	char schema[PG_NAME_MAX], other[PG_NAME_MAX], sql[240];
	int err = pg_schema_name(place, name, schema);

	if (!err)
		err = pg_schema_name(place, to, other);
	if (err)
		return err;
	snprintf(sql, sizeof(sql), "ALTER SCHEMA \"%s\" RENAME TO \"%s\"", schema, other);
	return pg_run(place, ((struct pg_place *)place)->control, sql);
}

int pg_names(struct db_place *base, const char *begin, int (*fn)(const char *name, void *arg), void *arg)
{
	struct pg_place *place = (struct pg_place *)base;
	char schema[PG_NAME_MAX];
	const char *param = schema;
	PGresult *result;
	int err = pg_schema_name(base, begin, schema);

	if (err)
		return err;
	result = PQexecParams(
		place->control,
		"SELECT substr(nspname, length($1) + 1) FROM pg_namespace WHERE starts_with(nspname, $1)"
		" ORDER BY nspname",
		1, NULL, &param, NULL, NULL, 0);
	err = pg_errno(base, place->control, result);
	for (int i = 0; !err && i < PQntuples(result); i++) {
		char name[DB_NAME_MAX];
		const char *rest = PQgetvalue(result, i, 0);

		if (snprintf(name, sizeof(name), "%s%s", begin, rest) >= (int)sizeof(name))
			continue;
		for (char *at = name; *at; at++)
			if (*at == '_')
				*at = '-';
		err = fn(name, arg);
	}
	PQclear(result);
	return err;
}
