// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * access_rank.c - rankings: which accesses count, and for whom.
 */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "access_rank.h"
#include "holiday.h"

#define RANKINGS_MAX 32u
#define GLOBS_MAX    32u

enum by { BY_USER, BY_OBJECT, BY_CLIENT, BY_SERVER, BY_MAX };
static const char *const by_names[BY_MAX] = {
	[BY_USER] = "user", [BY_OBJECT] = "object", [BY_CLIENT] = "client", [BY_SERVER] = "server"};

enum days { DAYS_WEEKDAY = 1, DAYS_WEEKEND = 2, DAYS_HOLIDAY = 4 };
static const struct {
	const char *name;
	enum days days;
} day_names[] = {{"weekday", DAYS_WEEKDAY}, {"weekend", DAYS_WEEKEND}, {"holiday", DAYS_HOLIDAY}};

struct row {
	struct text name, object; /* copies */
	uint64_t hash, count, denied;
	int64_t first, last;
	bool expected;
};
struct ranking {
	const char *name, *title, *title_ja;
	enum by by;
	unsigned int days;     /* 0: every day */
	unsigned int from, to; /* minutes of the day; equal: all day */
	uint32_t actions;      /* a bit each; 0: all */
	unsigned int glob_count;
	const char *globs[GLOBS_MAX];
	/* what was counted */
	uint64_t total, denied, expected, left_out;
	struct row *rows;
	uint32_t count, *index, size;
};
struct access_rankings {
	struct conf_node *tree; /* names point into it */
	struct text expected;	/* lines */
	unsigned int count;
	struct ranking rankings[RANKINGS_MAX];
};

/* --- reading the file */

struct parse {
	const char *file;
	struct conf_errors *errors;
	struct ranking *ranking;
};

static bool clock_read(const char **at, unsigned int *minutes)
{
	unsigned int hour = 0, minute = 0, digits = 0;

	for (; **at >= '0' && **at <= '9' && digits < 2; ++*at, digits++)
		hour = hour * 10 + (unsigned int)(**at - '0');
	if (!digits || **at != ':')
		return false;
	++*at;
	for (digits = 0; **at >= '0' && **at <= '9' && digits < 2; ++*at, digits++)
		minute = minute * 10 + (unsigned int)(**at - '0');
	*minutes = hour * 60 + minute;
	return digits == 2 && minute < 60 && *minutes <= 24 * 60;
}

static void parse_hours(struct parse *p, const struct conf_node *node)
{
	const char *at = node->word_count == 2 ? node->words[1] : "";
	bool fits = clock_read(&at, &p->ranking->from) && *at++ == '-' && clock_read(&at, &p->ranking->to) &&
		    !*at;

	p->ranking->from %= 24 * 60;
	p->ranking->to %= 24 * 60;
	if (!fits)
		conf_error(p->errors, p->file, node, "hours takes one span, such as 22:00-05:00");
}

static void parse_days(struct parse *p, const struct conf_node *node)
{
	for (unsigned int i = 1; i < node->word_count; i++) {
		size_t at = 0;

		while (at < ARRAY_LEN(day_names) && strcmp(day_names[at].name, node->words[i]) != 0)
			at++;
		if (at == ARRAY_LEN(day_names))
			conf_error(p->errors, p->file, node, "days \"%s\": weekday, weekend or holiday",
				   node->words[i]);
		else
			p->ranking->days |= day_names[at].days;
	}
}

static void parse_actions(struct parse *p, const struct conf_node *node)
{
	for (unsigned int i = 1; i < node->word_count; i++) {
		enum access_action action = access_action_find(text_of(node->words[i]));

		if (action == ACCESS_ACTION_MAX)
			conf_error(p->errors, p->file, node, "no action \"%s\"", node->words[i]);
		else
			p->ranking->actions |= 1u << action;
	}
}

static void parse_objects(struct parse *p, const struct conf_node *node)
{
	for (unsigned int i = 1; i < node->word_count; i++) {
		if (p->ranking->glob_count == GLOBS_MAX) {
			conf_error(p->errors, p->file, node, "more than %u patterns", GLOBS_MAX);
			return;
		}
		p->ranking->globs[p->ranking->glob_count++] = node->words[i];
	}
}

static void parse_by(struct parse *p, const struct conf_node *node)
{
	unsigned int by = 0;

	while (by < BY_MAX && (node->word_count != 2 || strcmp(by_names[by], node->words[1]) != 0))
		by++;
	if (by == BY_MAX)
		conf_error(p->errors, p->file, node, "by takes one of user, object, client, server");
	else
		p->ranking->by = by;
}

static void parse_title(struct parse *p, const struct conf_node *node)
{
	if (node->word_count != 2)
		conf_error(p->errors, p->file, node, "%s takes one value", node->words[0]);
	else if (node->words[0][5])
		p->ranking->title_ja = node->words[1];
	else
		p->ranking->title = node->words[1];
}

static void parse_line(struct parse *p, const struct conf_node *node)
{
	static const struct {
		const char *word;
		void (*parse)(struct parse *p, const struct conf_node *node);
	} lines[] = {{"title", parse_title}, {"title-ja", parse_title}, {"hours", parse_hours},
		     {"days", parse_days},   {"action", parse_actions}, {"object", parse_objects},
		     {"by", parse_by}};

	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		if (!strcmp(lines[i].word, node->words[0])) {
			lines[i].parse(p, node);
			return;
		}
	}
	conf_error(p->errors, p->file, node,
		   "unknown \"%s\": title, title-ja, hours, days, action, object or by", node->words[0]);
}

int access_rankings_parse(const char *file, const char *text, size_t len, struct access_rankings **out,
			  struct conf_errors *errors)
{
	CLEANUP(access_rankings_free) struct access_rankings *rankings = calloc(1, sizeof(*rankings));
	int err;

	if (!rankings)
		return -ENOMEM;
	err = conf_parse(file, text, len, &rankings->tree, errors);
	if (err)
		return err;
	for (const struct conf_node *node = rankings->tree; node; node = node->next) {
		struct parse p = {.file = file, .errors = errors};

		if (node->word_count != 2 || strcmp(node->words[0], "ranking") != 0 ||
		    rankings->count == RANKINGS_MAX) {
			conf_error(errors, file, node, "expected `ranking NAME { … }`, at most %u of them",
				   RANKINGS_MAX);
			continue;
		}
		p.ranking = &rankings->rankings[rankings->count++];
		*p.ranking = (struct ranking){.name = node->words[1]};
		for (const struct conf_node *line = node->child; line; line = line->next)
			parse_line(&p, line);
		if (!p.ranking->title || !p.ranking->title_ja)
			conf_error(errors, file, node, "ranking %s needs title and title-ja",
				   p.ranking->name);
	}
	if (!rankings->count)
		conf_error(errors, file, NULL, "no ranking in it");
	if (errors->count)
		return -EINVAL;
	*out = TAKE_PTR(rankings);
	return 0;
}

void access_rankings_free(struct access_rankings *rankings)
{
	if (!rankings)
		return;
	for (unsigned int i = 0; i < rankings->count; i++) {
		struct ranking *ranking = &rankings->rankings[i];

		for (uint32_t row = 0; row < ranking->count; row++) {
			free((char *)ranking->rows[row].name.at);
			free((char *)ranking->rows[row].object.at);
		}
		free(ranking->rows);
		free(ranking->index);
	}
	conf_free(rankings->tree);
	free(rankings);
}

void access_rankings_expect(struct access_rankings *rankings, const char *text, size_t len)
{
	rankings->expected = (struct text){text, len};
}

/* --- counting */

static char folded(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

/* * any run, ? one byte; goes back to the last star only, so the work is bounded by the product of the
 * lengths. */
static bool glob_fits(struct text pattern, struct text text)
{
	size_t p = 0, t = 0, star = SIZE_MAX, mark = 0;

	while (t < text.len) {
		if (p < pattern.len && pattern.at[p] == '*') {
			star = p++;
			mark = t;
		} else if (p < pattern.len &&
			   (pattern.at[p] == '?' || folded(pattern.at[p]) == folded(text.at[t]))) {
			p++;
			t++;
		} else if (star != SIZE_MAX) {
			p = star + 1;
			t = ++mark;
		} else {
			return false;
		}
	}
	while (p < pattern.len && pattern.at[p] == '*')
		p++;
	return p == pattern.len;
}

static bool is_expected(const struct access_rankings *rankings, struct text user)
{
	struct text lines = rankings->expected, line;

	while (text_data_line(&lines, &line))
		if (glob_fits(line, user))
			return true;
	return false;
}

static bool hours_hold(const struct ranking *ranking, unsigned int minute)
{
	if (ranking->from == ranking->to)
		return true;
	return ranking->from < ranking->to ? minute >= ranking->from && minute < ranking->to
					   : minute >= ranking->from || minute < ranking->to;
}

static bool days_hold(const struct ranking *ranking, const struct civil *wall)
{
	bool weekend = wall->weekday == 0 || wall->weekday == 6;
	bool holiday = holiday_of(wall->year, wall->month, wall->day);
	unsigned int is = (weekend ? DAYS_WEEKEND : 0u) | (holiday ? DAYS_HOLIDAY : 0u);

	return !ranking->days || ranking->days & (is ? is : DAYS_WEEKDAY);
}

static bool ranking_takes(const struct ranking *ranking, const struct access *access,
			  const struct civil *wall)
{
	unsigned int at = 0;

	if (ranking->actions && !(ranking->actions & 1u << access->action))
		return false;
	if (!hours_hold(ranking, wall->hour * 60u + wall->minute) || !days_hold(ranking, wall))
		return false;
	while (at < ranking->glob_count && !glob_fits(text_of(ranking->globs[at]), access->object))
		at++;
	return !ranking->glob_count || at < ranking->glob_count;
}

static int index_grow(struct ranking *ranking)
{
	uint32_t size = ranking->size ? ranking->size * 2 : 64;
	struct row *rows = realloc(ranking->rows, size / 2 * sizeof(*rows));
	uint32_t *index = calloc(size, sizeof(*index));

	if (rows)
		ranking->rows = rows;
	if (!rows || !index) {
		free(index);
		return -ENOMEM;
	}
	free(ranking->index);
	ranking->index = index;
	ranking->size = size;
	for (uint32_t row = 0; row < ranking->count; row++) {
		uint32_t at = (uint32_t)rows[row].hash & (size - 1);

		while (index[at])
			at = (at + 1) & (size - 1);
		index[at] = row + 1;
	}
	return 0;
}

static int text_copy(struct text text, struct text *out)
{
	char *copy = malloc(text.len + 1);

	if (!copy)
		return -ENOMEM;
	memcpy(copy, text.at, text.len);
	copy[text.len] = '\0';
	free((char *)out->at);
	*out = (struct text){copy, text.len};
	return 0;
}

/* NULL with *err: no room. */
static struct row *row_of(struct ranking *ranking, struct text name, int *err)
{
	uint64_t hash = access_hash(name, 0);
	struct row *row;
	uint32_t at;

	*err = ranking->count >= ranking->size / 2 ? index_grow(ranking) : 0;
	if (*err)
		return NULL;
	for (at = (uint32_t)hash & (ranking->size - 1); ranking->index[at];
	     at = (at + 1) & (ranking->size - 1)) {
		row = &ranking->rows[ranking->index[at] - 1];
		/* Names of people and machines are the same in any case. */
		if (row->hash == hash && row->name.len == name.len &&
		    !strncasecmp(row->name.at, name.at, name.len))
			return row;
	}
	*err = ranking->count == ACCESS_RANK_ROWS_MAX ? -E2BIG : 0;
	if (*err)
		return NULL;
	row = &ranking->rows[ranking->count];
	*row = (struct row){.hash = hash};
	*err = text_copy(name, &row->name);
	if (*err)
		return NULL;
	ranking->index[at] = ++ranking->count;
	return row;
}

static int ranking_count(struct ranking *ranking, const struct access *access, bool expected)
{
	const struct text *const names[BY_MAX] = {[BY_USER] = &access->user,
						  [BY_OBJECT] = &access->object,
						  [BY_CLIENT] = &access->client,
						  [BY_SERVER] = &access->server};
	int err;
	struct row *row = row_of(ranking, *names[ranking->by], &err);

	if (err == -ENOMEM)
		return err;
	ranking->total++;
	ranking->denied += access->denied;
	ranking->expected += expected;
	if (!row) {
		ranking->left_out++;
		return err;
	}
	row->expected = expected && ranking->by == BY_USER;
	row->denied += access->denied;
	if (!row->count++ || access->time < row->first)
		row->first = access->time;
	if (access->time < row->last)
		return 0;
	row->last = access->time;
	return text_copy(access->object, &row->object);
}

int access_rankings_add(struct access_rankings *rankings, const struct access *access,
			const struct access_clock *clock)
{
	int64_t seconds = access->time / 1000000;
	/* The offset by wall time, found from UTC: twice, for the hour of a change. */
	struct civil wall = civil_of(seconds);
	int64_t ahead = clock->zone(&wall, clock->arg);
	bool expected;
	int err = 0;

	wall = civil_of(seconds + ahead);
	wall = civil_of(seconds + clock->zone(&wall, clock->arg));
	expected = is_expected(rankings, access->user);
	for (unsigned int i = 0; i < rankings->count; i++) {
		if (ranking_takes(&rankings->rankings[i], access, &wall)) {
			int one = ranking_count(&rankings->rankings[i], access, expected);

			if (one == -ENOMEM)
				return one;
			err = one ? one : err;
		}
	}
	return err;
}

/* --- results */

bool access_rankings_at(const struct access_rankings *rankings, unsigned int at, struct access_ranking *out)
{
	const struct ranking *ranking = &rankings->rankings[at];

	if (at >= rankings->count)
		return false;
	*out = (struct access_ranking){.name = ranking->name,
				       .title = ranking->title,
				       .title_ja = ranking->title_ja,
				       .by = by_names[ranking->by],
				       .total = ranking->total,
				       .denied = ranking->denied,
				       .expected = ranking->expected,
				       .left_out = ranking->left_out,
				       .names = ranking->count};
	return true;
}

static int by_count(const void *a, const void *b)
{
	const struct row *one = a, *two = b;
	size_t shorter = one->name.len < two->name.len ? one->name.len : two->name.len;
	int order;

	if (one->count != two->count)
		return one->count > two->count ? -1 : 1;
	order = memcmp(one->name.at, two->name.at, shorter);
	return order ? order : one->name.len < two->name.len ? -1 : one->name.len > two->name.len;
}

void access_rankings_order(struct access_rankings *rankings)
{
	for (unsigned int i = 0; i < rankings->count; i++)
		if (rankings->rankings[i].count)
			qsort(rankings->rankings[i].rows, rankings->rankings[i].count, sizeof(struct row),
			      by_count);
}

bool access_rankings_row(const struct access_rankings *rankings, unsigned int at, uint64_t row,
			 struct access_rank *out)
{
	const struct ranking *ranking = &rankings->rankings[at];
	const struct row *one;
	uint64_t first = row;

	if (at >= rankings->count || row >= ranking->count)
		return false;
	one = &ranking->rows[row];
	while (first && ranking->rows[first - 1].count == one->count)
		first--;
	*out = (struct access_rank){.rank = first + 1,
				    .name = one->name,
				    .count = one->count,
				    .denied = one->denied,
				    .expected = one->expected,
				    .first = one->first,
				    .last = one->last,
				    .object = one->object};
	return true;
}
