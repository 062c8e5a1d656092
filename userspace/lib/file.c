// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * file.c - whole files and sealed memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "file.h"

#define LENGTH_SEALS   (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW)
#define FILE_SEALS     (LENGTH_SEALS | F_SEAL_WRITE)
#define FILE_FIRST     4096u
#define FILE_NAME_ROOM 256

static int write_all(int fd, const void *data, size_t len)
{
	const char *from = data;

	while (len > 0) {
		ssize_t n = write(fd, from, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -EIO;
		from += n;
		len -= (size_t)n;
	}
	return 0;
}

int file_read(int dirfd, const char *path, size_t limit, char **data, size_t *len)
{
	AUTO_FD int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	AUTO_FREE char *buffer = NULL;
	size_t used = 0, room = 0;
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st))
		return -errno;
	if (S_ISREG(st.st_mode) && (uint64_t)st.st_size > limit)
		return -EFBIG;
	if (limit > SIZE_MAX - 2)
		limit = SIZE_MAX - 2;
	/* The size is only a hint: /proc says 0, a file may grow meanwhile. One byte beyond the limit shows
	 * excess. */
	for (;;) {
		ssize_t n;

		if (room - used < 2) {
			size_t hint =
				S_ISREG(st.st_mode) && st.st_size > 0 ? (size_t)st.st_size + 2 : FILE_FIRST;
			size_t bigger = !room ? hint : room > SIZE_MAX / 2 ? SIZE_MAX : room * 2;
			char *moved;

			if (bigger > limit + 2)
				bigger = limit + 2;
			moved = realloc(buffer, bigger);
			if (!moved)
				return -ENOMEM;
			buffer = moved;
			room = bigger;
		}
		n = read(fd, buffer + used, room - used - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		used += (size_t)n;
		if (used > limit)
			return -EFBIG;
	}
	buffer[used] = '\0';
	*data = TAKE_PTR(buffer);
	*len = used;
	return 0;
}

static bool file_is_own(const struct stat *st)
{
	return (st->st_uid == geteuid() || st->st_uid == 0) && !(st->st_mode & (S_IWGRP | S_IWOTH));
}

int file_map_own(int dirfd, const char *name, size_t limit, const void **data, size_t *len)
{
	AUTO_FD int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	struct stat st;
	void *map;

	if (fd < 0)
		return -errno;
	if (fstat(dirfd, &st))
		return -errno;
	if (!S_ISDIR(st.st_mode) || !file_is_own(&st))
		return -EPERM;
	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode) || !file_is_own(&st))
		return -EPERM;
	if (st.st_size <= 0 || (uint64_t)st.st_size > limit)
		return st.st_size > 0 ? -EFBIG : -ENODATA;
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	*data = map;
	*len = (size_t)st.st_size;
	return 0;
}

/* Opens the folder of path; *base is path's last part. */
static int open_folder(int dirfd, const char *path, const char **base, int *fd)
{
	AUTO_FREE char *folder = NULL;
	const char *slash = strrchr(path, '/');

	*base = slash ? slash + 1 : path;
	if (!**base || !strcmp(*base, ".") || !strcmp(*base, ".."))
		return -EISDIR;
	folder = !slash ? strdup(".") : slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
	if (!folder)
		return -ENOMEM;
	*fd = openat(dirfd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *fd < 0 ? -errno : 0;
}

static int open_temp(int folder, const char *base, char name[FILE_NAME_ROOM], int *fd)
{
	for (int tries = 0; tries < 16; tries++) {
		uint64_t random;

		if (getrandom(&random, sizeof(random), 0) != sizeof(random))
			return -EIO;
		if (snprintf(name, FILE_NAME_ROOM, ".%s.%016" PRIx64, base, random) >= FILE_NAME_ROOM)
			return -ENAMETOOLONG;
		*fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (*fd >= 0)
			return 0;
		if (errno != EEXIST)
			return -errno;
	}
	return -EEXIST;
}

static int write_parts(int fd, const struct piece *parts, int count)
{
	int err = 0;

	for (int i = 0; !err && i < count; i++)
		err = write_all(fd, parts[i].data, parts[i].len);
	return err;
}

static int fill_temp(int fd, const struct piece *parts, int count, unsigned int mode)
{
	int err = write_parts(fd, parts, count);

	if (err)
		return err;
	if (fchmod(fd, mode) || fsync(fd))
		return -errno;
	return 0;
}

int file_replace_parts(int dirfd, const char *path, const struct piece *parts, int count, unsigned int mode)
{
	AUTO_FD int folder = -1;
	AUTO_FD int fd = -1;
	char name[FILE_NAME_ROOM];
	const char *base;
	int err;

	/* The folder is opened first: what can fail should fail before the rename. */
	err = open_folder(dirfd, path, &base, &folder);
	if (err)
		return err;
	err = open_temp(folder, base, name, &fd);
	if (err)
		return err;
	err = fill_temp(fd, parts, count, mode);
	if (!err && renameat(folder, name, folder, base))
		err = -errno;
	if (err) {
		unlinkat(folder, name, 0);
		return err;
	}
	return fsync(folder) ? -errno : 0;
}

int file_replace(int dirfd, const char *path, const void *data, size_t len, unsigned int mode)
{
	const struct piece part = {data, len};

	return file_replace_parts(dirfd, path, &part, 1, mode);
}

int file_seal_parts(const char *name, const struct piece *parts, int count, int *fd)
{
	AUTO_FD int made = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int err;

	if (made < 0)
		return -errno;
	err = write_parts(made, parts, count);
	if (err)
		return err;
	if (fcntl(made, F_ADD_SEALS, FILE_SEALS))
		return -errno;
	*fd = TAKE_FD(made);
	return 0;
}

int file_seal(const char *name, const void *data, size_t len, int *fd)
{
	const struct piece part = {data, len};

	return file_seal_parts(name, &part, 1, fd);
}

int file_map_sealed(int fd, size_t limit, const void **data, size_t *len)
{
	int seals = fcntl(fd, F_GET_SEALS);
	struct stat st;
	void *map;

	/* EINVAL: not a memfd at all */
	if (seals < 0)
		return errno == EINVAL ? -EPERM : -errno;
	if ((seals & FILE_SEALS) != FILE_SEALS)
		return -EPERM;
	if (fstat(fd, &st))
		return -errno;
	if (st.st_size <= 0)
		return -ENODATA;
	if ((uint64_t)st.st_size > limit)
		return -EFBIG;
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	*data = map;
	*len = (size_t)st.st_size;
	return 0;
}

int file_share(const char *name, size_t len, int *fd)
{
	AUTO_FD int made = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (made < 0 || ftruncate(made, (off_t)len) || fcntl(made, F_ADD_SEALS, LENGTH_SEALS))
		return -errno;
	*fd = TAKE_FD(made);
	return 0;
}

int file_map_shared(int fd, size_t len, void **memory)
{
	int seals = fcntl(fd, F_GET_SEALS);
	struct stat st;
	void *map;

	if (seals < 0)
		return errno == EINVAL ? -EPERM : -errno;
	if (fstat(fd, &st))
		return -errno;
	if ((seals & LENGTH_SEALS) != LENGTH_SEALS || st.st_size < 0 || (size_t)st.st_size != len)
		return -EPERM;
	map = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return -errno;
	*memory = map;
	return 0;
}
