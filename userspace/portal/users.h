/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * users.h - who may use the portal, as what, and of which tenant: one file,
 * replaced whole. Passwords are kept as Argon2id hashes only.
 */
#ifndef PORTAL_USERS_H
#define PORTAL_USERS_H

#include <sodium.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/cleanup.h"

#define USERS_MAX	   64u
#define USERS_NAME_MAX	   32u
#define USERS_TENANT_MAX   64u
#define USERS_PASSWORD_MIN 12u
#define USERS_PASSWORD_MAX 128u

/* Each may what the one before may. Adding one is adding a row. */
#define USER_ROLES(X)                                                                                        \
	X(VIEWER, "viewer")	/* looks */                                                                  \
	X(OPERATOR, "operator") /* acknowledges, blocks, unblocks, reads evidence */                         \
	X(ADMIN, "admin")	/* names users */
enum user_role {
#define X(id, name) USER_##id,
	USER_ROLES(X)
#undef X
		USER_ROLE_MAX
};
extern const char *const user_role_names[USER_ROLE_MAX];

struct user {
	char name[USERS_NAME_MAX];     /* [a-z0-9._-]+ */
	char tenant[USERS_TENANT_MAX]; /* sees events of it only; "" all */
	enum user_role role;
	uint32_t serial; /* grows with each change: sessions of before end */
	char hash[crypto_pwhash_STRBYTES];
};
struct users {
	int dir; /* borrowed; -1: nothing is kept */
	size_t count;
	struct user rows[USERS_MAX];
};

/* 0 also when there is no file yet. -EBADMSG: a file that is not ours; nobody gets in then. */
__must_check int users_load(int dir, struct users *out);
struct user *users_find(struct users *users, const char *name);
/* Writes the file; on an error users is as before. name and password are checked: -EINVAL with *why, an enum
 * users_fault. -ENOSPC: USERS_MAX. */
enum users_fault {
	USERS_FINE,
	USERS_BAD_NAME,
	USERS_BAD_TENANT,
	USERS_SHORT_PASSWORD,
	USERS_LAST_ADMIN,
	USERS_UNKNOWN
};
__must_check int users_put(struct users *users, const char *name, enum user_role role, const char *tenant,
			   const char *password, enum users_fault *why);
/* password NULL keeps it. */
__must_check int users_remove(struct users *users, const char *name, enum users_fault *why);
/* As long for a name that is unknown. */
bool users_verify(struct users *users, const char *name, const char *password, struct user **out);

#endif
