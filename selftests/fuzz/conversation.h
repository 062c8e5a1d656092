/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conversation.h - fuzz input as a conversation with one decoder: pieces of
 * (control byte, length byte, bytes). Every buffer is read after each piece.
 */
#ifndef SELFTESTS_FUZZ_CONVERSATION_H
#define SELFTESTS_FUZZ_CONVERSATION_H

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "core/app/app.h"
#include "core/eve/eve.h"

#define PIECE_CLIENT 0x01
#define PIECE_GAP    0x10
#define PIECE_LAST   0x20
#define PIECE_LONG   0x40 /* everything that is left */

static inline void conversation_look(struct flow *flow)
{
	volatile uint8_t sink = 0;

	for (struct tx *tx = flow->txs; tx; tx = tx->next) {
		for (int id = 0; id < BUFFER_MAX; id++)
			for (int dir = TO_SERVER; dir <= TO_CLIENT; dir++)
				for (unsigned int i = 0; i < 40; i++) {
					struct span bytes;
					bool final;

					if (!tx_buffer(tx, (enum buffer_id)id, (enum direction)dir, i, &bytes,
						       &final))
						break;
					if (bytes.len)
						sink += bytes.data[0] + bytes.data[bytes.len - 1];
				}
		tx->dirty[0] = tx->dirty[1] = false;
	}
	(void)sink;
}

static inline void conversation_eve(struct flow *flow)
{
	static const struct rule_info rule = {.sid = 1, .msg = "m", .category = ""};
	static const struct eve_origin nowhere;
	struct packet packet = {.proto = IPPROTO_TCP};

	for (struct tx *tx = flow->txs; tx; tx = tx->next) {
		struct detect_alert alert = {.rule = &rule, .packet = &packet, .flow = flow, .tx = tx};
		char *line = NULL;
		size_t len;

		if (eve_alert(&alert, 0, &nowhere, NULL, &line, &len) == 0)
			free(line);
	}
}

static inline void conversation_run(enum app_proto proto, uint8_t ip_proto, const uint8_t *data, size_t size)
{
	const struct app_decoder *decoder = app_find(proto, ip_proto);
	struct flow flow = {.proto = ip_proto, .app = proto};
	bool eve = size && (data[0] & 0x80);

	while (size >= 2) {
		uint8_t control = data[0];
		size_t n = control & PIECE_LONG ? size - 2 : data[1];
		enum direction dir = control & PIECE_CLIENT ? TO_CLIENT : TO_SERVER;
		uint8_t *copy;
		enum app_status status;

		data += 2;
		size -= 2;
		if (n > size)
			n = size;
		copy = malloc(n ? n : 1);
		memcpy(copy, data, n);
		if (n)
			decoder->probe((struct span){copy, (uint32_t)n}, dir, (uint16_t)(control << 8));
		status = decoder->feed(&flow, dir, (struct span){copy, (uint32_t)n}, control & PIECE_GAP,
				       control & PIECE_LAST);
		free(copy);
		data += n;
		size -= n;
		conversation_look(&flow);
		if (eve)
			conversation_eve(&flow);
		app_reap(&flow, false);
		if (status == APP_ERROR)
			break;
	}
	app_reap(&flow, true);
	decoder->flow_free(&flow);
}

#endif
