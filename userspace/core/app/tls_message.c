// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * tls_message.c - handshake messages, over a stream or in datagrams, and what
 * rules see of a session.
 */
#include "app_tls.h"

#include <string.h>

#include "lib/digest.h"

enum { TLS_EXT_SNI = 0, TLS_EXT_ALPN = 16, TLS_EXT_VERSIONS = 43 };

static uint32_t be16(const uint8_t *p)
{
	return (uint32_t)p[0] << 8 | p[1];
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
	case 0xfeff:
		return "DTLS 1.0";
	case 0xfefd:
		return "DTLS 1.2";
	case 0xfefc:
		return "DTLS 1.3";
	default:
		return "UNDETERMINED";
	}
}

static void note(struct tls_tx *tx, enum app_event event)
{
	if (tx)
		tx_event_set(&tx->tx, event);
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

		/* Others are GREASE and drafts. Datagram versions count downwards. */
		if ((v <= 0x0304 && v > best) || (v >= 0xfefc && v <= 0xfeff && (!best || v < best)))
			best = v;
	}
	return best;
}

/* ClientHello and ServerHello differ in one list and one octet. */
bool tls_hello_read(struct flow *flow, struct tls_tx *tx, enum direction dir, struct span m, uint16_t *out)
{
	struct span part, extensions = {}, body;
	struct span whole = m;
	uint16_t version;

	if (m.len < 34 || (m.data[0] != 3 && m.data[0] != TLS_DATAGRAM))
		return false;
	version = (uint16_t)be16(m.data);
	m = span_from(m, 34);
	if (!span_take_vector(&m, 1, &part) || part.len > 32)
		return false;
	if (whole.data[0] == TLS_DATAGRAM && dir == TO_SERVER && !span_take_vector(&m, 1, &part))
		return false; /* the cookie, RFC 6347 section 4.2.1 */
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
		note(tx, EVENT_TLS_HANDSHAKE_INVALID_LENGTH);
		extensions.len = 0;
	}
	while (extensions.len >= 4) {
		uint32_t type = be16(extensions.data);

		extensions = span_from(extensions, 2);
		if (!span_take_vector(&extensions, 2, &body)) {
			note(tx, EVENT_TLS_HANDSHAKE_INVALID_LENGTH);
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
	*out = version;
	if (tx) {
		tx->version = tx->versions[dir] = version;
		memcpy(tx->random[dir], whole.data + 2, sizeof(tx->random[dir]));
		tx->has_random[dir] = true;
		ja3_read(whole, dir == TO_CLIENT, &tx->ja3[dir]);
		if (dir == TO_SERVER)
			ja4_read(whole, whole.data[0] == TLS_DATAGRAM ? 'd' : 't', tx->ja4);
		tx->tx.dirty[dir] = true;
	}
	return true;
}

/* The faults of a certificate by their names in rules. */
static void certificate_note(struct tls_tx *tx, uint16_t faults)
{
	static const struct {
		uint16_t fault;
		enum app_event event;
	} rows[] = {{X509_FAULT_DER, EVENT_TLS_CERTIFICATE_INVALID_DER},
		    {X509_FAULT_LENGTH, EVENT_TLS_CERTIFICATE_INVALID_LENGTH},
		    {X509_FAULT_VERSION, EVENT_TLS_CERTIFICATE_INVALID_VERSION},
		    {X509_FAULT_SERIAL, EVENT_TLS_CERTIFICATE_INVALID_SERIAL},
		    {X509_FAULT_ALGORITHM, EVENT_TLS_CERTIFICATE_INVALID_ALGORITHMIDENTIFIER},
		    {X509_FAULT_ISSUER | X509_FAULT_SUBJECT, EVENT_TLS_CERTIFICATE_INVALID_X509NAME},
		    {X509_FAULT_ISSUER, EVENT_TLS_CERTIFICATE_INVALID_ISSUER},
		    {X509_FAULT_SUBJECT, EVENT_TLS_CERTIFICATE_INVALID_SUBJECT},
		    {X509_FAULT_VALIDITY, EVENT_TLS_CERTIFICATE_INVALID_VALIDITY},
		    {X509_FAULT_DATE, EVENT_TLS_CERTIFICATE_INVALID_DATE},
		    {X509_FAULT_EXTENSIONS, EVENT_TLS_CERTIFICATE_INVALID_EXTENSIONS}};

	for (unsigned int i = 0; i < ARRAY_LEN(rows); i++)
		if (faults & rows[i].fault)
			note(tx, rows[i].event);
	note(tx, EVENT_TLS_INVALID_HANDSHAKE_MESSAGE);
}

void tls_certificates_read(struct flow *flow, struct tls_tx *tx, enum direction dir, struct span m)
{
	struct tls_chain *chain = tx ? &tx->chains[dir] : NULL;
	uint8_t sha1[SHA1_DIGEST_SIZE];
	struct span der;
	int error;

	if (!chain || chain->count || m.len < 3)
		return;
	m = span_from(m, 3); /* length of the list: the message's own end holds */
	while (m.len) {
		if (!span_take_vector(&m, 3, &der)) {
			note(tx, EVENT_TLS_INVALID_CERTIFICATE);
			note(tx, EVENT_TLS_INVALID_HANDSHAKE_MESSAGE);
			break;
		}
		if (chain->count == TLS_CERTS_MAX) {
			flow->app_skipped += der.len + m.len;
			break;
		}
		if (!der.len)
			continue;
		if (blob_add(&chain->der, der.data, der.len, TLS_HANDSHAKE_MAX))
			break;
		chain->at[++chain->count] = chain->der.len;
	}
	if (!chain->count)
		return;
	digest_of(DIGEST_SHA1, (struct span){chain->der.data, chain->at[1]}, sha1);
	digest_text(sha1, sizeof(sha1), ':', chain->fingerprint);
	/* A certificate that cannot be read leaves the names that could. */
	error = x509_read((struct span){chain->der.data, chain->at[1]}, &chain->names);
	chain->has_names = !error || chain->names.serial.len;
	if (error)
		certificate_note(tx, chain->names.faults);
	tx->tx.dirty[dir] = true;
}

/* Notes a handshake message that rules can ask for, once. */
void tls_state_note(struct tls_tx *tx, uint8_t type)
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

/*
 * RFC 6520: type, length of the payload, payload, at least 16 bytes of padding. A length beyond the record is
 * how Heartbleed reads memory.
 */
void tls_heartbeat_check(struct tls_tx *tx, const uint8_t *begin, uint32_t begin_len, uint32_t record_len)
{
	uint32_t payload = begin_len < 3 ? 0 : be16(begin + 1);

	note(tx, EVENT_TLS_HEARTBEAT_MESSAGE);
	if (begin_len < 3 || begin[0] < 1 || begin[0] > 2)
		note(tx, EVENT_TLS_INVALID_HEARTBEAT_MESSAGE);
	else if (payload + 3 > record_len)
		note(tx, EVENT_TLS_OVERFLOW_HEARTBEAT_MESSAGE);
	else if (payload + 3 + 16 > record_len)
		note(tx, EVENT_TLS_INVALID_HEARTBEAT_MESSAGE);
}

/* As rules spell it; "": a version that rules have no word for. */
static const char *version_word(uint16_t version)
{
	static const struct {
		uint16_t version;
		const char *word;
	} rows[] = {{0x0002, "sslv2"},	{0x0300, "sslv3"},  {0x0301, "tls1.0"}, {0x0302, "tls1.1"},
		    {0x0303, "tls1.2"}, {0x0304, "tls1.3"}, {0xfeff, "tls1.0"}, {0xfefd, "tls1.2"},
		    {0xfefc, "tls1.3"}}; /* DTLS has no words of its own */

	for (unsigned int i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].version == version)
			return rows[i].word;
	return "";
}

bool tls_buffer(const struct tx *tx, enum buffer_id id, enum direction dir, unsigned int index,
		struct span *out, bool *final)
{
	const struct tls_tx *tls = (const struct tls_tx *)tx;
	const struct tls_chain *chain = &tls->chains[dir];
	struct span list;
	uint32_t seconds;

	*final = true;
	switch (id) {
	case BUFFER_TLS_SNI:
		*out = blob_span(&tls->sni);
		return tls->has_sni;
	case BUFFER_TLS_CERT_SUBJECT:
		*out = blob_span(&chain->names.subject);
		return chain->has_names;
	case BUFFER_TLS_CERT_ISSUER:
		*out = blob_span(&chain->names.issuer);
		return chain->has_names;
	case BUFFER_TLS_CERT_SERIAL:
		*out = blob_span(&chain->names.serial);
		return chain->has_names;
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
		return !x509_seconds(id == BUFFER_TLS_NOT_BEFORE ? chain->names.not_before
								 : chain->names.not_after,
				     &seconds) &&
		       tx_number(seconds, out);
	case BUFFER_TLS_CHAIN_LEN:
		return chain->count && tx_number(chain->count, out);
	case BUFFER_TLS_SUBJECTALTNAME:
		return x509_alternative(&chain->names, index, out);
	case BUFFER_TLS_CERT_FINGERPRINT:
		*out = span_text(chain->fingerprint);
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
		if (index >= chain->count)
			return false;
		*out = (struct span){chain->der.data + chain->at[index],
				     chain->at[index + 1] - chain->at[index]};
		return true;
	default:
		return false;
	}
}

static void chain_free(struct tls_chain *chain)
{
	blob_free(&chain->names.subject);
	blob_free(&chain->names.issuer);
	blob_free(&chain->names.serial);
	blob_free(&chain->names.alternatives);
	blob_free(&chain->der);
}

void tls_tx_free(struct tx *tx)
{
	struct tls_tx *tls = (struct tls_tx *)tx;

	blob_free(&tls->sni);
	ja3_free(&tls->ja3[TO_SERVER]);
	ja3_free(&tls->ja3[TO_CLIENT]);
	blob_free(&tls->alpn[TO_SERVER]);
	blob_free(&tls->alpn[TO_CLIENT]);
	chain_free(&tls->chains[TO_SERVER]);
	chain_free(&tls->chains[TO_CLIENT]);
	free(tls);
}
