/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * page.h - the one writer of HTML for browsers. Templates are literals with
 * printf's directives; what is put in is escaped by the place where it stands,
 * which the writer knows because it reads the markup along. A place where
 * nothing can be put in safely fails the page, so that forgetting is impossible.
 * Pure.
 */
#ifndef CORE_PAGE_H
#define CORE_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/cleanup.h"

struct page;
struct document;

struct page *page_new(void); /* NULL: no memory */
void page_free(struct page *page);
DEFINE_CLEANUP(page_free, struct page)

/*
 * %s %.*s %d %u %lld %llu %%, nothing else. %s becomes, in text, characters (references for < > &; what is no
 * UTF-8, no printable character or turns the direction of writing becomes U+FFFD); in a quoted attribute the
 * same with quotes; in href, src, action and formaction one component of a URL, percent-encoded, behind what
 * the template began. Within tags, unquoted attributes, style, on..., <script> and <style> it fails the page.
 */
void page_put(struct page *page, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The sections of a report, escaped by its own writer. Only in text. */
void page_document(struct page *page, const struct document *document);

/* What is wrong (static), also when markup is left open; NULL: nothing. */
const char *page_fault(const struct page *page);
/* The text so far, malloc'ed; -EBADMSG: page_fault() is not NULL; -ENOMEM. */
__must_check int page_take(struct page *page, char **out, size_t *len);

#endif
