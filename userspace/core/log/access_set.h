/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * access_set.h - many accesses, and what they mean together: handles that stand
 * for files, repetitions of one act, a read and a write that are a copy.
 */
#ifndef CORE_ACCESS_SET_H
#define CORE_ACCESS_SET_H

#include <stddef.h>

#include "access_map.h"

#define ACCESS_SET_MAX (8u << 20) /* accesses */

struct access_set;

/* seed: of the hash of texts, random unless runs must be the same. */
__must_check int access_set_new(uint64_t seed, struct access_set **out);
void access_set_free(struct access_set *set); /* NULL is fine */
DEFINE_CLEANUP(access_set_free, struct access_set)

/* Copies an access or a handle's object (kinds ACCESS and HANDLE; others add nothing). -E2BIG: ACCESS_SET_MAX
 * are in it. -ENOMEM. */
__must_check int access_set_add(struct access_set *set, const struct access_found *found);

struct access_fold {
	uint32_t repeat; /* seconds within which the same act of one user on one object is one; 0: each counts
			  */
	uint32_t copy;	 /* seconds between reading a file and writing one of its name elsewhere that make a
			    copy; 0: none is one */
	/* out */
	uint64_t handles;    /* records that only told what a handle is */
	uint64_t unresolved; /* acts on a handle whose file no record told; their object is "" */
	uint64_t repeated;   /* acts that were left out as repetitions */
	uint64_t copied;     /* writes that became copies */
};
/*
 * Sorts by time (then serial, then the order of adding; a log that runs backwards is turned) and folds. Once,
 * when all is added. -ENOMEM.
 */
__must_check int access_set_fold(struct access_set *set, struct access_fold *fold);

/* What is left, in order. Texts are the set's. */
size_t access_set_count(const struct access_set *set);
void access_set_at(const struct access_set *set, size_t at, struct access *out);

#endif
