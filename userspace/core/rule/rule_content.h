/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rule_content.h - text of a content to its bytes.
 */
#ifndef CORE_RULE_CONTENT_H
#define CORE_RULE_CONTENT_H

#include "rule_parse.h"

/* text as between the quotes: |xx| is hexadecimal, \ escapes. Bytes in the arena, 1..RULE_CONTENT_MAX.
 * -EINVAL, -ENOMEM. */
__must_check int content_bytes(struct rule_parser *parser, const char *text, const uint8_t **data,
			       uint16_t *len);

#endif
