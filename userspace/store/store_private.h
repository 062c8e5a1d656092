/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * store_private.h - what the files of this room share.
 */
#ifndef STORE_STORE_PRIVATE_H
#define STORE_STORE_PRIVATE_H

#include "db.h"
#include "store.h"

#define STORE_OPEN_MAX	 4u /* months open at once */
#define STORE_ID_BITS	 STORE_MONTH_SHIFT
#define STORE_KNOWN_BITS 12
#define STORE_MONTHS_MAX 2400u

/* What names a figure; in the index, too. */
#define FIGURE_KEY "slot, kind, gid, sid, severity, verdict, tenant, label"

enum store_statement {
	STATEMENT_EVENT,
	STATEMENT_PACK,
	STATEMENT_PACKET,
	STATEMENT_HOSTS,
	STATEMENT_FIGURE,
	STATEMENT_RULE,
	STATEMENT_TOTAL,
	STATEMENT_HOSTED,
	STATEMENT_NOTICE_ACKED,
	STATEMENT_MARK_SENT,
	STATEMENT_MARK_DELIVERED,
	STATEMENT_MARK_ACKED,
	STATEMENT_MAX
};

/* One month of UTC: year * 12 + month, January being 0. */
struct store_file {
	uint32_t month;
	uint64_t used;					/* by the clock of use, for closing the least used */
	struct db *db;					/* NULL: free slot */
	struct db_statement *statements[STATEMENT_MAX]; /* the writer's */
	uint64_t next_id;
	uint64_t hosted; /* the last event that stands in the index of hosts */
	/* Rules that are in the file: a place per hash, so that most alerts cost no look-up. */
	struct {
		uint32_t gid, sid, rev;
	} known[1u << STORE_KNOWN_BITS];
};

struct store {
	struct db_place *place;
	bool readonly;
	bool beginning; /* to take up what a place has: nobody takes it up meanwhile */
	struct store_limits limits;
	uint64_t clock; /* of use */
	struct db *index;
	struct line_pack *pack; /* the writer's */
	struct store_file files[STORE_OPEN_MAX];
};

/* Prepared once for each file. */
__must_check int statement_get(struct store_file *file, enum store_statement which,
			       struct db_statement **out);

/* Lines of consecutive ids, packed: added one by one in the order of their ids, written when there are
 * enough, or by flush. drop: those not yet written are forgotten. */
struct line_pack;
struct line_pack *line_pack_new(void); /* NULL: no memory */
void line_pack_free(struct line_pack *pack);
void line_pack_drop(struct line_pack *pack);
__must_check int line_pack_add(struct store_file *file, struct line_pack *pack, uint64_t id, const char *line,
			       size_t len);
__must_check int line_pack_flush(struct store_file *file, struct line_pack *pack);

/* store_packet.c */
__must_check int packet_insert(struct store_file *file, const struct store_event *event, uint64_t id);
/* Those of the month whose time is over. */
__must_check int packets_retain(struct store *store, uint32_t month, uint64_t now, uint64_t *removed);
/* What a deflated text of raw_len bytes was; malloc'ed, with a NUL behind it. -EBADMSG. */
__must_check int text_inflate(const void *packed, size_t len, uint64_t raw_len, uint8_t **out);

uint32_t month_of(uint64_t t);
uint64_t month_begin(uint32_t month);
void month_name(uint32_t month, char name[DB_NAME_MAX]);

/*
 * The month's file. create: made when it is not there, and set aside and made anew when it is damaged.
 * -ENOENT; -EBADMSG when it is damaged and create is false.
 */
__must_check int store_file(struct store *store, uint32_t month, bool create, struct store_file **out);
void store_file_close(struct store_file *file);
/* Damaged: renamed, so that somebody can look; what it held is written off. */
__must_check int store_set_aside(struct store *store, uint32_t month);
/* -ENOENT: no file of that month; *bytes may be NULL. */
__must_check int store_file_there(struct store *store, uint32_t month, uint64_t *bytes);
/*
 * Before anything is asked: what a server that went had open is closed, and it is connected to again.
 * -ENOTCONN while it does not answer, and within a walk over its rows.
 */
__must_check int store_ready(struct store *store);
__must_check int store_file_remove(struct store *store, uint32_t month);

/* Removes the month's file after keeping its figures; goes on where a crash left it. */
__must_check int month_retire(struct store *store, uint32_t month, struct store_retained *out);

/* The index: what is known of months, counters, notices and figures of months whose events went. */
__must_check int index_open(struct store *store);
/* A statement on the index of a store that is ready. */
__must_check int index_prepare(struct store *store, const char *sql, struct db_statement **out);
/* Adds to the month's row; lost_rest: what inserted exceeds removed and lost by becomes lost. */
struct index_change {
	uint64_t inserted, removed;
	bool lost_rest;
};
__must_check int index_month(struct store *store, uint32_t month, const struct index_change *change);
__must_check int index_month_set(struct store *store, uint32_t month, uint64_t inserted);
/* Are the figures of the month's present file in the index already? */
bool index_kept(struct store *store, uint32_t month);
/* Months that have a row, oldest first; returns how many of room were written. */
__must_check int index_months(struct store *store, uint32_t *months, size_t room, size_t *count);

#endif
