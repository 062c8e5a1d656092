// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * http_uri.c - request target normalisation, the way ET rules expect it
 * (Suricata's default personality).
 */
#include "http_uri.h"

#include <string.h>

#include "kmod/uri.h"

struct uri_parts {
	struct span host, path, query, fragment;
	bool has_query, has_fragment;
};

static uint32_t uri_until(struct span s, const char *stops)
{
	uint32_t i;

	for (i = 0; i < s.len; i++)
		if (s.data[i] && strchr(stops, s.data[i]))
			break;
	return i;
}

/* s begins behind "scheme:". Leaves s at the path. */
static struct span uri_authority(struct span *s)
{
	struct span host = {};
	uint32_t end, at;

	if (s->len >= 2 && s->data[0] == '/' && s->data[1] == '/')
		*s = span_from(*s, 2);
	if (!s->len || s->data[0] == '/')
		return host;
	end = uri_until(*s, "/?#");
	host = (struct span){s->data, end};
	*s = span_from(*s, end);
	at = span_find(host, '@');
	if (at < host.len)
		host = span_from(host, at + 1);
	if (host.len && host.data[0] == '[')
		end = span_find(host, ']');
	else
		end = span_find(host, ':');
	if (end < host.len)
		host.len = host.data[end] == ']' ? end + 1 : end;
	return span_trim(host);
}

static void uri_split(struct span target, struct uri_parts *parts)
{
	uint32_t colon = span_find(target, ':');

	*parts = (struct uri_parts){};
	/* A scheme may be anything before a colon unless the target begins with a slash: servers are as lax.
	 */
	if (target.len && target.data[0] != '/' && colon < target.len && colon < uri_until(target, "?#/")) {
		target = span_from(target, colon + 1);
		parts->host = uri_authority(&target);
	}
	parts->path = (struct span){target.data, uri_until(target, "?#")};
	target = span_from(target, parts->path.len);
	if (target.len && target.data[0] == '?') {
		target = span_from(target, 1);
		parts->has_query = true;
		parts->query = (struct span){target.data, span_find(target, '#')};
		target = span_from(target, parts->query.len);
	}
	if (target.len) {
		parts->has_fragment = true;
		parts->fragment = span_from(target, 1);
	}
}

bool http_uri_normalise(struct span target, struct blob *out, uint32_t max, struct span *host)
{
	struct uri_parts parts;
	uint32_t n, start = out->len;

	uri_split(target, &parts);
	*host = parts.host;
	/* Never longer than what was sent: decoding shrinks, and separators were there. */
	if (!target.len || !blob_room(out, target.len, max))
		return false;
	n = uri_decode(parts.path.data, parts.path.len, out->data + out->len, true);
	n = uri_utf8(out->data + out->len, n);
	n = uri_dots(out->data + out->len, n);
	out->len += n;
	if (parts.has_query) {
		out->data[out->len++] = '?';
		out->len += uri_decode(parts.query.data, parts.query.len, out->data + out->len, false);
	}
	if (parts.has_fragment) {
		out->data[out->len++] = '#';
		out->len += uri_decode(parts.fragment.data, parts.fragment.len, out->data + out->len, false);
	}
	return out->len > start;
}
