// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_report.c - report and top: what the store has, told to people.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "access_log.h"
#include "client.h"
#include "client_store.h"
#include "cmd_report.h"
#include "core/report/report.h"
#include "data_file.h"
#include "lib/wall.h"
#include "view/asset_file.h"
#include "view/report_store.h"
#include "store/audit_log.h"

struct report_options {
	const char *store, *threats, *period, *from, *to, *tenant, *lang, *format;
	unsigned int n;
};

/* A report: what it asks of the store beside figures and counters, and who writes it. */
struct report_kind {
	const char *name;
	enum report_wants wants;
	int (*write)(struct report *report, struct document **out);
};
static const struct report_kind kinds[] = {
	{"top", WANTS_NOTHING, report_top},
	{"security-log", WANTS_EVENTS, report_log},
	{"notices", WANTS_NOTICES, report_notices},
	{"change", WANTS_BEFORE, report_change},
};

static int threats_load(const char *path, struct threat_set **out)
{
	char why[160] = "";
	AUTO_FREE char *text = NULL;
	size_t len = 0;
	int err = data_file_shipped(path, "rules", "threats.json", &text, &len);

	if (!err)
		err = threat_set_new(text, len, out, why);
	if (err)
		fprintf(stderr, "sekimori: names of threats: %s: %s (--threats names the file)\n",
			path ? path : "threats.json", *why ? why : strerror(-err));
	return err;
}

/* Of this machine's own store only: another one's events are about other hosts. NULL: none, or not to be
 * read. */
static void assets_load(const char *store, struct asset_set **out)
{
	char path[INSTANCE_PATH_MAX];
	AUTO_FD int imported = -1;
	AUTO_FD int observed = -1;

	if (store)
		return;
	if (!instance_path(path, sizeof(path), client.state_root, client.instance, "portal"))
		imported = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (!client_store_folder(path))
		observed = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (asset_inventory_load(imported < 0 ? -1 : imported, observed < 0 ? -1 : observed, out))
		fprintf(stderr,
			"sekimori: the inventory cannot be read (see sekimori assets list): whether attacks "
			"concern what runs there is not in this report\n");
}

static void head_text(char text[96])
{
	char dir[INSTANCE_PATH_MAX];
	struct audit_head head;

	text[0] = '\0';
	if (!client_store_folder(dir) && !audit_head_read(dir, &head))
		snprintf(text, 96, "%llu:%s", (unsigned long long)head.number, head.hash);
}

static int report_print(const struct report_kind *kind, const struct report_options *options,
			const struct period *period, enum document_format format)
{
	CLEANUP(store_close) struct store *store = NULL;
	CLEANUP(threat_set_free) struct threat_set *threats = NULL;
	CLEANUP(asset_set_free) struct asset_set *assets = NULL;
	CLEANUP(report_free) struct report *report = NULL;
	CLEANUP(document_free) struct document *document = NULL;
	AUTO_FREE char *text = NULL;
	char head[96];
	struct report_frame frame = {
		.language = explain_language(options->lang ? options->lang : getenv("LANG")),
		.from = period->from,
		.to = period->to,
		.before_from = period->before_from,
		.now = wall_us(),
		.zone_s = period->zone_s,
		.n = options->n,
		.name = period->name,
		.audit_head = head,
	};
	size_t len;
	int err;

	head_text(head);
	if (client_store_open(options->store, &store) || threats_load(options->threats, &threats))
		return EXIT_NOT_CONVERGED;
	assets_load(options->store, &assets);
	err = report_new(&frame, threats, &report);
	if (!err)
		report_assets(report, assets);
	if (!err)
		err = report_store_fill(store, report, period, kind->wants, options->tenant);
	if (!err)
		err = kind->write(report, &document);
	if (!err)
		err = document_write(document, format, &text, &len);
	if (err) {
		fprintf(stderr, "sekimori: report %s: %s\n", kind->name, strerror(-err));
		return EXIT_NOT_CONVERGED;
	}
	client_exported("report %s as %s", kind->name, document_format_names[format]);
	fwrite(text, 1, len, stdout);
	return 0;
}

int report_options_read(int argc, char **argv, const struct option *rows, const char **const *texts,
			unsigned int *n)
{
	char *end;
	int c;

	while ((c = getopt_long(argc, argv, "n:", rows, NULL)) != -1) {
		if (c == 'n') {
			*n = (unsigned int)strtoul(optarg, &end, 10);
			if (*end || end == optarg || *n < 1 || *n > REPORT_ROWS_MAX)
				return client_usage("report", "--n takes 1 to 1000", optarg);
		} else if (c == 'z') {
			setenv("TZ", optarg, 1);
		} else if (c == '?') {
			return client_usage("report", "unknown option", NULL);
		} else {
			*texts[c] = optarg;
		}
	}
	return 0;
}

static int options_read(int argc, char **argv, struct report_options *out)
{
	static const struct option rows[] = {
		{"period", required_argument, NULL, 'p'},
		{"from", required_argument, NULL, 'a'},
		{"to", required_argument, NULL, 'b'},
		{"n", required_argument, NULL, 'n'},
		{"lang", required_argument, NULL, 'l'},
		{"format", required_argument, NULL, 'f'},
		{"tenant", required_argument, NULL, 't'},
		{"store", required_argument, NULL, 's'},
		{"threats", required_argument, NULL, 'r'},
		{"tz", required_argument, NULL, 'z'},
		{NULL, 0, NULL, 0},
	};
	const char **const texts[] = {
		['p'] = &out->period, ['a'] = &out->from,   ['b'] = &out->to,	 ['l'] = &out->lang,
		['f'] = &out->format, ['t'] = &out->tenant, ['s'] = &out->store, ['r'] = &out->threats};
	int err = report_options_read(argc, argv, rows, texts, &out->n);

	if (err)
		return err;
	return optind < argc ? client_usage("report", "unexpected argument", argv[optind]) : 0;
}

static int report_run(const struct report_kind *kind, int argc, char **argv)
{
	struct report_options options = {.n = 10};
	enum document_format format = client.json ? DOCUMENT_JSON : DOCUMENT_TEXT;
	struct period period;
	char why[160] = "";
	int rc = options_read(argc, argv, &options);

	if (rc)
		return rc;
	if (options.format && document_format_find(options.format, &format))
		return client_usage("report", "--format takes text, html, csv or json", options.format);
	tzset();
	if (period_read(options.period, options.from, options.to, wall_us(), &period, why))
		return client_usage("report", why, NULL);
	return report_print(kind, &options, &period, format);
}

int cmd_report(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "file-access"))
		return report_access(argc - 1, argv + 1);
	if (argc > 1 && !strcmp(argv[1], "audit"))
		return report_audit(argc - 1, argv + 1);
	for (size_t i = 0; argc > 1 && i < ARRAY_LEN(kinds); i++)
		if (!strcmp(argv[1], kinds[i].name))
			return report_run(&kinds[i], argc - 1, argv + 1);
	return client_usage("report", "there are top, security-log, notices, change, audit and file-access",
			    argc > 1 ? argv[1] : NULL);
}

int cmd_top(int argc, char **argv)
{
	return report_run(&kinds[0], argc, argv);
}
