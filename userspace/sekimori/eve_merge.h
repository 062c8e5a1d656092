/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * eve_merge.h - records of several workers in the order in which one worker
 * would have written them, as far as the capture decides it.
 */
#ifndef SEKIMORI_EVE_MERGE_H
#define SEKIMORI_EVE_MERGE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/cleanup.h"

/* When a record was made: capture and frame at hand, and the last frame of what it is about. */
struct eve_moment {
	uint64_t capture, frame, about;
};
struct eve_mark {
	struct eve_moment moment;
	uint64_t offset, len;
};

/* What one worker wrote; zero but for file, which can be read and sought. */
struct eve_part {
	FILE *file;
	struct eve_mark *marks;
	size_t count, room;
	uint64_t used;
};

__must_check int eve_part_add(struct eve_part *part, struct eve_moment moment, const char *line, size_t len);
/* Writes all records to out; of one moment, those of the first part come first. -EIO when one cannot be read
 * or written. */
__must_check int eve_parts_merge(struct eve_part *parts, size_t count, FILE *out);
void eve_part_clear(struct eve_part *part);

#endif
