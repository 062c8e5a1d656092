// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * dns_tunnel - many long names below one domain are a suspicion; what ordinary hosts ask for is none.
 */
#include "core/egress/dns_tunnel.h"
#include "lib/ktap.h"

#define SECOND 1000000ull

static struct seki_addr host = {.b = {[15] = 1}}, server = {.b = {[15] = 2}};

static bool ask(struct dns_tunnel *tunnel, uint64_t us, const char *name, struct dns_tunnel_note *note)
{
	return dns_tunnel_ask(tunnel, us, &host, &server,
			      (struct span){(const uint8_t *)name, (uint32_t)strlen(name)}, note);
}

/* '@' is the number, '#' eight digits that look like chance. */
static void name_make(char name[512], const char *pattern, int number)
{
	size_t n = 0;

	for (; *pattern && n < 480; pattern++) {
		if (*pattern == '@')
			n += (size_t)sprintf(name + n, "%d", number);
		else if (*pattern == '#')
			n += (size_t)sprintf(name + n, "%08x", (unsigned int)(number + 1) * 2654435761u);
		else
			name[n++] = *pattern;
	}
	name[n] = '\0';
}

/* How many of count names, made of pattern, are told. */
static int told(const char *pattern, int count, uint64_t apart, struct dns_tunnel_note *note)
{
	CLEANUP(dns_tunnel_free) struct dns_tunnel *tunnel = NULL;
	int n = 0;

	if (dns_tunnel_new(7, &tunnel))
		abort();
	for (int i = 0; i < count; i++) {
		struct dns_tunnel_note last;
		char name[512];

		name_make(name, pattern, i);
		if (ask(tunnel, SECOND + (uint64_t)i * apart, name, &last)) {
			*note = last;
			n++;
		}
	}
	return n;
}

static void data_in_names(void)
{
	struct dns_tunnel_note note = {0};

	CHECK_EQ(told("##deadbeefdeadbeefdeadbeef.Evil.Example", 300, SECOND / 10, &note), 1);
	CHECK(!memcmp(&note.host, &host, sizeof(host)) && !memcmp(&note.server, &server, sizeof(server)),
	      "who asks whom");
	CHECK(note.names >= DNS_TUNNEL_NAMES && note.bytes >= DNS_TUNNEL_BYTES, "%u names", note.names);
	CHECK_EQ(told("##deadbeefdeadbeefdeadbeef.evil.co.jp", 300, SECOND / 10, &note), 1);
}

static const struct {
	const char *pattern, *what;
	int count;
	uint64_t apart;
} ordinary[] = {
	{"www@.shop@.example", "many domains", 5000, SECOND / 100},
	{"host@.cdn.example", "many short names of one", 5000, SECOND / 100},
	{"a-very-long-name-of-a-service-that-is-asked-often.example", "one long name", 5000, SECOND / 100},
	{"##deadbeefdeadbeefdeadbeef.slow.example", "long names that come slowly", 300, 10 * SECOND},
	{"@.#.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", "reverse names", 5000, SECOND / 100},
	{"@#", "no domain", 5000, SECOND / 100},
};

static void ordinary_names(void)
{
	struct dns_tunnel_note note;

	for (size_t i = 0; i < ARRAY_LEN(ordinary); i++)
		CHECK(!told(ordinary[i].pattern, ordinary[i].count, ordinary[i].apart, &note), "%s",
		      ordinary[i].what);
}

static void told_again_in_the_next_window(void)
{
	struct dns_tunnel_note note;

	CHECK_EQ(told("##deadbeefdeadbeefdeadbeef.evil.example", 1200, SECOND / 2, &note), 2);
}

static void fresh_domains_push_nothing_out(void)
{
	CLEANUP(dns_tunnel_free) struct dns_tunnel *tunnel = NULL;
	struct dns_tunnel_note note;
	int n = 0;

	if (dns_tunnel_new(9, &tunnel))
		abort();
	for (int i = 0; i < 20000; i++) {
		char name[512];

		name_make(name, i % 100 ? "x.d@.example" : "#deadbeefdeadbeefdeadbeef.evil.example", i);
		n += ask(tunnel, SECOND + (uint64_t)i * 1000, name, &note);
	}
	CHECK_EQ(n, 1);
}

static void hostile_names(void)
{
	CLEANUP(dns_tunnel_free) struct dns_tunnel *tunnel = NULL;
	struct dns_tunnel_note note;
	uint8_t name[400];

	if (dns_tunnel_new(9, &tunnel))
		abort();
	srand(5);
	for (int i = 0; i < 200000; i++) {
		uint32_t len = (uint32_t)rand() % sizeof(name);

		for (uint32_t j = 0; j < len; j++)
			name[j] = (uint8_t)(rand() % 4 ? rand() : '.');
		dns_tunnel_ask(tunnel, (uint64_t)i, &host, &server, (struct span){name, len}, &note);
	}
}

static const struct ktap_test tests[] = {
	TEST(data_in_names),
	TEST(ordinary_names),
	TEST(told_again_in_the_next_window),
	TEST(fresh_domains_push_nothing_out),
	TEST(hostile_names),
};
KTAP_MAIN(tests)
