/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stream_parts.h - one TCP connection's two halves, between the files that reassemble it: stream.c takes
 * segments and gives bytes, stream_pending.c keeps what is not in order or in doubt, stream_handshake.c
 * judges SYNs, resets, acknowledgements and what lies out of window, stream_watch.c tells what does not fit
 * the connection's state.
 */
#ifndef CORE_STREAM_PARTS_H
#define CORE_STREAM_PARTS_H

#include "blob.h"
#include "stream.h"

#define TCP_FIN 1
#define TCP_SYN 2
#define TCP_RST 4
#define TCP_ACK 16
#define TCP_URG 32

#define TTL_SLACK   4	/* hops by which paths of one connection differ */
#define DOUBTED_MAX 64u /* segments of one half that may wait for the receiver to show that it took them */

#define WINDOW_CAPACITY	 (4 * STREAM_WINDOW_KEPT) /* a window slides when it holds this much */
#define SYN_RENEWALS_MAX 10 /* different SYNs in a row without an answer that nobody wonders about */
#define STRAYS_ONE_SIDED 3  /* contiguous segments elsewhere that move a one-sided stream */
#define STRAYS_ANY	 32 /* the same against a peer that does not acknowledge them */

struct segment {
	struct segment *next;
	uint32_t seq, len;
	uint32_t skip;	   /* bytes of data before seq, given up to another segment */
	uint32_t from, to; /* as it was sent, for the policy */
	bool urgent;	   /* one byte that the receiver takes out of the stream */
	bool fin;	   /* of what is doubted: the last one */
	uint8_t data[];
};

/* Bytes on their way in. */
struct arrival {
	uint32_t seq;
	struct span data;
	uint32_t from, to; /* of the segment as it was sent */
	bool urgent;
	bool doubted; /* whatever else there is holds */
};

struct half {
	bool seen, syn, fin, fin_acked, last_given;
	bool peer_acks; /* acked holds */
	bool lossy;	/* see stream_expect_gap() */
	bool gap;	/* the next chunk follows a gap */
	bool gapped;	/* there was one */
	bool paused;	/* no window is kept */
	bool has_scale;
	bool fast_open;	       /* its SYN has the option: lone data in it counts */
	bool echoes;	       /* echo holds */
	uint8_t scale;	       /* shift of the windows that this half announces */
	uint8_t policy;	       /* enum overlap_policy of who receives this half */
	uint8_t ttl;	       /* lowest of a segment that was taken; 0: none */
	bool stamped;	       /* its SYN had a timestamp */
	bool reset;	       /* it sent a reset that was believed, and nothing since */
	uint8_t renewals;      /* SYNs with another sequence number than the one before, unanswered */
	uint32_t syn_stamp[2]; /* of its SYN: the first one sent, the last */
	uint32_t echo;	       /* latest timestamp that the peer returned: its own ts_recent (RFC 7323) */
	uint32_t isn, next, fin_seq;
	uint32_t acked;	   /* highest plausible acknowledgement by the peer */
	uint32_t last_ack; /* the peer's latest, plausible or not */
	uint32_t window;   /* announced by this half for the peer's data, unscaled */
	uint64_t offset;   /* of next in the stream */

	struct span ready; /* in-order part of the packet just added; begins at next */
	struct segment *pending, *emitted;
	struct segment *pending_last; /* the last of pending, or NULL: not known */
	uint32_t pending_bytes, pending_count;
	uint64_t hole_us;

	struct segment *syn_data; /* held until somebody shows that it was accepted */
	struct segment *doubted;  /* the same, of segments with an old timestamp */
	uint32_t doubted_bytes, doubted_count;

	uint32_t stray_seq, stray_end, strays; /* contiguous segments out of window */
	bool reopen;
	uint32_t reopen_seq; /* first byte of the connection that a SYN announced */

	uint8_t *tail; /* raw window */
	uint32_t tail_len, tail_capacity;
};

/* How far a connection has come; states of the end that was called. */
enum watch_state {
	WATCH_NEW,
	WATCH_SYN_SENT,
	WATCH_SYN_BOTH, /* each called the other */
	WATCH_SYN_RECEIVED,
	WATCH_ESTABLISHED,
	WATCH_FIN_WAIT1,
	WATCH_FIN_WAIT2,
	WATCH_CLOSING,
	WATCH_CLOSE_WAIT,
	WATCH_LAST_ACK,
	WATCH_TIME_WAIT,
	WATCH_CLOSED,
	WATCH_STATE_MAX
};

struct watch_side {
	uint32_t isn, next; /* of what it sent; next also counts a FIN */
	uint32_t acked, window,
		edge; /* as the other side told; edge: the furthest that its window ever reached */
	bool seen, acknowledged, fin;
	bool spoke;	 /* it sent more than its SYN */
	bool probed;	 /* its last segment was one byte into a window of none */
	uint16_t urgent; /* bytes out of band */
};

struct watch {
	struct watch_side side[2];
	uint32_t answer_seq, answer_ack; /* of the latest SYN|ACK */
	uint8_t state;			 /* enum watch_state */
	uint8_t opener;			 /* enum direction */
	uint8_t answers;		 /* different ones */
	bool four;			 /* a handshake of four */
	bool partial, strict;		 /* stream_set_sight() */
};

struct stream {
	struct half half[2];
	struct watch watch;
	struct stream_stats *stats;
	struct event_list events; /* since the owner took them */
	bool reset, muted;
};

/* Signed distance from where the half stands; wraps as sequence numbers do. */
static inline int32_t half_ahead(const struct half *half, uint32_t seq)
{
	return (int32_t)(seq - half->next);
}

/* --- stream.c */

/* Two segments say different things of the same bytes. */
void stream_note_overlap(struct stream *stream);

/* Bytes that will not come: the half goes on behind them. */
void stream_note_gap(struct stream *stream, struct half *half, uint32_t bytes);

/* The packet is not for the receiver, and why. */
enum stream_verdict stream_ignore(struct stream *stream, enum app_event event);

/* --- stream_pending.c */

/* A copy of data that the caller frees; NULL: no memory. */
struct segment *segment_new(uint32_t seq, struct span data);

/* Gives up its first n bytes, or all. */
void arrival_skip(struct arrival *arrival, uint32_t n);

/* Keeps what has no place in order yet; where others are there already, the half's policy decides. */
void pending_add(struct stream *stream, struct half *half, struct arrival arrival, uint64_t now_us);

/* Takes *link out and frees it; trim: gives up its first n bytes. */
void pending_drop(struct half *half, struct segment **link);
void pending_trim(struct half *half, struct segment *segment, uint32_t n);

/* Where both have bytes: are they others? */
bool segment_differs(const struct segment *segment, uint32_t seq, struct span data);

/* Over what waits in the same place, by the receiver's policy? */
bool arrival_wins(const struct half *half, const struct arrival *arrival, const struct segment *old);
/* Bytes that were given on already come again: do they say the same? */
void stream_check_again(struct stream *stream, const struct half *half, uint32_t seq, struct span data);

/*
 * A receiver without Fast Open ignores the data of a SYN; the sender then sends it again, or something else.
 * accepted: somebody showed that it counts.
 */
void syn_data_settle(struct stream *stream, struct half *half, bool accepted, uint64_t now_us);

/* The receiver acknowledged: what it shows to have taken fills holes, what others took the place of goes. */
void doubted_settle(struct stream *stream, struct half *sender, uint64_t now_us);

/*
 * A timestamp older than what the receiver echoed last: it drops the segment (PAWS, RFC 7323 section 5.3).
 * Its echo is believed, not what senders wrote: an insertion segment moves nothing.
 */
bool half_too_old(const struct half *self, const struct packet *packet);

/*
 * It is put aside: there are receivers without PAWS and senders whose clock jumps, and an acknowledgement
 * tells. Until then other bytes in its place hold.
 */
void half_doubt(struct half *self, const struct packet *packet);

/* --- stream_handshake.c */

/* What acknowledger says it has of sender: settles what was held or in doubt. */
void stream_note_ack(struct stream *stream, struct half *sender, struct half *acknowledger,
		     const struct packet *packet);

/* How far ahead of next the receiver would take a segment. */
int32_t half_reach(const struct half *half, const struct half *receiver);

/*
 * What answers a SYN echoes its timestamp, that of an earlier try, or nothing (RFC 7323 section 3.2). Only an
 * end is judged by it: receivers take an echo up to their clock of that moment, which nobody else knows, and
 * to take them for deaf would leave a connection unseen.
 */
bool half_echo_plausible(const struct half *self, const struct half *peer, const struct packet *packet);

/* A SYN: the begin, its repetition, or another connection under the same ports. */
enum stream_verdict stream_add_syn(struct stream *stream, struct half *self, struct half *peer,
				   const struct packet *packet);
/*
 * What the first segment of the other side acknowledges was never sent since the SYN: it is of an older
 * connection, whose end challenges that SYN (RFC 9293 section 3.10.7.4). The handshake is still to come.
 */
bool half_stale_ack(const struct half *opener, uint32_t ack);

/* RFC 5961: a reset counts only at exactly the next byte that the receiver expects. */
bool half_reset_plausible(const struct half *self, const struct half *peer, const struct packet *packet);

/* Out of window: ignored, unless enough of them follow each other. */
enum stream_verdict stream_add_stray(struct stream *stream, struct half *self, const struct half *peer,
				     const struct packet *packet);

/* --- stream_watch.c */

/* Before anything else is made of the packet: does it fit? */
void stream_watch(struct stream *stream, const struct packet *packet, enum direction dir);
/* A byte of dir went out of band. */
void stream_watch_urgent(struct stream *stream, enum direction dir);

#endif
