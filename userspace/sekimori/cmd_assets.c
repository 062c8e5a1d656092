// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_assets.c - assets: the inventory that alerts are compared with.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "client.h"
#include "client_store.h"
#include "core/eve/eve_text.h"
#include "lib/file.h"
#include "view/asset_file.h"

#define IMPORT_MAX (64u << 20)

/* The portal's folder; made here when no daemon ever ran. */
static int assets_folder(bool make)
{
	char parent[INSTANCE_PATH_MAX], path[INSTANCE_PATH_MAX];
	int fd, err = instance_path(parent, sizeof(parent), client.state_root, client.instance, NULL);

	if (!err)
		err = instance_path(path, sizeof(path), client.state_root, client.instance, "portal");
	if (err)
		return err;
	if (make &&
	    ((mkdir(client.state_root, 0755) < 0 && errno != EEXIST) ||
	     (mkdir(parent, 0700) < 0 && errno != EEXIST) || (mkdir(path, 0700) < 0 && errno != EEXIST)))
		return -errno;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? -errno : fd;
}

static bool asset_print(const struct asset *asset, void *arg)
{
	char address[48];

	printf("%-40s %5u  %-24s %-12s %s%s\n", eve_address(&asset->address, address), asset->port,
	       asset->product, asset->version, asset->observed ? "observed" : "imported",
	       asset->complete ? ", complete" : "");
	return true;
}

static int assets_list(const struct asset_set *set)
{
	AUTO_FREE char *text = NULL;
	size_t len = 0;

	if (!client.json) {
		asset_each(set, asset_print, NULL);
		printf("%zu assets; for attacks on what is not here it is unknown whether they concern you\n",
		       asset_count(set));
		return 0;
	}
	if (asset_write(set, ASSETS_ALL, &text, &len))
		return EXIT_NOT_CONVERGED;
	printf("%s\n", text);
	return 0;
}

static int assets_import(int dir, struct asset_set *set, const char *path)
{
	AUTO_FREE char *text = NULL;
	struct asset_fault fault = {0};
	size_t len = 0, taken = 0;
	int err = file_read(AT_FDCWD, path, IMPORT_MAX, &text, &len);

	if (!err)
		err = asset_read(set, text, len, &taken, &fault);
	if (fault.why) {
		fprintf(stderr, "sekimori: %s:%u: %s; nothing was taken\n", path, fault.line, fault.why);
		return EXIT_NOT_CONVERGED;
	}
	if (!err)
		err = asset_file_save(dir, set);
	if (err) {
		fprintf(stderr, "sekimori: %s: %s; nothing was taken\n", path, strerror(-err));
		return EXIT_NOT_CONVERGED;
	}
	printf("%zu assets taken, %zu in all\n", taken, asset_count(set));
	if (client_present()) {
		AUTO_FREE char *note = NULL;
		AUTO_JSON json_t *answer = NULL;

		if (asprintf(&note, "%zu assets were imported", taken) >= 0)
			answer = client_ask(
				json_pack("{s:s,s:i,s:s}", "command", "trace", "kind", 1, "text", note), -1);
	}
	return 0;
}

/* -ENOENT: there is no store, so nothing was observed. */
static int observed_join(struct asset_set *set)
{
	CLEANUP(asset_set_free) struct asset_set *observed = NULL;
	char path[INSTANCE_PATH_MAX];
	struct asset_fault fault;
	AUTO_FD int dir = -1;
	int err = client_store_folder(path);

	if (err)
		return err;
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	err = dir < 0 ? -errno : asset_observed_load(dir, &observed, &fault);
	return err ? err : asset_merge(set, observed);
}

int cmd_assets(int argc, char **argv)
{
	CLEANUP(asset_set_free) struct asset_set *set = NULL;
	bool import = argc == 3 && !strcmp(argv[1], "import");
	struct asset_fault fault;
	AUTO_FD int dir = -1;
	int err;

	if (!import && (argc != 2 || strcmp(argv[1], "list") != 0))
		return client_usage("assets", "there are import FILE and list", argc > 1 ? argv[1] : NULL);
	dir = assets_folder(import);
	err = dir < 0 && dir != -ENOENT ? dir : asset_file_load(dir < 0 ? -1 : dir, &set, &fault);
	if (err) {
		fprintf(stderr, "sekimori: the inventory cannot be read: %s%s\n", strerror(-err),
			err == -EACCES ? "; run as root" : "");
		return EXIT_NOT_CONVERGED;
	}
	if (import)
		return assets_import(dir, set, argv[2]);
	err = observed_join(set);
	if (err && err != -ENOENT)
		fprintf(stderr, "sekimori: what was observed of servers cannot be read: %s\n",
			strerror(-err));
	return assets_list(set);
}
