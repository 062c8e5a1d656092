// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * evidence_packet.c - a kept packet as people read it.
 */
#include "evidence_packet.h"

#include <errno.h>
#include <jansson.h>
#include <netinet/in.h>
#include <string.h>

#include "core/eve/eve_text.h"
#include "core/flow/packet.h"
#include "core/policy/contract_names.h"
#include "core/web/mask.h"
#include "document_private.h"
#include "evidence.h"

#define DUMP_BYTES 4096u
#define ETHER_HEAD 14u

/* Of a capture file: draft-ietf-opsawg-pcap, in the byte order of who writes. */
#define PCAP_MAGIC 0xa1b2c3d4u
struct pcap_head {
	uint32_t magic;
	uint16_t major, minor;
	uint32_t reserved[2], snaplen, link;
};
struct pcap_record {
	uint32_t seconds, microseconds, captured, length;
};
_Static_assert(sizeof(struct pcap_head) == 24 && sizeof(struct pcap_record) == 16, "as in the draft");

void evidence_packet_free(struct evidence_packet *packet)
{
	if (!packet)
		return;
	free(packet->bytes);
	free(packet);
}

static int packet_fill(struct evidence_packet *packet, const json_t *root)
{
	const char *text = json_string_value(json_object_get(root, "packet"));
	const json_t *info = json_object_get(root, "packet_info");
	json_int_t link = json_integer_value(json_object_get(info, "linktype")),
		   length = json_integer_value(json_object_get(info, "length"));

	if (!text || link < 0 || link > UINT16_MAX)
		return -EBADMSG;
	packet->bytes = malloc(EVIDENCE_ROOM(strlen(text)));
	if (!packet->bytes)
		return -ENOMEM;
	packet->len = packet->wire_len = evidence_bytes(text, packet->bytes);
	packet->link = (uint32_t)link;
	if (length > (json_int_t)packet->len && length <= UINT32_MAX)
		packet->wire_len = (size_t)length;
	return 0;
}

int evidence_packet_read(const char *json, struct evidence_packet **out)
{
	CLEANUP(evidence_packet_free) struct evidence_packet *packet = calloc(1, sizeof(*packet));
	json_error_t error;
	json_t *root;
	int err;

	if (!packet)
		return -ENOMEM;
	root = json_loads(json, 0, &error);
	err = packet_fill(packet, root);
	json_decref(root);
	if (!err)
		*out = TAKE_PTR(packet);
	return err;
}

/* --- layers */

static void mac_write(struct output *out, const uint8_t *mac)
{
	output_format(out, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}

static void link_write(struct output *out, const struct evidence_packet *packet, const struct packet *seen)
{
	if (packet->link == LINK_ETHERNET && packet->len >= ETHER_HEAD) {
		output_text(out, "Ethernet: ");
		mac_write(out, packet->bytes + 6);
		output_text(out, " > ");
		mac_write(out, packet->bytes);
		output_text(out, "\n");
	} else {
		output_format(out, "link: type %u\n", packet->link);
	}
	for (unsigned int i = 0; i < seen->vlan_count && i < SEKI_MAX_VLAN; i++)
		output_format(out, "VLAN: %u\n", seen->vlan[i] & 0xfff);
}

static void ip_write(struct output *out, const struct packet *seen)
{
	char src[48], dst[48];

	if (!seen->ip_version)
		return;
	output_format(out, "IPv%u: %s > %s, %s %u, protocol %u", seen->ip_version,
		      eve_address(&seen->src, src), eve_address(&seen->dst, dst),
		      seen->ip_version == 4 ? "TTL" : "hop limit", seen->ttl, seen->proto);
	if (seen->ip_version == 4)
		output_format(out, ", id 0x%04x", seen->ip_id);
	if (seen->fragment)
		output_format(out, ", fragment at %u%s", seen->fragment_offset,
			      seen->more_fragments ? ", more follow" : "");
	output_text(out, "\n");
}

static void flags_write(struct output *out, uint8_t flags)
{
	static const char *const names[8] = {"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"};
	bool any = false;

	for (unsigned int i = 0; i < ARRAY_LEN(names); i++) {
		if (!(flags >> i & 1))
			continue;
		output_format(out, "%s%s", any ? " " : "", names[i]);
		any = true;
	}
	if (!any)
		output_text(out, "no flags");
}

static void transport_write(struct output *out, const struct packet *seen)
{
	if (seen->fragment || !seen->l4_header.len)
		return;
	switch (seen->proto) {
	case IPPROTO_TCP:
		output_format(out, "TCP: %u > %u, ", seen->src_port, seen->dst_port);
		flags_write(out, seen->tcp_flags);
		output_format(out, ", seq %u, ack %u, window %u\n", seen->seq, seen->ack, seen->window);
		break;
	case IPPROTO_UDP:
		output_format(out, "UDP: %u > %u\n", seen->src_port, seen->dst_port);
		break;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		output_format(out, "ICMP: type %u, code %u\n", seen->icmp_type, seen->icmp_code);
		break;
	default:
		output_format(out, "protocol %u: %u > %u\n", seen->proto, seen->src_port, seen->dst_port);
		break;
	}
}

char *evidence_packet_layers(const struct evidence_packet *packet)
{
	struct output out = {0};
	struct packet seen;
	enum seki_reason reason =
		packet_decode((enum link_type)packet->link, packet->bytes, packet->len, &seen);

	output_text(&out, "");
	link_write(&out, packet, &seen);
	for (unsigned int tunnel = 0; tunnel < seen.tunnels; tunnel++) {
		struct packet outer;

		if (packet_decode_layer((enum link_type)packet->link, packet->bytes, packet->len, tunnel,
					&outer) == SEKI_R_CLEAN)
			ip_write(&out, &outer);
	}
	ip_write(&out, &seen);
	/* A packet that is kept in part ends before its IP length does: what is there can be told all the
	 * same. */
	if (reason == SEKI_R_CLEAN || packet->wire_len > packet->len)
		transport_write(&out, &seen);
	else if (reason < SEKI_REASON_MAX)
		output_format(&out, "not decoded further: %s\n", contract_reasons[reason]);
	if (seen.payload.len)
		output_format(&out, "payload: %u bytes\n", seen.payload.len);
	if (packet->wire_len > packet->len)
		output_format(&out, "kept: the first %zu of %zu bytes\n", packet->len, packet->wire_len);
	if (!out.failed)
		return out.data;
	free(out.data);
	return NULL;
}

/* --- bytes */

/* A copy, as who asks may see it. */
static char *bytes_copy(const struct evidence_packet *packet, bool masked)
{
	char *copy = malloc(packet->len + 1);

	if (!copy)
		return NULL;
	memcpy(copy, packet->bytes, packet->len);
	if (masked)
		mask_bytes(copy, packet->len);
	return copy;
}

static void dump_line(struct output *out, const struct evidence_packet *packet, const char *shown, size_t at,
		      size_t end)
{
	output_format(out, "%04zx ", at);
	for (size_t i = at; i < at + 16; i++) {
		if (i >= end)
			output_text(out, "   ");
		else if (shown[i] != (char)packet->bytes[i])
			output_text(out, " **");
		else
			output_format(out, " %02x", packet->bytes[i]);
	}
	output_text(out, "  ");
	for (size_t i = at; i < at + 16 && i < end; i++)
		output_format(out, "%c", shown[i] >= 0x20 && shown[i] < 0x7f ? shown[i] : '.');
	output_text(out, "\n");
}

char *evidence_packet_dump(const struct evidence_packet *packet, bool masked)
{
	AUTO_FREE char *shown = bytes_copy(packet, masked);
	size_t end = packet->len > DUMP_BYTES ? DUMP_BYTES : packet->len;
	struct output out = {0};

	if (!shown)
		return NULL;
	output_text(&out, "");
	for (size_t at = 0; at < end; at += 16)
		dump_line(&out, packet, shown, at, end);
	if (end < packet->len)
		output_format(&out, "... and %zu bytes\n", packet->len - end);
	if (!out.failed)
		return out.data;
	free(out.data);
	return NULL;
}

uint8_t *evidence_packet_pcap(const struct evidence_packet *packet, uint64_t t_us, bool masked, size_t *len)
{
	const struct pcap_head head = {
		.magic = PCAP_MAGIC, .major = 2, .minor = 4, .snaplen = 262144, .link = packet->link};
	const struct pcap_record record = {.seconds = (uint32_t)(t_us / 1000000),
					   .microseconds = (uint32_t)(t_us % 1000000),
					   .captured = (uint32_t)packet->len,
					   .length = (uint32_t)packet->wire_len};
	AUTO_FREE char *bytes = bytes_copy(packet, masked);
	uint8_t *out = bytes ? malloc(sizeof(head) + sizeof(record) + packet->len) : NULL;

	if (!out)
		return NULL;
	memcpy(out, &head, sizeof(head));
	memcpy(out + sizeof(head), &record, sizeof(record));
	memcpy(out + sizeof(head) + sizeof(record), bytes, packet->len);
	*len = sizeof(head) + sizeof(record) + packet->len;
	return out;
}
