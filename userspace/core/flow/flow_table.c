// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * flow_table.c - chained hash over the flow key plus one list by last use.
 */
#include "flow_table.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#define ICMP_ECHO_REPLY_	0
#define ICMP_ECHO_REQUEST_	8
#define ICMP6_ECHO_REQUEST_TYPE 128
#define ICMP6_ECHO_REPLY_TYPE	129

struct flow_table {
	struct flow_table_options options;
	struct flow_entry **buckets;
	uint32_t mask, count;
	uint64_t memory, given_up, given_up_memory;
	struct flow_entry *oldest, *newest;
};

int flow_table_new(const struct flow_table_options *options, struct flow_table **out)
{
	AUTO_FREE struct flow_table *table = NULL;
	uint32_t buckets = 64;

	if (options->flow_max < 2 || options->flow_max > 1u << 24 ||
	    options->entry_size < sizeof(struct flow_entry))
		return -EINVAL;
	table = calloc(1, sizeof(*table));
	if (!table)
		return -ENOMEM;
	while (buckets < options->flow_max)
		buckets *= 2;
	table->buckets = calloc(buckets, sizeof(*table->buckets));
	if (!table->buckets)
		return -ENOMEM;
	table->options = *options;
	table->mask = buckets - 1;
	*out = TAKE_PTR(table);
	return 0;
}

static uint64_t key_hash(const struct seki_flow_key *key, uint64_t seed)
{
	uint64_t words[sizeof(*key) / 8], hash = seed ^ 0x2545f4914f6cdd1du;

	_Static_assert(sizeof(*key) % 8 == 0, "hashed in words");
	memcpy(words, key, sizeof(words));
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		hash = (hash ^ words[i]) * 0x9fb21c651e98df25u;
		hash ^= hash >> 32 ^ seed >> 7;
	}
	return hash * 0x9fb21c651e98df25u >> 24;
}

static struct flow_entry **bucket_of(const struct flow_table *table, const struct seki_flow_key *key)
{
	return &table->buckets[key_hash(key, table->options.seed) & table->mask];
}

static void list_unlink(struct flow_table *table, struct flow_entry *entry)
{
	if (entry->older)
		entry->older->newer = entry->newer;
	else
		table->oldest = entry->newer;
	if (entry->newer)
		entry->newer->older = entry->older;
	else
		table->newest = entry->older;
}

static void list_append(struct flow_table *table, struct flow_entry *entry)
{
	entry->older = table->newest;
	entry->newer = NULL;
	if (table->newest)
		table->newest->newer = entry;
	else
		table->oldest = entry;
	table->newest = entry;
}

void flow_table_end(struct flow_table *table, struct flow_entry *entry, enum flow_end why)
{
	struct flow_entry **link = bucket_of(table, &entry->flow.key);

	table->given_up += why == FLOW_END_GIVEN_UP;
	table->options.end(entry, why, table->options.arg);
	while (*link != entry)
		link = &(*link)->bucket_next;
	*link = entry->bucket_next;
	list_unlink(table, entry);
	table->count--;
	table->memory -= entry->memory;
	free(entry);
}

void flow_table_free(struct flow_table *table)
{
	if (!table)
		return;
	while (table->oldest)
		flow_table_end(table, table->oldest, FLOW_END_GIVEN_UP);
	free(table->buckets);
	free(table);
}

/* Echo request and reply share an identifier; other ICMP messages have none. */
static uint16_t echo_id(const struct packet *packet)
{
	bool echo = packet->proto == IPPROTO_ICMP
			    ? packet->icmp_type == ICMP_ECHO_REQUEST_ || packet->icmp_type == ICMP_ECHO_REPLY_
			    : packet->icmp_type == ICMP6_ECHO_REQUEST_TYPE ||
				      packet->icmp_type == ICMP6_ECHO_REPLY_TYPE;

	return echo ? packet->icmp_id : 0;
}

bool flow_key_of(const struct packet *packet, struct seki_flow_key *key)
{
	uint16_t src_port = 0, dst_port = 0;
	int order;

	if (packet->proto == IPPROTO_TCP || packet->proto == IPPROTO_UDP || packet->proto == IPPROTO_SCTP) {
		src_port = packet->src_port;
		dst_port = packet->dst_port;
	} else if (packet->proto == IPPROTO_ICMP || packet->proto == IPPROTO_ICMPV6) {
		src_port = dst_port = echo_id(packet);
	}
	order = memcmp(&packet->src, &packet->dst, sizeof(packet->src));
	memset(key, 0, sizeof(*key));
	key->proto = packet->proto;
	if (order < 0 || (!order && src_port <= dst_port)) {
		key->lo = packet->src;
		key->hi = packet->dst;
		key->lo_port = htons(src_port);
		key->hi_port = htons(dst_port);
		return true;
	}
	key->lo = packet->dst;
	key->hi = packet->src;
	key->lo_port = htons(dst_port);
	key->hi_port = htons(src_port);
	return false;
}

struct flow_entry *flow_table_find(const struct flow_table *table, const struct seki_flow_key *key)
{
	struct flow_entry *entry = *bucket_of(table, key);

	while (entry && memcmp(&entry->flow.key, key, sizeof(*key)))
		entry = entry->bucket_next;
	return entry;
}

struct flow_entry *flow_table_add(struct flow_table *table, const struct seki_flow_key *key)
{
	struct flow_entry **bucket, *entry;

	if (table->count == table->options.flow_max)
		flow_table_end(table, table->oldest, FLOW_END_GIVEN_UP);
	entry = calloc(1, table->options.entry_size);
	if (!entry)
		return NULL;
	entry->flow.key = *key;
	bucket = bucket_of(table, key);
	entry->bucket_next = *bucket;
	*bucket = entry;
	list_append(table, entry);
	table->count++;
	flow_table_touch(table, entry, 0);
	return entry;
}

void flow_table_charge(struct flow_table *table, struct flow_entry *entry, uint64_t memory)
{
	memory += table->options.entry_size;
	table->memory += memory - entry->memory;
	entry->memory = memory;
}

void flow_table_touch(struct flow_table *table, struct flow_entry *entry, uint64_t memory)
{
	if (table->newest != entry) {
		list_unlink(table, entry);
		list_append(table, entry);
	}
	flow_table_charge(table, entry, memory);
	while (table->memory > table->options.memory && table->oldest != entry) {
		table->given_up_memory++;
		flow_table_end(table, table->oldest, FLOW_END_GIVEN_UP);
	}
}

struct flow_entry *flow_table_oldest(const struct flow_table *table)
{
	return table->oldest;
}

uint32_t flow_table_count(const struct flow_table *table)
{
	return table->count;
}

uint64_t flow_table_memory(const struct flow_table *table)
{
	return table->memory;
}

uint64_t flow_table_given_up(const struct flow_table *table)
{
	return table->given_up;
}

uint64_t flow_table_given_up_memory(const struct flow_table *table)
{
	return table->given_up_memory;
}
