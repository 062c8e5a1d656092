// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pcre_jit.c - rules are shared by threads and never change, so each thread
 * compiles a copy of its own at the first match.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "pcre_jit.h"

#define JIT_SLOTS 64u /* at first; a power of two */

static struct pcre_slot *jit_slot(const struct pcre_slot *slots, uint32_t count, const pcre2_code *code)
{
	uint32_t at = (uint32_t)((uintptr_t)code >> 4) * 2654435761u >> 7 & (count - 1);

	while (slots[at].code && slots[at].code != code)
		at = (at + 1) & (count - 1);
	return (struct pcre_slot *)&slots[at];
}

static bool jit_grow(struct pcre_jit *jit)
{
	uint32_t count = jit->slot_count ? jit->slot_count * 2 : JIT_SLOTS;
	struct pcre_slot *slots = calloc(count, sizeof(*slots));

	if (!slots)
		return false;
	for (uint32_t i = 0; i < jit->slot_count; i++)
		if (jit->slots[i].code)
			*jit_slot(slots, count, jit->slots[i].code) = jit->slots[i];
	free(jit->slots);
	jit->slots = slots;
	jit->slot_count = count;
	return true;
}

const pcre2_code *pcre_jit_get(struct pcre_jit *jit, const pcre2_code *code)
{
	struct pcre_slot *slot;

	if (jit->used >= jit->slot_count / 2 && !jit_grow(jit))
		return code;
	slot = jit_slot(jit->slots, jit->slot_count, code);
	if (!slot->code) {
		slot->code = code;
		slot->quick = pcre2_code_copy(code);
		if (slot->quick && pcre2_jit_compile(slot->quick, PCRE2_JIT_COMPLETE)) {
			pcre2_code_free(slot->quick);
			slot->quick = NULL;
		}
		jit->used++;
	}
	return slot->quick ? slot->quick : code;
}

void pcre_jit_clear(struct pcre_jit *jit)
{
	for (uint32_t i = 0; i < jit->slot_count; i++)
		pcre2_code_free(jit->slots[i].quick);
	free(jit->slots);
	*jit = (struct pcre_jit){0};
}
