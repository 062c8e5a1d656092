/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * message_parse.h - what the parser reads for the keeper.
 */
#ifndef SEKIMORID_MESSAGE_PARSE_H
#define SEKIMORID_MESSAGE_PARSE_H

#include "core/policy/policy.h"
#include "sekimorid/message_common.h"

enum message_parse_kind {
	PARSE_CONFIG,
	PARSE_LISTS,
	PARSE_LIST,
	PARSE_RESOLV,
	PARSE_RULES,
	PARSE_PREFILTER,
	PARSE_KIND_MAX
};
#define MESSAGE_GUARDS_MAX 1024u /* own addresses and the like that lists must not touch */
struct message_guard {
	uint8_t addr[16];
	uint8_t len, kind; /* enum seki_scope_kind */
	uint8_t pad[2];
};
struct message_parse {
	uint32_t kind; /* enum message_parse_kind; the bundle is the passed descriptor */
	uint32_t guard_count;
	uint64_t now; /* epoch seconds */
	/* PARSE_LIST: as in struct policy_list */
	uint8_t flags, severity, allow, max_share, priority;
	uint8_t pad[3];
	uint32_t expires, max_age;
	char name[POLICY_NAME_MAX];
	char format[16];
	struct message_guard guards[MESSAGE_GUARDS_MAX]; /* PARSE_LIST and PARSE_LISTS */
};
struct message_parsed {
	int32_t result; /* 0: the policy image is the passed descriptor; PARSE_RULES: the compiled databases;
			   PARSE_PREFILTER: the module's table */
	uint32_t lines, accepted, merged,
		refused;  /* of list files; PARSE_RULES: rules, merged: skipped ones; PARSE_PREFILTER: rules
			     that drop, that make flows suspect, that stay with the matcher */
	uint32_t removed; /* of list files: accepted ones that take something off */
	uint32_t pad;
	char text[4096]; /* errors and refused lines, one per line */
};

#endif
