// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * log_read_audit.c - Linux auditd's log: the lines of one event (same
 * audit(TIME:SERIAL)) become a record for each file that it names.
 *
 * Fields beside those of the lines: time, serial, path (absolute where the event tells the folder), nametype,
 * operation (what the system call does: read, write, delete, rename, run, as the table below has it). Names
 * in hexadecimal, which auditd writes when they hold blanks or quotes, are decoded.
 */
#include <errno.h>
#include <string.h>

#include "log_read_parts.h"

#define PENDING_MAX 16u /* events whose lines lie between each other */
#define LINES_MAX   64u /* of one event */

struct event {
	struct text id; /* "1412085912.123:456"; empty: free */
	unsigned int line, count;
	struct text lines[LINES_MAX];
};

struct audit {
	struct log_reader *reader;
	struct event pending[PENDING_MAX]; /* in the order of their first lines */
	unsigned int count;
};

/* System calls that touch files: their numbers, and which argument holds the flags of open(2). */
static const struct call {
	const char *name, *operation;
	int x86_64, aarch64; /* -1: has none */
	int flags;	     /* -1: has none */
} calls[] = {
	{"open", "read", 2, -1, 1},
	{"openat", "read", 257, 56, 2},
	{"creat", "write", 85, -1, -1},
	{"truncate", "write", 76, 45, -1},
	{"ftruncate", "write", 77, 46, -1},
	{"unlink", "delete", 87, -1, -1},
	{"unlinkat", "delete", 263, 35, -1},
	{"rmdir", "delete", 84, -1, -1},
	{"rename", "rename", 82, -1, -1},
	{"renameat", "rename", 264, 38, -1},
	{"renameat2", "rename", 316, 276, -1},
	{"execve", "run", 59, 221, -1},
	{"execveat", "run", 322, 281, -1},
};

static bool is_hex(struct text text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!memchr("0123456789ABCDEFabcdef", text.at[i], 22))
			return false;
	return text.len;
}

static unsigned int hex_digit(char c)
{
	return (unsigned int)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

static struct text hex_text(struct log_reader *reader, struct text hex)
{
	char *place = log_room(reader, hex.len / 2);

	if (!place)
		return (struct text){"", 0};
	for (size_t i = 0; i < hex.len / 2; i++)
		place[i] = (char)(hex_digit(hex.at[i * 2]) << 4 | hex_digit(hex.at[i * 2 + 1]));
	return (struct text){place, hex.len / 2};
}

/* The value of key on a line, NULL-text when it is not there; names are decoded. */
static struct text value_of(struct log_reader *reader, struct text line, const char *key)
{
	size_t width = strlen(key);

	for (size_t at = 0; at + width < line.len; at++) {
		struct text value;
		size_t len = 0;

		if ((at && line.at[at - 1] != ' ' && line.at[at - 1] != '\x1d' && line.at[at - 1] != '\'') ||
		    memcmp(line.at + at, key, width) != 0 || line.at[at + width] != '=')
			continue;
		value = (struct text){line.at + at + width + 1, line.len - at - width - 1};
		if (value.len && *value.at == '"') {
			value = (struct text){value.at + 1, value.len - 1};
			return text_split(&value, '"');
		}
		while (len < value.len && value.at[len] != ' ' && value.at[len] != '\x1d' &&
		       value.at[len] != '\'')
			len++;
		value.len = len;
		if (text_is(value, "(null)"))
			return (struct text){"", 0};
		return is_hex(value) && len > 2 && len % 2 == 0 &&
				       (text_begins(text_of(key), "name") || text_is(text_of(key), "cwd"))
			       ? hex_text(reader, value)
			       : value;
	}
	return (struct text){NULL, 0};
}

static bool hex_number(struct text text, uint64_t *out)
{
	*out = 0;
	if (!is_hex(text) || text.len > 16)
		return false;
	for (size_t i = 0; i < text.len; i++)
		*out = *out << 4 | hex_digit(text.at[i]);
	return true;
}

static void operation_put(struct log_reader *reader, struct text line)
{
	static const char *const arguments[] = {"a0", "a1", "a2", "a3"};
	struct text name = value_of(reader, line, "SYSCALL"), arch = value_of(reader, line, "arch");
	bool arm = text_is(arch, "c00000b7");
	uint64_t number = UINT64_MAX, flags = 0;

	(void)text_number(value_of(reader, line, "syscall"), 4096, &number);
	for (size_t i = 0; i < ARRAY_LEN(calls); i++) {
		const char *operation = calls[i].operation;
		int own = arm ? calls[i].aarch64 : calls[i].x86_64;
		struct text argument;

		if (name.at ? !text_is(name, calls[i].name) : own < 0 || (uint64_t)own != number)
			continue;
		argument = calls[i].flags < 0 ? (struct text){NULL, 0}
					      : value_of(reader, line, arguments[calls[i].flags]);
		/* O_WRONLY or O_RDWR: open(2) */
		if (argument.at && hex_number(argument, &flags) && flags & 3)
			operation = "write";
		log_put(reader, text_of("operation"), text_of(operation));
		return;
	}
}

static struct text line_of(const struct event *event, const char *type, unsigned int from, unsigned int *at)
{
	for (unsigned int i = from; i < event->count; i++) {
		struct text line = event->lines[i];

		if (text_begins(line, type) && line.at[strlen(type)] == ' ') {
			*at = i;
			return line;
		}
	}
	return (struct text){NULL, 0};
}

/* A record of the event, about the file of this PATH line or none. */
static int record_emit(struct audit *audit, const struct event *event, struct text main, struct text path)
{
	struct log_reader *reader = audit->reader;
	struct text id = event->id, cwd, name;
	const char *inner;
	unsigned int at;

	log_begin(reader, event->line);
	log_put(reader, text_of("time"), text_split(&id, ':'));
	log_put(reader, text_of("serial"), id);
	if (path.at) {
		name = value_of(reader, path, "name");
		cwd = value_of(reader, line_of(event, "type=CWD", 0, &at), "cwd");
		if (cwd.len && name.len && *name.at != '/')
			name = log_join(reader, cwd, "/", name);
		log_put(reader, text_of("path"), name);
		log_put(reader, text_of("nametype"), value_of(reader, path, "nametype"));
	}
	operation_put(reader, main);
	log_put_pairs(reader, main);
	/* Of user space: msg='op=login acct="sato" res=failed' */
	inner = memmem(main.at, main.len, " msg='", 6);
	if (inner)
		log_put_pairs(reader, (struct text){inner + 6, main.len - (size_t)(inner + 6 - main.at)});
	return log_end(reader, main);
}

static int event_end(struct audit *audit, const struct event *event)
{
	unsigned int at = 0;
	struct text main = line_of(event, "type=SYSCALL", 0, &at), path;
	bool any = false;
	int err = 0;

	if (!main.at)
		main = event->lines[0];
	for (at = 0; !err; at++) {
		struct text nametype;

		path = line_of(event, "type=PATH", at, &at);
		if (!path.at)
			break;
		nametype = value_of(audit->reader, path, "nametype");
		if (text_is(nametype, "PARENT"))
			continue;
		any = true;
		err = record_emit(audit, event, main, path);
	}
	if (!err && !any)
		err = record_emit(audit, event, main, (struct text){NULL, 0});
	return err;
}

static int oldest_end(struct audit *audit)
{
	int err = event_end(audit, &audit->pending[0]);

	audit->count--;
	memmove(audit->pending, audit->pending + 1, audit->count * sizeof(audit->pending[0]));
	return err;
}

/* "audit(1412085912.123:456):" on the line; false: it has none. */
static bool id_of(struct text line, struct text *id)
{
	static const char mark[] = "msg=audit(";
	const char *found = memmem(line.at, line.len, mark, sizeof(mark) - 1);

	if (!found)
		return false;
	*id = (struct text){found + sizeof(mark) - 1,
			    line.len - (size_t)(found - line.at) - (sizeof(mark) - 1)};
	if (!memchr(id->at, ')', id->len))
		return false;
	*id = text_split(id, ')');
	return id->len && memchr(id->at, ':', id->len);
}

static int line_add(struct audit *audit, struct text line, unsigned int number)
{
	struct event *event = NULL;
	struct text id;
	int err = 0;

	/* node=NAME stands before, where logs of several machines come together. */
	if (!id_of(line, &id) || !(text_begins(line, "type=") || text_begins(line, "node="))) {
		log_begin(audit->reader, number);
		log_refuse(audit->reader, "no audit(TIME:SERIAL)");
		return log_end(audit->reader, line);
	}
	if (text_begins(line, "node=")) {
		(void)text_split(&line, ' ');
		line = text_trim(line);
	}
	for (unsigned int i = 0; i < audit->count; i++)
		if (audit->pending[i].id.len == id.len && !memcmp(audit->pending[i].id.at, id.at, id.len))
			event = &audit->pending[i];
	if (!event) {
		if (audit->count == PENDING_MAX)
			err = oldest_end(audit);
		event = &audit->pending[audit->count++];
		*event = (struct event){.id = id, .line = number};
	}
	if (event->count < LINES_MAX) {
		event->lines[event->count++] = line;
	} else if (!err) {
		log_begin(audit->reader, number);
		log_refuse(audit->reader, "more than 64 lines of one event");
		err = log_end(audit->reader, line);
	}
	return err;
}

static int audit_read(struct log_reader *reader)
{
	AUTO_FREE struct audit *audit = calloc(1, sizeof(*audit));
	struct text text = reader->text, line;
	unsigned int number = 0;
	int err = 0;

	if (!audit)
		return -ENOMEM;
	audit->reader = reader;
	while (!err && text_line(&text, &line)) {
		number++;
		line = text_trim(line);
		if (line.len && !text_is(line, "----")) /* ausearch --raw has none, its standard output has */
			err = line_add(audit, line, number);
	}
	while (!err && audit->count)
		err = oldest_end(audit);
	reader->report->lines = number;
	return err;
}

static enum log_sniff audit_sniff(struct text head)
{
	struct text line, id;

	return text_data_line(&head, &line) && id_of(line, &id) ? LOG_YES : LOG_NO;
}

const struct log_container log_container_audit = {.sniff = audit_sniff, .read = audit_read};
