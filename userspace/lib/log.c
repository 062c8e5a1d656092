// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * log.c - messages as single lines on stderr. A line is one write(2), so that
 * lines of several processes that share stderr do not mix.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "log.h"
#include "cleanup.h"

#define LOG_TEXT_MAX	1024
#define LOG_PROCESS_MAX 64

/* The numbers are syslog's, as systemd reads them. */
static const char *const log_marks[] = {
	[LOG_LEVEL_ERROR] = "<3>",
	[LOG_LEVEL_WARN] = "<4>",
	[LOG_LEVEL_INFO] = "<6>",
	[LOG_LEVEL_DEBUG] = "<7>",
};
_Static_assert(ARRAY_LEN(log_marks) == LOG_LEVEL_DEBUG + 1, "a level without a mark");

static const char *log_process = "sekimori";
static enum log_level log_shown = LOG_LEVEL_INFO;

/* Bytes of the well-formed, printable UTF-8 sequence at text, 0 when there is none. */
static size_t log_utf8_len(const uint8_t *text, size_t left)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t want = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;
	uint32_t code = text[0] & (0xff >> (want + 1));

	if (text[0] < 0xc2 || text[0] > 0xf4 || left < want)
		return 0;
	for (size_t i = 1; i < want; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (text[i] & 0x3f);
	}
	if (code < smallest[want] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	/* C1 controls, line and paragraph separators, direction overrides: they too can forge what is seen */
	if (code < 0xa0 || (code >= 0x200e && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
	    (code >= 0x2066 && code <= 0x2069))
		return 0;
	return want;
}

/* Copies with control characters escaped; says in *cut whether something did not fit room. */
static size_t log_escape(const char *from, size_t len, char *to, size_t room, bool *cut)
{
	static const char digits[] = "0123456789abcdef";
	const uint8_t *in = (const uint8_t *)from;
	size_t used = 0;

	for (size_t i = 0; i < len;) {
		size_t take = 1, need = 1;
		bool plain = in[i] >= 0x20 && in[i] < 0x7f;

		if (in[i] >= 0x80) {
			size_t sequence = log_utf8_len(in + i, len - i);

			plain = sequence > 0;
			take = need = plain ? sequence : 1;
		}
		if (!plain)
			need = 4;
		if (room - used < need) {
			*cut = true;
			break;
		}
		if (plain) {
			memcpy(to + used, in + i, take);
		} else {
			to[used] = '\\';
			to[used + 1] = 'x';
			to[used + 2] = digits[in[i] >> 4];
			to[used + 3] = digits[in[i] & 15];
		}
		used += need;
		i += take;
	}
	return used;
}

static void log_write(const char *line, size_t len)
{
	while (len > 0) {
		ssize_t n = write(STDERR_FILENO, line, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return; /* there is nobody left to tell */
		line += n;
		len -= (size_t)n;
	}
}

void log_init(const char *process, enum log_level level)
{
	log_process = process;
	log_shown = level;
}

void log_line(enum log_level level, const char *format, ...)
{
	int saved = errno;
	char text[LOG_TEXT_MAX + 1], line[LOG_TEXT_MAX + LOG_PROCESS_MAX + 16];
	bool cut;
	va_list args;
	size_t used, body;
	int n;

	if ((unsigned int)level >= ARRAY_LEN(log_marks) || level > log_shown)
		return;
	va_start(args, format);
	n = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (n < 0)
		n = snprintf(text, sizeof(text), "(a message that cannot be formatted)");
	cut = (size_t)n >= sizeof(text);
	used = (size_t)snprintf(line, sizeof(line), "%s%.*s: ", log_marks[level], LOG_PROCESS_MAX,
				log_process);
	body = used;
	used += log_escape(text, strlen(text), line + body, LOG_TEXT_MAX, &cut);
	if (cut) {
		bool again = false;

		used = body + log_escape(text, strlen(text), line + body, LOG_TEXT_MAX - 3, &again);
		memcpy(line + used, "...", 3);
		used += 3;
	}
	line[used++] = '\n';
	log_write(line, used);
	errno = saved;
}
