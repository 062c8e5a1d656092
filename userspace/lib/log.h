/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log.h - one line per message on stderr: "<level>process: text".
 */
#ifndef LIB_LOG_H
#define LIB_LOG_H

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Name in front of every line (borrowed: must outlive all logging) and the lowest level that is shown. */
void log_init(const char *process, enum log_level level);

/*
 * One line, control characters shown as \xNN so that hostile text cannot
 * forge lines; longer than 1024 bytes ends in "...". Async-signal-unsafe.
 */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...) log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warn(...)  log_line(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_info(...)  log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
