// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * keeper_request.c - requests that ctl passed on. ctl has checked who asks; the
 * keeper checks the fields once more, since ctl reads what clients send.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/list/list_guard.h"
#include "keeper.h"
#include "lib/log.h"

static void request_apply(struct keeper *k, uint64_t cookie, const struct message_ask *in)
{
	struct keeper_change change = {.reread = true,
				       .how = {.confirm_within = in->number, .uid = in->peer.uid}};
	int err;

	if (!message_text_valid(in->path, sizeof(in->path)) ||
	    (in->number && (in->number < 5 || in->number > 86400))) {
		keeper_done(k, cookie, -EINVAL, "confirm-within must be 5 to 86400 seconds");
		return;
	}
	memcpy(change.path, *in->path ? in->path : k->config, sizeof(change.path));
	if (!*change.path) {
		keeper_done(k, cookie, -EINVAL,
			    "the daemon runs without a configuration: name one with `sekimori apply FILE`");
		return;
	}
	err = keeper_job_apply(k, cookie, &change);
	if (err)
		keeper_done(k, cookie, err, "another change is being made; try again");
}

static bool up_valid(const struct message_up *in)
{
	if (in->count > MESSAGE_UP_MAX || !message_text_valid(in->path, sizeof(in->path)) ||
	    (in->confirm_within && (in->confirm_within < 5 || in->confirm_within > 86400)))
		return false;
	for (uint32_t i = 0; i < in->count; i++)
		if (!message_text_valid(in->ifaces[i].name, sizeof(in->ifaces[i].name)) ||
		    !*in->ifaces[i].name || in->ifaces[i].role >= SEKI_ROLE_MAX ||
		    in->ifaces[i].role == SEKI_ROLE_NONE || in->ifaces[i].vlan > 4094)
			return false;
	return true;
}

static void request_up(struct keeper *k, uint64_t cookie, const struct message_up *in)
{
	struct keeper_change change = {.up = *in};
	int err;

	if (!up_valid(in)) {
		keeper_done(k, cookie, -EINVAL, "malformed request");
		return;
	}
	if (!in->count && !*in->path && !k->iface_count) {
		keeper_done(k, cookie, -EINVAL,
			    "nothing to protect: name an interface with --iface or a configuration");
		return;
	}
	change.how.confirm_within = in->flags & UP_ENFORCE || *in->path ? in->confirm_within : 0;
	change.how.uid = in->peer.uid;
	change.how.attach.takeover = in->flags & UP_TAKEOVER;
	change.how.attach.allow_generic = in->flags & UP_GENERIC;
	change.reread = *in->path;
	memcpy(change.path, in->path, sizeof(change.path));
	err = keeper_job_apply(k, cookie, &change);
	if (err)
		keeper_done(k, cookie, err, "another change is being made; try again");
}

static void request_rollback(struct keeper *k, uint64_t cookie, const struct message_ask *in)
{
	char text[512];
	int err;

	if (keeper_job_runs(k)) {
		keeper_done(k, cookie, -EBUSY, "another change is being made; try again");
		return;
	}
	err = keeper_rollback(k, in->peer.uid, "asked for", text, sizeof(text));
	keeper_done(k, cookie, err, err ? "not rolled back: %s" : "the earlier policy holds again%s", text);
}

static void request_down(struct keeper *k, uint64_t cookie, const struct message_ask *in)
{
	char text[512];
	int err;

	if (keeper_job_runs(k)) {
		keeper_done(k, cookie, -EBUSY, "another change is being made; try again");
		return;
	}
	if (in->remove) {
		keeper_audit(k, AUDIT_CHANGE, in->peer.uid,
			     "the daemon stops; what is attached keeps enforcing");
		keeper_done(k, cookie, 0, "stopped");
		loop_stop(k->loop, 0);
		return;
	}
	keeper_audit(k, AUDIT_CHANGE, in->peer.uid, "down: protection ends");
	err = keeper_detach_all(k, text, sizeof(text));
	if (!err)
		keeper_state_forget(k);
	keeper_done(k, cookie, err, err ? "not everything could be removed: %s" : "%sdetached", text);
	if (!err)
		loop_stop(k->loop, 0);
}

static bool load_valid(const struct message_load *in)
{
	return message_text_valid(in->format, sizeof(in->format)) &&
	       (in->flags & (SEKI_ENTRY_SRC | SEKI_ENTRY_DST)) &&
	       !(in->flags & ~(SEKI_ENTRY_SRC | SEKI_ENTRY_DST | SEKI_ENTRY_ALERT | SEKI_ENTRY_ALLOW)) &&
	       !(in->flags & SEKI_ENTRY_ALERT && in->flags & SEKI_ENTRY_ALLOW) &&
	       in->severity < SEKI_SEVERITY_MAX && in->allow <= LIST_ALLOW_ALL && in->max_share >= 1 &&
	       in->max_share <= 100 && in->update <= 1;
}

static void request_load(struct keeper *k, uint64_t cookie, const struct message_load *in, int passed)
{
	int err;

	if (!load_valid(in)) {
		keeper_done(k, cookie, -EINVAL, "malformed request");
		return;
	}
	if (!message_text_valid(in->name, sizeof(in->name)) || !*in->name || !strcmp(in->name, "manual") ||
	    !strcmp(in->name, "auto")) {
		keeper_done(k, cookie, -EINVAL, "this list name cannot be used: manual and auto are taken");
		return;
	}
	err = keeper_job_list(k, cookie, in, passed);
	if (err)
		keeper_done(k, cookie, err, "another change is being made; try again");
}

static void request_confirm(struct keeper *k, uint64_t cookie, const struct message_ask *in)
{
	int err = keeper_confirm(k, in->peer.uid);

	keeper_done(k, cookie, err,
		    err == -ENOENT ? "nothing waits for a confirm"
		    : err	   ? "not confirmed: the kernel or the state folder refused"
				   : "confirmed");
}

/* Words of a client in one line of the audit log, after begin. */
static void trace_keep(struct keeper *k, uint64_t cookie, enum message_audit_kind kind, const char *begin,
		       const struct message_trace *in)
{
	char text[sizeof(in->text)];

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = in->text[i] && ((unsigned char)in->text[i] < 0x20 || in->text[i] == 0x7f)
				  ? ' '
				  : in->text[i];
	keeper_audit(k, kind, in->peer.uid, "%s%s", begin, text);
	keeper_done(k, cookie, 0, "noted");
}

static void request_trace(struct keeper *k, uint64_t cookie, const struct message_trace *in)
{
	if (!message_text_valid(in->text, sizeof(in->text)) || in->kind >= AUDIT_KIND_MAX ||
	    in->kind == AUDIT_ALARM) {
		keeper_done(k, cookie, -EINVAL, "malformed request");
		return;
	}
	trace_keep(k, cookie, in->kind, "", in);
}

/* Who may only read asks for this, too: kind and begin of the line are not theirs to choose. */
static void request_exported(struct keeper *k, uint64_t cookie, const struct message_trace *in)
{
	if (!message_text_valid(in->text, sizeof(in->text)) || !*in->text || in->kind) {
		keeper_done(k, cookie, -EINVAL, "malformed request");
		return;
	}
	trace_keep(k, cookie, AUDIT_READ, "exported: ", in);
}

static void request_run(struct keeper *k, const struct channel_head *head, const void *body, int passed)
{
	const struct message_peer *peer = body;
	const struct message_ask *ask = body;

	if (head->type >= MESSAGE_BLOCK && head->type <= MESSAGE_UP)
		keeper_peer_allow(k, peer);
	switch (head->type) {
	case MESSAGE_ASK_STATUS:
		keeper_status(k, head->cookie);
		break;
	case MESSAGE_ASK_COUNTERS:
		keeper_counters(k, head->cookie);
		break;
	case MESSAGE_ASK_WHY:
		keeper_why(k, head->cookie, ask);
		break;
	case MESSAGE_ASK_LISTS:
		keeper_list_status(k, head->cookie);
		break;
	case MESSAGE_ASK_ITEMS:
		keeper_list_items(k, head->cookie, ask);
		break;
	case MESSAGE_ASK_EXPORTED:
		request_exported(k, head->cookie, body);
		break;
	case MESSAGE_BLOCK:
		keeper_block(k, head->cookie, body);
		break;
	case MESSAGE_UNBLOCK:
		keeper_unblock(k, head->cookie, ask);
		break;
	case MESSAGE_ALLOW:
		keeper_allow(k, head->cookie, ask);
		break;
	case MESSAGE_LIST_LOAD:
		request_load(k, head->cookie, body, passed);
		break;
	case MESSAGE_APPLY:
		request_apply(k, head->cookie, ask);
		break;
	case MESSAGE_CONFIRM:
		request_confirm(k, head->cookie, ask);
		break;
	case MESSAGE_ROLLBACK:
		request_rollback(k, head->cookie, ask);
		break;
	case MESSAGE_LIST_VERIFY:
		keeper_list_verify(k, head->cookie, ask);
		break;
	case MESSAGE_LIST_ROLLBACK:
		keeper_list_rollback(k, head->cookie, ask);
		break;
	case MESSAGE_RELOAD:
		if (keeper_job_rules(k, head->cookie, ask->peer.uid))
			keeper_done(k, head->cookie, -EBUSY, "another change is being made; try again");
		break;
	case MESSAGE_ACK:
		keeper_notify_ack(k, head->cookie, (const struct message_ack *)body);
		break;
	case MESSAGE_NOTIFY_TEST:
		keeper_notify_test(k, head->cookie, ask);
		break;
	case MESSAGE_SUPPRESS:
		keeper_suppress(k, head->cookie, body);
		break;
	case MESSAGE_TRACE:
		request_trace(k, head->cookie, body);
		break;
	case MESSAGE_ASK_CODE:
		keeper_portal_code(k, head->cookie, ask);
		break;
	case MESSAGE_UP:
		request_up(k, head->cookie, body);
		break;
	case MESSAGE_DOWN:
		request_down(k, head->cookie, ask);
		break;
	}
}

void keeper_request(struct keeper *k, const struct channel_head *head, const void *body, int passed)
{
	/* Every request begins with its peer, the table's lengths are exact. */
	const struct message_peer *peer = body;

	const char *refused = NULL;

	if (!message_text_valid(peer->who, sizeof(peer->who)) || (*peer->who && !peer->portal)) {
		keeper_done(k, head->cookie, -EINVAL, "malformed request");
		return;
	}
	if (peer->portal) {
		memcpy(k->who, peer->who, sizeof(k->who));
		refused = keeper_portal_refuses(k, head->type, body);
		if (refused) {
			keeper_audit(k, AUDIT_NOTE, peer->uid, "portal: %s was refused: %s",
				     message_table[head->type].rule.name, refused);
			memset(k->who, 0, sizeof(k->who));
			keeper_done(k, head->cookie, -EPERM, "%s", refused);
			return;
		}
	} else if (peer->uid != 0 && head->type >= MESSAGE_TRACE && head->type <= MESSAGE_DOWN) {
		keeper_done(k, head->cookie, -EPERM, "only root may change the shield");
		return;
	}
	if (keeper_load_refuses(k, head->type, peer)) {
		keeper_done(k, head->cookie, -EBUSY, "another change is being made; try again");
		return;
	}
	if (keeper_load_holds(k, head, body))
		return;
	/* Whatever this causes is told with the name of who asked. */
	memcpy(k->who, peer->who, sizeof(k->who));
	request_run(k, head, body, passed);
	memset(k->who, 0, sizeof(k->who));
}
