// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * attacks.c - plays attacks against a machine that the daemon protects and reads of its events what became of
 * them: `attacks TALKS EVENTS SIDS NETNS` (selftests/vm/part_inline.sh). Each talk comes from an address of
 * its own in 198.18.0.0/15, which NETNS has; the protected side has 203.0.113.100 to .131. An attack whose
 * signatures the kernel module drops by must not arrive when one packet holds it; cut in two it is cut at
 * worst. SIDS names the signatures that drop. Talks mostly wait for what does not come, so WORKERS of them go
 * on at a time, each worker's with a protected address of its own, since two servers cannot share a port.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/ktap.h"

#define TALKS_MAX    400
#define MESSAGES_MAX 24
#define SIDS_MAX     100
#define ONE_PACKET   1400
#define WORKERS	     32
#define PATIENCE_MS  1500 /* for what must arrive; so long nothing comes of what was dropped */
#define EVENTS_S     120  /* for the last event to be written */

enum side { CLIENT, SERVER };
enum way { WHOLE, HALVES, WAYS };

struct message {
	enum side side;
	size_t len;
	uint8_t *data;
};

struct talk {
	char name[48];
	bool udp, drops; /* drops: one of its signatures does */
	uint16_t port;
	enum side attacker;
	uint32_t sids[8];
	int sid_count, count;
	struct message messages[MESSAGES_MAX];
	bool one_packet; /* no message of the attacker needs more */
	size_t arrived[WAYS];
	int refused[WAYS]; /* errno of a connection that did not come about */
};

static struct talk talks[TALKS_MAX];
static int talk_count, near_ns, far_ns;
static uint32_t drop_sids[SIDS_MAX];
static int drop_count;
static const char *events_path;

/* --- what is to be said */

static bool sid_drops(uint32_t sid)
{
	for (int i = 0; i < drop_count; i++)
		if (drop_sids[i] == sid)
			return true;
	return false;
}

static bool talk_line(const char *line)
{
	struct talk *talk = &talks[talk_count];
	char name[40], proto[8], attacker[8], sids[64], *at = sids;
	int variant, port;

	if (talk_count == TALKS_MAX ||
	    sscanf(line, "talk %39s %d %7s %d %7s %63s", name, &variant, proto, &port, attacker, sids) != 6)
		return false;
	snprintf(talk->name, sizeof(talk->name), "%s/%d", name, variant);
	talk->udp = !strcmp(proto, "udp");
	talk->port = (uint16_t)port;
	talk->attacker = strcmp(attacker, "server") ? CLIENT : SERVER;
	talk->one_packet = true;
	while (talk->sid_count < 8 && *at) {
		uint32_t sid = (uint32_t)strtoul(at, &at, 10);

		talk->sids[talk->sid_count++] = sid;
		talk->drops |= sid_drops(sid);
		at += *at == ',';
	}
	talk_count++;
	return true;
}

static bool message_line(const char *line)
{
	struct talk *talk = talk_count ? &talks[talk_count - 1] : NULL;
	const char *hex = strchr(line, ' ') + 1;
	struct message *message;

	if (!talk || talk->count == MESSAGES_MAX)
		return false;
	message = &talk->messages[talk->count++];
	message->side = *line == 's' ? SERVER : CLIENT;
	message->len = strcspn(hex, "\n") / 2;
	message->data = malloc(message->len + 1);
	for (size_t i = 0; message->data && i < message->len; i++) {
		char digits[3] = {hex[2 * i], hex[2 * i + 1], '\0'};

		message->data[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
	if (message->side == talk->attacker && message->len > ONE_PACKET)
		talk->one_packet = false;
	return message->data;
}

static bool read_files(const char *talks_path, const char *sids_path)
{
	static char line[1 << 16];
	FILE *file = fopen(sids_path, "re");
	bool good = file;

	while (good && drop_count < SIDS_MAX && fgets(line, sizeof(line), file))
		drop_sids[drop_count++] = (uint32_t)strtoul(line, NULL, 10);
	if (file)
		fclose(file);
	file = good ? fopen(talks_path, "re") : NULL;
	good = file;
	while (good && fgets(line, sizeof(line), file))
		good = *line == 't' ? talk_line(line) : message_line(line);
	if (file)
		fclose(file);
	return good && talk_count && drop_count;
}

/* --- saying it */

struct line {
	int ends[2]; /* by side */
};

/* The attacker's address of a talk. */
static struct sockaddr_in far_address(int number, enum way way, uint16_t port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};

	at.sin_addr.s_addr = htonl(0xc6120000u + (uint32_t)way * 0x10000 + (uint32_t)number + 1);
	return at;
}

static int socket_in(int ns, int type, const struct sockaddr_in *at)
{
	int one = 1, fd = -1;

	if (!setns(ns, CLONE_NEWNET))
		fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
	if (setns(near_ns, CLONE_NEWNET) || fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &one, sizeof(one));
	if (bind(fd, (const struct sockaddr *)at, sizeof(*at))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* The protected address of a talk: no other of its worker goes on at the same time. */
static struct sockaddr_in near_address(int number)
{
	struct sockaddr_in at = {.sin_family = AF_INET};

	at.sin_addr.s_addr = htonl(0xcb007164u + (uint32_t)(number % WORKERS)); /* 203.0.113.100 and on */
	return at;
}

/* Both ends of a conversation, connected. */
static bool line_open(const struct talk *talk, int number, enum way way, struct line *line)
{
	struct sockaddr_in near = near_address(number), far = far_address(number, way, 0);
	struct sockaddr_in *ends[2] = {&near, &near};
	int spaces[2] = {near_ns, near_ns}, type = talk->udp ? SOCK_DGRAM : SOCK_STREAM, listener, one = 1;

	ends[talk->attacker] = &far;
	spaces[talk->attacker] = far_ns;
	ends[SERVER]->sin_port = htons(talk->port);
	if (talk->udp)
		ends[CLIENT]->sin_port = htons((uint16_t)(40000 + number));
	line->ends[SERVER] = listener = socket_in(spaces[SERVER], type, ends[SERVER]);
	line->ends[CLIENT] = socket_in(spaces[CLIENT], type, ends[CLIENT]);
	if (listener < 0 || line->ends[CLIENT] < 0 || (!talk->udp && listen(listener, 1)) ||
	    connect(line->ends[CLIENT], (struct sockaddr *)ends[SERVER], sizeof(near)))
		return false;
	if (talk->udp)
		return !connect(listener, (struct sockaddr *)ends[CLIENT], sizeof(near));
	line->ends[SERVER] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	close(listener);
	for (int i = 0; i < 2; i++)
		setsockopt(line->ends[i], IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return line->ends[SERVER] >= 0;
}

/* Without farewell: what was dropped would be sent again and again. */
static void line_close(struct line *line)
{
	struct linger now = {.l_onoff = 1};

	for (int i = 0; i < 2; i++) {
		if (line->ends[i] < 0)
			continue;
		setsockopt(line->ends[i], SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		close(line->ends[i]);
	}
}

/* Bytes that came, at most `wanted`, until nothing more does. */
static size_t hear(int fd, size_t wanted)
{
	struct pollfd in = {.fd = fd, .events = POLLIN};
	uint8_t data[4096];
	size_t heard = 0;

	while (heard < wanted && poll(&in, 1, PATIENCE_MS) > 0) {
		ssize_t n = recv(fd, data, sizeof(data), 0);

		if (n <= 0)
			break;
		heard += (size_t)n;
	}
	return heard;
}

/* Says it, and notes how many of the attacker's bytes arrived. */
static void talk_play(struct talk *talk, int number, enum way way)
{
	struct line line = {{-1, -1}};

	if (!line_open(talk, number, way, &line)) {
		talk->refused[way] = errno;
		line_close(&line);
		return;
	}
	for (int i = 0; i < talk->count; i++) {
		const struct message *message = &talk->messages[i];
		int from = line.ends[message->side], to = line.ends[!message->side];
		bool halves = way == HALVES && message->side == talk->attacker && message->len > 1;
		size_t first = halves ? message->len / 2 : message->len, heard;

		if (send(from, message->data, first, MSG_NOSIGNAL) < 0)
			break;
		heard = hear(to, first);
		if (halves && heard == first &&
		    send(from, message->data + first, message->len - first, MSG_NOSIGNAL) > 0)
			heard += hear(to, message->len - first);
		if (message->side == talk->attacker)
			talk->arrived[way] += heard;
		if (heard != message->len)
			break;
	}
	line_close(&line);
}

/* A datagram is not divided; what needs more than a packet is not sent in one. */
static bool talk_played(const struct talk *talk, enum way way)
{
	return talk->drops && (way == WHOLE ? talk->one_packet : !talk->udp);
}

struct worker {
	pthread_t thread;
	int first;
	enum way way;
};

static void *worker_run(void *arg)
{
	const struct worker *worker = arg;

	for (int i = worker->first; i < talk_count; i += WORKERS)
		if (talk_played(&talks[i], worker->way))
			talk_play(&talks[i], i, worker->way);
	return NULL;
}

/* All talks in one way. Returns how many. */
static int talks_play(enum way way)
{
	struct worker workers[WORKERS];
	int played = 0;

	for (int i = 0; i < WORKERS; i++) {
		workers[i] = (struct worker){.first = i, .way = way};
		if (!CHECK_EQ(pthread_create(&workers[i].thread, NULL, worker_run, &workers[i]), 0))
			exit(1);
	}
	for (int i = 0; i < WORKERS; i++)
		pthread_join(workers[i].thread, NULL);
	for (int i = 0; i < talk_count; i++) {
		CHECK(!talks[i].refused[way], "%s: no connection: %s", talks[i].name,
		      strerror(talks[i].refused[way]));
		played += talk_played(&talks[i], way);
	}
	return played;
}

/* --- what became of it */

struct found {
	int alerts, blocked, worse; /* worse than cut */
	bool dropped;		    /* by a signature that drops, and blocked */
};
static struct found results[TALKS_MAX][WAYS];

static void event_take(const json_t *event)
{
	const char *source = json_string_value(json_object_get(event, "src_ip")), *verdict;
	const char *target = json_string_value(json_object_get(event, "dest_ip"));
	const json_t *alert = json_object_get(event, "alert");
	struct found *found;
	uint32_t sid;

	if (!alert || strcmp(json_string_value(json_object_get(event, "event_type")), "alert"))
		return;
	sid = (uint32_t)json_integer_value(json_object_get(alert, "signature_id"));
	verdict = json_string_value(json_object_get(json_object_get(event, "sekimori"), "verdict"));
	for (int i = 0; i < 2; i++) {
		const char *text = i ? target : source;
		uint32_t at = text ? ntohl(inet_addr(text)) - 0xc6120000u : UINT32_MAX;
		uint32_t way = at >> 16, number = (at & 0xffff) - 1;

		if (way >= WAYS || number >= (uint32_t)talk_count || !verdict)
			continue;
		found = &results[number][way];
		found->alerts++;
		found->blocked += !strcmp(verdict, "blocked");
		found->worse += strcmp(verdict, "blocked") && strcmp(verdict, "cut");
		found->dropped |= !strcmp(verdict, "blocked") && sid_drops(sid);
		if (strcmp(verdict, "blocked"))
			printf("# %s way %u: sid %u %s\n", talks[number].name, way, sid, verdict);
	}
}

/* What was written since the last time, line by line as far as lines are whole. */
static void events_read(void)
{
	static char line[1 << 16];
	static long done;
	FILE *file = fopen(events_path, "re");

	if (file && fseek(file, done, SEEK_SET))
		return;
	while (file && fgets(line, sizeof(line), file) && strchr(line, '\n')) {
		json_t *event = json_loads(line, 0, NULL);

		event_take(event);
		json_decref(event);
		done += (long)strlen(line);
	}
	if (file)
		fclose(file);
}

/* Every talk of a way has its alert, or the time is over. */
static bool events_wait(enum way way)
{
	for (int left = EVENTS_S; left; left--) {
		bool all = true;

		events_read();
		for (int i = 0; i < talk_count && all; i++)
			all = !talk_played(&talks[i], way) || results[i][way].alerts;
		if (all)
			return true;
		sleep(1);
	}
	return false;
}

/* The attacker's messages before the n-th. */
static size_t before(const struct talk *talk, int n)
{
	size_t sum = 0;

	for (int i = 0, seen = 0; i < talk->count && seen < n; i++) {
		if (talk->messages[i].side != talk->attacker)
			continue;
		sum += talk->messages[i].len;
		seen++;
	}
	return sum;
}

static bool arrived_whole_messages(const struct talk *talk, size_t arrived)
{
	int n = 0;

	for (int i = 0; i < talk->count; i++)
		n += talk->messages[i].side == talk->attacker;
	for (int i = 0; i < n; i++)
		if (arrived == before(talk, i))
			return true;
	return false; /* a part of a message, or all there is */
}

static void blocked_in_one_packet(void)
{
	int played = talks_play(WHOLE);

	CHECK(events_wait(WHOLE), "alerts are missing");
	for (int i = 0; i < talk_count; i++) {
		const struct found *found = &results[i][WHOLE];

		if (!talk_played(&talks[i], WHOLE))
			continue;
		CHECK(arrived_whole_messages(&talks[i], talks[i].arrived[WHOLE]), "%s: %zu bytes arrived",
		      talks[i].name, talks[i].arrived[WHOLE]);
		CHECK(found->alerts, "%s: no alert", talks[i].name);
		CHECK(found->dropped && found->blocked == found->alerts, "%s: %d alerts, %d blocked",
		      talks[i].name, found->alerts, found->blocked);
	}
	printf("# %d attacks in one packet\n", played);
	CHECK(played > 50, "%d", played);
}

static void cut_at_worst_in_two(void)
{
	int played = talks_play(HALVES), cut = 0;

	CHECK(events_wait(HALVES), "alerts are missing");
	for (int i = 0; i < talk_count; i++) {
		const struct found *found = &results[i][HALVES];

		if (!talk_played(&talks[i], HALVES))
			continue;
		CHECK(found->alerts, "%s: no alert", talks[i].name);
		CHECK(!found->worse, "%s: %d verdicts worse than cut", talks[i].name, found->worse);
		cut += found->blocked < found->alerts;
	}
	printf("# %d attacks in two segments, %d of them cut\n", played, cut);
	CHECK(played > 50, "%d", played);
}

static const struct ktap_test tests[] = {TEST(blocked_in_one_packet), TEST(cut_at_worst_in_two)};

int main(int argc, char **argv)
{
	if (argc != 5) {
		printf("KTAP version 1\n1..0 # SKIP played by part_inline.sh\n");
		return 0;
	}
	events_path = argv[2];
	near_ns = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	far_ns = open(argv[4], O_RDONLY | O_CLOEXEC);
	if (near_ns < 0 || far_ns < 0 || !read_files(argv[1], argv[3])) {
		printf("KTAP version 1\n1..1\nnot ok 1 something to play\n# %s\n", strerror(errno));
		return 1;
	}
	return ktap_run(tests, sizeof(tests) / sizeof(*tests));
}
