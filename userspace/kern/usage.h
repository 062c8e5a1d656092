/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * usage.h - how often rules of the egress policy were used, for whoever may
 * open the instance's pins. Reads only.
 */
#ifndef KERN_USAGE_H
#define KERN_USAGE_H

#include "lib/cleanup.h"
#include <stdint.h>

#include "sekimori/maps.h"

/* *fd is the caller's. -ENOENT: the instance has nothing in the kernel. */
__must_check int usage_open(const char *instance, int *fd);
__must_check int usage_get(int fd, uint32_t rule, struct seki_egress_use *out); /* -ENOENT: never */

#endif
