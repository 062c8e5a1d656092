// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * policy_image.c - policy to flat image and back, field by field from the
 * tables of policy.c. An image stays on its machine: byte order is native.
 */
#include <errno.h>
#include <string.h>

#include "policy_table.h"

#define IMAGE_MAGIC   0x504b4553u /* "SEKP" */
#define IMAGE_VERSION 5u

/* Even, so that the head has no holes; what is left over is zero. */
#define IMAGE_COUNTS ((POLICY_ARRAYS + 1u) & ~1u)

/* The digest covers everything behind it. */
struct image_head {
	uint32_t magic, version;
	uint64_t digest;
	uint64_t len;
	uint32_t schema, pad;
	uint32_t counts[IMAGE_COUNTS];
};
_Static_assert(sizeof(struct image_head) == 32 + 4 * IMAGE_COUNTS, "image_head has holes");
#define DIGEST_FROM offsetof(struct image_head, len)

/* FNV-1a: every step is one-to-one, so a single changed byte always shows. */
static uint64_t image_digest(const void *image, size_t len)
{
	const uint8_t *at = image;
	uint64_t hash = 0xcbf29ce484222325ull;

	for (size_t i = DIGEST_FROM; i < len; i++)
		hash = (hash ^ at[i]) * 0x100000001b3ull;
	return hash;
}

static size_t row_size(const struct policy_array *array)
{
	size_t size = 0;

	for (unsigned int i = 0; i < array->field_count; i++)
		size += array->fields[i].size;
	return size;
}

/* Bytes of an image with these counts; each count is within its array's limit, so this cannot overflow. */
static size_t image_size(const uint32_t counts[POLICY_ARRAYS])
{
	size_t size = sizeof(struct image_head) + row_size(&policy_scalars);

	for (unsigned int i = 0; i < POLICY_ARRAYS; i++)
		size += row_size(&policy_arrays[i]) * counts[i];
	return size;
}

static int rows_pack(const struct policy_array *array, const void *rows, uint32_t count, uint8_t **at)
{
	for (uint32_t r = 0; r < count; r++) {
		const char *row = (const char *)rows + (size_t)r * array->item_size;

		for (unsigned int i = 0; i < array->field_count; i++) {
			const struct policy_field *field = &array->fields[i];

			if (policy_field_check(field, row))
				return -EINVAL;
			memcpy(*at, row + field->offset, field->size);
			*at += field->size;
		}
	}
	return 0;
}

/* The caller has checked that count rows are there. */
static const char *rows_unpack(const struct policy_array *array, void *rows, uint32_t count,
			       const uint8_t **at)
{
	for (uint32_t r = 0; r < count; r++) {
		char *row = (char *)rows + (size_t)r * array->item_size;

		for (unsigned int i = 0; i < array->field_count; i++) {
			const struct policy_field *field = &array->fields[i];
			const char *why;

			/* A bool must not hold another byte than 0 or 1, not even for the check. */
			if (field->kind == FIELD_NUMBER && field->size == 1 && **at > field->max)
				return field->why;
			memcpy(row + field->offset, *at, field->size);
			*at += field->size;
			why = policy_field_check(field, row);
			if (why)
				return why;
		}
	}
	return NULL;
}

int policy_pack(const struct policy *policy, void **image, size_t *len)
{
	struct image_head head = {.magic = IMAGE_MAGIC, .version = IMAGE_VERSION, .schema = SEKI_SCHEMA};
	AUTO_FREE uint8_t *bytes = NULL;
	uint8_t *at;
	int err;

	if (policy_check(policy))
		return -EINVAL;
	for (unsigned int i = 0; i < POLICY_ARRAYS; i++) {
		head.counts[i] = *policy_array_count(&policy_arrays[i], policy);
		if (head.counts[i] > policy_arrays[i].max)
			return -EFBIG;
	}
	head.len = image_size(head.counts);
	if (head.len > POLICY_IMAGE_MAX)
		return -EFBIG;
	bytes = malloc(head.len);
	if (!bytes)
		return -ENOMEM;
	at = bytes + sizeof(head);
	err = rows_pack(&policy_scalars, policy, 1, &at);
	for (unsigned int i = 0; i < POLICY_ARRAYS && !err; i++)
		err = rows_pack(&policy_arrays[i], *policy_array_items(&policy_arrays[i], policy),
				head.counts[i], &at);
	if (err)
		return err;
	memcpy(bytes, &head, sizeof(head));
	head.digest = image_digest(bytes, head.len);
	memcpy(bytes, &head, sizeof(head));
	*len = head.len;
	*image = TAKE_PTR(bytes);
	return 0;
}

int policy_digest(const struct policy *policy, uint64_t *out)
{
	struct policy plain = *policy;
	AUTO_FREE void *image = NULL;
	struct image_head head;
	size_t len = 0;
	int err;

	plain.settings.policy_digest = 0;
	plain.lists_digest = 0;
	err = policy_pack(&plain, &image, &len);
	if (err)
		return err;
	memcpy(&head, image, sizeof(head));
	*out = head.digest;
	return 0;
}

static const char *head_check(const struct image_head *head, const void *image, size_t len)
{
	if (head->magic != IMAGE_MAGIC || head->version != IMAGE_VERSION || head->pad)
		return "not a policy image of this version";
	if (head->schema != SEKI_SCHEMA)
		return "the image was made for another schema";
	for (unsigned int i = 0; i < POLICY_ARRAYS; i++)
		if (head->counts[i] > policy_arrays[i].max)
			return "a count is over its limit";
	if (head->len != len || image_size(head->counts) != len)
		return "the length does not fit the counts";
	if (image_digest(image, len) != head->digest)
		return "the digest does not fit the content";
	return NULL;
}

static int image_refuse(const char **why, const char *text)
{
	*why = text;
	return -EBADMSG;
}

int policy_unpack(const void *image, size_t len, struct policy **out, const char **why)
{
	CLEANUP(policy_free) struct policy *policy = NULL;
	const uint8_t *at = (const uint8_t *)image + sizeof(struct image_head);
	struct image_head head;
	const char *fault;

	if (len < sizeof(head))
		return image_refuse(why, "shorter than its header");
	if (len > POLICY_IMAGE_MAX)
		return image_refuse(why, "longer than an image may be");
	memcpy(&head, image, sizeof(head));
	fault = head_check(&head, image, len);
	if (fault)
		return image_refuse(why, fault);
	policy = calloc(1, sizeof(*policy));
	if (!policy)
		return -ENOMEM;
	fault = rows_unpack(&policy_scalars, policy, 1, &at);
	for (unsigned int i = 0; i < POLICY_ARRAYS && !fault; i++) {
		const struct policy_array *array = &policy_arrays[i];
		void *rows =
			head.counts[i] ? calloc(policy_array_room(head.counts[i]), array->item_size) : NULL;

		if (head.counts[i] && !rows)
			return -ENOMEM;
		*policy_array_items(array, policy) = rows;
		*policy_array_count(array, policy) = head.counts[i];
		fault = rows_unpack(array, rows, head.counts[i], &at);
	}
	if (!fault)
		fault = policy_check(policy);
	if (fault)
		return image_refuse(why, fault);
	policy->settings.policy_digest = head.digest;
	*out = TAKE_PTR(policy);
	return 0;
}
