// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_alerts.c - alerts and monitor: reads the event file, follows it over rotation.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "alerts_kept.h"
#include "client.h"
#include "core/eve/eve_read.h"
#include "core/rule/severity.h"
#include "core/report/siem_line.h"
#include "lib/wall.h"
#include "view/period.h"

#define LINE_MAX_BYTES 65536
#define FOLLOW_MS      200

struct tail {
	const char *path;
	FILE *file;
	ino_t inode;
	bool everything; /* drops and changes too */
};

static void print_alert(const json_t *event)
{
	const json_t *alert = json_object_get(event, "alert"), *own = json_object_get(event, "sekimori");

	printf("%s  %-8s %-11s %s:%lld -> %s:%lld  [%lld] %s", client_text(event, "timestamp"),
	       client_text(own, "severity"), client_text(own, "verdict"), client_text(event, "src_ip"),
	       client_number(event, "src_port"), client_text(event, "dest_ip"),
	       client_number(event, "dest_port"), client_number(alert, "signature_id"),
	       client_text(alert, "signature"));
	if (*client_text(own, "action") && strcmp(client_text(own, "action"), "none"))
		printf("  (%s)", client_text(own, "action"));
	if (*client_text(own, "why"))
		printf("  (%s)", client_text(own, "why"));
	printf("\n");
}

static void print_event(const char *line, size_t len, bool everything)
{
	json_error_t error;
	AUTO_JSON json_t *event = json_loadb(line, len, 0, &error);
	const char *type = client_text(event, "event_type");

	if (!event || (!everything && strcmp(type, "alert") != 0))
		return;
	if (client.json) {
		if (alerts_json_print(line, len))
			return;
	} else if (alerts_siem >= 0)
		alerts_siem_print(line, len);
	else if (!strcmp(type, "alert"))
		print_alert(event);
	else if (!strcmp(type, "drop"))
		printf("%s  %-8s %-11s %s:%lld -> %s:%lld  %s %s\n", client_text(event, "timestamp"), "-",
		       client_text(json_object_get(event, "sekimori"), "verdict"),
		       client_text(event, "src_ip"), client_number(event, "src_port"),
		       client_text(event, "dest_ip"), client_number(event, "dest_port"),
		       client_text(json_object_get(event, "drop"), "reason"),
		       client_text(json_object_get(event, "sekimori"), "list"));
	else if (!strcmp(type, "shield"))
		printf("%s  %-8s %s\n", client_text(event, "timestamp"),
		       client_text(json_object_get(event, "shield"), "kind"),
		       client_text(json_object_get(event, "shield"), "text"));
	fflush(stdout);
}

static int tail_open(struct tail *tail)
{
	struct stat st;

	tail->file = fopen(tail->path, "re");
	if (!tail->file || fstat(fileno(tail->file), &st) < 0)
		return -errno;
	tail->inode = st.st_ino;
	return 0;
}

/* Goes back over the last n lines of interest: their offsets in a ring. */
static int tail_seek(struct tail *tail, long n)
{
	AUTO_FREE long *offsets = calloc((size_t)n + 1, sizeof(*offsets));
	AUTO_FREE char *line = malloc(LINE_MAX_BYTES);
	long count = 0, at = 0;

	if (!offsets || !line)
		return -ENOMEM;
	while (fgets(line, LINE_MAX_BYTES, tail->file)) {
		if (tail->everything || strstr(line, "\"event_type\":\"alert\""))
			offsets[count++ % (n + 1)] = at;
		at = ftell(tail->file);
	}
	if (!n)
		return 0;
	return fseek(tail->file, count > n ? offsets[(count - n) % (n + 1)] : 0, SEEK_SET) ? -errno : 0;
}

static void tail_print(struct tail *tail)
{
	AUTO_FREE char *line = malloc(LINE_MAX_BYTES);

	while (line && fgets(line, LINE_MAX_BYTES, tail->file)) {
		size_t len = strlen(line);

		if (line[len - 1] != '\n') { /* still being written: again from its start next time */
			if (fseek(tail->file, -(long)len, SEEK_CUR))
				return;
			break;
		}
		print_event(line, len - 1, tail->everything);
	}
	clearerr(tail->file);
}

static void tail_follow(struct tail *tail)
{
	const struct timespec t = {.tv_nsec = FOLLOW_MS * 1000000L};
	struct stat st;

	for (;;) {
		tail_print(tail);
		if (!stat(tail->path, &st) && st.st_ino != tail->inode) {
			fclose(tail->file);
			while (tail_open(tail))
				nanosleep(&t, NULL);
			continue;
		}
		nanosleep(&t, NULL);
	}
}

static int events_show(bool everything, bool follow, long n)
{
	AUTO_JSON json_t *status = client_ask(json_pack("{s:s}", "command", "status"), -1);
	struct tail tail = {.everything = everything};
	int err;

	if (!client_ok(status))
		return client_fail(status);
	tail.path = client_text(json_object_get(status, "events"), "file");
	err = tail_open(&tail);
	if (err) {
		fprintf(stderr, "sekimori: %s: %s\n", tail.path, strerror(-err));
		return EXIT_NOT_CONVERGED;
	}
	alerts_exported(everything ? "all events" : "alerts");
	err = tail_seek(&tail, n);
	if (!err)
		tail_print(&tail);
	if (!err && follow)
		tail_follow(&tail);
	fclose(tail.file);
	return err ? EXIT_NOT_CONVERGED : 0;
}

/* Words of a selection from the store; *selected: any was given. */
struct selection {
	const char *sid, *host, *period, *from, *to, *severity, *store;
	bool selected;
};

static const char **selection_place(struct selection *s, int option)
{
	switch (option) {
	case 's':
		return &s->sid;
	case 'h':
		return &s->host;
	case 'p':
		return &s->period;
	case 'a':
		return &s->from;
	case 'b':
		return &s->to;
	case 'v':
		return &s->severity;
	case 'd':
		return &s->store;
	default:
		return NULL;
	}
}

static int alerts_selected(const struct selection *s, long n)
{
	struct store_filter filter = {.kinds = 1u << STORE_ALERT, .newest_first = true, .limit = (uint64_t)n};
	struct seki_addr host;
	struct period period;
	enum seki_severity severity;
	char why[160];
	char *end;

	if (s->sid) {
		unsigned long sid = strtoul(s->sid, &end, 10);

		if (*end || !sid || sid > UINT32_MAX)
			return client_usage("alerts", "--sid takes the number of a rule", s->sid);
		filter.sid = (uint32_t)sid;
	}
	if (s->host) {
		if (eve_read_address(s->host, &host))
			return client_usage("alerts", "--host takes an address", s->host);
		filter.host = &host;
	}
	if (s->severity) {
		if (severity_parse(s->severity, &severity))
			return client_usage("alerts", "--severity takes low, medium, high or critical",
					    s->severity);
		filter.severities = 1u << severity;
	}
	if (s->period || s->from || s->to) {
		if (period_read(s->period, s->from, s->to, wall_us(), &period, why))
			return client_usage("alerts", why, NULL);
		filter.from = period.from;
		filter.to = period.to;
	}
	return alerts_kept(&filter, s->store);
}

static int format_set(const char *name)
{
	enum siem_format format;

	alerts_siem = -1;
	if (!strcmp(name, "text"))
		return 0;
	if (siem_format_find(name, &format))
		return -EINVAL;
	alerts_siem = (int)format;
	return 0;
}

int cmd_alerts(int argc, char **argv)
{
	static const struct option options[] = {
		{"follow", no_argument, NULL, 'f'},	  {"sid", required_argument, NULL, 's'},
		{"host", required_argument, NULL, 'h'},	  {"severity", required_argument, NULL, 'v'},
		{"period", required_argument, NULL, 'p'}, {"from", required_argument, NULL, 'a'},
		{"to", required_argument, NULL, 'b'},	  {"store", required_argument, NULL, 'd'},
		{"format", required_argument, NULL, 'o'}, {NULL, 0, NULL, 0},
	};
	struct selection selection = {0};
	bool follow = false;
	long n = 20;
	char *end;
	int c;

	if (argc > 1 && !strcmp(argv[1], "show"))
		return alerts_show(argc - 1, argv + 1);
	while ((c = getopt_long(argc, argv, "fn:", options, NULL)) != -1) {
		const char **place = selection_place(&selection, c);

		if (place) {
			*place = optarg;
			selection.selected = true;
		} else if (c == 'o') {
			if (format_set(optarg))
				return client_usage("alerts", "--format takes text, cef or leef", optarg);
		} else if (c == 'f')
			follow = true;
		else if (c != 'n')
			return client_usage("alerts", "unknown option", NULL);
		else {
			n = strtol(optarg, &end, 10);
			if (*end || end == optarg || n < 0 || n > 1000000)
				return client_usage("alerts", "-n takes 0 to 1000000", optarg);
		}
	}
	if (optind < argc)
		return client_usage("alerts", "unexpected argument", argv[optind]);
	if (selection.selected && follow)
		return client_usage("alerts", "--follow shows everything as it happens", NULL);
	return selection.selected ? alerts_selected(&selection, n) : events_show(false, follow, n);
}

int cmd_monitor(int argc, char **argv)
{
	static const struct option options[] = {
		{"format", required_argument, NULL, 'o'},
		{NULL, 0, NULL, 0},
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (c != 'o' || format_set(optarg))
			return client_usage("monitor", "--format takes text, cef or leef",
					    c == 'o' ? optarg : NULL);
	if (optind < argc)
		return client_usage("monitor", "unexpected argument", argv[optind]);
	return events_show(true, true, 0);
}
