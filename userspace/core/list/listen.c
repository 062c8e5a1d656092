// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * listen.c - address and port of a server.
 */
#include "listen.h"

#include <errno.h>
#include <string.h>

#include "lib/text.h"

int listen_parse(const char *text, size_t len, struct listen_address *out, const char **why)
{
	struct listen_address at = {0};
	size_t colon = len;
	uint64_t port;

	while (colon && text[colon - 1] != ':')
		colon--;
	*why = "written ADDRESS:PORT or [ADDRESS]:PORT";
	if (colon < 2)
		return -EINVAL;
	if (!text_number((struct text){text + colon, len - colon}, 65535, &port) || !port) {
		*why = "the port is not 1..65535";
		return -EINVAL;
	}
	colon--;
	at.v4 = text[0] != '[';
	if (!at.v4 && text[colon - 1] != ']')
		return -EINVAL;
	if (prefix_parse(at.v4 ? text : text + 1, at.v4 ? colon : colon - 2, &at.host, why))
		return -EINVAL;
	*why = "a single address is needed, IPv6 in []";
	if (at.host.len != 128 || prefix_is_v4(&at.host) != at.v4)
		return -EINVAL;
	at.port = (uint16_t)port;
	at.loopback = at.v4 ? at.host.addr[12] == 127
			    : !memcmp(at.host.addr, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1", 16);
	*out = at;
	return 0;
}
