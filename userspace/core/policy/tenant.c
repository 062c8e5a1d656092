// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tenant.c - whose an event is.
 */
#include "tenant.h"

#include <string.h>

static const struct tenant_row *network_of(const struct tenant_row *rows, uint32_t count,
					   const struct seki_addr *addr)
{
	const struct tenant_row *best = NULL;
	struct prefix host = {.len = 128};

	memcpy(host.addr, addr->b, sizeof(host.addr));
	for (uint32_t i = 0; i < count; i++)
		if (!*rows[i].iface && prefix_contains(&rows[i].network, &host) &&
		    (!best || rows[i].network.len > best->network.len))
			best = &rows[i];
	return best;
}

const char *tenant_of(const struct tenant_row *rows, uint32_t count, const struct seki_addr *target,
		      const struct seki_addr *other, const char *iface)
{
	const struct tenant_row *row = network_of(rows, count, target);

	if (!row)
		row = network_of(rows, count, other);
	for (uint32_t i = 0; !row && i < count; i++)
		if (*rows[i].iface && !strcmp(rows[i].iface, iface))
			row = &rows[i];
	return row ? row->name : "";
}
