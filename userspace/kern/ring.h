/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ring.h - consumer of one BPF ring buffer over a bare descriptor, usable
 * without any capability: mmaps consumer and producer pages and the data.
 */
#ifndef KERN_RING_H
#define KERN_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/cleanup.h"
#include "sekimori/event.h"

struct ring;

/* fd is borrowed and must stay open. Needs BPF_OBJ_GET_INFO_BY_FD once, before seccomp. -errno. */
__must_check int ring_open(int fd, struct ring **out);
void ring_free(struct ring *ring);
DEFINE_CLEANUP(ring_free, struct ring)

/* record and data are valid during the call only; checked: cap_len lies within the ring entry, kind and enums
 * in range. */
typedef void (*ring_record_fn)(const struct seki_record *record, const uint8_t *data, void *arg);

/* Consumes at most max records; returns how many through *done. Malformed records are counted in *bad and
 * skipped. */
void ring_consume(struct ring *ring, unsigned int max, ring_record_fn fn, void *arg, unsigned int *done,
		  unsigned int *bad);

/*
 * The kernel wakes a consumer that has read everything, which costs the packet's path an interrupt to itself.
 * Quiet: ring_consume() keeps the space of its last record, so that the kernel finds us behind and wakes
 * nobody; whoever switches it on comes by himself (ring_watch.h). A consumer that dies quiet leaves that one
 * record to be read twice. Off: the space is given back and the next record wakes; poll() behind it sees what
 * came meanwhile.
 */
void ring_quiet(struct ring *ring, bool quiet);

/* Bytes waiting and the ring's size, for `status` and backpressure. */
void ring_fill(const struct ring *ring, uint64_t *used, uint64_t *size);

#endif
