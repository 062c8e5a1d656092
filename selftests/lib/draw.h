/* SPDX-License-Identifier: GPL-2.0-or-later */
/* draw.h - numbers for tests, the same in every run (xorshift64, Marsaglia 2003). */
#ifndef SELFTESTS_DRAW_H
#define SELFTESTS_DRAW_H

#include <stdint.h>

static uint64_t draw_seed = 88172645463325252ull;

/* 0 to below - 1. */
static inline uint32_t draw(uint32_t below)
{
	draw_seed ^= draw_seed << 13;
	draw_seed ^= draw_seed >> 7;
	draw_seed ^= draw_seed << 17;
	return (uint32_t)(draw_seed >> 33) % below;
}

#endif
