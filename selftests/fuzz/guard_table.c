// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * guard_table.c - any bytes as the guard's table and as a packet: what the check lets pass is asked without
 * leaving its memory. The first two bytes say how long the packet behind the table is.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "kmod/guard_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seki_guard_packet packet = {.ifindex = 1};
	size_t frame, len;
	uint64_t *table;

	if (size < 4)
		return 0;
	frame = (size_t)(data[0] | data[1] << 8);
	if (frame > size - 4)
		frame = size - 4;
	len = size - 4 - frame;
	table = malloc(len + 8); /* as the kernel holds it: aligned */
	if (!table)
		return 0;
	memcpy(table, data + 4, len);
	if (seki_guard_parse(data + 4 + len, frame, (uint16_t)(data[2] << 8 | data[3]), &packet) &&
	    !seki_guard_check(table, (uint32_t)len))
		(void)seki_guard_judge(table, &packet, 100);
	free(table);
	return 0;
}
