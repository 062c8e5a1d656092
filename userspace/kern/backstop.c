// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * backstop.c - the nftables chain behind tc: packet sockets with
 * PACKET_QDISC_BYPASS pass tc and every cgroup hook, not netfilter's device
 * egress. A frame that came through the IP stack carries a route, which
 * `meta rtclassid` needs; a packet socket's frame carries none. The stack's
 * frames were judged, with their flows, and pass; raw ones do not leave.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/netlink.h>
#include <nftables/libnftables.h>
#include <string.h>
#include <sys/socket.h>

#include "gate_private.h"
#include "lib/log.h"

#define TEXT_MAX (256u << 10)

struct backstop {
	struct nft_ctx *nft;
	char table[INSTANCE_NAME_MAX + 16];
	char *commands; /* that made it */
	char *listing;	/* as the kernel showed it then, without counters */
};

void backstop_free(struct backstop *backstop)
{
	if (!backstop)
		return;
	if (backstop->nft)
		nft_ctx_free(backstop->nft);
	free(backstop->commands);
	free(backstop->listing);
	free(backstop);
}

/* libnftables ends the whole program where the kernel has no nfnetlink: it is asked first. */
static bool nfnetlink_there(void)
{
	int fd AUTO_FD = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);

	return fd >= 0;
}

/* -EPROTONOSUPPORT: the kernel has no nftables at all. */
static int backstop_get(struct gate *gate, struct backstop **out)
{
	struct backstop *b;

	if (!gate->backstop && !nfnetlink_there())
		return -EPROTONOSUPPORT;
	if (!gate->backstop) {
		b = calloc(1, sizeof(*b));
		if (!b)
			return -ENOMEM;
		b->nft = nft_ctx_new(NFT_CTX_DEFAULT);
		if (!b->nft || nft_ctx_buffer_output(b->nft) || nft_ctx_buffer_error(b->nft)) {
			backstop_free(b);
			return -ENOMEM;
		}
		snprintf(b->table, sizeof(b->table), "sekimori_%s", gate->instance);
		gate->backstop = b;
	}
	*out = gate->backstop;
	return 0;
}

/* libnftables says no errno: its sentence goes to why. */
static int nft_say(struct backstop *b, const char *commands, struct gate_why *why)
{
	const char *said;

	if (!nft_run_cmd_from_buffer(b->nft, commands))
		return 0;
	said = nft_ctx_get_error_buffer(b->nft);
	return why_set(why, -EOPNOTSUPP, "nftables refuses the egress backstop: %.*s",
		       (int)strcspn(said, "\n"), said);
}

/* A listing without counters; the caller's. -ENOENT: the table is not there. */
static int nft_listing(struct backstop *b, char **out)
{
	char command[256];

	snprintf(command, sizeof(command), "list table netdev %s\n", b->table);
	nft_ctx_output_set_flags(b->nft, NFT_CTX_OUTPUT_STATELESS);
	if (nft_run_cmd_from_buffer(b->nft, command))
		return -ENOENT;
	*out = strdup(nft_ctx_get_output_buffer(b->nft));
	return *out ? 0 : -ENOMEM;
}

static void put_inside(FILE *out, const struct gate_backstop *want, bool v6)
{
	fprintf(out, v6 ? "  ip6 daddr { ff00::/8, fe80::/10" : "  ip daddr { 224.0.0.0/3, 169.254.0.0/16");
	for (uint32_t i = 0; i < want->inside_count; i++) {
		const struct seki_lpm *p = &want->inside[i];
		static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
		bool v4 = p->prefixlen >= 96 && !memcmp(p->addr.b, mapped, sizeof(mapped));
		char text[INET6_ADDRSTRLEN];

		if (v4 == v6)
			continue;
		inet_ntop(v4 ? AF_INET : AF_INET6, p->addr.b + (v4 ? 12 : 0), text, sizeof(text));
		fprintf(out, ", %s/%u", text, p->prefixlen - (v4 ? 96 : 0));
	}
	fprintf(out, " } accept\n");
}

/* 0x88cc LLDP, 0x888e 802.1X: the link's own talk, as ARP is. */
static int commands_make(const struct backstop *b, const struct gate_backstop *want, char **out)
{
	size_t len = 0;
	FILE *file = open_memstream(out, &len);

	if (!file)
		return -ENOMEM;
	fprintf(file, "add table netdev %s\ndelete table netdev %s\ntable netdev %s {\n counter raw { }\n",
		b->table, b->table, b->table);
	for (uint32_t i = 0; i < want->device_count; i++) {
		fprintf(file,
			" chain egress%u {\n  type filter hook egress device \"%s\" priority 0; policy "
			"accept;\n",
			i, want->devices[i]);
		fprintf(file, "  meta rtclassid >= 0 accept\n  ether type { arp, 0x88cc, 0x888e } accept\n");
		put_inside(file, want, false);
		put_inside(file, want, true);
		fprintf(file, "  counter name raw %s\n }\n", want->enforce[i] ? "drop" : "accept");
	}
	fprintf(file, "}\n");
	if (fclose(file) || len > TEXT_MAX) {
		free(*out);
		*out = NULL;
		return -E2BIG;
	}
	return 0;
}

int gate_backstop_set(struct gate *gate, const struct gate_backstop *want, struct gate_why *why)
{
	char *commands AUTO_FREE = NULL, *listing AUTO_FREE = NULL;
	struct backstop *b = NULL;
	int err = backstop_get(gate, &b);

	if (!err)
		err = commands_make(b, want, &commands);
	if (err)
		return why_set(why, err, "the nftables backstop: %s", strerror(-err));
	/* Said again only when it differs, so that its counter goes on. */
	if (b->commands && !strcmp(b->commands, commands) && !nft_listing(b, &listing) &&
	    !strcmp(listing, b->listing))
		return 0;
	err = nft_say(b, commands, why);
	if (err)
		return err;
	free(listing);
	listing = NULL;
	err = nft_listing(b, &listing);
	if (err)
		return why_set(why, -EIO, "nftables does not show the backstop that was just made");
	free(b->commands);
	free(b->listing);
	b->commands = TAKE_PTR(commands);
	b->listing = TAKE_PTR(listing);
	return 0;
}

/* "packets N bytes M" of the one counter; 0 when it cannot be read. */
static uint64_t counter_read(struct backstop *b)
{
	char command[256];
	uint64_t value = 0;
	const char *at;

	snprintf(command, sizeof(command), "list counter netdev %s raw\n", b->table);
	nft_ctx_output_set_flags(b->nft, 0);
	if (nft_run_cmd_from_buffer(b->nft, command))
		return 0;
	at = strstr(nft_ctx_get_output_buffer(b->nft), "packets ");
	return at && sscanf(at, "packets %" SCNu64, &value) == 1 ? value : 0;
}

int gate_backstop_watch(struct gate *gate, bool *restored, uint64_t *frames, struct gate_why *why)
{
	struct backstop *b = gate->backstop;
	char *listing AUTO_FREE = NULL;
	int err;

	*restored = false;
	*frames = 0;
	if (!b || !b->commands)
		return -ENOENT;
	err = nft_listing(b, &listing);
	if (!err && !strcmp(listing, b->listing)) {
		*frames = counter_read(b);
		return 0;
	}
	if (err == -ENOMEM)
		return err;
	*restored = true;
	return nft_say(b, b->commands, why);
}

int gate_backstop_remove(struct gate *gate)
{
	struct backstop *b = NULL;
	char command[256];
	int err = backstop_get(gate, &b);

	if (err)
		return err == -EPROTONOSUPPORT ? 0 : err; /* nothing can be there */
	snprintf(command, sizeof(command), "add table netdev %s\ndelete table netdev %s\n", b->table,
		 b->table);
	if (nft_run_cmd_from_buffer(b->nft, command))
		err = b->commands ? -EIO : 0; /* never made, and nftables is not there: nothing to remove */
	free(b->commands);
	free(b->listing);
	b->commands = b->listing = NULL;
	return err;
}
