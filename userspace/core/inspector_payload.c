// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * inspector_payload.c - in-order bytes to rules and decoders, as deep as the
 * options say; knows when a flow turned to ciphertext.
 */
#include <netinet/in.h>

#include "inspector_parts.h"

#define DATAGRAM_TRIES 8 /* datagrams looked at before a UDP flow has no known protocol */

void subject_tell(struct inspector *inspector, struct subject *subject, enum flow_outcome outcome)
{
	if (subject->told[outcome])
		return;
	subject->told[outcome] = true;
	if (inspector->ops.flow)
		inspector->ops.flow(&subject->entry.flow, outcome, inspector->ops.arg);
}

/* --- decoders */

static void inspect_txs(struct subject *subject, const struct packet *packet, enum direction dir)
{
	struct flow *flow = &subject->entry.flow;
	struct detect *detect = subject->generation->detect;

	for (struct tx *tx = flow->txs; tx; tx = tx->next)
		for (int i = 0; i < 2; i++) {
			enum direction d = i ? !dir : dir;

			if (!tx->dirty[d])
				continue;
			tx->dirty[d] = false;
			detect_tx(detect, packet, flow, tx, d);
		}
	app_reap(flow, false);
	if (!flow->txs)
		subject->fed = 0;
}

void subject_drop_decoder(struct subject *subject)
{
	struct flow *flow = &subject->entry.flow;

	app_reap(flow, true);
	if (subject->decoder && subject->decoder->flow_free)
		subject->decoder->flow_free(flow);
	flow->app_state[0] = flow->app_state[1] = NULL;
	subject->decoder = NULL;
	subject->fed = 0;
}

static void feed(struct inspector *inspector, struct subject *subject, const struct packet *packet,
		 enum direction dir, const struct stream_chunk *chunk)
{
	struct flow *flow = &subject->entry.flow;
	enum app_status status;

	subject->fed += chunk->data.len;
	status = subject->decoder->feed(flow, dir, chunk->data, chunk->gap, chunk->last);
	inspect_txs(subject, packet, dir);
	if (status == APP_ERROR) {
		subject_drop_decoder(subject);
		flow->app = APP_FAILED;
	} else if (status == APP_ENCRYPTED && !subject->opaque) {
		subject->opaque = true;
		if (!flow->lost)
			subject_tell(inspector, subject, FLOW_CIPHERTEXT);
	}
}

static bool choose_decoder(struct subject *subject, struct span to_server, struct span to_client,
			   bool give_up)
{
	struct flow *flow = &subject->entry.flow;

	flow->app = app_probe(flow, to_server, to_client);
	if (flow->app == APP_UNKNOWN && give_up)
		flow->app = APP_FAILED;
	if (flow->app == APP_UNKNOWN || flow->app == APP_FAILED)
		return false;
	subject->decoder = app_find(flow->app, flow->proto);
	if (!subject->decoder)
		flow->app = APP_FAILED;
	return subject->decoder;
}

/* Both directions from their first bytes, until the protocol is known; then the decoder gets all of them. */
static void probe_stream(struct inspector *inspector, struct subject *subject, const struct packet *packet)
{
	struct flow *flow = &subject->entry.flow;
	struct span tail[2];
	uint64_t offset[2];
	bool give_up = subject->dir_last[0] && subject->dir_last[1];

	for (int d = 0; d < 2; d++) {
		stream_tail(flow->stream, d, &tail[d], &offset[d]);
		give_up |=
			tail[d].len >= STREAM_WINDOW_KEPT || subject->spent[d] >= inspector->options.depth[d];
	}
	if (!choose_decoder(subject, tail[TO_SERVER], tail[TO_CLIENT], give_up))
		return;
	for (int i = 0; i < 2 && subject->decoder && !subject->opaque; i++) {
		enum direction d = i ? !subject->first_dir : subject->first_dir;
		struct stream_chunk chunk = {.data = tail[d], .last = subject->dir_last[d]};

		if (chunk.data.len || chunk.last)
			feed(inspector, subject, packet, d, &chunk);
	}
}

/* --- depth */

/* Counts per turn: client data behind server data is the next request, and looked at again (T5). */
static bool spend(struct inspector *inspector, struct subject *subject, enum direction dir, uint32_t len)
{
	if (dir == TO_CLIENT) {
		subject->server_spoke |= len > 0;
	} else if (subject->server_spoke && len) {
		subject->server_spoke = false;
		subject->spent[0] = subject->spent[1] = 0;
		if (subject->entry.flow.stream)
			for (int d = 0; d < 2; d++)
				stream_pause(subject->entry.flow.stream, d, false);
		subject->told[FLOW_DEPTH] = false;
	}
	if (subject->spent[dir] >= inspector->options.depth[dir]) {
		inspector->stats.skipped_bytes += len;
		return false;
	}
	subject->spent[dir] += len;
	inspector->stats.inspected_bytes += len;
	return true;
}

static void check_depth(struct inspector *inspector, struct subject *subject, enum direction dir)
{
	struct flow *flow = &subject->entry.flow;

	if (subject->opaque || flow->alerted || flow->lost || subject->told[FLOW_DEPTH] ||
	    subject->spent[dir] < inspector->options.depth[dir])
		return;
	subject_tell(inspector, subject, FLOW_DEPTH);
	/* The kernel stops copying now; what it copies next is not what comes next. */
	if (inspector->options.live && flow->stream)
		stream_expect_gap(flow->stream);
}

/* --- payload */

static void inspect_chunk(struct inspector *inspector, struct subject *subject, const struct packet *packet,
			  enum direction dir, const struct stream_chunk *chunk)
{
	struct flow *flow = &subject->entry.flow;
	struct span window;
	uint64_t offset;

	if (chunk->data.len && !subject->any_data) {
		subject->any_data = true;
		subject->first_dir = dir;
	}
	flow->established |= chunk->data.len > 0; /* also Fast Open: the handshake accepted it */
	subject->dir_last[dir] |= chunk->last;
	if (subject->opaque) {
		inspector->stats.ciphertext_bytes += chunk->data.len;
		return;
	}
	if (spend(inspector, subject, dir, chunk->data.len)) {
		stream_window(flow->stream, dir, chunk, &window, &offset);
		detect_stream(subject->generation->detect, packet, flow, dir, window, offset, chunk->data.len,
			      chunk->last);
	}
	/* Beyond the depth the decoder still counts along, so that it knows where the next transaction
	 * begins. */
	if (subject->decoder)
		feed(inspector, subject, packet, dir, chunk);
	else if (flow->app == APP_UNKNOWN)
		probe_stream(inspector, subject, packet);
	check_depth(inspector, subject, dir);
	/* Not before: until here rules and decoders may look back at the window. */
	if (subject->opaque)
		stream_mute(flow->stream);
	else if (subject->spent[dir] >= inspector->options.depth[dir])
		stream_pause(flow->stream, dir, true);
}

void subject_drain(struct inspector *inspector, struct subject *subject, const struct packet *packets[2],
		   enum direction dir, bool flush)
{
	struct stream *stream = subject->entry.flow.stream;
	struct stream_chunk chunk;

	for (int i = 0; i < 2; i++) {
		enum direction d = i ? !dir : dir;

		while (stream_next(stream, d, inspector->now_us, flush, &chunk))
			inspect_chunk(inspector, subject, packets[d], d, &chunk);
	}
}

void subject_datagram(struct inspector *inspector, struct subject *subject, const struct packet *packet,
		      enum direction dir)
{
	struct flow *flow = &subject->entry.flow;
	struct stream_chunk chunk = {.data = packet->payload};
	struct span nothing = {NULL, 0};

	if (!packet->payload.len)
		return;
	spend(inspector, subject, dir, packet->payload.len);
	if (flow->app == APP_UNKNOWN) {
		bool to_client = dir == TO_CLIENT;

		subject->datagrams++;
		choose_decoder(subject, to_client ? nothing : packet->payload,
			       to_client ? packet->payload : nothing, subject->datagrams >= DATAGRAM_TRIES);
	}
	if (subject->decoder)
		feed(inspector, subject, packet, dir, &chunk);
	check_depth(inspector, subject, dir);
}
