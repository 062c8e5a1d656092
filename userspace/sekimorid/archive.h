/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * archive.h - what the archive's loop (archive.c) and its side towards the
 * notifier (archive_notify.c) share.
 */
#ifndef SEKIMORID_ARCHIVE_H
#define SEKIMORID_ARCHIVE_H

#include "core/eve/eve_read.h"
#include "lib/loop.h"
#include "message.h"
#include "store/audit_log.h"
#include "store/store.h"

#define ARCHIVE_BATCH  1024u
#define ARCHIVE_BYTES  (4u << 20)
#define ARCHIVE_AUDITS 256u

struct held { /* one event of the batch with what its texts lie in */
	struct eve_fields fields;
	char *line, *packet; /* packet: NULL none */
	bool here; /* came over the present channel */
	bool told; /* the notifier knows */
};

struct archive {
	struct loop *loop;
	struct store *store;
	struct audit_log *audit;
	int reporter; /* its channel, -1 none */
	int notifier; /* its channel, -1 none */
	struct store_event events[ARCHIVE_BATCH];
	struct held held[ARCHIVE_BATCH];
	size_t count, bytes;
	uint64_t unanswered; /* events taken off the present channel and not told as taken yet */
	bool behind;	     /* the notifier lacks events that the store has */
	struct {
		uint64_t month, id; /* the last one of the month that the notifier was told of */
	} told[4];
	uint32_t ticks, retry_at;
	uint32_t ending;			     /* the last tick, once the keeper left; 0 before */
	bool broken;				     /* it broke the protocol */
	struct message_audit audits[ARCHIVE_AUDITS]; /* that the disk has no room for */
	uint32_t audit_count;
	uint64_t audits_lost;
	struct message_tenants tenants;
	struct message_archive_stats stats;
	struct asset_set *observed; /* NULL: not read yet */
	bool observed_changed, observed_full;
};

/* Of the batch, those that somebody has to be told of. */
void archive_urgent_tell(struct archive *a);
void archive_notifier_meet(struct archive *a, int *passed);
void archive_notifier_tick(struct archive *a);
/* archive_assets.c */
void archive_asset(struct archive *a, const struct eve_fields *f);
void archive_assets_tick(struct archive *a);
void archive_ack(struct archive *a, uint64_t cookie, const struct message_ack *in);

#endif
