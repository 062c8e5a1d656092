// SPDX-License-Identifier: GPL-2.0-or-later
/* Fragments: every order, overlaps, contradictions, bounds. */
#include "lib/ktap.h"

#include <netinet/in.h>
#include <stdlib.h>

#include "core/flow/defrag.h"

static struct defrag *defrag;
static struct span whole;
static uint64_t now = 1000000;

static struct overlap_hosts hosts = {.rows = {{.prefix = {.len = 0}}}, .count = 1};

static void fresh(uint64_t memory)
{
	defrag_free(defrag);
	if (defrag_new(memory, &hosts, &defrag))
		abort();
	now = 1000000;
}

static struct event_list noticed; /* by the last put() */

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
	noticed = packet.events;
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

/* What begins before the older fragment wins with BSD, nothing newer with "first". */
static void overlaps(void)
{
	static const struct {
		enum overlap_policy policy;
		const char *result;
	} rows[] = {{OVERLAP_FIRST, "AAAAAAAABBBBBBBBCCCCCCCCend"},
		    {OVERLAP_BSD, "AAAAAAAAyyyyyyyyCCCCCCCCend"}};
	struct defrag_stats stats;

	for (unsigned int i = 0; i < ARRAY_LEN(rows); i++) {
		hosts.rows[0].policy = rows[i].policy;
		fresh(1 << 20);
		put(4, 1, 8, true, "BBBBBBBB", 8);
		put(4, 1, 8, true, "BBBBBBBB", 8);
		put(4, 1, 16, true, "CCCCCCCC", 8);
		put(4, 1, 24, false, "end", 3);
		CHECK_EQ(put(4, 1, 0, true, "AAAAAAAAyyyyyyyy", 16), DEFRAG_DONE);
		CHECK(!memcmp(whole.data + 20, rows[i].result, 27), "%s",
		      overlap_policy_name(rows[i].policy));
		defrag_count(defrag, &stats);
		CHECK_EQ(stats.overlaps, 1);
		CHECK_EQ(stats.datagrams, 1);
	}
	hosts.rows[0].policy = OVERLAP_BSD;
}

/* The end lies within what is there: refused, and told as the overlap that it is. */
static void ends_within(void)
{
	struct defrag_stats stats;

	for (uint8_t version = 4; version <= 6; version += 2) {
		fresh(1 << 20);
		CHECK_EQ(put(version, 1, 0, true, text, 16), DEFRAG_WAIT);
		CHECK_EQ(put(version, 1, 8, false, "c", 1), DEFRAG_REFUSED);
		defrag_count(defrag, &stats);
		CHECK_EQ(stats.overlaps, 1);
	}
}

/* Of two fragments that begin alike or where the older one lies before, bsd-right takes the newer. */
static void right_wins(void)
{
	CHECK(overlap_fragment_wins(OVERLAP_BSD_RIGHT, 0, 0) &&
	      overlap_fragment_wins(OVERLAP_BSD_RIGHT, 8, -8));
	CHECK(!overlap_fragment_wins(OVERLAP_BSD_RIGHT, -8, 8));
}

/* Random fragments that overlap and differ, against a model that decides unit by unit. */
static void policies(void)
{
	enum { UNITS = 12 };
	uint32_t seed = 7;

	for (unsigned int policy = 0; policy < OVERLAP_POLICY_MAX; policy++)
		for (unsigned int round = 0; round < 300; round++) {
			char model[UNITS] = "", piece[UNITS * 8];
			int from[UNITS], to[UNITS];
			enum defrag_result result = DEFRAG_WAIT;

			hosts.rows[0].policy = (uint8_t)policy;
			fresh(1 << 20);
			put(4, 9, UNITS * 8, false, "end", 3);
			for (unsigned int k = 0; k < 8; k++) {
				int begin, end;

				seed = seed * 1103515245 + 12345;
				begin = 1 + (int)(seed >> 16) % (UNITS - 1);
				seed = seed * 1103515245 + 12345;
				end = begin + 1 + (int)(seed >> 16) % 5;
				end = end > UNITS ? UNITS : end;
				if (k == 7) /* everything but the first unit is there in the end */
					begin = 1, end = UNITS;
				memset(piece, 'a' + (int)k, sizeof(piece));
				for (int i = begin; i < end; i++) {
					if (model[i] && !overlap_fragment_wins((enum overlap_policy)policy,
									       begin - from[i], end - to[i]))
						continue;
					model[i] = (char)('a' + (int)k);
					from[i] = begin;
					to[i] = end;
				}
				put(4, 9, (uint32_t)begin * 8, true, piece, (size_t)(end - begin) * 8);
			}
			result = put(4, 9, 0, true, "first 8.", 8);
			if (!CHECK_EQ(result, DEFRAG_DONE))
				return;
			for (int i = 1; i < UNITS; i++)
				if (!CHECK(whole.data[20 + i * 8] == (uint8_t)model[i], "%s round %u unit %d",
					   overlap_policy_name((enum overlap_policy)policy), round, i))
					return;
		}
	hosts.rows[0].policy = OVERLAP_BSD;
}

static void receivers(void)
{
	static struct overlap_hosts table;
	struct prefix all = {.len = 0}, net = {.addr = {[10] = 0xff, [11] = 0xff, 10}, .len = 104};
	struct seki_addr inside = {.b = {[10] = 0xff, [11] = 0xff, 10, 1, 2, 3}}, outside = {.b = {1}};
	enum overlap_policy policy;

	CHECK_EQ(overlap_hosts_find(NULL, &inside), OVERLAP_BSD);
	CHECK_EQ(overlap_hosts_add(&table, &net, OVERLAP_LINUX), 0);
	CHECK_EQ(overlap_hosts_add(&table, &all, OVERLAP_WINDOWS), 0);
	CHECK_EQ(overlap_hosts_find(&table, &inside), OVERLAP_LINUX);
	CHECK_EQ(overlap_hosts_find(&table, &outside), OVERLAP_WINDOWS);
	CHECK_EQ(overlap_hosts_add(&table, &net, OVERLAP_VISTA), 0);
	CHECK_EQ(table.count, 2);
	CHECK_EQ(overlap_hosts_find(&table, &inside), OVERLAP_VISTA);
	CHECK_EQ(overlap_policy_find("solaris", &policy), 0);
	CHECK_STR(overlap_policy_name(policy), "solaris");
	CHECK(overlap_policy_find("plan9", &policy) < 0);
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
	CHECK_EQ(stats.full, 10);
	CHECK_EQ(put(4, 0, 8, false, "end", 3), DEFRAG_WAIT); /* its first part is gone */
	CHECK_EQ(put(4, 20, 8, false, "end", 3), DEFRAG_DONE);

	fresh(1 << 20); /* bytes */
	for (uint32_t id = 0; id < 100; id++)
		put(4, id, 65520, false, "end", 3);
	defrag_count(defrag, &stats);
	CHECK(stats.given_up > 80);
	CHECK_EQ(stats.full, stats.given_up);

	fresh(16384); /* one is larger than all that may be held */
	CHECK_EQ(put(4, 1, 65520, false, "end", 3), DEFRAG_REFUSED);
	CHECK(event_list_has(&noticed, EVENT_DECODER_IPV4_FRAG_IGNORED));
	CHECK_EQ(put(6, 1, 65520, false, "end", 3), DEFRAG_REFUSED);
	CHECK(event_list_has(&noticed, EVENT_DECODER_IPV6_FRAG_IGNORED));

	fresh(1 << 20); /* time */
	put(4, 1, 0, true, "AAAAAAAA", 8);
	now += DEFRAG_TIME_US + 1;
	CHECK_EQ(put(4, 1, 8, false, "end", 3), DEFRAG_WAIT);
	defrag_count(defrag, &stats);
	CHECK_EQ(stats.given_up, 1);
	CHECK_EQ(stats.full, 0);
	defrag_expire(defrag, now + 2 * DEFRAG_TIME_US);
	defrag_count(defrag, &stats);
	CHECK_EQ(stats.given_up, 2);
}

int main(void)
{
	static const struct ktap_test tests[] = {
		TEST(every_order),
		TEST(overlaps),
		TEST(ends_within),
		TEST(right_wins),
		TEST(policies),
		TEST(receivers),
		TEST(overlap_ends_an_ipv6_datagram),
		TEST(contradictions),
		TEST(other_datagrams_stay_apart),
		TEST(bounds),
	};
	int status = ktap_run(tests, sizeof(tests) / sizeof(tests[0]));

	defrag_free(defrag);
	return status;
}
