// SPDX-License-Identifier: GPL-2.0-or-later
/* gate_tables.c - what is written comes back, what does not fit is refused, nothing half done. */
#include <arpa/inet.h>
#include <time.h>

#include "gate_world.h"

static struct gate *gate; /* one instance for all tests below */
static struct gate_why why;

static struct seki_addr addr4(uint32_t host)
{
	struct seki_addr addr = {.b = {[10] = 0xff, [11] = 0xff}};

	addr.w[3] = htonl(host);
	return addr;
}

static struct seki_lpm net4(uint32_t host, uint32_t len)
{
	return (struct seki_lpm){.prefixlen = 96 + len, .addr = addr4(host)};
}

static struct seki_lpm net6(uint32_t first, uint32_t len)
{
	struct seki_lpm key = {.prefixlen = len};

	key.addr.w[0] = htonl(first);
	return key;
}

static void settings_come_back(void)
{
	struct seki_settings in = {
		.generation = 3, .policy_digest = 0x1122334455667788, .rings = 4, .active = 0};
	struct seki_settings out;

	in.action[SEKI_R_FLOW_TABLE_FULL] = SEKI_ACTION_DROP;
	CHECK_EQ(gate_settings_set(gate, &in), 0);
	CHECK_EQ(gate_settings_get(gate, &out), 0);
	CHECK_EQ(out.magic, SEKI_MAGIC);
	CHECK_EQ(out.policy_digest, in.policy_digest);
	CHECK_EQ(out.action[SEKI_R_FLOW_TABLE_FULL], SEKI_ACTION_DROP);
	in.active = 2;
	CHECK_EQ(gate_settings_set(gate, &in), -EINVAL);
	in.active = 0;
	in.rings = SEKI_MAX_RINGS + 1;
	CHECK_EQ(gate_settings_set(gate, &in), -EINVAL);
}

static int iface_count(const struct seki_iface_key *key, const struct seki_iface *value, void *arg)
{
	*(unsigned int *)arg += key->ifindex + value->role;
	return 0;
}

static void ifaces_come_back(void)
{
	struct seki_iface_key one = {.ifindex = 100}, two = {.ifindex = 200, .vlan = 5};
	struct seki_iface wan = {.role = SEKI_ROLE_WAN}, bad = {.role = SEKI_ROLE_MAX};
	unsigned int sum = 0;

	CHECK_EQ(gate_iface_set(gate, &one, &wan), 0);
	CHECK_EQ(gate_iface_set(gate, &two, &wan), 0);
	CHECK_EQ(gate_iface_set(gate, &two, &bad), -EINVAL);
	CHECK_EQ(gate_iface_each(gate, iface_count, &sum), 0);
	CHECK_EQ(sum, 300 + 2 * SEKI_ROLE_WAN);
	CHECK_EQ(gate_iface_set(gate, &one, NULL), 0);
	CHECK_EQ(gate_iface_set(gate, &one, NULL), -ENOENT);
	sum = 0;
	CHECK_EQ(gate_iface_each(gate, iface_count, &sum), 0);
	CHECK_EQ(sum, 200 + SEKI_ROLE_WAN);
}

static void nets_are_replaced(void)
{
	struct gate_net_row first[] = {{net4(0x0a000000, 8), {.flags = SEKI_NET_OWN}},
				       {net4(0x0a010000, 16), {.flags = SEKI_NET_DMZ}},
				       {net6(0x20010db8, 32), {.flags = SEKI_NET_SHARED}}};
	struct gate_net_row second[] = {{net4(0x0a000000, 8), {.flags = SEKI_NET_DMZ}},
					{net4(0xc0a80000, 16), {.flags = SEKI_NET_OWN}}};
	struct gate_net_row twice[] = {second[0], second[1], second[0]};
	struct seki_addr inside = addr4(0x0a010203), six = net6(0x20010db8, 32).addr;
	struct seki_net net;

	CHECK(!gate_nets_replace(gate, first, ARRAY_LEN(first), &why), "%s", why.text);
	CHECK_EQ(gate_net_lookup(gate, &inside, &net), 0);
	CHECK_EQ(net.flags, SEKI_NET_DMZ);
	CHECK_EQ(gate_net_lookup(gate, &six, &net), 0);
	CHECK(!gate_nets_replace(gate, second, ARRAY_LEN(second), &why), "%s", why.text);
	CHECK_EQ(gate_net_lookup(gate, &inside, &net), 0);
	CHECK_EQ(net.flags, SEKI_NET_DMZ);
	CHECK_EQ(gate_net_lookup(gate, &six, &net), -ENOENT);
	CHECK_EQ(gate_nets_replace(gate, twice, ARRAY_LEN(twice), &why), -EINVAL);
	CHECK(strstr(why.text, "rows 0 and 2") || strstr(why.text, "rows 2 and 0"), "%s", why.text);
	CHECK(!gate_nets_replace(gate, NULL, 0, &why), "%s", why.text);
	CHECK_EQ(gate_net_lookup(gate, &inside, &net), -ENOENT);
}

static void nets_that_do_not_fit(void)
{
	struct gate_net_row keep = {net4(0x0a000000, 8), {.flags = SEKI_NET_OWN}};
	struct seki_addr inside = addr4(0x0a010203);
	uint32_t count = 2000000;
	struct gate_net_row *rows AUTO_FREE = calloc(count, sizeof(*rows));
	struct seki_net net;

	CHECK_EQ(gate_nets_replace(gate, &keep, 1, &why), 0);
	for (uint32_t i = 0; rows && i < count; i++)
		rows[i].key = net4(0x10000000 + i, 32);
	CHECK_EQ(gate_nets_replace(gate, rows, count, &why), -ENOSPC);
	CHECK(strstr(why.text, "2000000"), "%s", why.text);
	CHECK_EQ(gate_net_lookup(gate, &inside, &net), 0);
	CHECK_EQ(gate_net_lookup(gate, &rows[0].key.addr, &net), -ENOENT);
}

static void egress_is_replaced(void)
{
	struct gate_egress_row rules[] = {
		{{.prefixlen = 32 + 128, .profile = 1, .proto = 6, .port = htons(443)}, {.rule = 9}},
		{{.prefixlen = 32, .profile = 0, .proto = 17, .port = htons(53)}, {.rule = 10}}};
	struct gate_host_row hosts[] = {{net4(0x0a010001, 32), 1}};
	struct gate_host_row bad = {net4(0x0a010001, 32), 512};

	CHECK(!gate_egress_replace(gate, rules, 2, hosts, 1, &why), "%s", why.text);
	CHECK_EQ(gate_egress_replace(gate, rules, 2, &bad, 1, &why), -EINVAL);
	rules[0].key.prefixlen = 31;
	CHECK_EQ(gate_egress_replace(gate, rules, 2, hosts, 1, &why), -EINVAL);
	CHECK(!gate_egress_replace(gate, NULL, 0, NULL, 0, &why), "%s", why.text);
}

static void slot_switch(uint32_t slot)
{
	struct seki_settings settings;

	CHECK_EQ(gate_settings_get(gate, &settings), 0);
	settings.active = slot;
	CHECK_EQ(gate_settings_set(gate, &settings), 0);
}

/* 10 000 rows of both families: built aside, switched, dumped, rolled back. */
static void list_is_built_switched_rolled_back(void)
{
	uint32_t count = 10000, slot = 9, held = 0, matched = 0;
	struct gate_list_row *rows AUTO_FREE = calloc(count, sizeof(*rows));
	struct gate_list_row *dump AUTO_FREE = NULL;
	struct gate_list_row found;
	struct gate_usage usage;

	for (uint32_t i = 0; i < count; i++) {
		rows[i].key = i % 8 == 0   ? net6(0x30000000 + i, 32)
			      : i % 8 == 4 ? net6(0x40000000 + i, 99)
					   : net4(0x20000000 + i * 256, 23 + i % 2);
		rows[i].key.addr.b[14] &= i % 4 && i % 2 == 0 ? 0xfe : 0xff;
		rows[i].value = (struct seki_entry){.list = 3, .flags = SEKI_ENTRY_SRC, .expires = i + 1};
	}
	CHECK(!gate_list_build(gate, rows, count, &slot, &why), "%s", why.text);
	CHECK_EQ(slot, 1);
	CHECK_EQ(gate_list_lookup(gate, &rows[1].key.addr, &found), -ENOENT);
	slot_switch(slot);
	for (uint32_t i = 0; i < count; i += 7) {
		struct seki_addr inside = rows[i].key.addr;

		inside.b[15] = 77;
		if (!CHECK(!gate_list_lookup(gate, &inside, &found) &&
				   !memcmp(&found, &rows[i], sizeof(found)),
			   "row %u", i))
			break;
	}
	CHECK_EQ(gate_list_dump(gate, &dump, &held), 0);
	CHECK_EQ(held, count);
	for (uint32_t i = 0; i < held; i++) {
		uint32_t at = dump[i].value.expires - 1;

		matched += at < count && !memcmp(&dump[i], &rows[at], sizeof(*dump));
	}
	CHECK_EQ(matched, count);
	CHECK_EQ(gate_usage(gate, &usage), 0);
	CHECK_EQ(usage.list_rows, count);

	/* A second generation of one row, then back to the first, which the other slot kept. */
	CHECK(!gate_list_build(gate, rows + 1, 1, &slot, &why), "%s", why.text);
	CHECK_EQ(slot, 0);
	slot_switch(0);
	CHECK_EQ(gate_list_lookup(gate, &rows[3].key.addr, &found), -ENOENT);
	CHECK(gate_list_has_previous(gate));
	slot_switch(1);
	CHECK_EQ(gate_list_lookup(gate, &rows[3].key.addr, &found), 0);
	CHECK_EQ(found.value.expires, 4);
}

static void list_rows_one_by_one(void)
{
	struct gate_list_row wide = {net4(0xc6336400, 24), {.expires = 501, .flags = SEKI_ENTRY_SRC}};
	struct gate_list_row half = {net4(0xc6336408, 31), {.expires = 504, .flags = SEKI_ENTRY_DST}};
	struct gate_list_row host = {net4(0xc6336409, 32), {.expires = 502, .flags = SEKI_ENTRY_SRC}};
	struct gate_list_row odd = {net6(0x20010db8, 100), {.expires = 505, .flags = SEKI_ENTRY_SRC}};
	struct gate_list_row stray = {net4(0xc6336409, 24), {.flags = SEKI_ENTRY_SRC}};
	struct gate_list_row mute = {net4(0xc6336410, 32), {.flags = 0}};
	struct gate_list_row found;

	CHECK_EQ(gate_list_put(gate, &wide), 0);
	CHECK_EQ(gate_list_put(gate, &half), 0);
	CHECK_EQ(gate_list_put(gate, &host), 0);
	CHECK_EQ(gate_list_put(gate, &odd), 0);
	CHECK_EQ(gate_list_put(gate, &stray), -EINVAL);
	CHECK_EQ(gate_list_put(gate, &mute), -EINVAL);
	CHECK_EQ(gate_list_lookup(gate, &host.key.addr, &found), 0);
	CHECK_EQ(found.value.expires, 502);
	CHECK_EQ(gate_list_lookup(gate, &odd.key.addr, &found), 0);
	CHECK(found.value.expires == 505 && found.key.prefixlen == 100);
	/* Each has its own entry: no heir. */
	CHECK_EQ(gate_list_heir_low(&host.key), 128);
	CHECK_EQ(gate_list_remove(gate, &host.key, NULL), 0);
	CHECK_EQ(gate_list_lookup(gate, &host.key.addr, &found), 0);
	CHECK_EQ(found.value.expires, 504);
	CHECK_EQ(gate_list_remove(gate, &host.key, NULL), -ENOENT);
	CHECK_EQ(gate_list_remove(gate, &half.key, NULL), 0);
	CHECK_EQ(gate_list_lookup(gate, &host.key.addr, &found), 0);
	CHECK_EQ(found.value.expires, 501);
	CHECK_EQ(gate_list_remove(gate, &wide.key, NULL), 0);
	CHECK_EQ(gate_list_lookup(gate, &host.key.addr, &found), -ENOENT);
	CHECK_EQ(gate_list_remove(gate, &odd.key, NULL), 0);
	CHECK_EQ(gate_list_lookup(gate, &odd.key.addr, &found), -ENOENT);
}

static void list_that_is_refused(void)
{
	uint32_t slot = 9;
	struct gate_list_row row = {net4(0x01010101, 32), {.flags = SEKI_ENTRY_SRC}};
	struct gate_list_row twice[2] = {row, row}, found;

	CHECK_EQ(gate_list_build(gate, twice, 2, &slot, &why), -EINVAL);
	CHECK(strstr(why.text, "twice"), "%s", why.text);
	twice[1].value.list = SEKI_MAX_LISTS;
	CHECK_EQ(gate_list_build(gate, twice, 2, &slot, &why), -EINVAL);
	CHECK(strstr(why.text, "row 1"), "%s", why.text);
	CHECK_EQ(slot, 9);
	CHECK_EQ(gate_list_lookup(gate, &row.key.addr, &found), -ENOENT);
}

/* Put one by one until the tables are full: told, and what is there stays. A generation is then as large as
 * need be. */
static void list_outgrows_its_tables(void)
{
	struct gate_list_row row = {.value = {.flags = SEKI_ENTRY_SRC}}, found;
	struct gate_list_row *rows AUTO_FREE = calloc(20000, sizeof(*rows));
	uint32_t count = 0, slot = 9;
	int err = 0;

	CHECK(!gate_list_build(gate, NULL, 0, &slot, &why), "%s", why.text);
	slot_switch(slot);
	while (!err && count < 20000) {
		row.key = net4(0x0b000000 + count * 7919, 32);
		err = gate_list_put(gate, &row);
		if (!err)
			rows[count++] = row;
	}
	CHECK_EQ(err, -ENOSPC);
	CHECK(count > 5000, "%u", count);
	for (uint32_t i = 0; i < count; i++)
		if (!CHECK_EQ(gate_list_lookup(gate, &rows[i].key.addr, &found), 0))
			break;
	rows[count++] = row;
	CHECK(!gate_list_build(gate, rows, count, &slot, &why), "%s", why.text);
	slot_switch(slot);
	CHECK_EQ(gate_list_lookup(gate, &row.key.addr, &found), 0);
	row.key = net4(0x7b000000, 32);
	CHECK_EQ(gate_list_put(gate, &row), 0);
}

/* Both generations outlive the keeper. */
/* A list gets more shards and gives them back; whoever opens the instance finds all of them. */
static void list_grows_and_shrinks(void)
{
	CLEANUP(gate_free) struct gate *again = NULL;
	uint32_t count = 300000, slot = 9;
	struct gate_list_row *rows AUTO_FREE = calloc(count, sizeof(*rows));
	struct gate_list_row found;
	struct gate_usage small, large, last;

	for (uint32_t i = 0; i < count; i++)
		rows[i] = (struct gate_list_row){net4(0x0c000000 + i * 3001, 32),
						 {.expires = i + 1, .flags = SEKI_ENTRY_SRC}};
	for (int i = 0; i < 2; i++) { /* both slots */
		CHECK(!gate_list_build(gate, rows, 10, &slot, &why), "%s", why.text);
		slot_switch(slot);
	}
	CHECK_EQ(gate_usage(gate, &small), 0);
	CHECK(!gate_list_build(gate, rows, count, &slot, &why), "%s", why.text);
	CHECK_EQ(gate_list_lookup(gate, &rows[9].key.addr, &found), 0);
	CHECK_EQ(gate_list_lookup(gate, &rows[count - 1].key.addr, &found), -ENOENT);
	slot_switch(slot);
	CHECK_EQ(gate_usage(gate, &large), 0);
	CHECK(large.list_bytes >= small.list_bytes + (3 << 20), "%llu", (unsigned long long)large.list_bytes);
	CHECK(world_pin_exists("tables", "list_shard4_0_3") || world_pin_exists("tables", "list_shard4_1_3"));
	if (CHECK(!world_gate("tables", NULL, 0, &again, &why), "%s", why.text))
		for (uint32_t i = 0; i < count; i += 999)
			CHECK(!gate_list_lookup(again, &rows[i].key.addr, &found) &&
				      found.value.expires == i + 1,
			      "row %u", i);
	for (int i = 0; i < 2; i++) {
		CHECK(!gate_list_build(gate, rows, 10, &slot, &why), "%s", why.text);
		slot_switch(slot);
	}
	CHECK_EQ(gate_usage(gate, &last), 0);
	CHECK_EQ(last.list_bytes, small.list_bytes);
	CHECK(!world_pin_exists("tables", "list_shard4_0_3") &&
	      !world_pin_exists("tables", "list_shard4_1_3"));
	CHECK_EQ(gate_list_lookup(gate, &rows[9].key.addr, &found), 0);
}

static void list_survives_reopening(void)
{
	CLEANUP(gate_free) struct gate *again = NULL;
	struct gate_list_row row = {net4(0x05050500, 24), {.expires = 77, .flags = SEKI_ENTRY_SRC}};
	uint32_t slot = 9, held = 0;
	struct gate_list_row *dump AUTO_FREE = NULL;

	CHECK(!gate_list_build(gate, &row, 1, &slot, &why), "%s", why.text);
	slot_switch(slot);
	if (!CHECK(!world_gate("tables", NULL, 0, &again, &why), "%s", why.text))
		return;
	CHECK_EQ(gate_list_dump(again, &dump, &held), 0);
	CHECK(held == 1 && dump[0].value.expires == 77);
	CHECK(gate_list_has_previous(again));
}

static int block_drop(const struct seki_addr *addr, const struct seki_entry *entry, void *arg)
{
	++*(unsigned int *)arg;
	return gate_block_remove(gate, addr);
}

static void blocks_fill_up(void)
{
	struct seki_entry entry = {.list = 1, .expires = 1000}, held;
	struct gate_usage usage;
	unsigned int put = 0, removed = 0;
	struct seki_addr addr;
	int err = 0;

	CHECK_EQ(gate_usage(gate, &usage), 0);
	CHECK_EQ(usage.blocked, 0);
	for (uint32_t i = 0; !err && i <= usage.blocked_max; i++) {
		addr = addr4(0x50000000 + i);
		err = gate_block_put(gate, &addr, &entry);
		put += !err;
	}
	CHECK_EQ(err, -ENOSPC);
	CHECK_EQ(put, usage.blocked_max);
	CHECK_EQ(gate_block_get(gate, &addr, &held), -ENOENT);
	addr = addr4(0x50000000);
	entry.expires = 2000; /* a full table still takes a change of what it has */
	CHECK_EQ(gate_block_put(gate, &addr, &entry), 0);
	CHECK_EQ(gate_block_get(gate, &addr, &held), 0);
	CHECK_EQ(held.expires, 2000);
	CHECK_EQ(gate_usage(gate, &usage), 0);
	CHECK_EQ(usage.blocked, usage.blocked_max);
	CHECK_EQ(gate_block_each(gate, block_drop, &removed), 0);
	CHECK_EQ(removed, put);
	CHECK_EQ(gate_block_remove(gate, &addr), -ENOENT);
	entry.list = SEKI_MAX_LISTS;
	CHECK_EQ(gate_block_put(gate, &addr, &entry), -EINVAL);
}

/* The idle ones go, those that live or are cut stay; of nine rows six go. Times are shares of the uptime: a
 * VM has not run for long. */
static void idle_flows_expire(void)
{
	struct seki_settings settings = {0};
	struct seki_flow_key key = {.proto = 6, .lo_port = htons(80)};
	int fd AUTO_FD = bpf_obj_get(SEKI_PIN_ROOT "/tables/seki_flows");
	struct timespec clock;
	struct gate_usage usage;
	uint32_t now, nines, removed = 0;

	if (!CHECK(fd >= 0) || !CHECK_EQ(gate_usage(gate, &usage), 0))
		return;
	nines = usage.flows_max / 9;
	clock_gettime(CLOCK_MONOTONIC, &clock);
	now = (uint32_t)clock.tv_sec;
	settings.tcp_closing = now / 4;
	settings.tcp_idle = settings.udp_idle = settings.other_idle = now / 2;
	CHECK_EQ(gate_settings_set(gate, &settings), 0);
	for (uint32_t i = 0; i < nines * 9; i++) {
		struct seki_flow flow = {.id = i + 1, .last = i % 3 ? 0 : now - now / 3};

		if (i % 9 == 1) {
			flow.state = SEKI_FLOW_BLOCKED;
			flow.blocked_until = now + 100;
		}
		if (i % 9 == 3)
			flow.flags = SEKI_FLOW_RST;
		key.hi = addr4(0x0a000000 + i);
		if (!CHECK_EQ(bpf_map_update_elem(fd, &key, &flow, BPF_ANY), 0))
			return;
	}
	CHECK_EQ(gate_flow_expire(gate, &settings, now, &removed), 0);
	CHECK_EQ(removed, nines * 6);
	CHECK_EQ(gate_usage(gate, &usage), 0);
	CHECK_EQ(usage.flows, nines * 3);
	CHECK_EQ(gate_flow_expire(gate, &settings, now, &removed), 0);
	CHECK_EQ(removed, 0);
}

static void what_bpf_wrote_is_read(void)
{
	struct seki_flow_cmd cmd = {.op = SEKI_OP_READ, .key = {.proto = 6, .lo_port = 1}};
	struct seki_counter counters[SEKI_REASON_MAX];
	uint64_t losses[SEKI_LOSS_MAX];
	struct seki_source source;
	struct seki_addr addr = addr4(1);
	struct seki_hits_key key = {.prefixlen = 128};
	struct seki_hits hits;

	CHECK_EQ(gate_counters(gate, counters), 0);
	CHECK_EQ(gate_losses(gate, losses), 0);
	CHECK_EQ(gate_list_hits(gate, 0, &hits), 0);
	CHECK_EQ(hits.pkts, 0);
	CHECK_EQ(gate_list_hits(gate, SEKI_MAX_LISTS, &hits), -EINVAL);
	CHECK_EQ(gate_hits_get(gate, &key, &hits), -ENOENT);
	CHECK_EQ(gate_source_get(gate, &addr, &source), -ENOENT);
	CHECK_EQ(gate_flow_ctl(gate, &cmd), 0);
	CHECK_EQ(cmd.result, -ENOENT);
}

/* The descriptor handed to an engine: it maps, it changes nothing else. */
static void ring_descriptor_only_consumes(void)
{
	uint64_t word = 0;
	int fd AUTO_FD = -1, more AUTO_FD = -1;

	CHECK(!gate_ring_fd(gate, 3, &fd, &why), "%s", why.text);
	CHECK(!gate_ring_fd(gate, 3, &more, &why), "%s", why.text);
	CHECK(fd != more);
	CHECK(bpf_map_update_elem(fd, &word, &word, BPF_ANY) < 0);
	CHECK(bpf_map_delete_elem(fd, &word) < 0);
	CHECK(bpf_map_lookup_elem(fd, &word, &word) < 0);
	CHECK(world_pin_exists("tables", "ring_3"));
	CHECK_EQ(gate_ring_fd(gate, SEKI_MAX_RINGS, &more, &why), -EINVAL);
}

static void instance_closes(void)
{
	CHECK_EQ(gate_remove(gate, &why), 0);
	gate_free(gate);
}

static const struct ktap_test tests[] = {
	TEST(settings_come_back),     TEST(ifaces_come_back),	     TEST(nets_are_replaced),
	TEST(nets_that_do_not_fit),   TEST(egress_is_replaced),	     TEST(list_is_built_switched_rolled_back),
	TEST(list_rows_one_by_one),   TEST(list_that_is_refused),    TEST(list_outgrows_its_tables),
	TEST(list_grows_and_shrinks), TEST(list_survives_reopening), TEST(blocks_fill_up),
	TEST(idle_flows_expire),      TEST(what_bpf_wrote_is_read),  TEST(ring_descriptor_only_consumes),
	TEST(instance_closes),
};

int main(void)
{
	const char *refused = world_enter();

	if (refused) {
		printf("KTAP version 1\n1..0 # SKIP %s\n", refused);
		return 0;
	}
	if (world_gate("tables", NULL, 0, &gate, &why)) {
		printf("KTAP version 1\n1..1\nnot ok 1 instance_opens\n# %s\n", why.text);
		return 1;
	}
	return ktap_run(tests, sizeof(tests) / sizeof((tests)[0]));
}
