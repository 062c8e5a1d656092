/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spool.h - records on their way to another process: kept until it says that it
 * has them, told again when it died, bounded, with an exact count of what did
 * not find room.
 */
#ifndef LIB_SPOOL_H
#define LIB_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cleanup.h"

struct spool_record;
struct spool {
	struct spool_record *first, *last, *next; /* next: the first that was not sent */
	size_t bytes, max_bytes;
	uint64_t records, lost; /* waiting; refused for want of room since the beginning */
};

void spool_init(struct spool *spool, size_t max_bytes);
void spool_free(struct spool *spool); /* its records */

/* A copy of two parts as one record. false: no room, counted in lost. */
bool spool_add(struct spool *spool, const void *head, size_t head_len, const void *body, size_t body_len);
/* The next record to send, NULL when all were; it stays the spool's. */
const void *spool_next(const struct spool *spool, size_t *len);
void spool_sent(struct spool *spool);
/* The other side has the count oldest of those that were sent. false: it claims more than it got. */
__must_check bool spool_done(struct spool *spool, uint64_t count);
/* The other side is a new one: all over again from the oldest. */
void spool_again(struct spool *spool);

#endif
