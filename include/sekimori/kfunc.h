/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * kfunc.h - what sekimori.ko offers to XDP and tc programs. Prototypes, once for the module (which sees struct sk_buff and
 * struct xdp_buff behind the two contexts) and for bpf/.
 */
#ifndef SEKIMORI_KFUNC_H
#define SEKIMORI_KFUNC_H

#include "abi.h"

/* Raised by every change of a kfunc. A loader takes the object with kfuncs only when the module says the same number. */
#define SEKI_KFUNC_ABI 1

#endif
