// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * genl_parse.c - what the module's messages say, and what its presence or absence amounts to. No sockets: the
 * tests call it with bytes.
 */
#include <stdbool.h>
#include <stddef.h>
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

/* Where an attribute goes. Those of no row are a newer module's. */
struct field {
	uint16_t attr;
	bool text;
	size_t at, size;
};
#define VALUE(attr, type, member)                                                                            \
	{                                                                                                    \
		attr, false, offsetof(struct type, member), sizeof(((struct type *)0)->member)               \
	}
#define TEXT(attr, type, member)                                                                             \
	{                                                                                                    \
		attr, true, offsetof(struct type, member), sizeof(((struct type *)0)->member)                \
	}

static void fields_parse(const void *attrs, size_t len, const struct field *fields, size_t count, void *out)
{
	struct nlattr *attr;

	EACH_ATTR(attr, attrs, len)
	{
		for (size_t i = 0; i < count; i++) {
			char *to = (char *)out + fields[i].at;

			if (nla_type(attr) != fields[i].attr)
				continue;
			if (fields[i].text)
				take_text(attr, to, fields[i].size);
			else
				take(attr, to, fields[i].size);
		}
	}
}

void kmod_event_parse(const void *attrs, size_t len, struct kmod_event *out)
{
	static const struct field fields[] = {
		VALUE(SEKI_A_EVENT, kmod_event, event), VALUE(SEKI_A_IFINDEX, kmod_event, ifindex),
		TEXT(SEKI_A_IFNAME, kmod_event, name),	VALUE(SEKI_A_STATE, kmod_event, state),
		VALUE(SEKI_A_PROG, kmod_event, prog),	VALUE(SEKI_A_FOUND, kmod_event, found),
		VALUE(SEKI_A_KIND, kmod_event, kind),	VALUE(SEKI_A_SERIAL, kmod_event, serial),
		VALUE(SEKI_A_UID, kmod_event, uid),	TEXT(SEKI_A_REASON, kmod_event, reason),
	};

	memset(out, 0, sizeof(*out));
	fields_parse(attrs, len, fields, ARRAY_LEN(fields), out);
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
	static const struct field fields[] = {
		VALUE(SEKI_A_IFINDEX, kmod_guard, ifindex), TEXT(SEKI_A_IFNAME, kmod_guard, name),
		VALUE(SEKI_A_STATE, kmod_guard, state),	    VALUE(SEKI_A_PROG, kmod_guard, prog),
		VALUE(SEKI_A_FOUND, kmod_guard, found),
	};
	struct nlattr *attr;

	memset(out, 0, sizeof(*out));
	fields_parse(attrs, len, fields, ARRAY_LEN(fields), out);
	EACH_ATTR(attr, attrs, len)
	{
		if (nla_type(attr) == SEKI_A_ROWS)
			rows_parse(attr, out);
		else if (nla_type(attr) == SEKI_A_STATS)
			stats_parse(attr, out->stats, SEKI_GUARD_STAT_MAX);
	}
}

void kmod_table_parse(const void *attrs, size_t len, struct kmod_table *out)
{
	static const struct field fields[] = {
		VALUE(SEKI_A_KIND, kmod_table, kind), VALUE(SEKI_A_SERIAL, kmod_table, serial),
		VALUE(SEKI_A_SIZE, kmod_table, size), VALUE(SEKI_A_AGE, kmod_table, age),
		VALUE(SEKI_A_UID, kmod_table, uid),   VALUE(SEKI_A_DIGEST, kmod_table, digest),
	};

	memset(out, 0, sizeof(*out));
	fields_parse(attrs, len, fields, ARRAY_LEN(fields), out);
}

void kmod_info_parse(const void *attrs, size_t len, struct kmod_info *out)
{
	static const struct field fields[] = {
		VALUE(SEKI_A_VERSION, kmod_info, genl_version),
		TEXT(SEKI_A_MODULE, kmod_info, version),
		VALUE(SEKI_A_KFUNC_ABI, kmod_info, kfunc_abi),
	};

	memset(out, 0, sizeof(*out));
	fields_parse(attrs, len, fields, ARRAY_LEN(fields), out);
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
