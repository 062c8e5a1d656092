// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * app_dcerpc.c - bindings and calls: which interface, which operation, which
 * bytes. Fragments of a call are put together.
 */
#include "app_dcerpc.h"

#include <netinet/in.h>
#include <string.h>

#define PDU_HEAD 16u

enum {
	PDU_REQUEST = 0,
	PDU_RESPONSE = 2,
	PDU_FAULT = 3,
	PDU_BIND = 11,
	PDU_ALTER = 14,
	PDU_MAX = 19, /* orphaned */
};
enum { FLAG_FIRST = 1, FLAG_LAST = 2, FLAG_OBJECT = 0x80 };

struct dcerpc_context {
	uint16_t id, version;
	uint8_t uuid[16]; /* in the order that text has */
};

struct dcerpc_side {
	struct blob pdu;	/* head and, as far as it is kept, body of the current PDU */
	uint32_t want;		/* its length; 0: the head is not whole yet */
	uint32_t seen;		/* of it */
	struct dcerpc_tx *call; /* whose stub comes in this PDU */
	uint32_t stub_from;	/* where in the PDU it begins */
	uint32_t stub_to;
	bool blind; /* framing is lost */
};

struct dcerpc {
	struct dcerpc_side sides[2];
	struct dcerpc_context contexts[DCERPC_CONTEXTS_MAX];
	uint32_t context_count;
	uint32_t open; /* calls without an answer */
};

struct dcerpc *dcerpc_new(void)
{
	return calloc(1, sizeof(struct dcerpc));
}

void dcerpc_free(struct dcerpc *dcerpc)
{
	if (!dcerpc)
		return;
	blob_free(&dcerpc->sides[0].pdu);
	blob_free(&dcerpc->sides[1].pdu);
	free(dcerpc);
}

/* Integers are in the byte order that the sender's data representation names. */
static uint32_t number(const uint8_t *pdu, uint32_t at, unsigned int bytes)
{
	bool little = pdu[4] & 0x10;
	uint32_t value = 0;

	for (unsigned int i = 0; i < bytes; i++)
		value = value << 8 | pdu[at + (little ? bytes - 1 - i : i)];
	return value;
}

static bool head_sound(const uint8_t *p)
{
	return p[0] == 5 && p[1] <= 1 && p[2] <= PDU_MAX && !(p[4] & ~0x10) && p[5] <= 3 && !p[6] && !p[7] &&
	       number(p, 8, 2) >= PDU_HEAD;
}

static enum app_probe dcerpc_probe(struct span d, enum direction dir, uint16_t server_port)
{
	const uint8_t *p = d.data;

	(void)dir;
	(void)server_port;
	if (p[0] != 5 || (d.len > 1 && p[1] > 1) || (d.len > 2 && p[2] > PDU_MAX))
		return APP_PROBE_NO;
	if (d.len < PDU_HEAD)
		return APP_PROBE_MORE;
	return head_sound(p) ? APP_PROBE_YES : APP_PROBE_NO;
}

void dcerpc_uuid_read(const uint8_t *p, bool little, uint8_t out[16])
{
	static const uint8_t swapped[16] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};

	for (unsigned int i = 0; i < 16; i++)
		out[i] = p[little ? swapped[i] : i];
}

static void context_add(struct flow *flow, struct dcerpc *dcerpc, const struct dcerpc_context *context)
{
	for (uint32_t i = 0; i < dcerpc->context_count; i++) {
		if (dcerpc->contexts[i].id == context->id) {
			dcerpc->contexts[i] = *context;
			return;
		}
	}
	if (dcerpc->context_count == DCERPC_CONTEXTS_MAX) {
		flow->app_skipped += sizeof(context->uuid);
		return;
	}
	dcerpc->contexts[dcerpc->context_count++] = *context;
}

/* A bind offers interfaces, each under a number of its own. Whether the server takes them shows in the calls.
 */
static void bind_read(struct flow *flow, struct dcerpc *dcerpc, struct span pdu)
{
	uint32_t at = PDU_HEAD + 12, count;

	if (pdu.len < at)
		return;
	count = pdu.data[at - 4];
	for (; count && pdu.len - at >= 24; count--) {
		struct dcerpc_context context = {.id = (uint16_t)number(pdu.data, at, 2),
						 .version = (uint16_t)number(pdu.data, at + 20, 2)};
		uint32_t transfers = pdu.data[at + 2];

		dcerpc_uuid_read(pdu.data + at + 4, pdu.data[4] & 0x10, context.uuid);
		context_add(flow, dcerpc, &context);
		at += 24;
		if ((pdu.len - at) / 20 < transfers)
			return;
		at += transfers * 20;
	}
}

static void tx_end(struct dcerpc *dcerpc, struct dcerpc_tx *tx)
{
	if (tx->tx.done[TO_CLIENT])
		return;
	tx->tx.done[TO_SERVER] = tx->tx.done[TO_CLIENT] = true;
	tx->tx.dirty[TO_SERVER] = tx->tx.dirty[TO_CLIENT] = true;
	dcerpc->open--;
	for (unsigned int dir = 0; dir < 2; dir++)
		if (dcerpc->sides[dir].call == tx)
			dcerpc->sides[dir].call = NULL;
}

/* The session's unanswered call of that number, or any. */
static struct dcerpc_tx *call_find(const struct flow *flow, const struct dcerpc *dcerpc, bool any,
				   uint32_t call)
{
	for (struct tx *tx = flow->txs; tx; tx = tx->next) {
		struct dcerpc_tx *found = (struct dcerpc_tx *)tx;

		if (tx->proto == APP_DCERPC && !tx->done[TO_CLIENT] && found->owner == dcerpc &&
		    (any || found->call == call))
			return found;
	}
	return NULL;
}

void dcerpc_interface_put(struct dcerpc_tx *tx, const uint8_t u[16], uint16_t version)
{
	tx->has_interface = true;
	tx->version[0] = (uint8_t)(version >> 8);
	tx->version[1] = (uint8_t)version;
	snprintf(tx->interface, sizeof(tx->interface),
		 "%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", u[0], u[1], u[2],
		 u[3], u[4], u[5], u[6], u[7], u[8], u[9], u[10], u[11], u[12], u[13], u[14], u[15]);
}

static void interface_find(const struct dcerpc *dcerpc, uint16_t id, struct dcerpc_tx *tx)
{
	for (uint32_t i = 0; i < dcerpc->context_count; i++) {
		if (dcerpc->contexts[i].id != id)
			continue;
		dcerpc_interface_put(tx, dcerpc->contexts[i].uuid, dcerpc->contexts[i].version);
		return;
	}
}

/* The head of a request or an answer is there: which call is it, and where are its stub bytes? */
static void call_begin(struct flow *flow, struct dcerpc *dcerpc, enum direction dir)
{
	struct dcerpc_side *side = &dcerpc->sides[dir];
	const uint8_t *p = side->pdu.data;
	uint32_t call = number(p, 12, 4), from = PDU_HEAD + 8, auth = number(p, 10, 2);
	struct dcerpc_tx *tx = call_find(flow, dcerpc, false, call);

	if (p[2] == PDU_REQUEST && (!tx || p[3] & FLAG_FIRST)) {
		if (dcerpc->open == DCERPC_CALLS_MAX)
			tx_end(dcerpc, call_find(flow, dcerpc, true, 0));
		tx = (struct dcerpc_tx *)app_tx_new(flow, sizeof(*tx), APP_DCERPC);
		if (!tx)
			return;
		dcerpc->open++;
		tx->owner = dcerpc;
		tx->call = call;
		snprintf(tx->opnum, sizeof(tx->opnum), "%u", number(p, 22, 2));
		interface_find(dcerpc, (uint16_t)number(p, 20, 2), tx);
		tx->tx.dirty[TO_SERVER] = true;
	}
	if (p[2] == PDU_REQUEST && p[3] & FLAG_OBJECT)
		from += 16;
	if (tx)
		tx->little[dir] = p[4] & 0x10;
	side->call = tx;
	side->stub_from = from;
	/* Credentials stand behind the stub, with eight bytes about them. */
	side->stub_to = side->want;
	if (auth && side->want >= from && side->want - from >= auth + 8)
		side->stub_to -= auth + 8;
}

static void pdu_end(struct flow *flow, struct dcerpc *dcerpc, enum direction dir)
{
	struct dcerpc_side *side = &dcerpc->sides[dir];
	struct span pdu = blob_span(&side->pdu);
	struct dcerpc_tx *tx = side->call;

	if (pdu.data[2] == PDU_BIND || pdu.data[2] == PDU_ALTER)
		bind_read(flow, dcerpc, pdu);
	if (tx && pdu.data[3] & FLAG_LAST) {
		if (dir == TO_SERVER)
			tx->tx.done[TO_SERVER] = tx->tx.dirty[TO_SERVER] = true;
		else
			tx_end(dcerpc, tx);
	}
	side->call = NULL;
	side->want = side->seen = 0;
	blob_clear(&side->pdu);
}

static bool pdu_head(struct dcerpc_side *side)
{
	if (!head_sound(side->pdu.data))
		return false;
	side->want = number(side->pdu.data, 8, 2);
	return true;
}

/* What of part, the next bytes of the PDU, belongs to the stub. */
static void stub_write(struct flow *flow, struct dcerpc_side *side, enum direction dir, struct span part)
{
	uint32_t from = side->seen > side->stub_from ? side->seen : side->stub_from;
	uint32_t to = side->seen + part.len < side->stub_to ? side->seen + part.len : side->stub_to;

	if (!side->call || from >= to)
		return;
	part = (struct span){part.data + (from - side->seen), to - from};
	flow->app_skipped += blob_add(&side->call->stub[dir], part.data, part.len, DCERPC_STUB_MAX);
	side->call->tx.dirty[dir] = true;
}

static bool is_call(const struct dcerpc_side *side, enum direction dir)
{
	uint8_t type = side->pdu.data[2];

	return dir == TO_SERVER ? type == PDU_REQUEST : type == PDU_RESPONSE || type == PDU_FAULT;
}

enum app_status dcerpc_feed(struct flow *flow, struct dcerpc *dcerpc, enum direction dir, struct span data,
			    bool gap, bool last)
{
	struct dcerpc_side *side = &dcerpc->sides[dir];

	side->blind |= gap;
	while (data.len && !side->blind) {
		/* Heads are read piece by piece: first the common one, then that of calls. */
		uint32_t stop = !side->want		    ? PDU_HEAD
				: side->seen < PDU_HEAD + 8 ? PDU_HEAD + 8
							    : side->want;
		struct span part = data;

		if (side->want && stop > side->want)
			stop = side->want;
		if (part.len > stop - side->seen)
			part.len = stop - side->seen;
		if (side->pdu.len == side->seen)
			blob_add(&side->pdu, part.data, part.len, DCERPC_PDU_KEPT);
		stub_write(flow, side, dir, part);
		side->seen += part.len;
		data = span_from(data, part.len);
		if (!side->want && side->seen == PDU_HEAD && (side->pdu.len < PDU_HEAD || !pdu_head(side)))
			side->blind = true;
		if (side->want && side->seen == PDU_HEAD + 8 && side->pdu.len >= PDU_HEAD + 8 &&
		    is_call(side, dir) && !side->call)
			call_begin(flow, dcerpc, dir);
		if (side->want && side->seen == side->want)
			pdu_end(flow, dcerpc, dir);
	}
	if (last && dir == TO_CLIENT)
		for (struct dcerpc_tx *tx; (tx = call_find(flow, dcerpc, true, 0));)
			tx_end(dcerpc, tx);
	return APP_OK;
}

static enum app_status feed(struct flow *flow, enum direction dir, struct span data, bool gap, bool last)
{
	if (!flow->app_state[0])
		flow->app_state[0] = dcerpc_new();
	if (!flow->app_state[0])
		return APP_ERROR;
	return dcerpc_feed(flow, flow->app_state[0], dir, data, gap, last);
}

bool dcerpc_buffer(const struct tx *tx, enum buffer_id id, enum direction dir, unsigned int index,
		   struct span *out, bool *final)
{
	const struct dcerpc_tx *dcerpc = (const struct dcerpc_tx *)tx;

	(void)index;
	*final = true;
	switch (id) {
	case BUFFER_DCERPC_INTERFACE:
		*out = span_text(dcerpc->interface);
		return dcerpc->has_interface;
	case BUFFER_DCERPC_VERSION:
		*out = (struct span){dcerpc->version, sizeof(dcerpc->version)};
		return dcerpc->has_interface;
	case BUFFER_DCERPC_OPNUM:
		*out = span_text(dcerpc->opnum);
		return true;
	case BUFFER_DCERPC_LITTLE:
		*out = (struct span){(const uint8_t *)&dcerpc->little[dir], 1};
		return true;
	case BUFFER_DCERPC_STUB:
		*out = blob_span(&dcerpc->stub[dir]);
		*final = tx->done[dir];
		return out->len > 0;
	default:
		return false;
	}
}

void dcerpc_tx_free(struct tx *tx)
{
	struct dcerpc_tx *dcerpc = (struct dcerpc_tx *)tx;

	blob_free(&dcerpc->stub[0]);
	blob_free(&dcerpc->stub[1]);
	free(dcerpc);
}

static void dcerpc_flow_free(struct flow *flow)
{
	dcerpc_free(flow->app_state[0]);
	flow->app_state[0] = NULL;
}

const struct app_decoder app_dcerpc = {
	.proto = APP_DCERPC,
	.ip_proto = IPPROTO_TCP,
	.probe = dcerpc_probe,
	.feed = feed,
	.buffer = dcerpc_buffer,
	.tx_free = dcerpc_tx_free,
	.flow_free = dcerpc_flow_free,
};
