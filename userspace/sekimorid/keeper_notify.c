// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * keeper_notify.c - the channels of notices: named by the configuration, handed
 * to the notifier with their secrets, tested on request.
 */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "core/report/notice_text.h"
#include "keeper.h"
#include "lib/file.h"
#include "lib/log.h"

/* Its first line; a file that cannot be read is an alarm: the channel will fail, and that must not be a
 * riddle. */
static void channel_secret(struct keeper *k, const struct policy_channel *channel,
			   char out[MESSAGE_SECRET_MAX])
{
	AUTO_FREE char *text = NULL;
	size_t len = 0;
	int err = *channel->secret_path
			  ? file_read(AT_FDCWD, channel->secret_path, MESSAGE_SECRET_MAX - 1, &text, &len)
			  : 0;

	if (err)
		keeper_audit(k, AUDIT_ALARM, 0, "notify %s: secret-file %s: %s", channel->name,
			     channel->secret_path, strerror(-err));
	if (text)
		snprintf(out, MESSAGE_SECRET_MAX, "%.*s", (int)strcspn(text, "\r\n"), text);
}

void keeper_notify_channels(struct keeper *k)
{
	const struct policy *policy = k->now.base ? k->now.base : k->now.runtime;
	static struct message_channels out;

	memset(&out, 0, sizeof(out));
	if (gethostname(out.host, sizeof(out.host) - 1))
		snprintf(out.host, sizeof(out.host), "localhost");
	snprintf(out.instance, sizeof(out.instance), "%.31s", k->options.instance);
	for (uint32_t i = 0; i < policy->channel_count && i < POLICY_CHANNELS_MAX; i++) {
		const struct policy_channel *in = &policy->channels[i];

		out.rows[i].kind = in->kind;
		out.rows[i].second = in->second;
		out.rows[i].language = in->language;
		out.rows[i].escalate = in->escalate;
		memcpy(out.rows[i].name, in->name, sizeof(in->name));
		memcpy(out.rows[i].url, in->url, sizeof(in->url));
		memcpy(out.rows[i].from, in->from, sizeof(in->from));
		memcpy(out.rows[i].to, in->to, sizeof(in->to));
		memcpy(out.rows[i].user, in->user, sizeof(in->user));
		channel_secret(k, in, out.rows[i].secret);
		out.count++;
	}
	if (keeper_child_tell(k, PROCESS_NOTIFIER, MESSAGE_NOTIFIER_CHANNELS, &out, sizeof(out)))
		log_debug("the notifier is not there to learn its channels; it gets them when it starts");
	memset(&out, 0, sizeof(out));
}

void keeper_notify_stats(struct keeper *k, const struct message_notifier_stats *stats)
{
	uint64_t before = k->notifier.breaches;
	bool failed = *k->notifier.failure;

	k->notifier = *stats;
	k->notifier.failure[sizeof(k->notifier.failure) - 1] = '\0';
	if (stats->breaches > before)
		keeper_audit(k, AUDIT_ALARM, 0, "%llu notices are later than two hours: %s",
			     (unsigned long long)(stats->breaches - before), k->notifier.failure);
	if (*k->notifier.failure && !failed)
		keeper_audit(k, AUDIT_ALARM, 0, "a notice could not be sent, it is tried again: %s",
			     k->notifier.failure);
	else if (failed && !*k->notifier.failure)
		keeper_audit(k, AUDIT_NOTE, 0, "notices can be sent again");
}

void keeper_notify_test(struct keeper *k, uint64_t cookie, const struct message_ask *in)
{
	const struct policy *policy = k->now.base ? k->now.base : k->now.runtime;

	if (!policy->channel_count) {
		keeper_done(k, cookie, -ENOENT,
			    "no channel is configured: critical attacks are only in `sekimori alerts`. Add "
			    "to the configuration: "
			    "notify mail { kind smtp; url smtp://HOST:25; from EDGE@YOU; to YOU@YOU; }");
		return;
	}
	if (k->test_cookie)
		keeper_done(k, k->test_cookie, -ECANCELED, "another test was begun");
	if (keeper_child_tell(k, PROCESS_NOTIFIER, MESSAGE_NOTIFIER_TEST, in, sizeof(*in))) {
		keeper_done(k, cookie, -EAGAIN, "the notifier process is not there; try again in a moment");
		return;
	}
	k->test_cookie = cookie;
	keeper_audit(k, AUDIT_CHANGE, in->peer.uid, "notify test%s%s", *in->name ? " of " : "", in->name);
}

/* The archive knows the notices: it answers. */
void keeper_notify_ack(struct keeper *k, uint64_t cookie, const struct message_ack *in)
{
	const struct keeper_child *archive = keeper_child(k, PROCESS_ARCHIVE, 0);
	const struct passwd *pw = getpwuid(in->peer.uid);
	struct message_ack out = *in;
	char id[32] = "all notices";
	int err;

	if (!message_text_valid(in->by, sizeof(in->by)) ||
	    !message_text_valid(in->comment, sizeof(in->comment)))
		return;
	if (in->peer.portal)
		snprintf(out.by, sizeof(out.by), "%s", in->peer.who);
	else if (!*out.by && pw)
		snprintf(out.by, sizeof(out.by), "%s", pw->pw_name);
	else if (!*out.by)
		snprintf(out.by, sizeof(out.by), "uid %u", in->peer.uid);
	if (in->id)
		notice_id_text(in->id, id);
	else if (in->event)
		snprintf(id, sizeof(id), "event %llu", (unsigned long long)in->event);
	err = archive->fd < 0 ? -ENOTCONN
			      : channel_send(archive->fd, MESSAGE_ARCHIVE_ACK, cookie, &out, sizeof(out), -1);
	if (err) {
		keeper_done(k, cookie, -EAGAIN, "the archive process is not there; try again in a moment");
		return;
	}
	keeper_audit(k, AUDIT_CHANGE, in->peer.uid, "%s acknowledged by %s%s%s", id, out.by,
		     *out.comment ? ": " : "", out.comment);
}

void keeper_notify_tested(struct keeper *k, const struct message_done *done)
{
	struct message_done out = *done;

	out.text[sizeof(out.text) - 1] = '\0';
	if (k->test_cookie)
		keeper_done(k, k->test_cookie, out.result, "%s", out.text);
	k->test_cookie = 0;
}
