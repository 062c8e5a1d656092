// SPDX-License-Identifier: GPL-2.0-or-later
/* Fragments: every order, overlaps, contradictions, bounds. */
#include "lib/ktap.h"

#include <netinet/in.h>
#include <stdlib.h>

#include "core/defrag.h"

static struct defrag *defrag;
static struct span whole;
static uint64_t now = 1000000;

static void fresh(uint64_t memory)
{
	defrag_free(defrag);
	if (defrag_new(memory, &defrag))
		abort();
	now = 1000000;
}

static enum defrag_result put(uint8_t version, uint32_t id, uint32_t offset, bool more, const char *data,
			      size_t len)
{
	static uint8_t header[2][40] = {{0x45, 0, 0, 0, 0, 0, 0x20}, {0x60}};
	struct packet packet = {
		.time_us = now,
		.ip_version = version,
		.proto = IPPROTO_UDP,
		.fragment = true,
		.more_fragments = more,
		.fragment_offset = offset,
		.fragment_id = id,
		.src = {.b = {1}},
		.dst = {.b = {2}},
	};
	uint8_t *copy = malloc(len);
	enum defrag_result result;

	memcpy(copy, data, len);
	packet.ip_header = (struct span){header[version == 6], version == 6 ? 40 : 20};
	packet.ip_payload = (struct span){copy, (uint32_t)len};
	result = defrag_add(defrag, &packet, &whole);
	free(copy);
	return result;
}

static const char text[] = "aaaaaaaabbbbbbbbccccccccddd";

static void every_order(void)
{
	for (uint8_t version = 4; version <= 6; version += 2)
		for (int i = 0; i < 256; i++) {
			int order[4] = {i & 3, i >> 2 & 3, i >> 4 & 3, i >> 6 & 3}, seen = 0;
			uint32_t header_len = version == 6 ? 40 : 20;

			for (int k = 0; k < 4; k++)
				seen |= 1 << order[k];
			if (seen != 15)
				continue;
			fresh(1 << 20);
			for (int k = 0; k < 4; k++) {
				uint32_t offset = (uint32_t)order[k] * 8;
				bool last = order[k] == 3;

				CHECK_EQ(put(version, 7, offset, !last, text + offset, last ? 3 : 8),
					 k == 3 ? DEFRAG_DONE : DEFRAG_WAIT);
			}
			CHECK_EQ(whole.len, header_len + 27);
			CHECK(!memcmp(whole.data + header_len, text, 27));
			if (version == 4) {
				CHECK_EQ(whole.data[3], 47);
				CHECK_EQ(whole.data[6] | whole.data[7], 0);
			} else {
				CHECK_EQ(whole.data[5], 27);
				CHECK_EQ(whole.data[6], IPPROTO_UDP);
			}
		}
}

static void first_bytes_win(void)
{
	struct defrag_stats stats;

	fresh(1 << 20);
	put(4, 1, 8, true, "BBBBBBBB", 8);
	put(4, 1, 8, true, "xxxxxxxxCCCCCCCC", 16);
	put(4, 1, 8, true, "BBBBBBBB", 8);
	put(4, 1, 24, false, "end", 3);
	CHECK_EQ(put(4, 1, 0, true, "AAAAAAAAyyyyyyyy", 16), DEFRAG_DONE);
	CHECK(!memcmp(whole.data + 20, "AAAAAAAABBBBBBBBCCCCCCCCend", 27));
	defrag_count(defrag, &stats);
	CHECK_EQ(stats.overlaps, 2);
	CHECK_EQ(stats.datagrams, 1);
}

static void overlap_ends_an_ipv6_datagram(void)
{
	struct defrag_stats stats;

	fresh(1 << 20);
	put(6, 1, 0, true, "AAAAAAAABBBBBBBB", 16);
	CHECK_EQ(put(6, 1, 0, true, "AAAAAAAABBBBBBBB", 16), DEFRAG_WAIT); /* a duplicate */
	CHECK_EQ(put(6, 1, 8, true, "BBBBBBBBCCCCCCCC", 16), DEFRAG_REFUSED);
	CHECK_EQ(put(6, 1, 16, false, "end", 3), DEFRAG_REFUSED); /* and nothing may follow */
	defrag_count(defrag, &stats);
	CHECK_EQ(stats.overlaps, 1);
	CHECK_EQ(stats.datagrams, 0);
}

static void contradictions(void)
{
	fresh(1 << 20);
	put(4, 1, 8, false, "end", 3);
	CHECK_EQ(put(4, 1, 8, true, "BBBBBBBB", 8), DEFRAG_REFUSED); /* behind the end */
	fresh(1 << 20);
	put(4, 1, 16, true, "CCCCCCCC", 8);
	CHECK_EQ(put(4, 1, 8, false, "end", 3), DEFRAG_REFUSED); /* an end before known bytes */
	fresh(1 << 20);
	put(4, 1, 8, false, "end", 3);
	CHECK_EQ(put(4, 1, 8, false, "end!", 4), DEFRAG_REFUSED); /* two ends */
	CHECK_EQ(put(4, 2, 0, true, "odd", 3), DEFRAG_REFUSED);
	CHECK_EQ(put(4, 3, 65528, false, "beyond64k", 9), DEFRAG_REFUSED);
}

static void other_datagrams_stay_apart(void)
{
	fresh(1 << 20);
	put(4, 1, 0, true, "AAAAAAAA", 8);
	put(4, 2, 0, true, "XXXXXXXX", 8);
	CHECK_EQ(put(4, 2, 8, false, "two", 3), DEFRAG_DONE);
	CHECK(!memcmp(whole.data + 20, "XXXXXXXXtwo", 11));
	CHECK_EQ(put(4, 1, 8, false, "one", 3), DEFRAG_DONE);
	CHECK(!memcmp(whole.data + 20, "AAAAAAAAone", 11));
}

static void bounds(void)
{
	struct defrag_stats stats;

	fresh(64 << 20); /* count */
	for (uint32_t id = 0; id < DEFRAG_DATAGRAM_MAX + 10; id++)
		put(4, id, 0, true, "AAAAAAAA", 8);
	defrag_count(defrag, &stats);
	CHECK_EQ(stats.given_up, 10);
	CHECK_EQ(put(4, 0, 8, false, "end", 3), DEFRAG_WAIT); /* its first part is gone */
	CHECK_EQ(put(4, 20, 8, false, "end", 3), DEFRAG_DONE);

	fresh(1 << 20); /* bytes */
	for (uint32_t id = 0; id < 100; id++)
		put(4, id, 65520, false, "end", 3);
	defrag_count(defrag, &stats);
	CHECK(stats.given_up > 80);

	fresh(1 << 20); /* time */
	put(4, 1, 0, true, "AAAAAAAA", 8);
	now += DEFRAG_TIME_US + 1;
	CHECK_EQ(put(4, 1, 8, false, "end", 3), DEFRAG_WAIT);
	defrag_count(defrag, &stats);
	CHECK_EQ(stats.given_up, 1);
	defrag_expire(defrag, now + 2 * DEFRAG_TIME_US);
	defrag_count(defrag, &stats);
	CHECK_EQ(stats.given_up, 2);
}

int main(void)
{
	static const struct ktap_test tests[] = {
		TEST(every_order),
		TEST(first_bytes_win),
		TEST(overlap_ends_an_ipv6_datagram),
		TEST(contradictions),
		TEST(other_datagrams_stay_apart),
		TEST(bounds),
	};
	int status = ktap_run(tests, sizeof(tests) / sizeof(tests[0]));

	defrag_free(defrag);
	return status;
}
