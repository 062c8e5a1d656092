// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * notifier_send.c - one notice over one channel: mail, webhook, syslog, program.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <nettle/hmac.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "core/report/phrase.h"
#include "lib/wall.h"
#include "notifier.h"
#include "process.h"

#define TRANSFER_SECONDS 20L
#define CONNECT_SECONDS	 10L

static struct notice_frame frame_of(const struct notifier *n, uint32_t channel)
{
	time_t seconds = time(NULL);
	struct tm tm;

	localtime_r(&seconds, &tm);
	return (struct notice_frame){
		.language = n->channels.rows[channel].language,
		.host = n->channels.host,
		.instance = n->channels.instance,
		.now = wall_us(),
		.zone_s = (int32_t)tm.tm_gmtoff,
	};
}

static void transfer_end(struct transfer *t)
{
	curl_easy_cleanup(t->curl);
	curl_slist_free_all(t->headers);
	curl_slist_free_all(t->to);
	free(t->data);
	memset(t, 0, sizeof(*t));
}

void notifier_sent(struct notifier *n)
{
	CURLMsg *info;
	int left;

	while ((info = curl_multi_info_read(n->multi, &left))) {
		struct transfer *t = NULL;
		uint64_t message;
		uint32_t channel;
		char why[CURL_ERROR_SIZE + 64];
		CURLcode code = info->data.result;
		long status = 0;

		if (info->msg != CURLMSG_DONE ||
		    curl_easy_getinfo(info->easy_handle, CURLINFO_PRIVATE, (char **)&t) || !t)
			continue;
		curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
		snprintf(why, sizeof(why), "%s%s", curl_easy_strerror(code), *t->error ? ": " : "");
		snprintf(why + strlen(why), sizeof(why) - strlen(why), "%.200s", t->error);
		message = t->message;
		channel = t->channel;
		curl_multi_remove_handle(n->multi, t->curl);
		transfer_end(t);
		notifier_told(n, message, channel, code == CURLE_OK, why);
	}
}

void notifier_abandon(struct notifier *n)
{
	for (size_t i = 0; i < NOTIFIER_TRANSFERS; i++) {
		if (!n->transfers[i].curl)
			continue;
		curl_multi_remove_handle(n->multi, n->transfers[i].curl);
		transfer_end(&n->transfers[i]);
	}
}

/* --- attempts */

static size_t mail_read(char *buffer, size_t size, size_t count, void *arg)
{
	struct transfer *t = arg;
	size_t len = t->len - t->read < size * count ? t->len - t->read : size * count;

	memcpy(buffer, t->data + t->read, len);
	t->read += len;
	return len;
}

static size_t nothing_write(char *data, size_t size, size_t count, void *arg)
{
	return size * count; /* what the far end says beside its status is of no interest */
}

static struct transfer *transfer_new(struct notifier *n, uint64_t message, uint32_t channel, char *data)
{
	struct transfer *t = n->transfers;

	while (t < n->transfers + NOTIFIER_TRANSFERS && t->curl)
		t++;
	if (t == n->transfers + NOTIFIER_TRANSFERS || !data) {
		free(data);
		return NULL;
	}
	t->curl = curl_easy_init();
	if (!t->curl) {
		free(data);
		return NULL;
	}
	t->message = message;
	t->channel = channel;
	t->data = data;
	t->len = strlen(data);
	curl_easy_setopt(t->curl, CURLOPT_PRIVATE, t);
	curl_easy_setopt(t->curl, CURLOPT_ERRORBUFFER, t->error);
	curl_easy_setopt(t->curl, CURLOPT_URL, n->channels.rows[channel].url);
	curl_easy_setopt(t->curl, CURLOPT_TIMEOUT, TRANSFER_SECONDS);
	curl_easy_setopt(t->curl, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
	curl_easy_setopt(t->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(t->curl, CURLOPT_FOLLOWLOCATION, 0L); /* no server sends us elsewhere */
	curl_easy_setopt(t->curl, CURLOPT_PROXY, "");
	curl_easy_setopt(t->curl, CURLOPT_PROTOCOLS_STR, "smtp,smtps,http,https");
	curl_easy_setopt(t->curl, CURLOPT_WRITEFUNCTION, nothing_write);
	return t;
}

static bool transfer_begin(struct notifier *n, struct transfer *t)
{
	if (curl_multi_add_handle(n->multi, t->curl) == CURLM_OK)
		return true;
	transfer_end(t);
	return false;
}

static bool mail_begin(struct notifier *n, uint64_t message, uint32_t channel, const char *subject,
		       const char *body, const char *key)
{
	struct notice_frame frame = frame_of(n, channel);
	const char *from = n->channels.rows[channel].from, *to = n->channels.rows[channel].to;
	struct transfer *t =
		transfer_new(n, message, channel, notice_mail(&frame, from, to, subject, body, key));

	if (!t)
		return false;
	t->to = curl_slist_append(NULL, to);
	curl_easy_setopt(t->curl, CURLOPT_MAIL_FROM, from);
	curl_easy_setopt(t->curl, CURLOPT_MAIL_RCPT, t->to);
	curl_easy_setopt(t->curl, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(t->curl, CURLOPT_READFUNCTION, mail_read);
	curl_easy_setopt(t->curl, CURLOPT_READDATA, t);
	if (*n->channels.rows[channel].user) {
		curl_easy_setopt(t->curl, CURLOPT_USERNAME, n->channels.rows[channel].user);
		curl_easy_setopt(t->curl, CURLOPT_PASSWORD, n->channels.rows[channel].secret);
		/* a password goes over nothing but TLS */
		curl_easy_setopt(t->curl, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
	} else {
		curl_easy_setopt(t->curl, CURLOPT_USE_SSL, (long)CURLUSESSL_TRY);
		/* Without a password the wire is the receiver's choice: opportunistic, as between mail
		 * servers. */
		curl_easy_setopt(t->curl, CURLOPT_SSL_VERIFYPEER,
				 strncmp(n->channels.rows[channel].url, "smtps", 5) ? 0L : 1L);
	}
	return transfer_begin(n, t);
}

/* HMAC-SHA256 of "TIMESTAMP.BODY": the receiver can refuse what is old or not ours. */
static void hook_headers(const struct notifier *n, struct transfer *t, const char *key)
{
	const char *secret = n->channels.rows[t->channel].secret;
	uint8_t digest[SHA256_DIGEST_SIZE];
	struct hmac_sha256_ctx ctx;
	char line[192], stamp[32], hex[2 * SHA256_DIGEST_SIZE + 1];
	int len = snprintf(stamp, sizeof(stamp), "%llu", (unsigned long long)(wall_us() / 1000000));

	hmac_sha256_set_key(&ctx, strlen(secret), (const uint8_t *)secret);
	hmac_sha256_update(&ctx, (size_t)len, (const uint8_t *)stamp);
	hmac_sha256_update(&ctx, 1, (const uint8_t *)".");
	hmac_sha256_update(&ctx, t->len, (const uint8_t *)t->data);
	hmac_sha256_digest(&ctx, sizeof(digest), digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	t->headers = curl_slist_append(t->headers, "Content-Type: application/json");
	t->headers = curl_slist_append(t->headers, "Expect:");
	snprintf(line, sizeof(line), "Idempotency-Key: %s", key);
	t->headers = curl_slist_append(t->headers, line);
	snprintf(line, sizeof(line), "X-Sekimori-Timestamp: %s", stamp);
	t->headers = curl_slist_append(t->headers, line);
	snprintf(line, sizeof(line), "X-Sekimori-Signature: sha256=%s", hex);
	t->headers = curl_slist_append(t->headers, line);
}

static bool hook_begin(struct notifier *n, uint64_t message, uint32_t channel, char *json, const char *key)
{
	struct transfer *t = transfer_new(n, message, channel, json);

	if (!t)
		return false;
	hook_headers(n, t, key);
	curl_easy_setopt(t->curl, CURLOPT_HTTPHEADER, t->headers);
	curl_easy_setopt(t->curl, CURLOPT_POSTFIELDS, t->data);
	curl_easy_setopt(t->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->len);
	curl_easy_setopt(t->curl, CURLOPT_FAILONERROR, 1L);
	return transfer_begin(n, t);
}

/* "syslog://192.0.2.1:514", "syslog://[2001:db8::1]:514": an address, since a datagram has no time for a
 * resolver. */
static int syslog_send(const char *url, const char *line)
{
	char host[64];
	struct sockaddr_in v4 = {.sin_family = AF_INET};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
	unsigned int port = 514;
	AUTO_FD int fd = -1;
	bool is_v6 = sscanf(url, "syslog://[%63[^]]]:%5u", host, &port) >= 1;
	ssize_t sent;

	if (!is_v6 && sscanf(url, "syslog://%63[^:/]:%5u", host, &port) < 1)
		return -EINVAL;
	if (port > 65535 || inet_pton(is_v6 ? AF_INET6 : AF_INET, host,
				      is_v6 ? (void *)&v6.sin6_addr : (void *)&v4.sin_addr) != 1)
		return -EINVAL;
	v4.sin_port = v6.sin6_port = htons((uint16_t)port);
	fd = socket(is_v6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	sent = sendto(fd, line, strlen(line), 0, is_v6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4,
		      is_v6 ? sizeof(v6) : sizeof(v4));
	return sent < 0 ? -errno : 0;
}

static void syslog_tell(struct notifier *n, uint64_t message, uint32_t channel, char *line)
{
	int err = line ? syslog_send(n->channels.rows[channel].url, line) : -ENOMEM;

	free(line);
	notifier_told(n, message, channel, !err,
		      err == -EINVAL ? "the url is not syslog://ADDRESS:PORT" : strerror(-err));
}

/* The keeper runs it: this process may not. */
static bool command_begin(struct notifier *n, uint64_t message, uint32_t channel, char *json)
{
	AUTO_FREE char *text = json;
	static _Alignas(8) uint8_t body[sizeof(struct message_command) + MESSAGE_LINE_MAX];
	struct message_command *out = (struct message_command *)body;
	size_t len = text ? strlen(text) : 0;

	if (!len || len > MESSAGE_LINE_MAX)
		return false;
	memset(out, 0, sizeof(*out));
	out->message = message;
	out->channel = channel;
	out->len = (uint32_t)len;
	memcpy(out->name, n->channels.rows[channel].name, sizeof(out->name));
	memcpy(body + sizeof(*out), text, len);
	return !channel_send(PROCESS_FD_KEEPER, MESSAGE_COMMAND, 0, body, sizeof(*out) + len, -1);
}

void notifier_send(struct notifier *n, const struct notice_message *message)
{
	uint32_t channel = message->channel;
	struct notice_frame frame = frame_of(n, channel);
	AUTO_FREE char *subject = notice_subject(&frame, message);
	AUTO_FREE char *body = NULL;
	uint64_t id = message->id;
	char key[96];
	bool begun = false;

	notice_key(message, key);
	switch (n->channels.rows[channel].kind) {
	case CHANNEL_SMTP:
		body = notice_body(&frame, message);
		begun = subject && body && mail_begin(n, id, channel, subject, body, key);
		break;
	case CHANNEL_WEBHOOK:
		begun = hook_begin(n, id, channel, notice_json(&frame, message), key);
		break;
	case CHANNEL_SYSLOG:
		syslog_tell(n, id, channel, subject ? notice_syslog(&frame, subject, key, message) : NULL);
		return;
	case CHANNEL_COMMAND:
		begun = command_begin(n, id, channel, notice_json(&frame, message));
		break;
	}
	if (!begun)
		notifier_told(n, id, channel, false, "too many notices are under way");
}

void notifier_send_test(struct notifier *n, uint32_t channel)
{
	struct notice_frame frame = frame_of(n, channel);
	struct notice_message empty = {.id = 0};
	AUTO_FREE char *subject =
		phrase_with(frame.language, PHRASE_NOTICE_TEST, n->channels.rows[channel].name);
	AUTO_FREE char *body = phrase_with(frame.language, PHRASE_NOTICE_TEST_BODY, frame.host);
	char key[96];
	bool begun = false;

	snprintf(key, sizeof(key), "test-%llu", (unsigned long long)frame.now);
	switch (n->channels.rows[channel].kind) {
	case CHANNEL_SMTP:
		begun = subject && body && mail_begin(n, 0, channel, subject, body, key);
		break;
	case CHANNEL_WEBHOOK:
		begun = hook_begin(n, 0, channel, notice_json(&frame, &empty), key);
		break;
	case CHANNEL_SYSLOG:
		syslog_tell(n, 0, channel, subject ? notice_syslog(&frame, subject, key, NULL) : NULL);
		return;
	case CHANNEL_COMMAND:
		begun = command_begin(n, 0, channel, notice_json(&frame, &empty));
		break;
	}
	if (!begun)
		notifier_told(n, 0, channel, false, "too many notices are under way");
}
