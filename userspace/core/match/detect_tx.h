/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * detect_tx.h - what the packet and stream half and the transaction half of
 * the detector use of each other.
 */
#ifndef CORE_DETECT_TX_H
#define CORE_DETECT_TX_H

#include "detect_run.h"

/* Fills the end points and forgets what was found before. */
void detect_run_begin(struct detect_run *run);
/* Takes rule up for this run; false: it was already. */
bool detect_find(struct detect *detect, uint32_t rule);
void detect_find_all(struct detect *detect, const uint32_t *rules, uint32_t count);
void detect_sort(struct detect *detect);
/* A pass or a drop said that nothing more is looked at. */
bool detect_over(const struct detect *detect, const struct packet *packet, const struct flow *flow);
void detect_stream_again(struct detect *detect, const struct packet *packet, struct flow *flow,
			 enum direction dir);

#endif
