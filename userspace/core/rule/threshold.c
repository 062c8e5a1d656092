// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * threshold.c - reads the file and hangs its entries on rules.
 */
#include "threshold.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "rule_parse.h"

#define THRESHOLD_LINE_MAX 65536u

/* What a line said; which of it belongs to its kind is checked at the end. */
enum threshold_field {
	FIELD_GID = 1,
	FIELD_SID = 2,
	FIELD_TYPE = 4,
	FIELD_TRACK = 8,
	FIELD_COUNT = 16,
	FIELD_SECONDS = 32,
	FIELD_ACTION = 64,
	FIELD_TIMEOUT = 128,
	FIELD_IP = 256,
};

static const struct threshold_kind {
	const char *word;
	uint8_t kind;
	unsigned int needed, allowed;
} threshold_kinds[] = {
	{"threshold", ENTRY_THRESHOLD,
	 FIELD_GID | FIELD_SID | FIELD_TYPE | FIELD_TRACK | FIELD_COUNT | FIELD_SECONDS, 0},
	{"event_filter", ENTRY_THRESHOLD,
	 FIELD_GID | FIELD_SID | FIELD_TYPE | FIELD_TRACK | FIELD_COUNT | FIELD_SECONDS, 0},
	{"rate_filter", ENTRY_RATE,
	 FIELD_GID | FIELD_SID | FIELD_TRACK | FIELD_COUNT | FIELD_SECONDS | FIELD_ACTION | FIELD_TIMEOUT, 0},
	{"suppress", ENTRY_SUPPRESS, FIELD_GID | FIELD_SID, FIELD_TRACK | FIELD_IP},
};

struct threshold_word {
	const char *word;
	uint8_t value;
};
static const struct threshold_word threshold_types[] = {
	{"limit", THRESHOLD_LIMIT}, {"threshold", THRESHOLD_THRESHOLD}, {"both", THRESHOLD_BOTH}, {NULL, 0}};
static const struct threshold_word threshold_tracks[] = {{"by_src", TRACK_SRC},	      {"by_dst", TRACK_DST},
							 {"by_both", TRACK_BOTH},     {"by_rule", TRACK_RULE},
							 {"by_flow", TRACK_FLOW},     {"by_pair", TRACK_BOTH},
							 {"by_either", TRACK_EITHER}, {NULL, 0}};
static const struct threshold_word threshold_actions[] = {
	{"alert", RULE_ALERT}, {"drop", RULE_DROP}, {"reject", RULE_REJECT}, {"pass", RULE_PASS}, {NULL, 0}};

struct threshold_reader {
	struct arena *arena;
	struct rule_groups *groups;
	struct threshold_entry entry;
	unsigned int seen;
	const char *why;
};

static int threshold_refuse(struct threshold_reader *reader, const char *why)
{
	reader->why = why;
	return -EINVAL;
}

/* Next part of "a, [b,c], d": commas inside of brackets belong to it. */
static char *threshold_item(char **rest)
{
	char *item = *rest, *p;
	int nest = 0;

	if (!item)
		return NULL;
	for (p = item; *p && (nest || *p != ','); p++)
		nest += *p == '[' ? 1 : *p == ']' ? -1 : 0;
	*rest = *p ? p + 1 : NULL;
	*p = '\0';
	return rule_trim(item);
}

static int threshold_choice(struct threshold_reader *reader, const struct threshold_word *rows,
			    const char *word, uint8_t *out, const char *why)
{
	for (; rows->word; rows++) {
		if (!strcmp(rows->word, word)) {
			*out = rows->value;
			return 0;
		}
	}
	return threshold_refuse(reader, why);
}

static int threshold_number(struct threshold_reader *reader, const char *text, uint32_t min, uint32_t *out)
{
	uint64_t value;

	if (rule_unsigned(text, UINT32_MAX, &value) || value < min)
		return threshold_refuse(reader, "not a number in the allowed range");
	*out = (uint32_t)value;
	return 0;
}

static int threshold_value(struct threshold_reader *reader, unsigned int field, const char *value)
{
	struct threshold_entry *entry = &reader->entry;

	switch (field) {
	case FIELD_GID:
		return threshold_number(reader, value, 0, &entry->gid);
	case FIELD_SID:
		return threshold_number(reader, value, 0, &entry->sid);
	case FIELD_TYPE:
		return threshold_choice(reader, threshold_types, value, &entry->limit.kind,
					"the type is not limit, threshold or both");
	case FIELD_TRACK:
		return threshold_choice(
			reader, threshold_tracks, value, &entry->track,
			"track is not by_src, by_dst, by_both, by_rule, by_flow or by_either");
	case FIELD_COUNT:
		return threshold_number(reader, value, 1, &entry->limit.count);
	case FIELD_SECONDS:
		return threshold_number(reader, value, 1, &entry->limit.seconds);
	case FIELD_ACTION:
		return threshold_choice(reader, threshold_actions, value, &entry->new_action,
					"new_action is not alert, drop, reject or pass");
	case FIELD_TIMEOUT:
		return threshold_number(reader, value, 0, &entry->timeout);
	case FIELD_IP:
		return rule_groups_get(reader->groups, GROUP_ADDRESS, value, strlen(value), &entry->addresses,
				       &reader->why);
	}
	return threshold_refuse(reader, "unknown option");
}

static int threshold_option(struct threshold_reader *reader, char *item)
{
	static const struct threshold_name {
		const char *word;
		unsigned int field;
	} names[] = {
		{"gen_id", FIELD_GID},	    {"sig_id", FIELD_SID},	  {"type", FIELD_TYPE},
		{"track", FIELD_TRACK},	    {"count", FIELD_COUNT},	  {"seconds", FIELD_SECONDS},
		{"timeout", FIELD_TIMEOUT}, {"new_action", FIELD_ACTION}, {"ip", FIELD_IP},
	};
	char *value = item + strcspn(item, " \t");

	if (*value)
		*value++ = '\0';
	value = rule_trim(value);
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		if (strcmp(item, names[i].word))
			continue;
		if (reader->seen & names[i].field)
			return threshold_refuse(reader, "an option is given twice");
		if (!*value)
			return threshold_refuse(reader, "an option has no value");
		reader->seen |= names[i].field;
		return threshold_value(reader, names[i].field, value);
	}
	return threshold_refuse(reader, "unknown option");
}

/* The options fit their kind and each other. */
static int threshold_check(struct threshold_reader *reader, const struct threshold_kind *kind)
{
	struct threshold_entry *entry = &reader->entry;

	if ((reader->seen & kind->needed) != kind->needed)
		return threshold_refuse(reader, "an option is missing");
	if (reader->seen & ~(kind->needed | kind->allowed))
		return threshold_refuse(reader, "an option that does not belong here");
	if (!entry->gid && entry->sid)
		return threshold_refuse(reader, "gen_id 0 goes with sig_id 0 only");
	entry->kind = kind->kind;
	if (kind->kind == ENTRY_SUPPRESS) {
		if (!(reader->seen & FIELD_TRACK) != !(reader->seen & FIELD_IP))
			return threshold_refuse(reader, "track and ip go together");
		if (entry->track > TRACK_DST && entry->track != TRACK_EITHER)
			return threshold_refuse(reader, "suppress tracks by_src, by_dst or by_either");
		return 0;
	}
	if (entry->track == TRACK_EITHER)
		return threshold_refuse(reader, "by_either is for suppress only");
	entry->limit.track = entry->track;
	return 0;
}

static int threshold_line(struct threshold_reader *reader, char *line)
{
	char *word = rule_trim(line), *rest = word + strcspn(word, " \t");
	int err = 0;

	reader->entry = (struct threshold_entry){0};
	reader->seen = 0;
	if (*rest)
		*rest++ = '\0';
	for (size_t i = 0; i < ARRAY_LEN(threshold_kinds); i++) {
		char *item;

		if (strcmp(word, threshold_kinds[i].word))
			continue;
		while (!err && (item = threshold_item(&rest)))
			err = threshold_option(reader, item);
		return err ? err : threshold_check(reader, &threshold_kinds[i]);
	}
	return threshold_refuse(reader, "not threshold, event_filter, rate_filter or suppress");
}

static int threshold_keep(struct threshold_table *table, const struct threshold_reader *reader)
{
	struct threshold_entry *entry = arena_copy(reader->arena, &reader->entry, sizeof(*entry));

	if (!entry)
		return -ENOMEM;
	if (table->last)
		table->last->next = entry;
	else
		table->first = entry;
	table->last = entry;
	return 0;
}

/* Copies the next line, with those that a backslash joins to it, into line. Returns how many lines it took;
 * 0: the text ends. *fits is false when it does not fit or is no text. */
static unsigned int threshold_next(const char **text, const char *end, char *line, bool *fits)
{
	unsigned int taken = 0;
	size_t used = 0;
	bool joined = true;

	*fits = true;
	while (joined && *text < end) {
		const char *newline = memchr(*text, '\n', (size_t)(end - *text));
		size_t len = (size_t)((newline ? newline : end) - *text);

		taken++;
		*fits &= used + len < THRESHOLD_LINE_MAX && !memchr(*text, '\0', len);
		if (*fits) {
			memcpy(line + used, *text, len);
			used += len;
		}
		*text = newline ? newline + 1 : end;
		while (used && isspace((unsigned char)line[used - 1]))
			used--;
		joined = *fits && used && line[used - 1] == '\\';
		if (joined)
			line[used - 1] = ' ';
	}
	line[used] = '\0';
	return taken;
}

int threshold_read(struct threshold_table *table, struct arena *arena, struct rule_groups *groups,
		   const char *file, const char *text, size_t len, ruleset_refused_fn fn, void *arg)
{
	struct threshold_reader reader = {.arena = arena, .groups = groups};
	AUTO_FREE char *line = malloc(THRESHOLD_LINE_MAX);
	const char *name = arena_string(arena, file, strlen(file)), *end = text + len;
	unsigned int number = 1, taken;
	int result = 0;
	bool fits;

	if (!line || !name)
		return -ENOMEM;
	for (; (taken = threshold_next(&text, end, line, &fits)); number += taken) {
		char *p = rule_trim(line);
		int err = 0;

		if (fits && (!*p || *p == '#'))
			continue;
		reader.why = "is not valid";
		err = fits ? threshold_line(&reader, p)
			   : threshold_refuse(&reader, "the line is too long or binary");
		reader.entry.file = name;
		reader.entry.line = number;
		if (!err)
			err = threshold_keep(table, &reader);
		if (err == -ENOMEM)
			return err;
		if (err && fn)
			fn(file, number, reader.entry.sid, "threshold", reader.why, arg);
		result = err ? err : result;
	}
	return result;
}

static int threshold_hang(struct threshold_entry *entry, struct arena *arena, struct rule *rule)
{
	const struct threshold_link **at = &rule->suppress;
	struct threshold_link *link;

	entry->rules++;
	switch ((enum threshold_entry_kind)entry->kind) {
	case ENTRY_THRESHOLD:
		rule->threshold = entry->limit;
		if (entry->sid)
			rule->detection.kind = THRESHOLD_NONE;
		return 0;
	case ENTRY_RATE:
		rule->rate = entry;
		return 0;
	case ENTRY_SUPPRESS:
		break;
	}
	link = arena_alloc(arena, sizeof(*link));
	if (!link)
		return -ENOMEM;
	/* The file's order holds, so that the answer names the first line that suppresses. */
	while (*at)
		at = (const struct threshold_link **)&(*at)->next;
	*link = (struct threshold_link){entry, NULL};
	*at = link;
	return 0;
}

/* Entries for many rules give way to what a rule or a line for it says itself. */
static bool threshold_yields(const struct threshold_entry *entry, const struct rule *rule)
{
	return (entry->kind == ENTRY_THRESHOLD && rule->threshold.kind) ||
	       (entry->kind == ENTRY_RATE && rule->rate);
}

int threshold_apply(struct threshold_table *table, struct arena *arena, struct rule *const *by_sid,
		    uint32_t count)
{
	int err = 0;

	for (struct threshold_entry *entry = table->first; entry && !err; entry = entry->next) {
		uint32_t low = 0, high = count;

		while (entry->sid && low < high) {
			uint32_t middle = low + (high - low) / 2;

			if (by_sid[middle]->info.sid < entry->sid)
				low = middle + 1;
			else
				high = middle;
		}
		for (; entry->sid && low < count && by_sid[low]->info.sid == entry->sid && !err; low++) {
			if (by_sid[low]->info.gid == entry->gid)
				err = threshold_hang(entry, arena, by_sid[low]);
		}
	}
	for (struct threshold_entry *entry = table->first; entry && !err; entry = entry->next) {
		for (uint32_t i = 0; !entry->sid && i < count && !err; i++) {
			if ((!entry->gid || by_sid[i]->info.gid == entry->gid) &&
			    !threshold_yields(entry, by_sid[i]))
				err = threshold_hang(entry, arena, by_sid[i]);
		}
	}
	return err;
}

const struct threshold_entry *threshold_suppresses(const struct rule *rule, range_value src, range_value dst)
{
	for (const struct threshold_link *link = rule->suppress; link; link = link->next) {
		const struct threshold_entry *entry = link->entry;

		if (entry->track == TRACK_NONE ||
		    (entry->track != TRACK_DST && range_set_has(entry->addresses, src)) ||
		    (entry->track != TRACK_SRC && range_set_has(entry->addresses, dst)))
			return entry;
	}
	return NULL;
}
