/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * holiday.h - Japanese public holidays and the seasons that people name peaks
 * after. Pure: what the laws say for each year since 1948.
 *
 * Act on National Holidays (Act No. 178 of 1948) and its changes to 2026: fixed days, Happy Mondays (2000,
 * 2003), equinoxes (by the usual approximation, right for 1900 to 2099; the government gazette decides),
 * substitute holidays (since 1973-04-12, the next day that is none since 2007), days between two holidays
 * (since 1986), the five days of special acts, the moves of 2020 and 2021.
 */
#ifndef CORE_HOLIDAY_H
#define CORE_HOLIDAY_H

#include "lib/civil.h"

struct day_name {
	const char *ja, *en;
};

/* NULL: none. Years after 2099 have no equinoxes. Static. */
const struct day_name *holiday_of(int32_t year, unsigned int month, unsigned int day);

/* Golden Week, Obon, the turn of the year; NULL: none of them. Static. */
const struct day_name *season_of(unsigned int month, unsigned int day);

#endif
