/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * asset_parts.h - the inventory's rows between the files about it: asset.c
 * keeps and observes, asset_form.c reads and writes, asset_concern.c answers
 * whether a rule is about them.
 */
#ifndef CORE_ASSET_PARTS_H
#define CORE_ASSET_PARTS_H

#include "asset.h"
#include "lib/text.h"

struct asset_set {
	struct asset *rows; /* sorted by address, port, product */
	size_t count, room;
};

/* First place that is not before key. */
size_t asset_place(const struct asset_set *set, const struct asset *key);
int asset_put(struct asset_set *set, const struct asset *asset);
bool asset_text_copy(struct text in, char *out, size_t size);

#endif
