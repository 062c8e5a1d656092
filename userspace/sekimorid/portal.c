// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * portal.c - the process that serves browsers. It reads the store, keeps its
 * users in a folder of its own, and asks ctl for everything else, as the command
 * line does. It can make no connection, and changes nothing by itself.
 */
#include "portal/portal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "lib/wall.h"
#include "portal/certificate.h"
#include "portal/http.h"
#include "process.h"

#define DATA_MAX   (8u << 20)
#define ANSWER_MAX (1u << 20)
#define ANSWER_MS  3000

static char *threats, *explanations, *guideline; /* read before paths go */

struct serving {
	struct loop *loop;
	struct portal *portal;
	struct http *http;
	int ctl; /* -1: not yet */
	char instance[32];
};

static void data_read(const char *name, char **out)
{
	static const char *const places[] = {"../rules", "../../rules", "../share/sekimori/rules"};
	char exe[PATH_MAX], path[PATH_MAX + 64];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	char *slash;
	size_t len;

	if (n < 0)
		return;
	exe[n] = '\0';
	slash = strrchr(exe, '/');
	if (slash)
		*slash = '\0';
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		snprintf(path, sizeof(path), "%s/%s/%s", exe, places[i], name);
		if (!file_read(AT_FDCWD, path, DATA_MAX, out, &len))
			return;
	}
	snprintf(path, sizeof(path), "/usr/share/sekimori/rules/%s", name);
	if (file_read(AT_FDCWD, path, DATA_MAX, out, &len))
		log_warn("%s was not found: the portal shows less without it", name);
}

/* "." is the store's folder from here on: no path leads to it for this user. */
int portal_prepare(void)
{
	umask(077);
	data_read("threats.json", &threats);
	data_read("explanations.json", &explanations);
	data_read("guideline.json", &guideline);
	if (fchdir(PROCESS_FD_SHARED) < 0) {
		log_error("the store's folder: %s", strerror(errno));
		return -errno;
	}
	return 0;
}

/* --- what the pages ask */

static uint64_t serving_wall(void *arg)
{
	return wall_us();
}

static uint64_t serving_seconds(void *arg)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec;
}

/* An answer that came too late must not be taken for that of the next question. */
static void ctl_drain(int fd)
{
	char late[64];

	while (recv(fd, late, sizeof(late), MSG_DONTWAIT | MSG_TRUNC) > 0)
		;
}

static json_t *serving_ask(void *arg, const json_t *request)
{
	static char answer[ANSWER_MAX];
	struct serving *s = arg;
	AUTO_FREE char *text = json_dumps(request, JSON_COMPACT);
	struct pollfd waits = {.fd = s->ctl, .events = POLLIN};
	json_error_t error;
	ssize_t n;

	if (s->ctl < 0 || !text)
		return NULL;
	ctl_drain(s->ctl);
	if (send(s->ctl, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return NULL;
	if (poll(&waits, 1, ANSWER_MS) != 1)
		return NULL;
	n = recv(s->ctl, answer, sizeof(answer), MSG_DONTWAIT);
	return n > 0 ? json_loadb(answer, (size_t)n, 0, &error) : NULL;
}

/* --- the keeper */

/* What becomes of the settings, for the keeper's log and those who ask it. */
static void serves_tell(int err, const char *text)
{
	struct message_done done = {.result = err};

	snprintf(done.text, sizeof(done.text), "%s", text);
	if (channel_send(PROCESS_FD_KEEPER, MESSAGE_PORTAL_SERVES, 0, &done, sizeof(done), -1))
		log_warn("how the portal serves could not be told");
}

/* The new server first: one that cannot be must not cost the one that is there. */
static void serving_renew(struct serving *s, const struct message_portal *in, int *listener)
{
	struct http *fresh = NULL;
	char why[CERTIFICATE_WHY_MAX] = "";
	int err = in->tls ? certificate_check(in->certificate, in->key, wall_us() / 1000000, why) : 0;

	if (!err)
		err = http_start(s->loop, s->portal, TAKE_FD(*listener), in->tls ? in->certificate : NULL,
				 in->tls ? in->key : NULL, &fresh);
	serves_tell(err, err && !*why ? strerror(-err) : why);
	if (err) {
		log_error("the portal cannot serve at %s: %s", in->listen, *why ? why : strerror(-err));
		return;
	}
	http_stop(s->http);
	s->http = fresh;
	log_info("serves at %s%s", in->listen, in->tls ? " (TLS)" : "");
}

static void settings_take(struct serving *s, struct message_portal *in, int *listener)
{

	if (!message_text_valid(in->instance, sizeof(in->instance)) ||
	    !message_text_valid(in->host, sizeof(in->host)) ||
	    !message_text_valid(in->listen, sizeof(in->listen)) ||
	    !message_text_valid(in->certificate, sizeof(in->certificate)) ||
	    !message_text_valid(in->key, sizeof(in->key)))
		return;
	memcpy(s->instance, in->instance, sizeof(s->instance));
	portal_change(s->portal, in->host, in->may_allow);
	if (*listener >= 0) {
		serving_renew(s, in, listener);
	} else if (!in->stays) {
		http_stop(s->http);
		s->http = NULL;
	}
}

static void code_make(struct serving *s)
{
	struct message_done done = {0};
	char code[PORTAL_CODE_TEXT];

	portal_code(s->portal, code);
	done.result = s->http ? 0 : -ENOENT; /* there is no page to enter it */
	snprintf(done.text, sizeof(done.text), "%s", code);
	if (channel_send(PROCESS_FD_KEEPER, MESSAGE_PORTAL_CODED, 0, &done, sizeof(done), -1))
		log_warn("the setup code could not be told");
	explicit_bzero(code, sizeof(code));
	explicit_bzero(&done, sizeof(done));
}

static int keeper_take(struct message *message, void *arg)
{
	struct serving *s = arg;

	if (message->head.type == MESSAGE_PORTAL_SETTINGS)
		settings_take(s, (struct message_portal *)message->body, &message->passed);
	else if (message->head.type == MESSAGE_PORTAL_CODE)
		code_make(s);
	else if (message->head.type == MESSAGE_PORTAL_CTL && message->passed >= 0) {
		if (s->ctl >= 0)
			close(s->ctl);
		s->ctl = TAKE_FD(message->passed);
	}
	explicit_bzero(message->body, sizeof(struct message_portal)); /* a key may have been in it */
	return 0;
}

static void serving_keeper(int fd, uint32_t events, void *arg)
{
	struct serving *s = arg;
	int err = message_receive_all(fd, PROCESS_KEEPER, PROCESS_PORTAL, MESSAGE_NO_LIMIT, keeper_take, s);

	if (err)
		loop_stop(s->loop, err == -ENOTCONN ? 0 : 1);
}

/* Reports that were waited for. */
static void serving_reports(int fd, uint32_t events, void *arg)
{
	struct serving *s = arg;

	portal_reports_heard(s->portal);
	http_again(s->http);
}

/* Without the thread reports are made all the same; other pages wait meanwhile. */
static void serving_worker(struct serving *s)
{
	int ready = -1, err = portal_reports(s->portal, &ready);

	if (!err)
		err = loop_add(s->loop, ready, EPOLLIN, serving_reports, s);
	if (err)
		log_error("reports hold up other pages: %s", strerror(-err));
}

int portal_main(unsigned int index)
{
	CLEANUP(loop_free) struct loop *loop = NULL;
	static struct serving s = {.ctl = -1};
	const struct portal_options options = {
		.users_dir = PROCESS_FD_OWN,
		.store_dir = ".",
		.threats = threats,
		.guideline = guideline,
		.explanations = explanations,
		.host = "",
		.instance = s.instance,
		.ask = serving_ask,
		.wall_us = serving_wall,
		.seconds = serving_seconds,
		.arg = &s,
	};
	int err = loop_new(&loop);

	if (!err)
		err = portal_new(&options, &s.portal);
	s.loop = loop;
	if (!err)
		serving_worker(&s);
	if (!err)
		err = loop_add(loop, PROCESS_FD_KEEPER, EPOLLIN, serving_keeper, &s);
	if (!err)
		err = loop_run(loop);
	http_stop(s.http);
	portal_free(s.portal);
	return err ? 1 : 0;
}
