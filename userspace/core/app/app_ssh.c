// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * app_ssh.c - SSH banners, then the key exchange until it is ciphertext.
 */
#include "app_rows.h"

#include <netinet/in.h>
#include <string.h>

#include "lib/digest.h"

#define SSH_PACKET_MAX	(256u << 10)
#define SSH_KEXINIT	20
#define SSH_KEXINIT_MAX (32u << 10) /* bytes of one that are kept; a longer one has no fingerprint */
#define SSH_NEWKEYS	21
#define SSH_BANNER_LONG 255u /* RFC 4253 section 4.2 */

struct ssh_side {
	struct blob line;
	bool fresh;
	bool banner;	 /* it was read */
	bool blind;	 /* framing is lost */
	bool newkeys;	 /* the other bytes are ciphertext */
	bool cipher;	 /* some came */
	uint8_t head[6]; /* length, padding, message number */
	uint8_t head_len;
	uint32_t left;
	struct blob kexinit; /* body of the first one */
	bool kexinit_read, kexinit_lost;
};

struct ssh_tx {
	struct tx tx;
	struct blob proto[2], software[2];
	struct blob hassh[2];	/* what the fingerprint is of: algorithms by name */
	char hassh_hash[2][33]; /* "": none */
	bool has[2];
};

struct ssh {
	struct ssh_side sides[2];
	struct ssh_tx *tx;
	bool closed;
};

static enum app_probe ssh_probe(struct span data, enum direction dir, uint16_t server_port)
{
	(void)dir;
	(void)server_port;
	if (data.len >= 6)
		return !memcmp(data.data, "SSH-", 4) && data.data[4] >= '0' && data.data[4] <= '9'
			       ? APP_PROBE_YES
			       : APP_PROBE_NO;
	return !memcmp(data.data, "SSH-", data.len < 4 ? data.len : 4) ? APP_PROBE_MORE : APP_PROBE_NO;
}

static void ssh_done(struct ssh *ssh, enum direction dir)
{
	struct tx *tx = ssh->tx ? &ssh->tx->tx : NULL;

	if (!tx || tx->done[dir])
		return;
	tx->done[dir] = tx->dirty[dir] = true;
	if (tx->done[!dir]) {
		ssh->tx = NULL;
		ssh->closed = true;
	}
}

/* SSH-protoversion-software SP comments */
static bool banner_read(struct flow *flow, struct ssh *ssh, enum direction dir, struct span line)
{
	struct ssh_side *side = &ssh->sides[dir];
	uint32_t dash, end = 0;

	if (!span_begins(line, "SSH-"))
		return dir == TO_CLIENT; /* servers may send other lines first */
	line = span_from(line, 4);
	dash = span_find(line, '-');
	side->banner = true;
	if (!ssh->tx && !ssh->closed)
		ssh->tx = (struct ssh_tx *)app_tx_new(flow, sizeof(*ssh->tx), APP_SSH);
	if (!ssh->tx)
		return false;
	if (line.len + 4 > SSH_BANNER_LONG)
		tx_event_set(&ssh->tx->tx, EVENT_SSH_LONG_BANNER);
	if (dash == line.len) {
		tx_event_set(&ssh->tx->tx, EVENT_SSH_INVALID_BANNER);
		return true;
	}
	flow->app_skipped += blob_add(&ssh->tx->proto[dir], line.data, dash, APP_LINE_MAX);
	line = span_from(line, dash + 1);
	while (end < line.len && line.data[end] != ' ' && line.data[end] != '\r')
		end++;
	flow->app_skipped += blob_add(&ssh->tx->software[dir], line.data, end, APP_LINE_MAX);
	ssh->tx->has[dir] = true;
	ssh->tx->tx.dirty[dir] = true;
	return true;
}

/*
 * HASSH: the algorithms that a side offers for what it sends, in its order, and their MD5.
 * kex;cipher;mac;compression out of RFC 4253 section 7.1.
 */
static void kexinit_read(struct flow *flow, struct ssh_tx *tx, enum direction dir, struct span body)
{
	/* kex, host keys, then cipher, mac and compression, each client's first */
	const unsigned int wanted[] = {0, 2u + dir, 4u + dir, 6u + dir};
	uint8_t md5[MD5_DIGEST_SIZE];
	struct span list;

	body = span_from(body, body.len < 16 ? body.len : 16); /* the cookie */
	for (unsigned int i = 0, found = 0; found < ARRAY_LEN(wanted); i++) {
		if (!span_take_vector(&body, 4, &list)) {
			blob_clear(&tx->hassh[dir]);
			return;
		}
		if (i != wanted[found])
			continue;
		if (found++)
			blob_text(&tx->hassh[dir], ";", SSH_KEXINIT_MAX);
		flow->app_skipped += blob_add(&tx->hassh[dir], list.data, list.len, SSH_KEXINIT_MAX);
	}
	digest_of(DIGEST_MD5, blob_span(&tx->hassh[dir]), md5);
	digest_text(md5, sizeof(md5), '\0', tx->hassh_hash[dir]);
	tx->tx.dirty[dir] = true;
}

/* n more bytes of a KEXINIT. */
static void kexinit_gather(struct flow *flow, struct ssh_tx *tx, enum direction dir, struct ssh_side *side,
			   struct span part)
{
	if (side->kexinit_read)
		return;
	side->kexinit_lost |= blob_add(&side->kexinit, part.data, part.len, SSH_KEXINIT_MAX) > 0;
	if (side->left > part.len)
		return;
	side->kexinit_read = true;
	if (tx && !side->kexinit_lost)
		kexinit_read(flow, tx, dir, blob_span(&side->kexinit));
	blob_free(&side->kexinit);
}

/* Binary packets in clear; false: they make no sense. */
static bool packets_read(struct flow *flow, struct ssh_tx *tx, enum direction dir, struct ssh_side *side,
			 struct span data)
{
	while (data.len && !side->newkeys) {
		uint32_t len;

		if (side->left) {
			uint32_t n = data.len < side->left ? data.len : side->left;

			if (side->head[5] == SSH_KEXINIT)
				kexinit_gather(flow, tx, dir, side, (struct span){data.data, n});
			side->left -= n;
			data = span_from(data, n);
			if (!side->left && side->head[5] == SSH_NEWKEYS)
				side->newkeys = true;
			continue;
		}
		side->head[side->head_len++] = data.data[0];
		data = span_from(data, 1);
		if (side->head_len < sizeof(side->head))
			continue;
		side->head_len = 0;
		len = (uint32_t)side->head[0] << 24 | (uint32_t)side->head[1] << 16 |
		      (uint32_t)side->head[2] << 8 | side->head[3];
		if (len < 3 || len > SSH_PACKET_MAX || side->head[4] >= len)
			return false;
		side->left = len - 2;
	}
	side->cipher |= side->newkeys && data.len;
	return true;
}

static enum app_status ssh_feed(struct flow *flow, enum direction dir, struct span data, bool gap, bool last)
{
	struct ssh *ssh = flow->app_state[0];
	struct ssh_side *side;
	enum app_status status = APP_OK;

	if (!ssh)
		ssh = flow->app_state[0] = calloc(1, sizeof(*ssh));
	if (!ssh)
		return APP_ERROR;
	side = &ssh->sides[dir];
	side->blind |= gap && !side->newkeys;
	while (data.len && !side->banner && !side->blind) {
		struct span line;

		if (!app_line(flow, &side->line, &side->fresh, &data, &line))
			break;
		if (!banner_read(flow, ssh, dir, line)) {
			side->blind = true;
			status = ssh->tx || ssh->closed ? APP_OK : APP_ERROR;
		}
	}
	if (data.len && side->banner && !side->blind && !packets_read(flow, ssh->tx, dir, side, data)) {
		side->blind = true;
		if (ssh->tx)
			tx_event_set(&ssh->tx->tx, EVENT_SSH_INVALID_RECORD);
	}
	if (last || side->blind || side->newkeys)
		ssh_done(ssh, dir);
	return ssh->sides[TO_SERVER].cipher && ssh->sides[TO_CLIENT].cipher ? APP_ENCRYPTED : status;
}

static bool ssh_buffer(const struct tx *tx, enum buffer_id id, enum direction dir, unsigned int index,
		       struct span *out, bool *final)
{
	const struct ssh_tx *ssh = (const struct ssh_tx *)tx;

	(void)index;
	*final = true;
	switch (id) {
	case BUFFER_SSH_PROTO:
		*out = blob_span(&ssh->proto[dir]);
		return ssh->has[dir];
	case BUFFER_SSH_SOFTWARE:
		*out = blob_span(&ssh->software[dir]);
		return ssh->has[dir];
	case BUFFER_SSH_HASSH:
	case BUFFER_SSH_HASSH_SERVER:
		*out = span_text(ssh->hassh_hash[dir]);
		return out->len > 0;
	case BUFFER_SSH_HASSH_STRING:
	case BUFFER_SSH_HASSH_SERVER_STRING:
		*out = blob_span(&ssh->hassh[dir]);
		return ssh->hassh_hash[dir][0];
	default:
		return false;
	}
}

static void ssh_tx_free(struct tx *tx)
{
	struct ssh_tx *ssh = (struct ssh_tx *)tx;

	for (enum direction dir = TO_SERVER; dir <= TO_CLIENT; dir++) {
		blob_free(&ssh->proto[dir]);
		blob_free(&ssh->software[dir]);
		blob_free(&ssh->hassh[dir]);
	}
	free(ssh);
}

static void ssh_flow_free(struct flow *flow)
{
	struct ssh *ssh = flow->app_state[0];

	if (!ssh)
		return;
	blob_free(&ssh->sides[0].line);
	blob_free(&ssh->sides[1].line);
	blob_free(&ssh->sides[0].kexinit);
	blob_free(&ssh->sides[1].kexinit);
	free(ssh);
	flow->app_state[0] = NULL;
}

const struct app_decoder app_ssh = {
	.proto = APP_SSH,
	.ip_proto = IPPROTO_TCP,
	.probe = ssh_probe,
	.feed = ssh_feed,
	.buffer = ssh_buffer,
	.tx_free = ssh_tx_free,
	.flow_free = ssh_flow_free,
};
