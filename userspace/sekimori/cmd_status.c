// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_status.c - one line that tells whether anything is enforced, then the rest.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "client.h"

enum iface_condition { ENFORCING, WATCHING, BROKEN, CONDITIONS };

#define HELD_BACK "held-back" /* of SEKI_LOSSES */
/* 16 interfaces at most, each with a name of 15 bytes and " vlan 4094". */
#define NAMES_MAX 512

struct summary {
	int count[CONDITIONS];
	char names[CONDITIONS][NAMES_MAX];
	long long since, lost;
};

static enum iface_condition condition_of(const json_t *row)
{
	if (!client_flag(row, "attached"))
		return BROKEN;
	return strcmp(client_text(row, "mode"), "enforce") ? WATCHING : ENFORCING;
}

/* An interface's name, with its VLAN where the role belongs to one. */
static const char *iface_text(const json_t *row, char text[64])
{
	if (client_number(row, "vlan"))
		snprintf(text, 64, "%s vlan %lld", client_text(row, "name"), client_number(row, "vlan"));
	else
		snprintf(text, 64, "%s", client_text(row, "name"));
	return text;
}

static void summarize(const json_t *status, struct summary *out)
{
	const json_t *row, *value;
	const char *key;
	size_t i;

	json_array_foreach(json_object_get(status, "ifaces"), i, row)
	{
		enum iface_condition condition = condition_of(row);
		char *names = out->names[condition], text[64];
		size_t len = strlen(names);

		out->count[condition]++;
		if (condition != BROKEN && client_number(row, "since") > out->since)
			out->since = client_number(row, "since");
		snprintf(names + len, NAMES_MAX - len, "%s%s", len ? ", " : "", iface_text(row, text));
	}
	/* What is held back was decided and counted, and only not told one by one. */
	json_object_foreach((json_t *)json_object_get(status, "losses"), key,
			    value) if (strcmp(key, HELD_BACK)) out->lost += json_integer_value(value);
}

/* The first line must never sound better than the worst of the interfaces. */
static void print_head(const json_t *status, const struct summary *s)
{
	static const char *const words[CONDITIONS] = {
		[ENFORCING] = "ENFORCING", [WATCHING] = "MONITOR ONLY", [BROKEN] = "NOT ATTACHED"};
	int kinds = 0;
	char text[32];

	for (int i = 0; i < CONDITIONS; i++)
		kinds += s->count[i] > 0;
	if (!s->count[ENFORCING] && !s->count[WATCHING])
		printf("NOT PROTECTING%s", s->count[BROKEN] ? ", " : "");
	else if (kinds > 1)
		printf("IN PART: ");
	for (int i = 0, told = 0; i < CONDITIONS; i++)
		if (s->count[i])
			printf("%s%s on %s", told++ ? "; " : "", words[i], s->names[i]);
	if (s->since)
		printf(", for %s", client_duration((long long)time(NULL) - s->since, text));
	printf(s->lost ? ", %lld records lost" : ", nothing lost", s->lost);
	if (client_number(status, "confirm_left"))
		printf(", on probation for %s", client_duration(client_number(status, "confirm_left"), text));
	printf("\n");
}

static void print_ifaces(const json_t *status)
{
	const json_t *row;
	char text[64];
	size_t i;

	json_array_foreach(json_object_get(status, "ifaces"), i, row)
	{
		printf("  %s: %s, %s, ", iface_text(row, text), client_text(row, "role"),
		       client_text(row, "mode"));
		if (condition_of(row) == BROKEN)
			printf("NOT ATTACHED\n");
		else
			printf("%s XDP%s%s, %s\n", client_text(row, "xdp"),
			       client_flag(row, "frags") ? " with frags" : "",
			       client_flag(row, "tc_egress") ? ", tc egress" : "", client_text(row, "hook"));
	}
}

/* How many rules the kernel has taken over; a table of other rules than the engines' must not go unsaid. */
static void print_prefilter(const json_t *module)
{
	const json_t *rules = json_object_get(module, "rules");
	long long drop = client_number(rules, "drop"), inspect = client_number(rules, "inspect"),
		  stay = client_number(rules, "stay");

	if (drop + inspect + stay)
		printf("prefilter %lld rules drop in the kernel, %lld make it look closer, %lld stay with "
		       "the "
		       "matcher (why: `sekimori rules check --kernel FILE`)\n",
		       drop, inspect, stay);
	if (client_flag(module, "behind") && json_object_get(json_object_get(module, "tables"), "prefilter"))
		printf("prefilter NOT OF THE RULES IN FORCE: until its table is made anew it drops by "
		       "earlier "
		       "ones, and flows are handed over whole\n");
}

/* What the kernel module does, or why it does nothing; the last line only when somebody took the program
 * away. */
static void print_module(const json_t *status)
{
	const json_t *module = json_object_get(status, "module"), *stats = json_object_get(module, "stats");

	if (strcmp(client_text(module, "presence"), "loaded")) {
		printf("module    %s: %s\n", client_text(module, "presence"), client_text(module, "text"));
		return;
	}
	printf("module    %s, prefilter %s (%lld payloads, %lld hits, %lld dropped), guard on %lld "
	       "interfaces\n",
	       client_text(module, "version"),
	       !client_flag(module, "used") ? "not used: the daemon began without it, restart it"
	       : json_object_get(json_object_get(module, "tables"), "prefilter") ? "in the packet's path"
										 : "waits for a table",
	       client_number(stats, "scans"), client_number(stats, "scan_hits"),
	       client_number(stats, "scan_drops"), client_number(module, "guarded"));
	if (client_flag(module, "used"))
		print_prefilter(module);
	if (client_number(module, "enforcing"))
		printf("guard     ENFORCES in the program's place on %lld interfaces: %lld packets dropped, "
		       "%lld would be\n",
		       client_number(module, "enforcing"), client_number(module, "guard_dropped"),
		       client_number(module, "guard_would_drop"));
}

/* What judges this machine's own traffic (role host), and what does not: that must not go unsaid (T10). */
static void print_egress(const json_t *status)
{
	const json_t *egress = json_object_get(status, "egress");

	if (!egress)
		return;
	printf("egress    %s; packet sockets %s; AF_XDP sockets %s",
	       client_flag(egress, "monitor") ? "monitor: what this machine begins is told, not refused"
	       : client_flag(egress, "early") ? "connections are refused at once"
					      : "connections are judged by their packets",
	       client_flag(egress, "packet_sockets") ? "stopped" : "NOT COVERED",
	       client_flag(egress, "xdp_sockets") ? "refused"
						  : "NOT COVERED (needs a kernel with the BPF LSM)");
	if (*client_text(egress, "other_way_out"))
		printf("; NOT COVERED: %s is up and has no role", client_text(egress, "other_way_out"));
	printf("\n");
}

static void status_kept(const json_t *events)
{
	const json_t *store = json_object_get(events, "store"), *notices = json_object_get(events, "notices");

	printf("store     %lld kept, %lld waiting, %lld lost%s%s; audit log %lld lines%s\n",
	       client_number(store, "stored"), client_number(store, "waiting"),
	       client_number(store, "lost") + client_number(store, "refused"),
	       *client_text(store, "error") ? ", now: " : "", client_text(store, "error"),
	       client_number(store, "audit_lines"),
	       client_number(store, "audit_fault") ? ", BROKEN: sekimori audit verify" : "");
	if (!client_number(notices, "channels")) {
		printf("notices   no channel: critical attacks are told to nobody (notify in the "
		       "configuration)\n");
		return;
	}
	printf("notices   %lld critical events, %lld told in %lld messages, %lld waiting, %lld later than 2 "
	       "h%s%s\n",
	       client_number(notices, "events"), client_number(notices, "told"),
	       client_number(notices, "messages"), client_number(notices, "waiting"),
	       client_number(notices, "breaches"), *client_text(notices, "failure") ? "; failing: " : "",
	       client_text(notices, "failure"));
}

static void print_losses(const json_t *status)
{
	const json_t *value, *events = json_object_get(status, "events"),
			     *engine = json_object_get(status, "engine");
	const char *key;

	json_object_foreach((json_t *)json_object_get(status, "losses"), key,
			    value) if (json_integer_value(value))
		printf("%s %s: %lld\n", strcmp(key, HELD_BACK) ? "loss     " : "counted  ", key,
		       (long long)json_integer_value(value));
	if (client_number(engine, "proposals_lost") + client_number(engine, "events_lost") +
	    client_number(engine, "bad_records") + client_number(engine, "chunks_lost"))
		printf("loss      engine: %lld proposals, %lld events, %lld frames, %lld malformed records\n",
		       client_number(engine, "proposals_lost"), client_number(engine, "events_lost"),
		       client_number(engine, "chunks_lost"), client_number(engine, "bad_records"));
	if (client_number(engine, "state_given_up"))
		printf("loss      counts of rules: %lld given up for others, the table is full\n",
		       client_number(engine, "state_given_up"));
	if (client_number(engine, "state_alone"))
		printf("attention %lld engines do not trust the memory they share: limits count per engine; "
		       "restart the daemon\n",
		       client_number(engine, "state_alone"));
	printf("events    %s: %lld written, %lld refused, %lld lost%s%s\n", client_text(events, "file"),
	       client_number(events, "written"), client_number(events, "refused"),
	       client_number(events, "lost"), *client_text(events, "error") ? ", now: " : "",
	       client_text(events, "error"));
	status_kept(events);
}

static void print_rest(const json_t *status)
{
	const json_t *engine = json_object_get(status, "engine"), *usage = json_object_get(status, "usage"),
		     *row;
	char text[32];
	size_t i;

	printf("policy    generation %lld, digest %s\n", client_number(status, "generation"),
	       client_text(status, "digest"));
	printf("lists     %lld entries, %lld rows in the kernel of %lld; %lld automatic blocks of %lld\n",
	       client_number(status, "list_total"), client_number(usage, "list_rows"),
	       client_number(usage, "list_max"), client_number(usage, "blocked"),
	       client_number(usage, "blocked_max"));
	printf("packets   %lld passed, %lld dropped, %lld would be dropped\n",
	       client_number(status, "passed"), client_number(status, "dropped"),
	       client_number(status, "would_drop"));
	printf("engines   %lld of %lld ready, %lld rules (%lld refused), %lld packets, %lld flows, %lld "
	       "alerts\n",
	       client_number(engine, "ready"), client_number(engine, "count"),
	       client_number(engine, "rules_loaded"), client_number(engine, "rules_failed"),
	       client_number(engine, "packets"), client_number(engine, "flows"),
	       client_number(engine, "alerts"));
	printf("answers   %lld sources blocked, %lld flows cut, %lld proposals, %lld of them refused\n",
	       client_number(status, "blocks_made"), client_number(status, "cuts_made"),
	       client_number(status, "proposals"), client_number(status, "proposals_refused"));
	print_egress(status);
	print_module(status);
	print_losses(status);
	json_array_foreach(json_object_get(status, "processes"), i, row)
	{
		printf("%s%s%s", i ? ", " : "processes ", client_text(row, "name"),
		       client_flag(row, "up") ? "" : " DOWN");
		if (client_number(row, "restarts"))
			printf(" (%lld restarts)", client_number(row, "restarts"));
	}
	printf("; daemon up %s\n",
	       client_duration((long long)time(NULL) - client_number(status, "started"), text));
	if (client_flag(status, "lab_clock"))
		printf("clock     MADE UP: SEKIMORI_LAB_CLOCK is set, times of events, notices and reports "
		       "are those of a laboratory\n");
	if (client_number(status, "alarms"))
		printf("alarms    %lld, last: %s\n", client_number(status, "alarms"),
		       client_text(status, "alarm"));
}

int cmd_status(int argc, char **argv)
{
	AUTO_JSON json_t *status = NULL;
	struct summary summary = {0};

	if (argc > 1)
		return client_usage("status", "unexpected argument", argv[1]);
	status = client_ask(json_pack("{s:s}", "command", "status"), -1);
	if (!client_ok(status)) {
		if (!client.json)
			printf("NOT PROTECTING as far as can be told: no daemon answers\n");
		return client_fail(status);
	}
	summarize(status, &summary);
	if (client.json) {
		client_print_json(status);
	} else {
		print_head(status, &summary);
		print_ifaces(status);
		print_rest(status);
	}
	return summary.count[BROKEN] || !(summary.count[ENFORCING] + summary.count[WATCHING]) ? EXIT_FINDING
											      : 0;
}
