// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * keeper_list_state.c - the lists in the state folder: manual.list, lists/NAME.list of those that were
 * loaded, previous/NAME.list as it was before, and config-DIGEST.list with all of the configuration, which
 * the policy's image names.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "keeper.h"
#include "keeper_old.h"
#include "lib/file.h"
#include "lib/log.h"

#define SUFFIX	      ".list"
#define FILE_ROOM     (LIST_NAME_MAX + 32)
#define CONFIG_PREFIX "config-"

static const char folder_lists[] = "lists", folder_previous[] = "previous", file_manual[] = "manual" SUFFIX;

static const char *list_file(const char *folder, const char *name, char file[FILE_ROOM])
{
	snprintf(file, FILE_ROOM, "%s/%s" SUFFIX, folder, name);
	return file;
}

static int state_batch_write(const struct keeper *k, const char *file, struct list_batch *batch)
{
	struct piece parts[LIST_IMAGE_PARTS];
	char path[INSTANCE_PATH_MAX];
	int err = list_batch_parts(batch, parts);

	if (!err)
		err = keeper_state_path(k, file, path);
	if (!err)
		err = file_replace_parts(AT_FDCWD, path, parts, LIST_IMAGE_PARTS, 0600);
	if (err)
		log_error("%s/%s: not saved: %s", k->state_dir, file, strerror(-err));
	return err;
}

/* The saved state gets a second name; the next save replaces the first one only. */
static int state_rotate(const struct keeper *k, const char *name)
{
	char file[FILE_ROOM], from[INSTANCE_PATH_MAX], to[INSTANCE_PATH_MAX], temp[INSTANCE_PATH_MAX];
	int err = keeper_state_path(k, list_file(folder_lists, name, file), from);

	if (!err)
		err = keeper_state_path(k, list_file(folder_previous, name, file), to);
	if (!err)
		err = keeper_state_path(k, list_file(folder_previous, ".rotate", file), temp);
	if (err)
		return err;
	if (unlink(temp) < 0 && errno != ENOENT)
		return -errno;
	if (link(from, temp) < 0)
		return errno == ENOENT ? 0 : -errno; /* it was never saved: there is nothing before it */
	return rename(temp, to) < 0 ? -errno : 0;
}

int keeper_list_state_save(struct keeper *k, uint16_t list, bool rotate)
{
	const char *name = list_name(k->lists, list);
	struct list_batch batch = {0};
	char file[FILE_ROOM];
	int err = rotate ? state_rotate(k, name) : 0;

	if (err)
		log_error("list %s: what it was before cannot be kept: %s", name, strerror(-err));
	err = list_batch_take(&batch, k->lists, list);
	if (!err)
		err = state_batch_write(
			k, list == LIST_MANUAL ? file_manual : list_file(folder_lists, name, file), &batch);
	list_batch_clear(&batch);
	return err;
}

bool keeper_list_state_has_previous(const struct keeper *k, const char *name)
{
	char file[FILE_ROOM], path[INSTANCE_PATH_MAX];

	return !keeper_state_path(k, list_file(folder_previous, name, file), path) && !access(path, R_OK);
}

int keeper_list_state_previous(const struct keeper *k, const char *name, struct keeper_image **out,
			       const char **why)
{
	char file[FILE_ROOM];

	return keeper_image_file(k, list_file(folder_previous, name, file), out, why);
}

int keeper_list_state_exchange(const struct keeper *k, const char *name)
{
	char file[FILE_ROOM], a[INSTANCE_PATH_MAX], b[INSTANCE_PATH_MAX];
	int err = keeper_state_path(k, list_file(folder_lists, name, file), a);

	if (!err)
		err = keeper_state_path(k, list_file(folder_previous, name, file), b);
	if (!err && renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE) < 0)
		err = -errno;
	return err;
}

/* --- the configuration's */

static void config_file(uint64_t digest, char file[FILE_ROOM])
{
	snprintf(file, FILE_ROOM, CONFIG_PREFIX "%016" PRIx64 SUFFIX, digest);
}

int keeper_list_state_config_save(struct keeper *k, struct policy *policy)
{
	struct piece parts[LIST_IMAGE_PARTS];
	struct list_batch batch = {0};
	char file[FILE_ROOM];
	uint16_t index;
	int err = 0;

	if (!policy->list_count || policy->lists_digest)
		return 0;
	for (uint32_t i = 0; !err && i < policy->list_count; i++) {
		err = list_index(k->lists, policy->lists[i].name, false, &index);
		if (!err)
			err = list_batch_take(&batch, k->lists, index);
	}
	if (!err)
		err = list_batch_parts(&batch, parts);
	if (!err) {
		config_file(batch.head.digest, file);
		err = state_batch_write(k, file, &batch);
	}
	if (!err)
		policy->lists_digest = batch.head.digest;
	list_batch_clear(&batch);
	return err;
}

void keeper_list_state_config_tidy(const struct keeper *k, uint64_t kept, uint64_t kept_too)
{
	char keep[FILE_ROOM], keep_too[FILE_ROOM];
	DIR *folder = opendir(k->state_dir);
	const struct dirent *entry;

	config_file(kept, keep);
	config_file(kept_too, keep_too);
	while (folder && (entry = readdir(folder)))
		if (!strncmp(entry->d_name, CONFIG_PREFIX, strlen(CONFIG_PREFIX)) &&
		    strcmp(entry->d_name, keep) != 0 && strcmp(entry->d_name, keep_too) != 0)
			(void)unlinkat(dirfd(folder), entry->d_name, 0);
	if (folder)
		closedir(folder);
}

static int state_damaged(const struct keeper *k, const char *file, int err, const char *why)
{
	log_error("%s/%s: %s %s; nothing was changed. Look at it, or move it away to go on without it",
		  k->state_dir, file, err == -EBADMSG ? "damaged:" : strerror(-err), why);
	return err;
}

int keeper_list_state_config_load(struct keeper *k, const struct policy *policy, struct keeper_image **out)
{
	CLEANUP(keeper_image_free) struct keeper_image *image = NULL;
	char file[FILE_ROOM];
	const char *why;
	int err;

	if (!policy->list_count || !policy->lists_digest)
		return 0;
	config_file(policy->lists_digest, file);
	err = keeper_image_file(k, file, &image, &why);
	if (!err && image->image.digest != policy->lists_digest) {
		why = "its content is not that of its name";
		err = -EBADMSG;
	}
	if (err)
		return state_damaged(k, file, err, why);
	*out = TAKE_PTR(image);
	return 0;
}

/* --- at the start */

/* The file's lists become part of the set. *digest: of the image. */
static int state_take(struct keeper *k, const char *file, uint64_t *digest)
{
	CLEANUP(keeper_image_free) struct keeper_image *image = NULL;
	struct gate_why text = {""};
	struct list_set *next;
	const char *why = "";
	int err = keeper_image_file(k, file, &image, &why);

	if (err == -ENOENT)
		return 0;
	if (!err)
		err = keeper_lists_take(k, &image->image, TAKE_LISTS, list_limit_get(k->lists), &next, &text);
	if (err)
		return state_damaged(k, file, err, *why ? why : text.text);
	keeper_lists_commit(k, next);
	*digest = image->image.digest;
	return 0;
}

static bool has_suffix(const char *name)
{
	size_t len = strlen(name);

	return len > strlen(SUFFIX) && len < LIST_NAME_MAX + strlen(SUFFIX) && *name != '.' &&
	       !strcmp(name + len - strlen(SUFFIX), SUFFIX);
}

static int state_take_loaded(struct keeper *k)
{
	char path[INSTANCE_PATH_MAX], file[FILE_ROOM];
	const struct dirent *entry;
	uint64_t digest;
	DIR *folder;
	int err = keeper_state_path(k, folder_lists, path);

	folder = err ? NULL : opendir(path);
	if (!folder)
		return err ? err : -errno;
	while (!err && (entry = readdir(folder))) {
		if (!has_suffix(entry->d_name))
			continue;
		snprintf(file, sizeof(file), "%s/%.*s", folder_lists, (int)(LIST_NAME_MAX + strlen(SUFFIX)),
			 entry->d_name);
		err = state_take(k, file, &digest);
	}
	closedir(folder);
	return err;
}

static int state_folder(const struct keeper *k, const char *name)
{
	char path[INSTANCE_PATH_MAX];
	int err = keeper_state_path(k, name, path);

	return err ? err : mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

/* What a death left while it wrote: never the file itself. */
static void state_tidy(const struct keeper *k, const char *name)
{
	char path[INSTANCE_PATH_MAX];
	const struct dirent *entry;
	DIR *folder = keeper_state_path(k, name, path) ? NULL : opendir(path);

	while (folder && (entry = readdir(folder)))
		if (entry->d_name[0] == '.' && strlen(entry->d_name) > 18)
			(void)unlinkat(dirfd(folder), entry->d_name, 0);
	if (folder)
		closedir(folder);
}

int keeper_list_state_load(struct keeper *k)
{
	uint64_t base = 0;
	int err = state_folder(k, folder_lists);

	if (!err)
		err = state_folder(k, folder_previous);
	if (err)
		return err;
	state_tidy(k, ".");
	state_tidy(k, folder_lists);
	state_tidy(k, folder_previous);
	err = keeper_old_lists_load(k);
	if (!err)
		err = state_take(k, file_manual, &base);
	if (!err)
		err = keeper_journal_load(k, base);
	if (!err)
		err = state_take_loaded(k);
	if (!err && list_total(k->lists))
		log_info("%u list entries taken over from the last run", list_total(k->lists));
	return err;
}
