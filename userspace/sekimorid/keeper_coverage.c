// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * keeper_coverage.c - the sensor's own record: a span each minute of what it
 * saw, lost and proved by canary flows.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "keeper_watch.h"
#include "lib/log.h"
#include "lib/wall.h"

#define SPAN_SECONDS	  60u
#define BYTES_SECONDS	  10u
#define LINE_PATIENCE_MS  300		   /* the record of a minute is worth waiting for */
#define CLOSE_PATIENCE_MS 3000		   /* and nothing else waits at the end */
#define LOOK_US		  (10u * 1000000u) /* the tick is one second: when none came for so long, nobody looked */

/* 192.0.2.0/24 is nobody's (RFC 5737); port 9 is discard. */
static const uint8_t canary_from[4] = {192, 0, 2, 250}, canary_to[4] = {192, 0, 2, 251};
#define CANARY_PORT 9

bool keeper_watch_is_canary(const struct seki_record *record)
{
	const struct seki_addr *dst = record->flags & SEKI_REC_FROM_LO ? &record->key.hi : &record->key.lo;
	uint16_t port = record->flags & SEKI_REC_FROM_LO ? record->key.hi_port : record->key.lo_port;

	return record->key.proto == IPPROTO_UDP && port == htons(CANARY_PORT) && dst->w[2] == htonl(0xffff) &&
	       !dst->w[0] && !dst->w[1] && !memcmp(dst->b + 12, canary_to, sizeof(canary_to));
}

/* What anybody else sends there is a flow like all others. */
bool watch_is_own_canary(const struct keeper_watch *w, const struct seki_record *record, const uint8_t *data)
{
	struct seki_process process;
	uint32_t at = record->l3_offset + 20u + 8u;

	if (!keeper_watch_is_canary(record))
		return false;
	if (!record->cap_len && record->flags & SEKI_REC_PROCESS) { /* refused before there was a frame */
		memcpy(&process, data + SEKI_ORIGIN_HEAD, sizeof(process));
		return w->canary_socket && process.socket == w->canary_socket;
	}
	return w->canary_mark && at + sizeof(w->canary_mark) <= record->cap_len &&
	       at + sizeof(w->canary_mark) <= SEKI_ORIGIN_HEAD &&
	       !memcmp(data + at, &w->canary_mark, sizeof(w->canary_mark));
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
static uint32_t canary_frame(uint8_t frame[64], uint16_t vlan, uint64_t mark)
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
	memcpy(at + 28, &mark, sizeof(mark));
	return (uint32_t)(at - frame) + 36;
}

/* The first layer of role host: this process's own socket asks for a way out. */
static void canary_socket(struct keeper_watch *w)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(CANARY_PORT)};
	AUTO_FD int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	socklen_t len = sizeof(w->canary_socket);

	memcpy(&to.sin_addr, canary_to, sizeof(canary_to));
	w->span.canaries_due++;
	w->canary_socket = 0;
	if (fd >= 0 && getsockopt(fd, SOL_SOCKET, SO_COOKIE, &w->canary_socket, &len) < 0)
		log_warn("the canary's socket cannot be told from others: %s", strerror(errno));
	if (fd >= 0 && !connect(fd, (struct sockaddr *)&to, sizeof(to)))
		log_warn("the canary's socket was not refused");
}

static void canaries_send(struct keeper *k)
{
	struct keeper_watch *w = k->watch;
	uint8_t frame[64];

	/* One that others saw, or guess, is none of ours. */
	if (getrandom(&w->canary_mark, sizeof(w->canary_mark), GRND_NONBLOCK) !=
	    (ssize_t)sizeof(w->canary_mark)) {
		log_warn("no canary is sent: there are no random bytes");
		w->span.canaries_due++;
		return;
	}

	for (uint32_t i = 0; i < k->iface_count; i++) {
		const struct keeper_iface *row = &k->ifaces[i];
		bool drop, host = row->want.role == SEKI_ROLE_HOST && k->egress->self;
		uint32_t len;
		int err;

		if (!host && row->want.role != SEKI_ROLE_DMZ)
			continue;
		len = canary_frame(frame, row->want.vlan, k->watch->canary_mark);
		w->span.canaries_due++;
		err = gate_frame_run(k->gate, row->ifindex, host, frame, len, &drop);
		if (err)
			log_warn("%s: the canary could not be sent: %s", row->want.name, strerror(-err));
	}
	if (k->settings.egress_flags & SEKI_EGRESS_SELF_EARLY &&
	    !(k->settings.egress_flags & SEKI_EGRESS_SELF_MONITOR))
		canary_socket(w);
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
	uint64_t events = k->events_lost + k->reporter.lost + k->reporter.refused + k->reporter.spool_lost +
			  k->archive.refused;
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
		w->span.gaps[EGRESS_GAP_UNTRACKED] += losses[SEKI_LOSS_UNTRACKED] - w->before.untracked;
		w->span.gaps[EGRESS_GAP_GRACE] += learnt - w->before.learnt;
		w->span.gaps[EGRESS_GAP_EVENTS] += events > w->before.events ? events - w->before.events : 0;
		w->span.gaps[EGRESS_GAP_FORGOTTEN] += forgotten - w->before.forgotten;
	}
	w->before.packets = packets;
	w->before.ring = ring;
	w->before.unread = losses[SEKI_LOSS_COPY_FAILED];
	w->before.flows = flows;
	w->before.untracked = losses[SEKI_LOSS_UNTRACKED];
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

	egress_watch_flush(w->watch, w->span.to); /* what of it is lost is lost in this span */
	counters_read(k, w, false);
	if (w->span.to <= w->span.from)
		return;
	k->report_patience_ms = LINE_PATIENCE_MS;
	if (egress_line_coverage(&w->span, &line, &len))
		k->events_lost++;
	else
		watch_line_send(k, line, len);
	k->report_patience_ms = 0;
	watch_known_save(k);
}

void keeper_watch_came_off(struct keeper *k)
{
	if (k->watch)
		k->watch->came_off = true;
}

/* What holds of this second; the span keeps the worst. */
static void span_look(struct keeper *k)
{
	struct keeper_watch *w = k->watch;
	uint64_t wall = keeper_wall_us(), boot = watch_clock_us(CLOCK_BOOTTIME);
	/* A laboratory's time of day runs faster than its clocks. */
	uint64_t passed = wall_is_lab() ? wall - w->last_wall : boot - w->last_boot;
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
	/* A daemon that was stopped sent no canary and did not see what came off; nor did one that could not
	 * ask. */
	if (boot - w->last_boot > LOOK_US || k->egress_blind)
		w->span.gaps[EGRESS_GAP_STALLED] += passed / 1000;
	else if (attached && !w->came_off)
		w->span.attached_us += passed;
	else
		w->span.gaps[EGRESS_GAP_DETACHED] += passed / 1000 + 1;
	w->came_off = false;
	if (host && *k->egress_other)
		w->span.gaps[EGRESS_GAP_OTHER_WAY] += passed / 1000;
	/* A clock that was set back begins a span of its own: no second is counted twice. */
	if (wall < w->span.to) {
		span_end(k);
		span_begin(w, wall);
		w->span.gaps[EGRESS_GAP_CLOCK]++;
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
	if (!watched) { /* any more */
		if (w->span.from)
			span_end(k);
		w->span.from = 0;
		return;
	}
	if (!w->span.from) {
		w->last_wall = keeper_wall_us();
		w->last_boot = watch_clock_us(CLOCK_BOOTTIME);
		span_begin(w, w->last_wall);
		counters_read(k, w, true);
		w->next_canary = now + 1;
	}
	span_look(k);
	watch_awaited(k, now);
	if (now >= w->next_bytes) {
		w->next_bytes = now + BYTES_SECONDS;
		watch_flows(k);
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

void keeper_watch_close(struct keeper *k)
{
	struct keeper_watch *w = k->watch;

	if (!w)
		return;
	keeper_prio_drain(k);
	watch_awaited(k, UINT32_MAX);
	if (!k->gate || !w->span.from)
		return;
	k->report_patience_ms = CLOSE_PATIENCE_MS;
	span_look(k);
	span_end(k);
	w->span.from = 0;
}

void keeper_watch_end(struct keeper *k)
{
	struct keeper_watch *w = k->watch;

	if (!w)
		return;
	keeper_watch_close(k);
	egress_watch_free(w->watch);
	egress_names_free(w->names);
	free(w);
	k->watch = NULL;
}
