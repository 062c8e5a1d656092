/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * client.h - the command line's side of the control socket, and what every
 * command shares: instance, folders, JSON or text.
 */
#ifndef SEKIMORI_CLIENT_H
#define SEKIMORI_CLIENT_H

#include <jansson.h>
#include <stdbool.h>

#include "lib/cleanup.h"
#include "lib/instance.h"

#define CONFIG_STANDARD "/etc/sekimori/sekimori.conf"

enum { EXIT_FINDING = 1, EXIT_USAGE = 2, EXIT_NOT_CONVERGED = 3 };

struct client {
	const char *instance, *run_root, *state_root;
	bool json;
};
extern struct client client; /* set by main() before any command runs */

static inline void cleanup_json_(json_t **p)
{
	json_decref(*p);
}
#define AUTO_JSON __attribute__((cleanup(cleanup_json_)))

/* Is a daemon listening? No message. */
bool client_present(void);
/* Does it answer, keeper and all? The children of one that was just killed still listen for a moment. */
bool client_answers(void);

/*
 * Sends request (a reference is taken over; "session" is added) with an optional descriptor (borrowed, -1)
 * and returns the answer, owned by the caller. NULL: no answer; said on stderr with what to do.
 */
json_t *client_ask(json_t *request, int fd);

/* client_ask() for commands whose answer is {result, text}: prints it and gives the exit code. */
int client_do(json_t *request, int fd);
/* Prints answer as JSON, or its text when it is an error; the exit code. NULL answer: EXIT_NOT_CONVERGED. */
int client_fail(const json_t *answer);
bool client_ok(const json_t *answer);
void client_print_json(const json_t *answer);

/*
 * What is about to leave by this command goes into the audit log ("list evil as edl"), if a daemon runs. That
 * it could not be noted is said on stderr and stops nothing: who runs the command can read the files as well.
 */
__attribute__((format(printf, 1, 2))) void client_exported(const char *format, ...);

/* Members of an answer; 0, "" and false when absent. */
long long client_number(const json_t *object, const char *key);
const char *client_text(const json_t *object, const char *key);
bool client_flag(const json_t *object, const char *key);

/* "3h 5m" for people; text needs 32 bytes. */
const char *client_duration(long long seconds, char text[32]);
/* Pages through a list or "auto"; fn gets each item. Exit code. */
int client_items(const char *list, void (*fn)(const json_t *item, void *arg), void *arg, long long *total);

/* Prints "sekimori COMMAND: text" and the usage of the command; EXIT_USAGE. */
int client_usage(const char *command, const char *text, const char *argument);

/*
 * Commands. Those that only ask the daemon are in `sekimori`, which starts in a millisecond since it needs
 * few libraries; the others are in `sekimori-tools`, which has all: there they are not NULL.
 */
#define COMMAND __attribute__((weak)) int
COMMAND cmd_up(int argc, char **argv);
COMMAND cmd_down(int argc, char **argv);
COMMAND cmd_status(int argc, char **argv);
COMMAND cmd_doctor(int argc, char **argv);
COMMAND cmd_check(int argc, char **argv);
COMMAND cmd_apply(int argc, char **argv);
COMMAND cmd_confirm(int argc, char **argv);
COMMAND cmd_rollback(int argc, char **argv);
COMMAND cmd_block(int argc, char **argv);
COMMAND cmd_unblock(int argc, char **argv);
COMMAND cmd_allow(int argc, char **argv);
COMMAND cmd_suppress(int argc, char **argv);
COMMAND cmd_why(int argc, char **argv);
COMMAND cmd_list(int argc, char **argv);
COMMAND cmd_egress(int argc, char **argv);
COMMAND cmd_alerts(int argc, char **argv);
COMMAND cmd_report(int argc, char **argv);
COMMAND cmd_top(int argc, char **argv);
COMMAND cmd_ack(int argc, char **argv);
COMMAND cmd_notify(int argc, char **argv);
COMMAND cmd_audit(int argc, char **argv);
COMMAND cmd_assess(int argc, char **argv);
COMMAND cmd_assets(int argc, char **argv);
COMMAND cmd_portal(int argc, char **argv);
COMMAND cmd_monitor(int argc, char **argv);
COMMAND cmd_metrics(int argc, char **argv);
COMMAND cmd_completion(int argc, char **argv);
COMMAND cmd_inspect(int argc, char **argv);
COMMAND cmd_rules_profile(int argc, char **argv);
COMMAND cmd_rules(int argc, char **argv);

#endif
