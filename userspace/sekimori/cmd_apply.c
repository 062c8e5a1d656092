// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_apply.c - check, apply, confirm, rollback.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "client.h"
#include "core/list/list_gather.h"
#include "core/policy/policy.h"
#include "lib/file.h"

#define LINES_TOLD 20u /* of refused rows of one list; all are counted */

static void key_print(const struct policy_key_help *row, void *arg)
{
	printf("%-10s %-24s %-16s %-12s %s\n", *row->block ? row->block : "-", row->name,
	       row->type ? row->type : "", row->standard ? row->standard : "", row->help);
}

struct check_list {
	struct list_gather gather; /* first: list_import() hands it through */
	const char *path;
	unsigned int told;
};

static void check_refused(unsigned int line, const char *text, const char *why, void *arg)
{
	struct check_list *check = arg;

	if (check->told++ < LINES_TOLD)
		fprintf(stderr, "%s:%u: \"%.60s\": %s\n", check->path, line, text, why);
}

/* As a daemon would read it, but for the addresses that only it knows. */
static int check_list(const struct policy *policy, uint32_t row, const char *text, size_t len,
		      struct list_report *report)
{
	const struct policy_list *list = &policy->lists[row];
	const struct list_guard guard = {.allow = list->allow,
					 .max_share = list->allow & LIST_ALLOW_SHARE ? 0 : list->max_share};
	const struct list_import_how how = {
		.format = list->format, .now = (uint64_t)time(NULL), .flags = list->flags, .guard = &guard};
	const struct list_gather_how gather = {
		.flags = list->flags, .severity = list->severity, .now = how.now};
	struct check_list check = {.path = list->path};
	struct list_batch batch = {0};
	int err = list_gather_begin(&check.gather, &batch, &gather, len);

	if (!err)
		err = list_import(text, len, &how, list_gather_add, check_refused, &check.gather, report);
	list_gather_end(&check.gather);
	list_batch_clear(&batch);
	return err;
}

static int check_lists(struct policy *policy)
{
	int result = 0;

	for (uint32_t i = 0; i < policy->list_count; i++) {
		AUTO_FREE char *text = NULL;
		struct list_report report = {0};
		const char *path = policy->lists[i].path;
		size_t len = 0;
		int err;

		if (!*path)
			continue; /* its addresses stand in the configuration */
		err = file_read(AT_FDCWD, path, 512u << 20, &text, &len);
		if (!err)
			err = check_list(policy, i, text, len, &report);
		if (*report.refusal) {
			fprintf(stderr, "%s: list %s is refused: %s%s%s%s\n", path, policy->lists[i].name,
				report.refusal, report.allow ? " (allow-" : "", list_allow_name(report.allow),
				report.allow ? " takes it)" : "");
			result = EXIT_FINDING;
			continue;
		}
		if (err) {
			fprintf(stderr, "list %s: %s: %s\n", policy->lists[i].name, path, strerror(-err));
			result = EXIT_FINDING;
			continue;
		}
		if (!client.json)
			printf("list %s: format %s: %u rows read, %u accepted, %u merged, %u refused\n",
			       policy->lists[i].name, report.format, report.lines, report.accepted,
			       report.merged, report.refused);
		if (report.refused)
			result = EXIT_FINDING;
	}
	return result;
}

static int check_file(const char *path)
{
	CLEANUP(policy_free) struct policy *policy = NULL;
	struct conf_errors errors = {0};
	AUTO_FREE char *text = NULL;
	size_t len = 0;
	int err = file_read(AT_FDCWD, path, CONF_BYTES_MAX, &text, &len);

	if (err) {
		fprintf(stderr, "sekimori check: %s: %s\n", path, strerror(-err));
		return EXIT_USAGE;
	}
	err = policy_parse(path, text, len, &policy, &errors);
	if (errors.text)
		fputs(errors.text, stderr);
	if (err) {
		fprintf(stderr, "%s: %u error%s; it would not be applied\n", path, errors.count,
			errors.count == 1 ? "" : "s");
		conf_errors_clear(&errors);
		return EXIT_FINDING;
	}
	conf_errors_clear(&errors);
	err = check_lists(policy);
	if (client.json)
		printf("{\"file\":\"%s\",\"interfaces\":%u,\"networks\":%u,\"services\":%u,\"lists\":%u,"
		       "\"rules\":%u,\"ok\":%s}\n",
		       path, policy->iface_count, policy->net_count, policy->service_count,
		       policy->list_count, policy->rule_file_count, err ? "false" : "true");
	else
		printf("%s: good: %u interfaces, %u networks, %u egress services, %u lists, %u rule "
		       "patterns\n",
		       path, policy->iface_count, policy->net_count, policy->service_count,
		       policy->list_count, policy->rule_file_count);
	return err;
}

int cmd_check(int argc, char **argv)
{
	if (argc > 2)
		return client_usage("check", "unexpected argument", argv[2]);
	if (argc == 2 && !strcmp(argv[1], "--keys")) {
		policy_keys(key_print, NULL);
		return 0;
	}
	return check_file(argc == 2 ? argv[1] : CONFIG_STANDARD);
}

int cmd_apply(int argc, char **argv)
{
	static const struct option options[] = {
		{"dry-run", no_argument, NULL, 'd'},
		{"confirm-within", required_argument, NULL, 'w'},
		{NULL, 0, NULL, 0},
	};
	char path[PATH_MAX] = "";
	bool dry = false;
	uint32_t confirm = 0;
	json_t *request;
	int c, err;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'd')
			dry = true;
		else if (c != 'w')
			return client_usage("apply", "unknown option", NULL);
		else if (conf_seconds(optarg, &confirm) || confirm < 5 || confirm > 86400)
			return client_usage("apply", "--confirm-within takes 5 s to 1 day", optarg);
	}
	if (argc - optind > 1)
		return client_usage("apply", "unexpected argument", argv[optind + 1]);
	if (optind < argc && !realpath(argv[optind], path)) {
		fprintf(stderr, "sekimori apply: %s: %s\n", argv[optind], strerror(errno));
		return EXIT_USAGE;
	}
	if (dry)
		return check_file(*path ? path : CONFIG_STANDARD);
	request = json_pack("{s:s,s:I}", "command", "apply", "number", (json_int_t)confirm);
	if (*path)
		json_object_set_new(request, "path", json_string(path));
	err = client_do(request, -1);
	if (!err && confirm && !client.json)
		printf("on probation: `sekimori confirm` within %u s keeps it, else the earlier policy comes "
		       "back\n",
		       confirm);
	return err;
}

int cmd_confirm(int argc, char **argv)
{
	if (argc > 1)
		return client_usage("confirm", "unexpected argument", argv[1]);
	return client_do(json_pack("{s:s}", "command", "confirm"), -1);
}

int cmd_rollback(int argc, char **argv)
{
	if (argc > 1)
		return client_usage("rollback", "unexpected argument", argv[1]);
	return client_do(json_pack("{s:s}", "command", "rollback"), -1);
}
