// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * report_worker.c - the thread that makes reports. The lock protects the slots'
 * state; what a slot being made points to is the thread's alone until it is done.
 */
#include "report_worker.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>

#include "lib/log.h"

#define SLOTS	 8u
#define STALE_US (60ull * 1000000) /* what nobody fetched for so long is made anew for the next who asks */

enum slot_state { SLOT_FREE, SLOT_WAITS, SLOT_RUNS, SLOT_DONE };
struct slot {
	enum slot_state state;
	struct report_order order;
	uint64_t turn;	  /* of those that wait the lowest is next */
	uint64_t done_at; /* by the clock of who asks, 0: nobody has asked since */
	struct document *document;
	int err;
};

struct report_worker {
	const char *store_dir, *threats;
	struct store *store; /* the thread's, or the caller's while there is no thread */
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work;
	bool started, ends;
	int assets_dir;
	int ready;
	uint64_t turn;
	struct slot slots[SLOTS];
};

int report_worker_new(const char *store_dir, const char *threats, int assets_dir, struct report_worker **out)
{
	struct report_worker *worker = calloc(1, sizeof(*worker));

	if (!worker)
		return -ENOMEM;
	worker->store_dir = store_dir;
	worker->threats = threats;
	worker->assets_dir = assets_dir;
	worker->ready = -1;
	pthread_mutex_init(&worker->lock, NULL);
	pthread_cond_init(&worker->work, NULL);
	*out = worker;
	return 0;
}

void report_worker_free(struct report_worker *worker)
{
	if (!worker)
		return;
	if (worker->started) {
		pthread_mutex_lock(&worker->lock);
		worker->ends = true;
		pthread_cond_signal(&worker->work);
		pthread_mutex_unlock(&worker->lock);
		pthread_join(worker->thread, NULL);
		close(worker->ready);
	}
	for (size_t i = 0; i < SLOTS; i++)
		document_free(worker->slots[i].document);
	store_close(worker->store);
	pthread_cond_destroy(&worker->work);
	pthread_mutex_destroy(&worker->lock);
	free(worker);
}

static int order_make(struct report_worker *worker, const struct report_order *order, struct document **out)
{
	const struct store_options options = {.dir = worker->store_dir, .readonly = true};
	CLEANUP(threat_set_free) struct threat_set *threats = NULL;
	CLEANUP(asset_set_free) struct asset_set *assets = NULL;
	AUTO_FD int observed = -1;
	struct report_place place = {.store_dir = worker->store_dir};
	char why[STORE_WHY_MAX] = "";
	int err =
		threat_set_new(worker->threats, worker->threats ? strlen(worker->threats) : 0, &threats, why);

	if (err)
		return err;
	if (!worker->store && store_open(&options, &worker->store, why))
		log_debug("portal: %s", why);
	observed = open(worker->store_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (asset_inventory_load(worker->assets_dir, observed < 0 ? -1 : observed, &assets))
		log_warn("portal: the inventory cannot be read: a report says less");
	place.assets = assets;
	place.store = worker->store;
	place.threats = threats;
	return order->make(order, &place, out);
}

static struct slot *slot_next(struct report_worker *worker)
{
	struct slot *next = NULL;

	for (size_t i = 0; i < SLOTS; i++)
		if (worker->slots[i].state == SLOT_WAITS && (!next || worker->slots[i].turn < next->turn))
			next = &worker->slots[i];
	return next;
}

static void *worker_run(void *arg)
{
	struct report_worker *worker = arg;
	const uint64_t one = 1;

	pthread_mutex_lock(&worker->lock);
	while (!worker->ends) {
		struct slot *slot = slot_next(worker);

		if (!slot) {
			pthread_cond_wait(&worker->work, &worker->lock);
			continue;
		}
		slot->state = SLOT_RUNS;
		pthread_mutex_unlock(&worker->lock);
		slot->err = order_make(worker, &slot->order, &slot->document);
		pthread_mutex_lock(&worker->lock);
		slot->state = SLOT_DONE;
		slot->done_at = 0;
		if (write(worker->ready, &one, sizeof(one)) != sizeof(one))
			log_warn("portal: that a report is ready could not be told");
	}
	pthread_mutex_unlock(&worker->lock);
	return NULL;
}

int report_worker_start(struct report_worker *worker, int *ready)
{
	sigset_t all, before;
	int err;

	worker->ready = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (worker->ready < 0)
		return -errno;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = pthread_create(&worker->thread, NULL, worker_run, worker);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (err) {
		close(worker->ready);
		worker->ready = -1;
		return -err;
	}
	worker->started = true;
	*ready = worker->ready;
	return 0;
}

void report_worker_heard(struct report_worker *worker)
{
	uint64_t count;

	if (read(worker->ready, &count, sizeof(count)) < 0 && errno != EAGAIN)
		log_warn("portal: %s", strerror(errno));
}

/* Held by the lock. The one of that name; else one to put it into, NULL: all are waited for. */
static struct slot *slot_find(struct report_worker *worker, const struct report_order *order)
{
	struct slot *room = NULL;

	for (size_t i = 0; i < SLOTS; i++) {
		struct slot *slot = &worker->slots[i];

		if (slot->state == SLOT_DONE && !slot->done_at)
			slot->done_at = order->now;
		if (slot->state == SLOT_DONE && order->now > slot->done_at + STALE_US) {
			document_free(TAKE_PTR(slot->document));
			slot->state = SLOT_FREE;
		}
		if (slot->state != SLOT_FREE && !memcmp(&slot->order.name, &order->name, sizeof(order->name)))
			return slot;
		if (slot->state == SLOT_FREE)
			room = slot;
	}
	return room;
}

/* Held by the lock. */
static int slot_ask(struct report_worker *worker, const struct report_order *order, struct document **out)
{
	struct slot *slot = slot_find(worker, order);

	if (slot && slot->state == SLOT_DONE) {
		*out = TAKE_PTR(slot->document);
		slot->state = SLOT_FREE;
		return slot->err;
	}
	if (slot && slot->state == SLOT_FREE) {
		*slot = (struct slot){.state = SLOT_WAITS, .order = *order, .turn = ++worker->turn};
		pthread_cond_signal(&worker->work);
	}
	/* Without a slot: one becomes free when something is ready, and then this is asked again. */
	return -EINPROGRESS;
}

int report_worker_ask(struct report_worker *worker, const struct report_order *order, struct document **out)
{
	int err;

	if (!worker->started)
		return order_make(worker, order, out);
	pthread_mutex_lock(&worker->lock);
	err = slot_ask(worker, order, out);
	pthread_mutex_unlock(&worker->lock);
	return err;
}
