/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_list.h - the parts of `sekimori list`.
 */
#ifndef SEKIMORI_CMD_LIST_H
#define SEKIMORI_CMD_LIST_H

/* Words of entries, NULL behind the last; severities by their number. */
extern const char *const list_actions[];
/* Index of word in names, or -1. */
int list_choice(const char *const *names, const char *word);

/* argv begins with the verb. Exit code. */
int list_load(int argc, char **argv);
int list_export_to(int argc, char **argv);

#endif
