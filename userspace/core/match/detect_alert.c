// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * detect_alert.c - what becomes of a rule that fits: it changes what is
 * remembered at once; its action waits until the packet is done.
 */
#include <errno.h>
#include <string.h>

#include "detect_run.h"
#include "core/rule/threshold.h"

#define QUEUE_FIRST 16u
#define QUEUE_MAX   4096u /* beyond it the queue is judged before the packet ends */

static void xbit_change(struct detect_run *run, const struct rule_state *state)
{
	uint64_t now = run->packet->time_us, until = now + (uint64_t)state->expire * 1000000;
	struct tracker *tracker = run->detect->tracker;
	struct tracker_key key;

	xbit_key(run, state, &key);
	if (state->action == STATE_SET)
		tracker_set(tracker, &key, now, until);
	else if (state->action == STATE_TOGGLE)
		tracker_toggle(tracker, &key, now, until);
	else
		tracker_unset(tracker, &key);
}

static void state_change(struct detect_run *run, const struct rule_state *state)
{
	const struct ruleset *set = run->detect->set;
	struct detect_flow_state *flow;
	int err;

	if (state->action == STATE_ISSET || state->action == STATE_ISNOTSET || state->action == STATE_COMPARE)
		return;
	if (state->kind == STATE_XBIT && state->track == TRACK_TX) {
		run->detect->marks_given_up += !run->tx || txbit_set(run->tx->detect, state->names[0]);
		return;
	}
	if (state->kind == STATE_XBIT) {
		xbit_change(run, state);
		return;
	}
	flow = run->flow ? flow_state_get(run->flow) : NULL;
	if (!flow)
		return;
	if (state->kind == STATE_FLOWBIT)
		err = flowbit_change(flow, set, state->names[0], state->action);
	else
		err = flowint_change(flow, set, state->names[0], state->action, flowint_operand(flow, state));
	run->detect->marks_given_up += err != 0;
}

/* --- the queue */

static bool queue_has(const struct detect_run *run, const struct rule *rule)
{
	for (uint32_t i = 0; i < run->detect->queue_count; i++) {
		const struct detect_queued *one = &run->detect->queue[i];

		if (one->rule == rule && one->stage == run->stage)
			return true;
	}
	return false;
}

static bool queue_room(struct detect *detect)
{
	uint32_t room = detect->queue_room ? detect->queue_room * 2 : QUEUE_FIRST;
	struct detect_queued *queue;

	if (detect->queue_count < detect->queue_room)
		return true;
	if (room <= QUEUE_MAX) {
		queue = realloc(detect->queue, room * sizeof(*queue));
		if (queue) {
			detect->queue = queue;
			detect->queue_room = room;
			return true;
		}
	}
	detect_packet_judge(detect);
	detect->queue_count = detect->queue_judged = 0;
	return detect->queue_room > 0;
}

/* A pass or drop holds for the flow where the rule looked at more than one packet. */
static bool whole_flow(const struct detect_run *run, const struct rule *rule)
{
	if (!run->flow)
		return false;
	return (run->stage != STAGE_PACKET && !run->loose) || rule->ip_only ||
	       (rule->app_required && !rule->list_count && !rule->test_count && !rule->flow);
}

void detect_fire(struct detect_run *run, const struct rule *rule)
{
	struct detect *detect = run->detect;

	if (detect->profile)
		detect->profile[rule->index].matches++;
	for (unsigned int i = 0; i < rule->state_count; i++)
		state_change(run, &rule->states[i]);
	if (rule->changes_data)
		detect_data_change(run, rule);
	/* A rule speaks once for a packet, once for what the packet adds to the stream, and once for each
	 * transaction. */
	if ((!run->tx && queue_has(run, rule)) || !queue_room(detect))
		return;
	detect->queue[detect->queue_count] = (struct detect_queued){
		.rule = rule,
		.packet = run->packet,
		.flow = run->flow,
		.tx = run->tx,
		.dir = run->dir,
		.stage = run->stage,
		.src = *run->src,
		.dst = *run->dst,
		.order = detect->queue_count,
		.whole_flow = whole_flow(run, rule),
	};
	detect->queue_count++;
}

/* --- judgement */

static void queue_key(const struct detect_queued *one, uint8_t track, struct tracker_key *key)
{
	/* Of a pair it does not matter who speaks. */
	bool ordered = track != TRACK_BOTH || memcmp(&one->src, &one->dst, sizeof(one->src)) < 0;

	key->kind += one->rule->info.gid << 8;
	key->number = one->rule->info.sid;
	if (track == TRACK_SRC || track == TRACK_BOTH)
		key->first = ordered ? one->src : one->dst;
	if (track == TRACK_DST || track == TRACK_BOTH)
		key->second = ordered ? one->dst : one->src;
	if (track == TRACK_FLOW)
		key->flow = one->flow ? one->flow->id + 1 : 0;
}

/* Did the port match already within the threshold's time? From now on it did. */
static bool port_known(struct detect *detect, const struct detect_queued *one,
		       const struct rule_threshold *threshold, struct tracker_key key)
{
	uint64_t now = one->packet->time_us;
	bool known;

	key.kind += TRACKER_PORT;
	key.flow =
		(key.flow << 16) + (threshold->unique == 's' ? one->packet->src_port : one->packet->dst_port);
	known = tracker_is_set(detect->tracker, &key, now);
	if (!known)
		tracker_set(detect->tracker, &key, now, now + (uint64_t)threshold->seconds * 1000000);
	return known;
}

static bool threshold_pass(struct detect *detect, const struct detect_queued *one,
			   const struct rule_threshold *threshold)
{
	struct tracker_key key = {.kind = threshold->kind};

	queue_key(one, threshold->track, &key);
	if (threshold->unique && port_known(detect, one, threshold, key))
		return tracker_is_over(detect->tracker, &key, threshold, one->packet->time_us);
	return tracker_pass(detect->tracker, &key, threshold, one->packet->time_us);
}

/* The rule's action, or the one that its rate_filter puts in its place for a while. */
static enum rule_action queue_action(struct detect *detect, const struct detect_queued *one)
{
	struct tracker_key key = {.kind = TRACKER_RATE};
	const struct rule *rule = one->rule;

	if (!rule->rate)
		return rule->info.action;
	queue_key(one, rule->rate->limit.track, &key);
	return tracker_rate(detect->tracker, &key, &rule->rate->limit, rule->rate->timeout,
			    one->packet->time_us)
		       ? (enum rule_action)rule->rate->new_action
		       : rule->info.action;
}

/*
 * Is this a match at all, and if so, is it told? "limit", "both" and suppression only mute: the action holds.
 * What is suppressed is not counted by thresholds.
 */
static bool queue_counts(struct detect *detect, const struct detect_queued *one, bool *quiet)
{
	const struct rule *rule = one->rule;

	if (rule->detection.kind && !threshold_pass(detect, one, &rule->detection))
		return false;
	*quiet = threshold_suppresses(rule, range_address(&one->src), range_address(&one->dst)) != NULL;
	if (!*quiet && rule->threshold.kind && !threshold_pass(detect, one, &rule->threshold)) {
		if (rule->threshold.kind == THRESHOLD_THRESHOLD)
			return false;
		*quiet = true;
	}
	detect->suppressed += *quiet;
	return true;
}

static void queue_act(struct detect *detect, const struct detect_queued *one, enum rule_action action)
{
	struct detect_flow_state *state = one->whole_flow ? flow_state_get(one->flow) : NULL;

	if (action == RULE_PASS) {
		detect->passed = one->packet;
		detect->passed_number = one->packet->number;
	}
	/* The first to speak decides for the flow. */
	if (!state || action == RULE_ALERT || state->passed || state->dropped)
		return;
	state->passed = action == RULE_PASS;
	state->dropped = action != RULE_PASS && detect->drop_ends_flow;
	state->over_number = one->packet->number;
}

static int queue_compare(const void *a, const void *b)
{
	const struct detect_queued *x = a, *y = b;

	if (x->rule->index != y->rule->index)
		return x->rule->index < y->rule->index ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

/* true: a pass ends it. */
static bool queue_judge(struct detect *detect, const struct detect_queued *one)
{
	const struct rule *rule = one->rule;
	struct detect_alert alert = {
		.rule = &rule->info,
		.packet = one->packet,
		.flow = one->flow,
		.tx = one->tx,
		.dir = one->dir,
	};

	if (!queue_counts(detect, one, &alert.quiet))
		return false;
	alert.action = alert.quiet ? rule->info.action : queue_action(detect, one);
	queue_act(detect, one, alert.action);
	alert.quiet |= rule->noalert || (alert.action == RULE_PASS && !rule->pass_alerts);
	if (one->flow && !alert.quiet && alert.action != RULE_PASS)
		one->flow->alerted = true;
	if (!alert.quiet || alert.action == RULE_DROP || alert.action == RULE_REJECT)
		detect->fn(&alert, detect->arg);
	return alert.action == RULE_PASS;
}

void detect_packet_judge(struct detect *detect)
{
	uint32_t from = detect->queue_judged, count = detect->queue_count - from;

	if (!count)
		return;
	detect->queue_judged = detect->queue_count;
	if (count > 1)
		qsort(&detect->queue[from], count, sizeof(*detect->queue), queue_compare);
	for (uint32_t i = from; i < from + count; i++) {
		if (detect->alert_max && detect->alert_count >= detect->alert_max) {
			detect->left_out += from + count - i;
			return;
		}
		detect->alert_count += !detect->queue[i].rule->noalert;
		if (queue_judge(detect, &detect->queue[i]))
			return;
	}
}

void detect_packet_end(struct detect *detect)
{
	detect_held_judge(detect);
	detect_packet_judge(detect);
	detect->queue_count = detect->queue_judged = detect->alert_count = 0;
}
