/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * message_common.h - what bodies of more than one room of messages hold.
 */
#ifndef SEKIMORID_MESSAGE_COMMON_H
#define SEKIMORID_MESSAGE_COMMON_H

#include <stdbool.h>
#include <stdint.h>

#include "core/list/list.h"

#define MESSAGE_TEXT_MAX   1024
#define MESSAGE_LINE_MAX   60000u /* an EVE line */
#define MESSAGE_WHO_MAX	   40u	  /* a user of the portal */
#define MESSAGE_IFACES_MAX 32u	  /* rows of a status answer; an instance has no more */

/* Every field of a body is checked by the receiver; text must end in NUL within its array. */

struct message_prefix {
	uint8_t addr[16];
	uint8_t len;
	uint8_t pad[7];
};

/* Does the text end within its array? */
bool message_text_valid(const char *text, size_t size);
bool message_prefix_get(const struct message_prefix *in,
			struct prefix *out); /* false: length or host bits are wrong */
void message_prefix_put(const struct prefix *in, struct message_prefix *out);

_Static_assert(sizeof(struct message_prefix) == 24, "message_prefix");

#endif
