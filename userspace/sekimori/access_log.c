// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * access_log.c - report file-access: reads log files of other products by their
 * maps and prints the rankings.
 */
#include "access_log.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <iconv.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "client.h"
#include "client_store.h"
#include "cmd_report.h"
#include "core/log/access_report.h"
#include "core/report/report.h"
#include "data_file.h"
#include "lib/file.h"
#include "lib/wall.h"
#include "store/audit_log.h"
#include "view/period.h"

#define LOG_BYTES_MAX (2u << 30)
#define TEXT_MAX      (16u << 20) /* of lists and definitions */
#define REFUSED_SHOWN 20u
#define REPEAT_S      60u
#define COPY_S	      10u

static const char *const shipped_maps[] = {"windows-security.map", "auditd.map", "notes.map", "generic.map"};

struct options {
	const char *kind; /* of the report, as it is called */
	const char *map, *rankings, *expected, *period, *from, *to, *lang, *format, *encoding;
	const char *shipped_rankings; /* without --rankings */
	unsigned int n;
};

struct reading {
	const struct access_map *map;
	struct access_set *set; /* NULL: only look how well the map fits */
	struct access_source *source;
	uint64_t fits, shown;
	const char *path;
};

static int64_t zone_ahead(const struct civil *wall, void *arg)
{
	struct tm tm = {.tm_year = wall->year - 1900,
			.tm_mon = wall->month - 1,
			.tm_mday = wall->day,
			.tm_hour = wall->hour,
			.tm_min = wall->minute,
			.tm_sec = wall->second,
			.tm_isdst = -1};

	(void)arg;
	return mktime(&tm) == -1 ? 0 : tm.tm_gmtoff;
}

static struct access_clock clock_now(void)
{
	return (struct access_clock){.zone = zone_ahead, .latest = (int64_t)(wall_us() / 1000000) + 86400};
}

/* --- texts: what Windows writes is UTF-16 or the code page of its country */

static bool is_utf8(const char *text, size_t len)
{
	json_t *string;
	bool ascii = true;

	for (size_t i = 0; ascii && i < len; i++)
		ascii = (unsigned char)text[i] < 0x80;
	if (ascii)
		return true;
	string = json_stringn(text, len);
	json_decref(string);
	return string;
}

static const char *encoding_of(const char *text, size_t len)
{
	if (len >= 2 && !memcmp(text, "\xff\xfe", 2))
		return "UTF-16LE";
	if (len >= 2 && !memcmp(text, "\xfe\xff", 2))
		return "UTF-16BE";
	return is_utf8(text, len) ? "UTF-8" : "CP932";
}

/* Replaces *text by itself in UTF-8. Bytes that are none in the encoding become '?'. */
static int to_utf8(const char *encoding, char **text, size_t *len)
{
	size_t room, left = *len, free_room;
	char *in = *text, *out, *at;
	iconv_t converter;

	if (!strcmp(encoding, "UTF-8"))
		return 0;
	if (*len > LOG_BYTES_MAX / 3)
		return -EFBIG;
	converter = iconv_open("UTF-8", encoding);
	if (converter == (iconv_t)-1)
		return -EINVAL;
	room = free_room = *len * 3 + 1;
	out = at = malloc(room);
	while (out && left) {
		if (iconv(converter, &in, &left, &at, &free_room) != (size_t)-1 || !left || free_room < 4)
			break;
		in++;
		left--;
		*at++ = '?';
		free_room--;
	}
	iconv_close(converter);
	if (!out)
		return -ENOMEM;
	free(*text);
	*text = out;
	*len = room - free_room;
	return 0;
}

/* --- maps */

static int maps_load(const char *path, const char *name, struct access_map **out)
{
	struct conf_errors errors = {0};
	AUTO_FREE char *text = NULL;
	size_t len = 0;
	int err = data_file_shipped(path, "logs", name, &text, &len);

	if (err)
		fprintf(stderr, "sekimori: %s: %s\n", path ? path : name, strerror(-err));
	else
		err = access_map_parse(path ? path : name, text, len, out, &errors);
	if (errors.text)
		fputs(errors.text, stderr);
	conf_errors_clear(&errors);
	return err;
}

struct maps {
	struct access_map *files[ARRAY_LEN(shipped_maps) + 1];
	unsigned int count;
};

static void maps_close(struct maps *maps)
{
	for (unsigned int i = 0; i < maps->count; i++)
		access_map_free(maps->files[i]);
}

/* --map names a file (it has a slash or a dot) or a shipped map; without it every shipped one is tried. */
static int maps_open(const char *wanted, struct maps *maps)
{
	char name[ACCESS_MAP_NAME_MAX + 8];
	int err = 0;

	if (wanted && strpbrk(wanted, "/.")) {
		err = maps_load(wanted, NULL, &maps->files[0]);
		maps->count = !err;
		return err;
	}
	if (wanted) {
		snprintf(name, sizeof(name), "%.47s.map", wanted);
		err = maps_load(NULL, name, &maps->files[0]);
		maps->count = !err;
		return err;
	}
	for (size_t i = 0; i < ARRAY_LEN(shipped_maps) && !err; i++) {
		err = maps_load(NULL, shipped_maps[i], &maps->files[i]);
		maps->count += !err;
	}
	return err;
}

/* --- reading */

static int record_taken(const struct log_record *record, void *arg)
{
	struct reading *reading = arg;
	struct access_clock clock = clock_now();
	char scratch[ACCESS_TEXT_MAX];
	struct access_found found;
	const char *why = NULL;

	if (access_map_apply(reading->map, record, &clock, scratch, &found, &why)) {
		reading->source->unknown++;
		if (reading->set && reading->shown++ < REFUSED_SHOWN)
			fprintf(stderr, "%s:%u: %s\n", reading->path, record->line, why);
		return 0;
	}
	reading->source->unknown += found.kind == ACCESS_KIND_NONE;
	reading->source->skipped += found.kind == ACCESS_KIND_SKIP;
	reading->fits += found.kind == ACCESS_KIND_ACCESS || found.kind == ACCESS_KIND_HANDLE;
	/* A look at the first hundred is enough to know the format. */
	if (!reading->set)
		return reading->fits + reading->source->unknown + reading->source->skipped < 100 ? 0
												 : -ECANCELED;
	return access_set_add(reading->set, &found);
}

static void record_refused(unsigned int line, struct text shown, const char *why, void *arg)
{
	struct reading *reading = arg;

	(void)shown;
	if (reading->set && reading->shown++ < REFUSED_SHOWN)
		fprintf(stderr, "%s:%u: %s\n", reading->path, line, why);
}

static int read_with(const struct access_map *map, struct text text, struct access_set *set, const char *path,
		     struct access_source *source, uint64_t *fits)
{
	struct reading reading = {.map = map, .set = set, .source = source, .path = path};
	struct log_how how = access_map_how(map);
	struct log_report report;
	int err = log_read(text, &how, record_taken, record_refused, &reading, &report);

	source->name = path;
	source->map = access_map_name(map);
	source->container = report.container;
	source->records = report.records;
	source->refused = report.refused;
	*fits = reading.fits;
	if (set && reading.shown > REFUSED_SHOWN)
		fprintf(stderr, "%s: %llu more like these\n", path,
			(unsigned long long)(reading.shown - REFUSED_SHOWN));
	return err;
}

/* The map that most of the first records fit. NULL: none. */
static const struct access_map *map_choose(const struct maps *maps, struct text text, const char *path)
{
	const struct access_map *best = NULL;
	uint64_t most = 0;

	if (maps->count == 1 && !access_map_next(maps->files[0]))
		return maps->files[0];
	for (unsigned int i = 0; i < maps->count; i++) {
		for (const struct access_map *map = maps->files[i]; map; map = access_map_next(map)) {
			struct access_source source = {0};
			uint64_t fits = 0;
			int err = read_with(map, text, NULL, path, &source, &fits);

			/* What is skipped was recognised, too. */
			fits += source.skipped;
			if ((!err || err == -ECANCELED) && fits > most) {
				most = fits;
				best = map;
			}
		}
	}
	return best;
}

static int file_take(const char *path, const struct options *options, const struct maps *maps,
		     struct access_set *set, struct access_source *source)
{
	const struct access_map *map;
	AUTO_FREE char *text = NULL;
	size_t len = 0;
	uint64_t fits;
	int err = file_read(AT_FDCWD, path, LOG_BYTES_MAX, &text, &len);

	if (!err)
		err = to_utf8(options->encoding ? options->encoding : encoding_of(text, len), &text, &len);
	if (err) {
		fprintf(stderr, "sekimori: %s: %s%s\n", path, strerror(-err),
			err == -EFBIG	 ? "; split it"
			: err == -EINVAL ? ": no such encoding (--encoding CP932, UTF-16LE, …)"
					 : "");
		return err;
	}
	map = map_choose(maps, (struct text){text, len}, path);
	if (!map) {
		fprintf(stderr,
			"sekimori: %s: no map fits it. --map takes windows-security, auditd, notes, generic, "
			"or the file of a map "
			"that you write; logs/generic.map shows how\n",
			path);
		return -EINVAL;
	}
	err = read_with(map, (struct text){text, len}, set, path, source, &fits);
	if (err)
		fprintf(stderr, "sekimori: %s: %s\n", path,
			err == -E2BIG
				? "more than 8 388 608 acts in one report: take a shorter period's files"
			: err == -EINVAL ? "not of the container that the map is for"
					 : strerror(-err));
	return err;
}

static void bounds_of(const struct access_set *set, const struct period *period, bool all, size_t *from,
		      size_t *to)
{
	struct access access;

	*from = 0;
	*to = access_set_count(set);
	for (size_t i = 0; !all && i < access_set_count(set); i++) {
		access_set_at(set, i, &access);
		if ((uint64_t)access.time < period->from)
			*from = i + 1;
		if ((uint64_t)access.time < period->to)
			*to = i + 1;
	}
	if (!all && *to < *from)
		*to = *from;
}

static int rankings_load(const struct options *options, struct access_rankings **out)
{
	struct conf_errors errors = {0};
	AUTO_FREE char *text = NULL;
	size_t len = 0;
	const char *name = options->rankings ? options->rankings : options->shipped_rankings;
	int err = data_file_shipped(options->rankings, "logs", options->shipped_rankings, &text, &len);

	if (err)
		fprintf(stderr, "sekimori: %s: %s\n", name, strerror(-err));
	else
		err = access_rankings_parse(name, text, len, out, &errors);
	if (errors.text)
		fputs(errors.text, stderr);
	conf_errors_clear(&errors);
	return err;
}

struct result {
	struct access_set *set;
	const struct access_source *sources;
	size_t source_count;
	struct access_fold fold;
};

static int result_print(const struct options *options, const struct period *period, bool all,
			const struct result *result, enum document_format format)
{
	CLEANUP(access_rankings_free) struct access_rankings *rankings = NULL;
	CLEANUP(document_free) struct document *document = NULL;
	AUTO_FREE char *expected = NULL;
	AUTO_FREE char *text = NULL;
	struct access_clock clock = clock_now();
	char made[32], zone[48];
	struct access_report report = {
		.language = explain_language(options->lang ? options->lang : getenv("LANG")),
		.period = all ? NULL : period->name,
		.zone = zone,
		.made = made,
		.clock = &clock,
		.n = options->n,
		.others_only = options->expected,
		.sources = result->sources,
		.source_count = result->source_count,
		.fold = &result->fold,
	};
	time_t now = (time_t)(wall_us() / 1000000);
	size_t len = 0, from, to;
	struct tm tm;
	int err = rankings_load(options, &rankings);

	if (!err && options->expected) {
		err = file_read(AT_FDCWD, options->expected, TEXT_MAX, &expected, &len);
		if (err)
			fprintf(stderr, "sekimori: %s: %s\n", options->expected, strerror(-err));
		else
			access_rankings_expect(rankings, expected, len);
	}
	if (err)
		return EXIT_USAGE;
	localtime_r(&now, &tm);
	strftime(made, sizeof(made), "%Y-%m-%d %H:%M", &tm);
	strftime(zone, sizeof(zone), "%Z (UTC%z)", &tm);
	bounds_of(result->set, period, all, &from, &to);
	report.acts = to - from;
	report.outside = access_set_count(result->set) - report.acts;
	for (size_t i = from; i < to && err != -ENOMEM; i++) {
		struct access access;

		access_set_at(result->set, i, &access);
		err = access_rankings_add(rankings, &access, &clock);
	}
	access_rankings_order(rankings);
	err = err == -ENOMEM ? err : access_report_make(&report, rankings, &document);
	if (!err)
		err = document_write(document, format, &text, &len);
	if (err) {
		fprintf(stderr, "sekimori: report file-access: %s\n", strerror(-err));
		return EXIT_NOT_CONVERGED;
	}
	client_exported("report %s as %s", options->kind, document_format_names[format]);
	fwrite(text, 1, len, stdout);
	return 0;
}

static int options_read(int argc, char **argv, struct options *out)
{
	static const struct option rows[] = {
		{"map", required_argument, NULL, 'm'},	    {"rankings", required_argument, NULL, 'r'},
		{"expected", required_argument, NULL, 'e'}, {"period", required_argument, NULL, 'p'},
		{"from", required_argument, NULL, 'a'},	    {"to", required_argument, NULL, 'b'},
		{"lang", required_argument, NULL, 'l'},	    {"format", required_argument, NULL, 'f'},
		{"encoding", required_argument, NULL, 'c'}, {"n", required_argument, NULL, 'n'},
		{"tz", required_argument, NULL, 'z'},	    {NULL, 0, NULL, 0},
	};
	const char **const texts[] = {['m'] = &out->map,    ['r'] = &out->rankings, ['e'] = &out->expected,
				      ['p'] = &out->period, ['a'] = &out->from,	    ['b'] = &out->to,
				      ['l'] = &out->lang,   ['f'] = &out->format,   ['c'] = &out->encoding};

	return report_options_read(argc, argv, rows, texts, &out->n);
}

static int logs_report(int argc, char **argv, const struct options *preset, char *standard)
{
	CLEANUP(access_set_free) struct access_set *set = NULL;
	AUTO_FREE struct access_source *sources = NULL;
	struct options options = *preset;
	enum document_format format = client.json ? DOCUMENT_JSON : DOCUMENT_TEXT;
	struct period period = {0};
	struct result result = {.fold = {.repeat = REPEAT_S, .copy = COPY_S}};
	struct maps maps = {0};
	uint64_t seed = 0;
	char why[160] = "", **logs = argv;
	bool all;
	int rc = options_read(argc, argv, &options), count, err;

	if (rc)
		return rc;
	logs = optind < argc ? argv + optind : &standard;
	count = optind < argc ? argc - optind : standard != NULL;
	if (!count)
		return client_usage("report", "file-access needs a log file", NULL);
	if (options.format && document_format_find(options.format, &format))
		return client_usage("report", "--format takes text, html, csv or json", options.format);
	tzset();
	all = !options.period && !options.from;
	if (!all && period_read(options.period, options.from, options.to, wall_us(), &period, why))
		return client_usage("report", why, NULL);
	if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) < 0)
		seed = 0;
	sources = calloc((size_t)count, sizeof(*sources));
	err = sources ? access_set_new(seed, &set) : -ENOMEM;
	if (!err)
		err = maps_open(options.map, &maps);
	for (int i = 0; i < count && !err; i++)
		err = file_take(logs[i], &options, &maps, set, &sources[result.source_count++]);
	if (!err)
		err = access_set_fold(set, &result.fold);
	result.set = set;
	result.sources = sources;
	rc = err ? EXIT_NOT_CONVERGED : result_print(&options, &period, all, &result, format);
	maps_close(&maps);
	return rc;
}

int report_access(int argc, char **argv)
{
	const struct options preset = {.kind = "file-access", .n = 10, .shipped_rankings = "rankings.conf"};

	return logs_report(argc, argv, &preset, NULL);
}

int report_audit(int argc, char **argv)
{
	const struct options preset = {
		.kind = "audit", .n = 10, .map = "sekimori-audit", .shipped_rankings = "audit-rankings.conf"};
	char dir[INSTANCE_PATH_MAX], path[INSTANCE_PATH_MAX + sizeof(AUDIT_LOG_FILE)];

	if (client_store_folder(dir))
		return EXIT_NOT_CONVERGED;
	snprintf(path, sizeof(path), "%s/" AUDIT_LOG_FILE, dir);
	return logs_report(argc, argv, &preset, path);
}
