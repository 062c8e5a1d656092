// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * keeper_suppress.c - a rule silenced for a source: a line of threshold.config
 * in a file of ours, which the parser reads with the rules as any other. What it
 * silences is alerts; a rule that drops goes on dropping.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "keeper.h"
#include "lib/file.h"

#define SUPPRESS_FILE_MAX (1u << 20)

static void reason_clean(const char *in, char out[LIST_REASON_MAX])
{
	for (size_t i = 0; i < LIST_REASON_MAX; i++)
		out[i] = in[i] && ((unsigned char)in[i] < 0x20 || in[i] == 0x7f) ? ' ' : in[i];
}

static int file_grow(const char *text, const struct message_suppress *in, const char *line,
		     const char *reason, char **out)
{
	return asprintf(out, "%s# %s%s%s\n%s", text, reason, *in->peer.who ? " - " : "", in->peer.who, line) <
			       0
		       ? -ENOMEM
		       : 0;
}

/* The line goes with the comment above it, which is its reason; what else somebody wrote there stays. */
static int file_cut(const char *text, const char *at, size_t len, char **out)
{
	const char *from = at;

	if (from > text) {
		const char *before = from - 1;

		while (before > text && before[-1] != '\n')
			before--;
		if (*before == '#')
			from = before;
	}
	return asprintf(out, "%.*s%s", (int)(from - text), text, at + len) < 0 ? -ENOMEM : 0;
}

/* A whole line of the file, NULL: it is not there. */
static const char *line_find(const char *text, const char *line)
{
	for (const char *at = strstr(text, line); at; at = strstr(at + 1, line))
		if (at == text || at[-1] == '\n')
			return at;
	return NULL;
}

/* *there: it was silenced before. */
static int file_change(const char *path, const struct message_suppress *in, const char *line,
		       const char *reason, bool *there)
{
	AUTO_FREE char *text = NULL;
	AUTO_FREE char *changed = NULL;
	const char *at;
	size_t len = 0;
	int err = file_read(AT_FDCWD, path, SUPPRESS_FILE_MAX, &text, &len);

	if (err == -ENOENT)
		err = 0;
	if (err)
		return err;
	at = text ? line_find(text, line) : NULL;
	*there = at != NULL;
	if (*there != (in->remove != 0))
		return 0;
	err = at ? file_cut(text, at, strlen(line), &changed)
		 : file_grow(text ? text : "", in, line, reason, &changed);
	if (err)
		return err;
	return strlen(changed) > SUPPRESS_FILE_MAX
		       ? -EFBIG
		       : file_replace(AT_FDCWD, path, changed, strlen(changed), 0600);
}

/* The engines learn it with their rules; while nothing is up they do at the start. */
static void suppress_learn(struct keeper *k, uint32_t uid)
{
	if (k->gate && keeper_job_rules(k, 0, uid))
		keeper_audit(k, AUDIT_ALARM, 0, "the rules could not be read again: `sekimori rules reload`");
}

void keeper_suppress(struct keeper *k, uint64_t cookie, const struct message_suppress *in)
{
	char path[INSTANCE_PATH_MAX], line[160], prefix_text[PREFIX_TEXT_MAX], reason[LIST_REASON_MAX];
	struct prefix prefix;
	bool there = false;
	int err;

	if (!message_prefix_get(&in->prefix, &prefix) ||
	    !message_text_valid(in->reason, sizeof(in->reason)) || !in->sid || !in->gid || in->remove > 1) {
		keeper_done(k, cookie, -EINVAL, "malformed request");
		return;
	}
	if (keeper_job_runs(k)) {
		keeper_done(k, cookie, -EBUSY, "another change is being made; try again");
		return;
	}
	reason_clean(in->reason, reason);
	snprintf(line, sizeof(line), "suppress gen_id %u, sig_id %u, track by_src, ip %s\n", in->gid, in->sid,
		 prefix_format(&prefix, prefix_text));
	err = keeper_state_path(k, KEEPER_SUPPRESS_FILE, path);
	if (!err)
		err = file_change(path, in, line, reason, &there);
	if (err || there != (in->remove != 0)) {
		if (!err && in->remove)
			err = -ENOENT;
		keeper_done(k, cookie, err, "rule %u:%u for %s: %s", in->gid, in->sid, prefix_text,
			    err == -ENOENT ? "it is not silenced; `sekimori suppress list` shows what is"
			    : err	   ? strerror(-err)
					   : "it was silenced before");
		return;
	}
	keeper_audit(k, AUDIT_CHANGE, in->peer.uid, "%s rule %u:%u for %s: %s",
		     in->remove ? "tell again by" : "suppress", in->gid, in->sid, prefix_text, reason);
	if (in->remove)
		keeper_done(k, cookie, 0, "rule %u:%u tells about %s again", in->gid, in->sid, prefix_text);
	else
		keeper_done(k, cookie, 0,
			    "rule %u:%u is silent about %s from now on; if it drops, it goes on dropping. To "
			    "take "
			    "it back: sekimori suppress remove %u:%u %s",
			    in->gid, in->sid, prefix_text, in->gid, in->sid, prefix_text);
	suppress_learn(k, in->peer.uid);
}
