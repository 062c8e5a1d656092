/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * egress_line.h - what the egress watch has to say as lines of the event file
 * (event_type "egress"), and those lines read again. Pure.
 */
#ifndef CORE_EGRESS_LINE_H
#define CORE_EGRESS_LINE_H

#include "egress_watch.h"

enum egress_kind { EGRESS_LINE_TALK, EGRESS_LINE_FINDING, EGRESS_LINE_COVERAGE, EGRESS_LINE_KIND_MAX };

/* What kept the sensor from seeing, in one span; each is a reason why nothing found is no proof. */
#define EGRESS_GAPS(X)                                                                                       \
	X(DETACHED, "detached")                                                                              \
	X(OTHER_WAY, "other-way-out")                                                                        \
	X(STALLED, "unwatched")                                                                              \
	X(RING, "records-lost")                                                                              \
	X(UNREAD, "frames-unread")                                                                           \
	X(EVENTS, "events-lost")                                                                             \
	X(FORGOTTEN, "watch-full")                                                                           \
	X(FLOWS, "flow-table-full")                                                                          \
	X(UNTRACKED, "flows-untracked")                                                                      \
	X(GRACE, "flows-learnt")                                                                             \
	X(CLOCK, "clock-jumps")                                                                              \
	X(BACKSTOP, "backstop-restored")
enum egress_gap {
#define X(id, name) EGRESS_GAP_##id,
	EGRESS_GAPS(X)
#undef X
		EGRESS_GAP_MAX
};
extern const char *const egress_gap_names[EGRESS_GAP_MAX];

/* One span of the sensor's life. */
struct egress_coverage {
	uint64_t from, to;	       /* us since the epoch */
	uint64_t attached_us;	       /* of it: every interface had its programs */
	uint64_t packets;	       /* that they judged */
	uint64_t gaps[EGRESS_GAP_MAX]; /* counts; DETACHED, OTHER_WAY, STALLED in milliseconds */
	uint32_t canaries_due, canaries_seen;
	bool enforcing;	  /* every interface */
	bool raw_covered; /* role host: packet sockets are stopped; gateways: true */
	bool xdp_covered; /* role host: AF_XDP is denied; gateways: true */
};

#define EGRESS_TEXT_MAX 512u
/* A line read again; texts are as they were told. */
struct egress_record {
	enum egress_kind kind;
	uint64_t t_us;
	uint64_t first, last;
	char host[48], name[64], dst[48], proto[12];
	uint16_t dport, vlan;
	char mac[18], said[64], said_by[8]; /* what the host calls itself, and by what */
	uint8_t verdict, severity;
	uint64_t flows, blocked, would, bytes_out, bytes_in;
	char exe[EGRESS_TEXT_MAX], comm[32], parent[32], unit[128], cgroup[EGRESS_TEXT_MAX];
	uint32_t pid, ppid, uid;
	bool process;
	enum egress_finding finding;
	uint64_t count, bytes;
	uint32_t interval_ms, jitter_permille;
	bool ports;
	char text[256];
	struct egress_coverage coverage;
};

/* A line with its newline; malloc'ed. -ENOMEM. */
__must_check int egress_line_note(const struct egress_note *note, char **line, size_t *len);
__must_check int egress_line_coverage(const struct egress_coverage *coverage, char **line, size_t *len);
/* -ENOENT: another kind of event; -EBADMSG: one of ours that is damaged. */
__must_check int egress_line_parse(const char *line, size_t len, struct egress_record *out);

/* "/usr/bin/curl", "…/bin/x" when the beginning did not fit; "" unknown. */
const char *egress_process_path(const struct seki_process *process, char *text, size_t size);
const char *egress_process_cgroup(const struct seki_process *process, char *text, size_t size);

#endif
