// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * egress_table.c - from roles and exceptions to numbered profiles.
 */
#include "egress_table.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define PROFILES_MAX 256u

/* Who has the same roles and exceptions has the same number. */
struct set {
	const struct policy_host *roles; /* rows of one host, side by side */
	uint32_t role_count;
	struct prefix host; /* exceptions that cover it hold */
	bool self;
};

struct maker {
	const struct policy *policy;
	struct egress_table *table;
	struct set sets[PROFILES_MAX];
};

void egress_table_free(struct egress_table *table)
{
	if (!table)
		return;
	free(table->rows);
	free(table->hosts);
	free(table);
}

static uint32_t mix(uint32_t h, const void *data, size_t len)
{
	const uint8_t *at = data;

	while (len--)
		h = (h ^ *at++) * 0x01000193u; /* FNV-1a */
	return h;
}

uint32_t egress_rule_id(const struct policy_service *service)
{
	uint32_t h = mix(0x811c9dc5u, service->profile, strlen(service->profile));

	h = mix(h, &service->proto, sizeof(service->proto));
	h = mix(h, &service->port, sizeof(service->port));
	h = mix(h, service->dst.addr, sizeof(service->dst.addr));
	h = mix(h, &service->dst.len, sizeof(service->dst.len));
	h = mix(h, service->host.addr, sizeof(service->host.addr));
	h = mix(h, &service->host.len, sizeof(service->host.len));
	return h ? h : 1;
}

static bool is_exception(const struct policy_service *service)
{
	return !strcmp(service->profile, POLICY_PROFILE_EXCEPTION);
}

static bool set_has(const struct set *set, const struct policy_service *service)
{
	if (is_exception(service))
		return !set->self && prefix_contains(&service->host, &set->host);
	for (uint32_t i = 0; i < set->role_count; i++)
		if (!strcmp(set->roles[i].profile, service->profile))
			return true;
	return false;
}

static bool sets_equal(const struct policy *policy, const struct set *a, const struct set *b)
{
	for (uint32_t i = 0; i < policy->service_count; i++)
		if (set_has(a, &policy->services[i]) != set_has(b, &policy->services[i]))
			return false;
	return true;
}

static int set_number(struct maker *m, const struct set *set, uint8_t *number)
{
	struct egress_table *table = m->table;
	static const struct set nothing;
	uint32_t i = 1;

	/* Nothing beside what everybody may: everybody's profile. */
	if (sets_equal(m->policy, set, &nothing)) {
		*number = 0;
		return 0;
	}
	while (i < table->profile_count && !sets_equal(m->policy, &m->sets[i], set))
		i++;
	if (i == PROFILES_MAX)
		return -E2BIG;
	if (i == table->profile_count)
		m->sets[table->profile_count++] = *set;
	*number = (uint8_t)i;
	return 0;
}

static int row_order(const void *a, const void *b)
{
	const struct egress_row *x = a, *y = b;
	int order = (int)x->profile - (int)y->profile;

	if (!order)
		order = (int)x->proto - (int)y->proto;
	if (!order)
		order = (int)x->port - (int)y->port;
	return order ? order : prefix_compare(&x->dst, &y->dst); /* what covers comes first */
}

static bool lasts_longer(uint64_t a, uint64_t b)
{
	return b && (!a || a > b);
}

static bool same_service(const struct egress_row *a, const struct egress_row *b)
{
	return a->profile == b->profile && a->proto == b->proto && a->port == b->port;
}

/* Equal rows become one, and each has the latest end of those that cover it. */
static void rows_settle(struct egress_table *table)
{
	uint32_t kept = 0;

	qsort(table->rows, table->row_count, sizeof(*table->rows), row_order);
	for (uint32_t i = 0; i < table->row_count; i++) {
		struct egress_row *row = &table->rows[i];

		if (kept && same_service(&table->rows[kept - 1], row) &&
		    !prefix_compare(&table->rows[kept - 1].dst, &row->dst)) {
			if (lasts_longer(row->until, table->rows[kept - 1].until))
				table->rows[kept - 1] = *row;
			continue;
		}
		table->rows[kept++] = *row;
	}
	table->row_count = kept;
	for (uint32_t i = 0; i < kept; i++) {
		for (uint32_t j = i; j-- > 0 && same_service(&table->rows[j], &table->rows[i]);) {
			if (!prefix_contains(&table->rows[j].dst, &table->rows[i].dst))
				continue;
			/* It has its own covers' end already. */
			if (lasts_longer(table->rows[j].until, table->rows[i].until))
				table->rows[i].until = table->rows[j].until;
			break;
		}
	}
}

static void row_put(struct egress_table *table, const struct policy_service *in, uint8_t profile)
{
	table->rows[table->row_count++] = (struct egress_row){.profile = profile,
							      .proto = in->proto,
							      .port = in->port,
							      .dst = in->dst,
							      .rule = egress_rule_id(in),
							      .until = in->until};
}

static int rows_make(struct maker *m)
{
	const struct policy *policy = m->policy;
	struct egress_table *table = m->table;
	size_t room = (size_t)policy->service_count * table->profile_count;

	table->rows = calloc(room ? room : 1, sizeof(*table->rows));
	if (!table->rows)
		return -ENOMEM;
	for (uint32_t i = 0; i < policy->service_count; i++) {
		const struct policy_service *in = &policy->services[i];

		if (!strcmp(in->profile, POLICY_PROFILE_DEFAULT))
			row_put(table, in, 0);
		for (uint32_t n = 1; n < table->profile_count; n++)
			if (set_has(&m->sets[n], in))
				row_put(table, in, (uint8_t)n);
	}
	rows_settle(table);
	return 0;
}

static int host_put(struct maker *m, const struct set *set, uint8_t mode)
{
	struct egress_host *host = &m->table->hosts[m->table->host_count];
	int err = set_number(m, set, &host->profile);

	if (err)
		return err;
	host->prefix = set->host;
	host->monitor = mode == HOST_MODE_MONITOR ||
			(mode == HOST_MODE_UNSAID && m->policy->egress.mode == SEKI_MODE_MONITOR);
	m->table->host_count++;
	return 0;
}

static int self_put(struct maker *m, const struct set *set, uint8_t mode)
{
	struct egress_table *table = m->table;

	table->self = true;
	table->self_monitor = mode == HOST_MODE_MONITOR ||
			      (mode == HOST_MODE_UNSAID && m->policy->egress.mode == SEKI_MODE_MONITOR);
	return set_number(m, set, &table->self_profile);
}

/* The policy's host rows are sorted: those of one host lie side by side. */
static int hosts_make(struct maker *m)
{
	const struct policy *policy = m->policy;
	int err = 0;

	for (uint32_t i = 0; !err && i < policy->host_count;) {
		const struct policy_host *first = &policy->hosts[i];
		struct set set = {.roles = first, .host = first->prefix, .self = first->self};

		while (i < policy->host_count && policy->hosts[i].self == first->self &&
		       !prefix_compare(&policy->hosts[i].prefix, &first->prefix)) {
			set.role_count++;
			i++;
		}
		err = set.self ? self_put(m, &set, first->mode) : host_put(m, &set, first->mode);
	}
	return err;
}

static bool host_said(const struct egress_table *table, const struct prefix *prefix)
{
	for (uint32_t i = 0; i < table->host_count; i++)
		if (!prefix_compare(&table->hosts[i].prefix, prefix))
			return true;
	return false;
}

/* Of the nearest host row around prefix; NULL: none. */
static const struct policy_host *host_around(const struct policy *policy, const struct prefix *prefix)
{
	const struct policy_host *best = NULL;

	for (uint32_t i = 0; i < policy->host_count; i++)
		if (!policy->hosts[i].self && prefix_contains(&policy->hosts[i].prefix, prefix) &&
		    (!best || policy->hosts[i].prefix.len > best->prefix.len))
			best = &policy->hosts[i];
	return best;
}

/* A host that only an exception names keeps the roles of the network that it is in. */
static int exceptions_make(struct maker *m)
{
	const struct policy *policy = m->policy;
	int err = 0;

	for (uint32_t i = 0; !err && i < policy->service_count; i++) {
		const struct policy_service *in = &policy->services[i];
		struct set set = {.host = in->host};

		if (!is_exception(in) || host_said(m->table, &in->host))
			continue;
		set.roles = host_around(policy, &in->host);
		for (const struct policy_host *row = set.roles;
		     row && row < policy->hosts + policy->host_count && !row->self &&
		     !prefix_compare(&row->prefix, &set.roles->prefix);
		     row++)
			set.role_count++;
		err = host_put(m, &set, set.roles ? set.roles->mode : HOST_MODE_UNSAID);
	}
	return err;
}

int egress_table_make(const struct policy *policy, struct egress_table **out)
{
	CLEANUP(egress_table_free) struct egress_table *table = calloc(1, sizeof(*table));
	AUTO_FREE struct maker *m = calloc(1, sizeof(*m));
	int err;

	if (!table || !m)
		return -ENOMEM;
	table->hosts = calloc((size_t)policy->host_count + policy->service_count + 1, sizeof(*table->hosts));
	if (!table->hosts)
		return -ENOMEM;
	table->profile_count = 1;
	table->others_monitor = policy->egress.mode == SEKI_MODE_MONITOR;
	m->policy = policy;
	m->table = table;
	err = hosts_make(m);
	if (!err)
		err = exceptions_make(m);
	if (!err)
		err = rows_make(m);
	if (!err)
		*out = TAKE_PTR(table);
	return err;
}
