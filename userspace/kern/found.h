/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * found.h - what of an instance is in the kernel already: its own pins, or a
 * program that `ip link` loaded. Private to this room.
 */
#ifndef KERN_FOUND_H
#define KERN_FOUND_H

#include "gate_private.h"

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

void found_init(struct found *found);
/* Closes what was found and not taken (those are -1). */
void found_clear(struct found *found);
/* Names the contract's maps and what else the object pins by name: all programs of an instance share them.
 * -EINVAL with why: the object, from path, lacks one or has too many. */
__must_check int found_name(const struct bpf_object *object, struct found *found, const char *path,
			    struct gate_why *why);
/* Maps that the instance has pinned. */
__must_check int found_pins(const struct gate *gate, struct found *found, struct gate_why *why);
/* Maps of our object on that interface, when no instance owns them; none is no error. */
__must_check int found_on_interface(const struct gate *gate, uint32_t ifindex, struct found *found,
				    struct gate_why *why);
/* Must have this version's layout and stamp. -EEXIST with why: they have not. */
__must_check int found_check(const struct found *found, const struct bpf_object *object,
			     struct gate_why *why);
/* Programs of exactly the object with that digest, all or none. */
void found_programs(const struct gate *gate, uint64_t digest, struct found *found);

#endif
