// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tc.c - the egress filter: clsact (there since 4.5), one fixed priority and
 * handle. The clsact qdisc is shared with others and stays.
 */
#include <errno.h>
#include <string.h>

#include "gate_private.h"

#define TC_PRIORITY 1u	    /* first: a filter in front that answers "ok" would hide us */
#define TC_HANDLE   0x5e41u /* not the 1 that others take by default */

static int tc_look(const struct gate *gate, uint32_t ifindex, struct prog_facts *facts)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)ifindex, .attach_point = BPF_TC_EGRESS);
	LIBBPF_OPTS(bpf_tc_opts, options, .handle = TC_HANDLE, .priority = TC_PRIORITY);
	int err = bpf_tc_query(&hook, &options);

	/* No clsact there, or no such chain: both mean that there is no filter. */
	if (err == -ENOENT || err == -EINVAL)
		return -ENOENT;
	if (err)
		return err;
	prog_look(gate, options.prog_id, facts);
	return 0;
}

int tc_attach(struct gate *gate, const struct netdev *dev, struct gate_why *why)
{
	const struct gate_prog *prog = &gate->prog[GATE_PROG_TC];
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)dev->ifindex, .attach_point = BPF_TC_EGRESS);
	LIBBPF_OPTS(bpf_tc_opts, options, .handle = TC_HANDLE, .priority = TC_PRIORITY, .prog_fd = prog->fd);
	struct prog_facts facts;
	char text[160];
	int err;

	err = tc_look(gate, dev->ifindex, &facts);
	if (!err && facts.id == prog->id)
		return 0;
	if (!err && !facts.from_object)
		return why_set(why, -EBUSY,
			       "%s: the egress filter at priority %u, handle 0x%x is foreign: %s", dev->name,
			       TC_PRIORITY, TC_HANDLE, prog_describe(&facts, text, sizeof(text)));
	if (!err)
		options.flags = BPF_TC_F_REPLACE;
	else if (err != -ENOENT)
		return why_set(why, err, "%s: cannot ask for egress filters: %s", dev->name, strerror(-err));
	why_listen();
	err = bpf_tc_hook_create(&hook);
	if (err && err != -EEXIST)
		return why_set(why, err,
			       "%s: cannot add clsact (%s): the kernel needs CONFIG_NET_SCH_INGRESS",
			       dev->name, strerror(-err));
	err = bpf_tc_attach(&hook, &options);
	if (err)
		return why_set(why, err, "%s: cannot attach the egress filter at priority %u: %s (%s)",
			       dev->name, TC_PRIORITY, strerror(-err), why_heard());
	return tc_present(gate, dev->ifindex)
		       ? 0
		       : why_set(why, -EIO,
				 "%s: the kernel does not show the egress filter that was just attached",
				 dev->name);
}

bool tc_present(struct gate *gate, uint32_t ifindex)
{
	struct prog_facts facts;

	return !tc_look(gate, ifindex, &facts) && facts.same_maps;
}

int tc_detach(struct gate *gate, uint32_t ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = (int)ifindex, .attach_point = BPF_TC_EGRESS);
	LIBBPF_OPTS(bpf_tc_opts, options, .handle = TC_HANDLE, .priority = TC_PRIORITY);

	if (!tc_present(gate, ifindex))
		return -ENOENT;
	return bpf_tc_detach(&hook, &options);
}
