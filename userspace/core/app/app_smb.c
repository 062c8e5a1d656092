// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * app_smb.c - SMB over TCP: frames of NetBIOS sessions, transactions, and what
 * rules see of them.
 */
#include "smb.h"

#include <netinet/in.h>
#include <string.h>

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
	tx->tx.done[TO_CLIENT] = tx->tx.dirty[TO_CLIENT] = true;
	smb->waiting--;
}

static struct smb_tx *tx_find(const struct flow *flow, bool any, uint64_t message)
{
	for (struct tx *tx = flow->txs; tx; tx = tx->next) {
		struct smb_tx *found = (struct smb_tx *)tx;

		if (tx->proto == APP_SMB && !tx->done[TO_CLIENT] && !found->content &&
		    (any || found->message == message))
			return found;
	}
	return NULL;
}

struct smb_tx *smb_tx_open(struct flow *flow, struct smb *smb, uint64_t message)
{
	struct smb_tx *tx;

	if (smb->waiting == SMB_WAITING_MAX) {
		tx = tx_find(flow, true, 0);
		tx_event_set(&tx->tx, EVENT_SMB_TOO_MANY_TRANSACTIONS);
		tx_end(smb, tx);
	}
	tx = (struct smb_tx *)app_tx_new(flow, sizeof(*tx), APP_SMB);
	if (!tx)
		return NULL;
	smb->waiting++;
	tx->message = message;
	tx->version = smb->version;
	tx->tx.done[TO_SERVER] = tx->tx.dirty[TO_SERVER] = true;
	return tx;
}

struct smb_tx *smb_tx_answered(struct flow *flow, struct smb *smb, uint64_t message)
{
	struct smb_tx *tx = tx_find(flow, false, message);

	if (tx)
		tx_end(smb, tx);
	return tx;
}

/* --- what is odd */

void smb_note(struct flow *flow, struct smb *smb, enum app_event event)
{
	struct smb_tx *tx = smb->odd;

	if (!tx) {
		if (smb->odd_count == SMB_ODD_MAX)
			return;
		tx = smb->odd = (struct smb_tx *)app_tx_new(flow, sizeof(*tx), APP_SMB);
		if (!tx)
			return;
		smb->odd_count++;
		tx->version = smb->version;
		tx->content = true; /* nobody answers it */
		tx->tx.done[TO_SERVER] = tx->tx.done[TO_CLIENT] = true;
	}
	tx_event_set(&tx->tx, event);
}

void smb_malformed(struct flow *flow, struct smb *smb)
{
	smb_note(flow, smb, EVENT_SMB_MALFORMED_DATA);
}

void smb_way_check(struct flow *flow, struct smb *smb, enum direction dir, bool answer)
{
	if (dir == TO_SERVER && answer)
		smb_note(flow, smb, EVENT_SMB_RESPONSE_TO_SERVER);
	else if (dir == TO_CLIENT && !answer)
		smb_note(flow, smb, EVENT_SMB_REQUEST_TO_CLIENT);
}

void smb_size_check(struct flow *flow, struct smb *smb, enum direction moved, bool answer, uint64_t len)
{
	uint32_t most = smb->most[moved] ? smb->most[moved] : SMB_MOVED_MAX;

	if (len <= (most < SMB_MOVED_MAX ? most : SMB_MOVED_MAX))
		return;
	smb_note(flow, smb,
		 moved == TO_SERVER ? EVENT_SMB_WRITE_REQUEST_TOO_LARGE
		 : answer	    ? EVENT_SMB_READ_RESPONSE_TOO_LARGE
				    : EVENT_SMB_READ_REQUEST_TOO_LARGE);
}

/* --- names */

void smb_name_put(struct flow *flow, struct blob *out, struct span text, bool wide)
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

void smb_share_put(struct flow *flow, struct smb_tx *tx, struct span path, bool wide)
{
	static const char pipes[] = "IPC$";
	struct span name;

	smb_name_put(flow, &tx->share, path, wide);
	name = blob_span(&tx->share);
	if (name.len >= 4 && span_is(span_from(name, name.len - 4), pipes)) {
		tx->pipe = tx->share;
		tx->share = (struct blob){};
	}
}

/* A field by its length and offset, which says that it lies outside the message. */
static bool logon_outside(struct span m, uint32_t at)
{
	uint32_t len = le16(m.data + at);

	return len && !smb_part(m, le32(m.data + at + 4), len).len;
}

void smb_logon_put(struct flow *flow, struct smb_tx *tx, struct span blob)
{
	static const char mark[] = "NTLMSSP";
	const uint8_t *found = blob.len ? memmem(blob.data, blob.len, mark, sizeof(mark)) : NULL;
	struct span m = found ? span_from(blob, (uint32_t)(found - blob.data)) : (struct span){};
	bool wide;

	if (m.len && m.len < 12)
		tx_event_set(&tx->tx, EVENT_SMB_MALFORMED_NTLMSSP_REQUEST);
	if (m.len < 12 || le32(m.data + 8) != 3) /* AUTHENTICATE_MESSAGE */
		return;
	if (m.len < 64 || logon_outside(m, 28) || logon_outside(m, 36)) {
		tx_event_set(&tx->tx, EVENT_SMB_MALFORMED_NTLMSSP_REQUEST);
		if (m.len < 64)
			return;
	}
	wide = le32(m.data + 60) & 1;
	smb_name_put(flow, &tx->domain, smb_part(m, le32(m.data + 32), le16(m.data + 28)), wide);
	smb_name_put(flow, &tx->user, smb_part(m, le32(m.data + 40), le16(m.data + 36)), wide);
}

/* --- framing */

static uint32_t message_len(const struct blob *message)
{
	const uint8_t *p = message->data;

	return (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* What is kept of a message, once: all of it, or as much as there is room for. */
static void message_read(struct flow *flow, struct smb *smb, enum direction dir)
{
	struct span m = blob_span(&smb->message[dir]);

	smb->read[dir] = true;
	smb->odd = NULL;
	if (m.data[0] || m.len < NETBIOS_HEAD + 4)
		return;
	m = span_from(m, NETBIOS_HEAD);
	/* SMB 3 encrypts whole messages (MS-SMB2 2.2.41). */
	smb->sealed[dir] = !memcmp(m.data, "\xfdSMB", 4);
	smb->version = m.data[0] == 0xff ? 1 : 2;
	if (!memcmp(m.data, "\xfeSMB", 4))
		smb2_read(flow, smb, dir, m);
	else if (!memcmp(m.data, "\xffSMB", 4))
		smb1_read(flow, smb, dir, m);
	else if (!smb->sealed[dir])
		smb_malformed(flow, smb);
}

/* Takes bytes of the current message; returns how many. */
static uint32_t message_feed(struct flow *flow, struct smb *smb, enum direction dir, struct span data)
{
	struct blob *message = &smb->message[dir];
	uint32_t whole = NETBIOS_HEAD + (smb->seen[dir] >= NETBIOS_HEAD ? message_len(message) : 0), n;

	n = whole - smb->seen[dir];
	/* Up to the end of what is kept, so that what lies behind it is told apart. */
	if (!smb->read[dir] && n > SMB_KEPT - message->len)
		n = SMB_KEPT - message->len;
	if (n > data.len)
		n = data.len;
	data.len = n;
	if (smb->read[dir])
		smb_rest_feed(flow, smb, dir, data);
	else
		smb->blind[dir] |= blob_add(message, data.data, n, SMB_KEPT) > 0; /* no memory */
	smb->seen[dir] += n;
	if (smb->blind[dir] || smb->seen[dir] < NETBIOS_HEAD)
		return n;
	whole = NETBIOS_HEAD + message_len(message);
	if (!smb->read[dir] && (smb->seen[dir] == whole || message->len == SMB_KEPT))
		message_read(flow, smb, dir);
	if (smb->seen[dir] == whole) {
		blob_clear(message);
		smb->seen[dir] = 0;
		smb->read[dir] = false;
		smb->rest[dir].left = 0;
	}
	return n;
}

static enum app_status smb_feed(struct flow *flow, enum direction dir, struct span data, bool gap, bool last)
{
	struct smb *smb = flow->app_state[0];

	if (!smb)
		smb = flow->app_state[0] = calloc(1, sizeof(*smb));
	if (!smb)
		return APP_ERROR;
	smb->blind[dir] |= gap; /* message borders cannot be found again */
	while (data.len && !smb->blind[dir])
		data = span_from(data, message_feed(flow, smb, dir, data));
	if (last && dir == TO_CLIENT)
		for (struct smb_tx *tx; (tx = tx_find(flow, true, 0));)
			tx_end(smb, tx);
	if (last)
		smb_open_end(flow, smb, dir);
	/* A server that encrypts the session takes nothing in clear any more; encrypted shares lie beside
	 * others. */
	return smb->encrypts && smb->sealed[TO_SERVER] && smb->sealed[TO_CLIENT] ? APP_ENCRYPTED : APP_OK;
}

static bool smb_file(const struct tx *tx, enum direction dir, unsigned int index, struct tx_file *out)
{
	const struct smb_tx *smb = (const struct smb_tx *)tx;

	if (index || !smb->content || dir != smb->dir || !smb->bytes.bytes.len)
		return false;
	*out = (struct tx_file){
		.name = blob_span(&smb->file),
		.data = blob_span(&smb->bytes.bytes),
		.size = smb->bytes.size,
		.final = tx->done[dir],
		.gap = smb->bytes.gap,
	};
	return true;
}

static bool smb_buffer(const struct tx *tx, enum buffer_id id, enum direction dir, unsigned int index,
		       struct span *out, bool *final)
{
	static const struct {
		uint16_t buffer;
		size_t at;
	} rows[] = {
		{BUFFER_SMB_SHARE, offsetof(struct smb_tx, share)},
		{BUFFER_SMB_NAMED_PIPE, offsetof(struct smb_tx, pipe)},
		{BUFFER_SMB_NTLMSSP_USER, offsetof(struct smb_tx, user)},
		{BUFFER_SMB_NTLMSSP_DOMAIN, offsetof(struct smb_tx, domain)},
	};
	const struct smb_tx *smb = (const struct smb_tx *)tx;

	*final = true;
	if (index)
		return false;
	for (unsigned int i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].buffer == id) {
			*out = blob_span((const struct blob *)((const uint8_t *)smb + rows[i].at));
			return out->len > 0;
		}
	return id == BUFFER_SMB_VERSION && smb->version && tx_number(smb->version, out);
}

static void smb_tx_free(struct tx *tx)
{
	struct smb_tx *smb = (struct smb_tx *)tx;

	blob_free(&smb->share);
	blob_free(&smb->pipe);
	blob_free(&smb->file);
	blob_free(&smb->user);
	blob_free(&smb->domain);
	file_content_free(&smb->bytes);
	free(smb);
}

static void smb_flow_free(struct flow *flow)
{
	struct smb *smb = flow->app_state[0];

	if (!smb)
		return;
	blob_free(&smb->message[0]);
	blob_free(&smb->message[1]);
	smb_open_free(smb);
	free(smb);
	flow->app_state[0] = NULL;
}

const struct app_decoder app_smb = {
	.proto = APP_SMB,
	.ip_proto = IPPROTO_TCP,
	.probe = smb_probe,
	.feed = smb_feed,
	.buffer = smb_buffer,
	.file = smb_file,
	.tx_free = smb_tx_free,
	.flow_free = smb_flow_free,
};
