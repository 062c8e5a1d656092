// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * policy_egress.c - the egress block: services by name, profiles, the hosts
 * that have them, and what DMZ hosts may start when nothing is said.
 */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "policy_table.h"

#define SERVICE_PORTS 3

struct service_port {
	uint8_t proto;
	uint16_t port;
};

static const struct service {
	const char *name;
	struct service_port ports[SERVICE_PORTS]; /* proto 0 ends them */
	bool standard;				  /* the default profile has it when nothing is said */
} services[] = {
	{"http", {{IPPROTO_TCP, 80}}, false},
	{"https", {{IPPROTO_TCP, 443}}, false},
	{"quic", {{IPPROTO_UDP, 443}}, false},
	{"ftp", {{IPPROTO_TCP, 21}}, false},
	{"dns", {{IPPROTO_UDP, 53}, {IPPROTO_TCP, 53}}, true},
	{"smtp", {{IPPROTO_TCP, 25}, {IPPROTO_TCP, 465}, {IPPROTO_TCP, 587}}, true},
	{"ntp", {{IPPROTO_UDP, 123}}, true},
	{"ssh", {{IPPROTO_TCP, 22}}, false},
};

/* One service for one profile, before its destinations are known. */
struct grant {
	const char *profile;
	struct service service;
};

static void add_services(struct policy_parser *p, const struct conf_node *node, const struct prefix *dst,
			 void *arg)
{
	const struct grant *grant = arg;

	for (unsigned int i = 0; i < SERVICE_PORTS && grant->service.ports[i].proto; i++) {
		struct policy_service *row = policy_row_new(p, node, ARRAY_SERVICES);

		if (!row)
			return;
		strcpy(row->profile, grant->profile);
		row->proto = grant->service.ports[i].proto;
		row->port = grant->service.ports[i].port;
		row->dst = *dst;
		row->rule = node ? node->line : 0;
	}
}

static const struct service *find_service(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(services); i++)
		if (!strcmp(services[i].name, name))
			return &services[i];
	return NULL;
}

static void unknown_service(struct policy_parser *p, const struct conf_node *node)
{
	const char *names[ARRAY_LEN(services) + 2] = {"tcp", "udp"}, *near;

	for (size_t i = 0; i < ARRAY_LEN(services); i++)
		names[i + 2] = services[i].name;
	near = conf_suggest(node->words[1], names, ARRAY_LEN(names));
	policy_error(p, node, "unknown service '%s'%s%s%s", node->words[1], near ? ", did you mean '" : "",
		     near ? near : "", near ? "'?" : "");
}

/* "tcp 8443" or a name; *next is the word behind it. */
static bool read_service(struct policy_parser *p, const struct conf_node *node, struct service *out,
			 unsigned int *next)
{
	bool tcp = !strcmp(node->words[1], "tcp"), udp = !strcmp(node->words[1], "udp");
	const struct service *named = find_service(node->words[1]);
	uint64_t port = 0;

	if (named) {
		*out = *named;
		*next = 2;
		return true;
	}
	if (!tcp && !udp) {
		unknown_service(p, node);
		return false;
	}
	if (node->word_count < 3 || strspn(node->words[2], "0123456789") != strlen(node->words[2]) ||
	    conf_bytes(node->words[2], &port) || port < 1 || port > 65535) {
		policy_error(p, node, "behind '%s' comes a port, 1..65535", node->words[1]);
		return false;
	}
	*out = (struct service){.name = node->words[1],
				.ports = {{tcp ? IPPROTO_TCP : IPPROTO_UDP, (uint16_t)port}}};
	*next = 3;
	return true;
}

static void read_grant(struct policy_parser *p, const struct conf_node *node, const char *profile)
{
	static const struct prefix any = {.len = 0}; /* IPv4 is inside: addresses are held v4-mapped */
	struct grant grant = {.profile = profile};
	unsigned int next;

	if (!policy_want_block(p, node, false))
		return;
	if (node->word_count < 2) {
		policy_error(p, node, "an allowance is written: allow SERVICE to PREFIX...|any");
		return;
	}
	if (!read_service(p, node, &grant.service, &next))
		return;
	if (next + 1 >= node->word_count || strcmp(node->words[next], "to")) {
		policy_error(p, node, "behind the service comes: to PREFIX...|any");
		return;
	}
	next++;
	if (node->word_count == next + 1 && !strcmp(node->words[next], "any"))
		add_services(p, node, &any, &grant);
	else
		policy_read_prefixes(p, node, next, node->word_count, add_services, &grant);
}

void policy_read_profile_allow(struct policy_parser *p, const struct conf_node *node, void *object)
{
	read_grant(p, node, object);
}

void policy_read_egress_allow(struct policy_parser *p, const struct conf_node *node, void *object)
{
	p->default_said = true;
	read_grant(p, node, POLICY_PROFILE_DEFAULT);
}

void policy_read_profile(struct policy_parser *p, const struct conf_node *node, void *object)
{
	if (!policy_want_block(p, node, true))
		return;
	if (node->word_count != 2 || !policy_name_good(node->words[1])) {
		policy_error(p, node, "a profile needs one name of letters, digits and . _ -, at most %d",
			     POLICY_NAME_MAX - 1);
		return;
	}
	if (!strcmp(node->words[1], POLICY_PROFILE_DEFAULT))
		p->default_said = true;
	policy_read_keys(p, "profile", node->child, node->words[1], node);
}

static bool profile_known(const struct policy_parser *p, const char *name)
{
	for (unsigned int i = 0; i < p->profile_count; i++)
		if (!strcmp(p->profiles[i], name))
			return true;
	return false;
}

void policy_start_egress(struct policy_parser *p, const struct conf_node *tree)
{
	p->profiles[p->profile_count++] = POLICY_PROFILE_DEFAULT;
	for (const struct conf_node *egress = tree; egress; egress = egress->next) {
		if (strcmp(egress->words[0], "egress"))
			continue;
		for (const struct conf_node *n = egress->child; n; n = n->next) {
			if (strcmp(n->words[0], "profile") || n->word_count != 2 ||
			    profile_known(p, n->words[1]))
				continue;
			if (p->profile_count == POLICY_PROFILES_MAX) {
				policy_error(p, n, "more than %u profiles", POLICY_PROFILES_MAX);
				return;
			}
			p->profiles[p->profile_count++] = n->words[1];
		}
	}
}

static void unknown_profile(struct policy_parser *p, const struct conf_node *node, const char *profile)
{
	const char *near = conf_suggest(profile, p->profiles, p->profile_count);

	policy_error(p, node, "there is no profile '%s'%s%s%s", profile, near ? ", did you mean '" : "",
		     near ? near : "", near ? "'?" : "");
}

static void add_host(struct policy_parser *p, const struct conf_node *node, const struct prefix *prefix,
		     void *profile)
{
	struct policy_host *row = policy_row_new(p, node, ARRAY_HOSTS);

	if (!row)
		return;
	row->prefix = *prefix;
	strcpy(row->profile, profile);
	row->line = node->line;
}

void policy_read_egress_host(struct policy_parser *p, const struct conf_node *node, void *object)
{
	char *profile = node->words[node->word_count - 1];

	if (!policy_want_block(p, node, false))
		return;
	if (node->word_count < 3) {
		policy_error(p, node, "a host is written: host PREFIX... PROFILE");
		return;
	}
	if (!profile_known(p, profile)) {
		unknown_profile(p, node, profile);
		return;
	}
	if (!policy_name_good(profile))
		return; /* said at the profile */
	policy_read_prefixes(p, node, 1, node->word_count - 1, add_host, profile);
}

/* --- the whole */

static int service_order(const void *a, const void *b)
{
	const struct policy_service *x = a, *y = b;
	int order = strcmp(x->profile, y->profile);

	if (!order)
		order = (int)x->proto - (int)y->proto;
	if (!order)
		order = (int)x->port - (int)y->port;
	return order ? order : prefix_compare(&x->dst, &y->dst);
}

static int service_order_lines(const void *a, const void *b)
{
	const struct policy_service *x = a, *y = b;
	int order = service_order(a, b);

	return order ? order : x->rule < y->rule ? -1 : x->rule > y->rule;
}

/* Saying a service twice is fine; the kernel's table has it once, with the first line. */
static void merge_services(struct policy *policy)
{
	uint32_t kept = 0;

	qsort(policy->services, policy->service_count, sizeof(*policy->services), service_order_lines);
	for (uint32_t i = 0; i < policy->service_count; i++)
		if (kept == 0 || service_order(&policy->services[kept - 1], &policy->services[i]))
			policy->services[kept++] = policy->services[i];
	policy->service_count = kept;
}

static int host_order(const void *a, const void *b)
{
	const struct policy_host *x = a, *y = b;
	int order = prefix_compare(&x->prefix, &y->prefix);

	return order ? order : strcmp(x->profile, y->profile);
}

static void host_contradiction(struct policy_parser *p, const struct policy_host *a,
			       const struct policy_host *b)
{
	const struct policy_host *first = a->line <= b->line ? a : b, *second = first == a ? b : a;
	struct conf_node at = {.line = second->line, .column = 1};
	char text[PREFIX_TEXT_MAX];

	policy_error(p, &at, "host %s has the profile '%s', and '%s' in line %u",
		     prefix_format(&a->prefix, text), second->profile, first->profile, first->line);
}

static void merge_hosts(struct policy_parser *p)
{
	struct policy *policy = p->policy;
	uint32_t kept = 0;

	qsort(policy->hosts, policy->host_count, sizeof(*policy->hosts), host_order);
	for (uint32_t i = 0; i < policy->host_count; i++) {
		const struct policy_host *last = kept ? &policy->hosts[kept - 1] : NULL;

		if (!last || prefix_compare(&last->prefix, &policy->hosts[i].prefix))
			policy->hosts[kept++] = policy->hosts[i];
		else if (strcmp(last->profile, policy->hosts[i].profile))
			host_contradiction(p, last, &policy->hosts[i]);
	}
	policy->host_count = kept;
}

static bool has_dmz(const struct policy *policy)
{
	for (uint32_t i = 0; i < policy->iface_count; i++)
		if (policy->ifaces[i].role == SEKI_ROLE_DMZ)
			return true;
	return false;
}

void policy_finish_egress(struct policy_parser *p)
{
	static const struct prefix any = {.len = 0};

	if (!p->default_said && has_dmz(p->policy)) {
		for (size_t i = 0; i < ARRAY_LEN(services); i++) {
			struct grant grant = {.profile = POLICY_PROFILE_DEFAULT, .service = services[i]};

			if (services[i].standard)
				add_services(p, NULL, &any, &grant);
		}
	}
	if (p->policy->service_count > 0)
		merge_services(p->policy);
	if (p->policy->host_count > 0)
		merge_hosts(p);
}
