// SPDX-License-Identifier: GPL-2.0-only
/*
 * sekimori_test.c - unit tests that run inside the kernel: what user space tests too, here with the kernel's
 * compiler flags, word sizes and memory checks. Loading it runs them and writes KTAP into the log; it fails
 * to load when one of them fails.
 */
#define pr_fmt(fmt) "ktap: " fmt

#include <linux/module.h>
#include <linux/slab.h>

/* A copy of its own: the module under test exports nothing. */
#include "../guard_table.c"
#include "prefilter_test.h"

struct image {
	struct seki_guard_head head;
	struct seki_guard_range6 row6;
	struct seki_guard_range4 source4, destination4;
	struct seki_guard_range4 allow4;
	struct seki_scope scope;
};

/* 192.0.2.64/28 until second 50, 203.0.113.0/24, 2001:db8:bad::/48; 192.0.2.70 is exempt for port 53 of TCP.
 */
static const struct image image = {
	.head.magic = SEKI_GUARD_MAGIC,
	.head.version = SEKI_GUARD_VERSION,
	.head.size = sizeof(image),
	.head.rows6 = 1,
	.head.rows4 = 2,
	.head.allow4 = 1,
	.head.scopes = 1,
	.row6.first_hi = 0x20010db80bad0000,
	.row6.last_hi = 0x20010db80badffff,
	.row6.last_lo = U64_MAX,
	.row6.hit.flags = SEKI_ENTRY_SRC | SEKI_ENTRY_DST,
	.source4.first = 0xc0000240,
	.source4.last = 0xc000024f,
	.source4.hit.flags = SEKI_ENTRY_SRC,
	.source4.hit.expires = 50,
	.destination4.first = 0xcb007100,
	.destination4.last = 0xcb0071ff,
	.destination4.hit.flags = SEKI_ENTRY_DST,
	.allow4.first = 0xc0000246,
	.allow4.last = 0xc0000246,
	.allow4.scopes.count = 1,
	.scope.proto = NEXT_TCP,
	.scope.port = htons(53),
};

static int failed;

#define CHECK(condition)                                                                                     \
	do {                                                                                                 \
		if (!(condition)) {                                                                          \
			failed++;                                                                            \
			pr_info("# %s:%d: %s\n", __func__, __LINE__, #condition);                            \
		}                                                                                            \
	} while (0)

static enum seki_guard_answer judge4(u32 src, u32 dst, u8 proto, u16 dport, u32 now)
{
	struct seki_guard_packet packet = {.pairs = 1, .proto = proto, .dport = dport, .has_ports = 1};

	packet.pair[0].src_lo = MAPPED | src;
	packet.pair[0].dst_lo = MAPPED | dst;
	return seki_guard_judge(&image, &packet, now);
}

static void test_judge(void)
{
	const u32 here = 0xc0000201;

	CHECK(!seki_guard_check(&image, sizeof(image)));
	CHECK(judge4(0xc000023f, here, NEXT_UDP, 53, 10) == SEKI_GUARD_PASS);
	CHECK(judge4(0xc0000240, here, NEXT_UDP, 53, 10) == SEKI_GUARD_DROP);
	CHECK(judge4(0xc000024f, here, NEXT_UDP, 53, 49) == SEKI_GUARD_DROP);
	CHECK(judge4(0xc000024f, here, NEXT_UDP, 53, 50) == SEKI_GUARD_PASS);
	CHECK(judge4(0xc0000250, here, NEXT_UDP, 53, 10) == SEKI_GUARD_PASS);
	CHECK(judge4(0xc0000246, here, NEXT_TCP, 53, 10) == SEKI_GUARD_EXEMPT);
	CHECK(judge4(0xc0000246, here, NEXT_UDP, 53, 10) == SEKI_GUARD_DROP);
	CHECK(judge4(0xc0000246, here, NEXT_TCP, 80, 10) == SEKI_GUARD_DROP);
	CHECK(judge4(0xcb007101, here, NEXT_TCP, 80, 10) == SEKI_GUARD_PASS);
	CHECK(judge4(here, 0xcb007101, NEXT_TCP, 80, 10) == SEKI_GUARD_DROP);
}

/* Every bit of the table changed: refused, or asked inside its allocation, which the allocator watches. */
static void test_mutations(void)
{
	u8 *table = kmalloc(sizeof(image), GFP_KERNEL);
	struct seki_guard_packet packet = {.pairs = 1, .proto = NEXT_TCP, .has_ports = 1};
	u32 bit, refused = 0;

	if (!table)
		return;
	for (bit = 0; bit < sizeof(image) * 8; bit++) {
		memcpy(table, &image, sizeof(image));
		table[bit / 8] ^= 1 << bit % 8;
		if (seki_guard_check(table, sizeof(image))) {
			refused++;
			continue;
		}
		packet.pair[0].src_lo = MAPPED | (0xc0000240 + bit % 16);
		packet.pair[0].dst_hi = 0x20010db80bad0000;
		(void)seki_guard_judge(table, &packet, 10);
	}
	CHECK(refused > 300);
	kfree(table);
}

/* A frame cut at every length, at the end of its allocation. */
static void test_parse(void)
{
	static const u8 frame[] = {
		/* VLAN 7, IPv4 with GRE, IPv6 with a destination header, UDP */
		0x00, 0x07, 0x08, 0x00, 0x45, 0,    0,	  88,	0,    0,    0,	  0,	64, 47, 0, 0, 192,
		0,    2,    66,	  192,	0,    2,    1,	  0x00, 0x00, 0x86, 0xdd, 0x60, 0,  0,	0, 0, 16,
		60,   64,   0x20, 1,	0x0d, 0xb8, 0x0b, 0xad, 0,    0,    0,	  0,	0,  0,	0, 0, 0,
		1,    0x20, 1,	  0x0d, 0xb8, 0,    0,	  0,	0,    0,    0,	  0,	0,  0,	0, 0, 2,
		17,   0,    1,	  4,	0,    0,    0,	  0,	0,    1,    0,	  53,	0,  8,	0, 0,
	};
	struct seki_guard_packet packet = {};
	size_t len;

	CHECK(seki_guard_parse(frame, sizeof(frame), ETHER_8021Q, &packet));
	CHECK(packet.pairs == 2 && packet.vlan == 7 && packet.proto == NEXT_GRE);
	CHECK(seki_guard_judge(&image, &packet, 10) == SEKI_GUARD_DROP);
	for (len = 1; len < sizeof(frame); len++) {
		u8 *cut = kmemdup(frame, len, GFP_KERNEL);

		if (!cut)
			return;
		packet = (struct seki_guard_packet){};
		(void)seki_guard_parse(cut, len, ETHER_8021Q, &packet);
		CHECK(packet.pairs <= 2);
		kfree(cut);
	}
}

static void test_random_tables(void)
{
	CHECK(seki_test_random_tables());
}

static void test_adversarial_tables(void)
{
	CHECK(seki_test_adversarial_tables());
}

static const struct {
	const char *name;
	void (*run)(void);
} tests[] = {
	{"kernel_judge", test_judge},
	{"kernel_mutations", test_mutations},
	{"kernel_parse", test_parse},
	{"kernel_random_tables", test_random_tables},
	{"kernel_adversarial_tables", test_adversarial_tables},
};

static int __init seki_test_init(void)
{
	int i, before, bad = 0;

	pr_info("KTAP version 1\n");
	pr_info("1..%d\n", (int)ARRAY_SIZE(tests));
	for (i = 0; i < ARRAY_SIZE(tests); i++) {
		before = failed;
		tests[i].run();
		pr_info("%s %d %s\n", failed == before ? "ok" : "not ok", i + 1, tests[i].name);
		bad += failed != before;
	}
	return bad ? -EBADMSG : 0;
}

static void __exit seki_test_exit(void)
{
}

module_init(seki_test_init);
module_exit(seki_test_exit);

MODULE_DESCRIPTION("Sekimori: unit tests inside the kernel");
MODULE_AUTHOR("The Sekimori authors");
MODULE_LICENSE("GPL");
MODULE_VERSION(SEKI_MODULE_VERSION);
