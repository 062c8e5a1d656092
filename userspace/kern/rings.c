// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rings.c - the engines' rings: slots of seki_rings, each pinned as ring_N.
 * A ring buffer's descriptor allows to map and to wait for it; the kernel
 * refuses lookup, update and removal, so that its holder can only consume.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "gate_private.h"

static void pin_name(char name[16], unsigned int index)
{
	snprintf(name, 16, "ring_%u", index);
}

static int fd_copy(int fd, int *out)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);

	if (copy < 0)
		return -errno;
	*out = copy;
	return 0;
}

static int ring_check(int fd, uint32_t *id)
{
	struct bpf_map_info info;
	int err = map_info(fd, &info);

	if (err)
		return err;
	*id = info.id;
	return info.type == BPF_MAP_TYPE_RINGBUF ? 0 : -EINVAL;
}

/* Takes fd: pinned, put into its slot unless it is there already. */
static int ring_take(struct gate *gate, unsigned int index, int fd, bool pinned)
{
	int owned AUTO_FD = fd;
	uint32_t slot = index, id, held = 0;
	char name[16];
	int err = ring_check(owned, &id);

	if (err)
		return err;
	pin_name(name, index);
	if (!pinned)
		err = pin_put(gate, name, owned);
	if (err)
		return err;
	err = map_slot_id(map_fd(gate, GATE_MAP_RINGS), slot, &held);
	if (err && err != -ENOENT)
		return err;
	if (held != id) {
		err = bpf_map_update_elem(map_fd(gate, GATE_MAP_RINGS), &slot, &owned, BPF_ANY);
		if (err)
			return err;
	}
	gate->ring[index] = TAKE_FD(owned);
	return 0;
}

int rings_open(struct gate *gate, int first, struct gate_why *why)
{
	for (unsigned int i = 0; i < SEKI_MAX_RINGS; i++) {
		uint32_t id = 0, first_id = 0;
		bool pinned = false;
		char name[16];
		int fd = -1, err;

		pin_name(name, i);
		err = pin_open(gate, name, &fd);
		if (!err)
			pinned = true;
		else if (err != -ENOENT)
			return why_set(why, err, "cannot open the pinned ring %u: %s", i, strerror(-err));
		err = map_slot_id(map_fd(gate, GATE_MAP_RINGS), i, &id);
		if (err && err != -ENOENT)
			return why_set(why, err, "cannot read slot %u of seki_rings: %s", i, strerror(-err));
		/* The one that the object or an ip-link loader put there; by id only CAP_SYS_ADMIN may. */
		if (fd < 0 && id) {
			if (first >= 0 && !ring_check(first, &first_id) && first_id == id)
				err = fd_copy(first, &fd);
			else
				fd = bpf_map_get_fd_by_id(id);
		}
		if (fd < 0)
			continue;
		err = ring_take(gate, i, fd, pinned);
		if (err)
			return why_set(why, err, "cannot place ring %u: %s", i, strerror(-err));
	}
	return 0;
}

int gate_ring_fd(struct gate *gate, unsigned int index, int *fd, struct gate_why *why)
{
	char name[16];
	int made, err;

	if (index >= SEKI_MAX_RINGS)
		return why_set(why, -EINVAL, "ring %u does not exist: there are %u", index, SEKI_MAX_RINGS);
	if (gate->ring[index] < 0) {
		snprintf(name, sizeof(name), "seki_ring%u", index);
		made = bpf_map_create(BPF_MAP_TYPE_RINGBUF, name, 0, 0, gate->ring_bytes, NULL);
		if (made < 0)
			return why_set(why, made, "cannot create ring %u of %u bytes: %s", index,
				       gate->ring_bytes, strerror(-made));
		err = ring_take(gate, index, made, false);
		if (err)
			return why_set(why, err, "cannot place ring %u: %s", index, strerror(-err));
	}
	return fd_copy(gate->ring[index], fd);
}

int gate_prio_fd(struct gate *gate, int *fd)
{
	return fd_copy(map_fd(gate, GATE_MAP_PRIO), fd);
}
