/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tenant.h - whose an event is, where one machine protects several owners. Pure.
 */
#ifndef CORE_TENANT_H
#define CORE_TENANT_H

#include <stdint.h>

#include "lib/prefix.h"
#include "sekimori/abi.h"

#define TENANTS_MAX	 256u /* rows: networks and interfaces of all tenants */
#define TENANT_NAME_MAX	 32
#define TENANT_IFACE_MAX 16

struct tenant_row {
	char name[TENANT_NAME_MAX];
	char iface[TENANT_IFACE_MAX]; /* "": a network */
	struct prefix network;
};

/*
 * The longest network that has target is right; if none has, the longest that has other, the attack's other
 * end; then the interface where it was seen. "": nobody's, which only who may see everything sees.
 */
const char *tenant_of(const struct tenant_row *rows, uint32_t count, const struct seki_addr *target,
		      const struct seki_addr *other, const char *iface);

#endif
