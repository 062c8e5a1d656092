/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * list_image.h - lists as one flat piece of memory: what a parser child hands over, and what is kept on disk.
 * An image stays on its machine: byte order is native. Cells are in order, IPv4 first.
 */
#ifndef CORE_LIST_IMAGE_H
#define CORE_LIST_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/piece.h"
#include "list.h"
#include "list_store.h"

#define LIST_IMAGE_MAX	 (2048ul << 20)
#define LIST_IMAGE_PARTS 5

struct list_image_list {
	char name[LIST_NAME_MAX];
	uint64_t serial, changed, taken, not_after; /* as in struct list_about */
	uint32_t count;				    /* of cells, those that remove among them */
	uint16_t index;				    /* of the set that it came from */
	uint8_t source, priority;
};

struct list_image_text {
	uint32_t sid, at; /* at: of the blob; ends with NUL there */
};

/* An image in memory, checked: pointers into it. */
struct list_image {
	const struct list_image_list *lists;
	const struct list_cell *cells; /* list: row of lists; note: row of texts plus one */
	const struct list_image_text *texts;
	const char *blob;
	uint32_t list_count, cell_count, cell4_count, text_count;
	uint64_t digest;
};

/* Checks every bound, order, enum, text end and the digest. -EBADMSG with *why (static). */
__must_check int list_image_open(const void *data, size_t len, struct list_image *out, const char **why);
/* The item that a cell of a good image says; list is the image's row. */
void list_image_item(const struct list_image *image, const struct list_cell *cell, struct list_item *out);

/* --- making one */

struct list_image_head {
	uint32_t magic, version;
	uint64_t len, digest; /* digest: of everything behind the head */
	uint32_t lists, cells, cells4, texts;
	uint64_t blob_len;
};

struct list_batch { /* zeroed: empty */
	struct list_image_list lists[SEKI_MAX_LISTS];
	struct list_cell *cells;
	struct list_image_text *texts;
	char *blob;
	uint32_t *text_slots; /* hash of texts: row plus one */
	uint32_t list_count, cell_count, text_count;
	uint32_t cell_room, text_room, text_slot_count;
	size_t blob_len, blob_room;
	struct list_image_head head; /* filled by list_batch_parts() */
};

void list_batch_clear(struct list_batch *batch);
/* Row of the list; at most SEKI_MAX_LISTS. -ENOSPC */
__must_check int list_batch_list(struct list_batch *batch, const char *name, const struct list_about *about,
				 uint16_t index, uint8_t *row);
/* Number for struct list_cell, 0 for what says nothing. -ENOMEM, -ENOSPC. */
__must_check int list_batch_text(struct list_batch *batch, uint32_t sid, const char *text, uint32_t *note);
/* The new cell, zeroed; NULL: out of memory or more than 2^32. */
struct list_cell *list_batch_cell(struct list_batch *batch);
/* Items of a set's list behind the others. -ENOMEM, -ENOSPC. */
__must_check int list_batch_take(struct list_batch *batch, const struct list_set *set, uint16_t list);
/* Puts the cells in order and gives the image's pieces, which are the batch's. -EFBIG over LIST_IMAGE_MAX. */
__must_check int list_batch_parts(struct list_batch *batch, struct piece parts[LIST_IMAGE_PARTS]);

#endif
