/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * file_content.h - the content of a file whose pieces come in any order:
 * SMB reads and writes name their place. Kept are its first bytes up to a
 * limit; pieces that came too early are held, within bounds, until what is
 * before them came.
 */
#ifndef CORE_FILE_CONTENT_H
#define CORE_FILE_CONTENT_H

#include "core/flow/blob.h"

#define FILE_PIECES_MAX 64u	   /* held at a time; more give up what is missing before them */
#define FILE_HELD_MAX	(1u << 20) /* bytes of them */

struct file_piece;

/* {} is an empty file. */
struct file_content {
	struct blob bytes;	   /* the beginning, without holes unless gap */
	uint64_t size;		   /* so far, without holes unless gap */
	bool gap;		   /* bytes are missing that will not come */
	bool overlap;		   /* a piece came for a place that was there already */
	bool crowded, heavy;	   /* holes were given up for too many pieces, too many bytes behind them */
	struct file_piece *pieces; /* held, by place */
	uint32_t piece_count, held;
};

/* Puts data to its place; keeps bytes up to max. Returns how many were left out for want of room. */
uint32_t file_content_put(struct file_content *file, uint64_t at, struct span data, uint32_t max);
/* No more will come: what is held is appended behind the gap. Returns as file_content_put(). */
uint32_t file_content_end(struct file_content *file, uint32_t max);
void file_content_free(struct file_content *file); /* not file itself */

#endif
