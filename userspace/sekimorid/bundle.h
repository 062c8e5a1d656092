/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * bundle.h - several texts in one sealed memory file. The keeper copies files
 * into it without looking at them; a child that has no paths reads it.
 */
#ifndef SEKIMORID_BUNDLE_H
#define SEKIMORID_BUNDLE_H

#include <stddef.h>
#include <stdint.h>

#include "core/policy/policy.h"

#define BUNDLE_MAX (512u << 20)

enum bundle_kind {
	BUNDLE_CONFIG,
	BUNDLE_LIST,
	BUNDLE_RESOLV,
	BUNDLE_RULES,
	BUNDLE_CLASSIFICATION,
	BUNDLE_SEVERITY,
	BUNDLE_DATA,   /* index: enum rule_data_kind */
	BUNDLE_POLICY, /* the image of policy_pack() that rules are read with */
	BUNDLE_KIND_MAX
};

struct bundle_entry {	/* then len bytes and padding to 8 */
	uint32_t kind;	/* enum bundle_kind */
	uint32_t index; /* the caller's: row of the list */
	uint64_t len;
	char name[POLICY_PATH_MAX];
};

struct bundle {
	char *data;
	size_t len, size;
};

void bundle_free(struct bundle *bundle); /* its memory, not the struct */

/* Appends a text. -EFBIG over BUNDLE_MAX, -ENAMETOOLONG, -ENOMEM; on error nothing changed. */
__must_check int bundle_add(struct bundle *bundle, enum bundle_kind kind, uint32_t index, const char *name,
			    const void *data, size_t len);
/* Appends a regular file's bytes. -EINVAL: not a regular file; else as bundle_add() or the file's errno. */
__must_check int bundle_add_file(struct bundle *bundle, enum bundle_kind kind, uint32_t index,
				 const char *path);
/* Seals what was added. *fd is the caller's. */
__must_check int bundle_seal(const struct bundle *bundle, int *fd);
uint64_t bundle_digest(const void *data, size_t len);

/*
 * Walks a mapped bundle from *cursor (0 at first). 1: *entry and *text hold the next one; 0: end;
 * -EBADMSG: it is not a bundle. Text is not NUL-terminated.
 */
__must_check int bundle_next(const void *data, size_t len, size_t *cursor, const struct bundle_entry **entry,
			     const char **text);

#endif
