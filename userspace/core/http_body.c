// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * http_body.c - bounded gzip and deflate decoding.
 */
#include "http_body.h"

#include <string.h>
#include <zlib.h>

#define INFLATE_LAYERS	 2
#define INFLATE_MEMBERS	 8
#define INFLATE_STEP	 8192u
#define INFLATE_RAW_MAX	 1024u
#define INFLATE_WORK_MAX (16u << 20) /* output of one layer; more is a bomb */

enum inflate_state { INFLATE_BEGIN, INFLATE_RUN, INFLATE_PLAIN, INFLATE_BROKEN };

struct inflate_layer {
	z_stream z;
	enum inflate_state state;
	bool gzip;	 /* said to be gzip, else deflate (zlib or bare) */
	bool open;	 /* z is initialised */
	uint8_t head[2]; /* the two bytes that tell the format */
	uint8_t head_len;
	uint8_t members; /* that have ended */
	bool raw_lost;	 /* raw does not hold all input so far */
	struct blob raw; /* input that has made no output yet: what to show when it was never compressed */
	uint64_t made;
};

struct http_inflate {
	struct inflate_layer layers[INFLATE_LAYERS]; /* [0] is the outermost: applied last by the sender */
	unsigned int count;
};

struct http_inflate *http_inflate_new(struct span encoding)
{
	CLEANUP(http_inflate_free) struct http_inflate *inflate = calloc(1, sizeof(*inflate));
	bool gzip[INFLATE_LAYERS];
	unsigned int count = 0;

	if (!inflate)
		return NULL;
	while (encoding.len) {
		uint32_t comma = span_find(encoding, ',');
		struct span coding = span_trim((struct span){encoding.data, comma});

		encoding = span_from(encoding, comma < encoding.len ? comma + 1 : comma);
		if (!coding.len || span_is(coding, "identity"))
			continue;
		if (count == INFLATE_LAYERS)
			return NULL;
		if (span_is(coding, "gzip") || span_is(coding, "x-gzip"))
			gzip[count++] = true;
		else if (span_is(coding, "deflate") || span_is(coding, "x-deflate"))
			gzip[count++] = false;
		else
			return NULL;
	}
	if (!count)
		return NULL;
	for (unsigned int i = 0; i < count; i++)
		inflate->layers[i].gzip = gzip[count - 1 - i];
	inflate->count = count;
	return TAKE_PTR(inflate);
}

void http_inflate_free(struct http_inflate *inflate)
{
	if (!inflate)
		return;
	for (unsigned int i = 0; i < INFLATE_LAYERS; i++) {
		if (inflate->layers[i].open)
			inflateEnd(&inflate->layers[i].z);
		blob_free(&inflate->layers[i].raw);
	}
	free(inflate);
}

/* Window bits by what the bytes are, not by what the header says: servers mix them up and browsers cope. */
static int layer_bits(const struct inflate_layer *layer)
{
	const uint8_t *h = layer->head;

	if (layer->members == INFLATE_MEMBERS)
		return 0;
	if (layer->head_len >= 2 && h[0] == 0x1f && h[1] == 0x8b)
		return 16 + MAX_WBITS;
	if (layer->head_len >= 2 && (h[0] & 0x0f) == 8 && ((h[0] << 8) | h[1]) % 31 == 0)
		return MAX_WBITS;
	return layer->gzip || layer->members ? 0 : -MAX_WBITS;
}

static uint32_t layer_feed(struct http_inflate *body, unsigned int at, struct span data, struct blob *out,
			   uint32_t max);

static uint32_t layer_pass(struct http_inflate *body, unsigned int next, struct span data, struct blob *out,
			   uint32_t max)
{
	if (next == body->count)
		return blob_add(out, data.data, data.len, max);
	return layer_feed(body, next, data, out, max);
}

/* The stream ended or broke inside data. */
static uint32_t layer_end(struct http_inflate *body, unsigned int at, int rc, struct span data,
			  struct blob *out, uint32_t max)
{
	struct inflate_layer *layer = &body->layers[at];
	struct span rest = {layer->z.next_in, layer->z.avail_in};

	inflateEnd(&layer->z);
	layer->open = false;
	if (rc == Z_STREAM_END) {
		/* Another gzip member may follow; anything else is kept as sent. */
		layer->state = INFLATE_BEGIN;
		layer->members++;
		layer->head_len = 0;
		return rest.len ? layer_feed(body, at, rest, out, max) : 0;
	}
	if (!layer->made && !layer->raw_lost) {
		/* It was never compressed. */
		layer->state = INFLATE_PLAIN;
		layer_pass(body, at + 1, blob_span(&layer->raw), out, max);
		return layer_pass(body, at + 1, data, out, max);
	}
	layer->state = INFLATE_BROKEN;
	return rest.len;
}

static uint32_t layer_run(struct http_inflate *body, unsigned int at, struct span data, struct blob *out,
			  uint32_t max)
{
	struct inflate_layer *layer = &body->layers[at];
	uint8_t step[INFLATE_STEP];
	int rc;

	layer->z.next_in = (Bytef *)data.data;
	layer->z.avail_in = data.len;
	do {
		struct span made;

		if (out->len >= max || layer->made >= INFLATE_WORK_MAX)
			return layer->z.avail_in;
		layer->z.next_out = step;
		layer->z.avail_out = sizeof(step);
		rc = inflate(&layer->z, Z_NO_FLUSH);
		made = (struct span){step, (uint32_t)(sizeof(step) - layer->z.avail_out)};
		layer->made += made.len;
		if (made.len)
			layer_pass(body, at + 1, made, out, max);
		if (rc != Z_OK && rc != Z_BUF_ERROR)
			return layer_end(body, at, rc, data, out, max);
	} while (layer->z.avail_in || !layer->z.avail_out);
	if (!layer->made && blob_add(&layer->raw, data.data, data.len, INFLATE_RAW_MAX))
		layer->raw_lost = true;
	return 0;
}

/* Gathers the two bytes that tell the format, then runs. */
static uint32_t layer_feed(struct http_inflate *body, unsigned int at, struct span data, struct blob *out,
			   uint32_t max)
{
	struct inflate_layer *layer = &body->layers[at];

	if (layer->state == INFLATE_BEGIN) {
		struct span head;
		int bits;

		while (layer->head_len < 2 && data.len) {
			layer->head[layer->head_len++] = data.data[0];
			data = span_from(data, 1);
		}
		if (layer->head_len < 2)
			return 0;
		head = (struct span){layer->head, layer->head_len};
		bits = layer_bits(layer);
		if (!bits || inflateInit2(&layer->z, bits) != Z_OK) {
			layer->state = INFLATE_PLAIN;
			layer_pass(body, at + 1, head, out, max);
		} else {
			layer->state = INFLATE_RUN;
			layer->open = true;
			layer_run(body, at, head, out, max);
		}
	}
	if (!data.len)
		return 0;
	if (layer->state == INFLATE_BROKEN)
		return data.len;
	if (layer->state == INFLATE_BEGIN) /* the head was a whole stream already */
		return layer_feed(body, at, data, out, max);
	if (layer->state == INFLATE_PLAIN)
		return layer_pass(body, at + 1, data, out, max);
	return layer_run(body, at, data, out, max);
}

uint32_t http_inflate_feed(struct http_inflate *inflate, struct span data, struct blob *out, uint32_t max)
{
	return layer_feed(inflate, 0, data, out, max);
}
