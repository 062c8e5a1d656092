// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * store_packet.c - the packets that alerts are about: each kept for the time of
 * its severity, then overwritten where it lay.
 */
#include <errno.h>
#include <string.h>
#include <zlib.h>

#include "store_private.h"

#define PACKET_MAX (64u << 10) /* of JSON; more than a channel brings */

int packet_insert(struct store_file *file, const struct store_event *event, uint64_t id)
{
	size_t raw = strlen(event->packet);
	uLongf len = compressBound((uLong)raw);
	AUTO_FREE uint8_t *packed = NULL;
	struct db_statement *s;
	int err = raw > PACKET_MAX ? -EMSGSIZE : statement_get(file, STATEMENT_PACKET, &s);

	if (err)
		return err;
	packed = malloc(len);
	if (!packed || compress2(packed, &len, (const uint8_t *)event->packet, (uLong)raw, 1) != Z_OK)
		return -ENOMEM;
	db_number(s, 1, id);
	db_number(s, 2, event->t_packet);
	db_number(s, 3, event->severity);
	db_number(s, 4, raw);
	db_bytes(s, 5, packed, len);
	return db_step(s);
}

int store_packet(struct store *store, uint64_t id, char **json)
{
	CLEANUP(db_finish) struct db_statement *s = NULL;
	struct store_file *file;
	const void *packed;
	uint8_t *raw = NULL;
	size_t len;
	int err = store_file(store, (uint32_t)(id >> STORE_ID_BITS), false, &file);

	if (!err)
		err = db_prepare(file->db, "SELECT raw, data FROM packet WHERE id = ?1", &s);
	if (err)
		return err;
	db_number(s, 1, id & ((1ull << STORE_ID_BITS) - 1));
	if (!db_row(s, &err))
		return err ? err : -ENOENT;
	packed = db_get_bytes(s, 1, &len);
	err = db_get(s, 0) > PACKET_MAX ? -EBADMSG : text_inflate(packed, len, db_get(s, 0), &raw);
	if (!err)
		*json = (char *)raw;
	return err;
}

static int packets_count(struct store_file *file, uint8_t severity, uint64_t until, uint64_t *count)
{
	CLEANUP(db_finish) struct db_statement *s = NULL;
	int err = db_prepare(file->db, "SELECT count(*) FROM packet WHERE severity = ?1 AND t < ?2", &s);

	if (err)
		return err;
	db_number(s, 1, severity);
	db_number(s, 2, until);
	if (!db_row(s, &err))
		return err ? err : -EBADMSG;
	*count = db_get(s, 0);
	return 0;
}

static int packets_delete(struct store_file *file, uint8_t severity, uint64_t until)
{
	CLEANUP(db_finish) struct db_statement *s = NULL;
	int err = db_prepare(file->db, "DELETE FROM packet WHERE severity = ?1 AND t < ?2", &s);

	if (err)
		return err;
	db_number(s, 1, severity);
	db_number(s, 2, until);
	return db_step(s);
}

int packets_retain(struct store *store, uint32_t month, uint64_t now, uint64_t *removed)
{
	struct store_file *file;
	uint64_t gone = 0;
	int err = store_file_there(store, month, NULL);

	if (!err)
		err = store_file(store, month, false, &file);
	/* A damaged one is set aside by who writes into it. */
	if (err)
		return err == -ENOENT || err == -EBADMSG || err == -EPROTO ? 0 : err;
	for (uint8_t severity = 0; !err && severity < SEKI_SEVERITY_MAX; severity++) {
		uint64_t age = store->limits.packet_seconds[severity] * 1000000ull, count = 0;

		err = packets_count(file, severity, now > age ? now - age : 0, &count);
		if (!err && count)
			err = packets_delete(file, severity, now > age ? now - age : 0);
		gone += err ? 0 : count;
	}
	*removed += gone;
	/* What was deleted lies in the log beside the file until that is written back. */
	return err || !gone ? err : db_compact(file->db);
}
