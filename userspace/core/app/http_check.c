// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * http_check.c - oddities of HTTP heads (RFC 9110, RFC 9112), by the names
 * that rules know them by.
 */
#include "http_check.h"

#include <string.h>

#include "http_line.h"

#define HOST_MAX  255u /* RFC 1035 section 2.3.4 */
#define LABEL_MAX 63u
#define LAYERS	  2u /* codings that http_body.c undoes */

static const uint16_t fault_events[HTTP_FAULT_MAX][2] = {
	[HTTP_FAULT_NO_COLON] = {EVENT_HTTP_REQUEST_FIELD_MISSING_COLON,
				 EVENT_HTTP_RESPONSE_FIELD_MISSING_COLON},
	[HTTP_FAULT_NOT_TOKEN] = {EVENT_HTTP_REQUEST_HEADER_INVALID, EVENT_HTTP_RESPONSE_HEADER_INVALID},
	[HTTP_FAULT_EMPTY_NAME] = {EVENT_HTTP_REQUEST_INVALID_EMPTY_NAME,
				   EVENT_HTTP_RESPONSE_INVALID_EMPTY_NAME},
	[HTTP_FAULT_SPACE_BEHIND_NAME] = {EVENT_HTTP_REQUEST_INVALID_LWS_AFTER_NAME,
					  EVENT_HTTP_RESPONSE_INVALID_LWS_AFTER_NAME},
	[HTTP_FAULT_FOLDING] = {EVENT_HTTP_INVALID_REQUEST_FIELD_FOLDING,
				EVENT_HTTP_INVALID_RESPONSE_FIELD_FOLDING},
	[HTTP_FAULT_TOO_LONG] = {EVENT_HTTP_REQUEST_FIELD_TOO_LONG, EVENT_HTTP_RESPONSE_FIELD_TOO_LONG},
	[HTTP_FAULT_TOO_MANY] = {EVENT_HTTP_REQUEST_TOO_MANY_HEADERS, EVENT_HTTP_RESPONSE_TOO_MANY_HEADERS},
	[HTTP_FAULT_REPEATED] = {EVENT_HTTP_REQUEST_HEADER_REPETITION, EVENT_HTTP_RESPONSE_HEADER_REPETITION},
	[HTTP_FAULT_LENGTH_INVALID] = {EVENT_HTTP_INVALID_CONTENT_LENGTH_FIELD_IN_REQUEST,
				       EVENT_HTTP_INVALID_CONTENT_LENGTH_FIELD_IN_RESPONSE},
	[HTTP_FAULT_LENGTH_TWICE] = {EVENT_HTTP_DUPLICATE_CONTENT_LENGTH_FIELD_IN_REQUEST,
				     EVENT_HTTP_DUPLICATE_CONTENT_LENGTH_FIELD_IN_RESPONSE},
	[HTTP_FAULT_CODING_INVALID] = {EVENT_HTTP_INVALID_TRANSFER_ENCODING_VALUE_IN_REQUEST,
				       EVENT_HTTP_INVALID_TRANSFER_ENCODING_VALUE_IN_RESPONSE},
	[HTTP_FAULT_CHUNK_LENGTH] = {EVENT_HTTP_INVALID_REQUEST_CHUNK_LEN,
				     EVENT_HTTP_INVALID_RESPONSE_CHUNK_LEN},
	[HTTP_FAULT_CHUNK_EXTENSION] = {EVENT_HTTP_REQUEST_CHUNK_EXTENSION,
					EVENT_HTTP_RESPONSE_CHUNK_EXTENSION},
};

void http_fault_note(struct event_list *events, enum direction dir, enum http_fault fault)
{
	event_list_add(events, (enum app_event)fault_events[fault][dir]);
}

/* HTTP/digit.digit, RFC 9112 section 2.3. */
static bool protocol_valid(struct span protocol)
{
	return protocol.len == 8 && span_begins(protocol, "HTTP/") && protocol.data[5] >= '0' &&
	       protocol.data[5] <= '9' && protocol.data[6] == '.' && protocol.data[7] >= '0' &&
	       protocol.data[7] <= '9';
}

/* White space other than blanks between from and to, both within one line. */
static bool odd_space(const uint8_t *from, const uint8_t *to)
{
	for (; from < to; from++)
		if (byte_space(*from) && *from != ' ')
			return true;
	return false;
}

void http_check_request_line(struct event_list *events, struct span line, struct span method,
			     struct span target, struct span protocol)
{
	const uint8_t *end = protocol.len ? protocol.data : line.data + line.len;

	if (line.len && byte_space(line.data[0]))
		event_list_add(events, EVENT_HTTP_REQUEST_LINE_LEADING_WHITESPACE);
	if (target.len) {
		if (odd_space(method.data + method.len, target.data))
			event_list_add(events, EVENT_HTTP_METHOD_DELIM_NON_COMPLIANT);
		if (odd_space(target.data, end))
			event_list_add(events, EVENT_HTTP_URI_DELIM_NON_COMPLIANT);
	}
	if (http_method_known(method))
		return;
	if (protocol.len && !protocol_valid(protocol))
		event_list_add(events, EVENT_HTTP_REQUEST_LINE_INVALID);
	if (!target.len && !protocol.len)
		event_list_add(events, EVENT_HTTP_REQUEST_LINE_UNKNOWN_METHOD);
	else if (!protocol.len)
		event_list_add(events, EVENT_HTTP_REQUEST_LINE_UNKNOWN_METHOD_NO_PROTOCOL);
	else if (!protocol_valid(protocol))
		event_list_add(events, EVENT_HTTP_REQUEST_LINE_UNKNOWN_METHOD_INVALID_PROTOCOL);
}

void http_check_response_line(struct event_list *events, struct span protocol, struct span code)
{
	bool number = code.len == 3 && code.data[0] != '0';

	for (uint32_t i = 0; i < code.len; i++)
		number &= code.data[i] >= '0' && code.data[i] <= '9';
	if (!protocol_valid(protocol)) {
		event_list_add(events, EVENT_HTTP_RESPONSE_INVALID_PROTOCOL);
		event_list_add(events, EVENT_HTTP_RESPONSE_LINE_INVALID_PROTOCOL);
	}
	if (!number) {
		event_list_add(events, EVENT_HTTP_RESPONSE_INVALID_STATUS);
		event_list_add(events, EVENT_HTTP_RESPONSE_LINE_INVALID_RESPONSE_STATUS);
	}
}

bool http_token_byte(uint8_t c)
{
	return c > ' ' && c < 0x7f && !strchr("()<>@,;:\\\"/[]?={}", c);
}

void http_check_name(struct event_list *events, enum direction dir, struct span name)
{
	struct span trimmed = span_trim(name);

	if (!trimmed.len)
		http_fault_note(events, dir, HTTP_FAULT_EMPTY_NAME);
	else if (byte_space(name.data[name.len - 1]))
		http_fault_note(events, dir, HTTP_FAULT_SPACE_BEHIND_NAME);
	for (uint32_t i = 0; i < trimmed.len; i++)
		if (!http_token_byte(trimmed.data[i])) {
			http_fault_note(events, dir, HTTP_FAULT_NOT_TOKEN);
			if (dir == TO_CLIENT)
				event_list_add(events, EVENT_HTTP_RESPONSE_HEADER_NAME_NOT_TOKEN);
			break;
		}
}

void http_check_encoding(struct event_list *events, struct span value)
{
	static const char *const plain[] = {"gzip", "x-gzip",	"deflate", "x-deflate",
					    "br",   "identity", "none"};
	unsigned int layers = 0;

	while (value.len) {
		uint32_t comma = span_find(value, ',');
		struct span coding = span_trim((struct span){value.data, comma});
		bool known = false;

		value = span_from(value, comma < value.len ? comma + 1 : comma);
		if (!coding.len)
			continue;
		if (++layers > LAYERS) {
			event_list_add(events, EVENT_HTTP_TOO_MANY_ENCODING_LAYERS);
			return;
		}
		for (unsigned int i = 0; i < ARRAY_LEN(plain); i++)
			known |= span_is(coding, plain[i]);
		if (!known)
			event_list_add(events, EVENT_HTTP_ABNORMAL_CE_HEADER);
	}
}

void http_check_authorization(struct event_list *events, struct span value)
{
	static const char *const schemes[] = {"basic", "digest", "bearer"};

	for (unsigned int i = 0; i < ARRAY_LEN(schemes); i++)
		if (span_begins(value, schemes[i]))
			return;
	event_list_add(events, EVENT_HTTP_REQUEST_AUTH_UNRECOGNIZED);
}

struct span http_authority_split(struct span authority, int *port)
{
	struct span host = authority, rest;
	uint32_t end;
	int value = 0;

	*port = -1;
	if (host.len && host.data[0] == '[') {
		end = span_find(host, ']');
		host.len = end < host.len ? end + 1 : end;
	} else {
		host.len = span_find(host, ':');
	}
	rest = span_from(authority, host.len);
	if (!rest.len)
		return host;
	rest = span_trim(span_from(rest, 1));
	for (uint32_t i = 0; i < rest.len && value >= 0 && value <= 65535; i++)
		value = rest.data[i] >= '0' && rest.data[i] <= '9' ? value * 10 + (rest.data[i] - '0') : -1;
	*port = value > 0 && value <= 65535 ? value : -2;
	return host;
}

bool http_host_valid(struct span host)
{
	uint32_t label = 0;

	if (!host.len || host.len > HOST_MAX)
		return false;
	if (host.data[0] == '[')
		return host.len > 2 && host.data[host.len - 1] == ']';
	for (uint32_t i = 0; i < host.len; i++) {
		uint8_t c = byte_lower(host.data[i]);

		if (c == '.') {
			if (!label)
				return false;
			label = 0;
			continue;
		}
		if (++label > LABEL_MAX ||
		    !((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'))
			return false;
	}
	return true;
}

/* A number off the front; false: none, or one that no length has. */
static bool number_take(struct span *in, uint64_t *out)
{
	uint32_t n = 0;

	for (*out = 0; n < in->len && in->data[n] >= '0' && in->data[n] <= '9'; n++) {
		if (*out > UINT64_MAX / 16)
			return false;
		*out = *out * 10 + (uint64_t)(in->data[n] - '0');
	}
	*in = span_from(*in, n);
	return n > 0;
}

static bool byte_take(struct span *in, uint8_t c)
{
	if (!in->len || in->data[0] != c)
		return false;
	*in = span_from(*in, 1);
	return true;
}

bool http_range_valid(struct span value)
{
	uint64_t first, last, size;

	if (!span_begins(value, "bytes"))
		return false;
	value = span_trim(span_from(value, 5));
	if (byte_take(&value, '*')) /* of a range that cannot be had */
		return byte_take(&value, '/') && number_take(&value, &size) && !value.len;
	if (!number_take(&value, &first) || !byte_take(&value, '-') || !number_take(&value, &last) ||
	    first > last || !byte_take(&value, '/'))
		return false;
	if (byte_take(&value, '*'))
		return !value.len;
	return number_take(&value, &size) && !value.len && last < size;
}

bool http_encoded_again(struct span uri)
{
	for (uint32_t i = 0; i + 2 < uri.len; i++)
		if (uri.data[i] == '%' && byte_hex(uri.data[i + 1]) >= 0 && byte_hex(uri.data[i + 2]) >= 0)
			return true;
	return false;
}
