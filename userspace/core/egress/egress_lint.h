/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * egress_lint.h - what is wrong, or wider than it needs to be, with an egress
 * policy that is valid. Pure.
 */
#ifndef CORE_EGRESS_LINT_H
#define CORE_EGRESS_LINT_H

#include "core/policy/policy.h"

/* id, name, in English, in Japanese */
#define EGRESS_LINTS(X)                                                                                      \
	X(BROAD, "broad", "goes to more than 65 536 addresses: name the destinations",                       \
	  "宛先が広すぎます。限定してください")                                                              \
	X(SHADOWED, "shadowed", "another rule permits all of it: remove it",                                 \
	  "他の規則に含まれています。削除できます")                                                          \
	X(UNUSED, "unused", "let nothing out so far: is it needed?",                                         \
	  "一度も使われていません。必要か確認してください")                                                  \
	X(EXPIRED, "expired", "has ended: remove it", "期限切れです。削除してください")                      \
	X(ENDS, "ends-soon", "ends within two weeks", "2 週間以内に期限が切れます")                          \
	X(NOBODY, "nobody", "no host has this profile", "このプロファイルを持つホストがありません")          \
	X(NO_RESOLVER, "no-resolver", "the strict template knows no resolver: nothing can look up names",    \
	  "strict テンプレートに resolver がありません。名前解決ができません")                               \
	X(NO_TIME_SERVER, "no-time-server",                                                                  \
	  "the strict template knows no time server: nothing can set clocks",                                \
	  "strict テンプレートに time-server がありません。時刻同期ができません")
enum egress_lint {
#define X(id, ...) EGRESS_LINT_##id,
	EGRESS_LINTS(X)
#undef X
		EGRESS_LINT_MAX
};
extern const char *const egress_lint_names[EGRESS_LINT_MAX];
extern const char *const egress_lint_texts[EGRESS_LINT_MAX][2]; /* en, ja */

/* service: NULL when it is about the whole policy; other: what shadows it, or NULL. */
typedef void (*egress_lint_fn)(enum egress_lint lint, const struct policy_service *service,
			       const struct policy_service *other, void *arg);
/* used: has the rule let anything out? NULL: nobody knows. How many things were told. */
uint32_t egress_lint(const struct policy *policy, uint64_t now, bool (*used)(uint32_t rule, void *arg),
		     egress_lint_fn fn, void *arg);

/* "dns", "https", or "tcp 8443" for what has no name; buffer of 16. */
const char *egress_service_name(uint8_t proto, uint16_t port, char text[16]);

#endif
