// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_list_load.c - `list load`: a file to the daemon, with what it may say and do.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "cmd_list.h"
#include "core/list/list_import.h"
#include "core/policy/contract_names.h"
#include "lib/conf.h"
#include "lib/file.h"
#include "sekimori/maps.h"

#define LIST_FILE_MAX (512u << 20)

struct load {
	const char *name, *path, *format;
	uint32_t expires, max_age, share, allow, priority;
	int flags, severity; /* -1: the daemon's standard */
	bool update;
};

enum {
	OPTION_FORMAT = 1,
	OPTION_EXPIRES,
	OPTION_MAX_AGE,
	OPTION_PRIORITY,
	OPTION_ACTION,
	OPTION_DIRECTION,
	OPTION_SEVERITY,
	OPTION_SHARE,
	OPTION_UPDATE,
	OPTION_ALLOW /* plus the bit of enum list_allow */
};

static const struct option load_options[] = {
	{"format", required_argument, NULL, OPTION_FORMAT},
	{"expires", required_argument, NULL, OPTION_EXPIRES},
	{"max-age", required_argument, NULL, OPTION_MAX_AGE},
	{"priority", required_argument, NULL, OPTION_PRIORITY},
	{"action", required_argument, NULL, OPTION_ACTION},
	{"direction", required_argument, NULL, OPTION_DIRECTION},
	{"severity", required_argument, NULL, OPTION_SEVERITY},
	{"max-share", required_argument, NULL, OPTION_SHARE},
	{"update", no_argument, NULL, OPTION_UPDATE},
#define X(id, bit, name, help) {"allow-" name, no_argument, NULL, OPTION_ALLOW + (bit)},
	LIST_ALLOWS(X)
#undef X
		{NULL, 0, NULL, 0},
};

static const char *const directions[] = {"src", "dst", "both",
					 NULL}; /* SEKI_ENTRY_SRC and _DST as a number */
_Static_assert(SEKI_ENTRY_SRC == 1 && SEKI_ENTRY_DST == 2, "directions are read as bits");

static bool load_number(const char *text, uint32_t most, uint32_t *out)
{
	if (!*text || strlen(text) > 9 || strspn(text, "0123456789") != strlen(text))
		return false;
	*out = (uint32_t)strtoul(text, NULL, 10);
	return *out <= most;
}

/* NULL, or what is wrong with the option's argument. */
static const char *load_option(struct load *load, int option, const char *argument)
{
	int at;

	switch (option) {
	case OPTION_FORMAT:
		load->format = argument;
		return list_import_known(argument)
			       ? NULL
			       : "--format: there is no such one; `sekimori list formats` names them";
	case OPTION_EXPIRES:
		return conf_seconds(argument, &load->expires) || !load->expires
			       ? "--expires takes a time like 1h or 7d"
			       : NULL;
	case OPTION_MAX_AGE:
		return conf_seconds(argument, &load->max_age) || !load->max_age
			       ? "--max-age takes a time like 1h or 7d"
			       : NULL;
	case OPTION_PRIORITY:
		return load_number(argument, 255, &load->priority) ? NULL : "--priority is 0 to 255";
	case OPTION_ACTION:
		at = list_choice(list_actions, argument);
		load->flags =
			(load->flags & (SEKI_ENTRY_SRC | SEKI_ENTRY_DST)) | (at == 1   ? (int)SEKI_ENTRY_ALERT
									     : at == 2 ? (int)SEKI_ENTRY_ALLOW
										       : 0);
		return at < 0 ? "--action is drop, alert or allow" : NULL;
	case OPTION_DIRECTION:
		at = list_choice(directions, argument);
		load->flags = (load->flags & (SEKI_ENTRY_ALERT | SEKI_ENTRY_ALLOW)) | (at + 1);
		return at < 0 ? "--direction is src, dst or both" : NULL;
	case OPTION_SEVERITY:
		load->severity = list_choice(contract_severities, argument);
		return load->severity < 0 ? "--severity is low, medium, high or critical" : NULL;
	case OPTION_SHARE:
		return load_number(argument, 100, &load->share) && load->share
			       ? NULL
			       : "--max-share is 1 to 100 per cent";
	case OPTION_UPDATE:
		load->update = true;
		return NULL;
	default:
		load->allow |= (uint32_t)(option - OPTION_ALLOW);
		return NULL;
	}
}

static volatile sig_atomic_t waited;

static void tick(int signal)
{
	char text[80];
	int n = snprintf(text, sizeof(text), "\rthe daemon reads the list: %d s ", (int)++waited);

	if (write(STDERR_FILENO, text, n > 0 ? (size_t)n : 0) < 0)
		return;
	alarm(1);
}

/* On a terminal somebody wonders whether it still goes on. The answer is waited for in recv(), which goes on
 * after a signal. */
static int load_ask(json_t *request, int fd, size_t len)
{
	struct sigaction action = {.sa_handler = tick, .sa_flags = SA_RESTART};
	const bool shows = isatty(STDERR_FILENO) && !sigaction(SIGALRM, &action, NULL);
	json_t *answer;
	int rc;

	if (shows) {
		fprintf(stderr, "%.1f MB are with the daemon", (double)len / 1e6);
		alarm(1);
	}
	answer = client_ask(request, fd);
	if (shows) {
		alarm(0);
		fprintf(stderr, "\r\033[K");
	}
	rc = client_ok(answer) ? 0 : client_fail(answer);
	if (!rc && client.json)
		client_print_json(answer);
	else if (!rc)
		puts(client_text(answer, "text"));
	json_decref(answer);
	return rc;
}

/* The text goes to the daemon as sealed memory: nobody can change it once it is judged. */
static int load_send(const struct load *load)
{
	AUTO_FREE char *text = NULL;
	AUTO_FD int fd = -1;
	size_t len = 0;
	int err = file_read(AT_FDCWD, load->path, LIST_FILE_MAX, &text, &len);
	json_t *request;

	if (!err)
		err = file_seal("sekimori-list", text, len, &fd);
	if (err) {
		fprintf(stderr, "sekimori list: %s: %s\n", load->path, strerror(-err));
		return EXIT_USAGE;
	}
	request = json_pack("{s:s,s:s,s:s,s:I,s:I,s:I,s:I,s:I,s:b}", "command", "load", "name", load->name,
			    "format", load->format, "flags", (json_int_t)load->flags, "allow",
			    (json_int_t)load->allow, "expires", (json_int_t)load->expires, "max_age",
			    (json_int_t)load->max_age, "priority", (json_int_t)load->priority, "update",
			    load->update);
	if (load->severity >= 0)
		json_object_set_new(request, "severity", json_integer(load->severity));
	if (load->share)
		json_object_set_new(request, "share", json_integer(load->share));
	return load_ask(request, fd, len);
}

int list_load(int argc, char **argv)
{
	struct load load = {.format = "", .flags = SEKI_ENTRY_SRC | SEKI_ENTRY_DST, .severity = -1};
	int c;

	while ((c = getopt_long(argc, argv, "", load_options, NULL)) != -1) {
		const char *why = c == '?' ? "unknown option" : load_option(&load, c, optarg);

		if (why)
			return client_usage("list", why, optarg);
	}
	if (optind + 2 != argc)
		return client_usage("list", "load takes a name and a file", NULL);
	load.name = argv[optind];
	load.path = argv[optind + 1];
	return load_send(&load);
}
