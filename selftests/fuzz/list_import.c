// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Any list file, by its content and as each format: counts add up, entries are
 * what lists hold, and what packs comes back.
 */
#include <errno.h>
#include <string.h>

#include "core/list/list_gather.h"
#include "core/list/list_import.h"

#define NOW 1795564800u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void refused(unsigned int line, const char *text, const char *why, void *arg)
{
	if (!line || !*why || strlen(text) > 123)
		abort();
	for (; *text; text++)
		if ((unsigned char)*text < 0x20)
			abort();
}

static int add(const struct list_entry *entry, void *arg)
{
	if (!prefix_is_canonical(&entry->prefix) || strlen(entry->reason) >= LIST_REASON_ROOM ||
	    (entry->expires && entry->expires <= NOW && !entry->remove))
		abort();
	return list_gather_add(entry, arg);
}

static void image_comes_back(struct list_batch *batch)
{
	struct piece parts[LIST_IMAGE_PARTS];
	AUTO_FREE char *image = NULL;
	struct list_image open;
	const char *why;
	size_t at = 0;

	if (list_batch_parts(batch, parts))
		abort();
	image = malloc(batch->head.len);
	for (int i = 0; image && i < LIST_IMAGE_PARTS; at += parts[i++].len)
		if (parts[i].len)
			memcpy(image + at, parts[i].data, parts[i].len);
	if (image && (list_image_open(image, batch->head.len, &open, &why) ||
		      open.cell_count != batch->cell_count || open.text_count != batch->text_count))
		abort();
}

static void import(const char *format, struct list_guard *guard, const uint8_t *data, size_t size)
{
	const struct list_import_how how = {
		.format = format, .now = NOW, .flags = SEKI_ENTRY_SRC, .guard = guard, .noted = refused};
	const struct list_gather_how said = {.flags = SEKI_ENTRY_SRC, .now = NOW};
	const struct list_about about = {.source = LIST_FROM_FILE};
	struct list_gather gather = {0};
	struct list_batch batch = {0};
	struct list_report report;
	uint8_t row;
	int err;

	if (list_batch_list(&batch, "fuzz", &about, 0, &row) || list_gather_begin(&gather, &batch, &said, 0))
		return;
	err = list_import((const char *)data, size, &how, add, refused, &gather, &report);
	list_gather_end(&gather);
	if (err == -EINVAL && !*report.refusal)
		abort();
	if (!err && (report.lines != report.accepted + report.merged + report.refused ||
		     !report.allow != !*report.refusal))
		abort();
	if (!err)
		image_comes_back(&batch);
	list_batch_clear(&batch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct list_guard_row rows[] = {{{{0}, 0}, SEKI_SCOPE_GATEWAY}, {{{0}, 0}, SEKI_SCOPE_OWN}};
	struct list_guard guard = {.rows = rows, .count = 2, .max_share = LIST_SHARE_STANDARD};
	const char *name, *help;

	if (prefix_parse("45.9.20.1", 9, &rows[0].prefix, NULL) ||
	    prefix_parse("2a06:e480::/64", 14, &rows[1].prefix, NULL))
		abort();
	list_guard_sort(&guard);
	if (size)
		guard.allow = data[size - 1] & LIST_ALLOW_ALL;
	import("", &guard, data, size);
	for (unsigned int i = 0; list_import_format(i, &name, &help); i++)
		import(name, &guard, data, size);
	return 0;
}
