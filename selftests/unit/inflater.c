// SPDX-License-Identifier: GPL-2.0-or-later
/* DEFLATE beside zlib: sound and damaged streams, cut at any byte of input and output. */
#include "lib/cleanup.h"
#include "lib/inflate_pair.h"
#include "lib/ktap.h"

static struct inflate_run ours, zlib;
static uint8_t plain[40000], packed[60000];
static uint64_t state;

static uint32_t next(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)(state >> 20) % below;
}

/* Noise, text of few letters, repeats with slips, runs. */
static uint32_t make_plain(void)
{
	static const char letters[] = "etaoin <>/=", tag[] = "<div class=\"row\">hello</div>\n";
	uint32_t len = 1 + next(next(8) ? 3000 : sizeof(plain) - 1), kind = next(4);

	for (uint32_t i = 0; i < len; i++)
		plain[i] = kind == 0   ? (uint8_t)next(256)
			   : kind == 1 ? (uint8_t)letters[next(sizeof(letters) - 1)]
			   : kind == 2 ? (uint8_t)tag[(i + !next(50)) % (sizeof(tag) - 1)]
				       : (uint8_t)(next(30) ? 'a' : next(256));
	return len;
}

static uint32_t make_packed(void)
{
	static const int strategies[] = {Z_DEFAULT_STRATEGY, Z_FILTERED, Z_HUFFMAN_ONLY, Z_RLE, Z_FIXED};
	uint32_t len = make_plain(), half = next(3) ? len : next(len);
	z_stream z = {.next_in = plain, .avail_in = half, .next_out = packed, .avail_out = sizeof(packed)};

	if (deflateInit2(&z, (int)next(10), Z_DEFLATED, -MAX_WBITS, 1 + (int)next(9),
			 strategies[next(ARRAY_LEN(strategies))]) != Z_OK)
		abort();
	if (half < len)
		deflate(&z, next(2) ? Z_FULL_FLUSH : Z_SYNC_FLUSH);
	z.avail_in = len - half;
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		abort();
	deflateEnd(&z);
	return (uint32_t)z.total_out;
}

static bool agree(uint32_t len)
{
	pair_zlib(&zlib, packed, len);
	pair_ours(&ours, packed, len, next(3) ? 1 + next(1500) : len, next(2) ? 8192 : 1 + next(600));
	return CHECK(pair_agrees(&ours, &zlib), "%u bytes in: ended %d and %d, %u and %u out, %u and %u used",
		     len, ours.end, zlib.end, ours.len, zlib.len, ours.used, zlib.used);
}

static void sound_streams(void)
{
	for (int round = 0; round < 1500; round++) {
		uint32_t len = make_packed();

		/* Something behind it is left alone. */
		memset(packed + len, 0x5a, 20);
		if (!agree(len + 20) || !CHECK_EQ(ours.end, 1) || !CHECK_EQ(ours.used, len))
			return;
	}
}

static void damaged_streams(void)
{
	unsigned int broken = 0;

	for (int round = 0; round < 6000; round++) {
		uint32_t len = make_packed(), near = next(2) ? len : len < 60 ? len : 60;

		for (uint32_t n = 1 + next(3); n; n--)
			packed[next(near)] ^= (uint8_t)(1u << next(8));
		if (!agree(len))
			return;
		broken += ours.end < 0;
	}
	CHECK(broken > 2000, "%u", broken);
}

static void cut_streams_and_noise(void)
{
	for (int round = 0; round < 3000; round++) {
		if (!agree(1 + next(make_packed())))
			return;
		for (uint32_t i = 0; i < 300; i++)
			packed[i] = (uint8_t)next(256);
		if (!agree(300))
			return;
	}
}

/* Codes that a sender of sound streams never writes; as zlib, and so browsers, take them. */
static void odd_codes(void)
{
	static const struct {
		const char *name;
		uint8_t bytes[48];
		uint32_t len;
		int end;
	} rows[] = {
		{"a type that is none", {0x07, 0, 0}, 3, -1},
		{"a stored size without its complement", {0x01, 1, 0, 1, 0, 'a'}, 6, -1},
		{"an empty stored block", {0x01, 0, 0, 0xff, 0xff}, 5, 1},
		{"fixed codes, nothing in it", {0x03, 0x00}, 2, 1},
		{"a match before the first byte", {0x03, 0x02, 0x00}, 3, -1},
		{"more codes than there are lengths", {0xfd, 0xff, 0xff, 0xff, 0xff}, 5, -1},
		{"sizes in no code", {0x05}, 48, -1},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		memcpy(packed, rows[i].bytes, rows[i].len);
		agree(rows[i].len);
		CHECK(ours.end == rows[i].end, "%s: %d", rows[i].name, ours.end);
	}
}

int main(void)
{
	static const struct ktap_test tests[] = {
		TEST(sound_streams),
		TEST(damaged_streams),
		TEST(cut_streams_and_noise),
		TEST(odd_codes),
	};

	state = 88172645463325252u;
	return ktap_run(tests, ARRAY_LEN(tests));
}
