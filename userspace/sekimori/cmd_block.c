// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_block.c - block, unblock, allow: addresses by hand.
 */
#include <getopt.h>
#include <string.h>

#include "client.h"
#include "lib/conf.h"
#include "lib/prefix.h"

static int address_check(const char *command, const char *text)
{
	struct prefix prefix;
	const char *why = "not an address";

	return prefix_parse(text, strlen(text), &prefix, &why) ? client_usage(command, why, text) : 0;
}

int cmd_block(int argc, char **argv)
{
	static const struct option options[] = {
		{"for", required_argument, NULL, 'f'},
		{"reason", required_argument, NULL, 'r'},
		{"allow-share", no_argument, NULL, 's'},
		{NULL, 0, NULL, 0},
	};
	const char *reason = "";
	uint32_t seconds = 0;
	bool wide = false;
	int c, err;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'f' && (conf_seconds(optarg, &seconds) || !seconds))
			return client_usage("block", "--for takes a time like 30s, 10m, 1h, 7d", optarg);
		else if (c == 'r')
			reason = optarg;
		else if (c == 's')
			wide = true;
		else if (c == '?')
			return client_usage("block", "unknown option", NULL);
	}
	if (optind + 1 != argc)
		return client_usage("block", "name one address or prefix", NULL);
	if (strlen(reason) > 127)
		return client_usage("block", "--reason has at most 127 bytes", NULL);
	err = address_check("block", argv[optind]);
	if (err)
		return err;
	return client_do(json_pack("{s:s,s:s,s:I,s:s,s:b}", "command", "block", "address", argv[optind],
				   "seconds", (json_int_t)seconds, "reason", reason, "wide", wide),
			 -1);
}

int cmd_unblock(int argc, char **argv)
{
	int err;

	if (argc != 2)
		return client_usage("unblock", "name one address or prefix", NULL);
	err = address_check("unblock", argv[1]);
	return err ? err : client_do(json_pack("{s:s,s:s}", "command", "unblock", "address", argv[1]), -1);
}

int cmd_allow(int argc, char **argv)
{
	bool remove = false;
	const char *address = NULL;
	int err;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--remove"))
			remove = true;
		else if (!address)
			address = argv[i];
		else
			return client_usage("allow", "unexpected argument", argv[i]);
	}
	if (!address)
		return client_usage("allow", "name one address or prefix", NULL);
	err = address_check("allow", address);
	return err ? err
		   : client_do(json_pack("{s:s,s:s,s:b}", "command", "allow", "address", address, "remove",
					 remove),
			       -1);
}
