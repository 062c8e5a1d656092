// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_egress.c - what hosts may start (show), what is wrong with that (lint),
 * and what they did start (report).
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#include "client.h"
#include "core/egress/egress_lint.h"
#include "core/egress/egress_report.h"
#include "core/egress/egress_table.h"
#include "kern/usage.h"
#include "lib/civil.h"
#include "lib/file.h"

#define DEFAULT_CONFIG "/etc/sekimori/sekimori.conf"
#define LINE_BYTES     (1u << 20)
#define ROTATED_MAX    64 /* eve.json.1, .2.gz … that are read without being named */

static int read_policy(const char *command, const char *path, struct policy **out)
{
	struct conf_errors errors = {0};
	AUTO_FREE char *text = NULL;
	size_t len = 0;
	int err = file_read(AT_FDCWD, path, CONF_BYTES_MAX, &text, &len);

	if (err) {
		fprintf(stderr, "sekimori egress %s: %s: %s\n", command, path, strerror(-err));
		return EXIT_USAGE;
	}
	err = policy_parse(path, text, len, out, &errors);
	if (errors.text)
		fputs(errors.text, stderr);
	conf_errors_clear(&errors);
	return err ? EXIT_FINDING : 0;
}

/* --- show */

static const char *dst_text(const struct prefix *dst, char text[PREFIX_TEXT_MAX])
{
	return dst->len ? prefix_format(dst, text) : "any";
}

static void day(uint64_t when, char text[40])
{
	struct civil c = civil_of((int64_t)when);

	snprintf(text, 40, "%04d-%02u-%02u %02u:%02u", c.year % 10000, c.month, c.day, c.hour, c.minute);
}

static void show_service(const struct policy_service *s, int usage)
{
	char name[16], dst[PREFIX_TEXT_MAX], host[PREFIX_TEXT_MAX], when[40];
	struct seki_egress_use use;

	printf("  %-12s %-11s to %-24s", s->profile, egress_service_name(s->proto, s->port, name),
	       dst_text(&s->dst, dst));
	if (s->until) {
		day(s->until, when);
		printf(" for %s until %s, %s, %s", prefix_format(&s->host, host), when, s->owner, s->ticket);
	}
	printf(s->rule ? " (line %u)" : " (template)", s->rule);
	if (usage >= 0)
		printf(usage_get(usage, egress_rule_id(s), &use) ? ", never used"
								 : ", used %" PRIu64 " times",
		       (uint64_t)use.flows);
	printf("\n");
}

static void show_host(const struct policy *policy, uint32_t i)
{
	static const char *const modes[] = {"", ", monitor", ", enforce"};
	const struct policy_host *h = &policy->hosts[i];
	char text[PREFIX_TEXT_MAX];

	printf("  %-24s %s%s%s%s\n", h->self ? "self (this machine)" : prefix_format(&h->prefix, text),
	       h->profile, modes[h->mode], *h->name ? ", " : "", h->name);
}

static int egress_show(const char *path)
{
	static const char *const templates[] = {"standard", "strict", "none"};
	CLEANUP(policy_free) struct policy *policy = NULL;
	AUTO_FD int usage = -1;
	int result = read_policy("show", path, &policy);

	if (result)
		return result;
	if (usage_open(client.instance, &usage))
		usage = -1;
	printf("template %s; HTTP/3 (quic) for proxies: %s; hosts that say nothing: %s; packet sockets: %s\n",
	       templates[policy->egress.template], policy->egress.quic ? "on" : "off",
	       policy->egress.mode ? "enforce" : "monitor", policy->egress.raw ? "allowed" : "denied");
	printf("hosts (all others have the default profile):\n");
	for (uint32_t i = 0; i < policy->host_count; i++)
		show_host(policy, i);
	printf("services:\n");
	for (uint32_t i = 0; i < policy->service_count; i++)
		show_service(&policy->services[i], usage);
	return 0;
}

/* --- lint */

struct linter {
	enum egress_lang lang;
	int usage;
};

static bool rule_used(uint32_t rule, void *arg)
{
	const struct linter *linter = arg;
	struct seki_egress_use use;

	return !usage_get(linter->usage, rule, &use);
}

static void lint_print(enum egress_lint lint, const struct policy_service *s,
		       const struct policy_service *other, void *arg)
{
	const struct linter *linter = arg;
	char name[16], dst[PREFIX_TEXT_MAX];

	if (client.json) {
		printf("{\"lint\":\"%s\",\"line\":%u,\"profile\":\"%s\",\"text\":\"%s\"}\n",
		       egress_lint_names[lint], s ? s->rule : 0, s ? s->profile : "",
		       egress_lint_texts[lint][linter->lang]);
		return;
	}
	if (!s) {
		printf("%s: %s\n", egress_lint_names[lint], egress_lint_texts[lint][linter->lang]);
		return;
	}
	printf("%s: ", egress_lint_names[lint]);
	if (s->rule)
		printf("line %u: ", s->rule);
	else
		printf("template: ");
	printf("%s %s to %s: %s", s->profile, egress_service_name(s->proto, s->port, name),
	       dst_text(&s->dst, dst), egress_lint_texts[lint][linter->lang]);
	if (other && other->rule)
		printf(" (line %u)", other->rule);
	printf("\n");
}

static int egress_lint_run(const char *path, enum egress_lang lang)
{
	CLEANUP(policy_free) struct policy *policy = NULL;
	struct linter linter = {.lang = lang, .usage = -1};
	int result = read_policy("lint", path, &policy);
	uint32_t told;

	if (result)
		return result;
	if (usage_open(client.instance, &linter.usage))
		linter.usage = -1;
	told = egress_lint(policy, (uint64_t)time(NULL), linter.usage >= 0 ? rule_used : NULL, lint_print,
			   &linter);
	if (linter.usage >= 0)
		close(linter.usage);
	else
		fprintf(stderr,
			"instance %s is not up, or its pins cannot be read: unused rules are not looked "
			"for\n",
			client.instance);
	return told ? EXIT_FINDING : 0;
}

/* --- report */

/* Plain or compressed. A line that is longer than any of ours is passed by. */
static int read_events(const char *path, struct egress_report *report)
{
	AUTO_FREE char *line = malloc(LINE_BYTES);
	gzFile file = line ? gzopen(path, "re") : NULL;
	int err = 0;

	if (!file)
		return line ? -errno : -ENOMEM;
	while (!err && gzgets(file, line, LINE_BYTES)) {
		size_t len = strlen(line);

		err = egress_report_line(report, line, len);
	}
	if (!err && !gzeof(file))
		err = -EIO;
	gzclose(file);
	return err;
}

/* What log rotation made of it: path.1, path.1.gz, … */
static void read_rotated(const char *path, struct egress_report *report)
{
	static const char *const ends[] = {"", ".gz"};
	char name[512];

	for (int i = 1; i <= ROTATED_MAX; i++)
		for (size_t j = 0; j < ARRAY_LEN(ends); j++) {
			snprintf(name, sizeof(name), "%.400s.%d%s", path, i, ends[j]);
			if (!access(name, R_OK) && read_events(name, report))
				fprintf(stderr, "sekimori egress report: %s could not be read to its end\n",
					name);
		}
}

static int event_file(char path[POLICY_PATH_MAX])
{
	AUTO_JSON json_t *answer = client_ask(json_pack("{s:s}", "request", "status"), -1);

	if (!answer || !client_ok(answer))
		return -ENOENT;
	snprintf(path, POLICY_PATH_MAX, "%s", client_text(answer, "eve"));
	return *path ? 0 : -ENOENT;
}

static int choice(const char *word, const char *const *names, int count)
{
	for (int i = 0; i < count; i++)
		if (!strcmp(names[i], word))
			return i;
	return -1;
}

/* "-24h", "-30m", "-7d" from now, or a day or time. */
static bool read_time(const char *word, uint64_t now, uint64_t *out)
{
	uint64_t n = 0;
	char unit = 0;
	static const struct {
		char unit;
		uint32_t seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};

	if (!strcmp(word, "now")) {
		*out = now;
		return true;
	}
	if (*word != '-' && *word != '+')
		return time_iso(text_of(word), out);
	if (sscanf(word + 1, "%9" SCNu64 "%c", &n, &unit) != 2)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (units[i].unit != unit)
			continue;
		*out = *word == '-' ? (now > n * units[i].seconds ? now - n * units[i].seconds : 1)
				    : now + n * units[i].seconds;
		return true;
	}
	return false;
}

struct report_options {
	uint64_t from, to;
	int format, lang;
};

static int report_option(int option, struct report_options *o)
{
	uint64_t now = (uint64_t)time(NULL);

	switch (option) {
	case 'f':
		return read_time(optarg, now, &o->from)
			       ? 0
			       : client_usage("egress", "--from takes a day, a time or -24h", optarg);
	case 't':
		return read_time(optarg, now, &o->to)
			       ? 0
			       : client_usage("egress", "--to takes a day, a time or -24h", optarg);
	case 'F':
		o->format = choice(optarg, egress_format_names, EGRESS_FORMAT_MAX);
		return o->format >= 0 ? 0
				      : client_usage("egress", "--format is text, html, csv or json", optarg);
	case 'l':
		o->lang = choice(optarg, egress_lang_names, EGRESS_LANG_MAX);
		return o->lang >= 0 ? 0 : client_usage("egress", "--lang is en or ja", optarg);
	}
	return client_usage("egress", "unknown option", NULL);
}

static int report_files(struct egress_report *report, char *const *files, int count)
{
	char path[POLICY_PATH_MAX];
	int err = 0;

	if (!count) {
		if (event_file(path)) {
			fprintf(stderr, "sekimori egress report: no daemon says where its events are; name "
					"the files\n");
			return EXIT_NOT_CONVERGED;
		}
		read_rotated(path, report);
		err = read_events(path, report);
		if (err)
			fprintf(stderr, "sekimori egress report: %s: %s\n", path, strerror(-err));
		return err ? EXIT_NOT_CONVERGED : 0;
	}
	for (int i = 0; i < count; i++) {
		err = read_events(files[i], report);
		if (err) {
			fprintf(stderr, "sekimori egress report: %s: %s\n", files[i], strerror(-err));
			return EXIT_NOT_CONVERGED;
		}
	}
	return 0;
}

static int egress_report_run(const struct report_options *o, char *const *files, int count)
{
	CLEANUP(egress_report_free) struct egress_report *report = NULL;
	int result;

	if (egress_report_new(o->from * 1000000, o->to * 1000000, &report))
		return client_usage("egress", "--from must come before --to", NULL);
	result = report_files(report, files, count);
	if (result)
		return result;
	egress_report_close(report);
	egress_report_write(report, client.json ? EGRESS_JSON : (enum egress_format)o->format,
			    (enum egress_lang)o->lang, stdout);
	return egress_report_verdict(report) == EGRESS_ZERO ? 0 : EXIT_FINDING;
}

int cmd_egress(int argc, char **argv)
{
	static const struct option options[] = {{"from", required_argument, NULL, 'f'},
						{"to", required_argument, NULL, 't'},
						{"format", required_argument, NULL, 'F'},
						{"lang", required_argument, NULL, 'l'},
						{0}};
	uint64_t now = (uint64_t)time(NULL);
	struct report_options o = {.from = now - 86400, .to = now};
	const char *what = argc > 1 ? argv[1] : "";
	int option;

	argc--;
	argv++;
	optind = 1;
	while (argc > 0 && (option = getopt_long(argc, argv, "", options, NULL)) != -1)
		if (report_option(option, &o))
			return EXIT_USAGE;
	if (!strcmp(what, "report"))
		return egress_report_run(&o, argv + optind, argc - optind);
	if (argc - optind > 1)
		return client_usage("egress", "one configuration file at a time", argv[optind + 1]);
	if (!strcmp(what, "show"))
		return egress_show(optind < argc ? argv[optind] : DEFAULT_CONFIG);
	if (!strcmp(what, "lint"))
		return egress_lint_run(optind < argc ? argv[optind] : DEFAULT_CONFIG,
				       (enum egress_lang)o.lang);
	return client_usage("egress", "show, lint or report", *what ? what : NULL);
}
