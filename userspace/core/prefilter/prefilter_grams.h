/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * prefilter_grams.h - which grams of literals are looked for, and the sieves
 * that find them.
 */
#ifndef CORE_PREFILTER_GRAMS_H
#define CORE_PREFILTER_GRAMS_H

#include <stdint.h>

#include "core/flow/blob.h"
#include "lib/cleanup.h"
#include "sekimori/prefilter.h"

struct grams;

__must_check int grams_new(struct grams **out);
void grams_free(struct grams *grams);
/* Chooses the literal's rarest windows; *base as in struct seki_pf_literal. -ENOSPC: too many literals are
 * alike. */
__must_check int grams_add(struct grams *grams, const uint8_t *bytes, uint32_t len, uint32_t literal,
			   int8_t *base);
/* Takes back what was added for this literal and those behind it. */
void grams_forget(struct grams *grams, uint32_t literal);
/* The sieves of all classes into their sections, their sizes into the head. */
__must_check int grams_layout(struct grams *grams, struct seki_pf_table *head,
			      struct blob section[SEKI_PF_SECTION_MAX]);

#endif
