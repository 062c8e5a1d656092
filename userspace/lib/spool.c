// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * spool.c - records on their way to another process.
 */
#include "spool.h"

#include <string.h>

struct spool_record {
	struct spool_record *after;
	size_t len;
	bool sent;
	uint8_t data[];
};

void spool_init(struct spool *spool, size_t max_bytes)
{
	*spool = (struct spool){.max_bytes = max_bytes};
}

static void spool_drop(struct spool *spool)
{
	struct spool_record *record = spool->first;

	spool->first = record->after;
	if (!spool->first)
		spool->last = NULL;
	if (spool->next == record)
		spool->next = record->after;
	spool->bytes -= sizeof(*record) + record->len;
	spool->records--;
	free(record);
}

void spool_free(struct spool *spool)
{
	while (spool->first)
		spool_drop(spool);
}

bool spool_add(struct spool *spool, const void *head, size_t head_len, const void *body, size_t body_len)
{
	size_t size = sizeof(struct spool_record) + head_len + body_len;
	struct spool_record *record = size > spool->max_bytes - spool->bytes ? NULL : malloc(size);

	if (!record) {
		spool->lost++;
		return false;
	}
	record->after = NULL;
	record->len = head_len + body_len;
	record->sent = false;
	memcpy(record->data, head, head_len);
	memcpy(record->data + head_len, body, body_len);
	if (spool->last)
		spool->last->after = record;
	else
		spool->first = record;
	spool->last = record;
	if (!spool->next)
		spool->next = record;
	spool->bytes += size;
	spool->records++;
	return true;
}

const void *spool_next(const struct spool *spool, size_t *len)
{
	if (!spool->next)
		return NULL;
	*len = spool->next->len;
	return spool->next->data;
}

void spool_sent(struct spool *spool)
{
	spool->next->sent = true;
	spool->next = spool->next->after;
}

bool spool_done(struct spool *spool, uint64_t count)
{
	for (; count; count--) {
		if (!spool->first || !spool->first->sent)
			return false;
		spool_drop(spool);
	}
	return true;
}

void spool_again(struct spool *spool)
{
	for (struct spool_record *record = spool->first; record; record = record->after)
		record->sent = false;
	spool->next = spool->first;
}
