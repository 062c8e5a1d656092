// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * page_assets.c - what runs on which host: imported, or observed.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/report/document.h"
#include "core/eve/eve_text.h"
#include "portal_private.h"

struct assets_shown {
	struct visit *v;
	unsigned int rows;
};

static bool asset_row(const struct asset *asset, void *arg)
{
	struct assets_shown *shown = arg;
	struct visit *v = shown->v;
	char address[48], port[8];

	if (visit_tenant(v) && strcmp(asset->tenant, visit_tenant(v)) != 0)
		return true;
	shown->rows++;
	snprintf(port, sizeof(port), "%u", asset->port);
	page_put(v->page, "<tr><td data-label=\"%s\"><a href=\"/alerts?host=%s\">%s</a></td>",
		 T(v, P_ADDRESS), eve_address(&asset->address, address), address);
	part_cell(v, T(v, P_HOST), asset->host);
	part_cell(v, T(v, P_PORT), asset->port ? port : "-");
	part_cell(v, T(v, P_PRODUCT), asset->product);
	part_cell(v, T(v, P_VERSION), asset->version);
	part_cell(v, "CPE", asset->cpe);
	part_cell(v, T(v, P_TENANT), asset->tenant);
	part_cell(v, T(v, P_LIST_ORIGIN), asset->observed ? T(v, P_OBSERVED) : T(v, P_IMPORTED));
	page_put(v->page, "</tr>\n");
	return true;
}

void page_assets(struct visit *v)
{
	struct assets_shown shown = {.v = v};

	portal_assets_fresh(v->portal);
	part_begin(v, T(v, P_ASSETS));
	part_say(v, TONE_NOTE, T(v, P_ASSETS_NOTE));
	page_put(v->page,
		 "<div class=\"scroll\"><table class=\"cards\"><thead><tr><th scope=\"col\">%s</th><th "
		 "scope=\"col\">%s</th>"
		 "<th scope=\"col\">%s</th><th scope=\"col\">%s</th><th scope=\"col\">%s</th><th "
		 "scope=\"col\">CPE</th>"
		 "<th scope=\"col\">%s</th><th scope=\"col\">%s</th></tr></thead><tbody>\n",
		 T(v, P_ADDRESS), T(v, P_HOST), T(v, P_PORT), T(v, P_PRODUCT), T(v, P_VERSION),
		 T(v, P_TENANT), T(v, P_LIST_ORIGIN));
	asset_each(v->portal->assets, asset_row, &shown);
	page_put(v->page, "</tbody></table></div>\n");
	if (!shown.rows)
		part_say(v, TONE_NOTE, T(v, P_ASSETS_NONE));
	if (v->user->role >= USER_OPERATOR && !*v->user->tenant) {
		page_put(v->page, "<h2>%s</h2>\n", T(v, P_ASSETS_IMPORT));
		part_form(v, "/assets");
		page_put(v->page,
			 "<p><label for=\"text\">%s</label><br><textarea id=\"text\" name=\"text\" "
			 "rows=\"8\" required=\"\" "
			 "spellcheck=\"false\" "
			 "placeholder=\"address,port,product,version,cpe,host,tenant,complete\"></textarea></"
			 "p>\n"
			 "<p><button>%s</button></p></form>\n",
			 T(v, P_ASSETS_HOW), T(v, P_ASSETS_IMPORT));
	}
	part_end(v);
	answer_page(v, 200);
}

void do_assets(struct visit *v)
{
	const char *text = web_form_get(&v->form, "text");
	struct asset_fault fault = {0};
	char said[SESSION_FLASH_MAX], count[16];
	size_t taken = 0;
	int err;

	portal_assets_fresh(v->portal);
	err = asset_read(v->portal->assets, text, strlen(text), &taken, &fault);

	if (err) {
		char line[16];
		AUTO_FREE char *why = NULL;

		snprintf(line, sizeof(line), "%u", fault.line);
		why = phrase_with(v->language, PHRASE_P_ASSETS_BAD, line,
				  fault.why ? fault.why : strerror(-err));
		answer_go(v, "/assets", true, why);
		return;
	}
	err = portal_assets_save(v->portal);
	snprintf(count, sizeof(count), "%zu", taken);
	{
		AUTO_FREE char *good = phrase_with(v->language, PHRASE_P_ASSETS_TAKEN, count);

		snprintf(said, sizeof(said), "%s", err ? strerror(-err) : good ? good : "");
	}
	if (!err)
		daemon_trace(v, "change", "portal: %zu assets were imported", taken);
	answer_go(v, "/assets", err, said);
}
