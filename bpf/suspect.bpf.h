/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * suspect.bpf.h - handing packets of suspect flows to an engine, and
 * decisions to the priority ring. Every record that cannot be handed over is
 * counted, and its flow can no longer be vouched for (T4).
 */
#ifndef BPF_SUSPECT_H
#define BPF_SUSPECT_H

#include "flow.bpf.h"
#include "sekimori/ring.h"

#define RECORD_SIZE    sizeof(struct seki_record)
#define CHUNKS_MAX     64 /* records per frame */
#define DECISION_BYTES 128

static __always_inline void record_fill(const struct work *w, struct seki_record *r, __u16 kind)
{
	r->kind = kind;
	r->flags = w->rec_flags | (w->from_lo ? SEKI_REC_FROM_LO : 0);
	r->t_ns = w->now_ns;
	r->flow_id = w->flow_id;
	r->key = w->key;
	r->flow_flags = w->flow_flags;
	r->seq = w->seq;
	r->ifindex = w->ifindex;
	r->vlan = w->p.vlan;
	r->role = w->role;
	r->mode = w->mode;
	r->verdict = w->verdict;
	r->reason = w->reason;
	r->state = w->state;
	r->pad = 0;
	r->frame_len = w->p.len;
	r->offset = w->offset;
	r->l3_offset = w->p.l3_offset;
	r->list = w->list;
	r->entry = w->entry;
	r->sid = w->sid;
	r->pad2 = 0;
}

/* At most decision_rate per second and source; the others are counted as held back. */
static __always_inline bool decision_due(struct work *w, const struct seki_settings *s)
{
	struct seki_source *source;

	if (!s->decision_rate)
		return false;
	source = bpf_map_lookup_elem(&seki_sources, &w->p.ip.src);
	if (!source) {
		__builtin_memset(&w->source, 0, sizeof(w->source));
		w->source.tokens = s->burst * 1000;
		w->source.stamp = (__u32)(w->now_ns / 1000000);
		w->source.second = w->now;
		w->source.decisions = 1;
		bpf_map_update_elem(&seki_sources, &w->p.ip.src, &w->source, BPF_NOEXIST);
		return true;
	}
	if (source->second != w->now) {
		source->second = w->now;
		source->decisions = 0;
	}
	if (source->decisions >= s->decision_rate) {
		count_loss(SEKI_LOSS_HELD_BACK);
		return false;
	}
	source->decisions++;
	return true;
}

/* Tells people of a drop or would-be drop, with the frame's head. */
static __always_inline void decision_tell(struct work *w, const struct seki_settings *s)
{
	struct seki_record *r;

	if (!decision_due(w, s))
		return;
	r = bpf_ringbuf_reserve(&seki_prio, RECORD_SIZE + DECISION_BYTES, 0);
	if (!r) {
		count_loss(SEKI_LOSS_PRIO_FULL);
		return;
	}
	w->offset = 0;
	w->seq = 0;
	record_fill(w, r, SEKI_REC_DECISION);
	if (w->verdict == SEKI_VERDICT_WOULD_BLOCK)
		r->flags |= SEKI_REC_WOULD;
	r->cap_len = w->head_len < DECISION_BYTES ? w->head_len : DECISION_BYTES;
	__builtin_memcpy(r + 1, w->head, DECISION_BYTES);
	bpf_ringbuf_submit(r, 0);
}

static __always_inline long frame_load(void *ctx, bool skb, __u32 offset, void *to, __u32 length)
{
	return skb ? bpf_skb_load_bytes(ctx, offset, to, length)
		   : bpf_xdp_load_bytes(ctx, offset, to, length);
}

/*
 * One record of length bytes (1..room) in a reservation of a fixed size
 * class. 0, -ENOSPC the ring is full, -EFAULT the frame could not be read.
 */
static __always_inline int chunk_put(void *ctx, bool skb, struct work *w, void *ring, __u32 length,
				     const __u32 room)
{
	struct seki_record *r = bpf_ringbuf_reserve(ring, RECORD_SIZE + room, 0);

	if (!r)
		return -ENOSPC;
	record_fill(w, r, SEKI_REC_PACKET);
	if (!length_bounded(&length, room) || frame_load(ctx, skb, w->offset, r + 1, length)) {
		bpf_ringbuf_discard(r, 0);
		return -EFAULT;
	}
	r->cap_len = length;
	bpf_ringbuf_submit(r, 0);
	return 0;
}

/*
 * The last eighth of a ring is for FTP's commands: a data connection that the
 * engine cannot announce, because something else has filled the ring, would
 * be denied.
 */
static __always_inline bool ring_has_room(const struct work *w, void *ring)
{
	__u16 ftp = bpf_htons(21);

	if (w->p.proto == IPPROTO_TCP && (w->p.sport == ftp || w->p.dport == ftp))
		return true;
	return bpf_ringbuf_query(ring, BPF_RB_AVAIL_DATA) < bpf_ringbuf_query(ring, BPF_RB_RING_SIZE) / 8 * 7;
}

/* The next chunk of the frame at w->offset, at most `chunk` bytes; moves w->offset on. */
static __always_inline int chunk_next(void *ctx, bool skb, struct work *w, __u32 chunk, __u32 ring_index)
{
	void *ring = bpf_map_lookup_elem(&seki_rings, &ring_index);
	__u32 left = w->p.len - w->offset, length = left < chunk ? left : chunk;
	int err;

	if (!ring)
		return -ENOENT;
	if (!ring_has_room(w, ring))
		return -ENOSPC;
	if (length == left)
		w->rec_flags |= SEKI_REC_LAST;
	if (length <= 400)
		err = chunk_put(ctx, skb, w, ring, length, 400);
	else if (length <= 1936)
		err = chunk_put(ctx, skb, w, ring, length, 1936);
	else
		err = chunk_put(ctx, skb, w, ring, length, SEKI_CHUNK_MAX);
	w->offset += length;
	return err;
}

struct copy_loop {
	void *ctx;
	struct work *w;
	__u32 chunk, ring;
	int err;
};

static long copy_more_xdp(__u32 index, struct copy_loop *loop)
{
	loop->err = chunk_next(loop->ctx, false, loop->w, loop->chunk, loop->ring);
	return loop->err || loop->w->offset >= loop->w->p.len;
}

static long copy_more_skb(__u32 index, struct copy_loop *loop)
{
	loop->err = chunk_next(loop->ctx, true, loop->w, loop->chunk, loop->ring);
	return loop->err || loop->w->offset >= loop->w->p.len;
}

/* The flow lost a record: say so in its row, which may have moved or gone. */
static __always_inline void copy_lost(struct work *w, int err)
{
	bool embryo;
	struct seki_flow *f = flow_find(&w->key, &embryo);

	count_loss(err == -ENOSPC   ? SEKI_LOSS_RING_FULL
		   : err == -ENOENT ? SEKI_LOSS_NO_RING
		   : err == -E2BIG  ? SEKI_LOSS_TRUNCATED
				    : SEKI_LOSS_COPY_FAILED);
	if (!f || f->id != w->flow_id)
		return;
	flow_flag(f, SEKI_FLOW_LOST);
	__sync_fetch_and_add(&f->lost, 1);
	flow_unvouch(f);
}

/* Copies the whole frame to its flow's ring. */
static __always_inline void copy_frame(void *ctx, bool skb, struct work *w, const struct seki_settings *s)
{
	__u32 chunk = s->chunk && s->chunk < SEKI_CHUNK_MAX ? s->chunk : SEKI_CHUNK_MAX;
	__u32 ring = seki_ring_of(&w->key, s->rings);
	int err;

	w->offset = 0;
	err = chunk_next(ctx, skb, w, chunk, ring);
	if (!err && w->offset < w->p.len) {
		struct copy_loop loop = {.ctx = ctx, .w = w, .chunk = chunk, .ring = ring};

		bpf_loop(CHUNKS_MAX - 1, skb ? (void *)copy_more_skb : (void *)copy_more_xdp, &loop, 0);
		err = loop.err;
		if (!err && w->offset < w->p.len)
			err = -E2BIG;
	}
	if (err)
		copy_lost(w, err);
}

/* Records of flows that proved nothing share a budget per CPU, so that a flood of them cannot fill the rings
 * (T18). */
struct unproven {
	__u32 second, used;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct unproven);
} seki_unproven SEC(".maps");

static __always_inline bool unproven_admitted(struct work *w)
{
	__u32 zero = 0;
	struct unproven *u = bpf_map_lookup_elem(&seki_unproven, &zero);

	if (!u)
		return false;
	if (u->second != w->now) {
		u->second = w->now;
		u->used = 0;
	}
	if (u->used >= seki_unproven_rate)
		return false;
	u->used++;
	return true;
}

/* It is handed over: the record's number, and what that takes of the depth. */
static __always_inline void copy_take(struct work *w, struct seki_flow *f)
{
	__u32 dir = !w->from_initiator;

	f->copied[dir & 1] += w->p.payload;
	w->seq = __sync_fetch_and_add(&f->records, 1);
}

/*
 * Is this packet of flow f handed over? Payload up to the depth of its
 * direction, and the packets that begin or end something; not bare ACKs,
 * save those behind both FINs: by them the engine knows that the flow has
 * ended, which is the evidence of T2.
 * proof: it has just validated the flow, and carries both sides' numbers.
 */
static __always_inline bool copy_wanted(struct work *w, const struct seki_settings *s, struct seki_flow *f,
					bool embryo, bool proof)
{
	__u32 dir = !w->from_initiator, depth = s->depth[dir & 1];
	__u32 fins = SEKI_FLOW_FIN_LO | SEKI_FLOW_FIN_HI;

	if (!seki_copy_suspects || !s->rings)
		return false;
	if (f->state != SEKI_FLOW_SUSPECT &&
	    !(f->state == SEKI_FLOW_UNINSPECTED && f->flags & SEKI_FLOW_LOST))
		return false;
	if (!w->p.payload && !proof &&
	    (embryo || (!(w->p.tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST)) && (f->flags & fins) != fins)))
		return false;
	/* Fragments of all flows of two hosts share one row: its depth would blind us to those to come. */
	if (w->p.payload && depth && !w->p.fragment && f->copied[dir & 1] >= depth)
		return false;
	if ((w->p.fragment || (embryo && (w->p.proto == IPPROTO_TCP || !(f->flags & SEKI_FLOW_REPLIED)))) &&
	    !unproven_admitted(w)) {
		flow_unvouch(f);
		return false;
	}
	if (!(w->query.len && w->query.flags & SEKI_PF_NARROW)) /* else when the module has looked at it */
		copy_take(w, f);
	return true;
}

#endif
