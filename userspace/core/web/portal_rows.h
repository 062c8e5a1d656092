/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * portal_rows.h - what the portal says: id, English, Japanese. A part of the
 * catalogue of phrase.h.
 */
#ifndef CORE_PORTAL_ROWS_H
#define CORE_PORTAL_ROWS_H

#define PORTAL_PHRASES(X)                                                                                                                                    \
	X(P_NOW, "Now", "現在の状況")                                                                                                                        \
	X(P_ALERTS, "Alerts", "検知一覧")                                                                                                                    \
	X(P_ALERT, "Alert", "検知の詳細")                                                                                                                    \
	X(P_EVIDENCE, "Evidence", "証跡")                                                                                                                    \
	X(P_BLACKLIST, "Blacklist", "ブラックリスト")                                                                                                        \
	X(P_WHY, "What decides for an address", "アドレスの判定理由")                                                                                        \
	X(P_EGRESS, "Egress", "発信通信")                                                                                                                    \
	X(P_REPORTS, "Reports", "レポート")                                                                                                                  \
	X(P_ASSETS, "Assets", "資産")                                                                                                                        \
	X(P_SETTINGS, "Settings", "設定")                                                                                                                    \
	X(P_AUDIT, "Audit log", "監査ログ")                                                                                                                  \
	X(P_USERS, "Users", "利用者")                                                                                                                        \
	X(P_ACCOUNT, "Your account", "アカウント")                                                                                                           \
	X(P_LOGIN, "Log in", "ログイン")                                                                                                                     \
	X(P_LOGOUT, "Log out", "ログアウト")                                                                                                                 \
	X(P_SETUP, "First administrator", "最初の管理者の登録")                                                                                              \
	X(P_NAVIGATION, "Pages", "ページ")                                                                                                                   \
	X(P_SKIP, "To the content", "本文へ")                                                                                                                \
	X(P_MADE_AT, "As of", "表示時刻")                                                                                                                    \
	X(P_BACK_TO_NOW, "To the first page", "トップページへ")                                                                                              \
	X(P_BACK_TO_ALERTS, "All alerts", "検知一覧へ")                                                                                                      \
	X(P_LOW, "low", "低")                                                                                                                                \
	X(P_MEDIUM, "medium", "中")                                                                                                                          \
	X(P_HIGH, "high", "高")                                                                                                                              \
	X(P_CRITICAL, "critical", "重大")                                                                                                                    \
	X(P_VERDICT_UNKNOWN, "unknown", "不明")                                                                                                              \
	X(P_VERDICT_BLOCKED, "blocked", "遮断")                                                                                                              \
	X(P_VERDICT_CUT, "cut after delivery", "到達後に切断")                                                                                               \
	X(P_VERDICT_WOULD, "would be blocked", "遮断対象(監視のみ)")                                                                                         \
	X(P_VERDICT_PASSED, "passed", "通過")                                                                                                                \
	X(P_NO_DAEMON,                                                                                                                                       \
	  "The daemon does not answer: whether anything is protected is not known. On the machine: "                                                         \
	  "sekimori doctor",                                                                                                                                 \
	  "デーモンが応答しません。保護されているかどうかは不明です。機器上で sekimori doctor "                             \
	  "を実行してください。")                                                                                                                            \
	X(P_STATE_NOTHING,                                                                                                                                   \
	  "Nothing is protected: no interface has its program. Begin with: sekimori up --iface IF",                                                          \
	  "保護されていません。プログラムが有効なインタフェースがありません。sekimori up --iface IF "                       \
	  "で開始してください。")                                                                                                                            \
	X(P_STATE_PARTLY,                                                                                                                                    \
	  "Only a part is protected: an interface has lost its program. On the machine: sekimori doctor",                                                    \
	  "一部しか保護されていません。プログラムが外れたインタフェースがあります。機器上で sekimori "               \
	  "doctor を実行してください。")                                                                                                                     \
	X(P_STATE_ENFORCING, "Enforcing on {0} of {1} interfaces: what is found is dropped.",                                                                \
	  "{1} インタフェース中 {0} で遮断を実施しています。")                                                                                               \
	X(P_STATE_MIXED, "Enforcing on {0} of {1} interfaces; on the others attacks are told, not dropped.",                                                 \
	  "{1} インタフェース中 {0} で遮断を実施しています。残りは監視のみで、攻撃は遮断されません。")                                                       \
	X(P_STATE_MONITOR,                                                                                                                                   \
	  "Watching only: attacks are told, nothing is dropped. To enforce: sekimori up --enforce "                                                          \
	  "--confirm-within 60",                                                                                                                             \
	  "監視のみです。攻撃は通知されますが遮断されません。遮断するには sekimori up --enforce "                             \
	  "--confirm-within 60 を実行してください。")                                                                                                        \
	X(P_STATE_PROBATION,                                                                                                                                 \
	  "A change is on probation and will be taken back unless somebody runs: sekimori confirm",                                                          \
	  "変更は試行中です。sekimori confirm を実行しなければ元に戻ります。")                                                                               \
	X(P_STATE_ENGINES,                                                                                                                                   \
	  "Not every inspection process is ready: what passes meanwhile is not looked into.",                                                                \
	  "準備のできていない検査プロセスがあります。その間の通信は検査されません。")                                                                        \
	X(P_LAST_ALARM, "last alarm", "直近の警報")                                                                                                          \
	X(P_IFACE, "interface", "インタフェース")                                                                                                            \
	X(P_IFACE_ROLE, "faces", "接続先")                                                                                                                   \
	X(P_IFACE_MODE, "mode", "動作")                                                                                                                      \
	X(P_IFACE_HOOK, "attachment", "取り付け方")                                                                                                          \
	X(P_DETACHED, "detached", "無効")                                                                                                                    \
	X(P_MODE_ENFORCE, "enforce", "遮断")                                                                                                                 \
	X(P_MODE_MONITOR, "monitor", "監視のみ")                                                                                                             \
	X(P_LAST_DAY, "The last 24 hours", "過去 24 時間")                                                                                                   \
	X(P_URGENT, "{0} critical attacks were not blocked before they were delivered.",                                                                     \
	  "到達前に遮断されなかった重大な攻撃が {0} 件あります。")                                                                                           \
	X(P_URGENT_LOOK, "Look at them", "一覧を見る")                                                                                                       \
	X(P_URGENT_NONE,                                                                                                                                     \
	  "No critical attack was seen that was not blocked. What was not inspected is in the security log "                                                 \
	  "report.",                                                                                                                                         \
	  "遮断されなかった重大な攻撃は検知されていません。検査できなかった範囲はセキュリティログレポートを" \
	  "参照してください。")                                                                                                                              \
	X(P_CHART, "Alerts by the hour; in front: critical and not blocked",                                                                                 \
	  "1 時間ごとの検知数 (手前は遮断されなかった重大な攻撃)")                                                                                           \
	X(P_DROPS_WITHOUT_RULE, "Packets told as dropped without a rule, which are no detections",                                                           \
	  "ルールによらない破棄の記録 (検知数には含みません)")                                                                                               \
	X(P_LATEST, "Latest alerts", "最新の検知")                                                                                                           \
	X(P_LIVE_ON, "This list follows what happens.", "この一覧は自動で更新されます。")                                                                    \
	X(P_LIVE_OFF, "The connection was lost: reload the page.",                                                                                           \
	  "接続が切れました。ページを再読み込みしてください。")                                                                                              \
	X(P_STORE_NONE, "Nothing is stored yet.", "まだ何も記録されていません。")                                                                            \
	X(P_STORE_FAULT,                                                                                                                                     \
	  "The stored events could not be read; the daemon's log says why. What is missing here may have "                                                   \
	  "happened.",                                                                                                                                       \
	  "記録を読み出せませんでした。原因はデーモンのログにあります。ここに無いことが、起きていないことを" \
	  "意味するわけではありません。")                                                                                                                    \
	X(P_SEVERITY, "severity", "危険度")                                                                                                                  \
	X(P_VERDICT, "what became of it", "処置")                                                                                                            \
	X(P_PERIOD, "period", "期間")                                                                                                                        \
	X(P_HOST, "host", "ホスト")                                                                                                                          \
	X(P_RULE, "rule", "ルール")                                                                                                                          \
	X(P_ANY, "any", "すべて")                                                                                                                            \
	X(P_HOUR, "1 hour", "1 時間")                                                                                                                        \
	X(P_DAY, "24 hours", "24 時間")                                                                                                                      \
	X(P_WEEK, "7 days", "7 日")                                                                                                                          \
	X(P_MONTH, "30 days", "30 日")                                                                                                                       \
	X(P_SHOW, "Show", "表示")                                                                                                                            \
	X(P_TIME, "time", "日時")                                                                                                                            \
	X(P_WHAT, "what", "内容")                                                                                                                            \
	X(P_SOURCE, "from", "送信元")                                                                                                                        \
	X(P_TARGET, "to", "宛先")                                                                                                                            \
	X(P_ACKED, "acknowledged", "確認")                                                                                                                   \
	X(P_YES, "yes", "はい")                                                                                                                              \
	X(P_NO, "no", "いいえ")                                                                                                                              \
	X(P_OLDER, "Older", "以前の記録")                                                                                                                    \
	X(P_MORE, "More", "続き")                                                                                                                            \
	X(P_NO_ALERTS, "No alert fits this selection.", "条件に合う検知はありません。")                                                                      \
	X(P_BAD_HOST, "The host is not an address such as 192.0.2.1 or 2001:db8::1.",                                                                        \
	  "ホストは 192.0.2.1 や 2001:db8::1 のように入力してください。")                                                                                    \
	X(P_BAD_PERIOD, "The period is written 24h, 7d, 2014-09 or 2014-09-29.",                                                                             \
	  "期間は 24h、7d、2014-09、2014-09-29 のように入力してください。")                                                                                  \
	X(P_FROM, "from", "送信元")                                                                                                                          \
	X(P_TO, "to", "宛先")                                                                                                                                \
	X(P_PROTOCOL, "protocol", "プロトコル")                                                                                                              \
	X(P_LIST, "list", "リスト")                                                                                                                          \
	X(P_T_PACKET, "packet seen", "パケット受信")                                                                                                         \
	X(P_T_MATCH, "matched", "検知")                                                                                                                      \
	X(P_T_SENT, "notice sent", "通知送信")                                                                                                               \
	X(P_T_DELIVERED, "notice delivered", "通知到達")                                                                                                     \
	X(P_T_ACKED, "acknowledged", "確認")                                                                                                                 \
	X(P_DONE, "What was done", "実施した処置")                                                                                                           \
	X(P_DONE_BLOCK, "The source was blocked for {0} seconds.", "送信元を {0} 秒間遮断しました。")                                                        \
	X(P_DONE_CUT, "The connection was cut.", "接続を切断しました。")                                                                                     \
	X(P_DONE_NOTHING,                                                                                                                                    \
	  "Nothing was asked of the kernel for this alert; the verdict above says what happened to the "                                                     \
	  "packet.",                                                                                                                                         \
	  "この検知で新たな遮断は行っていません。パケットの扱いは上の処置のとおりです。")                                                                    \
	X(P_DELIVERED, "{0} bytes were delivered before.", "それまでに {0} バイトが到達しています。")                                                        \
	X(P_TELL_AGAIN, "Take the silence back: alerts of this rule about the source again",                                                                 \
	  "抑制を解除し、この送信元の検知を再び通知する")                                                                                                    \
	X(P_CONCERN, "Does it concern what runs there?", "攻撃先に該当するか")                                                                               \
	X(P_CONCERN_YES, "Applicable: what is attacked runs there.",                                                                                         \
	  "該当: 攻撃対象の製品が稼働しています。")                                                                                                          \
	X(P_CONCERN_NO,                                                                                                                                      \
	  "Not applicable as far as the inventory says: something else runs there. Watch it all the same.",                                                  \
	  "資産情報では非該当: 別の製品が稼働しています。経過は注視してください。")                                                                          \
	X(P_CONCERN_UNKNOWN,                                                                                                                                 \
	  "Unknown: the inventory does not say what runs there, or the rule what it is about. Treat it as "                                                  \
	  "applicable.",                                                                                                                                     \
	  "不明: 資産情報またはルールの対象が分かりません。該当するものとして扱ってください。")                                                              \
	X(P_AFFECTED, "affected", "影響を受けるシステム")                                                                                                    \
	X(P_RUNS_THERE, "runs there", "稼働中")                                                                                                              \
	X(P_MEANING, "What it means", "攻撃の解説")                                                                                                          \
	X(P_MEANING_NONE,                                                                                                                                    \
	  "There is no explanation of this rule; its message and references are in the evidence.",                                                           \
	  "このルールの解説はありません。メッセージと参考情報は証跡にあります。")                                                                            \
	X(P_ACTION, "action", "操作")                                                                                                                        \
	X(P_ACK, "Acknowledge", "確認済みにする")                                                                                                            \
	X(P_ACKED_NOW, "It is acknowledged.", "確認済みにしました。")                                                                                        \
	X(P_BLOCK_SOURCE, "Block {0}", "{0} を遮断")                                                                                                         \
	X(P_UNBLOCK_SOURCE, "Unblock {0}", "{0} の遮断を解除")                                                                                               \
	X(P_ALLOW_SOURCE, "Never block {0}", "{0} を許可 (遮断対象外)")                                                                                      \
	X(P_ALLOW_BY_ROOT, "To exempt the source from lists and automatic blocks, as root:",                                                                 \
	  "送信元を遮断対象から外すには、root で次を実行します:")                                                                                            \
	X(P_SUPPRESS, "Silence this rule for this source", "この送信元についてこのルールを抑止")                                                             \
	X(P_REASON, "reason", "理由")                                                                                                                        \
	X(P_FOR, "for", "期間")                                                                                                                              \
	X(P_FOR_GOOD, "until unblocked", "解除するまで")                                                                                                     \
	X(P_BLOCK, "Block", "遮断")                                                                                                                          \
	X(P_UNBLOCK, "Unblock", "遮断解除")                                                                                                                  \
	X(P_EVIDENCE_SHOW, "Show evidence", "証跡を表示")                                                                                                    \
	X(P_EVIDENCE_NOTED, "Who looks at evidence is noted in the audit log.",                                                                              \
	  "証跡の閲覧は監査ログに記録されます。")                                                                                                            \
	X(P_EVIDENCE_GONE, "The evidence of this alert is gone: it was kept for its time.",                                                                  \
	  "この検知の証跡は保存期間を過ぎて削除されました。")                                                                                                \
	X(P_MASKED, "Credentials and personal data are masked by rule.",                                                                                     \
	  "認証情報と個人情報は規則により伏せ字にしています。")                                                                                              \
	X(P_PACKET, "Packet", "パケット")                                                                                                                    \
	X(P_PACKET_GONE,                                                                                                                                     \
	  "No packet is kept for this alert: its severity asks for none (store { packets-... }), or its "                                                    \
	  "time is over.",                                                                                                                                   \
	  "この検知のパケットは保存されていません。危険度ごとの設定 (store { packets-... }) "                                    \
	  "で保存しないことになっているか、保存期間を過ぎています。")                                                                                        \
	X(P_PACKET_TAKE, "Download as a capture file (pcap)", "キャプチャファイル (pcap) をダウンロード")                                                    \
	X(P_PACKET_NOTE,                                                                                                                                     \
	  "In the file, too, credentials and personal data are masked, so that its checksums do not fit; "                                                   \
	  "the download is noted in the audit log.",                                                                                                         \
	  "ファイル内の認証情報と個人情報も伏せ字にしているため、チェックサムは一致しません。ダウンロードは" \
	  "監査ログに記録されます。")                                                                                                                        \
	X(P_LIST_NO_KERNEL, "Nothing is up: lists hold as soon as an interface is.",                                                                         \
	  "有効なインタフェースがありません。リストはインタフェースの開始後に有効になります。")                                                              \
	X(P_LIST_CONVERGED, "The kernel holds what the lists say.",                                                                                          \
	  "カーネルの内容はリストと一致しています。")                                                                                                        \
	X(P_LIST_STALE, "The kernel does not hold everything yet.", "カーネルへの反映が完了していません。")                                                  \
	X(P_LIST_ORIGIN, "comes from", "由来")                                                                                                               \
	X(P_LIST_ENTRIES, "entries", "件数")                                                                                                                 \
	X(P_LIST_CHANGED, "changed", "更新")                                                                                                                 \
	X(P_LIST_HITS, "packets hit", "該当パケット")                                                                                                        \
	X(P_LIST_AGE, "age", "鮮度")                                                                                                                         \
	X(P_LIST_OLD, "out of date", "期限切れ")                                                                                                             \
	X(P_LIST_AUTO, "Automatic blocks", "自動遮断の一覧")                                                                                                 \
	X(P_ADDRESS, "address", "アドレス")                                                                                                                  \
	X(P_CREATED, "created", "登録")                                                                                                                      \
	X(P_EXPIRES, "expires", "期限")                                                                                                                      \
	X(P_WHY_ALLOWED, "It is in the allow set: no list and no automatic block holds for it.",                                                             \
	  "許可リストにあります。リストも自動遮断も適用されません。")                                                                                        \
	X(P_WHY_LISTED, "The kernel has an entry for it.", "カーネルに登録があります。")                                                                     \
	X(P_WHY_NOTHING, "No entry of the kernel is about it.", "カーネルに登録はありません。")                                                              \
	X(P_WHY_NOT_ENFORCING, "No interface enforces: whatever is listed passes and is told.",                                                              \
	  "遮断を実施しているインタフェースがないため、登録があっても通過し、記録のみ行われます。")                                                          \
	X(P_WHY_KERNEL, "list entry", "リストの登録")                                                                                                        \
	X(P_WHY_AUTO, "automatic block", "自動遮断")                                                                                                         \
	X(P_REPORT_TOP, "TOP 10 of threats", "脅威検知件数 TOP10")                                                                                           \
	X(P_REPORT_LOG, "Security log", "セキュリティログレポート")                                                                                          \
	X(P_REPORT_NOTICES, "Notices and their times", "通知と所要時間")                                                                                     \
	X(P_REPORT_ASSESS, "Guideline and effective state", "ガイドラインと施行状態の差分")                                                                  \
	X(P_NO_GUIDELINE, "No guideline was found beside the program; see the daemon's log.",                                                                \
	  "ガイドラインのファイルが見つかりません。デーモンのログを確認してください。")                                                                      \
	X(P_FORMAT, "format", "形式")                                                                                                                        \
	X(P_HERE, "here", "この画面")                                                                                                                        \
	X(P_PERIOD_NOTE,                                                                                                                                     \
	  "A period is written 24h, 7d, 2014-09 or 2014-09-29. Taking a report along is noted in the audit "                                                 \
	  "log.",                                                                                                                                            \
	  "期間は 24h、7d、2014-09、2014-09-29 "                                                                                                       \
	  "のように入力します。ファイルでの取得は監査ログに記録されます。")                                                                                  \
	X(P_ASSETS_NOTE, "Alerts are compared with this. What is not here is unknown, never safe.",                                                          \
	  "検知はこの情報と照合されます。ここに無いものは「不明」であり、安全とは扱いません。")                                                              \
	X(P_ASSETS_NONE,                                                                                                                                     \
	  "The inventory is empty: for every attack it is unknown whether it concerns what runs there.",                                                     \
	  "資産情報がありません。すべての攻撃について該当の有無は不明です。")                                                                                \
	X(P_ASSETS_IMPORT, "Import", "取り込み")                                                                                                             \
	X(P_ASSETS_HOW,                                                                                                                                      \
	  "CSV with a head line, or JSON; assets of the same address, port and product are replaced",                                                        \
	  "見出し行付きの CSV または JSON。アドレス・ポート・製品が同じものは置き換えます")                                                                  \
	X(P_ASSETS_BAD, "Line or element {0}: {1}. Nothing was taken.",                                                                                      \
	  "{0} 行目 (要素): {1}。取り込みは行っていません。")                                                                                                \
	X(P_ASSETS_TAKEN, "{0} assets were taken.", "{0} 件を取り込みました。")                                                                              \
	X(P_PORT, "port", "ポート")                                                                                                                          \
	X(P_PRODUCT, "product", "製品")                                                                                                                      \
	X(P_VERSION, "version", "バージョン")                                                                                                                \
	X(P_OBSERVED, "observed", "観測")                                                                                                                    \
	X(P_IMPORTED, "imported", "取り込み")                                                                                                                \
	X(P_SETTINGS_NOTE,                                                                                                                                   \
	  "These values are set in the configuration file and shown here as the daemon has them. To change "                                                 \
	  "them, as root:",                                                                                                                                  \
	  "これらの値は設定ファイルで定められ、ここではデーモンの現在値を表示しています。変更は root "             \
	  "で次を実行します:")                                                                                                                               \
	X(P_PROCESSES, "Processes", "プロセス")                                                                                                              \
	X(P_NAME, "name", "名前")                                                                                                                            \
	X(P_RUNS, "runs", "稼働")                                                                                                                            \
	X(P_RESTARTS, "restarts", "再起動回数")                                                                                                              \
	X(P_SET_DAEMON, "Daemon", "デーモン")                                                                                                                \
	X(P_SET_USAGE, "Tables of the kernel", "カーネルの表")                                                                                               \
	X(P_SET_LOSSES, "Losses", "損失")                                                                                                                    \
	X(P_SET_EVENTS, "Events, store, notices", "イベント・保存・通知")                                                                                    \
	X(P_SET_ENGINE, "Inspection", "検査")                                                                                                                \
	X(P_SET_MODULE, "Kernel module", "カーネルモジュール")                                                                                               \
	X(P_AUDIT_WHOLE, "The chain of the log was whole when the daemon began.",                                                                            \
	  "起動時の検証で、ログの連鎖は完全でした。")                                                                                                        \
	X(P_AUDIT_BROKEN, "The log was tampered with. On the machine: sekimori audit verify",                                                                \
	  "ログが改ざんされています。機器上で sekimori audit verify を実行してください。")                                                                   \
	X(P_AUDIT_HEAD,                                                                                                                                      \
	  "Head, to be compared with reports and notices:", "先頭ハッシュ (レポートや通知と照合できます):")                                                  \
	X(P_AUDIT_NONE, "Nothing was logged yet.", "まだ記録はありません。")                                                                                 \
	X(P_KIND, "kind", "種別")                                                                                                                            \
	X(P_NUMBER, "number", "番号")                                                                                                                        \
	X(P_WHO, "who", "実施者")                                                                                                                            \
	X(P_USER_NAME, "name", "利用者名")                                                                                                                   \
	X(P_PASSWORD, "password", "パスワード")                                                                                                              \
	X(P_PASSWORD_NEW, "new password", "新しいパスワード")                                                                                                \
	X(P_PASSWORD_AGAIN, "the same again", "新しいパスワード (確認)")                                                                                     \
	X(P_PASSWORD_OLD, "present password", "現在のパスワード")                                                                                            \
	X(P_PASSWORD_RULE, "12 to 128 characters, other than the name",                                                                                      \
	  "12〜128 文字、利用者名と異なるもの")                                                                                                              \
	X(P_PASSWORD_DIFFERS, "The two passwords differ.", "2 つのパスワードが一致しません。")                                                               \
	X(P_PASSWORD_CHANGE, "Change the password", "パスワードを変更")                                                                                      \
	X(P_PASSWORD_CHANGED, "The password was changed; other sessions have ended.",                                                                        \
	  "パスワードを変更しました。ほかのセッションは終了しました。")                                                                                      \
	X(P_LOGIN_WRONG, "Name or password are wrong.", "利用者名またはパスワードが違います。")                                                              \
	X(P_LOGIN_WAIT, "Too many tries: wait a moment.", "試行回数が多すぎます。しばらくお待ちください。")                                                  \
	X(P_FORGOT, "Nobody gets in any more, or this is the first time?",                                                                                   \
	  "ログインできない場合や初めての場合は:")                                                                                                           \
	X(P_SETUP_HOW, "As root on the machine, ask for a code; it holds for a quarter of an hour, once.",                                                   \
	  "機器上で root として次を実行し、コードを取得してください。コードは 15 分間、一度だけ有効です。")                                                  \
	X(P_SETUP_CODE, "code", "コード")                                                                                                                    \
	X(P_SETUP_DO, "Make the administrator", "管理者を登録")                                                                                              \
	X(P_SETUP_WRONG, "The code is wrong, used or too old.",                                                                                              \
	  "コードが違うか、使用済みまたは期限切れです。")                                                                                                    \
	X(P_SETUP_DONE, "You are an administrator of this portal.",                                                                                          \
	  "このポータルの管理者として登録されました。")                                                                                                      \
	X(P_ROLE, "role", "役割")                                                                                                                            \
	X(P_TENANT, "tenant", "テナント")                                                                                                                    \
	X(P_TENANT_NOTE, "empty: everything; else only what belongs to that tenant",                                                                         \
	  "空欄はすべて。指定するとそのテナントのものだけが見えます")                                                                                        \
	X(P_ALL, "all", "すべて")                                                                                                                            \
	X(P_USERS_PUT, "Add or change a user", "利用者の追加・変更")                                                                                         \
	X(P_KEEP, "Keep", "保存")                                                                                                                            \
	X(P_KEPT, "It is kept.", "保存しました。")                                                                                                           \
	X(P_REMOVE, "Remove", "削除")                                                                                                                        \
	X(P_REMOVED, "The user was removed.", "利用者を削除しました。")                                                                                      \
	X(P_USERS_BAD_NAME, "A name has small letters, digits, dots, hyphens and underscores, at most 31.",                                                  \
	  "利用者名は英小文字・数字・ピリオド・ハイフン・下線で 31 文字までです。")                                                                          \
	X(P_USERS_BAD_TENANT, "This tenant cannot be: it is too long, or an administrator was to have one.",                                                 \
	  "テナントの指定が正しくありません。管理者にテナントは指定できません。")                                                                            \
	X(P_USERS_LAST_ADMIN, "Somebody must remain an administrator.", "管理者が一人は必要です。")                                                          \
	X(P_USERS_UNKNOWN, "There is no such user; a new one needs a password.",                                                                             \
	  "該当する利用者がいません。新しい利用者にはパスワードが必要です。")                                                                                \
	X(P_USERS_NOT_KEPT, "It could not be kept; the daemon's log says why.",                                                                              \
	  "保存できませんでした。原因はデーモンのログにあります。")                                                                                          \
	X(P_FAULT_HOST,                                                                                                                                      \
	  "This name is not one of the portal. Use its address, localhost, or the name in its "                                                              \
	  "configuration.",                                                                                                                                  \
	  "この名前ではポータルにアクセスできません。アドレス、localhost、または設定した名前を使ってくださ"       \
	  "い。")                                                                                                                                            \
	X(P_FAULT_METHOD, "This cannot be done here.", "この操作はできません。")                                                                             \
	X(P_FAULT_PATH, "There is no such page.", "ページがありません。")                                                                                    \
	X(P_FAULT_SESSION, "Your session has ended: log in again.",                                                                                          \
	  "セッションが終了しました。もう一度ログインしてください。")                                                                                        \
	X(P_FAULT_CSRF,                                                                                                                                      \
	  "This did not come from a page of the portal, or the page is too old: go back, reload it and try "                                                 \
	  "again.",                                                                                                                                          \
	  "ポータルのページからの操作と確認できません。戻って再読み込みし、もう一度お試しください。")                                                        \
	X(P_FAULT_ROLE, "Your role does not allow this; an administrator can change that.",                                                                  \
	  "権限がありません。管理者に連絡してください。")                                                                                                    \
	X(P_FAULT_FORM, "What was sent cannot be read.", "送信された内容を読み取れません。")                                                                 \
	X(P_FAULT_NO_ALERT, "There is no such alert.", "該当する検知がありません。")                                                                         \
	X(P_FAULT_TRACE,                                                                                                                                     \
	  "It could not be noted in the audit log, so it is not shown. Is the daemon running?",                                                              \
	  "監査ログに記録できないため表示できません。デーモンの稼働を確認してください。")

#endif
