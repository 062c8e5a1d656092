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

#include "found.h"
#include "lib/file.h"
#include "lib/instance.h"
#include "lib/log.h"

#define OBJECT_BYTES_MAX (16u << 20)

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

static uint64_t digest_make(const char *data, size_t len)
{
	uint64_t digest = 0xcbf29ce484222325u; /* FNV-1a: tells objects apart, not a defence */

	for (size_t i = 0; i < len; i++)
		digest = (digest ^ (uint8_t)data[i]) * 0x100000001b3u;
	return digest;
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

	found_programs(gate, digest, found);
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
	return found_name(*object, found, options->object, why);
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
	__attribute__((cleanup(found_clear))) struct found found;
	CLEANUP(gate_free) struct gate *gate = NULL;
	__attribute__((cleanup(object_close))) struct bpf_object *object = NULL;
	struct gate_why scratch;
	uint64_t digest = 0;
	int err;

	why = why ? why : &scratch;
	why->text[0] = '\0';
	found_init(&found);
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
		err = found_pins(gate, &found, why);
	for (unsigned int i = 0; i < count && !found.any && !err; i++)
		err = found_on_interface(gate, ifindexes[i], &found, why);
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
