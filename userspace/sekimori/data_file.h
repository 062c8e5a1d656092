/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * data_file.h - finds the files that rules name.
 */
#ifndef SEKIMORI_DATA_FILE_H
#define SEKIMORI_DATA_FILE_H

#include <stddef.h>

#include "lib/cleanup.h"

/*
 * Reads the file called name: beside the file of rules that names it, else in folder (may be NULL), else as
 * it is named. *text is malloc'ed, the caller's. A negative errno.
 */
__must_check int data_file_read(const char *rules, const char *folder, const char *name, char **text,
				size_t *len);

/*
 * Reads path, or when it is NULL the shipped file called name of a kind, "rules" or "logs": beside the
 * program as built, then as installed, then of the system.
 */
__must_check int data_file_shipped(const char *path, const char *kind, const char *name, char **text,
				   size_t *len);

/* What rules on the kind of files need, before they are read; without it they are refused. */
void data_magic_use(void);

#endif
