// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ruleset_et.c - the public ET Open rules load: how many, how fast, and what
 * is refused by which keyword.
 */
#include <dirent.h>
#include <fcntl.h>
#include <time.h>

#include "lib/file.h"
#include "rules.h"

#define ET_PATH "rulesets/et-open-2024-04-21"

static struct et_refusal {
	char keyword[64], why[96];
	unsigned int count;
} et_refusals[256];
static unsigned int et_refusal_count;

static void et_refused(const char *file, unsigned int line, uint32_t sid, const char *keyword,
		       const char *why, void *arg)
{
	unsigned int i;

	if (getenv("ET_VERBOSE"))
		printf("# %s:%u: %u %s: %s\n", file, line, sid, keyword, why);
	for (i = 0; i < et_refusal_count; i++) {
		if (!strcmp(et_refusals[i].keyword, keyword) && !strcmp(et_refusals[i].why, why))
			break;
	}
	if (i == ARRAY_LEN(et_refusals))
		return;
	if (i == et_refusal_count) {
		snprintf(et_refusals[i].keyword, sizeof(et_refusals[i].keyword), "%s", keyword);
		snprintf(et_refusals[i].why, sizeof(et_refusals[i].why), "%s", why);
		et_refusal_count++;
	}
	et_refusals[i].count++;
}

static int et_open(void)
{
	const char *roots[] = {getenv("SHARED"), "../shared", "../../shared"};

	for (size_t i = 0; i < ARRAY_LEN(roots); i++) {
		char path[512];
		int fd;

		snprintf(path, sizeof(path), "%s/" ET_PATH, roots[i] ? roots[i] : "../shared");
		fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0)
			return fd;
	}
	return -1;
}

static int et_compare(const void *a, const void *b)
{
	const struct et_refusal *x = a, *y = b;

	return x->count < y->count ? 1 : -(x->count > y->count);
}

static double et_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void loads(void)
{
	CLEANUP(ruleset_builder_free) struct ruleset_builder *builder = NULL;
	CLEANUP(ruleset_free) struct ruleset *set = NULL;
	CLEANUP(detect_free) struct detect *detect = NULL;
	struct ruleset_counts counts;
	char why[256] = "";
	double began = et_seconds();
	int fd = et_open();
	struct dirent *entry;
	DIR *dir;

	if (fd < 0)
		SKIP("no " ET_PATH " in SHARED, ../shared or ../../shared");
	dir = fdopendir(fd);
	if (!CHECK_EQ(ruleset_builder_new(&builder), 0))
		return;
	while ((entry = readdir(dir))) {
		AUTO_FREE char *text = NULL;
		size_t len, name = strlen(entry->d_name);

		if (name < 7 || strcmp(entry->d_name + name - 6, ".rules"))
			continue;
		if (CHECK_EQ(file_read(dirfd(dir), entry->d_name, 64u << 20, &text, &len), 0))
			CHECK_EQ(ruleset_add_rules(builder, entry->d_name, text, len, et_refused, NULL), 0);
	}
	closedir(dir);
	printf("# parsed after %.2f s\n", et_seconds() - began);
	if (!CHECK(!ruleset_build(builder, &set, why, sizeof(why)), "%s", why))
		return;
	CHECK_EQ(detect_new(set, rules_alert, NULL, &detect), 0);
	ruleset_count(set, &counts);
	printf("# %u loaded, %u refused, %.2f s of CPU\n", counts.loaded, counts.failed,
	       et_seconds() - began);
	qsort(et_refusals, et_refusal_count, sizeof(*et_refusals), et_compare);
	for (unsigned int i = 0; i < et_refusal_count; i++)
		printf("# refused %u: %s: %s\n", et_refusals[i].count, et_refusals[i].keyword,
		       et_refusals[i].why);
	CHECK(counts.loaded > 20000, "%u loaded", counts.loaded);
	CHECK(counts.loaded * 10 > (counts.loaded + counts.failed) * 9, "%u refused", counts.failed);
#if !defined(__SANITIZE_ADDRESS__)
	CHECK(et_seconds() - began < 5, "%.2f s", et_seconds() - began);
#endif
	for (uint32_t i = 0; i < counts.loaded; i += 97)
		CHECK(ruleset_find(set, ruleset_at(set, i)->sid)->sid == ruleset_at(set, i)->sid);
}

static const struct ktap_test tests[] = {TEST(loads)};
KTAP_MAIN(tests)
