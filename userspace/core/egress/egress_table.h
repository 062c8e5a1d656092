/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * egress_table.h - the egress part of a policy as the kernel looks it up: one
 * numbered profile for every set of roles and exceptions that some host has,
 * longest match with everything inherited that a longer match would hide. Pure.
 */
#ifndef CORE_EGRESS_TABLE_H
#define CORE_EGRESS_TABLE_H

#include "core/policy/policy.h"

struct egress_row {
	uint8_t profile, proto;
	uint16_t port; /* host order */
	struct prefix dst;
	uint32_t rule;	/* egress_rule_id() */
	uint64_t until; /* epoch seconds, 0: for good */
};

struct egress_host {
	struct prefix prefix;
	uint8_t profile;
	bool monitor;
};

struct egress_table {
	struct egress_row *rows;
	struct egress_host *hosts;
	uint32_t row_count, host_count;
	uint32_t profile_count; /* with 0, everybody's */
	bool self;		/* this machine is judged, too */
	uint8_t self_profile;
	bool self_monitor, others_monitor; /* others: hosts without a row */
};

void egress_table_free(struct egress_table *table);
DEFINE_CLEANUP(egress_table_free, struct egress_table)
/* -E2BIG: more different sets of roles and exceptions than a profile's number can tell; -ENOMEM. */
__must_check int egress_table_make(const struct policy *policy, struct egress_table **out);

/* Names a service row for the kernel's counters; equal for the same words in every apply. Never 0. */
uint32_t egress_rule_id(const struct policy_service *service);

#endif
