// SPDX-License-Identifier: GPL-2.0-only
/*
 * prefilter.c - many literals at once over a payload: grams of each class
 * through a bitmap, what passes to a bucket, what is there byte by byte.
 */
#include "prefilter_parts.h"

static bool ports_fit(const struct seki_pf_table *table, __u16 first, __u16 count, __u16 port)
{
	const struct seki_pf_ports *ports = seki_pf_section(table, SEKI_PF_PORTS_AT);
	__u32 i;

	for (i = 0; i < count; i++)
		if (port >= ports[first + i].from && port <= ports[first + i].to)
			return true;
	return !count;
}

static bool header_fits(const struct seki_pf_table *table, const struct seki_pf_rule *rule,
			const struct seki_pf_query *query)
{
	return rule->directions & query->direction && (!rule->proto || rule->proto == query->proto) &&
	       !(rule->unless & query->marks) &&
	       ports_fit(table, rule->sports, rule->sport_count, query->sport) &&
	       ports_fit(table, rule->dports, rule->dport_count, query->dport);
}

static void literal_found(struct seki_pf_scan *scan, const struct seki_pf_literal *literal, __s64 begin)
{
	const __u16 *link = scan->links + literal->links;
	__u32 i;

	if (begin < literal->first ||
	    (literal->last != SEKI_PF_ANYWHERE && begin + literal->len > literal->last))
		return;
	for (i = 0; i < literal->link_count; i++) {
		const struct seki_pf_rule *rule = &scan->rules[link[i]];

		if (rule->outcome == SEKI_PF_INSPECT ? scan->inspect
						     : scan->candidates[link[i] / 64] >> (link[i] % 64) & 1)
			continue;
		if (!header_fits(scan->table, rule, scan->query))
			continue;
		if (rule->outcome == SEKI_PF_INSPECT)
			scan->inspect = true;
		else
			scan->candidates[link[i] / 64] |= 1ull << (link[i] % 64);
	}
}

void seki_pf_hit(struct seki_pf_scan *scan, enum seki_pf_class class, __u32 at, __u32 value, __u32 hash)
{
	const struct seki_pf_sieve *sieve = &scan->sieve[class];
	const __u32 *bucket = &sieve->buckets[hash >> sieve->bucket_shift];
	__u32 i;

	for (i = bucket[0]; i < bucket[1]; i++) {
		const struct seki_pf_gram *gram = &sieve->grams[i];
		const struct seki_pf_literal *literal = &scan->literals[gram->literal];

		if (gram->value != value || gram->offset > at ||
		    scan->len - (at - gram->offset) < literal->len)
			continue;
		if (seki_pf_same(scan->data + at - gram->offset, scan->bytes + literal->bytes, literal->len,
				 literal->nocase))
			literal_found(scan, literal, scan->base + at - gram->offset);
	}
}

static __always_inline void class_scan(struct seki_pf_scan *scan, enum seki_pf_class class, __u32 at)
{
	const struct seki_pf_sieve *sieve = &scan->sieve[class];
	const __u32 gram = seki_pf_classes[class].gram, stride = seki_pf_classes[class].stride;

	for (; at + gram <= scan->len; at += stride) {
		__u32 value = gram == 4 ? seki_pf_gram4(scan->data + at) : seki_pf_gram3(scan->data + at);
		__u32 hash = value * sieve->multiplier;

		if (seki_pf_sieved(sieve, hash))
			seki_pf_hit(scan, class, at, value, hash);
	}
}

/* Is the vector stage of class SHORT worth something? Without nibbles everything would be let through. */
static bool nibbles_there(const struct seki_pf_table *table)
{
	__u64 words[2];

	memcpy(words, table->nibbles[0][0], sizeof(words));
	return words[0] | words[1];
}

static void piece_scan(struct seki_pf_scan *scan, const __u8 *data, __u32 len, __s64 base,
		       enum seki_pf_isa isa)
{
	const struct seki_pf_table *table = scan->table;
	__u32 at;

	scan->data = data;
	scan->len = len;
	scan->base = base;
	if (scan->sieve[SEKI_PF_LONG].bitmap) {
		at = isa == SEKI_PF_AVX2 ? seki_pf_long_avx2(scan) : 0;
		class_scan(scan, SEKI_PF_LONG, at);
	}
	if (scan->sieve[SEKI_PF_MIDDLE].bitmap) {
		at = isa == SEKI_PF_AVX2 ? seki_pf_middle_avx2(scan) : 0;
		class_scan(scan, SEKI_PF_MIDDLE, at);
	}
	if (scan->sieve[SEKI_PF_SHORT].bitmap) {
		at = 0;
		if (isa != SEKI_PF_SCALAR && nibbles_there(table))
			at = isa == SEKI_PF_AVX2 ? seki_pf_short_avx2(scan) : seki_pf_short_ssse3(scan);
		class_scan(scan, SEKI_PF_SHORT, at);
	}
}

/*
 * A literal over a seam lies in the last bytes before it and the first
 * behind it. Pieces may be shorter than a literal, so what lies before a seam
 * is gathered over all of them. Finding something twice changes nothing.
 */
static void pieces_scan(struct seki_pf_scan *scan, const struct seki_pf_piece *pieces, unsigned int count,
			enum seki_pf_isa isa)
{
	__u8 seam[2 * SEKI_PF_LITERAL_MAX];
	__u32 keep = scan->table->longest - 1, held = 0;
	__s64 base = 0;
	unsigned int i;

	for (i = 0; i < count; i++) {
		const struct seki_pf_piece *piece = &pieces[i];
		__u32 more = piece->len < keep ? piece->len : keep;

		if (held) {
			memcpy(seam + held, piece->data, more);
			piece_scan(scan, seam, held + more, base - held, SEKI_PF_SCALAR);
		}
		piece_scan(scan, piece->data, piece->len, base, isa);
		base += piece->len;
		if (i + 1 == count)
			break;
		if (piece->len >= keep) {
			memcpy(seam, piece->data + piece->len - keep, keep);
			held = keep;
		} else {
			__u32 all = held + piece->len, skip = all > keep ? all - keep : 0;

			memcpy(seam + held, piece->data, piece->len);
			memmove(seam, seam + skip, all - skip);
			held = all - skip;
		}
	}
}

/* The payload in one piece; NULL: it is in several and too long for the room. */
static const __u8 *pieces_join(const struct seki_pf_piece *pieces, unsigned int count, __u32 *len,
			       struct seki_pf_room *room)
{
	unsigned int i;

	if (count == 1) {
		*len = pieces[0].len;
		return pieces[0].data;
	}
	*len = 0;
	for (i = 0; i < count; i++) {
		if (pieces[i].len > SEKI_PF_ROOM - *len)
			return NULL;
		memcpy(room->flat + *len, pieces[i].data, pieces[i].len);
		*len += pieces[i].len;
	}
	return room->flat;
}

/* Of the candidates that hold: the first that drops, and all marks. */
static void candidates_judge(struct seki_pf_scan *scan, const struct seki_pf_bytes *views, bool request,
			     __u32 *drop)
{
	__u32 i;

	for (i = 0; i < SEKI_PF_JUDGED_MAX; i++) {
		const struct seki_pf_rule *rule = &scan->rules[i];

		if (!(scan->candidates[i / 64] >> (i % 64) & 1))
			continue;
		if (rule->outcome == SEKI_PF_DROP && i >= *drop)
			continue;
		if (seki_pf_needs_request(scan->table, rule) != request ||
		    !seki_pf_steps_hold(scan->table, rule, views))
			continue;
		if (rule->outcome == SEKI_PF_DROP)
			*drop = i;
		else
			scan->query->marks |= 1u << rule->mark;
	}
}

#define REQUESTS_MAX 4 /* in one packet */

static void candidates_resolve(struct seki_pf_scan *scan, const struct seki_pf_piece *pieces,
			       unsigned int count, struct seki_pf_room *room)
{
	struct seki_pf_request request;
	__u32 drop = SEKI_PF_JUDGED_MAX, len, at = 0;
	const __u8 *payload = pieces_join(pieces, count, &len, room);
	int i;

	if (!payload)
		return;
	memset(&request, 0, sizeof(request));
	request.views[SEKI_PF_VIEW_PAYLOAD] = (struct seki_pf_bytes){payload, len, true, true};
	candidates_judge(scan, request.views, false, &drop);
	for (i = 0; i < REQUESTS_MAX && scan->query->flags & SEKI_PF_TURN; i++) {
		if (!seki_pf_request_read(payload, len, at, room, &request))
			break;
		candidates_judge(scan, request.views, true, &drop);
		at = request.next;
	}
	if (drop < SEKI_PF_JUDGED_MAX) {
		scan->query->outcome = SEKI_PF_DROP;
		scan->query->sid = scan->rules[drop].sid;
	}
}

/* Could a rule match whose literals nobody can look for? */
static bool blind_fits(const struct seki_pf_table *table, const struct seki_pf_query *query)
{
	const struct seki_pf_rule *blinds = seki_pf_section(table, SEKI_PF_BLINDS_AT);
	__u32 i;

	for (i = 0; i < table->section[SEKI_PF_BLINDS_AT].count; i++)
		if (header_fits(table, &blinds[i], query))
			return true;
	return false;
}

static void sieve_open(struct seki_pf_scan *scan, enum seki_pf_class class)
{
	const struct seki_pf_table *table = scan->table;
	struct seki_pf_sieve *sieve = &scan->sieve[class];

	sieve->bitmap = NULL;
	if (!table->section[SEKI_PF_GRAMS_LONG_AT + class].count)
		return;
	sieve->bitmap = seki_pf_section(table, SEKI_PF_BITMAP_LONG_AT + class);
	sieve->buckets = seki_pf_section(table, SEKI_PF_BUCKETS_LONG_AT + class);
	sieve->grams = seki_pf_section(table, SEKI_PF_GRAMS_LONG_AT + class);
	sieve->multiplier = table->multiplier;
	sieve->bitmap_shift = 32 - table->bitmap_bits[class];
	sieve->bucket_shift = 32 - table->bucket_bits[class];
}

void seki_prefilter_scan(const struct seki_pf_table *table, const struct seki_pf_piece *pieces,
			 unsigned int count, struct seki_pf_query *query, struct seki_pf_room *room,
			 enum seki_pf_isa isa)
{
	struct seki_pf_scan scan;
	__u8 judged = table->wanted[1] | table->wanted[2];
	__u64 any = 0;
	unsigned int i;

	query->sid = 0;
	query->outcome =
		query->flags & SEKI_PF_NARROW && blind_fits(table, query) ? SEKI_PF_INSPECT : SEKI_PF_NONE;
	if (!count || !((table->wanted[0] | judged) & query->direction))
		return;
	scan.table = table;
	scan.rules = seki_pf_section(table, SEKI_PF_RULES_AT);
	scan.literals = seki_pf_section(table, SEKI_PF_LITERALS_AT);
	scan.links = seki_pf_section(table, SEKI_PF_LINKS_AT);
	scan.bytes = seki_pf_section(table, SEKI_PF_BYTES_AT);
	scan.query = query;
	scan.inspect = false;
	memset(scan.candidates, 0, sizeof(scan.candidates));
	for (i = 0; i < SEKI_PF_CLASS_MAX; i++)
		sieve_open(&scan, i);
	pieces_scan(&scan, pieces, count, isa);
	if (scan.inspect)
		query->outcome = SEKI_PF_INSPECT;
	for (i = 0; i < SEKI_PF_JUDGED_MAX / 64; i++)
		any |= scan.candidates[i];
	if (any)
		candidates_resolve(&scan, pieces, count, room);
}
