// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * web_request.c - forms, cookies, paths and hosts.
 */
#include "web_request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/prefix.h"

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Decodes into *out, which has room, and ends it with NUL. */
static int form_decode(struct text in, char **out)
{
	char *to = *out;

	for (size_t i = 0; i < in.len; i++) {
		unsigned char c = (unsigned char)in.at[i];

		if (c == '+') {
			c = ' ';
		} else if (c == '%') {
			int high = in.len - i > 2 ? hex_value(in.at[i + 1]) : -1;
			int low = in.len - i > 2 ? hex_value(in.at[i + 2]) : -1;

			if (high < 0 || low < 0)
				return -EINVAL;
			c = (unsigned char)(high << 4 | low);
			i += 2;
		}
		if ((c < 0x20 && c != '\t' && c != '\r' && c != '\n') || c == 0x7f)
			return -EINVAL;
		*to++ = (char)c;
	}
	*to++ = '\0';
	*out = to;
	return 0;
}

int web_form_read(const char *text, size_t len, struct web_form *out)
{
	struct web_form form = {0};
	struct text rest = {text, len};
	char *to;
	int err = 0;

	/* What is decoded is never longer; each field adds two NULs, and there are at most that many. */
	form.data = malloc(len + 2 * WEB_FIELDS_MAX + 2);
	if (!form.data)
		return -ENOMEM;
	to = form.data;
	while (!err && rest.len) {
		struct text field = text_split(&rest, '&'), name;

		if (!field.len)
			continue;
		name = text_split(&field, '=');
		if (form.count == WEB_FIELDS_MAX) {
			err = -E2BIG;
			break;
		}
		form.fields[form.count].name = to;
		err = form_decode(name, &to);
		form.fields[form.count].value = to;
		if (!err)
			err = form_decode(field, &to);
		form.count++;
	}
	if (err) {
		free(form.data);
		return err;
	}
	*out = form;
	return 0;
}

void web_form_end(struct web_form *form)
{
	free(form->data);
	*form = (struct web_form){0};
}

const char *web_form_get(const struct web_form *form, const char *name)
{
	for (size_t i = 0; i < form->count; i++)
		if (!strcmp(form->fields[i].name, name))
			return form->fields[i].value;
	return "";
}

bool web_form_number(const struct web_form *form, const char *name, uint64_t max, uint64_t *out)
{
	return text_number(text_of(web_form_get(form, name)), max, out);
}

/* --- paths */

static bool segment_name(struct text segment, char out[WEB_NAME_MAX])
{
	if (!segment.len || segment.len >= WEB_NAME_MAX)
		return false;
	for (size_t i = 0; i < segment.len; i++) {
		char c = segment.at[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-')
			return false;
	}
	memcpy(out, segment.at, segment.len);
	out[segment.len] = '\0';
	return true;
}

bool web_path_fits(const char *pattern, struct text path, struct web_captured *out)
{
	struct text want = text_of(pattern);

	if (!path.len || path.at[0] != '/' || memchr(path.at, '\0', path.len))
		return false;
	if (want.len == 1 || path.len == 1)
		return want.len == path.len;
	/* A trailing slash is another path. */
	if (path.at[path.len - 1] == '/')
		return false;
	while (want.len || path.len) {
		struct text a = text_split(&want, '/'), b = text_split(&path, '/');

		if (text_is(a, ":id")) {
			if (!text_number(b, UINT64_MAX, &out->id))
				return false;
		} else if (text_is(a, ":name")) {
			if (!segment_name(b, out->name))
				return false;
		} else if (a.len != b.len || (a.len && memcmp(a.at, b.at, a.len))) {
			return false;
		}
		if (!want.len != !path.len)
			return false;
	}
	return true;
}

/* --- headers */

bool web_cookie(struct text header, const char *name, struct text *out)
{
	while (header.len) {
		struct text value = text_trim(text_split(&header, ';')), key = text_split(&value, '=');

		if (!text_is(key, name))
			continue;
		*out = value;
		return true;
	}
	return false;
}

static bool same_name(struct text host, const char *name)
{
	return *name && strlen(name) == host.len && !strncasecmp(host.at, name, host.len);
}

bool web_host_ours(struct text host, const char *name)
{
	struct text address = host;
	struct prefix prefix;
	const char *why;
	size_t colon = host.len;
	uint64_t port;

	while (colon && host.at[colon - 1] != ':' && host.at[colon - 1] != ']')
		colon--;
	if (colon && host.at[colon - 1] == ':') {
		if (!text_number((struct text){host.at + colon, host.len - colon}, 65535, &port))
			return false;
		address.len = colon - 1;
	}
	if (same_name(address, "localhost") || same_name(address, name))
		return true;
	if (address.len > 2 && address.at[0] == '[' && address.at[address.len - 1] == ']')
		return !prefix_parse(address.at + 1, address.len - 2, &prefix, &why) && prefix.len == 128 &&
		       !memchr(address.at, '/', address.len);
	return address.len && !memchr(address.at, ':', address.len) &&
	       !memchr(address.at, '/', address.len) &&
	       !prefix_parse(address.at, address.len, &prefix, &why) && prefix.len == 128;
}

bool web_origin_ours(struct text origin, struct text host, bool tls)
{
	struct text scheme = text_of(tls ? "https://" : "http://");

	return host.len && origin.len == scheme.len + host.len && !memcmp(origin.at, scheme.at, scheme.len) &&
	       !strncasecmp(origin.at + scheme.len, host.at, host.len);
}
