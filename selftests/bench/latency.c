// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * latency.c - how soon one address is in force: from the moment the request is with the daemon, and from the
 * moment somebody starts the command line program, until the packet program drops. With lists of several
 * sizes, with and without traffic. $BIN has the programs; argument: the largest list.
 */
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"
#include "lib/list_judge.h"

#define REQUESTS 2000
#define COMMANDS 200
#define PATIENCE 5e9 /* ns */
#define RATE	 100 /* frames a millisecond */

#define AIMS(size, how)                                                                                      \
	{"latency.daemon_us." size "." how ".p99", NULL, 200},                                               \
	{                                                                                                    \
		"latency.command_ms." size "." how ".p99", NULL, 5                                           \
	}
static const struct bench_aim aims[] = {
	AIMS("1000", "idle"),
	AIMS("1000", "traffic"),
	AIMS("1000000", "idle"),
	AIMS("1000000", "traffic"),
	AIMS("10000000", "idle"),
	AIMS("10000000", "traffic"),
	{"latency.daemon_us.1000000.while_loading.p99", NULL, 200},
	{"latency.daemon_us.1000000.while_verifying.p99", NULL, 200},
	{"latency.daemon_us.10000000.while_loading.p99", NULL, 200},
	{"latency.daemon_us.10000000.while_verifying.p99", NULL, 200},
	{0},
};

static char folder[] = "/tmp/sekimori-latency.XXXXXX", program[512];
static uint32_t ifindex;
static int prog = -1;
static uint32_t next_host; /* no two measurements ask for one address */
static bool traffic_over;

static void die(const char *what)
{
	fprintf(stderr, "latency: %s: %s\n", what, strerror(errno));
	exit(1);
}

static bool sekimori(const char *words)
{
	return world_run("%s %s --instance latency --run %s/run --state %s/state", program, words, folder,
			 folder);
}

static void daemon_start(void)
{
	char path[128];
	FILE *conf;

	snprintf(path, sizeof(path), "%s/conf", folder);
	conf = fopen(path, "w");
	if (!conf || fprintf(conf, "list-entries 12000000;\neve \"%s/eve.json\";\n", folder) < 0 ||
	    fclose(conf))
		die(path);
	snprintf(path, sizeof(path), "up --iface lat0:host --enforce --config %s/conf", folder);
	if (!world_run("ip link add lat0 type veth peer name lat1") ||
	    !world_run("ip link set lat0 up && ip link set lat1 up") || !sekimori(path))
		die("the daemon does not start");
	ifindex = if_nametoindex("lat0");
	prog = judge_prog("latency");
	if (prog < 0)
		die("its packet program");
}

/* Hosts and some networks, none of which any measurement asks for. */
static void list_load(uint32_t size)
{
	char path[128], words[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/list", folder);
	file = fopen(path, "w");
	for (uint32_t i = 0; file && i < size; i++) {
		uint32_t at = 0x0b000000u + i * 47;

		if (i % 5)
			fprintf(file, "%u.%u.%u.%u\n", at >> 24, at >> 16 & 255, at >> 8 & 255, at & 255);
		else
			fprintf(file, "2a00:%x:%x::/48\n", i >> 16, i & 0xffff);
	}
	snprintf(words, sizeof(words), "list load bench %s --allow-shrink --allow-share", path);
	if (!file || fclose(file) || !sekimori(words))
		die("the list cannot be loaded");
}

/* --- frames that come in at the same interface meanwhile, half of them from who is listed */

static void *traffic_run(void *arg)
{
	const struct sockaddr_ll to = {
		.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex("lat1"), .sll_halen = 6};
	int sock = socket(AF_PACKET, SOCK_RAW, 0), ordinary = setpriority(PRIO_PROCESS, 0, 0);
	uint8_t frame[60] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0, 0, 46};

	if (ordinary)
		die("setpriority");
	frame[22] = 64;
	frame[23] = 17;
	for (uint32_t i = 0; !__atomic_load_n(&traffic_over, __ATOMIC_ACQUIRE);) {
		for (int n = 0; n < RATE; n++, i++) {
			uint32_t from =
				htonl(i % 2 ? 0x0b000000u + i % 200 * 47 * 5 + 47 : 0xc0000200u + i % 250);

			memcpy(frame + 26, &from, sizeof(from));
			if (sendto(sock, frame, sizeof(frame), 0, (const struct sockaddr *)&to, sizeof(to)) <
			    0)
				usleep(100);
		}
		usleep(1000);
	}
	close(sock);
	return NULL;
}

/* --- who waits for a processor: what a busy machine adds to what the daemon does */

static FILE *waits[2]; /* schedstat of keeper and ctl, of which one waits at a time */

static FILE *waits_open(pid_t pid)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/schedstat", pid);
	file = fopen(path, "r");
	if (!file)
		die(path);
	setvbuf(file, NULL, _IONBF, 0);
	return file;
}

/* The keeper's children, one of which is ctl. */
static pid_t ctl_pid(pid_t keeper)
{
	char path[64], name[64];
	pid_t pid = 0;
	FILE *list, *words;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", keeper, keeper);
	list = fopen(path, "r");
	while (list && fscanf(list, "%d", &pid) == 1) {
		snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
		words = fopen(path, "r");
		name[0] = '\0';
		if (words && fgets(name, sizeof(name), words) && !strcmp(name, "sekimorid-ctl"))
			break;
		if (words)
			fclose(words);
		pid = 0;
	}
	if (!pid)
		die("no ctl process");
	fclose(list);
	return pid;
}

static void waits_find(int sock)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &peer, &len))
		die("SO_PEERCRED");
	waits[0] = waits_open(peer.pid);
	waits[1] = waits_open(ctl_pid(peer.pid));
}

/* ns that they have waited so far. */
static double waited_ns(void)
{
	double sum = 0;

	for (size_t i = 0; i < ARRAY_LEN(waits); i++) {
		double ran, waited;

		rewind(waits[i]);
		if (fscanf(waits[i], "%lf %lf", &ran, &waited) != 2)
			die("schedstat");
		sum += waited;
	}
	return sum;
}

/* --- measurements */

static struct seki_addr host_next(char text[INET_ADDRSTRLEN])
{
	struct seki_addr addr = {.b = {[10] = 0xff, [11] = 0xff}};

	addr.w[3] = htonl(0xcb000000u + next_host++ * 3); /* 203.0.0.0 on */
	inet_ntop(AF_INET, &addr.w[3], text, INET_ADDRSTRLEN);
	return addr;
}

/* ns until it is dropped. */
static double dropped_after(double begin, const struct seki_addr *addr)
{
	while (!judge_drops_at(prog, ifindex, addr)) {
		if (bench_now_ns() - begin > PATIENCE)
			die("an address that was blocked is not dropped");
		sched_yield(); /* who is asked may have to run on this very processor */
	}
	return bench_now_ns() - begin;
}

static int daemon_connect(void)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/run/latency/ctl.sock", folder);
	if (sock < 0 || connect(sock, (const struct sockaddr *)&addr, sizeof(addr)))
		die(addr.sun_path);
	return sock;
}

/* *own: without what the daemon waited for a processor meanwhile. */
static double request_once(int sock, double *own)
{
	char host[INET_ADDRSTRLEN], text[512];
	struct seki_addr addr = host_next(host);
	double begin, took, waited = waited_ns();
	int len = snprintf(text, sizeof(text),
			   "{\"command\":\"block\",\"address\":\"%s\",\"seconds\":0,\"reason\":\"bench\"}",
			   host);

	begin = bench_now_ns();
	if (send(sock, text, (size_t)len, 0) != len)
		die("send");
	took = dropped_after(begin, &addr);
	waited = waited_ns() - waited;
	*own = took > waited ? took - waited : 0;
	if (recv(sock, text, sizeof(text), 0) <= 0)
		die("no answer");
	return took;
}

static double command_once(int quiet)
{
	char host[INET_ADDRSTRLEN], run[64], state[64];
	struct seki_addr addr = host_next(host);
	double begin, took;
	pid_t pid;
	int status;

	snprintf(run, sizeof(run), "%s/run", folder);
	snprintf(state, sizeof(state), "%s/state", folder);
	begin = bench_now_ns();
	pid = fork();
	if (!pid) {
		if (dup2(quiet, STDOUT_FILENO) < 0 || setpriority(PRIO_PROCESS, 0, 0))
			_exit(126);
		execl(program, program, "block", host, "--instance", "latency", "--run", run, "--state",
		      state, NULL);
		_exit(127);
	}
	took = dropped_after(begin, &addr);
	if (waitpid(pid, &status, 0) != pid || status)
		die("the command failed");
	return took;
}

static void rows_say(const char *what, uint32_t size, const char *how, double *values, int count, double unit)
{
	static const struct {
		const char *name;
		int per_mille;
	} marks[] = {{"p50", 500}, {"p99", 990}, {"max", 1000}};

	qsort(values, (size_t)count, sizeof(*values), bench_compare);
	for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
		int at = count * marks[i].per_mille / 1000;
		char metric[96];

		snprintf(metric, sizeof(metric), "latency.%s.%u.%s.%s", what, size, how, marks[i].name);
		bench_row(metric, values[at < count ? at : count - 1] / unit, -1, NULL);
	}
}

/* What others do on this machine keeps neither the watch nor, by its own priority, the daemon from working.
 */
static void watch_first(void)
{
	if (setpriority(PRIO_PROCESS, 0, -10))
		die("setpriority");
}

static double values[100000], own[100000];

static void measure(uint32_t size, bool traffic)
{
	const char *how = traffic ? "traffic" : "idle";
	int sock = daemon_connect(), quiet = open("/dev/null", O_WRONLY | O_CLOEXEC);
	pthread_t thread;

	if (traffic && pthread_create(&thread, NULL, traffic_run, NULL))
		die("thread");
	for (int i = 0; i < 100; i++)
		(void)request_once(sock, &own[0]);
	for (int i = 0; i < REQUESTS; i++)
		values[i] = request_once(sock, &own[i]);
	rows_say("daemon_us", size, how, values, REQUESTS, 1e3);
	rows_say("daemon_own_us", size, how, own, REQUESTS, 1e3);
	for (int i = 0; i < COMMANDS; i++)
		values[i] = command_once(quiet);
	rows_say("command_ms", size, how, values, COMMANDS, 1e6);
	close(sock);
	close(quiet);
	if (!traffic)
		return;
	__atomic_store_n(&traffic_over, true, __ATOMIC_RELEASE);
	pthread_join(thread, NULL);
	traffic_over = false;
}

/* While the daemon is at work on the whole list. */
static void measure_during(const char *what, uint32_t size, const char *words, const char *path)
{
	char command[512];
	int sock = daemon_connect(), count = 0, status = -1;
	pid_t pid = fork();

	if (!pid) {
		(void)setpriority(PRIO_PROCESS, 0, 0);
		snprintf(command, sizeof(command), "list %s %s%s", words, path ? folder : "",
			 path ? path : "");
		_exit(!sekimori(command));
	}
	while (count < (int)ARRAY_LEN(values) && !waitpid(pid, &status, WNOHANG)) {
		values[count] = request_once(sock, &own[count]);
		count++;
		usleep(1000);
	}
	if (status)
		die(words);
	rows_say("daemon_us", size, what, values, count, 1e3);
	rows_say("daemon_own_us", size, what, own, count, 1e3);
	close(sock);
}

int main(int argc, char **argv)
{
	static const uint32_t sizes[] = {1000, 1000000, 10000000};
	unsigned long largest = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000;

	bench_aims = aims;
	log_init("latency", LOG_LEVEL_ERROR);
	signal(SIGPIPE, SIG_IGN);
	snprintf(program, sizeof(program), "%s/sekimori", getenv("BIN") ? getenv("BIN") : "build");
	if (!mkdtemp(folder))
		die(folder);
	daemon_start();
	waits_find(daemon_connect());
	watch_first();
	for (size_t i = 0; i < ARRAY_LEN(sizes) && sizes[i] <= largest; i++) {
		list_load(sizes[i]);
		measure(sizes[i], false);
		measure(sizes[i], true);
		measure_during("while_loading", sizes[i], "load --allow-shrink --allow-share bench", "/list");
		measure_during("while_verifying", sizes[i], "verify", NULL);
	}
	bench_aims_say();
	if (!sekimori("down"))
		die("down");
	return world_run("rm -rf %s", folder) ? 0 : 1;
}
