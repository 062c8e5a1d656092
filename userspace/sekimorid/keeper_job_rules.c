// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * keeper_job_rules.c - rules that a parser compiled: for the engines, and as the module's prefilter.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "keeper_job.h"
#include "keeper_module.h"
#include "lib/file.h"
#include "sekimori/prefilter.h"

#define PREFILTER_PATIENCE 300u /* seconds that tens of thousands of rules take on a busy machine */

int keeper_job_prefilter(struct keeper *k)
{
	static const struct message_parse ask = {.kind = PARSE_PREFILTER};
	int err;

	if (k->job)
		return -EBUSY;
	err = keeper_job_begin(k, JOB_PREFILTER, 0, 0);
	if (err)
		return err;
	k->job->deadline = keeper_now() + PREFILTER_PATIENCE;
	err = keeper_rules_gather(k, &k->job->policy, &k->job->rules);
	if (!err)
		err = keeper_job_ask(k, &ask, k->job->rules);
	if (err)
		keeper_job_end(k);
	return err;
}

int keeper_job_rules(struct keeper *k, uint64_t cookie, uint32_t uid)
{
	static const struct message_parse ask = {.kind = PARSE_RULES};
	int err = keeper_job_begin(k, JOB_RULES, cookie, uid);

	if (err)
		return err;
	err = keeper_rules_gather(k, &k->job->policy, &k->job->rules);
	if (!err)
		err = keeper_job_ask(k, &ask, k->job->rules);
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
	keeper_job_end(k);
}

void keeper_job_ready(struct keeper *k)
{
	if (k->job && k->job->kind == JOB_RULES && k->job->handed && !keeper_rules_reading(k))
		job_rules_done(k);
}

void keeper_job_rules_parsed(struct keeper *k, const struct message_parsed *parsed, int image)
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
	keeper_job_stop_parser(k);
	keeper_state_save_compiled(k);
	keeper_module_stale(k);
	keeper_rules_hand(k, job->policy, job->rules, true);
	job->handed = true;
	keeper_job_ready(k);
}

void keeper_job_prefilter_parsed(struct keeper *k, const struct message_parsed *parsed, int image)
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
	keeper_job_end(k);
}
