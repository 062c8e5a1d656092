// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * stream_pending.c - segments that wait: for what comes before them, or for the receiver to
 * show that it took them.
 */
#include "stream_parts.h"

#include <string.h>

struct segment *segment_new(uint32_t seq, struct span data)
{
	struct segment *segment = malloc(sizeof(*segment) + data.len);

	if (!segment)
		return NULL;
	*segment = (struct segment){.seq = seq, .len = data.len, .from = seq, .to = seq + data.len};
	if (data.len)
		memcpy(segment->data, data.data, data.len);
	return segment;
}

/* --- out-of-order segments */

void pending_drop(struct half *half, struct segment **link)
{
	struct segment *segment = *link;

	*link = segment->next;
	half->pending_bytes -= segment->len;
	half->pending_count--;
	if (segment == half->pending_last)
		half->pending_last = NULL;
	free(segment);
}

void pending_trim(struct half *half, struct segment *segment, uint32_t n)
{
	segment->seq += n;
	segment->skip += n;
	segment->len -= n;
	half->pending_bytes -= n;
}

bool segment_differs(const struct segment *segment, uint32_t seq, struct span data)
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
static struct segment **pending_insert(struct stream *stream, struct half *half, struct segment **link,
				       const struct arrival *arrival, uint32_t len, uint64_t now_us)
{
	struct segment *segment = segment_new(arrival->seq, (struct span){arrival->data.data, len});

	if (!segment) {
		event_list_add(&stream->events, EVENT_STREAM_REASSEMBLY_NO_SEGMENT);
		return link;
	}
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

bool arrival_wins(const struct half *half, const struct arrival *arrival, const struct segment *old)
{
	return !arrival->doubted &&
	       overlap_segment_wins((enum overlap_policy)half->policy, (int32_t)(arrival->from - old->from),
				    (int32_t)(arrival->to - old->to));
}

void arrival_skip(struct arrival *arrival, uint32_t n)
{
	n = n < arrival->data.len ? n : arrival->data.len;
	arrival->seq += n;
	arrival->data = span_from(arrival->data, n);
}

void pending_add(struct stream *stream, struct half *half, struct arrival arrival, uint64_t now_us)
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
		contradicts |= !arrival.doubted && segment_differs(old, arrival.seq, arrival.data);
		if (arrival_wins(half, &arrival, old)) {
			pending_cut(half, link, arrival.seq, end);
			continue;
		}
		if ((int32_t)(old->seq - arrival.seq) > 0)
			link = pending_insert(stream, half, link, &arrival, old->seq - arrival.seq, now_us);
		arrival_skip(&arrival, old_end - arrival.seq);
		link = &old->next;
	}
	if (contradicts)
		stream_note_overlap(stream);
	if (arrival.data.len)
		pending_insert(stream, half, link, &arrival, arrival.data.len, now_us);
}

void stream_check_again(struct stream *stream, const struct half *half, uint32_t seq, struct span data)
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
		stream_note_overlap(stream);
}

/* --- data held by a SYN */

void syn_data_settle(struct stream *stream, struct half *half, bool accepted, uint64_t now_us)
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

bool half_too_old(const struct half *self, const struct packet *packet)
{
	return self->echoes && packet->has_timestamp && (int32_t)(packet->tsval - self->echo) < 0;
}

void half_doubt(struct half *self, const struct packet *packet)
{
	uint32_t len = packet->payload.len;
	bool fin = packet->tcp_flags & TCP_FIN;
	int32_t distance = half_ahead(self, packet->seq);
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

void doubted_settle(struct stream *stream, struct half *sender, uint64_t now_us)
{
	struct segment **link = &sender->doubted, *segment;

	while ((segment = *link)) {
		uint32_t end = segment->seq + segment->len;
		struct arrival arrival = {.seq = segment->seq,
					  .data = {segment->data, segment->len},
					  .from = segment->from,
					  .to = segment->to,
					  .doubted = true};

		if (half_ahead(sender, end + segment->fin) > 0) {
			if ((int32_t)(sender->acked - (end + segment->fin)) < 0) {
				link = &segment->next;
				continue;
			}
			if (half_ahead(sender, arrival.seq) < 0)
				arrival_skip(&arrival, (uint32_t)-half_ahead(sender, arrival.seq));
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
