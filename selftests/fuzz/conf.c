// SPDX-License-Identifier: GPL-2.0-or-later
/* Any text: a tree or errors, within the stated limits. */
#include <string.h>

#include "lib/conf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_tree(const struct conf_node *node, unsigned int depth)
{
	if (depth > CONF_DEPTH_MAX)
		abort();
	for (; node; node = node->next) {
		if (!node->word_count || node->word_count > CONF_WORDS_MAX || !node->line || !node->column)
			abort();
		if (node->child && !node->has_block)
			abort();
		for (unsigned int i = 0; i < node->word_count; i++)
			if (strpbrk(node->words[i], "\n\r\x01\x1b"))
				abort();
		check_tree(node->child, depth + 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(conf_free) struct conf_node *tree = NULL;
	struct conf_errors errors = {0};
	int err = conf_parse("fuzz", (const char *)data, size, &tree, &errors);
	uint64_t bytes;
	uint32_t seconds;

	if (!err != !errors.count || (err && tree))
		abort();
	check_tree(tree, 0);
	for (const struct conf_node *n = tree; n; n = n->next) {
		(void)!conf_bytes(n->words[0], &bytes);
		(void)!conf_seconds(n->words[0], &seconds);
		conf_suggest(n->words[0], (const char *const *)n->words, n->word_count);
	}
	conf_errors_clear(&errors);
	return 0;
}
