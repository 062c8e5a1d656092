// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * lists_parse.c - how long a list's text takes to become the image that the keeper checks: lines as they are
 * published, read as the daemon's parser reads them. Argument: the largest list.
 */
#include <arpa/inet.h>
#include <stdint.h>

#include "bench.h"
#include "core/list/list_gather.h"

#define ROUNDS 3

static const struct bench_aim aims[] = {
	{"lists.parse_hosts_1m_ms", NULL, 500},
	{"lists.parse_mixed_1m_ms", NULL, 500},
	{0},
};

static void die(const char *what)
{
	fprintf(stderr, "lists_parse: %s\n", what);
	exit(1);
}

/* No two rows are the same: the odd factor goes once through all addresses. */
static size_t text_make(char *text, uint32_t count, bool mixed)
{
	static const uint8_t lens[] = {32, 32, 32, 32, 32, 32, 24, 28, 22, 20};
	size_t len = 0;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t host = htonl(i * 2654435761u | 1), bits = mixed ? lens[i % sizeof(lens)] : 32;
		char line[INET_ADDRSTRLEN];

		host &= htonl(~0u << (32 - bits));
		inet_ntop(AF_INET, &host, line, sizeof(line));
		len += (size_t)sprintf(text + len, bits < 32 ? "%s/%u\n" : "%s\n", line, bits);
	}
	return len;
}

/* One thread works: its processor time is what it takes where nobody else is. */
static double cpu_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* ms until all rows are read, and until they are an image. */
static void parse_once(const char *text, size_t len, uint32_t count, double *parsed, double *sealed)
{
	const struct list_about about = {.source = LIST_FROM_FILE};
	struct list_guard guard = {.allow = LIST_ALLOW_ALL};
	const struct list_import_how how = {.format = "plain", .guard = &guard};
	struct list_gather_how gathered = {.flags = SEKI_ENTRY_SRC};
	struct piece parts[LIST_IMAGE_PARTS];
	struct list_report report = {0};
	struct list_gather gather = {0};
	struct list_batch batch = {0};
	double start = cpu_now_ns();

	if (list_batch_list(&batch, "bench", &about, 0, &gathered.row) ||
	    list_gather_begin(&gather, &batch, &gathered, len) ||
	    list_import(text, len, &how, list_gather_add, NULL, &gather, &report))
		die("the list is not read");
	*parsed = (cpu_now_ns() - start) / 1e6;
	if (list_batch_parts(&batch, parts))
		die("no image");
	*sealed = (cpu_now_ns() - start) / 1e6;
	if (report.lines != count || report.refused || report.accepted + report.merged != count)
		die("lines were lost");
	list_gather_end(&gather);
	list_batch_clear(&batch);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		uint32_t rows;
	} sizes[] = {{"100k", 100000}, {"1m", 1000000}, {"10m", 10000000}};
	uint32_t largest = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1000000;

	bench_aims = aims;
	for (size_t i = 0; i < ARRAY_LEN(sizes) && sizes[i].rows <= largest; i++)
		for (int mixed = 0; mixed < 2; mixed++) {
			char metric[64], *text = malloc((size_t)sizes[i].rows * (INET_ADDRSTRLEN + 4) + 1);
			double parsed[ROUNDS], sealed[ROUNDS];
			size_t len;

			if (!text)
				die("no memory");
			len = text_make(text, sizes[i].rows, mixed);
			for (int n = 0; n < ROUNDS; n++)
				parse_once(text, len, sizes[i].rows, &parsed[n], &sealed[n]);
			snprintf(metric, sizeof(metric), "lists.parse_%s_%s_ms", mixed ? "mixed" : "hosts",
				 sizes[i].name);
			bench_row(metric, bench_median(parsed, ROUNDS), -1, NULL);
			snprintf(metric, sizeof(metric), "lists.image_%s_%s_ms", mixed ? "mixed" : "hosts",
				 sizes[i].name);
			bench_row(metric, bench_median(sealed, ROUNDS), -1, NULL);
			free(text);
		}
	bench_aims_say();
	return 0;
}
