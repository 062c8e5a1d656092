/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * report_worker.h - reports take up to a second, pages must not wait for them:
 * one thread makes them, with its own way to the store. Who asks before one is
 * ready asks again when the worker says that something is.
 */
#ifndef PORTAL_REPORT_WORKER_H
#define PORTAL_REPORT_WORKER_H

#include "core/report/document.h"
#include "core/report/threat.h"
#include "store/store.h"
#include "view/asset_file.h"
#include "view/period.h"

struct report_place {
	struct store *store;
	struct threat_set *threats;
	const struct asset_set *assets; /* NULL: they cannot be read */
	const char *store_dir;
};

/* What is asked; the first part is also the name by which it is found again: zeroed before it is filled. */
struct report_order {
	struct report_name {
		char report[24], period[24]; /* as in the address */
		char tenant[64];	     /* "": of everybody */
		enum explain_language language;
	} name;
	uint64_t now;
	struct period period;
	size_t which; /* make's own */
	/* Called by the worker's thread. store: NULL, there is none. -errno. */
	int (*make)(const struct report_order *order, const struct report_place *place,
		    struct document **out);
};

struct report_worker;
/* Texts and folder (-1: none) borrowed. Until it is started it makes reports at once, in the caller's thread.
 */
__must_check int report_worker_new(const char *store_dir, const char *threats, int assets_dir,
				   struct report_worker **out);
void report_worker_free(struct report_worker *worker); /* waits for what is being made; NULL is fine */
DEFINE_CLEANUP(report_worker_free, struct report_worker)
/* *ready: readable when something that was asked may be ready; the worker's own. -errno. */
__must_check int report_worker_start(struct report_worker *worker, int *ready);
/* After *ready was readable, before asking again. */
void report_worker_heard(struct report_worker *worker);

/* -EINPROGRESS: ask again later. On 0 *out is the caller's; other errors are the report's. */
__must_check int report_worker_ask(struct report_worker *worker, const struct report_order *order,
				   struct document **out);

#endif
