/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * x509.h - names, serial and validity out of a DER certificate. Bounded; no
 * signature is checked and nothing is trusted.
 */
#ifndef CORE_X509_H
#define CORE_X509_H

#include "core/flow/blob.h"

#define X509_NAME_MAX	      4096u /* text of one name; a longer one is cut */
#define X509_ALTERNATIVES_MAX 256u  /* names read; more are left out */

struct x509_names {
	struct blob subject, issuer; /* "C=JP, O=Example, CN=host" in the certificate's order */
	struct blob serial;	     /* "01:A2:FF" */
	struct blob alternatives;    /* subjectAltName, one behind the other */
	uint16_t alternative_end[X509_ALTERNATIVES_MAX]; /* where each ends */
	unsigned int alternative_count;
	char not_before[20], not_after[20]; /* "2024-01-31T23:59:59", "" when it cannot be read */
};

/* Appends to the blobs what der says. -EBADMSG when it is no certificate; what was read before the fault
 * stays. */
__must_check int x509_read(struct span der, struct x509_names *out);

/* "2024" to "2024-01-31T23:59:59", or a blank for the T, as seconds since 1970; what is left out is the
 * least. -EINVAL. */
__must_check int x509_seconds(const char *text, uint32_t *seconds);
/* The index-th alternative name (DNS, mail, URI as written; an address as text); false: there are fewer. */
bool x509_alternative(const struct x509_names *names, unsigned int index, struct span *out);

#endif
