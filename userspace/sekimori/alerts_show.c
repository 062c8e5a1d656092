// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * alerts_show.c - one kept alert with its evidence.
 */
#include "alerts_kept.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client.h"
#include "client_store.h"
#include "core/eve/eve_text.h"
#include "core/policy/contract_names.h"
#include "core/report/evidence.h"
#include "core/report/evidence_packet.h"

struct show {
	const char *output, *store;
	bool pcap, unmasked;
	uint64_t id;
};

static int show_options(int argc, char **argv, struct show *show)
{
	static const struct option options[] = {
		{"format", required_argument, NULL, 'F'},
		{"output", required_argument, NULL, 'o'},
		{"store", required_argument, NULL, 'd'},
		{"unmasked", no_argument, NULL, 'u'},
		{NULL, 0, NULL, 0},
	};
	char *end;
	int c;

	while ((c = getopt_long(argc, argv, "o:", options, NULL)) != -1) {
		if (c == 'o')
			show->output = optarg;
		else if (c == 'd')
			show->store = optarg;
		else if (c == 'u')
			show->unmasked = true;
		else if (c == 'F' && (!strcmp(optarg, "pcap") || !strcmp(optarg, "text")))
			show->pcap = !strcmp(optarg, "pcap");
		else
			return client_usage("alerts show", "--format takes text or pcap",
					    c == 'F' ? optarg : NULL);
	}
	if (optind + 1 != argc)
		return client_usage(
			"alerts show",
			"name one alert, by the number that `sekimori alerts --period 24h` begins with",
			optind < argc ? argv[optind + 1] : NULL);
	errno = 0;
	show->id = strtoull(argv[optind], &end, 10);
	if (*end || end == argv[optind] || errno || !show->id)
		return client_usage("alerts show", "the number of an alert", argv[optind]);
	if (show->pcap && !show->output && isatty(STDOUT_FILENO))
		return client_usage("alerts show", "a capture file is not for a terminal: say -o FILE", NULL);
	return 0;
}

static void field_print(const struct evidence_field *field, void *arg)
{
	printf("  %-32s %s\n", field->name, field->value);
}

static bool row_time(const struct store_row *row, void *arg)
{
	*(uint64_t *)arg = row->event.t_packet;
	return false;
}

static bool row_print(const struct store_row *row, void *arg)
{
	const struct store_event *event = &row->event;
	char when[40], src[48], dst[48];

	if (client.json)
		return false;
	printf("%s  %s  %s  %s:%u -> %s:%u  [%u:%u] %s\n", eve_time(event->t_packet, when),
	       contract_severities[event->severity % SEKI_SEVERITY_MAX],
	       contract_verdicts[event->verdict % SEKI_VERDICT_MAX], eve_address(&event->src, src),
	       event->src_port, eve_address(&event->dst, dst), event->dst_port, event->gid, event->sid,
	       event->label);
	return false;
}

static void record_print(const char *line, size_t len, bool unmasked)
{
	json_error_t error;
	AUTO_JSON json_t *event = json_loadb(line, len, 0, &error);
	AUTO_JSON json_t *masked = unmasked ? json_incref(event) : evidence_masked(event);

	evidence_fields(masked, field_print, NULL);
}

static void packet_print(const struct evidence_packet *packet, bool unmasked)
{
	AUTO_FREE char *layers = evidence_packet_layers(packet);
	AUTO_FREE char *dump = evidence_packet_dump(packet, !unmasked);

	printf("\n%s\n%s", layers ? layers : "", dump ? dump : "");
}

static int packet_write(const struct show *show, const struct evidence_packet *packet, uint64_t t_us)
{
	size_t len = 0;
	AUTO_FREE uint8_t *pcap = evidence_packet_pcap(packet, t_us, !show->unmasked, &len);
	/* Evidence is for who asked, not for everybody on the machine. */
	AUTO_FD int fd = show->output ? open(show->output, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)
				      : dup(STDOUT_FILENO);
	ssize_t n = pcap && fd >= 0 ? write(fd, pcap, len) : -1;

	if (n == (ssize_t)len)
		return 0;
	fprintf(stderr, "sekimori: %s: %s\n", show->output ? show->output : "standard output",
		n >= 0 ? "not all of it could be written" : strerror(errno));
	return EXIT_NOT_CONVERGED;
}

/* As JSON the record is one line, with its packet in it again. */
static int json_print(const struct show *show, const char *line, size_t len, const char *packet)
{
	json_error_t error;
	AUTO_JSON json_t *event = json_loadb(line, len, 0, &error);
	AUTO_JSON json_t *bytes = packet ? json_loads(packet, 0, &error) : NULL;
	AUTO_JSON json_t *shown = NULL;
	AUTO_FREE char *text = NULL;

	if (bytes && json_object_update(event, bytes))
		return EXIT_NOT_CONVERGED;
	shown = show->unmasked ? json_incref(event) : evidence_masked(event);
	text = shown ? json_dumps(shown, JSON_COMPACT) : NULL;
	if (!text)
		return EXIT_NOT_CONVERGED;
	printf("%s\n", text);
	return 0;
}

static int alert_show(const struct show *show, struct store *store)
{
	const struct store_filter filter = {.id = show->id, .kinds = 1u << STORE_ALERT, .limit = 1};
	CLEANUP(evidence_packet_free) struct evidence_packet *packet = NULL;
	AUTO_FREE char *line = NULL;
	AUTO_FREE char *json = NULL;
	uint64_t t_us = 0;
	size_t len = 0;
	int err = store_line(store, show->id, &line, &len), none;

	if (!err)
		err = store_scan(store, &filter, show->pcap ? row_time : row_print, &t_us);
	if (err) {
		fprintf(stderr, "sekimori: alerts show: %s\n",
			err == -ENOENT ? "no alert of that number is kept" : strerror(-err));
		return EXIT_NOT_CONVERGED;
	}
	none = store_packet(store, show->id, &json);
	if (!none)
		none = evidence_packet_read(json, &packet);
	if (none && (show->pcap || none != -ENOENT)) {
		fprintf(stderr, "sekimori: alerts show: %s\n",
			none == -ENOENT ? "no packet is kept for this alert: its severity asks for none "
					  "(store { packets-... }), or its time is over"
					: strerror(-none));
		return EXIT_NOT_CONVERGED;
	}
	if (show->pcap)
		return packet_write(show, packet, t_us);
	if (client.json)
		return json_print(show, line, len, json);
	record_print(line, len, show->unmasked);
	if (packet)
		packet_print(packet, show->unmasked);
	else
		printf("\nno packet is kept\n");
	return 0;
}

int alerts_show(int argc, char **argv)
{
	CLEANUP(store_close) struct store *store = NULL;
	struct show show = {0};
	int rc = show_options(argc, argv, &show);

	if (rc)
		return rc;
	if (client_store_open(show.store, &store))
		return EXIT_NOT_CONVERGED;
	client_exported("evidence of alert %llu%s%s", (unsigned long long)show.id,
			show.pcap     ? " as pcap"
			: client.json ? " as json"
				      : "",
			show.unmasked ? ", unmasked" : "");
	return alert_show(&show, store);
}
