/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ja4.h - JA4, the fingerprint of a ClientHello that does not depend on the
 * order of what it offers. Format: FoxIO's JA4 technical details (JA4 alone is under BSD 3-Clause).
 */
#ifndef CORE_JA4_H
#define CORE_JA4_H

#include "core/flow/blob.h"

#define JA4_LEN 36u

/* "t13d1516h2_8daaf6152771_e5627efa2ab1"; false: the hello's body cannot be read. transport: t, q or d. */
bool ja4_read(struct span hello, char transport, char out[JA4_LEN + 1]);

#endif
