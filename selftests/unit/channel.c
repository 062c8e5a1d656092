// SPDX-License-Identifier: GPL-2.0-or-later
/* channel.c - messages, descriptors, and what a hostile peer may send. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "lib/channel.h"
#include "lib/ktap.h"
#include "lib/log.h"

static const struct channel_rule rules[] = {
	{.type = 1, .min = 0, .max = CHANNEL_BODY_MAX, .name = "any"},
	{.type = 2, .min = 4, .max = 8, .name = "small"},
};
static char body[CHANNEL_BODY_MAX];
static char sent[CHANNEL_BODY_MAX + 32];

static int count_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int count = 0;

	while (readdir(dir))
		count++;
	closedir(dir);
	return count;
}

static int receive(int fd, struct channel_head *head, int *passed)
{
	return channel_receive(fd, rules, ARRAY_LEN(rules), head, body, passed);
}

static void round_trip(void)
{
	struct channel_head head;
	int fds[2], passed = 99;
	static const size_t lens[] = {0, 1, 4096, CHANNEL_BODY_MAX};

	CHECK_EQ(channel_pair(fds), 0);
	CHECK(fcntl(fds[0], F_GETFD) & FD_CLOEXEC);
	CHECK_EQ(receive(fds[1], &head, &passed), -EAGAIN);
	CHECK_EQ(passed, -1);
	for (size_t i = 0; i < sizeof(sent); i++)
		sent[i] = (char)(i * 7);
	for (size_t i = 0; i < ARRAY_LEN(lens); i++) {
		memset(body, 0, sizeof(body));
		CHECK_EQ(channel_send(fds[0], 1, 0x1122334455667788ull + i, sent, lens[i], -1), 0);
		CHECK_EQ(receive(fds[1], &head, &passed), 0);
		CHECK_EQ(head.type, 1);
		CHECK_EQ(head.len, lens[i]);
		CHECK_EQ(head.cookie, 0x1122334455667788ull + i);
		CHECK(!memcmp(body, sent, lens[i]));
		CHECK_EQ(passed, -1);
	}
	CHECK_EQ(channel_send(fds[0], 1, 0, sent, CHANNEL_BODY_MAX + 1, -1), -EMSGSIZE);
	close(fds[0]);
	CHECK_EQ(receive(fds[1], &head, &passed), -ENOTCONN);
	CHECK_EQ(channel_send(fds[1], 1, 0, sent, 1, -1), -EPIPE);
	close(fds[1]);
}

/* Who ends has perhaps not read all that it was sent: what it said last arrives all the same. */
static void last_words(void)
{
	struct channel_head head;
	int fds[2], passed = -1;

	CHECK_EQ(channel_pair(fds), 0);
	CHECK_EQ(channel_send(fds[1], 1, 0, "unread", 6, -1), 0);
	CHECK_EQ(channel_send(fds[0], 1, 7, "first", 5, -1), 0);
	CHECK_EQ(channel_send(fds[0], 1, 8, "last", 4, -1), 0);
	close(fds[0]);
	CHECK_EQ(receive(fds[1], &head, &passed), 0);
	CHECK_EQ(head.cookie, 7);
	CHECK_EQ(receive(fds[1], &head, &passed), 0);
	CHECK_EQ(head.cookie, 8);
	CHECK_EQ(receive(fds[1], &head, &passed), -ENOTCONN);
	close(fds[1]);
}

static void descriptor(void)
{
	struct channel_head head;
	int fds[2], passed = -1, before, pipes[2];
	struct stat a, b;

	CHECK_EQ(channel_pair(fds), 0);
	CHECK_EQ(pipe(pipes), 0);
	CHECK_EQ(channel_send(fds[0], 2, 0, "abcd", 4, pipes[0]), 0);
	before = count_fds();
	CHECK_EQ(receive(fds[1], &head, &passed), 0);
	CHECK(passed >= 0 && passed != pipes[0]);
	CHECK(fcntl(passed, F_GETFD) & FD_CLOEXEC);
	CHECK(!fstat(passed, &a) && !fstat(pipes[0], &b) && a.st_ino == b.st_ino);
	close(passed);
	CHECK_EQ(count_fds(), before);
	/* a breach with a descriptor leaves none behind */
	CHECK_EQ(channel_send(fds[0], 3, 0, "abcd", 4, pipes[0]), 0);
	CHECK_EQ(receive(fds[1], &head, &passed), -EPROTO);
	CHECK_EQ(passed, -1);
	CHECK_EQ(count_fds(), before);
	close(pipes[0]);
	close(pipes[1]);
	close(fds[0]);
	close(fds[1]);
}

static void send_raw(int fd, const void *data, size_t len, int copies, int passed)
{
	union {
		char room[CMSG_SPACE(sizeof(int) * 4)];
		struct cmsghdr align;
	} control = {0};
	struct iovec part = {(void *)data, len};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};

	if (copies) {
		struct cmsghdr *c;

		message.msg_control = control.room;
		message.msg_controllen = CMSG_SPACE(sizeof(int) * (size_t)copies);
		c = CMSG_FIRSTHDR(&message);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int) * (size_t)copies);
		for (int i = 0; i < copies; i++)
			memcpy(CMSG_DATA(c) + i * sizeof(int), &passed, sizeof(int));
	}
	CHECK(sendmsg(fd, &message, 0) == (ssize_t)len);
}

static void hostile(void)
{
	static struct {
		struct channel_head head;
		char body[CHANNEL_BODY_MAX + 8];
	} message;
	static const struct {
		uint32_t type, said, sent; /* sent: bytes of the whole message */
	} rows[] = {
		{1, 0, 15},
		{1, 0, 1},
		{1, 5, 16 + 4},
		{1, 3, 16 + 4},
		{1, 0xfffffff0u, 16},
		{0, 4, 16 + 4},
		{3, 4, 16 + 4},
		{0xffffffffu, 4, 16 + 4},
		{2, 3, 16 + 3},
		{2, 9, 16 + 9},
		{1, CHANNEL_BODY_MAX + 1, 16 + CHANNEL_BODY_MAX + 1},
		{1, CHANNEL_BODY_MAX, 16 + CHANNEL_BODY_MAX + 1},
	};
	struct channel_head head = {.cookie = 5};
	int fds[2], passed, before;

	CHECK_EQ(channel_pair(fds), 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		message.head = (struct channel_head){.type = rows[i].type, .len = rows[i].said};
		send_raw(fds[0], &message, rows[i].sent, 0, -1);
		CHECK(receive(fds[1], &head, &passed) == -EPROTO, "row %zu", i);
		CHECK_EQ(head.cookie, 5);
	}
	before = count_fds();
	for (int copies = 2; copies <= 4; copies++) {
		message.head = (struct channel_head){.type = 1, .len = 4};
		send_raw(fds[0], &message, 16 + 4, copies, fds[0]);
		CHECK_EQ(receive(fds[1], &head, &passed), -EPROTO);
		CHECK_EQ(passed, -1);
		CHECK_EQ(count_fds(), before);
	}
	send_raw(fds[0], &message, 0, 1, fds[0]);
	CHECK_EQ(receive(fds[1], &head, &passed), -ENOTCONN);
	CHECK_EQ(count_fds(), before);
	close(fds[0]);
	close(fds[1]);
}

static void full_queue(void)
{
	int fds[2], err = 0, sends = 0;

	CHECK_EQ(channel_pair(fds), 0);
	while (!err && sends++ < 100000)
		err = channel_send(fds[0], 1, 0, sent, 1000, -1);
	CHECK_EQ(err, -EAGAIN);
	close(fds[0]);
	close(fds[1]);
}

static const struct ktap_test tests[] = {TEST(round_trip), TEST(last_words), TEST(descriptor), TEST(hostile),
					 TEST(full_queue)};

int main(void)
{
	log_init("channel", LOG_LEVEL_ERROR);
	return ktap_run(tests, ARRAY_LEN(tests));
}
