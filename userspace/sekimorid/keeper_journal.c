// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * keeper_journal.c - `block` and `unblock` are kept at once, in time that does not depend on how many there
 * are: a record behind the others. What a record says twice is the same as once, so it may be read again.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "bundle.h"
#include "keeper.h"
#include "lib/file.h"
#include "lib/log.h"

#define JOURNAL_MAGIC	0x4a4b4553u /* "SEKJ" */
#define JOURNAL_VERSION 1u
#define JOURNAL_RECORDS 4096u /* then manual.list is written anew */
#define JOURNAL_MAX	(64u << 20)

struct journal_head {
	uint32_t magic, version;
	uint64_t base; /* digest of the image that the records change; others are in it already */
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

static const char file_journal[] = "manual.journal";

static uint64_t record_check(const struct journal_record *record)
{
	return bundle_digest((const char *)record + sizeof(record->check),
			     sizeof(*record) - sizeof(record->check));
}

static int journal_begin(struct keeper *k, uint64_t base)
{
	const struct journal_head head = {JOURNAL_MAGIC, JOURNAL_VERSION, base};
	char path[INSTANCE_PATH_MAX];
	int err = keeper_state_path(k, file_journal, path);

	if (!err)
		err = file_replace(AT_FDCWD, path, &head, sizeof(head), 0600);
	if (k->journal.fd >= 0)
		close(k->journal.fd);
	k->journal.fd = err ? -1 : open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
	k->journal.records = 0;
	k->journal.dirty = false;
	return err ? err : k->journal.fd < 0 ? -errno : 0;
}

/* The whole list, then a journal that begins there. A death in between leaves records that are in the list
 * already, under another base. */
static int journal_fold(struct keeper *k)
{
	CLEANUP(keeper_image_free) struct keeper_image *image = NULL;
	const char *why;
	int err = keeper_list_state_save(k, LIST_MANUAL, false);

	if (!err)
		err = keeper_image_file(k, "manual.list", &image, &why);
	return err ? err : journal_begin(k, image->image.digest);
}

static int journal_append(struct keeper *k, struct journal_record *record)
{
	struct stat st;
	ssize_t n;

	record->check = record_check(record);
	if (k->journal.fd < 0)
		return journal_fold(k);
	if (fstat(k->journal.fd, &st) < 0)
		return -errno;
	n = write(k->journal.fd, record, sizeof(*record));
	if (n == (ssize_t)sizeof(*record)) {
		k->journal.records++;
		k->journal.dirty = true;
		return 0;
	}
	/* Half a record would hide those behind it. */
	if (n > 0 && ftruncate(k->journal.fd, st.st_size) < 0) {
		close(k->journal.fd);
		k->journal.fd = -1;
	}
	return n < 0 ? -errno : -ENOSPC;
}

int keeper_journal_add(struct keeper *k, const struct list_item *item)
{
	struct journal_record record = {.expires = item->expires,
					.created = item->created,
					.sid = item->sid,
					.flags = item->flags,
					.severity = item->severity,
					.len = item->prefix.len};

	memcpy(record.addr, item->prefix.addr, sizeof(record.addr));
	memcpy(record.reason, item->reason, sizeof(record.reason));
	return journal_append(k, &record);
}

int keeper_journal_remove(struct keeper *k, const struct prefix *prefix)
{
	struct journal_record record = {.removes = 1, .len = prefix->len};

	memcpy(record.addr, prefix->addr, sizeof(record.addr));
	return journal_append(k, &record);
}

/* False: the record does not hold; nothing behind it is believed. */
static bool record_take(struct keeper *k, const struct journal_record *record)
{
	struct list_item item = {.prefix = {.len = record->len},
				 .list = LIST_MANUAL,
				 .flags = record->flags,
				 .severity = record->severity,
				 .sid = record->sid,
				 .expires = record->expires,
				 .created = record->created};
	int err;

	if (record->check != record_check(record))
		return false;
	memcpy(item.prefix.addr, record->addr, sizeof(item.prefix.addr));
	memcpy(item.reason, record->reason, sizeof(item.reason));
	if (record->removes || (item.expires && item.expires <= keeper_epoch()))
		err = list_remove(k->lists, LIST_MANUAL, &item.prefix, keeper_epoch());
	else
		err = list_add(k->lists, &item, keeper_epoch());
	return !err || err == -ENOENT;
}

static int journal_read(struct keeper *k, uint64_t base)
{
	char path[INSTANCE_PATH_MAX];
	AUTO_FREE char *data = NULL;
	struct journal_record record;
	struct journal_head head;
	size_t len = 0, at = sizeof(head);
	int err = keeper_state_path(k, file_journal, path);

	if (!err)
		err = file_read(AT_FDCWD, path, JOURNAL_MAX, &data, &len);
	if (err)
		return err == -ENOENT ? 0 : err;
	if (len >= sizeof(head))
		memcpy(&head, data, sizeof(head));
	if (len < sizeof(head) || head.magic != JOURNAL_MAGIC || head.version != JOURNAL_VERSION) {
		log_error("%s: damaged or of another version; move it away to go on without the blocks in it",
			  path);
		return -EBADMSG;
	}
	if (head.base != base)
		return 0;
	for (; len - at >= sizeof(record); at += sizeof(record)) {
		memcpy(&record, data + at, sizeof(record));
		if (!record_take(k, &record))
			break;
	}
	if (at < len)
		log_warn("%s: the last %zu bytes were not written whole: what came last before the machine "
			 "stopped is not on the manual list",
			 path, len - at);
	return 0;
}

int keeper_journal_load(struct keeper *k, uint64_t base)
{
	int err = journal_read(k, base);

	return err ? err : journal_fold(k);
}

void keeper_journal_tick(struct keeper *k)
{
	/* Towards the disk, without waiting for it: a death of the daemon loses nothing, one of the machine
	 * what came in the last second or two. */
	if (k->journal.dirty && k->journal.fd >= 0)
		(void)sync_file_range(k->journal.fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	k->journal.dirty = false;
	if (k->journal.records >= JOURNAL_RECORDS && k->journal.records > list_count(k->lists, LIST_MANUAL) &&
	    journal_fold(k))
		log_error("the manual list could not be saved whole; its journal goes on");
}
