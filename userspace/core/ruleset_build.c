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

void ruleset_clear_lanes(struct ruleset *set)
{
	for (int dir = 0; dir < 2; dir++) {
		for (int class = 0; class < LANE_CLASS_MAX; class ++) {
			mpm_clear(&set->packet_mpm[class][dir]);
			free(set->packet_always[class][dir].rules);
		}
		mpm_clear(&set->stream_mpm[dir]);
		free(set->stream_always[dir].rules);
		for (uint32_t i = 0; i < set->tx_lane_count[dir]; i++)
			mpm_clear(&set->tx_lanes[dir][i].mpm);
		free(set->tx_lanes[dir]);
		for (int app = 0; app < APP_PROTO_MAX; app++)
			free(set->tx_always[dir][app].rules);
	}
	free(set->event_rules.rules);
	free(set->once_always.rules);
	address_index_clear(&set->once_src);
	address_index_clear(&set->once_dst);
	address_index_clear(&set->packet_src);
	address_index_clear(&set->packet_dst);
}

/* pass before drop before reject before alert; who sets state before who reads it; then priority and sid. */
struct rule_order {
	struct rule *rule;
	uint8_t action, state;
};

static uint8_t order_state(const struct rule *rule)
{
	bool reads = false, writes = false;

	for (unsigned int i = 0; i < rule->state_count; i++) {
		uint8_t action = rule->states[i].action;
		bool read = action == STATE_ISSET || action == STATE_ISNOTSET || action == STATE_COMPARE;

		reads |= read;
		writes |= !read;
	}
	return writes ? reads ? 1 : 0 : reads ? 2 : 3;
}

static int order_compare(const void *a, const void *b)
{
	static const uint8_t actions[] = {
		[RULE_PASS] = 0,
		[RULE_DROP] = 1,
		[RULE_REJECT] = 2,
		[RULE_ALERT] = 3,
	};
	const struct rule_order *x = a, *y = b;
	const struct rule_info *p = &x->rule->info, *q = &y->rule->info;

	if (actions[p->action] != actions[q->action])
		return actions[p->action] < actions[q->action] ? -1 : 1;
	if (x->state != y->state)
		return x->state < y->state ? -1 : 1;
	if (p->priority != q->priority)
		return p->priority < q->priority ? -1 : 1;
	if (p->sid != q->sid)
		return p->sid < q->sid ? -1 : 1;
	return p->gid < q->gid ? -1 : p->gid > q->gid;
}

static int sid_compare(const void *a, const void *b)
{
	const struct rule *const *x = a, *const *y = b;

	if ((*x)->info.sid != (*y)->info.sid)
		return (*x)->info.sid < (*y)->info.sid ? -1 : 1;
	return (*x)->info.gid < (*y)->info.gid ? -1 : (*x)->info.gid > (*y)->info.gid;
}

static int build_order(struct ruleset *set)
{
	AUTO_FREE struct rule_order *order = calloc(set->count + 1u, sizeof(*order));

	set->by_sid = calloc(set->count + 1u, sizeof(struct rule *));
	if (!order || !set->by_sid)
		return -ENOMEM;
	for (uint32_t i = 0; i < set->count; i++)
		order[i] = (struct rule_order){.rule = set->rules[i], .state = order_state(set->rules[i])};
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

static int lane_add(struct mpm *mpm, struct rule_run *always, const struct rule *rule)
{
	const struct node_content *content;

	if (rule->fast_list < 0)
		return run_add(always, rule->index);
	content = &rule->lists[rule->fast_list].nodes[rule->fast_node].content;
	return mpm_add(mpm, &(struct mpm_pattern){
				    .data = content->data + content->chop_offset,
				    .len = content->chop_len,
				    .nocase = content->nocase,
				    .rule = rule->index,
			    });
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
				err = run_add(&set->packet_always[class][dir], rule->index);
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
			if (classes[class] && rule->directions & 1 << dir)
				err = lane_add(&set->packet_mpm[class][dir], &set->packet_always[class][dir],
					       rule);
		}
	}
	return err;
}

static int build_tx_rule(struct ruleset *set, const struct rule *rule, int dir)
{
	struct tx_lane *lane = NULL;
	int err = 0;

	if (rule->fast_list < 0) {
		for (int app = 0; app < APP_PROTO_MAX && !err; app++) {
			if (rule->app == APP_UNKNOWN || rule->app == app)
				err = run_add(&set->tx_always[dir][app], rule->index);
		}
		return err;
	}
	for (uint32_t i = 0; i < set->tx_lane_count[dir] && !lane; i++) {
		if (set->tx_lanes[dir][i].view == rule->lists[rule->fast_list].view_index)
			lane = &set->tx_lanes[dir][i];
	}
	if (!lane) {
		lane = &set->tx_lanes[dir][set->tx_lane_count[dir]++];
		lane->view = rule->lists[rule->fast_list].view_index;
	}
	return lane_add(&lane->mpm, NULL, rule);
}

static int build_lanes(struct ruleset *set)
{
	int err = 0;

	for (int dir = 0; dir < 2; dir++) {
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
				err = lane_add(&set->stream_mpm[dir], &set->stream_always[dir], rule);
			if (!err && rule->stages & STAGE_TX)
				err = build_tx_rule(set, rule, dir);
		}
	}
	return err;
}

static int build_databases(struct ruleset *set, char *why, size_t why_len)
{
	struct address_index *indexes[] = {&set->once_src, &set->once_dst, &set->packet_src,
					   &set->packet_dst};
	int err = 0;

	for (int dir = 0; dir < 2 && !err; dir++) {
		for (int class = 0; class < LANE_CLASS_MAX && !err; class ++)
			err = mpm_build(&set->packet_mpm[class][dir], true, why, why_len);
		if (!err)
			err = mpm_build(&set->stream_mpm[dir], false, why, why_len);
		for (uint32_t i = 0; i < set->tx_lane_count[dir] && !err; i++)
			err = mpm_build(&set->tx_lanes[dir][i].mpm, true, why, why_len);
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
	free(TAKE_PTR(builder->sids));
	builder->sid_room = 0;
	set->transforms = TAKE_PTR(builder->transforms);
	err = transform_pool_new(&builder->transforms);
	if (err)
		return err;
	set->thresholds = builder->thresholds;
	builder->thresholds = (struct threshold_table){0};
	err = build_order(set);
	if (!err)
		err = threshold_apply(&set->thresholds, &set->arena, set->by_sid, set->count);
	if (!err)
		err = build_views(set, why, why_len);
	if (!err)
		err = build_lanes(set);
	if (!err)
		err = build_databases(set, why, why_len);
	if (err)
		return err;
	set->counts.load_ms = builder->load_ms + ruleset_builder_now(builder) - began;
	builder->load_ms = 0;
	*out = TAKE_PTR(set);
	return 0;
}
