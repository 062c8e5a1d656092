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

/* What is wrong with a certificate (RFC 5280 section 4.1); a set of bits. */
enum x509_fault {
	X509_FAULT_DER = 1,	   /* an element that is not what stands there */
	X509_FAULT_LENGTH = 2,	   /* an element longer than what it lies in */
	X509_FAULT_VERSION = 4,	   /* none of 1 to 3 */
	X509_FAULT_SERIAL = 8,	   /* no number */
	X509_FAULT_ALGORITHM = 16, /* no identifier */
	X509_FAULT_ISSUER = 32,	   /* names that cannot be taken apart */
	X509_FAULT_SUBJECT = 64,
	X509_FAULT_VALIDITY = 128, /* not two times */
	X509_FAULT_DATE = 256,	   /* a time that is none */
	X509_FAULT_EXTENSIONS = 512,
};

struct x509_names {
	struct blob subject, issuer; /* "C=JP, O=Example, CN=host" in the certificate's order */
	struct blob serial;	     /* "01:A2:FF" */
	struct blob alternatives;    /* subjectAltName, one behind the other */
	uint16_t alternative_end[X509_ALTERNATIVES_MAX]; /* where each ends */
	unsigned int alternative_count;
	char not_before[20], not_after[20]; /* "2024-01-31T23:59:59", "" when it cannot be read */
	uint16_t faults;		    /* enum x509_fault */
};

/* Appends to the blobs what der says. -EBADMSG with out->faults when it is no sound certificate; what could
 * be read stays. */
__must_check int x509_read(struct span der, struct x509_names *out);

/* "2024" to "2024-01-31T23:59:59", or a blank for the T, as seconds since 1970; what is left out is the
 * least. -EINVAL. */
__must_check int x509_seconds(const char *text, uint32_t *seconds);
/* The index-th alternative name (DNS, mail, URI as written; an address as text); false: there are fewer. */
bool x509_alternative(const struct x509_names *names, unsigned int index, struct span *out);

#endif
