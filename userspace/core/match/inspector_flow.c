// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * inspector_flow.c - a flow's subject from its first packet to its end.
 */
#include <netinet/in.h>
#include <string.h>

#include "core/flow/account.h"
#include "inspector_parts.h"
#include "sekimori/maps.h"

#define ID_MASK ((1ull << 53) - 1) /* JSON readers hold no larger integers exactly */

#define TCP_FIN 1
#define TCP_SYN 2
#define TCP_ACK 16
#define TCP_RST 4

/* Seconds without a packet until a flow ends. */
static const struct {
	uint8_t proto;
	uint16_t fresh, established, closing, closed;
} timeouts[] = {
	{IPPROTO_TCP, 60, 600, 60, 5},	  {IPPROTO_UDP, 30, 180, 180, 180}, {IPPROTO_ICMP, 30, 30, 30, 30},
	{IPPROTO_ICMPV6, 30, 30, 30, 30}, {0, 60, 120, 120, 120}, /* all others; last */
};

void subject_lost(struct inspector *inspector, struct subject *subject)
{
	struct flow *flow = &subject->entry.flow;

	flow->lost = true;
	if (flow->stream)
		stream_expect_gap(flow->stream);
	subject_tell(inspector, subject, FLOW_LOST);
}

/* For what is inspected when no packet is there: timeouts and the end of input. */
static void stand_in(const struct inspector *inspector, const struct subject *subject, enum direction dir,
		     struct packet *out)
{
	const struct flow *flow = &subject->entry.flow;
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	bool to_server = dir == TO_SERVER;

	*out = (struct packet){
		.time_us = flow->last_us,
		.number = flow->last_number,
		.proto = flow->proto,
		.src = to_server ? flow->client : flow->server,
		.dst = to_server ? flow->server : flow->client,
		.src_port = to_server ? flow->client_port : flow->server_port,
		.dst_port = to_server ? flow->server_port : flow->client_port,
		.tcp_flags = flow->proto == IPPROTO_TCP ? TCP_ACK : 0,
	};
	out->ip_version = memcmp(flow->client.b, mapped, sizeof(mapped)) ? 6 : 4;
}

void inspector_packet_end(struct inspector *inspector, struct detect *detect, struct packet *packet,
			  struct flow *flow, enum direction dir)
{
	struct event_list *lists[] = {&packet->events, flow ? &flow->events : NULL};
	struct inspector_event report = {.packet = packet, .flow = flow, .dir = dir};

	if (flow && flow->stream)
		event_list_move(&flow->events, stream_events(flow->stream));
	if (packet->events.count || (flow && flow->events.count))
		detect_events(detect, packet, flow, dir);
	detect_packet_end(detect);
	for (unsigned int i = 0; i < ARRAY_LEN(lists) && lists[i]; i++) {
		for (unsigned int j = 0; j < lists[i]->count; j++) {
			report.event = (enum app_event)lists[i]->events[j];
			inspector->stats.events++;
			if (inspector->ops.event)
				inspector->ops.event(&report, inspector->ops.arg);
		}
		inspector->stats.events_dropped += lists[i]->more;
		*lists[i] = (struct event_list){};
	}
}

void subject_release(struct inspector *inspector, struct subject *subject)
{
	struct stream *stream = subject->entry.flow.stream;

	if (!stream || !stream_over(stream))
		return;
	subject_drop_decoder(inspector, subject);
	stream_mute(stream);
}

void subject_drain_alone(struct inspector *inspector, struct subject *subject, bool flush)
{
	struct packet packets[2];
	const struct packet *pointers[2] = {&packets[0], &packets[1]};
	struct subject *before = inspector->current;
	int64_t *account = account_open(&subject->entry.flow.app_memory);

	stand_in(inspector, subject, TO_SERVER, &packets[TO_SERVER]);
	stand_in(inspector, subject, TO_CLIENT, &packets[TO_CLIENT]);
	inspector->current = subject;
	subject_drain(inspector, subject, pointers, subject->first_dir, flush);
	inspector_packet_end(inspector, subject->generation->detect, &packets[subject->first_dir],
			     &subject->entry.flow, subject->first_dir);
	subject_release(inspector, subject);
	inspector->current = before;
	account_open(account);
}

static enum flow_end_reason end_reason(const struct inspector *inspector, enum flow_end why)
{
	if (inspector->finishing)
		return FLOW_REASON_SHUTDOWN;
	return why == FLOW_END_GIVEN_UP	 ? FLOW_REASON_FORCED
	       : why == FLOW_END_TIMEOUT ? FLOW_REASON_TIMEOUT
					 : FLOW_REASON_REUSE;
}

void subject_flow_end(struct flow_entry *entry, enum flow_end why, void *arg)
{
	struct inspector *inspector = arg;
	struct subject *subject = (struct subject *)entry;
	struct flow *flow = &entry->flow;

	if (!inspector->dying) {
		if (flow->stream)
			subject_drain_alone(inspector, subject, true);
		flow->ended = true;
		if (why == FLOW_END_GIVEN_UP)
			subject_lost(inspector, subject);
		if (flow->alerted)
			subject_tell(inspector, subject, FLOW_ENDED_ALERTED);
		else if (!flow->lost)
			subject_tell(inspector, subject, FLOW_ENDED);
	}
	inspector->stats.skipped_bytes += flow->app_skipped;
	subject_drop_decoder(inspector, subject);
	if (!inspector->dying && inspector->ops.flow_end)
		inspector->ops.flow_end(flow, end_reason(inspector, why), inspector->ops.arg);
	detect_flow_free(flow->detect);
	stream_free(flow->stream);
	generation_put(subject->generation);
}

static uint64_t stable_id(const struct seki_flow_key *key, uint64_t time_us, uint64_t number)
{
	const uint8_t *p = (const uint8_t *)key;
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < sizeof(*key); i++)
		hash = (hash ^ p[i]) * 0x100000001b3u;
	hash = (hash ^ time_us) * 0x100000001b3u;
	hash = (hash ^ number) * 0xff51afd7ed558ccdu;
	hash ^= hash >> 33;
	hash &= ID_MASK;
	return hash ? hash : 1;
}

/* Did the sender of this packet open the flow? */
static bool sender_opened(const struct packet *packet, const struct inspector_hint *hint, bool live,
			  bool *known)
{
	bool from_service, to_service;

	if (live && hint->flow_id) {
		*known = hint->flow_flags & SEKI_FLOW_INIT_KNOWN;
		return hint->from_lo == !!(hint->flow_flags & SEKI_FLOW_INIT_LO);
	}
	*known = true;
	if (packet->proto != IPPROTO_TCP)
		return true;
	if (packet->tcp_flags & TCP_SYN)
		return !(packet->tcp_flags & TCP_ACK);
	/* Mid-stream: the well-known port is the server's, else the lower of one ephemeral and one other. */
	*known = false;
	from_service = packet->src_port < 1024;
	to_service = packet->dst_port < 1024;
	if (from_service != to_service)
		return to_service;
	from_service = packet->src_port < 32768;
	to_service = packet->dst_port < 32768;
	return from_service == to_service || to_service;
}

static bool opens(const struct inspector *inspector, const struct packet *packet)
{
	return packet->tcp_flags & TCP_SYN &&
	       (!(packet->tcp_flags & TCP_ACK) || inspector->options.answer_opens);
}

/* -ENOMEM. */
static int flow_stream_new(struct inspector *inspector, struct flow *flow)
{
	int error = stream_new(&inspector->stream_stats, &flow->stream);

	if (error)
		return error;
	/* Live nobody copies acknowledgements without data. */
	stream_set_sight(flow->stream, inspector->options.live, inspector->options.stream_first);
	stream_set_policy(flow->stream, TO_SERVER,
			  overlap_hosts_find(inspector->options.hosts, &flow->server));
	stream_set_policy(flow->stream, TO_CLIENT,
			  overlap_hosts_find(inspector->options.hosts, &flow->client));
	return 0;
}

static struct subject *subject_new(struct inspector *inspector, const struct packet *packet,
				   const struct seki_flow_key *key, const struct inspector_hint *hint)
{
	struct subject *subject;
	struct flow *flow;
	bool opened;

	subject = (struct subject *)flow_table_add(inspector->flows, key);
	if (!subject)
		return NULL;
	flow = &subject->entry.flow;
	flow->proto = packet->proto;
	flow->id = inspector->options.live ? hint->flow_id : stable_id(key, packet->time_us, packet->number);
	flow->first_us = packet->time_us;
	opened = sender_opened(packet, hint, inspector->options.live, &flow->initiator_known);
	flow->client = opened ? packet->src : packet->dst;
	flow->server = opened ? packet->dst : packet->src;
	flow->client_port = opened ? packet->src_port : packet->dst_port;
	flow->server_port = opened ? packet->dst_port : packet->src_port;
	subject->generation = inspector->generation;
	subject->generation->users++;
	inspector->stats.flows++;
	/* Without memory for it the flow is inspected packet by packet. */
	if (packet->proto == IPPROTO_TCP &&
	    (opens(inspector, packet) || !inspector->options.handshake_required))
		(void)!flow_stream_new(inspector, flow);
	if (flow->stream && !(packet->tcp_flags & TCP_SYN))
		inspector->stats.midstream++;
	return subject;
}

enum direction subject_direction(const struct flow *flow, const struct packet *packet)
{
	bool same_host = !memcmp(&flow->client, &flow->server, sizeof(flow->client));

	if (memcmp(&packet->src, &flow->client, sizeof(packet->src)))
		return TO_CLIENT;
	return same_host && packet->src_port != flow->client_port ? TO_CLIENT : TO_SERVER;
}

void subject_expiry(struct inspector *inspector, struct subject *subject)
{
	struct flow *flow = &subject->entry.flow;
	size_t row = 0;
	uint64_t seconds;

	while (timeouts[row].proto && timeouts[row].proto != flow->proto)
		row++;
	seconds = flow->established ? timeouts[row].established : timeouts[row].fresh;
	if (flow->stream && stream_closed(flow->stream))
		seconds = timeouts[row].closed;
	else if (flow->stream && stream_closing(flow->stream))
		seconds = timeouts[row].closing;
	flow->ended = flow->closed = flow->stream && stream_closed(flow->stream);
	subject->entry.expires_us = inspector->now_us + seconds * 1000000;
}

void subject_account(struct subject *subject, const struct packet *packet, enum direction dir)
{
	struct flow *flow = &subject->entry.flow;

	flow->last_us = packet->time_us;
	flow->established_before = flow->established;
	flow->pkts[dir]++;
	flow->bytes[dir] += packet->frame.len;
	flow->both_directions |= flow->pkts[0] && flow->pkts[1];
	flow->last_number = packet->number;
	if (flow->proto == IPPROTO_TCP)
		flow->tcp_flags[dir] |= packet->tcp_flags;
	if (flow->proto == IPPROTO_TCP)
		flow->established |= flow->stream && !(packet->tcp_flags & (TCP_SYN | TCP_RST));
	else
		flow->established = flow->both_directions;
}

struct subject *subject_of(struct inspector *inspector, const struct packet *packet,
			   const struct inspector_hint *hint)
{
	struct seki_flow_key key;
	struct subject *subject;
	struct flow *flow;

	flow_key_of(packet, &key);
	subject = (struct subject *)flow_table_find(inspector->flows, &key);
	if (subject && inspector->options.live && hint->flow_id) {
		flow = &subject->entry.flow;
		if (!flow->id) {
			flow->id = hint->flow_id;
		} else if (flow->id != hint->flow_id) { /* the kernel began a new flow with the same key */
			flow_table_end(inspector->flows, &subject->entry, FLOW_END_NORMAL);
			subject = NULL;
		}
	} else if (subject && subject->entry.expires_us < packet->time_us) {
		flow_table_end(inspector->flows, &subject->entry, FLOW_END_TIMEOUT);
		subject = NULL;
	} else if (subject && packet->proto == IPPROTO_TCP && !subject->entry.flow.stream &&
		   opens(inspector, packet)) {
		flow_table_end(inspector->flows, &subject->entry, FLOW_END_NORMAL);
		subject = NULL;
	}
	return subject ? subject : subject_new(inspector, packet, &key, hint);
}

enum stream_verdict subject_stream(struct inspector *inspector, const struct packet *packet,
				   const struct inspector_hint *hint, struct subject **subject)
{
	struct flow *flow = &(*subject)->entry.flow;
	enum stream_verdict verdict = stream_add(flow->stream, packet, subject_direction(flow, packet));

	if (verdict != STREAM_REOPENED)
		return verdict;
	flow_table_end(inspector->flows, &(*subject)->entry, FLOW_END_NORMAL);
	*subject = subject_of(inspector, packet, hint);
	/* Where a handshake is required: its SYN was the one that the older connection did not take. */
	if (*subject && !(*subject)->entry.flow.stream && flow_stream_new(inspector, &(*subject)->entry.flow))
		return STREAM_IGNORED;
	if (!*subject)
		return STREAM_IGNORED;
	flow = &(*subject)->entry.flow;
	return stream_add(flow->stream, packet, subject_direction(flow, packet));
}

uint64_t subject_memory(const struct subject *subject)
{
	const struct flow *flow = &subject->entry.flow;

	return (flow->stream ? stream_memory(flow->stream) : 0) +
	       (flow->app_memory > 0 ? (uint64_t)flow->app_memory : 0);
}
