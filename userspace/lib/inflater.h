/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inflater.h - DEFLATE (RFC 1951), resumable at any byte of input and
 * output. What has been made is the window: nothing is copied aside.
 */
#ifndef LIB_INFLATER_H
#define LIB_INFLATER_H

#include <stdbool.h>
#include <stdint.h>

#include "span.h"

#define INFLATER_WINDOW	 32768u /* bytes that a match may reach back */
#define INFLATER_LENGTHS 2342u	/* entries that the largest code of lengths needs, 11 bits looked up first */
#define INFLATER_OFFSETS 402u	/* the same of distances, 8 bits */

enum inflater_result {
	INFLATER_MORE, /* all input is used, or there is no room for output */
	INFLATER_END,  /* the stream is over; the rest of the input is behind it */
	INFLATER_BAD,  /* no DEFLATE from here on; what was made stands */
};

enum inflater_step {
	INFLATER_BLOCK,	      /* before a block's type */
	INFLATER_STORED_SIZE, /* before the size of a stored block */
	INFLATER_STORED,
	INFLATER_COUNTS,  /* before the sizes of a block's codes */
	INFLATER_SIZES,	  /* in the code in which sizes are written */
	INFLATER_CODES,	  /* in the sizes themselves */
	INFLATER_SYMBOLS, /* in the bytes and matches */
	INFLATER_COPY,	  /* in a match that found no room */
	INFLATER_OVER,
	INFLATER_BROKEN,
};

/* 12 kB, owns nothing. */
struct inflater {
	uint64_t bits; /* read and not used, the next one lowest */
	uint32_t bit_count;
	enum inflater_step step;
	bool final;
	uint32_t left;			 /* of a stored block or a match, in bytes */
	uint32_t offset;		 /* of that match */
	uint32_t made;			 /* bytes of output so far, at most what the window holds */
	uint16_t lengths, offsets, have; /* symbols of a block's codes: how many, and how many are read */
	uint8_t sizes[320];		 /* of their codes, in bits */
	uint32_t length_table[INFLATER_LENGTHS], offset_table[INFLATER_OFFSETS];
	uint32_t size_table[128]; /* of the code in which sizes are written */
};

void inflater_begin(struct inflater *inflater);

/*
 * Goes on from *in, which moves on, and writes behind out[*len], which grows; at most up to room, and any
 * byte below room may be overwritten. out[0..*len) ends with what this stream made before, as far as
 * INFLATER_WINDOW bytes back.
 */
enum inflater_result inflater_run(struct inflater *inflater, struct span *in, uint8_t *out, uint32_t *len,
				  uint32_t room);

#endif
