/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kmod_world.h - what the tests of the kernel module share: a network namespace of their own with a veth
 * pair, frames sent into it, small guard tables, small XDP programs, state events.
 */
#ifndef SELFTESTS_KMOD_WORLD_H
#define SELFTESTS_KMOD_WORLD_H

#include <errno.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <nettle/sha2.h>

#include "core/policy/guard_image.h"
#include "kern/genl.h"
#include "lib/frame.h"
#include "lib/ktap.h"

static inline bool world_run(const char *command)
{
	int status = system(command);

	if (status)
		printf("# `%s` ended with %d\n", command, status);
	return !status;
}

/* NULL, or why there can be no such test here. */
static inline const char *world_enter(void)
{
	if (access("/sys/module/sekimori", F_OK))
		return "sekimori.ko is not loaded";
	if (geteuid() || unshare(CLONE_NEWNET))
		return "needs root";
	return NULL;
}

/* w0 is the protected end, 192.0.2.1; frames sent through w1 arrive on it. */
static inline bool world_link(void)
{
	return world_run(
		"ip link add w0 address 02:00:00:00:00:01 type veth peer name w1 && ip addr add 192.0.2.1/24 "
		"dev w0 && "
		"ip addr add 2001:db8::1/64 dev w0 nodad && ip link set lo up && ip link set w0 up && "
		"ip link set w1 up");
}

static inline struct kmod *world_open(void)
{
	enum kmod_presence presence;
	struct kmod *kmod = NULL;
	struct kmod_info info;

	return kmod_open(&kmod, &info, &presence) ? NULL : kmod;
}

static inline void world_send(int fd, const char *line)
{
	static struct frame f;

	frame_make(&f, "%s", line);
	if (send(fd, f.data, f.len, 0) != (ssize_t)f.len)
		printf("# send: %s\n", strerror(errno));
}

/* A socket whose frames leave through an interface. */
static inline int world_sender(const char *iface)
{
	struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = (int)if_nametoindex(iface)};
	int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&to, sizeof(to))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* A UDP socket that says which of those frames arrived. */
static inline int world_receiver(uint16_t port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof(at))) {
		close(fd);
		return -1;
	}
	return fd;
}

/* How many datagrams came within a moment. */
static inline int world_received(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	char data[64];
	int count = 0;

	while (poll(&p, 1, 200) > 0)
		while (recv(fd, data, sizeof(data), 0) >= 0)
			count++;
	return count;
}

/* An XDP program that passes everything; tag makes each of them another one. */
static inline int world_prog(const char *name, int tag)
{
	const struct bpf_insn insns[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_1, .imm = tag},
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .imm = 2 /* XDP_PASS */},
		{.code = BPF_JMP | BPF_EXIT},
	};

	return bpf_prog_load(BPF_PROG_TYPE_XDP, name, "GPL", insns, 3, NULL);
}

static inline uint32_t world_prog_id(int fd)
{
	struct bpf_prog_info info = {0};
	uint32_t len = sizeof(info);

	return bpf_obj_get_info_by_fd(fd, &info, &len) ? 0 : info.id;
}

#endif
