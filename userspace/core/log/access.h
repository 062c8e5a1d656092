/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * access.h - who did what to which file or system: one record, whatever product
 * wrote it.
 */
#ifndef CORE_ACCESS_H
#define CORE_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/cleanup.h"
#include "lib/text.h"

/* Member, name in mapping files and output, ja, en. The number is stored: rows stay where they are. */
#define ACCESS_ACTIONS(X)                                                                                    \
	X(READ, "read", "閲覧", "read")                                                                      \
	X(WRITE, "write", "書き込み", "written")                                                             \
	X(DELETE, "delete", "削除", "deleted")                                                               \
	X(RENAME, "rename", "名前変更・移動", "renamed or moved")                                            \
	X(COPY, "copy", "コピー", "copied")                                                                  \
	X(CONNECT, "connect", "共有への接続", "share connected")                                             \
	X(LOGON, "logon", "ログオン", "logged on")                                                           \
	X(LOGOFF, "logoff", "ログオフ", "logged off")                                                        \
	X(ADMIN, "admin", "管理操作", "changed a setting")                                                   \
	X(EXPORT, "export", "エクスポート", "exported")                                                      \
	X(RUN, "run", "実行", "run")
enum access_action {
#define X(id, ...) ACCESS_##id,
	ACCESS_ACTIONS(X)
#undef X
		ACCESS_ACTION_MAX
};
struct access_action_name {
	const char *name, *ja, *en;
};
extern const struct access_action_name access_action_names[ACCESS_ACTION_MAX];
/* ACCESS_ACTION_MAX: no such name. */
enum access_action access_action_find(struct text name);

/* Of a name; the same for any case of ASCII letters. */
uint64_t access_hash(struct text text, uint64_t seed);

#define ACCESS_TEXT_MAX 4096u /* of one text; longer is refused with its record */

struct access {
	int64_t time;	 /* us since 1970-01-01T00:00:00Z */
	uint64_t serial; /* of the log, for order within one time; 0: by line */
	uint32_t line;
	uint8_t action; /* enum access_action */
	bool denied;
	bool share; /* object is seen through a share: the end of the path that the server itself logs */
	/* "" where the log does not say; NUL-free */
	struct text user, object, client, server;
};

#endif
