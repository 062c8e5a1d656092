// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * page_assess.c - the guideline against what the daemon says. What only root can
 * find out (the configuration on the disk, every row of a list) is not known
 * here, and is said to be so.
 */
#include <errno.h>
#include <string.h>

#include "core/report/document.h"
#include "lib/log.h"
#include "portal_private.h"

static json_t *facts_gather(struct visit *v)
{
	const json_t *status = daemon_status(v);
	json_t *lists = daemon_ask(v, json_pack("{s:s}", "command", "lists"));
	json_t *facts = json_pack("{s:b}", "answers", status != NULL);

	/* A copy: what is counted of them is written into them. */
	if (status)
		json_object_set_new(facts, "status", json_deep_copy(status));
	if (lists && !json_integer_value(json_object_get(lists, "result")))
		json_object_set(facts, "lists", lists);
	json_decref(lists);
	json_object_set_new(facts, "config",
			    json_pack("{s:s}", "path",
				      *member_text(status, "config") ? member_text(status, "config")
								     : "/etc/sekimori/sekimori.conf"));
	assess_facts(facts, v->now / 1000000);
	return facts;
}

void page_assess(struct visit *v)
{
	CLEANUP(document_free) struct document *document = NULL;
	const char *word = web_form_get(&v->query, "format");
	enum document_format format = DOCUMENT_FORMATS;
	char when[40];
	const struct assess_frame frame = {.language = v->language, .when = part_time(v->now, when)};
	struct assess_sum sum;
	json_t *facts;
	int err;

	if (*word && document_format_find(word, &format)) {
		answer_fault(v, 400, PHRASE_P_FAULT_FORM);
		return;
	}
	if (!v->portal->assess) {
		answer_fault(v, 404, PHRASE_P_NO_GUIDELINE);
		return;
	}
	facts = facts_gather(v);
	err = assess_report(v->portal->assess, facts, &frame, &document, &sum);
	json_decref(facts);
	if (err) {
		log_warn("portal: assessment: %s", strerror(-err));
		answer_fault(v, 503, PHRASE_P_STORE_FAULT);
		return;
	}
	report_show(v, "assess", false, document, format);
}
