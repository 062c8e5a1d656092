// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * main.c - sekimorid: the keeper, or one of its children under another name.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>

#include "keeper.h"
#include "lib/log.h"
#include "lib/wall.h"
#include "core/match/file_magic.h"
#include "lib/magic_file.h"
#include "sandbox.h"
#include "store/db.h"

static const char usage[] =
	"usage: sekimorid [--instance NAME] [--config FILE] [--foreground] [--state DIR] [--run DIR]\n"
	"                 [--object FILE] [--verbose] | --messages | --help\n"
	"\n"
	"  --instance NAME  several run side by side on one machine (default)\n"
	"  --config FILE    configuration; without one interfaces come by `sekimori up`\n"
	"  --foreground     stay in front, log to the terminal; else log to RUN/NAME/sekimorid.log\n"
	"  --state DIR      what survives a restart (" INSTANCE_STATE_ROOT ")\n"
	"  --run DIR        socket and lock (" INSTANCE_RUN_ROOT ")\n"
	"  --object FILE    packet program (beside this program, or /usr/lib/sekimori)\n"
	"  --messages       print which process may say what, and leave\n"
	"\n"
	"Signals: HUP reads the configuration again, USR1 opens the event file again, TERM stops;\n"
	"what is attached keeps enforcing until `sekimori down`.\n";

static int child_run(const char *name, const char *number)
{
	static char log_name[32];
	const struct process_row *row;
	enum process_kind kind;
	unsigned int index;
	uint32_t groups;
	char *end;

	index = (unsigned int)strtoul(number, &end, 10);
	if (*end || index >= SEKI_MAX_RINGS || !process_find(name, &kind) ||
	    fcntl(PROCESS_FD_KEEPER, F_GETFD) < 0) {
		fprintf(stderr, "sekimorid: --process is for the keeper only\n");
		return 2;
	}
	row = &process_table[kind];
	snprintf(log_name, sizeof(log_name), "%s", name);
	if (kind == PROCESS_ENGINE)
		snprintf(log_name, sizeof(log_name), "%s %u", name, index);
	log_init(log_name, getenv("SEKIMORI_VERBOSE") ? LOG_LEVEL_DEBUG : LOG_LEVEL_INFO);
	prctl(PR_SET_NAME, log_name);
	if (wall_init())
		return 1;
	tzset(); /* reads a file: not possible later */
	if (row->prepare && row->prepare())
		return 1;
	groups = row->groups;
	if (row->store && !faccessat(row->store, DB_SERVER_FILE, F_OK, 0))
		groups |= SANDBOX_NETWORK;
	if (sandbox_enter(&(struct sandbox){
		    .user = row->user,
		    .fallback = row->uid + (kind == PROCESS_ENGINE ? index : 0),
		    .groups = groups,
		    .folder = row->groups & SANDBOX_FILES ? PROCESS_FD_OWN : -1,
		    .reads = row->reads ? PROCESS_FD_SHARED : -1,
		    .reads_as = row->reads,
		    .reads_gid = row->reads_gid,
	    }))
		return 1;
	return row->main(index);
}

/* The starter returns when the daemon answers or has said why not. */
static int daemonize(const char *run_root, const char *instance)
{
	char path[INSTANCE_PATH_MAX], dir[INSTANCE_PATH_MAX];
	AUTO_FD int log = -1;
	AUTO_FD int null = -1;
	pid_t child;
	int err = instance_path(path, sizeof(path), run_root, instance, "sekimorid.log");

	if (!err)
		err = instance_path(dir, sizeof(dir), run_root, instance, NULL);
	if (err)
		return err;
	if ((mkdir(run_root, 0755) < 0 && errno != EEXIST) || (mkdir(dir, 0755) < 0 && errno != EEXIST)) {
		log_error("%s: %s; run as root, or name a folder of yours with --run", dir, strerror(errno));
		return -errno;
	}
	log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (log < 0 || null < 0) {
		log_error("%s: %s", path, strerror(errno));
		return -errno;
	}
	child = fork();
	if (child < 0)
		return -errno;
	if (child)
		_exit(0);
	if (setsid() < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(log, 2) < 0)
		return -errno;
	return 0;
}

static int keeper_main(struct keeper_options *options)
{
	int err;

	if (geteuid() != 0) {
		log_error("needs root (CAP_BPF, CAP_NET_ADMIN and, for its children, CAP_SETUID); this is "
			  "uid %u. Try sudo",
			  (unsigned int)geteuid());
		return 1;
	}
	if (!options->foreground) {
		err = daemonize(options->run_root, options->instance);
		if (err)
			return 1;
	}
	if (chdir("/") < 0)
		return 1;
	umask(022);
	return keeper_run(options) ? 1 : 0;
}

static bool absolute(const char *path, char out[PATH_MAX])
{
	return realpath(path, out);
}

/* What rules on the kind of files need; without it they are refused. */
static void use_magic(void)
{
	const void *database;
	size_t len;

	if (!magic_file_map(&database, &len))
		file_magic_use(database, len);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"instance", required_argument, NULL, 'i'}, {"config", required_argument, NULL, 'c'},
		{"foreground", no_argument, NULL, 'f'},	    {"state", required_argument, NULL, 's'},
		{"run", required_argument, NULL, 'r'},	    {"object", required_argument, NULL, 'o'},
		{"verbose", no_argument, NULL, 'v'},	    {"messages", no_argument, NULL, 'm'},
		{"help", no_argument, NULL, 'h'},	    {NULL, 0, NULL, 0},
	};
	static char exe[PATH_MAX], config[PATH_MAX], object[PATH_MAX];
	struct keeper_options keeper = {
		.instance = "default", .run_root = INSTANCE_RUN_ROOT, .state_root = INSTANCE_STATE_ROOT};
	int c;

	use_magic(); /* before a process gives up its right to open files */
	if (argc == 4 && !strcmp(argv[1], "--process"))
		return child_run(argv[2], argv[3]);
	log_init("keeper", LOG_LEVEL_INFO);
	signal(SIGPIPE, SIG_IGN); /* children inherit it */
	if (readlink("/proc/self/exe", exe, sizeof(exe) - 1) < 0)
		snprintf(exe, sizeof(exe), "/usr/sbin/sekimorid");
	keeper.exe_dir = dirname(exe);
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'i':
			keeper.instance = optarg;
			break;
		case 'c':
			if (!absolute(optarg, config) || strlen(config) >= POLICY_PATH_MAX) {
				log_error("--config %s: %s", optarg, strerror(errno));
				return 2;
			}
			keeper.config = config;
			break;
		case 'f':
			keeper.foreground = true;
			break;
		case 's':
			keeper.state_root = optarg;
			break;
		case 'r':
			keeper.run_root = optarg;
			break;
		case 'o':
			if (!absolute(optarg, object) || strlen(object) >= INSTANCE_PATH_MAX) {
				log_error("--object %s: %s", optarg, strerror(errno));
				return 2;
			}
			keeper.object = object;
			break;
		case 'v':
			setenv("SEKIMORI_VERBOSE", "1", 1);
			log_init("keeper", LOG_LEVEL_DEBUG);
			break;
		case 'm':
			message_document();
			return 0;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return 2;
		}
	}
	if (wall_init()) {
		log_error("SEKIMORI_LAB_CLOCK is \"SECONDS RATE\": where the records' time of day begins, "
			  "and how fast it runs");
		return 2;
	}
	if (optind < argc || !instance_name_valid(keeper.instance) || *keeper.run_root != '/' ||
	    *keeper.state_root != '/') {
		fprintf(stderr, "sekimorid: %s\n%s",
			optind < argc ? "unexpected argument"
				      : "instance names are letters, digits, - and _; folders are absolute",
			usage);
		return 2;
	}
	return keeper_main(&keeper);
}
