// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * app_smtp.c - SMTP commands, mails with their attachments, STARTTLS.
 */
#include "app_rows.h"

#include <netinet/in.h>
#include <string.h>

#include "app_tls.h"
#include "mime.h"

#define SMTP_LINES_MAX 128u	    /* command lines of one transaction; then another begins */
#define SMTP_RCPTS_MAX 100u	    /* recipients of one transaction; more are counted */
#define SMTP_LINE_LONG 510u	    /* a line of more is an oddity (RFC 5321 section 4.5.3.1.4) */
#define SMTP_LINE_CUT  4096u	    /* what common receivers cut a line at */
#define SMTP_TEXT_MAX  (256u << 10) /* command text of one transaction */

enum smtp_step { SMTP_COMMAND, SMTP_DATA, SMTP_BDAT };
enum smtp_dot { DOT_BEGIN /* of a line */, DOT_SEEN, DOT_CR, DOT_INSIDE };

struct smtp_piece {
	uint32_t at, len;
};

struct smtp_tx {
	struct tx tx;
	struct blob text; /* the pieces lie here */
	struct smtp_piece helo, from, lines[SMTP_LINES_MAX], rcpts[SMTP_RCPTS_MAX];
	unsigned int line_count, rcpt_count;
	bool has_helo, has_from;
	struct mime *mime;
};

struct smtp {
	struct blob line[2];
	bool fresh[2];
	enum smtp_step step;
	enum smtp_dot dot;
	struct blob helo;
	bool has_helo;
	struct smtp_tx *tx;
	uint64_t commands, replies; /* counted; a reply that no command asked for (the greeting) is not */
	uint64_t data_at;	    /* the number of the DATA command whose mail is being read */
	uint64_t starttls_at;	    /* … of an unanswered STARTTLS, 0: none */
	uint64_t bdat_left;
	bool bdat_last, greeted;
	bool replied;	      /* a reply was seen */
	bool tls_told;	      /* whether TLS really followed */
	bool data_by_command; /* data_at is that of a DATA, not of a BDAT */
	struct tls *tls;
};

static enum app_probe smtp_probe(struct span data, enum direction dir, uint16_t port)
{
	bool smtp_port = port == 25 || port == 587 || port == 465 || port == 2525;
	uint32_t end = span_find(data, '\n');
	struct span line = {data.data, end};

	if (dir == TO_SERVER) {
		if (span_begins(data, "EHLO ") || span_begins(data, "HELO ") || span_begins(data, "LHLO ") ||
		    span_begins(data, "MAIL FROM:") || span_begins(data, "RCPT TO:"))
			return APP_PROBE_YES;
		if (end == data.len)
			return data.len < 10 && data.data[0] > ' ' && data.data[0] < 0x7f ? APP_PROBE_MORE
											  : APP_PROBE_NO;
		return smtp_port && (span_begins(data, "QUIT") || span_begins(data, "STARTTLS") ||
				     span_begins(data, "RSET") || span_begins(data, "NOOP") ||
				     span_begins(data, "VRFY ") || span_begins(data, "EXPN ") ||
				     span_begins(data, "HELP"))
			       ? APP_PROBE_YES
			       : APP_PROBE_NO;
	}
	if (data.len < 4)
		return !memcmp(data.data, "220", data.len < 3 ? data.len : 3) ? APP_PROBE_MORE : APP_PROBE_NO;
	if (memcmp(data.data, "220", 3) || (data.data[3] != ' ' && data.data[3] != '-'))
		return APP_PROBE_NO;
	for (uint32_t i = 3; i < line.len; i++)
		if (span_begins(span_from(line, i), "smtp"))
			return APP_PROBE_YES;
	if (end == data.len)
		return APP_PROBE_MORE;
	return smtp_port ? APP_PROBE_YES : APP_PROBE_MORE;
}

static struct smtp_piece text_put(struct flow *flow, struct smtp_tx *tx, struct span bytes)
{
	uint32_t at = tx->text.len;

	flow->app_skipped += blob_add(&tx->text, bytes.data, bytes.len, SMTP_TEXT_MAX);
	return (struct smtp_piece){at, tx->text.len - at};
}

static void mail_events(struct smtp_tx *tx)
{
	struct event_list *events = mime_events(tx->mime);

	for (unsigned int i = 0; i < events->count; i++)
		if (app_event_group_of((enum app_event)events->events[i]) == EVENT_GROUP_SMTP)
			tx_event_set(&tx->tx, (enum app_event)events->events[i]);
	*events = (struct event_list){};
}

static void smtp_tx_end(struct flow *flow, struct smtp *smtp)
{
	struct smtp_tx *tx = smtp->tx;

	if (!tx)
		return;
	if (tx->mime) {
		flow->app_skipped += mime_end(tx->mime);
		mail_events(tx);
	}
	tx->tx.done[TO_SERVER] = tx->tx.done[TO_CLIENT] = true;
	tx->tx.dirty[TO_SERVER] = true;
	smtp->tx = NULL;
}

static struct smtp_tx *smtp_tx_get(struct flow *flow, struct smtp *smtp)
{
	struct smtp_tx *tx = smtp->tx;

	if (tx && tx->line_count == SMTP_LINES_MAX && !tx->mime) {
		smtp_tx_end(flow, smtp);
		tx = NULL;
	}
	if (tx)
		return tx;
	tx = smtp->tx = (struct smtp_tx *)app_tx_new(flow, sizeof(*tx), APP_SMTP);
	if (tx && smtp->has_helo) {
		tx->helo = text_put(flow, tx, blob_span(&smtp->helo));
		tx->has_helo = true;
	}
	return tx;
}

static void note(struct flow *flow, struct smtp *smtp, enum app_event event)
{
	struct smtp_tx *tx = smtp_tx_get(flow, smtp);

	if (tx)
		tx_event_set(&tx->tx, event);
}

/* The first word behind a command's prefix. */
static struct span argument(struct span line, uint32_t prefix)
{
	uint32_t n = 0;

	line = span_from(line, prefix < line.len ? prefix : line.len);
	while (line.len && byte_space(line.data[0]))
		line = span_from(line, 1);
	while (n < line.len && !byte_space(line.data[n]))
		n++;
	return (struct span){line.data, n};
}

static void mail_begin(struct smtp *smtp, struct smtp_tx *tx)
{
	if (!tx->mime)
		tx->mime = mime_new_mail();
	smtp->data_at = smtp->commands;
	smtp->dot = DOT_BEGIN;
}

static void bdat_begin(struct flow *flow, struct smtp *smtp, struct smtp_tx *tx, struct span line)
{
	struct span word = argument(line, 5);
	uint64_t size = 0;

	for (uint32_t i = 0; i < word.len && word.data[i] >= '0' && word.data[i] <= '9'; i++)
		size = size > UINT32_MAX ? size : size * 10 + (word.data[i] - '0');
	if (!word.len || word.data[0] < '0' || word.data[0] > '9')
		tx_event_set(&tx->tx, EVENT_SMTP_INVALID_BDAT);
	mail_begin(smtp, tx);
	smtp->bdat_left = size;
	smtp->bdat_last = false;
	for (uint32_t i = 5; i < line.len; i++)
		smtp->bdat_last |= span_begins(span_from(line, i), "LAST");
	if (size)
		smtp->step = SMTP_BDAT;
	else if (smtp->bdat_last)
		smtp_tx_end(flow, smtp);
}

static void command_read(struct flow *flow, struct smtp *smtp, struct span line)
{
	struct smtp_tx *tx;

	if (!line.len)
		return;
	/* A new mail while one was begun: they are different transactions. */
	if (smtp->tx && smtp->tx->has_from && span_begins(line, "MAIL FROM")) {
		tx_event_set(&smtp->tx->tx, EVENT_SMTP_DUPLICATE_FIELDS);
		smtp_tx_end(flow, smtp);
	}
	tx = smtp_tx_get(flow, smtp);
	smtp->commands++;
	if (!tx)
		return;
	if (line.len > SMTP_LINE_LONG)
		tx_event_set(&tx->tx, EVENT_SMTP_MAX_COMMAND_LINE_LEN_EXCEEDED);
	if (line.len >= SMTP_LINE_CUT)
		tx_event_set(&tx->tx, EVENT_SMTP_TRUNCATED_LINE);
	if (smtp->starttls_at) /* it must be the last until it is answered (RFC 3207 section 4.2) */
		tx_event_set(&tx->tx, EVENT_SMTP_INVALID_PIPELINED_SEQUENCE);
	if (tx->line_count < SMTP_LINES_MAX)
		tx->lines[tx->line_count++] = text_put(flow, tx, line);
	else
		flow->app_skipped += line.len;
	tx->tx.dirty[TO_SERVER] = true;
	if (span_begins(line, "EHLO") || span_begins(line, "HELO") || span_begins(line, "LHLO")) {
		struct span name = argument(line, 4);

		if (tx->has_helo && tx->from.len)
			tx_event_set(&tx->tx, EVENT_SMTP_DUPLICATE_FIELDS);
		blob_clear(&smtp->helo);
		flow->app_skipped += blob_add(&smtp->helo, name.data, name.len, APP_LINE_MAX);
		smtp->has_helo = true;
		tx->helo = text_put(flow, tx, name);
		tx->has_helo = true;
	} else if (span_begins(line, "MAIL FROM")) {
		tx->from = text_put(flow, tx, argument(line, 10));
		tx->has_from = true;
	} else if (span_begins(line, "RCPT TO")) {
		if (tx->rcpt_count < SMTP_RCPTS_MAX)
			tx->rcpts[tx->rcpt_count++] = text_put(flow, tx, argument(line, 8));
		else
			flow->app_skipped += line.len;
	} else if (span_is(span_trim(line), "DATA")) {
		mail_begin(smtp, tx);
		smtp->data_by_command = true;
		smtp->step = SMTP_DATA;
	} else if (span_begins(line, "BDAT ")) {
		bdat_begin(flow, smtp, tx, line);
	} else if (span_begins(line, "STARTTLS")) {
		smtp->starttls_at = smtp->commands;
	} else if (span_begins(line, "QUIT") || (span_begins(line, "RSET") && tx->has_from)) {
		smtp_tx_end(flow, smtp);
	}
}

/* Mail content; it goes on when there is no transaction for want of memory. */
static void mail_write(struct flow *flow, struct smtp *smtp, const void *data, uint32_t len)
{
	if (!smtp->tx || !smtp->tx->mime || !len)
		return;
	flow->app_skipped += mime_feed(smtp->tx->mime, (struct span){data, len});
	mail_events(smtp->tx);
	smtp->tx->tx.dirty[TO_SERVER] = true;
}

/* The part of DATA content that ends with, or before, the final dot. Takes it off *data. */
static void data_feed(struct flow *flow, struct smtp *smtp, struct span *data)
{
	while (data->len) {
		uint8_t c = data->data[0];
		uint32_t n;

		switch (smtp->dot) {
		case DOT_BEGIN:
			smtp->dot = c == '.' ? DOT_SEEN : DOT_INSIDE;
			if (c == '.')
				*data = span_from(*data, 1); /* the stuffed dot, or the final one */
			break;
		case DOT_SEEN:
		case DOT_CR:
			if (c == '\n') {
				*data = span_from(*data, 1);
				smtp->step = SMTP_COMMAND;
				smtp_tx_end(flow, smtp);
				return;
			}
			if (c == '\r' && smtp->dot == DOT_SEEN) {
				*data = span_from(*data, 1);
				smtp->dot = DOT_CR;
				break;
			}
			if (smtp->dot == DOT_CR)
				mail_write(flow, smtp, "\r", 1);
			smtp->dot = DOT_INSIDE;
			break;
		case DOT_INSIDE:
			n = span_find(*data, '\n');
			if (n < data->len) {
				n++;
				smtp->dot = DOT_BEGIN;
			}
			mail_write(flow, smtp, data->data, n);
			*data = span_from(*data, n);
			break;
		}
	}
}

static void bdat_feed(struct flow *flow, struct smtp *smtp, struct span *data)
{
	uint32_t n = data->len < smtp->bdat_left ? data->len : (uint32_t)smtp->bdat_left;

	mail_write(flow, smtp, data->data, n);
	*data = span_from(*data, n);
	smtp->bdat_left -= n;
	if (smtp->bdat_left)
		return;
	smtp->step = SMTP_COMMAND;
	if (smtp->bdat_last)
		smtp_tx_end(flow, smtp);
}

/* RFC 5321 section 4.2: three digits, the first of them 2 to 5. */
static bool reply_coded(struct span line)
{
	for (unsigned int i = 0; i < 3; i++)
		if (line.len < 3 || line.data[i] < '0' || line.data[i] > '9')
			return false;
	return line.data[0] >= '2' && line.data[0] <= '5' &&
	       (line.len == 3 || line.data[3] == ' ' || line.data[3] == '-');
}

static void reply_read(struct flow *flow, struct smtp *smtp, struct span line)
{
	bool first = !smtp->replied;

	if (line.len > SMTP_LINE_LONG)
		note(flow, smtp, EVENT_SMTP_MAX_REPLY_LINE_LEN_EXCEEDED);
	if (!reply_coded(line)) {
		if (line.len)
			note(flow, smtp, EVENT_SMTP_INVALID_REPLY);
		return;
	}
	smtp->replied = true;
	if (first && !span_begins(line, "220"))
		note(flow, smtp, EVENT_SMTP_NO_SERVER_WELCOME_MESSAGE);
	if (line.len > 3 && line.data[3] == '-')
		return;
	if (!smtp->greeted && !smtp->replies && !smtp->starttls_at && span_begins(line, "220")) {
		smtp->greeted = true;
		return;
	}
	if (smtp->replies < smtp->commands)
		smtp->replies++;
	else if (!first && !span_begins(line, "421")) /* which a server may send at any time */
		note(flow, smtp, EVENT_SMTP_UNABLE_TO_MATCH_REPLY_WITH_REQUEST);
	if (smtp->starttls_at && smtp->replies == smtp->starttls_at) {
		smtp->starttls_at = 0;
		if (line.data[0] == '2')
			smtp->tls = tls_new();
		else
			note(flow, smtp, EVENT_SMTP_TLS_REJECTED);
	}
	if (smtp->data_at && smtp->replies == smtp->data_at && smtp->data_by_command &&
	    !span_begins(line, "354")) {
		smtp->data_by_command = false;
		note(flow, smtp, EVENT_SMTP_DATA_COMMAND_REJECTED);
	}
	/* DATA was refused: what the client sends next are commands again. */
	if (smtp->step == SMTP_DATA && smtp->replies == smtp->data_at && line.data[0] >= '4')
		smtp->step = SMTP_COMMAND;
}

static void smtp_gap(struct flow *flow, struct smtp *smtp, enum direction dir)
{
	blob_clear(&smtp->line[dir]);
	smtp->fresh[dir] = false;
	if (dir == TO_CLIENT)
		return;
	smtp->dot = DOT_INSIDE;
	if (smtp->tx && smtp->tx->mime)
		mime_gap(smtp->tx->mime);
	if (smtp->step == SMTP_BDAT) { /* where the chunk ends is not known any more */
		smtp->step = SMTP_COMMAND;
		smtp_tx_end(flow, smtp);
	}
}

static void server_feed(struct flow *flow, struct smtp *smtp, struct span *data)
{
	while (data->len && !smtp->tls) {
		struct span line;

		if (smtp->step == SMTP_DATA) {
			data_feed(flow, smtp, data);
		} else if (smtp->step == SMTP_BDAT) {
			bdat_feed(flow, smtp, data);
		} else if (smtp->starttls_at && !smtp->greeted && !smtp->replies && data->data[0] == 0x16 &&
			   (smtp->fresh[TO_SERVER] || !smtp->line[TO_SERVER].len)) {
			/* Nothing of the server is to be seen and TLS begins: it must have agreed. */
			smtp->starttls_at = 0;
			smtp->tls = tls_new();
			if (!smtp->tls)
				return;
		} else if (app_line(flow, &smtp->line[TO_SERVER], &smtp->fresh[TO_SERVER], data, &line)) {
			command_read(flow, smtp, line);
		}
	}
}

static void tls_check(struct flow *flow, struct smtp *smtp, enum direction dir, struct span data)
{
	if (smtp->tls_told || dir == TO_CLIENT || !data.len)
		return;
	smtp->tls_told = true;
	if (app_starttls_holds(flow, data))
		return;
	note(flow, smtp, EVENT_SMTP_FAILED_PROTOCOL_CHANGE);
	smtp_tx_end(flow, smtp);
}

static enum app_status smtp_feed(struct flow *flow, enum direction dir, struct span data, bool gap, bool last)
{
	struct smtp *smtp = flow->app_state[0];
	enum app_status status;
	struct span line;

	if (!smtp)
		smtp = flow->app_state[0] = calloc(1, sizeof(*smtp));
	if (!smtp)
		return APP_ERROR;
	if (gap && !smtp->tls)
		smtp_gap(flow, smtp, dir);
	if (dir == TO_SERVER)
		server_feed(flow, smtp, &data);
	while (dir == TO_CLIENT && data.len && !smtp->tls)
		if (app_line(flow, &smtp->line[dir], &smtp->fresh[dir], &data, &line))
			reply_read(flow, smtp, line);
	if (smtp->tls) {
		smtp_tx_end(flow, smtp);
		tls_check(flow, smtp, dir, data);
		status = tls_feed(flow, smtp->tls, dir, data, gap, last);
		return status == APP_ENCRYPTED ? status : APP_OK;
	}
	if (last && dir == TO_SERVER) {
		if (smtp->step == SMTP_COMMAND && !smtp->fresh[dir] && smtp->line[dir].len)
			command_read(flow, smtp, span_trim(blob_span(&smtp->line[dir])));
		blob_clear(&smtp->line[dir]);
		smtp_tx_end(flow, smtp);
	}
	return APP_OK;
}

/* The header field of the mail that a buffer holds. */
static const char *const mail_fields[BUFFER_MAX] = {
	[BUFFER_EMAIL_FROM] = "from",
	[BUFFER_EMAIL_TO] = "to",
	[BUFFER_EMAIL_CC] = "cc",
	[BUFFER_EMAIL_SUBJECT] = "subject",
	[BUFFER_EMAIL_DATE] = "date",
	[BUFFER_EMAIL_MESSAGE_ID] = "message-id",
	[BUFFER_EMAIL_X_MAILER] = "x-mailer",
	[BUFFER_EMAIL_RECEIVED] = "received",
};

static bool smtp_buffer(const struct tx *tx, enum buffer_id id, enum direction dir, unsigned int index,
			struct span *out, bool *final)
{
	const struct smtp_tx *smtp = (const struct smtp_tx *)tx;
	const struct smtp_piece *piece = NULL;

	*final = true;
	if (mail_fields[id])
		return dir == TO_SERVER && smtp->mime && mime_header(smtp->mime, mail_fields[id], index, out);
	switch (id) {
	case BUFFER_SMTP_HELO:
		piece = smtp->has_helo ? &smtp->helo : NULL;
		break;
	case BUFFER_SMTP_MAIL_FROM:
		piece = smtp->has_from ? &smtp->from : NULL;
		break;
	case BUFFER_SMTP_RCPT_TO:
		piece = index < smtp->rcpt_count ? &smtp->rcpts[index] : NULL;
		break;
	case BUFFER_SMTP_COMMAND_LINE:
		piece = index < smtp->line_count ? &smtp->lines[index] : NULL;
		break;
	default:
		return false;
	}
	if (!piece)
		return false;
	*out = (struct span){smtp->text.data ? smtp->text.data + piece->at : NULL, piece->len};
	return true;
}

static bool smtp_file(const struct tx *tx, enum direction dir, unsigned int index, struct tx_file *out)
{
	const struct smtp_tx *smtp = (const struct smtp_tx *)tx;

	return dir == TO_SERVER && smtp->mime && mime_file(smtp->mime, index, out);
}

static void smtp_tx_free(struct tx *tx)
{
	struct smtp_tx *smtp = (struct smtp_tx *)tx;

	blob_free(&smtp->text);
	mime_free(smtp->mime);
	free(smtp);
}

static void smtp_flow_free(struct flow *flow)
{
	struct smtp *smtp = flow->app_state[0];

	if (!smtp)
		return;
	blob_free(&smtp->line[0]);
	blob_free(&smtp->line[1]);
	blob_free(&smtp->helo);
	tls_free(smtp->tls);
	free(smtp);
	flow->app_state[0] = NULL;
}

const struct app_decoder app_smtp = {
	.proto = APP_SMTP,
	.ip_proto = IPPROTO_TCP,
	.probe = smtp_probe,
	.feed = smtp_feed,
	.buffer = smtp_buffer,
	.file = smtp_file,
	.tx_free = smtp_tx_free,
	.flow_free = smtp_flow_free,
};
