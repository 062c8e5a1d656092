// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * access_fold.c - what records mean together. Systems write down handles and
 * single rights; people ask for acts on files.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "access_set_parts.h"

#define PROBES_MAX 64u /* places that are looked at for one key: bounds what equal hashes cost */

/* Row + 1 by hash of what the step asks for; the newest of a key is found first. */
struct table {
	uint32_t *rows;
	size_t size;
};

static int table_make(struct table *table, size_t count)
{
	table->size = 256;
	while (table->size < count * 2)
		table->size *= 2;
	table->rows = calloc(table->size, sizeof(*table->rows));
	return table->rows ? 0 : -ENOMEM;
}

static size_t table_place(const struct table *table, uint64_t hash, unsigned int probe)
{
	return (size_t)(hash + probe) & (table->size - 1);
}

static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * 0x9e3779b97f4a7c15ull;
	return hash ^ hash >> 32;
}

/* The name at the end of a path, of either kind of separator. */
static struct text base_of(struct text path)
{
	size_t begin = path.len;

	while (begin && path.at[begin - 1] != '/' && path.at[begin - 1] != '\\')
		begin--;
	return (struct text){path.at + begin, path.len - begin};
}

static bool same(struct text a, struct text b)
{
	return a.len == b.len && !strncasecmp(a.at, b.at, a.len);
}

/* --- handles: who opened it said which file it is */

static uint64_t handle_hash(const struct access_row *row)
{
	return mix(mix(1, row->server), row->handle);
}

int access_fold_handles(struct access_set *set, struct access_fold *fold)
{
	AUTO_FREE uint32_t *owned = NULL;
	struct table table;
	size_t kept = 0;

	if (table_make(&table, set->count))
		return -ENOMEM;
	owned = table.rows;
	for (size_t i = 0; i < set->count; i++) {
		struct access_row row = set->rows[i];
		uint32_t *place = NULL;

		for (unsigned int probe = 0; row.handle && probe < PROBES_MAX; probe++) {
			const struct access_row *at;

			place = &table.rows[table_place(&table, handle_hash(&row), probe)];
			at = *place ? &set->rows[*place - 1] : NULL;
			if (!at || (at->server == row.server && at->handle == row.handle))
				break;
		}
		if (row.by_handle && place && *place) {
			row.object = set->rows[*place - 1].object;
			if (!row.user)
				row.user = set->rows[*place - 1].user;
		}
		fold->unresolved += row.by_handle && !row.object;
		fold->handles += row.kind == ACCESS_KIND_HANDLE;
		set->rows[i] = row;
		if (place && row.object && !row.by_handle)
			*place = (uint32_t)i + 1;
	}
	for (size_t i = 0; i < set->count; i++)
		if (set->rows[i].kind == ACCESS_KIND_ACCESS)
			set->rows[kept++] = set->rows[i];
	set->count = kept;
	return 0;
}

/* --- copies */

/* "plan - Copy.xls", "plan - コピー (2).xls": what Windows calls a copy in the same folder. The name without
 * that and without its end. */
static struct text stem_of(struct text base)
{
	static const char *const marks[] = {" - Copy", " - \xe3\x82\xb3\xe3\x83\x94\xe3\x83\xbc"};

	for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
		const char *found = base.len ? memmem(base.at, base.len, marks[i], strlen(marks[i])) : NULL;

		if (found)
			return (struct text){base.at, (size_t)(found - base.at)};
	}
	return (struct text){"", 0};
}

static struct text without_suffix(struct text base)
{
	size_t len = base.len;

	while (len && base.at[len - 1] != '.')
		len--;
	return (struct text){base.at, len > 1 ? len - 1 : base.len};
}

static bool is_copy_of(struct text to, struct text from)
{
	struct text stem = stem_of(base_of(to));

	if (same(to, from))
		return false;
	return same(base_of(to), base_of(from)) || (stem.len && same(stem, without_suffix(base_of(from))));
}

static uint64_t copy_hash(const struct access_set *set, const struct access_row *row)
{
	struct text base = base_of(access_text(set, row->object)), stem = stem_of(base);

	return mix(access_hash(stem.len ? stem : without_suffix(base), set->seed), row->user);
}

int access_fold_copies(struct access_set *set, struct access_fold *fold)
{
	AUTO_FREE uint32_t *owned = NULL;
	int64_t window = (int64_t)fold->copy * 1000000;
	struct table table;

	if (table_make(&table, set->count))
		return -ENOMEM;
	owned = table.rows;
	for (size_t i = 0; i < set->count; i++) {
		struct access_row *row = &set->rows[i];
		struct text object = access_text(set, row->object);
		bool reads = row->action == ACCESS_READ;
		uint64_t hash;

		if (row->denied || !row->user || !object.len || (!reads && row->action != ACCESS_WRITE))
			continue;
		hash = copy_hash(set, row);
		for (unsigned int probe = 0; probe < PROBES_MAX; probe++) {
			uint32_t *place = &table.rows[table_place(&table, hash, probe)];
			struct access_row *read = *place ? &set->rows[*place - 1] : NULL;
			bool old = read && row->time - read->time > window;

			if (reads &&
			    (!read || old || (read->object == row->object && read->user == row->user))) {
				*place = (uint32_t)i + 1;
				break;
			}
			if (!read)
				break;
			if (!reads && !old && read->user == row->user &&
			    is_copy_of(object, access_text(set, read->object))) {
				row->action = ACCESS_COPY;
				row->object = read->object; /* what was copied */
				fold->copied++;
				break;
			}
		}
	}
	return 0;
}

/* --- repetitions: one save of a document is a dozen records */

/* Behind "\\\\server\\share\\": what the share and the server's own path have in common. */
static struct text within_share(struct text path)
{
	unsigned int parts = path.len > 2 && path.at[0] == '\\' && path.at[1] == '\\' ? 2 : 0;

	while (path.len && (*path.at == '\\' || *path.at == '/')) {
		path.at++;
		path.len--;
	}
	for (; parts; parts--)
		(void)text_split(&path, '\\');
	return path;
}

/* One object, or seen through a share the end of the other's path. */
static bool same_object(const struct access_set *set, const struct access_row *a, const struct access_row *b)
{
	struct text one = access_text(set, a->object), two = access_text(set, b->object), end;

	if (a->object == b->object)
		return true;
	if (!a->share && !b->share)
		return same(one, two);
	if (a->share)
		one = within_share(one);
	if (b->share)
		two = within_share(two);
	if (one.len < two.len) {
		end = one;
		one = two;
		two = end;
	}
	if (one.len == two.len)
		return same(one, two);
	end = (struct text){one.at + one.len - two.len, two.len};
	return two.len && one.len > two.len && (end.at[-1] == '/' || end.at[-1] == '\\') && same(end, two);
}

int access_fold_repeats(struct access_set *set, struct access_fold *fold)
{
	AUTO_FREE uint32_t *owned = NULL;
	int64_t window = (int64_t)fold->repeat * 1000000;
	struct table table;
	size_t kept = 0;

	if (table_make(&table, set->count))
		return -ENOMEM;
	owned = table.rows;
	for (size_t i = 0; i < set->count; i++) {
		const struct access_row *row = &set->rows[i];
		uint64_t hash =
			mix(access_hash(base_of(access_text(set, row->object)), set->seed), row->user);
		bool repeated = false;

		hash = mix(hash, row->action * 2u + row->denied);
		for (unsigned int probe = 0; probe < PROBES_MAX; probe++) {
			uint32_t *place = &table.rows[table_place(&table, hash, probe)];
			const struct access_row *before = *place ? &set->rows[*place - 1] : NULL;

			/* From the first of a series, not from the last: somebody who works for an hour shows
			 * for an hour. */
			if (before && row->time - before->time < window) {
				repeated = before->user == row->user && before->action == row->action &&
					   before->denied == row->denied && same_object(set, before, row);
				if (repeated)
					break;
				continue;
			}
			*place = (uint32_t)kept + 1;
			break;
		}
		fold->repeated += repeated;
		if (!repeated)
			set->rows[kept++] = *row;
	}
	set->count = kept;
	return 0;
}
