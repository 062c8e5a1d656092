/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dns_tunnel.h - names that carry data: many different long names below one
 * registered domain, asked for by one host within minutes. Pure and bounded;
 * time is an argument.
 */
#ifndef CORE_DNS_TUNNEL_H
#define CORE_DNS_TUNNEL_H

#include <stdint.h>

#include "core/flow/packet.h"

#define DNS_TUNNEL_DOMAIN_MAX 256u
#define DNS_TUNNEL_WINDOW_US  300000000ull
#define DNS_TUNNEL_NAMES      100u  /* different ones, at least */
#define DNS_TUNNEL_BYTES      4096u /* in front of the domain, at least */
#define DNS_TUNNEL_MEAN	      24u   /* bytes in front of the domain, at least: hosts' names are shorter */

struct dns_tunnel_note {
	struct seki_addr host, server;
	const char *domain; /* registered, lower case */
	uint32_t names;	    /* different ones; a little less than there were */
	uint64_t bytes;	    /* in front of the domain */
};

struct dns_tunnel;
/* seed: random, so that nobody can aim at one row of the table. */
__must_check int dns_tunnel_new(uint64_t seed, struct dns_tunnel **out);
void dns_tunnel_free(struct dns_tunnel *tunnel);
DEFINE_CLEANUP(dns_tunnel_free, struct dns_tunnel)
/*
 * host asked server for name (dotted, any case and bytes). True: that is a
 * suspicion, told once per domain and window; note->domain lives until the
 * next call.
 */
bool dns_tunnel_ask(struct dns_tunnel *tunnel, uint64_t now_us, const struct seki_addr *host,
		    const struct seki_addr *server, struct span name, struct dns_tunnel_note *note);

#endif
