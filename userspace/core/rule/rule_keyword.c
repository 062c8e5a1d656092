// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * rule_keyword.c - the table of rule keywords. Adding one is adding a row
 * and, where no function fits, the function.
 */
#include <linux/in.h>
#include <linux/in6.h>
#include <pthread.h>
#include <string.h>

#include "rule_parse.h"

#define META(word, function, text)                                                                           \
	{                                                                                                    \
		.name = word, .parse = function, .argument = ARGUMENT_NEEDED, .help = text                   \
	}
#define FIELD(word, old, test, greatest, text)                                                               \
	{                                                                                                    \
		.name = word, .alias = old, .parse = keyword_range, .argument = ARGUMENT_NEEDED,             \
		.flags = KEYWORD_PACKET, .value = test, .max = greatest, .help = text                        \
	}
#define COUNT(word, what, side, text)                                                                        \
	{                                                                                                    \
		.name = word, .parse = keyword_flow_count, .argument = ARGUMENT_NEEDED,                      \
		.flags = KEYWORD_PACKET, .value = TEST_FLOW_##what, .max = side, .help = text                \
	}
#define AMOUNT(word, buffer, greatest, text)                                                                 \
	{                                                                                                    \
		.name = word, .parse = keyword_number, .argument = ARGUMENT_NEEDED,                          \
		.value = BUFFER_##buffer, .max = greatest, .help = text                                      \
	}
#define OLD(word, buffer)                                                                                    \
	{                                                                                                    \
		.name = word, .parse = keyword_old_buffer, .value = BUFFER_##buffer,                         \
		.help = "the content before it is looked for in the buffer of that name"                     \
	}
#define STICKY(word, buffer)                                                                                 \
	{                                                                                                    \
		.name = word, .parse = keyword_buffer, .argument = ARGUMENT_OPTIONAL,                        \
		.value = BUFFER_##buffer, .help = "older spelling of a sticky buffer"                        \
	}
#define CHANGE_BY(word, transform, value_is, text)                                                           \
	{                                                                                                    \
		.name = word, .parse = keyword_transform, .value = TRANSFORM_##transform,                    \
		.argument = value_is, .help = text                                                           \
	}
#define CHANGE(word, transform, text)                                                                        \
	{                                                                                                    \
		.name = word, .parse = keyword_transform, .value = TRANSFORM_##transform, .help = text       \
	}

#define CHECKSUM(word, version, protocol, text)                                                              \
	{                                                                                                    \
		.name = word, .parse = keyword_checksum, .argument = ARGUMENT_NEEDED,                        \
		.flags = KEYWORD_PACKET, .value = (version) << 8 | (protocol), .help = text                  \
	}
#define DIGEST_LIST(word, transform, text)                                                                   \
	{                                                                                                    \
		.name = word, .parse = keyword_file_digest, .argument = ARGUMENT_NEEDED,                     \
		.value = TRANSFORM_##transform, .help = text                                                 \
	}

static const struct rule_keyword keywords[] = {
	META("msg", keyword_msg, "text of the alert"),
	META("sid", keyword_sid, "number of the rule"),
	META("rev", keyword_rev, "revision of the rule"),
	META("gid", keyword_gid, "group of the number, 1 when left out"),
	META("classtype", keyword_classtype, "class, which gives description and priority"),
	META("priority", keyword_priority, "1 most urgent; wins over that of the class"),
	META("reference", keyword_reference, "kind,value: where to read more"),
	META("metadata", keyword_metadata, "key value, …; signature_severity gives the severity"),
	META("target", keyword_target, "src_ip or dest_ip is the victim"),
	{.name = "noalert", .parse = keyword_noalert, .help = "sets state but gives no alert"},
	{.name = "alert", .parse = keyword_alert, .help = "a pass rule gives an alert too"},
	{.name = "tag",
	 .parse = keyword_ignored,
	 .argument = ARGUMENT_NEEDED,
	 .flags = KEYWORD_NO_EFFECT,
	 .help = "would record later packets; read, without effect"},
	{.name = "bypass",
	 .parse = keyword_ignored,
	 .argument = ARGUMENT_NONE,
	 .flags = KEYWORD_NO_EFFECT,
	 .help = "would end the inspection of the flow; read, without effect"},
	{.name = "prefilter",
	 .parse = keyword_ignored,
	 .argument = ARGUMENT_NONE,
	 .flags = KEYWORD_NO_EFFECT,
	 .help = "would choose how the rule is found; read, without effect"},
	{.name = "filestore",
	 .parse = keyword_ignored,
	 .argument = ARGUMENT_OPTIONAL,
	 .flags = KEYWORD_NO_EFFECT,
	 .help = "would keep the file; read, without effect"},
	{.name = "tls.store",
	 .parse = keyword_ignored,
	 .argument = ARGUMENT_NONE,
	 .flags = KEYWORD_NO_EFFECT,
	 .help = "would keep the certificates; read, without effect"},
	META("requires", keyword_requires, "version o n, keyword k, …: else the rule is refused"),
	{.name = "rawbytes",
	 .parse = keyword_ignored,
	 .flags = KEYWORD_NO_EFFECT,
	 .help = "payload is always raw; read, without effect"},

	META("flow", keyword_flow, "established, to_server, to_client, stateless, only_stream, no_stream, …"),
	META("flowbits", keyword_flowbits, "set, unset, toggle, isset or isnotset,name: a mark on the flow"),
	META("flowint", keyword_flowint, "name,operator,value: a counter on the flow"),
	META("xbits", keyword_xbits,
	     "action,name,track ip_src|ip_dst|ip_pair|tx,expire s: a mark on addresses or a transaction"),
	META("hostbits", keyword_hostbits, "action,name[,src|dst]: a mark on an address"),
	META("threshold", keyword_threshold,
	     "type limit|threshold|both, track …, count n, seconds s, or type backoff, track …, count n, "
	     "multiplier m: fewer alerts"),
	META("detection_filter", keyword_detection_filter,
	     "track …, count n, seconds s: alerts only above a rate"),
	META("stream_size", keyword_stream_size,
	     "client|server|both|either,operator,n: bytes of the stream so far"),
	META("app-layer-protocol", keyword_app_protocol,
	     "[!]name[,final|original|either|to_server|to_client|direction]: the protocol detected on the "
	     "flow, or what "
	     "that side said first"),

	META("iprep", keyword_iprep, "any|src|dst|both,category,operator,score: reputation of an address"),
	META("dataset", keyword_dataset,
	     "isset|isnotset|set|unset,name,type t[,load FILE, format csv|json|ndjson, value_key k, "
	     "array_key k, "
	     "match subdomain, memcap n]: the buffer's value in a set; save and state write no file"),
	META("datarep", keyword_datarep,
	     "name,operator,score,type t,load FILE: the score of the buffer's value"),
	{.name = "ip.src",
	 .parse = keyword_address,
	 .value = 's',
	 .help = "dataset and datarep behind it ask about the source address"},
	{.name = "ip.dst",
	 .parse = keyword_address,
	 .value = 'd',
	 .help = "dataset and datarep behind it ask about the destination address"},

	META("app-layer-event", keyword_event,
	     "protocol.name or applayer_name: an anomaly that a decoder noticed"),
	META("decode-event", keyword_event, "layer.name: an anomaly of the packet's headers or fragments"),
	META("stream-event", keyword_event, "name: an anomaly of the TCP connection"),

	FIELD("dsize", NULL, TEST_DSIZE, 65535, "length of the packet's payload"),
	FIELD("ttl", NULL, TEST_TTL, 255, "time to live or hop limit"),
	FIELD("tos", NULL, TEST_TOS, 255, "type of service"),
	FIELD("id", NULL, TEST_ID, 65535, "IPv4 identification"),
	FIELD("itype", NULL, TEST_ITYPE, 255, "ICMP type"),
	FIELD("icode", NULL, TEST_ICODE, 255, "ICMP code"),
	FIELD("icmp_id", NULL, TEST_ICMP_ID, 65535, "identifier of an ICMP echo"),
	FIELD("icmp_seq", NULL, TEST_ICMP_SEQ, 65535, "sequence number of an ICMP echo"),
	FIELD("seq", "tcp.seq", TEST_SEQ, UINT32_MAX, "TCP sequence number"),
	FIELD("ack", "tcp.ack", TEST_ACK, UINT32_MAX, "TCP acknowledgement number"),
	FIELD("window", "tcp.window", TEST_WINDOW, 65535, "TCP window"),
	FIELD("tcp.mss", NULL, TEST_TCP_MSS, 65535, "maximum segment size of a SYN"),
	FIELD("tcp.wscale", NULL, TEST_TCP_WSCALE, 255, "window scale of a SYN"),
	FIELD("icmpv6.mtu", NULL, TEST_ICMPV6_MTU, UINT32_MAX, "MTU of an ICMPv6 packet too big"),
	FIELD("vlan.layers", NULL, TEST_VLAN_LAYERS, SEKI_MAX_VLAN, "number of VLAN tags"),
	{.name = "vlan.id",
	 .parse = keyword_vlan_id,
	 .argument = ARGUMENT_NEEDED,
	 .flags = KEYWORD_PACKET,
	 .help = "id[,any|all|layer]: a VLAN tag, outermost layer 0"},
	CHECKSUM("ipv4-csum", 4, 0, "valid or invalid: checksum of the IPv4 header"),
	CHECKSUM("tcpv4-csum", 4, IPPROTO_TCP, "valid or invalid: checksum of TCP over IPv4"),
	CHECKSUM("tcpv6-csum", 6, IPPROTO_TCP, "valid or invalid: checksum of TCP over IPv6"),
	CHECKSUM("udpv4-csum", 4, IPPROTO_UDP, "valid or invalid: checksum of UDP over IPv4"),
	CHECKSUM("udpv6-csum", 6, IPPROTO_UDP, "valid or invalid: checksum of UDP over IPv6"),
	CHECKSUM("icmpv4-csum", 4, IPPROTO_ICMP, "valid or invalid: checksum of ICMP"),
	CHECKSUM("icmpv6-csum", 6, IPPROTO_ICMPV6, "valid or invalid: checksum of ICMPv6"),
	FIELD("flow.age", NULL, TEST_FLOW_AGE, UINT32_MAX, "seconds since the flow's first packet"),
	COUNT("flow.pkts", PKTS, 0, "toserver|toclient|either,range: packets of the flow so far"),
	COUNT("flow.pkts_toserver", PKTS, 's', "packets to the server so far"),
	COUNT("flow.pkts_toclient", PKTS, 'c', "packets to the client so far"),
	COUNT("flow.bytes", BYTES, 0, "toserver|toclient|either,range: bytes of the flow so far"),
	COUNT("flow.bytes_toserver", BYTES, 's', "bytes to the server so far, with headers"),
	COUNT("flow.bytes_toclient", BYTES, 'c', "bytes to the client so far, with headers"),
	FIELD("fragoffset", NULL, TEST_FRAGOFFSET, 8191, "fragment offset in units of 8 bytes"),
	{.name = "flags",
	 .alias = "tcp.flags",
	 .parse = keyword_flags,
	 .argument = ARGUMENT_NEEDED,
	 .flags = KEYWORD_PACKET,
	 .help = "[!|+|*]FSRPAUEC0[,ignored]: TCP flags"},
	{.name = "fragbits",
	 .parse = keyword_fragbits,
	 .argument = ARGUMENT_NEEDED,
	 .flags = KEYWORD_PACKET,
	 .help = "[!|+|*]MDR: more fragments, do not fragment, reserved"},
	{.name = "sameip",
	 .parse = keyword_sameip,
	 .flags = KEYWORD_PACKET,
	 .help = "source equals destination"},
	{.name = "ipopts",
	 .parse = keyword_ipopts,
	 .argument = ARGUMENT_NEEDED,
	 .flags = KEYWORD_PACKET,
	 .help = "an IPv4 option: rr, lsrr, ssrr, ts, sec, esec, satid, nop, eol, any"},
	META("ip_proto", keyword_ip_proto, "protocol number or name, with <, > or !"),

	META("content", keyword_content, "[!]\"bytes\": must (not) be in the buffer; |xx| is hexadecimal"),
	{.name = "nocase", .parse = keyword_nocase, .help = "upper and lower case are the same"},
	{.name = "offset",
	 .parse = keyword_position,
	 .argument = ARGUMENT_NEEDED,
	 .value = 'o',
	 .help = "the content begins at or behind this place"},
	{.name = "depth",
	 .parse = keyword_position,
	 .argument = ARGUMENT_NEEDED,
	 .value = 'p',
	 .help = "the content lies in so many bytes, counted from the offset"},
	{.name = "distance",
	 .parse = keyword_position,
	 .argument = ARGUMENT_NEEDED,
	 .value = 'd',
	 .help = "at least so many bytes behind the last match"},
	{.name = "within",
	 .parse = keyword_position,
	 .argument = ARGUMENT_NEEDED,
	 .value = 'w',
	 .help = "ends within so many bytes behind the last match"},
	{.name = "startswith", .parse = keyword_edge, .value = 's', .help = "the buffer begins with it"},
	{.name = "endswith", .parse = keyword_edge, .value = 'e', .help = "the buffer ends with it"},
	{.name = "fast_pattern",
	 .parse = keyword_fast_pattern,
	 .argument = ARGUMENT_OPTIONAL,
	 .help = "the content by which the rule is found first"},
	META("isdataat", keyword_isdataat, "[!]n[,relative]: there is (no) data at that place"),
	{.name = "absent",
	 .parse = keyword_absent,
	 .argument = ARGUMENT_OPTIONAL,
	 .help = "the buffer does not exist"},
	META("bsize", keyword_bsize, "length of the sticky buffer"),
	META("urilen", keyword_urilen, "range[,raw|norm]: length of the request target"),
	META("pcre", keyword_pcre, "[!]\"/regex/flags\"; R relative"),
	META("byte_test", keyword_byte_test,
	     "count,[!]operator,value,offset[,…]: compares a number in the data"),
	META("byte_jump", keyword_byte_jump, "count,offset[,…]: goes on where a number in the data points"),
	META("byte_extract", keyword_byte_extract, "count,offset,name[,…]: keeps a number for later options"),
	META("byte_math", keyword_byte_math, "bytes n, offset n, oper o, rvalue v, result name: calculates"),

	{.name = "base64_decode",
	 .parse = keyword_base64_decode,
	 .argument = ARGUMENT_OPTIONAL,
	 .help = "[bytes n][, offset n][, relative]: decodes there; base64_data looks into it"},
	{.name = "base64_data",
	 .parse = keyword_buffer,
	 .value = BUFFER_BASE64_DATA,
	 .help = "what base64_decode made"},
	META("asn1", keyword_asn1,
	     "bitstring_overflow, double_overflow, oversize_length n, relative_offset n: faults in BER"),

	CHANGE("dotprefix", DOTPREFIX, "a dot is put before the buffer"),
	CHANGE("to_lowercase", TO_LOWERCASE, "the buffer in lower case"),
	CHANGE("to_uppercase", TO_UPPERCASE, "the buffer in upper case"),
	CHANGE("strip_whitespace", STRIP_WHITESPACE, "the buffer without white space"),
	CHANGE("compress_whitespace", COMPRESS_WHITESPACE, "runs of white space become one blank"),
	CHANGE("url_decode", URL_DECODE, "%xx and + are decoded"),
	CHANGE("header_lowercase", HEADER_LOWERCASE, "names of header lines in lower case"),
	CHANGE("to_md5", TO_MD5, "the 16 bytes of the buffer's MD5"),
	CHANGE("to_sha1", TO_SHA1, "the 20 bytes of the buffer's SHA-1"),
	CHANGE("to_sha256", TO_SHA256, "the 32 bytes of the buffer's SHA-256"),
	CHANGE("domain", DOMAIN, "the registered domain of a name (public suffix list)"),
	CHANGE("tld", TLD, "the public suffix of a name"),
	CHANGE_BY("xor", XOR, ARGUMENT_NEEDED,
		  "\"hexadecimal key\": the buffer XOR the key, again and again"),
	CHANGE_BY("pcrexform", PCREXFORM, ARGUMENT_NEEDED,
		  "\"regex\": what its first group matched; without a match the buffer as it is"),
	CHANGE_BY("from_base64", FROM_BASE64, ARGUMENT_OPTIONAL,
		  "[bytes n][, offset n][, mode rfc4648|rfc2045|strict]: decoded"),
	CHANGE_BY("gunzip", GUNZIP, ARGUMENT_OPTIONAL, "[max-size n]: decompressed, 1024 bytes at most or n"),
	CHANGE_BY("zlib_deflate", ZLIB_DEFLATE, ARGUMENT_OPTIONAL,
		  "[max-size n]: decompressed, 1024 bytes at most or n"),
	CHANGE("strip_pseudo_headers", STRIP_PSEUDO_HEADERS, "without header lines that begin with a colon"),

#define X(id, word, proto, dir, many, text)                                                                  \
	{.name = word,                                                                                       \
	 .parse = keyword_buffer,                                                                            \
	 .argument = ARGUMENT_OPTIONAL,                                                                      \
	 .value = BUFFER_##id,                                                                               \
	 .help = text},
	INSPECTION_BUFFERS(X)
#undef X
		STICKY("dce_stub_data", DCERPC_STUB),
	STICKY("file_data", FILE_DATA),
	STICKY("smb_share", SMB_SHARE),
	STICKY("smb_named_pipe", SMB_NAMED_PIPE),
	STICKY("ja3_hash", JA3_HASH),
	STICKY("ja3_string", JA3_STRING),
	STICKY("dns_query", DNS_QUERY),
	STICKY("dns.query.rrname", DNS_QUERY),
	STICKY("dns.query.name", DNS_QUERIES_RRNAME),
	STICKY("dns.answer.name", DNS_ANSWERS_RRNAME),
	STICKY("ssh.softwareversion", SSH_SOFTWARE),
	STICKY("ssh.protoversion", SSH_PROTO),
	STICKY("tls_sni", TLS_SNI),
	STICKY("tls_cert_subject", TLS_CERT_SUBJECT),
	STICKY("tls_cert_issuer", TLS_CERT_ISSUER),
	STICKY("tls_cert_serial", TLS_CERT_SERIAL),
	STICKY("tls.issuer", TLS_CERT_ISSUER),
	STICKY("ssh_software", SSH_SOFTWARE),
	STICKY("ssh_proto", SSH_PROTO),
	STICKY("http_request_line", HTTP_REQUEST_LINE),
	STICKY("http_response_line", HTTP_RESPONSE_LINE),
	STICKY("http_protocol", HTTP_PROTOCOL),
	STICKY("http_accept", HTTP_ACCEPT),
	STICKY("http_accept_enc", HTTP_ACCEPT_ENC),
	STICKY("http_accept_lang", HTTP_ACCEPT_LANG),
	STICKY("http_connection", HTTP_CONNECTION),
	STICKY("http_content_type", HTTP_CONTENT_TYPE),
	STICKY("http_content_len", HTTP_CONTENT_LEN),
	STICKY("http_header_names", HTTP_HEADER_NAMES),
	STICKY("http_referer", HTTP_REFERER),
	STICKY("http_start", HTTP_START),
	OLD("http_uri", HTTP_URI),
	OLD("http_raw_uri", HTTP_URI_RAW),
	OLD("http_method", HTTP_METHOD),
	OLD("http_header", HTTP_HEADER),
	OLD("http_raw_header", HTTP_HEADER_RAW),
	OLD("http_cookie", HTTP_COOKIE),
	OLD("http_user_agent", HTTP_USER_AGENT),
	OLD("http_host", HTTP_HOST),
	OLD("http_raw_host", HTTP_HOST_RAW),
	OLD("http_client_body", HTTP_REQUEST_BODY),
	OLD("http_server_body", HTTP_RESPONSE_BODY),
	OLD("http_stat_code", HTTP_STAT_CODE),
	OLD("http_stat_msg", HTTP_STAT_MSG),
	{.name = "uricontent",
	 .parse = keyword_buffer_content,
	 .argument = ARGUMENT_NEEDED,
	 .value = BUFFER_HTTP_URI,
	 .help = "a content in the normalised request target"},
	{.name = "tls.issuerdn",
	 .parse = keyword_buffer_content,
	 .argument = ARGUMENT_NEEDED,
	 .value = BUFFER_TLS_CERT_ISSUER,
	 .help = "a content in the issuer of the server certificate"},
	{.name = "tls.subject",
	 .parse = keyword_buffer_content,
	 .argument = ARGUMENT_NEEDED,
	 .value = BUFFER_TLS_CERT_SUBJECT,
	 .help = "a content in the subject of the server certificate"},
	AMOUNT("dns.opcode", DNS_OPCODE, 15, "operation code of a message"),
	AMOUNT("dns.rcode", DNS_RCODE, 65535, "response code of a message; a question may carry one, too"),
	{.name = "dns.rrtype",
	 .parse = keyword_dns_rrtype,
	 .argument = ARGUMENT_NEEDED,
	 .value = BUFFER_DNS_RRTYPE,
	 .max = 65535,
	 .help = "type of a question or answer, by number or name"},
	AMOUNT("tls.cert_chain_len", TLS_CHAIN_LEN, UINT32_MAX, "number of certificates of the server"),
	{.name = "tls_cert_notbefore",
	 .parse = keyword_tls_date,
	 .argument = ARGUMENT_NEEDED,
	 .value = BUFFER_TLS_NOT_BEFORE,
	 .help = "[<|>]date or date<>date: begin of the certificate's validity"},
	{.name = "tls_cert_notafter",
	 .parse = keyword_tls_date,
	 .argument = ARGUMENT_NEEDED,
	 .value = BUFFER_TLS_NOT_AFTER,
	 .help = "[<|>]date or date<>date: end of the certificate's validity"},
	AMOUNT("smb.version", SMB_VERSION, 2, "version of the protocol, 1 or 2"),
	{.name = "tls_cert_expired",
	 .parse = keyword_tls_validity,
	 .value = 'e',
	 .help = "the certificate's validity ended before the packet"},
	{.name = "tls_cert_valid",
	 .parse = keyword_tls_validity,
	 .value = 'v',
	 .help = "the packet falls into the certificate's validity"},
	META("tls.version", keyword_tls_version, "[!]1.0 … 1.3: version of the hello in this direction"),
	{.name = "ssl_version",
	 .parse = keyword_tls_words,
	 .argument = ARGUMENT_NEEDED,
	 .value = BUFFER_TLS_VERSION,
	 .help = "sslv2, sslv3, tls1.0 … tls1.3: any of them, or with ! none"},
	{.name = "ssl_state",
	 .parse = keyword_tls_words,
	 .argument = ARGUMENT_NEEDED,
	 .value = BUFFER_TLS_STATE,
	 .help = "client_hello, server_hello, client_keyx, server_keyx: seen so far, or with ! none"},
	META("tls.fingerprint", keyword_tls_fingerprint, "[!]\"xx:xx:…\": SHA-1 of the server certificate"),
	{.name = "file.magic",
	 .parse = keyword_file_magic,
	 .argument = ARGUMENT_NONE,
	 .help = "what libmagic calls a transferred file by its first 16384 bytes, or by all of them"},
	META("filemagic", keyword_filemagic, "[!]\"text\": part of those words, in any case"),
	META("filesize", keyword_filesize,
	     "[to_server|to_client,] [<>]bytes or a<>b, with KB, MB or GB: length of a transferred file"),
	DIGEST_LIST("filemd5", TO_MD5, "[!]file: the MD5 of a transferred file is (not) in that list"),
	DIGEST_LIST("filesha1", TO_SHA1, "[!]file: the SHA-1 of a transferred file is (not) in that list"),
	DIGEST_LIST("filesha256", TO_SHA256,
		    "[!]file: the SHA-256 of a transferred file is (not) in that list"),
	{.name = "dcerpc.iface",
	 .alias = "dce_iface",
	 .parse = keyword_dcerpc_iface,
	 .argument = ARGUMENT_NEEDED,
	 .help = "UUID[,[<>=!]version]: the interface that a call is for"},
	{.name = "dcerpc.opnum",
	 .alias = "dce_opnum",
	 .parse = keyword_dcerpc_opnum,
	 .argument = ARGUMENT_NEEDED,
	 .help = "1,3,5-7: operations of the interface"},
	{.name = "ftp.mode",
	 .parse = keyword_ftp_word,
	 .argument = ARGUMENT_NEEDED,
	 .value = BUFFER_FTP_MODE,
	 .help = "active or passive: who listens for the data connection that a command arranges"},
	AMOUNT("ftp.dynamic_port", FTP_DYNAMIC_PORT, 65535,
	       "port that a command arranges for the data connection"),
	{.name = "ftp.reply_received",
	 .parse = keyword_ftp_word,
	 .argument = ARGUMENT_NEEDED,
	 .value = BUFFER_FTP_REPLIED,
	 .help = "yes or no: the server answered the command"},
	META("ftpdata_command", keyword_ftpdata_command,
	     "stor, appe, stou, retr, nlst, list or mlsd: what the data connection is for"),
	{.name = "ftpbounce", .parse = keyword_ftpbounce, .help = "PORT names another host than the client"},
	{.name = "filename",
	 .parse = keyword_file_name,
	 .argument = ARGUMENT_NEEDED,
	 .value = 'n',
	 .help = "[!]\"text\": part of a transferred file's name"},
	{.name = "fileext",
	 .parse = keyword_file_name,
	 .argument = ARGUMENT_NEEDED,
	 .value = 'e',
	 .help = "[!]\"text\": extension of a transferred file's name"},
};

#define KEYWORD_BUCKETS 512u

static uint32_t keyword_hash(const char *name)
{
	uint32_t hash = 2166136261u;

	for (; *name; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619u;
	return hash % KEYWORD_BUCKETS;
}

/* Chains of 1-based word numbers: even ones behind it are names, odd ones aliases. */
static uint16_t keyword_first[KEYWORD_BUCKETS], keyword_next[ARRAY_LEN(keywords) * 2];

static void keyword_index(void)
{
	for (uint16_t i = 0; i < ARRAY_LEN(keywords) * 2; i++) {
		const char *word = i & 1 ? keywords[i / 2].alias : keywords[i / 2].name;

		if (!word)
			continue;
		keyword_next[i] = keyword_first[keyword_hash(word)];
		keyword_first[keyword_hash(word)] = (uint16_t)(i + 1);
	}
}

const struct rule_keyword *rule_keyword_find(const char *name)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, keyword_index);
	for (uint16_t at = keyword_first[keyword_hash(name)]; at; at = keyword_next[at - 1]) {
		const struct rule_keyword *row = &keywords[(at - 1) / 2];

		if (!strcmp((at - 1) & 1 ? row->alias : row->name, name))
			return row;
	}
	return NULL;
}

unsigned int rule_keyword_count(void)
{
	return ARRAY_LEN(keywords);
}

const struct rule_keyword *rule_keyword_at(unsigned int index)
{
	return index < ARRAY_LEN(keywords) ? &keywords[index] : NULL;
}
