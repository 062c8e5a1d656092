/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * portal_private.h - what the pages share.
 */
#ifndef PORTAL_PORTAL_PRIVATE_H
#define PORTAL_PORTAL_PRIVATE_H

#include "core/report/assess.h"
#include "core/report/asset.h"
#include "core/report/document.h"
#include "core/web/page.h"
#include "core/report/phrase.h"
#include "core/report/threat.h"
#include "core/web/web_request.h"
#include "portal.h"
#include "report_worker.h"
#include "session.h"
#include "store/store.h"
#include "users.h"
#include "view/asset_file.h"

struct portal {
	struct portal_options options;
	char host[64];
	struct users users;
	struct sessions sessions;
	struct store *store; /* NULL: there is none yet */
	struct threat_set *threats;
	struct report_worker *reports;
	struct assess *assess; /* NULL: there is no guideline */
	struct asset_set *assets;
	uint64_t assets_stamp, observed_stamp;
	char code[PORTAL_CODE_TEXT]; /* "" none */
	uint64_t code_until;
	unsigned int code_tries;
	json_t *status; /* the daemon's last answer; NULL: it does not answer */
	uint64_t status_at;
	bool users_bad; /* the file of users is damaged: nobody gets in, and it says so */
};

/* One request being answered. */
struct visit {
	struct portal *portal;
	const struct portal_request *request;
	struct portal_response *response;
	const struct portal_route *route;
	struct page *page;
	struct web_form query, form;
	struct web_captured captured;
	struct session *session; /* NULL: nobody logged in */
	struct user *user;
	enum explain_language language;
	uint64_t now; /* us, time of day */
};
#define T(v, id) phrase((v)->language, PHRASE_##id)

enum portal_access { ACCESS_PUBLIC, ACCESS_VIEWER, ACCESS_OPERATOR, ACCESS_ADMIN };
struct portal_route {
	const char *method, *pattern;
	enum portal_access access;
	bool whole;	   /* only for users of no single tenant: what it shows belongs to the machine */
	enum phrase title; /* of the page, and in the navigation when nav is set */
	bool nav;
	void (*serve)(struct visit *v);
};
extern const struct portal_route portal_routes[];
extern const size_t portal_route_count;

/* --- parts.c */
void part_begin(struct visit *v, const char *title);
void part_end(struct visit *v);
/* "<form method=post action=...>" with the token that proves it is ours; action is a path without parameters.
 */
void part_form(struct visit *v, const char *action);
/* A form of one button for an event or a name. */
void part_severity(struct visit *v, unsigned int severity);
void part_verdict(struct visit *v, unsigned int verdict);
const char *severity_word(const struct visit *v, unsigned int severity);
const char *verdict_word(const struct visit *v, unsigned int verdict);
const char *part_time(uint64_t us, char text[40]); /* local, with its zone */
/* "<time datetime=…>" */
void part_moment(struct visit *v, uint64_t us);
void part_cell(struct visit *v, const char *label, const char *text);
void part_number(struct visit *v, const char *label, uint64_t value);
void part_say(struct visit *v, enum document_tone tone, const char *text);

/* --- answers */
void answer_page(struct visit *v, unsigned int status);
/* A page that says what is wrong and what to do. */
void answer_fault(struct visit *v, unsigned int status, enum phrase what);
/* To a path of ours by GET; text (may be NULL) is shown there once. */
void answer_go(struct visit *v, const char *path, bool bad, const char *text);
void answer_text(struct visit *v, const char *type, char *body, size_t len, const char *attachment);

void visit_cookie(struct visit *v, const char *token); /* "": away with it */

/* --- the daemon */
json_t *daemon_ask(struct visit *v,
		   json_t *request); /* takes request, adds whose it is; the answer is the caller's */
/* The answer's text for people, and whether it went well. */
bool daemon_do(struct visit *v, json_t *request, char text[SESSION_FLASH_MAX]);
/* At most a second old; borrowed, NULL: no answer. */
const json_t *daemon_status(struct visit *v);
/* Into the audit log; false: it could not be noted, and what it is about must not happen. kind: "read",
 * "change" */
bool daemon_trace(struct visit *v, const char *kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
long long member_number(const json_t *object, const char *key);
const char *member_text(const json_t *object, const char *key);

/* --- the store */
/* NULL: none yet; opened on first use. */
struct store *visit_store(struct visit *v);
/* What the user may see: NULL all, else his tenant. */
const char *visit_tenant(const struct visit *v);

/* --- the inventory: as it is on disk now */
void portal_assets_fresh(struct portal *portal);
__must_check int portal_assets_save(struct portal *portal);

/* --- page_reports.c: the form that asks for a report again, and the report here or to take along */
void report_form(struct visit *v, const char *name, bool of_period);
/* format DOCUMENT_FORMATS: here */
void report_show(struct visit *v, const char *name, bool of_period, const struct document *document,
		 enum document_format format);

/* --- pages */
void page_now(struct visit *v);
void page_live(struct visit *v);
void page_alerts(struct visit *v);
void page_alert(struct visit *v);
void page_evidence(struct visit *v);
void do_packet(struct visit *v);
void do_ack(struct visit *v);
void do_block(struct visit *v);
void do_unblock(struct visit *v);
void do_allow(struct visit *v);
void do_suppress(struct visit *v);
void do_tell_again(struct visit *v);
void page_blacklist(struct visit *v);
void page_why(struct visit *v);
void do_list_block(struct visit *v);
void do_list_unblock(struct visit *v);
void page_egress(struct visit *v);
void page_reports(struct visit *v);
void page_report(struct visit *v);
void page_assess(struct visit *v);
void page_assets(struct visit *v);
void do_assets(struct visit *v);
void page_settings(struct visit *v);
void page_audit(struct visit *v);
void page_users(struct visit *v);
void do_user(struct visit *v);
void do_user_remove(struct visit *v);
void page_account(struct visit *v);
void do_password(struct visit *v);
void page_login(struct visit *v);
void do_login(struct visit *v);
void do_logout(struct visit *v);
void page_setup(struct visit *v);
void do_setup(struct visit *v);
void page_css(struct visit *v);
void page_js(struct visit *v);

#endif
