/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keeper_journal.h - what is done by hand, in the state folder: manual.list is the list whole; manual.journal
 * the records since then. While both are made one, further records go to manual.journal.next, which then
 * takes the journal's name:
 *
 *	the list is	journal fits		what holds
 *	the old one	yes			list, journal, next
 *	the new one	no, next does		list, next
 *
 * A file fits a list whose digest its head names. What a record says twice is the same as once.
 */
#ifndef SEKIMORID_KEEPER_JOURNAL_H
#define SEKIMORID_KEEPER_JOURNAL_H

#include "keeper.h"
#include "lib/apart.h"

#define JOURNAL_FILE	"manual.journal"
#define JOURNAL_NEXT	"manual.journal.next"
#define JOURNAL_MAGIC	0x4a4b4553u /* "SEKJ" */
#define JOURNAL_VERSION 2u
#define JOURNAL_RECORDS 4096u /* then manual.list is written anew, unless it is longer by far */
#define JOURNAL_MAX	(64u << 20)

struct journal_head {
	uint32_t magic, version;
	uint64_t base;	 /* digest of the list that the records change */
	uint64_t before; /* of the one that base takes the place of: the same records change that one, too */
};

struct journal_record {
	uint64_t check; /* bundle_digest() of the rest */
	uint64_t expires, created;
	uint32_t sid;
	uint8_t removes, flags, severity;
	uint8_t len, addr[16];
	uint8_t pad[8];
	char reason[LIST_REASON_MAX];
};
_Static_assert(sizeof(struct journal_record) == 184, "journal_record has holes");

uint64_t journal_record_check(const struct journal_record *record);

/* What a journal's file is. */
struct journal_found {
	bool there, fits;
	size_t whole; /* bytes up to the end of its last whole record */
};

/*
 * Its records into the set, when it fits the list of this digest or always. -EBADMSG: no journal of ours; an
 * empty manual.journal.next, which a death may leave, is not there.
 */
__must_check int journal_read(const struct keeper *k, const char *file, uint64_t digest, bool always,
			      struct list_set *set, struct journal_found *found);

/*
 * manual.list and manual.journal become manual.list; manual.journal.next, which must be there, the journal.
 * On the disk when it returns; uses nothing of k but its folders. On an error what is in the folder still
 * says the same.
 */
__must_check int journal_fold(const struct keeper *k, uint64_t *digest);

/* What the disk is asked for apart from the keeper's thread. */
struct journal_work {
	struct apart apart;
	const struct keeper *keeper;
	int fd; /* to be on the disk; -1: the files are to be folded */
	uint64_t digest;
	int err;
};

#endif
