// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * match.c - the walk through a list's nodes. Every read is bounded by the
 * buffer; every place that comes out of the data is checked before use.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <errno.h>
#include <string.h>

#include "core/rule/dataset.h"
#include "match.h"
#include "match_bytes.h"
#include "match_decode.h"
#include "core/rule/pcre_jit.h"

/* NO: another place of an earlier match may help. STOP: nothing earlier can. */
enum match_result { MATCH_NO, MATCH_YES, MATCH_STOP };

struct match_room {
	pcre2_match_data *data;
	pcre2_match_context *context;
	pcre2_jit_stack *stack;
	struct pcre_jit jit;
	bool commit, little;
	uint64_t now_s;
	uint8_t *decoded; /* BASE64_BYTES_MAX, made when first needed */
	struct match_stats stats;
};

struct match {
	struct match_room *room;
	const struct rule_list *list;
	struct span data;
	uint64_t data_offset;
	uint64_t *variables;
	unsigned int steps;
};

static enum match_result match_nodes(struct match *match, unsigned int i, uint32_t at);

int match_room_new(struct match_room **out)
{
	CLEANUP(match_room_free) struct match_room *room = calloc(1, sizeof(*room));

	if (!room)
		return -ENOMEM;
	room->data = pcre2_match_data_create(1, NULL);
	room->context = pcre2_match_context_create(NULL);
	if (!room->data || !room->context)
		return -ENOMEM;
	pcre2_set_match_limit(room->context, MATCH_PCRE_LIMIT);
	pcre2_set_depth_limit(room->context, MATCH_PCRE_LIMIT);
	pcre2_set_heap_limit(room->context, 4096); /* KiB */
	room->stack = pcre2_jit_stack_create(32 << 10, 512 << 10, NULL);
	if (room->stack)
		pcre2_jit_stack_assign(room->context, NULL, room->stack);
	*out = TAKE_PTR(room);
	return 0;
}

void match_room_free(struct match_room *room)
{
	if (!room)
		return;
	pcre2_match_data_free(room->data);
	pcre2_match_context_free(room->context);
	pcre2_jit_stack_free(room->stack);
	pcre_jit_clear(&room->jit);
	free(room->decoded);
	free(room);
}

const struct match_stats *match_room_stats(const struct match_room *room)
{
	return &room->stats;
}

bool match_range(const struct rule_range *range, uint64_t value)
{
	switch (range->op) {
	case RANGE_EQ:
		return value == range->low;
	case RANGE_NE:
		return value != range->low;
	case RANGE_LT:
		return value < range->low;
	case RANGE_GT:
		return value > range->low;
	case RANGE_LE:
		return value <= range->low;
	case RANGE_GE:
		return value >= range->low;
	case RANGE_IN:
		return value > range->low && value < range->high;
	case RANGE_WITHIN:
		return value >= range->low && value <= range->high;
	}
	return false;
}

void match_room_commit(struct match_room *room, bool on)
{
	room->commit = on;
}

void match_room_clock(struct match_room *room, uint64_t now_s)
{
	room->now_s = now_s;
}

void match_room_order(struct match_room *room, bool little)
{
	room->little = little;
}

bool match_data(const struct data_question *question, struct span value, bool commit)
{
	bool (*has)(struct dataset * set, struct span value) =
		question->subdomain ? dataset_has_parent : dataset_has;
	uint32_t score;

	switch (question->action) {
	case STATE_ISSET:
		return has(question->set, value);
	case STATE_ISNOTSET:
		return !has(question->set, value);
	case STATE_SET:
		return commit ? dataset_change(question->set, value, true)
			      : !dataset_has(question->set, value);
	case STATE_UNSET:
		return commit ? dataset_change(question->set, value, false)
			      : dataset_has(question->set, value);
	}
	return dataset_score(question->set, value, &score) && match_range(&question->range, score);
}

static int64_t match_number(const struct match *match, const struct rule_number *number)
{
	if (number->variable < 0)
		return number->value;
	/* Beyond any buffer is all the same; this keeps sums below from overflowing. */
	return (int64_t)(match->variables[number->variable] & 0x7fffffffffffu) + number->value;
}

static uint8_t match_fold(uint8_t byte)
{
	return byte >= 'A' && byte <= 'Z' ? byte + 32 : byte;
}

static bool match_same(const uint8_t *data, const struct node_content *content)
{
	if (!content->nocase)
		return !memcmp(data, content->data, content->len);
	for (unsigned int i = 0; i < content->len; i++) {
		if (match_fold(data[i]) != content->data[i])
			return false;
	}
	return true;
}

/* First place of content in data[from, to), -1: none. */
static int64_t match_find(const uint8_t *data, uint32_t from, uint32_t to, const struct node_content *content)
{
	uint8_t lower = content->data[0], upper = lower >= 'a' && lower <= 'z' ? lower - 32 : lower;
	const uint8_t *found;

	if (to - from < content->len)
		return -1;
	if (!content->nocase) {
		found = memmem(data + from, to - from, content->data, content->len);
		return found ? found - data : -1;
	}
	for (uint32_t last = to - content->len; from <= last; from++) {
		if ((data[from] == lower || data[from] == upper) && match_same(data + from, content))
			return from;
	}
	return -1;
}

/* Where the content may lie: [*from, *to). false: nowhere. */
static bool match_window(const struct match *match, const struct rule_node *node, uint32_t at, uint32_t *from,
			 uint32_t *to)
{
	const struct node_content *content = &node->content;
	int64_t low = 0, high = match->data.len;

	if (node->relative) {
		int64_t distance = content->has_distance ? match_number(match, &content->distance) : 0;

		low = (int64_t)at + distance;
		if (content->has_within && low + match_number(match, &content->within) < high)
			high = low + match_number(match, &content->within);
	} else {
		if (content->has_offset)
			low = match_number(match, &content->offset);
		if (content->has_depth)
			high = low + match_number(match, &content->depth);
		if (content->has_offset || content->has_depth)
			low -= (int64_t)match->data_offset;
		if (content->has_depth)
			high -= (int64_t)match->data_offset;
	}
	if (low < 0)
		low = 0;
	if (high > (int64_t)match->data.len)
		high = match->data.len;
	if (low > high)
		return false;
	*from = (uint32_t)low;
	*to = (uint32_t)high;
	return true;
}

static int64_t match_content_place(const struct match *match, const struct node_content *content,
				   uint32_t from, uint32_t to)
{
	if (content->endswith) {
		if (to != match->data.len || to - from < content->len)
			return -1;
		return match_same(match->data.data + to - content->len, content) ? (int64_t)to - content->len
										 : -1;
	}
	return match_find(match->data.data, from, to, content);
}

static enum match_result match_content(struct match *match, unsigned int i, uint32_t at)
{
	const struct rule_node *node = &match->list->nodes[i];
	enum match_result failed = node->relative || node->variable ? MATCH_NO : MATCH_STOP;
	uint32_t from, to;
	int64_t place = -1;
	bool anywhere = match_window(match, node, at, &from, &to);

	if (anywhere)
		place = match_content_place(match, &node->content, from, to);
	if (node->negated && node->content.needs_place && (!anywhere || from >= match->data.len))
		return failed;
	if (node->negated)
		return place < 0 ? match_nodes(match, i + 1, at) : failed;
	while (place >= 0) {
		enum match_result rest = match_nodes(match, i + 1, (uint32_t)place + node->content.len);

		if (rest != MATCH_NO)
			return rest;
		if (!node->relative_next)
			return failed;
		if (++match->steps > MATCH_STEPS_MAX)
			return MATCH_STOP;
		from = (uint32_t)place + 1;
		place = from <= to ? match_content_place(match, &node->content, from, to) : -1;
	}
	return failed;
}

static enum match_result match_pcre(struct match *match, unsigned int i, uint32_t at)
{
	const struct rule_node *node = &match->list->nodes[i];
	enum match_result failed = node->relative ? MATCH_NO : MATCH_STOP;
	uint32_t begin = node->relative ? at : 0, start = 0;
	const uint8_t *subject = match->data.len ? match->data.data + begin : (const uint8_t *)"";
	/* A window that slid does not begin where the data does. */
	uint32_t options = match->data_offset && !node->relative ? PCRE2_NOTBOL : 0;
	const pcre2_code *code = pcre_jit_get(&match->room->jit, node->pcre.code);

	for (;;) {
		int count = pcre2_match(code, subject, match->data.len - begin, start, options,
					match->room->data, match->room->context);
		const PCRE2_SIZE *place = pcre2_get_ovector_pointer(match->room->data);
		PCRE2_SIZE first, last;
		enum match_result rest;

		if (count < 0 && count != PCRE2_ERROR_NOMATCH) {
			match->room->stats.pcre_exceeded++;
			return MATCH_STOP;
		}
		if (node->negated)
			return count == PCRE2_ERROR_NOMATCH ? match_nodes(match, i + 1, at) : failed;
		if (count == PCRE2_ERROR_NOMATCH)
			return failed;
		first = place[0];
		last = place[1] >= place[0] ? place[1] : place[0]; /* \K in a look-ahead */
		rest = match_nodes(match, i + 1, begin + (uint32_t)last);
		if (rest != MATCH_NO)
			return rest;
		if (!node->relative_next || first >= match->data.len - begin)
			return failed;
		if (++match->steps > MATCH_STEPS_MAX)
			return MATCH_STOP;
		start = (uint32_t)first + 1;
	}
}

static bool match_data_at(const struct match *match, const struct rule_node *node, uint32_t at)
{
	int64_t place = match_number(match, &node->at);

	return node->relative ? (int64_t)at + place <= (int64_t)match->data.len
			      : place < (int64_t)match->data.len;
}

/* byte_*: true, and *at moved by those that jump. */
static bool match_byte_node(struct match *match, const struct rule_node *node, uint32_t *at)
{
	struct bytes_numbers numbers = {
		.count = match_number(match, &node->bytes.count),
		.offset = match_number(match, &node->bytes.offset),
		.value = node->bytes.value.variable < 0 ? (uint64_t)node->bytes.value.value
							: match->variables[node->bytes.value.variable],
		.little = node->bytes.dce ? match->room->little : node->bytes.little,
	};
	uint64_t result;

	switch (node->kind) {
	case NODE_BYTE_TEST:
		return bytes_test(node, match->data, *at, &numbers);
	case NODE_BYTE_JUMP:
		return bytes_jump(node, match->data, at, &numbers);
	default:
		if (!bytes_extract(node, match->data, at, &numbers, &result))
			return false;
		match->variables[node->bytes.result] = result;
		return true;
	}
}

/* Decodes and looks for what base64_data asks; the inner list decodes nothing, so this is one level deep. */
static bool match_base64(struct match *match, const struct rule_node *node, uint32_t at)
{
	int64_t from = match_number(match, &node->base64.offset) + (node->relative ? (int64_t)at : 0);
	int64_t bytes = match_number(match, &node->base64.bytes);
	struct match inner = {.room = match->room, .list = node->base64.inner, .variables = match->variables};
	bool fits;

	if (from < 0 || from >= (int64_t)match->data.len || bytes <= 0)
		return false;
	if (!match->room->decoded)
		match->room->decoded = malloc(BASE64_BYTES_MAX);
	if (!match->room->decoded)
		return false;
	if (bytes > (int64_t)match->data.len - from)
		bytes = (int64_t)match->data.len - from;
	if (bytes > BASE64_BYTES_MAX)
		bytes = BASE64_BYTES_MAX;
	inner.data = (struct span){match->data.data + from, (uint32_t)bytes};
	inner.data.len = base64_decode(inner.data, match->room->decoded);
	inner.data.data = match->room->decoded;
	if (!inner.data.len || !inner.list)
		return inner.data.len > 0;
	/* Both walks share one allowance. */
	inner.steps = match->steps;
	fits = match_nodes(&inner, 0, 0) == MATCH_YES;
	match->steps = inner.steps;
	return fits;
}

static bool match_asn1(const struct match *match, const struct rule_node *node, uint32_t at)
{
	int64_t from = node->asn1.offset + (node->relative ? (int64_t)at : 0);

	if (from < 0 || from >= (int64_t)match->data.len)
		return false;
	return asn1_fault(&node->asn1,
			  (struct span){match->data.data + from, match->data.len - (uint32_t)from});
}

static bool match_number_buffer(const struct match *match, const struct rule_node *node)
{
	const uint8_t *data = match->data.data;
	uint32_t value;

	if (match->data.len != 4)
		return false;
	value = (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3];
	switch (node->size.op) {
	case RANGE_BEFORE_NOW:
		return value < match->room->now_s;
	case RANGE_NOT_BEFORE_NOW:
		return value >= match->room->now_s;
	case RANGE_NOT_BEHIND_NOW:
		return value <= match->room->now_s;
	default:
		return match_range(&node->size, value);
	}
}

/* From node i on, with the last match ending at `at`. The recursion is as deep as the list is long. */
static enum match_result match_nodes(struct match *match, unsigned int i, uint32_t at)
{
	const struct rule_node *node;
	bool fits = false;

	if (i == match->list->node_count)
		return MATCH_YES;
	if (++match->steps > MATCH_STEPS_MAX)
		return MATCH_STOP;
	node = &match->list->nodes[i];
	switch (node->kind) {
	case NODE_CONTENT:
		return match_content(match, i, at);
	case NODE_PCRE:
		return match_pcre(match, i, at);
	case NODE_BYTE_TEST:
	case NODE_BYTE_JUMP:
	case NODE_BYTE_EXTRACT:
	case NODE_BYTE_MATH:
		fits = match_byte_node(match, node, &at);
		break;
	case NODE_ISDATAAT:
		fits = match_data_at(match, node, at) != node->negated;
		break;
	case NODE_SIZE:
		fits = match_range(&node->size, match->data.len - (node->relative ? at : 0));
		break;
	case NODE_ABSENT:
		fits = node->or_else; /* the buffer is there */
		break;
	case NODE_BASE64:
		fits = match_base64(match, node, at);
		break;
	case NODE_NUMBER:
		fits = match_number_buffer(match, node);
		break;
	case NODE_DATASET:
		fits = match_data(&node->data, match->data, match->room->commit);
		break;
	case NODE_ASN1:
		fits = match_asn1(match, node, at);
		break;
	}
	if (!fits)
		return node->relative || node->variable ? MATCH_NO : MATCH_STOP;
	return match_nodes(match, i + 1, at);
}

bool match_list(struct match_room *room, const struct rule_list *list, struct span data, uint64_t data_offset,
		uint64_t *variables)
{
	static const uint8_t nothing[1];
	struct match match = {room, list, data, data_offset, variables, 0};
	bool fits;

	if (!data.len)
		match.data.data = nothing;
	fits = match_nodes(&match, 0, 0) == MATCH_YES;
	room->stats.steps_exceeded += !fits && match.steps > MATCH_STEPS_MAX;
	return fits;
}
