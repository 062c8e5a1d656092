// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * genl_parse.c - what the module's messages say, and what its presence or absence amounts to. No sockets: the
 * tests call it with bytes.
 */
#include <string.h>

#include <netlink/attr.h>

#include "genl.h"
#include "sekimori/kfunc.h"

const char *kmod_presence_name(enum kmod_presence presence)
{
	static const char *const names[KMOD_PRESENCE_MAX] = {
#define X(id, name, text) [KMOD_##id] = name,
		KMOD_PRESENCES(X)
#undef X
	};

	return presence < KMOD_PRESENCE_MAX ? names[presence] : "?";
}

const char *kmod_presence_text(enum kmod_presence presence)
{
	static const char *const texts[KMOD_PRESENCE_MAX] = {
#define X(id, name, text) [KMOD_##id] = text,
		KMOD_PRESENCES(X)
#undef X
	};

	return presence < KMOD_PRESENCE_MAX ? texts[presence] : "?";
}

enum kmod_presence kmod_judge(const struct kmod_facts *facts)
{
	if (facts->answers) {
		if (facts->genl_version < SEKI_GENL_VERSION || facts->kfunc_abi < SEKI_KFUNC_ABI)
			return KMOD_OLDER;
		if (facts->genl_version > SEKI_GENL_VERSION || facts->kfunc_abi > SEKI_KFUNC_ABI)
			return KMOD_NEWER;
		return KMOD_LOADED;
	}
	if (facts->denied)
		return KMOD_DENIED;
	if (!facts->installed)
		return KMOD_ABSENT;
	return facts->signature_needed ? KMOD_UNSIGNED : KMOD_UNLOADED;
}

/* An attribute of exactly so many bytes into its place; of another length: left out. */
static void take(const struct nlattr *attr, void *to, size_t size)
{
	if ((size_t)nla_len(attr) == size)
		memcpy(to, nla_data(attr), size);
}

static void take_text(const struct nlattr *attr, char *to, size_t size)
{
	size_t len = strnlen(nla_data(attr), (size_t)nla_len(attr));

	if (len >= size)
		len = size - 1;
	memcpy(to, nla_data(attr), len);
	to[len] = '\0';
}

#define EACH_ATTR(attr, attrs, len)                                                                          \
	for (int left_ = (int)(len), once_ = 1; once_; once_ = 0)                                            \
		nla_for_each_attr(attr, (struct nlattr *)(uintptr_t)(attrs), (int)(len), left_)

void kmod_event_parse(const void *attrs, size_t len, struct kmod_event *out)
{
	struct nlattr *attr;

	memset(out, 0, sizeof(*out));
	EACH_ATTR(attr, attrs, len)
	{
		switch (nla_type(attr)) {
		case SEKI_A_EVENT:
			take(attr, &out->event, sizeof(out->event));
			break;
		case SEKI_A_IFINDEX:
			take(attr, &out->ifindex, sizeof(out->ifindex));
			break;
		case SEKI_A_IFNAME:
			take_text(attr, out->name, sizeof(out->name));
			break;
		case SEKI_A_STATE:
			take(attr, &out->state, sizeof(out->state));
			break;
		case SEKI_A_PROG:
			take(attr, &out->prog, sizeof(out->prog));
			break;
		case SEKI_A_FOUND:
			take(attr, &out->found, sizeof(out->found));
			break;
		case SEKI_A_KIND:
			take(attr, &out->kind, sizeof(out->kind));
			break;
		case SEKI_A_SERIAL:
			take(attr, &out->serial, sizeof(out->serial));
			break;
		case SEKI_A_UID:
			take(attr, &out->uid, sizeof(out->uid));
			break;
		case SEKI_A_REASON:
			take_text(attr, out->reason, sizeof(out->reason));
			break;
		default:
			break; /* of a newer module */
		}
	}
}

/* A nest of u64; what this program does not know is left out. */
static void stats_parse(const struct nlattr *nest, uint64_t *out, int count)
{
	struct nlattr *attr;

	EACH_ATTR(attr, nla_data(nest), nla_len(nest))
	{
		if (nla_type(attr) >= 1 && nla_type(attr) <= count)
			take(attr, &out[nla_type(attr) - 1], sizeof(*out));
	}
}

static void rows_parse(const struct nlattr *attr, struct kmod_guard *out)
{
	size_t len = (size_t)nla_len(attr);

	if (len % sizeof(out->rows[0]) || len > sizeof(out->rows))
		return;
	memcpy(out->rows, nla_data(attr), len);
	out->count = (uint32_t)(len / sizeof(out->rows[0]));
}

void kmod_guard_parse(const void *attrs, size_t len, struct kmod_guard *out)
{
	struct nlattr *attr;

	memset(out, 0, sizeof(*out));
	EACH_ATTR(attr, attrs, len)
	{
		switch (nla_type(attr)) {
		case SEKI_A_IFINDEX:
			take(attr, &out->ifindex, sizeof(out->ifindex));
			break;
		case SEKI_A_IFNAME:
			take_text(attr, out->name, sizeof(out->name));
			break;
		case SEKI_A_STATE:
			take(attr, &out->state, sizeof(out->state));
			break;
		case SEKI_A_PROG:
			take(attr, &out->prog, sizeof(out->prog));
			break;
		case SEKI_A_FOUND:
			take(attr, &out->found, sizeof(out->found));
			break;
		case SEKI_A_ROWS:
			rows_parse(attr, out);
			break;
		case SEKI_A_STATS:
			stats_parse(attr, out->stats, SEKI_GUARD_STAT_MAX);
			break;
		default:
			break;
		}
	}
}

void kmod_table_parse(const void *attrs, size_t len, struct kmod_table *out)
{
	struct nlattr *attr;

	memset(out, 0, sizeof(*out));
	EACH_ATTR(attr, attrs, len)
	{
		switch (nla_type(attr)) {
		case SEKI_A_KIND:
			take(attr, &out->kind, sizeof(out->kind));
			break;
		case SEKI_A_SERIAL:
			take(attr, &out->serial, sizeof(out->serial));
			break;
		case SEKI_A_SIZE:
			take(attr, &out->size, sizeof(out->size));
			break;
		case SEKI_A_AGE:
			take(attr, &out->age, sizeof(out->age));
			break;
		case SEKI_A_UID:
			take(attr, &out->uid, sizeof(out->uid));
			break;
		case SEKI_A_DIGEST:
			take(attr, out->digest, sizeof(out->digest));
			break;
		default:
			break;
		}
	}
}

void kmod_info_parse(const void *attrs, size_t len, struct kmod_info *out)
{
	struct nlattr *attr;

	memset(out, 0, sizeof(*out));
	EACH_ATTR(attr, attrs, len)
	{
		switch (nla_type(attr)) {
		case SEKI_A_VERSION:
			take(attr, &out->genl_version, sizeof(out->genl_version));
			break;
		case SEKI_A_MODULE:
			take_text(attr, out->version, sizeof(out->version));
			break;
		case SEKI_A_KFUNC_ABI:
			take(attr, &out->kfunc_abi, sizeof(out->kfunc_abi));
			break;
		default:
			break;
		}
	}
}

void kmod_stats_parse(const void *attrs, size_t len, uint64_t out[SEKI_STAT_MAX])
{
	struct nlattr *attr;

	memset(out, 0, SEKI_STAT_MAX * sizeof(*out));
	EACH_ATTR(attr, attrs, len)
	{
		if (nla_type(attr) == SEKI_A_STATS)
			stats_parse(attr, out, SEKI_STAT_MAX);
	}
}
