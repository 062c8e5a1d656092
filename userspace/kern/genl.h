/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * genl.h - the kernel module, spoken to through its generic netlink family (sekimori/genl.h). Everything
 * works on the network namespace that the caller was in at kmod_open(). Single thread. Errors are -errno;
 * what the module itself says about a refusal is in why.
 */
#ifndef KERN_GENL_H
#define KERN_GENL_H

#include <stdbool.h>
#include <stdint.h>

#include "kern/gate.h"
#include "sekimori/genl.h"

/* id, name, what it means and what to do next */
#define KMOD_PRESENCES(X)                                                                                    \
	X(LOADED, "loaded", "prefilter and guard can be used")                                               \
	X(ABSENT, "absent",                                                                                  \
	  "not installed: the product is complete without it; `make kmod` or the DKMS package build it")     \
	X(UNLOADED, "not-loaded", "installed, but not loaded: `modprobe sekimori` says why")                 \
	X(UNSIGNED, "refused",                                                                               \
	  "installed, but this kernel takes only modules with a signature that it knows: enrol the key "     \
	  "(doc/kmod.md)")                                                                                   \
	X(OLDER, "older",                                                                                    \
	  "the loaded module is of an older version: load the one that came with this program")              \
	X(NEWER, "newer", "the loaded module is of a newer version: use the program that came with it")      \
	X(DENIED, "denied", "it may not be asked: CAP_NET_ADMIN is missing")
enum kmod_presence {
#define X(id, ...) KMOD_##id,
	KMOD_PRESENCES(X)
#undef X
		KMOD_PRESENCE_MAX
};
const char *kmod_presence_name(enum kmod_presence presence);
const char *kmod_presence_text(enum kmod_presence presence);

struct kmod;

struct kmod_info {
	uint32_t genl_version, kfunc_abi;
	char version[32];
};

struct kmod_table {
	uint32_t kind; /* enum seki_table_kind */
	uint32_t uid;
	uint64_t serial, size, age;
	uint8_t digest[SEKI_DIGEST_BYTES];
};

struct kmod_guard {
	uint32_t ifindex, state, prog, found;
	char name[16];
	uint32_t count;
	struct seki_guard_row rows[SEKI_GUARD_ROWS];
	uint64_t stats[SEKI_GUARD_STAT_MAX];
};

struct kmod_event {
	uint32_t event; /* enum seki_genl_event */
	uint32_t ifindex, state, prog, found, kind, uid;
	uint64_t serial;
	char name[16];
	char reason[SEKI_REASON_TEXT + 1];
};

/*
 * Looks for the module. Asking for the family makes the kernel load it when it is installed. 0: *out and
 * *info are set, the presence is LOADED, OLDER or NEWER. -ENOENT and others: it is not to be used, the
 * presence says why.
 */
__must_check int kmod_open(struct kmod **out, struct kmod_info *info, enum kmod_presence *presence);
void kmod_free(struct kmod *kmod); /* transactions that are open end with it */
DEFINE_CLEANUP(kmod_free, struct kmod)

/* What a set of facts amounts to. version, abi: the loaded module's, 0 when it does not answer. Pure. */
struct kmod_facts {
	bool answers, denied, installed, signature_needed;
	uint32_t genl_version, kfunc_abi;
};
enum kmod_presence kmod_judge(const struct kmod_facts *facts);

/* A whole table: begin, chunks, commit. -ESRCH: the module is gone. */
__must_check int kmod_table_commit(struct kmod *kmod, enum seki_table_kind kind, const void *table,
				   size_t len, uint64_t *serial, struct gate_why *why);
/* Its parts. */
__must_check int kmod_table_begin(struct kmod *kmod, enum seki_table_kind kind, uint64_t len,
				  const uint8_t digest[SEKI_DIGEST_BYTES], struct gate_why *why);
__must_check int kmod_table_put(struct kmod *kmod, enum seki_table_kind kind, uint64_t offset,
				const void *chunk, size_t len, struct gate_why *why);
__must_check int kmod_table_end(struct kmod *kmod, enum seki_table_kind kind, uint64_t *serial,
				struct gate_why *why);
__must_check int kmod_table_abort(struct kmod *kmod, enum seki_table_kind kind, struct gate_why *why);
__must_check int kmod_table_drop(struct kmod *kmod, enum seki_table_kind kind, const char *reason,
				 struct gate_why *why);

__must_check int kmod_guard_set(struct kmod *kmod, uint32_t ifindex, uint32_t prog,
				const struct seki_guard_row *rows, uint32_t count, struct gate_why *why);
__must_check int kmod_guard_clear(struct kmod *kmod, uint32_t ifindex, const char *reason,
				  struct gate_why *why);

typedef void (*kmod_table_fn)(const struct kmod_table *table, void *arg);
__must_check int kmod_table_each(struct kmod *kmod, kmod_table_fn fn, void *arg);
typedef void (*kmod_guard_fn)(const struct kmod_guard *guard, void *arg);
__must_check int kmod_guard_each(struct kmod *kmod, kmod_guard_fn fn, void *arg);
__must_check int kmod_stats(struct kmod *kmod, uint64_t out[SEKI_STAT_MAX]);

/*
 * State events: a socket of its own, so that an answer never waits behind them. The descriptor is readable
 * when there are some. read: gives those that are there; -ENOBUFS: some were lost, ask for the state instead.
 */
struct kmod_watch;
typedef void (*kmod_event_fn)(const struct kmod_event *event, void *arg);
__must_check int kmod_watch_open(struct kmod_watch **out);
void kmod_watch_free(struct kmod_watch *watch);
DEFINE_CLEANUP(kmod_watch_free, struct kmod_watch)
int kmod_watch_fd(const struct kmod_watch *watch);
__must_check int kmod_watch_read(struct kmod_watch *watch, kmod_event_fn fn, void *arg);

/* What a message body says, attribute by attribute; wrong lengths are left out. Pure: for the tests and the
 * fuzzer. */
void kmod_event_parse(const void *attrs, size_t len, struct kmod_event *out);
void kmod_guard_parse(const void *attrs, size_t len, struct kmod_guard *out);
void kmod_table_parse(const void *attrs, size_t len, struct kmod_table *out);
void kmod_info_parse(const void *attrs, size_t len, struct kmod_info *out);
void kmod_stats_parse(const void *attrs, size_t len, uint64_t out[SEKI_STAT_MAX]);

#endif
