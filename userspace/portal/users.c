// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * users.c - the file of users.
 */
#include "users.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "lib/file.h"

#define USERS_FILE "users.json"
#define FILE_MAX   (1u << 20)

const char *const user_role_names[USER_ROLE_MAX] = {
#define X(id, name) [USER_##id] = name,
	USER_ROLES(X)
#undef X
};

static bool name_good(const char *name)
{
	size_t len = strlen(name);

	return len && len < USERS_NAME_MAX &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") == len && name[0] != '.' &&
	       name[0] != '-';
}

static bool tenant_good(const char *tenant)
{
	size_t len = strlen(tenant);

	for (size_t i = 0; i < len; i++)
		if ((unsigned char)tenant[i] < 0x20 || tenant[i] == 0x7f)
			return false;
	return len < USERS_TENANT_MAX;
}

static bool text_take(const json_t *row, const char *key, char *out, size_t size)
{
	const char *text = json_string_value(json_object_get(row, key));

	if (!text || strlen(text) >= size)
		return false;
	memcpy(out, text, strlen(text) + 1);
	return true;
}

static bool user_take(const json_t *row, struct user *out)
{
	const char *role = json_string_value(json_object_get(row, "role"));

	memset(out, 0, sizeof(*out));
	for (out->role = 0; role && out->role < USER_ROLE_MAX; out->role++)
		if (!strcmp(user_role_names[out->role], role))
			break;
	return role && out->role < USER_ROLE_MAX && text_take(row, "name", out->name, sizeof(out->name)) &&
	       text_take(row, "tenant", out->tenant, sizeof(out->tenant)) &&
	       text_take(row, "hash", out->hash, sizeof(out->hash)) && name_good(out->name) &&
	       tenant_good(out->tenant);
}

int users_load(int dir, struct users *out)
{
	AUTO_FREE char *text = NULL;
	json_error_t error;
	json_t *root = NULL, *row;
	size_t len = 0, i;
	int err;

	*out = (struct users){.dir = dir};
	if (dir < 0)
		return 0;
	err = file_read(dir, USERS_FILE, FILE_MAX, &text, &len);
	if (err)
		return err == -ENOENT ? 0 : err;
	root = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	if (json_integer_value(json_object_get(root, "version")) != 1)
		err = -EBADMSG;
	json_array_foreach(json_object_get(root, "users"), i, row)
	{
		if (out->count == USERS_MAX || !user_take(row, &out->rows[out->count]) ||
		    users_find(out, out->rows[out->count].name)) {
			err = -EBADMSG;
			break;
		}
		out->count++;
	}
	json_decref(root);
	if (err)
		out->count = 0;
	return err;
}

static int users_save(const struct users *users)
{
	json_t *rows = json_array(), *root = json_pack("{s:i,s:o}", "version", 1, "users", rows);
	AUTO_FREE char *text = NULL;
	int err;

	if (users->dir < 0) {
		json_decref(root);
		return 0;
	}
	for (size_t i = 0; i < users->count; i++)
		json_array_append_new(rows, json_pack("{s:s,s:s,s:s,s:s}", "name", users->rows[i].name,
						      "role", user_role_names[users->rows[i].role], "tenant",
						      users->rows[i].tenant, "hash", users->rows[i].hash));
	text = json_dumps(root, JSON_INDENT(1));
	err = text && json_array_size(rows) == users->count
		      ? file_replace(users->dir, USERS_FILE, text, strlen(text), 0600)
		      : -ENOMEM;
	json_decref(root);
	return err;
}

struct user *users_find(struct users *users, const char *name)
{
	for (size_t i = 0; i < users->count; i++)
		if (!strcmp(users->rows[i].name, name))
			return &users->rows[i];
	return NULL;
}

static bool last_admin(const struct users *users, const struct user *user)
{
	size_t admins = 0;

	for (size_t i = 0; i < users->count; i++)
		admins += users->rows[i].role == USER_ADMIN;
	return user->role == USER_ADMIN && admins == 1;
}

static int refuse(enum users_fault *why, enum users_fault fault)
{
	*why = fault;
	return -EINVAL;
}

int users_put(struct users *users, const char *name, enum user_role role, const char *tenant,
	      const char *password, enum users_fault *why)
{
	struct user *there = users_find(users, name), before, row = there ? *there : (struct user){0};
	int err;

	*why = USERS_FINE;
	if (!name_good(name))
		return refuse(why, USERS_BAD_NAME);
	/* An admin of one tenant could name users of others. */
	if (!tenant_good(tenant) || (role == USER_ADMIN && *tenant))
		return refuse(why, USERS_BAD_TENANT);
	if (!there && !password)
		return refuse(why, USERS_UNKNOWN);
	if (password && (strlen(password) < USERS_PASSWORD_MIN || strlen(password) > USERS_PASSWORD_MAX ||
			 !strcmp(password, name)))
		return refuse(why, USERS_SHORT_PASSWORD);
	if (there && role != USER_ADMIN && last_admin(users, there))
		return refuse(why, USERS_LAST_ADMIN);
	if (!there && users->count == USERS_MAX)
		return -ENOSPC;
	if (password &&
	    crypto_pwhash_str(row.hash, password, strlen(password), crypto_pwhash_OPSLIMIT_INTERACTIVE,
			      crypto_pwhash_MEMLIMIT_INTERACTIVE))
		return -ENOMEM;
	memcpy(row.name, name, strlen(name) + 1);
	memcpy(row.tenant, tenant, strlen(tenant) + 1);
	row.role = role;
	row.serial = randombytes_random();
	if (!there)
		there = &users->rows[users->count++];
	before = *there;
	*there = row;
	err = users_save(users);
	if (err) {
		*there = before;
		if (!*before.name)
			users->count--;
	}
	return err;
}

int users_remove(struct users *users, const char *name, enum users_fault *why)
{
	struct user *there = users_find(users, name), before;
	int err;

	*why = USERS_FINE;
	if (!there)
		return refuse(why, USERS_UNKNOWN);
	if (last_admin(users, there))
		return refuse(why, USERS_LAST_ADMIN);
	before = *there;
	*there = users->rows[--users->count];
	memset(&users->rows[users->count], 0, sizeof(before));
	err = users_save(users);
	if (err) {
		users->rows[users->count++] = *there;
		*there = before;
	}
	return err;
}

bool users_verify(struct users *users, const char *name, const char *password, struct user **out)
{
	static char other[crypto_pwhash_STRBYTES]; /* of nobody: the time must not tell who exists */
	struct user *user = users_find(users, name);
	bool good;

	if (!*other && crypto_pwhash_str(other, "nobody", 6, crypto_pwhash_OPSLIMIT_INTERACTIVE,
					 crypto_pwhash_MEMLIMIT_INTERACTIVE))
		return false;
	if (strlen(password) > USERS_PASSWORD_MAX)
		return false;
	good = !crypto_pwhash_str_verify(user ? user->hash : other, password, strlen(password));
	*out = user;
	return good && user;
}
