// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_list.c - named lists: what there is, what is in it, load one from a file.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "client.h"
#include "lib/file.h"

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

/* The text goes to the daemon as sealed memory: nobody can change it once it is judged. */
static int list_load(const char *name, const char *path)
{
	AUTO_FREE char *text = NULL;
	AUTO_FD int fd = -1;
	size_t len = 0;
	int err = file_read(AT_FDCWD, path, LIST_FILE_MAX, &text, &len);

	if (!err)
		err = file_seal("sekimori-list", text, len, &fd);
	if (err) {
		fprintf(stderr, "sekimori list: %s: %s\n", path, strerror(-err));
		return EXIT_USAGE;
	}
	return client_do(json_pack("{s:s,s:s}", "command", "load", "name", name), fd);
}

int cmd_list(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "status";

	if (!strcmp(verb, "status") && argc <= 2)
		return list_status();
	if (!strcmp(verb, "show") && argc == 3)
		return list_show(argv[2]);
	if (!strcmp(verb, "load") && argc == 4)
		return list_load(argv[2], argv[3]);
	return client_usage("list", "unknown or incomplete", argc > 1 ? verb : NULL);
}
