/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * notice_text.h - a notice as people and programs get it: mail (RFC 5322, 2045,
 * 2047), JSON, a syslog line (RFC 5424). Pure.
 */
#ifndef CORE_NOTICE_TEXT_H
#define CORE_NOTICE_TEXT_H

#include <stddef.h>

#include "notice.h"

struct notice_frame {
	enum explain_language language;
	const char *host;     /* who tells */
	const char *instance; /* "" the only one */
	uint64_t now;
	int32_t zone_s;
};

/* One line for people, without line ends. malloc'ed; NULL: no memory. */
char *notice_subject(const struct notice_frame *frame, const struct notice_message *message);
/* All rows and what to do, lines ending in "\n". */
char *notice_body(const struct notice_frame *frame, const struct notice_message *message);
/* The same as one JSON object for webhooks. */
char *notice_json(const struct notice_frame *frame, const struct notice_message *message);
/* Numbers of notices as people say them: seconds in hexadecimal when the sender started, and a count. */
uint64_t notice_id_first(uint64_t now);
void notice_id_text(uint64_t id, char out[24]);
__must_check int notice_id_read(const char *text, uint64_t *id); /* -EINVAL */
/* The same for every attempt of a message as long as it tells the same. */
void notice_key(const struct notice_message *message, char out[96]);

/*
 * A whole mail with CRLF line ends: subject in encoded words where it has to be, body in base64, so that no
 * relay can break it. Line ends and control characters in any header value are taken out. key: of its
 * Message-ID.
 */
char *notice_mail(const struct notice_frame *frame, const char *from, const char *to, const char *subject,
		  const char *body, const char *key);
/* One RFC 5424 line: facility 4 (security), severity 2 (critical); message in UTF-8 with its byte order mark.
 */
char *notice_syslog(const struct notice_frame *frame, const char *subject, const char *key,
		    const struct notice_message *message);

#endif
