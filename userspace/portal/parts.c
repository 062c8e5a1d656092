// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * parts.c - what every page has: head, navigation, words for severities and
 * verdicts, moments.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/report/document.h"
#include "core/eve/eve_text.h"
#include "portal_private.h"

static const struct {
	const char *class;
	enum phrase word;
} severities[SEKI_SEVERITY_MAX] = {
	[SEKI_SEVERITY_LOW] = {"low", PHRASE_P_LOW},
	[SEKI_SEVERITY_MEDIUM] = {"medium", PHRASE_P_MEDIUM},
	[SEKI_SEVERITY_HIGH] = {"high", PHRASE_P_HIGH},
	[SEKI_SEVERITY_CRITICAL] = {"critical", PHRASE_P_CRITICAL},
};
static const struct {
	const char *class;
	enum phrase word;
} verdicts[SEKI_VERDICT_MAX] = {
	[SEKI_VERDICT_UNKNOWN] = {"unknown", PHRASE_P_VERDICT_UNKNOWN},
	[SEKI_VERDICT_BLOCKED] = {"blocked", PHRASE_P_VERDICT_BLOCKED},
	[SEKI_VERDICT_CUT] = {"cut", PHRASE_P_VERDICT_CUT},
	[SEKI_VERDICT_WOULD_BLOCK] = {"would", PHRASE_P_VERDICT_WOULD},
	[SEKI_VERDICT_PASSED] = {"passed", PHRASE_P_VERDICT_PASSED},
};

const char *severity_word(const struct visit *v, unsigned int severity)
{
	return phrase(v->language, severities[severity % SEKI_SEVERITY_MAX].word);
}

const char *verdict_word(const struct visit *v, unsigned int verdict)
{
	return phrase(v->language, verdicts[verdict % SEKI_VERDICT_MAX].word);
}

void part_severity(struct visit *v, unsigned int severity)
{
	page_put(v->page, "<span class=\"badge s-%s\">%s</span>",
		 severities[severity % SEKI_SEVERITY_MAX].class, severity_word(v, severity));
}

void part_verdict(struct visit *v, unsigned int verdict)
{
	page_put(v->page, "<span class=\"badge v-%s\">%s</span>", verdicts[verdict % SEKI_VERDICT_MAX].class,
		 verdict_word(v, verdict));
}

const char *part_time(uint64_t us, char text[40])
{
	time_t seconds = (time_t)(us / 1000000);
	struct tm tm;

	localtime_r(&seconds, &tm);
	strftime(text, 40, "%Y-%m-%d %H:%M:%S %Z", &tm);
	return text;
}

void part_moment(struct visit *v, uint64_t us)
{
	char text[40], machine[40];

	if (!us)
		page_put(v->page, "%s", "-");
	else
		page_put(v->page, "<time datetime=\"%s\">%s</time>", eve_time(us, machine),
			 part_time(us, text));
}

void part_cell(struct visit *v, const char *label, const char *text)
{
	page_put(v->page, "<td data-label=\"%s\">%s</td>", label, text);
}

void part_number(struct visit *v, const char *label, uint64_t value)
{
	page_put(v->page, "<td class=\"n\" data-label=\"%s\">%llu</td>", label, (unsigned long long)value);
}

void part_say(struct visit *v, enum document_tone tone, const char *text)
{
	static const char *const classes[] = {
		[TONE_PLAIN] = "plain", [TONE_GOOD] = "good", [TONE_LOOK] = "look", [TONE_NOTE] = "note"};

	page_put(v->page, "<p class=\"%s\">%s</p>\n", classes[tone], text);
}

void part_form(struct visit *v, const char *action)
{
	/* Behind the slash one component after another: a URL of a template never begins with what is put in.
	 */
	page_put(v->page, "<form method=\"post\" action=\"");
	while (*action == '/') {
		size_t len = strcspn(action + 1, "/");

		page_put(v->page, "/%.*s", (int)len, action + 1);
		action += len + 1;
	}
	page_put(v->page, "\">\n");
	if (v->session)
		page_put(v->page, "<input type=\"hidden\" name=\"csrf\" value=\"%s\">\n", v->session->csrf);
}

static void part_navigation(struct visit *v)
{
	static const enum user_role least[] = {[ACCESS_PUBLIC] = USER_VIEWER,
					       [ACCESS_VIEWER] = USER_VIEWER,
					       [ACCESS_OPERATOR] = USER_OPERATOR,
					       [ACCESS_ADMIN] = USER_ADMIN};

	page_put(v->page, "<nav aria-label=\"%s\"><ul>\n", T(v, P_NAVIGATION));
	for (size_t i = 0; i < portal_route_count; i++) {
		const struct portal_route *route = &portal_routes[i];

		if (!route->nav || v->user->role < least[route->access] || (route->whole && *v->user->tenant))
			continue;
		if (v->route && v->route->title == route->title)
			page_put(v->page, "<li><a aria-current=\"page\" href=\"/%s\">%s</a></li>\n",
				 route->pattern + 1, phrase(v->language, route->title));
		else
			page_put(v->page, "<li><a href=\"/%s\">%s</a></li>\n", route->pattern + 1,
				 phrase(v->language, route->title));
	}
	page_put(v->page, "</ul></nav>\n");
}

/* Switches the language and stays where one is. */
static void part_language(struct visit *v)
{
	const char *other = v->language == EXPLAIN_JA ? "en" : "ja";
	struct text path = v->request->path;
	bool get = !strcmp(v->request->method, "GET") && path.len && path.at[0] == '/';

	page_put(v->page, "<a lang=\"%s\" hreflang=\"%s\" href=\"", other, other);
	if (!get)
		page_put(v->page, "/");
	while (get && path.len) {
		struct text part;

		path.at++;
		path.len--;
		part = path;
		part.len = 0;
		while (part.len < path.len && path.at[part.len] != '/')
			part.len++;
		page_put(v->page, "/%.*s", (int)part.len, part.at);
		path.at += part.len;
		path.len -= part.len;
	}
	page_put(v->page, "?");
	for (size_t i = 0; get && i < v->query.count; i++)
		if (strcmp(v->query.fields[i].name, "lang") != 0)
			page_put(v->page, "%s=%s&amp;", v->query.fields[i].name, v->query.fields[i].value);
	page_put(v->page, "lang=%s\">%s</a>\n", other, v->language == EXPLAIN_JA ? "English" : "日本語");
}

void part_begin(struct visit *v, const char *title)
{
	page_put(v->page,
		 "<!DOCTYPE html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\">\n"
		 "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		 "<meta name=\"color-scheme\" content=\"light dark\">\n<title>%s - Sekimori</title>\n"
		 "<link rel=\"stylesheet\" href=\"/portal.css\">\n<script src=\"/portal.js\" "
		 "defer=\"\"></script>\n"
		 "</head><body>\n<a class=\"skip\" href=\"#main\">%s</a>\n<header>\n"
		 "<span class=\"mark\">Sekimori</span> <span class=\"instance\">%s</span>\n",
		 v->language == EXPLAIN_JA ? "ja" : "en", title, T(v, P_SKIP),
		 v->user ? v->portal->options.instance : "");
	if (v->user)
		part_navigation(v);
	page_put(v->page, "<div class=\"who\">\n");
	part_language(v);
	if (v->user) {
		page_put(v->page, "<a href=\"/account\">%s</a>\n", v->user->name);
		part_form(v, "/logout");
		page_put(v->page, "<button class=\"plain\">%s</button></form>\n", T(v, P_LOGOUT));
	}
	page_put(v->page, "</div>\n</header>\n<main id=\"main\">\n<h1>%s</h1>\n", title);
	if (v->session && *v->session->flash) {
		page_put(v->page, "<p class=\"%s\" role=\"status\">%s</p>\n",
			 v->session->flash_bad ? "look" : "good", v->session->flash);
		v->session->flash[0] = '\0';
	}
}

void part_end(struct visit *v)
{
	char text[40];

	page_put(v->page, "</main>\n<footer><p>%s %s</p></footer>\n</body></html>\n", T(v, P_MADE_AT),
		 part_time(v->now, text));
}
