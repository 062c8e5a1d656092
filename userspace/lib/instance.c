// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * instance.c - names and folders of an instance.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "instance.h"

bool instance_name_valid(const char *name)
{
	size_t len = strlen(name);

	if (!len || len >= INSTANCE_NAME_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isalnum((unsigned char)name[i]) && name[i] != '-' && name[i] != '_')
			return false;
	return true;
}

int instance_path(char *out, size_t size, const char *root, const char *name, const char *file)
{
	int n = snprintf(out, size, "%s/%s%s%s", root, name, file ? "/" : "", file ? file : "");

	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}
