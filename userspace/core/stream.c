// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * stream.c - TCP reassembly. Overlaps follow BSD: bytes that came first stay,
 * unless the newer segment begins before the older one; so an in-order
 * segment always wins, as it does in Linux receivers.
 */
#include "stream.h"

#include <errno.h>
#include <string.h>

#define TCP_FIN 1
#define TCP_SYN 2
#define TCP_RST 4
#define TCP_ACK 16

#define WINDOW_CAPACITY	 (4 * STREAM_WINDOW_KEPT) /* a window slides when it holds this much */
#define STRAYS_ONE_SIDED 3  /* contiguous segments elsewhere that move a one-sided stream */
#define STRAYS_ANY	 32 /* the same against a peer that does not acknowledge them */

struct segment {
	struct segment *next;
	uint32_t seq, len;
	uint32_t skip; /* bytes of data before seq, given up to another segment */
	uint8_t data[];
};

struct half {
	bool seen, syn, fin, fin_acked, last_given;
	bool peer_acks; /* acked holds */
	bool lossy;	/* see stream_expect_gap() */
	bool gap;	/* the next chunk follows a gap */
	bool paused;	/* no window is kept */
	bool has_scale;
	bool fast_open; /* its SYN has the option: lone data in it counts */
	uint8_t scale;	/* shift of the windows that this half announces */
	uint32_t isn, next, fin_seq;
	uint32_t acked;	   /* highest plausible acknowledgement by the peer */
	uint32_t last_ack; /* the peer's latest, plausible or not */
	uint32_t window;   /* announced by this half for the peer's data, unscaled */
	uint64_t offset;   /* of next in the stream */

	struct span ready; /* in-order part of the packet just added; begins at next */
	struct segment *pending, *emitted;
	uint32_t pending_bytes, pending_count;
	uint64_t hole_us;

	struct segment *syn_data; /* held until somebody shows that it was accepted */

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
	*segment = (struct segment){.seq = seq, .len = data.len};
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
	event_list_add(&stream->events, EVENT_STREAM_REASSEMBLY_SEQ_GAP);
	half->gap = true;
	half->lossy = false;
	half->offset += bytes;
	half->next += bytes;
}

/* --- out-of-order segments */

static void pending_drop(struct half *half, struct segment **link)
{
	struct segment *segment = *link;

	*link = segment->next;
	half->pending_bytes -= segment->len;
	half->pending_count--;
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

static void pending_add(struct stream *stream, struct half *half, uint32_t seq, struct span data,
			uint64_t now_us)
{
	struct segment **link = &half->pending, *segment;
	bool contradicts = false;

	/* What begins at or before the new one keeps its bytes. */
	while (*link && (int32_t)((*link)->seq - seq) <= 0) {
		uint32_t end = (*link)->seq + (*link)->len;

		contradicts |= differs(*link, seq, data);
		if ((int32_t)(end - seq) > 0) {
			uint32_t n = end - seq < data.len ? end - seq : data.len;

			seq += n;
			data.data += n;
			data.len -= n;
		}
		link = &(*link)->next;
	}
	/* What begins behind it gives them up. */
	while (data.len && *link && (int32_t)((*link)->seq - (seq + data.len)) < 0) {
		uint32_t n = seq + data.len - (*link)->seq;

		contradicts |= differs(*link, seq, data);
		if (n < (*link)->len) {
			pending_trim(half, *link, n);
			break;
		}
		pending_drop(half, link);
	}
	if (contradicts)
		note_overlap(stream);
	if (!data.len)
		return;
	segment = segment_new(seq, data);
	if (!segment)
		return; /* becomes a hole, and a hole is reported */
	if (!half->pending)
		half->hole_us = now_us;
	segment->next = *link;
	*link = segment;
	half->pending_bytes += data.len;
	half->pending_count++;
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
		pending_add(stream, half, segment->seq, (struct span){segment->data, segment->len}, now_us);
	free(segment);
}

/* --- acknowledgements */

static void note_ack(struct stream *stream, struct half *sender, struct half *acknowledger,
		     const struct packet *packet)
{
	uint32_t ack = packet->ack;

	if (!(packet->tcp_flags & TCP_ACK))
		return;
	acknowledger->window = packet->window;
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

static enum stream_verdict add_syn(struct stream *stream, struct half *self, struct half *peer,
				   const struct packet *packet)
{
	uint32_t start = packet->seq + 1;

	if (self->syn ? packet->seq == self->isn : self->seen && start == self->next && !self->offset) {
		self->syn = true; /* again, or late */
		self->isn = packet->seq;
		note_ack(stream, peer, self, packet);
		return STREAM_TAKEN;
	}
	if (self->seen) {
		bool answers = packet->tcp_flags & TCP_ACK && peer->reopen && packet->ack == peer->reopen_seq;

		if (stream_closed(stream) || answers)
			return STREAM_REOPENED;
		/* A live receiver answers with a challenge and goes on; what follows tells. */
		self->reopen = true;
		self->reopen_seq = start;
		stream->stats->ignored++;
		return STREAM_IGNORED;
	}
	self->seen = self->syn = true;
	self->isn = packet->seq;
	self->next = start;
	read_scale(self, packet);
	self->fast_open = packet_fast_open(packet);
	if (packet->payload.len)
		self->syn_data = segment_new(start, packet->payload);
	note_ack(stream, peer, self, packet);
	return STREAM_TAKEN;
}

/*
 * What the first segment of the other side acknowledges was never sent since the SYN: it is of an older connection, whose
 * end challenges that SYN (RFC 9293 section 3.10.7.4). The handshake is still to come.
 */
static bool stale(const struct half *opener, uint32_t ack)
{
	return (int32_t)(ack - (opener->isn + 1)) < 0 || ahead(opener, ack) > (int32_t)STREAM_REACH;
}

/* RFC 5961: a reset counts only at exactly the next byte that the receiver expects. */
static bool reset_plausible(const struct half *self, const struct half *peer, const struct packet *packet)
{
	uint32_t seq = packet->seq;

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

static void add_data(struct stream *stream, struct half *self, const struct packet *packet)
{
	struct span data = packet->payload;
	int32_t distance = ahead(self, packet->seq);

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
	if (distance > 0) {
		pending_add(stream, self, packet->seq, data, packet->time_us);
		return;
	}
	for (const struct segment *segment = self->pending; segment; segment = segment->next)
		if (differs(segment, packet->seq, data)) {
			note_overlap(stream);
			break;
		}
	self->ready = (struct span){data.data - distance, data.len + (uint32_t)distance};
}

enum stream_verdict stream_add(struct stream *stream, const struct packet *packet, enum direction dir)
{
	struct half *self = &stream->half[dir], *peer = &stream->half[!dir];
	uint32_t len = packet->payload.len, seq = packet->seq;
	int32_t distance;

	self->ready = (struct span){NULL, 0};
	if (packet->tcp_flags & TCP_RST) {
		if (!reset_plausible(self, peer, packet)) {
			stream->stats->ignored++;
			return STREAM_IGNORED;
		}
		stream->reset = true;
		return STREAM_TAKEN;
	}
	if (packet->tcp_flags & TCP_SYN)
		return add_syn(stream, self, peer, packet);
	if (!(packet->tcp_flags & TCP_ACK)) { /* RFC 9293 section 3.10.7.4: dropped */
		stream->stats->ignored++;
		return STREAM_IGNORED;
	}
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
	distance = ahead(self, seq);
	if (distance > reach(self, peer) || distance + (int64_t)len < -(int64_t)STREAM_REACH)
		return add_stray(stream, self, peer, packet);
	note_ack(stream, peer, self, packet);
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

/* May the hole before the first pending segment be given up? */
static bool hole_over(const struct half *half, uint64_t now_us)
{
	uint64_t age = now_us > half->hole_us ? now_us - half->hole_us : 0;
	bool acked = half->peer_acks && (int32_t)(half->acked - half->pending->seq) >= 0;

	if (half->pending_bytes > STREAM_PENDING_MAX || half->pending_count > STREAM_SEGMENTS_MAX)
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

	while (half->pending && ahead(half, half->pending->seq + half->pending->len) <= 0)
		pending_drop(half, &half->pending);
	segment = half->pending;
	if (!segment)
		return false;
	distance = ahead(half, segment->seq);
	if (distance > 0) {
		if (!flush && !hole_over(half, now_us))
			return false;
		note_gap(stream, half, (uint32_t)distance);
	} else if (distance < 0) {
		pending_trim(half, segment, (uint32_t)-distance);
	}
	half->pending = segment->next;
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

		bytes += half->tail_capacity + half->pending_bytes +
			 half->pending_count * sizeof(struct segment);
	}
	return bytes;
}
