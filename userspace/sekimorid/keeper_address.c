// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * keeper_address.c - what this machine is called and through whom it speaks:
 * own addresses and gateways, asked of the kernel again and again.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "keeper.h"
#include "lib/log.h"

struct addresses {
	struct keeper_auto rows[KEEPER_AUTOS];
	uint32_t count, missed;
	uint32_t default_iface;
};

static void address_add(struct addresses *out, const struct prefix *prefix, uint32_t flags, uint8_t kind)
{
	for (uint32_t i = 0; i < out->count; i++)
		if (!prefix_compare(&out->rows[i].prefix, prefix) && out->rows[i].scope.kind == kind)
			return;
	if (out->count == KEEPER_AUTOS) {
		out->missed++;
		return;
	}
	out->rows[out->count++] =
		(struct keeper_auto){.prefix = *prefix, .flags = flags, .scope = {.kind = kind}};
}

static bool address_prefix(int family, const void *bytes, struct prefix *out)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	memset(out, 0, sizeof(*out));
	out->len = 128;
	if (family == AF_INET) {
		memcpy(out->addr, mapped, sizeof(mapped));
		memcpy(out->addr + 12, bytes, 4);
		return out->addr[12] != 127 && out->addr[12] != 0;
	}
	memcpy(out->addr, bytes, 16);
	return family == AF_INET6 && !IN6_IS_ADDR_LOOPBACK((const struct in6_addr *)bytes);
}

static int addresses_own(struct addresses *out)
{
	struct ifaddrs *list, *row;
	struct prefix prefix;

	if (getifaddrs(&list) < 0)
		return -errno;
	for (row = list; row; row = row->ifa_next) {
		const void *bytes;

		if (!row->ifa_addr)
			continue;
		if (row->ifa_addr->sa_family == AF_INET)
			bytes = &((const struct sockaddr_in *)row->ifa_addr)->sin_addr;
		else if (row->ifa_addr->sa_family == AF_INET6)
			bytes = &((const struct sockaddr_in6 *)row->ifa_addr)->sin6_addr;
		else
			continue;
		if (address_prefix(row->ifa_addr->sa_family, bytes, &prefix))
			address_add(out, &prefix, SEKI_NET_OWN, SEKI_SCOPE_OWN);
	}
	freeifaddrs(list);
	return 0;
}

static void route_gateway(struct addresses *out, const struct rtmsg *route, const struct rtattr *attr)
{
	struct prefix prefix;

	if (RTA_PAYLOAD(attr) == (route->rtm_family == AF_INET ? 4 : 16) &&
	    address_prefix(route->rtm_family, RTA_DATA(attr), &prefix))
		address_add(out, &prefix, 0, SEKI_SCOPE_GATEWAY);
}

/* Gateways of every route are peers that the machine needs; the default one names the outward interface. */
static void route_take(struct addresses *out, const struct nlmsghdr *head)
{
	const struct rtmsg *route = NLMSG_DATA(head);
	int len = (int)RTM_PAYLOAD(head);

	if (route->rtm_table != RT_TABLE_MAIN || route->rtm_type != RTN_UNICAST)
		return;
	for (const struct rtattr *attr = RTM_RTA(route); RTA_OK(attr, len); attr = RTA_NEXT(attr, len)) {
		if (attr->rta_type == RTA_GATEWAY)
			route_gateway(out, route, attr);
		if (attr->rta_type == RTA_OIF && !route->rtm_dst_len && !out->default_iface)
			memcpy(&out->default_iface, RTA_DATA(attr), sizeof(out->default_iface));
		if (attr->rta_type == RTA_MULTIPATH) {
			const struct rtnexthop *hop = RTA_DATA(attr);
			int left = (int)RTA_PAYLOAD(attr);

			for (; RTNH_OK(hop, left); left -= RTNH_ALIGN(hop->rtnh_len), hop = RTNH_NEXT(hop)) {
				int inner = hop->rtnh_len - (int)sizeof(*hop);

				if (!route->rtm_dst_len && !out->default_iface)
					out->default_iface = (uint32_t)hop->rtnh_ifindex;
				for (const struct rtattr *a = RTNH_DATA(hop); RTA_OK(a, inner);
				     a = RTA_NEXT(a, inner))
					if (a->rta_type == RTA_GATEWAY)
						route_gateway(out, route, a);
			}
		}
	}
}

static int addresses_routes(struct addresses *out, unsigned char family)
{
	struct {
		struct nlmsghdr head;
		struct rtmsg route;
	} ask = {.head = {.nlmsg_len = sizeof(ask),
			  .nlmsg_type = RTM_GETROUTE,
			  .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		 .route = {.rtm_family = family}};
	AUTO_FD int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	const struct timeval patience = {.tv_sec = 1};
	_Alignas(struct nlmsghdr) char buffer[32768];

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0 ||
	    send(fd, &ask, sizeof(ask), 0) < 0)
		return -errno;
	for (;;) {
		ssize_t n = recv(fd, buffer, sizeof(buffer), 0);
		int left = (int)n;

		if (n <= 0)
			return n ? -errno : -EIO;
		for (struct nlmsghdr *head = (struct nlmsghdr *)buffer; NLMSG_OK(head, (unsigned int)left);
		     head = NLMSG_NEXT(head, left)) {
			if (head->nlmsg_type == NLMSG_DONE)
				return 0;
			if (head->nlmsg_type == NLMSG_ERROR)
				return -EIO;
			if (head->nlmsg_type == RTM_NEWROUTE &&
			    head->nlmsg_len >= NLMSG_LENGTH(sizeof(struct rtmsg)))
				route_take(out, head);
		}
	}
}

/* The interface through which the kernel would send to addr, 0 when there is no way or no answer. */
uint32_t keeper_route_iface(const struct prefix *host)
{
	bool v4 = prefix_is_v4(host);
	struct {
		struct nlmsghdr head;
		struct rtmsg route;
		struct rtattr attr;
		uint8_t addr[16];
	} ask = {.head = {.nlmsg_type = RTM_GETROUTE, .nlmsg_flags = NLM_F_REQUEST},
		 .route = {.rtm_family = v4 ? AF_INET : AF_INET6, .rtm_dst_len = v4 ? 32 : 128},
		 .attr = {.rta_type = RTA_DST, .rta_len = (unsigned short)RTA_LENGTH(v4 ? 4 : 16)}};
	AUTO_FD int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	const struct timeval patience = {.tv_sec = 1};
	_Alignas(struct nlmsghdr) char buffer[4096];
	const struct nlmsghdr *head = (const struct nlmsghdr *)buffer;
	uint32_t ifindex = 0;
	ssize_t n;
	int left;

	memcpy(ask.addr, host->addr + (v4 ? 12 : 0), v4 ? 4 : 16);
	ask.head.nlmsg_len = (uint32_t)(NLMSG_LENGTH(sizeof(ask.route)) + RTA_LENGTH(v4 ? 4 : 16));
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0 ||
	    send(fd, &ask, ask.head.nlmsg_len, 0) < 0)
		return 0;
	n = recv(fd, buffer, sizeof(buffer), 0);
	if (n < (ssize_t)NLMSG_LENGTH(sizeof(struct rtmsg)) || !NLMSG_OK(head, (unsigned int)n) ||
	    head->nlmsg_type != RTM_NEWROUTE)
		return 0;
	left = (int)RTM_PAYLOAD(head);
	for (const struct rtattr *a = RTM_RTA(NLMSG_DATA(head)); RTA_OK(a, left); a = RTA_NEXT(a, left))
		if (a->rta_type == RTA_OIF)
			memcpy(&ifindex, RTA_DATA(a), sizeof(ifindex));
	return ifindex;
}

bool keeper_addresses_read(struct keeper *k)
{
	static struct addresses next;
	int err;

	memset(&next, 0, sizeof(next));
	err = addresses_own(&next);
	if (!err)
		err = addresses_routes(&next, AF_INET);
	if (!err)
		err = addresses_routes(&next, AF_INET6);
	if (err) {
		/* The rows of the last good reading stay: losing them would open the door to a lock-out. */
		log_warn("own addresses and routes cannot be read now: %s", strerror(-err));
		return false;
	}
	if (next.missed)
		log_warn("%u own addresses and gateways beyond %d are not in the allow set", next.missed,
			 KEEPER_AUTOS);
	k->default_iface = next.default_iface;
	if (next.count == k->auto_count && !memcmp(next.rows, k->autos, next.count * sizeof(next.rows[0])))
		return false;
	memcpy(k->autos, next.rows, sizeof(next.rows));
	k->auto_count = next.count;
	return true;
}
