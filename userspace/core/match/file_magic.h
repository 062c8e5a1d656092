/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * file_magic.h - what a file is by its first bytes, in libmagic's words.
 */
#ifndef CORE_FILE_MAGIC_H
#define CORE_FILE_MAGIC_H

#include "lib/cleanup.h"
#include "core/flow/packet.h"

#define FILE_MAGIC_BYTES 16384u /* of a file that are looked at: its description does not depend on more */
#define FILE_MAGIC_TEXT	 1024u

/* Every thread has one of its own. */
struct file_magic;

/* The compiled database, before the first file_magic_new(); stays where it is. */
void file_magic_use(const void *database, size_t len);
/* Was there one? */
bool file_magic_known(void);

/* -ENOENT: no database; -EINVAL: libmagic does not read it; -ENOMEM. */
__must_check int file_magic_new(struct file_magic **out);
void file_magic_free(struct file_magic *magic);
DEFINE_CLEANUP(file_magic_free, struct file_magic)

/* Writes up to FILE_MAGIC_TEXT bytes to out, no NUL behind them; returns how many, 0: libmagic says nothing.
 */
uint32_t file_magic_describe(struct file_magic *magic, struct span data, uint8_t *out);

#endif
