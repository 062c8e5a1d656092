/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * magic_file.h - where libmagic's compiled database lies.
 */
#ifndef LIB_MAGIC_FILE_H
#define LIB_MAGIC_FILE_H

#include <stddef.h>

#include "cleanup.h"

/* Maps it for the process's life. -ENOENT: this system has none, or others may write it. */
__must_check int magic_file_map(const void **data, size_t *len);

#endif
