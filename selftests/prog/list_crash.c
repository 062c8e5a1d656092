// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list_crash.c - whoever replaces the list dies by SIGKILL: at every system call of the replacement, at both
 * ends of it, at hundreds of moments in between, and between any two instructions of a single change. Packets
 * are judged all the time: they meet the old list or the new one, never a mix, never none; who comes next
 * finds one of the two, whole, and can replace it.
 */
#include <pthread.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lib/list_judge.h"

#define EACH	300   /* prefixes of a kind */
#define FILLER	30000 /* of the larger list only: its tables have more maps, which have to come and go */
#define MOMENTS 150
#define STEPS	20000 /* system calls or instructions that one change may take */

enum { ONLY_B, ALWAYS, ONLY_A, NEVER };

static struct gate *gate;
static struct gate_why why;
static int prog = -1;
static struct gate_list_row *lists[2]; /* A small, B large */
static uint32_t counts[2];
static uint64_t seed = 2463534242u;

static uint32_t draw(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 33) % below;
}

static void lists_make(void)
{
	for (int b = 0; b < 2; b++) {
		lists[b] = calloc(2 * EACH + FILLER, sizeof(*lists[b]));
		for (uint32_t i = 0; i < EACH; i++) {
			lists[b][counts[b]++] = judge_row(ALWAYS, i);
			lists[b][counts[b]++] = judge_row(b ? ONLY_B : ONLY_A, i);
		}
	}
	for (uint32_t i = 0; i < (ktap_slow() ? FILLER / 4 : FILLER); i++) {
		struct gate_list_row row = {{.prefixlen = 128}, {.list = 5, .flags = SEKI_ENTRY_SRC}};

		if (i % 2) {
			row.key.addr.b[10] = row.key.addr.b[11] = 0xff;
			row.key.addr.w[3] = htonl(0x14000000 + i * 97);
		} else { /* some of a length that only the trie has */
			row.key.addr.w[0] = htonl(0x2a000000 + i);
			row.key.prefixlen = i % 1024 ? 64 : 100;
		}
		lists[1][counts[1]++] = row;
	}
}

/* --- who judges while others die */

static struct {
	pthread_t thread;
	bool over;
	uint32_t phase; /* goes up before each change, of which there is one per phase at most */
	uint64_t asked, passed_wrongly, dropped_wrongly, mixed;
} judge;

static void *judge_run(void *arg)
{
	for (uint32_t i = 0; !__atomic_load_n(&judge.over, __ATOMIC_ACQUIRE); i = (i + 1) % EACH) {
		uint32_t phase = __atomic_load_n(&judge.phase, __ATOMIC_ACQUIRE);
		bool a, b, again;

		judge.passed_wrongly += !judge_drops_key(prog, ALWAYS, i);
		judge.dropped_wrongly += judge_drops_key(prog, NEVER, i);
		a = judge_drops_key(prog, ONLY_A, i);
		b = judge_drops_key(prog, ONLY_B, i);
		again = judge_drops_key(prog, ONLY_A, i);
		if (phase == __atomic_load_n(&judge.phase, __ATOMIC_ACQUIRE))
			judge.mixed += a == again && a == b;
		judge.asked += 5;
	}
	return NULL;
}

static void phase_next(void)
{
	__atomic_add_fetch(&judge.phase, 1, __ATOMIC_ACQ_REL);
}

/* --- what is in force */

/* By all packets that tell them apart; -1: a mix, or neither. */
static int list_in_force(void)
{
	uint32_t only[2] = {0}, always = 0, never = 0;

	for (uint32_t i = 0; i < EACH; i++) {
		always += judge_drops_key(prog, ALWAYS, i);
		never += judge_drops_key(prog, NEVER, i);
		only[0] += judge_drops_key(prog, ONLY_A, i);
		only[1] += judge_drops_key(prog, ONLY_B, i);
	}
	if (!CHECK(always == EACH && !never, "%u of those in both, %u of those in none", always, never) ||
	    !CHECK((only[0] == EACH && !only[1]) || (only[1] == EACH && !only[0]), "%u of A, %u of B",
		   only[0], only[1]))
		return -1;
	return only[1] == EACH;
}

static int list_replace(int which)
{
	struct seki_settings settings;
	uint32_t slot;
	int err = gate_list_build(gate, lists[which], counts[which], &slot, &why);

	if (!err)
		err = gate_settings_get(gate, &settings);
	settings.active = slot;
	return err ? err : gate_settings_set(gate, &settings);
}

/* As a daemon that starts again does: it adopts what is there. *which: what it finds in force. */
static bool restart(int *which)
{
	struct gate_list_verdict verdict;

	gate_free(gate);
	gate = NULL;
	if (!CHECK(!world_gate("crash", NULL, 0, &gate, &why), "%s", why.text))
		return false;
	CHECK(gate_adopted(gate));
	*which = list_in_force();
	return *which >= 0 && CHECK_EQ(gate_list_verify(gate, lists[*which], counts[*which], &verdict), 0) &&
	       CHECK_EQ(verdict.differences, 0);
}

/* --- who dies */

/* A process that waits to be led through the change. */
static pid_t victim_start(int (*change)(int), int arg)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
			_exit(99);
		raise(SIGSTOP);
		_exit(change(arg) ? 1 : 0);
	}
	if (!CHECK(pid > 0) || !CHECK_EQ(waitpid(pid, &status, 0), pid) ||
	    !CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP, "status %x", status))
		return 0;
	CHECK_EQ(ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD), 0);
	return pid;
}

static void victim_kill(pid_t pid)
{
	int status;

	kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) == pid && !WIFSIGNALED(status))
		;
	CHECK(WTERMSIG(status) == SIGKILL, "status %x", status);
}

/* On to the next stop. False: it ended, well. */
static bool victim_step(pid_t pid, enum __ptrace_request how)
{
	int status;

	if (!CHECK_EQ(ptrace(how, pid, NULL, NULL), 0) || !CHECK_EQ(waitpid(pid, &status, 0), pid))
		return false;
	if (WIFSTOPPED(status))
		return CHECK((WSTOPSIG(status) & 0x7f) == SIGTRAP, "stopped by signal %d", WSTOPSIG(status));
	CHECK(WIFEXITED(status) && !WEXITSTATUS(status), "status %x", status);
	return false;
}

/* Dies at the n-th end of a system call (each has two). False: it got through. */
static bool victim_dies_at_call(int which, uint32_t n)
{
	pid_t pid = victim_start(list_replace, which);

	for (uint32_t i = 0; pid && i <= n; i++)
		if (!victim_step(pid, PTRACE_SYSCALL))
			return false;
	if (pid)
		victim_kill(pid);
	return pid;
}

/* --- tests */

static void instance_opens(void)
{
	lists_make();
	if (!judge_world("crash", &gate, &why, &prog) || !CHECK(!list_replace(0), "%s", why.text))
		return;
	CHECK_EQ(list_in_force(), 0);
	CHECK_EQ(pthread_create(&judge.thread, NULL, judge_run, NULL), 0);
}

/* Both slots hold the same list: every replacement then takes the same steps. */
static bool begin_with(int which)
{
	return CHECK(!list_replace(which), "%s", why.text) && CHECK(!list_replace(which), "%s", why.text);
}

/* How many times it died on the way; *after: in force was the new list already. */
static uint32_t dies_on_the_way(int to, uint32_t *after)
{
	/*
	 * The switch is near the end. So the slow machine leaps, and goes back to come nearer by shorter
	 * leaps; and as threads make a few calls more or less each time, the end is passed only when several
	 * got through.
	 */
	const uint32_t enough = ktap_slow() ? 2 : 6;
	uint32_t n = 0, step = ktap_slow() ? 48 : 1, through = 0;
	int which;

	for (; n < STEPS && !ktap_failed_checks; n += step) {
		bool died;

		phase_next();
		if (!begin_with(1 - to))
			return n;
		phase_next();
		died = victim_dies_at_call(to, n);
		if (!restart(&which))
			return n;
		*after += died && which == to;
		if (died)
			continue;
		CHECK_EQ(which, to);
		if (step > 2 && n >= step) {
			n -= step;
			step /= 6;
		} else if (++through == enough) {
			break;
		}
	}
	return n;
}

static void dies_at_every_call(void)
{
	uint32_t new_there = 0, new_back = 0, there, back;

	/* From A to B with its many maps, then from B to A, which gives them back. */
	there = dies_on_the_way(1, &new_there);
	back = dies_on_the_way(0, &new_back);
	printf("# killed at %u ends of system calls on the way to the large list, the new one in force "
	       "already at "
	       "%u; at %u and %u on the way back\n",
	       there, new_there, back, new_back);
	CHECK(there > 60 && back > 20 && new_there + new_back >= 1);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Most of the time is stores, between which no system call stands. */
static void dies_at_any_moment(void)
{
	uint64_t begin = now_ns(), takes;
	uint32_t killed = 0;
	int which;

	if (!CHECK(!list_replace(1), "%s", why.text) || !CHECK(!list_replace(0), "%s", why.text))
		return;
	takes = (now_ns() - begin) / 2;
	for (int i = 0; i < (ktap_slow() ? 6 : MOMENTS) && restart(&which); i++) {
		uint64_t until;
		pid_t pid;
		int status;

		phase_next();
		pid = victim_start(list_replace, 1 - which);
		if (!pid)
			return;
		CHECK_EQ(ptrace(PTRACE_DETACH, pid, NULL, NULL), 0);
		until = now_ns() + draw((uint32_t)takes);
		while (now_ns() < until)
			;
		kill(pid, SIGKILL);
		CHECK_EQ(waitpid(pid, &status, 0), pid);
		killed += WIFSIGNALED(status);
	}
	printf("# killed %u times within the %llu us of a replacement\n", killed,
	       (unsigned long long)takes / 1000);
	CHECK(killed > (ktap_slow() ? 0 : MOMENTS / 4), "nobody was caught at work");
}

/* --- one entry that comes and goes */

#define NEIGHBOUR 4u /* a host of kind NEVER beside hosts of the other kinds */

static int change_put(int i)
{
	const struct gate_list_row row = judge_row(NEVER, (uint32_t)i);

	return gate_list_put(gate, &row);
}

static int change_remove(int i)
{
	const struct seki_lpm key = judge_key(NEVER, (uint32_t)i);

	return gate_list_remove(gate, &key, NULL);
}

/* Dropped at its end, not before its beginning, and in between it changes once. Its neighbours never do. */
static uint32_t change_walked(int (*change)(int), int i, bool before)
{
	pid_t pid = victim_start(change, i);
	uint32_t steps = 0, changes = 0;
	bool now = before;

	while (pid && victim_step(pid, PTRACE_SINGLESTEP) && ++steps < STEPS) {
		bool drops = judge_drops_key(prog, NEVER, (uint32_t)i);

		changes += drops != now;
		now = drops;
		if (!CHECK(judge_drops_key(prog, ALWAYS, (uint32_t)i) &&
				   judge_drops_key(prog, ONLY_A, (uint32_t)i) &&
				   !judge_drops_key(prog, ONLY_B, (uint32_t)i),
			   "a neighbour changed at instruction %u", steps))
			break;
	}
	CHECK_EQ(changes, 1);
	CHECK_EQ(now, !before);
	return steps;
}

static bool verified(bool with, uint32_t i)
{
	struct gate_list_verdict without, held;
	struct gate_list_row *rows AUTO_FREE = calloc(counts[0] + 1, sizeof(*rows));

	memcpy(rows, lists[0], counts[0] * sizeof(*rows));
	rows[counts[0]] = judge_row(NEVER, i);
	return CHECK_EQ(gate_list_verify(gate, rows, counts[0], &without), 0) &&
	       CHECK_EQ(gate_list_verify(gate, rows, counts[0] + 1, &held), 0) &&
	       CHECK_EQ(with ? held.differences : without.differences, 0);
}

static void reopened(void)
{
	gate_free(gate);
	gate = NULL;
	CHECK(!world_gate("crash", NULL, 0, &gate, &why), "%s", why.text);
}

static void single_change_at_every_instruction(void)
{
	static const uint32_t ones[] = {NEIGHBOUR, NEIGHBOUR - 1}; /* IPv4, IPv6 */
	int which;

	__atomic_store_n(&judge.over, true, __ATOMIC_RELEASE); /* one of those it knows as never listed is */
	pthread_join(judge.thread, NULL);
	if (!restart(&which) || (which && !CHECK(!list_replace(0), "%s", why.text)))
		return;
	for (size_t r = 0; r < ARRAY_LEN(ones) && !ktap_failed_checks; r++) {
		const uint32_t i = ones[r];
		const bool listed = judge_drops_key(prog, NEVER, i);
		uint32_t put, removed, killed = 0;

		CHECK(!listed);
		put = change_walked(change_put, (int)i, false);
		verified(true, i);
		removed = change_walked(change_remove, (int)i, true);
		verified(false, i);
		/* Who starts after a death in between finds one of the two, and ends what was begun. */
		for (uint32_t at = 1; at < put && !ktap_failed_checks;
		     at += 1 + put / (ktap_slow() ? 4 : 40)) {
			pid_t pid = victim_start(change_put, (int)i);

			for (uint32_t s = 0; pid && s < at; s++)
				if (!victim_step(pid, PTRACE_SINGLESTEP))
					return;
			if (!pid)
				return;
			victim_kill(pid);
			killed++;
			reopened();
			CHECK_EQ(change_put((int)i), 0);
			CHECK(judge_drops_key(prog, NEVER, i));
			verified(true, i);
			CHECK_EQ(change_remove((int)i), 0);
			verified(false, i);
		}
		printf("# %s: judged after each of %u instructions that add it and %u that remove it, killed "
		       "at %u of them\n",
		       i % 3 ? "IPv4" : "IPv6", put, removed, killed);
	}
}

static void judge_saw_nothing_wrong(void)
{
	printf("# %llu packets judged\n", (unsigned long long)judge.asked);
	CHECK_EQ(judge.passed_wrongly, 0);
	CHECK_EQ(judge.dropped_wrongly, 0);
	CHECK_EQ(judge.mixed, 0);
	CHECK(judge.asked > 1000);
}

static void instance_closes(void)
{
	CHECK_EQ(gate_remove(gate, &why), 0);
	gate_free(gate);
}

static const struct ktap_test tests[] = {
	TEST(instance_opens),	       TEST(dies_at_every_call),
	TEST(dies_at_any_moment),      TEST(single_change_at_every_instruction),
	TEST(judge_saw_nothing_wrong), TEST(instance_closes),
};
WORLD_MAIN(tests)
