// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list_image.c - reading a flat image of lists, which may be hostile or damaged.
 */
#include <errno.h>
#include <string.h>

#include "list_image_parts.h"

uint64_t list_image_digest(uint64_t digest, const void *data, size_t len)
{
	const uint8_t *at = data;
	uint64_t word;

	for (; len >= sizeof(word); at += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, at, sizeof(word));
		digest = (digest ^ word) * 0x9e3779b97f4a7c15ull;
		digest ^= digest >> 32;
	}
	for (; len; at++, len--)
		digest = (digest ^ *at) * 0x100000001b3ull;
	return digest;
}

static bool name_holds(const char *name)
{
	size_t len = strnlen(name, LIST_NAME_MAX);

	if (!len || len == LIST_NAME_MAX)
		return false;
	for (size_t i = len; i < LIST_NAME_MAX; i++)
		if (name[i])
			return false;
	return true;
}

static const char *lists_check(const struct list_image *image)
{
	for (uint32_t i = 0; i < image->list_count; i++) {
		const struct list_image_list *list = &image->lists[i];

		if (!name_holds(list->name))
			return "the name of a list is none";
		if (list->index >= SEKI_MAX_LISTS || list->source >= LIST_SOURCE_MAX)
			return "a list's source or number is out of range";
		for (uint32_t j = 0; j < i; j++)
			if (!strcmp(image->lists[j].name, list->name))
				return "a list comes twice";
	}
	return NULL;
}

static const char *texts_check(const struct list_image *image, size_t blob_len)
{
	if (image->text_count && (!blob_len || image->blob[blob_len - 1]))
		return "the texts have no end";
	for (uint32_t i = 0; i < image->text_count; i++) {
		const char *text = image->blob + image->texts[i].at;
		size_t len;

		if (image->texts[i].at >= blob_len)
			return "a text lies outside";
		len = strnlen(text, LIST_REASON_MAX);
		if (len == LIST_REASON_MAX)
			return "a text is too long";
		for (size_t c = 0; c < len; c++)
			if ((unsigned char)text[c] < 0x20 || text[c] == 0x7f)
				return "a text has control characters";
	}
	return NULL;
}

static const char *cell_check(const struct list_image *image, const struct list_cell *cell)
{
	uint8_t flags = list_cell_flags(cell);

	if (!prefix_is_canonical(&cell->prefix))
		return "an entry is no prefix";
	if (cell->list >= image->list_count)
		return "an entry of a list that is not there";
	if (cell->note > image->text_count)
		return "an entry with a text that is not there";
	if (!(flags & (SEKI_ENTRY_SRC | SEKI_ENTRY_DST)))
		return "an entry without direction";
	if (flags & SEKI_ENTRY_ALERT && flags & SEKI_ENTRY_ALLOW)
		return "an entry with two actions";
	if (list_cell_severity(cell) >= SEKI_SEVERITY_MAX)
		return "an entry whose severity is none";
	return NULL;
}

static const char *cells_check(const struct list_image *image)
{
	uint32_t counts[SEKI_MAX_LISTS] = {0};

	for (uint32_t i = 0; i < image->cell_count; i++) {
		const struct list_cell *cell = &image->cells[i];
		const char *why = cell_check(image, cell);

		if (why)
			return why;
		if (prefix_is_v4(&cell->prefix) != (i < image->cell4_count))
			return "an entry among those of the other family";
		if (i && i != image->cell4_count && list_cell_compare(&cell[-1], cell) >= 0)
			return "the entries are not in order";
		counts[cell->list]++;
	}
	for (uint32_t i = 0; i < image->list_count; i++)
		if (counts[i] != image->lists[i].count)
			return "a list does not have as many entries as it says";
	return NULL;
}

static const char *head_check(const struct list_image_head *head, const void *data, size_t len)
{
	size_t need = sizeof(*head);

	if (head->magic != LIST_IMAGE_MAGIC || head->version != LIST_IMAGE_VERSION)
		return "not lists of this version";
	if (head->lists > SEKI_MAX_LISTS || head->cells4 > head->cells || head->blob_len > LIST_IMAGE_MAX)
		return "a count is over its limit";
	need += head->lists * sizeof(struct list_image_list) + head->texts * sizeof(struct list_image_text) +
		head->cells * sizeof(struct list_cell) + head->blob_len;
	if (head->len != len || need != len)
		return "the length does not fit the counts";
	if (list_image_digest(0, (const char *)data + sizeof(*head), len - sizeof(*head)) != head->digest)
		return "the digest does not fit the content";
	return NULL;
}

int list_image_open(const void *data, size_t len, struct list_image *out, const char **why)
{
	struct list_image_head head;
	struct list_image image = {0};
	const char *at = data;

	*why = len < sizeof(head) ? "shorter than its head" : NULL;
	if (!*why) {
		memcpy(&head, data, sizeof(head));
		*why = head_check(&head, data, len);
	}
	if (*why)
		return -EBADMSG;
	at += sizeof(head);
	image.lists = (const struct list_image_list *)at;
	at += head.lists * sizeof(*image.lists);
	image.texts = (const struct list_image_text *)at;
	at += head.texts * sizeof(*image.texts);
	image.cells = (const struct list_cell *)at;
	image.blob = at + head.cells * sizeof(*image.cells);
	image.list_count = head.lists;
	image.cell_count = head.cells;
	image.cell4_count = head.cells4;
	image.text_count = head.texts;
	image.digest = head.digest;
	*why = lists_check(&image);
	if (!*why)
		*why = texts_check(&image, head.blob_len);
	if (!*why)
		*why = cells_check(&image);
	if (*why)
		return -EBADMSG;
	*out = image;
	return 0;
}

void list_image_item(const struct list_image *image, const struct list_cell *cell, struct list_item *out)
{
	const struct list_image_text *text = cell->note ? &image->texts[cell->note - 1] : NULL;

	*out = (struct list_item){
		.prefix = cell->prefix,
		.list = cell->list,
		.flags = list_cell_flags(cell),
		.severity = list_cell_severity(cell),
		.sid = text ? text->sid : 0,
		.expires = list_cell_expires(cell),
		.created = cell->created,
	};
	if (text)
		strcpy(out->reason, image->blob + text->at); /* checked: it fits */
}
