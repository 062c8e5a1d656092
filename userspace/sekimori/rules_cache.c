// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rules_cache.c - the folder of compiled rules. The files steer the matcher,
 * so only those are taken that nobody but this user or root can have written.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "lib/file.h"
#include "rules_cache.h"

#define CACHE_FILE_MAX	(256u << 20)
#define CACHE_FILES_MAX 8u   /* the oldest go */
#define CACHE_RULES_MIN 500u /* fewer compile in no time */

static int cache_folder(const char *folder)
{
	const char *base = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
	AUTO_FREE char *path = NULL;
	int fd;

	if (folder) {
		path = strdup(folder);
	} else if (base && *base == '/') {
		if (asprintf(&path, "%s/sekimori", base) < 0)
			path = NULL;
	} else if (home && *home == '/') {
		if (asprintf(&path, "%s/.cache", home) < 0)
			return -ENOMEM;
		(void)mkdir(path, 0700);
		free(TAKE_PTR(path));
		if (asprintf(&path, "%s/.cache/sekimori", home) < 0)
			path = NULL;
	} else {
		return -ENOENT;
	}
	if (!path)
		return -ENOMEM;
	(void)mkdir(path, 0700);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int cache_fetch(const char *name, const void **image, size_t *len, void *arg)
{
	struct rules_cache *cache = arg;
	int err = file_map_own(cache->dir, name, CACHE_FILE_MAX, &cache->image, &cache->len);

	if (err)
		return err;
	*image = cache->image;
	*len = cache->len;
	return 0;
}

void rules_cache_use(struct rules_cache *cache, struct ruleset_builder *builder)
{
	cache->dir = cache->folder && !strcmp(cache->folder, "none") ? -1 : cache_folder(cache->folder);
	if (cache->dir >= 0)
		ruleset_set_cache(builder, cache_fetch, cache);
}

/* Makes room for one more file: removes the oldest of too many. */
static void cache_trim(int dir)
{
	char oldest[NAME_MAX + 1];
	unsigned int count;

	do {
		AUTO_FD int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		struct timespec age = {0};
		struct dirent *entry;
		DIR *list = fd < 0 ? NULL : fdopendir(fd);

		if (!list)
			return;
		(void)TAKE_FD(fd);
		count = 0;
		while ((entry = readdir(list))) {
			size_t len = strlen(entry->d_name);
			struct stat st;

			if (len < 6 || strcmp(entry->d_name + len - 6, ".rules") ||
			    fstatat(dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW))
				continue;
			if (!count++ || st.st_mtim.tv_sec < age.tv_sec ||
			    (st.st_mtim.tv_sec == age.tv_sec && st.st_mtim.tv_nsec < age.tv_nsec)) {
				age = st.st_mtim;
				snprintf(oldest, sizeof(oldest), "%s", entry->d_name);
			}
		}
		closedir(list);
	} while (count >= CACHE_FILES_MAX && !unlinkat(dir, oldest, 0));
}

void rules_cache_keep(struct rules_cache *cache, struct ruleset *set)
{
	char name[RULESET_CACHE_NAME_MAX];
	AUTO_FREE void *image = NULL;
	struct ruleset_counts counts;
	struct stat st;
	size_t len;

	if (cache->image)
		munmap((void *)cache->image, cache->len);
	cache->image = NULL;
	malloc_trim(0); /* the compiler needed more than what it made */
	ruleset_count(set, &counts);
	if (cache->dir >= 0 && !counts.cached && counts.loaded >= CACHE_RULES_MIN &&
	    !fstat(cache->dir, &st) && st.st_uid == geteuid() && !(st.st_mode & (S_IWGRP | S_IWOTH)) &&
	    !ruleset_cache_image(set, &image, &len)) {
		ruleset_cache_name(set, name);
		cache_trim(cache->dir);
		(void)!file_replace(cache->dir, name, image, len, 0600);
	}
	if (cache->dir >= 0)
		close(cache->dir);
	cache->dir = -1;
}
