/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * packet_pair.h - one number for all frames between two hosts, for who
 * divides frames among several.
 */
#ifndef CORE_PACKET_PAIR_H
#define CORE_PACKET_PAIR_H

#include "packet.h"

/*
 * By the outermost addresses, either way round: fragments, which have no ports, and tunnels go where the rest
 * of their hosts' packets go. All frames without addresses have one number.
 */
uint32_t packet_pair(enum link_type link, const uint8_t *frame, size_t len);

#endif
