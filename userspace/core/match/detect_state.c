// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * detect_state.c - small tables on flows and transactions, made when first
 * needed.
 */
#include "detect_state.h"

#include <errno.h>
#include <string.h>

#include "core/flow/account.h"
#include "detect.h"

struct detect_flow_state *flow_state_get(struct flow *flow)
{
	if (!flow->detect) {
		flow->detect = calloc(1, sizeof(*flow->detect));
		account_charge(sizeof(*flow->detect));
	}
	return flow->detect;
}

void detect_flow_free(struct detect_flow_state *state)
{
	if (!state)
		return;
	free(state->marks);
	free(state->bits);
	free(state->ints);
	free(state);
}

struct detect_tx_state *tx_state_get(struct tx *tx, const struct ruleset *set, enum direction dir)
{
	if (!tx->detect)
		tx->detect = calloc(1, sizeof(*tx->detect));
	if (tx->detect && !tx->detect->scanned[dir]) {
		tx->detect->scanned[dir] = calloc(set->tx_lane_count[dir] + 1u, sizeof(struct tx_progress));
		tx->detect->scanned_size[dir] =
			(set->tx_lane_count[dir] + 1u) * (uint32_t)sizeof(struct tx_progress);
		account_charge(tx->detect->scanned_size[dir]);
	}
	return tx->detect && tx->detect->scanned[dir] ? tx->detect : NULL;
}

void detect_tx_free(struct detect_tx_state *state)
{
	if (!state)
		return;
	account_release(state->mark_room * sizeof(*state->marks) + state->scanned_size[0] +
			state->scanned_size[1] + state->bit_count * sizeof(*state->bits));
	free(state->bits);
	free(state->marks);
	free(state->scanned[0]);
	free(state->scanned[1]);
	free(state);
}

struct stream_mark *stream_mark_find(struct detect_flow_state *state, uint32_t rule, enum direction dir)
{
	for (uint32_t i = 0; i < state->mark_count; i++) {
		if (state->marks[i].rule == rule && state->marks[i].dir == dir)
			return &state->marks[i];
	}
	return NULL;
}

struct stream_mark *stream_mark_get(struct detect_flow_state *state, uint32_t rule, enum direction dir,
				    uint64_t *given_up)
{
	struct stream_mark *mark = stream_mark_find(state, rule, dir);

	if (mark)
		return mark;
	if (!state->marks) {
		state->marks = calloc(STREAM_MARKS_MAX, sizeof(*state->marks));
		if (!state->marks)
			return NULL;
		account_charge(STREAM_MARKS_MAX * sizeof(*state->marks));
	}
	if (state->mark_count < STREAM_MARKS_MAX) {
		mark = &state->marks[state->mark_count++];
	} else {
		mark = &state->marks[state->mark_oldest++ % STREAM_MARKS_MAX];
		(*given_up)++;
	}
	*mark = (struct stream_mark){.rule = rule, .dir = (uint8_t)dir};
	return mark;
}

struct tx_mark *tx_mark_get(struct detect_tx_state *state, uint32_t rule)
{
	for (uint32_t i = 0; i < state->mark_count; i++) {
		if (state->marks[i].rule == rule)
			return &state->marks[i];
	}
	if (state->mark_count == state->mark_room) {
		uint32_t room = state->mark_room ? state->mark_room * 2 : 8;
		struct tx_mark *marks;

		if (room > TX_MARKS_MAX)
			return NULL;
		marks = realloc(state->marks, room * sizeof(*marks));
		if (!marks)
			return NULL;
		account_charge((room - state->mark_room) * sizeof(*marks));
		state->marks = marks;
		state->mark_room = room;
	}
	state->marks[state->mark_count] = (struct tx_mark){.rule = rule};
	return &state->marks[state->mark_count++];
}

bool txbit_is_set(const struct detect_tx_state *state, uint32_t bit)
{
	for (uint32_t i = 0; state && i < state->bit_count; i++)
		if (state->bits[i] == bit)
			return true;
	return false;
}

int txbit_set(struct detect_tx_state *state, uint32_t bit)
{
	uint32_t *bits;

	if (txbit_is_set(state, bit))
		return 0;
	bits = state ? realloc(state->bits, (state->bit_count + 1) * sizeof(*bits)) : NULL;
	if (!bits)
		return -ENOMEM;
	account_charge(sizeof(*bits));
	state->bits = bits;
	bits[state->bit_count++] = bit;
	return 0;
}

static bool bit_get(const uint32_t *bits, uint32_t bit)
{
	return bits[bit / 32] >> (bit % 32) & 1;
}

bool flowbit_is_set(const struct detect_flow_state *state, uint32_t bit)
{
	return state && bit < state->bit_count && bit_get(state->bits, bit);
}

int flowbit_change(struct detect_flow_state *state, const struct ruleset *set, uint32_t bit,
		   enum rule_state_action action)
{
	uint32_t mask = 1u << (bit % 32);

	if (!state->bits) {
		if (action == STATE_UNSET)
			return 0;
		state->bits = calloc((set->flowbit_count + 31) / 32, sizeof(uint32_t));
		if (!state->bits)
			return -ENOMEM;
		state->bit_count = set->flowbit_count;
	}
	if (bit >= state->bit_count)
		return 0;
	if (action == STATE_SET)
		state->bits[bit / 32] |= mask;
	else if (action == STATE_UNSET)
		state->bits[bit / 32] &= ~mask;
	else if (action == STATE_TOGGLE)
		state->bits[bit / 32] ^= mask;
	return 0;
}

bool flowint_is_set(const struct detect_flow_state *state, uint32_t number)
{
	return state && number < state->int_count && bit_get(state->ints + state->int_count, number);
}

uint32_t flowint_value(const struct detect_flow_state *state, uint32_t number)
{
	return flowint_is_set(state, number) ? state->ints[number] : 0;
}

uint32_t flowint_operand(const struct detect_flow_state *state, const struct rule_state *option)
{
	return option->value_named ? flowint_value(state, option->other) : option->value;
}

int flowint_change(struct detect_flow_state *state, const struct ruleset *set, uint32_t number,
		   enum rule_state_action action, uint32_t value)
{
	uint32_t count = set->flowint_count, old;

	if (!state->ints) {
		state->ints = calloc(count + (count + 31) / 32, sizeof(uint32_t));
		if (!state->ints)
			return -ENOMEM;
		state->int_count = count;
	}
	if (number >= state->int_count)
		return 0;
	if (action == STATE_UNSET) {
		state->ints[count + number / 32] &= ~(1u << (number % 32));
		return 0;
	}
	old = flowint_value(state, number);
	if (action == STATE_ADD)
		value = old > UINT32_MAX - value ? UINT32_MAX : old + value;
	else if (action == STATE_SUB)
		value = old < value ? 0 : old - value;
	state->ints[number] = value;
	state->ints[count + number / 32] |= 1u << (number % 32);
	return 0;
}
