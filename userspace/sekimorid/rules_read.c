// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rules_read.c - walks a bundle twice: what rules refer to, then the rules.
 */
#include "rules_read.h"

#include <errno.h>

#include "bundle.h"
#include "lib/digest.h"
#include "lib/log.h"

static int rules_variables(struct ruleset_builder *builder, const struct policy *policy)
{
	const char *why = "";
	int err = 0;

	for (uint32_t i = 0; !err && i < policy->variable_count; i++) {
		err = ruleset_set_variable(builder, policy->variables[i].name, policy->variables[i].value,
					   &why);
		if (err)
			log_error("variable %s: %s", policy->variables[i].name, why);
	}
	return err;
}

int rules_read(struct ruleset_builder *builder, const struct policy *policy, const void *data, size_t len,
	       ruleset_refused_fn refused, rules_pause_fn pause, void *arg)
{
	const struct bundle_entry *entry;
	const char *text;
	size_t cursor = 0;
	int more, err = rules_variables(builder, policy);

	if (err)
		return err;
	/* A severity raised or a classification must be known before the rules that use it. */
	for (int pass = 0; pass < 2; pass++) {
		cursor = 0;
		while ((more = bundle_next(data, len, &cursor, &entry, &text)) > 0) {
			if (pass == 0 && entry->kind == BUNDLE_CLASSIFICATION)
				err = ruleset_add_classification(builder, entry->name, text, entry->len,
								 refused, arg);
			else if (pass == 0 && entry->kind == BUNDLE_SEVERITY)
				err = ruleset_add_severity(builder, entry->name, text, entry->len, refused,
							   arg);
			else if (pass == 0 && entry->kind == BUNDLE_DATA && entry->index < RULE_DATA_MAX)
				err = ruleset_add_data(builder, entry->index, entry->name, text, entry->len,
						       refused, arg);
			else if (pass == 1 && entry->kind == BUNDLE_RULES)
				err = ruleset_add_rules(builder, entry->name, text, entry->len, refused, arg);
			if (err && err != -EINVAL)
				return err;
			if (pause)
				pause(arg);
		}
		if (more < 0)
			return more;
	}
	return 0;
}

void rules_digest(const void *data, size_t len, uint8_t digest[RULES_DIGEST_BYTES])
{
	const struct bundle_entry *entry;
	struct digest sum;
	const char *text;
	size_t cursor = 0;

	digest_begin(&sum, DIGEST_SHA256);
	while (bundle_next(data, len, &cursor, &entry, &text) > 0) {
		if (entry->kind == BUNDLE_POLICY)
			continue;
		digest_add(&sum, (struct span){(const uint8_t *)entry, sizeof(*entry)});
		digest_add(&sum, (struct span){(const uint8_t *)text, (uint32_t)entry->len});
	}
	digest_end(&sum, digest);
}
