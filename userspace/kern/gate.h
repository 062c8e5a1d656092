/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gate.h - the BPF object of one instance: opened, adopted or loaded, attached
 * and its maps. The only room that knows libbpf, netlink and bpffs.
 * Context: the keeper, single thread. Errors are -errno with one sentence for
 * people in struct gate_why (what, where, what to do).
 */
#ifndef KERN_GATE_H
#define KERN_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/cleanup.h"
#include "sekimori/maps.h"

struct gate;

struct gate_why {
	char text[512];
};

struct gate_options {
	const char *object;   /* path of sekimori.bpf.o */
	const char *instance; /* names the pin folder SEKI_PIN_ROOT/instance */
	uint32_t ring_bytes; /* per engine ring; power of two, multiple of the page size; 0 = default 8 MiB */
	uint32_t flow_entries, embryo_entries; /* 0 = the object's own sizes */
};

/*
 * Opens the instance: takes its pinned maps if they are there and their stamp
 * (magic, schema) fits; else, if one of the ifindexes given carries a program that `ip link` loaded
 * from our object (found by map names, ids), takes that program's maps and pins them; else creates all.
 * Loads the programs that are not in the kernel yet. Mounts bpffs when it is missing
 * and may be mounted. -EEXIST: pins with another schema (named); -EPERM: missing
 * capability (named); -ENOENT: no object; -ENOTSUP: kernel feature missing (named, e.g. no BTF).
 */
__must_check int gate_open(const struct gate_options *options, const uint32_t *ifindexes, unsigned int count,
			   struct gate **out, struct gate_why *why);
void gate_free(struct gate *gate); /* closes descriptors; pins and attachments stay */
DEFINE_CLEANUP(gate_free, struct gate)

/* True when gate_open() found existing maps (pins or an ip-link program) rather than making new ones. */
bool gate_adopted(const struct gate *gate);

enum gate_attach_mode { GATE_NATIVE, GATE_GENERIC };
enum gate_link_kind {
	GATE_LINK_NONE,
	GATE_LINK_PINNED,
	GATE_LINK_NETLINK /* removable by ip link */,
	GATE_LINK_FOREIGN
};

struct gate_hook {
	uint32_t ifindex;
	char name[16];
	enum gate_attach_mode mode;
	enum gate_link_kind kind;
	uint32_t prog_id; /* XDP program on the hook now; 0 = none */
	char prog_name[16];
	bool frags; /* the xdp.frags program */
	bool tc_egress;
	bool csum_partial;    /* a virtual device: its row wants SEKI_IFACE_CSUM_PARTIAL */
	uint64_t attached_at; /* load time of the program, CLOCK_BOOTTIME ns; 0 unknown */
};

struct gate_attach_options {
	bool takeover; /* replace a netlink attachment of ours by a pinned link; the gap is reported in why */
	bool allow_generic; /* only then generic mode is tried, when native is refused */
	bool tc_egress;	    /* roles host and dmz */
	bool vlan_roles; /* roles on VLANs: rx-vlan-offload must be off, is turned off, or -ENOTSUP (T14) */
};

/*
 * Attaches to one interface: nothing there: pinned bpf_link; our program by netlink: adopted, updated
 * with XDP_FLAGS_REPLACE and the expected program when it differs (T11); our pinned link: updated in
 * place. xdp.frags is chosen when the MTU needs it (T13). -EBUSY: a foreign program (id, name, tag named);
 * -ERANGE: the MTU cannot be met (named); -EOPNOTSUPP: no native XDP and generic not allowed; a bond slave,
 * bridge port or VLAN sub-interface is refused with the interface to use instead. *hook describes the result;
 * why may carry a warning on success.
 */
__must_check int gate_attach(struct gate *gate, uint32_t ifindex, const struct gate_attach_options *options,
			     struct gate_hook *hook, struct gate_why *why);
/* Detaches what is ours (link pin, netlink attachment, tc filter); -ENOENT when nothing of ours is there. */
__must_check int gate_detach(struct gate *gate, uint32_t ifindex, struct gate_why *why);
/* What the kernel says is on the hook now (for `status` and the foreign-detach alarm). */
__must_check int gate_query(struct gate *gate, uint32_t ifindex, struct gate_hook *hook);
/* Removes every pin of the instance after detaching everywhere. */
__must_check int gate_remove(struct gate *gate, struct gate_why *why);

/*
 * settings and tables; each set is read back and compared, -EIO when the kernel holds something else.
 * gate_settings_set() writes magic and schema itself; -EINVAL when active, rings or chunk are out of bounds.
 */
__must_check int gate_settings_get(struct gate *gate, struct seki_settings *out);
__must_check int gate_settings_set(struct gate *gate, const struct seki_settings *in);
__must_check int gate_iface_set(struct gate *gate, const struct seki_iface_key *key,
				const struct seki_iface *value); /* value NULL: remove */
typedef int (*gate_iface_fn)(const struct seki_iface_key *key, const struct seki_iface *value, void *arg);
__must_check int gate_iface_each(struct gate *gate, gate_iface_fn fn, void *arg);

/* Whole-table replacement: rows added and changed first, then rows that are gone removed (never a moment
 * without the common rows). */
struct gate_net_row {
	struct seki_lpm key;
	struct seki_net value;
};
struct gate_egress_row {
	struct seki_egress_key key;
	struct seki_egress_rule rule;
};
struct gate_host_row {
	struct seki_lpm key;
	uint32_t profile;
}; /* | SEKI_HOST_MONITOR */
struct gate_list_row {
	struct seki_lpm key;
	struct seki_entry value;
}; /* v4 as v4-mapped, split by the gate */
__must_check int gate_nets_replace(struct gate *gate, const struct gate_net_row *rows, uint32_t count,
				   struct gate_why *why);
__must_check int gate_egress_replace(struct gate *gate, const struct gate_egress_row *rows, uint32_t count,
				     const struct gate_host_row *hosts, uint32_t host_count,
				     struct gate_why *why);

__must_check int gate_egress_use(struct gate *gate, uint32_t rule,
				 struct seki_egress_use *out); /* -ENOENT: never used */
/* Lets one connection out that another has announced. */
__must_check int gate_expect_put(struct gate *gate, const struct seki_expect_key *key,
				 const struct seki_expect *value);
__must_check int gate_grace_learnt(struct gate *gate, uint32_t *count);

/*
 * The hooks of sockets (role host): on the root of the unified cgroup hierarchy, pinned, so that they outlive
 * the daemon. Whom they judge is in the settings. -ENOENT: no such hierarchy is mounted. attach: what is
 * there already is updated in place.
 */
__must_check int gate_sockets_attach(struct gate *gate, struct gate_why *why);
__must_check int gate_sockets_detach(struct gate *gate);
/* 0: all there; -ENOENT: one is gone, or is not ours; -errno: not known. */
__must_check int gate_sockets_query(struct gate *gate);
__must_check int gate_netns_cookie(uint64_t *cookie); /* of this process's network namespace */

/*
 * AF_XDP sockets pass every layer: none is made in the protected namespace (T10). path of SEKI_OBJECT_FAMILY.
 * Needs a kernel with the BPF LSM; callers get EACCES. denied: asks this kernel for such a socket; true only
 * when it was our program that refused.
 */
__must_check int gate_family_attach(struct gate *gate, const char *path, struct gate_why *why);
__must_check int gate_family_detach(struct gate *gate);
bool gate_family_denied(const struct gate *gate);

/*
 * May frames leave the machine by this interface while none of the watched ones sees them? Not by loopback,
 * dummies and tunnels, and not by what hands its frames to another interface of this namespace (ports of a
 * bridge or bond, whose master counts; VLANs of a watched one). What is gone may not, what cannot be asked
 * about may.
 */
bool gate_way_out(uint32_t ifindex, const uint32_t *watched, uint32_t count);
/* Can frames leave by an interface with these flags (IFF_*), as far as it itself goes? */
bool gate_link_carries(unsigned int flags);

/* What was between two looks. open: the caller's descriptor, from when on is told. */
struct gate_ways {
	const uint32_t *host, *watched; /* interfaces of role host; all that have an egress filter of ours */
	uint32_t host_count, count;
};
struct gate_news {
	char way_out[16]; /* that was up, if only for a moment; "" none */
	bool filter_off;  /* of a watched one, if only for a moment */
};
__must_check int gate_news_open(int *fd);
/* -ENOBUFS, -errno: not everything was told; what was is in news. */
__must_check int gate_news_read(int fd, const struct gate_ways *ways, struct gate_news *news);

/*
 * The backstop (role host): an nftables chain at the egress of each device, which sees what packet sockets
 * send past tc. What came through the IP stack was judged there and passes; of the rest only ARP and its
 * like, and IP to `inside`.
 */
struct gate_backstop {
	const char (*devices)[16];
	const bool *enforce; /* per device; else it only counts */
	uint32_t device_count;
	const struct seki_lpm *inside;
	uint32_t inside_count;
};
__must_check int gate_backstop_set(struct gate *gate, const struct gate_backstop *want, struct gate_why *why);
/* Does the kernel still have it as it was set? *restored: it had not, and has it again. *frames: stopped (or
 * counted) so far. */
__must_check int gate_backstop_watch(struct gate *gate, bool *restored, uint64_t *frames,
				     struct gate_why *why);
__must_check int gate_backstop_remove(struct gate *gate);

/* Runs a frame through the very program that is attached there, as if it had come in (or, tc, gone out)
 * there. *drop: its verdict. */
__must_check int gate_frame_run(struct gate *gate, uint32_t ifindex, bool egress, const void *frame,
				uint32_t len, bool *drop);
/* Every flow of both tables; one that moves meanwhile may be missed or come twice. fn's nonzero answer ends
 * it and is returned. */
typedef int (*gate_flow_fn)(const struct seki_flow_key *key, const struct seki_flow *flow, void *arg);
__must_check int gate_flow_each(struct gate *gate, gate_flow_fn fn, void *arg);

/*
 * Blacklist generation: tables of the size that these rows need are made, filled, read back entry by entry
 * and put into the idle slot. The switch is the caller's gate_settings_set() with active = *slot; the other
 * slot keeps the previous generation. -ENOSPC: does not fit, -EINVAL a malformed row or a prefix twice (said
 * in why); nothing changed. May run in a thread while another one changes the active generation.
 */
#define GATE_LIST_SPILL_ALARM                                                                                \
	512u /* entries of one generation that find no room in their buckets: more are refused */
#define GATE_LIST_MAX 16000000u /* rows of each family, about: prefixes of odd lengths need several keys */
__must_check int gate_list_build(struct gate *gate, const struct gate_list_row *rows, uint32_t count,
				 uint32_t *slot, struct gate_why *why);
/* Is there a generation in the idle slot, to which a switch would roll back? */
bool gate_list_has_previous(struct gate *gate);
/*
 * One row of the active generation, a store in shared memory: right when no other row's meaning depends on it
 * (none lies inside its prefix). put: -ENOSPC: build a generation instead. remove: heir is the next shorter
 * row that covers the prefix, if its length is gate_list_heir_low() or more, else NULL; -ENOENT.
 */
__must_check int gate_list_put(struct gate *gate, const struct gate_list_row *row);
__must_check int gate_list_remove(struct gate *gate, const struct seki_lpm *key,
				  const struct gate_list_row *heir);
/* The same in the idle slot's generation, before the switch to it. -ENOENT also: there is none. */
__must_check int gate_list_put_idle(struct gate *gate, const struct gate_list_row *row);
__must_check int gate_list_remove_idle(struct gate *gate, const struct seki_lpm *key,
				       const struct gate_list_row *heir);
uint32_t gate_list_heir_low(const struct seki_lpm *key);
/* The kernel's own answer: longest match in the active generation. -ENOENT none. out->value.id and .sid are
 * 0: user space's alone. */
__must_check int gate_list_lookup(struct gate *gate, const struct seki_addr *addr, struct gate_list_row *out);
__must_check int gate_net_lookup(struct gate *gate, const struct seki_addr *addr, struct seki_net *out);
/* All rows of the active generation that can decide (not those that longer ones hide wholly), by address;
 * malloc'ed array. */
__must_check int gate_list_dump(struct gate *gate, struct gate_list_row **rows, uint32_t *count);

/*
 * Reads the active generation back, every part of it, and compares it with what the rows say: out is filled
 * whatever is found; differences 0: they are equal, and every entry is reached the way packets go. -errno:
 * could not be read.
 */
#define GATE_LIST_DIFFERENCES 16u
enum gate_list_difference_kind {
	GATE_LIST_MISSING,   /* the rows have it, the kernel does not */
	GATE_LIST_EXTRA,     /* the other way round */
	GATE_LIST_OTHER,     /* both have the prefix and say different things of it */
	GATE_LIST_UNREACHED, /* the kernel has it where no packet finds it */
};
struct gate_list_difference {
	struct seki_lpm key;
	uint32_t kind; /* enum gate_list_difference_kind */
	struct seki_entry want, held;
};
struct gate_list_verdict {
	uint64_t want, held; /* digests of all entries, of whatever place */
	uint32_t spilled, differences, count;
	struct gate_list_difference first[GATE_LIST_DIFFERENCES]; /* those that packets do not reach, then the
								     others by address */
};
__must_check int gate_list_verify(struct gate *gate, const struct gate_list_row *rows, uint32_t count,
				  struct gate_list_verdict *out);

/* auto-blocks. put: -ENOSPC when the table is full (the caller tells people). */
__must_check int gate_block_put(struct gate *gate, const struct seki_addr *addr,
				const struct seki_entry *entry);
__must_check int gate_block_get(struct gate *gate, const struct seki_addr *addr, struct seki_entry *out);
__must_check int gate_block_remove(struct gate *gate, const struct seki_addr *addr);
typedef int (*gate_block_fn)(const struct seki_addr *addr, const struct seki_entry *entry,
			     void *arg); /* nonzero stops */
__must_check int gate_block_each(struct gate *gate, gate_block_fn fn, void *arg);

__must_check int gate_source_get(struct gate *gate, const struct seki_addr *addr, struct seki_source *out);
__must_check int gate_hits_get(struct gate *gate, const struct seki_hits_key *key,
			       struct seki_hits *out); /* -ENOENT: never hit */
__must_check int gate_list_hits(struct gate *gate, uint32_t list,
				struct seki_hits *out); /* summed over CPUs */
/* The number goes to another list: what was counted under it does not. */
__must_check int gate_list_hits_clear(struct gate *gate, uint32_t list);
__must_check int gate_counters(struct gate *gate, struct seki_counter out[SEKI_REASON_MAX]);
__must_check int gate_losses(struct gate *gate, uint64_t out[SEKI_LOSS_MAX]);
/* Runs seki_flow_ctl; cmd->result is the program's answer, the return value is the run's. */
__must_check int gate_flow_ctl(struct gate *gate, struct seki_flow_cmd *cmd);
/*
 * Removes flows that are idle or ended, by the settings' timeouts; now in seconds of CLOCK_MONOTONIC. Walks
 * the table in steps, so that no packet waits for it; what the program finds alive meanwhile stays. *removed:
 * how many, also on failure.
 */
__must_check int gate_flow_expire(struct gate *gate, const struct seki_settings *settings, uint32_t now,
				  uint32_t *removed);
/* Counts by walking the tables: for `status`, not for every tick. list_*: active generation, both families
 * together; list_bytes: both generations. */
struct gate_usage {
	uint32_t flows, flows_max, embryos_max, blocked, blocked_max, list_rows, list_max, list_spilled;
	uint64_t list_bytes;
};
__must_check int gate_usage(struct gate *gate, struct gate_usage *out);

/*
 * Makes sure ring `index` exists (creating it, or keeping the one pinned) and returns a descriptor to hand to
 * an engine: it can consume the ring and do nothing else with other maps. priority ring: gate_prio_fd(). *fd
 * is CLOEXEC and the caller's to close; each call gives another one.
 */
__must_check int gate_ring_fd(struct gate *gate, unsigned int index, int *fd, struct gate_why *why);
__must_check int gate_prio_fd(struct gate *gate, int *fd);

#endif
