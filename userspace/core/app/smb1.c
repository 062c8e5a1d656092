// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * smb1.c - messages of SMB 1 (MS-CIFS section 2.2), those in a chain of
 * "AndX" commands too.
 */
#include "smb.h"

#define SMB1_HEAD	    32u
#define SMB1_CHAIN_MAX	    8u
#define SMB1_FLAGS2_UNICODE 0x8000u
#define SMB1_PIPE_TRANSACT  0x26u
#define SMB1_NO_ANDX	    0xffu
#define SMB1_FLAG_ANSWER    0x80u
#define SMB1_NO_DIALECT	    0xffffu

enum { SMB1_CLOSE = 0x04, SMB1_WRITE_OLD = 0x0b, SMB1_LOCKING = 0x24, SMB1_TRANS = 0x25, SMB1_OPEN = 0x2d };
enum { SMB1_READ = 0x2e, SMB1_WRITE = 0x2f, SMB1_WRITE_CLOSE = 0x2c, SMB1_TRANS2 = 0x32 };
enum { SMB1_NEGOTIATE = 0x72, SMB1_SESSION = 0x73, SMB1_LOGOFF = 0x74, SMB1_TREE = 0x75, SMB1_CREATE = 0xa2 };

struct smb1_message {
	struct span all, words, bytes;
	uint64_t number;
	uint64_t related;  /* file that a command before it in the chain opens, 0: none */
	uint32_t bytes_at; /* in all */
	uint16_t tree;
	uint8_t command;
	bool wide, failed;
};

/* Until the answer tells its own number, an open file goes by that of the request. */
static uint64_t opening_id(uint64_t number)
{
	return number | 1ull << 62;
}

/* All ones: the file that the chain has just opened. */
static uint64_t file_id(const struct smb1_message *m, uint16_t fid)
{
	return fid == 0xffff && m->related ? m->related : fid + 1ull;
}

/* Wide text stands at an even place of the message. */
static struct span text_at(const struct smb1_message *m, uint32_t at)
{
	if (m->wide && (m->bytes_at + at) & 1)
		at++;
	return at < m->bytes.len ? span_from(m->bytes, at) : (struct span){};
}

static void open_request(struct flow *flow, struct smb *smb, struct smb1_message *m, struct smb_tx *tx)
{
	struct span name = text_at(m, 0);

	if (tx)
		smb_name_put(flow, &tx->file, name, m->wide);
	smb_file_open(flow, smb, opening_id(m->number), name, m->wide);
	m->related = opening_id(m->number);
}

static void write_request(struct flow *flow, struct smb *smb, const struct smb1_message *m)
{
	const uint8_t *w = m->words.data;
	struct smb_asked where = {.tree = m->tree};

	if (m->words.len < 24)
		return;
	where.file = file_id(m, le16(w + 4));
	where.at = le32(w + 6) | (m->words.len >= 28 ? (uint64_t)le32(w + 24) << 32 : 0);
	smb_content(flow, smb, TO_SERVER, &where, m->all, le16(w + 22),
		    le16(w + 20) | (uint32_t)le16(w + 18) << 16);
}

/* Both old forms: a file, a count, a place; the bytes behind a small head or a byte of padding. */
static void write_old_request(struct flow *flow, struct smb *smb, const struct smb1_message *m)
{
	uint32_t head = m->command == SMB1_WRITE_OLD ? 3 : 1;
	const uint8_t *w = m->words.data;
	struct smb_asked where = {.tree = m->tree};

	if (m->words.len < 10 || m->bytes.len < head)
		return;
	where.file = file_id(m, le16(w));
	where.at = le32(w + 4);
	smb_content(flow, smb, TO_SERVER, &where, m->all, m->bytes_at + head, le16(w + 2));
	if (m->command == SMB1_WRITE_CLOSE)
		smb_file_close(flow, smb, where.file);
}

static void read_request(struct smb *smb, const struct smb1_message *m)
{
	const uint8_t *w = m->words.data;

	if (m->words.len >= 10)
		smb_ask(smb,
			&(struct smb_asked){.message = m->number,
					    .file = file_id(m, le16(w + 4)),
					    .at = le32(w + 6) |
						  (m->words.len >= 24 ? (uint64_t)le32(w + 20) << 32 : 0),
					    .tree = m->tree});
}

static void trans_request(struct flow *flow, struct smb *smb, const struct smb1_message *m)
{
	const uint8_t *w = m->words.data;
	uint64_t id;

	if (m->words.len < 32 || w[26] < 2 || le16(w + 28) != SMB1_PIPE_TRANSACT)
		return;
	id = le16(w + 30) + 1ull;
	smb_ask(smb,
		&(struct smb_asked){.message = m->number, .file = id, .tree = m->tree, .transaction = true});
	smb_pipe_feed(flow, smb, TO_SERVER, id, smb_part(m->all, le16(w + 24), le16(w + 22)));
}

static void session_request(struct flow *flow, const struct smb1_message *m, struct smb_tx *tx)
{
	if (tx && m->words.len == 24) /* with extended security */
		smb_logon_put(flow, tx, m->bytes);
}

/* "\2" and a name that ends in NUL, each (MS-CIFS 2.2.4.52.1). */
static void negotiate_request(struct smb *smb, const struct smb1_message *m, struct smb_tx *tx)
{
	struct span list = m->bytes;

	smb->dialects = 0;
	while (list.len) {
		uint32_t end = span_find(list, 0);

		if (list.data[0] != 2 || end == list.len) {
			if (tx)
				tx_event_set(&tx->tx, EVENT_SMB_NEGOTIATE_MALFORMED_DIALECTS);
			return;
		}
		list = span_from(list, end + 1);
		smb->dialects++;
	}
}

/* The server chose one of them by its number, or none. */
static void negotiate_answer(const struct smb *smb, const struct smb1_message *m, struct smb_tx *tx)
{
	uint16_t chosen = m->words.len >= 2 ? le16(m->words.data) : SMB1_NO_DIALECT;

	if (tx && smb->dialects && chosen >= smb->dialects && chosen != SMB1_NO_DIALECT)
		tx_event_set(&tx->tx, EVENT_SMB_NEGOTIATE_MALFORMED_DIALECTS);
}

static bool has_tx(uint8_t command)
{
	return command != SMB1_READ && command != SMB1_WRITE && command != SMB1_TRANS &&
	       command != SMB1_TRANS2;
}

static void request(struct flow *flow, struct smb *smb, struct smb1_message *m)
{
	struct smb_tx *tx = has_tx(m->command) ? smb_tx_open(flow, smb, m->number) : NULL;
	const uint8_t *w = m->words.data;

	switch (m->command) {
	case SMB1_NEGOTIATE:
		negotiate_request(smb, m, tx);
		return;
	case SMB1_SESSION:
		session_request(flow, m, tx);
		return;
	case SMB1_TREE:
		if (tx && m->words.len >= 8) /* behind the password */
			smb_share_put(flow, tx, text_at(m, le16(w + 6)), m->wide);
		return;
	case SMB1_CREATE:
	case SMB1_OPEN:
		if (m->words.len >= 7)
			open_request(flow, smb, m, tx);
		return;
	case SMB1_CLOSE:
		if (m->words.len >= 2)
			smb_file_close(flow, smb, file_id(m, le16(w)));
		return;
	case SMB1_WRITE:
		write_request(flow, smb, m);
		return;
	case SMB1_WRITE_OLD:
	case SMB1_WRITE_CLOSE:
		write_old_request(flow, smb, m);
		return;
	case SMB1_READ:
		read_request(smb, m);
		return;
	case SMB1_TRANS:
		trans_request(flow, smb, m);
		return;
	}
}

static void read_answer(struct flow *flow, struct smb *smb, const struct smb1_message *m)
{
	const uint8_t *w = m->words.data;
	struct smb_asked where;

	if (!smb_asked_take(smb, m->number, &where) || m->failed || m->words.len < 14)
		return;
	if (m->related && where.file >> 62 == 1)
		where.file = m->related;
	smb_content(flow, smb, TO_CLIENT, &where, m->all, le16(w + 12),
		    le16(w + 10) | (m->words.len >= 16 ? (uint32_t)le16(w + 14) << 16 : 0));
}

static void answer(struct flow *flow, struct smb *smb, struct smb1_message *m)
{
	struct smb_tx *tx = smb_tx_answered(flow, smb, m->number);
	const uint8_t *w = m->words.data;
	struct smb_asked where;

	switch (m->command) {
	case SMB1_NEGOTIATE:
		negotiate_answer(smb, m, tx);
		return;
	case SMB1_TREE:
		if (tx && !m->failed)
			smb_tree_put(smb, m->tree, tx->pipe.len > 0);
		return;
	case SMB1_CREATE:
	case SMB1_OPEN:
		m->related = 0;
		if (!m->failed && m->words.len >= 7)
			m->related = le16(w + (m->command == SMB1_CREATE ? 5 : 4)) + 1ull;
		smb_file_opened(flow, smb, opening_id(m->number), m->related);
		return;
	case SMB1_READ:
		read_answer(flow, smb, m);
		return;
	case SMB1_TRANS:
		if (smb_asked_take(smb, m->number, &where) && m->words.len >= 16)
			smb_pipe_feed(flow, smb, TO_CLIENT, where.file,
				      smb_part(m->all, le16(w + 14), le16(w + 12)));
		return;
	}
}

static bool chains(uint8_t command)
{
	return command == SMB1_LOCKING || command == SMB1_OPEN || command == SMB1_READ ||
	       command == SMB1_WRITE || command == SMB1_SESSION || command == SMB1_LOGOFF ||
	       command == SMB1_TREE || command == SMB1_CREATE;
}

/* Words and bytes of the command at `at`. false: they are not there. */
static bool block_read(struct smb1_message *m, uint32_t at)
{
	struct span rest = at < m->all.len ? span_from(m->all, at) : (struct span){};

	if (!rest.len)
		return false;
	m->words = smb_part(rest, 1, rest.data[0] * 2u);
	if (rest.len < m->words.len + 3 || (rest.data[0] && !m->words.len))
		return false;
	rest = span_from(rest, m->words.len + 1);
	m->bytes = span_from(rest, 2);
	m->bytes_at = (uint32_t)(m->bytes.data - m->all.data);
	if (m->bytes.len > le16(rest.data))
		m->bytes.len = le16(rest.data);
	return true;
}

void smb1_read(struct flow *flow, struct smb *smb, enum direction dir, struct span all)
{
	struct smb1_message m = {.all = all};
	uint32_t at = SMB1_HEAD;

	if (all.len < SMB1_HEAD + 3) {
		smb_malformed(flow, smb);
		return;
	}
	m.command = all.data[4];
	m.failed = le32(all.data + 5) != 0;
	m.wide = le16(all.data + 10) & SMB1_FLAGS2_UNICODE;
	m.tree = le16(all.data + 24);
	m.number = le16(all.data + 30);
	/* A server takes back a lock in a request of its own. */
	if (m.command != SMB1_LOCKING)
		smb_way_check(flow, smb, dir, all.data[9] & SMB1_FLAG_ANSWER);
	for (unsigned int chained = 0; chained < SMB1_CHAIN_MAX; chained++) {
		uint32_t next;

		if (!block_read(&m, at)) {
			smb_malformed(flow, smb);
			return;
		}
		if (dir == TO_SERVER)
			request(flow, smb, &m);
		else
			answer(flow, smb, &m);
		if (!chains(m.command) || m.words.len < 4 || m.words.data[0] == SMB1_NO_ANDX)
			return;
		next = le16(m.words.data + 2);
		if (next <= at) /* forwards only */
			return;
		m.command = m.words.data[0];
		at = next;
	}
}
