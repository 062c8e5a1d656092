// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * egress_name.c - names of hosts, found by the longest prefix.
 */
#include "egress_name.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct row {
	struct prefix prefix;
	char name[POLICY_NAME_MAX];
};

struct egress_names {
	char self[POLICY_NAME_MAX];
	bool lengths[129]; /* that some row has */
	uint32_t count;
	struct row rows[]; /* in the order of their prefixes, as the policy's */
};

void egress_names_free(struct egress_names *names)
{
	free(names);
}

int egress_names_make(const struct policy *policy, struct egress_names **out)
{
	struct egress_names *names = calloc(1, sizeof(*names) + policy->host_count * sizeof(names->rows[0]));

	if (!names)
		return -ENOMEM;
	for (uint32_t i = 0; i < policy->host_count; i++) {
		const struct policy_host *host = &policy->hosts[i];
		struct row *row = &names->rows[names->count];

		if (!*host->name)
			continue;
		if (host->self) {
			memcpy(names->self, host->name, sizeof(names->self));
			continue;
		}
		row->prefix = host->prefix;
		memcpy(row->name, host->name, sizeof(row->name));
		names->lengths[host->prefix.len] = true;
		names->count++;
	}
	*out = names;
	return 0;
}

static int row_compare(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	return prefix_compare(&x->prefix, &y->prefix);
}

/* The first len bits, as prefixes are written. */
static void prefix_cut(const struct seki_addr *addr, unsigned int len, struct prefix *out)
{
	*out = (struct prefix){.len = (uint8_t)len};
	memcpy(out->addr, addr->b, len / 8);
	if (len % 8)
		out->addr[len / 8] = (uint8_t)(addr->b[len / 8] & 0xff << (8 - len % 8));
}

const char *egress_names_find(const struct egress_names *names, const struct seki_addr *addr)
{
	static const struct seki_addr self;

	if (!names)
		return NULL;
	if (!memcmp(addr, &self, sizeof(self)))
		return *names->self ? names->self : NULL;
	for (unsigned int len = 129; len-- > 0;) {
		const struct row *row;
		struct row key;

		if (!names->lengths[len])
			continue;
		prefix_cut(addr, len, &key.prefix);
		row = bsearch(&key, names->rows, names->count, sizeof(key), row_compare);
		if (row)
			return row->name;
	}
	return NULL;
}
