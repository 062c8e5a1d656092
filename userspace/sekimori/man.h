/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * man.h - rows of the command and configuration tables as man page source,
 * for tools/manpage.sh. Those of tables that `sekimori` has not are NULL there, as commands are.
 */
#ifndef SEKIMORI_MAN_H
#define SEKIMORI_MAN_H

/* One command as a tagged paragraph, on stdout. */
void __attribute__((weak)) man_command(const char *name, const char *usage, const char *help);

/* Every configuration key, a subsection per block, on stdout. */
void __attribute__((weak)) man_keys(void);

/* Every format of list files, to read and to write, on stdout. */
void __attribute__((weak)) man_list_formats(void);

/* Every rule keyword, a subsection per kind, on stdout. */
void __attribute__((weak)) man_keywords(void);

#endif
