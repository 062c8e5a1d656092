// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * store_query.c - reading: month by month, in the order of time.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "store_private.h"

#define SQL_MAX 2048

struct sql {
	char text[SQL_MAX];
	size_t len;
};

__attribute__((format(printf, 2, 3))) static void sql_add(struct sql *sql, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	sql->len += (size_t)vsnprintf(sql->text + sql->len, sizeof(sql->text) - sql->len, format, ap);
	va_end(ap);
}

static void sql_set(struct sql *sql, const char *column, uint32_t bits, unsigned int count)
{
	const char *comma = "";

	if (!bits)
		return;
	if (!(bits & (bits - 1))) {
		sql_add(sql, " AND %s = %d", column, __builtin_ctz(bits));
		return;
	}
	sql_add(sql, " AND %s IN (", column);
	for (unsigned int i = 0; i < count; i++) {
		if (!(bits & 1u << i))
			continue;
		sql_add(sql, "%s%u", comma, i);
		comma = ",";
	}
	sql_add(sql, ")");
}

/* What events and figures have in common; ?3 is the tenant. */
static void sql_filter(struct sql *sql, const struct store_filter *filter)
{
	sql_set(sql, "kind", filter->kinds, STORE_KIND_MAX);
	sql_set(sql, "severity", filter->severities, SEKI_SEVERITY_MAX);
	sql_set(sql, "verdict", filter->verdicts, SEKI_VERDICT_MAX);
	if (filter->sid)
		sql_add(sql, " AND sid = %u", filter->sid);
	if (filter->tenant)
		sql_add(sql, " AND tenant = ?3");
}

static void address_get(struct db_statement *row, int at, struct seki_addr *out)
{
	size_t len;
	const void *bytes = db_get_bytes(row, at, &len);

	memset(out, 0, sizeof(*out));
	if (len == 4) {
		out->b[10] = out->b[11] = 0xff;
		memcpy(out->b + 12, bytes, 4);
	} else if (len == 16) {
		memcpy(out->b, bytes, 16);
	}
}

/* Months that the period touches, as the index knows them. */
static int months_of(struct store *store, const struct store_filter *filter,
		     uint32_t months[STORE_MONTHS_MAX], size_t *count)
{
	uint32_t first = filter->id ? (uint32_t)(filter->id >> STORE_ID_BITS) : month_of(filter->from),
		 last = filter->id   ? first
			: filter->to ? month_of(filter->to - 1)
				     : UINT32_MAX;
	size_t all, kept = 0;
	int err = index_months(store, months, STORE_MONTHS_MAX, &all);

	for (size_t i = 0; !err && i < all; i++)
		if (months[i] >= first && months[i] <= last)
			months[kept++] = months[i];
	for (size_t i = 0; filter->newest_first && i < kept / 2; i++) {
		uint32_t other = months[i];

		months[i] = months[kept - 1 - i];
		months[kept - 1 - i] = other;
	}
	*count = kept;
	return err;
}

/* --- events */

static void row_read(struct db_statement *s, uint32_t month, struct store_row *row)
{
	struct store_event *event = &row->event;

	*row = (struct store_row){.event = {
					  .id = (uint64_t)month << STORE_ID_BITS | db_get(s, 0),
					  .t_packet = db_get(s, 1),
					  .t_match = db_get(s, 2),
					  .kind = (uint8_t)db_get(s, 3),
					  .severity = (uint8_t)db_get(s, 4),
					  .verdict = (uint8_t)db_get(s, 5),
					  .proto = (uint8_t)db_get(s, 6),
					  .target = (uint8_t)db_get(s, 7),
					  .src_port = (uint16_t)db_get(s, 10),
					  .dst_port = (uint16_t)db_get(s, 11),
					  .gid = (uint32_t)db_get(s, 12),
					  .sid = (uint32_t)db_get(s, 13),
					  .rev = (uint32_t)db_get(s, 14),
					  .tenant = db_get_text(s, 15),
					  .label = db_get_text(s, 16),
					  .list = db_get_text(s, 17),
					  .iface = db_get_text(s, 18),
				  }};
	address_get(s, 8, &event->src);
	address_get(s, 9, &event->dst);
	for (int i = 0; i < STORE_MOMENT_MAX; i++)
		row->moments[i] = db_get(s, 19 + i);
	row->notice = db_get(s, 22);
}

/* What counting needs: each column of a million rows costs its time. */
static void row_read_brief(struct db_statement *s, uint32_t month, bool moments, struct store_row *row)
{
	struct store_event *event = &row->event;

	memset(row, 0, sizeof(*row));
	event->tenant = event->label = event->list = event->iface = "";
	event->id = (uint64_t)month << STORE_ID_BITS | db_get(s, 0);
	event->t_packet = db_get(s, 1);
	event->kind = (uint8_t)db_get(s, 2);
	event->severity = (uint8_t)db_get(s, 3);
	event->verdict = (uint8_t)db_get(s, 4);
	event->target = (uint8_t)db_get(s, 5);
	address_get(s, 6, &event->src);
	address_get(s, 7, &event->dst);
	event->gid = (uint32_t)db_get(s, 8);
	event->sid = (uint32_t)db_get(s, 9);
	if (!moments)
		return;
	event->t_match = db_get(s, 10);
	for (int i = 0; i < STORE_MOMENT_MAX; i++)
		row->moments[i] = db_get(s, 11 + i);
	row->notice = db_get(s, 14);
}

#define BRIEF	"e.id, e.t, e.kind, e.severity, e.verdict, e.target, e.src, e.dst, e.gid, e.sid"
#define MOMENTS ", e.t_sent, e.t_delivered, e.t_acked, e.notice"
/* The signature of an alert is in its rule. */
#define FULL                                                                                                 \
	"e.id, e.t, e.t_match, e.kind, e.severity, e.verdict, e.proto, e.target, e.src, e.dst, e.sport, "    \
	"e.dport, e.gid, e.sid, e.rev, e.tenant, CASE WHEN e.sid = 0 THEN e.label ELSE (SELECT label FROM "  \
	"rule r WHERE r.gid = e.gid AND r.sid = e.sid) END, e.list, e.iface" MOMENTS

#define HOST_CROWDED 5000u

/* crowded: the host has more events than are looked up one by one. */
static void scan_sql(struct sql *sql, const struct store_filter *filter, uint32_t month, uint64_t left,
		     bool crowded)
{
	sql_add(sql, "SELECT %s FROM event e WHERE",
		!filter->brief	 ? FULL
		: filter->urgent ? BRIEF ", e.t_match" MOMENTS
				 : BRIEF);
	/* Of a host with many events the newest are found along the index on time. */
	if (filter->host && crowded)
		sql_add(sql, " (e.src = ?4 OR e.dst = ?4) AND");
	else if (filter->host)
		/* The index of hosts lags behind: see hosts_index(). */
		sql_add(sql, " e.id IN (SELECT id FROM host WHERE addr = ?4 UNION SELECT id FROM event WHERE "
			     "id > (SELECT hosted FROM total) AND (src = ?4 OR dst = ?4)) AND");
	if (filter->id)
		sql_add(sql, " e.id = %llu AND",
			(unsigned long long)(filter->id & ((1ull << STORE_ID_BITS) - 1)));
	/* The index on time helps only where the period is a part of the month or the newest are asked for,
	 * and not where few are looked for. */
	if (!filter->newest_first && filter->from <= month_begin(month) &&
	    (!filter->to || filter->to >= month_begin(month + 1)))
		sql_add(sql, " true");
	else if (filter->urgent || filter->untold || filter->id || (filter->host && !crowded))
		sql_add(sql, " +e.t >= ?1 AND +e.t < ?2");
	else
		sql_add(sql, " e.t >= ?1 AND e.t < ?2");
	sql_filter(sql, filter);
	if (filter->urgent || filter->untold)
		sql_add(sql, " AND e.kind = 0 AND e.severity = 3 AND e.verdict != 1%s",
			filter->untold ? " AND e.notice IS NULL" : "");
	if (filter->after >> STORE_ID_BITS == month)
		sql_add(sql, " AND e.id > %llu",
			(unsigned long long)(filter->after & ((1ull << STORE_ID_BITS) - 1)));
	if (filter->untold)
		sql_add(sql, " ORDER BY e.id");
	else if (!filter->brief)
		sql_add(sql, filter->newest_first ? " ORDER BY e.t DESC, e.id DESC" : " ORDER BY e.t, e.id");
	if (filter->limit)
		sql_add(sql, " LIMIT %llu", (unsigned long long)left);
}

static void bind_host(struct db_statement *s, const struct seki_addr *host)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	bool v4 = !memcmp(host->b, mapped, sizeof(mapped));

	db_bytes(s, 4, v4 ? host->b + 12 : host->b, v4 ? 4 : 16);
}

/* Only worth asking when the walk may stop at the newest. */
static bool host_crowded(struct store_file *file, const struct store_filter *filter)
{
	CLEANUP(db_finish) struct db_statement *s = NULL;
	int err;

	if (!filter->host || !filter->newest_first ||
	    db_prepare(file->db, "SELECT count(*) FROM (SELECT 1 FROM host WHERE addr = ?4 LIMIT ?1) AS some",
		       &s))
		return false;
	db_number(s, 1, HOST_CROWDED);
	bind_host(s, filter->host);
	return db_row(s, &err) && db_get(s, 0) == HOST_CROWDED;
}

static int scan_month(struct store *store, uint32_t month, const struct store_filter *filter, uint64_t *left,
		      bool (*fn)(const struct store_row *row, void *arg), void *arg, bool *stop)
{
	CLEANUP(db_finish) struct db_statement *s = NULL;
	struct sql sql = {.len = 0};
	struct store_file *file;
	int err = store_file(store, month, false, &file);

	if (err == -ENOENT)
		return 0; /* its events went; the figures tell how many */
	if (err)
		return err;
	scan_sql(&sql, filter, month, *left, host_crowded(file, filter));
	err = db_prepare(file->db, sql.text, &s);
	if (err)
		return err;
	db_number(s, 1, filter->from);
	db_number(s, 2, filter->to ? filter->to : INT64_MAX);
	if (filter->tenant)
		db_text(s, 3, filter->tenant, STORE_TEXT_MAX);
	if (filter->host)
		bind_host(s, filter->host);
	while (db_row(s, &err)) {
		struct store_row row;

		if (filter->brief)
			row_read_brief(s, month, filter->urgent, &row);
		else
			row_read(s, month, &row);
		--*left;
		if (!fn(&row, arg)) {
			*stop = true;
			return 0;
		}
	}
	return err;
}

int store_scan(struct store *store, const struct store_filter *filter,
	       bool (*fn)(const struct store_row *row, void *arg), void *arg)
{
	uint32_t months[STORE_MONTHS_MAX];
	uint64_t left = filter->limit ? filter->limit : UINT64_MAX;
	bool stop = false;
	size_t count;
	int err = months_of(store, filter, months, &count);

	for (size_t i = 0; !err && !stop && left && i < count; i++)
		if (months[i] >= filter->after >> STORE_ID_BITS)
			err = scan_month(store, months[i], filter, &left, fn, arg, &stop);
	return err;
}

/* --- figures and rules: from the month's file, or from the index when the file went */

static int figures_from(struct db *db, const struct store_filter *filter,
			bool (*fn)(const struct store_figure *figure, void *arg), void *arg, bool *stop)
{
	CLEANUP(db_finish) struct db_statement *s = NULL;
	struct sql sql = {.len = 0};
	int err;

	sql_add(&sql,
		"SELECT slot, kind, gid, sid, severity, verdict, tenant, label, n, first, last FROM figure"
		" WHERE slot >= ?1 AND slot < ?2");
	sql_filter(&sql, filter);
	err = db_prepare(db, sql.text, &s);
	if (err)
		return err;
	db_number(s, 1, filter->from / STORE_SLOT_US);
	db_number(s, 2, filter->to ? filter->to / STORE_SLOT_US : INT64_MAX);
	if (filter->tenant)
		db_text(s, 3, filter->tenant, STORE_TEXT_MAX);
	while (db_row(s, &err)) {
		const struct store_figure figure = {
			.slot = db_get(s, 0) * STORE_SLOT_US,
			.kind = (uint8_t)db_get(s, 1),
			.gid = (uint32_t)db_get(s, 2),
			.sid = (uint32_t)db_get(s, 3),
			.severity = (uint8_t)db_get(s, 4),
			.verdict = (uint8_t)db_get(s, 5),
			.tenant = db_get_text(s, 6),
			.label = db_get_text(s, 7),
			.count = db_get(s, 8),
			.first = db_get(s, 9),
			.last = db_get(s, 10),
		};

		if (!fn(&figure, arg)) {
			*stop = true;
			return 0;
		}
	}
	return err;
}

int store_figures(struct store *store, const struct store_filter *filter,
		  bool (*fn)(const struct store_figure *figure, void *arg), void *arg)
{
	uint32_t months[STORE_MONTHS_MAX];
	bool stop = false;
	size_t count;
	int err;

	if (filter->from % STORE_SLOT_US || filter->to % STORE_SLOT_US)
		return -EINVAL;
	err = store_ready(store);
	if (!err)
		err = figures_from(store->index, filter, fn, arg, &stop);
	if (!err)
		err = months_of(store, filter, months, &count);
	for (size_t i = 0; !err && !stop && i < count; i++) {
		struct store_file *file;

		err = index_kept(store, months[i]) ? -ENOENT : store_file(store, months[i], false, &file);
		if (!err)
			err = figures_from(file->db, filter, fn, arg, &stop);
		else if (err == -ENOENT)
			err = 0;
	}
	return err;
}

static int rules_from(struct db *db, bool (*fn)(const struct store_rule *rule, void *arg), void *arg,
		      bool *stop)
{
	CLEANUP(db_finish) struct db_statement *s = NULL;
	int err = db_prepare(db, "SELECT gid, sid, rev, label, json FROM rule", &s);

	if (err)
		return err;
	while (db_row(s, &err)) {
		const struct store_rule rule = {
			.gid = (uint32_t)db_get(s, 0),
			.sid = (uint32_t)db_get(s, 1),
			.rev = (uint32_t)db_get(s, 2),
			.label = db_get_text(s, 3),
			.json = db_get_text(s, 4),
		};

		if (!fn(&rule, arg)) {
			*stop = true;
			return 0;
		}
	}
	return err;
}

int store_rules(struct store *store, bool (*fn)(const struct store_rule *rule, void *arg), void *arg)
{
	static const struct store_filter all;
	uint32_t months[STORE_MONTHS_MAX];
	bool stop = false;
	size_t count;
	int err = store_ready(store);

	if (!err)
		err = rules_from(store->index, fn, arg, &stop);
	if (!err)
		err = months_of(store, &all, months, &count);
	for (size_t i = 0; !err && !stop && i < count; i++) {
		struct store_file *file;

		err = store_file(store, months[i], false, &file);
		if (!err)
			err = rules_from(file->db, fn, arg, &stop);
		else if (err == -ENOENT)
			err = 0;
	}
	return err;
}
