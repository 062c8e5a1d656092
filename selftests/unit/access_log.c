// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One month of a small office in every format that is read: each must give the five golden rankings. And what
 * is damaged, repeated or ambiguous.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "core/log/access_rank.h"
#include "core/log/access_set.h"
#include "lib/file.h"
#include "lib/ktap.h"

#define DATA "selftests/unit/access_log/"

static const char golden[] = "night 1 tanaka 2 0\n"
			     "night 2 sato 1 0\n"
			     "night 2 suzuki 1 0\n"
			     "night 2 yamada 1 0\n"
			     "weekend 1 tanaka 2 0\n"
			     "weekend 1 yamada 2 1\n"
			     "weekend 3 suzuki 1 0\n"
			     "confidential 1 tanaka 3 0\n"
			     "confidential 2 yamada 2 1\n"
			     "delete 1 sato 1 0\n"
			     "delete 1 tanaka 1 0\n"
			     "delete 1 yamada 1 0\n"
			     "copy 1 tanaka 1 0\n";

static int64_t tokyo(const struct civil *wall, void *arg)
{
	(void)wall;
	(void)arg;
	return 9 * 3600;
}
/* 2014-10-02: what has no year is of that one. */
static const struct access_clock clock_tokyo = {.zone = tokyo, .latest = 1412175600};

static char *read_all(const char *path, size_t *len)
{
	char *text = NULL;

	return CHECK(!file_read(AT_FDCWD, path, 1 << 20, &text, len), "%s", path) ? text : NULL;
}

struct gather {
	const struct access_map *map;
	struct access_set *set;
	unsigned int fits, skipped, none, bad, refused;
	char why[200];
};

static int gather_record(const struct log_record *record, void *arg)
{
	struct gather *g = arg;
	char scratch[ACCESS_TEXT_MAX];
	struct access_found found;
	const char *why = "";

	if (access_map_apply(g->map, record, &clock_tokyo, scratch, &found, &why)) {
		snprintf(g->why, sizeof(g->why), "line %u: %s", record->line, why);
		g->bad++;
		return 0;
	}
	g->fits += found.kind == ACCESS_KIND_ACCESS || found.kind == ACCESS_KIND_HANDLE;
	g->skipped += found.kind == ACCESS_KIND_SKIP;
	g->none += found.kind == ACCESS_KIND_NONE;
	return access_set_add(g->set, &found);
}

static void gather_refused(unsigned int line, struct text shown, const char *why, void *arg)
{
	struct gather *g = arg;

	(void)shown;
	snprintf(g->why, sizeof(g->why), "line %u: %s", line, why);
	g->refused++;
}

static struct access_map *map_read(const char *name)
{
	char path[128];
	struct access_map *map = NULL;
	struct conf_errors errors = {0};
	size_t len = 0;
	AUTO_FREE char *text = NULL;

	snprintf(path, sizeof(path), "logs/%s.map", name);
	text = read_all(path, &len);
	CHECK(text && !access_map_parse(path, text, len, &map, &errors), "%s",
	      errors.text ? errors.text : "");
	conf_errors_clear(&errors);
	return map;
}

/* The rankings of a set as lines; domains are left out, since auditd knows none. */
static void rank(const struct access_set *set, char *out, size_t room)
{
	CLEANUP(access_rankings_free) struct access_rankings *rankings = NULL;
	struct conf_errors errors = {0};
	struct access_ranking ranking;
	struct access_rank row;
	size_t len = 0, used = 0;
	AUTO_FREE char *text = read_all("logs/rankings.conf", &len);

	*out = '\0';
	if (!CHECK(text && !access_rankings_parse("rankings.conf", text, len, &rankings, &errors), "%s",
		   errors.text ? errors.text : ""))
		return;
	for (size_t i = 0; i < access_set_count(set); i++) {
		struct access access;

		access_set_at(set, i, &access);
		CHECK_EQ(access_rankings_add(rankings, &access, &clock_tokyo), 0);
	}
	access_rankings_order(rankings);
	for (unsigned int at = 0; access_rankings_at(rankings, at, &ranking); at++) {
		for (uint64_t i = 0; access_rankings_row(rankings, at, i, &row); i++) {
			const char *slash = memchr(row.name.at, '\\', row.name.len);

			used += (size_t)snprintf(
				out + used, room - used, "%s %llu %s %llu %llu\n", ranking.name,
				(unsigned long long)row.rank, slash ? slash + 1 : row.name.at,
				(unsigned long long)row.count, (unsigned long long)row.denied);
		}
	}
}

static const struct {
	const char *file, *map, *container;
	unsigned int skipped;
} formats[] = {
	{"windows.xml", "windows-security", "xml", 4},
	{"windows.json", "windows-security", "json", 4},
	{"windows.csv", "windows-security", "csv", 4},
	{"windows-ja.csv", "windows-security", "csv", 4},
	{"notes.csv", "notes", "csv", 0},
	{"audit.log", "auditd", "audit", 2},
	{"generic.json", "generic", "json", 0},
	{"syslog-5424.log", "generic", "syslog", 0},
	{"syslog-3164.log", "generic", "syslog", 0},
};

static void five_rankings(void)
{
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		CLEANUP(access_map_free) struct access_map *map = map_read(formats[i].map);
		CLEANUP(access_set_free) struct access_set *set = NULL;
		struct access_fold fold = {.repeat = 60, .copy = 10};
		char path[128], lines[4096];
		struct log_report report;
		struct gather g = {.map = map};
		struct log_how how;
		size_t len = 0;
		AUTO_FREE char *text = NULL;

		snprintf(path, sizeof(path), DATA "%s", formats[i].file);
		text = read_all(path, &len);
		if (!map || !text || !CHECK_EQ(access_set_new(0, &set), 0))
			continue;
		g.set = set;
		how = access_map_how(map);
		CHECK_EQ(log_read((struct text){text, len}, &how, gather_record, gather_refused, &g, &report),
			 0);
		CHECK_STR(report.container, formats[i].container);
		CHECK(!g.none && !g.bad && !g.refused && report.records,
		      "%s: %u of no event, %u bad, %u refused: %s", path, g.none, g.bad, g.refused, g.why);
		CHECK(g.skipped == formats[i].skipped, "%s: skipped %u", path, g.skipped);
		CHECK_EQ(access_set_fold(set, &fold), 0);
		rank(set, lines, sizeof(lines));
		CHECK(!strcmp(lines, golden), "%s:\n%s", path, lines);
	}
}

/* --- containers: what is sound comes out around what is damaged */

struct seen {
	char text[4096];
	size_t used;
	unsigned int refused, line;
	char why[100];
};

static int seen_record(const struct log_record *record, void *arg)
{
	struct seen *seen = arg;

	for (unsigned int i = 0; i < record->count; i++)
		seen->used += (size_t)snprintf(seen->text + seen->used, sizeof(seen->text) - seen->used,
					       "%s%.*s=%.*s", i ? " " : "", (int)record->fields[i].name.len,
					       record->fields[i].name.at, (int)record->fields[i].value.len,
					       record->fields[i].value.at);
	seen->used += (size_t)snprintf(seen->text + seen->used, sizeof(seen->text) - seen->used, "|");
	return 0;
}

static void seen_refused(unsigned int line, struct text shown, const char *why, void *arg)
{
	struct seen *seen = arg;

	(void)shown;
	seen->refused++;
	seen->line = line;
	snprintf(seen->why, sizeof(seen->why), "%s", why);
}

static const struct {
	const char *container, *text, *fields, *why; /* why: of the last refusal; NULL none */
	unsigned int refused, line;
} damaged[] = {
	{"csv", "a,b\r\n1,\"x,\"\"y\"\"\nz\"\r\n\r\n3,4\n", "a=1 b=x,\"y\"\nz|a=3 b=4|", NULL, 0, 0},
	{"csv", "a;b\n1;2\n", "a=1 b=2|", NULL, 0, 0},
	{"csv", "a,b\n1\n2,3\n", "a=2 b=3|", "fewer fields than the first line names", 1, 2},
	{"csv", "a,b\n1,2,3\n1,2,3,4\n5,6\n", "a=1 b=2 Message=3|a=5 b=6|",
	 "more fields than the first line names", 1, 3},
	{"csv", "a,b\n1,\"2\n3,4\n", "a=3 b=4|", "a quote is not closed", 1, 2},
	{"csv", "a,b\n1,\"2\"x\n3,4\n", "a=3 b=4|", "text behind a closing quote", 1, 2},
	{"csv", "#TYPE System.Object\n\"a\",\"b\"\n\"1\",\"2\"\n", "a=1 b=2|", NULL, 0, 0},
	{"json", "{\"a\":1,\"b\":{\"c\":\"x\",\"d\":[true,2]}}\n[{\"a\":null},\n{\"a\":1.5}]",
	 "a=1 b.c=x b.d=true|a=|a=1.500000|", NULL, 0, 0},
	{"json", "{\"a\":1}\n{\"a\":2,\n{\"a\":3}\n", "a=1|a=3|", "not JSON", 1, 2},
	{"json", "{\"a\":1}\nnonsense\n{\"a\":3}\n", "a=1|a=3|", "not JSON", 1, 2},
	{"xml",
	 "<Events><Event><System><EventID>1</EventID></System></Event>\n<Event><System><EventID>2</System></"
	 "Event>"
	 "<Event a='1'><Data Name='x'>&lt;y&gt;</Data></Event></Events>",
	 "EventID=1|Event.a=1 x=<y>|", "not XML", 1, 2},
	{"xml", "<Event><Data Name='a'>1</Data>\n<Event><Data Name='a'>2</Data></Event>", "a=2|", "not XML",
	 1, 1},
	{"xml",
	 "<!DOCTYPE x [<!ENTITY e 'eeee'>]><Event><Data Name='a'>&e;</Data></Event><Event><Data "
	 "Name='a'>2</Data></Event>",
	 "a=2|", "not XML", 1, 1},
	{"syslog",
	 "<34>1 2014-10-11T22:14:15.003Z host su 77 ID47 [x@1 k=\"a\\\"\\]b\"][y z=\"2\"] text u=1\n",
	 "facility=auth level=crit time=2014-10-11T22:14:15.003Z host=host app=su pid=77 msgid=ID47 "
	 "x@1.k=a\"]b y.z=2 message=text u=1 u=1|",
	 NULL, 0, 0},
	{"syslog",
	 "<999>1 x\n<34>Oct  1 22:14:15 host su[7]: k='v w' {x\nOct  1 22:14:15 host app: "
	 "{\"a\":{\"b\":1}}\n",
	 "facility=auth level=crit time=Oct  1 22:14:15 host=host pid=7 app=su message=k='v w' {x k=v "
	 "w|time=Oct  1 22:14:15 host=host "
	 "app=app message={\"a\":{\"b\":1}} a.b=1|",
	 "neither RFC 5424 nor RFC 3164", 1, 1},
	{"audit",
	 "type=SYSCALL msg=audit(1.5:7): arch=c00000b7 syscall=56 a2=1 items=1\nnot a line\ntype=SYSCALL "
	 "msg=audit(2.5:8): "
	 "syscall=1\ntype=PATH msg=audit(1.5:7): name=\"f\" nametype=NORMAL\ntype=CWD msg=audit(1.5:7): "
	 "cwd=2F612062\n",
	 "time=1.5 serial=7 path=/a b/f nametype=NORMAL operation=write type=SYSCALL msg=audit(1.5:7): "
	 "arch=c00000b7 syscall=56 a2=1 "
	 "items=1|time=2.5 serial=8 type=SYSCALL msg=audit(2.5:8): syscall=1|",
	 "no audit(TIME:SERIAL)", 1, 2},
};

static void containers(void)
{
	for (size_t i = 0; i < ARRAY_LEN(damaged); i++) {
		struct log_how how = {.container = damaged[i].container};
		struct seen seen = {0};
		struct log_report report;

		CHECK_EQ(log_read(text_of(damaged[i].text), &how, seen_record, seen_refused, &seen, &report),
			 0);
		CHECK(!strcmp(seen.text, damaged[i].fields), "row %zu: %s", i, seen.text);
		CHECK(seen.refused == damaged[i].refused && report.refused == seen.refused,
		      "row %zu: refused %u: %s", i, seen.refused, seen.why);
		if (damaged[i].why) {
			CHECK_STR(seen.why, damaged[i].why);
			CHECK(seen.line == damaged[i].line, "row %zu: line %u", i, seen.line);
		}
	}
}

static void what_it_is(void)
{
	struct log_how how = {.container = ""};
	struct log_report report;
	struct seen seen = {0};

	CHECK_EQ(log_read(text_of("words without any form"), &how, seen_record, seen_refused, &seen, &report),
		 -EINVAL);
	CHECK_EQ(log_read(text_of(""), &how, seen_record, seen_refused, &seen, &report), -EINVAL);
	how.container = "yaml";
	CHECK_EQ(log_read(text_of("a: 1"), &how, seen_record, seen_refused, &seen, &report), -EINVAL);
}

/* --- maps and rankings refuse what they do not know, with the place */

static const struct {
	const char *text, *error;
} wrong_maps[] =
	{
		{"", "no map in it"},
		{"map x { help a; help-ja b; field time t; time %s; event fly { } }", "event \"fly\""},
		{"map x { help a; help-ja b; field time t; time %s; event read { when user any; } }",
		 "no field user"},
		{"map x { help a; help-ja b; field time t; time %s; event read { when time mask high; } }",
		 "mask takes one number"},
		{"map x { help a; help-ja b; field time t; event read { } }", "says not when"},
		{"map x { help a; help-ja b; field time t; time %s; event delete { object handle; } }",
		 "it needs `field handle"},
		{"map x { help a; field time t; time %s; event read { } }", "needs help and help-ja"},
		{"map x { help a; help-ja b; contaner csv; field time t; time %s; event read { } }",
		 "did you mean \"container\""},
		{"map x { help a; help-ja b; container yaml; field time t; time %s; event read { } }",
		 "container \"yaml\""},
},
  wrong_rankings[] = {
	  {"", "no ranking in it"},
	  {"ranking x { title a; title-ja b; hours 22-5; }", "hours takes one span"},
	  {"ranking x { title a; title-ja b; days payday; }", "weekday, weekend or holiday"},
	  {"ranking x { title a; title-ja b; action fly; }", "no action"},
	  {"ranking x { title a; title-ja b; by luck; }", "by takes one of"},
	  {"ranking x { title a; }", "needs title and title-ja"},
};

static void refuses(void)
{
	for (size_t i = 0; i < ARRAY_LEN(wrong_maps); i++) {
		CLEANUP(access_map_free) struct access_map *map = NULL;
		struct conf_errors errors = {0};

		CHECK_EQ(access_map_parse("m", wrong_maps[i].text, strlen(wrong_maps[i].text), &map, &errors),
			 -EINVAL);
		CHECK(errors.text && strstr(errors.text, wrong_maps[i].error), "row %zu: %s", i,
		      errors.text ? errors.text : "");
		conf_errors_clear(&errors);
	}
	for (size_t i = 0; i < ARRAY_LEN(wrong_rankings); i++) {
		CLEANUP(access_rankings_free) struct access_rankings *rankings = NULL;
		struct conf_errors errors = {0};

		CHECK_EQ(access_rankings_parse("r", wrong_rankings[i].text, strlen(wrong_rankings[i].text),
					       &rankings, &errors),
			 -EINVAL);
		CHECK(errors.text && strstr(errors.text, wrong_rankings[i].error), "row %zu: %s", i,
		      errors.text ? errors.text : "");
		conf_errors_clear(&errors);
	}
}

static void exceptions_only(void)
{
	static const char text[] = "ranking all { title a; title-ja b; }";
	static const char expected[] = "# the sales people\nCORP\\sa*\n";
	CLEANUP(access_rankings_free) struct access_rankings *rankings = NULL;
	struct conf_errors errors = {0};
	struct access access = {
		.time = 1409533200000000, .user = text_of("corp\\SATO"), .object = text_of("a")};
	struct access_ranking ranking;
	struct access_rank row;

	CHECK_EQ(access_rankings_parse("r", text, strlen(text), &rankings, &errors), 0);
	access_rankings_expect(rankings, expected, strlen(expected));
	CHECK_EQ(access_rankings_add(rankings, &access, &clock_tokyo), 0);
	access.user = text_of("CORP\\sato"); /* the same person */
	CHECK_EQ(access_rankings_add(rankings, &access, &clock_tokyo), 0);
	access.user = text_of("CORP\\mallory");
	CHECK_EQ(access_rankings_add(rankings, &access, &clock_tokyo), 0);
	access_rankings_order(rankings);
	CHECK(access_rankings_at(rankings, 0, &ranking) && ranking.total == 3 && ranking.expected == 2 &&
	      ranking.names == 2);
	CHECK(access_rankings_row(rankings, 0, 0, &row) && row.expected && row.count == 2);
	CHECK(access_rankings_row(rankings, 0, 1, &row) && !row.expected &&
	      text_is(row.name, "CORP\\mallory"));
	CHECK(!access_rankings_row(rankings, 0, 2, &row));
}

static const struct ktap_test tests[] = {TEST(five_rankings), TEST(containers), TEST(what_it_is),
					 TEST(refuses), TEST(exceptions_only)};
KTAP_MAIN(tests)
