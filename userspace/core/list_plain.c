// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list_plain.c - list files as people publish them: one address, CIDR or
 * range per line.
 */
#include <errno.h>
#include <string.h>

#include "list.h"

#define LINE_SHOWN 120

struct plain {
	int (*add)(const struct prefix *prefix, void *arg);
	list_refused_fn refused;
	void *arg;
	struct list_report *report;
	unsigned int line;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

static void trim(const char **text, size_t *len)
{
	while (*len > 0 && is_blank(**text)) {
		++*text;
		--*len;
	}
	while (*len > 0 && is_blank((*text)[*len - 1]))
		--*len;
}

static void refuse_line(struct plain *p, const char *text, size_t len, const char *why)
{
	char shown[LINE_SHOWN + 4];
	size_t take = len < LINE_SHOWN ? len : LINE_SHOWN;

	p->report->refused++;
	if (!p->refused)
		return;
	memcpy(shown, text, take);
	strcpy(shown + take, take < len ? "..." : "");
	p->refused(p->line, shown, why, p->arg);
}

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

static int add_one(struct plain *p, const struct prefix *prefix, bool *fresh)
{
	int err = p->add(prefix, p->arg);

	if (!err)
		*fresh = true;
	return err == -EEXIST ? 0 : err;
}

/* The fewest prefixes that are exactly from..to: at every step the largest aligned one that does not go
 * beyond. */
static int add_range(struct plain *p, const struct prefix *from, const struct prefix *to, bool *fresh)
{
	const unsigned int family = prefix_is_v4(from) ? 32 : 128;
	struct prefix at = *from;
	bool more = true;

	while (more && memcmp(at.addr, to->addr, 16) <= 0) {
		unsigned int bits = addr_zeros(at.addr);
		uint8_t last[16];
		int err;

		if (bits > family)
			bits = family;
		for (addr_last(at.addr, bits, last); memcmp(last, to->addr, 16) > 0;
		     addr_last(at.addr, bits, last))
			bits--;
		at.len = (uint8_t)(128 - bits);
		err = add_one(p, &at, fresh);
		if (err)
			return err;
		more = bits < 128 && addr_step(at.addr, bits);
	}
	return 0;
}

static int read_range(struct plain *p, const char *text, size_t len, const char *dash, bool *fresh,
		      const char **why)
{
	const char *begin = text, *end = dash + 1;
	size_t begin_len = (size_t)(dash - text), end_len = len - begin_len - 1;
	struct prefix from, to;

	*why = NULL;
	trim(&begin, &begin_len);
	trim(&end, &end_len);
	if (prefix_parse(begin, begin_len, &from, why) || prefix_parse(end, end_len, &to, why))
		return 0;
	if (from.len != 128 || to.len != 128)
		*why = "the ends of a range are addresses, not networks";
	else if (prefix_is_v4(&from) != prefix_is_v4(&to))
		*why = "a range from one address family to the other";
	else if (memcmp(from.addr, to.addr, 16) > 0)
		*why = "the range ends before it begins";
	/* An IPv6 range around ::ffff:0:0/96 would name IPv4 addresses without saying so. */
	else if (!prefix_is_v4(&from) && memcmp(from.addr, "\0\0\0\0\0\0\0\0\0\0\xff\xff\0\0\0\0", 16) < 0 &&
		 memcmp(to.addr, "\0\0\0\0\0\0\0\0\0\0\xff\xff\xff\xff\xff\xff", 16) > 0)
		*why = "the range encloses the IPv4-mapped addresses";
	if (*why)
		return 0;
	return add_range(p, &from, &to, fresh);
}

static int read_line(struct plain *p, const char *text, size_t len)
{
	const char *why = NULL, *dash;
	struct prefix prefix;
	bool fresh = false;
	int err = 0;

	for (size_t i = 0; i < len; i++)
		if (text[i] == '#' || text[i] == ';')
			len = i;
	trim(&text, &len);
	if (len == 0)
		return 0;
	p->report->lines++;
	dash = memchr(text, '-', len);
	if (dash)
		err = read_range(p, text, len, dash, &fresh, &why);
	else if (!prefix_parse(text, len, &prefix, &why))
		err = add_one(p, &prefix, &fresh);
	if (err)
		return err;
	if (why)
		refuse_line(p, text, len, why);
	else if (fresh)
		p->report->accepted++;
	else
		p->report->merged++;
	return 0;
}

int list_parse_plain(const char *text, size_t len, int (*add)(const struct prefix *prefix, void *arg),
		     list_refused_fn refused, void *arg, struct list_report *report)
{
	struct plain p = {.add = add, .refused = refused, .arg = arg, .report = report};
	size_t at = 0;

	*report = (struct list_report){0};
	if (len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3))
		at = 3; /* byte order mark of Windows editors */
	while (at < len) {
		const char *end = memchr(text + at, '\n', len - at);
		size_t line_len = end ? (size_t)(end - text) - at : len - at;
		int err;

		p.line++;
		err = read_line(&p, text + at, line_len);
		if (err)
			return err;
		at += line_len + 1;
	}
	return 0;
}
