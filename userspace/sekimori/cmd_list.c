// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_list.c - named lists: what there is, what is in it, whether the kernel holds it, and back.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "client.h"
#include "cmd_list.h"
#include "core/list/list_export.h"
#include "core/list/list_import.h"
#include "core/policy/contract_names.h"
#include "sekimori/maps.h"

const char *const list_actions[] = {"drop", "alert", "allow", NULL};

int list_choice(const char *const *names, const char *word)
{
	for (int i = 0; names[i]; i++)
		if (!strcmp(names[i], word))
			return i;
	return -1;
}

/* "renewed 3m 2s ago", "OLD since 2d 1h" */
static const char *list_freshness(const json_t *row, char text[80])
{
	const long long now = (long long)time(NULL), until = client_number(row, "not_after"),
			taken = client_number(row, "taken") ? client_number(row, "taken")
							    : client_number(row, "changed");
	char span[32];

	if (until && until <= now)
		snprintf(text, 80, "OLD for %s", client_duration(now - until, span));
	else if (taken)
		snprintf(text, 80, "%s ago", client_duration(now - taken, span));
	else
		snprintf(text, 80, "-");
	return text;
}

static void list_status_kernel(const json_t *kernel)
{
	const long long rows = client_number(kernel, "rows"), most = client_number(kernel, "rows_max"),
			spilled = client_number(kernel, "spilled");

	if (!kernel) {
		puts("kernel: nothing is up");
		return;
	}
	printf("kernel: %lld rows (%.2f %% of what fits), %.1f MiB for both generations, %s\n", rows,
	       most ? 100.0 * (double)rows / (double)most : 0.0,
	       (double)client_number(kernel, "memory_bytes") / 1048576,
	       client_flag(kernel, "previous") ? "the earlier one is kept" : "there is no earlier one");
	if (spilled)
		printf("kernel: %s%lld of %lld entries beside their buckets%s\n",
		       spilled * 2 > client_number(kernel, "spilled_max") ? "ALARM: " : "", spilled,
		       client_number(kernel, "spilled_max"),
		       spilled * 2 > client_number(kernel, "spilled_max")
			       ? "; `sekimori list verify --mend` makes the tables anew with another key"
			       : "");
	if (!client_flag(kernel, "converged"))
		puts("kernel: entries that ended are still to be taken out; they no longer act");
}

static int list_status(void)
{
	AUTO_JSON json_t *answer = client_ask(json_pack("{s:s}", "command", "lists"), -1);
	const json_t *row;
	char text[80], span[32];
	size_t i;

	if (!client_ok(answer))
		return client_fail(answer);
	if (client.json) {
		client_print_json(answer);
		return 0;
	}
	printf("%-20s %-13s %4s %10s %7s %-16s %-14s %12s %14s %s\n", "list", "source", "prio", "entries",
	       "serial", "digest", "renewed", "packets", "bytes", "last hit");
	json_array_foreach(json_object_get(answer, "lists"), i, row)
	{
		printf("%-20s %-13s %4lld %10lld %7lld %-16s %-14s %12lld %14lld %s\n",
		       client_text(row, "name"), client_text(row, "source"), client_number(row, "priority"),
		       client_number(row, "entries"), client_number(row, "serial"),
		       client_text(row, "digest"), list_freshness(row, text), client_number(row, "packets"),
		       client_number(row, "bytes"),
		       json_object_get(row, "last_hit_seconds_ago")
			       ? client_duration(client_number(row, "last_hit_seconds_ago"), span)
			       : "-");
	}
	printf("together: %lld entries of at most %lld, %.1f MiB in the daemon\n",
	       client_number(answer, "total"), client_number(answer, "limit"),
	       (double)client_number(answer, "memory_bytes") / 1048576);
	list_status_kernel(json_object_get(answer, "kernel"));
	return 0;
}

/* Which list is right where they contradict. */
static int list_priorities(void)
{
	AUTO_JSON json_t *answer = client_ask(json_pack("{s:s}", "command", "lists"), -1);
	const json_t *row;
	size_t i;

	if (!client_ok(answer))
		return client_fail(answer);
	if (client.json) {
		client_print_json(json_object_get(answer, "lists"));
		return 0;
	}
	puts("Of lists that name one address the higher priority is right; among equals exceptions (allow), "
	     "then drop, then "
	     "alert.\nAn event names the list of the longest prefix that has the action; among equals the "
	     "more severe "
	     "entry's.\n");
	for (int priority = 255; priority >= 0; priority--)
		json_array_foreach(json_object_get(answer, "lists"), i,
				   row) if (client_number(row, "priority") == priority)
			printf("%4d  %-20s %10lld entries\n", priority, client_text(row, "name"),
			       client_number(row, "entries"));
	return 0;
}

static void difference_side(const char *who, const json_t *side)
{
	if (side)
		printf("  %s: list %s, %s, %s, severity %s%s", who, client_text(side, "list"),
		       client_text(side, "action"), client_text(side, "side"), client_text(side, "severity"),
		       client_flag(side, "lasting") ? ", lasting" : "");
}

static int list_verify(bool mend)
{
	AUTO_JSON json_t *answer =
		client_ask(json_pack("{s:s,s:b}", "command", "verify", "remove", mend), -1);
	const json_t *row;
	bool equal;
	size_t i;

	if (!client_ok(answer))
		return client_fail(answer);
	equal = client_flag(answer, "equal");
	if (client.json) {
		client_print_json(answer);
		return equal ? 0 : EXIT_FINDING;
	}
	if (equal) {
		printf("the kernel holds what the lists add up to: %lld rows, digest %s%s\n",
		       client_number(answer, "rows"), client_text(answer, "digest_kernel"),
		       client_flag(answer, "mended") ? "; it was made anew" : "");
		return 0;
	}
	json_array_foreach(json_object_get(answer, "first"), i, row)
	{
		printf("%s: %s", client_text(row, "prefix"), client_text(row, "kind"));
		difference_side("meant", json_object_get(row, "meant"));
		difference_side("kernel", json_object_get(row, "kernel"));
		putchar('\n');
	}
	printf("%lld differences among %lld rows; `sekimori list verify --mend` makes the kernel's tables "
	       "anew\n",
	       client_number(answer, "differences"), client_number(answer, "rows"));
	return EXIT_FINDING;
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

int cmd_list(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "status";

	if (!strcmp(verb, "status") && argc <= 2)
		return list_status();
	if (!strcmp(verb, "priorities") && argc == 2)
		return list_priorities();
	if (!strcmp(verb, "show") && argc == 3)
		return list_show(argv[2]);
	if (!strcmp(verb, "load"))
		return list_load(argc - 1, argv + 1);
	if (!strcmp(verb, "export"))
		return list_export_to(argc - 1, argv + 1);
	if (!strcmp(verb, "verify") && (argc == 2 || (argc == 3 && !strcmp(argv[2], "--mend"))))
		return list_verify(argc == 3);
	if (!strcmp(verb, "rollback") && argc == 3)
		return client_do(json_pack("{s:s,s:s}", "command", "list-rollback", "name", argv[2]), -1);
	if (!strcmp(verb, "formats") && argc == 2)
		return list_formats();
	return client_usage("list", "unknown or incomplete", argc > 1 ? verb : NULL);
}
