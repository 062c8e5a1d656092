// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * keeper_journal_fold.c - the manual list's files: read into a set, and made one, from the files alone, so
 * that nobody who changes the list has to wait.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "keeper_journal.h"
#include "lib/file.h"
#include "lib/log.h"

#define MANUAL_LIST "manual.list"

/* 1: the record does not hold; nothing behind it is believed. -errno: it could not be taken. */
static int record_take(struct list_set *set, const struct journal_record *record)
{
	struct list_item item = {.prefix = {.len = record->len},
				 .list = LIST_MANUAL,
				 .flags = record->flags,
				 .severity = record->severity,
				 .sid = record->sid,
				 .expires = record->expires,
				 .created = record->created};
	int err;

	if (record->check != journal_record_check(record))
		return 1;
	memcpy(item.prefix.addr, record->addr, sizeof(item.prefix.addr));
	memcpy(item.reason, record->reason, sizeof(item.reason));
	if (record->removes || (item.expires && item.expires <= keeper_epoch()))
		err = list_remove(set, LIST_MANUAL, &item.prefix, keeper_epoch());
	else
		err = list_add(set, &item, keeper_epoch());
	return err == -ENOENT ? 0 : err;
}

/* Bytes of the head, which earlier versions had without `before`; 0: it is none. */
static size_t head_read(const char *data, size_t len, struct journal_head *head)
{
	const size_t first = offsetof(struct journal_head, before);

	memset(head, 0, sizeof(*head));
	if (len < first)
		return 0;
	memcpy(head, data, len < sizeof(*head) ? first : sizeof(*head));
	if (head->magic != JOURNAL_MAGIC)
		return 0;
	if (head->version == 1) {
		head->before = head->base;
		return first;
	}
	return head->version == JOURNAL_VERSION && len >= sizeof(*head) ? sizeof(*head) : 0;
}

int journal_read(const struct keeper *k, const char *file, uint64_t digest, bool always, struct list_set *set,
		 struct journal_found *found)
{
	char path[INSTANCE_PATH_MAX];
	AUTO_FREE char *data = NULL;
	struct journal_record record;
	struct journal_head head;
	size_t len = 0, at;
	int err = keeper_state_path(k, file, path);

	*found = (struct journal_found){0};
	if (!err)
		err = file_read(AT_FDCWD, path, JOURNAL_MAX, &data, &len);
	if (err)
		return err == -ENOENT ? 0 : err;
	at = head_read(data, len, &head);
	if (!at && !strcmp(file, JOURNAL_NEXT) && len < sizeof(head))
		return 0; /* who made it died before a record came */
	if (!at) {
		log_error("%s: damaged or of another version; move it away to go on without the blocks in it",
			  path);
		return -EBADMSG;
	}
	found->there = true;
	found->fits = head.base == digest || head.before == digest;
	found->whole = len;
	if (!found->fits && !always)
		return 0;
	for (; len - at >= sizeof(record); at += sizeof(record)) {
		memcpy(&record, data + at, sizeof(record));
		err = record_take(set, &record);
		if (err)
			break;
	}
	if (err < 0) {
		log_error("%s: %s", path, strerror(-err));
		return err;
	}
	found->whole = at;
	if (at < len)
		log_warn("%s: the last %zu bytes were not written whole: what came last before the machine "
			 "stopped is not on the manual list",
			 path, len - at);
	return 0;
}

/* manual.list as a set of its own; *digest 0: there is none. */
static int manual_read(const struct keeper *k, struct list_set **out, uint64_t *digest)
{
	CLEANUP(keeper_image_free) struct keeper_image *image = NULL;
	CLEANUP(list_set_free) struct list_set *none = NULL;
	const uint16_t index[SEKI_MAX_LISTS] = {LIST_MANUAL};
	const char *why;
	int err = keeper_image_file(k, MANUAL_LIST, &image, &why);

	*digest = 0;
	if (err == -ENOENT)
		return list_set_new(UINT32_MAX, out);
	if (!err)
		err = image->image.list_count == 1 ? list_set_new(UINT32_MAX, &none) : -EBADMSG;
	if (!err)
		err = list_set_merge(none, 1ull << LIST_MANUAL, &image->image, index, UINT32_MAX,
				     keeper_epoch(), out);
	if (!err)
		*digest = image->image.digest;
	return err;
}

/* The next journal says that it goes with either list, and is on the disk as far as it is written. */
static int next_says(const struct keeper *k, uint64_t base, uint64_t before)
{
	const struct journal_head head = {JOURNAL_MAGIC, JOURNAL_VERSION, base, before};
	char path[INSTANCE_PATH_MAX];
	AUTO_FD int fd = -1;
	int err = keeper_state_path(k, JOURNAL_NEXT, path);

	if (err)
		return err;
	fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	if (pwrite(fd, &head, sizeof(head), 0) != (ssize_t)sizeof(head))
		return -EIO;
	return fdatasync(fd) < 0 ? -errno : 0;
}

static int next_becomes(const struct keeper *k)
{
	char from[INSTANCE_PATH_MAX], to[INSTANCE_PATH_MAX];
	int err = keeper_state_path(k, JOURNAL_NEXT, from);
	AUTO_FD int folder = -1;

	if (!err)
		err = keeper_state_path(k, JOURNAL_FILE, to);
	if (err)
		return err;
	folder = open(k->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0 || rename(from, to) < 0)
		return -errno;
	return fsync(folder) < 0 ? -errno : 0;
}

int journal_fold(const struct keeper *k, uint64_t *digest)
{
	CLEANUP(list_set_free) struct list_set *set = NULL;
	struct list_batch batch = {0};
	struct piece parts[LIST_IMAGE_PARTS];
	struct journal_found found;
	char path[INSTANCE_PATH_MAX];
	uint64_t before;
	int err = manual_read(k, &set, &before);

	if (!err)
		err = journal_read(k, JOURNAL_FILE, before, false, set, &found);
	if (!err)
		err = list_batch_take(&batch, set, LIST_MANUAL);
	if (!err)
		err = list_batch_parts(&batch, parts);
	if (!err)
		err = next_says(k, batch.head.digest, before);
	if (!err)
		err = keeper_state_path(k, MANUAL_LIST, path);
	if (!err)
		err = file_replace_parts(AT_FDCWD, path, parts, LIST_IMAGE_PARTS, 0600);
	if (!err)
		err = next_becomes(k);
	if (!err)
		*digest = batch.head.digest;
	list_batch_clear(&batch);
	return err;
}
