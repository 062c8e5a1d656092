// SPDX-License-Identifier: GPL-2.0-or-later
/* phrase.c - both languages say the same with the same arguments, and each in its own letters. */
#include <string.h>

#include "core/report/phrase.h"
#include "lib/ktap.h"

/* A bit per {0} to {9}. */
static unsigned int places(const char *text)
{
	unsigned int found = 0;

	for (; *text; text++)
		if (*text == '{' && text[1] >= '0' && text[1] <= '9' && text[2] == '}')
			found |= 1u << (text[1] - '0');
	return found;
}

static void same_places(void)
{
	for (int i = 0; i < PHRASE_MAX; i++) {
		const char *en = phrase(EXPLAIN_EN, i), *ja = phrase(EXPLAIN_JA, i);

		CHECK(places(en) == places(ja), "%s / %s", en, ja);
		CHECK(*en && *ja);
		for (const char *at = en; *at; at++)
			CHECK((unsigned char)*at < 0x80, "English beyond ASCII: %s", en);
	}
}

/* {9} is never asked for where nine arguments were not given: a gap in the numbers is a slip of the pen. */
static void no_gaps(void)
{
	for (int i = 0; i < PHRASE_MAX; i++) {
		unsigned int found = places(phrase(EXPLAIN_EN, i));

		CHECK(!(found & (found + 1)), "%s", phrase(EXPLAIN_EN, i));
	}
}

static const struct ktap_test tests[] = {TEST(same_places), TEST(no_gaps)};
KTAP_MAIN(tests)
