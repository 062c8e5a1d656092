// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rule_finish.c - checks that the parts of a rule fit together, groups them
 * by buffer and chooses stage, direction and fast pattern.
 */
#include <ctype.h>
#include <errno.h>
#include <linux/in.h>
#include <string.h>

#include "rule_finish.h"

/* What is not changed any more is the same for all rules and sets that have it. NULL: out of memory. */
static const void *finish_share(struct rule_parser *parser, const void *data, size_t size)
{
	return text_pool_get(parser->context->texts, data, size);
}

static int finish_content(struct rule_parser *parser, struct rule_node *node)
{
	struct node_content *content = &node->content;

	if (node->relative && (content->has_offset || content->has_depth || content->startswith))
		return rule_refuse(parser, "a content is both relative and at a fixed place");
	if (content->startswith && (content->has_offset || content->has_depth))
		return rule_refuse(parser, "startswith with offset or depth");
	if (content->startswith) {
		content->has_offset = content->has_depth = true;
		content->offset = (struct rule_number){0, -1};
		content->depth = (struct rule_number){content->len, -1};
	}
	if (content->nocase) {
		uint8_t *folded = arena_copy(parser->context->scratch, content->data, content->len);

		if (!folded)
			return -ENOMEM;
		for (unsigned int i = 0; i < content->len; i++)
			folded[i] = (uint8_t)tolower(folded[i]);
		content->data = folded;
	}
	content->data = finish_share(parser, content->data, content->len);
	return content->data ? 0 : -ENOMEM;
}

/* Marks the match before nodes[i] whose other occurrences may help a relative node. */
static void finish_relative(struct rule_node *nodes, unsigned int i)
{
	while (i-- > 0) {
		bool matcher = nodes[i].kind == NODE_CONTENT || nodes[i].kind == NODE_PCRE;
		bool mover = nodes[i].kind >= NODE_BYTE_JUMP && nodes[i].kind <= NODE_BYTE_MATH;

		if (matcher && !nodes[i].negated) {
			nodes[i].relative_next = true;
			return;
		}
		if (mover && !nodes[i].relative)
			return;
	}
}

static bool finish_needs_final(const struct rule_node *node)
{
	switch (node->kind) {
	case NODE_CONTENT:
		return node->negated || node->content.endswith;
	case NODE_PCRE:
	case NODE_ISDATAAT:
		return node->negated;
	case NODE_SIZE:
	case NODE_ABSENT:
	case NODE_DATASET:
		return true;
	case NODE_BYTE_JUMP:
		return node->bytes.from_end;
	}
	return false;
}

/* Nodes to lists, each in the order of the rule. Lists without nodes (before a transform) vanish. */
static int finish_lists(struct rule_parser *parser)
{
	struct rule *rule = parser->rule;
	unsigned int kept = 0;

	rule->lists = arena_alloc(parser->context->scratch, parser->list_count * sizeof(*rule->lists));
	if (!rule->lists)
		return -ENOMEM;
	for (unsigned int i = 0; i < parser->list_count; i++) {
		struct rule_list *list = &rule->lists[kept];
		unsigned int count = 0;

		for (unsigned int j = 0; j < parser->node_count; j++)
			count += parser->nodes[j].list == i;
		if (!count)
			continue;
		*list = parser->lists[i];
		list->nodes = arena_alloc(parser->context->scratch, count * sizeof(*list->nodes));
		if (!list->nodes)
			return -ENOMEM;
		for (unsigned int j = 0; j < parser->node_count; j++) {
			struct rule_node *node = &parser->nodes[j];
			int err = 0;

			if (node->list != i)
				continue;
			if (node->kind == NODE_CONTENT)
				err = finish_content(parser, node);
			if (err)
				return err;
			list->needs_final |= finish_needs_final(node);
			list->nodes[list->node_count++] = *node;
			if (node->relative)
				finish_relative(list->nodes, list->node_count - 1u);
		}
		kept++;
	}
	rule->list_count = (uint8_t)kept;
	return 0;
}

/* Takes the list of base64_data out of the others and hangs it on the node that decodes. */
static int finish_decoded(struct rule_parser *parser)
{
	struct rule *rule = parser->rule;
	struct rule_node *decoder = NULL;
	struct rule_list *from = NULL, *moved = NULL;

	for (unsigned int i = 0; i < rule->list_count; i++) {
		if (rule->lists[i].view.buffer == BUFFER_BASE64_DATA) {
			if (moved || rule->lists[i].view.transform_count)
				return rule_refuse(parser, "base64_data twice or with a transform");
			moved = &rule->lists[i];
		}
		for (unsigned int j = 0; j < rule->lists[i].node_count; j++) {
			if (rule->lists[i].nodes[j].kind != NODE_BASE64)
				continue;
			decoder = &rule->lists[i].nodes[j];
			from = &rule->lists[i];
		}
	}
	if (!moved)
		return 0;
	if (!decoder)
		return rule_refuse(parser, "base64_data without base64_decode");
	rule->decoded = arena_copy(parser->context->arena, moved, sizeof(*moved));
	if (!rule->decoded)
		return -ENOMEM;
	decoder->base64.inner = rule->decoded;
	from->needs_final |= moved->needs_final;
	memmove(moved, moved + 1, (size_t)(&rule->lists[rule->list_count] - (moved + 1)) * sizeof(*moved));
	rule->list_count--;
	return 0;
}

/* Takes the lists over headers out of the others: they are tests of the packet. */
static int finish_headers(struct rule_parser *parser)
{
	struct rule *rule = parser->rule;
	unsigned int kept = 0, count = 0;

	for (unsigned int i = 0; i < rule->list_count; i++)
		count += buffer_is_header(rule->lists[i].view.buffer);
	if (!count)
		return 0;
	rule->headers = arena_alloc(parser->context->arena, count * sizeof(*rule->headers));
	if (!rule->headers)
		return -ENOMEM;
	for (unsigned int i = 0; i < rule->list_count; i++) {
		if (!buffer_is_header(rule->lists[i].view.buffer)) {
			rule->lists[kept++] = rule->lists[i];
			continue;
		}
		if (rule->lists[i].view.transform_count)
			return rule_refuse(parser, "headers of packets are not transformed");
		rule->headers[rule->header_count++] = rule->lists[i];
	}
	rule->list_count = (uint8_t)kept;
	rule->needs_packet = true;
	return 0;
}

static int finish_buffers(struct rule_parser *parser, bool *payload, bool *tx)
{
	struct rule *rule = parser->rule;

	rule->directions = rule->flow & FLOW_TO_SERVER	 ? 1 << TO_SERVER
			   : rule->flow & FLOW_TO_CLIENT ? 1 << TO_CLIENT
							 : 1 << TO_SERVER | 1 << TO_CLIENT;
	for (unsigned int i = 0; i < rule->list_count; i++) {
		const struct buffer_info *info = &buffer_infos[rule->lists[i].view.buffer];

		if (rule->lists[i].view.buffer == BUFFER_PAYLOAD) {
			*payload = true;
			continue;
		}
		*tx = true;
		if (rule->whole_tx && rule->lists[i].direction == LIST_ANY_DIRECTION)
			return rule_refuse(
				parser, "=> with a buffer of either direction (say to_server or to_client)");
		if (!rule->whole_tx && rule->lists[i].direction != LIST_ANY_DIRECTION)
			rule->directions &= (uint8_t)(1 << rule->lists[i].direction);
		if (info->proto == APP_UNKNOWN)
			continue;
		if (rule->app != APP_UNKNOWN && rule->app != info->proto)
			return rule_refuse(parser, "a buffer of another protocol");
		rule->app = info->proto;
		rule->app_required = true;
	}
	if (!rule->directions)
		return rule_refuse(parser, "buffers or flow of both directions in one rule");
	return 0;
}

static bool finish_fixed_place(const struct rule *rule)
{
	for (unsigned int i = 0; i < rule->list_count; i++) {
		for (unsigned int j = 0; j < rule->lists[i].node_count; j++) {
			const struct rule_node *node = &rule->lists[i].nodes[j];

			if (node->kind == NODE_CONTENT &&
			    (node->content.has_offset || node->content.has_depth))
				return true;
		}
	}
	return false;
}

static bool finish_ip_only(const struct rule *rule)
{
	for (unsigned int i = 0; i < rule->test_count; i++) {
		if (rule->tests[i].kind != TEST_IP_PROTO && rule->tests[i].kind != TEST_SAMEIP &&
		    rule->tests[i].kind != TEST_IPREP)
			return false;
	}
	/* What reads a flow's state is asked again with each packet. */
	for (unsigned int i = 0; i < rule->state_count; i++) {
		uint8_t action = rule->states[i].action;

		if (rule->states[i].kind != STATE_XBIT &&
		    (action == STATE_ISSET || action == STATE_ISNOTSET || action == STATE_COMPARE))
			return false;
	}
	return !rule->flow && rule->sport->all && rule->dport->all && !rule->app_required &&
	       !rule->needs_packet;
}

/*
 * TCP data is looked at as a stream. Contents at a fixed place are looked at
 * in packets too: the writer may have meant the segment. Datagrams of an application protocol are
 * transactions.
 */
static int finish_stages(struct rule_parser *parser, bool payload, bool tx)
{
	struct rule *rule = parser->rule;
	bool packet = rule->packet_only || rule->needs_packet || rule->flow & FLOW_NO_STREAM;
	bool stream = rule->stream_only || rule->flow & FLOW_ONLY_STREAM;

	if (rule->whole_tx && (!tx || payload || packet || rule->flow & (FLOW_TO_SERVER | FLOW_TO_CLIENT)))
		return rule_refuse(parser, "=> is for application buffers, and for both directions");
	if (packet && stream)
		return rule_refuse(parser, "asks for packets only and for the stream only");
	if (rule->event_packet && !tx) {
		rule->stages = STAGE_PACKET;
		rule->tcp_packets = true;
		return 0;
	}
	if (tx) {
		if (rule->packet_only || rule->flow & FLOW_NO_STREAM)
			return rule_refuse(parser, "asks for packets only and for application buffers");
		if (rule->protocol && rule->protocol != IPPROTO_TCP && rule->protocol != IPPROTO_UDP)
			return rule_refuse(parser, "application buffers with a protocol that has none");
		rule->stages = STAGE_TX;
	} else if (!payload) {
		rule->stages = STAGE_PACKET;
		rule->tcp_packets = true;
		rule->ip_only = finish_ip_only(rule);
	} else if (rule->app_required && packet) {
		rule->stages = STAGE_PACKET;
		rule->tcp_packets = true;
	} else if (rule->app_required) {
		rule->stages = STAGE_STREAM | STAGE_TX;
	} else if (rule->protocol == IPPROTO_TCP || !rule->protocol) {
		rule->tcp_packets = !stream && (packet || finish_fixed_place(rule));
		rule->stages = (packet ? 0 : STAGE_STREAM) |
			       (rule->tcp_packets || (!rule->protocol && !stream) ? STAGE_PACKET : 0);
	} else {
		rule->stages = STAGE_PACKET;
	}
	return 0;
}

/* How rarely a content is likely to be seen; more is better. */
static unsigned int finish_strength(const struct rule_view *view, const struct node_content *content)
{
	static const uint8_t common[] = {BUFFER_HTTP_METHOD,	 BUFFER_HTTP_PROTOCOL,
					 BUFFER_HTTP_STAT_CODE,	 BUFFER_HTTP_STAT_MSG,
					 BUFFER_HTTP_CONNECTION, BUFFER_HTTP_ACCEPT,
					 BUFFER_HTTP_ACCEPT_ENC, BUFFER_HTTP_ACCEPT_LANG};
	bool seen[256] = {false};
	unsigned int strength = 0, len = content->len < 32 ? content->len : 32;

	for (unsigned int i = 0; i < len; i++) {
		uint8_t byte = content->data[i];
		unsigned int fresh = isalpha(byte)					      ? 3
				     : isprint(byte) || byte == 0 || byte == 1 || byte == 255 ? 4
											      : 6;

		strength += seen[byte] ? 1 : fresh;
		seen[byte] = true;
	}
	for (size_t i = 0; i < sizeof(common); i++) {
		if (view->buffer == common[i])
			strength /= 4;
	}
	return strength + 1 + (view->buffer != BUFFER_PAYLOAD ? 8 : 0);
}

/* The literal compiler takes a leading NUL for an empty text: such patterns begin behind it, if anything is
 * left. */
static void finish_chop(struct node_content *content)
{
	if (!content->chop_len)
		content->chop_len = content->len - content->chop_offset;
	while (content->chop_len && !content->data[content->chop_offset]) {
		content->chop_offset++;
		content->chop_len--;
	}
}

static void finish_fast_pattern(struct rule *rule)
{
	unsigned int best = 0;

	for (unsigned int i = 0; i < rule->list_count; i++) {
		for (unsigned int j = 0; j < rule->lists[i].node_count; j++) {
			struct rule_node *node = &rule->lists[i].nodes[j];
			unsigned int strength;

			if (node->kind != NODE_CONTENT || node->negated)
				continue;
			finish_chop(&node->content);
			if (!node->content.chop_len)
				continue;
			/* Transactions are found by their own buffers: the payload is only there at times. */
			if (rule->stages == STAGE_TX && rule->lists[i].view.buffer == BUFFER_PAYLOAD)
				continue;
			/* "absent: or_else" may match without any content of its list. */
			if (rule->lists[i].nodes[0].kind == NODE_ABSENT)
				continue;
			strength = finish_strength(&rule->lists[i].view, &node->content);
			if (node->content.fast)
				strength += 100000;
			if (strength > best) {
				best = strength;
				rule->fast_list = (int16_t)i;
				rule->fast_node = (int16_t)j;
			}
		}
	}
}

static int keep_nodes(struct rule_parser *parser, struct rule_list *list)
{
	list->nodes = (struct rule_node *)finish_share(parser, list->nodes,
						       list->node_count * sizeof(*list->nodes));
	return list->nodes ? 0 : -ENOMEM;
}

/* The finished lists, which were scratch so far. Only the lists themselves are the rule's own: its set
 * numbers their views. */
static int finish_keep(struct rule_parser *parser)
{
	struct rule *rule = parser->rule;
	int err = rule->decoded ? keep_nodes(parser, rule->decoded) : 0;

	for (unsigned int i = 0; i < rule->list_count && !err; i++)
		err = keep_nodes(parser, &rule->lists[i]);
	for (unsigned int i = 0; i < rule->header_count && !err; i++)
		err = keep_nodes(parser, &rule->headers[i]);
	if (err)
		return err;
	rule->lists =
		arena_copy(parser->context->arena, rule->lists, rule->list_count * sizeof(*rule->lists));
	return rule->lists ? 0 : -ENOMEM;
}

int rule_finish(struct rule_parser *parser)
{
	struct arena *arena = parser->context->arena;
	struct rule *rule = parser->rule;
	bool payload = false, tx = false;
	int err;

	if (parser->list_fresh)
		return rule_refuse(parser, "nothing is looked for in its last buffer");
	err = finish_lists(parser);
	if (!err)
		err = finish_decoded(parser);
	if (!err)
		err = finish_headers(parser);
	if (!err)
		err = finish_buffers(parser, &payload, &tx);
	if (err)
		return err;
	rule->test_count = (uint8_t)parser->test_count;
	rule->state_count = (uint8_t)parser->state_count;
	rule->variable_count = (uint8_t)parser->variable_count;
	rule->info.metadata_count = parser->metadata_count;
	rule->info.reference_count = parser->reference_count;
	rule->tests = arena_copy(arena, parser->tests, parser->test_count * sizeof(*rule->tests));
	rule->states = arena_copy(arena, parser->states, parser->state_count * sizeof(*rule->states));
	rule->info.metadata = finish_share(parser, parser->metadata, parser->metadata_count * sizeof(char *));
	rule->info.references =
		finish_share(parser, parser->references, parser->reference_count * sizeof(char *));
	rule->info.addresses =
		finish_share(parser, parser->addresses, parser->reference_count * sizeof(char *));
	if (!rule->info.addresses || !rule->tests || !rule->states || !rule->info.metadata ||
	    !rule->info.references)
		return -ENOMEM;
	err = finish_stages(parser, payload, tx);
	for (unsigned int i = 0; !err && i < rule->state_count; i++)
		if (rule->states[i].kind == STATE_XBIT && rule->states[i].track == TRACK_TX &&
		    rule->stages != STAGE_TX)
			err = rule_refuse(
				parser, "a mark on a transaction, and the rule looks at none of its buffers");
	if (err)
		return err;
	finish_fast_pattern(rule);
	return finish_keep(parser);
}
