// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_rules.c - `sekimori rules`: check files, try them on a capture,
 * explain a sid or a keyword.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <libgen.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include "client.h"
#include "core/rule/explain.h"
#include "core/prefilter/prefilter.h"
#include "core/rule/rule_address.h"
#include "core/rule/ruleset.h"
#include "data_file.h"
#include "lib/file.h"
#include "lib/prefix.h"

#define RULES_FILE_MAX	     (256u << 20)
#define REFUSED_KEYWORDS_MAX 128
#define CHECK_DATA_MAX	     64u

struct refusal {
	char keyword[64];
	unsigned int count;
};
struct rules_check {
	struct ruleset_builder *builder;
	struct refusal refusals[REFUSED_KEYWORDS_MAX];
	unsigned int refusal_count, others;
	json_t *list; /* of refused rules, with --json */
	bool quiet;
	bool kernel; /* what of them the kernel module could do */
	struct {
		enum rule_data_kind kind;
		const char *path;
	} data[CHECK_DATA_MAX]; /* read when all variables are known */
	unsigned int data_count;
	const char *suppressed; /* "SID,SOURCE,DESTINATION" to be answered */
};

static int rules_usage(void)
{
	fputs("usage: sekimori rules check [--set NAME=VALUE]... [--classification FILE] [--severity FILE] "
	      "[--json]\n"
	      "                            [--data KIND=FILE]... [--suppressed SID,SOURCE,DESTINATION]\n"
	      "                            [--quiet] [--kernel] FILE...\n"
	      "       sekimori rules test FILE.pcap -S FILE.rules [options of inspect]\n"
	      "       sekimori rules keywords\n"
	      "       sekimori rules profile FILE.pcap -S FILE.rules [--json] [options of inspect]\n"
	      "       sekimori rules addresses FILE...    | sekimori list load NAME /dev/stdin\n"
	      "       sekimori rules reload\n"
	      "       sekimori rules explain [--lang ja|en] [--file FILE.json] SID|KEYWORD\n"
	      "exit: 0 all is well, 1 a rule was refused or nothing is known, 2 wrong use or unreadable "
	      "file\n",
	      stderr);
	return EXIT_USAGE;
}

static void check_count(struct rules_check *check, const char *keyword)
{
	unsigned int i;

	for (i = 0; i < check->refusal_count && strcmp(check->refusals[i].keyword, keyword); i++)
		;
	if (i == REFUSED_KEYWORDS_MAX) {
		check->others++;
		return;
	}
	if (i == check->refusal_count) {
		snprintf(check->refusals[i].keyword, sizeof(check->refusals[i].keyword), "%s", keyword);
		check->refusal_count++;
	}
	check->refusals[i].count++;
}

/* Text of rule files may hold control characters that a terminal would obey. */
static void print_clean(FILE *to, const char *text)
{
	for (; *text; text++)
		fputc(iscntrl((unsigned char)*text) ? '?' : *text, to);
}

static void check_refused(const char *file, unsigned int line, uint32_t sid, const char *keyword,
			  const char *why, void *arg)
{
	struct rules_check *check = arg;

	check_count(check, keyword);
	if (check->list)
		json_array_append_new(check->list,
				      json_pack("{s:s, s:i, s:I, s:s%, s:s}", "file", file, "line", (int)line,
						"sid", (json_int_t)sid, "keyword", keyword, strlen(keyword),
						"why", why));
	if (check->quiet || check->list)
		return;
	fprintf(stderr, "%s:%u: ", file, line);
	if (sid)
		fprintf(stderr, "sid %u: ", sid);
	print_clean(stderr, keyword);
	fprintf(stderr, ": %s\n", why);
}

typedef int (*rules_add_fn)(struct ruleset_builder *builder, const char *file, const char *text, size_t len,
			    ruleset_refused_fn fn, void *arg);

static int check_file(struct rules_check *check, const char *path, rules_add_fn add)
{
	AUTO_FREE char *text = NULL;
	size_t len;
	int err = file_read(AT_FDCWD, path, RULES_FILE_MAX, &text, &len);

	if (!err)
		err = add(check->builder, path, text, len, check_refused, check);
	if (err == -EINVAL)
		return 0; /* its lines were told one by one */
	if (err)
		fprintf(stderr, "sekimori rules: %s: %s\n", path, strerror(-err));
	return err;
}

static int check_data(struct rules_check *check, enum rule_data_kind kind, const char *path)
{
	AUTO_FREE char *text = NULL;
	size_t len;
	int err = file_read(AT_FDCWD, path, RULES_FILE_MAX, &text, &len);

	if (!err)
		err = ruleset_add_data(check->builder, kind, path, text, len, check_refused, check);
	if (err == -EINVAL)
		return 0; /* its lines were told one by one */
	if (err)
		fprintf(stderr, "sekimori rules: %s: %s\n", path, strerror(-err));
	return err;
}

/* KIND=FILE; a data set is read when a rule names it. */
static int check_data_option(struct rules_check *check, char *setting)
{
	char *path = strchr(setting, '=');
	int kind = 0;

	if (path)
		*path++ = '\0';
	while (rule_data_words[kind] && strcmp(rule_data_words[kind], setting))
		kind++;
	if (!path || kind >= RULE_DATA_SET || check->data_count == CHECK_DATA_MAX) {
		fputs("sekimori rules: --data KIND=FILE; KIND is one of", stderr);
		for (kind = 0; kind < RULE_DATA_SET; kind++)
			fprintf(stderr, " %s", rule_data_words[kind]);
		fputc('\n', stderr);
		return -EINVAL;
	}
	check->data[check->data_count].kind = (enum rule_data_kind)kind;
	check->data[check->data_count++].path = path;
	return 0;
}

static int check_load_set(const char *rules, const char *name, char **text, size_t *len, void *arg)
{
	return data_file_read(rules, NULL, name, text, len);
}

/* A classification.config beside the rules belongs to them. */
static int check_beside(struct rules_check *check, const char *path)
{
	AUTO_FREE char *copy = strdup(path), *beside = NULL;

	if (!copy || asprintf(&beside, "%s/classification.config", dirname(copy)) < 0) {
		beside = NULL;
		return -ENOMEM;
	}
	return access(beside, R_OK) ? 0 : check_file(check, beside, ruleset_add_classification);
}

static int check_variable(struct rules_check *check, char *setting)
{
	char *value = strchr(setting, '=');
	const char *why = "NAME=VALUE is needed";
	int err = -EINVAL;

	if (value) {
		*value++ = '\0';
		if (!strncmp(setting, "vars.", 5))
			setting = strrchr(setting, '.') + 1;
		err = ruleset_set_variable(check->builder, setting, value, &why);
	}
	if (err)
		fprintf(stderr, "sekimori rules: --set %s: %s\n", setting,
			err == -ENOMEM ? strerror(ENOMEM) : why);
	return err;
}

static int check_address(const char *text, struct seki_addr *out)
{
	struct prefix prefix;
	const char *why;

	if (prefix_parse(text, strlen(text), &prefix, &why) || prefix.len != 128) {
		fprintf(stderr, "sekimori rules: --suppressed: \"%s\" is not an address\n", text);
		return -EINVAL;
	}
	memcpy(out->b, prefix.addr, sizeof(out->b));
	return 0;
}

/* "Would this alert be suppressed, and by which line?" without any traffic. An exit status. */
static int check_suppressed(const struct rules_check *check, const struct ruleset *set)
{
	AUTO_FREE char *text = strdup(check->suppressed);
	char *rest = text, *sid = strsep(&rest, ","), *src = strsep(&rest, ","), *dst = rest;
	struct ruleset_suppression answer;
	struct seki_addr from, to;
	char *end = NULL;
	unsigned long number = sid ? strtoul(sid, &end, 10) : 0;

	if (!dst || !number || *end || number > UINT32_MAX) {
		fputs("sekimori rules: --suppressed SID,SOURCE,DESTINATION\n", stderr);
		return EXIT_USAGE;
	}
	if (check_address(src, &from) || check_address(dst, &to))
		return EXIT_USAGE;
	if (ruleset_suppression(set, 1, (uint32_t)number, &from, &to, &answer)) {
		fprintf(stderr, "sekimori rules: sid %lu is not loaded\n", number);
		return EXIT_FINDING;
	}
	if (answer.suppressed)
		printf("sid %lu, %s to %s: suppressed by %s:%u\n", number, src, dst, answer.file,
		       answer.line);
	else
		printf("sid %lu, %s to %s: not suppressed\n", number, src, dst);
	return 0;
}

/* A line for a rule that is not there does nothing, which its author should know. */
static void check_idle(const struct ruleset *set)
{
	const char *file;
	unsigned int line;

	for (uint32_t i = 0; ruleset_idle_threshold(set, i, &file, &line); i++)
		fprintf(stderr, "%s:%u: applies to no loaded rule\n", file, line);
}

static void kernel_row(const struct rule_info *rule, enum prefilter_fate fate, const char *why, void *arg)
{
	if (!*(const bool *)arg)
		printf("%s:%u: sid %u: %s%s%s\n", rule->file, rule->line, rule->sid, prefilter_fates[fate],
		       why ? ": " : "", why ? why : "");
}

/* Of each rule what the kernel module's prefilter does for it, by the daemon's standard settings, and why not
 * more. */
static int check_kernel(const struct rules_check *check, const struct ruleset *set)
{
	const struct prefilter_options options = {.drops = true, .drop_severity = SEKI_SEVERITY_HIGH};
	struct prefilter_counts counts;
	AUTO_FREE void *image = NULL;
	bool quiet = check->quiet;
	uint32_t len = 0;
	int err = prefilter_compile(set, &options, kernel_row, &quiet, &image, &len, &counts);

	if (err) {
		fprintf(stderr, "sekimori rules: the prefilter's table: %s\n", strerror(-err));
		return EXIT_FINDING;
	}
	printf("%u rules drop in the kernel, %u make flows suspect, %u stay with the matcher; table of %u "
	       "bytes, %u literals, %u marks\n",
	       counts.fates[PREFILTER_DROPS], counts.fates[PREFILTER_INSPECTS], counts.fates[PREFILTER_STAYS],
	       len, counts.literals, counts.marks);
	return 0;
}

static int refusal_compare(const void *a, const void *b)
{
	const struct refusal *x = a, *y = b;

	return x->count < y->count ? 1 : -(x->count > y->count);
}

static int check_report(struct rules_check *check)
{
	CLEANUP(ruleset_free) struct ruleset *set = NULL;
	struct ruleset_counts counts;
	char why[256];
	int err = ruleset_build(check->builder, &set, why, sizeof(why));

	if (err) {
		fprintf(stderr, "sekimori rules: %s\n", err == -ENOMEM ? strerror(ENOMEM) : why);
		return EXIT_FINDING;
	}
	ruleset_count(set, &counts);
	check_idle(set);
	if (check->suppressed)
		return check_suppressed(check, set);
	if (check->kernel)
		return check_kernel(check, set);
	qsort(check->refusals, check->refusal_count, sizeof(check->refusals[0]), refusal_compare);
	if (check->list) {
		AUTO_JSON json_t *root =
			json_pack("{s:i, s:i, s:f, s:O}", "loaded", (int)counts.loaded, "refused",
				  (int)counts.failed, "load_ms", counts.load_ms, "rules", check->list);

		client_print_json(root);
	} else {
		printf("%u rules loaded, %u refused, %.0f ms\n", counts.loaded, counts.failed,
		       counts.load_ms);
		for (unsigned int i = 0; i < check->refusal_count; i++) {
			printf("%8u  ", check->refusals[i].count);
			print_clean(stdout, check->refusals[i].keyword);
			putchar('\n');
		}
		if (check->others)
			printf("%8u  (other keywords)\n", check->others);
	}
	return check->refusal_count ? EXIT_FINDING : 0;
}

enum {
	OPTION_SET = 256,
	OPTION_CLASSIFICATION,
	OPTION_SEVERITY,
	OPTION_JSON,
	OPTION_QUIET,
	OPTION_KERNEL,
	OPTION_DATA,
	OPTION_SUPPRESSED,
	OPTION_LANG,
	OPTION_FILE
};

static const struct option check_options[] = {
	{"set", required_argument, NULL, OPTION_SET},
	{"classification", required_argument, NULL, OPTION_CLASSIFICATION},
	{"severity", required_argument, NULL, OPTION_SEVERITY},
	{"json", no_argument, NULL, OPTION_JSON},
	{"quiet", no_argument, NULL, OPTION_QUIET},
	{"kernel", no_argument, NULL, OPTION_KERNEL},
	{"data", required_argument, NULL, OPTION_DATA},
	{"suppressed", required_argument, NULL, OPTION_SUPPRESSED},
	{0},
};

static int check_option(struct rules_check *check, int option)
{
	switch (option) {
	case OPTION_SET:
		return check_variable(check, optarg);
	case OPTION_CLASSIFICATION:
		return check_file(check, optarg, ruleset_add_classification);
	case OPTION_SEVERITY:
		return check_file(check, optarg, ruleset_add_severity);
	case OPTION_JSON:
		check->list = check->list ? check->list : json_array();
		return check->list ? 0 : -ENOMEM;
	case OPTION_DATA:
		return check_data_option(check, optarg);
	case OPTION_SUPPRESSED:
		check->suppressed = optarg;
		return 0;
	case OPTION_QUIET:
		check->quiet = true;
		return 0;
	case OPTION_KERNEL:
		check->kernel = true;
		return 0;
	}
	return -EINVAL;
}

static double rules_clock(void)
{
	return (double)clock() * 1000 / CLOCKS_PER_SEC;
}

static int rules_check_all(struct rules_check *check, int argc, char **argv)
{
	int option;

	data_magic_use();
	if (ruleset_builder_new(&check->builder)) {
		fprintf(stderr, "sekimori rules: %s\n", strerror(ENOMEM));
		return EXIT_USAGE;
	}
	ruleset_set_clock(check->builder, rules_clock);
	ruleset_set_loader(check->builder, check_load_set, NULL);
	if (client.json && check_option(check, OPTION_JSON))
		return EXIT_USAGE;
	optind = 0;
	while ((option = getopt_long(argc, argv, "", check_options, NULL)) != -1) {
		if (option == '?')
			return rules_usage();
		if (check_option(check, option))
			return EXIT_USAGE;
	}
	if (optind == argc)
		return rules_usage();
	for (unsigned int i = 0; i < check->data_count; i++) {
		if (check_data(check, check->data[i].kind, check->data[i].path))
			return EXIT_USAGE;
	}
	for (int i = optind; i < argc; i++) {
		if (check_beside(check, argv[i]) || check_file(check, argv[i], ruleset_add_rules))
			return EXIT_USAGE;
	}
	return check_report(check);
}

static int rules_check(int argc, char **argv)
{
	AUTO_FREE struct rules_check *check = calloc(1, sizeof(*check));
	int code;

	if (!check) {
		fprintf(stderr, "sekimori rules: %s\n", strerror(ENOMEM));
		return EXIT_USAGE;
	}
	code = rules_check_all(check, argc, argv);
	ruleset_builder_free(check->builder);
	json_decref(check->list);
	return code;
}

static int explain_number(const char *word, const char *path, const char *language)
{
	AUTO_FREE char *json = NULL, *text = NULL;
	const char *why = NULL;
	char *end;
	size_t len;
	unsigned long sid;
	int err;

	errno = 0;
	sid = strtoul(word, &end, 10);
	if (errno || *end || !sid || sid > UINT32_MAX) {
		fprintf(stderr, "sekimori rules explain: %s is not a sid\n", word);
		return EXIT_USAGE;
	}
	err = data_file_shipped(path, "rules", "explanations.json", &json, &len);
	if (err) {
		fprintf(stderr, "sekimori rules explain: %s: %s (--file names it)\n",
			path ? path : "explanations.json", strerror(-err));
		return EXIT_USAGE;
	}
	err = explain_sid(json, len, (uint32_t)sid, explain_language(language), &text, &why);
	if (err == -ENOENT) {
		fprintf(stderr, "sekimori rules explain: sid %lu has no explanation\n", sid);
		return EXIT_FINDING;
	}
	if (err) {
		fprintf(stderr, "sekimori rules explain: %s\n", err == -EBADMSG ? why : strerror(-err));
		return EXIT_USAGE;
	}
	fputs(text, stdout);
	return 0;
}

static int explain_word(const char *word)
{
	AUTO_FREE char *text = NULL;
	const char *nearest = NULL;
	int err = explain_keyword(word, &text, &nearest);

	if (!err) {
		fputs(text, stdout);
		return 0;
	}
	fprintf(stderr, "sekimori rules explain: no keyword %s", word);
	if (nearest)
		fprintf(stderr, "; did you mean %s?", nearest);
	fputc('\n', stderr);
	return EXIT_FINDING;
}

/* The keyword table, one row per line: language, name, other spelling, value, effect, buffer, help. */
static int rules_keywords(int argc, char **argv)
{
	struct explain_row row;

	if (argc != 1)
		return rules_usage();
	for (unsigned int i = 0; explain_keyword_at(i, &row); i++)
		printf("%s\t%s\t%s\t%s\t%s\t%s\t%s\n", row.snort ? "snort" : "suricata", row.name,
		       row.alias ? row.alias : "-", row.argument, row.no_effect ? "none" : "yes",
		       *row.place ? row.place : "-", row.help);
	return 0;
}

static const struct option explain_options[] = {
	{"lang", required_argument, NULL, OPTION_LANG},
	{"file", required_argument, NULL, OPTION_FILE},
	{0},
};

static int rules_explain(int argc, char **argv)
{
	const char *language = getenv("LC_ALL"), *path = NULL;
	int option;

	if (!language || !*language)
		language = getenv("LC_MESSAGES");
	if (!language || !*language)
		language = getenv("LANG");
	optind = 0;
	while ((option = getopt_long(argc, argv, "", explain_options, NULL)) != -1) {
		if (option == OPTION_LANG && (!strcmp(optarg, "ja") || !strcmp(optarg, "en")))
			language = optarg;
		else if (option == OPTION_FILE)
			path = optarg;
		else
			return rules_usage();
	}
	if (optind + 1 != argc)
		return rules_usage();
	if (isdigit((unsigned char)argv[optind][0]))
		return explain_number(argv[optind], path, language);
	return explain_word(argv[optind]);
}

static int address_print(const struct rule_info *rule, const struct prefix *prefix, void *arg)
{
	char text[PREFIX_TEXT_MAX];

	(*(unsigned int *)arg)++;
	printf("%s # sid %u ", prefix_format(prefix, text), rule->sid);
	print_clean(stdout, rule->msg);
	putchar('\n');
	return 0;
}

/* The address lists among the rules, one prefix per line, as `sekimori list load` reads them. */
static int rules_addresses(int argc, char **argv)
{
	CLEANUP(ruleset_free) struct ruleset *set = NULL;
	AUTO_FREE struct rules_check *check = calloc(1, sizeof(*check));
	char why[256] = "";
	unsigned int count = 0;
	int code = argc < 2 ? rules_usage() : 0;

	data_magic_use();
	if (!code && (!check || ruleset_builder_new(&check->builder)))
		code = EXIT_USAGE;
	if (check)
		check->quiet = true; /* `rules check` tells */
	for (int i = 1; i < argc && !code; i++) {
		if (check_beside(check, argv[i]) || check_file(check, argv[i], ruleset_add_rules))
			code = EXIT_USAGE;
	}
	if (!code && ruleset_build(check->builder, &set, why, sizeof(why))) {
		fprintf(stderr, "sekimori rules: %s\n", why);
		code = EXIT_USAGE;
	}
	if (!code)
		(void)!rule_addresses(set, address_print, &count);
	if (check)
		ruleset_builder_free(check->builder);
	if (!code)
		fprintf(stderr, "%u addresses and networks of rules that look at nothing else\n", count);
	return code;
}

static int rules_reload(int argc, char **argv)
{
	if (argc != 1)
		return rules_usage();
	return client_do(json_pack("{s:s}", "command", "reload"), -1);
}

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} rules_verbs[] = {
	{"check", rules_check},		{"test", cmd_inspect},	  {"profile", cmd_rules_profile},
	{"addresses", rules_addresses}, {"reload", rules_reload}, {"explain", rules_explain},
	{"keywords", rules_keywords},
};

int cmd_rules(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < ARRAY_LEN(rules_verbs); i++) {
		if (!strcmp(argv[1], rules_verbs[i].name))
			return rules_verbs[i].run(argc - 1, argv + 1);
	}
	return rules_usage();
}
