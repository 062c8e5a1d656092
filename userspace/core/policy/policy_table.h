/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * policy_table.h - the tables behind policy.h, for the policy_*.c files only:
 * keys (parser, defaults, ranges, help) and arrays with their fields (parser,
 * image, bounds).
 */
#ifndef CORE_POLICY_TABLE_H
#define CORE_POLICY_TABLE_H

#include "policy.h"

/* --- keys */

struct policy_parser;

enum policy_key_kind {
	KEY_SECONDS,
	KEY_BYTES,
	KEY_COUNT,
	KEY_CHOICE, /* stores the index of the name */
	KEY_TEXT,
	KEY_NAME,     /* interface name, "any" stores "" */
	KEY_PORT,     /* network order, "any" stores 0 */
	KEY_PROTOCOL, /* "any" stores 0 */
	KEY_STATEMENT /* its own reader */
};

struct policy_key {
	const char *block, *name; /* block "": top level */
	enum policy_key_kind kind;
	uint16_t offset, size; /* in the block's object */
	bool in_policy; /* that object is struct policy: checked in images, default set by policy_default() */
	bool required;
	uint64_t min, max;
	const char *const *choices; /* NULL-terminated */
	const char *standard;	    /* default; NULL for statements without and required keys */
	const char *type;	    /* as people read it; NULL: made from kind and range */
	const char *help;
	void (*statement)(struct policy_parser *p, const struct conf_node *node, void *object);
};

#define POLICY_KEYS_MAX 128
extern const struct policy_key policy_key_rows[];
extern const unsigned int policy_key_count;

/* Reads word into the key's place in object. -EINVAL with why (caller's buffer). */
__must_check int policy_key_set(const struct policy_key *key, const char *word, void *object, char why[160]);
/* Every key of block that has a default, into object. */
void policy_key_defaults(const char *block, void *object);
/* The numbers of policy against the ranges of the table. */
bool policy_key_ranges_hold(const struct policy *policy);

/* --- arrays */

enum policy_field_kind {
	FIELD_NUMBER, /* size 1, 2, 4 or 8; min..max */
	FIELD_TEXT,   /* ends within size, zero behind it, no control characters; min 1: not empty */
	FIELD_NAME,   /* the same, of name characters */
	FIELD_IFACE,  /* the same, a name that Linux gives interfaces */
	FIELD_PREFIX,
	FIELD_ACTIONS, /* settings.action */
};

struct policy_field {
	enum policy_field_kind kind;
	uint16_t offset, size;
	uint64_t min, max;
	const char *why; /* said when it does not hold */
};

enum policy_array_id {
	ARRAY_IFACES,
	ARRAY_NETS,
	ARRAY_SERVICES,
	ARRAY_HOSTS,
	ARRAY_LISTS,
	ARRAY_ENTRIES,
	ARRAY_VARIABLES,
	ARRAY_RULE_FILES,
	ARRAY_RULE_DATA,
	ARRAY_CHANNELS,
	ARRAY_TENANTS,
	POLICY_ARRAYS
};

struct policy_array {
	const char *name;
	uint16_t items, count; /* offsets in struct policy of the pointer and of the uint32_t */
	uint32_t item_size, max;
	const struct policy_field *fields;
	unsigned int field_count;
};

extern const struct policy_array policy_arrays[POLICY_ARRAYS];
extern const struct policy_array policy_scalars; /* struct policy itself as the one row */

uint32_t *policy_array_count(const struct policy_array *array, const struct policy *policy);
void **policy_array_items(const struct policy_array *array, const struct policy *policy);

/* Rows that an array of count rows has room for: the next power of two. */
size_t policy_array_room(uint32_t count);
/* A zeroed row behind the last. NULL with *full when the array's limit is reached, else out of memory. */
void *policy_array_add(struct policy *policy, enum policy_array_id id, bool *full);

/* NULL or what is wrong (static). */
const char *policy_field_check(const struct policy_field *field, const void *object);
/* What one row cannot see: references, pairs that contradict. NULL or what is wrong (static). */
const char *policy_check(const struct policy *policy);

bool policy_name_good(const char *name);
bool policy_iface_good(const char *name);

/* --- statements: one per KEY_STATEMENT row */

void policy_read_interface(struct policy_parser *p, const struct conf_node *node, void *object);
void policy_read_allow(struct policy_parser *p, const struct conf_node *node, void *object);
void policy_read_own(struct policy_parser *p, const struct conf_node *node, void *object);
void policy_read_protect(struct policy_parser *p, const struct conf_node *node, void *object);
void policy_read_shared(struct policy_parser *p, const struct conf_node *node, void *object);
void policy_read_list(struct policy_parser *p, const struct conf_node *node, void *object);
void policy_read_list_address(struct policy_parser *p, const struct conf_node *node, void *object);
void policy_read_rules(struct policy_parser *p, const struct conf_node *node, void *object);
void policy_read_rule_data(struct policy_parser *p, const struct conf_node *node, void *object);
void policy_read_eve_records(struct policy_parser *p, const struct conf_node *node, void *object);
void policy_read_variable(struct policy_parser *p, const struct conf_node *node, void *object);
void policy_read_block(struct policy_parser *p, const struct conf_node *node,
		       void *object); /* inspect, block, egress */
void policy_read_verdict(struct policy_parser *p, const struct conf_node *node, void *object);
void policy_read_uninspected(struct policy_parser *p, const struct conf_node *node, void *object);
void policy_read_profile(struct policy_parser *p, const struct conf_node *node, void *object);
void policy_read_profile_allow(struct policy_parser *p, const struct conf_node *node, void *object);
void policy_read_egress_allow(struct policy_parser *p, const struct conf_node *node, void *object);
void policy_read_portal(struct policy_parser *p, const struct conf_node *node, void *object);
void policy_read_tenant(struct policy_parser *p, const struct conf_node *node, void *object);
void policy_read_tenant_network(struct policy_parser *p, const struct conf_node *node, void *object);
void policy_read_tenant_iface(struct policy_parser *p, const struct conf_node *node, void *object);
void policy_read_store(struct policy_parser *p, const struct conf_node *node, void *object);
void policy_read_channel(struct policy_parser *p, const struct conf_node *node, void *object);
void policy_read_egress_host(struct policy_parser *p, const struct conf_node *node, void *object);
void policy_read_egress_self(struct policy_parser *p, const struct conf_node *node, void *object);
void policy_read_resolver(struct policy_parser *p, const struct conf_node *node, void *object);
void policy_read_time_server(struct policy_parser *p, const struct conf_node *node, void *object);
void policy_read_exception(struct policy_parser *p, const struct conf_node *node, void *object);
void policy_read_exception_host(struct policy_parser *p, const struct conf_node *node, void *object);
void policy_read_exception_until(struct policy_parser *p, const struct conf_node *node, void *object);

/* --- parser */

#define POLICY_ROLES_SHIPPED 4u	 /* beside "default": they take no place of those that people name */
#define POLICY_NAMED_MAX     16u /* resolver and time-server statements */

struct policy_parser {
	const char *file;
	struct conf_errors *errors;
	struct policy *policy;
	const struct conf_node *seen[POLICY_KEYS_MAX]; /* in_policy keys */
	const struct conf_node *action_seen[SEKI_REASON_MAX];
	/* names of all profile statements, "default" first; found before anything is read, since hosts may
	 * come before them */
	const char *profiles[POLICY_PROFILES_MAX + POLICY_ROLES_SHIPPED];
	unsigned int profile_count;
	uint32_t roles_said; /* a bit per shipped role that the configuration speaks of */
	const struct conf_node *resolvers[POLICY_NAMED_MAX], *time_servers[POLICY_NAMED_MAX];
	unsigned int resolver_count, time_server_count;
	bool no_memory;
};

/* The block of an exception. */
struct policy_exception {
	struct policy_service row;
	const struct conf_node *hosts; /* its host statement */
};

/* The block of a scratch object for the list statement. */
struct policy_list_scratch {
	struct policy_list row;
	uint8_t direction, action, format;
	uint8_t allow[6]; /* of LIST_ALLOWS, in its order */
	uint16_t index;	  /* where row will be */
	uint32_t addresses;
};

void policy_error(struct policy_parser *p, const struct conf_node *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* The statements of a block by the table's rows of that name; object is what the scalar rows write to. */
void policy_read_keys(struct policy_parser *p, const char *block, const struct conf_node *first, void *object,
		      const struct conf_node *owner);
/* The block must be there (or must not): says so and returns false. */
bool policy_want_block(struct policy_parser *p, const struct conf_node *node, bool block);
void *policy_row_new(struct policy_parser *p, const struct conf_node *node, enum policy_array_id id);
/* words[from..to) as prefixes, each given to fn. */
void policy_read_prefixes(struct policy_parser *p, const struct conf_node *node, unsigned int from,
			  unsigned int to,
			  void (*fn)(struct policy_parser *p, const struct conf_node *node,
				     const struct prefix *prefix, void *arg),
			  void *arg);
bool policy_profile_known(const struct policy_parser *p, const char *name);
/* SERVICE to PREFIX... of an exception statement, for the host in exception. */
void policy_read_exception_grant(struct policy_parser *p, const struct conf_node *node,
				 const struct policy_service *exception);
/* Finds the profiles of the whole text. */
void policy_start_egress(struct policy_parser *p, const struct conf_node *tree);
/* Checks and defaults of egress after everything is read. */
void policy_finish_egress(struct policy_parser *p);

#endif
