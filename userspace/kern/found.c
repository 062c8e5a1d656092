// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * found.c - looks for an instance's maps and programs in the kernel, and whether they fit this version.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "found.h"
#include "lib/instance.h"
#include "lib/log.h"

void found_init(struct found *found)
{
	memset(found, 0, sizeof(*found));
	for (int i = 0; i < SHARED_MAX; i++)
		found->map[i] = -1;
	for (int i = 0; i < GATE_PROG_MAX; i++)
		found->prog[i] = -1;
}

void found_clear(struct found *found)
{
	for (int i = 0; i < SHARED_MAX; i++)
		if (found->map[i] >= 0)
			close(found->map[i]);
	for (int i = 0; i < GATE_PROG_MAX; i++)
		if (found->prog[i] >= 0)
			close(found->prog[i]);
}

/* The contract's maps and what else the object pins by name are shared by all programs of an instance. */
int found_name(const struct bpf_object *object, struct found *found, const char *path, struct gate_why *why)
{
	struct bpf_map *map;

	found->count = GATE_MAP_MAX;
	for (int i = 0; i < GATE_MAP_MAX; i++) {
		if (!bpf_object__find_map_by_name(object, gate_map_rows[i].name))
			return why_set(why, -EINVAL, "%s has no map %s", path, gate_map_rows[i].name);
		snprintf(found->name[i], sizeof(found->name[i]), "%s", gate_map_rows[i].name);
	}
	bpf_object__for_each_map(map, object)
	{
		bool known = !bpf_map__pin_path(map);

		for (int i = 0; i < GATE_MAP_MAX && !known; i++)
			known = !strcmp(bpf_map__name(map), gate_map_rows[i].name);
		if (known)
			continue;
		if (found->count == SHARED_MAX)
			return why_set(why, -EINVAL, "%s pins more than %d maps outside the contract", path,
				       EXTRA_MAX);
		snprintf(found->name[found->count], sizeof(found->name[0]), "%s", bpf_map__name(map));
		found->count++;
	}
	return 0;
}

/* Maps that are there must have this version's layout and stamp. */
int found_check(const struct found *found, const struct bpf_object *object, struct gate_why *why)
{
	struct seki_settings settings = {0};
	uint32_t zero = 0;
	int err;

	for (int i = 0; i < found->count; i++) {
		const struct bpf_map *map = bpf_object__find_map_by_name(object, found->name[i]);
		struct bpf_map_info info;

		if (found->map[i] < 0)
			continue;
		err = map_info(found->map[i], &info);
		if (err)
			return why_set(why, err, "cannot ask about map %s of %s: %s", found->name[i],
				       found->where, strerror(-err));
		if (i < GATE_MAP_MAX
			    ? map_check(i, &info)
			    : info.type != bpf_map__type(map) || info.key_size != bpf_map__key_size(map) ||
				      info.value_size != bpf_map__value_size(map))
			return why_set(why, -EEXIST,
				       "%s holds maps of another version: %s has key %u, value %u, %u "
				       "entries. Take it "
				       "down with the version that made it",
				       found->where, found->name[i], info.key_size, info.value_size,
				       info.max_entries);
	}
	if (found->map[GATE_MAP_SETTINGS] < 0)
		return 0;
	err = bpf_map_lookup_elem(found->map[GATE_MAP_SETTINGS], &zero, &settings);
	if (err)
		return why_set(why, err, "cannot read the stamp of %s: %s", found->where, strerror(-err));
	/* Nobody has written it yet: `ip link`, or the keeper before its first policy. */
	if (!settings.magic)
		return 0;
	if (settings.magic != SEKI_MAGIC || settings.schema != SEKI_SCHEMA)
		return why_set(
			why, -EEXIST,
			"%s holds maps of schema %u (magic 0x%08x), this version has schema %u. Take it down "
			"with the version that made it",
			found->where, settings.schema, settings.magic, SEKI_SCHEMA);
	return 0;
}

int found_pins(const struct gate *gate, struct found *found, struct gate_why *why)
{
	for (int i = 0; i < found->count; i++) {
		int err = pin_open(gate, found->name[i], &found->map[i]);

		if (err && err != -ENOENT)
			return why_set(why, err, "cannot open the pin %s/%s: %s", gate->folder,
				       found->name[i], strerror(-err));
		found->any |= !err;
	}
	snprintf(found->where, sizeof(found->where), "%s", gate->folder);
	return 0;
}

static int map_keep(int fd, const struct bpf_map_info *info, void *arg)
{
	struct found *found = arg;

	for (int i = 0; i < found->count; i++) {
		if (found->map[i] >= 0 || strncmp(info->name, found->name[i], GATE_KERNEL_NAME))
			continue;
		found->map[i] = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		return found->map[i] < 0 ? -errno : 0;
	}
	return 0;
}

/* A program refers to what it uses only; the loader's name pins have the rest of the same set. */
static void find_beside(struct found *found)
{
	struct bpf_map_info ours, pinned;
	int settings AUTO_FD = bpf_obj_get(SEKI_PIN_IPROUTE2 "/seki_settings");

	if (settings < 0 || map_info(settings, &pinned) || map_info(found->map[GATE_MAP_SETTINGS], &ours) ||
	    pinned.id != ours.id)
		return;
	for (int i = 0; i < found->count; i++) {
		char path[GATE_PATH_MAX];

		snprintf(path, sizeof(path), SEKI_PIN_IPROUTE2 "/%s", found->name[i]);
		if (found->map[i] < 0)
			found->map[i] = bpf_obj_get(path);
	}
}

int found_on_interface(const struct gate *gate, uint32_t ifindex, struct found *found, struct gate_why *why)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	char owner[INSTANCE_NAME_MAX];
	struct prog_facts facts;
	uint32_t id;
	int fd AUTO_FD = -1;
	int err = bpf_xdp_query((int)ifindex, 0, &query);

	if (err)
		return err == -ENODEV ? 0
				      : why_set(why, err, "cannot ask what is attached to interface %u: %s",
						ifindex, strerror(-err));
	id = query.drv_prog_id ? query.drv_prog_id : query.skb_prog_id ? query.skb_prog_id : query.prog_id;
	if (!id)
		return 0;
	prog_look(gate, id, &facts);
	if (!facts.known)
		log_warn("interface %u has XDP program %u, looking at it needs CAP_SYS_ADMIN: not adopted",
			 ifindex, id);
	if (!facts.from_object)
		return 0;
	/* Two keepers over the same maps would undo each other's work. */
	if (!pin_owner(gate, facts.settings, owner)) {
		log_warn("interface %u belongs to instance \"%s\": not adopted", ifindex, owner);
		return 0;
	}
	fd = bpf_prog_get_fd_by_id(id);
	if (fd < 0)
		return 0; /* gone meanwhile */
	err = prog_maps_each(fd, map_keep, found);
	if (err)
		return why_set(why, err, "cannot take over the maps of program %u: %s", id, strerror(-err));
	if (found->map[GATE_MAP_SETTINGS] < 0)
		return 0;
	find_beside(found);
	found->any = true;
	snprintf(found->where, sizeof(found->where), "XDP program %u on interface %u", id, ifindex);
	log_info("taking over the maps of %s", found->where);
	return 0;
}

void found_programs(const struct gate *gate, uint64_t digest, struct found *found)
{
	bool all = true;

	for (int i = 0; i < GATE_PROG_MAX; i++) {
		char name[64];

		if (!prog_usable(i))
			continue;
		prog_pin_name(name, i, digest);
		all &= !pin_open(gate, name, &found->prog[i]);
	}
	/* A set that is not complete was interrupted: load all of it again. */
	for (int i = 0; i < GATE_PROG_MAX && !all; i++) {
		if (found->prog[i] >= 0)
			close(found->prog[i]);
		found->prog[i] = -1;
	}
}
