// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * keeper_state.c - what survives the daemon in its state folder: the confirmed
 * policy and the lists, as images that are checked before they are believed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "bundle.h"
#include "bundle.h"
#include "keeper.h"
#include "lib/file.h"
#include "lib/log.h"

#define STATE_MAGIC   0x534b4c53u /* "SKLS" */
#define STATE_VERSION 1u

struct state_head { /* then `lists` names, then `items` list_items */
	uint32_t magic, version;
	uint32_t lists, items;
	uint64_t digest; /* of everything behind the head */
};
struct state_name {
	char name[LIST_NAME_MAX];
	uint32_t index, source;
};

static const char file_policy[] = "policy.image", file_runtime[] = "runtime.image",
		  file_compiled[] = "compiled.rules", file_manual[] = "manual.lists",
		  file_loaded[] = "loaded.lists";

static int state_path(const struct keeper *k, const char *file, char path[INSTANCE_PATH_MAX])
{
	int n = snprintf(path, INSTANCE_PATH_MAX, "%s/%s", k->state_dir, file);

	return n < 0 || n >= INSTANCE_PATH_MAX ? -ENAMETOOLONG : 0;
}

static int state_write(const struct keeper *k, const char *file, const void *data, size_t len)
{
	char path[INSTANCE_PATH_MAX];
	int err = state_path(k, file, path);

	if (!err)
		err = file_replace(AT_FDCWD, path, data, len, 0600);
	if (err)
		log_error("%s/%s: not saved: %s", k->state_dir, file, strerror(-err));
	return err;
}

static int state_policy_save(const struct keeper *k, const char *file, const struct policy *policy)
{
	AUTO_FREE void *image = NULL;
	size_t len = 0;
	int err = policy_pack(policy, &image, &len);

	return err ? err : state_write(k, file, image, len);
}

/* The runtime part always; the configuration only when it is not on probation. */
int keeper_state_save_policy(struct keeper *k)
{
	int err;

	if (!k->now.runtime || k->pending_until)
		return 0;
	err = state_policy_save(k, file_runtime, k->now.runtime);
	if (!err && k->now.base)
		err = state_policy_save(k, file_policy, k->now.base);
	return err;
}

struct state_gather {
	struct list_item *items;
	uint32_t count, size;
};

static int state_gather(const struct list_item *item, void *arg)
{
	struct state_gather *g = arg;

	if (g->count == g->size)
		return 1;
	g->items[g->count++] = *item;
	return 0;
}

int keeper_state_save_lists(struct keeper *k, bool manual)
{
	enum keeper_list_source source = manual ? LIST_FROM_HAND : LIST_FROM_FILE;
	struct state_name names[SEKI_MAX_LISTS] = {0};
	struct state_head head = {.magic = STATE_MAGIC, .version = STATE_VERSION};
	struct state_gather gather = {0};
	AUTO_FREE char *image = NULL;
	size_t len;

	for (uint16_t i = 0; i < SEKI_MAX_LISTS; i++)
		if (list_name(k->lists, i) && k->list_source[i] == source)
			gather.size += list_count(k->lists, i);
	len = sizeof(head) + sizeof(names) + (size_t)gather.size * sizeof(struct list_item);
	image = calloc(1, len);
	if (!image)
		return -ENOMEM;
	gather.items = (struct list_item *)(image + sizeof(head) + sizeof(names));
	for (uint16_t i = 0; i < SEKI_MAX_LISTS; i++) {
		if (!list_name(k->lists, i) || k->list_source[i] != source)
			continue;
		snprintf(names[head.lists].name, sizeof(names[0].name), "%s", list_name(k->lists, i));
		names[head.lists].index = i;
		names[head.lists++].source = source;
		list_each(k->lists, i, state_gather, &gather);
	}
	head.items = gather.count;
	memcpy(image + sizeof(head), names, sizeof(names));
	head.digest = bundle_digest(image + sizeof(head), len - sizeof(head));
	memcpy(image, &head, sizeof(head));
	return state_write(k, manual ? file_manual : file_loaded, image, len);
}

static int state_lists_check(const char *data, size_t len, struct state_head *head)
{
	if (len < sizeof(*head) + sizeof(struct state_name) * SEKI_MAX_LISTS)
		return -EBADMSG;
	memcpy(head, data, sizeof(*head));
	if (head->magic != STATE_MAGIC || head->version != STATE_VERSION || head->lists > SEKI_MAX_LISTS ||
	    len != sizeof(*head) + sizeof(struct state_name) * SEKI_MAX_LISTS +
			    (size_t)head->items * sizeof(struct list_item) ||
	    head->digest != bundle_digest(data + sizeof(*head), len - sizeof(*head)))
		return -EBADMSG;
	return 0;
}

static int state_lists_take(struct keeper *k, const char *data, const struct state_head *head)
{
	const struct state_name *names = (const struct state_name *)(data + sizeof(*head));
	const struct list_item *items = (const struct list_item *)(names + SEKI_MAX_LISTS);
	uint16_t index_of[SEKI_MAX_LISTS] = {0};
	uint32_t taken = 0;

	for (uint32_t i = 0; i < head->lists; i++) {
		uint16_t index;

		if (names[i].index >= SEKI_MAX_LISTS || names[i].source > LIST_FROM_FILE ||
		    !message_text_valid(names[i].name, sizeof(names[i].name)) ||
		    list_index(k->lists, names[i].name, true, &index))
			return -EBADMSG;
		index_of[names[i].index] = index;
		k->list_source[index] = (uint8_t)names[i].source;
	}
	for (uint32_t i = 0; i < head->items; i++) {
		struct list_item item = items[i];
		int err;

		if (item.list >= SEKI_MAX_LISTS || item.prefix.len > 128 ||
		    !message_text_valid(item.reason, sizeof(item.reason)) ||
		    item.severity >= SEKI_SEVERITY_MAX)
			return -EBADMSG;
		if (item.expires && item.expires <= keeper_epoch())
			continue;
		item.list = index_of[item.list];
		err = list_add(k->lists, &item);
		if (err)
			return err;
		taken++;
	}
	log_info("%u list entries taken over from the last run", taken);
	return 0;
}

static int state_lists_load(struct keeper *k, const char *file)
{
	char path[INSTANCE_PATH_MAX];
	AUTO_FREE char *data = NULL;
	struct state_head head;
	size_t len = 0;
	int err = state_path(k, file, path);

	if (!err)
		err = file_read(AT_FDCWD, path, POLICY_IMAGE_MAX, &data, &len);
	if (err == -ENOENT)
		return 0;
	if (!err)
		err = state_lists_check(data, len, &head);
	if (!err)
		err = state_lists_take(k, data, &head);
	if (err)
		log_error("%s: %s; it is left as it is, look at it and remove it", path,
			  err == -EBADMSG ? "damaged" : strerror(-err));
	return err;
}

static int state_policy_load(struct keeper *k, const char *file, struct policy **out)
{
	char path[INSTANCE_PATH_MAX];
	AUTO_FREE char *data = NULL;
	const char *why = "";
	size_t len = 0;
	int err = state_path(k, file, path);

	if (!err)
		err = file_read(AT_FDCWD, path, POLICY_IMAGE_MAX, &data, &len);
	if (err == -ENOENT)
		return 0;
	if (!err)
		err = policy_unpack(data, len, out, &why);
	if (err)
		log_error("%s: %s %s; it is left as it is, look at it and remove it", path, strerror(-err),
			  why);
	return err;
}

int keeper_state_load(struct keeper *k)
{
	int err;

	if (mkdir(k->options.state_root, 0755) < 0 && errno != EEXIST)
		return -errno;
	if (mkdir(k->state_dir, 0700) < 0 && errno != EEXIST)
		return -errno;
	err = state_lists_load(k, file_manual);
	if (!err)
		err = state_lists_load(k, file_loaded);
	if (!err)
		err = state_policy_load(k, file_policy, &k->now.base);
	if (!err)
		err = state_policy_load(k, file_runtime, &k->now.runtime);
	if (!err && !k->now.runtime)
		err = policy_default(&k->now.runtime);
	return err;
}

void keeper_state_forget(struct keeper *k)
{
	k->now.runtime->iface_count = 0;
	k->pending_until = 0;
	if (k->now.base)
		k->now.base->iface_count = 0;
	if (keeper_state_save_policy(k))
		log_error("the state folder still names interfaces");
}

void keeper_state_load_compiled(struct keeper *k)
{
	AUTO_FD int dir = open(k->state_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const void *data;
	size_t len;
	int err;

	if (dir < 0 || file_map_own(dir, file_compiled, BUNDLE_MAX, &data, &len))
		return;
	err = file_seal("sekimori-compiled", data, len, &k->compiled);
	munmap((void *)data, len);
	if (err)
		k->compiled = -1;
}

void keeper_state_save_compiled(struct keeper *k)
{
	const void *data;
	size_t len;

	if (k->compiled < 0 || file_map_sealed(k->compiled, BUNDLE_MAX, &data, &len))
		return;
	if (state_write(k, file_compiled, data, len))
		log_warn("the next start compiles the rules again");
	munmap((void *)data, len);
}
