// SPDX-License-Identifier: GPL-2.0-only
/*
 * sekimori.bpf.c - the packet's path. Load it with
 *	ip link set dev X xdp obj sekimori.bpf.o sec xdp
 * or through `sekimori up`. One object: xdp, xdp.frags (the same for
 * multi-buffer frames), tc egress, the hooks of sockets, and the flow command.
 */
#include "ctl.bpf.h"
#include "egress.bpf.h"
#include "scan.bpf.h"
#include "socket.bpf.h"

#define TC_PASS	 -1 /* TC_ACT_UNSPEC: other filters still have their say */
#define TC_DROP	 2
#define SLOT_XDP 0
#define SLOT_TC	 1 /* also the value of work.egress */

/* Role and mode of this interface or VLAN. False: not managed. */
static __always_inline bool iface_fill(struct work *w, struct seki_settings *s)
{
	struct seki_iface_key key = {.ifindex = w->ifindex, .vlan = w->p.vlan};
	struct seki_iface *row = bpf_map_lookup_elem(&seki_ifaces, &key);

	if (!row && key.vlan) {
		key.vlan = 0;
		row = bpf_map_lookup_elem(&seki_ifaces, &key);
	}
	if (row) {
		w->role = row->role;
		w->mode = row->mode;
		w->enforce_until = row->enforce_until;
		if (row->flags & SEKI_IFACE_CSUM_PARTIAL)
			w->rec_flags |= SEKI_REC_CSUM_PARTIAL;
	} else if (!s->magic) {
		w->role = DEFAULT_ROLE;
		w->mode = DEFAULT_MODE;
	} else {
		return false;
	}
	return w->role != SEKI_ROLE_NONE;
}

/*
 * The desk of a slot. Global functions look it up again instead of taking it
 * as an argument: Linux 6.1 accepts a map value as a look-up key, but not the
 * plain memory that an argument would be.
 */
static __always_inline struct work *work_of(__u32 slot)
{
	return bpf_map_lookup_elem(&seki_work, &slot);
}

/* Decides and tells; 1: drop. Global, as the other seki_ functions here: one copy, verified once. */
__noinline int seki_sentence(__u32 slot, struct seki_settings *s, __u32 reason)
{
	struct work *w = work_of(slot);
	bool drop;

	if (!w || !s)
		return 0;
	drop = decide(w, s, reason);
	decision_tell(w, s);
	return drop;
}

/* Header 0 is the outer one, then the inner ones. */
static __always_inline const struct pair *pair_of(const struct work *w, __u32 header)
{
	return header == 0 ? &w->p.ip : header == 1 ? &w->p.inner[0] : &w->p.inner[1];
}

/* One address whose gate is open: SEKI_ENTRY_SRC or _DST of a header. 1: it is listed in that direction. */
__noinline int seki_list_look(__u32 slot, struct seki_settings *s, __u32 header, __u32 direction, __u32 gate)
{
	struct work *w = work_of(slot);
	const struct seki_addr *a;

	if (!w || !s || header > SEKI_MAX_TUNNEL)
		return 0;
	a = direction == SEKI_ENTRY_SRC ? &pair_of(w, header)->src : &pair_of(w, header)->dst;
	w->held.word = list_find(s->active & 1, a, gate);
	return w->held.word &&
	       entry_holds(w, direction, a, direction == SEKI_ENTRY_SRC ? w->p.dport : w->p.sport, false);
}

/* 1: the source is blocked automatically. */
__noinline int seki_block_look(__u32 slot, __u32 header)
{
	struct work *w = work_of(slot);

	return w && header <= SEKI_MAX_TUNNEL && block_check(w, &pair_of(w, header)->src);
}

/* Both addresses of a header. The reason to drop, or CLEAN. */
static __always_inline __u32 list_check(struct work *w, struct seki_settings *s, __u32 header)
{
	const struct pair *pair = pair_of(w, header);
	__u32 gate = list_gate(s->active & 1, &pair->src);

	if (gate && seki_list_look(w->egress, s, header, SEKI_ENTRY_SRC, gate))
		return SEKI_R_LISTED_SRC;
	gate = list_gate(s->active & 1, &pair->dst);
	if (gate && seki_list_look(w->egress, s, header, SEKI_ENTRY_DST, gate))
		return SEKI_R_LISTED_DST;
	return !w->egress && seki_block_look(w->egress, header) ? SEKI_R_SOURCE_BLOCKED : SEKI_R_CLEAN;
}

/* An alert entry passes and tells. */
__noinline int seki_alert(__u32 slot, struct seki_settings *s)
{
	struct work *w = work_of(slot);

	if (!w || !s)
		return 0;
	w->reason = w->alert;
	decision_tell(w, s);
	w->reason = SEKI_R_CLEAN;
	return 0;
}

/* Lists and auto-block over every address of the packet. */
static __always_inline bool check_lists(struct work *w, struct seki_settings *s)
{
	__u32 reason = list_check(w, s, 0);

	if (reason == SEKI_R_CLEAN && w->p.inners > 0)
		reason = list_check(w, s, 1);
	if (reason == SEKI_R_CLEAN && w->p.inners > 1)
		reason = list_check(w, s, 2);
	if (reason != SEKI_R_CLEAN)
		return seki_sentence(w->egress, s, reason);
	if (w->alert)
		seki_alert(w->egress, s);
	w->entry = 0; /* an alert or allowed entry is not the cause of what comes later */
	w->list = 0;
	w->sid = 0;
	return false;
}

/* The flow's row for this packet: found or made. *known: it was there before. */
static __always_inline struct seki_flow *flow_of(struct work *w, struct seki_settings *s, bool *embryo,
						 bool *known, bool *admitted)
{
	struct seki_flow *f = flow_find(&w->key, embryo);

	*known = f != NULL;
	*admitted = true;
	if (f)
		return f;
	*admitted = source_admits(w, s);
	*embryo = true;
	return flow_create(w, s, *admitted);
}

/* Bookkeeping of a packet that passes: proof, promotion, transaction. True: drop after all. */
static __always_inline bool flow_advance(struct work *w, struct seki_settings *s, struct seki_flow *f,
					 bool *embryo)
{
	__u32 reason = SEKI_R_CLEAN;
	bool proof = false;

	if (!w->from_initiator)
		flow_flag(f, SEKI_FLOW_REPLIED);
	if (w->p.proto == IPPROTO_TCP &&
	    !w->p.fragment) /* a later fragment has no sequence numbers to believe */
		proof = flow_track_tcp(w, f);
	w->query.len = 0;
	if (SCANS)
		seki_scan_prepare(w->egress, s, f);
	flow_rearm(w, f);
	if (*embryo && f->flags & SEKI_FLOW_VALIDATED) {
		reason = flow_promote(w, s, f);
		if (reason == SEKI_R_CLEAN) {
			struct seki_flow *moved = bpf_map_lookup_elem(&seki_flows, &w->key);

			if (!moved)
				return false;
			f = moved;
			*embryo = false;
		}
	}
	w->flow_flags = f->flags;
	w->flow_id = f->id;
	w->copy = copy_wanted(w, s, f, *embryo, proof);
	w->state = f->state;
	if (reason != SEKI_R_CLEAN && seki_sentence(w->egress, s, reason))
		return true;
	flow_deliver(w, f, false);
	return false;
}

/*
 * Fragments are followed by address pair, since later ones have no ports
 * (T15). The first fragment of a cut flow is dropped with it: without it the
 * others are worth nothing. True: drop.
 */
static __always_inline bool check_fragment(struct work *w, struct seki_settings *s)
{
	bool embryo, drop = false;
	struct seki_flow *f = w->p.fragment == 1 ? flow_find(&w->key, &embryo) : NULL;

	if (f && flow_is_cut(w, f)) {
		w->from_initiator = !!(f->flags & SEKI_FLOW_INIT_LO) == w->from_lo;
		w->flow_id = f->id;
		drop = seki_sentence(w->egress, s, SEKI_R_FLOW_BLOCKED);
		flow_deliver(w, f, drop);
	}
	key_fill(w, &w->p.ip, 0, 0, w->p.proto);
	w->rec_flags |= SEKI_REC_FRAGMENT;
	return drop;
}

/* 1: drop. */
__noinline int seki_egress_sentence(__u32 slot, struct seki_settings *s, __u32 reason)
{
	struct work *w = work_of(slot);

	return w && s && egress_sentence(w, s, reason);
}

/* A permitted flow of ours begins. */
__noinline int seki_origin(__u32 slot, struct seki_settings *s)
{
	struct work *w = work_of(slot);

	if (w && s)
		origin_tell(w, s);
	return 0;
}

/* Egress policy and flow. True: drop. */
static __always_inline bool check_flow(struct work *w, struct seki_settings *s)
{
	bool embryo, known, admitted, permitted = false;
	struct seki_flow *f;
	__u32 reason, seen;

	if (w->p.is_icmp_error) {
		f = error_flow(w);
		w->flow_id = f ? f->id : 0;
		if (f && flow_is_cut(w, f))
			return seki_sentence(w->egress, s, SEKI_R_FLOW_BLOCKED);
		if (f) {
			count_reason(w, SEKI_R_CLEAN, false);
			return false;
		}
		key_fill(w, &w->p.ip, w->p.sport, w->p.dport, w->p.proto);
	}
	if (egress_here(w, s)) {
		f = flow_find(&w->key, &embryo);
		reason = egress_check(w, s, f, &permitted);
		w->flow_id = f ? f->id : 0;
		if (reason != SEKI_R_CLEAN) {
			if (seki_egress_sentence(w->egress, s, reason))
				return true;
		} else {
			egress_remember_fragment(w);
			ftp_note(w);
		}
		if (w->origin)
			seki_origin(w->egress, s);
		if (!f && permitted && !begun_has_room(w))
			return decide(w, s, SEKI_R_CLEAN);
	}
	if (!seki_track_flows)
		return decide(w, s, SEKI_R_CLEAN);
	if (w->p.fragment && check_fragment(w, s))
		return true;
	f = flow_of(w, s, &embryo, &known, &admitted);
	if (!f)
		return decide(w, s, SEKI_R_CLEAN);
	if (!known && w->role == SEKI_ROLE_HOST && !w->egress && s->egress_flags & SEKI_EGRESS_SELF)
		heard_note(w);
	seen = w->from_lo ? SEKI_FLOW_SEEN_LO : SEKI_FLOW_SEEN_HI;
	if (!w->egress)
		flow_flag(f, seen);
	else if (w->role == SEKI_ROLE_DMZ && f->flags & seen)
		return false; /* judged, counted and copied where it came in, under the same addresses */
	if (known)
		flow_restart(w, f, embryo);
	w->from_initiator = !!(f->flags & SEKI_FLOW_INIT_LO) == w->from_lo;
	w->flow_flags = f->flags;
	w->flow_id = f->id;
	w->state = f->state;
	if (permitted && !w->p.fragment) /* every first fragment is judged by its own ports */
		flow_flag(f, SEKI_FLOW_EGRESS_OK);
	if (flow_is_cut(w, f)) {
		/* Told once per direction: what follows are retransmissions. */
		bool told = f->cut_pkts[w->from_initiator ? 0 : 1];
		bool drop = told ? decide(w, s, SEKI_R_FLOW_BLOCKED)
				 : seki_sentence(w->egress, s, SEKI_R_FLOW_BLOCKED);

		flow_deliver(w, f, drop);
		return drop;
	}
	if (!admitted && seki_sentence(w->egress, s, SEKI_R_RATE_LIMITED))
		return true;
	if (f->state == SEKI_FLOW_UNINSPECTED && decide(w, s, SEKI_R_UNINSPECTED)) {
		flow_deliver(w, f, true);
		return true;
	}
	if (flow_advance(w, s, f, &embryo))
		return true;
	if (!w->query.len) /* else it is counted when its payload has been looked at */
		count_reason(w, w->copy ? SEKI_R_COPIED : SEKI_R_CLEAN, false);
	return false;
}

/*
 * The whole judgement; independent of the hook, so that it is verified on
 * its own. w->head, head_len, p.len, p.gso, ifindex and egress are set.
 * 1: drop. 0: pass; then w->copy says whether an engine gets it.
 */
__noinline int seki_judge(__u32 slot, struct seki_settings *s)
{
	struct work *w = work_of(slot);
	__u32 reason;

	if (!w || !s)
		return 0;
	w->now_ns = bpf_ktime_get_coarse_ns();
	w->now = (__u32)(w->now_ns / 1000000000);
	w->verdict = SEKI_VERDICT_PASSED;
	reason = seki_parse(w);
	if (!iface_fill(w, s)) {
		count_reason(w, SEKI_R_UNMANAGED, false);
		return 0;
	}
	w->ours =
		w->egress ? w->role == SEKI_ROLE_HOST : w->role == SEKI_ROLE_DMZ || w->role == SEKI_ROLE_LAN;
	if (reason == SEKI_R_NEIGHBOUR && neighbour_leaves(w))
		reason = SEKI_R_CLEAN;
	if (reason == SEKI_R_NON_IP || reason == SEKI_R_NEIGHBOUR) {
		count_reason(w, reason, false);
		return 0;
	}
	if (w->p.has_addresses) /* decision records name both parties by it */
		key_fill(w, &w->p.ip, w->p.sport, w->p.dport, w->p.proto);
	if (w->p.has_addresses && !w->egress && seki_check_spoof && spoofed(w) &&
	    seki_sentence(w->egress, s, SEKI_R_SPOOFED))
		return 1;
	/* The outbound half on role dmz is only watched: its packets were judged where they came in. */
	if (w->p.has_addresses && seki_check_lists && !(w->egress && w->role == SEKI_ROLE_DMZ) &&
	    check_lists(w, s))
		return 1;
	if (reason != SEKI_R_CLEAN && w->egress) { /* what our own side sends is told, not dropped */
		count_reason(w, reason, true);
		return 0;
	}
	if (reason != SEKI_R_CLEAN)
		return seki_sentence(w->egress, s, reason);
	return check_flow(w, s);
}

static __always_inline struct seki_settings *settings_now(void)
{
	__u32 zero = 0;
	struct seki_settings *s = bpf_map_lookup_elem(&seki_settings, &zero);

	return s && s->magic == SEKI_MAGIC ? s : &seki_defaults;
}

/* A clean desk for this packet. */
static __always_inline struct work *work_begin(__u32 slot, __u32 len, __u32 ifindex)
{
	struct work *w = work_of(slot);

	if (!w)
		return NULL;
	__builtin_memset(&w->p, 0, sizeof(w->p));
	w->p.len = len;
	w->ifindex = ifindex;
	w->egress = slot;
	w->head_len = len < HEAD_MAX ? len : HEAD_MAX;
	w->copy = 0;
	w->rec_flags = 0;
	w->reason = SEKI_R_CLEAN;
	w->state = SEKI_FLOW_NEW;
	w->query.len = 0;
	w->alert = 0;
	w->origin = 0;
	w->host_monitor = 0;
	w->rule = 0;
	w->cookie = 0;
	w->cgroup_id = 0;
	w->from_lo = 0;
	w->list = 0;
	w->entry = 0;
	w->sid = 0;
	w->flow_id = 0;
	w->flow_flags = 0;
	w->enforce_until = 0;
	w->mode = 0;
	w->role = 0;
	__builtin_memset(&w->key, 0, sizeof(w->key));
	return w;
}

/*
 * Calls of their own, so that what copying needs of the stack is not there while the packet is judged:
 * Linux 6.1 counts 512 bytes for the deepest chain of calls, and judging uses them up.
 */
static __noinline int copy_xdp(struct xdp_md *ctx, struct work *w, struct seki_settings *s)
{
	copy_frame(ctx, false, w, s);
	return 0;
}

static __noinline int copy_tc(struct __sk_buff *skb, struct work *w, struct seki_settings *s)
{
	copy_frame(skb, true, w, s);
	return 0;
}

static __always_inline int xdp_run(struct xdp_md *ctx)
{
	struct work *w = work_begin(SLOT_XDP, (__u32)bpf_xdp_get_buff_len(ctx), ctx->ingress_ifindex);
	struct seki_settings *s = settings_now();
	__u32 head;
	bool drop;

	if (!w)
		return XDP_PASS;
	head = w->head_len;
	if (!length_bounded(&head, HEAD_MAX) || bpf_xdp_load_bytes(ctx, 0, w->head, head)) {
		count_loss(SEKI_LOSS_COPY_FAILED);
		return XDP_PASS;
	}
	if (seki_judge(SLOT_XDP, s))
		return XDP_DROP;
	drop = scan_frame(ctx, false, w, s);
	if (w->copy)
		copy_xdp(ctx, w, s);
	return drop ? XDP_DROP : XDP_PASS;
}

SEC("xdp")
int seki_xdp(struct xdp_md *ctx)
{
	return xdp_run(ctx);
}

SEC("xdp.frags")
int seki_xdp_frags(struct xdp_md *ctx)
{
	return xdp_run(ctx);
}

SEC("tc")
int seki_tc_egress(struct __sk_buff *skb)
{
	struct work *w = work_begin(SLOT_TC, skb->len, skb->ifindex);
	struct seki_settings *s = settings_now();
	__u32 head;
	bool drop;

	if (!w)
		return TC_PASS;
	w->p.gso = skb->gso_size > 0;
	w->rec_flags = SEKI_REC_EGRESS | SEKI_REC_CSUM_PARTIAL | (w->p.gso ? SEKI_REC_GSO : 0);
	head = w->head_len;
	if (!length_bounded(&head, HEAD_MAX) || bpf_skb_load_bytes(skb, 0, w->head, head)) {
		count_loss(SEKI_LOSS_COPY_FAILED);
		return TC_PASS;
	}
	w->cookie = bpf_get_socket_cookie(skb);
	w->cgroup_id = bpf_skb_cgroup_id(skb);
	if (skb->vlan_present)
		w->p.vlan = skb->vlan_tci & 0xfff;
	if (seki_judge(SLOT_TC, s))
		return TC_DROP;
	drop = scan_frame(skb, true, w, s);
	if (w->copy)
		copy_tc(skb, w, s);
	return drop ? TC_DROP : TC_PASS;
}

char LICENSE[] SEC("license") = "GPL";
