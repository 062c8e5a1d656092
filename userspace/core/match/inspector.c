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

#define TCP_FIN 1
#define TCP_SYN 2
#define TCP_ACK 16
#define TCP_RST 4

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

void generation_put(struct generation *generation)
{
	if (!generation || --generation->users)
		return;
	detect_free(generation->detect);
	free(generation);
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
		dir = subject_direction(flow, packet);
	}
	inspector->current = subject;
	detect_packet(detect, packet, flow, dir);
	if (flow && flow->stream && packet->proto == IPPROTO_TCP)
		detect_loose(detect, packet, flow, dir);
	inspector_packet_end(inspector, detect, packet, flow, dir);
	inspector->current = NULL;
}

/* Is a payload in such a packet part of the stream? In a SYN only where the sender does Fast Open. */
static bool joins_stream(const struct packet *packet)
{
	if (packet->tcp_flags & TCP_SYN)
		return packet_fast_open(packet);
	return !(packet->tcp_flags & TCP_RST);
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
		verdict = subject_stream(inspector, packet, hint, &subject);
	if (!subject) {
		inspector->stats.undecoded[SEKI_R_FLOW_TABLE_FULL]++;
		return;
	}
	inspector->current = subject;
	flow = &subject->entry.flow;
	account_open(&flow->app_memory);
	dir = subject_direction(flow, packet);
	if (hint->lost || hint->flow_flags & SEKI_FLOW_LOST)
		subject_lost(inspector, subject);
	flow->validated |= !!(hint->flow_flags & SEKI_FLOW_VALIDATED);
	flow->both_directions |= !!(hint->flow_flags & SEKI_FLOW_REPLIED); /* bare ACKs are not copied */
	note_no_session(flow, packet);
	if (verdict == STREAM_TAKEN)
		subject_account(subject, packet, dir);
	if (!prefilter_lets(inspector, subject, packet, dir)) {
		subject_expiry(inspector, subject);
		inspector->current = NULL;
		account_open(NULL);
		flow_table_touch(inspector->flows, &subject->entry, subject_memory(subject));
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
		subject_expiry(inspector, subject);
	}
	if (flow->app != app)
		subject->app_dir = dir;
	inspector_packet_end(inspector, subject->generation->detect, packet, flow, dir);
	if (inspector->options.prefilter)
		prefilter_emulation_done(inspector->options.prefilter);
	tell_narrow(inspector, subject, hint);
	subject_release(inspector, subject);
	inspector->current = NULL;
	account_open(NULL);
	flow_table_touch(inspector->flows, &subject->entry, subject_memory(subject));
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
	inspector_packet_end(inspector, inspector->generation->detect, packet, NULL, TO_SERVER);
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
			subject_drain_alone(inspector, subject, false);
			flow_table_charge(inspector->flows, entry, subject_memory(subject));
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
	struct flow_table_options table = {.entry_size = sizeof(struct subject), .end = subject_flow_end};
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
