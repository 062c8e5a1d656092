// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * keeper_verify.c - is the kernel's list the one that is meant? And back to what a list was before.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "keeper.h"
#include "lib/log.h"

static void difference_name(const struct keeper *k, const struct seki_entry *entry, char name[LIST_NAME_MAX])
{
	const char *known = list_name(k->lists, entry->list);

	snprintf(name, LIST_NAME_MAX, "%s", known ? known : "?");
}

static int verify_once(struct keeper *k, struct message_verified *out)
{
	AUTO_FREE struct gate_list_row *rows = NULL;
	struct gate_list_verdict verdict;
	int err = keeper_lists_rows(k, k->lists, &rows, &out->rows);

	if (!err)
		err = gate_list_verify(k->gate, rows, out->rows, &verdict);
	if (err)
		return err;
	out->want = verdict.want;
	out->held = verdict.held;
	out->spilled = verdict.spilled;
	out->differences = verdict.differences;
	out->count = verdict.count;
	for (uint32_t i = 0; i < verdict.count; i++) {
		out->first[i].seen = verdict.first[i];
		difference_name(k, &verdict.first[i].want, out->first[i].want);
		difference_name(k, &verdict.first[i].held, out->first[i].held);
	}
	return 0;
}

#define VERIFY_TRIES                                                                                         \
	4 /* while entries come and go, a copy compares what is no longer meant with what is held */

struct verifying {
	uint64_t cookie, changes;
	struct message_ask in;
	int tries;
};

static void verify_begin(struct keeper *k, struct verifying *v);

static void verify_mend(struct keeper *k, struct message_verified *out, int *err, struct gate_why *why)
{
	*err = keeper_lists_push(k, NULL, why);
	if (!*err)
		*err = verify_once(k, out);
	out->mended = !*err;
}

static void verify_answer(struct keeper *k, int err, const struct verifying *v, struct message_verified *out)
{
	struct gate_why why = {""};

	if (!err && k->lists_stale && !v->in.remove) {
		keeper_done(k, v->cookie, -EAGAIN,
			    "not converged: entries that ended are still to be taken out of the kernel's "
			    "tables (they no "
			    "longer act); ask again in %u s, or --mend",
			    KEEPER_STALE_TICKS - k->ticks % KEEPER_STALE_TICKS);
		return;
	}
	if (!err && out->differences)
		keeper_audit(k, AUDIT_ALARM, v->in.peer.uid,
			     "the kernel's list is not the one that is meant: %u differences among %u rows%s",
			     out->differences, out->rows,
			     v->in.remove ? ", it is made anew"
					  : "; `sekimori list verify --mend` makes it anew");
	if (!err && out->differences && v->in.remove)
		verify_mend(k, out, &err, &why);
	if (err)
		keeper_done(k, v->cookie, err, "the kernel's tables cannot be read back or made anew: %s %s",
			    strerror(-err), why.text);
	else
		keeper_answer(k, v->cookie, MESSAGE_VERIFIED, out, sizeof(*out));
}

static int verify_run(struct keeper *k, const void *ask, void *answer)
{
	return verify_once(k, answer);
}

static void verify_done(struct keeper *k, int err, const void *ask, const void *answer)
{
	static struct message_verified out;
	struct verifying v;

	memcpy(&v, ask, sizeof(v));
	memcpy(&out, answer, sizeof(out));
	if (!k->gate) {
		keeper_done(k, v.cookie, -ENODEV, "nothing is up any more");
		return;
	}
	if ((err || out.differences) && k->list_changes != v.changes) {
		verify_begin(k, &v);
		return;
	}
	verify_answer(k, err, &v, &out);
}

/* By a copy of the keeper, so that blocks need not wait; at last, when too much changes, by itself. */
static void verify_begin(struct keeper *k, struct verifying *v)
{
	static struct message_verified out;
	const struct keeper_task_work work = {.run = verify_run,
					      .done = verify_done,
					      .ask = v,
					      .ask_len = sizeof(*v),
					      .answer_len = sizeof(out)};
	int err = -EAGAIN;

	v->changes = k->list_changes;
	if (v->tries++ < VERIFY_TRIES)
		err = keeper_task(k, TASK_VERIFY, &work);
	if (err == -EBUSY) {
		keeper_done(k, v->cookie, err, "the tables are being compared already; ask again");
		return;
	}
	if (!err)
		return;
	memset(&out, 0, sizeof(out));
	err = verify_once(k, &out);
	verify_answer(k, err, v, &out);
}

void keeper_list_verify(struct keeper *k, uint64_t cookie, const struct message_ask *in)
{
	struct verifying v = {.cookie = cookie, .in = *in};

	if (k->gate)
		verify_begin(k, &v);
	else
		keeper_done(k, cookie, -ENODEV, "nothing is up: `sekimori up --iface IF`");
}

/* The kernel's part: one store when the idle generation is that very state, else a generation of it. */
static int rollback_push(struct keeper *k, const struct list_set *next, uint16_t list, bool *stored,
			 struct gate_why *why)
{
	int err;

	*stored = k->gate && list != LIST_MANUAL && k->idle.list == list &&
		  k->idle.changes == k->list_changes && gate_list_has_previous(k->gate);
	err = *stored ? keeper_lists_flip(k) : keeper_lists_push_all(k, next, why);
	if (!err) { /* and back again is one store, too */
		k->idle.list = list;
		k->idle.changes = k->list_changes;
	}
	return err;
}

static int rollback_image(struct keeper *k, const char *name, struct keeper_image **out, char *text,
			  size_t size)
{
	const char *why = "";
	int err = keeper_list_state_previous(k, name, out, &why);

	if (!err && ((*out)->image.list_count != 1 || strcmp((*out)->image.lists[0].name, name) != 0)) {
		why = "it is of another list";
		err = -EBADMSG;
	}
	if (err == -ENOENT)
		snprintf(text, size, "list %s has no earlier state: it was loaded once, or never", name);
	else if (err)
		snprintf(text, size, "the earlier state of list %s cannot be used: %s %s", name,
			 strerror(-err), why);
	return err;
}

static int rollback_do(struct keeper *k, const char *name, uint16_t list, char *text, size_t size)
{
	CLEANUP(keeper_image_free) struct keeper_image *image = NULL;
	CLEANUP(list_set_free) struct list_set *next = NULL;
	struct gate_why why = {""};
	uint32_t before = list_count(k->lists, list), kept;
	bool stored = false;
	int err = rollback_image(k, name, &image, text, size);

	if (err)
		return err;
	err = keeper_lists_take(k, &image->image, TAKE_LISTS, list_limit_get(k->lists), &next, &why);
	if (!err)
		err = rollback_push(k, next, list, &stored, &why);
	if (err) {
		snprintf(text, size, "list %s stays as it is: %s", name,
			 *why.text ? why.text : strerror(-err));
		return err;
	}
	keeper_lists_commit(k, TAKE_PTR(next));
	kept = list_count(k->lists, list);
	/* What ended meanwhile is in that generation still. */
	k->lists_stale |= stored && kept != image->image.cell_count;
	err = keeper_list_state_exchange(k, name);
	snprintf(text, size, "list %s is what it was before: %u entries instead of %u (%s)%s", name, kept,
		 before,
		 stored	   ? "the kernel's idle generation, by one store"
		 : k->gate ? "a new generation"
			   : "in force as soon as an interface is up",
		 err ? "; WARNING: not saved, a restart brings the later one back" : "");
	return 0;
}

void keeper_list_rollback(struct keeper *k, uint64_t cookie, const struct message_ask *in)
{
	struct list_about about;
	char text[768] = "";
	uint16_t list;
	int err;

	if (!message_text_valid(in->name, sizeof(in->name)) || list_index(k->lists, in->name, false, &list)) {
		keeper_done(k, cookie, -ENOENT, "there is no such list; `sekimori list status` names them");
		return;
	}
	if (keeper_job_runs(k)) {
		keeper_done(k, cookie, -EBUSY, "another change is being made; try again");
		return;
	}
	list_about(k->lists, list, &about);
	if (about.source != LIST_FROM_FILE) {
		keeper_done(
			k, cookie, -EINVAL,
			list == LIST_MANUAL
				? "list %s is changed by block and unblock only"
				: "list %s is of the configuration: `sekimori rollback` brings the policy "
				  "before back, with its lists",
			in->name);
		return;
	}
	err = rollback_do(k, in->name, list, text, sizeof(text));
	if (!err)
		keeper_audit(k, AUDIT_CHANGE, in->peer.uid, "%s", text);
	keeper_done(k, cookie, err, "%s", text);
}
