// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * defrag.c - one buffer and one bitmap per datagram: fragments begin at
 * multiples of 8, so one bit says for 8 bytes whether they are there, and
 * one number which fragment they are of.
 */
#include "defrag.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#define DATAGRAM_MAX 65535u
#define UNITS	     8192u /* of 8 bytes */
#define HEADER_MAX   60u
#define BUCKETS	     1024u

/* Where a fragment that was taken began and ended. */
struct extent {
	uint16_t begin, end;
};

struct datagram {
	struct datagram *bucket_next;
	struct datagram *older, *newer; /* by first fragment */
	struct seki_addr src, dst;
	uint32_t id;
	uint8_t ip_version, proto;
	bool refused; /* kept until it times out so that its other fragments are refused too */
	bool have_last;
	uint32_t total; /* length, once have_last */
	uint32_t end;	/* highest byte seen */
	uint32_t units; /* bits set */
	uint32_t capacity;
	uint64_t first_us;
	uint64_t have[UNITS / 64];
	uint8_t header[HEADER_MAX]; /* of the first fragment */
	uint32_t header_len;
	uint8_t *data;
	uint16_t *owners; /* per unit within capacity: index of its fragment */
	struct extent *extents;
	uint32_t extent_count, extent_room;
};

struct defrag {
	struct datagram *buckets[BUCKETS];
	struct datagram *oldest, *newest;
	uint32_t count;
	uint64_t memory, memory_max;
	const struct overlap_hosts *hosts;
	struct defrag_stats stats;
	uint8_t whole[HEADER_MAX + DATAGRAM_MAX];
};

int defrag_new(uint64_t memory, const struct overlap_hosts *hosts, struct defrag **out)
{
	struct defrag *defrag = calloc(1, sizeof(*defrag));

	if (!defrag)
		return -ENOMEM;
	defrag->memory_max = memory;
	defrag->hosts = hosts;
	*out = defrag;
	return 0;
}

static uint32_t bucket_of(const struct seki_addr *src, const struct seki_addr *dst, uint32_t id,
			  uint8_t proto)
{
	uint64_t hash = ((uint64_t)id << 8 | proto) * 0x9e3779b97f4a7c15u;

	for (int i = 0; i < 4; i++) {
		hash = (hash ^ src->w[i]) * 0xff51afd7ed558ccdu;
		hash = (hash ^ (hash >> 29) ^ dst->w[i]) * 0xc4ceb9fe1a85ec53u;
	}
	return (uint32_t)(hash >> 40) % BUCKETS;
}

static uint64_t datagram_memory(const struct datagram *datagram)
{
	return sizeof(*datagram) + datagram->capacity + datagram->capacity / 8 * sizeof(*datagram->owners) +
	       datagram->extent_room * sizeof(*datagram->extents);
}

/* Lets go of what its fragments brought. */
static void datagram_empty(struct defrag *defrag, struct datagram *datagram)
{
	defrag->memory -= datagram_memory(datagram) - sizeof(*datagram);
	free(datagram->data);
	free(datagram->owners);
	free(datagram->extents);
	datagram->data = NULL;
	datagram->owners = NULL;
	datagram->extents = NULL;
	datagram->capacity = datagram->extent_count = datagram->extent_room = 0;
}

static void datagram_drop(struct defrag *defrag, struct datagram *datagram)
{
	struct datagram **link =
		&defrag->buckets[bucket_of(&datagram->src, &datagram->dst, datagram->id, datagram->proto)];

	while (*link != datagram)
		link = &(*link)->bucket_next;
	*link = datagram->bucket_next;
	if (datagram->older)
		datagram->older->newer = datagram->newer;
	else
		defrag->oldest = datagram->newer;
	if (datagram->newer)
		datagram->newer->older = datagram->older;
	else
		defrag->newest = datagram->older;
	defrag->count--;
	datagram_empty(defrag, datagram);
	defrag->memory -= sizeof(*datagram);
	free(datagram);
}

static void datagram_give_up(struct defrag *defrag, struct datagram *datagram)
{
	if (!datagram->refused)
		defrag->stats.given_up++;
	datagram_drop(defrag, datagram);
}

static void datagram_make_room(struct defrag *defrag)
{
	defrag->stats.full += !defrag->oldest->refused;
	datagram_give_up(defrag, defrag->oldest);
}

void defrag_free(struct defrag *defrag)
{
	if (!defrag)
		return;
	while (defrag->oldest)
		datagram_drop(defrag, defrag->oldest);
	free(defrag);
}

void defrag_expire(struct defrag *defrag, uint64_t now_us)
{
	while (defrag->oldest && now_us > defrag->oldest->first_us &&
	       now_us - defrag->oldest->first_us > DEFRAG_TIME_US)
		datagram_give_up(defrag, defrag->oldest);
}

static struct datagram *datagram_find(const struct defrag *defrag, const struct packet *packet)
{
	struct datagram *datagram = defrag->buckets[bucket_of(&packet->src, &packet->dst, packet->fragment_id,
							      packet->ip_version == 6 ? 0 : packet->proto)];

	for (; datagram; datagram = datagram->bucket_next)
		if (datagram->id == packet->fragment_id && datagram->ip_version == packet->ip_version &&
		    (datagram->proto == packet->proto || packet->ip_version == 6) &&
		    !memcmp(&datagram->src, &packet->src, sizeof(packet->src)) &&
		    !memcmp(&datagram->dst, &packet->dst, sizeof(packet->dst)))
			return datagram;
	return NULL;
}

static struct datagram *datagram_new(struct defrag *defrag, const struct packet *packet)
{
	struct datagram *datagram;
	uint32_t bucket;

	if (defrag->count == DEFRAG_DATAGRAM_MAX)
		datagram_make_room(defrag);
	datagram = calloc(1, sizeof(*datagram));
	if (!datagram)
		return NULL;
	datagram->src = packet->src;
	datagram->dst = packet->dst;
	datagram->id = packet->fragment_id;
	datagram->ip_version = packet->ip_version;
	/* With IPv6 the protocol is no part of the identity (RFC 8200): only the first fragment's counts. */
	datagram->proto = packet->ip_version == 6 ? 0 : packet->proto;
	datagram->first_us = packet->time_us;
	bucket = bucket_of(&datagram->src, &datagram->dst, datagram->id, datagram->proto);
	datagram->bucket_next = defrag->buckets[bucket];
	defrag->buckets[bucket] = datagram;
	datagram->older = defrag->newest;
	if (defrag->newest)
		defrag->newest->newer = datagram;
	else
		defrag->oldest = datagram;
	defrag->newest = datagram;
	defrag->count++;
	defrag->memory += datagram_memory(datagram);
	return datagram;
}

/* Room for bytes up to end and for one more fragment. */
static bool datagram_grow(struct defrag *defrag, struct datagram *datagram, uint32_t end)
{
	uint32_t capacity = datagram->capacity ? datagram->capacity : 4096, room = datagram->extent_room;
	uint64_t before = datagram_memory(datagram);
	uint16_t *owners;
	struct extent *extents;
	uint8_t *data;

	if (end > datagram->capacity) {
		while (capacity < end)
			capacity *= 2;
		data = realloc(datagram->data, capacity);
		if (!data)
			return false;
		datagram->data = data;
		owners = realloc(datagram->owners, capacity / 8 * sizeof(*owners));
		if (!owners)
			return false;
		datagram->owners = owners;
		datagram->capacity = capacity;
	}
	if (datagram->extent_count == room) {
		room = room ? room * 2 : 16;
		extents = realloc(datagram->extents, room * sizeof(*extents));
		if (extents) {
			datagram->extents = extents;
			datagram->extent_room = room;
		}
	}
	defrag->memory += datagram_memory(datagram) - before;
	while (defrag->memory > defrag->memory_max && defrag->oldest != datagram)
		datagram_make_room(defrag);
	return datagram->extent_count < datagram->extent_room && defrag->memory <= defrag->memory_max;
}

static bool unit_there(const struct datagram *datagram, uint32_t unit)
{
	return datagram->have[unit / 64] >> (unit % 64) & 1;
}

/* Copies the units that are not there yet, and those that the receiver takes from the newer fragment. false:
 * they differed. */
static bool datagram_put(struct datagram *datagram, uint32_t offset, struct span piece,
			 enum overlap_policy policy)
{
	uint32_t end = offset + piece.len, own = datagram->extent_count++;
	bool agrees = true;

	datagram->extents[own] = (struct extent){(uint16_t)offset, (uint16_t)end};
	for (uint32_t at = 0; at < piece.len; at += 8) {
		uint32_t unit = (offset + at) / 8, len = piece.len - at < 8 ? piece.len - at : 8;

		if (unit_there(datagram, unit)) {
			const struct extent *old = &datagram->extents[datagram->owners[unit]];

			agrees &= !memcmp(datagram->data + offset + at, piece.data + at, len);
			if (!overlap_fragment_wins(policy, (int32_t)offset - old->begin,
						   (int32_t)end - old->end))
				continue;
		} else {
			datagram->have[unit / 64] |= 1ull << (unit % 64);
			datagram->units++;
		}
		memcpy(datagram->data + offset + at, piece.data + at, len);
		datagram->owners[unit] = (uint16_t)own;
	}
	return agrees;
}

/* How many of the fragment's units are there already? */
static uint32_t units_there(const struct datagram *datagram, uint32_t offset, uint32_t len)
{
	uint32_t there = 0, units = (len + 7) / 8;

	for (uint32_t i = 0; i < units; i++)
		there += unit_there(datagram, offset / 8 + i);
	return there;
}

/* IPv6: a repeated fragment is a duplicate, any other overlap ends the datagram. */
static bool overlaps(const struct datagram *datagram, uint32_t offset, struct span piece, bool *duplicate)
{
	uint32_t there = units_there(datagram, offset, piece.len), units = (piece.len + 7) / 8;

	*duplicate = there == units && !memcmp(datagram->data + offset, piece.data, piece.len);
	return there && !*duplicate;
}

static enum defrag_result datagram_refuse(struct defrag *defrag, struct datagram *datagram)
{
	defrag->stats.refused++;
	datagram->refused = true;
	datagram_empty(defrag, datagram);
	return DEFRAG_REFUSED;
}

static bool datagram_complete(const struct datagram *datagram)
{
	return datagram->have_last && datagram->header_len && datagram->units == (datagram->total + 7) / 8;
}

static uint16_t header_sum(const uint8_t *p, uint32_t len)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static void put16(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

static enum defrag_result datagram_finish(struct defrag *defrag, struct datagram *datagram,
					  struct span *whole)
{
	uint32_t header_len = datagram->header_len, total = datagram->total;
	uint8_t *p = defrag->whole;

	if (datagram->ip_version == 4 && header_len + total > DATAGRAM_MAX)
		return datagram_refuse(defrag, datagram);
	memcpy(p, datagram->header, header_len);
	memcpy(p + header_len, datagram->data, total);
	if (datagram->ip_version == 4) {
		put16(p + 2, header_len + total);
		put16(p + 6, 0);
		put16(p + 10, 0);
		put16(p + 10, header_sum(p, header_len));
	} else {
		put16(p + 4, total);
	}
	*whole = (struct span){p, header_len + total};
	defrag->stats.datagrams++;
	datagram_drop(defrag, datagram);
	return DEFRAG_DONE;
}

static void keep_header(struct datagram *datagram, const struct packet *packet)
{
	if (packet->fragment_offset || datagram->header_len)
		return;
	datagram->header_len = packet->ip_version == 4 ? packet->ip_header.len : 40;
	memcpy(datagram->header, packet->ip_header.data, datagram->header_len);
	if (packet->ip_version == 6)
		datagram->header[6] = packet->proto;
}

static void note_overlap(struct defrag *defrag, struct packet *packet)
{
	defrag->stats.overlaps++;
	event_list_add(&packet->events, packet->ip_version == 6 ? EVENT_DECODER_IPV6_FRAG_OVERLAP
								: EVENT_DECODER_IPV4_FRAG_OVERLAP);
}

/* There is no room for it. */
static void note_ignored(struct packet *packet)
{
	event_list_add(&packet->events, packet->ip_version == 6 ? EVENT_DECODER_IPV6_FRAG_IGNORED
								: EVENT_DECODER_IPV4_FRAG_IGNORED);
}

/* What a fragment alone shows. Returns false when no receiver takes it. */
static bool fragment_sound(struct packet *packet)
{
	struct span piece = packet->ip_payload;
	bool v6 = packet->ip_version == 6;

	if (packet->more_fragments && piece.len % 8) {
		if (v6)
			event_list_add(&packet->events, EVENT_DECODER_IPV6_FRAG_INVALID_LENGTH);
		return false;
	}
	if (packet->fragment_offset + piece.len > DATAGRAM_MAX) {
		event_list_add(&packet->events, v6 ? EVENT_DECODER_IPV6_FRAG_PKT_TOO_LARGE
						   : EVENT_DECODER_IPV4_FRAG_PKT_TOO_LARGE);
		return false;
	}
	return piece.len;
}

enum defrag_result defrag_add(struct defrag *defrag, struct packet *packet, struct span *whole)
{
	struct span piece = packet->ip_payload;
	uint32_t offset = packet->fragment_offset, end = offset + piece.len;
	struct datagram *datagram;
	bool duplicate = false;

	defrag_expire(defrag, packet->time_us);
	if (!fragment_sound(packet)) {
		defrag->stats.refused++;
		return DEFRAG_REFUSED;
	}
	datagram = datagram_find(defrag, packet);
	if (!datagram)
		datagram = datagram_new(defrag, packet);
	if (!datagram || datagram->refused) {
		if (!datagram)
			note_ignored(packet);
		defrag->stats.refused++;
		return DEFRAG_REFUSED;
	}
	/* Two ends, or bytes behind the end: nobody agrees on what such a datagram says. */
	if ((datagram->have_last &&
	     (end > datagram->total || (!packet->more_fragments && end != datagram->total))) ||
	    (!packet->more_fragments && datagram->end > end)) {
		if (units_there(datagram, offset, piece.len))
			note_overlap(defrag, packet);
		return datagram_refuse(defrag, datagram);
	}
	if (!datagram_grow(defrag, datagram, end)) {
		note_ignored(packet);
		datagram_give_up(defrag, datagram);
		return DEFRAG_REFUSED;
	}
	if (packet->ip_version == 6 && overlaps(datagram, offset, piece, &duplicate)) {
		note_overlap(defrag, packet);
		return datagram_refuse(defrag, datagram);
	}
	if (!datagram_put(datagram, offset, piece, overlap_hosts_find(defrag->hosts, &packet->dst)))
		note_overlap(defrag, packet);
	if (end > datagram->end)
		datagram->end = end;
	if (!packet->more_fragments) {
		datagram->have_last = true;
		datagram->total = end;
	}
	keep_header(datagram, packet);
	return datagram_complete(datagram) ? datagram_finish(defrag, datagram, whole) : DEFRAG_WAIT;
}

uint64_t defrag_memory(const struct defrag *defrag)
{
	return defrag->memory;
}

void defrag_count(const struct defrag *defrag, struct defrag_stats *out)
{
	*out = defrag->stats;
}
