// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * http_pair.c - which request a response answers, and what ends with either.
 */
#include "http_parts.h"

void http_tx_end(struct http *http, struct http_tx *tx, enum direction dir)
{
	if (tx->tx.done[dir])
		return;
	tx->tx.done[dir] = true;
	tx->tx.dirty[dir] = true;
	if (tx->tx.done[!dir])
		http->open--;
}

void http_events_take(struct http_tx *tx, enum direction dir)
{
	struct event_list *events = &tx->side[dir].events;

	for (unsigned int i = 0; i < events->count; i++)
		tx_event_set(&tx->tx, (enum app_event)events->events[i]);
	*events = (struct event_list){};
}

void http_side_fault(struct http_side *side, enum direction dir, enum http_fault which)
{
	if (!side->tx)
		return;
	http_fault_note(&side->tx->side[dir].events, dir, which);
	http_events_take(side->tx, dir);
}

static void http_awaiting_advance(struct http *http)
{
	struct tx *tx = http->awaiting ? http->awaiting->tx.next : NULL;

	while (tx && (tx->proto != APP_HTTP || ((struct http_tx *)tx)->side[TO_CLIENT].begun ||
		      tx->done[TO_CLIENT]))
		tx = tx->next;
	http->awaiting = (struct http_tx *)tx;
}

static struct http_tx *tx_open(struct flow *flow, struct http *http, enum direction dir)
{
	struct http_tx *tx;

	if (http->open >= APP_TX_MAX && http->awaiting && http->awaiting->tx.done[TO_SERVER]) {
		struct http_tx *oldest = http->awaiting;

		http_awaiting_advance(http);
		http_tx_end(http, oldest, TO_CLIENT);
		http->orphans++;
	}
	tx = (struct http_tx *)app_tx_new(flow, sizeof(*tx), APP_HTTP);
	if (!tx)
		return NULL;
	http->open++;
	if (dir == TO_CLIENT)
		tx->tx.done[TO_SERVER] = true; /* nobody saw its request */
	else if (!http->awaiting)
		http->awaiting = tx;
	return tx;
}

struct http_tx *http_tx_for(struct flow *flow, struct http *http, enum direction dir)
{
	struct http_tx *tx = http->awaiting;

	if (dir == TO_SERVER)
		return tx_open(flow, http, TO_SERVER);
	if (http->orphans) {
		http->orphans--;
		return tx_open(flow, http, TO_CLIENT);
	}
	if (!tx) {
		tx = tx_open(flow, http, TO_CLIENT);
		if (tx)
			tx_event_set(&tx->tx, EVENT_HTTP_UNABLE_TO_MATCH_RESPONSE_TO_REQUEST);
		return tx;
	}
	http_awaiting_advance(http);
	return tx;
}
