// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * portal.c - what a page costs over a month of events that the store's
 * benchmark made (argument: its folder): the 99th percentile of each page,
 * from the request to the finished HTML, without the network.
 */
#include "portal/portal.h"

#include <stdio.h>
#include <string.h>

#include "bench/bench.h"

#define RUNS	100
#define OCTOBER 1412121600000000ull

static uint64_t month_end(void *arg)
{
	return OCTOBER - 1000000;
}

static uint64_t seconds(void *arg)
{
	return 1000;
}

static json_t *silent(void *arg, const json_t *request)
{
	return json_pack("{s:i,s:s}", "result", 0, "text", "");
}

static char cookie[256];

static unsigned int ask(struct portal *portal, const char *method, const char *url, const char *body,
			double *ns)
{
	struct portal_response response;
	struct portal_request request = {.method = method,
					 .host = text_of("localhost"),
					 .cookie = text_of(cookie),
					 .body = body,
					 .body_len = strlen(body),
					 .peer = "127.0.0.1"};
	double began = bench_now_ns();

	request.query = text_of(url);
	request.path = text_split(&request.query, '?');
	portal_answer(portal, &request, &response);
	*ns = bench_now_ns() - began;
	if (*response.cookies[0])
		snprintf(cookie, sizeof(cookie), "%.*s", (int)strcspn(response.cookies[0], ";"),
			 response.cookies[0]);
	free(response.body);
	return response.status;
}

int main(int argc, char **argv)
{
	static const char *const pages[] = {
		"/",
		"/alerts",
		"/alerts?severity=3&verdict=0",
		"/alerts?sid=9000007",
		"/alerts?sid=1",
		"/alerts?host=192.0.2.7",
		"/alerts?host=198.18.1.1",
		"/alerts?host=203.0.113.1",
		"/alerts?period=7d&severity=3",
		"/alerts?before=1410000000000000&id=1",
		"/egress?period=24h",
		"/reports",
		"/assets",
		"/users",
		"/live",
		"/reports/top?period=2014-09",
		"/reports/security-log?period=2014-09",
	};
	const struct portal_options options = {.users_dir = -1,
					       .store_dir = argc > 1 ? argv[1] : ".",
					       .host = "",
					       .instance = "bench",
					       .ask = silent,
					       .wall_us = month_end,
					       .seconds = seconds};
	CLEANUP(portal_free) struct portal *portal = NULL;
	char code[PORTAL_CODE_TEXT], body[200];
	double took, worst = 0;

	setenv("TZ", "UTC", 1);
	tzset();
	if (argc != 2 || portal_new(&options, &portal))
		return 2;
	portal_code(portal, code);
	snprintf(body, sizeof(body), "code=%s&name=bench&password=a-long-password&again=a-long-password",
		 code);
	if (ask(portal, "POST", "/setup", body, &took) != 303) {
		fprintf(stderr, "no session\n");
		return 1;
	}
	for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
		bool report = strstr(pages[i], "/reports/");
		int runs = report ? 5 : RUNS;
		double ns[RUNS];
		char metric[96];

		for (int run = 0; run < runs; run++) {
			if (ask(portal, "GET", pages[i], "", &ns[run]) != 200) {
				fprintf(stderr, "%s was not answered\n", pages[i]);
				return 1;
			}
		}
		qsort(ns, (size_t)runs, sizeof(*ns), bench_compare);
		snprintf(metric, sizeof(metric), "ms p99 of %s", pages[i]);
		bench_row(metric, ns[runs * 99 / 100] / 1e6, report ? 1000 : 200, "wanted at most");
		if (!report && ns[runs * 99 / 100] > worst)
			worst = ns[runs * 99 / 100];
	}
	bench_row("ms p99 of the slowest page", worst / 1e6, 200, "wanted at most");
	return worst > 200e6;
}
