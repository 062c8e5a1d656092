/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rule.h - one parsed rule: the inside of a ruleset, shared by the parser
 * that writes it and the matcher that only reads it.
 */
#ifndef CORE_RULE_H
#define CORE_RULE_H

#include "range_set.h"
#include "ruleset.h"
#include "core/app/tx.h"

#define RULE_NODES_MAX	    160 /* contents, pcres and so on in one rule */
#define RULE_LISTS_MAX	    24	/* buffers that one rule looks at */
#define RULE_VARIABLES_MAX  16	/* names made by byte_extract and byte_math */
#define RULE_TRANSFORMS_MAX 6
#define RULE_TESTS_MAX	    32
#define RULE_STATES_MAX	    16 /* flowbits, flowint and xbits options */
#define RULE_CONTENT_MAX    4096u

/* A number, or the value of an extracted variable and a number added to it. */
struct rule_number {
	int64_t value;
	int8_t variable; /* index, -1: value alone holds */
};

enum rule_node_kind {
	NODE_CONTENT,
	NODE_PCRE,
	NODE_BYTE_TEST,
	NODE_BYTE_JUMP,
	NODE_BYTE_EXTRACT,
	NODE_BYTE_MATH,
	NODE_ISDATAAT,
	NODE_SIZE,
	NODE_ABSENT,
	NODE_BASE64,
	NODE_ASN1,
	NODE_DATASET,
	NODE_NUMBER, /* the buffer is a number of 4 bytes, the first the most significant */
};

struct node_content {
	const uint8_t *data; /* lower case when nocase */
	uint16_t len;
	uint16_t chop_offset, chop_len; /* of the fast pattern */
	bool nocase, startswith, endswith, fast, fast_only;
	bool needs_place; /* negated: does not match where its place begins beyond the data (Snort) */
	bool has_offset, has_depth, has_distance, has_within;
	struct rule_number offset, depth, distance, within;
};

struct pcre2_real_code_8;
#define NODE_PCRE_NOCASE    1u
#define NODE_PCRE_DOTALL    2u
#define NODE_PCRE_MULTILINE 4u
#define NODE_PCRE_OTHER	    8u
struct node_pcre {
	struct pcre2_real_code_8 *code;
	const char *text;
	uint8_t flags; /* NODE_PCRE_* */
};

enum byte_operator {
	BYTE_LT,
	BYTE_GT,
	BYTE_EQ,
	BYTE_LE,
	BYTE_GE,
	BYTE_AND,
	BYTE_OR,
	BYTE_ADD,
	BYTE_SUB,
	BYTE_MUL,
	BYTE_DIV,
	BYTE_LEFT,
	BYTE_RIGHT
};
struct node_bytes { /* byte_test, byte_jump, byte_extract, byte_math */
	struct rule_number count, offset, value;
	uint8_t op, base; /* base 0: binary */
	int8_t result;	  /* variable that gets it */
	bool little, align, from_beginning, from_end;
	bool dce;	  /* byte order of the DCE/RPC call */
	bool mask_result; /* the bitmask is of what was calculated, not of what was read */
	uint8_t align_to;
	uint32_t multiplier, bitmask;
	int32_t post_offset;
};

enum range_operator {
	RANGE_EQ,
	RANGE_NE,
	RANGE_LT,
	RANGE_GT,
	RANGE_LE,
	RANGE_GE,
	RANGE_IN,
	RANGE_WITHIN,
	RANGE_BEFORE_NOW,
	RANGE_NOT_BEFORE_NOW,
	RANGE_NOT_BEHIND_NOW /* seconds of the packet at hand */
};
struct rule_range {
	uint8_t op;
	uint64_t low, high; /* RANGE_IN: both exclusive, RANGE_WITHIN: both inclusive */
};

#define BASE64_BYTES_MAX 65535 /* decoded at one place */

struct rule_list;
struct node_base64 {
	struct rule_number bytes, offset;
	const struct rule_list *inner; /* what base64_data looks for; NULL: decoding is enough */
};

struct node_asn1 {
	bool bitstring, real;
	uint32_t oversize; /* 0: not asked for */
	int32_t offset;
};

/* What a dataset or datarep option asks of a value. */
struct dataset;
struct data_question {
	struct dataset *set;
	uint8_t action; /* STATE_ISSET, _ISNOTSET, _SET (it is not in, and is added), _UNSET; _COMPARE: its
			   score */
	bool subdomain; /* also of what begins at its dots */
	struct rule_range range;
};

struct rule_node {
	uint8_t kind;
	uint8_t list; /* which list it belongs to */
	bool negated, relative;
	bool relative_next; /* what follows builds on where this matched: other occurrences may do */
	bool variable;	    /* reads a variable, so an earlier node may change its result */
	union {
		struct node_content content;
		struct node_pcre pcre;
		struct node_bytes bytes;
		struct rule_number at; /* isdataat */
		struct rule_range size;
		struct node_base64 base64;
		struct node_asn1 asn1;
		struct data_question data;
		bool or_else; /* absent: the other nodes of the list may match instead */
	};
};

enum rule_transform_kind {
	TRANSFORM_DOTPREFIX,
	TRANSFORM_TO_LOWERCASE,
	TRANSFORM_TO_UPPERCASE,
	TRANSFORM_STRIP_WHITESPACE,
	TRANSFORM_COMPRESS_WHITESPACE,
	TRANSFORM_URL_DECODE,
	TRANSFORM_HEADER_LOWERCASE,
	TRANSFORM_STRIP_PSEUDO_HEADERS,
	TRANSFORM_TO_MD5,
	TRANSFORM_TO_SHA1,
	TRANSFORM_TO_SHA256,
	TRANSFORM_XOR,
	TRANSFORM_PCREXFORM,
	TRANSFORM_FROM_BASE64,
	TRANSFORM_GUNZIP,
	TRANSFORM_ZLIB_DEFLATE,
	TRANSFORM_DOMAIN,
	TRANSFORM_TLD,
	TRANSFORM_MAGIC, /* of keywords, not one that rules name */
	TRANSFORM_MAX
};

/* A buffer with what is done to it before it is looked at. Compared as bytes. */
struct rule_view {
	uint8_t buffer; /* enum buffer_id */
	uint8_t transform_count;
	uint8_t transforms[RULE_TRANSFORMS_MAX];
	uint16_t arguments[RULE_TRANSFORMS_MAX]; /* of the set's transform_pool, 0: none */
};
_Static_assert(sizeof(struct rule_view) == 2 + 3 * RULE_TRANSFORMS_MAX, "no holes");

#define LIST_ANY_DIRECTION 2u
struct rule_list {
	struct rule_view view;
	uint16_t view_index; /* of the set's views */
	uint16_t node_count;
	uint8_t direction; /* enum direction of the buffer, or LIST_ANY_DIRECTION: that of what is looked at
			    */
	bool needs_final;  /* cannot be judged while the buffer still grows */
	struct rule_node *nodes;
};

enum rule_test_kind {
	TEST_DSIZE,
	TEST_TTL,
	TEST_TOS,
	TEST_ID,
	TEST_IP_PROTO,
	TEST_ITYPE,
	TEST_ICODE,
	TEST_ICMP_ID,
	TEST_ICMP_SEQ,
	TEST_SEQ,
	TEST_ACK,
	TEST_WINDOW,
	TEST_FLAGS,
	TEST_FRAGBITS,
	TEST_FRAGOFFSET,
	TEST_SAMEIP,
	TEST_IPOPTS,
	TEST_STREAM_SIZE,
	TEST_APP,
	TEST_EVENT,
	TEST_APP_ANY, /* low: a bit per protocol */
	TEST_TCP_MSS,
	TEST_TCP_WSCALE,
	TEST_ICMPV6_MTU,
	TEST_VLAN_LAYERS,
	TEST_VLAN_ID,
	TEST_FLOW_AGE,
	TEST_CHECKSUM,	 /* mode: 4 or 6; low: IP protocol, 0 the IP header's own; negated: it is wrong */
	TEST_FLOW_PKTS,	 /* mode: s to server, c to client, e either */
	TEST_FLOW_BYTES, /* the same */
	TEST_IPREP,	 /* ignored: the category; mode: a any, s source, d destination, b both */
	TEST_DATASET,	 /* mode: s source, d destination */
};

/* A condition on the packet's or flow's header fields. */
struct rule_test {
	uint8_t kind;
	bool negated;
	char mode;	 /* flags, fragbits: '=' exactly, '+' at least, '*' any of */
	uint8_t ignored; /* flags: bits not looked at. stream_size: c, s, b (both), e (either) */
	struct rule_range range;
	struct data_question data;
};

enum rule_state_action {
	STATE_SET,
	STATE_UNSET,
	STATE_TOGGLE,
	STATE_ISSET,
	STATE_ISNOTSET,
	STATE_ADD,
	STATE_SUB,
	STATE_ASSIGN,
	STATE_COMPARE
};
enum rule_track {
	TRACK_NONE,
	TRACK_SRC,
	TRACK_DST,
	TRACK_BOTH,
	TRACK_RULE,
	TRACK_FLOW,
	TRACK_EITHER,
	TRACK_TX
};
enum rule_state_kind { STATE_FLOWBIT, STATE_FLOWINT, STATE_XBIT };
struct rule_state { /* one flowbits, flowint, xbits or hostbits option */
	uint8_t kind, action, track, op;
	uint8_t count;	       /* flowbits: any of so many names */
	uint32_t *names;       /* interned numbers */
	bool value_named;      /* flowint: the value is that of another one */
	uint32_t value, other; /* value of an xbit: hash of its name */
	uint32_t expire;       /* xbits, seconds */
};

enum rule_threshold_kind {
	THRESHOLD_NONE,
	THRESHOLD_LIMIT,
	THRESHOLD_THRESHOLD,
	THRESHOLD_BOTH,
	THRESHOLD_BACKOFF,
	THRESHOLD_DETECTION
};
struct rule_threshold {
	uint8_t kind, track;
	uint32_t count, seconds;
	uint32_t multiplier; /* backoff */
	char unique; /* detection_filter counts different ports: s source, d destination, 0: matches */
};

#define FLOW_ESTABLISHED     1u
#define FLOW_NOT_ESTABLISHED 2u
#define FLOW_STATELESS	     4u
#define FLOW_TO_SERVER	     8u
#define FLOW_TO_CLIENT	     16u
#define FLOW_ONLY_STREAM     32u
#define FLOW_NO_STREAM	     64u
#define FLOW_NO_FRAG	     128u
#define FLOW_ONLY_FRAG	     256u

struct threshold_entry;
struct threshold_link;

enum rule_stage {
	STAGE_PACKET = 1, /* header and payload of each packet */
	STAGE_STREAM = 2, /* reassembled bytes */
	STAGE_TX = 4,	  /* transactions */
};

struct rule {
	struct rule_info info;
	uint32_t index;	    /* in the set, which is the order of inspection */
	uint8_t stages;	    /* enum rule_stage, together */
	uint8_t ip_version; /* 0 any, 4, 6 */
	uint8_t protocol;   /* IPPROTO_*, or 0: any */
	bool protocol_any_icmp;
	bool packet_only, stream_only; /* tcp-pkt, tcp-stream */
	bool tcp_packets;	       /* STAGE_PACKET holds for TCP too */
	uint8_t app;		       /* enum app_proto; APP_UNKNOWN: any */
	bool app_required;
	bool ip_only;	/* once per flow and direction */
	bool both_ways; /* <> */
	bool whole_tx;	/* =>: buffers of both directions of one transaction */
	bool noalert;
	bool pass_alerts;   /* a pass rule that tells */
	bool event_packet;  /* asks for an event of a packet: looked at when one has any */
	bool changes_data;  /* sets or unsets values of data sets */
	bool needs_packet;  /* a keyword that only makes sense on one packet */
	uint16_t flow;	    /* FLOW_* */
	uint8_t directions; /* bit per enum direction that it can match in */
	const struct range_set *src, *dst, *sport, *dport;

	struct rule_test *tests;
	struct rule_state *states;
	struct rule_list *lists;
	struct rule_list *decoded; /* of base64_data; not one of lists, a node of theirs leads there */
	struct rule_list *headers; /* lists over headers of the packet; not among lists */
	uint8_t header_count;
	uint8_t test_count, state_count, list_count;
	uint8_t variable_count;
	struct rule_threshold threshold, detection;
	const struct threshold_entry *rate; /* of the operator's file, see threshold.h */
	const struct threshold_link *suppress;

	/* The content that lets the rule be looked at; fast_list < 0: none. */
	int16_t fast_list, fast_node;
};

#endif
