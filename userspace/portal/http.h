/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * http.h - the portal on a listening socket: HTTP and TLS by libmicrohttpd,
 * in the loop of its process. Everything is bounded:
 * connections, also per address, bytes of a request, time.
 */
#ifndef PORTAL_HTTP_H
#define PORTAL_HTTP_H

#include "lib/loop.h"
#include "portal.h"

struct http;
/* listener becomes the server's. certificate and key: PEM, NULL without TLS; copied. -errno. */
__must_check int http_start(struct loop *loop, struct portal *portal, int listener, const char *certificate,
			    const char *key, struct http **out);
/* Requests that portal_answer() had no answer for yet are asked again. */
void http_again(struct http *http); /* NULL is fine */
void http_stop(struct http *http); /* NULL is fine */

#endif
