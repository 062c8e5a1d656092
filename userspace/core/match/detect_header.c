// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * detect_header.c - everything of a rule that is not about content.
 */
#include <linux/in.h>
#include <linux/in6.h>
#include <string.h>

#include "detect_run.h"
#include "core/rule/reputation.h"
#include "core/flow/stream.h"

static bool header_protocol(const struct detect_run *run, const struct rule *rule)
{
	uint8_t protocol = run->stage == STAGE_PACKET || !run->flow ? run->packet->proto : run->flow->proto;

	if (rule->ip_version && rule->ip_version != run->packet->ip_version)
		return false;
	if (!rule->protocol || rule->protocol == protocol)
		return true;
	return rule->protocol_any_icmp && protocol == IPPROTO_ICMPV6;
}

static bool header_endpoints(const struct detect_run *run, const struct rule *rule)
{
	/* "=>" goes from client to server, whichever speaks. */
	if (rule->whole_tx && run->dir == TO_CLIENT)
		return range_set_has(rule->src, run->dst_value) && range_set_has(rule->dst, run->src_value) &&
		       range_set_has(rule->sport, run->dport) && range_set_has(rule->dport, run->sport);
	if (range_set_has(rule->src, run->src_value) && range_set_has(rule->dst, run->dst_value) &&
	    range_set_has(rule->sport, run->sport) && range_set_has(rule->dport, run->dport))
		return true;
	return rule->both_ways && range_set_has(rule->src, run->dst_value) &&
	       range_set_has(rule->dst, run->src_value) && range_set_has(rule->sport, run->dport) &&
	       range_set_has(rule->dport, run->sport);
}

/*
 * Datagrams have no handshake: an answer establishes. The segment that ends a handshake is not yet part of
 * what it establishes, unless none was seen: then a flow is taken for what it looks like.
 */
static bool header_established(const struct detect_run *run)
{
	const struct flow *flow = run->flow;

	if (flow->proto != IPPROTO_TCP)
		return flow->established || flow->both_directions;
	if (run->stage != STAGE_PACKET || !flow->stream || stream_midstream(flow->stream))
		return flow->established;
	return flow->established && flow->established_before;
}

static bool header_flow(const struct detect_run *run, const struct rule *rule)
{
	const struct flow *flow = run->flow;
	bool established = flow && header_established(run);

	if (!(rule->directions & 1 << run->dir))
		return false;
	if (rule->flow & (FLOW_TO_SERVER | FLOW_TO_CLIENT) && !flow)
		return false;
	if (rule->flow & FLOW_ESTABLISHED && !established)
		return false;
	if (rule->flow & FLOW_NOT_ESTABLISHED && (!flow || established))
		return false;
	if (rule->flow & FLOW_NO_FRAG && run->packet->fragment)
		return false;
	if (rule->flow & FLOW_ONLY_FRAG && !run->packet->fragment)
		return false;
	if (rule->app_required &&
	    (!flow || (rule->app != run->app && !(run->tx && run->tx->proto == rule->app))))
		return false;
	return true;
}

static bool test_flag_bits(const struct rule_test *test, uint8_t bits)
{
	uint8_t wanted = (uint8_t)test->range.low;
	bool fits;

	bits &= (uint8_t)~test->ignored;
	if (test->mode == '+')
		fits = (bits & wanted) == wanted;
	else if (test->mode == '*')
		fits = (bits & wanted) != 0;
	else
		fits = bits == wanted;
	return fits != test->negated;
}

static uint8_t test_fragment_bits(const struct packet *packet)
{
	const uint8_t *ip = packet->ip_header.data;

	if (packet->ip_version != 4 || packet->ip_header.len < 20)
		return 0;
	return (uint8_t)((ip[6] & 0x20 ? 1 : 0) | (ip[6] & 0x40 ? 2 : 0) | (ip[6] & 0x80 ? 4 : 0));
}

static bool test_ip_option(const struct packet *packet, uint64_t option)
{
	const uint8_t *ip = packet->ip_header.data;

	if (packet->ip_version != 4 || packet->ip_header.len < 20)
		return false;
	for (uint32_t i = 20; i < packet->ip_header.len;) {
		if (option == 256 || ip[i] == option)
			return true;
		if (ip[i] == 0)
			return false;
		if (ip[i] == 1) {
			i++;
			continue;
		}
		if (packet->ip_header.len - i < 2 || ip[i + 1] < 2)
			return false;
		i += ip[i + 1];
	}
	return false;
}

static bool test_stream_size(const struct detect_run *run, const struct rule_test *test)
{
	const struct detect_flow_state *state = run->flow ? run->flow->detect : NULL;
	uint64_t client, server;
	bool fits_client, fits_server;

	if (!run->flow || run->packet->proto != IPPROTO_TCP)
		return false;
	/* The handshake's SYN counts as one, as in sequence numbers. */
	client = 1 + (state ? state->stream_size[TO_SERVER] : 0);
	server = 1 + (state ? state->stream_size[TO_CLIENT] : 0);
	fits_client = match_range(&test->range, client);
	fits_server = match_range(&test->range, server);
	switch (test->mode) {
	case 'c':
		return fits_client;
	case 's':
		return fits_server;
	case 'b':
		return fits_client && fits_server;
	default:
		return fits_client || fits_server;
	}
}

static bool test_icmp(const struct packet *packet)
{
	return !packet->fragment && (packet->proto == IPPROTO_ICMP || packet->proto == IPPROTO_ICMPV6);
}

/* Only echo and its kin have these fields. */
static bool test_icmp_echo(const struct packet *packet)
{
	static const uint8_t types[] = {0, 8, 13, 14, 15, 16, 17, 18};

	if (!test_icmp(packet))
		return false;
	if (packet->proto == IPPROTO_ICMPV6)
		return packet->icmp_type == 128 || packet->icmp_type == 129;
	return memchr(types, packet->icmp_type, sizeof(types)) != NULL;
}

static bool test_tcp(const struct packet *packet)
{
	return !packet->fragment && packet->proto == IPPROTO_TCP;
}

static bool test_reputation(const struct detect_run *run, const struct rule_test *test)
{
	const struct reputation *reputation = run->detect->set->reputation;
	int src = test->mode == 'd' ? -1 : reputation_score(reputation, test->ignored, run->src);
	int dst = test->mode == 's' ? -1 : reputation_score(reputation, test->ignored, run->dst);
	bool fits_src = src >= 0 && match_range(&test->range, (uint64_t)src);
	bool fits_dst = dst >= 0 && match_range(&test->range, (uint64_t)dst);
	bool fits = test->mode == 'b' ? fits_src && fits_dst : fits_src || fits_dst;

	return fits != test->negated;
}

static struct span test_address(const struct detect_run *run, const struct rule_test *test)
{
	const struct seki_addr *addr = test->mode == 's' ? run->src : run->dst;

	return (struct span){addr->b, sizeof(addr->b)};
}

void detect_data_change(const struct detect_run *run, const struct rule *rule)
{
	for (unsigned int i = 0; i < rule->test_count; i++) {
		const struct rule_test *test = &rule->tests[i];

		if (test->kind == TEST_DATASET)
			(void)match_data(&test->data, test_address(run, test), true);
	}
}

/* Value of a TCP option of `bytes` bytes behind kind and length (RFC 9293 section 3.1). false: not there. */
static bool test_tcp_option(const struct packet *packet, uint8_t kind, unsigned int bytes, uint64_t *value)
{
	const struct span head = packet->l4_header;

	if (!test_tcp(packet))
		return false;
	for (uint32_t i = 20; i < head.len && head.data[i];) {
		if (head.data[i] == 1) {
			i++;
			continue;
		}
		if (head.len - i < 2 || head.data[i + 1] < 2 || head.data[i + 1] > head.len - i)
			return false;
		if (head.data[i] == kind && head.data[i + 1] == 2 + bytes) {
			*value = 0;
			for (unsigned int j = 0; j < bytes; j++)
				*value = *value << 8 | head.data[i + 2 + j];
			return true;
		}
		i += head.data[i + 1];
	}
	return false;
}

/* test->mode: 'n' any layer, 'l' all layers, else the layer in ignored, outermost 0. */
static bool test_vlan(const struct packet *packet, const struct rule_test *test)
{
	unsigned int fits = 0;

	for (unsigned int i = 0; i < packet->vlan_count; i++) {
		bool one = match_range(&test->range, packet->vlan[i] & 0xfff);

		if (test->mode == 'i' && test->ignored == i)
			return one;
		if (test->mode == 'r' && test->ignored == packet->vlan_count - 1 - i)
			return one;
		fits += one;
	}
	return test->mode == 'n' ? fits > 0 : test->mode == 'l' && fits && fits == packet->vlan_count;
}

static bool test_checksum(const struct packet *packet, const struct rule_test *test)
{
	if (packet->ip_version != (test->mode == '4' ? 4 : 6) ||
	    (test->range.low && packet->proto != test->range.low))
		return false;
	return (test->range.low ? packet->l4_checksum_bad : packet->ip_checksum_bad) == test->negated;
}

static bool test_flow_count(const uint64_t counts[2], const struct rule_test *test)
{
	bool server = match_range(&test->range, counts[TO_SERVER]);
	bool client = match_range(&test->range, counts[TO_CLIENT]);

	return test->mode == 's' ? server : test->mode == 'c' ? client : server || client;
}

/* The protocol of the flow, or what one direction's first bytes are; what nobody knows yet is no other one,
 * either. */
static bool test_app(const struct detect_run *run, const struct rule_test *test)
{
	const uint8_t *shown = run->flow->side_app;
	uint64_t app = test->range.low;

	switch (test->mode) {
	case 'e':
		return test->negated
			       ? shown[0] != app && shown[1] != app && (shown[0] || shown[1] || run->app)
			       : shown[0] == app || shown[1] == app || run->app == app;
	case 's':
	case 'c':
	case 'd':
		shown += test->mode == 'd' ? run->dir : test->mode == 'c' ? TO_CLIENT : TO_SERVER;
		return (*shown == app) != test->negated && (!test->negated || *shown != APP_UNKNOWN);
	default:
		return (run->app == app) != test->negated && (!test->negated || run->app != APP_UNKNOWN);
	}
}

/* Fields that only some packets or flows have. */
static bool header_test_rare(const struct detect_run *run, const struct rule_test *test)
{
	const struct packet *packet = run->packet;
	const struct span l4 = packet->l4_header;
	const struct flow *flow = run->flow;
	uint64_t value;

	switch (test->kind) {
	case TEST_TCP_MSS:
		return test_tcp_option(packet, 2, 2, &value) && match_range(&test->range, value);
	case TEST_TCP_WSCALE:
		return test_tcp_option(packet, 3, 1, &value) && match_range(&test->range, value);
	case TEST_ICMPV6_MTU: /* of "packet too big", RFC 4443 section 3.2 */
		if (!test_icmp(packet) || packet->proto != IPPROTO_ICMPV6 || packet->icmp_type != 2 ||
		    l4.len < 8)
			return false;
		value = (uint64_t)l4.data[4] << 24 | (uint64_t)l4.data[5] << 16 | (uint64_t)l4.data[6] << 8 |
			l4.data[7];
		return match_range(&test->range, value);
	case TEST_VLAN_LAYERS:
		return match_range(&test->range, packet->vlan_count);
	case TEST_VLAN_ID:
		return test_vlan(packet, test);
	case TEST_CHECKSUM:
		return test_checksum(packet, test);
	case TEST_FLOW_AGE:
		return flow && match_range(&test->range, (packet->time_us - flow->first_us) / 1000000);
	case TEST_FLOW_PKTS:
		return flow && test_flow_count(flow->pkts, test);
	case TEST_FLOW_BYTES:
		return flow && test_flow_count(flow->bytes, test);
	}
	return false;
}

static bool header_test(const struct detect_run *run, const struct rule_test *test)
{
	const struct packet *packet = run->packet;
	const struct rule_range *range = &test->range;

	switch ((enum rule_test_kind)test->kind) {
	case TEST_DSIZE:
		return !packet->fragment && match_range(range, packet->payload.len);
	case TEST_TTL:
		return packet->ip_version && match_range(range, packet->ttl);
	case TEST_TOS:
		return packet->ip_version == 4 && match_range(range, packet->tos);
	case TEST_ID:
		return packet->ip_version == 4 && match_range(range, packet->ip_id);
	case TEST_IP_PROTO:
		return packet->ip_version && match_range(range, packet->proto);
	case TEST_ITYPE:
		return test_icmp(packet) && match_range(range, packet->icmp_type);
	case TEST_ICODE:
		return test_icmp(packet) && match_range(range, packet->icmp_code);
	case TEST_ICMP_ID:
		return test_icmp_echo(packet) && match_range(range, packet->icmp_id);
	case TEST_ICMP_SEQ:
		return test_icmp_echo(packet) && match_range(range, packet->icmp_seq);
	case TEST_SEQ:
		return test_tcp(packet) && match_range(range, packet->seq);
	case TEST_ACK:
		return test_tcp(packet) && match_range(range, packet->ack);
	case TEST_WINDOW:
		return test_tcp(packet) && match_range(range, packet->window);
	case TEST_FLAGS:
		return test_tcp(packet) && test_flag_bits(test, packet->tcp_flags);
	case TEST_FRAGBITS:
		return packet->ip_version == 4 && test_flag_bits(test, test_fragment_bits(packet));
	case TEST_FRAGOFFSET:
		return packet->ip_version && match_range(range, packet->fragment_offset / 8);
	case TEST_SAMEIP:
		return packet->ip_version && !memcmp(&packet->src, &packet->dst, sizeof(packet->src));
	case TEST_IPOPTS:
		return test_ip_option(packet, range->low);
	case TEST_STREAM_SIZE:
		return test_stream_size(run, test);
	case TEST_APP_ANY:
		return (run->tx && range->low >> run->tx->proto & 1) ||
		       (run->flow && range->low >> run->flow->app & 1);
	case TEST_IPREP:
		return test_reputation(run, test);
	case TEST_DATASET:
		return match_data(&test->data, test_address(run, test), false);
	case TEST_EVENT:
		/* Those of transactions may still come: tx_judge() asks for them. */
		return run->stage == STAGE_TX ||
		       event_list_has(&packet->events, (enum app_event)range->low) ||
		       (run->flow && event_list_has(&run->flow->events, (enum app_event)range->low));
	case TEST_APP:
		return run->flow && test_app(run, test);
	default:
		return header_test_rare(run, test);
	}
}

bool detect_endpoints(const struct detect_run *run, const struct rule *rule)
{
	return header_protocol(run, rule) && header_flow(run, rule) && header_endpoints(run, rule);
}

static struct span header_span(const struct packet *packet, uint8_t buffer)
{
	static const struct {
		uint8_t buffer, version, proto; /* 0: any */
	} rows[] = {
		{BUFFER_IPV4_HDR, 4, 0},
		{BUFFER_IPV6_HDR, 6, 0},
		{BUFFER_TCP_HDR, 0, IPPROTO_TCP},
		{BUFFER_UDP_HDR, 0, IPPROTO_UDP},
		{BUFFER_ICMPV4_HDR, 4, IPPROTO_ICMP},
		{BUFFER_ICMPV6_HDR, 6, IPPROTO_ICMPV6},
	};
	static const struct span none;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (rows[i].buffer != buffer)
			continue;
		if (rows[i].version && rows[i].version != packet->ip_version)
			return none;
		if (!rows[i].proto)
			return packet->ip_header;
		return packet->proto == rows[i].proto && !packet->fragment ? packet->l4_header : none;
	}
	return none;
}

/* Contents over the packet's headers. */
static bool header_lists(const struct detect_run *run, const struct rule *rule)
{
	uint64_t variables[RULE_VARIABLES_MAX] = {0};

	for (unsigned int i = 0; i < rule->header_count; i++) {
		const struct rule_list *list = &rule->headers[i];
		struct span span = header_span(run->packet, list->view.buffer);

		if (!span.len || !match_list(run->detect->room, list, span, 0, variables))
			return false;
	}
	return true;
}

bool detect_tests(const struct detect_run *run, const struct rule *rule)
{
	for (unsigned int i = 0; i < rule->test_count; i++) {
		if (!header_test(run, &rule->tests[i]))
			return false;
	}
	return header_lists(run, rule);
}

bool detect_header(const struct detect_run *run, const struct rule *rule)
{
	return detect_endpoints(run, rule) && detect_tests(run, rule);
}

void xbit_key(const struct detect_run *run, const struct rule_state *state, struct tracker_key *key)
{
	*key = (struct tracker_key){.kind = TRACKER_XBIT, .number = state->value};
	if (state->track == TRACK_SRC) {
		key->first = *run->src;
	} else if (state->track == TRACK_DST) {
		key->first = *run->dst;
	} else {
		bool ordered = memcmp(run->src, run->dst, sizeof(*run->src)) < 0;

		key->first = ordered ? *run->src : *run->dst;
		key->second = ordered ? *run->dst : *run->src;
	}
	/* A mark on an address is the same whichever end it was, a mark on a pair is another. */
	key->flow = state->track == TRACK_BOTH;
}

static bool state_holds(const struct detect_run *run, const struct rule_state *state)
{
	const struct detect_flow_state *flow = run->flow ? run->flow->detect : NULL;
	bool set = false;

	if (state->value_named && !flowint_is_set(flow, state->other))
		return false;
	if (state->action == STATE_COMPARE) {
		struct rule_range range = {.op = state->op, .low = flowint_operand(flow, state)};

		return flowint_is_set(flow, state->names[0]) &&
		       match_range(&range, flowint_value(flow, state->names[0]));
	}
	if (state->action != STATE_ISSET && state->action != STATE_ISNOTSET)
		return true;
	if (state->kind == STATE_XBIT && state->track == TRACK_TX)
		return run->tx && txbit_is_set(run->tx->detect, state->names[0]);
	if (state->kind == STATE_XBIT) {
		struct tracker_key key;

		xbit_key(run, state, &key);
		set = tracker_is_set(run->detect->tracker, &key, run->packet->time_us);
		return set == (state->action == STATE_ISSET);
	}
	if (!run->flow)
		return false;
	for (unsigned int i = 0; i < state->count; i++) {
		set = state->kind == STATE_FLOWBIT ? flowbit_is_set(flow, state->names[i])
						   : flowint_is_set(flow, state->names[i]);
		/* "isset,a|b" is any of them set, "isnotset,a|b" any of them not. */
		if (set == (state->action == STATE_ISSET))
			return true;
	}
	return false;
}

bool detect_states(const struct detect_run *run, const struct rule *rule)
{
	for (unsigned int i = 0; i < rule->state_count; i++) {
		if (!state_holds(run, &rule->states[i]))
			return false;
	}
	return true;
}
