// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_up.c - up and down: starts the daemon when none is there, asks it to
 * protect, waits until it does.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "client.h"
#include "lib/conf.h"
#include "lib/file.h"

#define START_SECONDS 20
#define READY_SECONDS 120 /* large rule sets take a while to compile */

static void pause_ms(long ms)
{
	const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};

	nanosleep(&t, NULL);
}

/* IF[.VLAN][:ROLE]; a real interface may have a dot in its name, so only .DIGITS at the end is a VLAN. */
static int iface_parse(const char *text, json_t *out, const char **why)
{
	char name[64], *role, *vlan, *end;
	long id = 0;

	if (strlen(text) >= sizeof(name)) {
		*why = "too long";
		return -EINVAL;
	}
	strcpy(name, text);
	role = strchr(name, ':');
	if (role)
		*role++ = '\0';
	vlan = strrchr(name, '.');
	if (vlan) {
		id = strtol(vlan + 1, &end, 10);
		if (end == vlan + 1 || *end)
			id = 0;
		else if (id < 1 || id > 4094) {
			*why = "a VLAN id is 1 to 4094";
			return -EINVAL;
		} else
			*vlan = '\0';
	}
	if (!*name || strlen(name) > 15) {
		*why = "an interface name has 1 to 15 characters";
		return -EINVAL;
	}
	*why = "roles are wan, dmz, lan, host";
	if (role && strcmp(role, "wan") && strcmp(role, "dmz") && strcmp(role, "lan") && strcmp(role, "host"))
		return -EINVAL;
	json_array_append_new(
		out, json_pack("{s:s,s:i,s:s}", "name", name, "vlan", (int)id, "role", role ? role : "wan"));
	return 0;
}

static void daemon_exec(const char *beside)
{
	char *args[] = {
		(char *)"sekimorid",	 (char *)"--instance", (char *)client.instance,	  (char *)"--run",
		(char *)client.run_root, (char *)"--state",    (char *)client.state_root, NULL};

	execv(beside, args);
	execvp("sekimorid", args);
	fprintf(stderr, "sekimori: sekimorid is neither at %s nor in PATH\n", beside);
	_exit(127);
}

/* What the daemon said when it failed: the end of its log. */
static void daemon_log(size_t from)
{
	char path[INSTANCE_PATH_MAX];
	AUTO_FREE char *text = NULL;
	size_t len = 0;

	if (!instance_path(path, sizeof(path), client.run_root, client.instance, "sekimorid.log") &&
	    !file_read(AT_FDCWD, path, 64 << 20, &text, &len) && len > from)
		fprintf(stderr, "%s", text + from);
}

static size_t daemon_log_size(void)
{
	char path[INSTANCE_PATH_MAX];
	AUTO_FREE char *text = NULL;
	size_t len = 0;

	if (instance_path(path, sizeof(path), client.run_root, client.instance, "sekimorid.log") ||
	    file_read(AT_FDCWD, path, 64 << 20, &text, &len))
		return 0;
	return len;
}

static int daemon_start(void)
{
	char exe[PATH_MAX], beside[PATH_MAX + 16];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	size_t log = daemon_log_size();
	int status = 0;
	pid_t child;

	if (n < 0)
		return -errno;
	exe[n] = '\0';
	snprintf(beside, sizeof(beside), "%s/sekimorid", dirname(exe));
	child = fork();
	if (child < 0)
		return -errno;
	if (!child)
		daemon_exec(beside);
	if (waitpid(child, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status))
		return -ECHILD; /* it said why */
	for (int i = 0; i < START_SECONDS * 20; i++) {
		if (client_answers())
			return 0;
		pause_ms(50);
	}
	fprintf(stderr, "sekimori: the daemon did not come up within %d s; its log:\n", START_SECONDS);
	daemon_log(log);
	return -ETIMEDOUT;
}

/* Until every engine has its rules: only then is anything detected. */
static int wait_ready(void)
{
	bool terminal = isatty(2);

	for (int i = 0; i < READY_SECONDS * 5; i++) {
		AUTO_JSON json_t *status = client_ask(json_pack("{s:s}", "command", "status"), -1);
		const json_t *engine = json_object_get(status, "engine");

		if (!client_ok(status))
			return EXIT_NOT_CONVERGED;
		if (client_number(engine, "count") &&
		    client_number(engine, "ready") == client_number(engine, "count")) {
			if (terminal)
				fprintf(stderr, "\r\033[K");
			return 0;
		}
		if (terminal)
			fprintf(stderr, "\rrules are being compiled: %d s", i / 5);
		pause_ms(200);
	}
	fprintf(stderr, "sekimori: lists are enforced, but the engines have no rules yet; `sekimori status` "
			"tells more\n");
	return EXIT_NOT_CONVERGED;
}

struct up_options {
	json_t *ifaces;
	const char *config;
	bool enforce, takeover, generic;
	uint32_t confirm;
	char path[PATH_MAX];
};

static int up_parse(int argc, char **argv, struct up_options *o)
{
	static const struct option options[] = {
		{"iface", required_argument, NULL, 'i'},
		{"config", required_argument, NULL, 'c'},
		{"enforce", no_argument, NULL, 'e'},
		{"takeover", no_argument, NULL, 't'},
		{"confirm-within", required_argument, NULL, 'w'},
		{"allow-generic", no_argument, NULL, 'g'},
		{NULL, 0, NULL, 0},
	};
	const char *why;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'i':
			if (iface_parse(optarg, o->ifaces, &why))
				return client_usage("up", why, optarg);
			break;
		case 'c':
			if (!realpath(optarg, o->path) || strlen(o->path) > 255) {
				fprintf(stderr, "sekimori up: %s: %s\n", optarg, strerror(errno));
				return EXIT_USAGE;
			}
			o->config = o->path;
			break;
		case 'e':
			o->enforce = true;
			break;
		case 't':
			o->takeover = true;
			break;
		case 'g':
			o->generic = true;
			break;
		case 'w':
			if (conf_seconds(optarg, &o->confirm) || o->confirm < 5 || o->confirm > 86400)
				return client_usage("up", "--confirm-within takes 5 s to 1 day", optarg);
			break;
		default:
			return client_usage("up", "unknown option", NULL);
		}
	}
	return optind < argc ? client_usage("up", "unexpected argument", argv[optind]) : 0;
}

int cmd_up(int argc, char **argv)
{
	AUTO_JSON json_t *ifaces = json_array();
	struct up_options o = {.ifaces = ifaces};
	AUTO_JSON json_t *answer = NULL;
	json_t *request;
	int err = up_parse(argc, argv, &o);

	if (err)
		return err;
	if (!client_answers() && daemon_start())
		return EXIT_NOT_CONVERGED;
	request =
		json_pack("{s:s,s:O,s:b,s:b,s:b,s:i}", "command", "up", "ifaces", ifaces, "enforce",
			  o.enforce, "takeover", o.takeover, "generic", o.generic, "confirm", (int)o.confirm);
	if (o.config)
		json_object_set_new(request, "path", json_string(o.config));
	answer = client_ask(request, -1);
	if (!client_ok(answer))
		return client_fail(answer);
	err = wait_ready();
	if (client.json)
		client_print_json(answer);
	else
		puts(client_text(answer, "text"));
	if (o.confirm && !client.json)
		printf("on probation: `sekimori confirm` within %u s keeps it, else the earlier policy comes "
		       "back\n",
		       o.confirm);
	return err;
}

int cmd_down(int argc, char **argv)
{
	bool keep = argc == 2 && !strcmp(argv[1], "--keep");
	AUTO_JSON json_t *answer = NULL;

	if (argc > 1 && !keep)
		return client_usage("down", "unexpected argument", argv[1]);
	answer = client_ask(json_pack("{s:s,s:b}", "command", "down", "remove", keep), -1);
	if (!client_ok(answer))
		return client_fail(answer);
	for (int i = 0; i < 200 && client_present(); i++)
		pause_ms(50);
	if (client.json) {
		client_print_json(answer);
	} else if (keep) {
		printf("daemon stopped. Lists, blocks and roles in the kernel keep enforcing, deep "
		       "inspection is off.\n"
		       "`sekimori up` takes everything over again\n");
	} else {
		printf("detached everywhere, daemon stopped: nothing is protected.\n"
		       "stays: manual and loaded lists, allow entries and policy in %s/%s; the event file\n",
		       client.state_root, client.instance);
	}
	return 0;
}
