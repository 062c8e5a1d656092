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

#include "keeper_job.h"
#include "lib/file.h"
#include "lib/log.h"

#define JOB_PATIENCE 60u /* seconds that a parser may take */
#define RESOLV_CONF  "/etc/resolv.conf"

void keeper_job_stop_parser(struct keeper *k)
{
	struct keeper_child *parser = keeper_child(k, PROCESS_PARSER, 0);

	keeper_child_stop(k, parser);
	/* It was just killed: waiting here keeps the next job from finding it still there. */
	if (parser->pid > 0 && waitpid(parser->pid, NULL, 0) == parser->pid)
		parser->pid = 0;
}

void keeper_job_end(struct keeper *k)
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
	keeper_job_stop_parser(k);
}

int keeper_job_begin(struct keeper *k, enum keeper_job_kind kind, uint64_t cookie, uint32_t uid)
{
	struct keeper_child *parser = keeper_child(k, PROCESS_PARSER, 0);

	/* Nobody waits for the resolvers: what a person wants goes first. */
	if (k->job && k->job->kind == JOB_RESOLV && kind != JOB_RESOLV) {
		k->resolv_mtime = 0;
		keeper_job_end(k);
	}
	/* Nor for the prefilter: without it the matcher sees all. */
	if (k->job && k->job->kind == JOB_PREFILTER) {
		k->prefilter_stale = true;
		keeper_job_end(k);
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

int keeper_job_ask(struct keeper *k, const struct message_parse *ask, int fd)
{
	struct keeper_child *parser = keeper_child(k, PROCESS_PARSER, 0);
	int err = parser->fd < 0 ? keeper_child_start(k, parser) : 0;

	return err ? err : channel_send(parser->fd, MESSAGE_PARSE, 0, ask, sizeof(*ask), fd);
}

int keeper_job_ask_bundle(struct keeper *k, enum message_parse_kind kind, struct bundle *bundle)
{
	static struct message_parse ask;
	AUTO_FD int fd = -1;
	int err = bundle_seal(bundle, &fd);

	memset(&ask, 0, sizeof(ask));
	ask.kind = kind;
	if (kind == PARSE_LISTS)
		keeper_job_guards(k, k->job->base, &ask);
	return err ? err : keeper_job_ask(k, &ask, fd);
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
	keeper_job_end(k);
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

void keeper_job_push(struct keeper *k)
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
	keeper_job_end(k);
	keeper_children_tick(k);
}

static int job_read_config(struct keeper *k, const char *path)
{
	struct bundle bundle = {0};
	int err = bundle_add_file(&bundle, BUNDLE_CONFIG, 0, path);

	if (!err)
		err = keeper_job_ask_bundle(k, PARSE_CONFIG, &bundle);
	bundle_free(&bundle);
	return err;
}

int keeper_job_apply(struct keeper *k, uint64_t cookie, const struct keeper_change *change)
{
	char text[512];
	int err = keeper_job_begin(k, JOB_APPLY, cookie, change->how.uid);

	if (err)
		return err;
	k->job->change = *change;
	if (!change->reread) {
		keeper_job_push(k);
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

int keeper_job_resolv(struct keeper *k)
{
	struct bundle bundle = {0};
	struct stat st;
	int err;

	if (stat(RESOLV_CONF, &st) < 0 || (int64_t)st.st_mtime == k->resolv_mtime || k->job)
		return 0;
	err = keeper_job_begin(k, JOB_RESOLV, 0, 0);
	if (err)
		return err == -EBUSY ? 0 : err;
	k->resolv_mtime = (int64_t)st.st_mtime;
	err = bundle_add_file(&bundle, BUNDLE_RESOLV, 0, RESOLV_CONF);
	if (!err)
		err = keeper_job_ask_bundle(k, PARSE_RESOLV, &bundle);
	bundle_free(&bundle);
	if (err)
		keeper_job_end(k);
	return err;
}

static void job_resolv(struct keeper *k, const struct policy *policy)
{
	k->resolver_count = 0;
	for (uint32_t i = 0; i < policy->net_count && k->resolver_count < ARRAY_LEN(k->resolvers); i++)
		if (policy->nets[i].scope.kind == SEKI_SCOPE_RESOLVER && policy->nets[i].prefix.len == 128)
			k->resolvers[k->resolver_count++] = (struct keeper_auto){
				.prefix = policy->nets[i].prefix, .scope = {.kind = SEKI_SCOPE_RESOLVER}};
	k->nets_stale = true;
	keeper_job_end(k);
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
		keeper_job_push(k);
		return;
	}
	err = keeper_job_read_lists(k, policy);
	if (err)
		keeper_job_failed(k, strerror(-err));
}

void keeper_job_refused(struct keeper *k, int err, const char *why)
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
		keeper_job_refused(k, err, why);
	else if (k->job->kind == JOB_RESOLV)
		job_resolv(k, policy);
	else
		job_config(k, policy);
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
		keeper_job_rules_parsed(k, parsed, image);
		return;
	}
	if (k->job->kind == JOB_PREFILTER) {
		keeper_job_prefilter_parsed(k, parsed, image);
		return;
	}
	if (k->job->kind == JOB_LIST || k->job->base)
		keeper_job_lists_parsed(k, parsed, image);
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
