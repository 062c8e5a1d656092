/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * prefix.h - IP addresses and prefixes, IPv4 held v4-mapped in 16 bytes.
 */
#ifndef LIB_PREFIX_H
#define LIB_PREFIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cleanup.h"

struct prefix {
	uint8_t addr[16];
	uint8_t len; /* 0..128; IPv4 /n is 96 + n. Host bits beyond len are zero */
};

#define PREFIX_TEXT_MAX 50 /* with the terminating NUL */

bool prefix_is_v4(const struct prefix *p);

/* The length is at most 128 and no bit behind it is set: false only for a prefix that came as bytes, not as
 * text. */
bool prefix_is_canonical(const struct prefix *p);

/*
 * "192.0.2.0/24", "2001:db8::/32" or a bare address (host length). text need
 * not be NUL-terminated. Leading zeros in v4 octets, surrounding space and
 * host bits set are refused: -EINVAL; *why (static string) says what.
 */
__must_check int prefix_parse(const char *text, size_t len, struct prefix *out, const char **why);

/* Writes at most PREFIX_TEXT_MAX bytes; host prefixes without "/len"; returns text. */
const char *prefix_format(const struct prefix *p, char text[PREFIX_TEXT_MAX]);

bool prefix_contains(const struct prefix *outer, const struct prefix *inner);

/* memcmp order of (addr, len): a covering prefix sorts before what it covers. */
int prefix_compare(const struct prefix *a, const struct prefix *b);

#endif
