// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * app_dns - messages over UDP and TCP, compression, malformed ones.
 */
#include "core/app/app_dns.h"
#include "lib/session.h"

#define QUERY "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\3wWw\7example\3com\0\0\1\0\1"
#define ANSWER                                                                                               \
	"\x12\x34\x81\x83\x00\x01\x00\x03\x00\x00\x00\x00\3www\7example\3com\0\0\1\0\1"                      \
	"\xc0\x0c\0\5\0\1\0\0\0\x3c\0\6\3cdn\xc0\x10"                                                        \
	"\xc0\x2d\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1"                                                           \
	"\xc0\x0c\0\x10\0\1\0\0\0\1\0\4\3abc"
#define BYTES(text) ((struct span){(const uint8_t *)(text), sizeof(text) - 1})

static char *udp(struct span message, enum direction dir)
{
	struct session *session = malloc(sizeof(*session));
	char *text;

	session_init(session, APP_DNS, IPPROTO_UDP);
	session_feed(session, dir, message.data, message.len, false, false);
	text = session_end(session);
	free(session);
	return text;
}

static void query(void)
{
	char *text = udp(BYTES(QUERY), TO_SERVER);

	CHECK_LINE(text, "0 dns.query S0=wWw.example.com");
	free(text);
	text = udp(BYTES(ANSWER), TO_CLIENT);
	CHECK_NO(text, "dns.query ");
	CHECK_LINE(text, "0 dns.queries.rrname C0=www.example.com");
	CHECK_LINE(text, "0 dns.rcode C0=\\x00\\x00\\x00\\x03");
	free(text);
	text = udp(BYTES("\0\1\1\0\0\2\0\0\0\0\0\0\1a\0\0\1\0\1\1b\xc0\x0c\0\x1c\0\1"), TO_SERVER);
	CHECK_LINE(text, "0 dns.query S0=a");
	CHECK_LINE(text, "0 dns.query S1=b.a");
	free(text);
}

static void answer(void)
{
	struct flow flow = {.proto = IPPROTO_UDP, .app = APP_DNS};
	const struct dns_record *record;
	struct dns_tx *tx;
	char text[8];

	app_dns_udp.feed(&flow, TO_CLIENT, BYTES(ANSWER), false, false);
	tx = (struct dns_tx *)flow.txs;
	if (!CHECK(tx != NULL))
		return;
	CHECK(tx->response);
	CHECK_EQ(tx->id, 0x1234);
	CHECK_EQ(tx->counts[DNS_ANSWERS], 3);
	CHECK_STR(dns_code_name(tx->flags & 15, text), "NXDOMAIN");
	record = dns_record(tx, DNS_ANSWERS, 0);
	CHECK_STR(dns_type_name(record->type, text), "CNAME");
	CHECK(record->data_len == 15 && !memcmp(tx->text.data + record->data_at, "cdn.example.com", 15));
	record = dns_record(tx, DNS_ANSWERS, 1);
	CHECK(record->name_len == 15 && !memcmp(tx->text.data + record->name_at, "cdn.example.com", 15));
	CHECK(record->data_len == 9 && !memcmp(tx->text.data + record->data_at, "192.0.2.1", 9));
	record = dns_record(tx, DNS_ANSWERS, 2);
	CHECK(record->data_len == 3 && !memcmp(tx->text.data + record->data_at, "abc", 3));
	CHECK(!dns_record(tx, DNS_ANSWERS, 3));
	CHECK_STR(dns_type_name(4321, text), "4321");
	app_reap(&flow, true);
	app_dns_udp.flow_free(&flow);
}

/* Names of every section; those that answers hold too. */
static void sections(void)
{
	char *text = udp(BYTES("\0\1\x81\x80\0\1\0\1\0\2\0\1\3www\1a\0\0\1\0\1"
			       "\xc0\x0c\0\5\0\1\0\0\0\1\0\6\3cdn\xc0\x10"
			       "\1a\0\0\2\0\1\0\0\0\1\0\5\2ns\xc0\x10"
			       "\1b\0\0\6\0\1\0\0\0\1\0\x20\3soa\1b\0\1m\1b\0"
			       "12345678901234567890"
			       "\3add\0\0\1\0\1\0\0\0\1\0\4\1\2\3\4"),
			 TO_CLIENT);

	CHECK_LINE(text, "0 dns.answers.rrname C0=www.a");
	CHECK_LINE(text, "0 dns.authorities.rrname C0=a");
	CHECK_LINE(text, "0 dns.authorities.rrname C1=b");
	CHECK_LINE(text, "0 dns.additionals.rrname C0=add");
	CHECK_LINE(text, "0 dns.response.rrname C0=www.a");
	CHECK_LINE(text, "0 dns.response.rrname C1=cdn.a");
	CHECK_LINE(text, "0 dns.response.rrname C3=ns.a");
	CHECK_LINE(text, "0 dns.response.rrname C5=soa.b");
	CHECK_LINE(text, "0 dns.response.rrname C6=add");
	CHECK_NO(text, "rrname C7");
	CHECK_NO(text, " event ");
	free(text);
}

static void tcp(void)
{
	static const struct turn turns[] = {
		FROM_CLIENT("\0\x21" QUERY "\0\x21" QUERY),
		FROM_SERVER("\0\x0c"
			    "\x12\x34\x81\x80\0\0\0\0\0\0\0\0"),
		LOSS_THEN(TO_SERVER, "\0\x21" QUERY),
	};
	enum app_status status;
	char *text = session_check(APP_DNS, turns, 3, &status);

	CHECK_EQ(status, APP_OK);
	CHECK_LINE(text, "0 dns.query S0=wWw.example.com");
	CHECK_LINE(text, "1 dns.query S0=wWw.example.com");
	CHECK_NO(text, "\n3 ");
	free(text);
}

static void malformed(void)
{
	static const struct {
		const char *name;
		struct span bytes;
		const char *event;
	} rows[] = {
		{"pointer to itself", BYTES("\0\1\1\0\0\1\0\0\0\0\0\0\xc0\x0c\0\1\0\1"), "infinite_loop"},
		{"pointer forwards", BYTES("\0\1\1\0\0\1\0\0\0\0\0\0\xc0\x12\0\1\0\1\1a\0"), "infinite_loop"},
		{"two pointers in a ring", BYTES("\0\1\1\0\0\1\0\0\0\0\0\0\1a\xc0\x10\xc0\x0c\0\1\0\1"),
		 "infinite_loop"},
		{"label beyond the end",
		 BYTES("\0\1\1\0\0\1\0\0\0\0\0\0\x3f"
		       "abc\0\0\1\0\1"),
		 "malformed_data"},
		{"reserved label type",
		 BYTES("\0\1\1\0\0\1\0\0\0\0\0\0\x80"
		       "abc\0\0\1\0\1"),
		 "malformed_data"},
		{"no room for the type", BYTES("\0\1\1\0\0\1\0\0\0\0\0\0\1a\0\0\1"), "malformed_data"},
		{"65535 questions", BYTES("\0\1\1\0\xff\xff\0\0\0\0\0\0"), "malformed_data"},
		{"data beyond the end", BYTES("\0\1\1\0\0\0\0\1\0\0\0\0\0\0\1\0\1\0\0\0\1\xff\xff"),
		 "malformed_data"},
		{"authority beyond the end", BYTES("\0\1\1\0\0\0\0\0\0\1\0\0\0\0\1"), "invalid_authorities"},
		{"additional beyond the end", BYTES("\0\1\1\0\0\0\0\0\0\0\0\1\0\0\1"), "invalid_additionals"},
	};

	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *text = udp(rows[i].bytes, TO_SERVER);

		char line[64];

		snprintf(line, sizeof(line), "0 event dns.%s\n", rows[i].event);
		CHECK(strstr(text, line) && !strstr(text, "rrname"), "%s: %s", rows[i].name, text);
		CHECK(app_dns_udp.probe(rows[i].bytes, TO_SERVER, 5000) == APP_PROBE_NO, "%s", rows[i].name);
		free(text);
	}
	for (uint32_t i = 0; i < sizeof(ANSWER) - 1; i++)
		free(udp((struct span){(const uint8_t *)ANSWER, i}, TO_CLIENT));
}

static void events(void)
{
	char *text = udp(BYTES("\0\1\x01\x40\0\1\0\0\0\0\0\0\1a\0\0\1\0\1"), TO_SERVER);

	CHECK_LINE(text, "0 dns.query S0=a");
	CHECK_LINE(text, "0 event dns.z_flag_set");
	free(text);
	text = udp(BYTES("\0\1\x79\0\0\0\0\0\0\0\0\0"), TO_SERVER);
	CHECK_LINE(text, "0 event dns.invalid_opcode");
	CHECK_LINE(text, "0 dns.opcode S0=\\x00\\x00\\x00\\x0f");
	free(text);
	text = udp(BYTES(QUERY), TO_CLIENT);
	CHECK_LINE(text, "0 event dns.not_response");
	free(text);
	text = udp(BYTES(ANSWER), TO_SERVER);
	CHECK_LINE(text, "0 event dns.not_request");
	free(text);
	/* Port 53 is enough to look at it, whatever reserved flags it has. */
	CHECK_EQ(app_dns_udp.probe(BYTES("\0\1\x01\x40\0\1\0\0\0\0\0\0\1a\0\0\1\0\1"), TO_SERVER, 53),
		 APP_PROBE_YES);
}

static void probe(void)
{
	CHECK_EQ(app_dns_udp.probe(BYTES(QUERY), TO_SERVER, 53), APP_PROBE_YES);
	CHECK_EQ(app_dns_udp.probe(BYTES(QUERY), TO_SERVER, 4711), APP_PROBE_YES);
	CHECK_EQ(app_dns_udp.probe(BYTES(ANSWER), TO_CLIENT, 4711), APP_PROBE_YES);
	CHECK_EQ(app_dns_udp.probe(BYTES(QUERY "x"), TO_SERVER, 4711), APP_PROBE_NO);
	CHECK_EQ(app_dns_udp.probe(BYTES("hello, this is no dns"), TO_SERVER, 4711), APP_PROBE_NO);
	CHECK_EQ(app_dns_tcp.probe(BYTES("\0\x21" QUERY), TO_SERVER, 4711), APP_PROBE_YES);
	CHECK_EQ(app_dns_tcp.probe(BYTES("\0\x21\x12\x34"), TO_SERVER, 53), APP_PROBE_MORE);
	CHECK_EQ(app_dns_tcp.probe(BYTES("GET / HTTP/1.1\r\n\r\n"), TO_SERVER, 80), APP_PROBE_NO);
}

static void many(void)
{
	struct flow flow = {.proto = IPPROTO_UDP, .app = APP_DNS};
	uint8_t message[12 + 6 * 1000] = {0, 1, 1, 0, 1000 >> 8, 1000 & 255};
	struct span bytes = {message, sizeof(message)};

	for (uint32_t at = 12; at < sizeof(message); at += 6)
		memcpy(message + at, at == 12 ? "\0\0\1\0\1\0" : "\xc0\x0c\0\1\0\1", at == 12 ? 5 : 6);
	/* The first name is one byte, so the rest is not aligned to its questions: as a liar sends it. */
	app_dns_udp.feed(&flow, TO_SERVER, bytes, false, false);
	CHECK(flow.txs && ((struct dns_tx *)flow.txs)->counts[DNS_QUESTIONS] <= DNS_RECORDS_MAX);
	app_reap(&flow, true);
}

static const struct ktap_test tests[] = {TEST(query),	  TEST(answer), TEST(tcp),   TEST(sections),
					 TEST(malformed), TEST(events), TEST(probe), TEST(many)};
KTAP_MAIN(tests)
