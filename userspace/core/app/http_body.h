/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * http_body.h - content decoding of a message body: gzip, deflate and Brotli, up to
 * two layers, bounded in output whatever the input claims.
 */
#ifndef CORE_HTTP_BODY_H
#define CORE_HTTP_BODY_H

#include "app_event.h"
#include "core/flow/blob.h"

struct http_inflate;

/*
 * A decoder for the value of Content-Encoding, or NULL when nothing needs decoding: identity, an unknown
 * coding (the body is then kept as sent), more than two layers, no memory.
 */
struct http_inflate *http_inflate_new(struct span encoding);
void http_inflate_free(struct http_inflate *inflate);
DEFINE_CLEANUP(http_inflate_free, struct http_inflate)

/*
 * Decodes data onto out, at most max bytes in it. Data that turns out not to be compressed is appended as
 * sent, what follows the compressed stream too. Returns the input bytes that were not looked at because out
 * is full. What is wrong with the compression is added to events.
 */
uint32_t http_inflate_feed(struct http_inflate *inflate, struct span data, struct blob *out, uint32_t max,
			   struct event_list *events);

#endif
