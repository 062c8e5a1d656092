/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * web_request.h - what a browser sends, before anybody believes it: forms,
 * queries, cookies, paths, hosts. Pure over (pointer, length).
 */
#ifndef CORE_WEB_REQUEST_H
#define CORE_WEB_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/cleanup.h"
#include "lib/text.h"

#define WEB_FIELDS_MAX 64u
#define WEB_NAME_MAX   32u

/* application/x-www-form-urlencoded, of a body or a query, decoded. */
struct web_form {
	char *data; /* owned: the texts below */
	size_t count;
	struct {
		const char *name, *value; /* NUL-terminated; a value has no NUL within */
	} fields[WEB_FIELDS_MAX];
};
/* -EINVAL: a broken %XX, a %00 or a control character other than tab, CR and LF; -E2BIG: too many fields;
 * -ENOMEM. */
__must_check int web_form_read(const char *text, size_t len, struct web_form *out);
void web_form_end(struct web_form *form);
/* The first of that name; "" when there is none. */
const char *web_form_get(const struct web_form *form, const char *name);
/* Is it there, a plain number and at most max? */
bool web_form_number(const struct web_form *form, const char *name, uint64_t max, uint64_t *out);

/* What ":id" and ":name" of a pattern stood for. */
struct web_captured {
	uint64_t id;
	char name[WEB_NAME_MAX];
};
/*
 * "/alerts/:id/block": a path fits segment by segment; :id is a plain number, :name is [a-z0-9-]+. Nothing is
 * decoded, so neither a "%2e" nor a ".." fits anything.
 */
bool web_path_fits(const char *pattern, struct text path, struct web_captured *out);

/* The cookie of that name in a Cookie header; false: none. Borrowed. */
bool web_cookie(struct text header, const char *name, struct text *out);

/* A Host header: an address (with or without port), localhost, or name. What else is sent came by a name that
 * is not ours: somebody else's page, whose name was made to lead here. */
bool web_host_ours(struct text host, const char *name);
/* An Origin header of a page of ours: "http://HOST" or, with tls, "https://HOST". */
bool web_origin_ours(struct text origin, struct text host, bool tls);

#endif
