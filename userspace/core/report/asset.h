/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * asset.h - what runs on which host, and whether an attack concerns it. Three
 * answers; what is not known is never "not applicable". Pure.
 */
#ifndef CORE_ASSET_H
#define CORE_ASSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/cleanup.h"
#include "sekimori/abi.h"

#define ASSETS_MAX 65536u

struct asset {
	struct seki_addr address; /* v4-mapped */
	uint16_t port;		  /* of the service, 0: not a matter of one */
	bool observed;		  /* from banners; else imported, which goes before */
	bool complete;		  /* what is said of this host is everything that runs there */
	char product[64], version[32], cpe[160], host[64], tenant[64];
	uint64_t seen; /* us since the epoch, of the last observation; 0 imported */
};

struct asset_set;
struct asset_set *asset_set_new(void); /* NULL: no memory */
void asset_set_free(struct asset_set *set);
DEFINE_CLEANUP(asset_set_free, struct asset_set)
size_t asset_count(const struct asset_set *set);

/*
 * CSV with a head line (columns address port product version cpe host tenant complete, any order, address and
 * product or cpe are needed), or JSON: an array of objects with those members, or of lines that asset_write()
 * made. All or nothing: on -EINVAL fault says where and why. An asset of the same address, port and product
 * is replaced. -E2BIG, -ENOMEM.
 */
struct asset_fault {
	unsigned int line; /* or element, from 1 */
	const char *why;   /* static */
};
__must_check int asset_read(struct asset_set *set, const char *text, size_t len, size_t *taken,
			    struct asset_fault *fault);
/* JSON that asset_read() takes; malloc'ed. -ENOMEM. */
enum assets_which { ASSETS_ALL, ASSETS_IMPORTED, ASSETS_OBSERVED };
__must_check int asset_write(const struct asset_set *set, enum assets_which which, char **out, size_t *len);
/* Adds what was observed where nothing was imported; -ENOMEM, -E2BIG. */
__must_check int asset_merge(struct asset_set *set, const struct asset_set *observed);

/*
 * A banner, "Apache/2.4.57 (Debian)", "SSH-2.0-OpenSSH_9.2p1": product and version as it says. An imported
 * asset of that address and port stays as it is. true: the set changed in more than the time.
 */
bool asset_observe(struct asset_set *set, const struct seki_addr *address, uint16_t port, const char *banner,
		   uint64_t now);

/* In the order of addresses; fn returning false ends the walk. */
void asset_each(const struct asset_set *set, bool (*fn)(const struct asset *asset, void *arg), void *arg);

enum asset_concern { ASSET_UNKNOWN, ASSET_APPLICABLE, ASSET_NOT_APPLICABLE };
/*
 * Does an attack on the service concern what runs there? rule: JSON of an alert (metadata.affected_product);
 * affected: the affected system as threats.json names it. *asset: what decided, NULL none. APPLICABLE:
 * something that is affected runs there; NOT_APPLICABLE only when what answers at that port is known and is
 * something else, or all that runs on the host is known; else UNKNOWN.
 */
enum asset_concern asset_concerns(const struct asset_set *set, const struct seki_addr *address, uint16_t port,
				  const char *rule, const char *affected, const struct asset **asset);

#endif
