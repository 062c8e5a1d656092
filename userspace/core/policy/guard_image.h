/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guard_image.h - the guard's table (sekimori/guard.h) out of the merged rows of the lists and the rows of
 * the allow set.
 */
#ifndef CORE_GUARD_IMAGE_H
#define CORE_GUARD_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "core/list/list.h"
#include "lib/prefix.h"
#include "sekimori/guard.h"

/* A row of the map seki_nets; those without scopes only end what wider ones say. */
struct guard_net {
	struct prefix prefix;
	struct seki_net net;
};

/*
 * In every range the longest prefix decides, as in the packet program. No prefix stands twice among rows or
 * among nets. *table is malloc'ed and passes seki_guard_check(). -ENOMEM; -E2BIG: more scopes, or more bytes,
 * than a table may have.
 */
__must_check int guard_image_build(const struct list_row *rows, uint32_t count, const struct guard_net *nets,
				   uint32_t net_count, void **table, size_t *len);

#endif
