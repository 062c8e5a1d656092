/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * app_dns.h - one DNS message as a transaction.
 */
#ifndef CORE_APP_DNS_H
#define CORE_APP_DNS_H

#include "app_rows.h"

#define DNS_RECORDS_MAX 64u /* of each section that are kept of one message */

enum dns_section { DNS_QUESTIONS, DNS_ANSWERS, DNS_AUTHORITIES, DNS_ADDITIONALS, DNS_SECTIONS };

struct dns_record {
	uint32_t name_at, name_len; /* within text: dotted, without the last dot */
	uint32_t data_at, data_len; /* answers: text of the data, when it is of a type that has one */
	uint32_t ttl;
	uint16_t type, rclass;
};

struct dns_tx {
	struct tx tx;
	bool response;
	uint16_t id, flags;
	struct blob text;
	struct blob records; /* struct dns_record, section behind section */
	uint32_t counts[DNS_SECTIONS];
};

/* NULL beyond the last. */
const struct dns_record *dns_record(const struct dns_tx *tx, enum dns_section section, unsigned int index);
/* "A", "AAAA", …; for other types the number, written to text. */
const char *dns_type_name(uint16_t type, char text[8]);
const char *dns_code_name(unsigned int rcode, char text[8]);

#endif
