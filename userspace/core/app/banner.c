// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * banner.c - servers that say what they are.
 */
#include "banner.h"

#include <string.h>

#define WAYS 8u

static const struct {
	enum app_proto proto;
	enum buffer_id buffer;
	const char *kind;
} sources[] = {
	{APP_HTTP, BUFFER_HTTP_SERVER, "http"}, /* RFC 9110 section 10.2.4 */
	{APP_SSH, BUFFER_SSH_SOFTWARE, "ssh"},	/* RFC 4253 section 4.2 */
};

bool banner_of(const struct tx *tx, struct span *out, const char **kind)
{
	bool final = false;

	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		if (sources[i].proto != tx->proto ||
		    !tx_buffer(tx, sources[i].buffer, TO_CLIENT, 0, out, &final) || !out->len)
			continue;
		if (out->len > BANNER_MAX)
			out->len = BANNER_MAX;
		*kind = sources[i].kind;
		return true;
	}
	return false;
}

static uint64_t hash(uint64_t h, const void *data, size_t len)
{
	const uint8_t *at = data;

	for (size_t i = 0; i < len; i++)
		h = (h ^ at[i]) * 0x100000001b3ull;
	return h ^ h >> 29;
}

bool banner_note(struct banner_memory *memory, const struct seki_addr *server, uint16_t port,
		 struct span banner, uint64_t now_us)
{
	const size_t sets = sizeof(memory->slots) / sizeof(memory->slots[0]) / WAYS;
	uint64_t service = hash(hash(memory->seed ^ 0xcbf29ce484222325ull, server, sizeof(*server)), &port,
				sizeof(port));
	uint64_t text = hash(memory->seed ^ service, banner.data, banner.len);
	struct banner_slot *set = &memory->slots[service % sets * WAYS], *oldest = set;
	uint64_t rest;

	for (size_t i = 0; i < WAYS; i++) {
		if (set[i].told_us && set[i].service == service) {
			oldest = &set[i];
			break;
		}
		if (set[i].told_us < oldest->told_us)
			oldest = &set[i];
	}
	rest = oldest->service == service && oldest->text == text ? BANNER_AGAIN_US : BANNER_CHANGE_US;
	if (oldest->told_us && now_us < oldest->told_us + rest)
		return false;
	*oldest = (struct banner_slot){.service = service, .text = text, .told_us = now_us ? now_us : 1};
	return true;
}
