// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sieve_build.c - chooses of each literal the grams in a row that ordinary
 * data and the other literals have least of, and files them.
 */
#include <errno.h>
#include <float.h>
#include <string.h>

#include "sieve_parts.h"

#define COUNT_BITS 16u

/* What pages, programs and headers consist of: grams of these are worth little. */
static const char common_text[] =
	"<!DOCTYPE html><html><head><meta charset=\"utf-8\"><title></title><link rel=\"stylesheet\" "
	"type=\"text/css\" href="
	"\"https://www.</head><body></body></html><div class=\"</div><span id=\"</span><script "
	"type=\"text/javascript\" src=\"</script>"
	"<style></style><table width=\"</table><form action=\"</form><input type=\"hidden\" "
	"name=\"value=\"button submit<img src=\""
	"<a href=\"http://</a><p></p><h1></h1><ul><li></li></ul><br />&nbsp;&amp;&quot; object iframe "
	"onclick content viewport "
	"function return this. var let const new else if (for (while (typeof undefined null true false "
	"try{catch(e) length; push("
	"document.getElementById(\"document.write(window.location createElement appendChild setAttribute "
	"addEventListener("
	"String.fromCharCode( unescape( escape( eval( replace( split( join( substr( indexOf( parseInt( "
	"Math.random() Array( Date() "
	"prototype innerHTML setTimeout jQuery module.exports require( padding margin border background "
	"color font-size display: none; "
	"position: absolute; {\"id\":\"name\":\"type\":\"data\":\"status\":\"error\":\"message\":\"result\": "
	", \"key\": \"url\": "
	"HTTP/1.1 GET POST Host: User-Agent: Mozilla/5.0 (Windows NT Content-Type: Content-Length: "
	"application/json text/html image/ "
	"Accept: Accept-Encoding: gzip, deflate Connection: keep-alive Cache-Control: no-cache Server: "
	"Location: Set-Cookie: "
	"xml version=\"1.0\" encoding=\"UTF-8\"?> This program cannot be run in DOS mode. kernel32.dll "
	"the and that have for not with you this but his from they say her she will one all would there "
	"their what about which "
	"when make can like time just him know take people into year your good some could them see other "
	"than then now look only "
	"come its over think also back after use two how our work first well way even new want because any "
	"these give day most "
	"information service system support number please contact account password user login search home "
	"page site email online "
	"copyright rights reserved privacy policy terms company business product software download update "
	"windows microsoft google "
	"ation tion ing ment ness able ity ous ance ence ers ies ed ly ";

#define COMMON_TEXT_WEIGHT 64u /* an occurrence there is worth so many literals */

/* What it is built from. */
struct sieve_plan {
	struct literal *literals;
	uint32_t count;
	uint32_t *grams; /* how often each occurs in text and literals, by gram_bucket() */
	uint8_t *chains; /* how many literals own one, by gram_bucket() */
	uint8_t *chosen; /* where in each literal its grams begin */
};

static uint32_t gram_bucket(const uint8_t *gram)
{
	uint32_t head;

	return sieve_hash(gram, &head) >> (32 - COUNT_BITS);
}

static void grams_count(const struct sieve_plan *plan, const uint8_t *data, uint32_t len, uint32_t weight)
{
	for (uint32_t at = 0; at + SIEVE_GRAM <= len; at++)
		plan->grams[gram_bucket(data + at)] += weight;
}

/* Words that many rules look for are words that pages are full of, too. */
static double gram_cost(const struct sieve_plan *plan, const uint8_t *gram)
{
	double cost = plan->grams[gram_bucket(gram)];

	for (uint32_t i = 0; i < SIEVE_GRAM; i++)
		cost *= byte_weight(gram[i]);
	return cost;
}

static uint8_t grams_choose(const struct sieve_plan *plan, const struct literal *literal)
{
	double best = DBL_MAX;
	uint8_t chosen = 0;

	for (uint32_t at = 0; at + SIEVE_LITERAL_MIN <= literal->len; at++) {
		double cost = 0;

		for (uint32_t i = 0; i < SIEVE_STRIDE; i++)
			cost += gram_cost(plan, literal->data + at + i);
		if (cost < best) {
			best = cost;
			chosen = (uint8_t)at;
		}
	}
	return chosen;
}

/* Takes the literal unless one of its grams has too many already. */
static bool plan_take(const struct sieve_plan *plan, uint32_t index)
{
	const struct literal *literal = &plan->literals[index];
	const uint8_t *gram = literal->data + (plan->chosen[index] = grams_choose(plan, literal));

	for (uint32_t i = 0; i < SIEVE_STRIDE; i++)
		if (plan->chains[gram_bucket(gram + i)] > SIEVE_CHAIN_MAX - SIEVE_STRIDE)
			return false;
	for (uint32_t i = 0; i < SIEVE_STRIDE; i++)
		plan->chains[gram_bucket(gram + i)]++;
	return true;
}

static void plan_choose(const struct sieve_plan *plan, struct sieve *sieve)
{
	grams_count(plan, (const uint8_t *)common_text, sizeof(common_text) - 1, COMMON_TEXT_WEIGHT);
	for (uint32_t i = 0; i < plan->count; i++)
		grams_count(plan, plan->literals[i].data, plan->literals[i].len, 1);
	for (uint32_t i = 0; i < plan->count; i++) {
		struct literal *literal = &plan->literals[i];

		literal->taken = literal->len >= SIEVE_LITERAL_MIN && literal->len <= SIEVE_LITERAL_MAX &&
				 plan_take(plan, i);
		sieve->count += literal->taken;
	}
}

static int sieve_alloc(struct sieve *sieve, uint32_t grams)
{
	uint32_t bits = 4;

	while (bits < 24 && 1u << bits < grams)
		bits++;
	sieve->shift = 32 - bits; /* 32 to 64 bits for each gram */
	sieve->words = calloc(1u << bits, sizeof(*sieve->words));
	sieve->first = calloc((1u << bits) + 1, sizeof(*sieve->first));
	sieve->entries = calloc(grams, sizeof(*sieve->entries));
	return sieve->words && sieve->first && sieve->entries ? 0 : -ENOMEM;
}

static void sieve_mark(struct sieve *sieve, uint32_t hash, struct sieve_entry entry)
{
	sieve->words[hash >> sieve->shift] |= sieve_bits(hash);
	sieve->first[hash >> sieve->shift]++;
}

/* first[] counts down from each bucket's end to its beginning. */
static void sieve_file(struct sieve *sieve, uint32_t hash, struct sieve_entry entry)
{
	sieve->entries[--sieve->first[hash >> sieve->shift]] = entry;
}

/* Calls for each gram of what was taken. */
static void sieve_each(const struct sieve_plan *plan, struct sieve *sieve,
		       void (*fn)(struct sieve *sieve, uint32_t hash, struct sieve_entry entry))
{
	for (uint32_t i = 0; i < plan->count; i++) {
		const struct literal *literal = &plan->literals[i];

		if (!literal->taken)
			continue;
		for (uint32_t j = 0; j < SIEVE_STRIDE; j++) {
			struct sieve_entry entry = {.literal = i,
						    .len = (uint8_t)literal->len,
						    .at = (uint8_t)(plan->chosen[i] + j)};
			uint32_t hash = sieve_hash(literal->data + entry.at, &entry.head);

			/* The end that is further away says more. */
			if (entry.at + SIEVE_GRAM + entry.at < literal->len)
				entry.far_at = (uint8_t)(literal->len - 4);
			entry.far = sieve_four(literal->data + entry.far_at);
			fn(sieve, hash, entry);
		}
	}
}

int sieve_build(struct sieve *sieve, struct literal *literals, uint32_t count)
{
	AUTO_FREE uint32_t *grams = calloc(1u << COUNT_BITS, sizeof(*grams));
	AUTO_FREE uint8_t *chains = calloc(1u << COUNT_BITS, sizeof(*chains));
	AUTO_FREE uint8_t *chosen = calloc(count + 1u, sizeof(*chosen));
	struct sieve_plan plan = {literals, count, grams, chains, chosen};
	int err;

	if (!grams || !chains || !chosen)
		return -ENOMEM;
	sieve->literals = literals;
	plan_choose(&plan, sieve);
	if (!sieve->count)
		return 0;
	err = sieve_alloc(sieve, sieve->count * SIEVE_STRIDE);
	if (err)
		return err;
	sieve_each(&plan, sieve, sieve_mark);
	for (uint32_t i = 1; i <= 1u << (32 - sieve->shift); i++)
		sieve->first[i] += sieve->first[i - 1];
	sieve_each(&plan, sieve, sieve_file);
	return 0;
}

void sieve_clear(struct sieve *sieve)
{
	free(sieve->words);
	free(sieve->first);
	free(sieve->entries);
	*sieve = (struct sieve){0};
}
