/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * list_notes.h - what many entries say alike, held once: reason and rule. Notes are counted by those who name
 * them, the whole by the sets that share it.
 */
#ifndef CORE_LIST_NOTES_H
#define CORE_LIST_NOTES_H

#include <stdint.h>

#include "lib/cleanup.h"

struct list_notes;

__must_check int list_notes_new(struct list_notes **out);
struct list_notes *list_notes_share(struct list_notes *notes); /* one owner more */
void list_notes_free(struct list_notes *notes);		       /* one less; the last one frees */

/* Number of the note, named once more; 0 for what says nothing. -ENOMEM. */
__must_check int list_notes_take(struct list_notes *notes, uint32_t sid, const char *text, uint32_t *note);
void list_notes_keep(struct list_notes *notes, uint32_t note); /* named once more */
void list_notes_drop(struct list_notes *notes, uint32_t note); /* once less */

const char *list_notes_text(const struct list_notes *notes, uint32_t note); /* "" for 0 */
uint32_t list_notes_sid(const struct list_notes *notes, uint32_t note);
uint64_t list_notes_hash(const struct list_notes *notes, uint32_t note); /* of what it says */
uint64_t list_notes_bytes(const struct list_notes *notes);

/* The hash of a note that is in no set. */
uint64_t list_note_hash(uint32_t sid, const char *text);

#endif
