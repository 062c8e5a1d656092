// SPDX-License-Identifier: GPL-2.0-or-later
/* report_worker.c - who asks for a report never waits within the asking, and gets what was asked. */
#include "portal/report_worker.h"

#include <errno.h>
#include <poll.h>
#include <semaphore.h>
#include <stdio.h>
#include <string.h>

#include "lib/ktap.h"

static sem_t gate; /* each report passes once */
static unsigned int made;

static int make(const struct report_order *order, const struct report_place *place, struct document **out)
{
	while (sem_wait(&gate))
		;
	__atomic_add_fetch(&made, 1, __ATOMIC_RELAXED);
	CHECK(!place->store); /* there is none in that folder */
	if (!strcmp(order->name.report, "bad"))
		return -ENOENT;
	*out = document_new(order->name.language, order->name.tenant);
	return *out ? 0 : -ENOMEM;
}

static struct report_order order_of(const char *report, const char *tenant, uint64_t now)
{
	struct report_order order = {.now = now, .make = make};

	snprintf(order.name.report, sizeof(order.name.report), "%s", report);
	snprintf(order.name.tenant, sizeof(order.name.tenant), "%s", tenant);
	return order;
}

static void heard(struct report_worker *worker, int ready)
{
	struct pollfd waits = {.fd = ready, .events = POLLIN};

	CHECK_EQ(poll(&waits, 1, 10000), 1);
	report_worker_heard(worker);
}

static void title_is(struct document *document, const char *title)
{
	AUTO_FREE char *text = NULL;
	size_t len = 0;

	CHECK_EQ(document_write(document, DOCUMENT_TEXT, &text, &len), 0);
	CHECK(text && strstr(text, title), "%s", text);
	document_free(document);
}

static void at_once_without_thread(void)
{
	CLEANUP(report_worker_free) struct report_worker *worker = NULL;
	struct report_order order = order_of("top", "alone", 1);
	struct document *document = NULL;

	CHECK_EQ(sem_init(&gate, 0, 1), 0);
	CHECK_EQ(report_worker_new("/nonexistent", NULL, -1, &worker), 0);
	CHECK_EQ(report_worker_ask(worker, &order, &document), 0);
	title_is(document, "alone");
}

static void asked_again(void)
{
	CLEANUP(report_worker_free) struct report_worker *worker = NULL;
	struct report_order a = order_of("top", "tenant a", 1), b = order_of("top", "tenant b", 1),
			    bad = order_of("bad", "", 1);
	struct document *document = NULL;
	int ready = -1;

	CHECK_EQ(sem_init(&gate, 0, 0), 0);
	made = 0;
	CHECK_EQ(report_worker_new("/nonexistent", NULL, -1, &worker), 0);
	CHECK_EQ(report_worker_start(worker, &ready), 0);
	CHECK_EQ(report_worker_ask(worker, &a, &document), -EINPROGRESS);
	CHECK_EQ(report_worker_ask(worker, &b, &document), -EINPROGRESS);
	CHECK_EQ(report_worker_ask(worker, &a, &document), -EINPROGRESS); /* the same, not another one */
	sem_post(&gate);
	heard(worker, ready);
	CHECK_EQ(report_worker_ask(worker, &b, &document), -EINPROGRESS); /* each to its own */
	CHECK_EQ(report_worker_ask(worker, &a, &document), 0);
	title_is(document, "tenant a");
	sem_post(&gate);
	heard(worker, ready);
	CHECK_EQ(report_worker_ask(worker, &b, &document), 0);
	title_is(document, "tenant b");
	CHECK_EQ(__atomic_load_n(&made, __ATOMIC_RELAXED), 2);
	CHECK_EQ(report_worker_ask(worker, &bad, &document), -EINPROGRESS);
	sem_post(&gate);
	heard(worker, ready);
	CHECK_EQ(report_worker_ask(worker, &bad, &document), -ENOENT);
}

/* What nobody fetched is not an answer of today; more than there are places for come all the same. */
static void stale_and_many(void)
{
	CLEANUP(report_worker_free) struct report_worker *worker = NULL;
	struct report_order order = order_of("top", "x", 1);
	struct document *document = NULL;
	unsigned int got = 0;
	bool taken[20] = {false};
	int ready = -1;

	CHECK_EQ(sem_init(&gate, 0, 100), 0);
	made = 0;
	CHECK_EQ(report_worker_new("/nonexistent", NULL, -1, &worker), 0);
	CHECK_EQ(report_worker_start(worker, &ready), 0);
	CHECK_EQ(report_worker_ask(worker, &order, &document), -EINPROGRESS);
	heard(worker, ready);
	order.now = 2;
	{
		struct report_order other = order_of("top", "y", 2);

		CHECK_EQ(report_worker_ask(worker, &other, &document), -EINPROGRESS);
		heard(worker, ready);
		CHECK_EQ(report_worker_ask(worker, &other, &document), 0);
		document_free(document);
	}
	order.now = 61ull * 1000000;
	CHECK_EQ(report_worker_ask(worker, &order, &document), -EINPROGRESS);
	heard(worker, ready);
	CHECK_EQ(report_worker_ask(worker, &order, &document), 0);
	document_free(document);
	CHECK_EQ(__atomic_load_n(&made, __ATOMIC_RELAXED), 3);
	for (unsigned int round = 0; round < 1000 && got < ARRAY_LEN(taken); round++) {
		for (unsigned int i = 0; i < ARRAY_LEN(taken); i++) {
			char name[16];
			struct report_order many;

			snprintf(name, sizeof(name), "many %u", i);
			many = order_of("top", name, order.now);
			if (taken[i] || report_worker_ask(worker, &many, &document))
				continue;
			title_is(document, name);
			taken[i] = true;
			got++;
		}
		if (got < ARRAY_LEN(taken))
			heard(worker, ready);
	}
	CHECK_EQ(got, ARRAY_LEN(taken));
}

static const struct ktap_test tests[] = {
	TEST(at_once_without_thread),
	TEST(asked_again),
	TEST(stale_and_many),
};

int main(void)
{
	return ktap_run(tests, ARRAY_LEN(tests));
}
