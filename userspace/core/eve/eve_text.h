/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * eve_text.h - bytes of strangers as JSON strings.
 */
#ifndef CORE_EVE_TEXT_H
#define CORE_EVE_TEXT_H

#include <jansson.h>

#include "core/flow/packet.h"

#define EVE_TEXT_MAX 4096u /* input bytes shown of one value; a longer one ends in " [+N bytes]" */

/* A new string: UTF-8 stays, NUL and every byte that is no UTF-8 become \xNN. NULL: no memory. */
json_t *eve_text(struct span bytes);
json_t *eve_text_of(const char *text); /* NUL-terminated; NULL is "" */

/* Adds value under key, taking the reference; a NULL value adds nothing. */
void eve_set(json_t *object, const char *key, json_t *value);

/* "192.0.2.1", "2001:db8::1". */
const char *eve_address(const struct seki_addr *addr, char text[48]);
/* "TCP"; "047" of a protocol without a name here. */
json_t *eve_proto(uint8_t proto);
/* Its number; 0: neither a name nor a number. */
uint8_t eve_proto_number(const char *name);
/* "2024-01-31T23:59:59.000001+0000" */
const char *eve_time(uint64_t us, char text[40]);

#endif
