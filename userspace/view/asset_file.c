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

int asset_file_load(int dir, struct asset_set **out, struct asset_fault *fault)
{
	CLEANUP(asset_set_free) struct asset_set *set = asset_set_new();
	AUTO_FREE char *text = NULL;
	size_t len = 0, taken;
	int err = set ? 0 : -ENOMEM;

	*fault = (struct asset_fault){0};
	if (!err && dir >= 0) {
		err = file_read(dir, ASSET_FILE, FILE_MAX, &text, &len);
		if (err == -ENOENT)
			err = 0;
		else if (!err && asset_read(set, text, len, &taken, fault))
			err = -EBADMSG;
	}
	if (!err)
		*out = TAKE_PTR(set);
	return err;
}

int asset_file_save(int dir, const struct asset_set *set)
{
	AUTO_FREE char *text = NULL;
	size_t len = 0;
	int err = dir < 0 ? 0 : asset_write(set, &text, &len);

	/* The folder is closed to others; root and the portal both write here. */
	return err || dir < 0 ? err : file_replace(dir, ASSET_FILE, text, len, 0644);
}

uint64_t asset_file_stamp(int dir)
{
	struct stat st;

	if (dir < 0 || fstatat(dir, ASSET_FILE, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return 0;
	return (uint64_t)st.st_ino * 1000003u ^
	       ((uint64_t)st.st_mtim.tv_sec << 30 | (uint64_t)st.st_mtim.tv_nsec);
}
