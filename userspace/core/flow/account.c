// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * account.c - the open account of this thread.
 */
#include "account.h"

static _Thread_local int64_t *account_now;

int64_t *account_open(int64_t *account)
{
	int64_t *before = account_now;

	account_now = account;
	return before;
}

void account_charge(size_t bytes)
{
	if (account_now)
		*account_now += (int64_t)bytes;
}

void account_release(size_t bytes)
{
	if (account_now)
		*account_now -= (int64_t)bytes;
}
