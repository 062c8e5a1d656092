/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * client_store.h - the command line's way to the kept events: read from their
 * folder, with or without a daemon.
 */
#ifndef SEKIMORI_CLIENT_STORE_H
#define SEKIMORI_CLIENT_STORE_H

#include "lib/instance.h"
#include "store/store.h"

/* STATE/INSTANCE/store. -ENAMETOOLONG. */
__must_check int client_store_folder(char dir[INSTANCE_PATH_MAX]);
/* Opens it for reading, or another folder that dir names; says why not. */
__must_check int client_store_open(const char *dir, struct store **out);

#endif
