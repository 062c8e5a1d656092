// SPDX-License-Identifier: GPL-2.0-or-later
/* usage.c - the counters of egress rules, by their pin. */
#include "usage.h"

#include <errno.h>
#include <stdio.h>

#include <bpf/bpf.h>

int usage_open(const char *instance, int *fd)
{
	char path[192];
	int opened;

	snprintf(path, sizeof(path), SEKI_PIN_ROOT "/%.100s/seki_egress_use", instance);
	opened = bpf_obj_get(path);
	if (opened < 0)
		return -errno;
	*fd = opened;
	return 0;
}

int usage_get(int fd, uint32_t rule, struct seki_egress_use *out)
{
	struct seki_egress_use use;
	int err = bpf_map_lookup_elem(fd, &rule, &use);

	if (!err)
		*out = use;
	return err;
}
