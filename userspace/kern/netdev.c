// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * netdev.c - what an interface is, asked over rtnetlink: /sys/class/net shows
 * the namespace that mounted it, not ours.
 */
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "gate_private.h"

/* Finds attribute type within (at, len); NULL when absent or cut off. */
static const struct rtattr *attr_find(const void *at, size_t len, unsigned short type)
{
	const uint8_t *p = at;

	while (len >= sizeof(struct rtattr)) {
		const struct rtattr *attr = (const void *)p;
		size_t step = RTA_ALIGN(attr->rta_len);

		if (attr->rta_len < sizeof(*attr) || attr->rta_len > len)
			return NULL;
		if ((attr->rta_type & NLA_TYPE_MASK) == type)
			return attr;
		if (step > len)
			return NULL;
		p += step;
		len -= step;
	}
	return NULL;
}

bool netdev_attr_u32(const void *at, size_t len, unsigned short type, uint32_t *out)
{
	const struct rtattr *attr = attr_find(at, len, type);

	if (!attr || RTA_PAYLOAD(attr) < sizeof(*out))
		return false;
	memcpy(out, RTA_DATA(attr), sizeof(*out));
	return true;
}

static void attr_text(const void *at, size_t len, unsigned short type, char *out, size_t size)
{
	const struct rtattr *attr = attr_find(at, len, type);
	size_t n = attr ? strnlen(RTA_DATA(attr), RTA_PAYLOAD(attr)) : 0;

	if (n >= size)
		n = size - 1;
	if (n)
		memcpy(out, RTA_DATA(attr), n);
	out[n] = '\0';
}

void netdev_parse(const void *attrs, size_t len, struct netdev *dev)
{
	const struct rtattr *info, *data;

	attr_text(attrs, len, IFLA_IFNAME, dev->name, sizeof(dev->name));
	netdev_attr_u32(attrs, len, IFLA_MTU, &dev->mtu);
	netdev_attr_u32(attrs, len, IFLA_MASTER, &dev->master);
	netdev_attr_u32(attrs, len, IFLA_LINK, &dev->lower);
	dev->lower_elsewhere = netdev_attr_u32(attrs, len, IFLA_LINK_NETNSID, &dev->lower_namespace);
	info = attr_find(attrs, len, IFLA_LINKINFO);
	if (!info)
		return;
	attr_text(RTA_DATA(info), RTA_PAYLOAD(info), IFLA_INFO_KIND, dev->kind, sizeof(dev->kind));
	attr_text(RTA_DATA(info), RTA_PAYLOAD(info), IFLA_INFO_SLAVE_KIND, dev->port_kind,
		  sizeof(dev->port_kind));
	if (strcmp(dev->kind, "vlan"))
		return;
	data = attr_find(RTA_DATA(info), RTA_PAYLOAD(info), IFLA_INFO_DATA);
	if (data) {
		const struct rtattr *id = attr_find(RTA_DATA(data), RTA_PAYLOAD(data), IFLA_VLAN_ID);

		if (id && RTA_PAYLOAD(id) >= sizeof(dev->vlan))
			memcpy(&dev->vlan, RTA_DATA(id), sizeof(dev->vlan));
	}
}

static int link_ask(int sock, uint32_t ifindex, void *answer, size_t *len)
{
	struct {
		struct nlmsghdr head;
		struct ifinfomsg body;
	} ask = {
		.head = {.nlmsg_len = sizeof(ask), .nlmsg_type = RTM_GETLINK, .nlmsg_flags = NLM_F_REQUEST},
		.body = {.ifi_family = AF_UNSPEC, .ifi_index = (int)ifindex},
	};
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	ssize_t n;

	if (sendto(sock, &ask, sizeof(ask), 0, (struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		return -errno;
	do {
		socklen_t size = sizeof(kernel);

		n = recvfrom(sock, answer, *len, MSG_TRUNC, (struct sockaddr *)&kernel, &size);
	} while ((n < 0 && errno == EINTR) || (n >= 0 && kernel.nl_pid)); /* only the kernel's word counts */
	if (n < 0)
		return -errno;
	if ((size_t)n > *len)
		return -EMSGSIZE;
	*len = (size_t)n;
	return 0;
}

int netdev_get(uint32_t ifindex, struct netdev *out)
{
	int sock AUTO_FD = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	size_t len = 65536;
	void *answer AUTO_FREE = malloc(len);
	const struct nlmsghdr *head = answer;
	struct netdev dev = {.ifindex = ifindex};
	size_t skip = NLMSG_LENGTH(sizeof(struct ifinfomsg));
	int err;

	if (sock < 0)
		return -errno;
	if (!answer)
		return -ENOMEM;
	err = link_ask(sock, ifindex, answer, &len);
	if (err)
		return err;
	if (len < sizeof(*head) || head->nlmsg_len > len || head->nlmsg_len < sizeof(*head))
		return -EPROTO;
	if (head->nlmsg_type == NLMSG_ERROR) {
		const struct nlmsgerr *refused = NLMSG_DATA(head);

		if (head->nlmsg_len < NLMSG_LENGTH(sizeof(*refused)))
			return -EPROTO;
		return refused->error < 0 ? refused->error : -EPROTO;
	}
	if (head->nlmsg_type != RTM_NEWLINK || head->nlmsg_len < skip)
		return -EPROTO;
	netdev_parse((const uint8_t *)answer + skip, head->nlmsg_len - skip, &dev);
	*out = dev;
	return 0;
}

static const char *netdev_name(uint32_t ifindex, char name[IF_NAMESIZE])
{
	if (!ifindex || !if_indextoname(ifindex, name))
		snprintf(name, IF_NAMESIZE, "?");
	return name;
}

int netdev_attachable(const struct netdev *dev, struct gate_why *why)
{
	char other[IF_NAMESIZE];

	if (!strcmp(dev->port_kind, "bond") || !strcmp(dev->port_kind, "team"))
		return why_set(why, -EOPNOTSUPP, "%s is a port of the %s %s: use %s instead", dev->name,
			       dev->port_kind, netdev_name(dev->master, other), other);
	if (!strcmp(dev->port_kind, "bridge"))
		return why_set(
			why, -EOPNOTSUPP,
			"%s is a port of the bridge %s: use %s instead (bridges have generic mode only)",
			dev->name, netdev_name(dev->master, other), other);
	if (strcmp(dev->kind, "vlan"))
		return 0;
	if (dev->lower_elsewhere)
		return why_set(why, -EOPNOTSUPP,
			       "%s is VLAN %u of an interface in another network namespace: attach there",
			       dev->name, dev->vlan);
	return why_set(why, -EOPNOTSUPP, "%s is VLAN %u of %s: use %s.%u instead, a role on that VLAN of %s",
		       dev->name, dev->vlan, netdev_name(dev->lower, other), other, dev->vlan, other);
}

int netdev_ethtool(int sock, const char *name, void *command)
{
	struct ifreq request;

	memset(&request, 0, sizeof(request));
	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	request.ifr_data = command;
	return ioctl(sock, SIOCETHTOOL, &request) ? -errno : 0;
}

bool netdev_csum_partial(const struct netdev *dev)
{
	static const char *const drivers[] = {"veth", "virtio_net", "tun", "xen_netfront", "vif"};
	struct ethtool_drvinfo info = {.cmd = ETHTOOL_GDRVINFO};
	int sock AUTO_FD = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (sock < 0 || netdev_ethtool(sock, dev->name, &info))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(drivers); i++) {
		if (!strcmp(info.driver, drivers[i]))
			return true;
	}
	return false;
}

/* Devices whose frames end in this machine, or go out inside a packet of another device. */
static bool netdev_inward(const struct netdev *dev)
{
	static const char *const kinds[] = {"dummy",	 "ipip", "gre",	 "gretap", "ip6gre", "ip6gretap",
					    "ip6tnl",	 "sit",	 "vti",	 "vti6",   "vxlan",  "geneve",
					    "wireguard", "tun",	 "xfrm", "ifb",	   "nlmon",  "erspan"};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (!strcmp(dev->kind, kinds[i]))
			return true;
	return false;
}

bool netdev_way_out(const struct netdev *dev, const uint32_t *watched, uint32_t count)
{
	if (netdev_inward(dev) || dev->master)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		struct netdev below;

		if (watched[i] == dev->ifindex || (!dev->lower_elsewhere && dev->lower == watched[i]))
			return false;
		if (!netdev_get(watched[i], &below) && below.master == dev->ifindex)
			return false;
	}
	return true;
}

bool gate_way_out(uint32_t ifindex, const uint32_t *watched, uint32_t count)
{
	struct netdev dev;
	int err = netdev_get(ifindex, &dev);

	return err ? err != -ENODEV : netdev_way_out(&dev, watched, count);
}
