/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * message_keep.h - what is kept: between reporter, archive and keeper.
 */
#ifndef SEKIMORID_MESSAGE_KEEP_H
#define SEKIMORID_MESSAGE_KEEP_H

#include "core/policy/tenant.h"
#include "sekimori/event.h"
#include "sekimorid/message_common.h"

enum message_audit_kind { AUDIT_ALARM, AUDIT_CHANGE, AUDIT_NOTE, AUDIT_READ, AUDIT_KIND_MAX };
struct message_audit {
	uint64_t wall_us;
	uint32_t kind;		   /* enum message_audit_kind */
	uint32_t uid;		   /* who asked; 0 also for the daemon itself */
	char who[MESSAGE_WHO_MAX]; /* user of the portal, "" none */
	char text[MESSAGE_TEXT_MAX];
};

struct message_reporter_stats {
	uint64_t lines, bytes, refused, lost, write_errors;
	uint64_t spool_records, spool_bytes, spool_lost; /* on the way to the archive */
	int32_t last_errno;
	uint32_t pad;
};

/* Archive: the store of events and the audit log. */
struct message_limits {
	uint64_t max_bytes; /* 0: none */
	uint32_t max_days, pad;
	uint32_t packet_seconds[SEKI_SEVERITY_MAX];
};
struct message_tenants {
	uint32_t count, pad;
	struct tenant_row rows[TENANTS_MAX];
};
struct message_kept {	  /* followed by the finished line, line_len bytes */
	uint64_t t_match; /* when the reporter knew */
	uint32_t line_len, pad;
};
struct message_taken {
	uint64_t count; /* of the oldest events sent that are stored, or refused for good */
};
#define MESSAGE_COUNTS_MAX 112u
struct message_counts { /* what was seen and lost since the last such message */
	uint64_t t_us;
	uint32_t count, pad;
	struct {
		char name[40];
		uint64_t value;
	} rows[MESSAGE_COUNTS_MAX];
};
struct message_archive_stats {
	uint64_t stored, refused, waiting, removed;	      /* waiting: read and not stored yet */
	uint64_t audit_lines, audit_fault;		      /* first line that is wrong, 0 none */
	uint64_t odd_times;				      /* events whose time was not to be believed */
	uint64_t alerts[SEKI_SEVERITY_MAX][SEKI_VERDICT_MAX]; /* stored since the process started */
	int32_t last_errno;				      /* why waiting ones are not stored, 0 */
	int32_t audit_errno;
	char audit_head[72];
};

#endif
