/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * policy.h - everything that a configuration says, as one value. A parser
 * child makes it from text and seals it (policy_pack); the keeper checks the
 * image's bounds (policy_unpack) and applies it whole or not at all.
 */
#ifndef CORE_POLICY_H
#define CORE_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/cleanup.h"
#include "lib/conf.h"
#include "lib/prefix.h"
#include "core/policy/tenant.h"
#include "sekimori/maps.h"

#define POLICY_PATH_MAX		 256
#define POLICY_NAME_MAX		 32
#define POLICY_REASON_MAX	 128
#define POLICY_PROFILES_MAX	 256u /* with "default"; the kernel's number of a profile is one byte */
#define POLICY_PROFILE_DEFAULT	 "default"
#define POLICY_PROFILE_EXCEPTION "exception"
#define POLICY_OWNER_MAX	 48
#define POLICY_IMAGE_MAX	 (512u << 20)

struct policy_iface {
	char name[16];
	uint16_t vlan;
	uint8_t role, mode;
};

struct policy_net { /* allow entries, own and protected networks */
	struct prefix prefix;
	uint32_t flags;			/* SEKI_NET_* */
	bool allow;			/* scope holds */
	struct seki_scope scope;	/* ifindex is 0: the keeper fills it from iface */
	char iface[16];			/* the scope holds on this interface only; "" = any */
	char reason[POLICY_REASON_MAX]; /* of an allow entry, for people */
	uint32_t line;			/* of the configuration */
};

struct policy_service { /* what a DMZ profile may start */
	char profile[POLICY_NAME_MAX];
	uint8_t proto;
	uint16_t port; /* host order */
	struct prefix dst;
	uint32_t rule; /* line of the configuration, for messages; 0: of the template */
	/* An exception holds for one host, until a day, and somebody answers for it. Its profile is
	 * POLICY_PROFILE_EXCEPTION. */
	struct prefix host;
	uint64_t until; /* epoch seconds, 0: for good */
	char owner[POLICY_OWNER_MAX], ticket[POLICY_OWNER_MAX];
};

enum policy_host_mode { HOST_MODE_UNSAID, HOST_MODE_MONITOR, HOST_MODE_ENFORCE, HOST_MODE_MAX };

/* A host with several roles has a row for each. */
struct policy_host {
	struct prefix prefix;
	char profile[POLICY_NAME_MAX];
	char name[POLICY_NAME_MAX]; /* for people, "" none */
	uint8_t mode;		    /* enum policy_host_mode; weaker than the interface's only */
	uint8_t self;		    /* this machine (role host); prefix is then ::/0 */
	uint32_t line;		    /* of the configuration */
};

struct policy_egress {
	uint8_t template; /* enum policy_template */
	uint8_t quic;	  /* proxies may speak HTTP/3 */
	uint8_t mode;	  /* enum seki_mode, of hosts that do not say */
	uint8_t raw;	  /* what packet sockets of this machine send: 0 deny, 1 allow */
	uint32_t canary;  /* seconds between canary flows, 0: none */
	uint32_t bulk;	  /* MiB that one host may send to one destination in an hour before it is told */
};
enum policy_template { TEMPLATE_STANDARD, TEMPLATE_STRICT, TEMPLATE_NONE };

struct policy_list { /* a list file to load at start and apply */
	char name[POLICY_NAME_MAX];
	char path[POLICY_PATH_MAX];
	char format[16]; /* of the file; "": by content */
	uint8_t flags, severity;
	uint8_t priority;
	uint8_t allow;	   /* enum list_allow */
	uint8_t max_share; /* per cent of the address space */
	uint32_t expires;  /* seconds, of entries that do not say; 0: never */
	uint32_t max_age;  /* seconds, after which the list is old; 0: by its own word only */
};

struct policy_entry {  /* an address that stands in the configuration itself */
	uint16_t list; /* row of lists[] */
	struct prefix prefix;
};

struct policy_variable {
	char name[POLICY_NAME_MAX];
	char value[1024];
};

struct policy_rule_data { /* a file that rules use */
	uint8_t kind;	  /* enum rule_data_kind */
	char path[POLICY_PATH_MAX];
};

#define POLICY_CHANNEL_KINDS(X)                                                                              \
	X(SMTP, "smtp", "mail: url smtp://HOST:PORT or smtps://")                                            \
	X(WEBHOOK, "webhook", "POST of JSON: url http:// or https://")                                       \
	X(SYSLOG, "syslog", "RFC 5424 over UDP: url syslog://ADDRESS:PORT")                                  \
	X(COMMAND, "command", "a program of this machine gets the JSON: url exec:///PATH, run as user")
enum policy_channel_kind {
#define X(id, ...) CHANNEL_##id,
	POLICY_CHANNEL_KINDS(X)
#undef X
		CHANNEL_KINDS
};
#define POLICY_CHANNELS_MAX 8u
struct policy_channel { /* where notices go */
	char name[POLICY_NAME_MAX];
	uint8_t kind;	   /* enum policy_channel_kind */
	uint8_t second;	   /* only when the others fail */
	uint8_t language;  /* enum explain_language */
	uint32_t escalate; /* seconds; only what nobody acknowledged for so long, 0: everything */
	char url[POLICY_PATH_MAX], from[128], to[256];
	char user[128];
	char secret_path[POLICY_PATH_MAX]; /* password, or key of the signature; "" none */
};

struct policy_portal {	 /* where people look */
	char listen[80]; /* ADDRESS:PORT, "off", or "" for the standard */
	char host[64];	 /* a name by which browsers reach it beside addresses */
	char certificate[POLICY_PATH_MAX],
		key[POLICY_PATH_MAX]; /* "": no TLS, which loopback alone may do without */
	uint8_t may_allow;	      /* its operators may put addresses into the allow set */
};

struct policy_block {		 /* auto-block */
	uint8_t cut_severity;	 /* from this severity on the flow is cut */
	uint8_t source_severity; /* from this one on the source is blocked too */
	bool enabled;
	uint32_t ttl, ttl_max; /* seconds; each repeat multiplies by repeat_factor */
	uint32_t repeat_factor;
	uint32_t shared_flows; /* a source with this many other clean flows in SEKI_SHARED_WINDOW..2x is
				  shared: cut only */
	uint32_t rate;	       /* source blocks per second, all engines together */
};

struct policy {
	struct seki_settings
		settings; /* depth, chunk, rate, quota, timeouts, action; the rest is the keeper's */
	struct policy_block block;
	struct policy_egress egress;
	struct policy_portal portal;
	uint32_t engines;
	uint64_t engine_memory;
	uint32_t list_entries; /* of all lists together */
	uint64_t
		lists_digest; /* of the image that the content of lists[] is kept in; 0: it is not kept yet */
	char eve_path[POLICY_PATH_MAX];
	char store_server[POLICY_PATH_MAX];	/* file that says how to reach PostgreSQL; "": SQLite */
	uint64_t store_bytes;			/* that kept events may take, all months together */
	uint32_t store_age;			/* seconds that they are kept */
	uint32_t packet_age[SEKI_SEVERITY_MAX]; /* seconds that alerts' packets are kept; 0: none */
	uint32_t eve_kinds; /* records beside alerts, a bit per enum eve_kind; 0: EVE_STANDARD */
	struct policy_iface *ifaces;
	struct policy_net *nets;
	struct policy_service *services;
	struct policy_host *hosts;
	struct policy_list *lists;
	struct policy_entry *entries;
	struct policy_variable *variables;
	char (*rule_files)[POLICY_PATH_MAX];
	struct policy_rule_data *rule_data;
	struct policy_channel *channels;
	struct tenant_row *tenants;
	uint32_t iface_count, net_count, service_count, host_count, list_count, entry_count, variable_count,
		rule_file_count, rule_data_count, channel_count, tenant_count;
};

void policy_free(struct policy *policy); /* and the struct itself */
DEFINE_CLEANUP(policy_free, struct policy)

/* The defaults of the table, no interface, no list; malloc'ed. */
__must_check int policy_default(struct policy **out);

/*
 * Configuration text to policy; pure. All errors are collected with file:line:column and a suggestion for
 * unknown keys; one error refuses the whole. Contents of list files are not read here: list_count rows name
 * them.
 */
__must_check int policy_parse(const char *file, const char *text, size_t len, struct policy **out,
			      struct conf_errors *errors);

/* One line per key: name, type, default, range, help. For man page, `check --help`. fn gets each row. */
struct policy_key_help {
	const char *block, *name, *type, *standard, *help;
};
void policy_keys(void (*fn)(const struct policy_key_help *row, void *arg), void *arg);

/*
 * Flat image: header with magic, schema, counts and digest, then arrays. *image malloc'ed. -EFBIG over a
 * limit; -EINVAL when policy holds what policy_unpack() would refuse. The same policy always gives the same
 * bytes.
 */
__must_check int policy_pack(const struct policy *policy, void **image, size_t *len);
/*
 * Of what the text says: the same for the same text, whatever the daemon noted in the policy since. Errors of
 * policy_pack().
 */
__must_check int policy_digest(const struct policy *policy, uint64_t *out);
/*
 * Checks every bound, enum, string end and the digest of a hostile image. -EBADMSG with *why (static),
 * -ENOMEM. The digest (against damage, not forgery) is then in settings.policy_digest.
 */
__must_check int policy_unpack(const void *image, size_t len, struct policy **out, const char **why);

#endif
