// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list_batch.c - lists gathered for an image.
 */
#include <errno.h>
#include <string.h>

#include "list_image_parts.h"
#include "list_notes.h"

#define TEXT_SLOTS_MIN 1024u

void list_batch_clear(struct list_batch *batch)
{
	free(batch->cells);
	free(batch->texts);
	free(batch->blob);
	free(batch->text_slots);
	*batch = (struct list_batch){0};
}

int list_batch_list(struct list_batch *batch, const char *name, const struct list_about *about,
		    uint16_t index, uint8_t *row)
{
	struct list_image_list *list = &batch->lists[batch->list_count];

	if (batch->list_count == SEKI_MAX_LISTS || strlen(name) >= sizeof(list->name))
		return -ENOSPC;
	*list = (struct list_image_list){
		.serial = about->serial,
		.changed = about->changed,
		.taken = about->taken,
		.not_after = about->not_after,
		.index = index,
		.source = about->source,
		.priority = about->priority,
	};
	strcpy(list->name, name);
	*row = (uint8_t)batch->list_count++;
	return 0;
}

struct list_cell *list_batch_cell(struct list_batch *batch)
{
	struct list_cell *cell;

	if (batch->cell_count == batch->cell_room) {
		uint32_t room = batch->cell_room ? batch->cell_room * 2 : 1024;
		struct list_cell *grown =
			room > batch->cell_room ? realloc(batch->cells, room * sizeof(*grown)) : NULL;

		if (!grown)
			return NULL;
		batch->cells = grown;
		batch->cell_room = room;
	}
	cell = &batch->cells[batch->cell_count++];
	memset(cell, 0, sizeof(*cell));
	return cell;
}

/* --- texts */

static const char *text_at(const struct list_batch *batch, uint32_t row)
{
	return batch->blob + batch->texts[row].at;
}

static int text_slots_grow(struct list_batch *batch)
{
	uint32_t count = batch->text_slot_count ? batch->text_slot_count * 2 : TEXT_SLOTS_MIN;
	uint32_t *grown = calloc(count, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	for (uint32_t i = 0; i < batch->text_count; i++) {
		uint32_t slot = (uint32_t)(list_note_hash(batch->texts[i].sid, text_at(batch, i)) >> 32) &
				(count - 1);

		while (grown[slot])
			slot = (slot + 1) & (count - 1);
		grown[slot] = i + 1;
	}
	free(batch->text_slots);
	batch->text_slots = grown;
	batch->text_slot_count = count;
	return 0;
}

static int text_append(struct list_batch *batch, uint32_t sid, const char *text)
{
	const size_t len = strlen(text) + 1;

	if (batch->blob_len + len > UINT32_MAX)
		return -ENOSPC;
	if (batch->text_count == batch->text_room) {
		uint32_t room = batch->text_room ? batch->text_room * 2 : 64;
		struct list_image_text *grown = realloc(batch->texts, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		batch->texts = grown;
		batch->text_room = room;
	}
	if (batch->blob_len + len > batch->blob_room) {
		size_t room = 2 * (batch->blob_len + len);
		char *grown = realloc(batch->blob, room);

		if (!grown)
			return -ENOMEM;
		batch->blob = grown;
		batch->blob_room = room;
	}
	memcpy(batch->blob + batch->blob_len, text, len);
	batch->texts[batch->text_count++] =
		(struct list_image_text){.sid = sid, .at = (uint32_t)batch->blob_len};
	batch->blob_len += len;
	return 0;
}

int list_batch_text(struct list_batch *batch, uint32_t sid, const char *text, uint32_t *note)
{
	uint32_t slot;
	int err = 0;

	*note = 0;
	if (!sid && !*text)
		return 0;
	if (batch->text_count * 2 >= batch->text_slot_count)
		err = text_slots_grow(batch);
	if (err)
		return err;
	slot = (uint32_t)(list_note_hash(sid, text) >> 32) & (batch->text_slot_count - 1);
	for (; batch->text_slots[slot]; slot = (slot + 1) & (batch->text_slot_count - 1)) {
		uint32_t row = batch->text_slots[slot] - 1;

		if (batch->texts[row].sid == sid && !strcmp(text_at(batch, row), text))
			break;
	}
	if (!batch->text_slots[slot]) {
		err = text_append(batch, sid, text);
		if (err)
			return err;
		batch->text_slots[slot] = batch->text_count;
	}
	*note = batch->text_slots[slot];
	return 0;
}

/* --- from a set */

struct taking {
	struct list_batch *batch;
	uint8_t row;
	int err;
};

static int take_item(const struct list_item *item, void *arg)
{
	struct taking *t = arg;
	struct list_cell *cell = list_batch_cell(t->batch);
	uint32_t note = 0;

	t->err = cell ? list_batch_text(t->batch, item->sid, item->reason, &note) : -ENOMEM;
	if (t->err)
		return 1;
	cell->prefix = item->prefix;
	cell->list = t->row;
	cell->said = (uint8_t)(item->flags | item->severity << LIST_SEVERITY_SHIFT);
	cell->created = (uint32_t)item->created;
	cell->note = note;
	list_cell_expire_at(cell, item->expires);
	return 0;
}

int list_batch_take(struct list_batch *batch, const struct list_set *set, uint16_t list)
{
	struct taking taking = {.batch = batch};
	struct list_about about;

	list_about(set, list, &about);
	taking.err = list_batch_list(batch, list_name(set, list), &about, list, &taking.row);
	if (!taking.err)
		list_each(set, list, take_item, &taking);
	return taking.err;
}

/* --- the image */

/* IPv4 first. */
static int cell_order(const void *a, const void *b)
{
	const struct list_cell *x = a, *y = b;
	int family = (int)prefix_is_v4(&y->prefix) - (int)prefix_is_v4(&x->prefix);

	return family ? family : list_cell_compare(x, y);
}

static void cells_sort(struct list_batch *batch)
{
	uint32_t i = 1;

	while (i < batch->cell_count && cell_order(&batch->cells[i - 1], &batch->cells[i]) < 0)
		i++;
	if (i < batch->cell_count) /* most files are in order */
		qsort(batch->cells, batch->cell_count, sizeof(*batch->cells), cell_order);
}

int list_batch_parts(struct list_batch *batch, struct piece parts[LIST_IMAGE_PARTS])
{
	struct list_image_head *head = &batch->head;

	*head = (struct list_image_head){.magic = LIST_IMAGE_MAGIC,
					 .version = LIST_IMAGE_VERSION,
					 .lists = batch->list_count,
					 .cells = batch->cell_count,
					 .texts = batch->text_count,
					 .blob_len = batch->blob_len};
	cells_sort(batch);
	for (uint32_t i = 0; i < batch->list_count; i++)
		batch->lists[i].count = 0;
	for (uint32_t i = 0; i < batch->cell_count; i++) {
		batch->lists[batch->cells[i].list].count++;
		head->cells4 += prefix_is_v4(&batch->cells[i].prefix);
	}
	parts[0] = (struct piece){head, sizeof(*head)};
	parts[1] = (struct piece){batch->lists, batch->list_count * sizeof(*batch->lists)};
	parts[2] = (struct piece){batch->texts, batch->text_count * sizeof(*batch->texts)};
	parts[3] = (struct piece){batch->cells, batch->cell_count * sizeof(*batch->cells)};
	parts[4] = (struct piece){batch->blob, batch->blob_len};
	for (int i = 0; i < LIST_IMAGE_PARTS; i++) {
		head->len += parts[i].len;
		if (i)
			head->digest = list_image_digest(head->digest, parts[i].data, parts[i].len);
	}
	return head->len > LIST_IMAGE_MAX ? -EFBIG : 0;
}
