// SPDX-License-Identifier: GPL-2.0-only
/*
 * family.bpf.c - role host: AF_XDP sockets transmit past tc and past
 * netfilter's device egress (T10), so none is made in the protected network
 * namespace while the allowlist is enforced. A BPF LSM program of its own
 * object, since many kernels have no such hook.
 */
#include <linux/bpf.h>
#include <linux/errno.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "sekimori/maps.h"

#define AF_XDP 44

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
struct net {
	__u64 net_cookie;
};
struct nsproxy {
	struct net *net_ns;
};
struct task_struct {
	struct nsproxy *nsproxy;
};
#pragma clang attribute pop

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct seki_settings);
} seki_settings SEC(".maps");

/*
 * ctx: family, type, protocol, kern, and what programs before this one answered. Asked before the kernel
 * looks for CAP_NET_RAW, whose lack is EPERM: another error, so that whoever has not got it can tell whose
 * refusal it was.
 */
SEC("lsm/socket_create")
int seki_family(__u64 *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u32 zero = 0;
	const struct seki_settings *s = bpf_map_lookup_elem(&seki_settings, &zero);
	int before = (int)ctx[4];

	if (before || (int)ctx[0] != AF_XDP || !s || s->magic != SEKI_MAGIC ||
	    !(s->egress_flags & SEKI_EGRESS_SELF) || s->egress_flags & SEKI_EGRESS_SELF_MONITOR)
		return before;
	return BPF_CORE_READ(task, nsproxy, net_ns, net_cookie) == s->self_cookie ? -EACCES : 0;
}

char LICENSE[] SEC("license") = "GPL";
