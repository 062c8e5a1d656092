// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * x509.c - a small DER reader: a cursor that checks each length against what
 * is there before it advances.
 */
#include "x509.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "lib/civil.h"

enum {
	DER_INTEGER = 0x02,
	DER_OID = 0x06,
	DER_UTCTIME = 0x17,
	DER_TIME = 0x18,
	DER_BMPSTRING = 0x1e,
	DER_SEQUENCE = 0x30,
	DER_SET = 0x31,
	DER_VERSION = 0xa0,
	DER_EXTENSIONS = 0xa3,
	DER_OCTETS = 0x04,
	DER_BOOLEAN = 0x01,
};

struct name_type {
	uint8_t oid[10], len;
	const char *text;
};

/* clang-format off */
static const struct name_type name_types[] = {
	{ { 0x55, 4, 3 }, 3, "CN" }, { { 0x55, 4, 4 }, 3, "SN" }, { { 0x55, 4, 5 }, 3, "serialNumber" },
	{ { 0x55, 4, 6 }, 3, "C" }, { { 0x55, 4, 7 }, 3, "L" }, { { 0x55, 4, 8 }, 3, "ST" },
	{ { 0x55, 4, 9 }, 3, "street" }, { { 0x55, 4, 10 }, 3, "O" }, { { 0x55, 4, 11 }, 3, "OU" },
	{ { 0x55, 4, 12 }, 3, "title" }, { { 0x55, 4, 13 }, 3, "description" },
	{ { 0x55, 4, 15 }, 3, "businessCategory" }, { { 0x55, 4, 17 }, 3, "postalCode" },
	{ { 0x55, 4, 41 }, 3, "name" }, { { 0x55, 4, 42 }, 3, "GN" }, { { 0x55, 4, 43 }, 3, "initials" },
	{ { 0x55, 4, 46 }, 3, "dnQualifier" },
	{ { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1 }, 9, "emailAddress" },
	{ { 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 2 }, 9, "unstructuredName" },
	{ { 0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25 }, 10, "DC" },
	{ { 0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 1 }, 10, "UID" },
};
/* clang-format on */

/* Takes one element off *in. -EBADMSG: it does not fit. */
static int der_take(struct span *in, uint8_t *tag, struct span *body)
{
	uint32_t len, at = 2;

	if (in->len < 2)
		return -EBADMSG;
	len = in->data[1];
	if (len & 0x80) {
		uint32_t bytes = len & 0x7f;

		if (!bytes || bytes > 3 || in->len < 2 + bytes)
			return -EBADMSG;
		for (len = 0; at < 2 + bytes; at++)
			len = len << 8 | in->data[at];
	}
	if (len > in->len - at)
		return -EBADMSG;
	*tag = in->data[0];
	*body = (struct span){in->data + at, len};
	*in = span_from(*in, at + len);
	return 0;
}

static int der_expect(struct span *in, uint8_t tag, struct span *body)
{
	uint8_t got;
	int rc = der_take(in, &got, body);

	return rc ? rc : got == tag ? 0 : -EBADMSG;
}

static void oid_print(struct blob *out, struct span oid)
{
	uint64_t arc = 0;
	bool first = true;
	char text[48];

	for (uint32_t i = 0; i < oid.len && i < 64; i++) {
		arc = (arc & (UINT64_MAX >> 8)) << 7 | (oid.data[i] & 0x7f);
		if (oid.data[i] & 0x80)
			continue;
		if (first)
			snprintf(text, sizeof(text), "%u.%llu", arc < 80 ? (unsigned int)arc / 40 : 2u,
				 (unsigned long long)(arc < 80 ? arc % 40 : arc - 80));
		else
			snprintf(text, sizeof(text), ".%llu", (unsigned long long)arc);
		blob_text(out, text, X509_NAME_MAX);
		first = false;
		arc = 0;
	}
}

static void attribute_print(struct blob *out, struct span oid, uint8_t tag, struct span value)
{
	const char *text = NULL;

	for (unsigned int i = 0; i < ARRAY_LEN(name_types) && !text; i++)
		if (oid.len == name_types[i].len && !memcmp(oid.data, name_types[i].oid, oid.len))
			text = name_types[i].text;
	if (text)
		blob_text(out, text, X509_NAME_MAX);
	else
		oid_print(out, oid);
	blob_text(out, "=", X509_NAME_MAX);
	if (tag != DER_BMPSTRING) {
		blob_add(out, value.data, value.len, X509_NAME_MAX);
		return;
	}
	for (uint32_t i = 0; i + 1 < value.len; i += 2)
		blob_add(out, value.data[i] ? (const uint8_t *)"?" : &value.data[i + 1], 1, X509_NAME_MAX);
}

/* RDNSequence: sets of (oid, value) pairs. */
static int name_read(struct span name, struct blob *out)
{
	while (name.len) {
		struct span set, pair, oid, value;
		const char *between = out->len ? ", " : "";
		uint8_t tag;

		if (der_expect(&name, DER_SET, &set))
			return -EBADMSG;
		while (set.len) {
			if (der_expect(&set, DER_SEQUENCE, &pair) || der_expect(&pair, DER_OID, &oid) ||
			    der_take(&pair, &tag, &value))
				return -EBADMSG;
			blob_text(out, between, X509_NAME_MAX);
			attribute_print(out, oid, tag, value);
			between = " + ";
		}
	}
	return 0;
}

static int time_read(struct span *in, char out[20])
{
	struct span t;
	uint8_t tag;
	uint32_t year_digits;
	int year;

	if (der_take(in, &tag, &t) || (tag != DER_UTCTIME && tag != DER_TIME))
		return -EBADMSG;
	year_digits = tag == DER_TIME ? 4 : 2;
	if (t.len < year_digits + 10)
		return 0;
	for (uint32_t i = 0; i < year_digits + 10; i++)
		if (t.data[i] < '0' || t.data[i] > '9')
			return 0;
	year = (t.data[0] - '0') * 10 + t.data[1] - '0';
	if (year_digits == 4)
		year = year * 100 + (t.data[2] - '0') * 10 + t.data[3] - '0';
	else
		year += year < 50 ? 2000 : 1900;
	t = span_from(t, year_digits);
	snprintf(out, 20, "%04u-%.2s-%.2sT%.2s:%.2s:%.2s", (unsigned int)year % 10000, (const char *)t.data,
		 (const char *)t.data + 2, (const char *)t.data + 4, (const char *)t.data + 6,
		 (const char *)t.data + 8);
	return 0;
}

/* GeneralName of RFC 5280 section 4.2.1.6: those that are text, and addresses. */
static void alternative_add(struct x509_names *out, uint8_t tag, struct span value)
{
	enum { MAIL = 0x81, DNS = 0x82, URI = 0x86, ADDRESS = 0x87 };
	char text[INET6_ADDRSTRLEN] = "";

	if (out->alternative_count == X509_ALTERNATIVES_MAX)
		return;
	if (tag == ADDRESS) {
		if (value.len == 4 || value.len == 16)
			inet_ntop(value.len == 4 ? AF_INET : AF_INET6, value.data, text, sizeof(text));
		value = span_text(text);
	} else if (tag != MAIL && tag != DNS && tag != URI) {
		return;
	}
	blob_add(&out->alternatives, value.data, value.len, UINT16_MAX);
	out->alternative_end[out->alternative_count++] = (uint16_t)out->alternatives.len;
}

/* What stands behind the subject: key, unique ids, extensions. -EBADMSG: those that came before the fault
 * count. */
static int extensions_read(struct span tbs, struct x509_names *out)
{
	static const uint8_t alternative_oid[] = {0x55, 29, 17};
	struct span part, list, extension, oid, names;
	uint8_t tag = 0;

	while (tag != DER_EXTENSIONS) {
		if (!tbs.len)
			return 0; /* none */
		if (der_take(&tbs, &tag, &part))
			return -EBADMSG;
	}
	if (der_expect(&part, DER_SEQUENCE, &list))
		return -EBADMSG;
	while (list.len) {
		if (der_expect(&list, DER_SEQUENCE, &extension) || der_expect(&extension, DER_OID, &oid) ||
		    der_take(&extension, &tag, &part) ||
		    (tag == DER_BOOLEAN && der_take(&extension, &tag, &part)) || tag != DER_OCTETS)
			return -EBADMSG;
		if (oid.len != sizeof(alternative_oid) || memcmp(oid.data, alternative_oid, oid.len))
			continue;
		if (der_expect(&part, DER_SEQUENCE, &names))
			return -EBADMSG;
		while (names.len) {
			if (der_take(&names, &tag, &part))
				return -EBADMSG;
			alternative_add(out, tag, part);
		}
	}
	return 0;
}

int x509_seconds(const char *text, uint32_t *seconds)
{
	static const struct {
		char before;
		unsigned int digits, least, most;
	} fields[] = {{0, 4, 1970, 2105}, {'-', 2, 1, 12}, {'-', 2, 1, 31},
		      {'T', 2, 0, 23},	  {':', 2, 0, 59}, {':', 2, 0, 60}};
	unsigned int values[ARRAY_LEN(fields)];

	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		values[i] = fields[i].least;
		if (i && !*text)
			continue;
		if (i && *text != fields[i].before && (fields[i].before != 'T' || *text != ' '))
			return -EINVAL;
		text += i > 0;
		values[i] = 0;
		for (unsigned int j = 0; j < fields[i].digits; j++, text++) {
			if (*text < '0' || *text > '9')
				return -EINVAL;
			values[i] = values[i] * 10 + (unsigned int)(*text - '0');
		}
		if (values[i] < fields[i].least || values[i] > fields[i].most)
			return -EINVAL;
	}
	if (*text)
		return -EINVAL;
	*seconds = (uint32_t)(civil_days((int32_t)values[0], values[1], values[2]) * 86400 +
			      values[3] * 3600 + values[4] * 60 + values[5]);
	return 0;
}

bool x509_alternative(const struct x509_names *names, unsigned int index, struct span *out)
{
	uint32_t from;

	if (index >= names->alternative_count)
		return false;
	from = index ? names->alternative_end[index - 1] : 0;
	*out = (struct span){names->alternatives.data ? names->alternatives.data + from : NULL,
			     names->alternative_end[index] - from};
	return true;
}

/* One part of a certificate, off the front of *tbs. Faults of a part end the reading: nobody knows what
 * follows. */
typedef uint16_t x509_part(struct span *tbs, struct x509_names *out);

static uint16_t version_part(struct span *tbs, struct x509_names *out)
{
	struct span part, number;
	uint8_t tag;

	if (!tbs->len || tbs->data[0] != DER_VERSION)
		return 0; /* version 1 */
	if (der_take(tbs, &tag, &part))
		return X509_FAULT_LENGTH;
	return der_expect(&part, DER_INTEGER, &number) || number.len != 1 || number.data[0] > 2
		       ? X509_FAULT_VERSION
		       : 0;
}

static uint16_t serial_part(struct span *tbs, struct x509_names *out)
{
	struct span part;

	if (der_expect(tbs, DER_INTEGER, &part) || !part.len)
		return X509_FAULT_SERIAL;
	for (uint32_t i = 0; i < part.len && i < 64; i++) {
		char text[8];

		snprintf(text, sizeof(text), "%s%02X", i ? ":" : "", part.data[i]);
		blob_text(&out->serial, text, X509_NAME_MAX);
	}
	return 0;
}

static uint16_t algorithm_part(struct span *tbs, struct x509_names *out)
{
	struct span part, oid;

	return der_expect(tbs, DER_SEQUENCE, &part) || der_expect(&part, DER_OID, &oid) || !oid.len
		       ? X509_FAULT_ALGORITHM
		       : 0;
}

static uint16_t issuer_part(struct span *tbs, struct x509_names *out)
{
	struct span part;

	return der_expect(tbs, DER_SEQUENCE, &part) || name_read(part, &out->issuer) ? X509_FAULT_ISSUER : 0;
}

static uint16_t validity_part(struct span *tbs, struct x509_names *out)
{
	struct span part;

	if (der_expect(tbs, DER_SEQUENCE, &part) || time_read(&part, out->not_before) ||
	    time_read(&part, out->not_after))
		return X509_FAULT_VALIDITY;
	/* The next part can still be found. */
	if (!*out->not_before || !*out->not_after)
		out->faults |= X509_FAULT_DATE;
	return 0;
}

static uint16_t subject_part(struct span *tbs, struct x509_names *out)
{
	struct span part;

	return der_expect(tbs, DER_SEQUENCE, &part) || name_read(part, &out->subject) ? X509_FAULT_SUBJECT
										      : 0;
}

static uint16_t extensions_part(struct span *tbs, struct x509_names *out)
{
	return extensions_read(*tbs, out) ? X509_FAULT_EXTENSIONS : 0;
}

int x509_read(struct span der, struct x509_names *out)
{
	static x509_part *const parts[] = {version_part,  serial_part,	algorithm_part, issuer_part,
					   validity_part, subject_part, extensions_part};
	struct span certificate, tbs;
	struct span whole = der;
	uint8_t tag;

	out->faults = 0;
	if (der_take(&whole, &tag, &certificate))
		out->faults = X509_FAULT_LENGTH;
	else if (tag != DER_SEQUENCE)
		out->faults = X509_FAULT_DER;
	else if (der_take(&certificate, &tag, &tbs))
		out->faults = X509_FAULT_LENGTH;
	else if (tag != DER_SEQUENCE)
		out->faults = X509_FAULT_DER;
	for (unsigned int i = 0; i < ARRAY_LEN(parts) && !(out->faults & ~X509_FAULT_DATE); i++)
		out->faults |= parts[i](&tbs, out);
	return out->faults ? -EBADMSG : 0;
}
