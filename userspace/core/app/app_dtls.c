// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * app_dtls.c - TLS in datagrams (RFC 6347, RFC 9147): records that stand for
 * themselves, handshake messages in fragments that come in any order or again.
 * Says "ciphertext" only when both sides did their half of the handshake.
 */
#include "app_tls.h"

#include <netinet/in.h>
#include <string.h>

#include "file_content.h"

#define RECORD_HEAD   13u
#define FRAGMENT_HEAD 12u
#define MESSAGES_MAX  4u /* unfinished ones of a side at a time; more give up the oldest */

enum { DTLS_HELLO_VERIFY = 3 };

struct dtls_message {
	struct file_content body; /* fragments, put in order */
	uint32_t len;
	uint16_t number;
	uint8_t type;
	bool used;
};

struct dtls_side {
	struct dtls_message messages[MESSAGES_MAX];
	uint32_t next;	/* of messages, to be given up */
	uint32_t done;	/* bit per number below 32: it was read */
	bool hello;	/* ClientHello, ServerHello was read */
	bool encrypted; /* a record behind the change of keys */
};

struct dtls {
	struct dtls_side sides[2];
	struct tls_tx *tx;
	bool closed;
	uint16_t version;
};

static uint32_t be16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t be24(const uint8_t *p)
{
	return (uint32_t)p[0] << 16 | be16(p + 1);
}

/* The unified head of DTLS 1.3: fixed bits 001; everything behind it is encrypted. */
static bool unified_head(uint8_t first)
{
	return first >> 5 == 1;
}

static bool record_head_sound(struct span d)
{
	return d.len >= RECORD_HEAD && d.data[0] >= TLS_CCS && d.data[0] <= TLS_HEARTBEAT + 2 &&
	       d.data[1] == TLS_DATAGRAM && d.data[2] >= 0xfc && be16(d.data + 11) <= d.len - RECORD_HEAD;
}

static enum app_probe dtls_probe(struct span d, enum direction dir, uint16_t server_port)
{
	(void)server_port;
	if (!record_head_sound(d))
		return APP_PROBE_NO;
	/* In clear a side begins with its hello; picked up later it is ciphertext of a later epoch. */
	if (d.data[0] == TLS_HANDSHAKE && !be16(d.data + 3))
		return d.len > RECORD_HEAD &&
				       (dir == TO_SERVER ? d.data[RECORD_HEAD] == TLS_CLIENT_HELLO
							 : d.data[RECORD_HEAD] == TLS_SERVER_HELLO ||
								   d.data[RECORD_HEAD] == DTLS_HELLO_VERIFY ||
								   d.data[RECORD_HEAD] == TLS_HELLO_REQUEST)
			       ? APP_PROBE_YES
			       : APP_PROBE_NO;
	return APP_PROBE_YES;
}

static struct tls_tx *tx_get(struct flow *flow, struct dtls *dtls)
{
	if (!dtls->tx && !dtls->closed)
		dtls->tx = (struct tls_tx *)app_tx_new(flow, sizeof(struct tls_tx), APP_TLS);
	return dtls->tx;
}

static void tx_done(struct dtls *dtls, enum direction dir)
{
	struct tx *tx = dtls->tx ? &dtls->tx->tx : NULL;

	if (!tx || tx->done[dir])
		return;
	tx->done[dir] = tx->dirty[dir] = true;
	if (tx->done[!dir]) {
		dtls->tx = NULL;
		dtls->closed = true;
	}
}

static void note(const struct dtls *dtls, enum app_event event)
{
	if (dtls->tx)
		tx_event_set(&dtls->tx->tx, event);
}

/* A whole handshake message. */
static void message_read(struct flow *flow, struct dtls *dtls, enum direction dir, uint8_t type,
			 struct span body)
{
	struct dtls_side *side = &dtls->sides[dir];

	switch (type) {
	case TLS_CLIENT_HELLO:
	case TLS_SERVER_HELLO:
		if ((type == TLS_CLIENT_HELLO) != (dir == TO_SERVER) ||
		    !tls_hello_read(flow, tx_get(flow, dtls), dir, body, &dtls->version)) {
			note(dtls, EVENT_TLS_INVALID_HANDSHAKE_MESSAGE);
			return;
		}
		/* A ServerHello answers a ClientHello, or it proves nothing. */
		side->hello = dir == TO_SERVER || dtls->sides[TO_SERVER].hello;
		break;
	case TLS_CERTIFICATE:
		tls_certificates_read(flow, tx_get(flow, dtls), dir, body);
		break;
	}
	if (dtls->tx)
		tls_state_note(dtls->tx, type);
}

static struct dtls_message *message_get(struct dtls_side *side, uint16_t number, uint8_t type, uint32_t len)
{
	struct dtls_message *message = NULL;

	for (unsigned int i = 0; i < MESSAGES_MAX; i++)
		if (side->messages[i].used && side->messages[i].number == number)
			message = &side->messages[i];
	/* Another length or type for the same number: the sender began anew, or contradicts itself. */
	if (message && message->type == type && message->len == len)
		return message;
	for (unsigned int i = 0; i < MESSAGES_MAX && !message; i++)
		if (!side->messages[i].used)
			message = &side->messages[i];
	if (!message)
		message = &side->messages[side->next++ % MESSAGES_MAX];
	file_content_free(&message->body);
	*message = (struct dtls_message){.len = len, .number = number, .type = type, .used = true};
	return message;
}

static bool message_is_done(const struct dtls_side *side, uint16_t number)
{
	return number < 32 && side->done >> number & 1;
}

/* Fragments of messages, one behind the other. */
static void handshake_feed(struct flow *flow, struct dtls *dtls, enum direction dir, struct span d)
{
	struct dtls_side *side = &dtls->sides[dir];

	while (d.len >= FRAGMENT_HEAD) {
		uint8_t type = d.data[0];
		uint32_t len = be24(d.data + 1), at = be24(d.data + 6), part = be24(d.data + 9);
		uint16_t number = (uint16_t)be16(d.data + 4);
		struct dtls_message *message;

		d = span_from(d, FRAGMENT_HEAD);
		if (part > d.len || at > len || part > len - at || len > TLS_HANDSHAKE_MAX) {
			note(dtls, EVENT_TLS_HANDSHAKE_INVALID_LENGTH);
			return;
		}
		/* What was read may come again: each flight is repeated until it is answered. */
		if (!message_is_done(side, number)) {
			message = message_get(side, number, type, len);
			flow->app_skipped += file_content_put(&message->body, at, (struct span){d.data, part},
							      TLS_HANDSHAKE_MAX);
			if (message->body.size == len && !message->body.gap) {
				if (number < 32)
					side->done |= 1u << number;
				message_read(flow, dtls, dir, type, blob_span(&message->body.bytes));
				file_content_free(&message->body);
				message->used = false;
			}
		}
		d = span_from(d, part);
	}
}

static void record_read(struct flow *flow, struct dtls *dtls, enum direction dir, uint8_t type,
			uint16_t epoch, struct span body)
{
	struct dtls_side *side = &dtls->sides[dir];

	if (epoch) { /* behind the change of keys */
		side->encrypted |= dtls->sides[TO_SERVER].hello && dtls->sides[TO_CLIENT].hello;
		return;
	}
	switch (type) {
	case TLS_HANDSHAKE:
		handshake_feed(flow, dtls, dir, body);
		return;
	case TLS_HEARTBEAT:
		tls_heartbeat_check(dtls->tx, body.data, body.len < 3 ? body.len : 3, body.len);
		return;
	case TLS_ALERT:
		if (body.len != 2 || body.data[0] < 1 || body.data[0] > 2)
			note(dtls, EVENT_TLS_INVALID_ALERT_MESSAGE);
		return;
	}
}

static void datagram_read(struct flow *flow, struct dtls *dtls, enum direction dir, struct span d)
{
	while (d.len) {
		struct span body;

		if (unified_head(d.data[0])) {
			record_read(flow, dtls, dir, TLS_DATA, 1, (struct span){});
			return; /* its length may be left out: the rest of the datagram is one or more of them
				 */
		}
		if (!record_head_sound(d)) {
			note(dtls, EVENT_TLS_INVALID_TLS_HEADER);
			return;
		}
		body = (struct span){d.data + RECORD_HEAD, be16(d.data + 11)};
		record_read(flow, dtls, dir, d.data[0], (uint16_t)be16(d.data + 3), body);
		d = span_from(d, RECORD_HEAD + body.len);
	}
}

static enum app_status dtls_feed(struct flow *flow, enum direction dir, struct span data, bool gap, bool last)
{
	struct dtls *dtls = flow->app_state[0];

	(void)gap; /* datagrams stand for themselves */
	if (!dtls)
		dtls = flow->app_state[0] = calloc(1, sizeof(*dtls));
	if (!dtls)
		return APP_ERROR;
	datagram_read(flow, dtls, dir, data);
	if (last || dtls->sides[dir].encrypted)
		tx_done(dtls, dir);
	return dtls->sides[TO_SERVER].encrypted && dtls->sides[TO_CLIENT].encrypted ? APP_ENCRYPTED : APP_OK;
}

static void dtls_flow_free(struct flow *flow)
{
	struct dtls *dtls = flow->app_state[0];

	for (unsigned int i = 0; dtls && i < MESSAGES_MAX; i++) {
		file_content_free(&dtls->sides[TO_SERVER].messages[i].body);
		file_content_free(&dtls->sides[TO_CLIENT].messages[i].body);
	}
	free(dtls);
	flow->app_state[0] = NULL;
}

const struct app_decoder app_dtls = {
	.proto = APP_TLS,
	.ip_proto = IPPROTO_UDP,
	.probe = dtls_probe,
	.feed = dtls_feed,
	.buffer = tls_buffer,
	.tx_free = tls_tx_free,
	.flow_free = dtls_flow_free,
};
