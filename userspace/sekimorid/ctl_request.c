// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ctl_request.c - JSON of a client to a message for the keeper.
 */
#include <errno.h>
#include <string.h>

#include "core/list/list_guard.h"
#include "core/report/notice_text.h"
#include "ctl.h"

#define EXPIRES_MAX 315360000u /* ten years */

enum ctl_field { FIELD_ADDRESS = 1, FIELD_NAME = 2, FIELD_PATH = 4, FIELD_NUMBER = 8, FIELD_REMOVE = 16 };

struct ctl_row {
	const char *command;
	uint32_t type;
	bool changes;
	uint32_t required, optional; /* FIELD_*, for message_ask */
	bool portal;		     /* also the portal may, within keeper_portal_refuses() */
};

static const struct ctl_row rows[] = {
	{"status", MESSAGE_ASK_STATUS, false, 0, 0, true},
	{"counters", MESSAGE_ASK_COUNTERS, false, 0, 0, true},
	{"why", MESSAGE_ASK_WHY, false, FIELD_ADDRESS, 0, true},
	{"lists", MESSAGE_ASK_LISTS, false, 0, 0, true},
	{"items", MESSAGE_ASK_ITEMS, false, FIELD_NAME, FIELD_NUMBER | FIELD_ADDRESS, true},
	{"exported", MESSAGE_ASK_EXPORTED, false, 0, 0, false},
	{"block", MESSAGE_BLOCK, true, 0, 0, true},
	{"unblock", MESSAGE_UNBLOCK, true, FIELD_ADDRESS, 0, true},
	{"allow", MESSAGE_ALLOW, true, FIELD_ADDRESS, FIELD_REMOVE, true},
	{"load", MESSAGE_LIST_LOAD, true, 0, 0, false},
	{"verify", MESSAGE_LIST_VERIFY, true, 0, FIELD_REMOVE, false},
	{"list-rollback", MESSAGE_LIST_ROLLBACK, true, FIELD_NAME, 0, false},
	{"apply", MESSAGE_APPLY, true, 0, FIELD_PATH | FIELD_NUMBER, false},
	{"confirm", MESSAGE_CONFIRM, true, 0, 0, false},
	{"rollback", MESSAGE_ROLLBACK, true, 0, 0, false},
	{"reload", MESSAGE_RELOAD, true, 0, 0, false},
	{"notify-test", MESSAGE_NOTIFY_TEST, true, 0, FIELD_NAME, false},
	{"ack", MESSAGE_ACK, true, 0, 0, true},
	{"suppress", MESSAGE_SUPPRESS, true, 0, 0, true},
	{"trace", MESSAGE_TRACE, true, 0, 0, true},
	{"portal-code", MESSAGE_ASK_CODE, true, 0, 0, false},
	{"up", MESSAGE_UP, true, 0, 0, false},
	{"down", MESSAGE_DOWN, true, 0, 0, false},
};

static const char *const role_names[SEKI_ROLE_MAX] = {
#define X(id, name, ...) [SEKI_ROLE_##id] = name,
	SEKI_ROLES(X)
#undef X
};

/* Copies a JSON string; absent is fine. */
static bool request_text(const json_t *object, const char *key, char *out, size_t size)
{
	const json_t *value = json_object_get(object, key);
	size_t len;

	if (!value)
		return true;
	len = json_string_length(value);
	if (!json_is_string(value) || len >= size || strlen(json_string_value(value)) != len)
		return false;
	memcpy(out, json_string_value(value), len + 1);
	return true;
}

static bool request_number(const json_t *object, const char *key, uint64_t max, uint64_t *out)
{
	const json_t *value = json_object_get(object, key);

	if (!value)
		return true;
	if (!json_is_integer(value) || json_integer_value(value) < 0 ||
	    (uint64_t)json_integer_value(value) > max)
		return false;
	*out = (uint64_t)json_integer_value(value);
	return true;
}

static bool request_prefix(const json_t *object, const char *key, struct message_prefix *out)
{
	const char *text = json_string_value(json_object_get(object, key)), *why;
	struct prefix prefix;

	if (!text || prefix_parse(text, strlen(text), &prefix, &why))
		return false;
	message_prefix_put(&prefix, out);
	return true;
}

static int request_peer(const json_t *object, uint32_t uid, bool portal, struct message_peer *peer,
			const char **why)
{
	const json_t *session = json_object_get(object, "session");
	struct message_prefix prefix;
	uint64_t port = 0;

	peer->uid = uid;
	peer->portal = portal;
	*why = "\"by\" is too long";
	if (portal && !request_text(object, "by", peer->who, sizeof(peer->who)))
		return -EINVAL;
	if (!session || portal)
		return 0;
	if (!request_prefix(session, "address", &prefix) || prefix.len != 128 ||
	    !request_number(session, "port", 65535, &port)) {
		*why = "\"session\" is not {address, port}";
		return -EINVAL;
	}
	memcpy(peer->address, prefix.addr, sizeof(peer->address));
	peer->port = (uint16_t)port;
	peer->known = 1;
	return 0;
}

static int request_ask(const json_t *object, const struct ctl_row *row, struct message_ask *ask,
		       const char **why)
{
	uint32_t allowed = row->required | row->optional;
	uint64_t number = 0;

	if (allowed & FIELD_ADDRESS && !request_prefix(object, "address", &ask->prefix) &&
	    (row->required & FIELD_ADDRESS || json_object_get(object, "address"))) {
		*why = "\"address\" is not an address or prefix";
		return -EINVAL;
	}
	if (!request_text(object, "name", ask->name, sizeof(ask->name)) ||
	    (row->required & FIELD_NAME && !*ask->name)) {
		*why = "\"name\" is missing or too long";
		return -EINVAL;
	}
	if (!request_text(object, "path", ask->path, sizeof(ask->path)) ||
	    (*ask->path && *ask->path != '/')) {
		*why = "\"path\" is too long or not absolute";
		return -EINVAL;
	}
	if (!request_number(object, "number", UINT32_MAX, &number)) {
		*why = "\"number\" is out of range";
		return -EINVAL;
	}
	ask->number = (uint32_t)number;
	ask->remove = json_is_true(json_object_get(object, "remove"));
	return 0;
}

static int request_block(const json_t *object, struct message_block *block, const char **why)
{
	if (!request_prefix(object, "address", &block->prefix)) {
		*why = "\"address\" is not an address or prefix";
		return -EINVAL;
	}
	if (!request_number(object, "seconds", 10ULL * 366 * 86400, &block->seconds)) {
		*why = "\"seconds\" is out of range (at most ten years)";
		return -EINVAL;
	}
	if (!request_text(object, "reason", block->reason, sizeof(block->reason))) {
		*why = "\"reason\" is longer than 127 bytes";
		return -EINVAL;
	}
	block->wide = json_is_true(json_object_get(object, "wide"));
	return 0;
}

static int request_up(const json_t *object, struct message_up *up, const char **why)
{
	const json_t *ifaces = json_object_get(object, "ifaces"), *row;
	uint64_t number = 0;
	size_t i;

	if (json_is_true(json_object_get(object, "takeover")))
		up->flags |= UP_TAKEOVER;
	if (json_is_true(json_object_get(object, "generic")))
		up->flags |= UP_GENERIC;
	if (json_is_true(json_object_get(object, "enforce")))
		up->flags |= UP_ENFORCE;
	*why = "\"ifaces\" is not an array of at most 16 {name, vlan, role}";
	if (json_array_size(ifaces) > MESSAGE_UP_MAX)
		return -EINVAL;
	json_array_foreach(ifaces, i, row)
	{
		const char *role = json_string_value(json_object_get(row, "role"));

		number = 0;
		if (!request_text(row, "name", up->ifaces[i].name, sizeof(up->ifaces[i].name)) ||
		    !*up->ifaces[i].name || !request_number(row, "vlan", 4094, &number))
			return -EINVAL;
		up->ifaces[i].vlan = (uint16_t)number;
		up->ifaces[i].role = SEKI_ROLE_WAN;
		if (role) {
			int r = SEKI_ROLE_NONE + 1;

			while (r < SEKI_ROLE_MAX && strcmp(role_names[r], role) != 0)
				r++;
			if (r == SEKI_ROLE_MAX)
				return -EINVAL;
			up->ifaces[i].role = (uint8_t)r;
		}
	}
	up->count = (uint32_t)json_array_size(ifaces);
	number = 0;
	*why = "\"confirm\" is out of range (5 to 86400 seconds)";
	if (!request_number(object, "confirm", 86400, &number) || (number && number < 5))
		return -EINVAL;
	up->confirm_within = (uint32_t)number;
	*why = "\"path\" is too long or not absolute";
	if (!request_text(object, "path", up->path, sizeof(up->path)) || (*up->path && *up->path != '/'))
		return -EINVAL;
	return 0;
}

static int request_ack(const json_t *object, struct message_ack *ack, const char **why)
{
	char id[24] = "";

	*why = "\"event\" is not the number of an event";
	if (!request_number(object, "event", INT64_MAX, &ack->event))
		return -EINVAL;
	*why = "\"id\" is not the number of a notice, or \"all\"";
	if (!request_text(object, "id", id, sizeof(id)) || (!*id && !ack->event))
		return -EINVAL;
	if (*id && strcmp(id, "all") && (notice_id_read(id, &ack->id) || !ack->id))
		return -EINVAL;
	*why = "\"by\" is longer than 63 bytes, or \"comment\" than 255";
	if (!request_text(object, "by", ack->by, sizeof(ack->by)) ||
	    !request_text(object, "comment", ack->comment, sizeof(ack->comment)))
		return -EINVAL;
	return 0;
}

static int request_load(const json_t *object, struct message_load *load, const char **why)
{
	uint64_t number = 0;

	*why = "\"name\" or \"format\" is missing or too long";
	if (!request_text(object, "name", load->name, sizeof(load->name)) || !*load->name ||
	    !request_text(object, "format", load->format, sizeof(load->format)))
		return -EINVAL;
	*why = "\"flags\", \"severity\", \"allow\", \"share\", \"expires\", \"max_age\" or \"priority\" is "
	       "out of range";
	number = SEKI_ENTRY_SRC | SEKI_ENTRY_DST;
	if (!request_number(object, "flags", UINT8_MAX, &number))
		return -EINVAL;
	load->flags = (uint8_t)number;
	number = SEKI_SEVERITY_HIGH;
	if (!request_number(object, "severity", SEKI_SEVERITY_MAX - 1, &number))
		return -EINVAL;
	load->severity = (uint8_t)number;
	number = 0;
	if (!request_number(object, "allow", LIST_ALLOW_ALL, &number))
		return -EINVAL;
	load->allow = (uint8_t)number;
	number = LIST_SHARE_STANDARD;
	if (!request_number(object, "share", 100, &number))
		return -EINVAL;
	load->max_share = (uint8_t)number;
	number = 0;
	if (!request_number(object, "expires", EXPIRES_MAX, &number))
		return -EINVAL;
	load->expires = (uint32_t)number;
	number = 0;
	if (!request_number(object, "max_age", EXPIRES_MAX, &number))
		return -EINVAL;
	load->max_age = (uint32_t)number;
	number = 0;
	if (!request_number(object, "priority", UINT8_MAX, &number))
		return -EINVAL;
	load->priority = (uint8_t)number;
	load->update = json_is_true(json_object_get(object, "update"));
	return 0;
}

static int request_suppress(const json_t *object, struct message_suppress *suppress, const char **why)
{
	uint64_t gid = 1, sid = 0;

	*why = "\"address\" is not an address or prefix";
	if (!request_prefix(object, "address", &suppress->prefix))
		return -EINVAL;
	*why = "\"gid\" or \"sid\" is out of range, or \"reason\" longer than 127 bytes";
	if (!request_number(object, "gid", UINT32_MAX, &gid) ||
	    !request_number(object, "sid", UINT32_MAX, &sid) || !sid ||
	    !request_text(object, "reason", suppress->reason, sizeof(suppress->reason)))
		return -EINVAL;
	suppress->gid = (uint32_t)gid;
	suppress->sid = (uint32_t)sid;
	suppress->remove = json_is_true(json_object_get(object, "remove"));
	return 0;
}

static int request_trace(const json_t *object, struct message_trace *trace, const char **why)
{
	uint64_t kind = AUDIT_NOTE;

	*why = "\"kind\" or \"text\" is missing or too long";
	if (!request_number(object, "kind", AUDIT_KIND_MAX - 1, &kind) ||
	    !request_text(object, "text", trace->text, sizeof(trace->text)) || !*trace->text)
		return -EINVAL;
	trace->kind = (uint32_t)kind;
	return 0;
}

static int request_exported(const json_t *object, struct message_trace *trace, const char **why)
{
	*why = "\"text\" is missing or longer than 255 bytes";
	return request_text(object, "text", trace->text, sizeof(trace->text)) && *trace->text ? 0 : -EINVAL;
}

static int request_row(const json_t *object, const struct ctl_row *row, uint32_t uid, bool portal,
		       struct ctl_request *out, const char **why)
{
	struct message_peer *peer;
	int err;

	if (row->type == MESSAGE_BLOCK) {
		out->len = sizeof(out->body.block);
		peer = &out->body.block.peer;
		err = request_block(object, &out->body.block, why);
	} else if (row->type == MESSAGE_LIST_LOAD) {
		out->len = sizeof(out->body.load);
		peer = &out->body.load.peer;
		err = request_load(object, &out->body.load, why);
	} else if (row->type == MESSAGE_ACK) {
		out->len = sizeof(out->body.ack);
		peer = &out->body.ack.peer;
		err = request_ack(object, &out->body.ack, why);
	} else if (row->type == MESSAGE_SUPPRESS) {
		out->len = sizeof(out->body.suppress);
		peer = &out->body.suppress.peer;
		err = request_suppress(object, &out->body.suppress, why);
	} else if (row->type == MESSAGE_TRACE) {
		out->len = sizeof(out->body.trace);
		peer = &out->body.trace.peer;
		err = request_trace(object, &out->body.trace, why);
	} else if (row->type == MESSAGE_ASK_EXPORTED) {
		out->len = sizeof(out->body.trace);
		peer = &out->body.trace.peer;
		err = request_exported(object, &out->body.trace, why);
	} else if (row->type == MESSAGE_UP) {
		out->len = sizeof(out->body.up);
		peer = &out->body.up.peer;
		err = request_up(object, &out->body.up, why);
	} else {
		out->len = sizeof(out->body.ask);
		peer = &out->body.ask.peer;
		err = request_ask(object, row, &out->body.ask, why);
	}
	return err ? err : request_peer(object, uid, portal, peer, why);
}

int ctl_request_read(const char *text, size_t len, uint32_t uid, bool portal, struct ctl_request *out,
		     const char **why)
{
	json_error_t error;
	json_t *object = json_loadb(text, len, JSON_REJECT_DUPLICATES, &error);
	const char *command = json_string_value(json_object_get(object, "command"));
	int err = -EINVAL;

	memset(out, 0, sizeof(*out));
	*why = object ? "unknown command" : "the request is not a JSON object";
	for (size_t i = 0; command && i < ARRAY_LEN(rows); i++) {
		if (strcmp(rows[i].command, command) != 0)
			continue;
		out->type = rows[i].type;
		out->changes = rows[i].changes;
		out->portal = rows[i].portal;
		out->needs_fd = message_table[rows[i].type].descriptor;
		err = request_row(object, &rows[i], uid, portal, out, why);
		break;
	}
	json_decref(object);
	return err;
}
