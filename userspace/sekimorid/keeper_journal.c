// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * keeper_journal.c - `block` and `unblock` are kept at once, in time that does not depend on how many there
 * are: a record behind the others. The disk is waited for by a thread of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "bundle.h"
#include "keeper_journal.h"
#include "lib/log.h"

uint64_t journal_record_check(const struct journal_record *record)
{
	return bundle_digest((const char *)record + sizeof(record->check),
			     sizeof(*record) - sizeof(record->check));
}

/* For records behind its first whole bytes; what is behind these goes. */
static int journal_open(struct keeper *k, const char *file, size_t whole)
{
	char path[INSTANCE_PATH_MAX];
	int err = keeper_state_path(k, file, path), fd;

	if (err)
		return err;
	fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -errno;
	if (ftruncate(fd, (off_t)whole) < 0) {
		err = -errno;
		close(fd);
		return err;
	}
	if (k->journal.fd >= 0)
		close(k->journal.fd);
	k->journal.fd = fd;
	return 0;
}

/* Records go to another file from now on. */
static int journal_turn(struct keeper *k)
{
	const struct journal_head head = {JOURNAL_MAGIC, JOURNAL_VERSION, k->journal.digest,
					  k->journal.digest};
	char path[INSTANCE_PATH_MAX];
	int err = keeper_state_path(k, JOURNAL_NEXT, path), fd;

	if (err)
		return err;
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	if (write(fd, &head, sizeof(head)) != (ssize_t)sizeof(head))
		err = -ENOSPC;
	close(fd);
	if (!err)
		err = journal_open(k, JOURNAL_NEXT, sizeof(head));
	if (err)
		unlink(path);
	else
		k->journal.turned = true;
	return err;
}

/* --- apart */

static void work_run(void *arg)
{
	struct journal_work *work = arg;

	if (work->fd < 0)
		work->err = journal_fold(work->keeper, &work->digest);
	else if (fdatasync(work->fd) < 0)
		work->err = -errno;
}

static void work_take(struct keeper *k, struct journal_work *work)
{
	if (work->fd >= 0) {
		close(work->fd);
		if (work->err)
			log_error("the journal of the manual list does not reach the disk: %s",
				  strerror(-work->err));
	} else if (work->err) {
		log_error("the manual list could not be saved whole, its journal goes on: %s",
			  strerror(-work->err));
	} else {
		k->journal.turned = false;
		k->journal.digest = work->digest;
	}
	free(work);
}

static struct journal_work *work_new(const struct keeper *k, bool fold)
{
	struct journal_work *work = calloc(1, sizeof(*work));

	if (!work)
		return NULL;
	work->keeper = k;
	work->fd = fold ? -1 : fcntl(k->journal.fd, F_DUPFD_CLOEXEC, 3);
	if (fold || work->fd >= 0)
		return work;
	free(work);
	return NULL;
}

static void work_begin(struct keeper *k, bool fold)
{
	struct journal_work *work = work_new(k, fold);

	if (!work)
		return; /* at the next tick */
	if (apart_begin(&work->apart, work_run, work)) {
		work_run(work);
		work_take(k, work);
	} else {
		k->journal.work = work;
	}
	k->journal.dirty = false;
	if (fold)
		k->journal.records = 0;
}

static void work_end(struct keeper *k)
{
	struct journal_work *work = k->journal.work;

	if (!work)
		return;
	apart_end(&work->apart);
	k->journal.work = NULL;
	work_take(k, work);
}

/* --- records */

static int journal_append(struct keeper *k, struct journal_record *record)
{
	struct stat st;
	ssize_t n;

	record->check = journal_record_check(record);
	if (k->journal.fd < 0)
		return -EBADF;
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
		log_error("the journal of the manual list cannot be written any more: %s; blocks by hand end "
			  "with this daemon",
			  strerror(errno));
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

/* --- at the start, and each second */

int keeper_journal_load(struct keeper *k, uint64_t base)
{
	struct journal_found journal, next;
	int err = journal_read(k, JOURNAL_FILE, base, false, k->lists, &journal);

	if (!err)
		err = journal_read(k, JOURNAL_NEXT, base, journal.fits, k->lists, &next);
	if (err)
		return err;
	k->journal.digest = base;
	k->journal.turned = next.there && (journal.fits || next.fits);
	if (k->journal.turned)
		err = journal_open(k, JOURNAL_NEXT, next.whole);
	else
		err = journal_turn(k);
	if (!err)
		err = journal_fold(k, &k->journal.digest);
	if (!err)
		k->journal.turned = false;
	k->journal.records = 0;
	return err;
}

/* As many records as entries pay for a list written anew; and a journal must not become longer than one that
 * is read. */
static bool fold_due(const struct keeper *k)
{
	return k->journal.records >= JOURNAL_RECORDS &&
	       (k->journal.records > list_count(k->lists, LIST_MANUAL) ||
		k->journal.records >= JOURNAL_MAX / 4 / sizeof(struct journal_record));
}

void keeper_journal_tick(struct keeper *k)
{
	const bool fold = fold_due(k);

	if (k->journal.work && !apart_is_over(&k->journal.work->apart))
		return;
	work_end(k);
	if (k->journal.fd < 0 || (!fold && !k->journal.dirty))
		return;
	/* A death of the daemon loses nothing, one of the machine what came in the last second or two. */
	if (fold && (k->journal.turned || !journal_turn(k)))
		work_begin(k, true);
	else
		work_begin(k, false);
}

void keeper_journal_end(struct keeper *k)
{
	work_end(k);
	if (k->journal.fd >= 0)
		close(k->journal.fd);
	k->journal.fd = -1;
}
