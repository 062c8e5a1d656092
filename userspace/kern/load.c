// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * load.c - opens an instance: finds its maps (own pins, or a program that
 * `ip link` loaded), loads the object around them, pins the rest.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "gate_private.h"
#include "lib/file.h"
#include "lib/instance.h"
#include "lib/log.h"

#define OBJECT_BYTES_MAX (16u << 20)

/* Shared state of the BPF side that user space never touches: pinned by name, not in the contract's table. */
#define EXTRA_MAX  8
#define SHARED_MAX (GATE_MAP_MAX + EXTRA_MAX)

/* What is in the kernel already. Descriptors owned, -1 = not found. */
struct found {
	char name[SHARED_MAX][64]; /* of the shared maps; the contract's first */
	int count;
	int map[SHARED_MAX];
	int prog[GATE_PROG_MAX];
	bool any;
	char where[GATE_PATH_MAX];
};

static void found_clear(struct found *found)
{
	for (int i = 0; i < SHARED_MAX; i++)
		if (found->map[i] >= 0)
			close(found->map[i]);
	for (int i = 0; i < GATE_PROG_MAX; i++)
		if (found->prog[i] >= 0)
			close(found->prog[i]);
}

static void object_close(struct bpf_object **object)
{
	bpf_object__close(*object);
}

/* CAP_SYS_ADMIN stands for what was split from it in 5.8. */
static bool capability_held(unsigned int bit)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};
	uint64_t held;

	if (syscall(SYS_capget, &head, data))
		return false;
	held = (uint64_t)data[1].effective << 32 | data[0].effective;
	if (held & (1ull << bit))
		return true;
	return (bit == CAP_BPF || bit == CAP_PERFMON) && held & (1ull << CAP_SYS_ADMIN);
}

static int capabilities_check(struct gate_why *why)
{
	static const struct {
		unsigned int bit;
		const char *name;
	} needed[] = {{CAP_BPF, "CAP_BPF"}, {CAP_NET_ADMIN, "CAP_NET_ADMIN"}};

	for (size_t i = 0; i < ARRAY_LEN(needed); i++)
		if (!capability_held(needed[i].bit))
			return why_set(
				why, -EPERM,
				"%s is missing: run as root or give CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON",
				needed[i].name);
	return 0;
}

static int instance_check(const char *name, struct gate_why *why)
{
	if (!name || !instance_name_valid(name))
		return why_set(
			why, -EINVAL,
			"instance name \"%.40s\": 1 to %d letters, digits, '_' or '-' (bpffs reserves dots)",
			name ? name : "", INSTANCE_NAME_MAX - 1);
	return 0;
}

/* Maps that are there must have this version's layout and stamp. */
static int found_check(const struct found *found, const struct bpf_object *object, struct gate_why *why)
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

static int find_pins(const struct gate *gate, struct found *found, struct gate_why *why)
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

static int find_on_interface(const struct gate *gate, uint32_t ifindex, struct found *found,
			     struct gate_why *why)
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

/* Programs of exactly this object, pinned by an earlier run. */
static void prog_pin_name(char name[64], int id, uint64_t digest)
{
	snprintf(name, 64, "%s_%016llx", gate_prog_names[id], (unsigned long long)digest);
}

static uint64_t digest_make(const char *data, size_t len)
{
	uint64_t digest = 0xcbf29ce484222325u; /* FNV-1a: tells objects apart, not a defence */

	for (size_t i = 0; i < len; i++)
		digest = (digest ^ (uint8_t)data[i]) * 0x100000001b3u;
	return digest;
}

/* The hooks of sockets read the kernel's own structures, whose layout the kernel tells by its BTF. */
static bool kernel_tells_types(void)
{
	return !access("/sys/kernel/btf/vmlinux", R_OK);
}

/* They ask as well who is running, which a kernel without tracing does not tell (CONFIG_BPF_EVENTS). */
static bool kernel_tells_tasks(void)
{
	return libbpf_probe_bpf_helper(BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_FUNC_get_current_task, NULL) == 1;
}

static bool prog_usable(int id)
{
	return id < GATE_PROG_CONNECT4 || id > GATE_PROG_SOCKET ||
	       (kernel_tells_types() && kernel_tells_tasks());
}

static void find_programs(const struct gate *gate, uint64_t digest, struct found *found)
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

/* The contract's maps and what else the object pins by name are shared by all programs of an instance. */
static int object_maps_name(const struct bpf_object *object, struct found *found, const char *path,
			    struct gate_why *why)
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

static int object_map_prepare(struct gate *gate, struct bpf_map *map, int id,
			      const struct gate_options *options, const struct found *found)
{
	const uint32_t sizes[SHARED_MAX] = {
		[GATE_MAP_FLOWS] = options->flow_entries,
		[GATE_MAP_EMBRYOS] = options->embryo_entries,
	};
	struct bpf_map_info info = {
		.type = bpf_map__type(map),
		.key_size = bpf_map__key_size(map),
		.value_size = bpf_map__value_size(map),
		.max_entries = bpf_map__max_entries(map),
	};
	int err = id < GATE_MAP_MAX ? map_check(id, &info) : 0;

	/* The object's own pin path is the one of `ip link`; ours are made by hand, after all is well. */
	if (!err)
		err = bpf_map__set_pin_path(map, NULL);
	if (err)
		return err;
	if (found->map[id] >= 0)
		return bpf_map__reuse_fd(map, found->map[id]);
	return sizes[id] ? bpf_map__set_max_entries(map, sizes[id]) : 0;
}

/* The ring that the object itself puts into slot 0: not in the contract by name, found by its type. */
static struct bpf_map *object_first_ring(struct bpf_object *object)
{
	struct bpf_map *map;

	bpf_object__for_each_map(
		map, object) if (bpf_map__type(map) == BPF_MAP_TYPE_RINGBUF &&
				 strcmp(bpf_map__name(map), gate_map_rows[GATE_MAP_PRIO].name)) return map;
	return NULL;
}

static int object_prepare(struct gate *gate, struct bpf_object *object, const struct gate_options *options,
			  const struct found *found, struct gate_why *why)
{
	struct bpf_map *ring = object_first_ring(object);
	int kept AUTO_FD = -1;
	int err = 0;

	for (int i = 0; i < found->count; i++) {
		struct bpf_map *map = bpf_object__find_map_by_name(object, found->name[i]);

		err = object_map_prepare(gate, map, i, options, found);
		if (err)
			return why_set(why, err, "%s: map %s does not fit this version: %s", options->object,
				       found->name[i], strerror(-err));
	}
	for (int i = 0; i < GATE_PROG_MAX; i++) {
		struct bpf_program *prog = bpf_object__find_program_by_name(object, gate_prog_names[i]);

		if (!prog)
			return why_set(why, -EINVAL, "%s has no program %s", options->object,
				       gate_prog_names[i]);
		if (found->prog[i] >= 0 || !prog_usable(i))
			err = bpf_program__set_autoload(prog, false);
		if (err)
			return err;
	}
	if (!ring)
		return 0;
	err = bpf_map__set_pin_path(ring, NULL);
	if (err)
		return err;
	if (!pin_open(gate, "ring_0", &kept))
		return bpf_map__reuse_fd(ring, kept);
	err = bpf_map__set_max_entries(ring, gate->ring_bytes);
	return err ? why_set(why, err, "a ring of %u bytes is not possible", gate->ring_bytes) : 0;
}

static int load_refused(int err, const char *object, struct gate_why *why)
{
	if (!kernel_tells_types())
		return why_set(
			why, -ENOTSUP,
			"%s does not load and the kernel has no BTF (/sys/kernel/btf/vmlinux): it needs "
			"CONFIG_DEBUG_INFO_BTF",
			object);
	if (err != -ENOMEM && !capability_held(CAP_PERFMON))
		return why_set(
			why, -EPERM,
			"CAP_PERFMON is missing: the verifier is stricter without it and refuses %s (%s)",
			object, why_heard());
	if (err == -EPERM)
		return why_set(why, err,
			       "the kernel refuses to load %s (%s): lockdown, an LSM or, before Linux 5.11, "
			       "RLIMIT_MEMLOCK forbids it",
			       object, why_heard());
	if (err == -ENOMEM)
		return why_set(why, err, "no memory for the maps of %s: lower the table sizes (%s)", object,
			       why_heard());
	return why_set(why, err, "the kernel refuses %s: %s (%s)", object, why_heard(), strerror(-err));
}

static int fd_take(int fd, int *out)
{
	*out = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return *out < 0 ? -errno : 0;
}

static int object_take(struct gate *gate, struct bpf_object *object, const struct found *found, int *ring)
{
	struct bpf_map *first = object_first_ring(object);
	int err = 0, fd;

	for (int i = 0; i < GATE_MAP_MAX && !err; i++) {
		err = fd_take(bpf_object__find_map_fd_by_name(object, gate_map_rows[i].name), &fd);
		if (!err)
			err = map_take(gate, i, fd);
	}
	for (int i = 0; i < GATE_PROG_MAX && !err; i++) {
		struct bpf_program *prog = bpf_object__find_program_by_name(object, gate_prog_names[i]);

		if (!prog_usable(i))
			continue;
		err = fd_take(found->prog[i] >= 0 ? found->prog[i] : bpf_program__fd(prog), &fd);
		if (!err)
			err = prog_take(gate, i, fd);
	}
	if (!err && first)
		err = fd_take(bpf_map__fd(first), ring);
	return err;
}

static void older_remove(const struct gate *gate, char current[GATE_PROG_MAX][64])
{
	DIR *dir = opendir(gate->folder);
	struct dirent *entry;

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		bool older = false;

		for (int i = 0; i < GATE_PROG_MAX; i++) {
			size_t len = strlen(gate_prog_names[i]);

			/* "_" and 16 hex digits follow a program's name in a pin */
			if (!strncmp(entry->d_name, gate_prog_names[i], len) && entry->d_name[len] == '_' &&
			    strlen(entry->d_name) == len + 17 && strcmp(entry->d_name, current[i]))
				older = true;
		}
		if (older && unlinkat(dirfd(dir), entry->d_name, 0))
			log_warn("cannot remove the older program pin %s/%s: %s", gate->folder, entry->d_name,
				 strerror(errno));
	}
	closedir(dir);
}

/* Pins what is not pinned yet, the settings last; programs of older objects leave, links keep theirs alive.
 */
static int pins_make(const struct gate *gate, const struct bpf_object *object, const struct found *found,
		     uint64_t digest, struct gate_why *why)
{
	char current[GATE_PROG_MAX][64];
	int err = 0;

	if (mkdir(gate->folder, 0700) && errno != EEXIST)
		return why_set(why, -errno, "cannot make the pin folder %s: %s", gate->folder,
			       strerror(errno));
	for (int i = found->count - 1; i >= 0 && !err; i--) {
		int held AUTO_FD = -1;

		if (pin_open(gate, found->name[i], &held))
			err = pin_put(gate, found->name[i],
				      bpf_object__find_map_fd_by_name(object, found->name[i]));
	}
	for (int i = 0; i < GATE_PROG_MAX && !err; i++) {
		int held AUTO_FD = -1;

		prog_pin_name(current[i], i, digest);
		if (gate->prog[i].fd >= 0 && pin_open(gate, current[i], &held))
			err = pin_put(gate, current[i], gate->prog[i].fd);
	}
	if (err)
		return why_set(why, err, "cannot pin in %s: %s", gate->folder, strerror(-err));
	older_remove(gate, current);
	return 0;
}

static int object_load(struct gate *gate, struct bpf_object *object, const struct gate_options *options,
		       uint64_t digest, struct found *found, struct gate_why *why)
{
	int ring AUTO_FD = -1;
	int err;

	find_programs(gate, digest, found);
	err = object_prepare(gate, object, options, found, why);
	if (err)
		return err;
	err = bpf_object__load(object);
	if (err)
		return load_refused(err, options->object, why);
	err = object_take(gate, object, found, &ring);
	if (err)
		return why_set(why, err, "cannot keep what %s loaded: %s", options->object, strerror(-err));
	err = pins_make(gate, object, found, digest, why);
	if (!err)
		err = list_open(gate, why);
	return err ? err : rings_open(gate, ring, why);
}

static int object_open(const struct gate_options *options, struct bpf_object **object, uint64_t *digest,
		       struct found *found, struct gate_why *why)
{
	LIBBPF_OPTS(bpf_object_open_opts, open, .object_name = "sekimori");
	char *data AUTO_FREE = NULL;
	size_t len;
	int err = file_read(AT_FDCWD, options->object, OBJECT_BYTES_MAX, &data, &len);

	if (err)
		return why_set(why, err, "cannot read the BPF object %s: %s", options->object,
			       strerror(-err));
	*digest = digest_make(data, len);
	/* libbpf wants types as soon as any program asks for them, also when that one is not loaded: its own
	 * will do then. */
	if (!kernel_tells_types())
		open.btf_custom_path = options->object;
	*object = bpf_object__open_mem(data, len, &open);
	if (!*object)
		return why_set(why, -errno, "%s is not a BPF object: %s", options->object, why_heard());
	return object_maps_name(*object, found, options->object, why);
}

static int gate_new(const struct gate_options *options, struct gate **out, struct gate_why *why)
{
	uint32_t ring = options->ring_bytes ? options->ring_bytes : GATE_RING_BYTES;
	struct gate *gate;
	int err = instance_check(options->instance, why);

	if (err)
		return err;
	if (ring & (ring - 1) || ring < (uint32_t)sysconf(_SC_PAGESIZE))
		return why_set(why, -EINVAL, "a ring of %u bytes: must be a power of two, at least one page",
			       ring);
	gate = calloc(1, sizeof(*gate));
	if (!gate)
		return -ENOMEM;
	snprintf(gate->instance, sizeof(gate->instance), "%s", options->instance);
	snprintf(gate->folder, sizeof(gate->folder), SEKI_PIN_ROOT "/%s", options->instance);
	gate->ring_bytes = ring;
	for (int i = 0; i < GATE_MAP_MAX; i++)
		gate->map[i].fd = -1;
	for (int i = 0; i < GATE_PROG_MAX; i++)
		gate->prog[i].fd = -1;
	for (int i = 0; i < SEKI_MAX_RINGS; i++)
		gate->ring[i] = -1;
	list_init(gate);
	*out = gate;
	return 0;
}

int gate_open(const struct gate_options *options, const uint32_t *ifindexes, unsigned int count,
	      struct gate **out, struct gate_why *why)
{
	__attribute__((cleanup(found_clear))) struct found found = {.any = false};
	CLEANUP(gate_free) struct gate *gate = NULL;
	__attribute__((cleanup(object_close))) struct bpf_object *object = NULL;
	struct gate_why scratch;
	uint64_t digest = 0;
	int err;

	why = why ? why : &scratch;
	why->text[0] = '\0';
	for (int i = 0; i < SHARED_MAX; i++)
		found.map[i] = -1;
	for (int i = 0; i < GATE_PROG_MAX; i++)
		found.prog[i] = -1;
	why_listen();
	err = gate_new(options, &gate, why);
	if (!err)
		err = object_open(options, &object, &digest, &found, why);
	if (err)
		return err;
	err = capabilities_check(why);
	if (!err)
		err = pin_root_prepare(why);
	if (!err)
		err = find_pins(gate, &found, why);
	for (unsigned int i = 0; i < count && !found.any && !err; i++)
		err = find_on_interface(gate, ifindexes[i], &found, why);
	if (!err && found.any)
		err = found_check(&found, object, why);
	if (err)
		return err;
	gate->adopted = found.any;
	err = object_load(gate, object, options, digest, &found, why);
	if (err) {
		/* Half an instance of our own making helps nobody; an adopted one stays as it was found. */
		if (!found.any && pin_folder_remove(gate->folder))
			log_warn("pins are left over in %s", gate->folder);
		return err;
	}
	*out = TAKE_PTR(gate);
	return 0;
}

void gate_free(struct gate *gate)
{
	if (!gate)
		return;
	for (int i = 0; i < GATE_MAP_MAX; i++)
		if (gate->map[i].fd >= 0)
			close(gate->map[i].fd);
	for (int i = 0; i < GATE_PROG_MAX; i++)
		if (gate->prog[i].fd >= 0)
			close(gate->prog[i].fd);
	for (int i = 0; i < SEKI_MAX_RINGS; i++)
		if (gate->ring[i] >= 0)
			close(gate->ring[i]);
	list_close(gate);
	backstop_free(gate->backstop);
	free(gate);
}

bool gate_adopted(const struct gate *gate)
{
	return gate->adopted;
}
