// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tls_v2.c - SSLv2: records of its own, hellos and the client's key in clear
 * (Hickman, The SSL Protocol, 1995).
 */
#include "tls_parts.h"

#include <string.h>

enum { V2_ERROR = 0, V2_CLIENT_HELLO = 1, V2_CLIENT_KEY = 2, V2_SERVER_HELLO = 4 };
#define V2_RECORD_MAX 0x7fffu

static uint32_t be16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

bool tls_v2_hello(struct span d, enum direction dir)
{
	if (d.len < 7 || !(d.data[0] & 0x80))
		return false;
	if (dir == TO_SERVER)
		return d.data[2] == 1 && (be16(d.data + 3) == 2 || d.data[3] == 3) && d.data[4] <= 4;
	return d.data[2] == 4 && d.data[3] <= 1 && d.data[4] <= 1 && be16(d.data + 5) == 2;
}

static void v2_certificate(struct flow *flow, struct tls_tx *tx, struct span der)
{
	uint8_t head[6] = {0, 0, 0, (uint8_t)(der.len >> 16), (uint8_t)(der.len >> 8), (uint8_t)der.len};
	struct blob list = {};

	blob_add(&list, head, sizeof(head), UINT32_MAX);
	if (der.len && !blob_add(&list, der.data, der.len, UINT32_MAX))
		tls_certificates_read(flow, tx, TO_CLIENT, blob_span(&list));
	blob_free(&list);
}

/* A whole record in clear. false: what follows in this direction is encrypted, or no SSLv2. */
static bool v2_record(struct flow *flow, struct tls *tls, enum direction dir, struct span d)
{
	struct tls_tx *tx = tls_tx_get(flow, tls);
	uint8_t type = d.len ? d.data[0] : 0;

	if (tx && d.len && type == V2_ERROR)
		tls_note(tls, EVENT_TLS_ERROR_MESSAGE_ENCOUNTERED);
	if (!tx || (type != V2_CLIENT_HELLO && type != V2_CLIENT_KEY && type != V2_SERVER_HELLO) ||
	    (type == V2_SERVER_HELLO) != (dir == TO_CLIENT))
		return false;
	tx->tx.dirty[dir] = true;
	tls_state_note(tx, type == V2_CLIENT_KEY     ? TLS_CLIENT_KEY
			   : type == V2_SERVER_HELLO ? TLS_SERVER_HELLO
						     : TLS_CLIENT_HELLO);
	if (type != V2_CLIENT_KEY)
		tx->version = tx->versions[dir] = tls->version;
	/* Type, session known, kind of certificate, version, three lengths, certificate. */
	if (type == V2_SERVER_HELLO && d.len > 11 && be16(d.data + 5) <= d.len - 11)
		v2_certificate(flow, tx, (struct span){d.data + 11, be16(d.data + 5)});
	return type == V2_CLIENT_HELLO;
}

void tls_v2_feed(struct flow *flow, struct tls *tls, enum direction dir, struct span data)
{
	struct tls_side *side = &tls->sides[dir];

	while (data.len && !side->blind) {
		struct span part = data;

		if (!side->left) {
			side->head[side->head_len++] = data.data[0];
			data = span_from(data, 1);
			if (side->head_len < (side->head[0] & 0x80 ? 2 : 3))
				continue;
			side->left = be16(side->head) & (side->head[0] & 0x80 ? V2_RECORD_MAX : 0x3fff);
			side->head_len = 0;
			side->blind = !side->left;
			continue;
		}
		if (part.len > side->left)
			part.len = side->left;
		side->blind |= blob_add(&side->message, part.data, part.len, V2_RECORD_MAX) > 0;
		side->left -= part.len;
		data = span_from(data, part.len);
		if (side->left)
			continue;
		side->blind |= !v2_record(flow, tls, dir, blob_span(&side->message));
		blob_clear(&side->message);
	}
}

/* A hello in the old framing that offers version 3: what follows it are ordinary records. */
static void v2_offer(struct flow *flow, struct tls *tls, enum direction dir, struct span hello)
{
	struct tls_tx *tx = tls_tx_get(flow, tls);
	struct tls_side *side = &tls->sides[dir];

	if (tx) {
		tx->version = tx->versions[dir] = tls->version;
		tls_state_note(tx, dir == TO_SERVER ? TLS_CLIENT_HELLO : TLS_SERVER_HELLO);
		tx->tx.dirty[dir] = true;
	}
	side->hello = true;
	side->type = 0;
	side->left = (be16(hello.data) & V2_RECORD_MAX) + 2;
	side->left = side->left > V2_HEAD ? side->left - V2_HEAD : 0;
}

bool tls_v2_begin(struct flow *flow, struct tls *tls, enum direction dir, struct span *data,
		  enum app_status *status)
{
	struct tls_side *side = &tls->sides[dir];
	uint8_t head[V2_HEAD];

	if (tls->v2 || side->begun || side->head_len || side->left)
		return true;
	if (!side->message.len && !(data->data[0] & 0x80))
		return true;
	while (data->len && side->message.len < V2_HEAD) {
		if (blob_add(&side->message, data->data, 1, V2_HEAD))
			return false;
		*data = span_from(*data, 1);
	}
	if (side->message.len < V2_HEAD)
		return false;
	memcpy(head, side->message.data, sizeof(head));
	if (!tls_v2_hello(blob_span(&side->message), dir)) {
		tls_note(tls, EVENT_TLS_INVALID_SSLV2_HEADER);
		*status = APP_ERROR;
		return false;
	}
	blob_clear(&side->message);
	side->begun = true;
	tls->version = (uint16_t)(dir == TO_SERVER ? be16(head + 3) : be16(head + 5));
	tls->v2 = tls->version == 2;
	if (tls->v2)
		tls_v2_feed(flow, tls, dir, (struct span){head, sizeof(head)});
	else
		v2_offer(flow, tls, dir, (struct span){head, sizeof(head)});
	return true;
}
