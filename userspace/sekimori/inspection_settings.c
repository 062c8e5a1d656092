// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * inspection_settings.c - the table of what `inspect --set` takes: limits, data
 * files, rule variables, and who resolves overlaps how.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "inspection.h"
#include "lib/conf.h"

static int set_bytes(const char *value, uint64_t min, uint64_t max, uint64_t *out)
{
	uint64_t bytes;
	int error = conf_bytes(value, &bytes);

	if (error || bytes < min || bytes > max)
		return error ? error : -ERANGE;
	*out = bytes;
	return 0;
}

static int set_depth(struct inspection *inspection, unsigned int dirs, const char *value)
{
	uint64_t bytes;
	int error = set_bytes(value, 1, UINT32_MAX, &bytes);

	for (int d = 0; d < 2 && !error; d++)
		if (dirs >> d & 1)
			inspection->options.depth[d] = (uint32_t)bytes;
	return error;
}

static int set_depth_both(struct inspection *inspection, const char *value)
{
	return set_depth(inspection, 3, value);
}

static int set_depth_server(struct inspection *inspection, const char *value)
{
	return set_depth(inspection, 1, value);
}

static int set_depth_client(struct inspection *inspection, const char *value)
{
	return set_depth(inspection, 2, value);
}

static int set_flow_memory(struct inspection *inspection, const char *value)
{
	return set_bytes(value, 1u << 20, 1ull << 40, &inspection->options.flow_memory);
}

static int set_flow_max(struct inspection *inspection, const char *value)
{
	uint64_t count;
	int error = set_bytes(value, 2, 1u << 24, &count);

	if (!error)
		inspection->options.flow_max = (uint32_t)count;
	return error;
}

static int set_data(struct inspection *inspection, enum rule_data_kind kind, const char *path)
{
	if (inspection->data_count == INSPECT_DATA_MAX)
		return -E2BIG;
	inspection->data[inspection->data_count].kind = kind;
	inspection->data[inspection->data_count++].path = path;
	return 0;
}

static int set_references(struct inspection *inspection, const char *value)
{
	return set_data(inspection, RULE_DATA_REFERENCES, value);
}

static int set_categories(struct inspection *inspection, const char *value)
{
	return set_data(inspection, RULE_DATA_CATEGORIES, value);
}

static int set_reputation(struct inspection *inspection, const char *value)
{
	return set_data(inspection, RULE_DATA_REPUTATION, value);
}

static int set_dataset_folder(struct inspection *inspection, const char *value)
{
	inspection->dataset_folder = value;
	return 0;
}

static int set_thresholds(struct inspection *inspection, const char *value)
{
	return set_data(inspection, RULE_DATA_THRESHOLD, value);
}

static int set_bool(const char *value, bool *out)
{
	static const char *const words[2][4] = {{"no", "false", "off", "0"}, {"yes", "true", "on", "1"}};

	for (int truth = 0; truth < 2; truth++)
		for (size_t i = 0; i < ARRAY_LEN(words[truth]); i++)
			if (!strcmp(value, words[truth][i])) {
				*out = truth;
				return 0;
			}
	return -EINVAL;
}

static int set_midstream(struct inspection *inspection, const char *value)
{
	bool midstream;
	int error = set_bool(value, &midstream);

	if (!error)
		inspection->options.handshake_required = !midstream;
	return error;
}

static int set_checksum_validation(struct inspection *inspection, const char *value)
{
	bool validation;
	int error = set_bool(value, &validation);

	if (!error)
		inspection->options.bad_checksums_count = !validation;
	return error;
}

static int set_stream_first(struct inspection *inspection, const char *value)
{
	return set_bool(value, &inspection->options.stream_first);
}

static int set_one_side(struct inspection *inspection, const char *value)
{
	return set_bool(value, &inspection->options.answer_opens);
}

static int set_alert_max(struct inspection *inspection, const char *value)
{
	uint64_t count;
	int error = set_bytes(value, 0, UINT16_MAX, &count);

	if (!error)
		inspection->options.alert_max = (uint32_t)count;
	return error;
}

static int set_action_order(struct inspection *inspection, const char *value)
{
	const char *why = "";
	int error = ruleset_set_action_order(inspection->builder, value, &why);

	if (error)
		fprintf(stderr, "action-order: %s\n", why);
	return error;
}

static int set_prefilter(struct inspection *inspection, const char *value)
{
	return set_bool(value, &inspection->prefilter);
}

static int set_detail(struct inspection *inspection, enum eve_detail detail, const char *value)
{
	bool wanted;
	int error = set_bool(value, &wanted);

	if (error)
		return error;
	inspection->records.origin.details &= ~(1u << detail);
	inspection->records.origin.details |= (uint32_t)wanted << detail;
	return 0;
}

static int set_payload(struct inspection *inspection, const char *value)
{
	return set_detail(inspection, EVE_DETAIL_PAYLOAD, value);
}

static int set_payload_printable(struct inspection *inspection, const char *value)
{
	return set_detail(inspection, EVE_DETAIL_PAYLOAD_PRINTABLE, value);
}

static int set_packet(struct inspection *inspection, const char *value)
{
	return set_detail(inspection, EVE_DETAIL_PACKET, value);
}

static const struct {
	const char *key;
	int (*set)(struct inspection *inspection, const char *value);
	const char *help;
} settings[] = {
	{"depth", set_depth_both, "inspection depth per transaction and direction (1m)"},
	{"depth.to-server", set_depth_server, "the same, client to server"},
	{"depth.to-client", set_depth_client, "the same, server to client"},
	{"flow.memory", set_flow_memory, "bytes for flows and reassembly (256m)"},
	{"threshold-file", set_thresholds, "limits, suppressed alerts and changed actions"},
	{"reference-config-file", set_references, "where the references of rules lead to"},
	{"reputation-categories-file", set_categories, "number,name,description per line"},
	{"reputation-file", set_reputation, "address,category number,score per line"},
	{"dataset-folder", set_dataset_folder, "where files of data sets lie that are not beside the rules"},
	{"flow.max", set_flow_max, "flows at the same time (65536)"},
	{"action-order", set_action_order, "of rules that fit one packet (pass,drop,reject,alert)"},
	{"packet-alert-max", set_alert_max, "matches of one packet that are told, the first rules' (0: all)"},
	{"alert.payload", set_payload, "alerts carry the packet's payload, base64, up to 4096 bytes (no)"},
	{"alert.payload-printable", set_payload_printable, "the same as text, dots for what is none (no)"},
	{"alert.packet", set_packet, "alerts carry the packet's frame, base64 (no)"},
	{"prefilter", set_prefilter, "leave out what the kernel module would not hand over; one worker (no)"},
	{"stream.async-oneside", set_one_side,
	 "the server's half of a handshake will do, where one is required (no)"},
	{"stream.checksum-validation", set_checksum_validation,
	 "segments with a wrong checksum are not for their receiver (yes)"},
	{"stream.inline", set_stream_first,
	 "rules about a packet know what it did to the stream, as where it is held back for that (no)"},
	{"stream.midstream", set_midstream, "take up TCP whose handshake is not seen (yes)"},
};

/* Rule variables by name, also as Suricata's configuration spells them. */
static const char *variable_name(const char *key)
{
	static const char *const prefixes[] = {"vars.address-groups.", "vars.port-groups."};

	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
		if (!strncmp(key, prefixes[i], strlen(prefixes[i])))
			return key + strlen(prefixes[i]);
	return *key >= 'A' && *key <= 'Z' ? key : NULL;
}

#define RECEIVERS_KEY "host-os-policy."

/* host-os-policy.linux=[10.0.0.0/8,2001:db8::/32]: who puts overlapping segments and fragments together how.
 */
static int add_receivers(struct inspection *inspection, const char *name, const char *value)
{
	enum overlap_policy policy;
	const char *why = "";
	int error = overlap_policy_find(name, &policy);

	if (error) {
		fprintf(stderr, "--set " RECEIVERS_KEY "%s: there are\n ", name);
		for (unsigned int i = 0; i < OVERLAP_POLICY_MAX; i++)
			fprintf(stderr, " %s", overlap_policy_name((enum overlap_policy)i));
		fputc('\n', stderr);
		return error;
	}
	inspection->options.hosts = &inspection->hosts;
	while (!error && *(value += strspn(value, "[], "))) {
		size_t len = strcspn(value, "[], ");
		struct prefix prefix;

		error = prefix_parse(value, len, &prefix, &why);
		if (!error)
			error = overlap_hosts_add(&inspection->hosts, &prefix, policy);
		if (error)
			fprintf(stderr, "--set " RECEIVERS_KEY "%s: %.*s: %s\n", name, (int)len, value,
				error == -ENOSPC ? "too many prefixes" : why);
		value += len;
	}
	return error;
}

int inspection_set(struct inspection *inspection, const char *text)
{
	const char *equals = strchr(text, '='), *why = "unknown", *name;
	AUTO_FREE char *key = NULL;
	int error = -EINVAL;

	if (!equals) {
		fprintf(stderr, "--set %s: KEY=VALUE is expected\n", text);
		return -EINVAL;
	}
	key = strndup(text, (size_t)(equals - text));
	if (!key)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_LEN(settings); i++)
		if (!strcmp(key, settings[i].key)) {
			error = settings[i].set(inspection, equals + 1);
			if (error)
				fprintf(stderr, "--set %s: %s\n", text, strerror(-error));
			return error;
		}
	if (!strncmp(key, RECEIVERS_KEY, strlen(RECEIVERS_KEY)))
		return add_receivers(inspection, key + strlen(RECEIVERS_KEY), equals + 1);
	name = variable_name(key);
	if (name)
		error = ruleset_set_variable(inspection->builder, name, equals + 1, &why);
	if (!error)
		return 0;
	if (name) {
		fprintf(stderr, "--set %s: %s\n", text, why);
		return error;
	}
	fprintf(stderr, "--set %s: unknown key; there are rule variables (HOME_NET=…) and\n", text);
	for (size_t i = 0; i < ARRAY_LEN(settings); i++)
		fprintf(stderr, "  %-16s %s\n", settings[i].key, settings[i].help);
	fprintf(stderr,
		"  " RECEIVERS_KEY "NAME which receivers resolve overlaps like NAME (bsd everywhere)\n");
	return -EINVAL;
}
