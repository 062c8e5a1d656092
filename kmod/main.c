// SPDX-License-Identifier: GPL-2.0-only
/*
 * main.c - sekimori.ko: payload prefilter for BPF programs, guard for interfaces whose program is gone,
 * generic netlink family.
 */
#include <linux/module.h>

#include "genl.h"
#include "guard.h"
#include "kfunc.h"
#include "prefilter_packet.h"
#include "state.h"

static int __init seki_init(void)
{
	int err;

	err = seki_state_init();
	if (err)
		return err;
	err = seki_guard_init();
	if (err)
		goto exit_state;
	err = seki_genl_init();
	if (err)
		goto exit_guard;
	err = seki_prefilter_init();
	if (err)
		goto exit_genl;
	err = seki_kfunc_init();
	if (err)
		goto exit_prefilter;
	return 0;

exit_prefilter:
	seki_prefilter_exit();
exit_genl:
	seki_genl_exit();
exit_guard:
	seki_guard_exit();
exit_state:
	seki_state_exit();
	rcu_barrier();
	return err;
}

/* Reached only when no program uses a kfunc and no interface is protected: both hold the module. */
static void __exit seki_exit(void)
{
	seki_genl_exit();
	seki_prefilter_exit();
	seki_guard_exit();
	seki_state_exit();
	rcu_barrier(); /* guard_free() is in this module */
}

module_init(seki_init);
module_exit(seki_exit);

MODULE_DESCRIPTION("Sekimori: payload prefilter and guard for XDP");
MODULE_AUTHOR("The Sekimori authors");
MODULE_LICENSE("GPL");
MODULE_VERSION(SEKI_MODULE_VERSION);
MODULE_ALIAS("net-pf-16-proto-16-family-" SEKI_GENL_NAME);
