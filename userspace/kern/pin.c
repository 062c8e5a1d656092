// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * pin.c - the pin folder of an instance in bpffs. The kernel reserves names
 * with dots there, so pins have none.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "gate_private.h"
#include "lib/log.h"

#define BPFFS "/sys/fs/bpf"

static int folder_make(const char *path, struct gate_why *why)
{
	if (mkdir(path, 0700) && errno != EEXIST)
		return why_set(why, -errno, "cannot make the pin folder %s: %s", path, strerror(errno));
	return 0;
}

int pin_root_prepare(struct gate_why *why)
{
	struct statfs fs;

	if (statfs(BPFFS, &fs))
		return why_set(why, errno == ENOENT ? -ENOTSUP : -errno,
			       BPFFS
			       " cannot be reached (%s): sysfs must be mounted and the kernel built with "
			       "CONFIG_BPF_SYSCALL",
			       strerror(errno));
	if ((uint32_t)fs.f_type != BPF_FS_MAGIC) {
		if (mount("bpf", BPFFS, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RELATIME, "mode=0700"))
			return why_set(why, errno == EPERM || errno == EACCES ? -EPERM : -errno,
				       "no bpffs at " BPFFS
				       " and mounting it failed (%s): as root run `mount -t bpf "
				       "bpf " BPFFS "`",
				       strerror(errno));
		log_warn("mounted bpffs at " BPFFS
			 "; in a mount namespace of its own these pins are invisible outside");
	}
	return folder_make(SEKI_PIN_ROOT, why);
}

int pin_path(const struct gate *gate, char path[GATE_PATH_MAX], const char *format, ...)
{
	va_list args;
	int len = snprintf(path, GATE_PATH_MAX, "%s/", gate->folder);
	int more;

	if (len < 0 || (unsigned int)len >= GATE_PATH_MAX)
		return -ENAMETOOLONG;
	va_start(args, format);
	more = vsnprintf(path + len, GATE_PATH_MAX - (unsigned int)len, format, args);
	va_end(args);
	return more < 0 || (unsigned int)(len + more) >= GATE_PATH_MAX ? -ENAMETOOLONG : 0;
}

int pin_open(const struct gate *gate, const char *name, int *fd)
{
	char path[GATE_PATH_MAX];
	int err = pin_path(gate, path, "%s", name);
	int opened;

	if (err)
		return err;
	opened = bpf_obj_get(path);
	if (opened < 0)
		return opened;
	*fd = opened;
	return 0;
}

int pin_put(const struct gate *gate, const char *name, int fd)
{
	char path[GATE_PATH_MAX], fresh[GATE_PATH_MAX];
	int err = pin_path(gate, path, "%s", name);

	if (!err)
		err = pin_path(gate, fresh, "new_%s", name);
	if (err)
		return err;
	if (unlink(fresh) && errno != ENOENT)
		return -errno;
	err = bpf_obj_pin(fd, fresh);
	if (err)
		return err;
	if (rename(fresh, path)) {
		err = -errno;
		unlink(fresh);
		return err;
	}
	return 0;
}

int pin_remove(const struct gate *gate, const char *name)
{
	char path[GATE_PATH_MAX];
	int err = pin_path(gate, path, "%s", name);

	if (err)
		return err;
	return unlink(path) ? -errno : 0;
}

int pin_owner(const struct gate *gate, uint32_t settings_id, char owner[INSTANCE_NAME_MAX])
{
	struct dirent *entry;
	int err = -ENOENT;
	DIR *dir = opendir(SEKI_PIN_ROOT);

	if (!dir)
		return -errno;
	while (err && (entry = readdir(dir))) {
		char path[GATE_PATH_MAX];
		struct bpf_map_info info;
		int fd AUTO_FD = -1;

		if (!instance_name_valid(entry->d_name) || !strcmp(entry->d_name, gate->instance))
			continue;
		snprintf(path, sizeof(path), SEKI_PIN_ROOT "/%.*s/seki_settings", INSTANCE_NAME_MAX,
			 entry->d_name);
		fd = bpf_obj_get(path);
		if (fd < 0 || map_info(fd, &info) || info.id != settings_id)
			continue;
		snprintf(owner, INSTANCE_NAME_MAX, "%.*s", INSTANCE_NAME_MAX - 1, entry->d_name);
		err = 0;
	}
	closedir(dir);
	return err;
}

int pin_folder_remove(const char *folder)
{
	struct dirent *entry;
	int err = 0;
	DIR *dir = opendir(folder);

	if (!dir)
		return errno == ENOENT ? 0 : -errno;
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		if (unlinkat(dirfd(dir), entry->d_name, 0) && !err)
			err = -errno;
	}
	closedir(dir);
	if (rmdir(folder) && !err)
		err = -errno;
	return err;
}
