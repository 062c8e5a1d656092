/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * host_said.h - the name that a host of ours gives itself: option 12 of DHCP
 * (RFC 2132), or the owner of an address in multicast DNS (RFC 6762). It is a
 * claim, shown as one, and never decides anything. Pure.
 */
#ifndef CORE_EGRESS_HOST_SAID_H
#define CORE_EGRESS_HOST_SAID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOST_SAID_MAX 64u

enum host_said_by { HOST_SAID_NOWHERE, HOST_SAID_DHCP, HOST_SAID_MDNS, HOST_SAID_BY_MAX };
extern const char *const host_said_names[HOST_SAID_BY_MAX];

/* packet: from its IP header on. NOWHERE: it says no name, or one that is none. */
enum host_said_by host_said(const uint8_t *packet, size_t len, char name[HOST_SAID_MAX]);

#endif
