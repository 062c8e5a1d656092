// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rule_header.c - "action protocol source port -> destination port".
 */
#include <ctype.h>
#include <errno.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <string.h>

#include "rule_parse.h"

/* Whom a rejection is sent to is for who sends it. */
static const struct {
	const char *name;
	enum rule_action action;
} header_actions[] = {
	{"alert", RULE_ALERT},	     {"drop", RULE_DROP},	 {"reject", RULE_REJECT},
	{"pass", RULE_PASS},	     {"rejectsrc", RULE_REJECT}, {"rejectdst", RULE_REJECT},
	{"rejectboth", RULE_REJECT}, {"block", RULE_DROP}, /* Snort's word */
};

bool rule_action_find(const char *name, size_t len, enum rule_action *out)
{
	for (size_t i = 0; i < ARRAY_LEN(header_actions); i++)
		if (strlen(header_actions[i].name) == len && !memcmp(header_actions[i].name, name, len)) {
			*out = header_actions[i].action;
			return true;
		}
	return false;
}

static const struct header_protocol {
	const char *name;
	uint8_t protocol; /* IPPROTO_*; 0 any */
	uint8_t ip_version;
	uint8_t app; /* enum app_proto */
	bool packet_only, stream_only;
} header_protocols[] = {
	{.name = "ip"},
	{.name = "pkthdr"},
	{.name = "ip4", .ip_version = 4},
	{.name = "ipv4", .ip_version = 4},
	{.name = "ip6", .ip_version = 6},
	{.name = "ipv6", .ip_version = 6},
	{.name = "tcp", .protocol = IPPROTO_TCP},
	{.name = "tcp-pkt", .protocol = IPPROTO_TCP, .packet_only = true},
	{.name = "tcp-stream", .protocol = IPPROTO_TCP, .stream_only = true},
	{.name = "udp", .protocol = IPPROTO_UDP},
	{.name = "icmp", .protocol = IPPROTO_ICMP},
	{.name = "icmpv4", .protocol = IPPROTO_ICMP, .ip_version = 4},
	{.name = "icmpv6", .protocol = IPPROTO_ICMPV6, .ip_version = 6},
	{.name = "sctp", .protocol = IPPROTO_SCTP},
	{.name = "igmp", .protocol = IPPROTO_IGMP},
	{.name = "http", .protocol = IPPROTO_TCP, .app = APP_HTTP},
	{.name = "http1", .protocol = IPPROTO_TCP, .app = APP_HTTP},
	{.name = "tls", .protocol = IPPROTO_TCP, .app = APP_TLS},
	{.name = "ssl", .protocol = IPPROTO_TCP, .app = APP_TLS},
	{.name = "dtls", .protocol = IPPROTO_UDP, .app = APP_TLS},
	{.name = "dns", .app = APP_DNS},
	{.name = "smtp", .protocol = IPPROTO_TCP, .app = APP_SMTP},
	{.name = "ftp-data", .protocol = IPPROTO_TCP, .app = APP_FTP_DATA},
	{.name = "ftp", .protocol = IPPROTO_TCP, .app = APP_FTP},
	{.name = "ssh", .protocol = IPPROTO_TCP, .app = APP_SSH},
	{.name = "smb", .protocol = IPPROTO_TCP, .app = APP_SMB},
	{.name = "dcerpc", .app = APP_DCERPC},
};

/* Next blank-separated word; blanks inside of brackets belong to it. NULL: none. */
static char *header_word(char **rest)
{
	char *word, *p = *rest;
	int nest = 0;

	while (isspace((unsigned char)*p))
		p++;
	word = p;
	for (; *p && (nest || !isspace((unsigned char)*p)); p++)
		nest += *p == '[' ? 1 : *p == ']' ? -1 : 0;
	if (*p)
		*p++ = '\0';
	*rest = p;
	return *word ? word : NULL;
}

static int header_groups(struct rule_parser *parser, char *const words[4])
{
	struct rule_groups *groups = parser->context->groups;
	struct rule *rule = parser->rule;
	const struct range_set **sets[] = {&rule->src, &rule->sport, &rule->dst, &rule->dport};

	for (int i = 0; i < 4; i++) {
		int err = rule_groups_get(groups, i & 1 ? GROUP_PORT : GROUP_ADDRESS, words[i],
					  strlen(words[i]), sets[i], &parser->why);

		if (err)
			return err;
	}
	return 0;
}

int rule_parse_header(struct rule_parser *parser, char *text)
{
	char *action = header_word(&text), *protocol = header_word(&text), *src = header_word(&text);
	char *sport = header_word(&text), *direction = header_word(&text), *dst = header_word(&text);
	char *dport = header_word(&text);
	const struct header_protocol *row = NULL;
	struct rule *rule = parser->rule;
	size_t i;

	if (!dport || header_word(&text))
		return rule_refuse(parser, "not \"action protocol source port -> destination port\"");
	if (!rule_action_find(action, strlen(action), &rule->info.action))
		return rule_refuse(parser, "unknown action");
	for (i = 0; i < ARRAY_LEN(header_protocols) && !row; i++) {
		if (!strcasecmp(protocol, header_protocols[i].name))
			row = &header_protocols[i];
	}
	if (!row)
		return rule_refuse(parser, "unknown protocol");
	rule->protocol = row->protocol;
	rule->ip_version = row->ip_version;
	rule->protocol_any_icmp = row->protocol == IPPROTO_ICMP && !row->ip_version;
	rule->packet_only = row->packet_only;
	rule->stream_only = row->stream_only;
	rule->app = row->app;
	rule->app_required = row->app != APP_UNKNOWN;
	if (strcmp(direction, "->") && strcmp(direction, "<>") && strcmp(direction, "=>"))
		return rule_refuse(parser, "the direction is none of ->, <> and =>");
	rule->both_ways = direction[0] == '<';
	rule->whole_tx = direction[0] == '=';
	return header_groups(parser, (char *const[]){src, sport, dst, dport});
}
