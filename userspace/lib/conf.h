/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * conf.h - reader of the nginx-like configuration grammar:
 *	statement := word+ ( ";" | "{" statement* "}" )
 * Words are bare or "quoted" (\" and \\ inside); # begins a comment. The
 * reader knows no keys: it gives a tree with positions, the caller's table
 * gives meaning.
 */
#ifndef LIB_CONF_H
#define LIB_CONF_H

#include <stddef.h>
#include <stdint.h>

#include "cleanup.h"

#define CONF_DEPTH_MAX 8
#define CONF_WORDS_MAX 64
#define CONF_BYTES_MAX (16u << 20)

struct conf_node {
	char **words; /* word_count of them, NUL-terminated */
	unsigned int word_count;
	unsigned int line, column; /* 1-based, of the first word */
	struct conf_node *child;   /* first statement of the block, or NULL */
	struct conf_node *next;
	unsigned int has_block; /* "{}" is a block without statements */
};

/* Collected errors, "file:line:column: text\n" each; the reader goes on after an error where it can. */
struct conf_errors {
	char *text; /* owned; NULL when there is none */
	size_t len;
	unsigned int count;
};

void conf_error(struct conf_errors *errors, const char *file, const struct conf_node *at, const char *format,
		...) __attribute__((format(printf, 4, 5)));
void conf_errors_clear(struct conf_errors *errors);

/*
 * Pure over (text, len); file is only for messages. 0 and *out (owned by the
 * caller, NULL for an empty text), or -EINVAL with errors filled, -ENOMEM.
 */
__must_check int conf_parse(const char *file, const char *text, size_t len, struct conf_node **out,
			    struct conf_errors *errors);
void conf_free(struct conf_node *node);
DEFINE_CLEANUP(conf_free, struct conf_node)

/* The candidate nearest to word by edit distance (at most 3), or NULL. For "did you mean". */
const char *conf_suggest(const char *word, const char *const *candidates, size_t count);

/* "30s" "10m" "1h" "7d" or bare seconds; "10k" "4m" "1g" or bare bytes. -EINVAL, -ERANGE. */
__must_check int conf_seconds(const char *word, uint32_t *out);
__must_check int conf_bytes(const char *word, uint64_t *out);

#endif
