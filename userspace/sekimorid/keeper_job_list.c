// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * keeper_job_list.c - lists that a parser read: those of a configuration, and those that are loaded.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/list/list_guard.h"
#include "keeper_job.h"
#include "lib/log.h"

#define SAVE_PATIENCE 600u  /* seconds that a disk may take */
#define JOB_CHANGES   8192u /* of one update that are made one by one */

static void guard_add(struct message_parse *ask, const struct prefix *prefix, uint8_t kind)
{
	struct message_guard *row = &ask->guards[ask->guard_count];

	if (ask->guard_count == MESSAGE_GUARDS_MAX)
		return;
	memcpy(row->addr, prefix->addr, sizeof(row->addr));
	row->len = prefix->len;
	row->kind = kind;
	ask->guard_count++;
}

/* Of a policy: what its people called more than an exemption. */
static void guards_of(struct message_parse *ask, const struct policy *policy)
{
	for (uint32_t i = 0; policy && i < policy->net_count; i++) {
		const struct policy_net *net = &policy->nets[i];

		if (net->flags & SEKI_NET_OWN)
			guard_add(ask, &net->prefix, SEKI_SCOPE_OWN);
		else if (net->allow && net->scope.kind != SEKI_SCOPE_USER)
			guard_add(ask, &net->prefix, net->scope.kind);
	}
}

/* What lists must not touch, management peers first. base: the configuration that will hold. */
void keeper_job_guards(const struct keeper *k, const struct policy *base, struct message_parse *ask)
{
	ask->now = keeper_epoch();
	guards_of(ask, k->now.runtime);
	for (uint32_t i = 0; i < k->resolver_count; i++)
		guard_add(ask, &k->resolvers[i].prefix, SEKI_SCOPE_RESOLVER);
	for (uint32_t i = 0; i < k->auto_count; i++)
		guard_add(ask, &k->autos[i].prefix, k->autos[i].scope.kind);
	guards_of(ask, base);
	if (ask->guard_count == MESSAGE_GUARDS_MAX)
		log_warn("lists are checked against the first %u of this machine's addresses only; the allow "
			 "set holds for all",
			 MESSAGE_GUARDS_MAX);
}

/* The lists that the configuration names: opened here, read there. */
int keeper_job_read_lists(struct keeper *k, const struct policy *policy)
{
	struct bundle bundle = {0};
	int err = 0;

	for (uint32_t i = 0; !err && i < policy->list_count; i++) {
		if (!*policy->lists[i].path) { /* its addresses stand in the configuration */
			err = bundle_add(&bundle, BUNDLE_LIST, i, "", "", 0);
			continue;
		}
		err = bundle_add_file(&bundle, BUNDLE_LIST, i, policy->lists[i].path);
		if (err) {
			char text[512];

			snprintf(text, sizeof(text), "list %s: %s: %s", policy->lists[i].name,
				 policy->lists[i].path, strerror(-err));
			bundle_free(&bundle);
			keeper_job_failed(k, text);
			return 0;
		}
	}
	err = keeper_job_ask_bundle(k, PARSE_LISTS, &bundle);
	bundle_free(&bundle);
	return err;
}

int keeper_job_list(struct keeper *k, uint64_t cookie, const struct message_load *load, int text)
{
	static struct message_parse ask;
	int err = keeper_job_begin(k, JOB_LIST, cookie, load->peer.uid);

	if (err)
		return err;
	k->job->load = *load;
	memset(&ask, 0, sizeof(ask));
	ask.kind = PARSE_LIST;
	ask.flags = load->flags;
	ask.severity = load->severity;
	ask.priority = load->priority;
	ask.max_age = load->max_age;
	ask.allow = load->allow;
	ask.max_share = load->max_share;
	ask.expires = load->expires;
	memcpy(ask.name, load->name, sizeof(ask.name));
	memcpy(ask.format, load->format, sizeof(ask.format));
	keeper_job_guards(k, k->now.base, &ask);
	err = keeper_job_ask(k, &ask, text);
	if (err)
		keeper_job_failed(k, strerror(-err));
	return 0;
}

/* Lists that lost more than half are doubted: their makers' slips are more frequent than such a clearance. */
static bool job_shrinks(struct keeper *k, const struct policy_list *list, uint32_t count, char *text,
			size_t size)
{
	uint16_t index;
	uint32_t loaded;

	if (list->allow & LIST_ALLOW_SHRINK || list_index(k->lists, list->name, false, &index))
		return false;
	loaded = list_count(k->lists, index);
	if (count >= loaded - loaded / 2)
		return false;
	snprintf(text, size,
		 "list %s has %u entries, the one that is loaded %u: it would lose more than half "
		 "(allow-shrink takes it)",
		 list->name, count, loaded);
	return true;
}

/* Deltas change the tables in force; they are as many stores. */
static int job_list_change(struct keeper *k, const struct list_image *image, uint16_t index,
			   struct gate_why *why)
{
	int err = 0;

	for (uint32_t i = 0; !err && i < image->cell_count; i++) {
		struct list_item item;

		list_image_item(image, &image->cells[i], &item);
		item.list = index;
		if (image->cells[i].said & LIST_CELL_REMOVE)
			err = list_remove(k->lists, index, &item.prefix, keeper_epoch());
		else
			err = list_add(k->lists, &item, keeper_epoch());
		if (err == -ENOENT) { /* not on the list: the other side may have said it before */
			err = 0;
			continue;
		}
		if (!err)
			err = keeper_lists_push(k, &item.prefix, why);
	}
	return err;
}

static int job_list_take(struct keeper *k, const struct list_image *image, uint16_t *index,
			 struct gate_why *why)
{
	const bool update = k->job->load.update;
	bool few = update && image->cell_count <= JOB_CHANGES &&
		   !list_index(k->lists, image->lists[0].name, false, index) &&
		   list_total(k->lists) + image->cell_count <= list_limit_get(k->lists);
	int err;

	if (few)
		return job_list_change(k, image, *index, why);
	err = keeper_lists_replace(k, image, update ? TAKE_CHANGES : TAKE_LISTS, list_limit_get(k->lists),
				   why);
	if (!err)
		err = list_index(k->lists, image->lists[0].name, false, index);
	/* The idle generation is what holds, but with this list as it was. */
	if (!err && !update) {
		k->idle.list = *index;
		k->idle.changes = k->list_changes;
	}
	return err;
}

/* "; by name it may have: private addresses ..." for the audit log; "" nothing. */
static void allowed_names(uint32_t allow, char *text, size_t size)
{
	size_t len = 0;

	*text = '\0';
	for (uint32_t bit = 1; bit && bit <= LIST_ALLOW_ALL; bit <<= 1)
		if (allow & bit && len < size)
			len += (size_t)snprintf(text + len, size - len, "%s allow-%s",
						len ? "," : "; overridden:", list_allow_name(bit));
}

struct saving {
	uint64_t cookie;
	uint32_t entries;
	uint16_t list;
	bool rotate;
};

static int save_run(struct keeper *k, const void *ask, void *answer)
{
	const struct saving *saving = ask;

	return keeper_list_state_save(k, saving->list, saving->rotate);
}

static void save_done(struct keeper *k, int err, const void *ask, const void *answer)
{
	const struct saving *saving = ask;
	const struct keeper_job *job = k->job;
	const struct message_parsed *parsed = job ? job->parsed : NULL;

	if (!parsed || job->cookie != saving->cookie)
		return;
	if (err)
		keeper_audit(k, AUDIT_ALARM, job->uid,
			     "list %s is in force but not saved, a restart forgets it: %s", job->load.name,
			     strerror(-err));
	keeper_done(k, job->cookie, 0,
		    "list %s: %u rows read, %u accepted (%u entries, %u to remove), %u merged, %u "
		    "refused%s%s%.3400s",
		    job->load.name, parsed->lines, parsed->accepted, saving->entries, parsed->removed,
		    parsed->merged, parsed->refused, err ? "; WARNING: not saved, a restart forgets it" : "",
		    *parsed->text ? "\n" : "", parsed->text);
	keeper_job_end(k);
}

/* The disk takes its time; blocks do not wait for it. Who loaded the list hears of it when it is saved. */
static void job_list_save(struct keeper *k, uint16_t index, uint32_t entries,
			  const struct message_parsed *parsed)
{
	const struct saving saving = {
		.cookie = k->job->cookie, .entries = entries, .list = index, .rotate = !k->job->load.update};
	const struct keeper_task_work work = {
		.run = save_run, .done = save_done, .ask = &saving, .ask_len = sizeof(saving)};
	int err;

	keeper_job_stop_parser(k);
	k->job->deadline = keeper_now() + SAVE_PATIENCE;
	k->job->parsed = malloc(sizeof(*parsed));
	if (!k->job->parsed) {
		keeper_job_failed(k, "no memory");
		return;
	}
	*k->job->parsed = *parsed;
	err = keeper_task(k, TASK_SAVE, &work);
	if (err)
		save_done(k, save_run(k, &saving, NULL), &saving, NULL);
}

static void job_list(struct keeper *k, const struct list_image *image, const struct message_parsed *parsed)
{
	struct keeper_job *job = k->job;
	const bool update = job->load.update;
	struct policy_list list = {.allow = job->load.allow};
	struct gate_why why = {""};
	uint16_t index = 0;
	char text[4096];
	int err;

	if (image->list_count != 1 || strcmp(image->lists[0].name, job->load.name) != 0) {
		keeper_job_failed(k, "the parser answered for another list");
		return;
	}
	memcpy(list.name, job->load.name, sizeof(list.name));
	if (!update && job_shrinks(k, &list, image->cell_count, text, sizeof(text))) {
		keeper_job_failed(k, text);
		return;
	}
	err = job_list_take(k, image, &index, &why);
	if (err) {
		snprintf(text, sizeof(text), "list %s is not loaded: %s", job->load.name,
			 *why.text ? why.text : strerror(-err));
		keeper_job_failed(k, text);
		return;
	}
	allowed_names(job->load.allow, text, sizeof(text));
	keeper_audit(k, AUDIT_CHANGE, job->uid, "list %s %s: %u entries, %u rows refused%s", job->load.name,
		     update ? "changed" : "loaded", image->cell_count, parsed->refused, text);
	job_list_save(k, index, image->cell_count, parsed);
}

/* The lists of the configuration that was read before. */
static void job_lists(struct keeper *k, struct keeper_image *lists, const struct message_parsed *parsed)
{
	struct keeper_job *job = k->job;
	const struct list_image *image = &lists->image;
	char text[512];

	if (image->list_count != job->base->list_count) {
		keeper_job_failed(k, "the parser answered for other lists");
		return;
	}
	for (uint32_t i = 0; i < image->list_count; i++) {
		if (strcmp(image->lists[i].name, job->base->lists[i].name) != 0) {
			keeper_job_failed(k, "the parser answered for other lists");
			return;
		}
		/* What people wrote into the configuration itself is no feed. */
		if (*job->base->lists[i].path &&
		    job_shrinks(k, &job->base->lists[i], image->lists[i].count, text, sizeof(text))) {
			keeper_job_failed(k, text);
			return;
		}
	}
	if (parsed->refused) {
		size_t len = strlen(job->text);

		snprintf(job->text + len, sizeof(job->text) - len, "%u list lines refused: %.160s",
			 parsed->refused, parsed->text);
	}
	job->lists = keeper_image_share(lists);
	keeper_job_push(k);
}

void keeper_job_lists_parsed(struct keeper *k, const struct message_parsed *parsed, int image)
{
	CLEANUP(keeper_image_free) struct keeper_image *lists = NULL;
	const char *why = "";
	int err;

	keeper_load_pauses(k, true);
	err = keeper_image_sealed(image, &lists, &why);
	keeper_load_pauses(k, false);
	if (err)
		keeper_job_refused(k, err, why);
	else if (k->job->kind == JOB_LIST)
		job_list(k, &lists->image, parsed);
	else
		job_lists(k, lists, parsed);
}
