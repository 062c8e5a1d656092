/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * access_log.h - report file-access: logs of other products, read and ranked.
 */
#ifndef SEKIMORI_ACCESS_LOG_H
#define SEKIMORI_ACCESS_LOG_H

/* argv[0] is the report's name. An exit code. */
int report_access(int argc, char **argv);
/* The same over our own audit log, which needs no name. */
int report_audit(int argc, char **argv);

#endif
