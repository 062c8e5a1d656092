// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dns_tunnel.c - a table of (host, registered domain) in sets of a few rows.
 * A full set gives up the row with the fewest bytes, so that fresh domains do
 * not push out one that is carrying data.
 */
#include "dns_tunnel.h"

#include <errno.h>
#include <libpsl.h>
#include <stdlib.h>
#include <string.h>

#define SETS 512u
#define WAYS 4u
#define BITS 1024u

struct row {
	uint64_t key, begin_us; /* begin 0: free */
	uint64_t bytes;
	uint32_t asked, names; /* names: bits that are set, one or none for each */
	bool told;
	uint64_t seen[BITS / 64];
};

struct dns_tunnel {
	uint64_t seed;
	char domain[DNS_TUNNEL_DOMAIN_MAX];
	struct row rows[SETS][WAYS];
};

int dns_tunnel_new(uint64_t seed, struct dns_tunnel **out)
{
	struct dns_tunnel *tunnel = calloc(1, sizeof(*tunnel));

	if (!tunnel)
		return -ENOMEM;
	tunnel->seed = seed;
	*out = tunnel;
	return 0;
}

void dns_tunnel_free(struct dns_tunnel *tunnel)
{
	free(tunnel);
}

static uint64_t mix(uint64_t h, const void *data, size_t len)
{
	const uint8_t *at = data;

	while (len--)
		h = (h ^ *at++) * 0x100000001b3ull; /* FNV-1a */
	h ^= h >> 32;
	h *= 0x9e3779b97f4a7c15ull;
	return h ^ h >> 29;
}

/* Lower case, as text. false: no name that could be registered. */
static bool name_copy(struct span name, char text[DNS_TUNNEL_DOMAIN_MAX])
{
	if (!name.len || name.len >= DNS_TUNNEL_DOMAIN_MAX || memchr(name.data, 0, name.len))
		return false;
	for (uint32_t i = 0; i < name.len; i++)
		text[i] = (char)(name.data[i] >= 'A' && name.data[i] <= 'Z' ? name.data[i] | 0x20
									    : name.data[i]);
	text[name.len] = '\0';
	return true;
}

static bool ends_in(const char *name, const char *end)
{
	size_t a = strlen(name), b = strlen(end);

	return a >= b && !strcmp(name + a - b, end);
}

static struct row *row_get(struct dns_tunnel *tunnel, uint64_t key, uint64_t now_us)
{
	struct row *set = tunnel->rows[key % SETS], *least = set;

	for (unsigned int i = 0; i < WAYS; i++) {
		if (set[i].begin_us && set[i].key == key)
			return &set[i];
		if (now_us - set[i].begin_us >= DNS_TUNNEL_WINDOW_US)
			set[i] = (struct row){0};
		if (set[i].bytes < least->bytes || !set[i].begin_us)
			least = &set[i];
	}
	*least = (struct row){.key = key};
	return least;
}

bool dns_tunnel_ask(struct dns_tunnel *tunnel, uint64_t now_us, const struct seki_addr *host,
		    const struct seki_addr *server, struct span name, struct dns_tunnel_note *note)
{
	char text[DNS_TUNNEL_DOMAIN_MAX];
	const char *domain;
	uint64_t hash;
	uint32_t front;
	struct row *row;

	/* Reverse names are long by nature. */
	if (!name_copy(name, text) || ends_in(text, ".arpa"))
		return false;
	domain = psl_registrable_domain(psl_builtin(), text);
	if (!domain || domain == text)
		return false;
	front = (uint32_t)(domain - text) - 1;
	hash = mix(mix(tunnel->seed, host, sizeof(*host)), domain, strlen(domain));
	row = row_get(tunnel, hash, now_us);
	if (!row->begin_us || now_us - row->begin_us >= DNS_TUNNEL_WINDOW_US)
		*row = (struct row){.key = hash, .begin_us = now_us ? now_us : 1};
	hash = mix(tunnel->seed, text, front) % BITS;
	row->names += !(row->seen[hash / 64] >> hash % 64 & 1);
	row->seen[hash / 64] |= 1ull << hash % 64;
	row->asked++;
	row->bytes += front;
	if (row->told || row->names < DNS_TUNNEL_NAMES || row->bytes < DNS_TUNNEL_BYTES ||
	    row->bytes / row->asked < DNS_TUNNEL_MEAN)
		return false;
	row->told = true;
	strcpy(tunnel->domain, domain);
	*note = (struct dns_tunnel_note){.host = *host,
					 .server = *server,
					 .domain = tunnel->domain,
					 .names = row->names,
					 .bytes = row->bytes};
	return true;
}
