/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * http_check.h - what of an HTTP head receivers may disagree on. Nothing
 * here changes how a message is read: it only says what is odd about it.
 */
#ifndef CORE_HTTP_CHECK_H
#define CORE_HTTP_CHECK_H

#include "app_event.h"
#include "core/flow/blob.h"
#include "tx.h"

enum http_fault { /* what a header field can be accused of, in either direction */
		  HTTP_FAULT_NO_COLON,
		  HTTP_FAULT_NOT_TOKEN,
		  HTTP_FAULT_EMPTY_NAME,
		  HTTP_FAULT_SPACE_BEHIND_NAME,
		  HTTP_FAULT_FOLDING,
		  HTTP_FAULT_TOO_LONG,
		  HTTP_FAULT_TOO_MANY,
		  HTTP_FAULT_REPEATED,
		  HTTP_FAULT_LENGTH_INVALID,
		  HTTP_FAULT_LENGTH_TWICE,
		  HTTP_FAULT_CODING_INVALID,
		  HTTP_FAULT_CHUNK_LENGTH,
		  HTTP_FAULT_CHUNK_EXTENSION,
		  HTTP_FAULT_MAX
};
void http_fault_note(struct event_list *events, enum direction dir, enum http_fault fault);

/* Where the parts of the first line stand in it. */
void http_check_request_line(struct event_list *events, struct span line, struct span method,
			     struct span target, struct span protocol);
void http_check_response_line(struct event_list *events, struct span protocol, struct span code);
/* May it stand in the name of a field (RFC 9110 section 5.6.2)? */
bool http_token_byte(uint8_t c);
/* The name of a field as sent, up to its colon, and whether it is the head's first line. */
void http_check_name(struct event_list *events, enum direction dir, struct span name);
void http_check_encoding(struct event_list *events, struct span value);
void http_check_authorization(struct event_list *events, struct span value);

/* "host:port" apart; *port is -1 when there is none, -2 when it is no port. */
struct span http_authority_split(struct span authority, int *port);
bool http_host_valid(struct span host);
/* A percent-encoding is left in what was decoded once. */
bool http_encoded_again(struct span uri);

/* What Content-Range says (RFC 9110 section 14.4): a part of something that has it. */
bool http_range_valid(struct span value);

#endif
