// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * keeper.c - the keeper's own life: one per instance, its clock, its signals,
 * and what it tells people.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <net/if.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

#include "keeper.h"
#include "keeper_module.h"
#include "lib/log.h"
#include "lib/wall.h"
#include "ring_watch.h"
#include "sandbox.h"

#define KEEPER_PRIO_BATCH 512u /* decisions per turn */
#define PRIO_DRAIN_TURNS  64u  /* who floods the ring does not keep the daemon from ending */

uint32_t keeper_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint32_t)now.tv_sec;
}

uint64_t keeper_epoch(void)
{
	return (uint64_t)time(NULL);
}

uint64_t keeper_wall_us(void)
{
	return wall_us();
}

void keeper_audit(struct keeper *k, enum message_audit_kind kind, uint32_t uid, const char *format, ...)
{
	static struct message_audit audit;
	va_list ap;

	memset(&audit, 0, sizeof(audit));
	audit.kind = kind;
	audit.uid = uid;
	memcpy(audit.who, k->who, sizeof(audit.who));
	audit.wall_us = keeper_wall_us();
	va_start(ap, format);
	vsnprintf(audit.text, sizeof(audit.text), format, ap);
	va_end(ap);
	if (kind == AUDIT_ALARM) {
		k->alarms++;
		snprintf(k->alarm, sizeof(k->alarm), "%.255s", audit.text);
		log_warn("%s", audit.text);
	} else {
		log_info("%s", audit.text);
	}
	keeper_archive_audit(k, &audit);
	keeper_report(k, MESSAGE_AUDIT, &audit, sizeof(audit));
}

/* Held as long as the keeper lives, whatever way it dies. */
static int keeper_lock(struct keeper *k)
{
	char path[INSTANCE_PATH_MAX], text[32] = "";
	int err = instance_path(path, sizeof(path), k->options.run_root, k->options.instance, "lock");
	int n;

	if (err)
		return err;
	k->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (k->lock < 0) {
		err = -errno;
		log_error("%s: %s", path, strerror(errno));
		return err;
	}
	if (flock(k->lock, LOCK_EX | LOCK_NB) < 0) {
		ssize_t got = pread(k->lock, text, sizeof(text) - 1, 0);

		text[got > 0 ? strcspn(text, "\n") : 0] = '\0';
		log_error("instance %s is served already by process %s (lock %s); `sekimori status "
			  "--instance %s` asks it, "
			  "`--instance NAME` starts another one beside it",
			  k->options.instance, *text ? text : "?", path, k->options.instance);
		return -EBUSY;
	}
	n = snprintf(text, sizeof(text), "%d\n", (int)getpid());
	if (ftruncate(k->lock, 0) < 0 || pwrite(k->lock, text, (size_t)n, 0) != n)
		return -errno;
	return 0;
}

static int keeper_listen(struct keeper *k)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	const struct group *group = getgrnam("sekimori");
	char path[INSTANCE_PATH_MAX];
	int err = instance_path(path, sizeof(path), k->options.run_root, k->options.instance, "ctl.sock");

	if (!err && strlen(path) >= sizeof(addr.sun_path))
		err = -ENAMETOOLONG;
	if (err) {
		log_error("the control socket's path is longer than %zu bytes; use a shorter --run or "
			  "--instance",
			  sizeof(addr.sun_path) - 1);
		return err;
	}
	memcpy(addr.sun_path, path, strlen(path) + 1);
	k->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (k->listener < 0)
		return -errno;
	/* The lock is ours, so a socket that is there belongs to a dead daemon. */
	if (unlink(path) < 0 && errno != ENOENT)
		return -errno;
	if (bind(k->listener, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    chmod(path, group ? 0660 : 0600) < 0 || (group && chown(path, 0, group->gr_gid) < 0) ||
	    listen(k->listener, 32) < 0)
		return -errno;
	return 0;
}

static int keeper_object(struct keeper *k)
{
	static const char *const places[] = {"/" SEKI_OBJECT, "/../" SEKI_OBJECT,
					     "/../lib/sekimori/" SEKI_OBJECT};

	if (k->options.object) {
		snprintf(k->object, sizeof(k->object), "%s", k->options.object);
		return access(k->object, R_OK) ? -errno : 0;
	}
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		snprintf(k->object, sizeof(k->object), "%s%s", k->options.exe_dir, places[i]);
		if (!access(k->object, R_OK))
			return 0;
	}
	snprintf(k->object, sizeof(k->object), "/usr/lib/sekimori/%s", SEKI_OBJECT);
	return access(k->object, R_OK) ? -errno : 0;
}

struct decider {
	uint16_t list;
	uint32_t sid;
};

static int decider_find(const struct list_item *item, void *arg)
{
	struct decider *decider = arg;

	if (item->list != decider->list)
		return 0;
	decider->sid = item->sid;
	return 1;
}

/* The rule behind a list's entry: the packet path does not carry it. 0: none, or the list has changed since.
 */
static uint32_t keeper_decision_sid(struct keeper *k, const struct seki_record *record)
{
	bool lo = !(record->flags & SEKI_REC_FROM_LO) == (record->reason == SEKI_R_LISTED_DST);
	struct decider decider = {.list = record->list};
	struct prefix address = {.len = 128};

	memcpy(address.addr, lo ? record->key.lo.b : record->key.hi.b, sizeof(address.addr));
	list_why(k->lists, &address, decider_find, &decider);
	return decider.sid;
}

static void keeper_decision(const struct seki_record *record, const uint8_t *data, void *arg)
{
	struct keeper *k = arg;
	struct message_decision decision = {.record = *record};
	struct timespec now;
	const char *name;

	if (record->kind == SEKI_REC_ORIGIN) {
		keeper_watch_origin(k, record, data);
		return;
	}
	if (record->kind != SEKI_REC_DECISION || keeper_watch_is_canary(record))
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	decision.wall_us = keeper_wall_us() -
			   ((uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000) +
			   record->t_ns / 1000;
	if (record->entry && record->reason != SEKI_R_SOURCE_BLOCKED)
		decision.record.sid = keeper_decision_sid(k, record);
	name = record->reason == SEKI_R_SOURCE_BLOCKED ? "auto"
	       : record->entry			       ? list_name(k->lists, record->list)
						       : NULL;
	snprintf(decision.list, sizeof(decision.list), "%s", name ? name : "");
	if (record->reason == SEKI_R_LISTED_SRC || record->reason == SEKI_R_LISTED_DST)
		keeper_watch_listed(k, record, decision.list);
	keeper_report(k, MESSAGE_DECISION, &decision, sizeof(decision));
}

static unsigned int keeper_prio_turn(void *arg)
{
	struct keeper *k = arg;
	unsigned int done, bad;

	ring_consume(k->prio, KEEPER_PRIO_BATCH, keeper_decision, k, &done, &bad);
	if (bad)
		log_error("priority ring: %u records malformed", bad);
	return done + bad;
}

void keeper_prio_drain(struct keeper *k)
{
	for (unsigned int turns = 0; k->prio && turns < PRIO_DRAIN_TURNS; turns++)
		if (keeper_prio_turn(k) < KEEPER_PRIO_BATCH)
			return;
}

void keeper_prio(struct keeper *k)
{
	int fd = -1, err = gate_prio_fd(k->gate, &fd);

	if (!err)
		err = ring_open(fd, &k->prio);
	if (!err)
		err = ring_watch_new(k->loop, fd, k->prio, KEEPER_PRIO_BATCH, keeper_prio_turn, k,
				     &k->prio_watch);
	if (err)
		keeper_audit(k, AUDIT_ALARM, 0,
			     "drops are counted but not told one by one: priority ring: %s", strerror(-err));
}

int keeper_gate(struct keeper *k, const struct policy *effective, struct gate_why *why)
{
	const struct gate_options options = {.object = k->object, .instance = k->options.instance};
	uint32_t ifindexes[MESSAGE_IFACES_MAX];
	unsigned int count = 0;
	int err;

	if (k->gate)
		return 0;
	err = keeper_object(k);
	if (err) {
		snprintf(why->text, sizeof(why->text),
			 "%s: %s; build it with `make` or name it with --object", k->object, strerror(-err));
		return err;
	}
	for (uint32_t i = 0; i < effective->iface_count && count < MESSAGE_IFACES_MAX; i++) {
		ifindexes[count] = if_nametoindex(effective->ifaces[i].name);
		count += ifindexes[count] != 0;
	}
	err = keeper_module_gate(k, &options, ifindexes, count, why);
	if (err)
		return err;
	k->adopted = gate_adopted(k->gate);
	err = gate_settings_get(k->gate, &k->settings);
	if (err) {
		snprintf(why->text, sizeof(why->text), "the settings map cannot be read: %s", strerror(-err));
		return err;
	}
	if (k->settings.magic != SEKI_MAGIC)
		memset(&k->settings, 0, sizeof(k->settings));
	keeper_prio(k);
	return 0;
}

/* Opened here, as the keeper may; the reporter gets the descriptor and needs no path. */
int keeper_eve_open(struct keeper *k)
{
	const struct policy *policy = k->now.base ? k->now.base : k->now.runtime;
	struct keeper_child *reporter = keeper_child(k, PROCESS_REPORTER, 0);
	char dir[POLICY_PATH_MAX];
	AUTO_FD int fd = -1;
	char *slash;

	/* Without a policy in force the path is a mere default, which a configuration may be about to change.
	 */
	if (!*policy->eve_path || reporter->fd < 0 || (!k->gate && !k->now.base))
		return 0;
	k->eve_named = true;
	memcpy(dir, policy->eve_path, sizeof(dir));
	slash = strrchr(dir, '/');
	if (slash && slash != dir) {
		*slash = '\0';
		if (mkdir(dir, 0750) < 0 && errno != EEXIST)
			log_warn("%s: %s", dir, strerror(errno));
	}
	fd = open(policy->eve_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK,
		  0640);
	if (fd < 0) {
		log_error("%s: %s", policy->eve_path, strerror(errno));
		return -errno;
	}
	return channel_send(reporter->fd, MESSAGE_EVE_FILE, 0, NULL, 0, fd);
}

/* What the last run left, or the configuration, whichever is there; neither is fine: `up` will come. */
static void keeper_resume(struct keeper *k)
{
	struct keeper_change change = {.how = {.trusted = true}};
	CLEANUP(policy_free) struct policy *effective = NULL;
	int err;

	if (k->options.config) {
		change.reread = true;
		snprintf(change.path, sizeof(change.path), "%s", k->options.config);
		snprintf(k->config, sizeof(k->config), "%s", k->options.config);
	}
	/* First the last good policy: a broken configuration must not leave the machine open. */
	err = keeper_policy_merge(&k->now, &effective);
	if (!err && effective->iface_count) {
		struct keeper_change last = {.how = {.trusted = true, .attach = {.allow_generic = true}}};

		k->resume = true;
		err = keeper_job_apply(k, 0, &last);
	}
	if (!err && change.reread)
		err = keeper_job_apply(k, 0, &change);
	if (err)
		log_error("start: %s", strerror(-err));
}

static void keeper_tick(void *arg)
{
	struct keeper *k = arg;
	CLEANUP(policy_free) struct policy *effective = NULL;
	struct gate_why why = {""};
	char text[512];
	int err = 0;

	k->ticks++;
	keeper_children_reap(k);
	keeper_children_tick(k);
	keeper_job_tick(k);
	keeper_expire(k);
	keeper_archive_tick(k);
	keeper_command_tick(k);
	keeper_journal_tick(k);
	keeper_module_tick(k);
	if (k->pending_until && keeper_now() >= k->pending_until && !keeper_job_runs(k)) {
		if (keeper_rollback(k, 0, "nobody confirmed in time", text, sizeof(text)))
			log_error("the kernel has fallen back to monitor; the earlier policy is not back: %s",
				  text);
	}
	if (k->resume && !k->iface_count && k->ticks % 5 == 0 && !keeper_job_runs(k))
		keeper_resume(k); /* an interface of the last policy was not there yet */
	if (k->ticks % 3 == 0 && keeper_addresses_read(k))
		k->nets_stale = true;
	if (k->ticks % 3 == 1 && keeper_job_resolv(k))
		log_warn("the resolvers could not be read");
	if (k->gate && k->nets_stale) {
		err = keeper_policy_merge(&k->now, &effective);
		if (!err)
			err = keeper_nets_push(k, effective, &why);
		if (err)
			keeper_audit(k, AUDIT_ALARM, 0, "the allow set keeps its earlier addresses: %s",
				     *why.text ? why.text : strerror(-err));
		k->nets_stale = false;
	}
	if (k->ticks % 2 == 0)
		keeper_hooks_poll(k);
	keeper_egress_tick(k);
	keeper_portal_tick(k);
}

static void keeper_signal(int signo, void *arg)
{
	struct keeper *k = arg;
	struct keeper_change change = {.reread = true};

	if (signo == SIGCHLD) {
		keeper_children_reap(k);
		keeper_children_tick(k);
	} else if (signo == SIGUSR1) {
		if (keeper_eve_open(k))
			keeper_audit(k, AUDIT_ALARM, 0,
				     "events go to the old file: the new one cannot be opened");
	} else if (signo == SIGHUP) {
		memcpy(change.path, k->config, sizeof(change.path));
		if (*change.path && keeper_job_apply(k, 0, &change))
			log_warn("SIGHUP ignored: another change is being made");
		else if (!*change.path)
			keeper_rules_renew(k, true);
	} else {
		log_info("stops; what is attached keeps enforcing until `sekimori down`");
		loop_stop(k->loop, 0);
	}
}

static int keeper_prepare(struct keeper *k)
{
	static const int signals[] = {SIGCHLD, SIGHUP, SIGUSR1, SIGTERM, SIGINT};
	int err;

	if (mkdir(k->options.run_root, 0755) < 0 && errno != EEXIST) {
		err = -errno;
		log_error("%s: %s%s", k->options.run_root, strerror(-err),
			  err == -EACCES ? "; run as root, or name folders of yours with --run and --state"
					 : "");
		return err;
	}
	if (mkdir(k->run_dir, 0755) < 0 && errno != EEXIST) {
		err = -errno;
		log_error("%s: %s", k->run_dir, strerror(-err));
		return err;
	}
	err = keeper_lock(k);
	if (!err)
		err = list_set_new(KEEPER_LIST_MAX, &k->lists);
	if (!err)
		err = keeper_state_load(k);
	if (!err)
		err = keeper_watch_start(k);
	if (!err)
		err = loop_new(&k->loop);
	if (!err)
		err = keeper_module_new(k);
	for (size_t i = 0; !err && i < ARRAY_LEN(signals); i++)
		err = loop_signal(k->loop, signals[i], keeper_signal, k);
	if (!err)
		err = keeper_listen(k);
	if (!err)
		err = loop_tick(k->loop, 1000, keeper_tick, k);
	if (err && err != -EBUSY)
		log_error("cannot start: %s", strerror(-err));
	return err;
}

/* systemd's and our own starter's way to hear that requests are answered from now on. */
static void keeper_ready(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	AUTO_FD int fd = -1;
	size_t len = path ? strlen(path) : 0;

	if (!len || len >= sizeof(addr.sun_path))
		return;
	memcpy(addr.sun_path, path, len);
	if (*path == '@')
		addr.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || sendto(fd, "READY=1", 7, MSG_NOSIGNAL, (struct sockaddr *)&addr,
			     (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0)
		log_warn("the service manager could not be told: %s", strerror(errno));
}

static void keeper_end(struct keeper *k)
{
	char path[INSTANCE_PATH_MAX];

	keeper_watch_end(k);
	keeper_tasks_end(k);
	if (k->loop)
		keeper_children_end(k);
	if (k->listener >= 0 &&
	    !instance_path(path, sizeof(path), k->options.run_root, k->options.instance, "ctl.sock"))
		unlink(path);
	ring_watch_free(k->prio_watch);
	ring_free(k->prio);
	keeper_module_free(k);
	gate_free(k->gate);
	egress_table_free(k->egress);
	keeper_policy_free(&k->now);
	keeper_policy_free(&k->before);
	list_set_free(k->lists);
	loop_free(k->loop);
	if (k->listener >= 0)
		close(k->listener);
	if (k->shared >= 0)
		close(k->shared);
	if (k->news >= 0)
		close(k->news);
	keeper_journal_end(k);
	if (k->lock >= 0)
		close(k->lock);
}

int keeper_run(const struct keeper_options *options)
{
	static struct keeper keeper;
	struct keeper *k = &keeper;
	int err;

	k->options = *options;
	k->lock = k->listener = k->compiled = k->shared = k->journal.fd = k->portal_listener = k->news = -1;
	k->started = keeper_epoch();
	keeper_children_init(k);
	err = instance_path(k->run_dir, sizeof(k->run_dir), options->run_root, options->instance, NULL);
	if (!err)
		err = instance_path(k->state_dir, sizeof(k->state_dir), options->state_root,
				    options->instance, NULL);
	if (err)
		log_error("the run or state path is too long");
	else
		err = keeper_prepare(k);
	if (!err) {
		process_priority(PROCESS_KEEPER);
		if (sandbox_keeper())
			log_warn("capabilities that the keeper does not need could not be given up");
		if (!sandbox_landlock_abi())
			log_warn("this kernel has no Landlock: children are held by seccomp, uid and lack of "
				 "descriptors only");
		keeper_addresses_read(k);
		keeper_children_tick(k);
		keeper_resume(k);
		if (keeper_job_resolv(k))
			log_warn("the resolvers could not be read");
		keeper_ready();
		err = loop_run(k->loop);
	}
	keeper_end(k);
	return err;
}
