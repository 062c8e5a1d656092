// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * detect_stream.c - rules over the bytes of a connection, as they come into
 * order.
 */
#include "detect_tx.h"

#include <string.h>

struct stream_scan {
	struct detect *detect;
	uint64_t fresh; /* stream offset of the first new byte */
};

static void stream_hit(const uint32_t *rules, uint32_t count, uint64_t to, void *arg)
{
	const struct stream_scan *scan = arg;
	struct detect *detect = scan->detect;

	if (to <= scan->fresh)
		return;
	for (uint32_t i = 0; i < count; i++) {
		/* The last place counts. */
		if (detect_find(detect, rules[i]) || to > detect->found_at[rules[i]])
			detect->found_at[rules[i]] = to;
	}
}

static void stream_search_one(const struct detect_run *run, const struct mpm *mpm, struct stream_scan *scan)
{
	uint32_t skip = (uint32_t)(scan->fresh - run->payload_offset);

	skip -= mpm->longest ? (skip < mpm->longest - 1 ? skip : mpm->longest - 1) : 0;
	mpm_scan(mpm, run->detect->scratch, run->payload.data + skip, run->payload.len - skip,
		 run->payload_offset + skip, stream_hit, scan);
}

/* Searches the last `fresh` bytes of the window, and as far back as a literal may begin that ends in them. */
static void stream_search(const struct detect_run *run, uint32_t fresh)
{
	struct stream_scan scan = {run->detect, run->payload_offset + run->payload.len - fresh};
	struct payload_choice choice;

	if (!fresh)
		return;
	payload_lanes_choose(&run->detect->set->stream[run->dir], run->dir, run->flow->app, run->sport,
			     run->dport, &choice);
	for (unsigned int i = 0; i < choice.place_count; i++)
		place_index_find(choice.places[i], run->payload.data, run->payload.len, run->payload_offset,
				 scan.fresh, stream_hit, &scan);
	for (unsigned int i = 0; i < choice.mpm_count; i++)
		stream_search_one(run, choice.mpms[i], &scan);
}

static bool stream_fixed_place(const struct rule_list *list)
{
	for (unsigned int i = 0; i < list->node_count; i++) {
		const struct rule_node *node = &list->nodes[i];

		if (node->kind == NODE_CONTENT && (node->content.has_depth || node->content.has_offset))
			return true;
	}
	return false;
}

static void stream_judge(struct detect_run *run, struct detect_flow_state *state, const struct rule *rule,
			 bool last)
{
	struct detect *detect = run->detect;
	struct stream_mark *mark = stream_mark_find(state, rule->index, run->dir);
	uint64_t end = run->payload_offset + run->payload.len, hit_at = detect->found_at[rule->index];
	struct span data = run->payload;
	uint64_t offset = run->payload_offset;
	bool unknown = rule->app_required && run->flow->app == APP_UNKNOWN;

	if (mark && (mark->closed || (rule->fast_list >= 0 && hit_at <= mark->from)))
		return;
	if (mark && mark->from > offset) {
		uint64_t skip = mark->from - offset < data.len ? mark->from - offset : data.len;

		data = (struct span){data.data + skip, data.len - (uint32_t)skip};
		offset += skip;
	}
	if (!unknown && !detect_header(run, rule)) {
		if (mark)
			mark->waits = false;
		return;
	}
	if (unknown || !detect_states(run, rule) || !detect_payload_matches(run, rule, data, offset)) {
		/* More may come, as long as the literal stays in the window. */
		if (last && !unknown)
			return;
		mark = mark ? mark : stream_mark_get(state, rule->index, run->dir, &detect->marks_given_up);
		if (mark) {
			mark->waits = true;
			mark->hit_at = hit_at;
		}
		return;
	}
	mark = mark ? mark : stream_mark_get(state, rule->index, run->dir, &detect->marks_given_up);
	if (mark) {
		mark->waits = false;
		mark->from = end;
		mark->closed =
			!rule->list_count || rule->fast_list < 0 || stream_fixed_place(&rule->lists[0]);
	}
	detect_fire(run, rule);
}

/* What was found in the stream and what was found in the packet that brought it: one order. */
static void stream_judge_all(struct detect_run *run, struct detect_flow_state *state, bool last)
{
	struct detect *detect = run->detect;
	bool same = detect->held_run.flow == run->flow && detect->held_run.dir == run->dir;
	uint64_t began;

	for (uint32_t i = 0; i < detect->found_count; i++) {
		if (same)
			detect_held_judge_to(detect, detect->found[i]);
		began = profile_begin(detect);
		stream_judge(run, state, detect->set->rules[detect->found[i]], last);
		profile_end(detect, detect->set->rules[detect->found[i]], began);
	}
	if (same)
		detect_held_judge(detect);
}

/* Rules that wait are looked at again while their literal is in the window. */
static void stream_waiting_rules(struct detect_run *run, struct detect_flow_state *state)
{
	struct detect *detect = run->detect;

	for (uint32_t i = 0; i < state->mark_count; i++) {
		struct stream_mark *mark = &state->marks[i];

		if (!mark->waits || mark->dir != run->dir)
			continue;
		if (mark->hit_at < run->payload_offset) {
			mark->waits = false;
			continue;
		}
		if (detect_find(detect, mark->rule))
			detect->found_at[mark->rule] = mark->hit_at;
	}
}

void detect_stream(struct detect *detect, const struct packet *packet, struct flow *flow, enum direction dir,
		   struct span window, uint64_t window_offset, uint32_t fresh, bool last)
{
	struct detect_run run = {.detect = detect,
				 .packet = packet,
				 .flow = flow,
				 .dir = dir,
				 .stage = STAGE_STREAM,
				 .payload = window,
				 .payload_offset = window_offset};
	const struct rule_run *always = &detect->set->stream_always[dir];
	struct detect_flow_state *state = flow_state_get(flow);

	detect->window_flow = flow;
	detect->window_packet = packet->number;
	detect->window_dir = dir;
	detect->window = window;
	detect->window_offset = window_offset;
	detect->window_last = last;
	if (!state || detect_over(detect, packet, flow))
		return;
	state->stream_size[dir] = window_offset + window.len;
	if (fresh > window.len)
		fresh = window.len;
	detect_run_begin(&run);
	stream_search(&run, fresh);
	for (uint32_t i = 0; i < always->count; i++) {
		if (detect_find(detect, always->rules[i]))
			detect->found_at[always->rules[i]] = window_offset + window.len;
	}
	stream_waiting_rules(&run, state);
	detect_sort(detect);
	stream_judge_all(&run, state, last);
}

/* The protocol was found after the stream was looked at: rules that waited for it are judged now. */
void detect_stream_again(struct detect *detect, const struct packet *packet, struct flow *flow,
			 enum direction dir)
{
	struct detect_run run = {.detect = detect,
				 .packet = packet,
				 .flow = flow,
				 .dir = dir,
				 .stage = STAGE_STREAM,
				 .payload = detect->window,
				 .payload_offset = detect->window_offset};

	if (detect->window_flow != flow || detect->window_packet != packet->number ||
	    detect->window_dir != dir || !flow->detect || !flow->detect->mark_count ||
	    detect_over(detect, packet, flow))
		return;
	detect_run_begin(&run);
	stream_waiting_rules(&run, flow->detect);
	detect_sort(detect);
	stream_judge_all(&run, flow->detect, detect->window_last);
}
