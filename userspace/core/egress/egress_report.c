// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * egress_report.c - adds up lines, and judges what they prove.
 */
#include "egress_report_parts.h"

#include <errno.h>
#include <string.h>

#define NOBODY	 UINT32_MAX
#define SLACK_US 1000000u /* spans of one sensor touch */

int egress_report_new(uint64_t from, uint64_t to, struct egress_report **out)
{
	struct egress_report *r;

	if (to <= from)
		return -EINVAL;
	r = calloc(1, sizeof(*r));
	if (!r)
		return -ENOMEM;
	r->from = from;
	r->to = to;
	*out = r;
	return 0;
}

void egress_report_free(struct egress_report *report)
{
	if (!report)
		return;
	free(report->rows);
	free(report->found);
	free(report->spans);
	free(report->index);
	free(report);
}

/* Room for one more of size bytes, up to max. -ENOSPC. */
static int grow(void *items, uint32_t count, uint32_t *room, uint32_t max, size_t size)
{
	void **at = items, *moved;
	uint32_t next = *room ? *room * 2 : 64;

	if (count < *room)
		return 0;
	if (count >= max)
		return -ENOSPC;
	next = next > max ? max : next;
	moved = realloc(*at, next * size);
	if (!moved)
		return -ENOMEM;
	*at = moved;
	*room = next;
	return 0;
}

static uint64_t mix(uint64_t h, const void *data, size_t len)
{
	const uint8_t *at = data;

	while (len--)
		h = (h ^ *at++) * 0x100000001b3ull;
	return h ^ h >> 29;
}

/* One row for each host, destination, service and program. */
static uint64_t row_hash(const struct egress_record *r)
{
	uint64_t h = mix(0xcbf29ce484222325ull, r->host, strlen(r->host));

	h = mix(h, r->dst, strlen(r->dst));
	h = mix(h, r->proto, strlen(r->proto));
	h = mix(h, &r->dport, sizeof(r->dport));
	return mix(h, r->exe, strlen(r->exe));
}

static bool row_same(const struct egress_record *a, const struct egress_record *b)
{
	return a->dport == b->dport && !strcmp(a->host, b->host) && !strcmp(a->dst, b->dst) &&
	       !strcmp(a->proto, b->proto) && !strcmp(a->exe, b->exe);
}

static int index_grow(struct egress_report *r)
{
	uint32_t size = r->index_size ? r->index_size * 2 : 256;
	uint32_t *index;

	if (r->row_count * 2 < r->index_size)
		return 0;
	index = malloc(size * sizeof(*index));
	if (!index)
		return -ENOMEM;
	memset(index, 0xff, size * sizeof(*index));
	for (uint32_t i = 0; i < r->row_count; i++) {
		uint32_t at = (uint32_t)(row_hash(&r->rows[i]) % size);

		while (index[at] != NOBODY)
			at = (at + 1) % size;
		index[at] = i;
	}
	free(r->index);
	r->index = index;
	r->index_size = size;
	return 0;
}

static void row_add(struct egress_record *to, const struct egress_record *more)
{
	to->flows += more->flows;
	to->blocked += more->blocked;
	to->would += more->would;
	to->bytes_out += more->bytes_out;
	to->bytes_in += more->bytes_in;
	if (more->last > to->last) {
		to->last = more->last;
		to->verdict = more->verdict;
		memcpy(to->name, more->name, sizeof(to->name));
		memcpy(to->said, more->said, sizeof(to->said));
		memcpy(to->said_by, more->said_by, sizeof(to->said_by));
	}
	if (more->first < to->first)
		to->first = more->first;
	if (more->process) {
		to->pid = more->pid;
		to->ppid = more->ppid;
	}
}

static int take_talk(struct egress_report *r, const struct egress_record *record)
{
	uint32_t at;
	int err = index_grow(r);

	if (err)
		return err;
	at = (uint32_t)(row_hash(record) % r->index_size);
	while (r->index[at] != NOBODY) {
		if (row_same(&r->rows[r->index[at]], record)) {
			row_add(&r->rows[r->index[at]], record);
			return 0;
		}
		at = (at + 1) % r->index_size;
	}
	err = grow(&r->rows, r->row_count, &r->row_room, EGRESS_ROWS_MAX, sizeof(*r->rows));
	if (err == -ENOSPC) {
		r->dropped++;
		return 0;
	}
	if (err)
		return err;
	r->index[at] = r->row_count;
	r->rows[r->row_count++] = *record;
	return 0;
}

static int take_finding(struct egress_report *r, const struct egress_record *record)
{
	int err = grow(&r->found, r->found_count, &r->found_room, EGRESS_FOUND_MAX, sizeof(*r->found));

	/* What others begin is told, but is no sign of a hijacked server; nor is the first use of what is
	 * allowed. */
	r->detections += record->finding != EGRESS_LISTED_IN && record->finding != EGRESS_FIRST;
	if (err == -ENOSPC) {
		r->dropped++;
		return 0;
	}
	if (err)
		return err;
	r->found[r->found_count++] = *record;
	return 0;
}

static int take_coverage(struct egress_report *r, const struct egress_coverage *c)
{
	int err;

	if (c->to <= r->from || c->from >= r->to)
		return 0;
	err = grow(&r->spans, r->span_count, &r->span_room, EGRESS_SPANS_MAX, sizeof(*r->spans));
	if (err == -ENOSPC) {
		r->dropped++;
		return 0;
	}
	if (err)
		return err;
	r->spans[r->span_count++] = (struct egress_span){
		.from = c->from < r->from ? r->from : c->from,
		.to = c->to > r->to ? r->to : c->to,
		.lost_us = (c->gaps[EGRESS_GAP_DETACHED] + c->gaps[EGRESS_GAP_STALLED] +
			    c->gaps[EGRESS_GAP_OTHER_WAY]) *
			   1000,
	};
	for (int i = 0; i < EGRESS_GAP_MAX; i++)
		r->gaps[i] += c->gaps[i];
	r->packets += c->packets;
	r->canaries_due += c->canaries_due;
	/* One too many does not make up for one that another span misses. */
	r->canaries_seen += c->canaries_seen < c->canaries_due ? c->canaries_seen : c->canaries_due;
	r->raw_open |= !c->raw_covered;
	r->xdp_open |= !c->xdp_covered;
	r->monitored |= !c->enforcing;
	return 0;
}

int egress_report_line(struct egress_report *report, const char *line, size_t len)
{
	struct egress_record record;
	int err = egress_line_parse(line, len, &record);

	if (err == -ENOENT)
		return 0;
	if (err) {
		report->damaged++;
		return 0;
	}
	if (record.kind == EGRESS_LINE_COVERAGE)
		return take_coverage(report, &record.coverage);
	/* Figures are told some time after what they are about. */
	if (record.kind == EGRESS_LINE_TALK)
		return record.last < report->from || record.first >= report->to ? 0
										: take_talk(report, &record);
	if (record.t_us < report->from || record.t_us >= report->to)
		return 0;
	return take_finding(report, &record);
}

void egress_report_lost(struct egress_report *report, uint64_t events)
{
	report->lost += events;
}

static int span_order(const void *a, const void *b)
{
	const struct egress_span *x = a, *y = b;

	return x->from < y->from ? -1 : x->from > y->from;
}

static int row_order(const void *a, const void *b)
{
	const struct egress_record *x = a, *y = b;
	uint64_t bad_x = x->blocked + x->would, bad_y = y->blocked + y->would;

	if (bad_x != bad_y)
		return bad_x < bad_y ? 1 : -1;
	if (x->bytes_out != y->bytes_out)
		return x->bytes_out < y->bytes_out ? 1 : -1;
	return x->flows < y->flows ? 1 : x->flows > y->flows ? -1 : 0;
}

static int found_order(const void *a, const void *b)
{
	const struct egress_record *x = a, *y = b;

	if (x->severity != y->severity)
		return x->severity < y->severity ? 1 : -1;
	return x->t_us < y->t_us ? -1 : x->t_us > y->t_us;
}

/* Sort without ever handing NULL to qsort. */
static void sort(void *items, uint32_t count, size_t size, int (*order)(const void *, const void *))
{
	if (count)
		qsort(items, count, size, order);
}

/* By who talks to whom, whatever the program. */
static int talk_order(const void *a, const void *b)
{
	const struct egress_record *x = a, *y = b;
	int order = strcmp(x->host, y->host);

	if (!order)
		order = strcmp(x->dst, y->dst);
	if (!order)
		order = strcmp(x->proto, y->proto);
	return order ? order : (int)x->dport - (int)y->dport;
}

static bool is_denial(const struct egress_record *r)
{
	return r->finding == EGRESS_SERVICE || r->finding == EGRESS_RAW;
}

/* Denials first. */
static int denial_order(const void *a, const void *b)
{
	int order = (int)is_denial(b) - (int)is_denial(a);

	return order ? order : talk_order(a, b);
}

/*
 * A finding is told once an hour. What was denied in the period is one of
 * the period's also when it was told before it began.
 */
static void find_denied(struct egress_report *r)
{
	uint32_t told = 0;

	sort(r->found, r->found_count, sizeof(*r->found), denial_order);
	while (told < r->found_count && is_denial(&r->found[told]))
		told++;
	for (uint32_t i = 0; i < r->row_count; i++) {
		const struct egress_record *row = &r->rows[i];
		struct egress_record more;

		if (!(row->blocked + row->would) ||
		    (told && bsearch(row, r->found, told, sizeof(*row), talk_order)))
			continue;
		more = *row;
		more.kind = EGRESS_LINE_FINDING;
		more.finding = *row->dst ? EGRESS_SERVICE : EGRESS_RAW;
		more.severity = row->would ? SEKI_SEVERITY_CRITICAL : SEKI_SEVERITY_HIGH;
		more.t_us = row->first > r->from ? row->first : r->from;
		more.count = row->blocked + row->would;
		if (take_finding(r, &more))
			r->dropped++;
	}
}

void egress_report_close(struct egress_report *report)
{
	struct egress_report *r = report;
	uint64_t end = r->from;

	find_denied(r);
	sort(r->spans, r->span_count, sizeof(*r->spans), span_order);
	sort(r->rows, r->row_count, sizeof(*r->rows), row_order);
	sort(r->found, r->found_count, sizeof(*r->found), found_order);
	for (uint32_t i = 0; i < r->span_count; i++) {
		const struct egress_span *span = &r->spans[i];
		uint64_t from = span->from > end ? span->from : end, seen;

		r->overlaps += span->from + SLACK_US < end;
		if (span->to <= from)
			continue;
		seen = span->to - from;
		r->covered_us += seen > span->lost_us ? seen - span->lost_us : 0;
		end = span->to;
	}
	r->doubts[EGRESS_DOUBT_COVERAGE] = egress_report_coverage(r) < 1000;
	r->doubts[EGRESS_DOUBT_OVERLAP] = r->overlaps;
	r->doubts[EGRESS_DOUBT_CANARIES] = r->canaries_seen < r->canaries_due;
	r->doubts[EGRESS_DOUBT_NO_CANARIES] = !r->canaries_due;
	r->doubts[EGRESS_DOUBT_NO_PACKETS] = !r->packets;
	r->doubts[EGRESS_DOUBT_RAW_OPEN] = r->raw_open;
	r->doubts[EGRESS_DOUBT_XDP_OPEN] = r->xdp_open;
	r->doubts[EGRESS_DOUBT_DAMAGED] = r->damaged;
	r->doubts[EGRESS_DOUBT_LOST] = r->lost;
	r->doubts[EGRESS_DOUBT_REPORT_FULL] = r->dropped;
}

uint32_t egress_report_coverage(const struct egress_report *report)
{
	uint64_t total = report->to - report->from;

	return report->covered_us >= total
		       ? 1000
		       : (uint32_t)(report->covered_us / (total / 1000 ? total / 1000 : 1) > 999
					    ? 999
					    : report->covered_us / (total / 1000 ? total / 1000 : 1));
}

enum egress_verdict egress_report_verdict(const struct egress_report *report)
{
	if (report->detections)
		return EGRESS_FOUND;
	for (int i = 0; i < EGRESS_DOUBT_MAX; i++)
		if (report->doubts[i])
			return EGRESS_UNPROVEN;
	for (int i = 0; i < EGRESS_GAP_MAX; i++)
		if (report->gaps[i])
			return EGRESS_UNPROVEN;
	return EGRESS_ZERO;
}
