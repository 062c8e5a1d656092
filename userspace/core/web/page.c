// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * page.c - HTML that escapes by context.
 */
#include "page.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/report/document_private.h"

#define TAG_NAME_MAX 24

enum page_state {
	STATE_TEXT,
	STATE_TAG_BEGIN, /* behind < */
	STATE_TAG_NAME,
	STATE_TAG, /* between attributes */
	STATE_ATTRIBUTE,
	STATE_VALUE_BEGIN, /* behind = */
	STATE_VALUE,
	STATE_RAW, /* script, style: until the end tag's < */
};

enum value_kind { VALUE_TEXT, VALUE_URL, VALUE_CLOSED };

struct page {
	struct output out;
	enum page_state state;
	char tag[TAG_NAME_MAX], attribute[TAG_NAME_MAX];
	size_t tag_len, attribute_len, value_len;
	enum value_kind value;
	bool closing; /* an end tag */
	const char *fault;
};

struct page *page_new(void)
{
	return calloc(1, sizeof(struct page));
}

void page_free(struct page *page)
{
	if (!page)
		return;
	free(page->out.data);
	free(page);
}

static void page_fail(struct page *page, const char *why)
{
	if (!page->fault)
		page->fault = why;
}

/* --- the template's own markup */

static enum value_kind value_kind(const struct page *page)
{
	static const char *const urls[] = {"href", "src", "action", "formaction"};

	for (size_t i = 0; i < ARRAY_LEN(urls); i++)
		if (!strcmp(page->attribute, urls[i]))
			return VALUE_URL;
	return !strcmp(page->attribute, "style") || !strncmp(page->attribute, "on", 2) ||
			       !strcmp(page->attribute, "srcdoc") || !strcmp(page->attribute, "http-equiv")
		       ? VALUE_CLOSED
		       : VALUE_TEXT;
}

static void name_add(struct page *page, char *name, size_t *len, char c)
{
	if (*len + 1 >= TAG_NAME_MAX) {
		page_fail(page, "a name in a template is too long");
		return;
	}
	name[(*len)++] = c;
	name[*len] = '\0';
}

static void tag_end(struct page *page)
{
	bool raw = !page->closing && (!strcmp(page->tag, "script") || !strcmp(page->tag, "style"));

	page->state = raw ? STATE_RAW : STATE_TEXT;
}

static void tag_step(struct page *page, char c)
{
	if (page->state == STATE_TAG_BEGIN) {
		page->closing = c == '/';
		page->tag_len = 0;
		page->tag[0] = '\0';
		page->state = STATE_TAG_NAME;
		if (!page->closing)
			name_add(page, page->tag, &page->tag_len, c);
	} else if (c == '>') {
		tag_end(page);
	} else if (page->state == STATE_TAG_NAME) {
		if (c == ' ' || c == '\n')
			page->state = STATE_TAG;
		else
			name_add(page, page->tag, &page->tag_len, c);
	} else if (page->state == STATE_TAG) {
		if (c == ' ' || c == '\n' || c == '/')
			return;
		page->attribute_len = 0;
		name_add(page, page->attribute, &page->attribute_len, c);
		page->state = STATE_ATTRIBUTE;
	} else if (c == '=') {
		page->state = STATE_VALUE_BEGIN;
	} else if (c == ' ' || c == '\n') {
		page->state = STATE_TAG;
	} else {
		name_add(page, page->attribute, &page->attribute_len, c);
	}
}

static void page_step(struct page *page, char c)
{
	switch (page->state) {
	case STATE_TEXT:
	case STATE_RAW:
		if (c == '<')
			page->state = STATE_TAG_BEGIN;
		break;
	case STATE_VALUE_BEGIN:
		if (c != '"')
			page_fail(page, "an attribute of a template has no double quotes");
		page->state = STATE_VALUE;
		page->value = value_kind(page);
		page->value_len = 0;
		break;
	case STATE_VALUE:
		if (c == '"')
			page->state = STATE_TAG;
		page->value_len++;
		break;
	default:
		tag_step(page, c);
	}
}

static void page_literal(struct page *page, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		page_step(page, text[i]);
	output_add(&page->out, text, len);
}

/* --- what is put in */

/* Length of a sound sequence at text and its character; 0: none (RFC 3629). */
static size_t utf8_step(const unsigned char *text, size_t len, uint32_t *out)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n = text[0] < 0x80 ? 1 : text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : text[0] >= 0xc2 ? 2 : 0;
	uint32_t c;

	if (!n || n > len || text[0] > 0xf4)
		return 0;
	c = n == 1 ? text[0] : text[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (text[i] & 0x3f);
	}
	if ((n > 1 && c < least[n]) || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*out = c;
	return n;
}

static bool printable(uint32_t c)
{
	if (c == '\t' || c == '\n')
		return true;
	if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xfeff || c == 0xfffe || c == 0xffff)
		return false;
	/* Marks that turn the direction of writing show a text as another one. */
	return !(c >= 0x200e && c <= 0x200f) && !(c >= 0x2028 && c <= 0x202e) &&
	       !(c >= 0x2066 && c <= 0x2069) && c != 0x061c;
}

static void put_characters(struct page *page, const char *text, size_t len)
{
	const unsigned char *at = (const unsigned char *)text;

	for (size_t i = 0; i < len;) {
		uint32_t c = 0;
		size_t n = utf8_step(at + i, len - i, &c);

		if (!n || !printable(c))
			output_text(&page->out, "\xef\xbf\xbd");
		else if (c == '<')
			output_text(&page->out, "&lt;");
		else if (c == '>')
			output_text(&page->out, "&gt;");
		else if (c == '&')
			output_text(&page->out, "&amp;");
		else if (c == '"')
			output_text(&page->out, "&quot;");
		else if (c == '\'')
			output_text(&page->out, "&#39;");
		else
			output_add(&page->out, text + i, n);
		i += n ? n : 1;
	}
}

/* RFC 3986: unreserved characters stay. */
static void put_component(struct page *page, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
		    c == '.' || c == '_' || c == '~')
			output_add(&page->out, text + i, 1);
		else
			output_format(&page->out, "%%%02X", c);
	}
}

static void page_insert(struct page *page, const char *text, size_t len)
{
	if (page->state == STATE_TEXT) {
		put_characters(page, text, len);
		return;
	}
	if (page->state != STATE_VALUE || page->value == VALUE_CLOSED) {
		page_fail(page, "something was put into a place of a template where nothing is safe");
		return;
	}
	if (page->value == VALUE_TEXT)
		put_characters(page, text, len);
	else if (!page->value_len)
		page_fail(page, "a URL of a template begins with what was put in");
	else
		put_component(page, text, len);
	page->value_len += len;
}

/* One directive behind %; returns what is behind it. */
static const char *page_directive(struct page *page, const char *at, va_list *ap)
{
	char number[24];
	const char *text;

	if (*at == 's') {
		text = va_arg(*ap, const char *);
		page_insert(page, text ? text : "", text ? strlen(text) : 0);
		return at + 1;
	}
	if (!strncmp(at, ".*s", 3)) {
		int len = va_arg(*ap, int);

		page_insert(page, va_arg(*ap, const char *), len > 0 ? (size_t)len : 0);
		return at + 3;
	}
	if (*at == '%') {
		page_literal(page, "%", 1);
		return at + 1;
	}
	if (*at == 'd')
		snprintf(number, sizeof(number), "%d", va_arg(*ap, int));
	else if (*at == 'u')
		snprintf(number, sizeof(number), "%u", va_arg(*ap, unsigned int));
	else if (!strncmp(at, "llu", 3))
		snprintf(number, sizeof(number), "%llu", va_arg(*ap, unsigned long long));
	else if (!strncmp(at, "lld", 3))
		snprintf(number, sizeof(number), "%lld", va_arg(*ap, long long));
	else {
		page_fail(page, "a directive of a template is unknown");
		return at + strlen(at);
	}
	page_insert(page, number, strlen(number));
	return at + (*at == 'l' ? 3 : 1);
}

void page_put(struct page *page, const char *format, ...)
{
	const char *at = format;
	va_list ap;

	va_start(ap, format);
	while (*at) {
		size_t len = strcspn(at, "%");

		page_literal(page, at, len);
		at += len;
		if (*at == '%')
			at = page_directive(page, at + 1, &ap);
	}
	va_end(ap);
}

void page_document(struct page *page, const struct document *document)
{
	if (page->state != STATE_TEXT)
		page_fail(page, "a report was put into a tag");
	else
		document_write_html_body(document, &page->out);
}

const char *page_fault(const struct page *page)
{
	return page->fault ? page->fault : page->state != STATE_TEXT ? "a template ends within a tag" : NULL;
}

int page_take(struct page *page, char **out, size_t *len)
{
	if (page_fault(page))
		return -EBADMSG;
	output_text(&page->out, "");
	if (page->out.failed)
		return -ENOMEM;
	*out = TAKE_PTR(page->out.data);
	*len = page->out.len;
	page->out = (struct output){0};
	return 0;
}
