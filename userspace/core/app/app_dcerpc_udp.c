// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * app_dcerpc_udp.c - connectionless DCE/RPC (C706 section 12.5): every datagram
 * names its interface, operation and call. Fragments of a call are put together as they come.
 */
#include "app_dcerpc.h"

#include <netinet/in.h>
#include <string.h>

#define HEAD 80u

enum { PDU_REQUEST = 0, PDU_PING = 1, PDU_RESPONSE = 2, PDU_FAULT = 3, PDU_REJECT = 6, PDU_MAX = 10 };
enum { FLAG_LAST = 2, FLAG_FRAGMENT = 4 };

struct dcerpc_udp {
	uint32_t open; /* calls without an answer */
};

/* Integers are in the byte order that the sender's data representation names. */
static uint32_t number(const uint8_t *pdu, uint32_t at, unsigned int bytes)
{
	uint32_t value = 0;

	for (unsigned int i = 0; i < bytes; i++)
		value = value << 8 | pdu[at + (pdu[4] & 0x10 ? bytes - 1 - i : i)];
	return value;
}

static enum app_probe dcerpc_udp_probe(struct span d, enum direction dir, uint16_t server_port)
{
	const uint8_t *p = d.data;

	(void)server_port;
	/* Version 4, a known kind, only defined bits of flags and representation, and a length that is there.
	 */
	if (d.len < HEAD || p[0] != 4 || p[1] > PDU_MAX || p[2] & 0x81 || p[3] & 0xfd || p[4] & 0xee ||
	    p[5] > 3 || p[6] || number(p, 74, 2) > d.len - HEAD)
		return APP_PROBE_NO;
	return (dir == TO_SERVER) == (p[1] != PDU_RESPONSE && p[1] != PDU_FAULT && p[1] != PDU_REJECT)
		       ? APP_PROBE_YES
		       : APP_PROBE_NO;
}

static void tx_end(struct dcerpc_udp *session, struct dcerpc_tx *tx)
{
	tx->tx.done[TO_SERVER] = tx->tx.done[TO_CLIENT] = true;
	tx->tx.dirty[TO_SERVER] = tx->tx.dirty[TO_CLIENT] = true;
	session->open--;
}

/* The unanswered call that head speaks of; NULL head: any. */
static struct dcerpc_tx *call_find(const struct flow *flow, const uint8_t *head)
{
	for (struct tx *tx = flow->txs; tx; tx = tx->next) {
		struct dcerpc_tx *found = (struct dcerpc_tx *)tx;

		if (tx->proto == APP_DCERPC && !tx->done[TO_CLIENT] &&
		    (!head || (found->call == number(head, 64, 4) &&
			       !memcmp(found->activity, head + 40, sizeof(found->activity)))))
			return found;
	}
	return NULL;
}

static struct dcerpc_tx *call_new(struct flow *flow, struct dcerpc_udp *session, const uint8_t *head)
{
	struct dcerpc_tx *tx;
	uint8_t uuid[16];

	if (session->open == DCERPC_CALLS_MAX)
		tx_end(session, call_find(flow, NULL));
	tx = (struct dcerpc_tx *)app_tx_new(flow, sizeof(*tx), APP_DCERPC);
	if (!tx)
		return NULL;
	session->open++;
	tx->owner = session;
	tx->call = number(head, 64, 4);
	memcpy(tx->activity, head + 40, sizeof(tx->activity));
	snprintf(tx->opnum, sizeof(tx->opnum), "%u", number(head, 68, 2));
	dcerpc_uuid_read(head + 24, head[4] & 0x10, uuid);
	dcerpc_interface_put(tx, uuid, (uint16_t)number(head, 60, 4));
	return tx;
}

static void datagram_read(struct flow *flow, struct dcerpc_udp *session, enum direction dir, struct span d)
{
	const uint8_t *p = d.data;
	bool last = !(p[2] & FLAG_FRAGMENT) || p[2] & FLAG_LAST;
	struct span stub = span_from(d, HEAD);
	struct dcerpc_tx *tx = call_find(flow, p);

	if (dir == TO_SERVER && p[1] == PDU_REQUEST && !tx)
		tx = call_new(flow, session, p);
	if (!tx || (dir == TO_SERVER ? p[1] != PDU_REQUEST
				     : p[1] != PDU_RESPONSE && p[1] != PDU_FAULT && p[1] != PDU_REJECT))
		return;
	if (stub.len > number(p, 74, 2))
		stub.len = number(p, 74, 2);
	tx->little[dir] = p[4] & 0x10;
	flow->app_skipped += blob_add(&tx->stub[dir], stub.data, stub.len, DCERPC_STUB_MAX);
	tx->tx.dirty[dir] = true;
	if (last && dir == TO_CLIENT)
		tx_end(session, tx);
	else if (last)
		tx->tx.done[TO_SERVER] = true;
}

static enum app_status dcerpc_udp_feed(struct flow *flow, enum direction dir, struct span data, bool gap,
				       bool last)
{
	struct dcerpc_udp *session = flow->app_state[0];

	(void)gap; /* datagrams stand for themselves */
	if (!session)
		session = flow->app_state[0] = calloc(1, sizeof(*session));
	if (!session)
		return APP_ERROR;
	if (data.len >= HEAD && data.data[0] == 4)
		datagram_read(flow, session, dir, data);
	if (last && dir == TO_CLIENT)
		for (struct dcerpc_tx *tx; (tx = call_find(flow, NULL));)
			tx_end(session, tx);
	return APP_OK;
}

static void dcerpc_udp_flow_free(struct flow *flow)
{
	free(flow->app_state[0]);
	flow->app_state[0] = NULL;
}

const struct app_decoder app_dcerpc_udp = {
	.proto = APP_DCERPC,
	.ip_proto = IPPROTO_UDP,
	.probe = dcerpc_udp_probe,
	.feed = dcerpc_udp_feed,
	.buffer = dcerpc_buffer,
	.tx_free = dcerpc_tx_free,
	.flow_free = dcerpc_udp_flow_free,
};
