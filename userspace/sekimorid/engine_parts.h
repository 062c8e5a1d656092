/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * engine_parts.h - what the files of an engine share. An engine is one process with one ring.
 */
#ifndef SEKIMORID_ENGINE_PARTS_H
#define SEKIMORID_ENGINE_PARTS_H

#include "core/app/banner.h"
#include "core/egress/dns_tunnel.h"
#include "core/egress/host_said.h"
#include "core/eve/eve_writer.h"
#include "core/match/inspector.h"
#include "core/match/shared_state.h"
#include "engine_frame.h"
#include "kern/ring.h"
#include "message.h"
#include "ring_watch.h"

#define ENGINE_BATCH 512u /* records per turn, so that messages are not starved */

struct engine {
	struct loop *loop;
	struct ring *ring;
	struct ring_watch *watch; /* NULL before there are rules */
	struct engine_frames *frames;
	struct inspector *inspector;
	struct shared_state state; /* with the other engines */
	struct policy *policy;
	int reporter;			  /* -1 until passed */
	const struct seki_record *record; /* being inspected; NULL in timeouts */
	int64_t wall_offset_us;		  /* wall clock minus CLOCK_MONOTONIC */
	struct eve_writer records;	  /* beside alerts */
	uint64_t stats_told_us;		  /* when the last statistics were written */
	struct message_names names;
	struct dns_tunnel *tunnel;    /* names that our side asks for */
	struct banner_memory banners; /* what servers of our side said */
	struct message_outcomes outcomes;
	struct message_engine_stats stats;
	const void *compiled; /* databases that the next rules may be found among, NULL: none */
	size_t compiled_len;
	struct message_ready ready;
	size_t ready_len;
};

/* engine.c */
uint64_t engine_now_us(void); /* CLOCK_MONOTONIC */
/* To a channel's other end. A full queue is waited for a moment; -EAGAIN then, which the caller counts;
 * -EPIPE: nobody is there. */
__must_check int engine_send(int fd, uint32_t type, const void *body, size_t len);
/* Inspects a batch of what the ring, arg's, holds; how many records there were. */
unsigned int engine_ring(void *arg);
/* What an inspector of this engine calls. */
struct inspector_ops engine_ops(struct engine *e);

/* engine_rules.c */
/* Databases that were compiled ahead, in sealed memory; they are for the rules that come next. */
void engine_take_compiled(struct engine *e, int fd);
void engine_drop_compiled(struct engine *e);
/*
 * Rules in sealed memory. A new set is built whole before the old one is let go; on any failure the old one
 * stays and the keeper hears why.
 */
void engine_rules(struct engine *e, int fd);

#endif
