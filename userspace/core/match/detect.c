// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * detect.c - the detector: literals lead to rules, rules are judged in the
 * set's order. Packets and streams; transactions are detect_tx.c.
 */
#include "detect_tx.h"

#include <errno.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <string.h>

static int detect_scratch(struct mpm *mpm, void *arg)
{
	struct detect *detect = arg;

	return mpm_scratch(mpm, &detect->scratch);
}

int detect_new(struct ruleset *set, detect_alert_fn fn, void *arg, struct detect **out)
{
	CLEANUP(detect_free) struct detect *detect = calloc(1, sizeof(*detect));
	int err;

	if (!detect)
		return -ENOMEM;
	detect->set = ruleset_ref(set);
	detect->fn = fn;
	detect->arg = arg;
	detect->views = calloc(set->view_count, sizeof(*detect->views));
	detect->stamps = calloc(set->count + 1u, sizeof(*detect->stamps));
	detect->found = calloc(set->count + 1u, sizeof(*detect->found));
	detect->found_at = calloc(set->count + 1u, sizeof(*detect->found_at));
	detect->held = calloc(set->count + 1u, sizeof(*detect->held));
	if (!detect->views || !detect->stamps || !detect->found || !detect->found_at || !detect->held)
		return -ENOMEM;
	err = match_room_new(&detect->room);
	if (!err)
		err = tracker_new(TRACKER_SLOTS, &detect->tracker);
	if (!err)
		err = ruleset_each_mpm(detect->set, detect_scratch, detect);
	if (err)
		return err;
	*out = TAKE_PTR(detect);
	return 0;
}

struct ruleset *detect_rules(const struct detect *detect)
{
	return detect->set;
}

void detect_share(struct detect *detect, struct tracker *tracker)
{
	tracker_ref(tracker);
	tracker_free(detect->tracker);
	detect->tracker = tracker;
}

struct tracker *detect_tracker(struct detect *detect)
{
	return detect->tracker;
}

void detect_free(struct detect *detect)
{
	if (!detect)
		return;
	for (uint32_t i = 0; detect->views && i < detect->set->view_count; i++)
		transform_room_clear(&detect->views[i].room);
	free(detect->views);
	free(detect->stamps);
	free(detect->found);
	free(detect->found_at);
	free(detect->profile);
	free(detect->held);
	free(detect->queue);
	match_room_free(detect->room);
	tracker_free(detect->tracker);
	mpm_scratch_free(detect->scratch);
	ruleset_free(detect->set);
	free(detect);
}

void detect_set_wall(struct detect *detect, int64_t offset_us)
{
	detect->wall_offset_us = offset_us;
}

void detect_limit_alerts(struct detect *detect, uint32_t most)
{
	detect->alert_max = most;
}

uint64_t detect_left_out(const struct detect *detect)
{
	return detect->left_out;
}

void detect_drop_ends_flow(struct detect *detect, bool on)
{
	detect->drop_ends_flow = on;
}

void detect_forget(struct detect *detect)
{
	tracker_clear(detect->tracker);
}

int detect_profile_on(struct detect *detect, uint64_t (*now_ns)(void))
{
	detect->profile_clock = now_ns;
	detect->profile = calloc(detect->set->count + 1u, sizeof(*detect->profile));
	return detect->profile ? 0 : -ENOMEM;
}

const struct detect_profile *detect_profile_of(const struct detect *detect, uint32_t index)
{
	return detect->profile && index < detect->set->count ? &detect->profile[index] : NULL;
}

void detect_run_begin(struct detect_run *run)
{
	const struct packet *packet = run->packet;
	const struct flow *flow = run->flow;

	run->app = !flow						      ? APP_UNKNOWN
		   : run->stage == STAGE_PACKET && flow->proto == IPPROTO_TCP ? flow->app_shown
									      : flow->app;
	run->detect->run++;
	run->detect->found_count = 0;
	if (flow && run->stage != STAGE_PACKET) {
		bool to_server = run->dir == TO_SERVER;

		run->src = to_server ? &flow->client : &flow->server;
		run->dst = to_server ? &flow->server : &flow->client;
		run->sport = to_server ? flow->client_port : flow->server_port;
		run->dport = to_server ? flow->server_port : flow->client_port;
	} else {
		run->src = &packet->src;
		run->dst = &packet->dst;
		run->sport = packet->src_port;
		run->dport = packet->dst_port;
	}
	run->src_value = range_address(run->src);
	run->dst_value = range_address(run->dst);
}

bool detect_find(struct detect *detect, uint32_t rule)
{
	if (detect->stamps[rule] == detect->run)
		return false;
	detect->stamps[rule] = detect->run;
	detect->found[detect->found_count++] = rule;
	return true;
}

void detect_find_all(struct detect *detect, const uint32_t *rules, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		detect_find(detect, rules[i]);
}

static int found_compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

void detect_sort(struct detect *detect)
{
	uint32_t *found = detect->found;

	uint32_t sorted = 1;

	while (sorted < detect->found_count && found[sorted - 1] <= found[sorted])
		sorted++;
	if (sorted >= detect->found_count)
		return;
	if (detect->found_count > 16) {
		qsort(found, detect->found_count, sizeof(*found), found_compare);
		return;
	}
	for (uint32_t i = 1; i < detect->found_count; i++) {
		uint32_t value = found[i], j = i;

		for (; j && found[j - 1] > value; j--)
			found[j] = found[j - 1];
		found[j] = value;
	}
}

static void packet_hit(const uint32_t *rules, uint32_t count, uint64_t to, void *arg)
{
	detect_find_all(arg, rules, count);
}

bool detect_payload_matches(const struct detect_run *run, const struct rule *rule, struct span data,
			    uint64_t offset)
{
	uint64_t variables[RULE_VARIABLES_MAX] = {0};

	if (!rule->list_count)
		return true;
	return data.len && match_list(run->detect->room, &rule->lists[0], data, offset, variables);
}

/* Searches the lanes that fit the packet's ports and the flow's protocol. */
static void packet_search(struct detect_run *run, const struct payload_lanes *lanes)
{
	enum app_proto app = run->flow ? run->flow->app : APP_UNKNOWN;
	struct detect *detect = run->detect;
	struct payload_choice choice;

	if (!run->payload.len || (run->flow && run->flow->stream && run->flow->opaque))
		return;
	payload_lanes_choose(lanes, run->dir, app, run->packet->src_port, run->packet->dst_port, &choice);
	for (unsigned int i = 0; i < choice.place_count; i++)
		place_index_find(choice.places[i], run->payload.data, run->payload.len, 0, 0, packet_hit,
				 detect);
	for (unsigned int i = 0; i < choice.mpm_count; i++)
		mpm_scan(choice.mpms[i], detect->scratch, run->payload.data, run->payload.len, 0, packet_hit,
			 detect);
}

static void packet_always(const struct detect_run *run, const struct packet_gates *gates)
{
	for (uint32_t i = 0; i < gates->count; i++) {
		const struct packet_gate *gate = &gates->rows[i];

		if (run->sport >= gate->src_low && run->sport <= gate->src_high &&
		    run->dport >= gate->dst_low && run->dport <= gate->dst_high &&
		    (run->packet->tcp_flags & gate->flags_mask) == gate->flags)
			detect_find(run->detect, gate->rule);
	}
}

/* Rules about addresses alone, once per flow and direction. */
static void packet_once(struct detect_run *run)
{
	struct detect *detect = run->detect;
	const struct ruleset *set = detect->set;
	struct detect_flow_state *state = NULL;
	const uint32_t *rules;
	uint32_t count;

	if (!set->once_always.count && !set->once_src.interval_count && !set->once_dst.interval_count)
		return;
	if (run->flow) {
		state = flow_state_get(run->flow);
		if (state && state->once_done[run->dir])
			return;
		if (state)
			state->once_done[run->dir] = true;
	}
	detect_find_all(detect, set->once_always.rules, set->once_always.count);
	rules = address_index_find(&set->once_src, run->src_value, &count);
	detect_find_all(detect, rules, count);
	rules = address_index_find(&set->once_dst, run->dst_value, &count);
	detect_find_all(detect, rules, count);
}

bool detect_over(const struct detect *detect, const struct packet *packet, const struct flow *flow)
{
	const struct detect_flow_state *state = flow ? flow->detect : NULL;

	return (detect->passed == packet && detect->passed_number == packet->number) ||
	       (state && (state->passed || (state->dropped && state->over_number != packet->number)));
}

static void packet_judge(struct detect_run *run, const struct rule *rule)
{
	uint64_t began;

	if (run->loose && (rule->stream_only || rule->flow & FLOW_ONLY_STREAM))
		return;
	began = profile_begin(run->detect);
	if (detect_header(run, rule) && detect_states(run, rule) &&
	    detect_payload_matches(run, rule, run->payload, run->payload_offset))
		detect_fire(run, rule);
	profile_end(run->detect, rule, began);
}

/* What was found, in order. */
static void packet_judge_all(struct detect_run *run)
{
	struct detect *detect = run->detect;

	detect_sort(detect);
	for (uint32_t i = 0; i < detect->found_count; i++)
		packet_judge(run, detect->set->rules[detect->found[i]]);
}

void detect_held_judge_to(struct detect *detect, uint32_t rule)
{
	while (detect->held_next < detect->held_count && detect->held[detect->held_next] <= rule)
		packet_judge(&detect->held_run, detect->set->rules[detect->held[detect->held_next++]]);
}

void detect_held_judge(struct detect *detect)
{
	detect_held_judge_to(detect, UINT32_MAX);
}

static void packet_find(struct detect_run *run, enum lane_class class)
{
	struct detect *detect = run->detect;
	const struct ruleset *set = detect->set;
	const uint32_t *rules;
	uint32_t count;

	rules = address_index_find(&set->packet_src, run->src_value, &count);
	detect_find_all(detect, rules, count);
	rules = address_index_find(&set->packet_dst, run->dst_value, &count);
	detect_find_all(detect, rules, count);
	packet_always(run, &set->packet_always[class][run->dir]);
	packet_search(run, &set->packet[class][run->dir]);
}

void detect_packet(struct detect *detect, const struct packet *packet, struct flow *flow, enum direction dir)
{
	struct detect_run run = {
		.detect = detect, .packet = packet, .flow = flow, .dir = dir, .stage = STAGE_PACKET};
	enum lane_class class = packet->proto == IPPROTO_TCP   ? LANE_TCP
				: packet->proto == IPPROTO_UDP ? LANE_UDP
							       : LANE_OTHER;

	detect->passed = NULL;
	detect->window_flow = NULL;
	detect->held_count = detect->held_next = 0;
	if (!packet->ip_version || detect_over(detect, packet, flow))
		return;
	run.payload = packet->payload;
	if (!run.payload.len && class == LANE_OTHER && packet->proto != IPPROTO_ICMP &&
	    packet->proto != IPPROTO_ICMPV6)
		run.payload = packet->ip_payload;
	if (packet->fragment)
		run.payload = (struct span){NULL, 0};
	detect_run_begin(&run);
	packet_once(&run);
	packet_judge_all(&run);
	detect_run_begin(&run);
	packet_find(&run, class);
	if (class == LANE_TCP && run.payload.len) {
		detect_sort(detect);
		memcpy(detect->held, detect->found, detect->found_count * sizeof(*detect->held));
		detect->held_count = detect->found_count;
		detect->held_next = 0;
		detect->held_run = run;
		if (!flow || !flow->stream)
			detect_loose(detect, packet, flow, dir);
		return;
	}
	packet_judge_all(&run);
}

void detect_loose(struct detect *detect, const struct packet *packet, struct flow *flow, enum direction dir)
{
	struct detect_run run = {.detect = detect,
				 .packet = packet,
				 .flow = flow,
				 .dir = dir,
				 .stage = STAGE_STREAM,
				 .payload = packet->payload,
				 .loose = true};
	const struct ruleset *set = detect->set;

	if (!run.payload.len || detect_over(detect, packet, flow))
		return;
	detect_run_begin(&run);
	detect_find_all(detect, set->stream_always[dir].rules, set->stream_always[dir].count);
	packet_search(&run, &set->stream[dir]);
	detect_sort(detect);
	for (uint32_t i = 0; i < detect->found_count; i++) {
		detect_held_judge_to(detect, detect->found[i]);
		packet_judge(&run, set->rules[detect->found[i]]);
	}
	detect_held_judge(detect);
}

void detect_events(struct detect *detect, const struct packet *packet, struct flow *flow, enum direction dir)
{
	struct detect_run run = {.detect = detect,
				 .packet = packet,
				 .flow = flow,
				 .dir = dir,
				 .stage = STAGE_PACKET,
				 .payload = packet->payload};
	const struct rule_run *rules = &detect->set->event_rules;

	if (!rules->count || detect_over(detect, packet, flow))
		return;
	detect_held_judge(detect);
	detect_run_begin(&run);
	run.app = flow ? flow->app : APP_UNKNOWN;
	detect_find_all(detect, rules->rules, rules->count);
	packet_judge_all(&run);
}
