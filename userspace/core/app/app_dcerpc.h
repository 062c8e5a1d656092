/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * app_dcerpc.h - connection-oriented DCE/RPC (C706 chapter 12): over TCP, and
 * inside the named pipes of SMB, which is why the session is an object of its own.
 */
#ifndef CORE_APP_DCERPC_H
#define CORE_APP_DCERPC_H

#include "app_rows.h"

#define DCERPC_CONTEXTS_MAX 64u	  /* presentation contexts of one connection; more are left out and counted */
#define DCERPC_PDU_KEPT	    4096u /* bytes of a bind or of the head of another PDU that are kept */
#define DCERPC_STUB_MAX	    (64u << 10) /* stub bytes kept of one call and direction */
#define DCERPC_CALLS_MAX    64u		/* unanswered calls; more end the oldest */

struct dcerpc_tx {
	struct tx tx;
	const void *owner; /* session: a flow may have several */
	uint32_t call;
	uint8_t activity[16]; /* over UDP: whose number it is */
	bool little[2];	      /* byte order of the stubs */
	bool has_interface;
	char interface[37]; /* "367abb81-9844-35f1-ad32-98f038001003" */
	uint8_t version[2]; /* major, big endian */
	char opnum[6];	    /* decimal */
	struct blob stub[2];
};

/* What the call is for: uuid in the order of text, major version. */
void dcerpc_interface_put(struct dcerpc_tx *tx, const uint8_t uuid[16], uint16_t version);
/* The first three parts of a UUID are integers in the sender's byte order; text has them big-endian. */
void dcerpc_uuid_read(const uint8_t *p, bool little, uint8_t out[16]);
/* app_decoder's of both ways to carry it. */
bool dcerpc_buffer(const struct tx *tx, enum buffer_id id, enum direction dir, unsigned int index,
		   struct span *out, bool *final);
void dcerpc_tx_free(struct tx *tx);

struct dcerpc;

struct dcerpc *dcerpc_new(void);
/* Its calls must have ended: by a last feed to the client, or with the flow. */
void dcerpc_free(struct dcerpc *dcerpc);
/* As app_decoder.feed, for the session. */
enum app_status dcerpc_feed(struct flow *flow, struct dcerpc *dcerpc, enum direction dir, struct span data,
			    bool gap, bool last);

#endif
