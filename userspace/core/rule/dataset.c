// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dataset.c - open hashing over entries whose bytes lie one behind the other.
 */
#include "dataset.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "core/flow/blob.h"
#include "config_line.h"
#include "lib/digest.h"
#include "lib/prefix.h"
#include "lib/base64.h"
#include "core/match/match_decode.h"
#include "core/flow/tracker.h"

/* Values that collide on purpose must not make look-ups long: beyond so many probes there is no room. */
#define DATASET_PROBES_MAX 128u
#define DATASET_LABELS_MAX 127u /* RFC 1035: a name of 255 bytes has no more */

struct dataset_entry {
	uint64_t at; /* in bytes */
	uint32_t hash, len, score;
	bool gone;
};

struct dataset {
	char name[DATASET_NAME_MAX];
	enum dataset_type type;
	uint64_t memory, left_out;
	uint64_t seed; /* so that collisions cannot be prepared */
	struct dataset_entry *entries;
	uint32_t *table; /* index of an entry plus one, 0: free */
	uint8_t *bytes;
	uint32_t count, room, table_size;
	uint64_t used, bytes_room;
	struct tracker *values; /* the pool's: what rules changed; NULL: in the set itself */
	bool changes;
	pthread_mutex_t lock; /* everything above, once changes */
};

struct dataset_pool {
	struct dataset *sets[DATASET_SETS_MAX];
	uint32_t count;
	struct tracker *values;
};

static const struct dataset_kind {
	const char *word;
	uint32_t bytes; /* of every value; 0: any number */
} dataset_kinds[DATASET_TYPES] = {
	[DATASET_STRING] = {"string", 0},  [DATASET_MD5] = {"md5", 16},	  [DATASET_SHA1] = {NULL, 20},
	[DATASET_SHA256] = {"sha256", 32}, [DATASET_IPV4] = {"ipv4", 16}, [DATASET_IPV6] = {"ipv6", 16},
	[DATASET_IP] = {"ip", 16},
};

int dataset_pool_new(struct dataset_pool **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? 0 : -ENOMEM;
}

static void dataset_free(struct dataset *set)
{
	pthread_mutex_destroy(&set->lock);
	free(set->entries);
	free(set->table);
	free(set->bytes);
	free(set);
}

void dataset_pool_free(struct dataset_pool *pool)
{
	for (uint32_t i = 0; pool && i < pool->count; i++)
		dataset_free(pool->sets[i]);
	if (pool)
		tracker_free(pool->values);
	free(pool);
}

void dataset_pool_share(struct dataset_pool *pool, struct tracker *values)
{
	tracker_ref(values);
	tracker_free(pool->values);
	pool->values = values;
	for (uint32_t i = 0; i < pool->count; i++)
		pool->sets[i]->values = values;
}

int dataset_type_parse(const char *word, enum dataset_type *out)
{
	for (int i = 0; i < DATASET_TYPES; i++) {
		if (dataset_kinds[i].word && !strcmp(word, dataset_kinds[i].word)) {
			*out = (enum dataset_type)i;
			return 0;
		}
	}
	return -EINVAL;
}

int dataset_define(struct dataset_pool *pool, const char *name, enum dataset_type type, uint64_t memory,
		   struct dataset **out, bool *fresh, const char **why)
{
	struct dataset *set;

	*fresh = false;
	for (uint32_t i = 0; i < pool->count; i++) {
		if (strcmp(pool->sets[i]->name, name))
			continue;
		*why = "the data set is there with another type";
		*out = pool->sets[i];
		return pool->sets[i]->type == type ? 0 : -EINVAL;
	}
	*why = "too many data sets";
	if (pool->count == DATASET_SETS_MAX)
		return -EINVAL;
	*why = "the name of the data set is empty or too long";
	if (!*name || strlen(name) >= DATASET_NAME_MAX)
		return -EINVAL;
	set = calloc(1, sizeof(*set));
	if (!set)
		return -ENOMEM;
	memcpy(set->name, name, strlen(name));
	set->type = type;
	set->memory = memory ? memory : DATASET_MEMORY;
	/* Where the set lies is not known to who sends traffic. */
	set->seed = (uint64_t)(uintptr_t)set * 0x9e3779b97f4a7c15u;
	pthread_mutex_init(&set->lock, NULL);
	pool->sets[pool->count++] = set;
	*out = set;
	*fresh = true;
	return 0;
}

/* --- the table; callers hold the lock */

static uint32_t value_hash(const struct dataset *set, struct span value)
{
	uint64_t hash = set->seed ^ value.len;

	for (uint32_t i = 0; i < value.len; i++) {
		hash = (hash ^ value.data[i]) * 0x100000001b3u;
		hash ^= hash >> 29;
	}
	hash *= 0xff51afd7ed558ccdu;
	return (uint32_t)(hash >> 32);
}

static struct dataset_entry *entry_find(const struct dataset *set, struct span value, uint32_t hash)
{
	for (uint32_t i = 0; set->table_size && i < DATASET_PROBES_MAX; i++) {
		uint32_t slot = set->table[(hash + i) & (set->table_size - 1)];
		struct dataset_entry *entry;

		if (!slot)
			return NULL;
		entry = &set->entries[slot - 1];
		if (entry->hash == hash && entry->len == value.len &&
		    (!value.len || !memcmp(set->bytes + entry->at, value.data, value.len)))
			return entry;
	}
	return NULL;
}

static bool table_put(uint32_t *table, uint32_t size, uint32_t hash, uint32_t index)
{
	for (uint32_t i = 0; i < DATASET_PROBES_MAX; i++) {
		uint32_t *slot = &table[(hash + i) & (size - 1)];

		if (!*slot) {
			*slot = index + 1;
			return true;
		}
	}
	return false;
}

/* Entries that are gone leave; the table becomes big enough for one more. -ENOSPC, -ENOMEM. */
static int table_grow(struct dataset *set)
{
	uint32_t room = set->room ? set->room * 2 : 64, size = room * 2, kept = 0;
	uint64_t used = 0;
	struct dataset_entry *entries;
	uint32_t *table;

	if (room < set->room ||
	    (uint64_t)room * sizeof(*entries) + size * sizeof(*table) + set->used > set->memory)
		return -ENOSPC;
	entries = realloc(set->entries, room * sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	set->entries = entries;
	table = calloc(size, sizeof(*table));
	if (!table)
		return -ENOMEM;
	for (uint32_t i = 0; i < set->count; i++) {
		struct dataset_entry entry = entries[i];

		/* What finds no place in the bigger table is left out, which takes intent. */
		if (entry.gone || !table_put(table, size, entry.hash, kept)) {
			set->left_out += !entry.gone;
			continue;
		}
		if (entry.len)
			memmove(set->bytes + used, set->bytes + entry.at, entry.len);
		entry.at = used;
		used += entry.len;
		entries[kept++] = entry;
	}
	free(set->table);
	set->table = table;
	set->table_size = size;
	set->room = room;
	set->count = kept;
	set->used = used;
	return 0;
}

static int bytes_grow(struct dataset *set, uint32_t more)
{
	uint64_t need = set->used + more, room = set->bytes_room ? set->bytes_room * 2 : 1024;
	uint64_t others = (uint64_t)set->room * sizeof(*set->entries) + set->table_size * sizeof(*set->table);
	uint8_t *bytes;

	if (need <= set->bytes_room)
		return 0;
	if (others + need > set->memory)
		return -ENOSPC;
	if (room < need)
		room = need;
	if (others + room > set->memory)
		room = set->memory - others;
	bytes = realloc(set->bytes, room);
	if (!bytes)
		return -ENOMEM;
	set->bytes = bytes;
	set->bytes_room = room;
	return 0;
}

/* 0 added, -EEXIST, -ENOSPC, -ENOMEM. */
static int entry_add(struct dataset *set, struct span value, uint32_t score)
{
	uint32_t hash = value_hash(set, value);
	struct dataset_entry *entry = entry_find(set, value, hash);
	int err = 0;

	if (entry) {
		entry->score = score;
		err = entry->gone ? 0 : -EEXIST;
		entry->gone = false;
		return err;
	}
	if (set->count == set->room)
		err = table_grow(set);
	if (!err)
		err = bytes_grow(set, value.len);
	if (!err && !table_put(set->table, set->table_size, hash, set->count))
		err = -ENOSPC;
	if (err) {
		set->left_out++;
		return err;
	}
	set->entries[set->count++] =
		(struct dataset_entry){.at = set->used, .hash = hash, .len = value.len, .score = score};
	if (value.len)
		memcpy(set->bytes + set->used, value.data, value.len);
	set->used += value.len;
	return 0;
}

/* --- use */

/* Addresses are held mapped; room takes the mapped form. false: no value of the set's type. */
static bool value_fit(const struct dataset *set, struct span *value, uint8_t room[16])
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	uint32_t bytes = dataset_kinds[set->type].bytes;

	if (set->type >= DATASET_IPV4 && value->len == 4) {
		memcpy(room, mapped, sizeof(mapped));
		memcpy(room + 12, value->data, 4);
		*value = (struct span){room, 16};
	}
	return value->len <= DATASET_VALUE_MAX && (!bytes || value->len == bytes);
}

static void dataset_lock(struct dataset *set)
{
	if (set->changes)
		pthread_mutex_lock(&set->lock);
}

static void dataset_unlock(struct dataset *set)
{
	if (set->changes)
		pthread_mutex_unlock(&set->lock);
}

void dataset_will_change(struct dataset *set)
{
	set->changes = true;
}

/* Names the value and its set by what people call them: the same for every rule set and process. */
static void value_key(const struct dataset *set, struct span value, struct tracker_key *key)
{
	uint8_t digest[DIGEST_BYTES_MAX];
	struct digest sum;

	digest_begin(&sum, DIGEST_SHA256);
	digest_add(&sum, (struct span){(const uint8_t *)set->name, (uint32_t)strlen(set->name) + 1});
	digest_add(&sum, value);
	digest_end(&sum, digest);
	*key = (struct tracker_key){.kind = TRACKER_VALUE, .number = set->type};
	memcpy(&key->first, digest, 16);
	memcpy(&key->second, digest + 16, 16);
}

bool dataset_score(struct dataset *set, struct span value, uint32_t *score)
{
	const struct dataset_entry *entry;
	uint8_t room[16];
	bool found;

	if (!value_fit(set, &value, room))
		return false;
	dataset_lock(set);
	entry = entry_find(set, value, value_hash(set, value));
	found = entry && !entry->gone;
	*score = found ? entry->score : 0;
	dataset_unlock(set);
	if (set->changes && set->values) {
		struct tracker_key key;

		value_key(set, value, &key);
		found = tracker_value(set->values, &key, found);
	}
	return found;
}

bool dataset_has(struct dataset *set, struct span value)
{
	uint32_t score;

	return dataset_score(set, value, &score);
}

bool dataset_has_parent(struct dataset *set, struct span value)
{
	unsigned int labels = 0;

	if (dataset_has(set, value))
		return true;
	for (uint32_t i = 1; i < value.len && labels < DATASET_LABELS_MAX; i++) {
		if (value.data[i] != '.' || value.data[i - 1] == '.')
			continue;
		labels++;
		if (dataset_has(set, span_from(value, i)))
			return true;
	}
	return false;
}

/* The set itself stays as it was loaded; the lock is held. */
static bool values_change(struct dataset *set, struct span value, bool add)
{
	const struct dataset_entry *entry = entry_find(set, value, value_hash(set, value));
	struct tracker_key key;
	int err;

	value_key(set, value, &key);
	err = tracker_value_change(set->values, &key, entry && !entry->gone, add);
	set->left_out += err == -ENOSPC;
	return !err;
}

bool dataset_change(struct dataset *set, struct span value, bool add)
{
	struct dataset_entry *entry;
	uint8_t room[16];
	bool changed;

	if (!value_fit(set, &value, room))
		return false;
	dataset_lock(set);
	if (set->values) {
		changed = values_change(set, value, add);
		dataset_unlock(set);
		return changed;
	}
	if (add) {
		changed = !entry_add(set, value, 0);
	} else {
		entry = entry_find(set, value, value_hash(set, value));
		changed = entry && !entry->gone;
		if (changed)
			entry->gone = true;
	}
	dataset_unlock(set);
	return changed;
}

uint64_t dataset_left_out(struct dataset *set)
{
	uint64_t count;

	dataset_lock(set);
	count = set->left_out;
	dataset_unlock(set);
	return count;
}

/* --- files */

/* Text of one value to its bytes in out; false: it is none. */
static bool value_read(const struct dataset *set, struct span text, uint8_t *out, uint32_t *len)
{
	struct prefix prefix;
	const char *why;
	uint32_t digits;

	switch (set->type) {
	case DATASET_STRING:
		digits = span_find(text, '=');
		if (text.len > DATASET_VALUE_MAX / 3 * 4 || text.len - digits > 2)
			return false;
		for (uint32_t i = 0; i < text.len; i++)
			if (base64_digit(text.data[i]) < 0 && i < digits)
				return false;
		*len = base64_decode((struct span){text.data, digits}, out);
		return *len > 0;
	case DATASET_MD5:
	case DATASET_SHA1:
	case DATASET_SHA256:
		*len = dataset_kinds[set->type].bytes;
		if (text.len != 2 * *len)
			return false;
		for (uint32_t i = 0; i < *len; i++) {
			int high = byte_hex(text.data[2 * i]), low = byte_hex(text.data[2 * i + 1]);

			if (high < 0 || low < 0)
				return false;
			out[i] = (uint8_t)(high << 4 | low);
		}
		return true;
	default:
		if (prefix_parse((const char *)text.data, text.len, &prefix, &why) || prefix.len != 128 ||
		    (set->type == DATASET_IPV4 && !prefix_is_v4(&prefix)))
			return false;
		memcpy(out, prefix.addr, 16);
		*len = 16;
		return true;
	}
}

int dataset_add_text(struct dataset *set, struct span text, bool plain, uint32_t score)
{
	uint8_t value[DATASET_VALUE_MAX + 4];
	struct span bytes = {value, 0};
	int err;

	if (plain && set->type == DATASET_STRING) {
		if (!text.len || text.len > DATASET_VALUE_MAX)
			return -EINVAL;
		bytes = text;
	} else if (!value_read(set, text, value, &bytes.len)) {
		return -EINVAL;
	}
	err = entry_add(set, bytes, score);
	return err == -EEXIST ? 0 : err;
}

struct dataset_reader {
	struct dataset *set;
	bool scores;
};

static const char *line_read(char *text, int *err, void *arg)
{
	const struct dataset_reader *reader = arg;
	struct span line = span_text(text);
	uint32_t comma = span_find(line, ','), score = 0;
	struct span rest = comma < line.len ? span_trim(span_from(line, comma + 1)) : (struct span){NULL, 0};
	enum dataset_type type = reader->set->type;
	int added;

	/* What md5sum and its like write behind a digest is the name of the file. */
	if (!reader->scores && (type == DATASET_MD5 || type == DATASET_SHA1 || type == DATASET_SHA256)) {
		line.len = comma = (uint32_t)strcspn(text, " \t");
		rest = (struct span){NULL, 0};
	}
	if (reader->scores != (comma < line.len))
		return reader->scores ? "no score behind the value" : "something stands behind the value";
	for (uint32_t i = 0; i < rest.len; i++) {
		if (rest.data[i] < '0' || rest.data[i] > '9' || score > UINT16_MAX)
			return "the score is not a number up to 65535";
		score = score * 10 + (rest.data[i] - '0');
	}
	if (reader->scores && (!rest.len || score > UINT16_MAX))
		return "the score is not a number up to 65535";
	added = dataset_add_text(reader->set, span_trim((struct span){line.data, comma}), false, score);
	if (added == -EINVAL)
		return "not a value of the set's type";
	*err = added;
	return NULL;
}

int dataset_load(struct dataset *set, const struct dataset_source *source, const char *file, const char *text,
		 size_t len, ruleset_refused_fn fn, void *arg)
{
	struct dataset_reader reader = {set, source->format == DATASET_SCORES};

	if (source->format >= DATASET_JSON)
		return dataset_load_json(set, source, file, text, len, fn, arg);
	return config_lines("dataset", file, text, len, line_read, &reader, fn, arg);
}
