// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * egress_lint.c - broad, unused, shadowed, ended.
 */
#include "egress_lint.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "egress_table.h"

#define TWO_WEEKS (14 * 86400u)

const char *const egress_lint_names[EGRESS_LINT_MAX] = {
#define X(id, name, en, ja) [EGRESS_LINT_##id] = name,
	EGRESS_LINTS(X)
#undef X
};
const char *const egress_lint_texts[EGRESS_LINT_MAX][2] = {
#define X(id, name, en, ja) [EGRESS_LINT_##id] = {en, ja},
	EGRESS_LINTS(X)
#undef X
};

const char *egress_service_name(uint8_t proto, uint16_t port, char text[16])
{
	static const struct {
		uint8_t proto;
		uint16_t port;
		const char *name;
	} names[] = {
		{IPPROTO_TCP, 80, "http"}, {IPPROTO_TCP, 443, "https"}, {IPPROTO_UDP, 443, "quic"},
		{IPPROTO_TCP, 21, "ftp"},  {IPPROTO_UDP, 53, "dns"},	{IPPROTO_TCP, 53, "dns/tcp"},
		{IPPROTO_TCP, 25, "smtp"}, {IPPROTO_TCP, 465, "smtps"}, {IPPROTO_TCP, 587, "submission"},
		{IPPROTO_UDP, 123, "ntp"}, {IPPROTO_TCP, 22, "ssh"},
	};

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (names[i].proto == proto && names[i].port == port)
			return names[i].name;
	snprintf(text, 16, "%s %u", proto == IPPROTO_TCP ? "tcp" : "udp", port);
	return text;
}

static bool is_exception(const struct policy_service *s)
{
	return !strcmp(s->profile, POLICY_PROFILE_EXCEPTION);
}

/* IPv4 lies in ::ffff:0:0/96; of IPv6 a site is a /48. */
static bool is_broad(const struct prefix *dst)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	bool v4 = dst->len >= 96 && !memcmp(dst->addr, mapped, sizeof(mapped));

	return v4 ? dst->len < 96 + 16 : dst->len < 48;
}

static bool lasts(const struct policy_service *a, const struct policy_service *b)
{
	return !a->until || (b->until && a->until >= b->until);
}

/* Everything that b lets out, a does, too, for at least as long. Of two equal ones only the later is
 * superfluous. */
static bool shadows(const struct policy_service *a, const struct policy_service *b)
{
	bool same = !strcmp(a->profile, b->profile);

	if (a == b || a->proto != b->proto || a->port != b->port || !prefix_contains(&a->dst, &b->dst) ||
	    !lasts(a, b))
		return false;
	if (is_exception(a))
		return is_exception(b) && prefix_contains(&a->host, &b->host) &&
		       (prefix_compare(&a->dst, &b->dst) || prefix_compare(&a->host, &b->host));
	return strcmp(a->profile, POLICY_PROFILE_DEFAULT) ? same : true;
}

static bool profile_taken(const struct policy *policy, const char *profile)
{
	if (!strcmp(profile, POLICY_PROFILE_DEFAULT) || !strcmp(profile, POLICY_PROFILE_EXCEPTION))
		return true;
	for (uint32_t i = 0; i < policy->host_count; i++)
		if (!strcmp(policy->hosts[i].profile, profile))
			return true;
	return false;
}

static bool has_service(const struct policy *policy, uint8_t proto, uint16_t port)
{
	for (uint32_t i = 0; i < policy->service_count; i++)
		if (!strcmp(policy->services[i].profile, POLICY_PROFILE_DEFAULT) &&
		    policy->services[i].proto == proto && policy->services[i].port == port)
			return true;
	return false;
}

/* The strict template lets a protocol go to named servers only: are there any? 1 when that was told. */
static uint32_t lint_server(const struct policy *policy, uint16_t port, enum egress_lint kind,
			    egress_lint_fn fn, void *arg)
{
	if (has_service(policy, IPPROTO_UDP, port))
		return 0;
	fn(kind, NULL, NULL, arg);
	return 1;
}

uint32_t egress_lint(const struct policy *policy, uint64_t now, bool (*used)(uint32_t rule, void *arg),
		     egress_lint_fn fn, void *arg)
{
	uint32_t told = 0;

#define TELL(kind, with) (told++, fn(EGRESS_LINT_##kind, s, with, arg))
	for (uint32_t i = 0; i < policy->service_count; i++) {
		const struct policy_service *s = &policy->services[i];

		if (is_broad(&s->dst))
			TELL(BROAD, NULL);
		for (uint32_t j = 0; j < policy->service_count; j++) {
			if (!shadows(&policy->services[j], s))
				continue;
			TELL(SHADOWED, &policy->services[j]);
			break;
		}
		if (s->until && s->until <= now)
			TELL(EXPIRED, NULL);
		else if (s->until && s->until - now < TWO_WEEKS)
			TELL(ENDS, NULL);
		if (!profile_taken(policy, s->profile))
			TELL(NOBODY, NULL);
		else if (used && !used(egress_rule_id(s), arg))
			TELL(UNUSED, NULL);
	}
#undef TELL
	if (policy->egress.template == TEMPLATE_STRICT) {
		told += lint_server(policy, 53, EGRESS_LINT_NO_RESOLVER, fn, arg);
		told += lint_server(policy, 123, EGRESS_LINT_NO_TIME_SERVER, fn, arg);
	}
	return told;
}
