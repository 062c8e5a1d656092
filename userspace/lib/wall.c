// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * wall.c - the time of day that goes into records.
 */
#include "wall.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define LAB_VARIABLE "SEKIMORI_LAB_CLOCK"
#define RATE_MAX     1000000ull

static struct {
	uint64_t base_us, rate, start_us; /* rate 0: the real time of day */
} lab;

static uint64_t clock_us(clockid_t id)
{
	struct timespec now;

	clock_gettime(id, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

int wall_init(void)
{
	const char *text = getenv(LAB_VARIABLE);
	unsigned long long base, rate, start;
	char out[80];
	int n;

	if (!text)
		return 0;
	n = sscanf(text, "%llu %llu %llu", &base, &rate, &start);
	if (n < 2 || !rate || rate > RATE_MAX || base > 4102444800ull)
		return -EINVAL;
	if (n == 2)
		start = clock_us(CLOCK_MONOTONIC);
	lab.base_us = base * 1000000;
	lab.rate = rate;
	lab.start_us = start;
	snprintf(out, sizeof(out), "%llu %llu %llu", base, rate, start);
	return setenv(LAB_VARIABLE, out, 1) < 0 ? -errno : 0;
}

bool wall_is_lab(void)
{
	return lab.rate;
}

uint64_t wall_of(uint64_t monotonic_us)
{
	if (lab.rate)
		return lab.base_us +
		       (monotonic_us > lab.start_us ? monotonic_us - lab.start_us : 0) * lab.rate;
	return clock_us(CLOCK_REALTIME) - clock_us(CLOCK_MONOTONIC) + monotonic_us;
}

uint64_t wall_us(void)
{
	return lab.rate ? wall_of(clock_us(CLOCK_MONOTONIC)) : clock_us(CLOCK_REALTIME);
}
