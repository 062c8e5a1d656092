// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * egress_line.c - egress notes to JSON lines and back.
 */
#include "egress_line.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/eve/eve_text.h"
#include "core/policy/contract_names.h"

static const char *const kind_names[EGRESS_LINE_KIND_MAX] = {"talk", "finding", "coverage"};
const char *const egress_gap_names[EGRESS_GAP_MAX] = {
#define X(id, name) [EGRESS_GAP_##id] = name,
	EGRESS_GAPS(X)
#undef X
};

/* Components leaf first, each NUL-terminated within its width, to "/root/leaf". */
static const char *join(const char *names, size_t width, unsigned int count, char *text, size_t size)
{
	unsigned int n = 0;
	size_t used = 0;

	while (n < count && names[n * width])
		n++;
	*text = '\0';
	if (n == count)
		used = (size_t)snprintf(text, size, "…");
	while (n-- > 0 && used < size)
		used += (size_t)snprintf(text + used, size - used, "/%.*s", (int)width - 1,
					 names + n * width);
	return text;
}

const char *egress_process_path(const struct seki_process *process, char *text, size_t size)
{
	return join(process->path[0], SEKI_PROCESS_NAME, SEKI_PROCESS_PATH, text, size);
}

const char *egress_process_cgroup(const struct seki_process *process, char *text, size_t size)
{
	return join(process->cgroup[0], SEKI_PROCESS_CGROUP, SEKI_PROCESS_CGROUPS, text, size);
}

/* The systemd unit among the names: what ends like one, nearest to the process. */
static const char *unit_of(const struct seki_process *process)
{
	static const char *const ends[] = {".service", ".scope", ".socket"};

	for (unsigned int i = 0; i < SEKI_PROCESS_CGROUPS; i++) {
		size_t len = strnlen(process->cgroup[i], SEKI_PROCESS_CGROUP);

		for (size_t j = 0; j < ARRAY_LEN(ends) && len < SEKI_PROCESS_CGROUP; j++)
			if (len > strlen(ends[j]) &&
			    !strcmp(process->cgroup[i] + len - strlen(ends[j]), ends[j]))
				return process->cgroup[i];
	}
	return "";
}

static json_t *process_object(const struct seki_process *p)
{
	json_t *object = json_object();
	char path[SEKI_PROCESS_PATH * SEKI_PROCESS_NAME + 8],
		cgroup[SEKI_PROCESS_CGROUPS * SEKI_PROCESS_CGROUP + 8];

	if (p->way == SEKI_WAY_CONNECT || p->way == SEKI_WAY_SOCKET) {
		eve_set(object, "pid", json_integer(p->pid));
		eve_set(object, "ppid", json_integer(p->ppid));
		eve_set(object, "uid", json_integer(p->uid));
		eve_set(object, "comm", eve_text_of(p->comm));
		eve_set(object, "parent", eve_text_of(p->parent));
		eve_set(object, "exe", eve_text_of(egress_process_path(p, path, sizeof(path))));
	}
	eve_set(object, "socket", json_integer((json_int_t)p->socket));
	eve_set(object, "cgroup_id", json_integer((json_int_t)p->cgroup_id));
	eve_set(object, "cgroup", eve_text_of(egress_process_cgroup(p, cgroup, sizeof(cgroup))));
	eve_set(object, "unit", eve_text_of(unit_of(p)));
	return object;
}

static bool address_known(const struct seki_addr *addr)
{
	static const struct seki_addr none;

	return memcmp(addr, &none, sizeof(none)) != 0;
}

static int dump(json_t *event, char **line, size_t *len)
{
	char *text = json_dumps(event, JSON_COMPACT | JSON_PRESERVE_ORDER);
	size_t n = text ? strlen(text) : 0;

	json_decref(event);
	if (!text)
		return -ENOMEM;
	text[n] = '\n'; /* the NUL's place; the length goes along */
	*line = text;
	*len = n + 1;
	return 0;
}

static void put_talk(json_t *event, json_t *egress, const struct egress_talk *t)
{
	char text[48];

	if (address_known(&t->host))
		eve_set(event, "src_ip", json_string(eve_address(&t->host, text)));
	if (address_known(&t->dst)) {
		eve_set(event, "dest_ip", json_string(eve_address(&t->dst, text)));
		eve_set(event, "dest_port", json_integer(t->dport));
		eve_set(event, "proto", eve_proto(t->proto));
	}
	if (t->vlan)
		eve_set(egress, "vlan", json_integer(t->vlan));
	if (t->mac[0] | t->mac[1] | t->mac[2] | t->mac[3] | t->mac[4] | t->mac[5]) {
		snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", t->mac[0], t->mac[1], t->mac[2],
			 t->mac[3], t->mac[4], t->mac[5]);
		eve_set(egress, "mac", json_string(text));
	}
	eve_set(egress, "first", json_integer((json_int_t)t->first));
	eve_set(egress, "last", json_integer((json_int_t)t->last));
	eve_set(egress, "flows", json_integer((json_int_t)t->flows));
	eve_set(egress, "blocked", json_integer((json_int_t)t->blocked));
	eve_set(egress, "would_block", json_integer((json_int_t)t->would));
	eve_set(egress, "bytes_out", json_integer((json_int_t)t->bytes_out));
	eve_set(egress, "bytes_in", json_integer((json_int_t)t->bytes_in));
	if (t->process.way)
		eve_set(egress, "process", process_object(&t->process));
}

static void put_evidence(json_t *egress, const struct egress_note *note)
{
	json_t *evidence = json_object();

	eve_set(evidence, "count", json_integer((json_int_t)note->count));
	if (note->bytes)
		eve_set(evidence, "bytes", json_integer((json_int_t)note->bytes));
	if (note->interval_ms) {
		eve_set(evidence, "interval_ms", json_integer(note->interval_ms));
		eve_set(evidence, "jitter_permille", json_integer(note->jitter_permille));
	}
	if (note->finding == EGRESS_SCAN)
		eve_set(evidence, "of", json_string(note->ports ? "ports" : "hosts"));
	if (note->text)
		eve_set(evidence, "text", eve_text_of(note->text));
	eve_set(egress, "evidence", evidence);
}

static json_t *begin(uint64_t t_us, enum egress_kind kind, json_t **egress)
{
	json_t *event = json_object();
	char when[40];

	eve_set(event, "timestamp", json_string(eve_time(t_us, when)));
	eve_set(event, "event_type", json_string("egress"));
	*egress = json_object();
	eve_set(*egress, "kind", json_string(kind_names[kind]));
	return event;
}

int egress_line_note(const struct egress_note *note, char **line, size_t *len)
{
	bool finding = note->finding < EGRESS_FINDING_MAX;
	json_t *egress, *own = json_object();
	json_t *event = begin(note->t_us, finding ? EGRESS_LINE_FINDING : EGRESS_LINE_TALK, &egress);

	if (finding)
		eve_set(egress, "finding", json_string(egress_finding_names[note->finding]));
	put_talk(event, egress, note->talk);
	if (note->name)
		eve_set(egress, "host_name", eve_text_of(note->name));
	if (note->said) {
		json_t *says = json_object();

		eve_set(says, "name", eve_text_of(note->said));
		eve_set(says, "by", json_string(note->said_by));
		eve_set(egress, "host_says", says);
	}
	if (finding)
		put_evidence(egress, note);
	eve_set(event, "egress", egress);
	eve_set(own, "verdict",
		json_string(
			contract_verdicts[note->talk->verdict < SEKI_VERDICT_MAX ? note->talk->verdict : 0]));
	if (finding)
		eve_set(own, "severity", json_string(contract_severities[note->severity]));
	eve_set(event, "sekimori", own);
	return dump(event, line, len);
}

int egress_line_coverage(const struct egress_coverage *c, char **line, size_t *len)
{
	json_t *egress, *gaps = json_object();
	json_t *event = begin(c->to, EGRESS_LINE_COVERAGE, &egress);

	eve_set(egress, "from", json_integer((json_int_t)c->from));
	eve_set(egress, "to", json_integer((json_int_t)c->to));
	eve_set(egress, "attached_us", json_integer((json_int_t)c->attached_us));
	eve_set(egress, "packets", json_integer((json_int_t)c->packets));
	for (int i = 0; i < EGRESS_GAP_MAX; i++)
		if (c->gaps[i])
			eve_set(gaps, egress_gap_names[i], json_integer((json_int_t)c->gaps[i]));
	eve_set(egress, "gaps", gaps);
	eve_set(egress, "canaries_due", json_integer(c->canaries_due));
	eve_set(egress, "canaries_seen", json_integer(c->canaries_seen));
	eve_set(egress, "enforcing", json_boolean(c->enforcing));
	eve_set(egress, "raw_covered", json_boolean(c->raw_covered));
	eve_set(egress, "xdp_covered", json_boolean(c->xdp_covered));
	eve_set(event, "egress", egress);
	return dump(event, line, len);
}

/* --- back */

static uint64_t number(const json_t *object, const char *key)
{
	json_int_t value = json_integer_value(json_object_get(object, key));

	return value > 0 ? (uint64_t)value : 0;
}

static void text(const json_t *object, const char *key, char *out, size_t size)
{
	const char *value = json_string_value(json_object_get(object, key));

	snprintf(out, size, "%s", value ? value : "");
}

static int choice(const json_t *object, const char *key, const char *const *names, int count)
{
	const char *value = json_string_value(json_object_get(object, key));

	for (int i = 0; value && i < count; i++)
		if (!strcmp(names[i], value))
			return i;
	return -1;
}

static void read_process(const json_t *egress, struct egress_record *out)
{
	const json_t *p = json_object_get(egress, "process");

	if (!json_is_object(p))
		return;
	out->process = true;
	out->pid = (uint32_t)number(p, "pid");
	out->ppid = (uint32_t)number(p, "ppid");
	out->uid = (uint32_t)number(p, "uid");
	text(p, "comm", out->comm, sizeof(out->comm));
	text(p, "parent", out->parent, sizeof(out->parent));
	text(p, "exe", out->exe, sizeof(out->exe));
	text(p, "unit", out->unit, sizeof(out->unit));
	text(p, "cgroup", out->cgroup, sizeof(out->cgroup));
}

static int read_talk(const json_t *event, const json_t *egress, struct egress_record *out)
{
	const json_t *own = json_object_get(event, "sekimori"),
		     *evidence = json_object_get(egress, "evidence"),
		     *says = json_object_get(egress, "host_says");
	int verdict = choice(own, "verdict", contract_verdicts, SEKI_VERDICT_MAX), severity, finding;
	const char *of = json_string_value(json_object_get(evidence, "of"));

	if (verdict < 0)
		return -EBADMSG;
	out->verdict = (uint8_t)verdict;
	text(event, "src_ip", out->host, sizeof(out->host));
	text(egress, "host_name", out->name, sizeof(out->name));
	text(says, "name", out->said, sizeof(out->said));
	text(says, "by", out->said_by, sizeof(out->said_by));
	text(event, "dest_ip", out->dst, sizeof(out->dst));
	text(event, "proto", out->proto, sizeof(out->proto));
	out->dport = (uint16_t)number(event, "dest_port");
	out->vlan = (uint16_t)number(egress, "vlan");
	text(egress, "mac", out->mac, sizeof(out->mac));
	out->first = number(egress, "first");
	out->last = number(egress, "last");
	out->flows = number(egress, "flows");
	out->blocked = number(egress, "blocked");
	out->would = number(egress, "would_block");
	out->bytes_out = number(egress, "bytes_out");
	out->bytes_in = number(egress, "bytes_in");
	read_process(egress, out);
	if (out->kind == EGRESS_LINE_TALK)
		return 0;
	finding = choice(egress, "finding", egress_finding_names, EGRESS_FINDING_MAX);
	severity = choice(own, "severity", contract_severities, SEKI_SEVERITY_MAX);
	if (finding < 0 || severity < 0)
		return -EBADMSG;
	out->finding = finding;
	out->severity = (uint8_t)severity;
	out->count = number(evidence, "count");
	out->bytes = number(evidence, "bytes");
	out->interval_ms = (uint32_t)number(evidence, "interval_ms");
	out->jitter_permille = (uint32_t)number(evidence, "jitter_permille");
	out->ports = of && !strcmp(of, "ports");
	text(evidence, "text", out->text, sizeof(out->text));
	return 0;
}

static int read_coverage(const json_t *egress, struct egress_coverage *c)
{
	const json_t *gaps = json_object_get(egress, "gaps");

	c->from = number(egress, "from");
	c->to = number(egress, "to");
	c->attached_us = number(egress, "attached_us");
	c->packets = number(egress, "packets");
	for (int i = 0; i < EGRESS_GAP_MAX; i++)
		c->gaps[i] = number(gaps, egress_gap_names[i]);
	c->canaries_due = (uint32_t)number(egress, "canaries_due");
	c->canaries_seen = (uint32_t)number(egress, "canaries_seen");
	c->enforcing = json_is_true(json_object_get(egress, "enforcing"));
	c->raw_covered = json_is_true(json_object_get(egress, "raw_covered"));
	c->xdp_covered = json_is_true(json_object_get(egress, "xdp_covered"));
	return c->from && c->to > c->from ? 0 : -EBADMSG;
}

int egress_line_parse(const char *line, size_t len, struct egress_record *out)
{
	json_t *event, *egress;
	const char *type;
	int kind, err;

	/* Most lines of an event file are others: no need to read them. */
	if (!memmem(line, len, "\"egress\"", 8))
		return -ENOENT;
	event = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	type = json_string_value(json_object_get(event, "event_type"));
	if (!type || strcmp(type, "egress")) {
		json_decref(event);
		return event ? -ENOENT : -EBADMSG;
	}
	egress = json_object_get(event, "egress");
	kind = choice(egress, "kind", kind_names, EGRESS_LINE_KIND_MAX);
	memset(out, 0, sizeof(*out));
	out->kind = kind;
	if (kind < 0)
		err = -EBADMSG;
	else if (kind == EGRESS_LINE_COVERAGE)
		err = read_coverage(egress, &out->coverage);
	else
		err = read_talk(event, egress, out);
	out->t_us = kind == EGRESS_LINE_COVERAGE ? out->coverage.to : out->last;
	json_decref(event);
	return err;
}
