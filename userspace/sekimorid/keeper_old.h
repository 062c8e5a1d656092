/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * keeper_old.h - state folders of earlier versions.
 */
#ifndef SEKIMORID_KEEPER_OLD_H
#define SEKIMORID_KEEPER_OLD_H

#include "keeper.h"

/* Lists as the first version kept them, saved anew as this one does; only then the old files go. */
__must_check int keeper_old_lists_load(struct keeper *k);

#endif
