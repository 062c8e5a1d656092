/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * access_set_parts.h - for access_set.c and access_fold.c only.
 */
#ifndef CORE_ACCESS_SET_PARTS_H
#define CORE_ACCESS_SET_PARTS_H

#include "access_set.h"

struct access_row {
	int64_t time;
	uint64_t serial;
	uint32_t line, order;
	uint32_t user, object, client, server, handle; /* texts */
	uint8_t kind, action;
	bool denied, share, by_handle;
};

struct text_row {
	struct text text;
	uint64_t hash;
};
struct texts {
	struct text_row *rows;
	uint32_t count;
	uint32_t *index, size; /* row + 1 by hash; a power of two, at most half of it used */
};

struct access_set {
	struct texts texts;
	struct access_row *rows;
	size_t count, room;
	uint64_t seed;
};

struct text access_text(const struct access_set *set, uint32_t id);

/* Each takes the rows in order and leaves fewer. -ENOMEM. */
__must_check int access_fold_handles(struct access_set *set, struct access_fold *fold);
__must_check int access_fold_copies(struct access_set *set, struct access_fold *fold);
__must_check int access_fold_repeats(struct access_set *set, struct access_fold *fold);

#endif
