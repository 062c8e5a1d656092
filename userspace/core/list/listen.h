/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * listen.h - "127.0.0.1:7443", "[::1]:7443": where a server listens. Pure.
 */
#ifndef CORE_LISTEN_H
#define CORE_LISTEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/cleanup.h"
#include "lib/prefix.h"

struct listen_address {
	struct prefix host; /* a single address */
	uint16_t port;	    /* host order, not 0 */
	bool v4, loopback;
};
/* -EINVAL with *why (static). */
__must_check int listen_parse(const char *text, size_t len, struct listen_address *out, const char **why);

#endif
