// SPDX-License-Identifier: GPL-2.0-or-later
/* Any configuration: what is accepted packs, unpacks and packs to the same bytes. */
#include <string.h>

#include "core/policy/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(policy_free) struct policy *policy = NULL, *copy = NULL;
	AUTO_FREE void *image = NULL, *again = NULL;
	struct conf_errors errors = {0};
	size_t len = 0, again_len = 0;
	const char *why;
	int err = policy_parse("fuzz", (const char *)data, size, &policy, &errors);

	conf_errors_clear(&errors);
	if (err)
		return 0;
	if (policy_pack(policy, &image, &len) || policy_unpack(image, len, &copy, &why) ||
	    policy_pack(copy, &again, &again_len))
		abort();
	if (len != again_len || memcmp(image, again, len))
		abort();
	return 0;
}
