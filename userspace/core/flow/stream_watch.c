// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * stream_watch.c - the states of a TCP connection (RFC 9293 section 3.3.2) as
 * they can be told from its packets, and what does not fit the state it is
 * in. It only tells: reassembly has its own mind of what a receiver takes,
 * since a sensor that misses packets must not be lost by it.
 */
#include "stream_parts.h"

#define WATCH_ANSWERS_MAX  5	 /* different answers to one SYN that nobody wonders about */
#define WATCH_SCALE	   14	 /* the largest there is (RFC 7323): for a handshake that was not seen */
#define WATCH_URGENT_MAX   256	 /* out-of-band bytes of one side that nobody wonders about */
#define WATCH_SMALL_WINDOW 1024u /* below it a window may shrink by what was acknowledged, and no more */
#define WATCH_SHRINK_SLACK 32u	 /* above it by this much more: stacks round */

/* What does not fit, by state. EVENT_NONE: nothing is odd about it there, or somebody else tells. */
static const struct watch_row {
	enum app_event ack;	/* an acknowledgement of what was never sent, or of long ago */
	enum app_event fin_ack; /* the same in a FIN */
	enum app_event fin;	/* a FIN out of window */
	enum app_event segment; /* another segment out of window */
	enum app_event before;	/* a segment all of which was acknowledged before */
} rows[WATCH_STATE_MAX] = {
	[WATCH_ESTABLISHED] = {EVENT_STREAM_EST_INVALID_ACK, EVENT_STREAM_FIN_INVALID_ACK,
			       EVENT_STREAM_FIN_OUT_OF_WINDOW, EVENT_NONE,
			       EVENT_STREAM_EST_PKT_BEFORE_LAST_ACK},
	[WATCH_FIN_WAIT1] = {EVENT_STREAM_FIN1_INVALID_ACK, EVENT_STREAM_FIN1_INVALID_ACK,
			     EVENT_STREAM_FIN1_FIN_WRONG_SEQ, EVENT_STREAM_FIN1_ACK_WRONG_SEQ, EVENT_NONE},
	[WATCH_FIN_WAIT2] = {EVENT_STREAM_FIN2_INVALID_ACK, EVENT_STREAM_FIN2_INVALID_ACK,
			     EVENT_STREAM_FIN2_FIN_WRONG_SEQ, EVENT_STREAM_FIN2_ACK_WRONG_SEQ, EVENT_NONE},
	[WATCH_CLOSING] = {EVENT_STREAM_CLOSING_INVALID_ACK, EVENT_STREAM_CLOSING_INVALID_ACK, EVENT_NONE,
			   EVENT_STREAM_CLOSING_ACK_WRONG_SEQ, EVENT_NONE},
	[WATCH_CLOSE_WAIT] = {EVENT_STREAM_CLOSEWAIT_INVALID_ACK, EVENT_STREAM_CLOSEWAIT_INVALID_ACK,
			      EVENT_STREAM_CLOSEWAIT_FIN_OUT_OF_WINDOW,
			      EVENT_STREAM_CLOSEWAIT_ACK_OUT_OF_WINDOW,
			      EVENT_STREAM_CLOSEWAIT_PKT_BEFORE_LAST_ACK},
	[WATCH_LAST_ACK] = {EVENT_STREAM_LASTACK_INVALID_ACK, EVENT_NONE, EVENT_NONE,
			    EVENT_STREAM_LASTACK_ACK_WRONG_SEQ, EVENT_NONE},
	[WATCH_TIME_WAIT] = {EVENT_STREAM_TIMEWAIT_INVALID_ACK, EVENT_NONE, EVENT_NONE,
			     EVENT_STREAM_TIMEWAIT_ACK_WRONG_SEQ, EVENT_NONE},
};

static int32_t ahead(uint32_t seq, uint32_t of)
{
	return (int32_t)(seq - of);
}

static void tell(struct stream *stream, enum app_event event)
{
	if (event != EVENT_NONE)
		event_list_add(&stream->events, event);
}

/* Bytes that the sender of packet is ready to take. */
static uint32_t window_of(const struct stream *stream, const struct packet *packet, enum direction dir)
{
	const struct half *half = &stream->half[dir];

	if (packet->tcp_flags & TCP_SYN)
		return packet->window;
	return (uint32_t)packet->window << (half->has_scale ? half->scale : WATCH_SCALE);
}

/* The side's own bytes begin here: its SYN, or the first segment of it that was seen. */
static void side_begin(struct watch_side *side, uint32_t isn)
{
	side->seen = true;
	side->isn = isn;
	side->next = isn + 1;
}

/* What packet says of the other side's bytes. */
static void side_acknowledge(struct stream *stream, struct watch_side *side, const struct packet *packet,
			     enum direction dir)
{
	uint32_t edge;

	if (!side->acknowledged || ahead(packet->ack, side->acked) > 0)
		side->acked = packet->ack;
	if (!side->seen && (!side->acknowledged || ahead(packet->ack, side->next) > 0))
		side->next = packet->ack;
	side->window = window_of(stream, packet, dir);
	edge = side->acked + side->window;
	if (!side->acknowledged || ahead(edge, side->edge) > 0)
		side->edge = edge;
	side->acknowledged = true;
}

/* Where the receiver's window of side ends at most. Without every acknowledgement nobody knows. */
static uint32_t side_edge(const struct stream *stream, const struct watch_side *side)
{
	if (!stream->watch.partial && side->acknowledged)
		return ahead(side->next, side->edge) > 0 ? side->next : side->edge;
	return side->next + STREAM_REACH;
}

/* May somebody acknowledge this of side? */
static bool ack_fits(const struct stream *stream, const struct watch_side *side, uint32_t ack)
{
	uint32_t window = stream->watch.partial ? STREAM_REACH : side->window;

	if (!side->acknowledged || !side->seen)
		return true;
	if (ahead(ack, side->acked) < 0)
		return !window || ahead(ack, side->acked - window) >= 0;
	return ahead(ack, side_edge(stream, side)) <= 0;
}

/* --- the handshake */

static void watch_open(struct stream *stream, const struct packet *packet, enum direction dir)
{
	struct watch *watch = &stream->watch;
	struct watch_side *self = &watch->side[dir], *peer = &watch->side[!dir];

	if (watch->state == WATCH_NEW) {
		watch->state = WATCH_SYN_SENT;
		watch->opener = dir;
	} else if (watch->state != WATCH_SYN_SENT || (dir == watch->opener && peer->seen)) {
		return;
	}
	if (dir != watch->opener) { /* both at once (RFC 9293 figure 7) */
		watch->state = WATCH_SYN_BOTH;
		watch->four = true;
	}
	side_begin(self, packet->seq);
}

static void watch_answer(struct stream *stream, const struct packet *packet, enum direction dir)
{
	struct watch *watch = &stream->watch;
	struct watch_side *self = &watch->side[dir], *peer = &watch->side[!dir];
	const struct half *opener = &stream->half[!dir];
	uint32_t data = opener->syn_data ? opener->syn_data->len : 0;

	if (watch->state == WATCH_NEW) {
		watch->opener = !dir;
	} else if (watch->state == WATCH_SYN_BOTH && dir == watch->opener) {
		if (packet->ack != peer->isn + 1) {
			tell(stream, EVENT_STREAM_4WHS_SYNACK_WITH_WRONG_ACK);
			return;
		}
		if (packet->seq != self->isn) {
			tell(stream, EVENT_STREAM_4WHS_SYNACK_WITH_WRONG_SYN);
			return;
		}
	} else if (watch->state == WATCH_SYN_RECEIVED && dir != watch->opener) {
		if (packet->seq == watch->answer_seq && packet->ack == watch->answer_ack)
			return;
		watch->answer_seq = packet->seq;
		watch->answer_ack = packet->ack;
		if (++watch->answers > WATCH_ANSWERS_MAX) {
			watch->answers = WATCH_ANSWERS_MAX;
			tell(stream, EVENT_STREAM_3WHS_SYNACK_FLOOD);
		}
		return;
	} else if (watch->state != WATCH_SYN_SENT || dir == watch->opener) {
		return;
	} else if (packet->ack == peer->isn + 1) {
		if (data && opener->fast_open)
			tell(stream, EVENT_STREAM_3WHS_SYNACK_TFO_DATA_IGNORED);
	} else if (packet->ack != peer->isn + 1 + data) {
		return; /* whoever takes the SYN tells */
	}
	watch->state = WATCH_SYN_RECEIVED;
	watch->answer_seq = packet->seq;
	watch->answer_ack = packet->ack;
	side_begin(self, packet->seq);
	side_acknowledge(stream, peer, packet, dir);
}

/* The first segment behind a SYN whose answer went another way. false: it is not to be counted. */
static bool watch_unanswered(struct stream *stream, const struct packet *packet, enum direction dir)
{
	struct watch *watch = &stream->watch;

	if (dir == watch->opener && packet->seq != watch->side[dir].next) {
		tell(stream, EVENT_STREAM_3WHS_ASYNC_WRONG_SEQ);
		return false;
	}
	watch->state = WATCH_ESTABLISHED;
	return true;
}

/* The same where both sides said where they begin. */
static bool watch_third(struct stream *stream, const struct packet *packet, enum direction dir)
{
	struct watch *watch = &stream->watch;
	const struct watch_side *self = &watch->side[dir], *peer = &watch->side[!dir];
	bool fits = ack_fits(stream, peer, packet->ack) && ahead(packet->ack, peer->isn + 1) >= 0;

	/* Who opened has not acknowledged the answer yet: its window is the one of its SYN. */
	if (!peer->acknowledged)
		fits = ahead(packet->ack, peer->isn + 1) >= 0 &&
		       ahead(packet->ack, peer->next) <= (int32_t)STREAM_REACH;
	if (watch->four && dir != watch->opener) {
		if (packet->seq != self->next) {
			tell(stream, EVENT_STREAM_4WHS_WRONG_SEQ);
			return false;
		}
		if (!fits) {
			tell(stream, EVENT_STREAM_4WHS_INVALID_ACK);
			return false;
		}
	} else if (dir != watch->opener) {
		/* Whoever sees every packet knows that the handshake's end is missing. */
		if (watch->strict) {
			bool injected = packet->payload.len && packet->seq == self->next &&
					peer->acknowledged && packet->ack == peer->acked;

			tell(stream, injected ? EVENT_STREAM_3WHS_ACK_DATA_INJECT
					      : EVENT_STREAM_3WHS_ACK_IN_WRONG_DIR);
			return false;
		}
	} else if (!fits) {
		tell(stream, packet->seq == self->next ? EVENT_STREAM_3WHS_RIGHT_SEQ_WRONG_ACK_EVASION
						       : EVENT_STREAM_3WHS_WRONG_SEQ_WRONG_ACK);
		return false;
	} else if (ahead(packet->seq, self->next) < 0) {
		return false;
	}
	watch->state = WATCH_ESTABLISHED;
	return true;
}

/* --- an open connection */

/*
 * A segment that moves nothing, from the future, whose window is so small that the real ones would fall out
 * of it: sent to make who watches by windows deaf.
 */
static bool window_bad(const struct stream *stream, const struct watch_side *self,
		       const struct watch_side *peer, const struct packet *packet, enum direction dir)
{
	uint32_t window = window_of(stream, packet, dir), less, beyond;

	if (stream->watch.partial || packet->tcp_flags & TCP_FIN || !peer->acknowledged ||
	    window >= peer->window)
		return false;
	if (ahead(packet->ack, peer->next) <= 0 || ahead(packet->seq, self->next) <= 0)
		return false;
	less = peer->window - window;
	beyond = packet->ack - peer->acked;
	return less > packet->payload.len &&
	       less > beyond + (window > WATCH_SMALL_WINDOW ? WATCH_SHRINK_SLACK : 0);
}

/* What its place says against a segment in the state at hand. */
static enum app_event place_fault(const struct stream *stream, const struct watch_side *self,
				  const struct packet *packet)
{
	const struct watch *watch = &stream->watch;
	const struct watch_row *row = &rows[watch->state];
	uint32_t seq = packet->seq, end = seq + packet->payload.len, edge = side_edge(stream, self);
	bool again = self->acknowledged && packet->payload.len && ahead(end, self->acked) <= 0;

	/* Keep-alive: the byte before the next one, or none, to provoke an acknowledgement. */
	if (packet->payload.len <= 1 && seq == self->next - 1)
		return EVENT_NONE;
	if (packet->tcp_flags & TCP_FIN) {
		bool early = ahead(seq, watch->state == WATCH_ESTABLISHED ? self->acked : self->next - 1) < 0;

		return self->acknowledged && !again && (early || ahead(end, edge) > 0) ? row->fin
										       : EVENT_NONE;
	}
	switch (watch->state) {
	case WATCH_ESTABLISHED:
		/* Data that comes again has an event of its own. */
		return self->acknowledged && !packet->payload.len && ahead(end, self->acked) < 0 ? row->before
												 : EVENT_NONE;
	case WATCH_CLOSE_WAIT:
		return again ? row->before : ahead(seq, edge) > 0 ? row->segment : EVENT_NONE;
	case WATCH_FIN_WAIT1:
	case WATCH_FIN_WAIT2:
		return !again && ahead(end, edge) > 0 ? row->segment : EVENT_NONE;
	case WATCH_LAST_ACK:
		return ahead(seq, self->next + 1) > 0 ? row->segment : EVENT_NONE;
	case WATCH_TIME_WAIT:
		return !again && seq - self->next > 1 ? row->segment : EVENT_NONE;
	default:
		return seq != self->next ? row->segment : EVENT_NONE;
	}
}

/* Where the connection stands behind a segment that fits; states are those of the server. */
static void watch_advance(struct watch *watch, const struct packet *packet, enum direction dir)
{
	const struct watch_side *peer = &watch->side[!dir];
	bool fin = packet->tcp_flags & TCP_FIN, all = peer->fin && packet->ack == peer->next;

	switch (watch->state) {
	case WATCH_ESTABLISHED:
		if (fin)
			watch->state = dir == TO_SERVER ? WATCH_CLOSE_WAIT : WATCH_FIN_WAIT1;
		break;
	case WATCH_FIN_WAIT1:
		if (dir == TO_SERVER && fin)
			watch->state = all ? WATCH_TIME_WAIT : WATCH_CLOSING;
		else if (dir == TO_SERVER && all)
			watch->state = WATCH_FIN_WAIT2;
		break;
	case WATCH_FIN_WAIT2:
		if (dir == TO_SERVER && fin)
			watch->state = WATCH_TIME_WAIT;
		break;
	case WATCH_CLOSING:
		if (dir == TO_SERVER && all)
			watch->state = WATCH_TIME_WAIT;
		break;
	case WATCH_CLOSE_WAIT:
		if (dir == TO_CLIENT && fin)
			watch->state = WATCH_LAST_ACK;
		break;
	case WATCH_LAST_ACK:
		if (dir == TO_SERVER && all)
			watch->state = WATCH_CLOSED;
		break;
	case WATCH_TIME_WAIT:
		if (dir == TO_CLIENT && all)
			watch->state = WATCH_CLOSED;
		break;
	default:
		break;
	}
}

static void watch_segment(struct stream *stream, const struct packet *packet, enum direction dir)
{
	struct watch *watch = &stream->watch;
	struct watch_side *self = &watch->side[dir], *peer = &watch->side[!dir];
	const struct watch_row *row = &rows[watch->state];
	uint32_t end = packet->seq + packet->payload.len;
	bool fin = packet->tcp_flags & TCP_FIN, probed = peer->probed;
	enum app_event event;

	self->probed =
		packet->payload.len == 1 && packet->seq == self->next && self->acknowledged && !self->window;
	if (window_bad(stream, self, peer, packet, dir)) {
		tell(stream, EVENT_STREAM_PKT_BAD_WINDOW_UPDATE);
		return;
	}
	if (probed && packet->ack == peer->next + 1) {
		tell(stream, EVENT_STREAM_EST_ACK_ZWP_DATA);
	} else if (!ack_fits(stream, peer, packet->ack)) {
		tell(stream, EVENT_STREAM_PKT_INVALID_ACK);
		tell(stream, fin ? row->fin_ack : row->ack);
		return;
	}
	event = place_fault(stream, self, packet);
	if (event != EVENT_NONE) {
		tell(stream, event);
		return;
	}
	self->spoke = true;
	if (!self->probed && ahead(end, self->next) > 0)
		self->next = end;
	if (fin && !self->fin && end == self->next) {
		self->fin = true;
		self->next++;
	}
	side_acknowledge(stream, peer, packet, dir);
	watch_advance(watch, packet, dir);
}

/* --- exported */

void stream_watch(struct stream *stream, const struct packet *packet, enum direction dir)
{
	struct watch *watch = &stream->watch;
	bool counts = true;

	if (watch->state == WATCH_CLOSED || packet->tcp_flags & TCP_RST)
		return;
	if (packet->tcp_flags & TCP_SYN) {
		if (packet->tcp_flags & TCP_ACK)
			watch_answer(stream, packet, dir);
		else
			watch_open(stream, packet, dir);
		return;
	}
	if (watch->state == WATCH_SYN_SENT && dir != watch->opener &&
	    half_stale_ack(&stream->half[!dir], packet->ack))
		return; /* the end of an older connection challenges the SYN */
	if (!watch->side[dir].seen)
		side_begin(&watch->side[dir], packet->seq - 1);
	if (watch->state == WATCH_NEW)
		watch->state = WATCH_ESTABLISHED;
	else if (watch->state == WATCH_SYN_SENT || watch->state == WATCH_SYN_BOTH)
		counts = watch_unanswered(stream, packet, dir);
	else if (watch->state == WATCH_SYN_RECEIVED)
		counts = watch_third(stream, packet, dir);
	if (counts)
		watch_segment(stream, packet, dir);
}

void stream_watch_urgent(struct stream *stream, enum direction dir)
{
	struct watch_side *side = &stream->watch.side[dir];

	if (side->urgent < WATCH_URGENT_MAX && ++side->urgent == WATCH_URGENT_MAX)
		tell(stream, EVENT_STREAM_REASSEMBLY_URGENT_OOB_LIMIT_REACHED);
}

void stream_set_sight(struct stream *stream, bool partial, bool strict)
{
	stream->watch.partial = partial;
	stream->watch.strict = strict;
}
