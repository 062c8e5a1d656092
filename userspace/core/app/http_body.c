// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * http_body.c - bounded gzip, deflate and Brotli decoding.
 */
#include "http_body.h"

#include <brotli/decode.h>
#include <stddef.h>
#include <string.h>

#include "core/flow/account.h"
#include "lib/inflater.h"

#define INFLATE_LAYERS	   4
#define INFLATE_MEMBERS	   8
#define INFLATE_STEP	   8192u
#define INFLATE_KEPT	   (2 * INFLATER_WINDOW) /* of output between two layers */
#define INFLATE_RAW_MAX	   1024u
#define GZIP_HEADER_MAX	   (64u << 10)
#define INFLATE_BROTLI_MAX (8u << 20)  /* memory that one Brotli decoder may ask for */
#define INFLATE_WORK_MAX   (16u << 20) /* output of one layer; more is a bomb */

enum inflate_state { INFLATE_BEGIN, INFLATE_HEADER, INFLATE_RUN, INFLATE_PLAIN, INFLATE_BROKEN };
enum inflate_coding { INFLATE_GZIP, INFLATE_DEFLATE /* zlib or bare */, INFLATE_BROTLI };
enum inflate_step { STEP_MORE, STEP_END, STEP_ERROR };

struct inflate_layer {
	struct inflater *inflater;
	uint8_t *window; /* of a layer whose output another one decodes */
	uint32_t window_len;
	BrotliDecoderState *brotli;
	size_t brotli_bytes; /* that the decoder asked for */
	struct span in;	     /* what a step has left */
	enum inflate_state state;
	enum inflate_coding coding; /* as said; what counts is what the bytes are */
	uint8_t head[2];	    /* the two bytes that tell the format */
	uint8_t head_len;
	uint8_t members; /* that have ended */
	bool raw_lost;	 /* raw does not hold all input so far */
	struct blob raw; /* input that has made no output yet: what to show when it was never compressed */
	uint64_t made;
	uint8_t trailer; /* bytes behind a stream that are not content: checksum and length */
};

struct http_inflate {
	struct inflate_layer layers[INFLATE_LAYERS]; /* [0] is the outermost: applied last by the sender */
	unsigned int count;
	struct event_list *events; /* of the call in hand */
};

static const struct {
	const char *name;
	enum inflate_coding coding;
	bool within; /* clients look for it anywhere in what stands between two commas */
} inflate_names[] = {
	{"gzip", INFLATE_GZIP, true},
	{"deflate", INFLATE_DEFLATE, true},
	{"br", INFLATE_BROTLI, false},
};

/* The row that coding names; ARRAY_LEN(inflate_names): none. */
static unsigned int inflate_row(struct span coding)
{
	unsigned int row;

	for (row = 0; row < ARRAY_LEN(inflate_names); row++) {
		if (span_is(coding, inflate_names[row].name))
			break;
		for (uint32_t i = 1; i < coding.len; i++)
			if (inflate_names[row].within &&
			    span_begins(span_from(coding, i), inflate_names[row].name))
				return row;
		if (inflate_names[row].within && span_begins(coding, inflate_names[row].name))
			break;
	}
	return row;
}

struct http_inflate *http_inflate_new(struct span encoding)
{
	CLEANUP(http_inflate_free) struct http_inflate *inflate = calloc(1, sizeof(*inflate));
	enum inflate_coding codings[INFLATE_LAYERS];
	unsigned int count = 0, row;

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
		row = inflate_row(coding);
		if (row == ARRAY_LEN(inflate_names))
			return NULL;
		codings[count++] = inflate_names[row].coding;
	}
	if (!count)
		return NULL;
	for (unsigned int i = 0; i < count; i++)
		inflate->layers[i].coding = codings[count - 1 - i];
	inflate->count = count;
	account_charge(sizeof(*inflate));
	return TAKE_PTR(inflate);
}

static bool is_gzip(const struct inflate_layer *layer)
{
	return layer->coding != INFLATE_BROTLI && layer->head_len >= 2 && layer->head[0] == 0x1f &&
	       layer->head[1] == 0x8b;
}

static bool is_zlib(const struct inflate_layer *layer)
{
	const uint8_t *h = layer->head;

	return layer->coding != INFLATE_BROTLI && layer->head_len >= 2 && (h[0] & 0x0f) == 8 &&
	       (h[0] << 8 | h[1]) % 31 == 0;
}

/*
 * By what the bytes are, not by what the header says: servers mix them up and browsers cope. Headers are read
 * here: clients look over reserved flags and wrong checksums.
 */
static bool is_deflate(const struct inflate_layer *layer)
{
	const uint8_t *h = layer->head;

	if (layer->members == INFLATE_MEMBERS)
		return false;
	if (is_gzip(layer))
		return true;
	if (is_zlib(layer)) /* no window beyond what there is, no dictionary (RFC 1950) */
		return h[0] >> 4 <= 7 && !(h[1] & 0x20);
	return layer->coding != INFLATE_GZIP && !layer->members;
}

/* Their own size stands before the bytes, so that letting go is counted too. */
static void *counted_alloc(size_t size)
{
	size_t *block = malloc(sizeof(max_align_t) + size);

	if (!block)
		return NULL;
	*block = size;
	account_charge(size);
	return (uint8_t *)block + sizeof(max_align_t);
}

static void counted_free(void *address)
{
	size_t *block;

	if (!address)
		return;
	block = (size_t *)((uint8_t *)address - sizeof(max_align_t));
	account_release(*block);
	free(block);
}

static void *brotli_alloc(void *opaque, size_t size)
{
	struct inflate_layer *layer = opaque;

	layer->brotli_bytes += size;
	return layer->brotli_bytes > INFLATE_BROTLI_MAX ? NULL : counted_alloc(size);
}

static void brotli_release(void *opaque, void *address)
{
	(void)opaque;
	counted_free(address);
}

static void layer_close(struct inflate_layer *layer)
{
	counted_free(layer->inflater);
	layer->inflater = NULL;
	counted_free(layer->window);
	layer->window = NULL;
	layer->window_len = 0;
	if (layer->brotli)
		BrotliDecoderDestroyInstance(layer->brotli);
	layer->brotli = NULL;
}

/* last: its output is the body. */
static bool layer_open(struct inflate_layer *layer, bool last)
{
	if (layer->coding == INFLATE_BROTLI) {
		if (layer->members)
			return false;
		layer->brotli = BrotliDecoderCreateInstance(brotli_alloc, brotli_release, layer);
		return layer->brotli;
	}
	if (!is_deflate(layer))
		return false;
	layer->inflater = counted_alloc(sizeof(*layer->inflater));
	layer->window = last ? NULL : counted_alloc(INFLATE_KEPT);
	if (!layer->inflater || (!last && !layer->window)) {
		layer_close(layer);
		return false;
	}
	inflater_begin(layer->inflater);
	return true;
}

/* Decodes from layer->in to at most room bytes behind out[*len]; the bytes before it are what it made. */
static enum inflate_step layer_step(struct inflate_layer *layer, uint8_t *out, uint32_t *len, uint32_t room)
{
	size_t in = layer->in.len, free = room - *len;
	const uint8_t *next = layer->in.data;
	BrotliDecoderResult brotli;

	if (layer->inflater) {
		enum inflater_result result = inflater_run(layer->inflater, &layer->in, out, len, room);

		return result == INFLATER_END ? STEP_END : result == INFLATER_BAD ? STEP_ERROR : STEP_MORE;
	}
	out += *len;
	brotli = BrotliDecoderDecompressStream(layer->brotli, &in, &next, &free, &out, NULL);
	*len = room - (uint32_t)free;
	layer->in = (struct span){next, (uint32_t)in};
	return brotli == BROTLI_DECODER_RESULT_SUCCESS ? STEP_END
	       : brotli == BROTLI_DECODER_RESULT_ERROR ? STEP_ERROR
						       : STEP_MORE;
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

/* Bytes of a gzip header (RFC 1952), whatever its reserved flags and checksum say; 0: it is not all there. */
static uint32_t gzip_header(struct span data)
{
	uint32_t at = 10;
	uint8_t flags;

	if (data.len < at || data.data[0] != 0x1f || data.data[1] != 0x8b)
		return 0;
	flags = data.data[3];
	if (flags & 4) {
		if (data.len < at + 2)
			return 0;
		at += 2u + data.data[at] + ((uint32_t)data.data[at + 1] << 8);
	}
	for (unsigned int name = 0; name < 2; name++) {
		if (!(flags & 8 << name))
			continue;
		while (at < data.len && data.data[at])
			at++;
		at++;
	}
	if (flags & 2)
		at += 2;
	return at < data.len ? at : 0;
}

static uint32_t layer_run(struct http_inflate *body, unsigned int at, struct span data, struct blob *out,
			  uint32_t max);

/* The stream ended or broke inside data. */
static uint32_t layer_end(struct http_inflate *body, unsigned int at, enum inflate_step how, struct span data,
			  struct blob *out, uint32_t max)
{
	struct inflate_layer *layer = &body->layers[at];
	struct span rest = layer->in;

	layer_close(layer);
	if (how == STEP_END) {
		layer->trailer = is_gzip(layer) ? 8 : is_zlib(layer) ? 4 : 0;
		/* Another gzip member may follow; anything else is kept as sent. */
		layer->state = INFLATE_BEGIN;
		layer->members++;
		layer->head_len = 0;
		return rest.len ? layer_feed(body, at, rest, out, max) : 0;
	}
	event_list_add(body->events, EVENT_HTTP_GZIP_DECOMPRESSION_FAILED);
	if (!layer->made && !layer->raw_lost) {
		/* It was never compressed. */
		layer->state = INFLATE_PLAIN;
		layer_pass(body, at + 1, blob_span(&layer->raw), out, max);
		return layer_pass(body, at + 1, data, out, max);
	}
	layer->state = INFLATE_BROKEN;
	return rest.len;
}

/* One step of the outermost layers, whose output the next one decodes. true: there is more to come. */
static bool layer_through(struct http_inflate *body, unsigned int at, enum inflate_step *step,
			  struct blob *out, uint32_t max)
{
	struct inflate_layer *layer = &body->layers[at];
	uint8_t here[INFLATE_STEP], *window = layer->window ? layer->window : here;
	uint32_t len, begin;

	if (layer->window_len + INFLATE_STEP > INFLATE_KEPT) {
		memmove(window, window + layer->window_len - INFLATER_WINDOW, INFLATER_WINDOW);
		layer->window_len = INFLATER_WINDOW;
	}
	begin = len = layer->window ? layer->window_len : 0;
	*step = layer_step(layer, window, &len, begin + INFLATE_STEP);
	layer->made += len - begin;
	layer->window_len = layer->window ? len : 0;
	if (len > begin)
		layer_feed(body, at + 1, (struct span){window + begin, len - begin}, out, max);
	return len - begin == INFLATE_STEP;
}

/* One step of the innermost layer: into the body, which is also its window. */
static bool layer_into(struct http_inflate *body, unsigned int at, enum inflate_step *step, struct blob *out,
		       uint32_t max)
{
	struct inflate_layer *layer = &body->layers[at];
	uint32_t begin = out->len, room = max - begin < INFLATE_STEP ? max - begin : INFLATE_STEP;

	if (!blob_room(out, room, max)) {
		*step = STEP_ERROR;
		return false;
	}
	*step = layer_step(layer, out->data, &out->len, begin + room);
	layer->made += out->len - begin;
	return out->len - begin == room;
}

static uint32_t layer_run(struct http_inflate *body, unsigned int at, struct span data, struct blob *out,
			  uint32_t max)
{
	struct inflate_layer *layer = &body->layers[at];
	enum inflate_step step;
	bool more;

	layer->in = data;
	do {
		if (layer->made >= INFLATE_WORK_MAX)
			event_list_add(body->events, EVENT_HTTP_COMPRESSION_BOMB);
		if (out->len >= max || layer->made >= INFLATE_WORK_MAX)
			return layer->in.len;
		more = at + 1 == body->count ? layer_into(body, at, &step, out, max)
					     : layer_through(body, at, &step, out, max);
		if (step != STEP_MORE)
			return layer_end(body, at, step, data, out, max);
	} while (layer->in.len || more);
	if (!layer->made && blob_add(&layer->raw, data.data, data.len, INFLATE_RAW_MAX))
		layer->raw_lost = true;
	return 0;
}

/* Gathers a gzip header, then runs on what stands behind it. */
static uint32_t header_feed(struct http_inflate *body, unsigned int at, struct span data, struct blob *out,
			    uint32_t max)
{
	struct inflate_layer *layer = &body->layers[at];
	uint32_t before = layer->raw.len, header, used;

	if (blob_add(&layer->raw, data.data, data.len, GZIP_HEADER_MAX)) {
		layer->raw.len = before;
		layer->in = data;
		return layer_end(body, at, STEP_ERROR, data, out, max);
	}
	header = gzip_header(blob_span(&layer->raw));
	if (!header)
		return 0;
	/* The header ends within data: what comes before is all that is kept. */
	used = header > before ? header - before : 0;
	layer->raw.len = header;
	layer->state = INFLATE_RUN;
	return layer_run(body, at, span_from(data, used), out, max);
}

/* Gathers the two bytes that tell the format, then runs. */
static uint32_t layer_feed(struct http_inflate *body, unsigned int at, struct span data, struct blob *out,
			   uint32_t max)
{
	struct inflate_layer *layer = &body->layers[at];

	while (layer->trailer && data.len) {
		layer->trailer--;
		data = span_from(data, 1);
	}
	if (layer->state == INFLATE_BEGIN) {
		struct span head;

		while (layer->head_len < 2 && data.len) {
			layer->head[layer->head_len++] = data.data[0];
			data = span_from(data, 1);
		}
		if (layer->head_len < 2)
			return 0;
		head = (struct span){layer->head, layer->head_len};
		layer->state = !layer_open(layer, at + 1 == body->count) ? INFLATE_PLAIN
			       : is_gzip(layer)				 ? INFLATE_HEADER
									 : INFLATE_RUN;
		if (layer->state == INFLATE_HEADER) {
			blob_clear(&layer->raw);
			blob_add(&layer->raw, head.data, head.len, GZIP_HEADER_MAX);
		} else if (layer->state == INFLATE_RUN && is_zlib(layer)) {
			blob_add(&layer->raw, head.data, head.len, INFLATE_RAW_MAX);
		} else if (layer->state == INFLATE_RUN) {
			layer_run(body, at, head, out, max);
		} else {
			if (!layer->members)
				event_list_add(body->events, EVENT_HTTP_GZIP_DECOMPRESSION_FAILED);
			layer_pass(body, at + 1, head, out, max);
		}
	}
	if (!data.len)
		return 0;
	if (layer->state == INFLATE_BROKEN)
		return data.len;
	if (layer->state == INFLATE_HEADER)
		return header_feed(body, at, data, out, max);
	if (layer->state == INFLATE_BEGIN) /* the head was a whole stream already */
		return layer_feed(body, at, data, out, max);
	if (layer->state == INFLATE_PLAIN)
		return layer_pass(body, at + 1, data, out, max);
	return layer_run(body, at, data, out, max);
}

void http_inflate_free(struct http_inflate *inflate)
{
	if (!inflate)
		return;
	for (unsigned int i = 0; i < INFLATE_LAYERS; i++) {
		layer_close(&inflate->layers[i]);
		blob_free(&inflate->layers[i].raw);
	}
	if (inflate->count)
		account_release(sizeof(*inflate));
	free(inflate);
}

uint32_t http_inflate_feed(struct http_inflate *inflate, struct span data, struct blob *out, uint32_t max,
			   struct event_list *events)
{
	inflate->events = events;
	return layer_feed(inflate, 0, data, out, max);
}
