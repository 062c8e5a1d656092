/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * alerts_kept.h - alerts of the store: the rows behind the figures of a report.
 */
#ifndef SEKIMORI_ALERTS_KEPT_H
#define SEKIMORI_ALERTS_KEPT_H

#include "store/store.h"

/* Prints what filter selects, from dir or (NULL) the instance's own store. Exit code. */
int alerts_kept(const struct store_filter *filter, const char *dir);

#endif
