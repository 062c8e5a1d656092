// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * prefilter_automaton.c - from the tree of an expression to a deterministic
 * automaton: nondeterministic states first, then sets of them, with what is
 * known of the byte before in each.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "prefilter_regex.h"
#include "sekimori/prefilter.h"

#define NFA_MAX	    20000u
#define BEHIND_MAX  16u
#define WORK_MAX    4000000u /* steps of the construction: a bound on time */
#define STATES_MAX  SEKI_PF_STATES_MAX
#define DEPTH_MAX   64u
#define COUNT_LONG  16u /* rounds that make an expression's last element one that counts */
#define HASH_SLOTS  16384u
#define LADDERS_MAX 256u

enum nfa_kind { NFA_SPLIT, NFA_SET, NFA_BEHIND, NFA_AHEAD, NFA_ACCEPT };
struct nfa_state {
	uint8_t kind;
	bool edge;
	bool home;     /* SPLIT: goes round as often as it likes */
	uint16_t set;  /* BEHIND: number of the assertion */
	uint32_t a, b; /* next; SPLIT: both */
	/* Of several states of one ladder the one of highest rank accepts whatever the others do; ladder 0:
	 * none. */
	uint16_t ladder, rank;
};

struct behind {
	uint16_t set;
	bool edge;
};

/* A deterministic state: nondeterministic ones before assertions are looked at, in order. */
struct subset {
	uint32_t first, count; /* in pool */
	uint16_t behind;       /* assertions about the byte before that hold */
};

struct builder {
	struct regex *regex;
	bool known, focused;
	struct nfa_state nfa[NFA_MAX];
	uint32_t nfa_count, start, accept;
	uint32_t last, tail; /* node of the expression's last element; its states come before this one */
	uint16_t ladders;
	uint16_t best[LADDERS_MAX + 1]; /* of this subset */
	struct behind behinds[BEHIND_MAX];
	uint32_t behind_count;
	uint32_t classes;
	uint8_t map[256], sample[256]; /* class of a byte, a byte of a class */
	uint16_t behind_of[256];       /* per class: assertions that hold behind it */
	struct subset subsets[STATES_MAX];
	uint32_t subset_count;
	uint32_t slots[HASH_SLOTS]; /* subset + 1 */
	uint32_t *pool;
	uint32_t pool_count, pool_room;
	uint32_t stack[NFA_MAX], found[NFA_MAX], stamps[NFA_MAX], stamp;
	uint64_t work;
};

static bool set_has(const struct regex_set *set, unsigned int byte)
{
	return set->bits[byte / 64] >> (byte % 64) & 1;
}

static uint32_t nfa_add(struct builder *b, struct nfa_state state)
{
	if (b->nfa_count == NFA_MAX)
		return UINT32_MAX;
	b->nfa[b->nfa_count] = state;
	return b->nfa_count++;
}

static uint32_t behind_number(struct builder *b, uint16_t set, bool edge)
{
	for (uint32_t i = 0; i < b->behind_count; i++)
		if (b->behinds[i].set == set && b->behinds[i].edge == edge)
			return i;
	if (b->behind_count == BEHIND_MAX)
		return UINT32_MAX;
	b->behinds[b->behind_count] = (struct behind){set, edge};
	return b->behind_count++;
}

static uint32_t nfa_make(struct builder *b, uint32_t node, uint32_t next, unsigned int depth);

/* 0: there are too many. */
static uint16_t ladder_new(struct builder *b)
{
	return b->ladders < LADDERS_MAX ? ++b->ladders : 0;
}

static uint32_t nfa_repeat(struct builder *b, const struct regex_node *node, uint32_t next,
			   unsigned int depth)
{
	uint32_t at = next;
	uint16_t ladder = 0;

	if (node->high == REGEX_FOREVER) {
		uint32_t loop = nfa_add(b, (struct nfa_state){.kind = NFA_SPLIT, .home = true, .b = next}),
			 body;

		if (loop == UINT32_MAX)
			return loop;
		body = nfa_make(b, node->a, loop, depth);
		b->nfa[loop].a = body;
		at = body == UINT32_MAX ? body : loop;
	}
	if (node->high != REGEX_FOREVER && node->high > node->low)
		ladder = ladder_new(b);
	for (uint32_t i = node->low; node->high != REGEX_FOREVER && i < node->high && at != UINT32_MAX; i++) {
		uint32_t body = nfa_make(b, node->a, at, depth);

		/* Who may go round more often can do all that the others can. */
		at = body == UINT32_MAX ? body
					: nfa_add(b, (struct nfa_state){.kind = NFA_SPLIT,
									.a = body,
									.b = next,
									.ladder = ladder,
									.rank = (uint16_t)(i - node->low)});
	}
	/* At the expression's end, and where any number may follow, who has fewer rounds to go accepts what
	 * the others do, and earlier. */
	ladder = (at == b->accept || node->high == REGEX_FOREVER) && node->low > 1 && at != UINT32_MAX &&
				 b->regex->nodes[node->a].kind == REGEX_SET
			 ? ladder_new(b)
			 : 0;
	if (ladder && node->high == REGEX_FOREVER) {
		b->nfa[at].ladder = ladder;
		b->nfa[at].rank = (uint16_t)(node->low + 1);
	}
	for (uint32_t i = 0; i < node->low && at != UINT32_MAX; i++) {
		at = nfa_make(b, node->a, at, depth);
		if (at != UINT32_MAX && ladder) {
			b->nfa[at].ladder = ladder;
			b->nfa[at].rank = (uint16_t)(node->low - i);
		}
	}
	return at;
}

/* States for node that go on to next; UINT32_MAX: too many. */
static uint32_t nfa_make(struct builder *b, uint32_t number, uint32_t next, unsigned int depth)
{
	if (depth > DEPTH_MAX)
		return UINT32_MAX;
	while (next != UINT32_MAX) {
		const struct regex_node *node = &b->regex->nodes[number];
		uint32_t left, right;

		switch (node->kind) {
		case REGEX_EMPTY:
			return next;
		case REGEX_CAT:
			next = nfa_make(b, node->b, next, depth + 1);
			if (node->b == b->last)
				b->tail = b->nfa_count;
			number = node->a;
			continue;
		case REGEX_ALT:
			left = nfa_make(b, node->a, next, depth + 1);
			right = left == UINT32_MAX ? left : nfa_make(b, node->b, next, depth + 1);
			return right == UINT32_MAX
				       ? right
				       : nfa_add(b, (struct nfa_state){
							    .kind = NFA_SPLIT, .a = left, .b = right});
		case REGEX_REPEAT:
			return nfa_repeat(b, node, next, depth + 1);
		case REGEX_BEHIND:
			left = behind_number(b, node->set, node->edge);
			return left == UINT32_MAX ? left
						  : nfa_add(b, (struct nfa_state){.kind = NFA_BEHIND,
										  .set = (uint16_t)left,
										  .a = next});
		default:
			return nfa_add(
				b, (struct nfa_state){.kind = node->kind == REGEX_SET ? NFA_SET : NFA_AHEAD,
						      .edge = node->edge,
						      .set = node->set,
						      .a = next});
		}
	}
	return UINT32_MAX;
}

/* Bytes that no set tells apart are one class. */
static void classes_make(struct builder *b)
{
	for (unsigned int byte = 0; byte < 256; byte++) {
		uint32_t class = 0;

		for (; class < b->classes; class ++) {
			uint32_t i = 0;

			while (i < b->regex->set_count &&
			       set_has(&b->regex->sets[i], byte) ==
				       set_has(&b->regex->sets[i], b->sample[class]))
				i++;
			if (i == b->regex->set_count)
				break;
		}
		b->map[byte] = (uint8_t) class;
		if (class == b->classes)
			b->sample[b->classes++] = (uint8_t)byte;
	}
	for (uint32_t class = 0; class < b->classes; class ++)
		for (uint32_t i = 0; i < b->behind_count; i++)
			if (set_has(&b->regex->sets[b->behinds[i].set], b->sample[class]))
				b->behind_of[class] |= (uint16_t)(1u << i);
}

/* What follows is byte class `ahead`, or the end, or not known yet. */
#define AHEAD_END     256
#define AHEAD_UNKNOWN -1

static bool ahead_holds(const struct builder *b, const struct nfa_state *state, int ahead)
{
	if (ahead == AHEAD_UNKNOWN)
		return false;
	return ahead == AHEAD_END ? state->edge : set_has(&b->regex->sets[state->set], b->sample[ahead]);
}

/* All states that are reached without a byte; their number, UINT32_MAX when the accepting one is among them.
 */
static uint32_t closure(struct builder *b, const uint32_t *from, uint32_t count, uint16_t behind, int ahead)
{
	uint32_t depth = 0, found = 0;

	b->stamp++;
	for (uint32_t i = 0; i < count; i++) {
		b->stack[depth++] = from[i];
		b->stamps[from[i]] = b->stamp;
	}
	while (depth) {
		uint32_t at = b->stack[--depth], next[2], n = 0;
		const struct nfa_state *state = &b->nfa[at];

		b->work++;
		switch (state->kind) {
		case NFA_ACCEPT:
			return UINT32_MAX;
		case NFA_SPLIT:
			next[n++] = state->b;
			next[n++] = state->a;
			break;
		case NFA_BEHIND:
			if (behind >> state->set & 1)
				next[n++] = state->a;
			break;
		case NFA_AHEAD:
			if (ahead_holds(b, state, ahead))
				next[n++] = state->a;
			break;
		default:
			b->found[found++] = at;
		}
		for (uint32_t i = 0; i < n; i++) {
			if (b->stamps[next[i]] == b->stamp)
				continue;
			b->stamps[next[i]] = b->stamp;
			b->stack[depth++] = next[i];
		}
	}
	return found;
}

static int number_compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* The number of this set of states, new or known. -E2BIG, -ENOMEM. */
static int subset_number(struct builder *b, uint32_t *states, uint32_t count, uint16_t behind, uint32_t *out)
{
	uint32_t hash = behind * 0x9e3779b1u, slot;

	qsort(states, count, sizeof(*states), number_compare);
	for (uint32_t i = 0; i < count; i++)
		hash = (hash ^ states[i]) * 0x85ebca6bu;
	for (slot = hash % HASH_SLOTS; b->slots[slot]; slot = (slot + 1) % HASH_SLOTS) {
		const struct subset *known = &b->subsets[b->slots[slot] - 1];

		if (known->count == count && known->behind == behind &&
		    !memcmp(b->pool + known->first, states, count * sizeof(*states))) {
			*out = b->slots[slot] - 1;
			return 0;
		}
	}
	if (b->subset_count == STATES_MAX)
		return -E2BIG;
	if (b->pool_count + count > b->pool_room) {
		uint32_t room = (b->pool_count + count) * 2 + 1024;
		uint32_t *pool = realloc(b->pool, room * sizeof(*pool));

		if (!pool)
			return -ENOMEM;
		b->pool = pool;
		b->pool_room = room;
	}
	memcpy(b->pool + b->pool_count, states, count * sizeof(*states));
	b->subsets[b->subset_count] = (struct subset){b->pool_count, count, behind};
	b->pool_count += count;
	b->slots[slot] = ++b->subset_count;
	*out = b->subset_count - 1;
	return 0;
}

/*
 * Of each ladder the highest alone: counting in bounds would else take as many subsets as it has ways to
 * count. Focused, what is in the expression's last element forgets what may begin meanwhile, but for the
 * loops that it came out of: every beginning beside every count there would be too many.
 */
static uint32_t subset_thin(struct builder *b, uint32_t *states, uint32_t count)
{
	uint32_t kept = 0;
	bool ends = false;

	for (uint32_t i = 0; i < count; i++)
		b->best[b->nfa[states[i]].ladder] = 0;
	for (uint32_t i = 0; i < count; i++) {
		const struct nfa_state *state = &b->nfa[states[i]];

		if (state->rank >= b->best[state->ladder])
			b->best[state->ladder] = state->rank;
		ends |= states[i] < b->tail;
	}
	for (uint32_t i = 0; i < count; i++) {
		const struct nfa_state *state = &b->nfa[states[i]];

		if (b->focused && ends && states[i] >= b->tail && !state->home)
			continue;
		if (!state->ladder || state->rank == b->best[state->ladder])
			states[kept++] = states[i];
	}
	return kept;
}

/* Where a byte of the class leads from the subset. */
static int subset_move(struct builder *b, uint32_t from, uint32_t class, uint32_t *out)
{
	struct subset subset = b->subsets[from];
	uint32_t found = closure(b, b->pool + subset.first, subset.count, subset.behind, (int)class),
		 count = 0;
	uint16_t behind = b->behind_of[class];

	*out = SEKI_PF_ACCEPT;
	if (found == UINT32_MAX)
		return 0;
	b->stamp++;
	b->stamps[b->start] = b->stamp;
	for (uint32_t i = 0; i < found; i++) {
		const struct nfa_state *state = &b->nfa[b->found[i]];

		if (!set_has(&b->regex->sets[state->set], b->sample[class]) ||
		    b->stamps[state->a] == b->stamp)
			continue;
		b->stamps[state->a] = b->stamp;
		b->found[count++] = state->a; /* behind what is still to be read: count <= i */
	}
	count = subset_thin(b, b->found, count);
	b->found[count++] = b->start; /* it may begin at any byte */
	{
		/* closure() writes found: keep what was made until it has been named. */
		int err = subset_number(b, b->found, count, behind, out);

		if (err)
			return err;
	}
	subset = b->subsets[*out];
	if (closure(b, b->pool + subset.first, subset.count, subset.behind, AHEAD_UNKNOWN) == UINT32_MAX)
		*out = SEKI_PF_ACCEPT;
	return 0;
}

static int moves_make(struct builder *b, struct automaton *out)
{
	uint32_t room = 0;

	for (uint32_t at = 0; at < b->subset_count; at++) {
		uint32_t to;

		if (at == room) {
			uint16_t *moves;

			room = room ? room * 2 : 32;
			moves = realloc(out->moves, (size_t)room * out->classes * sizeof(*moves));
			if (!moves)
				return -ENOMEM;
			out->moves = moves;
		}
		for (uint32_t class = 0; class < b->classes; class ++) {
			int err = subset_move(b, at, class, &to);

			if (err)
				return err;
			if (b->work > WORK_MAX)
				return -E2BIG;
			out->moves[at * out->classes + class] = (uint16_t)to;
		}
		to = SEKI_PF_REJECT;
		if (b->known && closure(b, b->pool + b->subsets[at].first, b->subsets[at].count,
					b->subsets[at].behind, AHEAD_END) == UINT32_MAX)
			to = SEKI_PF_ACCEPT;
		out->moves[at * out->classes + b->classes] = (uint16_t)to;
	}
	out->states = b->subset_count;

	return 0;
}

/* Is it, or one of its alternatives, a long count? */
static bool counts_long(const struct regex *regex, uint32_t number)
{
	const struct regex_node *node = &regex->nodes[number];

	while (node->kind == REGEX_ALT || node->kind == REGEX_CAT) {
		const struct regex_node *b = &regex->nodes[node->b];

		if (b->kind == REGEX_REPEAT && b->low >= COUNT_LONG)
			return true;
		node = &regex->nodes[node->a];
	}
	return node->kind == REGEX_REPEAT && node->low >= COUNT_LONG;
}

static uint32_t last_element(const struct regex *regex, uint32_t root)
{
	while (regex->nodes[root].kind == REGEX_CAT)
		root = regex->nodes[root].b;
	return root;
}

static int builder_run(struct builder *b, uint32_t root, struct automaton *out)
{
	uint16_t behind = 0;
	uint32_t accept, first, at;
	int err;

	b->last = last_element(b->regex, root);
	accept = nfa_add(b, (struct nfa_state){.kind = NFA_ACCEPT});
	b->accept = accept;
	b->start = nfa_make(b, root, accept, 0);
	if (b->start == UINT32_MAX) {
		b->regex->why = "too large for the kernel";
		return -E2BIG;
	}
	classes_make(b);
	for (uint32_t i = 0; i < b->behind_count && b->known; i++)
		if (b->behinds[i].edge)
			behind |= (uint16_t)(1u << i);
	out->classes = b->classes + 1;
	memcpy(out->map, b->map, sizeof(out->map));
	at = b->start;
	err = subset_number(b, &at, 1, behind, &first);
	if (!err && closure(b, &b->start, 1, behind, AHEAD_UNKNOWN) == UINT32_MAX) {
		b->regex->why = "matches nothing at all, too";
		return -EINVAL;
	}
	if (!err)
		err = moves_make(b, out);
	if (err == -E2BIG)
		b->regex->why = "too many states";
	return err;
}

static int build(struct regex *regex, uint32_t root, bool known, bool focused, struct automaton *out)
{
	struct builder *b = calloc(1, sizeof(*b));
	int err;

	*out = (struct automaton){.moves = NULL};
	if (!b)
		return -ENOMEM;
	b->regex = regex;
	b->known = known;
	b->focused = focused;
	err = builder_run(b, root, out);
	free(b->pool);
	free(b);
	if (err)
		automaton_clear(out);
	return err;
}

int automaton_build(struct regex *regex, uint32_t root, bool known, struct automaton *out)
{
	int err = build(regex, root, known, false, out);

	if (err != -E2BIG || !counts_long(regex, last_element(regex, root)))
		return err;
	regex->exact = false;
	return build(regex, root, known, true, out);
}

void automaton_clear(struct automaton *automaton)
{
	free(automaton->moves);
	automaton->moves = NULL;
}
