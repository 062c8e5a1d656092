// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * keeper_watch.c - what our side began goes to the watch, its notes to the
 * reporter; and the sensor's own record: a span each minute of what it saw,
 * lost and proved by canary flows.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#include "core/egress_line.h"
#include "keeper.h"
#include "lib/file.h"
#include "lib/log.h"

#define SPAN_SECONDS  60u
#define BYTES_SECONDS 10u
#define LEARN_SECONDS (24 * 3600u) /* what is seen for the first time so early is not told */
#define TAPS	      65536u	   /* flows whose bytes are followed */
#define KNOWN_MAGIC   0x314b4547u  /* "GEK1" */

/* 192.0.2.0/24 is nobody's (RFC 5737); port 9 is discard. */
static const uint8_t canary_from[4] = {192, 0, 2, 250}, canary_to[4] = {192, 0, 2, 251};
#define CANARY_PORT 9

/* Bytes of one flow that were told already. */
struct tap {
	uint64_t id, out, in;
};

struct known_head {
	uint32_t magic, count;
	uint64_t learn_until;
};

struct keeper_watch {
	struct egress_watch *watch;
	uint64_t learn_until;
	uint32_t canary_interval, next_canary, next_span, next_bytes;
	size_t known_saved;
	struct egress_coverage span;   /* of now */
	uint64_t last_wall, last_boot; /* us, at the last tick */
	struct {
		uint64_t ring, unread, events, forgotten, flows, packets;
		uint32_t learnt;
	} before; /* counters at the span's begin */
	struct tap taps[TAPS];
};

static uint64_t clock_us(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void line_send(struct keeper *k, char *line, size_t len)
{
	if (len <= MESSAGE_LINE_MAX)
		keeper_report(k, MESSAGE_EGRESS, line, len);
	free(line);
}

static void on_note(const struct egress_note *note, void *arg)
{
	struct keeper *k = arg;
	char *line;
	size_t len;

	if (egress_line_note(note, &line, &len))
		k->events_lost++;
	else
		line_send(k, line, len);
}

/* --- what was ever seen, kept over a restart */

static int known_path(const struct keeper *k, char path[INSTANCE_PATH_MAX])
{
	return snprintf(path, INSTANCE_PATH_MAX, "%s/egress.known", k->state_dir) < INSTANCE_PATH_MAX
		       ? 0
		       : -ENAMETOOLONG;
}

static void known_load(struct keeper *k)
{
	struct keeper_watch *w = k->watch;
	char path[INSTANCE_PATH_MAX];
	AUTO_FREE char *data = NULL;
	struct known_head head;
	size_t len = 0;

	w->learn_until = keeper_wall_us() + LEARN_SECONDS * 1000000ull;
	if (known_path(k, path) ||
	    file_read(AT_FDCWD, path, sizeof(head) + EGRESS_KNOWN_MAX * 8, &data, &len))
		return; /* the first start */
	if (len >= sizeof(head))
		memcpy(&head, data, sizeof(head));
	if (len < sizeof(head) || head.magic != KNOWN_MAGIC || head.count > EGRESS_KNOWN_MAX ||
	    len != sizeof(head) + (size_t)head.count * 8 ||
	    egress_watch_know(w->watch, (const uint64_t *)(const void *)(data + sizeof(head)), head.count)) {
		keeper_audit(k, AUDIT_ALARM, 0, "%s is damaged: what hosts use is learnt anew for a day",
			     path);
		return;
	}
	w->learn_until = head.learn_until;
	w->known_saved = head.count;
}

static void known_save(struct keeper *k)
{
	struct keeper_watch *w = k->watch;
	struct known_head head = {.magic = KNOWN_MAGIC, .learn_until = w->learn_until};
	char path[INSTANCE_PATH_MAX];
	AUTO_FREE char *data = NULL;
	const uint64_t *known;
	size_t count = egress_watch_known(w->watch, &known);
	int err = known_path(k, path);

	if (err || count == w->known_saved)
		return;
	data = malloc(sizeof(head) + count * 8);
	if (!data)
		return;
	head.count = (uint32_t)count;
	memcpy(data, &head, sizeof(head));
	memcpy(data + sizeof(head), known, count * 8);
	err = file_replace(AT_FDCWD, path, data, sizeof(head) + count * 8, 0600);
	if (err)
		log_warn("%s: %s", path, strerror(-err));
	else
		w->known_saved = count;
}

int keeper_watch_start(struct keeper *k)
{
	struct egress_limits limits = {0};
	int err;

	k->watch = calloc(1, sizeof(*k->watch));
	if (!k->watch)
		return -ENOMEM;
	err = egress_watch_new(&limits, on_note, k, &k->watch->watch);
	if (err)
		return err;
	known_load(k);
	return 0;
}

void keeper_watch_policy(struct keeper *k, const struct policy *policy)
{
	struct keeper_watch *w = k->watch;
	struct egress_limits limits = {.bulk_bytes = (uint64_t)policy->egress.bulk << 20,
				       .learn_until = w->learn_until};

	egress_watch_limits(w->watch, &limits);
	w->canary_interval = policy->egress.canary;
}

/* --- records */

bool keeper_watch_is_canary(const struct seki_record *record)
{
	const struct seki_addr *dst = record->flags & SEKI_REC_FROM_LO ? &record->key.hi : &record->key.lo;
	uint16_t port = record->flags & SEKI_REC_FROM_LO ? record->key.hi_port : record->key.lo_port;

	return record->key.proto == IPPROTO_UDP && port == htons(CANARY_PORT) && dst->w[2] == htonl(0xffff) &&
	       !dst->w[0] && !dst->w[1] && !memcmp(dst->b + 12, canary_to, sizeof(canary_to));
}

static void origin_fill(struct keeper *k, const struct seki_record *record, struct egress_origin *out)
{
	bool lo = record->flags & SEKI_REC_FROM_LO;
	uint64_t mono = clock_us(CLOCK_MONOTONIC), at = record->t_ns / 1000;

	*out = (struct egress_origin){
		.t_us = keeper_wall_us() - (mono > at ? mono - at : 0),
		.host = lo ? record->key.lo : record->key.hi,
		.dst = lo ? record->key.hi : record->key.lo,
		.sport = ntohs(lo ? record->key.lo_port : record->key.hi_port),
		.dport = ntohs(lo ? record->key.hi_port : record->key.lo_port),
		.proto = record->key.proto,
		.verdict = record->verdict,
		.denied = record->reason == SEKI_R_EGRESS_DENIED,
		.vlan = record->vlan,
		.rule = record->sid,
	};
	/* This machine is one host, whatever address it chose. */
	if (record->role == SEKI_ROLE_HOST)
		memset(&out->host, 0, sizeof(out->host));
}

void keeper_watch_origin(struct keeper *k, const struct seki_record *record, const uint8_t *data)
{
	struct egress_origin origin;
	struct seki_process process;

	if (keeper_watch_is_canary(record)) {
		k->watch->span.canaries_seen++;
		return;
	}
	origin_fill(k, record, &origin);
	if (record->flags & SEKI_REC_PROCESS) {
		memcpy(&process, data + SEKI_ORIGIN_HEAD, sizeof(process));
		origin.process = &process;
	} else if (record->cap_len >= 14 && record->role == SEKI_ROLE_DMZ) {
		memcpy(origin.mac, data + 6, sizeof(origin.mac));
	}
	egress_watch_origin(k->watch->watch, &origin);
}

void keeper_watch_listed(struct keeper *k, const struct seki_record *record, const char *list)
{
	bool ours = record->flags & SEKI_REC_EGRESS
			    ? record->role == SEKI_ROLE_HOST
			    : record->role == SEKI_ROLE_DMZ || record->role == SEKI_ROLE_LAN;
	bool outward = ours && record->reason == SEKI_R_LISTED_DST;
	bool inward = !ours && record->reason == SEKI_R_LISTED_SRC;
	struct egress_origin pair;

	if (!outward && !inward)
		return;
	origin_fill(k, record, &pair);
	if (inward) { /* host is always ours */
		struct seki_addr other = pair.host;

		pair.host = pair.dst;
		pair.dst = other;
		if (record->role == SEKI_ROLE_HOST) {
			pair.dst = record->flags & SEKI_REC_FROM_LO ? record->key.lo : record->key.hi;
			memset(&pair.host, 0, sizeof(pair.host));
		}
	}
	egress_watch_listed(k->watch->watch, &pair, outward, list);
}

void keeper_watch_raw(struct keeper *k, uint64_t frames, bool stopped, bool restored)
{
	k->watch->span.gaps[EGRESS_GAP_BACKSTOP] += restored;
	if (frames)
		egress_watch_raw(k->watch->watch, keeper_wall_us(), frames, stopped);
}

/* --- bytes of the flows that our side began */

static bool is_own(const struct keeper *k, const struct seki_addr *addr)
{
	for (uint32_t i = 0; i < k->auto_count; i++)
		if (k->autos[i].flags & SEKI_NET_OWN &&
		    !memcmp(k->autos[i].prefix.addr, addr->b, sizeof(addr->b)))
			return true;
	return false;
}

static int on_flow(const struct seki_flow_key *key, const struct seki_flow *flow, void *arg)
{
	struct keeper *k = arg;
	bool lo = flow->flags & SEKI_FLOW_INIT_LO;
	struct seki_addr host = lo ? key->lo : key->hi;
	struct tap *tap;
	uint64_t out, in;

	if (!(flow->flags & SEKI_FLOW_EGRESS_OK))
		return 0;
	/* Two flows in one place lose each other's figures, so that what they sent is told again, never too
	 * little. */
	tap = &k->watch->taps[flow->id * 0x9e3779b97f4a7c15ull >> 48];
	if (tap->id != flow->id)
		*tap = (struct tap){.id = flow->id};
	out = flow->bytes[0] - tap->out;
	in = flow->bytes[1] - tap->in;
	if (!out && !in)
		return 0;
	tap->out = flow->bytes[0];
	tap->in = flow->bytes[1];
	if (is_own(k, &host))
		memset(&host, 0, sizeof(host));
	egress_watch_bytes(k->watch->watch, keeper_wall_us(), &host, lo ? &key->hi : &key->lo, key->proto,
			   ntohs(lo ? key->hi_port : key->lo_port), out, in);
	return 0;
}

/* --- canaries */

static uint16_t checksum(const uint8_t *at, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)at[i] << 8 | at[i + 1];
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t) ~(sum + (sum >> 16));
}

/* A datagram that no policy permits, with the interface's VLAN tag. */
static uint32_t canary_frame(uint8_t frame[64], uint16_t vlan)
{
	static const uint8_t macs[12] = {2, 0x5e, 0x4b, 0, 0, 1, 2, 0x5e, 0x4b, 0, 0, 2};
	uint8_t *at = frame;
	uint16_t sum;

	memset(frame, 0, 64);
	memcpy(at, macs, sizeof(macs));
	at += sizeof(macs);
	if (vlan) {
		*at++ = 0x81;
		*at++ = 0;
		*at++ = (uint8_t)(vlan >> 8);
		*at++ = (uint8_t)vlan;
	}
	*at++ = 8;
	*at++ = 0;
	at[0] = 0x45;
	at[3] = 20 + 8 + 8;
	at[8] = 1; /* should it ever get out, it gets no further */
	at[9] = IPPROTO_UDP;
	memcpy(at + 12, canary_from, 4);
	memcpy(at + 16, canary_to, 4);
	sum = htons(checksum(at, 20));
	memcpy(at + 10, &sum, 2);
	at[21] = 99; /* source port 99 */
	at[23] = CANARY_PORT;
	at[25] = 8 + 8;
	memcpy(at + 28, "sekimori", 8);
	return (uint32_t)(at - frame) + 36;
}

/* The first layer of role host: this process's own socket asks for a way out. */
static void canary_socket(struct keeper_watch *w)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(CANARY_PORT)};
	AUTO_FD int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	memcpy(&to.sin_addr, canary_to, sizeof(canary_to));
	w->span.canaries_due++;
	if (fd >= 0 && !connect(fd, (struct sockaddr *)&to, sizeof(to)))
		log_warn("the canary's socket was not refused");
}

static void canaries_send(struct keeper *k)
{
	uint8_t frame[64];

	for (uint32_t i = 0; i < k->iface_count; i++) {
		const struct keeper_iface *row = &k->ifaces[i];
		bool drop, host = row->want.role == SEKI_ROLE_HOST && k->egress->self;
		uint32_t len;
		int err;

		if (!host && row->want.role != SEKI_ROLE_DMZ)
			continue;
		len = canary_frame(frame, row->want.vlan);
		k->watch->span.canaries_due++;
		err = gate_frame_run(k->gate, row->ifindex, host, frame, len, &drop);
		if (err)
			log_warn("%s: the canary could not be sent: %s", row->want.name, strerror(-err));
	}
	if (k->settings.egress_flags & SEKI_EGRESS_SELF_EARLY &&
	    !(k->settings.egress_flags & SEKI_EGRESS_SELF_MONITOR))
		canary_socket(k->watch);
}

/* --- the span */

static bool iface_watched(const struct keeper *k, const struct keeper_iface *row)
{
	return row->want.role == SEKI_ROLE_DMZ || (row->want.role == SEKI_ROLE_HOST && k->egress->self);
}

static void counters_read(struct keeper *k, struct keeper_watch *w, bool first)
{
	static struct seki_counter reasons[SEKI_REASON_MAX];
	uint64_t losses[SEKI_LOSS_MAX], packets = 0, ring, flows;
	uint64_t events = k->events_lost + k->reporter.lost + k->reporter.refused;
	uint64_t forgotten = egress_watch_forgotten(w->watch);
	uint32_t learnt = 0;

	if (gate_counters(k->gate, reasons) || gate_losses(k->gate, losses) ||
	    gate_grace_learnt(k->gate, &learnt)) {
		w->span.gaps[EGRESS_GAP_EVENTS]++; /* what cannot be read cannot vouch */
		return;
	}
	for (int i = 0; i < SEKI_REASON_MAX; i++)
		packets += reasons[i].pkts;
	ring = losses[SEKI_LOSS_PRIO_FULL] + losses[SEKI_LOSS_ORIGIN];
	flows = reasons[SEKI_R_FLOW_TABLE_FULL].pkts + reasons[SEKI_R_FLOW_TABLE_FULL].would_pkts +
		reasons[SEKI_R_FLOW_QUOTA].pkts + reasons[SEKI_R_FLOW_QUOTA].would_pkts;
	if (!first) {
		w->span.packets += packets - w->before.packets;
		w->span.gaps[EGRESS_GAP_RING] += ring - w->before.ring;
		w->span.gaps[EGRESS_GAP_UNREAD] += losses[SEKI_LOSS_COPY_FAILED] - w->before.unread;
		w->span.gaps[EGRESS_GAP_FLOWS] += flows - w->before.flows;
		w->span.gaps[EGRESS_GAP_GRACE] += learnt - w->before.learnt;
		w->span.gaps[EGRESS_GAP_EVENTS] += events > w->before.events ? events - w->before.events : 0;
		w->span.gaps[EGRESS_GAP_FORGOTTEN] += forgotten - w->before.forgotten;
	}
	w->before.packets = packets;
	w->before.ring = ring;
	w->before.unread = losses[SEKI_LOSS_COPY_FAILED];
	w->before.flows = flows;
	w->before.learnt = learnt;
	w->before.events = events;
	w->before.forgotten = forgotten;
}

static void span_begin(struct keeper_watch *w, uint64_t now)
{
	w->span = (struct egress_coverage){
		.from = now, .to = now, .enforcing = true, .raw_covered = true, .xdp_covered = true};
	w->next_span = keeper_now() + SPAN_SECONDS;
}

static void span_end(struct keeper *k)
{
	struct keeper_watch *w = k->watch;
	char *line;
	size_t len;

	counters_read(k, w, false);
	egress_watch_flush(w->watch, w->span.to);
	if (w->span.to <= w->span.from)
		return;
	if (egress_line_coverage(&w->span, &line, &len))
		k->events_lost++;
	else
		line_send(k, line, len);
	known_save(k);
}

/* What holds of this second; the span keeps the worst. */
static void span_look(struct keeper *k)
{
	struct keeper_watch *w = k->watch;
	uint64_t wall = keeper_wall_us(), boot = clock_us(CLOCK_BOOTTIME);
	uint64_t passed = boot - w->last_boot;
	int64_t jump = (int64_t)(wall - w->last_wall) - (int64_t)passed;
	bool attached = true, host = false;

	for (uint32_t i = 0; i < k->iface_count; i++) {
		const struct keeper_iface *row = &k->ifaces[i];

		if (!iface_watched(k, row))
			continue;
		attached &= row->attached && row->hook.tc_egress;
		host |= row->want.role == SEKI_ROLE_HOST;
		w->span.enforcing &= row->want.mode == SEKI_MODE_ENFORCE && !k->pending_until;
	}
	if (host) {
		w->span.enforcing &= !k->egress->self_monitor;
		w->span.raw_covered &= k->backstop_wanted;
		w->span.xdp_covered &= keeper_egress_xdp_denied(k);
	}
	if (jump > 1000000 || jump < -1000000)
		w->span.gaps[EGRESS_GAP_CLOCK]++;
	if (attached)
		w->span.attached_us += passed;
	else
		w->span.gaps[EGRESS_GAP_DETACHED] += passed / 1000;
	/* A clock that was set back begins a span of its own: no second is counted twice. */
	if (wall < w->span.to) {
		span_end(k);
		span_begin(w, wall);
	}
	w->span.to = wall;
	w->last_wall = wall;
	w->last_boot = boot;
}

void keeper_watch_tick(struct keeper *k)
{
	struct keeper_watch *w = k->watch;
	uint32_t now = keeper_now();
	bool watched = false;

	for (uint32_t i = 0; i < k->iface_count; i++)
		watched |= iface_watched(k, &k->ifaces[i]);
	if (!watched)
		return;
	if (!w->span.from) {
		w->last_wall = keeper_wall_us();
		w->last_boot = clock_us(CLOCK_BOOTTIME);
		span_begin(w, w->last_wall);
		counters_read(k, w, true);
		w->next_canary = now + 1;
	}
	span_look(k);
	if (now >= w->next_bytes) {
		w->next_bytes = now + BYTES_SECONDS;
		if (gate_flow_each(k->gate, on_flow, k))
			log_warn("the flow tables could not be read: bytes of this moment are not counted");
	}
	/* Sent well within a span, so that its record is in the same one. */
	if (w->canary_interval && now >= w->next_canary && now + 5 < w->next_span) {
		canaries_send(k);
		w->next_canary = now + w->canary_interval;
	}
	if (now >= w->next_span) {
		span_end(k);
		span_begin(w, w->span.to);
	}
}

void keeper_watch_end(struct keeper *k)
{
	struct keeper_watch *w = k->watch;

	if (!w)
		return;
	if (k->gate && w->span.from) {
		span_look(k);
		span_end(k);
	}
	egress_watch_free(w->watch);
	free(w);
	k->watch = NULL;
}
