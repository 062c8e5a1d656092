/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * db_dialect.h - our statements as PostgreSQL wants them. Pure.
 */
#ifndef STORE_DB_DIALECT_H
#define STORE_DB_DIALECT_H

#include "db_driver.h"

#define DB_SQL_MAX 8192u

struct dialect {
	char sql[DB_SQL_MAX];
	/* PostgreSQL refuses parameters that a statement does not mention: [n] is the number there of ?n, 0
	 * none. */
	uint8_t number[DB_PLACES];
	uint8_t count;
};

/* -E2BIG: too long, or a parameter out of range. */
__must_check int dialect_make(const char *sql, struct dialect *out);

#endif
