// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * policy_keys.c - every key of the configuration in one table: place, type,
 * default, range, help. Adding a key is adding a row.
 */
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "core/rule/explain.h"
#include "core/list/list_guard.h"
#include "core/list/list_import.h"
#include "policy_table.h"
#include "contract_names.h"

static const char *const role_names[] = {
#define X(id, name, help) [SEKI_ROLE_##id] = name,
	SEKI_ROLES(X)
#undef X
		[SEKI_ROLE_MAX] = NULL,
};
static const char *const mode_names[] = {
#define X(id, name) [SEKI_MODE_##id] = name,
	SEKI_MODES(X)
#undef X
		[SEKI_MODE_MAX] = NULL,
};
static const char *const scope_names[] = {
	[SEKI_SCOPE_USER] = "user",	  [SEKI_SCOPE_MANAGEMENT] = "management",
	[SEKI_SCOPE_GATEWAY] = "gateway", [SEKI_SCOPE_RESOLVER] = "resolver",
	[SEKI_SCOPE_SOC] = "soc",	  [SEKI_SCOPE_OWN] = "own",
	[SEKI_SCOPE_OWN + 1] = NULL,
};
/* SEKI_ENTRY_SRC and _DST as a number: the index plus one */
static const char *const direction_names[] = {"source", "destination", "both", NULL};
static const char *const list_action_names[] = {"drop", "alert", "allow", NULL};
static const char *const switch_names[] = {"off", "on", NULL};
static const char *const language_names[] = {[EXPLAIN_EN] = "en", [EXPLAIN_JA] = "ja", NULL};
static const char *const channel_names[] = {
#define X(id, name, ...) [CHANNEL_##id] = name,
	POLICY_CHANNEL_KINDS(X)
#undef X
		[CHANNEL_KINDS] = NULL,
};
static const char *const template_names[] = {"standard", "strict", "none", NULL};
static const char *const raw_names[] = {"deny", "allow", NULL};
static const char *const host_mode_names[] = {"unsaid", "monitor", "enforce", NULL};
static const char *const format_names[] = {"auto",
#define X(id, name) name,
					   LIST_FORMATS(X)
#undef X
						   NULL};

/* Places in policy_list_scratch.allow */
enum {
#define X(id, ...) ALLOW_AT_##id,
	LIST_ALLOWS(X)
#undef X
		ALLOWS
};
_Static_assert(sizeof(((struct policy_list_scratch *)0)->allow) == ALLOWS,
	       "one byte for each of LIST_ALLOWS");

#define PLACE(type, member) .offset = offsetof(type, member), .size = sizeof(((type *)0)->member)
#define SETTING(member)	    PLACE(struct policy, member), .in_policy = true
#define STATEMENT(reader)   .kind = KEY_STATEMENT, .statement = reader

/* clang-format off */
const struct policy_key policy_key_rows[] = {
	{ "", "interface", STATEMENT(policy_read_interface), .type = "NAME [vlan ID] { ... }", .help = "an interface, or one VLAN of it, that is watched or protected" },
	{ "", "allow", STATEMENT(policy_read_allow), .type = "PREFIX... [{ ... }]", .help = "never listed or auto-blocked; the block narrows it" },
	{ "", "own", STATEMENT(policy_read_own), .type = "PREFIX...", .help = "addresses of this machine beside those of its interfaces" },
	{ "", "protect", STATEMENT(policy_read_protect), .type = "PREFIX...", .help = "networks behind this machine" },
	{ "", "shared", STATEMENT(policy_read_shared), .type = "PREFIX...", .help = "proxies, CDNs and NATs: their flows are cut, they are never blocked as a source" },
	{ "", "egress", STATEMENT(policy_read_block), .type = "{ ... }", .help = "what hosts of the DMZ may start" },
	{ "", "list", STATEMENT(policy_read_list), .type = "NAME { ... }", .help = "a list of addresses" },
	{ "", "rules", STATEMENT(policy_read_rules), .type = "PATH...", .help = "signature files, * and ? allowed" },
	{ "", "rule-data", STATEMENT(policy_read_rule_data), .type = "KIND PATH...", .help = "files that rules use: threshold, references, reputation-categories, reputation, data-set" },
	{ "", "variable", STATEMENT(policy_read_variable), .type = "NAME VALUE", .help = "variable of the rule language, without $" },
	{ "", "inspect", STATEMENT(policy_read_block), .type = "{ ... }", .help = "how much is looked at" },
	{ "", "verdict", STATEMENT(policy_read_verdict), .type = "{ ... }", .help = "what the reasons of the packet program do" },
	{ "", "block", STATEMENT(policy_read_block), .type = "{ ... }", .help = "automatic blocking" },
	{ "", "notify", STATEMENT(policy_read_channel), .type = "NAME { ... }", .help = "a channel for notices: critical attacks that were not blocked" },
	{ "", "tenant", STATEMENT(policy_read_tenant), .type = "NAME { ... }", .help = "an owner of its own behind this machine: users of the portal who are of that tenant see its events only" },
	{ "", "store", STATEMENT(policy_read_store), .type = "{ ... }", .help = "what is kept of events, for reports" },
	{ "", "portal", STATEMENT(policy_read_portal), .type = "{ ... }", .help = "pages for browsers" },
	{ "", "eve-records", STATEMENT(policy_read_eve_records), .type = "KIND...", .help = "records in the event file beside alerts: drop anomaly stats flow fileinfo http dns tls smtp ftp ssh, or all; those of each flow are many (drop stats)" },
	{ "", "list-entries", KEY_COUNT, SETTING(list_entries), .min = 100, .max = 16000000, .standard = "4000000", .help = "of all lists together; the daemon needs about 35 bytes for each, the kernel twice 30" },
	{ "", "eve", KEY_TEXT, SETTING(eve_path), .standard = "/var/log/sekimori/eve.json", .type = "PATH", .help = "event file" },

	{ "interface", "role", KEY_CHOICE, PLACE(struct policy_iface, role), .required = true, .choices = role_names, .help = "what the interface faces" },
	{ "interface", "mode", KEY_CHOICE, PLACE(struct policy_iface, mode), .choices = mode_names, .standard = "monitor", .help = "monitor: drops become passes that are told" },

	{ "allow", "port", KEY_PORT, PLACE(struct policy_net, scope.port), .standard = "any", .type = "1..65535|any", .help = "only this port of our side" },
	{ "allow", "protocol", KEY_PROTOCOL, PLACE(struct policy_net, scope.proto), .standard = "any", .type = "tcp|udp|icmp|icmpv6|sctp|1..255|any", .help = "only this IP protocol" },
	{ "allow", "interface", KEY_NAME, PLACE(struct policy_net, iface), .standard = "any", .type = "NAME|any", .help = "only on this interface" },
	{ "allow", "kind", KEY_CHOICE, PLACE(struct policy_net, scope.kind), .choices = scope_names, .standard = "user", .help = "what it is, shown by why" },
	{ "allow", "reason", KEY_TEXT, PLACE(struct policy_net, reason), .standard = "", .type = "TEXT", .help = "shown by why" },

	{ "egress", "profile", STATEMENT(policy_read_profile), .type = "NAME { ... }", .help = "a named set of services; default holds for every DMZ host" },
	{ "egress", "allow", STATEMENT(policy_read_egress_allow), .type = "SERVICE to PREFIX...|any", .standard = "dns, smtp and ntp to any", .help = "the default profile has it" },
	{ "egress", "template", KEY_CHOICE, SETTING(egress.template), .choices = template_names, .standard = "standard", .help = "what roles may that nothing else is said of. standard: proxy http https ftp, all dns smtp ntp; strict: dns and ntp to the named servers, smtp from mail only" },
	{ "egress", "quic", KEY_CHOICE, SETTING(egress.quic), .choices = switch_names, .standard = "off", .help = "proxies may speak HTTP/3 (UDP 443), too" },
	{ "egress", "mode", KEY_CHOICE, SETTING(egress.mode), .choices = mode_names, .standard = "enforce", .help = "of hosts that do not say; never stricter than their interface" },
	{ "egress", "raw-senders", KEY_CHOICE, SETTING(egress.raw), .choices = raw_names, .standard = "deny", .help = "what packet sockets of this machine send past its IP stack" },
	{ "egress", "canary", KEY_SECONDS, SETTING(egress.canary), .max = 86400, .standard = "5m", .help = "a flow that must be found, sent so often; 0: none, and no report can say safe" },
	{ "egress", "bulk", KEY_COUNT, SETTING(egress.bulk), .min = 1, .max = 1u << 24, .standard = "1024", .help = "MiB from one host to one destination within an hour that are told" },
	{ "egress", "grace-limit", KEY_COUNT, SETTING(settings.grace_limit), .max = 1u << 20, .standard = "4096", .help = "flows older than the shield that may go on after its first start" },
	{ "egress", "origins-per-second", KEY_COUNT, SETTING(settings.origin_rate), .min = 1, .max = 1000000, .standard = "2000", .help = "flows of our side that are recorded, per processor" },
	{ "egress", "resolver", STATEMENT(policy_read_resolver), .type = "PREFIX...", .help = "where the strict template lets dns go" },
	{ "egress", "time-server", STATEMENT(policy_read_time_server), .type = "PREFIX...", .help = "where the strict template lets ntp go" },
	{ "egress", "host", STATEMENT(policy_read_egress_host), .type = "PREFIX... ROLE... [{ ... }]", .help = "these hosts have those roles: proxy web mail dns, or profiles" },
	{ "egress", "self", STATEMENT(policy_read_egress_self), .type = "ROLE... [{ ... }]", .help = "this machine has them on its interfaces of role host: what it starts is judged, too" },
	{ "egress", "exception", STATEMENT(policy_read_exception), .type = "SERVICE to PREFIX... { ... }", .help = "a service more for one host, until a day" },
	{ "host", "mode", KEY_CHOICE, PLACE(struct policy_host, mode), .choices = host_mode_names, .standard = "unsaid", .help = "monitor: what goes against the allowlist is told, not dropped" },
	{ "host", "name", KEY_TEXT, PLACE(struct policy_host, name), .standard = "", .type = "TEXT", .help = "shown in reports" },
	{ "exception", "host", STATEMENT(policy_read_exception_host), .type = "PREFIX...", .help = "whom it is for" },
	{ "exception", "until", STATEMENT(policy_read_exception_until), .type = "YYYY-MM-DD[THH:MM:SSZ]", .help = "when it ends, UTC" },
	{ "exception", "owner", KEY_TEXT, PLACE(struct policy_exception, row.owner), .required = true, .type = "TEXT", .help = "who answers for it" },
	{ "exception", "ticket", KEY_TEXT, PLACE(struct policy_exception, row.ticket), .required = true, .type = "TEXT", .help = "where it was granted" },
	{ "profile", "allow", STATEMENT(policy_read_profile_allow), .type = "SERVICE to PREFIX...|any", .help = "SERVICE: http https quic ftp dns smtp ntp ssh, tcp PORT, udp PORT" },

	{ "list", "file", KEY_TEXT, PLACE(struct policy_list_scratch, row.path), .standard = "", .type = "PATH", .help = "addresses; see format" },
	{ "list", "format", KEY_CHOICE, PLACE(struct policy_list_scratch, format), .choices = format_names, .standard = "auto", .help = "of the file; auto: by its content" },
	{ "list", "address", STATEMENT(policy_read_list_address), .type = "PREFIX...", .help = "entries written here" },
	{ "list", "direction", KEY_CHOICE, PLACE(struct policy_list_scratch, direction), .choices = direction_names, .standard = "both", .help = "where the address has to stand" },
	{ "list", "action", KEY_CHOICE, PLACE(struct policy_list_scratch, action), .choices = list_action_names, .standard = "drop", .help = "alert: pass and tell; allow: exceptions, for which the entries around them do not hold" },
	{ "list", "severity", KEY_CHOICE, PLACE(struct policy_list_scratch, row.severity), .choices = contract_severities, .standard = "high", .help = "of its events, unless an entry has its own" },
	{ "list", "priority", KEY_COUNT, PLACE(struct policy_list_scratch, row.priority), .max = 255, .standard = "0", .help = "where lists contradict the highest is right; among equals exceptions, then drop, then alert" },
	{ "list", "max-age", KEY_SECONDS, PLACE(struct policy_list_scratch, row.max_age), .max = 315360000, .standard = "0", .help = "tell when the file was last read longer ago; the list stays in force; 0: by the file's own word only" },
	{ "list", "expires", KEY_SECONDS, PLACE(struct policy_list_scratch, row.expires), .max = 315360000, .standard = "0", .help = "life of entries that do not say, from loading on; 0: for good" },
	{ "list", "max-share", KEY_COUNT, PLACE(struct policy_list_scratch, row.max_share), .min = 1, .max = 100, .standard = "20", .help = "per cent of the address space that the file may cover" },
#define X(id, bit, word, text) { "list", "allow-" word, KEY_CHOICE, .offset = offsetof(struct policy_list_scratch, allow) + ALLOW_AT_##id, .size = 1, .choices = switch_names, .standard = "off", .help = "take " text },
	LIST_ALLOWS(X)
#undef X

	{ "inspect", "depth-to-server", KEY_BYTES, SETTING(settings.depth[0]), .min = 1024, .max = 1u << 30, .standard = "64k", .help = "payload bytes per transaction" },
	{ "inspect", "depth-to-client", KEY_BYTES, SETTING(settings.depth[1]), .min = 1024, .max = 1u << 30, .standard = "256k", .help = "payload bytes per transaction" },
	{ "inspect", "chunk", KEY_BYTES, SETTING(settings.chunk), .min = 256, .max = 16384, .standard = "16k", .help = "payload bytes per record" },
	{ "inspect", "engines", KEY_COUNT, SETTING(engines), .min = 1, .max = SEKI_MAX_RINGS, .standard = "1", .help = "matcher processes, each with its ring, chosen by pair of hosts" },
	{ "inspect", "memory", KEY_BYTES, SETTING(engine_memory), .min = 16u << 20, .max = 1ull << 40, .standard = "256m", .help = "per engine, for flows and reassembly" },
	{ "inspect", "new-flows-per-second", KEY_COUNT, SETTING(settings.rate), .min = 1, .max = 1000000, .standard = "200", .help = "admitted to inspection per source" },
	{ "inspect", "burst", KEY_COUNT, SETTING(settings.burst), .min = 1, .max = 1000000, .standard = "400", .help = "admitted at once per source" },
	{ "inspect", "quota", KEY_COUNT, SETTING(settings.quota), .min = 16, .max = 1u << 24, .standard = "8192", .help = "flows per source /24 or /48" },
	{ "inspect", "decisions-per-second", KEY_COUNT, SETTING(settings.decision_rate), .min = 1, .max = 10000, .standard = "2", .help = "drop events told per source" },
	{ "inspect", "uninspected", STATEMENT(policy_read_uninspected), .type = "pass|drop", .standard = "pass", .help = "flows that lost a record; same as in verdict" },
	{ "inspect", "tcp-idle", KEY_SECONDS, SETTING(settings.tcp_idle), .min = 10, .max = 604800, .standard = "124m", .help = "forget established flows after; RFC 5382 asks for two hours and four minutes" },
	{ "inspect", "tcp-closing", KEY_SECONDS, SETTING(settings.tcp_closing), .min = 1, .max = 3600, .standard = "15s", .help = "forget ended flows after" },
	{ "inspect", "udp-idle", KEY_SECONDS, SETTING(settings.udp_idle), .min = 1, .max = 86400, .standard = "1m", .help = "forget UDP flows after" },
	{ "inspect", "other-idle", KEY_SECONDS, SETTING(settings.other_idle), .min = 1, .max = 86400, .standard = "30s", .help = "forget other flows after" },

	{ "notify", "kind", KEY_CHOICE, PLACE(struct policy_channel, kind), .required = true, .choices = channel_names, .help = "how it is told" },
	{ "notify", "url", KEY_TEXT, PLACE(struct policy_channel, url), .required = true, .type = "URL", .help = "smtp://HOST:PORT, smtps://, http://, https://, syslog://ADDRESS:PORT or exec:///PATH" },
	{ "notify", "from", KEY_TEXT, PLACE(struct policy_channel, from), .standard = "", .type = "ADDRESS", .help = "sender of mail" },
	{ "notify", "to", KEY_TEXT, PLACE(struct policy_channel, to), .standard = "", .type = "ADDRESS", .help = "recipient of mail" },
	{ "notify", "user", KEY_TEXT, PLACE(struct policy_channel, user), .standard = "", .type = "NAME", .help = "for servers that ask who sends; of a command: who runs it, never root" },
	{ "notify", "secret-file", KEY_TEXT, PLACE(struct policy_channel, secret_path), .standard = "", .type = "PATH", .help = "password of mail, key of a webhook's signature" },
	{ "notify", "language", KEY_CHOICE, PLACE(struct policy_channel, language), .choices = language_names, .standard = "en", .help = "of the text" },
	{ "notify", "escalate-after", KEY_SECONDS, PLACE(struct policy_channel, escalate), .max = 7 * 86400, .standard = "0", .help = "gets only what nobody acknowledged (sekimori ack) for so long; 0: everything at once" },
	{ "notify", "when-others-fail", KEY_CHOICE, PLACE(struct policy_channel, second), .choices = switch_names, .standard = "off", .help = "a second channel: silent while another one works" },

	{ "tenant", "network", STATEMENT(policy_read_tenant_network), .type = "PREFIX...", .help = "its addresses: events are its own when their target lies there, else their other end; the longest network is right" },
	{ "tenant", "interface", STATEMENT(policy_read_tenant_iface), .type = "NAME...", .help = "its interfaces: of events whose addresses are nobody's" },

	{ "store", "postgres-file", KEY_TEXT, SETTING(store_server), .standard = "", .type = "PATH", .help = "keeps events in a PostgreSQL database: its first line says how to connect, as in host=/run/postgresql dbname=sekimori user=sekimori; without it they lie in files of the state folder" },
	{ "store", "max-size", KEY_BYTES, SETTING(store_bytes), .min = 1u << 20, .max = 1ull << 44, .standard = "4g", .help = "of kept events; above it the oldest go, their figures stay" },
	{ "store", "max-age", KEY_SECONDS, SETTING(store_age), .min = 86400, .max = 315360000, .standard = "400d", .help = "of kept events, by whole months; their figures stay" },
	{ "store", "packets-critical", KEY_SECONDS, SETTING(packet_age[SEKI_SEVERITY_CRITICAL]), .max = 315360000, .standard = "90d", .help = "how long the packet of critical alerts is kept, deleted to the minute; 0: none is" },
	{ "store", "packets-high", KEY_SECONDS, SETTING(packet_age[SEKI_SEVERITY_HIGH]), .max = 315360000, .standard = "30d", .help = "how long the packet of high alerts is kept, deleted to the minute; 0: none is" },
	{ "store", "packets-medium", KEY_SECONDS, SETTING(packet_age[SEKI_SEVERITY_MEDIUM]), .max = 315360000, .standard = "7d", .help = "how long the packet of medium alerts is kept, deleted to the minute; 0: none is" },
	{ "store", "packets-low", KEY_SECONDS, SETTING(packet_age[SEKI_SEVERITY_LOW]), .max = 315360000, .standard = "0", .help = "how long the packet of low alerts is kept, deleted to the minute; 0: none is" },
	{ "portal", "listen", KEY_TEXT, SETTING(portal.listen), .standard = "127.0.0.1:7443", .type = "ADDRESS:PORT|off", .help = "where it listens; IPv6 addresses in []; only loopback addresses without a certificate" },
	{ "portal", "host", KEY_TEXT, SETTING(portal.host), .standard = "", .type = "NAME", .help = "a name by which browsers reach it, beside addresses and localhost" },
	{ "portal", "certificate", KEY_TEXT, SETTING(portal.certificate), .standard = "", .type = "PATH", .help = "PEM, with its chain; needs key" },
	{ "portal", "key", KEY_TEXT, SETTING(portal.key), .standard = "", .type = "PATH", .help = "PEM, readable by root alone" },
	{ "portal", "may-allow", KEY_CHOICE, SETTING(portal.may_allow), .choices = switch_names, .standard = "off", .help = "its operators may put single addresses into the allow set" },

	{ "block", "enabled", KEY_CHOICE, SETTING(block.enabled), .choices = switch_names, .standard = "on", .help = "cut flows and block sources at all" },
	{ "block", "severity", KEY_CHOICE, SETTING(block.source_severity), .choices = contract_severities, .standard = "critical", .help = "from this one on the source is blocked" },
	{ "block", "cut-severity", KEY_CHOICE, SETTING(block.cut_severity), .choices = contract_severities, .standard = "high", .help = "from this one on the flow is cut" },
	{ "block", "ttl", KEY_SECONDS, SETTING(block.ttl), .min = 1, .max = 31536000, .standard = "10m", .help = "of the first block of a source" },
	{ "block", "ttl-max", KEY_SECONDS, SETTING(block.ttl_max), .min = 1, .max = 31536000, .standard = "24h", .help = "of any block" },
	{ "block", "repeat-factor", KEY_COUNT, SETTING(block.repeat_factor), .min = 1, .max = 1000, .standard = "4", .help = "each repeat lasts so many times longer" },
	{ "block", "shared-flows", KEY_COUNT, SETTING(block.shared_flows), .min = 1, .max = 1000000, .standard = "8", .help = "a source with so many clean flows beside is shared: only cut" },
	{ "block", "rate", KEY_COUNT, SETTING(block.rate), .min = 1, .max = 100000, .standard = "100", .help = "source blocks per second at most" },
};
/* clang-format on */
const unsigned int policy_key_count = ARRAY_LEN(policy_key_rows);
_Static_assert(ARRAY_LEN(policy_key_rows) <= POLICY_KEYS_MAX, "raise POLICY_KEYS_MAX");

static const struct {
	const char *name;
	uint8_t number;
} protocols[] = {
	{"any", 0},
	{"tcp", IPPROTO_TCP},
	{"udp", IPPROTO_UDP},
	{"icmp", IPPROTO_ICMP},
	{"icmpv6", IPPROTO_ICMPV6},
	{"sctp", IPPROTO_SCTP},
};

static void number_store(void *at, size_t size, uint64_t value)
{
	uint8_t u8 = (uint8_t)value;
	uint16_t u16 = (uint16_t)value;
	uint32_t u32 = (uint32_t)value;

	memcpy(at,
	       size == 1   ? (void *)&u8
	       : size == 2 ? (void *)&u16
	       : size == 4 ? (void *)&u32
			   : (void *)&value,
	       size);
}

static uint64_t number_load(const void *at, size_t size)
{
	uint8_t u8;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;

	switch (size) {
	case 1:
		memcpy(&u8, at, 1);
		return u8;
	case 2:
		memcpy(&u16, at, 2);
		return u16;
	case 4:
		memcpy(&u32, at, 4);
		return u32;
	default:
		memcpy(&u64, at, 8);
		return u64;
	}
}

/* Plain decimal; conf_bytes() would let a unit through. */
static int read_count(const char *word, uint64_t *out)
{
	if (strspn(word, "0123456789") != strlen(word))
		return -EINVAL;
	return conf_bytes(word, out);
}

static void choices_text(const struct policy_key *key, char *text, size_t room)
{
	size_t used = 0;

	text[0] = '\0';
	for (const char *const *name = key->choices; *name && used < room; name++)
		used += (size_t)snprintf(text + used, room - used, "%s%s", name == key->choices ? "" : "|",
					 *name);
}

/* "bytes 1k..1g", "seconds 10..604800", "1..16" */
static void type_text(const struct policy_key *key, char *text, size_t room)
{
	if (key->type)
		snprintf(text, room, "%s", key->type);
	else if (key->kind == KEY_CHOICE)
		choices_text(key, text, room);
	else
		snprintf(text, room, "%s%" PRIu64 "..%" PRIu64,
			 key->kind == KEY_SECONDS ? "seconds "
			 : key->kind == KEY_BYTES ? "bytes "
						  : "",
			 key->min, key->max);
}

static int set_number(const struct policy_key *key, const char *word, void *at, char why[160])
{
	uint64_t value = 0;
	uint32_t seconds = 0;
	char range[100];
	int err;

	if (key->kind == KEY_SECONDS) {
		err = conf_seconds(word, &seconds);
		value = seconds;
	} else {
		err = key->kind == KEY_BYTES ? conf_bytes(word, &value) : read_count(word, &value);
	}
	if (err || value < key->min || value > key->max) {
		type_text(key, range, sizeof(range));
		snprintf(why, 160, "'%.32s' is not in %s", word, range);
		return -EINVAL;
	}
	number_store(at, key->size, value);
	return 0;
}

static int set_choice(const struct policy_key *key, const char *word, void *at, char why[160])
{
	char choices[100];
	size_t i = 0;

	while (key->choices[i] && strcmp(key->choices[i], word))
		i++;
	if (!key->choices[i]) {
		choices_text(key, choices, sizeof(choices));
		snprintf(why, 160, "'%.32s' is none of %s", word, choices);
		return -EINVAL;
	}
	number_store(at, key->size, i);
	return 0;
}

static int set_text(const struct policy_key *key, const char *word, char *at, char why[160])
{
	size_t len = strlen(word);

	if (len >= key->size) {
		snprintf(why, 160, "longer than %d bytes", key->size - 1);
		return -EINVAL;
	}
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)word[i] < 0x20 || word[i] == 0x7f) {
			snprintf(why, 160, "has a control character");
			return -EINVAL;
		}
	}
	memset(at, 0, key->size);
	memcpy(at, word, len);
	return 0;
}

static int set_iface(const struct policy_key *key, const char *word, char *at, char why[160])
{
	if (!strcmp(word, "any"))
		return set_text(key, "", at, why);
	if (policy_iface_good(word))
		return set_text(key, word, at, why);
	snprintf(why, 160, "'%.32s' is not a name of an interface", word);
	return -EINVAL;
}

static int set_port(const struct policy_key *key, const char *word, void *at, char why[160])
{
	uint64_t value = 0;

	if (strcmp(word, "any") && (read_count(word, &value) || value < 1 || value > 65535)) {
		snprintf(why, 160, "'%.32s' is not a port", word);
		return -EINVAL;
	}
	number_store(at, key->size, htobe16((uint16_t)value));
	return 0;
}

static int set_protocol(const struct policy_key *key, const char *word, void *at, char why[160])
{
	uint64_t value = 0;

	for (size_t i = 0; i < ARRAY_LEN(protocols); i++) {
		if (!strcmp(protocols[i].name, word)) {
			number_store(at, key->size, protocols[i].number);
			return 0;
		}
	}
	if (read_count(word, &value) || value < 1 || value > 255) {
		snprintf(why, 160, "'%.32s' is not a protocol: %s", word, key->type);
		return -EINVAL;
	}
	number_store(at, key->size, value);
	return 0;
}

int policy_key_set(const struct policy_key *key, const char *word, void *object, char why[160])
{
	void *at = (char *)object + key->offset;

	switch (key->kind) {
	case KEY_SECONDS:
	case KEY_BYTES:
	case KEY_COUNT:
		return set_number(key, word, at, why);
	case KEY_CHOICE:
		return set_choice(key, word, at, why);
	case KEY_TEXT:
		return set_text(key, word, at, why);
	case KEY_NAME:
		return set_iface(key, word, at, why);
	case KEY_PORT:
		return set_port(key, word, at, why);
	case KEY_PROTOCOL:
		return set_protocol(key, word, at, why);
	case KEY_STATEMENT:
		break;
	}
	snprintf(why, 160, "takes no single value");
	return -EINVAL;
}

static bool key_has_default(const struct policy_key *key)
{
	return key->kind != KEY_STATEMENT && key->standard;
}

void policy_key_defaults(const char *block, void *object)
{
	char why[160];

	for (unsigned int i = 0; i < policy_key_count; i++) {
		const struct policy_key *key = &policy_key_rows[i];

		/* A default that its own row refuses cannot stay hidden: the unit test reads every row. */
		if (!strcmp(key->block, block) && key_has_default(key) &&
		    policy_key_set(key, key->standard, object, why))
			abort();
	}
}

int policy_default(struct policy **out)
{
	static const char *const blocks[] = {"", "inspect", "block", "egress", "store", "portal"};
	struct policy *policy = calloc(1, sizeof(*policy));

	if (!policy)
		return -ENOMEM;
	for (size_t i = 0; i < ARRAY_LEN(blocks); i++)
		policy_key_defaults(blocks[i], policy);
	*out = policy;
	return 0;
}

bool policy_key_ranges_hold(const struct policy *policy)
{
	for (unsigned int i = 0; i < policy_key_count; i++) {
		const struct policy_key *key = &policy_key_rows[i];
		uint64_t value, choices = 0;

		if (!key->in_policy || key->kind == KEY_TEXT)
			continue;
		value = number_load((const char *)policy + key->offset, key->size);
		while (key->kind == KEY_CHOICE && key->choices[choices])
			choices++;
		if (key->kind == KEY_CHOICE ? value >= choices : value < key->min || value > key->max)
			return false;
	}
	return true;
}

void policy_keys(void (*fn)(const struct policy_key_help *row, void *arg), void *arg)
{
	static const struct {
		const char *name, *help;
		char class;
		uint8_t action;
	} reasons[] = {
#define CLASS_X			     'X'
#define CLASS_V			     'V'
#define X(id, text, kind, act, what) {text, what, CLASS_##kind, SEKI_ACTION_##act},
		SEKI_REASONS(X)
#undef X
	};
	char type[160];

	for (unsigned int i = 0; i < policy_key_count; i++) {
		const struct policy_key *key = &policy_key_rows[i];
		struct policy_key_help row = {
			.block = key->block, .name = key->name, .type = type, .help = key->help};

		row.standard = key->required ? "(required)" : key->standard ? key->standard : "";
		type_text(key, type, sizeof(type));
		fn(&row, arg);
	}
	for (size_t i = 0; i < ARRAY_LEN(reasons); i++) {
		struct policy_key_help row = {.block = "verdict",
					      .name = reasons[i].name,
					      .type = "pass|drop",
					      .help = reasons[i].help};

		row.standard = reasons[i].action == SEKI_ACTION_DROP ? "drop" : "pass";
		if (reasons[i].class == 'V')
			fn(&row, arg);
	}
}
