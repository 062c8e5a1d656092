// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * file_magic.c - libmagic over memory: it opens no files, and decompresses nothing.
 */
#include "file_magic.h"

#include <errno.h>
#include <magic.h>
#include <stdlib.h>
#include <string.h>

static const void *database;
static size_t database_len;

struct file_magic {
	magic_t cookie;
};

void file_magic_use(const void *bytes, size_t len)
{
	database = bytes;
	database_len = len;
}

bool file_magic_known(void)
{
	return database_len > 0;
}

int file_magic_new(struct file_magic **out)
{
	CLEANUP(file_magic_free) struct file_magic *magic = calloc(1, sizeof(*magic));
	void *buffers[] = {(void *)(uintptr_t)database};

	if (!database_len)
		return -ENOENT;
	if (!magic)
		return -ENOMEM;
	magic->cookie = magic_open(MAGIC_NO_CHECK_COMPRESS | MAGIC_RAW);
	if (!magic->cookie)
		return -ENOMEM;
	if (magic_load_buffers(magic->cookie, buffers, &database_len, 1))
		return -EINVAL;
	*out = TAKE_PTR(magic);
	return 0;
}

void file_magic_free(struct file_magic *magic)
{
	if (magic && magic->cookie)
		magic_close(magic->cookie);
	free(magic);
}

uint32_t file_magic_describe(struct file_magic *magic, struct span data, uint8_t *out)
{
	uint32_t bytes = data.len < FILE_MAGIC_BYTES ? data.len : FILE_MAGIC_BYTES;
	const char *said = bytes ? magic_buffer(magic->cookie, data.data, bytes) : NULL;
	size_t len = said ? strnlen(said, FILE_MAGIC_TEXT) : 0;

	if (len)
		memcpy(out, said, len);
	return (uint32_t)len;
}
