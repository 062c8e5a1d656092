// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ring_consume.c - the consumer against the kernel's own producer: a small
 * program that puts the packet of its test run into the ring as a record.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <bpf/bpf.h>

#include "kern/ring.h"
#include "lib/ktap.h"

#define RING_BYTES 65536u
#define DATA_MAX   1024u

#define MOV_REG(dst, src)                                                                                    \
	{                                                                                                    \
		BPF_ALU64 | BPF_MOV | BPF_X, dst, src, 0, 0                                                  \
	}
#define MOV_IMM(dst, value)                                                                                  \
	{                                                                                                    \
		BPF_ALU64 | BPF_MOV | BPF_K, dst, 0, 0, value                                                \
	}
#define CALL(helper)                                                                                         \
	{                                                                                                    \
		BPF_JMP | BPF_CALL, 0, 0, 0, helper                                                          \
	}
#define MAP_FD(dst, fd)                                                                                      \
	{BPF_LD | BPF_DW | BPF_IMM, dst, BPF_PSEUDO_MAP_FD, 0, fd},                                          \
	{                                                                                                    \
		0, 0, 0, 0, 0                                                                                \
	}

/* Reserves size bytes, fills them from the packet, submits or discards. Returns a program or -errno. */
static int producer_load(int ring, unsigned int size, bool discard)
{
	struct bpf_insn code[] = {
		MOV_REG(6, 1),
		MAP_FD(1, ring),
		MOV_IMM(2, (int)size),
		MOV_IMM(3, 0),
		CALL(BPF_FUNC_ringbuf_reserve),
		{BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 10, 0}, /* full: returns 0 */
		MOV_REG(7, 0),
		MOV_REG(1, 6),
		MOV_IMM(2, 0),
		MOV_REG(3, 7),
		MOV_IMM(4, (int)size),
		CALL(BPF_FUNC_xdp_load_bytes),
		MOV_REG(1, 7),
		MOV_IMM(2, 0),
		CALL(discard ? BPF_FUNC_ringbuf_discard : BPF_FUNC_ringbuf_submit),
		MOV_IMM(0, 2),
		{BPF_JMP | BPF_EXIT, 0, 0, 0, 0},
	};

	return bpf_prog_load(BPF_PROG_TYPE_XDP, "produce", "GPL", code, ARRAY_LEN(code), NULL);
}

/* One record of size bytes in all, numbered; false when the ring is full. */
static bool produce(int prog, struct seki_record *record, unsigned int size)
{
	uint8_t packet[sizeof(*record) + DATA_MAX];
	LIBBPF_OPTS(bpf_test_run_opts, run, .data_in = packet, .data_size_in = size < 64 ? 64 : size);

	memset(packet, (int)record->seq, sizeof(packet));
	memcpy(packet, record, sizeof(*record));
	return !bpf_prog_test_run_opts(prog, &run) && run.retval == 2;
}

struct seen {
	unsigned int count, next, wrong;
	uint32_t cap_len;
};

static void record_seen(const struct seki_record *record, const uint8_t *data, void *arg)
{
	struct seen *seen = arg;

	seen->count++;
	seen->wrong += record->seq != seen->next++ || record->cap_len != seen->cap_len;
	for (uint32_t i = 0; i < record->cap_len; i++)
		seen->wrong += data[i] != (uint8_t)record->seq;
}

/* Descriptors and mappings of one test. */
struct stage {
	int fd, prog, discard;
	unsigned int size;
	struct ring *ring;
	struct seki_record record;
};

static bool stage_set(struct stage *stage, unsigned int data)
{
	*stage = (struct stage){
		.prog = -1, .discard = -1, .size = (unsigned int)sizeof(struct seki_record) + data};
	stage->record = (struct seki_record){.kind = SEKI_REC_PACKET, .cap_len = data};
	stage->fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "ring_consume", 0, 0, RING_BYTES, NULL);
	if (!CHECK(stage->fd >= 0))
		return false;
	stage->prog = producer_load(stage->fd, stage->size, false);
	stage->discard = producer_load(stage->fd, stage->size, true);
	return CHECK(stage->prog >= 0 && stage->discard >= 0, "%d", stage->prog) &&
	       CHECK_EQ(ring_open(stage->fd, &stage->ring), 0);
}

static void stage_strike(struct stage *stage)
{
	ring_free(stage->ring);
	if (stage->fd >= 0)
		close(stage->fd);
	if (stage->prog >= 0)
		close(stage->prog);
	if (stage->discard >= 0)
		close(stage->discard);
}
#define AUTO_STAGE __attribute__((cleanup(stage_strike)))

/* Forty times round the ring with records that do not divide it: each arrives once, in order. */
static void all_arrive_over_wraparound(void)
{
	AUTO_STAGE struct stage stage;
	struct seen seen = {.cap_len = 1001};
	unsigned int done, bad, produced = 0;
	uint64_t used, size;

	if (!stage_set(&stage, 1001))
		return;
	for (int round = 0; round < 50; round++) {
		for (int i = 0; i < 47; i++) {
			stage.record.seq = produced;
			produced += CHECK(produce(stage.prog, &stage.record, stage.size));
		}
		ring_consume(stage.ring, 1000, record_seen, &seen, &done, &bad);
		CHECK_EQ(done, 47);
		CHECK_EQ(bad, 0);
	}
	CHECK_EQ(seen.count, produced);
	CHECK_EQ(seen.wrong, 0);
	ring_fill(stage.ring, &used, &size);
	CHECK_EQ(used, 0);
	CHECK_EQ(size, RING_BYTES);
}

static void full_ring_is_emptied(void)
{
	AUTO_STAGE struct stage stage;
	struct seen seen = {.cap_len = 64};
	unsigned int done, bad, produced = 0;
	uint64_t used, size;

	if (!stage_set(&stage, 64))
		return;
	while (produce(stage.prog, &stage.record, stage.size))
		stage.record.seq = ++produced;
	CHECK_EQ(produced, (RING_BYTES - 1) / (8 + 112 + 64));
	ring_fill(stage.ring, &used, &size);
	CHECK_EQ(used, produced * (8u + 112 + 64));
	ring_consume(stage.ring, 100, record_seen, &seen, &done, &bad);
	CHECK_EQ(done, 100);
	ring_consume(stage.ring, 100000, record_seen, &seen, &done, &bad);
	CHECK_EQ(seen.count, produced);
	CHECK_EQ(seen.wrong, 0);
	CHECK(produce(stage.prog, &stage.record, stage.size));
}

static void discarded_are_skipped(void)
{
	AUTO_STAGE struct stage stage;
	struct seen seen = {.cap_len = 8};
	unsigned int done, bad;

	if (!stage_set(&stage, 8))
		return;
	for (int i = 0; i < 30; i++) {
		CHECK(produce(i % 3 ? stage.discard : stage.prog, &stage.record, stage.size));
		stage.record.seq += !(i % 3);
	}
	ring_consume(stage.ring, 1000, record_seen, &seen, &done, &bad);
	CHECK_EQ(done, 10);
	CHECK_EQ(bad, 0);
	CHECK_EQ(seen.wrong, 0);
}

/* Every field that is checked, wrong once; good records around them still arrive. */
static void malformed_are_counted(void)
{
	AUTO_STAGE struct stage stage;
	struct seen seen = {.cap_len = 8};
	unsigned int done, bad;

	if (!stage_set(&stage, 8))
		return;
	for (int i = 0; i <= 8; i++) {
		struct seki_record wrong = stage.record;

		wrong.kind = i == 0 ? 0 : i == 1 ? SEKI_REC_KIND_MAX : SEKI_REC_PACKET;
		wrong.cap_len = i == 2 ? 9 : i == 3 ? UINT32_MAX : 8;
		wrong.role = i == 4 ? SEKI_ROLE_MAX : 0;
		wrong.mode = i == 5 ? SEKI_MODE_MAX : 0;
		wrong.verdict = i == 6 ? SEKI_VERDICT_MAX : 0;
		wrong.reason = i == 7 ? SEKI_REASON_MAX : 0;
		wrong.state = i == 8 ? SEKI_FLOW_STATE_MAX : 0;
		CHECK(produce(stage.prog, &wrong, stage.size));
		CHECK(produce(stage.prog, &stage.record, stage.size));
		stage.record.seq++;
	}
	ring_consume(stage.ring, 1000, record_seen, &seen, &done, &bad);
	CHECK_EQ(done, 9);
	CHECK_EQ(bad, 9);
	CHECK_EQ(seen.wrong, 0);
}

static void short_entry_is_malformed(void)
{
	AUTO_STAGE struct stage stage;
	struct seen seen = {.cap_len = 0};
	unsigned int done, bad;
	int small AUTO_FD = -1;

	if (!stage_set(&stage, 0))
		return;
	small = producer_load(stage.fd, sizeof(struct seki_record) - 1, false);
	CHECK(produce(small, &stage.record, stage.size));
	CHECK(produce(stage.prog, &stage.record, stage.size));
	ring_consume(stage.ring, 1000, record_seen, &seen, &done, &bad);
	CHECK_EQ(done, 1);
	CHECK_EQ(bad, 1);
}

/* The consumer before us left nonsense as its position: the kernel calls the ring full until it is mended. */
static void garbled_position_is_mended(void)
{
	static const uint64_t nonsense[] = {
		1, 7, 8, RING_BYTES / 2, RING_BYTES - 1, UINT64_MAX, UINT64_MAX - 4095};
	AUTO_STAGE struct stage stage;
	unsigned int done, bad, total_bad = 0;
	uint64_t used, size;

	if (!stage_set(&stage, 16))
		return;
	for (size_t i = 0; i < ARRAY_LEN(nonsense); i++) {
		struct seen seen = {.cap_len = 16};
		uint64_t *position = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, stage.fd, 0);

		if (!CHECK(position != MAP_FAILED))
			return;
		stage.record.seq = 0;
		for (int k = 0; k < 5; k++)
			CHECK(produce(stage.prog, &stage.record, stage.size));
		__atomic_store_n(position, *position + nonsense[i], __ATOMIC_RELEASE);
		ring_free(stage.ring); /* it died; a new one takes over */
		stage.ring = NULL;
		if (!CHECK_EQ(ring_open(stage.fd, &stage.ring), 0))
			return;
		ring_fill(stage.ring, &used, &size);
		CHECK(used <= size);
		for (int k = 0; k < 10; k++) {
			ring_consume(stage.ring, 1000, record_seen, &seen, &done, &bad);
			total_bad += bad;
		}
		ring_fill(stage.ring, &used, &size);
		CHECK_EQ(used, 0);
		/* and it works again */
		seen = (struct seen){.cap_len = 16};
		CHECK(produce(stage.prog, &stage.record, stage.size));
		ring_consume(stage.ring, 1000, record_seen, &seen, &done, &bad);
		CHECK_EQ(done, 1);
		CHECK_EQ(seen.wrong, 0);
		munmap(position, 4096);
	}
	CHECK(total_bad >= ARRAY_LEN(nonsense));
}

static void waiting_by_epoll(void)
{
	AUTO_STAGE struct stage stage;
	struct seen seen = {.cap_len = 8};
	struct epoll_event event = {.events = EPOLLIN}, got;
	int epoll AUTO_FD = epoll_create1(EPOLL_CLOEXEC);
	unsigned int done, bad;

	if (!stage_set(&stage, 8))
		return;
	CHECK_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, stage.fd, &event), 0);
	for (int round = 0; round < 100; round++) {
		CHECK_EQ(epoll_wait(epoll, &got, 1, 0), 0);
		CHECK(produce(stage.prog, &stage.record, stage.size));
		stage.record.seq++;
		CHECK_EQ(epoll_wait(epoll, &got, 1, 5000), 1);
		ring_consume(stage.ring, 10, record_seen, &seen, &done, &bad);
	}
	CHECK_EQ(seen.count, 100);
	CHECK_EQ(seen.wrong, 0);
}

/* Quiet: no record wakes, all arrive; behind it what came meanwhile is seen at once, and the next record
 * wakes again. */
static void quiet_wakes_nobody(void)
{
	AUTO_STAGE struct stage stage;
	struct seen seen = {.cap_len = 8};
	struct epoll_event event = {.events = EPOLLIN | EPOLLET}, got;
	int epoll AUTO_FD = epoll_create1(EPOLL_CLOEXEC);
	unsigned int done, bad;
	uint64_t used, size;

	if (!stage_set(&stage, 8))
		return;
	/* Edge triggered: only the kernel's own wake-ups show. */
	CHECK_EQ(epoll_ctl(epoll, EPOLL_CTL_ADD, stage.fd, &event), 0);
	ring_quiet(stage.ring, true);
	for (int round = 0; round < 2000; round++) {
		CHECK(produce(stage.prog, &stage.record, stage.size));
		stage.record.seq++;
		CHECK_EQ(epoll_wait(epoll, &got, 1, 0),
			 round == 0); /* until one was read there is none to keep */
		ring_consume(stage.ring, 10, record_seen, &seen, &done, &bad);
		CHECK_EQ(done, 1);
	}
	CHECK_EQ(seen.wrong, 0);
	ring_fill(stage.ring, &used, &size);
	CHECK_EQ(used, 0);
	CHECK(produce(stage.prog, &stage.record, stage.size));
	stage.record.seq++;
	ring_quiet(stage.ring, false);
	CHECK_EQ(epoll_ctl(epoll, EPOLL_CTL_MOD, stage.fd, &event), 0);
	CHECK_EQ(epoll_wait(epoll, &got, 1, 0), 1);
	ring_consume(stage.ring, 10, record_seen, &seen, &done, &bad);
	CHECK_EQ(done, 1);
	CHECK_EQ(epoll_wait(epoll, &got, 1, 0), 0);
	CHECK(produce(stage.prog, &stage.record, stage.size));
	CHECK_EQ(epoll_wait(epoll, &got, 1, 5000), 1);
	ring_consume(stage.ring, 10, record_seen, &seen, &done, &bad);
	CHECK_EQ(done, 1);
	CHECK_EQ(seen.wrong, 0);
}

/* A consumer that dies quiet leaves its last record: its heir reads that one twice, and misses none. */
static void heir_of_a_quiet_one(void)
{
	AUTO_STAGE struct stage stage;
	struct seen seen = {.cap_len = 8};
	unsigned int done, bad;

	if (!stage_set(&stage, 8))
		return;
	ring_quiet(stage.ring, true);
	for (; stage.record.seq < 5; stage.record.seq++)
		CHECK(produce(stage.prog, &stage.record, stage.size));
	ring_consume(stage.ring, 10, record_seen, &seen, &done, &bad);
	CHECK_EQ(done, 5);
	ring_free(stage.ring);
	stage.ring = NULL;
	if (!CHECK_EQ(ring_open(stage.fd, &stage.ring), 0))
		return;
	CHECK(produce(stage.prog, &stage.record, stage.size));
	seen.next = 4;
	ring_consume(stage.ring, 10, record_seen, &seen, &done, &bad);
	CHECK_EQ(done, 2);
	CHECK_EQ(bad, 0);
	CHECK_EQ(seen.wrong, 0);
}

static void other_maps_refused(void)
{
	struct ring *ring = NULL;
	int array AUTO_FD = bpf_map_create(BPF_MAP_TYPE_ARRAY, "no_ring", 4, 8, 4, NULL);

	CHECK_EQ(ring_open(array, &ring), -EINVAL);
	CHECK(ring_open(0, &ring) < 0);
	CHECK(!ring);
}

static const struct ktap_test tests[] = {
	TEST(all_arrive_over_wraparound), TEST(full_ring_is_emptied),	  TEST(discarded_are_skipped),
	TEST(malformed_are_counted),	  TEST(short_entry_is_malformed), TEST(garbled_position_is_mended),
	TEST(waiting_by_epoll),		  TEST(quiet_wakes_nobody),	  TEST(heir_of_a_quiet_one),
	TEST(other_maps_refused),
};

int main(void)
{
	if (geteuid()) {
		printf("KTAP version 1\n1..0 # SKIP needs root\n");
		return 0;
	}
	return ktap_run(tests, sizeof(tests) / sizeof((tests)[0]));
}
