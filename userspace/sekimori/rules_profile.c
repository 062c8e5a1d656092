// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rules_profile.c - the table of `sekimori rules profile`.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "client.h"
#include "rules_profile.h"

struct profile_line {
	const struct rule_info *rule;
	struct detect_profile cost;
};

uint64_t rules_profile_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int profile_compare(const void *a, const void *b)
{
	const struct profile_line *x = a, *y = b;

	if (x->cost.ns != y->cost.ns)
		return x->cost.ns > y->cost.ns ? -1 : 1;
	if (x->rule->sid != y->rule->sid)
		return x->rule->sid < y->rule->sid ? -1 : 1;
	return x->rule->gid < y->rule->gid ? -1 : x->rule->gid > y->rule->gid;
}

static void profile_json(const struct profile_line *lines, uint32_t count, uint32_t loaded)
{
	AUTO_JSON json_t *rows = json_array(), *root = NULL;

	for (uint32_t i = 0; i < count; i++)
		json_array_append_new(
			rows, json_pack("{sI sI sI sI sI ss%}", "sid", (json_int_t)lines[i].rule->sid, "gid",
					(json_int_t)lines[i].rule->gid, "checks",
					(json_int_t)lines[i].cost.checks, "matches",
					(json_int_t)lines[i].cost.matches, "ns", (json_int_t)lines[i].cost.ns,
					"msg", lines[i].rule->msg, strlen(lines[i].rule->msg)));
	root = json_pack("{sI sO}", "loaded", (json_int_t)loaded, "rules", rows);
	client_print_json(root);
}

static void profile_text(const struct profile_line *lines, uint32_t count, uint32_t loaded)
{
	printf("%10s %10s %14s %10s  %-10s %s\n", "checks", "matches", "ns", "ns/check", "sid", "message");
	for (uint32_t i = 0; i < count; i++)
		printf("%10" PRIu64 " %10" PRIu64 " %14" PRIu64 " %10" PRIu64 "  %-10u %s\n",
		       lines[i].cost.checks, lines[i].cost.matches, lines[i].cost.ns,
		       lines[i].cost.ns / lines[i].cost.checks, lines[i].rule->sid, lines[i].rule->msg);
	printf("%u of %u rules were looked at; the search that leads to them is shared and not among their "
	       "time\n",
	       count, loaded);
}

int rules_profile_print(const struct inspector *inspector, const struct ruleset *set, bool json)
{
	AUTO_FREE struct profile_line *lines = NULL;
	struct ruleset_counts counts;
	uint32_t used = 0;

	ruleset_count(set, &counts);
	lines = calloc(counts.loaded + 1u, sizeof(*lines));
	if (!lines)
		return -ENOMEM;
	for (uint32_t i = 0; i < counts.loaded; i++) {
		const struct detect_profile *cost = inspector_profile_of(inspector, i);

		if (cost && cost->checks)
			lines[used++] = (struct profile_line){ruleset_at(set, i), *cost};
	}
	qsort(lines, used, sizeof(*lines), profile_compare);
	if (json)
		profile_json(lines, used, counts.loaded);
	else
		profile_text(lines, used, counts.loaded);
	return 0;
}
