/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keeper_module.h - the kernel module, where there is one: which BPF object its presence allows, the guard's
 * tables and interfaces, what it reports. Everything works without it; what is missing then is said by
 * `status`.
 */
#ifndef SEKIMORID_KEEPER_MODULE_H
#define SEKIMORID_KEEPER_MODULE_H

#include <stdbool.h>
#include <stdint.h>

#include "kern/genl.h"

struct keeper;
struct keeper_module; /* NULL members and all: zeroed is closed */
struct message_status_module;

/* -ENOMEM. Looks for the module; that it is absent is no error. */
__must_check int keeper_module_new(struct keeper *k);
void keeper_module_free(
	struct keeper *k); /* guards and tables stay in the kernel: they are there for a dead daemon */

/* Opens the gate with the object that calls the module when it may be used, else, or when the kernel refuses
 * it, with the plain one. */
__must_check int keeper_module_gate(struct keeper *k, const struct gate_options *options,
				    const uint32_t *ifindexes, unsigned int count, struct gate_why *why);
/* The allow set as the packet program has it from now on. */
void keeper_module_nets(struct keeper *k, const struct gate_net_row *rows, uint32_t count);
/* Every second: finds a module that came, commits what changed, protects what is attached. */
void keeper_module_tick(struct keeper *k);
/* Before a program is taken off an interface on purpose. */
void keeper_module_leave(struct keeper *k, uint32_t ifindex, const char *reason);
/* A table of the rules. -ENODEV: no module; other errors with why. */
__must_check int keeper_module_commit(struct keeper *k, enum seki_table_kind kind, const void *table,
				      size_t len, struct gate_why *why);
/* The engines get other rules: no flow is narrowed until the module's table is made of them. Before they get
 * them. */
void keeper_module_stale(struct keeper *k);
/* What the prefilter's table does for the rules that it was made of. */
struct keeper_module_rules {
	uint32_t drop, inspect, stay; /* drop in the kernel; make it look closer; stay with the matcher */
};
/* The table is of the rules that the engines have, unless they have others by now. */
void keeper_module_fresh(struct keeper *k, const struct keeper_module_rules *rules);
/* Does the packet path ask a table that is not, or not yet, of the engines' rules? */
bool keeper_module_behind(const struct keeper *k);
void keeper_module_status(struct keeper *k, struct message_status_module *out);

#endif
