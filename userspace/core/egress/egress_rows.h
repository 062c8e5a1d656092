/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * egress_rows.h - what the suspicious-communication report says: id, English,
 * Japanese. A part of the catalogue of phrase.h.
 */
#ifndef CORE_EGRESS_ROWS_H
#define CORE_EGRESS_ROWS_H

/* clang-format off */
#define EGRESS_PHRASES(X) \
	X(E_TITLE, "Suspicious communication of protected servers", "保護対象サーバの不審通信レポート") \
	X(E_PERIOD, "{0} to {1} ({2})", "対象期間 {0} から {1} まで ({2})") \
	X(E_VERDICT, "Verdict", "判定") \
	X(E_ZERO, "0 detections, proven, coverage {0} %, canaries {1}", "検知 0 件（証明済み）、監視率 {0} %、カナリア {1}") \
	X(E_UNPROVEN, "0 seen, not proven, coverage {0} %, canaries {1}, because: {2}", \
	  "検知 0 件（未証明）、監視率 {0} %、カナリア {1}、理由: {2}") \
	X(E_FOUND, "{0} detections, coverage {1} %, canaries {2}", "{0} 件の検知、監視率 {1} %、カナリア {2}") \
	X(E_FOUND_MORE, "Not everything was seen; there may be more: {0}", \
	  "すべてを監視できていないため、ほかにもある可能性があります: {0}") \
	X(E_MONITORED, "Monitor mode: nothing was blocked for a part of the period.", \
	  "監視モード: 期間の一部で遮断は行われていません。") \
	X(E_PACKETS, "packets judged", "検査パケット数") \
	X(E_DETECTIONS, "detections", "検知数") \
	X(E_COVERAGE, "coverage (per mille)", "監視率（千分率）") \
	X(E_CANARIES_DUE, "canaries sent", "送信カナリア数") \
	X(E_CANARIES_SEEN, "canaries detected", "検知カナリア数") \
	X(E_WHY, "why it is no proof", "証明できない理由") \
	X(E_COUNT, "count", "数") \
	X(E_STRIP, "Coverage over the period", "期間中の監視状況") \
	X(E_CANARY_KEY, "Canaries are flows of our own that the allowlist denies: each has to be detected, or the sensor is blind.", \
	  "カナリアは許可リストで拒否される自己試験用の通信です。すべて検知されなければ、監視できているとはいえません。") \
	X(E_STRIP_KEY, "Green: watched. Red: not watched. Triangles: findings.", "緑: 監視中、赤: 監視なし、三角: 検知") \
	X(E_FINDINGS, "Findings", "検知内容") \
	X(E_NONE, "none", "なし") \
	X(E_STEPS, "Next steps", "次の対応") \
	X(E_TALKS, "What the servers started", "サーバから発信された通信") \
	X(E_BARS, "Bytes sent, of the ten rows at the top; red: something of it was or would be blocked", \
	  "送信バイト数（表の先頭から最大 10 行）。赤: 一部または全部が遮断（遮断対象）") \
	X(E_TIME, "time", "日時") \
	X(E_FIRST_TIME, "first", "最初") \
	X(E_LAST_TIME, "last", "最後") \
	X(E_FINDING, "finding", "検知") \
	X(E_KIND, "kind", "種別") \
	X(E_HOST, "server", "サーバ") \
	X(E_NAME, "name", "名前") \
	X(E_SAYS, "calls itself", "自称のホスト名") \
	X(E_SAYS_BY, "name seen in", "ホスト名の出所") \
	X(E_DESTINATION, "destination", "宛先") \
	X(E_SERVICE, "service", "サービス") \
	X(E_FLOWS, "connections", "接続数") \
	X(E_BLOCKED, "blocked", "遮断数") \
	X(E_WOULD, "would be blocked", "遮断対象数") \
	X(E_OUT, "bytes out", "送信バイト") \
	X(E_IN, "bytes in", "受信バイト") \
	X(E_RESULT, "result", "結果") \
	X(E_EVIDENCE, "evidence", "根拠") \
	X(E_PROCESS, "program", "プログラム") \
	X(E_SENDER, "program or sender", "プログラム・送信元") \
	X(E_PARENT, "parent", "親プロセス") \
	X(E_UNIT, "systemd unit", "systemd ユニット") \
	X(E_NEXT, "next step", "次の対応") \
	X(E_THIS_MACHINE, "this machine", "本機") \
	\
	X(E_IS_SERVICE, "a service that its role does not have", "役割にないサービスへの発信") \
	X(E_IS_BEACON, "regular connections, as malware calls home", "一定間隔の発信（マルウェアの通信に類似）") \
	X(E_IS_SCAN, "scanning", "スキャン行為") \
	X(E_IS_BULK, "a large transfer to the outside", "外部への大量送信") \
	X(E_IS_LISTED_OUT, "a connection to a blacklisted address", "ブラックリスト掲載アドレスへの発信") \
	X(E_IS_LISTED_IN, "a visit from a blacklisted address", "ブラックリスト掲載アドレスからの着信") \
	X(E_IS_TUNNEL, "names that may carry data (DNS tunnel)", "DNS トンネルの疑い") \
	X(E_IS_FIRST, "used for the first time", "初めて使用されたサービス") \
	X(E_IS_RAW, "frames past the IP stack (packet socket)", "IP スタックを迂回した送信（パケットソケット）") \
	\
	X(E_DO_SERVICE, \
	  "Look at the program that sent it. If it is wanted, allow it with a destination; if not, take the server off the network and examine it.", \
	  "送信したプログラムを確認してください。業務上必要なら宛先を限定して許可し、そうでなければサーバをネットワークから切り離して調査してください。") \
	X(E_DO_BEACON, "Find the timer or program behind the interval. Compare the destination with threat intelligence.", \
	  "この間隔で動くタイマーやプログラムを特定し、宛先を脅威情報と照合してください。") \
	X(E_DO_SCAN, "The server looks for other victims: take it off the network and examine it.", \
	  "他の攻撃対象を探索しています。サーバをネットワークから切り離して調査してください。") \
	X(E_DO_BULK, "Ask whether a backup or release explains it. If not, treat it as a leak and keep the evidence.", \
	  "バックアップや配信など正当な理由を確認し、なければ情報漏洩として証拠を保全してください。") \
	X(E_DO_LISTED_OUT, "Look at the program that sent it and examine the server for malware.", \
	  "送信したプログラムを確認し、サーバのマルウェア感染を調査してください。") \
	X(E_DO_LISTED_IN, "Nothing, while it is blocked. In monitor mode consider enforcing.", \
	  "遮断されていれば対応は不要です。監視モードの場合は遮断への切り替えを検討してください。") \
	X(E_DO_TUNNEL, "Look which program asks for these names; block the domain at the resolver.", \
	  "これらの名前を問い合わせるプログラムを確認し、リゾルバで該当ドメインを遮断してください。") \
	X(E_DO_FIRST, "Check that the change was planned.", "計画された変更であることを確認してください。") \
	X(E_DO_RAW, "Find processes with CAP_NET_RAW that hold packet sockets (ss -0 -p).", \
	  "CAP_NET_RAW を持ちパケットソケットを使うプロセスを特定してください（ss -0 -p）。") \
	\
	X(E_EV_TIMES, "{0} times", "{0} 回") \
	X(E_EV_BEACON, "every {0} s, jitter {1} %, {2} times", "{0} 秒間隔、ゆらぎ {1} %、{2} 回") \
	X(E_EV_HOSTS, "{0} hosts within a minute", "1 分間に {0} ホスト") \
	X(E_EV_PORTS, "{0} ports within a minute", "1 分間に {0} ポート") \
	X(E_EV_BULK, "{0} MiB within an hour", "1 時間に {0} MiB") \
	X(E_EV_LIST, "list {0}", "リスト {0}") \
	X(E_EV_NAMES, "{0} names below {1}", "{1} の下に {0} 個の名前") \
	X(E_EV_FRAMES, "{0} frames", "{0} フレーム") \
	\
	X(E_GAP_DETACHED, "milliseconds without programs on an interface: {0}", "インタフェースで検査が外れていた時間 (ms): {0}") \
	X(E_GAP_OTHER_WAY, "milliseconds with another interface up that is not watched: {0}", \
	  "監視対象外のインタフェースが有効だった時間 (ms): {0}") \
	X(E_GAP_STALLED, "milliseconds in which the daemon did not look: {0}", "デーモンが監視できなかった時間 (ms): {0}") \
	X(E_GAP_RING, "records that were lost: {0}", "失われた記録: {0}") \
	X(E_GAP_UNREAD, "frames that could not be read: {0}", "読み取れなかったフレーム: {0}") \
	X(E_GAP_EVENTS, "events that were not written: {0}", "書き込めなかったイベント: {0}") \
	X(E_GAP_FORGOTTEN, "talks that the watch had no room for: {0}", "監視表に入らなかった通信: {0}") \
	X(E_GAP_FLOWS, "connections that the flow table had no room for: {0}", "フロー表に入らなかった接続: {0}") \
	X(E_GAP_UNTRACKED, "flows that were too many to be followed, or whose beginning was forgotten: {0}", \
	  "多すぎて追跡できなかった、または始まりが失われた通信: {0}") \
	X(E_GAP_GRACE, "connections older than the shield that went on unjudged: {0}", "導入前から続き判定されなかった接続: {0}") \
	X(E_GAP_CLOCK, "jumps of the clock: {0}", "時計の飛び: {0}") \
	X(E_GAP_BACKSTOP, "times that somebody removed a layer of the enforcement: {0}", "遮断機構の一部が外された回数: {0}") \
	\
	X(E_DOUBT_COVERAGE, "the sensor did not run for the whole period", "期間全体を監視できていません") \
	X(E_DOUBT_OVERLAP, "the sensor told some moments twice: its clock was set back, or lines of several sensors are mixed", \
	  "同じ時刻の記録が重複しています（時計の巻き戻し、または複数センサーの記録の混在）") \
	X(E_DOUBT_CANARIES, "not every canary flow was detected", "検知されなかったカナリア通信があります") \
	X(E_DOUBT_NO_CANARIES, "no canary flow was sent", "カナリア通信が送られていません") \
	X(E_DOUBT_NO_PACKETS, "not one packet was judged", "検査したパケットがありません") \
	X(E_DOUBT_RAW_OPEN, "packet sockets: not covered", "パケットソケット: 対象外") \
	X(E_DOUBT_XDP_OPEN, "AF_XDP sockets: not covered (the kernel refuses them only with the BPF LSM: lsm=...,bpf)", \
	  "AF_XDP ソケット: 対象外（拒否にはカーネルの BPF LSM が必要です: lsm=...,bpf）") \
	X(E_DOUBT_DAMAGED, "records of the period are damaged: {0}", "期間中に壊れた記録があります: {0}") \
	X(E_DOUBT_LOST, "the store lost events of this time: {0}", "保管庫から失われたイベントがあります: {0}") \
	X(E_DOUBT_REPORT_FULL, "the report has no room for all of it: {0}", "レポートの上限を超えました: {0}")
/* clang-format on */

#endif
