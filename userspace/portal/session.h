/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * session.h - who is logged in, and how fast passwords may be tried. In memory
 * only; time is an argument (seconds that never jump).
 */
#ifndef PORTAL_SESSION_H
#define PORTAL_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "core/rule/explain.h"
#include "lib/text.h"
#include "users.h"

#define SESSIONS_MAX	   128u
#define SESSION_PER_USER   8u
#define SESSION_TOKEN_TEXT 65u /* 64 hex digits and NUL */
#define SESSION_IDLE_S	   1800u
#define SESSION_LONGEST_S  43200u
#define SESSION_FLASH_MAX  512u
#define THROTTLE_PLACES	   256u

struct session {
	bool used;
	uint8_t digest[32]; /* of the token: who reads our memory of it cannot log in */
	char csrf[SESSION_TOKEN_TEXT];
	char user[USERS_NAME_MAX];
	uint32_t serial; /* of the user when it began */
	uint64_t begun, seen;
	char flash[SESSION_FLASH_MAX]; /* shown once */
	bool flash_bad;
};

struct throttle_place {
	uint64_t key, until, seen;
	uint32_t failures;
};

struct sessions {
	struct session rows[SESSIONS_MAX];
	struct throttle_place places[THROTTLE_PLACES];
	uint64_t second;
	uint32_t tries; /* in that second, all together */
};

/* A new session; its token goes into the cookie and nowhere else. Of SESSIONS_MAX the one unused for longest
 * goes. */
struct session *session_begin(struct sessions *all, const struct user *user, uint64_t now,
			      char token[SESSION_TOKEN_TEXT]);
/* NULL: unknown or over. *user is who it is now, never somebody removed or changed. */
struct session *session_find(struct sessions *all, struct text token, struct users *users, uint64_t now,
			     struct user **user);
void session_end(struct session *session);

/* Seconds until the next try from peer for name is taken; 0: now. Counted as a try when it is 0. */
uint32_t throttle_wait(struct sessions *all, const char *peer, const char *name, uint64_t now);
void throttle_result(struct sessions *all, const char *peer, const char *name, uint64_t now, bool good);

#endif
