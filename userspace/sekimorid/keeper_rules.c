// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * keeper_rules.c - the files that rules come from, gathered for who may open none: rule files, what lies
 * beside them, the data they name, and the policy they are read with.
 */
#include <errno.h>
#include <glob.h>
#include <stdio.h>
#include <string.h>

#include "bundle.h"
#include "core/rule/ruleset.h"
#include "keeper.h"
#include "keeper_module.h"
#include "lib/file.h"
#include "lib/log.h"

static const char *const rule_companions[] = {
	[BUNDLE_CLASSIFICATION] = "classification.config",
	[BUNDLE_SEVERITY] = "severity.table",
};

static void rules_companions(struct bundle *bundle, const char *rules_path)
{
	char path[POLICY_PATH_MAX];
	const char *slash = strrchr(rules_path, '/');

	for (unsigned int kind = 0; kind < ARRAY_LEN(rule_companions); kind++) {
		int err;

		if (!rule_companions[kind])
			continue;
		if (snprintf(path, sizeof(path), "%.*s%s", slash ? (int)(slash - rules_path + 1) : 0,
			     rules_path, rule_companions[kind]) >= (int)sizeof(path))
			continue;
		err = bundle_add_file(bundle, kind, 0, path);
		if (err && err != -ENOENT)
			log_warn("%s: %s", path, strerror(-err));
	}
}

/* Files that a pattern names are copied; -ENOENT when there is none. */
static int rules_gather(struct keeper *k, struct bundle *bundle, const char *pattern, unsigned int *files)
{
	glob_t found;
	int err = glob(pattern, 0, NULL, &found);

	if (err)
		return err == GLOB_NOMATCH ? -ENOENT : -EIO;
	for (size_t i = 0; !err && i < found.gl_pathc; i++) {
		err = bundle_add_file(bundle, BUNDLE_RULES, 0, found.gl_pathv[i]);
		if (err)
			keeper_audit(k, AUDIT_ALARM, 0, "rule file %s: %s", found.gl_pathv[i],
				     strerror(-err));
		else if (!(*files)++)
			rules_companions(bundle, found.gl_pathv[i]);
	}
	globfree(&found);
	return err;
}

/* Files that rules use; a missing one is told, the rules that need it are refused by name. */
static int rules_data(struct keeper *k, const struct policy *policy, struct bundle *bundle)
{
	char path[INSTANCE_PATH_MAX];

	for (uint32_t i = 0; i < policy->rule_data_count; i++) {
		const struct policy_rule_data *row = &policy->rule_data[i];
		int err = bundle_add_file(bundle, BUNDLE_DATA, row->kind, row->path);

		if (err == -ENOMEM)
			return err;
		if (err)
			keeper_audit(k, AUDIT_ALARM, 0, "rule data %s: %s", row->path, strerror(-err));
	}
	if (!keeper_state_path(k, KEEPER_SUPPRESS_FILE, path)) {
		int err = bundle_add_file(bundle, BUNDLE_DATA, RULE_DATA_THRESHOLD, path);

		if (err && err != -ENOENT)
			keeper_audit(k, AUDIT_ALARM, 0, "what was silenced by hand is told again: %s: %s",
				     path, strerror(-err));
	}
	return 0;
}

/* image: of policy, for whoever reads the rules. */
static int rules_bundle(struct keeper *k, const struct policy *policy, const void *image, size_t len, int *fd)
{
	static const char *const standard[] = {"/../rules/*.rules", "/../../rules/*.rules",
					       "/../share/sekimori/rules/*.rules"};
	struct bundle bundle = {0};
	unsigned int files = 0;
	int err = 0;

	for (uint32_t i = 0; !err && i < policy->rule_file_count; i++) {
		err = rules_gather(k, &bundle, policy->rule_files[i], &files);
		if (err == -ENOENT)
			keeper_audit(k, AUDIT_ALARM, 0, "rules \"%s\": no such file", policy->rule_files[i]);
	}
	for (size_t i = 0; !policy->rule_file_count && !files && i < ARRAY_LEN(standard); i++) {
		char pattern[POLICY_PATH_MAX + 32];

		snprintf(pattern, sizeof(pattern), "%s%s", k->options.exe_dir, standard[i]);
		err = rules_gather(k, &bundle, pattern, &files);
	}
	if (!policy->rule_file_count && !files)
		err = rules_gather(k, &bundle, "/usr/share/sekimori/rules/*.rules", &files);
	if (err == -ENOENT && !files)
		keeper_audit(k, AUDIT_ALARM, 0, "no rule file was found: nothing will be detected");
	if ((!err || err == -ENOENT) && !files) /* an empty set is a set: it replaces the one before */
		err = bundle_add(&bundle, BUNDLE_RULES, 0, "none", "", 0);
	if (!err || err == -ENOENT)
		err = rules_data(k, policy, &bundle);
	if (!err)
		err = bundle_add(&bundle, BUNDLE_POLICY, 0, "policy", image, len);
	if (!err)
		err = bundle_seal(&bundle, fd);
	bundle_free(&bundle);
	return err;
}

static int policy_image(const struct policy *in, void **image, size_t *len)
{
	struct policy view = *in;

	/* Engines do not need the lists. */
	view.entry_count = view.list_count = 0;
	return policy_pack(&view, image, len);
}

int keeper_rules_gather(struct keeper *k, int *policy, int *rules)
{
	CLEANUP(policy_free) struct policy *effective = NULL;
	AUTO_FREE void *image = NULL;
	AUTO_FD int policy_fd = -1;
	size_t len = 0;
	int err = keeper_policy_merge(&k->now, &effective);

	if (!err)
		err = policy_image(effective, &image, &len);
	if (!err)
		err = file_seal("sekimori-policy", image, len, &policy_fd);
	if (!err)
		err = rules_bundle(k, effective, image, len, rules);
	if (err)
		return err;
	*policy = TAKE_FD(policy_fd);
	return 0;
}

void keeper_rules_hand(struct keeper *k, int policy, int rules, bool all)
{
	for (uint32_t i = 0; i < keeper_engines_wanted(k); i++) {
		struct keeper_child *engine = keeper_child(k, PROCESS_ENGINE, i);
		int err;

		if (engine->fd < 0 || (engine->ready && !all))
			continue;
		err = keeper_child_send(engine, MESSAGE_POLICY, 0, NULL, 0, policy);
		if (!err && k->compiled >= 0)
			err = keeper_child_send(engine, MESSAGE_COMPILED, 0, NULL, 0, k->compiled);
		if (!err)
			err = keeper_child_send(engine, MESSAGE_RULES, 0, NULL, 0, rules);
		engine->rules_asked = !err;
		if (err)
			keeper_child_stop(k, engine); /* it will be started anew with all */
	}
}

bool keeper_rules_reading(struct keeper *k)
{
	for (uint32_t i = 0; i < keeper_engines_wanted(k); i++) {
		const struct keeper_child *engine = keeper_child(k, PROCESS_ENGINE, i);

		if (engine->fd >= 0 && engine->rules_asked)
			return true;
	}
	return false;
}

void keeper_rules_renew(struct keeper *k, bool all)
{
	AUTO_FD int policy = -1;
	AUTO_FD int rules = -1;
	int err = keeper_rules_gather(k, &policy, &rules);

	if (err) {
		keeper_audit(k, AUDIT_ALARM, 0,
			     "engines keep their rules: the new ones cannot be handed over: %s",
			     strerror(-err));
		return;
	}
	if (k->compiled < 0)
		keeper_state_load_compiled(k);
	if (all)
		keeper_module_stale(k);
	keeper_rules_hand(k, policy, rules, all);
}
