/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * phrase_rows.h - the catalogue's rows: id, English, Japanese.
 */
#ifndef CORE_PHRASE_ROWS_H
#define CORE_PHRASE_ROWS_H

#define PHRASES(X)                                                                                                                                           \
	X(TITLE_TOP, "Detections: TOP {0} of {1}", "IPS脅威検知件数 TOP{0} ({1})")                                                                           \
	X(TITLE_LOG, "Security log report of {0}", "セキュリティログレポート ({0})")                                                                         \
	X(PERIOD, "{0} to {1} ({2}); made {3}", "対象期間 {0} から {1} まで ({2})、作成 {3}")                                                                \
	X(AUDIT_HEAD, "head of the audit log at that time: {0}", "作成時点の監査ログの先頭ハッシュ: {0}")                                                    \
	X(LOOK, "Look at this", "注目すべき点")                                                                                                              \
	X(LOOK_NONE, "Nothing needs your attention beyond the figures below.",                                                                               \
	  "下の集計のほかに、特に注意が必要な点はありません。")                                                                                              \
	X(LOOK_NOT_BLOCKED,                                                                                                                                  \
	  "{0} critical attacks were not blocked before they were delivered. See \"Critical and not "                                                        \
	  "blocked\"; check the targets first.",                                                                                                             \
	  "危険度 Critical で、到達前に遮断されなかった攻撃が {0} 件あります。「遮断されなかった "                        \
	  "Critical」を参照し、まず攻撃先を確認してください。")                                                                                              \
	X(LOOK_CONCERNED, "{0} of them attack a product that the inventory has at the target: begin there.",                                                 \
	  "そのうち {0} 件は、資産情報で攻撃先に存在する製品への攻撃です。最初に確認してください。")                                                         \
	X(CONCERNS, "concerns what runs there", "攻撃先の製品")                                                                                              \
	X(CONCERNS_UNKNOWN, "unknown", "不明")                                                                                                               \
	X(CONCERNS_YES, "applicable", "該当")                                                                                                                \
	X(CONCERNS_NO, "not applicable", "非該当")                                                                                                           \
	X(LOOK_EMERGING, "{0} is new: first seen {1}, on {2} of {3} days since, {4} detections.",                                                            \
	  "{0} が新たに観測されています。初回 {1}、以降 {3} 日中 {2} 日、{4} 件です。")                                                                      \
	X(LOOK_RISING, "{0} is rising: {1} detections, {2} in the period before.",                                                                           \
	  "{0} が増加しています。今期 {1} 件、前期 {2} 件です。")                                                                                            \
	X(LOOK_BLIND,                                                                                                                                        \
	  "The sensor was watching for {0} % of the period: what happened in the rest is not known. See "                                                    \
	  "\"What could not be inspected\".",                                                                                                                \
	  "センサーが監視していたのは期間の {0} % "                                                                                          \
	  "です。それ以外の時間に何があったかは分かりません。「検査できなかったもの」を参照してください。")                                                  \
	X(LOOK_LOSS, "{0} records or events were lost. Figures are lower bounds.",                                                                           \
	  "記録またはイベントが {0} 件失われました。件数は下限値です。")                                                                                     \
	X(LOOK_NOISY, "{0} is frequent ({1} detections) though its severity is {2}.",                                                                        \
	  "{0} は危険度 {2} ですが、回数が多く検知されています ({1} 件)。")                                                                                  \
	X(RANKING, "Ranking", "ランキング")                                                                                                                  \
	X(RANK, "rank", "順位")                                                                                                                              \
	X(THREAT, "threat", "検知した脅威の内容")                                                                                                            \
	X(AFFECTED, "affected system", "影響を受けるシステム")                                                                                               \
	X(COUNT, "detections", "検知数")                                                                                                                     \
	X(RANK_BEFORE, "rank before", "前期順位")                                                                                                            \
	X(COUNT_BEFORE, "detections before", "前期件数")                                                                                                     \
	X(SHARE, "share", "割合")                                                                                                                            \
	X(SINCE, "known since", "脅威の年")                                                                                                                  \
	X(PEAK, "peak", "ピーク")                                                                                                                            \
	X(ACTIVE, "last seen", "最終検知")                                                                                                                   \
	X(TOTAL, "{0} detections in the period, {1} of them in the {2} rows above.",                                                                         \
	  "期間中の検知は {0} 件、うち上の {2} 行の合計は {1} 件です。")                                                                                     \
	X(NO_DETECTIONS, "No detections in the period.", "期間中の検知はありません。")                                                                       \
	X(RANK_ORDER, "Equal counts stand in the order in which they were first seen.",                                                                      \
	  "同数の場合は初回検知の早い順です。")                                                                                                              \
	X(UNKNOWN, "unknown", "不明")                                                                                                                        \
	X(SHARES, "Shares", "構成比")                                                                                                                        \
	X(SHARE_OF, "what", "対象")                                                                                                                          \
	X(NUMERATOR, "detections", "該当件数")                                                                                                               \
	X(OF_ROWS, "of the rows above", "上表の合計に対して")                                                                                                \
	X(OF_ALL, "of all detections", "全検知に対して")                                                                                                     \
	X(HOW, "how it is counted", "数え方")                                                                                                                \
	X(SHARE_FIRST_TWO, "ranks 1 and 2", "1 位と 2 位")                                                                                                   \
	X(SHARE_FIRST_TWO_HOW, "the two first rows", "上位 2 行の合計")                                                                                      \
	X(SHARE_OLD, "known for ten years or longer", "10 年以上前から知られた脅威")                                                                         \
	X(SHARE_OLD_HOW, "year of the vulnerability {0} or earlier", "脆弱性の年が {0} 年以前")                                                              \
	X(SHARE_PLATFORM, "target {0}", "{0} を標的とする攻撃")                                                                                              \
	X(SHARE_METHOD, "method {0}", "手法 {0}")                                                                                                            \
	X(HOW_CLEAR, "rows {0}: nothing else is affected", "{0} 位: 対象が明確な行のみ")                                                                     \
	X(HOW_UNCLEAR, "rows {0}: also those that affect others too, or may be of another kind",                                                             \
	  "{0} 位: 複数の対象に及ぶ行、分類が不明確な行を含む")                                                                                              \
	X(EMERGING, "Emerging: new, and not among the first {0}", "新たに観測された脅威 (TOP{0} 圏外)")                                                      \
	X(EMERGING_NONE, "Nothing was seen for the first time in this period below the first {0}.",                                                          \
	  "TOP{0} 圏外で、この期間に初めて観測された脅威はありません。")                                                                                     \
	X(FIRST_SEEN, "first seen", "初回検知")                                                                                                              \
	X(DAYS, "days seen", "検知日数")                                                                                                                     \
	X(DAYS_OF, "{0} of {1}", "{1} 日中 {0} 日")                                                                                                          \
	X(MOVES, "Rising, and gone after a spike", "増加中の脅威、急増後に消えた脅威")                                                                       \
	X(MOVES_NONE, "No threat more than doubled, and none vanished after a spike.",                                                                       \
	  "件数が 2 倍を超えた脅威も、急増後に消えた脅威もありません。")                                                                                     \
	X(MOVE, "movement", "推移")                                                                                                                          \
	X(MOVE_RISING, "rising", "増加")                                                                                                                     \
	X(MOVE_GONE, "spike, then gone", "急増後に消失")                                                                                                     \
	X(HISTORY, "Rank in earlier periods", "過去の順位")                                                                                                  \
	X(BLINDNESS, "What could not be inspected", "検査できなかったもの")                                                                                  \
	X(BLIND_WATCHED, "Watched {0} % of the period.", "監視時間は期間の {0} % です。")                                                                    \
	X(BLIND_UNKNOWN,                                                                                                                                     \
	  "The store has no figures of this period from the sensor: coverage is unknown, and nothing here "                                                  \
	  "says \"safe\".",                                                                                                                                  \
	  "この期間のセンサーの記録がありません。監視率は不明であり、この報告書は「安全」を意味しません。")                                                  \
	X(WHAT, "what", "項目")                                                                                                                              \
	X(AMOUNT, "amount", "量")                                                                                                                            \
	X(BYTES, "{0} bytes", "{0} バイト")                                                                                                                  \
	X(CIPHERTEXT, "ciphertext that no rule can see", "暗号化され規則が適用できない通信")                                                                 \
	X(NOT_COPIED, "passed without inspection (cleared or not suspect)",                                                                                  \
	  "検査対象外として通過した通信 (検査完了後を含む)")                                                                                                 \
	X(INSPECTED, "inspected payload", "検査したペイロード")                                                                                              \
	X(ALL_TRAFFIC, "all traffic seen", "観測した全通信")                                                                                                 \
	X(LOST_RECORDS, "lost: {0}", "損失: {0}")                                                                                                            \
	X(STORE_LOST, "events lost with a damaged store", "保存領域の破損で失われたイベント")                                                                \
	X(STORE_REMOVED, "events removed by age or size; their figures stay",                                                                                \
	  "保存期間・容量により削除したイベント (集計は残ります)")                                                                                           \
	X(DROPS, "Dropped without a rule (not detections)", "規則によらない遮断 (検知数には含まれません)")                                                   \
	X(DROPS_NONE, "Nothing was dropped, or would have been, by lists and packet checks.",                                                                \
	  "リストおよびパケット検査による遮断はありません。")                                                                                                \
	X(REASON, "reason", "理由")                                                                                                                          \
	X(PACKETS_DROPPED, "packets dropped", "遮断パケット数")                                                                                              \
	X(PACKETS_WOULD, "would have been dropped (monitor)", "遮断相当 (監視モード)")                                                                       \
	X(SEVERITIES, "All detections by severity and verdict", "全検知の危険度と結果")                                                                      \
	X(SEVERITY, "severity", "危険度")                                                                                                                    \
	X(SUM, "sum", "計")                                                                                                                                  \
	X(NOT_BLOCKED, "Critical and not blocked", "遮断されなかった Critical")                                                                              \
	X(NOT_BLOCKED_NONE, "None.", "ありません。")                                                                                                         \
	X(TARGET, "target", "攻撃先")                                                                                                                        \
	X(SOURCE, "source", "攻撃元")                                                                                                                        \
	X(SOURCES, "sources", "攻撃元数")                                                                                                                    \
	X(VERDICT, "verdict", "結果")                                                                                                                        \
	X(LAST, "last", "最終")                                                                                                                              \
	X(FREQUENT, "Frequent, whatever the severity", "回数の多い検知 (危険度によらず)")                                                                    \
	X(TOP_SOURCES, "Sources", "攻撃元")                                                                                                                  \
	X(TOP_TARGETS, "Targets", "攻撃先")                                                                                                                  \
	X(PER_DAY, "By day", "日別")                                                                                                                         \
	X(DAY, "day", "日")                                                                                                                                  \
	X(NEW, "New in this period", "今期初めて検知したもの")                                                                                               \
	X(NEW_NONE, "Nothing new.", "新しいものはありません。")                                                                                              \
	X(LABEL_GOLDEN_WEEK, "Golden Week", "ゴールデンウィーク")                                                                                            \
	X(LABEL_OBON, "Obon", "お盆")                                                                                                                        \
	X(LABEL_YEAR_END, "year end", "年末年始")                                                                                                            \
	X(NOTICE_ONE, "[Sekimori] CRITICAL, {0}: {1} -> {2}", "[関守] 重大な攻撃 ({0}): {1} → {2}")                                                          \
	X(NOTICE_MANY, "[Sekimori] CRITICAL: {0} attacks, {1} kinds or targets, first: {2}",                                                                 \
	  "[関守] 重大な攻撃 {0} 件 ({1} 種): {2} ほか")                                                                                                     \
	X(NOTICE_SUMMARY, "[Sekimori] summary of what was held back: {0} critical attacks",                                                                  \
	  "[関守] 通知を保留していた重大な攻撃 {0} 件のまとめ")                                                                                              \
	X(NOTICE_INTRO, "{0} reports critical attacks that were not blocked before they were delivered.",                                                    \
	  "{0} が、危険度 Critical で到達前に遮断されなかった攻撃を検知しました。")                                                                          \
	X(NOTICE_ESCALATED, "[not acknowledged] {0}", "【未確認】{0}")                                                                                       \
	X(NOTICE_UNACKED, "Nobody has acknowledged this notice since {0}.",                                                                                  \
	  "この通知は {0} から確認されていません。")                                                                                                         \
	X(NOTICE_NUMBER, "Number of this notice: {0}. Once you look after it: sekimori ack {0}",                                                             \
	  "この通知の番号: {0}。対応を始めたら: sekimori ack {0}")                                                                                           \
	X(NOTICE_LATE, "This notice is later than the promised two hours: no channel took it before.",                                                       \
	  "この通知は約束の 2 時間を過ぎています。それまで、どの通知経路でも送信できませんでした。")                                                         \
	X(NOTICE_ROW, "* {0} (sid {1})\n  source {2}, target {3}\n  {4} times from {5} to {6}, {7}",                                                         \
	  "* {0} (sid {1})\n  攻撃元 {2}、攻撃先 {3}\n  {4} 件 ({5} から {6})、結果: {7}")                                                                   \
	X(NOTICE_BEFORE, "  ({0} more of it were told before)", "  (このほか {0} 件を通知済み)")                                                             \
	X(NOTICE_SOURCES, "at least {0} sources", "{0} 以上の送信元")                                                                                        \
	X(NOTICE_MORE, "{0} more groups are not shown; every event is in the security log report.",                                                          \
	  "ほかに {0} 組あります。すべてのイベントはセキュリティログレポートにあります。")                                                                   \
	X(NOTICE_TODO,                                                                                                                                       \
	  "What to do: look whether the target runs what is attacked (sekimori rules explain SID), and at "                                                  \
	  "what it did since.\nEvents: sekimori report security-log   A source: sekimori why ADDRESS, "                                                      \
	  "sekimori block ADDRESS",                                                                                                                          \
	  "対応: 攻撃先で該当の製品が動いているか (sekimori rules explain "                                                                \
	  "SID)、その後の動作に異常がないかを確認してください。\nイベント: sekimori report security-log   "                      \
	  "攻撃元: sekimori why アドレス、sekimori block アドレス")                                                                                          \
	X(VERDICT_UNKNOWN, "what the kernel did is not known", "遮断結果は不明")                                                                             \
	X(VERDICT_BLOCKED, "blocked", "遮断")                                                                                                                \
	X(VERDICT_CUT, "delivered, then cut", "到達後に切断")                                                                                                \
	X(VERDICT_WOULD_BLOCK, "passed: monitor mode", "通過 (監視モード)")                                                                                  \
	X(VERDICT_PASSED, "passed", "通過")                                                                                                                  \
	X(NOTICE_TEST, "[Sekimori] test of the channel {0}", "[関守] 通知経路 {0} の試験")                                                                   \
	X(TITLE_ACCESS, "File access rankings of {0}", "ファイルアクセスランキング ({0})")                                                                   \
	X(ACCESS_ALL, "everything that was read", "読み取った全期間")                                                                                        \
	X(ACCESS_MADE, "made {0}; times of {1}", "作成 {0}、時刻は {1}")                                                                                     \
	X(ACCESS_USER, "user", "利用者")                                                                                                                     \
	X(ACCESS_OBJECT, "file", "ファイル")                                                                                                                 \
	X(ACCESS_CLIENT, "client", "端末")                                                                                                                   \
	X(ACCESS_SERVER, "server", "サーバー")                                                                                                               \
	X(ACCESS_COUNT, "accesses", "アクセス数")                                                                                                            \
	X(ACCESS_DENIED, "denied", "うち拒否")                                                                                                               \
	X(ACCESS_EXPECTED, "expected", "想定内")                                                                                                             \
	X(ACCESS_YES, "yes", "はい")                                                                                                                         \
	X(ACCESS_NO, "no", "いいえ")                                                                                                                         \
	X(ACCESS_LAST_FILE, "last file", "最後のファイル")                                                                                                   \
	X(ACCESS_NONE, "Nobody in the period.", "期間中の該当者はいません。")                                                                                \
	X(ACCESS_TOTAL, "{0} accesses by {1} names; {2} of them by expected persons, {3} denied.",                                                           \
	  "アクセス {0} 件 ({1} 名)、うち想定内の利用者によるもの {2} 件、拒否 {3} 件です。")                                                                \
	X(ACCESS_ONLY_OTHERS, "Expected persons are counted, not shown.",                                                                                    \
	  "想定内の利用者は集計に含め、表には示しません。")                                                                                                  \
	X(ACCESS_LEFT_OUT,                                                                                                                                   \
	  "{0} accesses by names beyond the limit of this ranking are counted, not ranked.",                                                                 \
	  "上限を超えた名前による {0} 件は件数にのみ含まれます。")                                                                                           \
	X(ACCESS_READ, "What was read", "読み取った内容")                                                                                                    \
	X(ACCESS_FILE, "file", "ファイル")                                                                                                                   \
	X(ACCESS_FORMAT, "read as", "形式")                                                                                                                  \
	X(ACCESS_RECORDS, "records", "レコード")                                                                                                             \
	X(ACCESS_REFUSED, "not readable", "読めないもの")                                                                                                    \
	X(ACCESS_UNKNOWN, "of no known kind", "種別不明")                                                                                                    \
	X(ACCESS_SKIPPED, "machines and services", "機械・サービス")                                                                                         \
	X(ACCESS_FOLDED,                                                                                                                                     \
	  "{0} acts: {1} records of handles and {2} repetitions were folded, {3} writes were copies, {4} "                                                   \
	  "deletions named no file, {5} lie outside the period.",                                                                                            \
	  "操作 {0} 件: ハンドルの記録 {1} 件と繰り返し {2} 件をまとめ、書き込み {3} "                                             \
	  "件をコピーと判定、ファイル名のない削除 {4} 件、期間外 {5} 件。")                                                                                  \
	X(LOOK_ACCESS_REFUSED,                                                                                                                               \
	  "{0} records could not be read or are of no known kind: the rankings may lack them. See \"What "                                                   \
	  "was read\".",                                                                                                                                     \
	  "読めない、または種別不明のレコードが {0} "                                                                                      \
	  "件あり、ランキングに含まれていない可能性があります。「読み取った内容」を参照してください。")                                                      \
	X(LOOK_ACCESS_DENIED, "{0}: {1} denied attempts.", "{0}: 拒否された試みが {1} 件あります。")                                                         \
	X(LOOK_ACCESS_OTHERS, "{0}: {1} names that were not expected.",                                                                                      \
	  "{0}: 想定外の利用者が {1} 名います。")                                                                                                            \
	X(TITLE_CHANGE, "Before and after ({0})", "対策前後の比較 ({0})")                                                                                    \
	X(CHANGE_SUM,                                                                                                                                        \
	  "What was changed at {0}: {1} detections in the span before it, {2} in the same span after it.",                                                   \
	  "{0} の変更の前の同じ期間に {1} 件、後に {2} 件を検知しました。")                                                                                  \
	X(CHANGE_EARLY, "The span after the change is not over yet: its figures are still growing.",                                                         \
	  "変更後の期間はまだ終わっていないため、件数は増える可能性があります。")                                                                            \
	X(CHANGE_BLIND,                                                                                                                                      \
	  "On one side the sensor did not watch, or did not say so: fewer detections are no proof there.",                                                   \
	  "どちらかの期間でセンサーが監視していないか、記録がありません。件数の減少は効果の証明になりません" \
	  "。")                                                                                                                                              \
	X(CHANGE_BEFORE, "before", "変更前")                                                                                                                 \
	X(CHANGE_AFTER, "after", "変更後")                                                                                                                   \
	X(CHANGE_BLOCKED_BEFORE, "blocked or cut before", "変更前の遮断")                                                                                    \
	X(CHANGE_BLOCKED_AFTER, "blocked or cut after", "変更後の遮断")                                                                                      \
	X(CHANGE_WOULD_BEFORE, "would have been, before", "変更前の遮断見込み")                                                                              \
	X(CHANGE_WOULD_AFTER, "would have been, after", "変更後の遮断見込み")                                                                                \
	X(CHANGE_RULES, "Detections by threat", "脅威別の検知")                                                                                              \
	X(CHANGE_DROPS, "Packets dropped without a rule", "ルールによらない破棄 (パケット)")                                                                 \
	X(RANK_HISTORY, "Ranks month by month", "月別の順位の推移")                                                                                          \
	X(RANK_MONTHS, "month: rank (detections)", "月: 順位 (件数)")                                                                                        \
	X(TITLE_NOTICES, "Notices of critical attacks that were not blocked ({0})",                                                                          \
	  "遮断されなかった重大な攻撃の通知 ({0})")                                                                                                          \
	X(SLO_BREACHES,                                                                                                                                      \
	  "Of {0} of {1} critical attacks that were not blocked nobody was told within two hours. See "                                                      \
	  "\"Later than promised\".",                                                                                                                        \
	  "遮断されなかった重大な攻撃 {1} 件のうち {0} 件は、2 "                                                                         \
	  "時間以内に通知できませんでした。「約束より遅れたもの」を参照してください。")                                                                      \
	X(SLO_WAITING,                                                                                                                                       \
	  "{0} are not told yet, within the two hours: sekimori status names the channel that fails.",                                                       \
	  "{0} 件は 2 時間以内ですが未通知です。sekimori status で失敗している通知経路を確認してください。")                                                 \
	X(SLO_OPEN, "Nobody acknowledged {0} notices: sekimori ack NUMBER.",                                                                                 \
	  "{0} 件の通知が確認されていません: sekimori ack 番号。")                                                                                           \
	X(SLO_UNMARKED,                                                                                                                                      \
	  "The times of {0} events could not be noted, there were too many at once: they count as not "                                                      \
	  "told.",                                                                                                                                           \
	  "一度に多すぎたため、{0} 件の時刻を記録できず、未通知として数えています。")                                                                        \
	X(SLO_NOTHING, "There was no critical attack that was not blocked in the period.",                                                                   \
	  "期間中、遮断されなかった重大な攻撃はありません。")                                                                                                \
	X(SLO_KEPT, "Of all {0} critical attacks that were not blocked somebody was told within two hours.",                                                 \
	  "遮断されなかった重大な攻撃 {0} 件すべてを 2 時間以内に通知しました。")                                                                            \
	X(SLO_CLOCK, "How soon", "通知までの時間")                                                                                                           \
	X(SLO_HOW,                                                                                                                                           \
	  "From the match to the first channel that took the notice, or to the acknowledgement. Rows add "                                                   \
	  "up from the top; the denominator is every critical attack that was not blocked.",                                                                 \
	  "検知から、いずれかの通知経路が受け付けた時刻または確認された時刻まで。上の行を含む累計で、分母は" \
	  "遮断されなかった重大な攻撃の全件です。")                                                                                                          \
	X(SLO_WITHIN, "within", "以内")                                                                                                                      \
	X(SLO_LATER, "later than 2 h", "2 時間超")                                                                                                           \
	X(SLO_UNTOLD, "not told yet", "未通知")                                                                                                              \
	X(SLO_SPREAD, "Half within {0}, 99 % within {1}, the slowest {2}.",                                                                                  \
	  "半数は {0} 以内、99 % は {1} 以内、最長 {2}。")                                                                                                   \
	X(SLO_BREACH_TABLE, "Later than promised", "約束より遅れたもの")                                                                                     \
	X(SLO_NO_BREACH, "None.", "ありません。")                                                                                                            \
	X(SLO_EVENT, "event", "イベント")                                                                                                                    \
	X(SLO_MATCHED, "matched", "検知時刻")                                                                                                                \
	X(SLO_TOLD, "told", "通知時刻")                                                                                                                      \
	X(SLO_NEVER, "not yet", "未通知")                                                                                                                    \
	X(SLO_MORE, "{0} more are not shown; {1} in all.", "ほか {0} 件は省略、全 {1} 件です。")                                                             \
	X(SLO_NOTICES, "Notices", "通知")                                                                                                                    \
	X(SLO_NOTICE, "notice", "通知番号")                                                                                                                  \
	X(SLO_ESCALATED, "escalated", "エスカレーション")                                                                                                    \
	X(SLO_NOTICES_SUM,                                                                                                                                   \
	  "{0} notices: {1} delivered ({2} of them late), {3} acknowledged, {4} escalated.",                                                                 \
	  "通知 {0} 件: 送達 {1} 件 (うち遅延 {2} 件)、確認済み {3} 件、エスカレーション {4} 件。")                                                          \
	X(SLO_ACK_SPREAD, "Acknowledged: half within {0} of delivery, the slowest {1}.",                                                                     \
	  "確認まで: 半数は送達から {0} 以内、最長 {1}。")                                                                                                   \
	X(ASSESS_TITLE, "Assessment: guideline and effective state",                                                                                         \
	  "施行状態の評価: ガイドラインと現状の差分")                                                                                                        \
	X(ASSESS_SUMMARY, "Result", "評価結果")                                                                                                              \
	X(ASSESS_OF, "{0}; state of {1}, as the kernel and the daemon say",                                                                                  \
	  "{0}。{1} 時点の、カーネルとデーモンから読み戻した状態")                                                                                           \
	X(ASSESS_SUM, "{0} of {1} points are met, {2} are not, {3} are not known.",                                                                          \
	  "全 {1} 項目中、適合 {0}、差分 {2}、確認不能 {3}。")                                                                                               \
	X(ASSESS_BLIND, "What is not known is not met: look at it before you rely on it.",                                                                   \
	  "確認できない項目は適合とみなしません。信頼する前に確認してください。")                                                                            \
	X(ASSESS_DRIFTS, "Drifts", "差分")                                                                                                                   \
	X(ASSESS_UNKNOWN, "Not known", "確認できない項目")                                                                                                   \
	X(ASSESS_MET, "Met", "適合している項目")                                                                                                             \
	X(ASSESS_NONE, "None.", "ありません。")                                                                                                              \
	X(ASSESS_POINT, "point", "項目")                                                                                                                     \
	X(ASSESS_ABOUT, "about", "対象")                                                                                                                     \
	X(ASSESS_GUIDELINE, "guideline", "ガイドライン")                                                                                                     \
	X(ASSESS_EFFECTIVE, "effective", "現状")                                                                                                             \
	X(ASSESS_CAUSE, "cause", "差分の発生要因")                                                                                                           \
	X(ASSESS_COMMAND, "what mends it", "解決するコマンド")                                                                                               \
	X(NOTICE_TEST_BODY,                                                                                                                                  \
	  "This is a test by {0}. Critical attacks that were not blocked are told here.\n",                                                                  \
	  "{0} からの試験通知です。遮断されなかった重大な攻撃は、ここに通知されます。\n")

#endif
