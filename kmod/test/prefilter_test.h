/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * prefilter_test.h - the prefilter's part of the unit tests inside the kernel.
 */
#ifndef KMOD_TEST_PREFILTER_TEST_H
#define KMOD_TEST_PREFILTER_TEST_H

#include <linux/types.h>

bool seki_test_random_tables(void);
bool seki_test_adversarial_tables(void);

#endif
