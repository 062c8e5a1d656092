// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * web.c - what a browser sends: forms, paths, headers, inventories; and that
 * whatever is written into a page neither opens a tag nor leaves its attribute.
 */
#include <stdlib.h>
#include <string.h>

#include "core/report/asset.h"
#include "core/web/mask.h"
#include "core/web/page.h"
#include "core/web/web_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t count(const char *text, char c)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == c;
	return n;
}

static void written(const char *text, size_t len)
{
	CLEANUP(page_free) struct page *page = page_new();
	AUTO_FREE char *out = NULL;
	size_t out_len;

	if (!page)
		return;
	page_put(page, "<p title=\"%.*s\">%.*s</p><a href=\"/x?y=%.*s\">z</a>", (int)len, text, (int)len,
		 text, (int)len, text);
	if (page_take(page, &out, &out_len))
		abort();
	if (count(out, '<') != 4 || count(out, '>') != 4 || count(out, '"') != 4 || strlen(out) != out_len)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(asset_set_free) struct asset_set *set = asset_set_new();
	AUTO_FREE char *text = malloc(size + 1);
	AUTO_FREE char *masked = NULL;
	struct web_captured captured;
	struct asset_fault fault;
	struct web_form form;
	struct text value;
	size_t taken;

	if (!text || !set || size > 65536)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	if (!web_form_read(text, size, &form)) {
		for (size_t i = 0; i < form.count; i++)
			written(form.fields[i].value, strlen(form.fields[i].value));
		web_form_end(&form);
	}
	written(text, size);
	(void)web_path_fits("/alerts/:id/:name", (struct text){text, size}, &captured);
	(void)web_cookie((struct text){text, size}, "sekimori", &value);
	(void)web_host_ours((struct text){text, size}, "edge.example");
	masked = mask_text(text, size, "x");
	if (!asset_read(set, text, size, &taken, &fault) && taken != asset_count(set) && !taken)
		abort();
	return 0;
}
