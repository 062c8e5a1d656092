// SPDX-License-Identifier: GPL-2.0-or-later
/* log.c - one line per message, whatever the text holds. */
#include <errno.h>
#include <unistd.h>

#include "lib/ktap.h"
#include "lib/log.h"

static char line[8192];

/* Runs one log_line() with stderr in a pipe. */
static const char *logged(enum log_level level, const char *text)
{
	int fds[2], saved = dup(STDERR_FILENO);
	ssize_t n;

	line[0] = '\0';
	if (saved < 0 || pipe(fds))
		return line;
	dup2(fds[1], STDERR_FILENO);
	log_line(level, "%s", text);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(fds[1]);
	n = read(fds[0], line, sizeof(line) - 1);
	line[n > 0 ? n : 0] = '\0';
	close(fds[0]);
	return line;
}

static void levels(void)
{
	log_init("test", LOG_LEVEL_INFO);
	CHECK_STR(logged(LOG_LEVEL_ERROR, "a"), "<3>test: a\n");
	CHECK_STR(logged(LOG_LEVEL_WARN, "a"), "<4>test: a\n");
	CHECK_STR(logged(LOG_LEVEL_INFO, "a"), "<6>test: a\n");
	CHECK_STR(logged(LOG_LEVEL_DEBUG, "a"), "");
	log_init("test", LOG_LEVEL_DEBUG);
	CHECK_STR(logged(LOG_LEVEL_DEBUG, "a"), "<7>test: a\n");
}

static void hostile(void)
{
	CHECK_STR(logged(LOG_LEVEL_ERROR, "a\n<3>b\r\t\x1b[2J\x7f"),
		  "<3>test: a\\x0a<3>b\\x0d\\x09\\x1b[2J\\x7f\n");
	CHECK_STR(logged(LOG_LEVEL_ERROR, "\xe9\x96\xa2\xe5\xae\x88"), "<3>test: \xe9\x96\xa2\xe5\xae\x88\n");
	CHECK_STR(logged(LOG_LEVEL_ERROR, "\xff\xc0\x80\xed\xa0\x80"),
		  "<3>test: \\xff\\xc0\\x80\\xed\\xa0\\x80\n");
	CHECK_STR(logged(LOG_LEVEL_ERROR, "\xc2\x9b\xe2\x80\xae\xe9\x96"),
		  "<3>test: \\xc2\\x9b\\xe2\\x80\\xae\\xe9\\x96\n");
}

static void length(void)
{
	char text[3000];
	const size_t head = strlen("<3>test: ");

	memset(text, 'x', sizeof(text));
	text[1024] = '\0';
	CHECK_EQ(strlen(logged(LOG_LEVEL_ERROR, text)), head + 1024 + 1);
	CHECK(!strstr(line, "..."));
	text[1024] = 'x';
	text[1025] = '\0';
	CHECK_EQ(strlen(logged(LOG_LEVEL_ERROR, text)), head + 1024 + 1);
	CHECK_STR(line + head + 1021, "...\n");
	memset(text, '\n', sizeof(text));
	text[2999] = '\0';
	CHECK(strlen(logged(LOG_LEVEL_ERROR, text)) <= head + 1024 + 1);
	CHECK(strstr(line, "\\x0a...\n"));
}

static void errno_stays(void)
{
	errno = ENOENT;
	logged(LOG_LEVEL_ERROR, "x");
	errno = ENOENT;
	log_line(LOG_LEVEL_DEBUG + 1, "never shown");
	CHECK_EQ(errno, ENOENT);
}

static const struct ktap_test tests[] = {TEST(levels), TEST(hostile), TEST(length), TEST(errno_stays)};
KTAP_MAIN(tests)
