/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * message.h - everything that the processes of sekimorid say to each other:
 * one closed enum, and for each message its sender, receiver, bounds and rate.
 * A message outside its row ends the receiver's trust in the sender.
 */
#ifndef SEKIMORID_MESSAGE_H
#define SEKIMORID_MESSAGE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/list/list.h"
#include "core/report/notice.h"
#include "core/policy/policy.h"
#include "kern/gate.h"
#include "kern/genl.h"
#include "lib/channel.h"
#include "sekimori/event.h"

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

#define MESSAGE_TEXT_MAX      1024
#define MESSAGE_LINE_MAX      60000u /* an EVE line */
#define MESSAGE_OUTCOMES_MAX  64u
#define MESSAGE_IFACES_MAX    32u /* rows of a status answer; an instance has no more */
#define MESSAGE_UP_MAX	      16u /* --iface options of one `up` */
#define MESSAGE_PROCESSES_MAX 24u
#define MESSAGE_WHY_MAX	      32u  /* items shown; the total is always told */
#define MESSAGE_ITEMS_MAX     128u /* items of one page */

/* Bodies. Every field is checked by the receiver; text must end in NUL within its array. */

struct message_proposal { /* followed by the EVE line, line_len bytes */
	struct seki_flow_key key;
	uint64_t flow_id;
	struct seki_addr attacker;
	uint32_t sid;
	uint32_t line_len;
	uint16_t vlan;
	uint8_t kind;	  /* enum decide_kind */
	uint8_t severity; /* enum seki_severity */
	uint8_t dir;	  /* enum direction of the match: 0 to server */
	uint8_t dropped;  /* what matched was dropped by the kernel before it was delivered */
	uint8_t pad[2];
	char why[64]; /* why the engine asks for no more */
};

struct message_outcome {
	struct seki_flow_key key;
	uint64_t flow_id;
	uint8_t outcome; /* enum flow_outcome */
	uint8_t pad[7];
};

struct message_outcomes {
	uint32_t count, pad;
	struct message_outcome rows[MESSAGE_OUTCOMES_MAX];
};

/* FTP's two sides agreed on a data connection: from will connect to `to`, port (host order). */
struct message_announced {
	struct seki_flow_key key; /* of the control connection */
	uint64_t flow_id;
	struct seki_addr from, to;
	uint16_t port;
	uint8_t pad[6];
};

struct message_tunnel { /* names that may carry data out */
	struct seki_addr host, server;
	uint64_t names, bytes;
	char domain[256];
};

struct message_engine_stats {
	uint64_t packets, bytes, flows, alerts, undecoded, midstream, gaps, given_up;
	uint64_t inspected_bytes, ciphertext_bytes;
	uint64_t bad_records, chunks_lost, proposals_lost, events_lost;
	uint64_t ring_used, ring_size;
	uint64_t state_given_up; /* what rules counted and shared memory had no room for */
	uint64_t state_locks_taken,
		state_alone; /* of shared memory: see tracker_taken(), tracker_is_alone() */
};

struct message_ready {
	uint32_t loaded, failed, skipped;
	int32_t result;	    /* 0, or why the set was not taken: the old one stays */
	uint8_t digest[32]; /* SHA-256 of the rule files that are now active */
	uint32_t load_ms;   /* from the message to the new set */
	uint32_t peak_kib;  /* the most memory that the process ever held */
	uint32_t cached;    /* 1: nothing had to be compiled */
	uint32_t pad;
	char text[MESSAGE_TEXT_MAX]; /* first refused rules */
};

struct message_names { /* of interfaces, for children that may not ask */
	uint32_t count, pad;
	struct {
		uint32_t ifindex;
		char name[16];
	} rows[MESSAGE_IFACES_MAX];
};

struct message_judged { /* followed by the EVE line, line_len bytes */
	uint64_t delivered_pkts, delivered_bytes;
	uint32_t block_seconds;
	uint32_t line_len;
	uint8_t verdict; /* enum seki_verdict */
	uint8_t action;	 /* enum decide_kind as done */
	uint8_t pad[6];
	char why[64];
};

struct message_decision {
	struct seki_record record;
	uint64_t wall_us;
	char list[LIST_NAME_MAX];
};

#define MESSAGE_WHO_MAX 40u /* a user of the portal */
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
		refused;  /* of list files; PARSE_RULES: rules, merged: skipped ones */
	uint32_t removed; /* of list files: accepted ones that take something off */
	uint32_t pad;
	char text[4096]; /* errors and refused lines, one per line */
};

struct message_peer { /* who sits at the other end of a request's terminal */
	uint32_t uid;
	uint32_t known;	     /* 1: address and port are set */
	uint8_t address[16]; /* v4-mapped */
	uint16_t port;	     /* of our side, host order */
	uint8_t portal;	     /* 1: the portal asks, for its user who */
	uint8_t pad[5];
	char who[MESSAGE_WHO_MAX];
};

struct message_ack {
	struct message_peer peer;
	uint64_t id;	/* 0: all, unless an event is named */
	uint64_t event; /* of the store: also one that no notice tells; 0 none */
	char by[64];	/* "" whoever the peer is */
	char comment[256];
};

struct message_prefix {
	uint8_t addr[16];
	uint8_t len;
	uint8_t pad[7];
};

struct message_block {
	struct message_peer peer;
	struct message_prefix prefix;
	uint64_t seconds; /* 0 = until unblocked */
	char reason[LIST_REASON_MAX];
};

struct message_ask { /* requests that need nothing but an address, a name or a number */
	struct message_peer peer;
	struct message_prefix prefix;
	uint32_t number;	    /* confirm-within seconds, or the page's first item */
	uint32_t remove;	    /* allow: take the entry out again; down: leave what is attached;
				       list-verify: make the kernel's tables anew when they differ */
	char name[POLICY_NAME_MAX]; /* of a list */
	char path[POLICY_PATH_MAX]; /* of a configuration */
};

/*
 * What somebody did that leaves no other trace: in the portal looked at evidence, logged in, changed a user;
 * on the command line took something along (ASK_EXPORTED, from whoever may read: kind is 0, the keeper's
 * own).
 */
struct message_trace {
	struct message_peer peer;
	uint32_t kind; /* AUDIT_READ, AUDIT_CHANGE or AUDIT_NOTE */
	uint32_t pad;
	char text[256];
};

struct message_suppress { /* no alerts of a rule for a source; drops go on */
	struct message_peer peer;
	struct message_prefix prefix;
	uint32_t gid, sid;
	uint32_t remove, pad; /* 1: it tells about that source again */
	char reason[LIST_REASON_MAX];
};

#define MESSAGE_CERTIFICATE_MAX 32768u
#define MESSAGE_KEY_MAX		8192u
/* How the portal serves; its listening socket comes with it, none: it closes, unless it goes on as it is. */
struct message_portal {
	uint32_t tls;			  /* 1: certificate and key hold */
	uint8_t may_allow, stays, pad[2]; /* stays: certificate and key cannot be read; what serves goes on */
	char instance[32], host[64];	  /* host: the name that browsers may use beside addresses, "" none */
	char listen[80];		  /* for people */
	char certificate[MESSAGE_CERTIFICATE_MAX], key[MESSAGE_KEY_MAX];
};

struct message_load {
	struct message_peer peer;
	uint32_t expires; /* seconds, of entries that do not say; 0: never */
	uint32_t update;  /* a change of what is loaded, not a replacement */
	uint32_t max_age;
	uint8_t flags, severity, allow, max_share, priority; /* as in struct policy_list */
	uint8_t pad[7];
	char name[POLICY_NAME_MAX];
	char format[16]; /* "": by content */
};

#define UP_TAKEOVER 1u
#define UP_GENERIC  2u
#define UP_ENFORCE  4u
struct message_up {
	struct message_peer peer;
	uint32_t flags; /* UP_* */
	uint32_t confirm_within;
	uint32_t count, pad;
	struct {
		char name[16];
		uint16_t vlan;
		uint8_t role;
		uint8_t pad[5];
	} ifaces[MESSAGE_UP_MAX];
	char path[POLICY_PATH_MAX]; /* of a configuration, "" = keep */
};

struct message_done {
	int32_t result;
	uint32_t pad;
	char text[4096];
};

struct message_status_iface {
	char name[16];
	uint32_t ifindex, prog_id,
		enforce_left; /* seconds until an unconfirmed enforce falls back; 0 = none */
	uint16_t vlan;
	uint8_t role, mode, kind, generic, frags, tc_egress, attached;
	uint8_t held, role_held, mode_held; /* what the kernel's row says, where it has one */
	uint64_t since;			    /* epoch seconds, 0 unknown */
};
struct message_status_process {
	char name[16];
	uint32_t pid, restarts;
	uint32_t up, pad;
};
struct message_status_module {
	uint32_t presence;	     /* enum kmod_presence */
	uint32_t used;		     /* the packet program calls it */
	uint32_t guarded, enforcing; /* interfaces; those of them where the guard does the program's work */
	uint64_t guard_dropped, guard_would;
	uint64_t stats[SEKI_STAT_MAX];
	struct {
		uint64_t serial, size; /* 0: none is in force */
		uint8_t digest[SEKI_DIGEST_BYTES];
	} tables[SEKI_TABLE_MAX];
	char version[32]; /* "" none */
};
/* What this machine itself begins (role host): the layers that judge it. */
struct message_status_egress {
	uint8_t self;	       /* 0: no interface has that role, the rest is 0 */
	uint8_t monitor;       /* nothing is refused */
	uint8_t early;	       /* sockets are refused, not only packets */
	uint8_t backstop, xdp; /* packet sockets are stopped; AF_XDP sockets are refused */
	char other[16];	       /* an interface by which frames may leave unseen, "" none */
};
struct message_status {
	uint64_t generation, digest, started, since;
	uint64_t digest_held;	/* of the policy, as the kernel's settings have it; 0 unknown */
	uint64_t config_digest; /* policy_digest() of the configuration that holds; 0 there is none */
	uint32_t gate, adopted;
	uint32_t pending_left, alarms;
	uint32_t iface_count, process_count, list_total, rules_loaded, rules_failed, engines, engines_ready;
	uint32_t landlock; /* ABI, 0 = the kernel has none */
	uint64_t messages_dropped, events_lost, proposals, refused_proposals, protocol_breaks;
	uint64_t blocks_made, cuts_made;
	struct message_engine_stats engine; /* summed */
	struct message_reporter_stats reporter;
	struct message_archive_stats archive;
	struct message_notifier_stats notifier;
	struct gate_usage usage;
	uint32_t lab_clock; /* 1: the time of day of records is made up */
	uint64_t losses[SEKI_LOSS_MAX];
	uint64_t dropped, would_drop, passed;
	struct message_status_module module;
	struct message_status_egress egress;
	char alarm[256]; /* the last one */
	char eve[POLICY_PATH_MAX];
	char config[POLICY_PATH_MAX];
	struct message_status_iface ifaces[MESSAGE_IFACES_MAX];
	struct message_status_process processes[MESSAGE_PROCESSES_MAX];
};

struct message_item {
	struct message_prefix prefix;
	uint64_t expires, created; /* epoch seconds */
	uint32_t sid;
	uint8_t flags, severity;
	uint8_t pad[2];
	char list[LIST_NAME_MAX];
	char reason[LIST_REASON_MAX];
};
struct message_why {
	struct message_prefix prefix;
	uint32_t now; /* CLOCK_MONOTONIC seconds, the clock of the entries */
	uint32_t gate;
	uint32_t listed, blocked, net, enforcing; /* found in the kernel; any interface enforces */
	struct seki_entry list_entry, block_entry;
	struct message_prefix list_prefix; /* of list_entry */
	struct seki_hits list_hits, block_hits;
	struct seki_net net_entry;
	char list[LIST_NAME_MAX];
	uint32_t total, count;
	struct message_item items[MESSAGE_WHY_MAX];
};
struct message_items {
	uint32_t total, first, count, pad;
	struct message_item items[MESSAGE_ITEMS_MAX];
};
struct message_lists {
	uint32_t count, total, limit;
	uint32_t now; /* CLOCK_MONOTONIC seconds, the clock of the hits */
	uint32_t gate, previous, stale, pad;
	uint64_t bytes; /* of the daemon's own copy */
	struct gate_usage usage;
	struct {
		char name[LIST_NAME_MAX];
		struct list_about about;
		struct seki_hits hits;
		uint32_t rollback, pad; /* 1: an earlier state is kept */
	} rows[SEKI_MAX_LISTS];
};
struct message_verified {
	uint64_t want, held; /* digests */
	uint32_t rows;	     /* that the lists add up to */
	uint32_t spilled, differences, count;
	uint32_t mended, pad; /* 1: the tables were made anew for it */
	struct {
		struct gate_list_difference seen;
		char want[LIST_NAME_MAX], held[LIST_NAME_MAX];
	} first[GATE_LIST_DIFFERENCES];
};
struct message_counters {
	struct seki_counter reasons[SEKI_REASON_MAX];
	uint64_t losses[SEKI_LOSS_MAX];
};

/*
 * id, name, sender, receiver, least and greatest body, descriptor that comes
 * with it (0 none, 1 required, 2 may come), messages per second that the receiver takes
 * (0 = not limited; more are dropped and counted).
 */
#define MESSAGES(X)                                                                                          \
	X(STOP, "stop", KEEPER, ENGINE, 0, 0, 0, 0)                                                          \
	X(POLICY, "policy", KEEPER, ENGINE, 0, 0, 1, 0)                                                      \
	X(RULES, "rules", KEEPER, ENGINE, 0, 0, 1, 0)                                                        \
	X(COMPILED, "compiled-rules", KEEPER, ENGINE, 0, 0, 1, 0)                                            \
	X(REPORTER, "reporter-channel", KEEPER, ENGINE, 0, 0, 1, 0)                                          \
	X(NAMES, "interface-names", KEEPER, ENGINE, sizeof(struct message_names),                            \
	  sizeof(struct message_names), 0, 0)                                                                \
	X(PROPOSAL, "proposal", ENGINE, KEEPER, sizeof(struct message_proposal),                             \
	  sizeof(struct message_proposal) + MESSAGE_LINE_MAX, 0, 20000)                                      \
	X(OUTCOMES, "flow-outcomes", ENGINE, KEEPER, sizeof(struct message_outcomes),                        \
	  sizeof(struct message_outcomes), 0, 20000)                                                         \
	X(ANNOUNCED, "announced-connection", ENGINE, KEEPER, sizeof(struct message_announced),               \
	  sizeof(struct message_announced), 0, 20000)                                                        \
	X(TUNNEL, "dns-tunnel", ENGINE, KEEPER, sizeof(struct message_tunnel),                               \
	  sizeof(struct message_tunnel), 0, 100)                                                             \
	X(ENGINE_STATS, "engine-stats", ENGINE, KEEPER, sizeof(struct message_engine_stats),                 \
	  sizeof(struct message_engine_stats), 0, 10)                                                        \
	X(READY, "ready", ENGINE, KEEPER, sizeof(struct message_ready), sizeof(struct message_ready), 0, 10) \
	X(EVENT, "event", ENGINE, REPORTER, 2, MESSAGE_LINE_MAX, 0, 50000)                                   \
	X(ENGINE_CHANNEL, "engine-channel", KEEPER, REPORTER, 4, 4, 1, 0)                                    \
	X(EVE_FILE, "eve-file", KEEPER, REPORTER, 0, 0, 1, 0)                                                \
	X(REPORTER_NAMES, "interface-names", KEEPER, REPORTER, sizeof(struct message_names),                 \
	  sizeof(struct message_names), 0, 0)                                                                \
	X(JUDGED, "judged-event", KEEPER, REPORTER, sizeof(struct message_judged),                           \
	  sizeof(struct message_judged) + MESSAGE_LINE_MAX, 0, 0)                                            \
	X(DECISION, "decision", KEEPER, REPORTER, sizeof(struct message_decision),                           \
	  sizeof(struct message_decision), 0, 0)                                                             \
	X(EGRESS, "egress", KEEPER, REPORTER, 2, MESSAGE_LINE_MAX, 0, 0)                                     \
	X(AUDIT, "audit", KEEPER, REPORTER, sizeof(struct message_audit), sizeof(struct message_audit), 0,   \
	  0)                                                                                                 \
	X(REPORTER_STATS, "reporter-stats", REPORTER, KEEPER, sizeof(struct message_reporter_stats),         \
	  sizeof(struct message_reporter_stats), 0, 10)                                                      \
	X(ARCHIVE_LIMITS, "limits", KEEPER, ARCHIVE, sizeof(struct message_limits),                          \
	  sizeof(struct message_limits), 0, 0)                                                               \
	X(ARCHIVE_AUDIT, "audit", KEEPER, ARCHIVE, sizeof(struct message_audit),                             \
	  sizeof(struct message_audit), 0, 0)                                                                \
	X(ARCHIVE_COUNTS, "counts", KEEPER, ARCHIVE, sizeof(struct message_counts),                          \
	  sizeof(struct message_counts), 0, 0)                                                               \
	X(ARCHIVE_REPORTER, "reporter-channel", KEEPER, ARCHIVE, 0, 0, 1, 0)                                 \
	X(ARCHIVE_STATS, "archive-stats", ARCHIVE, KEEPER, sizeof(struct message_archive_stats),             \
	  sizeof(struct message_archive_stats), 0, 10)                                                       \
	X(REPORTER_ARCHIVE, "archive-channel", KEEPER, REPORTER, 0, 0, 1, 0)                                 \
	X(KEEP, "event", REPORTER, ARCHIVE, sizeof(struct message_kept) + 2,                                 \
	  sizeof(struct message_kept) + MESSAGE_LINE_MAX, 0, 0)                                              \
	X(TAKEN, "events-taken", ARCHIVE, REPORTER, sizeof(struct message_taken),                            \
	  sizeof(struct message_taken), 0, 0)                                                                \
	X(NOTIFIER_CHANNELS, "channels", KEEPER, NOTIFIER, sizeof(struct message_channels),                  \
	  sizeof(struct message_channels), 0, 0)                                                             \
	X(NOTIFIER_ARCHIVE, "archive-channel", KEEPER, NOTIFIER, 0, 0, 1, 0)                                 \
	X(NOTIFIER_TEST, "test", KEEPER, NOTIFIER, sizeof(struct message_ask), sizeof(struct message_ask),   \
	  0, 0)                                                                                              \
	X(NOTIFIER_STATS, "notifier-stats", NOTIFIER, KEEPER, sizeof(struct message_notifier_stats),         \
	  sizeof(struct message_notifier_stats), 0, 10)                                                      \
	X(NOTIFIER_TESTED, "tested", NOTIFIER, KEEPER, sizeof(struct message_done),                          \
	  sizeof(struct message_done), 0, 10)                                                                \
	X(ARCHIVE_NOTIFIER, "notifier-channel", KEEPER, ARCHIVE, 0, 0, 1, 0)                                 \
	X(URGENT, "urgent-event", ARCHIVE, NOTIFIER, sizeof(struct message_urgent),                          \
	  sizeof(struct message_urgent), 0, 0)                                                               \
	X(MARK, "mark", NOTIFIER, ARCHIVE, sizeof(struct message_mark), sizeof(struct message_mark), 0, 0)   \
	X(NOTICE, "notice", NOTIFIER, ARCHIVE, sizeof(struct message_notice), sizeof(struct message_notice), \
	  0, 0)                                                                                              \
	X(NOTICE_OPEN, "open-notice", ARCHIVE, NOTIFIER, sizeof(struct message_notice),                      \
	  sizeof(struct message_notice), 0, 0)                                                               \
	X(ACKED, "acknowledged", ARCHIVE, NOTIFIER, sizeof(struct message_acked),                            \
	  sizeof(struct message_acked), 0, 0)                                                                \
	X(ARCHIVE_ACK, "acknowledge", KEEPER, ARCHIVE, sizeof(struct message_ack),                           \
	  sizeof(struct message_ack), 0, 0)                                                                  \
	X(ARCHIVE_DONE, "done", ARCHIVE, KEEPER, sizeof(struct message_done), sizeof(struct message_done),   \
	  0, 1000)                                                                                           \
	X(COMMAND, "command", NOTIFIER, KEEPER, sizeof(struct message_command) + 1,                          \
	  sizeof(struct message_command) + MESSAGE_LINE_MAX, 0, 100)                                         \
	X(COMMAND_DONE, "command-done", KEEPER, NOTIFIER, sizeof(struct message_command_done),               \
	  sizeof(struct message_command_done), 0, 0)                                                         \
	X(PORTAL_SETTINGS, "settings", KEEPER, PORTAL, sizeof(struct message_portal),                        \
	  sizeof(struct message_portal), 2, 0)                                                               \
	X(PORTAL_CTL, "ctl-channel", KEEPER, PORTAL, 0, 0, 1, 0)                                             \
	X(CTL_PORTAL, "portal-channel", KEEPER, CTL, 0, 0, 1, 0)                                             \
	X(PORTAL_CODE, "setup-code", KEEPER, PORTAL, sizeof(struct message_ask), sizeof(struct message_ask), \
	  0, 0)                                                                                              \
	X(PORTAL_CODED, "setup-code-made", PORTAL, KEEPER, sizeof(struct message_done),                      \
	  sizeof(struct message_done), 0, 10)                                                                \
	X(PORTAL_SERVES, "serves", PORTAL, KEEPER, sizeof(struct message_done), sizeof(struct message_done), \
	  0, 10)                                                                                             \
	X(PARSE, "parse", KEEPER, PARSER, sizeof(struct message_parse), sizeof(struct message_parse), 1, 0)  \
	X(PARSED, "parsed", PARSER, KEEPER, sizeof(struct message_parsed), sizeof(struct message_parsed), 2, \
	  10)                                                                                                \
	X(ASK_STATUS, "status", CTL, KEEPER, sizeof(struct message_ask), sizeof(struct message_ask), 0, 200) \
	X(ASK_COUNTERS, "counters", CTL, KEEPER, sizeof(struct message_ask), sizeof(struct message_ask), 0,  \
	  200)                                                                                               \
	X(ASK_WHY, "why", CTL, KEEPER, sizeof(struct message_ask), sizeof(struct message_ask), 0, 200)       \
	X(ASK_LISTS, "list-status", CTL, KEEPER, sizeof(struct message_ask), sizeof(struct message_ask), 0,  \
	  200)                                                                                               \
	X(ASK_ITEMS, "list-show", CTL, KEEPER, sizeof(struct message_ask), sizeof(struct message_ask), 0,    \
	  20000)                                                                                             \
	X(ASK_EXPORTED, "exported", CTL, KEEPER, sizeof(struct message_trace), sizeof(struct message_trace), \
	  0, 200)                                                                                            \
	X(TRACE, "trace", CTL, KEEPER, sizeof(struct message_trace), sizeof(struct message_trace), 0, 200)   \
	X(SUPPRESS, "suppress", CTL, KEEPER, sizeof(struct message_suppress),                                \
	  sizeof(struct message_suppress), 0, 10)                                                            \
	X(BLOCK, "block", CTL, KEEPER, sizeof(struct message_block), sizeof(struct message_block), 0, 5000)  \
	X(UNBLOCK, "unblock", CTL, KEEPER, sizeof(struct message_ask), sizeof(struct message_ask), 0, 5000)  \
	X(ALLOW, "allow", CTL, KEEPER, sizeof(struct message_ask), sizeof(struct message_ask), 0, 50)        \
	X(LIST_LOAD, "list-load", CTL, KEEPER, sizeof(struct message_load), sizeof(struct message_load), 1,  \
	  50)                                                                                                \
	X(APPLY, "apply", CTL, KEEPER, sizeof(struct message_ask), sizeof(struct message_ask), 0, 50)        \
	X(CONFIRM, "confirm", CTL, KEEPER, sizeof(struct message_ask), sizeof(struct message_ask), 0, 50)    \
	X(ROLLBACK, "rollback", CTL, KEEPER, sizeof(struct message_ask), sizeof(struct message_ask), 0, 50)  \
	X(LIST_VERIFY, "list-verify", CTL, KEEPER, sizeof(struct message_ask), sizeof(struct message_ask),   \
	  0, 50)                                                                                             \
	X(LIST_ROLLBACK, "list-rollback", CTL, KEEPER, sizeof(struct message_ask),                           \
	  sizeof(struct message_ask), 0, 50)                                                                 \
	X(RELOAD, "rules-reload", CTL, KEEPER, sizeof(struct message_ask), sizeof(struct message_ask), 0,    \
	  50)                                                                                                \
	X(NOTIFY_TEST, "notify-test", CTL, KEEPER, sizeof(struct message_ask), sizeof(struct message_ask),   \
	  0, 10)                                                                                             \
	X(ACK, "acknowledge", CTL, KEEPER, sizeof(struct message_ack), sizeof(struct message_ack), 0, 500)   \
	X(ASK_CODE, "portal-code", CTL, KEEPER, sizeof(struct message_ask), sizeof(struct message_ask), 0,   \
	  10)                                                                                                \
	X(UP, "up", CTL, KEEPER, sizeof(struct message_up), sizeof(struct message_up), 0, 50)                \
	X(DOWN, "down", CTL, KEEPER, sizeof(struct message_ask), sizeof(struct message_ask), 0, 50)          \
	X(DONE, "done", KEEPER, CTL, sizeof(struct message_done), sizeof(struct message_done), 0, 0)         \
	X(STATUS, "status", KEEPER, CTL, sizeof(struct message_status), sizeof(struct message_status), 0, 0) \
	X(WHY, "why", KEEPER, CTL, sizeof(struct message_why), sizeof(struct message_why), 0, 0)             \
	X(ITEMS, "list-items", KEEPER, CTL, sizeof(struct message_items), sizeof(struct message_items), 0,   \
	  0)                                                                                                 \
	X(LISTS, "lists", KEEPER, CTL, sizeof(struct message_lists), sizeof(struct message_lists), 0, 0)     \
	X(VERIFIED, "list-verified", KEEPER, CTL, sizeof(struct message_verified),                           \
	  sizeof(struct message_verified), 0, 0)                                                             \
	X(COUNTERS, "counters", KEEPER, CTL, sizeof(struct message_counters),                                \
	  sizeof(struct message_counters), 0, 0)

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

/* Does the text end within its array? */
bool message_text_valid(const char *text, size_t size);
bool message_prefix_get(const struct message_prefix *in,
			struct prefix *out); /* false: length or host bits are wrong */
void message_prefix_put(const struct prefix *in, struct message_prefix *out);

/* Prints the message and process tables as Markdown: doc/messages.md is this output. */
void message_document(void);

_Static_assert(sizeof(struct message_proposal) == 144, "message_proposal");
_Static_assert(sizeof(struct message_outcome) == 56, "message_outcome");
_Static_assert(sizeof(struct message_peer) == 72, "message_peer");
_Static_assert(sizeof(struct message_prefix) == 24, "message_prefix");
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
