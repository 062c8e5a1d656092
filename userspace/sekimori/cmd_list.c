// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_list.c - named lists: what there is, what is in it, load one from a file.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "client.h"
#include "core/list_export.h"
#include "core/list_import.h"
#include "lib/conf.h"
#include "lib/file.h"
#include "sekimori/maps.h"

#define LIST_FILE_MAX (512u << 20)

static int list_status(void)
{
	AUTO_JSON json_t *answer = client_ask(json_pack("{s:s}", "command", "lists"), -1);
	const json_t *row;
	size_t i;

	if (!client_ok(answer))
		return client_fail(answer);
	if (client.json) {
		client_print_json(answer);
		return 0;
	}
	printf("%-20s %-14s %10s %12s %14s\n", "list", "source", "entries", "packets", "bytes");
	json_array_foreach(json_object_get(answer, "lists"), i, row) printf(
		"%-20s %-14s %10lld %12lld %14lld\n", client_text(row, "name"), client_text(row, "source"),
		client_number(row, "entries"), client_number(row, "packets"), client_number(row, "bytes"));
	return 0;
}

static void list_item(const json_t *item, void *arg)
{
	json_t *all = arg;
	char left[32];

	if (client.json) {
		json_array_append(all, (json_t *)item);
		return;
	}
	printf("%s\t%s", client_text(item, "prefix"), client_text(item, "severity"));
	if (client_number(item, "expires"))
		printf("\t%s left",
		       client_duration(client_number(item, "expires") - (long long)time(NULL), left));
	else
		printf("\tlasting");
	if (client_number(item, "sid"))
		printf("\trule %lld", client_number(item, "sid"));
	printf("\t%s\n", client_text(item, "reason"));
}

static int list_show(const char *name)
{
	AUTO_JSON json_t *all = json_array();
	long long total = 0;
	int err = client_items(name, list_item, all, &total);

	if (!err && client.json)
		client_print_json(all);
	else if (!err)
		fprintf(stderr, "%lld entries\n", total);
	return err;
}

struct load {
	const char *name, *path, *format;
	uint32_t expires, share, allow;
	int flags, severity; /* -1: the daemon's standard */
	bool update;
};

static const char *const actions[] = {"drop", "alert", NULL};
static const char *const directions[] = {"src", "dst", "both",
					 NULL}; /* SEKI_ENTRY_SRC and _DST as a number */
static const char *const severities[] = {
#define X(id, name) [SEKI_SEVERITY_##id] = name,
	SEKI_SEVERITIES(X)
#undef X
		NULL,
};
_Static_assert(SEKI_ENTRY_SRC == 1 && SEKI_ENTRY_DST == 2, "directions are read as bits");

static const char *const sides[] = {"source", "destination", "both", NULL}; /* as the daemon says them */

/* Index of word in names, or -1. */
static int choice(const char *const *names, const char *word)
{
	for (int i = 0; names[i]; i++)
		if (!strcmp(names[i], word))
			return i;
	return -1;
}

enum {
	OPTION_FORMAT = 1,
	OPTION_EXPIRES,
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
	case OPTION_ACTION:
		at = choice(actions, argument);
		load->flags = (load->flags & ~(int)SEKI_ENTRY_ALERT) | (at == 1 ? (int)SEKI_ENTRY_ALERT : 0);
		return at < 0 ? "--action is drop or alert" : NULL;
	case OPTION_DIRECTION:
		at = choice(directions, argument);
		load->flags = (load->flags & (int)SEKI_ENTRY_ALERT) | (at + 1);
		return at < 0 ? "--direction is src, dst or both" : NULL;
	case OPTION_SEVERITY:
		load->severity = choice(severities, argument);
		return load->severity < 0 ? "--severity is low, medium, high or critical" : NULL;
	case OPTION_SHARE:
		load->share = (uint32_t)strtoul(argument, NULL, 10);
		return strspn(argument, "0123456789") != strlen(argument) || load->share < 1 ||
				       load->share > 100
			       ? "--max-share is 1 to 100 per cent"
			       : NULL;
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
	request = json_pack("{s:s,s:s,s:s,s:I,s:I,s:I,s:b}", "command", "load", "name", load->name, "format",
			    load->format, "flags", (json_int_t)load->flags, "allow", (json_int_t)load->allow,
			    "expires", (json_int_t)load->expires, "update", load->update);
	if (load->severity >= 0)
		json_object_set_new(request, "severity", json_integer(load->severity));
	if (load->share)
		json_object_set_new(request, "share", json_integer(load->share));
	return load_ask(request, fd, len);
}

static int list_load(int argc, char **argv)
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

static int list_formats(void)
{
	const char *name, *help;

	puts("load, --format:");
	for (unsigned int i = 0; list_import_format(i, &name, &help); i++)
		printf("  %-14s %s\n", name, help);
	puts("export, --format:");
	for (unsigned int i = 0; list_export_format(i, &name, &help); i++)
		printf("  %-14s %s\n", name, help);
	return 0;
}

struct export
{
	struct list_entry *entries; /* their reasons are owned */
	uint32_t count, room;
	bool failed;
};

static void export_clear(struct export *all)
{
	for (uint32_t i = 0; i < all->count; i++)
		free((char *)all->entries[i].reason);
	free(all->entries);
}

static void export_item(const json_t *item, void *arg)
{
	const char *prefix = client_text(item, "prefix"), *why;
	int side = choice(sides, client_text(item, "side")),
	    severity = choice(severities, client_text(item, "severity"));
	struct export *all = arg;
	struct list_entry *entry;

	if (all->count == all->room) {
		uint32_t room = all->room ? all->room * 2 : 1024;
		struct list_entry *grown = realloc(all->entries, room * sizeof(*grown));

		all->failed |= !grown;
		if (!grown)
			return;
		all->entries = grown;
		all->room = room;
	}
	entry = &all->entries[all->count];
	*entry = (struct list_entry){.flags = (uint8_t)(side + 1),
				     .severity = severity < 0 ? LIST_SEVERITY_UNSAID : (uint8_t)severity,
				     .created = (uint64_t)client_number(item, "created"),
				     .expires = (uint64_t)client_number(item, "expires"),
				     .reason = strdup(client_text(item, "reason"))};
	if (!strcmp(client_text(item, "action"), "alert"))
		entry->flags |= SEKI_ENTRY_ALERT;
	all->failed |=
		side < 0 || !entry->reason || prefix_parse(prefix, strlen(prefix), &entry->prefix, &why);
	if (entry->reason)
		all->count++;
}

static int export_print(const char *name, const char *format, struct export *all)
{
	AUTO_FREE char *text = NULL;
	uint32_t left_out = 0;
	size_t len = 0;
	int err;

	list_export_sort(all->entries, all->count);
	err = list_export(format, name, all->entries, all->count, (uint64_t)time(NULL), &text, &len,
			  &left_out);
	if (err == -EINVAL)
		return client_usage(
			"list", "--format: there is no such one; `sekimori list formats` names them", format);
	if (err || fwrite(text, 1, len, stdout) != len || fflush(stdout)) {
		fprintf(stderr, "sekimori list: export: %s\n", strerror(err ? -err : errno));
		return EXIT_NOT_CONVERGED;
	}
	if (left_out)
		fprintf(stderr, "%u entries only alert, which the format %s cannot say: left out\n", left_out,
			format);
	return 0;
}

static int list_export_to(int argc, char **argv)
{
	static const struct option options[] = {
		{"format", required_argument, NULL, OPTION_FORMAT},
		{NULL, 0, NULL, 0},
	};
	const char *format = "plain";
	struct export all = {0};
	long long total = 0;
	int c, rc;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == '?')
			return client_usage("list", "unknown option", NULL);
		format = optarg;
	}
	if (optind + 1 != argc)
		return client_usage("list", "export takes the name of a list", NULL);
	rc = client_items(argv[optind], export_item, &all, &total);
	if (!rc && all.failed) {
		fprintf(stderr, "sekimori list: an item of the daemon could not be taken\n");
		rc = EXIT_NOT_CONVERGED;
	}
	if (!rc)
		rc = export_print(argv[optind], format, &all);
	export_clear(&all);
	return rc;
}

int cmd_list(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "status";

	if (!strcmp(verb, "status") && argc <= 2)
		return list_status();
	if (!strcmp(verb, "show") && argc == 3)
		return list_show(argv[2]);
	if (!strcmp(verb, "load"))
		return list_load(argc - 1, argv + 1);
	if (!strcmp(verb, "export"))
		return list_export_to(argc - 1, argv + 1);
	if (!strcmp(verb, "formats") && argc == 2)
		return list_formats();
	return client_usage("list", "unknown or incomplete", argc > 1 ? verb : NULL);
}
