// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list_import.c - which format a list file has, and what all formats share:
 * rows, their counts, what is refused for what it covers.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "list_import_parts.h"
#include "sekimori/maps.h"

#define SHOWN 120u

static const struct {
	const char *name;
	const struct list_format *format;
} formats[] = {
#define X(id, name) {name, &list_format_##id},
	LIST_FORMATS(X)
#undef X
};
#define X(id, name) ", " name
static const char format_names[] = LIST_FORMATS(X);
#undef X

bool list_import_format(unsigned int at, const char **name, const char **help)
{
	if (at >= ARRAY_LEN(formats))
		return false;
	*name = formats[at].name;
	*help = formats[at].format->help;
	return true;
}

bool list_import_known(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(formats); i++)
		if (!strcmp(formats[i].name, name))
			return true;
	return false;
}

/* --- rows */

/* Files are hostile, and what is said about them ends on terminals. */
static void printable(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
}

struct list_entry *import_row(struct list_import *in, unsigned int line, struct text shown)
{
	in->line = line;
	in->shown = shown;
	in->fresh = in->named = false;
	in->why[0] = in->reason[0] = '\0';
	in->entry = (struct list_entry){.severity = LIST_SEVERITY_UNSAID, .reason = in->reason};
	return &in->entry;
}

void import_refuse(struct list_import *in, const char *format, ...)
{
	va_list args;

	if (*in->why)
		return;
	va_start(args, format);
	vsnprintf(in->why, sizeof(in->why), format, args);
	va_end(args);
}

void import_doubt(struct list_import *in, uint32_t allow, const char *format, ...)
{
	size_t room = sizeof(in->report->refusal);
	va_list args;

	if (in->how->guard && in->how->guard->allow & allow)
		return;
	in->report->allow |= allow;
	if (*in->report->refusal)
		return;
	va_start(args, format);
	vsnprintf(in->report->refusal, room, format, args);
	va_end(args);
}

/* A row's line, what is shown of it and why, as people may see it. */
static void import_tell(struct list_import *in, list_refused_fn tell)
{
	char shown[SHOWN + 4];
	size_t take = in->shown.len < SHOWN ? in->shown.len : SHOWN;

	for (size_t i = 0; i < take; i++)
		shown[i] = in->shown.at[i] ? in->shown.at[i] : '?';
	strcpy(shown + take, take < in->shown.len ? "..." : "");
	printable(shown);
	printable(in->why);
	tell(in->line, shown, in->why, in->arg);
}

/* May the list name this prefix? False: refused, and why is said. */
static bool import_guarded(struct list_import *in, const struct list_guard *guard,
			   const struct prefix *prefix, enum list_touch special)
{
	char why[160], text[PREFIX_TEXT_MAX];

	if (list_guard_own(guard, prefix, why)) {
		if (!(guard->allow & LIST_ALLOW_OWN)) {
			import_refuse(in, "%s %s (allow-own takes it)", prefix_format(prefix, text), why);
			return false;
		}
		if (in->how->noted && !*in->why) {
			import_refuse(in, "%s %s: taken, but the allow set wins", prefix_format(prefix, text),
				      why);
			import_tell(in, in->how->noted);
			in->why[0] = '\0';
		}
	}
	if (guard->allow & LIST_ALLOW_PRIVATE || special == LIST_TOUCH_NONE)
		return true;
	list_guard_special(prefix, why);
	import_refuse(in, "%s %s (allow-private takes it)", prefix_format(prefix, text), why);
	return false;
}

int import_add(struct list_import *in, const struct list_entry *entry)
{
	const struct list_guard *guard = in->how->guard;
	const uint8_t flags = entry->flags ? entry->flags : in->how->flags;
	int err = 0;

	in->named = true;
	if (entry->expires && entry->expires <= in->how->now && !entry->remove) {
		import_refuse(in, "it has expired");
		return 0;
	}
	if (guard && !entry->remove && !(flags & SEKI_ENTRY_ALERT)) {
		enum list_touch special = list_guard_special(&entry->prefix, NULL);

		/* A feed that drops must not open what others close. */
		if (flags & SEKI_ENTRY_ALLOW & ~in->how->flags && !(guard->allow & LIST_ALLOW_EXCEPTIONS)) {
			import_refuse(in, "it is an exception to other lists (allow-exceptions takes it)");
			return 0;
		}
		/* What is nobody's on the internet says nothing about how much of it the list covers. */
		if (guard->max_share && special != LIST_TOUCH_WITHIN)
			err = list_share_add(&in->share, &entry->prefix);
		if (err ||
		    (!(flags & SEKI_ENTRY_ALLOW) && !import_guarded(in, guard, &entry->prefix, special)))
			return err;
	}
	err = in->add(entry, in->arg);
	if (!err)
		in->fresh = true;
	return err == -EEXIST ? 0 : err;
}

int import_add_text(struct list_import *in, struct list_entry *entry, struct text prefix)
{
	const char *why = NULL;

	prefix = text_trim(prefix);
	if (prefix_parse(prefix.at, prefix.len, &entry->prefix, &why)) {
		import_refuse(in, "%s", why);
		return 0;
	}
	return import_add(in, entry);
}

void import_end(struct list_import *in)
{
	struct list_report *report = in->report;

	report->lines++;
	if (!*in->why && !in->named)
		import_refuse(in, "it names no address");
	if (!*in->why) {
		report->accepted += in->fresh;
		report->merged += !in->fresh;
		report->removed += in->fresh && in->entry.remove;
		return;
	}
	report->refused++;
	if (in->refused)
		import_tell(in, in->refused);
}

/* The library's own check, for the few texts that are not ASCII. */
static bool text_is_utf8(struct text text)
{
	json_t *string;
	size_t i = 0;

	while (i < text.len && (unsigned char)text.at[i] < 0x80)
		i++;
	if (i == text.len)
		return true;
	string = json_stringn(text.at, text.len);
	json_decref(string);
	return string;
}

void import_reason(struct list_import *in, const char *sep, struct text text)
{
	size_t used = strlen(in->reason), room = sizeof(in->reason) - 1, at = used;
	bool ascii;

	text = text_trim(text);
	ascii = !text_is_utf8(text);
	if (!text.len || (used && used + strlen(sep) >= room))
		return;
	if (used)
		at += (size_t)snprintf(in->reason + used, sizeof(in->reason) - used, "%s", sep);
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.at[i];

		if (at == room) {
			/* Not in the middle of a character, and so that it shows. */
			at -= 3;
			while (at && ((unsigned char)in->reason[at] & 0xc0) == 0x80)
				at--;
			memcpy(in->reason + at, "...", 4);
			return;
		}
		in->reason[at++] = c < 0x20 || c == 0x7f ? ' ' : c >= 0x80 && ascii ? '?' : (char)c;
	}
	in->reason[at] = '\0';
}

/* --- the whole */

/* By name; else the one format that is sure, else the one that may be. -EINVAL: none, or several. */
static int format_find(const char *name, struct text head, size_t *out)
{
	unsigned int count[SNIFF_YES + 1] = {0};
	size_t at[SNIFF_YES + 1] = {0};
	enum list_sniff best;

	if (head.len > SNIFF_ROOM)
		head.len = SNIFF_ROOM;
	for (size_t i = 0; i < ARRAY_LEN(formats); i++) {
		enum list_sniff found = SNIFF_NO;

		if (!name || !*name)
			found = formats[i].format->sniff(head);
		else if (!strcmp(formats[i].name, name))
			found = SNIFF_YES;
		count[found]++;
		at[found] = i;
	}
	best = count[SNIFF_YES] ? SNIFF_YES : SNIFF_MAYBE;
	if (count[best] != 1)
		return -EINVAL;
	*out = at[best];
	return 0;
}

static void import_share(struct list_import *in)
{
	const uint32_t most = in->how->guard ? in->how->guard->max_share * 10 : 0;
	uint32_t v4, v6;

	if (!most)
		return;
	list_share_sum(&in->share, &v4, &v6);
	if (v4 > most || v6 > most)
		import_doubt(in, LIST_ALLOW_SHARE,
			     "it covers %u.%u %% of the %s address space, more than %u %%",
			     (v4 > most ? v4 : v6) / 10, (v4 > most ? v4 : v6) % 10,
			     v4 > most ? "IPv4" : "IPv6", most / 10);
}

int list_import(const char *text, size_t len, const struct list_import_how *how, list_entry_fn add,
		list_refused_fn refused, void *arg, struct list_report *report)
{
	struct list_import in = {.text = {text, len},
				 .how = how,
				 .add = add,
				 .refused = refused,
				 .arg = arg,
				 .report = report};
	size_t at = 0;
	int err;

	*report = (struct list_report){0};
	if (text_begins(in.text, "\xef\xbb\xbf")) { /* byte order mark of Windows editors */
		in.text.at += 3;
		in.text.len -= 3;
	}
	err = format_find(how->format, in.text, &at);
	if (err) {
		snprintf(report->refusal, sizeof(report->refusal), "%s; --format takes one of: %s",
			 how->format && *how->format ? "there is no such format"
						     : "by its content the format is not to be told",
			 format_names + 2);
		return err;
	}
	report->format = formats[at].name;
	err = formats[at].format->parse(&in);
	if (!err)
		import_share(&in);
	list_share_clear(&in.share);
	return err;
}
