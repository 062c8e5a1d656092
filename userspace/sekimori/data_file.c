// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * data_file.c - the places where a file that a rule names may lie.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "core/match/file_magic.h"
#include "data_file.h"
#include "lib/file.h"
#include "lib/magic_file.h"

#define DATA_BYTES_MAX (256u << 20)

static int data_read_in(const char *folder, int folder_len, const char *name, char **text, size_t *len)
{
	AUTO_FREE char *path = NULL;

	if (asprintf(&path, "%.*s/%s", folder_len, folder, name) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	return file_read(AT_FDCWD, path, DATA_BYTES_MAX, text, len);
}

void data_magic_use(void)
{
	const void *database;
	size_t len;

	if (!magic_file_map(&database, &len))
		file_magic_use(database, len);
}

int data_file_read(const char *rules, const char *folder, const char *name, char **text, size_t *len)
{
	const char *slash = strrchr(rules, '/');
	int err = -ENOENT;

	if (*name != '/' && slash)
		err = data_read_in(rules, (int)(slash - rules), name, text, len);
	if (err && *name != '/' && folder)
		err = data_read_in(folder, (int)strlen(folder), name, text, len);
	return err ? file_read(AT_FDCWD, name, DATA_BYTES_MAX, text, len) : 0;
}

int data_file_shipped(const char *path, const char *kind, const char *name, char **text, size_t *len)
{
	char program[4096], *slash;
	ssize_t got = readlink("/proc/self/exe", program, sizeof(program) - 1);
	const char *const places[] = {
		program, "..", program, "../..", program, "../share/sekimori", "/usr", "share/sekimori"};
	int err = -ENOENT;

	if (path)
		return file_read(AT_FDCWD, path, DATA_BYTES_MAX, text, len);
	program[got > 0 ? got : 0] = '\0';
	slash = strrchr(program, '/');
	if (slash)
		*slash = '\0';
	for (size_t i = 0; i < ARRAY_LEN(places) && err == -ENOENT; i += 2) {
		AUTO_FREE char *folder = NULL;

		if (asprintf(&folder, "%s/%s/%s", places[i], places[i + 1], kind) < 0) {
			folder = NULL;
			return -ENOMEM;
		}
		err = data_read_in(folder, (int)strlen(folder), name, text, len);
	}
	return err;
}
