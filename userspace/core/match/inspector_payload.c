// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * inspector_payload.c - in-order bytes to rules and decoders, as deep as the
 * options say; knows when a flow turned to ciphertext.
 */
#include <netinet/in.h>
#include <string.h>

#include "inspector_parts.h"

#define DETECT_ALONE_MAX                                                                                     \
	100000u /* bytes of one direction, the other silent, after which detection is called skipped */
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

static void tell_tx_events(struct inspector *inspector, const struct flow *flow, struct tx *tx,
			   const struct packet *packet, enum direction dir)
{
	struct inspector_event report = {.packet = packet, .flow = flow, .tx = tx, .dir = dir};

	for (; tx->events_told < tx->events.count; tx->events_told++) {
		report.event = (enum app_event)tx->events.events[tx->events_told];
		inspector->stats.events++;
		if (inspector->ops.event)
			inspector->ops.event(&report, inspector->ops.arg);
	}
	inspector->stats.events_dropped += tx->events.more;
	tx->events.more = 0;
}

/* Before they are reaped: those that are done, or all. */
static void tell_txs(struct inspector *inspector, const struct flow *flow, bool all)
{
	for (const struct tx *tx = inspector->ops.tx ? flow->txs : NULL; tx; tx = tx->next)
		if (all || app_tx_over(tx))
			inspector->ops.tx(flow, tx, inspector->ops.arg);
}

static void inspect_txs(struct inspector *inspector, struct subject *subject, const struct packet *packet,
			enum direction dir)
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
			tell_tx_events(inspector, flow, tx, packet, d);
		}
	detect_packet_judge(detect);
	tell_txs(inspector, flow, false);
	app_reap(flow, false);
}

void subject_drop_decoder(struct inspector *inspector, struct subject *subject)
{
	struct flow *flow = &subject->entry.flow;

	detect_packet_judge(subject->generation->detect);
	if (!inspector->dying)
		tell_txs(inspector, flow, true);
	app_reap(flow, true);
	if (subject->decoder && subject->decoder->flow_free)
		subject->decoder->flow_free(flow);
	flow->app_state[0] = flow->app_state[1] = NULL;
	subject->decoder = NULL;
}

static void feed(struct inspector *inspector, struct subject *subject, const struct packet *packet,
		 enum direction dir, const struct stream_chunk *chunk)
{
	struct flow *flow = &subject->entry.flow;
	enum app_status status;

	status = subject->decoder->feed(flow, dir, chunk->data, chunk->gap, chunk->last);
	while (flow->expects)
		expect_add(inspector->expect, expectation_first(&flow->expects), inspector->now_us);
	while (flow->listens) {
		struct expectation *expectation = expectation_first(&flow->listens);

		if (inspector->ops.announced)
			inspector->ops.announced(flow, expectation, inspector->ops.arg);
		expectation_free(expectation);
	}
	inspect_txs(inspector, subject, packet, dir);
	if (status == APP_ERROR) {
		subject_drop_decoder(inspector, subject);
		flow->app = APP_FAILED;
	} else if (status == APP_ENCRYPTED && !flow->opaque) {
		flow->opaque = true;
		if (!flow->lost)
			subject_tell(inspector, subject, FLOW_CIPHERTEXT);
	}
}

/* What the first bytes of one direction are, decided once. */
static void probe_direction(struct subject *subject, enum direction dir, struct span data, bool give_up)
{
	struct flow *flow = &subject->entry.flow;
	enum app_proto other = subject->entry.flow.side_app[!dir], found;

	if (subject->entry.flow.side_app[dir] != APP_UNKNOWN)
		return;
	found = app_probe(flow, data, dir);
	if (found == APP_UNKNOWN && give_up)
		found = APP_FAILED;
	subject->entry.flow.side_app[dir] = (uint8_t)found;
	if (found == APP_UNKNOWN || other == APP_UNKNOWN || other == APP_FAILED || found == other ||
	    !data.len)
		return;
	event_list_add(&flow->events, found == APP_FAILED ? EVENT_APPLAYER_DETECT_PROTOCOL_ONLY_ONE_DIRECTION
							  : EVENT_APPLAYER_MISMATCH_PROTOCOL_BOTH_DIRECTIONS);
}

/* Takes the protocol that either direction shows; the one that spoke first has precedence. */
static bool choose_decoder(struct subject *subject)
{
	struct flow *flow = &subject->entry.flow;

	for (int i = 0; i < 2 && !subject->decoder; i++) {
		enum app_proto proto =
			subject->entry.flow.side_app[i ? !subject->first_dir : subject->first_dir];

		if (proto == APP_UNKNOWN || proto == APP_FAILED)
			continue;
		flow->app = proto;
		subject->decoder = app_find(proto, flow->proto);
	}
	if (subject->decoder) {
		if (subject->any_data && flow->proto == IPPROTO_TCP &&
		    app_silent_first(flow->app) == (int)subject->first_dir)
			event_list_add(&flow->events, EVENT_APPLAYER_WRONG_DIRECTION_FIRST_DATA);
		return true;
	}
	if (subject->entry.flow.side_app[TO_SERVER] == APP_FAILED &&
	    subject->entry.flow.side_app[TO_CLIENT] == APP_FAILED)
		flow->app = APP_FAILED;
	return false;
}

/* One side says much that nothing here knows and the other is silent: nobody will find out what it is. */
static void check_skipped(struct subject *subject, enum direction dir)
{
	if (subject->skipped || subject->decoder || subject->seen[!dir] ||
	    subject->seen[dir] <= DETECT_ALONE_MAX)
		return;
	subject->skipped = true;
	event_list_add(&subject->entry.flow.events, EVENT_APPLAYER_PROTO_DETECTION_SKIPPED);
}

/*
 * Each direction from its first bytes, until one shows the protocol; then the decoder gets all of them. The
 * other one is looked at all the same: what it says may not fit.
 */
static void probe_stream(struct inspector *inspector, struct subject *subject, const struct packet *packet,
			 enum direction dir)
{
	struct flow *flow = &subject->entry.flow;
	struct span tail;
	uint64_t offset;

	stream_tail(flow->stream, dir, &tail, &offset);
	probe_direction(subject, dir, tail,
			subject->dir_last[dir] || tail.len >= STREAM_WINDOW_KEPT || offset ||
				subject->spent[dir] >= inspector->options.depth[dir]);
	if (subject->decoder || !choose_decoder(subject))
		return;
	for (int i = 0; i < 2 && subject->decoder && !flow->opaque; i++) {
		enum direction d = i ? !subject->first_dir : subject->first_dir;
		struct stream_chunk chunk = {.last = subject->dir_last[d]};

		stream_tail(flow->stream, d, &chunk.data, &offset);
		chunk.gap = offset > 0;
		if (chunk.data.len || chunk.last)
			feed(inspector, subject, packet, d, &chunk);
	}
}

/*
 * A flow that another one announced: its protocol is known before its first byte. Not before its first
 * packet: clients connect before they say what for.
 */
static void begin_expected(struct inspector *inspector, struct subject *subject, const struct packet *packet)
{
	struct flow *flow = &subject->entry.flow;
	struct expectation *expectation = expect_take(inspector->expect, packet);
	const struct app_decoder *decoder = expectation ? app_find(expectation->app, flow->proto) : NULL;

	if (!decoder || decoder->expected(flow, expectation)) {
		expectation_free(expectation);
		return;
	}
	flow->app = decoder->proto;
	subject->decoder = decoder;
	subject->entry.flow.side_app[TO_SERVER] = subject->entry.flow.side_app[TO_CLIENT] =
		(uint8_t)flow->app;
}

/* --- depth */

/* What comes now is looked at from its beginning. */
static void turn_begin(struct subject *subject)
{
	subject->spent[0] = subject->spent[1] = 0;
	if (subject->entry.flow.stream)
		for (int d = 0; d < 2; d++)
			stream_pause(subject->entry.flow.stream, d, false);
	subject->told[FLOW_DEPTH] = false;
}

/*
 * Counts per turn: client data behind server data is the next request, and looked at again; so is what a
 * decoder knows to be the next one without the server having spoken (T5).
 */
static bool spend(struct inspector *inspector, struct subject *subject, enum direction dir, uint32_t len)
{
	if (dir == TO_CLIENT) {
		subject->server_spoke |= len > 0;
	} else if (subject->server_spoke && len) {
		subject->server_spoke = false;
		turn_begin(subject);
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

	if (flow->opaque || flow->alerted || flow->lost || subject->told[FLOW_DEPTH] ||
	    subject->spent[dir] < inspector->options.depth[dir])
		return;
	/* Behind a long request another one may follow unasked, which nothing would re-arm. */
	if (dir == TO_SERVER && subject->decoder)
		return;
	subject_tell(inspector, subject, FLOW_DEPTH);
	if (flow->stream)
		event_list_add(&flow->events, EVENT_STREAM_REASSEMBLY_DEPTH_REACHED);
	/* The kernel stops copying now; what it copies next is not what comes next. */
	if (inspector->options.live && flow->stream)
		stream_expect_gap(flow->stream);
}

/* --- payload */

/* Rules on the stream see the chunk, unless the depth is reached. */
static bool look_at(struct inspector *inspector, struct subject *subject, const struct packet *packet,
		    enum direction dir, const struct stream_chunk *chunk)
{
	struct flow *flow = &subject->entry.flow;
	struct span window;
	uint64_t offset;

	if (!spend(inspector, subject, dir, chunk->data.len))
		return false;
	stream_window(flow->stream, dir, chunk, &window, &offset);
	detect_stream(subject->generation->detect, packet, flow, dir, window, offset, chunk->data.len,
		      chunk->last);
	return true;
}

static void inspect_chunk(struct inspector *inspector, struct subject *subject, const struct packet *packet,
			  enum direction dir, const struct stream_chunk *chunk)
{
	struct flow *flow = &subject->entry.flow;
	uint64_t txs;
	bool probing, looked;

	subject->seen[dir] += chunk->data.len;
	if (chunk->data.len && !subject->any_data) {
		begin_expected(inspector, subject, packet);
		subject->any_data = true;
		subject->first_dir = dir;
	}
	flow->established |= chunk->data.len > 0; /* also Fast Open: the handshake accepted it */
	subject->dir_last[dir] |= chunk->last;
	if (flow->opaque) {
		inspector->stats.ciphertext_bytes += chunk->data.len;
		return;
	}
	looked = look_at(inspector, subject, packet, dir, chunk);
	/* Beyond the depth the decoder still counts along, so that it knows where the next transaction
	 * begins. */
	probing = !subject->decoder && flow->app == APP_UNKNOWN;
	txs = flow->tx_count;
	if (subject->decoder)
		feed(inspector, subject, packet, dir, chunk);
	if (dir == TO_SERVER && flow->tx_count != txs && txs) {
		turn_begin(subject);
		if (!looked)
			look_at(inspector, subject, packet, dir, chunk);
	}
	if ((probing || subject->decoder) && subject->entry.flow.side_app[dir] == APP_UNKNOWN)
		probe_stream(inspector, subject, packet, dir);
	check_skipped(subject, dir);
	check_depth(inspector, subject, dir);
	/* Not before: until here rules and decoders may look back at the window. */
	if (flow->opaque)
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
		subject->entry.flow.gaps[d] = stream_gapped(stream, d);
	}
}

void subject_probe_datagram(struct subject *subject, const struct packet *packet, enum direction dir)
{
	struct flow *flow = &subject->entry.flow;
	enum app_proto found;
	bool give_up;

	if (!packet->payload.len || flow->app != APP_UNKNOWN)
		return;
	give_up = ++subject->datagrams >= DATAGRAM_TRIES;
	found = app_probe(flow, packet->payload, dir);
	/* A datagram that nothing knows says little of the next one. */
	if (found != APP_FAILED || give_up)
		subject->entry.flow.side_app[dir] = (uint8_t)found;
	if (give_up && subject->entry.flow.side_app[!dir] == APP_UNKNOWN)
		subject->entry.flow.side_app[!dir] = APP_FAILED;
	choose_decoder(subject);
}

void subject_datagram(struct inspector *inspector, struct subject *subject, const struct packet *packet,
		      enum direction dir)
{
	struct stream_chunk chunk = {.data = packet->payload};

	if (!packet->payload.len)
		return;
	spend(inspector, subject, dir, packet->payload.len);
	if (subject->decoder)
		feed(inspector, subject, packet, dir, &chunk);
	check_depth(inspector, subject, dir);
}
