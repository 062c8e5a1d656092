// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * ja4.c - what a ClientHello offers, sorted, as hexadecimal words, and the
 * SHA-256 of those.
 */
#include "ja4.h"

#include <stdio.h>
#include <string.h>

#include "lib/digest.h"
#include "ja3.h"

#define WORDS_MAX 512u /* ciphers, extensions or algorithms; more are counted and left out of the hash */
#define HASH_LEN  12u

enum { EXT_SNI = 0, EXT_ALGORITHMS = 13, EXT_ALPN = 16, EXT_VERSIONS = 43 };

struct words {
	uint16_t at[WORDS_MAX];
	uint32_t count, kept;
};

struct hello {
	struct words ciphers, extensions, algorithms; /* extensions without server name and ALPN */
	uint32_t extension_count;
	uint16_t version;
	bool has_name;
	struct span alpn; /* the first */
};

static void words_add(struct words *words, uint32_t value)
{
	words->count++;
	if (words->kept < WORDS_MAX)
		words->at[words->kept++] = (uint16_t)value;
}

static void words_read(struct words *words, struct span list)
{
	uint32_t value;

	while (span_take_number(&list, 2, &value))
		if (!tls_grease(value))
			words_add(words, value);
}

static void words_sort(struct words *words)
{
	for (uint32_t gap = words->kept / 2; gap; gap /= 2)
		for (uint32_t i = gap; i < words->kept; i++) {
			uint16_t value = words->at[i];
			uint32_t j = i;

			for (; j >= gap && words->at[j - gap] > value; j -= gap)
				words->at[j] = words->at[j - gap];
			words->at[j] = value;
		}
}

static void words_hash(struct digest *digest, const struct words *words)
{
	char text[8];

	for (uint32_t i = 0; i < words->kept; i++) {
		int n = snprintf(text, sizeof(text), i ? ",%04x" : "%04x", words->at[i]);

		digest_add(digest, (struct span){(const uint8_t *)text, (uint32_t)n});
	}
}

/* The first half of the SHA-256 of both, the second behind an underline; zeros when the first is empty. */
static void hash_print(const struct words *first, const struct words *second, char out[HASH_LEN + 1])
{
	uint8_t sha[SHA256_DIGEST_SIZE];
	char text[SHA256_DIGEST_SIZE * 3 + 1];
	struct digest digest;

	if (!first->kept) {
		snprintf(out, HASH_LEN + 1, "000000000000");
		return;
	}
	digest_begin(&digest, DIGEST_SHA256);
	words_hash(&digest, first);
	if (second && second->kept) {
		digest_add(&digest, (struct span){(const uint8_t *)"_", 1});
		words_hash(&digest, second);
	}
	digest_end(&digest, sha);
	digest_text(sha, HASH_LEN / 2, '\0', text);
	snprintf(out, HASH_LEN + 1, "%.12s", text);
}

static void extension_read(struct hello *hello, uint32_t type, struct span body)
{
	struct span list;
	uint32_t value;

	hello->extension_count++;
	if (type == EXT_SNI)
		hello->has_name = true;
	if (type != EXT_SNI && type != EXT_ALPN)
		words_add(&hello->extensions, type);
	if (type == EXT_ALGORITHMS && span_take_vector(&body, 2, &list))
		words_read(&hello->algorithms, list);
	if (type == EXT_ALPN && span_take_vector(&body, 2, &list) &&
	    !span_take_vector(&list, 1, &hello->alpn))
		hello->alpn = (struct span){};
	if (type == EXT_VERSIONS && span_take_vector(&body, 1, &list)) {
		hello->version = 0;
		while (span_take_number(&list, 2, &value))
			/* Those of datagrams count downwards. */
			if (!tls_grease(value) &&
			    (value >> 8 == 0xfe ? !hello->version || value < hello->version
						: value > hello->version))
				hello->version = (uint16_t)value;
	}
}

static bool hello_read(struct span in, struct hello *hello)
{
	struct span list, extensions, body;
	uint32_t value;

	if (!span_take_number(&in, 2, &value) || in.len < 32)
		return false;
	hello->version = (uint16_t)value;
	in = span_from(in, 32);
	if (!span_take_vector(&in, 1, &list))
		return false;
	if (hello->version >> 8 == 0xfe && !span_take_vector(&in, 1, &list)) /* DTLS: the cookie */
		return false;
	if (!span_take_vector(&in, 2, &list))
		return false;
	words_read(&hello->ciphers, list);
	if (!span_take_vector(&in, 1, &list))
		return false;
	if (!span_take_vector(&in, 2, &extensions))
		return true;
	while (span_take_number(&extensions, 2, &value) && span_take_vector(&extensions, 2, &body))
		if (!tls_grease(value))
			extension_read(hello, value, body);
	return true;
}

static const char *version_print(uint16_t version)
{
	static const struct {
		uint16_t version;
		const char *text;
	} rows[] = {{0x0304, "13"}, {0x0303, "12"}, {0x0302, "11"}, {0x0301, "10"}, {0x0300, "s3"},
		    {0x0002, "s2"}, {0xfeff, "d1"}, {0xfefd, "d2"}, {0xfefc, "d3"}};

	for (unsigned int i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].version == version)
			return rows[i].text;
	return "00";
}

static bool byte_alnum(uint8_t c)
{
	uint8_t l = byte_lower(c);

	return (c >= '0' && c <= '9') || (l >= 'a' && l <= 'z');
}

/* First and last character; of what is no text, first and last digit of its hexadecimal form. */
static void alpn_print(struct span alpn, char out[3])
{
	static const char digits[] = "0123456789abcdef";
	uint8_t first, last;

	out[0] = out[1] = '0';
	out[2] = '\0';
	if (!alpn.len)
		return;
	first = alpn.data[0];
	last = alpn.data[alpn.len - 1];
	out[0] = (char)first;
	out[1] = (char)last;
	if (!byte_alnum(first) || !byte_alnum(last)) {
		out[0] = digits[first >> 4];
		out[1] = digits[last & 15];
	}
}

bool ja4_read(struct span body, char transport, char out[JA4_LEN + 1])
{
	struct hello hello = {};
	char alpn[3], ciphers[HASH_LEN + 1], extensions[HASH_LEN + 1];

	if (!hello_read(body, &hello))
		return false;
	words_sort(&hello.ciphers);
	words_sort(&hello.extensions);
	hash_print(&hello.ciphers, NULL, ciphers);
	hash_print(&hello.extensions, &hello.algorithms, extensions);
	alpn_print(hello.alpn, alpn);
	snprintf(out, JA4_LEN + 1, "%c%s%c%02u%02u%s_%s_%s", transport, version_print(hello.version),
		 hello.has_name ? 'd' : 'i', hello.ciphers.count < 99 ? hello.ciphers.count : 99,
		 hello.extension_count < 99 ? hello.extension_count : 99, alpn, ciphers, extensions);
	return true;
}
