// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * app_dns.c - DNS messages over UDP and TCP. Names are decompressed with a
 * bounded number of jumps that must go backwards.
 */
#include "app_dns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#define DNS_NAME_MAX   1024u /* text of one name; RFC 1035 allows 255, senders do not keep to it */
#define DNS_JUMPS_MAX  16u
#define DNS_LABELS_MAX 255u
#define DNS_OPCODES    7u /* known ones lie below */
#define DNS_TEXT_MAX   (128u << 10)
#define DNS_HEAD       12u
#define DNS_RESPONSE   0x8000u
#define DNS_Z	       0x0040u

enum {
	DNS_A = 1,
	DNS_NS = 2,
	DNS_CNAME = 5,
	DNS_SOA = 6,
	DNS_PTR = 12,
	DNS_MX = 15,
	DNS_TXT = 16,
	DNS_AAAA = 28,
	DNS_OPT = 41
};

struct dns {
	struct blob message[2]; /* TCP: length and message so far */
	bool blind[2];
};

struct dns_word {
	uint16_t code;
	const char *name;
};

/* clang-format off */
static const struct dns_word dns_types[] = {
	{ 1, "A" }, { 2, "NS" }, { 5, "CNAME" }, { 6, "SOA" }, { 10, "NULL" }, { 12, "PTR" }, { 13, "HINFO" },
	{ 15, "MX" }, { 16, "TXT" }, { 17, "RP" }, { 24, "SIG" }, { 25, "KEY" }, { 28, "AAAA" }, { 29, "LOC" },
	{ 33, "SRV" }, { 35, "NAPTR" }, { 36, "KX" }, { 37, "CERT" }, { 39, "DNAME" }, { 41, "OPT" }, { 43, "DS" },
	{ 44, "SSHFP" }, { 45, "IPSECKEY" }, { 46, "RRSIG" }, { 47, "NSEC" }, { 48, "DNSKEY" }, { 50, "NSEC3" },
	{ 51, "NSEC3PARAM" }, { 52, "TLSA" }, { 64, "SVCB" }, { 65, "HTTPS" }, { 99, "SPF" }, { 249, "TKEY" },
	{ 250, "TSIG" }, { 251, "IXFR" }, { 252, "AXFR" }, { 255, "ANY" }, { 256, "URI" }, { 257, "CAA" },
};
static const struct dns_word dns_codes[] = {
	{ 0, "NOERROR" }, { 1, "FORMERR" }, { 2, "SERVFAIL" }, { 3, "NXDOMAIN" }, { 4, "NOTIMP" }, { 5, "REFUSED" },
	{ 6, "YXDOMAIN" }, { 7, "YXRRSET" }, { 8, "NXRRSET" }, { 9, "NOTAUTH" }, { 10, "NOTZONE" },
};
/* clang-format on */

static const char *word_find(const struct dns_word *words, size_t count, unsigned int code, char text[8])
{
	for (size_t i = 0; i < count; i++)
		if (words[i].code == code)
			return words[i].name;
	snprintf(text, 8, "%u", code & 0xffff);
	return text;
}

const char *dns_type_name(uint16_t type, char text[8])
{
	return word_find(dns_types, ARRAY_LEN(dns_types), type, text);
}

const char *dns_code_name(unsigned int rcode, char text[8])
{
	return word_find(dns_codes, ARRAY_LEN(dns_codes), rcode, text);
}

static uint16_t get16(struct span d, uint32_t at)
{
	return (uint16_t)(d.data[at] << 8 | d.data[at + 1]);
}

static uint32_t get32(struct span d, uint32_t at)
{
	return (uint32_t)get16(d, at) << 16 | get16(d, at + 2);
}

/*
 * Reads the name at *at onto out (NULL: only checks) and moves *at behind it. -ELOOP: its pointers never end,
 * -ENAMETOOLONG, -E2BIG: too many labels, -EBADMSG.
 */
static int name_read(struct span d, uint32_t *at, struct blob *out)
{
	uint32_t pos = *at, lowest = *at, jumps = 0, len = 0, labels = 0;
	bool jumped = false;

	for (;;) {
		uint8_t n;

		if (pos >= d.len)
			return -EBADMSG;
		n = d.data[pos++];
		if (n >= 0xc0) {
			uint32_t target;

			if (pos >= d.len)
				return -EBADMSG;
			target = (uint32_t)(n & 0x3f) << 8 | d.data[pos++];
			if (!jumped)
				*at = pos;
			jumped = true;
			/* Only backwards: a name cannot contain itself. */
			if (target >= lowest || ++jumps > DNS_JUMPS_MAX)
				return -ELOOP;
			lowest = pos = target;
			continue;
		}
		if (n & 0xc0)
			return -EBADMSG;
		if (!n)
			break;
		if (n > d.len - pos)
			return -EBADMSG;
		if (++labels > DNS_LABELS_MAX)
			return -E2BIG;
		if (len + n + 1 > DNS_NAME_MAX)
			return -ENAMETOOLONG;
		if (out && len)
			blob_text(out, ".", DNS_TEXT_MAX);
		if (out)
			blob_add(out, d.data + pos, n, DNS_TEXT_MAX);
		len += n + 1u;
		pos += n;
	}
	if (!jumped)
		*at = pos;
	return 0;
}

static void data_print(struct dns_tx *tx, struct span d, uint32_t at, uint32_t len, struct dns_record *record)
{
	char text[INET6_ADDRSTRLEN];
	uint32_t name = at;

	record->data_at = tx->text.len;
	switch (record->type) {
	case DNS_A:
		if (len == 4 && inet_ntop(AF_INET, d.data + at, text, sizeof(text)))
			blob_text(&tx->text, text, DNS_TEXT_MAX);
		break;
	case DNS_AAAA:
		if (len == 16 && inet_ntop(AF_INET6, d.data + at, text, sizeof(text)))
			blob_text(&tx->text, text, DNS_TEXT_MAX);
		break;
	case DNS_MX:
		name = at + 2;
		if (len < 3)
			break;
		/* fall through */
	case DNS_NS:
	case DNS_CNAME:
	case DNS_PTR:
	case DNS_SOA: /* the primary server */
		if (name_read(d, &name, &tx->text))
			tx->text.len = record->data_at;
		break;
	case DNS_TXT:
		while (len && d.data[at] < len) {
			blob_add(&tx->text, d.data + at + 1, d.data[at], DNS_TEXT_MAX);
			len -= d.data[at] + 1u;
			at += d.data[at] + 1u;
		}
		break;
	default:
		break;
	}
	record->data_len = tx->text.len - record->data_at;
}

static int record_read(struct dns_tx *tx, struct span d, uint32_t *at, bool answer, bool keep)
{
	struct dns_record record = {.name_at = tx->text.len};
	uint32_t len = 0;
	int error;

	error = name_read(d, at, keep ? &tx->text : NULL);
	if (!error && d.len - *at < (answer ? 10u : 4u))
		error = -EBADMSG;
	if (error) {
		tx->text.len = record.name_at;
		return error;
	}
	record.name_len = tx->text.len - record.name_at;
	record.type = get16(d, *at);
	record.rclass = get16(d, *at + 2);
	*at += 4;
	if (answer) {
		record.ttl = get32(d, *at);
		len = get16(d, *at + 4);
		*at += 6;
		if (len > d.len - *at)
			return -EBADMSG;
		if (keep)
			data_print(tx, d, *at, len, &record);
		*at += len;
	}
	return keep && blob_add(&tx->records, &record, sizeof(record),
				DNS_SECTIONS * DNS_RECORDS_MAX * sizeof(record))
		       ? -ENOMEM
		       : 0;
}

/* What part of a message is broken, and how. */
struct dns_fault {
	int error;
	enum app_event section; /* what to call an -EBADMSG there */
};

/*
 * Reads d into tx. Negative: broken somewhere, *fault says where; tx holds what came before. whole: nothing
 * may be left over.
 */
static int message_read(struct dns_tx *tx, struct span d, bool whole, uint64_t *skipped,
			struct dns_fault *fault)
{
	static const enum app_event faults[DNS_SECTIONS] = {
		EVENT_DNS_MALFORMED_DATA, EVENT_DNS_MALFORMED_DATA, EVENT_DNS_INVALID_AUTHORITIES,
		EVENT_DNS_INVALID_ADDITIONALS};
	uint32_t at = DNS_HEAD;

	*fault = (struct dns_fault){-EBADMSG, EVENT_DNS_MALFORMED_DATA};
	if (d.len < DNS_HEAD)
		return -EBADMSG;
	tx->id = get16(d, 0);
	tx->flags = get16(d, 2);
	tx->response = tx->flags & DNS_RESPONSE;
	for (unsigned int section = 0; section < DNS_SECTIONS; section++) {
		fault->section = faults[section];
		for (uint32_t i = 0, count = get16(d, 4 + 2 * section); i < count; i++) {
			uint32_t from = at;
			bool keep = i < DNS_RECORDS_MAX;

			fault->error = record_read(tx, d, &at, section != DNS_QUESTIONS, keep);
			if (fault->error)
				return fault->error;
			tx->counts[section] += keep;
			*skipped += keep ? 0 : at - from;
		}
	}
	return whole && at != d.len ? -EBADMSG : 0;
}

static void dns_tx_free(struct tx *tx)
{
	struct dns_tx *dns = (struct dns_tx *)tx;

	blob_free(&dns->text);
	blob_free(&dns->records);
	free(dns);
}

/* Is d, of which whole bytes may be all, a DNS message? On port 53 a sound head is enough. */
static bool dns_plausible(struct span d, bool complete, uint16_t port)
{
	struct dns_tx tx = {};
	struct dns_fault fault;
	uint64_t skipped = 0;
	uint32_t at = DNS_HEAD, opcode;
	bool good;

	if (d.len < DNS_HEAD)
		return false;
	opcode = get16(d, 2) >> 11 & 15;
	/* There an operation that nobody knows is an anomaly of DNS, elsewhere a sign of something else. */
	if (port != 53 && (opcode >= DNS_OPCODES || get16(d, 2) & DNS_Z))
		return false;
	if (port == 53)
		return !get16(d, 4) || name_read(d, &at, NULL) == 0;
	if (get16(d, 4) != 1 || (opcode != 0 && opcode != 4 && opcode != 5) || port == 137 || port == 5353 ||
	    port == 5355)
		return false;
	if (complete) {
		good = message_read(&tx, d, true, &skipped, &fault) == 0;
		blob_free(&tx.text);
		blob_free(&tx.records);
		return good;
	}
	return name_read(d, &at, NULL) == 0 && d.len - at >= 4 && get16(d, at + 2) == 1;
}

static enum app_probe udp_probe(struct span d, enum direction dir, uint16_t port)
{
	(void)dir;
	return dns_plausible(d, true, port) ? APP_PROBE_YES : APP_PROBE_NO;
}

static enum app_probe tcp_probe(struct span d, enum direction dir, uint16_t port)
{
	uint32_t len;

	(void)dir;
	if (d.len >= 2 && (get16(d, 0) < DNS_HEAD + 5 || get16(d, 0) > 16384))
		return APP_PROBE_NO;
	if (d.len < 6)
		return APP_PROBE_MORE;
	if (port != 53 && d.len >= 8 && get16(d, 6) != 1)
		return APP_PROBE_NO;
	if (d.len < 2 + DNS_HEAD)
		return APP_PROBE_MORE;
	len = get16(d, 0);
	d = span_from(d, 2);
	if (d.len < len && d.len < DNS_HEAD + 260)
		return APP_PROBE_MORE;
	return dns_plausible((struct span){d.data, d.len < len ? d.len : len}, d.len >= len, port)
		       ? APP_PROBE_YES
		       : APP_PROBE_NO;
}

static enum app_event fault_event(const struct dns_fault *fault)
{
	switch (fault->error) {
	case -ELOOP:
		return EVENT_DNS_INFINITE_LOOP;
	case -ENAMETOOLONG:
		return EVENT_DNS_NAME_TOO_LONG;
	case -E2BIG:
		return EVENT_DNS_TOO_MANY_LABELS;
	default:
		return fault->section;
	}
}

static enum app_status message_feed(struct flow *flow, enum direction dir, struct span d)
{
	struct dns_fault fault;
	struct dns_tx *tx;

	if (d.len < DNS_HEAD)
		return APP_ERROR;
	tx = (struct dns_tx *)app_tx_new(flow, sizeof(*tx), APP_DNS);
	if (!tx)
		return APP_OK;
	/* What is broken behind the questions does not take the questions away. */
	if (message_read(tx, d, false, &flow->app_skipped, &fault))
		tx_event_set(&tx->tx, fault_event(&fault));
	if (tx->flags & DNS_Z)
		tx_event_set(&tx->tx, EVENT_DNS_Z_FLAG_SET);
	if ((tx->flags >> 11 & 15) >= DNS_OPCODES)
		tx_event_set(&tx->tx, EVENT_DNS_INVALID_OPCODE);
	if (tx->response != (dir == TO_CLIENT))
		tx_event_set(&tx->tx, tx->response ? EVENT_DNS_NOT_REQUEST : EVENT_DNS_NOT_RESPONSE);
	tx->tx.done[TO_SERVER] = tx->tx.done[TO_CLIENT] = true;
	tx->tx.dirty[dir] = true;
	return APP_OK;
}

static enum app_status udp_feed(struct flow *flow, enum direction dir, struct span data, bool gap, bool last)
{
	(void)gap;
	(void)last;
	return data.len ? message_feed(flow, dir, data) : APP_OK;
}

static enum app_status tcp_feed(struct flow *flow, enum direction dir, struct span data, bool gap, bool last)
{
	struct dns *dns = flow->app_state[0];
	enum app_status status = APP_OK;

	(void)last;
	if (!dns)
		dns = flow->app_state[0] = calloc(1, sizeof(*dns));
	if (!dns)
		return APP_ERROR;
	dns->blind[dir] |= gap; /* message borders cannot be found again */
	while (data.len && !dns->blind[dir] && status == APP_OK) {
		struct blob *message = &dns->message[dir];
		uint32_t want = message->len < 2 ? 2 : 2u + get16(blob_span(message), 0), n;

		n = want - message->len < data.len ? want - message->len : data.len;
		if (blob_add(message, data.data, n, 2 + UINT16_MAX))
			dns->blind[dir] = true;
		data = span_from(data, n);
		if (message->len < 2 || message->len < 2u + get16(blob_span(message), 0))
			continue;
		status = message_feed(flow, dir, span_from(blob_span(message), 2));
		blob_clear(message);
	}
	return status;
}

static void tcp_flow_free(struct flow *flow)
{
	struct dns *dns = flow->app_state[0];

	if (!dns)
		return;
	blob_free(&dns->message[0]);
	blob_free(&dns->message[1]);
	free(dns);
	flow->app_state[0] = NULL;
}

static void udp_flow_free(struct flow *flow)
{
	flow->app_state[0] = NULL;
}

const struct dns_record *dns_record(const struct dns_tx *tx, enum dns_section section, unsigned int index)
{
	if (index >= tx->counts[section])
		return NULL;
	for (unsigned int before = 0; before < section; before++)
		index += tx->counts[before];
	return (const struct dns_record *)tx->records.data + index;
}

static struct span text_at(const struct dns_tx *tx, uint32_t at, uint32_t len)
{
	return (struct span){tx->text.data ? tx->text.data + at : NULL, len};
}

static bool names_another(const struct dns_record *record)
{
	switch (record->type) {
	case DNS_NS:
	case DNS_CNAME:
	case DNS_SOA:
	case DNS_PTR:
	case DNS_MX:
		return record->data_len > 0;
	default:
		return false;
	}
}

/* The index-th of all names in the sections behind the questions: of records, and in what some of them say.
 */
static bool response_name(const struct dns_tx *tx, unsigned int index, struct span *out)
{
	for (unsigned int section = DNS_ANSWERS; section < DNS_SECTIONS; section++) {
		const struct dns_record *record;

		for (unsigned int i = 0; (record = dns_record(tx, (enum dns_section)section, i)); i++) {
			*out = text_at(tx, record->name_at, record->name_len);
			if (!index--)
				return true;
			if (!names_another(record))
				continue;
			*out = text_at(tx, record->data_at, record->data_len);
			if (!index--)
				return true;
		}
	}
	return false;
}

static bool dns_buffer(const struct tx *tx, enum buffer_id id, enum direction dir, unsigned int index,
		       struct span *out, bool *final)
{
	const struct dns_tx *dns = (const struct dns_tx *)tx;
	const struct dns_record *record;
	uint32_t number;

	*final = true;
	if (dir != (dns->response ? TO_CLIENT : TO_SERVER))
		return false;
	switch (id) {
	case BUFFER_DNS_QUERY:
	case BUFFER_DNS_QUERIES_RRNAME:
	case BUFFER_DNS_ANSWERS_RRNAME:
	case BUFFER_DNS_AUTHORITIES_RRNAME:
	case BUFFER_DNS_ADDITIONALS_RRNAME:
		record = dns_record(dns,
				    id == BUFFER_DNS_ANSWERS_RRNAME	  ? DNS_ANSWERS
				    : id == BUFFER_DNS_AUTHORITIES_RRNAME ? DNS_AUTHORITIES
				    : id == BUFFER_DNS_ADDITIONALS_RRNAME ? DNS_ADDITIONALS
									  : DNS_QUESTIONS,
				    index);
		if (record)
			*out = text_at(dns, record->name_at, record->name_len);
		return record;
	case BUFFER_DNS_RESPONSE_RRNAME:
		return dns->response && response_name(dns, index, out);
	case BUFFER_DNS_OPCODE:
		number = dns->flags >> 11 & 15;
		break;
	case BUFFER_DNS_RCODE:
		number = dns->flags & 15;
		break;
	case BUFFER_DNS_RRTYPE:
		record = index < dns->counts[DNS_QUESTIONS]
				 ? dns_record(dns, DNS_QUESTIONS, index)
				 : dns_record(dns, DNS_ANSWERS, index - dns->counts[DNS_QUESTIONS]);
		if (!record)
			return false;
		number = record->type;
		break;
	default:
		return false;
	}
	return tx_number(number, out);
}

const struct app_decoder app_dns_udp = {
	.proto = APP_DNS,
	.ip_proto = IPPROTO_UDP,
	.probe = udp_probe,
	.feed = udp_feed,
	.buffer = dns_buffer,
	.tx_free = dns_tx_free,
	.flow_free = udp_flow_free,
};

const struct app_decoder app_dns_tcp = {
	.proto = APP_DNS,
	.ip_proto = IPPROTO_TCP,
	.probe = tcp_probe,
	.feed = tcp_feed,
	.buffer = dns_buffer,
	.tx_free = dns_tx_free,
	.flow_free = tcp_flow_free,
};
