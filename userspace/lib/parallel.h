/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * parallel.h - one long piece of work by all processors at once. The threads live for the call only.
 */
#ifndef LIB_PARALLEL_H
#define LIB_PARALLEL_H

#include <stdint.h>

/*
 * Calls fn(arg, part) once for each part below parts, from several threads in any order; returns when all of
 * them have returned. The caller works as well: where no thread can be made, it does everything.
 */
void parallel_run(void (*fn)(void *arg, uint32_t part), void *arg, uint32_t parts);

#endif
