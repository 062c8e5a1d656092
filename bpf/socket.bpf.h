/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * socket.bpf.h - role host, at the socket: who asks for a way out is noted
 * for every record of that socket, and what the allowlist does not have is
 * refused with EPERM before a packet exists. The packet path stays the judge:
 * whatever these hooks cannot know (T20) passes here.
 */
#ifndef BPF_SOCKET_H
#define BPF_SOCKET_H

#include "egress.bpf.h"
#include "process.bpf.h"

#define EPHEMERAL_PORT                                                                                       \
	32768 /* below it a datagram socket may serve, whose answers the packet path judges                  \
	       */

static const struct seki_process nobody TABLE;

/* Of the socket that asks; kept until the socket table is full. */
static __always_inline void owner_note(__u64 cookie, __u32 way)
{
	struct seki_process *p = bpf_map_lookup_elem(&seki_owners, &cookie);

	if (p && p->pid == bpf_get_current_pid_tgid() >> 32)
		return;
	/* Inherited by another process, or new: written anew, so that nothing of the old one stays. */
	if (bpf_map_update_elem(&seki_owners, &cookie, &nobody, BPF_ANY))
		return;
	p = bpf_map_lookup_elem(&seki_owners, &cookie);
	if (p)
		process_read(p, cookie, way);
}

/* This machine, its neighbours, its own networks: nothing leaves. */
static __always_inline bool socket_stays(const struct seki_addr *dst)
{
	struct seki_lpm lpm = {.prefixlen = 128, .addr = *dst};
	const struct seki_net *net;

	if (addr_is4(dst)) {
		if (!dst->w[3] || dst->b[12] == 127 || dst->b[12] >= 224 ||
		    (dst->b[12] == 169 && dst->b[13] == 254))
			return true;
	} else if (!dst->w[0] && !dst->w[1] && !dst->w[2] && bpf_ntohl(dst->w[3]) <= 1) {
		return true;
	} else if (dst->b[0] == 0xff || (dst->b[0] == 0xfe && (dst->b[1] & 0xc0) == 0x80)) {
		return true;
	}
	net = bpf_map_lookup_elem(&seki_nets, &lpm);
	return net && net->flags & (SEKI_NET_OWN | SEKI_NET_DMZ);
}

static __always_inline bool socket_permits(const struct seki_settings *s, struct seki_egress_key *key,
					   __u32 now)
{
	key->profile = s->self_profile;
	if (s->self_profile && rule_holds(bpf_map_lookup_elem(&seki_egress, key), now))
		return true;
	key->profile = 0;
	return rule_holds(bpf_map_lookup_elem(&seki_egress, key), now);
}

/* May be what a service answers, or a connection that FTP announced: the packet path knows. */
static __always_inline bool socket_unsure(const struct bpf_sock_addr *ctx, const struct seki_addr *dst,
					  __u16 local, bool message, __u32 now)
{
	if (message) {
		struct seki_heard_key heard = {.remote = *dst,
					       .remote_port = (__be16)ctx->user_port,
					       .local_port = bpf_htons(local)};

		return local < EPHEMERAL_PORT || bpf_map_lookup_elem(&seki_heard, &heard);
	}
	struct seki_pair pair = {.to = *dst};

	return ctx->protocol == IPPROTO_TCP &&
	       ftp_pair_holds(bpf_map_lookup_elem(&seki_ftp, &pair), (__be16)ctx->user_port, now);
}

static __always_inline void socket_tell(const struct bpf_sock_addr *ctx, const struct seki_settings *s,
					const struct seki_addr *dst, __u16 local, __u64 cookie, __u64 now_ns)
{
	const struct seki_process *owner = bpf_map_lookup_elem(&seki_owners, &cookie);
	struct seki_record *r;
	struct seki_addr *hi;

	if (!origin_due(s, (__u32)(now_ns / 1000000000)))
		return;
	r = bpf_ringbuf_reserve(&seki_prio, RECORD_SIZE + SEKI_ORIGIN_HEAD + sizeof(struct seki_process), 0);
	if (!r) {
		count_loss(SEKI_LOSS_PRIO_FULL);
		return;
	}
	__builtin_memset(r, 0, RECORD_SIZE + SEKI_ORIGIN_HEAD);
	r->kind = SEKI_REC_ORIGIN;
	r->flags = SEKI_REC_EGRESS | SEKI_REC_FROM_LO | SEKI_REC_PROCESS;
	r->t_ns = now_ns;
	hi = &r->key.hi; /* no address of ours yet: it is lo, all zero */
	*hi = *dst;
	r->key.lo_port = bpf_htons(local);
	r->key.hi_port = (__be16)ctx->user_port;
	r->key.proto = (__u8)ctx->protocol;
	r->role = SEKI_ROLE_HOST;
	r->mode = SEKI_MODE_ENFORCE;
	r->verdict = SEKI_VERDICT_BLOCKED;
	r->reason = SEKI_R_EGRESS_DENIED;
	if (owner)
		__builtin_memcpy((void *)(r + 1) + SEKI_ORIGIN_HEAD, owner, sizeof(*owner));
	else
		__builtin_memset((void *)(r + 1) + SEKI_ORIGIN_HEAD, 0, sizeof(*owner));
	bpf_ringbuf_submit(r, 0);
}

/* 1: go on, 0: EPERM. */
static __always_inline int socket_judge(struct bpf_sock_addr *ctx, const struct seki_addr *dst, bool message)
{
	__u32 zero = 0, denied = SEKI_R_EGRESS_DENIED, now;
	const struct seki_settings *s = bpf_map_lookup_elem(&seki_settings, &zero);
	struct seki_egress_key key = {.prefixlen = SEKI_EGRESS_FIXED_BITS + 128};
	struct bpf_sock *sk = ctx->sk;
	struct seki_counter *counter;
	__u16 local = sk ? (__u16)sk->src_port : 0;
	__u64 cookie, now_ns;

	if (!s || s->magic != SEKI_MAGIC || !(s->egress_flags & SEKI_EGRESS_SELF) ||
	    s->self_cookie != bpf_get_netns_cookie(ctx) || socket_stays(dst))
		return 1;
	cookie = bpf_get_socket_cookie(ctx);
	owner_note(cookie, SEKI_WAY_CONNECT);
	now_ns = bpf_ktime_get_ns();
	now = (__u32)(now_ns / 1000000000);
	key.proto = (__u8)ctx->protocol;
	key.port = ctx->protocol == IPPROTO_TCP || ctx->protocol == IPPROTO_UDP ? (__be16)ctx->user_port : 0;
	key.dst = *dst;
	if (!(s->egress_flags & SEKI_EGRESS_SELF_EARLY) || s->egress_flags & SEKI_EGRESS_SELF_MONITOR ||
	    (s->self_until && now >= s->self_until) || socket_permits(s, &key, now) ||
	    socket_unsure(ctx, dst, local, message, now))
		return 1;
	counter = bpf_map_lookup_elem(&seki_counters, &denied);
	if (counter)
		__sync_fetch_and_add(&counter->pkts, 1);
	socket_tell(ctx, s, dst, local, cookie, now_ns);
	return 0;
}

static __always_inline int socket_judge4(struct bpf_sock_addr *ctx, bool message)
{
	struct seki_addr dst = {};

	dst.w[2] = bpf_htonl(0xffff);
	dst.w[3] = ctx->user_ip4;
	return socket_judge(ctx, &dst, message);
}

static __always_inline int socket_judge6(struct bpf_sock_addr *ctx, bool message)
{
	struct seki_addr dst;

	dst.w[0] = ctx->user_ip6[0];
	dst.w[1] = ctx->user_ip6[1];
	dst.w[2] = ctx->user_ip6[2];
	dst.w[3] = ctx->user_ip6[3];
	return socket_judge(ctx, &dst, message);
}

SEC("cgroup/connect4")
int seki_connect4(struct bpf_sock_addr *ctx)
{
	return socket_judge4(ctx, false);
}

SEC("cgroup/connect6")
int seki_connect6(struct bpf_sock_addr *ctx)
{
	return socket_judge6(ctx, false);
}

SEC("cgroup/sendmsg4")
int seki_sendmsg4(struct bpf_sock_addr *ctx)
{
	return socket_judge4(ctx, true);
}

SEC("cgroup/sendmsg6")
int seki_sendmsg6(struct bpf_sock_addr *ctx)
{
	return socket_judge6(ctx, true);
}

/* Raw sockets ask for no way out that a hook sees: who makes one is noted here. */
SEC("cgroup/sock_create")
int seki_sock_create(struct bpf_sock *ctx)
{
	__u32 zero = 0;
	const struct seki_settings *s = bpf_map_lookup_elem(&seki_settings, &zero);

	if (ctx->type != 3 /* SOCK_RAW */ || !s || !(s->egress_flags & SEKI_EGRESS_SELF) ||
	    s->self_cookie != bpf_get_netns_cookie(ctx))
		return 1;
	owner_note(bpf_get_socket_cookie(ctx), SEKI_WAY_SOCKET);
	return 1;
}

#endif
