// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * app_tls.c - the TLS record layer, the hellos and the certificates. Says
 * "ciphertext" only when both sides did their half of the handshake.
 */
#include "app_tls.h"

#include <netinet/in.h>
#include <string.h>

#include "digest.h"

#define TLS_RECORD_MAX (16384u + 2048u)

enum { TLS_CCS = 20, TLS_ALERT, TLS_HANDSHAKE, TLS_DATA, TLS_HEARTBEAT };
enum { TLS_HELLO_REQUEST = 0, TLS_CLIENT_HELLO = 1, TLS_SERVER_HELLO = 2, TLS_CERTIFICATE = 11 };
enum { TLS_SERVER_KEY = 12, TLS_CLIENT_KEY = 16 };
enum { TLS_EXT_SNI = 0, TLS_EXT_ALPN = 16, TLS_EXT_VERSIONS = 43 };

struct tls_side {
	uint8_t head[5];
	uint8_t head_len;
	uint8_t type;  /* of the current record */
	uint32_t left; /* of the current record's body */
	uint32_t record_len;
	uint8_t begin[3]; /* of a short record's body */
	uint8_t begin_len;
	uint8_t start[4]; /* head of the current handshake message */
	uint8_t start_len;
	uint32_t message_left;
	struct blob message; /* its body, when it is one that we read */
	bool keep;	     /* it is */
	bool hello;	     /* ClientHello, ServerHello was read */
	bool ccs, data;	     /* ChangeCipherSpec and application data in their right order */
	bool blind;	     /* framing is lost */
	bool begun;
};

struct tls {
	struct tls_side sides[2];
	struct tls_tx *tx;
	bool closed; /* the transaction is done both ways */
	bool v2;     /* SSLv2: never called ciphertext */
	bool encrypted;
	uint16_t version;
};

static uint32_t be16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t be24(const uint8_t *p)
{
	return (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2];
}

static bool v2_hello(struct span d, enum direction dir)
{
	if (d.len < 7 || !(d.data[0] & 0x80))
		return false;
	if (dir == TO_SERVER)
		return d.data[2] == 1 && (be16(d.data + 3) == 2 || d.data[3] == 3) && d.data[4] <= 4;
	return d.data[2] == 4 && d.data[3] <= 1 && d.data[4] <= 1 && be16(d.data + 5) == 2;
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
		return v2_hello(d, dir) ? APP_PROBE_YES : APP_PROBE_NO;
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

const char *tls_version_name(uint16_t version)
{
	switch (version) {
	case 0x0002:
		return "SSLv2";
	case 0x0300:
		return "SSLv3";
	case 0x0301:
		return "TLSv1";
	case 0x0302:
		return "TLS 1.1";
	case 0x0303:
		return "TLS 1.2";
	case 0x0304:
		return "TLS 1.3";
	default:
		return "UNDETERMINED";
	}
}

static struct tls_tx *tls_tx_get(struct flow *flow, struct tls *tls)
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

static void note(const struct tls *tls, enum app_event event)
{
	if (tls->tx)
		tx_event_set(&tls->tx->tx, event);
}

static void sni_read(struct flow *flow, struct tls_tx *tx, struct span list)
{
	struct span names, name;

	if (tx->has_sni)
		tx_event_set(&tx->tx, EVENT_TLS_MULTIPLE_SNI_EXTENSIONS);
	if (!list.len) /* servers acknowledge a name like this, and some clients send it */
		return;
	if (!span_take_vector(&list, 2, &names) || names.len < 1) {
		tx_event_set(&tx->tx, EVENT_TLS_INVALID_SNI_LENGTH);
		return;
	}
	if (names.data[0] != 0) {
		tx_event_set(&tx->tx, EVENT_TLS_INVALID_SNI_TYPE);
		return;
	}
	names = span_from(names, 1);
	if (!span_take_vector(&names, 2, &name)) {
		tx_event_set(&tx->tx, EVENT_TLS_INVALID_SNI_LENGTH);
		return;
	}
	blob_clear(&tx->sni);
	flow->app_skipped += blob_add(&tx->sni, name.data, name.len, APP_LINE_MAX);
	tx->has_sni = true;
}

static uint16_t versions_read(struct span body, enum direction dir)
{
	uint16_t best = 0;
	struct span list;

	if (dir == TO_CLIENT)
		return body.len == 2 ? (uint16_t)be16(body.data) : 0;
	if (!span_take_vector(&body, 1, &list))
		return 0;
	for (; list.len >= 2; list = span_from(list, 2)) {
		uint16_t v = (uint16_t)be16(list.data);

		if (v <= 0x0304 && v > best) /* others are GREASE and drafts */
			best = v;
	}
	return best;
}

/* ClientHello and ServerHello differ in one list and one octet. */
static bool hello_read(struct flow *flow, struct tls *tls, enum direction dir, struct span m)
{
	struct tls_tx *tx = tls_tx_get(flow, tls);
	struct span part, extensions = {}, body;
	struct span whole = m;
	uint16_t version;

	if (m.len < 34 || m.data[0] != 3)
		return false;
	version = (uint16_t)be16(m.data);
	m = span_from(m, 34);
	if (!span_take_vector(&m, 1, &part) || part.len > 32)
		return false;
	if (dir == TO_SERVER) {
		if (!span_take_vector(&m, 2, &part) || !part.len || part.len % 2 ||
		    !span_take_vector(&m, 1, &part))
			return false;
	} else {
		if (m.len < 3)
			return false;
		m = span_from(m, 3);
	}
	if (m.len && !span_take_vector(&m, 2, &extensions)) {
		note(tls, EVENT_TLS_HANDSHAKE_INVALID_LENGTH);
		extensions.len = 0;
	}
	while (extensions.len >= 4) {
		uint32_t type = be16(extensions.data);

		extensions = span_from(extensions, 2);
		if (!span_take_vector(&extensions, 2, &body)) {
			note(tls, EVENT_TLS_HANDSHAKE_INVALID_LENGTH);
			break;
		}
		if (type == TLS_EXT_SNI && dir == TO_SERVER && tx)
			sni_read(flow, tx, body);
		if (type == TLS_EXT_ALPN && tx && span_take_vector(&body, 2, &part)) {
			blob_clear(&tx->alpn[dir]);
			flow->app_skipped += blob_add(&tx->alpn[dir], part.data, part.len, APP_LINE_MAX);
		}
		if (type == TLS_EXT_VERSIONS && versions_read(body, dir))
			version = versions_read(body, dir);
	}
	tls->version = version;
	if (tx) {
		tx->version = tx->versions[dir] = version;
		memcpy(tx->random[dir], whole.data + 2, sizeof(tx->random[dir]));
		tx->has_random[dir] = true;
		ja3_read(whole, dir == TO_CLIENT, &tx->ja3[dir]);
		if (dir == TO_SERVER)
			ja4_read(whole, 't', tx->ja4);
		tx->tx.dirty[dir] = true;
	}
	return true;
}

static void certificates_read(struct flow *flow, struct tls *tls, struct span m)
{
	struct tls_tx *tx = tls_tx_get(flow, tls);
	uint8_t sha1[SHA1_DIGEST_SIZE];
	struct span der;
	int error;

	if (!tx || tx->certs || m.len < 3)
		return;
	m = span_from(m, 3); /* length of the list: the message's own end holds */
	while (m.len) {
		if (!span_take_vector(&m, 3, &der)) {
			note(tls, EVENT_TLS_CERTIFICATE_INVALID_LENGTH);
			break;
		}
		if (tx->certs == TLS_CERTS_MAX) {
			flow->app_skipped += der.len + m.len;
			break;
		}
		if (!der.len)
			continue;
		if (blob_add(&tx->chain, der.data, der.len, TLS_HANDSHAKE_MAX))
			break;
		tx->cert_at[++tx->certs] = tx->chain.len;
	}
	if (!tx->certs)
		return;
	digest_of(DIGEST_SHA1, (struct span){tx->chain.data, tx->cert_at[1]}, sha1);
	digest_text(sha1, sizeof(sha1), ':', tx->fingerprint);
	/* A certificate that cannot be read leaves the names that could. */
	error = x509_read((struct span){tx->chain.data, tx->cert_at[1]}, &tx->names);
	tx->has_names = !error || tx->names.serial.len;
	if (error) {
		note(tls, EVENT_TLS_INVALID_CERTIFICATE);
		note(tls, EVENT_TLS_CERTIFICATE_INVALID_DER);
	}
	tx->tx.dirty[TO_CLIENT] = true;
}

/* Notes a handshake message that rules can ask for, once. */
static void state_note(struct tls_tx *tx, uint8_t type)
{
	static const struct {
		uint8_t type;
		const char *text;
	} rows[] = {{TLS_CLIENT_HELLO, " client_hello"},
		    {TLS_SERVER_HELLO, " server_hello"},
		    {TLS_CLIENT_KEY, " client_keyx"},
		    {TLS_SERVER_KEY, " server_keyx"}};

	for (unsigned int i = 0; i < ARRAY_LEN(rows); i++) {
		size_t len = strlen(tx->states);

		if (rows[i].type != type || strstr(tx->states, rows[i].text))
			continue;
		snprintf(tx->states + len, sizeof(tx->states) - len, "%s", rows[i].text);
		tx->tx.dirty[TO_SERVER] = tx->tx.dirty[TO_CLIENT] = true;
	}
}

/* One whole handshake message. false: this is no TLS. */
static bool message_read(struct flow *flow, struct tls *tls, enum direction dir)
{
	struct tls_side *side = &tls->sides[dir];
	struct span body = blob_span(&side->message);

	switch (side->start[0]) {
	case TLS_CLIENT_HELLO:
		if (dir != TO_SERVER || !hello_read(flow, tls, dir, body))
			return false;
		side->hello = true;
		if (tls->tx)
			state_note(tls->tx, TLS_CLIENT_HELLO);
		return true;
	case TLS_SERVER_HELLO:
		if (dir != TO_CLIENT || !hello_read(flow, tls, dir, body))
			return false;
		/* It answers a ClientHello, or it proves nothing. */
		side->hello = tls->sides[TO_SERVER].hello;
		if (tls->tx)
			state_note(tls->tx, TLS_SERVER_HELLO);
		return true;
	case TLS_CERTIFICATE:
		if (dir == TO_CLIENT)
			certificates_read(flow, tls, body);
		return true;
	case TLS_CLIENT_KEY:
	case TLS_SERVER_KEY:
		if (tls->tx)
			state_note(tls->tx, side->start[0]);
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
				     side->start[0] == TLS_SERVER_HELLO ||
				     (side->start[0] == TLS_CERTIFICATE && dir == TO_CLIENT);
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
			note(tls, EVENT_TLS_INVALID_HANDSHAKE_MESSAGE);
			return false;
		}
	}
	return true;
}

/*
 * RFC 6520: type, length of the payload, payload, at least 16 bytes of padding. A length beyond the record is
 * how Heartbleed reads memory.
 */
static void heartbeat_check(const struct tls *tls, const struct tls_side *side)
{
	uint32_t payload = be16(side->begin + 1);

	note(tls, EVENT_TLS_HEARTBEAT_MESSAGE);
	if (side->begin_len < 3 || side->begin[0] < 1 || side->begin[0] > 2)
		note(tls, EVENT_TLS_INVALID_HEARTBEAT_MESSAGE);
	else if (payload + 3 > side->record_len)
		note(tls, EVENT_TLS_OVERFLOW_HEARTBEAT_MESSAGE);
	else if (payload + 3 + 16 > side->record_len)
		note(tls, EVENT_TLS_INVALID_HEARTBEAT_MESSAGE);
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
		heartbeat_check(tls, side);
	else if (side->record_len != 2 || side->begin[0] < 1 || side->begin[0] > 2)
		note(tls, EVENT_TLS_INVALID_ALERT_MESSAGE);
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

/* SSLv2 hellos come in their own framing; what follows a v2 ClientHello for version 3 is ordinary records. */
static uint32_t v2_skip(struct flow *flow, struct tls *tls, enum direction dir, struct span data)
{
	struct tls_tx *tx = tls_tx_get(flow, tls);
	uint16_t version = (uint16_t)(dir == TO_SERVER ? be16(data.data + 3) : be16(data.data + 5));

	tls->sides[dir].begun = true;
	tls->version = version;
	if (tx) {
		tx->version = tx->versions[dir] = version;
		state_note(tx, dir == TO_SERVER ? TLS_CLIENT_HELLO : TLS_SERVER_HELLO);
		tx->tx.dirty[dir] = true;
	}
	if (version == 2)
		tls->v2 = true;
	else
		tls->sides[dir].hello = true;
	return (be16(data.data) & 0x7fff) + 2;
}

static bool record_head_sound(const struct tls *tls, const uint8_t *head)
{
	enum app_event event = head[0] < TLS_CCS || head[0] > TLS_HEARTBEAT ? EVENT_TLS_INVALID_RECORD_TYPE
			       : head[1] != 3				    ? EVENT_TLS_INVALID_RECORD_VERSION
			       : (uint32_t)be16(head + 3) > TLS_RECORD_MAX  ? EVENT_TLS_INVALID_SSL_RECORD
									    : EVENT_NONE;

	if (event == EVENT_NONE)
		return true;
	note(tls, event);
	if (event == EVENT_TLS_INVALID_RECORD_TYPE || event == EVENT_TLS_INVALID_RECORD_VERSION)
		note(tls, EVENT_TLS_INVALID_TLS_HEADER);
	return false;
}

static enum app_status records_feed(struct flow *flow, struct tls *tls, enum direction dir, struct span data)
{
	struct tls_side *side = &tls->sides[dir];

	while (data.len && !tls->v2) {
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
		if (!side->left && side->type != TLS_DATA) /* RFC 5246 section 6.2.1 */
			note(tls, EVENT_TLS_INVALID_SSL_RECORD);
	}
	return APP_OK;
}

/* Gathers the seven bytes that tell an SSLv2 hello, in message, which is unused so early. true: go on with
 * *data. */
static bool v2_begin(struct flow *flow, struct tls *tls, enum direction dir, struct span *data,
		     enum app_status *status)
{
	struct tls_side *side = &tls->sides[dir];
	uint32_t skip;

	if (side->begun || side->head_len || side->left)
		return true;
	if (!side->message.len && !(data->data[0] & 0x80))
		return true;
	while (data->len && side->message.len < 7) {
		if (blob_add(&side->message, data->data, 1, 7))
			return false;
		*data = span_from(*data, 1);
	}
	if (side->message.len < 7)
		return false;
	if (!v2_hello(blob_span(&side->message), dir)) {
		note(tls, EVENT_TLS_INVALID_SSLV2_HEADER);
		*status = APP_ERROR;
		return false;
	}
	skip = v2_skip(flow, tls, dir, blob_span(&side->message));
	blob_clear(&side->message);
	side->type = 0;
	side->left = skip > 7 ? skip - 7 : 0;
	return true;
}

enum app_status tls_feed(struct flow *flow, struct tls *tls, enum direction dir, struct span data, bool gap,
			 bool last)
{
	struct tls_side *side = &tls->sides[dir];
	enum app_status status = APP_OK;

	if (gap)
		side->blind = true; /* record borders cannot be found again */
	if (!side->blind && !tls->encrypted && data.len && v2_begin(flow, tls, dir, &data, &status))
		status = records_feed(flow, tls, dir, data);
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

/* As rules spell it; "": a version that rules have no word for. */
static const char *version_word(uint16_t version)
{
	static const struct {
		uint16_t version;
		const char *word;
	} rows[] = {{0x0002, "sslv2"},	{0x0300, "sslv3"},  {0x0301, "tls1.0"},
		    {0x0302, "tls1.1"}, {0x0303, "tls1.2"}, {0x0304, "tls1.3"}};

	for (unsigned int i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].version == version)
			return rows[i].word;
	return "";
}

static bool tls_buffer(const struct tx *tx, enum buffer_id id, enum direction dir, unsigned int index,
		       struct span *out, bool *final)
{
	const struct tls_tx *tls = (const struct tls_tx *)tx;
	struct span list;
	uint32_t seconds;

	*final = true;
	switch (id) {
	case BUFFER_TLS_SNI:
		*out = blob_span(&tls->sni);
		return tls->has_sni;
	case BUFFER_TLS_CERT_SUBJECT:
		*out = blob_span(&tls->names.subject);
		return tls->has_names;
	case BUFFER_TLS_CERT_ISSUER:
		*out = blob_span(&tls->names.issuer);
		return tls->has_names;
	case BUFFER_TLS_CERT_SERIAL:
		*out = blob_span(&tls->names.serial);
		return tls->has_names;
	case BUFFER_TLS_RANDOM:
		*out = (struct span){tls->random[dir], 32};
		return tls->has_random[dir];
	case BUFFER_TLS_RANDOM_TIME:
		*out = (struct span){tls->random[dir], 4};
		return tls->has_random[dir];
	case BUFFER_TLS_RANDOM_BYTES:
		*out = (struct span){tls->random[dir] + 4, 28};
		return tls->has_random[dir];
	case BUFFER_TLS_NOT_BEFORE:
	case BUFFER_TLS_NOT_AFTER:
		return !x509_seconds(id == BUFFER_TLS_NOT_BEFORE ? tls->names.not_before
								 : tls->names.not_after,
				     &seconds) &&
		       tx_number(seconds, out);
	case BUFFER_TLS_CHAIN_LEN:
		return tls->certs && tx_number(tls->certs, out);
	case BUFFER_TLS_SUBJECTALTNAME:
		return x509_alternative(&tls->names, index, out);
	case BUFFER_TLS_CERT_FINGERPRINT:
		*out = span_text(tls->fingerprint);
		return out->len > 0;
	case BUFFER_TLS_VERSION:
		*out = span_text(version_word(tls->versions[dir]));
		return out->len > 0;
	case BUFFER_TLS_STATE:
		*out = span_text(tls->states);
		*final = tx->done[dir];
		return out->len > 0;
	case BUFFER_JA4_HASH:
		*out = span_text(tls->ja4);
		return out->len > 0;
	case BUFFER_TLS_ALPN:
		list = blob_span(&tls->alpn[dir]);
		do {
			if (!span_take_vector(&list, 1, out))
				return false;
		} while (index--);
		return true;
	case BUFFER_JA3_HASH:
	case BUFFER_JA3S_HASH:
		*out = (struct span){(const uint8_t *)tls->ja3[dir].hash, 32};
		return tls->ja3[dir].present;
	case BUFFER_JA3_STRING:
	case BUFFER_JA3S_STRING:
		*out = blob_span(&tls->ja3[dir].text);
		return tls->ja3[dir].present;
	case BUFFER_TLS_CERTS:
		if (index >= tls->certs)
			return false;
		*out = (struct span){tls->chain.data + tls->cert_at[index],
				     tls->cert_at[index + 1] - tls->cert_at[index]};
		return true;
	default:
		return false;
	}
}

static void tls_tx_free(struct tx *tx)
{
	struct tls_tx *tls = (struct tls_tx *)tx;

	blob_free(&tls->sni);
	blob_free(&tls->names.subject);
	blob_free(&tls->names.issuer);
	blob_free(&tls->names.serial);
	blob_free(&tls->names.alternatives);
	ja3_free(&tls->ja3[TO_SERVER]);
	ja3_free(&tls->ja3[TO_CLIENT]);
	blob_free(&tls->alpn[TO_SERVER]);
	blob_free(&tls->alpn[TO_CLIENT]);
	blob_free(&tls->chain);
	free(tls);
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
