// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * siem_line.c - CEF ("Implementing ArcSight Common Event Format", rev. 25: header
 * escapes \ and |, extension \, = and line ends) and LEEF 2.0 (attributes
 * between tabs, which no value may hold).
 */
#include "siem_line.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "document_private.h"
#include "core/eve/eve_text.h"
#include "core/policy/contract_names.h"

#define PRODUCT "Sekimori|sekimori"
#define VERSION "1"

/* CEF's 0 to 10 and LEEF's 1 to 10 agree where we use them. */
static const unsigned int severities[SEKI_SEVERITY_MAX] = {
	[SEKI_SEVERITY_LOW] = 3,
	[SEKI_SEVERITY_MEDIUM] = 5,
	[SEKI_SEVERITY_HIGH] = 8,
	[SEKI_SEVERITY_CRITICAL] = 10,
};
static const char *const format_names[SIEM_FORMAT_MAX] = {
#define X(id, name, ...) [SIEM_##id] = name,
	SIEM_FORMATS(X)
#undef X
};

int siem_format_find(const char *name, enum siem_format *out)
{
	for (int i = 0; i < SIEM_FORMAT_MAX; i++) {
		if (strcmp(format_names[i], name) != 0)
			continue;
		*out = i;
		return 0;
	}
	return -EINVAL;
}

/* Control characters become spaces, those of escaped get a backslash. */
static void value_add(struct output *out, const char *value, const char *escaped)
{
	for (; *value; value++) {
		bool control = (unsigned char)*value < 0x20 || *value == 0x7f;

		if (!control && strchr(escaped, *value))
			output_text(out, "\\");
		output_add(out, control ? " " : value, 1);
	}
}

struct field_writer {
	struct output *out;
	const char *between, *escaped;
	bool any;
};

static void field(struct field_writer *w, const char *key, const char *value)
{
	if (!*value)
		return;
	if (w->any)
		output_text(w->out, w->between);
	w->any = true;
	output_format(w->out, "%s=", key);
	value_add(w->out, value, w->escaped);
}

static void field_number(struct field_writer *w, const char *key, uint64_t value)
{
	char text[24];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	field(w, key, text);
}

static bool address_there(const struct seki_addr *addr)
{
	static const struct seki_addr none;

	return memcmp(addr, &none, sizeof(none)) != 0;
}

static bool address_v4(const struct seki_addr *addr)
{
	return !addr->w[0] && !addr->w[1] && addr->w[2] == htonl(0xffff);
}

/* CEF has other keys for IPv6. */
static void cef_address(struct field_writer *w, const char *v4, const char *v6, const char *v6_label,
			const char *label, const struct seki_addr *addr)
{
	char text[48];

	if (!address_there(addr))
		return;
	field(w, address_v4(addr) ? v4 : v6, eve_address(addr, text));
	if (!address_v4(addr))
		field(w, v6_label, label);
}

static const char *proto_text(uint8_t proto, char text[8])
{
	switch (proto) {
	case IPPROTO_TCP:
		return "TCP";
	case IPPROTO_UDP:
		return "UDP";
	case IPPROTO_ICMP:
		return "ICMP";
	case 0:
		return "";
	default:
		snprintf(text, 8, "%u", proto);
		return text;
	}
}

/* "1:9001001" of a rule, else the kind of event: what a product groups by. */
static const char *class_text(const struct eve_fields *event, char text[48])
{
	if (event->sid)
		snprintf(text, 48, "%u:%u", event->gid, event->sid);
	else
		snprintf(text, 48, "%.47s", event->type);
	return text;
}

static void cef_write(struct output *out, const struct eve_fields *event)
{
	struct field_writer w = {.out = out, .between = " ", .escaped = "\\="};
	char class[48], proto[8];

	output_text(out, "CEF:0|" PRODUCT "|" VERSION "|");
	value_add(out, class_text(event, class), "\\|");
	output_text(out, "|");
	value_add(out, *event->label ? event->label : event->type, "\\|");
	output_format(out, "|%u|", severities[event->severity % SEKI_SEVERITY_MAX]);
	field_number(&w, "rt", event->t_us / 1000);
	cef_address(&w, "src", "c6a2", "c6a2Label", "Source IPv6 Address", &event->src);
	cef_address(&w, "dst", "c6a3", "c6a3Label", "Destination IPv6 Address", &event->dst);
	if (event->src_port)
		field_number(&w, "spt", event->src_port);
	if (event->dst_port)
		field_number(&w, "dpt", event->dst_port);
	field(&w, "proto", proto_text(event->proto, proto));
	field(&w, "cat", event->type);
	field(&w, "act", contract_verdicts[event->verdict % SEKI_VERDICT_MAX]);
	field(&w, "deviceInboundInterface", event->iface);
	if (*event->list) {
		field(&w, "cs1", event->list);
		field(&w, "cs1Label", "list");
	}
}

static void leef_write(struct output *out, const struct eve_fields *event)
{
	struct field_writer w = {.out = out, .between = "\t", .escaped = ""};
	char class[48], proto[8], text[48];

	output_text(out, "LEEF:2.0|" PRODUCT "|" VERSION "|");
	value_add(out, class_text(event, class), "\\|");
	output_text(out, "|x09|");
	field_number(&w, "devTime", event->t_us / 1000);
	field(&w, "cat", event->type);
	field_number(&w, "sev", severities[event->severity % SEKI_SEVERITY_MAX]);
	if (address_there(&event->src))
		field(&w, "src", eve_address(&event->src, text));
	if (address_there(&event->dst))
		field(&w, "dst", eve_address(&event->dst, text));
	if (event->src_port)
		field_number(&w, "srcPort", event->src_port);
	if (event->dst_port)
		field_number(&w, "dstPort", event->dst_port);
	field(&w, "proto", proto_text(event->proto, proto));
	field(&w, "policy", event->label);
	field(&w, "action", contract_verdicts[event->verdict % SEKI_VERDICT_MAX]);
	field(&w, "list", event->list);
	field(&w, "interface", event->iface);
}

char *siem_line(enum siem_format format, const struct eve_fields *event)
{
	struct output out = {0};

	if (format == SIEM_CEF)
		cef_write(&out, event);
	else
		leef_write(&out, event);
	if (!out.failed)
		return out.data;
	free(out.data);
	return NULL;
}
