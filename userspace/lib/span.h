/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * span.h - bytes that somebody else owns, and how many.
 */
#ifndef LIB_SPAN_H
#define LIB_SPAN_H

#include <stdint.h>

struct span {
	const uint8_t *data; /* may be NULL when len is 0 */
	uint32_t len;
};

#endif
