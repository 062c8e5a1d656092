// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * engine_frame.c - chunks to frames.
 */
#include <errno.h>
#include <string.h>

#include "engine_frame.h"

struct engine_slot {
	bool used;
	uint64_t flow_id, t_ns, age;
	struct seki_flow_key key;
	uint32_t flags, frame_len, have;
	uint8_t *data;
};

struct engine_frames {
	struct engine_slot slots[ENGINE_FRAME_SLOTS];
	uint64_t clock, lost;
};

int engine_frames_new(struct engine_frames **out)
{
	struct engine_frames *frames = calloc(1, sizeof(*frames));

	if (!frames)
		return -ENOMEM;
	for (unsigned int i = 0; i < ENGINE_FRAME_SLOTS; i++) {
		frames->slots[i].data = malloc(ENGINE_FRAME_MAX);
		if (!frames->slots[i].data) {
			engine_frames_free(frames);
			return -ENOMEM;
		}
	}
	*out = frames;
	return 0;
}

void engine_frames_free(struct engine_frames *frames)
{
	if (!frames)
		return;
	for (unsigned int i = 0; i < ENGINE_FRAME_SLOTS; i++)
		free(frames->slots[i].data);
	free(frames);
}

/* Direction bits: two frames of one flow may be under way at once on two CPUs. */
static uint32_t frame_side(const struct seki_record *record)
{
	return record->flags & (SEKI_REC_EGRESS | SEKI_REC_FROM_LO);
}

static struct engine_slot *frame_find(struct engine_frames *frames, const struct seki_record *record)
{
	for (unsigned int i = 0; i < ENGINE_FRAME_SLOTS; i++) {
		struct engine_slot *slot = &frames->slots[i];

		if (slot->used && slot->flow_id == record->flow_id && slot->t_ns == record->t_ns &&
		    slot->flags == frame_side(record) && slot->frame_len == record->frame_len &&
		    slot->have == record->offset && !memcmp(&slot->key, &record->key, sizeof(slot->key)))
			return slot;
	}
	return NULL;
}

static struct engine_slot *frame_begin(struct engine_frames *frames, const struct seki_record *record)
{
	struct engine_slot *oldest = &frames->slots[0];

	for (unsigned int i = 0; i < ENGINE_FRAME_SLOTS; i++) {
		struct engine_slot *slot = &frames->slots[i];

		if (!slot->used) {
			oldest = slot;
			break;
		}
		if (slot->age < oldest->age)
			oldest = slot;
	}
	if (oldest->used)
		frames->lost++;
	oldest->used = true;
	oldest->flow_id = record->flow_id;
	oldest->t_ns = record->t_ns;
	oldest->key = record->key;
	oldest->flags = frame_side(record);
	oldest->frame_len = record->frame_len;
	oldest->have = 0;
	return oldest;
}

bool engine_frame_add(struct engine_frames *frames, const struct seki_record *record, const uint8_t *data,
		      const uint8_t **frame, size_t *len, bool *lost)
{
	bool ends = record->flags & (SEKI_REC_LAST | SEKI_REC_TRUNCATED) ||
		    (uint64_t)record->offset + record->cap_len >= record->frame_len;
	struct engine_slot *slot;

	*lost = record->flags & SEKI_REC_TRUNCATED;
	if (record->offset == 0 && ends) {
		*frame = data;
		*len = record->cap_len;
		return true;
	}
	slot = record->offset ? frame_find(frames, record) : frame_begin(frames, record);
	if (!slot || record->cap_len > ENGINE_FRAME_MAX - slot->have) {
		frames->lost++;
		if (slot)
			slot->used = false;
		return false;
	}
	memcpy(slot->data + slot->have, data, record->cap_len);
	slot->have += record->cap_len;
	slot->age = ++frames->clock;
	if (!ends)
		return false;
	slot->used = false;
	*frame = slot->data;
	*len = slot->have;
	return true;
}

uint64_t engine_frames_lost(const struct engine_frames *frames)
{
	return frames->lost;
}
