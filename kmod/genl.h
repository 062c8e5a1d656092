/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * genl.h - the family's door and its events.
 */
#ifndef KMOD_GENL_H
#define KMOD_GENL_H

#include <linux/types.h>

#include "sekimori/genl.h"

struct net;
struct net_device;

struct seki_event {
	enum seki_genl_event event;
	const struct net_device *dev; /* NULL: not about an interface */
	bool has_state;
	u32 state, prog, found;
	bool has_kind;
	u32 kind;
	u64 serial;
	const char *reason; /* NULL: none */
	bool by_command;    /* the caller's uid goes along */
};

/* To everyone in the namespace who listens, and into the kernel log. Context: process, may sleep. */
void seki_genl_event(struct net *net, const struct seki_event *event);

int seki_genl_init(void);
/* After this no command runs and no event is sent. */
void seki_genl_exit(void);

#endif
