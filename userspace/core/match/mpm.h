/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mpm.h - many literals at once over one buffer: says which rules are worth
 * a full look.
 */
#ifndef CORE_MPM_H
#define CORE_MPM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/digest.h"
#include "lib/cleanup.h"
#include "quad.h"
#include "sieve.h"

#define MPM_PATTERN_MAX 64u /* longer literals are found by their first bytes; the exact check follows */

struct mpm_database;
struct hs_scratch;

struct mpm_pattern {
	const uint8_t *data; /* borrowed until mpm_clear(); lower case with nocase */
	uint16_t len;
	bool nocase;
	uint32_t rule;
	uint32_t first_end, last_end; /* where it may end in packet or stream; last_end 0: anywhere */
};

struct mpm_place {
	uint32_t first_end, last_end;
};

/* Grows while rules are added, then is built once and never changes. Zero is empty. */
struct mpm {
	struct mpm_pattern *patterns; /* only before the build */
	uint32_t pattern_count, pattern_room;
	struct quad quad;	       /* of few, or of what the sieve leaves of many */
	struct sieve sieve;	       /* of the long ones where there are many */
	struct mpm_database *database; /* of what neither takes, NULL: nothing; may be shared */
	struct literal *literals;
	uint32_t *rules;	  /* grouped by literal */
	uint32_t *first;	  /* literal n has rules[first[n]] … rules[first[n + 1] - 1] */
	struct mpm_place *places; /* of rules[n]; NULL: all of them anywhere */
	uint32_t literal_count;	  /* 0: nothing to find */
	uint32_t longest;	  /* literal */
	bool once;		  /* a literal need not be reported more than once per scan */
	uint32_t limit;		  /* with places: nothing is found at or behind this offset */
};

/* A literal of rules[0..count) ended at offset `to`, counted from where the packet or stream begins. */
typedef void (*mpm_hit_fn)(const uint32_t *rules, uint32_t count, uint64_t to, void *arg);

/* All patterns of one mpm have places or none has. */
__must_check int mpm_add(struct mpm *mpm, const struct mpm_pattern *pattern);
/*
 * Orders what was added, the first step of the build. once: a literal without place need not be reported
 * more than once per scan. Nothing is added afterwards. -ENOMEM.
 */
__must_check int mpm_prepare(struct mpm *mpm, bool once);
/* Adds to the digest what the database depends on; before it is compiled or loaded. */
void mpm_digest(const struct mpm *mpm, struct digest *digest);
/* The same for what all databases depend on: the library and the processor. */
void mpm_platform(struct digest *digest);
/*
 * Takes the database of the same literals from another one, if it has it: it lives as long as one of them.
 * The threads of both may use it.
 */
bool mpm_share(struct mpm *mpm, const struct mpm *from);
/* How many literals are the database's; 0: it needs none. */
uint32_t mpm_compiled(const struct mpm *mpm);
/* The second step of the build, unless the database was loaded. -EINVAL with why, -ENOMEM. */
__must_check int mpm_compile(struct mpm *mpm, char *why, size_t why_len);
/* The database as bytes, owned by the caller; none when there is nothing to find. */
__must_check int mpm_save(const struct mpm *mpm, char **out, size_t *len);
/* Takes bytes of mpm_save() for the very same literals. They are trusted: check who wrote them. -EBADMSG. */
__must_check int mpm_load(struct mpm *mpm, const char *data, size_t len);
void mpm_clear(struct mpm *mpm);
/* Makes *scratch big enough for mpm too. One scratch per thread. */
__must_check int mpm_scratch(const struct mpm *mpm, struct hs_scratch **scratch);
void mpm_scratch_free(struct hs_scratch *scratch);
/* base: the offset of data[0]. Hits come in no order. */
void mpm_scan(const struct mpm *mpm, struct hs_scratch *scratch, const uint8_t *data, uint32_t len,
	      uint64_t base, mpm_hit_fn fn, void *arg);

#endif
