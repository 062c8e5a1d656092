// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * keeper_block.c - `block` and `unblock`: one prefix on the list of those who type commands.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "keeper.h"
#include "lib/log.h"

static void block_restore(struct keeper *k, const struct list_item *item, const struct list_item *old)
{
	int err = old ? list_add(k->lists, old, keeper_epoch())
		      : list_remove(k->lists, item->list, &item->prefix, keeper_epoch());

	if (err)
		log_error("the list cannot be put back: %s", strerror(-err));
}

/* What is kept and shown later must be a line of text, whatever somebody typed. */
static void reason_clean(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = ' ';
}

/* A slip of the hand must not cut off a continent: shorter prefixes are taken only when somebody says so. */
#define BLOCK_SHORTEST_4 8
#define BLOCK_SHORTEST_6 16

static unsigned int shortest(const struct prefix *prefix)
{
	return prefix_is_v4(prefix) ? BLOCK_SHORTEST_4 : BLOCK_SHORTEST_6;
}

static bool is_wide(const struct prefix *prefix)
{
	return prefix->len < shortest(prefix) + (prefix_is_v4(prefix) ? 96 : 0);
}

void keeper_block(struct keeper *k, uint64_t cookie, const struct message_block *in)
{
	struct list_item item = {.list = LIST_MANUAL,
				 .flags = SEKI_ENTRY_SRC | SEKI_ENTRY_DST,
				 .severity = SEKI_SEVERITY_HIGH,
				 .created = keeper_epoch()};
	char text[PREFIX_TEXT_MAX], covers[200];
	struct gate_why why = {""};
	struct list_item old;
	bool replaces;
	int err;

	if (!message_prefix_get(&in->prefix, &item.prefix) ||
	    !message_text_valid(in->reason, sizeof(in->reason))) {
		keeper_done(k, cookie, -EINVAL, "malformed prefix or reason");
		return;
	}
	if (in->seconds)
		item.expires = keeper_epoch() + in->seconds;
	memcpy(item.reason, in->reason, sizeof(item.reason));
	reason_clean(item.reason);
	prefix_format(&item.prefix, text);
	if (is_wide(&item.prefix) && !in->wide) {
		keeper_done(k, cookie, -EPERM,
			    "%s: shorter than /%u is much of the Internet; `block %s --allow-share` takes it",
			    text, shortest(&item.prefix), text);
		return;
	}
	replaces = !list_get(k->lists, LIST_MANUAL, &item.prefix, &old);
	err = list_add(k->lists, &item, keeper_epoch());
	if (err) {
		keeper_done(k, cookie, err, "%s: the list has no room for more than %u entries", text,
			    list_limit_get(k->lists));
		return;
	}
	err = keeper_lists_push(k, &item.prefix, &why);
	if (err) {
		block_restore(k, &item, replaces ? &old : NULL);
		keeper_done(k, cookie, err, "%s: not blocked: %s %s", text, strerror(-err), why.text);
		return;
	}
	keeper_load_carry(k, &item.prefix);
	err = keeper_journal_add(k, &item);
	keeper_covers(k, &item.prefix, covers, sizeof(covers));
	keeper_audit(k, AUDIT_CHANGE, in->peer.uid, "block %s for %" PRIu64 " s: %s", text, in->seconds,
		     item.reason);
	keeper_done(k, cookie, 0, "%s is blocked%s%s%s%s", text,
		    k->gate ? "" : " as soon as an interface is up", *covers ? "; " : "", covers,
		    err ? "; WARNING: it could not be saved and ends with this daemon" : "");
}

struct still_listed {
	struct keeper *k;
	char *text;
	size_t size;
};

static int still_listed(const struct list_item *item, void *arg)
{
	struct still_listed *s = arg;
	char prefix[PREFIX_TEXT_MAX];

	snprintf(s->text, s->size, "; list %s still has %s", list_name(s->k->lists, item->list),
		 prefix_format(&item->prefix, prefix));
	return 1;
}

void keeper_unblock(struct keeper *k, uint64_t cookie, const struct message_ask *in)
{
	struct prefix prefix;
	struct gate_why why = {""};
	char text[PREFIX_TEXT_MAX], still[160] = "";
	struct still_listed rest = {.k = k, .text = still, .size = sizeof(still)};
	struct list_item old;
	bool listed, cut = false;
	struct seki_addr addr;
	int err = 0;

	if (!message_prefix_get(&in->prefix, &prefix)) {
		keeper_done(k, cookie, -EINVAL, "malformed prefix");
		return;
	}
	prefix_format(&prefix, text);
	listed = !list_get(k->lists, LIST_MANUAL, &prefix, &old) &&
		 !list_remove(k->lists, LIST_MANUAL, &prefix, keeper_epoch());
	if (listed)
		err = keeper_lists_push(k, &prefix, &why);
	if (!err && prefix.len == 128 && k->gate) {
		memcpy(addr.b, prefix.addr, sizeof(addr.b));
		err = gate_block_remove(k->gate, &addr);
		k->block_changes++;
		cut = !err;
		if (err == -ENOENT)
			err = 0;
	}
	if (err) {
		if (listed)
			block_restore(k, &old, &old);
		keeper_done(k, cookie, err, "%s: the kernel did not let go: %s %s", text, strerror(-err),
			    why.text);
		return;
	}
	if (listed)
		keeper_load_carry(k, &prefix);
	list_why(k->lists, &prefix, still_listed, &rest);
	if (!listed && !cut) {
		keeper_done(k, cookie, -ENOENT, "%s is neither blocked by hand nor automatically%s", text,
			    still);
		return;
	}
	if (listed && keeper_journal_remove(k, &prefix))
		log_error("the manual list could not be saved");
	keeper_audit(k, AUDIT_CHANGE, in->peer.uid, "unblock %s", text);
	keeper_done(k, cookie, 0, "%s is unblocked (%s%s%s)%s", text, listed ? "by hand" : "",
		    listed && cut ? ", " : "", cut ? "automatic block" : "", still);
}
