/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * transform.h - what may be done to a buffer before rules look at it.
 */
#ifndef CORE_TRANSFORM_H
#define CORE_TRANSFORM_H

#include "packet.h"
#include "rule.h"

/* Grows and is used again and again. */
struct transform_room {
	uint8_t *data;
	uint32_t room;
};

/* Applies view's transforms in order to in; *out lies in room or is in itself. -ENOMEM. */
__must_check int transform_apply(const struct rule_view *view, struct span in, struct transform_room *room,
				 struct span *out);

#endif
