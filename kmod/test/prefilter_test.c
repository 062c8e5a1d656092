// SPDX-License-Identifier: GPL-2.0-only
/*
 * prefilter_test.c - the scanner with the kernel's compiler flags and vector
 * registers: ten thousand random tables and a thousand adversarial ones are
 * refused or mean what the naive scanner says.
 */
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>
#ifdef CONFIG_X86_64
#include <asm/cpufeature.h>
#include <asm/fpu/api.h>
#endif

/* Copies of its own: the module under test exports nothing. */
#include "../prefilter.c"
#include "../prefilter_check.c"
#include "../prefilter_prove.c"
#include "../prefilter_request.c"
#include "../prefilter_step.c"

#include "prefilter_test.h"
#include "prefilter_world.h"

static void *world_alloc(u32 len)
{
	return kmalloc(max(len, 1u), GFP_KERNEL);
}

static void world_free(void *memory)
{
	kfree(memory);
}

static bool vectors_there(struct world *world)
{
	bool there = false;

#ifdef CONFIG_X86_64
	if (boot_cpu_has(X86_FEATURE_AVX2)) {
		kernel_fpu_begin();
		there = seki_prefilter_proves(&world->room, SEKI_PF_AVX2);
		kernel_fpu_end();
	}
#endif
	return there;
}

/* False: this processor has no such variant, or it gives wrong answers, as the module finds at its start. */
static bool world_scan(struct world *world, const struct seki_pf_table *table,
		       const struct seki_pf_piece *pieces, unsigned int count, struct seki_pf_query *query,
		       enum seki_pf_isa isa)
{
	if (isa == SEKI_PF_SCALAR) {
		seki_prefilter_scan(table, pieces, count, query, &world->room, isa);
		return true;
	}
#ifdef CONFIG_X86_64
	if (world->vectors) {
		kernel_fpu_begin();
		seki_prefilter_scan(table, pieces, count, query, &world->room, isa);
		kernel_fpu_end();
		return true;
	}
#endif
	return false;
}

/* Of so many tables: all are harmless, and both some are refused and some are not. */
static bool tables_harmless(bool (*one)(struct world *world), u32 count)
{
	struct world *world = vzalloc(sizeof(*world));
	bool good = world;
	u32 i;

	if (world)
		world->vectors = vectors_there(world);
	for (i = 0; i < count && good; i++) {
		good = one(world);
		cond_resched();
	}
	if (world)
		pr_info("ktap: # tables: %u refused, %u taken; payloads: %u drop, %u inspect; vectors %d\n",
			world->refused, world->taken, world->outcomes[SEKI_PF_DROP],
			world->outcomes[SEKI_PF_INSPECT], world->vectors);
	good = good && world->refused > count / 10 && world->taken > count / 10 &&
	       world->outcomes[SEKI_PF_DROP] > count / 20 && world->outcomes[SEKI_PF_INSPECT] > count / 20;
	vfree(world);
	return good;
}

bool seki_test_random_tables(void)
{
	return tables_harmless(world_random, 10000);
}

bool seki_test_adversarial_tables(void)
{
	return tables_harmless(world_adversarial, 1000);
}
