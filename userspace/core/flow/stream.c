// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * stream.c - TCP reassembly. Which bytes of an overlap hold is the receiver's
 * policy; what was given on already stays, and a contradiction is told.
 */
#include "stream.h"

#include <errno.h>
#include <string.h>

#include "blob.h"

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

struct stream {
	struct half half[2];
	struct stream_stats *stats;
	struct event_list events; /* since the owner took them */
	bool reset, muted;
};

int stream_new(struct stream_stats *stats, struct stream **out)
{
	struct stream *stream = calloc(1, sizeof(*stream));

	if (!stream)
		return -ENOMEM;
	stream->stats = stats;
	*out = stream;
	return 0;
}

static void segments_free(struct segment *segment)
{
	while (segment) {
		struct segment *next = segment->next;

		free(segment);
		segment = next;
	}
}

void stream_free(struct stream *stream)
{
	if (!stream)
		return;
	for (int dir = 0; dir < 2; dir++) {
		struct half *half = &stream->half[dir];

		segments_free(half->pending);
		free(half->emitted);
		free(half->syn_data);
		segments_free(half->doubted);
		free(half->tail);
	}
	free(stream);
}

/* Signed distance from where the half stands; wraps as sequence numbers do. */
static int32_t ahead(const struct half *half, uint32_t seq)
{
	return (int32_t)(seq - half->next);
}

static struct segment *segment_new(uint32_t seq, struct span data)
{
	struct segment *segment = malloc(sizeof(*segment) + data.len);

	if (!segment)
		return NULL;
	*segment = (struct segment){.seq = seq, .len = data.len, .from = seq, .to = seq + data.len};
	if (data.len)
		memcpy(segment->data, data.data, data.len);
	return segment;
}

static void note_overlap(struct stream *stream)
{
	stream->stats->overlaps++;
	event_list_add(&stream->events, EVENT_STREAM_REASSEMBLY_OVERLAP_DIFFERENT_DATA);
}

static void note_gap(struct stream *stream, struct half *half, uint32_t bytes)
{
	stream->stats->gaps++;
	stream->stats->gap_bytes += bytes;
	/* Without an acknowledgement beyond it the receiver misses these bytes as we do: nothing odd. */
	if (!half->peer_acks || (int32_t)(half->acked - half->next) > 0)
		event_list_add(&stream->events, EVENT_STREAM_REASSEMBLY_SEQ_GAP);
	half->gap = true;
	half->lossy = false;
	half->offset += bytes;
	half->next += bytes;
}

static enum stream_verdict ignore(struct stream *stream, enum app_event event)
{
	stream->stats->ignored++;
	event_list_add(&stream->events, event);
	return STREAM_IGNORED;
}

/* --- out-of-order segments */

static void pending_drop(struct half *half, struct segment **link)
{
	struct segment *segment = *link;

	*link = segment->next;
	half->pending_bytes -= segment->len;
	half->pending_count--;
	if (segment == half->pending_last)
		half->pending_last = NULL;
	free(segment);
}

static void pending_trim(struct half *half, struct segment *segment, uint32_t n)
{
	segment->seq += n;
	segment->skip += n;
	segment->len -= n;
	half->pending_bytes -= n;
}

static bool differs(const struct segment *segment, uint32_t seq, struct span data)
{
	uint32_t from = (int32_t)(seq - segment->seq) > 0 ? seq : segment->seq;
	uint32_t to_a = segment->seq + segment->len, to_b = seq + data.len;
	uint32_t to = (int32_t)(to_a - to_b) < 0 ? to_a : to_b;

	if ((int32_t)(to - from) <= 0)
		return false;
	return memcmp(segment->data + segment->skip + (from - segment->seq), data.data + (from - seq),
		      to - from);
}

/* Puts a copy in at *link. Returns where the list goes on; without memory it becomes a hole, and holes are
 * told. */
static struct segment **pending_insert(struct half *half, struct segment **link,
				       const struct arrival *arrival, uint32_t len, uint64_t now_us)
{
	struct segment *segment = segment_new(arrival->seq, (struct span){arrival->data.data, len});

	if (!segment)
		return link;
	segment->from = arrival->from;
	segment->to = arrival->to;
	segment->urgent = arrival->urgent;
	if (!half->pending)
		half->hole_us = now_us;
	segment->next = *link;
	*link = segment;
	if (!segment->next)
		half->pending_last = segment;
	half->pending_bytes += len;
	half->pending_count++;
	return &segment->next;
}

/* Takes the bytes from..to out of the segment, which may leave a piece on either side. */
static void pending_cut(struct half *half, struct segment **link, uint32_t from, uint32_t to)
{
	struct segment *old = *link, *right;
	uint32_t end = old->seq + old->len;

	if ((int32_t)(from - old->seq) <= 0) {
		if ((int32_t)(end - to) <= 0)
			pending_drop(half, link);
		else
			pending_trim(half, old, to - old->seq);
		return;
	}
	if ((int32_t)(end - to) > 0) {
		right = segment_new(to, (struct span){old->data + old->skip + (to - old->seq), end - to});
		if (right) {
			right->from = old->from;
			right->to = old->to;
			right->next = old->next;
			old->next = right;
			if (!right->next)
				half->pending_last = right;
			half->pending_bytes += right->len;
			half->pending_count++;
		}
	}
	half->pending_bytes -= end - from;
	old->len = from - old->seq;
}

static bool arrival_wins(const struct half *half, const struct arrival *arrival, const struct segment *old)
{
	return !arrival->doubted &&
	       overlap_segment_wins((enum overlap_policy)half->policy, (int32_t)(arrival->from - old->from),
				    (int32_t)(arrival->to - old->to));
}

static void arrival_skip(struct arrival *arrival, uint32_t n)
{
	n = n < arrival->data.len ? n : arrival->data.len;
	arrival->seq += n;
	arrival->data = span_from(arrival->data, n);
}

static void pending_add(struct stream *stream, struct half *half, struct arrival arrival, uint64_t now_us)
{
	struct segment **link = &half->pending, *last = half->pending_last;
	bool contradicts = false;

	/* The common case behind a hole: what comes next goes to the end. */
	if (last && (int32_t)(arrival.seq - (last->seq + last->len)) >= 0)
		link = &last->next;
	while (arrival.data.len && *link) {
		struct segment *old = *link;
		uint32_t old_end = old->seq + old->len, end = arrival.seq + arrival.data.len;

		if ((int32_t)(old->seq - end) >= 0)
			break;
		if ((int32_t)(old_end - arrival.seq) <= 0) {
			link = &old->next;
			continue;
		}
		contradicts |= !arrival.doubted && differs(old, arrival.seq, arrival.data);
		if (arrival_wins(half, &arrival, old)) {
			pending_cut(half, link, arrival.seq, end);
			continue;
		}
		if ((int32_t)(old->seq - arrival.seq) > 0)
			link = pending_insert(half, link, &arrival, old->seq - arrival.seq, now_us);
		arrival_skip(&arrival, old_end - arrival.seq);
		link = &old->next;
	}
	if (contradicts)
		note_overlap(stream);
	if (arrival.data.len)
		pending_insert(half, link, &arrival, arrival.data.len, now_us);
}

/* Bytes that were given on already come again: do they say the same? */
static void check_retransmission(struct stream *stream, const struct half *half, uint32_t seq,
				 struct span data)
{
	uint32_t back = half->next - seq; /* > 0 */
	uint32_t n = back < data.len ? back : data.len;

	if (back > half->tail_len) {
		uint32_t lost = back - half->tail_len;

		if (lost >= n)
			return;
		data.data += lost;
		n -= lost;
		back -= lost;
	}
	if (n && memcmp(half->tail + half->tail_len - back, data.data, n))
		note_overlap(stream);
}

/* --- data held by a SYN */

/*
 * A receiver without Fast Open ignores the data of a SYN; the sender then sends it again, or something else.
 * accepted: somebody showed that it counts.
 */
static void syn_data_settle(struct stream *stream, struct half *half, bool accepted, uint64_t now_us)
{
	struct segment *segment = half->syn_data;

	if (!segment)
		return;
	half->syn_data = NULL;
	if (accepted)
		pending_add(stream, half,
			    (struct arrival){.seq = segment->seq,
					     .data = {segment->data, segment->len},
					     .from = segment->from,
					     .to = segment->to},
			    now_us);
	free(segment);
}

/* --- segments with an old timestamp */

/*
 * A timestamp older than what the receiver echoed last: it drops the segment (PAWS, RFC 7323 section 5.3).
 * Its echo is believed, not what senders wrote: an insertion segment moves nothing.
 */
static bool too_old(const struct half *self, const struct packet *packet)
{
	return self->echoes && packet->has_timestamp && (int32_t)(packet->tsval - self->echo) < 0;
}

/*
 * It is put aside: there are receivers without PAWS and senders whose clock jumps, and an acknowledgement
 * tells. Until then other bytes in its place hold.
 */
static void doubt(struct half *self, const struct packet *packet)
{
	uint32_t len = packet->payload.len;
	bool fin = packet->tcp_flags & TCP_FIN;
	int32_t distance = ahead(self, packet->seq);
	struct segment *segment;

	if (self->doubted_count == DOUBTED_MAX || self->last_given || distance > (int32_t)STREAM_REACH ||
	    distance + (int64_t)len + fin <= 0)
		return;
	segment = segment_new(packet->seq, packet->payload);
	if (!segment)
		return;
	segment->fin = fin;
	segment->next = self->doubted;
	self->doubted = segment;
	self->doubted_bytes += len;
	self->doubted_count++;
}

/* The receiver acknowledged: what it shows to have taken fills holes, what others took the place of goes. */
static void doubted_settle(struct stream *stream, struct half *sender, uint64_t now_us)
{
	struct segment **link = &sender->doubted, *segment;

	while ((segment = *link)) {
		uint32_t end = segment->seq + segment->len;
		struct arrival arrival = {.seq = segment->seq,
					  .data = {segment->data, segment->len},
					  .from = segment->from,
					  .to = segment->to,
					  .doubted = true};

		if (ahead(sender, end + segment->fin) > 0) {
			if ((int32_t)(sender->acked - (end + segment->fin)) < 0) {
				link = &segment->next;
				continue;
			}
			if (ahead(sender, arrival.seq) < 0)
				arrival_skip(&arrival, (uint32_t)-ahead(sender, arrival.seq));
			pending_add(stream, sender, arrival, now_us);
			if (segment->fin) {
				sender->fin = true;
				sender->fin_seq = end;
			}
		}
		*link = segment->next;
		sender->doubted_bytes -= segment->len;
		sender->doubted_count--;
		free(segment);
	}
}

/* --- acknowledgements */

static void note_ack(struct stream *stream, struct half *sender, struct half *acknowledger,
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
	if (ahead(sender, ack) > (int32_t)STREAM_REACH)
		return;
	if (!sender->peer_acks || (int32_t)(ack - sender->acked) > 0)
		sender->acked = ack;
	sender->peer_acks = true;
	if (sender->doubted)
		doubted_settle(stream, sender, packet->time_us);
	if (sender->fin && ack == sender->fin_seq + 1)
		sender->fin_acked = true;
}

/* How far ahead of next the receiver would take a segment. */
static int32_t reach(const struct half *half, const struct half *receiver)
{
	int64_t window;

	if (!half->peer_acks || !half->has_scale || !receiver->has_scale)
		return (int32_t)STREAM_REACH;
	window = ((int64_t)receiver->window << receiver->scale) + ahead(half, half->acked);
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
	 {EVENT_STREAM_EST_SYNACK_TOSERVER, EVENT_STREAM_EST_SYNACK_RESEND_WITH_DIFFERENT_ACK,
	  EVENT_STREAM_EST_SYNACK_RESEND_WITH_DIFF_SEQ, EVENT_STREAM_EST_SYNACK_RESEND}},
};

static void note_syn_again(struct stream *stream, const struct half *self, const struct half *peer,
			   const struct packet *packet)
{
	bool answers = packet->tcp_flags & TCP_ACK, to_server = self == &stream->half[TO_SERVER];
	const struct syn_again *row = &syn_agains[self->peer_acks && peer->peer_acks][answers];
	enum app_event event;

	if (!peer->seen) {
		event = answers && self->syn && to_server ? EVENT_STREAM_3WHS_SYNACK_IN_WRONG_DIRECTION
							  : EVENT_NONE;
	} else if (answers == to_server) {
		event = row->astray;
	} else if (!self->syn || packet->seq != self->isn) {
		event = row->other_seq;
	} else {
		event = answers && peer->syn && packet->ack != peer->isn + 1 && !peer->offset ? row->other_ack
											      : row->again;
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

/* What answers a SYN echoes its timestamp, that of an earlier try, or nothing (RFC 7323 section 3.2). */
static bool echo_plausible(const struct half *self, const struct half *peer, const struct packet *packet)
{
	if (self->seen || !peer->syn || peer->renewals || !packet->has_timestamp || !packet->tsecr)
		return true;
	return peer->stamped && packet->tsecr - peer->syn_stamp[0] <= peer->syn_stamp[1] - peer->syn_stamp[0];
}

static enum stream_verdict add_syn(struct stream *stream, struct half *self, struct half *peer,
				   const struct packet *packet)
{
	uint32_t start = packet->seq + 1;

	if (self->seen && !stream_closed(stream) && self->syn && packet->seq == self->isn)
		note_syn_again(stream, self, peer, packet);
	if (self->syn ? packet->seq == self->isn : self->seen && start == self->next && !self->offset) {
		self->syn = true; /* again, or late */
		self->isn = packet->seq;
		note_syn_stamp(self, packet);
		note_ack(stream, peer, self, packet);
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
	note_ack(stream, peer, self, packet);
	return STREAM_TAKEN;
}

/*
 * What the first segment of the other side acknowledges was never sent since the SYN: it is of an older
 * connection, whose end challenges that SYN (RFC 9293 section 3.10.7.4). The handshake is still to come.
 */
static bool stale(const struct half *opener, uint32_t ack)
{
	return (int32_t)(ack - (opener->isn + 1)) < 0 || ahead(opener, ack) > (int32_t)STREAM_REACH;
}

/* RFC 5961: a reset counts only at exactly the next byte that the receiver expects. */
static bool reset_plausible(const struct half *self, const struct half *peer, const struct packet *packet)
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

static enum stream_verdict add_stray(struct stream *stream, struct half *self, const struct half *peer,
				     const struct packet *packet)
{
	uint32_t seq = packet->seq, end = seq + packet->payload.len;
	bool move = self->lossy;

	stream->stats->ignored++;
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
	note_gap(stream, self, ahead(self, seq) > 0 ? seq - self->next : 0);
	self->next = seq;
	self->ready = packet->payload;
	return STREAM_TAKEN;
}

/* --- ordinary segments */

/*
 * The byte that the urgent pointer names goes to the receiver out of band and is missing in its stream (RFC
 * 6093; what receivers do unless they ask for it in line). false: the pointer names none of this segment's
 * bytes.
 */
static bool add_urgent(struct stream *stream, struct half *self, const struct arrival *arrival,
		       const struct packet *packet)
{
	uint32_t pointer = (uint32_t)packet->l4_header.data[18] << 8 | packet->l4_header.data[19];
	int32_t behind = -ahead(self, arrival->seq);
	struct arrival parts[3] = {*arrival, *arrival, *arrival};

	if (!pointer || pointer > arrival->data.len)
		return false;
	parts[0].data.len = pointer - 1;
	arrival_skip(&parts[1], pointer - 1);
	parts[1].data.len = 1;
	parts[1].urgent = true;
	arrival_skip(&parts[2], pointer);
	for (unsigned int i = 0; i < 3; i++) {
		if (behind > 0 && ahead(self, parts[i].seq) < 0)
			arrival_skip(&parts[i], (uint32_t)-ahead(self, parts[i].seq));
		if (parts[i].data.len)
			pending_add(stream, self, parts[i], packet->time_us);
	}
	return true;
}

static void add_data(struct stream *stream, struct half *self, const struct packet *packet)
{
	struct span data = packet->payload;
	int32_t distance = ahead(self, packet->seq);
	struct arrival arrival = {
		.seq = packet->seq, .data = data, .from = packet->seq, .to = packet->seq + data.len};
	bool contradicts = false, held = false;

	if (self->syn_data && (int32_t)(packet->seq - self->syn_data->seq) >= 0)
		syn_data_settle(stream, self, packet->seq != self->syn_data->seq, packet->time_us);
	if (distance < 0 && data.len)
		check_retransmission(stream, self, packet->seq, data);
	if (!data.len || distance + (int64_t)data.len <= 0)
		return;
	if (self->last_given)
		return; /* behind an acknowledged FIN */
	stream->reset = false;
	self->strays = 0;
	if (packet->tcp_flags & TCP_URG && add_urgent(stream, self, &arrival, packet))
		return;
	for (const struct segment *segment = self->pending; segment && distance <= 0;
	     segment = segment->next) {
		if (!differs(segment, packet->seq, data))
			continue;
		contradicts = true;
		held |= !arrival_wins(self, &arrival, segment);
	}
	if (distance > 0 || held) {
		if (distance < 0)
			arrival_skip(&arrival, (uint32_t)-distance);
		pending_add(stream, self, arrival, packet->time_us);
		return;
	}
	if (contradicts)
		note_overlap(stream);
	self->ready = (struct span){data.data - distance, data.len + (uint32_t)distance};
}

static void note_repeat(struct stream *stream, const struct half *self, const struct packet *packet)
{
	uint32_t end = packet->seq + packet->payload.len;

	if (!packet->payload.len || ahead(self, end) > 0)
		return;
	event_list_add(&stream->events, self->peer_acks && (int32_t)(self->acked - end) >= 0
						? EVENT_STREAM_PKT_SPURIOUS_RETRANSMISSION
						: EVENT_STREAM_PKT_RETRANSMISSION);
}

enum stream_verdict stream_add(struct stream *stream, const struct packet *packet, enum direction dir)
{
	struct half *self = &stream->half[dir], *peer = &stream->half[!dir];
	uint32_t len = packet->payload.len, seq = packet->seq;
	int32_t distance;

	self->ready = (struct span){NULL, 0};
	if (!echo_plausible(self, peer, packet))
		return ignore(stream, EVENT_STREAM_PKT_INVALID_TIMESTAMP);
	if (packet->tcp_flags & TCP_RST) {
		if (packet->payload.len)
			event_list_add(&stream->events, EVENT_STREAM_RST_WITH_DATA);
		if (!reset_plausible(self, peer, packet))
			return ignore(stream, EVENT_STREAM_RST_INVALID_ACK);
		stream->reset = self->reset = true;
		return STREAM_TAKEN;
	}
	/* It goes on as if it had not: the reset was somebody else's. */
	if (self->reset && !(packet->tcp_flags & TCP_SYN))
		event_list_add(&stream->events, EVENT_STREAM_SUSPECTED_RST_INJECT);
	self->reset = false;
	if (packet->tcp_flags & TCP_SYN)
		return add_syn(stream, self, peer, packet);
	if (!(packet->tcp_flags & TCP_ACK)) /* RFC 9293 section 3.10.7.4: dropped */
		return ignore(stream, EVENT_STREAM_PKT_BROKEN_ACK);
	if (!self->seen) {
		if (peer->syn && stale(peer, packet->ack)) {
			stream->stats->ignored++;
			return STREAM_IGNORED;
		}
		self->seen = true;
		self->next = seq;
	}
	if (self->reopen && seq == self->reopen_seq && seq != self->next && len)
		return STREAM_REOPENED;
	if (too_old(self, packet)) {
		doubt(self, packet);
		return ignore(stream, EVENT_STREAM_PKT_INVALID_TIMESTAMP);
	}
	distance = ahead(self, seq);
	if (distance > reach(self, peer) || distance + (int64_t)len < -(int64_t)STREAM_REACH)
		return add_stray(stream, self, peer, packet);
	note_ack(stream, peer, self, packet);
	note_repeat(stream, self, packet);
	if (!self->ttl || packet->ttl < self->ttl)
		self->ttl = packet->ttl;
	if (packet->tcp_flags & TCP_FIN && !self->last_given && ahead(self, seq + len) >= 0) {
		self->fin = true;
		self->fin_acked = false;
		self->fin_seq = seq + len;
	}
	add_data(stream, self, packet);
	return STREAM_TAKEN;
}

/* --- in-order output */

static void tail_push(struct half *half, struct span data)
{
	uint32_t need = half->tail_len + data.len;

	if (need > half->tail_capacity && half->tail_len > STREAM_WINDOW_KEPT &&
	    half->tail_capacity >= WINDOW_CAPACITY) {
		memmove(half->tail, half->tail + half->tail_len - STREAM_WINDOW_KEPT, STREAM_WINDOW_KEPT);
		half->tail_len = STREAM_WINDOW_KEPT;
		need = half->tail_len + data.len;
	}
	if (need > half->tail_capacity) {
		uint32_t capacity = half->tail_capacity ? half->tail_capacity : 512;
		uint8_t *tail;

		while (capacity < need)
			capacity *= 2;
		tail = realloc(half->tail, capacity);
		if (!tail) {
			half->tail_len = 0; /* stream_window() then gives the chunk alone */
			return;
		}
		half->tail = tail;
		half->tail_capacity = capacity;
	}
	memcpy(half->tail + half->tail_len, data.data, data.len);
	half->tail_len = need;
}

static bool pending_full(const struct half *half)
{
	return half->pending_bytes > STREAM_PENDING_MAX || half->pending_count > STREAM_SEGMENTS_MAX;
}

/* May the hole before the first pending segment be given up? */
static bool hole_over(const struct half *half, uint64_t now_us)
{
	uint64_t age = now_us > half->hole_us ? now_us - half->hole_us : 0;
	bool acked = half->peer_acks && (int32_t)(half->acked - half->pending->seq) >= 0;

	if (pending_full(half))
		return true;
	if (acked || half->lossy)
		return age >= STREAM_ACKED_US;
	/* A receiver that is seen and did not acknowledge the bytes has not got them either: they still come.
	 */
	return !half->peer_acks && age >= STREAM_HOLE_US;
}

static bool take_pending(struct stream *stream, struct half *half, uint64_t now_us, bool flush,
			 struct span *data)
{
	struct segment *segment;
	int32_t distance;

	while (half->pending) {
		segment = half->pending;
		if (segment->urgent && segment->seq == half->next)
			half->next++;
		else if (ahead(half, segment->seq + segment->len) > 0)
			break;
		pending_drop(half, &half->pending);
	}
	segment = half->pending;
	if (!segment)
		return false;
	distance = ahead(half, segment->seq);
	if (distance > 0) {
		if (!flush && !hole_over(half, now_us))
			return false;
		stream->stats->full += pending_full(half);
		note_gap(stream, half, (uint32_t)distance);
	} else if (distance < 0) {
		pending_trim(half, segment, (uint32_t)-distance);
	}
	half->pending = segment->next;
	if (segment == half->pending_last)
		half->pending_last = NULL;
	half->pending_bytes -= segment->len;
	half->pending_count--;
	half->hole_us = now_us;
	half->emitted = segment;
	*data = (struct span){segment->data + segment->skip, segment->len};
	return true;
}

bool stream_next(struct stream *stream, enum direction dir, uint64_t now_us, bool flush,
		 struct stream_chunk *chunk)
{
	struct half *half = &stream->half[dir];
	struct span data = half->ready;

	free(half->emitted);
	half->emitted = NULL;
	half->ready = (struct span){NULL, 0};
	if (flush)
		syn_data_settle(stream, half, half->fast_open, now_us);
	if (!data.len && !take_pending(stream, half, now_us, flush, &data) &&
	    !(half->fin && half->fin_acked && half->next == half->fin_seq) && !flush)
		return false;
	if (!data.len && (!half->seen || half->last_given))
		return false;
	*chunk = (struct stream_chunk){.data = data, .gap = half->gap};
	if (half->gap)
		half->tail_len = 0;
	half->gap = false;
	half->next += data.len;
	half->offset += data.len;
	if (data.len && !stream->muted && !half->paused)
		tail_push(half, data);
	/* Data where a FIN claimed to be the end: the FIN was not the receiver's. */
	if (half->fin && ahead(half, half->fin_seq) < 0)
		half->fin = half->fin_acked = false;
	chunk->last = !half->last_given && ((half->fin && half->fin_acked && half->next == half->fin_seq) ||
					    (flush && !half->pending));
	half->last_given |= chunk->last;
	return true;
}

void stream_window(const struct stream *stream, enum direction dir, const struct stream_chunk *chunk,
		   struct span *window, uint64_t *offset)
{
	const struct half *half = &stream->half[dir];
	uint32_t len = half->tail_len;

	if (!len || len < chunk->data.len || stream->muted || half->paused) {
		*window = chunk->data;
		*offset = half->offset - chunk->data.len;
		return;
	}
	if (len > STREAM_WINDOW_KEPT + chunk->data.len)
		len = STREAM_WINDOW_KEPT + chunk->data.len;
	*window = (struct span){half->tail + half->tail_len - len, len};
	*offset = half->offset - len;
}

void stream_tail(const struct stream *stream, enum direction dir, struct span *tail, uint64_t *offset)
{
	const struct half *half = &stream->half[dir];

	*tail = (struct span){half->tail, half->tail_len};
	*offset = half->offset - half->tail_len;
}

void stream_expect_gap(struct stream *stream)
{
	stream->half[0].lossy = stream->half[1].lossy = true;
}

void stream_pause(struct stream *stream, enum direction dir, bool pause)
{
	if (stream->half[dir].paused != pause)
		stream->half[dir].tail_len = 0;
	stream->half[dir].paused = pause;
}

void stream_mute(struct stream *stream)
{
	stream->muted = true;
	for (int dir = 0; dir < 2; dir++) {
		struct half *half = &stream->half[dir];

		free(half->tail);
		half->tail = NULL;
		half->tail_len = half->tail_capacity = 0;
	}
}

void stream_set_policy(struct stream *stream, enum direction dir, enum overlap_policy policy)
{
	stream->half[dir].policy = (uint8_t)policy;
}

struct event_list *stream_events(struct stream *stream)
{
	return &stream->events;
}

bool stream_waiting(const struct stream *stream)
{
	return stream->half[0].pending || stream->half[1].pending;
}

bool stream_closed(const struct stream *stream)
{
	return stream->reset || (stream->half[0].fin_acked && stream->half[1].fin_acked);
}

bool stream_over(const struct stream *stream)
{
	return stream->half[0].last_given && stream->half[1].last_given;
}

bool stream_closing(const struct stream *stream)
{
	for (int dir = 0; dir < 2; dir++)
		if (stream->half[dir].fin && stream->half[dir].next == stream->half[dir].fin_seq)
			return true;
	return false;
}

bool stream_midstream(const struct stream *stream)
{
	return !stream->half[0].syn && !stream->half[1].syn;
}

size_t stream_memory(const struct stream *stream)
{
	size_t bytes = sizeof(*stream);

	for (int dir = 0; dir < 2; dir++) {
		const struct half *half = &stream->half[dir];

		bytes += half->tail_capacity + half->pending_bytes + half->doubted_bytes +
			 (half->pending_count + half->doubted_count) * sizeof(struct segment);
	}
	return bytes;
}
