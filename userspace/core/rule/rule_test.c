// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rule_test.c - keywords about header fields of packets.
 */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "rule_parse.h"

/* keyword->value: enum rule_test_kind; keyword->max: the field's greatest value. */
int keyword_range(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	struct rule_test *test = rule_add_test(parser, (enum rule_test_kind)keyword->value);

	if (!test)
		return -EINVAL;
	if (keyword->value == TEST_ID || keyword->value == TEST_ICMP_ID || keyword->value == TEST_ICMP_SEQ) {
		/* These may stand in quotes. */
		size_t len = strlen(arg);

		if (len > 2 && arg[0] == '"' && arg[len - 1] == '"') {
			arg[len - 1] = '\0';
			arg = rule_trim(arg + 1);
		}
	}
	if (rule_range(arg, keyword->max, &test->range))
		return rule_refuse(parser, "not a number or range that the field can have");
	return 0;
}

/* Letters to bits by a table; 0 ends in -EINVAL. */
static int test_letters(const char *text, const char *letters, const uint8_t *bits, uint32_t *out)
{
	uint32_t value = 0;

	for (; *text; text++) {
		const char *at = strchr(letters, toupper((unsigned char)*text));

		if (!at)
			return -EINVAL;
		value |= bits[at - letters];
	}
	*out = value;
	return 0;
}

/* "!", "+", "*" and "=" may stand before or behind the letters. */
static char *test_mode(struct rule_test *test, char *text)
{
	size_t len;

	test->mode = '=';
	text = rule_trim(text);
	while (*text && strchr("!+*=", *text)) {
		if (*text == '!')
			test->negated = true;
		else
			test->mode = *text;
		text = rule_trim(text + 1);
	}
	for (len = strlen(text); len && strchr("!+*", text[len - 1]); len--) {
		if (text[len - 1] == '!')
			test->negated = true;
		else
			test->mode = text[len - 1];
		text[len - 1] = '\0';
	}
	return rule_trim(text);
}

int keyword_flags(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	static const char letters[] = "FSRPAUECW120";
	static const uint8_t bits[] = {1, 2, 4, 8, 16, 32, 64, 128, 128, 128, 64, 0};
	struct rule_test *test = rule_add_test(parser, TEST_FLAGS);
	char *flags = rule_item(&arg), *ignored = rule_item(&arg);
	uint32_t value, ignore = 0;

	if (!test)
		return -EINVAL;
	flags = test_mode(test, flags);
	if (!*flags || test_letters(flags, letters, bits, &value) ||
	    (ignored && test_letters(ignored, letters, bits, &ignore)) || arg)
		return rule_refuse(parser, "not flag letters out of FSRPAUEC120");
	test->range.low = value;
	test->ignored = (uint8_t)ignore;
	return 0;
}

int keyword_fragbits(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	static const char letters[] = "MDR";
	static const uint8_t bits[] = {1, 2, 4};
	struct rule_test *test = rule_add_test(parser, TEST_FRAGBITS);
	uint32_t value;

	if (!test)
		return -EINVAL;
	arg = test_mode(test, arg);
	if (!*arg || test_letters(arg, letters, bits, &value))
		return rule_refuse(parser, "not letters out of MDR");
	test->range.low = value;
	return 0;
}

int keyword_sameip(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	return rule_add_test(parser, TEST_SAMEIP) ? 0 : -EINVAL;
}

/* "valid" or "invalid"; keyword->value: IP version * 256 and protocol, 0 the header's own checksum. */
int keyword_checksum(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	struct rule_test *test = rule_add_test(parser, TEST_CHECKSUM);

	if (!test)
		return -EINVAL;
	if (strcmp(arg, "valid") && strcmp(arg, "invalid"))
		return rule_refuse(parser, "not valid or invalid");
	test->mode = keyword->value >> 8 == 4 ? '4' : '6';
	test->range.low = keyword->value & 0xff;
	test->negated = *arg == 'i';
	return 0;
}

/* "id[,layer]": any, all, or the number of the layer: outermost 0, innermost -1. */
int keyword_vlan_id(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	struct rule_test *test = rule_add_test(parser, TEST_VLAN_ID);
	char *id = rule_item(&arg), *layer = rule_item(&arg);
	uint64_t number;

	if (!test)
		return -EINVAL;
	if (rule_range(id, 4095, &test->range))
		return rule_refuse(parser, "not a number or range up to 4095");
	if (!layer || !strcmp(layer, "any")) {
		test->mode = 'n';
	} else if (!strcmp(layer, "all")) {
		test->mode = 'l';
	} else {
		bool inner = *layer == '-';

		if (rule_unsigned(layer + inner, SEKI_MAX_VLAN - !inner, &number) || (inner && !number))
			return rule_refuse(parser, "the layer is not any, all or a number");
		test->mode = inner ? 'r' : 'i';
		test->ignored = (uint8_t)(number - inner);
	}
	return 0;
}

int keyword_ipopts(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	static const struct {
		const char *name;
		uint16_t option; /* 256: any */
	} rows[] = {{"rr", 7},	    {"lsrr", 131}, {"lsrre", 131}, {"eol", 0},	   {"nop", 1},
		    {"ts", 68},	    {"sec", 130},  {"esec", 133},  {"cipso", 134}, {"ssrr", 137},
		    {"satid", 136}, {"qs", 25},	   {"any", 256}};
	struct rule_test *test = rule_add_test(parser, TEST_IPOPTS);

	for (size_t i = 0; test && i < ARRAY_LEN(rows); i++) {
		if (!strcasecmp(arg, rows[i].name)) {
			test->range.low = rows[i].option;
			return 0;
		}
	}
	return test ? rule_refuse(parser, "unknown IP option") : -EINVAL;
}

int keyword_ip_proto(struct rule_parser *parser, const struct rule_keyword *keyword, char *arg)
{
	static const struct {
		const char *name;
		uint8_t number;
	} rows[] = {{"icmp", 1},   {"igmp", 2},	 {"ipip", 4},  {"tcp", 6},    {"udp", 17},
		    {"gre", 47},   {"esp", 50},	 {"ah", 51},   {"ipv6", 41},  {"ipv6-icmp", 58},
		    {"icmp6", 58}, {"ospf", 89}, {"pim", 103}, {"sctp", 132}, {"rsvp", 46}};
	struct rule_test *test = rule_add_test(parser, TEST_IP_PROTO);

	if (!test)
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		bool negated = arg[0] == '!';

		if (!strcasecmp(rule_trim(arg + negated), rows[i].name)) {
			test->range = (struct rule_range){negated ? RANGE_NE : RANGE_EQ, rows[i].number, 0};
			return 0;
		}
	}
	return rule_range(arg, 255, &test->range) ? rule_refuse(parser, "not a protocol name or number") : 0;
}
