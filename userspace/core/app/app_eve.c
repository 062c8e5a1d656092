// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * app_eve.c - what a transaction shows in an EVE line: one table row per
 * field that is a buffer, code only for what is not text.
 */
#include <string.h>

#include "app_dns.h"
#include "app_tls.h"
#include "core/eve/eve_text.h"
#include "http_head.h"

#define EVE_LIST_MAX	20u
#define EVE_RECORDS_MAX 20u

struct eve_field {
	const char *key;
	enum buffer_id id;
	enum direction dir;
};

static const struct eve_field http_fields[] = {
	{"hostname", BUFFER_HTTP_HOST, TO_SERVER},
	{"url", BUFFER_HTTP_URI_RAW, TO_SERVER},
	{"http_user_agent", BUFFER_HTTP_USER_AGENT, TO_SERVER},
	{"http_content_type", BUFFER_HTTP_CONTENT_TYPE, TO_CLIENT},
	{"http_refer", BUFFER_HTTP_REFERER, TO_SERVER},
	{"http_method", BUFFER_HTTP_METHOD, TO_SERVER},
	{"protocol", BUFFER_HTTP_PROTOCOL, TO_SERVER},
	{"redirect", BUFFER_HTTP_LOCATION, TO_CLIENT},
};
static const struct eve_field tls_fields[] = {
	{"subject", BUFFER_TLS_CERT_SUBJECT, TO_CLIENT},
	{"issuerdn", BUFFER_TLS_CERT_ISSUER, TO_CLIENT},
	{"serial", BUFFER_TLS_CERT_SERIAL, TO_CLIENT},
	{"sni", BUFFER_TLS_SNI, TO_SERVER},
	{"fingerprint", BUFFER_TLS_CERT_FINGERPRINT, TO_CLIENT},
	{"ja4", BUFFER_JA4_HASH, TO_SERVER},
};
static const struct eve_field ja3_fields[] = {
	{"hash", BUFFER_JA3_HASH, TO_SERVER},
	{"string", BUFFER_JA3_STRING, TO_SERVER},
};
static const struct eve_field ja3s_fields[] = {
	{"hash", BUFFER_JA3S_HASH, TO_CLIENT},
	{"string", BUFFER_JA3S_STRING, TO_CLIENT},
};
static const struct eve_field smtp_fields[] = {
	{"helo", BUFFER_SMTP_HELO, TO_SERVER},
	{"mail_from", BUFFER_SMTP_MAIL_FROM, TO_SERVER},
};
static const struct eve_field email_fields[] = {
	{"from", BUFFER_EMAIL_FROM, TO_SERVER},		{"subject", BUFFER_EMAIL_SUBJECT, TO_SERVER},
	{"date", BUFFER_EMAIL_DATE, TO_SERVER},		{"message_id", BUFFER_EMAIL_MESSAGE_ID, TO_SERVER},
	{"x_mailer", BUFFER_EMAIL_X_MAILER, TO_SERVER},
};
static const struct eve_field ftp_fields[] = {
	{"command", BUFFER_FTP_COMMAND, TO_SERVER},
	{"command_data", BUFFER_FTP_COMMAND_DATA, TO_SERVER},
};
static const struct eve_field ssh_fields[] = {
	{"proto_version", BUFFER_SSH_PROTO, TO_SERVER},
	{"software_version", BUFFER_SSH_SOFTWARE, TO_SERVER},
};

static void fields_add(const struct tx *tx, const struct eve_field *fields, size_t count, json_t *out)
{
	for (size_t i = 0; i < count; i++) {
		struct span value;
		bool final;

		if (tx_buffer(tx, fields[i].id, fields[i].dir, 0, &value, &final))
			eve_set(out, fields[i].key, eve_text(value));
	}
}

/* A sub-object that has fields at all. */
static void object_add(json_t *out, const char *key, json_t *object)
{
	if (object && json_object_size(object))
		eve_set(out, key, object);
	else
		json_decref(object);
}

/* The instances of a buffer as an array, as many as a record shows. */
static void list_add(const struct tx *tx, enum buffer_id id, enum direction dir, const char *key, json_t *out)
{
	json_t *list = json_array();
	struct span value;
	bool final;

	for (unsigned int i = 0; list && i < EVE_LIST_MAX && tx_buffer(tx, id, dir, i, &value, &final); i++)
		json_array_append_new(list, eve_text(value));
	if (list && json_array_size(list))
		eve_set(out, key, list);
	else
		json_decref(list);
}

static void http_add(const struct tx *tx, json_t *out)
{
	const struct http_tx *http = (const struct http_tx *)tx;
	struct span value;

	fields_add(tx, http_fields, ARRAY_LEN(http_fields), out);
	if (http_piece_get(&http->side[TO_SERVER], BUFFER_HTTP_HOST_RAW, &value)) {
		uint32_t colon = span_find(value, ':');
		unsigned int port = 0;

		/* A v6 literal has more than one colon; its port is not told here. */
		for (uint32_t i = colon + 1;
		     i < value.len && value.data[i] >= '0' && value.data[i] <= '9' && port < 65536; i++)
			port = port * 10 + (value.data[i] - '0');
		if (port && port < 65536 && value.data[0] != '[')
			eve_set(out, "http_port", json_integer(port));
	}
	if (!json_object_get(out, "protocol") &&
	    http_piece_get(&http->side[TO_CLIENT], BUFFER_HTTP_PROTOCOL, &value))
		eve_set(out, "protocol", eve_text(value));
	if (http->side[TO_CLIENT].status)
		eve_set(out, "status", json_integer(http->side[TO_CLIENT].status));
	eve_set(out, "length", json_integer((json_int_t)http->side[TO_CLIENT].body_seen));
}

static void tls_add(const struct tx *tx, json_t *out)
{
	const struct tls_tx *tls = (const struct tls_tx *)tx;
	json_t *ja3;

	fields_add(tx, tls_fields, ARRAY_LEN(tls_fields), out);
	eve_set(out, "version", json_string(tls_version_name(tls->version)));
	if (tls->chains[TO_CLIENT].names.not_before[0])
		eve_set(out, "notbefore", json_string(tls->chains[TO_CLIENT].names.not_before));
	if (tls->chains[TO_CLIENT].names.not_after[0])
		eve_set(out, "notafter", json_string(tls->chains[TO_CLIENT].names.not_after));
	list_add(tx, BUFFER_TLS_SUBJECTALTNAME, TO_CLIENT, "subjectaltname", out);
	list_add(tx, BUFFER_TLS_ALPN, TO_SERVER, "client_alpns", out);
	list_add(tx, BUFFER_TLS_ALPN, TO_CLIENT, "server_alpns", out);
	ja3 = json_object();
	fields_add(tx, ja3_fields, ARRAY_LEN(ja3_fields), ja3);
	object_add(out, "ja3", ja3);
	ja3 = json_object();
	fields_add(tx, ja3s_fields, ARRAY_LEN(ja3s_fields), ja3);
	object_add(out, "ja3s", ja3);
}

static json_t *record_json(const struct dns_tx *dns, const struct dns_record *record, bool answer)
{
	json_t *out = json_object();
	char text[8];

	if (!out)
		return NULL;
	eve_set(out, "rrname",
		eve_text((struct span){dns->text.data ? dns->text.data + record->name_at : NULL,
				       record->name_len}));
	eve_set(out, "rrtype", json_string(dns_type_name(record->type, text)));
	if (answer) {
		eve_set(out, "ttl", json_integer(record->ttl));
		if (record->data_len)
			eve_set(out, "rdata",
				eve_text((struct span){dns->text.data + record->data_at, record->data_len}));
	}
	return out;
}

static void dns_add(const struct tx *tx, json_t *out)
{
	static const struct {
		const char *key;
		uint16_t bit;
	} flags[] = {{"qr", 0x8000}, {"aa", 0x0400}, {"tc", 0x0200}, {"rd", 0x0100}, {"ra", 0x0080}};
	const struct dns_tx *dns = (const struct dns_tx *)tx;
	const struct dns_record *record;
	json_t *list = json_array();
	char text[8];

	eve_set(out, "version", json_integer(3));
	eve_set(out, "type", json_string(dns->response ? "response" : "request"));
	eve_set(out, "tx_id", json_integer((json_int_t)tx->id));
	eve_set(out, "id", json_integer(dns->id));
	eve_set(out, "flags", json_sprintf("%x", dns->flags));
	for (unsigned int i = 0; i < ARRAY_LEN(flags); i++)
		if (dns->flags & flags[i].bit)
			eve_set(out, flags[i].key, json_true());
	eve_set(out, "opcode", json_integer(dns->flags >> 11 & 15));
	if (dns->response)
		eve_set(out, "rcode", json_string(dns_code_name(dns->flags & 15, text)));
	for (unsigned int i = 0; list && i < EVE_RECORDS_MAX && (record = dns_record(dns, DNS_QUESTIONS, i));
	     i++)
		json_array_append_new(list, record_json(dns, record, false));
	eve_set(out, "queries", list);
	if (!dns->counts[DNS_ANSWERS])
		return;
	list = json_array();
	for (unsigned int i = 0; list && i < EVE_RECORDS_MAX && (record = dns_record(dns, DNS_ANSWERS, i));
	     i++)
		json_array_append_new(list, record_json(dns, record, true));
	eve_set(out, "answers", list);
}

static void smtp_add(const struct tx *tx, json_t *out)
{
	fields_add(tx, smtp_fields, ARRAY_LEN(smtp_fields), out);
	list_add(tx, BUFFER_SMTP_RCPT_TO, TO_SERVER, "rcpt_to", out);
}

/* "a@x, b@y" as an array. */
static void addresses_add(const struct tx *tx, enum buffer_id id, const char *key, json_t *out)
{
	json_t *list = json_array();
	struct span value, one;
	bool final;

	if (!list || !tx_buffer(tx, id, TO_SERVER, 0, &value, &final)) {
		json_decref(list);
		return;
	}
	for (unsigned int i = 0; i < EVE_LIST_MAX && value.len; i++) {
		uint32_t comma = span_find(value, ',');

		one = (struct span){value.data, comma};
		while (one.len && *one.data == ' ')
			one = span_from(one, 1);
		json_array_append_new(list, eve_text(one));
		value = span_from(value, comma < value.len ? comma + 1 : comma);
	}
	eve_set(out, key, list);
}

static void email_add(const struct tx *tx, json_t *event)
{
	json_t *out = json_object();

	if (!out)
		return;
	fields_add(tx, email_fields, ARRAY_LEN(email_fields), out);
	addresses_add(tx, BUFFER_EMAIL_TO, "to", out);
	addresses_add(tx, BUFFER_EMAIL_CC, "cc", out);
	list_add(tx, BUFFER_EMAIL_RECEIVED, TO_SERVER, "received", out);
	list_add(tx, BUFFER_FILE_NAME, TO_SERVER, "attachment", out);
	object_add(event, "email", out);
}

static void ftp_add(const struct tx *tx, json_t *out)
{
	fields_add(tx, ftp_fields, ARRAY_LEN(ftp_fields), out);
}

static void ssh_add(const struct tx *tx, json_t *out)
{
	static const char *const sides[] = {[TO_SERVER] = "client", [TO_CLIENT] = "server"};

	for (enum direction dir = TO_SERVER; dir <= TO_CLIENT; dir++) {
		json_t *side = json_object();

		for (size_t i = 0; side && i < ARRAY_LEN(ssh_fields); i++) {
			struct span value;
			bool final;

			if (tx_buffer(tx, ssh_fields[i].id, dir, 0, &value, &final))
				eve_set(side, ssh_fields[i].key, eve_text(value));
		}
		object_add(out, sides[dir], side);
	}
}

static const struct {
	const char *key;
	void (*add)(const struct tx *tx, json_t *out);
} app_objects[APP_PROTO_MAX] = {
	[APP_HTTP] = {"http", http_add}, [APP_TLS] = {"tls", tls_add}, [APP_DNS] = {"dns", dns_add},
	[APP_SMTP] = {"smtp", smtp_add}, [APP_FTP] = {"ftp", ftp_add}, [APP_SSH] = {"ssh", ssh_add},
};

void app_eve(const struct tx *tx, struct json_t *alert)
{
	json_t *out;

	if (!app_objects[tx->proto].add)
		return;
	out = json_object();
	if (!out)
		return;
	app_objects[tx->proto].add(tx, out);
	object_add(alert, app_objects[tx->proto].key, out);
	if (tx->proto == APP_SMTP)
		email_add(tx, alert);
}
