// SPDX-License-Identifier: GPL-2.0-or-later
/* gate_lifecycle.c - an instance from its first load to its removal. */
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#include "gate_world.h"
#include "kern/gate_private.h"

static void fresh_then_adopted(void)
{
	CLEANUP(gate_free) struct gate *gate = NULL, *again = NULL;
	struct seki_settings settings = {.generation = 7, .rings = 1}, held;
	struct gate_usage usage;
	struct gate_why why;
	int fd AUTO_FD = -1, same AUTO_FD = -1, prio AUTO_FD = -1;

	if (!CHECK(!world_gate("life", NULL, 0, &gate, &why), "%s", why.text))
		return;
	CHECK(!gate_adopted(gate));
	CHECK(world_pin_exists("life", "seki_settings"));
	CHECK(world_pin_exists("life", "seki_egress_host"));
	CHECK(world_pin_exists("life", "list_shard6_0_0"));
	CHECK(world_pin_exists("life", "ring_0"));
	CHECK_EQ(gate_settings_get(gate, &held), 0);
	CHECK_EQ(held.magic, 0);
	CHECK_EQ(gate_settings_set(gate, &settings), 0);
	CHECK_EQ(gate_ring_fd(gate, 0, &fd, &why), 0);
	CHECK_EQ(gate_prio_fd(gate, &prio), 0);
	CHECK_EQ(gate_usage(gate, &usage), 0);
	CHECK_EQ(usage.flows_max, 1024);
	CHECK_EQ(usage.embryos_max, 1024);
	CHECK_EQ(usage.list_max, GATE_LIST_MAX);

	if (!CHECK(!world_gate("life", NULL, 0, &again, &why), "%s", why.text))
		return;
	CHECK(gate_adopted(again));
	CHECK_EQ(gate_settings_get(again, &held), 0);
	CHECK_EQ(held.magic, SEKI_MAGIC);
	CHECK_EQ(held.schema, SEKI_SCHEMA);
	CHECK_EQ(held.generation, 7);
	CHECK_EQ(gate_ring_fd(again, 0, &same, &why), 0);
	if (fd >= 0 && same >= 0) {
		struct bpf_map_info a = {0}, b = {0};
		uint32_t len = sizeof(a);

		CHECK_EQ(bpf_obj_get_info_by_fd(fd, &a, &len), 0);
		CHECK_EQ(bpf_obj_get_info_by_fd(same, &b, &len), 0);
		CHECK_EQ(a.id, b.id);
		CHECK_EQ(a.max_entries, 65536);
	}
	CHECK_EQ(gate_remove(again, &why), 0);
	CHECK(access(SEKI_PIN_ROOT "/life", F_OK));
	CHECK(access(SEKI_PIN_ROOT, F_OK));
}

/* The second open finds programs by their pins: it loads none, the hook keeps its program's id. */
static void programs_are_kept(void)
{
	CLEANUP(gate_free) struct gate *gate = NULL, *again = NULL;
	struct seki_flow_cmd cmd = {.op = SEKI_OP_READ};
	struct gate_attach_options options = {.tc_egress = false};
	struct gate_hook first = {0}, second = {0};
	struct gate_why why;
	uint32_t ifindex;

	CHECK(world_run("ip link add prog0 type veth peer name prog1"));
	ifindex = if_nametoindex("prog0");
	if (!CHECK(!world_gate("progs", NULL, 0, &gate, &why), "%s", why.text))
		return;
	CHECK_EQ(gate_attach(gate, ifindex, &options, &first, &why), 0);
	if (!CHECK(!world_gate("progs", NULL, 0, &again, &why), "%s", why.text))
		return;
	CHECK_EQ(gate_attach(again, ifindex, &options, &second, &why), 0);
	CHECK(first.prog_id && first.prog_id == second.prog_id);
	CHECK_EQ(gate_flow_ctl(again, &cmd), 0);
	CHECK_EQ(cmd.result, -ENOENT);
	CHECK_EQ(gate_remove(again, &why), 0);
	CHECK(world_run("ip link del prog0"));
}

static void other_stamp_refused(void)
{
	CLEANUP(gate_free) struct gate *gate = NULL, *again = NULL;
	struct seki_settings settings = {.magic = SEKI_MAGIC, .schema = SEKI_SCHEMA + 1};
	struct gate_why why;
	uint32_t zero = 0;
	char schema[32];
	int fd AUTO_FD = -1;

	if (!CHECK(!world_gate("stamp", NULL, 0, &gate, &why), "%s", why.text))
		return;
	fd = bpf_obj_get(SEKI_PIN_ROOT "/stamp/seki_settings");
	CHECK_EQ(bpf_map_update_elem(fd, &zero, &settings, BPF_ANY), 0);
	CHECK_EQ(world_gate("stamp", NULL, 0, &again, &why), -EEXIST);
	snprintf(schema, sizeof(schema), "schema %u", SEKI_SCHEMA + 1);
	CHECK(strstr(why.text, schema) && strstr(why.text, SEKI_PIN_ROOT "/stamp"), "%s", why.text);
	CHECK(world_pin_exists("stamp", "seki_flows"));
	CHECK_EQ(gate_remove(gate, &why), 0);
}

static void other_layout_refused(void)
{
	CLEANUP(gate_free) struct gate *gate = NULL;
	struct gate_why why;
	int fd AUTO_FD = bpf_map_create(BPF_MAP_TYPE_HASH, "seki_flows", 8, 8, 16, NULL);

	mkdir(SEKI_PIN_ROOT, 0700);
	mkdir(SEKI_PIN_ROOT "/layout", 0700);
	CHECK_EQ(bpf_obj_pin(fd, SEKI_PIN_ROOT "/layout/seki_flows"), 0);
	CHECK_EQ(world_gate("layout", NULL, 0, &gate, &why), -EEXIST);
	CHECK(strstr(why.text, "seki_flows"), "%s", why.text);
	unlink(SEKI_PIN_ROOT "/layout/seki_flows");
	rmdir(SEKI_PIN_ROOT "/layout");
	rmdir(SEKI_PIN_ROOT);
}

static void bad_requests_named(void)
{
	struct gate_options options = {.object = "/nonexistent.bpf.o", .instance = "bad"};
	struct gate *gate = NULL;
	struct gate_why why;
	char junk[] = "/tmp/gate_lifecycle.XXXXXX";
	int fd;

	CHECK_EQ(gate_open(&options, NULL, 0, &gate, &why), -ENOENT);
	CHECK(strstr(why.text, "/nonexistent.bpf.o"), "%s", why.text);
	options.instance = "a/b";
	CHECK_EQ(gate_open(&options, NULL, 0, &gate, &why), -EINVAL);
	options.instance = "bad";
	options.ring_bytes = 5000;
	CHECK_EQ(gate_open(&options, NULL, 0, &gate, &why), -EINVAL);
	CHECK(strstr(why.text, "5000"), "%s", why.text);
	options.ring_bytes = 0;
	fd = mkstemp(junk);
	if (CHECK(fd >= 0)) {
		CHECK(write(fd, "not an ELF file", 15) == 15);
		close(fd);
		options.object = junk;
		CHECK(gate_open(&options, NULL, 0, &gate, &why) < 0);
		CHECK(strstr(why.text, junk), "%s", why.text);
		unlink(junk);
	}
	CHECK(!gate);
	CHECK(access(SEKI_PIN_ROOT "/bad", F_OK));
}

/* In a child: drops the capabilities in the mask from the effective and permitted set. */
static void caps_drop(uint64_t mask)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];

	syscall(SYS_capget, &head, data);
	for (int i = 0; i < 2; i++) {
		data[i].effective &= ~(uint32_t)(mask >> 32 * i);
		data[i].permitted &= ~(uint32_t)(mask >> 32 * i);
	}
	syscall(SYS_capset, &head, data);
}

/* A fresh open in a child without the capabilities in the mask: its error is expected, its sentence has the
 * word. */
static void open_without(uint64_t mask, int expected, const char *word)
{
	int status = 0;
	pid_t child;

	fflush(stdout);
	child = fork();
	if (!child) {
		CLEANUP(gate_free) struct gate *gate = NULL;
		struct gate_why why;
		int err;

		caps_drop(mask);
		err = world_gate("caps", NULL, 0, &gate, &why);
		if (err != expected || !strstr(why.text, word))
			printf("# %d: %s\n", err, why.text);
		fflush(stdout);
		_exit(err == expected && strstr(why.text, word) ? 0 : 1);
	}
	CHECK(child > 0 && waitpid(child, &status, 0) == child);
	CHECK_EQ(status, 0);
}

static void capability_named(void)
{
	open_without(1ull << CAP_NET_ADMIN, -EPERM, "CAP_NET_ADMIN");
	open_without(1ull << CAP_SYS_ADMIN | 1ull << CAP_BPF, -EPERM, "CAP_BPF");
	CHECK(access(SEKI_PIN_ROOT "/caps", F_OK));
}

/* The first load needs one more than the keeper later: the verifier's pointer checks. */
static void three_capabilities_load(void)
{
	CLEANUP(gate_free) struct gate *gate = NULL;
	struct gate_why why;

	open_without(~(1ull << CAP_BPF | 1ull << CAP_NET_ADMIN | 1ull << CAP_PERFMON), 0, "");
	if (CHECK(!world_gate("caps", NULL, 0, &gate, &why), "%s", why.text))
		CHECK_EQ(gate_remove(gate, &why), 0);
}

/* The keeper after its start: CAP_BPF and CAP_NET_ADMIN are enough to reopen, attach and write. */
static void two_capabilities_suffice(void)
{
	CLEANUP(gate_free) struct gate *gate = NULL;
	struct gate_why why;
	int status = 0;
	pid_t child;

	if (!CHECK(!world_gate("keeper", NULL, 0, &gate, &why), "%s", why.text))
		return;
	CHECK(world_run("ip link add keep0 type veth peer name keep1"));
	fflush(stdout);
	child = fork();
	if (!child) {
		struct gate_attach_options options = {.tc_egress = true};
		struct gate_list_row row = {.key = {.prefixlen = 128}, .value = {.flags = SEKI_ENTRY_SRC}};
		struct gate *own = NULL;
		struct gate_hook hook;
		uint32_t ifindex = if_nametoindex("keep0"), slot;
		int err;

		caps_drop(~(1ull << CAP_BPF | 1ull << CAP_NET_ADMIN));
		err = world_gate("keeper", &ifindex, 1, &own, &why);
		if (!err)
			err = gate_attach(own, ifindex, &options, &hook, &why);
		if (!err && (hook.kind != GATE_LINK_PINNED || !hook.tc_egress))
			err = 1;
		if (!err)
			err = gate_list_build(own, &row, 1, &slot, &why);
		if (!err)
			err = gate_detach(own, ifindex, &why);
		if (err)
			printf("# %d: %s\n", err, why.text);
		fflush(stdout);
		_exit(err != 0);
	}
	CHECK(child > 0 && waitpid(child, &status, 0) == child);
	CHECK_EQ(status, 0);
	CHECK_EQ(gate_remove(gate, &why), 0);
	CHECK(world_run("ip link del keep0"));
}

static void bpffs_mounted_when_missing(void)
{
	CLEANUP(gate_free) struct gate *gate = NULL;
	struct gate_why why;
	struct statfs fs;

	while (!umount2("/sys/fs/bpf", MNT_DETACH))
		;
	CHECK(!statfs("/sys/fs/bpf", &fs) && (uint32_t)fs.f_type != 0xcafe4a11);
	if (!CHECK(!world_gate("mount", NULL, 0, &gate, &why), "%s", why.text))
		return;
	CHECK(!statfs("/sys/fs/bpf", &fs) && (uint32_t)fs.f_type == 0xcafe4a11);
	CHECK_EQ(gate_remove(gate, &why), 0);
}

/* Adoption finds maps by the names that the kernel keeps: fifteen bytes of them. */
static void names_differ_for_the_kernel(void)
{
	for (int i = 0; i < GATE_MAP_MAX; i++)
		for (int j = 0; j < i; j++)
			CHECK(strncmp(gate_map_rows[i].name, gate_map_rows[j].name, GATE_KERNEL_NAME),
			      "%s, %s", gate_map_rows[i].name, gate_map_rows[j].name);
}

static const struct ktap_test tests[] = {
	TEST(names_differ_for_the_kernel),
	TEST(fresh_then_adopted),
	TEST(programs_are_kept),
	TEST(other_stamp_refused),
	TEST(other_layout_refused),
	TEST(bad_requests_named),
	TEST(capability_named),
	TEST(three_capabilities_load),
	TEST(two_capabilities_suffice),
	TEST(bpffs_mounted_when_missing),
};
WORLD_MAIN(tests)
