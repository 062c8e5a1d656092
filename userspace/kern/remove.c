// SPDX-License-Identifier: GPL-2.0-or-later
/* remove.c - takes an instance out of the kernel: hooks first, then every pin. */
#include <dirent.h>
#include <errno.h>
#include <net/if.h>
#include <string.h>

#include "gate_private.h"

/* `ip link` left pins of the maps that we adopted from it; only those of the very maps pinned here are ours.
 */
static void pins_iproute2_remove(const struct gate *gate)
{
	DIR *dir = opendir(SEKI_PIN_IPROUTE2);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		struct bpf_map_info theirs, ours;
		int fd AUTO_FD = -1, own AUTO_FD = -1;
		char path[GATE_PATH_MAX];

		if (strncmp(entry->d_name, "seki_", 5) || pin_open(gate, entry->d_name, &own))
			continue;
		snprintf(path, sizeof(path), SEKI_PIN_IPROUTE2 "/%.100s", entry->d_name);
		fd = bpf_obj_get(path);
		if (fd >= 0 && !map_info(fd, &theirs) && !map_info(own, &ours) && theirs.id == ours.id)
			unlinkat(dirfd(dir), entry->d_name, 0);
	}
	if (dir)
		closedir(dir);
}

int gate_remove(struct gate *gate, struct gate_why *why)
{
	struct if_nameindex *all = if_nameindex();
	int err = 0;

	if (!all)
		return why_set(why, -errno, "cannot list the interfaces: %s", strerror(errno));
	for (struct if_nameindex *each = all; each->if_index && !err; each++) {
		err = gate_detach(gate, each->if_index, why);
		if (err == -ENOENT)
			err = 0;
	}
	if_freenameindex(all);
	if (err)
		return err;
	if (why)
		why->text[0] = '\0';
	err = gate_sockets_detach(gate);
	if (!err || err == -ENOENT)
		err = gate_backstop_remove(gate);
	if (!err)
		err = gate_family_detach(gate);
	if (err)
		return why_set(why, err, "the socket hooks or the nftables backstop stay: %s",
			       strerror(-err));
	pins_iproute2_remove(gate);
	/* Link pins that are left are of interfaces in other namespaces: they detach with their pin. */
	err = pin_folder_remove(gate->folder);
	if (err)
		return why_set(why, err, "cannot remove every pin in %s: %s", gate->folder, strerror(-err));
	rmdir(SEKI_PIN_ROOT); /* stays while other instances have pins */
	return 0;
}
