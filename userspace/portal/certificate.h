/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * certificate.h - will browsers get a page with this certificate and this key?
 */
#ifndef PORTAL_CERTIFICATE_H
#define PORTAL_CERTIFICATE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/cleanup.h"

#define CERTIFICATE_WHY_MAX 160u

/*
 * Both PEM, the certificate with its chain. -EKEYREJECTED: TLS is not possible, why says what is wrong with
 * which of them. 0 with a why: it is possible, but browsers will object (seconds is the time of day).
 */
__must_check int certificate_check(const char *certificate, const char *key, uint64_t seconds,
				   char why[CERTIFICATE_WHY_MAX]);

#endif
