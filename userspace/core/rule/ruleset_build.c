// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ruleset_build.c - from parsed rules to what the matcher runs: the order
 * of inspection, and for every place where data appears the literals that
 * lead to rules.
 */
#include "ruleset_build.h"

#include <errno.h>
#include <linux/in.h>
#include <stdio.h>
#include <string.h>

#include "ruleset_cache.h"

int ruleset_each_mpm(struct ruleset *set, mpm_visit_fn fn, void *arg)
{
	int err = 0;

	for (int dir = 0; dir < 2 && !err; dir++) {
		for (int class = 0; class < LANE_CLASS_MAX && !err; class ++)
			err = payload_lanes_each(&set->packet[class][dir], fn, arg);
		if (!err)
			err = payload_lanes_each(&set->stream[dir], fn, arg);
		for (uint32_t i = 0; i < set->tx_lane_count[dir] && !err; i++)
			err = fn(&set->tx_lanes[dir][i].mpm, arg);
	}
	return err;
}

static void tx_lane_clear(struct tx_lane *lane)
{
	mpm_clear(&lane->mpm);
	suffix_index_clear(&lane->suffixes);
}

void ruleset_clear_lanes(struct ruleset *set)
{
	for (int dir = 0; dir < 2; dir++) {
		for (int class = 0; class < LANE_CLASS_MAX; class ++) {
			payload_lanes_clear(&set->packet[class][dir]);
			free(set->packet_always[class][dir].rows);
		}
		payload_lanes_clear(&set->stream[dir]);
		free(set->stream_always[dir].rules);
		for (uint32_t i = 0; i < set->tx_lane_count[dir]; i++)
			tx_lane_clear(&set->tx_lanes[dir][i]);
		free(set->tx_lanes[dir]);
		for (int app = 0; app < APP_PROTO_MAX; app++) {
			free(set->tx_always[dir][app].rules);
			free(set->tx_lanes_of[dir][app].lanes);
		}
	}
	free(set->event_rules.rules);
	free(set->once_always.rules);
	address_index_clear(&set->once_src);
	address_index_clear(&set->once_dst);
	address_index_clear(&set->packet_src);
	address_index_clear(&set->packet_dst);
}

/* By action; who sets flowbits before who reads them, the same for flowints and then xbits; then priority,
 * then as read. */
struct rule_order {
	struct rule *rule;
	uint8_t keys[1 + STATE_XBIT + 1];
	uint32_t number;
};

static uint8_t order_state(const struct rule *rule, enum rule_state_kind kind)
{
	bool reads = false, writes = false;

	for (unsigned int i = 0; i < rule->state_count; i++) {
		uint8_t action = rule->states[i].action;
		bool read = action == STATE_ISSET || action == STATE_ISNOTSET || action == STATE_COMPARE;

		if (rule->states[i].kind != kind)
			continue;
		reads |= read;
		writes |= !read;
	}
	return writes ? reads ? 1 : 0 : reads ? 2 : 3;
}

static int order_compare(const void *a, const void *b)
{
	const struct rule_order *x = a, *y = b;
	const struct rule_info *p = &x->rule->info, *q = &y->rule->info;
	int keys = memcmp(x->keys, y->keys, sizeof(x->keys));

	if (keys)
		return keys;
	if (p->priority != q->priority)
		return p->priority < q->priority ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

static struct rule_order order_of(struct rule *rule, uint32_t number, const uint8_t *action_rank)
{
	struct rule_order order = {.rule = rule, .number = number};

	order.keys[0] = action_rank[rule->info.action];
	for (int kind = STATE_FLOWBIT; kind <= STATE_XBIT; kind++)
		order.keys[1 + kind] = order_state(rule, (enum rule_state_kind)kind);
	return order;
}

static int sid_compare(const void *a, const void *b)
{
	const struct rule *const *x = a, *const *y = b;

	if ((*x)->info.sid != (*y)->info.sid)
		return (*x)->info.sid < (*y)->info.sid ? -1 : 1;
	return (*x)->info.gid < (*y)->info.gid ? -1 : (*x)->info.gid > (*y)->info.gid;
}

static int build_order(struct ruleset *set, const uint8_t *action_rank)
{
	AUTO_FREE struct rule_order *order = calloc(set->count + 1u, sizeof(*order));

	set->by_sid = calloc(set->count + 1u, sizeof(struct rule *));
	if (!order || !set->by_sid)
		return -ENOMEM;
	for (uint32_t i = 0; i < set->count; i++)
		order[i] = order_of(set->rules[i], i, action_rank);
	qsort(order, set->count, sizeof(*order), order_compare);
	for (uint32_t i = 0; i < set->count; i++) {
		set->rules[i] = set->by_sid[i] = order[i].rule;
		set->rules[i]->index = i;
	}
	qsort(set->by_sid, set->count, sizeof(struct rule *), sid_compare);
	return 0;
}

/* Numbers the distinct views; lists of rules then name them by number. */
static int build_views(struct ruleset *set, char *why, size_t why_len)
{
	set->views = calloc(RULESET_VIEWS_MAX, sizeof(*set->views));
	if (!set->views)
		return -ENOMEM;
	set->view_count = 1;
	for (uint32_t i = 0; i < set->count; i++) {
		for (unsigned int j = 0; j < set->rules[i]->list_count; j++) {
			struct rule_list *list = &set->rules[i]->lists[j];
			uint32_t k = 0;

			while (k < set->view_count && memcmp(&set->views[k], &list->view, sizeof(list->view)))
				k++;
			if (k == RULESET_VIEWS_MAX) {
				snprintf(why, why_len, "more than %u buffers with distinct transforms",
					 RULESET_VIEWS_MAX);
				return -EINVAL;
			}
			if (k == set->view_count)
				set->views[set->view_count++] = list->view;
			list->view_index = (uint16_t)k;
		}
	}
	return 0;
}

static int run_add(struct rule_run *run, uint32_t rule)
{
	if (run->count == run->room) {
		uint32_t room = run->room ? run->room * 2 : 16;
		uint32_t *rules = realloc(run->rules, room * sizeof(*rules));

		if (!rules)
			return -ENOMEM;
		run->rules = rules;
		run->room = room;
	}
	run->rules[run->count++] = rule;
	return 0;
}

static struct packet_gate gate_of(const struct rule *rule)
{
	struct packet_gate gate = {.rule = rule->index, .src_high = UINT16_MAX, .dst_high = UINT16_MAX};

	if (!rule->both_ways) {
		gate.src_low = (uint16_t)rule->sport->ranges[0].from;
		gate.src_high = (uint16_t)rule->sport->ranges[rule->sport->count - 1].to;
		gate.dst_low = (uint16_t)rule->dport->ranges[0].from;
		gate.dst_high = (uint16_t)rule->dport->ranges[rule->dport->count - 1].to;
	}
	for (unsigned int i = 0; i < rule->test_count; i++) {
		const struct rule_test *test = &rule->tests[i];

		if (test->kind != TEST_FLAGS || test->negated || test->mode == '*')
			continue;
		gate.flags = (uint8_t)test->range.low;
		gate.flags_mask = test->mode == '+' ? gate.flags : (uint8_t)~test->ignored;
	}
	return gate;
}

static int gates_add(struct packet_gates *gates, const struct rule *rule)
{
	if (gates->count == gates->room) {
		uint32_t room = gates->room ? gates->room * 2 : 16;
		struct packet_gate *rows = realloc(gates->rows, room * sizeof(*rows));

		if (!rows)
			return -ENOMEM;
		gates->rows = rows;
		gates->room = room;
	}
	gates->rows[gates->count++] = gate_of(rule);
	return 0;
}

/* How much of the address space; small sets are worth an index. */
static double build_volume(const struct range_set *set)
{
	double volume = 0;

	for (uint32_t i = 0; i < set->count; i++)
		volume += (double)(set->ranges[i].to - set->ranges[i].from) + 1;
	return volume;
}

static int build_headers_only(struct ruleset *set, const struct rule *rule,
			      const bool classes[LANE_CLASS_MAX])
{
	const double small = 1u << 20; /* addresses */
	double src = build_volume(rule->src), dst = build_volume(rule->dst);
	bool by_src = src <= dst;
	int err = 0;

	if (!rule->both_ways && (by_src ? src : dst) <= small) {
		if (by_src)
			return address_index_add(rule->ip_only ? &set->once_src : &set->packet_src, rule->src,
						 rule->index);
		return address_index_add(rule->ip_only ? &set->once_dst : &set->packet_dst, rule->dst,
					 rule->index);
	}
	if (rule->ip_only)
		return run_add(&set->once_always, rule->index);
	for (int class = 0; class < LANE_CLASS_MAX && !err; class ++) {
		for (int dir = 0; dir < 2 && !err; dir++) {
			if (classes[class] && rule->directions & 1 << dir)
				err = gates_add(&set->packet_always[class][dir], rule);
		}
	}
	return err;
}

static int build_packet_rule(struct ruleset *set, const struct rule *rule)
{
	bool classes[LANE_CLASS_MAX] = {
		[LANE_TCP] = (!rule->protocol || rule->protocol == IPPROTO_TCP) && rule->tcp_packets,
		[LANE_UDP] = !rule->protocol || rule->protocol == IPPROTO_UDP,
		[LANE_OTHER] = rule->protocol != IPPROTO_TCP && rule->protocol != IPPROTO_UDP,
	};
	int err = 0;

	if (rule->event_packet)
		return run_add(&set->event_rules, rule->index);
	if (!rule->list_count)
		return build_headers_only(set, rule, classes);
	for (int class = 0; class < LANE_CLASS_MAX && !err; class ++) {
		for (int dir = 0; dir < 2 && !err; dir++) {
			if (!classes[class] || !(rule->directions & 1 << dir))
				continue;
			err = rule->fast_list < 0
				      ? gates_add(&set->packet_always[class][dir], rule)
				      : payload_lanes_add(&set->packet[class][dir], rule, dir, true);
		}
	}
	return err;
}

/* Buffers that offer the same bytes as another does: one search answers for both. */
static const struct {
	uint8_t buffer, same;
} build_twins[] = {
	{BUFFER_HTTP_RESPONSE_BODY, BUFFER_FILE_DATA},
	{BUFFER_HTTP_REQUEST_BODY, BUFFER_FILE_DATA},
};

static int tx_lane_of(struct ruleset *set, int dir, uint16_t view)
{
	uint32_t i = 0;

	while (i < set->tx_lane_count[dir] && set->tx_lanes[dir][i].view != view)
		i++;
	if (i == set->tx_lane_count[dir])
		set->tx_lanes[dir][set->tx_lane_count[dir]++] = (struct tx_lane){.view = view, .twin = -1};
	return (int)i;
}

/* The view of buffer as it is, -1 when no rule looks at it. */
static int build_plain_view(const struct ruleset *set, uint8_t buffer)
{
	for (uint32_t i = 0; i < set->view_count; i++) {
		if (set->views[i].buffer == buffer && !set->views[i].transform_count)
			return (int)i;
	}
	return -1;
}

/* Ends of bodies are looked for like all else in them: they grow, and may be left to a twin. */
static bool build_by_suffix(const struct rule_list *list, const struct rule_node *node)
{
	for (size_t i = 0; i < ARRAY_LEN(build_twins); i++) {
		if (list->view.buffer == build_twins[i].buffer)
			return false;
	}
	return buffer_infos[list->view.buffer].proto != APP_UNKNOWN && !node->relative && !node->negated &&
	       suffix_fits(list, &node->content);
}

static int build_tx_rule(struct ruleset *set, const struct rule *rule, int dir)
{
	const struct rule_list *list;
	const struct node_content *content;
	struct mpm_pattern pattern;
	int err = 0, lane, twin;

	if (rule->fast_list < 0) {
		for (int app = 0; app < APP_PROTO_MAX && !err; app++) {
			if (rule->app == APP_UNKNOWN || rule->app == app ||
			    (rule->app == APP_SMB && app == APP_DCERPC)) /* in pipes */
				err = run_add(&set->tx_always[dir][app], rule->index);
		}
		return err;
	}
	list = &rule->lists[rule->fast_list];
	content = &list->nodes[rule->fast_node].content;
	pattern = (struct mpm_pattern){
		.data = content->data + content->chop_offset,
		.len = content->chop_len,
		.nocase = content->nocase,
		.rule = rule->index,
	};
	lane = tx_lane_of(set, dir, list->view_index);
	if (build_by_suffix(list, &list->nodes[rule->fast_node]))
		return suffix_index_add(&set->tx_lanes[dir][lane].suffixes, content, rule->index);
	for (size_t i = 0; i < ARRAY_LEN(build_twins) && !err; i++) {
		if (list->view.transform_count || list->view.buffer != build_twins[i].buffer ||
		    build_plain_view(set, build_twins[i].same) < 0)
			continue;
		twin = tx_lane_of(set, dir, (uint16_t)build_plain_view(set, build_twins[i].same));
		set->tx_lanes[dir][lane].twin = twin;
		err = mpm_add(&set->tx_lanes[dir][twin].mpm, &pattern);
	}
	return err ? err : mpm_add(&set->tx_lanes[dir][lane].mpm, &pattern);
}

/* Lanes that leave their search to a twin come first: the twin then searches in the same run. */
static void build_lane_order(struct ruleset *set, int dir)
{
	struct tx_lane *lanes = set->tx_lanes[dir];
	uint32_t first = 0;

	for (uint32_t i = 0; i < set->tx_lane_count[dir]; i++) {
		struct tx_lane lane = lanes[i];

		if (lane.twin < 0)
			continue;
		memmove(&lanes[first + 1], &lanes[first], (i - first) * sizeof(*lanes));
		lanes[first++] = lane;
	}
	for (uint32_t i = 0; i < first; i++) {
		uint8_t buffer = set->views[lanes[i].view].buffer;

		for (size_t j = 0; j < ARRAY_LEN(build_twins); j++) {
			if (build_twins[j].buffer == buffer)
				lanes[i].twin = tx_lane_of(
					set, dir, (uint16_t)build_plain_view(set, build_twins[j].same));
		}
	}
}

/* Dozens of lanes are of other protocols: a transaction does not look at each of them for every piece of
 * data. */
static int build_lane_lists(struct ruleset *set, int dir)
{
	for (int app = 0; app < APP_PROTO_MAX; app++) {
		struct lane_list *list = &set->tx_lanes_of[dir][app];

		list->lanes = calloc(set->tx_lane_count[dir] + 1u, sizeof(*list->lanes));
		if (!list->lanes)
			return -ENOMEM;
		for (uint32_t i = 0; i < set->tx_lane_count[dir]; i++) {
			uint8_t buffer = set->views[set->tx_lanes[dir][i].view].buffer;
			enum app_proto proto = buffer_infos[buffer].proto;

			if (proto == APP_UNKNOWN || proto == (enum app_proto)app)
				list->lanes[list->count++] = (uint16_t)i;
		}
	}
	return 0;
}

static int build_stream_rule(struct ruleset *set, const struct rule *rule, int dir)
{
	if (rule->fast_list < 0)
		return run_add(&set->stream_always[dir], rule->index);
	return payload_lanes_add(&set->stream[dir], rule, dir, false);
}

static int build_lanes(struct ruleset *set)
{
	int err = 0;

	for (int dir = 0; dir < 2; dir++) {
		set->packet[LANE_TCP][dir].paired = set->stream[dir].paired = true;
		set->tx_lanes[dir] = calloc(set->view_count, sizeof(struct tx_lane));
		if (!set->tx_lanes[dir])
			return -ENOMEM;
	}
	for (uint32_t i = 0; i < set->count && !err; i++) {
		const struct rule *rule = set->rules[i];

		if (rule->stages & STAGE_PACKET)
			err = build_packet_rule(set, rule);
		for (int dir = 0; dir < 2 && !err; dir++) {
			if (!(rule->directions & 1 << dir))
				continue;
			if (rule->stages & STAGE_STREAM)
				err = build_stream_rule(set, rule, dir);
			/* A rule about both directions is found by the one that its literal is in. */
			if (rule->whole_tx && rule->fast_list >= 0 &&
			    rule->lists[rule->fast_list].direction != dir)
				continue;
			if (!err && rule->stages & STAGE_TX)
				err = build_tx_rule(set, rule, dir);
		}
	}
	for (int dir = 0; dir < 2 && !err; dir++) {
		build_lane_order(set, dir);
		err = build_lane_lists(set, dir);
	}
	return err;
}

static int build_once(struct mpm *mpm, void *arg)
{
	return mpm_prepare(mpm, true);
}

static int build_repeated(struct mpm *mpm, void *arg)
{
	return mpm_prepare(mpm, false);
}

/* In streams the last place of a literal counts. */
static int build_prepare(struct ruleset *set)
{
	int err = 0;

	for (int dir = 0; dir < 2 && !err; dir++) {
		err = payload_lanes_each(&set->stream[dir], build_repeated, NULL);
		if (!err)
			err = payload_lanes_build(&set->stream[dir]);
		for (int class = 0; class < LANE_CLASS_MAX && !err; class ++)
			err = payload_lanes_build(&set->packet[class][dir]);
	}
	/* What is prepared already stays as it is. */
	return err ? err : ruleset_each_mpm(set, build_once, NULL);
}

struct build_text {
	char *why;
	size_t why_len;
};

/* -EALREADY ends the search: it is found. */
static int build_share_one(struct mpm *from, void *arg)
{
	return mpm_share(arg, from) ? -EALREADY : 0;
}

static int build_share(struct mpm *mpm, void *arg)
{
	(void)!ruleset_each_mpm(arg, build_share_one, mpm);
	return 0;
}

static int build_compile(struct mpm *mpm, void *arg)
{
	const struct build_text *text = arg;

	return mpm_compile(mpm, text->why, text->why_len);
}

static int build_databases(struct ruleset_builder *builder, struct ruleset *set, char *why, size_t why_len)
{
	struct address_index *indexes[] = {&set->once_src, &set->once_dst, &set->packet_src,
					   &set->packet_dst};
	struct build_text text = {why, why_len};
	char name[RULESET_CACHE_NAME_MAX];
	const void *image;
	size_t len;
	int err = build_prepare(set);

	if (err)
		return err;
	cache_key(set, set->cache_key);
	ruleset_cache_name(set, name);
	if (builder->previous)
		(void)!ruleset_each_mpm(set, build_share, builder->previous);
	builder->previous = NULL;
	if (builder->fetch && !builder->fetch(name, &image, &len, builder->fetch_arg))
		set->counts.cached = cache_load(set, set->cache_key, image, len);
	err = ruleset_each_mpm(set, build_compile, &text);
	for (int dir = 0; dir < 2; dir++) {
		for (uint32_t i = 0; i < set->tx_lane_count[dir] && !err; i++)
			err = suffix_index_build(&set->tx_lanes[dir][i].suffixes);
	}
	for (size_t i = 0; i < ARRAY_LEN(indexes) && !err; i++)
		err = address_index_build(indexes[i]);
	if (err == -E2BIG) {
		snprintf(why, why_len, "the address lists of rules without content overlap too much");
		err = -EINVAL;
	}
	return err;
}

int ruleset_build(struct ruleset_builder *builder, struct ruleset **out, char *why, size_t why_len)
{
	CLEANUP(ruleset_free) struct ruleset *set = calloc(1, sizeof(*set));
	double began = ruleset_builder_now(builder);
	int err;

	if (why_len)
		*why = '\0';
	if (!set)
		return -ENOMEM;
	set->references = 1;
	set->arena = builder->arena;
	builder->arena = (struct arena){0};
	set->rules = TAKE_PTR(builder->rules);
	set->count = builder->count;
	set->counts = (struct ruleset_counts){.loaded = builder->count, .failed = builder->failed};
	builder->count = builder->room = builder->failed = 0;
	for (uint32_t i = 0; i < set->count; i++)
		set->rules[i]->info.severity = severity_of(&builder->severities, &set->rules[i]->info);
	set->flowbit_count = rule_names_count(builder->names, STATE_FLOWBIT);
	set->flowint_count = rule_names_count(builder->names, STATE_FLOWINT);
	/* The builder's groups and classes pointed into the arena: it starts over as if new. */
	rule_groups_forget(&builder->groups);
	classification_init(&builder->classes);
	reference_init(&builder->references);
	free(TAKE_PTR(builder->sids));
	builder->sid_room = 0;
	set->texts = TAKE_PTR(builder->texts);
	text_pool_close(set->texts);
	set->transforms = TAKE_PTR(builder->transforms);
	set->datasets = TAKE_PTR(builder->datasets);
	set->reputation = TAKE_PTR(builder->reputation);
	reputation_finish(set->reputation);
	builder->file_count = 0;
	err = ruleset_builder_fill(builder);
	if (err)
		return err;
	set->thresholds = builder->thresholds;
	builder->thresholds = (struct threshold_table){0};
	err = build_order(set, builder->action_rank);
	if (!err)
		err = threshold_apply(&set->thresholds, &set->arena, set->by_sid, set->count);
	if (!err)
		err = build_views(set, why, why_len);
	if (!err)
		err = build_lanes(set);
	if (!err)
		err = build_databases(builder, set, why, why_len);
	if (err)
		return err;
	set->counts.load_ms = builder->load_ms + ruleset_builder_now(builder) - began;
	builder->load_ms = 0;
	*out = TAKE_PTR(set);
	return 0;
}
