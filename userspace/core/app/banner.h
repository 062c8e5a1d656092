/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * banner.h - what servers say of themselves, and which of it is worth telling:
 * a service's banner once, again when it changes, and once an hour.
 */
#ifndef CORE_BANNER_H
#define CORE_BANNER_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/span.h"
#include "sekimori/abi.h"
#include "tx.h"

#define BANNER_MAX	 200u		     /* bytes that are looked at */
#define BANNER_AGAIN_US	 (3600ull * 1000000) /* the same one is told again after so long */
#define BANNER_CHANGE_US (60ull * 1000000)   /* and another one of the same service not before */

/* The server's banner in a transaction; valid as tx_buffer()'s bytes are. false: it has none. */
bool banner_of(const struct tx *tx, struct span *out, const char **kind);

/* Remembers 4096 services; when more speak, those are told less often, never more. */
struct banner_memory {
	struct banner_slot {
		uint64_t service, text, told_us; /* hashes; told_us 0: free */
	} slots[4096];
	uint64_t seed;
};
/* Is it to be told? port in network byte order. */
bool banner_note(struct banner_memory *memory, const struct seki_addr *server, uint16_t port,
		 struct span banner, uint64_t now_us);

#endif
