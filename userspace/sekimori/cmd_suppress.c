// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_suppress.c - rules that are silent about a source: which, one more, one
 * less. What a rule drops it goes on dropping.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "lib/file.h"
#include "lib/prefix.h"

#define FILE_NAME "suppress.config"
#define FILE_MAX  (1u << 20)

static bool rule_read(const char *text, uint32_t *gid, uint32_t *sid)
{
	char *end;
	unsigned long first = strtoul(text, &end, 10), second;

	*gid = 1;
	*sid = (uint32_t)first;
	if (*end == ':') {
		second = strtoul(end + 1, &end, 10);
		*gid = (uint32_t)first;
		*sid = (uint32_t)second;
		if (second > UINT32_MAX)
			return false;
	}
	return !*end && *text >= '0' && *text <= '9' && first <= UINT32_MAX && *gid && *sid;
}

/* A row of the file, with the reason that stands above it. */
static void row_print(const char *line, const char *reason, json_t *rows)
{
	unsigned int gid, sid;
	char address[64];

	if (sscanf(line, "suppress gen_id %u, sig_id %u, track by_src, ip %63s", &gid, &sid, address) != 3)
		return;
	if (client.json)
		json_array_append_new(rows, json_pack("{s:I,s:I,s:s,s:s}", "gid", (json_int_t)gid, "sid",
						      (json_int_t)sid, "address", address, "reason", reason));
	else
		printf("%u:%-10u %-40s %s\n", gid, sid, address, reason);
}

static int suppress_list(void)
{
	AUTO_JSON json_t *rows = json_array();
	char path[INSTANCE_PATH_MAX];
	AUTO_FREE char *text = NULL;
	const char *reason = "";
	char *rest = NULL;
	size_t len = 0;
	int err = instance_path(path, sizeof(path), client.state_root, client.instance, FILE_NAME);

	if (!err)
		err = file_read(AT_FDCWD, path, FILE_MAX, &text, &len);
	if (err && err != -ENOENT) {
		fprintf(stderr, "sekimori suppress: %s: %s%s\n", path, strerror(-err),
			err == -EACCES ? "; run as root" : "");
		return EXIT_NOT_CONVERGED;
	}
	for (char *line = text ? strtok_r(text, "\n", &rest) : NULL; line;
	     line = strtok_r(NULL, "\n", &rest)) {
		if (*line == '#') {
			reason = line + 1 + strspn(line + 1, " ");
			continue;
		}
		row_print(line, reason, rows);
		reason = "";
	}
	if (client.json)
		client_print_json(rows);
	return 0;
}

static int suppress_change(const char *rule, const char *address, const char *reason, bool remove)
{
	uint32_t gid, sid;
	struct prefix prefix;
	const char *why = "not an address";

	if (!rule_read(rule, &gid, &sid))
		return client_usage("suppress", "a rule is SID or GID:SID", rule);
	if (prefix_parse(address, strlen(address), &prefix, &why))
		return client_usage("suppress", why, address);
	if (strlen(reason) > 127)
		return client_usage("suppress", "--reason has at most 127 bytes", NULL);
	return client_do(json_pack("{s:s,s:I,s:I,s:s,s:s,s:b}", "command", "suppress", "gid", (json_int_t)gid,
				   "sid", (json_int_t)sid, "address", address, "reason", reason, "remove",
				   remove),
			 -1);
}

int cmd_suppress(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "list"))
		return suppress_list();
	if (argc == 4 && !strcmp(argv[1], "remove"))
		return suppress_change(argv[2], argv[3], "", true);
	if (argc == 6 && !strcmp(argv[1], "add") && !strcmp(argv[4], "--reason"))
		return suppress_change(argv[2], argv[3], argv[5], false);
	return client_usage("suppress", "there are list, add and remove", argc > 1 ? argv[1] : NULL);
}
