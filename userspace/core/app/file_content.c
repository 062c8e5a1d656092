// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * file_content.c - appends what fits the end, holds what came too early.
 */
#include "file_content.h"

#include <stdlib.h>

#include "core/flow/account.h"

struct file_piece {
	struct file_piece *next;
	uint64_t at;
	uint32_t len;
	uint8_t data[];
};

static uint32_t append(struct file_content *file, struct span data, uint32_t max)
{
	file->size += data.len;
	return blob_add(&file->bytes, data.data, data.len, max);
}

static void piece_drop(struct file_content *file)
{
	struct file_piece *piece = file->pieces;

	file->pieces = piece->next;
	file->piece_count--;
	file->held -= piece->len;
	account_release(sizeof(*piece) + piece->len);
	free(piece);
}

/* Appends what is held and fits the end now; hole: the first one whatever is missing before it. */
static uint32_t pieces_take(struct file_content *file, bool hole, uint32_t max)
{
	uint32_t left = 0;

	while (file->pieces && (hole || file->pieces->at <= file->size)) {
		const struct file_piece *piece = file->pieces;
		struct span data = {piece->data, piece->len};

		if (piece->at > file->size) {
			file->gap = true;
			file->size = piece->at;
			left += append(file, data, max);
		} else if (piece->at + piece->len > file->size) {
			file->overlap |= piece->at < file->size;
			left += append(file, span_from(data, (uint32_t)(file->size - piece->at)), max);
		} else {
			file->overlap = true;
		}
		piece_drop(file);
		hole = false;
	}
	return left;
}

static bool piece_hold(struct file_content *file, uint64_t at, struct span data)
{
	struct file_piece **place = &file->pieces, *piece = malloc(sizeof(*piece) + data.len);

	if (!piece)
		return false;
	while (*place && (*place)->at <= at)
		place = &(*place)->next;
	*piece = (struct file_piece){.next = *place, .at = at, .len = data.len};
	memcpy(piece->data, data.data, data.len);
	account_charge(sizeof(*piece) + data.len);
	*place = piece;
	file->piece_count++;
	file->held += data.len;
	return true;
}

uint32_t file_content_put(struct file_content *file, uint64_t at, struct span data, uint32_t max)
{
	uint32_t left = 0;

	if (!data.len || at > INT64_MAX)
		return data.len;
	if (at > file->size) {
		/* A piece that is too big to be held, or one too many: what is missing is given up. */
		while (file->pieces && (file->piece_count >= FILE_PIECES_MAX ||
					file->held + (uint64_t)data.len > FILE_HELD_MAX)) {
			if (file->piece_count >= FILE_PIECES_MAX)
				file->crowded = true;
			else
				file->heavy = true;
			left += pieces_take(file, true, max);
		}
		if (at > file->size && data.len <= FILE_HELD_MAX)
			return piece_hold(file, at, data) ? left : left + data.len;
		if (at > file->size) {
			file->gap = file->heavy = true;
			file->size = at;
		}
	}
	if (at + data.len <= file->size) {
		file->overlap = true;
		return left;
	}
	file->overlap |= at < file->size;
	left += append(file, span_from(data, (uint32_t)(file->size - at)), max);
	return left + pieces_take(file, false, max);
}

uint32_t file_content_end(struct file_content *file, uint32_t max)
{
	uint32_t left = 0;

	while (file->pieces)
		left += pieces_take(file, true, max);
	return left;
}

void file_content_free(struct file_content *file)
{
	while (file->pieces)
		piece_drop(file);
	blob_free(&file->bytes);
	*file = (struct file_content){0};
}
