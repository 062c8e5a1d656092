// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * notifier.c - tells people: the one process that talks to mail servers and
 * webhooks. What to tell and when is core/report/notice.c; here it is carried out.
 */
#include "notifier.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "lib/log.h"
#include "lib/wall.h"
#include "process.h"
#include "store/store.h"

#define POLL_MS	 20
#define STATS_US 1000000u

static uint64_t monotonic_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* The archive reads while we wait; an event whose time gets lost shows as not delivered, never the other way.
 */
static void archive_tell(const struct notifier *n, uint32_t type, const void *body, size_t len)
{
	struct pollfd wait = {.fd = n->archive, .events = POLLOUT};

	for (int i = 0; n->archive >= 0 && i < 20; i++) {
		if (channel_send(n->archive, type, 0, body, len, -1) != -EAGAIN)
			return;
		poll(&wait, 1, 50);
	}
}

static void mark(const struct notice_marking *marking, void *arg)
{
	static struct message_mark out;

	out.t = marking->t;
	out.notice = marking->notice;
	out.moment = marking->moment == NOTICE_SENT ? STORE_SENT : STORE_DELIVERED;
	for (size_t i = 0; i < marking->run_count; i += out.count) {
		out.count = 0;
		for (size_t j = i; j < marking->run_count && out.count < MESSAGE_RUNS_MAX; j++) {
			out.runs[out.count].id = marking->runs[j].id;
			out.runs[out.count++].count = marking->runs[j].count;
		}
		archive_tell(arg, MESSAGE_MARK, &out, sizeof(out));
	}
}

/* What is known of each notice goes to the store: who was told what outlives this process. */
static void states_tell(struct notifier *n)
{
	struct notice_state state;

	while (notices_changed(n->notices, wall_us(), &state)) {
		struct message_notice out = {
			.id = state.id,
			.events = state.events,
			.groups = state.groups,
			.t_oldest = state.t_oldest,
			.t_sent = state.t_sent,
			.t_delivered = state.t_delivered,
			.t_due = state.t_due,
			.t_escalated = state.t_escalated,
			.attempts = state.attempts,
			.gid = state.row.gid,
			.sid = state.row.sid,
			.source = state.row.source,
			.target = state.row.target,
		};

		if (state.channel >= 0 && (uint32_t)state.channel < n->channels.count)
			memcpy(out.channel, n->channels.rows[state.channel].name, sizeof(out.channel));
		memcpy(out.label, state.row.label, sizeof(out.label));
		archive_tell(n, MESSAGE_NOTICE, &out, sizeof(out));
	}
}

void notifier_told(struct notifier *n, uint64_t message, uint32_t channel, bool delivered, const char *why)
{
	const char *name = n->channels.rows[channel].name;

	if (message) {
		snprintf(n->failure, sizeof(n->failure), "%s%s%s", delivered ? "" : name,
			 delivered ? "" : ": ", delivered ? "" : why);
		if (!delivered)
			log_warn("notice over %s: %s", name, why);
		notices_result(n->notices, message, channel, delivered, wall_us());
		return;
	}
	n->tested_len +=
		(size_t)snprintf(n->tested.text + n->tested_len, sizeof(n->tested.text) - n->tested_len,
				 "%s%s: %s", n->tested_len ? "\n" : "", name, delivered ? "delivered" : why);
	if (n->tested_len >= sizeof(n->tested.text))
		n->tested_len = sizeof(n->tested.text) - 1;
	if (!delivered)
		n->tested.result = -EIO;
	if (--n->tests)
		return;
	if (channel_send(PROCESS_FD_KEEPER, MESSAGE_NOTIFIER_TESTED, 0, &n->tested, sizeof(n->tested), -1))
		log_warn("the result of a test was lost");
}

static void tests_begin(struct notifier *n, const struct message_ask *ask)
{
	uint32_t wanted[POLICY_CHANNELS_MAX], count = 0;

	if (n->tests)
		return; /* its answer comes to whoever asked last */
	memset(&n->tested, 0, sizeof(n->tested));
	n->tested_len = 0;
	for (uint32_t i = 0; i < n->channels.count; i++)
		if (!*ask->name || !strncmp(ask->name, n->channels.rows[i].name, sizeof(ask->name)))
			wanted[count++] = i;
	n->tests = count;
	if (!count) {
		n->tested.result = -ENOENT;
		snprintf(n->tested.text, sizeof(n->tested.text), "there is no channel of that name");
		if (channel_send(PROCESS_FD_KEEPER, MESSAGE_NOTIFIER_TESTED, 0, &n->tested, sizeof(n->tested),
				 -1))
			log_warn("the result of a test was lost");
	}
	for (uint32_t i = 0; i < count; i++)
		notifier_send_test(n, wanted[i]);
}

/* --- the other processes */

static bool channels_hold(const struct message_channels *in)
{
	for (uint32_t i = 0; i < in->count; i++)
		if (in->rows[i].kind >= CHANNEL_KINDS || in->rows[i].language > EXPLAIN_JA ||
		    !message_text_valid(in->rows[i].name, sizeof(in->rows[i].name)) ||
		    !message_text_valid(in->rows[i].url, sizeof(in->rows[i].url)) ||
		    !message_text_valid(in->rows[i].from, sizeof(in->rows[i].from)) ||
		    !message_text_valid(in->rows[i].to, sizeof(in->rows[i].to)) ||
		    !message_text_valid(in->rows[i].user, sizeof(in->rows[i].user)) ||
		    !message_text_valid(in->rows[i].secret, sizeof(in->rows[i].secret)))
			return false;
	return message_text_valid(in->host, sizeof(in->host)) &&
	       message_text_valid(in->instance, sizeof(in->instance));
}

/* Other channels are another beginning; what was not sent comes again from the store. */
static void channels_take(struct notifier *n, const struct message_channels *in)
{
	if (in->count > POLICY_CHANNELS_MAX || !channels_hold(in) || !memcmp(&n->channels, in, sizeof(*in)))
		return;
	notifier_abandon(n);
	n->tests = 0;
	n->channels = *in;
	n->settings.channels = in->count;
	for (uint32_t i = 0; i < in->count; i++) {
		n->settings.second[i] = in->rows[i].second;
		n->settings.escalate_us[i] = in->rows[i].escalate * 1000000ull;
	}
	notices_channels(n->notices, &n->settings);
}

static void open_take(struct notifier *n, const struct message_notice *in)
{
	struct notice_state state = {
		.id = in->id,
		.events = in->events,
		.groups = in->groups,
		.t_oldest = in->t_oldest,
		.t_sent = in->t_sent,
		.t_delivered = in->t_delivered,
		.t_due = in->t_due,
		.t_escalated = in->t_escalated,
		.attempts = in->attempts,
		.channel = -1,
		.row = {.gid = in->gid,
			.sid = in->sid,
			.source = in->source,
			.target = in->target,
			.count = in->events,
			.t_first = in->t_oldest,
			.t_last = in->t_oldest},
	};

	memcpy(state.row.label, in->label, sizeof(in->label));
	state.row.label[sizeof(state.row.label) - 1] = '\0';
	if (notices_restore(n->notices, &state, wall_us()))
		log_warn("an earlier notice that nobody acknowledged cannot be kept: it will not escalate");
}

static void command_take(struct notifier *n, const struct message_command_done *in)
{
	if (message_text_valid(in->why, sizeof(in->why)) && in->channel < n->channels.count)
		notifier_told(n, in->message, in->channel, !in->result, in->why);
}

/* Another archive begins with all that no notice tells yet; what is known here and not sent yet comes again.
 */
static bool urgent_known(struct notifier *n, uint64_t id)
{
	uint64_t month = id >> STORE_MONTH_SHIFT;
	size_t oldest = 0;

	if (!id)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(n->known); i++) {
		if (n->known[i] >> STORE_MONTH_SHIFT == month) {
			bool known = id <= n->known[i];

			n->known[i] = known ? n->known[i] : id;
			return known;
		}
		if (n->known[i] < n->known[oldest])
			oldest = i;
	}
	n->known[oldest] = id;
	return false;
}

static void urgent_take(struct notifier *n, const struct message_urgent *in)
{
	struct notice_event event = {
		.id = in->id,
		.t_match = in->t_match,
		.gid = in->gid,
		.sid = in->sid,
		.source = in->source,
		.target = in->target,
		.severity = in->severity < SEKI_SEVERITY_MAX ? in->severity : SEKI_SEVERITY_LOW,
		.verdict = in->verdict < SEKI_VERDICT_MAX ? in->verdict : SEKI_VERDICT_UNKNOWN,
	};

	if (urgent_known(n, in->id))
		return;
	memcpy(event.label, in->label, sizeof(event.label));
	event.label[sizeof(event.label) - 1] = '\0';
	notices_event(n->notices, &event, wall_us());
}

static int notifier_take(struct message *message, void *arg)
{
	struct notifier *n = arg;

	switch (message->head.type) {
	case MESSAGE_NOTIFIER_CHANNELS:
		channels_take(n, (const struct message_channels *)message->body);
		break;
	case MESSAGE_NOTIFIER_ARCHIVE:
		if (n->archive >= 0)
			close(n->archive);
		n->archive = TAKE_FD(message->passed);
		break;
	case MESSAGE_NOTIFIER_TEST:
		tests_begin(n, (const struct message_ask *)message->body);
		break;
	case MESSAGE_COMMAND_DONE:
		command_take(n, (const struct message_command_done *)message->body);
		break;
	case MESSAGE_NOTICE_OPEN:
		open_take(n, (const struct message_notice *)message->body);
		break;
	case MESSAGE_ACKED:
		notices_ack(n->notices, ((const struct message_acked *)message->body)->id);
		break;
	case MESSAGE_URGENT:
		urgent_take(n, (const struct message_urgent *)message->body);
		break;
	}
	return 0;
}

/* Everything that waits in one channel. -errno: it is gone. */
static int receive_all(struct notifier *n, int fd, enum process_kind sender)
{
	return message_receive_all(fd, sender, PROCESS_NOTIFIER, 4096, notifier_take, n);
}

static void stats_tell(struct notifier *n)
{
	struct message_notifier_stats out = {.channels = n->channels.count};
	struct notice_figures f;
	int err;

	if (monotonic_us() - n->stats_at < STATS_US)
		return;
	n->stats_at = monotonic_us();
	notices_count(n->notices, &f);
	out.events = f.events;
	out.told = f.told;
	out.waiting = f.waiting;
	out.messages = f.messages;
	out.attempts = f.attempts;
	out.failures = f.failures;
	out.breaches = f.breaches;
	out.lag_max_us = f.lag_max_us;
	out.unacked = f.unacked;
	out.escalated = f.escalated;
	out.unmarked = f.unmarked;
	out.lag_sum_us = f.lag_sum_us;
	memcpy(out.lags, f.lags, sizeof(out.lags));
	memcpy(out.failure, n->failure, sizeof(out.failure));
	err = channel_send(PROCESS_FD_KEEPER, MESSAGE_NOTIFIER_STATS, 0, &out, sizeof(out), -1);
	n->stop |= err && err != -EAGAIN;
}

static void notifier_round(struct notifier *n)
{
	struct curl_waitfd fds[2] = {{.fd = PROCESS_FD_KEEPER, .events = CURL_WAIT_POLLIN},
				     {.fd = n->archive, .events = CURL_WAIT_POLLIN}};
	const struct notice_message *message;
	int running;

	curl_multi_poll(n->multi, fds, n->archive >= 0 ? 2 : 1, POLL_MS, NULL);
	if (receive_all(n, PROCESS_FD_KEEPER, PROCESS_KEEPER))
		n->stop = true;
	if (n->archive >= 0 && receive_all(n, n->archive, PROCESS_ARCHIVE)) {
		close(n->archive);
		n->archive = -1;
	}
	while (n->channels.count && notices_next(n->notices, wall_us(), &message))
		notifier_send(n, message);
	curl_multi_perform(n->multi, &running);
	notifier_sent(n);
	states_tell(n);
	stats_tell(n);
}

/* The TLS library and the resolver read files and find out about the machine once; later they could not. */
int notifier_prepare(void)
{
	return curl_global_init(CURL_GLOBAL_ALL) ? -ENOMEM : 0;
}

int notifier_main(unsigned int index)
{
	static struct notifier n;

	n.archive = -1;
	n.settings = notice_standard();
	n.settings.first_id = notice_id_first(wall_us());
	n.multi = curl_multi_init();
	n.notices = notices_new(&n.settings, mark, &n);
	if (!n.multi || !n.notices)
		return 1;
	while (!n.stop)
		notifier_round(&n);
	notifier_abandon(&n);
	notices_free(n.notices);
	curl_multi_cleanup(n.multi);
	return 0;
}
