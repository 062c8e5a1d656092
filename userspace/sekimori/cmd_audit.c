// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_audit.c - audit: the log of every change, and whether it is whole.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <jansson.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "client.h"
#include "client_store.h"
#include "lib/file.h"
#include "store/audit_log.h"

#define LOG_MAX (1u << 30)

static int log_read(char **text, size_t *len, char dir[INSTANCE_PATH_MAX])
{
	AUTO_FD int fd = -1;
	int err = client_store_folder(dir);

	if (!err) {
		fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		err = fd < 0 ? -errno : file_read(fd, AUDIT_LOG_FILE, LOG_MAX, text, len);
	}
	if (err)
		fprintf(stderr, "sekimori: %s/" AUDIT_LOG_FILE ": %s%s\n", dir, strerror(-err),
			err == -ENOENT	 ? "; nothing was logged here yet: `sekimori up` starts it"
			: err == -EACCES ? "; only root may read it"
					 : "");
	return err;
}

/* "NUMBER HASH" as `audit head` prints it and notices carry it. */
static int head_given(const char *text, struct audit_head *head)
{
	unsigned long long number;

	if (sscanf(text, "%20llu%*[ :]%64[0-9a-f]", &number, head->hash) != 2 || strlen(head->hash) != 64)
		return -EINVAL;
	head->number = number;
	return 0;
}

static int audit_verify_run(const char *given)
{
	AUTO_FREE char *text = NULL;
	char dir[INSTANCE_PATH_MAX] = "";
	struct audit_head expect, head;
	struct audit_fault fault;
	bool known = given;
	size_t len;
	int err;

	if (given && head_given(given, &expect))
		return client_usage("audit", "--head takes NUMBER:HASH", given);
	err = log_read(&text, &len, dir);
	if (err)
		return EXIT_NOT_CONVERGED;
	if (!known) {
		err = audit_head_read(dir, &expect);
		known = !err;
	}
	audit_verify(text, len, known ? &expect : NULL, &head, &fault);
	if (client.json) {
		printf("{\"lines\":%llu,\"head\":\"%s\",\"fault_line\":%llu,\"fault\":\"%s\"}\n",
		       (unsigned long long)head.number, head.hash, (unsigned long long)fault.number,
		       fault.number ? fault.what : "");
		return fault.number || !known ? EXIT_FINDING : 0;
	}
	if (fault.number) {
		printf("BROKEN: line %llu of %s/" AUDIT_LOG_FILE
		       " %s.\nThe %llu lines before it are whole. Compare with a copy, "
		       "or with heads that reports and notices carried.\n",
		       (unsigned long long)fault.number, dir, fault.what,
		       (unsigned long long)(fault.number ? fault.number - 1 : 0));
		return EXIT_FINDING;
	}
	printf("whole: %llu lines, head %llu:%s\n", (unsigned long long)head.number,
	       (unsigned long long)head.number, head.hash);
	if (!known)
		printf("but its head file is missing or damaged: whether lines at the end are missing cannot "
		       "be told\n");
	else if (!given)
		printf("(against the head kept beside it; `--head NUMBER:HASH` from a report or notice "
		       "proves more)\n");
	return known ? 0 : EXIT_FINDING;
}

static void line_print(const char *line, size_t len)
{
	json_error_t error;
	AUTO_JSON json_t *entry = json_loadb(line, len, 0, &error);
	time_t seconds = (time_t)(client_number(entry, "time_us") / 1000000);
	uid_t uid = (uid_t)client_number(entry, "uid");
	const struct passwd *pw = getpwuid(uid);
	char when[40], number[16];
	struct tm tm;

	localtime_r(&seconds, &tm);
	strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S %z", &tm);
	snprintf(number, sizeof(number), "uid %u", uid);
	printf("%6lld  %s  %-7s %-12s %s\n", client_number(entry, "number"), when, client_text(entry, "kind"),
	       *client_text(entry, "who") ? client_text(entry, "who")
	       : pw			  ? pw->pw_name
					  : number,
	       client_text(entry, "text"));
}

static int audit_show(long n)
{
	AUTO_FREE char *text = NULL;
	char dir[INSTANCE_PATH_MAX] = "";
	size_t len;
	const char *at;

	if (log_read(&text, &len, dir))
		return EXIT_NOT_CONVERGED;
	at = text + len;
	for (long left = n; left > 0 && at > text; left--) {
		const char *before = at - 1 > text ? memrchr(text, '\n', (size_t)(at - 1 - text)) : NULL;

		at = before ? before + 1 : text;
	}
	while (at < text + len) {
		const char *end = memchr(at, '\n', (size_t)(text + len - at));
		size_t line = end ? (size_t)(end - at) : (size_t)(text + len - at);

		if (client.json)
			printf("%.*s\n", (int)line, at);
		else
			line_print(at, line);
		at += line + 1;
	}
	return 0;
}

int cmd_audit(int argc, char **argv)
{
	static const struct option options[] = {
		{"head", required_argument, NULL, 'h'},
		{NULL, 0, NULL, 0},
	};
	const char *what = argc > 1 ? argv[1] : "", *head = NULL;
	long n = 20;
	char *end;
	int c;

	if (strcmp(what, "verify") && strcmp(what, "show"))
		return client_usage("audit", "verify or show", argc > 1 ? what : NULL);
	argc--;
	argv++;
	while ((c = getopt_long(argc, argv, "n:", options, NULL)) != -1) {
		if (c == 'h') {
			head = optarg;
		} else if (c == 'n') {
			n = strtol(optarg, &end, 10);
			if (*end || end == optarg || n < 1 || n > 100000000)
				return client_usage("audit", "-n takes a number of lines", optarg);
		} else {
			return client_usage("audit", "unknown option", NULL);
		}
	}
	if (optind < argc)
		return client_usage("audit", "unexpected argument", argv[optind]);
	return strcmp(what, "verify") ? audit_show(n) : audit_verify_run(head);
}
