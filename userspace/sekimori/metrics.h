/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * metrics.h - counters in the OpenMetrics text format 1.0, from what the daemon
 * answers. Pure.
 */
#ifndef SEKIMORI_METRICS_H
#define SEKIMORI_METRICS_H

#include <jansson.h>
#include <stdio.h>

#define METRICS_TYPE "application/openmetrics-text; version=1.0.0; charset=utf-8"

/* Answers to "status", "counters" and "lists"; now: seconds since the epoch. */
void metrics_write(FILE *out, const json_t *status, const json_t *counters, const json_t *lists,
		   long long now);

#endif
