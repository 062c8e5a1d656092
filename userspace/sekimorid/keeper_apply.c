// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * keeper_apply.c - a policy into the kernel, whole or not at all; confirm or
 * go back; what is on the hooks.
 */
#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "bundle.h"
#include "keeper.h"
#include "keeper_module.h"
#include "lib/log.h"

#define GRACE_SECONDS 30u /* DMZ flows that began before the shield may go on and are learnt */

void keeper_policy_free(struct keeper_policy *policy)
{
	policy_free(policy->base);
	policy_free(policy->runtime);
	keeper_image_free(policy->lists);
	*policy = (struct keeper_policy){0};
}

int keeper_policy_copy(const struct policy *in, struct policy **out)
{
	AUTO_FREE void *image = NULL;
	const char *why;
	size_t len = 0;
	int err = policy_pack(in, &image, &len);

	return err ? err : policy_unpack(image, len, out, &why);
}

static int merge_ifaces(struct policy *out, const struct policy *runtime)
{
	for (uint32_t i = 0; i < runtime->iface_count; i++) {
		struct policy_iface *grown;
		uint32_t at = 0;

		while (at < out->iface_count && (strcmp(out->ifaces[at].name, runtime->ifaces[i].name) != 0 ||
						 out->ifaces[at].vlan != runtime->ifaces[i].vlan))
			at++;
		if (at == out->iface_count) {
			grown = realloc(out->ifaces, (out->iface_count + 1) * sizeof(*grown));
			if (!grown)
				return -ENOMEM;
			out->ifaces = grown;
			out->iface_count++;
		}
		out->ifaces[at] = runtime->ifaces[i];
	}
	return 0;
}

int keeper_policy_merge(const struct keeper_policy *in, struct policy **out)
{
	CLEANUP(policy_free) struct policy *policy = NULL;
	const struct policy *runtime = in->runtime;
	int err = in->base ? keeper_policy_copy(in->base, &policy) : policy_default(&policy);

	if (!err && runtime->net_count) {
		struct policy_net *grown =
			realloc(policy->nets, (policy->net_count + runtime->net_count) * sizeof(*grown));

		if (!grown)
			return -ENOMEM;
		policy->nets = grown;
		memcpy(grown + policy->net_count, runtime->nets, runtime->net_count * sizeof(*grown));
		policy->net_count += runtime->net_count;
	}
	if (!err)
		err = merge_ifaces(policy, runtime);
	if (!err)
		*out = TAKE_PTR(policy);
	return err;
}

static struct keeper_iface *iface_find(struct keeper_iface *rows, uint32_t count,
				       const struct policy_iface *want)
{
	for (uint32_t i = 0; i < count; i++)
		if (!strcmp(rows[i].want.name, want->name) && rows[i].want.vlan == want->vlan)
			return &rows[i];
	return NULL;
}

/* Interfaces of the policy with their indexes; every one must exist. */
static int apply_resolve(struct keeper *k, const struct policy *policy, struct keeper_iface *out,
			 struct gate_why *why)
{
	if (policy->iface_count > MESSAGE_IFACES_MAX) {
		snprintf(why->text, sizeof(why->text), "%u interfaces; an instance has at most %u",
			 policy->iface_count, MESSAGE_IFACES_MAX);
		return -E2BIG;
	}
	for (uint32_t i = 0; i < policy->iface_count; i++) {
		const struct keeper_iface *old = iface_find(k->ifaces, k->iface_count, &policy->ifaces[i]);

		memset(&out[i], 0, sizeof(out[i]));
		out[i].want = policy->ifaces[i];
		out[i].ifindex = if_nametoindex(policy->ifaces[i].name);
		if (!out[i].ifindex) {
			snprintf(why->text, sizeof(why->text),
				 "interface %s does not exist; `ip link` shows those that do",
				 policy->ifaces[i].name);
			return -ENODEV;
		}
		if (old && old->ifindex == out[i].ifindex) {
			out[i].attached = old->attached;
			out[i].hook = old->hook;
			out[i].since = old->since;
		}
	}
	return 0;
}

/* Does somebody who manages this machine come in through the interface? */
static bool lockout_session(const struct policy *runtime, uint32_t ifindex)
{
	for (uint32_t i = 0; i < runtime->net_count; i++)
		if (runtime->nets[i].scope.kind == SEKI_SCOPE_MANAGEMENT &&
		    runtime->nets[i].prefix.len == 128 &&
		    keeper_route_iface(&runtime->nets[i].prefix) == ifindex)
			return true;
	return false;
}

/* T19: an interface through which people come in begins to enforce on probation only. */
static int apply_lockout(const struct keeper *k, const struct keeper_iface *next, uint32_t count,
			 const struct keeper_apply *how, struct gate_why *why)
{
	for (uint32_t i = 0; i < count; i++) {
		bool enforced = false;

		for (uint32_t j = 0; j < k->iface_count; j++)
			enforced |= k->ifaces[j].ifindex == next[i].ifindex &&
				    k->ifaces[j].want.mode == SEKI_MODE_ENFORCE && !k->pending_until;
		if (next[i].want.mode != SEKI_MODE_ENFORCE || enforced || how->confirm_within || how->trusted)
			continue;
		if (next[i].ifindex != k->default_iface && !lockout_session(k->now.runtime, next[i].ifindex))
			continue;
		snprintf(why->text, sizeof(why->text),
			 "%s carries %s: enforcing there could lock you out. Add --confirm-within 60, look "
			 "whether you "
			 "still get in, then `sekimori confirm`",
			 next[i].want.name,
			 next[i].ifindex == k->default_iface ? "the default route" : "a management session");
		return -EPERM;
	}
	return 0;
}

static int push_settings(struct keeper *k, const struct policy *policy, uint64_t digest,
			 uint32_t confirm_within)
{
	struct seki_settings next = policy->settings;
	bool first;

	next.magic = SEKI_MAGIC;
	next.schema = SEKI_SCHEMA;
	next.generation = k->settings.generation + 1;
	next.policy_digest = digest;
	next.active = k->settings.active;
	next.rings = policy->engines;
	next.narrow = k->settings.narrow;
	k->self_until = confirm_within ? keeper_now() + confirm_within : 0;
	keeper_egress_settings(k, &next);
	/* Maps that a daemon has served before know the flows; so do those whose hosts were judged already.
	 */
	first = !k->settings.generation ||
		(next.egress_flags & SEKI_EGRESS_SELF && !(k->settings.egress_flags & SEKI_EGRESS_SELF));
	next.grace_until = first ? keeper_now() + GRACE_SECONDS : k->settings.grace_until;
	int err = gate_settings_set(k->gate, &next);

	if (!err)
		k->settings = next;
	return err;
}

static int push_attach(struct keeper *k, struct keeper_iface *row, const struct keeper_iface *rows,
		       uint32_t count, const struct keeper_apply *how, char *text, size_t size)
{
	struct gate_attach_options options = how->attach;
	struct gate_why why = {""};
	int err;

	for (uint32_t i = 0; i < count; i++) {
		if (rows[i].ifindex != row->ifindex)
			continue;
		options.vlan_roles |= rows[i].want.vlan != 0;
		options.tc_egress |=
			rows[i].want.role == SEKI_ROLE_HOST || rows[i].want.role == SEKI_ROLE_DMZ;
	}
	err = gate_attach(k->gate, row->ifindex, &options, &row->hook, &why);
	if (err) {
		snprintf(text, size, "%s: %s", row->want.name, *why.text ? why.text : strerror(-err));
		return err;
	}
	if (*why.text) {
		size_t len = strlen(text);

		snprintf(text + len, size - len, "%s%s: %s", len ? "; " : "", row->want.name, why.text);
	}
	if (!row->attached)
		row->since = keeper_epoch();
	row->attached = true;
	return 0;
}

static int push_iface(struct keeper *k, const struct keeper_iface *row, uint32_t confirm_within)
{
	const struct seki_iface_key key = {.ifindex = row->ifindex, .vlan = row->want.vlan};
	struct seki_iface value = {
		.role = row->want.role,
		.mode = row->want.mode,
		.flags = row->hook.csum_partial ? SEKI_IFACE_CSUM_PARTIAL : 0,
	};

	if (confirm_within && row->want.mode == SEKI_MODE_ENFORCE)
		value.enforce_until = keeper_now() + confirm_within;
	return gate_iface_set(k->gate, &key, &value);
}

/* Rows and hooks of interfaces that are no longer named. */
static void push_leave(struct keeper *k, const struct keeper_iface *next, uint32_t count)
{
	for (uint32_t i = 0; i < k->iface_count; i++) {
		const struct keeper_iface *old = &k->ifaces[i];
		const struct seki_iface_key key = {.ifindex = old->ifindex, .vlan = old->want.vlan};
		struct gate_why why = {""};
		bool row = false, hook = false;
		int err;

		for (uint32_t j = 0; j < count; j++) {
			hook |= next[j].ifindex == old->ifindex;
			row |= next[j].ifindex == old->ifindex && next[j].want.vlan == old->want.vlan;
		}
		err = row ? 0 : gate_iface_set(k->gate, &key, NULL);
		if (!err && !hook) {
			keeper_module_leave(k, old->ifindex, "no longer in the policy");
			err = gate_detach(k->gate, old->ifindex, &why);
		}
		if (err && err != -ENOENT)
			log_warn("%s: %s %s", old->want.name, strerror(-err), why.text);
	}
}

struct stray {
	const struct keeper_iface *rows;
	uint32_t count, stray_count;
	struct seki_iface_key keys[64];
};

static int stray_find(const struct seki_iface_key *key, const struct seki_iface *value, void *arg)
{
	struct stray *s = arg;

	for (uint32_t i = 0; i < s->count; i++)
		if (s->rows[i].ifindex == key->ifindex && s->rows[i].want.vlan == key->vlan)
			return 0;
	s->keys[s->stray_count++] = *key;
	return s->stray_count == ARRAY_LEN(s->keys);
}

/* An adopted map may still hold rows of interfaces that a dead daemon served. */
static void push_strays(struct keeper *k, const struct keeper_iface *rows, uint32_t count)
{
	struct stray stray = {.rows = rows, .count = count};
	int err = gate_iface_each(k->gate, stray_find, &stray);

	for (uint32_t i = 0; !err && i < stray.stray_count; i++)
		err = gate_iface_set(k->gate, &stray.keys[i], NULL);
	if (err < 0)
		log_warn("stale interface rows: %s", strerror(-err));
}

/* The configuration's lists in the place of an earlier one's; what was loaded or typed stays. */
static int push_lists(struct keeper *k, const struct policy *policy, const struct keeper_image *lists,
		      struct gate_why *why)
{
	static const struct list_image none;

	return keeper_lists_replace(k, lists ? &lists->image : &none, TAKE_CONFIG, policy->list_entries, why);
}

/* Settings are valid before the first packet meets the program; roles come last, so that nothing is enforced
 * half. */
static int push(struct keeper *k, const struct policy *policy, const struct keeper_image *lists,
		struct keeper_iface *next, const struct keeper_apply *how, char *text, size_t size)
{
	AUTO_FREE void *image = NULL;
	struct gate_why why = {""};
	size_t len = 0;
	int err = policy_pack(policy, &image, &len);

	*text = '\0';
	if (!err)
		err = keeper_egress_push(k, policy, &why);
	if (!err)
		err = push_settings(k, policy, bundle_digest(image, len), how->confirm_within);
	if (!err)
		err = keeper_nets_push(k, policy, &why);
	if (!err)
		err = push_lists(k, policy, lists, &why);
	if (err) {
		snprintf(text, size, "%s", *why.text ? why.text : strerror(-err));
		return err;
	}
	for (uint32_t i = 0; !err && i < policy->iface_count; i++)
		err = push_attach(k, &next[i], next, policy->iface_count, how, text, size);
	for (uint32_t i = 0; !err && i < policy->iface_count; i++) {
		err = push_iface(k, &next[i], how->confirm_within);
		if (err)
			snprintf(text, size, "%s: role not set: %s", next[i].want.name, strerror(-err));
	}
	return err;
}

/* The way back: what was before, in the same order. A failure here is an alarm, since it leaves a mixture. */
static void apply_undo(struct keeper *k, const struct keeper_iface *next, uint32_t count)
{
	CLEANUP(policy_free) struct policy *old = NULL;
	struct keeper_iface rows[MESSAGE_IFACES_MAX];
	const struct keeper_apply how = {0};
	struct gate_why why = {""};
	char text[512] = "";
	int err = 0;

	for (uint32_t i = 0; i < count; i++) {
		if (!next[i].attached || iface_find(k->ifaces, k->iface_count, &next[i].want))
			continue;
		err = gate_detach(k->gate, next[i].ifindex, &why);
		if (err && err != -ENOENT)
			log_warn("%s: %s", next[i].want.name, why.text);
	}
	err = keeper_policy_merge(&k->now, &old);
	if (!err)
		err = apply_resolve(k, old, rows, &why);
	if (!err)
		err = push(k, old, k->now.lists, rows, &how, text, sizeof(text));
	if (err)
		keeper_audit(k, AUDIT_ALARM, 0, "the earlier policy could not be restored whole: %s%s",
			     why.text, text);
}

static int apply_checked(struct keeper *k, struct keeper_policy *next, const struct policy *effective,
			 const struct keeper_apply *how, char *text, size_t size)
{
	static struct keeper_iface rows[MESSAGE_IFACES_MAX];
	struct gate_why why = {""};
	int err = apply_resolve(k, effective, rows, &why);

	if (!err)
		err = apply_lockout(k, rows, effective->iface_count, how, &why);
	if (!err)
		err = keeper_gate(k, effective, &why);
	if (err) {
		snprintf(text, size, "%s", *why.text ? why.text : strerror(-err));
		return err;
	}
	err = push(k, effective, next->lists, rows, how, text, size);
	if (err) {
		apply_undo(k, rows, effective->iface_count);
		return err;
	}
	push_leave(k, rows, effective->iface_count);
	push_strays(k, rows, effective->iface_count);
	memcpy(k->ifaces, rows, sizeof(rows[0]) * effective->iface_count);
	k->iface_count = effective->iface_count;
	keeper_policy_free(&k->before);
	k->before = k->now;
	k->now = *next;
	*next = (struct keeper_policy){0};
	return 0;
}

int keeper_apply(struct keeper *k, struct keeper_policy *next, const struct keeper_apply *how, char *text,
		 size_t size)
{
	CLEANUP(policy_free) struct policy *effective = NULL;
	int err = keeper_policy_merge(next, &effective);

	*text = '\0';
	if (!err && k->pending_until) {
		snprintf(text, size,
			 "a change waits for `sekimori confirm` or `sekimori rollback`; do that first");
		err = -EBUSY;
	}
	if (!err)
		err = apply_checked(k, next, effective, how, text, size);
	else if (!*text)
		snprintf(text, size, "%s", strerror(-err));
	keeper_policy_free(next);
	if (err)
		return err;
	k->pending_until = how->confirm_within ? keeper_now() + how->confirm_within : 0;
	keeper_archive_server(k);
	keeper_archive_limits(k);
	keeper_notify_channels(k);
	keeper_portal_settings(k);
	if (*k->portal_why)
		keeper_warn(text, size, k->portal_why);
	keeper_egress_hooks(k, effective, text, size);
	if (keeper_eve_open(k))
		keeper_audit(k, AUDIT_ALARM, 0, "events cannot be written");
	if (keeper_state_save_policy(k))
		keeper_audit(k, AUDIT_ALARM, 0,
			     "the policy could not be saved: a restart would use an older one");
	keeper_audit(k, AUDIT_CHANGE, how->uid, "generation %llu applied on %u interfaces%s",
		     (unsigned long long)k->settings.generation, k->iface_count,
		     k->pending_until ? ", waiting for confirm" : "");
	keeper_children_names(k);
	keeper_rules_renew(k, true);
	return 0;
}

int keeper_confirm(struct keeper *k, uint32_t uid)
{
	CLEANUP(policy_free) struct policy *effective = NULL;
	char text[512] = "";
	int err = 0;

	if (!k->pending_until)
		return -ENOENT;
	for (uint32_t i = 0; !err && i < k->iface_count; i++)
		err = push_iface(k, &k->ifaces[i], 0);
	if (err)
		return err;
	k->pending_until = 0;
	err = keeper_policy_merge(&k->now, &effective);
	if (!err)
		keeper_egress_hooks(k, effective, text,
				    sizeof(text)); /* the backstop was on probation, too */
	keeper_audit(k, AUDIT_CHANGE, uid, "generation %llu confirmed",
		     (unsigned long long)k->settings.generation);
	return keeper_state_save_policy(k);
}

int keeper_rollback(struct keeper *k, uint32_t uid, const char *cause, char *text, size_t size)
{
	struct keeper_policy target = {0};
	const struct keeper_apply how = {.uid = uid, .trusted = true};
	bool pending = k->pending_until;
	int err = 0;

	if (!k->before.runtime) {
		snprintf(text, size,
			 "there is no earlier policy to go back to: the one before is known only to the "
			 "daemon that applied "
			 "the present one; `sekimori apply FILE` takes the earlier configuration");
		return -ENOENT;
	}
	err = keeper_policy_copy(k->before.runtime, &target.runtime);
	if (!err && k->before.base)
		err = keeper_policy_copy(k->before.base, &target.base);
	target.lists = keeper_image_share(k->before.lists);
	/* The allow entries and peers of now stay: going back must not shut anybody out. */
	if (!err) {
		free(target.runtime->nets);
		target.runtime->net_count = 0;
		target.runtime->nets = calloc(k->now.runtime->net_count + 1, sizeof(*target.runtime->nets));
		err = target.runtime->nets ? 0 : -ENOMEM;
	}
	if (!err) {
		target.runtime->net_count = k->now.runtime->net_count;
		for (uint32_t i = 0; i < target.runtime->net_count; i++)
			target.runtime->nets[i] = k->now.runtime->nets[i];
	}
	if (err) {
		keeper_policy_free(&target);
		snprintf(text, size, "%s", strerror(-err));
		return err;
	}
	k->pending_until = 0;
	err = keeper_apply(k, &target, &how, text, size);
	keeper_audit(k, err || pending ? AUDIT_ALARM : AUDIT_CHANGE, uid, "rolled back (%s)%s%s", cause,
		     err ? ": failed: " : "", err ? text : "");
	return err;
}

static void hook_reattach(struct keeper *k, struct keeper_iface *row, uint32_t ifindex)
{
	const struct keeper_apply how = {0};
	char text[512] = "";
	int err;

	row->ifindex = ifindex;
	row->attached = false;
	keeper_watch_came_off(k);
	err = push_attach(k, row, row, 1, &how, text, sizeof(text));
	if (!err)
		err = push_iface(k, row, k->pending_until ? k->pending_until - keeper_now() : 0);
	keeper_audit(k, AUDIT_ALARM, 0, "%s came back as interface %u: %s", row->want.name, ifindex,
		     err ? text : "protected again");
	row->alarmed = err;
	keeper_children_names(k);
}

void keeper_hooks_poll(struct keeper *k)
{
	for (uint32_t i = 0; k->gate && i < k->iface_count; i++) {
		struct keeper_iface *row = &k->ifaces[i];
		uint32_t ifindex = if_nametoindex(row->want.name);
		int err = -errno; /* when there is none */
		struct gate_hook hook = {0};
		bool ours;

		if (ifindex && ifindex != row->ifindex) {
			hook_reattach(k, row, ifindex);
			continue;
		}
		if (ifindex)
			err = gate_query(k->gate, ifindex, &hook);
		if (err && err != -ENODEV) { /* nobody knows: no alarm, and no proof */
			keeper_watch_came_off(k);
			continue;
		}
		ours = !err && (hook.kind == GATE_LINK_PINNED || hook.kind == GATE_LINK_NETLINK);
		if (ours == row->attached && (!ours || hook.prog_id == row->hook.prog_id)) {
			row->alarmed = !ours;
			continue;
		}
		if (!ours && !row->alarmed)
			keeper_audit(k, AUDIT_ALARM, 0,
				     "%s is not protected any more: %s; `sekimori up` attaches again",
				     row->want.name,
				     !ifindex	    ? "the interface is gone"
				     : hook.prog_id ? "a foreign XDP program is there"
						    : "somebody detached the program");
		else if (ours && row->alarmed)
			keeper_audit(k, AUDIT_NOTE, 0, "%s is protected again", row->want.name);
		keeper_watch_came_off(k);
		row->alarmed = !ours;
		row->attached = ours;
		row->hook = hook;
	}
}

int keeper_detach_all(struct keeper *k, char *text, size_t size)
{
	struct gate_why why = {""};
	int err = 0;

	*text = '\0';
	if (!k->gate)
		return 0;
	keeper_watch_close(k); /* while there still is what it tells of */
	push_leave(k, NULL, 0);
	err = gate_remove(k->gate, &why);
	if (err)
		snprintf(text, size, "%s", *why.text ? why.text : strerror(-err));
	k->iface_count = 0;
	return err;
}
