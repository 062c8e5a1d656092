/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * file.h - whole files: read with a limit, replace atomically, sealed memory.
 */
#ifndef LIB_FILE_H
#define LIB_FILE_H

#include <stddef.h>

#include "cleanup.h"
#include "piece.h"

/* Whole file at dirfd/path (AT_FDCWD allowed) into *data (owned, NUL after *len). -EFBIG over limit, -errno.
 */
__must_check int file_read(int dirfd, const char *path, size_t limit, char **data, size_t *len);

/*
 * Maps a regular file that nobody but this user (or root) can have written: it and its folder dirfd belong to
 * one of them and others may not write there; no symbolic link. -EPERM otherwise, -EFBIG over limit. munmap
 * is the caller's.
 */
__must_check int file_map_own(int dirfd, const char *name, size_t limit, const void **data, size_t *len);

/* Write temp in the same folder, fsync, rename, fsync the folder. The old file stays on any error. mode e.g.
 * 0600. */
__must_check int file_replace(int dirfd, const char *path, const void *data, size_t len, unsigned int mode);

/* The same of pieces one behind the other. */
__must_check int file_replace_parts(int dirfd, const char *path, const struct piece *parts, int count,
				    unsigned int mode);

/* A memfd holding data, sealed against write, grow, shrink and further seals. *fd owned. */
__must_check int file_seal(const char *name, const void *data, size_t len, int *fd);
__must_check int file_seal_parts(const char *name, const struct piece *parts, int count, int *fd);

/* Maps a memfd read-only after checking all four seals. -EPERM not sealed, -EFBIG over limit. munmap is the
 * caller's. */
__must_check int file_map_sealed(int fd, size_t limit, const void **data, size_t *len);

/* A memfd of len zero bytes for several processes to write to, sealed against any other length. *fd owned. */
__must_check int file_share(const char *name, size_t len, int *fd);

/* Maps such a memfd to read and write. -EPERM: its length could change, or is not len. munmap is the
 * caller's. */
__must_check int file_map_shared(int fd, size_t len, void **memory);

#endif
