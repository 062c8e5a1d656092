// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * store_insert.c - events into their months: each month's share of a batch is
 * one transaction with its figures, so that both always agree.
 */
#include <errno.h>
#include <string.h>

#include "lib/log.h"
#include "store_private.h"

#define HOSTS_STEP 65536u

static const char *const statements[STATEMENT_MAX] = {
	[STATEMENT_EVENT] =
		"INSERT INTO event VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,"
		"?19,NULL,NULL,NULL,NULL)",
	[STATEMENT_PACK] = "INSERT INTO pack VALUES(?1,?2,?3,?4)",
	[STATEMENT_PACKET] = "INSERT INTO packet VALUES(?1,?2,?3,?4,?5)",
	[STATEMENT_HOSTS] =
		"INSERT INTO host SELECT src, id FROM (SELECT src, id FROM event WHERE id > ?1 AND "
		"id <= ?2 AND src IS NOT NULL UNION ALL SELECT dst, id FROM event WHERE id > ?1 AND id <= ?2 "
		"AND dst IS NOT NULL) AS side ORDER BY src, id ON CONFLICT DO NOTHING",
	[STATEMENT_FIGURE] =
		"INSERT INTO figure VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11) ON CONFLICT(" FIGURE_KEY
		") DO UPDATE SET n = figure.n + ?9, first = min(figure.first, ?10), last = "
		"max(figure.last, ?11)",
	[STATEMENT_RULE] =
		"INSERT INTO rule VALUES(?1,?2,?3,?4,?5) ON CONFLICT(gid, sid) DO UPDATE SET rev = ?3,"
		" label = ?4, json = ?5 WHERE ?3 >= rule.rev",
	[STATEMENT_TOTAL] = "UPDATE total SET inserted = inserted + ?1",
	[STATEMENT_HOSTED] = "UPDATE total SET hosted = ?1",
	[STATEMENT_MARK_SENT] = "UPDATE event SET t_sent = coalesce(t_sent, ?3), notice = coalesce(notice, "
				"?4) WHERE id >= ?1 AND id <= ?2",
	[STATEMENT_MARK_DELIVERED] = "UPDATE event SET t_delivered = coalesce(t_delivered, ?3), notice = "
				     "coalesce(notice, ?4) WHERE id >= ?1 AND id <= ?2",
	[STATEMENT_MARK_ACKED] = "UPDATE event SET t_acked = coalesce(t_acked, ?3), notice = "
				 "coalesce(notice, ?4) WHERE id >= ?1 AND id <= ?2",
	[STATEMENT_NOTICE_ACKED] = "UPDATE event SET t_acked = coalesce(t_acked, ?2) WHERE notice = ?1 AND "
				   "kind = 0 AND severity = 3 AND verdict != 1",
};
_Static_assert((int)STATEMENT_MARK_SENT + STORE_ACKED == STATEMENT_MARK_ACKED, "one statement per moment");

int statement_get(struct store_file *file, enum store_statement which, struct db_statement **out)
{
	int err = 0;

	if (!file->statements[which])
		err = db_prepare(file->db, statements[which], &file->statements[which]);
	*out = file->statements[which];
	return err;
}

/* 4 bytes of a v4-mapped address, 16 of another, NULL of none. */
static void bind_address(struct db_statement *statement, int at, const struct seki_addr *addr)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	static const struct seki_addr none;

	if (!memcmp(addr, &none, sizeof(none)))
		db_null(statement, at);
	else if (!memcmp(addr->b, mapped, sizeof(mapped)))
		db_bytes(statement, at, addr->b + 12, 4);
	else
		db_bytes(statement, at, addr->b, 16);
}

static int insert_row(struct store_file *file, const struct store_event *event, uint64_t id)
{
	struct db_statement *s;
	const uint64_t head[] = {id,	       event->t_packet, event->t_match,
				 event->kind,  event->severity, event->verdict,
				 event->proto, event->target};
	const uint64_t tail[] = {event->src_port, event->dst_port, event->gid, event->sid, event->rev};
	int err = statement_get(file, STATEMENT_EVENT, &s);

	if (err)
		return err;
	for (size_t i = 0; i < ARRAY_LEN(head); i++)
		db_number(s, (int)i + 1, head[i]);
	bind_address(s, 9, &event->src);
	bind_address(s, 10, &event->dst);
	for (size_t i = 0; i < ARRAY_LEN(tail); i++)
		db_number(s, (int)i + 11, tail[i]);
	db_text(s, 16, event->tenant, STORE_TEXT_MAX);
	db_text(s, 17, event->sid ? "" : event->label, STORE_TEXT_MAX);
	db_text(s, 18, event->list, STORE_TEXT_MAX);
	db_text(s, 19, event->iface, STORE_TEXT_MAX);
	return db_step(s);
}

static int insert_rule(struct store_file *file, const struct store_event *event)
{
	uint32_t hash = (event->sid * 2654435761u ^ event->gid * 40503u) >> (32 - STORE_KNOWN_BITS);
	struct db_statement *s;
	int err;

	if (!event->sid || (file->known[hash].sid == event->sid && file->known[hash].gid == event->gid &&
			    file->known[hash].rev == event->rev))
		return 0;
	err = statement_get(file, STATEMENT_RULE, &s);
	if (err)
		return err;
	db_number(s, 1, event->gid);
	db_number(s, 2, event->sid);
	db_number(s, 3, event->rev);
	db_text(s, 4, event->label, STORE_TEXT_MAX);
	db_text(s, 5, event->rule, 1u << 16);
	err = db_step(s);
	if (err)
		return err;
	file->known[hash].gid = event->gid;
	file->known[hash].sid = event->sid;
	file->known[hash].rev = event->rev;
	return 0;
}

/* --- figures of a batch, so that thousands of the same cost one row */

struct tally_row {
	const struct store_event *event; /* the first of its kind; NULL: free */
	uint64_t count, first, last;
};
struct tally {
	struct tally_row *rows; /* 2^bits */
	unsigned int bits;
};

static const char *text_or(const char *text)
{
	return text ? text : "";
}

static bool tally_same(const struct store_event *a, const struct store_event *b)
{
	return a->t_packet / STORE_SLOT_US == b->t_packet / STORE_SLOT_US && a->kind == b->kind &&
	       a->gid == b->gid && a->sid == b->sid && a->severity == b->severity &&
	       a->verdict == b->verdict && !strcmp(text_or(a->tenant), text_or(b->tenant)) &&
	       (a->sid || !strcmp(text_or(a->label), text_or(b->label)));
}

static void tally_add(struct tally *tally, const struct store_event *event)
{
	uint64_t hash = (event->t_packet / STORE_SLOT_US ^ (uint64_t)event->sid << 20 ^ event->gid ^
			 (uint64_t)event->kind << 12 ^ (uint64_t)event->severity << 8 ^ event->verdict) *
			0x9e3779b97f4a7c15ull;
	uint64_t mask = (1ull << tally->bits) - 1;
	uint64_t at = hash >> (64 - tally->bits);

	while (tally->rows[at].event && !tally_same(tally->rows[at].event, event))
		at = (at + 1) & mask;
	if (!tally->rows[at].event)
		tally->rows[at] = (struct tally_row){event, 0, event->t_packet, event->t_packet};
	tally->rows[at].count++;
	if (event->t_packet < tally->rows[at].first)
		tally->rows[at].first = event->t_packet;
	if (event->t_packet > tally->rows[at].last)
		tally->rows[at].last = event->t_packet;
}

static int tally_write(struct store_file *file, const struct tally *tally)
{
	struct db_statement *s;
	int err = statement_get(file, STATEMENT_FIGURE, &s);

	for (uint64_t i = 0; !err && i < 1ull << tally->bits; i++) {
		const struct tally_row *row = &tally->rows[i];
		const struct store_event *event = row->event;

		if (!event)
			continue;
		db_number(s, 1, event->t_packet / STORE_SLOT_US);
		db_number(s, 2, event->kind);
		db_number(s, 3, event->gid);
		db_number(s, 4, event->sid);
		db_number(s, 5, event->severity);
		db_number(s, 6, event->verdict);
		db_text(s, 7, event->tenant, STORE_TEXT_MAX);
		db_text(s, 8, event->sid ? "" : event->label, STORE_TEXT_MAX);
		db_number(s, 9, row->count);
		db_number(s, 10, row->first);
		db_number(s, 11, row->last);
		err = db_step(s);
	}
	return err;
}

/* --- a month's share */

static bool event_good(const struct store_event *event)
{
	return event->kind < STORE_KIND_MAX && event->severity < SEKI_SEVERITY_MAX &&
	       event->verdict < SEKI_VERDICT_MAX && event->t_packet < month_begin(9999 * 12);
}

/* Which events an address is part of: sorted in steps so large that each page of the index is written once
 * for many. */
static int hosts_index(struct store_file *file, uint64_t last)
{
	struct db_statement *s;
	int err;

	if (last < file->hosted + HOSTS_STEP)
		return 0;
	err = statement_get(file, STATEMENT_HOSTS, &s);
	if (err)
		return err;
	db_number(s, 1, file->hosted);
	db_number(s, 2, file->hosted + HOSTS_STEP);
	err = db_step(s);
	if (!err)
		err = statement_get(file, STATEMENT_HOSTED, &s);
	if (err)
		return err;
	db_number(s, 1, file->hosted + HOSTS_STEP);
	return db_step(s);
}

static int share_write(struct store *store, struct store_file *file, uint32_t month,
		       struct store_event *events, size_t count, uint64_t *stored)
{
	struct tally tally = {.bits = 4};
	AUTO_FREE struct tally_row *rows = NULL;
	struct db_statement *s;
	uint64_t id = file->next_id;
	int err = 0;

	while (1ull << tally.bits < 2 * count)
		tally.bits++;
	rows = tally.rows = calloc(1ull << tally.bits, sizeof(*rows));
	if (!rows)
		return -ENOMEM;
	for (size_t i = 0; !err && i < count; i++) {
		if (!event_good(&events[i]) || month_of(events[i].t_packet) != month)
			continue;
		err = insert_row(file, &events[i], id);
		if (!err)
			err = line_pack_add(file, store->pack, id, events[i].line, events[i].line_len);
		if (!err && events[i].packet && store->limits.packet_seconds[events[i].severity])
			err = packet_insert(file, &events[i], id);
		if (!err)
			err = insert_rule(file, &events[i]);
		tally_add(&tally, &events[i]);
		events[i].id = (uint64_t)month << STORE_ID_BITS | id++;
	}
	if (!err)
		err = line_pack_flush(file, store->pack);
	if (!err)
		err = tally_write(file, &tally);
	if (!err)
		err = hosts_index(file, id - 1);
	if (!err)
		err = statement_get(file, STATEMENT_TOTAL, &s);
	if (err)
		return err;
	*stored = id - file->next_id;
	db_number(s, 1, *stored);
	return db_step(s);
}

static int share_insert(struct store *store, uint32_t month, struct store_event *events, size_t count,
			uint64_t *stored)
{
	struct store_file *file;
	int err = store_file(store, month, true, &file);

	*stored = 0;
	if (err)
		return err;
	err = db_begin(file->db);
	if (!err) {
		line_pack_drop(store->pack);
		err = share_write(store, file, month, events, count, stored);
		if (!err)
			err = db_commit(file->db);
		if (err)
			db_rollback(file->db);
	}
	if (err) {
		memset(file->known, 0, sizeof(file->known)); /* rules of the batch may be gone again */
		*stored = 0;
	} else {
		const struct index_change change = {.inserted = *stored};

		file->next_id += *stored;
		file->hosted += file->next_id > file->hosted + HOSTS_STEP ? HOSTS_STEP : 0;
		if (index_month(store, month, &change))
			log_warn("the store's index lags behind; it is mended at the next start");
	}
	return err;
}

/* Damage may show only when pages are read: once more with a new file. */
static int share_insert_sure(struct store *store, uint32_t month, struct store_event *events, size_t count,
			     uint64_t *stored)
{
	int err = share_insert(store, month, events, count, stored);

	if (err != -EBADMSG || store_set_aside(store, month))
		return err;
	return share_insert(store, month, events, count, stored);
}

struct store_result store_insert(struct store *store, struct store_event *events, size_t count)
{
	struct store_result result = {0};
	uint32_t done[16]; /* months of this batch; more are not of one time and lost as wrong */
	size_t done_count = 0;

	for (size_t i = 0; i < count; i++)
		events[i].id = 0;
	if (store->readonly || count > STORE_BATCH_MAX) {
		result.lost = count;
		result.error = store->readonly ? -EROFS : -E2BIG;
		return result;
	}
	result.error = store_ready(store);
	if (result.error) {
		result.lost = count;
		return result;
	}
	for (size_t i = 0; i < count; i++) {
		uint32_t month = month_of(events[i].t_packet);
		uint64_t stored = 0;
		size_t j = 0;
		int err;

		while (j < done_count && done[j] != month)
			j++;
		if (j < done_count || !event_good(&events[i]) || done_count == ARRAY_LEN(done))
			continue;
		done[done_count++] = month;
		err = share_insert_sure(store, month, events, count, &stored);
		result.stored += stored;
		if (err && !result.error)
			result.error = err;
		for (j = 0; err && j < count; j++)
			if (events[j].id >> STORE_ID_BITS == month)
				events[j].id = 0;
	}
	result.lost = count - result.stored;
	if (result.lost && !result.error)
		result.error = -EINVAL;
	return result;
}
