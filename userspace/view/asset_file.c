// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * asset_file.c - the inventory's file.
 */
#include "asset_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/file.h"

#define FILE_MAX (64u << 20)

static int load(int dir, const char *name, struct asset_set **out, struct asset_fault *fault)
{
	CLEANUP(asset_set_free) struct asset_set *set = asset_set_new();
	AUTO_FREE char *text = NULL;
	size_t len = 0, taken;
	int err = set ? 0 : -ENOMEM;

	*fault = (struct asset_fault){0};
	if (!err && dir != -1) {
		err = file_read(dir, name, FILE_MAX, &text, &len);
		if (err == -ENOENT)
			err = 0;
		else if (!err && asset_read(set, text, len, &taken, fault))
			err = -EBADMSG;
	}
	if (!err)
		*out = TAKE_PTR(set);
	return err;
}

int asset_file_load(int dir, struct asset_set **out, struct asset_fault *fault)
{
	return load(dir, ASSET_FILE, out, fault);
}

int asset_observed_load(int dir, struct asset_set **out, struct asset_fault *fault)
{
	return load(dir, ASSET_OBSERVED_FILE, out, fault);
}

int asset_inventory_load(int imported, int observed, struct asset_set **out)
{
	CLEANUP(asset_set_free) struct asset_set *set = NULL, *seen = NULL;
	struct asset_fault fault;
	int err = asset_file_load(imported, &set, &fault);

	if (err)
		return err;
	if (!asset_observed_load(observed, &seen, &fault))
		err = asset_merge(set, seen);
	if (!err)
		*out = TAKE_PTR(set);
	return err;
}

static int save(int dir, const char *name, const struct asset_set *set, bool observed, unsigned int mode)
{
	AUTO_FREE char *text = NULL;
	size_t len = 0;
	int err = asset_write(set, observed ? ASSETS_OBSERVED : ASSETS_IMPORTED, &text, &len);

	return err ? err : file_replace(dir, name, text, len, mode);
}

int asset_file_save(int dir, const struct asset_set *set)
{
	/* The folder is closed to others; root and the portal both write here. */
	return dir == -1 ? 0 : save(dir, ASSET_FILE, set, false, 0644);
}

int asset_observed_save(int dir, const struct asset_set *set)
{
	return save(dir, ASSET_OBSERVED_FILE, set, true, 0640);
}

static uint64_t stamp(int dir, const char *name)
{
	struct stat st;

	if (dir == -1 || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	return (uint64_t)st.st_ino * 1000003u ^
	       ((uint64_t)st.st_mtim.tv_sec << 30 | (uint64_t)st.st_mtim.tv_nsec);
}

uint64_t asset_file_stamp(int dir)
{
	return stamp(dir, ASSET_FILE);
}

uint64_t asset_observed_stamp(int dir)
{
	return stamp(dir, ASSET_OBSERVED_FILE);
}
