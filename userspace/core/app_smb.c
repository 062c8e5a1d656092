// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * app_smb.c - SMB1 and SMB2 messages (MS-CIFS, MS-SMB2): which shares and
 * files are opened, and the DCE/RPC that runs over named pipes.
 */
#include "app_dcerpc.h"

#include <netinet/in.h>
#include <string.h>

#define NETBIOS_HEAD 4u
#define SMB1_HEAD    32u
#define SMB2_HEAD    64u
#define SMB_KEPT     (64u << 10) /* bytes of one message that are looked at; more are counted */
#define SMB_NAME_MAX 1024u
#define SMB_OPEN_MAX 64u /* transactions without an answer; more end the oldest */
#define SMB_PIPES    8u	 /* pipes with DCE/RPC at a time; more forget the oldest */
#define SMB_ASKED    16u /* reads and transactions of pipes whose answer is to come */

enum { SMB1_TRANS = 0x25, SMB1_READ = 0x2e, SMB1_WRITE = 0x2f, SMB1_TREE = 0x75, SMB1_CREATE = 0xa2 };
enum { SMB2_TREE = 3, SMB2_CREATE = 5, SMB2_READ = 8, SMB2_WRITE = 9, SMB2_IOCTL = 11 };
#define SMB2_PIPE_TRANSCEIVE 0x0011c017u
#define SMB1_FLAGS2_UNICODE  0x8000u
#define SMB1_PIPE_TRANSACT   0x26u

struct smb_tx {
	struct tx tx;
	uint64_t message; /* number that pairs request and answer */
	struct blob share, pipe, file;
};

struct smb_pipe {
	uint64_t id; /* of the open file, folded; 0: unused */
	struct dcerpc *dcerpc;
};

struct smb {
	struct blob message[2]; /* NetBIOS head and what is kept of the message */
	uint32_t seen[2];	/* of it, the head included */
	bool blind[2];
	uint32_t open;
	struct smb_pipe pipes[SMB_PIPES];
	uint32_t pipe_next;
	struct {
		uint64_t message, pipe;
	} asked[SMB_ASKED];
	uint32_t asked_next;
};

static uint16_t le16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t le32(const uint8_t *p)
{
	return (uint32_t)le16(p) | (uint32_t)le16(p + 2) << 16;
}

static uint64_t le64(const uint8_t *p)
{
	return (uint64_t)le32(p) | (uint64_t)le32(p + 4) << 32;
}

/* The part of in that a message names by offset and length; empty when it lies outside. */
static struct span part_of(struct span in, uint32_t at, uint32_t len)
{
	if (at > in.len || len > in.len - at)
		return (struct span){};
	return (struct span){in.data + at, len};
}

static enum app_probe smb_probe(struct span d, enum direction dir, uint16_t server_port)
{
	const uint8_t *p = d.data;

	(void)dir;
	(void)server_port;
	/* A NetBIOS session request comes before SMB on port 139. */
	if (p[0] == 0x81 && d.len > 3)
		return p[1] == 0 && p[2] == 0 && p[3] == 68 ? APP_PROBE_YES : APP_PROBE_NO;
	if (p[0] == 0x82 && d.len > 3)
		return p[1] == 0 && p[2] == 0 && p[3] == 0 ? APP_PROBE_YES : APP_PROBE_NO;
	if (p[0] != 0)
		return p[0] == 0x81 || p[0] == 0x82 ? APP_PROBE_MORE : APP_PROBE_NO;
	if (d.len < NETBIOS_HEAD + 4)
		return APP_PROBE_MORE;
	return (p[4] == 0xff || p[4] == 0xfe || p[4] == 0xfd) && !memcmp(p + 5, "SMB", 3) ? APP_PROBE_YES
											  : APP_PROBE_NO;
}

/* --- transactions */

static void tx_end(struct smb *smb, struct smb_tx *tx)
{
	if (tx->tx.done[TO_CLIENT])
		return;
	tx->tx.done[TO_CLIENT] = true;
	tx->tx.dirty[TO_CLIENT] = true;
	smb->open--;
}

static struct smb_tx *tx_find(const struct flow *flow, bool any, uint64_t message)
{
	for (struct tx *tx = flow->txs; tx; tx = tx->next)
		if (tx->proto == APP_SMB && !tx->done[TO_CLIENT] &&
		    (any || ((struct smb_tx *)tx)->message == message))
			return (struct smb_tx *)tx;
	return NULL;
}

static struct smb_tx *tx_open(struct flow *flow, struct smb *smb, uint64_t message)
{
	struct smb_tx *tx;

	if (smb->open == SMB_OPEN_MAX) {
		tx = tx_find(flow, true, 0);
		tx_event_set(&tx->tx, EVENT_SMB_TOO_MANY_TRANSACTIONS);
		tx_end(smb, tx);
	}
	tx = (struct smb_tx *)app_tx_new(flow, sizeof(*tx), APP_SMB);
	if (!tx)
		return NULL;
	smb->open++;
	tx->message = message;
	tx->tx.done[TO_SERVER] = tx->tx.dirty[TO_SERVER] = true;
	return tx;
}

/* --- names */

/* Text that senders hold in UTF-16 or bytes, to bytes: what has no single one becomes "?". Ends at a NUL. */
static void name_put(struct flow *flow, struct blob *out, struct span text, bool wide)
{
	unsigned int step = wide ? 2 : 1;

	for (; text.len >= step; text = span_from(text, step)) {
		uint8_t c = text.data[0];

		if (!c && (!wide || !text.data[1]))
			return;
		if (wide && text.data[1])
			c = '?';
		flow->app_skipped += blob_add(out, &c, 1, SMB_NAME_MAX);
	}
}

/* A share's path, \\server\name. IPC$ is where pipes are. */
static void share_put(struct flow *flow, struct smb_tx *tx, struct span path, bool wide)
{
	static const char pipes[] = "IPC$";
	struct span name;

	name_put(flow, &tx->share, path, wide);
	name = blob_span(&tx->share);
	if (name.len >= 4 && span_is(span_from(name, name.len - 4), pipes)) {
		tx->pipe = tx->share;
		tx->share = (struct blob){};
	}
}

/* --- pipes */

static struct dcerpc *pipe_get(struct flow *flow, struct smb *smb, uint64_t id)
{
	struct smb_pipe *pipe;

	for (unsigned int i = 0; i < SMB_PIPES; i++)
		if (smb->pipes[i].id == id && smb->pipes[i].dcerpc)
			return smb->pipes[i].dcerpc;
	pipe = &smb->pipes[smb->pipe_next++ % SMB_PIPES];
	if (pipe->dcerpc)
		dcerpc_feed(flow, pipe->dcerpc, TO_CLIENT, (struct span){}, false, true);
	dcerpc_free(pipe->dcerpc);
	pipe->id = id;
	pipe->dcerpc = dcerpc_new();
	return pipe->dcerpc;
}

static bool pipe_known(const struct smb *smb, uint64_t id)
{
	for (unsigned int i = 0; i < SMB_PIPES; i++)
		if (smb->pipes[i].dcerpc && smb->pipes[i].id == id)
			return true;
	return false;
}

static void pipe_ask(struct smb *smb, uint64_t message, uint64_t pipe)
{
	unsigned int at = smb->asked_next++ % SMB_ASKED;

	smb->asked[at].message = message;
	smb->asked[at].pipe = pipe;
}

/* Data of an open file. Only what begins like DCE/RPC makes a pipe of it. */
static void pipe_write(struct flow *flow, struct smb *smb, uint64_t id, struct span data)
{
	struct dcerpc *dcerpc;

	if (!pipe_known(smb, id) &&
	    (data.len < 16 || data.data[0] != 5 || data.data[1] > 1 || data.data[2] > 19))
		return;
	dcerpc = pipe_get(flow, smb, id);
	if (dcerpc)
		dcerpc_feed(flow, dcerpc, TO_SERVER, data, false, false);
}

static void pipe_answer(struct flow *flow, struct smb *smb, uint64_t message, struct span data)
{
	for (unsigned int i = 0; i < SMB_ASKED; i++) {
		if (!smb->asked[i].pipe || smb->asked[i].message != message)
			continue;
		if (pipe_known(smb, smb->asked[i].pipe))
			dcerpc_feed(flow, pipe_get(flow, smb, smb->asked[i].pipe), TO_CLIENT, data, false,
				    false);
		smb->asked[i].pipe = 0;
		return;
	}
}

/* --- SMB2 */

static uint64_t file_id2(const uint8_t *p)
{
	uint64_t id = le64(p) ^ le64(p + 8) << 1;

	return id ? id : 1;
}

static void smb2_request(struct flow *flow, struct smb *smb, uint16_t command, uint64_t number, struct span m)
{
	struct span body = span_from(m, SMB2_HEAD);
	const uint8_t *p = body.data;
	struct smb_tx *tx;

	switch (command) {
	case SMB2_TREE:
		tx = body.len >= 8 ? tx_open(flow, smb, number) : NULL;
		if (tx)
			share_put(flow, tx, part_of(m, le16(p + 4), le16(p + 6)), true);
		return;
	case SMB2_CREATE:
		tx = body.len >= 48 ? tx_open(flow, smb, number) : NULL;
		if (tx)
			name_put(flow, &tx->file, part_of(m, le16(p + 44), le16(p + 46)), true);
		return;
	case SMB2_WRITE:
		if (body.len >= 32)
			pipe_write(flow, smb, file_id2(p + 16), part_of(m, le16(p + 2), le32(p + 4)));
		return;
	case SMB2_READ:
		if (body.len >= 32)
			pipe_ask(smb, number, file_id2(p + 16));
		return;
	case SMB2_IOCTL:
		if (body.len < 40 || le32(p + 4) != SMB2_PIPE_TRANSCEIVE)
			return;
		pipe_ask(smb, number, file_id2(p + 8));
		pipe_write(flow, smb, file_id2(p + 8), part_of(m, le32(p + 24), le32(p + 28)));
		return;
	}
}

static void smb2_answer(struct flow *flow, struct smb *smb, uint16_t command, uint64_t number, struct span m)
{
	struct span body = span_from(m, SMB2_HEAD);
	const uint8_t *p = body.data;
	struct smb_tx *tx = tx_find(flow, false, number);

	if (tx)
		tx_end(smb, tx);
	if (command == SMB2_READ && body.len >= 16)
		pipe_answer(flow, smb, number, part_of(m, p[2], le32(p + 4)));
	if (command == SMB2_IOCTL && body.len >= 48)
		pipe_answer(flow, smb, number, part_of(m, le32(p + 32), le32(p + 36)));
}

/* Messages may be chained: each says where the next one begins. */
static void smb2_read(struct flow *flow, struct smb *smb, enum direction dir, struct span m)
{
	for (unsigned int chained = 0; chained < 16 && m.len >= SMB2_HEAD; chained++) {
		uint32_t next = le32(m.data + 20);
		struct span one = m;

		if (next >= SMB2_HEAD && next <= m.len)
			one.len = next;
		if (memcmp(m.data, "\xfeSMB", 4))
			return;
		if (dir == TO_SERVER)
			smb2_request(flow, smb, le16(m.data + 12), le64(m.data + 24), one);
		else
			smb2_answer(flow, smb, le16(m.data + 12), le64(m.data + 24), one);
		if (next < SMB2_HEAD || next > m.len)
			return;
		m = span_from(m, next);
	}
}

/* --- SMB1 */

static void smb1_request(struct flow *flow, struct smb *smb, struct span m, struct span words,
			 struct span bytes)
{
	bool wide = le16(m.data + 10) & SMB1_FLAGS2_UNICODE;
	uint64_t number = le16(m.data + 30);
	const uint8_t *w = words.data;
	struct smb_tx *tx;
	uint32_t at;

	switch (m.data[4]) {
	case SMB1_TREE:
		tx = words.len >= 8 ? tx_open(flow, smb, number) : NULL;
		if (!tx)
			return;
		at = le16(w + 6); /* behind the password */
		if (wide && ((uint32_t)(bytes.data - m.data) + at) & 1)
			at++;
		share_put(flow, tx, part_of(bytes, at, bytes.len > at ? bytes.len - at : 0), wide);
		return;
	case SMB1_CREATE:
		tx = words.len >= 7 ? tx_open(flow, smb, number) : NULL;
		if (!tx)
			return;
		at = wide && (uint32_t)(bytes.data - m.data) & 1;
		name_put(flow, &tx->file, part_of(bytes, at, bytes.len > at ? bytes.len - at : 0), wide);
		return;
	case SMB1_WRITE:
		if (words.len >= 24)
			pipe_write(flow, smb, le16(w + 4) + 1ull, part_of(m, le16(w + 22), le16(w + 20)));
		return;
	case SMB1_READ:
		if (words.len >= 6)
			pipe_ask(smb, number, le16(w + 4) + 1ull);
		return;
	case SMB1_TRANS:
		if (words.len < 32 || w[26] < 2 || le16(w + 28) != SMB1_PIPE_TRANSACT)
			return;
		pipe_ask(smb, number, le16(w + 30) + 1ull);
		pipe_write(flow, smb, le16(w + 30) + 1ull, part_of(m, le16(w + 24), le16(w + 22)));
		return;
	}
}

static void smb1_answer(struct flow *flow, struct smb *smb, struct span m, struct span words)
{
	uint64_t number = le16(m.data + 30);
	struct smb_tx *tx = tx_find(flow, false, number);

	if (tx)
		tx_end(smb, tx);
	if (m.data[4] == SMB1_READ && words.len >= 14)
		pipe_answer(flow, smb, number, part_of(m, le16(words.data + 12), le16(words.data + 10)));
	if (m.data[4] == SMB1_TRANS && words.len >= 16)
		pipe_answer(flow, smb, number, part_of(m, le16(words.data + 14), le16(words.data + 12)));
}

static void smb1_read(struct flow *flow, struct smb *smb, enum direction dir, struct span m)
{
	struct span rest, words, bytes;

	if (m.len < SMB1_HEAD + 3)
		return;
	rest = span_from(m, SMB1_HEAD);
	words = part_of(rest, 1, rest.data[0] * 2u);
	rest = span_from(rest, words.len + 1);
	if (rest.len < 2)
		return;
	bytes = span_from(rest, 2);
	if (bytes.len > le16(rest.data))
		bytes.len = le16(rest.data);
	if (dir == TO_SERVER)
		smb1_request(flow, smb, m, words, bytes);
	else
		smb1_answer(flow, smb, m, words);
}

/* --- framing */

static void message_read(struct flow *flow, struct smb *smb, enum direction dir)
{
	struct span m = blob_span(&smb->message[dir]);

	if (m.data[0] || m.len < NETBIOS_HEAD + 4)
		return;
	m = span_from(m, NETBIOS_HEAD);
	if (!memcmp(m.data, "\xfeSMB", 4))
		smb2_read(flow, smb, dir, m);
	else if (!memcmp(m.data, "\xffSMB", 4))
		smb1_read(flow, smb, dir, m);
}

static enum app_status smb_feed(struct flow *flow, enum direction dir, struct span data, bool gap, bool last)
{
	struct smb *smb = flow->app_state[0];
	struct blob *message;

	if (!smb)
		smb = flow->app_state[0] = calloc(1, sizeof(*smb));
	if (!smb)
		return APP_ERROR;
	message = &smb->message[dir];
	smb->blind[dir] |= gap; /* message borders cannot be found again */
	while (data.len && !smb->blind[dir]) {
		const uint8_t *p = message->data;
		uint32_t whole = NETBIOS_HEAD, n;

		if (smb->seen[dir] >= NETBIOS_HEAD)
			whole += (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
		n = whole - smb->seen[dir] < data.len ? whole - smb->seen[dir] : data.len;
		if (message->len == smb->seen[dir])
			flow->app_skipped += blob_add(message, data.data, n, SMB_KEPT);
		else
			flow->app_skipped += n;
		smb->seen[dir] += n;
		data = span_from(data, n);
		if (message->len < NETBIOS_HEAD && smb->seen[dir] >= NETBIOS_HEAD) { /* no memory */
			smb->blind[dir] = true;
			break;
		}
		p = message->data;
		if (smb->seen[dir] < NETBIOS_HEAD ||
		    smb->seen[dir] < NETBIOS_HEAD + ((uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]))
			continue;
		message_read(flow, smb, dir);
		blob_clear(message);
		smb->seen[dir] = 0;
	}
	if (last && dir == TO_CLIENT)
		for (struct smb_tx *tx; (tx = tx_find(flow, true, 0));)
			tx_end(smb, tx);
	if (last)
		for (unsigned int i = 0; i < SMB_PIPES; i++)
			if (smb->pipes[i].dcerpc)
				dcerpc_feed(flow, smb->pipes[i].dcerpc, dir, (struct span){}, false, true);
	return APP_OK;
}

static bool smb_buffer(const struct tx *tx, enum buffer_id id, enum direction dir, unsigned int index,
		       struct span *out, bool *final)
{
	const struct smb_tx *smb = (const struct smb_tx *)tx;

	(void)dir;
	*final = true;
	switch (id) {
	case BUFFER_SMB_SHARE:
		*out = blob_span(&smb->share);
		break;
	case BUFFER_SMB_NAMED_PIPE:
		*out = blob_span(&smb->pipe);
		break;
	case BUFFER_FILE_NAME:
		*out = blob_span(&smb->file);
		break;
	default:
		return false;
	}
	return !index && out->len > 0;
}

static void smb_tx_free(struct tx *tx)
{
	struct smb_tx *smb = (struct smb_tx *)tx;

	blob_free(&smb->share);
	blob_free(&smb->pipe);
	blob_free(&smb->file);
	free(smb);
}

static void smb_flow_free(struct flow *flow)
{
	struct smb *smb = flow->app_state[0];

	if (!smb)
		return;
	blob_free(&smb->message[0]);
	blob_free(&smb->message[1]);
	for (unsigned int i = 0; i < SMB_PIPES; i++)
		dcerpc_free(smb->pipes[i].dcerpc);
	free(smb);
	flow->app_state[0] = NULL;
}

const struct app_decoder app_smb = {
	.proto = APP_SMB,
	.ip_proto = IPPROTO_TCP,
	.probe = smb_probe,
	.feed = smb_feed,
	.buffer = smb_buffer,
	.tx_free = smb_tx_free,
	.flow_free = smb_flow_free,
};
