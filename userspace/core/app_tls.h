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

struct tls_tx {
	struct tx tx;
	struct blob sni;
	bool has_sni, has_names;
	struct x509_names names; /* of the first certificate */
	struct ja3 ja3[2];	 /* of the ClientHello, the ServerHello */
	char ja4[JA4_LEN + 1];	 /* "": none */
	struct blob alpn[2];	 /* as in the hello: each behind its length */
	struct blob chain;	 /* DER certificates, one behind the other */
	uint32_t cert_at[TLS_CERTS_MAX + 1];
	unsigned int certs;
	uint16_t version; /* negotiated, else offered; 0x0002: SSLv2; 0: not seen */
	uint16_t versions[2]; /* of the ClientHello, the ServerHello */
	uint8_t random[2][32];
	bool has_random[2];
	char fingerprint[60]; /* SHA-1 of the first certificate, "": none */
	char states[64];      /* " client_hello" … in the order they came */
};

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
