// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * keeper_job.c - changes that need text to be read: a parser child reads, the
 * keeper checks the image that comes back. One at a time.
 */
#include <errno.h>
#include <glob.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "bundle.h"
#include "core/list/list_guard.h"
#include "keeper.h"
#include "keeper_module.h"
#include "lib/file.h"
#include "lib/log.h"
#include "sekimori/prefilter.h"

#define PREFILTER_PATIENCE 300u	 /* of tens of thousands of rules on a busy machine */
#define JOB_PATIENCE	   60u	 /* seconds that a parser may take */
#define SAVE_PATIENCE	   600u	 /* that a disk may */
#define JOB_CHANGES	   8192u /* of one update that are made one by one */
#define RESOLV_CONF	   "/etc/resolv.conf"

struct keeper_job {
	enum keeper_job_kind kind;
	uint64_t cookie;
	uint32_t uid, deadline;
	struct message_load load; /* JOB_LIST */
	struct keeper_change change;
	int policy, rules;	       /* JOB_RULES: what the engines will get; -1: nothing */
	bool handed;		       /* JOB_RULES: the engines have them, their answers are awaited */
	struct policy *base;	       /* JOB_APPLY: what the configuration said, lists still to be read */
	struct keeper_image *lists;    /* JOB_APPLY: its lists */
	struct message_parsed *parsed; /* JOB_LIST: what the parser said of a list that is in force */
	char text[3072];	       /* what the parser remarked */
};

static void job_stop_parser(struct keeper *k)
{
	struct keeper_child *parser = keeper_child(k, PROCESS_PARSER, 0);

	keeper_child_stop(k, parser);
	/* It was just killed: waiting here keeps the next job from finding it still there. */
	if (parser->pid > 0 && waitpid(parser->pid, NULL, 0) == parser->pid)
		parser->pid = 0;
}

static void job_end(struct keeper *k)
{
	if (!k->job)
		return;
	policy_free(k->job->base);
	keeper_image_free(k->job->lists);
	if (k->job->policy >= 0)
		close(k->job->policy);
	if (k->job->rules >= 0)
		close(k->job->rules);
	free(k->job->parsed);
	free(k->job);
	k->job = NULL;
	job_stop_parser(k);
}

static int job_begin(struct keeper *k, enum keeper_job_kind kind, uint64_t cookie, uint32_t uid)
{
	struct keeper_child *parser = keeper_child(k, PROCESS_PARSER, 0);

	/* Nobody waits for the resolvers: what a person wants goes first. */
	if (k->job && k->job->kind == JOB_RESOLV && kind != JOB_RESOLV) {
		k->resolv_mtime = 0;
		job_end(k);
	}
	/* Nor for the prefilter: without it the matcher sees all. */
	if (k->job && k->job->kind == JOB_PREFILTER) {
		k->prefilter_stale = true;
		job_end(k);
	}
	if (k->job || parser->pid)
		return -EBUSY;
	k->job = calloc(1, sizeof(*k->job));
	if (!k->job)
		return -ENOMEM;
	k->job->kind = kind;
	k->job->cookie = cookie;
	k->job->uid = uid;
	k->job->policy = k->job->rules = -1;
	k->job->deadline = keeper_now() + JOB_PATIENCE;
	return 0;
}

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
static void job_guards(const struct keeper *k, const struct policy *base, struct message_parse *ask)
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

static int job_send(struct keeper *k, const struct message_parse *ask, int fd)
{
	struct keeper_child *parser = keeper_child(k, PROCESS_PARSER, 0);
	int err = parser->fd < 0 ? keeper_child_start(k, parser) : 0;

	return err ? err : channel_send(parser->fd, MESSAGE_PARSE, 0, ask, sizeof(*ask), fd);
}

static int job_send_bundle(struct keeper *k, enum message_parse_kind kind, struct bundle *bundle)
{
	static struct message_parse ask;
	AUTO_FD int fd = -1;
	int err = bundle_seal(bundle, &fd);

	memset(&ask, 0, sizeof(ask));
	ask.kind = kind;
	if (kind == PARSE_LISTS)
		job_guards(k, k->job->base, &ask);
	return err ? err : job_send(k, &ask, fd);
}

void keeper_job_failed(struct keeper *k, const char *why)
{
	struct keeper_job *job = k->job;

	if (!job)
		return;
	if (job->kind == JOB_APPLY)
		keeper_audit(k, AUDIT_ALARM, job->uid, "not applied, the earlier policy stays: %s", why);
	if (job->kind == JOB_PREFILTER)
		keeper_audit(k, AUDIT_ALARM, 0, "the prefilter keeps its earlier rules: %s", why);
	if (job->kind == JOB_RULES)
		keeper_audit(k, AUDIT_ALARM, job->uid, "rules not reloaded, engines keep what they have: %s",
			     why);
	keeper_done(k, job->cookie, -EINVAL, "%s", why);
	job_end(k);
}

/* Interfaces of `up` become part of the runtime policy. */
static int job_up(struct policy *runtime, const struct message_up *up)
{
	for (uint32_t i = 0; i < up->count; i++) {
		struct policy_iface *grown,
			row = {.vlan = up->ifaces[i].vlan,
			       .role = up->ifaces[i].role,
			       .mode = up->flags & UP_ENFORCE ? SEKI_MODE_ENFORCE : SEKI_MODE_MONITOR};
		uint32_t at = 0;

		memcpy(row.name, up->ifaces[i].name, sizeof(row.name));
		while (at < runtime->iface_count && (strcmp(runtime->ifaces[at].name, row.name) != 0 ||
						     runtime->ifaces[at].vlan != row.vlan))
			at++;
		if (at == runtime->iface_count) {
			grown = realloc(runtime->ifaces, (at + 1) * sizeof(*grown));
			if (!grown)
				return -ENOMEM;
			runtime->ifaces = grown;
			runtime->iface_count++;
		}
		runtime->ifaces[at] = row;
	}
	return 0;
}

static void job_apply(struct keeper *k)
{
	struct keeper_job *job = k->job;
	struct keeper_policy next = {0};
	char text[768];
	int err = keeper_policy_copy(k->now.runtime, &next.runtime);

	if (!err && job->base) {
		next.base = TAKE_PTR(job->base);
		next.lists = TAKE_PTR(job->lists);
	} else if (!err && k->now.base) {
		err = keeper_policy_copy(k->now.base, &next.base);
		next.lists = keeper_image_share(k->now.lists);
	}
	if (!err)
		err = job_up(next.runtime, &job->change.up);
	if (err) {
		keeper_policy_free(&next);
		keeper_job_failed(k, strerror(-err));
		return;
	}
	err = keeper_apply(k, &next, &job->change.how, text, sizeof(text));
	if (err) {
		keeper_job_failed(k, text);
		return;
	}
	if (job->change.reread)
		memcpy(k->config, job->change.path, sizeof(k->config));
	keeper_done(k, job->cookie, 0, "generation %llu on %u interface%s%s%s%s%.200s",
		    (unsigned long long)k->settings.generation, k->iface_count,
		    k->iface_count == 1 ? "" : "s", *text ? "; " : "", text, *job->text ? "; " : "",
		    job->text);
	job_end(k);
	keeper_children_tick(k);
}

static int job_read_config(struct keeper *k, const char *path)
{
	struct bundle bundle = {0};
	int err = bundle_add_file(&bundle, BUNDLE_CONFIG, 0, path);

	if (!err)
		err = job_send_bundle(k, PARSE_CONFIG, &bundle);
	bundle_free(&bundle);
	return err;
}

int keeper_job_apply(struct keeper *k, uint64_t cookie, const struct keeper_change *change)
{
	char text[512];
	int err = job_begin(k, JOB_APPLY, cookie, change->how.uid);

	if (err)
		return err;
	k->job->change = *change;
	if (!change->reread) {
		job_apply(k);
		return 0;
	}
	err = job_read_config(k, change->path);
	if (err) {
		snprintf(text, sizeof(text), "%s: %s", change->path, strerror(-err));
		keeper_job_failed(k, text);
	}
	return 0;
}

/* A pattern of the configuration that names no rule file: without this a slip of the pen ends detection.
 * NULL: none. */
static const char *job_rules_missing(const struct policy *policy)
{
	for (uint32_t i = 0; i < policy->rule_file_count; i++) {
		glob_t found;
		int err = glob(policy->rule_files[i], 0, NULL, &found);

		if (err)
			return policy->rule_files[i];
		globfree(&found);
	}
	return NULL;
}

/* The lists that the configuration names: opened here, read there. */
static int job_read_lists(struct keeper *k, const struct policy *policy)
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
	err = job_send_bundle(k, PARSE_LISTS, &bundle);
	bundle_free(&bundle);
	return err;
}

int keeper_job_list(struct keeper *k, uint64_t cookie, const struct message_load *load, int text)
{
	static struct message_parse ask;
	int err = job_begin(k, JOB_LIST, cookie, load->peer.uid);

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
	job_guards(k, k->now.base, &ask);
	err = job_send(k, &ask, text);
	if (err)
		keeper_job_failed(k, strerror(-err));
	return 0;
}

int keeper_job_resolv(struct keeper *k)
{
	struct bundle bundle = {0};
	struct stat st;
	int err;

	if (stat(RESOLV_CONF, &st) < 0 || (int64_t)st.st_mtime == k->resolv_mtime || k->job)
		return 0;
	err = job_begin(k, JOB_RESOLV, 0, 0);
	if (err)
		return err == -EBUSY ? 0 : err;
	k->resolv_mtime = (int64_t)st.st_mtime;
	err = bundle_add_file(&bundle, BUNDLE_RESOLV, 0, RESOLV_CONF);
	if (!err)
		err = job_send_bundle(k, PARSE_RESOLV, &bundle);
	bundle_free(&bundle);
	if (err)
		job_end(k);
	return err;
}

int keeper_job_prefilter(struct keeper *k)
{
	static const struct message_parse ask = {.kind = PARSE_PREFILTER};
	int err;

	if (k->job)
		return -EBUSY;
	err = job_begin(k, JOB_PREFILTER, 0, 0);
	if (err)
		return err;
	k->job->deadline = keeper_now() + PREFILTER_PATIENCE;
	err = keeper_rules_gather(k, &k->job->policy, &k->job->rules);
	if (!err)
		err = job_send(k, &ask, k->job->rules);
	if (err)
		job_end(k);
	return err;
}

int keeper_job_rules(struct keeper *k, uint64_t cookie, uint32_t uid)
{
	static const struct message_parse ask = {.kind = PARSE_RULES};
	int err = job_begin(k, JOB_RULES, cookie, uid);

	if (err)
		return err;
	err = keeper_rules_gather(k, &k->job->policy, &k->job->rules);
	if (!err)
		err = job_send(k, &ask, k->job->rules);
	if (err)
		keeper_job_failed(k, strerror(-err));
	return 0;
}

/* All engines have answered: says what is active now, of all of them the worst figures. */
static void job_rules_done(struct keeper *k)
{
	struct message_ready worst = {0};
	char digest[2 * 32 + 1] = "";
	uint32_t engines = 0;

	for (uint32_t i = 0; i < SEKI_MAX_RINGS; i++) {
		const struct keeper_child *engine = keeper_child(k, PROCESS_ENGINE, i);

		if (!engine || engine->fd < 0)
			continue;
		if (engine->rules.result) {
			char text[128];

			snprintf(text, sizeof(text), "engine %u did not take them: %s", i,
				 strerror(-engine->rules.result));
			keeper_job_failed(k, text);
			return;
		}
		if (!engines++ || engine->rules.peak_kib > worst.peak_kib)
			worst = engine->rules;
	}
	for (size_t i = 0; i < sizeof(worst.digest); i++)
		snprintf(digest + 2 * i, 3, "%02x", worst.digest[i]);
	keeper_audit(k, AUDIT_CHANGE, k->job->uid,
		     "rules reloaded: %u active, %u refused, %u skipped, sha256 %s", worst.loaded,
		     worst.failed, worst.skipped, digest);
	if (engines)
		keeper_done(k, k->job->cookie, 0,
			    "%u rules active, %u refused, %u skipped; sha256 %s; taken in %u ms by %u "
			    "engine%s%s, "
			    "which held %u MiB at most%s%s%.300s",
			    worst.loaded, worst.failed, worst.skipped, digest, worst.load_ms, engines,
			    engines == 1 ? "" : "s", worst.cached ? ", compiled ahead" : "",
			    worst.peak_kib / 1024,
			    keeper_module_behind(k) ? "; the kernel's prefilter follows (`sekimori status`)"
						    : "",
			    *worst.text ? "\n" : "", worst.text);
	else
		keeper_done(k, k->job->cookie, 0, "%s; no engine runs that could take them", k->job->text);
	job_end(k);
}

void keeper_job_ready(struct keeper *k)
{
	if (k->job && k->job->kind == JOB_RULES && k->job->handed && !keeper_rules_reading(k))
		job_rules_done(k);
}

static void job_rules(struct keeper *k, const struct message_parsed *parsed, int image)
{
	struct keeper_job *job = k->job;
	int compiled;

	if (!parsed->accepted && parsed->refused) {
		char text[768];

		snprintf(text, sizeof(text), "all %u rules are refused\n%.600s", parsed->refused,
			 parsed->text);
		keeper_job_failed(k, text);
		return;
	}
	compiled = fcntl(image, F_DUPFD_CLOEXEC, 3);
	if (compiled < 0) {
		keeper_job_failed(k, strerror(errno));
		return;
	}
	if (k->compiled >= 0)
		close(k->compiled);
	k->compiled = compiled;
	snprintf(job->text, sizeof(job->text), "%u rules can be loaded, %u are refused, %u skipped",
		 parsed->accepted, parsed->refused, parsed->merged);
	job_stop_parser(k);
	keeper_state_save_compiled(k);
	keeper_module_stale(k);
	keeper_rules_hand(k, job->policy, job->rules, true);
	job->handed = true;
	keeper_job_ready(k);
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
	err = keeper_lists_replace(k, image, update ? TAKE_CHANGES : TAKE_LISTS, why);
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
	job_end(k);
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

	job_stop_parser(k);
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
	job_apply(k);
}

static void job_resolv(struct keeper *k, const struct policy *policy)
{
	k->resolver_count = 0;
	for (uint32_t i = 0; i < policy->net_count && k->resolver_count < ARRAY_LEN(k->resolvers); i++)
		if (policy->nets[i].scope.kind == SEKI_SCOPE_RESOLVER && policy->nets[i].prefix.len == 128)
			k->resolvers[k->resolver_count++] = (struct keeper_auto){
				.prefix = policy->nets[i].prefix, .scope = {.kind = SEKI_SCOPE_RESOLVER}};
	k->nets_stale = true;
	job_end(k);
}

static void job_config(struct keeper *k, struct policy *policy)
{
	struct keeper_job *job = k->job;
	const char *missing = job->cookie ? job_rules_missing(policy) : NULL;
	char text[512];
	int err;

	if (missing) { /* somebody asks; a start goes on without them, with an alarm */
		snprintf(text, sizeof(text),
			 "rules \"%.400s\": no such file, and without it less would be found", missing);
		keeper_job_failed(k, text);
		return;
	}
	policy_free(job->base);
	err = keeper_policy_copy(policy, &job->base);
	if (err) {
		keeper_job_failed(k, strerror(-err));
		return;
	}
	if (!policy->list_count) {
		job_apply(k);
		return;
	}
	err = job_read_lists(k, policy);
	if (err)
		keeper_job_failed(k, strerror(-err));
}

static void job_refused(struct keeper *k, int err, const char *why)
{
	char text[512];

	snprintf(text, sizeof(text), "the parser's image was refused: %s %s", strerror(-err), why);
	keeper_job_failed(k, text);
}

static void job_parsed_policy(struct keeper *k, int image)
{
	CLEANUP(policy_free) struct policy *policy = NULL;
	const void *data = NULL;
	const char *why = "";
	size_t len = 0;
	int err = file_map_sealed(image, POLICY_IMAGE_MAX, &data, &len);

	if (!err)
		err = policy_unpack(data, len, &policy, &why);
	if (data)
		munmap((void *)data, len);
	if (err)
		job_refused(k, err, why);
	else if (k->job->kind == JOB_RESOLV)
		job_resolv(k, policy);
	else
		job_config(k, policy);
}

static void job_parsed_lists(struct keeper *k, const struct message_parsed *parsed, int image)
{
	CLEANUP(keeper_image_free) struct keeper_image *lists = NULL;
	const char *why = "";
	int err;

	keeper_load_pauses(k, true);
	err = keeper_image_sealed(image, &lists, &why);
	keeper_load_pauses(k, false);
	if (err)
		job_refused(k, err, why);
	else if (k->job->kind == JOB_LIST)
		job_list(k, &lists->image, parsed);
	else
		job_lists(k, lists, parsed);
}

static void job_prefilter(struct keeper *k, const struct message_parsed *parsed, int image)
{
	struct gate_why why = {""};
	const void *data = NULL;
	size_t len = 0;
	int err = file_map_sealed(image, SEKI_PF_TABLE_MAX, &data, &len);

	if (!err)
		err = keeper_module_commit(k, SEKI_TABLE_PREFILTER, data, len, &why);
	if (data)
		munmap((void *)data, len);
	if (err)
		keeper_audit(k, AUDIT_ALARM, 0, "the prefilter keeps its earlier rules: %s",
			     *why.text ? why.text : strerror(-err));
	else
		keeper_audit(k, AUDIT_NOTE, 0, "prefilter: %.*s", (int)strcspn(parsed->text, "\n"),
			     parsed->text);
	if (!err)
		keeper_module_fresh(k, &(struct keeper_module_rules){.drop = parsed->accepted,
								     .inspect = parsed->merged,
								     .stay = parsed->refused});
	job_end(k);
}

void keeper_job_parsed(struct keeper *k, const struct message_parsed *parsed, int image)
{
	char text[4096];

	if (!k->job)
		return;
	if (!message_text_valid(parsed->text, sizeof(parsed->text))) {
		keeper_job_failed(k, "the parser's answer is malformed");
		return;
	}
	if (parsed->result || image < 0) {
		snprintf(text, sizeof(text), "%.4000s%s", parsed->text,
			 *parsed->text ? "" : strerror(-parsed->result));
		keeper_job_failed(k, text);
		return;
	}
	if (k->job->kind == JOB_RULES) {
		job_rules(k, parsed, image);
		return;
	}
	if (k->job->kind == JOB_PREFILTER) {
		job_prefilter(k, parsed, image);
		return;
	}
	if (k->job->kind == JOB_LIST || k->job->base)
		job_parsed_lists(k, parsed, image);
	else
		job_parsed_policy(k, image);
}

void keeper_job_tick(struct keeper *k)
{
	if (k->job && keeper_now() > k->job->deadline)
		keeper_job_failed(k, k->job->handed   ? "an engine does not answer"
				     : k->job->parsed ? "the list is in force, but the disk does not take it"
						      : "the parser took too long");
}

bool keeper_job_runs(const struct keeper *k)
{
	return k->job && k->job->kind != JOB_PREFILTER; /* which gives way */
}
