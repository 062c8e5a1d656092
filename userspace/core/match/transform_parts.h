/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * transform_parts.h - arguments of transforms between transform_argument.c,
 * which reads them, and transform.c, which works by them.
 */
#ifndef CORE_TRANSFORM_PARTS_H
#define CORE_TRANSFORM_PARTS_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "core/flow/blob.h"
#include "transform.h"

struct transform_argument {
	uint8_t kind;
	uint8_t mode; /* from_base64 */
	uint16_t len;
	uint32_t offset, bytes; /* from_base64; bytes: also the limit of gunzip */
	uint8_t *data;		/* xor: key; pcrexform: expression */
	pcre2_code *code;
};
struct transform_pool {
	struct transform_argument *rows; /* rows[0] stays empty */
	uint32_t count, room;
};

enum base64_mode { BASE64_RFC4648, BASE64_RFC2045, BASE64_STRICT };

#endif
