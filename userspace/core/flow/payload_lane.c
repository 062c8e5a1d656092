// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * payload_lane.c - distributes the literals of rules to lanes: by what a
 * packet's ports and a stream's protocol let the rule's header decide.
 */
#include "payload_lane.h"

#include <errno.h>
#include <string.h>

#define LANE_PORTS_MAX	64u   /* rules for more ports than this count as rules for any */
#define LANE_PLACES_MAX 4u    /* so many places are compared one by one */
#define LANE_HEAD_MAX	1024u /* literals that may end later than this are searched everywhere */

static const struct {
	enum app_proto app;
	uint16_t port;
} payload_pairs[PAIR_MAX] = {
	[PAIR_HTTP] = {APP_HTTP, 80},
};

/* The literal as the matcher looks for it: what is left of the fast pattern. */
static struct mpm_pattern lane_pattern(const struct rule *rule, const struct rule_node *node)
{
	const struct node_content *content = &node->content;
	uint32_t len = content->chop_len < MPM_PATTERN_MAX ? content->chop_len : MPM_PATTERN_MAX, behind;
	struct mpm_pattern pattern = {
		.data = content->data + content->chop_offset,
		.len = (uint16_t)len,
		.nocase = content->nocase,
		.rule = rule->index,
	};
	int64_t low, high;

	if (node->relative || node->negated || !content->has_depth || content->depth.variable >= 0 ||
	    (content->has_offset && content->offset.variable >= 0))
		return pattern;
	low = content->has_offset ? content->offset.value : 0;
	high = low + content->depth.value;
	if (low < 0 || high <= 0 || high > LANE_HEAD_MAX)
		return pattern;
	/* Found at low at the earliest, ending at high at the latest; of it, the literal is a piece. */
	behind = content->len - content->chop_offset - len;
	pattern.first_end = (uint32_t)low + content->chop_offset + len;
	pattern.last_end = high > behind ? (uint32_t)high - behind : 1;
	return pattern;
}

/* Of a rule judged packet by packet, the longest literal at a fixed place is as good as the chosen one. */
static struct mpm_pattern lane_packet_pattern(const struct rule *rule)
{
	const struct rule_list *list = &rule->lists[rule->fast_list];
	struct mpm_pattern best = lane_pattern(rule, &list->nodes[rule->fast_node]);

	for (unsigned int i = 0; i < list->node_count; i++) {
		const struct rule_node *node = &list->nodes[i];
		struct mpm_pattern pattern;

		if (node->kind != NODE_CONTENT || !node->content.chop_len)
			continue;
		pattern = lane_pattern(rule, node);
		if (pattern.last_end && (!best.last_end || pattern.len > best.len))
			best = pattern;
	}
	return best;
}

/* What only counts near the beginning is not worth to be held twice. */
static int lanes_add_pair(struct payload_lanes *lanes, int pair, const struct mpm_pattern *pattern)
{
	return lanes->paired && !pattern->last_end ? mpm_add(&lanes->pairs[pair], pattern) : 0;
}

static int lane_add(struct payload_lane *lane, const struct mpm_pattern *pattern)
{
	int err = 0;

	if (!pattern->last_end)
		return mpm_add(&lane->anywhere, pattern);
	if (pattern->last_end - pattern->first_end >= LANE_PLACES_MAX &&
	    pattern->last_end >= pattern->first_end)
		return mpm_add(&lane->head, pattern);
	for (uint32_t end = pattern->first_end; end <= pattern->last_end && !err; end++)
		err = place_index_add(&lane->places, pattern, end - pattern->len);
	return err;
}

/* The number of ports in set, UINT32_MAX when there are more than a lane each is worth. */
static uint32_t lane_port_count(const struct range_set *set)
{
	uint64_t count = 0;

	for (uint32_t i = 0; i < set->count && count <= LANE_PORTS_MAX; i++)
		count += (uint64_t)(set->ranges[i].to - set->ranges[i].from) + 1;
	return count <= LANE_PORTS_MAX ? (uint32_t)count : UINT32_MAX;
}

/* First row whose port is not below port. */
static uint32_t port_lanes_at(const struct port_lanes *lanes, uint16_t port)
{
	uint32_t low = 0, high = lanes->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (lanes->rows[middle].port < port)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const struct payload_lane *port_lanes_find(const struct port_lanes *lanes, uint16_t port)
{
	uint32_t at = port_lanes_at(lanes, port);

	return at < lanes->count && lanes->rows[at].port == port ? &lanes->rows[at].lane : NULL;
}

static int port_lanes_add(struct port_lanes *lanes, uint16_t port, const struct mpm_pattern *pattern)
{
	uint32_t at = port_lanes_at(lanes, port);

	if (at == lanes->count || lanes->rows[at].port != port) {
		if (lanes->count == lanes->room) {
			uint32_t room = lanes->room ? lanes->room * 2 : 16;
			struct port_lane *rows = realloc(lanes->rows, room * sizeof(*rows));

			if (!rows)
				return -ENOMEM;
			lanes->rows = rows;
			lanes->room = room;
		}
		memmove(&lanes->rows[at + 1], &lanes->rows[at], (lanes->count - at) * sizeof(*lanes->rows));
		lanes->rows[at] = (struct port_lane){.port = port};
		lanes->count++;
	}
	return lane_add(&lanes->rows[at].lane, pattern);
}

static int lanes_add_ports(struct payload_lanes *lanes, struct port_lanes *by, const struct range_set *set,
			   enum direction dir, const struct mpm_pattern *pattern)
{
	/* The service is the source of what goes to the client. */
	bool service = by == (dir == TO_CLIENT ? &lanes->by_src : &lanes->by_dst);
	int err = 0;

	for (uint32_t i = 0; i < set->count; i++) {
		for (range_value port = set->ranges[i].from; port <= set->ranges[i].to && !err; port++)
			err = port_lanes_add(by, (uint16_t)port, pattern);
	}
	for (int pair = 0; service && pair < PAIR_MAX && !err; pair++) {
		if (range_set_has(set, payload_pairs[pair].port))
			err = lanes_add_pair(lanes, pair, pattern);
	}
	return err;
}

int payload_lanes_add(struct payload_lanes *lanes, const struct rule *rule, enum direction dir, bool packets)
{
	struct mpm_pattern pattern =
		packets ? lane_packet_pattern(rule)
			: lane_pattern(rule, &rule->lists[rule->fast_list].nodes[rule->fast_node]);
	uint32_t src = lane_port_count(rule->sport), dst = lane_port_count(rule->dport);
	int err;

	if (rule->app_required) {
		err = lane_add(&lanes->apps[rule->app], &pattern);
		if (!err)
			err = lane_add(&lanes->apps[APP_UNKNOWN], &pattern);
		for (int pair = 0; pair < PAIR_MAX && !err; pair++) {
			if (payload_pairs[pair].app == rule->app)
				err = lanes_add_pair(lanes, pair, &pattern);
		}
		return err;
	}
	/* With <> the ports may be either way round. */
	if (!rule->both_ways && src < dst)
		return lanes_add_ports(lanes, &lanes->by_src, rule->sport, dir, &pattern);
	if (!rule->both_ways && dst != UINT32_MAX)
		return lanes_add_ports(lanes, &lanes->by_dst, rule->dport, dir, &pattern);
	err = lane_add(&lanes->any, &pattern);
	for (int pair = 0; pair < PAIR_MAX && !err; pair++)
		err = lanes_add_pair(lanes, pair, &pattern);
	return err;
}

void payload_lanes_choose(const struct payload_lanes *lanes, enum direction dir, enum app_proto app,
			  uint16_t src_port, uint16_t dst_port, struct payload_choice *out)
{
	uint16_t service = dir == TO_CLIENT ? src_port : dst_port;
	const struct payload_lane *chosen[] = {
		&lanes->any,
		&lanes->apps[app],
		port_lanes_find(&lanes->by_src, src_port),
		port_lanes_find(&lanes->by_dst, dst_port),
	};
	int pair = lanes->paired ? 0 : PAIR_MAX, client = dir == TO_CLIENT ? 3 : 2;

	out->mpm_count = out->place_count = 0;
	while (pair < PAIR_MAX && (payload_pairs[pair].app != app || payload_pairs[pair].port != service))
		pair++;
	if (pair < PAIR_MAX)
		out->mpms[out->mpm_count++] = &lanes->pairs[pair];
	for (int i = 0; i < (int)ARRAY_LEN(chosen); i++) {
		if (!chosen[i])
			continue;
		if (chosen[i]->places.row_count)
			out->places[out->place_count++] = &chosen[i]->places;
		if (chosen[i]->head.literal_count)
			out->mpms[out->mpm_count++] = &chosen[i]->head;
		/* All but the client's port is among the pair's literals. */
		if (chosen[i]->anywhere.literal_count && (pair == PAIR_MAX || i == client))
			out->mpms[out->mpm_count++] = &chosen[i]->anywhere;
	}
}

/* Calls fn for each lane, in the same order for the same rules. */
static int lanes_each(struct payload_lanes *lanes, int (*fn)(struct payload_lane *lane, void *arg), void *arg)
{
	struct port_lanes *ports[] = {&lanes->by_src, &lanes->by_dst};
	int err = fn(&lanes->any, arg);

	for (int app = 0; app < APP_PROTO_MAX && !err; app++)
		err = fn(&lanes->apps[app], arg);
	for (size_t by = 0; by < ARRAY_LEN(ports); by++) {
		for (uint32_t i = 0; i < ports[by]->count && !err; i++)
			err = fn(&ports[by]->rows[i].lane, arg);
	}
	return err;
}

static int lane_build(struct payload_lane *lane, void *arg)
{
	return place_index_build(&lane->places);
}

int payload_lanes_build(struct payload_lanes *lanes)
{
	return lanes_each(lanes, lane_build, NULL);
}

struct lane_visit {
	mpm_visit_fn fn;
	void *arg;
};

static int lane_visit(struct payload_lane *lane, void *arg)
{
	const struct lane_visit *visit = arg;
	int err = visit->fn(&lane->anywhere, visit->arg);

	return err ? err : visit->fn(&lane->head, visit->arg);
}

int payload_lanes_each(struct payload_lanes *lanes, mpm_visit_fn fn, void *arg)
{
	struct lane_visit visit = {fn, arg};
	int err = lanes_each(lanes, lane_visit, &visit);

	for (int pair = 0; pair < PAIR_MAX && !err; pair++)
		err = fn(&lanes->pairs[pair], arg);
	return err;
}

static int lane_clear(struct payload_lane *lane, void *arg)
{
	mpm_clear(&lane->anywhere);
	mpm_clear(&lane->head);
	place_index_clear(&lane->places);
	return 0;
}

void payload_lanes_clear(struct payload_lanes *lanes)
{
	(void)!lanes_each(lanes, lane_clear, NULL);
	for (int pair = 0; pair < PAIR_MAX; pair++)
		mpm_clear(&lanes->pairs[pair]);
	free(lanes->by_src.rows);
	free(lanes->by_dst.rows);
	*lanes = (struct payload_lanes){0};
}
