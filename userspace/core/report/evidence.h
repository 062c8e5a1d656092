/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * evidence.h - what an event's record shows of the traffic itself, for people:
 * the fields of its protocol; evidence_packet.h has the packet. Pure.
 */
#ifndef CORE_EVIDENCE_H
#define CORE_EVIDENCE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#define EVIDENCE_FIELDS_MAX 200u

struct evidence_field {
	const char *name; /* "http.url" */
	const char *value;
};
/* Texts hold until fn returns; at most EVIDENCE_FIELDS_MAX. */
void evidence_fields(const json_t *event, void (*fn)(const struct evidence_field *field, void *arg),
		     void *arg);

/* Bytes of a record's packet or payload; out has EVIDENCE_ROOM(strlen(text)). Returns how many. */
#define EVIDENCE_ROOM(len) ((len) / 4 * 3 + 3)
size_t evidence_bytes(const char *text, uint8_t *out);

/*
 * A copy as people and other programs may see it: what came over the wire goes through the rules of
 * core/web/mask.h. A new reference, or text that is malloc'ed; NULL: no record, or no memory.
 */
json_t *evidence_masked(json_t *event);
char *evidence_masked_line(const char *line, size_t len);

#endif
