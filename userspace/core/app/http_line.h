/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * http_line.h - telling first lines of HTTP messages from anything else.
 */
#ifndef CORE_HTTP_LINE_H
#define CORE_HTTP_LINE_H

#include "app.h"
#include "core/flow/blob.h"

/* line without its end. A request has a version as its last word, or a known method and a target. */
bool http_method_known(struct span word);
bool http_line_is_request(struct span line);
bool http_line_is_response(struct span line);
/* As app_decoder.probe. */
enum app_probe http_line_probe(struct span data, enum direction dir, uint16_t server_port);

#endif
