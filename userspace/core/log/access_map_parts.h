/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * access_map_parts.h - what a map is in memory, for access_map*.c only.
 */
#ifndef CORE_ACCESS_MAP_PARTS_H
#define CORE_ACCESS_MAP_PARTS_H

#include "access_map.h"

#define ACCESS_MAP_FIELDS_MAX 64u
#define ACCESS_MAP_EVENTS_MAX 128u
#define ACCESS_MAP_WHENS_MAX  8u
#define ACCESS_MAP_TIMES_MAX  16u
#define ACCESS_MAP_LABELS_MAX 8u

/* Fields with a meaning of their own; `when` may ask for others, too. */
#define ACCESS_ROLES(X)                                                                                      \
	X(TIME, "time")                                                                                      \
	X(SERIAL, "serial")                                                                                  \
	X(USER, "user")                                                                                      \
	X(DOMAIN, "domain")                                                                                  \
	X(OBJECT, "object") X(PARENT, "parent") X(CLIENT, "client") X(SERVER, "server") X(HANDLE, "handle")
enum role {
#define X(id, name) ROLE_##id,
	ACCESS_ROLES(X)
#undef X
		ROLE_MAX
};

enum test { TEST_IS, TEST_NOT, TEST_ANY, TEST_NONE, TEST_MASK, TEST_BEGINS, TEST_ENDS, TEST_HAS };

struct words { /* borrowed from the tree */
	char **at;
	unsigned int count;
};
struct field {
	const char *name;
	struct words sources;
};
struct when {
	const struct field *field;
	enum test test;
	struct words values;
	uint64_t mask;
};
struct event {
	enum access_kind kind;
	enum access_action action;
	bool denied, share, by_handle;
	unsigned int when_count;
	struct when whens[ACCESS_MAP_WHENS_MAX];
	const struct field *roles[ROLE_MAX]; /* of its own; NULL: the map's */
};

struct access_map {
	struct access_map *next;
	struct conf_node *tree; /* of the whole file, owned by the first map */
	const char *name, *help, *help_ja, *container;
	const char *labels[ACCESS_MAP_LABELS_MAX + 1];
	struct words times;
	const struct field *roles[ROLE_MAX];
	unsigned int field_count, event_count;
	struct field fields[ACCESS_MAP_FIELDS_MAX];
	struct event events[ACCESS_MAP_EVENTS_MAX];
};

/* Decimal, or hexadecimal behind 0x. */
bool access_number(struct text text, uint64_t *out);

#endif
