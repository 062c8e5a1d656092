// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * detect_tx.c - rules over the buffers of transactions. New bytes are
 * searched once; a rule that was found stays on the transaction until it
 * matches or cannot match any more.
 */
#include "detect_tx.h"

#include <linux/in.h>
#include <string.h>

#define TX_INSTANCES_MAX 4096u /* of one buffer with many */

enum tx_result { TX_NO, TX_LATER, TX_MATCH };

/* The instance-th buffer of a view, transformed. false: not there (yet). */
static bool tx_view(const struct detect_run *run, uint16_t index, unsigned int instance, struct span *out,
		    bool *final)
{
	const struct rule_view *view = &run->detect->set->views[index];
	struct detect_view *cache = &run->detect->views[index];
	struct span raw;

	if (!tx_buffer(run->tx, (enum buffer_id)view->buffer, run->dir, instance, &raw, final))
		return false;
	if (!view->transform_count) {
		*out = raw;
		return true;
	}
	if (!cache->valid || cache->run != run->detect->run || cache->instance != instance ||
	    cache->dir != run->dir) {
		cache->valid =
			!transform_apply(run->detect->set->transforms, view, raw, &cache->room, &cache->span);
		cache->run = run->detect->run;
		cache->dir = run->dir;
		cache->instance = instance;
	}
	*out = cache->span;
	return cache->valid;
}

static void tx_hit(const uint32_t *rules, uint32_t count, uint64_t to, void *arg)
{
	detect_find_all(arg, rules, count);
}

/* The twin, which is searched later in this run, has the same bytes before it and finds this lane's rules
 * too. */
static bool tx_twin_answers(const struct detect_run *run, const struct tx_lane *lane,
			    const struct tx_progress *scanned, const struct tx_progress *progress,
			    struct span raw)
{
	const struct ruleset *set = run->detect->set;
	struct span same;
	uint8_t buffer;
	bool final;

	if (lane->twin < 0 || progress->instance || scanned[lane->twin].instance ||
	    scanned[lane->twin].bytes != progress->bytes)
		return false;
	buffer = set->views[set->tx_lanes[run->dir][lane->twin].view].buffer;
	return tx_buffer(run->tx, (enum buffer_id)buffer, run->dir, 0, &same, &final) &&
	       same.data == raw.data && same.len == raw.len;
}

/* Searches what is new in the lane's buffer. *grown: the size of what still grows. true: an instance became
 * final. */
static bool tx_scan(struct detect_run *run, const struct tx_lane *lane, struct tx_progress *scanned,
		    uint32_t *grown)
{
	struct tx_progress *progress = &scanned[lane - run->detect->set->tx_lanes[run->dir]];
	const struct rule_view *view = &run->detect->set->views[lane->view];
	unsigned int limit = buffer_infos[view->buffer].many == 'M' ? TX_INSTANCES_MAX : 1;
	bool ended = false;

	for (unsigned int i = progress->instance; i < limit; i++) {
		uint32_t before = i == progress->instance ? progress->bytes : 0, skip = 0;
		struct span raw, span;
		bool final;

		if (!tx_buffer(run->tx, (enum buffer_id)view->buffer, run->dir, i, &raw, &final))
			break;
		/* What is transformed as a whole is only done again when it doubled. */
		if (view->transform_count && before && !final && raw.len < before * 2)
			continue;
		if (raw.len > before && !tx_twin_answers(run, lane, scanned, progress, raw) &&
		    tx_view(run, lane->view, i, &span, &final)) {
			suffix_index_find(&lane->suffixes, span, tx_hit, run->detect);
			if (!view->transform_count && before >= lane->mpm.longest)
				skip = before - lane->mpm.longest + 1;
			mpm_scan(&lane->mpm, run->detect->scratch, span.data + skip, span.len - skip, 0,
				 tx_hit, run->detect);
		}
		if (!final && raw.len > *grown)
			*grown = raw.len;
		if (i != progress->instance)
			continue;
		progress->bytes = final ? 0 : raw.len;
		progress->instance += final;
		ended |= final;
	}
	return ended;
}

static enum tx_result tx_judge_payload(struct detect_run *run, const struct rule_list *list,
				       uint64_t *variables)
{
	struct detect *detect = run->detect;
	struct span data = run->packet->payload;
	uint64_t offset = 0;

	if (run->flow->proto == IPPROTO_TCP) {
		if (detect->window_flow != run->flow || detect->window_packet != run->packet->number ||
		    detect->window_dir != run->dir)
			return TX_LATER;
		data = detect->window;
		offset = detect->window_offset;
	}
	return match_list(detect->room, list, data, offset, variables) ? TX_MATCH : TX_LATER;
}

static enum tx_result tx_judge_list(struct detect_run *run, const struct rule_list *list, uint64_t *variables)
{
	bool done = run->tx->done[run->dir], many = buffer_infos[list->view.buffer].many == 'M', final = true;
	bool later = many;
	unsigned int instance = 0;
	struct span span;

	if (list->view.buffer == BUFFER_PAYLOAD) {
		enum tx_result result = tx_judge_payload(run, list, variables);

		return result == TX_LATER && done ? TX_NO : result;
	}
	for (; instance < (many ? TX_INSTANCES_MAX : 1) &&
	       tx_view(run, list->view_index, instance, &span, &final);
	     instance++) {
		later |= !final;
		if (list->needs_final && !final && !done)
			continue;
		if (match_list(run->detect->room, list, span, 0, variables))
			return TX_MATCH;
	}
	if (!instance && list->nodes[0].kind == NODE_ABSENT)
		return done ? TX_MATCH : TX_LATER;
	return !done && (later || !instance) ? TX_LATER : TX_NO;
}

/* Numbers of a call are in the byte order that its sender named. */
static void tx_order(const struct detect_run *run)
{
	struct span little;
	bool final;

	match_room_order(run->detect->room,
			 tx_buffer(run->tx, BUFFER_DCERPC_LITTLE, run->dir, 0, &little, &final) &&
				 little.data[0]);
}

static enum tx_result tx_judge_lists(struct detect_run *run, const struct rule *rule)
{
	uint64_t variables[RULE_VARIABLES_MAX] = {0};
	enum tx_result result = TX_MATCH;

	if (run->tx->proto == APP_DCERPC)
		tx_order(run);
	if (run->tx->proto == APP_TLS)
		match_room_clock(run->detect->room,
				 (run->packet->time_us + (uint64_t)run->detect->wall_offset_us) / 1000000);
	for (unsigned int i = 0; i < rule->list_count; i++) {
		enum direction dir = run->dir;
		enum tx_result one;

		if (rule->whole_tx)
			run->dir = (enum direction)rule->lists[i].direction;
		one = tx_judge_list(run, &rule->lists[i], variables);
		run->dir = dir;
		if (one == TX_NO)
			return TX_NO;
		if (one == TX_LATER)
			result = TX_LATER;
	}
	return result;
}

static enum tx_result tx_judge(struct detect_run *run, const struct rule *rule)
{
	enum tx_result result;

	if (!detect_endpoints(run, rule))
		return TX_NO;
	/* What a packet does not fulfil, a later one of the transaction may. */
	if (!detect_tests(run, rule))
		return rule->needs_packet && !run->tx->done[run->dir] ? TX_LATER : TX_NO;
	result = tx_judge_lists(run, rule);
	/* State may still be set by another rule while the transaction lives. */
	if (result == TX_MATCH && !detect_states(run, rule))
		return TX_LATER;
	/* Data sets are changed only when all of the rule fits, and by one of those that would do the same.
	 */
	if (result == TX_MATCH && rule->changes_data) {
		match_room_commit(run->detect->room, true);
		result = tx_judge_lists(run, rule);
		match_room_commit(run->detect->room, false);
	}
	return result;
}

/* Takes up the rules that wait on this transaction, and keeps finished ones out. */
static void tx_waiting_rules(struct detect_run *run, const struct detect_tx_state *state)
{
	struct detect *detect = run->detect;

	for (uint32_t i = 0; i < state->mark_count; i++) {
		const struct tx_mark *mark = &state->marks[i];

		if (mark->closed & 1 << run->dir)
			detect->stamps[mark->rule] = detect->run;
	}
}

static void tx_waiting_again(struct detect_run *run, const struct detect_tx_state *state)
{
	for (uint32_t i = 0; i < state->mark_count; i++) {
		const struct tx_mark *mark = &state->marks[i];

		if (mark->known & 1 << run->dir && !(mark->closed & 1 << run->dir))
			detect_find(run->detect, mark->rule);
	}
}

/* What is of the transaction as a whole alerts once, all else once in each direction. */
static bool tx_once(const struct rule *rule)
{
	bool once = false;

	for (unsigned int i = 0; i < rule->list_count; i++)
		once |= rule->lists[i].view.buffer == BUFFER_APP_EVENT;
	return once;
}

static void tx_found(struct detect_run *run, struct detect_tx_state *state, const struct rule *rule)
{
	enum tx_result result = tx_judge(run, rule);
	struct tx_mark *mark;

	/* The common case: found once, looked at once, no trace but in buffers that are searched only once.
	 */
	mark = tx_mark_get(state, rule->index);
	if (mark) {
		uint8_t here = rule->whole_tx ? 3 : (uint8_t)(1 << run->dir);

		mark->known |= here;
		if (result == TX_NO)
			mark->closed |= here;
		else if (result == TX_MATCH)
			mark->closed |= tx_once(rule) ? 3 : here;
	}
	if (result == TX_MATCH)
		detect_fire(run, rule);
}

/* The payload of a datagram, as rules of its protocol see it. */
static void tx_scan_payload(struct detect_run *run, const struct tx_lane *lane)
{
	if (run->flow->proto != IPPROTO_TCP)
		mpm_scan(&lane->mpm, run->detect->scratch, run->packet->payload.data,
			 run->packet->payload.len, 0, tx_hit, run->detect);
}

void detect_tx(struct detect *detect, const struct packet *packet, struct flow *flow, struct tx *tx,
	       enum direction dir)
{
	struct detect_run run = {
		.detect = detect, .packet = packet, .flow = flow, .tx = tx, .dir = dir, .stage = STAGE_TX};
	const struct ruleset *set = detect->set;
	const struct lane_list *lanes;
	struct detect_tx_state *state;
	uint32_t grown = 0;
	bool again = tx->done[dir];

	detect_stream_again(detect, packet, flow, dir);
	if (detect_over(detect, packet, flow))
		return;
	state = tx_state_get(tx, set, dir);
	if (!state)
		return;
	detect_run_begin(&run);
	tx_waiting_rules(&run, state);
	lanes = &set->tx_lanes_of[dir][tx->proto];
	for (uint32_t i = 0; i < lanes->count; i++) {
		const struct tx_lane *lane = &set->tx_lanes[dir][lanes->lanes[i]];

		if (lane->view == 0)
			tx_scan_payload(&run, lane);
		else
			again |= tx_scan(&run, lane, state->scanned[dir], &grown);
	}
	if (!state->begun[dir]) {
		state->begun[dir] = true;
		detect_find_all(detect, set->tx_always[dir][tx->proto].rules,
				set->tx_always[dir][tx->proto].count);
	}
	if (again || grown >= state->again_at[dir]) {
		state->again_at[dir] = grown < UINT32_MAX / 2 ? grown * 2 : grown;
		tx_waiting_again(&run, state);
	}
	detect_sort(detect);
	for (uint32_t i = 0; i < detect->found_count; i++) {
		uint64_t began = profile_begin(detect);

		tx_found(&run, state, set->rules[detect->found[i]]);
		profile_end(detect, set->rules[detect->found[i]], began);
	}
}
