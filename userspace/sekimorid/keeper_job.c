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
#include "keeper.h"
#include "lib/file.h"
#include "lib/log.h"

#define JOB_PATIENCE   60u /* seconds that a parser may take */
#define RESOLV_CONF    "/etc/resolv.conf"
#define LIST_SHARE_MAX 500u /* per mille of the IPv4 space that lists cover before people are told */

struct keeper_job {
	enum keeper_job_kind kind;
	uint64_t cookie;
	uint32_t uid, deadline;
	char name[POLICY_NAME_MAX];
	struct keeper_change change;
	int policy, rules;   /* JOB_RULES: what the engines will get; -1: nothing */
	bool handed;	     /* JOB_RULES: the engines have them, their answers are awaited */
	struct policy *base; /* JOB_APPLY: what the configuration said, lists still to be read */
	char text[3072];     /* what the parser remarked */
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
	if (k->job->policy >= 0)
		close(k->job->policy);
	if (k->job->rules >= 0)
		close(k->job->rules);
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

static int job_send(struct keeper *k, const struct message_parse *ask, int fd)
{
	struct keeper_child *parser = keeper_child(k, PROCESS_PARSER, 0);
	int err = parser->fd < 0 ? keeper_child_start(k, parser) : 0;

	return err ? err : channel_send(parser->fd, MESSAGE_PARSE, 0, ask, sizeof(*ask), fd);
}

static int job_send_bundle(struct keeper *k, enum message_parse_kind kind, struct bundle *bundle)
{
	const struct message_parse ask = {.kind = kind};
	AUTO_FD int fd = -1;
	int err = bundle_seal(bundle, &fd);

	return err ? err : job_send(k, &ask, fd);
}

void keeper_job_failed(struct keeper *k, const char *why)
{
	struct keeper_job *job = k->job;

	if (!job)
		return;
	if (job->kind == JOB_APPLY)
		keeper_audit(k, AUDIT_ALARM, job->uid, "not applied, the earlier policy stays: %s", why);
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

	if (!err && job->base)
		next.base = TAKE_PTR(job->base);
	else if (!err && k->now.base)
		err = keeper_policy_copy(k->now.base, &next.base);
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

static bool job_has_list_files(const struct policy *policy)
{
	for (uint32_t i = 0; i < policy->list_count; i++) {
		if (*policy->lists[i].path)
			return true;
	}
	return false;
}

/* The lists that the configuration names: opened here, read there. */
static int job_read_lists(struct keeper *k, const struct policy *policy)
{
	struct bundle bundle = {0};
	int err = 0;

	for (uint32_t i = 0; !err && i < policy->list_count; i++) {
		if (!*policy->lists[i].path)
			continue; /* its addresses stand in the configuration */
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

int keeper_job_list(struct keeper *k, uint64_t cookie, uint32_t uid, const char *name, int text)
{
	struct message_parse ask = {
		.kind = PARSE_LIST, .flags = SEKI_ENTRY_SRC | SEKI_ENTRY_DST, .severity = SEKI_SEVERITY_HIGH};
	int err = job_begin(k, JOB_LIST, cookie, uid);

	if (err)
		return err;
	snprintf(k->job->name, sizeof(k->job->name), "%s", name);
	memcpy(ask.name, k->job->name, sizeof(ask.name));
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

int keeper_job_rules(struct keeper *k, uint64_t cookie, uint32_t uid)
{
	const struct message_parse ask = {.kind = PARSE_RULES};
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
			    "which held %u MiB at most%s%.300s",
			    worst.loaded, worst.failed, worst.skipped, digest, worst.load_ms, engines,
			    engines == 1 ? "" : "s", worst.cached ? ", compiled ahead" : "",
			    worst.peak_kib / 1024, *worst.text ? "\n" : "", worst.text);
	else
		keeper_done(k, k->job->cookie, 0, "%s; no engine runs that could take them", k->job->text);
	job_end(k);
}

void keeper_job_ready(struct keeper *k)
{
	if (k->job && k->job->kind == JOB_RULES && k->job->handed && !keeper_children_reading(k))
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
	keeper_children_rules(k, job->policy, job->rules, true);
	job->handed = true;
	keeper_job_ready(k);
}

struct job_findings {
	char *text;
	size_t size, len;
	uint32_t count;
};

static void job_finding(const struct prefix *entry, const char *list, const char *why, void *arg)
{
	struct job_findings *f = arg;
	char shown[PREFIX_TEXT_MAX];
	int n;

	f->count++;
	n = snprintf(f->text + f->len, f->size - f->len, "%s%s: %s", f->len ? "; " : "",
		     prefix_format(entry, shown), why);
	if (n < 0 || (size_t)n >= f->size - f->len)
		f->text[f->len] = '\0';
	else
		f->len += (size_t)n;
}

/* What a list would shut out if the allow set did not win: said, so that its maker hears of it. */
static void job_lockout(struct keeper *k, const struct policy *policy, char *text, size_t size)
{
	struct prefix addresses[KEEPER_AUTOS + 16 + KEEPER_PEERS];
	struct policy_guard guard = {.addresses = addresses, .max_share = LIST_SHARE_MAX};
	struct job_findings findings = {.text = text, .size = size};

	*text = '\0';
	for (uint32_t i = 0; i < k->auto_count; i++)
		addresses[guard.count++] = k->autos[i].prefix;
	for (uint32_t i = 0; i < k->resolver_count; i++)
		addresses[guard.count++] = k->resolvers[i].prefix;
	for (uint32_t i = 0; i < k->now.runtime->net_count && guard.count < ARRAY_LEN(addresses); i++)
		if (k->now.runtime->nets[i].scope.kind == SEKI_SCOPE_MANAGEMENT)
			addresses[guard.count++] = k->now.runtime->nets[i].prefix;
	policy_check_lockout(policy, &guard, job_finding, &findings);
	if (findings.count)
		keeper_audit(k, AUDIT_ALARM, k->job->uid,
			     "list entries cover what must stay reachable (%u; the allow set wins): %s",
			     findings.count, text);
}

static void job_list(struct keeper *k, const struct policy *policy, const struct message_parsed *parsed)
{
	struct keeper_job *job = k->job;
	struct keeper_items old;
	struct gate_why why = {""};
	char covers[512];
	int err;

	if (policy->list_count != 1 || strcmp(policy->lists[0].name, job->name) != 0) {
		keeper_job_failed(k, "the parser answered for another list");
		return;
	}
	if (!policy->entry_count && parsed->refused) {
		char text[768];

		snprintf(text, sizeof(text),
			 "list %s is not loaded: none of its %u lines is an address\n%.300s", job->name,
			 parsed->refused, parsed->text);
		keeper_job_failed(k, text);
		return;
	}
	job_lockout(k, policy, covers, sizeof(covers));
	err = keeper_list_copy(k, job->name, &old);
	if (!err)
		err = keeper_lists_take(k, policy, LIST_FROM_FILE, &why);
	if (!err)
		err = keeper_lists_push(k, NULL, &why);
	if (err) {
		char text[768];

		/* The kernel kept the earlier generation: memory goes back to it too. */
		keeper_list_restore(k, job->name, &old);
		free(old.items);
		snprintf(text, sizeof(text), "list %s is not loaded: %s", job->name,
			 *why.text ? why.text : strerror(-err));
		keeper_job_failed(k, text);
		return;
	}
	free(old.items);
	err = keeper_state_save_lists(k, false);
	keeper_audit(k, AUDIT_CHANGE, job->uid, "list %s loaded: %u entries, %u lines refused", job->name,
		     policy->entry_count, parsed->refused);
	keeper_done(k, job->cookie, 0, "list %s: %u lines, %u entries, %u merged, %u refused%s%s%s%s%.300s",
		    job->name, parsed->lines, policy->entry_count, parsed->merged, parsed->refused,
		    *covers ? "; " : "", covers, err ? "; WARNING: not saved, a restart forgets it" : "",
		    parsed->refused ? "\n" : "", parsed->text);
	job_end(k);
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

static void job_take(struct keeper *k, struct policy *policy, const struct message_parsed *parsed)
{
	struct keeper_job *job = k->job;
	const char *missing = job->kind == JOB_APPLY && job->cookie ? job_rules_missing(policy) : NULL;
	bool lists_read = job->base;
	char text[512];
	int err;

	if (job->kind == JOB_LIST) {
		job_list(k, policy, parsed);
	} else if (job->kind == JOB_RESOLV) {
		job_resolv(k, policy);
	} else if (missing) { /* somebody asks; a start goes on without them, with an alarm */
		snprintf(text, sizeof(text),
			 "rules \"%.400s\": no such file, and without it less would be found", missing);
		keeper_job_failed(k, text);
	} else {
		policy_free(job->base);
		err = keeper_policy_copy(policy, &job->base);
		if (err) {
			keeper_job_failed(k, strerror(-err));
			return;
		}
		if (!lists_read && job_has_list_files(policy)) {
			err = job_read_lists(k, policy);
			if (err)
				keeper_job_failed(k, strerror(-err));
			return;
		}
		if (parsed->refused) {
			size_t len = strlen(job->text);

			snprintf(job->text + len, sizeof(job->text) - len, "%u list lines refused: %.160s",
				 parsed->refused, parsed->text);
		}
		job_apply(k);
	}
}

void keeper_job_parsed(struct keeper *k, const struct message_parsed *parsed, int image)
{
	CLEANUP(policy_free) struct policy *policy = NULL;
	const void *data = NULL;
	const char *why = "";
	char text[1024];
	size_t len = 0;
	int err;

	if (!k->job)
		return;
	if (!message_text_valid(parsed->text, sizeof(parsed->text))) {
		keeper_job_failed(k, "the parser's answer is malformed");
		return;
	}
	if (parsed->result || image < 0) {
		snprintf(text, sizeof(text), "%.960s%s", parsed->text,
			 *parsed->text ? "" : strerror(-parsed->result));
		keeper_job_failed(k, text);
		return;
	}
	if (k->job->kind == JOB_RULES) {
		job_rules(k, parsed, image);
		return;
	}
	err = file_map_sealed(image, POLICY_IMAGE_MAX, &data, &len);
	if (!err)
		err = policy_unpack(data, len, &policy, &why);
	if (data)
		munmap((void *)data, len);
	if (err) {
		snprintf(text, sizeof(text), "the parser's image was refused: %s %s", strerror(-err), why);
		keeper_job_failed(k, text);
		return;
	}
	job_take(k, policy, parsed);
}

void keeper_job_tick(struct keeper *k)
{
	if (k->job && keeper_now() > k->job->deadline)
		keeper_job_failed(k,
				  k->job->handed ? "an engine does not answer" : "the parser took too long");
}

bool keeper_job_runs(const struct keeper *k)
{
	return k->job;
}
