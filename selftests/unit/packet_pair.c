// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * packet_pair - what is exchanged between two hosts goes to one worker, in whatever it is wrapped and however
 * it is cut; and hosts are spread.
 */
#include "core/flow/packet_pair.h"

#include "lib/frame.h"
#include "lib/ktap.h"

#define A4 "192.0.2.1"
#define B4 "198.51.100.2"
#define A6 "2001:db8::1"
#define B6 "2001:db8:5::2"

static struct frame frame;

static uint32_t pair_of(const struct frame *f, size_t len)
{
	/* A block of its own, so that the sanitizer sees a read beyond it. */
	uint8_t *copy = malloc(len ? len : 1);
	uint32_t pair;

	memcpy(copy, f->data, len);
	pair = packet_pair(LINK_ETHERNET, copy, len);
	free(copy);
	return pair;
}

/* Everything in front of the addresses, and all that may follow, each way: one number for each pair of hosts.
 */
static void one_number(void)
{
	static const char *const before[] = {"eth", "eth vlan:7", "eth vlan:7,tpid=0x88a8 vlan:8",
					     "eth pppoe"};
	static const char *const four[] = {"",	     ",opts=4",	     ",opts=40",       ",mf",
					   ",off=8", ",off=1480,mf", ",opts=8,off=64", ",ttl=1"};
	static const char *const six[] = {
		"", " hop", " dst,size=264", " frag,mf", " frag,off=8", " hop rt dst", " ah"};
	static const char *const after4[] = {" tcp:4000>80,S",
					     " tcp:80>4000,SA",
					     " udp:53>1024 data:40",
					     " icmp:8 data:20",
					     " gre ip4:10.0.0.1>10.0.0.2 tcp:1>2,A data:8",
					     " gre,key ip6:fd00::1>fd00::2 udp:1>2",
					     " ip4:10.0.0.1>10.0.0.2 udp:1>2 data:9",
					     " ip6:fd00::1>fd00::2 tcp:1>2,S",
					     " esp data:40",
					     " data:40"};
	static const char *const after6[] = {
		" tcp:4000>80,S", " udp:53>1024 data:40", " ip4:10.0.0.1>10.0.0.2 udp:1>2 data:9",
		" ip6:fd00::1>fd00::2 tcp:1>2,S", " gre ip4:10.0.0.1>10.0.0.2 tcp:1>2,A"};
	uint32_t pair4, pair6;
	unsigned int frames = 0;

	frame_make(&frame, "eth ip4:" A4 ">" B4 " tcp:1>2,S");
	pair4 = pair_of(&frame, frame.len);
	frame_make(&frame, "eth ip6:" A6 ">" B6 " tcp:1>2,S");
	pair6 = pair_of(&frame, frame.len);
	CHECK(pair4 != pair6);
	for (size_t b = 0; b < sizeof(before) / sizeof(*before); b++)
		for (int back = 0; back < 2; back++) {
			for (size_t o = 0; o < sizeof(four) / sizeof(*four); o++)
				for (size_t a = 0; a < sizeof(after4) / sizeof(*after4); a++, frames++) {
					frame_make(&frame, "%s ip4:%s>%s%s%s", before[b], back ? B4 : A4,
						   back ? A4 : B4, four[o], after4[a]);
					CHECK(pair_of(&frame, frame.len) == pair4, "%s%s%s, %d", before[b],
					      four[o], after4[a], back);
				}
			for (size_t o = 0; o < sizeof(six) / sizeof(*six); o++)
				for (size_t a = 0; a < sizeof(after6) / sizeof(*after6); a++, frames++) {
					frame_make(&frame, "%s ip6:%s>%s%s%s", before[b], back ? B6 : A6,
						   back ? A6 : B6, six[o], after6[a]);
					CHECK(pair_of(&frame, frame.len) == pair6, "%s%s%s, %d", before[b],
					      six[o], after6[a], back);
				}
		}
	CHECK(frames > 900);
}

/* Frames that end early have their hosts' number as long as the addresses are there, and never make it read
 * on. */
static void cut(void)
{
	static const char *const lines[] = {
		"eth ip4:" A4 ">" B4 " tcp:1>2,S data:40", "eth ip4:" A4 ">" B4 ",opts=40 udp:1>2",
		"eth vlan:1 ip6:" A6 ">" B6 " udp:1>2", "eth ip6:" A6 ">" B6 " hop udp:1>2", "eth arp"};

	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		uint32_t whole;

		frame_make(&frame, "%s", lines[i]);
		whole = pair_of(&frame, frame.len);
		for (size_t len = 0; len < frame.len; len++) {
			uint32_t pair = pair_of(&frame, len);

			CHECK(pair == whole || len < 14 + 60, "%s at %zu", lines[i], len);
		}
	}
}

/* The quick look says what the whole decoder does, for frames of any bytes at all. */
static void same_as_decoded(void)
{
	uint64_t state = 1;

	for (unsigned int round = 0; round < 20000; round++) {
		static const char *const lines[] = {
			"eth ip4:" A4 ">" B4 ",opts=4 tcp:1>2,S", "eth ip4:" A4 ">" B4 " udp:1>2 data:20",
			"eth ip6:" A6 ">" B6 " tcp:1>2,S", "eth vlan:9 ip6:" A6 ">" B6 " udp:1>2"};
		struct packet packet;
		uint32_t tagged, plain;
		uint8_t wrapped[FRAME_MAX];

		frame_make(&frame, "%s", lines[round % 4]);
		for (unsigned int i = 0; i < 3; i++) {
			state = state * 6364136223846793005u + 1442695040888963407u;
			frame.data[14 + (state >> 33) % (frame.len - 14)] ^= (uint8_t)(state >> 20);
		}
		packet_decode_layer(LINK_ETHERNET, frame.data, frame.len, 0, &packet);
		if (!packet.ip_version)
			continue;
		/* Behind a tag there is no quick look. */
		memcpy(wrapped, frame.data, 12);
		memcpy(wrapped + 12, "\x81\0\0\5", 4);
		memcpy(wrapped + 16, frame.data + 12, frame.len - 12);
		plain = packet_pair(LINK_ETHERNET, frame.data, frame.len);
		tagged = packet_pair(LINK_ETHERNET, wrapped, frame.len + 4);
		CHECK(plain == tagged, "round %u", round);
	}
}

static void spread(void)
{
	unsigned int counts[4] = {0};

	for (unsigned int i = 0; i < 1000; i++) {
		frame_make(&frame, "eth ip4:10.0.%u.%u>192.0.2.1 tcp:1>2,S", i / 250, i % 250 + 1);
		counts[pair_of(&frame, frame.len) % 4]++;
	}
	for (unsigned int i = 0; i < 4; i++)
		CHECK(counts[i] > 180 && counts[i] < 330, "worker %u: %u of 1000", i, counts[i]);
}

static const struct ktap_test tests[] = {TEST(one_number), TEST(cut), TEST(same_as_decoded), TEST(spread)};
KTAP_MAIN(tests)
