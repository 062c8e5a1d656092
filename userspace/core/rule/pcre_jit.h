/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pcre_jit.h - machine code of the expressions that a thread has met. Of ET
 * Open's 4 500 traffic meets a few dozen; all of them take 6 MB and a tenth of the loading.
 */
#ifndef CORE_PCRE_JIT_H
#define CORE_PCRE_JIT_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/cleanup.h"

struct pcre2_real_code_8;
struct pcre_slot {
	const struct pcre2_real_code_8 *code; /* NULL: empty */
	struct pcre2_real_code_8 *quick;      /* NULL: there is no better one */
};

/* Of one thread; zero is empty. */
struct pcre_jit {
	struct pcre_slot *slots;
	uint32_t slot_count, used;
};

/*
 * The same expression for this thread, as machine code where that can be had (no memory, no W^X exception: it
 * cannot). code outlives jit.
 */
const struct pcre2_real_code_8 *pcre_jit_get(struct pcre_jit *jit, const struct pcre2_real_code_8 *code);
void pcre_jit_clear(struct pcre_jit *jit);

#endif
