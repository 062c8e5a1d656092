/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ja3.h - the fingerprints of TLS hellos that public rules and lists use.
 */
#ifndef CORE_JA3_H
#define CORE_JA3_H

#include "core/flow/blob.h"

#define JA3_TEXT_MAX 8192u /* a longer fingerprint is none */

struct ja3 {
	bool present;
	struct blob text; /* "771,4865-4866,0-23,29,0" */
	char hash[33];
};

/* RFC 8701: offered to keep receivers tolerant, means nothing. */
bool tls_grease(uint32_t value);

/* Reads the body of a ClientHello, or of a ServerHello (server). A hello that cannot be read leaves out
 * unpresent. */
void ja3_read(struct span hello, bool server, struct ja3 *out);
void ja3_free(struct ja3 *ja3); /* its contents */

#endif
