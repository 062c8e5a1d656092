// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * inspection_capture.c - reads captures from their beginning to their end, and
 * chooses the share of one worker.
 */
#include <errno.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/flow/packet_pair.h"
#include "inspection.h"

#define PROGRESS_FRAMES 65536u
#define READ_BYTES	(128u << 10) /* of a capture at a time: it stays in the processor's cache */

static double now_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void show_progress(const struct inspection *inspection, double since, double *shown)
{
	double now = now_seconds();

	if (!isatty(STDERR_FILENO) || now - since < 2 || now - *shown < 0.5)
		return;
	*shown = now;
	fprintf(stderr, "\r%s: %" PRIu64 " packets, %.0f s ", inspection->capture, inspection->frames,
		now - since);
}

/* Large reads: a capture is read from its beginning to its end. */
static pcap_t *open_capture(const char *path, char *buffer, char *why)
{
	FILE *file = strcmp(path, "-") ? fopen(path, "re") : stdin;
	pcap_t *pcap;

	if (!file) {
		snprintf(why, PCAP_ERRBUF_SIZE, "%s", strerror(errno));
		return NULL;
	}
	if (buffer && file != stdin)
		setvbuf(file, buffer, _IOFBF, READ_BYTES);
	pcap = pcap_fopen_offline(file, why);
	if (!pcap && file != stdin)
		fclose(file);
	return pcap;
}

/* Two hosts' packets all go to one worker, fragments and tunnels too. */
static bool frame_is_mine(const struct inspection *inspection, enum link_type link, const uint8_t *frame,
			  size_t len)
{
	return inspection->workers <= 1 ||
	       packet_pair(link, frame, len) % inspection->workers == inspection->worker;
}

static int read_capture(struct inspection *inspection, const char *path)
{
	char why[PCAP_ERRBUF_SIZE] = "";
	AUTO_FREE char *buffer = malloc(READ_BYTES);
	pcap_t *pcap = open_capture(path, buffer, why);
	double began = now_seconds(), shown = 0;
	struct pcap_pkthdr *head;
	enum link_type link;
	const u_char *frame;
	int status;

	if (!pcap) {
		fprintf(stderr, "%s: %s\n", path, why);
		return -EINVAL;
	}
	if (!packet_link_find(pcap_datalink(pcap), &link)) {
		fprintf(stderr, "%s: link type %d (%s) is not decoded\n", path, pcap_datalink(pcap),
			pcap_datalink_val_to_description_or_dlt(pcap_datalink(pcap)));
		pcap_close(pcap);
		return -EPROTONOSUPPORT;
	}
	inspection->capture = inspection->records.origin.capture_file = path;
	inspection->capture_frames = 0;
	while ((status = pcap_next_ex(pcap, &head, &frame)) == 1) {
		struct inspector_hint hint = {.truncated = head->caplen < head->len};
		uint64_t time_us = (uint64_t)head->ts.tv_sec * 1000000 + (uint64_t)head->ts.tv_usec;

		if (!inspection->records.first_us || time_us < inspection->records.first_us)
			inspection->records.first_us = time_us;
		if (time_us > inspection->records.last_us)
			inspection->records.last_us = time_us;

		inspection->capture_frames++;
		if (frame_is_mine(inspection, link, frame, head->caplen)) {
			inspection->cut_frames += hint.truncated;
			inspector_frame(inspection->inspector, link, frame, head->caplen, time_us, &hint);
		} else {
			inspector_pass_over(inspection->inspector, time_us);
		}
		if (!(++inspection->frames % PROGRESS_FRAMES) && !inspection->worker)
			show_progress(inspection, began, &shown);
	}
	inspection->capture_frames = UINT64_MAX; /* what ends now comes behind every frame */
	inspector_finish(inspection->inspector);
	if (shown > 0)
		fputc('\n', stderr);
	if (status == PCAP_ERROR)
		fprintf(stderr, "%s: %s; what came before was inspected\n", path, pcap_geterr(pcap));
	pcap_close(pcap);
	inspection->seconds += now_seconds() - began;
	return status == PCAP_ERROR ? -EIO : 0;
}

void inspection_read_captures(struct inspection *inspection)
{
	for (unsigned int i = 0; i < inspection->capture_count; i++) {
		inspection->capture_at = i;
		if (read_capture(inspection, inspection->captures[i]))
			inspection->failed = true;
	}
}
