// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_list_export.c - `list export`: a list as other programs read it.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "client.h"
#include "cmd_list.h"
#include "core/list/list_export.h"
#include "core/list/list_import.h"
#include "core/policy/contract_names.h"
#include "sekimori/maps.h"

static const char *const sides[] = {"source", "destination", "both", NULL}; /* as the daemon says them */

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
	int side = list_choice(sides, client_text(item, "side")),
	    severity = list_choice(contract_severities, client_text(item, "severity"));
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
	if (!strcmp(client_text(item, "action"), "allow"))
		entry->flags |= SEKI_ENTRY_ALLOW;
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
	if (!err)
		client_exported("list %s as %s", name, format);
	if (err || fwrite(text, 1, len, stdout) != len || fflush(stdout)) {
		fprintf(stderr, "sekimori list: export: %s\n", strerror(err ? -err : errno));
		return EXIT_NOT_CONVERGED;
	}
	if (left_out)
		fprintf(stderr,
			"%u entries only alert or are exceptions, which the format %s cannot say: left out\n",
			left_out, format);
	return 0;
}

int list_export_to(int argc, char **argv)
{
	static const struct option options[] = {
		{"format", required_argument, NULL, 'f'},
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
