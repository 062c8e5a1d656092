// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * message_document.c - the tables as a page for people.
 */
#include <stdio.h>

#include "message.h"
#include "process.h"

void message_document(void)
{
	printf("# Processes of sekimorid and what they may say\n\n"
	       "This page is the output of `sekimorid --messages`; the tables live in\n"
	       "`userspace/sekimorid/message.h` and `process.c`.\n\n"
	       "## Processes\n\n"
	       "| process | user (uid when there is none of that name) | descriptors | system calls | paths "
	       "|\n"
	       "| --- | --- | --- | --- | --- |\n");
	for (int i = 0; i < PROCESS_KIND_MAX; i++) {
		const struct process_row *row = &process_table[i];

		printf("| `%s` | %s (%u) | %s | %s | %s |\n", row->name, row->user, row->uid, row->fds,
		       row->calls, row->paths);
	}
	printf("\n## Messages\n\n"
	       "A message whose type is not in the row of its sender and receiver, whose body is\n"
	       "outside the bounds or that lacks its descriptor ends the trust: the keeper kills that\n"
	       "child and starts a new one. Messages above their rate are dropped and counted.\n\n"
	       "| sender | receiver | message | body, bytes | descriptor | per second |\n"
	       "| --- | --- | --- | --- | --- | --- |\n");
	for (int i = 1; i < MESSAGE_MAX; i++) {
		const struct message_row *row = &message_table[i];

		printf("| %s | %s | %s | ", process_table[row->sender].name,
		       process_table[row->receiver].name, row->rule.name);
		if (row->rule.min == row->rule.max)
			printf("%u", row->rule.min);
		else
			printf("%u to %u", row->rule.min, row->rule.max);
		printf(" | %s | ", row->descriptor == 2 ? "may come" : row->descriptor ? "one" : "none");
		if (row->rate)
			printf("%u |\n", row->rate);
		else
			printf("any |\n");
	}
}
