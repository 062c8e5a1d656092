// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * keeper_list_load.c - a whole list comes into force while requests and proposals go on: merging and
 * flattening give way, the generation is built by a thread that has nothing of the keeper's but the idle
 * slot. What is blocked meanwhile is in force at once, in the generation that holds, and carried over before
 * the switch.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>

#include "keeper.h"
#include "lib/log.h"
#include "lib/pause.h"

#define CARRIED_MAX    4096u /* more: the generation is built once more */
#define WAITING_MAX    64u   /* requests that the load has to end for */
#define BUILDS_MAX     4     /* the last one takes no requests */
#define PAUSE_PATIENCE 100   /* ms */

/* A request that comes when its turn is. */
struct waiting {
	struct channel_head head;
	union {
		struct message_block block;
		struct message_ask ask;
	} body;
};

struct keeper_loading {
	struct prefix carried[CARRIED_MAX]; /* of the manual list */
	uint32_t count;
	struct waiting waiting[WAITING_MAX];
	uint32_t waits;
	bool policy; /* a policy is being applied: nobody else may change it */
};

/* Who may ask for blocks is served; nobody else, since a parser's or a copy's answer may end what is under
 * way. */
static void loading_serve(int until, void *arg)
{
	struct pollfd ready[KEEPER_CHILDREN + 1];
	struct keeper *k = arg;
	nfds_t count = 0;

	for (unsigned int i = 0; i < KEEPER_CHILDREN; i++)
		if (k->children[i].fd >= 0 &&
		    (k->children[i].kind == PROCESS_CTL || k->children[i].kind == PROCESS_ENGINE))
			ready[count++] = (struct pollfd){.fd = k->children[i].fd, .events = POLLIN};
	if (until >= 0)
		ready[count++] = (struct pollfd){.fd = until, .events = POLLIN};
	if (poll(ready, count, until < 0 ? 0 : PAUSE_PATIENCE) <= 0)
		return;
	for (nfds_t i = 0; i < count; i++)
		if (ready[i].revents && ready[i].fd != until)
			keeper_child_receive(k, ready[i].fd);
}

void keeper_load_carry(struct keeper *k, const struct prefix *prefix)
{
	struct keeper_loading *l = k->loading;

	if (l && l->count < CARRIED_MAX)
		l->carried[l->count] = *prefix;
	if (l)
		l->count++;
}

/* A prefix with others inside needs a generation of its own, and there is one under way. */
bool keeper_load_holds(struct keeper *k, const struct channel_head *head, const void *body)
{
	const bool block = head->type == MESSAGE_BLOCK;
	struct keeper_loading *l = k->loading;
	struct prefix prefix;

	if (!l || (!block && head->type != MESSAGE_UNBLOCK) || l->waits == WAITING_MAX)
		return false;
	if (!message_prefix_get(block ? &((const struct message_block *)body)->prefix
				      : &((const struct message_ask *)body)->prefix,
				&prefix) ||
	    !list_inside(k->lists, &prefix))
		return false;
	l->waiting[l->waits].head = *head;
	memcpy(&l->waiting[l->waits++].body, body, head->len);
	return true;
}

bool keeper_load_refuses(const struct keeper *k, uint16_t type, const struct message_peer *peer)
{
	const bool by_hand = type == MESSAGE_BLOCK || type == MESSAGE_UNBLOCK;

	return k->loading && k->loading->policy && type >= MESSAGE_SUPPRESS && type <= MESSAGE_DOWN &&
	       (!by_hand || keeper_peer_is_new(k, peer));
}

/* --- what changed meanwhile */

/* The manual list's word on a prefix into the set that will hold. */
static int carry_item(struct keeper *k, struct list_set *next, const struct prefix *prefix)
{
	struct list_item item;
	int err;

	if (!list_get(k->lists, LIST_MANUAL, prefix, &item))
		return list_add(next, &item, keeper_epoch());
	err = list_remove(next, LIST_MANUAL, prefix, keeper_epoch());
	return err == -ENOENT ? 0 : err;
}

/* All of it into the set. True in *lost: it is not known what in it changed. */
static int carry_items(struct keeper *k, struct list_set *next, bool *lost)
{
	struct keeper_loading *l = k->loading;
	int err = 0;

	*lost = l->count > CARRIED_MAX;
	if (*lost)
		return keeper_lists_manual(k, next);
	for (uint32_t i = 0; !err && i < l->count; i++)
		err = carry_item(k, next, &l->carried[i]);
	return err;
}

/* The same into the generation that was built before. -EAGAIN: it has to be built anew. */
static int carry_rows(struct keeper *k, const struct list_set *next)
{
	const struct keeper_loading *l = k->loading;
	int err = 0;

	for (uint32_t i = 0; !err && i < l->count; i++)
		err = list_inside(next, &l->carried[i]) ? -EAGAIN
							: keeper_lists_put(k, next, &l->carried[i], true);
	return err == -ENOSPC ? -EAGAIN : err;
}

static int carry_over(struct keeper *k, struct list_set *next, bool built)
{
	bool lost;
	int err = carry_items(k, next, &lost);

	if (!err && built)
		err = lost ? -EAGAIN : carry_rows(k, next);
	k->loading->count = 0;
	return err;
}

/* --- a generation */

struct building {
	struct gate *gate;
	struct gate_list_row *rows; /* freed apart, too: there may be hundreds of MiB of them */
	uint32_t count, slot;
	struct gate_why *why;
	int err;
};

static void building_run(void *arg)
{
	struct building *b = arg;

	b->err = gate_list_build(b->gate, b->rows, b->count, &b->slot, b->why);
	free(b->rows);
}

static int load_build(struct keeper *k, const struct list_set *next, uint32_t *slot, struct gate_why *why)
{
	struct building b = {.gate = k->gate, .why = why};
	int err = keeper_lists_rows(k, next, &b.rows, &b.count);

	if (err)
		return err;
	pause_while(building_run, &b);
	*slot = b.slot;
	return b.err;
}

/* Until a generation holds all that there is, and packets read it. */
static int load_push(struct keeper *k, struct list_set *next, struct gate_why *why)
{
	uint32_t slot = 0;
	int err = -EAGAIN;

	for (int builds = 0; err == -EAGAIN && builds < BUILDS_MAX; builds++) {
		const int64_t clock = k->list_clock;

		if (builds == BUILDS_MAX - 1)
			pause_set(NULL, NULL);
		err = carry_over(k, next, false);
		if (err || !k->gate)
			return err;
		err = load_build(k, next, &slot, why);
		if (!err)
			err = carry_over(k, next, true);
		if (!err && k->list_clock != clock) /* somebody set it: all rows are of another time */
			err = -EAGAIN;
	}
	return err ? err : keeper_lists_switch(k, slot);
}

void keeper_load_pauses(struct keeper *k, bool on)
{
	pause_set(on ? loading_serve : NULL, k);
}

static void load_end(struct keeper *k, struct keeper_loading *l)
{
	k->loading = NULL;
	keeper_load_pauses(k, false);
	for (uint32_t i = 0; i < l->waits; i++)
		keeper_request(k, &l->waiting[i].head, &l->waiting[i].body, -1);
	free(l);
}

int keeper_lists_replace(struct keeper *k, const struct list_image *image, enum keeper_take how,
			 uint32_t limit, struct gate_why *why)
{
	struct keeper_loading *l = calloc(1, sizeof(*l));
	struct list_set *next = NULL;
	int err;

	if (!l)
		return -ENOMEM;
	why->text[0] = '\0';
	k->loading = l;
	l->policy = how == TAKE_CONFIG;
	/* At a start there is nothing yet that a block could be put into. */
	keeper_load_pauses(k, !l->policy || k->iface_count);
	err = keeper_lists_take(k, image, how, limit, &next, why);
	if (!err)
		err = load_push(k, next, why);
	if (!err)
		keeper_lists_commit(k, next);
	else
		list_set_free(next);
	load_end(k, l);
	return err;
}
