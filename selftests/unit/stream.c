// SPDX-License-Identifier: GPL-2.0-or-later
/* Reassembly: order, overlap, wraparound, gaps, and what a receiver would not take. */
#include "lib/ktap.h"

#include <stdlib.h>

#include "core/flow/stream.h"

#define FIN 1
#define SYN 2
#define RST 4
#define ACK 16

struct rig {
	struct stream *stream;
	struct stream_stats stats;
	char got[2][65536];
	size_t len[2];
	unsigned int gaps[2], lasts[2];
	uint64_t now;
	uint8_t header[28];
};

static struct rig rig;

static void rig_new(void)
{
	stream_free(rig.stream);
	memset(&rig, 0, sizeof(rig));
	rig.now = 1000000;
	if (stream_new(&rig.stats, &rig.stream))
		abort();
}

static void drain(bool flush)
{
	struct stream_chunk chunk;

	for (int d = 0; d < 2; d++)
		while (stream_next(rig.stream, d, rig.now, flush, &chunk)) {
			struct span window;
			uint64_t offset;

			rig.gaps[d] += chunk.gap;
			rig.lasts[d] += chunk.last;
			if (chunk.data.len)
				memcpy(rig.got[d] + rig.len[d], chunk.data.data, chunk.data.len);
			rig.len[d] += chunk.data.len;
			stream_window(rig.stream, d, &chunk, &window, &offset);
			if (!chunk.data.len)
				continue;
			CHECK(window.len >= chunk.data.len);
			CHECK(!memcmp(window.data + window.len - chunk.data.len, chunk.data.data,
				      chunk.data.len));
		}
}

static enum stream_verdict send_raw(enum direction dir, uint32_t seq, uint32_t ack, uint8_t flags,
				    const void *data, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);
	struct packet packet = {
		.time_us = rig.now, .seq = seq, .ack = ack, .tcp_flags = flags, .window = 8192};
	enum stream_verdict verdict;

	/* A block of its own, so that the sanitizer sees a read beyond it. */
	memcpy(copy, data, len);
	packet.payload = (struct span){copy, (uint32_t)len};
	packet.l4_header = (struct span){rig.header, rig.header[20] ? sizeof(rig.header) : 20};
	verdict = stream_add(rig.stream, &packet, dir);
	if (verdict != STREAM_REOPENED)
		drain(false);
	free(copy);
	return verdict;
}

static enum stream_verdict put(enum direction dir, uint32_t seq, const char *text)
{
	return send_raw(dir, seq, 0, ACK, text, strlen(text));
}

static void handshake(uint32_t client, uint32_t server)
{
	send_raw(TO_SERVER, client, 0, SYN, "", 0);
	send_raw(TO_CLIENT, server, client + 1, SYN | ACK, "", 0);
	send_raw(TO_SERVER, client + 1, server + 1, ACK, "", 0);
}

static const char *got(enum direction dir)
{
	rig.got[dir][rig.len[dir]] = 0;
	return rig.got[dir];
}

static void split_at_every_byte(void)
{
	static const char text[] = "GET /index.html HTTP/1.1";

	for (size_t i = 1; i < sizeof(text) - 1; i++) {
		rig_new();
		handshake(100, 500);
		send_raw(TO_SERVER, 101, 501, ACK, text, i);
		send_raw(TO_SERVER, 101 + (uint32_t)i, 501, ACK, text + i, sizeof(text) - 1 - i);
		CHECK_STR(got(TO_SERVER), text);
		CHECK_EQ(rig.gaps[TO_SERVER], 0);
	}
}

static void every_order_of_four(void)
{
	static const char *const piece[4] = {"aaa", "bb", "cccc", "d"};
	static const uint32_t at[4] = {0, 3, 5, 9};

	/* The last base makes the sequence numbers wrap inside the data. */
	for (unsigned int base = 0; base < 3; base++)
		for (int i = 0; i < 256; i++) {
			int order[4] = {i & 3, i >> 2 & 3, i >> 4 & 3, i >> 6 & 3};
			uint32_t isn = base == 0 ? 1000 : base == 1 ? 0xfffffffa : 0x7ffffffc;
			int seen = 0;

			for (int k = 0; k < 4; k++)
				seen |= 1 << order[k];
			if (seen != 15)
				continue;
			rig_new();
			handshake(isn, 500);
			for (int k = 0; k < 4; k++)
				put(TO_SERVER, isn + 1 + at[order[k]], piece[order[k]]);
			CHECK_STR(got(TO_SERVER), "aaabbccccd");
			CHECK_EQ(rig.gaps[TO_SERVER], 0);
			CHECK(!stream_waiting(rig.stream));
		}
}

static void overlaps(void)
{
	rig_new();
	handshake(100, 500);
	put(TO_SERVER, 101, "abcd");
	put(TO_SERVER, 101, "XXXXef"); /* delivered bytes stay, the rest is new */
	CHECK_STR(got(TO_SERVER), "abcdef");
	CHECK_EQ(rig.stats.overlaps, 1);
	put(TO_SERVER, 101, "abcd"); /* an honest retransmission */
	CHECK_EQ(rig.stats.overlaps, 1);

	rig_new();
	handshake(100, 500);
	put(TO_SERVER, 105, "EFGH");
	put(TO_SERVER, 107, "xxij"); /* begins behind: the older bytes stay */
	put(TO_SERVER, 103, "cdyy"); /* begins before: its bytes win */
	put(TO_SERVER, 101, "ab");
	CHECK_STR(got(TO_SERVER), "abcdyyGHij");
	CHECK_EQ(rig.stats.overlaps, 2);

	rig_new();
	handshake(100, 500);
	put(TO_SERVER, 103, "c");
	put(TO_SERVER, 105, "e");
	put(TO_SERVER, 107, "g");
	put(TO_SERVER, 101, "abcdefgh"); /* covers all of them */
	CHECK_STR(got(TO_SERVER), "abcdefgh");
	CHECK(!stream_waiting(rig.stream));
	CHECK_EQ(rig.stats.overlaps, 0);
}

static void midstream_and_one_sided(void)
{
	rig_new();
	put(TO_SERVER, 7777, "half a request");
	CHECK_STR(got(TO_SERVER), "half a request");
	CHECK(stream_midstream(rig.stream));
	CHECK_EQ(rig.gaps[TO_SERVER], 0);
	/* Nobody acknowledges: missing bytes are awaited for a while, then skipped. */
	put(TO_SERVER, 7777 + 20, "later");
	CHECK_STR(got(TO_SERVER), "half a request");
	rig.now += STREAM_HOLE_US;
	drain(false);
	CHECK_STR(got(TO_SERVER), "half a requestlater");
	CHECK_EQ(rig.gaps[TO_SERVER], 1);
	CHECK_EQ(rig.stats.gap_bytes, 6);
}

static void gap_waits_for_the_receiver(void)
{
	rig_new();
	handshake(100, 500);
	put(TO_CLIENT, 501, "hello");
	send_raw(TO_SERVER, 101 + 10, 506, ACK, "late", 4);
	rig.now += 100 * STREAM_HOLE_US;
	send_raw(TO_CLIENT, 506, 101, ACK, "", 0); /* it has not got them either: they still come */
	CHECK_EQ(rig.len[TO_SERVER], 0);
	send_raw(TO_CLIENT, 506, 115, ACK, "", 0); /* now it has, and we have not */
	rig.now += STREAM_ACKED_US;
	drain(false);
	CHECK_STR(got(TO_SERVER), "late");
	CHECK_EQ(rig.gaps[TO_SERVER], 1);
}

static void pending_is_bounded(void)
{
	char block[8192];

	memset(block, 'x', sizeof(block));
	rig_new();
	handshake(100, 500);
	for (uint32_t i = 0; i < STREAM_SEGMENTS_MAX + 2; i++)
		send_raw(TO_SERVER, 103 + i * 2, 501, ACK, "y", 1);
	CHECK_EQ(rig.gaps[TO_SERVER] > 0, 1);
	CHECK(rig.stats.full > 0 && rig.stats.full <= rig.stats.gaps);
	CHECK(stream_memory(rig.stream) < 1u << 20);

	rig_new();
	put(TO_SERVER, 1000, "a");
	for (uint32_t i = 0; i < 400; i++) {
		rig.len[TO_SERVER] = 0;
		send_raw(TO_SERVER, 1002 + i * 8192, 0, ACK, block, sizeof(block));
		CHECK(stream_memory(rig.stream) <= STREAM_PENDING_MAX + (1u << 18));
	}
	CHECK_EQ(rig.gaps[TO_SERVER], 1);
}

static void reset_must_be_exact(void)
{
	rig_new();
	handshake(100, 500);
	put(TO_SERVER, 101, "abc");
	CHECK_EQ(send_raw(TO_SERVER, 105, 0, RST, "", 0), STREAM_IGNORED); /* in window, not exact */
	CHECK_EQ(send_raw(TO_SERVER, 90000000, 0, RST, "", 0), STREAM_IGNORED);
	CHECK_EQ(send_raw(TO_CLIENT, 0, 0, RST, "", 0), STREAM_IGNORED);
	CHECK(!stream_closed(rig.stream));
	put(TO_SERVER, 104, "def");
	CHECK_STR(got(TO_SERVER), "abcdef");
	CHECK_EQ(send_raw(TO_SERVER, 107, 0, RST, "", 0), STREAM_TAKEN);
	CHECK(stream_closed(rig.stream));
	/* The reset did not arrive (low TTL): the connection goes on, and nothing is missed. */
	put(TO_SERVER, 107, "ghi");
	CHECK_STR(got(TO_SERVER), "abcdefghi");
	CHECK(!stream_closed(rig.stream));

	rig_new();
	send_raw(TO_SERVER, 100, 0, SYN, "", 0);
	CHECK_EQ(send_raw(TO_CLIENT, 0, 555, RST | ACK, "", 0), STREAM_IGNORED);
	CHECK_EQ(send_raw(TO_CLIENT, 0, 101, RST | ACK, "", 0), STREAM_TAKEN);
	CHECK(stream_closed(rig.stream));
}

static void fin_counts_when_acknowledged(void)
{
	rig_new();
	handshake(100, 500);
	send_raw(TO_SERVER, 101, 501, ACK | FIN, "abc", 3);
	CHECK_EQ(rig.lasts[TO_SERVER], 0);
	CHECK(stream_closing(rig.stream));
	/* A FIN that its receiver never saw: the data goes on where it pretended to end. */
	put(TO_SERVER, 104, "def");
	CHECK_STR(got(TO_SERVER), "abcdef");
	send_raw(TO_SERVER, 107, 501, ACK | FIN, "", 0);
	send_raw(TO_CLIENT, 501, 108, ACK, "", 0);
	CHECK_EQ(rig.lasts[TO_SERVER], 1);
	put(TO_SERVER, 108, "behind the end");
	CHECK_STR(got(TO_SERVER), "abcdef");
	send_raw(TO_CLIENT, 501, 108, ACK | FIN, "", 0);
	CHECK(!stream_closed(rig.stream));
	send_raw(TO_SERVER, 108, 502, ACK, "", 0);
	CHECK(stream_closed(rig.stream));
	CHECK_EQ(rig.lasts[TO_CLIENT], 1);
	drain(true);
	CHECK_EQ(rig.lasts[TO_SERVER], 1);
	CHECK_EQ(rig.lasts[TO_CLIENT], 1);
}

static void insertion_is_ignored(void)
{
	rig_new();
	handshake(100, 500);
	put(TO_SERVER, 101, "GET ");
	CHECK_EQ(send_raw(TO_SERVER, 105, 0, 8, "XXXX", 4), STREAM_IGNORED); /* no ACK flag */
	CHECK_EQ(put(TO_SERVER, 105 + 0x20000000, "bogus"), STREAM_IGNORED);
	CHECK_EQ(put(TO_SERVER, 105 - 0x20000000, "bogus"), STREAM_IGNORED);
	CHECK_EQ(send_raw(TO_SERVER, 4242, 0, SYN, "", 0), STREAM_IGNORED);
	put(TO_SERVER, 105, "/x");
	CHECK_STR(got(TO_SERVER), "GET /x");
	CHECK_EQ(rig.gaps[TO_SERVER], 0);
}

static void far_jump_needs_evidence(void)
{
	uint32_t far = 101 + 0x10000000;

	rig_new();
	handshake(100, 500);
	put(TO_CLIENT, 501, "x");
	CHECK_EQ(send_raw(TO_SERVER, far, 502, ACK, "aaaa", 4), STREAM_IGNORED);
	send_raw(TO_CLIENT, 502, far + 4, ACK, "", 0); /* the receiver took it: we missed a lot */
	CHECK_EQ(send_raw(TO_SERVER, far + 4, 502, ACK, "bbbb", 4), STREAM_TAKEN);
	CHECK_STR(got(TO_SERVER), "bbbb");
	CHECK_EQ(rig.gaps[TO_SERVER], 1);

	rig_new(); /* one-sided: some contiguous segments */
	put(TO_SERVER, 101, "start");
	put(TO_SERVER, far, "11");
	put(TO_SERVER, far + 2, "22");
	put(TO_SERVER, far + 4, "33");
	CHECK_STR(got(TO_SERVER), "start33");

	rig_new(); /* a loss that was told */
	put(TO_SERVER, 101, "start");
	stream_expect_gap(rig.stream);
	put(TO_SERVER, far, "11");
	CHECK_STR(got(TO_SERVER), "start11");
	CHECK_EQ(rig.gaps[TO_SERVER], 1);
}

static void syn_data(void)
{
	rig_new(); /* Fast Open: accepted */
	send_raw(TO_SERVER, 100, 0, SYN, "early", 5);
	CHECK_EQ(rig.len[TO_SERVER], 0);
	send_raw(TO_CLIENT, 500, 106, SYN | ACK, "", 0);
	CHECK_STR(got(TO_SERVER), "early");
	put(TO_SERVER, 106, " bird");
	CHECK_STR(got(TO_SERVER), "early bird");

	rig_new(); /* not accepted: what is sent afterwards counts */
	send_raw(TO_SERVER, 100, 0, SYN, "decoy", 5);
	send_raw(TO_CLIENT, 500, 101, SYN | ACK, "", 0);
	put(TO_SERVER, 101, "truth");
	CHECK_STR(got(TO_SERVER), "truth");

	rig_new(); /* one-sided */
	send_raw(TO_SERVER, 100, 0, SYN, "early", 5);
	put(TO_SERVER, 106, " bird");
	CHECK_STR(got(TO_SERVER), "early bird");
	rig_new();
	send_raw(TO_SERVER, 100, 0, SYN, "decoy", 5);
	put(TO_SERVER, 101, "truth");
	CHECK_STR(got(TO_SERVER), "truth");
	/* Nothing shows whether it was accepted: it was, if the sender had a cookie. */
	for (int cookie = 0; cookie < 2; cookie++) {
		rig_new();
		memcpy(rig.header + 20,
		       cookie ? "\x22\x06"
				"abcd"
			      : "\1\1\1\1\1\1",
		       6);
		send_raw(TO_SERVER, 100, 0, SYN, "alone", 5);
		drain(true);
		CHECK_STR(got(TO_SERVER), cookie ? "alone" : "");
	}
}

static void reuse_of_the_tuple(void)
{
	rig_new();
	handshake(100, 500);
	put(TO_SERVER, 101, "old");
	CHECK_EQ(send_raw(TO_SERVER, 0x40000000, 0, SYN, "", 0), STREAM_IGNORED);
	CHECK_EQ(send_raw(TO_CLIENT, 900, 5, SYN | ACK, "", 0), STREAM_IGNORED);
	CHECK_EQ(send_raw(TO_CLIENT, 900, 0x40000001, SYN | ACK, "", 0), STREAM_REOPENED);

	rig_new(); /* one-sided: data of the new connection shows it */
	send_raw(TO_SERVER, 100, 0, SYN, "", 0);
	put(TO_SERVER, 101, "old");
	send_raw(TO_SERVER, 0x40000000, 0, SYN, "", 0);
	CHECK_EQ(put(TO_SERVER, 0x40000001, "new"), STREAM_REOPENED);

	rig_new(); /* the server's end of an older connection challenges the SYN; its answer comes after that
		      is reset */
	send_raw(TO_SERVER, 100, 0, SYN, "", 0);
	CHECK_EQ(send_raw(TO_CLIENT, 900, 0x70000000, ACK, "", 0), STREAM_IGNORED);
	CHECK_EQ(send_raw(TO_SERVER, 0x70000000, 0, RST, "", 0), STREAM_IGNORED);
	send_raw(TO_SERVER, 100, 0, SYN, "", 0);
	CHECK_EQ(send_raw(TO_CLIENT, 0x10000000, 101, SYN | ACK, "", 0), STREAM_TAKEN);
	put(TO_SERVER, 101, "ask");
	CHECK_EQ(put(TO_CLIENT, 0x10000001, "say"), STREAM_TAKEN);
	CHECK_STR(got(TO_SERVER), "ask");
	CHECK_STR(got(TO_CLIENT), "say");

	rig_new(); /* after the end a SYN is enough */
	handshake(100, 500);
	send_raw(TO_CLIENT, 501, 0, RST, "", 0);
	CHECK_EQ(send_raw(TO_SERVER, 7, 0, SYN, "", 0), STREAM_REOPENED);
}

static void long_streams_keep_a_window(void)
{
	static char block[65000];
	uint32_t seq = 0xfffff000;

	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = (char)(i * 7);
	rig_new();
	put(TO_SERVER, seq, "");
	for (int i = 0; i < 600; i++) {
		uint32_t len = (uint32_t)(1 + i * 7919 % 1448);

		rig.len[TO_SERVER] = 0;
		send_raw(TO_SERVER, seq, 0, ACK, block + i, len);
		CHECK_EQ(rig.len[TO_SERVER], len);
		seq += len;
	}
	rig.len[TO_SERVER] = 0;
	send_raw(TO_SERVER, seq, 0, ACK, block, sizeof(block)); /* a super-packet */
	CHECK_EQ(rig.len[TO_SERVER], sizeof(block));
	CHECK(stream_memory(rig.stream) < 300000);
	stream_mute(rig.stream);
	rig.len[TO_SERVER] = 0;
	send_raw(TO_SERVER, seq + 65000, 0, ACK, block, 100);
	CHECK_EQ(rig.len[TO_SERVER], 100);
	CHECK(stream_memory(rig.stream) < 1000);
}

static void paused_streams_keep_no_window(void)
{
	struct span tail;
	uint64_t offset;

	rig_new();
	put(TO_SERVER, 101, "before");
	stream_pause(rig.stream, TO_SERVER, true);
	put(TO_SERVER, 107, "meanwhile");
	stream_tail(rig.stream, TO_SERVER, &tail, &offset);
	CHECK_EQ(tail.len, 0);
	stream_pause(rig.stream, TO_SERVER, false);
	put(TO_SERVER, 116, "after");
	stream_tail(rig.stream, TO_SERVER, &tail, &offset);
	CHECK_EQ(tail.len, 5);
	CHECK_EQ(offset, 15);
	CHECK_STR(got(TO_SERVER), "beforemeanwhileafter");
}

/*
 * Random pieces that overlap and differ, against a model that decides byte by byte: every policy must
 * give what its table says, whatever the cuts that the list of segments went through.
 */
static void policies(void)
{
	enum { SPAN = 40 };
	uint32_t seed = 1;

	for (unsigned int policy = 0; policy < OVERLAP_POLICY_MAX; policy++)
		for (unsigned int round = 0; round < 300; round++) {
			char model[SPAN + 1] = "", piece[SPAN];
			int from[SPAN], to[SPAN];

			rig_new();
			stream_set_policy(rig.stream, TO_SERVER, (enum overlap_policy)policy);
			handshake(100, 500);
			for (unsigned int k = 0; k < 8; k++) {
				int begin, end;

				seed = seed * 1103515245 + 12345;
				begin = 1 + (int)(seed >> 16) % (SPAN - 2);
				seed = seed * 1103515245 + 12345;
				end = begin + 1 + (int)(seed >> 16) % 12;
				end = end > SPAN - 1 ? SPAN - 1 : end;
				if (k == 0) /* everything is there once */
					begin = 1, end = SPAN - 1;
				if (k == 0 && round & 1) /* or comes last, with what was there before */
					end = 2;
				memset(piece, 'a' + (int)k, sizeof(piece));
				for (int i = begin; i < end; i++) {
					if (model[i] && !overlap_segment_wins((enum overlap_policy)policy,
									      begin - from[i], end - to[i]))
						continue;
					model[i] = (char)('a' + (int)k);
					from[i] = begin;
					to[i] = end;
				}
				send_raw(TO_SERVER, 101 + (uint32_t)begin, 501, ACK, piece,
					 (size_t)(end - begin));
			}
			model[0] = '!';
			send_raw(TO_SERVER, 101, 501, ACK, "!", 1);
			drain(true);
			for (int i = 0, n = 0; i < SPAN; i++) {
				if (!model[i])
					continue;
				if (!CHECK(rig.got[TO_SERVER][n] == model[i],
					   "%s round %u byte %d: %c, not %c",
					   overlap_policy_name((enum overlap_policy)policy), round, i,
					   rig.got[TO_SERVER][n], model[i]))
					return;
				n++;
			}
		}
}

/* The in-order segment gives way too where the receiver keeps what came first. */
static void first_policy_in_order(void)
{
	rig_new();
	stream_set_policy(rig.stream, TO_SERVER, OVERLAP_FIRST);
	handshake(100, 500);
	put(TO_SERVER, 103, "CD");
	put(TO_SERVER, 101, "abcdef");
	CHECK_STR(got(TO_SERVER), "abCDef");
	CHECK(event_list_has(stream_events(rig.stream), EVENT_STREAM_REASSEMBLY_OVERLAP_DIFFERENT_DATA));
}

static void stamp(enum direction dir, uint32_t seq, uint32_t ack, uint32_t tsval, uint32_t tsecr, uint8_t ttl,
		  uint8_t flags, const char *text)
{
	struct packet packet = {.time_us = rig.now,
				.seq = seq,
				.ack = ack,
				.tcp_flags = flags,
				.window = 8192,
				.ttl = ttl,
				.has_timestamp = tsval || tsecr,
				.tsval = tsval,
				.tsecr = tsecr,
				.payload = {(const uint8_t *)text, (uint32_t)strlen(text)},
				.l4_header = {rig.header, 20}};

	stream_add(rig.stream, &packet, dir);
	drain(false);
}

/* A segment older than what the receiver echoed is dropped there and here; what senders claim moves
 * nothing. */
static void old_timestamps(void)
{
	rig_new();
	handshake(100, 500);
	stamp(TO_SERVER, 101, 501, 1000, 1, 64, ACK, "ab");
	stamp(TO_CLIENT, 501, 103, 1, 1000, 64, ACK, "");
	stamp(TO_SERVER, 103, 501, 900, 1, 64, ACK, "XX");
	CHECK_STR(got(TO_SERVER), "ab");
	CHECK(event_list_has(stream_events(rig.stream), EVENT_STREAM_PKT_INVALID_TIMESTAMP));
	stamp(TO_SERVER, 103, 501, 0x80000000, 1, 64, ACK, "");
	stamp(TO_SERVER, 103, 501, 1001, 1, 64, ACK, "cd");
	CHECK_STR(got(TO_SERVER), "abcd");
	/* Wraps. */
	stamp(TO_CLIENT, 501, 105, 1, 0xfffffff0, 64, ACK, "");
	stamp(TO_SERVER, 105, 501, 5, 1, 64, ACK, "ef");
	CHECK_STR(got(TO_SERVER), "abcdef");
}

/* What the receiver acknowledges it took, whatever the timestamp; until then other bytes in its place hold.
 */
static void doubted_segments(void)
{
	rig_new();
	handshake(100, 500);
	stamp(TO_SERVER, 101, 501, 1000, 1, 64, ACK, "ab");
	stamp(TO_CLIENT, 501, 103, 1, 1000, 64, ACK, "");
	stamp(TO_SERVER, 103, 501, 3, 1, 64, ACK, "cd");
	stamp(TO_SERVER, 105, 501, 5, 1, 64, ACK | FIN, "ef");
	CHECK_STR(got(TO_SERVER), "ab");
	CHECK(stream_memory(rig.stream) > sizeof(void *) * 4);
	stamp(TO_CLIENT, 501, 105, 1, 1000, 64, ACK, "");
	CHECK_STR(got(TO_SERVER), "abcd");
	CHECK_EQ(rig.lasts[TO_SERVER], 0);
	stamp(TO_CLIENT, 501, 108, 1, 1000, 64, ACK | FIN, "");
	CHECK_STR(got(TO_SERVER), "abcdef");
	CHECK_EQ(rig.lasts[TO_SERVER], 1);
	CHECK_EQ(rig.gaps[TO_SERVER], 0);
	CHECK(!stream_over(rig.stream));
	stamp(TO_SERVER, 108, 502, 1000, 1, 64, ACK, "");
	CHECK(stream_over(rig.stream));

	/* The insertion comes first, behind a hole: what was taken is what came with a sound timestamp. */
	rig_new();
	handshake(100, 500);
	stamp(TO_CLIENT, 501, 101, 1, 1000, 64, ACK, "");
	stamp(TO_SERVER, 101, 501, 3, 1, 64, ACK, "XXXX");
	stamp(TO_SERVER, 103, 501, 1001, 1, 64, ACK, "cd");
	stamp(TO_SERVER, 101, 501, 1002, 1, 64, ACK, "ab");
	stamp(TO_CLIENT, 501, 105, 1, 1002, 64, ACK, "");
	CHECK_STR(got(TO_SERVER), "abcd");
	CHECK(!event_list_has(stream_events(rig.stream), EVENT_STREAM_REASSEMBLY_OVERLAP_DIFFERENT_DATA));

	/* It is bounded. */
	rig_new();
	handshake(100, 500);
	stamp(TO_CLIENT, 501, 101, 1, 1000, 64, ACK, "");
	for (uint32_t i = 0; i < 1000; i++)
		stamp(TO_SERVER, 101 + i, 501, 3, 1, 64, ACK, "0123456789");
	CHECK(stream_memory(rig.stream) < 16384);
	stamp(TO_SERVER, 101, 501, 1001, 1, 64, ACK, "ab");
	stamp(TO_CLIENT, 501, 103, 1, 1001, 64, ACK, "");
	CHECK_STR(got(TO_SERVER), "ab");
}

/* A reset that dies on its way to the receiver ends nothing. */
static void short_lived_reset(void)
{
	rig_new();
	handshake(100, 500);
	stamp(TO_SERVER, 101, 501, 0, 0, 60, ACK, "ab");
	stamp(TO_SERVER, 103, 501, 0, 0, 50, RST, "");
	CHECK(!stream_closed(rig.stream));
	CHECK(event_list_has(stream_events(rig.stream), EVENT_STREAM_RST_INVALID_ACK));
	stamp(TO_SERVER, 103, 501, 0, 0, 60, RST, "");
	CHECK(stream_closed(rig.stream));
}

/* The urgent byte is not in the stream; the bytes around it are, whatever the order. */
static void urgent(void)
{
	rig_new();
	handshake(100, 500);
	rig.header[19] = 3;
	send_raw(TO_SERVER, 101, 501, ACK | 32, "abXcd", 5);
	CHECK_STR(got(TO_SERVER), "abcd");
	rig.header[19] = 1;
	send_raw(TO_SERVER, 108, 501, ACK | 32, "Yg", 2);
	rig.header[19] = 0;
	put(TO_SERVER, 106, "ef");
	put(TO_SERVER, 110, "h");
	CHECK_STR(got(TO_SERVER), "abcdefgh");
	CHECK_EQ(rig.gaps[TO_SERVER], 0);
	rig.header[19] = 9; /* beyond the segment: names nothing here */
	send_raw(TO_SERVER, 111, 501, ACK | 32, "ij", 2);
	CHECK_STR(got(TO_SERVER), "abcdefghij");
}

static void repeats(void)
{
	rig_new();
	handshake(100, 500);
	put(TO_SERVER, 101, "ab");
	put(TO_SERVER, 101, "ab");
	CHECK(event_list_has(stream_events(rig.stream), EVENT_STREAM_PKT_RETRANSMISSION));
	send_raw(TO_CLIENT, 501, 103, ACK, "", 0);
	put(TO_SERVER, 101, "ab");
	CHECK(event_list_has(stream_events(rig.stream), EVENT_STREAM_PKT_SPURIOUS_RETRANSMISSION));
	CHECK_STR(got(TO_SERVER), "ab");
}

/* Each SYN that comes again, by what was there before: who sends it, with which number and acknowledgement.
 */
static void syns_again(void)
{
	static const struct {
		unsigned int steps; /* of the handshake before it */
		enum direction dir;
		uint32_t seq, ack;
		uint8_t flags;
		enum app_event event;
	} rows[] = {
		{1, TO_SERVER, 100, 0, SYN, EVENT_NONE},
		{1, TO_SERVER, 7, 501, SYN | ACK, EVENT_STREAM_3WHS_SYNACK_IN_WRONG_DIRECTION},
		{2, TO_SERVER, 7, 0, SYN, EVENT_STREAM_3WHS_SYN_RESEND_DIFF_SEQ_ON_SYN_RECV},
		{2, TO_SERVER, 7, 501, SYN | ACK, EVENT_STREAM_3WHS_SYNACK_TOSERVER_ON_SYN_RECV},
		{2, TO_CLIENT, 7, 0, SYN, EVENT_STREAM_3WHS_SYN_TOCLIENT_ON_SYN_RECV},
		{2, TO_CLIENT, 500, 101, SYN | ACK, EVENT_NONE},
		{2, TO_CLIENT, 500, 9, SYN | ACK, EVENT_STREAM_3WHS_SYNACK_RESEND_WITH_DIFF_ACK},
		{2, TO_CLIENT, 7, 101, SYN | ACK, EVENT_STREAM_3WHS_SYNACK_RESEND_WITH_DIFF_SEQ},
		{3, TO_SERVER, 100, 0, SYN, EVENT_STREAM_EST_SYN_RESEND},
		{3, TO_SERVER, 7, 0, SYN, EVENT_STREAM_EST_SYN_RESEND_DIFF_SEQ},
		{3, TO_SERVER, 7, 501, SYN | ACK, EVENT_STREAM_EST_SYNACK_TOSERVER},
		{3, TO_CLIENT, 7, 0, SYN, EVENT_STREAM_EST_SYN_TOCLIENT},
		{3, TO_CLIENT, 500, 101, SYN | ACK, EVENT_NONE},
		{4, TO_CLIENT, 500, 101, SYN | ACK, EVENT_STREAM_EST_SYNACK_RESEND},
		{3, TO_CLIENT, 500, 9, SYN | ACK, EVENT_STREAM_EST_SYNACK_RESEND_WITH_DIFF_ACK},
		{3, TO_CLIENT, 7, 101, SYN | ACK, EVENT_STREAM_EST_SYNACK_RESEND_WITH_DIFF_SEQ},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct event_list *events;

		rig_new();
		send_raw(TO_SERVER, 100, 0, SYN, "", 0);
		if (rows[i].steps > 1)
			send_raw(TO_CLIENT, 500, 101, SYN | ACK, "", 0);
		if (rows[i].steps > 2)
			send_raw(TO_SERVER, 101, 501, ACK, "", 0);
		if (rows[i].steps > 3)
			send_raw(TO_CLIENT, 501, 101, ACK, "", 0);
		send_raw(rows[i].dir, rows[i].seq, rows[i].ack, rows[i].flags, "", 0);
		events = stream_events(rig.stream);
		if (rows[i].event == EVENT_NONE)
			CHECK(!events->count, "row %zu: event %u", i, events->events[0]);
		else
			CHECK(events->count == 1 && events->events[0] == rows[i].event,
			      "row %zu: %u events, %u", i, events->count, events->events[0]);
	}
}

/* Many SYNs with other numbers and no answer; the same one again is none of them. */
static void syn_flood(void)
{
	const struct event_list *events;

	rig_new();
	for (uint32_t i = 0; i < 11; i++)
		send_raw(TO_SERVER, 100 + 7 * i, 0, SYN, "", 0);
	for (uint32_t i = 0; i < 11; i++)
		send_raw(TO_SERVER, 100 + 7 * 10, 0, SYN, "", 0);
	events = stream_events(rig.stream);
	CHECK_EQ(events->count, 0);
	send_raw(TO_SERVER, 7, 0, SYN, "", 0);
	CHECK(event_list_has(events, EVENT_STREAM_3WHS_SYN_FLOOD));
}

/* A reset behind which its sender goes on was not its sender's. */
static void reset_by_another(void)
{
	const struct event_list *events;

	rig_new();
	handshake(100, 500);
	events = stream_events(rig.stream);
	send_raw(TO_SERVER, 101, 501, RST | ACK, "", 0);
	send_raw(TO_CLIENT, 501, 101, ACK, "", 0);
	send_raw(TO_SERVER, 101, 501, RST, "", 0);
	CHECK(!event_list_has(events, EVENT_STREAM_SUSPECTED_RST_INJECT));
	put(TO_SERVER, 101, "ab");
	CHECK(event_list_has(events, EVENT_STREAM_SUSPECTED_RST_INJECT));
	CHECK_STR(got(TO_SERVER), "ab");
}

/* An answer to a SYN that echoes a time nobody sent changes nothing, be it a reset or an end. */
static void forged_echo(void)
{
	for (unsigned int i = 0; i < 4; i++) {
		static const uint8_t flags[] = {RST | ACK, FIN | ACK};
		bool stamped = i & 1;

		rig_new();
		stamp(TO_SERVER, 100, 0, stamped ? 1000 : 0, 0, 64, SYN, "");
		stamp(TO_SERVER, 100, 0, stamped ? 1010 : 0, 0, 64, SYN, "");
		stamp(TO_CLIENT, 0, 101, 5, 999, 64, flags[i / 2], "");
		CHECK(event_list_has(stream_events(rig.stream), EVENT_STREAM_PKT_INVALID_TIMESTAMP));
		CHECK(!stream_closing(rig.stream) && !stream_closed(rig.stream));
		stamp(TO_CLIENT, 500, 101, stamped ? 5 : 0, stamped ? 1000 : 0, 64, SYN | ACK, "");
		stamp(TO_SERVER, 101, 501, stamped ? 1020 : 0, stamped ? 5 : 0, 64, ACK, "ab");
		stamp(TO_CLIENT, 501, 103, stamped ? 6 : 0, stamped ? 1020 : 0, 64, ACK, "cd");
		CHECK_STR(got(TO_SERVER), "ab");
		CHECK_STR(got(TO_CLIENT), "cd");
	}
	/* The answer to any of the tries, and one that echoes nothing, are the receiver's. */
	for (unsigned int echo = 1000; echo <= 1010; echo += 5) {
		rig_new();
		stamp(TO_SERVER, 100, 0, 1000, 0, 64, SYN, "");
		stamp(TO_SERVER, 100, 0, 1010, 0, 64, SYN, "");
		stamp(TO_CLIENT, 0, 101, 5, echo == 1005 ? 0 : echo, 64, RST | ACK, "");
		CHECK(stream_closed(rig.stream));
	}
}

/* The receiver's clock may have gone on since its SYN, or it reads no timestamps: what it may have taken is
 * looked at. */
static void odd_echo_of_data(void)
{
	for (unsigned int stamped = 0; stamped < 2; stamped++) {
		rig_new();
		stamp(TO_SERVER, 100, 0, stamped ? 1000 : 0, 0, 64, SYN, "");
		stamp(TO_CLIENT, 500, 101, 5, 1001, 64, SYN | ACK, "");
		stamp(TO_SERVER, 101, 501, stamped ? 1020 : 0, stamped ? 5 : 0, 64, ACK, "ab");
		stamp(TO_CLIENT, 501, 103, 6, 1020, 64, ACK, "cd");
		CHECK_STR(got(TO_SERVER), "ab");
		CHECK_STR(got(TO_CLIENT), "cd");
		/* The SYN+ACK was not captured. */
		rig_new();
		stamp(TO_SERVER, 100, 0, stamped ? 1000 : 0, 0, 64, SYN, "");
		stamp(TO_SERVER, 101, 501, stamped ? 1020 : 0, stamped ? 5 : 0, 64, ACK, "ab");
		stamp(TO_CLIENT, 501, 103, 6, 1020, 64, FIN | ACK, "cd");
		CHECK_STR(got(TO_SERVER), "ab");
		CHECK_STR(got(TO_CLIENT), "cd");
	}
}

int main(void)
{
	static const struct ktap_test tests[] = {
		TEST(split_at_every_byte),
		TEST(every_order_of_four),
		TEST(overlaps),
		TEST(policies),
		TEST(first_policy_in_order),
		TEST(old_timestamps),
		TEST(doubted_segments),
		TEST(short_lived_reset),
		TEST(urgent),
		TEST(repeats),
		TEST(midstream_and_one_sided),
		TEST(gap_waits_for_the_receiver),
		TEST(pending_is_bounded),
		TEST(reset_must_be_exact),
		TEST(fin_counts_when_acknowledged),
		TEST(insertion_is_ignored),
		TEST(far_jump_needs_evidence),
		TEST(syn_data),
		TEST(syns_again),
		TEST(syn_flood),
		TEST(reset_by_another),
		TEST(forged_echo),
		TEST(odd_echo_of_data),
		TEST(reuse_of_the_tuple),
		TEST(long_streams_keep_a_window),
		TEST(paused_streams_keep_no_window),
	};
	int status = ktap_run(tests, sizeof(tests) / sizeof(tests[0]));

	stream_free(rig.stream);
	return status;
}
