// SPDX-License-Identifier: GPL-2.0-only
/*
 * prefilter.c - many literals at once over a payload: the windows at even
 * places through a filter, what passes to buckets, what is there byte by byte.
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

static void gram_hit(struct seki_pf_scan *scan, const struct seki_pf_gram *gram, __u32 at)
{
	const struct seki_pf_literal *literal = &scan->literals[gram->literal];
	__s64 begin = (__s64)at - gram->offset;

	if (begin < 0 || begin + literal->len > scan->len)
		return;
	if (seki_pf_same(scan->data + begin, scan->bytes + literal->bytes, literal->len, literal->nocase))
		literal_found(scan, literal, scan->base + begin);
}

void seki_pf_hit(struct seki_pf_scan *scan, __u32 at, __u32 window)
{
	int class;
	__u32 i;

	for (class = 0; class < SEKI_PF_CLASS_MAX; class ++) {
		const struct seki_pf_sieve *sieve = &scan->sieve[class];
		const __u32 *bucket;

		if (!sieve->buckets)
			continue;
		bucket = &sieve->buckets[seki_pf_bucket(class, window, scan->multiplier, sieve->bits)];
		for (i = bucket[0]; i < bucket[1]; i++) {
			const struct seki_pf_gram *gram = &sieve->grams[i];

			if ((window & seki_pf_inside[gram->outside]) == gram->value)
				gram_hit(scan, gram, at);
		}
	}
}

struct filter {
	const __u32 *words;
	__u32 multiplier, mask;
};

/* Bit 0: is the window let through? The others say nothing. */
static __always_inline __u32 filter_lets(struct filter filter, __u32 window)
{
	return filter.words[seki_pf_word(window, filter.multiplier, filter.mask)] >> seki_pf_bit(window);
}

static __always_inline __u32 place_lets(struct filter filter, const __u8 *data)
{
	return filter_lets(filter, seki_pf_window(data));
}

static void window_try(struct seki_pf_scan *scan, struct filter filter, __u32 at, __u32 window)
{
	if (filter_lets(filter, window) & 1)
		seki_pf_hit(scan, at, window);
}

/*
 * Four windows are asked together, so that there is one branch for them: it nearly always goes one way, and
 * the look-ups do not wait for each other.
 */
static void windows_scan(struct seki_pf_scan *scan, __u32 at)
{
	const struct filter filter = {scan->filter, scan->multiplier, scan->filter_mask};
	const __u8 *data = scan->data;

	while (at + 4 * SEKI_PF_STRIDE + 2 <= scan->len) {
		__u32 end = at + 4 * SEKI_PF_STRIDE;
		__u32 let = place_lets(filter, data + at) | place_lets(filter, data + at + 2) |
			    place_lets(filter, data + at + 4) | place_lets(filter, data + at + 6);

		for (; let & 1 && at < end; at += SEKI_PF_STRIDE)
			window_try(scan, filter, at, seki_pf_window(data + at));
		at = end;
	}
	for (; at + SEKI_PF_WINDOW <= scan->len; at += SEKI_PF_STRIDE)
		window_try(scan, filter, at, seki_pf_window(scan->data + at));
	/* What ends here may have a window that reaches one byte further. */
	if (at + SEKI_PF_WINDOW == scan->len + 1) {
		__u8 last[SEKI_PF_WINDOW] = {scan->data[at], scan->data[at + 1], scan->data[at + 2]};

		window_try(scan, filter, at, seki_pf_window(last));
	}
}

static void piece_scan(struct seki_pf_scan *scan, const __u8 *data, __u32 len, __s64 base,
		       enum seki_pf_isa isa)
{
	scan->data = data;
	scan->len = len;
	scan->base = base;
	windows_scan(scan, isa == SEKI_PF_AVX2 ? seki_pf_windows_avx2(scan) : 0);
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
	__u32 drop = SEKI_PF_JUDGED_MAX, len, at = scan->next;
	const __u8 *payload = pieces_join(pieces, count, &len, room);
	int i;

	if (!payload)
		return;
	memset(&request, 0, sizeof(request));
	request.views[SEKI_PF_VIEW_PAYLOAD] = (struct seki_pf_bytes){payload, len, true, true};
	candidates_judge(scan, request.views, false, &drop);
	for (i = 0; i < REQUESTS_MAX && scan->query->flags & SEKI_PF_TURN && at < len; i++) {
		if (!seki_pf_request_read(payload, len, at, room, &request))
			break;
		candidates_judge(scan, request.views, true, &drop);
		at = request.next;
		if (!at)
			break;
	}
	if (scan->query->flags & SEKI_PF_TURN && at >= len)
		scan->query->next = at;
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

static void sieves_open(struct seki_pf_scan *scan)
{
	const struct seki_pf_table *table = scan->table;
	int i;

	scan->filter = seki_pf_section(table, SEKI_PF_FILTER_AT);
	scan->filter_mask = (1u << table->filter_bits) - 1;
	scan->multiplier = table->multiplier;
	for (i = 0; i < SEKI_PF_CLASS_MAX; i++) {
		struct seki_pf_sieve *sieve = &scan->sieve[i];

		sieve->buckets = NULL;
		if (!table->section[SEKI_PF_GRAMS_WHOLE_AT + i].count)
			continue;
		sieve->buckets = seki_pf_section(table, SEKI_PF_BUCKETS_WHOLE_AT + i);
		sieve->grams = seki_pf_section(table, SEKI_PF_GRAMS_WHOLE_AT + i);
		sieve->bits = table->bucket_bits[i];
	}
}

void seki_prefilter_scan(const struct seki_pf_table *table, const struct seki_pf_piece *pieces,
			 unsigned int count, struct seki_pf_query *query, struct seki_pf_room *room,
			 enum seki_pf_isa isa)
{
	struct seki_pf_scan scan;
	__u8 judged = table->wanted[1] | table->wanted[2];
	__u64 any = 0;
	unsigned int i;

	scan.next = query->next;
	query->next = 0;
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
	if (table->section[SEKI_PF_FILTER_AT].count) {
		sieves_open(&scan);
		pieces_scan(&scan, pieces, count, isa);
	}
	if (scan.inspect)
		query->outcome = SEKI_PF_INSPECT;
	for (i = 0; i < SEKI_PF_JUDGED_MAX / 64; i++)
		any |= scan.candidates[i];
	if (any)
		candidates_resolve(&scan, pieces, count, room);
}
