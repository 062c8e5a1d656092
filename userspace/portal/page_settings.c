// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * page_settings.c - how it is set up, as the daemon says; where it is changed.
 */
#include <stdio.h>
#include <string.h>

#include "core/report/document.h"
#include "portal_private.h"

/* An object of the daemon's answer as rows: a setting that this page does not know is shown all the same. */
static void object_rows(struct visit *v, const json_t *object, const char *before, unsigned int depth)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)object, key, value)
	{
		char name[96], number[32];
		const char *text = json_string_value(value);

		snprintf(name, sizeof(name), "%s%s%s", before, *before ? "." : "", key);
		if (json_is_object(value) && depth) {
			object_rows(v, value, name, depth - 1);
			continue;
		}
		if (json_is_array(value) || json_is_object(value))
			continue;
		if (json_is_integer(value)) {
			snprintf(number, sizeof(number), "%lld", (long long)json_integer_value(value));
			text = number;
		} else if (json_is_boolean(value)) {
			text = json_is_true(value) ? T(v, P_YES) : T(v, P_NO);
		}
		page_put(v->page, "<tr><th scope=\"row\">%s</th><td>%s</td></tr>\n", name, text ? text : "-");
	}
}

static void processes(struct visit *v, const json_t *status)
{
	const json_t *row;
	size_t i;

	page_put(v->page,
		 "<h2>%s</h2>\n<div class=\"scroll\"><table><thead><tr><th scope=\"col\">%s</th><th "
		 "scope=\"col\">%s</th>"
		 "<th scope=\"col\" class=\"n\">%s</th></tr></thead><tbody>\n",
		 T(v, P_PROCESSES), T(v, P_NAME), T(v, P_RUNS), T(v, P_RESTARTS));
	json_array_foreach(json_object_get(status, "processes"), i, row)
	{
		page_put(v->page, "<tr><td>%s</td><td>%s</td><td class=\"n\">%lld</td></tr>\n",
			 member_text(row, "name"),
			 json_is_true(json_object_get(row, "up")) ? T(v, P_YES) : T(v, P_NO),
			 member_number(row, "restarts"));
	}
	page_put(v->page, "</tbody></table></div>\n");
}

void page_settings(struct visit *v)
{
	static const struct {
		const char *key;
		enum phrase title;
	} parts[] = {
		{"usage", PHRASE_P_SET_USAGE},	 {"losses", PHRASE_P_SET_LOSSES},
		{"events", PHRASE_P_SET_EVENTS}, {"engine", PHRASE_P_SET_ENGINE},
		{"module", PHRASE_P_SET_MODULE},
	};
	const json_t *status = daemon_status(v), *iface;
	size_t i;

	part_begin(v, T(v, P_SETTINGS));
	page_put(v->page, "<p class=\"note\">%s <code>sekimori apply FILE --confirm-within 60</code></p>\n",
		 T(v, P_SETTINGS_NOTE));
	if (!status) {
		part_say(v, TONE_LOOK, T(v, P_NO_DAEMON));
		part_end(v);
		answer_page(v, 200);
		return;
	}
	json_array_foreach(json_object_get(status, "ifaces"), i, iface)
	{
		page_put(v->page, "<h2>%s %s</h2>\n<div class=\"scroll\"><table class=\"pairs\"><tbody>\n",
			 T(v, P_IFACE), member_text(iface, "name"));
		object_rows(v, iface, "", 0);
		page_put(v->page, "</tbody></table></div>\n");
	}
	processes(v, status);
	page_put(v->page, "<h2>%s</h2>\n<div class=\"scroll\"><table class=\"pairs\"><tbody>\n",
		 T(v, P_SET_DAEMON));
	object_rows(v, status, "", 0);
	page_put(v->page, "</tbody></table></div>\n");
	for (i = 0; i < ARRAY_LEN(parts); i++) {
		page_put(v->page, "<h2>%s</h2>\n<div class=\"scroll\"><table class=\"pairs\"><tbody>\n",
			 phrase(v->language, parts[i].title));
		object_rows(v, json_object_get(status, parts[i].key), "", 3);
		page_put(v->page, "</tbody></table></div>\n");
	}
	part_end(v);
	answer_page(v, 200);
}
