/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * app.h - application decoders: bytes of one flow in, transactions out.
 * One table row per protocol. A decoder is pure over (pointer, length),
 * resumable at any byte, bounded in memory, and told of gaps.
 */
#ifndef CORE_APP_H
#define CORE_APP_H

#include "core/flow/flow.h"

#define APP_BODY_MAX                                                                                         \
	(1u << 20) /* bytes kept of one body for inspection, unless app_body_limit() allows more; the rest   \
		      is counted in app_skipped */
#define APP_LINE_MAX 16384u /* a header or command line; longer: the decoder keeps the head and goes on */
#define APP_TX_MAX   64u    /* unfinished transactions per flow; more end the oldest */

enum app_probe { APP_PROBE_NO, APP_PROBE_MORE, APP_PROBE_YES };
enum app_status {
	APP_OK,
	APP_ENCRYPTED, /* both halves of a handshake were seen; what follows is ciphertext (T5) */
	APP_ERROR, /* not this protocol after all; flow->app becomes APP_FAILED, raw stream inspection goes on
		    */
};

struct app_decoder {
	enum app_proto proto;
	uint8_t ip_proto; /* IPPROTO_TCP or _UDP */
	/* Does data, the first bytes in dir, begin this protocol? Port-agnostic; port is a tie-breaker only.
	 * NULL: only by expectation. */
	enum app_probe (*probe)(struct span data, enum direction dir, uint16_t server_port);
	/*
	 * Next in-order bytes of dir (UDP: one datagram). gap: bytes are missing before them. last: no more
	 * will come in dir. Appends to flow->txs, marks what changed in tx->dirty[dir]. State hangs on
	 * flow->app_state[0].
	 */
	/* The flow was announced; the expectation is the decoder's now. -ENOMEM. */
	int (*expected)(struct flow *flow, struct expectation *expectation);
	enum app_status (*feed)(struct flow *flow, enum direction dir, struct span data, bool gap, bool last);
	bool (*buffer)(const struct tx *tx, enum buffer_id id, enum direction dir, unsigned int index,
		       struct span *out, bool *final);
	/* The files of buffers file.*; NULL: there are none. out comes zeroed. */
	bool (*file)(const struct tx *tx, enum direction dir, unsigned int index, struct tx_file *out);
	void (*tx_free)(struct tx *tx);	      /* frees tx itself, not tx->detect */
	void (*flow_free)(struct flow *flow); /* flow->app_state */
};

/* Bytes kept of one body, for this thread: what its owner's inspection depth asks for, at least APP_BODY_MAX.
 */
void app_body_limit(uint32_t bytes);
uint32_t app_body_max(void);

/* Row of proto over ip_proto, NULL when there is none. */
const struct app_decoder *app_find(enum app_proto proto, uint8_t ip_proto);

/*
 * Detects the protocol from the first bytes of one direction. Returns APP_UNKNOWN while undecided, APP_FAILED
 * when nothing fits within the first 1024 bytes.
 */
enum app_proto app_probe(const struct flow *flow, struct span data, enum direction dir);
/* The direction in which this protocol never sends first: TO_CLIENT for those whose client speaks first, else
 * -1. */
int app_silent_first(enum app_proto proto);

/* Is it done both ways, and was all of it looked at? */
bool app_tx_over(const struct tx *tx);

/* Takes finished transactions (done both ways and not dirty) off the flow and frees them, detect state
 * included. all: every one. */
void app_reap(struct flow *flow, bool all);

/* Adds the protocol's EVE object ("http": {…}) of tx to the alert; see eve.c. */
struct json_t;
void app_eve(const struct tx *tx, struct json_t *alert);

#endif
