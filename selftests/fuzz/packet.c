// SPDX-License-Identifier: GPL-2.0-or-later
/* First byte: link type; then a frame. */
#include <stdlib.h>
#include <string.h>

#include "core/flow/packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum link_type links[] = {LINK_ETHERNET, LINK_NULL,  LINK_RAW,  LINK_PPP, LINK_SLL,
					       LINK_SLL2,     LINK_CHDLC, LINK_IPV4, LINK_IPV6};
	struct packet packet;
	const struct span *spans[] = {&packet.ip_header, &packet.ip_payload, &packet.l4_header,
				      &packet.payload};

	if (!size)
		return 0;
	packet_decode(links[data[0] % ARRAY_LEN(links)], data + 1, size - 1, &packet);
	packet_verify(&packet);
	for (size_t i = 0; i < ARRAY_LEN(spans); i++)
		if (spans[i]->len && (spans[i]->data < data || spans[i]->data + spans[i]->len > data + size))
			abort();
	packet_decode_ip(data, size, &packet);
	packet_verify(&packet);
	return 0;
}
