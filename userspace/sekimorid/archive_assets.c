// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * archive_assets.c - what servers of our side say of themselves, kept beside
 * the events: the portal and the command line put it into the inventory.
 */
#include <fcntl.h>
#include <string.h>

#include "archive.h"
#include "lib/log.h"
#include "view/asset_file.h"

#define SAVE_TICKS   20u   /* two seconds */
#define OBSERVED_MAX 8192u /* services; beyond them nothing new is taken, and it is said once */

static bool observed_there(struct archive *a)
{
	struct asset_fault fault;
	int err;

	if (a->observed)
		return true;
	err = asset_observed_load(AT_FDCWD, &a->observed, &fault);
	if (!err)
		return true;
	/* It can be observed again: a damaged file is no reason to know nothing. */
	log_warn("what was observed of servers cannot be read (%s); it is gathered anew", strerror(-err));
	a->observed = asset_set_new();
	return a->observed;
}

void archive_asset(struct archive *a, const struct eve_fields *f)
{
	const char *banner = json_string_value(json_object_get(json_object_get(f->root, "asset"), "banner"));

	if (!banner || !observed_there(a))
		return;
	if (asset_count(a->observed) >= OBSERVED_MAX) {
		if (!a->observed_full)
			log_warn("%u services were observed; further ones are not taken into the inventory",
				 OBSERVED_MAX);
		a->observed_full = true;
		return;
	}
	a->observed_changed |= asset_observe(a->observed, &f->dst, f->dst_port, banner, f->t_us);
}

void archive_assets_tick(struct archive *a)
{
	int err;

	if (!a->observed_changed || a->ticks % SAVE_TICKS)
		return;
	err = asset_observed_save(AT_FDCWD, a->observed);
	if (err)
		log_warn("what was observed of servers is not saved: %s", strerror(-err));
	a->observed_changed = err != 0;
}
