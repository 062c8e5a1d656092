/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * notifier.h - what the notifier's loop (notifier.c) and its transports
 * (notifier_send.c) share.
 */
#ifndef SEKIMORID_NOTIFIER_H
#define SEKIMORID_NOTIFIER_H

#include <curl/curl.h>

#include "core/report/notice_text.h"
#include "message.h"

#define NOTIFIER_TRANSFERS 32u

struct transfer {
	CURL *curl; /* NULL: free */
	struct curl_slist *headers, *to;
	char *data;
	size_t len, read;
	uint64_t message; /* 0: a test */
	uint32_t channel;
	char error[CURL_ERROR_SIZE];
};

struct notifier {
	CURLM *multi;
	struct notices *notices;
	struct notice_settings settings;
	struct message_channels channels;
	int archive; /* its channel, -1 none */
	struct transfer transfers[NOTIFIER_TRANSFERS];
	uint64_t known[4]; /* the last event of a month that the archive told */
	uint64_t stats_at;
	char failure[200];
	uint32_t tests; /* under way */
	struct message_done tested;
	size_t tested_len;
	bool stop;
};

/* The fate of an attempt, by whatever transport; message 0: of a test. */
void notifier_told(struct notifier *n, uint64_t message, uint32_t channel, bool delivered, const char *why);

/* Hands it to its channel; the fate is told now or later. */
void notifier_send(struct notifier *n, const struct notice_message *message);
void notifier_send_test(struct notifier *n, uint32_t channel);
/* Those that ended since; all that are under way are given up. */
void notifier_sent(struct notifier *n);
void notifier_abandon(struct notifier *n);

#endif
