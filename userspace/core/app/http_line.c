// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * http_line.c - does a line begin a request or a response?
 */
#include "http_line.h"

#include <string.h>

static const char *const http_methods[] = {
	"GET",	    "POST",	   "HEAD",	   "PUT",      "DELETE",	  "OPTIONS",
	"CONNECT",  "TRACE",	   "PATCH",	   "PROPFIND", "PROPPATCH",	  "MKCOL",
	"COPY",	    "MOVE",	   "LOCK",	   "UNLOCK",   "SEARCH",	  "REPORT",
	"CHECKOUT", "MERGE",	   "SUBSCRIBE",	   "NOTIFY",   "M-SEARCH",	  "BPROPFIND",
	"POLL",	    "RPC_IN_DATA", "RPC_OUT_DATA", "BMOVE",    "VERSION-CONTROL", "LABEL",
};

bool http_method_known(struct span word)
{
	for (unsigned int i = 0; i < ARRAY_LEN(http_methods); i++)
		if (word.len == strlen(http_methods[i]) && !memcmp(word.data, http_methods[i], word.len))
			return true;
	return false;
}

/* The line's last word is HTTP/digit… */
static bool line_has_version(struct span line)
{
	uint32_t at;

	line = span_trim(line);
	for (at = line.len; at > 0 && !byte_space(line.data[at - 1]); at--)
		;
	return at > 0 && line.len - at > 5 && span_begins(span_from(line, at), "HTTP/") &&
	       line.data[at + 5] >= '0' && line.data[at + 5] <= '9';
}

static struct span first_word(struct span line)
{
	uint32_t n = 0;

	while (line.len && byte_space(line.data[0]))
		line = span_from(line, 1);
	while (n < line.len && !byte_space(line.data[n]))
		n++;
	return (struct span){line.data, n};
}

bool http_line_is_request(struct span line)
{
	struct span word = first_word(line);

	if (!word.len || word.len > 64)
		return false;
	for (uint32_t i = 0; i < word.len; i++)
		if (word.data[i] <= ' ' || word.data[i] >= 0x7f ||
		    strchr("()<>@,;:\\\"/[]?={}", word.data[i]))
			return false;
	return line_has_version(line) || (http_method_known(word) && span_trim(line).len > word.len);
}

bool http_line_is_response(struct span line)
{
	return line.len > 5 && span_begins(line, "HTTP/") && line.data[5] >= '0' && line.data[5] <= '9';
}

enum app_probe http_line_probe(struct span data, enum direction dir, uint16_t server_port)
{
	uint32_t skip = 0, end;
	struct span line, word;

	(void)server_port;
	while (skip < data.len && (data.data[skip] == '\r' || data.data[skip] == '\n'))
		skip++;
	data = span_from(data, skip);
	end = span_find(data, '\n');
	line = (struct span){data.data, end};
	if (dir == TO_CLIENT) {
		if (http_line_is_response(line))
			return APP_PROBE_YES;
		return end == data.len && data.len < 6 &&
				       !strncasecmp("HTTP/", (const char *)data.data, data.len)
			       ? APP_PROBE_MORE
			       : APP_PROBE_NO;
	}
	word = first_word(line);
	for (uint32_t i = 0; i < word.len; i++)
		if (word.data[i] <= ' ' || word.data[i] >= 0x7f)
			return APP_PROBE_NO;
	if (end < data.len)
		return http_line_is_request(line) &&
				       (line_has_version(line) || !memchr(line.data, ':', line.len) ||
					memchr(line.data, '/', line.len)) &&
				       !(span_begins(span_from(line, word.len), " sip:") ||
					 span_begins(span_from(line, word.len), " rtsp:"))
			       ? APP_PROBE_YES
			       : APP_PROBE_NO;
	if (word.len > 64)
		return APP_PROBE_NO;
	/* A method that nothing else uses, and a target's first byte. */
	if (word.len + 1 < line.len && http_method_known(word) && line.data[word.len + 1] == '/')
		return APP_PROBE_YES;
	return APP_PROBE_MORE;
}
