/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kfunc.h - the kfuncs' registration.
 */
#ifndef KMOD_KFUNC_H
#define KMOD_KFUNC_H

/*
 * -ENOEXEC: the module was built without BTF of its own, so that no program could ever call it; without this
 * check it would load, and fail when protection should come up. There is no way back: call it last.
 */
int seki_kfunc_init(void);

#endif
