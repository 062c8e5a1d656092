// SPDX-License-Identifier: GPL-2.0-or-later
/* guard.c - every way in which the XDP program of a protected interface can go, and what the guard does then.
 */
#include <linux/if_link.h>
#include <netinet/in.h>

#include "lib/kmod_world.h"

#define PORT 7000

static struct kmod *kmod;
static struct kmod_watch *watch;
static struct gate_why why;
static int sender = -1, receiver = -1, prog = -1, other = -1;
static uint32_t w0;

static const struct seki_guard_row enforce[] = {{.mode = SEKI_MODE_ENFORCE}};

static struct prefix prefix_of(const char *text)
{
	const char *complaint;
	struct prefix out;

	if (prefix_parse(text, strlen(text), &out, &complaint))
		abort();
	return out;
}

/* .64/28 is listed but for .65; .70 is in the allow set, .71 only for port PORT + 1. */
static bool commit(void)
{
	const struct list_row rows[] = {
		{.prefix = prefix_of("192.0.2.64/28"), .entry = {.flags = SEKI_ENTRY_SRC}},
		{.prefix = prefix_of("192.0.2.65"), .entry = {.flags = SEKI_ENTRY_ALLOW}},
		{.prefix = prefix_of("192.0.2.90"), .entry = {.flags = SEKI_ENTRY_SRC, .expires = 1}},
		{.prefix = prefix_of("192.0.2.91"), .entry = {.flags = SEKI_ENTRY_SRC | SEKI_ENTRY_ALERT}},
		{.prefix = prefix_of("2001:db8:bad::/48"), .entry = {.flags = SEKI_ENTRY_SRC}},
	};
	const struct guard_net nets[] = {
		{.prefix = prefix_of("192.0.2.70"), .net = {.scopes = 1}},
		{.prefix = prefix_of("192.0.2.71"),
		 .net = {.scopes = 1, .scope = {{.proto = IPPROTO_UDP, .port = htons(PORT + 1)}}}},
	};
	AUTO_FREE void *table = NULL;
	uint64_t serial;
	size_t len;

	return !guard_image_build(rows, ARRAY_LEN(rows), nets, ARRAY_LEN(nets), &table, &len) &&
	       !kmod_table_commit(kmod, SEKI_TABLE_GUARD, table, len, &serial, &why);
}

static void send_from(const char *source, int times)
{
	char line[128];

	snprintf(line, sizeof(line), "eth ip4:%s>192.0.2.1 udp:4000>%d data:8", source, PORT);
	while (times--)
		world_send(sender, line);
}

static bool arrives(const char *source)
{
	(void)world_received(receiver);
	send_from(source, 1);
	return world_received(receiver) == 1;
}

struct state {
	bool found;
	struct kmod_guard guard;
};

static void take_state(const struct kmod_guard *guard, void *arg)
{
	struct state *state = arg;

	if (guard->ifindex != w0)
		return;
	state->found = true;
	state->guard = *guard;
}

static struct kmod_guard state_of(void)
{
	struct state state = {0};

	CHECK_EQ(kmod_guard_each(kmod, take_state, &state), 0);
	CHECK(state.found, "the interface is not protected");
	return state.guard;
}

struct heard {
	uint32_t wanted;
	bool found;
	struct kmod_event event;
};

static void hear(const struct kmod_event *event, void *arg)
{
	struct heard *heard = arg;

	if (event->event != heard->wanted || heard->found)
		return;
	heard->found = true;
	heard->event = *event;
}

/* Waits for an event; false: it did not come in time. */
static bool hears(enum seki_genl_event wanted, int ms, struct kmod_event *out)
{
	struct heard heard = {.wanted = wanted};
	struct pollfd p = {.fd = kmod_watch_fd(watch), .events = POLLIN};

	while (!heard.found && poll(&p, 1, ms) > 0)
		if (kmod_watch_read(watch, hear, &heard))
			break;
	if (out)
		*out = heard.event;
	return heard.found;
}

static void forget_events(void)
{
	struct heard none = {.wanted = SEKI_EVENT_MAX};

	CHECK_EQ(kmod_watch_read(watch, hear, &none), 0);
}

static bool attach(int fd)
{
	return !bpf_xdp_attach((int)w0, fd, 0, NULL);
}

static bool detach(void)
{
	return !bpf_xdp_detach((int)w0, 0, NULL);
}

/* Begins each test with the program in place and the guard watching. */
static bool begin(void)
{
	uint32_t id = world_prog_id(prog);

	(void)detach();
	return CHECK(attach(prog), "%s", strerror(errno)) &&
	       CHECK(!kmod_guard_set(kmod, w0, id, enforce, 1, &why), "%s", why.text) &&
	       CHECK(hears(SEKI_EVENT_GUARD_SET, 1000, NULL) || true) &&
	       CHECK_EQ(state_of().state, SEKI_GUARD_PRESENT) && (forget_events(), true);
}

static void end(void)
{
	int err = kmod_guard_clear(kmod, w0, "test", &why);

	CHECK(!err || err == -ENOENT, "%s", why.text);
	(void)detach();
}

/* What has to hold while the program is gone. */
static void enforces(void)
{
	uint64_t dropped = state_of().stats[SEKI_GUARD_STAT_DROPPED];

	CHECK(!arrives("192.0.2.66"), "a listed source came through");
	CHECK(arrives("192.0.2.10"), "a clean source was dropped");
	CHECK(state_of().stats[SEKI_GUARD_STAT_DROPPED] > dropped, "nothing was counted");
}

static void watches_only(void)
{
	if (!begin())
		return;
	CHECK(arrives("192.0.2.66"), "the guard dropped beside the program");
	CHECK_EQ(state_of().stats[SEKI_GUARD_STAT_PACKETS], 0);
	end();
	CHECK(arrives("192.0.2.66"), "dropped without a guard");
}

/* `ip link set dev … xdp off` */
static void detached_by_netlink(void)
{
	struct kmod_event event;

	if (!begin())
		return;
	CHECK(world_run("ip link set dev w0 xdp off"));
	CHECK(hears(SEKI_EVENT_XDP_MISSING, 200, &event), "no event");
	CHECK_EQ(event.ifindex, w0);
	CHECK_STR(event.name, "w0");
	CHECK_EQ(event.found, 0);
	CHECK_EQ(event.prog, world_prog_id(prog));
	enforces();
	CHECK(attach(prog));
	CHECK(hears(SEKI_EVENT_XDP_PRESENT, 200, NULL), "no event when it came back");
	CHECK(arrives("192.0.2.66"), "the guard went on beside the program");
	end();
}

static int link_make(int fd)
{
	LIBBPF_OPTS(bpf_link_create_opts, opts);

	return bpf_link_create(fd, (int)w0, BPF_XDP, &opts);
}

static bool begin_link(int *link)
{
	(void)detach();
	*link = link_make(prog);
	if (!CHECK(*link >= 0, "%s", strerror(errno)) ||
	    !CHECK(!kmod_guard_set(kmod, w0, world_prog_id(prog), enforce, 1, &why), "%s", why.text) ||
	    !CHECK_EQ(state_of().state, SEKI_GUARD_PRESENT))
		return false;
	forget_events();
	return true;
}

/* A closed bpf_link tells nobody: the first packet notices. */
static void link_closed_first_packet(void)
{
	int link;

	if (!begin_link(&link))
		return;
	close(link);
	CHECK(!arrives("192.0.2.66"), "the very first packet came through");
	CHECK(hears(SEKI_EVENT_XDP_MISSING, 500, NULL), "no event");
	enforces();
	end();
}

/* No packet comes: the timer notices. */
static void link_closed_idle(void)
{
	int link;

	if (!begin_link(&link))
		return;
	CHECK(world_run("ip link set w1 down")); /* not even neighbour discovery */
	forget_events();
	close(link);
	CHECK(hears(SEKI_EVENT_XDP_MISSING, 3000, NULL), "no event on an idle link");
	CHECK(world_run("ip link set w1 up"));
	end();
}

/* A program put into the same link tells nobody either, and something is attached: only its id says that it
 * is another one. */
static void link_updated(void)
{
	struct kmod_event event;
	int link;

	if (!begin_link(&link))
		return;
	CHECK_EQ(bpf_link_update(link, other, NULL), 0);
	CHECK(hears(SEKI_EVENT_XDP_REPLACED, 3000, &event), "no event");
	CHECK_EQ(event.found, world_prog_id(other));
	enforces();
	CHECK_EQ(bpf_link_update(link, prog, NULL), 0);
	CHECK(hears(SEKI_EVENT_XDP_PRESENT, 3000, NULL), "no event when it came back");
	close(link);
	end();
}

static void program_replaced(void)
{
	struct kmod_event event;

	if (!begin())
		return;
	CHECK(attach(other));
	CHECK(hears(SEKI_EVENT_XDP_REPLACED, 200, &event), "no event");
	CHECK_EQ(event.found, world_prog_id(other));
	enforces();
	end();
}

/* With program id 0 any program will do. */
static void any_program(void)
{
	CHECK(attach(prog));
	CHECK_EQ(kmod_guard_set(kmod, w0, 0, enforce, 1, &why), 0);
	forget_events();
	CHECK(attach(other));
	CHECK(!hears(SEKI_EVENT_XDP_REPLACED, 1500, NULL), "another program was an alarm");
	CHECK_EQ(state_of().state, SEKI_GUARD_PRESENT);
	CHECK(detach());
	CHECK(hears(SEKI_EVENT_XDP_MISSING, 500, NULL), "no event");
	end();
}

static void device_renamed(void)
{
	struct kmod_event event;

	if (!begin())
		return;
	CHECK(world_run("ip link set w0 down && ip link set w0 name renamed && ip link set renamed up"));
	CHECK(hears(SEKI_EVENT_DEVICE_RENAMED, 500, &event), "no event");
	CHECK_STR(event.name, "renamed");
	CHECK_STR(state_of().name, "renamed");
	CHECK(detach());
	enforces();
	CHECK(world_run("ip link set renamed down && ip link set renamed name w0 && ip link set w0 up && ip "
			"addr replace "
			"2001:db8::1/64 dev w0 nodad"));
	end();
}

static void device_gone(void)
{
	struct heard heard = {.wanted = SEKI_EVENT_DEVICE_GONE};
	struct state state = {0};
	uint32_t keep = w0;

	CHECK(world_run("ip link add g0 type veth peer name g1 && ip link set g0 up && ip link set g1 up"));
	w0 = if_nametoindex("g0");
	CHECK_EQ(kmod_guard_set(kmod, w0, 0, enforce, 1, &why), 0);
	forget_events();
	CHECK(world_run("ip link del g0"));
	CHECK(hears(SEKI_EVENT_DEVICE_GONE, 500, &heard.event), "no event");
	CHECK_STR(heard.event.name, "g0");
	CHECK_EQ(kmod_guard_each(kmod, take_state, &state), 0);
	CHECK(!state.found, "still protected");
	w0 = keep;
}

/* Moved to another namespace: it leaves this one's protection, visibly. */
static void device_moved(void)
{
	uint32_t keep = w0;

	CHECK(world_run("ip netns add moved && ip link add g0 type veth peer name g1 && ip link set g0 up"));
	w0 = if_nametoindex("g0");
	CHECK_EQ(kmod_guard_set(kmod, w0, 0, enforce, 1, &why), 0);
	forget_events();
	CHECK(world_run("ip link set g0 netns moved"));
	CHECK(hears(SEKI_EVENT_DEVICE_GONE, 500, NULL), "no event");
	CHECK(world_run("ip netns del moved; ip link del g1 2>/dev/null; true"));
	w0 = keep;
}

/* A namespace with a protected interface, a table and an open transaction goes away while packets run. */
static void namespace_deleted(void)
{
	for (int i = 0; i < 5; i++) {
		int status;
		pid_t pid = fork();

		if (!pid) {
			uint8_t digest[SEKI_DIGEST_BYTES] = {0};
			int fd;

			if (unshare(CLONE_NEWNET) || !world_link())
				_exit(2);
			kmod = world_open();
			w0 = if_nametoindex("w0");
			if (!kmod || !commit() || kmod_guard_set(kmod, w0, 0, enforce, 1, &why) ||
			    kmod_table_begin(kmod, SEKI_TABLE_GUARD, 4096, digest, &why))
				_exit(3);
			fd = world_sender("w1");
			for (int n = 0; n < 200; n++)
				world_send(fd, "eth ip4:192.0.2.66>192.0.2.1 udp:1>2 data:8");
			_exit(0);
		}
		waitpid(pid, &status, 0);
		CHECK_EQ(WEXITSTATUS(status), 0);
	}
}

static void lists(void)
{
	if (!begin())
		return;
	CHECK(detach());
	CHECK(!arrives("192.0.2.66"), "listed by a prefix");
	CHECK(!arrives("192.0.2.64"), "the prefix's first");
	CHECK(!arrives("192.0.2.79"), "the prefix's last");
	CHECK(arrives("192.0.2.63") && arrives("192.0.2.80"), "beside the prefix");
	CHECK(arrives("192.0.2.65"), "an exception inside");
	CHECK(arrives("192.0.2.70"), "in the allow set");
	CHECK(!arrives("192.0.2.71"), "in the allow set for another port");
	CHECK(arrives("192.0.2.90"), "expired");
	CHECK(arrives("192.0.2.91"), "listed to be told, not dropped");
	CHECK(state_of().stats[SEKI_GUARD_STAT_ALLOWED] >= 1, "not counted");
	end();
}

static void modes(void)
{
	struct seki_guard_row rows[] = {{.mode = SEKI_MODE_MONITOR}, {.vlan = 7, .mode = SEKI_MODE_ENFORCE}};
	uint64_t before;

	CHECK(attach(prog));
	CHECK_EQ(kmod_guard_set(kmod, w0, 0, rows, 2, &why), 0);
	CHECK(detach());
	CHECK(arrives("192.0.2.66"), "monitor mode dropped");
	CHECK(state_of().stats[SEKI_GUARD_STAT_WOULD_DROP] >= 1, "not counted");
	before = state_of().stats[SEKI_GUARD_STAT_DROPPED];
	world_send(sender, "eth vlan:7 ip4:192.0.2.66>192.0.2.1 udp:1>2 data:8");
	world_send(sender, "eth vlan:8 ip4:192.0.2.66>192.0.2.1 udp:1>2 data:8");
	(void)world_received(receiver);
	CHECK_EQ(state_of().stats[SEKI_GUARD_STAT_DROPPED], before + 1);
	/* Probation that has run out reads as monitor. */
	rows[0] = (struct seki_guard_row){.mode = SEKI_MODE_ENFORCE, .enforce_until = 1};
	CHECK_EQ(kmod_guard_set(kmod, w0, 0, rows, 1, &why), 0);
	CHECK(arrives("192.0.2.66"), "enforced after its deadline");
	rows[0].enforce_until = UINT32_MAX;
	CHECK_EQ(kmod_guard_set(kmod, w0, 0, rows, 1, &why), 0);
	CHECK(!arrives("192.0.2.66"), "not enforced before its deadline");
	end();
}

/* What the packet program finds behind tags, tunnels and extension headers, the guard finds too. */
static void frames(void)
{
	static const struct {
		const char *line;
		int dropped;
	} rows[] = {
		{"eth ip4:192.0.2.66>192.0.2.1 tcp:1>2,S", 1},
		{"eth ip4:192.0.2.66>192.0.2.1,opts=8 udp:1>2", 1},
		{"eth ip4:192.0.2.66>192.0.2.1,off=64 data:16", 1},
		{"eth vlan:5 vlan:6 ip4:192.0.2.66>192.0.2.1 udp:1>2", 1},
		{"eth pppoe ip4:192.0.2.66>192.0.2.1 udp:1>2", 1},
		{"eth ip4:192.0.2.10>192.0.2.1 ip4:192.0.2.66>192.0.2.1 udp:1>2", 1},
		{"eth ip4:192.0.2.10>192.0.2.1 gre ip4:192.0.2.66>192.0.2.1 udp:1>2", 1},
		{"eth ip4:192.0.2.10>192.0.2.1 gre,key,seq ip6:2001:db8:bad::1>2001:db8::1 udp:1>2", 1},
		{"eth ip6:2001:db8:bad::1>2001:db8::1 hop dst frag udp:1>2", 1},
		{"eth ip6:2001:db8:bad::1>2001:db8::1 udp:1>2", 1},
		{"eth ip6:2001:db8:bad::1>ff02::1:ff00:1,ttl=255 icmp6:135", 0},
		{"eth ip6:2001:db8:bad::1>ff02::1:ff00:1 icmp6:135", 1},
		{"eth ip6:2001:db8::9>2001:db8::1 udp:1>2", 0},
		{"eth ip4:192.0.2.10>192.0.2.1 udp:1>2", 0},
		{"eth arp", 0},
	};

	if (!begin())
		return;
	CHECK(detach());
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		uint64_t before = state_of().stats[SEKI_GUARD_STAT_DROPPED];

		world_send(sender, rows[i].line);
		(void)world_received(receiver);
		CHECK(state_of().stats[SEKI_GUARD_STAT_DROPPED] == before + rows[i].dropped, "%s",
		      rows[i].line);
	}
	end();
}

static void refused(int err, int expected, const char *words)
{
	CHECK(err == expected && strstr(why.text, words), "%d \"%s\", not %d \"%s\"", err, why.text, expected,
	      words);
	why.text[0] = '\0';
}

static void refusals(void)
{
	const struct seki_guard_row vlan[] = {{.vlan = 4095, .mode = SEKI_MODE_ENFORCE}};
	const struct seki_guard_row mode[] = {{.mode = SEKI_MODE_MAX}};
	const struct seki_guard_row twice[] = {{.vlan = 5}, {.vlan = 5}};

	refused(kmod_guard_set(kmod, 99999, 0, enforce, 1, &why), -ENODEV, "no such interface");
	refused(kmod_guard_set(kmod, w0, 0, enforce, 0, &why), -EINVAL, "rows");
	refused(kmod_guard_set(kmod, w0, 0, vlan, 1, &why), -EINVAL, "rows");
	refused(kmod_guard_set(kmod, w0, 0, mode, 1, &why), -EINVAL, "rows");
	refused(kmod_guard_set(kmod, w0, 0, twice, 2, &why), -EINVAL, "rows");
	refused(kmod_guard_clear(kmod, w0, "none", &why), -ENOENT, "not protected");
	if (!begin())
		return;
	refused(kmod_table_drop(kmod, SEKI_TABLE_GUARD, "no", &why), -EBUSY, "clear their guards first");
	CHECK(world_run("rmmod sekimori 2>/dev/null; test -e /sys/module/sekimori"));
	end();
}

/* Withdrawing is an event with who and why. */
static void withdrawn(void)
{
	struct kmod_event event;

	if (!begin())
		return;
	CHECK_EQ(kmod_guard_clear(kmod, w0, "maintenance until noon", &why), 0);
	CHECK(hears(SEKI_EVENT_GUARD_CLEAR, 500, &event), "no event");
	CHECK_STR(event.reason, "maintenance until noon");
	CHECK_EQ(event.uid, 0);
	end();
}

/* Without a table there is nothing to enforce: said, not assumed. */
static void no_table(void)
{
	end();
	CHECK_EQ(kmod_table_drop(kmod, SEKI_TABLE_GUARD, "test", &why), 0);
	refused(kmod_guard_set(kmod, w0, 0, enforce, 1, &why), -ENODATA, "commit one first");
	CHECK(commit());
}

static const struct ktap_test tests[] = {
	TEST(watches_only),
	TEST(detached_by_netlink),
	TEST(link_closed_first_packet),
	TEST(link_closed_idle),
	TEST(link_updated),
	TEST(program_replaced),
	TEST(any_program),
	TEST(device_renamed),
	TEST(device_gone),
	TEST(device_moved),
	TEST(namespace_deleted),
	TEST(lists),
	TEST(modes),
	TEST(frames),
	TEST(refusals),
	TEST(withdrawn),
	TEST(no_table),
};

int main(void)
{
	const char *skip = world_enter();

	if (skip) {
		printf("KTAP version 1\n1..0 # SKIP %s\n", skip);
		return 0;
	}
	kmod = world_open();
	prog = world_prog("ours", 1);
	other = world_prog("foreign", 2);
	if (!kmod || prog < 0 || other < 0 || !world_link() || kmod_watch_open(&watch) || !commit()) {
		printf("KTAP version 1\n1..1\nnot ok 1 a world to test in: %s %s\n", strerror(errno),
		       why.text);
		return 1;
	}
	w0 = if_nametoindex("w0");
	sender = world_sender("w1");
	receiver = world_receiver(PORT);
	return ktap_run(tests, ARRAY_LEN(tests));
}
