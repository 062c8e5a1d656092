/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * asset_file.h - the inventory on disk: written by `sekimori assets import` and
 * the portal, read by both.
 */
#ifndef VIEW_ASSET_FILE_H
#define VIEW_ASSET_FILE_H

#include "core/report/asset.h"

#define ASSET_FILE	    "assets.json"
#define ASSET_OBSERVED_FILE "observed.json" /* in the store's folder, by the archive */

/* An empty set when there is no file. -EBADMSG with fault: it is not one of ours. */
__must_check int asset_file_load(int dir, struct asset_set **out, struct asset_fault *fault);
/* What was imported; what was observed has its own file. */
__must_check int asset_file_save(int dir, const struct asset_set *set);
/* The same of what the archive observed. */
__must_check int asset_observed_load(int dir, struct asset_set **out, struct asset_fault *fault);
__must_check int asset_observed_save(int dir, const struct asset_set *set);
/* Both together; either folder may be -1. What was observed goes without saying when it cannot be read. */
__must_check int asset_inventory_load(int imported, int observed, struct asset_set **out);
/* Tells one state of the file from another; 0: there is none. */
uint64_t asset_file_stamp(int dir);
uint64_t asset_observed_stamp(int dir);

#endif
