// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ruleset_cache.c - compiled literal databases as one image: a head with
 * two digests, one of what was compiled and one of the rest, then a length and
 * the bytes of each database in the order of ruleset_each_mpm().
 */
#include "ruleset_cache.h"

#include <errno.h>
#include <string.h>

#include "ruleset_build.h"

static const char cache_magic[32] = "sekimori compiled rules 1\n";

struct cache_head {
	char magic[32];
	uint8_t key[RULESET_KEY_BYTES];	 /* of the literals and what compiled them */
	uint8_t body[RULESET_KEY_BYTES]; /* of all that follows */
};

static int cache_key_add(struct mpm *mpm, void *arg)
{
	mpm_digest(mpm, arg);
	return 0;
}

void cache_key(struct ruleset *set, uint8_t key[RULESET_KEY_BYTES])
{
	struct digest digest;

	digest_begin(&digest, DIGEST_SHA256);
	mpm_platform(&digest);
	(void)!ruleset_each_mpm(set, cache_key_add, &digest);
	digest_end(&digest, key);
}

/* --- reading */

struct cache_reader {
	const uint8_t *at;
	size_t left;
};

static int cache_load_one(struct mpm *mpm, void *arg)
{
	struct cache_reader *reader = arg;
	uint64_t len;

	if (reader->left < sizeof(len))
		return -EBADMSG;
	memcpy(&len, reader->at, sizeof(len));
	reader->at += sizeof(len);
	reader->left -= sizeof(len);
	if (len > reader->left || !len != !mpm_compiled(mpm))
		return -EBADMSG;
	if (len && !mpm->database && mpm_load(mpm, (const char *)reader->at, len))
		return -EBADMSG;
	reader->at += len;
	reader->left -= len;
	return 0;
}

bool cache_load(struct ruleset *set, const uint8_t key[RULESET_KEY_BYTES], const void *image, size_t len)
{
	struct cache_reader reader;
	uint8_t body[RULESET_KEY_BYTES];
	struct cache_head head;

	if (len < sizeof(head) || len > UINT32_MAX)
		return false;
	reader = (struct cache_reader){(const uint8_t *)image + sizeof(head), len - sizeof(head)};
	memcpy(&head, image, sizeof(head));
	if (memcmp(head.magic, cache_magic, sizeof(cache_magic)) || memcmp(head.key, key, sizeof(head.key)))
		return false;
	digest_of(DIGEST_SHA256, (struct span){reader.at, (uint32_t)reader.left}, body);
	if (memcmp(head.body, body, sizeof(body)))
		return false;
	return !ruleset_each_mpm(set, cache_load_one, &reader) && !reader.left;
}

/* --- writing */

struct cache_writer {
	uint8_t *data;
	size_t used, room;
};

static int cache_append(struct cache_writer *writer, const void *data, size_t len)
{
	if (len > writer->room - writer->used) {
		size_t room = (writer->used + len) + (writer->used + len) / 2;
		uint8_t *more = realloc(writer->data, room);

		if (!more)
			return -ENOMEM;
		writer->data = more;
		writer->room = room;
	}
	if (len)
		memcpy(writer->data + writer->used, data, len);
	writer->used += len;
	return 0;
}

static int cache_save_one(struct mpm *mpm, void *arg)
{
	AUTO_FREE char *bytes = NULL;
	size_t len;
	uint64_t len64;
	int err = mpm_save(mpm, &bytes, &len);

	len64 = len;
	if (!err)
		err = cache_append(arg, &len64, sizeof(len64));
	return err ? err : cache_append(arg, bytes, len);
}

int ruleset_cache_image(struct ruleset *set, void **out, size_t *len)
{
	struct cache_writer writer = {0};
	struct cache_head head = {0};
	int err = cache_append(&writer, &head, sizeof(head));

	if (!err)
		err = ruleset_each_mpm(set, cache_save_one, &writer);
	if (!err && writer.used > UINT32_MAX)
		err = -EFBIG;
	if (err) {
		free(writer.data);
		return err;
	}
	memcpy(head.magic, cache_magic, sizeof(head.magic));
	memcpy(head.key, set->cache_key, sizeof(head.key));
	digest_of(DIGEST_SHA256,
		  (struct span){writer.data + sizeof(head), (uint32_t)(writer.used - sizeof(head))},
		  head.body);
	memcpy(writer.data, &head, sizeof(head));
	*out = writer.data;
	*len = writer.used;
	return 0;
}
