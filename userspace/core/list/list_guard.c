// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list_guard.c - special-purpose address blocks, our own addresses, and the
 * share of the address space.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "list_guard.h"
#include "sekimori/maps.h"

#define V4_BITS 96u

struct special {
	struct prefix prefix; /* first: see first_touched() */
	const char *what;
};

#define V4(a, b, c, d, bits)                                                                                 \
	.prefix = {.addr = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d}, .len = V4_BITS + (bits)}

/*
 * The blocks of the IANA special-purpose registries (RFC 6890 and what it was
 * extended by) that are nobody's on the internet, and multicast. Sorted.
 */
static const struct special specials4[] = {
	{V4(0, 0, 0, 0, 8), .what = "\"this network\" (RFC 791)"},
	{V4(10, 0, 0, 0, 8), .what = "private addresses (RFC 1918)"},
	{V4(100, 64, 0, 0, 10), .what = "addresses that providers share (RFC 6598)"},
	{V4(127, 0, 0, 0, 8), .what = "loopback (RFC 1122)"},
	{V4(169, 254, 0, 0, 16), .what = "link-local addresses (RFC 3927)"},
	{V4(172, 16, 0, 0, 12), .what = "private addresses (RFC 1918)"},
	{V4(192, 0, 0, 0, 24), .what = "protocol assignments (RFC 6890)"},
	{V4(192, 0, 2, 0, 24), .what = "documentation addresses (RFC 5737)"},
	{V4(192, 168, 0, 0, 16), .what = "private addresses (RFC 1918)"},
	{V4(198, 18, 0, 0, 15), .what = "benchmarking addresses (RFC 2544)"},
	{V4(198, 51, 100, 0, 24), .what = "documentation addresses (RFC 5737)"},
	{V4(203, 0, 113, 0, 24), .what = "documentation addresses (RFC 5737)"},
	{V4(224, 0, 0, 0, 4), .what = "multicast (RFC 5771)"},
	{V4(240, 0, 0, 0, 4), .what = "reserved addresses (RFC 1112)"},
};
static const struct special specials6[] = {
	{{.len = 127}, "the unspecified and the loopback address (RFC 4291)"},
	{{{0, 0x64, 0xff, 0x9b, 0, 1}, 48}, "local-use translation (RFC 8215)"},
	{{{1}, 64}, "discard-only addresses (RFC 6666)"},
	{{{0x20, 0x01, 0x0d, 0xb8}, 32}, "documentation addresses (RFC 3849)"},
	{{{0x3f, 0xff}, 20}, "documentation addresses (RFC 9637)"},
	{{{0xfc}, 7}, "unique local addresses (RFC 4193)"},
	{{{0xfe, 0x80}, 10}, "link-local addresses (RFC 4291)"},
	{{{0xff}, 8}, "multicast (RFC 4291)"},
};

static void prefix_last(const struct prefix *prefix, uint8_t last[16])
{
	memcpy(last, prefix->addr, 16);
	if (prefix->len < 128)
		last[prefix->len / 8] |= (uint8_t)(0xff >> (prefix->len % 8));
	for (unsigned int i = prefix->len / 8u + 1; i < 16; i++)
		last[i] = 0xff;
}

/*
 * The first of count rows that shares an address with prefix, or NULL. A row is stride bytes and begins with
 * its prefix; rows are sorted, disjoint and of the prefix's family: ::/0 is nothing of IPv4, as in the
 * kernel's tables.
 */
static const void *first_touched(const struct prefix *prefix, const void *rows, uint32_t count, size_t stride)
{
	uint32_t low = 0, high = count;
	const struct prefix *at;
	uint8_t last[16];

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		prefix_last((const void *)((const char *)rows + middle * stride), last);
		if (memcmp(last, prefix->addr, 16) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == count)
		return NULL;
	at = (const void *)((const char *)rows + low * stride);
	prefix_last(prefix, last);
	return memcmp(at->addr, last, 16) > 0 ? NULL : at;
}

static const struct special *special_touched(const struct prefix *prefix)
{
	return prefix_is_v4(prefix)
		       ? first_touched(prefix, specials4, ARRAY_LEN(specials4), sizeof(*specials4))
		       : first_touched(prefix, specials6, ARRAY_LEN(specials6), sizeof(*specials6));
}

/* IPv4 first, then by address. */
static int guard_row_compare(const void *a, const void *b)
{
	const struct prefix *x = &((const struct list_guard_row *)a)->prefix;
	const struct prefix *y = &((const struct list_guard_row *)b)->prefix;
	int family = (int)prefix_is_v4(y) - (int)prefix_is_v4(x);

	return family ? family : prefix_compare(x, y);
}

void list_guard_sort(struct list_guard *guard)
{
	uint32_t kept = 0;

	if (guard->count)
		qsort(guard->rows, guard->count, sizeof(*guard->rows), guard_row_compare);
	guard->count_v4 = 0;
	for (uint32_t i = 0; i < guard->count; i++) {
		const struct prefix *prefix = &guard->rows[i].prefix;

		if (kept && prefix_is_v4(&guard->rows[kept - 1].prefix) == prefix_is_v4(prefix) &&
		    prefix_contains(&guard->rows[kept - 1].prefix, prefix))
			continue;
		guard->count_v4 += prefix_is_v4(prefix);
		guard->rows[kept++] = guard->rows[i];
	}
	guard->count = kept;
}

bool list_guard_own(const struct list_guard *guard, const struct prefix *prefix, char why[160])
{
	static const char *const kinds[] = {
		[SEKI_SCOPE_USER] = "an address of the allow set",
		[SEKI_SCOPE_MANAGEMENT] = "the management peer",
		[SEKI_SCOPE_GATEWAY] = "the gateway",
		[SEKI_SCOPE_RESOLVER] = "the resolver",
		[SEKI_SCOPE_SOC] = "the SOC",
		[SEKI_SCOPE_OWN] = "the own address",
	};
	const uint32_t v4 = guard->count_v4;
	const struct list_guard_row *row =
		prefix_is_v4(prefix)
			? first_touched(prefix, guard->rows, v4, sizeof(*row))
			: first_touched(prefix, guard->rows + v4, guard->count - v4, sizeof(*row));
	char text[PREFIX_TEXT_MAX];

	if (!row)
		return false;
	snprintf(why, 160, "%s %s %s", prefix_contains(&row->prefix, prefix) ? "is" : "covers",
		 kinds[row->kind < ARRAY_LEN(kinds) ? row->kind : SEKI_SCOPE_USER],
		 prefix_format(&row->prefix, text));
	return true;
}

enum list_touch list_guard_special(const struct prefix *prefix, char why[160])
{
	const struct special *special = special_touched(prefix);
	char text[PREFIX_TEXT_MAX];
	bool within;

	if (!special)
		return LIST_TOUCH_NONE;
	within = prefix_contains(&special->prefix, prefix);
	if (why)
		snprintf(why, 160, "%s %s, %s", within ? "lies in" : "covers",
			 prefix_format(&special->prefix, text), special->what);
	return within ? LIST_TOUCH_WITHIN : LIST_TOUCH_COVERS;
}

static uint64_t big_endian(const uint8_t *bytes, unsigned int count)
{
	uint64_t value = 0;

	for (unsigned int i = 0; i < count; i++)
		value = value << 8 | bytes[i];
	return value;
}

int list_share_add(struct list_share *share, const struct prefix *prefix)
{
	const bool v4 = prefix_is_v4(prefix);
	uint8_t last[16];

	if (share->count[v4] == share->room[v4]) {
		uint32_t room = share->room[v4] ? share->room[v4] * 2 : 1024;
		struct list_span *grown = realloc(share->spans[v4], room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		share->spans[v4] = grown;
		share->room[v4] = room;
	}
	prefix_last(prefix, last);
	share->spans[v4][share->count[v4]++] =
		v4 ? (struct list_span){big_endian(prefix->addr + 12, 4), big_endian(last + 12, 4)}
		   : (struct list_span){big_endian(prefix->addr, 8), big_endian(last, 8)};
	return 0;
}

static int span_compare(const void *a, const void *b)
{
	const struct list_span *x = a, *y = b;

	return x->first < y->first ? -1 : x->first > y->first;
}

static uint32_t spans_share(struct list_span *spans, uint32_t count, uint64_t first, uint64_t last)
{
	unsigned __int128 covered = 0;
	uint64_t reached = first;
	bool full = false;

	if (count)
		qsort(spans, count, sizeof(*spans), span_compare);
	for (uint32_t i = 0; i < count && !full; i++) {
		uint64_t from = spans[i].first > reached ? spans[i].first : reached;
		uint64_t to = spans[i].last < last ? spans[i].last : last;

		if (from > to)
			continue;
		covered += (unsigned __int128)(to - from) + 1;
		full = to == last;
		reached = to + 1;
	}
	return (uint32_t)(covered * 1000 / ((unsigned __int128)(last - first) + 1));
}

void list_share_sum(struct list_share *share, uint32_t *v4, uint32_t *v6)
{
	*v4 = spans_share(share->spans[1], share->count[1], 0, UINT32_MAX);
	*v6 = spans_share(share->spans[0], share->count[0], 0x2000000000000000ull, 0x3fffffffffffffffull);
}

void list_share_clear(struct list_share *share)
{
	free(share->spans[0]);
	free(share->spans[1]);
	*share = (struct list_share){0};
}

static const struct {
	uint32_t bit;
	const char *name;
} allows[] = {
#define X(id, bit, name, help) {bit, name},
	LIST_ALLOWS(X)
#undef X
};

uint32_t list_allow_bit(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(allows); i++)
		if (!strcmp(allows[i].name, name))
			return allows[i].bit;
	return 0;
}

const char *list_allow_name(uint32_t bit)
{
	for (size_t i = 0; i < ARRAY_LEN(allows); i++)
		if (allows[i].bit & bit)
			return allows[i].name;
	return "";
}
