// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list_match.c - the blacklist's tables against an array that is searched from end to end: in memory, and
 * through the packet program.
 */
#include <arpa/inet.h>
#include <stdlib.h>

#include "lib/bpftest.h"

#define GOOD4 "198.51.100.7"
#define GOOD6 "2001:db8:1::7"
#define OUR4  "192.0.2.10"
#define OUR6  "2001:db8:77::10"

#define ROWS_MAX 3000

static struct world world;
static struct gate_list_row rows[ROWS_MAX];
static uint32_t row_count;
static uint64_t seed = 0x2545f4914f6cdd1dull;

static uint32_t draw(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 33) % below;
}

/* Addresses from few networks, so that prefixes nest and collide. */
static struct seki_addr draw_address(bool six)
{
	struct seki_addr addr = {.b = {[10] = 0xff, [11] = 0xff}};

	if (six) {
		addr.w[0] = htonl(0x20010db8 + draw(4));
		addr.w[1] = htonl(draw(3) << 16 | draw(300));
		addr.w[2] = draw(2) ? 0 : htonl(draw(70000));
		addr.w[3] = htonl(draw(3) ? draw(5) : (uint32_t)(seed >> 20));
	} else if (draw(20)) {
		addr.w[3] = htonl(0xc6120000 | draw(4) << 8 | draw(256));
	} else {
		addr.w[3] = htonl((draw(0xdf) + 1) << 24 | draw(1 << 24));
	}
	return addr;
}

static struct seki_lpm draw_prefix(void)
{
	static const uint8_t six_lengths[] = {128, 128, 64, 64, 56,  48,  40, 32, 29,
					      36,  63,	65, 96, 120, 127, 20, 3};
	bool six = draw(2);
	struct seki_lpm key = {.addr = draw_address(six)};

	if (six)
		key.prefixlen = draw(4) ? six_lengths[draw(sizeof(six_lengths))] : 24 + draw(105);
	else
		key.prefixlen = 96 + (draw(4) ? 24 + draw(9) : draw(33));
	list_prefix_mask(&key);
	return key;
}

static bool covers(const struct seki_lpm *outer, const struct seki_addr *addr)
{
	struct seki_lpm cut = {.prefixlen = outer->prefixlen, .addr = *addr};
	bool outer4 = outer->prefixlen >= 96 && !memcmp(outer->addr.b, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12);

	if (outer4 != !memcmp(addr->b, "\0\0\0\0\0\0\0\0\0\0\xff\xff", 12))
		return false;
	list_prefix_mask(&cut);
	return !memcmp(&cut.addr, &outer->addr, sizeof(cut.addr));
}

static const struct gate_list_row *oracle(const struct seki_addr *addr)
{
	const struct gate_list_row *best = NULL;

	for (uint32_t i = 0; i < row_count; i++)
		if ((!best || rows[i].key.prefixlen > best->key.prefixlen) && covers(&rows[i].key, addr))
			best = &rows[i];
	return best;
}

static bool row_known(const struct seki_lpm *key)
{
	for (uint32_t i = 0; i < row_count; i++)
		if (!memcmp(&rows[i].key, key, sizeof(*key)))
			return true;
	return false;
}

static void draw_rows(uint32_t count)
{
	static const uint8_t flags[] = {SEKI_ENTRY_SRC,
					SEKI_ENTRY_SRC,
					SEKI_ENTRY_SRC | SEKI_ENTRY_DST,
					SEKI_ENTRY_DST,
					SEKI_ENTRY_SRC | SEKI_ENTRY_ALERT,
					SEKI_ENTRY_SRC | SEKI_ENTRY_ALLOW};
	__u32 now = world_seconds();

	row_count = 0;
	while (row_count < count) {
		struct gate_list_row row = {.key = draw_prefix()};

		if (row_known(&row.key))
			continue;
		row.value = (struct seki_entry){.expires = draw(5)   ? 0
							   : draw(2) ? now + 1000
								     : 1,
						.list = draw(SEKI_MAX_LISTS),
						.flags = flags[draw(sizeof(flags))],
						.severity = draw(SEKI_SEVERITY_MAX)};
		rows[row_count++] = row;
	}
}

/* A table in plain memory for the rows that are there. */
struct memory {
	struct seki_list_head head;
	struct list_table table;
};

static void memory_free(struct memory *m)
{
	free(m->table.gate4);
	free(m->table.words);
	free(m->table.bucket4);
	free(m->table.line6);
}

static int memory_make(struct memory *m, const struct gate_list_row *in, uint32_t count, list_spill_fn spill,
		       void *arg)
{
	uint32_t bad;
	int err;

	*m = (struct memory){.head = {.seed = {draw(1 << 30), draw(1 << 30)}}};
	m->table.head = &m->head;
	err = list_table_size(in, count, &m->head, &bad);
	if (err)
		return err;
	m->table.gate4 = calloc(SEKI_LIST_WORDS_GATE4, 8);
	m->table.words = calloc(SEKI_LIST_WORDS, 8);
	m->table.bucket4 = calloc((size_t)m->head.shards4 * SEKI_LIST_BUCKETS4, sizeof(*m->table.bucket4));
	m->table.line6 = calloc((size_t)m->head.shards6 * SEKI_LIST_LINES6, sizeof(*m->table.line6));
	return list_table_build(&m->table, in, count, spill, arg, &bad);
}

/* What the table says is what the oracle says; the trie's prefixes are looked for beside it, as the packet
 * path does. */
static bool memory_agrees(const struct memory *m, const struct seki_addr *addr)
{
	const struct gate_list_row *want = oracle(addr);
	struct seki_lpm prefix = {0};
	struct seki_list_hit hit;
	bool found = list_table_find(&m->table, addr, NULL, NULL, &prefix, &hit);
	struct seki_entry entry;

	if (want && list_table_is_odd(&want->key))
		return !found || prefix.prefixlen < want->key.prefixlen;
	if (!want || !found)
		return !want == !found;
	entry = list_entry_of(&hit);
	return !memcmp(&prefix, &want->key, sizeof(prefix)) && !memcmp(&entry, &want->value, sizeof(entry));
}

static void memory_matches(void)
{
	for (int round = 0; round < (ktap_slow() ? 4 : 20); round++) {
		struct memory m;
		uint64_t digest;
		uint32_t wrong = 0;

		draw_rows(20 + draw(1000));
		CHECK_EQ(memory_make(&m, rows, row_count, NULL, NULL), 0);
		CHECK_EQ(list_table_check(&m.table, &digest), 0);
		for (int i = 0; i < 5000; i++) {
			struct seki_addr addr = draw_address(draw(2));

			wrong += !memory_agrees(&m, &addr);
		}
		CHECK_EQ(wrong, 0);
		memory_free(&m);
	}
}

/* The shortest row of the same level that a prefix's keys fall to when it goes. */
static const struct gate_list_row *heir_of(const struct seki_lpm *key)
{
	const struct gate_list_row *best = NULL;

	for (uint32_t i = 0; i < row_count; i++)
		if (rows[i].key.prefixlen < key->prefixlen &&
		    rows[i].key.prefixlen >= list_table_level_low(key) && covers(&rows[i].key, &key->addr) &&
		    (!best || rows[i].key.prefixlen > best->key.prefixlen))
			best = &rows[i];
	return best;
}

/* Rows come and go one by one; after each step the table says what a build would say. */
static void memory_changes(void)
{
	struct memory m, again;
	uint32_t wrong = 0;
	uint64_t digest, want;

	draw_rows(1500);
	CHECK_EQ(memory_make(&m, rows, row_count, NULL, NULL), 0);
	for (int step = 0; step < (ktap_slow() ? 2000 : 20000); step++) {
		uint32_t at = draw(row_count);
		struct gate_list_row row = rows[at];

		if (draw(2) && row_count > 500) {
			rows[at] = rows[--row_count];
			if (list_table_remove(&m.table, &row.key, heir_of(&row.key), NULL, NULL))
				wrong += oracle(&row.key.addr) ==
					 NULL; /* hidden wholly by longer ones: nothing to remove */
		} else if (row_count < ROWS_MAX) {
			row.key = draw_prefix();
			if (row_known(&row.key))
				continue;
			rows[row_count++] = row;
			wrong += list_table_put(&m.table, &row, NULL, NULL) != 0;
		}
		for (int i = 0; i < 3; i++) {
			struct seki_addr addr = i ? draw_address(draw(2)) : row.key.addr;

			wrong += !memory_agrees(&m, &addr);
		}
	}
	CHECK_EQ(wrong, 0);
	CHECK_EQ(list_table_check(&m.table, &digest), 0);
	CHECK_EQ(memory_make(&again, rows, row_count, NULL, NULL), 0);
	CHECK_EQ(list_table_check(&again.table, &want), 0);
	CHECK(digest == want, "changed and built tables differ");
	memory_free(&m);
	memory_free(&again);
}

static void rows_are_checked(void)
{
	struct gate_list_row good = {.key = {.prefixlen = 128}, .value = {.flags = SEKI_ENTRY_SRC}}, bad;
	struct seki_list_head head = {0};
	uint32_t at = 9;

	good.key.addr = addr_of("192.0.2.1");
	CHECK_EQ(list_table_size(&good, 1, &head, &at), 0);
#define BAD(change)                                                                                          \
	do {                                                                                                 \
		struct gate_list_row two[2] = {good, good};                                                  \
		bad = good;                                                                                  \
		change;                                                                                      \
		two[1] = bad;                                                                                \
		at = 9;                                                                                      \
		CHECK_EQ(list_table_size(two, 2, &head, &at), -EINVAL);                                      \
		CHECK_EQ(at, 1);                                                                             \
	} while (0)
	BAD(bad.key.prefixlen = 129);
	BAD(bad.key.prefixlen = 120);
	BAD(bad.value.flags = 0);
	BAD(bad.value.flags = 1 << SEKI_LIST_SEVERITY_SHIFT);
	BAD(bad.value.list = SEKI_MAX_LISTS);
	BAD(bad.value.severity = SEKI_SEVERITY_MAX);
#undef BAD
}

static void too_many_rows_are_refused(void)
{
	uint32_t count = 70000, at;
	struct gate_list_row *many = calloc(count, sizeof(*many));
	struct seki_list_head head = {0};

	/* Each of them needs 256 keys. */
	for (uint32_t i = 0; i < count; i++)
		many[i] = (struct gate_list_row){{.prefixlen = 24, .addr = {.w = {htonl(i << 8)}}},
						 {.flags = SEKI_ENTRY_SRC}};
	CHECK_EQ(list_table_size(many, count, &head, &at), -E2BIG);
	CHECK_EQ(list_table_size(many, count / 2, &head, &at), 0);
	free(many);
}

struct spilled {
	uint32_t count;
	bool refuse;
};

static int spill_count(const struct seki_list_spill_key *key, const struct seki_list_hit *hit, void *arg)
{
	struct spilled *spilled = arg;

	spilled->count += hit != NULL; /* the others ask to take one back */
	return spilled->refuse ? -ENOSPC : 0;
}

static struct gate_list_row host_row(uint32_t addr)
{
	struct gate_list_row row = {.key = {.prefixlen = 128, .addr = addr_of("0.0.0.0")},
				    .value = {.flags = SEKI_ENTRY_SRC}};

	row.key.addr.w[3] = htonl(addr);
	return row;
}

/* Addresses that somebody chose for one bucket, had he known the seed: under any other seed they spread. */
static void chosen_addresses_cannot_overflow(void)
{
	static struct gate_list_row chosen[2000];
	const struct seki_list_head known = {.seed = {7, 8}};
	uint32_t count = 0;

	for (uint32_t net = 0x0a0000; count < ARRAY_LEN(chosen); net++)
		if (seki_list_first4(seki_list_hash4(&known, net << 8, 8), 2048) == 5)
			chosen[count++] = host_row(net << 8 | 7);
	for (int round = 0; round < 100; round++) {
		struct spilled spilled = {0};
		struct memory m;

		CHECK_EQ(memory_make(&m, chosen, count, spill_count, &spilled), 0);
		CHECK_EQ(spilled.count, 0);
		memory_free(&m);
	}
}

/* Whoever gets everything of one network listed crowds its group, which has no end of places. */
static void one_network_cannot_overflow(void)
{
	static struct gate_list_row all[2 * 511];
	struct spilled spilled = {0};
	uint32_t count = 0, found = 0;
	struct seki_list_hit hit;
	struct seki_lpm prefix;
	struct memory m;

	for (uint32_t net = 0; net < 2; net++)
		for (uint32_t len = 24; len <= 32; len++)
			for (uint32_t n = 0; n < 1u << (len - 24); n++, count++) {
				all[count] = host_row(0xc6336400 + (net << 16) + (n << (32 - len)));
				all[count].key.prefixlen = 96 + len;
			}
	CHECK_EQ(count, ARRAY_LEN(all));
	/* The first network at once, the second one row after the other, the shortest first. */
	CHECK_EQ(memory_make(&m, all, count / 2, spill_count, &spilled), 0);
	for (uint32_t i = count / 2; i < count; i++)
		CHECK_EQ(list_table_put(&m.table, &all[i], spill_count, &spilled), 0);
	CHECK_EQ(spilled.count, 0);
	for (uint32_t i = 0; i < 512; i++) {
		struct gate_list_row host = host_row(0xc6336400 + (i >> 8 << 16) + (i & 255));

		found +=
			list_table_find(&m.table, &host.key.addr, NULL, NULL, &prefix, &hit) && hit.len == 32;
	}
	CHECK_EQ(found, 512);
	memory_free(&m);
}

#define CROWD 11 /* keys whose first and second bucket are among the same two: ten places */

/* Their networks have two more hosts each, so that each host has its own key. */
static uint32_t crowd_choose(const struct seki_list_head *head, struct gate_list_row rows_out[3 * CROWD])
{
	uint32_t count = 0;

	for (uint32_t addr = 0x0a000000; count < 3 * CROWD && addr < 0x7fffffff; addr++) {
		uint64_t hash = seki_list_hash4(head, addr, 32);

		if (seki_list_first4(hash, head->buckets4) >> 1 != 3 ||
		    seki_list_second4(hash, head->buckets4) >> 1 != 3)
			continue;
		rows_out[count++] = host_row(addr);
		rows_out[count++] = host_row(addr ^ 1);
		rows_out[count++] = host_row(addr ^ 2);
		addr |= 0xff;
	}
	return count;
}

/* What finds no room is handed out, or refused; never lost in silence. */
static void many_keys_of_one_bucket_spill(void)
{
	static struct gate_list_row chosen[3 * CROWD];
	struct spilled spilled = {0};
	struct memory m;
	uint32_t count, bad, found = 0;
	struct seki_list_head before;

	CHECK_EQ(memory_make(&m, NULL, 0, NULL, NULL), 0);
	before = m.head;
	count = crowd_choose(&m.head, chosen);
	CHECK_EQ(count, 3 * CROWD);
	CHECK_EQ(list_table_build(&m.table, chosen, count, spill_count, &spilled, &bad), 0);
	CHECK(spilled.count >= 1 && spilled.count < 6, "%u", spilled.count);
	CHECK_EQ(m.head.spilled, spilled.count);
	for (uint32_t i = 0; i < count; i++) {
		struct seki_lpm prefix;
		struct seki_list_hit hit;

		found += list_table_find(&m.table, &chosen[i].key.addr, NULL, NULL, &prefix, &hit);
	}
	CHECK_EQ(found, count - spilled.count);
	spilled = (struct spilled){.refuse = true};
	memory_free(&m);
	CHECK_EQ(memory_make(&m, NULL, 0, NULL, NULL), 0);
	m.head.seed[0] = before.seed[0];
	m.head.seed[1] = before.seed[1];
	CHECK_EQ(list_table_build(&m.table, chosen, count, spill_count, &spilled, &bad), -ENOSPC);
	memory_free(&m);
}

/* --- through the packet program */

static void world_fresh(void)
{
	flows_forget(&world);
	map_clear(world.ifaces);
	map_clear(world.nets);
	map_clear(world.blocked);
	settings_sane(&world);
	iface_write(&world, 0, SEKI_ROLE_WAN, SEKI_MODE_ENFORCE, 0);
}

static bool program_drops(struct frame *frame, const struct seki_addr *source)
{
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = frame->data, .data_size_in = frame->len, .repeat = 1);

	if (source->w[2] == htonl(0xffff) && !source->w[0] && !source->w[1])
		memcpy(frame->data + 14 + 12, &source->w[3], 4);
	else
		memcpy(frame->data + 14 + 8, source, 16);
	if (bpf_prog_test_run_opts(world.xdp, &run))
		world_die("run", "seki_xdp", errno);
	return run.retval == 1; /* XDP_DROP */
}

/* Impossible sources are dropped for another reason; the check for them is not what is tested here. */
static bool source_possible(const struct seki_addr *a)
{
	return a->w[2] != htonl(0xffff) || (a->b[12] != 0 && a->b[12] != 127 && a->b[12] < 224);
}

static bool row_drops(const struct gate_list_row *row, uint8_t direction, uint32_t now)
{
	return row && row->value.flags & direction &&
	       !(row->value.flags & (SEKI_ENTRY_ALERT | SEKI_ENTRY_ALLOW)) &&
	       (!row->value.expires || row->value.expires > now);
}

static void program_matches(void)
{
	const struct seki_addr ours[2] = {addr_of(OUR4), addr_of(OUR6)};
	struct frame four, six;
	uint32_t wrong = 0, dropped = 0, lookups = 0;
	bool closed[2]; /* our own address is listed as a destination */
	__u32 now;

	world_fresh();
	frame_make(&four, "eth ip4:" GOOD4 ">" OUR4 " udp:1000>53 data:8");
	frame_make(&six, "eth ip6:" GOOD6 ">" OUR6 " udp:1000>53 data:8");
	world.policy.rate = 0;
	settings_write(&world);
	while (lookups < (ktap_slow() ? 50000u : 1000000u)) {
		draw_rows(50 + draw(WORLD_ROWS - 50));
		world.row_count[0] = row_count;
		memcpy(world.rows[0], rows, row_count * sizeof(rows[0]));
		list_rebuild(&world, 0);
		now = world_seconds();
		for (int v6 = 0; v6 < 2; v6++)
			closed[v6] = row_drops(oracle(&ours[v6]), SEKI_ENTRY_DST, now);
		for (int i = 0; i < 25000; i++, lookups++) {
			bool v6 = draw(2);
			struct seki_addr addr = draw_address(v6);
			const struct gate_list_row *want = oracle(&addr);
			bool drops = closed[v6] || row_drops(want, SEKI_ENTRY_SRC, now);

			if (!source_possible(&addr))
				continue;
			dropped += drops;
			if (program_drops(v6 ? &six : &four, &addr) != drops && wrong++ < 5) {
				char text[INET6_ADDRSTRLEN];

				printf("# %s: row /%u flags %x expires %u, now %u\n",
				       inet_ntop(AF_INET6, &addr, text, sizeof(text)),
				       want ? want->key.prefixlen : 0, want ? want->value.flags : 0,
				       want ? want->value.expires : 0, now);
			}
		}
	}
	CHECK_EQ(wrong, 0);
	CHECK(dropped > lookups / 50, "only %u of %u drop", dropped, lookups);
	printf("# %u look-ups, %u drops\n", lookups, dropped);
}

static const struct ktap_test tests[] = {
	TEST(memory_matches),
	TEST(memory_changes),
	TEST(rows_are_checked),
	TEST(too_many_rows_are_refused),
	TEST(chosen_addresses_cannot_overflow),
	TEST(one_network_cannot_overflow),
	TEST(many_keys_of_one_bucket_spill),
	TEST(program_matches),
};

int main(void)
{
	int result;

	if (world_missing())
		return ktap_skip_all(world_missing());
	world_open(&world, NULL);
	result = ktap_run(tests, sizeof(tests) / sizeof(tests[0]));
	world_close(&world);
	return result;
}
