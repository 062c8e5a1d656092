/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rule_address.h - rules that are nothing but a list of addresses, as what a
 * blacklist can hold: the kernel then drops what the matcher would only tell.
 */
#ifndef CORE_RULE_ADDRESS_H
#define CORE_RULE_ADDRESS_H

#include "lib/prefix.h"
#include "ruleset.h"

/* Non-zero ends the walk and is returned. */
typedef int (*rule_address_fn)(const struct rule_info *rule, const struct prefix *prefix, void *arg);

/*
 * Every address that such a rule writes down, as prefixes, in the order of the rules. Left out are pass
 * rules, rules with any further condition, and sides that name a variable or a negation: what those stand for
 * is never somebody else's address for sure.
 */
int rule_addresses(const struct ruleset *set, rule_address_fn fn, void *arg);

#endif
