// SPDX-License-Identifier: GPL-2.0-only
/*
 * prefilter_packet.c - the pieces of a frame, the room of a CPU, and vector
 * registers where they may be used.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/topology.h>
#include <net/xdp.h>
#ifdef CONFIG_X86_64
#include <asm/cpufeature.h>
#include <asm/fpu/api.h>
#endif

#include "prefilter_packet.h"

#define PIECES_MAX (MAX_SKB_FRAGS + 1)

/* Below this the registers cost more to save than they earn. */
#define VECTOR_BYTES 128

/* By CPU number. Too large for the allocator of per-CPU variables. */
static struct seki_pf_room **rooms;

/* The fastest variant whose answers are right here. Set at init, then only read. */
static enum seki_pf_isa vectors __ro_after_init = SEKI_PF_SCALAR;

static void isa_end(enum seki_pf_isa isa)
{
#ifdef CONFIG_X86_64
	if (isa != SEKI_PF_SCALAR)
		kernel_fpu_end();
#endif
}

static void __init vectors_choose(struct seki_pf_room *room)
{
#ifdef CONFIG_X86_64
	bool proves;

	if (!boot_cpu_has(X86_FEATURE_AVX2))
		return;
	kernel_fpu_begin_mask(0);
	proves = seki_prefilter_proves(room, SEKI_PF_AVX2);
	isa_end(SEKI_PF_AVX2);
	if (proves)
		vectors = SEKI_PF_AVX2;
	else
		pr_warn("AVX2 gives wrong answers on this machine and is not used\n");
#endif
}

int __init seki_prefilter_init(void)
{
	unsigned int cpu;

	rooms = kcalloc(nr_cpu_ids, sizeof(*rooms), GFP_KERNEL);
	if (!rooms)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		rooms[cpu] = kvmalloc_node(sizeof(**rooms), GFP_KERNEL, cpu_to_node(cpu));
		if (!rooms[cpu])
			goto free_rooms;
	}
	vectors_choose(rooms[cpumask_first(cpu_possible_mask)]);
	return 0;

free_rooms:
	seki_prefilter_exit();
	return -ENOMEM;
}

void seki_prefilter_exit(void)
{
	unsigned int cpu;

	for_each_possible_cpu(cpu)
		kvfree(rooms[cpu]);
	kfree(rooms);
}

struct pieces {
	struct seki_pf_piece piece[PIECES_MAX];
	unsigned int count;
	u32 skip, left; /* of the frame before the payload, of the payload */
};

/* One stretch of the frame; what of it is payload becomes a piece. False: no room for it. */
static bool piece_add(struct pieces *p, const void *data, u32 len)
{
	u32 skip = min(p->skip, len), take = min(len - skip, p->left);

	p->skip -= skip;
	if (!take)
		return true;
	if (p->count == PIECES_MAX)
		return false;
	p->piece[p->count].data = (const u8 *)data + skip;
	p->piece[p->count++].len = take;
	p->left -= take;
	return true;
}

static int frags_add(struct pieces *p, const struct skb_shared_info *shared)
{
	int i;

	for (i = 0; i < shared->nr_frags && p->left; i++) {
		const skb_frag_t *frag = &shared->frags[i];

		/* Pages that the CPU cannot read (device memory) have no address. */
		if (!skb_frag_page(frag))
			return -EINVAL;
		if (!piece_add(p, skb_frag_address(frag), skb_frag_size(frag)))
			return -E2BIG;
	}
	return 0;
}

static enum seki_pf_isa isa_begin(u32 len)
{
#ifdef CONFIG_X86_64
	if (len >= VECTOR_BYTES && vectors != SEKI_PF_SCALAR && irq_fpu_usable()) {
		kernel_fpu_begin_mask(0);
		return vectors;
	}
#endif
	return SEKI_PF_SCALAR;
}

static int pieces_judge(const struct seki_pf_table *table, const struct pieces *p,
			struct seki_pf_query *query)
{
	enum seki_pf_isa isa;

	if (p->left)
		return -EINVAL;
	isa = isa_begin(query->len);
	seki_prefilter_scan(table, p->piece, p->count, query, rooms[smp_processor_id()], isa);
	isa_end(isa);
	return 0;
}

int seki_prefilter_xdp(const struct seki_pf_table *table, const struct xdp_buff *xdp,
		       struct seki_pf_query *query)
{
	struct pieces p = {.skip = query->payload, .left = query->len};
	int err = 0;

	piece_add(&p, xdp->data, xdp->data_end - xdp->data);
	if (p.left && xdp_buff_has_frags((struct xdp_buff *)xdp))
		err = frags_add(&p, xdp_get_shared_info_from_buff((struct xdp_buff *)xdp));
	return err ? err : pieces_judge(table, &p, query);
}

int seki_prefilter_skb(const struct seki_pf_table *table, const struct sk_buff *skb,
		       struct seki_pf_query *query)
{
	struct pieces p = {.skip = query->payload, .left = query->len};
	int err = 0;

	piece_add(&p, skb->data, skb_headlen(skb));
	if (p.left && skb_has_frag_list(skb))
		return -E2BIG;
	if (p.left)
		err = frags_add(&p, skb_shinfo(skb));
	return err ? err : pieces_judge(table, &p, query);
}
