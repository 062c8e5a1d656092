// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * store_line.c - whole records with their evidence. They are most of what is
 * written and much the same: those of one batch are packed together, so that the
 * disk sees a fraction of them. A pack holds lines of consecutive ids:
 * their lengths (32 bits each, little endian), then their bytes, deflated.
 */
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <zlib.h>

#include "store_private.h"

#define PACK_LINES 64u
#define PACK_BYTES (256u << 10) /* of lines; a longer one is a pack of its own */
#define RAW_MAX	   (64u << 20)	/* what a reader believes of a pack */

struct line_pack {
	uint64_t first; /* id of its first line */
	uint32_t count, lengths[PACK_LINES];
	size_t len, room;
	uint8_t *raw;
	uint8_t *packed;
	size_t packed_room;
	z_stream stream;
	bool ready;
};

struct line_pack *line_pack_new(void)
{
	return calloc(1, sizeof(struct line_pack));
}

void line_pack_free(struct line_pack *pack)
{
	if (!pack)
		return;
	if (pack->ready)
		deflateEnd(&pack->stream);
	free(pack->raw);
	free(pack->packed);
	free(pack);
}

void line_pack_drop(struct line_pack *pack)
{
	pack->count = 0;
	pack->len = 0;
}

static int bytes_reserve(uint8_t **bytes, size_t *room, size_t want)
{
	uint8_t *moved;

	if (want <= *room)
		return 0;
	moved = realloc(*bytes, want);
	if (!moved)
		return -ENOMEM;
	*bytes = moved;
	*room = want;
	return 0;
}

/* Level 1: three quarters of what level 6 saves, at a third of its time. */
static int pack_deflate(struct line_pack *pack, size_t *len)
{
	uint32_t lengths[PACK_LINES];
	z_stream *z = &pack->stream;
	int err;

	if (!pack->ready && deflateInit(z, 1) != Z_OK)
		return -ENOMEM;
	pack->ready = true;
	deflateReset(z);
	for (uint32_t i = 0; i < pack->count; i++)
		lengths[i] = htole32(pack->lengths[i]);
	err = bytes_reserve(&pack->packed, &pack->packed_room,
			    deflateBound(z, pack->count * sizeof(*lengths) + pack->len));
	if (err)
		return err;
	z->next_out = pack->packed;
	z->avail_out = (uInt)pack->packed_room;
	z->next_in = (uint8_t *)lengths;
	z->avail_in = (uInt)(pack->count * sizeof(*lengths));
	if (deflate(z, Z_NO_FLUSH) != Z_OK)
		return -EIO;
	z->next_in = pack->raw;
	z->avail_in = (uInt)pack->len;
	if (deflate(z, Z_FINISH) != Z_STREAM_END)
		return -EIO;
	*len = pack->packed_room - z->avail_out;
	return 0;
}

int line_pack_flush(struct store_file *file, struct line_pack *pack)
{
	struct db_statement *s;
	size_t len;
	int err;

	if (!pack->count)
		return 0;
	err = pack_deflate(pack, &len);
	if (!err)
		err = statement_get(file, STATEMENT_PACK, &s);
	if (err)
		return err;
	db_number(s, 1, pack->first);
	db_number(s, 2, pack->count);
	db_number(s, 3, pack->count * sizeof(uint32_t) + pack->len);
	db_bytes(s, 4, pack->packed, len);
	err = db_step(s);
	line_pack_drop(pack);
	return err;
}

int line_pack_add(struct store_file *file, struct line_pack *pack, uint64_t id, const char *line, size_t len)
{
	int err = 0;

	if (pack->count == PACK_LINES || (pack->count && pack->len + len > PACK_BYTES))
		err = line_pack_flush(file, pack);
	if (!err && len > RAW_MAX / 2)
		err = -EMSGSIZE;
	if (!err)
		err = bytes_reserve(&pack->raw, &pack->room,
				    pack->len + (len > PACK_BYTES ? len : PACK_BYTES));
	if (err)
		return err;
	if (!pack->count)
		pack->first = id;
	if (len)
		memcpy(pack->raw + pack->len, line, len);
	pack->len += len;
	pack->lengths[pack->count++] = (uint32_t)len;
	return 0;
}

/* --- reading */

int text_inflate(const void *packed, size_t len, uint64_t raw_len, uint8_t **out)
{
	AUTO_FREE uint8_t *raw = NULL;
	uLongf got = (uLongf)raw_len;

	if (!raw_len || raw_len > RAW_MAX)
		return -EBADMSG;
	raw = malloc(raw_len + 1);
	if (!raw)
		return -ENOMEM;
	if (uncompress(raw, &got, packed, (uLong)len) != Z_OK || got != raw_len)
		return -EBADMSG;
	raw[raw_len] = '\0';
	*out = TAKE_PTR(raw);
	return 0;
}

/* The at-th of count lines; the damaged tell nothing. */
static int pack_line(const uint8_t *raw, uint64_t raw_len, uint64_t count, uint64_t at, char **line,
		     size_t *len)
{
	uint64_t offset = count * sizeof(uint32_t);
	uint32_t length = 0;

	if (count > PACK_LINES || at >= count || offset > raw_len)
		return -EBADMSG;
	for (uint64_t i = 0; i <= at; i++) {
		offset += length;
		memcpy(&length, raw + i * sizeof(length), sizeof(length));
		length = le32toh(length);
		if (offset > raw_len || length > raw_len - offset)
			return -EBADMSG;
	}
	if (!length)
		return -ENOENT;
	*line = malloc((size_t)length + 1);
	if (!*line)
		return -ENOMEM;
	memcpy(*line, raw + offset, length);
	(*line)[length] = '\0';
	*len = length;
	return 0;
}

/* Months of the first version have a row for each line. */
static int line_old(struct store_file *file, uint64_t id, char **line, size_t *len)
{
	CLEANUP(db_finish) struct db_statement *s = NULL;
	int err = db_prepare(file->db, "SELECT line FROM line WHERE id = ?1", &s);
	const void *bytes;

	if (err)
		return err;
	db_number(s, 1, id);
	if (!db_row(s, &err))
		return err ? err : -ENOENT;
	bytes = db_get_bytes(s, 0, len);
	*line = malloc(*len + 1);
	if (!*line)
		return -ENOMEM;
	if (*len)
		memcpy(*line, bytes, *len);
	(*line)[*len] = '\0';
	return 0;
}

int store_line(struct store *store, uint64_t id, char **line, size_t *len)
{
	CLEANUP(db_finish) struct db_statement *s = NULL;
	AUTO_FREE uint8_t *raw = NULL;
	uint64_t number = id & ((1ull << STORE_ID_BITS) - 1), first;
	struct store_file *file;
	const void *packed;
	size_t packed_len;
	int err = store_file(store, (uint32_t)(id >> STORE_ID_BITS), false, &file);
	bool found;

	if (!err)
		err = db_prepare(file->db,
				 "SELECT id, n, raw, data FROM pack WHERE id <= ?1 AND EXISTS"
				 " (SELECT 1 FROM event WHERE id = ?1) ORDER BY id DESC LIMIT 1",
				 &s);
	if (err)
		return err;
	db_number(s, 1, number);
	found = db_row(s, &err);
	if (err)
		return err;
	first = found ? db_get(s, 0) : 0;
	if (!found || number - first >= db_get(s, 1))
		return line_old(file, number, line, len);
	packed = db_get_bytes(s, 3, &packed_len);
	err = text_inflate(packed, packed_len, db_get(s, 2), &raw);
	return err ? err : pack_line(raw, db_get(s, 2), db_get(s, 1), number - first, line, len);
}
