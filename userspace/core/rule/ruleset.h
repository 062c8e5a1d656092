/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ruleset.h - a loaded set of rules: parsed, compiled, immutable. Built by
 * one thread, shared read-only by any number of detectors.
 */
#ifndef CORE_RULESET_H
#define CORE_RULESET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/cleanup.h"
#include "sekimori/abi.h"

struct ruleset;
struct ruleset_builder;

/* What people and outputs need of a rule; strings live as long as the set. */
enum rule_action { RULE_ALERT, RULE_DROP, RULE_REJECT, RULE_PASS };
enum rule_target { RULE_TARGET_NONE, RULE_TARGET_SRC, RULE_TARGET_DST };
struct rule_info {
	uint32_t sid, gid, rev, priority;
	const char *msg;       /* may be "" */
	const char *classtype; /* short name or NULL */
	const char *category;  /* description of the classtype, "" when none */
	enum rule_action action;
	enum seki_severity severity;
	enum rule_target target;
	const char *const *metadata; /* "key value" strings */
	unsigned int metadata_count;
	const char *const *references; /* "cve,2014-6271" */
	const char *const
		*addresses; /* where each leads; what follows the comma when the kind is not known */
	unsigned int reference_count;
	const char *file;
	unsigned int line;
	const char *header; /* the rule as written, up to its options */
};

struct ruleset_counts {
	uint32_t loaded, failed,
		skipped; /* skipped: commented out rules are not counted, disabled by option are */
	double load_ms;
	bool cached; /* nothing had to be compiled */
};

/* One refused rule: file:line, sid (0 unknown), the keyword or place, and why. */
typedef void (*ruleset_refused_fn)(const char *file, unsigned int line, uint32_t sid, const char *keyword,
				   const char *why, void *arg);

__must_check int ruleset_builder_new(struct ruleset_builder **out);
void ruleset_builder_free(struct ruleset_builder *builder);
DEFINE_CLEANUP(ruleset_builder_free, struct ruleset_builder)

/* Without a clock (milliseconds of CPU or wall time, any origin) load_ms stays 0. */
void ruleset_set_clock(struct ruleset_builder *builder, double (*now_ms)(void));

/* Variables: name without "$", value in rule address/port syntax. Defaults: HOME_NET private ranges,
 * EXTERNAL_NET any, the usual ports. -EINVAL with *why (static). */
__must_check int ruleset_set_variable(struct ruleset_builder *builder, const char *name, const char *value,
				      const char **why);
/*
 * Which actions come first among the rules that fit one packet: all four, by commas. Default:
 * pass,drop,reject,alert. -EINVAL with *why (static).
 */
__must_check int ruleset_set_action_order(struct ruleset_builder *builder, const char *order,
					  const char **why);
/* Contents of classification.config / the severity table (sid<space>severity per line). -EINVAL: lines
 * refused through fn, the others hold. */
__must_check int ruleset_add_classification(struct ruleset_builder *builder, const char *file,
					    const char *text, size_t len, ruleset_refused_fn fn, void *arg);
__must_check int ruleset_add_severity(struct ruleset_builder *builder, const char *file, const char *text,
				      size_t len, ruleset_refused_fn fn, void *arg);

/*
 * Files beside the rules: id, word of the configuration, help. All but thresholds are read before the rules
 * that use them.
 */
#define RULE_DATA_KINDS(X)                                                                                   \
	X(THRESHOLD, "threshold", "threshold.config: fewer alerts, suppressed ones, other actions")          \
	X(REFERENCES, "references", "reference.config: where a rule's references lead to")                   \
	X(CATEGORIES, "reputation-categories", "number,name,description of each category of iprep rules")    \
	X(REPUTATION, "reputation", "address,category number,score of each address that iprep rules know")   \
	X(SET, "data-set", "values of a data set that a rule loads by this file's name")
enum rule_data_kind {
#define X(id, ...) RULE_DATA_##id,
	RULE_DATA_KINDS(X)
#undef X
		RULE_DATA_MAX
};
extern const char *const rule_data_words[RULE_DATA_MAX + 1]; /* NULL behind the last */
/* Contents of such a file; that of a SET is borrowed until the set is built. Set variables before. -EINVAL:
 * lines were refused through fn, the others hold; -E2BIG over a limit. */
__must_check int ruleset_add_data(struct ruleset_builder *builder, enum rule_data_kind kind, const char *file,
				  const char *text, size_t len, ruleset_refused_fn fn, void *arg);
/*
 * How the file of a data set is found that a rule names and ruleset_add_data() did not give: text malloc'ed,
 * 0 or a negative errno. rules is the file of the rule. Without a loader such a rule is refused.
 */
typedef int (*ruleset_load_fn)(const char *rules, const char *name, char **text, size_t *len, void *arg);
void ruleset_set_loader(struct ruleset_builder *builder, ruleset_load_fn fn, void *arg);
/* Contents of a .rules file. Bad rules go to fn and are counted, the others load; 0 unless out of memory. */
__must_check int ruleset_add_rules(struct ruleset_builder *builder, const char *file, const char *text,
				   size_t len, ruleset_refused_fn fn, void *arg);

/*
 * Databases are compiled once per content: an image of an earlier set with the same literals is taken
 * instead, any other or a damaged one is ignored. Its bytes steer the matcher: offer only what nobody else
 * could write. fetch is called with the name that the image should have, once the rules are known; -errno:
 * there is none.
 */
typedef int (*ruleset_fetch_fn)(const char *name, const void **image, size_t *len, void *arg);
void ruleset_set_cache(struct ruleset_builder *builder, ruleset_fetch_fn fetch, void *arg);
/*
 * Databases of the same literals are shared with another set of this process, mostly the one before, and so
 * is what the rules that are added from here on have in common with its rules. It is borrowed until
 * ruleset_build(). NULL: none. -ENOMEM.
 */
__must_check int ruleset_set_previous(struct ruleset_builder *builder, struct ruleset *previous);
/* Of a built set; *out is the caller's. */
__must_check int ruleset_cache_image(struct ruleset *set, void **out, size_t *len);
#define RULESET_CACHE_NAME_MAX 72u
void ruleset_cache_name(const struct ruleset *set, char name[RULESET_CACHE_NAME_MAX]);

/* Compiles. The builder is empty afterwards. -EINVAL with why (caller's buffer) when the matcher refuses. */
__must_check int ruleset_build(struct ruleset_builder *builder, struct ruleset **out, char *why,
			       size_t why_len);

struct ruleset *ruleset_ref(struct ruleset *set);
/* What rules add to data sets is kept in values from now on, see dataset_pool_share(). */
struct tracker;
void ruleset_share_values(struct ruleset *set, struct tracker *values);
void ruleset_free(struct ruleset *set); /* drops one reference */
DEFINE_CLEANUP(ruleset_free, struct ruleset)

void ruleset_count(const struct ruleset *set, struct ruleset_counts *out);
const struct rule_info *ruleset_find(const struct ruleset *set, uint32_t sid); /* NULL: not loaded */
const struct rule_info *ruleset_at(const struct ruleset *set, uint32_t index); /* 0..loaded-1 */

/* Would an alert of (gid, sid) between these addresses be suppressed? Then by which line. -ENOENT: the rule
 * is not loaded. */
struct ruleset_suppression {
	bool suppressed;
	const char *file; /* as long as the set; NULL: not suppressed */
	unsigned int line;
};
__must_check int ruleset_suppression(const struct ruleset *set, uint32_t gid, uint32_t sid,
				     const struct seki_addr *src, const struct seki_addr *dst,
				     struct ruleset_suppression *out);
/* The index-th line of the threshold files that applies to no rule; false: there are no more. */
bool ruleset_idle_threshold(const struct ruleset *set, uint32_t index, const char **file, unsigned int *line);

#endif
