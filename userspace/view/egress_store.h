/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * egress_store.h - what the store has of protected hosts' own traffic, brought
 * to the suspicious-communication report: for the command line and the portal.
 */
#ifndef VIEW_EGRESS_STORE_H
#define VIEW_EGRESS_STORE_H

#include "core/egress/egress_report.h"
#include "store/store.h"

#define EGRESS_SETTLE_US (120u * 1000000u) /* so long after a moment all is told of it */

/* A report of [from, to), filled and closed. What the store lost of that time is in it. -errno of either
 * side. */
__must_check int egress_store_report(struct store *store, uint64_t from, uint64_t to,
				     struct egress_report **out);

#endif
