/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * egress_name.h - what the configuration calls a host (`host ADDRESS ROLE { name
 * "..."; }`), found by its address. Pure.
 */
#ifndef CORE_EGRESS_NAME_H
#define CORE_EGRESS_NAME_H

#include "core/policy/policy.h"
#include "sekimori/abi.h"

struct egress_names;

void egress_names_free(struct egress_names *names);
DEFINE_CLEANUP(egress_names_free, struct egress_names)
/* A copy: policy may go. -ENOMEM. */
__must_check int egress_names_make(const struct policy *policy, struct egress_names **out);

/* Of the nearest row around addr that has a name, all zero: of this machine. NULL: none; names may be NULL.
 */
const char *egress_names_find(const struct egress_names *names, const struct seki_addr *addr);

#endif
