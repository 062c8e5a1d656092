/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * message.h - everything that the processes of sekimorid say to each other:
 * one closed enum, and for each message its sender, receiver, bounds and rate.
 * A message outside its row ends the receiver's trust in the sender.
 */
#ifndef SEKIMORID_MESSAGE_H
#define SEKIMORID_MESSAGE_H

#include <limits.h>

#include "lib/channel.h"
#include "sekimorid/message_answer.h"
#include "sekimorid/message_ask.h"
#include "sekimorid/message_parse.h"

enum process_kind {
	PROCESS_KEEPER,
	PROCESS_CTL,
	PROCESS_REPORTER,
	PROCESS_ENGINE,
	PROCESS_PARSER,
	PROCESS_ARCHIVE,
	PROCESS_NOTIFIER,
	PROCESS_PORTAL,
	PROCESS_KIND_MAX
};

/*
 * id, name, sender, receiver, bounds of the body, descriptor that comes with it (0 none, 1 required, 2 may
 * come), messages per second that the receiver takes (0: not limited; more are dropped and counted). Bounds:
 * NOTHING, ONE(struct), WITH_TEXT(struct, least bytes of text), BYTES(least, greatest).
 */
#define MESSAGES(X)                                                                                          \
	X(STOP, "stop", KEEPER, ENGINE, NOTHING, 0, 0)                                                       \
	X(POLICY, "policy", KEEPER, ENGINE, NOTHING, 1, 0)                                                   \
	X(RULES, "rules", KEEPER, ENGINE, NOTHING, 1, 0)                                                     \
	X(COMPILED, "compiled-rules", KEEPER, ENGINE, NOTHING, 1, 0)                                         \
	X(REPORTER, "reporter-channel", KEEPER, ENGINE, NOTHING, 1, 0)                                       \
	X(NAMES, "interface-names", KEEPER, ENGINE, ONE(message_names), 0, 0)                                \
	X(PROPOSAL, "proposal", ENGINE, KEEPER, WITH_TEXT(message_proposal, 0), 0, 20000)                    \
	X(OUTCOMES, "flow-outcomes", ENGINE, KEEPER, ONE(message_outcomes), 0, 20000)                        \
	X(ANNOUNCED, "announced-connection", ENGINE, KEEPER, ONE(message_announced), 0, 20000)               \
	X(TUNNEL, "dns-tunnel", ENGINE, KEEPER, ONE(message_tunnel), 0, 100)                                 \
	X(HOST_SAID, "host-name", ENGINE, KEEPER, ONE(message_host_said), 0, 100)                            \
	X(ENGINE_STATS, "engine-stats", ENGINE, KEEPER, ONE(message_engine_stats), 0, 10)                    \
	X(READY, "ready", ENGINE, KEEPER, ONE(message_ready), 0, 10)                                         \
	X(EVENT, "event", ENGINE, REPORTER, BYTES(2, MESSAGE_LINE_MAX), 0, 50000)                            \
	X(ENGINE_CHANNEL, "engine-channel", KEEPER, REPORTER, BYTES(4, 4), 1, 0)                             \
	X(EVE_FILE, "eve-file", KEEPER, REPORTER, NOTHING, 1, 0)                                             \
	X(REPORTER_NAMES, "interface-names", KEEPER, REPORTER, ONE(message_names), 0, 0)                     \
	X(JUDGED, "judged-event", KEEPER, REPORTER, WITH_TEXT(message_judged, 0), 0, 0)                      \
	X(DECISION, "decision", KEEPER, REPORTER, ONE(message_decision), 0, 0)                               \
	X(EGRESS, "egress", KEEPER, REPORTER, BYTES(2, MESSAGE_LINE_MAX), 0, 0)                              \
	X(AUDIT, "audit", KEEPER, REPORTER, ONE(message_audit), 0, 0)                                        \
	X(REPORTER_STATS, "reporter-stats", REPORTER, KEEPER, ONE(message_reporter_stats), 0, 10)            \
	X(ARCHIVE_LIMITS, "limits", KEEPER, ARCHIVE, ONE(message_limits), 0, 0)                              \
	X(ARCHIVE_TENANTS, "tenants", KEEPER, ARCHIVE, ONE(message_tenants), 0, 0)                           \
	X(ARCHIVE_AUDIT, "audit", KEEPER, ARCHIVE, ONE(message_audit), 0, 0)                                 \
	X(ARCHIVE_COUNTS, "counts", KEEPER, ARCHIVE, ONE(message_counts), 0, 0)                              \
	X(ARCHIVE_REPORTER, "reporter-channel", KEEPER, ARCHIVE, NOTHING, 1, 0)                              \
	X(ARCHIVE_STATS, "archive-stats", ARCHIVE, KEEPER, ONE(message_archive_stats), 0, 10)                \
	X(REPORTER_ARCHIVE, "archive-channel", KEEPER, REPORTER, NOTHING, 1, 0)                              \
	X(KEEP, "event", REPORTER, ARCHIVE, WITH_TEXT(message_kept, 2), 0, 0)                                \
	X(TAKEN, "events-taken", ARCHIVE, REPORTER, ONE(message_taken), 0, 0)                                \
	X(NOTIFIER_CHANNELS, "channels", KEEPER, NOTIFIER, ONE(message_channels), 0, 0)                      \
	X(NOTIFIER_ARCHIVE, "archive-channel", KEEPER, NOTIFIER, NOTHING, 1, 0)                              \
	X(NOTIFIER_TEST, "test", KEEPER, NOTIFIER, ONE(message_ask), 0, 0)                                   \
	X(NOTIFIER_STATS, "notifier-stats", NOTIFIER, KEEPER, ONE(message_notifier_stats), 0, 10)            \
	X(NOTIFIER_TESTED, "tested", NOTIFIER, KEEPER, ONE(message_done), 0, 10)                             \
	X(ARCHIVE_NOTIFIER, "notifier-channel", KEEPER, ARCHIVE, NOTHING, 1, 0)                              \
	X(URGENT, "urgent-event", ARCHIVE, NOTIFIER, ONE(message_urgent), 0, 0)                              \
	X(MARK, "mark", NOTIFIER, ARCHIVE, ONE(message_mark), 0, 0)                                          \
	X(NOTICE, "notice", NOTIFIER, ARCHIVE, ONE(message_notice), 0, 0)                                    \
	X(NOTICE_OPEN, "open-notice", ARCHIVE, NOTIFIER, ONE(message_notice), 0, 0)                          \
	X(ACKED, "acknowledged", ARCHIVE, NOTIFIER, ONE(message_acked), 0, 0)                                \
	X(ARCHIVE_ACK, "acknowledge", KEEPER, ARCHIVE, ONE(message_ack), 0, 0)                               \
	X(ARCHIVE_DONE, "done", ARCHIVE, KEEPER, ONE(message_done), 0, 1000)                                 \
	X(COMMAND, "command", NOTIFIER, KEEPER, WITH_TEXT(message_command, 1), 0, 100)                       \
	X(COMMAND_DONE, "command-done", KEEPER, NOTIFIER, ONE(message_command_done), 0, 0)                   \
	X(PORTAL_SETTINGS, "settings", KEEPER, PORTAL, ONE(message_portal), 2, 0)                            \
	X(PORTAL_CTL, "ctl-channel", KEEPER, PORTAL, NOTHING, 1, 0)                                          \
	X(CTL_PORTAL, "portal-channel", KEEPER, CTL, NOTHING, 1, 0)                                          \
	X(PORTAL_CODE, "setup-code", KEEPER, PORTAL, ONE(message_ask), 0, 0)                                 \
	X(PORTAL_CODED, "setup-code-made", PORTAL, KEEPER, ONE(message_done), 0, 10)                         \
	X(PORTAL_SERVES, "serves", PORTAL, KEEPER, ONE(message_done), 0, 10)                                 \
	X(PARSE, "parse", KEEPER, PARSER, ONE(message_parse), 1, 0)                                          \
	X(PARSED, "parsed", PARSER, KEEPER, ONE(message_parsed), 2, 10)                                      \
	X(ASK_STATUS, "status", CTL, KEEPER, ONE(message_ask), 0, 200)                                       \
	X(ASK_COUNTERS, "counters", CTL, KEEPER, ONE(message_ask), 0, 200)                                   \
	X(ASK_WHY, "why", CTL, KEEPER, ONE(message_ask), 0, 200)                                             \
	X(ASK_LISTS, "list-status", CTL, KEEPER, ONE(message_ask), 0, 200)                                   \
	X(ASK_ITEMS, "list-show", CTL, KEEPER, ONE(message_ask), 0, 20000)                                   \
	X(ASK_EXPORTED, "exported", CTL, KEEPER, ONE(message_trace), 0, 200)                                 \
	X(TRACE, "trace", CTL, KEEPER, ONE(message_trace), 0, 200)                                           \
	X(SUPPRESS, "suppress", CTL, KEEPER, ONE(message_suppress), 0, 10)                                   \
	X(BLOCK, "block", CTL, KEEPER, ONE(message_block), 0, 5000)                                          \
	X(UNBLOCK, "unblock", CTL, KEEPER, ONE(message_ask), 0, 5000)                                        \
	X(ALLOW, "allow", CTL, KEEPER, ONE(message_ask), 0, 50)                                              \
	X(LIST_LOAD, "list-load", CTL, KEEPER, ONE(message_load), 1, 50)                                     \
	X(APPLY, "apply", CTL, KEEPER, ONE(message_ask), 0, 50)                                              \
	X(CONFIRM, "confirm", CTL, KEEPER, ONE(message_ask), 0, 50)                                          \
	X(ROLLBACK, "rollback", CTL, KEEPER, ONE(message_ask), 0, 50)                                        \
	X(LIST_VERIFY, "list-verify", CTL, KEEPER, ONE(message_ask), 0, 50)                                  \
	X(LIST_ROLLBACK, "list-rollback", CTL, KEEPER, ONE(message_ask), 0, 50)                              \
	X(RELOAD, "rules-reload", CTL, KEEPER, ONE(message_ask), 0, 50)                                      \
	X(NOTIFY_TEST, "notify-test", CTL, KEEPER, ONE(message_ask), 0, 10)                                  \
	X(ACK, "acknowledge", CTL, KEEPER, ONE(message_ack), 0, 500)                                         \
	X(ASK_CODE, "portal-code", CTL, KEEPER, ONE(message_ask), 0, 10)                                     \
	X(UP, "up", CTL, KEEPER, ONE(message_up), 0, 50)                                                     \
	X(DOWN, "down", CTL, KEEPER, ONE(message_ask), 0, 50)                                                \
	X(DONE, "done", KEEPER, CTL, ONE(message_done), 0, 0)                                                \
	X(STATUS, "status", KEEPER, CTL, ONE(message_status), 0, 0)                                          \
	X(WHY, "why", KEEPER, CTL, ONE(message_why), 0, 0)                                                   \
	X(ITEMS, "list-items", KEEPER, CTL, ONE(message_items), 0, 0)                                        \
	X(LISTS, "lists", KEEPER, CTL, ONE(message_lists), 0, 0)                                             \
	X(VERIFIED, "list-verified", KEEPER, CTL, ONE(message_verified), 0, 0)                               \
	X(COUNTERS, "counters", KEEPER, CTL, ONE(message_counters), 0, 0)

enum message_type {
	MESSAGE_NONE,
#define X(id, ...) MESSAGE_##id,
	MESSAGES(X)
#undef X
		MESSAGE_MAX
};

struct message_row {
	struct channel_rule rule;
	enum process_kind sender, receiver;
	uint8_t descriptor; /* 0 none, 1 required, 2 may come */
	uint32_t rate;
};
extern const struct message_row message_table[MESSAGE_MAX];

/* The rules of what receiver accepts from sender; returns how many were written to rules. */
size_t message_rules(enum process_kind sender, enum process_kind receiver,
		     struct channel_rule rules[MESSAGE_MAX]);

/* One message of a channel that the rules let through. */
struct message {
	struct channel_head head;
	int passed;    /* a descriptor or -1; who keeps it takes it (TAKE_FD), else it is closed */
	uint8_t *body; /* head.len bytes, aligned to 8, until take returns */
};

#define MESSAGE_NO_LIMIT UINT_MAX

/*
 * Hands to take what waits in a channel, most messages at a time, so that one sender cannot keep its receiver
 * from others. Ends early when take returns other than 0, with that. 0: nothing is left, or most were taken;
 * else an error of channel_receive(): the channel is of no more use.
 */
__must_check int message_receive_all(int fd, enum process_kind sender, enum process_kind receiver,
				     unsigned int most, int (*take)(struct message *message, void *arg),
				     void *arg);

/* Counts one message of type in this second; false: over its rate, drop it. One per channel, zeroed at start.
 */
struct message_meter {
	uint32_t second;
	uint32_t seen[MESSAGE_MAX];
	uint64_t dropped;
};
bool message_admit(struct message_meter *meter, uint32_t type, uint32_t second);

/* Prints the message and process tables as Markdown: doc/messages.md is this output. */
void message_document(void);

_Static_assert(sizeof(struct message_status) <= CHANNEL_BODY_MAX, "message_status");
_Static_assert(sizeof(struct message_portal) <= CHANNEL_BODY_MAX, "message_portal");
_Static_assert(sizeof(struct message_items) <= CHANNEL_BODY_MAX, "message_items");
_Static_assert(sizeof(struct message_lists) <= CHANNEL_BODY_MAX, "message_lists");
_Static_assert(sizeof(struct message_why) <= CHANNEL_BODY_MAX, "message_why");
_Static_assert(sizeof(struct message_proposal) + MESSAGE_LINE_MAX <= CHANNEL_BODY_MAX,
	       "message_proposal line");
_Static_assert(sizeof(struct message_command) + MESSAGE_LINE_MAX <= CHANNEL_BODY_MAX, "message_command text");
_Static_assert(sizeof(struct message_judged) + MESSAGE_LINE_MAX <= CHANNEL_BODY_MAX, "message_judged line");

#endif
