// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * http_tunnel.c - connections that stop being HTTP: CONNECT and Upgrade.
 */
#include "app_tls.h"
#include "http_parts.h"

#define HTTP_TUNNEL_HEAD 6u /* bytes that tell TLS in a tunnel */

void http_tunnel_begin(struct http *http)
{
	for (enum direction dir = TO_SERVER; dir <= TO_CLIENT; dir++) {
		http_side_reset(&http->sides[dir]);
		blob_clear(&http->sides[dir].line);
		http->sides[dir].line_fresh = false;
		http->sides[dir].step = HTTP_TUNNEL;
	}
}

void http_tunnel_tell(struct http *http, bool failed)
{
	struct http_tx *tx = http->tunnel;

	http->tunnel_told = true;
	http->tunnel = NULL;
	if (!tx)
		return;
	if (failed)
		tx_event_set(&tx->tx, EVENT_HTTP_FAILED_PROTOCOL_CHANGE);
	http_tx_end(http, tx, TO_CLIENT);
}

enum app_status http_tunnel_feed(struct flow *flow, struct http *http, enum direction dir, struct span data,
				 bool gap, bool last)
{
	struct http_side *side = &http->sides[dir];
	enum app_status status;
	bool begun;

	if (http->tls) {
		status = tls_feed(flow, http->tls, dir, data, gap, last);
		return status == APP_ENCRYPTED ? status : APP_OK;
	}
	if (last)
		http_tunnel_tell(http, false);
	if (http->tunnel_told || dir == TO_CLIENT || !data.len)
		return APP_OK;
	while (side->line.len < HTTP_TUNNEL_HEAD && data.len) {
		blob_add(&side->line, data.data, 1, HTTP_TUNNEL_HEAD);
		data = span_from(data, 1);
	}
	if (side->line.len < HTTP_TUNNEL_HEAD)
		return APP_OK;
	begun = tls_probe(blob_span(&side->line), TO_SERVER, 0) != APP_PROBE_NO;
	http_tunnel_tell(http, !begun);
	if (!begun)
		return APP_OK;
	http->tls = tls_new();
	if (!http->tls)
		return APP_OK;
	tls_feed(flow, http->tls, dir, blob_span(&side->line), false, false);
	status = tls_feed(flow, http->tls, dir, data, false, last);
	return status == APP_ENCRYPTED ? status : APP_OK;
}
