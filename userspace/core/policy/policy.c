// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * policy.c - the policy as a value: its arrays and fields, what must hold in
 * it, and what would lock people out.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/eve/eve.h"
#include "core/rule/explain.h"
#include "core/list/list_guard.h"
#include "policy_table.h"
#include "core/rule/ruleset.h"

#define AT(type, member) .offset = offsetof(type, member), .size = sizeof(((type *)0)->member)
#define NUMBER(type, member, low, top)                                                                       \
	{                                                                                                    \
		FIELD_NUMBER, AT(type, member), .min = low, .max = top, .why = #member " is out of range"    \
	}
#define TEXT(type, member, least)                                                                            \
	{                                                                                                    \
		FIELD_TEXT, AT(type, member), .min = least, .why = #member " is not a text"                  \
	}
#define NAME(type, member)                                                                                   \
	{                                                                                                    \
		FIELD_NAME, AT(type, member), .min = 1, .why = #member " is not a name"                      \
	}
#define PREFIX(type, member)                                                                                 \
	{                                                                                                    \
		FIELD_PREFIX, AT(type, member), .why = #member " is not a prefix"                            \
	}

static const struct policy_field iface_fields[] = {
	{FIELD_IFACE, AT(struct policy_iface, name), .min = 1, .why = "name of an interface"},
	NUMBER(struct policy_iface, vlan, 0, 4094),
	NUMBER(struct policy_iface, role, 0, SEKI_ROLE_MAX - 1),
	NUMBER(struct policy_iface, mode, 0, SEKI_MODE_MAX - 1),
};
static const struct policy_field net_fields[] = {
	PREFIX(struct policy_net, prefix),
	NUMBER(struct policy_net, flags, 0, SEKI_NET_OWN | SEKI_NET_DMZ | SEKI_NET_SHARED),
	NUMBER(struct policy_net, allow, 0, 1),
	NUMBER(struct policy_net, scope.ifindex, 0, 0),
	NUMBER(struct policy_net, scope.port, 0, UINT16_MAX),
	NUMBER(struct policy_net, scope.proto, 0, UINT8_MAX),
	NUMBER(struct policy_net, scope.kind, 0, SEKI_SCOPE_OWN),
	{FIELD_IFACE, AT(struct policy_net, iface), .why = "interface of an allow entry"},
	TEXT(struct policy_net, reason, 0),
	NUMBER(struct policy_net, line, 0, UINT32_MAX),
};
static const struct policy_field service_fields[] = {
	NAME(struct policy_service, profile),
	NUMBER(struct policy_service, proto, 1, UINT8_MAX),
	NUMBER(struct policy_service, port, 1, UINT16_MAX),
	PREFIX(struct policy_service, dst),
	NUMBER(struct policy_service, rule, 0, UINT32_MAX),
	PREFIX(struct policy_service, host),
	NUMBER(struct policy_service, until, 0, UINT64_MAX),
	TEXT(struct policy_service, owner, 0),
	TEXT(struct policy_service, ticket, 0),
};
static const struct policy_field host_fields[] = {
	PREFIX(struct policy_host, prefix),	NAME(struct policy_host, profile),
	TEXT(struct policy_host, name, 0),	NUMBER(struct policy_host, mode, 0, HOST_MODE_MAX - 1),
	NUMBER(struct policy_host, self, 0, 1), NUMBER(struct policy_host, line, 0, UINT32_MAX),
};
static const struct policy_field list_fields[] = {
	NAME(struct policy_list, name),
	TEXT(struct policy_list, path, 0),
	TEXT(struct policy_list, format, 0),
	NUMBER(struct policy_list, flags, SEKI_ENTRY_SRC,
	       SEKI_ENTRY_SRC | SEKI_ENTRY_DST | SEKI_ENTRY_ALERT | SEKI_ENTRY_ALLOW),
	NUMBER(struct policy_list, severity, 0, SEKI_SEVERITY_MAX - 1),
	NUMBER(struct policy_list, priority, 0, UINT8_MAX),
	NUMBER(struct policy_list, allow, 0, LIST_ALLOW_ALL),
	NUMBER(struct policy_list, max_share, 1, 100),
	NUMBER(struct policy_list, expires, 0, UINT32_MAX),
	NUMBER(struct policy_list, max_age, 0, UINT32_MAX),
};
static const struct policy_field entry_fields[] = {
	NUMBER(struct policy_entry, list, 0, SEKI_MAX_LISTS - 2),
	PREFIX(struct policy_entry, prefix),
};
static const struct policy_field variable_fields[] = {
	NAME(struct policy_variable, name),
	TEXT(struct policy_variable, value, 1),
};
static const struct policy_field rule_file_fields[] = {
	{FIELD_TEXT, .offset = 0, .size = POLICY_PATH_MAX, .min = 1, .why = "path of a rule file"},
};
static const struct policy_field rule_data_fields[] = {
	NUMBER(struct policy_rule_data, kind, 0, RULE_DATA_MAX - 1),
	TEXT(struct policy_rule_data, path, 1),
};
static const struct policy_field channel_fields[] = {
	NAME(struct policy_channel, name),
	NUMBER(struct policy_channel, kind, 0, CHANNEL_KINDS - 1),
	NUMBER(struct policy_channel, second, 0, 1),
	NUMBER(struct policy_channel, language, 0, EXPLAIN_JA),
	NUMBER(struct policy_channel, escalate, 0, 7 * 86400),
	TEXT(struct policy_channel, url, 1),
	TEXT(struct policy_channel, from, 0),
	TEXT(struct policy_channel, to, 0),
	TEXT(struct policy_channel, user, 0),
	TEXT(struct policy_channel, secret_path, 0),
};
static const struct policy_field tenant_fields[] = {
	NAME(struct tenant_row, name),
	{FIELD_IFACE, AT(struct tenant_row, iface), .why = "interface of a tenant"},
	PREFIX(struct tenant_row, network),
};
/* Ranges of the numbers are those of the key table; here only what the bytes must be. */
static const struct policy_field scalar_fields[] = {
	NUMBER(struct policy, settings.depth[0], 0, UINT32_MAX),
	NUMBER(struct policy, settings.depth[1], 0, UINT32_MAX),
	NUMBER(struct policy, settings.chunk, 0, UINT32_MAX),
	NUMBER(struct policy, settings.rate, 0, UINT32_MAX),
	NUMBER(struct policy, settings.burst, 0, UINT32_MAX),
	NUMBER(struct policy, settings.decision_rate, 0, UINT32_MAX),
	NUMBER(struct policy, settings.quota, 0, UINT32_MAX),
	NUMBER(struct policy, settings.tcp_idle, 0, UINT32_MAX),
	NUMBER(struct policy, settings.tcp_closing, 0, UINT32_MAX),
	NUMBER(struct policy, settings.udp_idle, 0, UINT32_MAX),
	NUMBER(struct policy, settings.other_idle, 0, UINT32_MAX),
	{FIELD_ACTIONS, AT(struct policy, settings.action),
	 .why = "an action is out of range or of a reason that has none"},
	NUMBER(struct policy, block.cut_severity, 0, SEKI_SEVERITY_MAX - 1),
	NUMBER(struct policy, block.source_severity, 0, SEKI_SEVERITY_MAX - 1),
	NUMBER(struct policy, block.enabled, 0, 1),
	NUMBER(struct policy, block.ttl, 0, UINT32_MAX),
	NUMBER(struct policy, block.ttl_max, 0, UINT32_MAX),
	NUMBER(struct policy, block.repeat_factor, 0, UINT32_MAX),
	NUMBER(struct policy, block.shared_flows, 0, UINT32_MAX),
	NUMBER(struct policy, block.rate, 0, UINT32_MAX),
	NUMBER(struct policy, egress.template, 0, TEMPLATE_NONE),
	NUMBER(struct policy, egress.quic, 0, 1),
	NUMBER(struct policy, egress.mode, 0, SEKI_MODE_MAX - 1),
	NUMBER(struct policy, egress.raw, 0, 1),
	NUMBER(struct policy, egress.canary, 0, UINT32_MAX),
	NUMBER(struct policy, egress.bulk, 0, UINT32_MAX),
	NUMBER(struct policy, settings.grace_limit, 0, UINT32_MAX),
	NUMBER(struct policy, settings.origin_rate, 0, UINT32_MAX),
	NUMBER(struct policy, engines, 1, SEKI_MAX_RINGS),
	NUMBER(struct policy, engine_memory, 0, UINT64_MAX),
	NUMBER(struct policy, list_entries, 1, UINT32_MAX),
	NUMBER(struct policy, lists_digest, 0, UINT64_MAX),
	TEXT(struct policy, eve_path, 0),
	TEXT(struct policy, store_server, 0),
	NUMBER(struct policy, store_bytes, 0, UINT64_MAX),
	NUMBER(struct policy, store_age, 0, UINT32_MAX),
	NUMBER(struct policy, packet_age[SEKI_SEVERITY_LOW], 0, UINT32_MAX),
	NUMBER(struct policy, packet_age[SEKI_SEVERITY_MEDIUM], 0, UINT32_MAX),
	NUMBER(struct policy, packet_age[SEKI_SEVERITY_HIGH], 0, UINT32_MAX),
	NUMBER(struct policy, packet_age[SEKI_SEVERITY_CRITICAL], 0, UINT32_MAX),
	NUMBER(struct policy, eve_kinds, 0, (1u << EVE_KIND_MAX) - 1),
	TEXT(struct policy, portal.listen, 1),
	TEXT(struct policy, portal.host, 0),
	TEXT(struct policy, portal.certificate, 0),
	TEXT(struct policy, portal.key, 0),
	NUMBER(struct policy, portal.may_allow, 0, 1),
};

#define ARRAY(label, member, number, limit, table)                                                           \
	{                                                                                                    \
		.name = label, .items = offsetof(struct policy, member),                                     \
		.count = offsetof(struct policy, number),                                                    \
		.item_size = sizeof(*((struct policy *)0)->member), .max = limit, .fields = table,           \
		.field_count = ARRAY_LEN(table)                                                              \
	}

const struct policy_array policy_arrays[POLICY_ARRAYS] = {
	[ARRAY_IFACES] = ARRAY("interfaces", ifaces, iface_count, 4096, iface_fields),
	[ARRAY_NETS] = ARRAY("allow, own, protect and shared prefixes", nets, net_count, 65536, net_fields),
	[ARRAY_SERVICES] = ARRAY("egress services", services, service_count, 65536, service_fields),
	[ARRAY_HOSTS] = ARRAY("egress hosts", hosts, host_count, 65536, host_fields),
	/* one less: list 0 is the manual one */
	[ARRAY_LISTS] = ARRAY("lists", lists, list_count, SEKI_MAX_LISTS - 1, list_fields),
	[ARRAY_ENTRIES] = ARRAY("addresses of lists", entries, entry_count, 1u << 20, entry_fields),
	[ARRAY_VARIABLES] = ARRAY("variables", variables, variable_count, 1024, variable_fields),
	[ARRAY_RULE_FILES] = ARRAY("rule files", rule_files, rule_file_count, 4096, rule_file_fields),
	[ARRAY_CHANNELS] =
		ARRAY("notice channels", channels, channel_count, POLICY_CHANNELS_MAX, channel_fields),
	[ARRAY_TENANTS] = ARRAY("networks and interfaces of tenants", tenants, tenant_count, TENANTS_MAX,
				tenant_fields),
	[ARRAY_RULE_DATA] = ARRAY("rule data files", rule_data, rule_data_count, 1024, rule_data_fields),
};

const struct policy_array policy_scalars = {
	.name = "settings",
	.item_size = sizeof(struct policy),
	.max = 1,
	.fields = scalar_fields,
	.field_count = ARRAY_LEN(scalar_fields),
};

uint32_t *policy_array_count(const struct policy_array *array, const struct policy *policy)
{
	return (uint32_t *)((char *)policy + array->count);
}

void **policy_array_items(const struct policy_array *array, const struct policy *policy)
{
	return (void **)((char *)policy + array->items);
}

size_t policy_array_room(uint32_t count)
{
	size_t room = 1;

	while (room < count)
		room *= 2;
	return room;
}

void *policy_array_add(struct policy *policy, enum policy_array_id id, bool *full)
{
	const struct policy_array *array = &policy_arrays[id];
	uint32_t *count = policy_array_count(array, policy);
	void **items = policy_array_items(array, policy);
	char *row;

	*full = *count >= array->max;
	if (*full)
		return NULL;
	if (!*count || *count == policy_array_room(*count)) {
		void *moved = realloc(*items, policy_array_room(*count + 1) * array->item_size);

		if (!moved)
			return NULL;
		*items = moved;
	}
	row = (char *)*items + (size_t)*count * array->item_size;
	memset(row, 0, array->item_size);
	++*count;
	return row;
}

void policy_free(struct policy *policy)
{
	if (!policy)
		return;
	for (unsigned int i = 0; i < POLICY_ARRAYS; i++)
		free(*policy_array_items(&policy_arrays[i], policy));
	free(policy);
}

/* --- checks */

bool policy_name_good(const char *name)
{
	static const char chars[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t len = strlen(name);

	return len > 0 && len < POLICY_NAME_MAX && *name != '.' && *name != '-' && strspn(name, chars) == len;
}

/* As the kernel's own rule, and printable; "any" is a word of the configuration. */
bool policy_iface_good(const char *name)
{
	size_t len = strlen(name);

	if (len == 0 || len > 15 || !strcmp(name, ".") || !strcmp(name, "..") || !strcmp(name, "any"))
		return false;
	for (size_t i = 0; i < len; i++)
		if (name[i] <= 0x20 || name[i] >= 0x7f || name[i] == '/' || name[i] == ':')
			return false;
	return true;
}

/* The text ends within size, is zero behind its end and has no control characters. */
static bool text_holds(const char *text, size_t size, bool needed)
{
	size_t len = strnlen(text, size);

	if (len == size || (needed && len == 0))
		return false;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return false;
	for (size_t i = len; i < size; i++)
		if (text[i])
			return false;
	return true;
}

static bool actions_hold(const uint8_t *action, size_t count)
{
#define CLASS_X false
#define CLASS_V true
	static const bool chosen[] = {
#define X(id, name, kind, ...) [SEKI_R_##id] = CLASS_##kind,
		SEKI_REASONS(X)
#undef X
	};

	for (size_t i = 0; i < count; i++)
		if (action[i] > (i < ARRAY_LEN(chosen) && chosen[i] ? SEKI_ACTION_DROP : SEKI_ACTION_DEFAULT))
			return false;
	return true;
}

static bool number_holds(const struct policy_field *field, const void *at)
{
	uint64_t value = 0;

	switch (field->size) {
	case 1:
		value = *(const uint8_t *)at;
		break;
	case 2:
		value = *(const uint16_t *)at;
		break;
	case 4:
		value = *(const uint32_t *)at;
		break;
	case 8:
		value = *(const uint64_t *)at;
		break;
	}
	return value >= field->min && value <= field->max;
}

const char *policy_field_check(const struct policy_field *field, const void *object)
{
	const void *at = (const char *)object + field->offset;
	bool holds = false;

	switch (field->kind) {
	case FIELD_NUMBER:
		holds = number_holds(field, at);
		break;
	case FIELD_TEXT:
		holds = text_holds(at, field->size, field->min > 0);
		break;
	case FIELD_NAME:
		holds = text_holds(at, field->size, true) && policy_name_good(at);
		break;
	case FIELD_IFACE:
		holds = text_holds(at, field->size, field->min > 0) &&
			(!*(const char *)at || policy_iface_good(at));
		break;
	case FIELD_PREFIX:
		holds = prefix_is_canonical(at);
		break;
	case FIELD_ACTIONS:
		holds = actions_hold(at, field->size);
		break;
	}
	return holds ? NULL : field->why;
}

const char *policy_check(const struct policy *policy)
{
	if (!policy_key_ranges_hold(policy))
		return "a setting is out of its range";
	if (policy->block.ttl > policy->block.ttl_max)
		return "ttl is longer than ttl-max";
	if (policy->block.cut_severity > policy->block.source_severity)
		return "cut-severity is above severity";
	for (uint32_t i = 0; i < policy->entry_count; i++)
		if (policy->entries[i].list >= policy->list_count)
			return "an entry of a list that is not there";
	for (uint32_t i = 0; i < policy->list_count; i++)
		if (!(policy->lists[i].flags & (SEKI_ENTRY_SRC | SEKI_ENTRY_DST)))
			return "a list without direction";
	for (uint32_t i = 0; i < policy->list_count; i++)
		if (policy->lists[i].flags & SEKI_ENTRY_ALERT && policy->lists[i].flags & SEKI_ENTRY_ALLOW)
			return "a list with two actions";
	for (uint32_t i = 0; i < policy->net_count; i++)
		if (!policy->nets[i].allow && !policy->nets[i].flags)
			return "a prefix that says nothing";
	return NULL;
}
