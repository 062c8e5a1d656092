// SPDX-License-Identifier: GPL-2.0-or-later
/* Expressions as machine code: one copy per thread and expression, the original stays as it was. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>

#include "core/rule/pcre_jit.h"
#include "lib/ktap.h"

#define EXPRESSIONS 300

static void one_copy_each(void)
{
	static pcre2_code *codes[EXPRESSIONS];
	static const pcre2_code *quick[EXPRESSIONS];
	pcre2_match_data *data = pcre2_match_data_create(1, NULL);
	struct pcre_jit jit = {0};
	uint32_t can = 0;
	char text[16];

	pcre2_config(PCRE2_CONFIG_JIT, &can);
	for (int i = 0; i < EXPRESSIONS; i++) {
		PCRE2_SIZE at, size = 1;
		int error;

		snprintf(text, sizeof(text), "x%dy", i);
		codes[i] = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, 0, &error, &at, NULL);
		quick[i] = pcre_jit_get(&jit, codes[i]);
		CHECK(can ? quick[i] != codes[i] : quick[i] == codes[i]);
		pcre2_pattern_info(codes[i], PCRE2_INFO_JITSIZE, &size);
		CHECK_EQ(size, 0);
	}
	for (int i = 0; i < EXPRESSIONS; i++) {
		int len = snprintf(text, sizeof(text), "ax%dyb", i);

		CHECK(pcre_jit_get(&jit, codes[i]) == quick[i]);
		CHECK_EQ(pcre2_match(quick[i], (PCRE2_SPTR)text, (PCRE2_SIZE)len, 0, 0, data, NULL), 1);
		CHECK_EQ(pcre2_match(quick[i], (PCRE2_SPTR)text, (PCRE2_SIZE)len - 2, 0, 0, data, NULL),
			 PCRE2_ERROR_NOMATCH);
	}
	pcre_jit_clear(&jit);
	pcre_jit_clear(&jit);
	for (int i = 0; i < EXPRESSIONS; i++)
		pcre2_code_free(codes[i]);
	pcre2_match_data_free(data);
}

static const struct ktap_test tests[] = {
	TEST(one_copy_each),
};
KTAP_MAIN(tests)
