/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * siem_line.h - one event as log products read it: ArcSight's CEF and QRadar's
 * LEEF. Pure.
 */
#ifndef CORE_SIEM_LINE_H
#define CORE_SIEM_LINE_H

#include "core/eve/eve_read.h"

#define SIEM_FORMATS(X)                                                                                      \
	X(CEF, "cef", "Common Event Format 0 (ArcSight and what reads it)")                                  \
	X(LEEF, "leef", "Log Event Extended Format 2.0 (QRadar)")
enum siem_format {
#define X(id, ...) SIEM_##id,
	SIEM_FORMATS(X)
#undef X
		SIEM_FORMAT_MAX
};
/* -EINVAL: no such name. */
__must_check int siem_format_find(const char *name, enum siem_format *out);

/* A line without its end; nothing in it can begin a field or a line of its own. malloc'ed; NULL: no memory.
 */
char *siem_line(enum siem_format format, const struct eve_fields *event);

#endif
