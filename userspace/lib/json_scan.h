/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * json_scan.h - where values of a JSON text end, so that a long document can be
 * read element by element. Pure; what is not JSON gives a place, never a fault.
 */
#ifndef LIB_JSON_SCAN_H
#define LIB_JSON_SCAN_H

#include "lib/text.h"

/*
 * The end of the string that begins at at (its quote), behind the closing quote. A line end stops it, since
 * strings have none: so a lost quote harms its own line only.
 */
size_t json_string_end(struct text text, size_t at);
/* The end of the object or array that begins at at; text.len + 1: it does not end. *lines: line ends in it;
 * *deepest: containers in one another. */
size_t json_container_end(struct text text, size_t at, unsigned int *lines, unsigned int *deepest);

#endif
