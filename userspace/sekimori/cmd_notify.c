// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_notify.c - notify test: does a notice arrive? Asked before it matters.
 */
#include <string.h>

#include "client.h"

int cmd_notify(int argc, char **argv)
{
	json_t *request;

	if (argc < 2 || strcmp(argv[1], "test") != 0)
		return client_usage("notify", "there is test", argc > 1 ? argv[1] : NULL);
	if (argc > 3)
		return client_usage("notify", "unexpected argument", argv[3]);
	request = json_pack("{s:s}", "command", "notify-test");
	if (argc == 3)
		json_object_set_new(request, "name", json_string(argv[2]));
	return client_do(request, -1);
}
