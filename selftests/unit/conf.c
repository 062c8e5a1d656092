// SPDX-License-Identifier: GPL-2.0-or-later
/* conf.c - the configuration reader: tree, positions, errors, words. */
#include <errno.h>

#include "lib/conf.h"
#include "lib/ktap.h"

static void tree(void)
{
	static const char text[] = "# head\n"
				   "interface eth0 { role wan; mode monitor; }\n"
				   "\tallow \"a \\\"b\\\" \\\\c\" x;empty{}# end";
	CLEANUP(conf_free) struct conf_node *node = NULL;
	struct conf_errors errors = {0};

	if (!CHECK_EQ(conf_parse("f", text, sizeof(text) - 1, &node, &errors), 0))
		return;
	CHECK_EQ(node->word_count, 2);
	CHECK_STR(node->words[1], "eth0");
	CHECK_EQ(node->line, 2);
	CHECK_EQ(node->column, 1);
	CHECK_EQ(node->has_block, 1);
	CHECK_STR(node->child->words[1], "wan");
	CHECK_EQ(node->child->column, 18);
	CHECK_STR(node->child->next->words[0], "mode");
	CHECK(!node->child->next->next);
	CHECK_STR(node->next->words[1], "a \"b\" \\c");
	CHECK_EQ(node->next->line, 3);
	CHECK_EQ(node->next->column, 2);
	CHECK_STR(node->next->next->words[0], "empty");
	CHECK_EQ(node->next->next->has_block, 1);
	CHECK(!node->next->next->child);
	CHECK_EQ(errors.count, 0);
}

static void empty(void)
{
	struct conf_node *node = (void *)1;
	struct conf_errors errors = {0};

	CHECK_EQ(conf_parse("f", " # nothing\n", 11, &node, &errors), 0);
	CHECK(!node);
}

static void errors_have_places(void)
{
	static const struct {
		const char *text, *error;
	} rows[] = {
		{"a", "f:1:2: ';' is missing before the end of the file\n"},
		{"a { b }", "f:1:7: ';' is missing before '}'\n"},
		{"a {\n b;", "f:1:3: the block is not closed\n"},
		{"}", "f:1:1: '}' without a block\n"},
		{"a;;", "f:1:3: ';' without a statement\n"},
		{"{ x; }", "f:1:1: '{' without a name before it\n"},
		{"a \"b;\nc;", "f:1:3: the quote is not closed on its line\n"},
		{"a \"b\"c;", "f:1:6: space or ';' is missing behind the quoted word\n"},
		{"a b\"c\";", "f:1:4: '\"' inside a word: put a space before it or quote the word\n"},
		{"a b#c\n;", "f:1:4: '#' inside a word: put a space before it or quote the word\n"},
		{"a \"\\n\";", "f:1:5: in quotes only \\\" and \\\\ follow a backslash\n"},
		{"a b\x01;", "f:1:4: control character 0x01\n"},
		{"\xe9\x96\xa2 b;}", "f:1:5: '}' without a block\n"},
		{";\n;", "f:1:1: ';' without a statement\nf:2:1: ';' without a statement\n"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct conf_errors errors = {0};
		struct conf_node *node = NULL;
		int err = conf_parse("f", rows[i].text, strlen(rows[i].text), &node, &errors);

		if (!strncmp(rows[i].text, "a \"b;", 5)) {
			/* goes on behind the broken line; what follows may add errors */
			CHECK(errors.text && !strncmp(errors.text, rows[i].error, strlen(rows[i].error)));
		} else {
			CHECK_STR(errors.text, rows[i].error);
		}
		CHECK_EQ(err, -EINVAL);
		CHECK(!node);
		conf_errors_clear(&errors);
		CHECK(!errors.text && !errors.count);
	}
}

static int parse_quietly(const char *text, size_t len)
{
	struct conf_errors errors = {0};
	struct conf_node *node = NULL;
	int err = conf_parse("f", text, len, &node, &errors);

	conf_free(node);
	conf_errors_clear(&errors);
	return err;
}

static void limits(void)
{
	char text[4096] = "";
	struct conf_errors errors = {0};
	struct conf_node *node = NULL;
	AUTO_FREE char *long_text = NULL;

	for (int i = 0; i < CONF_DEPTH_MAX; i++)
		strcat(text, "a {");
	for (int i = 0; i < CONF_DEPTH_MAX; i++)
		strcat(text, "}");
	CHECK_EQ(parse_quietly(text, strlen(text)), 0);
	memmove(text + 3, text, strlen(text) + 1);
	memcpy(text, "a {", 3);
	strcat(text, "}");
	CHECK_EQ(parse_quietly(text, strlen(text)), -EINVAL);

	text[0] = '\0';
	for (int i = 0; i < CONF_WORDS_MAX; i++)
		strcat(text, "w ");
	strcat(text, ";");
	CHECK_EQ(parse_quietly(text, strlen(text)), 0);
	memcpy(text + strlen(text) - 1, "w;", 3);
	CHECK_EQ(parse_quietly(text, strlen(text)), -EINVAL);

	long_text = malloc(CONF_BYTES_MAX + 1);
	memset(long_text, ' ', CONF_BYTES_MAX + 1);
	CHECK_EQ(parse_quietly(long_text, CONF_BYTES_MAX), 0);
	CHECK_EQ(parse_quietly(long_text, CONF_BYTES_MAX + 1), -EINVAL);
	memset(long_text, '{', 100000);
	CHECK_EQ(parse_quietly(long_text, 100000), -EINVAL);
	memset(long_text, ';', 1000);
	CHECK_EQ(conf_parse("f", long_text, 1000, &node, &errors), -EINVAL);
	CHECK_EQ(errors.count, 1000);
	CHECK(strstr(errors.text, "further errors are counted"));
	CHECK(strlen(errors.text) < 10000);
	conf_errors_clear(&errors);
}

static void every_cut(void)
{
	static const char text[] = "a \"b\\\"c\" { d { e f; } # x\n g; } h \"i\";";

	for (size_t len = 0; len <= sizeof(text) - 1; len++) {
		AUTO_FREE char *exact = malloc(len + !len);

		memcpy(exact, text, len);
		parse_quietly(exact, len);
	}
	CHECK_EQ(parse_quietly(text, sizeof(text) - 1), 0);
}

static void suggest(void)
{
	static const char *const names[] = {"mode", "role", "interface", "depth-to-server"};

	CHECK_STR(conf_suggest("mod", names, 4), "mode");
	CHECK_STR(conf_suggest("rolle", names, 4), "role");
	CHECK_STR(conf_suggest("depth-to-sever", names, 4), "depth-to-server");
	CHECK_STR(conf_suggest("intrefaec", names, 3) ? "x" : "none", "none");
	CHECK(!conf_suggest("zzzzzzzz", names, 4));
	CHECK(!conf_suggest("x", names, 4));
	CHECK(!conf_suggest("", names, 4));
}

static void words(void)
{
	uint32_t seconds = 7;
	uint64_t bytes = 7;

	CHECK_EQ(conf_seconds("30s", &seconds), 0);
	CHECK_EQ(seconds, 30);
	CHECK_EQ(conf_seconds("10m", &seconds), 0);
	CHECK_EQ(seconds, 600);
	CHECK_EQ(conf_seconds("24h", &seconds), 0);
	CHECK_EQ(seconds, 86400);
	CHECK_EQ(conf_seconds("7d", &seconds), 0);
	CHECK_EQ(seconds, 604800);
	CHECK_EQ(conf_seconds("4294967295", &seconds), 0);
	CHECK_EQ(seconds, UINT32_MAX);
	CHECK_EQ(conf_seconds("4294967296", &seconds), -ERANGE);
	CHECK_EQ(conf_seconds("49711d", &seconds), -ERANGE);
	CHECK_EQ(conf_seconds("99999999999999999999", &seconds), -ERANGE);
	CHECK_EQ(conf_seconds("10k", &seconds), -EINVAL);
	CHECK_EQ(conf_seconds("10ms", &seconds), -EINVAL);
	CHECK_EQ(conf_seconds("", &seconds), -EINVAL);
	CHECK_EQ(conf_seconds("-1", &seconds), -EINVAL);
	CHECK_EQ(seconds, UINT32_MAX);
	CHECK_EQ(conf_bytes("64k", &bytes), 0);
	CHECK_EQ(bytes, 65536);
	CHECK_EQ(conf_bytes("4m", &bytes), 0);
	CHECK_EQ(bytes, 4 << 20);
	CHECK_EQ(conf_bytes("1g", &bytes), 0);
	CHECK_EQ(bytes, 1 << 30);
	CHECK_EQ(conf_bytes("17179869184g", &bytes), -ERANGE);
	CHECK_EQ(conf_bytes("1K", &bytes), -EINVAL);
	CHECK_EQ(conf_bytes("k", &bytes), -EINVAL);
}

static const struct ktap_test tests[] = {
	TEST(tree),    TEST(empty), TEST(errors_have_places), TEST(limits), TEST(every_cut),
	TEST(suggest), TEST(words),
};
KTAP_MAIN(tests)
