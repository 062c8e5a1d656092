/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * session.h - plays a conversation to an application decoder and prints what
 * the rules would get to see. The same conversation cut in any way must print the same.
 */
#ifndef SELFTESTS_SESSION_H
#define SELFTESTS_SESSION_H

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "core/app/app.h"
#include "core/flow/blob.h"
#include "ktap.h"

#define SESSION_TXS	 512
#define SESSION_TEXT_MAX (64u << 20)

struct turn {
	enum direction dir;
	const char *data;
	uint32_t len;
	bool gap;
};
#define FROM_CLIENT(text)                                                                                    \
	{                                                                                                    \
		.dir = TO_SERVER, .data = (text), .len = sizeof(text) - 1                                    \
	}
#define FROM_SERVER(text)                                                                                    \
	{                                                                                                    \
		.dir = TO_CLIENT, .data = (text), .len = sizeof(text) - 1                                    \
	}
#define LOSS_THEN(dir_, text)                                                                                \
	{                                                                                                    \
		.dir = (dir_), .data = (text), .len = sizeof(text) - 1, .gap = true                          \
	}

struct session {
	struct flow flow;
	const struct app_decoder *decoder;
	struct blob prints[SESSION_TXS]; /* by tx id */
	uint64_t txs;
	enum app_status status; /* the worst, APP_ENCRYPTED wins */
};

static inline void session_print_bytes(struct blob *out, struct span bytes)
{
	char text[8];

	for (uint32_t i = 0; i < bytes.len; i++) {
		uint8_t c = bytes.data[i];

		if (c == '\\' || c < 0x20 || c > 0x7e)
			snprintf(text, sizeof(text), c == '\r' ? "\\r" : c == '\n' ? "\\n" : "\\x%02x", c);
		else
			snprintf(text, sizeof(text), "%c", c);
		blob_text(out, text, SESSION_TEXT_MAX);
	}
}

static inline void session_print_events(struct blob *out, const struct tx *tx)
{
	char line[96];

	for (unsigned int i = 0; i < tx->events.count; i++) {
		enum app_event event = (enum app_event)tx->events.events[i];

		snprintf(line, sizeof(line), "%u event %s%s\n", (unsigned int)tx->id,
			 app_event_groups[app_event_group_of(event)].prefix, app_event_infos[event].name);
		blob_text(out, line, SESSION_TEXT_MAX);
	}
}

static inline void session_print_tx(struct session *session, struct tx *tx)
{
	struct blob *out;

	if (tx->id >= SESSION_TXS)
		return;
	out = &session->prints[tx->id];
	blob_clear(out);
	for (int id = 0; id < BUFFER_MAX; id++) {
		if (id == BUFFER_APP_EVENT) /* printed with their protocol */
			continue;
		for (enum direction dir = TO_SERVER; dir <= TO_CLIENT; dir++)
			for (unsigned int i = 0; i < 16; i++) {
				char head[96];
				struct span bytes;
				bool final;

				if (!tx_buffer(tx, (enum buffer_id)id, dir, i, &bytes, &final))
					break;
				snprintf(head, sizeof(head), "%u %s %c%u%s=", (unsigned int)tx->id,
					 buffer_infos[id].name, dir == TO_SERVER ? 'S' : 'C', i,
					 final ? "" : "+");
				blob_text(out, head, SESSION_TEXT_MAX);
				session_print_bytes(out, bytes);
				blob_text(out, "\n", SESSION_TEXT_MAX);
			}
	}
	session_print_events(out, tx);
}

static inline void session_feed(struct session *session, enum direction dir, const void *data, uint32_t len,
				bool gap, bool last)
{
	enum app_status status;
	uint8_t *copy = malloc(len ? len : 1); /* exact, so that a sanitizer sees reads beyond it */

	memcpy(copy, data, len);
	status = session->decoder->feed(&session->flow, dir, (struct span){copy, len}, gap, last);
	free(copy);
	if (session->status != APP_ENCRYPTED && status != APP_OK)
		session->status = status;
	for (struct tx *tx = session->flow.txs; tx; tx = tx->next) {
		session_print_tx(session, tx);
		tx->dirty[0] = tx->dirty[1] = false;
		if (session->txs <= tx->id)
			session->txs = tx->id + 1;
	}
	app_reap(&session->flow, false);
}

static inline void session_init(struct session *session, enum app_proto proto, uint8_t ip_proto)
{
	memset(session, 0, sizeof(*session));
	session->flow.proto = ip_proto;
	session->flow.app = proto;
	session->decoder = app_find(proto, ip_proto);
}

/* Everything printed, in order of transactions; malloc'ed. Frees the session. */
static inline char *session_end(struct session *session)
{
	struct blob all = {};

	for (unsigned int i = 0; i < SESSION_TXS; i++) {
		blob_add(&all, session->prints[i].data, session->prints[i].len, SESSION_TEXT_MAX);
		blob_free(&session->prints[i]);
	}
	blob_add(&all, "", 1, SESSION_TEXT_MAX);
	app_reap(&session->flow, true);
	session->decoder->flow_free(&session->flow);
	return (char *)all.data;
}

/* Plays turns; turn `cut_turn` in two pieces at cut_at, or every turn in pieces of `piece` bytes (0: whole).
 */
static inline char *session_play(enum app_proto proto, const struct turn *turns, unsigned int count,
				 unsigned int cut_turn, uint32_t cut_at, uint32_t piece,
				 enum app_status *status)
{
	struct session *session = malloc(sizeof(*session));
	char *text;

	session_init(session, proto, IPPROTO_TCP);
	for (unsigned int i = 0; i < count; i++) {
		uint32_t at = 0;

		while (at < turns[i].len || (turns[i].gap && !at)) {
			uint32_t n = turns[i].len - at;

			if (piece && n > piece)
				n = piece;
			if (!piece && i == cut_turn && at < cut_at && n > cut_at - at)
				n = cut_at - at;
			session_feed(session, turns[i].dir, turns[i].data + at, n, turns[i].gap && !at,
				     false);
			at += n;
			if (!n)
				break;
		}
	}
	session_feed(session, TO_SERVER, "", 0, false, true);
	session_feed(session, TO_CLIENT, "", 0, false, true);
	if (status)
		*status = session->status;
	text = session_end(session);
	free(session);
	return text;
}

/* Plays turns whole, byte by byte, in odd pieces and cut at every byte; checks that all print the same;
 * returns the print. */
static inline char *session_check(enum app_proto proto, const struct turn *turns, unsigned int count,
				  enum app_status *status)
{
	enum app_status whole_status, other_status;
	char *whole = session_play(proto, turns, count, count, 0, 0, &whole_status), *other;
	static const uint32_t pieces[] = {1, 2, 3, 7};

	for (unsigned int i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		other = session_play(proto, turns, count, count, 0, pieces[i], &other_status);
		CHECK(!strcmp(whole, other), "pieces of %u:\n%s\n--- instead of\n%s", pieces[i], other,
		      whole);
		CHECK_EQ(other_status, whole_status);
		free(other);
	}
	for (unsigned int i = 0; i < count; i++)
		for (uint32_t at = 1; at < turns[i].len; at++) {
			other = session_play(proto, turns, count, i, at, 0, &other_status);
			if (!CHECK(!strcmp(whole, other), "turn %u cut at %u:\n%s\n--- instead of\n%s", i, at,
				   other, whole))
				at = turns[i].len;
			free(other);
		}
	if (status)
		*status = whole_status;
	return whole;
}

/* Is line one of the lines of text? */
static inline bool session_has(const char *text, const char *line)
{
	size_t n = strlen(line);

	for (const char *at = text; (at = strstr(at, line)); at++)
		if ((at == text || at[-1] == '\n') && at[n] == '\n')
			return true;
	return false;
}
#define CHECK_LINE(text, line) CHECK(session_has(text, line), "no line \"%s\" in\n%s", line, text)
#define CHECK_NO(text, part)   CHECK(!strstr(text, part), "\"%s\" in\n%s", part, text)

#endif
