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
#include "client_store.h"
#include "core/egress/egress_lint.h"
#include "core/egress/egress_table.h"
#include "core/report/document.h"
#include "kern/usage.h"
#include "lib/civil.h"
#include "lib/file.h"
#include "lib/wall.h"
#include "view/egress_store.h"
#include "view/period.h"

#define DEFAULT_CONFIG "/etc/sekimori/sekimori.conf"
#define LINE_BYTES     (1u << 20)

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
	enum explain_language lang;
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

static int egress_lint_run(const char *path, enum explain_language lang)
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

struct report_options {
	const char *named, *from, *to, *store, *lang, *format_name;
	struct period period;
	enum document_format format;
	enum explain_language language;
};

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

static int report_files(const struct report_options *o, char *const *files, int count,
			struct egress_report **out)
{
	CLEANUP(egress_report_free) struct egress_report *report = NULL;
	int err = egress_report_new(o->period.from, o->period.to, &report);

	for (int i = 0; !err && i < count; i++) {
		err = read_events(files[i], report);
		if (err)
			fprintf(stderr, "sekimori egress report: %s: %s\n", files[i], strerror(-err));
	}
	if (err)
		return err;
	egress_report_close(report);
	*out = TAKE_PTR(report);
	return 0;
}

static int report_store(const struct report_options *o, struct egress_report **out)
{
	CLEANUP(store_close) struct store *store = NULL;
	int err = client_store_open(o->store, &store);

	if (err)
		return err;
	err = egress_store_report(store, o->period.from, o->period.to, out);
	if (err)
		fprintf(stderr, "sekimori egress report: the store: %s\n", strerror(-err));
	return err;
}

/* The newest moments are not told yet; a period that ends with now ends before them, and its text says when.
 */
static int period_fill(struct report_options *o, uint64_t now)
{
	uint64_t told = now - EGRESS_SETTLE_US;
	char why[160] = "";

	if (o->named && (o->from || o->to))
		return client_usage("egress", "--period or --from and --to, not both", NULL);
	if (o->named) {
		if (period_read(o->named, NULL, NULL, now, &o->period, why))
			return client_usage("egress", why, NULL);
		if (o->period.to > told)
			o->period.to = told;
	} else if (period_moment(o->from ? o->from : "-24h", now, &o->period.from) ||
		   period_moment(o->to ? o->to : "now", now, &o->period.to)) {
		return client_usage(
			"egress",
			"--from and --to take 2014-09-29, 2014-09-29T08:30, 2014-09-29T08:30:00Z, "
			"-24h or now",
			NULL);
	}
	if (o->period.to > told && o->period.to <= now)
		o->period.to = told;
	if (o->period.from >= o->period.to)
		return client_usage(
			"egress",
			"the period is empty, or younger than two minutes: nothing is told of it yet", NULL);
	o->period.zone_s = period_zone(o->period.from);
	return 0;
}

static int egress_report_run(struct report_options *o, char *const *files, int count)
{
	CLEANUP(egress_report_free) struct egress_report *report = NULL;
	CLEANUP(document_free) struct document *document = NULL;
	AUTO_FREE char *text = NULL;
	size_t len;
	int result = period_fill(o, wall_us());
	int err;

	if (result)
		return result;
	if (count ? report_files(o, files, count, &report) : report_store(o, &report))
		return EXIT_NOT_CONVERGED;
	err = egress_report_document(report, o->language, o->period.zone_s, &document);
	if (!err)
		err = document_write(document, o->format, &text, &len);
	if (err) {
		fprintf(stderr, "sekimori egress report: %s\n", strerror(-err));
		return EXIT_NOT_CONVERGED;
	}
	client_exported("report egress as %s", document_format_names[o->format]);
	fwrite(text, 1, len, stdout);
	return egress_report_verdict(report) == EGRESS_ZERO ? 0 : EXIT_FINDING;
}

static int options_read(int argc, char **argv, struct report_options *o)
{
	static const struct option rows[] = {
		{"period", required_argument, NULL, 'p'}, {"from", required_argument, NULL, 'a'},
		{"to", required_argument, NULL, 'b'},	  {"format", required_argument, NULL, 'f'},
		{"lang", required_argument, NULL, 'l'},	  {"store", required_argument, NULL, 's'},
		{"tz", required_argument, NULL, 'z'},	  {NULL, 0, NULL, 0},
	};
	const char **const texts[] = {['p'] = &o->named, ['a'] = &o->from, ['b'] = &o->to,
				      ['s'] = &o->store, ['l'] = &o->lang, ['f'] = &o->format_name};
	int c;

	while ((c = getopt_long(argc, argv, "", rows, NULL)) != -1) {
		if (c == '?')
			return client_usage("egress", "unknown option", NULL);
		if (c == 'z')
			setenv("TZ", optarg, 1);
		else
			*texts[c] = optarg;
	}
	tzset();
	o->language = explain_language(o->lang ? o->lang : getenv("LANG"));
	o->format = client.json ? DOCUMENT_JSON : DOCUMENT_TEXT;
	if (o->format_name && document_format_find(o->format_name, &o->format))
		return client_usage("egress", "--format takes text, html, csv or json", o->format_name);
	return 0;
}

int cmd_egress(int argc, char **argv)
{
	struct report_options o = {0};
	const char *what = argc > 1 ? argv[1] : "";

	argc--;
	argv++;
	optind = 1;
	if (argc > 0 && options_read(argc, argv, &o))
		return EXIT_USAGE;
	if (!strcmp(what, "report"))
		return egress_report_run(&o, argv + optind, argc - optind);
	if (argc - optind > 1)
		return client_usage("egress", "one configuration file at a time", argv[optind + 1]);
	if (!strcmp(what, "show"))
		return egress_show(optind < argc ? argv[optind] : DEFAULT_CONFIG);
	if (!strcmp(what, "lint"))
		return egress_lint_run(optind < argc ? argv[optind] : DEFAULT_CONFIG, o.language);
	return client_usage("egress", "show, lint or report", *what ? what : NULL);
}
