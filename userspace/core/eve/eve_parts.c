// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * eve_parts.c - what every kind of EVE line has in common.
 */
#include "eve_parts.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

const char *const eve_app_names[APP_PROTO_MAX] = {
#define X(id, name) [APP_##id] = name,
	APP_PROTOS(X)
#undef X
};

bool eve_has_ports(uint8_t proto)
{
	return proto == IPPROTO_TCP || proto == IPPROTO_UDP || proto == IPPROTO_SCTP;
}

void eve_packet(json_t *event, const struct packet *packet, const char *capture_file)
{
	char text[48];

	if (packet->vlan_count) {
		json_t *vlan = json_array();

		for (unsigned int i = 0; vlan && i < packet->vlan_count && i < SEKI_MAX_VLAN; i++)
			json_array_append_new(vlan, json_integer(packet->vlan[i]));
		eve_set(event, "vlan", vlan);
	}
	eve_set(event, "src_ip", json_string(eve_address(&packet->src, text)));
	if (eve_has_ports(packet->proto))
		eve_set(event, "src_port", json_integer(packet->src_port));
	eve_set(event, "dest_ip", json_string(eve_address(&packet->dst, text)));
	if (eve_has_ports(packet->proto))
		eve_set(event, "dest_port", json_integer(packet->dst_port));
	eve_set(event, "proto", eve_proto(packet->proto));
	if (packet->ip_version)
		eve_set(event, "ip_v", json_integer(packet->ip_version));
	if (packet->proto == IPPROTO_ICMP || packet->proto == IPPROTO_ICMPV6) {
		eve_set(event, "icmp_type", json_integer(packet->icmp_type));
		eve_set(event, "icmp_code", json_integer(packet->icmp_code));
	}
	eve_set(event, "pkt_src", json_string(capture_file ? "wire/pcap" : "wire"));
}

json_t *eve_flow_object(const struct flow *flow, uint64_t start_us)
{
	json_t *out = json_object();
	char text[48];

	if (!out)
		return NULL;
	eve_set(out, "pkts_toserver", json_integer((json_int_t)flow->pkts[TO_SERVER]));
	eve_set(out, "pkts_toclient", json_integer((json_int_t)flow->pkts[TO_CLIENT]));
	eve_set(out, "bytes_toserver", json_integer((json_int_t)flow->bytes[TO_SERVER]));
	eve_set(out, "bytes_toclient", json_integer((json_int_t)flow->bytes[TO_CLIENT]));
	eve_set(out, "start", json_string(eve_time(start_us, text)));
	eve_set(out, "src_ip", json_string(eve_address(&flow->client, text)));
	eve_set(out, "dest_ip", json_string(eve_address(&flow->server, text)));
	if (eve_has_ports(flow->proto)) {
		eve_set(out, "src_port", json_integer(flow->client_port));
		eve_set(out, "dest_port", json_integer(flow->server_port));
	}
	return out;
}

/* Text of event with its line end. -EMSGSIZE when that is too long, -ENOMEM. */
int eve_print(json_t *event, char **line, size_t *len)
{
	AUTO_FREE char *text = NULL;
	size_t n = json_dumpb(event, NULL, 0, JSON_COMPACT);

	if (!n)
		return -ENOMEM;
	if (n + 1 > EVE_LINE_MAX)
		return -EMSGSIZE;
	text = malloc(n + 2);
	if (!text || json_dumpb(event, text, n, JSON_COMPACT) != n)
		return -ENOMEM;
	text[n] = '\n';
	text[n + 1] = '\0';
	*len = n + 1;
	*line = TAKE_PTR(text);
	return 0;
}

json_t *eve_begin(const char *type, uint64_t wall_us, const struct flow *flow,
		  const struct eve_origin *origin, uint64_t number)
{
	json_t *event = json_object();
	char text[40];

	if (!event)
		return NULL;
	eve_set(event, "timestamp", json_string(eve_time(wall_us, text)));
	if (flow)
		eve_set(event, "flow_id", json_integer((json_int_t)(flow->id & INT64_MAX)));
	if (origin->in_iface)
		eve_set(event, "in_iface", eve_text_of(origin->in_iface));
	if (origin->capture_file && number)
		eve_set(event, "pcap_cnt", json_integer((json_int_t)number));
	eve_set(event, "event_type", json_string(type));
	return event;
}

void eve_flow_ends(json_t *event, const struct flow *flow, const struct eve_origin *origin)
{
	char text[48];

	eve_set(event, "src_ip", json_string(eve_address(&flow->client, text)));
	if (eve_has_ports(flow->proto))
		eve_set(event, "src_port", json_integer(flow->client_port));
	eve_set(event, "dest_ip", json_string(eve_address(&flow->server, text)));
	if (eve_has_ports(flow->proto))
		eve_set(event, "dest_port", json_integer(flow->server_port));
	eve_set(event, "proto", eve_proto(flow->proto));
	eve_set(event, "ip_v",
		json_integer(IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)&flow->client) ? 4 : 6));
	eve_set(event, "pkt_src", json_string(origin->capture_file ? "wire/pcap" : "wire"));
	eve_set(event, "app_proto", json_string(eve_app_names[flow->app]));
	eve_community_id(flow, text);
	eve_set(event, "community_id", json_string(text));
}
