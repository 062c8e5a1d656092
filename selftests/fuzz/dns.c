// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dns - DNS messages of a hostile peer; the first byte chooses UDP or TCP.
 */
#include "conversation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	conversation_run(APP_DNS, data[0] & 1 ? IPPROTO_TCP : IPPROTO_UDP, data + 1, size - 1);
	return 0;
}
