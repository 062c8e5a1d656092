// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ring.c - consumer of one BPF ring buffer. The kernel's layout: a page with
 * the consumer's position (ours to write), a page with the producer's, then
 * the data twice in a row, so that no record is ever split.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

#include <bpf/bpf.h>

#include "ring.h"

#define HEAD_BYTES 8u /* u32 length and flags, u32 page offset that only the kernel uses */

struct ring {
	uint64_t *consumer;
	const uint64_t *producer;
	const uint8_t *data;
	size_t page;
	uint64_t size;
	uint64_t position; /* read up to here; while quiet, the kernel is told one record less */
	bool quiet;
};

void ring_free(struct ring *ring)
{
	if (!ring)
		return;
	if (ring->consumer)
		munmap(ring->consumer, ring->page);
	if (ring->producer)
		munmap((void *)ring->producer, ring->page + 2 * (size_t)ring->size);
	free(ring);
}

int ring_open(int fd, struct ring **out)
{
	CLEANUP(ring_free) struct ring *ring = calloc(1, sizeof(*ring));
	struct bpf_map_info info;
	uint32_t len = sizeof(info);
	void *map;
	int err;

	if (!ring)
		return -ENOMEM;
	memset(&info, 0, sizeof(info));
	err = bpf_obj_get_info_by_fd(fd, &info, &len);
	if (err)
		return err;
	ring->page = (size_t)sysconf(_SC_PAGESIZE);
	ring->size = info.max_entries;
	if (info.type != BPF_MAP_TYPE_RINGBUF || !ring->size || ring->size & (ring->size - 1) ||
	    ring->size % ring->page)
		return -EINVAL;
	map = mmap(NULL, ring->page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	ring->consumer = map;
	map = mmap(NULL, ring->page + 2 * (size_t)ring->size, PROT_READ, MAP_SHARED, fd, (off_t)ring->page);
	if (map == MAP_FAILED)
		return -errno;
	ring->producer = map;
	ring->data = (const uint8_t *)map + ring->page;
	ring->position = __atomic_load_n(ring->consumer, __ATOMIC_RELAXED);
	*out = TAKE_PTR(ring);
	return 0;
}

static bool record_is_good(const struct seki_record *record, uint32_t len)
{
	if (len < sizeof(*record))
		return false;
	if (record->kind == SEKI_REC_ORIGIN &&
	    len < sizeof(*record) + SEKI_ORIGIN_HEAD +
			    (record->flags & SEKI_REC_PROCESS ? sizeof(struct seki_process) : 0))
		return false;
	return record->cap_len <= len - sizeof(*record) && record->cap_len <= SEKI_CHUNK_MAX &&
	       record->kind && record->kind < SEKI_REC_KIND_MAX && record->role < SEKI_ROLE_MAX &&
	       record->mode < SEKI_MODE_MAX && record->verdict < SEKI_VERDICT_MAX &&
	       record->reason < SEKI_REASON_MAX && record->state < SEKI_FLOW_STATE_MAX;
}

/* Read up to here. What the kernel may use again: all of it, or while quiet all but the last record, which
 * began at `last`. */
static void ring_advance(struct ring *ring, uint64_t last, uint64_t position)
{
	ring->position = position;
	/* Ordered before the next look at the producer's position, as is the kernel's commit the other way
	 * round. */
	__atomic_store_n(ring->consumer, ring->quiet ? last : position, __ATOMIC_SEQ_CST);
}

/* The length of the entry at `position`, of which `waiting` bytes are there; 0: it is still being written,
 * -EBADMSG. */
static int entry_length(const struct ring *ring, uint64_t position, uint64_t waiting, uint32_t *head)
{
	const uint8_t *entry = ring->data + (position & (ring->size - 1));
	uint64_t len;

	if (waiting > ring->size || position % 8 || waiting < HEAD_BYTES)
		return -EBADMSG;
	/* Pairs with the kernel's exchange at commit: what it cleared BUSY for is written. */
	*head = __atomic_load_n((const uint32_t *)entry, __ATOMIC_ACQUIRE);
	if (*head & BPF_RINGBUF_BUSY_BIT)
		return 0;
	len = ((*head & ~BPF_RINGBUF_DISCARD_BIT) + (uint64_t)HEAD_BYTES + 7) / 8 * 8;
	return len > waiting ? -EBADMSG : (int)len;
}

void ring_consume(struct ring *ring, unsigned int max, ring_record_fn fn, void *arg, unsigned int *done,
		  unsigned int *bad)
{
	unsigned int good = 0, malformed = 0;

	/* Discarded entries count too: a producer that only discards must not hold us here. */
	for (unsigned int visited = 0; visited < max; visited++) {
		/*
		 * Read anew for every record: the kernel wakes us only for a
		 * record that begins where we stand, so none may be left
		 * behind one that came meanwhile.
		 */
		uint64_t producer = __atomic_load_n(ring->producer, __ATOMIC_SEQ_CST);
		uint64_t position = ring->position;
		const struct seki_record *record =
			(const void *)(ring->data + (position & (ring->size - 1)) + HEAD_BYTES);
		uint32_t head = 0;
		int len;

		if (position == producer)
			break;
		len = entry_length(ring, position, producer - position, &head);
		if (!len)
			break;
		/*
		 * A position that is no record boundary (a consumer before us died badly) cannot be mended,
		 * and the kernel would call the ring full for ever: begin again at its end.
		 */
		if (len < 0) {
			malformed++;
			ring_advance(ring, producer, producer);
			break;
		}
		if (!(head & BPF_RINGBUF_DISCARD_BIT)) {
			if (record_is_good(record, head)) {
				fn(record, (const uint8_t *)(record + 1), arg);
				good++;
			} else {
				malformed++;
			}
		}
		ring_advance(ring, position, position + (uint64_t)len);
	}
	*done = good;
	*bad = malformed;
}

void ring_quiet(struct ring *ring, bool quiet)
{
	ring->quiet = quiet;
	if (!quiet)
		ring_advance(ring, ring->position, ring->position);
}

void ring_fill(const struct ring *ring, uint64_t *used, uint64_t *size)
{
	uint64_t waiting = __atomic_load_n(ring->producer, __ATOMIC_ACQUIRE) - ring->position;

	*used = waiting > ring->size ? ring->size : waiting;
	*size = ring->size;
}
