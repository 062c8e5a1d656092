// SPDX-License-Identifier: GPL-2.0-or-later
/* genl.c - the module's family: what it takes, what it refuses and how it says so. */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <linux/capability.h>
#include <linux/genetlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <sys/syscall.h>

#include "lib/kmod_world.h"
#include "sekimori/kfunc.h"

static struct kmod *kmod;
static struct gate_why why;

/* A guard table that lists one address. */
static void *table_of(const char *address, size_t *len)
{
	struct list_row row = {.entry = {.flags = SEKI_ENTRY_SRC | SEKI_ENTRY_DST}};
	const char *complaint;
	void *table = NULL;

	if (prefix_parse(address, strlen(address), &row.prefix, &complaint) ||
	    guard_image_build(&row, 1, NULL, 0, &table, len))
		abort();
	return table;
}

static void digest_of(const void *table, size_t len, uint8_t out[SEKI_DIGEST_BYTES])
{
	struct sha256_ctx sha;

	sha256_init(&sha);
	sha256_update(&sha, len, table);
	sha256_digest(&sha, SEKI_DIGEST_BYTES, out);
}

static void presence(void)
{
	enum kmod_presence what;
	struct kmod *other = NULL;
	struct kmod_info info;

	CHECK_EQ(kmod_open(&other, &info, &what), 0);
	CHECK_EQ(what, KMOD_LOADED);
	CHECK_EQ(info.genl_version, SEKI_GENL_VERSION);
	CHECK_EQ(info.kfunc_abi, SEKI_KFUNC_ABI);
	CHECK(strlen(info.version) > 2, "\"%s\"", info.version);
	kmod_free(other);
}

struct found {
	int count;
	struct kmod_table table;
};

static void find_guard(const struct kmod_table *table, void *arg)
{
	struct found *found = arg;

	if (table->kind != SEKI_TABLE_GUARD)
		return;
	found->count++;
	found->table = *table;
}

static void commit(void)
{
	AUTO_FREE void *table = NULL;
	uint8_t digest[SEKI_DIGEST_BYTES];
	struct found found = {0};
	uint64_t first = 0, second = 0, stats[SEKI_STAT_MAX], before;
	size_t len;

	CHECK_EQ(kmod_stats(kmod, stats), 0);
	before = stats[SEKI_STAT_COMMITS];
	table = table_of("192.0.2.66", &len);
	digest_of(table, len, digest);
	CHECK_EQ(kmod_table_commit(kmod, SEKI_TABLE_GUARD, table, len, &first, &why), 0);
	CHECK_EQ(kmod_table_commit(kmod, SEKI_TABLE_GUARD, table, len, &second, &why), 0);
	CHECK_EQ(second, first + 1);
	CHECK_EQ(kmod_table_each(kmod, find_guard, &found), 0);
	CHECK_EQ(found.count, 1);
	CHECK_EQ(found.table.serial, second);
	CHECK_EQ(found.table.size, len);
	CHECK(!memcmp(found.table.digest, digest, sizeof(digest)), "another digest");
	CHECK(found.table.age < 60, "%llu s", (unsigned long long)found.table.age);
	CHECK_EQ(kmod_stats(kmod, stats), 0);
	CHECK_EQ(stats[SEKI_STAT_COMMITS], before + 2);
}

/* A table of several chunks arrives whole. */
static void commit_large(void)
{
	enum { ROWS = 20000 };
	struct list_row *rows = calloc(ROWS, sizeof(*rows));
	AUTO_FREE void *table = NULL;
	uint64_t serial;
	size_t len = 0;

	for (int i = 0; i < ROWS; i++) {
		rows[i].prefix = (struct prefix){.addr = {[10] = 0xff, [11] = 0xff, [12] = 10}, .len = 128};
		rows[i].prefix.addr[13] = (uint8_t)(i >> 8);
		rows[i].prefix.addr[14] = (uint8_t)i;
		rows[i].entry.flags = SEKI_ENTRY_SRC;
		rows[i].entry.list = (uint16_t)(i % SEKI_MAX_LISTS);
	}
	CHECK_EQ(guard_image_build(rows, ROWS, NULL, 0, &table, &len), 0);
	CHECK(len > 5 * SEKI_CHUNK_BYTES, "%zu", len);
	CHECK_EQ(kmod_table_commit(kmod, SEKI_TABLE_GUARD, table, len, &serial, &why), 0);
	free(rows);
}

static void expect_refusal(int err, int expected, const char *words, const char *what)
{
	CHECK(err == expected && strstr(why.text, words), "%s: %d \"%s\", not %d \"%s\"", what, err, why.text,
	      expected, words);
	why.text[0] = '\0';
}

static void refusals(void)
{
	uint8_t digest[SEKI_DIGEST_BYTES], wrong[SEKI_DIGEST_BYTES] = {1};
	struct found before = {0}, after = {0};
	AUTO_FREE char *table = NULL;
	uint64_t serial = 0;
	size_t len;

	table = table_of("192.0.2.66", &len);
	digest_of(table, len, digest);
	CHECK_EQ(kmod_table_each(kmod, find_guard, &before), 0);

	expect_refusal(kmod_table_put(kmod, SEKI_TABLE_GUARD, 0, table, 8, &why), -ENOENT,
		       "no open transaction", "put without begin");
	expect_refusal(kmod_table_end(kmod, SEKI_TABLE_GUARD, &serial, &why), -ENOENT, "no open transaction",
		       "commit without begin");
	expect_refusal(kmod_table_abort(kmod, SEKI_TABLE_GUARD, &why), -ENOENT, "no open transaction",
		       "abort without begin");
	expect_refusal(kmod_table_begin(kmod, SEKI_TABLE_GUARD, 0, digest, &why), -EFBIG, "empty or larger",
		       "size 0");
	expect_refusal(kmod_table_begin(kmod, SEKI_TABLE_GUARD, 1ull << 40, digest, &why), -EFBIG,
		       "empty or larger", "size 1 TiB");
	expect_refusal(kmod_table_begin(kmod, SEKI_TABLE_MAX, 64, digest, &why), -ERANGE, "range", "kind");

	CHECK_EQ(kmod_table_begin(kmod, SEKI_TABLE_GUARD, len, digest, &why), 0);
	expect_refusal(kmod_table_put(kmod, SEKI_TABLE_GUARD, 8, table, 8, &why), -ERANGE, "gap", "a gap");
	CHECK_EQ(kmod_table_put(kmod, SEKI_TABLE_GUARD, 0, table, 8, &why), 0);
	expect_refusal(kmod_table_put(kmod, SEKI_TABLE_GUARD, 0, table, 8, &why), -ERANGE, "repeats",
		       "twice");
	expect_refusal(kmod_table_put(kmod, SEKI_TABLE_GUARD, 8, table, len, &why), -ERANGE, "beyond",
		       "too much");
	expect_refusal(kmod_table_end(kmod, SEKI_TABLE_GUARD, &serial, &why), -ENODATA, "fewer bytes",
		       "too little");
	expect_refusal(kmod_table_end(kmod, SEKI_TABLE_GUARD, &serial, &why), -ENOENT, "no open transaction",
		       "again after a refusal");

	CHECK_EQ(kmod_table_begin(kmod, SEKI_TABLE_GUARD, len, wrong, &why), 0);
	CHECK_EQ(kmod_table_put(kmod, SEKI_TABLE_GUARD, 0, table, len, &why), 0);
	expect_refusal(kmod_table_end(kmod, SEKI_TABLE_GUARD, &serial, &why), -EBADMSG, "digest",
		       "wrong digest");

	table[len - 1] ^= 0x40; /* the padding of the last range */
	expect_refusal(kmod_table_commit(kmod, SEKI_TABLE_GUARD, table, len, &serial, &why), -EINVAL,
		       "malformed", "malformed contents");
	CHECK_EQ(kmod_table_begin(kmod, SEKI_TABLE_GUARD, len, digest, &why), 0);
	CHECK_EQ(kmod_table_abort(kmod, SEKI_TABLE_GUARD, &why), 0);

	CHECK_EQ(kmod_table_each(kmod, find_guard, &after), 0);
	CHECK(after.count == 1 && after.table.serial == before.table.serial,
	      "a refusal changed what is in force");
}

static void one_client_at_a_time(void)
{
	CLEANUP(kmod_free) struct kmod *other = world_open();
	uint8_t digest[SEKI_DIGEST_BYTES] = {0};

	CHECK(other, "no second client");
	CHECK_EQ(kmod_table_begin(kmod, SEKI_TABLE_GUARD, 64, digest, &why), 0);
	expect_refusal(kmod_table_begin(other, SEKI_TABLE_GUARD, 64, digest, &why), -EBUSY, "another client",
		       "a second client");
	expect_refusal(kmod_table_abort(other, SEKI_TABLE_GUARD, &why), -ENOENT, "this socket", "its abort");
	CHECK_EQ(kmod_table_begin(kmod, SEKI_TABLE_GUARD, 64, digest, &why), 0);
	CHECK_EQ(kmod_table_abort(kmod, SEKI_TABLE_GUARD, &why), 0);
	CHECK_EQ(kmod_table_begin(other, SEKI_TABLE_GUARD, 64, digest, &why), 0);
	CHECK_EQ(kmod_table_abort(other, SEKI_TABLE_GUARD, &why), 0);
}

/* A client that is killed in mid-commit leaves nothing behind: neither its table nor its claim. */
static void client_death(void)
{
	uint8_t digest[SEKI_DIGEST_BYTES] = {0};
	uint64_t before[SEKI_STAT_MAX], after[SEKI_STAT_MAX];
	struct found kept = {0}, found = {0};
	int ready[2], status;
	char byte;
	pid_t pid;

	CHECK_EQ(kmod_stats(kmod, before), 0);
	CHECK_EQ(kmod_table_each(kmod, find_guard, &kept), 0);
	if (!CHECK_EQ(pipe(ready), 0))
		return;
	pid = fork();
	if (!pid) {
		struct kmod *own = world_open();
		static char chunk[SEKI_CHUNK_BYTES];

		if (own && !kmod_table_begin(own, SEKI_TABLE_GUARD, 64u << 20, digest, &why) &&
		    !kmod_table_put(own, SEKI_TABLE_GUARD, 0, chunk, sizeof(chunk), &why))
			(void)!write(ready[1], "", 1);
		pause();
		_exit(0);
	}
	close(ready[1]);
	CHECK_EQ(read(ready[0], &byte, 1), 1);
	expect_refusal(kmod_table_begin(kmod, SEKI_TABLE_GUARD, 64, digest, &why), -EBUSY, "another client",
		       "while it lives");
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	CHECK_EQ(kmod_table_begin(kmod, SEKI_TABLE_GUARD, 64, digest, &why), 0);
	CHECK_EQ(kmod_table_abort(kmod, SEKI_TABLE_GUARD, &why), 0);
	CHECK_EQ(kmod_stats(kmod, after), 0);
	CHECK_EQ(after[SEKI_STAT_ABORTED], before[SEKI_STAT_ABORTED] + 2);
	CHECK_EQ(kmod_table_each(kmod, find_guard, &found), 0);
	CHECK_EQ(found.table.serial, kept.table.serial);
	close(ready[0]);
}

/* What one namespace holds is not seen in another. */
static void namespaces(void)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		struct found found = {0};
		struct kmod *own;
		size_t len;
		uint64_t serial = 0;
		void *table = table_of("198.51.100.1", &len);

		if (unshare(CLONE_NEWNET))
			_exit(2);
		own = world_open();
		if (!own || kmod_table_each(own, find_guard, &found) || found.count)
			_exit(3);
		if (kmod_table_commit(own, SEKI_TABLE_GUARD, table, len, &serial, &why) || serial != 1)
			_exit(4);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	CHECK_EQ(WEXITSTATUS(status), 0);
}

static void privileges(void)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
		struct __user_cap_data_struct none[2] = {0};
		enum kmod_presence what;
		struct kmod_info info;
		struct kmod *own;

		if (syscall(SYS_capset, &head, none))
			_exit(2);
		if (kmod_open(&own, &info, &what) != -EPERM || what != KMOD_DENIED)
			_exit(3);
		if (kmod_guard_clear(kmod, 1, "none", &why) != -EPERM) /* an open socket gives no right */
			_exit(4);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	CHECK_EQ(WEXITSTATUS(status), 0);
}

struct heard {
	int commits, aborts;
	struct kmod_event last;
};

static void hear(const struct kmod_event *event, void *arg)
{
	struct heard *heard = arg;

	heard->commits += event->event == SEKI_EVENT_TABLE_COMMIT;
	heard->aborts += event->event == SEKI_EVENT_TABLE_ABORT;
	heard->last = *event;
}

static void events(void)
{
	CLEANUP(kmod_watch_free) struct kmod_watch *watch = NULL;
	struct heard heard = {0};
	struct pollfd p = {.events = POLLIN};
	AUTO_FREE void *table = NULL;
	uint64_t serial;
	size_t len;

	table = table_of("192.0.2.66", &len);
	if (!CHECK_EQ(kmod_watch_open(&watch), 0))
		return;
	CHECK_EQ(kmod_table_commit(kmod, SEKI_TABLE_GUARD, table, len, &serial, &why), 0);
	p.fd = kmod_watch_fd(watch);
	CHECK_EQ(poll(&p, 1, 2000), 1);
	CHECK_EQ(kmod_watch_read(watch, hear, &heard), 0);
	CHECK_EQ(heard.commits, 1);
	CHECK_EQ(heard.last.serial, serial);
	CHECK_EQ(heard.last.kind, SEKI_TABLE_GUARD);
	CHECK_EQ(heard.last.uid, 0);
}

/* Withdrawing needs a reason, and is told with it. */
static void drop(void)
{
	CLEANUP(kmod_watch_free) struct kmod_watch *watch = NULL;
	struct heard heard = {0};
	struct found found = {0};

	CHECK_EQ(kmod_watch_open(&watch), 0);
	CHECK_EQ(kmod_table_drop(kmod, SEKI_TABLE_GUARD, "the test is over", &why), 0);
	CHECK_EQ(kmod_watch_read(watch, hear, &heard), 0);
	CHECK_EQ(heard.last.event, SEKI_EVENT_TABLE_DROP);
	CHECK_STR(heard.last.reason, "the test is over");
	CHECK_EQ(kmod_table_each(kmod, find_guard, &found), 0);
	CHECK_EQ(found.count, 0);
	expect_refusal(kmod_table_drop(kmod, SEKI_TABLE_GUARD, "again", &why), -ENOENT, "no table",
		       "a second drop");
}

static uint64_t seed = 0x9e3779b97f4a7c15ull;
static uint32_t random32(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 16);
}

/* Appends attributes of any type, length and content, now and then well formed ones. */
static uint32_t fuzz_attrs(uint8_t *out, uint32_t room)
{
	uint32_t at = 0, count = random32() % 8;

	for (uint32_t i = 0; i < count && at + 64 < room; i++) {
		static const uint16_t lengths[] = {4, 5, 8, 12, 36, 0, 3, 65535, 20};
		uint16_t len = lengths[random32() % ARRAY_LEN(lengths)];
		uint16_t type =
			(uint16_t)(random32() % (SEKI_A_MAX + 4)) | (random32() % 16 ? 0 : NLA_F_NESTED);
		uint32_t body = len >= 4 && len < 64 ? len - 4u : random32() % 40;

		memcpy(out + at, &len, 2);
		memcpy(out + at + 2, &type, 2);
		for (uint32_t j = 0; j < body; j++)
			out[at + 4 + j] = random32() % 3 ? 0 : (uint8_t)random32();
		at += 4 + ((body + 3) & ~3u);
	}
	return at;
}

/* Whatever is sent, the answer is an error or a harmless success, and what is in force stays sound. */
static void fuzz(void)
{
	int rounds = getenv("SEKI_TEST_SLOW") ? 20000 : 50000;
	struct nl_sock *socket = nl_socket_alloc();
	struct {
		struct nlmsghdr nlh;
		struct genlmsghdr genl;
		uint8_t attrs[4096];
	} msg;
	char answer[8192];
	int family, fd, answered = 0;
	uint64_t stats[SEKI_STAT_MAX];

	if (!CHECK(socket && !genl_connect(socket)))
		return;
	family = genl_ctrl_resolve(socket, SEKI_GENL_NAME);
	fd = nl_socket_get_fd(socket);
	for (int i = 0; i < rounds; i++) {
		uint32_t len;

		memset(&msg, 0, 64);
		msg.genl.cmd = (uint8_t)(random32() % (SEKI_CMD_MAX + 2));
		msg.genl.version = random32() % 4 ? SEKI_GENL_VERSION : (uint8_t)random32();
		msg.genl.reserved = random32() % 8 ? 0 : (uint16_t)random32();
		len = fuzz_attrs(msg.attrs, sizeof(msg.attrs) - 128);
		msg.nlh.nlmsg_len = NLMSG_HDRLEN + GENL_HDRLEN + len;
		if (!(random32() % 16))
			msg.nlh.nlmsg_len -= random32() % 8;
		msg.nlh.nlmsg_type = (uint16_t)family;
		msg.nlh.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | (random32() % 4 ? 0 : NLM_F_DUMP);
		msg.nlh.nlmsg_seq = (uint32_t)i;
		if (send(fd, &msg, NLMSG_HDRLEN + GENL_HDRLEN + len, 0) < 0)
			continue;
		while (recv(fd, answer, sizeof(answer), MSG_DONTWAIT) > 0)
			answered++;
	}
	nl_socket_free(socket);
	CHECK(answered >= rounds / 2, "%d answers to %d messages", answered, rounds);
	CHECK_EQ(kmod_stats(kmod, stats), 0);
	commit();
}

static const struct ktap_test tests[] = {
	TEST(presence),	    TEST(commit),     TEST(commit_large), TEST(refusals), TEST(one_client_at_a_time),
	TEST(client_death), TEST(namespaces), TEST(privileges),	  TEST(events),	  TEST(drop),
	TEST(fuzz),
};

/* `genl hold`: keeps a transaction open until it is killed, for who looks at the module's memory. */
static int hold(void)
{
	uint8_t digest[SEKI_DIGEST_BYTES] = {0};

	kmod = world_open();
	if (!kmod || kmod_table_begin(kmod, SEKI_TABLE_GUARD, 512, digest, &why))
		return 1;
	pause();
	return 0;
}

int main(int argc, char **argv)
{
	const char *skip = world_enter();

	if (argc == 2 && !strcmp(argv[1], "hold"))
		return hold();

	if (skip) {
		printf("KTAP version 1\n1..0 # SKIP %s\n", skip);
		return 0;
	}
	kmod = world_open();
	if (!kmod) {
		printf("KTAP version 1\n1..1\nnot ok 1 the module does not answer\n");
		return 1;
	}
	return ktap_run(tests, ARRAY_LEN(tests));
}
