/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rules_profile.h - what each rule cost in a run, the dearest first.
 */
#ifndef SEKIMORI_RULES_PROFILE_H
#define SEKIMORI_RULES_PROFILE_H

#include "core/match/inspector.h"

/* For inspector_profile_on(). */
uint64_t rules_profile_clock(void);
/* Prints the rules that were looked at. -ENOMEM. */
__must_check int rules_profile_print(const struct inspector *inspector, const struct ruleset *set, bool json);

#endif
