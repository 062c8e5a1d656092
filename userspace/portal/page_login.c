// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * page_login.c - getting in: the first user by a code, everybody by a password.
 */
#include <stdio.h>
#include <string.h>

#include "core/report/document.h"
#include "portal_private.h"

static uint64_t seconds(const struct visit *v)
{
	return v->portal->options.seconds(v->portal->options.arg);
}

static void login_page(struct visit *v, unsigned int status, const char *fault)
{
	part_begin(v, T(v, P_LOGIN));
	if (fault)
		page_put(v->page, "<p class=\"look\" role=\"alert\">%s</p>\n", fault);
	part_form(v, "/login");
	page_put(v->page,
		 "<p><label for=\"name\">%s</label> <input id=\"name\" name=\"name\" "
		 "autocomplete=\"username\" "
		 "autocapitalize=\"none\" required=\"\" maxlength=\"31\"></p>\n"
		 "<p><label for=\"password\">%s</label> <input id=\"password\" name=\"password\" "
		 "type=\"password\" "
		 "autocomplete=\"current-password\" required=\"\" maxlength=\"128\"></p>\n"
		 "<p><button>%s</button></p></form>\n<p class=\"note\">%s <a href=\"/setup\">%s</a></p>\n",
		 T(v, P_USER_NAME), T(v, P_PASSWORD), T(v, P_LOGIN), T(v, P_FORGOT), T(v, P_SETUP));
	part_end(v);
	answer_page(v, status);
}

void page_login(struct visit *v)
{
	if (v->session)
		answer_go(v, "/", false, NULL);
	else
		login_page(v, 200, NULL);
}

static void session_start(struct visit *v, struct user *user)
{
	char token[SESSION_TOKEN_TEXT];

	if (v->session)
		session_end(v->session);
	v->user = user;
	v->session = session_begin(&v->portal->sessions, user, seconds(v), token);
	visit_cookie(v, token);
	sodium_memzero(token, sizeof(token));
}

void do_login(struct visit *v)
{
	const char *name = web_form_get(&v->form, "name");
	struct user *user = NULL;
	uint32_t wait = throttle_wait(&v->portal->sessions, v->request->peer, name, seconds(v));
	bool good;

	if (wait) {
		v->response->retry_after = wait;
		login_page(v, 429, T(v, P_LOGIN_WAIT));
		return;
	}
	good = users_verify(&v->portal->users, name, web_form_get(&v->form, "password"), &user);
	throttle_result(&v->portal->sessions, v->request->peer, name, seconds(v), good);
	if (!good) {
		daemon_trace(v, "note", "portal: a login as \"%.31s\" from %s failed", name,
			     v->request->peer);
		login_page(v, 403, T(v, P_LOGIN_WRONG));
		return;
	}
	session_start(v, user);
	daemon_trace(v, "note", "portal: %s logged in from %s", user->name, v->request->peer);
	answer_go(v, "/", false, NULL);
}

void do_logout(struct visit *v)
{
	session_end(v->session);
	v->session = NULL;
	visit_cookie(v, "");
	answer_go(v, "/login", false, NULL);
}

/* --- the first user, and the way back in */

static void setup_page(struct visit *v, unsigned int status, const char *fault)
{
	part_begin(v, T(v, P_SETUP));
	if (fault)
		page_put(v->page, "<p class=\"look\" role=\"alert\">%s</p>\n", fault);
	page_put(v->page, "<p>%s</p>\n<p><code>sekimori portal code</code></p>\n", T(v, P_SETUP_HOW));
	part_form(v, "/setup");
	page_put(v->page,
		 "<p><label for=\"code\">%s</label> <input id=\"code\" name=\"code\" "
		 "autocomplete=\"one-time-code\" "
		 "autocapitalize=\"none\" required=\"\" maxlength=\"31\"></p>\n"
		 "<p><label for=\"name\">%s</label> <input id=\"name\" name=\"name\" "
		 "autocomplete=\"username\" "
		 "autocapitalize=\"none\" required=\"\" maxlength=\"31\" value=\"%s\"></p>\n"
		 "<p><label for=\"password\">%s</label> <input id=\"password\" name=\"password\" "
		 "type=\"password\" "
		 "autocomplete=\"new-password\" required=\"\" minlength=\"12\" maxlength=\"128\" "
		 "aria-describedby=\"rule\"> <span id=\"rule\" class=\"note\">%s</span></p>\n"
		 "<p><label for=\"again\">%s</label> <input id=\"again\" name=\"again\" type=\"password\" "
		 "autocomplete=\"new-password\" required=\"\" minlength=\"12\" maxlength=\"128\"></p>\n"
		 "<p><button>%s</button></p></form>\n",
		 T(v, P_SETUP_CODE), T(v, P_USER_NAME), web_form_get(&v->form, "name"), T(v, P_PASSWORD_NEW),
		 T(v, P_PASSWORD_RULE), T(v, P_PASSWORD_AGAIN), T(v, P_SETUP_DO));
	part_end(v);
	answer_page(v, status);
}

void page_setup(struct visit *v)
{
	setup_page(v, 200, NULL);
}

static bool code_good(struct visit *v)
{
	struct portal *portal = v->portal;
	char given[PORTAL_CODE_TEXT] = "";
	bool good;

	if (!*portal->code || seconds(v) > portal->code_until)
		return false;
	snprintf(given, sizeof(given), "%s", web_form_get(&v->form, "code"));
	good = !sodium_memcmp(given, portal->code, strlen(portal->code) + 1);
	if (good || !--portal->code_tries)
		sodium_memzero(portal->code, sizeof(portal->code));
	return good;
}

static const char *fault_word(struct visit *v, int err, enum users_fault fault)
{
	static const enum phrase words[] = {
		[USERS_FINE] = PHRASE_P_USERS_NOT_KEPT,
		[USERS_BAD_NAME] = PHRASE_P_USERS_BAD_NAME,
		[USERS_BAD_TENANT] = PHRASE_P_USERS_BAD_TENANT,
		[USERS_SHORT_PASSWORD] = PHRASE_P_PASSWORD_RULE,
		[USERS_LAST_ADMIN] = PHRASE_P_USERS_LAST_ADMIN,
		[USERS_UNKNOWN] = PHRASE_P_USERS_UNKNOWN,
	};

	return err ? phrase(v->language, words[fault]) : NULL;
}

void do_setup(struct visit *v)
{
	const char *name = web_form_get(&v->form, "name"), *password = web_form_get(&v->form, "password");
	enum users_fault fault = USERS_FINE;
	int err;

	if (strcmp(password, web_form_get(&v->form, "again")) != 0) {
		setup_page(v, 400, T(v, P_PASSWORD_DIFFERS));
		return;
	}
	if (strlen(password) < USERS_PASSWORD_MIN) {
		setup_page(v, 400, T(v, P_PASSWORD_RULE));
		return;
	}
	if (!code_good(v)) {
		daemon_trace(v, "note", "portal: a wrong setup code from %s", v->request->peer);
		setup_page(v, 403, T(v, P_SETUP_WRONG));
		return;
	}
	if (v->portal->users_bad) {
		v->portal->users.count = 0;
		v->portal->users_bad = false;
	}
	err = users_put(&v->portal->users, name, USER_ADMIN, "", password, &fault);
	if (err) {
		setup_page(v, 400, fault_word(v, err, fault));
		return;
	}
	session_start(v, users_find(&v->portal->users, name));
	daemon_trace(v, "change", "portal: %s became an administrator by a setup code, from %s", name,
		     v->request->peer);
	answer_go(v, "/", false, T(v, P_SETUP_DONE));
}

/* --- one's own password, and users */

static void password_fields(struct visit *v, bool required)
{
	page_put(v->page,
		 "<p><label for=\"password\">%s</label> <input id=\"password\" name=\"password\" "
		 "type=\"password\" "
		 "autocomplete=\"new-password\" minlength=\"12\" maxlength=\"128\" aria-describedby=\"rule\"",
		 T(v, P_PASSWORD_NEW));
	page_put(v->page, required ? " required=\"\"> " : "> ");
	page_put(v->page, "<span id=\"rule\" class=\"note\">%s</span></p>\n", T(v, P_PASSWORD_RULE));
}

void page_account(struct visit *v)
{
	part_begin(v, T(v, P_ACCOUNT));
	page_put(v->page, "<p>%s: %s (%s)</p>\n", T(v, P_USER_NAME), v->user->name,
		 user_role_names[v->user->role]);
	part_form(v, "/account");
	page_put(v->page,
		 "<p><label for=\"old\">%s</label> <input id=\"old\" name=\"old\" type=\"password\" "
		 "autocomplete=\"current-password\" required=\"\" maxlength=\"128\"></p>\n",
		 T(v, P_PASSWORD_OLD));
	password_fields(v, true);
	page_put(v->page, "<p><button>%s</button></p></form>\n", T(v, P_PASSWORD_CHANGE));
	part_end(v);
	answer_page(v, 200);
}

void do_password(struct visit *v)
{
	struct user *user = NULL, was = *v->user;
	enum users_fault fault = USERS_FINE;
	uint32_t wait = throttle_wait(&v->portal->sessions, v->request->peer, was.name, seconds(v));
	bool good = !wait && users_verify(&v->portal->users, was.name, web_form_get(&v->form, "old"), &user);
	int err;

	if (!wait)
		throttle_result(&v->portal->sessions, v->request->peer, was.name, seconds(v), good);
	if (!good) {
		answer_go(v, "/account", true, wait ? T(v, P_LOGIN_WAIT) : T(v, P_LOGIN_WRONG));
		return;
	}
	err = users_put(&v->portal->users, was.name, was.role, was.tenant, web_form_get(&v->form, "password"),
			&fault);
	if (err) {
		answer_go(v, "/account", true, fault_word(v, err, fault));
		return;
	}
	/* Every session of before ends, also ones that somebody else holds. */
	session_start(v, users_find(&v->portal->users, was.name));
	daemon_trace(v, "change", "portal: %s has a new password", was.name);
	answer_go(v, "/account", false, T(v, P_PASSWORD_CHANGED));
}

void page_users(struct visit *v)
{
	const struct users *users = &v->portal->users;

	part_begin(v, T(v, P_USERS));
	page_put(v->page,
		 "<div class=\"scroll\"><table class=\"cards\"><thead><tr><th scope=\"col\">%s</th><th "
		 "scope=\"col\">%s</th>"
		 "<th scope=\"col\">%s</th><th scope=\"col\">%s</th></tr></thead><tbody>\n",
		 T(v, P_USER_NAME), T(v, P_ROLE), T(v, P_TENANT), T(v, P_ACTION));
	for (size_t i = 0; i < users->count; i++) {
		page_put(v->page, "<tr>");
		part_cell(v, T(v, P_USER_NAME), users->rows[i].name);
		part_cell(v, T(v, P_ROLE), user_role_names[users->rows[i].role]);
		part_cell(v, T(v, P_TENANT), *users->rows[i].tenant ? users->rows[i].tenant : T(v, P_ALL));
		page_put(v->page, "<td data-label=\"%s\">", T(v, P_ACTION));
		part_form(v, "/users/remove");
		page_put(v->page,
			 "<input type=\"hidden\" name=\"name\" value=\"%s\"><button class=\"danger\" "
			 "aria-label=\"%s: %s\">%s</button></form></td></tr>\n",
			 users->rows[i].name, T(v, P_REMOVE), users->rows[i].name, T(v, P_REMOVE));
	}
	page_put(v->page, "</tbody></table></div>\n<h2>%s</h2>\n", T(v, P_USERS_PUT));
	part_form(v, "/users");
	page_put(v->page,
		 "<p><label for=\"name\">%s</label> <input id=\"name\" name=\"name\" autocomplete=\"off\" "
		 "autocapitalize=\"none\" required=\"\" maxlength=\"31\" pattern=\"[a-z0-9._\\-]+\"></p>\n"
		 "<p><label for=\"role\">%s</label> <select id=\"role\" name=\"role\">",
		 T(v, P_USER_NAME), T(v, P_ROLE));
	for (int i = 0; i < USER_ROLE_MAX; i++)
		page_put(v->page, "<option>%s</option>", user_role_names[i]);
	page_put(v->page,
		 "</select></p>\n<p><label for=\"tenant\">%s</label> <input id=\"tenant\" name=\"tenant\" "
		 "maxlength=\"63\" aria-describedby=\"tenant-note\"> <span class=\"note\" "
		 "id=\"tenant-note\">%s</span></p>\n",
		 T(v, P_TENANT), T(v, P_TENANT_NOTE));
	password_fields(v, false);
	page_put(v->page, "<p><button>%s</button></p></form>\n", T(v, P_KEEP));
	part_end(v);
	answer_page(v, 200);
}

void do_user(struct visit *v)
{
	const char *name = web_form_get(&v->form, "name"), *role = web_form_get(&v->form, "role"),
		   *tenant = web_form_get(&v->form, "tenant"), *password = web_form_get(&v->form, "password");
	enum users_fault fault = USERS_FINE;
	int which = 0, err;

	while (which < USER_ROLE_MAX && strcmp(user_role_names[which], role) != 0)
		which++;
	if (which == USER_ROLE_MAX) {
		answer_fault(v, 400, PHRASE_P_FAULT_FORM);
		return;
	}
	err = users_put(&v->portal->users, name, which, tenant, *password ? password : NULL, &fault);
	if (err) {
		answer_go(v, "/users", true, fault_word(v, err, fault));
		return;
	}
	daemon_trace(v, "change", "portal: user %s is %s of %s%s", name, role,
		     *tenant ? tenant : "all tenants", *password ? ", with a new password" : "");
	answer_go(v, "/users", false, T(v, P_KEPT));
}

void do_user_remove(struct visit *v)
{
	const char *name = web_form_get(&v->form, "name");
	enum users_fault fault = USERS_FINE;
	int err = users_remove(&v->portal->users, name, &fault);

	if (err) {
		answer_go(v, "/users", true, fault_word(v, err, fault));
		return;
	}
	daemon_trace(v, "change", "portal: user %s was removed", name);
	answer_go(v, "/users", false, T(v, P_REMOVED));
}
