/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * eve_read.h - the fields of an EVE line that are asked for later. The line may
 * come from an engine and is hostile. Pure.
 */
#ifndef CORE_EVE_READ_H
#define CORE_EVE_READ_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/cleanup.h"
#include "sekimori/abi.h"

struct eve_fields {
	uint64_t t_us;	  /* timestamp since the epoch; 0: none that could be read */
	const char *type; /* event_type */
	uint8_t severity, verdict, proto;
	bool target_is_src; /* of an alert: the attacked side stands as source */
	uint16_t src_port, dst_port;
	uint32_t gid, sid, rev;
	struct seki_addr src, dst; /* v4-mapped, zero: none */
	const char *label;	   /* signature, drop reason, kind of shield event; "" none */
	const char *list, *iface;  /* "" none */
	char *rule;		   /* JSON: category, metadata, references of an alert; NULL none */
	json_t *root;		   /* holds the texts */
};

/* -EBADMSG: no JSON object with an event_type; -ENOMEM. On success eve_fields_end() is the caller's duty. */
__must_check int eve_read(const char *line, size_t len, struct eve_fields *out);
void eve_fields_end(struct eve_fields *fields);

/* "2014-09-01T00:00:00.000001+0900" to microseconds since the epoch. -EINVAL. */
__must_check int eve_read_time(const char *text, uint64_t *us);
/* "192.0.2.1" or "2001:db8::1", v4-mapped. -EINVAL. */
__must_check int eve_read_address(const char *text, struct seki_addr *out);

#endif
