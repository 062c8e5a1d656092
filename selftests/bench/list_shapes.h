/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * list_shapes.h - lists as they are, drawn: hosts, mixed prefixes, hosts of few networks, IPv6. Each run
 * draws the same.
 */
#ifndef SELFTESTS_LIST_SHAPES_H
#define SELFTESTS_LIST_SHAPES_H

#include <arpa/inet.h>
#include <errno.h>

#include "bench.h"
#include "lib/cleanup.h"
#include "lib/list_fill.h"

#define STREAM (1u << 20)

enum shape { HOSTS4, MIXED4, CLUSTERED4, MIXED6 };
static const char *const shape_names[] = {"v4_hosts", "v4_mixed", "v4_clustered", "v6_mixed"};

static struct gate_list_row *rows;
static uint32_t count;
static uint64_t seed = 0x9e3779b97f4a7c15ull;

static inline void die(const char *what)
{
	fprintf(stderr, "lists bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

static inline uint64_t draw(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed * 0x2545f4914f6cdd1dull;
}

static inline struct seki_addr address4(uint32_t host)
{
	struct seki_addr a = {.b = {[10] = 0xff, [11] = 0xff}};

	a.w[3] = htonl(host);
	return a;
}

static inline struct seki_addr address6(void)
{
	struct seki_addr a;

	a.w[0] = htonl(0x20000000 | (uint32_t)draw() >> 6);
	a.w[1] = (uint32_t)draw();
	a.w[2] = (uint32_t)draw();
	a.w[3] = (uint32_t)draw();
	return a;
}

static inline struct seki_lpm draw_key(enum shape shape)
{
	/* as lists are: mostly hosts, then /24, the rest from /16 on */
	static const uint8_t len4[] = {32, 32, 32, 32, 32, 32, 32, 32, 32, 32, 24, 24,
				       24, 31, 30, 29, 28, 27, 26, 25, 23, 22, 21, 20};
	static const uint8_t len6[] = {128, 128, 64, 64, 64, 56, 48, 48, 40, 32};
	struct seki_lpm key = {.prefixlen = 128};

	if (shape == MIXED6) {
		key.addr = address6();
		key.prefixlen = len6[(uint32_t)(draw() >> 33) % sizeof(len6)];
	} else {
		uint32_t host = (uint32_t)draw();

		/* clustered: networks of which a fifth of the hosts is listed */
		if (shape == CLUSTERED4)
			host = (host % 8192) * 2654435761u << 8 | (uint32_t)(draw() >> 40 & 0xff);
		key.addr = address4(host % 0xdf000000u + 0x01000000);
		if (shape == MIXED4)
			key.prefixlen = 96 + len4[(uint32_t)(draw() >> 33) % sizeof(len4)];
	}
	list_prefix_mask(&key);
	return key;
}

static inline int row_compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct seki_lpm));
}

static inline void draw_rows(enum shape shape, uint32_t want)
{
	uint32_t kept = 0;

	for (count = 0; count < want; count++)
		rows[count] = (struct gate_list_row){draw_key(shape), {.flags = SEKI_ENTRY_SRC, .list = 1}};
	qsort(rows, count, sizeof(*rows), row_compare);
	for (uint32_t i = 0; i < count; i++)
		if (!kept || row_compare(&rows[kept - 1], &rows[i]))
			rows[kept++] = rows[i];
	count = kept;
}

#endif
