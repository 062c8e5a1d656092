// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list_import_plain.c - one address, CIDR or range per line, and FireHOL's
 * ipset and netset files, whose header says how many there are.
 */
#include <errno.h>
#include <string.h>

#include "list_import_parts.h"

/* addr + 2^bits; false when that goes beyond the last address. */
static bool addr_step(uint8_t addr[16], unsigned int bits)
{
	unsigned int carry = 1u << (bits % 8);

	for (int i = 15 - (int)(bits / 8); i >= 0 && carry; i--) {
		carry += addr[i];
		addr[i] = (uint8_t)carry;
		carry >>= 8;
	}
	return !carry;
}

/* The last address of the 2^bits ones from addr on; addr is aligned to them. */
static void addr_last(const uint8_t addr[16], unsigned int bits, uint8_t last[16])
{
	memcpy(last, addr, 16);
	for (unsigned int i = 0; i < bits; i++)
		last[15 - i / 8] |= (uint8_t)(1u << (i % 8));
}

static unsigned int addr_zeros(const uint8_t addr[16])
{
	unsigned int bits = 0;

	while (bits < 128 && !(addr[15 - bits / 8] >> (bits % 8) & 1))
		bits++;
	return bits;
}

/* The fewest prefixes that are exactly from..to: at every step the largest aligned one that does not go
 * beyond. */
static int add_span(struct list_import *in, struct list_entry *entry, const struct prefix *from,
		    const struct prefix *to)
{
	const unsigned int family = prefix_is_v4(from) ? 32 : 128;
	bool more = true;

	entry->prefix = *from;
	while (more && memcmp(entry->prefix.addr, to->addr, 16) <= 0) {
		unsigned int bits = addr_zeros(entry->prefix.addr);
		uint8_t last[16];
		int err;

		if (bits > family)
			bits = family;
		for (addr_last(entry->prefix.addr, bits, last); memcmp(last, to->addr, 16) > 0;
		     addr_last(entry->prefix.addr, bits, last))
			bits--;
		entry->prefix.len = (uint8_t)(128 - bits);
		err = import_add(in, entry);
		if (err)
			return err;
		more = bits < 128 && addr_step(entry->prefix.addr, bits);
	}
	return 0;
}

int import_add_range(struct list_import *in, struct list_entry *entry, struct text text)
{
	const char *why = NULL;
	struct prefix from, to;
	struct text begin, end;

	text = text_trim(text);
	if (!text.len || !memchr(text.at, '-', text.len))
		return import_add_text(in, entry, text);
	end = text;
	begin = text_trim(text_split(&end, '-'));
	end = text_trim(end);
	if (prefix_parse(begin.at, begin.len, &from, &why) || prefix_parse(end.at, end.len, &to, &why))
		;
	else if (from.len != 128 || to.len != 128)
		why = "the ends of a range are addresses, not networks";
	else if (prefix_is_v4(&from) != prefix_is_v4(&to))
		why = "a range from one address family to the other";
	else if (memcmp(from.addr, to.addr, 16) > 0)
		why = "the range ends before it begins";
	/* An IPv6 range around ::ffff:0:0/96 would name IPv4 addresses without saying so. */
	else if (!prefix_is_v4(&from) && memcmp(from.addr, "\0\0\0\0\0\0\0\0\0\0\xff\xff\0\0\0\0", 16) < 0 &&
		 memcmp(to.addr, "\0\0\0\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff", 16) > 0)
		why = "the range encloses the IPv4-mapped addresses";
	if (why) {
		import_refuse(in, "%s", why);
		return 0;
	}
	return add_span(in, entry, &from, &to);
}

/* The line without its comment. */
static struct text bare(struct text line)
{
	for (size_t i = 0; i < line.len; i++)
		if (line.at[i] == '#' || line.at[i] == ';')
			line.len = i;
	return text_trim(line);
}

static int parse_lines(struct list_import *in, void (*comment)(struct text line, void *arg), void *arg)
{
	struct text rest = in->text, line;
	unsigned int number = 0;
	int err = 0;

	while (!err && text_line(&rest, &line)) {
		struct text row = bare(line);

		number++;
		if (row.len) {
			err = import_add_range(in, import_row(in, number, row), row);
			if (!err)
				import_end(in);
		} else if (comment) {
			comment(text_trim(line), arg);
		}
	}
	return err;
}

static int plain_parse(struct list_import *in)
{
	return parse_lines(in, NULL, NULL);
}

/* Does the row name something that could be an address? Its own mistakes are for the reading to tell. */
static bool looks_like_address(struct text row)
{
	struct text part = text_trim(text_split(&row, '-'));
	struct prefix prefix;
	const char *why;

	return !prefix_parse(part.at, part.len, &prefix, &why);
}

/* A file without any row is a list without entries; else some of its first rows have to be addresses. */
static enum list_sniff plain_sniff(struct text head)
{
	unsigned int rows = 0;
	struct text line;

	while (rows < 200 && text_data_line(&head, &line)) {
		if (looks_like_address(bare(line)))
			return SNIFF_MAYBE;
		rows++;
	}
	return rows ? SNIFF_NO : SNIFF_MAYBE;
}

const struct list_format list_format_plain = {
	.help = "an address, CIDR or range per line, # and ; comments",
	.sniff = plain_sniff,
	.parse = plain_parse,
};

/* --- FireHOL: "# Entries         : 3094 subnets, 613260800 unique IPs" */

struct firehol {
	uint64_t entries;
	bool said;
};

static void firehol_comment(struct text line, void *arg)
{
	struct firehol *header = arg;
	struct text key = text_split(&line, ':'), count;

	if (!text_begins(key, "#"))
		return;
	key.at++;
	key.len--;
	if (!text_is(text_trim(key), "Entries"))
		return;
	line = text_trim(line);
	count = text_split(&line, ' ');
	header->said = text_number(count, UINT32_MAX, &header->entries);
}

static int firehol_parse(struct list_import *in)
{
	struct firehol header = {0};
	int err = parse_lines(in, firehol_comment, &header);

	if (!err && header.said && header.entries != in->report->lines)
		import_doubt(in, LIST_ALLOW_CUT, "its header says %llu entries, %u lines are there",
			     (unsigned long long)header.entries, in->report->lines);
	return err;
}

static enum list_sniff firehol_sniff(struct text head)
{
	struct firehol header = {0};
	bool set = false;
	struct text line;

	while (text_line(&head, &line)) {
		line = text_trim(line);
		if (line.len && *line.at != '#')
			break;
		set |= text_has(line, "hash:ip ipset") || text_has(line, "hash:net ipset");
		firehol_comment(line, &header);
	}
	return set && header.said ? SNIFF_YES : SNIFF_NO;
}

const struct list_format list_format_firehol = {
	.help = "FireHOL ipset and netset files; the count of the header must fit",
	.sniff = firehol_sniff,
	.parse = firehol_parse,
};
