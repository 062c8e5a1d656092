/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * app_tls.h - TLS sessions; also started inside other protocols (STARTTLS,
 * CONNECT), which is why the session is an object of its own.
 */
#ifndef CORE_APP_TLS_H
#define CORE_APP_TLS_H

#include "app_rows.h"
#include "ja3.h"
#include "ja4.h"
#include "x509.h"

#define TLS_CERTS_MAX	  16u	       /* certificates of one chain; more are left out and counted */
#define TLS_HANDSHAKE_MAX (128u << 10) /* bytes of one handshake message that are kept */

struct tls_chain {
	struct blob der; /* certificates, one behind the other */
	uint32_t at[TLS_CERTS_MAX + 1];
	unsigned int count;
	bool has_names;
	struct x509_names names; /* of the first one */
	char fingerprint[60];	 /* its SHA-1, "": none */
};

struct tls_tx {
	struct tx tx;
	struct blob sni;
	bool has_sni;
	struct tls_chain chains[2]; /* of the client, of the server: by the direction they go */
	struct ja3 ja3[2];	    /* of the ClientHello, the ServerHello */
	char ja4[JA4_LEN + 1];	    /* "": none */
	struct blob alpn[2];	    /* as in the hello: each behind its length */
	uint16_t version;	    /* negotiated, else offered; 0x0002: SSLv2; 0: not seen */
	uint16_t versions[2];	    /* of the ClientHello, the ServerHello */
	uint8_t random[2][32];
	bool has_random[2];
	char states[64]; /* " client_hello" … in the order they came */
};

/* Types of records and of handshake messages (RFC 8446 and before). */
enum { TLS_CCS = 20, TLS_ALERT, TLS_HANDSHAKE, TLS_DATA, TLS_HEARTBEAT };
enum { TLS_HELLO_REQUEST = 0, TLS_CLIENT_HELLO = 1, TLS_SERVER_HELLO = 2, TLS_CERTIFICATE = 11 };
enum { TLS_SERVER_KEY = 12, TLS_CLIENT_KEY = 16 };
#define TLS_DATAGRAM 0xfe /* first byte of the versions of DTLS */

/* --- tls_message.c; tx may be NULL where one is taken: there was no memory, or the session's is over */

/* The body of a ClientHello or ServerHello; they differ in one list and one octet. false: it is none. */
bool tls_hello_read(struct flow *flow, struct tls_tx *tx, enum direction dir, struct span body,
		    uint16_t *version);
void tls_certificates_read(struct flow *flow, struct tls_tx *tx, enum direction dir, struct span body);
/* Notes a handshake message that rules can ask for, once. */
void tls_state_note(struct tls_tx *tx, uint8_t type);
/* The first bytes of a heartbeat in clear: is its length one that it can have? */
void tls_heartbeat_check(struct tls_tx *tx, const uint8_t *begin, uint32_t begin_len, uint32_t record_len);
/* app_decoder's of both ways to carry it. */
bool tls_buffer(const struct tx *tx, enum buffer_id id, enum direction dir, unsigned int index,
		struct span *out, bool *final);
void tls_tx_free(struct tx *tx);

/* --- sessions over a stream */

struct tls;

struct tls *tls_new(void);
void tls_free(struct tls *tls);
enum app_probe tls_probe(struct span data, enum direction dir, uint16_t server_port);
/* As app_decoder.feed, for the session. */
enum app_status tls_feed(struct flow *flow, struct tls *tls, enum direction dir, struct span data, bool gap,
			 bool last);
/* "TLS 1.2", … */
const char *tls_version_name(uint16_t version);

#endif
