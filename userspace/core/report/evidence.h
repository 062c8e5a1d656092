/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * evidence.h - what an event's record shows of the traffic itself, for people:
 * the fields of its protocol, and the packet's bytes. Pure.
 */
#ifndef CORE_EVIDENCE_H
#define CORE_EVIDENCE_H

#include <jansson.h>

#define EVIDENCE_FIELDS_MAX 200u

struct evidence_field {
	const char *name; /* "http.url" */
	const char *value;
};
/* Texts hold until fn returns; at most EVIDENCE_FIELDS_MAX. */
void evidence_fields(const json_t *event, void (*fn)(const struct evidence_field *field, void *arg),
		     void *arg);

/* The packet as lines of offset, hex and characters, credentials masked; malloc'ed. NULL: the record has
 * none. */
char *evidence_dump(const json_t *event);

#endif
