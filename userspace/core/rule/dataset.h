/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dataset.h - named sets of values that rules ask, and may add to while
 * traffic flows. Bounded: a set that is full takes nothing more, and counts it.
 */
#ifndef CORE_DATASET_H
#define CORE_DATASET_H

#include "core/flow/packet.h"
#include "ruleset.h"

#define DATASET_VALUE_MAX  4096u	 /* bytes of one value; longer ones are in no set */
#define DATASET_MEMORY	   (64ull << 20) /* of one set, unless the rule says otherwise */
#define DATASET_MEMORY_MAX (1ull << 30)
#define DATASET_SETS_MAX   256u
#define DATASET_NAME_MAX   64u

enum dataset_type {
	DATASET_STRING,
	DATASET_MD5,
	DATASET_SHA1, /* only for lists of file digests */
	DATASET_SHA256,
	DATASET_IPV4,
	DATASET_IPV6,
	DATASET_IP,
	DATASET_TYPES
};

struct dataset;
struct dataset_pool; /* the sets of one rule set */

__must_check int dataset_pool_new(struct dataset_pool **out);
void dataset_pool_free(struct dataset_pool *pool);
DEFINE_CLEANUP(dataset_pool_free, struct dataset_pool)

/* "string", "md5" and so on. -EINVAL. */
__must_check int dataset_type_parse(const char *word, enum dataset_type *out);

/*
 * The set called name, made when absent; *fresh says so. -EINVAL with *why (static): it is there with another
 * type, or there are too many. memory 0: the standard.
 */
__must_check int dataset_define(struct dataset_pool *pool, const char *name, enum dataset_type type,
				uint64_t memory, struct dataset **out, bool *fresh, const char **why);

enum dataset_format {
	DATASET_LINES,	/* one value per line: base64 of a string, hexadecimal of a digest, an address */
	DATASET_SCORES, /* the same with ",number" behind it */
	DATASET_JSON,	/* one document: an array of objects, or an object that holds it */
	DATASET_NDJSON	/* one object per line */
};

/* How a file tells values. Keys are paths: "info.host". Strings of JSON are the value itself. */
struct dataset_source {
	enum dataset_format format;
	const char *value_key; /* JSON: where an object has its value */
	const char *array_key; /* DATASET_JSON: where the array is; NULL: the document is it */
};

/*
 * Puts a file's values into set. -EINVAL: lines or objects were refused through fn, the others are in;
 * -ENOSPC: the set is full; -ENOMEM.
 */
__must_check int dataset_load(struct dataset *set, const struct dataset_source *source, const char *file,
			      const char *text, size_t len, ruleset_refused_fn fn, void *arg);
/* DATASET_JSON and DATASET_NDJSON of it. */
__must_check int dataset_load_json(struct dataset *set, const struct dataset_source *source, const char *file,
				   const char *text, size_t len, ruleset_refused_fn fn, void *arg);
/* One value as text; plain: strings are not in base64. -EINVAL: none of the set's type; -ENOSPC, -ENOMEM. */
__must_check int dataset_add_text(struct dataset *set, struct span text, bool plain, uint32_t score);

/*
 * From now on what rules change in these sets lies in values, which outlives them: sets of the same name and
 * type in another pool, or in another process, have the same members. Takes its own reference. Memory of a
 * set bounds only what was loaded into it; values bounds the changes.
 */
struct tracker;
void dataset_pool_share(struct dataset_pool *pool, struct tracker *values);

/* A rule changes the set while traffic flows: from now on threads take turns. */
void dataset_will_change(struct dataset *set);

bool dataset_has(struct dataset *set, struct span value);
/* Is value, or what begins at one of its inner dots, in the set? Of ".a.b.org" also ".b.org" and ".org". */
bool dataset_has_parent(struct dataset *set, struct span value);
/* false: it is not in the set. */
bool dataset_score(struct dataset *set, struct span value, uint32_t *score);
/* Adds or removes value; false: it was so already, or there is no room. */
bool dataset_change(struct dataset *set, struct span value, bool add);
/* Values that were not taken for want of room. */
uint64_t dataset_left_out(struct dataset *set);

#endif
