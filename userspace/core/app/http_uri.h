/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * http_uri.h - a request target as rules want to see it.
 */
#ifndef CORE_HTTP_URI_H
#define CORE_HTTP_URI_H

#include "core/flow/blob.h"

/*
 * Appends the normalised target to out: scheme and authority are left out; the path is percent- and
 * %u-decoded once, backslashes become slashes, runs of slashes one, "." and ".." segments are resolved, UTF-8
 * (overlong too) becomes single bytes; the query is decoded once with "+" kept; a fragment is decoded. false:
 * nothing remains. *host is the authority's host as sent (a span of target), empty when there is none.
 */
bool http_uri_normalise(struct span target, struct blob *out, uint32_t max, struct span *host);

#endif
