// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * keeper_archive.c - what the store and the audit log get from the keeper: its
 * folder, its limits, every change, and what was seen and lost at each stage.
 */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "core/policy/contract_names.h"
#include "keeper.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/wall.h"
#include "store/db.h"

#define SERVER_LINE_MAX 1024u
#define AUDITS_MAX	256u /* changes that wait for an archive that is not there */
#define COUNTS_PERIOD	5u   /* ticks between two messages */
#define COUNTS_MAX	MESSAGE_COUNTS_MAX

/* Sums since each stage began; a stage that began anew shows a smaller one. */
struct keeper_counts {
	uint32_t count;
	uint64_t told_us; /* CLOCK_MONOTONIC of this state */
	struct counts_row {
		char name[40];
		uint64_t value;
	} rows[COUNTS_MAX];
};

/* --- folder and limits */

/* What the store's DB_SERVER_FILE has to say; NULL: there is to be none. */
static int server_wanted(const struct keeper *k, char **out)
{
	const struct policy *policy = k->now.base ? k->now.base : k->now.runtime;
	AUTO_FREE char *line = NULL;
	size_t len;
	int err;

	*out = NULL;
	if (!policy || !*policy->store_server)
		return 0;
	err = file_read(AT_FDCWD, policy->store_server, SERVER_LINE_MAX, &line, &len);
	if (!err && asprintf(out, "%.*s\nsekimori_%.31s\n", (int)strcspn(line, "\r\n"), line,
			     k->options.instance) < 0) {
		*out = NULL;
		err = -ENOMEM;
	}
	return err;
}

/* Where events go is never changed by a file that cannot be read: what was, stays. */
static int server_place(struct keeper *k, int folder, gid_t gid, bool *changed)
{
	AUTO_FREE char *wanted = NULL, *present = NULL;
	size_t len;
	int err = server_wanted(k, &wanted),
	    there = file_read(folder, DB_SERVER_FILE, SERVER_LINE_MAX * 2, &present, &len);

	*changed = false;
	if (err) {
		keeper_audit(k, AUDIT_ALARM, 0,
			     "store: postgres-file cannot be read (%s): events go where they went before",
			     strerror(-err));
		return 0;
	}
	if (there && there != -ENOENT)
		return there;
	if (wanted ? present && !strcmp(present, wanted) : !present)
		return 0;
	*changed = true;
	if (!wanted)
		return unlinkat(folder, DB_SERVER_FILE, 0) < 0 ? -errno : 0;
	err = file_replace(folder, DB_SERVER_FILE, wanted, strlen(wanted), 0640);
	if (!err && fchownat(folder, DB_SERVER_FILE, 0, gid, AT_SYMLINK_NOFOLLOW) < 0)
		err = -errno;
	return err;
}

void keeper_archive_server(struct keeper *k)
{
	static const enum process_kind kinds[] = {PROCESS_ARCHIVE, PROCESS_PORTAL};
	AUTO_FD int folder = -1;
	bool before = k->store_moved;

	k->store_moved = false;
	if (keeper_archive_folder(k, &folder))
		keeper_audit(k, AUDIT_ALARM, 0, "the store's folder cannot be prepared");
	if (!k->store_moved) {
		k->store_moved = before;
		return;
	}
	keeper_audit(k, AUDIT_CHANGE, 0,
		     "events are kept in another place from now on; those kept so far stay where they are");
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct keeper_child *child = keeper_child(k, kinds[i], 0);

		if (child && child->pid > 0) /* it is started anew when its end was seen */
			keeper_child_stop(k, child);
	}
	k->store_moved = false;
}

int keeper_archive_folder(struct keeper *k, int *fd)
{
	const struct process_row *row = &process_table[PROCESS_ARCHIVE];
	const struct passwd *pw = getpwnam(row->user);
	uid_t uid = pw ? pw->pw_uid : row->uid;
	gid_t gid = pw ? pw->pw_gid : row->uid;
	char path[INSTANCE_PATH_MAX];
	AUTO_FD int folder = -1;
	bool moved = false;
	struct stat st;
	int err = instance_path(path, sizeof(path), k->options.state_root, k->options.instance, "store");

	if (err)
		return err;
	if ((mkdir(k->options.state_root, 0755) < 0 && errno != EEXIST) ||
	    (mkdir(k->state_dir, 0700) < 0 && errno != EEXIST) ||
	    (mkdir(path, 0750) < 0 && errno != EEXIST)) {
		log_error("%s: %s", path, strerror(errno));
		return -errno;
	}
	folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (folder < 0 || fstat(folder, &st) < 0)
		return -errno;
	/* The group may read: the portal has it. Only an owner changes a mode, so the folder is ours for a
	 * moment. */
	if ((st.st_mode & 07777) != 0750 && (fchown(folder, 0, gid) < 0 || fchmod(folder, 0750) < 0))
		return -errno;
	if (fchown(folder, uid, gid) < 0)
		return -errno;
	err = server_place(k, folder, gid, &moved);
	if (err) {
		log_error("%s/" DB_SERVER_FILE ": %s", path, strerror(-err));
		return err;
	}
	k->store_moved |= moved;
	*fd = TAKE_FD(folder);
	return 0;
}

void keeper_archive_limits(struct keeper *k)
{
	const struct policy *policy = k->now.base ? k->now.base : k->now.runtime;
	struct message_limits limits = {.max_bytes = policy->store_bytes,
					.max_days = policy->store_age / 86400};

	struct message_tenants tenants = {0};

	memcpy(limits.packet_seconds, policy->packet_age, sizeof(limits.packet_seconds));
	if (keeper_child_tell(k, PROCESS_ARCHIVE, MESSAGE_ARCHIVE_LIMITS, &limits, sizeof(limits)))
		log_debug("the archive is not there to learn its limits; it gets them when it starts");
	tenants.count = policy->tenant_count;
	if (tenants.count)
		memcpy(tenants.rows, policy->tenants, tenants.count * sizeof(tenants.rows[0]));
	if (keeper_child_tell(k, PROCESS_ARCHIVE, MESSAGE_ARCHIVE_TENANTS, &tenants, sizeof(tenants)))
		log_debug("the archive is not there to learn of tenants; it does when it starts");
}

/* --- changes */

void keeper_archive_audit(struct keeper *k, const struct message_audit *audit)
{
	if (!k->audits)
		k->audits = calloc(AUDITS_MAX, sizeof(*k->audits));
	if (!k->audits || k->audit_count == AUDITS_MAX) {
		k->audits_lost++;
		return;
	}
	k->audits[k->audit_count++] = *audit;
}

static void audits_flush(struct keeper *k)
{
	uint32_t sent = 0;

	if (k->audits_lost && k->audit_count < AUDITS_MAX) {
		struct message_audit gap = {.wall_us = wall_us(), .kind = AUDIT_ALARM};

		snprintf(gap.text, sizeof(gap.text),
			 "%llu changes or alarms are not in this log: it was not there for them",
			 (unsigned long long)k->audits_lost);
		k->audits_lost = 0;
		keeper_archive_audit(k, &gap);
	}
	while (sent < k->audit_count && !keeper_child_tell(k, PROCESS_ARCHIVE, MESSAGE_ARCHIVE_AUDIT,
							   &k->audits[sent], sizeof(k->audits[sent])))
		sent++;
	if (!sent)
		return;
	k->audit_count -= sent;
	memmove(k->audits, k->audits + sent, k->audit_count * sizeof(*k->audits));
}

void keeper_archive_stats(struct keeper *k, const struct message_archive_stats *stats)
{
	struct message_archive_stats before = k->archive;

	k->archive = *stats;
	k->archive.audit_head[sizeof(k->archive.audit_head) - 1] = '\0';
	if (stats->last_errno == ENOTCONN && before.last_errno != ENOTCONN)
		keeper_audit(k, AUDIT_ALARM, 0,
			     "events are not stored: the database server does not answer, the log says why; "
			     "they wait "
			     "in memory, and are lost when that is full");
	else if (stats->last_errno && stats->last_errno != before.last_errno)
		keeper_audit(
			k, AUDIT_ALARM, 0,
			"events are not stored: %s; they wait in memory, and are lost when that is full. "
			"Make room, or lower store { max-size }",
			strerror(stats->last_errno));
	else if (!stats->last_errno && before.last_errno)
		keeper_audit(k, AUDIT_NOTE, 0, "events are stored again");
	if (stats->audit_errno && stats->audit_errno != before.audit_errno)
		keeper_audit(k, AUDIT_ALARM, 0, "the audit log cannot be written: %s",
			     strerror(stats->audit_errno));
	if (stats->audit_fault && stats->audit_fault != before.audit_fault)
		keeper_audit(k, AUDIT_ALARM, 0,
			     "the audit log was tampered with from line %llu on: sekimori audit verify",
			     (unsigned long long)stats->audit_fault);
}

/* --- figures of every stage */

__attribute__((format(printf, 3, 4))) static void counts_add(struct keeper_counts *counts, uint64_t value,
							     const char *format, ...)
{
	struct counts_row *row = &counts->rows[counts->count];
	va_list ap;

	if (counts->count == COUNTS_MAX)
		return;
	va_start(ap, format);
	vsnprintf(row->name, sizeof(row->name), format, ap);
	va_end(ap);
	row->value = value;
	counts->count++;
}

static void counts_kernel(struct keeper *k, struct keeper_counts *counts)
{
	static const struct {
		const char *name;
		bool verdict;
	} reasons[SEKI_REASON_MAX] = {
#define SEKI_CLASS_X		false
#define SEKI_CLASS_V		true
#define X(id, text, class, ...) [SEKI_R_##id] = {text, SEKI_CLASS_##class},
		SEKI_REASONS(X)
#undef X
	};
	struct seki_counter counters[SEKI_REASON_MAX];
	uint64_t lost[SEKI_LOSS_MAX], packets = 0, bytes = 0;

	if (!k->gate || gate_losses(k->gate, lost) || gate_counters(k->gate, counters))
		return;
	for (int i = 0; i < SEKI_REASON_MAX; i++) {
		packets += counters[i].pkts;
		bytes += counters[i].bytes;
		if (reasons[i].verdict) {
			packets += counters[i].would_pkts;
			bytes += counters[i].would_bytes;
			counts_add(counts, counters[i].pkts, "drop.%s", reasons[i].name);
			counts_add(counts, counters[i].would_pkts, "would.%s", reasons[i].name);
		}
	}
	counts_add(counts, counters[SEKI_R_COPIED].bytes, "bytes.copied");
	counts_add(counts, packets, "packets");
	counts_add(counts, bytes, "bytes");
	for (int i = 0; i < SEKI_LOSS_MAX; i++)
		counts_add(counts, lost[i], "lost.%s", contract_losses[i]);
}

static void counts_engines(struct keeper *k, struct keeper_counts *counts)
{
	static const struct {
		const char *name;
		size_t offset;
	} rows[] = {
		{"inspected.packets", offsetof(struct message_engine_stats, packets)},
		{"inspected.bytes", offsetof(struct message_engine_stats, inspected_bytes)},
		{"uninspected.ciphertext-bytes", offsetof(struct message_engine_stats, ciphertext_bytes)},
		{"uninspected.gaps", offsetof(struct message_engine_stats, gaps)},
		{"uninspected.given-up", offsetof(struct message_engine_stats, given_up)},
		{"uninspected.undecoded", offsetof(struct message_engine_stats, undecoded)},
		{"lost.engine-records", offsetof(struct message_engine_stats, bad_records)},
		{"lost.engine-frames", offsetof(struct message_engine_stats, chunks_lost)},
		{"lost.engine-proposals", offsetof(struct message_engine_stats, proposals_lost)},
		{"lost.engine-events", offsetof(struct message_engine_stats, events_lost)},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint64_t sum = 0;

		for (unsigned int j = 0; j < KEEPER_CHILDREN; j++)
			if (k->children[j].kind == PROCESS_ENGINE)
				sum += *(const uint64_t *)((const char *)&k->children[j].stats +
							   rows[i].offset);
		counts_add(counts, sum, "%s", rows[i].name);
	}
}

/* Everything attached and every engine ready: what nobody looked at in between is a gap of the report. */
static bool keeper_watching(struct keeper *k)
{
	if (!k->gate || !k->iface_count)
		return false;
	for (uint32_t i = 0; i < k->iface_count; i++)
		if (!k->ifaces[i].attached)
			return false;
	for (uint32_t i = 0; i < k->settings.rings; i++) {
		const struct keeper_child *engine = keeper_child(k, PROCESS_ENGINE, i);

		if (!engine || engine->fd < 0 || !engine->ready)
			return false;
	}
	return true;
}

static uint64_t monotonic_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void counts_read(struct keeper *k, struct keeper_counts *counts)
{
	counts->told_us = monotonic_us();
	counts_kernel(k, counts);
	counts_engines(k, counts);
	counts_add(counts, k->events_lost, "lost.keeper-events");
	counts_add(counts, k->reporter.lost, "lost.event-file");
	counts_add(counts, k->reporter.refused, "lost.refused-events");
	counts_add(counts, k->reporter.spool_lost, "lost.spool");
	counts_add(counts, k->archive.refused, "lost.refused-by-store");
	counts_add(counts, k->notifier.unmarked, "lost.notice-times");
	counts_add(counts, k->blocks_made, "made.source-blocks");
	counts_add(counts, k->cuts_made, "made.cuts");
}

static uint64_t counts_before(const struct keeper_counts *counts, const char *name)
{
	for (uint32_t i = 0; i < counts->count; i++)
		if (!strcmp(counts->rows[i].name, name))
			return counts->rows[i].value;
	return 0;
}

/* Told as differences: what a message did not get through stays in the next one. */
static void counts_tell(struct keeper *k)
{
	static struct message_counts out;
	struct keeper_counts *now = calloc(1, sizeof(*now));

	if (!now)
		return;
	counts_read(k, now);
	if (!k->counts) { /* the kernel's counters are older than this daemon */
		k->counts = now;
		return;
	}
	memset(&out, 0, sizeof(out));
	out.t_us = wall_us();
	for (uint32_t i = 0; i < now->count && out.count < MESSAGE_COUNTS_MAX - 1; i++) {
		uint64_t before = counts_before(k->counts, now->rows[i].name), value = now->rows[i].value;

		if (value == before)
			continue;
		memcpy(out.rows[out.count].name, now->rows[i].name, sizeof(out.rows[0].name));
		out.rows[out.count++].value = value > before ? value - before : value;
	}
	snprintf(out.rows[out.count].name, sizeof(out.rows[0].name), "%s",
		 keeper_watching(k) ? "time.watching-us" : "time.blind-us");
	out.rows[out.count++].value = wall_of(now->told_us) - wall_of(k->counts->told_us);
	if (keeper_child_tell(k, PROCESS_ARCHIVE, MESSAGE_ARCHIVE_COUNTS, &out, sizeof(out))) {
		free(now);
		return;
	}
	free(k->counts);
	k->counts = now;
}

void keeper_archive_tick(struct keeper *k)
{
	audits_flush(k);
	if (k->ticks % COUNTS_PERIOD == 0)
		counts_tell(k);
}
