// SPDX-License-Identifier: GPL-2.0-or-later
/* prog.c - what a program in the kernel is, and whether it is ours. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "gate_private.h"

#define PROG_MAPS_MAX 64u /* of one program; ours uses fewer than 30 */

const char *const gate_prog_names[GATE_PROG_MAX] = {
#define X(id, name) [GATE_PROG_##id] = name,
	GATE_PROGS(X)
#undef X
};

static int prog_info(int fd, struct bpf_prog_info *out, uint32_t *map_ids, uint32_t map_count)
{
	struct bpf_prog_info info;
	uint32_t len = sizeof(info);
	int err;

	memset(&info, 0, sizeof(info));
	info.nr_map_ids = map_count;
	info.map_ids = (uintptr_t)map_ids;
	err = bpf_obj_get_info_by_fd(fd, &info, &len);
	if (err)
		return err;
	*out = info;
	return 0;
}

int prog_take(struct gate *gate, enum gate_prog_id id, int fd)
{
	int owned AUTO_FD = fd;
	struct bpf_prog_info info;
	int err = prog_info(owned, &info, NULL, 0);

	if (err)
		return err;
	gate->prog[id].fd = TAKE_FD(owned);
	gate->prog[id].id = info.id;
	memcpy(gate->prog[id].tag, info.tag, sizeof(info.tag));
	return 0;
}

int prog_maps_each(int prog_fd, prog_map_fn fn, void *arg)
{
	uint32_t ids[PROG_MAPS_MAX];
	struct bpf_prog_info info;
	int err = prog_info(prog_fd, &info, ids, PROG_MAPS_MAX);

	if (err)
		return err;
	for (uint32_t i = 0; i < info.nr_map_ids && i < PROG_MAPS_MAX; i++) {
		int fd AUTO_FD = bpf_map_get_fd_by_id(ids[i]);
		struct bpf_map_info map;

		if (fd < 0)
			return fd;
		err = map_info(fd, &map);
		if (!err)
			err = fn(fd, &map, arg);
		if (err)
			return err;
	}
	return 0;
}

static int settings_find(int fd, const struct bpf_map_info *info, void *arg)
{
	struct prog_facts *facts = arg;
	struct seki_settings settings;
	uint32_t zero = 0;

	if (strncmp(info->name, gate_map_rows[GATE_MAP_SETTINGS].name, GATE_KERNEL_NAME))
		return 0;
	facts->settings = info->id;
	if (!map_check(GATE_MAP_SETTINGS, info) && !bpf_map_lookup_elem(fd, &zero, &settings))
		facts->stamped = settings.magic != 0;
	return 0;
}

void prog_look(const struct gate *gate, uint32_t prog_id, struct prog_facts *out)
{
	struct prog_facts facts = {.id = prog_id};
	struct bpf_prog_info info;
	int fd AUTO_FD = -1;

	/* Our own descriptors need no CAP_SYS_ADMIN. */
	for (int i = 0; i < GATE_PROG_MAX && fd < 0; i++)
		if (prog_id && gate->prog[i].id == prog_id) {
			fd = dup(gate->prog[i].fd);
			facts.same_maps = facts.from_object = true;
			facts.settings = gate->map[GATE_MAP_SETTINGS].id;
		}
	if (fd < 0)
		fd = bpf_prog_get_fd_by_id(prog_id);
	if (fd >= 0 && !prog_info(fd, &info, NULL, 0)) {
		facts.known = true;
		memcpy(facts.name, info.name, sizeof(facts.name));
		memcpy(facts.tag, info.tag, sizeof(facts.tag));
		facts.load_time = info.load_time;
		if (!facts.settings && !prog_maps_each(fd, settings_find, &facts) && facts.settings) {
			facts.same_maps = facts.settings == gate->map[GATE_MAP_SETTINGS].id;
			for (int i = 0; i < GATE_PROG_MAX; i++)
				facts.from_object |=
					!strncmp(facts.name, gate_prog_names[i], GATE_KERNEL_NAME);
		}
	}
	*out = facts;
}

const char *prog_describe(const struct prog_facts *facts, char *text, size_t size)
{
	struct timespec boot, now;
	char when[32] = "?", tag[2 * BPF_TAG_SIZE + 1];
	struct tm tm;
	time_t at;

	if (!facts->known) {
		snprintf(text, size, "program %u (CAP_SYS_ADMIN is needed to see its name)", facts->id);
		return text;
	}
	for (int i = 0; i < BPF_TAG_SIZE; i++)
		snprintf(tag + 2 * i, 3, "%02x", facts->tag[i]);
	if (!clock_gettime(CLOCK_BOOTTIME, &boot) && !clock_gettime(CLOCK_REALTIME, &now)) {
		at = now.tv_sec - boot.tv_sec + (time_t)(facts->load_time / 1000000000u);
		if (localtime_r(&at, &tm))
			strftime(when, sizeof(when), "%F %T", &tm);
	}
	snprintf(text, size, "program %u \"%s\" tag %s loaded %s", facts->id, facts->name, tag, when);
	return text;
}

/* The hooks of sockets read the kernel's own structures, whose layout the kernel tells by its BTF. */
bool kernel_tells_types(void)
{
	return !access("/sys/kernel/btf/vmlinux", R_OK);
}

/* They ask as well who is running, which a kernel without tracing does not tell (CONFIG_BPF_EVENTS). */
static bool kernel_tells_tasks(void)
{
	return libbpf_probe_bpf_helper(BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_FUNC_get_current_task, NULL) == 1;
}

bool prog_usable(int id)
{
	return id < GATE_PROG_CONNECT4 || id > GATE_PROG_SOCKET ||
	       (kernel_tells_types() && kernel_tells_tasks());
}

void prog_pin_name(char name[64], int id, uint64_t digest)
{
	snprintf(name, 64, "%s_%016llx", gate_prog_names[id], (unsigned long long)digest);
}
