/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * alerts_kept.h - alerts of the store: the rows behind the figures of a report.
 */
#ifndef SEKIMORI_ALERTS_KEPT_H
#define SEKIMORI_ALERTS_KEPT_H

#include "store/store.h"

/* enum siem_format of what alerts and monitor print, -1: for people. */
extern int alerts_siem;
void alerts_siem_print(const char *line, size_t len);
/* The record without credentials and personal data; -EBADMSG: it is none, which is said on stderr. */
__must_check int alerts_json_print(const char *line, size_t len);
/* Into the audit log, when what is printed is for programs; on a terminal it is a look, no export. */
void alerts_exported(const char *what);

/* Prints what filter selects, from dir or (NULL) the instance's own store. Exit code. */
int alerts_kept(const struct store_filter *filter, const char *dir);

/* alerts_show.c: one of them with its evidence; argv[0] is "show". Exit code. */
int alerts_show(int argc, char **argv);

#endif
