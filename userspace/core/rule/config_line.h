/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * config_line.h - files of one entry per line beside the rules: blank lines
 * and those that begin with # say nothing, a bad line is told and the others hold.
 */
#ifndef CORE_CONFIG_LINE_H
#define CORE_CONFIG_LINE_H

#include "ruleset.h"

#define CONFIG_LINE_MAX 8192u

/* One line, trimmed and writable. NULL: it holds; else why not (static). *err: a negative errno that ends the
 * reading. */
typedef const char *(*config_line_fn)(char *line, int *err, void *arg);

/* Gives each line of text to read; refusals go to fn (may be NULL) under the name keyword. 0, -EINVAL: lines
 * were refused, or what read set *err to. */
__must_check int config_lines(const char *keyword, const char *file, const char *text, size_t len,
			      config_line_fn read, void *read_arg, ruleset_refused_fn fn, void *arg);

#endif
