/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * list_export.h - a list as text for others: one row of a table per format.
 */
#ifndef CORE_LIST_EXPORT_H
#define CORE_LIST_EXPORT_H

#include "list_import.h"

/*
 * Entries (sorted by list_export_sort()) of the named list as text of the format, malloc'ed. Formats that
 * know only addresses to drop leave out what only alerts; *left_out counts it. Expired entries are left out
 * everywhere. -EINVAL: no such format; -ENOMEM.
 */
__must_check int list_export(const char *format, const char *name, const struct list_entry *entries,
			     uint32_t count, uint64_t now, char **text, size_t *len, uint32_t *left_out);
void list_export_sort(struct list_entry *entries, uint32_t count);

/* Rows of the table for help and messages: false at the end. */
bool list_export_format(unsigned int at, const char **name, const char **help);

#endif
