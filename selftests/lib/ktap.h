/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ktap.h - KTAP version 1 output for tests in C. A test is a static void
 * function; checks print what was wrong and let the test go on.
 */
#ifndef SELFTESTS_KTAP_H
#define SELFTESTS_KTAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int ktap_failed_checks, ktap_failed_tests;
static const char *ktap_skip_reason;

#define CHECK(condition, ...)                                                                                \
	({                                                                                                   \
		bool ok_ = (condition);                                                                      \
		if (!ok_) {                                                                                  \
			ktap_failed_checks++;                                                                \
			printf("# %s:%d: %s", __FILE__, __LINE__, #condition);                               \
			printf(" " __VA_ARGS__);                                                             \
			printf("\n");                                                                        \
		}                                                                                            \
		ok_;                                                                                         \
	})
#define CHECK_EQ(actual, expected)                                                                           \
	({                                                                                                   \
		long long a_ = (long long)(actual), e_ = (long long)(expected);                              \
		CHECK(a_ == e_, "is %lld, not %lld (%s)", a_, e_, #expected);                                \
	})
#define CHECK_STR(actual, expected)                                                                          \
	({                                                                                                   \
		const char *a_ = (actual), *e_ = (expected);                                                 \
		CHECK(a_ && !strcmp(a_, e_), "is \"%s\", not \"%s\"", a_ ? a_ : "(null)", e_);               \
	})
#define SKIP(reason)                                                                                         \
	do {                                                                                                 \
		ktap_skip_reason = (reason);                                                                 \
		return;                                                                                      \
	} while (0)

struct ktap_test {
	const char *name;
	void (*run)(void);
};
#define TEST(function)                                                                                       \
	{                                                                                                    \
#function, function                                                                          \
	}

/* An emulated machine: the same checks with fewer repetitions. */
static inline bool ktap_slow(void)
{
	return getenv("SEKI_TEST_SLOW") != NULL;
}

#define KTAP_LONG_S 3 /* a test that takes so long says how long */

static inline int ktap_run(const struct ktap_test *tests, int count)
{
	time_t begun;
	long took;

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("KTAP version 1\n1..%d\n", count);
	for (int i = 0; i < count; i++) {
		ktap_failed_checks = 0;
		ktap_skip_reason = NULL;
		begun = time(NULL);
		tests[i].run();
		took = (long)(time(NULL) - begun);
		if (took >= KTAP_LONG_S)
			printf("# after %ld s:\n", took);
		ktap_failed_tests += ktap_failed_checks > 0;
		printf("%s %d %s%s%s\n", ktap_failed_checks ? "not ok" : "ok", i + 1, tests[i].name,
		       ktap_skip_reason ? " # SKIP " : "", ktap_skip_reason ? ktap_skip_reason : "");
	}
	return ktap_failed_tests ? 1 : 0;
}
#define KTAP_MAIN(tests)                                                                                     \
	int main(void)                                                                                       \
	{                                                                                                    \
		return ktap_run(tests, sizeof(tests) / sizeof((tests)[0]));                                  \
	}

#endif
