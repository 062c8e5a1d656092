// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * routes.c - every address of the portal: who may go there, and what it does.
 * Adding a page is adding a row.
 */
#include "portal_private.h"

const struct portal_route portal_routes[] = {
	{"GET", "/", ACCESS_VIEWER, false, PHRASE_P_NOW, true, page_now},
	{"GET", "/live", ACCESS_VIEWER, false, PHRASE_P_NOW, false, page_live},
	{"GET", "/alerts", ACCESS_VIEWER, false, PHRASE_P_ALERTS, true, page_alerts},
	{"GET", "/alerts/:id", ACCESS_VIEWER, false, PHRASE_P_ALERT, false, page_alert},
	{"POST", "/alerts/:id/evidence", ACCESS_OPERATOR, false, PHRASE_P_EVIDENCE, false, page_evidence},
	{"POST", "/alerts/:id/packet", ACCESS_OPERATOR, false, PHRASE_P_EVIDENCE, false, do_packet},
	{"POST", "/alerts/:id/ack", ACCESS_OPERATOR, false, PHRASE_P_ALERT, false, do_ack},
	{"POST", "/alerts/:id/block", ACCESS_OPERATOR, true, PHRASE_P_ALERT, false, do_block},
	{"POST", "/alerts/:id/unblock", ACCESS_OPERATOR, true, PHRASE_P_ALERT, false, do_unblock},
	{"POST", "/alerts/:id/allow", ACCESS_OPERATOR, true, PHRASE_P_ALERT, false, do_allow},
	{"POST", "/alerts/:id/suppress", ACCESS_OPERATOR, true, PHRASE_P_ALERT, false, do_suppress},
	{"POST", "/alerts/:id/tell-again", ACCESS_OPERATOR, true, PHRASE_P_ALERT, false, do_tell_again},
	{"GET", "/blacklist", ACCESS_VIEWER, true, PHRASE_P_BLACKLIST, true, page_blacklist},
	{"GET", "/blacklist/:name", ACCESS_VIEWER, true, PHRASE_P_BLACKLIST, false, page_blacklist},
	{"GET", "/why", ACCESS_VIEWER, true, PHRASE_P_WHY, false, page_why},
	{"POST", "/blacklist/block", ACCESS_OPERATOR, true, PHRASE_P_BLACKLIST, false, do_list_block},
	{"POST", "/blacklist/unblock", ACCESS_OPERATOR, true, PHRASE_P_BLACKLIST, false, do_list_unblock},
	{"GET", "/egress", ACCESS_VIEWER, true, PHRASE_P_EGRESS, true, page_egress},
	{"GET", "/reports", ACCESS_VIEWER, false, PHRASE_P_REPORTS, true, page_reports},
	{"GET", "/reports/assess", ACCESS_VIEWER, true, PHRASE_P_REPORTS, false, page_assess},
	{"GET", "/reports/:name", ACCESS_VIEWER, false, PHRASE_P_REPORTS, false, page_report},
	{"GET", "/assets", ACCESS_VIEWER, false, PHRASE_P_ASSETS, true, page_assets},
	{"POST", "/assets", ACCESS_OPERATOR, true, PHRASE_P_ASSETS, false, do_assets},
	{"GET", "/settings", ACCESS_VIEWER, true, PHRASE_P_SETTINGS, true, page_settings},
	{"GET", "/audit", ACCESS_OPERATOR, true, PHRASE_P_AUDIT, true, page_audit},
	{"GET", "/users", ACCESS_ADMIN, true, PHRASE_P_USERS, true, page_users},
	{"POST", "/users", ACCESS_ADMIN, true, PHRASE_P_USERS, false, do_user},
	{"POST", "/users/remove", ACCESS_ADMIN, true, PHRASE_P_USERS, false, do_user_remove},
	{"GET", "/account", ACCESS_VIEWER, false, PHRASE_P_ACCOUNT, false, page_account},
	{"POST", "/account", ACCESS_VIEWER, false, PHRASE_P_ACCOUNT, false, do_password},
	{"GET", "/login", ACCESS_PUBLIC, false, PHRASE_P_LOGIN, false, page_login},
	{"POST", "/login", ACCESS_PUBLIC, false, PHRASE_P_LOGIN, false, do_login},
	{"POST", "/logout", ACCESS_VIEWER, false, PHRASE_P_LOGIN, false, do_logout},
	{"GET", "/setup", ACCESS_PUBLIC, false, PHRASE_P_SETUP, false, page_setup},
	{"POST", "/setup", ACCESS_PUBLIC, false, PHRASE_P_SETUP, false, do_setup},
	{"GET", "/portal.css", ACCESS_PUBLIC, false, PHRASE_P_NOW, false, page_css},
	{"GET", "/portal.js", ACCESS_PUBLIC, false, PHRASE_P_NOW, false, page_js},
};
const size_t portal_route_count = ARRAY_LEN(portal_routes);
