// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * guard_image.c - nested prefixes laid flat: sorted by address, each range between two ends belongs to the
 * innermost prefix there.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "guard_image.h"

#define DEPTH_MAX 130 /* prefixes that lie in one another: one per length, and a default for IPv4 */
#define TABLE_MAX (256u << 20)

typedef unsigned __int128 wide;

union value {
	struct seki_guard_hit hit;
	struct seki_guard_scopes scopes;
	uint64_t word;
};
_Static_assert(sizeof(union value) == sizeof(uint64_t), "both are one word");

struct span {
	wide first, last;
	uint8_t len;
	union value value; /* word 0: nothing is said here */
};

struct spans {
	struct span *at;
	uint32_t count, size;
};

static wide address_of(const uint8_t bytes[16])
{
	wide out = 0;

	for (int i = 0; i < 16; i++)
		out = out << 8 | bytes[i];
	return out;
}

static int spans_add(struct spans *spans, const struct span *one)
{
	if (spans->count == spans->size) {
		uint32_t size = spans->size ? spans->size * 2 : 64;
		struct span *more = reallocarray(spans->at, size, sizeof(*more));

		if (!more)
			return -ENOMEM;
		spans->at = more;
		spans->size = size;
	}
	spans->at[spans->count++] = *one;
	return 0;
}

static struct span span_of(const struct prefix *prefix, union value value)
{
	wide host = prefix->len == 128 ? 0 : ~(wide)0 >> prefix->len;
	struct span out = {.first = address_of(prefix->addr), .len = prefix->len, .value = value};

	out.last = out.first | host;
	return out;
}

/* A covering prefix comes before what it covers. */
static int span_compare(const void *left, const void *right)
{
	const struct span *a = left, *b = right;

	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	return a->len < b->len ? -1 : a->len > b->len;
}

static int flat_add(struct spans *flat, wide first, wide last, union value value)
{
	struct span *before = flat->count ? &flat->at[flat->count - 1] : NULL;
	struct span one = {.first = first, .last = last, .value = value};

	if (!value.word || last < first)
		return 0;
	if (before && before->value.word == value.word && before->last + 1 == first) {
		before->last = last;
		return 0;
	}
	return spans_add(flat, &one);
}

/* in is sorted here; flat gets disjoint ranges in order. */
static int spans_flatten(struct spans *in, struct spans *flat)
{
	const struct span *open[DEPTH_MAX];
	wide next = 0;
	int depth = 0, err = 0;

	if (in->count)
		qsort(in->at, in->count, sizeof(*in->at), span_compare);
	for (uint32_t i = 0; !err && i < in->count; i++) {
		const struct span *one = &in->at[i];

		for (; !err && depth && open[depth - 1]->last < one->first; depth--) {
			err = flat_add(flat, next, open[depth - 1]->last, open[depth - 1]->value);
			next = open[depth - 1]->last + 1;
		}
		if (!err && depth && one->first > next)
			err = flat_add(flat, next, one->first - 1, open[depth - 1]->value);
		if (depth == DEPTH_MAX)
			return -EINVAL; /* a prefix twice */
		open[depth++] = one;
		next = one->first;
	}
	for (bool end = false; !err && !end && depth; depth--) {
		wide last = open[depth - 1]->last;

		err = flat_add(flat, next, last, open[depth - 1]->value);
		end = last == ~(wide)0;
		next = last + 1;
	}
	return err;
}

/* What goes into a table: ranges of both families, and scopes. */
struct parts {
	struct spans rows[2], allow[2]; /* IPv6, IPv4 */
	struct seki_scope *scopes;
	uint32_t scope_count;
};

static void parts_clear(struct parts *parts)
{
	for (int i = 0; i < 2; i++) {
		free(parts->rows[i].at);
		free(parts->allow[i].at);
	}
	free(parts->scopes);
}

static int rows_flatten(struct parts *parts, const struct list_row *rows, uint32_t count)
{
	struct spans in[2] = {0};
	int err = 0;

	for (uint32_t i = 0; !err && i < count; i++) {
		const struct seki_entry *entry = &rows[i].entry;
		union value value = {
			.hit = {.expires = entry->expires, .list = entry->list, .flags = entry->flags}};
		struct span one = span_of(&rows[i].prefix, value);

		err = spans_add(&in[prefix_is_v4(&rows[i].prefix)], &one);
	}
	for (int i = 0; !err && i < 2; i++)
		err = spans_flatten(&in[i], &parts->rows[i]);
	free(in[0].at);
	free(in[1].at);
	return err;
}

static int scopes_add(struct parts *parts, const struct seki_net *net, union value *value)
{
	uint32_t count = net->scopes < SEKI_MAX_SCOPES ? net->scopes : SEKI_MAX_SCOPES;
	struct seki_scope *more;

	*value = (union value){0};
	if (!count)
		return 0;
	if (parts->scope_count + count > SEKI_GUARD_SCOPES)
		return -E2BIG;
	more = reallocarray(parts->scopes, parts->scope_count + count, sizeof(*more));
	if (!more)
		return -ENOMEM;
	parts->scopes = more;
	memcpy(more + parts->scope_count, net->scope, count * sizeof(*more));
	value->scopes = (struct seki_guard_scopes){.first = parts->scope_count, .count = count};
	parts->scope_count += count;
	return 0;
}

/* In the map of the packet program IPv4 lies inside IPv6: what covers all of it there holds for it here. */
static bool covers_v4(const struct prefix *prefix)
{
	static const struct prefix mapped = {.addr = {[10] = 0xff, [11] = 0xff}, .len = 96};

	return prefix->len < 96 && prefix_contains(prefix, &mapped);
}

static int nets_flatten(struct parts *parts, const struct guard_net *nets, uint32_t count)
{
	const struct span all4 = {.first = (wide)0xffff << 32, .last = (wide)0xffffffffffff};
	struct spans in[2] = {0};
	int err = 0;

	for (uint32_t i = 0; !err && i < count; i++) {
		union value value;
		struct span one;

		err = scopes_add(parts, &nets[i].net, &value);
		if (err)
			break;
		one = span_of(&nets[i].prefix, value);
		err = spans_add(&in[prefix_is_v4(&nets[i].prefix)], &one);
		if (!err && covers_v4(&nets[i].prefix)) {
			one.first = all4.first;
			one.last = all4.last;
			err = spans_add(&in[1], &one);
		}
	}
	for (int i = 0; !err && i < 2; i++)
		err = spans_flatten(&in[i], &parts->allow[i]);
	free(in[0].at);
	free(in[1].at);
	return err;
}

static uint8_t *put6(uint8_t *at, const struct spans *spans)
{
	struct seki_guard_range6 *out = (struct seki_guard_range6 *)at;

	for (uint32_t i = 0; i < spans->count; i++, out++) {
		const struct span *one = &spans->at[i];

		out->first_hi = (uint64_t)(one->first >> 64);
		out->first_lo = (uint64_t)one->first;
		out->last_hi = (uint64_t)(one->last >> 64);
		out->last_lo = (uint64_t)one->last;
		memcpy(&out->hit, &one->value, sizeof(out->hit));
	}
	return (uint8_t *)out;
}

static uint8_t *put4(uint8_t *at, const struct spans *spans)
{
	struct seki_guard_range4 *out = (struct seki_guard_range4 *)at;

	for (uint32_t i = 0; i < spans->count; i++, out++) {
		const struct span *one = &spans->at[i];

		out->first = (uint32_t)one->first;
		out->last = (uint32_t)one->last;
		memcpy(&out->hit, &one->value, sizeof(out->hit));
	}
	return (uint8_t *)out;
}

static int parts_write(const struct parts *parts, void **table, size_t *len)
{
	uint64_t size =
		sizeof(struct seki_guard_head) +
		((uint64_t)parts->rows[0].count + parts->allow[0].count) * sizeof(struct seki_guard_range6) +
		((uint64_t)parts->rows[1].count + parts->allow[1].count) * sizeof(struct seki_guard_range4) +
		parts->scope_count * sizeof(struct seki_scope);
	struct seki_guard_head *head;
	uint8_t *at;

	if (size > TABLE_MAX)
		return -E2BIG;
	head = calloc(1, size);
	if (!head)
		return -ENOMEM;
	*head = (struct seki_guard_head){.magic = SEKI_GUARD_MAGIC,
					 .version = SEKI_GUARD_VERSION,
					 .size = size,
					 .rows6 = parts->rows[0].count,
					 .allow6 = parts->allow[0].count,
					 .rows4 = parts->rows[1].count,
					 .allow4 = parts->allow[1].count,
					 .scopes = parts->scope_count};
	at = put6((uint8_t *)(head + 1), &parts->rows[0]);
	at = put6(at, &parts->allow[0]);
	at = put4(at, &parts->rows[1]);
	at = put4(at, &parts->allow[1]);
	if (parts->scope_count)
		memcpy(at, parts->scopes, parts->scope_count * sizeof(*parts->scopes));
	*table = head;
	*len = size;
	return 0;
}

int guard_image_build(const struct list_row *rows, uint32_t count, const struct guard_net *nets,
		      uint32_t net_count, void **table, size_t *len)
{
	struct parts parts = {0};
	int err = rows_flatten(&parts, rows, count);

	if (!err)
		err = nets_flatten(&parts, nets, net_count);
	if (!err)
		err = parts_write(&parts, table, len);
	parts_clear(&parts);
	return err;
}
