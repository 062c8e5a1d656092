// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * genl_watch.c - the module's state events.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include "genl.h"

struct kmod_watch {
	struct nl_sock *socket;
	int family;
	kmod_event_fn fn;
	void *arg;
};

static int on_event(struct nl_msg *msg, void *arg)
{
	struct kmod_watch *watch = arg;
	const struct nlmsghdr *nlh = nlmsg_hdr(msg);
	const struct genlmsghdr *head = nlmsg_data(nlh);
	struct kmod_event event;

	if (nlh->nlmsg_type != watch->family || head->cmd != SEKI_CMD_EVENT)
		return NL_OK;
	kmod_event_parse(genlmsg_attrdata(head, 0), (size_t)genlmsg_attrlen(head, 0), &event);
	watch->fn(&event, watch->arg);
	return NL_OK;
}

static int on_sequence(struct nl_msg *msg, void *arg)
{
	return NL_OK; /* events answer no request */
}

int kmod_watch_open(struct kmod_watch **out)
{
	CLEANUP(kmod_watch_free) struct kmod_watch *watch = calloc(1, sizeof(*watch));
	int group;

	if (!watch)
		return -ENOMEM;
	watch->socket = nl_socket_alloc();
	if (!watch->socket)
		return -ENOMEM;
	nl_socket_disable_seq_check(watch->socket);
	if (genl_connect(watch->socket) < 0)
		return -EIO;
	watch->family = genl_ctrl_resolve(watch->socket, SEKI_GENL_NAME);
	group = watch->family < 0 ? -1
				  : genl_ctrl_resolve_grp(watch->socket, SEKI_GENL_NAME, SEKI_GENL_GROUP);
	if (group < 0)
		return -ENOENT;
	if (nl_socket_add_membership(watch->socket, group) < 0 ||
	    nl_socket_set_nonblocking(watch->socket) < 0 ||
	    fcntl(nl_socket_get_fd(watch->socket), F_SETFD, FD_CLOEXEC))
		return -EIO;
	nl_socket_modify_cb(watch->socket, NL_CB_VALID, NL_CB_CUSTOM, on_event, watch);
	nl_socket_modify_cb(watch->socket, NL_CB_SEQ_CHECK, NL_CB_CUSTOM, on_sequence, NULL);
	*out = TAKE_PTR(watch);
	return 0;
}

void kmod_watch_free(struct kmod_watch *watch)
{
	if (!watch)
		return;
	nl_socket_free(watch->socket);
	free(watch);
}

int kmod_watch_fd(const struct kmod_watch *watch)
{
	return nl_socket_get_fd(watch->socket);
}

int kmod_watch_read(struct kmod_watch *watch, kmod_event_fn fn, void *arg)
{
	int nle;

	watch->fn = fn;
	watch->arg = arg;
	do {
		nle = nl_recvmsgs_default(watch->socket);
	} while (nle >= 0);
	if (nle == -NLE_AGAIN)
		return 0;
	return nle == -NLE_NOMEM ? -ENOBUFS : -EIO;
}
