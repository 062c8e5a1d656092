// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * keeper_net.c - the allow set and protected networks as the rows that the
 * kernel looks up by longest match.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "keeper.h"
#include "keeper_module.h"
#include "lib/log.h"

struct net_source {
	struct prefix prefix;
	uint32_t flags;
	bool allow;
	struct seki_scope scope;
};

static int net_source_compare(const void *a, const void *b)
{
	return prefix_compare(&((const struct net_source *)a)->prefix,
			      &((const struct net_source *)b)->prefix);
}

static int net_from_policy(struct net_source *out, uint32_t *count, const struct policy *policy,
			   struct gate_why *why)
{
	for (uint32_t i = 0; i < policy->net_count; i++) {
		const struct policy_net *in = &policy->nets[i];
		struct net_source *row = &out[(*count)++];

		*row = (struct net_source){
			.prefix = in->prefix, .flags = in->flags, .allow = in->allow, .scope = in->scope};
		if (!*in->iface)
			continue;
		row->scope.ifindex = if_nametoindex(in->iface);
		if (!row->scope.ifindex) {
			snprintf(why->text, sizeof(why->text),
				 "line %u: an allow entry names interface %s, which does not exist", in->line,
				 in->iface);
			return -ENODEV;
		}
	}
	return 0;
}

static void net_from_autos(struct net_source *out, uint32_t *count, const struct keeper_auto *autos,
			   uint32_t auto_count)
{
	for (uint32_t i = 0; i < auto_count; i++)
		out[(*count)++] = (struct net_source){.prefix = autos[i].prefix,
						      .flags = autos[i].flags,
						      .allow = true,
						      .scope = autos[i].scope};
}

static int net_fold(struct gate_net_row *row, const struct net_source *source, struct gate_why *why)
{
	char text[PREFIX_TEXT_MAX];

	row->value.flags |= source->flags;
	if (!source->allow)
		return 0;
	for (uint32_t i = 0; i < row->value.scopes; i++)
		if (!memcmp(&row->value.scope[i], &source->scope, sizeof(source->scope)))
			return 0;
	if (row->value.scopes == SEKI_MAX_SCOPES) {
		snprintf(why->text, sizeof(why->text),
			 "%s: more than %u allow scopes hold for it, own and inherited; merge some of them",
			 prefix_format(&source->prefix, text), SEKI_MAX_SCOPES);
		return -E2BIG;
	}
	row->value.scope[row->value.scopes++] = source->scope;
	return 0;
}

/* Sources are sorted, so that what covers a prefix comes before it: its row is the nearest one still open. */
static int net_rows(const struct net_source *sources, uint32_t count, struct gate_net_row *rows,
		    uint32_t *row_count, struct gate_why *why)
{
	struct prefix open[129];
	uint32_t row_of[129];
	int depth = 0;

	for (uint32_t i = 0; i < count; i++) {
		const struct prefix *p = &sources[i].prefix;
		int err;

		while (depth && !prefix_contains(&open[depth - 1], p))
			depth--;
		if (!depth || prefix_compare(&open[depth - 1], p)) {
			struct gate_net_row *row = &rows[*row_count];

			memset(row, 0, sizeof(*row));
			if (depth)
				row->value = rows[row_of[depth - 1]].value;
			row->key.prefixlen = p->len;
			memcpy(row->key.addr.b, p->addr, sizeof(p->addr));
			open[depth] = *p;
			row_of[depth++] = (*row_count)++;
		}
		err = net_fold(&rows[row_of[depth - 1]], &sources[i], why);
		if (err)
			return err;
	}
	return 0;
}

int keeper_nets_push(struct keeper *k, const struct policy *policy, struct gate_why *why)
{
	uint32_t room = policy->net_count + k->auto_count + k->resolver_count, count = 0, row_count = 0;
	AUTO_FREE struct net_source *sources = calloc(room ? room : 1, sizeof(*sources));
	AUTO_FREE struct gate_net_row *rows = calloc(room ? room : 1, sizeof(*rows));
	int err;

	if (!sources || !rows)
		return -ENOMEM;
	err = net_from_policy(sources, &count, policy, why);
	if (err)
		return err;
	net_from_autos(sources, &count, k->autos, k->auto_count);
	net_from_autos(sources, &count, k->resolvers, k->resolver_count);
	qsort(sources, count, sizeof(*sources), net_source_compare);
	err = net_rows(sources, count, rows, &row_count, why);
	if (err)
		return err;
	err = gate_nets_replace(k->gate, rows, row_count, why);
	if (!err) {
		k->nets_stale = false;
		keeper_module_nets(k, rows, row_count);
	}
	return err;
}

void keeper_covers(const struct keeper *k, const struct prefix *prefix, char *text, size_t size)
{
	static const char *const kinds[] = {[SEKI_SCOPE_MANAGEMENT] = "management peer",
					    [SEKI_SCOPE_GATEWAY] = "gateway",
					    [SEKI_SCOPE_RESOLVER] = "resolver",
					    [SEKI_SCOPE_OWN] = "own address"};
	char shown[PREFIX_TEXT_MAX];

	*text = '\0';
	for (uint32_t i = 0; i < k->auto_count + k->resolver_count; i++) {
		const struct keeper_auto *a =
			i < k->auto_count ? &k->autos[i] : &k->resolvers[i - k->auto_count];

		if (!prefix_contains(prefix, &a->prefix))
			continue;
		snprintf(text, size, "it covers the %s %s, which stays reachable: the allow set wins",
			 kinds[a->scope.kind], prefix_format(&a->prefix, shown));
		return;
	}
	for (uint32_t i = 0; k->now.runtime && i < k->now.runtime->net_count; i++) {
		const struct policy_net *net = &k->now.runtime->nets[i];

		if (!net->allow || !prefix_contains(prefix, &net->prefix))
			continue;
		snprintf(text, size, "it covers %s of the allow set, which stays reachable",
			 prefix_format(&net->prefix, shown));
		return;
	}
}
