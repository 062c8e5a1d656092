// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * list_notes.c - notes by number, and a hash of what they say.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "list_notes.h"

#define SLOTS_MIN 256u

struct note {
	uint64_t hash;
	uint32_t refs, sid;
	char text[];
};

struct list_notes {
	struct note **notes; /* by number; NULL: free. The first is never used */
	uint32_t *slots;     /* by hash: number, 0 free */
	uint32_t *unused;    /* numbers that were given back */
	uint32_t count, room, slot_count, used, unused_count, unused_room;
	uint32_t owners;
	uint64_t bytes;
};

uint64_t list_note_hash(uint32_t sid, const char *text)
{
	uint64_t hash = 0xcbf29ce484222325ull ^ sid;

	for (; *text; text++)
		hash = (hash ^ (uint8_t)*text) * 0x100000001b3ull;
	return (hash ^ hash >> 29) * 0x9e3779b97f4a7c15ull;
}

int list_notes_new(struct list_notes **out)
{
	struct list_notes *notes = calloc(1, sizeof(*notes));

	if (!notes)
		return -ENOMEM;
	notes->slots = calloc(SLOTS_MIN, sizeof(*notes->slots));
	if (!notes->slots) {
		free(notes);
		return -ENOMEM;
	}
	notes->slot_count = SLOTS_MIN;
	notes->count = 1;
	notes->owners = 1;
	*out = notes;
	return 0;
}

struct list_notes *list_notes_share(struct list_notes *notes)
{
	notes->owners++;
	return notes;
}

void list_notes_free(struct list_notes *notes)
{
	if (!notes || --notes->owners)
		return;
	for (uint32_t i = 1; i < notes->count; i++)
		free(notes->notes[i]);
	free(notes->notes);
	free(notes->slots);
	free(notes->unused);
	free(notes);
}

/* Where the note is, or its free slot. */
static uint32_t slot_find(const struct list_notes *notes, uint64_t hash, uint32_t sid, const char *text)
{
	const uint32_t mask = notes->slot_count - 1;
	uint32_t slot = (uint32_t)(hash >> 32) & mask;

	for (; notes->slots[slot]; slot = (slot + 1) & mask) {
		const struct note *note = notes->notes[notes->slots[slot]];

		if (note->hash == hash && note->sid == sid && !strcmp(note->text, text))
			break;
	}
	return slot;
}

static int slots_grow(struct list_notes *notes)
{
	const uint32_t count = notes->slot_count * 2, mask = count - 1;
	uint32_t *grown = calloc(count, sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	for (uint32_t i = 1; i < notes->count; i++) {
		uint32_t slot;

		if (!notes->notes[i])
			continue;
		slot = (uint32_t)(notes->notes[i]->hash >> 32) & mask;
		while (grown[slot])
			slot = (slot + 1) & mask;
		grown[slot] = i;
	}
	free(notes->slots);
	notes->slots = grown;
	notes->slot_count = count;
	return 0;
}

static int rows_grow(struct list_notes *notes)
{
	uint32_t room = notes->room ? notes->room * 2 : 64;
	struct note **grown = realloc(notes->notes, room * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	notes->notes = grown;
	if (!notes->room)
		grown[0] = NULL;
	notes->room = room;
	return 0;
}

/* Room for one number in what is given back, so that giving back cannot fail. */
static int unused_grow(struct list_notes *notes)
{
	uint32_t room = notes->unused_room ? notes->unused_room * 2 : 64;
	uint32_t *grown = realloc(notes->unused, room * sizeof(*grown));

	if (!grown)
		return -ENOMEM;
	notes->unused = grown;
	notes->unused_room = room;
	return 0;
}

static int notes_room(struct list_notes *notes)
{
	int err = 0;

	if ((notes->used + 1) * 2 > notes->slot_count)
		err = slots_grow(notes);
	if (!err && !notes->unused_count && notes->count >= notes->room)
		err = rows_grow(notes);
	if (!err && notes->unused_room <= notes->used)
		err = unused_grow(notes);
	return err;
}

int list_notes_take(struct list_notes *notes, uint32_t sid, const char *text, uint32_t *note)
{
	const uint64_t hash = list_note_hash(sid, text);
	const size_t len = strlen(text) + 1;
	struct note *row;
	uint32_t slot, number;
	int err;

	*note = 0;
	if (!sid && !*text)
		return 0;
	slot = slot_find(notes, hash, sid, text);
	if (notes->slots[slot]) {
		*note = notes->slots[slot];
		notes->notes[*note]->refs++;
		return 0;
	}
	err = notes_room(notes);
	if (err)
		return err;
	row = malloc(sizeof(*row) + len);
	if (!row)
		return -ENOMEM;
	*row = (struct note){.hash = hash, .refs = 1, .sid = sid};
	memcpy(row->text, text, len);
	number = notes->unused_count ? notes->unused[--notes->unused_count] : notes->count++;
	notes->notes[number] = row;
	notes->slots[slot_find(notes, hash, sid, text)] = number;
	notes->used++;
	notes->bytes += sizeof(*row) + len;
	*note = number;
	return 0;
}

void list_notes_keep(struct list_notes *notes, uint32_t note)
{
	if (note)
		notes->notes[note]->refs++;
}

/* Takes a slot out of its chain: those behind it that could stand there move up. */
static void slot_clear(struct list_notes *notes, uint32_t slot)
{
	const uint32_t mask = notes->slot_count - 1;

	for (uint32_t next = (slot + 1) & mask; notes->slots[next]; next = (next + 1) & mask) {
		uint32_t home = (uint32_t)(notes->notes[notes->slots[next]]->hash >> 32) & mask;

		if (((next - home) & mask) < ((next - slot) & mask))
			continue;
		notes->slots[slot] = notes->slots[next];
		slot = next;
	}
	notes->slots[slot] = 0;
}

void list_notes_drop(struct list_notes *notes, uint32_t note)
{
	struct note *row = note ? notes->notes[note] : NULL;

	if (!row || --row->refs)
		return;
	slot_clear(notes, slot_find(notes, row->hash, row->sid, row->text));
	notes->bytes -= sizeof(*row) + strlen(row->text) + 1;
	notes->notes[note] = NULL;
	notes->unused[notes->unused_count++] = note;
	notes->used--;
	free(row);
}

const char *list_notes_text(const struct list_notes *notes, uint32_t note)
{
	return note ? notes->notes[note]->text : "";
}

uint32_t list_notes_sid(const struct list_notes *notes, uint32_t note)
{
	return note ? notes->notes[note]->sid : 0;
}

uint64_t list_notes_hash(const struct list_notes *notes, uint32_t note)
{
	return note ? notes->notes[note]->hash : list_note_hash(0, "");
}

uint64_t list_notes_bytes(const struct list_notes *notes)
{
	return notes->bytes + notes->slot_count * sizeof(*notes->slots) +
	       (uint64_t)notes->room * sizeof(*notes->notes) + notes->unused_room * sizeof(*notes->unused);
}
