/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * app_dcerpc.h - connection-oriented DCE/RPC (C706 chapter 12): over TCP, and
 * inside the named pipes of SMB, which is why the session is an object of its own.
 */
#ifndef CORE_APP_DCERPC_H
#define CORE_APP_DCERPC_H

#include "app_rows.h"

#define DCERPC_CONTEXTS_MAX 64u	      /* presentation contexts of one connection; more are left out and counted */
#define DCERPC_PDU_KEPT	    4096u     /* bytes of a bind or of the head of another PDU that are kept */
#define DCERPC_STUB_MAX	    (64u << 10) /* stub bytes kept of one call and direction */
#define DCERPC_CALLS_MAX    64u	      /* unanswered calls; more end the oldest */

struct dcerpc_tx {
	struct tx tx;
	const struct dcerpc *owner; /* a flow may have several sessions */
	uint32_t call;
	bool has_interface;
	char interface[37]; /* "367abb81-9844-35f1-ad32-98f038001003" */
	uint8_t version[2]; /* major, big endian */
	char opnum[6];	    /* decimal */
	struct blob stub[2];
};

struct dcerpc;

struct dcerpc *dcerpc_new(void);
/* Its calls must have ended: by a last feed to the client, or with the flow. */
void dcerpc_free(struct dcerpc *dcerpc);
/* As app_decoder.feed, for the session. */
enum app_status dcerpc_feed(struct flow *flow, struct dcerpc *dcerpc, enum direction dir, struct span data, bool gap,
			    bool last);

#endif
