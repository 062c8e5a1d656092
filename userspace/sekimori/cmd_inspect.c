// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_inspect.c - `sekimori inspect`: captures against rules, without
 * privileges and without a network. Writes alerts as EVE and a summary.
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "data_file.h"
#include "inspection.h"
#include "rules_profile.h"

static void help(FILE *out)
{
	fputs("usage: sekimori inspect [-S FILE.rules]... [--set KEY=VALUE]... [-k none|all] [-l DIR]\n"
	      "                        [--severity FILE] [--classification FILE] [--cache DIR] [--workers "
	      "N]\n"
	      "                        [--json] FILE.pcap... | -\n"
	      "  -S FILE               rules, also a pattern like 'rules/*.rules'; classification.config "
	      "beside\n"
	      "                        it is read too\n"
	      "  --set KEY=VALUE       a rule variable (HOME_NET=…) or a limit (depth, flow.memory, flow.max "
	      "…),\n"
	      "                        threshold-file=FILE: a threshold.config\n"
	      "  -k none               do not verify checksums\n"
	      "  -l DIR                write records to DIR/eve.json\n"
	      "  --eve KIND,…          which records (alert,drop,stats); all of them: all\n"
	      "  --severity FILE       lines of: sid severity\n"
	      "  --workers N           share the captures among N threads, by pairs of hosts (1); what "
	      "rules\n"
	      "                        count across pairs is counted by each worker\n"
	      "  --cache DIR|none      where compiled rules are kept (the user's cache folder)\n"
	      "exit: 0 nothing found, 1 alerts, 2 wrong use or unreadable input\n",
	      out);
}

static int usage(void)
{
	help(stderr);
	return EXIT_USAGE;
}

enum {
	OPTION_SET = 256,
	OPTION_SEVERITY,
	OPTION_CLASSIFICATION,
	OPTION_CACHE,
	OPTION_WORKERS,
	OPTION_EVE,
	OPTION_JSON,
};

static int set_workers(struct inspection *inspection, const char *value)
{
	char *end;
	unsigned long count = strtoul(value, &end, 10);

	if (*end || *value < '0' || *value > '9' || !count || count > INSPECT_WORKERS_MAX) {
		fprintf(stderr, "--workers %s: a number from 1 to %u is expected\n", value,
			INSPECT_WORKERS_MAX);
		return -EINVAL;
	}
	inspection->workers = (unsigned int)count;
	return 0;
}

static void complain_eve(const char *text)
{
	fprintf(stderr, "--eve %s: kinds of records are", text);
	for (int kind = 0; kind < EVE_KIND_MAX; kind++)
		fprintf(stderr, " %s", eve_kind_names[kind]);
	fputs(", or all\n", stderr);
}

/* 0, or an exit status. */
static int take_option(struct inspection *inspection, int option)
{
	int error = 0;

	switch (option) {
	case 'S':
		error = inspection_load_rules(inspection, optarg);
		break;
	case 'k':
		if (strcmp(optarg, "none") && strcmp(optarg, "all"))
			return usage();
		inspection->options.verify_checksums = !strcmp(optarg, "all");
		break;
	case 'l':
		inspection->log_dir = optarg;
		break;
	case OPTION_SET:
		error = inspection_set(inspection, optarg);
		break;
	case OPTION_SEVERITY:
		error = inspection_load_file(inspection, optarg, ruleset_add_severity);
		break;
	case OPTION_CLASSIFICATION:
		error = inspection_load_file(inspection, optarg, ruleset_add_classification);
		break;
	case OPTION_CACHE:
		inspection->cache.folder = optarg;
		break;
	case OPTION_WORKERS:
		error = set_workers(inspection, optarg);
		break;
	case OPTION_EVE:
		error = eve_kinds_read(optarg, &inspection->records.kinds);
		if (error)
			complain_eve(optarg);
		break;
	case OPTION_JSON:
		inspection->json = true;
		break;
	default:
		return usage();
	}
	return error ? EXIT_USAGE : 0;
}

static const char short_options[] = "S:k:l:";
static const struct option long_options[] = {
	{"set", required_argument, NULL, OPTION_SET},
	{"severity", required_argument, NULL, OPTION_SEVERITY},
	{"classification", required_argument, NULL, OPTION_CLASSIFICATION},
	{"cache", required_argument, NULL, OPTION_CACHE},
	{"workers", required_argument, NULL, OPTION_WORKERS},
	{"eve", required_argument, NULL, OPTION_EVE},
	{"json", no_argument, NULL, OPTION_JSON},
	{0},
};

/* Variables, classes and severities must be known before the rules that use them, whatever the order on the
 * line. */
static int take_options(struct inspection *inspection, int argc, char **argv)
{
	int option, status;

	for (int pass = 0; pass < 2; pass++) {
		if (pass && inspection_load_data(inspection))
			return EXIT_USAGE;
		optind = 0;
		while ((option = getopt_long(argc, argv, short_options, long_options, NULL)) != -1) {
			if ((option == 'S') != pass)
				continue;
			status = take_option(inspection, option);
			if (status)
				return status;
		}
	}
	return optind == argc ? usage() : 0;
}

static int prepare(struct inspection *inspection)
{
	char why[256] = "";
	int error;

	rules_cache_use(&inspection->cache, inspection->builder);
	error = ruleset_build(inspection->builder, &inspection->set, why, sizeof(why));
	if (!error)
		rules_cache_keep(&inspection->cache, inspection->set);
	if (error) {
		fprintf(stderr, "the rules cannot be compiled: %s\n", *why ? why : strerror(-error));
		return error;
	}
	error = inspection_open_eve(inspection);
	return error ? error : inspection_start(inspection);
}

static int inspect_all(struct inspection *inspection, int argc, char **argv)
{
	struct inspector_stats stats = {0};
	struct ruleset_counts rules;

	inspection->captures = argv + optind;
	inspection->capture_count = (unsigned int)(argc - optind);
	if (inspection->prefilter)
		inspection->workers = 1; /* what the kernel would have seen is told by one */
	for (int i = optind; i < argc && inspection->workers > 1; i++) {
		if (strcmp(argv[i], "-"))
			continue;
		fputs("standard input can be read once only: one worker\n", stderr);
		inspection->workers = 1;
	}
	if (inspection->profile)
		inspection->workers = 1; /* two threads in turns on one processor would measure each other */
	if (prepare(inspection))
		return EXIT_USAGE;
	if (inspection->workers <= 1) {
		inspection_read_captures(inspection);
		inspector_count(inspection->inspector, &stats);
	} else if (inspection_share(inspection, &stats)) {
		inspection->failed = true;
	}
	ruleset_count(inspection->set, &rules);
	eve_writer_stats(&inspection->records, &stats, &rules);
	if (inspection->eve && fflush(inspection->eve)) {
		fprintf(stderr, "%s/eve.json: %s\n", inspection->log_dir, strerror(errno));
		inspection->failed = true;
	}
	inspection_complain_lost(&inspection->records);
	if (inspection->profile &&
	    rules_profile_print(inspection->inspector, inspection->set, inspection->json))
		inspection->failed = true;
	if (inspection->profile)
		return inspection->failed ? EXIT_USAGE : 0;
	if (inspection->json)
		inspection_print_json(inspection, &stats, &rules);
	else
		inspection_print_text(inspection, &stats, &rules);
	if (inspection->failed)
		return EXIT_USAGE;
	return stats.alerts ? EXIT_FINDING : 0;
}

static int inspect_command(int argc, char **argv, bool profile)
{
	struct inspection inspection = {.options.verify_checksums = true,
					.records.kinds = EVE_STANDARD,
					.json = client.json,
					.profile = profile};
	int status;

	data_magic_use();
	if (ruleset_builder_new(&inspection.builder)) {
		fprintf(stderr, "%s\n", strerror(ENOMEM));
		return EXIT_USAGE;
	}
	ruleset_set_loader(inspection.builder, inspection_load_dataset, &inspection);
	status = take_options(&inspection, argc, argv);
	if (!status && !inspection.rules_given)
		fputs("no rules were given (-S): only decoding is shown\n", stderr);
	if (!status)
		status = inspect_all(&inspection, argc, argv);
	inspection_free(&inspection);
	return status;
}

int cmd_inspect(int argc, char **argv)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--"); i++) {
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
			help(stdout);
			return 0;
		}
	}
	return inspect_command(argc, argv, false);
}

int cmd_rules_profile(int argc, char **argv)
{
	return inspect_command(argc, argv, true);
}
