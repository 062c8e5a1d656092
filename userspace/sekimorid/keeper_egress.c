// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * keeper_egress.c - the egress allowlist into the kernel; for role host also
 * the hooks of sockets and the nftables backstop, which are watched.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "keeper.h"
#include "lib/log.h"

static uint32_t expires_of(uint64_t until)
{
	uint64_t now = keeper_epoch();

	if (!until)
		return 0;
	/* Past: a second that is over. */
	return until > now && until - now < UINT32_MAX / 2 ? keeper_now() + (uint32_t)(until - now)
	       : until > now				   ? 0
							   : 1;
}

static void rows_fill(const struct egress_table *table, struct gate_egress_row *rows,
		      struct gate_host_row *hosts)
{
	for (uint32_t i = 0; i < table->row_count; i++) {
		const struct egress_row *in = &table->rows[i];

		rows[i].key.prefixlen = SEKI_EGRESS_FIXED_BITS + in->dst.len;
		rows[i].key.profile = in->profile;
		rows[i].key.proto = in->proto;
		rows[i].key.port = htons(in->port);
		memcpy(rows[i].key.dst.b, in->dst.addr, sizeof(in->dst.addr));
		rows[i].rule.rule = in->rule;
		rows[i].rule.expires = expires_of(in->until);
	}
	for (uint32_t i = 0; i < table->host_count; i++) {
		hosts[i].key.prefixlen = table->hosts[i].prefix.len;
		memcpy(hosts[i].key.addr.b, table->hosts[i].prefix.addr, sizeof(hosts[i].key.addr));
		hosts[i].profile =
			table->hosts[i].profile | (table->hosts[i].monitor ? SEKI_HOST_MONITOR : 0);
	}
}

static int table_push(struct keeper *k, const struct egress_table *table, struct gate_why *why)
{
	AUTO_FREE struct gate_egress_row *rows = calloc(table->row_count + 1, sizeof(*rows));
	AUTO_FREE struct gate_host_row *hosts = calloc(table->host_count + 1, sizeof(*hosts));

	if (!rows || !hosts)
		return -ENOMEM;
	rows_fill(table, rows, hosts);
	k->clock_offset = (int64_t)keeper_epoch() - (int64_t)keeper_now();
	return gate_egress_replace(k->gate, rows, table->row_count, hosts, table->host_count, why);
}

/* It is the same for as long as we live. */
static void cookie_read(struct keeper *k)
{
	if (!k->self_cookie && gate_netns_cookie(&k->self_cookie))
		log_warn("this kernel has no cookie of network namespaces: connections are judged by their "
			 "packets only");
}

int keeper_egress_push(struct keeper *k, const struct policy *policy, struct gate_why *why)
{
	CLEANUP(egress_table_free) struct egress_table *table = NULL;
	int err = egress_table_make(policy, &table);

	if (err == -E2BIG)
		snprintf(why->text, sizeof(why->text),
			 "more than 255 different sets of egress roles and exceptions: give hosts the same "
			 "ones");
	if (!err)
		err = table_push(k, table, why);
	if (err)
		return err;
	egress_table_free(k->egress);
	k->egress = TAKE_PTR(table);
	if (k->egress->self)
		cookie_read(k);
	return 0;
}

void keeper_egress_settings(const struct keeper *k, struct seki_settings *settings)
{
	const struct egress_table *table = k->egress;

	if (!table)
		return;
	if (table->others_monitor)
		settings->egress_flags |= SEKI_EGRESS_MONITOR;
	if (!table->self)
		return;
	settings->self_cookie = k->self_cookie;
	settings->self_profile = table->self_profile;
	settings->self_until = k->self_until;
	settings->egress_flags |= SEKI_EGRESS_SELF | (table->self_monitor ? SEKI_EGRESS_SELF_MONITOR : 0) |
				  (k->egress_early && k->self_cookie ? SEKI_EGRESS_SELF_EARLY : 0);
}

static int backstop_fill(struct keeper *k, const struct policy *policy, struct gate_why *why)
{
	char devices[MESSAGE_IFACES_MAX][16];
	bool enforce[MESSAGE_IFACES_MAX];
	AUTO_FREE struct seki_lpm *inside = calloc(policy->net_count + k->auto_count + 1, sizeof(*inside));
	struct gate_backstop want = {.devices = devices, .enforce = enforce, .inside = inside};

	if (!inside)
		return -ENOMEM;
	k->backstop_stops = false;
	for (uint32_t i = 0; i < k->iface_count; i++) {
		const struct keeper_iface *row = &k->ifaces[i];

		if (row->want.role != SEKI_ROLE_HOST ||
		    (want.device_count && !strcmp(devices[want.device_count - 1], row->want.name)))
			continue;
		memcpy(devices[want.device_count], row->want.name, sizeof(devices[0]));
		enforce[want.device_count] =
			row->want.mode == SEKI_MODE_ENFORCE && !k->egress->self_monitor && !k->pending_until;
		k->backstop_stops |= enforce[want.device_count++];
	}
	for (uint32_t i = 0; i < policy->net_count; i++) {
		if (!(policy->nets[i].flags & (SEKI_NET_OWN | SEKI_NET_DMZ)) || !policy->nets[i].prefix.len)
			continue;
		inside[want.inside_count].prefixlen = policy->nets[i].prefix.len;
		memcpy(inside[want.inside_count++].addr.b, policy->nets[i].prefix.addr, 16);
	}
	return gate_backstop_set(k->gate, &want, why);
}

void keeper_warn(char *text, size_t size, const char *sentence)
{
	size_t len = strlen(text);

	log_warn("%s", sentence);
	snprintf(text + len, size - len, "%s%s", len ? "; " : "", sentence);
}

/* Beside the other object. Not every kernel can: `status` and reports then say "not covered". */
static void family_refuse(struct keeper *k, char *text, size_t size)
{
	char path[INSTANCE_PATH_MAX + sizeof(SEKI_OBJECT_FAMILY)];
	struct gate_why why = {""};
	char *slash;
	int err = 0;

	if (!k->sockets_wanted) {
		err = gate_family_detach(k->gate);
	} else {
		snprintf(path, sizeof(path), "%s", k->object);
		slash = strrchr(path, '/');
		strcpy(slash ? slash + 1 : path, SEKI_OBJECT_FAMILY);
		err = gate_family_attach(k->gate, path, &why);
	}
	if (err)
		log_info("%s", *why.text ? why.text : strerror(-err));
	if (err && k->sockets_wanted)
		keeper_warn(text, size,
			    "AF_XDP sockets are not covered here (`status`): no report will say that zero is "
			    "proven");
}

/* In this order a refusal of one layer leaves the others, and is told: fewer layers are better than none. */
void keeper_egress_hooks(struct keeper *k, const struct policy *policy, char *text, size_t size)
{
	bool host = false;
	struct gate_why why = {""};
	int err;

	for (uint32_t i = 0; i < k->iface_count; i++)
		host |= k->ifaces[i].want.role == SEKI_ROLE_HOST;
	k->sockets_wanted = host && k->egress && k->egress->self;
	k->backstop_wanted = k->sockets_wanted && !policy->egress.raw;
	err = k->sockets_wanted ? gate_sockets_attach(k->gate, &why) : gate_sockets_detach(k->gate);
	if (err && (k->sockets_wanted || err != -ENOENT))
		keeper_warn(text, size, *why.text ? why.text : "the socket hooks stay");
	family_refuse(k, text, size);
	why.text[0] = '\0';
	err = k->backstop_wanted ? backstop_fill(k, policy, &why) : gate_backstop_remove(k->gate);
	if (err)
		keeper_warn(text, size, *why.text ? why.text : "the nftables backstop stays");
	keeper_watch_policy(k, policy);
}

/* What changes without a policy: interfaces, probation, the clock. */
static void settings_follow(struct keeper *k)
{
	struct seki_settings next = k->settings;
	struct gate_why why = {""};
	uint32_t until = 0;
	int64_t offset = (int64_t)keeper_epoch() - (int64_t)keeper_now();

	if (k->pending_until)
		until = k->pending_until;
	k->self_until = until;
	next.egress_flags = 0;
	keeper_egress_settings(k, &next);
	if (memcmp(&next, &k->settings, sizeof(next)) && !gate_settings_set(k->gate, &next))
		k->settings = next;
	if (offset - k->clock_offset < 2 && k->clock_offset - offset < 2)
		return;
	if (table_push(k, k->egress, &why)) /* the ends of exceptions are days of the calendar */
		log_error("egress exceptions keep the old clock: %s", why.text);
}

static void backstop_follow(struct keeper *k)
{
	struct gate_why why = {""};
	uint64_t frames = 0;
	bool restored = false;
	int err = gate_backstop_watch(k->gate, &restored, &frames, &why);

	if (restored) {
		keeper_audit(k, AUDIT_ALARM, 0,
			     "somebody removed or changed the nftables egress backstop: %s",
			     err ? why.text : "it is restored");
		k->backstop_frames = 0;
	}
	if (!err && frames > k->backstop_frames)
		keeper_watch_raw(k, frames - k->backstop_frames, k->backstop_stops, false);
	if (restored)
		keeper_watch_raw(k, 0, k->backstop_stops, true);
	else if (!err)
		k->backstop_frames = frames;
}

/* tc filters go with a qdisc that somebody removes; XDP's own poll does not see that. */
static void filters_follow(struct keeper *k)
{
	for (uint32_t i = 0; i < k->iface_count; i++) {
		struct keeper_iface *row = &k->ifaces[i];
		struct gate_attach_options options = {.allow_generic = row->hook.mode == GATE_GENERIC,
						      .tc_egress = true};
		struct gate_why why = {""};
		struct gate_hook hook;

		if (!row->attached || (row->want.role != SEKI_ROLE_HOST && row->want.role != SEKI_ROLE_DMZ) ||
		    gate_query(k->gate, row->ifindex, &hook) || hook.tc_egress)
			continue;
		keeper_watch_came_off(k);
		if (gate_attach(k->gate, row->ifindex, &options, &hook, &why))
			keeper_audit(k, AUDIT_ALARM, 0,
				     "%s: the egress filter is gone and cannot be put back: %s",
				     row->want.name, why.text);
		else
			keeper_audit(k, AUDIT_ALARM, 0, "%s: somebody removed the egress filter; it is back",
				     row->want.name);
		row->hook.tc_egress = hook.tc_egress;
	}
}

static void sockets_follow(struct keeper *k)
{
	struct gate_why why = {""};
	int err = k->sockets_wanted ? gate_sockets_query(k->gate) : 0;

	if (!err)
		return;
	keeper_watch_came_off(k);
	if (err != -ENOENT) /* nobody knows: no alarm, and no proof */
		return;
	err = gate_sockets_attach(k->gate, &why);
	keeper_audit(k, AUDIT_ALARM, 0, "somebody removed the socket hooks: %s",
		     err ? why.text : "they are back");
}

void keeper_egress_tick(struct keeper *k)
{
	if (!k->gate || !k->egress || !k->iface_count)
		return;
	keeper_ways_follow(k);
	settings_follow(k);
	if (k->backstop_wanted)
		backstop_follow(k);
	filters_follow(k);
	sockets_follow(k);
	keeper_watch_tick(k);
}

bool keeper_egress_xdp_denied(struct keeper *k)
{
	return k->sockets_wanted && gate_family_denied(k->gate);
}

void keeper_egress_status(struct keeper *k, struct message_status_egress *out)
{
	if (!k->gate || !k->egress || !k->egress->self || !k->sockets_wanted)
		return;
	out->self = 1;
	out->monitor = k->egress->self_monitor;
	out->early = k->egress_early;
	out->backstop = k->backstop_wanted;
	out->xdp = keeper_egress_xdp_denied(k);
	memcpy(out->other, k->egress_other, sizeof(out->other));
}
