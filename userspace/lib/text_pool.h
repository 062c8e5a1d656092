/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * text_pool.h - texts that many rules have in common, each held once, and
 * shared with the pool before: of ET Open's 5 MB of metadata 0.1 MB differ,
 * and a new set mostly has the texts of the old one. Any bytes are a text.
 */
#ifndef LIB_TEXT_POOL_H
#define LIB_TEXT_POOL_H

#include <stddef.h>

#include "lib/cleanup.h"

struct text_pool;

__must_check int text_pool_new(struct text_pool **out);
void text_pool_free(struct text_pool *pool); /* with those of its texts that no other pool has */
DEFINE_CLEANUP(text_pool_free, struct text_pool)
/*
 * From here on, what an earlier, closed pool has is taken from there. It is borrowed until
 * text_pool_close(); other threads may use it, and free it afterwards. -ENOMEM.
 */
__must_check int text_pool_reuse(struct text_pool *pool, const struct text_pool *older);
/* len bytes and a NUL, aligned for any type, as long as the pool. NULL: out of memory. */
const char *text_pool_get(struct text_pool *pool, const char *text, size_t len);
/* No more texts come: gives back what only finds them. */
void text_pool_close(struct text_pool *pool);

#endif
