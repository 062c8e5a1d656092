// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * engine.c - the inspector live: takes packets from its ring, says what it
 * found. It can propose, never act: it holds no map but the ring's pages.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <time.h>

#include "core/app/app_dns.h"
#include "core/policy/decide.h"
#include "core/flow/expect.h"
#include "engine_parts.h"
#include "lib/file.h"
#include "lib/log.h"
#include "lib/wall.h"
#include "lib/loop.h"
#include "process.h"

#define ENGINE_STATS_US 60000000u
#define ENGINE_PATIENCE_MS                                                                                   \
	200 /* how long a full channel may hold the engine; the ring counts what that costs */

uint64_t engine_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void engine_clock(struct engine *e)
{
	uint64_t now = engine_now_us();

	e->wall_offset_us = (int64_t)(wall_of(now) - now);
}

int engine_send(int fd, uint32_t type, const void *body, size_t len)
{
	struct pollfd out = {.fd = fd, .events = POLLOUT};
	int err = channel_send(fd, type, 0, body, len, -1);

	if (err != -EAGAIN)
		return err;
	if (poll(&out, 1, ENGINE_PATIENCE_MS) <= 0)
		return -EAGAIN;
	return channel_send(fd, type, 0, body, len, -1);
}

static void engine_flush(struct engine *e)
{
	if (!e->outcomes.count)
		return;
	if (engine_send(PROCESS_FD_KEEPER, MESSAGE_OUTCOMES, &e->outcomes, sizeof(e->outcomes)))
		e->stats.proposals_lost += e->outcomes.count;
	memset(&e->outcomes, 0, sizeof(e->outcomes));
}

static bool engine_protected(const struct seki_addr *addr, void *arg)
{
	const struct engine *e = arg;
	struct prefix p = {.len = 128};

	memcpy(p.addr, addr->b, sizeof(p.addr));
	for (uint32_t i = 0; i < e->policy->net_count; i++)
		if (e->policy->nets[i].flags & (SEKI_NET_OWN | SEKI_NET_DMZ) &&
		    prefix_contains(&e->policy->nets[i].prefix, &p))
			return true;
	return false;
}

static const char *engine_iface(const struct engine *e, uint32_t ifindex)
{
	for (uint32_t i = 0; i < e->names.count; i++)
		if (e->names.rows[i].ifindex == ifindex)
			return e->names.rows[i].name;
	return NULL;
}

/*
 * What the kernel did with what matched. Of the packet that the module dropped, the rule that it named needs
 * no other, and no rule does when nothing of the client's was delivered before it, or when it is a datagram.
 * What any other rule saw may have begun earlier: that much was delivered before the cut.
 */
static enum seki_verdict engine_verdict(const struct engine *e, const struct detect_alert *alert)
{
	const struct seki_record *record = e->record;

	if (!record || record->verdict >= SEKI_VERDICT_MAX)
		return SEKI_VERDICT_PASSED;
	if (record->verdict != SEKI_VERDICT_BLOCKED || record->sid == alert->rule->sid ||
	    record->key.proto != 6 ||
	    (record->flow_flags & SEKI_FLOW_INLINE_FIRST && alert->dir == TO_SERVER))
		return record->verdict;
	return SEKI_VERDICT_CUT;
}

static void engine_propose(struct engine *e, const struct detect_alert *alert,
			   const struct decision *decision, const char *line, size_t len)
{
	static _Alignas(8) uint8_t body[sizeof(struct message_proposal) + MESSAGE_LINE_MAX];
	struct message_proposal proposal = {
		.key = alert->flow->key,
		.flow_id = alert->flow->id,
		.attacker = decision->attacker,
		.sid = alert->rule->sid,
		.line_len = (uint32_t)len,
		.vlan = e->record ? e->record->vlan : 0,
		.kind = decision->kind,
		.severity = alert->rule->severity,
		.dir = alert->dir,
		.dropped = engine_verdict(e, alert) == SEKI_VERDICT_BLOCKED,
	};

	snprintf(proposal.why, sizeof(proposal.why), "%s", decision->why ? decision->why : "");
	memcpy(body, &proposal, sizeof(proposal));
	memcpy(body + sizeof(proposal), line, len);
	if (engine_send(PROCESS_FD_KEEPER, MESSAGE_PROPOSAL, body, sizeof(proposal) + len))
		e->stats.proposals_lost++;
}

static bool engine_keeps_packet(const struct engine *e, unsigned int severity)
{
	return e->policy->packet_age[severity % SEKI_SEVERITY_MAX] > 0;
}

static void engine_alert(const struct detect_alert *alert, void *arg)
{
	struct engine *e = arg;
	uint64_t time_us = alert->packet ? alert->packet->time_us : engine_now_us();
	struct decision decision = decide(&e->policy->block, alert, engine_protected, e);
	struct eve_enforcement passed = {
		.verdict = engine_verdict(e, alert), .action = "none", .why = decision.why};
	bool propose = decision.kind != DECIDE_NONE && alert->flow && alert->flow->id;
	struct eve_origin origin = {
		.in_iface = e->record ? engine_iface(e, e->record->ifindex) : NULL,
		.details = engine_keeps_packet(e, alert->rule->severity) ? 1u << EVE_DETAIL_PACKET : 0,
	};
	AUTO_FREE char *line = NULL;
	size_t len = 0;
	int err;

	e->stats.alerts++;
	err = eve_alert(alert,
			wall_is_lab() ? wall_of(time_us) : (uint64_t)((int64_t)time_us + e->wall_offset_us),
			&origin, propose ? NULL : &passed, &line, &len);
	if (!err && len > MESSAGE_LINE_MAX)
		err = -EMSGSIZE;
	if (err) {
		log_warn("an alert of sid %u could not be written: %s", alert->rule->sid, strerror(-err));
		e->stats.events_lost++;
		return;
	}
	if (propose)
		engine_propose(e, alert, &decision, line, len);
	else if (e->reporter < 0 || engine_send(e->reporter, MESSAGE_EVENT, line, len))
		e->stats.events_lost++;
	if (passed.verdict == SEKI_VERDICT_BLOCKED)
		eve_writer_drop(&e->records, alert, SEKI_VERDICT_BLOCKED);
}

/* --- records beside alerts */

static int engine_write(void *arg, uint64_t number, const char *line, size_t len)
{
	struct engine *e = arg;

	if (e->reporter >= 0 && len <= MESSAGE_LINE_MAX &&
	    !engine_send(e->reporter, MESSAGE_EVENT, line, len))
		return 0;
	e->stats.events_lost++;
	return -EIO;
}

static void engine_event(const struct inspector_event *event, void *arg)
{
	eve_writer_event(&((struct engine *)arg)->records, event);
}

/* Only what our side asks: a public server is asked for whatever others like. */
static void engine_name(struct engine *e, const struct flow *flow, const struct dns_tx *dns)
{
	const struct dns_record *question = dns_record(dns, DNS_QUESTIONS, 0);
	struct message_tunnel body = {.host = flow->client, .server = flow->server};
	struct dns_tunnel_note note;
	struct span name;

	if (dns->response || !question || !engine_protected(&flow->client, e))
		return;
	name = (struct span){dns->text.data + question->name_at, question->name_len};
	if (!dns_tunnel_ask(e->tunnel, flow->last_us, &flow->client, &flow->server, name, &note))
		return;
	body.names = note.names;
	body.bytes = note.bytes;
	snprintf(body.domain, sizeof(body.domain), "%s", note.domain);
	if (engine_send(PROCESS_FD_KEEPER, MESSAGE_TUNNEL, &body, sizeof(body)))
		e->stats.events_lost++;
}

/*
 * Is the flow's server on our side? By the networks of the configuration, else by where the frame at hand was
 * seen: what a host sends leaves it, what the inside sends comes in on the inside's interface.
 */
static bool engine_serves(const struct engine *e, const struct flow *flow)
{
	const struct seki_record *record = e->record;
	const struct seki_addr *sender;
	bool inside, ours;

	if (engine_protected(&flow->server, (void *)e))
		return true;
	if (!record || !record->flow_id)
		return false;
	inside = record->role == SEKI_ROLE_DMZ || record->role == SEKI_ROLE_LAN;
	ours = inside != ((record->flags & SEKI_REC_EGRESS) != 0);
	sender = record->flags & SEKI_REC_FROM_LO ? &record->key.lo : &record->key.hi;
	return ours == !memcmp(sender, &flow->server, sizeof(*sender));
}

/* What a server of our side says of itself, for the inventory. */
static void engine_banner(struct engine *e, const struct flow *flow, const struct tx *tx)
{
	AUTO_FREE char *line = NULL;
	struct span banner;
	const char *kind;
	size_t len = 0;

	if (!banner_of(tx, &banner, &kind) || !engine_serves(e, flow) ||
	    !banner_note(&e->banners, &flow->server, flow->server_port, banner, flow->last_us))
		return;
	if (eve_asset(flow, kind, banner, (uint64_t)((int64_t)flow->last_us + e->wall_offset_us),
		      &e->records.origin, &line, &len))
		e->stats.events_lost++;
	else if (engine_write(e, flow->last_number, line, len))
		log_debug("what runs at a service could not be told; it is told again in a while");
}

static void engine_tx(const struct flow *flow, const struct tx *tx, void *arg)
{
	struct engine *e = arg;

	if (tx->proto == APP_DNS)
		engine_name(e, flow, (const struct dns_tx *)tx);
	engine_banner(e, flow, tx);
	eve_writer_tx(&e->records, flow, tx);
}

static void engine_flow_end(const struct flow *flow, enum flow_end_reason reason, void *arg)
{
	eve_writer_flow_end(&((struct engine *)arg)->records, flow, reason);
}

static void engine_tell_stats(struct engine *e, const struct inspector_stats *stats)
{
	struct ruleset_counts rules = {
		.loaded = e->ready.loaded, .failed = e->ready.failed, .skipped = e->ready.skipped};

	e->records.kinds = e->policy->eve_kinds ? e->policy->eve_kinds : EVE_STANDARD;
	e->records.wall_offset_us = e->wall_offset_us;
	e->records.last_us = engine_now_us();
	if (!e->records.first_us)
		e->records.first_us = e->records.last_us;
	if (e->records.last_us - e->stats_told_us < ENGINE_STATS_US)
		return;
	e->stats_told_us = e->records.last_us;
	eve_writer_stats(&e->records, stats, &rules);
}

static void engine_outcome(const struct flow *flow, enum flow_outcome outcome, void *arg)
{
	struct engine *e = arg;
	struct message_outcome *row;

	if (!flow->id || outcome == FLOW_ENDED_ALERTED)
		return; /* the keeper has nothing to do for it */
	row = &e->outcomes.rows[e->outcomes.count++];
	*row = (struct message_outcome){.key = flow->key, .flow_id = flow->id, .outcome = outcome};
	if (e->outcomes.count == MESSAGE_OUTCOMES_MAX)
		engine_flush(e);
}

static void engine_announced(const struct flow *flow, const struct expectation *expectation, void *arg)
{
	struct engine *e = arg;
	struct message_announced body = {.key = flow->key,
					 .flow_id = flow->id,
					 .from = expectation->peer,
					 .to = expectation->listener,
					 .port = expectation->port};

	if (flow->id && engine_send(PROCESS_FD_KEEPER, MESSAGE_ANNOUNCED, &body, sizeof(body)))
		e->stats.proposals_lost++;
}

/* Where its frame comes in: behind a router the card would be the router's. */
static void engine_host_said(const struct engine *e, const struct seki_record *record, const uint8_t *frame,
			     size_t len)
{
	struct message_host_said body = {.vlan = record->vlan};

	if (record->role != SEKI_ROLE_DMZ || record->flags & SEKI_REC_EGRESS || record->l3_offset < 14 ||
	    len < record->l3_offset)
		return;
	body.by = host_said(frame + record->l3_offset, len - record->l3_offset, body.name);
	if (!body.by)
		return;
	memcpy(body.mac, frame + 6, sizeof(body.mac));
	if (engine_send(PROCESS_FD_KEEPER, MESSAGE_HOST_SAID, &body, sizeof(body)))
		log_debug("a host's name is lost; it says it again");
}

static void engine_record(const struct seki_record *record, const uint8_t *data, void *arg)
{
	struct engine *e = arg;
	struct inspector_hint hint = {
		.flow_id = record->flow_id,
		.flow_flags = record->flow_flags,
		.record_seq = record->seq,
		.from_lo = record->flags & SEKI_REC_FROM_LO,
		.checksum_unknown = record->flags & (SEKI_REC_CSUM_PARTIAL | SEKI_REC_GSO),
	};
	const uint8_t *frame;
	size_t len;
	bool lost;

	if (record->kind != SEKI_REC_PACKET ||
	    !engine_frame_add(e->frames, record, data, &frame, &len, &lost))
		return;
	hint.lost = lost || record->flow_flags & SEKI_FLOW_LOST;
	e->record = record;
	e->records.origin.in_iface = engine_iface(e, record->ifindex);
	engine_host_said(e, record, frame, len);
	inspector_frame(e->inspector, LINK_ETHERNET, frame, len, record->t_ns / 1000, &hint);
	e->record = NULL;
	e->records.origin.in_iface = NULL;
}

unsigned int engine_ring(void *arg)
{
	struct engine *e = arg;
	unsigned int done, bad;

	ring_consume(e->ring, ENGINE_BATCH, engine_record, e, &done, &bad);
	e->stats.bad_records += bad;
	engine_flush(e);
	return done + bad;
}

struct inspector_ops engine_ops(struct engine *e)
{
	return (struct inspector_ops){.alert = engine_alert,
				      .flow = engine_outcome,
				      .event = engine_event,
				      .tx = engine_tx,
				      .flow_end = engine_flow_end,
				      .announced = engine_announced,
				      .arg = e};
}

static void engine_take_policy(struct engine *e, int fd)
{
	struct policy *policy = NULL;
	const void *data = NULL;
	const char *why = "";
	size_t len = 0;
	int err = file_map_sealed(fd, POLICY_IMAGE_MAX, &data, &len);

	if (!err)
		err = policy_unpack(data, len, &policy, &why);
	if (data)
		munmap((void *)data, len);
	if (err) {
		log_error("policy not taken: %s %s", strerror(-err), why);
		return;
	}
	policy_free(e->policy);
	e->policy = policy;
}

#define ENGINE_STOPS 1

static int keeper_take(struct message *message, void *arg)
{
	struct engine *e = arg;

	if (message->head.type == MESSAGE_STOP ||
	    (message_table[message->head.type].descriptor == 1 && message->passed < 0))
		return ENGINE_STOPS;
	switch (message->head.type) {
	case MESSAGE_POLICY:
		engine_take_policy(e, message->passed);
		break;
	case MESSAGE_COMPILED:
		engine_take_compiled(e, message->passed);
		break;
	case MESSAGE_RULES:
		engine_rules(e, message->passed);
		break;
	case MESSAGE_REPORTER:
		if (e->reporter >= 0)
			close(e->reporter);
		e->reporter = TAKE_FD(message->passed);
		break;
	case MESSAGE_NAMES:
		memcpy(&e->names, message->body, sizeof(e->names));
		break;
	}
	return 0;
}

static void engine_keeper(int fd, uint32_t events, void *arg)
{
	struct engine *e = arg;
	int err = message_receive_all(fd, PROCESS_KEEPER, PROCESS_ENGINE, MESSAGE_NO_LIMIT, keeper_take, e);

	if (err)
		loop_stop(e->loop, err == -ENOTCONN || err == ENGINE_STOPS ? 0 : 1);
}

/* Another engine keeps locks that it ought to give back: it was taken over, or it is broken. */
static void engine_tell_alone(struct engine *e)
{
	bool alone = tracker_is_alone(e->state.counts) || tracker_is_alone(e->state.values);

	if (alone && !e->stats.state_alone)
		log_error("shared memory is not given back by another engine: this one counts by itself from "
			  "now on");
	e->stats.state_alone = alone;
}

static void engine_tick(void *arg)
{
	struct engine *e = arg;
	struct message_engine_stats *s = &e->stats;
	struct inspector_stats in = {0};

	engine_clock(e);
	if (!e->inspector)
		return;
	inspector_set_wall(e->inspector, e->wall_offset_us);
	inspector_tick(e->inspector, engine_now_us());
	engine_flush(e);
	inspector_count(e->inspector, &in);
	engine_tell_stats(e, &in);
	s->packets = in.packets;
	s->bytes = in.bytes;
	s->flows = in.flows;
	s->midstream = in.midstream;
	s->gaps = in.reassembly_gaps;
	s->given_up = in.flows_given_up;
	s->inspected_bytes = in.inspected_bytes;
	s->ciphertext_bytes = in.ciphertext_bytes;
	s->undecoded = 0;
	for (int i = 0; i < SEKI_REASON_MAX; i++)
		s->undecoded += in.undecoded[i];
	s->chunks_lost = engine_frames_lost(e->frames);
	s->state_given_up = tracker_given_up(e->state.counts);
	s->state_locks_taken = tracker_taken(e->state.counts) + tracker_taken(e->state.values);
	engine_tell_alone(e);
	ring_fill(e->ring, &s->ring_used, &s->ring_size);
	if (engine_send(PROCESS_FD_KEEPER, MESSAGE_ENGINE_STATS, s, sizeof(*s)) == -EPIPE)
		loop_stop(e->loop, 0);
}

/* Opened while bpf(2) may still be called; its pages are all that the engine uses afterwards. */
static struct ring *engine_own_ring;
static void *engine_shared;

int engine_prepare(void)
{
	const struct sched_param none = {0};
	int err = ring_open(PROCESS_FD_OWN, &engine_own_ring);

	/* The protected service goes first: its fair share of the CPU, but no wake-up of ours takes it from
	 * who runs. */
	if (sched_setscheduler(0, SCHED_BATCH, &none))
		log_warn("no batch scheduling for the engine: %s", strerror(errno));
	if (err) {
		log_error("ring: %s", strerror(-err));
		return err;
	}
	err = file_map_shared(PROCESS_FD_SHARED, shared_state_bytes(), &engine_shared);
	if (err)
		log_error("shared memory: %s", strerror(-err));
	return err;
}

int engine_main(unsigned int index)
{
	CLEANUP(loop_free) struct loop *loop = NULL;
	struct engine *e = calloc(1, sizeof(*e));
	uint64_t seed = 0;
	int err = e ? loop_new(&loop) : -ENOMEM;

	if (err)
		return 1;
	e->loop = loop;
	e->ring = engine_own_ring;
	e->reporter = -1;
	e->records.write = engine_write;
	e->records.arg = e;
	engine_clock(e);
	err = engine_frames_new(&e->frames);
	if (!err && getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
		err = -EIO;
	if (!err)
		err = dns_tunnel_new(seed, &e->tunnel);
	e->banners.seed = seed;
	if (!err)
		err = shared_state_attach(engine_shared, shared_state_bytes(), index + 1, &e->state);
	if (!err)
		err = loop_add(loop, PROCESS_FD_KEEPER, EPOLLIN, engine_keeper, e);
	if (!err)
		err = loop_tick(loop, 250, engine_tick, e);
	if (!err)
		err = loop_run(loop);
	engine_drop_compiled(e);
	inspector_free(e->inspector);
	policy_free(e->policy);
	engine_frames_free(e->frames);
	dns_tunnel_free(e->tunnel);
	ring_watch_free(e->watch);
	ring_free(e->ring);
	shared_state_clear(&e->state);
	free(e);
	return err ? 1 : 0;
}
