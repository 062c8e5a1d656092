/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * uri.h - the steps of request target normalisation that matcher and
 * prefilter share, the way ET rules expect it (Suricata's default
 * personality).
 */
#ifndef KMOD_URI_H
#define KMOD_URI_H

#ifdef __KERNEL__
#include <linux/string.h>
#include <linux/types.h>
#else
#include <linux/types.h>
#include <stdbool.h>
#include <string.h>
#endif

#define URI_REPLACEMENT '?' /* for what has no single-byte form */

static inline int uri_hex(__u8 c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Code point to one byte: Latin-1 as is, full-width forms to what they look like. */
static inline __u8 uri_best_fit(__u32 point)
{
	if (point < 0x100)
		return (__u8)point;
	if (point >= 0xff01 && point <= 0xff5e)
		return (__u8)(point - 0xff01 + '!');
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
static inline __u8 uri_percent(const __u8 *s, __u32 len, __u32 *used)
{
	int h[4];

	*used = 0;
	if (len >= 5 && (s[0] | 0x20) == 'u') {
		for (unsigned int i = 0; i < 4; i++)
			h[i] = uri_hex(s[1 + i]);
		if (h[0] < 0 || h[1] < 0 || h[2] < 0 || h[3] < 0)
			return '%';
		*used = 5;
		return uri_best_fit((__u32)(h[0] << 12 | h[1] << 8 | h[2] << 4 | h[3]));
	}
	if (len >= 2) {
		h[0] = uri_hex(s[0]);
		h[1] = uri_hex(s[1]);
		if (h[0] >= 0 && h[1] >= 0) {
			*used = 2;
			return (__u8)(h[0] << 4 | h[1]);
		}
	}
	return '%';
}

/* Decodes s to w (room for len bytes); the path's rules when path. Returns bytes written. */
static inline __u32 uri_decode(const __u8 *s, __u32 len, __u8 *w, bool path)
{
	__u32 n = 0;

	for (__u32 i = 0; i < len; i++) {
		__u32 used = 0;
		__u8 c = s[i];

		if (c == '%') {
			c = uri_percent(s + i + 1, len - i - 1, &used);
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
static inline unsigned int uri_utf8_lead(__u8 lead, __u32 *point)
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
static inline __u32 uri_utf8(__u8 *s, __u32 len)
{
	__u32 w = 0, i = 0;

	while (i < len) {
		__u32 point = s[i], k = 1;
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
static inline __u32 uri_dots(__u8 *s, __u32 len)
{
	__u32 w = 0, i = 0;
	bool slash = false; /* a slash is pending in front of the segment */
	bool dots = false;  /* the segment before was a dot segment */

	while (i <= len) {
		__u32 end = i, n;

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

#endif
