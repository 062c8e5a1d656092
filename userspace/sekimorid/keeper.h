/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keeper.h - the process that may change the kernel. It parses nothing from
 * outside: children do, and it judges what they say. Single thread.
 */
#ifndef SEKIMORID_KEEPER_H
#define SEKIMORID_KEEPER_H

#include <sys/types.h>

#include "core/egress/egress_table.h"
#include "core/match/inspector.h"
#include "core/list/list_image.h"
#include "kern/ring.h"
#include "lib/instance.h"
#include "lib/loop.h"
#include "process.h"

#define KEEPER_CHILDREN                                                                                      \
	(5 + SEKI_MAX_RINGS + 1) /* ctl, reporter, archive, notifier, portal, engines, parser */
#define KEEPER_RUNS	      4	 /* programs for notices at once */
#define KEEPER_SUPPRESS_FILE  "suppress.config" /* in the state folder */
#define KEEPER_RESTARTS	      5 /* of one child within KEEPER_RESTART_WINDOW seconds; then an alarm and a pause */
#define KEEPER_RESTART_WINDOW 60u
#define KEEPER_AUTOS	      256      /* addresses that the machine itself puts into the allow set */
#define KEEPER_PEERS	      16       /* management peers remembered; the oldest goes first */
#define KEEPER_REPEATS	      4096     /* sources whose repeats are remembered */
#define KEEPER_LIST_MAX	      4000000u /* entries while no configuration says another number (list-entries) */

struct keeper_options {
	const char *instance, *config, *state_root, *run_root, *object, *exe_dir;
	bool foreground;
};

struct keeper_child {
	enum process_kind kind;
	unsigned int index;
	pid_t pid; /* 0: not running */
	int fd;	   /* -1: none */
	uint32_t restarts;
	uint32_t recent[KEEPER_RESTARTS]; /* seconds of the last restarts */
	uint32_t next_start;		  /* not before this second */
	bool given_up;			  /* said once; cleared when it holds again */
	bool ready;
	bool rules_asked; /* it was handed rules and has not answered */
	struct message_meter meter;
	struct message_ready rules;	   /* engines */
	struct message_engine_stats stats; /* engines */
};

struct keeper_iface {
	struct policy_iface want;
	uint32_t ifindex;
	bool attached, alarmed;
	struct gate_hook hook;
	uint64_t since; /* epoch */
};

struct keeper_auto {
	struct prefix prefix;
	uint32_t flags; /* SEKI_NET_* */
	struct seki_scope scope;
};

struct keeper_repeat {
	struct seki_addr addr;
	uint32_t count, last; /* second of the last block */
};

enum keeper_task_kind { TASK_VERIFY, TASK_SAVE, TASK_MAX };

/* An image of lists, mapped and checked; several may hold it. */
struct keeper_image {
	unsigned int owners;
	const void *data;
	size_t len;
	struct list_image image;
};

/* A policy as people gave it: the configuration, and what commands added to it. */
struct keeper_policy {
	struct policy *base;	    /* owned */
	struct policy *runtime;	    /* owned: interfaces of `up`, entries of `allow`, management peers */
	struct keeper_image *lists; /* of base, owned; NULL: it has none */
};

/* A program that tells of a notice. */
struct keeper_run {
	pid_t pid; /* 0: none */
	uint64_t message;
	uint32_t channel, until;
	bool killed;
};

struct keeper_job;
struct keeper_task;
struct keeper_module;
struct keeper_counts;
struct keeper_watch;

struct keeper {
	struct keeper_options options;
	char run_dir[INSTANCE_PATH_MAX], state_dir[INSTANCE_PATH_MAX], object[INSTANCE_PATH_MAX];
	char config[POLICY_PATH_MAX]; /* "" = none */
	int lock;
	int listener; /* control socket */
	struct loop *loop;
	struct gate *gate; /* NULL until something is up */
	int shared;	   /* memory in which engines remember together; -1: not made yet */
	int compiled;	   /* rule databases that a parser compiled, sealed; -1: none */
	struct ring *prio;
	struct ring_watch *prio_watch;
	bool adopted;
	uint64_t started; /* epoch */

	struct keeper_policy now, before; /* before: what rollback goes back to; members may be NULL */
	uint32_t pending_until;		  /* second; 0: nothing waits for a confirm */
	struct seki_settings settings;
	struct keeper_iface ifaces[MESSAGE_IFACES_MAX];
	uint32_t iface_count;

	struct list_set *lists;
	int64_t list_clock; /* from epoch seconds to those of the packet path, as its rows have it; 0: not yet
			     */
	bool lists_stale;   /* the kernel's rows are to be made anew: expired items, another clock */
	uint64_t lists_old; /* a bit per list that people heard is out of date */
	uint64_t lists_fresh;  /* of the set being made: lists whose counters begin anew */
	uint64_t list_changes; /* of the kernel's tables */
	uint64_t block_changes;
	bool prefilter_stale; /* the module's table is behind the rules */
	struct keeper_module *module;
	struct { /* the idle generation is what holds but for one list, as it was before; while nothing else
		    changed */
		uint16_t list; /* LIST_MANUAL: it is not */
		uint64_t changes;
	} idle;
	struct {
		int fd; /* -1: none */
		uint32_t records;
		bool dirty, turned; /* turned: records go to manual.journal.next */
		uint64_t digest;    /* of manual.list */
		struct journal_work *work;
	} journal; /* what was done by hand since manual.list was written */

	struct keeper_auto autos[KEEPER_AUTOS];
	uint32_t auto_count;
	struct keeper_auto resolvers[16];
	uint32_t resolver_count;
	int64_t resolv_mtime;
	uint32_t default_iface; /* ifindex of the default route, 0 none */
	bool nets_stale;

	struct keeper_child children[KEEPER_CHILDREN];
	struct message_reporter_stats reporter;
	struct message_archive_stats archive;
	struct message_notifier_stats notifier;
	int portal_listener; /* -1: none */
	bool portal_tls;
	bool store_moved;	   /* its DB_SERVER_FILE changed, and not everybody knows */
	char portal_listen[80];	   /* what it listens at */
	char portal_why[1024];	   /* why it does not, or not as configured */
	uint64_t code_cookie;	   /* who waits for a setup code, 0 nobody */
	char who[MESSAGE_WHO_MAX]; /* user of the portal whose request is being served, "" none */
	uint64_t test_cookie;	   /* who waits for `notify test`, 0 nobody */
	struct keeper_run runs[KEEPER_RUNS];
	struct keeper_counts *counts; /* keeper_archive.c: figures as told last, NULL before the first time */
	struct message_audit *audits; /* that the archive has not got yet */
	uint32_t audit_count;
	uint64_t audits_lost;
	struct keeper_job *job;		     /* the one change under way, or NULL */
	struct keeper_loading *loading;	     /* keeper_list_load.c: a list that comes into force, or NULL */
	struct keeper_task *tasks[TASK_MAX]; /* copies of the keeper at work, or NULL */

	struct egress_table *egress; /* as pushed; NULL before the first policy */
	bool egress_early;	     /* socket hooks may refuse: every way out is managed */
	bool egress_blind;	     /* the last look at them, or at what was in between, failed */
	int news;		     /* what happens to interfaces, -1 nobody asks */
	char egress_other[16];	     /* role host: an interface by which frames may leave unseen, "" none */
	bool sockets_wanted, backstop_wanted, backstop_stops;
	uint64_t backstop_frames;
	uint32_t self_until;
	uint64_t self_cookie; /* of our network namespace, 0 unknown */
	int64_t clock_offset; /* wall clock minus monotonic, seconds, at the last push */
	struct keeper_watch *watch;

	struct keeper_repeat repeats[KEEPER_REPEATS];
	uint32_t block_second, block_count; /* rate of source blocks */
	uint64_t proposals, proposals_refused, protocol_breaks, blocks_made, cuts_made, events_lost;
	int report_patience_ms; /* 0 but for what must not be lost */
	uint32_t alarms, ticks;
	char alarm[256];
	bool block_table_full, eve_named;
	bool resume; /* the last run had interfaces: tried again until they are there */
};

/* keeper.c */
int keeper_run(const struct keeper_options *options);
uint32_t keeper_now(void);   /* CLOCK_MONOTONIC seconds */
uint64_t keeper_epoch(void); /* seconds */
uint64_t keeper_wall_us(void);
/* Adds a sentence to what whoever asked for a change is told, and to the log. */
void keeper_warn(char *text, size_t size, const char *sentence);
/* Into the event file and the log; uid of who caused it. */
void keeper_audit(struct keeper *k, enum message_audit_kind kind, uint32_t uid, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* Opens the instance's maps for the interfaces wanted, once. */
__must_check int keeper_gate(struct keeper *k, const struct policy *effective, struct gate_why *why);
void keeper_prio(struct keeper *k);
void keeper_prio_drain(struct keeper *k); /* what is in it now, before an end */
int keeper_eve_open(struct keeper *k);

/* keeper_child.c */
void keeper_children_init(struct keeper *k);
/* What its child has sent is taken. */
void keeper_child_receive(struct keeper *k, int fd);
struct keeper_child *keeper_child(struct keeper *k, enum process_kind kind, unsigned int index);
__must_check int keeper_child_start(struct keeper *k, struct keeper_child *child);
void keeper_child_stop(struct keeper *k, struct keeper_child *child);
void keeper_children_end(struct keeper *k);
void keeper_children_tick(struct keeper *k); /* starts what should run and does not */
void keeper_children_reap(struct keeper *k);
void keeper_children_names(struct keeper *k);
/* Engines that should run: none before there is a packet program. */
uint32_t keeper_engines_wanted(const struct keeper *k);
/* A descriptor goes along unless fd is -1; it stays the caller's. -EAGAIN, -EPIPE: it has not got it. */
__must_check int keeper_child_send(const struct keeper_child *child, uint32_t type, uint64_t cookie,
				   const void *body, size_t len, int fd);
/* To the child of that kind; -EAGAIN, -EPIPE: it has not got it. */
__must_check int keeper_child_tell(struct keeper *k, enum process_kind kind, uint32_t type, const void *body,
				   size_t len);
/* Sends; a full queue to the reporter is waited for while report_patience_ms lasts, then counted as lost
 * events. */
void keeper_report(struct keeper *k, uint32_t type, const void *body, size_t len);
void keeper_answer(struct keeper *k, uint64_t cookie, uint32_t type, const void *body, size_t len);
void keeper_done(struct keeper *k, uint64_t cookie, int result, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* keeper_rules.c */
/* Copies rule files and the policy that they are read with into sealed memory; the descriptors are the
 * caller's. */
__must_check int keeper_rules_gather(struct keeper *k, int *policy, int *rules);
/* Hands them to engines, with what was compiled ahead; all: also to those that have rules. */
void keeper_rules_hand(struct keeper *k, int policy, int rules, bool all);
/* Gathers and hands; a failure is audited, and engines keep what they have. */
void keeper_rules_renew(struct keeper *k, bool all);
/* Does an engine still owe its answer to the rules it was handed? */
bool keeper_rules_reading(struct keeper *k);

/* keeper_apply.c */
struct keeper_apply {
	uint32_t confirm_within; /* seconds, 0 = at once and for good */
	struct gate_attach_options attach;
	uint32_t uid;
	bool trusted; /* was confirmed once: a restart or a way back needs no probation */
};
/*
 * Makes the kernel hold next (ownership is taken in any case): all or, on error, what was before. text gets
 * warnings on success and the reason on failure.
 */
__must_check int keeper_apply(struct keeper *k, struct keeper_policy *next, const struct keeper_apply *how,
			      char *text, size_t size);
__must_check int keeper_confirm(struct keeper *k, uint32_t uid);
__must_check int keeper_rollback(struct keeper *k, uint32_t uid, const char *cause, char *text, size_t size);
/* base and runtime as one; -E2BIG with text. */
__must_check int keeper_policy_merge(const struct keeper_policy *in, struct policy **out);
void keeper_policy_free(struct keeper_policy *policy);
__must_check int keeper_policy_copy(const struct policy *in, struct policy **out);
void keeper_hooks_poll(struct keeper *k);
__must_check int keeper_detach_all(struct keeper *k, char *text, size_t size);

/* keeper_net.c */
__must_check int keeper_nets_push(struct keeper *k, const struct policy *policy, struct gate_why *why);
/* What in the allow set the prefix covers, for a warning; "" none. */
void keeper_covers(const struct keeper *k, const struct prefix *prefix, char *text, size_t size);

/* keeper_egress.c: the egress allowlist, the socket hooks and the nftables backstop of role host */
__must_check int keeper_egress_push(struct keeper *k, const struct policy *policy, struct gate_why *why);
/* The part of the settings that the allowlist needs. */
void keeper_egress_settings(const struct keeper *k, struct seki_settings *settings);
/* After the interfaces: what role host needs beside its packet programs. Warnings into text. */
void keeper_egress_hooks(struct keeper *k, const struct policy *policy, char *text, size_t size);
void keeper_egress_tick(struct keeper *k);
void keeper_egress_status(struct keeper *k, struct message_status_egress *out);
bool keeper_egress_xdp_denied(struct keeper *k); /* AF_XDP sockets cannot be made in this network namespace */

/* keeper_ways.c: by which interfaces this machine's packets leave, now and since the last look */
void keeper_ways_follow(struct keeper *k);

/* keeper_watch.c: what our side began, watched; the sensor's own record */
__must_check int keeper_watch_start(struct keeper *k);
/* Before protection ends: what was seen up to here is told, what follows belongs to another record. */
void keeper_watch_close(struct keeper *k);
void keeper_watch_end(struct keeper *k);
void keeper_watch_policy(struct keeper *k, const struct policy *policy);
void keeper_watch_said(struct keeper *k, const struct message_host_said *in);
void keeper_watch_tunnel(struct keeper *k, const struct message_tunnel *in);
/* FTP announced it: a first packet that came before is no finding. */
void keeper_watch_announced(struct keeper *k, const struct seki_expect_key *key);
void keeper_watch_origin(struct keeper *k, const struct seki_record *record, const uint8_t *data);
void keeper_watch_listed(struct keeper *k, const struct seki_record *record, const char *list);
/* A canary's record? It is no finding. */
/* A program was found off, and put back or not: the time since the last look does not count as watched. */
void keeper_watch_came_off(struct keeper *k);
bool keeper_watch_is_canary(const struct seki_record *record);
void keeper_watch_raw(struct keeper *k, uint64_t frames, bool stopped, bool restored);
void keeper_watch_tick(struct keeper *k);

/* keeper_address.c: own addresses, gateways, true when they changed; the way to a host */
bool keeper_addresses_read(struct keeper *k);
uint32_t keeper_route_iface(const struct prefix *host);

/* keeper_list.c */
#define KEEPER_STALE_TICKS 30u /* whole generations for what only expired are made this often */
/* What the lists say into the kernel: the prefix that changed, or all of them. */
__must_check int keeper_lists_push(struct keeper *k, const struct prefix *only, struct gate_why *why);
/* The same of a set that is not in force yet, always as a generation. */
__must_check int keeper_lists_push_all(struct keeper *k, const struct list_set *set, struct gate_why *why);
/* The idle generation comes back, by one store. */
__must_check int keeper_lists_flip(struct keeper *k);
/* The rows that the kernel should have; malloc'ed. */
__must_check int keeper_lists_rows(struct keeper *k, const struct list_set *set, struct gate_list_row **rows,
				   uint32_t *count);
/*
 * What the lists would be with those of the image: in the place of those of the same name (TAKE_LISTS), and
 * of all others of the configuration (TAKE_CONFIG), or as changes to what is there. The set in force stays
 * until keeper_lists_commit(), which owns next. limit: of all entries together.
 */
enum keeper_take { TAKE_LISTS, TAKE_CONFIG, TAKE_CHANGES };
__must_check int keeper_lists_take(struct keeper *k, const struct list_image *image, enum keeper_take how,
				   uint32_t limit, struct list_set **next, struct gate_why *why);
void keeper_lists_commit(struct keeper *k, struct list_set *next);
/* One prefix of a set, in which no other one lies: a store or a few in the active tables, or in the idle ones
 * before they are switched to. -ENOSPC: only a new generation will do. */
__must_check int keeper_lists_put(struct keeper *k, const struct list_set *set, const struct prefix *only,
				  bool idle);
/* The generation of that slot from now on; all that is meant is in it. */
__must_check int keeper_lists_switch(struct keeper *k, uint32_t slot);
/* The manual list of next becomes what it is now. */
__must_check int keeper_lists_manual(const struct keeper *k, struct list_set *next);
void keeper_expire(struct keeper *k);

/* keeper_list_load.c */
/*
 * What keeper_lists_take() makes comes into force, all of it or nothing. Meanwhile requests and proposals are
 * taken, each within a few milliseconds.
 */
__must_check int keeper_lists_replace(struct keeper *k, const struct list_image *image, enum keeper_take how,
				      uint32_t limit, struct gate_why *why);
/* While long work gives way (lib/pause.h), requests and proposals are taken, or not any more. */
void keeper_load_pauses(struct keeper *k, bool on);
/* The manual list changed at this prefix. */
void keeper_load_carry(struct keeper *k, const struct prefix *prefix);
/* While a policy's lists come into force nothing else of it may change. */
bool keeper_load_refuses(const struct keeper *k, uint16_t type, const struct message_peer *peer);
/* True: the request comes again when a list that is being loaded is in force. */
bool keeper_load_holds(struct keeper *k, const struct channel_head *head, const void *body);

/* keeper_block.c */
void keeper_block(struct keeper *k, uint64_t cookie, const struct message_block *in);
void keeper_unblock(struct keeper *k, uint64_t cookie, const struct message_ask *in);

/* keeper_allow.c */
void keeper_allow(struct keeper *k, uint64_t cookie, const struct message_ask *in);
void keeper_peer_allow(struct keeper *k, const struct message_peer *peer);
bool keeper_peer_is_new(const struct keeper *k,
			const struct message_peer *peer); /* it would change the allow set */

/* keeper_verify.c */
void keeper_list_verify(struct keeper *k, uint64_t cookie, const struct message_ask *in);
void keeper_list_rollback(struct keeper *k, uint64_t cookie, const struct message_ask *in);

/*
 * keeper_task.c: what takes long, done by a copy of this process as it is now, while this one goes on. run
 * gets the question and fills the answer, both of fixed size, and must change nothing but files. done is
 * called later, from the loop: err is what run returned, or -EIO when the copy died. -EBUSY: one of that kind
 * runs.
 */
typedef int (*keeper_task_run)(struct keeper *k, const void *ask, void *answer);
typedef void (*keeper_task_done)(struct keeper *k, int err, const void *ask, const void *answer);
struct keeper_task_work {
	keeper_task_run run;
	keeper_task_done done;
	const void *ask;
	size_t ask_len, answer_len;
};
__must_check int keeper_task(struct keeper *k, enum keeper_task_kind kind,
			     const struct keeper_task_work *work);
bool keeper_task_runs(const struct keeper *k, enum keeper_task_kind kind);
void keeper_tasks_end(struct keeper *k); /* waits for what they do; nobody hears of it any more */

/* keeper_proposal.c */
void keeper_proposal(struct keeper *k, struct keeper_child *engine, const uint8_t *body, size_t len);
void keeper_outcomes(struct keeper *k, struct keeper_child *engine, const uint8_t *body, size_t len);
void keeper_announced(struct keeper *k, struct keeper_child *engine, const uint8_t *body);
void keeper_tunnel(struct keeper *k, const uint8_t *body);

/* keeper_archive.c: what the store and the audit log get from here */
void keeper_archive_audit(struct keeper *k, const struct message_audit *audit);
void keeper_archive_tick(struct keeper *k);
void keeper_archive_limits(struct keeper *k);
/* After an apply: where events are kept; who has the store open is started anew when that changed. */
void keeper_archive_server(struct keeper *k);
void keeper_archive_stats(struct keeper *k, const struct message_archive_stats *stats);
/* The folder that the archive process gets, made when it is not there. */
__must_check int keeper_archive_folder(struct keeper *k, int *fd);

/* keeper_notify.c: channels of notices, and their test */
void keeper_notify_channels(struct keeper *k);
void keeper_notify_stats(struct keeper *k, const struct message_notifier_stats *stats);
void keeper_notify_test(struct keeper *k, uint64_t cookie, const struct message_ask *in);
void keeper_notify_tested(struct keeper *k, const struct message_done *done);
void keeper_notify_ack(struct keeper *k, uint64_t cookie, const struct message_ack *in);

/* keeper_command.c: programs that tell of notices, run as the user that the configuration names */
void keeper_command(struct keeper *k, const uint8_t *body, size_t len);
bool keeper_command_ended(struct keeper *k, pid_t pid, int status); /* false: it is none of these */
void keeper_command_tick(struct keeper *k);

/* keeper_suppress.c: rules that people silenced for a source, a file that the rules are read with */
void keeper_suppress(struct keeper *k, uint64_t cookie, const struct message_suppress *in);

/* keeper_portal.c: where the portal listens, with what certificate; codes for its first user */
void keeper_portal_settings(struct keeper *k);
void keeper_portal_code(struct keeper *k, uint64_t cookie, const struct message_ask *in);
void keeper_portal_coded(struct keeper *k, const struct message_done *done);
/* What the portal says of a socket, certificate and key that it was given. */
void keeper_portal_served(struct keeper *k, const struct message_done *done);
void keeper_portal_tick(struct keeper *k);
/* Its folder, made when it is not there. */
__must_check int keeper_portal_folder(struct keeper *k, int *fd);
/* NULL: the portal may ask for it; else why not (static). */
const char *keeper_portal_refuses(const struct keeper *k, uint32_t type, const void *body);

/* keeper_request.c */
void keeper_request(struct keeper *k, const struct channel_head *head, const void *body, int passed);

/* keeper_status.c */
void keeper_status(struct keeper *k, uint64_t cookie);
void keeper_counters(struct keeper *k, uint64_t cookie);
void keeper_why(struct keeper *k, uint64_t cookie, const struct message_ask *in);
void keeper_list_status(struct keeper *k, uint64_t cookie);
void keeper_list_items(struct keeper *k, uint64_t cookie, const struct message_ask *in);

/* keeper_job.c */
enum keeper_job_kind { JOB_APPLY, JOB_LIST, JOB_RESOLV, JOB_RULES, JOB_PREFILTER };
struct keeper_change { /* what a JOB_APPLY does once its configuration is read */
	struct keeper_apply how;
	bool reread; /* read the configuration; else the base stays */
	char path[POLICY_PATH_MAX];
	struct message_up up; /* count 0: no interfaces are added */
};
/* cookie 0: nobody waits. -EBUSY: another job runs. */
__must_check int keeper_job_apply(struct keeper *k, uint64_t cookie, const struct keeper_change *change);
__must_check int keeper_job_list(struct keeper *k, uint64_t cookie, const struct message_load *load,
				 int text);
__must_check int keeper_job_resolv(struct keeper *k);
/* The rules' table for the kernel module is made by a parser and committed. -EBUSY: later. */
__must_check int keeper_job_prefilter(struct keeper *k);
/* Rules are read and compiled by a parser, then handed to the engines; the answer comes when all of them have
 * them. */
__must_check int keeper_job_rules(struct keeper *k, uint64_t cookie, uint32_t uid);
/* An engine told what became of its rules. */
void keeper_job_ready(struct keeper *k);
void keeper_job_parsed(struct keeper *k, const struct message_parsed *parsed, int image);
void keeper_job_failed(struct keeper *k, const char *why);
void keeper_job_tick(struct keeper *k);
bool keeper_job_runs(const struct keeper *k);

/* keeper_state.c: what a restart finds again */
__must_check int keeper_state_load(struct keeper *k);
__must_check int keeper_state_save_policy(struct keeper *k);
/* Compiled rules outlive the daemon. They are only offered: an engine takes them when they are of its very
 * rules. */
void keeper_state_load_compiled(struct keeper *k);
void keeper_state_save_compiled(struct keeper *k);
void keeper_state_forget(struct keeper *k); /* interfaces, after `down` */
__must_check int keeper_state_path(const struct keeper *k, const char *file, char path[INSTANCE_PATH_MAX]);

/* keeper_image.c: images of lists in memory */
__must_check int keeper_image_sealed(int fd, struct keeper_image **out, const char **why);
/* A file below the state folder. */
__must_check int keeper_image_file(const struct keeper *k, const char *file, struct keeper_image **out,
				   const char **why);
struct keeper_image *keeper_image_share(struct keeper_image *image); /* NULL stays NULL */
void keeper_image_free(struct keeper_image *image);
DEFINE_CLEANUP(keeper_image_free, struct keeper_image)

/* keeper_list_state.c: the lists in the state folder */
__must_check int keeper_list_state_load(struct keeper *k);
/* A list that was loaded from a file. rotate: what was saved of it before becomes its previous state. */
__must_check int keeper_list_state_save(struct keeper *k, uint16_t list, bool rotate);
bool keeper_list_state_has_previous(const struct keeper *k, const char *name);
__must_check int keeper_list_state_previous(const struct keeper *k, const char *name,
					    struct keeper_image **out, const char **why);
__must_check int keeper_list_state_exchange(const struct keeper *k,
					    const char *name); /* saved and previous */
/* Lists of the configuration, under the name that policy->lists_digest then gives them; and all others away.
 */
__must_check int keeper_list_state_config_save(struct keeper *k, struct policy *policy);
void keeper_list_state_config_tidy(const struct keeper *k, uint64_t kept, uint64_t kept_too);
__must_check int keeper_list_state_config_load(struct keeper *k, const struct policy *policy,
					       struct keeper_image **out);

/* keeper_journal.c: single changes of the manual list, kept at once */
__must_check int keeper_journal_add(struct keeper *k, const struct list_item *item);
__must_check int keeper_journal_remove(struct keeper *k, const struct prefix *prefix);
/* Takes over what the journal says beyond manual.list, whose digest is base (0: there is none), and begins a
 * new one. */
__must_check int keeper_journal_load(struct keeper *k, uint64_t base);
void keeper_journal_tick(struct keeper *k);
void keeper_journal_end(struct keeper *k);

#endif
