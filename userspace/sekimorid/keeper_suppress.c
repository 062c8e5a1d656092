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

static int file_change(const char *path, const struct message_suppress *in, const char *line,
		       const char *reason, bool *there)
{
	AUTO_FREE char *text = NULL;
	AUTO_FREE char *grown = NULL;
	size_t len = 0;
	int err = file_read(AT_FDCWD, path, SUPPRESS_FILE_MAX, &text, &len);

	if (err == -ENOENT)
		err = 0;
	if (err)
		return err;
	*there = text && strstr(text, line);
	if (*there)
		return 0;
	if (asprintf(&grown, "%s# %s%s%s\n%s", text ? text : "", reason, *in->peer.who ? " - " : "",
		     in->peer.who, line) < 0)
		return -ENOMEM;
	return strlen(grown) > SUPPRESS_FILE_MAX ? -EFBIG
						 : file_replace(AT_FDCWD, path, grown, strlen(grown), 0600);
}

void keeper_suppress(struct keeper *k, uint64_t cookie, const struct message_suppress *in)
{
	char path[INSTANCE_PATH_MAX], line[160], prefix_text[PREFIX_TEXT_MAX], reason[LIST_REASON_MAX];
	struct prefix prefix;
	bool there = false;
	int err;

	if (!message_prefix_get(&in->prefix, &prefix) ||
	    !message_text_valid(in->reason, sizeof(in->reason)) || !in->sid || !in->gid) {
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
	if (err || there) {
		keeper_done(k, cookie, err, "rule %u:%u for %s: %s", in->gid, in->sid, prefix_text,
			    err ? strerror(-err) : "it was silenced before");
		return;
	}
	keeper_audit(k, AUDIT_CHANGE, in->peer.uid, "suppress rule %u:%u for %s: %s", in->gid, in->sid,
		     prefix_text, reason);
	keeper_done(k, cookie, 0,
		    "rule %u:%u is silent about %s from now on; if it drops, it goes on dropping. To take it "
		    "back: "
		    "remove its line from %s, then `sekimori rules reload`",
		    in->gid, in->sid, prefix_text, path);
	/* The engines learn it with their rules; while nothing is up they do at the start. */
	if (k->gate && keeper_job_rules(k, 0, in->peer.uid))
		keeper_audit(k, AUDIT_ALARM, 0, "the rules could not be read again: `sekimori rules reload`");
}
