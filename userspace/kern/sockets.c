// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sockets.c - the hooks of sockets, on the root of the unified cgroup
 * hierarchy. Pinned links: they outlive the daemon, as the packet path does.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "gate_private.h"

static const struct {
	enum gate_prog_id prog;
	enum bpf_attach_type type;
	const char *pin;
} hooks[] = {
	{GATE_PROG_CONNECT4, BPF_CGROUP_INET4_CONNECT, "socket_connect4"},
	{GATE_PROG_CONNECT6, BPF_CGROUP_INET6_CONNECT, "socket_connect6"},
	{GATE_PROG_SENDMSG4, BPF_CGROUP_UDP4_SENDMSG, "socket_sendmsg4"},
	{GATE_PROG_SENDMSG6, BPF_CGROUP_UDP6_SENDMSG, "socket_sendmsg6"},
	{GATE_PROG_SOCKET, BPF_CGROUP_INET_SOCK_CREATE, "socket_create"},
};

#define FSOPEN_CREATE 6u /* FSCONFIG_CMD_CREATE, whose enum some headers lack */

/*
 * The root that this process may see, by a mount of our own that is in no
 * tree: paths under /sys differ between distributions and mount namespaces.
 */
static int hierarchy_open(int *fd)
{
	int context AUTO_FD = (int)syscall(SYS_fsopen, "cgroup2", 0);
	int mount AUTO_FD = -1;
	int opened;

	if (context < 0)
		return errno == ENODEV ? -ENOENT : -errno;
	if (syscall(SYS_fsconfig, context, FSOPEN_CREATE, NULL, NULL, 0) < 0)
		return -errno;
	mount = (int)syscall(SYS_fsmount, context, 1u /* FSMOUNT_CLOEXEC */, 0);
	if (mount < 0)
		return -errno;
	opened = openat(mount, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (opened < 0)
		return -errno;
	*fd = opened;
	return 0;
}

static bool link_lives(int fd, uint32_t prog_id)
{
	struct bpf_link_info info;
	uint32_t len = sizeof(info);

	memset(&info, 0, sizeof(info));
	return !bpf_obj_get_info_by_fd(fd, &info, &len) && info.type == BPF_LINK_TYPE_CGROUP &&
	       info.cgroup.cgroup_id && (!prog_id || info.prog_id == prog_id);
}

static int hook_attach(struct gate *gate, unsigned int i, int root)
{
	int prog = gate->prog[hooks[i].prog].fd;
	int link AUTO_FD = -1;

	if (!pin_open(gate, hooks[i].pin, &link) && link_lives(link, 0))
		return bpf_link_update(link, prog, NULL);
	if (link >= 0)
		close(TAKE_FD(link));
	link = bpf_link_create(prog, root, hooks[i].type, NULL);
	return link < 0 ? link : pin_put(gate, hooks[i].pin, link);
}

int gate_sockets_attach(struct gate *gate, struct gate_why *why)
{
	int root AUTO_FD = -1;
	int err;

	if (gate->prog[GATE_PROG_SOCKET].fd < 0)
		return why_set(why, -EOPNOTSUPP,
			       "the kernel has no BTF (/sys/kernel/btf/vmlinux, CONFIG_DEBUG_INFO_BTF) or no "
			       "tracing (CONFIG_BPF_EVENTS): connections are judged by their packets only, "
			       "and no process is named");
	err = hierarchy_open(&root);
	if (err)
		return why_set(
			why, err,
			"the unified cgroup hierarchy cannot be reached (%s): connections are judged by "
			"their packets only, and no process is named",
			strerror(-err));
	why_listen();
	for (unsigned int i = 0; i < ARRAY_LEN(hooks); i++) {
		err = hook_attach(gate, i, root);
		if (err) {
			int undone = gate_sockets_detach(gate);

			return why_set(why, err, "socket hook %s: %s (%s)%s", hooks[i].pin, strerror(-err),
				       why_heard(), undone && undone != -ENOENT ? "; others stay" : "");
		}
	}
	return !gate_sockets_query(gate)
		       ? 0
		       : why_set(why, -EIO, "the kernel does not show the socket hooks that were attached");
}

int gate_sockets_detach(struct gate *gate)
{
	int result = -ENOENT;

	for (unsigned int i = 0; i < ARRAY_LEN(hooks); i++) {
		int link AUTO_FD = -1;
		int err = pin_open(gate, hooks[i].pin, &link);

		if (err == -ENOENT)
			continue;
		if (!err)
			err = bpf_link_detach(link);
		if (!err)
			err = pin_remove(gate, hooks[i].pin);
		if (result == -ENOENT || err)
			result = err;
	}
	return result;
}

int gate_sockets_query(struct gate *gate)
{
	for (unsigned int i = 0; i < ARRAY_LEN(hooks); i++) {
		int link AUTO_FD = -1;
		int err = pin_open(gate, hooks[i].pin, &link);

		if (err)
			return err;
		if (!link_lives(link, gate->prog[hooks[i].prog].id))
			return -ENOENT;
	}
	return 0;
}

#ifndef SO_NETNS_COOKIE
#define SO_NETNS_COOKIE 71 /* Linux 5.14 */
#endif

int gate_netns_cookie(uint64_t *cookie)
{
	int fd AUTO_FD = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint64_t value = 0;
	socklen_t len = sizeof(value);

	if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &value, &len) < 0)
		return -errno;
	*cookie = value;
	return 0;
}
