// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ruleset_cache.c - compiled databases come back from their image; what is
 * damaged or of other rules is compiled anew, and nobody notices but the clock.
 */
#include "core/rule/ruleset_parts.h"
#include "rules.h"

/* One letter is more common than our own search takes: its lane is the library's. */
static const char rules[] = "alert tcp any any -> any any (content:\"needle\"; sid:1;)\n"
			    "alert tcp any any -> any 80 (content:\"hay\"; depth:5; sid:2;)\n"
			    "alert http any any -> any any (http.uri; content:\"/evil\"; nocase; sid:3;)\n"
			    "alert udp any any -> any any (content:\"needle\"; sid:4;)\n"
			    "alert udp any any -> any any (content:\"|00 ff|straw\"; nocase; sid:5;)\n"
			    "alert udp any any -> any any (content:\"o\"; sid:6;)\n"
			    "alert http any any -> any any (http.uri; content:\"e\"; sid:7;)\n";

struct image {
	const void *data;
	size_t len;
	char asked[RULESET_CACHE_NAME_MAX];
};

static int fetch(const char *name, const void **data, size_t *len, void *arg)
{
	struct image *image = arg;

	snprintf(image->asked, sizeof(image->asked), "%s", name);
	*data = image->data;
	*len = image->len;
	return image->data ? 0 : -ENOENT;
}

static bool build_after(const char *text, struct image *image, struct ruleset *previous, struct ruleset **out)
{
	CLEANUP(ruleset_builder_free) struct ruleset_builder *builder = NULL;
	char why[128] = "";

	if (!CHECK_EQ(ruleset_builder_new(&builder), 0))
		return false;
	CHECK_EQ(ruleset_set_previous(builder, previous), 0);
	CHECK_EQ(ruleset_add_rules(builder, "t", text, strlen(text), NULL, NULL), 0);
	ruleset_set_cache(builder, fetch, image);
	return CHECK(!ruleset_build(builder, out, why, sizeof(why)), "%s", why);
}

static bool build(const char *text, struct image *image, struct ruleset **out)
{
	return build_after(text, image, NULL, out);
}

/* What the set finds in a datagram, by bits of sids. */
static unsigned int found_by(struct ruleset *set)
{
	struct rules_world world = {.now_us = 1000000};
	unsigned int bits = 0;

	if (!CHECK_EQ(detect_new(set, rules_alert, &world, &world.detect), 0))
		return 0;
	world.flow.client_port = 1024;
	world.flow.server_port = 80;
	rules_datagram(&world, "..needle..\0\377STRAW", 17);
	for (unsigned int i = 0; i < world.alerts; i++)
		bits |= 1u << world.sids[i];
	detect_flow_free(world.flow.detect);
	detect_free(world.detect);
	return bits;
}

static bool cached(const struct ruleset *set)
{
	struct ruleset_counts counts;

	ruleset_count(set, &counts);
	return counts.cached;
}

static void comes_back(void)
{
	CLEANUP(ruleset_free) struct ruleset *first = NULL, *second = NULL, *other = NULL;
	AUTO_FREE void *data = NULL;
	struct image image = {0};
	char name[RULESET_CACHE_NAME_MAX];

	if (!build(rules, &image, &first) || !CHECK_EQ(ruleset_cache_image(first, &data, &image.len), 0))
		return;
	CHECK(!cached(first), "nothing was there");
	ruleset_cache_name(first, name);
	CHECK(!strcmp(name, image.asked), "%s, not %s", name, image.asked);
	image.data = data;
	if (!build(rules, &image, &second))
		return;
	CHECK(cached(second), "the image was not taken");
	CHECK_EQ(found_by(first), 1u << 4 | 1u << 5);
	CHECK_EQ(found_by(second), found_by(first));
	/* One byte of one literal differs: another name, and the image is not its own. */
	if (!build("alert udp any any -> any any (content:\"needlf\"; sid:4;)\n", &image, &other))
		return;
	CHECK(!cached(other), "taken for other rules");
	CHECK(strcmp(name, image.asked), "the same name for other rules");
	CHECK_EQ(found_by(other), 0);
}

static void damaged(void)
{
	CLEANUP(ruleset_free) struct ruleset *first = NULL;
	AUTO_FREE void *data = NULL;
	AUTO_FREE uint8_t *copy = NULL;
	struct image image = {0};
	size_t len;

	if (!build(rules, &image, &first) || !CHECK_EQ(ruleset_cache_image(first, &data, &len), 0))
		return;
	for (size_t at = 0; at < len; at += at < 128 ? 1 : 997) {
		CLEANUP(ruleset_free) struct ruleset *set = NULL;

		copy = realloc(copy, len);
		memcpy(copy, data, len);
		copy[at] ^= 0x10;
		image = (struct image){.data = copy, .len = len};
		if (!build(rules, &image, &set))
			return;
		CHECK(!cached(set), "taken with byte %zu changed", at);
		CHECK_EQ(found_by(set), 1u << 4 | 1u << 5);
	}
	for (size_t cut = 0; cut < len; cut += cut < 128 ? 1 : 997) {
		CLEANUP(ruleset_free) struct ruleset *set = NULL;

		free(copy); /* exactly so long, for the sanitizer */
		copy = malloc(cut ? cut : 1);
		memcpy(copy, data, cut);
		image = (struct image){.data = copy, .len = cut};
		if (!build(rules, &image, &set))
			return;
		CHECK(!cached(set), "taken with %zu of %zu bytes", cut, len);
		CHECK_EQ(found_by(set), 1u << 4 | 1u << 5);
	}
}

struct databases {
	const struct mpm_database *known[64];
	unsigned int count, shared;
};

static int gather(struct mpm *mpm, void *arg)
{
	struct databases *databases = arg;

	if (mpm->database && databases->count < ARRAY_LEN(databases->known))
		databases->known[databases->count++] = mpm->database;
	return 0;
}

static int compare(struct mpm *mpm, void *arg)
{
	struct databases *databases = arg;

	for (unsigned int i = 0; i < databases->count; i++)
		databases->shared += mpm->database && mpm->database == databases->known[i];
	return 0;
}

static const struct rule_node *nodes_of(const struct ruleset *set, uint32_t sid)
{
	for (uint32_t i = 0; i < set->count; i++) {
		if (set->rules[i]->info.sid == sid)
			return set->rules[i]->lists[0].nodes;
	}
	return NULL;
}

/* What did not change between two sets is there once, and outlives the first. */
static void shared(void)
{
	static const char changed[] =
		"alert http any any -> any any (http.uri; content:\"/other\"; sid:3;)\n"
		"alert udp any any -> any any (content:\"needle\"; sid:4;)\n"
		"alert udp any any -> any any (content:\"|00 ff|straw\"; nocase; sid:5;)\n"
		"alert udp any any -> any any (content:\"o\"; sid:6;)\n"
		"alert http any any -> any any (http.uri; content:\"a\"; sid:7;)\n";
	struct ruleset *first = NULL;
	CLEANUP(ruleset_free) struct ruleset *second = NULL, *third = NULL;
	struct databases databases = {};
	struct image image = {0};
	AUTO_FREE void *data = NULL;

	if (!build(rules, &image, &first))
		return;
	CHECK_EQ(ruleset_each_mpm(first, gather, &databases), 0);
	if (build_after(changed, &image, first, &second)) {
		CHECK(nodes_of(first, 5) && nodes_of(second, 5) == nodes_of(first, 5),
		      "what sid 5 looks for");
		CHECK(nodes_of(second, 3) != nodes_of(first, 3), "what sid 3 looks for now");
		CHECK_EQ(ruleset_each_mpm(second, compare, &databases), 0);
		CHECK(databases.shared > 0 && databases.shared < databases.count, "%u of %u",
		      databases.shared, databases.count);
	}
	/* With the image too: what is shared is passed over in it. */
	CHECK_EQ(ruleset_cache_image(first, &data, &image.len), 0);
	image.data = data;
	databases.shared = 0;
	if (build_after(rules, &image, first, &third)) {
		CHECK(cached(third), "the image was not taken");
		CHECK_EQ(ruleset_each_mpm(third, compare, &databases), 0);
		CHECK(databases.shared >= databases.count, "%u of %u", databases.shared, databases.count);
	}
	ruleset_free(first);
	CHECK_EQ(found_by(second), 1u << 4 | 1u << 5);
	CHECK_EQ(found_by(third), 1u << 4 | 1u << 5);
}

static const struct ktap_test tests[] = {TEST(comes_back), TEST(damaged), TEST(shared)};
KTAP_MAIN(tests)
