/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * expect.h - connections that one flow announces and another makes: FTP's
 * data connections. Bounded in number and time; time is an argument.
 */
#ifndef CORE_EXPECT_H
#define CORE_EXPECT_H

#include "packet.h"
#include "core/app/tx.h"

#define EXPECT_MAX	1024u /* pending; more give up the oldest */
#define EXPECT_NAME_MAX 1024u
#define EXPECT_TIME_US	120000000u

/* What will come: peer connects to listener:port and speaks app. */
struct expectation {
	struct expectation *next;
	struct seki_addr listener, peer;
	uint16_t port;
	uint8_t app;	     /* enum app_proto */
	const char *command; /* of the announcer, a literal: "retr" */
	uint32_t name_len;
	uint8_t name[]; /* of the file */
};

/* A copy of name, cut at EXPECT_NAME_MAX. NULL: no memory. */
struct expectation *expectation_new(struct span name);
void expectation_free(struct expectation *expectation); /* this one; NULL is fine */
/* Takes the first one off a list that is not empty; the caller's now. */
struct expectation *expectation_first(struct expectation **list);

struct expect;
__must_check int expect_new(struct expect **out);
void expect_free(struct expect *expect);
DEFINE_CLEANUP(expect_free, struct expect)

/* Takes expectation over. */
void expect_add(struct expect *expect, struct expectation *expectation, uint64_t now_us);
/* What was announced for a flow that begins with packet, either way round; the caller's now. NULL: nothing.
 */
struct expectation *expect_take(struct expect *expect, const struct packet *packet);
uint64_t expect_given_up(const struct expect *expect);

#endif
