// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list_export.c - plain text, nftables and ipset scripts, external dynamic
 * lists, and our own list files.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/policy/contract_names.h"
#include "lib/digest.h"
#include "list_export.h"
#include "sekimori/maps.h"

#define V4_BITS	      96u
#define IPSET_NAME    31u      /* IPSET_MAXNAMELEN without its NUL */
#define IPSET_TIMEOUT 2147483u /* seconds; more is no timeout that ipset takes */

struct export
{
	FILE *out;
	const char *name;
	const struct list_entry *entries;
	uint32_t count;
	uint64_t now;
	bool v6;      /* the family that is written now, of formats that part them */
	bool started; /* an element was written before */
};

struct export_format {
	const char *name, *help;
	bool whole;    /* says what an entry does; else only addresses to drop */
	bool families; /* begin, entry and end once per family that has entries */
	void (*begin)(struct export *e);
	void (*entry)(struct export *e, const struct list_entry *entry);
	void (*end)(struct export *e);
};

/* --- plain, EDL */

static void plain_begin(struct export *e)
{
	fprintf(e->out, "# list %s\n", e->name);
}

static void plain_entry(struct export *e, const struct list_entry *entry)
{
	char text[PREFIX_TEXT_MAX];

	fputs(prefix_format(&entry->prefix, text), e->out);
	fputc('\n', e->out);
}

/* --- nftables: intervals must not overlap when they have timeouts, so what is inside others is left to them
 */

static uint64_t life_left(const struct export *e, const struct list_entry *entry)
{
	return entry->expires ? entry->expires - e->now : 0;
}

/* A name of nftables: letters, digits, _ and . behind a letter. */
static void nft_name(const struct export *e)
{
	fputs("list_", e->out);
	for (const char *c = e->name; *c; c++)
		fputc(*c == '-' ? '_' : *c, e->out);
	fputs(e->v6 ? "_6" : "_4", e->out);
}

static void nft_begin(struct export *e)
{
	fputs("table inet sekimori {\n\tset ", e->out);
	nft_name(e);
	fprintf(e->out,
		" {\n\t\ttype ipv%u_addr\n\t\tflags interval, timeout\n\t\tauto-merge\n\t\telements = {",
		e->v6 ? 6 : 4);
}

static void nft_entry(struct export *e, const struct list_entry *entry)
{
	char text[PREFIX_TEXT_MAX];

	fprintf(e->out, "%s\n\t\t\t%s", e->started ? "," : "", prefix_format(&entry->prefix, text));
	if (entry->expires)
		fprintf(e->out, " timeout %llus", (unsigned long long)life_left(e, entry));
}

static void nft_end(struct export *e)
{
	fputs("\n\t\t}\n\t}\n}\n", e->out);
}

/* --- ipset restore */

/* "NAME-4"; the family stays when the name is too long for ipset. */
static void ipset_name(const struct export *e)
{
	fprintf(e->out, "%.*s-%c", (int)IPSET_NAME - 2, e->name, e->v6 ? '6' : '4');
}

static void ipset_begin(struct export *e)
{
	uint32_t room = 65536;

	while (room <= e->count + 1 && room < 1u << 31)
		room *= 2;
	fputs("create ", e->out);
	ipset_name(e);
	fprintf(e->out, " hash:net family inet%s hashsize %u maxelem %u timeout 0\n", e->v6 ? "6" : "",
		room / 4 > 1024 ? room / 4 : 1024, room);
}

static void ipset_one(struct export *e, const struct list_entry *entry, const struct prefix *prefix)
{
	char text[PREFIX_TEXT_MAX];
	uint64_t left = life_left(e, entry);

	fputs("add ", e->out);
	ipset_name(e);
	fprintf(e->out, " %s timeout %llu\n", prefix_format(prefix, text),
		(unsigned long long)(left > IPSET_TIMEOUT ? IPSET_TIMEOUT : left));
}

/* hash:net knows no /0. */
static void ipset_entry(struct export *e, const struct list_entry *entry)
{
	struct prefix half = entry->prefix;

	if (entry->prefix.len != (e->v6 ? 0 : V4_BITS)) {
		ipset_one(e, entry, &entry->prefix);
		return;
	}
	half.len++;
	ipset_one(e, entry, &half);
	half.addr[e->v6 ? 0 : 12] = 0x80;
	ipset_one(e, entry, &half);
}

/* --- our own; the header is written by list_export(), which has the text that it digests */

static void put_time(json_t *line, const char *key, uint64_t seconds)
{
	time_t value = (time_t)seconds;
	char text[32];
	struct tm tm;

	if (seconds && gmtime_r(&value, &tm) && strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm))
		json_object_set_new(line, key, json_string(text));
}

static void own_entry(struct export *e, const struct list_entry *entry)
{
	static const char *const directions[] = {"both", "source", "destination", "both"};
	json_t *line = json_object();
	char text[PREFIX_TEXT_MAX];

	json_object_set_new(line, "prefix", json_string(prefix_format(&entry->prefix, text)));
	json_object_set_new(line, "action",
			    json_string(entry->flags & SEKI_ENTRY_ALERT	  ? "alert"
					: entry->flags & SEKI_ENTRY_ALLOW ? "allow"
									  : "drop"));
	json_object_set_new(line, "direction",
			    json_string(directions[entry->flags & (SEKI_ENTRY_SRC | SEKI_ENTRY_DST)]));
	if (entry->severity < SEKI_SEVERITY_MAX)
		json_object_set_new(line, "severity", json_string(contract_severities[entry->severity]));
	if (*entry->reason)
		json_object_set_new(line, "reason", json_string(entry->reason));
	put_time(line, "created", entry->created);
	put_time(line, "expires", entry->expires);
	if (json_dumpf(line, e->out, JSON_COMPACT | JSON_PRESERVE_ORDER))
		fputs("{}", e->out); /* counted and digested as it stands; the reader refuses it by name */
	fputc('\n', e->out);
	json_decref(line);
}

/* The header in front of the lines; text is freed or handed on. */
static int own_header(const struct export *e, uint32_t lines, char **text, size_t *len)
{
	uint8_t bytes[DIGEST_BYTES_MAX];
	char digest[8 + 3 * DIGEST_BYTES_MAX] = "sha256:";
	AUTO_FREE char *head = NULL, *whole = NULL;
	json_t *header = json_object();
	size_t head_len;

	if (*len > UINT32_MAX) {
		json_decref(header);
		return -EFBIG;
	}
	digest_of(DIGEST_SHA256, (struct span){(const uint8_t *)*text, (uint32_t)*len}, bytes);
	digest_text(bytes, digest_bytes(DIGEST_SHA256), '\0', digest + 7);
	json_object_set_new(header, "sekimori-list", json_integer(1));
	json_object_set_new(header, "id", json_string(e->name));
	json_object_set_new(header, "serial", json_integer((json_int_t)e->now));
	put_time(header, "created", e->now);
	json_object_set_new(header, "entries", json_integer(lines));
	json_object_set_new(header, "digest", json_string(digest));
	head = json_dumps(header, JSON_COMPACT | JSON_PRESERVE_ORDER);
	json_decref(header);
	head_len = head ? strlen(head) : 0;
	whole = head ? malloc(head_len + *len + 2) : NULL;
	if (!whole)
		return -ENOMEM;
	memcpy(whole, head, head_len);
	whole[head_len] = '\n';
	memcpy(whole + head_len + 1, *text, *len);
	*len += head_len + 1;
	whole[*len] = '\0';
	free(*text);
	*text = TAKE_PTR(whole);
	return 0;
}

/* --- the table */

static const struct export_format formats[] = {
	{"plain", "an address or CIDR per line, list load reads it", .begin = plain_begin,
	 .entry = plain_entry},
	{"edl", "the same without any comment, for external dynamic lists of firewalls",
	 .entry = plain_entry},
	{"nft", "sets for nft -f, with timeouts", .families = true, .begin = nft_begin, .entry = nft_entry,
	 .end = nft_end},
	{"ipset", "for ipset restore, with timeouts", .families = true, .begin = ipset_begin,
	 .entry = ipset_entry},
	{"sekimori", "our own JSON lines with all that an entry says", .whole = true, .entry = own_entry},
};

bool list_export_format(unsigned int at, const char **name, const char **help)
{
	if (at >= ARRAY_LEN(formats))
		return false;
	*name = formats[at].name;
	*help = formats[at].help;
	return true;
}

static int entry_compare(const void *a, const void *b)
{
	const struct list_entry *x = a, *y = b;
	int family = (int)prefix_is_v4(&y->prefix) - (int)prefix_is_v4(&x->prefix);

	return family ? family : prefix_compare(&x->prefix, &y->prefix);
}

void list_export_sort(struct list_entry *entries, uint32_t count)
{
	if (count)
		qsort(entries, count, sizeof(*entries), entry_compare);
}

static bool outlives(const struct list_entry *entry, const struct list_entry *other)
{
	return !entry->expires || (other->expires && entry->expires >= other->expires);
}

/*
 * One pass. Sorted, so a wider prefix comes before what it covers: what is inside one that lives as long is
 * left to it where overlaps are not wanted.
 */
static uint32_t export_pass(struct export *e, const struct export_format *format, uint32_t *left_out)
{
	const struct list_entry *cover = NULL;
	uint32_t written = 0;

	for (uint32_t i = 0; i < e->count; i++) {
		const struct list_entry *entry = &e->entries[i];

		if (format->families && prefix_is_v4(&entry->prefix) == e->v6)
			continue;
		if (entry->expires && entry->expires <= e->now)
			continue;
		if (!format->whole && entry->flags & (SEKI_ENTRY_ALERT | SEKI_ENTRY_ALLOW)) {
			++*left_out;
			continue;
		}
		if (format->families && cover && prefix_contains(&cover->prefix, &entry->prefix) &&
		    outlives(cover, entry))
			continue;
		if (!cover || !prefix_contains(&cover->prefix, &entry->prefix))
			cover = entry;
		if (!written && format->begin)
			format->begin(e);
		e->started = written++;
		format->entry(e, entry);
	}
	if (!written && format->begin && !format->families)
		format->begin(e);
	if (written && format->end)
		format->end(e);
	return written;
}

int list_export(const char *format, const char *name, const struct list_entry *entries, uint32_t count,
		uint64_t now, char **text, size_t *len, uint32_t *left_out)
{
	struct export e = {.name = name, .entries = entries, .count = count, .now = now};
	const struct export_format *row = NULL;
	AUTO_FREE char *out = NULL;
	uint32_t written;
	size_t out_len = 0;
	int err = 0;

	for (size_t i = 0; i < ARRAY_LEN(formats) && !row; i++)
		if (!strcmp(formats[i].name, format))
			row = &formats[i];
	if (!row)
		return -EINVAL;
	*left_out = 0;
	e.out = open_memstream(&out, &out_len);
	if (!e.out)
		return -ENOMEM;
	written = export_pass(&e, row, left_out);
	if (row->families) {
		e.v6 = true;
		export_pass(&e, row, left_out);
	}
	if (fclose(e.out))
		return -ENOMEM;
	if (row->whole)
		err = own_header(&e, written, &out, &out_len);
	if (err)
		return err;
	*text = TAKE_PTR(out);
	*len = out_len;
	return 0;
}
