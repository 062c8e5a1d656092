// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * conf.c - reader of the configuration grammar: text to a tree of statements.
 * A statement and its words are one allocation; nesting is bounded.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "conf.h"

#define CONF_ERRORS_SHOWN 100u
#define CONF_ERROR_LEN	  400
#define SUGGEST_LEN_MAX	  64u
#define SUGGEST_DISTANCE  3u

enum token_kind { TOKEN_WORD, TOKEN_END, TOKEN_OPEN, TOKEN_CLOSE, TOKEN_EOF };

struct token {
	enum token_kind kind;
	unsigned int line, column;
};

struct reader {
	const char *file, *at, *end;
	unsigned int line, column;
	struct conf_errors *errors;
	/* the token and, for a word, its text in words[]; the statement that is being read */
	struct token token;
	char *words; /* NUL-terminated texts one behind the other */
	size_t used, room;
	unsigned int word_count;
	bool no_memory;
};

/* --- errors */

static void errors_append(struct conf_errors *errors, const char *text, size_t len)
{
	char *moved = realloc(errors->text, errors->len + len + 1);

	if (!moved)
		return; /* the count still says that there was an error */
	memcpy(moved + errors->len, text, len);
	errors->text = moved;
	errors->len += len;
	errors->text[errors->len] = '\0';
}

__attribute__((format(printf, 5, 0))) static void errors_format(struct conf_errors *errors, const char *file,
								unsigned int line, unsigned int column,
								const char *format, va_list args)
{
	static const char more[] = "further errors are counted, not shown\n";
	AUTO_FREE char *message = NULL;
	AUTO_FREE char *whole = NULL;
	int len;

	errors->count++;
	if (errors->count > CONF_ERRORS_SHOWN + 1)
		return;
	if (errors->count == CONF_ERRORS_SHOWN + 1) {
		errors_append(errors, more, sizeof(more) - 1);
		return;
	}
	if (vasprintf(&message, format, args) < 0) {
		message = NULL;
		return;
	}
	/* A hostile word must not fill the screen. */
	if (strlen(message) > CONF_ERROR_LEN)
		memcpy(message + CONF_ERROR_LEN - 3, "...", 4);
	if (line)
		len = asprintf(&whole, "%s:%u:%u: %s\n", file, line, column, message);
	else
		len = asprintf(&whole, "%s: %s\n", file, message);
	if (len < 0) {
		whole = NULL;
		return;
	}
	errors_append(errors, whole, (size_t)len);
}

void conf_error(struct conf_errors *errors, const char *file, const struct conf_node *at, const char *format,
		...)
{
	va_list args;

	va_start(args, format);
	errors_format(errors, file, at ? at->line : 0, at ? at->column : 0, format, args);
	va_end(args);
}

void conf_errors_clear(struct conf_errors *errors)
{
	free(errors->text);
	*errors = (struct conf_errors){0};
}

__attribute__((format(printf, 4, 5))) static void reader_error(struct reader *r, unsigned int line,
							       unsigned int column, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	errors_format(r->errors, r->file, line, column, format, args);
	va_end(args);
}

/* --- characters and tokens */

static int reader_peek(const struct reader *r)
{
	return r->at < r->end ? (unsigned char)*r->at : -1;
}

/* Columns count characters: bytes that continue a UTF-8 sequence do not advance. */
static void reader_advance(struct reader *r)
{
	unsigned char c = (unsigned char)*r->at++;

	if (c == '\n') {
		r->line++;
		r->column = 1;
	} else if ((c & 0xc0) != 0x80) {
		r->column++;
	}
}

static void word_put(struct reader *r, char c)
{
	if (r->used == r->room) {
		size_t bigger = r->room ? r->room * 2 : 256;
		char *moved = r->no_memory ? NULL : realloc(r->words, bigger);

		if (!moved) {
			r->no_memory = true;
			return;
		}
		r->words = moved;
		r->room = bigger;
	}
	r->words[r->used++] = c;
}

static bool is_space(int c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool is_control(int c)
{
	return (c >= 0 && c < 0x20) || c == 0x7f;
}

static bool ends_word(int c)
{
	return c < 0 || is_space(c) || c == ';' || c == '{' || c == '}';
}

static void skip_blank(struct reader *r)
{
	for (;;) {
		int c = reader_peek(r);

		if (c == '#')
			while (reader_peek(r) >= 0 && reader_peek(r) != '\n')
				reader_advance(r);
		else if (is_space(c))
			reader_advance(r);
		else
			return;
	}
}

static void read_quoted(struct reader *r)
{
	reader_advance(r);
	for (;;) {
		int c = reader_peek(r);

		if (c < 0 || c == '\n') {
			reader_error(r, r->token.line, r->token.column,
				     "the quote is not closed on its line");
			return;
		}
		if (is_control(c) && c != '\t')
			reader_error(r, r->line, r->column, "control character 0x%02x in a quoted word",
				     (unsigned int)c);
		if (c == '"') {
			reader_advance(r);
			break;
		}
		if (c == '\\') {
			reader_advance(r);
			c = reader_peek(r);
			if (c != '"' && c != '\\') {
				reader_error(r, r->line, r->column,
					     "in quotes only \\\" and \\\\ follow a backslash");
				continue;
			}
		}
		word_put(r, (char)c);
		reader_advance(r);
	}
	if (!ends_word(reader_peek(r)))
		reader_error(r, r->line, r->column, "space or ';' is missing behind the quoted word");
}

static void read_bare(struct reader *r)
{
	bool told = false;

	for (int c = reader_peek(r); !ends_word(c); c = reader_peek(r)) {
		if (!told && is_control(c)) {
			reader_error(r, r->line, r->column, "control character 0x%02x", (unsigned int)c);
			told = true;
		} else if (!told && (c == '"' || c == '#')) {
			reader_error(r, r->line, r->column,
				     "'%c' inside a word: put a space before it or quote the word", c);
			told = true;
		}
		word_put(r, (char)c);
		reader_advance(r);
	}
}

static void read_token(struct reader *r)
{
	int c;

	skip_blank(r);
	c = reader_peek(r);
	r->token = (struct token){.line = r->line, .column = r->column};
	if (c < 0) {
		r->token.kind = TOKEN_EOF;
		return;
	}
	if (c == ';' || c == '{' || c == '}') {
		r->token.kind = c == ';' ? TOKEN_END : c == '{' ? TOKEN_OPEN : TOKEN_CLOSE;
		reader_advance(r);
		return;
	}
	r->token.kind = TOKEN_WORD;
	if (r->word_count == CONF_WORDS_MAX)
		reader_error(r, r->line, r->column, "more than %d words in a statement", CONF_WORDS_MAX);
	if (c == '"')
		read_quoted(r);
	else
		read_bare(r);
	word_put(r, '\0');
	r->word_count++;
}

/* --- statements */

/* The collected words as a node; NULL when memory ran out. */
static struct conf_node *node_make(struct reader *r, const struct token *first)
{
	size_t pointers = r->word_count * sizeof(char *);
	struct conf_node *node;
	char *text;

	if (r->no_memory)
		return NULL;
	node = calloc(1, sizeof(*node) + pointers + r->used);
	if (!node) {
		r->no_memory = true;
		return NULL;
	}
	node->words = (char **)(node + 1);
	node->word_count = r->word_count;
	node->line = first->line;
	node->column = first->column;
	text = (char *)node->words + pointers;
	memcpy(text, r->words, r->used);
	for (unsigned int i = 0; i < r->word_count; i++) {
		node->words[i] = text;
		text += strlen(text) + 1;
	}
	return node;
}

static void read_block(struct reader *r, struct conf_node **first, unsigned int depth,
		       const struct token *open);

/* The token behind the words is not a word: end the statement or read its block. */
static void finish_statement(struct reader *r, struct conf_node *node, unsigned int depth)
{
	struct token open = r->token;

	if (r->token.kind == TOKEN_CLOSE || r->token.kind == TOKEN_EOF)
		reader_error(r, r->token.line, r->token.column, "';' is missing before %s",
			     r->token.kind == TOKEN_CLOSE ? "'}'" : "the end of the file");
	if (r->token.kind != TOKEN_OPEN)
		return;
	node->has_block = 1;
	if (depth == CONF_DEPTH_MAX)
		reader_error(r, open.line, open.column, "blocks are nested more than %d deep",
			     CONF_DEPTH_MAX);
	read_block(r, &node->child, depth + 1, &open);
}

/* A block that is nested too deep is read over flat: braces are counted, nothing is kept. */
static void skip_block(struct reader *r, const struct token *open)
{
	for (size_t level = 1; level > 0 && !r->no_memory;) {
		r->word_count = 0;
		r->used = 0;
		read_token(r);
		if (r->token.kind == TOKEN_OPEN)
			level++;
		else if (r->token.kind == TOKEN_CLOSE)
			level--;
		else if (r->token.kind == TOKEN_EOF)
			break;
	}
	if (r->token.kind == TOKEN_EOF)
		reader_error(r, open->line, open->column, "the block is not closed");
}

/* Statements up to '}' or, with open NULL, the end of the text. */
static void read_block(struct reader *r, struct conf_node **first, unsigned int depth,
		       const struct token *open)
{
	struct conf_node **tail = first;

	if (depth > CONF_DEPTH_MAX) {
		skip_block(r, open);
		return;
	}
	while (!r->no_memory) {
		struct conf_node *node;
		struct token begin;

		r->word_count = 0;
		r->used = 0;
		read_token(r);
		begin = r->token;
		if (begin.kind == TOKEN_CLOSE && open)
			return;
		if (begin.kind == TOKEN_EOF) {
			if (open)
				reader_error(r, open->line, open->column, "the block is not closed");
			return;
		}
		if (begin.kind == TOKEN_CLOSE) {
			reader_error(r, begin.line, begin.column, "'}' without a block");
			continue;
		}
		if (begin.kind == TOKEN_END) {
			reader_error(r, begin.line, begin.column, "';' without a statement");
			continue;
		}
		if (begin.kind == TOKEN_OPEN) {
			reader_error(r, begin.line, begin.column, "'{' without a name before it");
			skip_block(r, &begin);
			continue;
		}
		while (r->token.kind == TOKEN_WORD && !r->no_memory)
			read_token(r);
		node = node_make(r, &begin);
		if (!node)
			return;
		*tail = node;
		tail = &node->next;
		finish_statement(r, node, depth);
		if (r->token.kind == TOKEN_CLOSE && !node->has_block && open)
			return; /* the ';' was missing; the '}' is still the block's */
	}
}

int conf_parse(const char *file, const char *text, size_t len, struct conf_node **out,
	       struct conf_errors *errors)
{
	CLEANUP(conf_free) struct conf_node *tree = NULL;
	unsigned int before = errors->count;
	struct reader r = {
		.file = file, .at = text, .end = text + len, .line = 1, .column = 1, .errors = errors};

	if (len > CONF_BYTES_MAX) {
		conf_error(errors, file, NULL, "the file is longer than %u bytes", CONF_BYTES_MAX);
		return -EINVAL;
	}
	read_block(&r, &tree, 0, NULL);
	free(r.words);
	if (r.no_memory)
		return -ENOMEM;
	if (errors->count != before)
		return -EINVAL;
	*out = TAKE_PTR(tree);
	return 0;
}

void conf_free(struct conf_node *node)
{
	while (node) {
		struct conf_node *next = node->next;

		conf_free(node->child); /* at most CONF_DEPTH_MAX deep */
		free(node);
		node = next;
	}
}

/* --- words */

/* Levenshtein distance; both at most SUGGEST_LEN_MAX long. */
static unsigned int edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned int row[SUGGEST_LEN_MAX + 1];

	for (size_t j = 0; j <= b_len; j++)
		row[j] = (unsigned int)j;
	for (size_t i = 1; i <= a_len; i++) {
		unsigned int diagonal = row[0];

		row[0] = (unsigned int)i;
		for (size_t j = 1; j <= b_len; j++) {
			unsigned int best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[b_len];
}

const char *conf_suggest(const char *word, const char *const *candidates, size_t count)
{
	size_t len = strlen(word);
	unsigned int best = SUGGEST_DISTANCE + 1;
	const char *found = NULL;

	if (len > SUGGEST_LEN_MAX)
		return NULL;
	/* Changing every letter is no likeness: a short word has to keep at least one. */
	if (best > len)
		best = (unsigned int)len;
	for (size_t i = 0; i < count; i++) {
		size_t other = strlen(candidates[i]);
		unsigned int distance;

		if (other > SUGGEST_LEN_MAX)
			continue;
		distance = edit_distance(word, len, candidates[i], other);
		if (distance < best) {
			best = distance;
			found = candidates[i];
		}
	}
	return found;
}

struct unit {
	char suffix;
	uint64_t factor;
};

static int parse_scaled(const char *word, const struct unit *units, size_t count, uint64_t max, uint64_t *out)
{
	uint64_t value = 0, factor = 1;

	if (*word < '0' || *word > '9')
		return -EINVAL;
	for (; *word >= '0' && *word <= '9'; word++) {
		unsigned int digit = (unsigned int)(*word - '0');

		if (value > (UINT64_MAX - digit) / 10)
			return -ERANGE;
		value = value * 10 + digit;
	}
	if (*word) {
		size_t i = 0;

		while (i < count && units[i].suffix != *word)
			i++;
		if (i == count || word[1])
			return -EINVAL;
		factor = units[i].factor;
	}
	if (value > max / factor)
		return -ERANGE;
	*out = value * factor;
	return 0;
}

int conf_seconds(const char *word, uint32_t *out)
{
	static const struct unit units[] = {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}};
	uint64_t value;
	int err = parse_scaled(word, units, ARRAY_LEN(units), UINT32_MAX, &value);

	if (!err)
		*out = (uint32_t)value;
	return err;
}

int conf_bytes(const char *word, uint64_t *out)
{
	static const struct unit units[] = {{'k', 1u << 10}, {'m', 1u << 20}, {'g', 1u << 30}};

	return parse_scaled(word, units, ARRAY_LEN(units), UINT64_MAX, out);
}
