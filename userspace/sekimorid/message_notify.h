/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * message_notify.h - notices: between archive, notifier and keeper.
 */
#ifndef SEKIMORID_MESSAGE_NOTIFY_H
#define SEKIMORID_MESSAGE_NOTIFY_H

#include "core/policy/policy.h"
#include "core/report/notice.h"
#include "sekimorid/message_common.h"

#define MESSAGE_SECRET_MAX 256u
struct message_channels { /* where notices go; texts end in NUL */
	uint32_t count, pad;
	char host[64], instance[32];
	struct {
		uint8_t kind, second, language; /* as in struct policy_channel */
		uint8_t pad;
		uint32_t escalate;
		char name[POLICY_NAME_MAX];
		char url[POLICY_PATH_MAX], from[128], to[256], user[128];
		char secret[MESSAGE_SECRET_MAX];
	} rows[POLICY_CHANNELS_MAX];
};
struct message_urgent { /* a critical attack that was not blocked */
	uint64_t id;	/* of the store, 0: it could not be stored yet */
	uint64_t t_match;
	struct seki_addr source, target;
	uint32_t gid, sid;
	uint8_t severity, verdict;
	uint8_t pad[6];
	char label[160];
};
#define MESSAGE_RUNS_MAX 512u
struct message_mark { /* when events were sent or delivered */
	uint64_t t, notice;
	uint32_t moment; /* enum store_moment */
	uint32_t count;
	struct {
		uint64_t id, count; /* of consecutive events */
	} runs[MESSAGE_RUNS_MAX];
};
struct message_notice { /* what is known of one, to be kept; and back after a restart */
	uint64_t id, events, groups;
	uint64_t t_oldest, t_sent, t_delivered, t_due, t_escalated;
	uint32_t attempts, gid, sid, pad;
	struct seki_addr source, target;
	char channel[POLICY_NAME_MAX]; /* "" not delivered */
	char label[160];
};
struct message_acked {
	uint64_t id; /* 0: all so far */
};
struct message_command {  /* followed by what the program reads, len bytes */
	uint64_t message; /* 0: a test */
	uint32_t channel, len;
	char name[POLICY_NAME_MAX]; /* of the channel */
};
struct message_command_done {
	uint64_t message;
	uint32_t channel;
	int32_t result;
	char why[128];
};
struct message_notifier_stats {
	uint64_t events, told, waiting, messages, attempts, failures, breaches, lag_max_us, unacked,
		escalated, unmarked;
	uint64_t lag_sum_us, lags[NOTICE_LAG_STEPS];
	uint32_t channels, pad;
	char failure[200]; /* of the last attempt that failed; "" since then one succeeded */
};

#endif
