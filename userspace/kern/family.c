// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * family.c - refuses AF_XDP sockets where the kernel has the BPF LSM. Whether
 * it does is found out by asking for one: a hook may be there and never run.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "gate_private.h"

#define PIN "socket_family"

#ifndef AF_XDP
#define AF_XDP 44
#endif

static void object_close(struct bpf_object **object)
{
	bpf_object__close(*object);
}

int gate_family_attach(struct gate *gate, const char *path, struct gate_why *why)
{
	__attribute__((cleanup(object_close))) struct bpf_object *object = NULL;
	struct bpf_program *prog;
	struct bpf_map *map;
	int link AUTO_FD = -1;
	int err;

	/* An older program of ours reads the same settings. */
	if (!pin_open(gate, PIN, &link))
		return 0;
	why_listen();
	object = bpf_object__open_file(path, NULL);
	if (!object)
		return why_set(why, -errno, "%s: %s", path, strerror(errno));
	map = bpf_object__find_map_by_name(object, "seki_settings");
	prog = bpf_object__find_program_by_name(object, SEKI_PROG_FAMILY);
	err = map && prog ? bpf_map__reuse_fd(map, map_fd(gate, GATE_MAP_SETTINGS)) : -EINVAL;
	if (!err)
		err = bpf_object__load(object);
	if (!err) {
		link = bpf_link_create(bpf_program__fd(prog), 0, BPF_LSM_MAC, NULL);
		err = link < 0 ? link : pin_put(gate, PIN, link);
	}
	return err ? why_set(why, err, "AF_XDP sockets cannot be refused here: %s (%s)", strerror(-err),
			     why_heard())
		   : 0;
}

int gate_family_detach(struct gate *gate)
{
	int err = pin_remove(gate, PIN);

	return err == -ENOENT ? 0 : err;
}

/* The program's own answer: without CAP_NET_RAW the kernel would refuse with EPERM in any case. */
bool gate_family_denied(const struct gate *gate)
{
	int link AUTO_FD = -1;
	int fd AUTO_FD = -1;

	if (pin_open(gate, PIN, &link))
		return false;
	fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	return fd < 0 && errno == EACCES;
}
