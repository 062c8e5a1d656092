// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * http.c - libmicrohttpd and the loop.
 */
#include "http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "lib/log.h"

#define CONNECTIONS_MAX	     256u
#define CONNECTIONS_PER_PEER 64u
#define CONNECTION_MEMORY    (48u << 10) /* of which headers get a part: longer ones are refused (431) */
#define CONNECTION_IDLE_S    15u
#define REQUEST_SECONDS                                                                                      \
	30u /* from the first header to the last byte of the body, however slowly they drip                  \
	     */
#define TICK_MS	       500u
#define TLS_PRIORITIES "SECURE192:+SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2"

struct http {
	struct loop *loop;
	struct portal *portal;
	struct MHD_Daemon *daemon;
	char *certificate, *key;
	int epoll, timer, listener;
	bool tls;
	struct MHD_Connection *waiting[CONNECTIONS_MAX]; /* suspended */
	size_t waiting_count;
};

/* One request while it comes in. */
struct incoming {
	char *body;
	size_t len, room;
	uint64_t begun;
	unsigned int refused; /* status that it gets, 0 none */
};

static uint64_t seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec;
}

static void peer_text(struct MHD_Connection *connection, char text[INET6_ADDRSTRLEN])
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *peer = info ? info->client_addr : NULL;

	snprintf(text, INET6_ADDRSTRLEN, "unknown");
	if (peer && peer->sa_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)peer)->sin_addr, text, INET6_ADDRSTRLEN);
	else if (peer && peer->sa_family == AF_INET6)
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)peer)->sin6_addr, text, INET6_ADDRSTRLEN);
}

static struct text header(struct MHD_Connection *connection, const char *name)
{
	return text_of(MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name));
}

/* --- answers */

static void header_add(struct MHD_Response *response, const char *name, const char *value)
{
	if (MHD_add_response_header(response, name, value) != MHD_YES)
		log_warn("a header was not taken: %s", name);
}

static void headers_standard(struct MHD_Response *response, bool tls)
{
	static const char *const rows[][2] = {
		{"Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; "
					    "img-src 'self'; connect-src 'self'; "
					    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"},
		{"X-Content-Type-Options", "nosniff"},
		{"X-Frame-Options", "DENY"},
		/* "no-referrer" would make browsers send "Origin: null" with our own forms */
		{"Referrer-Policy", "same-origin"},
		{"Cross-Origin-Opener-Policy", "same-origin"},
		{"Cross-Origin-Resource-Policy", "same-origin"},
		{"Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		header_add(response, rows[i][0], rows[i][1]);
	if (tls)
		header_add(response, "Strict-Transport-Security", "max-age=31536000");
}

static enum MHD_Result answer_send(struct http *http, struct MHD_Connection *connection,
				   struct portal_response *out)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(out->len, out->body ? out->body : (void *)"",
						out->body ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);
	char text[128];
	enum MHD_Result result;

	if (!response) {
		free(out->body);
		return MHD_NO;
	}
	headers_standard(response, http->tls);
	header_add(response, "Content-Type", out->type);
	header_add(response, "Cache-Control", out->cacheable ? "private, max-age=300" : "no-store");
	if (*out->location)
		header_add(response, "Location", out->location);
	for (size_t i = 0; i < ARRAY_LEN(out->cookies); i++)
		if (*out->cookies[i])
			header_add(response, "Set-Cookie", out->cookies[i]);
	if (*out->attachment) {
		snprintf(text, sizeof(text), "attachment; filename=\"%s\"", out->attachment);
		header_add(response, "Content-Disposition", text);
	}
	if (out->allow)
		header_add(response, "Allow", out->allow);
	if (out->retry_after) {
		snprintf(text, sizeof(text), "%u", out->retry_after);
		header_add(response, "Retry-After", text);
	}
	result = MHD_queue_response(connection, out->status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result answer_refuse(struct http *http, struct MHD_Connection *connection,
				     unsigned int status)
{
	struct portal_response out = {.status = status, .type = "text/plain; charset=utf-8"};

	out.body = strdup(status == 413	  ? "The request is too long.\n"
			  : status == 408 ? "The request took too long.\n"
					  : "The method is not known here.\n");
	out.len = out.body ? strlen(out.body) : 0;
	return answer_send(http, connection, &out);
}

/* --- requests */

static enum MHD_Result body_take(struct incoming *in, const char *data, size_t *len)
{
	if (!in->refused && in->len + *len > PORTAL_BODY_MAX)
		in->refused = 413;
	if (!in->refused && seconds() > in->begun + REQUEST_SECONDS)
		in->refused = 408;
	if (in->refused)
		return MHD_NO; /* what keeps sending is cut off */
	if (in->len + *len > in->room) {
		size_t room = in->room ? 2 * in->room : 4096;
		char *grown;

		while (room < in->len + *len)
			room *= 2;
		grown = realloc(in->body, room);
		if (!grown)
			return MHD_NO;
		in->body = grown;
		in->room = room;
	}
	memcpy(in->body + in->len, data, *len);
	in->len += *len;
	*len = 0;
	return MHD_YES;
}

/* The path as it was sent, without the query: MHD's own is decoded. */
static void *uri_log(void *arg, const char *uri, struct MHD_Connection *connection)
{
	return strdup(uri);
}

struct request_state {
	struct incoming in;
	char *uri;
	bool begun;
};

static struct text split_query(const char *uri, struct text *query)
{
	struct text path = text_of(uri);
	const char *mark = memchr(path.at, '?', path.len);

	*query = (struct text){"", 0};
	if (mark) {
		*query = (struct text){mark + 1, path.len - (size_t)(mark + 1 - path.at)};
		path.len = (size_t)(mark - path.at);
	}
	return path;
}

static enum MHD_Result request_serve(struct http *http, struct MHD_Connection *connection, const char *method,
				     struct request_state *state)
{
	char peer[INET6_ADDRSTRLEN];
	struct portal_response out;
	struct portal_request request = {
		.method = method,
		.host = header(connection, "Host"),
		.origin = header(connection, "Origin"),
		.cookie = header(connection, "Cookie"),
		.language = header(connection, "Accept-Language"),
		.last_event = header(connection, "Last-Event-ID"),
		.body = state->in.body ? state->in.body : "",
		.body_len = state->in.len,
		.peer = peer,
		.tls = http->tls,
	};

	peer_text(connection, peer);
	request.path = split_query(state->uri, &request.query);
	portal_answer(http->portal, &request, &out);
	/* Suspended it neither times out nor costs anything; it comes here again. */
	if (out.later && http->waiting_count < CONNECTIONS_MAX) {
		MHD_suspend_connection(connection);
		http->waiting[http->waiting_count++] = connection;
		return MHD_YES;
	}
	return answer_send(http, connection, &out);
}

static enum MHD_Result request_step(void *arg, struct MHD_Connection *connection, const char *url,
				    const char *method, const char *version, const char *upload,
				    size_t *upload_len, void **context)
{
	struct http *http = arg;
	struct request_state *state = *context;
	uint64_t length;

	if (!state) /* no memory when it began */
		return MHD_NO;
	if (!state->begun) {
		struct text said = header(connection, "Content-Length");

		state->begun = true;
		state->in.begun = seconds();
		if (said.len && (!text_number(said, UINT64_MAX, &length) || length > PORTAL_BODY_MAX))
			return answer_refuse(http, connection, 413);
		if (strcmp(method, "GET") && strcmp(method, "HEAD") && strcmp(method, "POST"))
			return answer_refuse(http, connection, 501);
		return MHD_YES;
	}
	if (*upload_len)
		return body_take(&state->in, upload, upload_len);
	return request_serve(http, connection, method, state);
}

static void *request_begin(void *arg, const char *uri, struct MHD_Connection *connection)
{
	struct request_state *state = calloc(1, sizeof(*state));

	if (state)
		state->uri = uri_log(arg, uri, connection);
	if (state && !state->uri) {
		free(state);
		state = NULL;
	}
	return state;
}

static void request_end(void *arg, struct MHD_Connection *connection, void **context,
			enum MHD_RequestTerminationCode code)
{
	struct request_state *state = *context;

	if (!state)
		return;
	if (state->in.body)
		explicit_bzero(state->in.body, state->in.room); /* passwords */
	free(state->in.body);
	free(state->uri);
	free(state);
	*context = NULL;
}

/* --- the loop */

static void http_run(struct http *http)
{
	MHD_UNSIGNED_LONG_LONG left;

	/* What has bytes of TLS in hand is not seen by epoll again: until nothing is left to do at once. */
	for (int i = 0; i < 16; i++) {
		MHD_run(http->daemon);
		if (MHD_get_timeout(http->daemon, &left) != MHD_YES || left)
			return;
	}
	if (loop_timer_set(http->timer, 1000))
		log_debug("the portal's timer cannot be set");
}

void http_again(struct http *http)
{
	if (!http)
		return;
	while (http->waiting_count)
		MHD_resume_connection(http->waiting[--http->waiting_count]);
	http_run(http);
}

static void http_ready(int fd, uint32_t events, void *arg)
{
	http_run(arg);
}

static void http_timer(void *arg)
{
	struct http *http = arg;

	if (!loop_timer_set(http->timer, TICK_MS * 1000))
		http_run(http);
}

static void http_log(void *arg, const char *format, va_list ap)
{
	char text[256];

	vsnprintf(text, sizeof(text), format, ap);
	text[strcspn(text, "\n")] = '\0';
	log_debug("http: %s", text);
}

static int daemon_start(struct http *http, int listener)
{
	struct MHD_OptionItem options[16];
	unsigned int n = 0;
	const union MHD_DaemonInfo *info;
	unsigned int flags = MHD_USE_EPOLL | MHD_USE_ERROR_LOG | MHD_ALLOW_SUSPEND_RESUME;

	options[n++] = (struct MHD_OptionItem){MHD_OPTION_LISTEN_SOCKET, listener, NULL};
	options[n++] = (struct MHD_OptionItem){MHD_OPTION_CONNECTION_LIMIT, CONNECTIONS_MAX, NULL};
	options[n++] =
		(struct MHD_OptionItem){MHD_OPTION_PER_IP_CONNECTION_LIMIT, CONNECTIONS_PER_PEER, NULL};
	options[n++] = (struct MHD_OptionItem){MHD_OPTION_CONNECTION_TIMEOUT, CONNECTION_IDLE_S, NULL};
	options[n++] = (struct MHD_OptionItem){MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, NULL};
	options[n++] = (struct MHD_OptionItem){MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL};
	if (http->tls) {
		flags |= MHD_USE_TLS;
		options[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0, http->certificate};
		options[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0, http->key};
		options[n++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_PRIORITIES, 0, TLS_PRIORITIES};
	}
	options[n] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
	http->daemon = MHD_start_daemon(flags, 0, NULL, NULL, request_step, http, MHD_OPTION_EXTERNAL_LOGGER,
					http_log, http, MHD_OPTION_URI_LOG_CALLBACK, request_begin, http,
					MHD_OPTION_NOTIFY_COMPLETED, request_end, http, MHD_OPTION_ARRAY,
					options, MHD_OPTION_END);
	info = http->daemon ? MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD) : NULL;
	if (!info)
		return http->tls ? -EKEYREJECTED : -EIO;
	http->epoll = info->epoll_fd;
	return 0;
}

int http_start(struct loop *loop, struct portal *portal, int listener, const char *certificate,
	       const char *key, struct http **out)
{
	struct http *http = calloc(1, sizeof(*http));
	int err = http ? 0 : -ENOMEM;

	if (err) {
		close(listener);
		return err;
	}
	*http = (struct http){
		.loop = loop, .portal = portal, .epoll = -1, .tls = certificate, .listener = listener};
	if (certificate) {
		http->certificate = strdup(certificate);
		http->key = strdup(key);
		err = http->certificate && http->key ? 0 : -ENOMEM;
	}
	if (!err)
		err = daemon_start(http, listener);
	if (!err)
		err = loop_add(loop, http->epoll, EPOLLIN, http_ready, http);
	if (!err)
		err = loop_timer(loop, http_timer, http, &http->timer);
	if (!err)
		err = loop_timer_set(http->timer, TICK_MS * 1000);
	if (err) {
		http_stop(http);
		return err;
	}
	*out = http;
	return 0;
}

void http_stop(struct http *http)
{
	if (!http)
		return;
	if (http->epoll >= 0)
		loop_remove(http->loop, http->epoll);
	if (http->timer > 0 && loop_timer_set(http->timer, 0))
		log_debug("the portal's timer goes on");
	while (http->waiting_count)
		MHD_resume_connection(http->waiting[--http->waiting_count]);
	if (http->daemon)
		MHD_stop_daemon(http->daemon); /* closes the listener */
	else
		close(http->listener);
	if (http->key)
		explicit_bzero(http->key, strlen(http->key));
	free(http->certificate);
	free(http->key);
	free(http);
}
