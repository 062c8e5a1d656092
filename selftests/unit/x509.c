// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * x509.c - dates of certificates and rules as seconds, and what is wrong with a certificate.
 */
#include "core/app/x509.h"

#include <errno.h>

#include "lib/ktap.h"

static void dates(void)
{
	static const struct {
		const char *text;
		long long seconds; /* as `date -u +%s -d` says; -1: refused */
	} rows[] = {
		{"1970", 0},
		{"1970-01-02", 86400},
		{"1999-12-31T23:59:59", 946684799},
		{"2000-02-29", 951782400},
		{"2000-03-01", 951868800},
		{"2024", 1704067200},
		{"2024-02-29T12", 1709208000},
		{"2024-12-31 23:59:59", 1735689599},
		{"2100-03-01", 4107542400},
		{"2105-12-31T23:59:59", 4291747199},
		{"1969", -1},
		{"2106", -1},
		{"24", -1},
		{"2024-1-1", -1},
		{"2024-13", -1},
		{"2024-00", -1},
		{"2024-01-32", -1},
		{"2024-01-01T24", -1},
		{"2024-01-01T23:60", -1},
		{"2024-01-01Z", -1},
		{"2024-01-01T00:00:00Z", -1},
		{"", -1},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t seconds = 0;
		int err = x509_seconds(rows[i].text, &seconds);

		CHECK(err == (rows[i].seconds < 0 ? -EINVAL : 0), "%s: %d", rows[i].text, err);
		CHECK(err || seconds == rows[i].seconds, "%s: %u", rows[i].text, seconds);
	}
}

/* A part of a certificate, or what stands in its place. */
struct piece {
	const char *bytes;
	size_t len;
};
#define PIECE(text)                                                                                          \
	{                                                                                                    \
		text, sizeof(text) - 1                                                                       \
	}
enum part { VERSION, SERIAL, ALGORITHM, ISSUER, VALIDITY, SUBJECT, KEY, EXTENSIONS, PARTS };

#define NAME "\x30\x0c\x31\x0a\x30\x08\x06\x03\x55\x04\x03\x13\x01\x61"
#define BEFORE                                                                                               \
	"\x17\x0d"                                                                                           \
	"240131235959Z"
#define AFTER                                                                                                \
	"\x17\x0d"                                                                                           \
	"250131235959Z"

static size_t put(uint8_t *out, size_t len, const char *bytes, size_t more)
{
	memcpy(out + len, bytes, more);
	return len + more;
}

static size_t certificate(uint8_t *out, const struct piece *pieces)
{
	uint8_t tbs[512];
	size_t len = 0;

	for (unsigned int i = 0; i < PARTS; i++)
		len = put(tbs, len, pieces[i].bytes, pieces[i].len);
	out[0] = out[4] = 0x30;
	out[1] = out[5] = 0x82;
	out[2] = (uint8_t)((len + 4) >> 8);
	out[3] = (uint8_t)(len + 4);
	out[6] = (uint8_t)(len >> 8);
	out[7] = (uint8_t)len;
	return put(out, 8, (const char *)tbs, len);
}

static void faults(void)
{
	static const struct piece sound[PARTS] = {
		[VERSION] = PIECE("\xa0\x03\x02\x01\x02"),
		[SERIAL] = PIECE("\x02\x01\x05"),
		[ALGORITHM] = PIECE("\x30\x03\x06\x01\x2a"),
		[ISSUER] = PIECE(NAME),
		[VALIDITY] = PIECE("\x30\x1e" BEFORE AFTER),
		[SUBJECT] = PIECE(NAME),
		[KEY] = PIECE("\x30\x00"),
		[EXTENSIONS] = PIECE(
			"\xa3\x12\x30\x10\x30\x0e\x06\x03\x55\x1d\x11\x01\x01\xff\x04\x04\x30\x02\x82\x00"),
	};
	static const struct {
		enum part part;
		struct piece piece;
		uint16_t faults;
	} rows[] = {
		{KEY, PIECE("\x30\x00"), 0},
		{VERSION, PIECE(""), 0}, /* version 1 */
		{EXTENSIONS, PIECE(""), 0},
		{VERSION, PIECE("\xa0\x03\x02\x01\x03"), X509_FAULT_VERSION},
		{VERSION, PIECE("\xa0\x03\x04\x01\x02"), X509_FAULT_VERSION},
		{SERIAL, PIECE("\x04\x01\x05"), X509_FAULT_SERIAL},
		{SERIAL, PIECE("\x02\x00"), X509_FAULT_SERIAL},
		{ALGORITHM, PIECE("\x30\x03\x04\x01\x2a"), X509_FAULT_ALGORITHM},
		{ALGORITHM, PIECE("\x31\x03\x06\x01\x2a"), X509_FAULT_ALGORITHM},
		{ISSUER, PIECE("\x30\x02\x30\x00"), X509_FAULT_ISSUER},
		{SUBJECT, PIECE("\x30\x04\x31\x02\x30\x00"), X509_FAULT_SUBJECT},
		{VALIDITY, PIECE("\x30\x0f" BEFORE), X509_FAULT_VALIDITY},
		{VALIDITY,
		 PIECE("\x30\x1e\x17\x0d"
		       "24013123595xZ" AFTER),
		 X509_FAULT_DATE},
		{EXTENSIONS, PIECE("\xa3\x04\x30\x02\x30\x00"), X509_FAULT_EXTENSIONS},
		{EXTENSIONS, PIECE("\xa3\x09\x30\x07\x30\x05\x06\x01\x2a\x02\x00"), X509_FAULT_EXTENSIONS},
	};
	uint8_t der[1024];
	size_t len;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct piece pieces[PARTS];
		struct x509_names names = {};
		int err;

		memcpy(pieces, sound, sizeof(pieces));
		pieces[rows[i].part] = rows[i].piece;
		len = certificate(der, pieces);
		err = x509_read((struct span){der, (uint32_t)len}, &names);
		CHECK(err == (rows[i].faults ? -EBADMSG : 0) && names.faults == rows[i].faults,
		      "row %zu: %d, %x", i, err, names.faults);
		blob_free(&names.subject);
		blob_free(&names.issuer);
		blob_free(&names.serial);
		blob_free(&names.alternatives);
	}
	/* Cut off: its length says more than is there. */
	len = certificate(der, sound);
	for (size_t i = 0; i < len; i++) {
		struct x509_names names = {};

		CHECK_EQ(x509_read((struct span){der, (uint32_t)i}, &names), -EBADMSG);
		CHECK_EQ(names.faults, X509_FAULT_LENGTH);
	}
	der[0] = 0x31;
	{
		struct x509_names names = {};

		CHECK_EQ(x509_read((struct span){der, (uint32_t)len}, &names), -EBADMSG);
		CHECK_EQ(names.faults, X509_FAULT_DER);
	}
}

static const struct ktap_test tests[] = {TEST(dates), TEST(faults)};
KTAP_MAIN(tests)
