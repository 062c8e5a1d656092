// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netdev_news.c - what happened to interfaces between two looks, as rtnetlink
 * tells it: one that was up for a moment, a filter that was off for one.
 */
#include <errno.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "gate_private.h"

#define NEWS_QUEUE (1 << 20) /* bytes that wait from one look to the next */
#define NEWS_MAX   8192u     /* messages of one look; who makes more makes us blind, which is told */
#define CARRIER	   0x10000u  /* IFF_LOWER_UP of linux/if.h, which cannot stand beside net/if.h */

int gate_news_open(int *fd)
{
	struct sockaddr_nl here = {.nl_family = AF_NETLINK,
				   .nl_groups = RTMGRP_LINK | 1u << (RTNLGRP_TC - 1)};
	int sock AUTO_FD = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
	const int queue = NEWS_QUEUE;

	if (sock < 0 || setsockopt(sock, SOL_SOCKET, SO_RCVBUFFORCE, &queue, sizeof(queue)) < 0 ||
	    bind(sock, (struct sockaddr *)&here, sizeof(here)) < 0)
		return -errno;
	*fd = TAKE_FD(sock);
	return 0;
}

bool gate_link_carries(unsigned int flags)
{
	return flags & IFF_UP && flags & (IFF_RUNNING | CARRIER) && !(flags & IFF_LOOPBACK);
}

static void link_news(const struct nlmsghdr *head, const struct gate_ways *ways, struct gate_news *news)
{
	const struct ifinfomsg *link = NLMSG_DATA(head);
	size_t skip = NLMSG_LENGTH(sizeof(*link));
	struct netdev dev;

	if (head->nlmsg_len < skip || !gate_link_carries(link->ifi_flags))
		return;
	dev = (struct netdev){.ifindex = (uint32_t)link->ifi_index};
	netdev_parse((const uint8_t *)head + skip, head->nlmsg_len - skip, &dev);
	if (!*news->way_out && netdev_way_out(&dev, ways->host, ways->host_count))
		memcpy(news->way_out, dev.name, sizeof(news->way_out));
}

/* The qdisc took its filters along, or one that is at the egress hook went. */
static void filter_news(const struct nlmsghdr *head, const struct gate_ways *ways, struct gate_news *news)
{
	const struct tcmsg *tc = NLMSG_DATA(head);

	if (head->nlmsg_len < NLMSG_LENGTH(sizeof(*tc)) ||
	    (head->nlmsg_type == RTM_DELQDISC ? tc->tcm_parent != TC_H_CLSACT
					      : TC_H_MIN(tc->tcm_parent) != TC_H_MIN_EGRESS))
		return;
	for (uint32_t i = 0; i < ways->count; i++)
		news->filter_off |= ways->watched[i] == (uint32_t)tc->tcm_ifindex;
}

/* -EAGAIN: there is no more. */
static int message_read(int fd, void *buffer, size_t size, size_t *len)
{
	struct sockaddr_nl from;
	struct iovec part = {buffer, size};
	struct msghdr message = {
		.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &part, .msg_iovlen = 1};
	ssize_t n;

	do {
		n = recvmsg(fd, &message, MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (message.msg_flags & MSG_TRUNC)
		return -EMSGSIZE;
	*len = from.nl_pid ? 0 : (size_t)n; /* only the kernel's word counts */
	return 0;
}

int gate_news_read(int fd, const struct gate_ways *ways, struct gate_news *news)
{
	static uint8_t buffer[32768] __attribute__((aligned(NLMSG_ALIGNTO)));

	memset(news, 0, sizeof(*news));
	for (unsigned int i = 0; i < NEWS_MAX; i++) {
		size_t left = 0;
		int err = message_read(fd, buffer, sizeof(buffer), &left);

		if (err)
			return err == -EAGAIN ? 0 : err;
		for (const struct nlmsghdr *head = (const void *)buffer; NLMSG_OK(head, left);
		     head = NLMSG_NEXT(head, left)) {
			if (head->nlmsg_type == RTM_NEWLINK)
				link_news(head, ways, news);
			else if (head->nlmsg_type == RTM_DELQDISC || head->nlmsg_type == RTM_DELTFILTER)
				filter_news(head, ways, news);
		}
	}
	return -ENOBUFS;
}
