// SPDX-License-Identifier: GPL-2.0-or-later
/* table.c - settings, interfaces, networks, egress and auto-blocks. */
#include <errno.h>
#include <string.h>

#include "gate_private.h"
#include "sekimori/event.h"

SEKI_STATIC_ASSERT(offsetof(struct gate_net_row, value) == sizeof(struct seki_lpm),
		   "a row is its key, then its value");
SEKI_STATIC_ASSERT(sizeof(struct gate_net_row) == sizeof(struct seki_lpm) + sizeof(struct seki_net),
		   "no padding");
SEKI_STATIC_ASSERT(offsetof(struct gate_egress_row, rule) == sizeof(struct seki_egress_key),
		   "a row is its key, then its value");
SEKI_STATIC_ASSERT(sizeof(struct gate_egress_row) ==
			   sizeof(struct seki_egress_key) + sizeof(struct seki_egress_rule),
		   "no padding");
SEKI_STATIC_ASSERT(offsetof(struct gate_host_row, profile) == sizeof(struct seki_lpm),
		   "a row is its key, then its value");
SEKI_STATIC_ASSERT(sizeof(struct gate_host_row) == sizeof(struct seki_lpm) + 4, "no padding");

struct iface_row {
	struct seki_iface_key key;
	struct seki_iface value;
};

struct block_row {
	struct seki_addr key;
	struct seki_entry value;
};

int gate_settings_get(struct gate *gate, struct seki_settings *out)
{
	struct seki_settings settings;
	uint32_t zero = 0;
	int err = bpf_map_lookup_elem(map_fd(gate, GATE_MAP_SETTINGS), &zero, &settings);

	if (!err)
		*out = settings;
	return err;
}

int gate_settings_set(struct gate *gate, const struct seki_settings *in)
{
	struct seki_settings settings = *in;
	struct map_shape shape;
	uint32_t zero = 0;

	if (settings.active > 1 || settings.rings > SEKI_MAX_RINGS || settings.chunk > SEKI_CHUNK_MAX)
		return -EINVAL;
	/* The stamp is the gate's own: maps must never be left without it. */
	settings.magic = SEKI_MAGIC;
	settings.schema = SEKI_SCHEMA;
	map_shape_get(gate, GATE_MAP_SETTINGS, &shape);
	return map_put(&shape, &zero, &settings);
}

int gate_iface_set(struct gate *gate, const struct seki_iface_key *key, const struct seki_iface *value)
{
	struct seki_iface held;
	struct map_shape shape;
	int err;

	map_shape_get(gate, GATE_MAP_IFACES, &shape);
	if (value) {
		if (value->role >= SEKI_ROLE_MAX || value->mode >= SEKI_MODE_MAX)
			return -EINVAL;
		return map_put(&shape, key, value);
	}
	err = bpf_map_delete_elem(shape.fd, key);
	if (err)
		return err;
	return bpf_map_lookup_elem(shape.fd, key, &held) == -ENOENT ? 0 : -EIO;
}

int gate_iface_each(struct gate *gate, gate_iface_fn fn, void *arg)
{
	struct map_shape shape;
	void *rows AUTO_FREE = NULL;
	uint32_t count;
	int err;

	map_shape_get(gate, GATE_MAP_IFACES, &shape);
	err = map_dump(&shape, &rows, &count);
	for (uint32_t i = 0; !err && i < count; i++) {
		const struct iface_row *row = (const struct iface_row *)rows + i;

		err = fn(&row->key, &row->value, arg);
	}
	return err;
}

int gate_nets_replace(struct gate *gate, const struct gate_net_row *rows, uint32_t count,
		      struct gate_why *why)
{
	struct map_shape shape;

	map_shape_get(gate, GATE_MAP_NETS, &shape);
	for (uint32_t i = 0; i < count; i++)
		if (rows[i].key.prefixlen > 128 || rows[i].value.scopes > SEKI_MAX_SCOPES)
			return why_set(why, -EINVAL,
				       "network row %u: prefix length %u or %u scopes out of bounds", i,
				       rows[i].key.prefixlen, rows[i].value.scopes);
	return map_replace(&shape, rows, count, why);
}

int gate_net_lookup(struct gate *gate, const struct seki_addr *addr, struct seki_net *out)
{
	struct seki_lpm key = {.prefixlen = 128, .addr = *addr};
	struct seki_net net;
	int err = bpf_map_lookup_elem(map_fd(gate, GATE_MAP_NETS), &key, &net);

	if (!err)
		*out = net;
	return err;
}

/*
 * Rules come before hosts: a host that changes its profile finds the new one
 * complete. A rule that goes while a host still has its profile denies, the
 * safe side, for the moment between the two tables.
 */
int gate_egress_replace(struct gate *gate, const struct gate_egress_row *rows, uint32_t count,
			const struct gate_host_row *hosts, uint32_t host_count, struct gate_why *why)
{
	struct map_shape rules, profiles;
	int err;

	map_shape_get(gate, GATE_MAP_EGRESS, &rules);
	map_shape_get(gate, GATE_MAP_EGRESS_HOST, &profiles);
	for (uint32_t i = 0; i < count; i++)
		if (rows[i].key.prefixlen < SEKI_EGRESS_FIXED_BITS ||
		    rows[i].key.prefixlen > SEKI_EGRESS_FIXED_BITS + 128)
			return why_set(why, -EINVAL, "egress row %u: prefix length %u is out of bounds", i,
				       rows[i].key.prefixlen);
	for (uint32_t i = 0; i < host_count; i++)
		if (hosts[i].key.prefixlen > 128 ||
		    hosts[i].profile & ~(SEKI_HOST_PROFILE | SEKI_HOST_MONITOR))
			return why_set(why, -EINVAL,
				       "egress host %u: prefix length %u or profile %u out of bounds", i,
				       hosts[i].key.prefixlen, hosts[i].profile);
	/* Nothing is begun when either does not fit at all. */
	if (count > rules.entries || host_count > profiles.entries)
		return why_set(why, -ENOSPC,
			       "%u egress rows and %u hosts do not fit: there is room for %u and %u", count,
			       host_count, rules.entries, profiles.entries);
	err = map_replace(&rules, rows, count, why);
	return err ? err : map_replace(&profiles, hosts, host_count, why);
}

int gate_egress_use(struct gate *gate, uint32_t rule, struct seki_egress_use *out)
{
	struct seki_egress_use use;
	int err = bpf_map_lookup_elem(map_fd(gate, GATE_MAP_EGRESS_USE), &rule, &use);

	if (!err)
		*out = use;
	return err;
}

int gate_expect_put(struct gate *gate, const struct seki_expect_key *key, const struct seki_expect *value)
{
	/* Not read back: a packet may have taken it already. */
	return bpf_map_update_elem(map_fd(gate, GATE_MAP_EXPECT), key, value, BPF_ANY);
}

int gate_grace_learnt(struct gate *gate, uint32_t *count)
{
	uint32_t zero = 0, value;
	int err = bpf_map_lookup_elem(map_fd(gate, GATE_MAP_GRACE), &zero, &value);

	if (!err)
		*count = value;
	return err;
}

int gate_block_put(struct gate *gate, const struct seki_addr *addr, const struct seki_entry *entry)
{
	struct map_shape shape;

	if (entry->list >= SEKI_MAX_LISTS)
		return -EINVAL;
	map_shape_get(gate, GATE_MAP_BLOCKED, &shape);
	return map_put(&shape, addr, entry);
}

int gate_block_get(struct gate *gate, const struct seki_addr *addr, struct seki_entry *out)
{
	struct seki_entry entry;
	int err = bpf_map_lookup_elem(map_fd(gate, GATE_MAP_BLOCKED), addr, &entry);

	if (!err)
		*out = entry;
	return err;
}

int gate_block_remove(struct gate *gate, const struct seki_addr *addr)
{
	struct seki_entry held;
	int err = bpf_map_delete_elem(map_fd(gate, GATE_MAP_BLOCKED), addr);

	if (err)
		return err;
	return gate_block_get(gate, addr, &held) == -ENOENT ? 0 : -EIO;
}

/* Over a copy, so that the callback may remove what it is shown. */
int gate_block_each(struct gate *gate, gate_block_fn fn, void *arg)
{
	struct map_shape shape;
	void *rows AUTO_FREE = NULL;
	uint32_t count;
	int err;

	map_shape_get(gate, GATE_MAP_BLOCKED, &shape);
	err = map_dump(&shape, &rows, &count);
	for (uint32_t i = 0; !err && i < count; i++) {
		const struct block_row *row = (const struct block_row *)rows + i;

		err = fn(&row->key, &row->value, arg);
	}
	return err;
}
