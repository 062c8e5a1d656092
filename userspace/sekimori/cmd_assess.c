// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_assess.c - a guideline against the effective state: asks the daemon,
 * which reads the kernel back, and reads the configuration that lies on the
 * disk. Changes nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "client.h"
#include "core/policy/policy.h"
#include "core/report/assess.h"
#include "data_file.h"
#include "lib/file.h"

struct assess_options {
	const char *guideline, *config, *lang, *format;
};

static json_t *config_ifaces(const struct policy *policy)
{
	json_t *out = json_array();

	for (uint32_t i = 0; i < policy->iface_count; i++)
		json_array_append_new(
			out, json_pack("{s:s,s:i,s:s}", "name", policy->ifaces[i].name, "vlan",
				       (int)policy->ifaces[i].vlan, "mode",
				       policy->ifaces[i].mode == SEKI_MODE_ENFORCE ? "enforce" : "monitor"));
	return out;
}

/* What the file would say if it were applied now. */
static json_t *config_facts(const char *path)
{
	CLEANUP(policy_free) struct policy *policy = NULL;
	struct conf_errors errors = {0};
	json_t *out = json_pack("{s:s,s:b}", "path", path, "good", 0);
	AUTO_FREE char *text = NULL;
	uint64_t digest = 0;
	char shown[20];
	size_t len = 0;

	if (file_read(AT_FDCWD, path, CONF_BYTES_MAX, &text, &len))
		return out;
	if (!policy_parse(path, text, len, &policy, &errors) && !policy_digest(policy, &digest)) {
		snprintf(shown, sizeof(shown), "%016" PRIx64, digest);
		json_object_set_new(out, "good", json_true());
		json_object_set_new(out, "digest", json_string(shown));
		json_object_set_new(out, "ifaces", config_ifaces(policy));
	}
	conf_errors_clear(&errors);
	return out;
}

/* NULL and said nothing: a question that is not answered is a fact that is not known. */
static void ask(json_t *facts, const char *key, const char *command)
{
	json_t *answer = client_ask(json_pack("{s:s}", "command", command), -1);

	if (client_ok(answer))
		json_object_set(facts, key, answer);
	json_decref(answer);
}

static json_t *facts_gather(const struct assess_options *options)
{
	json_t *facts = json_object();
	const char *path = options->config;

	if (client_present()) {
		ask(facts, "status", "status");
		ask(facts, "lists", "lists");
		ask(facts, "verify", "verify");
	}
	json_object_set_new(facts, "answers", json_boolean(json_object_get(facts, "status")));
	if (!path)
		path = client_text(json_object_get(facts, "status"), "config");
	json_object_set_new(facts, "config", config_facts(*path ? path : CONFIG_STANDARD));
	assess_facts(facts, (uint64_t)time(NULL));
	return facts;
}

static int guideline_load(const char *path, struct assess **out)
{
	char why[160] = "";
	AUTO_FREE char *text = NULL;
	size_t len = 0;
	int err = data_file_shipped(path, "rules", "guideline.json", &text, &len);

	if (!err)
		err = assess_new(text, len, out, why);
	if (err)
		fprintf(stderr, "sekimori assess: %s: %s (--guideline names the file)\n",
			path ? path : "guideline.json", *why ? why : strerror(-err));
	return err;
}

static int assess_print(const struct assess_options *options, enum document_format format)
{
	CLEANUP(assess_free) struct assess *assess = NULL;
	CLEANUP(document_free) struct document *document = NULL;
	AUTO_JSON json_t *facts = NULL;
	AUTO_FREE char *text = NULL;
	char when[40];
	time_t now = time(NULL);
	struct tm tm;
	const struct assess_frame frame = {
		.language = explain_language(options->lang ? options->lang : getenv("LANG")), .when = when};
	struct assess_sum sum;
	size_t len;
	int err;

	if (guideline_load(options->guideline, &assess))
		return EXIT_USAGE;
	strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S %Z", localtime_r(&now, &tm));
	facts = facts_gather(options);
	err = assess_report(assess, facts, &frame, &document, &sum);
	if (!err)
		err = document_write(document, format, &text, &len);
	if (err) {
		fprintf(stderr, "sekimori assess: %s\n", strerror(-err));
		return EXIT_NOT_CONVERGED;
	}
	client_exported("report assess as %s", document_format_names[format]);
	fwrite(text, 1, len, stdout);
	return sum.drifts || sum.unknown ? EXIT_FINDING : 0;
}

int cmd_assess(int argc, char **argv)
{
	static const struct option rows[] = {
		{"guideline", required_argument, NULL, 'g'},
		{"config", required_argument, NULL, 'c'},
		{"lang", required_argument, NULL, 'l'},
		{"format", required_argument, NULL, 'f'},
		{NULL, 0, NULL, 0},
	};
	struct assess_options options = {0};
	const char **const texts[] = {['g'] = &options.guideline,
				      ['c'] = &options.config,
				      ['l'] = &options.lang,
				      ['f'] = &options.format};
	enum document_format format = client.json ? DOCUMENT_JSON : DOCUMENT_TEXT;
	int c;

	while ((c = getopt_long(argc, argv, "", rows, NULL)) != -1) {
		if (c == '?')
			return client_usage("assess", "unknown option", NULL);
		*texts[c] = optarg;
	}
	if (optind < argc)
		return client_usage("assess", "unexpected argument", argv[optind]);
	if (options.format && document_format_find(options.format, &format))
		return client_usage("assess", "--format takes text, html, csv or json", options.format);
	return assess_print(&options, format);
}
