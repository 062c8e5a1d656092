// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * access_set.c - accesses in order, texts kept once.
 */
#include <errno.h>
#include <string.h>

#include "access_set_parts.h"

/* --- texts */

struct text access_text(const struct access_set *set, uint32_t id)
{
	return set->texts.rows[id].text;
}

static int texts_grow(struct texts *texts)
{
	uint32_t size = texts->size ? texts->size * 2 : 1024;
	uint32_t *index = calloc(size, sizeof(*index));
	struct text_row *rows = index ? realloc(texts->rows, size / 2 * sizeof(*rows)) : NULL;

	if (!rows) {
		free(index);
		return -ENOMEM;
	}
	texts->rows = rows;
	free(texts->index);
	texts->index = index;
	texts->size = size;
	for (uint32_t id = 0; id < texts->count; id++) {
		uint32_t at = (uint32_t)rows[id].hash & (size - 1);

		while (index[at])
			at = (at + 1) & (size - 1);
		index[at] = id + 1;
	}
	return 0;
}

static int text_intern(struct access_set *set, struct text text, uint32_t *out)
{
	struct texts *texts = &set->texts;
	uint64_t hash = access_hash(text, set->seed);
	uint32_t at;
	char *copy;

	if (texts->count >= texts->size / 2 && texts_grow(texts))
		return -ENOMEM;
	for (at = (uint32_t)hash & (texts->size - 1); texts->index[at]; at = (at + 1) & (texts->size - 1)) {
		const struct text_row *row = &texts->rows[texts->index[at] - 1];

		if (row->hash == hash && row->text.len == text.len &&
		    !memcmp(row->text.at, text.at, text.len)) {
			*out = texts->index[at] - 1;
			return 0;
		}
	}
	copy = malloc(text.len + 1);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, text.at, text.len);
	copy[text.len] = '\0';
	texts->rows[texts->count] = (struct text_row){{copy, text.len}, hash};
	texts->index[at] = texts->count + 1;
	*out = texts->count++;
	return 0;
}

/* --- the set */

int access_set_new(uint64_t seed, struct access_set **out)
{
	CLEANUP(access_set_free) struct access_set *set = calloc(1, sizeof(*set));
	uint32_t none;

	if (!set)
		return -ENOMEM;
	set->seed = seed;
	if (text_intern(set, (struct text){"", 0}, &none)) /* text 0 is "" */
		return -ENOMEM;
	*out = TAKE_PTR(set);
	return 0;
}

void access_set_free(struct access_set *set)
{
	if (!set)
		return;
	for (uint32_t i = 0; i < set->texts.count; i++)
		free((char *)set->texts.rows[i].text.at);
	free(set->texts.rows);
	free(set->texts.index);
	free(set->rows);
	free(set);
}

int access_set_add(struct access_set *set, const struct access_found *found)
{
	const struct access *access = &found->access;
	struct access_row row = {.time = access->time,
				 .serial = access->serial,
				 .line = access->line,
				 .kind = (uint8_t)found->kind,
				 .action = access->action,
				 .denied = access->denied,
				 .share = access->share,
				 .by_handle = found->by_handle};

	if (found->kind != ACCESS_KIND_ACCESS && found->kind != ACCESS_KIND_HANDLE)
		return 0;
	if (set->count == ACCESS_SET_MAX)
		return -E2BIG;
	if (set->count == set->room) {
		size_t room = set->room ? set->room * 2 : 256;
		struct access_row *rows = realloc(set->rows, room * sizeof(*rows));

		if (!rows)
			return -ENOMEM;
		set->rows = rows;
		set->room = room;
	}
	if (text_intern(set, access->user, &row.user) || text_intern(set, access->object, &row.object) ||
	    text_intern(set, access->client, &row.client) || text_intern(set, access->server, &row.server) ||
	    text_intern(set, found->handle, &row.handle))
		return -ENOMEM;
	row.order = (uint32_t)set->count;
	set->rows[set->count++] = row;
	return 0;
}

static int by_time(const void *a, const void *b)
{
	const struct access_row *one = a, *two = b;

	if (one->time != two->time)
		return one->time < two->time ? -1 : 1;
	if (one->serial && two->serial && one->serial != two->serial)
		return one->serial < two->serial ? -1 : 1;
	return one->order < two->order ? -1 : one->order > two->order;
}

/* Event Viewer exports the newest first: acts of one second would stand on their heads. */
static void rows_turn(struct access_set *set)
{
	size_t down = 0, up = 0;

	for (size_t i = 1; i < set->count; i++) {
		down += set->rows[i].time < set->rows[i - 1].time;
		up += set->rows[i].time > set->rows[i - 1].time;
	}
	if (down <= up)
		return;
	for (size_t i = 0; i < set->count; i++)
		set->rows[i].order = (uint32_t)(set->count - 1 - i);
}

int access_set_fold(struct access_set *set, struct access_fold *fold)
{
	int err;

	fold->handles = fold->unresolved = fold->repeated = fold->copied = 0;
	if (!set->count)
		return 0;
	rows_turn(set);
	qsort(set->rows, set->count, sizeof(*set->rows), by_time);
	err = access_fold_handles(set, fold);
	if (!err && fold->copy)
		err = access_fold_copies(set, fold);
	if (!err && fold->repeat)
		err = access_fold_repeats(set, fold);
	return err;
}

size_t access_set_count(const struct access_set *set)
{
	return set->count;
}

void access_set_at(const struct access_set *set, size_t at, struct access *out)
{
	const struct access_row *row = &set->rows[at];

	*out = (struct access){.time = row->time,
			       .serial = row->serial,
			       .line = row->line,
			       .action = row->action,
			       .denied = row->denied,
			       .share = row->share,
			       .user = access_text(set, row->user),
			       .object = access_text(set, row->object),
			       .client = access_text(set, row->client),
			       .server = access_text(set, row->server)};
}
