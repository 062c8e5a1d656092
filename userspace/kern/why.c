// SPDX-License-Identifier: GPL-2.0-or-later
/* why.c - sentences for people, and what libbpf and the verifier had to say. */
#include <stdarg.h>
#include <string.h>

#include "gate_private.h"
#include "lib/log.h"

/* The verifier's verdict stands at the end of its log; earlier text may go. */
static char heard[16384];
static size_t heard_len;

int why_set(struct gate_why *why, int error, const char *format, ...)
{
	va_list args;

	if (why) {
		va_start(args, format);
		vsnprintf(why->text, sizeof(why->text), format, args);
		va_end(args);
	}
	return error;
}

void why_add(struct gate_why *why, const char *format, ...)
{
	va_list args;
	size_t len;

	if (!why)
		return;
	len = strnlen(why->text, sizeof(why->text) - 1);
	if (len && len < sizeof(why->text) - 3) {
		memcpy(why->text + len, "; ", 3);
		len += 2;
	}
	va_start(args, format);
	vsnprintf(why->text + len, sizeof(why->text) - len, format, args);
	va_end(args);
}

static void heard_append(const char *text, size_t len)
{
	if (len >= sizeof(heard)) {
		text += len - sizeof(heard) + 1;
		len = sizeof(heard) - 1;
	}
	if (heard_len + len >= sizeof(heard)) {
		size_t gone = heard_len + len - (sizeof(heard) - 1);

		memmove(heard, heard + gone, heard_len - gone);
		heard_len -= gone;
	}
	memcpy(heard + heard_len, text, len);
	heard_len += len;
	heard[heard_len] = '\0';
}

static int __attribute__((format(printf, 2, 0)))
print_libbpf(enum libbpf_print_level level, const char *format, va_list args)
{
	char *text AUTO_FREE = NULL;
	char *line, *rest;
	int len;

	if (level == LIBBPF_DEBUG)
		return 0;
	len = vasprintf(&text, format, args);
	if (len < 0) {
		text = NULL;
		return 0;
	}
	if (level == LIBBPF_WARN)
		heard_append(text, (size_t)len);
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		log_debug("%s", line);
	return len;
}

void why_listen(void)
{
	libbpf_set_print(print_libbpf);
	heard_len = 0;
	heard[0] = '\0';
}

/* libbpf's frame and the verifier's statistics tell nobody anything. */
static bool line_is_noise(const char *line)
{
	static const char *const noise[] = {
		"-- BEGIN PROG LOAD LOG --",
		"-- END PROG LOAD LOG --",
		"processed ",
		"verification time ",
		"stack depth ",
		"BPF program load failed",
		"failed to load",
		"max_states_per_insn ",
	};

	for (size_t i = 0; i < ARRAY_LEN(noise); i++)
		if (strstr(line, noise[i]))
			return true;
	return !*line;
}

const char *why_heard(void)
{
	static char best[256];
	char *text AUTO_FREE = strdup(heard);
	char *line, *rest;

	best[0] = '\0';
	if (!text)
		return best;
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
		if (!line_is_noise(line))
			snprintf(best, sizeof(best), "%s", line);
	return best;
}
