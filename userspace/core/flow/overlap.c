// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * overlap.c - the table of receivers.
 */
#include "overlap.h"

#include <errno.h>
#include <string.h>

static const struct {
	const char *name;
	uint16_t segments, fragments;
} overlap_rows[OVERLAP_POLICY_MAX] = {
#define X(id, text, tcp, ip) [OVERLAP_##id] = {text, tcp, ip},
	OVERLAP_POLICIES(X)
#undef X
};

static unsigned int cell(int32_t begin, int32_t end)
{
	return OVERLAP_CELL(begin < 0 ? 0 : begin > 0 ? 2 : 1, end < 0 ? 0 : end > 0 ? 2 : 1);
}

bool overlap_segment_wins(enum overlap_policy policy, int32_t begin, int32_t end)
{
	return overlap_rows[policy].segments & cell(begin, end);
}

bool overlap_fragment_wins(enum overlap_policy policy, int32_t begin, int32_t end)
{
	return overlap_rows[policy].fragments & cell(begin, end);
}

int overlap_policy_find(const char *name, enum overlap_policy *out)
{
	for (unsigned int i = 0; i < OVERLAP_POLICY_MAX; i++) {
		if (!strcmp(overlap_rows[i].name, name)) {
			*out = (enum overlap_policy)i;
			return 0;
		}
	}
	return -EINVAL;
}

const char *overlap_policy_name(enum overlap_policy policy)
{
	return overlap_rows[policy].name;
}

int overlap_hosts_add(struct overlap_hosts *hosts, const struct prefix *prefix, enum overlap_policy policy)
{
	for (uint32_t i = 0; i < hosts->count; i++) {
		if (!prefix_compare(&hosts->rows[i].prefix, prefix)) {
			hosts->rows[i].policy = (uint8_t)policy;
			return 0;
		}
	}
	if (hosts->count == OVERLAP_HOSTS_MAX)
		return -ENOSPC;
	hosts->rows[hosts->count].prefix = *prefix;
	hosts->rows[hosts->count++].policy = (uint8_t)policy;
	return 0;
}

enum overlap_policy overlap_hosts_find(const struct overlap_hosts *hosts, const struct seki_addr *receiver)
{
	struct prefix host = {.len = 128};
	int best = -1;
	enum overlap_policy policy = OVERLAP_BSD;

	if (!hosts || !hosts->count)
		return policy;
	memcpy(host.addr, receiver->b, sizeof(host.addr));
	for (uint32_t i = 0; i < hosts->count; i++) {
		if (hosts->rows[i].prefix.len > best && prefix_contains(&hosts->rows[i].prefix, &host)) {
			best = hosts->rows[i].prefix.len;
			policy = (enum overlap_policy)hosts->rows[i].policy;
		}
	}
	return policy;
}
