// SPDX-License-Identifier: GPL-2.0-or-later
/* gate_attach.c - who may sit on a hook, and who is moved from it. */
#include <linux/if_link.h>
#include <sys/wait.h>
#include <bpf/libbpf.h>

#include "gate_world.h"

/* "ip link" takes the section of the object; every test has a veth pair of its own. */
static uint32_t veth_add(const char *name)
{
	CHECK(world_run("ip link add %s type veth peer name p%s", name, name));
	return if_nametoindex(name);
}

/* The instance of those tests whose interface is all that they change: loading one is what takes long. */
static struct gate *shared;

static bool shared_opens(void)
{
	struct gate_why why;

	return shared || CHECK(!world_gate("shared", NULL, 0, &shared, &why), "%s", why.text);
}

static uint32_t hook_prog(uint32_t ifindex)
{
	uint32_t id = 0;

	return bpf_xdp_query_id((int)ifindex, 0, &id) ? 0 : id;
}

static void native_link_is_pinned(void)
{
	CLEANUP(gate_free) struct gate *gate = NULL;
	struct gate_attach_options options = {.tc_egress = true};
	uint32_t ifindex = veth_add("nat");
	struct gate_hook hook = {0};
	struct gate_why why;
	char pin[32];

	if (!CHECK(!world_gate("native", &ifindex, 1, &gate, &why), "%s", why.text))
		return;
	CHECK(!gate_attach(gate, ifindex, &options, &hook, &why), "%s", why.text);
	CHECK_EQ(hook.kind, GATE_LINK_PINNED);
	CHECK_EQ(hook.mode, GATE_NATIVE);
	CHECK_STR(hook.name, "nat");
	CHECK_STR(hook.prog_name, SEKI_PROG_XDP);
	CHECK(!hook.frags && hook.tc_egress && hook.attached_at);
	CHECK_EQ(hook.prog_id, hook_prog(ifindex));
	snprintf(pin, sizeof(pin), "link_%u", ifindex);
	CHECK(world_pin_exists("native", pin));
	/* Once more changes nothing; without tc_egress the filter leaves. */
	options.tc_egress = false;
	CHECK(!gate_attach(gate, ifindex, &options, &hook, &why), "%s", why.text);
	CHECK_EQ(hook.kind, GATE_LINK_PINNED);
	CHECK(!hook.tc_egress);
	CHECK(!world_run("ip link set nat xdp off"));
	CHECK_EQ(hook_prog(ifindex), hook.prog_id);
	/* The keeper's death: descriptors gone, program stays. */
	gate_free(gate);
	gate = NULL;
	CHECK_EQ(hook_prog(ifindex), hook.prog_id);
	if (!CHECK(!world_gate("native", &ifindex, 1, &gate, &why), "%s", why.text))
		return;
	CHECK_EQ(gate_query(gate, ifindex, &hook), 0);
	CHECK_EQ(hook.kind, GATE_LINK_PINNED);
	CHECK(!gate_detach(gate, ifindex, &why), "%s", why.text);
	CHECK_EQ(hook_prog(ifindex), 0);
	CHECK(!world_pin_exists("native", pin));
	CHECK_EQ(gate_detach(gate, ifindex, &why), -ENOENT);
	CHECK_EQ(gate_remove(gate, &why), 0);
}

static void ip_link_is_adopted(void)
{
	CLEANUP(gate_free) struct gate *gate = NULL;
	struct gate_attach_options options = {.tc_egress = false};
	uint32_t ifindex = veth_add("ipl"), before;
	struct gate_hook hook = {0};
	struct gate_why why;

	if (!CHECK(world_run("ip link set ipl xdp obj %s sec xdp", world_object)))
		return;
	before = hook_prog(ifindex);
	if (!CHECK(!world_gate("adopt", &ifindex, 1, &gate, &why), "%s", why.text))
		return;
	CHECK(gate_adopted(gate));
	CHECK(world_pin_exists("adopt", "seki_settings"));
	CHECK(!gate_attach(gate, ifindex, &options, &hook, &why), "%s", why.text);
	CHECK_EQ(hook.kind, GATE_LINK_NETLINK);
	/* Exchanged in place for the program that the instance holds. */
	CHECK(hook.prog_id && hook.prog_id != before);
	CHECK(strstr(why.text, "ip link"), "%s", why.text);

	options.takeover = true;
	CHECK(!gate_attach(gate, ifindex, &options, &hook, &why), "%s", why.text);
	CHECK_EQ(hook.kind, GATE_LINK_PINNED);
	CHECK(strstr(why.text, " ms "), "%s", why.text);
	CHECK(!world_run("ip link set ipl xdp off"));
	CHECK(!access(SEKI_PIN_IPROUTE2 "/seki_settings", F_OK));
	CHECK_EQ(gate_remove(gate, &why), 0);
	CHECK_EQ(hook_prog(ifindex), 0);
	CHECK(access(SEKI_PIN_IPROUTE2 "/seki_settings", F_OK));
}

/* ip link loaded a second set of maps: its program is exchanged for ours without a moment of nothing. */
static void ip_link_with_own_maps_is_replaced(void)
{
	CLEANUP(gate_free) struct gate *gate = NULL;
	struct gate_attach_options options = {.tc_egress = false};
	uint32_t ifindex = veth_add("own"), before;
	struct gate_hook hook = {0};
	struct gate_why why;

	if (!CHECK(!world_gate("replace", NULL, 0, &gate, &why), "%s", why.text))
		return;
	if (!CHECK(world_run("ip link set own xdp obj %s sec xdp", world_object)))
		return;
	before = hook_prog(ifindex);
	CHECK(!gate_attach(gate, ifindex, &options, &hook, &why), "%s", why.text);
	CHECK_EQ(hook.kind, GATE_LINK_NETLINK);
	CHECK(hook.prog_id && hook.prog_id != before);
	CHECK(!gate_detach(gate, ifindex, &why), "%s", why.text);
	CHECK_EQ(hook_prog(ifindex), 0);
	CHECK_EQ(gate_remove(gate, &why), 0);
	CHECK(world_run("rm -f " SEKI_PIN_IPROUTE2 "/seki_*"));
}

static void foreign_is_named(void)
{
	CLEANUP(gate_free) struct gate *gate = NULL;
	struct gate_attach_options options = {.takeover = true};
	uint32_t ifindex = veth_add("alien");
	struct gate_hook hook = {0};
	struct gate_why why;
	char id[16];
	int prog AUTO_FD = world_foreign_prog();

	CHECK_EQ(bpf_xdp_attach((int)ifindex, prog, XDP_FLAGS_DRV_MODE, NULL), 0);
	if (!CHECK(!world_gate("foreign", &ifindex, 1, &gate, &why), "%s", why.text))
		return;
	CHECK(!gate_adopted(gate));
	CHECK_EQ(gate_attach(gate, ifindex, &options, &hook, &why), -EBUSY);
	snprintf(id, sizeof(id), "%u", hook_prog(ifindex));
	CHECK(strstr(why.text, "\"stranger\"") && strstr(why.text, id) && strstr(why.text, "tag "), "%s",
	      why.text);
	CHECK_EQ(gate_query(gate, ifindex, &hook), 0);
	CHECK_EQ(hook.kind, GATE_LINK_FOREIGN);
	CHECK_STR(hook.prog_name, "stranger");
	CHECK_EQ(gate_detach(gate, ifindex, &why), -ENOENT);
	CHECK_EQ(gate_remove(gate, &why), 0);
	CHECK(hook_prog(ifindex));
}

/* Another instance's link is ours by its names, and still not ours to take. */
static void other_instance_is_left(void)
{
	CLEANUP(gate_free) struct gate *gate = NULL, *other = NULL;
	struct gate_attach_options options = {.takeover = true};
	uint32_t ifindex = veth_add("two"), before;
	struct gate_hook hook = {0};
	struct gate_why why;

	if (!CHECK(!world_gate("one", NULL, 0, &gate, &why), "%s", why.text) ||
	    !CHECK(!gate_attach(gate, ifindex, &options, &hook, &why), "%s", why.text) ||
	    !CHECK(!world_gate("other", &ifindex, 1, &other, &why), "%s", why.text))
		return;
	CHECK(!gate_adopted(other));
	before = hook.prog_id;
	CHECK_EQ(gate_attach(other, ifindex, &options, &hook, &why), -EBUSY);
	CHECK(strstr(why.text, "(one)"), "%s", why.text);
	CHECK_EQ(hook_prog(ifindex), before);
	CHECK_EQ(gate_detach(other, ifindex, &why), -ENOENT);
	CHECK_EQ(gate_remove(other, &why), 0);
	CHECK_EQ(hook_prog(ifindex), before);
	CHECK_EQ(gate_remove(gate, &why), 0);
	CHECK_EQ(hook_prog(ifindex), 0);
}

/* Pins made in another mount namespace are invisible: the link is found by its id and pinned here. */
static void link_out_of_sight_is_adopted(void)
{
	CLEANUP(gate_free) struct gate *gate = NULL;
	struct gate_attach_options options = {.tc_egress = false};
	uint32_t ifindex = veth_add("far"), before;
	struct gate_hook hook = {0};
	struct gate_why why;
	int ready[2], stop[2], status = 1;
	pid_t child;
	char byte = 0;

	CHECK(!pipe(ready) && !pipe(stop));
	fflush(stdout);
	child = fork();
	if (!child) {
		struct gate *own = NULL;
		bool ok = !unshare(CLONE_NEWNS) && !mount("bpf", "/sys/fs/bpf", "bpf", 0, NULL) &&
			  !world_gate("far", NULL, 0, &own, &why) &&
			  !gate_attach(own, ifindex, &options, &hook, &why);

		gate_free(own);
		byte = ok;
		_exit(!(write(ready[1], &byte, 1) == 1 && read(stop[0], &byte, 1) == 1));
	}
	if (CHECK(read(ready[0], &byte, 1) == 1 && byte == 1)) {
		before = hook_prog(ifindex);
		CHECK(!world_gate("far", &ifindex, 1, &gate, &why), "%s", why.text);
		CHECK(gate && gate_adopted(gate));
		CHECK(gate && !gate_attach(gate, ifindex, &options, &hook, &why), "%s", why.text);
		CHECK_EQ(hook.kind, GATE_LINK_PINNED);
		CHECK(before && hook.prog_id == hook_prog(ifindex));
		CHECK(gate && !gate_remove(gate, &why), "%s", why.text);
		CHECK_EQ(hook_prog(ifindex), 0);
	}
	CHECK(write(stop[1], &byte, 1) == 1);
	CHECK(waitpid(child, &status, 0) == child && !status);
	close(ready[0]), close(ready[1]), close(stop[0]), close(stop[1]);
}

/* Interface numbers repeat between network namespaces: the pin of one is not taken for the other's. */
static void other_namespace_is_told_apart(void)
{
	CLEANUP(gate_free) struct gate *gate = NULL;
	struct gate_attach_options options = {.tc_egress = false};
	uint32_t ifindex = veth_add("here"), before;
	struct gate_hook hook = {0};
	struct gate_why why;
	int status = 1;
	pid_t child;

	if (!CHECK(!world_gate("netns", NULL, 0, &gate, &why), "%s", why.text))
		return;
	CHECK(!gate_attach(gate, ifindex, &options, &hook, &why), "%s", why.text);
	before = hook.prog_id;
	fflush(stdout);
	child = fork();
	if (!child) {
		bool ok = !unshare(CLONE_NEWNET) &&
			  world_run("ip link add there index %u type veth peer name pthere", ifindex) &&
			  gate_attach(gate, ifindex, &options, &hook, &why) == -EBUSY &&
			  strstr(why.text, "another network namespace") &&
			  gate_detach(gate, ifindex, &why) == -ENOENT;

		if (!ok)
			printf("# %s\n", why.text);
		fflush(stdout);
		_exit(!ok);
	}
	CHECK(waitpid(child, &status, 0) == child && !status);
	CHECK_EQ(hook_prog(ifindex), before);
	CHECK_EQ(gate_remove(gate, &why), 0);
}

/* A newer object: its programs take over the links in place, the maps and their content stay. */
static void newer_object_updates_links(void)
{
	CLEANUP(gate_free) struct gate *gate = NULL, *newer = NULL;
	struct gate_attach_options options = {.tc_egress = true};
	struct seki_settings settings = {.generation = 11};
	uint32_t ifindex = veth_add("newer");
	struct gate_hook first = {0}, second = {0};
	char path[] = "/tmp/gate_attach.XXXXXX", kept[PATH_MAX];
	struct gate_why why;
	int fd AUTO_FD = mkstemp(path);

	CHECK(world_run("(cp %s %s && echo >> %s)", world_object, path, path));
	if (!CHECK(!world_gate("newer", NULL, 0, &gate, &why), "%s", why.text))
		return;
	CHECK(!gate_attach(gate, ifindex, &options, &first, &why), "%s", why.text);
	CHECK_EQ(gate_settings_set(gate, &settings), 0);
	snprintf(kept, sizeof(kept), "%s", world_object);
	snprintf(world_object, sizeof(world_object), "%s", path);
	CHECK(!world_gate("newer", NULL, 0, &newer, &why), "%s", why.text);
	snprintf(world_object, sizeof(world_object), "%s", kept);
	CHECK(newer && !gate_attach(newer, ifindex, &options, &second, &why), "%s", why.text);
	CHECK_EQ(second.kind, GATE_LINK_PINNED);
	CHECK(second.tc_egress);
	CHECK(second.prog_id && second.prog_id != first.prog_id);
	CHECK_EQ(hook_prog(ifindex), second.prog_id);
	CHECK(newer && !gate_settings_get(newer, &settings));
	CHECK_EQ(settings.generation, 11);
	CHECK(world_run("test $(ls " SEKI_PIN_ROOT "/newer | grep -c ^seki_xdp_frags_) = 1"));
	CHECK(newer && !gate_remove(newer, &why), "%s", why.text);
	CHECK_EQ(hook_prog(ifindex), 0);
	unlink(path);
}

static void jumbo_takes_frags(void)
{
	struct gate_attach_options options = {.tc_egress = false};
	uint32_t ifindex = veth_add("jumbo");
	struct gate_hook hook = {0};
	struct gate_why why;

	CHECK(world_run("ip link set jumbo mtu 9000 && ip link set pjumbo mtu 9000"));
	if (!shared_opens())
		return;
	CHECK(!gate_attach(shared, ifindex, &options, &hook, &why), "%s", why.text);
	CHECK(hook.frags);
	CHECK_STR(hook.prog_name, SEKI_PROG_XDP_FRAGS);
	CHECK_EQ(hook.kind, GATE_LINK_PINNED);
	CHECK_EQ(gate_detach(shared, ifindex, &why), 0);
}

static void generic_only_when_allowed(void)
{
	struct gate_attach_options options = {.allow_generic = false};
	struct gate_hook hook = {0};
	struct gate_why why;
	uint32_t ifindex;

	veth_add("under");
	if (!world_run("ip link add link under name macv type macvlan"))
		SKIP("this kernel has no macvlan, the device without native XDP");
	ifindex = if_nametoindex("macv");
	if (!shared_opens())
		return;
	CHECK_EQ(gate_attach(shared, ifindex, &options, &hook, &why), -EOPNOTSUPP);
	CHECK(strstr(why.text, "native"), "%s", why.text);
	options.allow_generic = true;
	CHECK(!gate_attach(shared, ifindex, &options, &hook, &why), "%s", why.text);
	CHECK_EQ(hook.mode, GATE_GENERIC);
	CHECK_EQ(hook.kind, GATE_LINK_PINNED);
	CHECK(strstr(why.text, "GENERIC"), "%s", why.text);
	CHECK(!gate_detach(shared, ifindex, &why), "%s", why.text);
}

/* child refused with the name of the device to use instead */
static void refusal_check(const char *child, const char *instead)
{
	struct gate_attach_options options = {.allow_generic = true};
	struct gate_hook hook = {0};
	struct gate_why why;
	char text[64];

	if (!shared_opens())
		return;
	CHECK_EQ(gate_attach(shared, if_nametoindex(child), &options, &hook, &why), -EOPNOTSUPP);
	snprintf(text, sizeof(text), "use %s", instead);
	CHECK(strstr(why.text, child) && strstr(why.text, text), "%s", why.text);
}

static void bridge_port_refused(void)
{
	veth_add("port");
	if (!world_run("ip link add name span type bridge"))
		SKIP("this kernel has no bridge device");
	CHECK(world_run("ip link set port master span"));
	refusal_check("port", "span");
}

static void bond_port_refused(void)
{
	veth_add("leg");
	if (!world_run("ip link add name pair type bond"))
		SKIP("this kernel has no bond device");
	CHECK(world_run("ip link set leg down && ip link set leg master pair"));
	refusal_check("leg", "pair");
}

static void vlan_device_refused(void)
{
	veth_add("trunk");
	if (!world_run("ip link add link trunk name tagged type vlan id 42"))
		SKIP("this kernel has no VLAN devices");
	refusal_check("tagged", "trunk.42");
}

static void vlan_roles_stop_tag_stripping(void)
{
	struct gate_attach_options options = {.vlan_roles = true};
	uint32_t ifindex = veth_add("tags");
	struct gate_hook hook = {0};
	struct gate_why why;

	if (!world_run("ethtool -k tags"))
		SKIP("needs ethtool");
	CHECK(world_run("ethtool -k tags | grep -q 'rx-vlan-offload: on'"));
	if (!shared_opens())
		return;
	CHECK(!gate_attach(shared, ifindex, &options, &hook, &why), "%s", why.text);
	CHECK(world_run("ethtool -k tags | grep -q 'rx-vlan-offload: off'"));
	CHECK(world_run("ethtool -k tags | grep -q 'tx-vlan-offload: on'"));
	CHECK_EQ(gate_detach(shared, ifindex, &why), 0);
}

/* An interface that is gone leaves a dead link behind, its number may come again. */
static void dead_link_is_cleared(void)
{
	struct gate_attach_options options = {.tc_egress = false};
	uint32_t ifindex = veth_add("gone");
	struct gate_hook hook = {0};
	struct gate_why why;
	char pin[32];

	if (!shared_opens())
		return;
	CHECK(!gate_attach(shared, ifindex, &options, &hook, &why), "%s", why.text);
	snprintf(pin, sizeof(pin), "link_%u", ifindex);
	CHECK(world_run("ip link del gone"));
	CHECK(world_pin_exists("shared", pin));
	CHECK(world_run("ip link add back index %u type veth peer name pback", ifindex));
	CHECK_EQ(if_nametoindex("back"), ifindex);
	CHECK(!gate_attach(shared, ifindex, &options, &hook, &why), "%s", why.text);
	CHECK_EQ(hook.kind, GATE_LINK_PINNED);
	CHECK(world_run("ip link del back"));
	CHECK_EQ(gate_attach(shared, ifindex, &options, &hook, &why), -ENODEV);
	CHECK(!world_pin_exists("shared", pin));
}

/* A filter of others at our place is not replaced, and one beside ours survives our leaving. */
static void foreign_tc_filter_is_left(void)
{
	struct gate_attach_options options = {.tc_egress = true};
	struct bpf_insn code[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .imm = -1},
		{.code = BPF_JMP | BPF_EXIT},
	};
	uint32_t ifindex = veth_add("tcf");
	LIBBPF_OPTS(bpf_tc_hook, place, .ifindex = (int)ifindex, .attach_point = BPF_TC_EGRESS);
	LIBBPF_OPTS(bpf_tc_opts, beside, .handle = 1, .priority = 1);
	LIBBPF_OPTS(bpf_tc_opts, same, .handle = 0x5e41, .priority = 1);
	LIBBPF_OPTS(bpf_tc_opts, beside_query, .handle = 1, .priority = 1);
	LIBBPF_OPTS(bpf_tc_opts, same_query, .handle = 0x5e41, .priority = 1);
	LIBBPF_OPTS(bpf_tc_opts, same_leave, .handle = 0x5e41, .priority = 1);
	struct gate_hook hook = {0};
	struct gate_why why;
	int prog AUTO_FD =
		bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "stranger", "GPL", code, ARRAY_LEN(code), NULL);

	beside.prog_fd = same.prog_fd = prog;
	CHECK_EQ(bpf_tc_hook_create(&place), 0);
	CHECK_EQ(bpf_tc_attach(&place, &beside), 0);
	CHECK_EQ(bpf_tc_attach(&place, &same), 0);
	if (!shared_opens())
		return;
	CHECK_EQ(gate_attach(shared, ifindex, &options, &hook, &why), -EBUSY);
	CHECK(strstr(why.text, "\"stranger\"") && strstr(why.text, "0x5e41"), "%s", why.text);
	CHECK_EQ(hook_prog(ifindex), 0); /* a refusal leaves the XDP hook as it was */
	CHECK_EQ(bpf_tc_detach(&place, &same_leave), 0);
	CHECK(!gate_attach(shared, ifindex, &options, &hook, &why), "%s", why.text);
	CHECK(hook.tc_egress);
	CHECK_EQ(gate_detach(shared, ifindex, &why), 0);
	CHECK_EQ(bpf_tc_query(&place, &same_query), -ENOENT);
	CHECK_EQ(bpf_tc_query(&place, &beside_query), 0);
}

static void shared_closes(void)
{
	struct gate_why why;

	CHECK_EQ(gate_remove(shared, &why), 0);
	gate_free(shared);
}

static const struct ktap_test tests[] = {
	TEST(native_link_is_pinned),
	TEST(ip_link_is_adopted),
	TEST(ip_link_with_own_maps_is_replaced),
	TEST(foreign_is_named),
	TEST(other_instance_is_left),
	TEST(link_out_of_sight_is_adopted),
	TEST(other_namespace_is_told_apart),
	TEST(newer_object_updates_links),
	TEST(jumbo_takes_frags),
	TEST(generic_only_when_allowed),
	TEST(bridge_port_refused),
	TEST(bond_port_refused),
	TEST(vlan_device_refused),
	TEST(vlan_roles_stop_tag_stripping),
	TEST(dead_link_is_cleared),
	TEST(foreign_tc_filter_is_left),
	TEST(shared_closes),
};
WORLD_MAIN(tests)
