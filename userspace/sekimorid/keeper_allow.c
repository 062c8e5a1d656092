// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * keeper_allow.c - the allow set as people change it: entries by hand, and whoever manages this machine right
 * now.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "keeper.h"
#include "lib/log.h"

static int allow_row_find(const struct policy *policy, const struct prefix *prefix,
			  const struct seki_scope *scope)
{
	for (uint32_t i = 0; i < policy->net_count; i++)
		if (policy->nets[i].allow && !prefix_compare(&policy->nets[i].prefix, prefix) &&
		    !memcmp(&policy->nets[i].scope, scope, sizeof(*scope)))
			return (int)i;
	return -1;
}

static int allow_row_add(struct policy *policy, const struct prefix *prefix, const struct seki_scope *scope)
{
	struct policy_net *grown = realloc(policy->nets, (policy->net_count + 1) * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	policy->nets = grown;
	grown[policy->net_count] = (struct policy_net){.prefix = *prefix, .allow = true};
	grown[policy->net_count++].scope = *scope;
	return 0;
}

static void allow_row_remove(struct policy *policy, int row)
{
	memmove(&policy->nets[row], &policy->nets[row + 1],
		(policy->net_count - (uint32_t)row - 1) * sizeof(policy->nets[0]));
	policy->net_count--;
}

static int allow_push(struct keeper *k, struct gate_why *why)
{
	CLEANUP(policy_free) struct policy *effective = NULL;
	int err;

	why->text[0] = '\0';
	if (!k->gate)
		return 0;
	err = keeper_policy_merge(&k->now, &effective);
	return err ? err : keeper_nets_push(k, effective, why);
}

void keeper_allow(struct keeper *k, uint64_t cookie, const struct message_ask *in)
{
	const struct seki_scope scope = {.kind = SEKI_SCOPE_USER};
	struct gate_why why = {""};
	char text[PREFIX_TEXT_MAX];
	struct prefix prefix;
	int row, err;

	if (!message_prefix_get(&in->prefix, &prefix)) {
		keeper_done(k, cookie, -EINVAL, "malformed prefix");
		return;
	}
	prefix_format(&prefix, text);
	row = allow_row_find(k->now.runtime, &prefix, &scope);
	if (in->remove ? row < 0 : row >= 0) {
		keeper_done(k, cookie, in->remove ? -ENOENT : 0,
			    in->remove ? "%s was not allowed by this command; entries of the configuration "
					 "are changed there"
				       : "%s was in the allow set before",
			    text);
		return;
	}
	if (in->remove)
		allow_row_remove(k->now.runtime, row);
	else if (allow_row_add(k->now.runtime, &prefix, &scope)) {
		keeper_done(k, cookie, -ENOMEM, "%s: out of memory", text);
		return;
	}
	err = allow_push(k, &why);
	if (err) {
		if (!in->remove)
			allow_row_remove(k->now.runtime, (int)k->now.runtime->net_count - 1);
		else if (allow_row_add(k->now.runtime, &prefix, &scope))
			log_error("the allow set cannot be put back");
		keeper_done(k, cookie, err, "%s: not changed: %s %s", text, strerror(-err), why.text);
		return;
	}
	if (keeper_state_save_policy(k))
		log_error("the allow set could not be saved");
	keeper_audit(k, AUDIT_CHANGE, in->peer.uid, "%s %s", in->remove ? "allow --remove" : "allow", text);
	keeper_done(k, cookie, 0,
		    in->remove ? "%s is no longer in the allow set"
			       : "%s is in the allow set: no list and no automatic block holds for it",
		    text);
}

static struct seki_scope peer_scope(const struct message_peer *peer, struct prefix *prefix)
{
	*prefix = (struct prefix){.len = 128};
	memcpy(prefix->addr, peer->address, sizeof(prefix->addr));
	return (struct seki_scope){
		.port = htons(peer->port), .proto = peer->port ? 6 : 0, .kind = SEKI_SCOPE_MANAGEMENT};
}

bool keeper_peer_is_new(const struct keeper *k, const struct message_peer *peer)
{
	struct prefix prefix;
	struct seki_scope scope = peer_scope(peer, &prefix);

	return peer->known && !peer->uid && k->now.runtime &&
	       allow_row_find(k->now.runtime, &prefix, &scope) < 0;
}

/* Whoever manages this machine right now must not lock himself out by what he is about to do. */
void keeper_peer_allow(struct keeper *k, const struct message_peer *peer)
{
	struct policy *runtime = k->now.runtime;
	struct prefix prefix;
	struct seki_scope scope = peer_scope(peer, &prefix);
	struct gate_why why;
	uint32_t peers = 0;
	int oldest = -1, err;

	if (!keeper_peer_is_new(k, peer))
		return;
	for (uint32_t i = 0; i < runtime->net_count; i++) {
		if (runtime->nets[i].scope.kind != SEKI_SCOPE_MANAGEMENT)
			continue;
		peers++;
		if (oldest < 0)
			oldest = (int)i;
	}
	if (peers >= KEEPER_PEERS)
		allow_row_remove(runtime, oldest);
	err = allow_row_add(runtime, &prefix, &scope);
	if (!err)
		err = allow_push(k, &why);
	if (!err)
		err = keeper_state_save_policy(k);
	if (err)
		log_error("the management peer could not be put into the allow set: %s", strerror(-err));
}
