// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * client_store.c - the command line's way to the kept events.
 */
#include "client_store.h"

#include <stdio.h>

#include "client.h"

int client_store_folder(char dir[INSTANCE_PATH_MAX])
{
	return instance_path(dir, INSTANCE_PATH_MAX, client.state_root, client.instance, "store");
}

int client_store_open(const char *dir, struct store **out)
{
	char path[INSTANCE_PATH_MAX], why[STORE_WHY_MAX] = "";
	struct store_options options = {.dir = dir ? dir : path, .readonly = true};
	int err = dir ? 0 : client_store_folder(path);

	if (!err)
		err = store_open(&options, out, why);
	if (err)
		fprintf(stderr, "sekimori: %s\n", *why ? why : "the store's folder has too long a name");
	return err;
}
