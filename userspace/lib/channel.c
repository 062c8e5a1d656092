// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * channel.c - framed messages over SOCK_SEQPACKET with at most one descriptor.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "channel.h"
#include "log.h"

_Static_assert(sizeof(struct channel_head) == 16, "channel_head");

/* Room as the kernel counts it. Aligned by the union; some kernels put two descriptors where one was asked
 * for. */
union channel_control {
	char room[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

int channel_pair(int fds[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) ? -errno : 0;
}

int channel_send(int fd, uint32_t type, uint64_t cookie, const void *body, size_t len, int passed_fd)
{
	struct channel_head head = {.type = type, .len = (uint32_t)len, .cookie = cookie};
	struct iovec parts[2] = {{&head, sizeof(head)}, {(void *)body, len}};
	union channel_control control = {0};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = len ? 2 : 1};
	ssize_t n;

	if (len > CHANNEL_BODY_MAX)
		return -EMSGSIZE;
	if (passed_fd >= 0) {
		struct cmsghdr *c;

		message.msg_control = control.room;
		message.msg_controllen = sizeof(control.room);
		c = CMSG_FIRSTHDR(&message);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &passed_fd, sizeof(int));
	}
	do {
		n = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	if (n >= 0)
		return 0; /* SEQPACKET sends all or nothing */
	if (errno == ECONNRESET || errno == ENOTCONN || errno == ECONNREFUSED)
		return -EPIPE;
	return errno == EWOULDBLOCK ? -EAGAIN : -errno;
}

/* Takes the one descriptor out of message; further ones are closed and counted as a breach. */
static unsigned int take_descriptors(struct msghdr *message, int *fd)
{
	unsigned int count = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		size_t bytes;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS || c->cmsg_len < CMSG_LEN(0))
			continue;
		bytes = c->cmsg_len - CMSG_LEN(0);
		for (size_t at = 0; at + sizeof(int) <= bytes; at += sizeof(int)) {
			int got;

			memcpy(&got, CMSG_DATA(c) + at, sizeof(int));
			if (count++ == 0)
				*fd = got;
			else
				close(got);
		}
	}
	return count;
}

static const struct channel_rule *find_rule(const struct channel_rule *rules, size_t count, uint32_t type)
{
	for (size_t i = 0; i < count; i++)
		if (rules[i].type == type)
			return &rules[i];
	return NULL;
}

/* What is wrong with a message of n bytes, NULL when nothing is; *name is the row's or the reason to have
 * none. */
static const char *find_breach(const struct channel_rule *rules, size_t count,
			       const struct channel_head *head, size_t n, int flags, unsigned int descriptors,
			       const char **name)
{
	const struct channel_rule *rule;

	*name = "unreadable head";
	if (n < sizeof(*head))
		return "shorter than a head";
	rule = find_rule(rules, count, head->type);
	*name = rule ? rule->name : "unknown type";
	if (flags & MSG_TRUNC)
		return "longer than a message may be";
	if (head->len != n - sizeof(*head))
		return "its head says another length";
	if (!rule)
		return "the receiver does not accept it";
	if (head->len < rule->min || head->len > rule->max)
		return "its length is out of bounds";
	if ((flags & MSG_CTRUNC) || descriptors > 1)
		return "more than one descriptor";
	return NULL;
}

int channel_receive(int fd, const struct channel_rule *rules, size_t count, struct channel_head *head,
		    void *body, int *passed_fd)
{
	struct channel_head got = {0};
	struct iovec parts[2] = {{&got, sizeof(got)}, {body, CHANNEL_BODY_MAX}};
	union channel_control control = {0};
	struct msghdr message = {
		.msg_iov = parts,
		.msg_iovlen = 2,
		.msg_control = control.room,
		.msg_controllen = sizeof(control.room),
	};
	AUTO_FD int descriptor = -1;
	const char *breach, *name;
	unsigned int descriptors;
	ssize_t n;

	*passed_fd = -1;
	/* The kernel says ECONNRESET once, before what is still queued, when the peer left without reading
	 * all of ours. */
	do {
		n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	} while (n < 0 && (errno == EINTR || errno == ECONNRESET));
	if (n < 0)
		return errno == EWOULDBLOCK ? -EAGAIN : -errno;
	descriptors = take_descriptors(&message, &descriptor);
	/* A message without bytes looks like the end; a peer that sends one is as good as gone. */
	if (n == 0)
		return -ENOTCONN;
	breach = find_breach(rules, count, &got, (size_t)n, message.msg_flags, descriptors, &name);
	if (breach) {
		log_error("message refused: %s (type %u, %zd bytes): %s", name, (unsigned int)got.type, n,
			  breach);
		return -EPROTO;
	}
	*head = got;
	*passed_fd = TAKE_FD(descriptor);
	return 0;
}
