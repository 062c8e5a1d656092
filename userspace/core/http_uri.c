// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * http_uri.c - request target normalisation, the way ET rules expect it
 * (Suricata's default personality).
 */
#include "http_uri.h"

#include <string.h>

#define URI_REPLACEMENT '?' /* for what has no single-byte form */

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

/* Code point to one byte: Latin-1 as is, full-width forms to what they look like. */
static uint8_t uri_best_fit(uint32_t point)
{
	if (point < 0x100)
		return (uint8_t)point;
	if (point >= 0xff01 && point <= 0xff5e)
		return (uint8_t)(point - 0xff01 + '!');
	switch (point) {
	case 0x2044: /* fraction slash */
	case 0x2215: /* division slash */
		return '/';
	case 0x2024: /* one dot leader */
		return '.';
	case 0x2216: /* set minus */
		return '\\';
	case 0x2018:
	case 0x2019:
	case 0x2032:
		return '\'';
	case 0x201c:
	case 0x201d:
		return '"';
	default:
		return URI_REPLACEMENT;
	}
}

/* One byte behind "%": *used input bytes taken (0: not an encoding, the percent stays). */
static uint8_t uri_percent(struct span s, uint32_t *used)
{
	int h[4];

	*used = 0;
	if (s.len >= 5 && byte_lower(s.data[0]) == 'u') {
		for (unsigned int i = 0; i < 4; i++)
			h[i] = byte_hex(s.data[1 + i]);
		if (h[0] < 0 || h[1] < 0 || h[2] < 0 || h[3] < 0)
			return '%';
		*used = 5;
		return uri_best_fit((uint32_t)(h[0] << 12 | h[1] << 8 | h[2] << 4 | h[3]));
	}
	if (s.len >= 2) {
		h[0] = byte_hex(s.data[0]);
		h[1] = byte_hex(s.data[1]);
		if (h[0] >= 0 && h[1] >= 0) {
			*used = 2;
			return (uint8_t)(h[0] << 4 | h[1]);
		}
	}
	return '%';
}

/* Decodes s to w (room for s.len bytes); the path's rules when path. Returns bytes written. */
static uint32_t uri_decode(struct span s, uint8_t *w, bool path)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s.len; i++) {
		uint32_t used = 0;
		uint8_t c = s.data[i];

		if (c == '%') {
			c = uri_percent(span_from(s, i + 1), &used);
			i += used;
		}
		if (path && c == '\\')
			c = '/';
		if (path && c == '/' && n && w[n - 1] == '/')
			continue;
		w[n++] = c;
	}
	return n;
}

/* Length of the UTF-8 sequence that lead begins, its first bits in *point; 0: not a lead byte. Overlong ones
 * count. */
static unsigned int uri_utf8_lead(uint8_t lead, uint32_t *point)
{
	if (lead >= 0xc0 && lead <= 0xdf) {
		*point = lead & 0x1f;
		return 2;
	}
	if (lead >= 0xe0 && lead <= 0xef) {
		*point = lead & 0x0f;
		return 3;
	}
	if (lead >= 0xf0 && lead <= 0xf4) {
		*point = lead & 0x07;
		return 4;
	}
	return 0;
}

/* UTF-8 to single bytes, in place; broken sequences become one replacement byte. */
static uint32_t uri_utf8(uint8_t *s, uint32_t len)
{
	uint32_t w = 0, i = 0;

	while (i < len) {
		uint32_t point = s[i], k = 1;
		unsigned int want;

		if (point < 0x80) {
			s[w++] = s[i++];
			continue;
		}
		want = uri_utf8_lead(s[i], &point);
		while (k < want && i + k < len && (s[i + k] & 0xc0) == 0x80) {
			point = point << 6 | (s[i + k] & 0x3f);
			k++;
		}
		i += k;
		if (want && k == want)
			s[w++] = uri_best_fit(point);
		else if (!want || i < len || k > 1) /* a lone lead byte at the very end leaves nothing */
			s[w++] = URI_REPLACEMENT;
	}
	return w;
}

/*
 * Resolves "." and ".." segments in place. As the reference does: a trailing "/." or "/.." leaves no slash
 * behind, leading "./" and "../" vanish.
 */
static uint32_t uri_dots(uint8_t *s, uint32_t len)
{
	uint32_t w = 0, i = 0;
	bool slash = false; /* a slash is pending in front of the segment */
	bool dots = false;  /* the segment before was a dot segment */

	while (i <= len) {
		uint32_t end = i, n;

		while (end < len && s[end] != '/')
			end++;
		n = end - i;
		if (n == 1 && s[i] == '.') {
			/* nothing of it remains, a slash before it stays pending */
		} else if (n == 2 && s[i] == '.' && s[i + 1] == '.') {
			if (slash) {
				while (w && s[w - 1] != '/')
					w--;
				if (w)
					w--;
			}
		} else {
			if (slash && !(dots && !n && end >= len))
				s[w++] = '/';
			memmove(s + w, s + i, n);
			w += n;
			slash = end < len;
			dots = false;
			i = end + 1;
			continue;
		}
		dots = true;
		i = end + 1;
	}
	return w;
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
	n = uri_decode(parts.path, out->data + out->len, true);
	n = uri_utf8(out->data + out->len, n);
	n = uri_dots(out->data + out->len, n);
	out->len += n;
	if (parts.has_query) {
		out->data[out->len++] = '?';
		out->len += uri_decode(parts.query, out->data + out->len, false);
	}
	if (parts.has_fragment) {
		out->data[out->len++] = '#';
		out->len += uri_decode(parts.fragment, out->data + out->len, false);
	}
	return out->len > start;
}
