/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * alert.h - the one alert that a page is about.
 */
#ifndef PORTAL_ALERT_H
#define PORTAL_ALERT_H

#include "portal_private.h"

struct alert {
	struct store_event event; /* its texts are those below */
	uint64_t moments[STORE_MOMENT_MAX], notice;
	char tenant[STORE_TEXT_MAX], label[STORE_TEXT_MAX], list[STORE_TEXT_MAX], iface[STORE_TEXT_MAX];
	bool found;
};

/* The one in the path. Of another tenant is as much not there as one that never was. false: it was answered.
 */
__must_check bool alert_get(struct visit *v, struct alert *out);

#endif
