// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * inspection_report.c - what an inspection found, for a person or as JSON.
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "core/policy/contract_names.h"
#include "inspection.h"
#include "sekimori/event.h"

static json_t *json_prefilter(const struct prefilter_emulation_stats *stats)
{
	return json_pack("{sI sI sI sI sI sI sI sI}", "packets", (json_int_t)stats->packets, "bytes",
			 (json_int_t)stats->bytes, "ring_packets", (json_int_t)stats->ring_packets,
			 "ring_bytes", (json_int_t)stats->ring_bytes, "narrow_packets",
			 (json_int_t)stats->narrow_packets, "narrow_bytes", (json_int_t)stats->narrow_bytes,
			 "dropped", (json_int_t)stats->dropped, "unconfirmed",
			 (json_int_t)stats->unconfirmed);
}

void inspection_print_json(const struct inspection *inspection, const struct inspector_stats *stats,
			   const struct ruleset_counts *rules)
{
	json_t *alerts = json_array(), *undecoded = json_object(), *root;

	for (size_t i = 0; i < inspection->sids.count; i++) {
		const struct rule_info *rule = ruleset_find(inspection->set, inspection->sids.rows[i].sid);

		json_array_append_new(alerts, json_pack("{sI sI ss*}", "sid",
							(json_int_t)inspection->sids.rows[i].sid, "count",
							(json_int_t)inspection->sids.rows[i].count, "msg",
							rule ? rule->msg : NULL));
	}
	for (int i = 0; i < SEKI_REASON_MAX; i++)
		if (stats->undecoded[i])
			json_object_set_new(undecoded, contract_reasons[i],
					    json_integer((json_int_t)stats->undecoded[i]));
	root = json_pack("{sI sI sI so so s{sI sI sI} s{sI sI sI sI sI sI sI sI sI sI} sf}", "packets",
			 (json_int_t)stats->packets, "bytes", (json_int_t)stats->bytes, "flows",
			 (json_int_t)stats->flows, "alerts", alerts, "undecoded", undecoded, "rules",
			 "loaded", (json_int_t)rules->loaded, "failed", (json_int_t)rules->failed, "skipped",
			 (json_int_t)rules->skipped, "inspection", "alerts", (json_int_t)stats->alerts,
			 "inspected_bytes", (json_int_t)stats->inspected_bytes, "ciphertext_bytes",
			 (json_int_t)stats->ciphertext_bytes, "skipped_bytes",
			 (json_int_t)stats->skipped_bytes, "gaps", (json_int_t)stats->reassembly_gaps,
			 "overlaps", (json_int_t)stats->overlaps, "midstream", (json_int_t)stats->midstream,
			 "fragments", (json_int_t)stats->fragments, "checksum_bad",
			 (json_int_t)stats->checksum_bad, "flows_given_up", (json_int_t)stats->flows_given_up,
			 "seconds", inspection->seconds);
	if (root && inspection->emulation)
		json_object_set_new(root, "prefilter",
				    json_prefilter(prefilter_emulation_stats(inspection->emulation)));
	if (root)
		json_dumpf(root, stdout, JSON_INDENT(1));
	putchar('\n');
	json_decref(root);
}

static void print_row(const char *name, uint64_t value)
{
	if (value)
		printf("  %-20s %" PRIu64 "\n", name, value);
}

static void print_prefilter(const struct prefilter_emulation_stats *stats)
{
	double whole = stats->bytes ? (double)stats->bytes : 1;

	printf("  prefilter: of %" PRIu64 " bytes in %" PRIu64
	       " payloads an engine sees %.1f %%, without it %.1f %%; "
	       "%" PRIu64 " dropped, %" PRIu64 " of them without an alert of that rule\n",
	       stats->bytes, stats->packets, 100 * (double)stats->narrow_bytes / whole,
	       100 * (double)stats->ring_bytes / whole, stats->dropped, stats->unconfirmed);
}

void inspection_print_text(const struct inspection *inspection, const struct inspector_stats *stats,
			   const struct ruleset_counts *rules)
{
	printf("%" PRIu64 " packets, %" PRIu64 " bytes, %" PRIu64 " flows; %u rules, %u refused; %" PRIu64
	       " alerts\n",
	       stats->packets, stats->bytes, stats->flows, rules->loaded, rules->failed, stats->alerts);
	for (size_t i = 0; i < inspection->sids.count; i++) {
		const struct rule_info *rule = ruleset_find(inspection->set, inspection->sids.rows[i].sid);

		printf("%10" PRIu64 "  %-10u %s\n", inspection->sids.rows[i].count,
		       inspection->sids.rows[i].sid, rule ? rule->msg : "");
	}
	print_row("midstream flows", stats->midstream);
	print_row("gaps", stats->reassembly_gaps);
	print_row("contradictions", stats->overlaps);
	print_row("beyond depth, bytes", stats->skipped_bytes);
	print_row("ciphertext, bytes", stats->ciphertext_bytes);
	print_row("bad checksums", stats->checksum_bad);
	print_row("flows given up", stats->flows_given_up);
	print_row("… for memory", stats->memory_flows);
	print_row("holes given up, full", stats->full_streams);
	print_row("fragments, full", stats->full_fragments);
	print_row("announced, full", stats->full_expectations);
	print_row("anomalies", stats->events);
	print_row("not counted by rule", inspection->sids.lost);
	print_row("cut by the capture", inspection->cut_frames);
	for (int i = 0; i < SEKI_REASON_MAX; i++)
		print_row(contract_reasons[i], stats->undecoded[i]);
	if (inspection->emulation)
		print_prefilter(prefilter_emulation_stats(inspection->emulation));
	if (inspection->seconds > 0)
		fprintf(stderr, "%.2f s, %.2f Gbit/s; rules compiled in %.0f ms\n", inspection->seconds,
			(double)stats->bytes * 8 / 1e9 / inspection->seconds, rules->load_ms);
}
