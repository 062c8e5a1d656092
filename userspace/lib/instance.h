/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * instance.h - where one instance of the product keeps its things. Several
 * instances run side by side on one machine, told apart by a name.
 */
#ifndef LIB_INSTANCE_H
#define LIB_INSTANCE_H

#include <stdbool.h>
#include <stddef.h>

#include "cleanup.h"

#define INSTANCE_NAME_MAX   32
#define INSTANCE_RUN_ROOT   "/run/sekimori"
#define INSTANCE_STATE_ROOT "/var/lib/sekimori"
#define INSTANCE_PATH_MAX   256

/* Letters, digits, '-' and '_', 1..INSTANCE_NAME_MAX-1 of them. */
bool instance_name_valid(const char *name);

/* root/name[/file] into out; file may be NULL. -ENAMETOOLONG. */
__must_check int instance_path(char *out, size_t size, const char *root, const char *name, const char *file);

#endif
