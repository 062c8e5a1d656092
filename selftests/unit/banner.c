// SPDX-License-Identifier: GPL-2.0-or-later
/* banner.c - a service is told once, when it changes, and after an hour; however many there are. */
#include <string.h>

#include "core/app/banner.h"
#include "lib/ktap.h"

static struct banner_memory memory;

static bool note(uint8_t host, uint16_t port, const char *text, uint64_t seconds)
{
	struct seki_addr server;

	memset(&server, 0, sizeof(server));
	server.b[15] = host;
	return banner_note(&memory, &server, port,
			   (struct span){(const uint8_t *)text, (uint32_t)strlen(text)}, seconds * 1000000);
}

static void once(void)
{
	CHECK(note(1, 80, "nginx", 10));
	CHECK(!note(1, 80, "nginx", 11));
	CHECK(note(1, 81, "nginx", 11));
	CHECK(note(2, 80, "nginx", 11));
	CHECK(!note(1, 80, "nginx", 3609));
	CHECK(note(1, 80, "nginx", 3610));
}

/* One that says something else each time is told each minute, no more. */
static void changes(void)
{
	unsigned int told = 0;
	char text[24];

	for (unsigned int i = 0; i < 600; i++) {
		snprintf(text, sizeof(text), "server/%u", i);
		told += note(7, 80, text, 10000 + i);
	}
	CHECK_EQ(told, 10);
}

static void many(void)
{
	unsigned int told = 0;

	for (unsigned int turn = 0; turn < 3; turn++)
		for (unsigned int port = 0; port < 65536; port++)
			told += note(9, (uint16_t)port, "x", 20000);
	CHECK(told > 3000 && told <= 4096, "%u", told);
}

static const struct ktap_test tests[] = {TEST(once), TEST(changes), TEST(many)};
KTAP_MAIN(tests)
