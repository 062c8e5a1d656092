// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list_members.c - builds the IPv4 groups of a blacklist by several threads: rows are sorted by /8, within
 * which one thread marks the gates; their members by shard, which one thread fills while its caches hold it.
 * What a shard has no room for comes at the end.
 */
#include <errno.h>
#include <stdlib.h>

#include "lib/cleanup.h"
#include "lib/parallel.h"
#include "list_store.h"

#define NETS  256u /* /8 */
#define AHEAD 16   /* members whose lines are fetched before they are needed */

/* One key of an IPv4 prefix of /17 or longer. */
struct member {
	uint32_t addr, row;
	__u64 said;
};

struct members {
	struct list_table *t;
	const struct gate_list_row *rows;
	uint32_t count;
	const struct adding *how;
	uint32_t (*chunk_net)[NETS]; /* rows of a chunk in a /8; then where they are in order */
	uint32_t net_begin[NETS + 1];
	uint32_t *order;			     /* rows by /8 */
	uint32_t (*net_shard)[SEKI_LIST_SHARDS_MAX]; /* the same of members */
	size_t shard_begin[SEKI_LIST_SHARDS_MAX + 1];
	struct member *all;		     /* by shard */
	uint32_t late[SEKI_LIST_SHARDS_MAX]; /* of each, how many have to come later: its first ones then */
	int err[SEKI_LIST_SHARDS_MAX];
	uint32_t bad[SEKI_LIST_SHARDS_MAX];
};

static bool is_member(const struct span *span)
{
	return !span->six && span->len > 16;
}

/* --- rows by /8 */

static void chunk_count(void *arg, uint32_t chunk)
{
	const struct members *m = arg;

	for (uint32_t i = list_chunk(m->count, chunk); i < list_chunk(m->count, chunk + 1); i++) {
		struct span span = span_of(&m->rows[i].key);

		if (is_member(&span))
			m->chunk_net[chunk][span.hi >> 24]++;
	}
}

static void chunk_sort(void *arg, uint32_t chunk)
{
	const struct members *m = arg;

	for (uint32_t i = list_chunk(m->count, chunk); i < list_chunk(m->count, chunk + 1); i++) {
		struct span span = span_of(&m->rows[i].key);

		if (is_member(&span))
			m->order[m->chunk_net[chunk][span.hi >> 24]++] = i;
	}
}

static void rows_sort(struct members *m)
{
	uint32_t at = 0;

	parallel_run(chunk_count, m, list_chunks(m->count));
	for (uint32_t net = 0; net < NETS; net++) {
		m->net_begin[net] = at;
		for (uint32_t chunk = 0; chunk < list_chunks(m->count); chunk++) {
			uint32_t many = m->chunk_net[chunk][net];

			m->chunk_net[chunk][net] = at;
			at += many;
		}
	}
	m->net_begin[NETS] = at;
	parallel_run(chunk_sort, m, list_chunks(m->count));
}

/* --- gates */

/*
 * Before any other gate is marked: a /24 whose hosts fill a group gets class HOSTS, the others with hosts
 * INSIDE. They are counted where their class will be.
 */
static void hosts_classify(const struct members *m, uint32_t net)
{
	__u64 *words = m->t->gate4 + net * (SEKI_LIST_WORDS_GATE4 / NETS);

	for (uint32_t i = m->net_begin[net]; i < m->net_begin[net + 1]; i++) {
		struct span span = span_of(&m->rows[m->order[i]].key);
		uint32_t hosts = gate4_class(m->t, (uint32_t)span.hi);

		if (span.len == 32 && hosts < LIST_MEMBERS_MAX)
			gate4_set(m->t, (uint32_t)span.hi, hosts + 1);
	}
	SEKI_STATIC_ASSERT(LIST_MEMBERS_MAX == 3 && SEKI_LIST_INSIDE == 3 && SEKI_LIST_HOSTS == 2,
			   "3 becomes 2, 1 and 2 become 3");
	for (uint32_t i = 0; i < SEKI_LIST_WORDS_GATE4 / NETS; i++) {
		__u64 odd = words[i] & 0x5555555555555555ull, even = words[i] >> 1 & 0x5555555555555555ull;

		words[i] = (odd | even) << 1 | (odd ^ even);
	}
}

static uint32_t member_shard(const struct list_table *t, uint32_t addr, uint32_t len)
{
	bool alone = host_alone(t, addr, len);
	uint32_t group = group_of(len), key = alone ? addr : addr >> (32 - group) << (32 - group);

	return seki_list_first4(seki_list_hash4(t->head, key, alone ? 32 : 32 - group), t->head->buckets4) /
	       SEKI_LIST_BUCKETS4;
}

/* All gate words of a /8, then the shards of its members: these depend on the gates. */
static void net_mark(void *arg, uint32_t net)
{
	const struct members *m = arg;

	if (m->net_begin[net] == m->net_begin[net + 1])
		return;
	hosts_classify(m, net);
	for (uint32_t i = m->net_begin[net]; i < m->net_begin[net + 1]; i++) {
		struct span span = span_of(&m->rows[m->order[i]].key);

		for (uint32_t n = 0; n < span_keys(&span); n++)
			gates_mark(m->t, &span, span_key(&span, n));
	}
	for (uint32_t i = m->net_begin[net]; i < m->net_begin[net + 1]; i++) {
		struct span span = span_of(&m->rows[m->order[i]].key);

		for (uint32_t n = 0; n < span_keys(&span); n++)
			m->net_shard[net][member_shard(m->t, (uint32_t)span_key(&span, n).hi, span.len)]++;
	}
}

/* --- members by shard */

static void net_sort(void *arg, uint32_t net)
{
	const struct members *m = arg;

	for (uint32_t i = m->net_begin[net]; i < m->net_begin[net + 1]; i++) {
		const struct gate_list_row *row = &m->rows[m->order[i]];
		const union seki_list_said said = {.hit = list_hit_of(row)};
		struct span span = span_of(&row->key);

		for (uint32_t n = 0; n < span_keys(&span); n++) {
			uint32_t addr = (uint32_t)span_key(&span, n).hi;

			m->all[m->net_shard[net][member_shard(m->t, addr, span.len)]++] =
				(struct member){addr, m->order[i], said.word};
		}
	}
}

static int members_sort(struct members *m)
{
	uint32_t at = 0;

	for (uint32_t shard = 0; shard < m->t->head->shards4; shard++) {
		m->shard_begin[shard] = at;
		for (uint32_t net = 0; net < NETS; net++) {
			uint32_t many = m->net_shard[net][shard];

			m->net_shard[net][shard] = at;
			at += many;
		}
		m->shard_begin[shard + 1] = at;
	}
	m->all = malloc(((size_t)at + 1) * sizeof(*m->all));
	if (!m->all)
		return -ENOMEM;
	parallel_run(net_sort, m, NETS);
	return 0;
}

/* --- shards */

static int member_put(struct list_table *t, const struct member *member, const struct adding *how)
{
	struct span span = {.len = seki_list_len(member->said)};
	bool fresh;

	return key_put(t, &span, (struct key){member->addr, 0}, member->said, how, &fresh);
}

static void member_fetch(const struct list_table *t, const struct member *member)
{
	uint32_t len = seki_list_len(member->said);
	struct key key = {member->addr, 0};
	struct place place = host_alone(t, member->addr, len) ? place_of(t, false, key, 32)
							      : group_place(t, key, group_of(len));

	__builtin_prefetch(place.first, 1);
}

static void shard_fill(void *arg, uint32_t shard)
{
	struct members *m = arg;
	struct member *member = m->all + m->shard_begin[shard];
	uint32_t many = (uint32_t)(m->shard_begin[shard + 1] - m->shard_begin[shard]), late = 0;
	const struct adding how = {.build = true, .in_shard = true};

	for (uint32_t i = 0; i < many; i++) {
		int err;

		if (i + AHEAD < many)
			member_fetch(m->t, &member[i + AHEAD]);
		err = member_put(m->t, &member[i], &how);
		if (err == -EAGAIN) {
			member[late++] = member[i];
		} else if (err) {
			m->err[shard] = err;
			m->bad[shard] = member[i].row;
			break;
		}
	}
	m->late[shard] = late;
}

static int shards_fill(struct members *m, uint32_t *bad)
{
	int err = 0;

	parallel_run(shard_fill, m, m->t->head->shards4);
	for (uint32_t shard = 0; shard < m->t->head->shards4; shard++) {
		const struct member *member = m->all + m->shard_begin[shard];

		*bad = m->bad[shard];
		err = m->err[shard];
		for (uint32_t i = 0; !err && i < m->late[shard]; i++) {
			*bad = member[i].row;
			err = member_put(m->t, &member[i], m->how);
		}
		if (err)
			return err;
	}
	return 0;
}

static void members_clear(struct members *m)
{
	free(m->chunk_net);
	free(m->order);
	free(m->net_shard);
	free(m->all);
}

DEFINE_CLEANUP(members_clear, struct members)

int list_members_build(struct list_table *t, const struct gate_list_row *rows, uint32_t count,
		       const struct adding *how, uint32_t *members, uint32_t *bad)
{
	struct members made = {.t = t, .rows = rows, .count = count, .how = how};
	struct members *m CLEANUP(members_clear) = &made;
	int err;

	m->chunk_net = calloc(LIST_CHUNKS, sizeof(*m->chunk_net));
	m->net_shard = calloc(NETS, sizeof(*m->net_shard));
	m->order = malloc(((size_t)count + 1) * sizeof(*m->order));
	if (!m->chunk_net || !m->net_shard || !m->order)
		return -ENOMEM;
	rows_sort(m);
	*members = m->net_begin[NETS];
	t->head->rows4 += *members;
	parallel_run(net_mark, m, NETS);
	err = members_sort(m);
	return err ? err : shards_fill(m, bad);
}
