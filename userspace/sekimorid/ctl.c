// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ctl.c - the control socket: who asks (SO_PEERCRED), may they, one JSON object
 * in, one out. It parses; the keeper gets fixed structs only.
 */
#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "ctl.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "process.h"

#define CTL_CLIENTS	32
#define CTL_REQUEST_MAX 65536
#define CTL_GROUPS_MAX	256

struct ctl_client {
	int fd; /* -1 free */
	uint32_t uid;
	bool reader; /* root or of the group */
	bool portal; /* the portal: some changes, each with the name of its user */
	bool waits;  /* a request is with the keeper */
	uint64_t cookie;
};

struct ctl {
	struct loop *loop;
	struct ctl_client clients[CTL_CLIENTS];
	uint64_t cookie;
};

static gid_t ctl_group;
static bool ctl_group_known;

int ctl_prepare(void)
{
	const struct group *group = getgrnam("sekimori");

	ctl_group_known = group;
	ctl_group = group ? group->gr_gid : 0;
	return 0;
}

static void ctl_drop(struct ctl *ctl, struct ctl_client *client)
{
	loop_remove(ctl->loop, client->fd);
	close(client->fd);
	*client = (struct ctl_client){.fd = -1};
}

static void ctl_send(struct ctl *ctl, struct ctl_client *client, json_t *object)
{
	AUTO_FREE char *text = object ? json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;

	json_decref(object);
	client->waits = false;
	/* A client that does not take its answer loses it with the connection. */
	if (!text || send(client->fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		ctl_drop(ctl, client);
}

static void ctl_refuse(struct ctl *ctl, struct ctl_client *client, int result, const char *text)
{
	json_t *object = json_object();

	json_object_set_new(object, "result", json_integer(result));
	json_object_set_new(object, "text", json_string(text));
	ctl_send(ctl, client, object);
}

static void ctl_request(struct ctl *ctl, struct ctl_client *client, const char *text, size_t len, int passed)
{
	struct ctl_request request;
	const char *why;
	int err;

	if (client->waits) {
		ctl_refuse(ctl, client, -EBUSY, "one request at a time");
		return;
	}
	err = ctl_request_read(text, len, client->uid, client->portal, &request, &why);
	if (err) {
		ctl_refuse(ctl, client, err, why);
		return;
	}
	if (client->portal ? !request.portal : request.changes ? client->uid != 0 : !client->reader) {
		ctl_refuse(ctl, client, -EPERM,
			   request.changes ? "only root may change the shield"
					   : "only root and the group sekimori may ask");
		return;
	}
	if (request.needs_fd != (passed >= 0)) {
		ctl_refuse(ctl, client, -EINVAL,
			   "this command needs its text in a descriptor, others take none");
		return;
	}
	client->cookie = ++ctl->cookie;
	client->waits = true;
	err = channel_send(PROCESS_FD_KEEPER, request.type, client->cookie, &request.body, request.len,
			   passed);
	if (err)
		ctl_refuse(ctl, client, err, "the keeper does not take requests now; try again");
}

static void ctl_client(int fd, uint32_t events, void *arg)
{
	static char text[CTL_REQUEST_MAX];
	struct ctl *ctl = arg;
	struct ctl_client *client = NULL;
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = {.iov_base = text, .iov_len = sizeof(text)};
	struct msghdr message = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)};
	AUTO_FD int passed = -1;
	ssize_t n;

	for (int i = 0; i < CTL_CLIENTS; i++)
		if (ctl->clients[i].fd == fd)
			client = &ctl->clients[i];
	if (!client)
		return;
	n = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n > 0)
		for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c))
			if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS &&
			    c->cmsg_len == CMSG_LEN(sizeof(int)))
				memcpy(&passed, CMSG_DATA(c), sizeof(int));
	if (n <= 0 || message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) {
		ctl_drop(ctl, client);
		return;
	}
	ctl_request(ctl, client, text, (size_t)n, passed);
}

static bool ctl_may_read(int fd, const struct ucred *peer)
{
	gid_t groups[CTL_GROUPS_MAX];
	socklen_t len = sizeof(groups);

	if (peer->uid == 0)
		return true;
	if (!ctl_group_known)
		return false;
	if (peer->gid == ctl_group)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) < 0)
		return false;
	for (size_t i = 0; i < len / sizeof(groups[0]); i++)
		if (groups[i] == ctl_group)
			return true;
	return false;
}

static void ctl_accept(int fd, uint32_t events, void *arg)
{
	struct ctl *ctl = arg;
	AUTO_FD int peer_fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct ctl_client *client = NULL;
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (peer_fd < 0 || getsockopt(peer_fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return;
	for (int i = 0; i < CTL_CLIENTS && !client; i++)
		if (ctl->clients[i].fd < 0)
			client = &ctl->clients[i];
	if (!client) {
		static const char full[] =
			"{\"result\":-11,\"text\":\"too many control clients; try again\"}";

		if (send(peer_fd, full, sizeof(full) - 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
			log_debug("a client left before it was refused");
		return;
	}
	*client = (struct ctl_client){.fd = peer_fd, .uid = peer.uid, .reader = ctl_may_read(peer_fd, &peer)};
	if (loop_add(ctl->loop, peer_fd, EPOLLIN, ctl_client, ctl)) {
		client->fd = -1;
		return;
	}
	(void)TAKE_FD(peer_fd);
}

/* One place is the portal's; a new one takes the place of the one before. */
static void ctl_portal(struct ctl *ctl, int *passed)
{
	struct ctl_client *client = NULL;

	for (int i = 0; i < CTL_CLIENTS; i++) {
		if (ctl->clients[i].portal)
			ctl_drop(ctl, &ctl->clients[i]);
		if (!client && ctl->clients[i].fd < 0)
			client = &ctl->clients[i];
	}
	if (!client || *passed < 0)
		return;
	*client = (struct ctl_client){
		.fd = TAKE_FD(*passed), .uid = process_table[PROCESS_PORTAL].uid, .portal = true};
	if (loop_add(ctl->loop, client->fd, EPOLLIN, ctl_client, ctl)) {
		close(client->fd);
		*client = (struct ctl_client){.fd = -1};
	}
}

static int keeper_take(struct message *message, void *arg)
{
	const struct channel_head *head = &message->head;
	struct ctl *ctl = arg;

	if (head->type == MESSAGE_CTL_PORTAL) {
		ctl_portal(ctl, &message->passed);
		return 0;
	}
	for (int i = 0; i < CTL_CLIENTS; i++)
		if (ctl->clients[i].fd >= 0 && ctl->clients[i].waits &&
		    ctl->clients[i].cookie == head->cookie)
			ctl_send(ctl, &ctl->clients[i],
				 ctl_reply_write(head->type, message->body, head->len));
	return 0;
}

static void ctl_keeper(int fd, uint32_t events, void *arg)
{
	struct ctl *ctl = arg;
	int err = message_receive_all(fd, PROCESS_KEEPER, PROCESS_CTL, MESSAGE_NO_LIMIT, keeper_take, ctl);

	if (err)
		loop_stop(ctl->loop, err == -ENOTCONN ? 0 : 1);
}

int ctl_main(unsigned int index)
{
	CLEANUP(loop_free) struct loop *loop = NULL;
	static struct ctl ctl;
	int err = loop_new(&loop);

	if (err)
		return 1;
	ctl.loop = loop;
	for (int i = 0; i < CTL_CLIENTS; i++)
		ctl.clients[i].fd = -1;
	err = loop_add(loop, PROCESS_FD_KEEPER, EPOLLIN, ctl_keeper, &ctl);
	if (!err)
		err = loop_add(loop, PROCESS_FD_OWN, EPOLLIN, ctl_accept, &ctl);
	if (!err)
		err = loop_run(loop);
	return err ? 1 : 0;
}
