/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keeper_watch.h - what keeper_watch.c (who began what) and keeper_coverage.c
 * (what the sensor itself saw and lost) share.
 */
#ifndef SEKIMORID_KEEPER_WATCH_H
#define SEKIMORID_KEEPER_WATCH_H

#include <time.h>

#include "core/egress/egress_line.h"
#include "core/egress/egress_name.h"
#include "keeper.h"

#define AWAITED 256u   /* first packets beside an FTP connection that nothing announced yet */
#define TAPS	65536u /* flows whose bytes are followed */

/* Bytes of one flow that were told already. */
struct tap {
	uint64_t id, out, in;
};

/* The newest announcements: one can overtake the record of a packet that came before it. */
struct announced {
	struct seki_expect_key key;
	uint32_t until;
};

/* A record of SEKI_R_EGRESS_AWAITED. until 0: free. */
struct awaited {
	uint32_t until;
	struct seki_record record;
	uint8_t data[SEKI_ORIGIN_HEAD + sizeof(struct seki_process)];
};

/* What hosts call themselves, by the address of their card; the longest unsaid makes room. */
#define SAID 1024u
struct said {
	uint32_t last; /* 0: free */
	struct message_host_said it;
};

struct keeper_watch {
	struct egress_watch *watch;
	struct egress_names *names; /* NULL before the first policy */
	uint64_t learn_until;
	uint32_t canary_interval, next_canary, next_span, next_bytes;
	size_t known_saved;
	struct egress_coverage span;   /* of now */
	uint64_t last_wall, last_boot; /* us, at the last tick */
	bool came_off;		       /* since then something was not attached, though it may be again */
	uint64_t canary_mark, canary_socket; /* what the newest canaries are known by; 0: none yet */
	struct {
		uint64_t ring, unread, events, forgotten, flows, untracked, packets;
		uint32_t learnt;
	} before; /* counters at the span's begin */
	struct awaited awaited[AWAITED];
	struct announced announced[AWAITED];
	uint32_t announced_next;
	struct tap taps[TAPS];
	struct said said[SAID];
};

static inline uint64_t watch_clock_us(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* keeper_coverage.c; data as in the record */
bool watch_is_own_canary(const struct keeper_watch *w, const struct seki_record *record, const uint8_t *data);

/* keeper_watch.c. Takes line over. */
void watch_line_send(struct keeper *k, char *line, size_t len);
void watch_known_save(struct keeper *k);
void watch_flows(struct keeper *k); /* bytes of the flows that our side began, since the last look */
void watch_awaited(struct keeper *k, uint32_t now); /* those that nothing announced in time */

#endif
