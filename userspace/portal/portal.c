// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * portal.c - from a request to an answer: every guard in one place, before any
 * page runs.
 */
#include "portal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/eve/eve_read.h"
#include "lib/log.h"
#include "portal_private.h"

#define CODE_SECONDS 900u
#define CODE_TRIES   5u

int portal_new(const struct portal_options *options, struct portal **out)
{
	CLEANUP(portal_free) struct portal *portal = calloc(1, sizeof(*portal));
	char why[160] = "";
	int err;

	if (!portal || sodium_init() < 0)
		return -ENOMEM;
	portal->options = *options;
	snprintf(portal->host, sizeof(portal->host), "%s", options->host ? options->host : "");
	err = users_load(options->users_dir, &portal->users);
	if (err) {
		log_error(
			"the file of the portal's users cannot be read (%s): nobody can log in until a setup "
			"code makes a new one: sekimori portal code",
			strerror(-err));
		portal->users_bad = true;
	}
	err = threat_set_new(options->threats, options->threats ? strlen(options->threats) : 0,
			     &portal->threats, why);
	if (!err && options->guideline &&
	    assess_new(options->guideline, strlen(options->guideline), &portal->assess, why)) {
		log_error("portal: guideline.json: %s", why);
		why[0] = '\0';
	}
	if (!err)
		err = report_worker_new(options->store_dir, options->threats, options->users_dir,
					&portal->reports);
	portal->assets = asset_set_new();
	if (!err && !portal->assets)
		err = -ENOMEM;
	if (err) {
		log_error("portal: %s", *why ? why : strerror(-err));
		return err;
	}
	*out = TAKE_PTR(portal);
	return 0;
}

void portal_free(struct portal *portal)
{
	if (!portal)
		return;
	report_worker_free(portal->reports);
	store_close(portal->store);
	threat_set_free(portal->threats);
	assess_free(portal->assess);
	asset_set_free(portal->assets);
	json_decref(portal->status);
	sodium_memzero(portal, sizeof(*portal));
	free(portal);
}

int portal_reports(struct portal *portal, int *ready)
{
	return report_worker_start(portal->reports, ready);
}

void portal_reports_heard(struct portal *portal)
{
	report_worker_heard(portal->reports);
}

void portal_change(struct portal *portal, const char *host, bool may_allow)
{
	snprintf(portal->host, sizeof(portal->host), "%s", host);
	portal->options.may_allow = may_allow;
}

/* Observed ones join what was imported; when they cannot be read, that is all there is. */
static void assets_join(struct portal *portal, struct asset_set *set)
{
	AUTO_FD int dir = open(portal->options.store_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(asset_set_free) struct asset_set *observed = NULL;
	struct asset_fault fault;
	int err = dir < 0 ? -errno : asset_observed_load(dir, &observed, &fault);

	if (!err)
		err = asset_merge(set, observed);
	if (err)
		log_warn("what was observed of servers cannot be read: %s", strerror(-err));
}

static uint64_t observed_stamp(const struct portal *portal)
{
	AUTO_FD int dir = open(portal->options.store_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return dir < 0 ? 0 : asset_observed_stamp(dir);
}

void portal_assets_fresh(struct portal *portal)
{
	uint64_t stamp = asset_file_stamp(portal->options.users_dir), observed = observed_stamp(portal);
	struct asset_set *fresh = NULL;
	struct asset_fault fault;
	int err;

	if (stamp == portal->assets_stamp && observed == portal->observed_stamp)
		return;
	portal->assets_stamp = stamp;
	portal->observed_stamp = observed;
	err = asset_file_load(portal->options.users_dir, &fresh, &fault);
	if (err) {
		log_error("the inventory cannot be read: %s %s (element %u); the one before stays",
			  strerror(-err), fault.why ? fault.why : "", fault.line);
		return;
	}
	assets_join(portal, fresh);
	asset_set_free(portal->assets);
	portal->assets = fresh;
}

int portal_assets_save(struct portal *portal)
{
	int err = asset_file_save(portal->options.users_dir, portal->assets);

	portal->assets_stamp = asset_file_stamp(portal->options.users_dir);
	return err;
}

void portal_code(struct portal *portal, char code[PORTAL_CODE_TEXT])
{
	static const char letters[] = "abcdefghjkmnpqrstuvwxyz23456789"; /* none that look alike */
	size_t at = 0;

	for (unsigned int i = 0; i < 20; i++) {
		if (i && i % 5 == 0)
			code[at++] = '-';
		code[at++] = letters[randombytes_uniform(sizeof(letters) - 1)];
	}
	code[at] = '\0';
	memcpy(portal->code, code, PORTAL_CODE_TEXT);
	portal->code_until = portal->options.seconds(portal->options.arg) + CODE_SECONDS;
	portal->code_tries = CODE_TRIES;
}

/* --- answers */

static void body_take(struct visit *v, unsigned int status, const char *type, char *body, size_t len)
{
	free(v->response->body);
	v->response->status = status;
	v->response->type = type;
	v->response->body = body;
	v->response->len = len;
}

void answer_page(struct visit *v, unsigned int status)
{
	char *body = NULL;
	size_t len = 0;

	if (!page_take(v->page, &body, &len)) {
		body_take(v, status, "text/html; charset=utf-8", body, len);
		return;
	}
	if (page_fault(v->page))
		log_error("portal: %s: %s", v->route ? v->route->pattern : "?", page_fault(v->page));
	body = strdup("This page could not be made; the daemon's log says why.\n");
	body_take(v, 500, "text/plain; charset=utf-8", body, body ? strlen(body) : 0);
}

void answer_fault(struct visit *v, unsigned int status, enum phrase what)
{
	page_free(v->page);
	v->page = page_new();
	if (!v->page) {
		body_take(v, 503, "text/plain; charset=utf-8", NULL, 0);
		return;
	}
	part_begin(v, phrase(v->language, what));
	page_put(v->page, "<p>%s</p>\n", phrase(v->language, what));
	page_put(v->page, "<p><a href=\"/\">%s</a></p>\n", T(v, P_BACK_TO_NOW));
	part_end(v);
	answer_page(v, status);
}

void answer_go(struct visit *v, const char *path, bool bad, const char *text)
{
	if (v->session && text) {
		snprintf(v->session->flash, sizeof(v->session->flash), "%s", text);
		v->session->flash_bad = bad;
	}
	snprintf(v->response->location, sizeof(v->response->location), "%s", path);
	body_take(v, 303, "text/plain; charset=utf-8", NULL, 0);
}

void answer_text(struct visit *v, const char *type, char *body, size_t len, const char *attachment)
{
	body_take(v, 200, type, body, len);
	if (attachment)
		snprintf(v->response->attachment, sizeof(v->response->attachment), "%s", attachment);
}

/* --- what pages ask */

struct store *visit_store(struct visit *v)
{
	const struct store_options options = {.dir = v->portal->options.store_dir, .readonly = true};
	char why[STORE_WHY_MAX] = "";

	if (!v->portal->store && store_open(&options, &v->portal->store, why))
		return NULL;
	return v->portal->store;
}

const char *visit_tenant(const struct visit *v)
{
	return *v->user->tenant ? v->user->tenant : NULL;
}

json_t *daemon_ask(struct visit *v, json_t *request)
{
	json_t *answer = NULL;

	if (request && v->user)
		json_object_set_new(request, "by", json_string(v->user->name));
	if (request)
		answer = v->portal->options.ask(v->portal->options.arg, request);
	json_decref(request);
	return answer;
}

long long member_number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

const char *member_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

bool daemon_do(struct visit *v, json_t *request, char text[SESSION_FLASH_MAX])
{
	json_t *answer = daemon_ask(v, request);
	bool good = answer && member_number(answer, "result") == 0;

	snprintf(text, SESSION_FLASH_MAX, "%s", answer ? member_text(answer, "text") : T(v, P_NO_DAEMON));
	json_decref(answer);
	return good;
}

const json_t *daemon_status(struct visit *v)
{
	struct portal *portal = v->portal;
	uint64_t now = portal->options.seconds(portal->options.arg);

	if (portal->status_at == now && portal->status)
		return portal->status;
	json_decref(portal->status);
	portal->status = daemon_ask(v, json_pack("{s:s}", "command", "status"));
	portal->status_at = now;
	if (portal->status && member_number(portal->status, "result")) {
		json_decref(portal->status);
		portal->status = NULL;
	}
	return portal->status;
}

bool daemon_trace(struct visit *v, const char *kind, const char *format, ...)
{
	static const char *const kinds[] = {"alarm", "change", "note",
					    "read"}; /* as the control protocol numbers them */
	char text[256], answer[SESSION_FLASH_MAX];
	int number = 2;
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (!strcmp(kinds[i], kind))
			number = (int)i;
	return daemon_do(v, json_pack("{s:s,s:i,s:s}", "command", "trace", "kind", number, "text", text),
			 answer);
}

/* --- guards */

static enum explain_language visit_language(struct visit *v)
{
	const char *asked = web_form_get(&v->query, "lang");
	struct text kept, wanted = v->request->language;

	if (!strcmp(asked, "ja") || !strcmp(asked, "en")) {
		snprintf(v->response->cookies[1], sizeof(v->response->cookies[1]),
			 "lang=%s; Path=/; Max-Age=31536000; SameSite=Lax%s", asked,
			 v->request->tls ? "; Secure" : "");
		return explain_language(asked);
	}
	if (web_cookie(v->request->cookie, "lang", &kept))
		return text_is(kept, "ja") ? EXPLAIN_JA : EXPLAIN_EN;
	return text_begins(wanted, "ja") ? EXPLAIN_JA : EXPLAIN_EN;
}

static const char *session_cookie(const struct visit *v)
{
	/* The prefix makes browsers refuse one that was set for other hosts or without TLS. */
	return v->request->tls ? "__Host-sekimori" : "sekimori";
}

void visit_cookie(struct visit *v, const char *token)
{
	snprintf(v->response->cookies[0], sizeof(v->response->cookies[0]),
		 "%s=%s; Path=/; HttpOnly; SameSite=Strict%s%s", session_cookie(v), token,
		 *token ? "" : "; Max-Age=0", v->request->tls ? "; Secure" : "");
}

/* The row, or NULL with the methods that the path has. */
static const struct portal_route *route_find(struct visit *v, bool *there)
{
	*there = false;
	for (size_t i = 0; i < portal_route_count; i++) {
		const struct portal_route *route = &portal_routes[i];
		struct web_captured captured = {0};

		if (!web_path_fits(route->pattern, v->request->path, &captured))
			continue;
		*there = true;
		v->response->allow = !strcmp(route->method, "POST") ? "POST" : "GET, HEAD";
		if (strcmp(route->method, v->request->method) != 0)
			continue;
		v->captured = captured;
		return route;
	}
	return NULL;
}

static void visit_session(struct visit *v)
{
	struct portal *portal = v->portal;
	struct text token;

	if (web_cookie(v->request->cookie, session_cookie(v), &token))
		v->session = session_find(&portal->sessions, token, &portal->users,
					  portal->options.seconds(portal->options.arg), &v->user);
}

/* A change comes from a page of ours: by Origin, and by the token of the session where there is one. */
static bool visit_genuine(const struct visit *v)
{
	const char *token = web_form_get(&v->form, "csrf");

	if (v->request->origin.len && !web_origin_ours(v->request->origin, v->request->host, v->request->tls))
		return false;
	if (!v->session)
		return true;
	return strlen(token) == strlen(v->session->csrf) &&
	       !sodium_memcmp(token, v->session->csrf, strlen(v->session->csrf));
}

static bool visit_may(const struct visit *v, const struct portal_route *route)
{
	static const enum user_role least[] = {[ACCESS_VIEWER] = USER_VIEWER,
					       [ACCESS_OPERATOR] = USER_OPERATOR,
					       [ACCESS_ADMIN] = USER_ADMIN};

	return route->access == ACCESS_PUBLIC ||
	       (v->user->role >= least[route->access] && !(route->whole && *v->user->tenant));
}

static void visit_serve(struct visit *v)
{
	bool post = !strcmp(v->request->method, "POST"), there;

	if (!web_host_ours(v->request->host, v->portal->host)) {
		answer_fault(v, 421, PHRASE_P_FAULT_HOST);
		return;
	}
	visit_session(v);
	v->route = route_find(v, &there);
	if (!v->route) {
		answer_fault(v, there ? 405 : 404, there ? PHRASE_P_FAULT_METHOD : PHRASE_P_FAULT_PATH);
		return;
	}
	v->response->allow = NULL;
	if (v->route->access != ACCESS_PUBLIC && !v->session) {
		if (post)
			answer_fault(v, 403, PHRASE_P_FAULT_SESSION);
		else
			answer_go(v, v->portal->users.count ? "/login" : "/setup", false, NULL);
		return;
	}
	if (post && !visit_genuine(v)) {
		answer_fault(v, 403, PHRASE_P_FAULT_CSRF);
		return;
	}
	if (!visit_may(v, v->route)) {
		answer_fault(v, 403, PHRASE_P_FAULT_ROLE);
		return;
	}
	v->route->serve(v);
}

void portal_answer(struct portal *portal, const struct portal_request *request,
		   struct portal_response *response)
{
	struct visit v = {.portal = portal, .response = response};
	struct portal_request seen = *request;
	int err;

	*response = (struct portal_response){.status = 500, .type = "text/plain; charset=utf-8"};
	if (!strcmp(seen.method, "HEAD"))
		seen.method = "GET";
	v.request = &seen;
	v.page = page_new();
	v.now = portal->options.wall_us(portal->options.arg);
	err = v.page ? web_form_read(request->query.at, request->query.len, &v.query) : -ENOMEM;
	if (!err && !strcmp(seen.method, "POST"))
		err = web_form_read(request->body, request->body_len, &v.form);
	v.language = visit_language(&v);
	if (err)
		answer_fault(&v, err == -ENOMEM ? 503 : 400, PHRASE_P_FAULT_FORM);
	else
		visit_serve(&v);
	web_form_end(&v.query);
	web_form_end(&v.form);
	page_free(v.page);
}
