// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * attach.c - the XDP hook of one interface: pinned link, adopted netlink
 * attachment, takeover. Nothing foreign is ever replaced.
 */
#include <errno.h>
#include <linux/if_link.h>
#include <string.h>
#include <time.h>

#include "gate_private.h"
#include "lib/log.h"

#define MTU_ETHERNET 1500u /* fits one buffer with every driver; above, xdp.frags may be needed */

/* What sits on the hook now. */
struct state {
	struct netdev dev;
	struct prog_facts prog; /* prog.id 0 = nothing */
	uint32_t mode_flag;	/* XDP_FLAGS_*_MODE of what is there */
	int link;		/* our link or -1; owned */
	bool pinned;		/* ... by a pin of this instance */
};

static void state_clear(struct state *state)
{
	if (state->link >= 0)
		close(state->link);
}
#define AUTO_STATE __attribute__((cleanup(state_clear)))

static void pin_name(char name[24], uint32_t ifindex)
{
	snprintf(name, 24, "link_%u", ifindex);
}

static int link_facts(int fd, uint32_t *ifindex, uint32_t *prog_id)
{
	struct bpf_link_info info;
	uint32_t len = sizeof(info);
	int err;

	memset(&info, 0, sizeof(info));
	err = bpf_obj_get_info_by_fd(fd, &info, &len);
	if (err)
		return err;
	if (info.type != BPF_LINK_TYPE_XDP)
		return -EINVAL;
	*ifindex = info.xdp.ifindex;
	*prog_id = info.prog_id;
	return 0;
}

/* A link of ours that a pin in another mount namespace (or a process) holds; only CAP_SYS_ADMIN may look. */
static int link_scan(uint32_t ifindex, uint32_t prog_id)
{
	uint32_t id = 0;

	while (!bpf_link_get_next_id(id, &id)) {
		int fd = bpf_link_get_fd_by_id(id);
		uint32_t link_ifindex, link_prog;

		if (fd < 0)
			continue;
		if (!link_facts(fd, &link_ifindex, &link_prog) && link_ifindex == ifindex &&
		    link_prog == prog_id)
			return fd;
		close(fd);
	}
	return -ENOENT;
}

static int state_query(const struct gate *gate, uint32_t ifindex, struct state *state)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	int err = bpf_xdp_query((int)ifindex, 0, &query);
	uint32_t id;

	if (err)
		return err;
	state->mode_flag = query.drv_prog_id   ? XDP_FLAGS_DRV_MODE
			   : query.skb_prog_id ? XDP_FLAGS_SKB_MODE
			   : query.hw_prog_id  ? XDP_FLAGS_HW_MODE
					       : 0;
	id = query.drv_prog_id ? query.drv_prog_id : query.skb_prog_id ? query.skb_prog_id : query.hw_prog_id;
	if (id)
		prog_look(gate, id, &state->prog);
	return 0;
}

/* state->dev.name stays empty when the interface is gone: -ENODEV, with a pin of its dead link removed. */
static int state_read(const struct gate *gate, uint32_t ifindex, struct state *state)
{
	uint32_t link_ifindex = 0, link_prog = 0;
	char name[24];
	int err, gone;

	memset(state, 0, sizeof(*state));
	state->link = -1;
	pin_name(name, ifindex);
	gone = netdev_get(ifindex, &state->dev);
	err = pin_open(gate, name, &state->link);
	if (err && err != -ENOENT)
		return err;
	if (state->link >= 0) {
		err = link_facts(state->link, &link_ifindex, &link_prog);
		if (err)
			return err;
		state->pinned = link_ifindex == ifindex;
		if (!state->pinned) {
			/* Its interface went away and the number is another's now. */
			close(state->link);
			state->link = -1;
			if (pin_remove(gate, name))
				log_warn("cannot remove the pin %s of an interface that is gone", name);
		}
	}
	err = gone ? gone : state_query(gate, ifindex, state);
	if (err)
		return err;
	if (state->pinned && state->prog.id == link_prog) {
		state->prog.same_maps = state->prog.from_object =
			true; /* the pin is proof, also without CAP_SYS_ADMIN */
		return 0;
	}
	if (state->pinned) {
		close(state->link);
		state->link = -1;
		state->pinned = false;
		return -EXDEV; /* an interface with this number in another network namespace */
	}
	if (state->prog.same_maps)
		state->link = link_scan(ifindex, state->prog.id);
	if (state->link < 0)
		state->link = -1;
	return 0;
}

static void hook_fill(struct gate *gate, const struct state *state, struct gate_hook *hook)
{
	memset(hook, 0, sizeof(*hook));
	hook->ifindex = state->dev.ifindex;
	memcpy(hook->name, state->dev.name, sizeof(hook->name));
	hook->mode = state->mode_flag == XDP_FLAGS_SKB_MODE ? GATE_GENERIC : GATE_NATIVE;
	hook->prog_id = state->prog.id;
	memcpy(hook->prog_name, state->prog.name, sizeof(hook->prog_name));
	hook->frags = !strcmp(state->prog.name, SEKI_PROG_XDP_FRAGS);
	hook->attached_at = state->prog.load_time;
	hook->tc_egress = tc_present(gate, state->dev.ifindex);
	hook->csum_partial = netdev_csum_partial(&state->dev);
	if (!state->prog.id)
		hook->kind = GATE_LINK_NONE;
	else if (state->pinned)
		hook->kind = GATE_LINK_PINNED;
	else
		hook->kind =
			state->prog.from_object && state->link < 0 ? GATE_LINK_NETLINK : GATE_LINK_FOREIGN;
}

int gate_query(struct gate *gate, uint32_t ifindex, struct gate_hook *hook)
{
	AUTO_STATE struct state state = {.link = -1};
	int err = state_read(gate, ifindex, &state);

	if (err && err != -EXDEV)
		return err;
	hook_fill(gate, &state, hook);
	return 0;
}

/* One way of getting a program onto the hook. */
struct attempt {
	const struct netdev *dev;
	enum { ATTEMPT_LINK, ATTEMPT_UPDATE, ATTEMPT_REPLACE } way;
	uint32_t mode_flag;
	int link;     /* UPDATE: in, LINK: out */
	int expected; /* REPLACE: program that must be there */
};

static int attempt_one(struct attempt *attempt, int prog)
{
	LIBBPF_OPTS(bpf_link_create_opts, create, .flags = attempt->mode_flag);
	LIBBPF_OPTS(bpf_xdp_attach_opts, replace, .old_prog_fd = attempt->expected);
	int ifindex = (int)attempt->dev->ifindex;

	switch (attempt->way) {
	case ATTEMPT_UPDATE:
		return bpf_link_update(attempt->link, prog, NULL);
	case ATTEMPT_REPLACE:
		return bpf_xdp_attach(ifindex, prog, attempt->mode_flag | XDP_FLAGS_REPLACE, &replace);
	case ATTEMPT_LINK:
		break;
	}
	attempt->link = bpf_link_create(prog, ifindex, BPF_XDP, &create);
	return attempt->link < 0 ? attempt->link : 0;
}

static bool mtu_may_be_why(int err)
{
	return err == -ERANGE || err == -EINVAL || err == -EOPNOTSUPP;
}

/* Plain xdp, then xdp.frags where the MTU may be what was refused (T13). */
static int attempt_programs(const struct gate *gate, struct attempt *attempt)
{
	int err = attempt_one(attempt, gate->prog[GATE_PROG_XDP].fd);

	if (err && attempt->dev->mtu > MTU_ETHERNET && mtu_may_be_why(err)) {
		int frags = attempt_one(attempt, gate->prog[GATE_PROG_XDP_FRAGS].fd);

		/* The plain program's answer says more when the driver knows no frags at all. */
		if (!frags || err != -ERANGE)
			err = frags;
	}
	return err;
}

static int attempt_refused(const struct attempt *attempt, int err, struct gate_why *why)
{
	const struct netdev *dev = attempt->dev;
	bool native = attempt->mode_flag != XDP_FLAGS_SKB_MODE;

	if (err == -ERANGE || (err == -EINVAL && dev->mtu > MTU_ETHERNET))
		return why_set(
			why, -ERANGE,
			"%s: the driver refuses XDP at MTU %u, with and without xdp.frags: lower the MTU or "
			"switch LRO and hardware GRO off",
			dev->name, dev->mtu);
	if (err == -EBUSY || err == -EEXIST)
		return why_set(why, -EBUSY,
			       "%s: another program came onto the hook, or a bpf_link holds it (%s)",
			       dev->name, strerror(-err));
	if (native && (err == -EOPNOTSUPP || err == -KERNEL_ENOTSUPP))
		return why_set(
			why, -EOPNOTSUPP,
			"%s: the driver has no native XDP%s; generic mode is slower and must be allowed "
			"explicitly",
			dev->name, dev->mtu > MTU_ETHERNET ? " (at this MTU)" : "");
	return why_set(why, err == -KERNEL_ENOTSUPP ? -EOPNOTSUPP : err, "%s: attaching failed: %s (%s)",
		       dev->name, strerror(err == -KERNEL_ENOTSUPP ? EOPNOTSUPP : -err), why_heard());
}

static bool native_refused(int err)
{
	return mtu_may_be_why(err) || err == -KERNEL_ENOTSUPP;
}

/* Nothing on the hook: native link, generic only when allowed, pinned. */
static int link_make(struct gate *gate, const struct netdev *dev, uint32_t mode_flag, bool allow_generic,
		     struct gate_why *why)
{
	struct attempt attempt = {.dev = dev, .way = ATTEMPT_LINK, .mode_flag = mode_flag, .link = -1};
	int link AUTO_FD = -1;
	char name[24];
	int err = attempt_programs(gate, &attempt);

	if (err && allow_generic && mode_flag == XDP_FLAGS_DRV_MODE && native_refused(err)) {
		struct attempt generic = attempt;

		generic.mode_flag = XDP_FLAGS_SKB_MODE;
		if (!attempt_programs(gate, &generic)) {
			attempt = generic;
			err = 0;
			why_add(why,
				"%s runs in GENERIC mode (the driver refuses native XDP at MTU %u): after "
				"the "
				"kernel's buffer allocation, far from line rate",
				dev->name, dev->mtu);
			log_warn("%s: generic XDP only, expect a fraction of the native speed", dev->name);
		}
	}
	if (err)
		return attempt_refused(&attempt, err, why);
	link = attempt.link;
	pin_name(name, dev->ifindex);
	err = pin_put(gate, name, link);
	return err ? why_set(why, err, "%s: cannot pin the link in %s: %s", dev->name, gate->folder,
			     strerror(-err))
		   : 0;
}

/* Program ids are never reused while the machine runs: equal means the very program that the gate holds. */
static bool state_is_current(const struct gate *gate, const struct state *state)
{
	return state->prog.id && (state->prog.id == gate->prog[GATE_PROG_XDP].id ||
				  state->prog.id == gate->prog[GATE_PROG_XDP_FRAGS].id);
}

static int prog_open(const struct gate *gate, uint32_t id)
{
	for (int i = 0; i < GATE_PROG_MAX; i++)
		if (gate->prog[i].id == id)
			return dup(gate->prog[i].fd);
	return bpf_prog_get_fd_by_id(id);
}

/* Netlink attachment of ours becomes a pinned link. The kernel allows no exchange of the two: there is a gap.
 */
static int hook_takeover(struct gate *gate, const struct state *state, struct gate_why *why)
{
	int old AUTO_FD = prog_open(gate, state->prog.id);
	LIBBPF_OPTS(bpf_xdp_attach_opts, expected, .old_prog_fd = old);
	struct timespec from, to;
	int err;

	if (old < 0)
		return why_set(why, old, "%s: cannot open program %u to take over: %s", state->dev.name,
			       state->prog.id, strerror(-old));
	clock_gettime(CLOCK_MONOTONIC, &from);
	err = bpf_xdp_detach((int)state->dev.ifindex, state->mode_flag, &expected);
	if (err)
		return why_set(why, err, "%s: cannot detach what `ip link` attached: %s", state->dev.name,
			       strerror(-err));
	err = link_make(gate, &state->dev, state->mode_flag, false, why);
	clock_gettime(CLOCK_MONOTONIC, &to);
	if (err) {
		int back = bpf_xdp_attach((int)state->dev.ifindex, old,
					  state->mode_flag | XDP_FLAGS_UPDATE_IF_NOEXIST, NULL);

		why_add(why,
			back ? "the previous program could NOT be put back (%s)"
			     : "the previous program was put back (%s)",
			strerror(-back));
		return err;
	}
	why_add(why, "%s was without a program for %.1f ms while the link took over", state->dev.name,
		(double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6);
	return 0;
}

static int hook_replace(struct gate *gate, const struct state *state, struct gate_why *why)
{
	int old AUTO_FD = prog_open(gate, state->prog.id);
	struct attempt attempt = {
		.dev = &state->dev, .way = ATTEMPT_REPLACE, .mode_flag = state->mode_flag, .expected = old};
	int err;

	if (old < 0)
		return why_set(why, old, "%s: cannot open program %u to replace it: %s", state->dev.name,
			       state->prog.id, strerror(-old));
	err = attempt_programs(gate, &attempt);
	return err ? attempt_refused(&attempt, err, why) : 0;
}

/* Ours by a link: updated in place, and pinned here when it was pinned out of sight. */
static int hook_update(struct gate *gate, const struct state *state, struct gate_why *why)
{
	struct attempt attempt = {.dev = &state->dev,
				  .way = ATTEMPT_UPDATE,
				  .mode_flag = state->mode_flag,
				  .link = state->link};
	char name[24];
	int err = state_is_current(gate, state) ? 0 : attempt_programs(gate, &attempt);

	if (err)
		return attempt_refused(&attempt, err, why);
	if (state->pinned)
		return 0;
	pin_name(name, state->dev.ifindex);
	err = pin_put(gate, name, state->link);
	return err ? why_set(why, err, "%s: cannot pin the link in %s: %s", state->dev.name, gate->folder,
			     strerror(-err))
		   : 0;
}

static int hook_settle(struct gate *gate, const struct state *state,
		       const struct gate_attach_options *options, struct gate_why *why)
{
	char owner[INSTANCE_NAME_MAX] = "in another mount namespace";
	char text[160];
	int err;

	if (!state->prog.id) {
		log_info("attaching XDP to %s; some drivers take the link down for a moment",
			 state->dev.name);
		return link_make(gate, &state->dev, XDP_FLAGS_DRV_MODE, options->allow_generic, why);
	}
	if (!state->prog.from_object)
		return why_set(why, -EBUSY, "%s: a foreign XDP program is attached, it is not replaced: %s",
			       state->dev.name, prog_describe(&state->prog, text, sizeof(text)));
	if (!state->prog.same_maps && (!pin_owner(gate, state->prog.settings, owner) || state->prog.stamped))
		return why_set(why, -EBUSY,
			       "%s belongs to another instance (%s), it is not taken away: %s. Take that "
			       "instance down "
			       "first",
			       state->dev.name, owner, prog_describe(&state->prog, text, sizeof(text)));
	if (state->link >= 0)
		return hook_update(gate, state, why);
	if (options->takeover)
		return hook_takeover(gate, state, why);
	err = state_is_current(gate, state) ? 0 : hook_replace(gate, state, why);
	if (!err)
		why_add(why,
			"%s: attached by netlink, removable by `ip link`; takeover makes it a pinned link",
			state->dev.name);
	return err;
}

/* Takes off what is ours on the hook; *found tells whether there was anything. */
static int hook_clear(struct gate *gate, struct state *state, bool *found)
{
	char name[24];
	int err = 0;

	pin_name(name, state->dev.ifindex);
	if (state->link >= 0) {
		*found = true;
		/* Detached at once; letting the pin go alone does so some time later. */
		err = bpf_link_detach(state->link);
		if (!err && state->pinned)
			err = pin_remove(gate, name);
	} else if (state->prog.same_maps) {
		int old AUTO_FD = prog_open(gate, state->prog.id);
		LIBBPF_OPTS(bpf_xdp_attach_opts, expected, .old_prog_fd = old);

		*found = true;
		err = old < 0 ? old : bpf_xdp_detach((int)state->dev.ifindex, state->mode_flag, &expected);
	}
	return err;
}

/* What this call has put onto an empty hook goes again: a refusal leaves things as they were. */
static void hook_undo(struct gate *gate, const struct state *before)
{
	AUTO_STATE struct state now = {.link = -1};
	bool found = false;

	if (before->prog.id)
		return; /* it was there before */
	if (state_read(gate, before->dev.ifindex, &now) || hook_clear(gate, &now, &found))
		log_warn("%s: the XDP program stays although attaching failed", before->dev.name);
}

int gate_attach(struct gate *gate, uint32_t ifindex, const struct gate_attach_options *options,
		struct gate_hook *hook, struct gate_why *why)
{
	AUTO_STATE struct state state = {.link = -1};
	AUTO_STATE struct state after = {.link = -1};
	int err;

	if (why)
		why->text[0] = '\0';
	why_listen();
	err = state_read(gate, ifindex, &state);
	if (err == -EXDEV)
		return why_set(why, -EBUSY,
			       "%s: instance \"%s\" holds interface number %u of another network namespace: "
			       "use another "
			       "instance name here",
			       state.dev.name, gate->instance, ifindex);
	if (err)
		return why_set(why, err, "interface %u: %s", ifindex, strerror(-err));
	err = netdev_attachable(&state.dev, why);
	if (!err && options->vlan_roles)
		err = vlan_tags_inline(&state.dev, why);
	if (!err)
		err = hook_settle(gate, &state, options, why);
	if (err)
		return err;
	if (options->tc_egress)
		err = tc_attach(gate, &state.dev, why);
	else if (tc_present(gate, ifindex))
		err = tc_detach(gate, ifindex);
	if (err) {
		if (why && !why->text[0])
			why_set(why, err, "%s: removing the egress filter failed: %s", state.dev.name,
				strerror(-err));
		hook_undo(gate, &state);
		return err;
	}
	err = state_read(gate, ifindex, &after);
	if (err)
		return why_set(why, err, "interface %u: %s", ifindex, strerror(-err));
	if (!state_is_current(gate, &after))
		return why_set(why, -EIO,
			       "%s: the kernel shows program %u on the hook, not the one just attached",
			       after.dev.name, after.prog.id);
	hook_fill(gate, &after, hook);
	return 0;
}

int gate_detach(struct gate *gate, uint32_t ifindex, struct gate_why *why)
{
	AUTO_STATE struct state state = {.link = -1};
	AUTO_STATE struct state after = {.link = -1};
	bool found = false;
	int err;

	why_listen();
	err = state_read(gate, ifindex, &state);
	if (err == -ENODEV || err == -EXDEV)
		return why_set(why, -ENOENT, "interface %u: nothing of instance \"%s\" is attached", ifindex,
			       gate->instance);
	if (!err)
		err = hook_clear(gate, &state, &found);
	if (!err) {
		err = tc_detach(gate, ifindex);
		found |= !err;
		if (err == -ENOENT)
			err = 0;
	}
	if (err)
		return why_set(why, err, "interface %u: detaching failed: %s (%s)", ifindex, strerror(-err),
			       why_heard());
	if (!found)
		return why_set(why, -ENOENT, "%s: nothing of instance \"%s\" is attached", state.dev.name,
			       gate->instance);
	err = state_read(gate, ifindex, &after);
	if (!err && (after.prog.same_maps || tc_present(gate, ifindex)))
		err = -EIO;
	return err ? why_set(why, err, "%s: still attached after detaching: %s", state.dev.name,
			     strerror(-err))
		   : 0;
}
