/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * eve_bytes.h - where the packet stands in an alert's line, so that it can go a
 * way of its own: the event file does not have it, the store keeps it for
 * as long as its severity asks. The line may come from an engine and is hostile. Pure.
 */
#ifndef CORE_EVE_BYTES_H
#define CORE_EVE_BYTES_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Finds ',"packet":"<base64>","packet_info":{…}' as eve_alert() writes it: line without [*from, *to) is the
 * record without its packet, and '{' with line(*from + 1, *to) and '}' is the packet alone. false: there is
 * none, and both stay as they were.
 */
bool eve_bytes_find(const char *line, size_t len, size_t *from, size_t *to);

#endif
