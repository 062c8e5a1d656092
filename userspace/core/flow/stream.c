// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * stream.c - TCP reassembly. Which bytes of an overlap hold is the receiver's
 * policy; what was given on already stays, and a contradiction is told.
 */
#include "stream_parts.h"

#include <errno.h>
#include <string.h>

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

void stream_note_overlap(struct stream *stream)
{
	stream->stats->overlaps++;
	event_list_add(&stream->events, EVENT_STREAM_REASSEMBLY_OVERLAP_DIFFERENT_DATA);
}

void stream_note_gap(struct stream *stream, struct half *half, uint32_t bytes)
{
	stream->stats->gaps++;
	stream->stats->gap_bytes += bytes;
	/* Without an acknowledgement beyond it the receiver misses these bytes as we do: nothing odd. */
	if (!half->peer_acks || (int32_t)(half->acked - half->next) > 0)
		event_list_add(&stream->events, EVENT_STREAM_REASSEMBLY_SEQ_GAP);
	half->gap = half->gapped = true;
	half->lossy = false;
	half->offset += bytes;
	half->next += bytes;
}

enum stream_verdict stream_ignore(struct stream *stream, enum app_event event)
{
	stream->stats->ignored++;
	event_list_add(&stream->events, event);
	return STREAM_IGNORED;
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
	int32_t behind = -half_ahead(self, arrival->seq);
	struct arrival parts[3] = {*arrival, *arrival, *arrival};

	if (!pointer || pointer > arrival->data.len)
		return false;
	stream_watch_urgent(stream, self == &stream->half[TO_SERVER] ? TO_SERVER : TO_CLIENT);
	parts[0].data.len = pointer - 1;
	arrival_skip(&parts[1], pointer - 1);
	parts[1].data.len = 1;
	parts[1].urgent = true;
	arrival_skip(&parts[2], pointer);
	for (unsigned int i = 0; i < 3; i++) {
		if (behind > 0 && half_ahead(self, parts[i].seq) < 0)
			arrival_skip(&parts[i], (uint32_t)-half_ahead(self, parts[i].seq));
		if (parts[i].data.len)
			pending_add(stream, self, parts[i], packet->time_us);
	}
	return true;
}

static void add_data(struct stream *stream, struct half *self, const struct packet *packet)
{
	struct span data = packet->payload;
	int32_t distance = half_ahead(self, packet->seq);
	struct arrival arrival = {
		.seq = packet->seq, .data = data, .from = packet->seq, .to = packet->seq + data.len};
	bool contradicts = false, held = false;

	if (self->syn_data && (int32_t)(packet->seq - self->syn_data->seq) >= 0)
		syn_data_settle(stream, self, packet->seq != self->syn_data->seq, packet->time_us);
	if (distance < 0 && data.len)
		stream_check_again(stream, self, packet->seq, data);
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
		if (!segment_differs(segment, packet->seq, data))
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
		stream_note_overlap(stream);
	self->ready = (struct span){data.data - distance, data.len + (uint32_t)distance};
}

static void note_repeat(struct stream *stream, const struct half *self, const struct packet *packet)
{
	uint32_t end = packet->seq + packet->payload.len;

	if (!packet->payload.len || half_ahead(self, end) > 0)
		return;
	event_list_add(&stream->events, self->peer_acks && (int32_t)(self->acked - end) >= 0
						? EVENT_STREAM_PKT_SPURIOUS_RETRANSMISSION
						: EVENT_STREAM_PKT_RETRANSMISSION);
}

/* A reset or an end that brings nothing else. */
static bool ends_only(const struct packet *packet)
{
	return packet->tcp_flags & (TCP_RST | TCP_FIN) && !(packet->tcp_flags & TCP_SYN) &&
	       !packet->payload.len;
}

enum stream_verdict stream_add(struct stream *stream, const struct packet *packet, enum direction dir)
{
	struct half *self = &stream->half[dir], *peer = &stream->half[!dir];
	uint32_t len = packet->payload.len, seq = packet->seq;
	int32_t distance;

	self->ready = (struct span){NULL, 0};
	if (!(packet->tcp_flags & TCP_ACK) && packet->ack)
		event_list_add(&stream->events, EVENT_STREAM_PKT_BROKEN_ACK);
	if (ends_only(packet) && !half_echo_plausible(self, peer, packet))
		return stream_ignore(stream, EVENT_STREAM_PKT_INVALID_TIMESTAMP);
	if (packet->tcp_flags & TCP_RST) {
		if (packet->payload.len)
			event_list_add(&stream->events, EVENT_STREAM_RST_WITH_DATA);
		if (!half_reset_plausible(self, peer, packet))
			return stream_ignore(stream, EVENT_STREAM_RST_INVALID_ACK);
		stream->reset = self->reset = true;
		return STREAM_TAKEN;
	}
	/* It goes on as if it had not: the reset was somebody else's. */
	if (self->reset && !(packet->tcp_flags & TCP_SYN))
		event_list_add(&stream->events, EVENT_STREAM_SUSPECTED_RST_INJECT);
	self->reset = false;
	if (packet->tcp_flags & (TCP_SYN | TCP_ACK) && !half_too_old(self, packet))
		stream_watch(stream, packet, dir);
	if (packet->tcp_flags & TCP_SYN)
		return stream_add_syn(stream, self, peer, packet);
	if (!(packet->tcp_flags & TCP_ACK)) /* RFC 9293 section 3.10.7.4: dropped */
		return stream_ignore(stream, EVENT_STREAM_PKT_BROKEN_ACK);
	if (!self->seen) {
		if (peer->syn && half_stale_ack(peer, packet->ack)) {
			stream->stats->ignored++;
			return STREAM_IGNORED;
		}
		self->seen = true;
		self->next = seq;
	}
	if (self->reopen && seq == self->reopen_seq && seq != self->next && len)
		return STREAM_REOPENED;
	if (half_too_old(self, packet)) {
		half_doubt(self, packet);
		return stream_ignore(stream, EVENT_STREAM_PKT_INVALID_TIMESTAMP);
	}
	distance = half_ahead(self, seq);
	if (distance > half_reach(self, peer) || distance + (int64_t)len < -(int64_t)STREAM_REACH)
		return stream_add_stray(stream, self, peer, packet);
	stream_note_ack(stream, peer, self, packet);
	note_repeat(stream, self, packet);
	if (!self->ttl || packet->ttl < self->ttl)
		self->ttl = packet->ttl;
	if (packet->tcp_flags & TCP_FIN && !self->last_given && half_ahead(self, seq + len) >= 0) {
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
		else if (half_ahead(half, segment->seq + segment->len) > 0)
			break;
		pending_drop(half, &half->pending);
	}
	segment = half->pending;
	if (!segment)
		return false;
	distance = half_ahead(half, segment->seq);
	if (distance > 0) {
		if (!flush && !hole_over(half, now_us))
			return false;
		if (pending_full(half)) {
			stream->stats->full++;
			event_list_add(&stream->events, half->pending_bytes > STREAM_PENDING_MAX
								? EVENT_STREAM_REASSEMBLY_INSERT_MEMCAP
								: EVENT_STREAM_REASSEMBLY_INSERT_LIMIT);
		}
		stream_note_gap(stream, half, (uint32_t)distance);
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
	if (half->fin && half_ahead(half, half->fin_seq) < 0)
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

bool stream_gapped(const struct stream *stream, enum direction dir)
{
	const struct half *half = &stream->half[dir];

	/* The receiver has more than we saw; one more may be the end's own number. */
	return half->gapped || (half->peer_acks && (int32_t)(half->acked - half->next) > 1);
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
