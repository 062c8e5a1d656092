// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * app_ftp.c - the FTP control connection: one transaction per command with
 * its replies; says which data connections will follow.
 */
#include "app_rows.h"

#include <netinet/in.h>
#include <string.h>

#include "app_tls.h"
#include "core/flow/expect.h"

#define FTP_LINE_LONG	4096u	    /* a line of more is an oddity */
#define FTP_OPEN_MAX	256u	    /* commands without a final reply; more end the oldest */
#define FTP_REPLIES_MAX 64u	    /* reply lines kept of one command */
#define FTP_TEXT_MAX	(64u << 10) /* of them */

struct ftp_reply {
	uint32_t at, len; /* within text: code and text */
};

struct ftp_tx {
	struct tx tx;
	struct blob command, argument;
	bool bounce;	  /* PORT names another host than the client */
	uint16_t port;	  /* that it arranges for a data connection, 0: none */
	bool passive;	  /* the server listens there */
	struct blob text; /* reply lines */
	struct ftp_reply replies[FTP_REPLIES_MAX];
	unsigned int reply_count;
};

struct ftp {
	struct blob line[2];
	bool fresh[2];
	uint32_t open;	       /* transactions without a final reply */
	struct seki_addr data; /* who listens for the next data connection */
	uint16_t data_port;    /* 0: nobody yet */
	bool passive;	       /* the server does */
	struct tls *tls;       /* the server agreed to it */
	bool tls_told;	       /* whether TLS really followed */
};

/* Commands that use a data connection. */
static const struct {
	const char *name, *word;
	bool file; /* needs a name */
} ftp_transfers[] = {
	{"RETR", "retr", true},	 {"STOR", "stor", true},  {"APPE", "appe", true},  {"STOU", "stou", false},
	{"LIST", "list", false}, {"NLST", "nlst", false}, {"MLSD", "mlsd", false},
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

/* RFC 959 section 4.1.2: "h1,h2,h3,h4,p1,p2". false: it is not that. */
static bool host_port_read(struct span text, struct seki_addr *address, uint16_t *port)
{
	unsigned int field = 0, value = 0, digits = 0, numbers[6];

	for (uint32_t i = 0; i <= text.len; i++) {
		uint8_t c = i < text.len ? text.data[i] : ',';

		if (c >= '0' && c <= '9' && digits < 3) {
			value = value * 10 + (c - '0');
			digits++;
			continue;
		}
		if (c != ',' || !digits || value > 255 || field == 6)
			return false;
		numbers[field++] = value;
		value = digits = 0;
	}
	if (field != 6)
		return false;
	*address = (struct seki_addr){.b = {[10] = 0xff, [11] = 0xff}};
	for (unsigned int i = 0; i < 4; i++)
		address->b[12 + i] = (uint8_t)numbers[i];
	*port = (uint16_t)(numbers[4] << 8 | numbers[5]);
	return true;
}

/* RFC 2428: "|protocol|address|port|" with any delimiter; only the port matters, the address is the peer's.
 */
static bool extended_port_read(struct span text, uint16_t *port)
{
	uint32_t value = 0, bars = 0;

	if (!text.len)
		return false;
	for (uint32_t i = 0; i < text.len; i++) {
		uint8_t c = text.data[i];

		if (c == text.data[0]) {
			bars++;
		} else if (bars == 3) {
			if (c < '0' || c > '9' || value > 65535)
				return false;
			value = value * 10 + (c - '0');
		}
	}
	*port = (uint16_t)value;
	return bars == 4 && value && value <= 65535;
}

/* PORT and EPRT: the client will listen. Where a PORT names another host, that host is not believed. */
static void active_read(const struct flow *flow, struct ftp *ftp, struct ftp_tx *tx, struct span text)
{
	struct seki_addr address;
	uint16_t port;

	if (span_is(blob_span(&tx->command), "PORT")) {
		if (!host_port_read(text, &address, &port))
			return;
		tx->bounce = memcmp(&address, &flow->client, sizeof(address)) != 0;
	} else if (!extended_port_read(text, &port)) {
		return;
	}
	ftp->data = flow->client;
	ftp->data_port = tx->port = port;
	ftp->passive = false;
}

/* 227 and 229: the server listens. */
static void passive_read(const struct flow *flow, struct ftp *ftp, struct ftp_tx *tx, struct span line)
{
	uint32_t open = span_find(line, '('), close = span_find(line, ')');
	bool extended = span_begins(line, "229");
	struct seki_addr address;
	struct span text;
	uint16_t port;

	if (open < close && close < line.len) {
		text = (struct span){line.data + open + 1, close - open - 1};
	} else { /* RFC 1123 section 4.1.2.6: the numbers stand somewhere */
		for (open = 4; open < line.len && (line.data[open] < '0' || line.data[open] > '9'); open++)
			;
		text = span_trim(span_from(line, open < line.len ? open : line.len));
	}
	if (extended ? !extended_port_read(text, &port) : !host_port_read(text, &address, &port))
		return;
	ftp->data = flow->server; /* what the reply names may be an address behind translation */
	ftp->data_port = tx->port = port;
	ftp->passive = tx->passive = true;
}

/* The server agreed to PORT or EPRT, or named its own port: one of the two will connect. */
static void agreed_tell(struct flow *flow, const struct ftp *ftp, const struct ftp_tx *tx)
{
	struct expectation *expectation;

	if (!tx->port || tx->bounce)
		return;
	expectation = expectation_new((struct span){});
	if (!expectation)
		return;
	expectation->listener = ftp->data;
	expectation->peer = ftp->passive ? flow->client : flow->server;
	expectation->port = tx->port;
	expectation->app = APP_FTP_DATA;
	expectation->next = flow->listens;
	flow->listens = expectation;
}

/* The command moves data: say so, that the connection is known when it comes. */
static void transfer_read(struct flow *flow, struct ftp *ftp, struct ftp_tx *tx)
{
	struct span command = blob_span(&tx->command), name = span_trim(blob_span(&tx->argument));
	struct expectation *expectation;
	unsigned int row = 0;

	while (row < ARRAY_LEN(ftp_transfers) && !span_is(command, ftp_transfers[row].name))
		row++;
	if (row == ARRAY_LEN(ftp_transfers))
		return;
	if (ftp_transfers[row].file && !name.len)
		tx_event_set(&tx->tx, EVENT_FTP_FILE_WITHOUT_NAME);
	if (!ftp->data_port) {
		if (ftp_transfers[row].file)
			tx_event_set(&tx->tx, EVENT_FTP_FILE_BEFORE_PORT);
		return;
	}
	expectation = expectation_new(name);
	if (!expectation)
		return;
	expectation->listener = ftp->data;
	expectation->peer = ftp->passive ? flow->client : flow->server;
	expectation->port = ftp->data_port;
	expectation->app = APP_FTP_DATA;
	expectation->command = ftp_transfers[row].word;
	expectation->next = flow->expects;
	flow->expects = expectation;
	ftp->data_port = 0; /* a port serves one transfer */
}

static void tx_end(struct ftp *ftp, struct ftp_tx *tx)
{
	if (tx->tx.done[TO_CLIENT])
		return;
	tx->tx.done[TO_CLIENT] = tx->tx.dirty[TO_CLIENT] = true;
	/* What a command arranged, and whether it was answered, is known with its reply. */
	tx->tx.done[TO_SERVER] = tx->tx.dirty[TO_SERVER] = true;
	ftp->open--;
}

/* The oldest command without a final reply. */
static struct ftp_tx *tx_awaiting(const struct flow *flow)
{
	for (struct tx *tx = flow->txs; tx; tx = tx->next)
		if (tx->proto == APP_FTP && !tx->done[TO_CLIENT])
			return (struct ftp_tx *)tx;
	return NULL;
}

static struct ftp_tx *tx_open(struct flow *flow, struct ftp *ftp)
{
	struct ftp_tx *tx;

	if (ftp->open == FTP_OPEN_MAX) {
		tx = tx_awaiting(flow);
		tx_event_set(&tx->tx, EVENT_FTP_TOO_MANY_TRANSACTIONS);
		tx_end(ftp, tx);
	}
	tx = (struct ftp_tx *)app_tx_new(flow, sizeof(*tx), APP_FTP);
	if (!tx)
		return NULL;
	ftp->open++;
	tx->tx.dirty[TO_SERVER] = true;
	return tx;
}

static void command_read(struct flow *flow, struct ftp *ftp, struct span line)
{
	bool too_long = line.len >= FTP_LINE_LONG;
	struct ftp_tx *tx;
	uint32_t n = 0;

	while (line.len && byte_space(line.data[0]))
		line = span_from(line, 1);
	if (!line.len)
		return;
	tx = tx_open(flow, ftp);
	if (!tx)
		return;
	while (n < line.len && !byte_space(line.data[n]))
		n++;
	flow->app_skipped += blob_add(&tx->command, line.data, n, APP_LINE_MAX);
	for (uint32_t i = 0; i < tx->command.len; i++)
		if (tx->command.data[i] >= 'a' && tx->command.data[i] <= 'z')
			tx->command.data[i] &= 0xdf;
	while (n < line.len && (line.data[n] == ' ' || line.data[n] == '\t'))
		n++;
	line = span_from(line, n);
	flow->app_skipped += blob_add(&tx->argument, line.data, line.len, APP_LINE_MAX);
	if (too_long)
		tx_event_set(&tx->tx, EVENT_FTP_REQUEST_COMMAND_TOO_LONG);
	if (span_is(blob_span(&tx->command), "PORT") || span_is(blob_span(&tx->command), "EPRT"))
		active_read(flow, ftp, tx, span_trim(line));
	else
		transfer_read(flow, ftp, tx);
}

/* RFC 959 section 4.2: code and text; a dash behind the code: more lines follow. 1xx is not the end of it. */
static void reply_read(struct flow *flow, struct ftp *ftp, struct span line)
{
	bool coded = line.len >= 3, final;
	struct ftp_tx *tx;

	for (unsigned int i = 0; coded && i < 3; i++)
		coded = line.data[i] >= '0' && line.data[i] <= '9';
	final = coded && (line.len == 3 || line.data[3] != '-') && line.data[0] != '1';
	tx = tx_awaiting(flow);
	if (!tx)
		tx = tx_open(flow, ftp); /* the greeting, or an answer to what nobody saw */
	if (!tx)
		return;
	if (line.len >= FTP_LINE_LONG)
		tx_event_set(&tx->tx, EVENT_FTP_RESPONSE_COMMAND_TOO_LONG);
	if (tx->reply_count < FTP_REPLIES_MAX) {
		struct ftp_reply *reply = &tx->replies[tx->reply_count++];

		reply->at = tx->text.len;
		flow->app_skipped += blob_add(&tx->text, line.data, line.len, FTP_TEXT_MAX);
		reply->len = tx->text.len - reply->at;
	} else {
		flow->app_skipped += line.len;
	}
	tx->tx.dirty[TO_CLIENT] = true;
	if (!final)
		return;
	if (span_begins(line, "227") || span_begins(line, "229"))
		passive_read(flow, ftp, tx, line);
	if (line.data[0] == '2')
		agreed_tell(flow, ftp, tx);
	if (line.data[0] == '2' && span_is(blob_span(&tx->command), "AUTH"))
		ftp->tls = tls_new();
	tx_end(ftp, tx);
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
		if (dir == TO_SERVER)
			command_read(flow, ftp, line);
		else
			reply_read(flow, ftp, line);
	}
	if (ftp->tls) {
		if (!ftp->tls_told && dir == TO_SERVER && data.len) {
			ftp->tls_told = true;
			app_starttls_holds(flow, data);
		}
		status = tls_feed(flow, ftp->tls, dir, data, gap, last);
		return status == APP_ENCRYPTED ? status : APP_OK;
	}
	if (!last)
		return APP_OK;
	if (dir == TO_SERVER && !ftp->fresh[dir] && ftp->line[dir].len)
		command_read(flow, ftp, span_trim(blob_span(&ftp->line[dir])));
	blob_clear(&ftp->line[dir]);
	for (struct ftp_tx *tx; dir == TO_CLIENT && (tx = tx_awaiting(flow));)
		tx_end(ftp, tx);
	return APP_OK;
}

static bool ftp_buffer(const struct tx *tx, enum buffer_id id, enum direction dir, unsigned int index,
		       struct span *out, bool *final)
{
	const struct ftp_tx *ftp = (const struct ftp_tx *)tx;
	struct span line = {};

	(void)dir;
	*final = true;
	if ((id == BUFFER_FTP_REPLY || id == BUFFER_FTP_COMPLETION_CODE) && index >= ftp->reply_count)
		return false;
	if (index < ftp->reply_count && ftp->text.data)
		line = (struct span){ftp->text.data + ftp->replies[index].at, ftp->replies[index].len};
	switch (id) {
	case BUFFER_FTP_COMMAND:
		*out = blob_span(&ftp->command);
		break;
	case BUFFER_FTP_COMMAND_DATA:
		*out = blob_span(&ftp->argument);
		break;
	case BUFFER_FTP_BOUNCE:
		*out = span_text(ftp->bounce ? "bounce" : "");
		break;
	case BUFFER_FTP_MODE:
		*out = span_text(!ftp->port ? "" : ftp->passive ? "passive" : "active");
		*final = tx->done[TO_CLIENT];
		break;
	case BUFFER_FTP_DYNAMIC_PORT:
		*final = tx->done[TO_CLIENT];
		return ftp->port && tx_number(ftp->port, out);
	case BUFFER_FTP_REPLIED:
		*out = span_text(ftp->reply_count ? "yes" : "no");
		*final = ftp->reply_count || tx->done[TO_CLIENT];
		return *final;
	case BUFFER_FTP_REPLY: /* behind the code and what separates it */
		*out = span_from(line, line.len < 4 ? line.len : 4);
		return true;
	case BUFFER_FTP_COMPLETION_CODE:
		*out = (struct span){line.data, line.len < 3 ? line.len : 3};
		return true;
	default:
		return false;
	}
	return out->len > 0;
}

static void ftp_tx_free(struct tx *tx)
{
	struct ftp_tx *ftp = (struct ftp_tx *)tx;

	blob_free(&ftp->command);
	blob_free(&ftp->argument);
	blob_free(&ftp->text);
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
