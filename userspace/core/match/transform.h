/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * transform.h - what may be done to a buffer before rules look at it.
 */
#ifndef CORE_TRANSFORM_H
#define CORE_TRANSFORM_H

#include "core/flow/packet.h"
#include "core/rule/rule.h"

#define TRANSFORM_ARGUMENTS_MAX 4096u	   /* distinct ones in a set */
#define TRANSFORM_ARGUMENT_MAX	1024u	   /* bytes of a key or expression */
#define TRANSFORM_INFLATE_MAX	(1u << 20) /* bytes that gunzip and zlib_deflate may make */

/* The arguments of a set's transforms; views name them by number, 0: none. */
struct transform_pool;

__must_check int transform_pool_new(struct transform_pool **out);
void transform_pool_free(struct transform_pool *pool);
DEFINE_CLEANUP(transform_pool_free, struct transform_pool)

/*
 * Reads text, the argument of a rule's transform (NULL: none), into a row of pool; equal ones share it.
 * -EINVAL with *why (static), -ENOMEM. text is changed.
 */
__must_check int transform_argument(struct transform_pool *pool, enum rule_transform_kind kind, char *text,
				    uint16_t *number, const char **why);

/* Grows and is used again and again; all zero is empty. */
struct pcre2_real_match_data_8;
struct file_magic;
struct transform_room {
	uint8_t *data, *spare;
	uint32_t room, spare_room;
	struct pcre2_real_match_data_8 *match;
	struct file_magic *magic;
};
void transform_room_clear(struct transform_room *room);

/* Applies view's transforms in order to in; *out lies in room or is in itself. -ENOMEM. */
__must_check int transform_apply(const struct transform_pool *pool, const struct rule_view *view,
				 struct span in, struct transform_room *room, struct span *out);

#endif
