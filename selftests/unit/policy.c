// SPDX-License-Identifier: GPL-2.0-or-later
/* policy_*.c - configuration to policy: every key, every refusal, defaults, lock-out. */
#include <endian.h>
#include <errno.h>
#include <netinet/in.h>

#include "core/eve/eve.h"
#include "core/list/list_guard.h"
#include "core/policy/policy.h"
#include "core/rule/ruleset.h"
#include "core/eve/eve_read.h"
#include "lib/ktap.h"

static struct policy *parse(const char *text)
{
	struct conf_errors errors = {0};
	struct policy *policy = NULL;
	int err = policy_parse("f", text, strlen(text), &policy, &errors);

	CHECK(err == 0, "%s", errors.text ? errors.text : text);
	conf_errors_clear(&errors);
	return policy;
}

static void defaults(void)
{
	CLEANUP(policy_free) struct policy *p = NULL;

	CHECK_EQ(policy_default(&p), 0);
	CHECK_EQ(p->settings.depth[0], 65536);
	CHECK_EQ(p->settings.depth[1], 262144);
	CHECK_EQ(p->settings.chunk, 16384);
	CHECK_EQ(p->settings.rate, 200);
	CHECK_EQ(p->settings.burst, 400);
	CHECK_EQ(p->settings.decision_rate, 2);
	CHECK_EQ(p->settings.quota, 8192);
	CHECK_EQ(p->settings.tcp_idle, 7440);
	CHECK_EQ(p->settings.tcp_closing, 15);
	CHECK_EQ(p->settings.udp_idle, 60);
	CHECK_EQ(p->settings.other_idle, 30);
	for (size_t i = 0; i < sizeof(p->settings.action); i++)
		CHECK_EQ(p->settings.action[i], SEKI_ACTION_DEFAULT);
	CHECK(p->block.enabled);
	CHECK_EQ(p->block.cut_severity, SEKI_SEVERITY_HIGH);
	CHECK_EQ(p->block.source_severity, SEKI_SEVERITY_CRITICAL);
	CHECK_EQ(p->block.ttl, 600);
	CHECK_EQ(p->block.ttl_max, 86400);
	CHECK_EQ(p->block.repeat_factor, 4);
	CHECK_EQ(p->block.shared_flows, 8);
	CHECK_EQ(p->block.rate, 100);
	CHECK_EQ(p->engines, 1);
	CHECK_EQ(p->engine_memory, 256 << 20);
	CHECK_STR(p->eve_path, "/var/log/sekimori/eve.json");
	CHECK_EQ(p->iface_count + p->net_count + p->service_count + p->list_count, 0);
}

static const char whole[] =
	"interface eth0 { role wan; }\n"
	"interface eth1 vlan 20 { role dmz; mode enforce; }\n"
	"allow 192.0.2.10 { port 22; protocol tcp; interface eth0; kind management; reason \"ops jump "
	"host\"; }\n"
	"allow 192.0.2.0/24 2001:db8::/32;\n"
	"own 198.51.100.1; protect 10.0.2.0/24; shared 203.0.113.0/24;\n"
	"egress {\n"
	"	host 10.0.2.5 proxy;\n"
	"	profile default { allow dns to any; }\n"
	"	profile proxy { allow http to any; allow https to any; allow ftp to any; }\n"
	"	allow tcp 8443 to 192.0.2.0/24;\n"
	"	allow dns to any;\n"
	"}\n"
	"list drop { file \"/etc/sekimori/drop.txt\"; direction source; action alert; severity low; }\n"
	"list here { address 192.0.2.66 198.18.0.0/15; }\n"
	"rules \"/usr/share/sekimori/rules/*.rules\" /etc/x.rules; variable HOME_NET \"[10.0.0.0/8]\";\n"
	"rule-data threshold /etc/sekimori/threshold.config /etc/sekimori/more.config;\n"
	"inspect { depth-to-server 32k; depth-to-client 1m; chunk 8k; engines 4; memory 64m; "
	"new-flows-per-second 10;\n"
	"  burst 20; quota 4096; decisions-per-second 5; uninspected drop; tcp-idle 5m; tcp-closing 5s; "
	"udp-idle 30; other-idle 10; }\n"
	"verdict { flow-quota drop; tcp-flags pass; uninspected drop; }\n"
	"block { enabled off; severity high; cut-severity medium; ttl 1m; ttl-max 1h; repeat-factor 2; "
	"shared-flows 3; rate 7; }\n"
	"eve /tmp/eve.json;\n"
	"eve-records flow http stats;\n";

static bool has_service(const struct policy *p, const char *profile, unsigned int proto, unsigned int port,
			unsigned int len, unsigned int line)
{
	for (uint32_t i = 0; i < p->service_count; i++) {
		const struct policy_service *s = &p->services[i];

		if (!strcmp(s->profile, profile) && s->proto == proto && s->port == port &&
		    s->dst.len == len && s->rule == line)
			return true;
	}
	return false;
}

static void everything(void)
{
	CLEANUP(policy_free) struct policy *p = parse(whole);
	const struct policy_net *jump;

	if (!p)
		return;
	CHECK_EQ(p->iface_count, 2);
	CHECK_STR(p->ifaces[0].name, "eth0");
	CHECK_EQ(p->ifaces[0].role, SEKI_ROLE_WAN);
	CHECK_EQ(p->ifaces[0].mode, SEKI_MODE_MONITOR);
	CHECK_EQ(p->ifaces[1].vlan, 20);
	CHECK_EQ(p->ifaces[1].role, SEKI_ROLE_DMZ);
	CHECK_EQ(p->ifaces[1].mode, SEKI_MODE_ENFORCE);
	CHECK_EQ(p->net_count, 6);
	jump = &p->nets[0];
	CHECK(jump->allow && !jump->flags && jump->prefix.len == 128);
	CHECK_EQ(jump->scope.port, htobe16(22));
	CHECK_EQ(jump->scope.proto, IPPROTO_TCP);
	CHECK_EQ(jump->scope.kind, SEKI_SCOPE_MANAGEMENT);
	CHECK_EQ(jump->scope.ifindex, 0);
	CHECK_STR(jump->iface, "eth0");
	CHECK_STR(jump->reason, "ops jump host");
	CHECK_EQ(jump->line, 3);
	CHECK(p->nets[2].allow && p->nets[2].prefix.len == 32 && !p->nets[2].iface[0]);
	CHECK_EQ(p->nets[3].flags, SEKI_NET_OWN);
	CHECK_EQ(p->nets[4].flags, SEKI_NET_DMZ);
	CHECK_EQ(p->nets[5].flags, SEKI_NET_SHARED);
	CHECK(!p->nets[5].allow);
	CHECK_EQ(p->service_count, 6);
	CHECK(has_service(p, "default", IPPROTO_UDP, 53, 0, 8));
	CHECK(has_service(p, "default", IPPROTO_TCP, 53, 0, 8));
	CHECK(has_service(p, "default", IPPROTO_TCP, 8443, 120, 10));
	CHECK(has_service(p, "proxy", IPPROTO_TCP, 80, 0, 9));
	CHECK(has_service(p, "proxy", IPPROTO_TCP, 443, 0, 9));
	CHECK(has_service(p, "proxy", IPPROTO_TCP, 21, 0, 9));
	CHECK_EQ(p->host_count, 1);
	CHECK_STR(p->hosts[0].profile, "proxy");
	CHECK_EQ(p->list_count, 2);
	CHECK_STR(p->lists[0].path, "/etc/sekimori/drop.txt");
	CHECK_EQ(p->lists[0].flags, SEKI_ENTRY_SRC | SEKI_ENTRY_ALERT);
	CHECK_EQ(p->lists[0].severity, SEKI_SEVERITY_LOW);
	CHECK_STR(p->lists[1].name, "here");
	CHECK_EQ(p->lists[1].flags, SEKI_ENTRY_SRC | SEKI_ENTRY_DST);
	CHECK_EQ(p->lists[1].severity, SEKI_SEVERITY_HIGH);
	CHECK_EQ(p->entry_count, 2);
	CHECK_EQ(p->entries[1].list, 1);
	CHECK_EQ(p->entries[1].prefix.len, 111);
	CHECK_EQ(p->rule_file_count, 2);
	CHECK_STR(p->rule_files[0], "/usr/share/sekimori/rules/*.rules");
	CHECK_EQ(p->rule_data_count, 2);
	CHECK_EQ(p->rule_data[1].kind, RULE_DATA_THRESHOLD);
	CHECK_STR(p->rule_data[1].path, "/etc/sekimori/more.config");
	CHECK_STR(p->variables[0].value, "[10.0.0.0/8]");
	CHECK_EQ(p->settings.depth[0], 32768);
	CHECK_EQ(p->settings.depth[1], 1 << 20);
	CHECK_EQ(p->settings.chunk, 8192);
	CHECK_EQ(p->settings.rate, 10);
	CHECK_EQ(p->settings.burst, 20);
	CHECK_EQ(p->settings.quota, 4096);
	CHECK_EQ(p->settings.decision_rate, 5);
	CHECK_EQ(p->settings.tcp_idle, 300);
	CHECK_EQ(p->settings.udp_idle, 30);
	CHECK_EQ(p->settings.action[SEKI_R_UNINSPECTED], SEKI_ACTION_DROP);
	CHECK_EQ(p->settings.action[SEKI_R_FLOW_QUOTA], SEKI_ACTION_DROP);
	CHECK_EQ(p->settings.action[SEKI_R_TCP_FLAGS], SEKI_ACTION_PASS);
	CHECK_EQ(p->settings.action[SEKI_R_LAND], SEKI_ACTION_DEFAULT);
	CHECK_EQ(p->engines, 4);
	CHECK_EQ(p->engine_memory, 64 << 20);
	CHECK(!p->block.enabled);
	CHECK_EQ(p->block.source_severity, SEKI_SEVERITY_HIGH);
	CHECK_EQ(p->block.cut_severity, SEKI_SEVERITY_MEDIUM);
	CHECK_EQ(p->block.ttl, 60);
	CHECK_EQ(p->block.rate, 7);
	CHECK_STR(p->eve_path, "/tmp/eve.json");
	CHECK_EQ(p->eve_kinds, 1u << EVE_FLOW | 1u << EVE_HTTP | 1u << EVE_STATS);
}

static void list_words(void)
{
	CLEANUP(policy_free)
	struct policy *p = parse("list open { address 192.0.2.0/24; action allow; priority 7; "
				 "max-age 2d; allow-exceptions on; }");

	if (!CHECK(p))
		return;
	CHECK_EQ(p->lists[0].flags, SEKI_ENTRY_SRC | SEKI_ENTRY_DST | SEKI_ENTRY_ALLOW);
	CHECK_EQ(p->lists[0].priority, 7);
	CHECK_EQ(p->lists[0].max_age, 172800);
	CHECK_EQ(p->lists[0].allow, LIST_ALLOW_EXCEPTIONS);
}

static void default_egress(void)
{
	CLEANUP(policy_free) struct policy *silent = parse("interface e { role dmz; }");
	CLEANUP(policy_free) struct policy *none = parse("interface e { role wan; }");
	CLEANUP(policy_free)
	struct policy *strict = parse("interface e { role dmz; } egress { profile default { } }");
	CLEANUP(policy_free)
	struct policy *proxy = parse(
		"interface e { role dmz; } egress { profile p { allow quic to any; } host 10.0.0.1 p; }");

	CHECK_EQ(silent->service_count, 6);
	CHECK(has_service(silent, "default", IPPROTO_UDP, 53, 0, 0));
	CHECK(has_service(silent, "default", IPPROTO_TCP, 53, 0, 0));
	CHECK(has_service(silent, "default", IPPROTO_TCP, 25, 0, 0));
	CHECK(has_service(silent, "default", IPPROTO_TCP, 465, 0, 0));
	CHECK(has_service(silent, "default", IPPROTO_TCP, 587, 0, 0));
	CHECK(has_service(silent, "default", IPPROTO_UDP, 123, 0, 0));
	CHECK_EQ(none->service_count, 0);
	CHECK_EQ(strict->service_count, 0);
	CHECK_EQ(proxy->service_count, 7);
	CHECK(has_service(proxy, "p", IPPROTO_UDP, 443, 0, 1));
}

static void refusals(void)
{
	static const struct {
		const char *text, *error;
	} rows[] = {
		{"interfase eth0 { role wan; }",
		 "f:1:1: unknown key 'interfase', did you mean 'interface'?\n"},
		{"inspect {\n  depth-to-sever 1k;\n}",
		 "f:2:3: unknown key 'depth-to-sever' in inspect, did you mean 'depth-to-server'?\n"},
		{"interface eth0 { role wam; }", "f:1:18: role: 'wam' is none of none|wan|dmz|lan|host\n"},
		{"interface eth0 { mode monitor; }", "f:1:1: 'role' is missing in interface\n"},
		{"interface eth0 { role wan; role lan; }", "f:1:28: 'role' contradicts line 1\n"},
		{"interface eth0;", "f:1:1: 'interface' needs a block { ... }\n"},
		{"interface eth0/1 { role wan; }", "f:1:1: 'eth0/1' is not a name of an interface\n"},
		{"interface a234567890123456 { role wan; }",
		 "f:1:1: 'a234567890123456' is not a name of an interface\n"},
		{"interface e vlan 4095 { role wan; }", "f:1:1: '4095' is not a VLAN id, 1..4094\n"},
		{"interface e vlan 0 { role wan; }", "f:1:1: '0' is not a VLAN id, 1..4094\n"},
		{"interface e { role wan; } interface e { role dmz; }",
		 "f:1:27: interface e is there already and says something else\n"},
		{"allow;", "f:1:1: 'allow' needs an address or a network\n"},
		{"allow 192.0.2.1/24;", "f:1:1: '192.0.2.1/24': bits are set behind the prefix length\n"},
		{"allow 192.0.2.1 { port 0; }", "f:1:19: port: '0' is not a port\n"},
		{"allow 192.0.2.1 { port 65536; }", "f:1:19: port: '65536' is not a port\n"},
		{"allow 192.0.2.1 { protocol xyz; }",
		 "f:1:19: protocol: 'xyz' is not a protocol: tcp|udp|icmp|icmpv6|sctp|1..255|any\n"},
		{"own 1.2.3.4 { };", NULL},
		{"inspect { engines 0; }", "f:1:11: engines: '0' is not in 1..16\n"},
		{"inspect { engines 17; }", "f:1:11: engines: '17' is not in 1..16\n"},
		{"inspect { engines 1k; }", "f:1:11: engines: '1k' is not in 1..16\n"},
		{"inspect { chunk 17k; }", "f:1:11: chunk: '17k' is not in bytes 256..16384\n"},
		{"inspect { tcp-idle 1w; }", "f:1:11: tcp-idle: '1w' is not in seconds 10..604800\n"},
		{"inspect { quota 1 2; }", "f:1:11: 'quota' takes one value\n"},
		{"inspect { quota; }", "f:1:11: 'quota' takes one value\n"},
		{"inspect { quota 64 { } }", "f:1:11: 'quota' has no block\n"},
		{"inspect { quota 64; }\ninspect { quota 65; }", "f:2:11: 'quota' contradicts line 1\n"},
		{"inspect { uninspected drop; } verdict { uninspected pass; }",
		 "f:1:41: 'uninspected' contradicts line 1\n"},
		{"inspect x { }", "f:1:1: 'inspect' has no name, only a block\n"},
		{"verdict { clean drop; }", "f:1:11: 'clean' always passes, it has no verdict to choose\n"},
		{"verdict { spoofd pass; }",
		 "f:1:11: unknown reason 'spoofd' in verdict, did you mean 'spoofed'?\n"},
		{"verdict { spoofed allow; }", "f:1:11: 'spoofed' is either pass or drop\n"},
		{"block { ttl 2h; ttl-max 1h; }", "f:1:17: ttl (7200 s) is longer than ttl-max (3600 s)\n"},
		{"block { severity low; }",
		 "f:1:9: cut-severity is above severity: blocking a source cuts its flow too\n"},
		{"egress { profile p { allow htp to any; } }",
		 "f:1:22: unknown service 'htp', did you mean 'http'?\n"},
		{"egress { allow tcp to any; }", "f:1:10: behind 'tcp' comes a port, 1..65535\n"},
		{"egress { allow http any; }", "f:1:10: behind the service comes: to PREFIX...|any\n"},
		{"egress { allow http to; }", "f:1:10: behind the service comes: to PREFIX...|any\n"},
		{"egress { allow http to any 10.0.0.1; }", "f:1:10: 'any': not an IP address\n"},
		{"egress { profile proxy { } host 10.0.0.1 poxy; }",
		 "f:1:28: there is no profile 'poxy', did you mean 'proxy'?\n"},
		{"egress { profile p { } host 10.0.0.1 p;\nhost 10.0.0.1 default; }",
		 "f:2:1: host 10.0.0.1 has the profile 'default', and 'p' in line 1\n"},
		{"egress { profile a/b { } }",
		 "f:1:10: a profile needs one name of letters, digits and . _ -, at most 31\n"},
		{"list manual { address 1.2.3.4; }", "f:1:1: the list 'manual' is the command line's own\n"},
		{"list a { }", "f:1:1: the list 'a' has neither file nor address\n"},
		{"list a { file x; } list a { file y; }", "f:1:20: the list 'a' is there already\n"},
		{"rules;", "f:1:1: 'rules' needs a path\n"},
		{"rule-data threshold;",
		 "f:1:1: rule data is written: rule-data KIND PATH...; KIND is one of threshold, references, "
		 "reputation-categories, reputation, data-set\n"},
		{"rule-data limits /x;",
		 "f:1:1: rule data is written: rule-data KIND PATH...; KIND is one of threshold, references, "
		 "reputation-categories, reputation, data-set\n"},
		{"variable A x; variable A y;", "f:1:15: variable A is there already with another value\n"},
		{"variable A;", "f:1:1: a variable is written: variable NAME \"VALUE\"\n"},
		{"eve \"a\tb\";", "f:1:1: eve: has a control character\n"},
		{"eve-records flow htp;", "f:1:1: there is no kind of records 'htp'\n"},
		{"eve-records;", "f:1:1: 'eve-records' names kinds of records\n"},
		{"x; y;\nz;", "f:1:1: unknown key 'x'\nf:1:4: unknown key 'y'\nf:2:1: unknown key 'z'\n"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct conf_errors errors = {0};
		struct policy *policy = NULL;

		CHECK(policy_parse("f", rows[i].text, strlen(rows[i].text), &policy, &errors) == -EINVAL,
		      "%s", rows[i].text);
		CHECK(!policy);
		if (rows[i].error)
			CHECK_STR(errors.text, rows[i].error);
		conf_errors_clear(&errors);
		policy_free(policy);
	}
}

static int error_count(const char *text)
{
	struct conf_errors errors = {0};
	struct policy *policy = NULL;
	int err = policy_parse("f", text, strlen(text), &policy, &errors), count = (int)errors.count;

	CHECK(!err == !count);
	policy_free(policy);
	conf_errors_clear(&errors);
	return count;
}

static void same_twice_is_fine(void)
{
	CHECK_EQ(error_count("inspect { quota 65536; quota 65536; } inspect { depth-to-server 64k; "
			     "depth-to-server 65536; }"),
		 0);
	CHECK_EQ(error_count("interface e { role wan; role wan; } interface e { role wan; }"), 0);
	CHECK_EQ(error_count("variable A x; variable A x; own 1.2.3.4; own 1.2.3.4;"), 0);
	CHECK_EQ(error_count("egress { profile p { } host 10.0.0.1 p; host 10.0.0.1 p; }"), 0);
	CHECK_EQ(error_count("interface e { role wan; } interface e vlan 5 { role dmz; }"), 0);
}

/* Each place has one owner; the attacked side decides, then the other end, then the interface. */
static void tenants(void)
{
	static const struct {
		const char *target, *other, *iface, *owner;
	} rows[] = {
		{"192.0.2.1", "203.0.113.1", "wan", "a"},   {"192.0.2.129", "203.0.113.1", "wan", "b"},
		{"2001:db8::1", "192.0.2.129", "wan", "a"}, {"203.0.113.1", "192.0.2.129", "lan", "b"},
		{"203.0.113.1", "203.0.113.2", "lan", "a"}, {"203.0.113.1", "203.0.113.2", "lan1", "b"},
		{"203.0.113.1", "203.0.113.2", "wan", ""},
	};
	struct policy *p = parse("tenant a { network 192.0.2.0/24 2001:db8::/32; interface lan; }\n"
				 "tenant b { network 192.0.2.128/25; interface lan1 lan2; }");

	CHECK_EQ(p->tenant_count, 6);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct seki_addr target, other;

		CHECK_EQ(eve_read_address(rows[i].target, &target), 0);
		CHECK_EQ(eve_read_address(rows[i].other, &other), 0);
		CHECK_STR(tenant_of(p->tenants, p->tenant_count, &target, &other, rows[i].iface),
			  rows[i].owner);
	}
	policy_free(p);
	CHECK_EQ(error_count("tenant a { network 192.0.2.0/24; } tenant b { network 192.0.2.0/24; }"), 1);
	CHECK_EQ(error_count("tenant a { interface lan; } tenant b { interface lan; }"), 1);
	CHECK_EQ(error_count("tenant a { }"), 1);
	CHECK_EQ(error_count("tenant a/b { network 192.0.2.0/24; }"), 1);
}

/* Nothing is cut off: what does not fit is refused, at the exact length. */
static void limits(void)
{
	static char text[400000];
	char value[1100];
	size_t used = 0;

	memset(value, 'x', sizeof(value));
	value[255] = '\0';
	snprintf(text, sizeof(text), "eve /%s;", value + 1);
	CHECK_EQ(error_count(text), 0);
	snprintf(text, sizeof(text), "eve /%s;", value);
	CHECK_EQ(error_count(text), 1);
	snprintf(text, sizeof(text), "rules %s;", value);
	CHECK_EQ(error_count(text), 0);
	snprintf(text, sizeof(text), "rules x%s;", value);
	CHECK_EQ(error_count(text), 1);
	value[255] = 'x';
	value[1023] = '\0';
	snprintf(text, sizeof(text), "variable A %s;", value);
	CHECK_EQ(error_count(text), 0);
	snprintf(text, sizeof(text), "variable A x%s;", value);
	CHECK_EQ(error_count(text), 1);
	value[31] = '\0';
	snprintf(text, sizeof(text), "list %s { file a; } egress { profile %s { } host 1.1.1.1 %s; }", value,
		 value, value);
	CHECK_EQ(error_count(text), 0);
	snprintf(text, sizeof(text), "list x%s { file a; }", value);
	CHECK_EQ(error_count(text), 1);

	for (int i = 0; i < SEKI_MAX_LISTS - 1; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "list l%d { file a; }\n", i);
	CHECK_EQ(error_count(text), 0);
	snprintf(text + used, sizeof(text) - used, "list more { file a; }");
	CHECK_EQ(error_count(text), 1);

	used = (size_t)snprintf(text, sizeof(text), "egress {");
	for (int i = 0; i < 255; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "profile p%d { }\n", i);
	snprintf(text + used, sizeof(text) - used, "profile default { } }");
	CHECK_EQ(error_count(text), 0);
	snprintf(text + used, sizeof(text) - used, "profile more { } }");
	CHECK_EQ(error_count(text), 1);
}

/* A prefix inherits the scopes of all that cover it. */
static void scopes(void)
{
	char text[1000] = "";

	for (int i = 0; i < SEKI_MAX_SCOPES; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "allow 10.0.0.0/%d { port %d; }\n",
			 8 + i, 1 + i);
	CHECK_EQ(error_count(text), 0);
	strcat(text, "allow 11.0.0.0/8; allow 11.0.0.0/8;");
	CHECK_EQ(error_count(text), 0);
	strcat(text, "\nallow 10.0.0.1;");
	CHECK_EQ(error_count(text), 1);
}

struct help_count {
	int rows, verdicts;
};

static void count_help(const struct policy_key_help *row, void *arg)
{
	struct help_count *count = arg;

	count->rows++;
	count->verdicts += !strcmp(row->block, "verdict");
	CHECK(row->name && *row->name && row->type && *row->type && row->help && *row->help && row->standard);
	if (!strcmp(row->name, "quota"))
		CHECK_STR(row->type, "16..16777216");
	if (!strcmp(row->name, "mode") && strcmp(row->block, "host"))
		CHECK_STR(row->type, "monitor|enforce");
	if (!strcmp(row->block, "verdict") && !strcmp(row->name, "flow-quota"))
		CHECK_STR(row->standard, "pass");
}

static void help(void)
{
#define X(id, text, kind, ...) +(#kind[0] == 'V')
	const unsigned int choices = 0 SEKI_REASONS(X); /* reasons whose verdict is configured */
#undef X
	struct help_count count = {0};

	policy_keys(count_help, &count);
	CHECK(count.rows > 50);
	CHECK_EQ(count.verdicts, choices);
}

static void every_cut(void)
{
	for (size_t len = 0; len < sizeof(whole) - 1; len++) {
		AUTO_FREE char *exact = malloc(len + !len);
		struct conf_errors errors = {0};
		struct policy *policy = NULL;

		memcpy(exact, whole, len);
		(void)!policy_parse("f", exact, len, &policy, &errors);
		policy_free(policy);
		conf_errors_clear(&errors);
	}
}

static const struct ktap_test tests[] = {
	TEST(defaults),		  TEST(everything), TEST(list_words), TEST(default_egress), TEST(refusals),
	TEST(same_twice_is_fine), TEST(limits),	    TEST(scopes),     TEST(tenants),	    TEST(help),
	TEST(every_cut),
};
KTAP_MAIN(tests)
