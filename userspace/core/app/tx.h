/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tx.h - application transactions and the inspection buffers they offer to
 * rules. One table row per buffer: the rule language, the matcher, the
 * decoders and `rules explain` read it.
 */
#ifndef CORE_TX_H
#define CORE_TX_H

#include <stdbool.h>
#include <stdint.h>

#include "core/flow/packet.h"

enum direction { TO_SERVER = 0, TO_CLIENT = 1 };

#define APP_PROTOS(X)                                                                                        \
	X(UNKNOWN, "unknown")                                                                                \
	X(FAILED, "failed")                                                                                  \
	X(HTTP, "http")                                                                                      \
	X(TLS, "tls")                                                                                        \
	X(DNS, "dns")                                                                                        \
	X(SMTP, "smtp")                                                                                      \
	X(FTP, "ftp")                                                                                        \
	X(SSH, "ssh")                                                                                        \
	X(SMB, "smb")                                                                                        \
	X(DCERPC, "dcerpc")                                                                                  \
	X(FTP_DATA, "ftp-data")
enum app_proto {
#define X(id, name) APP_##id,
	APP_PROTOS(X)
#undef X
		APP_PROTO_MAX
};

/*
 * id, sticky keyword, protocol, direction (S to server, C to client, B both), help.
 * M after the direction: many instances per transaction (index 0, 1, …); O: one.
 */
#define INSPECTION_BUFFERS(X)                                                                                \
	X(PAYLOAD, "pkt_data", UNKNOWN, B, O, "packet payload or reassembled stream")                        \
	X(IPV4_HDR, "ipv4.hdr", UNKNOWN, B, O, "IPv4 header of the packet")                                  \
	X(IPV6_HDR, "ipv6.hdr", UNKNOWN, B, O, "IPv6 header of the packet")                                  \
	X(TCP_HDR, "tcp.hdr", UNKNOWN, B, O, "TCP header of the packet")                                     \
	X(UDP_HDR, "udp.hdr", UNKNOWN, B, O, "UDP header of the packet")                                     \
	X(ICMPV4_HDR, "icmpv4.hdr", UNKNOWN, B, O, "ICMP header of the packet, 8 bytes")                     \
	X(ICMPV6_HDR, "icmpv6.hdr", UNKNOWN, B, O, "ICMPv6 header of the packet, 8 bytes")                   \
	X(HTTP_URI, "http.uri", HTTP, S, O, "normalised request target")                                     \
	X(HTTP_URI_RAW, "http.uri.raw", HTTP, S, O, "request target as sent")                                \
	X(HTTP_METHOD, "http.method", HTTP, S, O, "request method")                                          \
	X(HTTP_REQUEST_LINE, "http.request_line", HTTP, S, O, "first line of the request")                   \
	X(HTTP_PROTOCOL, "http.protocol", HTTP, B, O, "HTTP version")                                        \
	X(HTTP_HOST, "http.host", HTTP, S, O, "host, lower case, without port")                              \
	X(HTTP_HOST_RAW, "http.host.raw", HTTP, S, O, "host as sent")                                        \
	X(HTTP_HEADER, "http.header", HTTP, B, O, "headers as name: value CRLF, without cookies")            \
	X(HTTP_HEADER_RAW, "http.header.raw", HTTP, B, O, "headers as sent")                                 \
	X(HTTP_HEADER_NAMES, "http.header_names", HTTP, B, O, "CRLF name CRLF … CRLF CRLF")                  \
	X(HTTP_USER_AGENT, "http.user_agent", HTTP, S, O, "User-Agent value")                                \
	X(HTTP_COOKIE, "http.cookie", HTTP, B, O, "Cookie or Set-Cookie value")                              \
	X(HTTP_REFERER, "http.referer", HTTP, S, O, "Referer value")                                         \
	X(HTTP_ACCEPT, "http.accept", HTTP, S, O, "Accept value")                                            \
	X(HTTP_ACCEPT_ENC, "http.accept_enc", HTTP, S, O, "Accept-Encoding value")                           \
	X(HTTP_ACCEPT_LANG, "http.accept_lang", HTTP, S, O, "Accept-Language value")                         \
	X(HTTP_CONNECTION, "http.connection", HTTP, B, O, "Connection value")                                \
	X(HTTP_CONTENT_TYPE, "http.content_type", HTTP, B, O, "Content-Type value")                          \
	X(HTTP_CONTENT_LEN, "http.content_len", HTTP, B, O, "Content-Length value")                          \
	X(HTTP_START, "http.start", HTTP, B, O, "first line and headers as sent")                            \
	X(HTTP_REQUEST_BODY, "http.request_body", HTTP, S, O, "request body, de-chunked")                    \
	X(HTTP_RESPONSE_LINE, "http.response_line", HTTP, C, O, "first line of the response")                \
	X(HTTP_STAT_CODE, "http.stat_code", HTTP, C, O, "status code")                                       \
	X(HTTP_STAT_MSG, "http.stat_msg", HTTP, C, O, "status text")                                         \
	X(HTTP_SERVER, "http.server", HTTP, C, O, "Server value")                                            \
	X(HTTP_LOCATION, "http.location", HTTP, C, O, "Location value")                                      \
	X(HTTP_RESPONSE_BODY, "http.response_body", HTTP, C, O, "response body, de-chunked, decompressed")   \
	X(HTTP_REQUEST_HEADER, "http.request_header", HTTP, S, M,                                            \
	  "one header field as name: value, cookies too")                                                    \
	X(HTTP_RESPONSE_HEADER, "http.response_header", HTTP, C, M,                                          \
	  "one header field as name: value, cookies too")                                                    \
	X(FILE_DATA, "file.data", UNKNOWN, B, M,                                                             \
	  "content of a transferred file (HTTP body, SMTP attachment, FTP, SMB)")                            \
	X(FILE_NAME, "file.name", UNKNOWN, B, M, "name of a transferred file")                               \
	X(TLS_SNI, "tls.sni", TLS, S, O, "server name of the ClientHello")                                   \
	X(TLS_CERT_SUBJECT, "tls.cert_subject", TLS, B, O,                                                   \
	  "subject of the certificate that goes in this direction")                                          \
	X(TLS_CERT_ISSUER, "tls.cert_issuer", TLS, B, O,                                                     \
	  "issuer of the certificate that goes in this direction")                                           \
	X(TLS_CERT_SERIAL, "tls.cert_serial", TLS, B, O, "serial number, XX:XX")                             \
	X(TLS_CERTS, "tls.certs", TLS, B, M, "certificates as DER")                                          \
	X(TLS_SUBJECTALTNAME, "tls.subjectaltname", TLS, B, M,                                               \
	  "an alternative name of the certificate that goes in this direction")                              \
	X(TLS_CERT_FINGERPRINT, "tls.cert_fingerprint", TLS, B, O, "SHA-1 of the server certificate, xx:xx") \
	X(TLS_RANDOM, "tls.random", TLS, B, O, "random of the hello, 32 bytes")                              \
	X(TLS_RANDOM_TIME, "tls.random_time", TLS, B, O, "its first 4 bytes")                                \
	X(TLS_RANDOM_BYTES, "tls.random_bytes", TLS, B, O, "its other 28 bytes")                             \
	X(JA3_HASH, "ja3.hash", TLS, S, O, "JA3 of the ClientHello, MD5 in hexadecimal")                     \
	X(JA3_STRING, "ja3.string", TLS, S, O, "JA3 of the ClientHello, as text")                            \
	X(JA4_HASH, "ja4.hash", TLS, S, O, "JA4 of the ClientHello")                                         \
	X(TLS_ALPN, "tls.alpn", TLS, B, M, "a protocol that ALPN offers or chooses")                         \
	X(JA3S_HASH, "ja3s.hash", TLS, C, O, "JA3S of the ServerHello, MD5 in hexadecimal")                  \
	X(JA3S_STRING, "ja3s.string", TLS, C, O, "JA3S of the ServerHello, as text")                         \
	X(DNS_QUERY, "dns.query", DNS, S, M, "queried name")                                                 \
	X(DNS_QUERIES_RRNAME, "dns.queries.rrname", DNS, B, M, "name in the question section")               \
	X(DNS_ANSWERS_RRNAME, "dns.answers.rrname", DNS, B, M, "name in the answer section")                 \
	X(DNS_AUTHORITIES_RRNAME, "dns.authorities.rrname", DNS, B, M, "name in the authority section")      \
	X(DNS_ADDITIONALS_RRNAME, "dns.additionals.rrname", DNS, B, M, "name in the additional section")     \
	X(DNS_RESPONSE_RRNAME, "dns.response.rrname", DNS, C, M,                                             \
	  "any name in the sections of a response behind the questions")                                     \
	X(SMTP_HELO, "smtp.helo", SMTP, S, O, "HELO or EHLO argument")                                       \
	X(SMTP_MAIL_FROM, "smtp.mail_from", SMTP, S, O, "MAIL FROM argument")                                \
	X(SMTP_RCPT_TO, "smtp.rcpt_to", SMTP, S, M, "RCPT TO argument")                                      \
	X(SMTP_COMMAND_LINE, "smtp.command_line", SMTP, S, M, "a command line as sent, without CRLF")        \
	X(EMAIL_FROM, "email.from", SMTP, S, O, "From: of the mail")                                         \
	X(EMAIL_TO, "email.to", SMTP, S, O, "To: of the mail")                                               \
	X(EMAIL_CC, "email.cc", SMTP, S, O, "Cc: of the mail")                                               \
	X(EMAIL_SUBJECT, "email.subject", SMTP, S, O, "Subject: of the mail")                                \
	X(EMAIL_DATE, "email.date", SMTP, S, O, "Date: of the mail")                                         \
	X(EMAIL_MESSAGE_ID, "email.message_id", SMTP, S, O, "Message-Id: of the mail")                       \
	X(EMAIL_X_MAILER, "email.x_mailer", SMTP, S, O, "X-Mailer: of the mail")                             \
	X(EMAIL_RECEIVED, "email.received", SMTP, S, M, "one Received: of the mail")                         \
	X(SSH_SOFTWARE, "ssh.software", SSH, B, O, "software part of the banner")                            \
	X(SSH_PROTO, "ssh.proto", SSH, B, O, "protocol version of the banner")                               \
	X(SSH_HASSH, "ssh.hassh", SSH, S, O, "HASSH of the client, MD5 in hexadecimal")                      \
	X(SSH_HASSH_STRING, "ssh.hassh.string", SSH, S, O, "algorithms that the client offers")              \
	X(SSH_HASSH_SERVER, "ssh.hassh.server", SSH, C, O, "HASSH of the server, MD5 in hexadecimal")        \
	X(SSH_HASSH_SERVER_STRING, "ssh.hassh.server.string", SSH, C, O,                                     \
	  "algorithms that the server offers")                                                               \
	X(SMB_SHARE, "smb.share", SMB, S, O, "share that a tree connect names")                              \
	X(SMB_NAMED_PIPE, "smb.named_pipe", SMB, S, O, "pipe share that a tree connect names")               \
	X(SMB_NTLMSSP_USER, "smb.ntlmssp_user", SMB, S, O, "user that logs on by NTLMSSP")                   \
	X(SMB_NTLMSSP_DOMAIN, "smb.ntlmssp_domain", SMB, S, O, "domain of the user that logs on by NTLMSSP") \
	X(DCERPC_STUB, "dcerpc.stub_data", UNKNOWN, B, O,                                                    \
	  "arguments or results of a DCE/RPC call, also over SMB")                                           \
	X(FTP_COMMAND, "ftp.command", FTP, S, O, "command name")                                             \
	X(FTP_COMMAND_DATA, "ftp.command_data", FTP, S, O, "command argument")                               \
	X(FTP_REPLY, "ftp.reply", FTP, C, M, "text of a reply line, without its code")                       \
	X(FTP_COMPLETION_CODE, "ftp.completion_code", FTP, C, M, "code of a reply line")

/* The same columns for what a keyword with a value looks at: no rule names these as sticky buffers. */
#define INNER_BUFFERS(X)                                                                                     \
	X(APP_EVENT, "app-layer-event", UNKNOWN, B, M, "name of an event on the transaction")                \
	X(FILE_WHOLE, "file.whole", UNKNOWN, B, M, "content of a file of which nothing is missing")          \
	X(FILE_BEGIN, "file.begin", UNKNOWN, B, M, "beginning of a file, once there is enough of it or all") \
	X(FILE_SIZE, "filesize", UNKNOWN, B, M, "length of a file that has ended, 4 bytes")                  \
	X(TLS_VERSION, "tls.version", TLS, B, O, "negotiated or offered version, \"tls1.2\"")                \
	X(TLS_STATE, "ssl_state", TLS, B, O, "handshake messages seen so far, \" client_hello\" and so on")  \
	X(DCERPC_INTERFACE, "dcerpc.iface", UNKNOWN, B, O, "UUID of the interface that a call is for")       \
	X(DCERPC_VERSION, "dcerpc.version", UNKNOWN, B, O, "its major version, two bytes")                   \
	X(DCERPC_OPNUM, "dcerpc.opnum", UNKNOWN, B, O, "number of the operation, decimal")                   \
	X(DCERPC_LITTLE, "dcerpc.little", UNKNOWN, B, O, "1 byte: the stub is little-endian")                \
	X(SMB_VERSION, "smb.version", SMB, B, O, "1 or 2, 4 bytes")                                          \
	X(FTP_DATA_COMMAND, "ftpdata_command", FTP_DATA, B, O, "command that asked for the data connection") \
	X(FTP_MODE, "ftp.mode", FTP, B, O,                                                                   \
	  "\"active\" or \"passive\" when the command arranges a data connection")                           \
	X(FTP_DYNAMIC_PORT, "ftp.dynamic_port", FTP, B, O, "4 bytes")                                        \
	X(FTP_REPLIED, "ftp.reply_received", FTP, B, O, "\"yes\" or \"no\"")                                 \
	X(FTP_BOUNCE, "ftpbounce", FTP, S, O, "\"bounce\" when PORT names another host than the client")     \
	X(DNS_OPCODE, "dns.opcode", DNS, B, O, "4 bytes")                                                    \
	X(DNS_RCODE, "dns.rcode", DNS, B, O, "4 bytes")                                                      \
	X(DNS_RRTYPE, "dns.rrtype", DNS, B, M, "type of a question or answer, 4 bytes")                      \
	X(TLS_CHAIN_LEN, "tls.cert_chain_len", TLS, B, O, "4 bytes")                                         \
	X(TLS_NOT_BEFORE, "tls_cert_notbefore", TLS, B, O, "4 bytes, seconds since 1970")                    \
	X(TLS_NOT_AFTER, "tls_cert_notafter", TLS, B, O, "4 bytes, seconds since 1970")                      \
	X(BASE64_DATA, "base64_data", UNKNOWN, B, O, "what base64_decode made")

enum buffer_id {
#define X(id, ...) BUFFER_##id,
	INSPECTION_BUFFERS(X) INNER_BUFFERS(X)
#undef X
		BUFFER_MAX
};

/* Header bytes of a packet: tests of the packet, not of what it carries. */
static inline bool buffer_is_header(uint8_t id)
{
	return id >= BUFFER_IPV4_HDR && id <= BUFFER_ICMPV6_HDR;
}

struct buffer_info {
	const char *name;
	enum app_proto proto;
	char dir;  /* 'S', 'C', 'B' */
	char many; /* 'O', 'M' */
	const char *help;
};
extern const struct buffer_info buffer_infos[BUFFER_MAX];

/* A transferred file, as far as it is there. */
struct tx_file {
	struct span name, data; /* data: its beginning, as much as is kept */
	uint64_t size;		/* seen so far, kept or not */
	bool final;		/* no more will come */
	bool gap;		/* bytes are missing that will not come */
};

/* Matcher's private state per transaction (alerts given, …); detect.c owns it. */
struct detect_tx_state;

struct tx {
	uint64_t id;   /* per flow, from 0 */
	uint32_t size; /* of the whole object */
	enum app_proto proto;
	bool done[2];		  /* this direction will grow no more */
	bool dirty[2];		  /* changed since detect_tx() last saw it; inspector.c clears it */
	uint8_t events_told;	  /* so many of events the owner knows */
	struct event_list events; /* in the order they came */
	struct detect_tx_state *detect;
	struct tx *next;
};

/* The decoder noticed event. Rules are asked again in both directions. */
void tx_event_set(struct tx *tx, enum app_event event);

/* The index-th file in dir. false: not there (yet). */
bool tx_file(const struct tx *tx, enum direction dir, unsigned int index, struct tx_file *out);
/* It was seen from its first byte to its last, and all of that is kept. */
static inline bool tx_file_whole(const struct tx_file *file)
{
	return file->final && !file->gap && file->size == file->data.len;
}

/* A number as the 4 bytes of an inner buffer, valid until the thread asks for the next one. true. */
bool tx_number(uint32_t number, struct span *out);

/*
 * The index-th instance of a buffer in direction dir. false: not there (yet).
 * *final: it will not grow any more; a body that still grows gives what is
 * there so far. The bytes stay valid until the flow gets its next packet.
 */
bool tx_buffer(const struct tx *tx, enum buffer_id id, enum direction dir, unsigned int index,
	       struct span *out, bool *final);

#endif
