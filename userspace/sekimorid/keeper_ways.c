// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * keeper_ways.c - role host: the ways by which this machine's packets may
 * leave. Sockets are refused early only while each of them enforces; one that
 * nobody watches is a gap of coverage, however short.
 */
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "keeper.h"
#include "lib/log.h"

static const struct keeper_iface *host_iface(const struct keeper *k, const char *name)
{
	for (uint32_t i = 0; i < k->iface_count; i++)
		if (!strcmp(k->ifaces[i].want.name, name) && k->ifaces[i].want.role == SEKI_ROLE_HOST)
			return &k->ifaces[i];
	return NULL;
}

/* An address of an interface that is up, beyond this machine. */
static bool address_leads_out(const struct ifaddrs *at)
{
	return at->ifa_addr && !(at->ifa_flags & IFF_LOOPBACK) && at->ifa_flags & IFF_UP &&
	       (at->ifa_addr->sa_family == AF_INET || at->ifa_addr->sa_family == AF_INET6);
}

/*
 * A socket that asks for a way out has not chosen an interface. It may be
 * refused only when whatever it chooses is one that enforces.
 */
static bool early_holds(const struct keeper *k, const struct ifaddrs *all)
{
	for (const struct ifaddrs *at = all; at; at = at->ifa_next) {
		const struct keeper_iface *row = host_iface(k, at->ifa_name);

		if (address_leads_out(at) && !(row && row->attached && row->want.mode == SEKI_MODE_ENFORCE))
			return false;
	}
	return k->iface_count;
}

struct ways {
	uint32_t host[MESSAGE_IFACES_MAX], watched[MESSAGE_IFACES_MAX];
	struct gate_ways table;
};

static void ways_fill(const struct keeper *k, struct ways *ways)
{
	ways->table = (struct gate_ways){.host = ways->host, .watched = ways->watched};
	for (uint32_t i = 0; i < k->iface_count; i++) {
		const struct keeper_iface *row = &k->ifaces[i];

		if (!row->attached || (row->want.role != SEKI_ROLE_HOST && row->want.role != SEKI_ROLE_DMZ))
			continue;
		ways->watched[ways->table.count++] = row->ifindex;
		if (row->want.role == SEKI_ROLE_HOST)
			ways->host[ways->table.host_count++] = row->ifindex;
	}
}

/* Of the interfaces that are up now, with an address or without: packet sockets need none. */
static void other_now(const struct ifaddrs *all, const struct gate_ways *ways, char name[16])
{
	for (const struct ifaddrs *at = all; at && !*name; at = at->ifa_next) {
		uint32_t ifindex;

		if (!at->ifa_addr || at->ifa_addr->sa_family != AF_PACKET ||
		    !gate_link_carries(at->ifa_flags))
			continue;
		ifindex = if_nametoindex(at->ifa_name); /* 0: it has just gone, which the news tell */
		if (ifindex && gate_way_out(ifindex, ways->host, ways->host_count))
			snprintf(name, 16, "%s", at->ifa_name);
	}
}

/* False: something may have been, and nobody will ever know. */
static bool news_follow(struct keeper *k, const struct gate_ways *ways, struct gate_news *news)
{
	int err = 0;

	memset(news, 0, sizeof(*news));
	if (!ways->count) {
		if (k->news >= 0)
			close(TAKE_FD(k->news));
		return true;
	}
	if (k->news < 0)
		err = gate_news_open(&k->news);
	if (!err)
		err = gate_news_read(k->news, ways, news);
	if (err && !k->egress_blind)
		log_warn("changes of interfaces are not told completely: %s", strerror(-err));
	return !err;
}

static void other_tell(struct keeper *k, const char name[16], bool now)
{
	if (!strcmp(name, k->egress_other))
		return;
	memcpy(k->egress_other, name, sizeof(k->egress_other));
	if (*name)
		keeper_audit(k, AUDIT_ALARM, 0,
			     "%s %s up and not protected: what this machine sends by it is not seen, and "
			     "nothing is proven; add it with --iface %s:host",
			     name, now ? "is" : "was for a moment", name);
}

void keeper_ways_follow(struct keeper *k)
{
	struct ifaddrs *all = NULL;
	struct gate_news news;
	struct ways ways;
	char name[16] = "";
	bool told, now;

	ways_fill(k, &ways);
	told = news_follow(k, &ways.table, &news);
	if (news.filter_off)
		keeper_watch_came_off(k);
	if (getifaddrs(&all) < 0) { /* what was the case before is taken to be, and proves nothing */
		if (!k->egress_blind)
			log_warn("the interfaces cannot be asked for: %s", strerror(errno));
		k->egress_blind = true;
		return;
	}
	k->egress_blind = !told;
	k->egress_early = early_holds(k, all);
	if (k->egress->self)
		other_now(all, &ways.table, name);
	freeifaddrs(all);
	now = *name;
	if (k->egress->self && !now)
		memcpy(name, news.way_out, sizeof(name));
	other_tell(k, name, now);
}
