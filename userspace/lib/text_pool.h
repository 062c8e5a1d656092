/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * text_pool.h - texts that many rules have in common, each held once: of ET
 * Open's 5 MB of metadata 0.1 MB differ.
 */
#ifndef LIB_TEXT_POOL_H
#define LIB_TEXT_POOL_H

#include "arena.h"

struct text_pool;

__must_check int text_pool_new(struct text_pool **out);
void text_pool_free(struct text_pool *pool); /* with its texts */
DEFINE_CLEANUP(text_pool_free, struct text_pool)
/* len bytes and a NUL, as long as the pool. NULL: out of memory. */
const char *text_pool_get(struct text_pool *pool, const char *text, size_t len);
/* No more texts come: gives back what only finds them. */
void text_pool_close(struct text_pool *pool);

#endif
