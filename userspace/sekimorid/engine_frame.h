/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * engine_frame.h - puts a frame that arrives in several records together.
 * Bounded: a slot is given up when a chunk is missing or another frame needs it.
 */
#ifndef SEKIMORID_ENGINE_FRAME_H
#define SEKIMORID_ENGINE_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/cleanup.h"
#include "sekimori/event.h"

#define ENGINE_FRAME_MAX   (256u << 10) /* bytes of one frame; a GSO packet has at most 64 KiB and headers */
#define ENGINE_FRAME_SLOTS 16u

struct engine_frames;

__must_check int engine_frames_new(struct engine_frames **out);
void engine_frames_free(struct engine_frames *frames);
DEFINE_CLEANUP(engine_frames_free, struct engine_frames)

/*
 * Takes one packet record. true: *frame and *len are a whole frame (valid until the next call) and *lost
 * tells whether bytes of it are missing at its end. false: more to come, or given up (counted).
 */
bool engine_frame_add(struct engine_frames *frames, const struct seki_record *record, const uint8_t *data,
		      const uint8_t **frame, size_t *len, bool *lost);
uint64_t engine_frames_lost(const struct engine_frames *frames);

#endif
