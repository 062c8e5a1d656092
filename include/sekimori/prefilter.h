/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * prefilter.h - the table of the payload prefilter: one flat image without
 * pointers, compiled in user space, checked once by seki_prefilter_check()
 * when it is committed, then only read. Host byte order; offsets count from
 * the beginning of the image.
 *
 * A literal that is found makes its rule a candidate when the rule's header
 * fits. A rule without steps acts at once, one with steps when all of them
 * hold; steps are only for rules that drop or mark.
 */
#ifndef SEKIMORI_PREFILTER_H
#define SEKIMORI_PREFILTER_H

#include "abi.h"

#define SEKI_PF_MAGIC 0x53454b50u /* "SEKP" */
#define SEKI_PF_VERSION 2u

#define SEKI_PF_TABLE_MAX (8u << 20)
#define SEKI_PF_LITERAL_MIN 3u
#define SEKI_PF_LITERAL_MAX 32u	 /* longer ones are found by a piece of them */
#define SEKI_PF_LITERALS_MAX 16384u
#define SEKI_PF_RULES_MAX 16384u
#define SEKI_PF_LINKS_MAX 65536u
#define SEKI_PF_BLINDS_MAX 1024u
#define SEKI_PF_JUDGED_MAX 256u	 /* rules with steps; they come first */
#define SEKI_PF_STEPS_MAX 4096u
#define SEKI_PF_PROBES_MAX 4096u
#define SEKI_PF_BUCKET_MAX 32u	 /* entries that share a hash */
#define SEKI_PF_STATES_MAX 8192u /* of one automaton */
#define SEKI_PF_MARKS_MAX 15u	 /* bits a flow can carry */
#define SEKI_PF_ANYWHERE 0xffffffffu

/*
 * A window is four folded bytes at an even place of what is searched. Whatever place a literal begins at, two
 * windows that follow each other by one byte are chosen of it, and one of them is at an even place. The middle
 * bytes of a window always belong to its literal. They choose a word of the filter, the low bits of the outer
 * ones a bit in it. Class WHOLE has the windows that lie in their literals, class PART those whose first or
 * last byte lies beside a short one and may be anything.
 */
#define SEKI_PF_CLASSES(X) \
	X(WHOLE) \
	X(PART)
enum seki_pf_class {
#define X(id) SEKI_PF_##id,
	SEKI_PF_CLASSES(X)
#undef X
	SEKI_PF_CLASS_MAX
};

#define SEKI_PF_WINDOW 4u
#define SEKI_PF_STRIDE 2u
#define SEKI_PF_FILTER_BITS 13u /* at most: 32 KiB should stay in the processor's nearest cache */
#define SEKI_PF_FOLD 0x20202020u /* set in every byte of a window: letters lose their case, others collide */

/* Sections of the image: id, type of one element. */
#define SEKI_PF_SECTIONS(X) \
	X(RULES, struct seki_pf_rule) \
	X(BLINDS, struct seki_pf_rule) \
	X(LITERALS, struct seki_pf_literal) \
	X(LINKS, __u16) \
	X(BYTES, __u8) \
	X(PORTS, struct seki_pf_ports) \
	X(STEPS, struct seki_pf_step) \
	X(PROBES, struct seki_pf_probe) \
	X(AUTOMATA, struct seki_pf_automaton) \
	X(MAPS, __u8) \
	X(MOVES, __u16) \
	X(FILTER, __u32) \
	X(BUCKETS_WHOLE, __u32) \
	X(BUCKETS_PART, __u32) \
	X(GRAMS_WHOLE, struct seki_pf_gram) \
	X(GRAMS_PART, struct seki_pf_gram)
enum seki_pf_section {
#define X(id, type) SEKI_PF_##id##_AT,
	SEKI_PF_SECTIONS(X)
#undef X
	SEKI_PF_SECTION_MAX
};

/*
 * Whatever is found makes the flow suspect, drops the packet, or is noted in the flow. Blind stands for rules
 * that no literal leads to: packets that their header fits are suspect, whatever is in them.
 */
#define SEKI_PF_OUTCOMES(X) \
	X(NONE, "none") \
	X(INSPECT, "inspect") \
	X(DROP, "drop") \
	X(MARK, "mark") \
	X(BLIND, "blind")
enum seki_pf_outcome {
#define X(id, name) SEKI_PF_##id,
	SEKI_PF_OUTCOMES(X)
#undef X
	SEKI_PF_OUTCOME_MAX
};

#define SEKI_PF_TO_SERVER 1u
#define SEKI_PF_TO_CLIENT 2u

struct seki_pf_rule {
	__u32 sid;
	__u32 unless; /* no candidate while the flow has one of these marks */
	__u8 outcome; /* enum seki_pf_outcome */
	__u8 proto;   /* IPPROTO_*, 0: any */
	__u8 directions; /* SEKI_PF_TO_* */
	__u8 mark;	 /* outcome MARK: which bit */
	__u16 sports, sport_count; /* in PORTS; none: any */
	__u16 dports, dport_count;
	__u16 steps, step_count;
	__u32 pad;
};

struct seki_pf_literal {
	__u32 bytes;	   /* first in BYTES; in lower case when nocase */
	__u32 links;	   /* first in LINKS: the rules that it leads to */
	__u16 link_count;
	__u8 len, nocase;
	__u32 first, last; /* begins at first at the earliest, ends at last at the latest, in the payload */
	__s8 base;	   /* its windows begin at base and base + 1; -1: one byte before it */
	__u8 pad[3];
};

struct seki_pf_ports {
	__u16 from, to;
};

/* What a step looks at. All but the payload are parts of one HTTP request whose beginning is at a turn. */
#define SEKI_PF_VIEWS(X) \
	X(PAYLOAD, "payload") \
	X(REQUEST_LINE, "http.request_line") \
	X(URI_RAW, "http.uri.raw") \
	X(URI, "http.uri") \
	X(HEADERS, "http.header") \
	X(COOKIE, "http.cookie") \
	X(BODY, "http.request_body")
enum seki_pf_view {
#define X(id, name) SEKI_PF_VIEW_##id,
	SEKI_PF_VIEWS(X)
#undef X
	SEKI_PF_VIEW_MAX
};

enum seki_pf_step_kind {
	SEKI_PF_FIND,	/* bytes at `at`, len long, anywhere between first and last */
	SEKI_PF_CHAIN,	/* the same, and probes hold where it was found */
	SEKI_PF_MATCH,	/* automaton `at` accepts */
	SEKI_PF_STEP_MAX
};

struct seki_pf_step {
	__u8 kind, view;
	__u8 negated; /* FIND only */
	__u8 nocase;
	__u32 at;
	__u32 first, last; /* as of literals, in the view */
	__u16 len;
	__u16 probes, probe_count;
	__u16 pad;
};

enum seki_pf_probe_kind {
	SEKI_PF_RANGE,	 /* low <= number <= high */
	SEKI_PF_GREATER, /* number > other number */
	SEKI_PF_LESS,
	SEKI_PF_PROBE_MAX
};

/* A number of 1..4 bytes, `delta` behind the beginning of the chain's literal. */
struct seki_pf_probe {
	__u8 kind, size, little, other_size;
	__u16 delta, other_delta; /* the other number: as little as this one */
	__u32 low, high;
};

/*
 * A deterministic automaton: state 0 first, moves[state * classes + map[byte]]
 * next. The last class is the end of the view. Accepting and giving up are
 * moves, so that the walk ends early; an end that moves to a state gives up.
 */
#define SEKI_PF_ACCEPT 0xffffu
#define SEKI_PF_REJECT 0xfffeu
struct seki_pf_automaton {
	__u32 map;    /* first of 256 in MAPS */
	__u32 moves;  /* first in MOVES */
	__u16 states, classes;
};

enum seki_pf_outside { SEKI_PF_NOTHING, SEKI_PF_FIRST, SEKI_PF_LAST, SEKI_PF_OUTSIDE_MAX };

struct seki_pf_gram {
	__u32 value; /* folded; a byte outside is 0 */
	__u16 literal;
	__s8 offset; /* of the window in the literal */
	__u8 outside; /* enum seki_pf_outside: the byte of the window that is not the literal's */
};

struct seki_pf_span {
	__u32 at, count; /* first byte, elements */
};

struct seki_pf_table {
	__u32 magic, version;
	__u32 len;		/* of the whole image */
	__u32 multiplier;	/* of the windows' hash; odd */
	__u64 digest;		/* of the rules behind it, told to people */
	__u8 filter_bits;	/* 2^bits words */
	__u8 bucket_bits[SEKI_PF_CLASS_MAX]; /* 2^bits + 1 buckets */
	__u8 pad1[5];
	__u8 wanted[3];		/* SEKI_PF_TO_* per outcome INSPECT, DROP, MARK: is there any rule of it? */
	__u8 pad;
	__u32 longest;		/* literal */
	struct seki_pf_span section[SEKI_PF_SECTION_MAX];
};

/*
 * A packet's question to the kfunc and its answer. payload: the first payload
 * byte in the frame. Ports in host order. direction: one of SEKI_PF_TO_*.
 */
#define SEKI_PF_NARROW 2u /* of this flow only those packets are wanted that a rule might match by itself */
#define SEKI_PF_TURN 1u /* a request begins in this packet, at `next` */
struct seki_pf_query {
	__u32 payload, len;
	__u32 marks;	 /* in: of the flow. out: with those that this packet adds */
	__u32 sid;	 /* out: of the rule that dropped, else 0 */
	/* From the payload's first byte. In, with TURN: where in it a request begins. Out: where the one behind all
	 * that were read begins, in it or beyond; 0: not known. */
	__u32 next;
	__u16 sport, dport;
	__u8 proto, direction, flags;
	__u8 outcome;	 /* out: enum seki_pf_outcome; NONE, INSPECT or DROP */
};

SEKI_STATIC_ASSERT(sizeof(struct seki_pf_rule) == 28, "seki_pf_rule");
SEKI_STATIC_ASSERT(sizeof(struct seki_pf_literal) == 24, "seki_pf_literal");
SEKI_STATIC_ASSERT(sizeof(struct seki_pf_step) == 24, "seki_pf_step");
SEKI_STATIC_ASSERT(sizeof(struct seki_pf_probe) == 16, "seki_pf_probe");
SEKI_STATIC_ASSERT(sizeof(struct seki_pf_automaton) == 12, "seki_pf_automaton");
SEKI_STATIC_ASSERT(sizeof(struct seki_pf_gram) == 8, "seki_pf_gram");
SEKI_STATIC_ASSERT(sizeof(struct seki_pf_table) == 40 + 8 * SEKI_PF_SECTION_MAX, "seki_pf_table");
SEKI_STATIC_ASSERT(sizeof(struct seki_pf_query) == 28, "seki_pf_query");

#endif
