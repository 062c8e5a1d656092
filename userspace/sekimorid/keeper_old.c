// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * keeper_old.c - manual.lists and loaded.lists of the first version: names, then 176 bytes per entry. Can go
 * when no such state folder can be left, two releases on.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "bundle.h"
#include "keeper_old.h"
#include "lib/file.h"
#include "lib/log.h"

#define OLD_MAGIC   0x534b4c53u /* "SKLS" */
#define OLD_VERSION 1u
#define OLD_MAX	    (2048ul << 20)

struct old_head { /* then SEKI_MAX_LISTS names, then the items */
	uint32_t magic, version;
	uint32_t lists, items;
	uint64_t digest; /* bundle_digest() of everything behind the head */
};
struct old_name {
	char name[LIST_NAME_MAX];
	uint32_t index, source;
};
struct old_item {
	struct prefix prefix;
	uint16_t list;
	uint8_t flags, severity;
	uint32_t sid;
	uint64_t expires, created;
	char reason[128];
};
_Static_assert(sizeof(struct old_item) == 176, "as the first version wrote it");

static const char *const old_files[] = {"manual.lists", "loaded.lists"};

static int old_check(const char *data, size_t len, struct old_head *head)
{
	const size_t names = sizeof(struct old_name) * SEKI_MAX_LISTS;

	if (len < sizeof(*head) + names)
		return -EBADMSG;
	memcpy(head, data, sizeof(*head));
	if (head->magic != OLD_MAGIC || head->version != OLD_VERSION || head->lists > SEKI_MAX_LISTS ||
	    len != sizeof(*head) + names + (size_t)head->items * sizeof(struct old_item) ||
	    head->digest != bundle_digest(data + sizeof(*head), len - sizeof(*head)))
		return -EBADMSG;
	return 0;
}

static int old_names_take(struct keeper *k, const struct old_name *names, uint32_t count,
			  uint16_t index_of[SEKI_MAX_LISTS])
{
	for (uint32_t i = 0; i < count; i++) {
		struct list_about about = {.source = (uint8_t)names[i].source};

		if (names[i].index >= SEKI_MAX_LISTS || names[i].source >= LIST_SOURCE_MAX ||
		    !message_text_valid(names[i].name, sizeof(names[i].name)) ||
		    list_index_at(k->lists, names[i].name, (uint16_t)names[i].index,
				  &index_of[names[i].index]))
			return -EBADMSG;
		list_about_set(k->lists, index_of[names[i].index], &about);
	}
	return 0;
}

static int old_items_take(struct keeper *k, const char *data, const struct old_head *head)
{
	const struct old_name *names = (const struct old_name *)(data + sizeof(*head));
	const struct old_item *items = (const struct old_item *)(names + SEKI_MAX_LISTS);
	uint16_t index_of[SEKI_MAX_LISTS] = {0};
	int err = old_names_take(k, names, head->lists, index_of);

	for (uint32_t i = 0; !err && i < head->items; i++) {
		struct list_item item = {.prefix = items[i].prefix,
					 .flags = items[i].flags,
					 .severity = items[i].severity,
					 .sid = items[i].sid,
					 .expires = items[i].expires,
					 .created = items[i].created};

		if (items[i].list >= SEKI_MAX_LISTS ||
		    !message_text_valid(items[i].reason, sizeof(items[i].reason)))
			return -EBADMSG;
		if (item.expires && item.expires <= keeper_epoch())
			continue;
		if (item.expires > LIST_EXPIRES_MAX)
			item.expires = LIST_EXPIRES_MAX;
		item.list = index_of[items[i].list];
		for (size_t c = 0; items[i].reason[c]; c++)
			item.reason[c] =
				(unsigned char)items[i].reason[c] < 0x20 || items[i].reason[c] == 0x7f
					? ' '
					: items[i].reason[c];
		err = list_add(k->lists, &item, keeper_epoch());
	}
	return err;
}

static int old_file_load(struct keeper *k, const char *path)
{
	AUTO_FREE char *data = NULL;
	struct old_head head;
	size_t len = 0;
	int err = file_read(AT_FDCWD, path, OLD_MAX, &data, &len);

	if (err)
		return err;
	err = old_check(data, len, &head);
	if (!err)
		err = old_items_take(k, data, &head);
	if (err)
		log_error("%s: %s; it is of an earlier version and is left as it is. Move it away to go on "
			  "without it",
			  path, err == -EBADMSG ? "damaged" : strerror(-err));
	return err;
}

int keeper_old_lists_load(struct keeper *k)
{
	char path[ARRAY_LEN(old_files)][INSTANCE_PATH_MAX];
	bool there[ARRAY_LEN(old_files)] = {false};
	int err = 0;

	for (size_t i = 0; !err && i < ARRAY_LEN(old_files); i++) {
		err = keeper_state_path(k, old_files[i], path[i]);
		if (!err)
			err = old_file_load(k, path[i]);
		there[i] = !err;
		if (err == -ENOENT)
			err = 0;
	}
	if (err || (!there[0] && !there[1]))
		return err;
	for (uint16_t i = 0; !err && i < SEKI_MAX_LISTS; i++)
		if (list_name(k->lists, i))
			err = keeper_list_state_save(k, i, false);
	for (size_t i = 0; !err && i < ARRAY_LEN(old_files); i++)
		if (there[i] && unlink(path[i]) < 0)
			err = -errno;
	if (!err)
		log_info("lists of an earlier version taken over: %u entries", list_total(k->lists));
	return err;
}
