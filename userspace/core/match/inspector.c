// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * inspector.c - frames to flows, flows to streams, streams to decoders and
 * rules; says what became of each flow.
 */
#include "inspector.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "core/flow/account.h"
#include "core/flow/defrag.h"
#include "inspector_parts.h"
#include "sekimori/maps.h"

#define FLOW_MEMORY   (256ull << 20)
#define FLOW_MAX      65536u
#define DEPTH	      (1u << 20)
#define DEFRAG_MEMORY (16ull << 20)
#define NESTED_MAX    3 /* fragments inside reassembled datagrams */
#define SWEEP_US      1000000u
#define ID_MASK	      ((1ull << 53) - 1) /* JSON readers hold no larger integers exactly */

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

/* --- generations */

static void on_alert(const struct detect_alert *alert, void *arg)
{
	struct inspector *inspector = arg;

	inspector->stats.alerts += !alert->quiet;
	if (inspector->options.prefilter)
		prefilter_emulation_alert(inspector->options.prefilter, alert->rule->sid);
	if (inspector->current && !alert->quiet)
		inspector->current->entry.flow.alerted = true;
	if (inspector->ops.alert)
		inspector->ops.alert(alert, inspector->ops.arg);
}

static int generation_new(struct inspector *inspector, struct ruleset *set, struct generation **out)
{
	AUTO_FREE struct generation *generation = calloc(1, sizeof(*generation));
	int error;

	if (!generation)
		return -ENOMEM;
	error = detect_new(set, on_alert, inspector, &generation->detect);
	if (error)
		return error;
	if (inspector->options.tracker)
		detect_share(generation->detect, inspector->options.tracker);
	detect_limit_alerts(generation->detect, inspector->options.alert_max);
	/* Live it is the kernel that ends a flow, and where it only monitors, inspection goes on. */
	detect_drop_ends_flow(generation->detect, !inspector->options.live);
	generation->users = 1;
	*out = TAKE_PTR(generation);
	return 0;
}

static void generation_put(struct generation *generation)
{
	if (!generation || --generation->users)
		return;
	detect_free(generation->detect);
	free(generation);
}

static void mark_lost(struct inspector *inspector, struct subject *subject)
{
	struct flow *flow = &subject->entry.flow;

	flow->lost = true;
	if (flow->stream)
		stream_expect_gap(flow->stream);
	subject_tell(inspector, subject, FLOW_LOST);
}

/* --- flows */

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

/* Behind everything else about the packet: rules on its events and its flow's, and the owner get them. Then
 * what fits is judged. */
static void finish_packet(struct inspector *inspector, struct detect *detect, struct packet *packet,
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

/*
 * Both sides said their last and all of it was looked into: what is held for more goes now, not when the flow
 * expires. On a capture of 300 MB with flows of two seconds that was a quarter of a gigabyte.
 */
static void release_over(struct inspector *inspector, struct subject *subject)
{
	struct stream *stream = subject->entry.flow.stream;

	if (!stream || !stream_over(stream))
		return;
	subject_drop_decoder(inspector, subject);
	stream_mute(stream);
}

static void drain_alone(struct inspector *inspector, struct subject *subject, bool flush)
{
	struct packet packets[2];
	const struct packet *pointers[2] = {&packets[0], &packets[1]};
	struct subject *before = inspector->current;
	int64_t *account = account_open(&subject->entry.flow.app_memory);

	stand_in(inspector, subject, TO_SERVER, &packets[TO_SERVER]);
	stand_in(inspector, subject, TO_CLIENT, &packets[TO_CLIENT]);
	inspector->current = subject;
	subject_drain(inspector, subject, pointers, subject->first_dir, flush);
	finish_packet(inspector, subject->generation->detect, &packets[subject->first_dir],
		      &subject->entry.flow, subject->first_dir);
	release_over(inspector, subject);
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

static void on_flow_end(struct flow_entry *entry, enum flow_end why, void *arg)
{
	struct inspector *inspector = arg;
	struct subject *subject = (struct subject *)entry;
	struct flow *flow = &entry->flow;

	if (!inspector->dying) {
		if (flow->stream)
			drain_alone(inspector, subject, true);
		flow->ended = true;
		if (why == FLOW_END_GIVEN_UP)
			mark_lost(inspector, subject);
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

static enum direction direction_of(const struct flow *flow, const struct packet *packet)
{
	bool same_host = !memcmp(&flow->client, &flow->server, sizeof(flow->client));

	if (memcmp(&packet->src, &flow->client, sizeof(packet->src)))
		return TO_CLIENT;
	return same_host && packet->src_port != flow->client_port ? TO_CLIENT : TO_SERVER;
}

static void set_expiry(struct inspector *inspector, struct subject *subject)
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

static void account(struct subject *subject, const struct packet *packet, enum direction dir)
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

/* --- packets */

/* Packets that no stack takes: rules see them, flows do not change by them. */
static void inspect_bare(struct inspector *inspector, struct packet *packet)
{
	struct seki_flow_key key;
	struct subject *subject = NULL;
	struct detect *detect = inspector->generation->detect;
	struct flow *flow = NULL;
	enum direction dir = TO_SERVER;

	if (!packet->fragment && packet->ip_version) {
		flow_key_of(packet, &key);
		subject = (struct subject *)flow_table_find(inspector->flows, &key);
	}
	if (subject) {
		detect = subject->generation->detect;
		flow = &subject->entry.flow;
		dir = direction_of(flow, packet);
	}
	inspector->current = subject;
	detect_packet(detect, packet, flow, dir);
	if (flow && flow->stream && packet->proto == IPPROTO_TCP)
		detect_loose(detect, packet, flow, dir);
	finish_packet(inspector, detect, packet, flow, dir);
	inspector->current = NULL;
}

static struct subject *subject_of(struct inspector *inspector, const struct packet *packet,
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

static enum stream_verdict add_to_stream(struct inspector *inspector, const struct packet *packet,
					 const struct inspector_hint *hint, struct subject **subject)
{
	struct flow *flow = &(*subject)->entry.flow;
	enum stream_verdict verdict = stream_add(flow->stream, packet, direction_of(flow, packet));

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
	return stream_add(flow->stream, packet, direction_of(flow, packet));
}

/* Is a payload in such a packet part of the stream? In a SYN only where the sender does Fast Open. */
static bool joins_stream(const struct packet *packet)
{
	if (packet->tcp_flags & TCP_SYN)
		return packet_fast_open(packet);
	return !(packet->tcp_flags & TCP_RST);
}

static uint64_t memory_of(const struct subject *subject)
{
	const struct flow *flow = &subject->entry.flow;

	return (flow->stream ? stream_memory(flow->stream) : 0) +
	       (flow->app_memory > 0 ? (uint64_t)flow->app_memory : 0);
}

/* The end of a connection of which nothing was seen. */
static void note_no_session(const struct flow *flow, struct packet *packet)
{
	if (packet->proto != IPPROTO_TCP || flow->pkts[0] || flow->pkts[1] || packet->tcp_flags & TCP_SYN)
		return;
	if (packet->tcp_flags & TCP_RST)
		event_list_add(&packet->events, EVENT_STREAM_RST_BUT_NO_SESSION);
	else if (packet->tcp_flags & TCP_FIN)
		event_list_add(&packet->events, EVENT_STREAM_FIN_BUT_NO_SESSION);
}

/*
 * Is nothing left of the flow but datagrams of a protocol that no decoder knows? Then each is judged by
 * itself, and rules on packets are all that there is.
 */
static bool subject_narrow(const struct subject *subject)
{
	const struct flow *flow = &subject->entry.flow;

	if (flow->proto == IPPROTO_UDP)
		return flow->app == APP_FAILED && !subject->decoder;
	return flow->proto != IPPROTO_TCP;
}

/* Again each second, until a packet says that the kernel knows: it forgets it with what it forgets of flows.
 */
static void tell_narrow(struct inspector *inspector, struct subject *subject,
			const struct inspector_hint *hint)
{
	if (!inspector->options.live || hint->flow_flags & SEKI_FLOW_NARROW || !subject_narrow(subject) ||
	    inspector->now_us - subject->narrow_told_us < 1000000)
		return;
	subject->narrow_told_us = inspector->now_us;
	subject->told[FLOW_NARROW] = false;
	subject_tell(inspector, subject, FLOW_NARROW);
}

/* False: with the kernel module's prefilter no engine would see this packet. */
static bool prefilter_lets(struct inspector *inspector, struct subject *subject, const struct packet *packet,
			   enum direction dir)
{
	struct prefilter_flow *state = &subject->prefilter;

	if (!inspector->options.prefilter)
		return true;
	state->sealed |= subject->told[FLOW_CIPHERTEXT];
	state->narrow = subject_narrow(subject);
	return prefilter_emulate(inspector->options.prefilter, packet, dir, state);
}

static void inspect_packet(struct inspector *inspector, struct packet *packet,
			   const struct inspector_hint *hint)
{
	struct subject *subject = subject_of(inspector, packet, hint);
	const struct packet *packets[2] = {packet, packet};
	enum stream_verdict verdict = STREAM_TAKEN;
	enum app_proto app;
	enum direction dir;
	struct flow *flow;

	if (subject && subject->entry.flow.stream)
		verdict = add_to_stream(inspector, packet, hint, &subject);
	if (!subject) {
		inspector->stats.undecoded[SEKI_R_FLOW_TABLE_FULL]++;
		return;
	}
	inspector->current = subject;
	flow = &subject->entry.flow;
	account_open(&flow->app_memory);
	dir = direction_of(flow, packet);
	if (hint->lost || hint->flow_flags & SEKI_FLOW_LOST)
		mark_lost(inspector, subject);
	flow->validated |= !!(hint->flow_flags & SEKI_FLOW_VALIDATED);
	flow->both_directions |= !!(hint->flow_flags & SEKI_FLOW_REPLIED); /* bare ACKs are not copied */
	note_no_session(flow, packet);
	if (verdict == STREAM_TAKEN)
		account(subject, packet, dir);
	if (!prefilter_lets(inspector, subject, packet, dir)) {
		set_expiry(inspector, subject);
		inspector->current = NULL;
		account_open(NULL);
		flow_table_touch(inspector->flows, &subject->entry, memory_of(subject));
		return;
	}
	if (flow->proto == IPPROTO_UDP)
		subject_probe_datagram(subject, packet, dir);
	app = flow->app;
	if (inspector->options.stream_first && verdict == STREAM_TAKEN && flow->stream) {
		subject_drain(inspector, subject, packets, dir, false);
		flow->app_shown = flow->app;
	} else if (dir != subject->app_dir || !flow->pkts[!subject->app_dir]) {
		flow->app_shown = app;
	}
	detect_packet(subject->generation->detect, packet, flow, dir);
	if (flow->stream && (verdict != STREAM_TAKEN || !joins_stream(packet)))
		detect_loose(subject->generation->detect, packet, flow, dir);
	if (verdict == STREAM_TAKEN) {
		if (flow->stream && !inspector->options.stream_first)
			subject_drain(inspector, subject, packets, dir, false);
		else if (flow->proto == IPPROTO_UDP)
			subject_datagram(inspector, subject, packet, dir);
		set_expiry(inspector, subject);
	}
	if (flow->app != app)
		subject->app_dir = dir;
	finish_packet(inspector, subject->generation->detect, packet, flow, dir);
	if (inspector->options.prefilter)
		prefilter_emulation_done(inspector->options.prefilter);
	tell_narrow(inspector, subject, hint);
	release_over(inspector, subject);
	inspector->current = NULL;
	account_open(NULL);
	flow_table_touch(inspector->flows, &subject->entry, memory_of(subject));
}

/*
 * A TCP segment that its receiver drops must not count in the stream; in files rules see it by itself.
 * Datagrams stand alone: inspecting one that is dropped hides nothing, and captures on loopback hold
 * checksums that nobody filled in.
 */
static bool checksums_good(struct inspector *inspector, struct packet *packet)
{
	if (!inspector->options.verify_checksums)
		return true;
	packet_verify(packet);
	if (!packet->ip_checksum_bad && !packet->l4_checksum_bad)
		return true;
	inspector->stats.checksum_bad++;
	if (inspector->options.bad_checksums_count)
		return true;
	if ((packet->ip_checksum_bad || packet->proto == IPPROTO_TCP) && !inspector->options.live &&
	    !packet->fragment)
		inspect_bare(inspector, packet);
	return !packet->ip_checksum_bad && packet->proto != IPPROTO_TCP;
}

/* The headers that carry a packet through tunnels are there for rules too: those of the first `layers`
 * layers. */
static void inspect_outer(struct inspector *inspector, enum link_type link, const struct packet *inner,
			  unsigned int layers)
{
	for (unsigned int layer = 0; layer < layers; layer++) {
		struct packet outer;
		enum seki_reason reason =
			packet_decode_layer(link, inner->frame.data, inner->frame.len, layer, &outer);

		outer.time_us = inner->time_us;
		outer.number = inner->number;
		if (reason == SEKI_R_CLEAN && !outer.fragment)
			inspect_bare(inspector, &outer);
	}
}

/* false: the packet is not to be looked at further. */
static bool judge(struct inspector *inspector, enum seki_reason reason, enum link_type link,
		  struct packet *packet, const struct inspector_hint *hint)
{
	packet->checksum_unknown = hint->checksum_unknown;
	if ((reason == SEKI_R_IP4_BAD || reason == SEKI_R_IP6_BAD) && packet->truncated && hint->truncated)
		reason = SEKI_R_CLEAN;
	if (reason == SEKI_R_CLEAN)
		return checksums_good(inspector, packet);
	inspector->stats.undecoded[reason]++;
	/* Where such a fragment is let through, its receiver puts it together all the same. */
	if (reason == SEKI_R_FRAGMENT_BAD && packet->fragment && !packet->truncated)
		return checksums_good(inspector, packet);
	if ((reason == SEKI_R_TCP_FLAGS || reason == SEKI_R_LAND) && checksums_good(inspector, packet))
		inspect_bare(inspector, packet);
	if (packet->tunnels)
		inspect_outer(inspector, link, packet, packet->tunnels + 1);
	finish_packet(inspector, inspector->generation->detect, packet, NULL, TO_SERVER);
	return false;
}

static void sweep(struct inspector *inspector)
{
	struct flow_entry *entry = flow_table_oldest(inspector->flows);

	inspector->swept_us = inspector->now_us;
	defrag_expire(inspector->defrag, inspector->now_us);
	while (entry) {
		struct flow_entry *newer = entry->newer;
		struct subject *subject = (struct subject *)entry;

		if (entry->expires_us && entry->expires_us < inspector->now_us) {
			flow_table_end(inspector->flows, entry, FLOW_END_TIMEOUT);
		} else if (entry->flow.stream && stream_waiting(entry->flow.stream)) {
			drain_alone(inspector, subject, false);
			flow_table_charge(inspector->flows, entry, memory_of(subject));
		}
		entry = newer;
	}
}

void inspector_tick(struct inspector *inspector, uint64_t time_us)
{
	const uint32_t *depth = inspector->options.depth;

	app_body_limit(depth[0] > depth[1] ? depth[0] : depth[1]);
	if (time_us > inspector->now_us)
		inspector->now_us = time_us;
	if (inspector->now_us - inspector->swept_us >= SWEEP_US)
		sweep(inspector);
}

void inspector_pass_over(struct inspector *inspector, uint64_t time_us)
{
	inspector_tick(inspector, time_us);
	inspector->number++;
}

void inspector_frame(struct inspector *inspector, enum link_type link, const uint8_t *frame, size_t len,
		     uint64_t time_us, const struct inspector_hint *hint)
{
	static const struct inspector_hint no_hint;
	struct packet packet;
	enum seki_reason reason;

	hint = hint ? hint : &no_hint;
	inspector_tick(inspector, time_us);
	inspector->number++;
	inspector->stats.packets++;
	inspector->stats.bytes += len;
	reason = packet_decode(link, frame, len, &packet);
	for (unsigned int nested = 0;; nested++) {
		struct packet outer;
		struct span whole;
		bool done;

		packet.time_us = time_us;
		packet.number = inspector->number;
		if (!judge(inspector, reason, link, &packet, hint))
			return;
		if (!packet.fragment)
			break;
		inspector->stats.fragments++;
		if (packet.truncated || nested == NESTED_MAX) {
			inspector->stats.undecoded[SEKI_R_FRAGMENT_BAD]++;
			return;
		}
		done = defrag_add(inspector->defrag, &packet, &whole) == DEFRAG_DONE;
		/* Rules see the fragment as a packet of its own too. */
		inspect_bare(inspector, &packet);
		if (!done)
			return;
		outer = packet;
		reason = packet_decode_ip(whole.data, whole.len, &packet);
		link = LINK_RAW;
		memcpy(packet.vlan, outer.vlan, sizeof(packet.vlan));
		packet.vlan_count = outer.vlan_count;
	}
	if (packet.tunnels)
		inspect_outer(inspector, link, &packet, packet.tunnels);
	inspect_packet(inspector, &packet, hint);
}

/* --- life */

int inspector_new(const struct inspector_options *options, struct ruleset *set,
		  const struct inspector_ops *ops, struct inspector **out)
{
	CLEANUP(inspector_free) struct inspector *inspector = calloc(1, sizeof(*inspector));
	struct flow_table_options table = {.entry_size = sizeof(struct subject), .end = on_flow_end};
	int error;

	if (!inspector)
		return -ENOMEM;
	inspector->options = *options;
	for (int d = 0; d < 2; d++)
		if (!options->depth[d])
			inspector->options.depth[d] = DEPTH;
	inspector->ops = *ops;
	table.flow_max = options->flow_max ? options->flow_max : FLOW_MAX;
	table.memory = options->flow_memory ? options->flow_memory : FLOW_MEMORY;
	table.arg = inspector;
	table.seed = options->seed;
	error = flow_table_new(&table, &inspector->flows);
	if (!error)
		error = defrag_new(DEFRAG_MEMORY, options->hosts, &inspector->defrag);
	if (!error)
		error = expect_new(&inspector->expect);
	if (!error)
		error = generation_new(inspector, set, &inspector->generation);
	if (error)
		return error;
	*out = TAKE_PTR(inspector);
	return 0;
}

void inspector_free(struct inspector *inspector)
{
	if (!inspector)
		return;
	inspector->dying = true;
	flow_table_free(inspector->flows);
	defrag_free(inspector->defrag);
	expect_free(inspector->expect);
	generation_put(inspector->generation);
	free(inspector);
}

int inspector_profile_on(struct inspector *inspector, uint64_t (*now_ns)(void))
{
	return detect_profile_on(inspector->generation->detect, now_ns);
}

const struct detect_profile *inspector_profile_of(const struct inspector *inspector, uint32_t index)
{
	return detect_profile_of(inspector->generation->detect, index);
}

void inspector_finish(struct inspector *inspector)
{
	struct flow_entry *entry;

	inspector->finishing = true;
	while ((entry = flow_table_oldest(inspector->flows)))
		flow_table_end(inspector->flows, entry, FLOW_END_TIMEOUT);
	inspector->finishing = false;
	defrag_expire(inspector->defrag, UINT64_MAX);
	detect_forget(inspector->generation->detect);
	inspector->number = 0;
	inspector->now_us = inspector->swept_us = 0;
}

struct ruleset *inspector_rules(const struct inspector *inspector)
{
	return detect_rules(inspector->generation->detect);
}

void inspector_set_wall(struct inspector *inspector, int64_t offset_us)
{
	detect_set_wall(inspector->generation->detect, offset_us);
}

int inspector_reload(struct inspector *inspector, struct ruleset *set)
{
	struct generation *generation;
	int error = generation_new(inspector, set, &generation);

	if (error)
		return error;
	/* What is remembered of addresses goes on over the change: a limit does not begin anew. */
	detect_share(generation->detect, detect_tracker(inspector->generation->detect));
	generation_put(inspector->generation);
	inspector->generation = generation;
	return 0;
}

void inspector_count(const struct inspector *inspector, struct inspector_stats *out)
{
	struct defrag_stats fragments;

	defrag_count(inspector->defrag, &fragments);
	*out = inspector->stats;
	out->flows_given_up = flow_table_given_up(inspector->flows);
	out->memory_flows = flow_table_given_up_memory(inspector->flows);
	out->full_streams = inspector->stream_stats.full;
	out->full_fragments = fragments.full;
	out->full_expectations = expect_given_up(inspector->expect);
	out->reassembly_gaps = inspector->stream_stats.gaps;
	out->overlaps = inspector->stream_stats.overlaps + fragments.overlaps;
	out->undecoded[SEKI_R_FRAGMENT_BAD] += fragments.refused;
	out->undecoded[SEKI_R_UNINSPECTED] += fragments.given_up;
}
