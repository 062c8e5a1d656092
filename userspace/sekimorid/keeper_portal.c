// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * keeper_portal.c - the portal as the keeper sees it: a socket that it opens, a
 * certificate that it copies unread, and a bound on what may be asked through it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "core/list/listen.h"
#include "keeper.h"
#include "lib/file.h"
#include "lib/log.h"

#define PORTAL_BACKLOG	  128
#define PORTAL_RETRY	  30u	    /* ticks between two tries to listen */
#define PORTAL_SHORTEST_4 (96 + 24) /* prefixes that a block by the portal may have */
#define PORTAL_SHORTEST_6 48
#define PORTAL_STANDARD	  "127.0.0.1:7443" /* belongs to instance default; another one names its own */

int keeper_portal_folder(struct keeper *k, int *fd)
{
	const struct process_row *row = &process_table[PROCESS_PORTAL];
	const struct passwd *pw = getpwnam(row->user);
	char path[INSTANCE_PATH_MAX];
	AUTO_FD int folder = -1;
	int err = instance_path(path, sizeof(path), k->options.state_root, k->options.instance, "portal");

	if (err)
		return err;
	if ((mkdir(k->options.state_root, 0755) < 0 && errno != EEXIST) ||
	    (mkdir(k->state_dir, 0700) < 0 && errno != EEXIST) ||
	    (mkdir(path, 0700) < 0 && errno != EEXIST)) {
		log_error("%s: %s", path, strerror(errno));
		return -errno;
	}
	folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (folder < 0 || fchown(folder, pw ? pw->pw_uid : row->uid, pw ? pw->pw_gid : row->uid) < 0)
		return -errno;
	*fd = TAKE_FD(folder);
	return 0;
}

static int portal_listen(const char *text, int *fd)
{
	struct listen_address at;
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	const int on = 1;
	const char *why;
	AUTO_FD int sock = -1;
	int err = listen_parse(text, strlen(text), &at, &why);

	if (err)
		return err;
	v6.sin6_port = htons(at.port);
	v4.sin_port = htons(at.port);
	memcpy(&v6.sin6_addr, at.host.addr, 16);
	memcpy(&v4.sin_addr, at.host.addr + 12, 4);
	sock = socket(at.v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sock < 0 || setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    (!at.v4 && setsockopt(sock, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0) ||
	    bind(sock, at.v4 ? (void *)&v4 : (void *)&v6, at.v4 ? sizeof(v4) : sizeof(v6)) < 0 ||
	    listen(sock, PORTAL_BACKLOG) < 0)
		return -errno;
	*fd = TAKE_FD(sock);
	return 0;
}

/* What is wrong goes to the log once, and to whoever asks for a setup code. */
static void portal_complain(struct keeper *k, enum message_audit_kind kind, const char *before)
{
	if (*k->portal_why && strcmp(before, k->portal_why) != 0)
		keeper_audit(k, kind, 0, "the portal does not serve as configured: %s", k->portal_why);
}

static int portal_file(struct keeper *k, const char *what, const char *path, char *out, size_t size)
{
	AUTO_FREE char *text = NULL;
	size_t len = 0;
	int err = file_read(AT_FDCWD, path, size - 1, &text, &len);

	if (err) {
		snprintf(k->portal_why, sizeof(k->portal_why),
			 "the %s %s cannot be read (%s): put a PEM file there, or name another one in portal "
			 "{ "
			 "%s … }, then `sekimori apply`",
			 what, path, strerror(-err), what);
		return err;
	}
	memcpy(out, text, len);
	explicit_bzero(text, len);
	return 0;
}

/* The socket as the policy has it; one that is right stays open, so that nobody is turned away by an apply.
 */
static void portal_socket(struct keeper *k, const char *listen)
{
	bool off = !strcmp(listen, "off") ||
		   (!strcmp(listen, PORTAL_STANDARD) && strcmp(k->options.instance, "default") != 0);
	int err;

	if (k->portal_listener >= 0 && !off && !strcmp(k->portal_listen, listen))
		return;
	if (k->portal_listener >= 0)
		close(k->portal_listener);
	k->portal_listener = -1;
	snprintf(k->portal_listen, sizeof(k->portal_listen), "%s", off ? "off" : listen);
	if (off)
		return;
	err = portal_listen(listen, &k->portal_listener);
	if (err) {
		snprintf(k->portal_why, sizeof(k->portal_why), "cannot listen at %.80s: %s", listen,
			 strerror(-err));
		k->portal_listener = -1;
	}
}

void keeper_portal_settings(struct keeper *k)
{
	const struct policy *policy = k->now.base ? k->now.base : k->now.runtime;
	static struct message_portal out;
	char before[sizeof(k->portal_why)];
	bool unread = false;
	int err = 0;

	memcpy(before, k->portal_why, sizeof(before));
	memset(&out, 0, sizeof(out));
	k->portal_why[0] = '\0';
	portal_socket(k, policy->portal.listen);
	out.may_allow = policy->portal.may_allow;
	snprintf(out.instance, sizeof(out.instance), "%.31s", k->options.instance);
	memcpy(out.host, policy->portal.host, sizeof(out.host));
	memcpy(out.listen, k->portal_listen, sizeof(out.listen));
	out.tls = k->portal_tls = *policy->portal.certificate != '\0';
	if (out.tls && k->portal_listener >= 0) {
		err = portal_file(k, "certificate", policy->portal.certificate, out.certificate,
				  sizeof(out.certificate));
		if (!err)
			err = portal_file(k, "key", policy->portal.key, out.key, sizeof(out.key));
	}
	out.stays = unread = err != 0;
	/* Without its certificate it does not begin: in the clear would be worse than not at all. */
	err = channel_send(keeper_child(k, PROCESS_PORTAL, 0)->fd, MESSAGE_PORTAL_SETTINGS, 0, &out,
			   sizeof(out), err ? -1 : k->portal_listener);
	if (err)
		log_debug("the portal is not there to learn its settings; it gets them when it starts");
	explicit_bzero(&out, sizeof(out));
	portal_complain(k, unread ? AUDIT_ALARM : AUDIT_NOTE, before);
}

void keeper_portal_served(struct keeper *k, const struct message_done *done)
{
	const struct policy *policy = k->now.base ? k->now.base : k->now.runtime;
	char before[sizeof(k->portal_why)];

	if (!message_text_valid(done->text, sizeof(done->text)))
		return;
	if (done->result) {
		memcpy(before, k->portal_why, sizeof(before));
		snprintf(k->portal_why, sizeof(k->portal_why),
			 "%.160s. Certificate: %s, key: %s; mend or replace them, then `sekimori apply`",
			 done->text, policy->portal.certificate, policy->portal.key);
		portal_complain(k, AUDIT_ALARM, before);
	} else if (*done->text) {
		keeper_audit(k, AUDIT_NOTE, 0, "the portal serves, but %.160s (%s)", done->text,
			     policy->portal.certificate);
	}
}

void keeper_portal_tick(struct keeper *k)
{
	if (k->portal_listener < 0 && *k->portal_why && k->ticks % PORTAL_RETRY == 0) {
		k->portal_listen[0] = '\0';
		keeper_portal_settings(k);
	}
}

void keeper_portal_code(struct keeper *k, uint64_t cookie, const struct message_ask *in)
{
	if (k->portal_listener < 0) {
		keeper_done(k, cookie, -ENOENT, "the portal does not serve: %s",
			    *k->portal_why
				    ? k->portal_why
				    : "this instance names no address for it. Add to the configuration: "
				      "portal { listen 127.0.0.1:7443; }");
		return;
	}
	if (k->code_cookie)
		keeper_done(k, k->code_cookie, -ECANCELED, "another code was asked for");
	if (keeper_child_tell(k, PROCESS_PORTAL, MESSAGE_PORTAL_CODE, in, sizeof(*in))) {
		keeper_done(k, cookie, -EAGAIN, "the portal process is not there; try again in a moment");
		return;
	}
	k->code_cookie = cookie;
	keeper_audit(k, AUDIT_CHANGE, in->peer.uid, "a setup code for the portal was made");
}

void keeper_portal_coded(struct keeper *k, const struct message_done *done)
{
	struct message_done out = *done;

	out.text[sizeof(out.text) - 1] = '\0';
	if (k->code_cookie && out.result)
		keeper_done(k, k->code_cookie, out.result, "the portal does not serve: %s", k->portal_why);
	else if (k->code_cookie)
		keeper_done(k, k->code_cookie, 0,
			    "Open %s://%s/setup in a browser of this machine (or through an SSH tunnel) and "
			    "enter "
			    "the code\n    %s\nIt holds for a quarter of an hour, once.",
			    k->portal_tls ? "https" : "http", k->portal_listen, out.text);
	k->code_cookie = 0;
	explicit_bzero(&out, sizeof(out));
}

static const char *refuses_block(const struct message_block *in)
{
	struct prefix prefix;

	if (!message_prefix_get(&in->prefix, &prefix) || !message_text_valid(in->reason, sizeof(in->reason)))
		return "malformed prefix or reason";
	if (!*in->reason)
		return "a block from the portal needs a reason";
	if (prefix.len < (prefix_is_v4(&prefix) ? PORTAL_SHORTEST_4 : PORTAL_SHORTEST_6))
		return "the portal blocks networks of at most /24 (IPv6 /48); larger ones by `sekimori "
		       "block` as root";
	return NULL;
}

static const char *refuses_suppress(const struct message_suppress *in)
{
	if (!message_text_valid(in->reason, sizeof(in->reason)) || (!*in->reason && !in->remove))
		return "silencing a rule needs a reason";
	return in->prefix.len == 128 ? NULL : "the portal silences a rule for single addresses only";
}

/*
 * The portal reads what strangers send. It may add to what is stopped, take back what was blocked by hand or
 * automatically, and leave a trace; it may not disarm, change modes or, unless root wrote so into the
 * configuration, widen the allow set (T9).
 */
const char *keeper_portal_refuses(const struct keeper *k, uint32_t type, const void *body)
{
	const struct policy *policy = k->now.base ? k->now.base : k->now.runtime;
	const struct message_ask *ask = body;

	switch (type) {
	case MESSAGE_ASK_STATUS:
	case MESSAGE_ASK_COUNTERS:
	case MESSAGE_ASK_WHY:
	case MESSAGE_ASK_LISTS:
	case MESSAGE_ASK_ITEMS:
	case MESSAGE_TRACE:
	case MESSAGE_UNBLOCK:
		return NULL;
	case MESSAGE_ACK: /* one, never all at once */
		return ((const struct message_ack *)body)->event
			       ? NULL
			       : "the portal acknowledges one alert at a time";
	case MESSAGE_BLOCK:
		return refuses_block(body);
	case MESSAGE_SUPPRESS:
		return refuses_suppress(body);
	case MESSAGE_ALLOW:
		if (!policy->portal.may_allow)
			return "the portal may not widen the allow set: `sekimori allow ADDRESS` as root, or "
			       "portal { may-allow on; }";
		return ask->prefix.len == 128 ? NULL : "the portal allows single addresses only";
	default:
		return "only root may do this, on the command line";
	}
}
