/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * match_bytes.h - numbers in hostile data: reading, comparing, jumping.
 */
#ifndef CORE_MATCH_BYTES_H
#define CORE_MATCH_BYTES_H

#include "core/flow/packet.h"
#include "core/rule/rule.h"

struct bytes_numbers { /* the node's numbers with variables filled in */
	int64_t count, offset;
	uint64_t value;
	bool little;
};

/* false also where the data does not hold the number. at: end of the last match. */
bool bytes_test(const struct rule_node *node, struct span data, uint32_t at,
		const struct bytes_numbers *numbers);
/* *at becomes the place that the number points to, at most the end of data. */
bool bytes_jump(const struct rule_node *node, struct span data, uint32_t *at,
		const struct bytes_numbers *numbers);
/* byte_extract and byte_math: *at moves behind the number. */
bool bytes_extract(const struct rule_node *node, struct span data, uint32_t *at,
		   const struct bytes_numbers *numbers, uint64_t *result);

#endif
