// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * eve_merge.c - sorts the marks of all parts, then copies record by record.
 */
#include <errno.h>
#include <stdlib.h>

#include "eve_merge.h"

struct eve_place {
	const struct eve_mark *mark;
	size_t part;
};

int eve_part_add(struct eve_part *part, struct eve_moment moment, const char *line, size_t len)
{
	if (part->count == part->room) {
		size_t room = part->room ? part->room * 2 : 256;
		struct eve_mark *marks = realloc(part->marks, room * sizeof(*marks));

		if (!marks)
			return -ENOMEM;
		part->marks = marks;
		part->room = room;
	}
	if (fwrite(line, 1, len, part->file) != len)
		return -EIO;
	part->marks[part->count++] = (struct eve_mark){moment, part->used, len};
	part->used += len;
	return 0;
}

static int number_compare(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int place_compare(const void *a, const void *b)
{
	const struct eve_place *x = a, *y = b;
	const struct eve_moment *p = &x->mark->moment, *q = &y->mark->moment;
	int order = number_compare(p->capture, q->capture);

	if (!order)
		order = number_compare(p->frame, q->frame);
	if (!order)
		order = number_compare(p->about, q->about);
	if (!order)
		order = number_compare(x->part, y->part);
	return order ? order : number_compare(x->mark->offset, y->mark->offset);
}

static int merge_copy(FILE *from, const struct eve_mark *mark, FILE *out)
{
	AUTO_FREE char *line = malloc(mark->len ? mark->len : 1);

	if (!line)
		return -ENOMEM;
	if (fseeko(from, (off_t)mark->offset, SEEK_SET) || fread(line, 1, mark->len, from) != mark->len ||
	    fwrite(line, 1, mark->len, out) != mark->len)
		return -EIO;
	return 0;
}

int eve_parts_merge(struct eve_part *parts, size_t count, FILE *out)
{
	AUTO_FREE struct eve_place *places = NULL;
	size_t total = 0, used = 0;
	int err = 0;

	for (size_t i = 0; i < count; i++) {
		if (parts[i].file && fflush(parts[i].file))
			return -EIO;
		total += parts[i].count;
	}
	places = calloc(total + 1, sizeof(*places));
	if (!places)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < parts[i].count; j++)
			places[used++] = (struct eve_place){&parts[i].marks[j], i};
	}
	qsort(places, used, sizeof(*places), place_compare);
	for (size_t i = 0; i < used && !err; i++)
		err = merge_copy(parts[places[i].part].file, places[i].mark, out);
	return err;
}

void eve_part_clear(struct eve_part *part)
{
	if (part->file)
		fclose(part->file);
	free(part->marks);
	*part = (struct eve_part){0};
}
