/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * gate_private.h - what the files of this room share: the handle, its maps
 * and programs, pins, tables, interface facts.
 */
#ifndef KERN_GATE_PRIVATE_H
#define KERN_GATE_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <bpf/bpf.h>
#include <bpf/libbpf.h>

#include "gate.h"
#include "lib/instance.h"

#define GATE_PATH_MAX	 192u
#define GATE_RING_BYTES	 (8u << 20)
#define KERNEL_ENOTSUPP	 524 /* leaks out of the kernel where EOPNOTSUPP is meant */
#define GATE_KERNEL_NAME 15u /* BPF_OBJ_NAME_LEN without its NUL: longer names are cut */

/* id, name, type, key bytes, value bytes, entries that the contract fixes (0: the object's choice) */
#define GATE_MAPS(X)                                                                                         \
	X(SETTINGS, "seki_settings", ARRAY, sizeof(uint32_t), sizeof(struct seki_settings), 1)               \
	X(IFACES, "seki_ifaces", HASH, sizeof(struct seki_iface_key), sizeof(struct seki_iface), 0)          \
	X(NETS, "seki_nets", LPM_TRIE, sizeof(struct seki_lpm), sizeof(struct seki_net), 0)                  \
	X(LIST_HEAD, "seki_list_head", ARRAY, sizeof(uint32_t), sizeof(struct seki_list_head), 2)            \
	X(LIST_GATE4, "seki_list_gate4", ARRAY_OF_MAPS, sizeof(uint32_t), sizeof(uint32_t), 2)               \
	X(LIST_WORDS, "seki_list_words", ARRAY_OF_MAPS, sizeof(uint32_t), sizeof(uint32_t), 2)               \
	X(LIST_SHARD4, "seki_shard4", ARRAY_OF_MAPS, sizeof(uint32_t), sizeof(uint32_t),                     \
	  2 * SEKI_LIST_SHARDS_MAX)                                                                          \
	X(LIST_SHARD6, "seki_shard6", ARRAY_OF_MAPS, sizeof(uint32_t), sizeof(uint32_t),                     \
	  2 * SEKI_LIST_SHARDS_MAX)                                                                          \
	X(LIST_ODD, "seki_list_odd", ARRAY_OF_MAPS, sizeof(uint32_t), sizeof(uint32_t), 2)                   \
	X(LIST_SPILL, "seki_list_spill", HASH, sizeof(struct seki_list_spill_key),                           \
	  sizeof(struct seki_list_hit), 0)                                                                   \
	X(BLOCKED, "seki_blocked", HASH, sizeof(struct seki_addr), sizeof(struct seki_entry), 0)             \
	X(EGRESS_HOST, "seki_egress_host", LPM_TRIE, sizeof(struct seki_lpm), sizeof(uint32_t), 0)           \
	X(EGRESS, "seki_egress", LPM_TRIE, sizeof(struct seki_egress_key), sizeof(struct seki_egress_rule),  \
	  0)                                                                                                 \
	X(EGRESS_USE, "seki_egress_use", LRU_HASH, sizeof(uint32_t), sizeof(struct seki_egress_use), 0)      \
	X(EXPECT, "seki_expect", LRU_HASH, sizeof(struct seki_expect_key), sizeof(struct seki_expect), 0)    \
	X(GRACE, "seki_grace", ARRAY, sizeof(uint32_t), sizeof(uint32_t), 1)                                 \
	X(FLOWS, "seki_flows", HASH, sizeof(struct seki_flow_key), sizeof(struct seki_flow), 0)              \
	X(EMBRYOS, "seki_embryos", LRU_HASH, sizeof(struct seki_flow_key), sizeof(struct seki_flow), 0)      \
	X(QUOTA, "seki_quota", LRU_HASH, sizeof(struct seki_addr), sizeof(uint32_t), 0)                      \
	X(SOURCES, "seki_sources", LRU_HASH, sizeof(struct seki_addr), sizeof(struct seki_source), 0)        \
	X(HITS, "seki_hits", LRU_HASH, sizeof(struct seki_hits_key), sizeof(struct seki_hits), 0)            \
	X(LIST_COUNT, "seki_list_count", PERCPU_ARRAY, sizeof(uint32_t), sizeof(struct seki_hits),           \
	  SEKI_MAX_LISTS)                                                                                    \
	X(COUNTERS, "seki_counters", PERCPU_ARRAY, sizeof(uint32_t), sizeof(struct seki_counter),            \
	  SEKI_REASON_MAX)                                                                                   \
	X(LOSSES, "seki_losses", PERCPU_ARRAY, sizeof(uint32_t), sizeof(uint64_t), SEKI_LOSS_MAX)            \
	X(RINGS, "seki_rings", ARRAY_OF_MAPS, sizeof(uint32_t), sizeof(uint32_t), SEKI_MAX_RINGS)            \
	X(PRIO, "seki_prio", RINGBUF, 0, 0, 0)

enum gate_map_id {
#define X(id, ...) GATE_MAP_##id,
	GATE_MAPS(X)
#undef X
		GATE_MAP_MAX
};

#define GATE_PROGS(X)                                                                                        \
	X(XDP, SEKI_PROG_XDP)                                                                                \
	X(XDP_FRAGS, SEKI_PROG_XDP_FRAGS)                                                                    \
	X(TC, SEKI_PROG_TC)                                                                                  \
	X(CTL, SEKI_PROG_CTL)                                                                                \
	X(CONNECT4, SEKI_PROG_CONNECT4)                                                                      \
	X(CONNECT6, SEKI_PROG_CONNECT6)                                                                      \
	X(SENDMSG4, SEKI_PROG_SENDMSG4)                                                                      \
	X(SENDMSG6, SEKI_PROG_SENDMSG6)                                                                      \
	X(SOCKET, SEKI_PROG_SOCKET)

enum gate_prog_id {
#define X(id, ...) GATE_PROG_##id,
	GATE_PROGS(X)
#undef X
		GATE_PROG_MAX
};

struct gate_map_row {
	const char *name;
	enum bpf_map_type type;
	uint32_t key_size, value_size, entries;
};
extern const struct gate_map_row gate_map_rows[GATE_MAP_MAX];
extern const char *const gate_prog_names[GATE_PROG_MAX];

struct gate_map {
	int fd;
	uint32_t id, entries;
};

struct gate_prog {
	int fd;
	uint32_t id;
	uint8_t tag[BPF_TAG_SIZE];
};

/* Inner maps of one blacklist generation: list_slot.h. */
enum gate_list_part {
	GATE_LIST_GATE4,
	GATE_LIST_WORDS,
	GATE_LIST_SHARD4,
	GATE_LIST_SHARD6,
	GATE_LIST_ODD,
	GATE_LIST_PARTS
};

struct gate_list_maps {
	int *fd; /* count of them */
	uint32_t count;
	void *memory; /* one behind the other; NULL for the trie */
};

struct gate_generation {
	struct gate_list_maps part[GATE_LIST_PARTS]; /* all empty: nothing is in the slot */
};

struct gate {
	char instance[INSTANCE_NAME_MAX];
	char folder[GATE_PATH_MAX]; /* of the pins */
	bool adopted;
	uint32_t ring_bytes;
	struct gate_map map[GATE_MAP_MAX];
	struct gate_prog prog[GATE_PROG_MAX];
	struct gate_generation list[2];
	struct seki_list_head *list_heads; /* of both, where the packet path reads them */
	int ring[SEKI_MAX_RINGS];
	struct backstop *backstop; /* NULL: never asked for */
};

/* --- why.c: sentences for people, and what libbpf says */

/* why may be NULL everywhere in this room. Returns error so that a refusal is one statement. */
int why_set(struct gate_why *why, int error, const char *format, ...) __attribute__((format(printf, 3, 4)));
void why_add(struct gate_why *why, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* libbpf's messages go to log_debug() and a tail of them is kept from here on. */
void why_listen(void);
/* The line of the kept tail that names the cause best; "" when there is none. Valid until the next call. */
const char *why_heard(void);

/* --- pin.c: the pin folder */

__must_check int pin_root_prepare(struct gate_why *why); /* bpffs is mounted and SEKI_PIN_ROOT exists */
__must_check int pin_path(const struct gate *gate, char path[GATE_PATH_MAX], const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Opens a pin by name within the instance; -ENOENT. *fd owned. */
__must_check int pin_open(const struct gate *gate, const char *name, int *fd);
/* Puts fd under name, atomically replacing what is there. */
__must_check int pin_put(const struct gate *gate, const char *name, int fd);
__must_check int pin_remove(const struct gate *gate, const char *name);
/* Name of another instance whose pins hold the map with this id into owner; -ENOENT. */
__must_check int pin_owner(const struct gate *gate, uint32_t settings_id, char owner[INSTANCE_NAME_MAX]);
/* Removes every file of folder and the folder; foreign sub-folders stay. -errno of the first failure. */
__must_check int pin_folder_remove(const char *folder);

/* --- map.c: maps and rows */

__must_check int map_info(int fd, struct bpf_map_info *out);
/* -EINVAL when the map is not what the contract's row says. */
__must_check int map_check(enum gate_map_id id, const struct bpf_map_info *info);
/* Sets gate->map[id]; takes fd. */
__must_check int map_take(struct gate *gate, enum gate_map_id id, int fd);
int map_fd(const struct gate *gate, enum gate_map_id id);

/*
 * Rows lie in flat arrays, the value right behind its key. shape describes
 * one table for all of the functions below.
 */
struct map_shape {
	int fd;
	const char *name;
	uint32_t key_size, value_size, entries;
};
void map_shape_get(const struct gate *gate, enum gate_map_id id, struct map_shape *out);
/* One row, read back. -EIO when the kernel holds something else afterwards. */
__must_check int map_put(const struct map_shape *shape, const void *key, const void *value);
/* Every row, in no order, once or (when the table changes meanwhile) twice; fn's nonzero answer ends the walk
 * and is returned. */
typedef int (*map_row_fn)(const void *key, const void *value, void *arg);
__must_check int map_walk(const struct map_shape *shape, map_row_fn fn, void *arg);
__must_check int map_dump(const struct map_shape *shape, void **rows, uint32_t *count); /* *rows malloc'ed */
__must_check int map_count(const struct map_shape *shape, uint32_t *count);
/* Fills an empty table and reads every row back. Keys must be distinct: -EINVAL. */
__must_check int map_fill(const struct map_shape *shape, const void *rows, uint32_t count,
			  struct gate_why *why);
/* Common rows stay throughout; -ENOSPC before anything changes. Keys must be distinct: -EINVAL. */
__must_check int map_replace(const struct map_shape *shape, const void *rows, uint32_t count,
			     struct gate_why *why);

/* --- prog.c: programs */

__must_check int prog_take(struct gate *gate, enum gate_prog_id id, int fd); /* takes fd */
/* What can be told about a program by its id; fields stay zero without CAP_SYS_ADMIN. */
struct prog_facts {
	uint32_t id;
	char name[BPF_OBJ_NAME_LEN];
	uint8_t tag[BPF_TAG_SIZE];
	uint64_t load_time;
	bool known;	   /* the kernel let us look */
	bool same_maps;	   /* uses this instance's settings map */
	bool from_object;  /* XDP or tc program of our object by its maps, of whatever instance */
	bool stamped;	   /* a keeper has written those settings */
	uint32_t settings; /* id of the settings map it uses; 0 = none */
};
void prog_look(const struct gate *gate, uint32_t prog_id, struct prog_facts *out);
/* Calls fn for every map of the program with an owned-by-callee descriptor; nonzero stops and is returned. */
typedef int (*prog_map_fn)(int fd, const struct bpf_map_info *info, void *arg);
__must_check int prog_maps_each(int prog_fd, prog_map_fn fn, void *arg);
/* "program 12 \"name\" tag 0123456789abcdef loaded 2026-01-02 03:04:05" into text. */
const char *prog_describe(const struct prog_facts *facts, char *text, size_t size);
/* Does this kernel take it? Hooks of sockets need its BTF and its tracing. */
bool prog_usable(int id);
bool kernel_tells_types(void); /* has BTF of its own */
/* The pin of a program of exactly the object with that digest. */
void prog_pin_name(char name[64], int id, uint64_t digest);

/* --- netdev.c: what an interface is */

struct netdev {
	uint32_t ifindex, mtu, master, lower;
	bool lower_elsewhere; /* lower lies in another network namespace, which ours numbers lower_namespace
			       */
	uint32_t lower_namespace;
	uint16_t vlan;
	char name[16];
	char kind[16];	    /* "veth", "vlan", "bond", ...; "" for a plain device */
	char port_kind[16]; /* what its master makes of it: "bond", "bridge", ... */
};
__must_check int netdev_get(uint32_t ifindex, struct netdev *out);
/* The attributes of an RTM_NEWLINK into dev, whose index is the caller's. */
void netdev_parse(const void *attrs, size_t len, struct netdev *dev);
/* As gate_way_out(). */
bool netdev_way_out(const struct netdev *dev, const uint32_t *watched, uint32_t count);
/* -EOPNOTSUPP with the interface to use instead. */
__must_check int netdev_attachable(const struct netdev *dev, struct gate_why *why);
/* An ethtool command of the interface's; sock is any socket of its namespace. -errno. */
__must_check int netdev_ethtool(int sock, const char *name, void *command);
/* A 32-bit rtnetlink attribute within (at, len); false: absent or cut off. */
bool netdev_attr_u32(const void *at, size_t len, unsigned short type, uint32_t *out);
/* Do its frames reach XDP before their checksum is filled in (local senders on a virtual device)? */
bool netdev_csum_partial(const struct netdev *dev);

/* --- vlan_tags.c */

/* Makes VLAN tags stay in the frame: of this driver, and of a veth's other end. -ENOTSUP: they do not; why
 * says where. */
__must_check int vlan_tags_inline(const struct netdev *dev, struct gate_why *why);

/* --- list.c, rings.c: inner maps, made sure of at open */

void list_init(struct gate *gate);
__must_check int list_open(struct gate *gate, struct gate_why *why);
void list_close(struct gate *gate);
/* The table of the active generation; *g is where its maps are. -ENOENT: nothing is in the slot. */
struct list_table;
__must_check int list_active(struct gate *gate, struct list_table *table, struct gate_generation **g,
			     uint32_t *slot);
/* The trie's shape for the map_ functions. */
struct map_shape;
void list_odd_shape(const struct gate_generation *g, struct map_shape *out);
/* Rows and room of the active generation, both families together. */
__must_check int list_usage(struct gate *gate, struct gate_usage *out);
/* first is the ring that the object put into slot 0, or -1; borrowed. */
__must_check int rings_open(struct gate *gate, int first, struct gate_why *why);
/* Names (kernel's id) the inner map in a slot; -ENOENT empty. */
__must_check int map_slot_id(int outer, uint32_t slot, uint32_t *id);

/* --- backstop.c */

void backstop_free(struct backstop *backstop);

/* --- tc.c */

__must_check int tc_attach(struct gate *gate, const struct netdev *dev, struct gate_why *why);
__must_check int tc_detach(struct gate *gate, uint32_t ifindex); /* -ENOENT when nothing of ours is there */
bool tc_present(struct gate *gate, uint32_t ifindex);

#endif
