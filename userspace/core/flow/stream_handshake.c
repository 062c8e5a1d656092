// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * stream_handshake.c - acknowledgements, SYNs and resets, and segments out of window: what an
 * end would believe of them (RFC 9293, RFC 5961, RFC 7323).
 */
#include "stream_parts.h"

#include <string.h>

/* --- acknowledgements */

void stream_note_ack(struct stream *stream, struct half *sender, struct half *acknowledger,
		     const struct packet *packet)
{
	uint32_t ack = packet->ack;

	if (!(packet->tcp_flags & TCP_ACK))
		return;
	acknowledger->window = packet->window;
	if (packet->has_timestamp && packet->tsecr) {
		sender->echo = packet->tsecr;
		sender->echoes = true;
	}
	sender->last_ack = ack;
	if (!sender->seen) {
		/* Only a SYN|ACK says for sure where the other half begins. */
		if (packet->tcp_flags & TCP_SYN) {
			sender->seen = true;
			sender->next = ack;
		} else {
			return;
		}
	}
	if (sender->syn_data && (int32_t)(ack - (sender->isn + 1)) >= 0)
		syn_data_settle(stream, sender, ack != sender->isn + 1, packet->time_us);
	if (half_ahead(sender, ack) > (int32_t)STREAM_REACH)
		return;
	if (!sender->peer_acks || (int32_t)(ack - sender->acked) > 0)
		sender->acked = ack;
	sender->peer_acks = true;
	if (sender->doubted)
		doubted_settle(stream, sender, packet->time_us);
	if (sender->fin && ack == sender->fin_seq + 1)
		sender->fin_acked = true;
}

int32_t half_reach(const struct half *half, const struct half *receiver)
{
	int64_t window;

	if (!half->peer_acks || !half->has_scale || !receiver->has_scale)
		return (int32_t)STREAM_REACH;
	window = ((int64_t)receiver->window << receiver->scale) + half_ahead(half, half->acked);
	if (window < 65536)
		window = 65536;
	return (int32_t)(window > (1 << 30) ? 1 << 30 : window);
}

/* --- SYN and RST */

static void read_scale(struct half *half, const struct packet *packet)
{
	const uint8_t *p = packet->l4_header.data + 20, *end = packet->l4_header.data + packet->l4_header.len;

	half->has_scale = true; /* no option: no scaling, in either direction */
	half->scale = 0;
	while (p < end && *p) {
		if (*p == 1) {
			p++;
			continue;
		}
		if (end - p < 2 || p[1] < 2 || p[1] > end - p)
			return;
		if (p[0] == 3 && p[1] == 3)
			half->scale = p[2] > 14 ? 14 : p[2];
		p += p[1];
	}
}

/* What a SYN of somebody who spoke before is: by whether the handshake is over, and whether it acknowledges.
 */
static const struct syn_again {
	enum app_event astray, other_ack, other_seq, again;
} syn_agains[2][2] = {
	{{EVENT_STREAM_3WHS_SYN_TOCLIENT_ON_SYN_RECV, EVENT_NONE,
	  EVENT_STREAM_3WHS_SYN_RESEND_DIFF_SEQ_ON_SYN_RECV, EVENT_NONE},
	 {EVENT_STREAM_3WHS_SYNACK_TOSERVER_ON_SYN_RECV, EVENT_STREAM_3WHS_SYNACK_RESEND_WITH_DIFF_ACK,
	  EVENT_STREAM_3WHS_SYNACK_RESEND_WITH_DIFF_SEQ, EVENT_NONE}},
	{{EVENT_STREAM_EST_SYN_TOCLIENT, EVENT_NONE, EVENT_STREAM_EST_SYN_RESEND_DIFF_SEQ,
	  EVENT_STREAM_EST_SYN_RESEND},
	 {EVENT_STREAM_EST_SYNACK_TOSERVER, EVENT_STREAM_EST_SYNACK_RESEND_WITH_DIFF_ACK,
	  EVENT_STREAM_EST_SYNACK_RESEND_WITH_DIFF_SEQ, EVENT_STREAM_EST_SYNACK_RESEND}},
};

static void note_syn_again(struct stream *stream, const struct half *self, const struct half *peer,
			   const struct packet *packet)
{
	bool answers = packet->tcp_flags & TCP_ACK, to_server = self == &stream->half[TO_SERVER];
	const struct syn_again *row = &syn_agains[self->peer_acks && peer->peer_acks][answers];
	enum app_event event;

	if (stream->watch.four)
		return; /* each called the other: both answer */
	if (stream->watch.state > WATCH_ESTABLISHED) {
		event = EVENT_STREAM_SHUTDOWN_SYN_RESEND;
	} else if (!peer->seen) {
		event = answers && self->syn && to_server ? EVENT_STREAM_3WHS_SYNACK_IN_WRONG_DIRECTION
							  : EVENT_NONE;
	} else if (answers == to_server) {
		event = row->astray;
	} else if (!self->syn || packet->seq != self->isn) {
		event = row->other_seq;
	} else {
		bool other = answers && peer->syn && packet->ack != peer->isn + 1 && !peer->offset;
		/* Until it says something else it may not know that its answer came. */
		bool excused = answers && !stream->watch.side[!to_server].spoke;

		event = other ? row->other_ack : excused ? EVENT_NONE : row->again;
	}
	if (event != EVENT_NONE)
		event_list_add(&stream->events, event);
}

/*
 * A live receiver answers with a challenge and goes on; what follows tells. Before any answer the sender may
 * have begun anew, or somebody else speaks for it.
 */
static enum stream_verdict add_other_syn(struct stream *stream, struct half *self, const struct half *peer,
					 const struct packet *packet)
{
	uint32_t start = packet->seq + 1;

	if (!peer->seen && !(packet->tcp_flags & TCP_ACK)) {
		self->renewals += self->renewals < UINT8_MAX && (!self->reopen || self->reopen_seq != start);
		if (self->renewals > SYN_RENEWALS_MAX)
			event_list_add(&stream->events, EVENT_STREAM_3WHS_SYN_FLOOD);
	}
	note_syn_again(stream, self, peer, packet);
	self->reopen = true;
	self->reopen_seq = start;
	stream->stats->ignored++;
	return STREAM_IGNORED;
}

static void note_syn_stamp(struct half *self, const struct packet *packet)
{
	if (!packet->has_timestamp)
		return;
	if (!self->stamped)
		self->syn_stamp[0] = packet->tsval;
	self->stamped = true;
	self->syn_stamp[1] = packet->tsval;
}

bool half_echo_plausible(const struct half *self, const struct half *peer, const struct packet *packet)
{
	if (self->seen || !peer->syn || peer->renewals || !packet->has_timestamp || !packet->tsecr)
		return true;
	return peer->stamped && packet->tsecr - peer->syn_stamp[0] <= peer->syn_stamp[1] - peer->syn_stamp[0];
}

enum stream_verdict stream_add_syn(struct stream *stream, struct half *self, struct half *peer,
				   const struct packet *packet)
{
	uint32_t start = packet->seq + 1;

	if (self->seen && !stream_closed(stream) && self->syn && packet->seq == self->isn)
		note_syn_again(stream, self, peer, packet);
	if (self->syn ? packet->seq == self->isn : self->seen && start == self->next && !self->offset) {
		self->syn = true; /* again, or late */
		self->isn = packet->seq;
		note_syn_stamp(self, packet);
		stream_note_ack(stream, peer, self, packet);
		return STREAM_TAKEN;
	}
	if (self->seen) {
		bool answers = packet->tcp_flags & TCP_ACK && peer->reopen && packet->ack == peer->reopen_seq;

		if (stream_closed(stream) || answers)
			return STREAM_REOPENED;
		return add_other_syn(stream, self, peer, packet);
	}
	if (packet->tcp_flags & TCP_ACK && peer->syn && !peer->offset && packet->ack != peer->isn + 1 &&
	    !(peer->syn_data && packet->ack == peer->isn + 1 + peer->syn_data->len))
		event_list_add(&stream->events, EVENT_STREAM_3WHS_SYNACK_WITH_WRONG_ACK);
	self->seen = self->syn = true;
	note_syn_stamp(self, packet);
	self->isn = packet->seq;
	self->next = start;
	self->ttl = packet->ttl;
	read_scale(self, packet);
	self->fast_open = packet_fast_open(packet);
	if (packet->payload.len)
		self->syn_data = segment_new(start, packet->payload);
	stream_note_ack(stream, peer, self, packet);
	return STREAM_TAKEN;
}

bool half_stale_ack(const struct half *opener, uint32_t ack)
{
	return (int32_t)(ack - (opener->isn + 1)) < 0 || half_ahead(opener, ack) > (int32_t)STREAM_REACH;
}

bool half_reset_plausible(const struct half *self, const struct half *peer, const struct packet *packet)
{
	uint32_t seq = packet->seq;

	/* Sent so that it dies on the way: behind this sensor, before the receiver. */
	if (self->ttl && packet->ttl + TTL_SLACK < self->ttl)
		return false;
	if (!self->seen) {
		if (peer->syn && packet->tcp_flags & TCP_ACK &&
		    (packet->ack == peer->isn + 1 || packet->ack == peer->next ||
		     (peer->syn_data && packet->ack == peer->isn + 1 + peer->syn_data->len)))
			return true; /* the answer to a SYN */
		return self->last_ack && seq == self->last_ack;
	}
	if (seq == self->next || (self->peer_acks && seq == self->acked))
		return true;
	return self->fin && seq == self->fin_seq + 1;
}

/* --- segments out of window */

enum stream_verdict stream_add_stray(struct stream *stream, struct half *self, const struct half *peer,
				     const struct packet *packet)
{
	uint32_t seq = packet->seq, end = seq + packet->payload.len;
	bool move = self->lossy;

	stream->stats->ignored++;
	if (stream->watch.state <= WATCH_ESTABLISHED)
		event_list_add(&stream->events, EVENT_STREAM_EST_PACKET_OUT_OF_WINDOW);
	if (!packet->payload.len)
		return STREAM_IGNORED;
	if (self->strays && seq == self->stray_end) {
		self->strays++;
	} else {
		self->stray_seq = seq;
		self->strays = 1;
	}
	self->stray_end = end;
	if (peer->seen && self->peer_acks)
		move |= self->last_ack - self->stray_seq - 1 < end - self->stray_seq;
	else
		move |= self->strays >= STRAYS_ONE_SIDED;
	if (!move && self->strays < STRAYS_ANY)
		return STREAM_IGNORED;
	/* The receiver is there: so much was missed that the stream goes on behind a gap. */
	stream->stats->ignored -= self->strays;
	while (self->pending)
		pending_drop(self, &self->pending);
	self->strays = 0;
	self->fin = false;
	self->peer_acks = false;
	stream_note_gap(stream, self, half_ahead(self, seq) > 0 ? seq - self->next : 0);
	self->next = seq;
	self->ready = packet->payload;
	return STREAM_TAKEN;
}
