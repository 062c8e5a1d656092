/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * channel.h - framed messages between two processes over SOCK_SEQPACKET.
 * A message is a 16-byte head and a body; the head's length must equal what
 * arrived, the type must be in the receiver's table, the body length within
 * that row's bounds. Anything else is -EPROTO and ends the trust.
 */
#ifndef LIB_CHANNEL_H
#define LIB_CHANNEL_H

#include <stddef.h>
#include <stdint.h>

#include "cleanup.h"

#define CHANNEL_BODY_MAX 65536u

struct channel_head {
	uint32_t type;
	uint32_t len;	 /* of the body */
	uint64_t cookie; /* the sender's; an answer carries the question's */
};

/* One row per type that this receiver accepts from this sender. */
struct channel_rule {
	uint32_t type;
	uint32_t min, max; /* body bytes */
	const char *name;
};

/* A connected pair, CLOEXEC, nonblocking. -errno. */
__must_check int channel_pair(int fds[2]);

/* passed_fd -1 for none; stays the caller's. -EAGAIN when the peer's queue is full, -EPIPE, -EMSGSIZE,
 * -errno. */
__must_check int channel_send(int fd, uint32_t type, uint64_t cookie, const void *body, size_t len,
			      int passed_fd);

/*
 * Receives one message into body (CHANNEL_BODY_MAX bytes). *passed_fd is -1
 * or a CLOEXEC descriptor that the caller owns. -EAGAIN nothing there,
 * -ENOTCONN the peer is gone, -EPROTO it broke the rules (said in the log with the
 * row's name), -errno. On error no descriptor is left open.
 */
__must_check int channel_receive(int fd, const struct channel_rule *rules, size_t count,
				 struct channel_head *head, void *body, int *passed_fd);

#endif
