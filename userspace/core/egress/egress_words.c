// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * egress_words.c - everything that a person reads in the egress report, in
 * English and Japanese. One row for each thing; none may be missing.
 */
#include <inttypes.h>

#include "egress_report_parts.h"

static const struct egress_words words[WORD_MAX] = {
	[WORD_TITLE] = {{"Suspicious communication of protected servers",
			 "保護対象サーバの不審通信レポート"}},
	[WORD_PERIOD] = {{"Period", "対象期間"}},
	[WORD_VERDICT] = {{"Verdict", "判定"}},
	[WORD_ZERO] = {{"0 detections, proven", "検知 0 件（証明済み）"}},
	[WORD_UNPROVEN] = {{"0 seen, not proven", "検知 0 件（未証明）"}},
	[WORD_FOUND] = {{"detections", "件の検知"}},
	[WORD_BECAUSE] = {{"because", "理由"}},
	[WORD_COVERAGE] = {{"coverage", "監視率"}},
	[WORD_CANARIES] = {{"canaries", "カナリア"}},
	[WORD_PACKETS] = {{"packets judged", "検査パケット数"}},
	[WORD_FINDINGS] = {{"Findings", "検知内容"}},
	[WORD_TALKS] = {{"What the servers started", "サーバから発信された通信"}},
	[WORD_NONE] = {{"none", "なし"}},
	[WORD_TIME] = {{"time (UTC)", "日時 (UTC)"}},
	[WORD_SEVERITY] = {{"severity", "重大度"}},
	[WORD_FINDING] = {{"finding", "検知"}},
	[WORD_HOST] = {{"server", "サーバ"}},
	[WORD_DESTINATION] = {{"destination", "宛先"}},
	[WORD_SERVICE] = {{"service", "サービス"}},
	[WORD_FLOWS] = {{"connections", "接続数"}},
	[WORD_BLOCKED] = {{"blocked", "遮断数"}},
	[WORD_OUT] = {{"bytes out", "送信バイト"}},
	[WORD_IN] = {{"bytes in", "受信バイト"}},
	[WORD_PROCESS] = {{"program", "プログラム"}},
	[WORD_RESULT] = {{"result", "結果"}},
	[WORD_EVIDENCE] = {{"evidence", "根拠"}},
	[WORD_NEXT] = {{"next step", "次の対応"}},
	[WORD_THIS_MACHINE] = {{"this machine", "本機"}},
	[WORD_MONITORED] = {{"monitor mode: nothing was blocked for a part of the period",
			     "監視モード: 期間の一部で遮断は行われていません"}},
	[WORD_UNKNOWN] = {{"unknown", "不明"}},
	[WORD_BY_HOUR] = {{"Coverage over the period", "期間中の監視状況"}},
};

static const struct {
	struct egress_words title, next;
} findings[EGRESS_FINDING_MAX] = {
	[EGRESS_SERVICE] = {{{"a service that its role does not have", "役割にないサービスへの発信"}},
			    {{"Look at the program that sent it. If it is wanted, allow it with a "
			      "destination; if not, take the server "
			      "off the network and examine it.",
			      "送信したプログラムを確認してください。業務上必要なら宛先を限定して許可し、そう"
			      "でなければサーバをネットワークから"
			      "切り離して調査してください。"}}},
	[EGRESS_BEACON] =
		{{{"regular connections, as malware calls home", "一定間隔の発信（マルウェアの通信に類似）"}},
		 {{"Find the timer or program behind the interval. Compare the destination with threat "
		   "intelligence.",
		   "この間隔で動くタイマーやプログラムを特定し、宛先を脅威情報と照合してください。"}}},
	[EGRESS_SCAN] =
		{{{"scanning", "スキャン行為"}},
		 {{"The server looks for other victims: take it off the network and examine it.",
		   "他の攻撃対象を探索しています。サーバをネットワークから切り離して調査してください。"}}},
	[EGRESS_BULK] = {{{"a large transfer to the outside", "外部への大量送信"}},
			 {{"Ask whether a backup or release explains it. If not, treat it as a leak and keep "
			   "the evidence.",
			   "バックアップや配信など正当な理由を確認し、なければ情報漏洩として証拠を保全してく"
			   "ださい。"}}},
	[EGRESS_LISTED_OUT] = {{{"a connection to a blacklisted address",
				 "ブラックリスト掲載アドレスへの発信"}},
			       {{"Look at the program that sent it and examine the server for malware.",
				 "送信したプログラムを確認し、サーバのマルウェア感染を調査してください。"}}},
	[EGRESS_LISTED_IN] = {{{"a visit from a blacklisted address",
				"ブラックリスト掲載アドレスからの着信"}},
			      {{"Nothing, while it is blocked. In monitor mode consider enforcing.",
				"遮断されていれば対応は不要です。監視モードの場合は遮断への切り替えを検討して"
				"ください。"}}},
	[EGRESS_TUNNEL] = {{{"names that may carry data (DNS tunnel)", "DNS トンネルの疑い"}},
			   {{"Look which program asks for these names; block the domain at the resolver.",
			     "これらの名前を問い合わせるプログラムを確認し、リゾルバで該当ドメインを遮断して"
			     "ください。"}}},
	[EGRESS_FIRST] = {{{"used for the first time", "初めて使用されたサービス"}},
			  {{"Check that the change was planned.",
			    "計画された変更であることを確認してください。"}}},
	[EGRESS_RAW] =
		{{{"frames past the IP stack (packet socket)",
		   "IP スタックを迂回した送信（パケットソケット）"}},
		 {{"Find processes with CAP_NET_RAW that hold packet sockets (ss -0 -p).",
		   "CAP_NET_RAW を持ちパケットソケットを使うプロセスを特定してください（ss -0 -p）。"}}},
};

static const struct egress_words verdicts[SEKI_VERDICT_MAX] = {
	[SEKI_VERDICT_UNKNOWN] = {{"unknown", "不明"}},
	[SEKI_VERDICT_BLOCKED] = {{"blocked", "遮断"}},
	[SEKI_VERDICT_CUT] = {{"cut", "途中で切断"}},
	[SEKI_VERDICT_WOULD_BLOCK] = {{"not blocked (monitor)", "未遮断（監視モード）"}},
	[SEKI_VERDICT_PASSED] = {{"passed", "通過"}},
};

static const struct egress_words severities[SEKI_SEVERITY_MAX] = {
	[SEKI_SEVERITY_LOW] = {{"low", "低"}},
	[SEKI_SEVERITY_MEDIUM] = {{"medium", "中"}},
	[SEKI_SEVERITY_HIGH] = {{"high", "高"}},
	[SEKI_SEVERITY_CRITICAL] = {{"critical", "緊急"}},
};

/* Behind each comes its count; of DETACHED and OTHER_WAY it is milliseconds. */
static const struct egress_words gaps[EGRESS_GAP_MAX] = {
	[EGRESS_GAP_DETACHED] = {{"milliseconds without programs on an interface",
				  "インタフェースで検査が外れていた時間 (ms)"}},
	[EGRESS_GAP_OTHER_WAY] = {{"milliseconds with another interface up that is not watched",
				   "監視対象外のインタフェースが有効だった時間 (ms)"}},
	[EGRESS_GAP_RING] = {{"records that were lost", "失われた記録"}},
	[EGRESS_GAP_UNREAD] = {{"frames that could not be read", "読み取れなかったフレーム"}},
	[EGRESS_GAP_EVENTS] = {{"events that were not written", "書き込めなかったイベント"}},
	[EGRESS_GAP_FORGOTTEN] = {{"talks that the watch had no room for", "監視表に入らなかった通信"}},
	[EGRESS_GAP_FLOWS] = {{"connections that the flow table had no room for",
			       "フロー表に入らなかった接続"}},
	[EGRESS_GAP_UNTRACKED] =
		{{"flows that were too many to be followed, or whose beginning was forgotten",
		  "多すぎて追跡できなかった、または始まりが失われた通信"}},
	[EGRESS_GAP_GRACE] = {{"connections older than the shield that went on unjudged",
			       "導入前から続き判定されなかった接続"}},
	[EGRESS_GAP_CLOCK] = {{"jumps of the clock", "時計の飛び"}},
	[EGRESS_GAP_BACKSTOP] = {{"times that somebody removed the nftables backstop",
				  "nftables による最終防御が外された回数"}},
};

static const struct egress_words doubts[EGRESS_DOUBT_MAX] = {
	[EGRESS_DOUBT_COVERAGE] = {{"the sensor did not run for the whole period",
				    "期間全体を監視できていません"}},
	[EGRESS_DOUBT_CANARIES] = {{"not every canary flow was detected",
				    "検知されなかったカナリア通信があります"}},
	[EGRESS_DOUBT_NO_CANARIES] = {{"no canary flow was sent", "カナリア通信が送られていません"}},
	[EGRESS_DOUBT_NO_PACKETS] = {{"not one packet was judged", "検査したパケットがありません"}},
	[EGRESS_DOUBT_RAW_OPEN] = {{"packet sockets: not covered", "パケットソケット: 対象外"}},
	[EGRESS_DOUBT_XDP_OPEN] = {{"AF_XDP sockets: not covered (the kernel has no BPF LSM)",
				    "AF_XDP ソケット: 対象外（カーネルに BPF LSM がありません）"}},
	[EGRESS_DOUBT_DAMAGED] = {{"some lines of the event file are damaged",
				   "イベントファイルの一部が壊れています"}},
	[EGRESS_DOUBT_REPORT_FULL] = {{"the report has no room for all of it", "レポートの上限を超えました"}},
};

const char *egress_word(enum egress_word word, enum egress_lang lang)
{
	return words[word].text[lang];
}

const char *egress_finding_title(enum egress_finding finding, enum egress_lang lang)
{
	return findings[finding].title.text[lang];
}

const char *egress_finding_next(enum egress_finding finding, enum egress_lang lang)
{
	return findings[finding].next.text[lang];
}

const char *egress_verdict_word(uint8_t verdict, enum egress_lang lang)
{
	return verdicts[verdict < SEKI_VERDICT_MAX ? verdict : 0].text[lang];
}

const char *egress_severity_word(uint8_t severity, enum egress_lang lang)
{
	return severities[severity < SEKI_SEVERITY_MAX ? severity : 0].text[lang];
}

void egress_gap_write(FILE *out, enum egress_gap gap, uint64_t count, enum egress_lang lang)
{
	fprintf(out, "%s: %" PRIu64, gaps[gap].text[lang], count);
}

void egress_doubt_write(FILE *out, const struct egress_report *report, enum egress_doubt doubt,
			enum egress_lang lang)
{
	fputs(doubts[doubt].text[lang], out);
}

/* Of the beginning of a text at most this much, so that a hostile name fills no report. */
#define SHOWN 120

void egress_evidence_write(FILE *out, const struct egress_record *r, enum egress_lang lang)
{
	bool ja = lang == EGRESS_JA;

	switch (r->finding) {
	case EGRESS_BEACON:
		fprintf(out,
			ja ? "%u.%u 秒間隔、ゆらぎ %u.%u %%、%" PRIu64 " 回"
			   : "every %u.%u s, jitter %u.%u %%, %" PRIu64 " times",
			r->interval_ms / 1000, r->interval_ms / 100 % 10, r->jitter_permille / 10,
			r->jitter_permille % 10, r->count);
		break;
	case EGRESS_SCAN:
		fprintf(out, ja ? "%s: %" PRIu64 "（1 分間）" : "%s: %" PRIu64 " within a minute",
			ja	   ? (r->ports ? "ポート数" : "ホスト数")
			: r->ports ? "ports"
				   : "hosts",
			r->count);
		break;
	case EGRESS_BULK:
		fprintf(out, ja ? "1 時間に %" PRIu64 " MiB" : "%" PRIu64 " MiB within an hour",
			r->bytes >> 20);
		break;
	case EGRESS_LISTED_OUT:
	case EGRESS_LISTED_IN:
		fprintf(out, ja ? "リスト %.*s" : "list %.*s", SHOWN, r->text);
		break;
	case EGRESS_TUNNEL:
		fprintf(out, ja ? "%.*s の下に %" PRIu64 " 個の名前" : "below %.*s: %" PRIu64 " names", SHOWN,
			r->text, r->count);
		break;
	case EGRESS_RAW:
		fprintf(out, ja ? "%" PRIu64 " フレーム" : "%" PRIu64 " frames", r->count);
		break;
	default:
		fprintf(out, ja ? "%" PRIu64 " 回" : "%" PRIu64 " times", r->count);
	}
}
