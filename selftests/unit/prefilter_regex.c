// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * prefilter_regex - automata against PCRE: never more than it matches, and
 * as much where the reader says so.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <errno.h>
#include <string.h>

#include "core/prefilter/prefilter_regex.h"
#include "lib/ktap.h"
#include "sekimori/prefilter.h"

/* Expression, bytes that random texts are made of (a text is also made of pieces of the expression). */
static const struct {
	const char *text, *letters;
	bool nocase;
	const char *pieces[6]; /* texts are made of them, too */
} rows[] = {
	{"abc", "abc", false, {NULL}},
	{"a|bc|c", "abc", false, {NULL}},
	{"(?:\\.%2e|%2e\\.|%2e%2e)(?:\\/|\\\\|%2f|%5c)", ".%2e/\\5cfEC", true, {NULL}},
	{"(?<!\\.)\\.\\.(?:\\/|%2f)+[^&#]*?(?:etc\\/(?:passwd|group)\\b|\\.env(?:$|[?&%]))",
	 "./%2fetcpasswdgroup&.env?x",
	 true,
	 {"../", "etc/passwd", "..%2F", ".env", "etc/group"}},
	{"(?:^|\\n)[^:\\r\\n]+:\\s*\\(\\) \\{", "\nab: () {\r", false, {"() {", ": ", "\n"}},
	{"^[^?]*[\\/\\\\](?:cmd(?:1|32)?|root)\\.exe[\\x22.\\s]*\\?[\\s+\\x22]*\\/[ckr]",
	 "/cmd.exe?32 \"+r1",
	 true,
	 {"/cmd", "/ROOT", ".exe", "?", "/c", "32"}},
	{"x{3}", "xy", false, {NULL}},
	{"x{2,4}y", "xy", false, {NULL}},
	{"a{0,2}?b{2,}", "abc", false, {NULL}},
	{"x[^b]{0,9}?[ac]{6}", "abcx", false, {NULL}},
	{"x[^b]{1,5}(?:ab){2,4}c", "abcx", false, {"ab", "abab"}},
	{"a{3}[bc]{0,4}b{2}", "abc", false, {NULL}},
	{"a[bc]{3,}b[ab]{2,}c", "abc", false, {NULL}},
	{"(?:ab{0,3}c){2}b{3}", "abc", false, {NULL}},
	{"(?:[ab]{0,2}c|a{2,3}){2}$", "abc", false, {NULL}},
	{"\\bfoo\\b", "fo _.", false, {NULL}},
	{"[^\\w]x\\d", "x1_ \n", false, {NULL}},
	{"a.c", "abc\n", false, {NULL}},
	{"(?=a)[ab]c", "abc", false, {NULL}},
	{"(?<=a)bc|b$", "abc", false, {NULL}},
	{"(?!b)[abc]+c$", "abc", false, {NULL}},
	{"%(?:25)+2e", "%25e", true, {"%25", "2E", "25"}},
	{"[\\]\\-a-c]-", "]-abcd", false, {NULL}},
};

/* What is no regular language, or not read. */
static const char *const refused[] = {
	"(a)\\1", "(?>a+)b", "a++b", "(?=ab)c", "(?i:a)",  "[[:alpha:]]",
	"\\p{L}", "(a",	     "a)",   "*a",	"a{2000}",
};

static bool automaton_walk(const struct automaton *automaton, const char *text, size_t len)
{
	uint32_t state = 0;

	for (size_t i = 0; i < len; i++) {
		state = automaton->moves[state * automaton->classes + automaton->map[(uint8_t)text[i]]];
		if (state >= SEKI_PF_REJECT)
			return state == SEKI_PF_ACCEPT;
	}
	return automaton->moves[state * automaton->classes + automaton->classes - 1] == SEKI_PF_ACCEPT;
}

static uint32_t seed = 1;

static uint32_t draw(uint32_t limit)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % limit;
}

static void row_check(size_t row)
{
	struct regex regex = {.exact = true};
	const struct regex_options options = {.nocase = rows[row].nocase};
	uint32_t pieces = 0;
	struct automaton automaton;
	pcre2_match_data *match = pcre2_match_data_create(1, NULL);
	PCRE2_SIZE at;
	uint32_t root;
	int code, accepted = 0, missed = 0;
	pcre2_code *pcre = pcre2_compile((PCRE2_SPTR)rows[row].text, PCRE2_ZERO_TERMINATED,
					 rows[row].nocase ? PCRE2_CASELESS : 0, &code, &at, NULL);

	while (pieces < ARRAY_LEN(rows[row].pieces) && rows[row].pieces[pieces])
		pieces++;
	CHECK(pcre, "%s", rows[row].text);
	CHECK_EQ(regex_parse(&regex, rows[row].text, &options, &root), 0);
	CHECK_EQ(automaton_build(&regex, root, true, &automaton), 0);
	for (int n = 0; n < 30000; n++) {
		char text[64];
		size_t len = 0, most = draw(40);
		bool ours, theirs;

		while (len < most) {
			const char *piece = pieces ? rows[row].pieces[draw(pieces)] : "";

			if (pieces && draw(2)) {
				memcpy(text + len, piece, strlen(piece));
				len += strlen(piece);
			} else {
				text[len++] = rows[row].letters[draw((uint32_t)strlen(rows[row].letters))];
			}
		}
		ours = automaton_walk(&automaton, text, len);
		theirs = pcre2_match(pcre, (PCRE2_SPTR)text, len, 0, 0, match, NULL) >= 0;
		accepted += ours;
		missed += theirs && !ours;
		if (ours && !theirs) {
			CHECK(false, "%s accepts \"%.*s\"", rows[row].text, (int)len, text);
			break;
		}
	}
	CHECK(accepted, "%s never matched", rows[row].text);
	CHECK(!regex.exact || !missed, "%s missed %d", rows[row].text, missed);
	automaton_clear(&automaton);
	regex_clear(&regex);
	pcre2_code_free(pcre);
	pcre2_match_data_free(match);
}

static void against_pcre(void)
{
	for (size_t row = 0; row < ARRAY_LEN(rows); row++)
		row_check(row);
}

static void refusals(void)
{
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		struct regex regex = {.exact = true};
		const struct regex_options options = {0};
		uint32_t root;

		CHECK_EQ(regex_parse(&regex, refused[i], &options, &root), -EINVAL);
		CHECK(regex.why && *regex.why, "%s is refused without a reason", refused[i]);
		regex_clear(&regex);
	}
}

/* In the middle of a stream nothing is known of what lies around. */
static void unknown_surroundings(void)
{
	struct regex regex = {.exact = true};
	const struct regex_options options = {0};
	struct automaton automaton;
	uint32_t root;

	CHECK_EQ(regex_parse(&regex, "(?<!x)ab(?!y)|^c|d$", &options, &root), 0);
	CHECK_EQ(automaton_build(&regex, root, false, &automaton), 0);
	CHECK(!automaton_walk(&automaton, "abz", 3), "what lies before is not known");
	CHECK(!automaton_walk(&automaton, "zab", 3), "what follows is not known");
	CHECK(automaton_walk(&automaton, "zabz", 4), "it lies within");
	CHECK(!automaton_walk(&automaton, "c", 1), "the beginning is not known");
	CHECK(!automaton_walk(&automaton, "zd", 2), "the end is not known");
	automaton_clear(&automaton);
	regex_clear(&regex);
}

/* Counting within counting, as rules about over-long fields do: as many states as there are counts, not sets
 * of them. */
static void long_counts(void)
{
	static const char *const texts[] = {
		"\\nDate[ \\t]*:[^\\r\\n]{0,60}?[^\\s]{150}",
		"a[^\\r\\n]{0,20}?b{300}",
		"(?:\\.\\.\\/){2,}[^&]{0,80}?etc\\/passwd",
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		struct regex regex = {.exact = true};
		const struct regex_options options = {.nocase = true};
		struct automaton automaton = {.moves = NULL};
		uint32_t root;

		CHECK_EQ(regex_parse(&regex, texts[i], &options, &root), 0);
		CHECK_EQ(automaton_build(&regex, root, true, &automaton), 0);
		automaton_clear(&automaton);
		regex_clear(&regex);
	}
}

/* A long count behind loops in which it may begin again and again: what there is no room for is left out,
 * never put in. */
static void long_count_in_loops(void)
{
	static const char text[] =
		"\\nContent-Type[ \\t]*:[^\\r\\n]*?(?:\\r?\\n[ \\t][^\\r\\n]*?)*?\\b(?:name|boundary)[ "
		"\\t]*=[ \\t]*(?:\\r?\\n[ \\t]+)?\\x22?(?!=\\?)[^\\x22\\x3b\\r\\n]{400}";
	static const char *const bits[] = {"\nContent-Type:",
					   " name=",
					   " boundary = \"",
					   "\"",
					   "; ",
					   "\r\n ",
					   "\n",
					   "xname=",
					   "=?",
					   "b",
					   "name"};
	const struct regex_options options = {.nocase = true};
	struct regex regex = {.exact = true};
	struct automaton automaton = {.moves = NULL};
	pcre2_match_data *match = pcre2_match_data_create(1, NULL);
	int code, accepted = 0, matched = 0;
	PCRE2_SIZE at;
	pcre2_code *pcre =
		pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, PCRE2_CASELESS, &code, &at, NULL);
	uint32_t root;

	CHECK_EQ(regex_parse(&regex, text, &options, &root), 0);
	CHECK_EQ(automaton_build(&regex, root, false, &automaton), 0);
	CHECK(!regex.exact, "it leaves something out");
	for (int n = 0; n < 20000 && automaton.moves; n++) {
		char data[4096];
		size_t len = 0;
		bool ours, theirs;

		for (uint32_t more = 1 + draw(10); more; more--) {
			uint32_t bit = draw(ARRAY_LEN(bits) + 2);

			if (bit < ARRAY_LEN(bits)) {
				memcpy(data + len, bits[bit], strlen(bits[bit]));
				len += strlen(bits[bit]);
			} else {
				for (uint32_t run = 380 + draw(30); run; run--)
					data[len++] = 'b';
			}
		}
		ours = automaton_walk(&automaton, data, len);
		theirs = pcre2_match(pcre, (PCRE2_SPTR)data, len, 0, 0, match, NULL) >= 0;
		accepted += ours;
		matched += theirs;
		if (!CHECK(theirs || !ours, "accepts \"%.*s\"", (int)len, data))
			break;
	}
	CHECK(accepted > 100 && accepted > matched * 9 / 10, "%d of %d", accepted, matched);
	automaton_clear(&automaton);
	regex_clear(&regex);
	pcre2_code_free(pcre);
	pcre2_match_data_free(match);
}

static const struct ktap_test tests[] = {TEST(against_pcre), TEST(long_counts), TEST(long_count_in_loops),
					 TEST(refusals), TEST(unknown_surroundings)};
KTAP_MAIN(tests)
