/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * account.h - what decoders and rules allocate for one flow is charged to
 * it. They work on one flow at a time, so the owner opens the account of the
 * flow in hand and closes it afterwards; per thread. Without an open one nothing is counted.
 */
#ifndef CORE_ACCOUNT_H
#define CORE_ACCOUNT_H

#include <stddef.h>
#include <stdint.h>

/* NULL: none. Returns the one that was open, to be opened again afterwards. */
int64_t *account_open(int64_t *account);
void account_charge(size_t bytes);
void account_release(size_t bytes);

#endif
