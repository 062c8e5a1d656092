// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * keeper_child.c - the children: started, heard, replaced when they die, and
 * never believed without their row of the message table.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "core/rule/ruleset.h"
#include "core/match/shared_state.h"
#include "keeper.h"
#include "lib/file.h"
#include "lib/log.h"

#define CHILD_QUEUE    (1 << 20) /* bytes that may wait in a channel */
#define REPORT_STEP_MS 10

void keeper_children_init(struct keeper *k)
{
	unsigned int n = 0;

	memset(k->children, 0, sizeof(k->children));
	k->children[n++] = (struct keeper_child){.kind = PROCESS_CTL};
	k->children[n++] = (struct keeper_child){.kind = PROCESS_REPORTER};
	k->children[n++] = (struct keeper_child){.kind = PROCESS_ARCHIVE};
	k->children[n++] = (struct keeper_child){.kind = PROCESS_NOTIFIER};
	k->children[n++] = (struct keeper_child){.kind = PROCESS_PORTAL};
	for (unsigned int i = 0; i < SEKI_MAX_RINGS; i++)
		k->children[n++] = (struct keeper_child){.kind = PROCESS_ENGINE, .index = i};
	k->children[n++] = (struct keeper_child){.kind = PROCESS_PARSER};
	for (n = 0; n < KEEPER_CHILDREN; n++)
		k->children[n].fd = -1;
}

struct keeper_child *keeper_child(struct keeper *k, enum process_kind kind, unsigned int index)
{
	for (unsigned int i = 0; i < KEEPER_CHILDREN; i++)
		if (k->children[i].kind == kind && k->children[i].index == index)
			return &k->children[i];
	return NULL;
}

void keeper_child_stop(struct keeper *k, struct keeper_child *child)
{
	if (child->fd >= 0) {
		loop_remove(k->loop, child->fd);
		close(child->fd);
		child->fd = -1;
	}
	if (child->pid > 0)
		kill(child->pid, SIGKILL);
	child->ready = false;
}

static void child_message(struct keeper *k, struct keeper_child *child, const struct channel_head *head,
			  const uint8_t *body, int passed)
{
	switch (child->kind) {
	case PROCESS_ENGINE:
		if (head->type == MESSAGE_PROPOSAL)
			keeper_proposal(k, child, body, head->len);
		else if (head->type == MESSAGE_OUTCOMES)
			keeper_outcomes(k, child, body, head->len);
		else if (head->type == MESSAGE_ANNOUNCED)
			keeper_announced(k, child, body);
		else if (head->type == MESSAGE_TUNNEL)
			keeper_tunnel(k, body);
		else if (head->type == MESSAGE_HOST_SAID)
			keeper_watch_said(k, (const struct message_host_said *)body);
		else if (head->type == MESSAGE_ENGINE_STATS)
			memcpy(&child->stats, body, sizeof(child->stats));
		else if (head->type == MESSAGE_READY) {
			memcpy(&child->rules, body, sizeof(child->rules));
			child->rules.text[sizeof(child->rules.text) - 1] = '\0';
			child->ready |= !child->rules.result;
			child->rules_asked = false;
			if (child->rules.result)
				keeper_audit(k, AUDIT_ALARM, 0, "engine %u did not take the rules: %s",
					     child->index, strerror(-child->rules.result));
			else
				keeper_audit(k, AUDIT_NOTE, 0, "engine %u has %u rules, %u refused",
					     child->index, child->rules.loaded, child->rules.failed);
			keeper_job_ready(k);
		}
		break;
	case PROCESS_REPORTER:
		memcpy(&k->reporter, body, sizeof(k->reporter));
		break;
	case PROCESS_ARCHIVE:
		if (head->type == MESSAGE_ARCHIVE_STATS)
			keeper_archive_stats(k, (const struct message_archive_stats *)body);
		else
			keeper_answer(k, head->cookie, MESSAGE_DONE, body, head->len);
		break;
	case PROCESS_NOTIFIER:
		if (head->type == MESSAGE_NOTIFIER_STATS)
			keeper_notify_stats(k, (const struct message_notifier_stats *)body);
		else if (head->type == MESSAGE_COMMAND)
			keeper_command(k, body, head->len);
		else
			keeper_notify_tested(k, (const struct message_done *)body);
		break;
	case PROCESS_PORTAL:
		if (head->type == MESSAGE_PORTAL_CODED)
			keeper_portal_coded(k, (const struct message_done *)body);
		else
			keeper_portal_served(k, (const struct message_done *)body);
		break;
	case PROCESS_CTL:
		keeper_request(k, head, body, passed);
		break;
	case PROCESS_PARSER:
		keeper_job_parsed(k, (const struct message_parsed *)body, passed);
		break;
	default:
		break;
	}
}

struct child_channel {
	struct keeper *keeper;
	struct keeper_child *child;
	int fd;
};

/* What a message asks for may end the child: then nothing more of it is taken. */
static int child_take(struct message *message, void *arg)
{
	const struct child_channel *channel = arg;

	if (message_table[message->head.type].descriptor == 1 && message->passed < 0)
		return -EPROTO;
	if (message_admit(&channel->child->meter, message->head.type, keeper_now()))
		child_message(channel->keeper, channel->child, &message->head, message->body,
			      message->passed);
	return channel->child->fd != channel->fd;
}

void keeper_child_receive(struct keeper *k, int fd)
{
	struct child_channel channel = {.keeper = k, .fd = fd};
	int err;

	for (unsigned int i = 0; i < KEEPER_CHILDREN; i++)
		if (k->children[i].fd == fd)
			channel.child = &k->children[i];
	if (!channel.child)
		return;
	err = message_receive_all(fd, channel.child->kind, PROCESS_KEEPER, 64, child_take, &channel);
	if (err >= 0)
		return;
	if (err != -ENOTCONN) {
		k->protocol_breaks++;
		keeper_audit(k, AUDIT_ALARM, 0, "%s %u broke the protocol and is replaced",
			     process_table[channel.child->kind].name, channel.child->index);
	}
	keeper_child_stop(k, channel.child);
}

static void child_receive(int fd, uint32_t events, void *arg)
{
	keeper_child_receive(arg, fd);
}

int keeper_child_send(const struct keeper_child *child, uint32_t type, uint64_t cookie, const void *body,
		      size_t len, int fd)
{
	return child->fd < 0 ? -ENOTCONN : channel_send(child->fd, type, cookie, body, len, fd);
}

/* Waits for room in the reporter's queue, as long as what is told now is worth it. */
static bool report_waits(struct keeper *k)
{
	struct pollfd room = {.fd = keeper_child(k, PROCESS_REPORTER, 0)->fd, .events = POLLOUT};

	if (k->report_patience_ms <= 0)
		return false;
	poll(&room, 1, REPORT_STEP_MS);
	k->report_patience_ms -= REPORT_STEP_MS;
	return true;
}

void keeper_report(struct keeper *k, uint32_t type, const void *body, size_t len)
{
	int err;

	/* Before an event file is named there is nowhere to write to; the log has it. */
	if (type == MESSAGE_AUDIT && !k->eve_named)
		return;
	do {
		err = keeper_child_send(keeper_child(k, PROCESS_REPORTER, 0), type, 0, body, len, -1);
	} while (err == -EAGAIN && report_waits(k));
	if (err)
		k->events_lost++;
}

void keeper_answer(struct keeper *k, uint64_t cookie, uint32_t type, const void *body, size_t len)
{
	if (cookie && keeper_child_send(keeper_child(k, PROCESS_CTL, 0), type, cookie, body, len, -1))
		log_warn("an answer to the command line was lost");
}

void keeper_done(struct keeper *k, uint64_t cookie, int result, const char *format, ...)
{
	struct message_done done = {.result = result};
	va_list ap;

	va_start(ap, format);
	vsnprintf(done.text, sizeof(done.text), format, ap);
	va_end(ap);
	keeper_answer(k, cookie, MESSAGE_DONE, &done, sizeof(done));
}

/* A channel between an engine and the reporter: one end each, none stays here. */
static int child_introduce(struct keeper *k, const struct keeper_child *engine)
{
	const struct keeper_child *reporter = keeper_child(k, PROCESS_REPORTER, 0);
	const int queue = CHILD_QUEUE;
	uint32_t index = engine->index;
	int ends[2], err = channel_pair(ends);

	if (err)
		return err;
	if (setsockopt(ends[1], SOL_SOCKET, SO_SNDBUFFORCE, &queue, sizeof(queue)) < 0)
		log_debug("a channel keeps its small queue");
	err = keeper_child_send(reporter, MESSAGE_ENGINE_CHANNEL, 0, &index, sizeof(index), ends[0]);
	if (!err)
		err = keeper_child_send(engine, MESSAGE_REPORTER, 0, NULL, 0, ends[1]);
	close(ends[0]);
	close(ends[1]);
	return err;
}

/* The same between two children that are one of a kind, once both are there. */
static int child_join(struct keeper *k, enum process_kind one, uint32_t to_one, enum process_kind other,
		      uint32_t to_other)
{
	const struct keeper_child *a = keeper_child(k, one, 0), *b = keeper_child(k, other, 0);
	const int queue = CHILD_QUEUE;
	int ends[2], err;

	if (a->fd < 0 || b->fd < 0)
		return 0;
	err = channel_pair(ends);
	if (err)
		return err;
	for (int i = 0; i < 2; i++)
		if (setsockopt(ends[i], SOL_SOCKET, SO_SNDBUFFORCE, &queue, sizeof(queue)) < 0)
			log_debug("a channel keeps its small queue");
	err = keeper_child_send(a, to_one, 0, NULL, 0, ends[0]);
	if (!err)
		err = keeper_child_send(b, to_other, 0, NULL, 0, ends[1]);
	close(ends[0]);
	close(ends[1]);
	if (err)
		log_error("%s and %s do not meet: %s", process_table[one].name, process_table[other].name,
			  strerror(-err));
	return err;
}

uint32_t keeper_engines_wanted(const struct keeper *k)
{
	return k->gate ? k->settings.rings : 0;
}

void keeper_children_names(struct keeper *k)
{
	struct message_names names = {0};

	for (uint32_t i = 0; i < k->iface_count; i++) {
		names.rows[names.count].ifindex = k->ifaces[i].ifindex;
		memcpy(names.rows[names.count++].name, k->ifaces[i].want.name, sizeof(names.rows[0].name));
	}
	keeper_report(k, MESSAGE_REPORTER_NAMES, &names, sizeof(names));
	for (uint32_t i = 0; i < keeper_engines_wanted(k); i++)
		if (keeper_child_send(keeper_child(k, PROCESS_ENGINE, i), MESSAGE_NAMES, 0, &names,
				      sizeof(names), -1))
			log_debug("engine %u is not there to learn interface names", i);
}

int keeper_child_tell(struct keeper *k, enum process_kind kind, uint32_t type, const void *body, size_t len)
{
	return keeper_child_send(keeper_child(k, kind, 0), type, 0, body, len, -1);
}

static int child_own_fd(struct keeper *k, const struct keeper_child *child, int *fd)
{
	struct gate_why why = {""};
	int err;

	*fd = -1;
	if (child->kind == PROCESS_CTL)
		*fd = dup(k->listener);
	if (child->kind == PROCESS_ARCHIVE)
		return keeper_archive_folder(k, fd);
	if (child->kind == PROCESS_PORTAL)
		return keeper_portal_folder(k, fd);
	if (child->kind != PROCESS_ENGINE)
		return 0;
	err = gate_ring_fd(k->gate, child->index, fd, &why);
	if (err)
		log_error("ring %u: %s", child->index, *why.text ? why.text : strerror(-err));
	return err;
}

/* Made with the first engine, kept for as long as the keeper lives: what rules counted survives an engine. */
static int child_shared(struct keeper *k)
{
	size_t len = shared_state_bytes();
	AUTO_FD int fd = -1;
	uint64_t seed;
	void *memory;
	int err;

	if (k->shared >= 0)
		return 0;
	if (getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
		return -EIO;
	err = file_share("sekimori-state", len, &fd);
	if (!err)
		err = file_map_shared(fd, len, &memory);
	if (err) {
		log_error("no memory for what engines remember together: %s", strerror(-err));
		return err;
	}
	shared_state_format(memory, seed);
	munmap(memory, len);
	k->shared = TAKE_FD(fd);
	return 0;
}

static int child_greet(struct keeper *k, struct keeper_child *child)
{
	int err = 0;

	if (child->kind == PROCESS_REPORTER) {
		keeper_children_names(k);
		err = keeper_eve_open(k);
		for (uint32_t i = 0; i < keeper_engines_wanted(k); i++) {
			const struct keeper_child *engine = keeper_child(k, PROCESS_ENGINE, i);

			if (engine->fd >= 0 && child_introduce(k, engine))
				log_error("engine %u and the reporter do not meet", i);
		}
	}
	if (child->kind == PROCESS_NOTIFIER)
		keeper_notify_channels(k);
	if (child->kind == PROCESS_PORTAL)
		keeper_portal_settings(k);
	if (child->kind == PROCESS_PORTAL || child->kind == PROCESS_CTL)
		err = child_join(k, PROCESS_CTL, MESSAGE_CTL_PORTAL, PROCESS_PORTAL, MESSAGE_PORTAL_CTL);
	if (!err && (child->kind == PROCESS_NOTIFIER || child->kind == PROCESS_ARCHIVE))
		err = child_join(k, PROCESS_ARCHIVE, MESSAGE_ARCHIVE_NOTIFIER, PROCESS_NOTIFIER,
				 MESSAGE_NOTIFIER_ARCHIVE);
	if (!err && (child->kind == PROCESS_REPORTER || child->kind == PROCESS_ARCHIVE)) {
		keeper_archive_limits(k);
		err = child_join(k, PROCESS_ARCHIVE, MESSAGE_ARCHIVE_REPORTER, PROCESS_REPORTER,
				 MESSAGE_REPORTER_ARCHIVE);
	}
	if (child->kind == PROCESS_ENGINE) {
		keeper_children_names(k);
		err = child_introduce(k, child);
	}
	return err;
}

int keeper_child_start(struct keeper *k, struct keeper_child *child)
{
	const int queue = CHILD_QUEUE;
	AUTO_FD int store = -1;
	AUTO_FD int own = -1;
	AUTO_FD int mine = -1;
	AUTO_FD int theirs = -1;
	int ends[2], err = channel_pair(ends);

	if (err)
		return err;
	mine = ends[0];
	theirs = ends[1];
	if (setsockopt(mine, SOL_SOCKET, SO_SNDBUFFORCE, &queue, sizeof(queue)) < 0 ||
	    setsockopt(theirs, SOL_SOCKET, SO_SNDBUFFORCE, &queue, sizeof(queue)) < 0)
		log_debug("a channel keeps its small queue");
	err = child_own_fd(k, child, &own);
	if (err)
		return err;
	if (child->kind == PROCESS_ENGINE)
		err = child_shared(k);
	if (!err && child->kind == PROCESS_PORTAL)
		err = keeper_archive_folder(k, &store);
	if (!err)
		err = process_spawn(child->kind, child->index,
				    (int[]){theirs, own, store >= 0 ? store : k->shared},
				    own < 0					  ? 1
				    : child->kind == PROCESS_ENGINE || store >= 0 ? 3
										  : 2,
				    &child->pid);
	if (!err)
		err = loop_add(k->loop, mine, EPOLLIN, child_receive, k);
	if (err)
		return err;
	child->fd = TAKE_FD(mine);
	child->ready = false;
	memset(&child->meter, 0, sizeof(child->meter));
	err = child_greet(k, child);
	if (err)
		log_error("%s %u: %s", process_table[child->kind].name, child->index, strerror(-err));
	return 0;
}

/* Five deaths within a minute are no accident: pause, say so, let the kernel enforce on. */
static void child_died(struct keeper *k, struct keeper_child *child, int status)
{
	uint32_t now = keeper_now(), slot = child->restarts % KEEPER_RESTARTS;
	uint32_t oldest = child->recent[slot];

	keeper_child_stop(k, child);
	child->pid = 0;
	if (child->kind == PROCESS_PARSER) {
		if (keeper_job_runs(k))
			keeper_job_failed(k, "the parser process died");
		return;
	}
	child->recent[slot] = now;
	child->restarts++;
	child->next_start = now + (child->restarts > 1 &&
				   child->recent[(slot + KEEPER_RESTARTS - 1) % KEEPER_RESTARTS] + 10 > now);
	if (oldest && now - oldest < KEEPER_RESTART_WINDOW) {
		child->next_start = now + KEEPER_RESTART_WINDOW;
		child->given_up = true;
	}
	if (WIFSIGNALED(status))
		keeper_audit(k, AUDIT_ALARM, 0, "%s %u died of signal %d; %s",
			     process_table[child->kind].name, child->index, WTERMSIG(status),
			     child->given_up ? "too often: next try in a minute, the kernel enforces on"
					     : "it is started again");
	else
		keeper_audit(k, AUDIT_ALARM, 0, "%s %u ended with %d; %s", process_table[child->kind].name,
			     child->index, WEXITSTATUS(status),
			     child->given_up ? "too often: next try in a minute, the kernel enforces on"
					     : "it is started again");
}

void keeper_children_reap(struct keeper *k)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (keeper_command_ended(k, pid, status))
			continue;
		for (unsigned int i = 0; i < KEEPER_CHILDREN; i++)
			if (k->children[i].pid == pid)
				child_died(k, &k->children[i], status);
	}
}

void keeper_children_tick(struct keeper *k)
{
	uint32_t now = keeper_now();
	bool fresh = false;

	for (unsigned int i = 0; i < KEEPER_CHILDREN; i++) {
		struct keeper_child *child = &k->children[i];
		bool wanted = child->kind != PROCESS_PARSER &&
			      (child->kind != PROCESS_ENGINE || child->index < keeper_engines_wanted(k));
		int err;

		if (!wanted) {
			if (child->kind == PROCESS_ENGINE && child->pid)
				keeper_child_stop(k, child);
			continue;
		}
		if (child->pid || now < child->next_start)
			continue;
		child->given_up = false;
		err = keeper_child_start(k, child);
		if (err) {
			child->next_start = now + 5;
			keeper_audit(k, AUDIT_ALARM, 0, "%s %u cannot be started: %s",
				     process_table[child->kind].name, child->index, strerror(-err));
		}
		fresh |= !err && child->kind == PROCESS_ENGINE;
	}
	if (fresh)
		keeper_rules_renew(k, false);
}
