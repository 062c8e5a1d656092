// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * mask.c - what nobody needs to see of a packet to judge an attack.
 */
#include "mask.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/text.h"

enum mask_kind {
	MASK_LINE,	/* behind the word to the end of the line; the word begins a line */
	MASK_PARAMETER, /* behind the word and = or : to the end of the value */
};

struct mask_word {
	const char *word;
	enum mask_kind kind;
};
static const struct mask_word words[] = {
	{"authorization:", MASK_LINE}, {"proxy-authorization:", MASK_LINE},
	{"cookie:", MASK_LINE},	       {"set-cookie:", MASK_LINE},
	{"x-api-key:", MASK_LINE},     {"x-auth-token:", MASK_LINE},
	{"pass ", MASK_LINE},	       {"auth plain ", MASK_LINE},
	{"auth login ", MASK_LINE},    {"password", MASK_PARAMETER},
	{"passwd", MASK_PARAMETER},    {"pwd", MASK_PARAMETER},
	{"pass", MASK_PARAMETER},      {"passphrase", MASK_PARAMETER},
	{"secret", MASK_PARAMETER},    {"client_secret", MASK_PARAMETER},
	{"token", MASK_PARAMETER},     {"access_token", MASK_PARAMETER},
	{"api_key", MASK_PARAMETER},   {"apikey", MASK_PARAMETER},
	{"sessionid", MASK_PARAMETER}, {"jsessionid", MASK_PARAMETER},
	{"phpsessid", MASK_PARAMETER}, {"sid", MASK_PARAMETER},
};

static const struct mask_row rows[] = {
	{"credentials in headers",
	 "Authorization, Cookie, Set-Cookie, X-Api-Key; PASS and AUTH of FTP and mail"},
	{"credentials in parameters", "password, token, secret, session ids in URLs, forms and JSON"},
	{"mail addresses", "the part before @ but its first character"},
	{"card numbers", "13 to 19 digits with a sound check digit, but the last four"},
	{"My Number", "12 digits with the check digit of Japan's individual number"},
};

const struct mask_row *mask_row_at(unsigned int index)
{
	return index < ARRAY_LEN(rows) ? &rows[index] : NULL;
}

static bool word_part(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

/* Stars over all but what separates. */
static void stars(char *data, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (data[i] != '\r' && data[i] != '\n')
			data[i] = '*';
}

static bool at_word(const char *data, size_t len, size_t at, const char *word, size_t word_len)
{
	return len - at >= word_len && !strncasecmp(data + at, word, word_len);
}

static size_t line_end(const char *data, size_t len, size_t at)
{
	while (at < len && data[at] != '\r' && data[at] != '\n')
		at++;
	return at;
}

/* word=value, "word":"value", word%3Dvalue; the value's end, or 0: not one. *from is its begin. */
static size_t parameter_end(const char *data, size_t len, size_t at, size_t *from)
{
	char quote = 0;

	if (at < len && (data[at] == '"' || data[at] == '\''))
		at++;
	while (at < len && data[at] == ' ')
		at++;
	if (len - at >= 3 && (!strncasecmp(data + at, "%3d", 3) || !strncasecmp(data + at, "%3a", 3)))
		at += 3;
	else if (at < len && (data[at] == '=' || data[at] == ':'))
		at++;
	else
		return 0;
	while (at < len && data[at] == ' ')
		at++;
	if (at < len && (data[at] == '"' || data[at] == '\''))
		quote = data[at++];
	*from = at;
	while (at < len && data[at] != '\r' && data[at] != '\n' &&
	       (quote ? data[at] != quote : !strchr("&; ,}\"'<>", data[at]) || !data[at]))
		at++;
	return at > *from ? at : 0;
}

static size_t mask_words(char *data, size_t len)
{
	size_t found = 0;

	for (size_t at = 0; at < len; at++) {
		bool line = !at || data[at - 1] == '\n';

		if (at && word_part(data[at - 1]))
			continue;
		for (size_t i = 0; i < ARRAY_LEN(words); i++) {
			size_t word_len = strlen(words[i].word), from = at + word_len, end;

			if (!at_word(data, len, at, words[i].word, word_len))
				continue;
			if (words[i].kind == MASK_LINE) {
				if (!line)
					continue;
				while (from < len && data[from] == ' ')
					from++;
				end = line_end(data, len, from);
			} else {
				end = from < len && word_part(data[from])
					      ? 0
					      : parameter_end(data, len, from, &from);
			}
			if (end <= from)
				continue;
			stars(data, from, end);
			found++;
			at = end - 1;
			break;
		}
	}
	return found;
}

static size_t mask_mail(char *data, size_t len)
{
	size_t found = 0;

	for (size_t at = 1; at + 1 < len; at++) {
		size_t from = at;

		if (data[at] != '@' || !isalnum((unsigned char)data[at + 1]))
			continue;
		while (from && (word_part(data[from - 1]) || data[from - 1] == '+'))
			from--;
		if (at - from < 1)
			continue;
		stars(data, from + (at - from > 1), at);
		found++;
	}
	return found;
}

/* ISO/IEC 7812-1 annex B. */
static bool luhn(const char *digits, size_t count)
{
	unsigned int sum = 0;

	for (size_t i = 0; i < count; i++) {
		unsigned int d = (unsigned int)(digits[count - 1 - i] - '0');

		if (i % 2)
			d = d * 2 > 9 ? d * 2 - 9 : d * 2;
		sum += d;
	}
	return sum % 10 == 0;
}

/* Ordinance of the Ministry of Internal Affairs 85 of 2014, article 5. */
static bool my_number(const char *digits)
{
	unsigned int sum = 0, rest;

	for (unsigned int n = 1; n <= 11; n++)
		sum += (unsigned int)(digits[11 - n] - '0') * (n <= 6 ? n + 1 : n - 5);
	rest = sum % 11;
	return (unsigned int)(digits[11] - '0') == (rest <= 1 ? 0 : 11 - rest);
}

static size_t mask_numbers(char *data, size_t len)
{
	size_t found = 0;

	for (size_t at = 0; at < len; at++) {
		size_t places[20], count = 0, i = at;
		char digits[20];
		bool card;

		if (!isdigit((unsigned char)data[at]) || (at && isalnum((unsigned char)data[at - 1])))
			continue;
		for (; i < len && count < 20; i++) {
			if (isdigit((unsigned char)data[i])) {
				digits[count] = data[i];
				places[count++] = i;
			} else if ((data[i] != ' ' && data[i] != '-') || i + 1 >= len ||
				   !isdigit((unsigned char)data[i + 1])) {
				break;
			}
		}
		card = count >= 13 && count <= 19 && luhn(digits, count);
		if (card || (count == 12 && my_number(digits))) {
			for (size_t d = 0; d < count - (card ? 4 : 0); d++)
				data[places[d]] = '*';
			found++;
		}
		if (count)
			at = i ? i - 1 : at;
	}
	return found;
}

size_t mask_bytes(char *data, size_t len)
{
	return mask_words(data, len) + mask_mail(data, len) + mask_numbers(data, len);
}

char *mask_text(const char *text, size_t len, const char *name)
{
	static const char *const secrets[] = {"authorization", "cookie",  "password", "passwd", "token",
					      "secret",	       "api-key", "api_key",  "apikey", "session"};
	/* Commands of mail and FTP whose argument is one. */
	static const char *const commands[] = {"PASS", "AUTH"};
	char *out = malloc(len + 1);

	if (!out)
		return NULL;
	if (len)
		memcpy(out, text, len);
	out[len] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(secrets); i++) {
		if (strcasestr(name, secrets[i])) {
			stars(out, 0, len);
			return out;
		}
	}
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (!strcasecmp(name, commands[i])) {
			stars(out, 0, len);
			return out;
		}
	}
	mask_bytes(out, len);
	return out;
}
