// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * policy_egress.c - the egress block: services by name, profiles, and what
 * the roles may start when nothing is said (the template).
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
	bool open;				  /* may go to any destination; all others must name theirs */
} services[] = {
	{"http", {{IPPROTO_TCP, 80}}, true},
	{"https", {{IPPROTO_TCP, 443}}, true},
	{"quic", {{IPPROTO_UDP, 443}}, true},
	{"ftp", {{IPPROTO_TCP, 21}}, true},
	{"dns", {{IPPROTO_UDP, 53}, {IPPROTO_TCP, 53}}, true},
	{"smtp", {{IPPROTO_TCP, 25}, {IPPROTO_TCP, 465}, {IPPROTO_TCP, 587}}, true},
	{"ntp", {{IPPROTO_UDP, 123}}, true},
	{"ssh", {{IPPROTO_TCP, 22}}, false},
};

/*
 * What a role may when the configuration says nothing of it. Roles without a
 * row start nothing of their own. HTTP/3 is a choice of its own (`quic`).
 */
enum template_to { TO_ANY, TO_RESOLVERS, TO_TIME_SERVERS };
#define IN_STANDARD (1u << TEMPLATE_STANDARD)
#define IN_STRICT   (1u << TEMPLATE_STRICT)
static const struct {
	const char *role, *service;
	unsigned int in;
	enum template_to to;
} template_rows[] = {
	{POLICY_PROFILE_DEFAULT, "dns", IN_STANDARD, TO_ANY},
	{POLICY_PROFILE_DEFAULT, "smtp", IN_STANDARD, TO_ANY},
	{POLICY_PROFILE_DEFAULT, "ntp", IN_STANDARD, TO_ANY},
	{POLICY_PROFILE_DEFAULT, "dns", IN_STRICT, TO_RESOLVERS},
	{POLICY_PROFILE_DEFAULT, "ntp", IN_STRICT, TO_TIME_SERVERS},
	{"proxy", "http", IN_STANDARD | IN_STRICT, TO_ANY},
	{"proxy", "https", IN_STANDARD | IN_STRICT, TO_ANY},
	{"proxy", "ftp", IN_STANDARD | IN_STRICT, TO_ANY},
	{"proxy", "quic", IN_STANDARD | IN_STRICT, TO_ANY},
	{"mail", "smtp", IN_STRICT, TO_ANY},
	{"dns", "dns", IN_STRICT, TO_ANY},
};
static const char *const shipped_roles[] = {POLICY_PROFILE_DEFAULT, "proxy", "web", "mail", "dns"};

/* One service for one profile, before its destinations are known. */
struct grant {
	const char *profile;
	struct service service;
	const struct policy_service *exception; /* NULL: a rule of a profile */
};

/* The whole of IPv4, of IPv6, or both. */
static bool is_any(const struct prefix *dst)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	return !dst->len ||
	       (dst->len <= 96 && !memcmp(dst->addr, mapped, dst->len == 96 ? 12 : 10) && dst->len >= 80);
}

/* The ports of a service that may go anywhere; also when they are written as numbers. */
static bool is_open(const struct service *service)
{
	for (unsigned int i = 0; i < SERVICE_PORTS && service->ports[i].proto; i++) {
		bool found = false;

		for (size_t j = 0; j < ARRAY_LEN(services); j++)
			for (unsigned int k = 0; k < SERVICE_PORTS; k++)
				found |= services[j].open &&
					 services[j].ports[k].proto == service->ports[i].proto &&
					 services[j].ports[k].port == service->ports[i].port;
		if (!found)
			return false;
	}
	return true;
}

static void add_services(struct policy_parser *p, const struct conf_node *node, const struct prefix *dst,
			 void *arg)
{
	const struct grant *grant = arg;

	if (is_any(dst) && (grant->exception || !is_open(&grant->service))) {
		policy_error(p, node,
			     "%s to any: name its destinations; only services of the public may go anywhere "
			     "(http https quic ftp dns smtp ntp)",
			     grant->service.name);
		return;
	}
	for (unsigned int i = 0; i < SERVICE_PORTS && grant->service.ports[i].proto; i++) {
		struct policy_service *row = policy_row_new(p, node, ARRAY_SERVICES);

		if (!row)
			return;
		if (grant->exception)
			*row = *grant->exception;
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

static void read_grant(struct policy_parser *p, const struct conf_node *node, const char *profile,
		       const struct policy_service *exception)
{
	static const struct prefix any = {.len = 0}; /* IPv4 is inside: addresses are held v4-mapped */
	struct grant grant = {.profile = profile, .exception = exception};
	unsigned int next;

	if (!policy_want_block(p, node, exception != NULL))
		return;
	if (node->word_count < 2) {
		policy_error(p, node, "an allowance is written: %s SERVICE to PREFIX...|any", node->words[0]);
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

/* The template is for roles that nobody speaks of. */
static void role_say(struct policy_parser *p, const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(shipped_roles); i++)
		if (!strcmp(shipped_roles[i], name))
			p->roles_said |= 1u << i;
}

void policy_read_profile_allow(struct policy_parser *p, const struct conf_node *node, void *object)
{
	read_grant(p, node, object, NULL);
}

void policy_read_egress_allow(struct policy_parser *p, const struct conf_node *node, void *object)
{
	role_say(p, POLICY_PROFILE_DEFAULT);
	read_grant(p, node, POLICY_PROFILE_DEFAULT, NULL);
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
	if (!strcmp(node->words[1], POLICY_PROFILE_EXCEPTION)) {
		policy_error(p, node, "a profile cannot be named '%s'", node->words[1]);
		return;
	}
	role_say(p, node->words[1]);
	policy_read_keys(p, "profile", node->child, node->words[1], node);
}

bool policy_profile_known(const struct policy_parser *p, const char *name)
{
	for (unsigned int i = 0; i < p->profile_count; i++)
		if (!strcmp(p->profiles[i], name))
			return true;
	return false;
}

void policy_start_egress(struct policy_parser *p, const struct conf_node *tree)
{
	for (size_t i = 0; i < ARRAY_LEN(shipped_roles); i++)
		p->profiles[p->profile_count++] = shipped_roles[i];
	for (const struct conf_node *egress = tree; egress; egress = egress->next) {
		if (strcmp(egress->words[0], "egress"))
			continue;
		for (const struct conf_node *n = egress->child; n; n = n->next) {
			if (strcmp(n->words[0], "profile") || n->word_count != 2 ||
			    policy_profile_known(p, n->words[1]))
				continue;
			if (p->profile_count == ARRAY_LEN(p->profiles)) {
				policy_error(p, n, "more than %u profiles", POLICY_PROFILES_MAX);
				return;
			}
			p->profiles[p->profile_count++] = n->words[1];
		}
	}
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
	if (!order)
		order = prefix_compare(&x->dst, &y->dst);
	return order ? order : prefix_compare(&x->host, &y->host);
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
	int order = (int)x->self - (int)y->self;

	if (!order)
		order = prefix_compare(&x->prefix, &y->prefix);
	return order ? order : strcmp(x->profile, y->profile);
}

static void host_contradiction(struct policy_parser *p, const struct policy_host *a,
			       const struct policy_host *b)
{
	const struct policy_host *first = a->line <= b->line ? a : b, *second = first == a ? b : a;
	struct conf_node at = {.line = second->line, .column = 1};
	char text[PREFIX_TEXT_MAX];

	policy_error(p, &at, "host %s has the profile '%s', and '%s' in line %u",
		     a->self ? "self" : prefix_format(&a->prefix, text), second->profile, first->profile,
		     first->line);
}

static void merge_hosts(struct policy_parser *p)
{
	struct policy *policy = p->policy;
	uint32_t kept = 0;

	qsort(policy->hosts, policy->host_count, sizeof(*policy->hosts), host_order);
	for (uint32_t i = 0; i < policy->host_count; i++) {
		const struct policy_host *last = kept ? &policy->hosts[kept - 1] : NULL;

		if (!last || last->self != policy->hosts[i].self ||
		    prefix_compare(&last->prefix, &policy->hosts[i].prefix))
			policy->hosts[kept++] = policy->hosts[i];
		else if (last->line != policy->hosts[i].line &&
			 strcmp(last->profile, policy->hosts[i].profile))
			host_contradiction(p, last, &policy->hosts[i]);
		else if (strcmp(last->profile, policy->hosts[i].profile))
			policy->hosts[kept++] = policy->hosts[i]; /* several roles in one statement */
	}
	policy->host_count = kept;
}

/* Is there anybody whom the default profile could be for? */
static bool egress_wanted(const struct policy *policy)
{
	for (uint32_t i = 0; i < policy->iface_count; i++)
		if (policy->ifaces[i].role == SEKI_ROLE_DMZ)
			return true;
	return policy->host_count > 0;
}

static bool role_said(const struct policy_parser *p, const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(shipped_roles); i++)
		if (!strcmp(shipped_roles[i], name))
			return p->roles_said >> i & 1;
	return false;
}

static void add_named(struct policy_parser *p, const struct conf_node *const *nodes, unsigned int count,
		      struct grant *grant)
{
	for (unsigned int i = 0; i < count; i++)
		policy_read_prefixes(p, nodes[i], 1, nodes[i]->word_count, add_services, grant);
}

static bool role_taken(const struct policy *policy, const char *role)
{
	for (uint32_t i = 0; i < policy->host_count; i++)
		if (!strcmp(policy->hosts[i].profile, role))
			return true;
	return !strcmp(role, POLICY_PROFILE_DEFAULT);
}

static void template_fill(struct policy_parser *p)
{
	static const struct prefix any = {.len = 0};

	for (size_t i = 0; i < ARRAY_LEN(template_rows); i++) {
		struct grant grant = {.profile = template_rows[i].role};
		const struct service *service = find_service(template_rows[i].service);

		if (!(template_rows[i].in >> p->policy->egress.template & 1) || !service ||
		    role_said(p, template_rows[i].role) || !role_taken(p->policy, template_rows[i].role) ||
		    (!strcmp(service->name, "quic") && !p->policy->egress.quic))
			continue;
		grant.service = *service;
		if (template_rows[i].to == TO_RESOLVERS)
			add_named(p, p->resolvers, p->resolver_count, &grant);
		else if (template_rows[i].to == TO_TIME_SERVERS)
			add_named(p, p->time_servers, p->time_server_count, &grant);
		else
			add_services(p, NULL, &any, &grant);
	}
}

void policy_finish_egress(struct policy_parser *p)
{
	if (egress_wanted(p->policy))
		template_fill(p);
	if (p->policy->service_count > 0)
		merge_services(p->policy);
	if (p->policy->host_count > 0)
		merge_hosts(p);
}

void policy_read_exception_grant(struct policy_parser *p, const struct conf_node *node,
				 const struct policy_service *exception)
{
	read_grant(p, node, POLICY_PROFILE_EXCEPTION, exception);
}
