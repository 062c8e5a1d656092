// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vlan_tags.c - makes VLAN tags stay in the frame, where XDP sees them (T14): this interface's driver must
 * not strip them, and the other end of a veth pair must not put them beside the frame.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ethtool.h>
#include <linux/net_namespace.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "gate_private.h"

#define NAMESPACES "/run/netns" /* where iproute2 keeps the names of network namespaces */

/* The kernel's names of its device features, ETH_GSTRING_LEN bytes each, by bit number. *out malloc'ed. */
static int feature_names(int sock, const char *name, struct ethtool_gstrings **out)
{
	struct {
		struct ethtool_sset_info head;
		uint32_t count;
	} ask = {.head = {.cmd = ETHTOOL_GSSET_INFO, .sset_mask = 1ULL << ETH_SS_FEATURES}};
	struct ethtool_gstrings *names AUTO_FREE = NULL;
	int err = netdev_ethtool(sock, name, &ask);

	if (err)
		return err;
	if (!ask.head.sset_mask || ask.count > 4096)
		return -EOPNOTSUPP;
	names = calloc(1, sizeof(*names) + (size_t)ask.count * ETH_GSTRING_LEN);
	if (!names)
		return -ENOMEM;
	*names = (struct ethtool_gstrings){
		.cmd = ETHTOOL_GSTRINGS, .string_set = ETH_SS_FEATURES, .len = ask.count};
	err = netdev_ethtool(sock, name, names);
	if (!err)
		*out = TAKE_PTR(names);
	return err;
}

#define FEATURE_BLOCKS 128 /* of 32 features each */

struct feature_get {
	struct ethtool_gfeatures head;
	struct ethtool_get_features_block block[FEATURE_BLOCKS];
};
struct feature_set {
	struct ethtool_sfeatures head;
	struct ethtool_set_features_block block[FEATURE_BLOCKS];
};

/* Turns the named features of an interface off. -ENOTSUP: *left is one that stays on; -errno. */
static int features_off(int sock, const char *name, const char *const off[], size_t count, const char **left)
{
	struct ethtool_gstrings *names AUTO_FREE = NULL;
	struct feature_get now = {.head = {.cmd = ETHTOOL_GFEATURES, .size = FEATURE_BLOCKS}};
	struct feature_set want = {.head = {.cmd = ETHTOOL_SFEATURES}};
	int err = feature_names(sock, name, &names);

	if (err)
		return err;
	want.head.size = (names->len + 31) / 32;
	for (uint32_t bit = 0; bit < names->len; bit++)
		for (size_t i = 0; i < count; i++)
			if (!strncmp((char *)names->data + (size_t)bit * ETH_GSTRING_LEN, off[i],
				     ETH_GSTRING_LEN))
				want.block[bit / 32].valid |= 1u << bit % 32;
	err = netdev_ethtool(sock, name, &want);
	if (err < 0 && err != -EOPNOTSUPP) /* asked for again below: the answer says too little */
		return err;
	err = netdev_ethtool(sock, name, &now);
	if (err)
		return err;
	for (uint32_t bit = 0; bit < names->len; bit++) {
		if (!(want.block[bit / 32].valid & now.block[bit / 32].active & 1u << bit % 32))
			continue;
		for (size_t i = 0; i < count; i++)
			if (!strncmp((char *)names->data + (size_t)bit * ETH_GSTRING_LEN, off[i],
				     ETH_GSTRING_LEN))
				*left = off[i];
		return -ENOTSUP;
	}
	return 0;
}

/* The number by which our network namespace knows that of fd. -ENOENT: it has none. */
static int namespace_number(int fd, uint32_t *out)
{
	int sock AUTO_FD = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct {
		struct nlmsghdr head;
		struct rtgenmsg body;
		uint8_t pad[3];
		struct rtattr attr;
		uint32_t fd;
	} ask = {
		.head = {.nlmsg_len = sizeof(ask), .nlmsg_type = RTM_GETNSID, .nlmsg_flags = NLM_F_REQUEST},
		.attr = {.rta_len = RTA_LENGTH(sizeof(uint32_t)), .rta_type = NETNSA_FD},
		.fd = (uint32_t)fd,
	};
	_Alignas(8) uint8_t answer[1024];
	const struct nlmsghdr *head = (const void *)answer;
	size_t skip = NLMSG_LENGTH(NLMSG_ALIGN(sizeof(struct rtgenmsg)));
	uint32_t number;
	ssize_t n;

	if (sock < 0 || send(sock, &ask, sizeof(ask), 0) < 0)
		return -errno;
	n = recv(sock, answer, sizeof(answer), 0);
	if (n < 0)
		return -errno;
	if ((size_t)n < skip || head->nlmsg_type != RTM_NEWNSID || head->nlmsg_len > (size_t)n ||
	    !netdev_attr_u32(answer + skip, head->nlmsg_len - skip, NETNSA_NSID, &number) ||
	    (int32_t)number < 0)
		return -ENOENT;
	*out = number;
	return 0;
}

/* A socket in the network namespace of fd. */
static int namespace_socket(int fd)
{
	int here AUTO_FD = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	int sock, err = 0;

	if (here < 0 || setns(fd, CLONE_NEWNET))
		return -errno;
	sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (sock < 0)
		err = -errno;
	if (setns(here, CLONE_NEWNET)) /* it was ours a moment ago: only a kernel out of memory gets here */
		abort();
	return err ? err : sock;
}

/* A socket where dev's other end lives, when that is our namespace or one that has a name (`ip netns`).
 * -ENOENT. */
static int peer_socket(const struct netdev *dev)
{
	struct dirent *entry;
	int result = -ENOENT;
	DIR *names;

	if (!dev->lower_elsewhere) {
		int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

		return sock < 0 ? -errno : sock;
	}
	names = opendir(NAMESPACES);
	if (!names)
		return -ENOENT;
	while (result == -ENOENT && (entry = readdir(names))) {
		int fd AUTO_FD = openat(dirfd(names), entry->d_name, O_RDONLY | O_CLOEXEC);
		uint32_t number;

		if (fd >= 0 && !namespace_number(fd, &number) && number == dev->lower_namespace)
			result = namespace_socket(fd);
	}
	closedir(names);
	return result;
}

/* A veth pair carries a tag that its sender's driver "inserts in hardware" beside the frame, where XDP does
 * not see it. */
static int peer_tags_inline(const struct netdev *dev, struct gate_why *why)
{
	static const char *const inserting[] = {"tx-vlan-hw-insert", "tx-vlan-stag-hw-insert"};
	int sock AUTO_FD = peer_socket(dev);
	struct ifreq peer = {.ifr_ifindex = (int)dev->lower};
	const char *left = NULL;
	int err;

	if (sock < 0)
		return why_set(why, -ENOTSUP,
			       "the other end of this veth pair is in a network namespace without a name and "
			       "may keep "
			       "VLAN tags beside the frame, where XDP does not see them: roles on its VLANs "
			       "would never "
			       "match. Give it a name (`ip netns attach NAME PID`) and try again");
	err = ioctl(sock, SIOCGIFNAME, &peer) ? -errno : 0;
	if (!err)
		err = features_off(sock, peer.ifr_name, inserting, ARRAY_LEN(inserting), &left);
	if (err)
		return why_set(why, -ENOTSUP,
			       "its other end %s keeps VLAN tags beside the frame, where XDP does not see "
			       "them, and cannot be "
			       "told not to (%s: %s)",
			       peer.ifr_name, left ? left : "features", strerror(-err));
	return 0;
}

int vlan_tags_inline(const struct netdev *dev, struct gate_why *why)
{
	static const char *const stripping[] = {"rx-vlan-hw-parse", "rx-vlan-stag-hw-parse"};
	int sock AUTO_FD = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	const char *left = NULL;
	int err;

	if (sock < 0)
		return -errno;
	err = features_off(sock, dev->name, stripping, ARRAY_LEN(stripping), &left);
	if (err == -EOPNOTSUPP)
		err = 0; /* no features at all: nothing strips tags */
	if (err)
		return why_set(
			why, -ENOTSUP,
			"%s strips VLAN tags in hardware before XDP sees them and cannot be told not "
			"to (`ethtool -K %s rxvlan off`; %s: %s): roles on its VLANs would never match",
			dev->name, dev->name, left ? left : "features", strerror(-err));
	return strcmp(dev->kind, "veth") ? 0 : peer_tags_inline(dev, why);
}
