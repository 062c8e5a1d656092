// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * asset_concern.c - is a rule about something that stands there?
 */
#include "asset_parts.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define WORDS_MAX 32u
#define WORD_MAX  32u

struct words {
	char words[WORDS_MAX][WORD_MAX];
	size_t count;
};

/* Words that say nothing about a product. */
static bool word_empty(const char *word)
{
	static const char *const empty[] = {
		"any",	 "all",		"server",	"servers",  "web",     "and",
		"or",	 "of",		"the",		"http",	    "os",      "client",
		"based", "application", "applications", "software", "project", "generic",
		"bit",	 "general",	"unspecified",	"unknown",  "www",     "endpoint"};

	if (isdigit((unsigned char)word[0]) || strlen(word) < 3)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(empty); i++)
		if (!strcmp(empty[i], word))
			return true;
	return false;
}

static void words_add(struct words *out, const char *text)
{
	while (*text && out->count < WORDS_MAX) {
		char *word = out->words[out->count];
		size_t len = 0;

		while (*text && !isalnum((unsigned char)*text))
			text++;
		for (; isalnum((unsigned char)*text); text++)
			if (len + 1 < WORD_MAX)
				word[len++] = (char)tolower((unsigned char)*text);
		word[len] = '\0';
		if (len && !word_empty(word))
			out->count++;
	}
}

/* Names under which the same thing is sold, found and written about. */
static const char *const names[][6] = {
	{"httpd", "apache", "http_server"},
	{"iis", "microsoft-iis", "windows", "microsoft"},
	{"bash", "gnu", "shellshock"},
	{"exchange", "windows", "microsoft"},
};

/* Of each only one answers at a port: where another one of the row is known, this one is not. */
static const char *const rivals[][12] = {
	{"sendmail", "postfix", "exim", "qmail", "exchange", "opensmtpd", "courier"},
	{"apache", "httpd", "nginx", "iis", "lighttpd", "caddy"},
	{"bind", "unbound", "dnsmasq", "powerdns", "knot", "nsd"},
	{"openssh", "dropbear", "libssh"},
	{"vsftpd", "proftpd", "pureftpd", "wuftpd"},
	{"mysql", "mariadb", "postgresql", "oracle", "mssql"},
	{"dovecot", "cyrus"},
};

static int rival_row(const char *word)
{
	for (size_t i = 0; i < ARRAY_LEN(rivals); i++)
		for (size_t j = 0; j < ARRAY_LEN(rivals[i]) && rivals[i][j]; j++)
			if (!strcmp(rivals[i][j], word))
				return (int)i;
	return -1;
}

static bool same_thing(const char *a, const char *b)
{
	if (!strcmp(a, b))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		bool has_a = false, has_b = false;

		for (size_t j = 0; j < ARRAY_LEN(names[i]) && names[i][j]; j++) {
			has_a |= !strcmp(names[i][j], a);
			has_b |= !strcmp(names[i][j], b);
		}
		if (has_a && has_b)
			return true;
	}
	return false;
}

static void rule_words(struct words *out, const char *rule)
{
	json_error_t error;
	json_t *root = rule ? json_loads(rule, 0, &error) : NULL;
	const json_t *list = json_object_get(json_object_get(root, "metadata"), "affected_product"), *one;
	size_t i;

	if (json_is_string(list))
		words_add(out, json_string_value(list));
	json_array_foreach(list, i, one) if (json_is_string(one)) words_add(out, json_string_value(one));
	json_decref(root);
}

static bool asset_affected(const struct asset *asset, const struct words *affected)
{
	struct words own = {.count = 0};

	words_add(&own, asset->product);
	words_add(&own, asset->cpe + (strncmp(asset->cpe, "cpe:", 4) ? 0 : 4));
	for (size_t i = 0; i < own.count; i++)
		for (size_t j = 0; j < affected->count; j++)
			if (same_thing(own.words[i], affected->words[j]))
				return true;
	return false;
}

/*
 * Does its being there mean that what is affected is not? Bash, PHP, a library can lie behind any server;
 * another mail server in the place of this one cannot.
 */
static bool asset_excludes(const struct asset *asset, const struct words *affected)
{
	struct words own = {.count = 0};
	int row = -1;

	words_add(&own, asset->product);
	for (size_t i = 0; i < own.count && row < 0; i++)
		row = rival_row(own.words[i]);
	for (size_t i = 0; i < affected->count; i++)
		if (rival_row(affected->words[i]) != row)
			return false;
	return row >= 0;
}

enum asset_concern asset_concerns(const struct asset_set *set, const struct seki_addr *address, uint16_t port,
				  const char *rule, const char *affected, const struct asset **asset)
{
	const struct asset key = {.address = *address};
	struct words words = {.count = 0};
	bool known_port = false, complete = false;
	const struct asset *other = NULL;

	*asset = NULL;
	rule_words(&words, rule);
	words_add(&words, affected);
	for (size_t i = asset_place(set, &key); i < set->count; i++) {
		const struct asset *row = &set->rows[i];

		if (memcmp(&row->address, address, sizeof(*address)))
			break;
		if (words.count && asset_affected(row, &words)) {
			*asset = row;
			return ASSET_APPLICABLE;
		}
		complete |= row->complete;
		/* A banner names one thing of several (a server behind it, its modules): that is no proof of
		 * absence. */
		if (row->port == port && port && !row->observed && asset_excludes(row, &words)) {
			known_port = true;
			other = row;
		}
		if (!other)
			other = row;
	}
	if (!words.count || (!known_port && !complete))
		return ASSET_UNKNOWN;
	*asset = other;
	return ASSET_NOT_APPLICABLE;
}
