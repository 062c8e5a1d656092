// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * transform.c - one row per transform. Each rewrites the bytes in the room,
 * or makes new ones in the spare room and swaps.
 */
#include "transform_parts.h"

#include <errno.h>
#include <libpsl.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "lib/digest.h"
#include "lib/base64.h"
#include "file_magic.h"
#include "match_decode.h"
#include "core/rule/rule_parse.h"

struct transform_work {
	struct transform_room *room;
	const struct transform_argument *argument;
	uint32_t len; /* of what is in the room */
};

typedef int (*transform_fn)(struct transform_work *work);

void transform_room_clear(struct transform_room *room)
{
	free(room->data);
	free(room->spare);
	pcre2_match_data_free(room->match);
	file_magic_free(room->magic);
	*room = (struct transform_room){0};
}

static int room_grow(uint8_t **data, uint32_t *room, uint64_t need)
{
	uint8_t *more;

	if (*room >= need)
		return 0;
	need = need < 4096 ? 4096 : need;
	more = need > UINT32_MAX ? NULL : realloc(*data, need);
	if (!more)
		return -ENOMEM;
	*data = more;
	*room = (uint32_t)need;
	return 0;
}

/* What was made in the spare room is the buffer now. */
static void room_swap(struct transform_work *work, uint32_t len)
{
	struct transform_room *room = work->room;
	uint8_t *data = room->data;
	uint32_t size = room->room;

	room->data = room->spare;
	room->room = room->spare_room;
	room->spare = data;
	room->spare_room = size;
	work->len = len;
}

static int transform_dotprefix(struct transform_work *work)
{
	uint8_t *data;
	int err = room_grow(&work->room->data, &work->room->room, (uint64_t)work->len + 1);

	if (err)
		return err;
	data = work->room->data;
	memmove(data + 1, data, work->len);
	data[0] = '.';
	work->len++;
	return 0;
}

static int transform_digest(struct transform_work *work, enum digest_kind kind)
{
	uint8_t bytes[DIGEST_BYTES_MAX];
	int err = room_grow(&work->room->data, &work->room->room, sizeof(bytes));

	if (err)
		return err;
	digest_of(kind, (struct span){work->room->data, work->len}, bytes);
	work->len = digest_bytes(kind);
	memcpy(work->room->data, bytes, work->len);
	return 0;
}

static int transform_md5(struct transform_work *work)
{
	return transform_digest(work, DIGEST_MD5);
}

static int transform_sha1(struct transform_work *work)
{
	return transform_digest(work, DIGEST_SHA1);
}

static int transform_sha256(struct transform_work *work)
{
	return transform_digest(work, DIGEST_SHA256);
}

static int transform_xor(struct transform_work *work)
{
	const struct transform_argument *key = work->argument;

	for (uint32_t i = 0; i < work->len; i++)
		work->room->data[i] ^= key->data[i % key->len];
	return 0;
}

/* The first group takes the buffer's place; without a match it stays. */
static int transform_pcre(struct transform_work *work)
{
	const PCRE2_SIZE *place;
	uint8_t *data = work->room->data;

	if (!work->room->match)
		work->room->match = pcre2_match_data_create(2, NULL);
	if (!work->room->match)
		return -ENOMEM;
	/* 0: more groups than the first two were set, which is fine. */
	if (pcre2_match(work->argument->code, data, work->len, 0, 0, work->room->match, NULL) < 0)
		return 0;
	place = pcre2_get_ovector_pointer(work->room->match);
	if (pcre2_get_ovector_count(work->room->match) < 2 || place[2] == PCRE2_UNSET || place[3] < place[2])
		return 0;
	work->len = (uint32_t)(place[3] - place[2]);
	memmove(data, data + place[2], work->len);
	return 0;
}

static uint32_t base64_squeeze(uint8_t *data, uint32_t len)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < len; i++) {
		if (base64_digit(data[i]) >= 0)
			data[kept++] = data[i];
	}
	return kept;
}

/* Whole groups of base64 digits, padding at the end only. */
static bool base64_strict(const uint8_t *data, uint32_t len)
{
	uint32_t digits = 0;

	while (digits < len && base64_digit(data[digits]) >= 0)
		digits++;
	return len && len % 4 == 0 && len - digits <= 2 &&
	       (digits == len || (data[digits] == '=' && data[len - 1] == '='));
}

/* What cannot be decoded stays as it is. */
static int transform_base64(struct transform_work *work)
{
	static const struct transform_argument standard = {.bytes = UINT32_MAX};
	const struct transform_argument *argument = work->argument ? work->argument : &standard;
	uint32_t len = work->len - (argument->offset < work->len ? argument->offset : work->len);
	uint8_t *from = work->room->data + (work->len - len);
	uint32_t written;
	int err;

	len = len < argument->bytes ? len : argument->bytes;
	if (argument->mode == BASE64_STRICT && !base64_strict(from, len))
		return 0;
	err = room_grow(&work->room->spare, &work->room->spare_room, (uint64_t)len + 4);
	if (err)
		return err;
	if (argument->mode == BASE64_RFC2045) {
		memcpy(work->room->spare, from, len);
		len = base64_squeeze(work->room->spare, len);
		/* Decoding never writes beyond what it has read. */
		from = work->room->spare;
	}
	written = base64_decode((struct span){from, len}, work->room->spare);
	if (written)
		room_swap(work, written);
	return 0;
}

/* bits: of zlib, which also tells the formats apart. What is broken keeps what came before the fault. */
static int transform_inflate(struct transform_work *work, int bits)
{
	uint32_t limit = work->argument ? work->argument->bytes : 1024;
	z_stream stream = {.next_in = work->room->data, .avail_in = work->len};
	int err = room_grow(&work->room->spare, &work->room->spare_room, limit);

	if (err)
		return err;
	if (inflateInit2(&stream, bits) != Z_OK)
		return -ENOMEM;
	stream.next_out = work->room->spare;
	stream.avail_out = limit;
	(void)inflate(&stream, Z_SYNC_FLUSH);
	limit -= stream.avail_out;
	inflateEnd(&stream);
	if (limit)
		room_swap(work, limit);
	return 0;
}

static int transform_gunzip(struct transform_work *work)
{
	return transform_inflate(work, 15 + 16);
}

static int transform_zlib(struct transform_work *work)
{
	return transform_inflate(work, 15);
}

/* The registered domain, or the suffix under which it is registered (publicsuffix.org). Names that are no
 * longer than DNS allows; others, and those without either, stay. */
static int transform_suffix(struct transform_work *work, bool registered)
{
	uint8_t *data = work->room->data;
	const char *found;
	char name[256];

	if (!work->len || work->len >= sizeof(name) || memchr(data, '\0', work->len))
		return 0;
	for (uint32_t i = 0; i < work->len; i++)
		name[i] = data[i] >= 'A' && data[i] <= 'Z' ? (char)(data[i] + 32) : (char)data[i];
	name[work->len] = '\0';
	found = registered ? psl_registrable_domain(psl_builtin(), name)
			   : psl_unregistrable_domain(psl_builtin(), name);
	if (!found)
		return 0;
	work->len -= (uint32_t)(found - name);
	memmove(data, data + (found - name), work->len);
	return 0;
}

static int transform_domain(struct transform_work *work)
{
	return transform_suffix(work, true);
}

static int transform_tld(struct transform_work *work)
{
	return transform_suffix(work, false);
}

static int transform_lower(struct transform_work *work)
{
	uint8_t *data = work->room->data;
	uint32_t len = work->len;
	for (uint32_t i = 0; i < len; i++)
		data[i] = data[i] >= 'A' && data[i] <= 'Z' ? data[i] + 32 : data[i];
	return 0;
}

static int transform_upper(struct transform_work *work)
{
	uint8_t *data = work->room->data;
	uint32_t len = work->len;
	for (uint32_t i = 0; i < len; i++)
		data[i] = data[i] >= 'a' && data[i] <= 'z' ? data[i] - 32 : data[i];
	return 0;
}

static bool transform_space(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static int transform_strip(struct transform_work *work)
{
	uint8_t *data = work->room->data;
	uint32_t len = work->len;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < len; i++) {
		if (!transform_space(data[i]))
			data[kept++] = data[i];
	}
	work->len = kept;
	return 0;
}

static int transform_compress(struct transform_work *work)
{
	uint8_t *data = work->room->data;
	uint32_t len = work->len;
	uint32_t kept = 0;
	bool space = false;

	for (uint32_t i = 0; i < len; i++) {
		bool before = space;

		space = transform_space(data[i]);
		if (!space)
			data[kept++] = data[i];
		else if (!before)
			data[kept++] = ' ';
	}
	work->len = kept;
	return 0;
}

static int transform_url_decode(struct transform_work *work)
{
	uint8_t *data = work->room->data;
	uint32_t len = work->len;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < len; i++) {
		if (data[i] == '%' && len - i > 2 && byte_hex(data[i + 1]) >= 0 &&
		    byte_hex(data[i + 2]) >= 0) {
			data[kept++] = (uint8_t)(byte_hex(data[i + 1]) << 4 | byte_hex(data[i + 2]));
			i += 2;
		} else {
			data[kept++] = data[i] == '+' ? ' ' : data[i];
		}
	}
	work->len = kept;
	return 0;
}

static int transform_header_lower(struct transform_work *work)
{
	uint8_t *data = work->room->data;
	uint32_t len = work->len;
	bool name = true;

	for (uint32_t i = 0; i < len; i++) {
		if (data[i] == '\n')
			name = true;
		else if (data[i] == ':')
			name = false;
		else if (name && data[i] >= 'A' && data[i] <= 'Z')
			data[i] += 32;
	}
	return 0;
}

static int transform_strip_pseudo(struct transform_work *work)
{
	uint8_t *data = work->room->data;
	uint32_t len = work->len;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < len;) {
		const uint8_t *newline = memchr(data + i, '\n', len - i);
		uint32_t line = newline ? (uint32_t)(newline - data) - i + 1 : len - i;

		if (data[i] != ':') {
			memmove(data + kept, data + i, line);
			kept += line;
		}
		i += line;
	}
	work->len = kept;
	return 0;
}

static int transform_magic(struct transform_work *work)
{
	struct transform_room *room = work->room;
	int err = room->magic ? 0 : file_magic_new(&room->magic);

	if (!err)
		err = room_grow(&room->spare, &room->spare_room, FILE_MAGIC_TEXT);
	if (err)
		return err;
	work->len = file_magic_describe(room->magic, (struct span){room->data, work->len}, room->spare);
	err = room_grow(&room->data, &room->room, work->len);
	if (!err && work->len)
		memcpy(room->data, room->spare, work->len);
	return err;
}

static const transform_fn transforms[TRANSFORM_MAX] = {
	[TRANSFORM_DOTPREFIX] = transform_dotprefix,
	[TRANSFORM_TO_LOWERCASE] = transform_lower,
	[TRANSFORM_TO_UPPERCASE] = transform_upper,
	[TRANSFORM_STRIP_WHITESPACE] = transform_strip,
	[TRANSFORM_COMPRESS_WHITESPACE] = transform_compress,
	[TRANSFORM_URL_DECODE] = transform_url_decode,
	[TRANSFORM_HEADER_LOWERCASE] = transform_header_lower,
	[TRANSFORM_STRIP_PSEUDO_HEADERS] = transform_strip_pseudo,
	[TRANSFORM_TO_MD5] = transform_md5,
	[TRANSFORM_TO_SHA1] = transform_sha1,
	[TRANSFORM_TO_SHA256] = transform_sha256,
	[TRANSFORM_XOR] = transform_xor,
	[TRANSFORM_PCREXFORM] = transform_pcre,
	[TRANSFORM_FROM_BASE64] = transform_base64,
	[TRANSFORM_GUNZIP] = transform_gunzip,
	[TRANSFORM_ZLIB_DEFLATE] = transform_zlib,
	[TRANSFORM_DOMAIN] = transform_domain,
	[TRANSFORM_TLD] = transform_tld,
	[TRANSFORM_MAGIC] = transform_magic,
};

int transform_apply(const struct transform_pool *pool, const struct rule_view *view, struct span in,
		    struct transform_room *room, struct span *out)
{
	struct transform_work work = {.room = room, .len = in.len};
	int err;

	if (!view->transform_count) {
		*out = in;
		return 0;
	}
	err = room_grow(&room->data, &room->room, (uint64_t)in.len + 1);
	if (!err && in.len)
		memcpy(room->data, in.data, in.len);
	for (unsigned int i = 0; i < view->transform_count && !err; i++) {
		uint16_t number = view->arguments[i];

		work.argument = number ? &pool->rows[number] : NULL;
		err = transforms[view->transforms[i]](&work);
	}
	if (!err)
		*out = (struct span){room->data, work.len};
	return err;
}
