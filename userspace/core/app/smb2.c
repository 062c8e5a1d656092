// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * smb2.c - messages of SMB 2 and 3 (MS-SMB2 section 2.2).
 */
#include "smb.h"

#include <string.h>

#define SMB2_HEAD	     64u
#define SMB2_CHAIN_MAX	     16u
#define SMB2_PIPE_TRANSCEIVE 0x0011c017u
#define SMB2_FLAG_ANSWER     1u
#define SMB2_FLAG_ASYNC	     2u
#define SMB2_PENDING	     0x00000103u
#define SMB2_OVERFLOW	     0x80000005u /* there is more, which another read asks for */
#define SMB2_ENCRYPTS	     4u		 /* session flag: what follows is encrypted, all of it */

enum {
	SMB2_NEGOTIATE = 0,
	SMB2_SESSION = 1,
	SMB2_TREE = 3,
	SMB2_CREATE = 5,
	SMB2_CLOSE = 6,
	SMB2_READ = 8,
	SMB2_WRITE = 9
};
enum { SMB2_IOCTL = 11, SMB2_GET_INFO = 16, SMB2_SET_INFO = 17 };

struct smb2_message {
	struct span all, body;
	uint64_t number;
	uint64_t related; /* file that a chained message before it opens, 0: none */
	uint32_t tree, status;
	uint16_t command;
};

/* Until the answer tells its own number, an open file goes by that of the request. */
static uint64_t opening_id(uint64_t number)
{
	return number | 1ull << 62;
}

/* All ones: the file of the message before it in the chain. */
static uint64_t file_id(const struct smb2_message *m, const uint8_t *p)
{
	uint64_t id = le64(p) ^ le64(p + 8) << 1;

	if (le64(p) == UINT64_MAX && le64(p + 8) == UINT64_MAX)
		return m->related;
	return id ? id : 1;
}

static void session_request(struct flow *flow, const struct smb2_message *m, struct smb_tx *tx)
{
	if (tx && m->body.len >= 16)
		smb_logon_put(flow, tx, smb_part(m->all, le16(m->body.data + 12), le16(m->body.data + 14)));
}

/* Bytes to or from an open file: where in the message, how many, where in the file. */
static void write_request(struct flow *flow, struct smb *smb, const struct smb2_message *m)
{
	const uint8_t *p = m->body.data;
	struct smb_asked where = {.tree = m->tree};

	if (m->body.len < 32)
		return;
	where.file = file_id(m, p + 16);
	where.at = le64(p + 8);
	smb_size_check(flow, smb, TO_SERVER, false, le32(p + 4));
	smb_content(flow, smb, TO_SERVER, &where, m->all, le16(p + 2), le32(p + 4));
}

static void read_request(struct flow *flow, struct smb *smb, const struct smb2_message *m)
{
	if (m->body.len < 32)
		return;
	smb_size_check(flow, smb, TO_CLIENT, false, le32(m->body.data + 4));
	smb_ask(smb, &(struct smb_asked){.message = m->number,
					 .file = file_id(m, m->body.data + 16),
					 .at = le64(m->body.data + 8),
					 .tree = m->tree});
}

static void ioctl_request(struct flow *flow, struct smb *smb, const struct smb2_message *m)
{
	const uint8_t *p = m->body.data;
	uint64_t id;

	if (m->body.len < 40 || le32(p + 4) != SMB2_PIPE_TRANSCEIVE)
		return;
	id = file_id(m, p + 8);
	smb_ask(smb,
		&(struct smb_asked){.message = m->number, .file = id, .tree = m->tree, .transaction = true});
	smb_pipe_feed(flow, smb, TO_SERVER, id, smb_part(m->all, le32(p + 24), le32(p + 28)));
}

static bool has_tx(uint16_t command)
{
	return command != SMB2_READ && command != SMB2_WRITE && command != SMB2_GET_INFO &&
	       command != SMB2_SET_INFO;
}

static void request(struct flow *flow, struct smb *smb, struct smb2_message *m)
{
	struct smb_tx *tx = has_tx(m->command) ? smb_tx_open(flow, smb, m->number) : NULL;
	const uint8_t *p = m->body.data;
	struct span name;

	switch (m->command) {
	case SMB2_SESSION:
		session_request(flow, m, tx);
		return;
	case SMB2_TREE:
		if (tx && m->body.len >= 8)
			smb_share_put(flow, tx, smb_part(m->all, le16(p + 4), le16(p + 6)), true);
		return;
	case SMB2_CREATE:
		if (m->body.len < 48)
			return;
		name = smb_part(m->all, le16(p + 44), le16(p + 46));
		if (tx)
			smb_name_put(flow, &tx->file, name, true);
		smb_file_open(flow, smb, opening_id(m->number), name, true);
		m->related = opening_id(m->number);
		return;
	case SMB2_CLOSE:
		if (m->body.len >= 24)
			smb_file_close(flow, smb, file_id(m, p + 8));
		return;
	case SMB2_WRITE:
		write_request(flow, smb, m);
		return;
	case SMB2_READ:
		read_request(flow, smb, m);
		return;
	case SMB2_IOCTL:
		ioctl_request(flow, smb, m);
		return;
	}
}

static void read_answer(struct flow *flow, struct smb *smb, const struct smb2_message *m)
{
	const uint8_t *p = m->body.data;
	struct smb_asked where;

	if (!smb_asked_take(smb, m->number, &where) || m->body.len < 16 ||
	    (m->status && m->status != SMB2_OVERFLOW))
		return;
	/* It was asked in one chain with the file's opening, whose answer stands before this one. */
	if (m->related && where.file >> 62 == 1)
		where.file = m->related;
	smb_size_check(flow, smb, TO_CLIENT, true, le32(p + 4));
	smb_content(flow, smb, TO_CLIENT, &where, m->all, p[2], le32(p + 4));
}

static void ioctl_answer(struct flow *flow, struct smb *smb, const struct smb2_message *m)
{
	const uint8_t *p = m->body.data;
	struct smb_asked where;

	if (smb_asked_take(smb, m->number, &where) && m->body.len >= 48)
		smb_pipe_feed(flow, smb, TO_CLIENT, where.file, smb_part(m->all, le32(p + 32), le32(p + 36)));
}

/* What the server says that reads and writes may have (MS-SMB2 2.2.4). */
static void negotiate_answer(struct flow *flow, struct smb *smb, const struct smb2_message *m)
{
	if (m->status || m->body.len < 40)
		return;
	smb->most[TO_CLIENT] = le32(m->body.data + 32);
	smb->most[TO_SERVER] = le32(m->body.data + 36);
	if (smb->most[TO_CLIENT] > SMB_MOVED_MAX)
		smb_note(flow, smb, EVENT_SMB_NEGOTIATE_MAX_READ_SIZE_TOO_LARGE);
	if (smb->most[TO_SERVER] > SMB_MOVED_MAX)
		smb_note(flow, smb, EVENT_SMB_NEGOTIATE_MAX_WRITE_SIZE_TOO_LARGE);
}

static void answer(struct flow *flow, struct smb *smb, struct smb2_message *m)
{
	const uint8_t *p = m->body.data;
	struct smb_tx *tx;

	if (m->status == SMB2_PENDING) /* the answer comes later */
		return;
	tx = smb_tx_answered(flow, smb, m->number);
	switch (m->command) {
	case SMB2_NEGOTIATE:
		negotiate_answer(flow, smb, m);
		return;
	case SMB2_SESSION:
		smb->encrypts |= !m->status && m->body.len >= 8 && le16(p + 2) & SMB2_ENCRYPTS;
		return;
	case SMB2_TREE:
		if (tx && !m->status)
			smb_tree_put(smb, m->tree, tx->pipe.len > 0);
		return;
	case SMB2_CREATE:
		m->related = !m->status && m->body.len >= 80 ? file_id(m, p + 64) : 0;
		smb_file_opened(flow, smb, opening_id(m->number), m->related);
		return;
	case SMB2_READ:
		read_answer(flow, smb, m);
		return;
	case SMB2_IOCTL:
		ioctl_answer(flow, smb, m);
		return;
	}
}

/* Messages may be chained: each says where the next one begins. */
void smb2_read(struct flow *flow, struct smb *smb, enum direction dir, struct span m)
{
	struct smb2_message one = {};
	bool whole = m.len < SMB_KEPT - NETBIOS_HEAD;

	if (m.len < SMB2_HEAD) {
		smb_malformed(flow, smb);
		return;
	}

	for (unsigned int chained = 0; chained < SMB2_CHAIN_MAX && m.len >= SMB2_HEAD; chained++) {
		uint32_t next = le32(m.data + 20);
		bool last = next < SMB2_HEAD || next > m.len;

		if (memcmp(m.data, "\xfeSMB", 4) || le16(m.data + 4) != SMB2_HEAD ||
		    (next && last && (next < SMB2_HEAD || whole)))
			smb_malformed(flow, smb);
		if (memcmp(m.data, "\xfeSMB", 4))
			return;
		smb_way_check(flow, smb, dir, le32(m.data + 16) & SMB2_FLAG_ANSWER);
		one.all = m;
		if (!last)
			one.all.len = next;
		one.body = span_from(one.all, SMB2_HEAD);
		one.command = le16(m.data + 12);
		one.number = le64(m.data + 24);
		one.status = le32(m.data + 8);
		one.tree = le32(m.data + 16) & SMB2_FLAG_ASYNC ? 0 : le32(m.data + 36);
		if (dir == TO_SERVER)
			request(flow, smb, &one);
		else
			answer(flow, smb, &one);
		if (last)
			return;
		m = span_from(m, next);
	}
}
