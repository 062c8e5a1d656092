// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * log_read_csv.c - comma-separated values (RFC 4180): the first line names the
 * columns; quoted fields may hold line ends and doubled quotes. One field more
 * than there are names is "Message".
 */
#include <errno.h>
#include <string.h>

#include "log_read_parts.h"

struct csv {
	struct text text;
	char separator;
	unsigned int lines; /* line ends that were passed */
};

/* Which of the usual separators the first line has most of, outside quotes. */
static char separator_of(struct text head)
{
	static const char candidates[] = ",;\t";
	unsigned int counts[3] = {0}, best = 0;
	bool quoted = false;

	for (size_t i = 0; i < head.len && (quoted || head.at[i] != '\n'); i++) {
		const char *found = head.at[i] ? strchr(candidates, head.at[i]) : NULL;

		if (head.at[i] == '"')
			quoted = !quoted;
		else if (!quoted && found)
			counts[found - candidates]++;
	}
	for (unsigned int i = 1; i < 3; i++)
		if (counts[i] > counts[best])
			best = i;
	return counts[best] ? candidates[best] : '\0';
}

/* The bytes of a quoted field, doubled quotes as one; text begins behind the opening quote. False: no end in
 * sight. */
static bool quoted_take(struct log_reader *reader, struct csv *csv, struct text *out)
{
	size_t end = 0, doubled = 0, lines = 0, used = 0;
	char *place;

	for (;; end++) {
		if (end == csv->text.len || end > LOG_RECORD_MAX)
			return false;
		if (csv->text.at[end] == '\n')
			lines++;
		if (csv->text.at[end] != '"')
			continue;
		if (end + 1 == csv->text.len || csv->text.at[end + 1] != '"')
			break;
		doubled++;
		end++;
	}
	*out = (struct text){csv->text.at, end};
	if (doubled) {
		place = log_room(reader, end - doubled);
		*out = (struct text){place ? place : "", place ? end - doubled : 0};
		for (size_t i = 0; place && i < end; i++) {
			place[used++] = csv->text.at[i];
			i += csv->text.at[i] == '"';
		}
	}
	csv->lines += (unsigned int)lines;
	csv->text = (struct text){csv->text.at + end + 1, csv->text.len - end - 1};
	return true;
}

/* The next field of the row; *last: the row ends behind it. */
static struct text field_take(struct log_reader *reader, struct csv *csv, bool *last)
{
	struct csv quoted = *csv;
	struct text field = {"", 0};
	size_t len = 0;
	bool closed = false;

	if (csv->text.len && *csv->text.at == '"') {
		quoted.text = (struct text){csv->text.at + 1, csv->text.len - 1};
		closed = quoted_take(reader, &quoted, &field);
		if (closed)
			*csv = quoted;
		else
			log_refuse(reader, "a quote is not closed");
	}
	while (len < csv->text.len && csv->text.at[len] != csv->separator && csv->text.at[len] != '\n')
		len++;
	if (closed && text_trim((struct text){csv->text.at, len}).len)
		log_refuse(reader, "text behind a closing quote");
	if (!closed)
		field = text_trim((struct text){csv->text.at, len});
	*last = len == csv->text.len || csv->text.at[len] == '\n';
	csv->lines += len < csv->text.len && csv->text.at[len] == '\n';
	len += len < csv->text.len;
	csv->text = (struct text){csv->text.at + len, csv->text.len - len};
	return field;
}

/* What one row needs to know of the first. */
struct columns {
	struct text names[LOG_FIELDS_MAX];
	unsigned int count;
	char *texts; /* of the names */
};

static int columns_read(struct log_reader *reader, struct csv *csv, struct columns *columns)
{
	size_t used = 0, room = csv->text.len < LOG_RECORD_MAX ? csv->text.len : LOG_RECORD_MAX;
	bool last = false;

	columns->texts = malloc(room + 1);
	if (!columns->texts)
		return -ENOMEM;
	log_begin(reader, 1);
	while (!last) {
		struct text name = text_trim(field_take(reader, csv, &last));

		if (columns->count == LOG_FIELDS_MAX || name.len > room - used) {
			log_refuse(reader, "more than 128 columns");
			return 0;
		}
		memcpy(columns->texts + used, name.at, name.len);
		columns->names[columns->count++] = (struct text){columns->texts + used, name.len};
		used += name.len;
	}
	return 0;
}

static int row_read(struct log_reader *reader, struct csv *csv, const struct columns *columns)
{
	const char *begin = csv->text.at;
	unsigned int count = 0;
	bool last = false;

	log_begin(reader, csv->lines + 1);
	while (!last) {
		struct text value = field_take(reader, csv, &last);

		if (!count && last && !value.len)
			return 0; /* a blank line */
		if (count <= columns->count)
			log_put(reader, count < columns->count ? columns->names[count] : text_of("Message"),
				value);
		count++;
	}
	/* Event Viewer gives the message no column in the first line. */
	if (count > columns->count + 1)
		log_refuse(reader, "more fields than the first line names");
	else if (count < columns->count)
		log_refuse(reader, "fewer fields than the first line names");
	return log_end(reader, (struct text){begin, (size_t)(csv->text.at - begin)});
}

static int csv_read(struct log_reader *reader)
{
	struct csv csv = {.text = reader->text, .separator = separator_of(reader->text)};
	AUTO_FREE struct columns *columns = calloc(1, sizeof(*columns));
	AUTO_FREE char *texts = NULL;
	int err;

	if (!columns)
		return -ENOMEM;
	/* PowerShell's Export-Csv writes the type first. */
	if (text_begins(csv.text, "#TYPE")) {
		struct text line;

		(void)text_line(&csv.text, &line);
		csv.lines++;
		csv.separator = separator_of(csv.text);
	}
	err = columns_read(reader, &csv, columns);
	texts = columns->texts;
	if (!err && reader->why)
		return log_end(reader, (struct text){"", 0});
	while (!err && csv.text.len)
		err = row_read(reader, &csv, columns);
	reader->report->lines = csv.lines;
	return err;
}

static enum log_sniff csv_sniff(struct text head)
{
	return separator_of(head) ? LOG_MAYBE : LOG_NO;
}

const struct log_container log_container_csv = {.sniff = csv_sniff, .read = csv_read};
