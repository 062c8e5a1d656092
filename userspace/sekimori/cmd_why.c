// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_why.c - what decides for an address now, as the kernel itself answers.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "client.h"

static void print_entry(const char *what, const json_t *entry)
{
	char text[32];

	printf("  %s: %s%s%s, severity %s, action %s", what, client_text(entry, "prefix"),
	       *client_text(entry, "prefix") ? ", " : "", client_text(entry, "side"),
	       client_text(entry, "severity"), client_text(entry, "action"));
	if (*client_text(entry, "list"))
		printf(", list %s", client_text(entry, "list"));
	if (client_number(entry, "sid"))
		printf(", rule %lld", client_number(entry, "sid"));
	if (client_flag(entry, "lasting"))
		printf(", until taken off");
	else if (client_flag(entry, "expired"))
		printf(", expired");
	else
		printf(", %s left", client_duration(client_number(entry, "seconds_left"), text));
	printf(", %lld packets, %lld bytes\n", client_number(entry, "packets"),
	       client_number(entry, "bytes"));
}

static void print_item(const json_t *item)
{
	char text[32];

	printf("  listed: %s in %s", client_text(item, "prefix"), client_text(item, "list"));
	if (*client_text(item, "reason"))
		printf(", \"%s\"", client_text(item, "reason"));
	if (client_number(item, "expires"))
		printf(", %s left",
		       client_duration(client_number(item, "expires") - (long long)time(NULL), text));
	printf("\n");
}

static void print_allow(const json_t *net)
{
	const json_t *scopes = json_object_get(net, "allow"), *scope;
	size_t i;

	json_array_foreach(scopes, i, scope)
	{
		long long port = client_number(scope, "port"), proto = client_number(scope, "protocol"),
			  ifindex = client_number(scope, "ifindex");

		printf("  allowed: %s", client_text(scope, "kind"));
		if (proto)
			printf(", protocol %lld", proto);
		if (port)
			printf(", our port %lld", port);
		if (ifindex)
			printf(", interface %lld", ifindex);
		printf("\n");
	}
	if (client_flag(net, "own"))
		printf("  an address of this machine\n");
	if (client_flag(net, "dmz"))
		printf("  in a protected network: never blocked as a source\n");
	if (client_flag(net, "shared"))
		printf("  declared shared: only its flows are cut, never the address\n");
}

static bool entry_holds(const json_t *entry)
{
	return entry && !client_flag(entry, "expired") && !strcmp(client_text(entry, "action"), "drop");
}

int cmd_why(int argc, char **argv)
{
	AUTO_JSON json_t *answer = NULL;
	const json_t *net, *kernel, *block, *items, *item;
	bool listed, allowed, scoped;
	size_t i;

	if (argc != 2)
		return client_usage("why", "name one address", NULL);
	answer = client_ask(json_pack("{s:s,s:s}", "command", "why", "address", argv[1]), -1);
	if (!client_ok(answer))
		return client_fail(answer);
	net = json_object_get(answer, "net");
	kernel = json_object_get(answer, "kernel");
	block = json_object_get(answer, "auto_block");
	items = json_object_get(answer, "items");
	listed = entry_holds(kernel) || entry_holds(block);
	if (client.json) {
		client_print_json(answer);
		return listed;
	}
	scoped = json_array_size(json_object_get(net, "allow"));
	allowed = false;
	for (i = 0; i < json_array_size(json_object_get(net, "allow")); i++) {
		item = json_array_get(json_object_get(net, "allow"), i);
		allowed |= !client_number(item, "port") && !client_number(item, "protocol") &&
			   !client_number(item, "ifindex");
	}
	printf("%s: %s\n", client_text(answer, "address"),
	       !client_flag(answer, "gate")		     ? "nothing is up: nothing decides"
	       : listed && allowed			     ? "passes: it is listed, but the allow set wins"
	       : listed && scoped			     ? "dropped, but for what the allow set names"
	       : listed && !client_flag(answer, "enforcing") ? "would be dropped (monitor mode)"
	       : listed					     ? "dropped"
							     : "passes: on no list");
	if (net)
		print_allow(net);
	if (block)
		print_entry("automatic block", block);
	if (kernel)
		print_entry("kernel", kernel);
	json_array_foreach(items, i, item) print_item(item);
	if (client_number(answer, "items_total") > (long long)json_array_size(items))
		printf("  and %lld more\n",
		       client_number(answer, "items_total") - (long long)json_array_size(items));
	return listed;
}
