/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mask.h - credentials and personal data in what is shown of packets: found by
 * a table of rules, replaced character by character. Pure.
 */
#ifndef CORE_MASK_H
#define CORE_MASK_H

#include <stddef.h>

#include "lib/cleanup.h"

/* A rule for people: what it finds. false: no row of that index. */
struct mask_row {
	const char *name, *help;
};
const struct mask_row *mask_row_at(unsigned int index); /* NULL: there is none */

/* In place, the length stays; returns how many places were masked. */
size_t mask_bytes(char *data, size_t len);

/* A copy, masked; name is what the field is called ("authorization" hides all of it). NULL: no memory. */
char *mask_text(const char *text, size_t len, const char *name);

#endif
