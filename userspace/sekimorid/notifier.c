// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * notifier.c - tells people: the one process that talks to mail servers and
 * webhooks. What to tell and when is core/notice.c; here it is carried out.
 */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <errno.h>
#include <nettle/hmac.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "core/notice_text.h"
#include "core/phrase.h"
#include "lib/log.h"
#include "lib/wall.h"
#include "process.h"
#include "store/store.h"

#define TRANSFERS_MAX	 32u
#define TRANSFER_SECONDS 20L
#define CONNECT_SECONDS	 10L
#define POLL_MS		 50
#define STATS_US	 1000000u

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
	char boot[24];
	int archive; /* its channel, -1 none */
	struct transfer transfers[TRANSFERS_MAX];
	uint64_t stats_at;
	char failure[200];
	uint32_t tests; /* under way */
	struct message_done tested;
	size_t tested_len;
	bool stop;
};

static uint64_t monotonic_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void mark(uint64_t id, enum notice_moment moment, uint64_t now, void *arg)
{
	const struct notifier *n = arg;
	struct message_mark out = {
		.id = id, .t = now, .moment = moment == NOTICE_SENT ? STORE_SENT : STORE_DELIVERED};
	struct pollfd wait = {.fd = n->archive, .events = POLLOUT};

	/* The archive reads while we wait; an event whose time gets lost shows as not delivered, never the
	 * other way. */
	for (int i = 0; n->archive >= 0 && i < 20; i++) {
		if (channel_send(n->archive, MESSAGE_MARK, 0, &out, sizeof(out), -1) != -EAGAIN)
			return;
		poll(&wait, 1, POLL_MS);
	}
}

static struct notice_frame frame_of(const struct notifier *n, uint32_t channel)
{
	time_t seconds = time(NULL);
	struct tm tm;

	localtime_r(&seconds, &tm);
	return (struct notice_frame){
		.language = n->channels.rows[channel].language,
		.host = n->channels.host,
		.instance = n->channels.instance,
		.boot = n->boot,
		.now = wall_us(),
		.zone_s = (int32_t)tm.tm_gmtoff,
	};
}

/* --- the fate of one attempt */

static void told(struct notifier *n, uint64_t message, uint32_t channel, bool delivered, const char *why)
{
	const char *name = n->channels.rows[channel].name;

	if (message) {
		snprintf(n->failure, sizeof(n->failure), "%s%s%s", delivered ? "" : name,
			 delivered ? "" : ": ", delivered ? "" : why);
		if (!delivered)
			log_warn("notice over %s: %s", name, why);
		notices_result(n->notices, message, channel, delivered, wall_us());
		return;
	}
	n->tested_len +=
		(size_t)snprintf(n->tested.text + n->tested_len, sizeof(n->tested.text) - n->tested_len,
				 "%s%s: %s", n->tested_len ? "\n" : "", name, delivered ? "delivered" : why);
	if (n->tested_len >= sizeof(n->tested.text))
		n->tested_len = sizeof(n->tested.text) - 1;
	if (!delivered)
		n->tested.result = -EIO;
	if (--n->tests)
		return;
	if (channel_send(PROCESS_FD_KEEPER, MESSAGE_NOTIFIER_TESTED, 0, &n->tested, sizeof(n->tested), -1))
		log_warn("the result of a test was lost");
}

static void transfer_end(struct transfer *t)
{
	curl_easy_cleanup(t->curl);
	curl_slist_free_all(t->headers);
	curl_slist_free_all(t->to);
	free(t->data);
	memset(t, 0, sizeof(*t));
}

static void transfers_done(struct notifier *n)
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
		told(n, message, channel, code == CURLE_OK, why);
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

	while (t < n->transfers + TRANSFERS_MAX && t->curl)
		t++;
	if (t == n->transfers + TRANSFERS_MAX || !data) {
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
	told(n, message, channel, !err,
	     err == -EINVAL ? "the url is not syslog://ADDRESS:PORT" : strerror(-err));
}

static void message_begin(struct notifier *n, const struct notice_message *message)
{
	uint32_t channel = message->channel;
	struct notice_frame frame = frame_of(n, channel);
	AUTO_FREE char *subject = notice_subject(&frame, message);
	AUTO_FREE char *body = NULL;
	uint64_t id = message->id;
	char key[96];
	bool begun = false;

	notice_key(&frame, message, key);
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
	}
	if (!begun)
		told(n, id, channel, false, "too many notices are under way");
}

static void test_begin(struct notifier *n, uint32_t channel)
{
	struct notice_frame frame = frame_of(n, channel);
	struct notice_message empty = {.id = 0};
	AUTO_FREE char *subject =
		phrase_with(frame.language, PHRASE_NOTICE_TEST, n->channels.rows[channel].name);
	AUTO_FREE char *body = phrase_with(frame.language, PHRASE_NOTICE_TEST_BODY, frame.host);
	char key[96];
	bool begun = false;

	snprintf(key, sizeof(key), "%.40s-test-%llu", n->boot, (unsigned long long)frame.now);
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
	}
	if (!begun)
		told(n, 0, channel, false, "too many notices are under way");
}

static void tests_begin(struct notifier *n, const struct message_ask *ask)
{
	uint32_t wanted[POLICY_CHANNELS_MAX], count = 0;

	if (n->tests)
		return; /* its answer comes to whoever asked last */
	memset(&n->tested, 0, sizeof(n->tested));
	n->tested_len = 0;
	for (uint32_t i = 0; i < n->channels.count; i++)
		if (!*ask->name || !strncmp(ask->name, n->channels.rows[i].name, sizeof(ask->name)))
			wanted[count++] = i;
	n->tests = count;
	if (!count) {
		n->tested.result = -ENOENT;
		snprintf(n->tested.text, sizeof(n->tested.text), "there is no channel of that name");
		if (channel_send(PROCESS_FD_KEEPER, MESSAGE_NOTIFIER_TESTED, 0, &n->tested, sizeof(n->tested),
				 -1))
			log_warn("the result of a test was lost");
	}
	for (uint32_t i = 0; i < count; i++)
		test_begin(n, wanted[i]);
}

/* --- the other processes */

static bool channels_hold(const struct message_channels *in)
{
	for (uint32_t i = 0; i < in->count; i++)
		if (in->rows[i].kind >= CHANNEL_KINDS || in->rows[i].language > EXPLAIN_JA ||
		    !message_text_valid(in->rows[i].name, sizeof(in->rows[i].name)) ||
		    !message_text_valid(in->rows[i].url, sizeof(in->rows[i].url)) ||
		    !message_text_valid(in->rows[i].from, sizeof(in->rows[i].from)) ||
		    !message_text_valid(in->rows[i].to, sizeof(in->rows[i].to)) ||
		    !message_text_valid(in->rows[i].user, sizeof(in->rows[i].user)) ||
		    !message_text_valid(in->rows[i].secret, sizeof(in->rows[i].secret)))
			return false;
	return message_text_valid(in->host, sizeof(in->host)) &&
	       message_text_valid(in->instance, sizeof(in->instance));
}

/* Other channels are another beginning; what was not sent comes again from the store. */
static void channels_take(struct notifier *n, const struct message_channels *in)
{
	if (in->count > POLICY_CHANNELS_MAX || !channels_hold(in) || !memcmp(&n->channels, in, sizeof(*in)))
		return;
	for (size_t i = 0; i < TRANSFERS_MAX; i++) {
		if (!n->transfers[i].curl)
			continue;
		curl_multi_remove_handle(n->multi, n->transfers[i].curl);
		transfer_end(&n->transfers[i]);
	}
	n->tests = 0;
	n->channels = *in;
	n->settings.channels = in->count;
	for (uint32_t i = 0; i < in->count; i++)
		n->settings.second[i] = in->rows[i].second;
	notices_channels(n->notices, &n->settings);
}

static void urgent_take(struct notifier *n, const struct message_urgent *in)
{
	struct notice_event event = {
		.id = in->id,
		.t_match = in->t_match,
		.gid = in->gid,
		.sid = in->sid,
		.source = in->source,
		.target = in->target,
		.severity = in->severity < SEKI_SEVERITY_MAX ? in->severity : SEKI_SEVERITY_LOW,
		.verdict = in->verdict < SEKI_VERDICT_MAX ? in->verdict : SEKI_VERDICT_UNKNOWN,
	};

	memcpy(event.label, in->label, sizeof(event.label));
	event.label[sizeof(event.label) - 1] = '\0';
	notices_event(n->notices, &event, wall_us());
}

/* Everything that waits in one channel. -errno: it is gone. */
static int receive_all(struct notifier *n, int fd, enum process_kind sender)
{
	static _Alignas(8) uint8_t body[CHANNEL_BODY_MAX];
	struct channel_rule rules[MESSAGE_MAX];
	size_t count = message_rules(sender, PROCESS_NOTIFIER, rules);

	for (int i = 0; i < 4096; i++) {
		struct channel_head head;
		AUTO_FD int passed = -1;
		int err = channel_receive(fd, rules, count, &head, body, &passed);

		if (err)
			return err == -EAGAIN ? 0 : err;
		switch (head.type) {
		case MESSAGE_NOTIFIER_CHANNELS:
			channels_take(n, (const struct message_channels *)body);
			break;
		case MESSAGE_NOTIFIER_ARCHIVE:
			if (n->archive >= 0)
				close(n->archive);
			n->archive = TAKE_FD(passed);
			break;
		case MESSAGE_NOTIFIER_TEST:
			tests_begin(n, (const struct message_ask *)body);
			break;
		case MESSAGE_URGENT:
			urgent_take(n, (const struct message_urgent *)body);
			break;
		}
	}
	return 0;
}

static void stats_tell(struct notifier *n)
{
	struct message_notifier_stats out = {.channels = n->channels.count};
	struct notice_figures f;
	int err;

	if (monotonic_us() - n->stats_at < STATS_US)
		return;
	n->stats_at = monotonic_us();
	notices_count(n->notices, &f);
	out.events = f.events;
	out.told = f.told;
	out.waiting = f.waiting;
	out.messages = f.messages;
	out.attempts = f.attempts;
	out.failures = f.failures;
	out.breaches = f.breaches;
	out.lag_max_us = f.lag_max_us;
	memcpy(out.failure, n->failure, sizeof(out.failure));
	err = channel_send(PROCESS_FD_KEEPER, MESSAGE_NOTIFIER_STATS, 0, &out, sizeof(out), -1);
	n->stop |= err && err != -EAGAIN;
}

static void notifier_round(struct notifier *n)
{
	struct curl_waitfd fds[2] = {{.fd = PROCESS_FD_KEEPER, .events = CURL_WAIT_POLLIN},
				     {.fd = n->archive, .events = CURL_WAIT_POLLIN}};
	const struct notice_message *message;
	int running;

	curl_multi_poll(n->multi, fds, n->archive >= 0 ? 2 : 1, POLL_MS, NULL);
	if (receive_all(n, PROCESS_FD_KEEPER, PROCESS_KEEPER))
		n->stop = true;
	if (n->archive >= 0 && receive_all(n, n->archive, PROCESS_ARCHIVE)) {
		close(n->archive);
		n->archive = -1;
	}
	while (n->channels.count && notices_next(n->notices, wall_us(), &message))
		message_begin(n, message);
	curl_multi_perform(n->multi, &running);
	transfers_done(n);
	stats_tell(n);
}

/* The TLS library and the resolver read files and find out about the machine once; later they could not. */
int notifier_prepare(void)
{
	return curl_global_init(CURL_GLOBAL_ALL) ? -ENOMEM : 0;
}

int notifier_main(unsigned int index)
{
	static struct notifier n;

	n.archive = -1;
	n.settings = notice_standard();
	n.multi = curl_multi_init();
	n.notices = notices_new(&n.settings, mark, &n);
	snprintf(n.boot, sizeof(n.boot), "%llx", (unsigned long long)wall_us());
	if (!n.multi || !n.notices)
		return 1;
	while (!n.stop)
		notifier_round(&n);
	for (size_t i = 0; i < TRANSFERS_MAX; i++) {
		if (!n.transfers[i].curl)
			continue;
		curl_multi_remove_handle(n.multi, n.transfers[i].curl);
		transfer_end(&n.transfers[i]);
	}
	notices_free(n.notices);
	curl_multi_cleanup(n.multi);
	return 0;
}
