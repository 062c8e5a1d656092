// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * main.c - the command line: one table of commands; help and completion are
 * made from it.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "lib/log.h"
#include "man.h"

#define TOOLS "sekimori-tools"

struct command {
	const char *name, *usage, *help;
	int (*run)(int argc, char **argv);
	bool own_options; /* reads --json and the like itself */
};

static const struct command commands[] = {
	{"up",
	 "[--iface IF[.VLAN][:ROLE]]... [--enforce] [--config FILE] [--takeover] [--confirm-within S] "
	 "[--allow-generic]",
	 "protect interfaces; starts the daemon when needed", cmd_up, false},
	{"down", "[--keep]", "detach and stop; --keep stops the daemon only", cmd_down, false},
	{"status", "", "what is enforced, since when, with what loss", cmd_status, false},
	{"doctor", "[--iface IF]", "can this machine do it? each line with the next step", cmd_doctor, false},
	{"check", "[FILE] | --keys", "read a configuration without using it", cmd_check, false},
	{"apply", "[FILE] [--dry-run] [--confirm-within S]", "make a configuration hold, whole or not at all",
	 cmd_apply, false},
	{"confirm", "", "keep what was applied on probation", cmd_confirm, false},
	{"rollback", "", "back to the policy before", cmd_rollback, false},
	{"block", "ADDR[/LEN] [--for TIME] [--reason TEXT] [--allow-share]",
	 "list an address or prefix by hand", cmd_block, false},
	{"unblock", "ADDR[/LEN]", "take it off again, automatic blocks too", cmd_unblock, false},
	{"allow", "ADDR[/LEN] [--remove]", "exempt from lists and automatic blocks", cmd_allow, false},
	{"suppress", "list | add [GID:]SID ADDR[/LEN] --reason TEXT | remove [GID:]SID ADDR[/LEN]",
	 "rules that are silent about a source; what they drop they go on dropping", cmd_suppress, false},
	{"why", "ADDR", "what decides for this address now", cmd_why, false},
	{"list",
	 "status | priorities | show NAME | verify [--mend] | rollback NAME | formats | export NAME "
	 "[--format F] | load NAME FILE "
	 "[--format F] [--expires TIME] [--max-age TIME] [--priority N] [--action drop|alert|allow] "
	 "[--direction src|dst|both] [--severity S] [--update] [--max-share PERCENT] [--allow-own] "
	 "[--allow-private] [--allow-share] [--allow-shrink] [--allow-cut] [--allow-exceptions]",
	 "named lists; `show auto`: automatic blocks", cmd_list, false},
	{"egress",
	 "show [FILE] | lint [FILE] [--lang en|ja] | report [--period P | --from T --to T] [--format "
	 "text|html|csv|json] [--lang en|ja] [--tz ZONE] [--store DIR] [EVENTS...]",
	 "what protected hosts may start, and what they did", cmd_egress, false},
	{"alerts",
	 "[--follow] [-n N] | [--sid N] [--host ADDR] [--severity S] [--period P | --from T --to T] [--store "
	 "DIR] [--format text|cef|leef] | show ID [--format text|pcap] [-o FILE] [--unmasked] [--store DIR]",
	 "what was found, from the event file; with a selection from the kept events", cmd_alerts, false},
	{"report",
	 "top | security-log | notices | change [--period P | --from T --to T] [--n N] [--lang ja|en] "
	 "[--format "
	 "text|html|csv|json] "
	 "[--tz ZONE] [--tenant NAME] [--store DIR] [--threats FILE] | "
	 "audit | file-access [--map NAME] [--expected FILE] [--rankings FILE] [--encoding E] LOG...",
	 "ranking of threats, everything that was detected, or who accesses files by other products' logs",
	 cmd_report, false},
	{"top", "[options of report]", "report top of the present month", cmd_top, false},
	{"notify", "test [CHANNEL] | list [--all] [--store DIR]",
	 "send a test over the channels of notices and wait for the answer; which notices nobody "
	 "acknowledged",
	 cmd_notify, false},
	{"ack", "NUMBER | all [--comment TEXT]",
	 "say that somebody looks after a notice: it escalates no more", cmd_ack, false},
	{"audit", "verify [--head NUMBER:HASH] | show [-n N]",
	 "the log of every change and export: is it whole, what does it say", cmd_audit, false},
	{"assess", "[--guideline FILE] [--config FILE] [--lang ja|en] [--format text|html|csv|json]",
	 "a guideline against what holds, read back from the kernel: each drift, its cause and what mends it",
	 cmd_assess, false},
	{"assets", "import FILE | list", "what runs where, from CSV or JSON: does an attack concern it?",
	 cmd_assets, false},
	{"portal", "code", "a code for the first administrator of the portal, and where that is", cmd_portal,
	 false},
	{"monitor", "[--format text|cef|leef]", "alerts, drops and changes as they happen", cmd_monitor,
	 false},
	{"metrics", "[--listen ADDRESS:PORT]",
	 "counters in the OpenMetrics format, once or for Prometheus to scrape", cmd_metrics, false},
	{"inspect", "[-S FILE.rules]... FILE.pcap...", "run the rules over captures, offline", cmd_inspect,
	 true},
	{"rules", "check | test | profile | addresses | reload | keywords | explain ...",
	 "check, try and explain rules", cmd_rules, false},
	{"completion", "bash", "print the shell's completion script", cmd_completion, false},
};

static const char *const common[] = {"--instance", "--run", "--state", "--json", "--help"};

struct client client = {
	.instance = "default", .run_root = INSTANCE_RUN_ROOT, .state_root = INSTANCE_STATE_ROOT};

static void help(FILE *out)
{
	fprintf(out, "usage: sekimori COMMAND [OPTIONS]\n\n");
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].help);
	fprintf(out, "\nEvery command: --instance NAME, --run DIR, --state DIR, --json, --help\n"
		     "Exit: 0 ok, 1 finding, 2 usage, 3 not converged\n");
}

/* For tools/manpage.sh: the tables as man page source. */
static int help_man(const char *what)
{
	if (!strcmp(what, "--man-keys")) {
		man_keys();
		return 0;
	}
	if (!strcmp(what, "--man-list-formats")) {
		man_list_formats();
		return 0;
	}
	if (!strcmp(what, "--man-keywords")) {
		man_keywords();
		return 0;
	}
	if (strcmp(what, "--man-commands") != 0)
		return EXIT_USAGE;
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		man_command(commands[i].name, commands[i].usage, commands[i].help);
	return 0;
}

static const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

int client_usage(const char *command, const char *text, const char *argument)
{
	const struct command *row = command_find(command);

	fprintf(stderr, "sekimori %s: %s%s%s\nusage: sekimori %s %s\n", command, text, argument ? ": " : "",
		argument ? argument : "", command, row ? row->usage : "");
	return EXIT_USAGE;
}

int cmd_completion(int argc, char **argv)
{
	if (argc != 2 || strcmp(argv[1], "bash") != 0)
		return client_usage("completion", "only bash is known", argc > 1 ? argv[1] : NULL);
	printf("_sekimori()\n{\n\tlocal words='");
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		printf("%s%s", i ? " " : "", commands[i].name);
	printf("'\n\tif [ \"$COMP_CWORD\" -gt 1 ]; then\n\t\tcase \"${COMP_WORDS[1]}\" in\n");
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		const char *at = commands[i].usage;

		printf("\t\t%s) words='", commands[i].name);
		while ((at = strstr(at, "--"))) {
			size_t len = strcspn(at, " ]");

			printf("%.*s ", (int)len, at);
			at += len;
		}
		for (size_t j = 0; j < ARRAY_LEN(common); j++)
			printf("%s%s", j ? " " : "", common[j]);
		printf("' ;;\n");
	}
	printf("\t\tesac\n\tfi\n\tCOMPREPLY=($(compgen -o default -W \"$words\" -- "
	       "\"${COMP_WORDS[COMP_CWORD]}\"))\n}\n"
	       "complete -F _sekimori sekimori\n");
	return 0;
}

/* Takes the common options out of argv, wherever they stand. Returns the new argc, or -1 after saying what is
 * wrong. */
static int common_take(int argc, char **argv)
{
	int out = 0;

	for (int i = 0; i < argc; i++) {
		size_t name = strcspn(argv[i], "=");
		const char **value = NULL;

		if (name == 10 && !strncmp(argv[i], "--instance", name))
			value = &client.instance;
		else if (name == 7 && !strncmp(argv[i], "--state", name))
			value = &client.state_root;
		else if (name == 5 && !strncmp(argv[i], "--run", name))
			value = &client.run_root;

		if (!strcmp(argv[i], "--json")) {
			client.json = true;
		} else if (value && argv[i][name] == '=') {
			*value = argv[i] + name + 1;
		} else if (value) {
			if (i + 1 == argc) {
				fprintf(stderr, "sekimori: %s needs a value\n", argv[i]);
				return -1;
			}
			*value = argv[++i];
		} else {
			argv[out++] = argv[i];
		}
	}
	argv[out] = NULL;
	if (!instance_name_valid(client.instance)) {
		fprintf(stderr, "sekimori: --instance %s: letters, digits, - and _, at most %d of them\n",
			client.instance, INSTANCE_NAME_MAX - 1);
		return -1;
	}
	if (*client.run_root != '/' || *client.state_root != '/') {
		fprintf(stderr, "sekimori: --run and --state are absolute folders\n");
		return -1;
	}
	return out;
}

/* What this program leaves to the one beside it, which has every command. Returns only when that cannot be.
 */
static int handoff(char **argv)
{
	char path[4096];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path));
	char *name;

	if (len < 0 || (size_t)len + sizeof(TOOLS) > sizeof(path)) {
		fprintf(stderr, "sekimori: its own place is unknown: %s\n", strerror(errno));
		return EXIT_NOT_CONVERGED;
	}
	path[len] = '\0';
	name = strrchr(path, '/') + 1;
	memcpy(name, TOOLS, sizeof(TOOLS));
	execv(path, argv);
	fprintf(stderr, "sekimori: %s: %s; it belongs beside this program\n", path, strerror(errno));
	return EXIT_NOT_CONVERGED;
}

int main(int argc, char **argv)
{
	const struct command *command;
	int first = 1;

	log_init("sekimori", LOG_LEVEL_WARN);
	signal(SIGPIPE, SIG_DFL);
	/* Common options may come before the command's name. */
	while (first < argc && argv[first][0] == '-' && strcmp(argv[first], "--help") &&
	       strcmp(argv[first], "-h"))
		first += strchr(argv[first], '=') || !strcmp(argv[first], "--json") ? 1 : 2;
	if (first >= argc) {
		help(stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[first], "help") || !strcmp(argv[first], "--help") || !strcmp(argv[first], "-h")) {
		if (first + 1 < argc && !strncmp(argv[first + 1], "--man-", 6))
			return man_keywords ? help_man(argv[first + 1]) : handoff(argv);
		help(stdout);
		return 0;
	}
	command = command_find(argv[first]);
	if (!command) {
		fprintf(stderr, "sekimori: unknown command \"%s\"; `sekimori help` names them\n",
			argv[first]);
		return EXIT_USAGE;
	}
	if (!command->run)
		return handoff(argv);
	if (command->own_options)
		return command->run(argc - first, argv + first);
	for (int i = first; i > 1; i--) { /* the name in front, options behind: one order for every command */
		char *word = argv[i];

		argv[i] = argv[i - 1];
		argv[i - 1] = word;
	}
	argc = common_take(argc - 1, argv + 1);
	if (argc < 0)
		return EXIT_USAGE;
	for (int i = 2; i <= argc; i++) {
		if (argv[i] && (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))) {
			printf("usage: sekimori %s %s\n  %s\n", command->name, command->usage, command->help);
			return 0;
		}
	}
	return command->run(argc, argv + 1);
}
