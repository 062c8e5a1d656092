// SPDX-License-Identifier: GPL-2.0-or-later
/* file.c - reading with a limit, atomic replacement, sealed memory. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "lib/file.h"
#include "lib/ktap.h"

static char folder[] = "/tmp/sekimori-file-XXXXXX";
static int folder_fd = -1;

static void replace_and_read(void)
{
	char *data = NULL;
	size_t len = 0;
	struct stat st;
	int entries = 0;
	DIR *dir;

	CHECK_EQ(file_replace(folder_fd, "a", "one", 3, 0640), 0);
	CHECK_EQ(file_replace(folder_fd, "a", "second", 6, 0600), 0);
	CHECK_EQ(fstatat(folder_fd, "a", &st, 0), 0);
	CHECK_EQ(st.st_mode & 07777, 0600);
	CHECK_EQ(file_read(folder_fd, "a", 6, &data, &len), 0);
	CHECK_EQ(len, 6);
	CHECK_STR(data, "second");
	free(data);
	data = NULL;
	CHECK_EQ(file_read(folder_fd, "a", 5, &data, &len), -EFBIG);
	CHECK(!data);
	CHECK_EQ(file_read(folder_fd, "none", 5, &data, &len), -ENOENT);
	CHECK_EQ(file_read(folder_fd, ".", 5, &data, &len), -EISDIR);
	dir = fdopendir(dup(folder_fd));
	for (struct dirent *e = readdir(dir); e; e = readdir(dir))
		entries += e->d_name[0] != '.';
	closedir(dir);
	CHECK_EQ(entries, 1);
}

static void paths(void)
{
	char path[200], *data = NULL;
	size_t len;

	snprintf(path, sizeof(path), "%s/b", folder);
	CHECK_EQ(file_replace(AT_FDCWD, path, "", 0, 0600), 0);
	CHECK_EQ(file_read(AT_FDCWD, path, 0, &data, &len), 0);
	CHECK_EQ(len, 0);
	CHECK_STR(data, "");
	free(data);
	CHECK_EQ(file_replace(folder_fd, "none/b", "", 0, 0600), -ENOENT);
	CHECK_EQ(file_replace(folder_fd, "x/", "", 0, 0600), -EISDIR);
	CHECK_EQ(file_replace(folder_fd, "..", "", 0, 0600), -EISDIR);
}

/* What others could have written, or could have put there, is not mapped. */
static void own_files(void)
{
	const void *data;
	size_t len;

	CHECK_EQ(file_replace(folder_fd, "own", "bytes", 5, 0600), 0);
	if (CHECK_EQ(file_map_own(folder_fd, "own", 5, &data, &len), 0)) {
		CHECK_EQ(len, 5);
		CHECK(!memcmp(data, "bytes", 5), "other bytes");
		munmap((void *)data, len);
	}
	CHECK_EQ(file_map_own(folder_fd, "own", 4, &data, &len), -EFBIG);
	CHECK_EQ(file_map_own(folder_fd, "none", 5, &data, &len), -ENOENT);
	CHECK_EQ(file_map_own(folder_fd, ".", 5, &data, &len), -EPERM);
	CHECK_EQ(symlinkat("own", folder_fd, "link"), 0);
	CHECK_EQ(file_map_own(folder_fd, "link", 5, &data, &len), -ELOOP);
	CHECK_EQ(fchmodat(folder_fd, "own", 0620, 0), 0);
	CHECK_EQ(file_map_own(folder_fd, "own", 5, &data, &len), -EPERM);
	CHECK_EQ(fchmodat(folder_fd, "own", 0602, 0), 0);
	CHECK_EQ(file_map_own(folder_fd, "own", 5, &data, &len), -EPERM);
	CHECK_EQ(fchmodat(folder_fd, "own", 0644, 0), 0);
	CHECK_EQ(fchmod(folder_fd, 0777), 0);
	CHECK_EQ(file_map_own(folder_fd, "own", 5, &data, &len), -EPERM);
	CHECK_EQ(fchmod(folder_fd, 0700), 0);
	if (!geteuid() && !fchownat(folder_fd, "own", 65534, 65534, 0))
		CHECK_EQ(file_map_own(folder_fd, "own", 5, &data, &len), -EPERM);
	CHECK_EQ(unlinkat(folder_fd, "own", 0), 0);
	CHECK_EQ(unlinkat(folder_fd, "link", 0), 0);
}

/* The old file stays, and no temporary one with it. */
static void failed_replace(void)
{
	char *data = NULL;
	size_t len;
	DIR *dir;
	int temps = 0;

	CHECK_EQ(mkdirat(folder_fd, "d", 0700), 0);
	CHECK(file_replace(folder_fd, "d", "x", 1, 0600) < 0);
	dir = fdopendir(openat(folder_fd, ".", O_RDONLY | O_DIRECTORY));
	for (struct dirent *e = readdir(dir); e; e = readdir(dir))
		temps += !strncmp(e->d_name, ".d.", 3);
	closedir(dir);
	CHECK_EQ(temps, 0);
	CHECK_EQ(file_read(folder_fd, "a", 100, &data, &len), 0);
	free(data);
}

/* Files whose size says 0. */
static void proc(void)
{
	char *data = NULL;
	size_t len = 0;

	CHECK_EQ(file_read(AT_FDCWD, "/proc/self/status", 1 << 20, &data, &len), 0);
	CHECK(len > 100 && data && strlen(data) == len);
	free(data);
	data = NULL;
	CHECK_EQ(file_read(AT_FDCWD, "/proc/self/status", 10, &data, &len), -EFBIG);
	CHECK(!data);
}

static void sealed(void)
{
	AUTO_FD int fd = -1;
	AUTO_FD int bare = memfd_create("bare", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	AUTO_FD int zero = -1;
	const void *data = NULL;
	size_t len = 0;

	CHECK_EQ(file_seal("x", "image", 5, &fd), 0);
	CHECK_EQ(file_map_sealed(fd, 5, &data, &len), 0);
	CHECK_EQ(len, 5);
	CHECK(data && !memcmp(data, "image", 5));
	munmap((void *)data, len);
	CHECK_EQ(file_map_sealed(fd, 4, &data, &len), -EFBIG);
	CHECK(write(fd, "y", 1) < 0);
	CHECK(ftruncate(fd, 100) < 0);
	CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	CHECK_EQ(write(bare, "x", 1), 1);
	CHECK_EQ(file_map_sealed(bare, 5, &data, &len), -EPERM);
	CHECK_EQ(fcntl(bare, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK), 0);
	CHECK_EQ(file_map_sealed(bare, 5, &data, &len), -EPERM);
	CHECK_EQ(file_map_sealed(folder_fd, 5, &data, &len), -EPERM);
	CHECK_EQ(file_map_sealed(-1, 5, &data, &len), -EBADF);
	CHECK_EQ(file_seal("x", "", 0, &zero), 0);
	CHECK_EQ(file_map_sealed(zero, 5, &data, &len), -ENODATA);
}

static const struct ktap_test tests[] = {
	TEST(replace_and_read), TEST(paths), TEST(failed_replace), TEST(proc), TEST(sealed), TEST(own_files),
};

int main(void)
{
	int rc;

	if (!mkdtemp(folder))
		return 1;
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	rc = ktap_run(tests, ARRAY_LEN(tests));
	unlinkat(folder_fd, "a", 0);
	unlinkat(folder_fd, "b", 0);
	unlinkat(folder_fd, "d", AT_REMOVEDIR);
	rmdir(folder);
	return rc;
}
