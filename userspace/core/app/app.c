// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * app.c - the table of decoders, protocol detection, and the life of
 * transactions.
 */
#include "app.h"

#include <netinet/in.h>

#include "core/flow/account.h"
#include "app_rows.h"
#include "core/match/detect.h"
#include "core/flow/expect.h"

#define PROBE_MAX 1024u

/* Order matters only where two would say yes to the same bytes. */
static const struct app_decoder *const app_rows[] = {
	&app_tls,     &app_http,    &app_ssh,	 &app_smb,	  &app_smtp,	 &app_ftp,
	&app_dns_tcp, &app_dns_udp, &app_dcerpc, &app_dcerpc_udp, &app_ftp_data, &app_dtls,
};

static _Thread_local uint32_t body_max = APP_BODY_MAX;

void app_body_limit(uint32_t bytes)
{
	body_max = bytes > APP_BODY_MAX ? bytes : APP_BODY_MAX;
}

uint32_t app_body_max(void)
{
	return body_max;
}

const struct app_decoder *app_find(enum app_proto proto, uint8_t ip_proto)
{
	for (unsigned int i = 0; i < ARRAY_LEN(app_rows); i++)
		if (app_rows[i]->proto == proto && app_rows[i]->ip_proto == ip_proto)
			return app_rows[i];
	return NULL;
}

enum app_proto app_probe(const struct flow *flow, struct span data, enum direction dir)
{
	bool more = false;

	if (!data.len)
		return APP_UNKNOWN;
	for (unsigned int i = 0; i < ARRAY_LEN(app_rows); i++) {
		enum app_probe said;

		if (app_rows[i]->ip_proto != flow->proto || !app_rows[i]->probe)
			continue;
		said = app_rows[i]->probe(data, dir, flow->server_port);
		if (said == APP_PROBE_YES)
			return app_rows[i]->proto;
		more |= said == APP_PROBE_MORE;
	}
	return more && data.len < PROBE_MAX ? APP_UNKNOWN : APP_FAILED;
}

int app_silent_first(enum app_proto proto)
{
	return proto == APP_HTTP || proto == APP_TLS ? TO_CLIENT : -1;
}

struct tx *app_tx_new(struct flow *flow, size_t size, enum app_proto proto)
{
	struct tx *tx = calloc(1, size), *tail = flow->app_state[1];

	if (!tx)
		return NULL;
	tx->proto = proto;
	tx->size = (uint32_t)size;
	account_charge(size);
	tx->id = flow->tx_count++;
	/* app_state[1] is the list's tail: pipelined requests must not cost a walk each. */
	if (tail)
		tail->next = tx;
	else
		flow->txs = tx;
	flow->app_state[1] = tx;
	return tx;
}

static void tx_free(const struct flow *flow, struct tx *tx)
{
	const struct app_decoder *row = app_find(tx->proto, flow->proto);

	detect_tx_free(tx->detect);
	account_release(tx->size);
	if (row && row->tx_free)
		row->tx_free(tx);
	else
		free(tx);
}

bool app_tx_over(const struct tx *tx)
{
	return tx->done[TO_SERVER] && tx->done[TO_CLIENT] && !tx->dirty[TO_SERVER] && !tx->dirty[TO_CLIENT];
}

void app_reap(struct flow *flow, bool all)
{
	struct tx **at = &flow->txs, *tail = NULL;

	while (*at) {
		struct tx *tx = *at;

		if (all || app_tx_over(tx)) {
			*at = tx->next;
			tx_free(flow, tx);
		} else {
			tail = tx;
			at = &tx->next;
		}
	}
	flow->app_state[1] = tail;
	while (all && flow->expects)
		expectation_free(expectation_first(&flow->expects));
	while (all && flow->listens)
		expectation_free(expectation_first(&flow->listens));
}

bool app_starttls_holds(struct flow *flow, struct span data)
{
	enum app_proto other;

	/* A handshake record, or an SSLv2 hello. */
	if (data.data[0] == 0x16 || data.data[0] & 0x80)
		return true;
	other = app_probe(flow, data, TO_SERVER);
	if (other != APP_UNKNOWN && other != APP_FAILED) {
		event_list_add(&flow->events, EVENT_APPLAYER_UNEXPECTED_PROTOCOL);
		event_list_add(&flow->events, EVENT_APPLAYER_NO_TLS_AFTER_STARTTLS);
	}
	return false;
}

bool app_line(struct flow *flow, struct blob *held, bool *fresh, struct span *data, struct span *line)
{
	uint32_t n = span_find(*data, '\n');
	bool whole = n < data->len;

	if (*fresh)
		blob_clear(held);
	*fresh = false;
	*line = (struct span){data->data, n};
	*data = span_from(*data, whole ? n + 1 : n);
	if (!whole || held->len) {
		flow->app_skipped += blob_add(held, line->data, line->len, APP_LINE_MAX);
		*line = blob_span(held);
	} else if (line->len > APP_LINE_MAX) {
		flow->app_skipped += line->len - APP_LINE_MAX;
		line->len = APP_LINE_MAX;
	}
	if (!whole)
		return false;
	*fresh = true;
	if (line->len && line->data[line->len - 1] == '\r')
		line->len--;
	return true;
}
