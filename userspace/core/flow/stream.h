/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stream.h - both directions of one TCP connection, put in order. It may
 * begin anywhere, and one direction may be all there is. What the receiver
 * would not take (wrong sequence, flags or order of events) changes nothing.
 *
 * Per packet: stream_add(), then stream_next() for each direction until it
 * returns false.
 */
#ifndef CORE_STREAM_H
#define CORE_STREAM_H

#include "overlap.h"
#include "core/app/tx.h"

struct stream;

#define STREAM_WINDOW_KEPT 4096u /* bytes before the new ones that raw inspection sees again */
#define STREAM_PENDING_MAX                                                                                   \
	(1u << 20)		  /* out-of-order bytes held per direction; beyond it the hole is given up */
#define STREAM_SEGMENTS_MAX 1024u /* the same in segments */
#define STREAM_REACH	    (1u << 20) /* how far ahead a segment may be when the receiver's window is not known */
#define STREAM_HOLE_US	    10000000u /* wait for missing bytes when the receiver is not seen */
#define STREAM_ACKED_US	    200000u /* the same after the receiver acknowledged them, or a record was lost */

struct stream_stats {
	uint64_t gaps; /* holes given up */
	uint64_t gap_bytes;
	uint64_t overlaps; /* segments that contradict bytes seen before */
	uint64_t ignored;  /* packets the receiver would not take */
	uint64_t full;	   /* holes given up because too much waited behind them; among gaps */
};

enum stream_verdict {
	STREAM_TAKEN,
	STREAM_IGNORED,	 /* out of window, implausible RST, no ACK flag …: the connection is as before */
	STREAM_REOPENED, /* belongs to a new connection of the same addresses and ports: end this one, add
			    again */
};

struct stream_chunk {
	struct span data;
	bool gap;  /* bytes are missing before data */
	bool last; /* no more will come in this direction */
};

/* stats is borrowed and shared by many streams. */
__must_check int stream_new(struct stream_stats *stats, struct stream **out);
void stream_free(struct stream *stream);
DEFINE_CLEANUP(stream_free, struct stream)

enum stream_verdict stream_add(struct stream *stream, const struct packet *packet, enum direction dir);

/*
 * The next in-order bytes of dir. chunk->data points into the packet of the stream_add() just before or into
 * the stream, and is valid until the next call. flush: nothing more comes, holes are given up, `last` is
 * told.
 */
bool stream_next(struct stream *stream, enum direction dir, uint64_t now_us, bool flush,
		 struct stream_chunk *chunk);

/* The chunk just given with what precedes it; *offset is that of window's first byte in the stream. */
void stream_window(const struct stream *stream, enum direction dir, const struct stream_chunk *chunk,
		   struct span *window, uint64_t *offset);

/* What is held of dir's newest contiguous in-order bytes; *offset is that of its first byte. Nothing once
 * muted. */
void stream_tail(const struct stream *stream, enum direction dir, struct span *tail, uint64_t *offset);

/* Bytes of dir are missing that its receiver took, as far as is known by now. */
bool stream_gapped(const struct stream *stream, enum direction dir);
/* Bytes are known to be missing (a lost record, or the kernel stopped copying): the next hole is no surprise.
 */
void stream_expect_gap(struct stream *stream);
/* Raw inspection of dir pauses, or goes on: meanwhile no window is kept, and the last one given stays as it
 * was. */
void stream_pause(struct stream *stream, enum direction dir, bool pause);
/* Raw inspection is over: windows are freed and no more kept. */
void stream_mute(struct stream *stream);

/* How who receives dir resolves overlaps; OVERLAP_BSD until told. */
void stream_set_policy(struct stream *stream, enum direction dir, enum overlap_policy policy);
/*
 * What the owner sees of the connection. partial: not every acknowledgement, so that nobody knows windows.
 * strict: every packet, in order, before its receiver has it. Neither until told.
 */
void stream_set_sight(struct stream *stream, bool partial, bool strict);
/* Anomalies since the owner emptied the list. */
struct event_list *stream_events(struct stream *stream);

bool stream_waiting(const struct stream *stream);   /* out-of-order bytes are held */
bool stream_closed(const struct stream *stream);    /* FIN both ways acknowledged, or a plausible RST */
bool stream_over(const struct stream *stream);	    /* all of both directions, up to a FIN, was given */
bool stream_closing(const struct stream *stream);   /* a FIN in order was seen */
bool stream_midstream(const struct stream *stream); /* no SYN was seen */
size_t stream_memory(const struct stream *stream);

#endif
