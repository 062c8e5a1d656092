// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * packet_check - what is odd about headers, by name; sound packets have nothing.
 */
#include "core/flow/packet_check.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "lib/ktap.h"

struct frame {
	uint8_t bytes[256];
	size_t len;
};

/* An IPv4 header with options, of a packet that carries payload. */
static struct frame ip4(uint8_t proto, const void *options, size_t options_len, const void *payload,
			size_t payload_len)
{
	struct frame frame = {.len = 20 + options_len + payload_len};
	static const uint8_t head[20] = {0x45, 0, 0, 0, 0, 1, 0, 0, 64, 0, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2};

	memcpy(frame.bytes, head, 20);
	frame.bytes[0] = (uint8_t)(0x40 | (5 + options_len / 4));
	frame.bytes[3] = (uint8_t)frame.len;
	frame.bytes[9] = proto;
	memcpy(frame.bytes + 20, options, options_len);
	memcpy(frame.bytes + 20 + options_len, payload, payload_len);
	return frame;
}

static struct frame ip6(uint8_t next, uint8_t hops, const void *payload, size_t payload_len)
{
	struct frame frame = {.bytes = {0x60, 0, 0, 0, 0, (uint8_t)payload_len, next, hops},
			      .len = 40 + payload_len};

	frame.bytes[8] = frame.bytes[24] = 0xfd;
	frame.bytes[23] = 1;
	frame.bytes[39] = 2;
	memcpy(frame.bytes + 40, payload, payload_len);
	return frame;
}

/* The frame at exactly its size, so that a sanitizer sees reads beyond it. */
static struct event_list events_of(const struct frame *frame)
{
	uint8_t *copy = malloc(frame->len ? frame->len : 1);
	struct packet packet;

	memcpy(copy, frame->bytes, frame->len);
	packet_decode_ip(copy, frame->len, &packet);
	free(copy);
	return packet.events;
}

#define CHECK_EVENT(frame_, event)                                                                           \
	do {                                                                                                 \
		struct frame f_ = (frame_);                                                                  \
		struct event_list e_ = events_of(&f_);                                                       \
		CHECK(event_list_has(&e_, EVENT_DECODER_##event), #event);                                   \
	} while (0)
#define CHECK_SOUND(frame_)                                                                                  \
	do {                                                                                                 \
		struct frame f_ = (frame_);                                                                  \
		struct event_list e_ = events_of(&f_);                                                       \
		CHECK(!e_.count, "%s", e_.count ? app_event_infos[e_.events[0]].name : "");                  \
	} while (0)

#define TCP_HEAD(words)		    "\x04\x00\x00\x50\0\0\0\1\0\0\0\0" words "\x02\x10\0\0\0\0\0"
#define ECHO			    "\x08\0\0\0\0\1\0\1"
#define V4(proto, options, payload) ip4(proto, options, sizeof(options) - 1, payload, sizeof(payload) - 1)
#define V6(next, payload)	    ip6(next, 64, payload, sizeof(payload) - 1)

static void ip4_options(void)
{
	CHECK_SOUND(V4(1, "", ECHO));
	CHECK_SOUND(V4(1, "\x07\x07\x04\0\0\0\0\0", ECHO));
	CHECK_SOUND(V4(1, "\x94\x04\0\0\x01\x01\x01\x00", ECHO));
	CHECK_EVENT(V4(1, "\x94\x04\0\0", ECHO), IPV4_OPT_PAD_REQUIRED);
	CHECK_EVENT(V4(1, "\x07\x07\x05\0\0\0\0\0", ECHO), IPV4_OPT_MALFORMED);
	CHECK_EVENT(V4(1, "\x07\x20\x04\0\0\0\0\0", ECHO), IPV4_OPT_INVALID_LEN);
	CHECK_EVENT(V4(1, "\x94\x05\0\0\0\0\0\0", ECHO), IPV4_OPT_INVALID_LEN);
	CHECK_EVENT(V4(1, "\x07\x01\0\0\0\0\0\0", ECHO), IPV4_OPT_INVALID_LEN);
	CHECK_EVENT(V4(1, "\x94\x04\0\0\x94\x04\0\0", ECHO), IPV4_OPT_DUPLICATE);
	CHECK_EVENT(V4(1, "\x63\x04\0\0\x01\x01\x01\x00", ECHO), IPV4_OPT_INVALID);
	CHECK_EVENT(V4(1, "\x01\x01\x01\x01\x01\x01\x01\x94", ECHO), IPV4_OPT_EOL_REQUIRED);
}

static void ip4_heads(void)
{
	struct frame frame = V4(1, "", ECHO);

	frame.len = 19;
	CHECK_EVENT(frame, IPV4_PKT_TOO_SMALL);
	frame = V4(1, "", ECHO);
	frame.bytes[0] = 0x44;
	CHECK_EVENT(frame, IPV4_HLEN_TOO_SMALL);
	frame = V4(1, "", ECHO);
	frame.bytes[3] = 19;
	CHECK_EVENT(frame, IPV4_IPLEN_SMALLER_THAN_HLEN);
	frame.bytes[3] = 200;
	CHECK_EVENT(frame, IPV4_TRUNC_PKT);
	CHECK_EVENT(V4(58, "", ECHO), IPV4_ICMPV6);
	CHECK_EVENT(V4(6, "", "short"), TCP_PKT_TOO_SMALL);
	CHECK_EVENT(V4(17, "", "short"), UDP_HLEN_TOO_SMALL);
	CHECK_EVENT(V4(17, "", "\0\1\0\2\0\7\0\0"), UDP_LEN_INVALID);
	CHECK_EVENT(V4(17, "", "\0\1\0\2\0\x20\0\0"), UDP_PKT_TOO_SMALL);
}

static void tcp(void)
{
	CHECK_SOUND(V4(6, "", TCP_HEAD("\x50")));
	CHECK_SOUND(V4(6, "", TCP_HEAD("\x80") "\x01\x01\x08\x0a\0\0\0\1\0\0\0\2"));
	CHECK_EVENT(V4(6, "", TCP_HEAD("\x40")), TCP_INVALID_OPTLEN);
	CHECK_EVENT(V4(6, "", TCP_HEAD("\x60")), TCP_HLEN_TOO_SMALL);
	CHECK_EVENT(V4(6, "", TCP_HEAD("\x60") "\x02\x03\0\0"), TCP_OPT_INVALID_LEN);
	CHECK_EVENT(V4(6, "", TCP_HEAD("\x60") "\x01\x01\x01\x08"), TCP_OPT_INVALID_LEN);
	CHECK_EVENT(V4(6, "", TCP_HEAD("\x70") "\x03\x03\1\x03\x03\1\0\0"), TCP_OPT_DUPLICATE);
}

static void icmp(void)
{
	CHECK_EVENT(V4(1, "", "\x08\1\0\0\0\1\0\1"), ICMPV4_UNKNOWN_CODE);
	CHECK_EVENT(V4(1, "", "\x2c\0\0\0\0\1\0\1"), ICMPV4_UNKNOWN_TYPE);
	CHECK_EVENT(V4(1, "", "\x03\1\0\0\0\0\0\0short"), ICMPV4_IPV4_TRUNC_PKT);
	CHECK_EVENT(V4(1, "", "\x03\1\0\0\0\0\0\0\x65                   "), ICMPV4_IPV4_UNKNOWN_VER);
	CHECK_SOUND(V6(58, "\x80\0\0\0\0\1\0\1"));
	CHECK_EVENT(V6(58, "\x80\1\0\0\0\1\0\1"), ICMPV6_UNKNOWN_CODE);
	CHECK_EVENT(V6(58, "\x65\0\0\0\0\1\0\1"), ICMPV6_EXPERIMENTATION_TYPE);
	CHECK_EVENT(V6(58, "\x06\0\0\0\0\1\0\1"), ICMPV6_UNASSIGNED_TYPE);
	CHECK_EVENT(V6(58, "\x83\0\0\0\0\1\0\1"), ICMPV6_MLD_MESSAGE_WITH_INVALID_HL);
	CHECK_SOUND(ip6(58, 1, "\x83\0\0\0\0\1\0\1", 8));
	CHECK_EVENT(V6(58, "\x01\0\0\0\0\0\0\0short"), ICMPV6_IPV6_TRUNC_PKT);
	CHECK_EVENT(V6(1, ECHO), IPV6_ICMPV4);
}

#define ECHO6 "\x80\0\0\0\0\1\0\1"

static void ip6_extensions(void)
{
	CHECK_SOUND(V6(0, "\x3a\0\x05\x02\0\0\0\0" ECHO6));
	CHECK_EVENT(V6(0, "\x3a\0\x01\x04\0\0\0\0" ECHO6), IPV6_HOPOPTS_ONLY_PADDING);
	CHECK_EVENT(V6(60, "\x3a\0\x01\x04\0\0\0\0" ECHO6), IPV6_DSTOPTS_ONLY_PADDING);
	CHECK_EVENT(V6(0, "\x3a\0\x1e\x04\0\0\0\0" ECHO6), IPV6_HOPOPTS_UNKNOWN_OPT);
	CHECK_EVENT(V6(60, "\x3a\0\x1e\x04\0\0\0\0" ECHO6), IPV6_DSTOPTS_UNKNOWN_OPT);
	CHECK_EVENT(V6(0, "\x3a\0\x01\x00\x05\x02\0\0" ECHO6), IPV6_ZERO_LEN_PADN);
	CHECK_EVENT(V6(0, "\x3a\0\x01\x09\0\0\0\0" ECHO6), IPV6_EXTHDR_INVALID_OPTLEN);
	CHECK_EVENT(V6(0, "\0\0\x05\x02\0\0\x01\0\x3a\0\x05\x02\0\0\x01\0" ECHO6), IPV6_EXTHDR_DUPL_HH);
	CHECK_EVENT(V6(60, "\x3c\0\x05\x02\0\0\x01\0\x3c\0\x05\x02\0\0\x01\0\x3a\0\x05\x02\0\0\x01\0" ECHO6),
		    IPV6_EXTHDR_DUPL_DH);
	CHECK_EVENT(V6(43, "\x3a\0\0\0\0\0\0\0" ECHO6), IPV6_RH_TYPE_0);
	CHECK_EVENT(V6(43, "\x2b\0\4\0\0\0\0\0\x3a\0\4\0\0\0\0\0" ECHO6), IPV6_EXTHDR_DUPL_RH);
	CHECK_EVENT(V6(44, "\x3a\0\0\0\0\0\0\1" ECHO6), IPV6_EXTHDR_USELESS_FH);
	CHECK_EVENT(V6(44, "\x3a\1\0\1\0\0\0\1" ECHO6), IPV6_FH_NON_ZERO_RESERVED_FIELD);
	CHECK_EVENT(V6(44, "\x2c\0\0\0\0\0\0\1\x3a\0\0\0\0\0\0\1" ECHO6), IPV6_EXTHDR_DUPL_FH);
	CHECK_EVENT(V6(44, "\x3a\0\0\1\0\0\0\1" ECHO6 "x"), IPV6_FRAG_INVALID_LENGTH);
	CHECK_EVENT(V6(51, "\x3a\1\0\1\0\0\0\0\0\0\0\0" ECHO6), IPV6_EXTHDR_AH_RES_NOT_NULL);
	CHECK_EVENT(V6(0, "\x3a\x09\x01\x04\0\0\0\0" ECHO6), IPV6_TRUNC_EXTHDR);
	CHECK_EVENT(V6(44, "\x3a\0\0\0\0\0\0\1x"), IPV6_TRUNC_EXTHDR);
	CHECK_EVENT(V6(59, "x"), IPV6_DATA_AFTER_NONE_HEADER);
	CHECK_EVENT(V6(253, "x"), IPV6_UNKNOWN_NEXT_HEADER);
}

/* Every prefix of every frame, and every byte changed: nothing is read beyond the end. */
static void cut_and_changed(void)
{
	const struct frame frames[] = {
		V4(1, "\x07\x07\x04\0\0\0\0\0", ECHO),
		V4(6, "", TCP_HEAD("\x80") "\x01\x01\x08\x0a\0\0\0\1\0\0\0\2"),
		V6(0, "\x3c\0\x05\x02\0\0\x01\0\x2b\0\x05\x02\0\0\x01\0\x3a\0\4\0\0\0\0\0" ECHO6),
	};

	for (unsigned int i = 0; i < ARRAY_LEN(frames); i++) {
		for (size_t len = 0; len <= frames[i].len; len++) {
			struct frame frame = frames[i];

			frame.len = len;
			events_of(&frame);
		}
		for (size_t at = 0; at < frames[i].len; at++)
			for (unsigned int value = 0; value < 256; value++) {
				struct frame frame = frames[i];

				frame.bytes[at] = (uint8_t)value;
				events_of(&frame);
			}
	}
}

static const struct ktap_test tests[] = {TEST(ip4_options), TEST(ip4_heads),	  TEST(tcp),
					 TEST(icmp),	    TEST(ip6_extensions), TEST(cut_and_changed)};
KTAP_MAIN(tests)
