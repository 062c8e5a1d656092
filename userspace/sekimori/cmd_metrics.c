// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_metrics.c - metrics: once, or for whoever scrapes an address of this
 * machine.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "client.h"
#include "metrics.h"

#define REQUEST_MAX	4096u
#define REQUEST_SECONDS 2

/* malloc'ed; NULL: the daemon does not answer, which was said. */
static char *metrics_text(size_t *len)
{
	static const char *const commands[] = {"status", "counters", "lists"};
	json_t *answers[ARRAY_LEN(commands)] = {0};
	char *text = NULL;
	bool good = true;
	FILE *out;

	for (size_t i = 0; good && i < ARRAY_LEN(commands); i++) {
		answers[i] = client_ask(json_pack("{s:s}", "command", commands[i]), -1);
		good = client_ok(answers[i]);
		if (!good && answers[i])
			client_fail(answers[i]);
	}
	out = good ? open_memstream(&text, len) : NULL;
	if (out) {
		metrics_write(out, answers[0], answers[1], answers[2], (long long)time(NULL));
		if (fclose(out)) {
			free(text);
			text = NULL;
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		json_decref(answers[i]);
	return text;
}

static void all_send(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return; /* whoever asked is gone */
		data += n;
		len -= (size_t)n;
	}
}

static void reply(int fd, const char *status, const char *type, const char *body, size_t len, bool head)
{
	char text[256];
	int n = snprintf(
		text, sizeof(text),
		"HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n", status,
		type, len);

	all_send(fd, text, (size_t)n);
	if (!head)
		all_send(fd, body, len);
}

/* Until the empty line that ends the head; false: too long, too slow, gone. */
static bool request_read(int fd, char request[REQUEST_MAX])
{
	time_t until = time(NULL) + REQUEST_SECONDS;
	size_t len = 0;

	while (len < REQUEST_MAX - 1 && time(NULL) <= until) {
		ssize_t n = recv(fd, request + len, REQUEST_MAX - 1 - len, 0);

		if (n <= 0)
			return false;
		len += (size_t)n;
		request[len] = '\0';
		if (strstr(request, "\r\n\r\n"))
			return true;
	}
	return false;
}

static void serve_one(int fd)
{
	const struct timeval limit = {.tv_sec = REQUEST_SECONDS};
	char request[REQUEST_MAX];
	AUTO_FREE char *text = NULL;
	bool head, get;
	size_t len = 0;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0 || !request_read(fd, request))
		return;
	head = !strncmp(request, "HEAD ", 5);
	get = !strncmp(request, "GET ", 4);
	if (!head && !get) {
		reply(fd, "405 Method Not Allowed", "text/plain", "GET or HEAD\n", 12, false);
		return;
	}
	if (strncmp(request + (head ? 5 : 4), "/metrics", 8) || !strchr(" ?", request[(head ? 5 : 4) + 8])) {
		reply(fd, "404 Not Found", "text/plain", "there is /metrics\n", 18, head);
		return;
	}
	text = metrics_text(&len);
	if (text)
		reply(fd, "200 OK", METRICS_TYPE, text, len, head);
	else
		reply(fd, "503 Service Unavailable", "text/plain", "the daemon does not answer\n", 27, head);
}

/* "127.0.0.1:9464", "[::1]:9464"; names are not looked up. -1 after saying why. */
static int listener_open(const char *where)
{
	const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
				       .ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;
	char host[64];
	const char *colon = strrchr(where, ':');
	bool brackets = *where == '[' && colon && colon > where && colon[-1] == ']';
	AUTO_FD int fd = -1;
	const int on = 1;
	int rc;

	if (!colon || snprintf(host, sizeof(host), "%.*s", (int)(colon - where) - 2 * brackets,
			       where + brackets) >= (int)sizeof(host)) {
		client_usage("metrics", "--listen takes ADDRESS:PORT", where);
		return -1;
	}
	rc = getaddrinfo(host, colon + 1, &hints, &found);
	if (rc) {
		client_usage("metrics", "--listen takes ADDRESS:PORT", where);
		return -1;
	}
	fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(fd, found->ai_addr, found->ai_addrlen) < 0 || listen(fd, 16) < 0) {
		fprintf(stderr, "sekimori metrics: %s: %s\n", where, strerror(errno));
		freeaddrinfo(found);
		return -1;
	}
	freeaddrinfo(found);
	return TAKE_FD(fd);
}

static int metrics_serve(const char *where)
{
	AUTO_FD int listener = listener_open(where);

	if (listener < 0)
		return EXIT_USAGE;
	signal(SIGPIPE, SIG_IGN);
	for (;;) {
		AUTO_FD int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd >= 0)
			serve_one(fd); /* one at a time: each has two seconds */
		else if (errno != EINTR && errno != ECONNABORTED)
			break;
	}
	fprintf(stderr, "sekimori metrics: %s: %s\n", where, strerror(errno));
	return EXIT_NOT_CONVERGED;
}

int cmd_metrics(int argc, char **argv)
{
	static const struct option options[] = {
		{"listen", required_argument, NULL, 'l'},
		{NULL, 0, NULL, 0},
	};
	AUTO_FREE char *text = NULL;
	const char *where = NULL;
	size_t len = 0;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c != 'l')
			return client_usage("metrics", "unknown option", NULL);
		where = optarg;
	}
	if (optind < argc)
		return client_usage("metrics", "unexpected argument", argv[optind]);
	if (where)
		return metrics_serve(where);
	text = metrics_text(&len);
	if (!text)
		return EXIT_NOT_CONVERGED;
	fwrite(text, 1, len, stdout);
	return 0;
}
