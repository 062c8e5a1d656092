// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * prefilter - the kernel's scanner against the naive one: random and hostile
 * payloads in any pieces, every variant; damaged and adversarial tables.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "core/prefilter/prefilter.h"
#include "kmod/prefilter.h"
#include "lib/ktap.h"
#include "kmod/test/prefilter_world.h"
#include "unit/rules.h"

#define PAYLOAD_MAX 4096

/* One rule of every kind that a table can hold. */
static const char rules_text[] =
	"drop tcp any any -> any any (msg:\"long\"; flow:to_server; content:\"a long literal\"; nocase; "
	"sid:1;)\n"
	"drop tcp any any -> any 80 (msg:\"middle\"; content:\"MiDdL\"; sid:2;)\n"
	"drop udp any any -> any any (msg:\"short\"; content:\"|01 02 03|\"; offset:4; depth:9; sid:3;)\n"
	"drop udp any 53 -> any [100:200,300] (msg:\"absent\"; content:\"here\"; content:!\"there\"; "
	"sid:4;)\n"
	"drop tcp any any -> any any (msg:\"chain\"; flow:to_server; content:\"|18 03|\"; "
	"byte_test:1,<,4,0,relative; "
	"content:\"|00|\"; distance:1; within:1; byte_extract:1,0,n,relative; content:\"|01|\"; within:1; "
	"byte_test:2,>,n,0,relative; flowbits:isnotset,cipher; sid:5;)\n"
	"alert tcp any any -> any any (msg:\"mark\"; flow:to_client; content:\"|14 03|\"; content:\"|00 01 "
	"01|\"; distance:1; "
	"within:3; flowbits:set,cipher; noalert; sid:6;)\n"
	"drop http any any -> any any (msg:\"uri\"; flow:to_server; http.uri; content:\"/etc/passwd\"; "
	"sid:7;)\n"
	"drop http any any -> any any (msg:\"raw\"; flow:to_server; http.uri.raw; content:\"..\"; "
	"pcre:\"/(?:\\.\\.(?:\\/|%2f)+){2}/i\"; sid:8;)\n"
	"drop http any any -> any any (msg:\"header\"; flow:to_server; http.header; content:\"() {\"; "
	"pcre:\"/(?:^|\\n)[^:\\r\\n]+:\\s*\\(\\) \\{/\"; sid:9;)\n"
	"drop http any any -> any any (msg:\"body\"; flow:to_server; http.request_body; content:\"evil=\"; "
	"startswith; sid:10;)\n"
	"drop http any any -> any any (msg:\"cookie\"; flow:to_server; http.cookie; content:\"GLOBALS\"; "
	"sid:11;)\n"
	"alert udp any any -> any any (msg:\"inspect\"; content:\"suspicious\"; sid:12;)\n"
	"alert udp any any -> any 9 (msg:\"blind\"; dsize:7; sid:13;)\n"
	"alert tcp any any -> any any (msg:\"repeated\"; content:\"aaaa\"; sid:14;)\n"
	"alert tcp any any -> any any (msg:\"repeated\"; content:\"aaaaaaaa\"; sid:15;)\n";

/* What payloads are made of, so that rules are met, and nearly met. */
static const struct {
	const char *data;
	uint32_t len;
} pieces[] = {
#define PIECE(text)                                                                                          \
	{                                                                                                    \
		text, sizeof(text) - 1                                                                       \
	}
	PIECE("a long literal"),
	PIECE("A LONG lITERal"),
	PIECE("a long liter"),
	PIECE("MiDdL"),
	PIECE("middl"),
	PIECE("\1\2\3"),
	PIECE("here"),
	PIECE("there"),
	PIECE("\x18\3\2\0\5\1\0\x40"),
	PIECE("\x18\3\2\0\5\1\0\4"),
	PIECE("\x18\3"),
	PIECE("\x14\3\3\0\1\1"),
	PIECE("suspicious"),
	PIECE("aaaaaaaaaaaaaaa"),
	PIECE("aaaa"),
	PIECE("GET /../../x HTTP/1.1\r\nHost: a\r\n\r\n"),
	PIECE("GET /%65tc//passwd HTTP/1.1\r\nHost: a\r\n\r\n"),
	PIECE("GET /a HTTP/1.0\r\nX:() { :;};\r\nCookie: GLOBALS\r\n\r\n"),
	PIECE("POST /f HTTP/1.1\r\nContent-Length: 8\r\n\r\nevil=123"),
	PIECE("POST /f HTTP/1.1\nContent-Length: 800\n\nevil=1"),
	PIECE("POST /f HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nevi\r\n3\r\nl=1\r\n0\r\n\r\n"),
	PIECE("POST /f HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nevi\r\nff\r\nl=1"),
	PIECE("GET /etc/passwd HTTP/1.1\r\nA: b\r\n folded\r\n\r\n"),
	PIECE("/etc/passwd"),
	PIECE(" HTTP/1.1\r\n"),
	PIECE("\r\n\r\n"),
};

static uint32_t seed = 7;

static uint32_t draw(uint32_t limit)
{
	seed = seed * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)seed * limit >> 32);
}

static uint32_t payload_draw(uint8_t *data, uint32_t room)
{
	uint32_t len = 0, most = draw(4) ? draw(300) : draw(room);

	while (len < most) {
		uint32_t n = draw(ARRAY_LEN(pieces) * 2);

		if (n < ARRAY_LEN(pieces) && pieces[n].len <= room - len) {
			memcpy(data + len, pieces[n].data, pieces[n].len);
			len += pieces[n].len;
		} else {
			for (uint32_t i = draw(40); i && len < room; i--)
				data[len++] = draw(2) ? (uint8_t)draw(256)
						      : (uint8_t) "a /.\r\n\1\2\3\x18"[draw(10)];
		}
	}
	return len;
}

static struct seki_pf_query query_draw(uint32_t len)
{
	static const uint16_t ports[] = {80, 53, 9, 100, 150, 300, 12345};

	return (struct seki_pf_query){
		.len = len,
		.next = len && !draw(4) ? draw(len) : 0,
		.marks = draw(4) ? 0 : draw(4),
		.sport = ports[draw(ARRAY_LEN(ports))],
		.dport = ports[draw(ARRAY_LEN(ports))],
		.proto = draw(2)   ? IPPROTO_TCP
			 : draw(8) ? IPPROTO_UDP
				   : IPPROTO_ICMP,
		.direction = draw(4) ? SEKI_PF_TO_SERVER : SEKI_PF_TO_CLIENT,
		.flags = (draw(4) ? SEKI_PF_TURN : 0) | (draw(2) ? SEKI_PF_NARROW : 0),
	};
}

/* Cuts the payload anywhere, at times into single bytes. */
static unsigned int cut(const uint8_t *data, uint32_t len, struct seki_pf_piece *out, unsigned int room)
{
	unsigned int count = 0;
	uint32_t at = 0;

	while (at < len) {
		uint32_t n = draw(3) ? 1 + draw(12) : 1 + draw(len);

		if (n > len - at || count + 1 == room)
			n = len - at;
		out[count++] = (struct seki_pf_piece){data + at, n};
		at += n;
	}
	return count;
}

static bool isa_there(enum seki_pf_isa isa)
{
#if defined(__x86_64__)
	return isa == SEKI_PF_SCALAR || __builtin_cpu_supports("avx2");
#else
	return isa == SEKI_PF_SCALAR;
#endif
}

static uint32_t answers[SEKI_PF_OUTCOME_MAX];

/* One payload, whole and in pieces, by all variants. False: one of them differs from the witness. */
static bool agrees(const struct seki_pf_table *table, const uint8_t *data, uint32_t len)
{
	static struct seki_pf_room room;
	struct seki_pf_piece parts[18];
	struct seki_pf_query asked = query_draw(len), naive = asked;

	naive_scan(table, data, len, &naive);
	answers[naive.outcome]++;
	for (enum seki_pf_isa isa = SEKI_PF_SCALAR; isa <= SEKI_PF_AVX2; isa++) {
		for (int round = 0; round < 2 && isa_there(isa); round++) {
			struct seki_pf_query query = asked;
			unsigned int count = 1;

			parts[0] = (struct seki_pf_piece){data, len};
			if (round)
				count = cut(data, len, parts, ARRAY_LEN(parts));
			seki_prefilter_scan(table, parts, len ? count : 0, &query, &room, isa);
			if (memcmp(&query, &naive, sizeof(query))) {
				printf("# variant %d, %u pieces, %u bytes: outcome %u sid %u marks %x, naive "
				       "%u %u %x\n",
				       isa, count, len, query.outcome, query.sid, query.marks, naive.outcome,
				       naive.sid, naive.marks);
				return false;
			}
		}
	}
	return true;
}

static void *table_make(uint32_t *len)
{
	const struct prefilter_options options = {.drops = true, .drop_severity = SEKI_SEVERITY_CRITICAL};
	struct prefilter_counts counts;
	struct rules_world world;
	void *image = NULL;

	if (!rules_open(&world, rules_text))
		return NULL;
	CHECK_EQ(world.refused_count, 0);
	CHECK_EQ(prefilter_compile(world.set, &options, NULL, NULL, &image, len, &counts), 0);
	CHECK_EQ(counts.fates[PREFILTER_DROPS], 10);
	CHECK_EQ(counts.fates[PREFILTER_INSPECTS], 4);
	CHECK_EQ(counts.fates[PREFILTER_STAYS], 1);
	CHECK_EQ(counts.marks, 1);
	rules_close(&world);
	return image;
}

static void random_payloads(void)
{
	static uint8_t data[PAYLOAD_MAX];
	uint32_t len;
	AUTO_FREE void *image = table_make(&len);
	bool good = image;

	memset(answers, 0, sizeof(answers));
	for (int i = 0; i < 20000 && good; i++) {
		uint32_t size = payload_draw(data, sizeof(data));
		/* A copy of just that size, so that a read beyond it is seen. */
		AUTO_FREE uint8_t *exact = malloc(size ? size : 1);

		memcpy(exact, data, size);
		good = agrees(image, exact, size);
	}
	CHECK(good);
	for (int i = SEKI_PF_NONE; i <= SEKI_PF_DROP; i++)
		CHECK(answers[i] > 500, "outcome %d was seen %u times only", i, answers[i]);
}

/* Either the check refuses it, or it means what the witness says. */
static bool table_harmless(const void *image, uint32_t len, uint32_t *taken)
{
	static uint8_t data[PAYLOAD_MAX];
	AUTO_FREE void *exact = malloc(len ? len : 1);

	memcpy(exact, image, len);
	if (seki_prefilter_check(exact, len))
		return true;
	++*taken;
	for (int i = 0; i < 4; i++)
		if (!agrees(exact, data, payload_draw(data, 600)))
			return false;
	return true;
}

static void random_tables(void)
{
	uint32_t len, taken = 0, tried = 0;
	AUTO_FREE uint8_t *image = table_make(&len);
	AUTO_FREE uint8_t *copy = malloc(len);
	bool good = image && copy;

	for (; tried < 10000 && good; tried++) {
		uint32_t size = draw(8) ? len : draw(len);

		memcpy(copy, image, len);
		/* In the head or anywhere; a few bytes, or noise over a stretch. */
		for (uint32_t n = 1 + draw(6); n; n--)
			copy[draw(3) ? draw(len) : draw(sizeof(struct seki_pf_table))] ^=
				(uint8_t)(1 << draw(8));
		if (!draw(10))
			for (uint32_t at = draw(len), n = draw(200); n && at < len; n--, at++)
				copy[at] = (uint8_t)draw(256);
		if (size < len && draw(2))
			((struct seki_pf_table *)copy)->len = size;
		good = table_harmless(copy, size, &taken);
	}
	CHECK(good, "table %u", tried);
	CHECK(taken > 100, "only %u of the damaged tables were taken", taken);
	CHECK(tried - taken > 1000, "only %u of the damaged tables were refused", tried - taken);
}

/* Numbers that lie on or just beyond an edge, in every word of head and sections. */
static void adversarial_tables(void)
{
	uint32_t len, taken = 0, tried = 0;
	AUTO_FREE uint8_t *image = table_make(&len);
	AUTO_FREE uint8_t *copy = malloc(len);
	const struct seki_pf_table *table = (const struct seki_pf_table *)image;
	bool good = image && copy;

	for (int section = -1; section < SEKI_PF_SECTION_MAX && good; section++) {
		uint32_t from = section < 0 ? 0 : table->section[section].at;
		uint32_t to = section < 0			  ? sizeof(*table)
			      : section + 1 < SEKI_PF_SECTION_MAX ? table->section[section + 1].at
								  : len;

		for (int n = 0; n < 120 && from + 4 <= to && good; n++, tried++) {
			uint32_t at = from + draw((to - from) / 2 - 1) * 2, old, value;
			const uint32_t edges[] = {0,
						  1,
						  0xff,
						  0xffff,
						  0x10000,
						  0x7fffffff,
						  0x80000000,
						  0xffffffff,
						  0xfffffffc,
						  len,
						  len - 1,
						  len + 1,
						  table->section[draw(SEKI_PF_SECTION_MAX)].count,
						  table->section[draw(SEKI_PF_SECTION_MAX)].at};

			memcpy(copy, image, len);
			memcpy(&old, copy + at, sizeof(old));
			value = draw(3) ? edges[draw(ARRAY_LEN(edges))] : draw(2) ? old + 1 : old - 1;
			memcpy(copy + at, &value, draw(2) ? 4 : 2);
			good = table_harmless(copy, len, &taken);
		}
	}
	CHECK(good, "table %u", tried);
	CHECK(tried >= 1000, "%u tables", tried);
	CHECK(taken && taken < tried, "%u of %u were taken", taken, tried);
}

static void *world_alloc(__u32 len)
{
	return malloc(len ? len : 1);
}

static void world_free(void *memory)
{
	free(memory);
}

static bool world_scan(struct world *world, const struct seki_pf_table *table,
		       const struct seki_pf_piece *pieces_in, unsigned int count, struct seki_pf_query *query,
		       enum seki_pf_isa isa)
{
	if (isa_there(isa))
		seki_prefilter_scan(table, pieces_in, count, query, &world->room, isa);
	return isa_there(isa);
}

/* The tables that the module's own unit tests make inside the kernel. */
static void kernel_tables(void)
{
	static struct world world;
	uint32_t done = 0;

	for (; done < 10000 && world_random(&world); done++)
		;
	CHECK_EQ(done, 10000);
	CHECK(world.refused > 1000 && world.taken > 1000, "%u refused, %u taken", world.refused, world.taken);
	memset(&world, 0, sizeof(world));
	for (done = 0; done < 1000 && world_adversarial(&world); done++)
		;
	CHECK_EQ(done, 1000);
	CHECK(world.refused > 100 && world.taken > 100, "%u refused, %u taken", world.refused, world.taken);
	for (int i = SEKI_PF_NONE; i <= SEKI_PF_DROP; i++)
		CHECK(world.outcomes[i] > 50, "outcome %d was seen %u times only", i, world.outcomes[i]);
}

/* A payload of nothing but what is looked for, and one that just misses everywhere. */
static void hostile_payloads(void)
{
	static uint8_t data[PAYLOAD_MAX];
	uint32_t len;
	AUTO_FREE void *image = table_make(&len);

	for (size_t n = 0; n < ARRAY_LEN(pieces) && image; n++) {
		for (uint32_t shift = 0; shift < 5; shift++) {
			for (uint32_t i = 0; i < sizeof(data); i++)
				data[i] = (uint8_t)pieces[n].data[(i + shift) % pieces[n].len];
			CHECK(agrees(image, data, sizeof(data)));
			CHECK(agrees(image, data, 1500 - shift));
		}
	}
}

static void limits(void)
{
	uint32_t len;
	AUTO_FREE struct seki_pf_table *table = table_make(&len);
	const struct prefilter_options options = {.drops = false};
	struct prefilter_counts counts;
	struct rules_world world;
	void *empty = NULL;

	CHECK_EQ(seki_prefilter_check(table, len), 0);
	CHECK_EQ(seki_prefilter_check(table, len - 1), -EINVAL);
	CHECK_EQ(seki_prefilter_check(table, 0), -EINVAL);
	table->version++;
	CHECK_EQ(seki_prefilter_check(table, len), -EPROTO);
	if (rules_open(&world, "alert tcp any any -> any any (flags:S; sid:1;)\n")) {
		CHECK_EQ(prefilter_compile(world.set, &options, NULL, NULL, &empty, &len, &counts), 0);
		CHECK_EQ(seki_prefilter_check(empty, len), 0);
		CHECK(agrees(empty, (const uint8_t *)"nothing", 7));
		rules_close(&world);
	}
	free(empty);
}

/* What the module asks before it uses vectors. The room's content is of no matter. */
static void variants_prove_themselves(void)
{
	static struct seki_pf_room room;

	memset(&room, 0xa5, sizeof(room));
	for (enum seki_pf_isa isa = SEKI_PF_SCALAR; isa <= SEKI_PF_AVX2; isa++)
		CHECK(!isa_there(isa) || seki_prefilter_proves(&room, isa), "variant %d", isa);
}

static const struct ktap_test tests[] = {TEST(variants_prove_themselves),
					 TEST(limits),
					 TEST(random_payloads),
					 TEST(hostile_payloads),
					 TEST(random_tables),
					 TEST(adversarial_tables),
					 TEST(kernel_tables)};
KTAP_MAIN(tests)
