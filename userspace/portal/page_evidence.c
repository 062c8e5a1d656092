// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * page_evidence.c - what an alert's record and packet show. On request only,
 * masked, and every look and every copy is in the audit log before it happens.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "alert.h"
#include "core/report/evidence.h"
#include "core/report/evidence_packet.h"

static void evidence_field(const struct evidence_field *field, void *arg)
{
	struct visit *v = arg;

	page_put(v->page, "<tr><th scope=\"row\">%s</th><td class=\"mono\">%s</td></tr>\n", field->name,
		 field->value);
}

static void record_show(struct visit *v, const char *text, size_t len)
{
	json_error_t error;
	json_t *line = json_loadb(text, len, 0, &error), *masked = evidence_masked(line);

	part_say(v, TONE_NOTE, T(v, P_MASKED));
	page_put(v->page, "<div class=\"scroll\"><table><tbody>\n");
	evidence_fields(masked, evidence_field, v);
	page_put(v->page, "</tbody></table></div>\n");
	json_decref(masked);
	json_decref(line);
}

/* -ENOENT: none was kept, or no longer. */
static int packet_get(struct visit *v, const struct alert *alert, struct evidence_packet **out)
{
	AUTO_FREE char *json = NULL;
	int err = store_packet(visit_store(v), alert->event.id, &json);

	return err ? err : evidence_packet_read(json, out);
}

static void packet_show(struct visit *v, const struct alert *alert)
{
	CLEANUP(evidence_packet_free) struct evidence_packet *packet = NULL;
	AUTO_FREE char *layers = NULL;
	AUTO_FREE char *dump = NULL;
	char action[64];
	int err = packet_get(v, alert, &packet);

	page_put(v->page, "<h2>%s</h2>\n", T(v, P_PACKET));
	if (err) {
		part_say(v, err == -ENOENT ? TONE_NOTE : TONE_LOOK,
			 err == -ENOENT ? T(v, P_PACKET_GONE) : T(v, P_STORE_FAULT));
		return;
	}
	layers = evidence_packet_layers(packet);
	dump = evidence_packet_dump(packet, true);
	page_put(v->page, "<pre tabindex=\"0\">%s</pre>\n<pre tabindex=\"0\">%s</pre>\n",
		 layers ? layers : "", dump ? dump : "");
	snprintf(action, sizeof(action), "/alerts/%llu/packet", (unsigned long long)alert->event.id);
	part_form(v, action);
	page_put(v->page, "<button class=\"plain\">%s</button></form>\n", T(v, P_PACKET_TAKE));
	page_put(v->page, "<p class=\"note\">%s</p>\n", T(v, P_PACKET_NOTE));
}

void page_evidence(struct visit *v)
{
	AUTO_FREE char *text = NULL;
	struct alert alert;
	size_t len = 0;

	if (!alert_get(v, &alert))
		return;
	/* First noted, then shown. */
	if (!daemon_trace(v, "read", "portal: evidence of alert %llu (sid %u)",
			  (unsigned long long)alert.event.id, alert.event.sid)) {
		answer_fault(v, 503, PHRASE_P_FAULT_TRACE);
		return;
	}
	part_begin(v, T(v, P_EVIDENCE));
	page_put(v->page, "<p><a href=\"/alerts/%llu\">%s</a></p>\n", (unsigned long long)alert.event.id,
		 alert.label);
	if (store_line(visit_store(v), alert.event.id, &text, &len))
		part_say(v, TONE_NOTE, T(v, P_EVIDENCE_GONE));
	else
		record_show(v, text, len);
	packet_show(v, &alert);
	part_end(v);
	answer_page(v, 200);
}

void do_packet(struct visit *v)
{
	CLEANUP(evidence_packet_free) struct evidence_packet *packet = NULL;
	struct alert alert;
	uint8_t *pcap;
	char name[64];
	size_t len = 0;
	int err;

	if (!alert_get(v, &alert))
		return;
	err = packet_get(v, &alert, &packet);
	if (err) {
		answer_fault(v, err == -ENOENT ? 404 : 500,
			     err == -ENOENT ? PHRASE_P_PACKET_GONE : PHRASE_P_STORE_FAULT);
		return;
	}
	if (!daemon_trace(v, "read", "portal: packet of alert %llu (sid %u) taken as pcap",
			  (unsigned long long)alert.event.id, alert.event.sid)) {
		answer_fault(v, 503, PHRASE_P_FAULT_TRACE);
		return;
	}
	pcap = evidence_packet_pcap(packet, alert.event.t_packet, true, &len);
	if (!pcap) {
		answer_fault(v, 503, PHRASE_P_STORE_FAULT);
		return;
	}
	snprintf(name, sizeof(name), "sekimori-alert-%llu.pcap", (unsigned long long)alert.event.id);
	answer_text(v, "application/vnd.tcpdump.pcap", (char *)pcap, len, name);
}
