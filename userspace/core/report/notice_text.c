// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * notice_text.c - notices in words.
 */
#include "notice_text.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "document_private.h"
#include "core/eve/eve_parts.h"
#include "core/eve/eve_text.h"
#include "core/policy/contract_names.h"
#include "lib/base64.h"
#include "lib/civil.h"
#include "phrase.h"

/* Of text in one encoded word: 52 digits, 12 of frame and "Subject: " make 73 of the 76 of RFC 2047
 * section 2. */
#define WORD_BYTES 39u
#define LINE_BYTES 57u /* of a body line: 76 digits, RFC 2045 section 6.8 */

static const char *verdict_text(enum explain_language language, uint8_t verdict)
{
	static const enum phrase phrases[SEKI_VERDICT_MAX] = {
#define X(id, name) [SEKI_VERDICT_##id] = PHRASE_VERDICT_##id,
		SEKI_VERDICTS(X)
#undef X
	};

	return phrase(language, phrases[verdict < SEKI_VERDICT_MAX ? verdict : SEKI_VERDICT_UNKNOWN]);
}

static const char *time_text(const struct notice_frame *frame, uint64_t t, char text[40])
{
	struct civil c = civil_of((int64_t)(t / 1000000) + frame->zone_s);

	snprintf(text, 40, "%04d-%02u-%02u %02u:%02u:%02u", c.year, c.month, c.day, c.hour, c.minute,
		 c.second);
	return text;
}

static const char *number_text(uint64_t value, char text[24])
{
	snprintf(text, 24, "%llu", (unsigned long long)value);
	return text;
}

#define ID_COUNT_BITS 24 /* of a sender's life; its seconds are above */

uint64_t notice_id_first(uint64_t now)
{
	return (now / 1000000) << ID_COUNT_BITS | 1;
}

void notice_id_text(uint64_t id, char out[24])
{
	snprintf(out, 24, "%llx-%u", (unsigned long long)(id >> ID_COUNT_BITS),
		 (unsigned int)(id & ((1u << ID_COUNT_BITS) - 1)));
}

int notice_id_read(const char *text, uint64_t *id)
{
	unsigned long long seconds;
	unsigned int count;
	char again[24];

	if (sscanf(text, "%10llx-%8u", &seconds, &count) != 2 || count >= 1u << ID_COUNT_BITS)
		return -EINVAL;
	*id = seconds << ID_COUNT_BITS | count;
	notice_id_text(*id, again);
	return strcmp(text, again) ? -EINVAL : 0;
}

void notice_key(const struct notice_message *message, char out[96])
{
	char id[24];

	notice_id_text(message->id, id);
	if (message->revision)
		snprintf(out, 96, "%s.%u", id, message->revision);
	else
		snprintf(out, 96, "%s", id);
}

static char *subject_plain(const struct notice_frame *frame, const struct notice_message *message)
{
	char a[24], b[24], target[48];
	const struct notice_row *row = &message->rows[0];

	if (message->summary)
		return phrase_with(frame->language, PHRASE_NOTICE_SUMMARY, number_text(message->events, a));
	if (message->groups == 1)
		return phrase_with(frame->language, PHRASE_NOTICE_ONE,
				   verdict_text(frame->language, row->verdict), row->label,
				   eve_address(&row->target, target));
	return phrase_with(frame->language, PHRASE_NOTICE_MANY, number_text(message->events, a),
			   number_text(message->groups, b), row->label);
}

char *notice_subject(const struct notice_frame *frame, const struct notice_message *message)
{
	AUTO_FREE char *plain = subject_plain(frame, message);

	if (!message->escalation || !plain)
		return TAKE_PTR(plain);
	return phrase_with(frame->language, PHRASE_NOTICE_ESCALATED, plain);
}

/* Of several sources: a campaign. */
static bool several(const struct notice_row *row)
{
	static const struct seki_addr none;

	return !memcmp(&row->source, &none, sizeof(none));
}

static char *source_text(const struct notice_frame *frame, const struct notice_row *row)
{
	char text[48];

	if (!several(row))
		return strdup(eve_address(&row->source, text));
	return phrase_with(frame->language, PHRASE_NOTICE_SOURCES, number_text(row->sources, text));
}

static void body_row(const struct notice_frame *frame, const struct notice_row *row, struct output *out)
{
	char sid[24], target[48], count[24], first[40], last[40];
	AUTO_FREE char *source = source_text(frame, row);
	AUTO_FREE char *text =
		phrase_with(frame->language, PHRASE_NOTICE_ROW, row->label, number_text(row->sid, sid),
			    source ? source : "", eve_address(&row->target, target),
			    number_text(row->count, count), time_text(frame, row->t_first, first),
			    time_text(frame, row->t_last, last), verdict_text(frame->language, row->verdict));
	AUTO_FREE char *before = row->before ? phrase_with(frame->language, PHRASE_NOTICE_BEFORE,
							   number_text(row->before, count))
					     : NULL;

	output_format(out, "%s\n", text ? text : "");
	if (before)
		output_format(out, "%s\n", before);
}

static void body_number(const struct notice_frame *frame, const struct notice_message *message,
			struct output *out)
{
	char id[24];
	AUTO_FREE char *text = NULL;

	notice_id_text(message->id, id);
	text = phrase_with(frame->language, PHRASE_NOTICE_NUMBER, id);
	output_format(out, "%s\n", text ? text : "");
}

char *notice_body(const struct notice_frame *frame, const struct notice_message *message)
{
	AUTO_FREE char *intro = phrase_with(frame->language, PHRASE_NOTICE_INTRO, frame->host);
	struct output out = {0};
	char number[24], since[40];

	output_format(&out, "%s\n", intro ? intro : "");
	if (message->escalation) {
		AUTO_FREE char *unacked = phrase_with(
			frame->language, PHRASE_NOTICE_UNACKED,
			time_text(frame, message->t_delivered ? message->t_delivered : message->t_oldest,
				  since));

		output_format(&out, "%s\n", unacked ? unacked : "");
	}
	if (message->late)
		output_format(&out, "%s\n", phrase(frame->language, PHRASE_NOTICE_LATE));
	output_text(&out, "\n");
	for (uint32_t i = 0; i < message->row_count; i++)
		body_row(frame, &message->rows[i], &out);
	if (message->groups > message->row_count) {
		AUTO_FREE char *more = phrase_with(frame->language, PHRASE_NOTICE_MORE,
						   number_text(message->groups - message->row_count, number));

		output_format(&out, "\n%s\n", more ? more : "");
	}
	output_format(&out, "\n%s\n", phrase(frame->language, PHRASE_NOTICE_TODO));
	body_number(frame, message, &out);
	if (!out.failed)
		return out.data;
	free(out.data);
	return NULL;
}

char *notice_json(const struct notice_frame *frame, const struct notice_message *message)
{
	json_t *root = json_object(), *rows = json_array();
	AUTO_FREE char *subject = notice_subject(frame, message);
	char text[48];
	char *out;

	notice_id_text(message->id, text);
	eve_set(root, "id", json_string(text));
	eve_set(root, "revision", json_integer(message->revision));
	eve_set(root, "host", eve_text_of(frame->host));
	eve_set(root, "subject", eve_text_of(subject));
	eve_set(root, "severity", json_string("critical"));
	eve_set(root, "events", json_integer((json_int_t)message->events));
	eve_set(root, "groups", json_integer((json_int_t)message->groups));
	eve_set(root, "summary", json_boolean(message->summary));
	eve_set(root, "late", json_boolean(message->late));
	eve_set(root, "escalation", json_boolean(message->escalation));
	for (uint32_t i = 0; i < message->row_count; i++) {
		const struct notice_row *in = &message->rows[i];
		json_t *row = json_object();

		eve_set(row, "signature", eve_text_of(in->label));
		eve_set(row, "gid", json_integer(in->gid));
		eve_set(row, "signature_id", json_integer(in->sid));
		eve_set(row, "source", json_string(several(in) ? "" : eve_address(&in->source, text)));
		eve_set(row, "sources", json_integer((json_int_t)in->sources));
		eve_set(row, "target", json_string(eve_address(&in->target, text)));
		eve_set(row, "count", json_integer((json_int_t)in->count));
		eve_set(row, "told_before", json_integer((json_int_t)in->before));
		eve_set(row, "first", json_string(eve_time(in->t_first, text)));
		eve_set(row, "last", json_string(eve_time(in->t_last, text)));
		eve_set(row, "verdict", json_string(contract_verdicts[in->verdict % SEKI_VERDICT_MAX]));
		json_array_append_new(rows, row);
	}
	eve_set(root, "rows", rows);
	out = json_dumps(root, JSON_COMPACT | JSON_PRESERVE_ORDER);
	json_decref(root);
	return out;
}

/* --- mail */

static void base64(struct output *out, const uint8_t *data, size_t len)
{
	char four[BASE64_ROOM(3)];

	for (size_t i = 0; i < len; i += 3) {
		base64_encode((struct span){data + i, len - i < 3 ? (uint32_t)(len - i) : 3}, four);
		output_add(out, four, 4);
	}
}

/* Without what would begin another header. */
static char *header_clean(const char *text)
{
	char *out = strdup(text);

	for (char *at = out; at && *at; at++)
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			*at = ' ';
	return out;
}

/* Encoded words never split a character (RFC 2047 section 5), each on a line of its own. */
static void header_words(struct output *out, const char *text)
{
	bool plain = true;

	for (const char *at = text; *at; at++)
		plain &= (unsigned char)*at < 0x80;
	if (plain && strlen(text) < 60 && !strstr(text, "=?")) {
		output_text(out, text);
		return;
	}
	for (size_t left = strlen(text); left;) {
		size_t len = left < WORD_BYTES ? left : WORD_BYTES;

		while (len < left && len > 1 && ((unsigned char)text[len] & 0xc0) == 0x80)
			len--;
		output_text(out, "=?UTF-8?B?");
		base64(out, (const uint8_t *)text, len);
		output_text(out, "?=");
		text += len;
		left -= len;
		if (left)
			output_text(out, "\r\n ");
	}
}

static void mail_date(const struct notice_frame *frame, struct output *out)
{
	static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	struct civil c = civil_of((int64_t)(frame->now / 1000000) + frame->zone_s);
	int zone = abs(frame->zone_s) / 60;

	output_format(out, "Date: %s, %u %s %d %02u:%02u:%02u %c%02d%02d\r\n", days[c.weekday % 7], c.day,
		      months[(c.month - 1) % 12], c.year, c.hour, c.minute, c.second,
		      frame->zone_s < 0 ? '-' : '+', zone / 60, zone % 60);
}

static void mail_body(struct output *out, const char *body)
{
	struct output canonical = {0}; /* line ends of the text are CRLF (RFC 2045 section 6.8) */

	output_text(&canonical, "");
	for (const char *at = body; *at; at++) {
		if (*at == '\n')
			output_text(&canonical, "\r");
		output_add(&canonical, at, 1);
	}
	out->failed |= canonical.failed;
	for (size_t at = 0; !canonical.failed && at < canonical.len; at += LINE_BYTES) {
		size_t len = canonical.len - at < LINE_BYTES ? canonical.len - at : LINE_BYTES;

		base64(out, (const uint8_t *)canonical.data + at, len);
		output_text(out, "\r\n");
	}
	free(canonical.data);
}

char *notice_mail(const struct notice_frame *frame, const char *from, const char *to, const char *subject,
		  const char *body, const char *key)
{
	AUTO_FREE char *clean_from = header_clean(from), *clean_to = header_clean(to),
		       *clean = header_clean(subject);
	struct output out = {0};

	if (!clean_from || !clean_to || !clean)
		return NULL;
	output_format(&out, "From: %s\r\nTo: %s\r\nSubject: ", clean_from, clean_to);
	header_words(&out, clean);
	output_text(&out, "\r\n");
	mail_date(frame, &out);
	output_format(&out, "Message-ID: <%s@%s>\r\n", key, frame->host);
	/* RFC 3834: no vacation replies to a machine */
	output_text(&out,
		    "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
		    "Content-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: base64\r\n\r\n");
	mail_body(&out, body);
	if (!out.failed)
		return out.data;
	free(out.data);
	return NULL;
}

/* PARAM-VALUE of RFC 5424 section 6.3.3 */
static void syslog_value(struct output *out, const char *text)
{
	for (; *text; text++) {
		if (strchr("\"\\]", *text))
			output_text(out, "\\");
		output_add(out, text, 1);
	}
}

char *notice_syslog(const struct notice_frame *frame, const char *subject, const char *key,
		    const struct notice_message *message)
{
	AUTO_FREE char *clean = header_clean(subject);
	struct civil c = civil_of((int64_t)(frame->now / 1000000));
	const struct notice_row *row = message && message->row_count ? &message->rows[0] : NULL;
	struct output out = {0};
	char text[48];

	/* facility 4, severity 2: 4 * 8 + 2 */
	output_format(&out,
		      "<34>1 %04d-%02u-%02uT%02u:%02u:%02u.%06uZ %s sekimori - %s [sekimori@32473 id=\"",
		      c.year, c.month, c.day, c.hour, c.minute, c.second,
		      (unsigned int)(frame->now % 1000000), frame->host, message ? "notice" : "test");
	syslog_value(&out, key);
	if (row) {
		output_format(&out, "\" events=\"%llu\" sid=\"%u\" target=\"",
			      (unsigned long long)message->events, row->sid);
		syslog_value(&out, eve_address(&row->target, text));
	}
	output_format(&out, "\"] \xef\xbb\xbf%s", clean ? clean : "");
	if (!out.failed)
		return out.data;
	free(out.data);
	return NULL;
}
