// SPDX-License-Identifier: GPL-2.0-or-later
/* guard_table.c - the guard's table: built, checked and asked; against the longest match of the prefixes it
 * was made from. */
#include <errno.h>
#include <netinet/in.h>

#include "core/policy/guard_image.h"
#include "kmod/guard_table.h"
#include "lib/frame.h"
#include "lib/ktap.h"

static uint64_t seed = 42;
static uint32_t random32(void)
{
	seed = seed * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(seed >> 33);
}

static struct prefix prefix(const char *text)
{
	struct prefix p = {0};

	CHECK(!prefix_parse(text, strlen(text), &p, NULL), "%s", text);
	return p;
}

static struct seki_guard_packet packet_of(const uint8_t src[16])
{
	struct seki_guard_packet packet = {
		.pairs = 1, .has_ports = 1, .proto = IPPROTO_UDP, .sport = 5, .dport = 53};

	for (int i = 0; i < 8; i++) {
		packet.pair[0].src_hi = packet.pair[0].src_hi << 8 | src[i];
		packet.pair[0].src_lo = packet.pair[0].src_lo << 8 | src[8 + i];
	}
	packet.pair[0].dst_hi = 0xfd00ull << 48;
	return packet;
}

/* What the packet program would say: the longest prefix decides. */
static enum seki_guard_answer expected(const struct list_row *rows, uint32_t count,
				       const struct guard_net *nets, uint32_t net_count,
				       const uint8_t addr[16], uint32_t now)
{
	struct prefix host = {.len = 128};
	const struct list_row *row = NULL;
	const struct guard_net *net = NULL;

	memcpy(host.addr, addr, 16);
	for (uint32_t i = 0; i < count; i++)
		if (prefix_contains(&rows[i].prefix, &host) &&
		    prefix_is_v4(&rows[i].prefix) == prefix_is_v4(&host) &&
		    (!row || rows[i].prefix.len > row->prefix.len))
			row = &rows[i];
	for (uint32_t i = 0; i < net_count; i++)
		if (prefix_contains(&nets[i].prefix, &host) && (!net || nets[i].prefix.len > net->prefix.len))
			net = &nets[i];
	if (!row || !(row->entry.flags & SEKI_ENTRY_SRC) ||
	    row->entry.flags & (SEKI_ENTRY_ALERT | SEKI_ENTRY_ALLOW) ||
	    (row->entry.expires && row->entry.expires <= now))
		return SEKI_GUARD_PASS;
	for (uint32_t i = 0; net && i < net->net.scopes; i++)
		if (!net->net.scope[i].port || net->net.scope[i].port == htons(53))
			return SEKI_GUARD_EXEMPT;
	return SEKI_GUARD_DROP;
}

/* Few bits vary, so that prefixes lie in each other and addresses hit their edges. */
static struct prefix random_prefix(bool four, uint32_t shortest)
{
	struct prefix p = {
		.len = (uint8_t)(four ? 96 + random32() % 33 : shortest + random32() % (129 - shortest))};

	if (four)
		p.addr[10] = p.addr[11] = 0xff;
	for (int i = four ? 12 : 0; i < 16; i++)
		p.addr[i] = random32() % 4 ? 0 : (uint8_t)(random32() % 3 ? 255 : random32());
	if (!four && random32() % 8)
		p.addr[0] = 0x20;
	for (int bit = p.len; bit < 128; bit++)
		p.addr[bit / 8] &= (uint8_t) ~(0x80 >> bit % 8);
	return p;
}

static bool prefix_known(const void *rows, uint32_t count, size_t size, const struct prefix *p)
{
	for (uint32_t i = 0; i < count; i++)
		if (!prefix_compare((const struct prefix *)((const char *)rows + i * size), p))
			return true;
	return false;
}

enum { ROWS = 60, NETS = 12 };

static uint32_t fill(struct list_row *rows, struct guard_net *nets, uint32_t *net_count)
{
	static const uint8_t flags[] = {SEKI_ENTRY_SRC, SEKI_ENTRY_SRC | SEKI_ENTRY_DST, SEKI_ENTRY_DST,
					SEKI_ENTRY_ALLOW, SEKI_ENTRY_SRC | SEKI_ENTRY_ALERT};
	uint32_t count = 0;

	for (uint32_t i = 0; i < ROWS; i++) {
		struct prefix p = random_prefix(i % 2, 8); /* not the destination of packet_of() */

		if (prefix_known(rows, count, sizeof(*rows), &p))
			continue;
		rows[count++] = (struct list_row){.prefix = p,
						  .entry = {.flags = flags[random32() % sizeof(flags)],
							    .expires = random32() % 3 ? 0 : random32() % 200,
							    .list = (uint16_t)(random32() % SEKI_MAX_LISTS)}};
	}
	*net_count = 0;
	for (uint32_t i = 0; i < NETS; i++) {
		struct prefix p = random_prefix(i % 2, 0);

		if (prefix_known(nets, *net_count, sizeof(*nets), &p))
			continue;
		nets[*net_count] = (struct guard_net){.prefix = p, .net = {.scopes = random32() % 3}};
		for (uint32_t j = 0; j < nets[*net_count].net.scopes; j++)
			nets[*net_count].net.scope[j].port = htons(random32() % 2 ? 53 : 54);
		(*net_count)++;
	}
	return count;
}

/* The beginnings, ends and neighbours of every prefix. */
static void random_tables(void)
{
	struct list_row rows[ROWS];
	struct guard_net nets[NETS];

	for (int round = 0; round < (ktap_slow() ? 200 : 2000); round++) {
		uint32_t net_count, count = fill(rows, nets, &net_count), answers[3] = {0};
		AUTO_FREE void *table = NULL;
		size_t len = 0;

		if (!CHECK_EQ(guard_image_build(rows, count, nets, net_count, &table, &len), 0) ||
		    !CHECK_EQ(seki_guard_check(table, (uint32_t)len), 0))
			return;
		for (uint32_t i = 0; i < (count + net_count) * 4; i++) {
			const struct prefix *p =
				i / 4 < count ? &rows[i / 4].prefix : &nets[i / 4 - count].prefix;
			struct seki_guard_packet packet;
			uint8_t addr[16];
			int want;

			memcpy(addr, p->addr, 16);
			for (int bit = p->len; i & 1 && bit < 128; bit++)
				addr[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
			/* one before the first or after the last */
			for (int at = 15; i & 2 && at >= 12; at--)
				if (i & 1 ? ++addr[at] : addr[at]--)
					break;
			packet = packet_of(addr);
			want = expected(rows, count, nets, net_count, addr, 100);
			answers[want]++;
			if (!CHECK_EQ(seki_guard_judge(table, &packet, 100), want))
				return;
		}
		if (round == 0)
			CHECK(answers[0] && answers[2], "%u %u %u", answers[0], answers[1], answers[2]);
	}
}

static void default_routes(void)
{
	const struct list_row rows[] = {
		{.prefix = prefix("0.0.0.0/0"), .entry = {.flags = SEKI_ENTRY_SRC}},
		{.prefix = prefix("255.255.255.255"), .entry = {.flags = SEKI_ENTRY_ALLOW}},
		{.prefix = prefix("::/0"), .entry = {.flags = SEKI_ENTRY_SRC}},
	};
	static const uint8_t ends[][16] = {{[10] = 0xff, 0xff, 0, 0, 0, 0},
					   {[10] = 0xff, 0xff, 255, 255, 255, 254},
					   {0},
					   {[0 ... 15] = 0xff},
					   {[10] = 0xff, 0xff, 255, 255, 255, 255}};
	AUTO_FREE void *table = NULL;
	size_t len = 0;

	CHECK_EQ(guard_image_build(rows, 3, NULL, 0, &table, &len), 0);
	CHECK_EQ(seki_guard_check(table, (uint32_t)len), 0);
	for (int i = 0; i < 5; i++) {
		struct seki_guard_packet packet = packet_of(ends[i]);

		CHECK_EQ(seki_guard_judge(table, &packet, 100), i < 4 ? SEKI_GUARD_DROP : SEKI_GUARD_PASS);
	}
}

/* One change anywhere: refused, or still a table that answers without leaving its memory (the sanitizer
 * looks). */
static void mutations(void)
{
	struct list_row rows[ROWS];
	struct guard_net nets[NETS];
	uint32_t refused = 0, tried = 0;

	for (int round = 0; round < (ktap_slow() ? 2000 : 20000); round++) {
		uint32_t net_count, count = fill(rows, nets, &net_count);
		AUTO_FREE uint8_t *table = NULL;
		void *made = NULL;
		size_t len = 0;
		int err;

		if (guard_image_build(rows, count, nets, net_count, &made, &len))
			return;
		table = made;
		for (uint32_t i = 0; i < 1 + random32() % 3; i++)
			table[random32() % (random32() % 2 ? 48 : len)] ^= (uint8_t)(1u << random32() % 8);
		if (!(random32() % 8))
			len -= random32() % len;
		err = seki_guard_check(table, (uint32_t)len);
		tried++;
		refused += err != 0;
		CHECK(!err || err == -EINVAL, "%d", err);
		for (int i = 0; !err && i < 64; i++) {
			struct prefix p = random_prefix(i % 2, 0);
			struct seki_guard_packet packet = packet_of(p.addr);

			(void)seki_guard_judge(table, &packet, 100);
		}
	}
	CHECK(refused > tried / 2, "%u of %u", refused, tried);
}

static void malformed(void)
{
	const struct list_row two[] = {
		{.prefix = prefix("192.0.2.0/25"), .entry = {.flags = SEKI_ENTRY_SRC}},
		{.prefix = prefix("198.51.100.0/24"), .entry = {.flags = SEKI_ENTRY_SRC}},
	};
	const struct guard_net net = {.prefix = prefix("203.0.113.1"), .net = {.scopes = 2}};
	struct seki_guard_head *head;
	struct seki_guard_range4 *rows, saved;
	void *table = NULL;
	size_t len = 0;

	CHECK_EQ(guard_image_build(two, 2, &net, 1, &table, &len), 0);
	head = table;
	rows = (struct seki_guard_range4 *)(head + 1);
	CHECK_EQ(seki_guard_check(table, (uint32_t)len), 0);
#define REFUSED(change, undo)                                                                                \
	do {                                                                                                 \
		change;                                                                                      \
		CHECK(seki_guard_check(table, (uint32_t)len) == -EINVAL, "%s", #change);                     \
		undo;                                                                                        \
	} while (0)
	REFUSED(head->magic++, head->magic--);
	REFUSED(head->version++, head->version--);
	REFUSED(head->size++, head->size--);
	REFUSED(head->rows4++, head->rows4--);
	REFUSED(head->rows6 = UINT32_MAX, head->rows6 = 0);
	REFUSED(head->pad = 1, head->pad = 0);
	saved = rows[0];
	REFUSED(rows[0].first = rows[0].last + 1, rows[0] = saved);
	REFUSED(rows[0].last = rows[1].first, rows[0] = saved);
	REFUSED((rows[0] = rows[1], rows[1] = saved), (rows[1] = rows[0], rows[0] = saved));
	REFUSED(rows[0].hit.flags = 0, rows[0] = saved);
	REFUSED(rows[0].hit.flags = 0x80, rows[0] = saved);
	REFUSED(rows[0].hit.list = SEKI_MAX_LISTS, rows[0] = saved);
	REFUSED(rows[2].scopes.first = 1, rows[2].scopes.first = 0);
	REFUSED(rows[2].scopes.count = 0, rows[2].scopes.count = 2);
	REFUSED(rows[2].scopes.count = SEKI_MAX_SCOPES + 1, rows[2].scopes.count = 2);
	REFUSED(rows[2].scopes.first = UINT32_MAX, rows[2].scopes.first = 0);
	CHECK_EQ(seki_guard_check(table, (uint32_t)len), 0);
	free(table);
}

/* Frames cut at every length: never more is read than is there, and what is whole is found. */
static void frames(void)
{
	static const struct {
		const char *line;
		uint32_t pairs;
		uint16_t dport, vlan;
	} rows[] = {
		{"eth ip4:192.0.2.1>192.0.2.2 udp:1>53", 1, 53, 0},
		{"eth vlan:9 ip4:192.0.2.1>192.0.2.2 tcp:1>80,S", 1, 80, 9},
		{"eth vlan:9 vlan:8 pppoe ip6:2001:db8::1>2001:db8::2 udp:1>53", 1, 53, 9},
		{"eth ip6:2001:db8::1>2001:db8::2 hop rt dst udp:1>53", 1, 53, 0},
		{"eth ip4:192.0.2.1>192.0.2.2 ip4:10.0.0.1>10.0.0.2 ip4:10.0.0.3>10.0.0.4 udp:1>53", 3, 0, 0},
		{"eth ip4:192.0.2.1>192.0.2.2 gre ip6:2001:db8::1>2001:db8::2 udp:1>53", 2, 0, 0},
		{"eth arp", 0, 0, 0},
	};
	static struct frame f;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct seki_guard_packet packet = {0};
		bool found;

		frame_make(&f, "%s", rows[i].line);
		found = seki_guard_parse(f.data + 14, f.len - 14, (uint16_t)(f.data[12] << 8 | f.data[13]),
					 &packet);
		CHECK(found == (rows[i].pairs > 0) && packet.pairs == rows[i].pairs &&
			      packet.dport == rows[i].dport && packet.vlan == rows[i].vlan,
		      "%s: %u pairs, port %u, VLAN %u", rows[i].line, packet.pairs, packet.dport,
		      packet.vlan);
		for (size_t len = 0; len < f.len - 14; len++) {
			uint8_t *exact = malloc(len ? len : 1);

			memcpy(exact, f.data + 14, len);
			packet = (struct seki_guard_packet){0};
			(void)seki_guard_parse(exact, len, (uint16_t)(f.data[12] << 8 | f.data[13]), &packet);
			CHECK(packet.pairs <= rows[i].pairs);
			free(exact);
		}
	}
}

static const struct ktap_test tests[] = {
	TEST(random_tables), TEST(default_routes), TEST(mutations), TEST(malformed), TEST(frames),
};
KTAP_MAIN(tests)
