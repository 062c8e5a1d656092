// SPDX-License-Identifier: GPL-2.0-or-later
/* Any image; the digest is repaired first, so that the fields behind it are reached. */
#include <string.h>

#include "core/policy/policy.h"

#define DIGEST_AT   8
#define DIGEST_FROM 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(policy_free) struct policy *policy = NULL;
	AUTO_FREE uint8_t *image = malloc(size + !size);
	AUTO_FREE void *again = NULL;
	uint64_t hash = 0xcbf29ce484222325ull, total = size;
	size_t len;
	const char *why = NULL;

	if (!image)
		return 0;
	memcpy(image, data, size);
	if (size >= 2 * DIGEST_FROM) {
		memcpy(image + DIGEST_FROM, &total, sizeof(total));
		for (size_t i = DIGEST_FROM; i < size; i++)
			hash = (hash ^ image[i]) * 0x100000001b3ull;
		memcpy(image + DIGEST_AT, &hash, sizeof(hash));
	}
	if (policy_unpack(image, size, &policy, &why)) {
		if (!why || policy)
			abort();
		return 0;
	}
	/* One form only: what is accepted is what packing gives. */
	if (policy_pack(policy, &again, &len) || len != size || memcmp(again, image, size))
		abort();
	return 0;
}
