/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * threat.h - what rules are about, for people: several rules are one threat
 * with a name, an affected system, a year, platforms and methods. Data of the
 * file threats.json; a rule that it does not know is a threat of its own. Pure.
 */
#ifndef CORE_THREAT_H
#define CORE_THREAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/rule/explain.h"

#define THREAT_NAMES_MAX 6u

struct threat {
	char key[64];
	char *title[2], *affected[2]; /* by enum explain_language; never NULL; affected "" is unknown */
	uint32_t since;		      /* year, 0 unknown */
	char platforms[THREAT_NAMES_MAX][24], methods[THREAT_NAMES_MAX][24];
	unsigned int platform_count, method_count;
	bool platform_unclear, method_unclear; /* affects others too; may be of another kind */
	int rank;			       /* of the newsletter that rules name, -1 none */
	uint32_t *sids;
	size_t sid_count;
};

struct threat_set;
/* text may be NULL: an empty set. -EBADMSG with why: not such a file. -ENOMEM. */
__must_check int threat_set_new(const char *text, size_t len, struct threat_set **out, char why[160]);
void threat_set_free(struct threat_set *set);
DEFINE_CLEANUP(threat_set_free, struct threat_set)

/*
 * The threat of a rule: by its metadata "threat KEY", by sid, by metadata "newsletter_rank"; else one that is
 * made of its signature and metadata and kept in the set. rule is the JSON that the store keeps (category,
 * metadata, references). NULL: no memory.
 */
const struct threat *threat_of(struct threat_set *set, uint32_t gid, uint32_t sid, const char *label,
			       const char *rule);

#endif
