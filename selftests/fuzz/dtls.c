// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dtls - TLS in datagrams of a hostile peer.
 */
#include "conversation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	conversation_run(APP_TLS, IPPROTO_UDP, data, size);
	return 0;
}
