// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * message.c - the table of messages and the checks that every receiver shares.
 */
#include <string.h>

#include "message.h"
#include "process.h"

const struct message_row message_table[MESSAGE_MAX] = {
#define X(id, text, from, to, least, greatest, fd, per_second) \
	[MESSAGE_##id] = { .rule = { .type = MESSAGE_##id, .min = least, .max = greatest, .name = text }, \
			   .sender = PROCESS_##from, \
			   .receiver = PROCESS_##to, \
			   .needs_fd = fd, \
			   .rate = per_second },
	MESSAGES(X)
#undef X
};

size_t message_rules(enum process_kind sender, enum process_kind receiver, struct channel_rule rules[MESSAGE_MAX])
{
	size_t count = 0;

	for (size_t i = 1; i < MESSAGE_MAX; i++)
		if (message_table[i].sender == sender && message_table[i].receiver == receiver)
			rules[count++] = message_table[i].rule;
	return count;
}

bool message_admit(struct message_meter *meter, uint32_t type, uint32_t second)
{
	if (meter->second != second) {
		memset(meter->seen, 0, sizeof(meter->seen));
		meter->second = second;
	}
	if (!message_table[type].rate || meter->seen[type] < message_table[type].rate) {
		meter->seen[type]++;
		return true;
	}
	meter->dropped++;
	return false;
}

bool message_text_valid(const char *text, size_t size)
{
	return memchr(text, '\0', size) != NULL;
}

bool message_prefix_get(const struct message_prefix *in, struct prefix *out)
{
	struct prefix p = { .len = in->len };

	if (in->len > 128)
		return false;
	memcpy(p.addr, in->addr, sizeof(p.addr));
	for (unsigned int bit = in->len; bit < 128; bit++)
		if (p.addr[bit / 8] & (0x80 >> bit % 8))
			return false;
	*out = p;
	return true;
}

void message_prefix_put(const struct prefix *in, struct message_prefix *out)
{
	memset(out, 0, sizeof(*out));
	memcpy(out->addr, in->addr, sizeof(out->addr));
	out->len = in->len;
}

void message_document(void)
{
	printf("# Processes of sekimorid and what they may say\n\n"
	       "This page is the output of `sekimorid --messages`; the tables live in\n"
	       "`userspace/sekimorid/message.h` and `process.c`.\n\n"
	       "## Processes\n\n"
	       "| process | user (uid when there is none of that name) | descriptors | system calls | paths |\n"
	       "| --- | --- | --- | --- | --- |\n");
	for (int i = 0; i < PROCESS_KIND_MAX; i++) {
		const struct process_row *row = &process_table[i];

		printf("| `%s` | %s (%u) | %s | %s | %s |\n", row->name, row->user, row->uid, row->fds, row->calls,
		       row->paths);
	}
	printf("\n## Messages\n\n"
	       "A message whose type is not in the row of its sender and receiver, whose body is\n"
	       "outside the bounds or that lacks its descriptor ends the trust: the keeper kills that\n"
	       "child and starts a new one. Messages above their rate are dropped and counted.\n\n"
	       "| sender | receiver | message | body, bytes | descriptor | per second |\n"
	       "| --- | --- | --- | --- | --- | --- |\n");
	for (int i = 1; i < MESSAGE_MAX; i++) {
		const struct message_row *row = &message_table[i];

		printf("| %s | %s | %s | ", process_table[row->sender].name, process_table[row->receiver].name,
		       row->rule.name);
		if (row->rule.min == row->rule.max)
			printf("%u", row->rule.min);
		else
			printf("%u to %u", row->rule.min, row->rule.max);
		printf(" | %s | ", row->needs_fd ? "one" : "none");
		if (row->rate)
			printf("%u |\n", row->rate);
		else
			printf("any |\n");
	}
}
