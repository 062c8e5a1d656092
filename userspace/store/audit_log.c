// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * audit_log.c - the chain of changes. A line is {"hash":"…","prev":"…",…}: the
 * hash covers every byte behind its own value up to the end of the line, and so,
 * by prev, all that came before.
 */
#include "audit_log.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <nettle/sha2.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lib/file.h"

#define HASH_DIGITS 64u
#define LINE_FRONT  "{\"hash\":\""
#define FRONT_LEN   (sizeof(LINE_FRONT) - 1)
#define LOG_MAX	    (1ull << 30)
#define HEAD_MAX    256u

struct audit_log {
	char *dir;
	int fd;
	off_t size; /* of the sound part */
	struct audit_head head;
};

static void head_begin(struct audit_head *head)
{
	head->number = 0;
	memset(head->hash, '0', HASH_DIGITS);
	head->hash[HASH_DIGITS] = '\0';
}

static void hash_text(const char *data, size_t len, char out[AUDIT_HASH_TEXT])
{
	uint8_t bytes[SHA256_DIGEST_SIZE];
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	sha256_update(&ctx, len, (const uint8_t *)data);
	sha256_digest(&ctx, sizeof(bytes), bytes);
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
}

int audit_line(const struct audit_head *head, const struct audit_entry *entry, char **line, size_t *len,
	       struct audit_head *next)
{
	json_t *object = json_pack("{s:s, s:I, s:I, s:i, s:s, s:s, s:s}", "prev", head->hash, "number",
				   (json_int_t)(head->number + 1), "time_us", (json_int_t)entry->t, "uid",
				   (int)entry->uid, "kind", entry->kind, "who", entry->who ? entry->who : "",
				   "text", entry->text);
	AUTO_FREE char *rest = object ? json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
	size_t rest_len = rest ? strlen(rest) : 0;
	char *out;

	json_decref(object);
	if (!rest)
		return -ENOMEM;
	/* {"hash":"…", and what stood behind the brace */
	if (FRONT_LEN + HASH_DIGITS + 2 + rest_len > AUDIT_LINE_MAX)
		return -EMSGSIZE;
	out = malloc(FRONT_LEN + HASH_DIGITS + 2 + rest_len + 1);
	if (!out)
		return -ENOMEM;
	*len = (size_t)sprintf(out, LINE_FRONT "%s\",%s\n", head->hash, rest + 1);
	next->number = head->number + 1;
	hash_text(out + FRONT_LEN + HASH_DIGITS, *len - FRONT_LEN - HASH_DIGITS - 1, next->hash);
	memcpy(out + FRONT_LEN, next->hash, HASH_DIGITS);
	*line = out;
	return 0;
}

/* What is wrong with one line (without its end), or NULL; *head moves on. */
static const char *line_check(const char *line, size_t len, struct audit_head *head)
{
	char hash[AUDIT_HASH_TEXT], prev[HASH_DIGITS + 32];
	int n = snprintf(prev, sizeof(prev), "\",\"prev\":\"%s\",\"number\":", head->hash);
	const char *rest = line + FRONT_LEN + HASH_DIGITS;
	unsigned long long number;

	if (len < FRONT_LEN + HASH_DIGITS + (size_t)n || memcmp(line, LINE_FRONT, FRONT_LEN) != 0)
		return "is no line of an audit log";
	hash_text(rest, len - FRONT_LEN - HASH_DIGITS, hash);
	if (memcmp(line + FRONT_LEN, hash, HASH_DIGITS) != 0)
		return "was changed";
	if (memcmp(rest, prev, (size_t)n) != 0)
		return "does not follow the line before it: one was removed, put in or moved";
	if (sscanf(rest + n, "%20llu", &number) != 1 || number != head->number + 1)
		return "has a wrong number";
	head->number++;
	memcpy(head->hash, hash, sizeof(head->hash));
	return NULL;
}

void audit_verify(const char *text, size_t len, const struct audit_head *expect, struct audit_head *head,
		  struct audit_fault *fault)
{
	size_t at = 0;

	head_begin(head);
	*fault = (struct audit_fault){0};
	while (at < len) {
		const char *end = memchr(text + at, '\n', len - at);
		const char *what =
			end ? line_check(text + at, (size_t)(end - text) - at, head) : "is cut off";

		if (what) {
			*fault = (struct audit_fault){head->number + 1, what};
			return;
		}
		/* Lines behind the head are those of a writer that is at work, or died before it wrote the
		 * head. */
		if (expect && expect->number == head->number && strcmp(expect->hash, head->hash) != 0) {
			*fault = (struct audit_fault){head->number, "is another one than the head names"};
			return;
		}
		at = (size_t)(end - text) + 1;
	}
	if (expect && expect->number > head->number)
		*fault = (struct audit_fault){head->number + 1,
					      "and what came behind it are missing at the end"};
}

/* --- on disk */

static int dir_open(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

int audit_head_read(const char *dir, struct audit_head *head)
{
	AUTO_FREE char *text = NULL;
	AUTO_FD int fd = dir_open(dir);
	size_t len;
	unsigned long long number;
	int err = fd < 0 ? fd : file_read(fd, AUDIT_LOG_HEAD, HEAD_MAX, &text, &len);

	if (err)
		return err;
	if (sscanf(text, "%20llu %64[0-9a-f]", &number, head->hash) != 2 || strlen(head->hash) != HASH_DIGITS)
		return -EBADMSG;
	head->number = number;
	return 0;
}

static int head_write(const struct audit_log *log)
{
	AUTO_FD int fd = dir_open(log->dir);
	char text[HEAD_MAX];
	int n = snprintf(text, sizeof(text), "%llu %s\n", (unsigned long long)log->head.number,
			 log->head.hash);

	return fd < 0 ? fd : file_replace(fd, AUDIT_LOG_HEAD, text, (size_t)n, 0640);
}

/* Hash and number that the last line claims, so that a chain with a fault in it goes on and shows the fault
 * for ever. */
static void head_claimed(const char *text, size_t whole, struct audit_head *head)
{
	const char *before = whole ? memrchr(text, '\n', whole - 1) : NULL;
	const char *line = before ? before + 1 : text;
	const char *number = memmem(line, whole - (size_t)(line - text), "\"number\":", 9);
	unsigned long long value;

	head_begin(head);
	if (whole - (size_t)(line - text) < FRONT_LEN + HASH_DIGITS ||
	    memcmp(line, LINE_FRONT, FRONT_LEN) != 0 ||
	    strspn(line + FRONT_LEN, "0123456789abcdef") != HASH_DIGITS || !number ||
	    sscanf(number + 9, "%20llu", &value) != 1)
		return;
	head->number = value;
	memcpy(head->hash, line + FRONT_LEN, HASH_DIGITS);
}

/* A line without end is what a crash left: nobody was told that it is on disk. It goes; all else stays as
 * evidence. */
static int log_walk(struct audit_log *log, const char *text, size_t len, const struct audit_head *expect,
		    struct audit_fault *fault)
{
	const char *last = memrchr(text, '\n', len);
	size_t whole = last ? (size_t)(last - text) + 1 : 0;

	audit_verify(text, whole, expect, &log->head, fault);
	log->size = (off_t)whole;
	if (fault->number)
		head_claimed(text, whole, &log->head);
	return whole < len && ftruncate(log->fd, log->size) < 0 ? -errno : 0;
}

int audit_log_open(const char *dir, struct audit_log **out, struct audit_fault *fault)
{
	CLEANUP(audit_log_close) struct audit_log *log = calloc(1, sizeof(*log));
	AUTO_FREE char *text = NULL;
	AUTO_FD int dir_fd = dir_open(dir);
	struct audit_head expect;
	size_t len = 0;
	int err = dir_fd < 0 ? dir_fd : log ? 0 : -ENOMEM, head_err;

	if (err)
		return err;
	log->fd = openat(dir_fd, AUDIT_LOG_FILE, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640);
	log->dir = strdup(dir);
	if (log->fd < 0 || !log->dir)
		return log->fd < 0 ? -errno : -ENOMEM;
	head_err = audit_head_read(dir, &expect);
	err = file_read(dir_fd, AUDIT_LOG_FILE, LOG_MAX, &text, &len);
	if (!err)
		err = log_walk(log, text, len, head_err ? NULL : &expect, fault);
	if (err)
		return err;
	*out = TAKE_PTR(log);
	return 0;
}

void audit_log_close(struct audit_log *log)
{
	if (!log)
		return;
	if (log->fd >= 0)
		close(log->fd);
	free(log->dir);
	free(log);
}

int audit_log_add(struct audit_log *log, const struct audit_entry *entry)
{
	AUTO_FREE char *line = NULL;
	struct audit_head next;
	size_t len;
	int err = audit_line(&log->head, entry, &line, &len, &next);

	if (err)
		return err;
	if (write(log->fd, line, len) != (ssize_t)len || fdatasync(log->fd) < 0) {
		err = errno ? -errno : -ENOSPC;
		return ftruncate(log->fd, log->size) < 0 ? -EIO : err;
	}
	log->size += (off_t)len;
	log->head = next;
	return head_write(log);
}

const struct audit_head *audit_log_head(const struct audit_log *log)
{
	return &log->head;
}
