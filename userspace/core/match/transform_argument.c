// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * transform_argument.c - the arguments of a rule set's transforms: read
 * once, equal ones shared.
 */
#include "transform_parts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/rule/rule_parse.h"
#include "lib/base64.h"

/* --- arguments */

int transform_pool_new(struct transform_pool **out)
{
	struct transform_pool *pool = calloc(1, sizeof(*pool));

	if (!pool)
		return -ENOMEM;
	pool->rows = calloc(8, sizeof(*pool->rows));
	if (!pool->rows) {
		free(pool);
		return -ENOMEM;
	}
	pool->room = 8;
	pool->count = 1;
	*out = pool;
	return 0;
}

static void argument_clear(struct transform_argument *argument)
{
	free(argument->data);
	pcre2_code_free(argument->code);
}

void transform_pool_free(struct transform_pool *pool)
{
	for (uint32_t i = 0; pool && i < pool->count; i++)
		argument_clear(&pool->rows[i]);
	if (pool)
		free(pool->rows);
	free(pool);
}

static int argument_xor(char *text, struct transform_argument *out, const char **why)
{
	size_t len = strlen(text);

	*why = "not a quoted key of hexadecimal digits in pairs";
	if (!len || len % 2 || len > 2 * TRANSFORM_ARGUMENT_MAX)
		return -EINVAL;
	out->data = malloc(len / 2);
	if (!out->data)
		return -ENOMEM;
	for (size_t i = 0; i < len; i += 2) {
		int high = byte_hex((uint8_t)text[i]), low = byte_hex((uint8_t)text[i + 1]);

		if (high < 0 || low < 0)
			return -EINVAL;
		out->data[out->len++] = (uint8_t)(high << 4 | low);
	}
	return 0;
}

/* Limits stand in the expression, so that no buffer can stall it whoever runs it. */
static int argument_pcre(const char *text, struct transform_argument *out, const char **why)
{
	char limited[TRANSFORM_ARGUMENT_MAX + 64];
	uint32_t groups = 0;
	PCRE2_SIZE at;
	int code;

	*why = "the expression is empty or too long";
	if (!*text || strlen(text) > TRANSFORM_ARGUMENT_MAX)
		return -EINVAL;
	snprintf(limited, sizeof(limited), "(*LIMIT_MATCH=20000)(*LIMIT_DEPTH=20000)%s", text);
	out->code = pcre2_compile((PCRE2_SPTR)limited, PCRE2_ZERO_TERMINATED, PCRE2_NEVER_BACKSLASH_C, &code,
				  &at, NULL);
	*why = "the regular expression is not valid or has no group";
	if (!out->code)
		return code == PCRE2_ERROR_HEAP_FAILED ? -ENOMEM : -EINVAL;
	if (pcre2_pattern_info(out->code, PCRE2_INFO_CAPTURECOUNT, &groups) || !groups)
		return -EINVAL;
	out->len = (uint16_t)strlen(text);
	out->data = (uint8_t *)strdup(text);
	return out->data ? 0 : -ENOMEM;
}

static int argument_base64(char *text, struct transform_argument *out, const char **why)
{
	static const char *const modes[] = {
		[BASE64_RFC4648] = "rfc4648", [BASE64_RFC2045] = "rfc2045", [BASE64_STRICT] = "strict"};
	char *item;

	*why = "not bytes n, offset n or mode rfc4648|rfc2045|strict";
	out->bytes = UINT32_MAX;
	while ((item = rule_item(&text))) {
		char *value = item + strcspn(item, " \t");
		bool known = false;
		uint64_t number;

		if (*value)
			*value++ = '\0';
		value = rule_trim(value);
		if (!strcmp(item, "bytes") || !strcmp(item, "offset")) {
			if (rule_unsigned(value, UINT16_MAX, &number) || (item[0] == 'b' && !number))
				return -EINVAL;
			*(item[0] == 'b' ? &out->bytes : &out->offset) = (uint32_t)number;
			continue;
		}
		for (size_t i = 0; !strcmp(item, "mode") && i < ARRAY_LEN(modes); i++) {
			if (strcmp(value, modes[i]))
				continue;
			out->mode = (uint8_t)i;
			known = true;
		}
		if (!known)
			return -EINVAL;
	}
	return 0;
}

static int argument_inflate(char *text, struct transform_argument *out, const char **why)
{
	uint64_t number;

	*why = "not max-size n";
	if (strncmp(text, "max-size ", 9) ||
	    rule_unsigned(rule_trim(text + 9), TRANSFORM_INFLATE_MAX, &number) || !number)
		return -EINVAL;
	out->bytes = (uint32_t)number;
	return 0;
}

static int argument_read(enum rule_transform_kind kind, char *text, struct transform_argument *out,
			 const char **why)
{
	bool negated;

	switch (kind) {
	case TRANSFORM_XOR:
	case TRANSFORM_PCREXFORM:
		text = rule_unquote(text, &negated);
		*why = "the argument is not quoted";
		if (!text || negated)
			return -EINVAL;
		return kind == TRANSFORM_XOR ? argument_xor(text, out, why) : argument_pcre(text, out, why);
	case TRANSFORM_FROM_BASE64:
		return argument_base64(text, out, why);
	case TRANSFORM_GUNZIP:
	case TRANSFORM_ZLIB_DEFLATE:
		return argument_inflate(text, out, why);
	default:
		*why = "takes no value";
		return -EINVAL;
	}
}

static bool argument_same(const struct transform_argument *x, const struct transform_argument *y)
{
	return x->kind == y->kind && x->mode == y->mode && x->len == y->len && x->offset == y->offset &&
	       x->bytes == y->bytes && (!x->len || !memcmp(x->data, y->data, x->len));
}

int transform_argument(struct transform_pool *pool, enum rule_transform_kind kind, char *text,
		       uint16_t *number, const char **why)
{
	struct transform_argument argument = {.kind = (uint8_t)kind};
	int err = 0;

	*number = 0;
	if (!text)
		return 0;
	err = argument_read(kind, text, &argument, why);
	for (uint32_t i = 1; !err && i < pool->count; i++) {
		if (!argument_same(&pool->rows[i], &argument))
			continue;
		*number = (uint16_t)i;
		argument_clear(&argument);
		return 0;
	}
	if (!err && pool->count == TRANSFORM_ARGUMENTS_MAX) {
		*why = "too many distinct transforms in the rule set";
		err = -EINVAL;
	}
	if (!err && pool->count == pool->room) {
		struct transform_argument *rows = realloc(pool->rows, 2u * pool->room * sizeof(*rows));

		if (rows) {
			pool->rows = rows;
			pool->room *= 2;
		}
		err = rows ? 0 : -ENOMEM;
	}
	if (err) {
		argument_clear(&argument);
		return err;
	}
	pool->rows[pool->count] = argument;
	*number = (uint16_t)pool->count++;
	return 0;
}
