/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * portal.h - pages for people: from a request to an answer, without sockets.
 * It reads the store; everything else it asks of the daemon through one
 * function, as the command line does.
 */
#ifndef PORTAL_PORTAL_H
#define PORTAL_PORTAL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/cleanup.h"
#include "lib/text.h"

#define PORTAL_BODY_MAX	 (1u << 20)
#define PORTAL_CODE_TEXT 32u

struct portal_request {
	const char *method;
	struct text path, query;				/* undecoded, without "?" */
	struct text host, origin, cookie, language, last_event; /* headers, empty when absent */
	const char *body;
	size_t body_len;
	const char *peer; /* its address */
	bool tls;
};

struct portal_response {
	unsigned int status;
	const char *type; /* static */
	char *body;	  /* owned by the caller */
	size_t len;
	char location[512];   /* "" none; always a path of ours */
	char cookies[2][256]; /* Set-Cookie, "" none */
	char attachment[80];  /* name of a download, "" none */
	const char *allow;    /* of 405; NULL */
	uint32_t retry_after; /* seconds, 0 none */
	bool cacheable;
	bool later; /* there is no answer yet: ask the same again when portal_reports() says so */
};

struct portal_options {
	int users_dir;	       /* borrowed; -1: users live in memory only */
	const char *store_dir; /* of the events and the audit log; "." when no path leads there */
	const char *threats, *explanations, *guideline; /* texts of the files, NULL none; borrowed */
	const char *host;		    /* name by which browsers reach it, "" none; borrowed */
	const char *instance;
	bool may_allow;
	/* One request of the control protocol to its answer, owned by the caller; NULL: the daemon does not
	 * answer. request is borrowed. */
	json_t *(*ask)(void *arg, const json_t *request);
	uint64_t (*wall_us)(void *arg); /* time of day, of records */
	uint64_t (*seconds)(void *arg); /* a clock that never jumps */
	void *arg;
};

struct portal;
__must_check int portal_new(const struct portal_options *options, struct portal **out);
void portal_free(struct portal *portal);
DEFINE_CLEANUP(portal_free, struct portal)
/* What the configuration says; text borrowed. */
void portal_change(struct portal *portal, const char *host, bool may_allow);

/*
 * Reports are made by a thread from now on, so that pages do not wait for them. *ready: readable when
 * requests that got no answer may be asked again, after portal_reports_heard(). -errno.
 */
__must_check int portal_reports(struct portal *portal, int *ready);
void portal_reports_heard(struct portal *portal);

/* Always an answer, or later. */
void portal_answer(struct portal *portal, const struct portal_request *request,
		   struct portal_response *response);

/* A code by which an administrator is made at /setup, once, within a quarter of an hour. */
void portal_code(struct portal *portal, char code[PORTAL_CODE_TEXT]);

#endif
