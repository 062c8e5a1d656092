// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_portal.c - portal: the way in for its first administrator.
 */
#include <string.h>

#include "client.h"

int cmd_portal(int argc, char **argv)
{
	if (argc != 2 || strcmp(argv[1], "code") != 0)
		return client_usage("portal", "there is code", argc > 1 ? argv[1] : NULL);
	return client_do(json_pack("{s:s}", "command", "portal-code"), -1);
}
