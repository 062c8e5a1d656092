// SPDX-License-Identifier: GPL-2.0-or-later
/* kmod_genl.c - the module's messages as they are read, and what its presence amounts to. */
#include <netlink/attr.h>
#include <netlink/msg.h>

#include "kern/genl.h"
#include "lib/ktap.h"
#include "sekimori/kfunc.h"

static void presence(void)
{
	static const struct {
		struct kmod_facts facts;
		enum kmod_presence is;
	} rows[] = {
		{{.answers = true, .genl_version = SEKI_GENL_VERSION, .kfunc_abi = SEKI_KFUNC_ABI},
		 KMOD_LOADED},
		{{.answers = true, .genl_version = SEKI_GENL_VERSION, .kfunc_abi = SEKI_KFUNC_ABI - 1},
		 KMOD_OLDER},
		{{.answers = true, .genl_version = SEKI_GENL_VERSION - 1, .kfunc_abi = SEKI_KFUNC_ABI},
		 KMOD_OLDER},
		{{.answers = true, .genl_version = SEKI_GENL_VERSION, .kfunc_abi = SEKI_KFUNC_ABI + 1},
		 KMOD_NEWER},
		{{.answers = true, .genl_version = SEKI_GENL_VERSION + 1, .kfunc_abi = SEKI_KFUNC_ABI},
		 KMOD_NEWER},
		{{.answers = false}, KMOD_ABSENT},
		{{.answers = false, .signature_needed = true}, KMOD_ABSENT},
		{{.installed = true}, KMOD_UNLOADED},
		{{.installed = true, .signature_needed = true}, KMOD_UNSIGNED},
		{{.denied = true, .installed = true}, KMOD_DENIED},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK(kmod_judge(&rows[i].facts) == rows[i].is, "row %zu: %s", i,
		      kmod_presence_name(kmod_judge(&rows[i].facts)));
	for (int i = 0; i < KMOD_PRESENCE_MAX; i++)
		CHECK(strlen(kmod_presence_text(i)) > 10 && *kmod_presence_name(i), "%d", i);
}

static void guard(void)
{
	const struct seki_guard_row rows[] = {{.vlan = 7, .mode = SEKI_MODE_ENFORCE},
					      {.mode = SEKI_MODE_MONITOR}};
	struct nl_msg *msg = nlmsg_alloc();
	struct kmod_guard out;
	struct nlattr *nest;

	nla_put_u32(msg, SEKI_A_IFINDEX, 5);
	nla_put_string(msg, SEKI_A_IFNAME, "a-name-that-is-longer-than-any");
	nla_put_u32(msg, SEKI_A_STATE, SEKI_GUARD_REPLACED);
	nla_put_u64(msg, SEKI_A_PROG, 77); /* of a wrong length: left out */
	nla_put(msg, SEKI_A_ROWS, sizeof(rows), rows);
	nest = nla_nest_start(msg, SEKI_A_STATS);
	nla_put_u64(msg, 1 + SEKI_GUARD_STAT_DROPPED, 42);
	nla_put_u64(msg, 1 + SEKI_GUARD_STAT_MAX, 99); /* of a newer module */
	nla_nest_end(msg, nest);
	kmod_guard_parse(nlmsg_data(nlmsg_hdr(msg)), (size_t)nlmsg_datalen(nlmsg_hdr(msg)), &out);
	CHECK_EQ(out.ifindex, 5);
	CHECK_STR(out.name, "a-name-that-is-");
	CHECK_EQ(out.state, SEKI_GUARD_REPLACED);
	CHECK_EQ(out.prog, 0);
	CHECK_EQ(out.count, 2);
	CHECK_EQ(out.rows[0].vlan, 7);
	CHECK_EQ(out.stats[SEKI_GUARD_STAT_DROPPED], 42);
	nlmsg_free(msg);
}

/* Any bytes: nothing is read behind them (the sanitizer looks), and text ends. */
static void random_bytes(void)
{
	uint64_t stats[SEKI_STAT_MAX], seed = 7;
	struct kmod_event event;
	struct kmod_guard one;
	struct kmod_table table;
	struct kmod_info info;

	for (int round = 0; round < 20000; round++) {
		size_t len = (size_t)(seed >> 40) % 300;
		uint8_t *bytes = malloc(len ? len : 1);

		for (size_t i = 0; i < len; i++) {
			seed = seed * 6364136223846793005ull + 1442695040888963407ull;
			bytes[i] = (uint8_t)(seed >> 56) % (i % 2 ? 3 : 32);
		}
		kmod_event_parse(bytes, len, &event);
		kmod_guard_parse(bytes, len, &one);
		kmod_table_parse(bytes, len, &table);
		kmod_info_parse(bytes, len, &info);
		kmod_stats_parse(bytes, len, stats);
		CHECK(memchr(event.name, 0, sizeof(event.name)) &&
		      memchr(event.reason, 0, sizeof(event.reason)) &&
		      memchr(one.name, 0, sizeof(one.name)) && memchr(info.version, 0, sizeof(info.version)));
		CHECK(one.count <= SEKI_GUARD_ROWS);
		seed++;
		free(bytes);
	}
}

static const struct ktap_test tests[] = {TEST(presence), TEST(guard), TEST(random_bytes)};
KTAP_MAIN(tests)
