// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * inspection.c - the inspector of a run and where its findings go.
 */
#include "inspection.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/cleanup.h"
#include "rules_profile.h"

static int write_record(void *arg, uint64_t about, const char *line, size_t len)
{
	struct inspection *inspection = arg;
	struct eve_moment now = {inspection->capture_at, inspection->capture_frames, about};

	if (inspection->part.file)
		return eve_part_add(&inspection->part, now, line, len);
	return fwrite(line, 1, len, inspection->eve) == len ? 0 : -EIO;
}

static void on_alert(const struct detect_alert *alert, void *arg)
{
	struct inspection *inspection = arg;

	if (!alert->quiet)
		sid_counts_add(&inspection->sids, alert->rule->sid, 1);
	eve_writer_alert(&inspection->records, alert);
}

static void on_event(const struct inspector_event *event, void *arg)
{
	eve_writer_event(&((struct inspection *)arg)->records, event);
}

static void on_tx(const struct flow *flow, const struct tx *tx, void *arg)
{
	eve_writer_tx(&((struct inspection *)arg)->records, flow, tx);
}

static void on_flow_end(const struct flow *flow, enum flow_end_reason reason, void *arg)
{
	eve_writer_flow_end(&((struct inspection *)arg)->records, flow, reason);
}

void inspection_complain_lost(const struct eve_writer *records)
{
	for (int kind = 0; kind < EVE_KIND_MAX; kind++)
		if (records->lost[kind])
			fprintf(stderr,
				"eve.json lacks %" PRIu64 " records of kind %s: too long, or not written\n",
				records->lost[kind], eve_kind_names[kind]);
}

int inspection_open_eve(struct inspection *inspection)
{
	AUTO_FREE char *path = NULL;

	if (!inspection->log_dir)
		return 0;
	if (mkdir(inspection->log_dir, 0755) && errno != EEXIST) {
		fprintf(stderr, "%s: %s\n", inspection->log_dir, strerror(errno));
		return -errno;
	}
	if (asprintf(&path, "%s/eve.json", inspection->log_dir) < 0)
		return -ENOMEM;
	inspection->eve = fopen(path, "we");
	if (!inspection->eve) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -errno;
	}
	return 0;
}

/* What the kernel would hold for these rules, by the daemon's standard settings. */
static int prefilter_start(struct inspection *inspection)
{
	static const uint32_t depth[2] = {64u << 10, 256u << 10};
	const struct prefilter_options options = {.drops = true, .drop_severity = SEKI_SEVERITY_HIGH};
	struct prefilter_counts counts;
	uint32_t len;
	int error;

	error = prefilter_compile(inspection->set, &options, NULL, NULL, &inspection->prefilter_image, &len,
				  &counts);
	if (!error)
		error = prefilter_emulation_new(inspection->prefilter_image, depth, &inspection->emulation);
	inspection->options.prefilter = inspection->emulation;
	return error;
}

int inspection_start(struct inspection *inspection)
{
	const struct inspector_ops ops = {.alert = on_alert,
					  .event = on_event,
					  .tx = on_tx,
					  .flow_end = on_flow_end,
					  .arg = inspection};
	int error = inspection->prefilter ? prefilter_start(inspection) : 0;

	if (!error)
		error = inspector_new(&inspection->options, inspection->set, &ops, &inspection->inspector);

	inspection->records.arg = inspection;
	inspection->records.write = inspection->eve || inspection->part.file ? write_record : NULL;
	if (!error && inspection->profile)
		error = inspector_profile_on(inspection->inspector, rules_profile_clock);
	if (error)
		fprintf(stderr, "%s\n", strerror(-error));
	return error;
}

void inspection_free(struct inspection *inspection)
{
	inspector_free(inspection->inspector);
	prefilter_emulation_free(inspection->emulation);
	free(inspection->prefilter_image);
	ruleset_builder_free(inspection->builder);
	ruleset_free(inspection->set);
	if (inspection->eve)
		fclose(inspection->eve);
	eve_part_clear(&inspection->part);
	sid_counts_clear(&inspection->sids);
}
