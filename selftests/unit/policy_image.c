// SPDX-License-Identifier: GPL-2.0-or-later
/* policy_image.c - round trip, and images that nobody should send. */
#include <errno.h>

#include "core/policy/policy_table.h"
#include "lib/ktap.h"

static const char text[] =
	"interface eth0 { role wan; } interface eth1 vlan 20 { role dmz; mode enforce; }\n"
	"allow 192.0.2.10 { port 22; protocol tcp; interface eth0; reason r; } own 198.51.100.1;\n"
	"egress { profile p { allow http to any; } host 10.0.2.5 p; }\n"
	"list a { file /x; address 192.0.2.66 2001:db8::/32 10.0.0.0/8; } rules /r; rule-data threshold /t; "
	"variable V x;\n"
	"inspect { uninspected drop; }";

#define DIGEST_FROM 16 /* the digest at 8 covers what follows it */
#define HEAD_LEN    64

static void *pack(size_t *len, struct policy **out)
{
	struct conf_errors errors = {0};
	struct policy *policy = NULL;
	void *image = NULL;

	CHECK_EQ(policy_parse("f", text, sizeof(text) - 1, &policy, &errors), 0);
	CHECK_EQ(policy_pack(policy, &image, len), 0);
	*out = policy;
	return image;
}

static void round_trip(void)
{
	CLEANUP(policy_free) struct policy *before = NULL, *after = NULL;
	AUTO_FREE void *first = NULL, *second = NULL;
	size_t first_len = 0, second_len = 0;
	const char *why = NULL;
	bool full;

	first = pack(&first_len, &before);
	CHECK_EQ(policy_unpack(first, first_len, &after, &why), 0);
	if (!after)
		return;
	CHECK(after->settings.policy_digest != 0);
	CHECK_EQ(after->settings.depth[1], before->settings.depth[1]);
	CHECK(!memcmp(after->settings.action, before->settings.action, sizeof(after->settings.action)));
	CHECK_EQ(after->iface_count, 2);
	CHECK(!memcmp(after->ifaces, before->ifaces, 2 * sizeof(*after->ifaces)));
	CHECK(!memcmp(&after->nets[0].scope, &before->nets[0].scope, sizeof(after->nets[0].scope)));
	CHECK_STR(after->nets[0].iface, "eth0");
	CHECK_EQ(after->service_count, before->service_count);
	CHECK_STR(after->hosts[0].profile, "p");
	CHECK_EQ(after->entry_count, 3);
	CHECK_STR(after->rule_files[0], "/r");
	CHECK_STR(after->rule_data[0].path, "/t");
	CHECK_EQ(policy_pack(after, &second, &second_len), 0);
	CHECK(first_len == second_len && !memcmp(first, second, first_len), "the same policy, other bytes");
	for (int i = 0; i < 20; i++)
		CHECK(policy_array_add(after, ARRAY_ENTRIES, &full)); /* arrays of an image can grow */
}

static void truncated(void)
{
	CLEANUP(policy_free) struct policy *policy = NULL;
	AUTO_FREE char *image = NULL;
	size_t len = 0;

	image = pack(&len, &policy);
	for (size_t cut = 0; cut < len; cut++) {
		AUTO_FREE char *exact = malloc(cut + !cut);
		struct policy *out = NULL;
		const char *why = NULL;

		memcpy(exact, image, cut);
		CHECK_EQ(policy_unpack(exact, cut, &out, &why), -EBADMSG);
		CHECK(!out && why);
	}
	image = realloc(image, len + 1);
	image[len] = 0;
	CHECK_EQ(policy_unpack(image, len + 1, &(struct policy *){NULL}, &(const char *){NULL}), -EBADMSG);
}

/* Every single bit: the digest shows it. */
static void flipped(void)
{
	CLEANUP(policy_free) struct policy *policy = NULL;
	AUTO_FREE uint8_t *image = NULL;
	size_t len = 0;

	image = pack(&len, &policy);
	for (size_t at = 0; at < len; at++) {
		for (int bit = 0; bit < 8; bit += at < 200 ? 1 : 3) {
			struct policy *out = NULL;
			const char *why = NULL;

			image[at] ^= (uint8_t)(1 << bit);
			CHECK(policy_unpack(image, len, &out, &why) == -EBADMSG, "byte %zu bit %d", at, bit);
			image[at] ^= (uint8_t)(1 << bit);
			policy_free(out);
		}
	}
}

static void fix_digest(uint8_t *image, size_t len)
{
	uint64_t hash = 0xcbf29ce484222325ull;

	for (size_t i = DIGEST_FROM; i < len; i++)
		hash = (hash ^ image[i]) * 0x100000001b3ull;
	memcpy(image + 8, &hash, sizeof(hash));
}

/* A liar computes the digest too: then every field has to hold by itself, or the policy is a valid other one.
 */
static void forged(void)
{
	CLEANUP(policy_free) struct policy *policy = NULL;
	AUTO_FREE uint8_t *image = NULL;
	size_t len = 0;
	int accepted = 0, refused = 0;
	static const uint8_t values[] = {0, 1, 0x7f, 0x80, 0xff};

	image = pack(&len, &policy);
	for (size_t at = 0; at < len; at++) {
		uint8_t kept = image[at];

		if (at >= 8 && at < DIGEST_FROM)
			continue;
		for (size_t v = 0; v < sizeof(values); v++) {
			struct policy *out = NULL;
			const char *why = NULL;

			image[at] = values[v];
			fix_digest(image, len);
			if (policy_unpack(image, len, &out, &why)) {
				CHECK(why && !out);
				refused++;
				continue;
			}
			accepted++;
			CHECK(at >= HEAD_LEN || values[v] == kept, "byte %zu of the head", at);
			for (uint32_t i = 0; i < out->entry_count; i++)
				CHECK(out->entries[i].list < out->list_count);
			for (uint32_t i = 0; i < out->iface_count; i++)
				CHECK(memchr(out->ifaces[i].name, 0, sizeof(out->ifaces[i].name)) &&
				      out->ifaces[i].role < SEKI_ROLE_MAX);
			CHECK(out->engines >= 1 && out->engines <= SEKI_MAX_RINGS);
			policy_free(out);
		}
		image[at] = kept;
	}
	printf("# %d forged images accepted as another valid policy, %d refused\n", accepted, refused);
	CHECK(refused > accepted);
}

/* Counts that promise more than there is, also beyond 32 bits. */
static void counts(void)
{
	CLEANUP(policy_free) struct policy *policy = NULL;
	AUTO_FREE uint8_t *image = NULL;
	size_t len = 0;

	image = pack(&len, &policy);
	for (size_t at = 32; at < HEAD_LEN; at += 4) {
		static const uint32_t values[] = {0xffffffffu, 0x80000000u, 4096, 1u << 22};
		uint32_t kept;

		memcpy(&kept, image + at, 4);
		for (size_t v = 0; v < ARRAY_LEN(values); v++) {
			memcpy(image + at, &values[v], 4);
			fix_digest(image, len);
			CHECK_EQ(policy_unpack(image, len, &(struct policy *){NULL}, &(const char *){NULL}),
				 -EBADMSG);
		}
		memcpy(image + at, &kept, 4);
	}
}

static void pack_refuses(void)
{
	CLEANUP(policy_free) struct policy *policy = NULL;
	AUTO_FREE void *image = NULL;
	size_t len;

	CHECK_EQ(policy_default(&policy), 0);
	policy->engines = 99;
	CHECK_EQ(policy_pack(policy, &image, &len), -EINVAL);
	policy->engines = 1;
	memset(policy->eve_path, 'x', sizeof(policy->eve_path));
	CHECK_EQ(policy_pack(policy, &image, &len), -EINVAL);
	policy->eve_path[0] = '\0';
	CHECK_EQ(policy_pack(policy, &image, &len), -EINVAL);
	memset(policy->eve_path, 0, sizeof(policy->eve_path));
	CHECK_EQ(policy_pack(policy, &image, &len), 0);
	policy->settings.action[SEKI_R_CLEAN] = SEKI_ACTION_DROP;
	CHECK_EQ(policy_pack(policy, &(void *){NULL}, &len), -EINVAL);
}

static const struct ktap_test tests[] = {
	TEST(round_trip), TEST(truncated), TEST(flipped), TEST(forged), TEST(counts), TEST(pack_refuses),
};
KTAP_MAIN(tests)
