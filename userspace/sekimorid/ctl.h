/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ctl.h - requests of the command line to fixed messages and back. Pure: no
 * socket, no clock, so that both directions can be tested with garbage.
 */
#ifndef SEKIMORID_CTL_H
#define SEKIMORID_CTL_H

#include <jansson.h>

#include "message.h"

union ctl_body {
	struct message_ack ack;
	struct message_ask ask;
	struct message_block block;
	struct message_load load;
	struct message_up up;
	struct message_trace trace;
	struct message_suppress suppress;
};

struct ctl_request {
	uint32_t type; /* enum message_type */
	bool changes;  /* only root may */
	bool needs_fd;
	bool portal; /* the portal may ask for it */
	size_t len;
	union ctl_body body;
};

/*
 * One JSON object to one message. -EINVAL with *why (static), naming what is wrong; uid goes into the peer.
 * portal: it comes from there, and "by" names its user.
 */
__must_check int ctl_request_read(const char *text, size_t len, uint32_t uid, bool portal,
				  struct ctl_request *out, const char **why);

/* An answer of the keeper as a JSON object, or NULL when out of memory or when it is malformed. */
json_t *ctl_reply_write(uint32_t type, const void *body, size_t len);

/* Text as JSON, also when it was cut within a character: then bytes beyond ASCII become "?". */
json_t *ctl_text(const char *text);

#endif
