/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * access_map.h - what the fields of a product's log mean, as data: a mapping
 * file (logs/NAME.map) makes records of fields (log_read.h) into accesses.
 *
 *	map windows-security {
 *		help "..."; help-ja "...";
 *		container xml;			# default: by content
 *		labels Message;			# fields that are texts of "Label: value"
 *		field user SubjectUserName winlog.event_data.SubjectUserName;
 *		time %Y-%m-%dT%H:%M:%S%f%Z;	# patterns of civil.h, tried in order
 *		event delete { when id 4660; object handle; }
 *	}
 *
 * field NAME gives the first of its sources that a record has. Names with a meaning: time, serial, user,
 *domain, object, parent (folder of object), client, server, handle, and result; others serve `when`. The
 *first event whose every `when` holds counts: when NAME VALUE…	equal to one, any case of ASCII letters when
 *NAME any		is there and not empty; when NAME none: it is not when NAME mask N	a number, bit
 *of N set ("0x…" hexadecimal) when NAME begins|ends|has TEXT… Its action is one of access.h's, or `handle`
 *(the record only tells which object a handle is), or `skip`. In the block also: denied; share; object handle
 *(the object that the handle was opened for).
 */
#ifndef CORE_ACCESS_MAP_H
#define CORE_ACCESS_MAP_H

#include "access.h"
#include "lib/civil.h"
#include "lib/conf.h"
#include "log_read.h"

#define ACCESS_MAP_NAME_MAX 48

struct access_map;

/*
 * Every map of a file; *out is a chain owned by the caller. -EINVAL with errors filled (file:line:column and
 * what to do), -ENOMEM.
 */
__must_check int access_map_parse(const char *file, const char *text, size_t len, struct access_map **out,
				  struct conf_errors *errors);
void access_map_free(struct access_map *maps); /* all of them; NULL is fine */
DEFINE_CLEANUP(access_map_free, struct access_map)
const struct access_map *access_map_next(const struct access_map *map);
const char *access_map_name(const struct access_map *map);
const char *access_map_help(const struct access_map *map, bool japanese);
/* What log_read() needs to know. */
struct log_how access_map_how(const struct access_map *map);

/* What times need that the log does not say. */
struct access_clock {
	/* Seconds that clocks of the log's place are ahead of UTC at this wall time. */
	int64_t (*zone)(const struct civil *wall, void *arg);
	void *arg;
	int64_t latest; /* seconds since 1970: a time without a year is of the last year that does not make it
			   later */
};

enum access_kind {
	ACCESS_KIND_ACCESS, /* *out is filled */
	ACCESS_KIND_HANDLE, /* handle and object only */
	ACCESS_KIND_SKIP,   /* the map says that it is none */
	ACCESS_KIND_NONE    /* no event of the map fits */
};
struct access_found {
	enum access_kind kind;
	struct access access;
	struct text handle; /* "" none */
	bool by_handle;	    /* the object is that of the handle */
};
/* Borrows from record and scratch (ACCESS_TEXT_MAX bytes, which composed texts are put in). -EINVAL with *why
 * (static): it cannot be taken. */
__must_check int access_map_apply(const struct access_map *map, const struct log_record *record,
				  const struct access_clock *clock, char scratch[ACCESS_TEXT_MAX],
				  struct access_found *out, const char **why);

#endif
