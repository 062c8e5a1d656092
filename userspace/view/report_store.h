/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report_store.h - what the store has, brought to a report: for the command
 * line and the portal.
 */
#ifndef VIEW_REPORT_STORE_H
#define VIEW_REPORT_STORE_H

#include <stdbool.h>

#include "core/report/report.h"
#include "period.h"
#include "store/store.h"

/* What a report asks of the store beside figures and counters. */
enum report_wants { WANTS_NOTHING, WANTS_EVENTS, WANTS_NOTICES, WANTS_BEFORE };

/* tenant NULL: all. -errno of either side. */
__must_check int report_store_fill(struct store *store, struct report *report, const struct period *period,
				   enum report_wants wants, const char *tenant);

#endif
