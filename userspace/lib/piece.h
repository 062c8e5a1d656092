/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * piece.h - bytes that lie apart and are written one behind the other.
 */
#ifndef LIB_PIECE_H
#define LIB_PIECE_H

#include <stddef.h>

struct piece {
	const void *data;
	size_t len;
};

#endif
