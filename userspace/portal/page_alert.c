// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * page_alert.c - one alert: what was seen, what it means, what was done, and
 * what to do. Its evidence is page_evidence.c's.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/report/document.h"
#include "core/eve/eve_text.h"
#include "core/report/notice_text.h"
#include "alert.h"

static bool alert_row(const struct store_row *row, void *arg)
{
	struct alert *alert = arg;

	alert->event = row->event;
	alert->notice = row->notice;
	memcpy(alert->moments, row->moments, sizeof(alert->moments));
	snprintf(alert->tenant, sizeof(alert->tenant), "%s", row->event.tenant);
	snprintf(alert->label, sizeof(alert->label), "%s", row->event.label);
	snprintf(alert->list, sizeof(alert->list), "%s", row->event.list);
	snprintf(alert->iface, sizeof(alert->iface), "%s", row->event.iface);
	alert->found = true;
	return false;
}

bool alert_get(struct visit *v, struct alert *out)
{
	const struct store_filter filter = {
		.id = v->captured.id, .tenant = visit_tenant(v), .kinds = 1u << STORE_ALERT, .limit = 1};
	struct store *store = visit_store(v);
	int err;

	memset(out, 0, sizeof(*out));
	err = store && v->captured.id ? store_scan(store, &filter, alert_row, out) : -ENOENT;
	if (!err && out->found)
		return true;
	if (err && err != -ENOENT)
		answer_fault(v, 500, PHRASE_P_STORE_FAULT);
	else
		answer_fault(v, 404, PHRASE_P_FAULT_NO_ALERT);
	return false;
}

static const struct seki_addr *alert_source(const struct alert *alert)
{
	return alert->event.target ? &alert->event.dst : &alert->event.src;
}

static const struct seki_addr *alert_target(const struct alert *alert)
{
	return alert->event.target ? &alert->event.src : &alert->event.dst;
}

static void fact(struct visit *v, const char *name, const char *text)
{
	page_put(v->page, "<dt>%s</dt><dd>%s</dd>\n", name, text);
}

static void fact_moment(struct visit *v, const char *name, uint64_t t, uint64_t after)
{
	page_put(v->page, "<dt>%s</dt><dd>", name);
	part_moment(v, t);
	if (t && after && t >= after)
		page_put(v->page, " (+%llu ms)", (unsigned long long)((t - after) / 1000));
	page_put(v->page, "</dd>\n");
}

static void alert_facts(struct visit *v, const struct alert *alert, const json_t *line)
{
	const struct store_event *event = &alert->event;
	const json_t *own = json_object_get(line, "sekimori");
	char text[128], address[48];

	page_put(v->page, "<dl class=\"facts\">\n<dt>%s</dt><dd>", T(v, P_SEVERITY));
	part_severity(v, event->severity);
	page_put(v->page, "</dd>\n<dt>%s</dt><dd>", T(v, P_VERDICT));
	part_verdict(v, event->verdict);
	page_put(v->page, "</dd>\n");
	snprintf(text, sizeof(text), "%s:%u", eve_address(&event->src, address), event->src_port);
	page_put(v->page, "<dt>%s</dt><dd>%s</dd>\n", T(v, P_FROM), text);
	snprintf(text, sizeof(text), "%s:%u", eve_address(&event->dst, address), event->dst_port);
	page_put(v->page, "<dt>%s</dt><dd>%s</dd>\n", T(v, P_TO), text);
	snprintf(text, sizeof(text), "%u:%u:%u", event->gid, event->sid, event->rev);
	page_put(v->page, "<dt>%s</dt><dd><a href=\"/alerts?sid=%u\">%s</a></dd>\n", T(v, P_RULE), event->sid,
		 text);
	if (*alert->iface)
		fact(v, T(v, P_IFACE), alert->iface);
	if (*member_text(line, "app_proto"))
		fact(v, T(v, P_PROTOCOL), member_text(line, "app_proto"));
	if (*alert->list)
		fact(v, T(v, P_LIST), alert->list);
	fact_moment(v, T(v, P_T_PACKET), event->t_packet, 0);
	fact_moment(v, T(v, P_T_MATCH), event->t_match, event->t_packet);
	fact_moment(v, T(v, P_T_SENT), alert->moments[STORE_SENT], event->t_match);
	fact_moment(v, T(v, P_T_DELIVERED), alert->moments[STORE_DELIVERED], event->t_match);
	fact_moment(v, T(v, P_T_ACKED), alert->moments[STORE_ACKED], event->t_match);
	page_put(v->page, "</dl>\n<h2>%s</h2>\n", T(v, P_DONE));
	snprintf(text, sizeof(text), "%lld", member_number(own, "block_seconds"));
	if (!strcmp(member_text(own, "action"), "block-source")) {
		AUTO_FREE char *said = phrase_with(v->language, PHRASE_P_DONE_BLOCK, text);

		part_say(v, TONE_PLAIN, said ? said : "");
	} else if (!strcmp(member_text(own, "action"), "cut-flow")) {
		part_say(v, TONE_PLAIN, T(v, P_DONE_CUT));
	} else {
		part_say(v, TONE_PLAIN, T(v, P_DONE_NOTHING));
	}
	if (*member_text(own, "why"))
		part_say(v, TONE_NOTE, member_text(own, "why"));
	if (member_number(own, "delivered_bytes")) {
		snprintf(text, sizeof(text), "%lld", member_number(own, "delivered_bytes"));
		{
			AUTO_FREE char *said = phrase_with(v->language, PHRASE_P_DELIVERED, text);

			part_say(v, TONE_NOTE, said ? said : "");
		}
	}
}

/* --- does it concern what runs there? */

static void alert_concern(struct visit *v, const struct alert *alert, const char *rule)
{
	static const struct {
		enum document_tone tone;
		enum phrase word;
	} words[] = {
		[ASSET_UNKNOWN] = {TONE_LOOK, PHRASE_P_CONCERN_UNKNOWN},
		[ASSET_APPLICABLE] = {TONE_LOOK, PHRASE_P_CONCERN_YES},
		[ASSET_NOT_APPLICABLE] = {TONE_PLAIN, PHRASE_P_CONCERN_NO},
	};
	const struct threat *threat =
		threat_of(v->portal->threats, alert->event.gid, alert->event.sid, alert->label, rule);
	const struct asset *asset = NULL;
	enum asset_concern concern;

	portal_assets_fresh(v->portal);
	concern = asset_concerns(v->portal->assets, alert_target(alert),
				 alert->event.target ? alert->event.src_port : alert->event.dst_port, rule,
				 threat ? threat->affected[EXPLAIN_EN] : "", &asset);

	page_put(v->page, "<h2>%s</h2>\n", T(v, P_CONCERN));
	part_say(v, words[concern].tone, phrase(v->language, words[concern].word));
	if (threat && *threat->affected[v->language])
		page_put(v->page, "<p>%s: %s</p>\n", T(v, P_AFFECTED), threat->affected[v->language]);
	if (asset)
		page_put(v->page, "<p>%s: %s %s</p>\n", T(v, P_RUNS_THERE), asset->product, asset->version);
}

static void alert_meaning(struct visit *v, const struct alert *alert, const json_t *line)
{
	AUTO_FREE char *rule = json_dumps(json_object_get(line, "alert"), JSON_COMPACT);
	AUTO_FREE char *text = NULL;
	const char *why, *explanations = v->portal->options.explanations;

	alert_concern(v, alert, rule);
	page_put(v->page, "<h2>%s</h2>\n", T(v, P_MEANING));
	if (explanations &&
	    !explain_sid(explanations, strlen(explanations), alert->event.sid, v->language, &text, &why))
		page_put(v->page, "<p class=\"lines\">%s</p>\n", text);
	else
		part_say(v, TONE_NOTE, T(v, P_MEANING_NONE));
}

/* --- what can be done */

static void button(struct visit *v, uint64_t id, const char *what, const char *text, const char *class)
{
	char action[64];

	snprintf(action, sizeof(action), "/alerts/%llu/%s", (unsigned long long)id, what);
	part_form(v, action);
	page_put(v->page, "<button class=\"%s\">%s</button></form>\n", class, text);
}

static void reasoned(struct visit *v, uint64_t id, const char *what, const char *text, const char *label,
		     const char *class)
{
	char action[64];

	snprintf(action, sizeof(action), "/alerts/%llu/%s", (unsigned long long)id, what);
	part_form(v, action);
	page_put(v->page,
		 "<label for=\"reason-%s\">%s</label> <input id=\"reason-%s\" name=\"reason\" required=\"\" "
		 "maxlength=\"120\">\n",
		 what, label, what);
	if (!strcmp(what, "block"))
		page_put(v->page,
			 "<label for=\"for\">%s</label> <select id=\"for\" name=\"seconds\"><option "
			 "value=\"3600\">1 h</option>"
			 "<option value=\"86400\" selected=\"\">24 h</option><option value=\"604800\">7 "
			 "d</option>"
			 "<option value=\"2592000\">30 d</option></select>\n",
			 T(v, P_FOR));
	page_put(v->page, "<button class=\"%s\">%s</button></form>\n", class, text);
}

static void alert_actions(struct visit *v, const struct alert *alert)
{
	uint64_t id = alert->event.id;
	char source[48];

	if (v->user->role < USER_OPERATOR)
		return;
	eve_address(alert_source(alert), source);
	page_put(v->page, "<h2>%s</h2>\n<div class=\"actions\">\n", T(v, P_ACTION));
	if (!alert->moments[STORE_ACKED])
		button(v, id, "ack", T(v, P_ACK), "main");
	if (!*v->user->tenant) {
		AUTO_FREE char *block = phrase_with(v->language, PHRASE_P_BLOCK_SOURCE, source);
		AUTO_FREE char *unblock = phrase_with(v->language, PHRASE_P_UNBLOCK_SOURCE, source);
		AUTO_FREE char *allow = phrase_with(v->language, PHRASE_P_ALLOW_SOURCE, source);

		reasoned(v, id, "block", block ? block : "", T(v, P_REASON), "danger");
		button(v, id, "unblock", unblock ? unblock : "", "plain");
		if (v->portal->options.may_allow)
			reasoned(v, id, "allow", allow ? allow : "", T(v, P_REASON), "plain");
		else
			page_put(v->page, "<p class=\"note\">%s <code>sekimori allow %s</code></p>\n",
				 T(v, P_ALLOW_BY_ROOT), source);
		reasoned(v, id, "suppress", T(v, P_SUPPRESS), T(v, P_REASON), "plain");
		button(v, id, "tell-again", T(v, P_TELL_AGAIN), "plain");
		page_put(v->page, "<p><a href=\"/why?address=%s\">%s</a></p>\n", source, T(v, P_WHY));
	}
	button(v, id, "evidence", T(v, P_EVIDENCE_SHOW), "plain");
	page_put(v->page, "<p class=\"note\">%s</p></div>\n", T(v, P_EVIDENCE_NOTED));
}

static json_t *alert_line(struct visit *v, const struct alert *alert)
{
	AUTO_FREE char *text = NULL;
	json_error_t error;
	size_t len = 0;

	return store_line(visit_store(v), alert->event.id, &text, &len) ? NULL
									: json_loadb(text, len, 0, &error);
}

void page_alert(struct visit *v)
{
	struct alert alert;
	json_t *line;

	if (!alert_get(v, &alert))
		return;
	line = alert_line(v, &alert);
	part_begin(v, alert.label);
	alert_facts(v, &alert, line);
	alert_meaning(v, &alert, line);
	alert_actions(v, &alert);
	page_put(v->page, "<p><a href=\"/alerts\">%s</a></p>\n", T(v, P_BACK_TO_ALERTS));
	part_end(v);
	answer_page(v, 200);
	json_decref(line);
}

/* --- the buttons */

static void alert_go(struct visit *v, bool good, const char *text)
{
	char path[64];

	snprintf(path, sizeof(path), "/alerts/%llu", (unsigned long long)v->captured.id);
	answer_go(v, path, !good, text);
}

void do_ack(struct visit *v)
{
	char text[SESSION_FLASH_MAX], notice[24];
	struct alert alert;
	json_t *request;
	bool good;

	if (!alert_get(v, &alert))
		return;
	request = json_pack("{s:s,s:I}", "command", "ack", "event", (json_int_t)alert.event.id);
	if (alert.notice) {
		notice_id_text(alert.notice, notice);
		json_object_set_new(request, "id", json_string(notice));
	}
	good = daemon_do(v, request, text);
	alert_go(v, good, good ? T(v, P_ACKED_NOW) : text);
}

/* The reason as given, cut between characters, with the alert it is about. */
static void reason_text(const struct visit *v, char out[128])
{
	const char *reason = web_form_get(&v->form, "reason");
	size_t len = strlen(reason);

	if (len > 96)
		for (len = 96; len && ((unsigned char)reason[len] & 0xc0) == 0x80;)
			len--;
	snprintf(out, 128, "%.*s (alert %llu)", (int)len, reason, (unsigned long long)v->captured.id);
	if (!*reason)
		out[0] = '\0';
}

/* A block's reason names the alert, so that `why` leads back to it. */
static void alert_block(struct visit *v, const char *command)
{
	char source[48], why[128], text[SESSION_FLASH_MAX];
	uint64_t seconds = 86400;
	struct alert alert;
	json_t *request;
	bool good;

	if (!alert_get(v, &alert))
		return;
	if (!web_form_number(&v->form, "seconds", 2592000, &seconds))
		seconds = 86400;
	eve_address(alert_source(&alert), source);
	reason_text(v, why);
	request = json_pack("{s:s,s:s}", "command", command, "address", source);
	if (!strcmp(command, "block")) {
		json_object_set_new(request, "seconds", json_integer((json_int_t)seconds));
		json_object_set_new(request, "reason", eve_text_of(why));
	}
	good = daemon_do(v, request, text);
	if (good && !strcmp(command, "allow"))
		daemon_trace(v, "change", "portal: allow %s: %s", source, why);
	alert_go(v, good, text);
}

void do_block(struct visit *v)
{
	alert_block(v, "block");
}

void do_unblock(struct visit *v)
{
	alert_block(v, "unblock");
}

void do_allow(struct visit *v)
{
	alert_block(v, "allow");
}

static void alert_suppress(struct visit *v, bool remove)
{
	char source[48], why[128], text[SESSION_FLASH_MAX];
	struct alert alert;
	bool good;

	if (!alert_get(v, &alert))
		return;
	eve_address(alert_source(&alert), source);
	reason_text(v, why);
	good = daemon_do(v,
			 json_pack("{s:s,s:I,s:I,s:s,s:o,s:b}", "command", "suppress", "gid",
				   (json_int_t)alert.event.gid, "sid", (json_int_t)alert.event.sid, "address",
				   source, "reason", eve_text_of(why), "remove", remove),
			 text);
	alert_go(v, good, text);
}

void do_suppress(struct visit *v)
{
	alert_suppress(v, false);
}

void do_tell_again(struct visit *v)
{
	alert_suppress(v, true);
}
