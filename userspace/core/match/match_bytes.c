// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * match_bytes.c - reads binary or written numbers within bounds.
 */
#include "match_bytes.h"

#include <ctype.h>

/* A number written in digits; leading blanks count, anything else ends it. *used: bytes it took. */
static bool bytes_text(const uint8_t *data, int64_t count, unsigned int base, uint64_t *value, int64_t *used)
{
	int64_t i = 0;
	bool any = false;

	*value = 0;
	while (i < count && isspace(data[i]))
		i++;
	if (base == 16 && count - i > 2 && data[i] == '0' && (data[i + 1] | 32) == 'x')
		i += 2;
	for (; i < count; i++) {
		unsigned int digit = isdigit(data[i])	 ? (unsigned int)data[i] - '0'
				     : isxdigit(data[i]) ? (unsigned int)(data[i] | 32) - 'a' + 10
							 : 255u;

		if (digit >= base)
			break;
		if (__builtin_mul_overflow(*value, (uint64_t)base, value) ||
		    __builtin_add_overflow(*value, digit, value))
			return false;
		any = true;
	}
	*used = i;
	return any;
}

static uint64_t bytes_mask(const struct node_bytes *bytes, uint64_t value)
{
	if (!bytes->bitmask)
		return value;
	return (value & bytes->bitmask) >> __builtin_ctz(bytes->bitmask);
}

/* Reads the node's number; *end is the place behind it. */
static bool bytes_read(const struct rule_node *node, struct span data, uint32_t at,
		       const struct bytes_numbers *numbers, uint64_t *value, int64_t *end)
{
	const struct node_bytes *bytes = &node->bytes;
	int64_t place = numbers->offset + (node->relative ? (int64_t)at : 0), used = numbers->count;

	if (place < 0 || numbers->count < 0 || numbers->count > (int64_t)data.len ||
	    place > (int64_t)data.len - numbers->count)
		return false;
	if (bytes->base) {
		if (!bytes_text(data.data + place, numbers->count, bytes->base, value, &used))
			return false;
	} else {
		if (numbers->count < 1 || numbers->count > 8)
			return false;
		*value = 0;
		for (int64_t i = 0; i < numbers->count; i++) {
			int64_t from = numbers->little ? numbers->count - 1 - i : i;

			*value = *value << 8 | data.data[place + from];
		}
	}
	if (!bytes->mask_result)
		*value = bytes_mask(bytes, *value);
	*end = place + used;
	return true;
}

bool bytes_test(const struct rule_node *node, struct span data, uint32_t at,
		const struct bytes_numbers *numbers)
{
	uint64_t value;
	int64_t end;
	bool fits = false;

	if (!bytes_read(node, data, at, numbers, &value, &end))
		return false;
	switch (node->bytes.op) {
	case BYTE_LT:
		fits = value < numbers->value;
		break;
	case BYTE_GT:
		fits = value > numbers->value;
		break;
	case BYTE_EQ:
		fits = value == numbers->value;
		break;
	case BYTE_LE:
		fits = value <= numbers->value;
		break;
	case BYTE_GE:
		fits = value >= numbers->value;
		break;
	case BYTE_AND:
		fits = (value & numbers->value) != 0;
		break;
	case BYTE_OR:
		fits = (value ^ numbers->value) != 0;
		break;
	}
	return fits != node->negated;
}

bool bytes_jump(const struct rule_node *node, struct span data, uint32_t *at,
		const struct bytes_numbers *numbers)
{
	const struct node_bytes *bytes = &node->bytes;
	uint64_t value;
	int64_t place;

	if (numbers->count) {
		if (!bytes_read(node, data, *at, numbers, &value, &place))
			return false;
	} else {
		value = 0;
		place = numbers->offset + (node->relative ? (int64_t)*at : 0);
	}
	if (__builtin_mul_overflow(value, (uint64_t)bytes->multiplier, &value) || value > UINT32_MAX)
		return false;
	if (bytes->align_to && value % bytes->align_to)
		value += bytes->align_to - value % bytes->align_to;
	if (bytes->from_beginning)
		place = 0;
	else if (bytes->from_end)
		place = data.len;
	place += (int64_t)value + bytes->post_offset;
	if (place > (int64_t)data.len)
		return false;
	*at = place < 0 ? 0 : (uint32_t)place; /* before the beginning is at it, as in Suricata */
	return true;
}

/* Modulo 2^64, as in Suricata: what is less than nothing is very much. */
static bool bytes_calculate(uint8_t op, uint64_t left, uint64_t right, uint64_t *out)
{
	switch (op) {
	case BYTE_ADD:
		*out = left + right;
		return true;
	case BYTE_SUB:
		*out = left - right;
		return true;
	case BYTE_MUL:
		*out = left * right;
		return true;
	case BYTE_DIV:
		*out = right ? left / right : 0;
		return right != 0;
	case BYTE_LEFT:
		*out = right < 64 ? left << right : 0;
		return true;
	case BYTE_RIGHT:
		*out = right < 64 ? left >> right : 0;
		return true;
	}
	return false;
}

bool bytes_extract(const struct rule_node *node, struct span data, uint32_t *at,
		   const struct bytes_numbers *numbers, uint64_t *result)
{
	const struct node_bytes *bytes = &node->bytes;
	uint64_t value;
	int64_t end;

	if (!bytes_read(node, data, *at, numbers, &value, &end))
		return false;
	if (node->kind == NODE_BYTE_MATH) {
		if (!bytes_calculate(bytes->op, value, numbers->value, &value))
			return false;
		if (bytes->mask_result)
			value = bytes_mask(bytes, value);
	} else {
		if (__builtin_mul_overflow(value, (uint64_t)bytes->multiplier, &value))
			return false;
		if (bytes->align_to && value % bytes->align_to)
			value += bytes->align_to - value % bytes->align_to;
	}
	*result = value;
	*at = (uint32_t)end;
	return true;
}
