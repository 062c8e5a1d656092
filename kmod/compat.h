/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * compat.h - what differs between Linux 6.1 and later ones. The only file that asks for versions.
 */
#ifndef KMOD_COMPAT_H
#define KMOD_COMPAT_H

#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/btf_ids.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#error "sekimori.ko needs Linux 6.1 or later"
#endif

/* 6.2 */
#ifndef __bpf_kfunc
#define __bpf_kfunc __used noinline
#endif

/* 6.7 */
#ifndef __bpf_kfunc_start_defs
#define __bpf_kfunc_start_defs()                                                                             \
	__diag_push();                                                                                       \
	__diag_ignore_all("-Wmissing-prototypes", "kfuncs are called from BPF");                             \
	__diag_ignore_all("-Wmissing-declarations", "kfuncs are called from BPF")
#define __bpf_kfunc_end_defs() __diag_pop()
#endif

/* 6.9 renamed them and refuses the old ones. */
#ifndef BTF_KFUNCS_START
#define BTF_KFUNCS_START(name) BTF_SET8_START(name)
#define BTF_KFUNCS_END(name)   BTF_SET8_END(name)
#endif

/*
 * The id of the XDP program of a mode; 0: none. The caller holds RTNL, under which it is set and freed.
 * dev_xdp_prog_id() is not exported; in all supported versions struct bpf_xdp_link begins with its struct
 * bpf_link (net/core/dev.c).
 */
static inline u32 compat_xdp_prog_id(const struct net_device *dev, enum bpf_xdp_mode mode)
{
	const struct bpf_xdp_entity *entity = &dev->xdp_state[mode];
	const struct bpf_prog *prog = entity->prog;

	ASSERT_RTNL();
	if (entity->link)
		prog = ((const struct bpf_link *)entity->link)->prog;
	return prog ? prog->aux->id : 0;
}

#endif
