// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * session.c - sessions and the pace of passwords.
 */
#include "session.h"

#include <stdio.h>
#include <string.h>

#define THROTTLE_FREE	 4u   /* failures without a pause */
#define THROTTLE_LONGEST 900u /* seconds */
#define THROTTLE_FORGET	 3600u
#define TRIES_PER_SECOND 4u /* a hash costs a tenth of a second and 64 MiB */

static void token_make(char text[SESSION_TOKEN_TEXT])
{
	uint8_t bytes[32];

	randombytes_buf(bytes, sizeof(bytes));
	sodium_bin2hex(text, SESSION_TOKEN_TEXT, bytes, sizeof(bytes));
	sodium_memzero(bytes, sizeof(bytes));
}

static void token_digest(const char *token, size_t len, uint8_t digest[32])
{
	crypto_generichash(digest, 32, (const unsigned char *)token, len, NULL, 0);
}

static bool session_over(const struct session *s, uint64_t now)
{
	return now > s->seen + SESSION_IDLE_S || now > s->begun + SESSION_LONGEST_S;
}

struct session *session_begin(struct sessions *all, const struct user *user, uint64_t now,
			      char token[SESSION_TOKEN_TEXT])
{
	struct session *place = NULL, *own = NULL;
	unsigned int owned = 0;

	for (size_t i = 0; i < SESSIONS_MAX; i++) {
		struct session *s = &all->rows[i];

		if (s->used && session_over(s, now))
			session_end(s);
		if (s->used && !strcmp(s->user, user->name)) {
			owned++;
			if (!own || s->seen < own->seen)
				own = s;
		}
		if (!place || (place->used && (!s->used || s->seen < place->seen)))
			place = s;
	}
	if (owned >= SESSION_PER_USER)
		place = own;
	session_end(place);
	token_make(token);
	token_digest(token, strlen(token), place->digest);
	token_make(place->csrf);
	snprintf(place->user, sizeof(place->user), "%s", user->name);
	place->serial = user->serial;
	place->begun = place->seen = now;
	place->used = true;
	return place;
}

struct session *session_find(struct sessions *all, struct text token, struct users *users, uint64_t now,
			     struct user **user)
{
	uint8_t digest[32];

	if (token.len != SESSION_TOKEN_TEXT - 1)
		return NULL;
	token_digest(token.at, token.len, digest);
	for (size_t i = 0; i < SESSIONS_MAX; i++) {
		struct session *s = &all->rows[i];
		struct user *who;

		if (!s->used || sodium_memcmp(s->digest, digest, sizeof(digest)))
			continue;
		who = users_find(users, s->user);
		if (session_over(s, now) || !who || who->serial != s->serial) {
			session_end(s);
			return NULL;
		}
		s->seen = now;
		*user = who;
		return s;
	}
	return NULL;
}

void session_end(struct session *session)
{
	sodium_memzero(session, sizeof(*session));
}

/* --- pace */

static uint64_t throttle_key(const char *peer, const char *name)
{
	uint64_t key = 0xcbf29ce484222325ull;

	for (; *peer; peer++)
		key = (key ^ (unsigned char)*peer) * 0x100000001b3ull;
	key = (key ^ 0xff) * 0x100000001b3ull;
	for (; *name; name++)
		key = (key ^ (unsigned char)*name) * 0x100000001b3ull;
	return key ? key : 1;
}

static struct throttle_place *throttle_find(struct sessions *all, uint64_t key, uint64_t now)
{
	struct throttle_place *oldest = &all->places[0];

	for (size_t i = 0; i < THROTTLE_PLACES; i++) {
		struct throttle_place *p = &all->places[i];

		if (p->key && now > p->seen + THROTTLE_FORGET)
			*p = (struct throttle_place){0};
		if (p->key == key)
			return p;
		if (p->seen < oldest->seen)
			oldest = p;
	}
	*oldest = (struct throttle_place){.key = key, .seen = now};
	return oldest;
}

uint32_t throttle_wait(struct sessions *all, const char *peer, const char *name, uint64_t now)
{
	/* By address and name: nobody can shut out another by guessing wrong for him. */
	const struct throttle_place *p = throttle_find(all, throttle_key(peer, name), now);

	if (p->until > now)
		return (uint32_t)(p->until - now);
	if (all->second != now) {
		all->second = now;
		all->tries = 0;
	}
	if (all->tries == TRIES_PER_SECOND)
		return 1;
	all->tries++;
	return 0;
}

void throttle_result(struct sessions *all, const char *peer, const char *name, uint64_t now, bool good)
{
	struct throttle_place *p = throttle_find(all, throttle_key(peer, name), now);
	uint32_t pause;

	p->seen = now;
	if (good) {
		p->failures = 0;
		p->until = 0;
		return;
	}
	p->failures++;
	if (p->failures < THROTTLE_FREE)
		return;
	pause = p->failures - THROTTLE_FREE > 9 ? THROTTLE_LONGEST : 2u << (p->failures - THROTTLE_FREE);
	p->until = now + (pause < THROTTLE_LONGEST ? pause : THROTTLE_LONGEST);
}
