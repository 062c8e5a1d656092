// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * page_list.c - the blacklist as the kernel has it: lists, their entries, what
 * decides for an address, and blocks by hand.
 */
#include <stdio.h>
#include <string.h>

#include "core/report/document.h"
#include "core/eve/eve_text.h"
#include "lib/prefix.h"
#include "portal_private.h"

static void list_rows(struct visit *v, const json_t *answer)
{
	const json_t *kernel = json_object_get(answer, "kernel"), *row;
	size_t i;

	if (!kernel)
		part_say(v, TONE_LOOK, T(v, P_LIST_NO_KERNEL));
	else
		part_say(v, json_is_true(json_object_get(kernel, "converged")) ? TONE_GOOD : TONE_LOOK,
			 json_is_true(json_object_get(kernel, "converged")) ? T(v, P_LIST_CONVERGED)
									    : T(v, P_LIST_STALE));
	page_put(v->page,
		 "<div class=\"scroll\"><table class=\"cards\"><thead><tr><th scope=\"col\">%s</th><th "
		 "scope=\"col\">%s</th>"
		 "<th scope=\"col\" class=\"n\">%s</th><th scope=\"col\">%s</th><th scope=\"col\" "
		 "class=\"n\">%s</th>"
		 "<th scope=\"col\">%s</th></tr></thead><tbody>\n",
		 T(v, P_LIST), T(v, P_LIST_ORIGIN), T(v, P_LIST_ENTRIES), T(v, P_LIST_CHANGED),
		 T(v, P_LIST_HITS), T(v, P_LIST_AGE));
	json_array_foreach(json_object_get(answer, "lists"), i, row)
	{
		uint64_t until = (uint64_t)member_number(row, "not_after");

		page_put(v->page, "<tr><td data-label=\"%s\">", T(v, P_LIST));
		if (!strcmp(member_text(row, "name"), "manual"))
			page_put(v->page, "<a href=\"/blacklist/manual\">manual</a></td>");
		else
			page_put(v->page, "%s</td>", member_text(row, "name"));
		part_cell(v, T(v, P_LIST_ORIGIN), member_text(row, "source"));
		part_number(v, T(v, P_LIST_ENTRIES), (uint64_t)member_number(row, "entries"));
		page_put(v->page, "<td data-label=\"%s\">", T(v, P_LIST_CHANGED));
		part_moment(v, (uint64_t)member_number(row, "changed") * 1000000);
		page_put(v->page, "</td>");
		part_number(v, T(v, P_LIST_HITS), (uint64_t)member_number(row, "packets"));
		part_cell(v, T(v, P_LIST_AGE), until && until < v->now / 1000000 ? T(v, P_LIST_OLD) : "-");
		page_put(v->page, "</tr>\n");
	}
	page_put(v->page, "</tbody></table></div>\n<p><a href=\"/blacklist/auto\">%s</a></p>\n",
		 T(v, P_LIST_AUTO));
}

static void item_row(struct visit *v, const json_t *item)
{
	const char *prefix = member_text(item, "prefix");

	page_put(v->page, "<tr><td data-label=\"%s\"><a href=\"/why?address=%s\">%s</a></td>",
		 T(v, P_ADDRESS), prefix, prefix);
	part_cell(v, T(v, P_LIST), member_text(item, "list"));
	part_cell(v, T(v, P_REASON), member_text(item, "reason"));
	page_put(v->page, "<td data-label=\"%s\">", T(v, P_CREATED));
	part_moment(v, (uint64_t)member_number(item, "created") * 1000000);
	page_put(v->page, "</td><td data-label=\"%s\">", T(v, P_EXPIRES));
	part_moment(v, (uint64_t)member_number(item, "expires") * 1000000);
	page_put(v->page, "</td><td data-label=\"%s\">", T(v, P_ACTION));
	if (v->user->role >= USER_OPERATOR &&
	    (!strcmp(member_text(item, "list"), "manual") || !strcmp(member_text(item, "list"), "auto"))) {
		part_form(v, "/blacklist/unblock");
		page_put(v->page,
			 "<input type=\"hidden\" name=\"address\" value=\"%s\"><button aria-label=\"%s "
			 "%s\">%s</button></form>",
			 prefix, T(v, P_UNBLOCK), prefix, T(v, P_UNBLOCK));
	}
	page_put(v->page, "</td></tr>\n");
}

static void item_head(struct visit *v)
{
	page_put(v->page,
		 "<div class=\"scroll\"><table class=\"cards\"><thead><tr><th scope=\"col\">%s</th><th "
		 "scope=\"col\">%s</th>"
		 "<th scope=\"col\">%s</th><th scope=\"col\">%s</th><th scope=\"col\">%s</th><th "
		 "scope=\"col\">%s</th>"
		 "</tr></thead><tbody>\n",
		 T(v, P_ADDRESS), T(v, P_LIST), T(v, P_REASON), T(v, P_CREATED), T(v, P_EXPIRES),
		 T(v, P_ACTION));
}

static void list_items(struct visit *v, const char *name)
{
	const char *after = web_form_get(&v->query, "after");
	uint64_t first = 0;
	json_t *answer, *item;
	const json_t *items;
	size_t i;

	if (!web_form_number(&v->query, "first", UINT32_MAX, &first))
		first = 0;
	answer = daemon_ask(v,
			    json_pack("{s:s,s:s,s:I,s:o}", "command", "items", "name", name, "number",
				      (json_int_t)first, "address", eve_text_of(*after ? after : "0.0.0.0")));
	if (!answer || member_number(answer, "result")) {
		part_say(v, TONE_LOOK, answer ? member_text(answer, "text") : T(v, P_NO_DAEMON));
		json_decref(answer);
		return;
	}
	items = json_object_get(answer, "items");
	page_put(v->page, "<h2>%s (%lld)</h2>\n", name, member_number(answer, "total"));
	item_head(v);
	json_array_foreach(items, i, item) item_row(v, item);
	page_put(v->page, "</tbody></table></div>\n");
	first += json_array_size(items);
	if (json_array_size(items) && (long long)first < member_number(answer, "total"))
		page_put(v->page,
			 "<p><a rel=\"next\" href=\"/blacklist/%s?first=%llu&amp;after=%s\">%s</a></p>\n",
			 name, (unsigned long long)first,
			 member_text(json_array_get(items, json_array_size(items) - 1), "prefix"),
			 T(v, P_MORE));
	json_decref(answer);
}

static void list_form(struct visit *v)
{
	page_put(v->page,
		 "<h2>%s</h2>\n<form method=\"get\" action=\"/why\" class=\"filter\" role=\"search\">\n"
		 "<span class=\"field\"><label for=\"address\">%s</label> <input id=\"address\" "
		 "name=\"address\" "
		 "required=\"\" maxlength=\"49\"></span>\n<button>%s</button></form>\n",
		 T(v, P_WHY), T(v, P_ADDRESS), T(v, P_SHOW));
	if (v->user->role < USER_OPERATOR)
		return;
	page_put(v->page, "<h2>%s</h2>\n", T(v, P_BLOCK));
	part_form(v, "/blacklist/block");
	page_put(v->page,
		 "<p><label for=\"prefix\">%s</label> <input id=\"prefix\" name=\"address\" required=\"\" "
		 "maxlength=\"49\" "
		 "placeholder=\"192.0.2.1\"></p>\n"
		 "<p><label for=\"reason\">%s</label> <input id=\"reason\" name=\"reason\" required=\"\" "
		 "maxlength=\"120\"></p>\n"
		 "<p><label for=\"for\">%s</label> <select id=\"for\" name=\"seconds\"><option "
		 "value=\"3600\">1 h</option>"
		 "<option value=\"86400\" selected=\"\">24 h</option><option value=\"604800\">7 d</option>"
		 "<option value=\"2592000\">30 d</option><option value=\"0\">%s</option></select></p>\n"
		 "<p><button class=\"danger\">%s</button></p></form>\n",
		 T(v, P_ADDRESS), T(v, P_REASON), T(v, P_FOR), T(v, P_FOR_GOOD), T(v, P_BLOCK));
}

void page_blacklist(struct visit *v)
{
	json_t *answer;

	part_begin(v, T(v, P_BLACKLIST));
	if (!strcmp(v->captured.name, "manual") || !strcmp(v->captured.name, "auto")) {
		list_items(v, v->captured.name);
	} else {
		answer = daemon_ask(v, json_pack("{s:s}", "command", "lists"));
		if (answer && !member_number(answer, "result"))
			list_rows(v, answer);
		else
			part_say(v, TONE_LOOK, answer ? member_text(answer, "text") : T(v, P_NO_DAEMON));
		json_decref(answer);
		list_form(v);
	}
	part_end(v);
	answer_page(v, 200);
}

static void why_entry(struct visit *v, const char *name, const json_t *entry)
{
	if (!entry)
		return;
	page_put(v->page, "<dt>%s</dt><dd>%s %s, %s, %s: %lld</dd>\n", name, member_text(entry, "list"),
		 member_text(entry, "prefix"), member_text(entry, "action"), T(v, P_LIST_HITS),
		 member_number(entry, "packets"));
}

void page_why(struct visit *v)
{
	const char *address = web_form_get(&v->query, "address");
	json_t *answer, *item;
	size_t i;

	part_begin(v, T(v, P_WHY));
	answer = daemon_ask(v, json_pack("{s:s,s:o}", "command", "why", "address", eve_text_of(address)));
	if (!answer || member_number(answer, "result")) {
		part_say(v, TONE_LOOK, answer ? member_text(answer, "text") : T(v, P_NO_DAEMON));
	} else {
		const json_t *kernel = json_object_get(answer, "kernel"),
			     *block = json_object_get(answer, "auto_block"),
			     *allowed = json_object_get(json_object_get(answer, "net"), "allow");

		page_put(v->page, "<p class=\"big\">%s</p>\n", member_text(answer, "address"));
		part_say(v, TONE_PLAIN,
			 json_array_size(allowed) ? T(v, P_WHY_ALLOWED)
			 : kernel || block	  ? T(v, P_WHY_LISTED)
						  : T(v, P_WHY_NOTHING));
		if (!json_is_true(json_object_get(answer, "enforcing")))
			part_say(v, TONE_LOOK, T(v, P_WHY_NOT_ENFORCING));
		page_put(v->page, "<dl class=\"facts\">\n");
		why_entry(v, T(v, P_WHY_KERNEL), kernel);
		why_entry(v, T(v, P_WHY_AUTO), block);
		page_put(v->page, "</dl>\n");
		item_head(v);
		json_array_foreach(json_object_get(answer, "items"), i, item) item_row(v, item);
		page_put(v->page, "</tbody></table></div>\n<p><a href=\"/alerts?host=%s\">%s</a></p>\n",
			 member_text(answer, "address"), T(v, P_ALERTS));
	}
	json_decref(answer);
	list_form(v);
	part_end(v);
	answer_page(v, 200);
}

void do_list_block(struct visit *v)
{
	const char *reason = web_form_get(&v->form, "reason");
	char text[SESSION_FLASH_MAX];
	uint64_t seconds;
	json_t *request;

	if (!web_form_number(&v->form, "seconds", 2592000, &seconds)) {
		answer_fault(v, 400, PHRASE_P_FAULT_FORM);
		return;
	}
	request = json_pack("{s:s,s:o,s:I,s:o}", "command", "block", "address",
			    eve_text_of(web_form_get(&v->form, "address")), "seconds", (json_int_t)seconds,
			    "reason", eve_text_of(reason));
	answer_go(v, "/blacklist", !daemon_do(v, request, text), text);
}

void do_list_unblock(struct visit *v)
{
	char text[SESSION_FLASH_MAX];
	bool good = daemon_do(v,
			      json_pack("{s:s,s:o}", "command", "unblock", "address",
					eve_text_of(web_form_get(&v->form, "address"))),
			      text);

	answer_go(v, "/blacklist", !good, text);
}
