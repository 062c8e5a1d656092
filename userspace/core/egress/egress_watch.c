// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * egress_watch.c - tables of talks and hosts, and the judgement over them.
 */
#include "egress_watch.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#define SECOND	      1000000ull
#define HOUR	      (3600 * SECOND)
#define RESEND	      (64 * SECOND) /* the same source port again so soon is the same flow, sent again */
#define SCAN_WINDOW   (60 * SECOND)
#define SCAN_LIMIT    20u /* refused destinations, or ports of one, within the window */
#define SCAN_ROOM     64u
#define BEACON_STARTS 8u
#define BEACON_LEAST  (2 * SECOND)
#define BEACON_JITTER 150u /* per mille */
#define SPORTS	      8u
#define TALK_BUCKETS  (EGRESS_TALKS_MAX * 2)
#define HOST_BUCKETS  (EGRESS_HOSTS_MAX * 2)
#define KNOWN_BUCKETS (EGRESS_KNOWN_MAX * 2)
#define NOBODY	      UINT32_MAX

const char *const egress_finding_names[EGRESS_FINDING_MAX] = {
#define X(id, name, ...) [EGRESS_##id] = name,
	EGRESS_FINDINGS(X)
#undef X
};

static const uint8_t severities[EGRESS_FINDING_MAX][2] = {
#define X(id, name, stopped, passed) [EGRESS_##id] = {SEKI_SEVERITY_##stopped, SEKI_SEVERITY_##passed},
	EGRESS_FINDINGS(X)
#undef X
};

struct talk {
	struct egress_talk all;
	struct {
		uint64_t flows, blocked, would, bytes_out, bytes_in;
	} told;				      /* what earlier notes have said */
	uint32_t next;			      /* in its bucket */
	uint64_t finding[EGRESS_FINDING_MAX]; /* when it was last told */
	uint64_t starts[EGRESS_STARTS];
	uint32_t start_count;
	struct {
		uint16_t port;
		uint64_t t;
	} sports[SPORTS];
	uint32_t sport_next;
	uint64_t hour_begin, hour_bytes;
};

/* One host's refused destinations of the last minute. */
struct host {
	struct seki_addr addr;
	uint32_t next;
	uint64_t last, begin, told;
	uint32_t count;
	struct {
		struct seki_addr dst;
		uint16_t dport;
		uint8_t proto;
	} seen[SCAN_ROOM];
};

struct egress_watch {
	struct egress_limits limits;
	egress_note_fn fn;
	void *arg;
	uint32_t talk_count, host_count, talk_hand, host_hand;
	uint32_t talk_bucket[TALK_BUCKETS], host_bucket[HOST_BUCKETS];
	uint64_t forgotten;
	uint64_t known[EGRESS_KNOWN_MAX];
	uint32_t known_count, known_slot[KNOWN_BUCKETS];
	struct talk talks[EGRESS_TALKS_MAX];
	struct host hosts[EGRESS_HOSTS_MAX];
};

int egress_watch_new(const struct egress_limits *limits, egress_note_fn fn, void *arg,
		     struct egress_watch **out)
{
	/* Untouched pages of the tables cost nothing. */
	struct egress_watch *w = calloc(1, sizeof(*w));

	if (!w)
		return -ENOMEM;
	w->limits = *limits;
	w->fn = fn;
	w->arg = arg;
	memset(w->talk_bucket, 0xff, sizeof(w->talk_bucket));
	memset(w->host_bucket, 0xff, sizeof(w->host_bucket));
	memset(w->known_slot, 0xff, sizeof(w->known_slot));
	*out = w;
	return 0;
}

void egress_watch_free(struct egress_watch *watch)
{
	free(watch);
}

void egress_watch_limits(struct egress_watch *watch, const struct egress_limits *limits)
{
	watch->limits = *limits;
}

uint64_t egress_watch_forgotten(const struct egress_watch *watch)
{
	return watch->forgotten;
}

/* Since then. Records of several processors come out of order by a tick of their clock: no time has passed.
 */
static uint64_t elapsed(uint64_t now, uint64_t then)
{
	return now > then ? now - then : 0;
}

static uint64_t mix(uint64_t h, const void *data, size_t len)
{
	const uint8_t *at = data;

	while (len--)
		h = (h ^ *at++) * 0x100000001b3ull; /* FNV-1a */
	return h ^ h >> 29;
}

static uint64_t hash_of(const struct seki_addr *host, const struct seki_addr *dst, uint8_t proto,
			uint16_t dport)
{
	uint64_t h = mix(0xcbf29ce484222325ull, host, sizeof(*host));

	h = mix(h, dst, sizeof(*dst));
	h = mix(h, &proto, sizeof(proto));
	return mix(h, &dport, sizeof(dport));
}

static bool same(const struct seki_addr *a, const struct seki_addr *b)
{
	return !memcmp(a, b, sizeof(*a));
}

/* --- talks */

static uint32_t *talk_bucket(struct egress_watch *w, const struct egress_talk *t)
{
	return &w->talk_bucket[hash_of(&t->host, &t->dst, t->proto, t->dport) % TALK_BUCKETS];
}

static struct talk *talk_find(struct egress_watch *w, const struct seki_addr *host,
			      const struct seki_addr *dst, uint8_t proto, uint16_t dport)
{
	uint32_t i = w->talk_bucket[hash_of(host, dst, proto, dport) % TALK_BUCKETS];

	while (i != NOBODY) {
		struct talk *t = &w->talks[i];

		if (t->all.dport == dport && t->all.proto == proto && same(&t->all.host, host) &&
		    same(&t->all.dst, dst))
			return t;
		i = t->next;
	}
	return NULL;
}

static void talk_tell(struct egress_watch *w, struct talk *t, uint64_t t_us)
{
	struct egress_talk span = t->all;
	struct egress_note note = {.finding = EGRESS_FINDING_MAX, .t_us = t_us, .talk = &span};

	span.flows -= t->told.flows;
	span.blocked -= t->told.blocked;
	span.would -= t->told.would;
	span.bytes_out -= t->told.bytes_out;
	span.bytes_in -= t->told.bytes_in;
	if (!span.flows && !span.bytes_out && !span.bytes_in)
		return;
	w->fn(&note, w->arg);
	t->told.flows = t->all.flows;
	t->told.blocked = t->all.blocked;
	t->told.would = t->all.would;
	t->told.bytes_out = t->all.bytes_out;
	t->told.bytes_in = t->all.bytes_in;
}

/* The longest silent of a few: what it had to say is said first. */
static uint32_t talk_evict(struct egress_watch *w, uint64_t t_us)
{
	uint32_t oldest = w->talk_hand, *link;

	for (uint32_t i = 1; i < 16; i++) {
		uint32_t at = (w->talk_hand + i) % EGRESS_TALKS_MAX;

		if (w->talks[at].all.last < w->talks[oldest].all.last)
			oldest = at;
	}
	w->talk_hand = (w->talk_hand + 16) % EGRESS_TALKS_MAX;
	talk_tell(w, &w->talks[oldest], t_us);
	link = talk_bucket(w, &w->talks[oldest].all);
	while (*link != oldest)
		link = &w->talks[*link].next;
	*link = w->talks[oldest].next;
	if (elapsed(t_us, w->talks[oldest].all.last) < HOUR)
		w->forgotten++;
	return oldest;
}

static struct talk *talk_get(struct egress_watch *w, const struct egress_origin *o)
{
	struct talk *t = talk_find(w, &o->host, &o->dst, o->proto, o->dport);
	uint32_t at, *bucket;

	if (t)
		return t;
	at = w->talk_count < EGRESS_TALKS_MAX ? w->talk_count++ : talk_evict(w, o->t_us);
	t = &w->talks[at];
	memset(t, 0, sizeof(*t));
	t->all.host = o->host;
	t->all.dst = o->dst;
	t->all.proto = o->proto;
	t->all.dport = o->dport;
	t->all.first = o->t_us;
	bucket = talk_bucket(w, &t->all);
	t->next = *bucket;
	*bucket = at;
	return t;
}

/* --- findings */

/* At most once an hour for each talk. */
static void find(struct egress_watch *w, struct talk *t, struct egress_note *note, bool stopped)
{
	uint64_t *last = &t->finding[note->finding];

	if (*last && elapsed(note->t_us, *last) < HOUR)
		return;
	*last = note->t_us;
	note->severity = severities[note->finding][!stopped];
	note->talk = &t->all;
	w->fn(note, w->arg);
}

static bool start_is_new(struct talk *t, const struct egress_origin *o)
{
	for (uint32_t i = 0; o->sport && i < SPORTS; i++) {
		if (!t->sports[i].t || t->sports[i].port != o->sport ||
		    elapsed(o->t_us, t->sports[i].t) >= RESEND)
			continue;
		t->sports[i].t = o->t_us;
		return false;
	}
	t->sports[t->sport_next].port = o->sport;
	t->sports[t->sport_next].t = o->t_us;
	t->sport_next = (t->sport_next + 1) % SPORTS;
	return true;
}

static int order64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/*
 * Regular beginnings: the mean deviation of the intervals from their median,
 * by the median. A person or a queue gives nearly 1, a timer nearly 0.
 */
static void find_beacon(struct egress_watch *w, struct talk *t, const struct egress_origin *o)
{
	uint64_t gaps[EGRESS_STARTS - 1], median, sum = 0;
	uint32_t n = t->start_count < EGRESS_STARTS ? t->start_count : EGRESS_STARTS;
	struct egress_note note = {.finding = EGRESS_BEACON, .t_us = o->t_us};

	/* Clocks are set by the clock. */
	if (n < BEACON_STARTS || (!o->denied && o->proto == IPPROTO_UDP && o->dport == 123))
		return;
	for (uint32_t i = 1; i < n; i++) {
		uint64_t now = t->starts[(t->start_count - i) % EGRESS_STARTS];
		uint64_t before = t->starts[(t->start_count - i - 1) % EGRESS_STARTS];

		gaps[i - 1] = now > before ? now - before : 0;
	}
	qsort(gaps, n - 1, sizeof(*gaps), order64);
	median = gaps[(n - 1) / 2];
	if (median < BEACON_LEAST)
		return;
	for (uint32_t i = 0; i < n - 1; i++)
		sum += gaps[i] > median ? gaps[i] - median : median - gaps[i];
	note.jitter_permille = (uint32_t)(sum * 1000 / (n - 1) / median);
	note.interval_ms = (uint32_t)(median / 1000 > UINT32_MAX ? UINT32_MAX : median / 1000);
	note.count = t->all.flows;
	if (note.jitter_permille <= BEACON_JITTER)
		find(w, t, &note, o->verdict == SEKI_VERDICT_BLOCKED);
}

static struct host *host_get(struct egress_watch *w, const struct seki_addr *addr, uint64_t t_us)
{
	uint32_t *bucket = &w->host_bucket[mix(0xcbf29ce484222325ull, addr, sizeof(*addr)) % HOST_BUCKETS];
	uint32_t at = *bucket;
	struct host *h;

	while (at != NOBODY && !same(&w->hosts[at].addr, addr))
		at = w->hosts[at].next;
	if (at != NOBODY)
		return &w->hosts[at];
	if (w->host_count == EGRESS_HOSTS_MAX) {
		uint32_t *link;

		at = w->host_hand = (w->host_hand + 1) % EGRESS_HOSTS_MAX;
		h = &w->hosts[at];
		link = &w->host_bucket[mix(0xcbf29ce484222325ull, &h->addr, sizeof(h->addr)) % HOST_BUCKETS];
		while (*link != at)
			link = &w->hosts[*link].next;
		*link = h->next;
		w->forgotten += elapsed(t_us, h->last) < HOUR;
	} else {
		at = w->host_count++;
	}
	h = &w->hosts[at];
	memset(h, 0, sizeof(*h));
	h->addr = *addr;
	h->next = *bucket;
	*bucket = at;
	return h;
}

/* Many hosts, or many ports of one, that it may not reach. */
static void find_scan(struct egress_watch *w, struct talk *t, const struct egress_origin *o)
{
	struct host *h = host_get(w, &o->host, o->t_us);
	struct egress_note note = {.finding = EGRESS_SCAN, .t_us = o->t_us};
	uint32_t hosts = 0, ports = 0;

	h->last = o->t_us;
	if (elapsed(o->t_us, h->begin) >= SCAN_WINDOW) {
		h->begin = o->t_us;
		h->count = 0;
	}
	for (uint32_t i = 0; i < h->count; i++)
		if (h->seen[i].dport == o->dport && h->seen[i].proto == o->proto &&
		    same(&h->seen[i].dst, &o->dst))
			return;
	if (h->count < SCAN_ROOM) {
		h->seen[h->count].dst = o->dst;
		h->seen[h->count].dport = o->dport;
		h->seen[h->count++].proto = o->proto;
	}
	for (uint32_t i = 0; i < h->count; i++) {
		hosts += h->seen[i].dport == o->dport && h->seen[i].proto == o->proto;
		ports += same(&h->seen[i].dst, &o->dst);
	}
	if ((hosts < SCAN_LIMIT && ports < SCAN_LIMIT) || (h->told && elapsed(o->t_us, h->told) < HOUR))
		return;
	h->told = o->t_us;
	note.ports = ports >= SCAN_LIMIT;
	note.count = note.ports ? ports : hosts;
	t->finding[EGRESS_SCAN] = 0; /* the hour is the host's, not this talk's */
	find(w, t, &note, o->verdict == SEKI_VERDICT_BLOCKED);
}

/* --- what was ever seen */

static bool known_add(struct egress_watch *w, uint64_t hash)
{
	uint32_t at = (uint32_t)(hash % KNOWN_BUCKETS);

	while (w->known_slot[at] != NOBODY) {
		if (w->known[w->known_slot[at]] == hash)
			return false;
		at = (at + 1) % KNOWN_BUCKETS;
	}
	if (w->known_count == EGRESS_KNOWN_MAX) {
		w->forgotten++;
		return false;
	}
	w->known_slot[at] = w->known_count;
	w->known[w->known_count++] = hash;
	return true;
}

size_t egress_watch_known(const struct egress_watch *watch, const uint64_t **known)
{
	*known = watch->known;
	return watch->known_count;
}

int egress_watch_know(struct egress_watch *watch, const uint64_t *known, size_t count)
{
	if (count > EGRESS_KNOWN_MAX)
		return -EINVAL;
	for (size_t i = 0; i < count; i++)
		known_add(watch, known[i]);
	return 0;
}

/* A host begins to use a service, or a program to use one: not each new destination, which a proxy has by the
 * minute. */
static void find_first(struct egress_watch *w, struct talk *t, const struct egress_origin *o)
{
	struct egress_note note = {.finding = EGRESS_FIRST, .t_us = o->t_us, .count = 1};
	static const struct seki_addr this_machine;
	/* This machine's addresses are one host. */
	uint64_t hash = mix(0x5eed, o->process ? &this_machine : &o->host, sizeof(o->host));

	hash = mix(hash, &o->proto, sizeof(o->proto));
	hash = mix(hash, &o->dport, sizeof(o->dport));
	if (o->process)
		hash = mix(hash, o->process->path, sizeof(o->process->path));
	if (known_add(w, hash) && o->t_us >= w->limits.learn_until)
		find(w, t, &note, o->verdict == SEKI_VERDICT_BLOCKED);
}

void egress_watch_origin(struct egress_watch *watch, const struct egress_origin *origin)
{
	struct talk *t = talk_get(watch, origin);
	bool stopped = origin->verdict == SEKI_VERDICT_BLOCKED;
	struct egress_note note = {.finding = EGRESS_SERVICE, .t_us = origin->t_us};

	t->all.last = origin->t_us;
	t->all.verdict = origin->verdict;
	t->all.vlan = origin->vlan;
	memcpy(t->all.mac, origin->mac, sizeof(t->all.mac));
	if (origin->process && origin->process->way)
		t->all.process = *origin->process;
	if (!start_is_new(t, origin))
		return;
	t->starts[t->start_count++ % EGRESS_STARTS] = origin->t_us;
	t->all.flows++;
	if (origin->denied && stopped)
		t->all.blocked++;
	else if (origin->denied)
		t->all.would++;
	note.count = t->all.flows;
	if (origin->denied) {
		find(watch, t, &note, stopped);
		find_scan(watch, t, origin);
	} else {
		find_first(watch, t, origin);
	}
	find_beacon(watch, t, origin);
}

void egress_watch_bytes(struct egress_watch *watch, uint64_t t_us, const struct seki_addr *host,
			const struct seki_addr *dst, uint8_t proto, uint16_t dport, uint64_t out, uint64_t in)
{
	struct talk *t = talk_find(watch, host, dst, proto, dport);
	struct egress_note note = {.finding = EGRESS_BULK, .t_us = t_us};

	if (!t)
		return;
	t->all.bytes_out += out;
	t->all.bytes_in += in;
	t->all.last = t_us;
	if (elapsed(t_us, t->hour_begin) >= HOUR) {
		t->hour_begin = t_us;
		t->hour_bytes = 0;
	}
	t->hour_bytes += out;
	note.bytes = t->hour_bytes;
	if (watch->limits.bulk_bytes && t->hour_bytes >= watch->limits.bulk_bytes)
		find(watch, t, &note, false);
}

void egress_watch_listed(struct egress_watch *watch, const struct egress_origin *pair, bool outward,
			 const char *list)
{
	struct talk *t = talk_get(watch, pair);
	struct egress_note note = {.finding = outward ? EGRESS_LISTED_OUT : EGRESS_LISTED_IN,
				   .t_us = pair->t_us,
				   .count = 1,
				   .text = list};

	t->all.last = pair->t_us;
	t->all.verdict = pair->verdict;
	if (outward) {
		t->all.flows += start_is_new(t, pair);
		note.count = t->all.flows;
	}
	find(watch, t, &note, pair->verdict == SEKI_VERDICT_BLOCKED);
}

void egress_watch_tunnel(struct egress_watch *watch, const struct egress_origin *pair, const char *domain,
			 uint64_t names, uint64_t bytes)
{
	struct egress_note note = {
		.finding = EGRESS_TUNNEL, .t_us = pair->t_us, .count = names, .bytes = bytes, .text = domain};

	find(watch, talk_get(watch, pair), &note, false);
}

void egress_watch_raw(struct egress_watch *watch, uint64_t t_us, uint64_t frames, bool stopped)
{
	struct egress_origin nobody = {.t_us = t_us,
				       .verdict = stopped ? SEKI_VERDICT_BLOCKED : SEKI_VERDICT_WOULD_BLOCK};
	struct egress_note note = {.finding = EGRESS_RAW, .t_us = t_us, .count = frames};
	struct talk *t = talk_get(watch, &nobody);

	t->all.last = t_us;
	t->all.flows += frames;
	t->all.verdict = nobody.verdict;
	if (stopped)
		t->all.blocked += frames;
	else
		t->all.would += frames;
	find(watch, t, &note, stopped);
}

void egress_watch_flush(struct egress_watch *watch, uint64_t t_us)
{
	for (uint32_t i = 0; i < watch->talk_count; i++)
		talk_tell(watch, &watch->talks[i], t_us);
}
