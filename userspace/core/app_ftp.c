// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * app_ftp.c - the FTP control connection: one transaction per command.
 */
#include "app_rows.h"

#include <netinet/in.h>
#include <string.h>

#include "app_tls.h"

struct ftp_tx {
	struct tx tx;
	struct blob command, argument;
	bool bounce; /* PORT names another host than the client */
};

struct ftp {
	struct blob line[2];
	bool fresh[2];
	bool auth;	 /* the client asked for TLS and was not answered yet */
	struct tls *tls; /* the server agreed */
};

static const char *const ftp_commands[] = {
	"USER", "PASS", "ACCT", "CWD",	"CDUP", "SMNT", "QUIT", "REIN", "PORT", "PASV", "TYPE", "STRU",
	"MODE", "RETR", "STOR", "STOU", "APPE", "ALLO", "REST", "RNFR", "RNTO", "ABOR", "DELE", "RMD",
	"MKD",	"PWD",	"LIST", "NLST", "SITE", "SYST", "STAT", "HELP", "NOOP", "FEAT", "OPTS", "AUTH",
	"PBSZ", "PROT", "EPRT", "EPSV", "SIZE", "MDTM", "MLSD", "MLST", "CCC",	"HOST", "LANG",
};

static bool port_is_ftp(uint16_t port)
{
	return port == 21 || port == 2121 || port == 990;
}

static enum app_probe ftp_probe(struct span data, enum direction dir, uint16_t port)
{
	uint32_t end = span_find(data, '\n');
	struct span line = {data.data, end};

	if (dir == TO_CLIENT) {
		if (data.len < 4)
			return !memcmp(data.data, "220", data.len < 3 ? data.len : 3) ? APP_PROBE_MORE
										      : APP_PROBE_NO;
		if (memcmp(data.data, "220", 3) || (data.data[3] != ' ' && data.data[3] != '-'))
			return APP_PROBE_NO;
		for (uint32_t i = 3; i < line.len; i++)
			if (span_begins(span_from(line, i), "ftp"))
				return APP_PROBE_YES;
		if (end == data.len)
			return APP_PROBE_MORE;
		/* What greets like this may be SMTP too; the client's first command tells. */
		return port_is_ftp(port) ? APP_PROBE_YES : APP_PROBE_MORE;
	}
	if (end == data.len)
		return data.data[0] >= 'A' && byte_lower(data.data[0]) <= 'z' ? APP_PROBE_MORE : APP_PROBE_NO;
	line = span_trim(line);
	if (span_begins(line, "USER ") && port != 110 && port != 6667 && span_find(line, ':') == line.len)
		return APP_PROBE_YES;
	if (span_is(line, "FEAT") || span_is(line, "AUTH TLS") || span_is(line, "AUTH SSL"))
		return APP_PROBE_YES;
	for (unsigned int i = 0; port_is_ftp(port) && i < ARRAY_LEN(ftp_commands); i++)
		if (span_begins(line, ftp_commands[i]))
			return APP_PROBE_YES;
	return APP_PROBE_NO;
}

/* RFC 959 section 4.1.2: "h1,h2,h3,h4,p1,p2"; true: a whole address that is not the client's. */
static bool port_bounces(const struct flow *flow, struct span text)
{
	uint8_t address[16] = {[10] = 0xff, [11] = 0xff};
	unsigned int field = 0, value = 0, digits = 0;

	for (uint32_t i = 0; i <= text.len; i++) {
		uint8_t c = i < text.len ? text.data[i] : ',';

		if (c >= '0' && c <= '9' && digits < 3) {
			value = value * 10 + (c - '0');
			digits++;
			continue;
		}
		if (c != ',' || !digits || value > 255)
			return false;
		if (field < 4)
			address[12 + field] = (uint8_t)value;
		field++;
		value = digits = 0;
	}
	return field == 6 && memcmp(address, flow->client.b, sizeof(address)) != 0;
}

static void command_read(struct flow *flow, struct ftp *ftp, struct span line)
{
	struct ftp_tx *tx;
	uint32_t n = 0;

	while (line.len && byte_space(line.data[0]))
		line = span_from(line, 1);
	if (!line.len)
		return;
	tx = (struct ftp_tx *)app_tx_new(flow, sizeof(*tx), APP_FTP);
	if (!tx)
		return;
	while (n < line.len && !byte_space(line.data[n]))
		n++;
	flow->app_skipped += blob_add(&tx->command, line.data, n, APP_LINE_MAX);
	for (uint32_t i = 0; i < tx->command.len; i++)
		if (tx->command.data[i] >= 'a' && tx->command.data[i] <= 'z')
			tx->command.data[i] &= 0xdf;
	ftp->auth = span_is(blob_span(&tx->command), "AUTH");
	while (n < line.len && (line.data[n] == ' ' || line.data[n] == '\t'))
		n++;
	line = span_from(line, n);
	flow->app_skipped += blob_add(&tx->argument, line.data, line.len, APP_LINE_MAX);
	tx->bounce = span_is(blob_span(&tx->command), "PORT") && port_bounces(flow, span_trim(line));
	tx->tx.done[TO_SERVER] = tx->tx.done[TO_CLIENT] = true;
	tx->tx.dirty[TO_SERVER] = true;
}

static enum app_status ftp_feed(struct flow *flow, enum direction dir, struct span data, bool gap, bool last)
{
	struct ftp *ftp = flow->app_state[0];
	enum app_status status;
	struct span line;

	if (!ftp)
		ftp = flow->app_state[0] = calloc(1, sizeof(*ftp));
	if (!ftp)
		return APP_ERROR;
	if (gap && !ftp->tls) {
		/* The next line may lack its begin; a command in the middle of nothing harms nobody. */
		blob_clear(&ftp->line[dir]);
		ftp->fresh[dir] = false;
	}
	while (data.len && !ftp->tls) {
		if (!app_line(flow, &ftp->line[dir], &ftp->fresh[dir], &data, &line))
			break;
		if (dir == TO_SERVER) {
			command_read(flow, ftp, line);
		} else if (ftp->auth && line.len >= 3 && (line.len == 3 || line.data[3] != '-')) {
			ftp->auth = false;
			if (line.data[0] == '2')
				ftp->tls = tls_new();
		}
	}
	if (ftp->tls) {
		status = tls_feed(flow, ftp->tls, dir, data, gap, last);
		return status == APP_ENCRYPTED ? status : APP_OK;
	}
	if (last && dir == TO_SERVER && !ftp->fresh[dir] && ftp->line[dir].len) {
		command_read(flow, ftp, span_trim(blob_span(&ftp->line[dir])));
		blob_clear(&ftp->line[dir]);
	}
	return APP_OK;
}

static bool ftp_buffer(const struct tx *tx, enum buffer_id id, enum direction dir, unsigned int index,
		       struct span *out, bool *final)
{
	const struct ftp_tx *ftp = (const struct ftp_tx *)tx;

	(void)dir;
	(void)index;
	*final = true;
	if (id == BUFFER_FTP_COMMAND)
		*out = blob_span(&ftp->command);
	else if (id == BUFFER_FTP_COMMAND_DATA)
		*out = blob_span(&ftp->argument);
	else if (id == BUFFER_FTP_BOUNCE)
		*out = span_text(ftp->bounce ? "bounce" : "");
	else
		return false;
	return out->len > 0;
}

static void ftp_tx_free(struct tx *tx)
{
	struct ftp_tx *ftp = (struct ftp_tx *)tx;

	blob_free(&ftp->command);
	blob_free(&ftp->argument);
	free(ftp);
}

static void ftp_flow_free(struct flow *flow)
{
	struct ftp *ftp = flow->app_state[0];

	if (!ftp)
		return;
	blob_free(&ftp->line[0]);
	blob_free(&ftp->line[1]);
	tls_free(ftp->tls);
	free(ftp);
	flow->app_state[0] = NULL;
}

const struct app_decoder app_ftp = {
	.proto = APP_FTP,
	.ip_proto = IPPROTO_TCP,
	.probe = ftp_probe,
	.feed = ftp_feed,
	.buffer = ftp_buffer,
	.tx_free = ftp_tx_free,
	.flow_free = ftp_flow_free,
};
