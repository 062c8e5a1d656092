// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * prefilter_emulation.c - the same scanner, over packets of a capture; the
 * conditions around it as in bpf/scan.bpf.h and bpf/suspect.bpf.h.
 */
#include "prefilter_emulation.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "kmod/prefilter.h"

#define TCP_SYN 2
#define TCP_ACK 16

struct prefilter_emulation {
	const struct seki_pf_table *table;
	uint32_t depth[2];
	enum seki_pf_isa isa;
	uint32_t dropped; /* sid that the packet in hand was dropped for, not confirmed yet */
	struct prefilter_emulation_stats stats;
	struct seki_pf_room room;
};

static enum seki_pf_isa emulation_isa(void)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx2"))
		return SEKI_PF_AVX2;
#endif
	return SEKI_PF_SCALAR;
}

int prefilter_emulation_new(const void *image, const uint32_t depth[2], struct prefilter_emulation **out)
{
	struct prefilter_emulation *emulation = calloc(1, sizeof(*emulation));

	if (!emulation)
		return -ENOMEM;
	emulation->table = image;
	memcpy(emulation->depth, depth, sizeof(emulation->depth));
	emulation->isa = emulation_isa();
	*out = emulation;
	return 0;
}

void prefilter_emulation_free(struct prefilter_emulation *emulation)
{
	free(emulation);
}

/* After data of the server's what the client says is looked at anew. */
static void flow_rearm(struct prefilter_flow *flow, enum direction dir)
{
	if (dir == TO_SERVER && flow->server_data) {
		flow->copied[0] = flow->copied[1] = 0;
		flow->cleared = false;
	}
	flow->server_data = dir == TO_CLIENT;
}

/* Does a request begin in this packet? At *next. */
static bool flow_turn(const struct prefilter_flow *flow, const struct packet *packet, enum direction dir,
		      uint32_t *next)
{
	*next = flow->turn_seq - packet->seq;
	return packet->proto == IPPROTO_TCP && dir == TO_SERVER && flow->turn && *next < packet->payload.len;
}

static void flow_begins(struct prefilter_flow *flow, const struct packet *packet)
{
	flow->turn = !packet->payload.len;
	flow->turn_seq = packet->seq + 1;
}

/* Would the packet program hand it over without asking the module? */
static bool flow_copies(const struct prefilter_emulation *emulation, struct prefilter_flow *flow,
			enum direction dir, uint32_t bytes)
{
	if (flow->cleared || flow->sealed || flow->copied[dir] >= emulation->depth[dir])
		return false;
	flow->copied[dir] += bytes;
	return true;
}

bool prefilter_emulate(struct prefilter_emulation *emulation, const struct packet *packet, enum direction dir,
		       struct prefilter_flow *flow)
{
	struct prefilter_emulation_stats *stats = &emulation->stats;
	struct seki_pf_piece piece = {packet->payload.data, packet->payload.len};
	struct seki_pf_query query = {
		.len = piece.len,
		.sport = packet->src_port,
		.dport = packet->dst_port,
		.proto = packet->proto,
		.direction = dir == TO_SERVER ? SEKI_PF_TO_SERVER : SEKI_PF_TO_CLIENT,
		.marks = flow->marks,
	};
	bool narrow = flow->narrow && flow->seen[dir] && packet->proto != IPPROTO_TCP, copies, turn;

	emulation->dropped = 0;
	if (packet->proto == IPPROTO_TCP && (packet->tcp_flags & (TCP_SYN | TCP_ACK)) == TCP_SYN)
		flow_begins(flow, packet);
	if (!piece.len || packet->fragment || (packet->proto == IPPROTO_TCP && packet->tcp_flags & TCP_SYN))
		return true;
	flow->seen[dir]++;
	flow_rearm(flow, dir);
	turn = flow_turn(flow, packet, dir, &query.next);
	query.flags = (turn ? SEKI_PF_TURN : 0) | (narrow ? SEKI_PF_NARROW : 0);
	copies = flow_copies(emulation, flow, dir, piece.len);
	stats->packets++;
	stats->bytes += piece.len;
	stats->ring_packets += copies;
	stats->ring_bytes += copies ? piece.len : 0;
	if (flow->sealed)
		return true;
	seki_prefilter_scan(emulation->table, &piece, 1, &query, &emulation->room, emulation->isa);
	flow->marks = (uint16_t)query.marks;
	if (turn) {
		flow->turn = query.next;
		flow->turn_seq = packet->seq + query.next;
	}
	if (query.outcome == SEKI_PF_DROP) {
		emulation->dropped = query.sid;
		stats->dropped++;
	}
	narrow &= query.outcome == SEKI_PF_NONE;
	stats->narrow_packets += copies && !narrow;
	stats->narrow_bytes += copies && !narrow ? piece.len : 0;
	return !narrow;
}

void prefilter_emulation_alert(struct prefilter_emulation *emulation, uint32_t sid)
{
	if (emulation->dropped == sid)
		emulation->dropped = 0;
}

void prefilter_emulation_done(struct prefilter_emulation *emulation)
{
	emulation->stats.unconfirmed += emulation->dropped != 0;
	emulation->dropped = 0;
}

const struct prefilter_emulation_stats *prefilter_emulation_stats(const struct prefilter_emulation *emulation)
{
	return &emulation->stats;
}
