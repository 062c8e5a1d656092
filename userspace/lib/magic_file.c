// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * magic_file.c - the folders that distributions use.
 */
#include "magic_file.h"

#include <errno.h>
#include <fcntl.h>

#include "file.h"

#define MAGIC_BYTES_MAX (64u << 20)

int magic_file_map(const void **data, size_t *len)
{
	static const char *const folders[] = {"/usr/lib/file", "/usr/share/misc", "/usr/share/file/misc"};

	for (size_t i = 0; i < sizeof(folders) / sizeof(folders[0]); i++) {
		AUTO_FD int folder = open(folders[i], O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (folder >= 0 && !file_map_own(folder, "magic.mgc", MAGIC_BYTES_MAX, data, len))
			return 0;
	}
	return -ENOENT;
}
