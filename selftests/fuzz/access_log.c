// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any log, by its content and in each container, through a map into a set and
 * rankings: counts add up, texts hold no NUL, nothing grows by folding. And any
 * map and any ranking file.
 */
#include <string.h>

#include "core/log/access_rank.h"
#include "core/log/access_set.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char map_text[] =
	"map fuzz { help a; help-ja b; labels Message message; field id EventID id; field time time "
	"TimeCreated.SystemTime timestamp; "
	"field user user AUID; field domain domain; field object path file a; field parent Share; field "
	"handle HandleId h; "
	"field mask AccessMask; time %s%f %Y-%m-%dT%H:%M:%S%f%Z \"%b %d %H:%M:%S\" \"%m/%d/%Y %H:%M:%S %p\"; "
	"event handle { when id 4656; } event delete { when id 4660; object handle; } event write { when "
	"mask mask 6; share; } "
	"event skip { when user ends $; } event read { when object any; } event logon { when object none; "
	"denied; } }";
static const char ranking_text[] =
	"ranking a { title a; title-ja b; hours 22:00-5:00; object *a*b; } ranking b { title a; title-ja b; "
	"days weekend holiday; by object; action read write copy; }";

static struct access_map *map;
static const struct access_map *used;

static int64_t zone(const struct civil *wall, void *arg)
{
	(void)arg;
	return wall->month > 3 && wall->month < 11 ? 7200 : 3600;
}
static const struct access_clock when = {.zone = zone, .latest = 1795564800};

struct run {
	struct access_set *set;
	uint64_t records, refused;
};

static void text_check(struct text text)
{
	if (text.len > ACCESS_TEXT_MAX || (text.len && memchr(text.at, '\0', text.len)))
		abort();
}

static int record(const struct log_record *log, void *arg)
{
	char scratch[ACCESS_TEXT_MAX];
	struct access_found found;
	struct run *run = arg;
	const char *why = NULL;

	run->records++;
	if (!log->line || !log->count || log->count > LOG_FIELDS_MAX)
		abort();
	if (access_map_apply(used, log, &when, scratch, &found, &why)) {
		if (!why)
			abort();
		return 0;
	}
	return access_set_add(run->set, &found);
}

static void refused(unsigned int line, struct text shown, const char *why, void *arg)
{
	struct run *run = arg;

	(void)shown;
	run->refused++;
	if (!line || !why)
		abort();
}

static void rank(const struct access_set *set)
{
	CLEANUP(access_rankings_free) struct access_rankings *rankings = NULL;
	struct conf_errors errors = {0};
	struct access_ranking ranking;
	struct access_rank row;

	if (access_rankings_parse("r", ranking_text, sizeof(ranking_text) - 1, &rankings, &errors))
		abort();
	for (size_t i = 0; i < access_set_count(set); i++) {
		struct access access;

		access_set_at(set, i, &access);
		text_check(access.user);
		text_check(access.object);
		if (access.action >= ACCESS_ACTION_MAX || access_rankings_add(rankings, &access, &when))
			abort();
	}
	access_rankings_order(rankings);
	for (unsigned int at = 0; access_rankings_at(rankings, at, &ranking); at++) {
		uint64_t sum = 0, last = UINT64_MAX;

		for (uint64_t i = 0; access_rankings_row(rankings, at, i, &row); i++) {
			if (row.count > last || row.denied > row.count || row.last < row.first)
				abort();
			last = row.count;
			sum += row.count;
		}
		if (sum + ranking.left_out != ranking.total)
			abort();
	}
}

static void read_as(const char *container, const uint8_t *data, size_t size)
{
	CLEANUP(access_set_free) struct access_set *set = NULL;
	struct access_fold fold = {.repeat = 60, .copy = 10};
	struct log_how how = access_map_how(used);
	struct log_report report;
	struct run run = {0};
	size_t before;

	if (access_set_new(7, &set))
		return;
	run.set = set;
	how.container = container;
	if (log_read((struct text){(const char *)data, size}, &how, record, refused, &run, &report))
		return;
	if (report.records != run.records || report.refused != run.refused)
		abort();
	before = access_set_count(set);
	if (access_set_fold(set, &fold))
		return;
	if (access_set_count(set) + fold.handles + fold.repeated != before)
		abort();
	rank(set);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const containers[] = {"", "xml", "json", "csv", "syslog", "audit"};
	CLEANUP(access_map_free) struct access_map *own = NULL;
	CLEANUP(access_rankings_free) struct access_rankings *rankings = NULL;
	struct conf_errors errors = {0};

	if (!map && access_map_parse("fuzz", map_text, sizeof(map_text) - 1, &map, &errors))
		abort();
	used = map;
	for (size_t i = 0; i < ARRAY_LEN(containers); i++)
		read_as(containers[i], data, size);
	if (access_map_parse("any", (const char *)data, size, &own, &errors) && !errors.count)
		abort();
	conf_errors_clear(&errors);
	(void)!access_rankings_parse("any", (const char *)data, size, &rankings, &errors);
	conf_errors_clear(&errors);
	return 0;
}
