// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * asset.c - the inventory: read, written, observed, asked.
 */
#include "asset_parts.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/eve/eve_read.h"
#include "core/eve/eve_text.h"
#include "lib/text.h"

struct asset_set *asset_set_new(void)
{
	return calloc(1, sizeof(struct asset_set));
}

void asset_set_free(struct asset_set *set)
{
	if (!set)
		return;
	free(set->rows);
	free(set);
}

size_t asset_count(const struct asset_set *set)
{
	return set->count;
}

static int asset_compare(const struct asset *a, const struct asset *b)
{
	int order = memcmp(&a->address, &b->address, sizeof(a->address));

	if (!order)
		order = (a->port > b->port) - (a->port < b->port);
	return order ? order : strcasecmp(a->product, b->product);
}

size_t asset_place(const struct asset_set *set, const struct asset *key)
{
	size_t low = 0, high = set->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (asset_compare(&set->rows[middle], key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

int asset_put(struct asset_set *set, const struct asset *asset)
{
	size_t at = asset_place(set, asset);

	if (at < set->count && !asset_compare(&set->rows[at], asset)) {
		set->rows[at] = *asset;
		return 0;
	}
	if (set->count == ASSETS_MAX)
		return -E2BIG;
	if (set->count == set->room) {
		size_t room = set->room ? 2 * set->room : 64;
		struct asset *grown = realloc(set->rows, room * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		set->rows = grown;
		set->room = room;
	}
	memmove(&set->rows[at + 1], &set->rows[at], (set->count - at) * sizeof(*asset));
	set->rows[at] = *asset;
	set->count++;
	return 0;
}

void asset_each(const struct asset_set *set, bool (*fn)(const struct asset *asset, void *arg), void *arg)
{
	for (size_t i = 0; i < set->count && fn(&set->rows[i], arg); i++)
		;
}

static bool imported_at(const struct asset_set *set, const struct asset *observed)
{
	const struct asset key = {.address = observed->address, .port = observed->port};

	for (size_t i = asset_place(set, &key); i < set->count; i++) {
		const struct asset *row = &set->rows[i];

		if (memcmp(&row->address, &key.address, sizeof(key.address)) || row->port != key.port)
			return false;
		if (!row->observed)
			return true;
	}
	return false;
}

int asset_merge(struct asset_set *set, const struct asset_set *observed)
{
	int err = 0;

	for (size_t i = 0; i < observed->count && !err; i++)
		if (!imported_at(set, &observed->rows[i]))
			err = asset_put(set, &observed->rows[i]);
	return err;
}

/* --- banners */

/* Names in the National Vulnerability Database's dictionary of products. */
static const struct {
	const char *product, *cpe;
} products[] = {
	{"apache", "apache:http_server"},
	{"nginx", "f5:nginx"},
	{"openssh", "openbsd:openssh"},
	{"dropbear", "dropbear_ssh_project:dropbear_ssh"},
	{"microsoft-iis", "microsoft:internet_information_services"},
	{"lighttpd", "lighttpd:lighttpd"},
	{"caddy", "caddyserver:caddy"},
	{"openresty", "openresty:openresty"},
	{"jetty", "eclipse:jetty"},
	{"gunicorn", "gunicorn:gunicorn"},
	{"varnish", "varnish-software:varnish_cache"},
	{"squid", "squid-cache:squid"},
};

/* Only what needs no quoting in a formatted string (NISTIR 7695, section 6.2). */
static void observe_cpe(struct asset *asset)
{
	for (const char *at = asset->version; *at; at++)
		if (!isalnum((unsigned char)*at) && *at != '.')
			return;
	for (size_t i = 0; i < ARRAY_LEN(products); i++)
		if (!strcasecmp(products[i].product, asset->product))
			snprintf(asset->cpe, sizeof(asset->cpe), "cpe:2.3:a:%s:%s:*:*:*:*:*:*:*",
				 products[i].cpe, *asset->version ? asset->version : "*");
}

bool asset_observe(struct asset_set *set, const struct seki_addr *address, uint16_t port, const char *banner,
		   uint64_t now)
{
	struct asset asset = {.address = *address, .port = port, .observed = true, .seen = now};
	const char *at = !strncmp(banner, "SSH-2.0-", 8) ? banner + 8 : banner;
	size_t name = strcspn(at, "/_ ;(\t"), version;
	size_t i;

	while (name && (at[0] == ' '))
		at++, name--;
	if (!name || name >= sizeof(asset.product) ||
	    !asset_text_copy((struct text){at, name}, asset.product, sizeof(asset.product)))
		return false;
	at += name;
	if (*at == '/' || *at == '_') {
		version = strcspn(at + 1, " ;(\t,");
		if (version < sizeof(asset.version))
			asset_text_copy((struct text){at + 1, version}, asset.version, sizeof(asset.version));
	}
	observe_cpe(&asset);
	for (i = 0; i < set->count; i++) {
		struct asset *there = &set->rows[i];

		if (memcmp(&there->address, address, sizeof(*address)) || there->port != port)
			continue;
		if (!there->observed)
			return false;
		if (!strcasecmp(there->product, asset.product) && !strcmp(there->version, asset.version)) {
			there->seen = now;
			return false;
		}
		/* Another server answers there now. */
		memmove(there, there + 1, (--set->count - i) * sizeof(*there));
		break;
	}
	return !asset_put(set, &asset);
}
