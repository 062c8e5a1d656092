// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * app_tls.c - the TLS record layer, the hellos and the certificates. Says
 * "ciphertext" only when both sides did their half of the handshake.
 */
#include "tls_parts.h"

#include <netinet/in.h>
#include <string.h>

#define TLS_RECORD_MAX (16384u + 2048u)
#define EMPTY_MAX      32u /* empty records in a row: nobody has a use for so many */

static uint32_t be16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t be24(const uint8_t *p)
{
	return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

enum app_probe tls_probe(struct span d, enum direction dir, uint16_t server_port)
{
	(void)server_port;
	if (!d.len)
		return APP_PROBE_MORE;
	if (d.data[0] & 0x80) {
		if (d.len < 7)
			return d.len > 2 && d.data[2] != (dir == TO_SERVER ? 1 : 4) ? APP_PROBE_NO
										    : APP_PROBE_MORE;
		return tls_v2_hello(d, dir) ? APP_PROBE_YES : APP_PROBE_NO;
	}
	/* A server may refuse at once. */
	if (dir == TO_CLIENT && d.data[0] == TLS_ALERT && d.len >= 5)
		return d.data[1] == 3 && d.data[2] <= 4 && be16(d.data + 3) == 2 ? APP_PROBE_YES
										 : APP_PROBE_NO;
	if (dir == TO_CLIENT && d.data[0] == TLS_ALERT)
		return d.len > 1 && d.data[1] != 3 ? APP_PROBE_NO : APP_PROBE_MORE;
	if (d.data[0] != TLS_HANDSHAKE || (d.len > 1 && d.data[1] != 3) || (d.len > 2 && d.data[2] > 4))
		return APP_PROBE_NO;
	if (d.len < 6)
		return APP_PROBE_MORE;
	if (be16(d.data + 3) > TLS_RECORD_MAX || be16(d.data + 3) < 4)
		return APP_PROBE_NO;
	return d.data[5] == (dir == TO_SERVER ? TLS_CLIENT_HELLO : TLS_SERVER_HELLO) ||
			       (dir == TO_CLIENT && d.data[5] == TLS_HELLO_REQUEST)
		       ? APP_PROBE_YES
		       : APP_PROBE_NO;
}

struct tls *tls_new(void)
{
	return calloc(1, sizeof(struct tls));
}

void tls_free(struct tls *tls)
{
	if (!tls)
		return;
	blob_free(&tls->sides[0].message);
	blob_free(&tls->sides[1].message);
	free(tls);
}

struct tls_tx *tls_tx_get(struct flow *flow, struct tls *tls)
{
	if (!tls->tx && !tls->closed)
		tls->tx = (struct tls_tx *)app_tx_new(flow, sizeof(struct tls_tx), APP_TLS);
	return tls->tx;
}

static void tls_done(struct tls *tls, enum direction dir)
{
	struct tx *tx = tls->tx ? &tls->tx->tx : NULL;

	if (!tx || tx->done[dir])
		return;
	tx->done[dir] = true;
	tx->dirty[dir] = true;
	if (tx->done[!dir]) {
		tls->tx = NULL;
		tls->closed = true;
	}
}

void tls_note(const struct tls *tls, enum app_event event)
{
	if (tls->tx)
		tx_event_set(&tls->tx->tx, event);
}

/* One whole handshake message. false: this is no TLS. */
static bool message_read(struct flow *flow, struct tls *tls, enum direction dir)
{
	struct tls_side *side = &tls->sides[dir];
	struct span body = blob_span(&side->message);

	switch (side->start[0]) {
	case TLS_CLIENT_HELLO:
		if (dir != TO_SERVER ||
		    !tls_hello_read(flow, tls_tx_get(flow, tls), dir, body, &tls->version))
			return false;
		side->hello = true;
		if (tls->tx)
			tls_state_note(tls->tx, TLS_CLIENT_HELLO);
		return true;
	case TLS_SERVER_HELLO:
		if (dir != TO_CLIENT ||
		    !tls_hello_read(flow, tls_tx_get(flow, tls), dir, body, &tls->version))
			return false;
		/* It answers a ClientHello, or it proves nothing. */
		side->hello = tls->sides[TO_SERVER].hello;
		if (tls->tx)
			tls_state_note(tls->tx, TLS_SERVER_HELLO);
		return true;
	case TLS_CERTIFICATE:
		tls_certificates_read(flow, tls_tx_get(flow, tls), dir, body);
		return true;
	case TLS_CLIENT_KEY:
	case TLS_SERVER_KEY:
		if (tls->tx)
			tls_state_note(tls->tx, side->start[0]);
		return true;
	default:
		return true;
	}
}

static bool handshake_feed(struct flow *flow, struct tls *tls, enum direction dir, struct span data)
{
	struct tls_side *side = &tls->sides[dir];

	while (data.len || (side->start_len == 4 && !side->message_left)) {
		uint32_t n;

		if (side->start_len < 4) {
			side->start[side->start_len++] = data.data[0];
			data = span_from(data, 1);
			if (side->start_len < 4)
				continue;
			side->message_left = be24(side->start + 1);
			side->keep = side->start[0] == TLS_CLIENT_HELLO ||
				     side->start[0] == TLS_SERVER_HELLO || side->start[0] == TLS_CERTIFICATE;
			blob_clear(&side->message);
			/* The first message of a side is its hello. */
			if (!side->begun &&
			    side->start[0] != (dir == TO_SERVER ? TLS_CLIENT_HELLO : TLS_SERVER_HELLO) &&
			    side->start[0] != TLS_HELLO_REQUEST)
				return false;
			side->begun = true;
			continue;
		}
		n = data.len < side->message_left ? data.len : side->message_left;
		if (side->keep)
			flow->app_skipped += blob_add(&side->message, data.data, n, TLS_HANDSHAKE_MAX);
		data = span_from(data, n);
		side->message_left -= n;
		if (side->message_left)
			continue;
		side->start_len = 0;
		if (!message_read(flow, tls, dir)) {
			tls_note(tls, EVENT_TLS_INVALID_HANDSHAKE_MESSAGE);
			return false;
		}
	}
	return true;
}

/* Records that are looked at by their first bytes, while they are in clear. */
static void short_record(const struct tls *tls, struct tls_side *side, struct span part)
{
	bool before = side->begin_len == sizeof(side->begin);

	for (; part.len && side->begin_len < sizeof(side->begin); part = span_from(part, 1))
		side->begin[side->begin_len++] = part.data[0];
	if (before || side->ccs || side->data || (side->begin_len < sizeof(side->begin) && side->left))
		return;
	if (side->type == TLS_HEARTBEAT)
		tls_heartbeat_check(tls->tx, side->begin, side->begin_len, side->record_len);
	else if (side->record_len != 2 || side->begin[0] < 1 || side->begin[0] > 2)
		tls_note(tls, EVENT_TLS_INVALID_ALERT_MESSAGE);
}

/*
 * A heartbeat's answer has the length of its question. An encrypted one shows no more than that, and a longer
 * answer is what Heartbleed gives.
 */
static void beat_check(struct tls *tls, enum direction dir)
{
	uint32_t len = tls->sides[dir].record_len;

	if (!tls->beat) {
		tls->beat = len;
		tls->beat_dir = dir;
		return;
	}
	if (tls->beat_dir == dir) {
		tls_note(tls, EVENT_TLS_INVALID_HEARTBEAT_MESSAGE); /* RFC 6520 section 3: one at a time */
		return;
	}
	if (len > tls->beat)
		tls_note(tls, EVENT_TLS_DATALEAK_HEARTBEAT_MISMATCH);
	tls->beat = 0;
}

static bool record_body(struct flow *flow, struct tls *tls, enum direction dir, struct span part)
{
	struct tls_side *side = &tls->sides[dir];
	bool hellos = tls->sides[TO_SERVER].hello && tls->sides[TO_CLIENT].hello;

	switch (side->type) {
	case TLS_HANDSHAKE:
		/* Behind ChangeCipherSpec it is ciphertext, except in TLS 1.3, where that record means
		 * nothing. */
		if (side->ccs && tls->version != 0x0304)
			return true;
		return handshake_feed(flow, tls, dir, part);
	case TLS_CCS:
		if (hellos)
			side->ccs = true;
		return true;
	case TLS_DATA:
		if (hellos && (side->ccs || tls->version == 0x0304))
			side->data = true;
		if (side->data || side->begun)
			tls_done(tls, dir);
		return true;
	default:
		short_record(tls, side, part);
		return true;
	}
}

static bool record_head_sound(const struct tls *tls, const uint8_t *head)
{
	enum app_event event = head[0] < TLS_CCS || head[0] > TLS_HEARTBEAT ? EVENT_TLS_INVALID_RECORD_TYPE
			       : head[1] != 3				    ? EVENT_TLS_INVALID_RECORD_VERSION
			       : (uint32_t)be16(head + 3) > TLS_RECORD_MAX  ? EVENT_TLS_INVALID_SSL_RECORD
									    : EVENT_NONE;

	if (event == EVENT_NONE)
		return true;
	tls_note(tls, event);
	if (event == EVENT_TLS_INVALID_RECORD_TYPE || event == EVENT_TLS_INVALID_RECORD_VERSION)
		tls_note(tls, EVENT_TLS_INVALID_TLS_HEADER);
	return false;
}

static enum app_status records_feed(struct flow *flow, struct tls *tls, enum direction dir, struct span data)
{
	struct tls_side *side = &tls->sides[dir];

	while (data.len) {
		uint32_t n;

		if (side->left) {
			struct span part = data;

			if (part.len > side->left)
				part.len = side->left;
			side->left -= part.len;
			data = span_from(data, part.len);
			if (side->type && !record_body(flow, tls, dir, part))
				return APP_ERROR;
			continue;
		}
		n = side->head_len;
		side->head[side->head_len++] = data.data[0];
		data = span_from(data, 1);
		if (n == 0 && !side->begun && (side->head[0] & 0x80))
			return APP_ERROR; /* told apart by the caller */
		if (side->head_len < sizeof(side->head))
			continue;
		side->head_len = 0;
		if (!record_head_sound(tls, side->head))
			return APP_ERROR;
		side->type = side->head[0];
		side->left = side->record_len = be16(side->head + 3);
		side->begin_len = 0;
		side->empty = side->left ? 0 : side->empty + (side->empty < UINT8_MAX);
		if (side->empty == EMPTY_MAX)
			tls_note(tls, EVENT_TLS_TOO_MANY_RECORDS_IN_PACKET);
		if (side->type == TLS_HEARTBEAT && side->ccs)
			beat_check(tls, dir);
		if (!side->left && side->type != TLS_DATA) /* RFC 5246 section 6.2.1 */
			tls_note(tls, EVENT_TLS_INVALID_SSL_RECORD);
	}
	return APP_OK;
}

enum app_status tls_feed(struct flow *flow, struct tls *tls, enum direction dir, struct span data, bool gap,
			 bool last)
{
	struct tls_side *side = &tls->sides[dir];
	enum app_status status = APP_OK;

	if (gap)
		side->blind = true; /* record borders cannot be found again */
	if (!side->blind && !tls->encrypted && data.len && tls_v2_begin(flow, tls, dir, &data, &status)) {
		if (tls->v2)
			tls_v2_feed(flow, tls, dir, data);
		else
			status = records_feed(flow, tls, dir, data);
	}
	if (status == APP_ERROR) {
		side->blind = true;
		/* A session that began as TLS stays one; the rest of this direction is left to the raw
		 * stream. */
		if (tls->tx || tls->closed)
			status = APP_OK;
	}
	if (side->blind || last)
		tls_done(tls, dir);
	if (tls->sides[TO_SERVER].data && tls->sides[TO_CLIENT].data) {
		tls->encrypted = true;
		tls_done(tls, TO_SERVER);
		tls_done(tls, TO_CLIENT);
		return APP_ENCRYPTED;
	}
	return status;
}

static enum app_status feed(struct flow *flow, enum direction dir, struct span data, bool gap, bool last)
{
	if (!flow->app_state[0])
		flow->app_state[0] = tls_new();
	if (!flow->app_state[0])
		return APP_ERROR;
	return tls_feed(flow, flow->app_state[0], dir, data, gap, last);
}

static void tls_flow_free(struct flow *flow)
{
	tls_free(flow->app_state[0]);
	flow->app_state[0] = NULL;
}

const struct app_decoder app_tls = {
	.proto = APP_TLS,
	.ip_proto = IPPROTO_TCP,
	.probe = tls_probe,
	.feed = feed,
	.buffer = tls_buffer,
	.tx_free = tls_tx_free,
	.flow_free = tls_flow_free,
};
