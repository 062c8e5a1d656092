// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * client.c - asks the daemon: one JSON object out, one back.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/uio.h>

#include "client.h"
#include "lib/file.h"

#define ANSWER_MAX     (1 << 20)
#define ANSWER_SECONDS 120 /* reading a large configuration takes its time */
#define PARENTS_MAX    32

static int client_connect(char *path, size_t size)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	AUTO_FD int fd = -1;
	int err = instance_path(path, size, client.run_root, client.instance, "ctl.sock");

	if (err)
		return err;
	if (strlen(path) >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	memcpy(addr.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return -errno;
	return TAKE_FD(fd);
}

bool client_present(void)
{
	char path[INSTANCE_PATH_MAX];
	AUTO_FD int fd = client_connect(path, sizeof(path));

	return fd >= 0;
}

bool client_answers(void)
{
	static const char ask[] = "{\"command\":\"status\"}";
	const struct timeval patience = {.tv_sec = 5};
	char path[INSTANCE_PATH_MAX];
	AUTO_FD int fd = client_connect(path, sizeof(path));
	char first;

	return fd >= 0 && !setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) &&
	       send(fd, ask, sizeof(ask) - 1, MSG_NOSIGNAL) > 0 && recv(fd, &first, 1, 0) > 0;
}

/* SSH_CONNECTION of this process or of one that it came from: sudo takes it out of the environment. */
static bool session_find(char *text, size_t size)
{
	const char *own = getenv("SSH_CONNECTION");
	int pid = getppid();

	if (own && *own) {
		snprintf(text, size, "%s", own);
		return true;
	}
	for (int i = 0; i < PARENTS_MAX && pid > 1; i++) {
		char path[64];
		AUTO_FREE char *env = NULL;
		AUTO_FREE char *stat = NULL;
		size_t len = 0, stat_len = 0;
		const char *at;

		snprintf(path, sizeof(path), "/proc/%d/environ", pid);
		if (!file_read(-100 /* AT_FDCWD */, path, 1 << 20, &env, &len))
			for (size_t p = 0; p < len; p += strlen(env + p) + 1)
				if (!strncmp(env + p, "SSH_CONNECTION=", 15) && env[p + 15]) {
					snprintf(text, size, "%s", env + p + 15);
					return true;
				}
		snprintf(path, sizeof(path), "/proc/%d/stat", pid);
		if (file_read(-100, path, 4096, &stat, &stat_len))
			return false;
		at = strrchr(stat, ')'); /* the name may hold anything */
		if (!at || sscanf(at + 1, " %*c %d", &pid) != 1)
			return false;
	}
	return false;
}

static void session_add(json_t *request)
{
	char text[256], peer[64], local[64];
	unsigned int peer_port, port;
	json_t *session;

	if (!session_find(text, sizeof(text)) ||
	    sscanf(text, "%63s %u %63s %u", peer, &peer_port, local, &port) != 4 || port > 65535)
		return;
	peer[strcspn(peer, "%")] = '\0'; /* the scope of a link-local address */
	session = json_object();
	json_object_set_new(session, "address", json_string(peer));
	json_object_set_new(session, "port", json_integer(port));
	json_object_set_new(request, "session", session);
}

static int client_send(int sock, const char *text, int fd)
{
	struct iovec iov = {.iov_base = (void *)text, .iov_len = strlen(text)};
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct msghdr message = {.msg_iov = &iov, .msg_iovlen = 1};

	if (fd >= 0) {
		struct cmsghdr *c;

		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
		c = CMSG_FIRSTHDR(&message);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(int));
	}
	return sendmsg(sock, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static void client_unreachable(const char *path, int err)
{
	if (err == -EACCES)
		fprintf(stderr,
			"sekimori: %s: permission denied; run as root, or join the group sekimori to read\n",
			path);
	else if (err == -ENOENT || err == -ECONNREFUSED)
		fprintf(stderr,
			"sekimori: no daemon serves instance %s (%s); start it: sekimori up --iface IF\n",
			client.instance, path);
	else
		fprintf(stderr, "sekimori: %s: %s\n", path, strerror(-err));
}

json_t *client_ask(json_t *request, int fd)
{
	AUTO_JSON json_t *owned = request;
	AUTO_FREE char *text = NULL;
	AUTO_FREE char *answer = malloc(ANSWER_MAX);
	const struct timeval patience = {.tv_sec = ANSWER_SECONDS};
	char path[INSTANCE_PATH_MAX];
	AUTO_FD int sock = client_connect(path, sizeof(path));
	json_error_t error;
	json_t *out;
	ssize_t n;
	int err = sock < 0 ? sock : 0;

	session_add(owned);
	text = json_dumps(owned, JSON_COMPACT);
	if (!err && (!text || !answer))
		err = -ENOMEM;
	if (!err && setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0)
		err = -errno;
	if (!err)
		err = client_send(sock, text, fd);
	if (err) {
		client_unreachable(path, err);
		return NULL;
	}
	n = recv(sock, answer, ANSWER_MAX, 0);
	if (n <= 0) {
		fprintf(stderr,
			"sekimori: the daemon did not answer: %s; `sekimori doctor` looks for the cause\n",
			n ? strerror(errno) : "it closed the connection");
		return NULL;
	}
	out = json_loadb(answer, (size_t)n, 0, &error);
	if (!json_is_object(out)) {
		fprintf(stderr, "sekimori: the daemon's answer is no JSON object: %s\n", error.text);
		json_decref(out);
		return NULL;
	}
	return out;
}

void client_exported(const char *format, ...)
{
	AUTO_JSON json_t *answer = NULL;
	char what[192];
	va_list args;

	if (!client_answers())
		return;
	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	answer = client_ask(json_pack("{s:s,s:s}", "command", "exported", "text", what), -1);
	if (!client_ok(answer))
		fprintf(stderr, "sekimori: the audit log does not say that this was exported: %s\n",
			answer ? client_text(answer, "text") : "no answer");
}

bool client_ok(const json_t *answer)
{
	return answer && client_number(answer, "result") == 0;
}

void client_print_json(const json_t *answer)
{
	AUTO_FREE char *text = json_dumps(answer, JSON_INDENT(2) | JSON_PRESERVE_ORDER);

	if (text)
		puts(text);
}

int client_fail(const json_t *answer)
{
	if (!answer)
		return EXIT_NOT_CONVERGED;
	if (client.json)
		client_print_json(answer);
	else
		fprintf(stderr, "sekimori: %s\n", client_text(answer, "text"));
	return client_number(answer, "result") == -ENOENT ? EXIT_FINDING : EXIT_NOT_CONVERGED;
}

int client_do(json_t *request, int fd)
{
	AUTO_JSON json_t *answer = client_ask(request, fd);

	if (!client_ok(answer))
		return client_fail(answer);
	if (client.json)
		client_print_json(answer);
	else
		puts(client_text(answer, "text"));
	return 0;
}

long long client_number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

const char *client_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

bool client_flag(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

const char *client_duration(long long seconds, char text[32])
{
	if (seconds < 0)
		seconds = 0;
	if (seconds < 120)
		snprintf(text, 32, "%llds", seconds);
	else if (seconds < 7200)
		snprintf(text, 32, "%lldm %llds", seconds / 60, seconds % 60);
	else if (seconds < 172800)
		snprintf(text, 32, "%lldh %lldm", seconds / 3600, seconds % 3600 / 60);
	else
		snprintf(text, 32, "%lldd %lldh", seconds / 86400, seconds % 86400 / 3600);
	return text;
}

int client_items(const char *list, void (*fn)(const json_t *item, void *arg), void *arg, long long *total)
{
	char last[64] = "0.0.0.0";
	long long first = 0;

	for (;;) {
		AUTO_JSON json_t *answer =
			client_ask(json_pack("{s:s,s:s,s:I,s:s}", "command", "items", "name", list, "number",
					     (json_int_t)first, "address", last),
				   -1);
		const json_t *items = json_object_get(answer, "items"), *item;
		size_t i;

		if (!client_ok(answer))
			return client_fail(answer);
		json_array_foreach(items, i, item) fn(item, arg);
		first += (long long)json_array_size(items);
		snprintf(last, sizeof(last), "%s",
			 client_text(json_array_get(items, json_array_size(items) - 1), "prefix"));
		*total = client_number(answer, "total");
		if (!json_array_size(items))
			return 0;
	}
}
