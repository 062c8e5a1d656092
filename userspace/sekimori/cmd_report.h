/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cmd_report.h - what all kinds of report share on the command line.
 */
#ifndef SEKIMORI_CMD_REPORT_H
#define SEKIMORI_CMD_REPORT_H

struct option;

/*
 * Reads options: --n into *n, --tz into the environment, others into the text that
 * texts has at their value of rows. 0, or EXIT_USAGE, told: an unknown option, an n out of 1 to 1000.
 */
int report_options_read(int argc, char **argv, const struct option *rows, const char **const *texts,
			unsigned int *n);

#endif
