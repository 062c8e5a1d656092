/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * message_ask.h - what command line and portal ask of the keeper, through ctl.
 */
#ifndef SEKIMORID_MESSAGE_ASK_H
#define SEKIMORID_MESSAGE_ASK_H

#include "core/policy/policy.h"
#include "sekimorid/message_common.h"

#define MESSAGE_UP_MAX 16u /* --iface options of one `up` */

struct message_peer { /* who sits at the other end of a request's terminal */
	uint32_t uid;
	uint32_t known;	     /* 1: address and port are set */
	uint8_t address[16]; /* v4-mapped */
	uint16_t port;	     /* of our side, host order */
	uint8_t portal;	     /* 1: the portal asks, for its user who */
	uint8_t pad[5];
	char who[MESSAGE_WHO_MAX];
};

struct message_ack {
	struct message_peer peer;
	uint64_t id;	/* 0: all, unless an event is named */
	uint64_t event; /* of the store: also one that no notice tells; 0 none */
	char by[64];	/* "" whoever the peer is */
	char comment[256];
};

struct message_block {
	struct message_peer peer;
	struct message_prefix prefix;
	uint64_t seconds; /* 0 = until unblocked */
	uint32_t wide;	  /* 1: also a large share of the address space */
	uint32_t pad;
	char reason[LIST_REASON_MAX];
};

struct message_ask { /* requests that need nothing but an address, a name or a number */
	struct message_peer peer;
	struct message_prefix prefix;
	uint32_t number;	    /* confirm-within seconds, or the page's first item */
	uint32_t remove;	    /* allow: take the entry out again; down: leave what is attached;
				       list-verify: make the kernel's tables anew when they differ */
	char name[POLICY_NAME_MAX]; /* of a list */
	char path[POLICY_PATH_MAX]; /* of a configuration */
};

/*
 * What somebody did that leaves no other trace: in the portal looked at evidence, logged in, changed a user;
 * on the command line took something along (ASK_EXPORTED, from whoever may read: kind is 0, the keeper's
 * own).
 */
struct message_trace {
	struct message_peer peer;
	uint32_t kind; /* AUDIT_READ, AUDIT_CHANGE or AUDIT_NOTE */
	uint32_t pad;
	char text[256];
};

struct message_suppress { /* no alerts of a rule for a source; drops go on */
	struct message_peer peer;
	struct message_prefix prefix;
	uint32_t gid, sid;
	uint32_t remove, pad; /* 1: it tells about that source again */
	char reason[LIST_REASON_MAX];
};

#define MESSAGE_CERTIFICATE_MAX 32768u
#define MESSAGE_KEY_MAX		8192u
/* How the portal serves; its listening socket comes with it, none: it closes, unless it goes on as it is. */
struct message_portal {
	uint32_t tls;			  /* 1: certificate and key hold */
	uint8_t may_allow, stays, pad[2]; /* stays: certificate and key cannot be read; what serves goes on */
	char instance[32], host[64];	  /* host: the name that browsers may use beside addresses, "" none */
	char listen[80];		  /* for people */
	char certificate[MESSAGE_CERTIFICATE_MAX], key[MESSAGE_KEY_MAX];
};

struct message_load {
	struct message_peer peer;
	uint32_t expires; /* seconds, of entries that do not say; 0: never */
	uint32_t update;  /* a change of what is loaded, not a replacement */
	uint32_t max_age;
	uint8_t flags, severity, allow, max_share, priority; /* as in struct policy_list */
	uint8_t pad[7];
	char name[POLICY_NAME_MAX];
	char format[16]; /* "": by content */
};

#define UP_TAKEOVER 1u
#define UP_GENERIC  2u
#define UP_ENFORCE  4u
struct message_up {
	struct message_peer peer;
	uint32_t flags; /* UP_* */
	uint32_t confirm_within;
	uint32_t count, pad;
	struct {
		char name[16];
		uint16_t vlan;
		uint8_t role;
		uint8_t pad[5];
	} ifaces[MESSAGE_UP_MAX];
	char path[POLICY_PATH_MAX]; /* of a configuration, "" = keep */
};

_Static_assert(sizeof(struct message_peer) == 72, "message_peer");

#endif
