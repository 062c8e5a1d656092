// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * message.c - the table of messages and the checks that every receiver shares.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "message.h"

const struct message_row message_table[MESSAGE_MAX] = {
#define NOTHING		       0, .max = 0
#define ONE(body)	       sizeof(struct body), .max = sizeof(struct body)
#define WITH_TEXT(body, least) sizeof(struct body) + (least), .max = sizeof(struct body) + MESSAGE_LINE_MAX
#define BYTES(least, greatest) (least), .max = (greatest)
#define X(id, text, from, to, bounds, fd, per_second)                                                        \
	[MESSAGE_##id] = {.rule = {.type = MESSAGE_##id, .name = text, .min = bounds},                       \
			  .sender = PROCESS_##from,                                                          \
			  .receiver = PROCESS_##to,                                                          \
			  .descriptor = fd,                                                                  \
			  .rate = per_second},
	MESSAGES(X)
#undef X
};

size_t message_rules(enum process_kind sender, enum process_kind receiver,
		     struct channel_rule rules[MESSAGE_MAX])
{
	size_t count = 0;

	for (size_t i = 1; i < MESSAGE_MAX; i++)
		if (message_table[i].sender == sender && message_table[i].receiver == receiver)
			rules[count++] = message_table[i].rule;
	return count;
}

int message_receive_all(int fd, enum process_kind sender, enum process_kind receiver, unsigned int most,
			int (*take)(struct message *message, void *arg), void *arg)
{
	_Alignas(8) uint8_t body[CHANNEL_BODY_MAX]; /* not static: taking one may read another channel */
	struct channel_rule rules[MESSAGE_MAX];
	size_t count = message_rules(sender, receiver, rules);

	while (most--) {
		struct message message = {.body = body};
		int err = channel_receive(fd, rules, count, &message.head, body, &message.passed);

		if (err)
			return err == -EAGAIN ? 0 : err;
		err = take(&message, arg);
		if (message.passed >= 0)
			close(message.passed);
		if (err)
			return err;
	}
	return 0;
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
	struct prefix p = {.len = in->len};

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
