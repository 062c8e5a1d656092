// SPDX-License-Identifier: GPL-2.0-or-later
/* audit_log.c - a line that is changed, removed, put in, moved or cut off shows. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "lib/file.h"
#include "lib/ktap.h"
#include "store/audit_log.h"

#define LINES 5u

static char *text_of(struct audit_head *head, size_t starts[LINES + 1])
{
	char *text = calloc(LINES, AUDIT_LINE_MAX);
	size_t at = 0;

	head->number = 0;
	memset(head->hash, '0', 64);
	head->hash[64] = '\0';
	for (uint32_t i = 0; i < LINES; i++) {
		const struct audit_entry entry = {.t = 1000 + i,
						  .uid = i,
						  .kind = "change",
						  .who = "admin",
						  .text = "block 192.0.2.1\n\"quoted\" \xe9\x96\xa2"};
		AUTO_FREE char *line = NULL;
		struct audit_head next;
		size_t len = 0;

		CHECK_EQ(audit_line(head, &entry, &line, &len, &next), 0);
		starts[i] = at;
		memcpy(text + at, line, len);
		at += len;
		*head = next;
	}
	starts[LINES] = at;
	return text;
}

static uint64_t fault_of(const char *text, size_t len, const struct audit_head *expect)
{
	struct audit_fault fault;
	struct audit_head head;

	audit_verify(text, len, expect, &head, &fault);
	return fault.number;
}

static void sound(void)
{
	size_t starts[LINES + 1];
	struct audit_head head, end;
	struct audit_fault fault;
	AUTO_FREE char *text = text_of(&head, starts);

	audit_verify(text, starts[LINES], &head, &end, &fault);
	CHECK_EQ(fault.number, 0);
	CHECK_EQ(end.number, LINES);
	CHECK_STR(end.hash, head.hash);
	CHECK_EQ(fault_of("", 0, NULL), 0);
}

static void every_changed_byte(void)
{
	size_t starts[LINES + 1];
	struct audit_head head;
	AUTO_FREE char *text = text_of(&head, starts);

	for (size_t at = 0, line = 1; at < starts[LINES]; at++) {
		while (at >= starts[line])
			line++;
		text[at] ^= 1;
		CHECK(fault_of(text, starts[LINES], &head) == line, "byte %zu of line %zu", at, line);
		text[at] ^= 1;
	}
}

static void removed_moved_cut(void)
{
	size_t starts[LINES + 1];
	struct audit_head head;
	AUTO_FREE char *text = text_of(&head, starts);

	for (size_t i = 0; i < LINES; i++) {
		AUTO_FREE char *other = malloc(2 * starts[LINES]);
		size_t len = starts[i + 1] - starts[i];

		memcpy(other, text, starts[i]);
		memcpy(other + starts[i], text + starts[i + 1], starts[LINES] - starts[i + 1]);
		CHECK_EQ(fault_of(other, starts[LINES] - len, &head), i + 1);
		if (i + 1 < LINES)
			CHECK_EQ(fault_of(other, starts[LINES] - len, NULL), i + 1);
		/* the same line twice */
		memcpy(other, text, starts[i + 1]);
		memcpy(other + starts[i + 1], text + starts[i], starts[LINES] - starts[i]);
		CHECK_EQ(fault_of(other, starts[LINES] + len, NULL), i + 2);
	}
	CHECK_EQ(fault_of(text, starts[LINES] - 1, NULL), LINES);
	CHECK_EQ(fault_of(text, 0, &head), 1);
}

/* Whoever can write the file can compute hashes: only a head that was told elsewhere finds a chain made anew.
 */
static void made_anew(void)
{
	size_t starts[LINES + 1];
	struct audit_head head, told;
	AUTO_FREE char *text = text_of(&head, starts);

	told = head;
	memset(told.hash, 'a', 64);
	CHECK_EQ(fault_of(text, starts[LINES], NULL), 0);
	CHECK_EQ(fault_of(text, starts[LINES], &told), LINES);
	told.number = 2;
	CHECK_EQ(fault_of(text, starts[LINES], &told), 2);
}

static void on_disk(void)
{
	const struct audit_entry entry = {.t = 1, .kind = "change", .text = "allow 192.0.2.1"};
	char folder[] = "/tmp/sekimori-audit.XXXXXX", path[64];
	struct audit_fault fault;
	struct audit_head head;
	int fd;

	CHECK(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/" AUDIT_LOG_FILE, folder);
	for (uint32_t round = 0; round < 3; round++) {
		CLEANUP(audit_log_close) struct audit_log *log = NULL;

		CHECK_EQ(audit_log_open(folder, &log, &fault), 0);
		CHECK_EQ(fault.number, 0);
		CHECK_EQ(audit_log_head(log)->number, round * 2);
		CHECK_EQ(audit_log_add(log, &entry), 0);
		CHECK_EQ(audit_log_add(log, &entry), 0);
		CHECK_EQ(audit_head_read(folder, &head), 0);
		CHECK_EQ(head.number, round * 2 + 2);
		/* half a line of a crash */
		fd = open(path, O_WRONLY | O_APPEND);
		CHECK_EQ(write(fd, "{\"hash\":\"", 9), 9);
		close(fd);
	}
	CHECK_EQ(truncate(path, 0), 0);
	{
		CLEANUP(audit_log_close) struct audit_log *log = NULL;

		CHECK_EQ(audit_log_open(folder, &log, &fault), 0);
		CHECK_EQ(fault.number, 1); /* an emptied log is no new log */
	}
	unlink(path);
	snprintf(path, sizeof(path), "%s/" AUDIT_LOG_HEAD, folder);
	unlink(path);
	rmdir(folder);
}

static const struct ktap_test tests[] = {
	TEST(sound), TEST(every_changed_byte), TEST(removed_moved_cut), TEST(made_anew), TEST(on_disk),
};
KTAP_MAIN(tests)
