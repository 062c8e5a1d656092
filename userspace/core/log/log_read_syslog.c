// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * log_read_syslog.c - lines of RFC 5424 and RFC 3164 (with or without the
 * priority, which files usually lack).
 *
 * Fields: facility, level, time, host, app, pid, msgid, message; structured data is ID.param; what the
 * message itself names by key=value, or is as JSON, follows.
 */
#include <string.h>

#include "log_read_parts.h"

#define LEVELS	   8u
#define FACILITIES 24u

static const char *const levels[LEVELS] = {"emerg",   "alert",	"crit", "err",
					   "warning", "notice", "info", "debug"};
static const char *const facilities[FACILITIES] = {
	"kern",	  "user",   "mail",	"daemon", "auth",   "syslog", "lpr",	"news",
	"uucp",	  "cron",   "authpriv", "ftp",	  "ntp",    "audit",  "alert",	"clock",
	"local0", "local1", "local2",	"local3", "local4", "local5", "local6", "local7"};

/* "<34>": false when it is there but wrong. */
static bool priority_take(struct log_reader *reader, struct text *line)
{
	struct text digits;
	uint64_t value;

	if (!text_begins(*line, "<"))
		return true;
	*line = (struct text){line->at + 1, line->len - 1};
	if (!memchr(line->at, '>', line->len < 5 ? line->len : 5))
		return false;
	digits = text_split(line, '>');
	if (!text_number(digits, LEVELS * FACILITIES - 1, &value))
		return false;
	log_put(reader, text_of("facility"), text_of(facilities[value / LEVELS]));
	log_put(reader, text_of("level"), text_of(levels[value % LEVELS]));
	return true;
}

/* A field of RFC 5424's header; "-" is no value. */
static void header_put(struct log_reader *reader, const char *name, struct text *line)
{
	struct text value = text_split(line, ' ');

	if (!text_is(value, "-"))
		log_put(reader, text_of(name), value);
}

/* A parameter's value up to its quote; \" \\ \] lose their backslash (section 6.3.3). */
static bool parameter_take(struct log_reader *reader, struct text *line, struct text *value)
{
	size_t len = 0, escaped = 0, used = 0;
	char *place;

	while (len < line->len && line->at[len] != '"') {
		if (line->at[len] == '\\' && len + 1 < line->len && strchr("\"\\]", line->at[len + 1]) &&
		    line->at[len + 1]) {
			escaped++;
			len++;
		}
		len++;
	}
	if (len >= line->len)
		return false;
	*value = (struct text){line->at, len};
	if (escaped && (place = log_room(reader, len - escaped))) {
		for (size_t i = 0; i < len && used < len - escaped; i++) {
			i += line->at[i] == '\\' && i + 1 < len && strchr("\"\\]", line->at[i + 1]) &&
			     line->at[i + 1];
			place[used++] = line->at[i];
		}
		*value = (struct text){place, used};
	}
	*line = (struct text){line->at + len + 1, line->len - len - 1};
	return true;
}

/* [id name="value" ...][id2 ...] or "-". */
static bool structured_take(struct log_reader *reader, struct text *line)
{
	if (text_begins(*line, "-")) {
		*line = (struct text){line->at + 1, line->len - 1};
		return true;
	}
	while (text_begins(*line, "[")) {
		struct text id;
		size_t len = 1;

		while (len < line->len && line->at[len] != ' ' && line->at[len] != ']')
			len++;
		id = (struct text){line->at + 1, len - 1};
		*line = (struct text){line->at + len, line->len - len};
		while (text_begins(*line, " ")) {
			struct text name, value;

			*line = text_trim(*line);
			name = text_split(line, '=');
			if (!text_begins(*line, "\""))
				return false;
			*line = (struct text){line->at + 1, line->len - 1};
			if (!parameter_take(reader, line, &value))
				return false;
			log_put(reader, log_join(reader, id, ".", name), value);
		}
		if (!text_begins(*line, "]"))
			return false;
		*line = (struct text){line->at + 1, line->len - 1};
	}
	return true;
}

/* RFC 5424 section 6: VERSION SP TIMESTAMP SP HOSTNAME SP APP-NAME SP PROCID SP MSGID SP STRUCTURED-DATA [SP
 * MSG]. */
static bool modern_take(struct log_reader *reader, struct text *line)
{
	*line = (struct text){line->at + 2, line->len - 2};
	header_put(reader, "time", line);
	header_put(reader, "host", line);
	header_put(reader, "app", line);
	header_put(reader, "pid", line);
	header_put(reader, "msgid", line);
	if (!structured_take(reader, line))
		return false;
	*line = text_trim(*line);
	if (text_begins(*line, "\xef\xbb\xbf"))
		*line = (struct text){line->at + 3, line->len - 3};
	return true;
}

/* RFC 3164 section 4.1, and what rsyslog writes by default: "Oct 11 22:14:15 host app[pid]: text", or an RFC
 * 3339 time first. */
static bool old_take(struct log_reader *reader, struct text *line)
{
	struct text time, word, app;
	const char *bracket;
	bool iso = line->len && *line->at >= '0' && *line->at <= '9';
	size_t width = 15;

	if (iso)
		for (width = 0; width < line->len && line->at[width] != ' ';)
			width++;
	if (line->len <= width || line->at[width] != ' ')
		return false;
	time = (struct text){line->at, width};
	if (!iso && (time.at[3] != ' ' || time.at[6] != ' ' || time.at[9] != ':' || time.at[12] != ':'))
		return false;
	if (iso && !memchr(time.at, 'T', time.len))
		return false;
	log_put(reader, text_of("time"), time);
	*line = (struct text){line->at + width + 1, line->len - width - 1};
	log_put(reader, text_of("host"), text_split(line, ' '));
	word = *line;
	app = text_split(&word, ':');
	if (!app.len || app.len > 48 || memchr(app.at, ' ', app.len) || !word.at || app.len == line->len)
		return true; /* no tag: all of it is the message */
	bracket = memchr(app.at, '[', app.len);
	if (bracket && app.at[app.len - 1] == ']') {
		log_put(reader, text_of("pid"),
			(struct text){bracket + 1, (size_t)(app.at + app.len - bracket - 2)});
		app.len = (size_t)(bracket - app.at);
	}
	log_put(reader, text_of("app"), app);
	*line = text_trim(word);
	return true;
}

static int line_read(struct log_reader *reader, struct text line, unsigned int number)
{
	struct text rest = line;
	bool fits;

	log_begin(reader, number);
	fits = priority_take(reader, &rest);
	if (fits)
		fits = text_begins(rest, "1 ") ? modern_take(reader, &rest) : old_take(reader, &rest);
	if (!fits)
		log_refuse(reader, "neither RFC 5424 nor RFC 3164");
	log_put(reader, text_of("message"), rest);
	/* "@cee:" marks JSON for those who cannot see the brace. */
	if (text_begins(rest, "@cee:"))
		rest = text_trim((struct text){rest.at + 5, rest.len - 5});
	if (fits && !(text_begins(rest, "{") && log_put_json(reader, rest)))
		log_put_pairs(reader, rest);
	return log_end(reader, line);
}

static int syslog_read(struct log_reader *reader)
{
	struct text text = reader->text, line;
	unsigned int number = 0;
	int err = 0;

	while (!err && text_line(&text, &line)) {
		number++;
		line = text_trim(line);
		if (line.len)
			err = line_read(reader, line, number);
	}
	reader->report->lines = number;
	return err;
}

static enum log_sniff syslog_sniff(struct text head)
{
	struct text line = {"", 0};

	while (!line.len && text_line(&head, &line))
		line = text_trim(line);
	if (line.len > 3 && *line.at == '<' && line.at[1] >= '0' && line.at[1] <= '9')
		return LOG_YES;
	if (line.len > 16 && line.at[3] == ' ' && line.at[6] == ' ' && line.at[9] == ':' &&
	    line.at[12] == ':')
		return LOG_YES;
	return line.len > 20 && line.at[4] == '-' && line.at[7] == '-' && line.at[10] == 'T' ? LOG_YES
											     : LOG_NO;
}

const struct log_container log_container_syslog = {.sniff = syslog_sniff, .read = syslog_read};
