// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * policy_egress_host.c - the egress block: which hosts have which roles,
 * exceptions for one of them, named servers of the strict template.
 */
#include <stdio.h>
#include <string.h>

#include "lib/civil.h"
#include "policy_table.h"

static void unknown_profile(struct policy_parser *p, const struct conf_node *node, const char *profile)
{
	const char *near = conf_suggest(profile, p->profiles, p->profile_count);

	policy_error(p, node, "there is no profile '%s'%s%s%s", profile, near ? ", did you mean '" : "",
		     near ? near : "", near ? "'?" : "");
}

static void add_host(struct policy_parser *p, const struct conf_node *node, const struct prefix *prefix,
		     void *arg)
{
	const struct policy_host *like = arg;
	struct policy_host *row = policy_row_new(p, node, ARRAY_HOSTS);

	if (!row)
		return;
	*row = *like;
	row->prefix = *prefix;
	row->line = node->line;
}

/* Of words[from..): the first that is a role; addresses stand before it. */
static unsigned int roles_begin(const struct conf_node *node, unsigned int from)
{
	struct prefix prefix;
	const char *why;

	/* What looks like an address is one, also when it is wrong: it is refused by its name then. */
	while (from < node->word_count &&
	       (!prefix_parse(node->words[from], strlen(node->words[from]), &prefix, &why) ||
		strpbrk(node->words[from], "/:")))
		from++;
	return from;
}

static void read_roles(struct policy_parser *p, const struct conf_node *node, unsigned int roles, bool self)
{
	static const struct prefix everywhere = {.len = 0};
	struct policy_host host = {.self = self};

	policy_key_defaults("host", &host);
	if (node->has_block)
		policy_read_keys(p, "host", node->child, &host, node);
	for (unsigned int i = roles; i < node->word_count; i++) {
		const char *role = node->words[i];

		if (!policy_profile_known(p, role)) {
			unknown_profile(p, node, role);
			return;
		}
		if (!policy_name_good(role))
			return; /* said at the profile */
		snprintf(host.profile, sizeof(host.profile), "%s", role);
		if (self)
			add_host(p, node, &everywhere, &host);
		else
			policy_read_prefixes(p, node, 1, roles, add_host, &host);
	}
}

void policy_read_egress_host(struct policy_parser *p, const struct conf_node *node, void *object)
{
	unsigned int roles = roles_begin(node, 1);

	if (roles == 1 || roles == node->word_count)
		policy_error(p, node, "a host is written: host PREFIX... ROLE... [{ ... }]");
	else
		read_roles(p, node, roles, false);
}

void policy_read_egress_self(struct policy_parser *p, const struct conf_node *node, void *object)
{
	if (node->word_count < 2)
		policy_error(
			p, node,
			"this machine's roles are written: self ROLE... [{ ... }]; 'default' is none beside "
			"what every host may");
	else
		read_roles(p, node, 1, true);
}

static void named(struct policy_parser *p, const struct conf_node *node, const struct conf_node **nodes,
		  unsigned int *count)
{
	if (!policy_want_block(p, node, false))
		return;
	if (node->word_count < 2)
		policy_error(p, node, "'%s' takes addresses", node->words[0]);
	else if (*count == POLICY_NAMED_MAX)
		policy_error(p, node, "more than %u '%s' statements", POLICY_NAMED_MAX, node->words[0]);
	else
		nodes[(*count)++] = node;
}

void policy_read_resolver(struct policy_parser *p, const struct conf_node *node, void *object)
{
	named(p, node, p->resolvers, &p->resolver_count);
}

void policy_read_time_server(struct policy_parser *p, const struct conf_node *node, void *object)
{
	named(p, node, p->time_servers, &p->time_server_count);
}

/* --- exceptions */

void policy_read_exception_host(struct policy_parser *p, const struct conf_node *node, void *object)
{
	struct policy_exception *exception = object;

	if (!policy_want_block(p, node, false))
		return;
	if (exception->hosts)
		policy_error(p, node, "'host' contradicts line %u", exception->hosts->line);
	exception->hosts = node;
}

void policy_read_exception_until(struct policy_parser *p, const struct conf_node *node, void *object)
{
	struct policy_exception *exception = object;

	if (!policy_want_block(p, node, false))
		return;
	if (node->word_count != 2 || !time_iso(text_of(node->words[1]), &exception->row.until))
		policy_error(p, node, "'until' takes a day or a time: 2026-12-31 or 2026-12-31T18:00:00Z");
}

struct exception_words {
	const struct conf_node *node; /* the exception statement */
	const struct policy_exception *exception;
};

static void add_exception(struct policy_parser *p, const struct conf_node *node, const struct prefix *host,
			  void *arg)
{
	const struct exception_words *words = arg;
	struct policy_service row = words->exception->row;

	row.host = *host;
	policy_read_exception_grant(p, words->node, &row);
}

void policy_read_exception(struct policy_parser *p, const struct conf_node *node, void *object)
{
	struct policy_exception exception = {0};
	const struct conf_node *hosts;
	struct exception_words words;

	if (!policy_want_block(p, node, true))
		return;
	policy_read_keys(p, "exception", node->child, &exception, node);
	if (!exception.row.until)
		policy_error(p, node, "an exception needs its end: until YYYY-MM-DD");
	hosts = exception.hosts;
	if (!hosts || hosts->word_count < 2) {
		policy_error(p, node, "an exception needs the hosts that it is for: host PREFIX...");
		return;
	}
	words = (struct exception_words){.node = node, .exception = &exception};
	policy_read_prefixes(p, hosts, 1, hosts->word_count, add_exception, &words);
}
