// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * eve_read.c - EVE lines back into fields.
 */
#include "eve_read.h"
#include "core/policy/contract_names.h"
#include "eve_text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* 0 when it is no number or does not fit. */
static uint32_t number_of(const json_t *object, const char *key, uint32_t max)
{
	json_int_t value = json_integer_value(json_object_get(object, key));

	return value > 0 && value <= (json_int_t)max ? (uint32_t)value : 0;
}

static uint8_t name_index(const char *const *names, unsigned int count, const char *name, uint8_t none)
{
	for (unsigned int i = 0; i < count; i++)
		if (!strcmp(names[i], name))
			return (uint8_t)i;
	return none;
}

static int digits(const char **at, unsigned int count, int *out)
{
	int value = 0;

	for (; count; count--, ++*at) {
		if (**at < '0' || **at > '9')
			return -EINVAL;
		value = value * 10 + (**at - '0');
	}
	*out = value;
	return 0;
}

static int fraction(const char **at, uint64_t *us)
{
	uint64_t scale = 100000;

	*us = 0;
	if (**at != '.' && **at != ',')
		return 0;
	for (++*at; **at >= '0' && **at <= '9'; ++*at) {
		*us += (uint64_t)(**at - '0') * scale;
		scale /= 10;
	}
	return 0;
}

static int zone(const char *at, int *seconds)
{
	int hours, minutes, sign = *at == '-' ? -1 : 1;

	*seconds = 0;
	if (!*at || !strcmp(at, "Z"))
		return 0;
	if (*at++ != '+' && sign > 0)
		return -EINVAL;
	if (digits(&at, 2, &hours))
		return -EINVAL;
	at += *at == ':';
	if (digits(&at, 2, &minutes) || *at || hours > 14 || minutes > 59)
		return -EINVAL;
	*seconds = sign * (hours * 3600 + minutes * 60);
	return 0;
}

int eve_read_time(const char *text, uint64_t *us)
{
	static const char marks[] = "--T::";
	int parts[6], offset;
	uint64_t part_us;
	struct tm tm;
	time_t seconds;

	for (unsigned int i = 0; i < 6; i++) {
		if (digits(&text, i ? 2 : 4, &parts[i]))
			return -EINVAL;
		if (i < 5 && *text++ != marks[i])
			return -EINVAL;
	}
	if (fraction(&text, &part_us) || zone(text, &offset))
		return -EINVAL;
	if (parts[0] < 1970 || parts[1] < 1 || parts[1] > 12 || parts[2] < 1 || parts[2] > 31 ||
	    parts[3] > 23 || parts[4] > 59 || parts[5] > 60)
		return -EINVAL;
	tm = (struct tm){.tm_year = parts[0] - 1900,
			 .tm_mon = parts[1] - 1,
			 .tm_mday = parts[2],
			 .tm_hour = parts[3],
			 .tm_min = parts[4],
			 .tm_sec = parts[5]};
	seconds = timegm(&tm) - offset;
	if (seconds < 0)
		return -EINVAL;
	*us = (uint64_t)seconds * 1000000 + part_us;
	return 0;
}

int eve_read_address(const char *text, struct seki_addr *out)
{
	struct seki_addr addr = {.b = {[10] = 0xff, [11] = 0xff}};

	if (inet_pton(AF_INET, text, addr.b + 12) != 1 && inet_pton(AF_INET6, text, addr.b) != 1)
		return -EINVAL;
	*out = addr;
	return 0;
}

static char *rule_text(json_t *alert)
{
	static const char *const keys[] = {"category", "metadata", "references"};
	json_t *rule = json_object();
	char *text;

	for (size_t i = 0; rule && i < ARRAY_LEN(keys); i++) {
		json_t *value = json_object_get(alert, keys[i]);

		if (value && json_object_set(rule, keys[i], value))
			break;
	}
	text = rule ? json_dumps(rule, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
	json_decref(rule);
	return text;
}

static int alert_read(json_t *alert, const struct seki_addr *src, struct eve_fields *out)
{
	const json_t *target = json_object_get(alert, "target");
	struct seki_addr addr;

	out->gid = number_of(alert, "gid", UINT32_MAX);
	out->sid = number_of(alert, "signature_id", UINT32_MAX);
	out->rev = number_of(alert, "rev", UINT32_MAX);
	out->label = text_of(alert, "signature");
	out->target_is_src = json_is_object(target) && !eve_read_address(text_of(target, "ip"), &addr) &&
			     !memcmp(&addr, src, sizeof(addr));
	out->rule = rule_text(alert);
	return out->rule ? 0 : -ENOMEM;
}

static int event_read(json_t *event, struct eve_fields *out)
{
	const json_t *own = json_object_get(event, "sekimori"), *drop = json_object_get(event, "drop");
	json_t *alert = json_object_get(event, "alert");

	out->type = text_of(event, "event_type");
	if (!*out->type)
		return -EBADMSG;
	if (eve_read_time(text_of(event, "timestamp"), &out->t_us))
		out->t_us = 0;
	out->severity = name_index(contract_severities, SEKI_SEVERITY_MAX, text_of(own, "severity"),
				   SEKI_SEVERITY_LOW);
	out->verdict = name_index(contract_verdicts, SEKI_VERDICT_MAX, text_of(own, "verdict"),
				  SEKI_VERDICT_UNKNOWN);
	out->proto = eve_proto_number(text_of(event, "proto"));
	out->src_port = (uint16_t)number_of(event, "src_port", UINT16_MAX);
	out->dst_port = (uint16_t)number_of(event, "dest_port", UINT16_MAX);
	if (eve_read_address(text_of(event, "src_ip"), &out->src))
		memset(&out->src, 0, sizeof(out->src));
	if (eve_read_address(text_of(event, "dest_ip"), &out->dst))
		memset(&out->dst, 0, sizeof(out->dst));
	out->iface = text_of(event, "in_iface");
	out->list = text_of(own, "list");
	out->sid = number_of(own, "sid", UINT32_MAX);
	out->label = drop ? text_of(drop, "reason") : text_of(json_object_get(event, out->type), "kind");
	return json_is_object(alert) ? alert_read(alert, &out->src, out) : 0;
}

int eve_read(const char *line, size_t len, struct eve_fields *out)
{
	struct eve_fields fields = {.label = ""};
	json_error_t error;
	int err;

	fields.root = json_loadb(line, len, 0, &error);
	err = json_is_object(fields.root) ? event_read(fields.root, &fields) : -EBADMSG;
	if (err) {
		eve_fields_end(&fields);
		return err;
	}
	*out = fields;
	return 0;
}

void eve_fields_end(struct eve_fields *fields)
{
	free(fields->rule);
	json_decref(fields->root);
	fields->rule = NULL;
	fields->root = NULL;
}
