/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * evidence_packet.h - the packet that an alert is about, for people: its layers,
 * its bytes, and a capture file to take along. Whoever sent it may have
 * shaped it against its readers. Pure.
 */
#ifndef CORE_EVIDENCE_PACKET_H
#define CORE_EVIDENCE_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/cleanup.h"

struct evidence_packet {
	uint8_t *bytes;
	size_t len;	 /* of bytes */
	size_t wire_len; /* of the packet, of which bytes may be the beginning */
	uint32_t link;	 /* enum link_type */
};

/* From the JSON that the store keeps (store_event.packet). -EBADMSG: it is no packet; -ENOMEM. */
__must_check int evidence_packet_read(const char *json, struct evidence_packet **out);
void evidence_packet_free(struct evidence_packet *packet); /* NULL is fine */
DEFINE_CLEANUP(evidence_packet_free, struct evidence_packet)

/* A line per layer, from the link to what it carries; malloc'ed, NULL: no memory. */
char *evidence_packet_layers(const struct evidence_packet *packet);

/* Lines of offset, hex and characters; masked: without credentials and personal data. malloc'ed, NULL: no
 * memory. */
char *evidence_packet_dump(const struct evidence_packet *packet, bool masked);

/* Of one packet, seen at t_us since the epoch; masked: as in the dump, so that its checksums no longer fit.
 * malloc'ed, NULL: no memory. */
uint8_t *evidence_packet_pcap(const struct evidence_packet *packet, uint64_t t_us, bool masked, size_t *len);

#endif
