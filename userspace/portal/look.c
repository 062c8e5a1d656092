// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * look.c - style sheet and script, which lie in the program as files.
 */
#include <string.h>

#include "portal_private.h"

#define FILE_IN(symbol, path)                                                                                \
	__asm__(".pushsection .rodata\n.global " #symbol "\n" #symbol ":\n.incbin \"" path                   \
		"\"\n.byte 0\n.popsection\n");                                                               \
	extern const char symbol[]

FILE_IN(portal_css, "userspace/portal/portal.css");
FILE_IN(portal_js, "userspace/portal/portal.js");

static void file_answer(struct visit *v, const char *type, const char *text)
{
	char *copy = strdup(text);

	answer_text(v, type, copy, copy ? strlen(copy) : 0, NULL);
	v->response->cacheable = true;
}

void page_css(struct visit *v)
{
	file_answer(v, "text/css; charset=utf-8", portal_css);
}

void page_js(struct visit *v)
{
	file_answer(v, "text/javascript; charset=utf-8", portal_js);
}
