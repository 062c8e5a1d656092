// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * cmd_notify.c - notify and ack: does a notice arrive, who was told of what,
 * and who looks after it.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "client_store.h"
#include "core/eve/eve_text.h"
#include "core/report/notice_text.h"
#include "lib/wall.h"

static int notify_test(int argc, char **argv)
{
	json_t *request;

	if (argc > 2)
		return client_usage("notify", "unexpected argument", argv[2]);
	request = json_pack("{s:s}", "command", "notify-test");
	if (argc == 2)
		json_object_set_new(request, "name", json_string(argv[1]));
	return client_do(request, -1);
}

static const char *state_of(const struct store_notice *notice)
{
	if (notice->t_acked)
		return "acknowledged";
	if (notice->t_escalated)
		return "escalated";
	if (notice->t_delivered)
		return notice->t_delivered > notice->t_due ? "told late" : "told";
	return wall_us() > notice->t_due ? "LATE" : "not told yet";
}

static void notice_json_print(const struct store_notice *notice, const char *id)
{
	char first[40], delivered[40], acked[40], target[48];
	AUTO_JSON json_t *row =
		json_pack("{s:s, s:s, s:s, s:I, s:I, s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:s}", "id", id,
			  "state", state_of(notice), "first", eve_time(notice->t_first, first), "events",
			  (json_int_t)notice->count, "groups", (json_int_t)notice->groups, "delivered",
			  notice->t_delivered ? eve_time(notice->t_delivered, delivered) : "", "channel",
			  notice->channel, "sid", (int)notice->sid, "signature", notice->label, "target",
			  eve_address(&notice->target, target), "acked",
			  notice->t_acked ? eve_time(notice->t_acked, acked) : "", "acked_by",
			  notice->acked_by, "comment", notice->comment);
	AUTO_FREE char *text = row ? json_dumps(row, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;

	printf("%s\n", text ? text : "{}");
}

static bool notice_print(const struct store_notice *notice, void *arg)
{
	char id[24], first[40], target[48];

	++*(uint64_t *)arg;
	notice_id_text(notice->id, id);
	if (client.json) {
		notice_json_print(notice, id);
		return true;
	}
	printf("%-14s  %s  %-12s %6llu events  [%u] %s -> %s", id, eve_time(notice->t_first, first),
	       state_of(notice), (unsigned long long)notice->count, notice->sid, notice->label,
	       eve_address(&notice->target, target));
	if (notice->groups > 1)
		printf(" and %llu other kinds or targets", (unsigned long long)notice->groups - 1);
	if (notice->t_delivered)
		printf("; by %s", *notice->channel ? notice->channel : "a channel that is gone");
	if (notice->t_acked)
		printf("; %s%s%s", notice->acked_by, *notice->comment ? ": " : "", notice->comment);
	printf("\n");
	return true;
}

static int notify_list(int argc, char **argv)
{
	static const struct option options[] = {
		{"all", no_argument, NULL, 'a'},
		{"store", required_argument, NULL, 's'},
		{NULL, 0, NULL, 0},
	};
	CLEANUP(store_close) struct store *store = NULL;
	const char *dir = NULL;
	bool open_only = true;
	uint64_t count = 0;
	int c, err;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'a')
			open_only = false;
		else if (c == 's')
			dir = optarg;
		else
			return client_usage("notify", "unknown option", NULL);
	}
	if (optind < argc)
		return client_usage("notify", "unexpected argument", argv[optind]);
	if (client_store_open(dir, &store))
		return EXIT_NOT_CONVERGED;
	err = store_notices(store, 0, 0, open_only, notice_print, &count);
	if (err) {
		fprintf(stderr, "sekimori: notify list: %s\n", strerror(-err));
		return EXIT_NOT_CONVERGED;
	}
	if (!count && !client.json)
		printf(open_only ? "no notice waits for an acknowledgement\n" : "there were no notices\n");
	return open_only && count ? EXIT_FINDING : 0;
}

int cmd_notify(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "test"))
		return notify_test(argc - 1, argv + 1);
	if (argc > 1 && !strcmp(argv[1], "list"))
		return notify_list(argc - 1, argv + 1);
	return client_usage("notify", "there are test and list", argc > 1 ? argv[1] : NULL);
}

int cmd_ack(int argc, char **argv)
{
	static const struct option options[] = {
		{"comment", required_argument, NULL, 'c'},
		{NULL, 0, NULL, 0},
	};
	const char *comment = "", *by = getenv("SUDO_USER");
	uint64_t id;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c != 'c')
			return client_usage("ack", "unknown option", NULL);
		comment = optarg;
	}
	if (optind + 1 != argc)
		return client_usage("ack", "names one notice, or all",
				    optind < argc ? argv[optind + 1] : NULL);
	if (strcmp(argv[optind], "all") && notice_id_read(argv[optind], &id))
		return client_usage("ack", "that is not the number of a notice", argv[optind]);
	return client_do(json_pack("{s:s, s:s, s:s, s:s}", "command", "ack", "id", argv[optind], "comment",
				   comment, "by", by ? by : ""),
			 -1);
}
